#include "sessions/session_keys.h"

#include "keys/keyed_hash.h"

#include <openssl/crypto.h>

struct session_keys {
    GPtrArray *all; /* session_key *, owned */
    GPtrArray *for_any;
    GHashTable *by_fingerprint; /* to GPtrArray of borrowed session_key * */
    GHashTable *by_ssrc, *by_source, *by_destination, *by_call; /* to GPtrArray of borrowed session_key * */
    uint32_t of_mikey;
    bool has_logged;
};

guint transport_address_hash(gconstpointer address)
{
    return keyed_hash(address, sizeof(transport_address));
}

gboolean transport_address_hash_equal(gconstpointer a, gconstpointer b)
{
    return transport_address_equal(a, b);
}

static void free_key(gpointer data)
{
    session_key *key = data;
    srtp_context_free(key->context);
    if (key->rocs)
        g_hash_table_destroy(key->rocs);
    if (key->ssrcs)
        g_hash_table_destroy(key->ssrcs);
    g_free((uint8_t *)key->encrypted_extensions);
    g_free(key);
}

static void free_list(gpointer data)
{
    g_ptr_array_free(data, TRUE);
}

session_keys *session_keys_new(void)
{
    session_keys *keys = g_new0(session_keys, 1);
    keys->all = g_ptr_array_new_with_free_func(free_key);
    keys->for_any = g_ptr_array_new();
    keys->by_fingerprint = g_hash_table_new_full(keyed_hash_string, g_str_equal, NULL, free_list);
    keys->by_ssrc = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    keys->by_source = g_hash_table_new_full(transport_address_hash, transport_address_hash_equal, g_free, free_list);
    keys->by_destination =
        g_hash_table_new_full(transport_address_hash, transport_address_hash_equal, g_free, free_list);
    keys->by_call = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, free_list);
    return keys;
}

void session_keys_free(session_keys *keys)
{
    if (!keys)
        return;
    g_hash_table_destroy(keys->by_fingerprint);
    g_hash_table_destroy(keys->by_ssrc);
    g_hash_table_destroy(keys->by_source);
    g_hash_table_destroy(keys->by_destination);
    g_hash_table_destroy(keys->by_call);
    g_ptr_array_free(keys->for_any, TRUE);
    g_ptr_array_free(keys->all, TRUE);
    g_free(keys);
}

static bool same_master_key(const srtp_master_key *a, const srtp_master_key *b)
{
    return srtp_transform_equal(&a->transform, &b->transform) &&
           memcmp(a->key, b->key, a->transform.key_len) == 0 && memcmp(a->salt, b->salt, a->transform.salt_len) == 0 &&
           a->mki_len == b->mki_len && memcmp(a->mki, b->mki, a->mki_len) == 0 && a->kdr == b->kdr &&
           a->unencrypted_srtp == b->unencrypted_srtp && a->unencrypted_srtcp == b->unencrypted_srtcp &&
           a->unauthenticated_srtp == b->unauthenticated_srtp;
}

static void fingerprint_of(const srtp_master_key *master, char fingerprint[KEY_FINGERPRINT_LEN + 1])
{
    uint8_t key_salt[SRTP_MAX_KEY_LEN + SRTP_MAX_SALT_LEN];
    memcpy(key_salt, master->key, master->transform.key_len);
    memcpy(key_salt + master->transform.key_len, master->salt, master->transform.salt_len);
    key_fingerprint(key_salt, (size_t)master->transform.key_len + master->transform.salt_len, fingerprint);
    OPENSSL_cleanse(key_salt, sizeof key_salt);
}

static void note_origin(session_key *key, key_origin origin, uint32_t frame, uint32_t detail)
{
    if (origin == KEY_ORIGIN_KEYLOG) {
        if (!key->is_logged)
            key->logged_line = detail;
        key->is_logged = true;
        return;
    }
    if (!key->is_signalled) {
        key->signalled_origin = origin;
        key->signalled_frame = frame;
    }
    key->is_signalled = true;
}

static session_key *find_key(const GPtrArray *alike, const srtp_master_key *master, const crypto_suite *suite)
{
    for (guint i = 0; alike && i < alike->len; i++) {
        session_key *known = alike->pdata[i];
        if (known->suite == suite && same_master_key(srtp_context_key(known->context), master))
            return known;
    }
    return NULL;
}

static session_key *add_key(session_keys *keys, const srtp_master_key *master, const crypto_suite *suite,
                            key_origin origin, uint32_t frame, uint32_t detail)
{
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    fingerprint_of(master, fingerprint);
    GPtrArray *alike = g_hash_table_lookup(keys->by_fingerprint, fingerprint);
    session_key *known = find_key(alike, master, suite);
    if (known) {
        note_origin(known, origin, frame, detail);
        return known;
    }
    srtp_context *context = srtp_context_new(master);
    if (!context)
        return NULL;
    session_key *key = g_new0(session_key, 1);
    key->context = context;
    key->suite = suite;
    key->origin = origin;
    key->frame = frame;
    key->detail = detail;
    note_origin(key, origin, frame, detail);
    memcpy(key->fingerprint, fingerprint, sizeof fingerprint);
    g_ptr_array_add(keys->all, key);
    keys->of_mikey += origin == KEY_ORIGIN_MIKEY || origin == KEY_ORIGIN_MIKEY_TICKET;
    if (!alike) {
        alike = g_ptr_array_new();
        g_hash_table_insert(keys->by_fingerprint, key->fingerprint, alike);
    }
    g_ptr_array_add(alike, key);
    return key;
}

static void allow_any_flow(session_keys *keys, session_key *key)
{
    if (key && !key->any_flow) {
        key->any_flow = true;
        g_ptr_array_add(keys->for_any, key);
    }
}

session_key *session_keys_add(session_keys *keys, const srtp_master_key *master, const crypto_suite *suite,
                              key_origin origin, uint32_t frame, uint32_t detail)
{
    session_key *key = add_key(keys, master, suite, origin, frame, detail);
    allow_any_flow(keys, key);
    return key;
}

/* The list under `at` of `table`; a new one gets a copy of `at` as its key, or `at` itself where it needs none. */
static GPtrArray *list_under(GHashTable *table, gpointer at, gpointer (*copy)(gconstpointer))
{
    GPtrArray *list = g_hash_table_lookup(table, at);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, copy ? copy(at) : at, list);
    }
    return list;
}

static gpointer copy_address(gconstpointer address)
{
    transport_address *copy = g_new(transport_address, 1);
    *copy = *(const transport_address *)address;
    return copy;
}

static gpointer copy_string(gconstpointer text)
{
    return g_strdup(text);
}

void session_key_list(GPtrArray *list, session_key *key)
{
    enum { LATEST = 64, SEARCHED = 4096 };
    const guint latest = list->len > LATEST ? list->len - LATEST : 0, oldest = list->len > SEARCHED ? list->len - SEARCHED : 0;
    for (guint i = list->len; i-- > oldest;) {
        if (list->pdata[i] != key)
            continue;
        if (i >= latest)
            return;
        g_ptr_array_remove_index(list, i);
        break;
    }
    g_ptr_array_add(list, key);
}

void session_keys_bind_ssrc(session_keys *keys, session_key *key, uint32_t ssrc)
{
    session_key_list(list_under(keys->by_ssrc, GUINT_TO_POINTER(ssrc), NULL), key);
}

void session_keys_give_to_ssrc(session_keys *keys, session_key *key, uint32_t ssrc)
{
    session_keys_bind_ssrc(keys, key, ssrc);
    if (!key->ssrcs)
        key->ssrcs = g_hash_table_new(NULL, NULL);
    g_hash_table_add(key->ssrcs, GUINT_TO_POINTER(ssrc));
}

bool session_key_is_of_others(const session_key *key, uint32_t ssrc)
{
    return key->ssrcs && !key->for_any_ssrc && !g_hash_table_contains(key->ssrcs, GUINT_TO_POINTER(ssrc));
}

void session_key_set_roc(session_key *key, uint32_t ssrc, uint32_t roc)
{
    key->roc = roc;
    if (!key->rocs && roc)
        key->rocs = g_hash_table_new(NULL, NULL);
    if (key->rocs)
        g_hash_table_insert(key->rocs, GUINT_TO_POINTER(ssrc), GUINT_TO_POINTER(roc));
}

uint32_t session_key_roc(const session_key *key, uint32_t ssrc)
{
    gpointer roc;
    if (key->rocs && g_hash_table_lookup_extended(key->rocs, GUINT_TO_POINTER(ssrc), NULL, &roc))
        return GPOINTER_TO_UINT(roc);
    return key->roc;
}

/* A line for one SSRC says nothing of others, as far as they have lines of their own. */
static void tell_roc(session_key *key, const keylog_entry *entry)
{
    if (entry->selector == KEYLOG_SSRC)
        session_key_set_roc(key, entry->ssrc, entry->roc);
    else
        key->roc = entry->roc;
}

void session_keys_add_logged(session_keys *keys, const keylog_entry *entry)
{
    session_key *key = add_key(keys, &entry->srtp, entry->suite, KEY_ORIGIN_KEYLOG, 0, entry->line);
    if (!key)
        return;
    keys->has_logged = true;
    if (entry->roc)
        tell_roc(key, entry);
    if (entry->has_encrypted_extensions && !key->encrypted_extensions)
        key->encrypted_extensions = g_memdup2(entry->encrypted_extensions, sizeof entry->encrypted_extensions);
    transport_address address = entry->address;
    switch (entry->selector) {
    case KEYLOG_ANY:
        allow_any_flow(keys, key);
        break;
    case KEYLOG_SSRC:
        session_keys_bind_ssrc(keys, key, entry->ssrc);
        break;
    case KEYLOG_SOURCE:
        session_key_list(list_under(keys->by_source, &address, copy_address), key);
        break;
    case KEYLOG_DESTINATION:
        session_key_list(list_under(keys->by_destination, &address, copy_address), key);
        break;
    case KEYLOG_CALL:
        session_key_list(list_under(keys->by_call, entry->call_id, copy_string), key);
        break;
    default: /* a selector of other labels */
        break;
    }
}

void session_keys_add_cc(session_keys *keys, const keylog_entry *entry)
{
    size_t count;
    const crypto_suite *suites = crypto_suites(&count);
    for (size_t i = 0; i < count; i++) {
        const srtp_transform *transform = &suites[i].transform;
        if (!suites[i].registered || !suites[i].supported || transform->key_len != entry->secret_len ||
            transform->salt_len != entry->salt_len || transform->cipher == SRTP_CIPHER_AES_F8)
            continue;
        srtp_master_key master = {.transform = *transform};
        memcpy(master.key, entry->secret, entry->secret_len);
        memcpy(master.salt, entry->salt, entry->salt_len);
        session_key *key = add_key(keys, &master, &suites[i], KEY_ORIGIN_KEYLOG, 0, entry->line);
        OPENSSL_cleanse(&master, sizeof master);
        allow_any_flow(keys, key);
        keys->has_logged |= key != NULL;
    }
}

const GPtrArray *session_keys_all(const session_keys *keys)
{
    return keys->all;
}

uint32_t session_keys_count(const session_keys *keys)
{
    return keys->all->len;
}

uint32_t session_keys_of_mikey(const session_keys *keys)
{
    return keys->of_mikey;
}

const GPtrArray *session_keys_for_any(const session_keys *keys)
{
    return keys->for_any;
}

const GPtrArray *session_keys_for_ssrc(const session_keys *keys, uint32_t ssrc)
{
    return g_hash_table_lookup(keys->by_ssrc, GUINT_TO_POINTER(ssrc));
}

const GPtrArray *session_keys_for_source(const session_keys *keys, const transport_address *address)
{
    return g_hash_table_lookup(keys->by_source, address);
}

const GPtrArray *session_keys_for_destination(const session_keys *keys, const transport_address *address)
{
    return g_hash_table_lookup(keys->by_destination, address);
}

const GPtrArray *session_keys_for_call(const session_keys *keys, const char *call_id)
{
    return g_hash_table_lookup(keys->by_call, call_id);
}

bool session_keys_has_logged(const session_keys *keys)
{
    return keys->has_logged;
}

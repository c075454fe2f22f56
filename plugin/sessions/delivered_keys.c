#include "sessions/delivered_keys.h"

#include <openssl/crypto.h>
#include <string.h>

struct delivered_keys {
    GPtrArray *all; /* delivered_key, owned */
};

/* Labels whose keys are compared. */
static const char *const NAMES[] = {
    [KEYLOG_SRTP_MASTER] = "SRTP_MASTER", [KEYLOG_MIKEY_TGK] = "MIKEY_TGK", [KEYLOG_MIKEY_TEK] = "MIKEY_TEK",
    [KEYLOG_D2D_KD] = "D2D_KD",           [KEYLOG_D2D_KDSESS] = "D2D_KDSESS", [KEYLOG_D2D_PEK] = "D2D_PEK",
    [KEYLOG_D2D_PIK] = "D2D_PIK",         [KEYLOG_PROSE_PGK] = "PROSE_PGK", [KEYLOG_SDES_K1] = "SDES_K1",
    [KEYLOG_SDES_K2] = "SDES_K2",         [KEYLOG_HI2_CC] = "HI2_CC",
};

static void free_delivered(gpointer data)
{
    delivered_key *key = data;
    g_free(key->name);
    g_free(key->call_id);
    g_free(key);
}

delivered_keys *delivered_keys_new(void)
{
    delivered_keys *delivered = g_new0(delivered_keys, 1);
    delivered->all = g_ptr_array_new_with_free_func(free_delivered);
    return delivered;
}

void delivered_keys_free(delivered_keys *delivered)
{
    if (!delivered)
        return;
    g_ptr_array_free(delivered->all, TRUE);
    g_free(delivered);
}

static char *text_of_address(const transport_address *address)
{
    const uint8_t *ip = address->ip;
    if (address->ip_len == 4)
        return g_strdup_printf("%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3], address->port);
    GString *text = g_string_new("[");
    for (unsigned i = 0; i < 16; i += 2)
        g_string_append_printf(text, "%s%x", i ? ":" : "", (unsigned)ip[i] << 8 | ip[i + 1]);
    g_string_append_printf(text, "]:%u", address->port);
    return g_string_free(text, FALSE);
}

static char *text_of_octets(const uint8_t *octets, size_t len)
{
    GString *text = g_string_sized_new(2 * len);
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", octets[i]);
    return g_string_free(text, FALSE);
}

static char *text_of_selector(const keylog_entry *entry)
{
    char *address, *text;
    switch (entry->selector) {
    case KEYLOG_SSRC:
        return g_strdup_printf("ssrc=0x%08x", entry->ssrc);
    case KEYLOG_SOURCE:
    case KEYLOG_DESTINATION:
        address = text_of_address(&entry->address);
        text = g_strconcat(entry->selector == KEYLOG_SOURCE ? "src=" : "dst=", address, NULL);
        g_free(address);
        return text;
    case KEYLOG_CALL:
        return g_strconcat(entry->label == KEYLOG_SRTP_MASTER ? "call=" : "", entry->call_id, NULL);
    case KEYLOG_CSB:
        return g_strdup_printf("0x%08x", entry->csb_id);
    case KEYLOG_CRYPTO_SESSION:
        return g_strdup_printf("0x%08x/%u", entry->csb_id, entry->cs_id);
    case KEYLOG_KD:
        return g_strdup_printf("0x%08x", entry->kd_id);
    case KEYLOG_KD_SESS:
        return g_strdup_printf("0x%04x", entry->kd_sess_id);
    case KEYLOG_PGK:
        return g_strdup_printf("%06x/%02x", entry->group_id, entry->pgk_id);
    case KEYLOG_L2_PAIR:
        return g_strdup_printf("%06x-%06x", entry->initiator, entry->responder);
    case KEYLOG_CC:
        return text_of_octets(entry->id, entry->id_len);
    default:
        return g_strdup("*");
    }
}

/* A cCCSID is a CS ID where it is no more than one octet's number. */
static int cs_id_of(const keylog_entry *entry)
{
    if (entry->selector == KEYLOG_CRYPTO_SESSION)
        return entry->cs_id;
    if (entry->selector != KEYLOG_CC)
        return -1;
    for (size_t i = 0; i + 1 < entry->id_len; i++)
        if (entry->id[i])
            return -1;
    return entry->id[entry->id_len - 1];
}

static void fingerprint(const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len, delivered_key *delivered)
{
    uint8_t *both = g_malloc(key_len + salt_len);
    memcpy(both, key, key_len);
    memcpy(both + key_len, salt, salt_len);
    key_fingerprint(both, key_len + salt_len, delivered->fingerprint);
    key_fingerprint(key, key_len, delivered->key_fingerprint);
    delivered->has_salt = salt_len > 0;
    OPENSSL_cleanse(both, key_len + salt_len);
    g_free(both);
}

void delivered_keys_add(delivered_keys *delivered, const keylog_entry *entry)
{
    if (entry->label >= G_N_ELEMENTS(NAMES) || !NAMES[entry->label] || delivered->all->len == DELIVERED_MAX_KEYS)
        return;
    delivered_key *key = g_new0(delivered_key, 1);
    char *selector = text_of_selector(entry);
    key->label = entry->label;
    key->selector = entry->selector;
    key->name = g_strdup_printf("%s %s", NAMES[entry->label], selector);
    key->call_id = g_strdup(entry->call_id);
    key->address = entry->address;
    key->ssrc = entry->ssrc;
    key->csb_id = entry->csb_id;
    key->kd_id = entry->kd_id;
    key->initiator = entry->initiator;
    key->responder = entry->responder;
    key->cs_id = cs_id_of(entry);
    key->kd_sess_id = entry->kd_sess_id;
    key->line = entry->line;
    g_free(selector);
    if (entry->label == KEYLOG_SRTP_MASTER)
        fingerprint(entry->srtp.key, entry->srtp.transform.key_len, entry->srtp.salt, entry->srtp.transform.salt_len, key);
    else
        fingerprint(entry->secret, entry->secret_len, entry->salt, entry->salt_len, key);
    g_ptr_array_add(delivered->all, key);
}

const GPtrArray *delivered_keys_all(const delivered_keys *delivered)
{
    return delivered->all;
}

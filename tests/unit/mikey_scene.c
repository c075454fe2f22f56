#include "mikey_scene.h"

#include <openssl/crypto.h>

#include <string.h>

mikey_scene *mikey_scene_new(void)
{
    mikey_scene *scene = g_new0(mikey_scene, 1);
    scene->keys = session_keys_new();
    scene->sessions = mikey_sessions_new(scene->keys);
    return scene;
}

void mikey_scene_free(mikey_scene *scene)
{
    mikey_sessions_free(scene->sessions);
    session_keys_free(scene->keys);
    g_free(scene);
}

void mikey_scene_log(mikey_scene *scene, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    keylog_entry *entry;
    char *error;
    keylog_parse_line(line, strlen(line), &entry, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(entry);
    mikey_sessions_add_logged(scene->sessions, entry);
    keylog_entry_free(entry);
}

const mikey_record *mikey_scene_take(mikey_scene *scene, uint32_t frame, octet_span message)
{
    const mikey_arrival arrival = {.frame = frame, .section = -1};
    return mikey_sessions_add(scene->sessions, &arrival, message);
}

/* --- cleansing ----------------------------------------------------------------------------------------------------- */

static GByteArray *cleansed;
static unsigned cleansing_calls;

/* In OpenSSL's place. */
void OPENSSL_cleanse(void *ptr, size_t len)
{
    enum { KEPT = 1 << 20 };
    cleansing_calls++;
    if (cleansed && len && cleansed->len + len <= KEPT)
        g_byte_array_append(cleansed, ptr, (guint)len);
    if (len)
        memset(ptr, 0, len);
}

void mikey_watch_cleansing(void)
{
    if (!cleansed)
        cleansed = g_byte_array_new();
    g_byte_array_set_size(cleansed, 0);
    cleansing_calls = 0;
}

bool mikey_was_cleansed(octet_span octets)
{
    for (size_t at = 0; at + octets.len <= cleansed->len; at++)
        if (memcmp(cleansed->data + at, octets.data, octets.len) == 0)
            return true;
    return false;
}

unsigned mikey_work_done(void)
{
    return cleansing_calls;
}

/* --- the vectors --------------------------------------------------------------------------------------------------- */

static struct {
    const char *name;
    mikey_exchange *found;
} wanted;

static char *hex_member(JsonObject *vector, const char *member)
{
    return g_strdup(json_object_get_string_member_with_default(vector, member, NULL));
}

static void take_if_wanted(JsonObject *vector)
{
    if (strcmp(json_object_get_string_member(vector, "name"), wanted.name) != 0)
        return;
    mikey_exchange *exchange = g_new0(mikey_exchange, 1);
    vector_get_octets(vector, "init", false, &exchange->init);
    vector_get_octets(vector, "resp", false, &exchange->resp);
    vector_get_octets(vector, "mpk_i", true, &exchange->mpk_i);
    vector_get_octets(vector, "mpk_r", true, &exchange->mpk_r);
    exchange->psk = hex_member(vector, "psk");
    exchange->tpk = hex_member(vector, "tpk");
    exchange->mpk = hex_member(vector, "mpk");
    exchange->tgk = hex_member(vector, "tgk");
    JsonArray *sessions =
        json_object_has_member(vector, "sessions") ? json_object_get_array_member(vector, "sessions") : NULL;
    for (guint i = 0; sessions && i < 2; i++) {
        JsonArray *pair = json_array_get_array_element(sessions, i);
        vector_parse_hex(json_array_get_string_element(pair, 0), &exchange->tek[i]);
        vector_parse_hex(json_array_get_string_element(pair, 1), &exchange->salt[i]);
    }
    wanted.found = exchange;
}

mikey_exchange *mikey_exchange_named(const char *name)
{
    wanted.name = name;
    wanted.found = NULL;
    vectors_for_each("mikey_exchanges.json", take_if_wanted);
    g_assert_nonnull(wanted.found);
    return wanted.found;
}

void mikey_exchange_free(mikey_exchange *exchange)
{
    g_free(exchange->psk);
    g_free(exchange->tpk);
    g_free(exchange->mpk);
    g_free(exchange->tgk);
    g_free(exchange);
}

octet_span span_of(const vector_octets *octets)
{
    return (octet_span){octets->data, octets->len};
}

const mikey_tek *mikey_record_tek(const mikey_record *record, uint8_t cs_id)
{
    const mikey_tek *found = NULL;
    for (guint i = 0; i < record->teks->len; i++) {
        const mikey_tek *tek = &g_array_index(record->teks, mikey_tek, i);
        if (tek->cs_id != cs_id || tek->departure)
            continue;
        g_assert_null(found);
        found = tek;
    }
    g_assert_nonnull(found);
    return found;
}

void mikey_assert_sessions(const mikey_record *record, const mikey_exchange *exchange)
{
    for (uint8_t i = 0; i < 2; i++) {
        const mikey_tek *tek = mikey_record_tek(record, i + 1);
        g_assert_cmpmem(tek->step->key.data, tek->step->key.len, exchange->tek[i].data, exchange->tek[i].len);
        g_assert_cmpmem(tek->step->salt.data, tek->step->salt.len, exchange->salt[i].data, exchange->salt[i].len);
        g_assert_nonnull(tek->key);
        const srtp_master_key *master = srtp_context_key(tek->key->context);
        g_assert_cmpmem(master->key, master->transform.key_len, exchange->tek[i].data, exchange->tek[i].len);
        g_assert_cmpmem(master->salt, master->transform.salt_len, exchange->salt[i].data, exchange->salt[i].len);
    }
}

void mikey_assert_no_keys(const mikey_record *record)
{
    g_assert_cmpuint(record->teks->len, ==, 0);
}

/* --- messages made here -------------------------------------------------------------------------------------------- */

static void append_hex(GByteArray *octets, const char *hex)
{
    int high = -1;
    for (; *hex; hex++) {
        if (*hex == ' ' || *hex == '|')
            continue;
        const int digit = g_ascii_xdigit_value(*hex);
        g_assert_cmpint(digit, >=, 0);
        if (high < 0) {
            high = digit;
            continue;
        }
        const uint8_t octet = (uint8_t)(high << 4 | digit);
        g_byte_array_append(octets, &octet, 1);
        high = -1;
    }
    g_assert_cmpint(high, <, 0);
}

GByteArray *mikey_octets(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *hex = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    GByteArray *octets = g_byte_array_new();
    append_hex(octets, hex);
    return octets;
}

void mikey_append(GByteArray *octets, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *hex = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    append_hex(octets, hex);
}

octet_span mikey_span(const GByteArray *octets)
{
    return (octet_span){octets->data, octets->len};
}

static void hmac_sha1_of(octet_span key, octet_span first, octet_span second, uint8_t out[20])
{
    gsize len = 20;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, key.data, key.len);
    if (first.len)
        g_hmac_update(hmac, first.data, (gssize)first.len);
    if (second.len)
        g_hmac_update(hmac, second.data, (gssize)second.len);
    g_hmac_get_digest(hmac, out, &len);
    g_hmac_unref(hmac);
}

void mikey_model_prf(octet_span key, octet_span label, uint8_t *out, size_t len)
{
    const octet_span nothing = {NULL, 0};
    uint8_t a[20], block[20];
    g_assert_cmpuint(key.len, <=, 32);
    hmac_sha1_of(key, label, nothing, a);
    for (size_t at = 0; at < len; at += sizeof block) {
        hmac_sha1_of(key, (octet_span){a, sizeof a}, label, block);
        memcpy(out + at, block, MIN(sizeof block, len - at));
        hmac_sha1_of(key, (octet_span){a, sizeof a}, nothing, block);
        memcpy(a, block, sizeof a);
    }
}

void mikey_append_mac(GByteArray *message, octet_span psk, uint32_t csb_id, octet_span rand, octet_span more)
{
    uint8_t auth_key[20], mac[20];
    GByteArray *label = mikey_octets("2d22ac75 ff %08x", csb_id);
    g_byte_array_append(label, rand.data, (guint)rand.len);
    mikey_model_prf(psk, mikey_span(label), auth_key, sizeof auth_key);
    hmac_sha1_of((octet_span){auth_key, sizeof auth_key}, mikey_span(message), more, mac);
    g_byte_array_append(message, mac, sizeof mac);
    g_byte_array_free(label, TRUE);
}

GByteArray *mikey_psk_init(octet_span psk, uint32_t csb_id, const char *head, uint8_t encr_alg, const char *keys)
{
    static const uint8_t rand[16] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
                                     0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
    GByteArray *plain = mikey_octets("%s", keys);
    GByteArray *message = mikey_octets("01 00 05 00 %08x %s | 0b 00 e5a1b2c300000000 | "
                                       "01 10 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | 00 %02x %04x", csb_id, head, encr_alg, plain->len);
    g_byte_array_append(message, plain->data, plain->len);
    mikey_append(message, "%02x", psk.data ? 1 : 0);
    if (psk.data)
        mikey_append_mac(message, psk, csb_id, (octet_span){rand, sizeof rand}, (octet_span){NULL, 0});
    g_byte_array_free(plain, TRUE);
    return message;
}

/* From the keys of a message to SRTP keys: which key is a crypto session's, how it is read, and whose packets it is tried on. */
#include "sessions/mikey_teks.h"

#include "mikey_scene.h"

#include <string.h>

#define KEY_1 "101112131415161718191a1b1c1d1e1f"
#define KEY_2 "202122232425262728292a2b2c2d2e2f"
#define SALT "d0d1d2d3d4d5d6d7d8d9dadbdcdd"
#define RAND "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ONE_CS "01 00 | 00 00000000 00000000"

static const octet_span NO_PSK = {NULL, 0};

/* The record of a message with these keys in the clear, behind lines of a key log (NULL: none). */
static const mikey_record *take(mikey_scene *scene, const char *line, const char *head, const char *keys)
{
    GByteArray *message = mikey_psk_init(NO_PSK, 0x11223344, head, 0, keys);
    if (line)
        mikey_scene_log(scene, "%s", line);
    const mikey_record *record = mikey_scene_take(scene, 1, mikey_span(message));
    g_byte_array_free(message, TRUE);
    return record;
}

static void assert_hex(octet_span actual, const char *hex)
{
    GByteArray *expected = mikey_octets("%s", hex);
    g_assert_cmpmem(actual.data, actual.len, expected->data, expected->len);
    g_byte_array_free(expected, TRUE);
}

/* What RFC 3830 section 4.1.3 makes of a key of 16 octets, by the model. */
static void assert_derived(octet_span actual, const char *constant, const char *key, unsigned cs_id)
{
    GByteArray *inkey = mikey_octets("%s", key), *label = mikey_octets("%s %02x 11223344 " RAND, constant, cs_id);
    uint8_t expected[SRTP_MAX_KEY_LEN];
    mikey_model_prf(mikey_span(inkey), mikey_span(label), expected, actual.len);
    g_assert_cmpmem(actual.data, actual.len, expected, actual.len);
    g_byte_array_free(inkey, TRUE);
    g_byte_array_free(label, TRUE);
}

/* A TGK gives each crypto session its own TEK, as long as the policy has it, and a salt unless one came with it. */
static void test_tgk(void)
{
    static const struct {
        const char *policy, *keys;
        size_t key_len, salt_len;
        bool salted;
    } rows[] = {
        {"", "00 00 0010 " KEY_1, 16, 14, false},
        {"0b 00 00 0003 01 01 20 |", "00 00 0010 " KEY_1, 32, 14, false},
        {"0b 00 00 0003 00 01 06 |", "00 00 0010 " KEY_1, 16, 12, false},
        {"", "00 10 0010 " KEY_1 " 000e " SALT, 16, 14, true},
        {"", "00 40 0010 " KEY_1, 16, 14, false}, /* GTGK */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_scene *scene = mikey_scene_new();
        /* Policies stand before RAND here, and RAND says what follows it. */
        g_autofree char *policy = g_strdup(rows[i].policy);
        GByteArray *message =
            mikey_octets("01 00 05 00 11223344 02 00 | 00 00000001 00000000 00 00000002 00000000 | "
                         "%s e5a1b2c300000000 | %s 01 10 " RAND,
                         *policy ? "0a 00" : "0b 00", policy);
        GByteArray *keys = mikey_octets("%s", rows[i].keys);
        mikey_append(message, "00 00 %04x", keys->len);
        g_byte_array_append(message, keys->data, keys->len);
        mikey_append(message, "00");
        const mikey_record *record = mikey_scene_take(scene, 1, mikey_span(message));
        for (uint8_t cs_id = 1; cs_id <= 2; cs_id++) {
            const mikey_step *tek = mikey_record_tek(record, cs_id)->step;
            g_assert_cmpuint(tek->key.len, ==, rows[i].key_len);
            g_assert_cmpuint(tek->salt.len, ==, rows[i].salt_len);
            assert_derived(tek->key, "2ad01c64", KEY_1, cs_id);
            if (rows[i].salted)
                assert_hex(tek->salt, SALT);
            else
                assert_derived(tek->salt, "39a2c14b", KEY_1, cs_id);
        }
        g_byte_array_free(message, TRUE);
        g_byte_array_free(keys, TRUE);
        mikey_scene_free(scene);
    }
}

/* A TEK is the key itself: with its salt, without one, or with one behind it in one piece. */
static void test_tek(void)
{
    static const struct {
        const char *keys, *key, *salt;
        bool departs;
    } rows[] = {
        {"00 30 0010 " KEY_1 " 000e " SALT, KEY_1, SALT, false},
        {"00 20 0010 " KEY_1, KEY_1, "", false},
        {"00 20 0020 " KEY_1 KEY_2, KEY_1 KEY_2, "", false},
        {"00 20 001e " KEY_1 SALT, KEY_1, SALT, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_scene *scene = mikey_scene_new();
        const mikey_record *record = take(scene, NULL, ONE_CS, rows[i].keys);
        g_assert_cmpuint(record->teks->len, ==, 1);
        const mikey_tek *tek = &g_array_index(record->teks, mikey_tek, 0);
        assert_hex(tek->step->key, rows[i].key);
        assert_hex(tek->step->salt, rows[i].salt);
        g_assert_true((tek->departure != NULL) == rows[i].departs);
        g_assert_true((tek->key->departures[0] != NULL) == rows[i].departs);
        mikey_scene_free(scene);
    }
    mikey_scene *scene = mikey_scene_new();
    mikey_assert_no_keys(take(scene, NULL, ONE_CS, "00 20 0011 00" KEY_1));
    mikey_scene_free(scene);
}

/* GENERIC-ID (RFC 6043 section 6.1.1): a crypto session's SPI chooses among the keys, and becomes the MKI. */
static void test_spi(void)
{
    static const struct {
        const char *spi, *keys;
        const char *expected[2];
    } rows[] = {
        {"01 0a", "14 21 0010 " KEY_1 " 01 0a 00 21 0010 " KEY_2 " 01 0b", {KEY_1, NULL}},
        {"01 0b", "14 21 0010 " KEY_1 " 01 0a 00 21 0010 " KEY_2 " 01 0b", {KEY_2, NULL}},
        {"00", "14 21 0010 " KEY_1 " 01 0a 00 21 0010 " KEY_2 " 01 0b", {KEY_1, KEY_2}},
        {"01 0c", "14 21 0010 " KEY_1 " 01 0a 00 20 0010 " KEY_2, {KEY_2, NULL}},
        {"01 0c", "14 21 0010 " KEY_1 " 01 0a 00 21 0010 " KEY_2 " 01 0b", {KEY_1, KEY_2}},
        {"01 0a", "14 21 0010 " KEY_1 " 01 0a 00 20 0010 " KEY_2, {KEY_1, NULL}},
        {"02 0a0a", "14 21 0010 " KEY_1 " 01 0a 00 21 0010 " KEY_2 " 02 0a0a", {KEY_2, NULL}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_scene *scene = mikey_scene_new();
        g_autofree char *head = g_strdup_printf("01 02 | 07 00 00 0004 00000009 %s", rows[i].spi);
        const mikey_record *record = take(scene, NULL, head, rows[i].keys);
        g_assert_cmpuint(record->teks->len, ==, rows[i].expected[1] ? 2 : 1);
        for (guint t = 0; t < record->teks->len; t++) {
            const mikey_tek *tek = &g_array_index(record->teks, mikey_tek, t);
            g_assert_cmpuint(tek->cs_id, ==, 7);
            g_assert_cmpuint(tek->group, ==, t);
            assert_hex(tek->step->key, rows[i].expected[t]);
            const srtp_master_key *master = srtp_context_key(tek->key->context);
            if (tek->step->spi.len)
                g_assert_cmpmem(master->mki, master->mki_len, tek->step->spi.data, tek->step->spi.len);
            else
                g_assert_cmpmem(master->mki, master->mki_len, "\x0c", 1);
        }
        /* All of them are tried on the SSRC of the map. */
        g_assert_cmpuint(session_keys_for_ssrc(scene->keys, 9)->len, ==, record->teks->len);
        mikey_scene_free(scene);
    }
}

/* ROC, and SSRC 0, which an SRTP-ID map leaves to the other side, and which in GENERIC-ID is one as others are. */
static void test_ssrc_and_roc(void)
{
    static const struct {
        const char *head;
        bool bound;
        uint32_t ssrc, roc;
    } rows[] = {
        {"01 00 | 00 00000009 00000003", true, 9, 3},
        {"01 00 | 00 00000000 00000003", false, 0, 0},
        {"01 02 | 01 00 00 0004 00000009 00", true, 9, 0},
        {"01 02 | 01 00 00 0004 00000000 00", true, 0, 0},
        {"01 02 | 01 00 80 000a 00000009 00000004 0001 00", true, 9, 4},
        {"01 02 | 01 00 00 0000 00", false, 0, 0},
        {"00 01 |", false, 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_scene *scene = mikey_scene_new();
        const mikey_record *record = take(scene, NULL, rows[i].head, "00 20 0010 " KEY_1);
        const GPtrArray *keys = session_keys_for_ssrc(scene->keys, rows[i].ssrc);
        const session_key *key = mikey_record_tek(record, 1)->key;
        g_assert_true((keys != NULL) == rows[i].bound);
        g_assert_cmpuint(key->roc, ==, rows[i].roc);
        if (keys)
            g_assert_true(keys->pdata[0] == key);
        g_assert_cmpint(key->origin, ==, KEY_ORIGIN_MIKEY);
        g_assert_cmpuint(key->frame, ==, 1);
        g_assert_cmpuint(key->detail, ==, 1);
        mikey_scene_free(scene);
    }
}

/* A TEK as it is serves all crypto sessions, whose senders need not begin at the same ROC. */
static void test_one_tek_two_rocs(void)
{
    mikey_scene *scene = mikey_scene_new();
    const mikey_record *record = take(scene, NULL, "02 00 | 00 00000009 00000003 00 0000000a 00000007", "00 20 0010 " KEY_1);
    const session_key *key = mikey_record_tek(record, 1)->key;
    g_assert_true(mikey_record_tek(record, 2)->key == key);
    g_assert_cmpuint(session_key_roc(key, 9), ==, 3);
    g_assert_cmpuint(session_key_roc(key, 10), ==, 7);
    mikey_scene_free(scene);
}

/* Without a map there are two crypto sessions for each m= line (RFC 4567 section 7.1). */
static void test_without_map(void)
{
    static const unsigned expected[] = {2, 2, 4, 16, 16};
    static const unsigned leg_counts[] = {0, 1, 2, 8, 100};
    for (size_t i = 0; i < G_N_ELEMENTS(leg_counts); i++) {
        mikey_scene *scene = mikey_scene_new();
        media_leg *legs = g_new0(media_leg, leg_counts[i] + 1);
        media_leg **pointers = g_new0(media_leg *, leg_counts[i] + 1);
        for (unsigned n = 0; n < leg_counts[i]; n++) {
            pointers[n] = &legs[n];
            legs[n].keys = g_ptr_array_new();
        }
        GByteArray *message = mikey_psk_init(NO_PSK, 0x11223344, "00 01", 0, "00 00 0010 " KEY_1);
        const mikey_arrival arrival = {.frame = 1, .section = -1, .legs = pointers, .leg_count = leg_counts[i]};
        const mikey_record *record = mikey_sessions_add(scene->sessions, &arrival, mikey_span(message));
        g_assert_cmpuint(record->teks->len, ==, expected[i]);
        for (unsigned n = 0; n < leg_counts[i]; n++) {
            g_assert_cmpuint(legs[n].keys->len, ==, expected[i]);
            g_ptr_array_free(legs[n].keys, TRUE);
        }
        g_byte_array_free(message, TRUE);
        mikey_scene_free(scene);
        g_free(pointers);
        g_free(legs);
    }
}

/* Readings of one key are of one group, other keys of another, and the standard's stands first. */
static void test_groups(void)
{
    mikey_scene *scene = mikey_scene_new();
    const mikey_record *record = take(scene, "MIKEY_TEK 11223344/1 " KEY_2 ":" SALT, ONE_CS,
                                      "14 00 0020 " KEY_1 KEY_2 " 00 00 0010 " KEY_1);
    g_assert_cmpuint(record->teks->len, ==, 4); /* the first TGK is of a whole block, where minisip departs */
    static const unsigned groups[] = {0, 0, 1, 2};
    for (guint i = 0; i < record->teks->len; i++) {
        const mikey_tek *tek = &g_array_index(record->teks, mikey_tek, i);
        g_assert_cmpuint(tek->group, ==, groups[i]);
        g_assert_true((tek->departure != NULL) == (i == 1));
        g_assert_nonnull(tek->key);
    }
    mikey_scene_free(scene);
}

/* An MPK or an unknown kind is no key of a crypto session. */
static void test_other_kinds(void)
{
    static const char *const keys[] = {"00 60 0010 " KEY_1, "00 70 0010 " KEY_1, "00 80 0010 " KEY_1, "00 00 0000"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        mikey_scene *scene = mikey_scene_new();
        mikey_assert_no_keys(take(scene, NULL, ONE_CS, keys[i]));
        g_assert_cmpuint(session_keys_count(scene->keys), ==, 0);
        mikey_scene_free(scene);
    }
}

/* A transform without a name of its own gets one, and each but once; one that is not supported is said to be so. */
static void test_suites(void)
{
    static const struct {
        const char *params, *name;
    } rows[] = {
        {"0b 01 04", "AES_CM_128_HMAC_SHA1_32"}, {"01 01 18 0b 01 05", "AES_CM_192_HMAC_SHA1_40"},
        {"00 01 06 14 01 0d", "AEAD_AES_GCM_128_104"}, {"00 01 02 01 01 20", "AES_F8_256_HMAC_SHA1_80"},
        {"00 01 00 01 01 20", "NULL_256_HMAC_SHA1_80"}, {"00 01 03", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_scene *scene = mikey_scene_new();
        media_leg leg = {.keys = g_ptr_array_new()}, *legs[] = {&leg};
        GByteArray *params = mikey_octets("%s", rows[i].params);
        GByteArray *message = mikey_octets("01 00 05 00 00000001 02 00 | 00 00000001 00000000 00 00000002 00000000 | "
                                           "0a 00 e5a1b2c300000000 | 0b 00 00 %04x", params->len);
        g_byte_array_append(message, params->data, params->len);
        mikey_append(message, "01 10 " RAND " 00 00 0024 00 00 0020 " KEY_1 KEY_2 " 00");
        const mikey_arrival arrival = {.frame = 1, .section = -1, .legs = legs, .leg_count = 1};
        const mikey_record *record = mikey_sessions_add(scene->sessions, &arrival, mikey_span(message));
        g_assert_true(leg.unsupported_suite == (rows[i].name == NULL));
        g_assert_cmpuint(record->departures->len, ==, rows[i].name ? 0 : 1);
        if (rows[i].name) {
            const crypto_suite *suite = mikey_record_tek(record, 1)->key->suite;
            g_assert_cmpstr(suite->name, ==, rows[i].name);
            g_assert_true(mikey_record_tek(record, 2)->key->suite == suite);
        }
        g_byte_array_free(params, TRUE);
        g_byte_array_free(message, TRUE);
        mikey_scene_free(scene);
        g_ptr_array_free(leg.keys, TRUE);
    }
}

/* The most that one message may give. */
static void test_bound(void)
{
    GString *map = g_string_new("ff 00 |"), *keys = g_string_new(NULL);
    for (unsigned i = 1; i <= 255; i++)
        g_string_append_printf(map, "00 %08x 00000000", i);
    for (unsigned i = 0; i < 64; i++)
        g_string_append_printf(keys, "%s 00 0010 %032x", i < 63 ? "14" : "00", i + 1);
    mikey_scene *scene = mikey_scene_new();
    const mikey_record *record = take(scene, NULL, map->str, keys->str);
    g_assert_cmpuint(record->teks->len, ==, MIKEY_MAX_TEKS);
    g_assert_cmpuint(session_keys_count(scene->keys), ==, MIKEY_MAX_TEKS);
    mikey_scene_free(scene);
    g_string_free(map, TRUE);
    g_string_free(keys, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-teks/tgk", test_tgk);
    g_test_add_func("/mikey-teks/tek", test_tek);
    g_test_add_func("/mikey-teks/spi", test_spi);
    g_test_add_func("/mikey-teks/ssrc-and-roc", test_ssrc_and_roc);
    g_test_add_func("/mikey-teks/one-tek-two-rocs", test_one_tek_two_rocs);
    g_test_add_func("/mikey-teks/without-map", test_without_map);
    g_test_add_func("/mikey-teks/groups", test_groups);
    g_test_add_func("/mikey-teks/other-kinds", test_other_kinds);
    g_test_add_func("/mikey-teks/suites", test_suites);
    g_test_add_func("/mikey-teks/bound", test_bound);
    return g_test_run();
}

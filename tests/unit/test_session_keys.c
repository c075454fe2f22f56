#include "sessions/session_keys.h"

#include "sessions/offer_answer.h"

#include <string.h>

static session_key *add(session_keys *keys, uint8_t octet)
{
    srtp_master_key master = {0};
    const crypto_suite *suite = crypto_suite_by_name("AES_CM_128_HMAC_SHA1_80", strlen("AES_CM_128_HMAC_SHA1_80"));
    master.transform = suite->transform;
    master.key[0] = octet;
    return session_keys_add(keys, &master, suite, KEY_ORIGIN_MIKEY, octet + 1u, octet);
}

/* The same key brought again is the same object, as it was first. */
static void test_same_key(void)
{
    session_keys *keys = session_keys_new();
    session_key *key = add(keys, 1);
    session_key *other = add(keys, 2);
    g_assert_true(key && other && key != other);
    g_assert_true(add(keys, 1) == key);
    g_assert_cmpuint(session_keys_count(keys), ==, 2);
    g_assert_cmpuint(session_keys_for_any(keys)->len, ==, 2);
    g_assert_cmpuint(key->frame, ==, 2);
    g_assert_cmpuint(key->roc, ==, 0);
    g_assert_null(key->departures[0]);
    session_keys_free(keys);
}

/* Every part of a master key tells it from others; octets beyond its lengths do not. */
static void test_other_keys(void)
{
    session_keys *keys = session_keys_new();
    srtp_master_key master = {0};
    const crypto_suite *suite = crypto_suite_by_name("AES_CM_128_HMAC_SHA1_80", strlen("AES_CM_128_HMAC_SHA1_80"));
    master.transform = suite->transform;
    const srtp_master_key first = master;
    uint32_t count = 0;
#define ASSERT_ANOTHER(change)                                                                                                    \
    master = first;                                                                                                               \
    change;                                                                                                                       \
    g_assert_nonnull(session_keys_add(keys, &master, suite, KEY_ORIGIN_MIKEY, 1, 1));                                             \
    g_assert_cmpuint(session_keys_count(keys), ==, ++count)
    ASSERT_ANOTHER((void)0);
    ASSERT_ANOTHER(master.key[15] = 1);
    ASSERT_ANOTHER(master.salt[13] = 1);
    ASSERT_ANOTHER(master.mki_len = 1);
    ASSERT_ANOTHER((master.mki_len = 1, master.mki[0] = 1));
    ASSERT_ANOTHER(master.kdr = 1);
    ASSERT_ANOTHER(master.unencrypted_srtp = true);
    ASSERT_ANOTHER(master.unencrypted_srtcp = true);
    ASSERT_ANOTHER(master.unauthenticated_srtp = true);
    ASSERT_ANOTHER(master.transform.srtcp_tag_len = 4);
    ASSERT_ANOTHER(master.transform.auth_key_len = 32);
    ASSERT_ANOTHER(master.transform.prefix_len = 1);
#undef ASSERT_ANOTHER
    master = first;
    master.key[16] = master.mki[0] = 1;
    session_keys_add(keys, &master, suite, KEY_ORIGIN_MIKEY, 1, 1);
    g_assert_cmpuint(session_keys_count(keys), ==, count);
    session_keys_free(keys);
}

static void test_bind_ssrc(void)
{
    session_keys *keys = session_keys_new();
    session_key *first = add(keys, 1), *second = add(keys, 2);
    g_assert_null(session_keys_for_ssrc(keys, 0));
    session_keys_bind_ssrc(keys, first, 0);
    session_keys_bind_ssrc(keys, second, 0xffffffff);
    session_keys_bind_ssrc(keys, second, 0);
    for (int again = 0; again < 3; again++) {
        session_keys_bind_ssrc(keys, first, 0);
        const GPtrArray *list = session_keys_for_ssrc(keys, 0);
        g_assert_cmpuint(list->len, ==, 2);
        g_assert_true(list->pdata[0] == first && list->pdata[1] == second);
    }
    g_assert_cmpuint(session_keys_for_ssrc(keys, 0xffffffff)->len, ==, 1);
    g_assert_null(session_keys_for_ssrc(keys, 1));
    session_keys_free(keys);
}

/* Signalled again, a key stands in a leg's list once: where it is, if that is among the latest, with which media is tried; else at the
 * end. */
static void test_again(void)
{
    enum { KEYS = 200, LATEST = 64 };
    session_keys *keys = session_keys_new();
    media_leg leg = {.keys = g_ptr_array_new()};
    session_key *all[KEYS];
    for (unsigned i = 0; i < KEYS; i++)
        media_leg_add_key(&leg, all[i] = add(keys, (uint8_t)(i + 1)));
    media_leg_add_key(&leg, all[KEYS - LATEST]);
    g_assert_true(leg.keys->pdata[KEYS - LATEST] == all[KEYS - LATEST]);
    media_leg_add_key(&leg, all[3]);
    g_assert_cmpuint(leg.keys->len, ==, KEYS);
    g_assert_true(leg.keys->pdata[KEYS - 1] == all[3]);
    for (unsigned again = 0; again < 3; again++)
        for (unsigned i = 0; i < KEYS; i++)
            media_leg_add_key(&leg, all[i]);
    g_assert_cmpuint(leg.keys->len, ==, KEYS);
    g_assert_true(leg.keys->pdata[KEYS - 1] == all[KEYS - 1]);
    g_ptr_array_free(leg.keys, TRUE);
    session_keys_free(keys);
}

/* Each SSRC has its own rollover counter under one key; one that none was told for takes the last. */
static void test_roc(void)
{
    session_keys *keys = session_keys_new();
    session_key *key = add(keys, 1);
    g_assert_cmpuint(session_key_roc(key, 1), ==, 0);
    session_key_set_roc(key, 1, 5);
    session_key_set_roc(key, 2, 0);
    g_assert_cmpuint(session_key_roc(key, 1), ==, 5);
    g_assert_cmpuint(session_key_roc(key, 2), ==, 0);
    session_key_set_roc(key, 0, 0xffffffff);
    g_assert_cmpuint(session_key_roc(key, 0), ==, 0xffffffff);
    g_assert_cmpuint(session_key_roc(key, 1), ==, 5);
    g_assert_cmpuint(session_key_roc(key, 3), ==, 0xffffffff);
    session_keys_free(keys);
}

/* A leg's keys, and the leg that a key was first signalled for. */
static void test_leg(void)
{
    session_keys *keys = session_keys_new();
    media_leg legs[2] = {{.keys = g_ptr_array_new()}, {.keys = g_ptr_array_new()}};
    session_key *key = add(keys, 1);
    for (int again = 0; again < 3; again++)
        for (size_t i = 0; i < G_N_ELEMENTS(legs); i++)
            media_leg_add_key(&legs[i], key);
    for (size_t i = 0; i < G_N_ELEMENTS(legs); i++) {
        g_assert_cmpuint(legs[i].keys->len, ==, 1);
        g_ptr_array_free(legs[i].keys, TRUE);
    }
    g_assert_true(key->leg == &legs[0]);
    session_keys_free(keys);
}

/* Lines for two SSRCs under one key each tell a ROC; one for an address tells that of all who have none of their own. */
static void test_logged_rocs(void)
{
    static const char *const flows[] = {"ssrc=0x1", "ssrc=0x2", "src=192.0.2.1:4000"};
    session_keys *keys = session_keys_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(flows); i++) {
        keylog_entry *entry;
        char *error;
        g_autofree char *line = g_strdup_printf("SRTP_MASTER %s AES_CM_128_HMAC_SHA1_80:"
                                                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d roc=%u",
                                                flows[i], 7 + i);
        g_assert_true(keylog_parse_line(line, strlen(line), &entry, &error));
        session_keys_add_logged(keys, entry);
        keylog_entry_free(entry);
    }
    const session_key *key = session_keys_for_ssrc(keys, 1)->pdata[0];
    g_assert_cmpuint(session_keys_count(keys), ==, 1);
    g_assert_cmpuint(session_key_roc(key, 1), ==, 7);
    g_assert_cmpuint(session_key_roc(key, 2), ==, 8);
    g_assert_cmpuint(session_key_roc(key, 3), ==, 9);
    session_keys_free(keys);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session-keys/same-key", test_same_key);
    g_test_add_func("/session-keys/other-keys", test_other_keys);
    g_test_add_func("/session-keys/bind-ssrc", test_bind_ssrc);
    g_test_add_func("/session-keys/roc", test_roc);
    g_test_add_func("/session-keys/leg", test_leg);
    g_test_add_func("/session-keys/again", test_again);
    g_test_add_func("/session-keys/logged-rocs", test_logged_rocs);
    return g_test_run();
}

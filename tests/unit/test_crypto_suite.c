#include "ciphers/crypto_suite.h"

#include <glib.h>

#include <string.h>

typedef struct {
    const char *token;
    const char *name;
    srtp_transform transform;
    bool registered;
    bool supported;
} row;

#define CM SRTP_CIPHER_AES_CM, SRTP_AUTH_HMAC_SHA1
#define F8 SRTP_CIPHER_AES_F8, SRTP_AUTH_HMAC_SHA1
#define GCM SRTP_CIPHER_AES_GCM, SRTP_AUTH_AEAD
#define NULL_CIPHER SRTP_CIPHER_NULL, SRTP_AUTH_HMAC_SHA1

/* RFC 4568 section 6.2, RFC 6188 section 4, RFC 7714 section 14.1, RFC 5669 section 4, and the field's own. */
static const row ROWS[] = {
    { "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_80", { CM, 16, 14, 10, 10, 0, 0 }, true, true },
    { "AES_CM_128_HMAC_SHA1_32", "AES_CM_128_HMAC_SHA1_32", { CM, 16, 14, 4, 10, 0, 0 }, true, true },
    { "F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80", { F8, 16, 14, 10, 10, 0, 0 }, true, true },
    { "AES_192_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_80", { CM, 24, 14, 10, 10, 0, 0 }, true, true },
    { "AES_192_CM_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_32", { CM, 24, 14, 4, 10, 0, 0 }, true, true },
    { "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80", { CM, 32, 14, 10, 10, 0, 0 }, true, true },
    { "AES_256_CM_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_32", { CM, 32, 14, 4, 10, 0, 0 }, true, true },
    { "AEAD_AES_128_GCM", "AEAD_AES_128_GCM", { GCM, 16, 12, 16, 16, 0, 0 }, true, true },
    { "AEAD_AES_256_GCM", "AEAD_AES_256_GCM", { GCM, 32, 12, 16, 16, 0, 0 }, true, true },
    { "SEED_CTR_128_HMAC_SHA1_80", "SEED_CTR_128_HMAC_SHA1_80",
      { SRTP_CIPHER_SEED, SRTP_AUTH_HMAC_SHA1, 16, 14, 10, 10, 0, 0 }, true, false },
    { "SEED_128_CCM_80", "SEED_128_CCM_80", { SRTP_CIPHER_SEED, SRTP_AUTH_AEAD, 16, 14, 10, 10, 0, 0 }, true, false },
    { "SEED_128_GCM_96", "SEED_128_GCM_96", { SRTP_CIPHER_SEED, SRTP_AUTH_AEAD, 16, 14, 12, 12, 0, 0 }, true, false },
    { "F8_128_HMAC_SHA1_32", "F8_128_HMAC_SHA1_32", { F8, 16, 14, 4, 10, 0, 0 }, false, true },
    { "AES_CM_128_NULL_AUTH", "AES_CM_128_NULL_AUTH", { CM, 16, 14, 0, 10, 0, 0 }, false, true },
    { "NULL_HMAC_SHA1_80", "NULL_HMAC_SHA1_80", { NULL_CIPHER, 16, 14, 10, 10, 0, 0 }, false, true },
    { "NULL_HMAC_SHA1_32", "NULL_HMAC_SHA1_32", { NULL_CIPHER, 16, 14, 4, 10, 0, 0 }, false, true },
    { "AEAD_AES_128_GCM_8", "AEAD_AES_128_GCM_8", { GCM, 16, 12, 8, 8, 0, 0 }, false, true },
    { "AEAD_AES_256_GCM_8", "AEAD_AES_256_GCM_8", { GCM, 32, 12, 8, 8, 0, 0 }, false, true },
    { "AEAD_AES_128_GCM_12", "AEAD_AES_128_GCM_12", { GCM, 16, 12, 12, 12, 0, 0 }, false, true },
    { "AEAD_AES_256_GCM_12", "AEAD_AES_256_GCM_12", { GCM, 32, 12, 12, 12, 0, 0 }, false, true },
    { "AES_CM_192_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_80", { CM, 24, 14, 10, 10, 0, 0 }, true, true },
    { "AES_CM_192_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_32", { CM, 24, 14, 4, 10, 0, 0 }, true, true },
    { "AES_CM_256_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80", { CM, 32, 14, 10, 10, 0, 0 }, true, true },
    { "AES_CM_256_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_32", { CM, 32, 14, 4, 10, 0, 0 }, true, true },
    { "aes_cm_128_hmac_SHA1_80", "AES_CM_128_HMAC_SHA1_80", { CM, 16, 14, 10, 10, 0, 0 }, true, true },
    { "aes_cm_256_hmac_sha1_32", "AES_256_CM_HMAC_SHA1_32", { CM, 32, 14, 4, 10, 0, 0 }, true, true },
};

static void test_names(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        const row *expected = &ROWS[i];
        char *unterminated = g_strconcat(expected->token, "_AND_MORE", NULL);
        const crypto_suite *suite = crypto_suite_by_name(unterminated, strlen(expected->token));
        g_assert_nonnull(suite);
        g_assert_cmpstr(suite->name, ==, expected->name);
        g_assert_cmpint(suite->transform.cipher, ==, expected->transform.cipher);
        g_assert_cmpint(suite->transform.auth, ==, expected->transform.auth);
        g_assert_cmpuint(suite->transform.key_len, ==, expected->transform.key_len);
        g_assert_cmpuint(suite->transform.salt_len, ==, expected->transform.salt_len);
        g_assert_cmpuint(suite->transform.srtp_tag_len, ==, expected->transform.srtp_tag_len);
        g_assert_cmpuint(suite->transform.srtcp_tag_len, ==, expected->transform.srtcp_tag_len);
        g_assert_cmpint(suite->registered, ==, expected->registered);
        g_assert_cmpint(suite->supported, ==, expected->supported);
        g_free(unterminated);
    }
}

static void test_unknown_names(void)
{
    static const char *const UNKNOWN[] = { "", "AES", "AES_CM_128_HMAC_SHA1_8", "AES_CM_128_HMAC_SHA1_800",
                                           "AES_CM_512_HMAC_SHA1_80", "AEAD_AES_192_GCM", "AEAD_AES_128_GCM_" };

    for (size_t i = 0; i < G_N_ELEMENTS(UNKNOWN); i++)
        g_assert_null(crypto_suite_by_name(UNKNOWN[i], strlen(UNKNOWN[i])));
    g_assert_null(crypto_suite_by_name("AES_CM_128_HMAC_SHA1_80\0", 24));
}

/* Every suite answers to its own name, fits the buffers, and stands in ROWS. */
static void test_table(void)
{
    size_t count;
    const crypto_suite *suites = crypto_suites(&count);

    for (size_t i = 0; i < count; i++) {
        const crypto_suite *suite = &suites[i];
        bool listed = false;
        g_assert_true(crypto_suite_by_name(suite->name, strlen(suite->name)) == suite);
        g_assert_cmpuint(suite->transform.key_len, <=, SRTP_MAX_KEY_LEN);
        g_assert_cmpuint(suite->transform.salt_len, <=, SRTP_MAX_SALT_LEN);
        g_assert_cmpuint(suite->transform.srtp_tag_len, <=, SRTP_MAX_TAG_LEN);
        for (size_t j = 0; j < G_N_ELEMENTS(ROWS); j++)
            listed = listed || strcmp(ROWS[j].name, suite->name) == 0;
        g_assert_true(listed);
    }
}

/* Each suite is found by its own transform, whatever else a policy may choose; and no other transform is taken for one. */
static void test_by_transform(void)
{
    size_t count;
    const crypto_suite *suites = crypto_suites(&count);
    for (size_t i = 0; i < count; i++) {
        srtp_transform transform = suites[i].transform;
        g_assert_true(crypto_suite_by_transform(&transform) == &suites[i]);
        transform.srtcp_tag_len = 3;
        transform.auth_key_len = 32;
        transform.prefix_len = 7;
        g_assert_true(crypto_suite_by_transform(&transform) == &suites[i]);
        transform.srtp_tag_len += 1;
        g_assert_null(crypto_suite_by_transform(&transform));
        transform.srtp_tag_len -= 1;
        transform.key_len += 1;
        g_assert_null(crypto_suite_by_transform(&transform));
        transform.key_len -= 1;
        transform.salt_len -= 1;
        g_assert_null(crypto_suite_by_transform(&transform));
        transform.salt_len += 1;
        transform.auth = SRTP_AUTH_NULL;
        g_assert_null(crypto_suite_by_transform(&transform));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crypto-suite/names", test_names);
    g_test_add_func("/crypto-suite/unknown-names", test_unknown_names);
    g_test_add_func("/crypto-suite/table", test_table);
    g_test_add_func("/crypto-suite/by-transform", test_by_transform);
    return g_test_run();
}

#include "keys/srtp_kdf.h"

#include "vectors.h"

#include <string.h>

static void check_session_key(JsonObject *vector)
{
    vector_octets key, salt, expected;
    uint8_t out[VECTOR_MAX_OCTETS];

    vector_get_octets(vector, "master_key", false, &key);
    vector_get_octets(vector, "master_salt", false, &salt);
    vector_get_octets(vector, "out", false, &expected);
    const srtp_kdf_label label = (srtp_kdf_label)json_object_get_int_member(vector, "label");
    const uint64_t r = (uint64_t)json_object_get_int_member(vector, "r");
    /* A shorter key is the beginning of a longer one. */
    for (size_t len = 0; len <= expected.len; len++) {
        memset(out, 0xee, sizeof out);
        g_assert_true(srtp_kdf(key.data, key.len, salt.data, salt.len, label, r, out, len));
        g_assert_cmpmem(out, len, expected.data, len);
        g_assert_cmphex(out[len], ==, 0xee);
    }
}

static void test_published_keys(void)
{
    vectors_for_each("srtp_kdf.json", check_session_key);
}

/* r has 48 bits and touches the last six octets of the salt alone: XORed into the salt by hand it gives the same. */
static void test_r_stands_in_the_last_six_octets(void)
{
    const uint8_t key[16] = { 1 };
    uint8_t salt[14] = { 2 }, by_r[16], by_salt[16];

    g_assert_true(srtp_kdf(key, sizeof key, salt, sizeof salt, SRTP_LABEL_RTP_SALT, 0xa1b2c3d4e5f6, by_r, 16));
    const uint8_t r[6] = { 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6 };
    memcpy(salt + 8, r, sizeof r);
    g_assert_true(srtp_kdf(key, sizeof key, salt, sizeof salt, SRTP_LABEL_RTP_SALT, 0, by_salt, 16));
    g_assert_cmpmem(by_r, sizeof by_r, by_salt, sizeof by_salt);
}

/* No master salt is one of zeros (RFC 3711 section 3.2.1), a short one ends in zeros (RFC 7714 section 11). */
static void test_short_salts(void)
{
    const uint8_t key[16] = { 1 };
    const uint8_t salt[14] = { 0 };
    uint8_t none[16], zeros[16], cut[16], completed[16];
    const uint8_t twelve[14] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0 };

    g_assert_true(srtp_kdf(key, sizeof key, NULL, 0, SRTP_LABEL_RTP_AUTH, 5, none, 16));
    g_assert_true(srtp_kdf(key, sizeof key, salt, sizeof salt, SRTP_LABEL_RTP_AUTH, 5, zeros, 16));
    g_assert_cmpmem(none, 16, zeros, 16);
    g_assert_true(srtp_kdf(key, sizeof key, twelve, 12, SRTP_LABEL_RTP_AUTH, 5, cut, 16));
    g_assert_true(srtp_kdf(key, sizeof key, twelve, 14, SRTP_LABEL_RTP_AUTH, 5, completed, 16));
    g_assert_cmpmem(cut, 16, completed, 16);
}

static void test_refuses_other_lengths(void)
{
    const uint8_t key[32] = { 0 };
    uint8_t out[16];

    g_assert_false(srtp_kdf(key, 16, key, 15, SRTP_LABEL_RTP_ENCRYPTION, 0, out, sizeof out));
    g_assert_false(srtp_kdf(key, 17, key, 14, SRTP_LABEL_RTP_ENCRYPTION, 0, out, sizeof out));
    g_assert_false(srtp_kdf(key, 0, key, 14, SRTP_LABEL_RTP_ENCRYPTION, 0, out, sizeof out));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/srtp-kdf/published-keys", test_published_keys);
    g_test_add_func("/srtp-kdf/r-stands-in-the-last-six-octets", test_r_stands_in_the_last_six_octets);
    g_test_add_func("/srtp-kdf/short-salts", test_short_salts);
    g_test_add_func("/srtp-kdf/refuses-other-lengths", test_refuses_other_lengths);
    return g_test_run();
}

#include "keys/srtp_context.h"

#include "ciphers/aes_cm.h"
#include "keys/srtp_kdf.h"

#include <glib.h>

#include <string.h>

static srtp_master_key make_key(const char *suite_name, uint8_t mki_len)
{
    const crypto_suite *suite = crypto_suite_by_name(suite_name, strlen(suite_name));
    srtp_master_key key = { .transform = suite->transform, .mki_len = mki_len };

    memset(key.key, 0x4b, suite->transform.key_len);
    memset(key.salt, 0x53, suite->transform.salt_len);
    memset(key.mki, 0x4d, mki_len);
    return key;
}

static void test_every_supported_suite(void)
{
    size_t count;
    const crypto_suite *suites = crypto_suites(&count);

    for (size_t i = 0; i < count; i++) {
        const srtp_master_key key = make_key(suites[i].name, 0);
        srtp_context *context = srtp_context_new(&key);
        g_assert_cmpint(context != NULL, ==, suites[i].supported);
        if (context)
            g_assert_cmpmem(srtp_context_key(context), sizeof key, &key, sizeof key);
        srtp_context_free(context);
    }
}

static void test_unsupported_transforms(void)
{
    static const srtp_transform TRANSFORMS[] = {
        { SRTP_CIPHER_AES_CM, SRTP_AUTH_HMAC_SHA1, 17, 14, 10, 10, 0, 0 },
        { SRTP_CIPHER_AES_CM, SRTP_AUTH_HMAC_SHA1, 16, 15, 10, 10, 0, 0 },
        { SRTP_CIPHER_AES_CM, SRTP_AUTH_HMAC_SHA1, 16, 14, 21, 10, 0, 0 },
        { SRTP_CIPHER_AES_CM, SRTP_AUTH_HMAC_SHA1, 16, 14, 10, 21, 0, 0 },
        { SRTP_CIPHER_AES_CM, SRTP_AUTH_AEAD, 16, 14, 16, 16, 0, 0 },
        { SRTP_CIPHER_AES_F8, SRTP_AUTH_AEAD, 16, 14, 16, 16, 0, 0 },
        { SRTP_CIPHER_AES_GCM, SRTP_AUTH_HMAC_SHA1, 16, 12, 10, 10, 0, 0 },
        { SRTP_CIPHER_AES_GCM, SRTP_AUTH_AEAD, 24, 12, 16, 16, 0, 0 },
        { SRTP_CIPHER_AES_GCM, SRTP_AUTH_AEAD, 16, 14, 16, 16, 0, 0 },
        { SRTP_CIPHER_NULL, SRTP_AUTH_AEAD, 16, 14, 16, 16, 0, 0 },
        { SRTP_CIPHER_NULL, SRTP_AUTH_HMAC_SHA1, 0, 14, 10, 10, 0, 0 },
        { SRTP_CIPHER_SEED, SRTP_AUTH_HMAC_SHA1, 16, 14, 10, 10, 0, 0 },
    };
    srtp_master_key key = make_key("AES_CM_128_HMAC_SHA1_80", 0);

    for (size_t i = 0; i < G_N_ELEMENTS(TRANSFORMS); i++) {
        key.transform = TRANSFORMS[i];
        g_assert_null(srtp_context_new(&key));
    }
    key = make_key("AES_CM_128_HMAC_SHA1_80", 0);
    key.mki_len = SRTP_MAX_MKI_LEN + 1;
    g_assert_null(srtp_context_new(&key));
    srtp_context_free(NULL);
}

static srtp_open_result open_rtp(srtp_context *context, const srtp_reading *reading, const uint8_t *data, size_t len,
                                 size_t *out_len)
{
    uint8_t *exact = g_memdup2(data, len);
    uint8_t *out = g_malloc(len);
    rtp_packet packet;

    g_assert_true(rtp_packet_parse(&packet, exact, len));
    const srtp_open_result result = srtp_context_open_rtp(context, reading, &packet, 0, out, out_len);
    if (result == SRTP_OPEN_OK)
        g_assert_cmpmem(out, 12, exact, 12);
    g_free(out);
    g_free(exact);
    return result;
}

static srtp_open_result open_rtcp(srtp_context *context, const srtp_reading *reading, const uint8_t *data, size_t len,
                                  size_t *out_len, uint32_t *index, bool *encrypted)
{
    uint8_t *exact = g_memdup2(data, len);
    uint8_t *out = g_malloc(len);
    const srtp_open_result result =
        srtp_context_open_rtcp(context, reading, exact, len, out, out_len, index, encrypted);
    if (result == SRTP_OPEN_OK)
        g_assert_cmpmem(out, 8, exact, 8);
    g_free(out);
    g_free(exact);
    return result;
}

static const uint8_t RTP[80] = { 0x80, 0, 0x12, 0x34, 0, 0, 0, 1, 1, 2, 3, 4 };
static const uint8_t RTCP[80] = { 0x80, 200, 0, 1, 1, 2, 3, 4 };

/* One octet less than header, MKI and tag is too short; with just these the tag speaks. */
static void test_shortest_packets(void)
{
    static const char *const SUITES[] = { "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80",
                                          "AEAD_AES_128_GCM", "AEAD_AES_256_GCM_8", "NULL_HMAC_SHA1_32" };

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(SUITES); i++) {
        const srtp_master_key key = make_key(SUITES[i / 2], i % 2 ? 5 : 0);
        srtp_context *context = srtp_context_new(&key);
        srtp_reading reading = { .tag_len = key.transform.srtp_tag_len, .mki_len = key.mki_len, .verify = true };
        size_t out_len = 0;
        uint32_t index;
        bool encrypted;

        const size_t rtp_len = 12 + key.mki_len + reading.tag_len;
        for (size_t len = 12; len < rtp_len; len++)
            g_assert_cmpint(open_rtp(context, &reading, RTP, len, &out_len), ==, SRTP_OPEN_TOO_SHORT);
        g_assert_cmpint(open_rtp(context, &reading, RTP, rtp_len, &out_len), ==,
                        key.mki_len ? SRTP_OPEN_MKI_MISMATCH : SRTP_OPEN_TAG_MISMATCH);
        reading.verify = false;
        g_assert_cmpint(open_rtp(context, &reading, RTP, rtp_len, &out_len), ==, SRTP_OPEN_OK);
        g_assert_cmpuint(out_len, ==, 12);

        reading.tag_len = key.transform.srtcp_tag_len;
        reading.verify = true;
        const size_t rtcp_len = 8 + 4 + key.mki_len + reading.tag_len;
        for (size_t len = 0; len < rtcp_len; len++)
            g_assert_cmpint(open_rtcp(context, &reading, RTCP, len, &out_len, &index, &encrypted), ==,
                            SRTP_OPEN_TOO_SHORT);
        g_assert_cmpint(open_rtcp(context, &reading, RTCP, rtcp_len, &out_len, &index, &encrypted), ==,
                        key.mki_len ? SRTP_OPEN_MKI_MISMATCH : SRTP_OPEN_TAG_MISMATCH);
        reading.verify = false;
        g_assert_cmpint(open_rtcp(context, &reading, RTCP, rtcp_len, &out_len, &index, &encrypted), ==, SRTP_OPEN_OK);
        g_assert_cmpuint(out_len, ==, 8);
        srtp_context_free(context);
    }
}

/* Tags that no packet of the transform can have are no reading of it, whether the tag is to be verified or not. */
static void test_impossible_tag_lengths(void)
{
    static const struct {
        srtp_transform transform;
        const char *possible; /* for each length from 0: whether it is */
    } CASES[] = {
        { { SRTP_CIPHER_AES_CM, SRTP_AUTH_HMAC_SHA1, 16, 14, 10, 10, 0, 0 }, "1111111111111111111110" },
        { { SRTP_CIPHER_AES_GCM, SRTP_AUTH_AEAD, 16, 12, 16, 16, 0, 0 }, "0000100010001111100000" },
        { { SRTP_CIPHER_AES_CM, SRTP_AUTH_NULL, 16, 14, 0, 0, 0, 0 }, "1000000000000000000000" },
        { { SRTP_CIPHER_NULL, SRTP_AUTH_NULL, 0, 0, 0, 0, 0, 0 }, "1000000000000000000000" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        srtp_master_key key = make_key("AES_CM_128_HMAC_SHA1_80", 0);
        key.transform = CASES[i].transform;
        srtp_context *context = srtp_context_new(&key);
        for (size_t tag_len = 0; tag_len < strlen(CASES[i].possible); tag_len++) {
            for (int verify = 0; verify < 2; verify++) {
                const srtp_reading reading = { .tag_len = (uint8_t)tag_len, .verify = verify };
                size_t out_len;
                uint32_t index;
                bool encrypted;
                const bool possible = CASES[i].possible[tag_len] == '1';
                g_assert_cmpint(open_rtp(context, &reading, RTP, sizeof RTP, &out_len) != SRTP_OPEN_ERROR, ==,
                                possible);
                g_assert_cmpint(open_rtcp(context, &reading, RTCP, sizeof RTCP, &out_len, &index, &encrypted) !=
                                    SRTP_OPEN_ERROR, ==, possible);
            }
        }
        srtp_context_free(context);
    }
}

/* An MKI of our length must be ours; one of another length is skipped over, and the tag decides. */
static void test_mki_of_another_length(void)
{
    const srtp_master_key key = make_key("AES_CM_128_HMAC_SHA1_80", 4);
    srtp_context *context = srtp_context_new(&key);
    srtp_reading reading = { .tag_len = 10, .mki_len = 4, .verify = true };
    uint8_t data[sizeof RTP];
    size_t out_len;

    memcpy(data, RTP, sizeof data);
    g_assert_cmpint(open_rtp(context, &reading, data, sizeof data, &out_len), ==, SRTP_OPEN_MKI_MISMATCH);
    memset(data + sizeof data - 14, 0x4d, 4);
    g_assert_cmpint(open_rtp(context, &reading, data, sizeof data, &out_len), ==, SRTP_OPEN_TAG_MISMATCH);
    reading.mki_len = 3;
    g_assert_cmpint(open_rtp(context, &reading, data, sizeof data, &out_len), ==, SRTP_OPEN_TAG_MISMATCH);
    reading.mki_len = 0;
    g_assert_cmpint(open_rtp(context, &reading, data, sizeof data, &out_len), ==, SRTP_OPEN_TAG_MISMATCH);
    srtp_context_free(context);
}

/* The index and E bit are told even when the tag is wrong: callers order and report packets by them. */
static void test_srtcp_index_of_a_forged_packet(void)
{
    static const char *const SUITES[] = { "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM" };

    for (size_t i = 0; i < G_N_ELEMENTS(SUITES); i++) {
        const srtp_master_key key = make_key(SUITES[i], 0);
        const bool aead = key.transform.auth == SRTP_AUTH_AEAD;
        srtp_context *context = srtp_context_new(&key);
        const srtp_reading reading = { .tag_len = key.transform.srtcp_tag_len, .verify = true };
        uint8_t data[sizeof RTCP];
        size_t out_len;
        uint32_t index;
        bool encrypted;

        memcpy(data, RTCP, sizeof data);
        const uint8_t word[4] = { 0x81, 2, 3, 4 };
        memcpy(data + sizeof data - 4 - (aead ? 0 : 10), word, sizeof word);
        g_assert_cmpint(open_rtcp(context, &reading, data, sizeof data, &out_len, &index, &encrypted), ==,
                        SRTP_OPEN_TAG_MISMATCH);
        g_assert_cmphex(index, ==, 0x01020304);
        g_assert_true(encrypted);
        srtp_context_free(context);
    }
}

/* Neither cipher nor tag: the packet comes out as it went in, but for the SRTCP trailer. */
static void test_null_cipher_without_tag(void)
{
    srtp_master_key key = make_key("NULL_HMAC_SHA1_80", 0);
    const srtp_reading reading = { .verify = true };
    size_t out_len;
    uint32_t index;
    bool encrypted;

    key.transform = (srtp_transform) { .cipher = SRTP_CIPHER_NULL, .auth = SRTP_AUTH_NULL };
    srtp_context *context = srtp_context_new(&key);
    g_assert_cmpint(open_rtp(context, &reading, RTP, sizeof RTP, &out_len), ==, SRTP_OPEN_OK);
    g_assert_cmpuint(out_len, ==, sizeof RTP);
    g_assert_cmpint(open_rtcp(context, &reading, RTCP, sizeof RTCP, &out_len, &index, &encrypted), ==, SRTP_OPEN_OK);
    g_assert_cmpuint(out_len, ==, sizeof RTCP - 4);
    srtp_context_free(context);
}

/* X=1 with no word behind it, while elements are signalled as encrypted: there is nothing to decrypt. */
static void test_empty_extension(void)
{
    const srtp_master_key key = make_key("AES_CM_128_HMAC_SHA1_80", 0);
    srtp_context *context = srtp_context_new(&key);
    uint8_t ids[32], data[16 + 10] = { 0x90, 0, 0, 1 }, out[sizeof data];
    const srtp_reading reading = { .tag_len = 10, .encrypted_extensions = ids };
    rtp_packet packet;
    size_t out_len;

    memset(ids, 0xff, sizeof ids);
    data[12] = 0xbe;
    data[13] = 0xde;
    g_assert_true(rtp_packet_parse(&packet, data, sizeof data));
    g_assert_cmpint(srtp_context_open_rtp(context, &reading, &packet, 0, out, &out_len), ==, SRTP_OPEN_OK);
    g_assert_cmpmem(out, out_len, data, 16);
    srtp_context_free(context);
}

/* A packet made of the pieces: the payload behind `prefix_len` octets of keystream, the tag under a key of `auth_key_len`, with GLib's
 * HMAC. */
static size_t seal_rtp(const srtp_master_key *key, uint8_t *packet, size_t len)
{
    const size_t auth_key_len = key->transform.auth_key_len ? key->transform.auth_key_len : SRTP_AUTH_KEY_LEN;
    const uint8_t prefix_len = key->transform.prefix_len, roc[4] = { 0 };
    uint8_t k_e[16], k_s[14], k_a[SRTP_MAX_AUTH_KEY_LEN], iv[AES_CM_IV_LEN], buffer[512] = { 0 }, tag[20];
    gsize tag_len = sizeof tag;
    aes_cm cipher;

    g_assert_true(srtp_kdf(key->key, 16, key->salt, 14, SRTP_LABEL_RTP_ENCRYPTION, 0, k_e, sizeof k_e));
    g_assert_true(srtp_kdf(key->key, 16, key->salt, 14, SRTP_LABEL_RTP_SALT, 0, k_s, sizeof k_s));
    g_assert_true(srtp_kdf(key->key, 16, key->salt, 14, SRTP_LABEL_RTP_AUTH, 0, k_a, auth_key_len));
    g_assert_true(aes_cm_init(&cipher, k_e, sizeof k_e));
    aes_cm_iv(iv, k_s, 0x01020304, 7);
    memcpy(buffer + prefix_len, packet + 12, len - 12);
    g_assert_true(aes_cm_crypt(&cipher, iv, buffer, prefix_len + len - 12, buffer));
    memcpy(packet + 12, buffer + prefix_len, len - 12);
    aes_cm_clear(&cipher);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, k_a, auth_key_len);
    g_hmac_update(hmac, packet, (gssize)len);
    g_hmac_update(hmac, roc, sizeof roc);
    g_hmac_get_digest(hmac, tag, &tag_len);
    g_hmac_unref(hmac);
    memcpy(packet + len, tag, key->transform.srtp_tag_len);
    return len + key->transform.srtp_tag_len;
}

/* RFC 3711 section 4.1 lets a prefix of the keystream be left out, and RFC 3830 section 6.10.1 chooses it and the length of the session
 * authentication key. */
static void test_prefix_and_auth_key(void)
{
    static const struct {
        uint8_t auth_key_len, prefix_len;
    } rows[] = { { 0, 0 }, { 10, 0 }, { 32, 0 }, { 64, 0 }, { 0, 1 }, { 0, 16 }, { 0, 255 }, { 21, 33 } };
    static const uint8_t header[12] = { 0x80, 0, 0, 7, 0, 0, 0, 0, 1, 2, 3, 4 };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        srtp_master_key key = make_key("AES_CM_128_HMAC_SHA1_80", 0);
        const srtp_reading reading = { .tag_len = 10, .verify = true };
        uint8_t packet[80], plain[60];
        size_t out_len;
        key.transform.auth_key_len = rows[i].auth_key_len;
        key.transform.prefix_len = rows[i].prefix_len;
        memset(plain, 0x5c, sizeof plain);
        memcpy(plain, header, sizeof header);
        memcpy(packet, plain, sizeof plain);
        const size_t len = seal_rtp(&key, packet, sizeof plain);
        rtp_packet rtp;
        uint8_t out[sizeof packet];
        srtp_context *context = srtp_context_new(&key);
        g_assert_true(rtp_packet_parse(&rtp, packet, len));
        g_assert_cmpint(srtp_context_open_rtp(context, &reading, &rtp, 0, out, &out_len), ==, SRTP_OPEN_OK);
        g_assert_cmpmem(out, out_len, plain, sizeof plain);
        srtp_context_free(context);
        /* Under another length of the authentication key the tag does not fit. */
        key.transform.auth_key_len = 40;
        context = srtp_context_new(&key);
        g_assert_cmpint(srtp_context_open_rtp(context, &reading, &rtp, 0, out, &out_len), ==, SRTP_OPEN_TAG_MISMATCH);
        srtp_context_free(context);
    }
}

/* A prefix is an affair of AES-CM, and no authentication key is longer than HMAC's block. */
static void test_unsupported_prefix_and_auth_key(void)
{
    srtp_master_key key = make_key("F8_128_HMAC_SHA1_80", 0);
    key.transform.prefix_len = 1;
    g_assert_null(srtp_context_new(&key));
    key = make_key("AEAD_AES_128_GCM", 0);
    key.transform.prefix_len = 1;
    g_assert_null(srtp_context_new(&key));
    key = make_key("AES_CM_128_HMAC_SHA1_80", 0);
    key.transform.auth_key_len = SRTP_MAX_AUTH_KEY_LEN + 1;
    g_assert_null(srtp_context_new(&key));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/srtp-context/every-supported-suite", test_every_supported_suite);
    g_test_add_func("/srtp-context/unsupported-transforms", test_unsupported_transforms);
    g_test_add_func("/srtp-context/shortest-packets", test_shortest_packets);
    g_test_add_func("/srtp-context/impossible-tag-lengths", test_impossible_tag_lengths);
    g_test_add_func("/srtp-context/mki-of-another-length", test_mki_of_another_length);
    g_test_add_func("/srtp-context/srtcp-index-of-a-forged-packet", test_srtcp_index_of_a_forged_packet);
    g_test_add_func("/srtp-context/null-cipher-without-tag", test_null_cipher_without_tag);
    g_test_add_func("/srtp-context/empty-extension", test_empty_extension);
    g_test_add_func("/srtp-context/prefix-and-auth-key", test_prefix_and_auth_key);
    g_test_add_func("/srtp-context/unsupported-prefix-and-auth-key", test_unsupported_prefix_and_auth_key);
    return g_test_run();
}

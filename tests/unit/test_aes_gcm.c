#include "ciphers/aes_gcm.h"

#include "vectors.h"

#include <string.h>

/* The IV from salt, SSRC and index, where the vector is a packet: its AAD begins with the RTP or RTCP header. */
static void check_iv(JsonObject *vector, const vector_octets *aad, const vector_octets *expected)
{
    vector_octets salt;
    uint8_t iv[AES_GCM_IV_LEN];

    vector_get_octets(vector, "salt", false, &salt);
    if (json_object_has_member(vector, "srtcp_index")) {
        const uint8_t *ssrc = aad->data + 4;
        aes_gcm_rtcp_iv(iv, salt.data, (uint32_t)ssrc[0] << 24 | ssrc[1] << 16 | ssrc[2] << 8 | ssrc[3],
                        (uint32_t)json_object_get_int_member(vector, "srtcp_index"));
    } else {
        const uint8_t *ssrc = aad->data + 8;
        aes_gcm_rtp_iv(iv, salt.data, (uint32_t)ssrc[0] << 24 | ssrc[1] << 16 | ssrc[2] << 8 | ssrc[3],
                       (uint32_t)json_object_get_int_member(vector, "roc"),
                       (uint16_t)(aad->data[2] << 8 | aad->data[3]));
    }
    g_assert_cmpmem(iv, sizeof iv, expected->data, expected->len);
}

static void check_message(JsonObject *vector)
{
    vector_octets key, iv, aad, plain, sealed;
    uint8_t out[VECTOR_MAX_OCTETS], zeros[VECTOR_MAX_OCTETS] = { 0 };
    aes_gcm cipher;

    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "iv", false, &iv);
    vector_get_octets(vector, "aad", false, &aad);
    vector_get_octets(vector, "plain", false, &plain);
    vector_get_octets(vector, "sealed", false, &sealed);
    if (json_object_has_member(vector, "salt"))
        check_iv(vector, &aad, &iv);

    g_assert_true(aes_gcm_init(&cipher, key.data, key.len));
    /* The first n octets of the tag are the tag of n octets (SP 800-38D section 7.1). */
    for (size_t tag_len = 4; tag_len <= AES_GCM_TAG_LEN; tag_len++) {
        if (!aes_gcm_tag_len_is_valid(tag_len))
            continue;
        aes_gcm_message message = { .aad = aad.data, .aad_len = aad.len - 3, .aad_rest = aad.data + aad.len - 3,
                                    .aad_rest_len = 3, .in = sealed.data, .in_len = plain.len,
                                    .tag = sealed.data + plain.len, .tag_len = tag_len };
        memcpy(message.iv, iv.data, sizeof message.iv);
        g_assert_cmpint(aes_gcm_open(&cipher, &message, out), ==, AES_GCM_OPENED);
        g_assert_cmpmem(out, plain.len, plain.data, plain.len);

        sealed.data[plain.len + tag_len - 1] ^= 1;
        memset(out, 0xee, sizeof out);
        g_assert_cmpint(aes_gcm_open(&cipher, &message, out), ==, AES_GCM_FORGED);
        g_assert_cmpmem(out, plain.len, zeros, plain.len);
        message.tag = NULL;
        g_assert_cmpint(aes_gcm_open(&cipher, &message, out), ==, AES_GCM_OPENED);
        g_assert_cmpmem(out, plain.len, plain.data, plain.len);
        sealed.data[plain.len + tag_len - 1] ^= 1;
    }
    aes_gcm_clear(&cipher);
    aes_gcm_clear(&cipher);
}

static void test_published_messages(void)
{
    vectors_for_each("aes_gcm.json", check_message);
}

/* The ROC and the upper octet of the sequence number, which no published packet sets together. */
static void test_rtp_iv_takes_the_whole_index(void)
{
    const uint8_t salt[AES_GCM_SALT_LEN] = { 0 };
    const uint8_t expected[AES_GCM_IV_LEN] = { 0, 0, 0xca, 0xfe, 0xba, 0xbe, 1, 2, 3, 4, 5, 6 };
    uint8_t iv[AES_GCM_IV_LEN];

    aes_gcm_rtp_iv(iv, salt, 0xcafebabe, 0x01020304, 0x0506);
    g_assert_cmpmem(iv, sizeof iv, expected, sizeof expected);
}

static void test_valid_tag_lengths(void)
{
    for (size_t len = 0; len < 40; len++)
        g_assert_cmpint(aes_gcm_tag_len_is_valid(len), ==,
                        len == 4 || len == 8 || len == 12 || len == 13 || len == 14 || len == 15 || len == 16);
}

static void test_refuses_other_key_lengths(void)
{
    const uint8_t key[32] = { 0 };
    aes_gcm cipher;

    g_assert_false(aes_gcm_init(&cipher, key, 17));
    g_assert_null(cipher.ctx);
    g_assert_false(aes_gcm_init(&cipher, key, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/aes-gcm/published-messages", test_published_messages);
    g_test_add_func("/aes-gcm/rtp-iv-takes-the-whole-index", test_rtp_iv_takes_the_whole_index);
    g_test_add_func("/aes-gcm/valid-tag-lengths", test_valid_tag_lengths);
    g_test_add_func("/aes-gcm/refuses-other-key-lengths", test_refuses_other_key_lengths);
    return g_test_run();
}

#include "ciphers/aes_f8.h"

#include "vectors.h"

#include <string.h>

static void check_payload(JsonObject *vector)
{
    vector_octets header, key, salt, iv_expected, plain, sealed;
    uint8_t iv[AES_F8_IV_LEN], out[VECTOR_MAX_OCTETS];
    aes_f8 cipher;

    vector_get_octets(vector, "header", false, &header);
    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "salt", false, &salt);
    vector_get_octets(vector, "iv", false, &iv_expected);
    vector_get_octets(vector, "plain", false, &plain);
    vector_get_octets(vector, "cipher", false, &sealed);

    aes_f8_rtp_iv(iv, header.data, (uint32_t)json_object_get_int_member(vector, "roc"));
    g_assert_cmpmem(iv, sizeof iv, iv_expected.data, iv_expected.len);
    g_assert_true(aes_f8_init(&cipher, key.data, key.len, salt.data, salt.len));
    g_assert_true(aes_f8_crypt(&cipher, iv, sealed.data, sealed.len, out));
    g_assert_cmpmem(out, sealed.len, plain.data, plain.len);
    g_assert_true(aes_f8_crypt(&cipher, iv, plain.data, plain.len, plain.data));
    g_assert_cmpmem(plain.data, plain.len, sealed.data, sealed.len);
    aes_f8_clear(&cipher);
    aes_f8_clear(&cipher);
}

static void test_published_payload(void)
{
    vectors_for_each("aes_f8.json", check_payload);
}

/* RFC 3711 section 4.1.2.3: 32 zero bits, E bit and index, then the first 8 octets of the packet. */
static void test_rtcp_iv(void)
{
    vector_octets header, expected;
    uint8_t iv[AES_F8_IV_LEN];

    vector_parse_hex("81c8000bcafebabe", &header);
    vector_parse_hex("000000008000000181c8000bcafebabe", &expected);
    aes_f8_rtcp_iv(iv, header.data, 0x80000001);
    g_assert_cmpmem(iv, sizeof iv, expected.data, expected.len);
}

static void test_refuses_other_lengths(void)
{
    const uint8_t key[40] = { 0 };
    aes_f8 cipher;

    g_assert_false(aes_f8_init(&cipher, key, 15, key, 14));
    g_assert_null(cipher.block);
    g_assert_null(cipher.iv_block);
    g_assert_false(aes_f8_init(&cipher, key, 40, key, 14));
    g_assert_false(aes_f8_init(&cipher, key, 16, key, 17));
    g_assert_true(aes_f8_init(&cipher, key, 16, key, 16));
    aes_f8_clear(&cipher);
    g_assert_true(aes_f8_init(&cipher, key, 32, key, 14));
    aes_f8_clear(&cipher);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/aes-f8/published-payload", test_published_payload);
    g_test_add_func("/aes-f8/rtcp-iv", test_rtcp_iv);
    g_test_add_func("/aes-f8/refuses-other-lengths", test_refuses_other_lengths);
    return g_test_run();
}

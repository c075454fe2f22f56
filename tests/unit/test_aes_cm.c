#include "ciphers/aes_cm.h"

#include "vectors.h"

#include <string.h>

/* Every vector has its blocks at counter values named in hex, the last two octets of the IV. */
static void check_blocks(JsonObject *vector)
{
    vector_octets key, salt, expected;
    uint8_t iv[AES_CM_IV_LEN], zeros[16] = { 0 }, block[16];
    aes_cm cipher;

    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "salt", false, &salt);
    g_assert_cmpuint(salt.len, ==, AES_CM_SALT_LEN);
    g_assert_true(aes_cm_init(&cipher, key.data, key.len));
    JsonObject *blocks = json_object_get_object_member(vector, "blocks");
    GList *counters = json_object_get_members(blocks);
    g_assert_nonnull(counters);
    for (GList *counter = counters; counter; counter = counter->next) {
        vector_octets low;
        vector_parse_hex(counter->data, &low);
        vector_get_octets(blocks, counter->data, false, &expected);
        aes_cm_iv(iv, salt.data, (uint32_t)json_object_get_int_member(vector, "ssrc"),
                  (uint64_t)json_object_get_int_member(vector, "index"));
        g_assert_cmpmem(iv + 14, 2, zeros, 2);
        memcpy(iv + 14, low.data, 2);
        g_assert_true(aes_cm_crypt(&cipher, iv, zeros, sizeof zeros, block));
        g_assert_cmpmem(block, sizeof block, expected.data, expected.len);
    }
    g_list_free(counters);
    aes_cm_clear(&cipher);
}

static void test_published_blocks(void)
{
    vectors_for_each("aes_cm.json", check_blocks);
}

/* The numbers of RFC 6904 A.2: salt, SSRC and sequence number each reach their own octets. */
static void test_iv(void)
{
    vector_octets salt, expected;
    uint8_t iv[AES_CM_IV_LEN];

    vector_parse_hex("ab01818174c40d39a3781f7c2d27", &salt);
    vector_parse_hex("ab018181be3ab787a3781f7c3f130000", &expected);
    aes_cm_iv(iv, salt.data, 0xcafebabe, 0x1234);
    g_assert_cmpmem(iv, sizeof iv, expected.data, expected.len);
    vector_parse_hex("ab018181be3ab787a27a1c784d4e0000", &expected);
    aes_cm_iv(iv, salt.data, 0xcafebabe, 0x010203046069);
    g_assert_cmpmem(iv, sizeof iv, expected.data, expected.len);
}

/* One keyed cipher, several packets, in any order: each begins at its own IV, and the counter carries on within it. */
static void test_packets_do_not_depend_on_each_other(void)
{
    const uint8_t key[16] = { 1, 2, 3 };
    const uint8_t iv[AES_CM_IV_LEN] = { 9 }, other_iv[AES_CM_IV_LEN] = { 8 };
    uint8_t plain[100], whole[100], again[100], other[100];
    aes_cm cipher;

    memset(plain, 0x5a, sizeof plain);
    g_assert_true(aes_cm_init(&cipher, key, sizeof key));
    g_assert_true(aes_cm_crypt(&cipher, iv, plain, sizeof plain, whole));
    g_assert_true(aes_cm_crypt(&cipher, other_iv, plain, 33, other));
    g_assert_true(memcmp(whole, other, 33) != 0);
    g_assert_true(aes_cm_crypt(&cipher, iv, plain, 17, again));
    g_assert_cmpmem(again, 17, whole, 17);
    g_assert_true(aes_cm_crypt(&cipher, iv, whole, sizeof whole, whole));
    g_assert_cmpmem(whole, sizeof whole, plain, sizeof plain);
    aes_cm_clear(&cipher);
    aes_cm_clear(&cipher);
}

/* RFC 3711 section 4.1.1: one IV is for 2^16 blocks, and its counter must not run into the packet index. */
static void test_refuses_to_count_too_far(void)
{
    const uint8_t key[16] = { 1 };
    const uint8_t last[AES_CM_IV_LEN] = { [14] = 0xff, [15] = 0xff };
    uint8_t octets[33] = { 0 };
    aes_cm cipher;

    g_assert_true(aes_cm_init(&cipher, key, sizeof key));
    g_assert_true(aes_cm_crypt(&cipher, last, octets, 16, octets));
    g_assert_false(aes_cm_crypt(&cipher, last, octets, 17, octets));
    aes_cm_clear(&cipher);
}

/* Payloads longer than the blocks that are enciphered at once: block j is block 0 of the IV that counts from j. */
static void test_long_payload(void)
{
    const uint8_t key[32] = { 3 };
    uint8_t iv[AES_CM_IV_LEN] = { 0x42 };
    uint8_t plain[5000], whole[sizeof plain], piece[16];
    aes_cm cipher;

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 7);
    g_assert_true(aes_cm_init(&cipher, key, sizeof key));
    g_assert_true(aes_cm_crypt(&cipher, iv, plain, sizeof plain, whole));
    for (size_t j = 0; 16 * j < sizeof plain; j++) {
        const size_t len = MIN(16, sizeof plain - 16 * j);
        iv[14] = (uint8_t)(j >> 8);
        iv[15] = (uint8_t)j;
        g_assert_true(aes_cm_crypt(&cipher, iv, plain + 16 * j, len, piece));
        g_assert_cmpmem(piece, len, whole + 16 * j, len);
    }
    aes_cm_clear(&cipher);
}

/* What stands behind a prefix that is left out: the end of a payload with that prefix. */
static void test_behind_a_prefix(void)
{
    static const size_t lengths[] = { 0, 1, 2, 14, 15, 16, 17, 31, 32, 33, 47, 48, 255, 511, 512, 513, 1300 };
    const uint8_t key[16] = { 5 }, iv[AES_CM_IV_LEN] = { 0x31 };
    uint8_t plain[255 + 1300], whole[sizeof plain], piece[1301];
    aes_cm cipher;

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 11);
    g_assert_true(aes_cm_init(&cipher, key, sizeof key));
    g_assert_true(aes_cm_crypt(&cipher, iv, plain, sizeof plain, whole));
    for (unsigned skip = 0; skip <= 255; skip++) {
        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
            const size_t len = lengths[i];
            memset(piece, 0xee, sizeof piece);
            g_assert_true(aes_cm_crypt_behind(&cipher, iv, (uint8_t)skip, plain + skip, len, piece));
            g_assert_cmpmem(piece, len, whole + skip, len);
            g_assert_cmphex(piece[len], ==, 0xee);
            g_assert_true(aes_cm_crypt_behind(&cipher, iv, (uint8_t)skip, piece, len, piece));
            g_assert_cmpmem(piece, len, plain + skip, len);
        }
    }
    aes_cm_clear(&cipher);
}

/* The prefix counts as well against the 2^16 blocks. */
static void test_behind_a_prefix_refuses_to_count_too_far(void)
{
    const uint8_t key[16] = { 1 };
    const uint8_t last[AES_CM_IV_LEN] = { [14] = 0xff, [15] = 0xff };
    uint8_t octets[33] = { 0 };
    aes_cm cipher;

    g_assert_true(aes_cm_init(&cipher, key, sizeof key));
    for (unsigned skip = 0; skip <= 255; skip++)
        for (size_t len = 1; len <= sizeof octets; len++)
            g_assert_cmpint(aes_cm_crypt_behind(&cipher, last, (uint8_t)skip, octets, len, octets), ==, skip + len <= 16);
    aes_cm_clear(&cipher);
}

static void test_refuses_other_key_lengths(void)
{
    const uint8_t key[32] = { 0 };
    aes_cm cipher;

    for (size_t len = 0; len <= sizeof key; len++) {
        const bool valid = len == 16 || len == 24 || len == 32;
        g_assert_cmpint(aes_cm_init(&cipher, key, len), ==, valid);
        g_assert_cmpint(cipher.block != NULL, ==, valid);
        aes_cm_clear(&cipher);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/aes-cm/published-blocks", test_published_blocks);
    g_test_add_func("/aes-cm/iv", test_iv);
    g_test_add_func("/aes-cm/packets-do-not-depend-on-each-other", test_packets_do_not_depend_on_each_other);
    g_test_add_func("/aes-cm/refuses-to-count-too-far", test_refuses_to_count_too_far);
    g_test_add_func("/aes-cm/long-payload", test_long_payload);
    g_test_add_func("/aes-cm/behind-a-prefix", test_behind_a_prefix);
    g_test_add_func("/aes-cm/behind-a-prefix-refuses-to-count-too-far", test_behind_a_prefix_refuses_to_count_too_far);
    g_test_add_func("/aes-cm/refuses-other-key-lengths", test_refuses_other_key_lengths);
    return g_test_run();
}

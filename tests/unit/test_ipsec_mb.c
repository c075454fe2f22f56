#include "ciphers/ipsec_mb.h"

#include "vectors.h"

#include "ciphers/octets.h"

#include <string.h>

#define LONGEST_KEYSTREAM 10000 /* octets: 2500 words */

static const uint8_t KEY[IPSEC_MB_KEY_LEN] = "a key of 128 bi", IV[IPSEC_MB_IV_LEN] = { 1 };

static void get_key(JsonObject *vector, ipsec_mb_key *key)
{
    const bool zuc = strcmp(json_object_get_string_member(vector, "cipher"), "ZUC") == 0;
    vector_octets octets;

    vector_get_octets(vector, "key", false, &octets);
    g_assert_cmpuint(octets.len, ==, IPSEC_MB_KEY_LEN);
    g_assert_true(ipsec_mb_key_init(key, zuc ? IPSEC_MB_ZUC : IPSEC_MB_SNOW_3G, octets.data));
}

static void check_keystream(JsonObject *vector)
{
    const size_t late_word = (size_t)json_object_get_int_member_with_default(vector, "late_word", 0);
    static uint8_t stream[LONGEST_KEYSTREAM];
    vector_octets iv, expected, late;
    ipsec_mb_key key;

    if (!json_object_has_member(vector, "iv"))
        return;
    get_key(vector, &key);
    vector_get_octets(vector, "iv", false, &iv);
    vector_get_octets(vector, "out", false, &expected);
    memset(stream, 0, sizeof stream);
    g_assert_true(ipsec_mb_crypt(&key, iv.data, stream, expected.len, stream));
    g_assert_cmpmem(stream, expected.len, expected.data, expected.len);
    if (late_word == 0)
        return;
    vector_get_octets(vector, "late", false, &late);
    memset(stream, 0, sizeof stream);
    g_assert_true(ipsec_mb_crypt(&key, iv.data, stream, 4 * late_word, stream));
    g_assert_cmpmem(stream + 4 * (late_word - 1), 4, late.data, late.len);
}

static void test_published_keystreams(void)
{
    vectors_for_each("snow3g_zuc.json", check_keystream);
}

/* UIA2, where FRESH takes the place that 128-EIA1 gives to BEARER and 27 zero bits. */
static void check_uia2(JsonObject *vector)
{
    const uint32_t direction = (uint32_t)json_object_get_int_member_with_default(vector, "direction", 0);
    uint8_t iv[IPSEC_MB_IV_LEN], mac[IPSEC_MB_MAC_LEN];
    vector_octets message, expected;
    ipsec_mb_key key;

    if (!json_object_has_member(vector, "fresh"))
        return;
    const uint32_t count = (uint32_t)json_object_get_int_member(vector, "count");
    const uint32_t fresh = (uint32_t)json_object_get_int_member(vector, "fresh");
    get_key(vector, &key);
    vector_get_octets(vector, "in", false, &message);
    vector_get_octets(vector, "mac", false, &expected);
    octets_put_u32(iv, count);
    octets_put_u32(iv + 4, fresh);
    octets_put_u32(iv + 8, count ^ direction << 31);
    octets_put_u32(iv + 12, fresh ^ direction << 15);
    const size_t bits = (size_t)json_object_get_int_member(vector, "bits");
    g_assert_true(ipsec_mb_mac(&key, iv, message.data, bits, mac));
    g_assert_cmpmem(mac, sizeof mac, expected.data, expected.len);
}

static void test_published_uia2(void)
{
    vectors_for_each("snow3g_zuc.json", check_uia2);
}

/* What the library refuses must not stay behind in its queue and come back in place of the next message. */
static void test_refusals_leave_nothing_behind(void)
{
    static uint8_t message[8189];
    uint8_t before[20], after[20], mac_before[IPSEC_MB_MAC_LEN], mac_after[IPSEC_MB_MAC_LEN];
    const ipsec_mb_cipher ciphers[] = { IPSEC_MB_SNOW_3G, IPSEC_MB_ZUC };
    ipsec_mb_key key;

    for (size_t i = 0; i < G_N_ELEMENTS(ciphers); i++) {
        g_assert_true(ipsec_mb_key_init(&key, ciphers[i], KEY));
        g_assert_true(ipsec_mb_crypt(&key, IV, message, sizeof before, before));
        g_assert_true(ipsec_mb_mac(&key, IV, message, 8 * sizeof before, mac_before));
        g_assert_false(ipsec_mb_crypt(&key, IV, message, 0, after));
        g_assert_false(ipsec_mb_mac(&key, IV, message, 0, mac_after));
        if (ciphers[i] == IPSEC_MB_ZUC) {
            g_assert_false(ipsec_mb_crypt(&key, IV, message, sizeof message, message));
            g_assert_false(ipsec_mb_mac(&key, IV, message, 8 * sizeof message, mac_after));
        }
        g_assert_true(ipsec_mb_crypt(&key, IV, message, sizeof after, after));
        g_assert_true(ipsec_mb_mac(&key, IV, message, 8 * sizeof after, mac_after));
        g_assert_cmpmem(after, sizeof after, before, sizeof before);
        g_assert_cmpmem(mac_after, sizeof mac_after, mac_before, sizeof mac_before);
    }
}

static void test_release(void)
{
    uint8_t before[20] = { 0 }, after[20] = { 0 };
    ipsec_mb_key key;

    g_assert_true(ipsec_mb_key_init(&key, IPSEC_MB_SNOW_3G, KEY));
    g_assert_true(ipsec_mb_crypt(&key, IV, before, sizeof before, before));
    ipsec_mb_release();
    g_assert_true(ipsec_mb_crypt(&key, IV, after, sizeof after, after));
    g_assert_cmpmem(after, sizeof after, before, sizeof before);
    ipsec_mb_release();
    ipsec_mb_release();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ipsec-mb/published-keystreams", test_published_keystreams);
    g_test_add_func("/ipsec-mb/published-uia2", test_published_uia2);
    g_test_add_func("/ipsec-mb/refusals-leave-nothing-behind", test_refusals_leave_nothing_behind);
    g_test_add_func("/ipsec-mb/release", test_release);
    return g_test_run();
}

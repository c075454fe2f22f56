#include "keys/threegpp_kdf.h"

#include "vectors.h"

#include <string.h>

static const threegpp_key NOTHING = { .len = 0 };

static void check_key(JsonObject *vector)
{
    JsonArray *list = json_object_get_array_member(vector, "params");
    const uint16_t fc = (uint16_t)json_object_get_int_member(vector, "fc");
    static vector_octets octets[THREEGPP_KDF_MAX_PARAMS];
    octet_span params[THREEGPP_KDF_MAX_PARAMS];
    const size_t count = json_array_get_length(list);
    vector_octets key, expected;
    threegpp_key out;

    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "out", false, &expected);
    g_assert_cmpuint(count, <=, THREEGPP_KDF_MAX_PARAMS);
    for (size_t i = 0; i < count; i++) {
        vector_parse_hex(json_array_get_string_element(list, (guint)i), &octets[i]);
        params[i] = (octet_span) { octets[i].data, octets[i].len };
    }
    g_assert_true(threegpp_kdf((octet_span) { key.data, key.len }, fc, params, count, &out));
    g_assert_cmpmem(out.octets, out.len, expected.data, expected.len);
}

static void test_keys(void)
{
    vectors_for_each("threegpp_kdf.json", check_key);
}

/* A chain needs no second place: the key may lie where the derived one is to go. */
static void test_key_in_its_own_place(void)
{
    threegpp_key first = { .octets = "256 bits make thirty-two octets", .len = THREEGPP_KEY_LEN }, second;

    g_assert_true(threegpp_kdf(threegpp_key_span(&first), 0x4B, NULL, 0, &second));
    g_assert_true(threegpp_kdf(threegpp_key_span(&first), 0x4B, NULL, 0, &first));
    g_assert_cmpmem(&first, sizeof first, &second, sizeof second);
}

static void check_refused(uint16_t fc, const octet_span *params, size_t count)
{
    threegpp_key out;

    memset(&out, 0xee, sizeof out);
    g_assert_false(threegpp_kdf((octet_span) { (const uint8_t *)"key", 3 }, fc, params, count, &out));
    g_assert_cmpmem(&out, sizeof out, &NOTHING, sizeof NOTHING);
}

static void test_limits(void)
{
    static uint8_t octets[UINT16_MAX + 1];
    const octet_span longest = { octets, UINT16_MAX }, too_long = { octets, sizeof octets };
    const octet_span too_many[THREEGPP_KDF_MAX_PARAMS + 1] = { { NULL, 0 } };
    threegpp_key out;

    check_refused(0xFF, NULL, 0);
    check_refused(0x100, NULL, 0);
    check_refused(0xFEFF, NULL, 0);
    check_refused(0x4B, &too_long, 1);
    check_refused(0x4B, too_many, G_N_ELEMENTS(too_many));
    g_assert_true(threegpp_kdf(longest, 0x4B, &longest, 1, &out));
    g_assert_true(threegpp_kdf(longest, 0x4B, too_many, THREEGPP_KDF_MAX_PARAMS, &out));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/threegpp-kdf/keys", test_keys);
    g_test_add_func("/threegpp-kdf/key-in-its-own-place", test_key_in_its_own_place);
    g_test_add_func("/threegpp-kdf/limits", test_limits);
    return g_test_run();
}

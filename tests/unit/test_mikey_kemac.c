#include "keys/mikey_kemac.h"

#include "vectors.h"

#include <string.h>

#define MAX_PIECES 4

static octet_span span_of(const vector_octets *octets)
{
    return (octet_span) { octets->data, octets->len };
}

static uint32_t csb_id_of(JsonObject *vector)
{
    return (uint32_t)g_ascii_strtoull(json_object_get_string_member_with_default(vector, "csb_id", "0"), NULL, 16);
}

/* A vector has the keys themselves, or the PSK of a base MIKEY message they are to be derived from. */
static void get_keys(JsonObject *vector, mikey_message_keys *keys)
{
    vector_octets inkey, rand, encr, salt, auth;
    const uint8_t encr_alg = (uint8_t)json_object_get_int_member_with_default(vector, "encr_alg", 0);
    const uint8_t mac_alg = (uint8_t)json_object_get_int_member_with_default(vector, "mac_alg", 0);

    if (json_object_has_member(vector, "inkey")) {
        const mikey_prf prf = { (uint8_t)json_object_get_int_member(vector, "prf"), MIKEY_PRF_RFC };
        vector_get_octets(vector, "inkey", false, &inkey);
        vector_get_octets(vector, "rand", false, &rand);
        /* Whichever constant the label has to begin with. */
        const mikey_label label = mikey_label_message(MIKEY_MESSAGE_SALT_KEY, csb_id_of(vector), span_of(&rand));
        g_assert_cmpint(mikey_message_keys_derive(keys, prf, span_of(&inkey), &label, encr_alg, mac_alg), ==, MIKEY_OK);
        return;
    }
    vector_get_octets(vector, "encr", true, &encr);
    vector_get_octets(vector, "salt", true, &salt);
    vector_get_octets(vector, "auth", true, &auth);
    *keys = (mikey_message_keys) { .encr_alg = encr_alg, .mac_alg = mac_alg };
    g_assert_true(encr.len <= sizeof keys->encr && salt.len <= sizeof keys->salt && auth.len <= sizeof keys->auth);
    memcpy(keys->encr, encr.data, keys->encr_len = encr.len);
    memcpy(keys->salt, salt.data, keys->salt_len = salt.len);
    memcpy(keys->auth, auth.data, keys->auth_len = auth.len);
}

static void check_kemac(JsonObject *vector, const mikey_message_keys *keys)
{
    vector_octets data, t, expected;
    uint8_t plain[VECTOR_MAX_OCTETS];
    size_t plain_len;

    vector_get_octets(vector, "data", false, &data);
    vector_get_octets(vector, "plain", false, &expected);
    vector_get_octets(vector, "t", true, &t);
    if (t.len == 0)
        t.len = MIKEY_T_LEN;
    g_assert_cmpuint(t.len, ==, MIKEY_T_LEN);
    memset(plain, 0xee, sizeof plain);
    g_assert_cmpint(mikey_kemac_open(keys, csb_id_of(vector), t.data, span_of(&data), plain, &plain_len), ==, MIKEY_OK);
    g_assert_cmpmem(plain, plain_len, expected.data, expected.len);
    g_assert_cmphex(plain[data.len], ==, 0xee);
}

/* Every octet counts, of the message and of the MAC. */
static void check_mac(JsonObject *vector, const mikey_message_keys *keys)
{
    static vector_octets pieces[MAX_PIECES];
    octet_span covered[MAX_PIECES];
    vector_octets mac;
    JsonArray *list = json_object_get_array_member(vector, "covered");
    const guint count = json_array_get_length(list);

    g_assert_cmpuint(count, <=, MAX_PIECES);
    for (guint i = 0; i < count; i++) {
        vector_parse_hex(json_array_get_string_element(list, i), &pieces[i]);
        covered[i] = span_of(&pieces[i]);
    }
    vector_get_octets(vector, "mac", false, &mac);
    g_assert_cmpint(mikey_mac_verify(keys, covered, count, span_of(&mac)), ==, MIKEY_OK);
    for (guint i = 0; i < count; i++) {
        for (size_t at = 0; at < pieces[i].len; at++) {
            pieces[i].data[at] ^= 1;
            g_assert_cmpint(mikey_mac_verify(keys, covered, count, span_of(&mac)), ==, MIKEY_MISMATCH);
            pieces[i].data[at] ^= 1;
        }
    }
    for (size_t at = 0; at < mac.len; at++) {
        mac.data[at] ^= 0x80;
        g_assert_cmpint(mikey_mac_verify(keys, covered, count, span_of(&mac)), ==, MIKEY_MISMATCH);
        mac.data[at] ^= 0x80;
    }
    g_assert_cmpint(mikey_mac_verify(keys, covered, count - 1, span_of(&mac)), ==, MIKEY_MISMATCH);
    mac.len--;
    g_assert_cmpint(mikey_mac_verify(keys, covered, count, span_of(&mac)), ==, MIKEY_MALFORMED);
}

static void check_vector(JsonObject *vector)
{
    mikey_message_keys keys;

    get_keys(vector, &keys);
    if (strcmp(json_object_get_string_member(vector, "kind"), "kemac") == 0)
        check_kemac(vector, &keys);
    else
        check_mac(vector, &keys);
    mikey_message_keys_clear(&keys);
    const mikey_message_keys cleared = { 0 };
    g_assert_cmpmem(&keys, sizeof keys, &cleared, sizeof cleared);
}

static void test_vectors(void)
{
    vectors_for_each("mikey_kemac.json", check_vector);
}

static mikey_outcome derive(mikey_message_keys *keys, uint8_t func, size_t key_len, uint8_t encr_alg, uint8_t mac_alg)
{
    static const uint8_t key[16] = { 5 };
    const mikey_label label = mikey_label_vr(MIKEY_MESSAGE_AUTH_KEY);
    const octet_span inkey = { key, key_len };

    return mikey_message_keys_derive(keys, (mikey_prf) { func, MIKEY_PRF_RFC }, inkey, &label, encr_alg, mac_alg);
}

/* RFC 3830 sections 4.2.3 and 4.2.4, RFC 6043 section 6.2. */
static void test_key_lengths(void)
{
    const size_t encr[] = { 0, 16, 16, 32 }, salt[] = { 0, 14, 8, 14 }, auth[] = { 0, 20, 32 };
    mikey_message_keys keys;

    for (unsigned encr_alg = 0; encr_alg < 256; encr_alg++) {
        for (unsigned mac_alg = 0; mac_alg < 256; mac_alg++) {
            const bool known = encr_alg < 4 && mac_alg < 3;
            g_assert_cmpint(derive(&keys, 0, 16, (uint8_t)encr_alg, (uint8_t)mac_alg), ==,
                            known ? MIKEY_OK : MIKEY_UNSUPPORTED);
            g_assert_cmpuint(keys.encr_len, ==, known ? encr[encr_alg] : 0);
            g_assert_cmpuint(keys.salt_len, ==, known ? salt[encr_alg] : 0);
            g_assert_cmpuint(keys.auth_len, ==, known ? auth[mac_alg] : 0);
        }
    }
    g_assert_cmpint(derive(&keys, 2, 16, 1, 1), ==, MIKEY_UNSUPPORTED);
    g_assert_cmpint(derive(&keys, 0, 0, 1, 1), ==, MIKEY_MALFORMED);
    g_assert_cmpuint(keys.encr_len, ==, 0);
}

/* The salt key is the initial value of the key wrap, so that another one is seen, and so is every bit of the data. */
static void test_key_wrap_tells_wrong_keys(void)
{
    vector_octets data;
    uint8_t plain[24];
    const uint8_t t[MIKEY_T_LEN] = { 0 };
    size_t plain_len = 1;
    mikey_message_keys keys = { .encr_alg = 2, .encr_len = 16, .salt_len = 8 };

    for (size_t i = 0; i < 16; i++)
        keys.encr[i] = (uint8_t)i;
    memset(keys.salt, 0xa6, 8);
    vector_parse_hex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5", &data);
    g_assert_cmpint(mikey_kemac_open(&keys, 0, t, span_of(&data), plain, &plain_len), ==, MIKEY_OK);
    g_assert_cmpuint(plain_len, ==, 16);
    keys.salt[7] ^= 1;
    g_assert_cmpint(mikey_kemac_open(&keys, 0, t, span_of(&data), plain, &plain_len), ==, MIKEY_MISMATCH);
    g_assert_cmpuint(plain_len, ==, 0);
    keys.salt[7] ^= 1;
    for (size_t at = 0; at < data.len; at++) {
        data.data[at] ^= 4;
        g_assert_cmpint(mikey_kemac_open(&keys, 0, t, span_of(&data), plain, &plain_len), ==, MIKEY_MISMATCH);
        data.data[at] ^= 4;
    }
    for (size_t len = 1; len < data.len; len++) {
        const octet_span cut = { data.data, len };
        g_assert_cmpint(mikey_kemac_open(&keys, 0, t, cut, plain, &plain_len), ==, MIKEY_MALFORMED);
        g_assert_cmpuint(plain_len, ==, 0);
    }
}

/* A KEMAC without data is one that brings no new key, whatever its algorithm. */
static void test_empty_data(void)
{
    const uint8_t t[MIKEY_T_LEN] = { 0 };
    mikey_message_keys keys;
    uint8_t plain[1];
    size_t plain_len;

    for (uint8_t encr_alg = 0; encr_alg < 4; encr_alg++) {
        g_assert_cmpint(derive(&keys, 0, 16, encr_alg, 0), ==, MIKEY_OK);
        plain_len = 7;
        g_assert_cmpint(mikey_kemac_open(&keys, 1, t, (octet_span) { NULL, 0 }, plain, &plain_len), ==, MIKEY_OK);
        g_assert_cmpuint(plain_len, ==, 0);
    }
}

static void test_null_algorithms(void)
{
    const uint8_t t[MIKEY_T_LEN] = { 1 }, octets[5] = { 1, 2, 3, 4, 5 };
    const octet_span span = { octets, sizeof octets };
    mikey_message_keys keys;
    uint8_t plain[5];
    size_t plain_len;

    g_assert_cmpint(derive(&keys, 0, 16, 0, 0), ==, MIKEY_OK);
    g_assert_cmpint(mikey_kemac_open(&keys, 1, t, span, plain, &plain_len), ==, MIKEY_OK);
    g_assert_cmpmem(plain, plain_len, octets, sizeof octets);
    /* A NULL MAC proves nothing: it must never look like a check that succeeded. */
    g_assert_cmpint(mikey_mac_verify(&keys, &span, 1, (octet_span) { NULL, 0 }), ==, MIKEY_UNSUPPORTED);
    g_assert_cmpint(mikey_mac_verify(&keys, &span, 1, span), ==, MIKEY_MALFORMED);
}

static void check_timestamp(uint8_t type, const char *value, const char *expected)
{
    vector_octets in, out;
    uint8_t t[MIKEY_T_LEN];

    vector_parse_hex(value, &in);
    vector_parse_hex(expected, &out);
    g_assert_cmpint(mikey_timestamp(type, span_of(&in), t), ==, MIKEY_OK);
    g_assert_cmpmem(t, sizeof t, out.data, out.len);
    in.len--;
    g_assert_cmpint(mikey_timestamp(type, span_of(&in), t), ==, MIKEY_MALFORMED);
}

static void test_timestamps(void)
{
    uint8_t t[MIKEY_T_LEN];

    check_timestamp(0, "e5a1b2c340000000", "e5a1b2c340000000");
    check_timestamp(1, "e5a1b2c340000000", "e5a1b2c340000000");
    check_timestamp(2, "00000102", "0000000000000102");
    check_timestamp(3, "e5a1b2c3", "e5a1b2c300000000");
    g_assert_cmpint(mikey_timestamp(4, (octet_span) { t, 8 }, t), ==, MIKEY_UNSUPPORTED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-kemac/vectors", test_vectors);
    g_test_add_func("/mikey-kemac/key-lengths", test_key_lengths);
    g_test_add_func("/mikey-kemac/key-wrap-tells-wrong-keys", test_key_wrap_tells_wrong_keys);
    g_test_add_func("/mikey-kemac/empty-data", test_empty_data);
    g_test_add_func("/mikey-kemac/null-algorithms", test_null_algorithms);
    g_test_add_func("/mikey-kemac/timestamps", test_timestamps);
    return g_test_run();
}

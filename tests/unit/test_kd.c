#include "keys/kd.h"

#include "vectors.h"

#include <string.h>

static const char *const SDES_METHODS[] = {
    [SDES_KD_LABEL] = "label",
    [SDES_KD_FC_ALONE] = "fc alone",
    [SDES_KD_K2_DATA] = "k2 data",
    [SDES_KD_HMAC] = "hmac",
    [SDES_KD_HASH] = "hash",
    [SDES_KD_XOR] = "xor",
    [SDES_KD_BOTH_DATA] = "both data",
    [SDES_KD_IDENTITIES] = "identities",
    [SDES_KD_MIKEY_PRF] = "mikey prf",
};
static const char *const ORDERS[] = {
    [SDES_KD_OFFER_FIRST] = "offer first",
    [SDES_KD_ANSWER_FIRST] = "answer first",
    [SDES_KD_LESSER_FIRST] = "lesser first",
};
static const char *const TEK_METHODS[] = {
    [TEK_KD_IDENTITY] = "identity",
    [TEK_KD_LABEL] = "label",
    [TEK_KD_TWICE] = "twice",
    [TEK_KD_ZEROS_BEFORE] = "zeros before",
    [TEK_KD_ZEROS_BEHIND] = "zeros behind",
};
static const threegpp_key NOTHING = { .len = 0 };

static unsigned index_of(const char *const *names, size_t count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    g_error("no such name: %s", name);
}

static octet_span span_of(const vector_octets *octets)
{
    return (octet_span) { octets->data, octets->len };
}

static void check_sdes(JsonObject *vector)
{
    static vector_octets k1, salt1, k2, salt2, identities[3], expected;
    threegpp_key kd;

    if (strcmp(json_object_get_string_member(vector, "from"), "sdes") != 0)
        return;
    const sdes_kd_profile profile = {
        .method = (sdes_kd_method)index_of(SDES_METHODS, G_N_ELEMENTS(SDES_METHODS),
                                           json_object_get_string_member(vector, "method")),
        .key_part = json_object_get_boolean_member(vector, "salted") ? SDES_KD_KEY_AND_SALT : SDES_KD_KEY,
        .order = (sdes_kd_order)index_of(ORDERS, G_N_ELEMENTS(ORDERS), json_object_get_string_member(vector, "order")),
        .fc = (uint16_t)json_object_get_int_member(vector, "fc"),
        .label = json_object_get_string_member(vector, "label"),
    };
    vector_get_octets(vector, "k1", false, &k1);
    vector_get_octets(vector, "salt1", false, &salt1);
    vector_get_octets(vector, "k2", false, &k2);
    vector_get_octets(vector, "salt2", false, &salt2);
    vector_get_octets(vector, "out", false, &expected);
    JsonArray *list = json_object_get_array_member(vector, "identities");
    for (guint i = 0; i < G_N_ELEMENTS(identities); i++)
        vector_parse_hex(json_array_get_string_element(list, i), &identities[i]);
    const sdes_kd_inputs inputs = {
        .offer = { span_of(&k1), span_of(&salt1) },
        .answer = { span_of(&k2), span_of(&salt2) },
        .offerer = span_of(&identities[0]),
        .answerer = span_of(&identities[1]),
        .layer_2_ids = span_of(&identities[2]),
    };
    g_assert_true(kd_from_sdes(&profile, &inputs, &kd));
    g_assert_cmpmem(kd.octets, kd.len, expected.data, expected.len);
    if (strcmp(json_object_get_string_member(vector, "name"), "example A") == 0) {
        g_assert_true(kd_from_sdes(&SDES_KD_DEFAULT, &inputs, &kd));
        g_assert_cmpmem(kd.octets, kd.len, expected.data, expected.len);
    }
}

static void check_tek(JsonObject *vector)
{
    vector_octets tek, expected;
    threegpp_key kd;

    if (strcmp(json_object_get_string_member(vector, "from"), "tek") != 0)
        return;
    const char *method = json_object_get_string_member(vector, "method");
    const tek_kd_profile profile = {
        .method = (tek_kd_method)index_of(TEK_METHODS, G_N_ELEMENTS(TEK_METHODS), method),
        .fc = (uint16_t)json_object_get_int_member(vector, "fc"),
        .label = json_object_get_string_member(vector, "label"),
    };
    vector_get_octets(vector, "tek", false, &tek);
    vector_get_octets(vector, "out", false, &expected);
    g_assert_true(kd_from_tek(&profile, span_of(&tek), &kd));
    g_assert_cmpmem(kd.octets, kd.len, expected.data, expected.len);
    if (profile.method == TEK_KD_IDENTITY) {
        g_assert_true(kd_from_tek(&TEK_KD_DEFAULT, span_of(&tek), &kd));
        g_assert_cmpmem(kd.octets, kd.len, expected.data, expected.len);
    }
}

static void test_kd_from_sdes(void)
{
    vectors_for_each("kd.json", check_sdes);
}

static void test_kd_from_tek(void)
{
    vectors_for_each("kd.json", check_tek);
}

static void check_sdes_refused(const sdes_kd_profile *profile, sdes_kd_key offer, sdes_kd_key answer)
{
    const sdes_kd_inputs inputs = { .offer = offer, .answer = answer };
    threegpp_key kd;

    memset(&kd, 0xee, sizeof kd);
    g_assert_false(kd_from_sdes(profile, &inputs, &kd));
    g_assert_cmpmem(&kd, sizeof kd, &NOTHING, sizeof NOTHING);
}

static void test_sdes_keys_that_will_not_do(void)
{
    const uint8_t octets[64] = { 1 };
    const sdes_kd_key good = { { octets, 16 }, { octets, 14 } };
    const sdes_kd_key empty = { { NULL, 0 }, { octets, 14 } };
    const sdes_kd_key longer = { { octets, 32 }, { octets, 14 } };
    const sdes_kd_key too_long = { { octets, SRTP_MAX_KEY_LEN + 1 }, { octets, 14 } };
    const sdes_kd_key too_salty = { { octets, 16 }, { octets, SRTP_MAX_SALT_LEN + 1 } };
    sdes_kd_profile profile = SDES_KD_DEFAULT;

    for (unsigned method = 0; method < G_N_ELEMENTS(SDES_METHODS); method++) {
        profile.method = (sdes_kd_method)method;
        check_sdes_refused(&profile, empty, good);
        check_sdes_refused(&profile, good, empty);
        check_sdes_refused(&profile, too_long, good);
        check_sdes_refused(&profile, good, too_long);
    }
    profile.key_part = SDES_KD_KEY_AND_SALT;
    check_sdes_refused(&profile, too_salty, good);
    check_sdes_refused(&profile, good, too_salty);
    profile.method = SDES_KD_XOR;
    check_sdes_refused(&profile, good, longer);
    profile = SDES_KD_DEFAULT;
    profile.fc = 0xFF;
    check_sdes_refused(&profile, good, good);
}

static void check_tek_refused(const tek_kd_profile *profile, octet_span tek)
{
    threegpp_key kd;

    memset(&kd, 0xee, sizeof kd);
    g_assert_false(kd_from_tek(profile, tek, &kd));
    g_assert_cmpmem(&kd, sizeof kd, &NOTHING, sizeof NOTHING);
}

static void test_teks_that_will_not_do(void)
{
    const uint8_t octets[64] = { 1 };
    tek_kd_profile profile = TEK_KD_DEFAULT;

    for (unsigned method = 0; method < G_N_ELEMENTS(TEK_METHODS); method++) {
        profile.method = (tek_kd_method)method;
        check_tek_refused(&profile, (octet_span) { NULL, 0 });
        if (profile.method != TEK_KD_LABEL)
            check_tek_refused(&profile, (octet_span) { octets, THREEGPP_KEY_LEN + 1 });
    }
    profile.method = TEK_KD_TWICE;
    check_tek_refused(&profile, (octet_span) { octets, 17 });
    profile.method = TEK_KD_LABEL;
    profile.fc = 0x100;
    check_tek_refused(&profile, (octet_span) { octets, 16 });
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kd/from-sdes", test_kd_from_sdes);
    g_test_add_func("/kd/from-tek", test_kd_from_tek);
    g_test_add_func("/kd/sdes-keys-that-will-not-do", test_sdes_keys_that_will_not_do);
    g_test_add_func("/kd/teks-that-will-not-do", test_teks_that_will_not_do);
    return g_test_run();
}

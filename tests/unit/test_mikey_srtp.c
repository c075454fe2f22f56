#include "keys/mikey_srtp.h"

#include "mikey_scene.h"

#include <string.h>

#define CM SRTP_CIPHER_AES_CM, SRTP_AUTH_HMAC_SHA1
#define F8 SRTP_CIPHER_AES_F8, SRTP_AUTH_HMAC_SHA1
#define NO_CIPHER SRTP_CIPHER_NULL, SRTP_AUTH_HMAC_SHA1
#define GCM SRTP_CIPHER_AES_GCM, SRTP_AUTH_AEAD

static unsigned read_policy(uint8_t protocol, const char *params, size_t tek_len, mikey_srtp_reading *readings)
{
    GByteArray *octets = mikey_octets("%s", params);
    const mikey_policy policy = {.policy = 1, .protocol = protocol, .params = mikey_span(octets)};
    unsigned count = mikey_srtp_readings(&policy, tek_len, readings);
    g_byte_array_free(octets, TRUE);
    return count;
}

static void assert_transform(const srtp_transform *actual, const srtp_transform *expected)
{
    g_assert_cmpint(actual->cipher, ==, expected->cipher);
    g_assert_cmpint(actual->auth, ==, expected->auth);
    g_assert_cmpuint(actual->key_len, ==, expected->key_len);
    g_assert_cmpuint(actual->salt_len, ==, expected->salt_len);
    g_assert_cmpuint(actual->srtp_tag_len, ==, expected->srtp_tag_len);
    g_assert_cmpuint(actual->srtcp_tag_len, ==, expected->srtcp_tag_len);
    g_assert_cmpuint(actual->auth_key_len, ==, expected->auth_key_len);
    g_assert_cmpuint(actual->prefix_len, ==, expected->prefix_len);
}

/* A policy: a type, a length and a value each (RFC 3830 section 6.10.1), and the transform it asks for. */
static void test_transforms(void)
{
    static const struct {
        const char *params;
        srtp_transform transform;
    } rows[] = {
        {"", {CM, 16, 14, 10, 10, 0, 0}},
        {"00 01 00", {NO_CIPHER, 16, 14, 10, 10, 0, 0}},
        {"00 01 01", {CM, 16, 14, 10, 10, 0, 0}},
        {"00 01 02", {F8, 16, 14, 10, 10, 0, 0}},
        {"00 01 06", {GCM, 16, 12, 16, 16, 0, 0}},
        {"00 01 06  01 01 20", {GCM, 32, 12, 16, 16, 0, 0}},
        {"00 01 06  14 01 08", {GCM, 16, 12, 8, 8, 0, 0}},
        {"00 01 06  02 01 00  03 01 00  0b 01 04", {GCM, 16, 12, 16, 16, 0, 0}}, /* its tag is its own */
        {"01 01 10", {CM, 16, 14, 10, 10, 0, 0}},
        {"01 01 18", {CM, 24, 14, 10, 10, 0, 0}},
        {"01 02 00 20", {CM, 32, 14, 10, 10, 0, 0}},
        {"02 01 01", {CM, 16, 14, 10, 10, 0, 0}},
        {"02 01 00", {CM, 16, 14, 0, 10, 0, 0}},
        {"02 01 00  03 01 00", {CM, 16, 14, 0, 10, 0, 0}},
        {"03 01 14", {CM, 16, 14, 10, 10, 0, 0}},
        {"03 01 20", {CM, 16, 14, 10, 10, 32, 0}},
        {"03 01 40", {CM, 16, 14, 10, 10, 64, 0}},
        {"05 01 00", {CM, 16, 14, 10, 10, 0, 0}},
        {"0b 01 04", {CM, 16, 14, 4, 4, 0, 0}},
        {"0b 01 14", {CM, 16, 14, 20, 20, 0, 0}},
        {"0b 01 00", {CM, 16, 14, 0, 0, 0, 0}},
        {"0b 01 04  13 01 0a", {CM, 16, 14, 4, 10, 0, 0}},
        {"12 01 04", {CM, 16, 14, 4, 10, 0, 0}},
        {"13 01 04", {CM, 16, 14, 10, 4, 0, 0}},
        {"0c 01 10", {CM, 16, 14, 10, 10, 0, 16}},
        {"0c 01 ff", {CM, 16, 14, 10, 10, 0, 255}},
        {"0c 01 00  00 01 02", {F8, 16, 14, 10, 10, 0, 0}},
        {"02 01 04  0e 01 01", {CM, 16, 14, 10, 10, 0, 0}}, /* RFC 4771 section 4: 14 in the place of 2 */
        {"0e 01 00", {CM, 16, 14, 0, 10, 0, 0}},
        {"03 01 00  10 01 14", {CM, 16, 14, 10, 10, 0, 0}}, /* and 16 in that of 3 */
        {"0b 01 04  0b 01 0a", {CM, 16, 14, 10, 10, 0, 0}}, /* the later one overrules */
        {"09 01 00  0d 02 00 01  63 02 12 34", {CM, 16, 14, 10, 10, 0, 0}},
        {"0b 01 04  01 05 20", {CM, 16, 14, 4, 4, 0, 0}},     /* what is cut counts for nothing */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
        g_test_message("%s", rows[i].params);
        g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, rows[i].params, 0, readings), ==, 1);
        assert_transform(&readings[0].master.transform, &rows[i].transform);
        g_assert_null(readings[0].departure);
        g_assert_cmpuint(readings[0].master.kdr, ==, 0);
        /* What is said to be supported is. */
        srtp_context *context = srtp_context_new(&readings[0].master);
        g_assert_nonnull(context);
        srtp_context_free(context);
    }
}

static void test_refused(void)
{
    static const char *const rows[] = {
        "00 01 03", "00 01 04", "00 01 05", "00 01 07", "00 01 08", "00 01 ff", "00 02 01 01", /* SEED, ARIA, unknown */
        "01 01 00", "01 01 0f", "01 01 11", "01 02 01 10",
        "00 01 06  01 01 18",                                          /* RFC 7714 has no AES-192 */
        "00 01 06  14 01 00", "00 01 06  14 01 07", "00 01 06  14 01 0b", "00 01 06  14 01 11", /* no tags of GCM */
        "02 01 02", "02 01 03", "02 01 04", "02 01 ff", "0e 01 02",   /* RFC 4771 */
        "03 01 00", "03 01 41", "03 02 01 14", "10 01 00",
        "05 01 01", "05 01 02",
        "0b 01 15", "0b 02 01 0a", "12 01 15", "13 01 15",
        "00 01 02  0c 01 01", "00 01 06  0c 01 01", "0c 02 01 00",
        "06 01 19", "06 04 02 00 00 00", "06 02 10 01",                /* rates: neither of both readings */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
        g_test_message("%s", rows[i]);
        g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, rows[i], 0, readings), ==, 0);
    }
    mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
    g_assert_cmpuint(read_policy(MIKEY_PROT_TESLA, "", 0, readings), ==, 0);
}

static void test_no_policy(void)
{
    const srtp_transform defaults = {CM, 16, 14, 10, 10, 0, 0};
    mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
    g_assert_cmpuint(mikey_srtp_readings(NULL, 0, readings), ==, 1);
    assert_transform(&readings[0].master.transform, &defaults);
    g_assert_false(readings[0].master.unencrypted_srtp || readings[0].master.unencrypted_srtcp ||
                   readings[0].master.unauthenticated_srtp);
    g_assert_cmpuint(readings[0].master.mki_len, ==, 0);
}

/* The TEK at hand tells the key's length where the policy does not. */
static void test_tek_len(void)
{
    static const struct {
        const char *params;
        size_t tek_len;
        unsigned key_len;
    } rows[] = {{"", 16, 16}, {"", 24, 24}, {"", 32, 32}, {"", 30, 16}, {"", 46, 16}, {"", 1, 16}, {"01 01 10", 32, 16},
                {"01 01 20", 16, 32}, {"00 01 06", 32, 32}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
        g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, rows[i].params, rows[i].tek_len, readings), ==, 1);
        g_assert_cmpuint(readings[0].master.transform.key_len, ==, rows[i].key_len);
    }
}

static void test_flags(void)
{
    for (unsigned bits = 0; bits < 8; bits++) {
        mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
        g_autofree char *params = g_strdup_printf("07 01 %02x  08 01 %02x  0a 01 %02x", bits & 1, bits >> 1 & 1, bits >> 2);
        g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, params, 0, readings), ==, 1);
        g_assert_cmpint(readings[0].master.unencrypted_srtp, ==, !(bits & 1));
        g_assert_cmpint(readings[0].master.unencrypted_srtcp, ==, !(bits >> 1 & 1));
        g_assert_cmpint(readings[0].master.unauthenticated_srtp, ==, !(bits >> 2));
    }
}

/* A number of packets, which must be a power of 2, first; then an exponent. 0: the reading is not possible. */
static void test_key_derivation_rate(void)
{
    static const struct {
        const char *params;
        uint32_t packets, exponent;
    } rows[] = {
        {"06 01 01", 1, 2},         {"06 01 02", 2, 4},        {"06 01 03", 0, 8},           {"06 01 10", 16, 1 << 16},
        {"06 01 18", 0, 1 << 24},   {"06 01 20", 32, 0},       {"06 02 01 00", 256, 0},      {"06 04 01 00 00 00", 1 << 24, 0},
        {"06 08 00 00 00 00 00 00 00 08", 8, 256},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
        const unsigned expected = (rows[i].packets != 0) + (rows[i].exponent != 0);
        g_test_message("%s", rows[i].params);
        g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, rows[i].params, 0, readings), ==, expected);
        if (rows[i].packets) {
            g_assert_cmpuint(readings[0].master.kdr, ==, rows[i].packets);
            g_assert_null(readings[0].departure);
        }
        if (rows[i].exponent) {
            g_assert_cmpuint(readings[expected - 1].master.kdr, ==, rows[i].exponent);
            g_assert_nonnull(strstr(readings[expected - 1].departure, "exponent"));
        }
    }
    mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
    g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, "06 01 00", 0, readings), ==, 1);
    g_assert_cmpuint(readings[0].master.kdr, ==, 0);
}

/* As GStreamer writes its policies: the length of the tag as parameter 3. */
static void test_gstreamer(void)
{
    static const struct {
        const char *params;
        unsigned count;
        srtp_transform standard, gstreamer;
    } rows[] = {
        {"00 01 01 01 01 10 02 01 01 03 01 0a 07 01 01 08 01 01 0a 01 01", 2, {CM, 16, 14, 10, 10, 10, 0}, {CM, 16, 14, 10, 10, 0, 0}},
        {"01 01 20 02 01 01 03 01 04", 2, {CM, 32, 14, 10, 10, 4, 0}, {CM, 32, 14, 4, 4, 0, 0}},
        {"03 01 05", 1, {CM, 16, 14, 10, 10, 5, 0}, {0}},
        {"03 01 04 0b 01 04", 1, {CM, 16, 14, 4, 4, 4, 0}, {0}},
        {"03 01 04 12 01 0a", 1, {CM, 16, 14, 10, 10, 4, 0}, {0}},
        {"00 01 06 03 01 04", 1, {GCM, 16, 12, 16, 16, 0, 0}, {0}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
        g_test_message("%s", rows[i].params);
        g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, rows[i].params, 0, readings), ==, rows[i].count);
        assert_transform(&readings[0].master.transform, &rows[i].standard);
        g_assert_null(readings[0].departure);
        if (rows[i].count == 2) {
            assert_transform(&readings[1].master.transform, &rows[i].gstreamer);
            g_assert_nonnull(strstr(readings[1].departure, "GStreamer"));
        }
    }
}

/* Both departures at once: as many readings as there is room for, each another one. */
static void test_all_readings(void)
{
    mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
    g_assert_cmpuint(read_policy(MIKEY_PROT_SRTP, "03 01 04  06 01 08", 0, readings), ==, MIKEY_SRTP_MAX_READINGS);
    for (unsigned i = 0; i < MIKEY_SRTP_MAX_READINGS; i++)
        for (unsigned k = 0; k < i; k++)
            g_assert_true(readings[i].master.kdr != readings[k].master.kdr ||
                          readings[i].master.transform.srtp_tag_len != readings[k].master.transform.srtp_tag_len);
    g_assert_null(readings[0].departure);
    for (unsigned i = 1; i < MIKEY_SRTP_MAX_READINGS; i++)
        g_assert_nonnull(readings[i].departure);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-srtp/transforms", test_transforms);
    g_test_add_func("/mikey-srtp/refused", test_refused);
    g_test_add_func("/mikey-srtp/no-policy", test_no_policy);
    g_test_add_func("/mikey-srtp/tek-len", test_tek_len);
    g_test_add_func("/mikey-srtp/flags", test_flags);
    g_test_add_func("/mikey-srtp/key-derivation-rate", test_key_derivation_rate);
    g_test_add_func("/mikey-srtp/gstreamer", test_gstreamer);
    g_test_add_func("/mikey-srtp/all-readings", test_all_readings);
    return g_test_run();
}

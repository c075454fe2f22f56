#include "reports/verify_words.h"

#include <glib.h>

static void test_times(void)
{
    static const struct {
        const char *text;
        int64_t time;
        const char *again;
    } TIMES[] = {
        {"2026-01-02T03:04:05Z", INT64_C(1767323045000000000), "2026-01-02T03:04:05.000000000Z"},
        {"2026-01-02T03:04:05.25Z", INT64_C(1767323045250000000), "2026-01-02T03:04:05.250000000Z"},
        {"2026-01-02T03:04:05", INT64_C(1767323045000000000), "2026-01-02T03:04:05.000000000Z"},
        {"2026-01-02T05:04:05+02:00", INT64_C(1767323045000000000), "2026-01-02T03:04:05.000000000Z"},
        {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000000Z"},
        {"1969-12-31T23:59:59.5Z", -500000000, "1969-12-31T23:59:59.500000000Z"},
    };
    static const char *const BAD[] = {"", "yesterday", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T25:04:05Z", "9999-01-01T00:00:00Z",
                                      "2026-01-02T03:04:05Z and more"};
    char text[VERIFY_TIME_LEN];
    for (guint i = 0; i < G_N_ELEMENTS(TIMES); i++) {
        int64_t time;
        g_assert_true(verify_time_read(TIMES[i].text, &time));
        g_assert_cmpint(time, ==, TIMES[i].time);
        g_assert_cmpstr(verify_time_text(time, text), ==, TIMES[i].again);
    }
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        int64_t time = 7;
        g_assert_false(verify_time_read(BAD[i], &time));
        g_assert_cmpint(time, ==, 7);
    }
    g_assert_cmpstr(verify_time_text(INT64_C(1767323045123456789), text), ==, "2026-01-02T03:04:05.123456789Z");
    g_assert_cmpstr(verify_time_text(INT64_MAX - 1, text), ==, "2262-04-11T23:47:16.854775806Z");
    g_assert_cmpstr(verify_time_text(INT64_MIN + 1, text), ==, "1677-09-21T00:12:43.145224193Z");
    g_assert_null(verify_time_text(INT64_MIN, text));
    g_assert_null(verify_time_text(INT64_MAX, text));
}

static void test_ends(void)
{
    static const uint8_t V4[] = {192, 0, 2, 1}, V6[] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t LONGEST[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    char text[VERIFY_END_LEN];
    verify_stream stream = {.protocol = VERIFY_SRTP};
    g_assert_null(verify_source_text(&stream, text));
    transport_address_set(&stream.source, V4, 4, 4000);
    transport_address_set(&stream.destination, V6, 16, 65535);
    g_assert_cmpstr(verify_source_text(&stream, text), ==, "192.0.2.1:4000");
    g_assert_cmpstr(verify_destination_text(&stream, text), ==, "[2001:db8::1]:65535");
    transport_address_set(&stream.source, LONGEST, 16, 65535);
    g_assert_cmpstr(verify_source_text(&stream, text), ==, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");

    verify_stream link = {.protocol = VERIFY_PDCP_SL};
    g_assert_null(verify_source_text(&link, text));
    link.link = (sl_link){.source = 0x00a1b2, .destination = 0xc3d4, .destination_bits = 16};
    g_assert_cmpstr(verify_source_text(&link, text), ==, "0x00a1b2");
    g_assert_cmpstr(verify_destination_text(&link, text), ==, "0xc3d4");
    link.link.destination = 0xc3d4e5;
    link.link.destination_bits = 24;
    g_assert_cmpstr(verify_destination_text(&link, text), ==, "0xc3d4e5");
}

static void test_rollover_counters(void)
{
    uint64_t first = 9, last = 9;
    verify_stream stream = {.protocol = VERIFY_SRTP};
    verify_stretch stretch = {.counts = {.first_index = 0x1fffe, .last_index = 0x20003}};
    g_assert_false(verify_stretch_rocs(&stream, &stretch, &first, &last));
    stretch.counts.has_index = true;
    g_assert_true(verify_stretch_rocs(&stream, &stretch, &first, &last));
    g_assert_cmpuint(first, ==, 1);
    g_assert_cmpuint(last, ==, 2);
    stream.protocol = VERIFY_SRTCP;
    g_assert_false(verify_stretch_rocs(&stream, &stretch, &first, &last));
}

static void test_fingerprints(void)
{
    session_key key = {.fingerprint = "0011223344556677"};
    sl_context context = {.kd_sess_fingerprint = "8899aabbccddeeff"};
    verify_stretch stretch = {0};
    g_assert_null(verify_stretch_fingerprint(&stretch));
    stretch.context = &context;
    g_assert_cmpstr(verify_stretch_fingerprint(&stretch), ==, "8899aabbccddeeff");
    g_strlcpy(context.pek_fingerprint, "fedcba9876543210", sizeof context.pek_fingerprint);
    g_assert_cmpstr(verify_stretch_fingerprint(&stretch), ==, "fedcba9876543210");
    stretch.key = &key;
    g_assert_cmpstr(verify_stretch_fingerprint(&stretch), ==, "0011223344556677");
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verify_words/times", test_times);
    g_test_add_func("/verify_words/ends", test_ends);
    g_test_add_func("/verify_words/rollover-counters", test_rollover_counters);
    g_test_add_func("/verify_words/fingerprints", test_fingerprints);
    return g_test_run();
}

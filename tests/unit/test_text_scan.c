/* The readers that the text parsers share, and base64. */
#include "keys/base64.h"
#include "keys/text_scan.h"

#include <glib.h>
#include <string.h>

static text_span span_of(const char *text)
{
    return text_span_of(text, strlen(text));
}

static void assert_span(text_span span, const char *expected)
{
    g_autofree char *text = span.text ? g_strndup(span.text, span.len) : NULL;
    g_assert_cmpstr(text, ==, expected);
}

static void test_comparison(void)
{
    text_span span = span_of("Abc=1");
    g_assert_true(text_is(span, "Abc=1"));
    g_assert_false(text_is(span, "abc=1"));
    g_assert_true(text_is_nocase(span, "aBC=1"));
    g_assert_false(text_is_nocase(span, "aBC=12"));
    g_assert_false(text_is_nocase(span, "aBC="));
    g_assert_false(text_take(&span, "abc="));
    assert_span(span, "Abc=1");
    g_assert_true(text_take_nocase(&span, "abc="));
    assert_span(span, "1");
    g_assert_false(text_take(&span, "12"));
    g_assert_true(text_is(text_span_of(NULL, 0), ""));
}

static void test_lines(void)
{
    text_span rest = span_of("a\r\nb\nc\rd\n\r\n\n\r\re"), line;
    static const char *const expected[] = {"a", "b", "c", "d", "", "", "", "", "e"};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_true(text_next_line(&rest, &line));
        assert_span(line, expected[i]);
    }
    g_assert_false(text_next_line(&rest, &line));
    rest = span_of("x\r\n");
    g_assert_true(text_next_line(&rest, &line));
    g_assert_cmpuint(rest.len, ==, 0);
    rest = text_span_of("x\r\n", 2); /* the LF is not ours */
    g_assert_true(text_next_line(&rest, &line));
    g_assert_cmpuint(rest.len, ==, 0);
}

static void test_fields_and_parts(void)
{
    text_span rest = span_of(" \ta  b\tc "), field;
    g_assert_true(text_next_field(&rest, &field));
    assert_span(field, "a");
    g_assert_true(text_next_field(&rest, &field));
    assert_span(field, "b");
    g_assert_true(text_next_field(&rest, &field));
    assert_span(field, "c");
    g_assert_false(text_next_field(&rest, &field));

    rest = span_of(";a;");
    g_assert_true(text_next_part(&rest, ';', &field));
    assert_span(field, "");
    g_assert_true(text_next_part(&rest, ';', &field));
    assert_span(field, "a");
    g_assert_true(text_next_part(&rest, ';', &field));
    assert_span(field, "");
    g_assert_false(text_next_part(&rest, ';', &field));

    assert_span(text_trim(span_of("\t a b \t")), "a b");
    assert_span(text_trim(span_of(" \t ")), "");
}

static void test_decimal(void)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool done;
        uint64_t value;
    } rows[] = {
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"5", 5, true, 5},
        {"6", 5, false, 0},
        {"9", 5, false, 0},
        {"10", 5, false, 0},
        {"000255", 255, true, 255},
        {"256", 255, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999", UINT64_MAX, false, 0},
        {"", 9, false, 0},
        {"+1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"1/", 99, false, 0},
        {"1:", 99, false, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t value = 77;
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(text_decimal(span_of(rows[i].text), rows[i].max, &value), ==, rows[i].done);
        g_assert_cmpuint(value, ==, rows[i].done ? rows[i].value : 77);
    }
}

static void test_hex(void)
{
    static const char *const neither[] = {"0", "000", "0g", "g0", "0x00", " 0", "0 ", "+1", "00000000"};
    uint8_t octets[4] = {0};
    g_assert_true(text_hex(span_of("00aAfF"), octets, 3));
    g_assert_cmpmem(octets, 4, "\0\xaa\xff\0", 4);
    g_assert_true(text_hex(span_of(""), octets, 0));
    g_assert_true(text_hex(text_span_of(NULL, 0), octets, 0));
    for (size_t i = 0; i < G_N_ELEMENTS(neither); i++)
        g_assert_false(text_hex(span_of(neither[i]), octets, 3));
    g_assert_false(text_hex(text_span_of("0\0", 2), octets, 3));
}

static void test_hex_number(void)
{
    static const char *const neither[] = {"", "000000000", "123456789", "0x1", "1g", "-1", "1 "};
    static const struct {
        const char *text;
        uint32_t value;
    } rows[] = {{"0", 0}, {"7", 7}, {"0a", 10}, {"DeadBeef", 0xdeadbeef}, {"ffffffff", UINT32_MAX}};
    uint32_t value = 77;
    for (size_t i = 0; i < G_N_ELEMENTS(neither); i++) {
        g_assert_false(text_hex_number(span_of(neither[i]), &value));
        g_assert_cmphex(value, ==, 77);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(text_hex_number(span_of(rows[i].text), &value));
        g_assert_cmphex(value, ==, rows[i].value);
    }
}

static void test_addresses(void)
{
    static const char *const neither[] = {"", "192.0.2", "192.0.2.1.", "192.0.2.256", " 192.0.2.1", "2001:db8", ":::", "[::1]", "fe80::1%eth0",
                                          "1111:2222:3333:4444:5555:6666:255.255.255.2555555555", "host"};
    uint8_t ip[16], ip_len = 0;
    g_assert_true(text_ip_address(span_of("192.0.2.1"), ip, &ip_len));
    g_assert_cmpmem(ip, ip_len, "\xc0\0\2\1", 4);
    g_assert_true(text_ip_address(span_of("2001:DB8::ff"), ip, &ip_len));
    g_assert_cmpmem(ip, ip_len, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\xff", 16);
    g_assert_true(text_ip_address(span_of("1111:2222:3333:4444:5555:6666:255.255.255.255"), ip, &ip_len));
    for (size_t i = 0; i < G_N_ELEMENTS(neither); i++)
        g_assert_false(text_ip_address(span_of(neither[i]), ip, &ip_len));
    g_assert_false(text_ip_address(text_span_of("192.0.2.1\0", 10), ip, &ip_len));
}

static void test_base64(void)
{
    static const struct {
        const char *text;
        base64_result result;
        const char *octets;
    } rows[] = {
        {"Zm9vYmFy", BASE64_OK, "foobar"}, /* RFC 4648 section 10 */
        {"Zm9vYmE=", BASE64_OK, "fooba"},
        {"Zm9vYg==", BASE64_OK, "foob"},
        {"Zm9vYmE", BASE64_PADDING_ABSENT, "fooba"},
        {"Zm9vYg", BASE64_PADDING_ABSENT, "foob"},
        {"Zm9vYg=", BASE64_PADDING_ABSENT, "foob"},
        {"Zm9vYmFy=", BASE64_PADDING_SURPLUS, "foobar"},
        {"Zm9vYmE==", BASE64_PADDING_SURPLUS, "fooba"},
        {"+/+/", BASE64_OK, "\xfb\xff\xbf"},
        {"Zm9vY", BASE64_INVALID, ""},
        {"", BASE64_INVALID, ""},
        {"==", BASE64_INVALID, ""},
        {"Zm=vYg", BASE64_INVALID, ""},
        {"Zm9v-mFy", BASE64_INVALID, ""},
        {"Zm9v YmFy", BASE64_INVALID, ""},
        {"Zm9v\xc3\xa4", BASE64_INVALID, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t octets[8], few[4] = {0, 0, 0, 0xee};
        size_t len, same_len;
        g_assert_cmpint(base64_decode(span_of(rows[i].text), octets, sizeof octets, &len), ==, rows[i].result);
        g_assert_cmpmem(octets, len, rows[i].octets, strlen(rows[i].octets));
        base64_decode(span_of(rows[i].text), few, 2, &same_len); /* told in full, written as far as there is room */
        g_assert_cmpuint(same_len, ==, len);
        g_assert_cmpmem(few, MIN(len, 2), rows[i].octets, MIN(len, 2));
        g_assert_cmpint(few[2], ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text-scan/comparison", test_comparison);
    g_test_add_func("/text-scan/lines", test_lines);
    g_test_add_func("/text-scan/fields-and-parts", test_fields_and_parts);
    g_test_add_func("/text-scan/decimal", test_decimal);
    g_test_add_func("/text-scan/hex", test_hex);
    g_test_add_func("/text-scan/hex-number", test_hex_number);
    g_test_add_func("/text-scan/addresses", test_addresses);
    g_test_add_func("/text-scan/base64", test_base64);
    return g_test_run();
}

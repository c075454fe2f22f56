#include "ciphers/rtp_packet.h"

#include <glib.h>

#include <string.h>

/* Parses a copy of exactly `len` octets, so that a sanitizer sees every octet read beyond them. */
static bool parse(rtp_packet *packet, const uint8_t *data, size_t len)
{
    uint8_t *exact = g_memdup2(data, len);
    const bool ok = rtp_packet_parse(packet, exact, len);
    g_assert_true(!ok || (packet->data == exact && packet->len == len));
    g_free(exact);
    return ok;
}

static const uint8_t PLAIN[] = { 0x80, 0x8f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe, 1, 2, 3 };

static const uint8_t FULL[] = {
    0xb2, 0x0f, 0xff, 0xfe, 0, 0, 0, 1, 1, 2, 3, 4, /* padding, extension, two CSRCs */
    0xc1, 0xc1, 0xc1, 0xc1, 0xc2, 0xc2, 0xc2, 0xc2,
    0xbe, 0xde, 0, 2, 0x10, 0xaa, 0, 0, 0x20, 0xbb, 0, 0,
    9, 9, 9, 1
};

static void test_fixed_header(void)
{
    rtp_packet packet;

    g_assert_true(parse(&packet, PLAIN, sizeof PLAIN));
    g_assert_cmpuint(packet.header_len, ==, 12);
    g_assert_cmpuint(packet.seq, ==, 0x1234);
    g_assert_cmphex(packet.ssrc, ==, 0xcafebabe);
    g_assert_cmpuint(packet.ext_offset, ==, 0);
    g_assert_cmpuint(packet.ext_len, ==, 0);
    g_assert_true(parse(&packet, PLAIN, 12));
    for (size_t len = 0; len < 12; len++)
        g_assert_false(parse(&packet, PLAIN, len));
}

static void test_csrcs_and_extension(void)
{
    rtp_packet packet;

    g_assert_true(parse(&packet, FULL, sizeof FULL));
    g_assert_cmpuint(packet.header_len, ==, 32);
    g_assert_cmpuint(packet.ext_offset, ==, 24);
    g_assert_cmpuint(packet.ext_len, ==, 8);
    g_assert_cmphex(packet.ext_profile, ==, 0xbede);
    g_assert_cmphex(packet.seq, ==, 0xfffe);
    g_assert_true(parse(&packet, FULL, 32));
    for (size_t len = 0; len < 32; len++)
        g_assert_false(parse(&packet, FULL, len));
}

static void test_longest_extension_does_not_fit(void)
{
    rtp_packet packet;
    uint8_t data[sizeof FULL];

    memcpy(data, FULL, sizeof data);
    data[22] = data[23] = 0xff;
    g_assert_false(parse(&packet, data, sizeof data));
}

static void test_other_versions(void)
{
    rtp_packet packet;
    uint8_t data[sizeof PLAIN];

    memcpy(data, PLAIN, sizeof data);
    for (unsigned version = 0; version < 4; version++) {
        data[0] = (uint8_t)(version << 6);
        g_assert_cmpint(parse(&packet, data, sizeof data), ==, version == 2);
    }
}

static void test_rtcp_by_second_octet(void)
{
    uint8_t data[2] = { 0x80, 0 };

    for (unsigned type = 0; type < 256; type++) {
        data[1] = (uint8_t)type;
        g_assert_cmpint(rtp_packet_is_rtcp(data, 2), ==, type >= 192 && type <= 223);
        g_assert_false(rtp_packet_is_rtcp(data, 1));
    }
}

/* A receiver report without blocks, a BYE without sources. */
static const uint8_t COMPOUND[] = { 0x80, 201, 0, 1, 1, 2, 3, 4, 0x80, 203, 0, 0 };

static void test_clear_compound(void)
{
    uint8_t data[sizeof COMPOUND];

    g_assert_true(rtcp_is_clear_compound(COMPOUND, sizeof COMPOUND));
    g_assert_true(rtcp_is_clear_compound(COMPOUND, 8));
    for (size_t len = 0; len < sizeof COMPOUND; len++)
        if (len != 8)
            g_assert_false(rtcp_is_clear_compound(COMPOUND, len));

    static const struct {
        size_t at;
        uint8_t value;
    } SPOILS[] = { { 0, 0x40 }, { 1, 191 }, { 1, 224 }, { 3, 0 },  { 3, 3 },
                   { 2, 0xff }, { 8, 0xc0 }, { 9, 0 },  { 11, 1 } };
    for (size_t i = 0; i < G_N_ELEMENTS(SPOILS); i++) {
        memcpy(data, COMPOUND, sizeof data);
        data[SPOILS[i].at] = SPOILS[i].value;
        g_assert_false(rtcp_is_clear_compound(data, sizeof data));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtp-packet/fixed-header", test_fixed_header);
    g_test_add_func("/rtp-packet/csrcs-and-extension", test_csrcs_and_extension);
    g_test_add_func("/rtp-packet/longest-extension-does-not-fit", test_longest_extension_does_not_fit);
    g_test_add_func("/rtp-packet/other-versions", test_other_versions);
    g_test_add_func("/rtp-packet/rtcp-by-second-octet", test_rtcp_by_second_octet);
    g_test_add_func("/rtp-packet/clear-compound", test_clear_compound);
    return g_test_run();
}

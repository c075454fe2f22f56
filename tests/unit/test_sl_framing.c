#include "sessions/sl_framing.h"

#include <glib.h>

#include <string.h>

#define FDD_UPLINK_SL 1, 0, MAC_LTE_SL_RNTI

/* Parses a copy of exactly `len` octets, so that a sanitizer sees every octet read beyond them. */
static bool parse_mac(mac_lte_frame *frame, const uint8_t *data, size_t len)
{
    uint8_t *exact = g_memdup2(data, len);
    bool ok = mac_lte_frame_parse(frame, exact, len);
    g_free(exact);
    return ok;
}

#define PARSE_MAC(frame, ...) parse_mac(frame, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_mac_tags(void)
{
    mac_lte_frame frame;
    g_assert_true(PARSE_MAC(&frame, FDD_UPLINK_SL, 2, 0, 1, 3, 0, 7, 1, 0x20));
    g_assert_true(frame.radio_type == 1 && frame.direction == 0 && frame.rnti_type == 8);
    g_assert_cmpuint(frame.tag_count, ==, 2);
    g_assert_cmpuint(frame.tags[1].tag, ==, MAC_LTE_TAG_UEID);
    g_assert_cmpuint(frame.tags[1].offset, ==, 7);
    g_assert_cmpuint(frame.pdu_offset, ==, 10);
    /* one of every tag that the header file of the format defines, with the lengths that it gives */
    static const uint8_t all[] = {FDD_UPLINK_SL, 0x02, 0, 1, 0x03, 0, 1, 0x04, 0, 1, 0x05, 0, 0x06, 1, 0x07, 1, 0x08, 0x09, 1, 1,
                                  0x0a, 1, 0x0b, 3, 1, 1, 1, 0x0c, 0x0d, 0x0e, 1, 0x0f, 1, 0x10, 1,
                                  0x11, 0, 2, 1, 1, 1, 1, 2, 2, 2, 2, 0x01, 0xaa};
    g_assert_true(parse_mac(&frame, all, sizeof all));
    g_assert_cmpuint(frame.tag_count, ==, 16);
    g_assert_cmpuint(frame.pdu_offset, ==, sizeof all - 1);
    g_assert_false(frame.is_predefined || frame.crc_failed);
    for (size_t len = 0; len < sizeof all; len++)
        g_assert_false(parse_mac(&frame, all, len));
}

static void test_mac_without_sidelink_pdu(void)
{
    mac_lte_frame frame;
    g_assert_true(PARSE_MAC(&frame, FDD_UPLINK_SL, 7, 0, 1, 0x20) && frame.crc_failed);
    g_assert_true(PARSE_MAC(&frame, FDD_UPLINK_SL, 5, 1, 1, 0x20) && frame.is_predefined);
    g_assert_false(PARSE_MAC(&frame, FDD_UPLINK_SL, 1));          /* nothing behind the payload tag */
    g_assert_false(PARSE_MAC(&frame, FDD_UPLINK_SL, 2, 0, 1));    /* no payload tag */
    g_assert_false(PARSE_MAC(&frame, FDD_UPLINK_SL, 0, 1, 0x20)); /* unknown tags */
    g_assert_false(PARSE_MAC(&frame, FDD_UPLINK_SL, 0x12, 1, 0x20));
    g_assert_false(PARSE_MAC(&frame, FDD_UPLINK_SL, 0xff, 1, 0x20));
    g_assert_false(PARSE_MAC(&frame, FDD_UPLINK_SL, 0x11, 0xff, 0xff, 1, 0x20));
    uint8_t many[3 + MAC_LTE_MAX_TAGS + 3] = {FDD_UPLINK_SL};
    memset(many + 3, 0x08, sizeof many - 5);
    many[sizeof many - 2] = 1;
    g_assert_false(parse_mac(&frame, many, sizeof many));
    many[3 + MAC_LTE_MAX_TAGS] = 1;
    g_assert_true(parse_mac(&frame, many, sizeof many));
}

/* --- sidelink PDCP ------------------------------------------------------------------------------------------------- */

static bool parse_pdcp(sl_pdcp_frame *frame, const uint8_t *data, size_t len, size_t air_len)
{
    uint8_t *exact = g_memdup2(data, len);
    bool ok = sl_pdcp_frame_parse(frame, exact, len, air_len);
    g_free(exact);
    return ok;
}

#define HEADER(version, flags, lcid) 's', 'l', '-', 'p', 'd', 'c', 'p', version, flags, 1, 2, 3, 0x0a, 0x0b, 0x0c, lcid

static void test_pdcp(void)
{
    static const uint8_t data[] = {HEADER(1, 0x03, 30), 1, 0x40};
    sl_pdcp_frame frame;
    g_assert_true(sl_pdcp_frame_begins(data, sizeof data));
    g_assert_true(parse_pdcp(&frame, data, sizeof data, sizeof data));
    g_assert_cmphex(frame.link.source, ==, 0x010203);
    g_assert_cmphex(frame.link.destination, ==, 0x0a0b0c);
    g_assert_cmpuint(frame.link.destination_bits, ==, 24);
    g_assert_cmpuint(frame.link.lcid, ==, 30);
    g_assert_cmpint(frame.link.cast, ==, SL_ONE_TO_ONE);
    g_assert_true(frame.link.direction_known && frame.link.direction == 1);
    g_assert_cmpuint(frame.header_len, ==, 17);
    g_assert_cmphex(frame.problems, ==, 0);
    static const uint8_t group[] = {HEADER(1, 0x05, 4), 1, 0x40};
    g_assert_true(parse_pdcp(&frame, group, sizeof group, sizeof group));
    g_assert_cmpint(frame.link.cast, ==, SL_ONE_TO_MANY);
    g_assert_true(frame.link.direction_known && frame.link.direction == 0);
    static const uint8_t open[] = {HEADER(1, 0x02, 0), 1, 0x40};
    g_assert_true(parse_pdcp(&frame, open, sizeof open, sizeof open));
    g_assert_false(frame.link.direction_known);
    g_assert_cmpuint(frame.link.lcid, ==, SL_LCID_UNKNOWN);
}

static void test_pdcp_unknown(void)
{
    sl_pdcp_frame frame;
    static const uint8_t tags[] = {HEADER(1, 0xf8, 0x24), 9, 3, 1, 1, 1, 0, 0, 1, 0x40};
    g_assert_true(parse_pdcp(&frame, tags, sizeof tags, sizeof tags));
    g_assert_cmphex(frame.problems, ==, SL_PDCP_FRAME_FLAGS | SL_PDCP_FRAME_LCID | SL_PDCP_FRAME_TAG);
    g_assert_cmpuint(frame.header_len, ==, sizeof tags - 1);
    g_assert_cmpuint(frame.link.lcid, ==, 4);
    for (unsigned version = 0; version < 256; version++) {
        const uint8_t data[] = {HEADER((uint8_t)version, 0, 4), 1, 0x40};
        g_assert_cmpint(parse_pdcp(&frame, data, sizeof data, sizeof data), ==, version == 1);
        g_assert_cmphex(frame.problems, ==, version == 1 ? 0 : SL_PDCP_FRAME_VERSION);
        g_assert_cmpuint(frame.version, ==, version);
    }
}

static void test_pdcp_cut(void)
{
    static const uint8_t data[] = {HEADER(1, 0, 4), 9, 2, 1, 1, 1, 0x40};
    sl_pdcp_frame frame;
    for (size_t len = 0; len < sizeof data - 1; len++) {
        g_assert_cmpint(sl_pdcp_frame_begins(data, len), ==, len >= 7);
        g_assert_false(parse_pdcp(&frame, data, len, len));
        g_assert_cmphex(frame.problems & SL_PDCP_FRAME_CUT, ==, SL_PDCP_FRAME_CUT);
        g_assert_false(parse_pdcp(&frame, data, len, 100));
        g_assert_cmphex(frame.problems & SL_PDCP_FRAME_CUT, ==, 0);
    }
    g_assert_false(parse_pdcp(&frame, data, sizeof data - 1, sizeof data - 1)); /* nothing behind the payload tag */
    g_assert_true(parse_pdcp(&frame, data, sizeof data - 1, sizeof data));
    g_assert_true(parse_pdcp(&frame, data, sizeof data, sizeof data));
    g_assert_false(sl_pdcp_frame_begins((const uint8_t *)"sl-pdcP\1", 8));
    static const uint8_t long_tag[] = {HEADER(1, 0, 4), 9, 255, 1, 1, 1, 0x40};
    g_assert_false(parse_pdcp(&frame, long_tag, sizeof long_tag, sizeof long_tag));
    g_assert_cmphex(frame.problems, ==, SL_PDCP_FRAME_TAG | SL_PDCP_FRAME_CUT);
}

static void test_every_problem_has_a_text(void)
{
    unsigned problems = UINT_MAX, count = 0;
    for (const sl_problem *problem; (problem = sl_pdcp_frame_take_problem(&problems)); count++)
        g_assert_nonnull(problem->text);
    g_assert_cmphex(problems, ==, UINT_MAX << count);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sl-framing/mac-tags", test_mac_tags);
    g_test_add_func("/sl-framing/mac-without-sidelink-pdu", test_mac_without_sidelink_pdu);
    g_test_add_func("/sl-framing/pdcp", test_pdcp);
    g_test_add_func("/sl-framing/pdcp-unknown", test_pdcp_unknown);
    g_test_add_func("/sl-framing/pdcp-cut", test_pdcp_cut);
    g_test_add_func("/sl-framing/every-problem-has-a-text", test_every_problem_has_a_text);
    return g_test_run();
}

/* PDUs laid out by hand after TS 36.322 figures 6.2.1.3-1 to 6.2.1.3-6. */
#include "sessions/rlc_um.h"

#include <glib.h>

#include <string.h>

typedef struct {
    uint8_t *data;
    size_t len;
    bool usable;
    rlc_um_pdu pdu;
} parsed;

/* Parses a copy of exactly `len` octets, so that a sanitizer sees every octet read beyond them. */
static parsed *parse_cut(uint8_t sn_bits, const uint8_t *data, size_t len, size_t air_len)
{
    parsed *result = g_new0(parsed, 1);
    result->data = g_memdup2(data, len);
    result->len = len;
    result->usable = rlc_um_parse(&result->pdu, result->data, len, air_len, sn_bits);
    return result;
}

static void parsed_free(parsed *result)
{
    g_free(result->data);
    g_free(result);
}

#define PARSE(sn_bits, ...) parse_cut(sn_bits, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), \
                                      sizeof((const uint8_t[]){__VA_ARGS__}))

static void assert_piece(const parsed *result, unsigned index, size_t offset, size_t len, bool starts, bool ends)
{
    const rlc_um_piece *piece = &result->pdu.pieces[index];
    g_assert_cmpuint(index, <, result->pdu.count);
    g_assert_true(piece->octets.data == result->data + offset);
    g_assert_cmpuint(piece->octets.len, ==, len);
    g_assert_cmpuint(piece->len, ==, len);
    g_assert_cmpint(piece->starts, ==, starts);
    g_assert_cmpint(piece->ends, ==, ends);
}

static void test_whole_sdu(void)
{
    parsed *result = PARSE(5, 0x1f, 0xaa, 0xbb);
    g_assert_true(result->usable);
    g_assert_cmpuint(result->pdu.sn, ==, 31);
    g_assert_cmpuint(result->pdu.header_len, ==, 1);
    assert_piece(result, 0, 1, 2, true, true);
    g_assert_cmphex(result->pdu.problems, ==, 0);
    parsed_free(result);
    result = PARSE(10, 0x03, 0xfe, 0xaa, 0xbb);
    g_assert_true(result->usable);
    g_assert_cmpuint(result->pdu.sn, ==, 1022);
    g_assert_cmpuint(result->pdu.header_len, ==, 2);
    assert_piece(result, 0, 2, 2, true, true);
    g_assert_cmphex(result->pdu.problems, ==, 0);
    parsed_free(result);
}

static void test_framing_info(void)
{
    for (unsigned fi = 0; fi < 4; fi++) {
        bool starts = fi < 2, ends = fi % 2 == 0;
        parsed *result = PARSE(5, (uint8_t)(fi << 6 | 7), 0xaa);
        g_assert_cmpuint(result->pdu.fi, ==, fi);
        assert_piece(result, 0, 1, 1, starts, ends);
        parsed_free(result);
        result = PARSE(10, (uint8_t)(fi << 3 | 1), 0x07, 0xaa);
        g_assert_cmpuint(result->pdu.fi, ==, fi);
        g_assert_cmpuint(result->pdu.sn, ==, 0x107);
        assert_piece(result, 0, 2, 1, starts, ends);
        parsed_free(result);
    }
}

static void test_length_indicators(void)
{
    /* FI 11, E 1, SN 5; one LI of 3 with its padding; a piece of 3 and one of 2 */
    parsed *result = PARSE(5, 0xe5, 0x00, 0x30, 1, 1, 1, 2, 2);
    g_assert_true(result->usable);
    g_assert_cmpuint(result->pdu.header_len, ==, 3);
    g_assert_cmpuint(result->pdu.count, ==, 2);
    assert_piece(result, 0, 3, 3, false, true);
    assert_piece(result, 1, 6, 2, true, false);
    parsed_free(result);
    /* two LIs, 2 and 1: 1 00000000010 | 0 00000000001 */
    result = PARSE(5, 0x20, 0x80, 0x20, 0x01, 1, 1, 2, 3, 3, 3);
    g_assert_cmpuint(result->pdu.header_len, ==, 4);
    g_assert_cmpuint(result->pdu.count, ==, 3);
    assert_piece(result, 0, 4, 2, true, true);
    assert_piece(result, 1, 6, 1, true, true);
    assert_piece(result, 2, 7, 3, true, true);
    g_assert_cmphex(result->pdu.problems, ==, 0);
    parsed_free(result);
    /* three, 1 each, under an SN of 10 bits */
    result = PARSE(10, 0x04, 0x00, 0x80, 0x18, 0x01, 0x00, 0x10, 1, 2, 3, 4);
    g_assert_cmpuint(result->pdu.header_len, ==, 7);
    g_assert_cmpuint(result->pdu.count, ==, 4);
    assert_piece(result, 3, 10, 1, true, true);
    g_assert_cmphex(result->pdu.problems, ==, 0);
    parsed_free(result);
}

static void test_faults(void)
{
    static const struct {
        unsigned problem;
        uint8_t sn_bits, len, data[8];
    } faults[] = {
        {RLC_UM_HEADER_CUT, 5, 0, {0}},
        {RLC_UM_HEADER_CUT, 10, 1, {0x00}},
        {RLC_UM_EMPTY, 5, 1, {0x05}},
        {RLC_UM_EMPTY, 10, 2, {0x00, 0x05}},
        {RLC_UM_LI_CUT, 5, 2, {0x20, 0x00}},
        {RLC_UM_LI_CUT, 5, 3, {0x20, 0x80, 0x10}},       /* E of the only LI set */
        {RLC_UM_LI_ZERO, 5, 5, {0x20, 0x00, 0x00, 1, 1}},
        {RLC_UM_LI_OVER, 5, 4, {0x20, 0x00, 0x20, 1}},   /* 2 of 1 */
        {RLC_UM_LI_OVER, 5, 5, {0x20, 0x00, 0x20, 1, 1}}, /* 2 of 2: nothing for the last piece */
        {RLC_UM_LI_OVER, 5, 5, {0x20, 0x7f, 0xf0, 1, 1}}, /* 2047 */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        parsed *result = parse_cut(faults[i].sn_bits, faults[i].data, faults[i].len, faults[i].len);
        g_assert_false(result->usable);
        g_assert_cmpuint(result->pdu.count, ==, 0);
        g_assert_cmphex(result->pdu.problems, ==, faults[i].problem);
        parsed_free(result);
    }
}

static void test_what_is_only_said(void)
{
    parsed *result = PARSE(5, 0x20, 0x00, 0x1f, 1, 2); /* padding of the list not zero */
    g_assert_true(result->usable);
    g_assert_cmphex(result->pdu.problems, ==, RLC_UM_LI_PADDING);
    assert_piece(result, 1, 4, 1, true, true);
    parsed_free(result);
    result = PARSE(10, 0xe0, 0x01, 1);
    g_assert_true(result->usable);
    g_assert_cmphex(result->pdu.problems, ==, RLC_UM_RESERVED);
    g_assert_cmpuint(result->pdu.sn, ==, 1);
    parsed_free(result);
}

static void test_most_pieces(void)
{
    /* every LI is 1, every E is set but that of the last */
    uint8_t data[1000] = {0x20};
    for (unsigned lis = RLC_UM_MAX_PIECES - 1; lis <= RLC_UM_MAX_PIECES; lis++) {
        memset(data + 1, 0, sizeof data - 1);
        for (unsigned i = 0; i < lis; i++) {
            unsigned li = i + 1 == lis ? 1 : 0x801, at = 1 + i * 12 / 8;
            data[at] |= (uint8_t)(i % 2 ? li >> 8 : li >> 4);
            data[at + 1] |= (uint8_t)(i % 2 ? li : li << 4);
        }
        size_t len = 1 + (lis * 12 + 7) / 8 + lis + 1;
        parsed *result = parse_cut(5, data, len, len);
        g_assert_cmpint(result->usable, ==, lis < RLC_UM_MAX_PIECES);
        g_assert_cmpuint(result->pdu.count, ==, lis < RLC_UM_MAX_PIECES ? RLC_UM_MAX_PIECES : 0);
        g_assert_cmphex(result->pdu.problems, ==, lis < RLC_UM_MAX_PIECES ? 0 : RLC_UM_TOO_MANY);
        parsed_free(result);
    }
}

static void test_cut_by_the_capture(void)
{
    static const uint8_t data[] = {0x25, 0x00, 0x30, 1, 1};
    parsed *result = parse_cut(5, data, 5, 3 + 3 + 10);
    g_assert_true(result->usable);
    g_assert_cmpuint(result->pdu.pieces[0].octets.len, ==, 2);
    g_assert_cmpuint(result->pdu.pieces[0].len, ==, 3);
    g_assert_null(result->pdu.pieces[1].octets.data);
    g_assert_cmpuint(result->pdu.pieces[1].len, ==, 10);
    g_assert_cmphex(result->pdu.problems, ==, 0);
    parsed_free(result);
    for (size_t len = 0; len < 3; len++) {
        result = parse_cut(5, data, len, 16);
        g_assert_false(result->usable);
        g_assert_cmphex(result->pdu.problems, ==, 0);
        parsed_free(result);
    }
}

static void test_random_octets(void)
{
    for (unsigned i = 0; i < 50000; i++) {
        uint8_t data[40];
        size_t len = (size_t)g_test_rand_int_range(0, sizeof data + 1);
        for (size_t k = 0; k < len; k++)
            data[k] = (uint8_t)g_test_rand_int_range(0, k % 3 ? 256 : 128);
        parsed *result = parse_cut(i % 2 ? 5 : 10, data, len, len);
        g_assert_cmpint(result->usable, ==, result->pdu.count > 0);
        size_t end = result->pdu.header_len;
        for (unsigned k = 0; k < result->pdu.count; k++) {
            const rlc_um_piece *piece = &result->pdu.pieces[k];
            g_assert_true(piece->octets.data == result->data + end && piece->octets.len == piece->len);
            end += piece->len;
        }
        g_assert_true(!result->usable || end == len);
        unsigned problems = result->pdu.problems;
        while (rlc_um_take_problem(&problems))
            ;
        g_assert_cmphex(problems, ==, 0);
        parsed_free(result);
    }
}

/* --- SN length ----------------------------------------------------------------------------------------------------- */

static uint8_t told_after(const uint8_t (*heads)[2], size_t count)
{
    rlc_um_sn_watch watch = {0};
    for (size_t i = 0; i < count; i++)
        rlc_um_watch_sn(&watch, heads[i], 2);
    return watch.told;
}

static void test_sn_length_is_told(void)
{
    static const uint8_t of_5[][2] = {{0x05, 0x40}, {0x06, 0x40}};
    static const uint8_t of_5_across_its_end[][2] = {{0x1f, 0x40}, {0x00, 0x40}};
    static const uint8_t of_5_by_framing_info[][2] = {{0x45, 0x40}};
    static const uint8_t of_10[][2] = {{0x00, 0x05}, {0x00, 0x06}};
    static const uint8_t of_10_with_framing_info[][2] = {{0x08, 0x05}, {0x10, 0x06}};
    static const uint8_t of_10_between_octets[][2] = {{0x00, 0xff}, {0x01, 0x00}};
    static const uint8_t lost[][2] = {{0x05, 0x40}, {0x08, 0x40}};
    g_assert_cmpuint(told_after(of_5, 1), ==, 0);
    g_assert_cmpuint(told_after(of_5, 2), ==, 5);
    g_assert_cmpuint(told_after(of_5_across_its_end, 2), ==, 5);
    g_assert_cmpuint(told_after(of_5_by_framing_info, 1), ==, 5);
    g_assert_cmpuint(told_after(of_10, 2), ==, 10);
    g_assert_cmpuint(told_after(of_10_with_framing_info, 2), ==, 10);
    g_assert_cmpuint(told_after(of_10_between_octets, 2), ==, 0);
    g_assert_cmpuint(told_after(lost, 2), ==, 0);
    rlc_um_sn_watch watch = {0};
    rlc_um_watch_sn(&watch, of_10[0], 1);
    g_assert_false(watch.seen);
}

/* Every place in the cycle, whatever the first octet of PDCP is: at most three PDUs tell 10 bits, two tell 5. */
static void test_sn_length_is_told_anywhere(void)
{
    for (unsigned sn = 0; sn < 1024; sn++) {
        uint8_t heads[3][2];
        for (unsigned i = 0; i < 3; i++) {
            heads[i][0] = (uint8_t)(((sn + i) & 0x3ff) >> 8);
            heads[i][1] = (uint8_t)(sn + i);
        }
        g_assert_cmpuint(told_after(heads, 3), ==, 10);
    }
    for (unsigned sn = 0; sn < 32; sn++) {
        for (unsigned first = 0; first < 256; first++) {
            const uint8_t heads[][2] = {{(uint8_t)sn, (uint8_t)first}, {(uint8_t)((sn + 1) & 0x1f), (uint8_t)first}};
            g_assert_cmpuint(told_after(heads, 2), ==, 5);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rlc-um/whole-sdu", test_whole_sdu);
    g_test_add_func("/rlc-um/framing-info", test_framing_info);
    g_test_add_func("/rlc-um/length-indicators", test_length_indicators);
    g_test_add_func("/rlc-um/faults", test_faults);
    g_test_add_func("/rlc-um/what-is-only-said", test_what_is_only_said);
    g_test_add_func("/rlc-um/most-pieces", test_most_pieces);
    g_test_add_func("/rlc-um/cut-by-the-capture", test_cut_by_the_capture);
    g_test_add_func("/rlc-um/random-octets", test_random_octets);
    g_test_add_func("/rlc-um/sn-length-is-told", test_sn_length_is_told);
    g_test_add_func("/rlc-um/sn-length-is-told-anywhere", test_sn_length_is_told_anywhere);
    return g_test_run();
}

/* PDUs laid out by hand after TS 36.321 sections 6.1.6 and 6.2.4:
 *   V(4) R(4) | SRC(24) | DST(16 or 24), then R R E LCID(5) [F L], then the SDUs. */
#include "sessions/slsch.h"

#include <glib.h>

#include <string.h>

#define E 0x20     /* another subheader follows */
#define F 0x80     /* L has 15 bits */
#define PADDING 31

#define UNICAST 0x20, 0x01, 0x02, 0x03, 0x0a, 0x0b
#define GROUPCAST 0x10, 0x01, 0x02, 0x03, 0x0a, 0x0b

typedef struct {
    uint8_t *data;
    size_t len;
    bool complete;
    slsch_pdu pdu;
} parsed;

/* Parses a copy of exactly `len` octets, so that a sanitizer sees every octet read beyond them. */
static parsed parse_cut(const uint8_t *data, size_t len, size_t air_len)
{
    parsed result = {.data = g_memdup2(data, len), .len = len};
    result.complete = slsch_parse(&result.pdu, result.data, len, air_len);
    return result;
}

#define PARSE(...) parse_cut((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), \
                             sizeof((const uint8_t[]){__VA_ARGS__}))

static unsigned all_problems(const slsch_pdu *pdu)
{
    unsigned problems = pdu->problems;
    for (unsigned i = 0; i < pdu->count; i++)
        problems |= pdu->subheaders[i].problems;
    return problems;
}

static void assert_body(const parsed *result, unsigned index, size_t offset, size_t len)
{
    const slsch_subheader *subheader = &result->pdu.subheaders[index];
    g_assert_true(subheader->body.data == result->data + offset);
    g_assert_cmpuint(subheader->body.len, ==, len);
    g_assert_cmpuint(subheader->body_len, ==, len);
}

static void test_one_sdu(void)
{
    parsed result = PARSE(UNICAST, 28, 0xaa, 0xbb, 0xcc);
    g_assert_true(result.complete);
    g_assert_cmpuint(result.pdu.version, ==, 2);
    g_assert_cmphex(result.pdu.link.source, ==, 0x010203);
    g_assert_cmphex(result.pdu.link.destination, ==, 0x0a0b);
    g_assert_cmpuint(result.pdu.link.destination_bits, ==, 16);
    g_assert_cmpint(result.pdu.link.cast, ==, SL_ONE_TO_ONE);
    g_assert_cmpuint(result.pdu.id_len, ==, 6);
    g_assert_cmpuint(result.pdu.header_len, ==, 7);
    g_assert_cmpuint(result.pdu.count, ==, 1);
    g_assert_cmpuint(result.pdu.subheaders[0].lcid, ==, SL_LCID_PC5S);
    assert_body(&result, 0, 7, 3);
    g_assert_cmphex(all_problems(&result.pdu), ==, 0);
    g_free(result.data);
}

static void test_versions(void)
{
    static const struct {
        uint8_t version, destination_bits;
        sl_cast cast;
        unsigned problems;
    } versions[] = {
        {0, 16, SL_CAST_UNKNOWN, SLSCH_VERSION}, {1, 16, SL_ONE_TO_MANY, 0},
        {2, 16, SL_ONE_TO_ONE, 0},               {3, 24, SL_CAST_UNKNOWN, 0},
        {4, 24, SL_CAST_UNKNOWN, SLSCH_VERSION_4}, {5, 16, SL_CAST_UNKNOWN, SLSCH_VERSION},
        {15, 16, SL_CAST_UNKNOWN, SLSCH_VERSION},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        parsed result = PARSE((uint8_t)(versions[i].version << 4), 0x01, 0x02, 0x03, 0x0a, 0x0b, 0x0c, 4, 0x55);
        g_assert_true(result.complete);
        g_assert_cmpuint(result.pdu.version, ==, versions[i].version);
        g_assert_cmpuint(result.pdu.link.destination_bits, ==, versions[i].destination_bits);
        g_assert_cmphex(result.pdu.link.destination, ==, versions[i].destination_bits == 24 ? 0x0a0b0c : 0x0a0b);
        g_assert_cmpint(result.pdu.link.cast, ==, versions[i].cast);
        g_assert_cmphex(result.pdu.problems, ==, versions[i].problems);
        g_assert_cmpuint(result.pdu.subheaders[0].lcid, ==, versions[i].destination_bits == 24 ? 4 : 0x0c);
        g_free(result.data);
    }
}

/* Two SDUs with L of 7 and of 15 bits, and one that takes the rest. */
static void test_several_sdus(void)
{
    uint8_t data[12 + 2 + 300 + 5] = {GROUPCAST, 1 | E, 2, 10 | E, F | 300 >> 8, 300 & 0xff, 30};
    parsed result = parse_cut(data, sizeof data, sizeof data);
    g_assert_true(result.complete);
    g_assert_cmpint(result.pdu.link.cast, ==, SL_ONE_TO_MANY);
    g_assert_cmpuint(result.pdu.count, ==, 3);
    g_assert_cmpuint(result.pdu.subheaders[0].len, ==, 2);
    g_assert_cmpuint(result.pdu.subheaders[1].len, ==, 3);
    g_assert_cmpuint(result.pdu.subheaders[1].offset, ==, 8);
    g_assert_cmpuint(result.pdu.subheaders[1].length, ==, 300);
    assert_body(&result, 0, 12, 2);
    assert_body(&result, 1, 14, 300);
    assert_body(&result, 2, 314, 5);
    g_assert_cmphex(all_problems(&result.pdu), ==, 0);
    g_free(result.data);
}

static void test_padding(void)
{
    /* at the end: more than two octets of it */
    parsed result = PARSE(UNICAST, 4 | E, 2, PADDING, 0x11, 0x22, 0, 0, 0);
    assert_body(&result, 0, 9, 2);
    assert_body(&result, 1, 11, 3);
    g_assert_cmphex(all_problems(&result.pdu), ==, 0);
    g_free(result.data);
    /* a last padding subheader that nothing follows */
    result = PARSE(UNICAST, 4 | E, 2, PADDING, 0x11, 0x22);
    g_assert_true(result.complete && !result.pdu.subheaders[1].body.data);
    g_assert_cmphex(all_problems(&result.pdu), ==, 0);
    g_free(result.data);
    /* in front: one octet, and two */
    result = PARSE(UNICAST, PADDING | E, 4, 0x11);
    g_assert_cmpuint(result.pdu.count, ==, 2);
    assert_body(&result, 1, 8, 1);
    g_assert_cmphex(all_problems(&result.pdu), ==, 0);
    g_free(result.data);
    result = PARSE(UNICAST, PADDING | E, PADDING | E, 4, 0x11);
    assert_body(&result, 2, 9, 1);
    g_assert_cmphex(all_problems(&result.pdu), ==, 0);
    g_free(result.data);
}

/* Each fault is named, and what precedes the fault is read. */
static void test_padding_out_of_place(void)
{
    parsed result = PARSE(UNICAST, PADDING | E, PADDING | E, PADDING | E, PADDING | E, 4, 0x11);
    g_assert_cmphex(result.pdu.subheaders[2].problems, ==, SLSCH_PADDING_MANY);
    g_assert_cmphex(result.pdu.subheaders[3].problems, ==, 0); /* said once */
    assert_body(&result, 4, 11, 1);
    g_free(result.data);
    result = PARSE(UNICAST, 4 | E, 1, PADDING | E, 5, 0x11, 0x22);
    g_assert_cmphex(result.pdu.subheaders[1].problems, ==, SLSCH_PADDING_PLACE);
    assert_body(&result, 0, 10, 1);
    assert_body(&result, 2, 11, 1);
    g_free(result.data);
    result = PARSE(UNICAST, PADDING | E, 4 | E, 1, PADDING, 0x11, 0, 0, 0);
    g_assert_cmphex(result.pdu.subheaders[2].problems, ==, SLSCH_PADDING_TWICE);
    g_free(result.data);
}

static void test_lcids(void)
{
    for (unsigned lcid = 0; lcid < SL_LCID_PADDING; lcid++) {
        parsed result = PARSE(UNICAST, (uint8_t)lcid, 0x11);
        unsigned expected = lcid == 0 || (lcid > 20 && lcid < 28) ? SLSCH_LCID_RESERVED
                            : lcid > 10 && lcid <= 20           ? SLSCH_LCID_DUPLICATE
                                                                : 0;
        g_assert_cmphex(all_problems(&result.pdu), ==, expected);
        assert_body(&result, 0, 7, 1);
        g_free(result.data);
    }
}

static void test_lengths(void)
{
    parsed result = PARSE(UNICAST, 4 | E, 3, 5, 0x11, 0x22); /* L is 3, there are 2 */
    g_assert_true(result.complete);
    g_assert_cmphex(result.pdu.subheaders[0].problems, ==, SLSCH_LENGTH_OVER);
    g_assert_cmphex(result.pdu.subheaders[1].problems, ==, SLSCH_LENGTH_ZERO);
    assert_body(&result, 0, 9, 2);
    g_free(result.data);
    result = PARSE(UNICAST, 4 | E, F, 2, 5, 0x11, 0x22, 0x33); /* 15 bits for 2 */
    g_assert_cmphex(all_problems(&result.pdu), ==, SLSCH_LENGTH_FORM);
    assert_body(&result, 0, 10, 2);
    assert_body(&result, 1, 12, 1);
    g_free(result.data);
    result = PARSE(UNICAST, 4 | E, F | 0x7f, 0xff, 5, 0x11); /* the largest L there is */
    g_assert_cmphex(result.pdu.subheaders[0].problems, ==, SLSCH_LENGTH_OVER);
    assert_body(&result, 0, 10, 1);
    g_free(result.data);
    result = PARSE(UNICAST, 4 | E, 0, 5, 0x11);
    g_assert_cmphex(result.pdu.subheaders[0].problems, ==, SLSCH_LENGTH_ZERO);
    g_assert_null(result.pdu.subheaders[0].body.data);
    assert_body(&result, 1, 9, 1);
    g_free(result.data);
}

static void test_every_cut(void)
{
    static const uint8_t whole[] = {UNICAST, 4 | E, F | 1, 0, PADDING, 0x11};
    for (size_t len = 0; len < 10; len++) {
        parsed result = parse_cut(whole, len, len);
        g_assert_false(result.complete);
        unsigned expected = len < 6 ? SLSCH_HEADER_CUT : len == 6 ? SLSCH_NO_SUBHEADER : SLSCH_SUBHEADER_CUT;
        g_assert_cmphex(all_problems(&result.pdu), ==, expected);
        g_assert_cmpuint(result.pdu.header_len, ==, 0);
        g_free(result.data);
        /* cut by the capture, not by the sender */
        result = parse_cut(whole, len, sizeof whole + 300);
        g_assert_false(result.complete);
        g_assert_cmphex(all_problems(&result.pdu), ==, 0);
        g_free(result.data);
    }
    parsed result = parse_cut(whole, 10, 10);
    g_assert_true(result.complete);
    g_free(result.data);
}

/* Only part of the SDU was captured: its length on the air is told all the same. */
static void test_body_cut_by_the_capture(void)
{
    static const uint8_t whole[] = {UNICAST, 4 | E, 100, 5, 0x11, 0x22};
    parsed result = parse_cut(whole, sizeof whole, 9 + 100 + 20);
    g_assert_true(result.complete);
    g_assert_cmphex(all_problems(&result.pdu), ==, 0);
    g_assert_cmpuint(result.pdu.subheaders[0].body.len, ==, 2);
    g_assert_cmpuint(result.pdu.subheaders[0].body_len, ==, 100);
    g_assert_null(result.pdu.subheaders[1].body.data);
    g_assert_cmpuint(result.pdu.subheaders[1].body_len, ==, 20);
    g_free(result.data);
}

static void test_endless_subheaders(void)
{
    uint8_t data[2000] = {UNICAST};
    memset(data + 6, PADDING | E, sizeof data - 6);
    parsed result = parse_cut(data, sizeof data, sizeof data);
    g_assert_false(result.complete);
    g_assert_cmphex(result.pdu.problems, ==, SLSCH_TOO_MANY);
    g_assert_cmpuint(result.pdu.count, ==, SLSCH_MAX_SUBHEADERS);
    g_free(result.data);
    data[6 + SLSCH_MAX_SUBHEADERS - 1] = 4;
    result = parse_cut(data, sizeof data, sizeof data);
    g_assert_true(result.complete);
    assert_body(&result, SLSCH_MAX_SUBHEADERS - 1, 70, sizeof data - 70);
    g_free(result.data);
}

static void test_same_ids_and_reserved_bits(void)
{
    parsed result = PARSE(0x21, 0x0a, 0x0b, 0x03, 0x0a, 0x0b, 0xc0 | 4, 0x11);
    g_assert_cmphex(result.pdu.problems, ==, SLSCH_SAME_IDS | SLSCH_RESERVED);
    g_assert_cmphex(result.pdu.subheaders[0].problems, ==, SLSCH_SUBHEADER_RESERVED);
    g_free(result.data);
    result = PARSE(0x30, 0x0a, 0x0b, 0x03, 0x0a, 0x0b, 0x04, 4, 0x11);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
    result = PARSE(0x30, 0x0a, 0x0b, 0x03, 0x0a, 0x0b, 0x03, 4, 0x11);
    g_assert_cmphex(result.pdu.problems, ==, SLSCH_SAME_IDS);
    g_free(result.data);
}

/* Whatever the octets are: every body lies within them, bodies do not overlap, and each problem has a text. */
static void test_random_octets(void)
{
    for (unsigned i = 0; i < 50000; i++) {
        uint8_t data[40];
        size_t len = (size_t)g_test_rand_int_range(0, sizeof data + 1);
        for (size_t k = 0; k < len; k++)
            data[k] = (uint8_t)g_test_rand_int_range(0, 256);
        if (len && i % 2)
            data[0] = 0x20;
        size_t air_len = len + (i % 3 ? 0 : 50);
        parsed result = parse_cut(data, len, air_len);
        size_t end = result.pdu.header_len;
        for (unsigned k = 0; k < result.pdu.count; k++) {
            const slsch_subheader *subheader = &result.pdu.subheaders[k];
            if (!subheader->body.data)
                continue;
            g_assert_true(subheader->body.data >= result.data + end);
            end = (size_t)(subheader->body.data - result.data) + subheader->body.len;
            g_assert_cmpuint(end, <=, len);
        }
        unsigned problems = all_problems(&result.pdu), said = 0;
        for (const sl_problem *problem; (problem = slsch_take_problem(&problems)); said |= problem->bit)
            g_assert_nonnull(problem->text);
        g_assert_cmphex(problems, ==, 0);
        g_assert_cmphex(said, ==, all_problems(&result.pdu));
        g_free(result.data);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/slsch/one-sdu", test_one_sdu);
    g_test_add_func("/slsch/versions", test_versions);
    g_test_add_func("/slsch/several-sdus", test_several_sdus);
    g_test_add_func("/slsch/padding", test_padding);
    g_test_add_func("/slsch/padding-out-of-place", test_padding_out_of_place);
    g_test_add_func("/slsch/lcids", test_lcids);
    g_test_add_func("/slsch/lengths", test_lengths);
    g_test_add_func("/slsch/every-cut", test_every_cut);
    g_test_add_func("/slsch/body-cut-by-the-capture", test_body_cut_by_the_capture);
    g_test_add_func("/slsch/endless-subheaders", test_endless_subheaders);
    g_test_add_func("/slsch/same-ids-and-reserved-bits", test_same_ids_and_reserved_bits);
    g_test_add_func("/slsch/random-octets", test_random_octets);
    return g_test_run();
}

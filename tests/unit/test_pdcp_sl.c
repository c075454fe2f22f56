/* PDUs laid out by hand after TS 36.323 figures 6.2.10.1 and 6.2.10.2: SDU type(3) PGK index or R(5) | key ID(16) | SN(16) | data. */
#include "sessions/pdcp_sl.h"

#include <glib.h>

#include <string.h>

#define IP 0x00
#define ARP 0x20
#define PC5S 0x40
#define NON_IP 0x60

static const pdcp_sl_rules DEFAULT_RULES = {0};

typedef struct {
    uint8_t *data;
    bool has_header;
    sl_pdu pdu;
} parsed;

static parsed parse_cut(sl_link link, pdcp_sl_rules rules, const uint8_t *data, size_t len, size_t air_len)
{
    parsed result = {.data = g_memdup2(data, len)};
    result.has_header = pdcp_sl_parse(&result.pdu, &link, &rules, result.data, len, air_len);
    return result;
}

#define PARSE(link, rules, ...) parse_cut(link, rules, (const uint8_t[]){__VA_ARGS__}, \
                                          sizeof((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__}))

static sl_link unicast(uint8_t lcid)
{
    return (sl_link){.source = 0x010203, .destination = 0x0a0b, .destination_bits = 16, .lcid = lcid, .cast = SL_ONE_TO_ONE};
}

static sl_link groupcast(uint8_t lcid)
{
    sl_link link = unicast(lcid);
    link.cast = SL_ONE_TO_MANY;
    return link;
}

static void assert_parts(const parsed *result, size_t data_len, bool has_mac_i)
{
    g_assert_true(result->has_header);
    g_assert_true(result->pdu.header.data == result->data && result->pdu.header.len == 5);
    g_assert_cmpuint(result->pdu.data.len, ==, data_len);
    g_assert_cmpuint(result->pdu.data_len, ==, data_len);
    g_assert_true(data_len == 0 || result->pdu.data.data == result->data + 5);
    g_assert_cmpint(result->pdu.has_mac_i, ==, has_mac_i);
    g_assert_cmpuint(result->pdu.mac_i.len, ==, has_mac_i ? 4 : 0);
    g_assert_true(!has_mac_i || result->pdu.mac_i.data == result->data + 5 + data_len);
}

static void test_not_protected(void)
{
    parsed result = PARSE(unicast(28), DEFAULT_RULES, PC5S, 0, 0, 0, 0, 1, 2, 3, 4, 5);
    assert_parts(&result, 5, false);
    g_assert_cmpuint(result.pdu.sdu_type, ==, PDCP_SL_PC5S);
    g_assert_cmpuint(result.pdu.key_id, ==, 0);
    g_assert_cmphex(result.pdu.link.source, ==, 0x010203);
    g_assert_cmpuint(result.pdu.link.lcid, ==, 28);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
    result = PARSE(groupcast(4), DEFAULT_RULES, IP, 0, 0, 0, 0, 0x45);
    assert_parts(&result, 1, false);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
}

static void test_one_to_one(void)
{
    parsed result = PARSE(unicast(29), DEFAULT_RULES, PC5S, 0x12, 0x34, 0xab, 0xcd, 0x0c, 0, 1, 9, 9, 9, 9);
    assert_parts(&result, 3, true);
    g_assert_cmphex(result.pdu.key_id, ==, 0x1234);
    g_assert_cmphex(result.pdu.sn, ==, 0xabcd);
    g_assert_cmphex(sl_pdu_count(&result.pdu), ==, 0x1234abcd);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
    /* user plane: ciphered, no MAC-I, unless told so */
    result = PARSE(unicast(4), DEFAULT_RULES, IP, 0x12, 0x34, 0, 5, 1, 2, 3, 4, 5, 6);
    assert_parts(&result, 6, false);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
    result = PARSE(unicast(4), ((pdcp_sl_rules){.mac_i_on_all = true}), IP, 0x12, 0x34, 0, 5, 1, 2, 3, 4, 5, 6);
    assert_parts(&result, 2, true);
    g_free(result.data);
}

static void test_one_to_many(void)
{
    parsed result = PARSE(groupcast(4), DEFAULT_RULES, IP | 5, 0x00, 0x07, 0x00, 0x09, 1, 2, 3, 4, 5);
    assert_parts(&result, 5, false);
    g_assert_cmpuint(result.pdu.pgk_index, ==, 5);
    g_assert_cmphex(sl_pdu_count(&result.pdu), ==, 0x00070009);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
    result = PARSE(groupcast(4), ((pdcp_sl_rules){.mac_i_on_all = true}), IP | 5, 0, 7, 0, 9, 1, 2, 3, 4, 5);
    assert_parts(&result, 5, false);
    g_free(result.data);
}

static void test_cast_where_mac_does_not_tell(void)
{
    static const struct {
        uint8_t lcid, first;
        sl_cast mac, rule, expected;
    } cases[] = {
        {4, IP, SL_CAST_UNKNOWN, SL_CAST_UNKNOWN, SL_ONE_TO_ONE},
        {4, IP | 1, SL_CAST_UNKNOWN, SL_CAST_UNKNOWN, SL_ONE_TO_MANY},
        {4, IP, SL_CAST_UNKNOWN, SL_ONE_TO_MANY, SL_ONE_TO_MANY},
        {4, IP | 1, SL_CAST_UNKNOWN, SL_ONE_TO_ONE, SL_ONE_TO_ONE},
        {4, IP | 1, SL_ONE_TO_ONE, SL_ONE_TO_MANY, SL_ONE_TO_ONE},
        {4, IP, SL_ONE_TO_MANY, SL_ONE_TO_ONE, SL_ONE_TO_MANY},
        {30, PC5S | 1, SL_CAST_UNKNOWN, SL_ONE_TO_MANY, SL_ONE_TO_ONE},
        {30, PC5S, SL_ONE_TO_MANY, SL_CAST_UNKNOWN, SL_ONE_TO_ONE},
        {0, PC5S, SL_CAST_UNKNOWN, SL_CAST_UNKNOWN, SL_ONE_TO_ONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        sl_link link = unicast(cases[i].lcid);
        link.cast = cases[i].mac;
        parsed result = PARSE(link, ((pdcp_sl_rules){.cast = cases[i].rule}), cases[i].first, 0, 7, 0, 1, 1, 2, 3, 4, 5);
        g_assert_cmpint(result.pdu.link.cast, ==, cases[i].expected);
        g_free(result.data);
    }
}

/* With no channel known the SDU type alone tells of a MAC-I. */
static void test_without_channel(void)
{
    parsed result = PARSE((sl_link){0}, DEFAULT_RULES, PC5S, 0x12, 0x34, 0, 1, 1, 2, 3, 4, 5);
    assert_parts(&result, 1, true);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
    result = PARSE((sl_link){0}, DEFAULT_RULES, ARP, 0x12, 0x34, 0, 1, 1, 2, 3, 4, 5);
    assert_parts(&result, 5, false);
    g_assert_cmphex(result.pdu.problems, ==, 0);
    g_free(result.data);
}

static void test_every_cut(void)
{
    static const uint8_t whole[] = {PC5S, 0x12, 0x34, 0, 1, 0x0d, 0, 1, 9, 9, 9, 9};
    for (size_t len = 0; len < 5; len++) {
        parsed result = parse_cut(unicast(29), DEFAULT_RULES, whole, len, len);
        g_assert_false(result.has_header);
        g_assert_cmphex(result.pdu.problems, ==, PDCP_SL_HEADER_CUT);
        g_free(result.data);
        result = parse_cut(unicast(29), DEFAULT_RULES, whole, len, sizeof whole);
        g_assert_false(result.has_header);
        g_assert_cmphex(result.pdu.problems, ==, 0);
        g_free(result.data);
    }
    for (size_t len = 5; len < sizeof whole; len++) {
        /* as sent: the last four octets are the MAC-I, if there are four */
        parsed result = parse_cut(unicast(29), DEFAULT_RULES, whole, len, len);
        if (len < 9) {
            assert_parts(&result, len - 5, false);
            g_assert_cmphex(result.pdu.problems, ==, PDCP_SL_NO_ROOM_FOR_MAC_I | (len == 5 ? PDCP_SL_EMPTY : 0));
        } else {
            assert_parts(&result, len - 9, true);
            g_assert_cmphex(result.pdu.problems, ==, len == 9 ? PDCP_SL_EMPTY : 0);
        }
        g_free(result.data);
        /* as captured: where the MAC-I was is known, it is not there */
        result = parse_cut(unicast(29), DEFAULT_RULES, whole, len, sizeof whole);
        g_assert_true(result.pdu.has_mac_i && !result.pdu.mac_i.data);
        g_assert_cmpuint(result.pdu.data_len, ==, 3);
        g_assert_cmpuint(result.pdu.data.len, ==, MIN(len - 5, 3));
        g_assert_cmphex(result.pdu.problems, ==, 0);
        g_free(result.data);
    }
}

static void test_faults(void)
{
    static const struct {
        uint8_t lcid, header[5];
        sl_cast cast;
        unsigned problems;
    } faults[] = {
        {4, {0x80, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_SDU_TYPE},
        {4, {0xa0, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_SDU_TYPE},
        {4, {0xc0, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_SDU_TYPE},
        {4, {0xe0, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_SDU_TYPE},
        {4, {IP | 0x10, 0, 1, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_RESERVED},
        {29, {PC5S, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_NO_KEY_ID},
        {30, {PC5S, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_NO_KEY_ID},
        {28, {PC5S, 0x12, 0x34, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_KEY_ID_ON_PLAIN},
        {4, {IP | 3, 0, 0, 0, 0}, SL_ONE_TO_MANY, PDCP_SL_PGK_WITHOUT_PTK},
        {28, {PC5S, 0, 0, 0, 1}, SL_ONE_TO_ONE, PDCP_SL_SN_OF_PLAIN},
        {4, {PC5S, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_TYPE_ON_CHANNEL},
        {28, {IP, 0, 0, 0, 0}, SL_ONE_TO_ONE, PDCP_SL_TYPE_ON_CHANNEL},
        {28, {PC5S, 0, 0, 0, 0}, SL_ONE_TO_MANY, PDCP_SL_GROUPCAST_PC5S},
        {4, {ARP, 0, 0, 0, 0}, SL_ONE_TO_ONE, 0},
        {4, {NON_IP, 0, 0, 0, 0}, SL_ONE_TO_ONE, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        uint8_t data[15] = {0};
        memcpy(data, faults[i].header, 5);
        sl_link link = unicast(faults[i].lcid);
        link.cast = faults[i].cast;
        parsed result = parse_cut(link, DEFAULT_RULES, data, sizeof data, sizeof data);
        g_assert_true(result.has_header);
        g_assert_cmphex(result.pdu.problems, ==, faults[i].problems);
        g_free(result.data);
    }
}

static void test_lengths(void)
{
    uint8_t *data = g_malloc0(5 + 8188 + 4 + 1);
    static const struct {
        size_t len;
        unsigned problems;
    } protected[] = {{5 + 8188 + 4, 0}, {5 + 8188 + 5, PDCP_SL_TOO_LONG}};
    data[0] = PC5S;
    data[2] = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(protected); i++) {
        parsed result = parse_cut(unicast(30), DEFAULT_RULES, data, protected[i].len, protected[i].len);
        g_assert_cmphex(result.pdu.problems, ==, protected[i].problems);
        g_free(result.data);
    }
    g_free(data);
}

static void test_what_the_sdu_is(void)
{
    for (unsigned first = 0; first < 256; first++) {
        const uint8_t sdu[] = {(uint8_t)first, 0, 0, 0};
        sl_pdu pdu = {.sdu_type = PDCP_SL_IP};
        pdcp_sl_check_sdu(&pdu, sdu, sizeof sdu);
        bool is_ip = first >> 4 == 4 || first >> 4 == 6;
        g_assert_cmphex(pdu.problems, ==, is_ip ? 0 : PDCP_SL_NOT_IP);
        pdu = (sl_pdu){.sdu_type = PDCP_SL_ARP};
        pdcp_sl_check_sdu(&pdu, sdu, sizeof sdu);
        g_assert_cmphex(pdu.problems, ==, 0);
    }
    sl_pdu pdu = {.sdu_type = PDCP_SL_IP};
    pdcp_sl_check_sdu(&pdu, NULL, 0);
    g_assert_cmphex(pdu.problems, ==, 0);
}

static void test_every_problem_has_a_text(void)
{
    unsigned problems = UINT_MAX, count = 0;
    for (const sl_problem *problem; (problem = pdcp_sl_take_problem(&problems)); count++)
        g_assert_nonnull(problem->text);
    g_assert_cmpuint(count, ==, 16);
    g_assert_cmphex(problems, ==, UINT_MAX << 16);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdcp-sl/not-protected", test_not_protected);
    g_test_add_func("/pdcp-sl/one-to-one", test_one_to_one);
    g_test_add_func("/pdcp-sl/one-to-many", test_one_to_many);
    g_test_add_func("/pdcp-sl/cast-where-mac-does-not-tell", test_cast_where_mac_does_not_tell);
    g_test_add_func("/pdcp-sl/without-channel", test_without_channel);
    g_test_add_func("/pdcp-sl/every-cut", test_every_cut);
    g_test_add_func("/pdcp-sl/faults", test_faults);
    g_test_add_func("/pdcp-sl/lengths", test_lengths);
    g_test_add_func("/pdcp-sl/what-the-sdu-is", test_what_the_sdu_is);
    g_test_add_func("/pdcp-sl/every-problem-has-a-text", test_every_problem_has_a_text);
    return g_test_run();
}

#include "sessions/sl_sn_use.h"

#include <glib.h>

static const uint8_t SOME[] = {1, 2, 3, 4, 5}, OTHER[] = {1, 2, 3, 4, 6};

static sl_pdu pdu_of(uint32_t frame, uint16_t key_id, uint16_t sn, const uint8_t *data)
{
    return (sl_pdu){.frame = frame, .key_id = key_id, .sn = sn, .data = {data, sizeof SOME}, .data_len = sizeof SOME,
                    .link = {.source = 0x010203, .destination = 0x0a0b, .destination_bits = 16, .lcid = 4,
                             .cast = SL_ONE_TO_ONE}};
}

static unsigned note(sl_sn_use *use, sl_pdu pdu)
{
    pdu.problems = 0;
    sl_sn_use_note(use, &pdu, 0);
    return pdu.problems;
}

static void test_same_and_other_data(void)
{
    sl_sn_use *use = sl_sn_use_new();
    g_assert_cmphex(note(use, pdu_of(1, 7, 5, SOME)), ==, 0);
    g_assert_cmphex(note(use, pdu_of(2, 7, 6, SOME)), ==, 0);
    g_assert_cmphex(note(use, pdu_of(3, 7, 5, SOME)), ==, PDCP_SL_SN_REPEATED);
    g_assert_cmphex(note(use, pdu_of(4, 7, 5, OTHER)), ==, PDCP_SL_SN_REUSED);
    /* visited again, in another order */
    g_assert_cmphex(note(use, pdu_of(4, 7, 5, OTHER)), ==, PDCP_SL_SN_REUSED);
    g_assert_cmphex(note(use, pdu_of(1, 7, 5, SOME)), ==, 0);
    g_assert_cmphex(note(use, pdu_of(3, 7, 5, SOME)), ==, PDCP_SL_SN_REPEATED);
    sl_sn_use_free(use);
}

/* Several PDUs in one frame have each their own finding. */
static void test_several_in_a_frame(void)
{
    sl_sn_use *use = sl_sn_use_new();
    note(use, pdu_of(1, 7, 5, SOME));
    for (unsigned visit = 0; visit < 2; visit++) {
        g_assert_cmphex(note(use, pdu_of(2, 7, 4, SOME)), ==, 0);
        g_assert_cmphex(note(use, pdu_of(2, 7, 5, OTHER)), ==, PDCP_SL_SN_REUSED);
        g_assert_cmphex(note(use, pdu_of(2, 7, 6, OTHER)), ==, 0);
    }
    sl_sn_use_free(use);
}

/* A key is known by all that names it, and goes for one bearer of one sender. */
static void test_keys_are_apart(void)
{
    sl_sn_use *use = sl_sn_use_new();
    sl_pdu pdu = pdu_of(1, 7, 5, SOME);
    note(use, pdu);
    sl_pdu others[6];
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        others[i] = pdu_of(2 + i, 7, 5, OTHER);
    others[0].key_id = 8;
    others[1].link.source++;
    others[2].link.destination++;
    others[3].link.lcid++;
    others[4].link.cast = SL_ONE_TO_MANY;
    others[5].link.cast = SL_ONE_TO_MANY;
    others[5].pgk_index = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmphex(note(use, others[i]), ==, 0);
    sl_pdu reserved_bits = pdu_of(20, 7, 5, OTHER);
    reserved_bits.pgk_index = 1;
    g_assert_cmphex(note(use, reserved_bits), ==, PDCP_SL_SN_REUSED);
    sl_sn_use_free(use);
}

static void test_left_alone(void)
{
    sl_sn_use *use = sl_sn_use_new();
    g_assert_cmphex(note(use, pdu_of(1, 0, 0, SOME)), ==, 0);
    g_assert_cmphex(note(use, pdu_of(2, 0, 0, OTHER)), ==, 0); /* not protected */
    g_assert_cmphex(note(use, pdu_of(3, 7, 5, SOME)), ==, 0);
    sl_pdu cut = pdu_of(4, 7, 5, SOME);
    cut.data.len--;
    g_assert_cmphex(note(use, cut), ==, 0);
    cut = pdu_of(5, 7, 5, OTHER);
    cut.has_mac_i = true;
    g_assert_cmphex(note(use, cut), ==, 0);
    sl_sn_use_free(use);
}

static void test_sn_comes_round(void)
{
    sl_sn_use *use = sl_sn_use_new();
    g_assert_cmphex(note(use, pdu_of(1, 7, 65535, SOME)), ==, 0);
    g_assert_cmphex(note(use, pdu_of(2, 7, 0, SOME)), ==, PDCP_SL_SN_BEGAN_ANEW);
    g_assert_cmphex(note(use, pdu_of(3, 7, 1, SOME)), ==, 0);
    g_assert_cmphex(note(use, pdu_of(4, 7, 65534, SOME)), ==, 0); /* a late one */
    g_assert_cmphex(note(use, pdu_of(5, 8, 2, SOME)), ==, 0);
    sl_sn_use_free(use);
}

static void test_many_keys(void)
{
    sl_sn_use *use = sl_sn_use_new();
    uint32_t frame = 1;
    for (unsigned i = 0; i <= SL_SN_USE_MAX_KEYS; i++)
        g_assert_cmphex(note(use, pdu_of(frame++, (uint16_t)(1 + i), 5, SOME)), ==, 0);
    for (unsigned i = SL_SN_USE_MAX_KEYS; i > 0; i--)
        g_assert_cmphex(note(use, pdu_of(frame++, (uint16_t)(1 + i), 5, OTHER)), ==, PDCP_SL_SN_REUSED);
    g_assert_cmphex(note(use, pdu_of(frame++, 1, 5, OTHER)), ==, 0); /* forgotten */
    sl_sn_use_free(use);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sl-sn-use/same-and-other-data", test_same_and_other_data);
    g_test_add_func("/sl-sn-use/several-in-a-frame", test_several_in_a_frame);
    g_test_add_func("/sl-sn-use/keys-are-apart", test_keys_are_apart);
    g_test_add_func("/sl-sn-use/left-alone", test_left_alone);
    g_test_add_func("/sl-sn-use/sn-comes-round", test_sn_comes_round);
    g_test_add_func("/sl-sn-use/many-keys", test_many_keys);
    return g_test_run();
}

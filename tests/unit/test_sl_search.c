/* The worked example's Direct Security Mode Command is found back from preferences that differ from what it was made by, one at a time. */
#include "sessions/sl_search.h"

#include "d2d_example.h"

#include <string.h>

static const sl_profile *const RIGHT = &SL_PROFILE_DEFAULT;

static void set_octets(const char *hex, uint8_t *octets, uint8_t *len)
{
    vector_octets parsed;
    vector_parse_hex(hex, &parsed);
    memcpy(octets, parsed.data, parsed.len);
    *len = (uint8_t)parsed.len;
}

static kd_sdes_key sdes_key(const char *key, const char *salt)
{
    kd_sdes_key made = {.key_len = 0};
    set_octets(key, made.octets, &made.key_len);
    set_octets(salt, made.octets + made.key_len, &made.salt_len);
    return made;
}

static kd_candidate candidate_of(kd_kind kind)
{
    const d2d_example *example = d2d_example_get();
    kd_candidate made = {.kind = kind};
    if (kind == KD_OF_SDES) {
        made.offer = sdes_key(example->k1, example->salt1);
        made.answer = sdes_key(example->k2, example->salt2);
    } else {
        uint8_t len;
        set_octets(example->kd, made.key.octets, &len);
        made.key.len = len;
    }
    return made;
}

static kd_candidate wrong_candidate(void)
{
    kd_candidate made = candidate_of(KD_OF_SDES);
    made.answer.octets[0] ^= 1;
    return made;
}

static bool find(const sl_profile *from, const kd_candidate *candidates, unsigned count, sl_found *found)
{
    const d2d_example *example = d2d_example_get();
    const sl_pdu command = d2d_pdu_parse(&example->frames[D2D_COMMAND], 3);
    pc5_context signalled = {.has_nonce_1 = true, .has_nonce_2 = true, .has_algorithms = true, .algorithms = 0x22};
    memcpy(signalled.nonce_1, example->nonce_1.data, sizeof signalled.nonce_1);
    memcpy(signalled.nonce_2, example->nonce_2.data, sizeof signalled.nonce_2);
    GArray *list = g_array_new(FALSE, FALSE, sizeof(kd_candidate));
    g_array_append_vals(list, candidates, count);
    g_autoptr(GTimer) timer = g_timer_new();
    bool is_found = sl_search(list, &signalled, &command, from, found);
    g_test_message("%.3f s", g_timer_elapsed(timer, NULL));
    g_array_unref(list);
    return is_found;
}

static void assert_found(const sl_profile *from, kd_kind kind)
{
    const kd_candidate candidate = candidate_of(kind);
    const uint8_t lcid = SL_LCID_PC5S_SECURITY_MODE;
    vector_octets kd_sess;
    sl_found found;
    vector_parse_hex(d2d_example_get()->kd_sess, &kd_sess);
    g_assert_true(find(from, &candidate, 1, &found));
    g_assert_cmpuint(found.candidate, ==, 0);
    g_assert_cmpmem(found.kd_sess.octets, found.kd_sess.len, kd_sess.data, kd_sess.len);
    /* What the command shows of them; a rule that gives the same as another cannot be told from it. */
    g_assert_cmpuint(sl_bearer(found.profile.reading.bearer, lcid), ==, sl_bearer(RIGHT->reading.bearer, lcid));
    g_assert_cmpuint(sl_direction(found.profile.reading.direction, true), ==, sl_direction(RIGHT->reading.direction, true));
    g_assert_true(found.profile.reading.mac_i_over_data == RIGHT->reading.mac_i_over_data);
    found.profile.reading = RIGHT->reading;
    g_autofree char *departures = sl_profile_departures(&found.profile, &found.profile.reading, RIGHT);
    g_assert_cmpstr(departures, ==, "");
}

static void test_reading(void)
{
    for (int bearer = 0; bearer <= SL_BEARER_LCID_LESS_ONE; bearer++) {
        sl_profile from = *RIGHT;
        from.reading.bearer = (uint8_t)bearer;
        assert_found(&from, KD_LOGGED);
    }
    for (unsigned rule = 0; rule < SL_DIRECTION_RULES; rule++) {
        sl_profile from = *RIGHT;
        from.reading.direction = (sl_direction_rule)rule;
        assert_found(&from, KD_LOGGED);
    }
    sl_profile from = *RIGHT;
    from.reading.mac_i_over_data = true;
    assert_found(&from, KD_LOGGED);
}

static void test_prose(void)
{
    sl_profile from[6];
    for (unsigned i = 0; i < G_N_ELEMENTS(from); i++)
        from[i] = *RIGHT;
    from[0].prose.kd_sess_fc = 0x7f;
    from[1].prose.kd_sess_fc = 0x00;
    from[2].prose.traffic_key_fc = 0x7e;
    from[3].prose.nonce_2_first = true;
    from[4].prose.algorithm_first = true;
    from[5].prose.upper_half = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(from); i++)
        assert_found(&from[i], KD_LOGGED);
    for (unsigned method = PROSE_KD_SESS_NONCE_1; method <= PROSE_KD_SESS_IS_KD; method++) {
        from[0] = *RIGHT;
        from[0].prose.kd_sess_method = (prose_kd_sess_method)method;
        assert_found(&from[0], KD_LOGGED);
    }
}

static void test_sdes(void)
{
    for (unsigned method = SDES_KD_FC_ALONE; method <= SDES_KD_MIKEY_PRF; method++) {
        sl_profile from = *RIGHT;
        from.sdes.method = (sdes_kd_method)method;
        assert_found(&from, KD_OF_SDES);
    }
    sl_profile from[4];
    for (unsigned i = 0; i < G_N_ELEMENTS(from); i++)
        from[i] = *RIGHT;
    from[0].sdes.key_part = SDES_KD_KEY_AND_SALT;
    from[1].sdes.key_part = SDES_KD_INLINE;
    from[2].sdes.order = SDES_KD_ANSWER_FIRST;
    from[3].sdes.fc = 0x12;
    for (unsigned i = 0; i < G_N_ELEMENTS(from); i++)
        assert_found(&from[i], KD_OF_SDES);
}

static void test_tek(void)
{
    for (unsigned method = TEK_KD_LABEL; method <= TEK_KD_TWICE; method++) {
        sl_profile from = *RIGHT;
        from.tek.method = (tek_kd_method)method;
        assert_found(&from, KD_OF_TEK);
    }
}

/* The right one among others, and beyond those that are tried. */
static void test_candidates(void)
{
    sl_profile from = *RIGHT;
    kd_candidate candidates[SL_SEARCH_MAX_CANDIDATES + 1];
    sl_found found;
    from.prose.kd_sess_fc = 0x7f;
    for (unsigned i = 0; i < G_N_ELEMENTS(candidates); i++)
        candidates[i] = wrong_candidate();
    candidates[1] = candidate_of(KD_OF_SDES);
    g_assert_true(find(&from, candidates, 2, &found));
    g_assert_cmpuint(found.candidate, ==, 1);
    candidates[1] = candidates[0];
    candidates[SL_SEARCH_MAX_CANDIDATES] = candidate_of(KD_OF_SDES);
    g_assert_false(find(&from, candidates, G_N_ELEMENTS(candidates), &found));
    g_assert_false(find(&from, candidates, 0, &found));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sl_search/reading", test_reading);
    g_test_add_func("/sl_search/prose", test_prose);
    g_test_add_func("/sl_search/sdes", test_sdes);
    g_test_add_func("/sl_search/tek", test_tek);
    g_test_add_func("/sl_search/candidates", test_candidates);
    return g_test_run();
}

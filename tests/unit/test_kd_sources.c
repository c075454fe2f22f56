/* Which SDES keys are coupled, in what order candidates for KD stand, and how many there may be. */
#include "sessions/kd_sources.h"

#include <string.h>

#define CM_80 "AES_CM_128_HMAC_SHA1_80"
#define CM_32 "AES_CM_128_HMAC_SHA1_32"

/* --- a scene ------------------------------------------------------------------------------------------------------- */

typedef struct {
    session_keys *keys;
    mikey_sessions *mikey;
    kd_sources *sources;
} kd_scene;

static const pc5_context ANY = {.is_rekeying = false};

static kd_scene scene_new(void)
{
    kd_scene made = {.keys = session_keys_new()};
    made.mikey = mikey_sessions_new(made.keys);
    made.sources = kd_sources_new(made.mikey);
    return made;
}

static void scene_free(kd_scene *scene)
{
    kd_sources_free(scene->sources);
    mikey_sessions_free(scene->mikey);
    session_keys_free(scene->keys);
}

static pc5_id end(uint8_t number, uint8_t len)
{
    return (pc5_id){.octets = {number, number, number}, .len = len};
}

/* A line whose key has that octet throughout. */
static char *crypto(unsigned tag, const char *suite, uint8_t octet)
{
    uint8_t key_salt[30];
    memset(key_salt, octet, sizeof key_salt);
    g_autofree char *text = g_base64_encode(key_salt, sizeof key_salt);
    return g_strdup_printf("a=crypto:%u %s inline:%s\r\n", tag, suite, text);
}

static void add_text(kd_scene *scene, uint32_t frame, uint8_t from, uint8_t to, const char *call_id, const char *lines)
{
    g_autofree char *text = g_strconcat("v=0\r\nm=audio 2000 RTP/SAVP 0\r\n", lines, NULL);
    const kd_body_arrival arrival = {.frame = frame,
                                     .source = end(from, 3),
                                     .destination = end(to, 2),
                                     .call_id = {call_id, call_id ? strlen(call_id) : 0}};
    sdp_body *body = sdp_parse(text, strlen(text));
    g_assert_nonnull(body);
    kd_sources_add_sdp(scene->sources, &arrival, body);
    sdp_free(body);
}

static void add(kd_scene *scene, uint32_t frame, uint8_t from, uint8_t to, const char *call_id, uint8_t octet)
{
    g_autofree char *line = crypto(1, CM_80, octet);
    add_text(scene, frame, from, to, call_id, line);
}

static void add_line(kd_scene *scene, const char *line)
{
    g_autofree char *error = NULL;
    keylog_entry *entry;
    g_assert_true(keylog_parse_line(line, strlen(line), &entry, &error));
    entry->line = 1 + kd_sources_count(scene->sources);
    kd_sources_add_logged(scene->sources, entry);
    keylog_entry_free(entry);
}

static void assert_is(const kd_candidate *candidate, uint8_t offer, uint8_t answer)
{
    uint8_t octets[16 + 14];
    g_assert_nonnull(candidate);
    g_assert_cmpint(candidate->kind, ==, KD_OF_SDES);
    memset(octets, offer, sizeof octets);
    g_assert_cmpmem(candidate->offer.octets, candidate->offer.key_len + candidate->offer.salt_len, octets, sizeof octets);
    memset(octets, answer, sizeof octets);
    g_assert_cmpmem(candidate->answer.octets, candidate->answer.key_len + candidate->answer.salt_len, octets, sizeof octets);
}

/* The couples that were found, the newest first: all candidates of a context that nothing is known of. */
static GArray *couples_of(const kd_scene *scene)
{
    static const pc5_context unknown = {.is_rekeying = false};
    return kd_sources_candidates(scene->sources, &unknown);
}

/* number: in the order in which they were found. */
static const kd_candidate *couple_at(const GArray *couples, unsigned number)
{
    g_assert_cmpuint(number, <, couples->len);
    return &g_array_index(couples, kd_candidate, couples->len - 1 - number);
}

static void assert_couple(const kd_scene *scene, unsigned number, uint8_t offer, uint8_t answer)
{
    GArray *couples = couples_of(scene);
    assert_is(couple_at(couples, number), offer, answer);
    g_array_unref(couples);
}

static void assert_couples(const kd_scene *scene, unsigned count)
{
    g_assert_cmpuint(kd_sources_count(scene->sources), ==, count);
    GArray *couples = couples_of(scene);
    g_assert_cmpuint(couples->len, ==, MIN(count, KD_MAX_CANDIDATES));
    g_array_unref(couples);
}

/* --- couples ------------------------------------------------------------------------------------------------------- */

static void test_direction(void)
{
    kd_scene scene = scene_new();
    add(&scene, 1, 1, 2, NULL, 0x11);
    add(&scene, 2, 1, 2, NULL, 0x12);
    add(&scene, 3, 3, 1, NULL, 0x31);
    assert_couples(&scene, 0);
    add(&scene, 4, 2, 1, NULL, 0x21);
    assert_couples(&scene, 1);
    assert_couple(&scene, 0, 0x12, 0x21);
    GArray *couples = couples_of(&scene);
    g_assert_cmpuint(couple_at(couples, 0)->offer_frame, ==, 2);
    g_assert_cmpuint(couple_at(couples, 0)->frame, ==, 4);
    g_array_unref(couples);
    scene_free(&scene);
}

/* A later pass brings the same bodies in the same frames. */
static void test_visited_again(void)
{
    kd_scene scene = scene_new();
    for (unsigned pass = 0; pass < 3; pass++) {
        add(&scene, 1, 1, 2, "a", 0x11);
        add(&scene, 2, 2, 1, "a", 0x21);
        assert_couples(&scene, 1);
    }
    add(&scene, 3, 2, 1, "a", 0x21); /* the answer again */
    assert_couples(&scene, 2);
    assert_couple(&scene, 1, 0x11, 0x21);
    scene_free(&scene);
}

static void test_call_id(void)
{
    kd_scene scene = scene_new();
    add(&scene, 1, 1, 2, "a", 0x11);
    add(&scene, 2, 1, 2, "b", 0x12);
    add(&scene, 3, 1, 2, NULL, 0x13);
    add(&scene, 4, 2, 1, "a", 0x21);
    assert_couple(&scene, 0, 0x11, 0x21);
    add(&scene, 5, 2, 1, "b", 0x22);
    assert_couple(&scene, 1, 0x12, 0x22);
    add(&scene, 6, 2, 1, "c", 0x23); /* of a call whose offer is not there: the newest */
    assert_couple(&scene, 2, 0x13, 0x23);
    assert_couples(&scene, 3);
    scene_free(&scene);
}

static void test_tag_and_suite(void)
{
    kd_scene scene = scene_new();
    g_autofree char *first = crypto(1, CM_80, 0x11), *second = crypto(2, CM_32, 0x12);
    g_autofree char *both = g_strconcat(first, second, NULL);
    g_autofree char *other_suite = crypto(1, CM_32, 0x21), *other_tag = crypto(3, CM_32, 0x22), *right = crypto(2, CM_32, 0x23);
    g_autofree char *unknown = crypto(1, "NO_SUCH_SUITE", 0x24), *cut = g_strdup("a=crypto:1 " CM_80 " inline:AAEC\r\n");
    add_text(&scene, 1, 1, 2, NULL, both);
    add_text(&scene, 2, 2, 1, NULL, other_suite);
    add_text(&scene, 3, 2, 1, NULL, other_tag);
    add_text(&scene, 4, 2, 1, NULL, unknown);
    add_text(&scene, 5, 2, 1, NULL, cut);
    assert_couples(&scene, 0);
    add_text(&scene, 6, 2, 1, NULL, right);
    assert_couples(&scene, 1);
    assert_couple(&scene, 0, 0x12, 0x23);
    g_assert_cmpuint(kd_sources_suites(scene.sources)->len, ==, 1);
    g_assert_true(kd_sources_suites(scene.sources)->pdata[0] == crypto_suite_by_name(CM_32, strlen(CM_32)));
    scene_free(&scene);
}

/* --- candidates ---------------------------------------------------------------------------------------------------- */

#define KEY "000102030405060708090a0b0c0d0e0f"
#define SALT "101112131415161718191a1b1c1d"

static void test_order(void)
{
    kd_scene scene = scene_new();
    add_line(&scene, "D2D_KD 00000007 07" KEY);
    add_line(&scene, "D2D_KD * 0a" KEY);
    add_line(&scene, "D2D_KD 00000008 08" KEY);
    add_line(&scene, "SDES_K1 * " KEY SALT);
    add_line(&scene, "SDES_K2 * " KEY SALT);
    add(&scene, 1, 1, 2, NULL, 0x11);
    add(&scene, 2, 2, 1, NULL, 0x21);
    add(&scene, 3, 3, 4, NULL, 0x12);
    add(&scene, 4, 4, 3, NULL, 0x22);
    const pc5_context context = {.has_kd_id = true, .kd_id = 8, .offer.frame = 1};
    GArray *found = kd_sources_candidates(scene.sources, &context);
    const kd_candidate *candidates = &g_array_index(found, kd_candidate, 0);
    g_assert_cmpuint(found->len, ==, 6);
    assert_is(&candidates[0], 0x11, 0x21); /* its own offer */
    g_assert_cmpuint(candidates[1].key.octets[0], ==, 8); /* of its KD ID */
    g_assert_cmpuint(candidates[2].key.octets[0], ==, 0x0a);
    g_assert_cmpint(candidates[3].kind, ==, KD_OF_SDES);
    g_assert_cmpuint(candidates[3].line, ==, 5); /* of the log */
    assert_is(&candidates[4], 0x12, 0x22);
    g_assert_cmpuint(candidates[5].key.octets[0], ==, 7); /* of another KD ID */
    g_array_unref(found);
    scene_free(&scene);
}

/* K1 and K2 go together where their selectors are the same, and a pair of Layer-2 IDs wants that pair. */
static void test_logged_keys(void)
{
    static const pc5_context of_pair = {.initiator = {{1, 2, 3}, 3}, .responder = {{4, 5}, 2}},
                             reversed = {.initiator = {{4, 5, 6}, 3}, .responder = {{1, 2}, 2}};
    const struct {
        const char *first, *second;
        const pc5_context *context;
        unsigned count;
    } cases[] = {
        {"SDES_K1 * " KEY, "SDES_K2 * " KEY, &ANY, 1},
        {"SDES_K1 call=a " KEY, "SDES_K2 call=a " KEY, &ANY, 1},
        {"SDES_K1 call=a " KEY, "SDES_K2 call=b " KEY, &ANY, 0},
        {"SDES_K1 call=a " KEY, "SDES_K2 * " KEY, &ANY, 0},
        {"SDES_K1 * " KEY, "SDES_K1 * " KEY, &ANY, 0},
        {"SDES_K1 010203-040506 " KEY, "SDES_K2 010203-040506 " KEY, &of_pair, 1},
        {"SDES_K1 010203-040506 " KEY, "SDES_K2 010203-040506 " KEY, &reversed, 0},
        {"SDES_K1 010203-040506 " KEY, "SDES_K2 010203-040507 " KEY, &of_pair, 0},
        {"SDES_K1 010203-040506 " KEY, "SDES_K2 010203-040506 " KEY, &ANY, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        kd_scene scene = scene_new();
        g_test_message("%s, %s", cases[i].first, cases[i].second);
        add_line(&scene, cases[i].first);
        add_line(&scene, cases[i].second);
        GArray *found = kd_sources_candidates(scene.sources, cases[i].context);
        g_assert_cmpuint(found->len, ==, cases[i].count);
        g_array_unref(found);
        scene_free(&scene);
    }
}

/* --- limits -------------------------------------------------------------------------------------------------------- */

/* 64 lines of one tag against as many: each body would bring 4096 couples. */
static void test_limits(void)
{
    enum { BODIES = KD_MAX_COUPLES / (KD_MAX_LINES * KD_MAX_LINES) + 2 };
    g_autoptr(GString) lines = g_string_new(NULL);
    kd_scene scene = scene_new();
    for (unsigned i = 0; i < KD_MAX_LINES + 8; i++) {
        g_autofree char *line = crypto(1, CM_80, (uint8_t)i);
        g_string_append(lines, line);
    }
    add_text(&scene, 1, 1, 2, NULL, lines->str);
    add_text(&scene, 2, 2, 1, NULL, lines->str);
    assert_couples(&scene, KD_MAX_LINES * KD_MAX_LINES);
    for (unsigned i = 1; i < BODIES; i++)
        add_text(&scene, 2 + i, 2, 1, NULL, lines->str);
    assert_couples(&scene, KD_MAX_COUPLES);
    GArray *found = kd_sources_candidates(scene.sources, &ANY);
    g_assert_cmpuint(found->len, ==, KD_MAX_CANDIDATES);
    g_array_unref(found);
    scene_free(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kd_sources/direction", test_direction);
    g_test_add_func("/kd_sources/visited_again", test_visited_again);
    g_test_add_func("/kd_sources/call_id", test_call_id);
    g_test_add_func("/kd_sources/tag_and_suite", test_tag_and_suite);
    g_test_add_func("/kd_sources/order", test_order);
    g_test_add_func("/kd_sources/logged_keys", test_logged_keys);
    g_test_add_func("/kd_sources/limits", test_limits);
    return g_test_run();
}

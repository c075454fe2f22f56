#include "reports/verify_build.h"
#include "reports/verify_judge.h"

#include <glib.h>
#include <string.h>

/* --- a report of one session with one stream ------------------------------------------------------------------------ */

typedef struct {
    verify_report *report;
    verify_session *session;
    verify_stream stream;
    verify_stretch with_key, without_key;
    session_key key;
} scene;

/* 100 packets of frames 10 to 109 that the key of frame 5 opened. */
static void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    s->report = verify_report_new();
    s->session = verify_report_add_session(s->report, "SDES");
    s->key.frame = 5;
    s->with_key.key = &s->key;
    s->with_key.counts = (verify_counts){.packets = 100, .authenticated = 100, .decrypted = 100, .first_frame = 10, .last_frame = 109,
                                         .has_index = true, .first_index = 1000, .last_index = 1099, .distinct = 100};
    s->stream.total = (verify_counts){.packets = 100, .authenticated = 100, .decrypted = 100, .first_frame = 10, .last_frame = 109};
    s->stream.stretches = g_ptr_array_new();
    g_ptr_array_add(s->stream.stretches, &s->with_key);
    g_ptr_array_add(s->session->streams, &s->stream);
}

static void close_scene(scene *s)
{
    g_ptr_array_free(s->stream.stretches, TRUE);
    verify_report_free(s->report);
}

/* `count` more packets that no key opened, in frames from `first` on. */
static void add_failures(scene *s, verify_failure failure, uint64_t count, uint32_t first)
{
    s->stream.total.packets += count;
    s->stream.total.failed[failure] += count;
    s->without_key.counts = (verify_counts){.packets = count, .first_frame = first, .last_frame = first + (uint32_t)count - 1};
    s->without_key.counts.failed[failure] = count;
    g_ptr_array_add(s->stream.stretches, &s->without_key);
}

/* Nothing of the 100 was opened. */
static void open_nothing(scene *s)
{
    memset(&s->stream.total, 0, sizeof s->stream.total);
    g_ptr_array_set_size(s->stream.stretches, 0);
}

static void note(scene *s, verify_finding_code code)
{
    verify_session_note(s->session, code, 0, NULL);
}

/* --- one case a code ------------------------------------------------------------------------------------------------- */

static void wrong_key(scene *s)
{
    open_nothing(s);
    add_failures(s, VERIFY_TAG_MISMATCH, 7, 10);
}

/* The packets after 109 fail, two in a row. */
static void wrong_key_at_the_end(scene *s)
{
    add_failures(s, VERIFY_TAG_MISMATCH, 7, 110);
    s->stream.failing_since = 110;
    s->stream.samples[0].len = s->stream.samples[1].len = 12;
}

static void damaged_packets(scene *s)
{
    add_failures(s, VERIFY_TAG_MISMATCH, 3, 50);
}

static void key_missing(scene *s)
{
    open_nothing(s);
    add_failures(s, VERIFY_NO_KEY, 8, 10);
}

static void key_after_traffic(scene *s)
{
    s->key.frame = 10;
    add_failures(s, VERIFY_NO_KEY, 4, 6);
}

static void capture_truncated(scene *s)
{
    add_failures(s, VERIFY_TRUNCATED, 2, 40);
}

static void unsupported_suite(scene *s)
{
    open_nothing(s);
    add_failures(s, VERIFY_UNSUPPORTED, 9, 10);
}

static void clear_traffic(scene *s)
{
    s->stream.protocol = VERIFY_SRTCP;
    add_failures(s, VERIFY_IN_CLEAR, 1, 60);
}

/* Of 20 packets without a tag, 12 make sense and 3 do not; of 5 nothing can be told. */
static void unvouched(scene *s)
{
    verify_counts *counts[] = {&s->stream.total, &s->with_key.counts};
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
        counts[i]->authenticated = 0;
        counts[i]->unauthenticated = 20;
        counts[i]->plaintext_valid = 12;
        counts[i]->plaintext_invalid = 3;
    }
}

static void sequence_gaps(scene *s)
{
    s->with_key.counts.last_index += 6;
}

static void replayed(scene *s)
{
    s->stream.total.replayed = 2;
}

static void keystream_reuse(scene *s)
{
    s->stream.total.keystream_reuse = 5;
}

static void outside_window(scene *s)
{
    s->stream.total.outside_window = 11;
}

static void key_by_trial(scene *s)
{
    s->stream.total.notes = MEDIA_NOTE_KEY_BY_TRIAL;
}

static void one_direction(scene *s)
{
    s->stream.protocol = VERIFY_PDCP_SL;
    s->stream.link.source = 0x010203;
    g_array_set_size(s->session->parties, 2);
}

static void delivered_key_differs(scene *s)
{
    verify_compared compared = {.match = VERIFY_DIFFERENT, .name = "HI2_CC 01", .line = 3};
    g_array_append_val(s->session->comparison, compared);
}

/* Findings of those who make the sessions; the judge keeps them and draws the conclusion. */
static void answer_missing(scene *s) { note(s, VERIFY_ANSWER_MISSING); }
static void offer_missing(scene *s) { note(s, VERIFY_OFFER_MISSING); }
static void secret_missing(scene *s) { note(s, VERIFY_SECRET_MISSING); }
static void mac_failed(scene *s) { note(s, VERIFY_MAC_FAILED); }
static void wrong_suite(scene *s) { note(s, VERIFY_WRONG_SUITE); }
static void roc_unknown(scene *s) { note(s, VERIFY_ROC_UNKNOWN); }
static void departure(scene *s) { note(s, VERIFY_DEPARTURE); }
static void found_by_search(scene *s) { note(s, VERIFY_FOUND_BY_SEARCH); }
static void keys_used_for_kd(scene *s) { open_nothing(s); note(s, VERIFY_KEYS_USED_FOR_KD); }

static const struct {
    verify_finding_code code;
    void (*set)(scene *s);
    uint64_t packets;
    verify_verdict verdict;
} CASES[] = {
    {VERIFY_ANSWER_MISSING, answer_missing, 0, VERIFY_PARTIAL},
    {VERIFY_OFFER_MISSING, offer_missing, 0, VERIFY_PARTIAL},
    {VERIFY_KEY_MISSING, key_missing, 8, VERIFY_FAILED},
    {VERIFY_SECRET_MISSING, secret_missing, 0, VERIFY_PARTIAL},
    {VERIFY_MAC_FAILED, mac_failed, 0, VERIFY_FAILED},
    {VERIFY_WRONG_KEY, wrong_key, 7, VERIFY_FAILED},
    {VERIFY_WRONG_KEY, wrong_key_at_the_end, 7, VERIFY_PARTIAL},
    {VERIFY_WRONG_SUITE, wrong_suite, 0, VERIFY_PARTIAL},
    {VERIFY_ROC_UNKNOWN, roc_unknown, 0, VERIFY_PARTIAL},
    {VERIFY_UNSUPPORTED_SUITE, unsupported_suite, 9, VERIFY_FAILED},
    {VERIFY_CAPTURE_TRUNCATED, capture_truncated, 2, VERIFY_PARTIAL},
    {VERIFY_KEY_AFTER_TRAFFIC, key_after_traffic, 4, VERIFY_PARTIAL},
    {VERIFY_DAMAGED_PACKETS, damaged_packets, 3, VERIFY_PARTIAL},
    {VERIFY_NOT_AUTHENTICATED, unvouched, 5, VERIFY_PARTIAL},
    {VERIFY_IMPLAUSIBLE_PLAINTEXT, unvouched, 3, VERIFY_PARTIAL},
    {VERIFY_CLEAR_TRAFFIC, clear_traffic, 1, VERIFY_VERIFIED},
    {VERIFY_DELIVERED_KEY_DIFFERS, delivered_key_differs, 0, VERIFY_FAILED},
    {VERIFY_SEQUENCE_GAPS, sequence_gaps, 6, VERIFY_VERIFIED},
    {VERIFY_REPLAYED, replayed, 2, VERIFY_VERIFIED},
    {VERIFY_KEYSTREAM_REUSE, keystream_reuse, 5, VERIFY_VERIFIED},
    {VERIFY_ONE_DIRECTION, one_direction, 0, VERIFY_VERIFIED},
    {VERIFY_OUTSIDE_WINDOW, outside_window, 11, VERIFY_VERIFIED},
    {VERIFY_DEPARTURE, departure, 0, VERIFY_VERIFIED},
    {VERIFY_FOUND_BY_SEARCH, found_by_search, 0, VERIFY_VERIFIED},
    {VERIFY_KEY_BY_TRIAL, key_by_trial, 100, VERIFY_VERIFIED},
    {VERIFY_KEYS_USED_FOR_KD, keys_used_for_kd, 0, VERIFY_NO_TRAFFIC},
};

static const verify_finding *find(const GArray *findings, verify_finding_code code)
{
    for (guint i = 0; i < findings->len; i++)
        if (g_array_index(findings, verify_finding, i).code == code)
            return &g_array_index(findings, verify_finding, i);
    return NULL;
}

static void test_each_code(void)
{
    bool met[VERIFY_FINDING_CODES] = {false};
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        scene s;
        open_scene(&s);
        CASES[i].set(&s);
        verify_judge(s.report);
        g_test_message("%s", verify_finding_name(CASES[i].code));
        const verify_finding *finding = find(s.session->findings, CASES[i].code);
        g_assert_nonnull(finding);
        g_assert_cmpuint(finding->packets, ==, CASES[i].packets);
        g_assert_cmpint(s.session->verdict, ==, CASES[i].verdict);
        g_assert_cmpint(s.report->verdict, ==, CASES[i].verdict);
        const verify_finding *sum = find(s.report->findings, CASES[i].code);
        g_assert_cmpuint(sum->packets, ==, CASES[i].packets);
        g_assert_cmpstr(sum->detail, ==, "in 1 session");
        met[CASES[i].code] = true;
        close_scene(&s);
    }
    for (guint code = 0; code < VERIFY_FINDING_CODES; code++)
        g_assert_true(met[code]);
}

static void test_nothing_to_find(void)
{
    scene s;
    open_scene(&s);
    verify_judge(s.report);
    g_assert_cmpuint(s.session->findings->len, ==, 0);
    g_assert_cmpuint(s.report->findings->len, ==, 0);
    g_assert_cmpint(s.report->verdict, ==, VERIFY_VERIFIED);
    close_scene(&s);
}

/* --- what is not to be concluded ------------------------------------------------------------------------------------- */

static guint reasons(const verify_session *session)
{
    guint count = 0;
    for (guint i = 0; i < session->findings->len; i++)
        count += verify_finding_is_reason(g_array_index(session->findings, verify_finding, i).code);
    return count;
}

static void test_a_known_cause_is_the_only_one(void)
{
    static const struct {
        void (*set)(scene *s);
        verify_finding_code cause;
    } KNOWN[] = {
        {wrong_key, VERIFY_WRONG_SUITE},    {wrong_key, VERIFY_ROC_UNKNOWN},      {wrong_key, VERIFY_WRONG_KEY},
        {key_missing, VERIFY_ANSWER_MISSING}, {key_missing, VERIFY_OFFER_MISSING}, {key_missing, VERIFY_SECRET_MISSING},
        {key_missing, VERIFY_MAC_FAILED},
    };
    for (guint i = 0; i < G_N_ELEMENTS(KNOWN); i++) {
        scene s;
        open_scene(&s);
        KNOWN[i].set(&s);
        note(&s, KNOWN[i].cause);
        verify_judge(s.report);
        g_assert_cmpuint(reasons(s.session), ==, 1);
        g_assert_nonnull(find(s.session->findings, KNOWN[i].cause));
        g_assert_cmpint(s.session->verdict, ==, VERIFY_FAILED);
        close_scene(&s);
    }
}

static void test_a_key_that_came_later_explains_nothing_in_two_passes(void)
{
    scene s;
    open_scene(&s);
    key_after_traffic(&s);
    s.report->two_passes = true;
    verify_judge(s.report);
    g_assert_null(find(s.session->findings, VERIFY_KEY_AFTER_TRAFFIC));
    g_assert_cmpuint(find(s.session->findings, VERIFY_KEY_MISSING)->packets, ==, 4);
    close_scene(&s);
}

/* A packet among those that one key opened is damaged, even if another key comes later. */
static void test_a_later_key_does_not_explain_a_damaged_packet(void)
{
    session_key later = {.frame = 200};
    verify_stretch next = {.key = &later, .counts = {.packets = 10, .decrypted = 10, .first_frame = 201, .last_frame = 210}};
    scene s;
    open_scene(&s);
    damaged_packets(&s);
    g_ptr_array_add(s.stream.stretches, &next);
    verify_judge(s.report);
    g_assert_null(find(s.session->findings, VERIFY_KEY_AFTER_TRAFFIC));
    g_assert_cmpuint(find(s.session->findings, VERIFY_DAMAGED_PACKETS)->packets, ==, 3);
    close_scene(&s);
}

/* A call that is keyed anew: the first packets under the new key come before it does. */
static void test_packets_between_two_keys_came_too_early(void)
{
    session_key later = {.frame = 120};
    verify_stretch next = {.key = &later, .counts = {.packets = 10, .decrypted = 10, .first_frame = 121, .last_frame = 130}};
    scene s;
    open_scene(&s);
    add_failures(&s, VERIFY_TAG_MISMATCH, 4, 110);
    g_ptr_array_add(s.stream.stretches, &next);
    verify_judge(s.report);
    g_assert_cmpuint(find(s.session->findings, VERIFY_KEY_AFTER_TRAFFIC)->packets, ==, 4);
    g_assert_cmpuint(reasons(s.session), ==, 1);
    close_scene(&s);
}

static void test_failed_packets_are_no_gaps(void)
{
    scene s;
    open_scene(&s);
    damaged_packets(&s);
    s.with_key.counts.last_index += 5; /* three that failed, two that are not there */
    verify_judge(s.report);
    g_assert_cmpuint(find(s.session->findings, VERIFY_SEQUENCE_GAPS)->packets, ==, 2);
    close_scene(&s);
}

static void test_two_senders_are_two_directions(void)
{
    scene s;
    open_scene(&s);
    one_direction(&s);
    verify_stream other = s.stream;
    other.link.lcid = 5;
    g_ptr_array_add(s.session->streams, &other);
    verify_judge(s.report);
    g_assert_nonnull(find(s.session->findings, VERIFY_ONE_DIRECTION));
    g_array_set_size(s.session->findings, 0);
    other.link.source = 0x0a0b0c;
    verify_judge(s.report);
    g_assert_null(find(s.session->findings, VERIFY_ONE_DIRECTION));
    close_scene(&s);
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

static void test_whole(void)
{
    static const struct {
        guint verified, failed, without_traffic;
        verify_verdict verdict;
    } WHOLES[] = {
        {0, 0, 0, VERIFY_NO_TRAFFIC}, {0, 0, 2, VERIFY_NO_TRAFFIC}, {2, 0, 1, VERIFY_VERIFIED},
        {0, 2, 1, VERIFY_FAILED},     {1, 1, 0, VERIFY_PARTIAL},
    };
    verify_stream good = {.total = {.packets = 5, .decrypted = 5, .authenticated = 5}, .stretches = g_ptr_array_new()};
    verify_stream bad = {.total = {.packets = 5, .failed = {[VERIFY_TAG_MISMATCH] = 5}}, .stretches = g_ptr_array_new()};
    for (guint i = 0; i < G_N_ELEMENTS(WHOLES); i++) {
        verify_report *report = verify_report_new();
        for (guint j = 0; j < WHOLES[i].verified; j++)
            g_ptr_array_add(verify_report_add_session(report, "SDES")->streams, &good);
        for (guint j = 0; j < WHOLES[i].failed; j++)
            g_ptr_array_add(verify_report_add_session(report, "SDES")->streams, &bad);
        for (guint j = 0; j < WHOLES[i].without_traffic; j++)
            verify_report_add_session(report, "SDES");
        verify_judge(report);
        g_assert_cmpint(report->verdict, ==, WHOLES[i].verdict);
        if (WHOLES[i].failed == 2) {
            const verify_finding *sum = find(report->findings, VERIFY_WRONG_KEY);
            g_assert_cmpuint(sum->packets, ==, 10);
            g_assert_cmpstr(sum->detail, ==, "in 2 sessions");
        }
        verify_report_free(report);
    }
    g_ptr_array_free(good.stretches, TRUE);
    g_ptr_array_free(bad.stretches, TRUE);
}

/* A right tag anywhere under a key speaks for what else it opens. */
static void test_key_that_others_prove(void)
{
    scene s;
    open_scene(&s);
    s.with_key.counts.authenticated = 1;
    s.with_key.counts.unauthenticated = 99;
    s.stream.total.authenticated = 1;
    s.stream.total.unauthenticated = 99;
    verify_judge(s.report);
    g_assert_null(find(s.session->findings, VERIFY_NOT_AUTHENTICATED));
    g_assert_cmpint(s.session->verdict, ==, VERIFY_VERIFIED);
    close_scene(&s);
}

/* Without a tag, what makes mostly no sense was not opened. */
static void test_noise_is_not_opened(void)
{
    scene s;
    open_scene(&s);
    unvouched(&s);
    s.stream.total.plaintext_valid = 1;
    verify_judge(s.report);
    g_assert_nonnull(find(s.session->findings, VERIFY_IMPLAUSIBLE_PLAINTEXT));
    g_assert_cmpint(s.session->verdict, ==, VERIFY_FAILED);
    close_scene(&s);
}

static void test_words(void)
{
    g_assert_cmpstr(verify_verdict_name(VERIFY_NO_TRAFFIC), ==, "no_traffic");
    g_assert_cmpstr(verify_verdict_name(VERIFY_FAILED), ==, "failed");
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    for (verify_finding_code code = 0; code < VERIFY_FINDING_CODES; code++) {
        g_assert_true(g_hash_table_add(names, (gpointer)verify_finding_name(code)));
        g_assert_true(g_str_has_suffix(verify_finding_text(code), "."));
        g_assert_cmpint(verify_finding_is_reason(code), ==, code < VERIFY_CLEAR_TRAFFIC);
    }
    g_hash_table_destroy(names);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verify_judge/each-code", test_each_code);
    g_test_add_func("/verify_judge/nothing-to-find", test_nothing_to_find);
    g_test_add_func("/verify_judge/known-cause", test_a_known_cause_is_the_only_one);
    g_test_add_func("/verify_judge/later-key/two-passes", test_a_key_that_came_later_explains_nothing_in_two_passes);
    g_test_add_func("/verify_judge/later-key/damaged-packet", test_a_later_key_does_not_explain_a_damaged_packet);
    g_test_add_func("/verify_judge/later-key/keyed-anew", test_packets_between_two_keys_came_too_early);
    g_test_add_func("/verify_judge/failed-packets-are-no-gaps", test_failed_packets_are_no_gaps);
    g_test_add_func("/verify_judge/directions", test_two_senders_are_two_directions);
    g_test_add_func("/verify_judge/whole", test_whole);
    g_test_add_func("/verify_judge/key-that-others-prove", test_key_that_others_prove);
    g_test_add_func("/verify_judge/noise-is-not-opened", test_noise_is_not_opened);
    g_test_add_func("/verify_judge/words", test_words);
    return g_test_run();
}

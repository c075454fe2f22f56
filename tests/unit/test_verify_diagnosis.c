/* Why streams fail: libsrtp2 sends under one key, suite and rollover counter, and something else is logged. */
#include "reports/verify_diagnosis.h"

#include "traffic_scene.h"

#include <string.h>

#define CM_80 "AES_CM_128_HMAC_SHA1_80"
#define CM_32 "AES_CM_128_HMAC_SHA1_32"
#define WITHOUT_END G_MAXUINT64

/* What is told of the first stream with these trials left; at most four candidates. */
static bool diagnose(const traffic_scene *s, const session_key *const *candidates, unsigned count, uint64_t *credit,
                     verify_diagnosis *diagnosis)
{
    GPtrArray *keys = g_ptr_array_new();
    for (unsigned i = 0; i < count; i++)
        g_ptr_array_add(keys, (gpointer)candidates[i]);
    bool has = verify_diagnose(traffic_scene_stream(s, 0), keys, credit, diagnosis);
    g_ptr_array_free(keys, TRUE);
    return has;
}

static verify_diagnosis diagnose_one(const traffic_scene *s, const session_key *key)
{
    verify_diagnosis diagnosis;
    uint64_t credit = WITHOUT_END;
    g_assert_true(diagnose(s, &key, 1, &credit, &diagnosis));
    return diagnosis;
}

/* So many packets from `seq` on arrive from `frame` on, all of them at this ROC but for those behind a rollover. */
static void arrive_many(traffic_scene *s, uint32_t frame, uint32_t roc, uint16_t seq, unsigned count)
{
    sent_packet sent;
    if (roc) {
        traffic_scene_send_seq(s, (uint16_t)(seq - 1), &sent);
        traffic_scene_set_roc(s, roc);
    }
    for (unsigned i = 0; i < count; i++) {
        traffic_scene_send_seq(s, (uint16_t)(seq + i), &sent);
        traffic_scene_arrive(s, &sent, frame + i);
    }
}

/* --- wrong suite --------------------------------------------------------------------------------------------------- */

static void test_wrong_suite(void)
{
    static const struct {
        const char *sent, *logged, *options;
        uint32_t roc;
        unsigned packets;
        const char *found; /* NULL: `sent` */
    } rows[] = {
        {CM_32, CM_80, NULL, 0, 1, NULL},
        {CM_32, CM_80, NULL, 0, 9, NULL},
        {CM_80, CM_32, NULL, 0, 1, NULL},
        {CM_80, CM_32, "mki=0102", 0, 3, NULL},
        {CM_32, CM_80, NULL, 40, 2, NULL},
        {CM_32, CM_80, "roc=123456", 123460, 2, NULL},
        {CM_32, CM_80, "kdr=65536", 0, 2, NULL},
        {"AES_192_CM_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_80", NULL, 0, 2, NULL},
        {"AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32", NULL, 0, 2, NULL},
        {"AEAD_AES_128_GCM_8", "AEAD_AES_128_GCM", NULL, 3, 1, NULL},
        {"AEAD_AES_256_GCM", "AEAD_AES_256_GCM_8", NULL, 0, 1, NULL},
        {CM_32, "F8_128_HMAC_SHA1_80", NULL, 0, 2, "F8_128_HMAC_SHA1_32"}, /* HMAC does not tell the cipher */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        traffic_scene *s = traffic_scene_new(rows[i].sent, NULL, 0, 0);
        const session_key *key = traffic_scene_log(s, rows[i].logged, 0, rows[i].options);
        arrive_many(s, 10, rows[i].roc, 100, rows[i].packets);
        g_assert_cmpuint(traffic_scene_stream(s, 0)->total.failed[VERIFY_TAG_MISMATCH], ==, rows[i].packets);
        const verify_diagnosis diagnosis = diagnose_one(s, key);
        g_assert_cmpint(diagnosis.code, ==, VERIFY_WRONG_SUITE);
        g_assert_true(diagnosis.key == key);
        g_assert_cmpstr(diagnosis.suite->name, ==, rows[i].found ? rows[i].found : rows[i].sent);
        g_assert_cmpuint(diagnosis.roc, ==, rows[i].roc);
        g_assert_true(diagnosis.is_complete);
        traffic_scene_free(s);
    }
}

/* A MIKEY policy gave tags of 64 bits, and packets have those of the suite by that policy's cipher. */
static void test_tag_of_policy(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *logged = traffic_scene_log(s, CM_80, SCENE_OTHER_KEY, NULL);
    srtp_master_key master = s->master;
    master.transform.srtp_tag_len = 8;
    const session_key *key = session_keys_add(s->keys, &master, logged->suite, KEY_ORIGIN_MIKEY, 1, 1);
    arrive_many(s, 10, 0, 100, 1);
    const verify_diagnosis diagnosis = diagnose_one(s, key);
    g_assert_cmpint(diagnosis.code, ==, VERIFY_WRONG_SUITE);
    g_assert_cmpstr(diagnosis.suite->name, ==, CM_80);
    traffic_scene_free(s);
}

/* One packet with a short tag, at a counter other than the first: what fits may do so by chance. */
static void test_one_short_tag_is_not_believed(void)
{
    traffic_scene *s = traffic_scene_new(CM_32, NULL, 0, 0);
    const session_key *key = traffic_scene_log(s, CM_80, 0, NULL);
    arrive_many(s, 10, 40, 100, 1);
    g_assert_cmpint(diagnose_one(s, key).code, ==, VERIFY_WRONG_KEY);
    traffic_scene_free(s);
}

/* HMAC tags of SRTCP have one length under all suites, those of AEAD have not. */
static void test_rtcp(void)
{
    static const struct {
        uint8_t first;
        verify_finding_code code;
    } rows[] = {{0, VERIFY_WRONG_SUITE}, {SCENE_OTHER_KEY, VERIFY_WRONG_KEY}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        traffic_scene *s = traffic_scene_new("AEAD_AES_128_GCM_8", NULL, 0, 0);
        const session_key *key = traffic_scene_log(s, "AEAD_AES_128_GCM", rows[i].first, NULL);
        sent_packet sent;
        traffic_scene_send_rtcp(s, 7, &sent);
        traffic_scene_arrive(s, &sent, 1);
        const verify_diagnosis diagnosis = diagnose_one(s, key);
        g_assert_cmpint(diagnosis.code, ==, rows[i].code);
        g_assert_true(diagnosis.is_complete);
        g_assert_cmpstr(diagnosis.suite ? diagnosis.suite->name : NULL, ==, i ? NULL : "AEAD_AES_128_GCM_8");
        traffic_scene_free(s);
    }
}

/* --- unknown ROC --------------------------------------------------------------------------------------------------- */

static void test_roc_unknown(void)
{
    static const struct {
        const char *suite, *options;
        uint32_t roc;
        uint16_t seq;
        unsigned packets;
        bool is_found;
    } rows[] = {
        {CM_80, NULL, MEDIA_ROC_SEARCH + 1, 100, 40, true},
        {CM_80, NULL, VERIFY_DIAGNOSED_ROCS - 1, 100, 1, true},
        {CM_80, NULL, VERIFY_DIAGNOSED_ROCS, 100, 1, false},
        {CM_32, NULL, 5000, 100, 2, true},
        {CM_32, NULL, 5000, 65535, 2, true}, /* the second one is of ROC 5001 */
        {CM_32, NULL, 5000, 100, 1, false},
        {CM_32, "roc=2000000", 2000003, 100, 2, true},
        {"AEAD_AES_256_GCM", NULL, 70000, 100, 20, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        traffic_scene *s = traffic_scene_new(rows[i].suite, NULL, 0, 0);
        const session_key *key = traffic_scene_log(s, rows[i].suite, 0, rows[i].options);
        arrive_many(s, 10, rows[i].roc, rows[i].seq, rows[i].packets);
        g_assert_cmpuint(traffic_scene_stream(s, 0)->total.authenticated, ==, 0);
        const verify_diagnosis diagnosis = diagnose_one(s, key);
        g_assert_cmpint(diagnosis.code, ==, rows[i].is_found ? VERIFY_ROC_UNKNOWN : VERIFY_WRONG_KEY);
        g_assert_true(diagnosis.key == (rows[i].is_found ? key : NULL));
        g_assert_cmpuint(diagnosis.roc, ==, rows[i].is_found ? rows[i].roc : 0);
        g_assert_true(diagnosis.suite == (rows[i].is_found ? key->suite : NULL));
        traffic_scene_free(s);
    }
}

/* The second packet of the run is damaged too: a long tag needs none beside it, a short one does. */
static void test_samples_agree(void)
{
    static const char *const suites[] = {CM_80, CM_32};
    for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
        traffic_scene *s = traffic_scene_new(suites[i], NULL, 0, 0);
        const session_key *key = traffic_scene_log(s, suites[i], 0, NULL);
        sent_packet sent;
        arrive_many(s, 10, 70000, 100, 1);
        traffic_scene_send_seq(s, 101, &sent);
        sent.octets[20] ^= 1;
        traffic_scene_arrive(s, &sent, 11);
        const verify_diagnosis diagnosis = diagnose_one(s, key);
        g_assert_cmpint(diagnosis.code, ==, i ? VERIFY_WRONG_KEY : VERIFY_ROC_UNKNOWN);
        g_assert_true(diagnosis.is_complete);
        traffic_scene_free(s);
    }
}

/* What the diagnosis says is what a person can do: with it in the key log, the same packets are opened. */
static void test_told_roc_helps(void)
{
    for (unsigned told = 0; told < 2; told++) {
        traffic_scene *s = traffic_scene_new(CM_32, NULL, 0, 0);
        const session_key *key = traffic_scene_log(s, CM_32, 0, told ? "roc=5000" : NULL);
        arrive_many(s, 10, 5000, 100, 5);
        g_assert_cmpuint(traffic_scene_stream(s, 0)->total.authenticated, ==, told ? 5 : 0);
        if (!told)
            g_assert_cmpuint(diagnose_one(s, key).roc, ==, 5000);
        traffic_scene_free(s);
    }
}

/* A stream that goes well until it is missed for so many cycles that no search of media_streams finds it again. */
static void test_gap_of_many_cycles(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *key = traffic_scene_log(s, CM_80, 0, NULL);
    arrive_many(s, 10, 0, 100, 5);
    arrive_many(s, 15, 300000, 200, 3);
    g_assert_cmpuint(traffic_scene_stream(s, 0)->total.authenticated, ==, 5);
    const verify_diagnosis diagnosis = diagnose_one(s, key);
    g_assert_cmpint(diagnosis.code, ==, VERIFY_ROC_UNKNOWN);
    g_assert_cmpuint(diagnosis.roc, ==, 300000);
    traffic_scene_free(s);
}

/* --- wrong key ----------------------------------------------------------------------------------------------------- */

/* Tried are 65 ROCs under the suite itself and the three with a tag of 32 bits, and then all that are searched. */
static void test_wrong_key(void)
{
    enum { TRIALS = 4 * 65 + VERIFY_DIAGNOSED_ROCS };
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *key = traffic_scene_log(s, CM_80, SCENE_OTHER_KEY, NULL);
    uint64_t credit = VERIFY_TRIALS_PER_REPORT;
    verify_diagnosis diagnosis;
    arrive_many(s, 10, 0, 100, 5);
    g_assert_true(diagnose(s, &key, 1, &credit, &diagnosis));
    g_assert_cmpint(diagnosis.code, ==, VERIFY_WRONG_KEY);
    g_assert_null(diagnosis.key);
    g_assert_true(diagnosis.is_complete);
    g_assert_cmpuint(VERIFY_TRIALS_PER_REPORT - credit, ==, TRIALS);
    traffic_scene_free(s);
}

/* The sender is given a key in the middle that nobody logged. */
static void test_unknown_rekeying(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *key = traffic_scene_log(s, CM_80, 0, NULL);
    arrive_many(s, 10, 0, 100, 5);
    s->master.key[0] = SCENE_OTHER_KEY;
    traffic_scene_restart(s);
    arrive_many(s, 15, 0, 105, 5);
    g_assert_cmpint(diagnose_one(s, key).code, ==, VERIFY_WRONG_KEY);
    traffic_scene_free(s);
}

static void test_key_after_traffic(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *wrong = traffic_scene_log(s, CM_80, SCENE_OTHER_KEY, NULL);
    arrive_many(s, 10, 0, 100, 5);
    const session_key *late = session_keys_add(s->keys, &s->master, wrong->suite, KEY_ORIGIN_SDES_ANSWER, 20, 1);
    const session_key *const keys[] = {wrong, late};
    uint64_t credit = WITHOUT_END;
    verify_diagnosis diagnosis;
    g_assert_true(diagnose(s, keys, 2, &credit, &diagnosis));
    g_assert_cmpint(diagnosis.code, ==, VERIFY_KEY_AFTER_TRAFFIC);
    g_assert_true(diagnosis.key == late);
    traffic_scene_free(s);
}

/* --- nothing to diagnose ------------------------------------------------------------------------------------------- */

static void test_damaged(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *key = traffic_scene_log(s, CM_80, 0, NULL);
    uint64_t credit = WITHOUT_END;
    verify_diagnosis diagnosis;
    for (uint16_t i = 0; i < 6; i++) {
        sent_packet sent;
        traffic_scene_send_seq(s, i, &sent);
        sent.octets[20] ^= i == 2 || i == 3 || i == 5;
        traffic_scene_arrive(s, &sent, 1 + i);
        const bool is_run = i == 3; /* so far */
        g_assert_true(diagnose(s, &key, 1, &credit, &diagnosis) == is_run);
    }
    g_assert_cmpuint(traffic_scene_stream(s, 0)->total.failed[VERIFY_TAG_MISMATCH], ==, 3);
    traffic_scene_free(s);
}

/* --- bounds -------------------------------------------------------------------------------------------------------- */

static void test_bounds(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *keys[VERIFY_DIAGNOSED_KEYS + 1];
    verify_diagnosis diagnosis;
    uint64_t credit = WITHOUT_END;
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        keys[i] = traffic_scene_log(s, CM_80, (uint8_t)(SCENE_OTHER_KEY + i), i % 2 ? "kdr=1" : NULL);
    arrive_many(s, 10, 0, 100, 5);

    /* one stream */
    g_assert_true(diagnose(s, keys, G_N_ELEMENTS(keys), &credit, &diagnosis));
    g_assert_false(diagnosis.is_complete);
    g_assert_cmpuint(WITHOUT_END - credit, <=, VERIFY_TRIALS_PER_STREAM);
    /* a key that is derived anew for each ROC */
    g_assert_true(diagnose(s, &keys[1], 1, &credit, &diagnosis));
    g_assert_false(diagnosis.is_complete);
    /* the search of a report leaves half of the credit to others */
    credit = VERIFY_TRIALS_PER_REPORT / 2 + 1000;
    g_assert_true(diagnose(s, keys, 1, &credit, &diagnosis));
    g_assert_false(diagnosis.is_complete);
    g_assert_cmpuint(credit, ==, VERIFY_TRIALS_PER_REPORT / 2);
    g_assert_true(diagnose(s, keys, 1, &credit, &diagnosis));
    g_assert_cmpuint(credit, ==, VERIFY_TRIALS_PER_REPORT / 2 - 4 * 65);
    /* none is left */
    credit = 0;
    g_assert_true(diagnose(s, keys, 1, &credit, &diagnosis));
    g_assert_cmpint(diagnosis.code, ==, VERIFY_WRONG_KEY);
    g_assert_false(diagnosis.is_complete);
    /* no candidates at all */
    credit = WITHOUT_END;
    g_assert_true(diagnose(s, keys, 0, &credit, &diagnosis));
    g_assert_cmpint(diagnosis.code, ==, VERIFY_WRONG_KEY);
    g_assert_cmpuint(credit, ==, WITHOUT_END);
    traffic_scene_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
    g_test_add_func("/verify-diagnosis/wrong-suite", test_wrong_suite);
    g_test_add_func("/verify-diagnosis/tag-of-policy", test_tag_of_policy);
    g_test_add_func("/verify-diagnosis/one-short-tag-is-not-believed", test_one_short_tag_is_not_believed);
    g_test_add_func("/verify-diagnosis/rtcp", test_rtcp);
    g_test_add_func("/verify-diagnosis/roc-unknown", test_roc_unknown);
    g_test_add_func("/verify-diagnosis/samples-agree", test_samples_agree);
    g_test_add_func("/verify-diagnosis/told-roc-helps", test_told_roc_helps);
    g_test_add_func("/verify-diagnosis/gap-of-many-cycles", test_gap_of_many_cycles);
    g_test_add_func("/verify-diagnosis/wrong-key", test_wrong_key);
    g_test_add_func("/verify-diagnosis/unknown-rekeying", test_unknown_rekeying);
    g_test_add_func("/verify-diagnosis/key-after-traffic", test_key_after_traffic);
    g_test_add_func("/verify-diagnosis/damaged", test_damaged);
    g_test_add_func("/verify-diagnosis/bounds", test_bounds);
    return g_test_run();
}

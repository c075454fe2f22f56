/* What comes four times as often costs four times as much, in whatever order it comes. Work that grows with the square of it would cost
 * sixteen times as much; a factor of eight tells them apart on a busy machine.
 */
#include "keys/keyed_hash.h"
#include "keys/keylog.h"
#include "reports/verify_report.h"
#include "sessions/frame_records.h"
#include "sessions/kd_sources.h"
#include "sessions/offer_answer.h"
#include "sessions/packet_index.h"
#include "sessions/seen_set.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>

#define MOST_GROWTH 8
#define NOISE 0.02 /* seconds */
#define TRIES 5

static double cost_of(void (*work)(unsigned n), unsigned n)
{
    clock_t begin = clock();
    work(n);
    return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

/* The least of some tries stands for each. */
static void check_growth(void (*work)(unsigned n), unsigned n)
{
    double one = G_MAXDOUBLE, four = G_MAXDOUBLE;
    for (unsigned i = 0; i < TRIES; i++) {
        one = MIN(one, cost_of(work, n));
        four = MIN(four, cost_of(work, 4 * n));
        if (four < MOST_GROWTH * one + NOISE)
            return;
    }
    g_test_message("%.3f s for %u, %.3f s for four times as many", one, n, four);
    g_test_fail();
}

/* A number of 31 bits, each i its own. */
static uint32_t scattered(unsigned i)
{
    return i * 2654435761u >> 1;
}

static void see_indices(unsigned n)
{
    seen_set set = {0};
    for (unsigned i = 0; i < n; i++)
        seen_set_add(&set, scattered(i), i);
    seen_set_clear(&set);
}

static void test_indices_in_any_order(void)
{
    check_growth(see_indices, 20000);
}

/* The later half of the frames first, as when a key comes in the middle of a capture. */
static void note_anchors(unsigned n)
{
    index_course course = {0};
    for (unsigned i = 0; i < 2 * n; i++) {
        unsigned frame = 1 + (i + n) % (2 * n);
        index_course_note(&course, frame, packet_index_make(frame, 0));
    }
    index_course_clear(&course);
}

static void test_indices_that_jump(void)
{
    check_growth(note_anchors, 20000);
}

/* As a segment of TCP does with interleaved media. */
static void record_packets_of_one_frame(unsigned n)
{
    frame_records *records = frame_records_new();
    for (unsigned i = 0; i < n; i++)
        frame_records_add(records, 1, (uint16_t)i)->verdict = 1;
    for (unsigned i = 0; i < n; i++)
        g_assert_nonnull(frame_records_find(records, 1, (uint16_t)i));
    frame_records_free(records);
}

static void test_packets_of_one_frame(void)
{
    check_growth(record_packets_of_one_frame, 16000);
}

static void add_legs_at_one_address(unsigned n)
{
    static const uint8_t ip[] = {192, 0, 2, 1};
    session_keys *keys = session_keys_new();
    offer_answer *signalling = offer_answer_new(keys);
    transport_address address;
    transport_address_set(&address, ip, sizeof ip, 4000);
    for (unsigned i = 0; i < n; i++)
        offer_answer_add_endpoint(signalling, &address, offer_answer_add_leg(signalling, NULL));
    const GPtrArray *legs = offer_answer_legs_at(signalling, &address);
    g_assert_cmpuint(legs->len, >=, OFFER_ANSWER_MAX_LEGS);
    g_assert_cmpuint(legs->len, <=, 2 * OFFER_ANSWER_MAX_LEGS);
    offer_answer_free(signalling);
    session_keys_free(keys);
}

static void test_legs_at_one_address(void)
{
    check_growth(add_legs_at_one_address, 20000);
}

static void add_peers_of_one_leg(unsigned n)
{
    session_keys *keys = session_keys_new();
    offer_answer *signalling = offer_answer_new(keys);
    media_leg *leg = offer_answer_add_leg(signalling, NULL), *latest = NULL;
    for (unsigned i = 0; i < n; i++)
        latest = offer_answer_add_leg(signalling, leg);
    g_assert_cmpuint(leg->peers->len, ==, OFFER_ANSWER_MAX_PEERS);
    g_assert_true(leg->peers->pdata[OFFER_ANSWER_MAX_PEERS - 1] == latest);
    offer_answer_free(signalling);
    session_keys_free(keys);
}

static void test_peers_of_one_leg(void)
{
    check_growth(add_peers_of_one_leg, 20000);
}

static void note_events(unsigned n)
{
    verify_report *report = verify_report_new();
    verify_session *session = verify_report_add_session(report, "SDES");
    for (unsigned i = 0; i < n; i++)
        verify_session_note_event(session, "offer", 2 + scattered(i) % n);
    verify_session_order_events(session);
    for (guint i = 1; i < session->events->len; i++)
        g_assert_cmpuint(g_array_index(session->events, verify_event, i - 1).frame, <,
                         g_array_index(session->events, verify_event, i).frame);
    verify_report_free(report);
}

static void test_events_in_any_order(void)
{
    check_growth(note_events, 20000);
}

static void log_line(kd_sources *sources, const char *line)
{
    keylog_entry *entry = NULL;
    char *error = NULL;
    g_assert_true(keylog_parse_line(line, strlen(line), &entry, &error));
    kd_sources_add_logged(sources, entry);
    keylog_entry_free(entry);
}

/* Keys of offerers and of answerers that never belong together, and KDs of other IDs; as many contexts that might use them. */
static void find_candidates(unsigned n)
{
    static const char KEY[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d";
    session_keys *keys = session_keys_new();
    mikey_sessions *mikey = mikey_sessions_new(keys);
    kd_sources *sources = kd_sources_new(mikey);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *first = g_strdup_printf("SDES_K1 one-%u %s", i, KEY), *second = g_strdup_printf("SDES_K2 two-%u %s", i, KEY);
        g_autofree char *kd = g_strdup_printf("D2D_KD %08x %.64s0000", i, KEY);
        log_line(sources, first);
        log_line(sources, second);
        log_line(sources, kd);
    }
    for (unsigned i = 0; i < n / 16; i++) {
        const pc5_context context = {.has_kd_id = true, .kd_id = UINT32_MAX - i};
        GArray *found = kd_sources_candidates(sources, &context);
        g_assert_cmpuint(found->len, ==, KD_MAX_CANDIDATES);
        g_array_unref(found);
    }
    kd_sources_free(sources);
    mikey_sessions_free(mikey);
    session_keys_free(keys);
}

static void test_keys_that_do_not_belong_together(void)
{
    check_growth(find_candidates, 2000);
}

static void free_entry(keylog_entry *entry, void *user G_GNUC_UNUSED)
{
    keylog_entry_free(entry);
}

static void no_error(unsigned line, const char *error, void *user G_GNUC_UNUSED)
{
    g_error("line %u: %s", line, error);
}

/* A line at a time, and read after each. */
static void grow_key_log(unsigned n)
{
    g_autofree char *name = NULL;
    int handle = g_file_open_tmp("d2dsec-growth-XXXXXX", &name, NULL);
    g_assert_cmpint(handle, >=, 0);
    FILE *stream = fdopen(handle, "w");
    keylog_file *file = keylog_file_new(name);
    for (unsigned i = 0; i < n; i++) {
        fprintf(stream, "D2D_KD %08x 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", i);
        fflush(stream);
        g_assert_cmpuint(keylog_file_read(file, false, NULL, free_entry, no_error, NULL), ==, 1);
    }
    keylog_file_free(file);
    fclose(stream);
    g_unlink(name);
}

static void test_a_key_log_that_grows(void)
{
    check_growth(grow_key_log, 1000);
}

/* "Ez" and "FY" are alike to g_str_hash, in whatever order they stand. */
static void take_alike_names(unsigned n)
{
    GHashTable *table = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < n; i++) {
        GString *name = g_string_new(NULL);
        for (unsigned bit = 0; bit < 16; bit++)
            g_string_append(name, i >> bit & 1 ? "Ez" : "FY");
        g_assert_cmpuint(g_str_hash(name->str), ==, g_str_hash("FYFYFYFYFYFYFYFYFYFYFYFYFYFYFYFY"));
        g_hash_table_add(table, g_string_free(name, FALSE));
    }
    g_hash_table_destroy(table);
}

static void test_names_that_seem_alike(void)
{
    check_growth(take_alike_names, 4000);
}

/* What tells them apart stands in the high half alone. */
static void take_alike_numbers(unsigned n)
{
    GHashTable *table = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, NULL);
    for (unsigned i = 0; i < n; i++) {
        const uint64_t number = (uint64_t)i << 40;
        g_hash_table_add(table, g_memdup2(&number, sizeof number));
    }
    g_hash_table_destroy(table);
}

static void test_numbers_that_seem_alike(void)
{
    check_growth(take_alike_numbers, 8000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/growth/indices-in-any-order", test_indices_in_any_order);
    g_test_add_func("/growth/indices-that-jump", test_indices_that_jump);
    g_test_add_func("/growth/packets-of-one-frame", test_packets_of_one_frame);
    g_test_add_func("/growth/legs-at-one-address", test_legs_at_one_address);
    g_test_add_func("/growth/peers-of-one-leg", test_peers_of_one_leg);
    g_test_add_func("/growth/events-in-any-order", test_events_in_any_order);
    g_test_add_func("/growth/keys-that-do-not-belong-together", test_keys_that_do_not_belong_together);
    g_test_add_func("/growth/a-key-log-that-grows", test_a_key_log_that_grows);
    g_test_add_func("/growth/names-that-seem-alike", test_names_that_seem_alike);
    g_test_add_func("/growth/numbers-that-seem-alike", test_numbers_that_seem_alike);
    return g_test_run();
}

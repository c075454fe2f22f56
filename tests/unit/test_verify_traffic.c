/* The counts of a verification report: libsrtp2 and the worked example of the sidelink make the packets, and each expectation is counted
 * by hand from what a test lets arrive. */
#define _GNU_SOURCE /* mallinfo2 */
#include "d2d_example.h"
#include "traffic_scene.h"

#include <malloc.h>
#include <string.h>

#define CM_80 "AES_CM_128_HMAC_SHA1_80"

static const verify_stretch *stretch(const verify_stream *stream, guint n)
{
    g_assert_cmpuint(n, <, stream->stretches->len);
    return stream->stretches->pdata[n];
}

/* What is right of any counts: a packet was opened or failed; an opened one was authenticated or not, encrypted or not. */
static void assert_sums(const verify_stream *stream)
{
    uint64_t packets = 0;
    for (guint i = 0; i <= stream->stretches->len; i++) {
        const verify_counts *counts = i < stream->stretches->len ? &stretch(stream, i)->counts : &stream->total;
        const uint64_t opened = counts->authenticated + counts->unauthenticated;
        g_assert_cmpuint(opened, ==, counts->decrypted + counts->unencrypted);
        g_assert_cmpuint(counts->packets, ==, opened + verify_counts_failed(counts));
        g_assert_cmpuint(counts->duplicates, <=, counts->replayed);
        packets += i < stream->stretches->len ? counts->packets : 0;
    }
    g_assert_cmpuint(packets, ==, stream->total.packets);
}

/* --- SRTP ---------------------------------------------------------------------------------------------------------- */

/* 1004 is lost, 1003 and 1002 change places, as 1009 and 1008 do; 1006 comes twice, 1001 again later, 1007 first damaged. */
static void test_counts(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *key = traffic_scene_log(s, CM_80, 0, NULL);
    static const uint16_t order[] = {1000, 1001, 1003, 1002, 1005, 1006, 1006, 0, 1007, 1009, 1008, 1001};
    sent_packet sent[10], damaged;
    for (uint16_t i = 0; i < 10; i++)
        traffic_scene_send_seq(s, 1000 + i, &sent[i]);
    damaged = sent[7];
    damaged.octets[20] ^= 1;
    for (uint32_t i = 0; i < G_N_ELEMENTS(order); i++)
        traffic_scene_arrive(s, order[i] ? &sent[order[i] - 1000] : &damaged, 101 + i);

    const verify_stream *stream = traffic_scene_stream(s, 0);
    const verify_counts *total = &stream->total, *opened = &stretch(stream, 0)->counts, *none = &stretch(stream, 1)->counts;
    assert_sums(stream);
    g_assert_cmpuint(verify_traffic_streams(s->traffic)->len, ==, 1);
    g_assert_cmpint(stream->protocol, ==, VERIFY_SRTP);
    g_assert_cmphex(stream->ssrc, ==, SCENE_SSRC);
    g_assert_cmpuint(stream->source.port, ==, 4000);
    g_assert_cmpuint(stream->destination.port, ==, 5000);
    g_assert_cmpuint(total->packets, ==, 12);
    g_assert_cmpuint(total->authenticated, ==, 11);
    g_assert_cmpuint(total->decrypted, ==, 11);
    g_assert_cmpuint(total->failed[VERIFY_TAG_MISMATCH], ==, 1);
    g_assert_cmpuint(verify_counts_failed(total), ==, 1);
    g_assert_cmpuint(total->replayed, ==, 2);
    g_assert_cmpuint(total->duplicates, ==, 2);
    g_assert_cmpuint(total->plaintext_valid + total->plaintext_invalid, ==, 0);
    g_assert_cmpuint(total->first_frame, ==, 101);
    g_assert_cmpuint(total->last_frame, ==, 112);
    g_assert_cmpint(total->first_time, ==, 101 * SCENE_SECOND);
    g_assert_cmpint(total->last_time, ==, 112 * SCENE_SECOND);
    g_assert_false(total->has_index);

    g_assert_cmpuint(stream->stretches->len, ==, 2);
    g_assert_true(stretch(stream, 0)->key == key);
    g_assert_cmpuint(opened->packets, ==, 11);
    g_assert_cmpuint(opened->first_index, ==, 1000);
    g_assert_cmpuint(opened->last_index, ==, 1009);
    g_assert_cmpuint(opened->distinct, ==, 9);
    g_assert_cmpuint(verify_counts_missing(opened), ==, 1);
    g_assert_null(stretch(stream, 1)->key);
    g_assert_cmpuint(none->packets, ==, 1);
    g_assert_cmpuint(none->first_frame, ==, 108);
    g_assert_false(none->has_index);
    g_assert_cmpuint(verify_counts_missing(none), ==, 0);

    g_assert_cmpuint(stream->failing_since, ==, 0);
    g_assert_cmpuint(stream->samples[0].frame, ==, 108);
    g_assert_cmpmem(stream->samples[0].octets, stream->samples[0].len, damaged.octets, damaged.len);
    g_assert_cmpuint(stream->samples[1].len, ==, 0);
    traffic_scene_free(s);
}

/* A packet that comes twice from the network is not far behind. */
static void test_duplicates_are_near(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    sent_packet sent[66];
    traffic_scene_log(s, CM_80, 0, NULL);
    for (uint16_t i = 0; i < (uint16_t)G_N_ELEMENTS(sent); i++) {
        traffic_scene_send_seq(s, i, &sent[i]);
        traffic_scene_arrive(s, &sent[i], 1 + i);
    }
    traffic_scene_arrive(s, &sent[1], 100); /* 64 below 65 */
    traffic_scene_arrive(s, &sent[0], 101);
    g_assert_cmpuint(traffic_scene_stream(s, 0)->total.replayed, ==, 2);
    g_assert_cmpuint(traffic_scene_stream(s, 0)->total.duplicates, ==, 1);
    g_assert_cmpuint(stretch(traffic_scene_stream(s, 0), 0)->counts.distinct, ==, 66);
    traffic_scene_free(s);
}

/* The sequence number comes round: the index goes on. 65534 and the next 1 are there, 65535 and 0 are not. */
static void test_gap_over_rollover(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    sent_packet sent;
    traffic_scene_log(s, CM_80, 0, NULL);
    traffic_scene_send_seq(s, 65534, &sent);
    traffic_scene_arrive(s, &sent, 1);
    traffic_scene_send_seq(s, 1, &sent);
    traffic_scene_arrive(s, &sent, 2);
    const verify_counts *counts = &stretch(traffic_scene_stream(s, 0), 0)->counts;
    g_assert_cmphex(counts->first_index, ==, 0xfffe);
    g_assert_cmphex(counts->last_index, ==, 0x10001);
    g_assert_cmpuint(verify_counts_missing(counts), ==, 2);
    traffic_scene_free(s);
}

static void test_roc_recovered(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    sent_packet sent;
    traffic_scene_log(s, CM_80, 0, NULL);
    traffic_scene_send_seq(s, 1, &sent);
    traffic_scene_set_roc(s, 7);
    for (uint16_t i = 0; i < 3; i++) {
        traffic_scene_send_seq(s, 2 + i, &sent);
        traffic_scene_arrive(s, &sent, 1 + i);
    }
    const verify_counts *counts = &stretch(traffic_scene_stream(s, 0), 0)->counts;
    g_assert_cmpuint(counts->roc_recovered, ==, 1);
    g_assert_true(counts->notes & MEDIA_NOTE_ROC_RECOVERED);
    g_assert_cmphex(counts->first_index, ==, 0x70002);
    g_assert_cmphex(counts->last_index, ==, 0x70004);
    traffic_scene_free(s);
}

/* Without a tag, a packet that comes twice is told by its index and its end; other data under an index is keystream reuse. */
static void test_unauthenticated(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, "unauthenticated_srtp=1", 0, 0);
    sent_packet sent[3];
    traffic_scene_log(s, CM_80, 0, "unauthenticated_srtp=1");
    traffic_scene_send(s, 10, 1, -1, &sent[0]);
    traffic_scene_send(s, 12, 2, -1, &sent[1]);
    traffic_scene_restart(s);
    traffic_scene_send(s, 10, 3, -1, &sent[2]);
    traffic_scene_arrive(s, &sent[0], 1);
    traffic_scene_arrive(s, &sent[1], 2);
    traffic_scene_arrive(s, &sent[1], 3);
    traffic_scene_arrive(s, &sent[2], 4);
    const verify_stream *stream = traffic_scene_stream(s, 0);
    assert_sums(stream);
    g_assert_cmpuint(stream->total.packets, ==, 4);
    g_assert_cmpuint(stream->total.unauthenticated, ==, 4);
    g_assert_cmpuint(stream->total.decrypted, ==, 4);
    g_assert_cmpuint(stream->total.replayed, ==, 1);
    g_assert_cmpuint(stream->total.keystream_reuse, ==, 1);
    g_assert_cmpuint(stretch(stream, 0)->counts.distinct, ==, 2);
    g_assert_cmpuint(verify_counts_missing(&stretch(stream, 0)->counts), ==, 1);
    traffic_scene_free(s);
}

/* Nothing was encrypted, and a repeat says so as well as the first. */
static void test_unencrypted(void)
{
    static const struct {
        const char *suite, *options;
    } rows[] = {{CM_80, "unencrypted_srtp=1"}, {"NULL_HMAC_SHA1_80", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        traffic_scene *s = traffic_scene_new(rows[i].suite, rows[i].options, 0, 0);
        sent_packet sent;
        traffic_scene_log(s, rows[i].suite, 0, rows[i].options);
        traffic_scene_send_seq(s, 10, &sent);
        traffic_scene_arrive(s, &sent, 1);
        traffic_scene_arrive(s, &sent, 2);
        const verify_counts *total = &traffic_scene_stream(s, 0)->total;
        assert_sums(traffic_scene_stream(s, 0));
        g_assert_cmpuint(total->authenticated, ==, 2);
        g_assert_cmpuint(total->unencrypted, ==, 2);
        g_assert_cmpuint(total->replayed, ==, 1);
        traffic_scene_free(s);
    }
}

/* The header takes 12 of 40 octets. */
static void test_padding(void)
{
    static const int paddings[] = {-1, 0, 1, 28, 29, 255};
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    traffic_scene_log(s, CM_80, 0, NULL);
    for (uint16_t i = 0; i < (uint16_t)G_N_ELEMENTS(paddings); i++) {
        sent_packet sent;
        traffic_scene_send(s, 10 + i, 0, paddings[i], &sent);
        traffic_scene_arrive(s, &sent, 1 + i);
    }
    g_assert_cmpuint(traffic_scene_stream(s, 0)->total.plaintext_valid, ==, 2);
    g_assert_cmpuint(traffic_scene_stream(s, 0)->total.plaintext_invalid, ==, 3);
    traffic_scene_free(s);
}

/* A sender that is given a new key: indices begin anew under it, and what is between the two is missing from neither. */
static void test_rekeyed(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    sent_packet sent;
    const session_key *first = traffic_scene_log(s, CM_80, 0, NULL);
    const session_key *second = traffic_scene_log(s, CM_80, SCENE_OTHER_KEY, NULL);
    for (uint16_t i = 0; i < 6; i++) {
        if (i == 3) {
            s->master.key[0] = SCENE_OTHER_KEY;
            traffic_scene_restart(s);
        }
        traffic_scene_send_seq(s, i < 3 ? 500 + 2 * i : i, &sent);
        traffic_scene_arrive(s, &sent, 1 + i);
    }
    const verify_stream *stream = traffic_scene_stream(s, 0);
    assert_sums(stream);
    g_assert_cmpuint(stream->stretches->len, ==, 2);
    g_assert_true(stretch(stream, 0)->key == first);
    g_assert_true(stretch(stream, 1)->key == second);
    g_assert_cmpuint(verify_counts_missing(&stretch(stream, 0)->counts), ==, 2); /* 501, 503 */
    g_assert_cmpuint(verify_counts_missing(&stretch(stream, 1)->counts), ==, 0);
    g_assert_cmpuint(stretch(stream, 1)->counts.first_index, ==, 3);
    g_assert_cmpuint(stretch(stream, 1)->counts.first_frame, ==, 4);
    traffic_scene_free(s);
}

/* Both ends of the window belong to it. */
static void test_window(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 3, 5);
    sent_packet sent;
    traffic_scene_log(s, CM_80, 0, NULL);
    for (uint16_t i = 1; i <= 7; i++) {
        traffic_scene_send_seq(s, i, &sent);
        traffic_scene_arrive(s, &sent, i);
    }
    const verify_stream *stream = traffic_scene_stream(s, 0);
    g_assert_cmpuint(stream->total.packets, ==, 3);
    g_assert_cmpuint(stream->total.authenticated, ==, 3);
    g_assert_cmpuint(stream->total.outside_window, ==, 4);
    g_assert_cmpuint(stream->total.first_frame, ==, 3);
    g_assert_cmpuint(stream->total.last_frame, ==, 5);
    g_assert_cmpuint(stretch(stream, 0)->counts.first_index, ==, 3);
    g_assert_cmpuint(stretch(stream, 0)->counts.last_index, ==, 5);
    g_assert_cmpuint(stream->source.port, ==, 4000);
    traffic_scene_free(s);
}

/* Each packet is captured twice, and the window begins between the two of one: its second is the first of its index inside. */
static void test_window_between_duplicates(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 4, 8);
    sent_packet sent;
    traffic_scene_log(s, CM_80, 0, NULL);
    for (uint16_t i = 0; i < 6; i++) {
        traffic_scene_send_seq(s, 100 + i, &sent);
        traffic_scene_arrive(s, &sent, 1 + 2 * i);
        traffic_scene_arrive(s, &sent, 2 + 2 * i);
    }
    const verify_counts *counts = &stretch(traffic_scene_stream(s, 0), 0)->counts;
    g_assert_cmpuint(counts->packets, ==, 5); /* the second of 101, both of 102 and 103 */
    g_assert_cmpuint(counts->replayed, ==, 3);
    g_assert_cmpuint(counts->first_index, ==, 101);
    g_assert_cmpuint(counts->last_index, ==, 103);
    g_assert_cmpuint(counts->distinct, ==, 3);
    g_assert_cmpuint(verify_counts_missing(counts), ==, 0);
    traffic_scene_free(s);
}

/* --- runs of tag mismatches ---------------------------------------------------------------------------------------- */

static void test_runs(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    sent_packet sent[10];
    traffic_scene_log(s, CM_80, 0, NULL);
    for (uint16_t i = 0; i < 10; i++) {
        traffic_scene_send_seq(s, i, &sent[i]);
        if ((i >= 1 && i <= 3) || i >= 8)
            sent[i].octets[15] ^= 1;
    }
    const verify_sample *samples = NULL;
    for (uint32_t i = 0; i < 10; i++) {
        traffic_scene_arrive(s, &sent[i], 1 + i);
        const verify_stream *stream = traffic_scene_stream(s, 0);
        samples = stream->samples;
        g_assert_cmpuint(stream->failing_since, ==, i >= 8 ? 9 : i >= 1 && i <= 3 ? 2 : 0);
        g_assert_cmpuint(samples[0].len ? samples[0].frame : 0, ==, i >= 8 ? 9 : i >= 1 ? 2 : 0);
        g_assert_cmpuint(samples[1].len ? samples[1].frame : 0, ==, i >= 9 ? 10 : i == 8 ? 0 : i >= 2 ? 3 : 0);
    }
    g_assert_cmpmem(samples[0].octets, samples[0].len, sent[8].octets, sent[8].len);
    g_assert_cmpmem(samples[1].octets, samples[1].len, sent[9].octets, sent[9].len);
    traffic_scene_free(s);
}

/* --- SRTCP --------------------------------------------------------------------------------------------------------- */

/* The last of four is malformed inside; then the sender starts again, and its first index is used a second time. */
static void test_rtcp(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    sent_packet sent[5];
    const session_key *key = traffic_scene_log(s, CM_80, 0, NULL);
    for (unsigned i = 0; i < 4; i++)
        traffic_scene_send_rtcp(s, i == 3 ? 8 : 7, &sent[i]);
    traffic_scene_restart(s);
    traffic_scene_send_rtcp(s, 6, &sent[4]);
    for (uint32_t i = 0; i < 5; i++)
        if (i != 1)
            traffic_scene_arrive(s, &sent[i], 1 + i);
    traffic_scene_arrive(s, &sent[2], 6);
    const verify_stream *stream = traffic_scene_stream(s, 0);
    const verify_counts *counts = &stretch(stream, 0)->counts;
    assert_sums(stream);
    g_assert_cmpint(stream->protocol, ==, VERIFY_SRTCP);
    g_assert_true(stretch(stream, 0)->key == key);
    g_assert_cmpuint(counts->packets, ==, 5);
    g_assert_cmpuint(counts->authenticated, ==, 5);
    g_assert_cmpuint(counts->decrypted, ==, 5);
    g_assert_cmpuint(counts->plaintext_valid, ==, 3);
    g_assert_cmpuint(counts->plaintext_invalid, ==, 2);
    g_assert_cmpuint(counts->keystream_reuse, ==, 1);
    g_assert_cmpuint(counts->replayed, ==, 1);
    g_assert_cmpuint(counts->distinct, ==, 3);
    g_assert_cmpuint(counts->last_index - counts->first_index, ==, 3);
    g_assert_cmpuint(verify_counts_missing(counts), ==, 1);
    traffic_scene_free(s);
}

/* SRTP and SRTCP of one SSRC on one port (RFC 5761) are two streams, in the order in which they began. */
static void test_rtcp_is_a_stream_of_its_own(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, "unencrypted_srtcp=1", 0, 0);
    sent_packet rtp, rtcp;
    traffic_scene_log(s, CM_80, 0, "unencrypted_srtcp=1");
    traffic_scene_send_rtcp(s, 7, &rtcp);
    traffic_scene_send_seq(s, 1, &rtp);
    traffic_scene_arrive(s, &rtcp, 1);
    traffic_scene_arrive(s, &rtp, 2);
    g_assert_cmpuint(verify_traffic_streams(s->traffic)->len, ==, 2);
    g_assert_cmpint(traffic_scene_stream(s, 0)->protocol, ==, VERIFY_SRTCP);
    g_assert_cmpuint(traffic_scene_stream(s, 0)->total.unencrypted, ==, 1);
    g_assert_cmpint(traffic_scene_stream(s, 1)->protocol, ==, VERIFY_SRTP);
    g_assert_cmpuint(traffic_scene_stream(s, 1)->total.decrypted, ==, 1);
    traffic_scene_free(s);
}

/* --- what was not opened ------------------------------------------------------------------------------------------- */

static void test_failures(void)
{
    static const struct {
        media_verdict verdict;
        verify_failure failure;
    } rows[] = {{MEDIA_TAG_MISMATCH, VERIFY_TAG_MISMATCH}, {MEDIA_NO_KEY, VERIFY_NO_KEY},
                {MEDIA_TRUNCATED, VERIFY_TRUNCATED},       {MEDIA_UNSUPPORTED_SUITE, VERIFY_UNSUPPORTED},
                {MEDIA_CLEAR, VERIFY_IN_CLEAR},            {MEDIA_UNKNOWN, VERIFY_FAILURES}};
    const verify_window always = {INT64_MIN, INT64_MAX};
    const uint8_t octets[] = {0x80};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        verify_traffic *traffic = verify_traffic_new(&always);
        const media_packet packet = {.frame = 1, .data = octets, .len = 1};
        const media_opening opening = {.verdict = rows[i].verdict};
        verify_traffic_add_media(traffic, &packet, &opening, NULL, 0);
        const GPtrArray *streams = verify_traffic_streams(traffic);
        g_assert_cmpuint(streams->len, ==, rows[i].verdict == MEDIA_UNKNOWN ? 0 : 1);
        for (unsigned f = 0; f < VERIFY_FAILURES && streams->len; f++)
            g_assert_cmpuint(((const verify_stream *)streams->pdata[0])->total.failed[f], ==, f == rows[i].failure);
        verify_traffic_free(traffic);
    }
    verify_traffic_free(NULL);
}

/* --- sidelink ------------------------------------------------------------------------------------------------------ */

typedef struct {
    session_keys *keys;
    mikey_sessions *mikey;
    pc5_state *pc5;
    kd_sources *sources;
    sl_security *security;
    verify_traffic *traffic;
} link_scene;

static link_scene link_scene_new(void)
{
    static const char line_format[] = "D2D_KDSESS 1234 %s";
    const verify_window always = {INT64_MIN, INT64_MAX};
    link_scene s = {.keys = session_keys_new(), .pc5 = pc5_state_new(), .traffic = verify_traffic_new(&always)};
    s.mikey = mikey_sessions_new(s.keys);
    s.sources = kd_sources_new(s.mikey);
    const sl_security_setting setting = {.pc5 = s.pc5, .sources = s.sources, .mikey = s.mikey, .profile = SL_PROFILE_DEFAULT,
                                         .options = pc5s_default_options};
    s.security = sl_security_new(&setting);
    g_autofree char *line = g_strdup_printf(line_format, d2d_example_get()->kd_sess);
    g_autofree char *error = NULL;
    keylog_entry *entry;
    g_assert_true(keylog_parse_line(line, strlen(line), &entry, &error));
    sl_security_add_logged(s.security, entry);
    keylog_entry_free(entry);
    return s;
}

static void link_scene_free(link_scene *s)
{
    verify_traffic_free(s->traffic);
    sl_security_free(s->security);
    kd_sources_free(s->sources);
    pc5_state_free(s->pc5);
    mikey_sessions_free(s->mikey);
    session_keys_free(s->keys);
}

/* problems: what sl_sn_use would find. */
static void link_arrive(link_scene *s, const d2d_pdu *pdu, uint32_t frame, unsigned problems)
{
    sl_pdu parsed = d2d_pdu_parse(pdu, frame);
    sl_opening opening;
    sl_security_open(s->security, &parsed, &opening);
    parsed.problems |= problems;
    if (problems & PDCP_SL_SN_REPEATED)
        opening.verdict = SL_REPLAYED;
    verify_traffic_add_sidelink(s->traffic, &parsed, &opening, frame * SCENE_SECOND);
}

static const verify_stream *link_stream(const link_scene *s, guint n)
{
    const GPtrArray *streams = verify_traffic_streams(s->traffic);
    g_assert_cmpuint(n, <, streams->len);
    return streams->pdata[n];
}

/* Complete on channel 29, accept on 30 (twice, and once damaged), IP on 4; a request that is not protected counts nowhere. */
static void test_sidelink(void)
{
    static const uint8_t channels[] = {29, 30, 4};
    link_scene s = link_scene_new();
    const d2d_example *example = d2d_example_get();
    const d2d_pdu ip = d2d_pdu_with_checksum(&example->frames[D2D_IP]);
    d2d_pdu damaged = example->frames[D2D_ACCEPT];
    damaged.octets.data[damaged.octets.len - 1] ^= 1;
    link_arrive(&s, &example->frames[D2D_REQUEST], 1, 0);
    link_arrive(&s, &example->frames[D2D_COMPLETE], 2, 0);
    link_arrive(&s, &example->frames[D2D_ACCEPT], 3, 0);
    link_arrive(&s, &damaged, 4, 0);
    link_arrive(&s, &example->frames[D2D_ACCEPT], 5, PDCP_SL_SN_REPEATED);
    link_arrive(&s, &ip, 6, 0);
    g_assert_cmpuint(verify_traffic_streams(s.traffic)->len, ==, 3);
    for (guint i = 0; i < 3; i++) {
        const verify_stream *stream = link_stream(&s, i);
        assert_sums(stream);
        g_assert_cmpint(stream->protocol, ==, VERIFY_PDCP_SL);
        g_assert_cmphex(stream->key_id, ==, 0x1234);
        g_assert_cmpuint(stream->link.lcid, ==, channels[i]);
        g_assert_cmphex(stream->link.source, ==, example->frames[D2D_COMPLETE + i].link.source);
        g_assert_nonnull(stretch(stream, 0)->context);
        g_assert_cmpuint(stream->total.plaintext_invalid, ==, 0);
    }
    const verify_stream *accept = link_stream(&s, 1), *user = link_stream(&s, 2);
    g_assert_cmpuint(link_stream(&s, 0)->total.authenticated, ==, 1);
    g_assert_cmpuint(accept->total.packets, ==, 3);
    g_assert_cmpuint(accept->total.authenticated, ==, 2);
    g_assert_cmpuint(accept->total.decrypted, ==, 2);
    g_assert_cmpuint(accept->total.replayed, ==, 1);
    g_assert_cmpuint(accept->total.duplicates, ==, 1);
    g_assert_cmpuint(accept->total.plaintext_valid, ==, 2);
    g_assert_cmpuint(accept->total.failed[VERIFY_TAG_MISMATCH], ==, 1);
    g_assert_cmpuint(stretch(accept, 0)->counts.distinct, ==, 1);
    g_assert_cmpuint(user->total.unauthenticated, ==, 1);
    g_assert_cmpuint(user->total.decrypted, ==, 1);
    g_assert_cmpuint(user->total.plaintext_valid, ==, 1);
    link_scene_free(&s);
}

/* A PDU of another SN, as if it had been sent so: gaps of the SN, one that is used again, and SDUs that are not what they should be. */
static void test_sidelink_numbers(void)
{
    static const struct {
        uint16_t sn;
        unsigned problems;
        bool is_implausible;
    } rows[] = {{5, 0, false}, {9, 0, false}, {7, 0, true}, {7, PDCP_SL_SN_REUSED, true}, {9, PDCP_SL_SN_REPEATED, false}};
    link_scene s = link_scene_new();
    const d2d_pdu ip = d2d_pdu_with_checksum(&d2d_example_get()->frames[D2D_IP]);
    sl_pdu pdu = d2d_pdu_parse(&ip, 1);
    sl_opening opening;
    sl_security_open(s.security, &pdu, &opening);
    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        pdu.frame = 1 + i;
        pdu.sn = rows[i].sn;
        pdu.problems = rows[i].problems;
        opening.is_implausible = rows[i].is_implausible;
        verify_traffic_add_sidelink(s.traffic, &pdu, &opening, 0);
    }
    const verify_counts *counts = &stretch(link_stream(&s, 0), 0)->counts;
    g_assert_cmpuint(counts->first_index, ==, 5);
    g_assert_cmpuint(counts->last_index, ==, 9);
    g_assert_cmpuint(counts->distinct, ==, 3);
    g_assert_cmpuint(verify_counts_missing(counts), ==, 2);
    g_assert_cmpuint(counts->keystream_reuse, ==, 1);
    g_assert_cmpuint(counts->replayed, ==, 1);
    g_assert_cmpuint(counts->plaintext_valid, ==, 3);
    g_assert_cmpuint(counts->plaintext_invalid, ==, 2);
    link_scene_free(&s);
}

/* Without the key nothing has an index; another key ID is another stream, and so is a cast in which the same bits mean a PTK. */
static void test_sidelink_streams(void)
{
    const verify_window always = {INT64_MIN, INT64_MAX};
    verify_traffic *traffic = verify_traffic_new(&always);
    sl_pdu pdu = d2d_pdu_parse(&d2d_example_get()->frames[D2D_IP], 1);
    const sl_opening opening = {.verdict = SL_NO_KEY};
    verify_traffic_add_sidelink(traffic, &pdu, &opening, 0);
    pdu.pgk_index = 3; /* reserved bits */
    verify_traffic_add_sidelink(traffic, &pdu, &opening, 0);
    pdu.key_id++;
    verify_traffic_add_sidelink(traffic, &pdu, &opening, 0);
    pdu.link.cast = SL_ONE_TO_MANY;
    verify_traffic_add_sidelink(traffic, &pdu, &opening, 0);
    pdu.pgk_index = 4;
    verify_traffic_add_sidelink(traffic, &pdu, &opening, 0);
    const GPtrArray *streams = verify_traffic_streams(traffic);
    g_assert_cmpuint(streams->len, ==, 4);
    const verify_stream *first = streams->pdata[0], *last = streams->pdata[3];
    g_assert_cmpuint(first->total.failed[VERIFY_NO_KEY], ==, 2);
    g_assert_false(stretch(first, 0)->counts.has_index);
    g_assert_cmpuint(first->pgk_index, ==, 0);
    g_assert_cmpuint(last->pgk_index, ==, 4);
    verify_traffic_free(traffic);
}

/* --- memory -------------------------------------------------------------------------------------------------------- */

static size_t octets_in_use(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* Packets of ten streams in turn, every seventh of which fails, so that runs begin and end all the time. */
static void add_many(verify_traffic *traffic, const session_key *key, uint32_t first, uint32_t count)
{
    uint8_t octets[SCENE_PACKET_LEN] = {0x80};
    for (uint32_t i = first; i < first + count; i++) {
        const media_packet packet = {.frame = i + 1, .data = octets, .len = sizeof octets, .source.port = (uint16_t)(i % 10)};
        const media_opening failed = {.verdict = MEDIA_TAG_MISMATCH, .ssrc = i % 10};
        const media_opening opened = {.verdict = MEDIA_DECRYPTED, .ssrc = i % 10, .index = i / 10, .key = key,
                                      .plain_len = sizeof octets};
        verify_traffic_add_media(traffic, &packet, i % 7 ? &opened : &failed, octets, i);
    }
}

static void test_memory_is_of_streams(void)
{
    traffic_scene *s = traffic_scene_new(CM_80, NULL, 0, 0);
    const session_key *key = traffic_scene_log(s, CM_80, 0, NULL);
    const size_t before = octets_in_use(); /* 0: the allocator is another's, as a sanitizer's is */
    if (!before) {
        g_test_skip("the allocator does not count");
        traffic_scene_free(s);
        return;
    }
    add_many(s->traffic, key, 0, 10000);
    const size_t few = octets_in_use();
    add_many(s->traffic, key, 10000, 990000);
    g_assert_cmpuint(octets_in_use(), ==, few);
    g_assert_cmpuint(few, >, before);
    g_assert_cmpuint(few - before, <, 10 * (2 * VERIFY_MAX_SAMPLE_LEN + 4096));
    uint64_t packets = 0, failed = 0;
    for (guint i = 0; i < 10; i++) {
        packets += traffic_scene_stream(s, i)->total.packets;
        failed += traffic_scene_stream(s, i)->total.failed[VERIFY_TAG_MISMATCH];
    }
    g_assert_cmpuint(packets, ==, 1000000);
    g_assert_cmpuint(failed, ==, 142858); /* 0, 7, 14 ... 999999 */
    traffic_scene_free(s);
}

/* Streams beyond the bound are counted in one. */
static void test_streams_are_bounded(void)
{
    enum { BEYOND = 5 };
    const verify_window always = {INT64_MIN, INT64_MAX};
    const media_opening no_key = {.verdict = MEDIA_NO_KEY}, mismatch = {.verdict = MEDIA_TAG_MISMATCH};
    const uint8_t octets[SCENE_PACKET_LEN] = {0x80};
    verify_traffic *traffic = verify_traffic_new(&always);
    for (uint32_t i = 0; i < VERIFY_MAX_STREAMS + BEYOND; i++) {
        const media_packet packet = {.frame = i + 1, .data = octets, .len = sizeof octets};
        media_opening opening = i % 2 ? no_key : mismatch;
        opening.ssrc = i;
        verify_traffic_add_media(traffic, &packet, &opening, NULL, 0);
    }
    const GPtrArray *streams = verify_traffic_streams(traffic);
    g_assert_cmpuint(streams->len, ==, VERIFY_MAX_STREAMS + 1);
    const verify_stream *unnamed = streams->pdata[VERIFY_MAX_STREAMS];
    g_assert_cmpuint(unnamed->total.packets, ==, BEYOND);
    g_assert_cmpuint(unnamed->stretches->len, ==, 1);
    g_assert_null(unnamed->samples[0].octets);
    unsigned sampled = 0;
    for (guint i = 0; i < streams->len; i++)
        sampled += ((const verify_stream *)streams->pdata[i])->samples[0].octets != NULL;
    g_assert_cmpuint(sampled, ==, VERIFY_MAX_SAMPLED_STREAMS);
    verify_traffic_free(traffic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
    g_test_add_func("/verify-traffic/counts", test_counts);
    g_test_add_func("/verify-traffic/duplicates-are-near", test_duplicates_are_near);
    g_test_add_func("/verify-traffic/gap-over-rollover", test_gap_over_rollover);
    g_test_add_func("/verify-traffic/roc-recovered", test_roc_recovered);
    g_test_add_func("/verify-traffic/unauthenticated", test_unauthenticated);
    g_test_add_func("/verify-traffic/unencrypted", test_unencrypted);
    g_test_add_func("/verify-traffic/padding", test_padding);
    g_test_add_func("/verify-traffic/rekeyed", test_rekeyed);
    g_test_add_func("/verify-traffic/window", test_window);
    g_test_add_func("/verify-traffic/window-between-duplicates", test_window_between_duplicates);
    g_test_add_func("/verify-traffic/runs", test_runs);
    g_test_add_func("/verify-traffic/rtcp", test_rtcp);
    g_test_add_func("/verify-traffic/rtcp-is-a-stream-of-its-own", test_rtcp_is_a_stream_of_its_own);
    g_test_add_func("/verify-traffic/failures", test_failures);
    g_test_add_func("/verify-traffic/sidelink", test_sidelink);
    g_test_add_func("/verify-traffic/sidelink-numbers", test_sidelink_numbers);
    g_test_add_func("/verify-traffic/sidelink-streams", test_sidelink_streams);
    g_test_add_func("/verify-traffic/memory-is-of-streams", test_memory_is_of_streams);
    g_test_add_func("/verify-traffic/streams-are-bounded", test_streams_are_bounded);
    return g_test_run();
}

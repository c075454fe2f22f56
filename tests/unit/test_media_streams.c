#include "sessions/media_streams.h"

#include "libsrtp_session.h"

#include <glib.h>
#include <string.h>

#define PLAIN_LEN 40
#define SEALED_ROOM 128

/* One sender, libsrtp2, whose packets arrive under a logged key. */
typedef struct {
    session_keys *keys;
    offer_answer *signalling;
    media_streams *streams;
    keylog_entry *entry;
    srtp_t sender;
} scene;

typedef struct {
    uint8_t plain[PLAIN_LEN];
    uint8_t sealed[SEALED_ROOM];
    size_t len;
} sent_packet;

static const uint8_t FROM[] = {192, 0, 2, 1}, TO[] = {192, 0, 2, 2};

static const libsrtp_suite *suite_of(const char *name)
{
    size_t count;
    const libsrtp_suite *suites = libsrtp_suites(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(suites[i].suite, name) == 0)
            return &suites[i];
    g_assert_not_reached();
}

static void add_key(scene *s)
{
    session_keys_add_logged(s->keys, s->entry);
    media_streams_news(s->streams);
}

static scene *scene_with_option(const char *suite, const char *option)
{
    scene *s = g_new0(scene, 1);
    char *error = NULL;
    g_autofree char *line = g_strdup_printf("SRTP_MASTER src=192.0.2.1:4000 %s:"
                                            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d %s", suite, option);
    g_assert_true(keylog_parse_line(line, strlen(line), &s->entry, &error));
    const libsrtp_options options = {.direction = ssrc_any_outbound};
    s->sender = libsrtp_session_new(suite_of(suite), &s->entry->srtp, &options);
    s->keys = session_keys_new();
    s->signalling = offer_answer_new(s->keys);
    s->streams = media_streams_new(s->keys, s->signalling, false);
    return s;
}

static scene *scene_new(const char *suite)
{
    return scene_with_option(suite, "");
}

static void scene_free(scene *s)
{
    srtp_dealloc(s->sender);
    media_streams_free(s->streams);
    offer_answer_free(s->signalling);
    session_keys_free(s->keys);
    keylog_entry_free(s->entry);
    g_free(s);
}

static void seal(scene *s, sent_packet *sent, uint16_t seq)
{
    memset(sent->plain, seq & 0xff, sizeof sent->plain);
    memcpy(sent->plain, (const uint8_t[]){0x80, 0, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 0, 'S', 'S', 'R', 'C'}, 12);
    memcpy(sent->sealed, sent->plain, sizeof sent->plain);
    int len = PLAIN_LEN;
    g_assert_cmpint(srtp_protect(s->sender, sent->sealed, &len), ==, srtp_err_status_ok);
    sent->len = (size_t)len;
}

/* The packet arrives in `frame`; what it opens to must be what was sent. */
static media_opening arrive(scene *s, const sent_packet *sent, uint32_t frame)
{
    uint8_t out[SEALED_ROOM];
    media_opening opening;
    media_packet packet = {.frame = frame, .position = 42, .data = sent->sealed, .len = sent->len};
    transport_address_set(&packet.source, FROM, 4, 4000);
    transport_address_set(&packet.destination, TO, 4, 5000);
    media_streams_open(s->streams, &packet, out, &opening);
    if (opening.plain_len)
        g_assert_cmpmem(out, opening.plain_len, sent->plain, PLAIN_LEN);
    return opening;
}

static void begin_at_roc(scene *s, uint32_t roc, sent_packet *sent)
{
    seal(s, sent, 100); /* the sender must know the stream before its ROC can be set */
    g_assert_cmpint(srtp_set_stream_roc(s->sender, 0x53535243, roc), ==, srtp_err_status_ok);
    seal(s, sent, 101);
}

static void test_late_and_twice(void)
{
    scene *s = scene_new("AES_CM_128_HMAC_SHA1_80");
    sent_packet sent[4];
    add_key(s);
    for (uint16_t i = 0; i < 4; i++)
        seal(s, &sent[i], 1000 + i);
    g_assert_cmpint(arrive(s, &sent[0], 1).verdict, ==, MEDIA_DECRYPTED);
    g_assert_cmpint(arrive(s, &sent[3], 2).verdict, ==, MEDIA_DECRYPTED);
    g_assert_cmpint(arrive(s, &sent[1], 3).verdict, ==, MEDIA_DECRYPTED);
    g_assert_cmpint(arrive(s, &sent[0], 4).verdict, ==, MEDIA_REPLAYED);
    sent_packet damaged = sent[2];
    damaged.sealed[20] ^= 1;
    g_assert_cmpint(arrive(s, &damaged, 5).verdict, ==, MEDIA_TAG_MISMATCH);
    g_assert_cmpint(arrive(s, &sent[2], 6).verdict, ==, MEDIA_DECRYPTED);
    /* Every frame says the same when it is visited again, in whatever order. */
    g_assert_cmpint(arrive(s, &sent[2], 6).verdict, ==, MEDIA_DECRYPTED);
    g_assert_cmpint(arrive(s, &sent[0], 4).verdict, ==, MEDIA_REPLAYED);
    g_assert_cmpint(arrive(s, &damaged, 5).verdict, ==, MEDIA_TAG_MISMATCH);
    g_assert_cmpint(arrive(s, &sent[0], 1).verdict, ==, MEDIA_DECRYPTED);
    scene_free(s);
}

/* Packets until the stream opens; 0: it does not within `most`. */
/* Two packets may begin at the same octet of two data sources of one frame. What one was opened with says nothing of the other. */
static void test_two_at_one_position(void)
{
    scene *s = scene_new("AES_CM_128_HMAC_SHA1_80");
    sent_packet sent[2];
    add_key(s);
    for (uint16_t i = 0; i < 2; i++)
        seal(s, &sent[i], 1000 + i);
    sent_packet forged = sent[1];
    forged.sealed[20] ^= 1;
    for (int visit = 0; visit < 2; visit++) {
        g_assert_cmpint(arrive(s, &sent[0], 1).verdict, ==, MEDIA_DECRYPTED);
        g_assert_cmpint(arrive(s, &forged, 1).verdict, ==, MEDIA_TAG_MISMATCH);
        g_assert_cmpint(arrive(s, &sent[1], 1).verdict, ==, MEDIA_DECRYPTED);
    }
    scene_free(s);
}

static unsigned packets_to_open(const char *suite, uint32_t roc, unsigned most)
{
    scene *s = scene_new(suite);
    sent_packet sent;
    unsigned needed = 0;
    add_key(s);
    begin_at_roc(s, roc, &sent);
    for (unsigned i = 1; i <= most && !needed; i++) {
        media_opening opening = arrive(s, &sent, i);
        if (opening.plain_len) {
            g_assert_cmpuint(opening.roc, ==, roc);
            needed = i;
        }
        seal(s, &sent, (uint16_t)(101 + i));
    }
    scene_free(s);
    return needed;
}

static void test_roc_search_is_bounded(void)
{
    g_assert_cmpuint(packets_to_open("AES_CM_128_HMAC_SHA1_80", 0, 1), ==, 1);
    g_assert_cmpuint(packets_to_open("AES_CM_128_HMAC_SHA1_80", 4000, 1), ==, 1);
    g_assert_cmpuint(packets_to_open("AES_CM_128_HMAC_SHA1_80", MEDIA_ROC_SEARCH, 20), ==, 16);
    g_assert_cmpuint(packets_to_open("AES_CM_128_HMAC_SHA1_80", MEDIA_ROC_SEARCH + 1, 40), ==, 0);
    g_assert_cmpuint(packets_to_open("AES_CM_128_HMAC_SHA1_32", MEDIA_ROC_SEARCH_SHORT_TAG, 1), ==, 1);
    g_assert_cmpuint(packets_to_open("AES_CM_128_HMAC_SHA1_32", MEDIA_ROC_SEARCH_SHORT_TAG + 1, 40), ==, 0);
}

/* The SRTP key of a MIKEY policy with these tags, for the sender's SSRC. */
static session_key *signal_key(scene *s, uint8_t srtp_tag_len, uint8_t srtcp_tag_len)
{
    srtp_master_key master = s->entry->srtp;
    master.transform.srtp_tag_len = srtp_tag_len;
    master.transform.srtcp_tag_len = srtcp_tag_len;
    session_key *key = session_keys_add(s->keys, &master, s->entry->suite, KEY_ORIGIN_MIKEY, 1, 1);
    session_keys_bind_ssrc(s->keys, key, 0x53535243);
    media_streams_news(s->streams);
    return key;
}

/* A stream begins at the ROC that signalling tells, farther off than any search goes; one that begins at 0 all the same is opened too. */
static void test_signalled_roc(void)
{
    static const uint32_t rocs[] = {1, MEDIA_ROC_SEARCH + 1, 0x7fffffff};
    for (size_t i = 0; i < G_N_ELEMENTS(rocs); i++) {
        for (int from_zero = 0; from_zero < 2; from_zero++) {
            scene *s = scene_new("AES_CM_128_HMAC_SHA1_32");
            sent_packet sent;
            signal_key(s, 4, 4)->roc = rocs[i];
            if (from_zero)
                seal(s, &sent, 101);
            else
                begin_at_roc(s, rocs[i], &sent);
            const media_opening opening = arrive(s, &sent, 1);
            g_assert_cmpint(opening.verdict, ==, MEDIA_DECRYPTED);
            g_assert_cmpuint(opening.roc, ==, from_zero ? 0 : rocs[i]);
            g_assert_cmpuint(opening.notes & MEDIA_NOTE_ROC_RECOVERED, ==, 0);
            scene_free(s);
        }
    }
}

/* A key log tells a ROC that a short tag leaves beyond the search; one that is wrong keeps no stream from being opened. */
static void test_logged_roc(void)
{
    static const struct {
        const char *option;
        uint32_t roc;
        media_verdict verdict;
    } rows[] = {{"", 5000, MEDIA_TAG_MISMATCH},
                {"roc=5000", 5000, MEDIA_DECRYPTED},
                {"roc=4999", 5000, MEDIA_TAG_MISMATCH},
                {"roc=5000", 0, MEDIA_DECRYPTED},
                {"roc=5000", MEDIA_ROC_SEARCH_SHORT_TAG, MEDIA_DECRYPTED},
                {"roc=4294967295", UINT32_MAX, MEDIA_DECRYPTED}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        scene *s = scene_with_option("AES_CM_128_HMAC_SHA1_32", rows[i].option);
        sent_packet sent;
        add_key(s);
        begin_at_roc(s, rows[i].roc, &sent);
        const media_opening opening = arrive(s, &sent, 1);
        g_assert_cmpint(opening.verdict, ==, rows[i].verdict);
        g_assert_cmpuint(opening.roc, ==, opening.plain_len ? rows[i].roc : 0);
        scene_free(s);
    }
}

/* One key for two senders, each of which begins at a ROC of its own: the one told last does not stand for both. */
static void test_signalled_rocs_of_two(void)
{
    const uint32_t roc = MEDIA_ROC_SEARCH + 1;
    for (int last = 0; last < 2; last++) {
        scene *s = scene_new("AES_CM_128_HMAC_SHA1_32");
        sent_packet sent;
        session_key *key = signal_key(s, 4, 4);
        session_key_set_roc(key, last ? 0x12345678 : 0x53535243, last ? 2 * roc : roc);
        session_key_set_roc(key, last ? 0x53535243 : 0x12345678, last ? roc : 2 * roc);
        begin_at_roc(s, roc, &sent);
        const media_opening opening = arrive(s, &sent, 1);
        g_assert_cmpint(opening.verdict, ==, MEDIA_DECRYPTED);
        g_assert_cmpuint(opening.roc, ==, roc);
        scene_free(s);
    }
}

/* RFC 3830 has one length for both tags: whoever keeps the longer one that RFC 4568 has for SRTCP is understood too. */
static void test_tags_of_srtcp(void)
{
    static const struct {
        const char *sender; /* its SRTCP tag has 10 octets */
        uint8_t srtp, srtcp;
        bool departs;
    } rows[] = {
        {"AES_CM_128_HMAC_SHA1_32", 4, 10, false},  {"AES_CM_128_HMAC_SHA1_32", 4, 4, true},
        {"AES_CM_128_HMAC_SHA1_80", 10, 10, false}, {"AES_CM_128_HMAC_SHA1_80", 10, 4, true},
        {"AES_CM_128_HMAC_SHA1_80", 8, 8, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        scene *s = scene_new(rows[i].sender);
        sent_packet sent = {.plain = {0x80, 201, 0, 1, 'S', 'S', 'R', 'C', 0x80, 203, 0, 7, 'S', 'S', 'R', 'C'}};
        int len = PLAIN_LEN;
        uint8_t out[SEALED_ROOM];
        media_opening opening;
        signal_key(s, rows[i].srtp, rows[i].srtcp);
        memcpy(sent.sealed, sent.plain, PLAIN_LEN);
        g_assert_cmpint(srtp_protect_rtcp(s->sender, sent.sealed, &len), ==, srtp_err_status_ok);
        g_assert_cmpint(len, ==, PLAIN_LEN + 4 + 10);
        media_packet packet = {.frame = 1, .position = 42, .data = sent.sealed, .len = (size_t)len, .is_rtcp = true};
        transport_address_set(&packet.source, FROM, 4, 4001);
        transport_address_set(&packet.destination, TO, 4, 5001);
        media_streams_open(s->streams, &packet, out, &opening);
        g_assert_cmpint(opening.verdict, ==, MEDIA_DECRYPTED);
        g_assert_cmpmem(out, opening.plain_len, sent.plain, PLAIN_LEN);
        g_assert_cmpint((opening.notes & MEDIA_NOTE_SRTCP_TAG_LENGTH) != 0, ==, rows[i].departs);
        scene_free(s);
    }
}

/* The key becomes known after all packets have passed; then frames are visited backwards, over several rollovers. */
static void test_key_comes_last(void)
{
    enum { PACKETS = 400 };
    scene *s = scene_new("AES_CM_128_HMAC_SHA1_80");
    sent_packet *sent = g_new0(sent_packet, PACKETS);
    for (unsigned i = 0; i < PACKETS; i++) {
        seal(s, &sent[i], (uint16_t)(65000 + i * 1000));
        g_assert_cmpuint(arrive(s, &sent[i], i + 1).plain_len, ==, 0);
    }
    add_key(s);
    for (unsigned i = PACKETS; i-- > 0;) {
        media_opening opening = arrive(s, &sent[i], i + 1);
        g_assert_cmpint(opening.verdict, ==, MEDIA_DECRYPTED);
        g_assert_cmpuint(opening.roc, ==, (65000 + i * 1000) >> 16);
    }
    g_free(sent);
    scene_free(s);
}

/* A key that fits nothing, and a stream for every packet: what searching costs must not grow faster than the packets. Without
 * the account each stream would cost thousands of trials. */
static void test_futile_search_is_linear(void)
{
    enum { PACKETS = 40000 };
    scene *s = scene_new("AES_CM_128_HMAC_SHA1_80");
    sent_packet sent;
    add_key(s);
    seal(s, &sent, 1);
    sent.sealed[30] ^= 1;
    gint64 begin = g_get_monotonic_time();
    for (uint32_t i = 0; i < PACKETS; i++) {
        memcpy(sent.sealed + 8, &i, sizeof i);
        g_assert_cmpint(arrive(s, &sent, i + 1).verdict, ==, MEDIA_TAG_MISMATCH);
    }
    /* 4,096 trials a packet would take a minute and more; the account allows for seconds. */
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 30 * G_USEC_PER_SEC);
    scene_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
    g_test_add_func("/media-streams/late-and-twice", test_late_and_twice);
    g_test_add_func("/media-streams/two-at-one-position", test_two_at_one_position);
    g_test_add_func("/media-streams/roc-search-is-bounded", test_roc_search_is_bounded);
    g_test_add_func("/media-streams/signalled-roc", test_signalled_roc);
    g_test_add_func("/media-streams/logged-roc", test_logged_roc);
    g_test_add_func("/media-streams/signalled-rocs-of-two", test_signalled_rocs_of_two);
    g_test_add_func("/media-streams/tags-of-srtcp", test_tags_of_srtcp);
    g_test_add_func("/media-streams/key-comes-last", test_key_comes_last);
    g_test_add_func("/media-streams/futile-search-is-linear", test_futile_search_is_linear);
    return g_test_run();
}

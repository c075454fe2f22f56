/* Delivered keys against those that SDP brings, in a call that is told by hand. */
#include "reports/verify_build.h"

#include <string.h>

#define SUITE "AES_CM_128_HMAC_SHA1_80"
#define KEY_OF_OFFER "000102030405060708090a0b0c0d0e0f"
#define SALT_OF_OFFER "101112131415161718191a1b1c1d"
#define OTHER_KEY "ff0102030405060708090a0b0c0d0e0f"

typedef struct {
    session_keys *keys;
    offer_answer *signalling;
    mikey_sessions *mikey;
    kd_sources *kd;
    pc5_state *pc5;
    sl_security *sidelink;
    delivered_keys *delivered;
    session_key *key;
    verify_report *report;
    verify_session *session;
} scene;

/* An offer whose key has opened a packet. */
static void scene_begin(scene *s)
{
    s->keys = session_keys_new();
    s->signalling = offer_answer_new(s->keys);
    s->mikey = mikey_sessions_new(s->keys);
    s->kd = kd_sources_new(s->mikey);
    s->pc5 = pc5_state_new();
    const sl_security_setting setting = {.pc5 = s->pc5, .sources = s->kd, .mikey = s->mikey, .profile = SL_PROFILE_DEFAULT};
    s->sidelink = sl_security_new(&setting);
    s->delivered = delivered_keys_new();
    const crypto_suite *suite = crypto_suite_by_name(SUITE, strlen(SUITE));
    srtp_master_key master = {.transform = suite->transform};
    for (uint8_t i = 0; i < 16; i++)
        master.key[i] = i;
    for (uint8_t i = 0; i < 14; i++)
        master.salt[i] = (uint8_t)(16 + i);
    s->key = session_keys_add(s->keys, &master, suite, KEY_ORIGIN_SDES_OFFER, 7, 1);
    s->key->claims = 1;
    s->report = verify_report_new();
    s->session = verify_report_add_session(s->report, "SDES");
    const verify_key key = {.name = "SRTP master key", .fingerprint = s->key->fingerprint};
    g_array_append_val(s->session->keys, key);
    verify_session_identify(s->session, "call_id", "a@b");
}

static void scene_end(scene *s)
{
    verify_report_free(s->report);
    delivered_keys_free(s->delivered);
    sl_security_free(s->sidelink);
    pc5_state_free(s->pc5);
    kd_sources_free(s->kd);
    mikey_sessions_free(s->mikey);
    offer_answer_free(s->signalling);
    session_keys_free(s->keys);
}

/* The same key, as one that an offer of a call brought. */
static void bring_by_call(scene *s)
{
    static const char sdp[] = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/SAVP 0\r\n";
    const sip_message sip = {.call_id = {"a@b", 3}, .from_tag = {"x", 1}, .method = {"INVITE", 6}, .cseq = 1};
    const sdp_arrival arrival = {.frame = 7, .sip = &sip};
    sdp_body *body = sdp_parse(sdp, strlen(sdp));
    media_leg_add_key(offer_answer_add(s->signalling, &arrival, body)->legs[0], s->key);
    sdp_free(body);
}

/* A line as the plugin takes it in, with its number. */
static void deliver(scene *s, const char *line, unsigned number)
{
    keylog_entry *entry;
    char *error;
    g_assert_true(keylog_parse_line(line, strlen(line), &entry, &error));
    entry->line = number;
    delivered_keys_add(s->delivered, entry);
    if (entry->label == KEYLOG_SRTP_MASTER)
        session_keys_add_logged(s->keys, entry);
    keylog_entry_free(entry);
}

static void compare(scene *s)
{
    const verify_sources sources = {.keys = s->keys,
                                    .signalling = s->signalling,
                                    .mikey = s->mikey,
                                    .kd = s->kd,
                                    .pc5 = s->pc5,
                                    .sidelink = s->sidelink,
                                    .delivered = s->delivered};
    verify_comparison_add(s->report, &sources);
}

static const verify_compared *compared_at(const GArray *comparison, guint at)
{
    g_assert_cmpuint(comparison->len, >, at);
    return &g_array_index(comparison, verify_compared, at);
}

/* The same key, logged and signalled, is one object that knows both. */
static void test_equal(void)
{
    static const char *const lines[] = {
        ("SRTP_MASTER * " SUITE ":" KEY_OF_OFFER SALT_OF_OFFER),
        ("HI2_CC 01 " KEY_OF_OFFER ":" SALT_OF_OFFER),
        "HI2_CC 01 AAECAwQFBgcICQoLDA0ODw==",
        "SDES_K1 a@b " KEY_OF_OFFER,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        scene s;
        scene_begin(&s);
        deliver(&s, lines[i], 3);
        compare(&s);
        const verify_compared *compared = compared_at(s.session->comparison, 0);
        g_assert_cmpint(compared->match, ==, VERIFY_EQUAL);
        g_assert_cmpuint(compared->line, ==, 3);
        g_assert_cmpstr(compared->delivered, ==, compared->derived);
        g_assert_cmpuint(s.session->comparison->len, ==, 1);
        g_assert_cmpuint(s.report->comparison->len, ==, 0);
        g_assert_cmpuint(s.session->findings->len, ==, 0);
        g_assert_cmpint(s.key->is_logged, ==, i == 0);
        g_assert_true(s.key->is_signalled);
        g_assert_cmpint(s.key->origin, ==, KEY_ORIGIN_SDES_OFFER);
        scene_end(&s);
    }
}

/* Logged first and signalled later: what packets show stays what it was. */
static void test_logged_first(void)
{
    scene s;
    scene_begin(&s);
    deliver(&s, "SRTP_MASTER ssrc=0x1 " SUITE ":" OTHER_KEY SALT_OF_OFFER, 9);
    srtp_master_key master = *srtp_context_key(s.key->context);
    master.key[0] = 0xff;
    session_key *key = session_keys_add(s.keys, &master, s.key->suite, KEY_ORIGIN_SDES_ANSWER, 12, 1);
    g_assert_cmpint(key->origin, ==, KEY_ORIGIN_KEYLOG);
    g_assert_cmpuint(key->frame, ==, 0);
    g_assert_cmpuint(key->logged_line, ==, 9);
    g_assert_cmpint(key->signalled_origin, ==, KEY_ORIGIN_SDES_ANSWER);
    g_assert_cmpuint(key->signalled_frame, ==, 12);
    compare(&s);
    const verify_compared *compared = compared_at(s.report->comparison, 0);
    g_assert_cmpint(compared->match, ==, VERIFY_EQUAL);
    g_assert_cmpstr(compared->name, ==, "SRTP_MASTER ssrc=0x00000001");
    scene_end(&s);
}

/* A record that names nothing of the capture contradicts nothing; the key in use is then one that nobody delivered. */
static void test_only_one_of_both(void)
{
    scene s;
    scene_begin(&s);
    deliver(&s, "SRTP_MASTER * " SUITE ":" OTHER_KEY SALT_OF_OFFER, 1);
    deliver(&s, "D2D_KD 1 " OTHER_KEY, 2);
    compare(&s);
    g_assert_cmpint(compared_at(s.report->comparison, 0)->match, ==, VERIFY_ONLY_DELIVERED);
    g_assert_null(compared_at(s.report->comparison, 0)->derived);
    g_assert_cmpstr(compared_at(s.report->comparison, 1)->name, ==, "D2D_KD 0x00000001");
    const verify_compared *derived = compared_at(s.session->comparison, 0);
    g_assert_cmpint(derived->match, ==, VERIFY_ONLY_DERIVED);
    g_assert_cmpstr(derived->derived, ==, s.key->fingerprint);
    g_assert_cmpuint(derived->line, ==, 0);
    g_assert_cmpuint(s.session->findings->len, ==, 0);
    scene_end(&s);
}

/* Without any delivery there is nothing to compare. */
static void test_nothing_delivered(void)
{
    scene s;
    scene_begin(&s);
    deliver(&s, "MIKEY_PSK * " OTHER_KEY, 1);
    compare(&s);
    g_assert_cmpuint(s.session->comparison->len + s.report->comparison->len, ==, 0);
    scene_end(&s);
}

/* The record names a stream that another key of signalling opened. */
static void test_different(void)
{
    scene s;
    scene_begin(&s);
    const verify_window open = {INT64_MIN, INT64_MAX};
    verify_traffic *traffic = verify_traffic_new(&open);
    uint8_t octets[32] = {0x80};
    media_packet packet = {.frame = 20, .data = octets, .len = sizeof octets};
    const media_opening opening = {.verdict = MEDIA_DECRYPTED, .ssrc = 0x1234, .key = s.key, .plain_len = 22};
    transport_address_set(&packet.source, (const uint8_t[]){192, 0, 2, 1}, 4, 4000);
    transport_address_set(&packet.destination, (const uint8_t[]){192, 0, 2, 2}, 4, 5000);
    verify_traffic_add_media(traffic, &packet, &opening, octets, 0);
    deliver(&s, "SRTP_MASTER ssrc=0x1234 " SUITE ":" OTHER_KEY SALT_OF_OFFER, 4);
    deliver(&s, "SRTP_MASTER dst=192.0.2.2:5000 " SUITE ":" OTHER_KEY SALT_OF_OFFER, 5);
    deliver(&s, "SRTP_MASTER dst=192.0.2.1:4000 " SUITE ":" OTHER_KEY SALT_OF_OFFER, 6);
    const verify_sources sources = {.traffic = traffic, .keys = s.keys, .signalling = s.signalling, .mikey = s.mikey,
                                    .kd = s.kd, .pc5 = s.pc5, .sidelink = s.sidelink, .delivered = s.delivered};
    verify_comparison_add(s.report, &sources);
    g_assert_cmpuint(s.session->comparison->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const verify_compared *compared = compared_at(s.session->comparison, i);
        g_assert_cmpint(compared->match, ==, VERIFY_DIFFERENT);
        g_assert_cmpstr(compared->derived, ==, s.key->fingerprint);
        g_assert_cmpstr(compared->delivered, !=, compared->derived);
    }
    g_assert_cmpint(compared_at(s.report->comparison, 0)->match, ==, VERIFY_ONLY_DELIVERED);
    const verify_finding *finding = &g_array_index(s.session->findings, verify_finding, 0);
    g_assert_cmpuint(s.session->findings->len, ==, 2);
    g_assert_cmpint(finding->code, ==, VERIFY_DELIVERED_KEY_DIFFERS);
    g_assert_cmpstr(finding->detail, ==, "SRTP_MASTER ssrc=0x00001234, line 4");
    scene_end(&s);
    verify_traffic_free(traffic);
}

/* A call has several keys: one more of it contradicts none that was delivered as well, nor any if it opened packets itself, as the key of
 * an answer does that is not in the capture. */
static void test_several_of_a_call(void)
{
    static const char other[] = "SRTP_MASTER call=a@b " SUITE ":" OTHER_KEY SALT_OF_OFFER;
    for (int i = 0; i < 3; i++) {
        scene s;
        scene_begin(&s);
        bring_by_call(&s);
        deliver(&s, other, 1);
        if (i == 1)
            deliver(&s, "SRTP_MASTER call=a@b " SUITE ":" KEY_OF_OFFER SALT_OF_OFFER, 2);
        const session_key *logged = session_keys_all(s.keys)->pdata[1];
        const verify_key key = {.name = "SRTP master key", .fingerprint = logged->fingerprint, .packets = i == 2 ? 5 : 0};
        g_array_append_val(s.session->keys, key);
        compare(&s);
        g_assert_cmpint(compared_at(s.session->comparison, 0)->match, ==, i == 0 ? VERIFY_DIFFERENT : VERIFY_ONLY_DELIVERED);
        g_assert_cmpuint(s.session->findings->len, ==, i == 0);
        scene_end(&s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verify-comparison/equal", test_equal);
    g_test_add_func("/verify-comparison/logged-first", test_logged_first);
    g_test_add_func("/verify-comparison/only-one-of-both", test_only_one_of_both);
    g_test_add_func("/verify-comparison/nothing-delivered", test_nothing_delivered);
    g_test_add_func("/verify-comparison/different", test_different);
    g_test_add_func("/verify-comparison/several-of-a-call", test_several_of_a_call);
    return g_test_run();
}

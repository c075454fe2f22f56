/* Which sessions a capture has, and what a report says of each. Packets are said to have been opened; what is checked is where they are
 * told, and how. */
#include "reports/verify_build.h"

#include "mikey_scene.h"

#include <string.h>

/* All that is known of a capture. */
typedef struct {
    mikey_scene *mikey;
    session_keys *keys;
    offer_answer *signalling;
    rtsp_sessions *rtsp;
    verify_traffic *traffic;
    verify_report *report;
    uint32_t frame;
} capture;

static void setup(capture *c, gconstpointer data)
{
    (void)data;
    const verify_window window = {INT64_MIN, INT64_MAX};
    c->mikey = mikey_scene_new();
    c->keys = c->mikey->keys;
    c->signalling = offer_answer_new(c->keys);
    c->rtsp = rtsp_sessions_new(c->signalling);
    c->traffic = verify_traffic_new(&window);
    c->report = verify_report_new();
    c->frame = 0;
}

static void teardown(capture *c, gconstpointer data)
{
    (void)data;
    verify_report_free(c->report);
    verify_traffic_free(c->traffic);
    rtsp_sessions_free(c->rtsp);
    offer_answer_free(c->signalling);
    mikey_scene_free(c->mikey);
}

static const GPtrArray *sessions_of(capture *c)
{
    const verify_sources sources = {.traffic = c->traffic,
                                    .keys = c->keys,
                                    .signalling = c->signalling,
                                    .mikey = c->mikey->sessions,
                                    .rtsp = c->rtsp};
    verify_media_add_sessions(c->report, &sources);
    return c->report->sessions;
}

static const verify_session *only_session(capture *c)
{
    const GPtrArray *sessions = sessions_of(c);
    g_assert_cmpuint(sessions->len, ==, 1);
    return sessions->pdata[0];
}

/* --- signalling ---------------------------------------------------------------------------------------------------- */

/* The master keys: of the offerer that of RFC 3711 B.3, of the answerer one of twos. */
#define B3 "RFC 3711 B.3 key derivation"
static uint8_t first_key[30], second_key[30], third_key[30];

static void read_master(JsonObject *vector)
{
    vector_octets key, salt;
    if (strcmp(json_object_get_string_member(vector, "name"), B3) != 0)
        return;
    vector_get_octets(vector, "master_key", false, &key);
    vector_get_octets(vector, "master_salt", false, &salt);
    memcpy(first_key, key.data, 16);
    memcpy(first_key + 16, salt.data, 14);
}

static char *fingerprint_of(const uint8_t *octets, size_t len)
{
    char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, octets, len);
    digest[16] = '\0';
    return digest;
}

static void assert_fingerprint(const char *fingerprint, const uint8_t *octets, size_t len)
{
    g_autofree char *expected = fingerprint_of(octets, len);
    g_assert_cmpstr(fingerprint, ==, expected);
}

typedef struct {
    const char *call_id, *start, *cseq, *to_tag;
    const char *from_host, *to_host; /* of the packet: the last octets of 192.0.2.x */
    const char *host;                /* of the media, likewise */
    unsigned port, tag;
    const uint8_t *key;              /* NULL: no a=crypto line */
} sip_body;

static transport_address host(const char *last, uint16_t port)
{
    transport_address address;
    transport_address_set(&address, (const uint8_t[]){192, 0, 2, (uint8_t)g_ascii_strtoull(last, NULL, 10)}, 4, port);
    return address;
}

static const sdp_exchange *send_body(capture *c, const sip_body *body)
{
    g_autofree char *text = g_strdup_printf("%s\r\nFrom: <sip:alice@x>;tag=a\r\nTo: <sip:bob@x>%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n\r\n",
                                            body->start, body->to_tag ? ";tag=" : "", body->to_tag ? body->to_tag : "",
                                            body->call_id, body->cseq);
    g_autofree char *base64 = body->key ? g_base64_encode(body->key, 30) : NULL;
    g_autofree char *crypto =
        body->key ? g_strdup_printf("a=crypto:%u AES_CM_128_HMAC_SHA1_80 inline:%s\r\n", body->tag, base64) : g_strdup("");
    g_autofree char *sdp = g_strdup_printf("v=0\r\no=- 7%s 1 IN IP4 192.0.2.%s\r\ns=-\r\nc=IN IP4 192.0.2.%s\r\nt=0 0\r\n"
                                           "m=audio %u RTP/SAVP 0\r\n%s",
                                           body->host, body->host, body->host, body->port, crypto);
    sip_message sip;
    g_assert_true(sip_parse(text, strlen(text), &sip));
    sdp_body *parsed = sdp_parse(sdp, strlen(sdp));
    const sdp_arrival arrival = {.frame = ++c->frame,
                                 .source = host(body->from_host, 5060),
                                 .destination = host(body->to_host, 5060),
                                 .sip = &sip,
                                 .carrier = "SIP over UDP"};
    const sdp_exchange *exchange = offer_answer_add(c->signalling, &arrival, parsed);
    sdp_free(parsed);
    return exchange;
}

static const sdp_exchange *offer(capture *c)
{
    return send_body(c, &(sip_body){"one@x", "INVITE sip:bob@x SIP/2.0", "1 INVITE", NULL, "1", "2", "1", 4000, 1, first_key});
}

static const sdp_exchange *answer(capture *c, unsigned tag)
{
    return send_body(c, &(sip_body){"one@x", "SIP/2.0 200 OK", "1 INVITE", "b", "2", "1", "2", 5000, tag, second_key});
}

static const session_key *key_of(const sdp_exchange *exchange)
{
    return exchange->legs[0]->keys->pdata[0];
}

static const session_key *newest(const GPtrArray *keys)
{
    return keys && keys->len ? keys->pdata[keys->len - 1] : NULL;
}

/* Returns what it made, or NULL for any flow and for a source. */
static const session_key *log_key(capture *c, unsigned line, const char *selector, const uint8_t *key)
{
    g_autoptr(GString) text = g_string_new(NULL);
    keylog_entry *entry;
    char *error = NULL;
    g_string_printf(text, "SRTP_MASTER %s AES_CM_128_HMAC_SHA1_80:", selector);
    for (unsigned i = 0; i < 30; i++)
        g_string_append_printf(text, "%02x", key[i]);
    g_assert_true(keylog_parse_line(text->str, text->len, &entry, &error));
    entry->line = line;
    session_keys_add_logged(c->keys, entry);
    const session_key *logged = newest(entry->selector == KEYLOG_SSRC ? session_keys_for_ssrc(c->keys, entry->ssrc)
                                                                      : session_keys_for_destination(c->keys, &entry->address));
    keylog_entry_free(entry);
    return logged;
}

/* --- traffic ------------------------------------------------------------------------------------------------------- */

/* A packet of the stream; key NULL: it was not opened. */
typedef struct {
    const char *source;
    unsigned source_port;
    const char *destination;
    unsigned destination_port;
    uint32_t ssrc;
    const session_key *key;
    media_verdict verdict;
    unsigned notes;
} arrived;

static void arrive_octets(capture *c, const arrived *p, unsigned packets, const uint8_t *octets, size_t len)
{
    const bool is_rtcp = p->source_port % 2;
    for (unsigned i = 0; i < packets; i++) {
        const media_packet packet = {.frame = ++c->frame,
                                     .is_rtcp = is_rtcp,
                                     .source = host(p->source, (uint16_t)p->source_port),
                                     .destination = host(p->destination, (uint16_t)p->destination_port),
                                     .data = octets,
                                     .len = len};
        const media_opening opening = {.verdict = p->verdict,
                                       .notes = p->notes,
                                       .ssrc = p->ssrc,
                                       .index = i,
                                       .e_bit = true,
                                       .key = p->key,
                                       .plain_len = p->key ? packet.len : 0};
        verify_traffic_add_media(c->traffic, &packet, &opening, octets, c->frame);
    }
}

static void arrive(capture *c, const arrived *p, unsigned packets)
{
    static const uint8_t rtp[40] = {0x80}, rtcp[8] = {0x80, 201, 0, 1};
    if (p->source_port % 2)
        arrive_octets(c, p, packets, rtcp, sizeof rtcp);
    else
        arrive_octets(c, p, packets, rtp, sizeof rtp);
}

static void arrive_from_alice(capture *c, const session_key *key, unsigned packets)
{
    arrive(c, &(arrived){"1", 4000, "2", 5000, 0xa, key, key ? MEDIA_DECRYPTED : MEDIA_NO_KEY, 0}, packets);
}

static void arrive_from_bob(capture *c, const session_key *key, unsigned packets)
{
    arrive(c, &(arrived){"2", 5000, "1", 4000, 0xb, key, key ? MEDIA_DECRYPTED : MEDIA_NO_KEY, 0}, packets);
}

/* --- what is said -------------------------------------------------------------------------------------------------- */

static const char *identifier(const verify_session *session, const char *name)
{
    for (guint i = 0; i < session->identifiers->len; i++) {
        const verify_identifier *found = &g_array_index(session->identifiers, verify_identifier, i);
        if (strcmp(found->name, name) == 0)
            return found->value;
    }
    return NULL;
}

static void assert_party(const verify_session *session, guint which, const char *role, const char *uri, const char *identity,
                         const char *address)
{
    const verify_party *party = &g_array_index(session->parties, verify_party, which);
    g_assert_cmpuint(session->parties->len, >, which);
    g_assert_cmpstr(party->role, ==, role);
    g_assert_cmpstr(party->uri, ==, uri);
    g_assert_cmpstr(party->identity, ==, identity);
    g_assert_cmpstr(party->address, ==, address);
}

static void assert_event(const verify_session *session, guint which, const char *name, uint32_t frame)
{
    g_assert_cmpuint(session->events->len, >, which);
    g_assert_cmpstr(g_array_index(session->events, verify_event, which).event, ==, name);
    g_assert_cmpuint(g_array_index(session->events, verify_event, which).frame, ==, frame);
}

static void assert_key(const verify_session *session, guint which, const uint8_t *key, const char *origin, const char *detail,
                       uint32_t frame, uint64_t packets)
{
    const verify_key *told = &g_array_index(session->keys, verify_key, which);
    g_assert_cmpuint(session->keys->len, >, which);
    g_assert_cmpstr(told->name, ==, "SRTP master key");
    assert_fingerprint(told->fingerprint, key, 30);
    g_assert_cmpstr(told->suite, ==, "AES_CM_128_HMAC_SHA1_80");
    g_assert_cmpstr(told->origin, ==, origin);
    g_assert_cmpstr(told->detail, ==, detail);
    g_assert_cmpuint(told->frame, ==, frame);
    g_assert_cmpuint(told->packets, ==, packets);
}

static const verify_finding *finding(const verify_session *session, verify_finding_code code)
{
    for (guint i = 0; i < session->findings->len; i++) {
        const verify_finding *found = &g_array_index(session->findings, verify_finding, i);
        if (found->code == code)
            return found;
    }
    return NULL;
}

static void assert_only_finding(const verify_session *session, verify_finding_code code)
{
    g_assert_cmpuint(session->findings->len, ==, 1);
    g_assert_nonnull(finding(session, code));
}

static const verify_step *step_to(const verify_session *session, const char *output)
{
    for (guint i = 0; i < session->derivation->len; i++) {
        const verify_step *step = &g_array_index(session->derivation, verify_step, i);
        if (strcmp(step->output, output) == 0)
            return step;
    }
    return NULL;
}

/* --- calls --------------------------------------------------------------------------------------------------------- */

static void test_call(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k1 = key_of(offer(c)), *k2 = key_of(answer(c, 1));
    arrive_from_alice(c, k1, 3);
    arrive_from_bob(c, k2, 2);
    arrive(c, &(arrived){"1", 4001, "2", 5001, 0xa, k1, MEDIA_DECRYPTED, 0}, 1);
    const verify_session *session = only_session(c);
    g_assert_cmpstr(session->method, ==, "SDES");
    g_assert_cmpstr(session->carrier, ==, "SIP over UDP");
    g_assert_cmpuint(session->parties->len, ==, 2);
    assert_party(session, 0, "offerer", "sip:alice@x", NULL, "192.0.2.1");
    assert_party(session, 1, "answerer", "sip:bob@x", NULL, "192.0.2.2");
    static const verify_identifier IDENTIFIERS[] = {{"call_id", "one@x"}, {"from_tag", "a"},      {"to_tag", "b"},
                                                    {"cseq", "1 INVITE"}, {"sdp_session", "71 1"}, {"sdp_session", "72 1"}};
    g_assert_cmpuint(session->identifiers->len, ==, G_N_ELEMENTS(IDENTIFIERS));
    for (guint i = 0; i < G_N_ELEMENTS(IDENTIFIERS); i++) {
        g_assert_cmpstr(g_array_index(session->identifiers, verify_identifier, i).name, ==, IDENTIFIERS[i].name);
        g_assert_cmpstr(g_array_index(session->identifiers, verify_identifier, i).value, ==, IDENTIFIERS[i].value);
    }
    g_assert_cmpuint(session->events->len, ==, 2);
    assert_event(session, 0, "offer", 1);
    assert_event(session, 1, "answer", 2);
    g_assert_cmpuint(session->keys->len, ==, 2);
    assert_key(session, 0, first_key, "SDES offer", "tag 1", 1, 4);
    assert_key(session, 1, second_key, "SDES answer", "tag 1", 2, 2);
    g_assert_cmpuint(session->streams->len, ==, 3);
    g_assert_cmpuint(session->findings->len, ==, 0);
}

static const verify_session *derived_session;
static unsigned derived_checked;

static void assert_session_key(const char *output, uint32_t length, const char *parameters, const vector_octets *octets)
{
    const verify_step *step = step_to(derived_session, output);
    g_assert_nonnull(step);
    g_assert_cmpstr(step->function, ==, "AES-CM PRF (RFC 3711 4.3.3)");
    g_assert_cmpstr(step->parameters, ==, parameters);
    g_assert_cmpuint(step->output_length, ==, length);
    assert_fingerprint(step->fingerprint, octets->data, length);
    g_assert_cmpuint(step->inputs->len, ==, 1);
    const verify_input *input = &g_array_index(step->inputs, verify_input, 0);
    g_assert_cmpuint(input->length, ==, 30);
    g_assert_null(input->value);
    assert_fingerprint(input->fingerprint, first_key, 30);
}

static void check_derivation(JsonObject *vector)
{
    static const struct {
        const char *output, *parameters;
        uint32_t length;
    } KEYS[] = {{"SRTP encryption key", "label 0x00, kdr 0, r 0", 16},
                {"SRTP authentication key", "label 0x01, kdr 0, r 0", 20},
                {"SRTP salt", "label 0x02, kdr 0, r 0", 14}};
    vector_octets out;
    if (strcmp(json_object_get_string_member(vector, "name"), B3) != 0)
        return;
    vector_get_octets(vector, "out", false, &out);
    const gint64 label = json_object_get_int_member(vector, "label");
    g_assert_cmpint(label, <, G_N_ELEMENTS(KEYS));
    assert_session_key(KEYS[label].output, KEYS[label].length, KEYS[label].parameters, &out);
    derived_checked++;
}

/* Session keys are told of keys that opened something, for the protocol that they opened. */
static void test_derivation(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k1 = key_of(offer(c));
    answer(c, 1);
    arrive_from_alice(c, k1, 1);
    derived_session = only_session(c);
    const verify_step *master = &g_array_index(derived_session->derivation, verify_step, 0);
    g_assert_cmpstr(master->function, ==, "taken from SDP");
    g_assert_cmpstr(master->parameters, ==, "inline, tag 1");
    g_assert_cmpstr(master->output, ==, "SRTP master key and salt");
    g_assert_cmpuint(master->output_length, ==, 30);
    g_assert_cmpuint(master->frame, ==, 1);
    assert_fingerprint(master->fingerprint, first_key, 30);
    vectors_for_each("srtp_kdf.json", check_derivation);
    g_assert_cmpuint(derived_checked, ==, 3);
    g_assert_cmpuint(derived_session->derivation->len, ==, 5);
    g_assert_null(step_to(derived_session, "SRTCP encryption key"));
    assert_only_finding(derived_session, VERIFY_ONE_DIRECTION);
}

static void test_answer_missing(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k1 = key_of(offer(c));
    arrive_from_alice(c, k1, 3);
    arrive_from_bob(c, NULL, 2);
    const verify_session *session = only_session(c);
    assert_only_finding(session, VERIFY_ANSWER_MISSING);
    assert_party(session, 1, "answerer", "sip:bob@x", NULL, "192.0.2.2");
    g_assert_cmpuint(session->streams->len, ==, 2);
}

static void test_answer_not_needed(capture *c, gconstpointer data)
{
    (void)data;
    arrive_from_alice(c, key_of(offer(c)), 3);
    g_assert_cmpuint(only_session(c)->findings->len, ==, 0);
}

static void test_answer_missing_without_traffic(capture *c, gconstpointer data)
{
    (void)data;
    offer(c);
    assert_only_finding(only_session(c), VERIFY_ANSWER_MISSING);
}

static void test_offer_missing(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k2 = key_of(answer(c, 1));
    arrive_from_alice(c, NULL, 3);
    arrive_from_bob(c, k2, 2);
    assert_only_finding(only_session(c), VERIFY_OFFER_MISSING);
}

static void test_departures(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k1 = key_of(offer(c)), *k2 = key_of(answer(c, 2));
    arrive_from_alice(c, k1, 1);
    arrive_from_bob(c, k2, 1);
    arrive(c, &(arrived){"1", 4001, "2", 5001, 0xa, k1, MEDIA_DECRYPTED, MEDIA_NOTE_SRTCP_TAG_LENGTH | MEDIA_NOTE_ROC_RECOVERED}, 1);
    const verify_session *session = only_session(c);
    g_assert_cmpuint(session->findings->len, ==, 2);
    const verify_finding *of_answer = &g_array_index(session->findings, verify_finding, 0);
    const verify_finding *of_packet = &g_array_index(session->findings, verify_finding, 1);
    g_assert_cmpint(of_answer->code, ==, VERIFY_DEPARTURE);
    g_assert_nonnull(strstr(of_answer->detail, "RFC 4568 section 5.1.2"));
    g_assert_cmpint(of_packet->code, ==, VERIFY_DEPARTURE);
    g_assert_nonnull(strstr(of_packet->detail, "SRTCP tag"));
}

/* A proxy that changes no SDP shows every key twice: the media belongs to one hop, and each hop has its evidence. */
static void test_hops(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k1 = key_of(send_body(
        c, &(sip_body){"one@x", "INVITE sip:bob@x SIP/2.0", "1 INVITE", NULL, "1", "3", "1", 4000, 1, first_key}));
    const session_key *again = key_of(send_body(
        c, &(sip_body){"one@x", "INVITE sip:bob@x SIP/2.0", "1 INVITE", NULL, "3", "2", "3", 6000, 1, first_key}));
    g_assert_true(k1 == again);
    send_body(c, &(sip_body){"one@x", "SIP/2.0 200 OK", "1 INVITE", "b", "2", "3", "2", 5000, 1, second_key});
    send_body(c, &(sip_body){"one@x", "SIP/2.0 200 OK", "1 INVITE", "b", "3", "1", "3", 6000, 1, second_key});
    arrive(c, &(arrived){"3", 6000, "2", 5000, 0xa, k1, MEDIA_DECRYPTED, 0}, 2);
    const GPtrArray *sessions = sessions_of(c);
    g_assert_cmpuint(sessions->len, ==, 2);
    const verify_session *near = sessions->pdata[0], *far = sessions->pdata[1];
    g_assert_cmpuint(near->streams->len, ==, 0);
    assert_key(near, 0, first_key, "SDES offer", "tag 1", 1, 0);
    g_assert_cmpuint(far->streams->len, ==, 1);
    assert_key(far, 0, first_key, "SDES offer", "tag 1", 2, 2);
}

/* A call that is in the clear is no session; a call without keys whose media is protected is one. */
static void test_calls_of_no_interest(capture *c, gconstpointer data)
{
    (void)data;
    g_autofree char *sdp = g_strdup("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0\r\n");
    sdp_body *parsed = sdp_parse(sdp, strlen(sdp));
    const sdp_arrival arrival = {.frame = ++c->frame, .source = host("9", 80), .destination = host("8", 80)};
    offer_answer_add(c->signalling, &arrival, parsed);
    sdp_free(parsed);
    g_assert_cmpuint(sessions_of(c)->len, ==, 0);
}

static void test_order(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *logged = log_key(c, 3, "ssrc=0x0000000c", third_key);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, logged, MEDIA_DECRYPTED, 0}, 1);
    offer(c);
    arrive(c, &(arrived){"5", 7000, "6", 8000, 0xd, NULL, MEDIA_NO_KEY, 0}, 1);
    const GPtrArray *sessions = sessions_of(c);
    static const char *const METHODS[] = {"key log", "SDES", NULL};
    g_assert_cmpuint(sessions->len, ==, G_N_ELEMENTS(METHODS));
    for (guint i = 0; i < G_N_ELEMENTS(METHODS); i++)
        g_assert_cmpstr(((const verify_session *)sessions->pdata[i])->method, ==, METHODS[i]);
}

/* The SRTP authentication key that RFC 3711 B.3 derives from the first key. */
static uint8_t first_auth_key[20];

static void read_auth_key(JsonObject *vector)
{
    vector_octets out;
    if (strcmp(json_object_get_string_member(vector, "name"), B3) != 0 || json_object_get_int_member(vector, "label") != 1)
        return;
    vector_get_octets(vector, "out", false, &out);
    memcpy(first_auth_key, out.data, sizeof first_auth_key);
}

/* A packet of the offerer that its key fits, with a tag of so many octets at a rollover counter below 2^32, which was not opened. */
static void arrive_tagged(capture *c, uint8_t seq, size_t tag_len, uint32_t roc)
{
    uint8_t packet[40 + 20] = {0x80, 0, 0, seq, 0, 0, 0, 0, 0, 0, 0, 0xa};
    gsize len = 20;
    const uint8_t counter[4] = {(uint8_t)(roc >> 24), (uint8_t)(roc >> 16), (uint8_t)(roc >> 8), (uint8_t)roc};
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, first_auth_key, sizeof first_auth_key);
    g_hmac_update(hmac, packet, 40);
    g_hmac_update(hmac, counter, sizeof counter);
    g_hmac_get_digest(hmac, packet + 40, &len);
    g_hmac_unref(hmac);
    arrive_octets(c, &(arrived){"1", 4000, "2", 5000, 0xa, NULL, MEDIA_TAG_MISMATCH, 0}, 1, packet, 40 + tag_len);
}

static void test_wrong_suite(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k2;
    offer(c);
    k2 = key_of(answer(c, 1));
    arrive_tagged(c, 1, 4, 0);
    arrive_tagged(c, 2, 4, 0);
    arrive_from_bob(c, k2, 1);
    const verify_session *session = only_session(c);
    assert_only_finding(session, VERIFY_WRONG_SUITE);
    g_assert_cmpuint(finding(session, VERIFY_WRONG_SUITE)->packets, ==, 2);
    g_assert_cmpstr(finding(session, VERIFY_WRONG_SUITE)->detail, ==,
                    "the packets fit AES_CM_128_HMAC_SHA1_32, the key was given for AES_CM_128_HMAC_SHA1_80");
}

static void test_roc_unknown(capture *c, gconstpointer data)
{
    (void)data;
    offer(c);
    arrive_from_bob(c, key_of(answer(c, 1)), 1);
    arrive_tagged(c, 1, 10, 70000);
    arrive_tagged(c, 2, 10, 70000);
    const verify_session *session = only_session(c);
    assert_only_finding(session, VERIFY_ROC_UNKNOWN);
    g_assert_cmpstr(finding(session, VERIFY_ROC_UNKNOWN)->detail, ==, "the rollover counter is 70000");
}

/* Media under a key from the KD of offer and answer belongs to their call; without one, to a session of the KD. */
static void test_kd(capture *c, gconstpointer data)
{
    (void)data;
    srtp_master_key master = {.transform = crypto_suite_by_name("AES_CM_128_HMAC_SHA1_80", 23)->transform};
    offer(c);
    answer(c, 1);
    memcpy(master.key, third_key, 16);
    memcpy(master.salt, third_key + 16, 14);
    const crypto_suite *suite = crypto_suite_by_name("AES_CM_128_HMAC_SHA1_80", 23);
    const session_key *of_call = session_keys_add(c->keys, &master, suite, KEY_ORIGIN_KD, 2, 0);
    master.key[0]++;
    const session_key *of_line = session_keys_add(c->keys, &master, suite, KEY_ORIGIN_KD, 0, 9);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, of_call, MEDIA_DECRYPTED, 0}, 2);
    arrive(c, &(arrived){"8", 8000, "7", 7000, 0xd, of_call, MEDIA_DECRYPTED, 0}, 2);
    arrive(c, &(arrived){"5", 7000, "6", 8000, 0xe, of_line, MEDIA_DECRYPTED, 0}, 1);
    const GPtrArray *sessions = sessions_of(c);
    g_assert_cmpuint(sessions->len, ==, 2);
    const verify_session *call = sessions->pdata[0], *line = sessions->pdata[1];
    g_assert_cmpstr(call->method, ==, "KD");
    g_assert_cmpstr(identifier(call, "call_id"), ==, "one@x");
    g_assert_cmpuint(call->streams->len, ==, 2);
    assert_key(call, 2, third_key, "KD", NULL, 2, 4);
    g_assert_cmpstr(line->method, ==, "KD");
    g_assert_cmpstr(g_array_index(line->keys, verify_key, 0).detail, ==, "key log line 9");
}

/* --- no key -------------------------------------------------------------------------------------------------------- */

static void append(GString *all, const char *text)
{
    if (text)
        g_string_append_printf(all, "%s\n", text);
}

static void append_steps(GString *all, const verify_session *session)
{
    for (guint i = 0; i < session->derivation->len; i++) {
        const verify_step *step = &g_array_index(session->derivation, verify_step, i);
        const char *const texts[] = {step->function, step->parameters, step->output, step->fingerprint};
        for (guint t = 0; t < G_N_ELEMENTS(texts); t++)
            append(all, texts[t]);
        for (guint k = 0; k < step->inputs->len; k++) {
            append(all, g_array_index(step->inputs, verify_input, k).value);
            append(all, g_array_index(step->inputs, verify_input, k).fingerprint);
        }
    }
}

static void append_session(GString *all, const verify_session *session)
{
    append_steps(all, session);
    for (guint i = 0; i < session->keys->len; i++) {
        const verify_key *key = &g_array_index(session->keys, verify_key, i);
        append(all, key->fingerprint);
        append(all, key->detail);
        append(all, key->origin);
    }
    for (guint i = 0; i < session->identifiers->len; i++)
        append(all, g_array_index(session->identifiers, verify_identifier, i).value);
    for (guint i = 0; i < session->parties->len; i++)
        append(all, g_array_index(session->parties, verify_party, i).identity);
    for (guint i = 0; i < session->findings->len; i++)
        append(all, g_array_index(session->findings, verify_finding, i).detail);
}

static void assert_no_key(const char *text, const uint8_t *key, size_t len)
{
    g_autoptr(GString) hex = g_string_new(NULL);
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(hex, "%02x", key[i]);
    g_autofree char *base64 = g_base64_encode(key, len / 3 * 3);
    g_assert_null(strstr(text, hex->str));
    g_assert_null(strstr(text, base64));
}

static void test_no_key_is_told(capture *c, gconstpointer data)
{
    (void)data;
    mikey_exchange *exchange = mikey_exchange_named("pre-shared key");
    arrive_from_alice(c, key_of(offer(c)), 2);
    arrive_from_bob(c, key_of(answer(c, 1)), 2);
    mikey_scene_log(c->mikey, "MIKEY_PSK * %s", exchange->psk);
    mikey_scene_take(c->mikey, ++c->frame, span_of(&exchange->init));
    mikey_scene_take(c->mikey, ++c->frame, span_of(&exchange->resp));
    mikey_sessions_settle(c->mikey->sessions, false);
    g_autoptr(GString) all = g_string_new(NULL);
    const GPtrArray *sessions = sessions_of(c);
    g_assert_cmpuint(sessions->len, ==, 2);
    for (guint i = 0; i < sessions->len; i++)
        append_session(all, sessions->pdata[i]);
    g_autofree char *fingerprint = fingerprint_of(first_key, 30);
    g_assert_nonnull(strstr(all->str, fingerprint));
    assert_no_key(all->str, first_key, 16);
    assert_no_key(all->str, first_key + 16, 14);
    assert_no_key(all->str, second_key, 16);
    assert_no_key(all->str, first_auth_key, sizeof first_auth_key);
    for (guint i = 0; i < 2; i++)
        assert_no_key(all->str, exchange->tek[i].data, exchange->tek[i].len);
    g_assert_null(strstr(all->str, exchange->psk));
    mikey_exchange_free(exchange);
}

/* --- key logs, and nothing ----------------------------------------------------------------------------------------- */

static void test_logged(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k1 = log_key(c, 3, "ssrc=0x0000000c", first_key), *k2 = log_key(c, 5, "ssrc=0x0000000d", second_key);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, k1, MEDIA_DECRYPTED, 0}, 2);
    arrive(c, &(arrived){"8", 8000, "7", 7000, 0xd, k2, MEDIA_DECRYPTED, 0}, 1);
    const GPtrArray *sessions = sessions_of(c);
    g_assert_cmpuint(sessions->len, ==, 2);
    const verify_session *session = sessions->pdata[0];
    g_assert_cmpstr(session->method, ==, "key log");
    g_assert_null(session->carrier);
    g_assert_cmpstr(identifier(session, "keylog_line"), ==, "3");
    g_assert_cmpuint(session->events->len + session->parties->len + session->findings->len, ==, 0);
    assert_key(session, 0, first_key, "key log", "line 3", 0, 2);
    g_assert_cmpstr(step_to(session, "SRTP master key and salt")->function, ==, "taken from key log");
    g_assert_cmpstr(identifier(sessions->pdata[1], "keylog_line"), ==, "5");
}

/* Lines of the same number in two key logs are two. */
static void test_logged_as_derived(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *k1 = log_key(c, 3, "ssrc=0x0000000c", first_key);
    const session_key *k2 = log_key(c, 3 | KEYLOG_LINE_DERIVED, "ssrc=0x0000000d", second_key);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, k1, MEDIA_DECRYPTED, 0}, 1);
    arrive(c, &(arrived){"8", 8000, "7", 7000, 0xd, k2, MEDIA_DECRYPTED, 0}, 1);
    const GPtrArray *sessions = sessions_of(c);
    g_assert_cmpuint(sessions->len, ==, 2);
    assert_key(sessions->pdata[0], 0, first_key, "key log", "line 3", 0, 1);
    assert_key(sessions->pdata[1], 0, second_key, "key log", "line 3 of derived keys", 0, 1);
    g_assert_null(identifier(sessions->pdata[1], "keylog_line"));
    g_assert_cmpstr(identifier(sessions->pdata[1], "derived_keylog_line"), ==, "3");
}

/* What a line points to belongs to it, opened or not; so does everything where there is no other key. */
static void test_logged_and_wrong(capture *c, gconstpointer data)
{
    const char *selector = data;
    log_key(c, 3, selector, first_key);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, NULL, MEDIA_TAG_MISMATCH, 0}, 2);
    const verify_session *session = only_session(c);
    g_assert_cmpstr(session->method, ==, "key log");
    g_assert_cmpstr(identifier(session, "keylog_line"), ==, "3");
    assert_key(session, 0, first_key, "key log", "line 3", 0, 0);
    g_assert_cmpuint(session->streams->len, ==, 1);
    g_assert_cmpuint(session->derivation->len, ==, 1);
    assert_only_finding(session, VERIFY_WRONG_KEY);
    g_assert_cmpuint(finding(session, VERIFY_WRONG_KEY)->packets, ==, 2);
}

/* A key of a key log that opens the media of a call belongs to the call. */
static void test_logged_for_a_call(capture *c, gconstpointer data)
{
    (void)data;
    const session_key *logged = log_key(c, 4, "dst=192.0.2.2:5000", third_key);
    offer(c);
    answer(c, 1);
    arrive_from_alice(c, logged, 2);
    const verify_session *session = only_session(c);
    g_assert_cmpstr(session->method, ==, "key log");
    g_assert_cmpstr(identifier(session, "call_id"), ==, "one@x");
    g_assert_cmpuint(session->keys->len, ==, 3);
    assert_key(session, 2, third_key, "key log", "line 4", 0, 2);
}

static void test_unknown(capture *c, gconstpointer data)
{
    (void)data;
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, NULL, MEDIA_NO_KEY, 0}, 2);
    arrive(c, &(arrived){"8", 8001, "7", 7001, 0xd, NULL, MEDIA_NO_KEY, 0}, 1);
    arrive(c, &(arrived){"7", 7000, "9", 8000, 0xc, NULL, MEDIA_NO_KEY, 0}, 1);
    const GPtrArray *sessions = sessions_of(c);
    g_assert_cmpuint(sessions->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const verify_session *session = sessions->pdata[i];
        g_assert_null(session->method);
        g_assert_cmpuint(session->streams->len, ==, 2 - i);
        assert_only_finding(session, VERIFY_KEY_MISSING);
    }
}

/* Lines of which each could be meant: none is named, but that there were keys is said. */
static void test_lines_for_any(capture *c, gconstpointer data)
{
    (void)data;
    log_key(c, 3, "*", first_key);
    log_key(c, 4, "*", second_key);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, NULL, MEDIA_TAG_MISMATCH, 0}, 2);
    const verify_session *session = only_session(c);
    g_assert_null(session->method);
    assert_only_finding(session, VERIFY_WRONG_KEY);
}

static void test_keys_of_one_line(capture *c, gconstpointer data)
{
    (void)data;
    log_key(c, 3, "*", first_key);
    log_key(c, 3, "*", second_key);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, NULL, MEDIA_TAG_MISMATCH, 0}, 2);
    const verify_session *session = only_session(c);
    g_assert_cmpstr(session->method, ==, "key log");
    g_assert_cmpstr(identifier(session, "keylog_line"), ==, "3");
    assert_only_finding(session, VERIFY_WRONG_KEY);
}

/* --- MIKEY --------------------------------------------------------------------------------------------------------- */

static const verify_session *mikey_session(capture *c, const mikey_exchange *exchange, bool answered)
{
    mikey_scene_take(c->mikey, ++c->frame, span_of(&exchange->init));
    if (answered)
        mikey_scene_take(c->mikey, ++c->frame, span_of(&exchange->resp));
    mikey_sessions_settle(c->mikey->sessions, false);
    return only_session(c);
}

static void test_mikey(capture *c, gconstpointer data)
{
    (void)data;
    mikey_exchange *exchange = mikey_exchange_named("pre-shared key");
    mikey_scene_log(c->mikey, "MIKEY_PSK * %s", exchange->psk);
    const verify_session *session = mikey_session(c, exchange, true);
    g_assert_cmpstr(session->method, ==, "MIKEY");
    assert_event(session, 0, "mikey_request", 1);
    assert_event(session, 1, "mikey_response", 2);
    g_assert_nonnull(identifier(session, "csb_id"));
    g_assert_cmpuint(session->keys->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        uint8_t master[30];
        memcpy(master, exchange->tek[i].data, 16);
        memcpy(master + 16, exchange->salt[i].data, 14);
        const verify_key *key = &g_array_index(session->keys, verify_key, i);
        assert_fingerprint(key->fingerprint, master, sizeof master);
        g_assert_cmpstr(key->origin, ==, "MIKEY");
        g_assert_cmpstr(key->detail, ==, i ? "CS 2" : "CS 1");
    }
    const verify_step *tek = step_to(session, "TEK"), *secret = &g_array_index(session->derivation, verify_step, 0);
    g_assert_cmpstr(secret->function, ==, "taken from key log");
    g_assert_cmpstr(tek->function, ==, "MIKEY PRF");
    g_assert_cmpstr(tek->parameters, ==, "2AD01C64 || CS ID || CSB ID || RAND");
    assert_fingerprint(tek->fingerprint, exchange->tek[0].data, 16);
    g_assert_cmpstr(g_array_index(tek->inputs, verify_input, 0).name, ==, "TGK");
    g_assert_cmpuint(session->findings->len, ==, 0);
    mikey_exchange_free(exchange);
}

/* Its keys open media that no signalling names. */
static void test_mikey_with_traffic(capture *c, gconstpointer data)
{
    (void)data;
    mikey_exchange *exchange = mikey_exchange_named("transfer A");
    mikey_scene_log(c->mikey, "MIKEY_TPK * %s", exchange->tpk);
    mikey_scene_take(c->mikey, ++c->frame, span_of(&exchange->init));
    const mikey_record *resp = mikey_scene_take(c->mikey, ++c->frame, span_of(&exchange->resp));
    mikey_sessions_settle(c->mikey->sessions, false);
    arrive(c, &(arrived){"7", 7000, "8", 8000, 0xc, mikey_record_tek(resp, 1)->key, MEDIA_DECRYPTED, 0}, 2);
    const verify_session *session = only_session(c);
    g_assert_cmpstr(session->method, ==, "MIKEY-TICKET");
    g_assert_cmpuint(session->streams->len, ==, 1);
    g_assert_nonnull(identifier(session, "ticket_type"));
    assert_event(session, 1, "ticket", 1);
    g_assert_nonnull(step_to(session, "SRTP encryption key"));
    assert_only_finding(session, VERIFY_ONE_DIRECTION);
    mikey_exchange_free(exchange);
}

static void test_mikey_of_a_call(capture *c, gconstpointer data)
{
    (void)data;
    mikey_exchange *exchange = mikey_exchange_named("pre-shared key");
    const sdp_exchange *offered = offer(c), *answered = answer(c, 1);
    const mikey_arrival init = {.frame = 1, .section = 0, .legs = offered->legs, .leg_count = 1};
    const mikey_arrival resp = {.frame = 2, .section = 0, .offer_frame = 1, .legs = answered->legs, .leg_count = 1};
    mikey_scene_log(c->mikey, "MIKEY_PSK * %s", exchange->psk);
    mikey_sessions_add(c->mikey->sessions, &init, span_of(&exchange->init));
    const mikey_record *record = mikey_sessions_add(c->mikey->sessions, &resp, span_of(&exchange->resp));
    mikey_sessions_settle(c->mikey->sessions, false);
    arrive_from_alice(c, mikey_record_tek(record, 1)->key, 2);
    const verify_session *session = only_session(c);
    g_assert_cmpstr(session->method, ==, "MIKEY");
    g_assert_cmpstr(session->carrier, ==, "SIP over UDP");
    g_assert_cmpuint(session->keys->len, ==, 4);
    g_assert_cmpuint(session->parties->len, ==, 2);
    assert_party(session, 0, "offerer", "sip:alice@x", "sip:alice@example.com", "192.0.2.1");
    assert_party(session, 1, "answerer", "sip:bob@x", "sip:bob@example.com", "192.0.2.2");
    assert_event(session, 0, "offer", 1);
    assert_event(session, 1, "mikey_request", 1);
    mikey_exchange_free(exchange);
}

static void test_secret_missing(capture *c, gconstpointer data)
{
    (void)data;
    mikey_exchange *exchange = mikey_exchange_named("pre-shared key");
    const verify_session *session = mikey_session(c, exchange, true);
    assert_only_finding(session, VERIFY_SECRET_MISSING);
    g_assert_cmpuint(session->derivation->len, ==, 0);
    mikey_exchange_free(exchange);
}

static void test_mac_failed(capture *c, gconstpointer data)
{
    (void)data;
    mikey_exchange *exchange = mikey_exchange_named("pre-shared key");
    mikey_scene_log(c->mikey, "MIKEY_PSK * 00%s", exchange->psk);
    const verify_session *session = mikey_session(c, exchange, true);
    assert_only_finding(session, VERIFY_MAC_FAILED);
    g_assert_nonnull(finding(session, VERIFY_MAC_FAILED)->detail);
    mikey_exchange_free(exchange);
}

static void test_mikey_response_missing(capture *c, gconstpointer data)
{
    (void)data;
    mikey_exchange *exchange = mikey_exchange_named("transfer A");
    mikey_scene_log(c->mikey, "MIKEY_TPK * %s", exchange->tpk);
    assert_only_finding(mikey_session(c, exchange, false), VERIFY_ANSWER_MISSING);
    mikey_exchange_free(exchange);
}

/* --- RTSP ---------------------------------------------------------------------------------------------------------- */

static void rtsp_message_arrives(capture *c, bool from_client, const char *text)
{
    rtsp_message parsed;
    g_assert_true(rtsp_parse(text, strlen(text), &parsed));
    const transport_address client = host("1", 40000), server = host("2", 554);
    const rtsp_arrival arrival = {
        .frame = ++c->frame, .source = from_client ? client : server, .destination = from_client ? server : client};
    rtsp_sessions_add(c->rtsp, &arrival, &parsed, (text_span){text + parsed.header_len, strlen(text) - parsed.header_len});
}

static void test_rtsp(capture *c, gconstpointer data)
{
    (void)data;
    g_autofree char *base64 = g_base64_encode(first_key, 30);
    g_autofree char *described = g_strdup_printf(
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Base: rtsp://s/a/\r\n\r\n"
        "v=0\r\no=- 5 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/SAVP 0\r\na=control:t\r\n"
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n", base64);
    rtsp_message_arrives(c, true, "DESCRIBE rtsp://s/a RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    rtsp_message_arrives(c, false, described);
    rtsp_message_arrives(c, true, "SETUP rtsp://s/a/t RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/SAVP;unicast;client_port=4000-4001\r\n\r\n");
    rtsp_message_arrives(c, false, "RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 12ab;timeout=60\r\n"
                                   "Transport: RTP/SAVP;unicast;client_port=4000-4001;server_port=5000-5001\r\n\r\n");
    arrive_from_bob(c, session_keys_for_any(c->keys)->pdata[0], 2);
    const verify_session *session = only_session(c);
    g_assert_cmpstr(session->method, ==, "SDES");
    g_assert_cmpstr(session->carrier, ==, "RTSP");
    g_assert_cmpstr(identifier(session, "rtsp_session"), ==, "12ab");
    g_assert_cmpstr(identifier(session, "sdp_session"), ==, "5 1");
    g_assert_cmpuint(session->parties->len, ==, 2);
    assert_party(session, 0, "server", NULL, NULL, "192.0.2.2");
    assert_party(session, 1, "client", NULL, NULL, "192.0.2.1");
    assert_event(session, 0, "description", 2);
    assert_event(session, 1, "setup", 3);
    assert_event(session, 2, "setup", 4);
    g_assert_cmpuint(session->events->len, ==, 3);
    assert_key(session, 0, first_key, "SDES", "tag 1", 2, 2);
    g_assert_cmpuint(session->streams->len, ==, 1);
    g_assert_cmpuint(session->findings->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    memset(second_key, 2, sizeof second_key);
    memset(third_key, 3, sizeof third_key);
    vectors_for_each("srtp_kdf.json", read_master);
    vectors_for_each("srtp_kdf.json", read_auth_key);
#define ADD(path, function) g_test_add("/verify-media/" path, capture, NULL, setup, function, teardown)
    ADD("call", test_call);
    ADD("derivation", test_derivation);
    ADD("answer-missing", test_answer_missing);
    ADD("answer-not-needed", test_answer_not_needed);
    ADD("answer-missing-without-traffic", test_answer_missing_without_traffic);
    ADD("offer-missing", test_offer_missing);
    ADD("departures", test_departures);
    ADD("hops", test_hops);
    ADD("calls-of-no-interest", test_calls_of_no_interest);
    ADD("order", test_order);
    ADD("wrong-suite", test_wrong_suite);
    ADD("roc-unknown", test_roc_unknown);
    ADD("kd", test_kd);
    ADD("no-key-is-told", test_no_key_is_told);
    ADD("logged", test_logged);
    ADD("logged-as-derived", test_logged_as_derived);
    g_test_add("/verify-media/logged-and-wrong/ssrc", capture, "ssrc=0x0000000c", setup, test_logged_and_wrong, teardown);
    g_test_add("/verify-media/logged-and-wrong/source", capture, "src=192.0.2.7:7000", setup, test_logged_and_wrong, teardown);
    g_test_add("/verify-media/logged-and-wrong/any", capture, "*", setup, test_logged_and_wrong, teardown);
    ADD("logged-for-a-call", test_logged_for_a_call);
    ADD("unknown", test_unknown);
    ADD("lines-for-any", test_lines_for_any);
    ADD("keys-of-one-line", test_keys_of_one_line);
    ADD("mikey", test_mikey);
    ADD("mikey-with-traffic", test_mikey_with_traffic);
    ADD("mikey-of-a-call", test_mikey_of_a_call);
    ADD("secret-missing", test_secret_missing);
    ADD("mac-failed", test_mac_failed);
    ADD("mikey-response-missing", test_mikey_response_missing);
    ADD("rtsp", test_rtsp);
    return g_test_run();
}

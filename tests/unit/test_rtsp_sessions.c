/* RTSP connections: which leg receives where, and whom a KeyMgmt header gives keys. */
#include "sessions/media_flow.h"
#include "sessions/rtsp_sessions.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

/* A client and a server with their messages. */
typedef struct {
    session_keys *keys;
    offer_answer *signalling;
    rtsp_sessions *sessions;
    transport_address client, server;
    uint32_t frame;
} session;

static transport_address at(const char *address)
{
    transport_address result = {0};
    char **parts = g_strsplit_set(address, ".:", 0);
    guint64 port;
    uint8_t octets[4];
    g_assert_cmpuint(g_strv_length(parts), ==, G_N_ELEMENTS(octets) + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(octets); i++)
        octets[i] = (uint8_t)g_ascii_strtoull(parts[i], NULL, 10);
    g_assert_true(g_ascii_string_to_unsigned(parts[G_N_ELEMENTS(octets)], 10, 0, UINT16_MAX, &port, NULL));
    transport_address_set(&result, octets, sizeof octets, (uint16_t)port);
    g_strfreev(parts);
    return result;
}

static void setup(session *s, gconstpointer data)
{
    (void)data;
    s->keys = session_keys_new();
    s->signalling = offer_answer_new(s->keys);
    s->sessions = rtsp_sessions_new(s->signalling);
    s->client = at("10.9.0.1:43432");
    s->server = at("10.9.0.2:8554");
    s->frame = 0;
}

static void teardown(session *s, gconstpointer data)
{
    (void)data;
    rtsp_sessions_free(s->sessions);
    offer_answer_free(s->signalling);
    session_keys_free(s->keys);
}

static const rtsp_exchange *message(session *s, bool from_client, const char *text)
{
    rtsp_message parsed;
    g_assert_true(rtsp_parse(text, strlen(text), &parsed));
    rtsp_arrival arrival = {.frame = ++s->frame,
                            .position = 66,
                            .source = from_client ? s->client : s->server,
                            .destination = from_client ? s->server : s->client};
    text_span body = {text + parsed.header_len, strlen(text) - parsed.header_len};
    const rtsp_exchange *exchange = rtsp_sessions_add(s->sessions, &arrival, &parsed, body);
    g_assert_true(rtsp_sessions_add(s->sessions, &arrival, &parsed, body) == exchange); /* a second visit changes nothing */
    g_assert_cmpint(exchange->sender, ==, from_client ? RTSP_CLIENT : RTSP_SERVER);
    g_assert_cmpuint(exchange->keyed_count, ==, parsed.key_mgmt_count);
    return exchange;
}

#define FROM_CLIENT true
#define FROM_SERVER false

static const rtsp_exchange *request(session *s, const char *method, const char *uri, unsigned cseq, const char *headers)
{
    g_autofree char *text = g_strdup_printf("%s %s RTSP/1.0\r\nCSeq: %u\r\n%s\r\n", method, uri, cseq, headers);
    return message(s, FROM_CLIENT, text);
}

static const rtsp_exchange *reply(session *s, unsigned cseq, const char *headers)
{
    g_autofree char *text = g_strdup_printf("RTSP/1.0 200 OK\r\nCSeq: %u\r\n%s\r\n", cseq, headers);
    return message(s, FROM_SERVER, text);
}

#define URI "rtsp://10.9.0.2:8554/t"
#define SDP_TYPE "Content-Type: application/sdp\r\n"
#define AUDIO "m=audio 0 RTP/SAVP 8\r\nc=IN IP4 0.0.0.0\r\na=control:stream=0\r\n"
#define VIDEO "m=video 0 RTP/SAVP 96\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:96 H264/90000\r\na=control:stream=1\r\n"

static const rtsp_exchange *described(session *s, unsigned cseq, const char *headers, const char *sections)
{
    request(s, "DESCRIBE", URI, cseq, "");
    g_autofree char *text = g_strdup_printf("RTSP/1.0 200 OK\r\nCSeq: %u\r\n" SDP_TYPE "%s\r\n"
                                            "v=0\r\no=- 7 1 IN IP4 10.9.0.2\r\ns=-\r\na=control:*\r\n%s",
                                            cseq, headers, sections);
    return message(s, FROM_SERVER, text);
}

static media_leg *leg_at(session *s, const char *address)
{
    transport_address where = at(address);
    const GPtrArray *legs = offer_answer_legs_at(s->signalling, &where);
    return legs ? legs->pdata[legs->len - 1] : NULL;
}

static void assert_address(const transport_address *address, const char *expected)
{
    g_autofree char *text = g_strdup_printf("%u.%u.%u.%u:%u", address->ip[0], address->ip[1], address->ip[2], address->ip[3],
                                            address->port);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_keyed(const rtsp_exchange *exchange, unsigned entry, const media_leg *leg, int section)
{
    g_assert_cmpuint(exchange->keyed[entry].leg_count, ==, 1);
    g_assert_true(exchange->keyed[entry].legs[0] == leg);
    g_assert_cmpint(exchange->keyed[entry].section, ==, section);
}

/* As GStreamer does it. */
static void test_over_udp(session *s, gconstpointer data)
{
    (void)data;
    request(s, "OPTIONS", URI, 1, "");
    reply(s, 1, "Public: OPTIONS\r\n");
    described(s, 2, "Content-Base: " URI "/\r\n", AUDIO);
    const rtsp_exchange *asked =
        request(s, "SETUP", URI "/stream=0", 3,
                "Transport: RTP/SAVP;unicast;client_port=47240-47241\r\nKeyMgmt: prot=mikey;uri=\"" URI "/stream=0\";data=\"AQ==\"\r\n");
    g_assert_null(asked->stream);
    const rtsp_exchange *answered =
        reply(s, 3, "Transport: RTP/SAVP;unicast;client_port=47240-47241;server_port=33126-33127;ssrc=663F8277\r\n");
    const rtsp_stream *stream = answered->stream;
    g_assert_nonnull(stream);
    g_assert_true(stream->secure_profile);
    g_assert_cmpint(stream->channels.first, ==, -1);
    g_assert_cmpuint(stream->media->media.len, ==, strlen("audio"));
    const rtsp_end *server = &stream->ends[RTSP_SERVER], *client = &stream->ends[RTSP_CLIENT];
    assert_address(&server->rtp, "10.9.0.2:33126");
    assert_address(&server->rtcp, "10.9.0.2:33127");
    assert_address(&client->rtp, "10.9.0.1:47240");
    assert_address(&client->rtcp, "10.9.0.1:47241");
    g_assert_nonnull(server->leg);
    g_assert_nonnull(client->leg);
    g_assert_true(server->leg == leg_at(s, "10.9.0.2:33126") && server->leg == leg_at(s, "10.9.0.2:33127"));
    g_assert_true(client->leg == leg_at(s, "10.9.0.1:47240") && client->leg == leg_at(s, "10.9.0.1:47241"));
    g_assert_cmpuint(client->leg->peers->len, ==, 1);
    g_assert_true(client->leg->peers->pdata[0] == server->leg && server->leg->peers->pdata[0] == client->leg);
    g_assert_true(client->leg->secure_profile && client->leg->signalled_protection);
    g_assert_false(server->leg->signalled_protection);
    assert_keyed(asked, 0, client->leg, 0);
    g_assert_cmpuint(asked->offer_frame, ==, 4); /* the reply to DESCRIBE */
    g_assert_cmpstr(media_leg_call_id(client->leg), ==, "");
}

/* The keys of the SDP are the server's: they lead what it sends, and nothing that the client does but as an echo. */
static void test_keys_of_the_description(session *s, gconstpointer data)
{
    (void)data;
    described(s, 1, "",
              AUDIO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n");
    request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP;client_port=5000-5001\r\n");
    reply(s, 2, "Transport: RTP/SAVP;client_port=5000-5001;server_port=6000-6001\r\n");
    g_assert_cmpuint(session_keys_count(s->keys), ==, 1);
    const flow_name names[] = {{at("10.9.0.2:6000"), at("10.9.0.1:5000")}, {at("10.9.0.1:5001"), at("10.9.0.2:6001")}};
    const guint likely[] = {1, 0};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        media_flow *flow = media_flow_new(&names[i]);
        media_flow_refresh(flow, 1, s->keys, s->signalling, 64);
        g_assert_cmpuint(flow->likely, ==, likely[i]);
        g_assert_true(flow->signalled && flow->secure_profile);
        media_flow_free(flow);
    }
}

static void test_two_media_in_any_order(session *s, gconstpointer data)
{
    (void)data;
    described(s, 1, "Content-Base: " URI "/\r\n",
              "m=audio 0 RTP/SAVP 8\r\na=control:rtsp://camera/t/stream=0\r\n" VIDEO);
    const rtsp_exchange *video = request(s, "SETUP", URI "/stream=1", 2, "KeyMgmt: prot=mikey;data=AQ==\r\n");
    const rtsp_exchange *audio = request(s, "SETUP", URI "/stream=0", 3, "KeyMgmt: prot=mikey;data=Ag==\r\n");
    reply(s, 3, "Transport: RTP/SAVP;client_port=5000-5001;server_port=6000-6001\r\n");
    reply(s, 2, "Transport: RTP/SAVP;client_port=5002-5003;server_port=6002-6003\r\n");
    g_assert_true(leg_at(s, "10.9.0.1:5000") != leg_at(s, "10.9.0.1:5002"));
    assert_keyed(audio, 0, leg_at(s, "10.9.0.1:5000"), 0);
    assert_keyed(video, 0, leg_at(s, "10.9.0.1:5002"), 1);
    g_assert_cmpuint(leg_at(s, "10.9.0.2:6002")->media_index, ==, 1);
}

static void test_whom_an_entry_is_for(session *s, gconstpointer data)
{
    (void)data;
    const rtsp_exchange *reply_to_describe =
        described(s, 1,
                  "Content-Base: " URI "/\r\nKeyMgmt: prot=mikey;uri=\"" URI "/\";data=AQ==,prot=mikey;uri=\"" URI
                  "/stream=1\";data=AQ==,prot=mikey;uri=\"\";data=AQ==\r\n",
                  AUDIO VIDEO);
    const rtsp_keyed *all = &reply_to_describe->keyed[0];
    g_assert_cmpuint(all->leg_count, ==, 2);
    g_assert_cmpint(all->section, ==, -1);
    assert_keyed(reply_to_describe, 1, all->legs[1], 1);
    g_assert_true(reply_to_describe->keyed[2].legs == all->legs);
    g_assert_cmpuint(reply_to_describe->offer_frame, ==, 0);

    const rtsp_exchange *set_up = request(s, "SETUP", URI "/stream=0", 2,
                                          "KeyMgmt: prot=mikey;uri=\"\";data=AQ==,prot=mikey;uri=\"" URI
                                          "/stream=1\";data=AQ==\r\nTransport: RTP/SAVP;client_port=5000-5001\r\n");
    assert_keyed(set_up, 0, all->legs[0]->peers->pdata[0], 0);
    assert_keyed(set_up, 1, all->legs[1]->peers->pdata[0], 1);
    const rtsp_exchange *answered =
        reply(s, 2, "Transport: RTP/SAVP;server_port=6000-6001\r\nKeyMgmt: prot=mikey;data=AQ==\r\n");
    assert_keyed(answered, 0, all->legs[0], 0);
    g_assert_cmpuint(answered->offer_frame, ==, 3);

    const rtsp_exchange *rekeyed = request(s, "SET_PARAMETER", URI, 3, "KeyMgmt: prot=mikey;uri=\"\";data=AQ==\r\n");
    g_assert_cmpuint(rekeyed->keyed[0].leg_count, ==, 2);
    g_assert_true(rekeyed->keyed[0].legs[0] == all->legs[0]->peers->pdata[0]);
}

static void test_interleaved(session *s, gconstpointer data)
{
    (void)data;
    described(s, 1, "", AUDIO VIDEO);
    request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP/TCP;unicast;interleaved=0-1\r\n");
    const rtsp_stream *audio = reply(s, 2, "Transport: RTP/SAVP/TCP;unicast;interleaved=4-5\r\n")->stream;
    request(s, "SETUP", URI "/stream=1", 3, "Transport: RTP/AVP;client_port=1-2,RTP/AVP/TCP;unicast;interleaved=2-3\r\n");
    const rtsp_stream *video = reply(s, 3, "Transport: RTP/AVP/TCP;unicast\r\n")->stream;
    g_assert_cmpint(audio->channels.first, ==, 4);
    g_assert_cmpint(video->channels.second, ==, 3);
    g_assert_true(audio->secure_profile && !video->secure_profile);
    assert_address(&audio->ends[RTSP_SERVER].rtp, "10.9.0.2:8554");
    assert_address(&audio->ends[RTSP_CLIENT].rtcp, "10.9.0.1:43432");
    g_assert_true(leg_at(s, "10.9.0.2:8554") == video->ends[RTSP_SERVER].leg);
    static const struct {
        uint8_t channel;
        int stream;
    } rows[] = {{4, 0}, {5, 0}, {2, 1}, {3, 1}, {0, -1}, {1, -1}, {255, -1}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const rtsp_stream *expected = rows[i].stream < 0 ? NULL : rows[i].stream ? video : audio;
        g_assert_true(rtsp_sessions_stream_at(s->sessions, &s->server, &s->client, rows[i].channel) == expected);
        g_assert_true(rtsp_sessions_stream_at(s->sessions, &s->client, &s->server, rows[i].channel) == expected);
    }
    const transport_address other = at("10.9.0.1:43433");
    g_assert_null(rtsp_sessions_stream_at(s->sessions, &s->server, &other, 4));
}

static void test_recording(session *s, gconstpointer data)
{
    (void)data;
    g_autofree char *announce = g_strdup("ANNOUNCE " URI " RTSP/1.0\r\nCSeq: 1\r\n" SDP_TYPE
                                         "KeyMgmt: prot=mikey;uri=\"" URI "\";data=AQ==\r\n\r\nv=0\r\n" AUDIO VIDEO);
    const rtsp_exchange *announced = message(s, FROM_CLIENT, announce);
    g_assert_cmpuint(announced->keyed[0].leg_count, ==, 2);
    reply(s, 1, "");
    request(s, "SETUP", URI "/stream=1", 2, "Transport: RTP/SAVP;client_port=5000-5001;mode=record\r\n");
    const rtsp_stream *stream =
        reply(s, 2, "Transport: RTP/SAVP;client_port=5000-5001;server_port=6000-6001;mode=record\r\n")->stream;
    g_assert_true(stream->ends[RTSP_CLIENT].leg == announced->keyed[0].legs[1]);
    g_assert_true(leg_at(s, "10.9.0.1:5000") == announced->keyed[0].legs[1]);
    g_assert_true(leg_at(s, "10.9.0.2:6000") == stream->ends[RTSP_SERVER].leg);
}

static void test_without_description(session *s, gconstpointer data)
{
    (void)data;
    const rtsp_exchange *first = request(s, "SETUP", URI "/stream=0", 1, "KeyMgmt: prot=mikey;data=AQ==\r\n");
    const rtsp_exchange *other = request(s, "SETUP", URI "/stream=1", 2, "KeyMgmt: prot=mikey;data=AQ==\r\n");
    const rtsp_exchange *again = request(s, "SETUP", URI "/stream=0", 3, "KeyMgmt: prot=mikey;data=AQ==\r\n");
    const rtsp_stream *stream = reply(s, 3, "Transport: RTP/SAVP;client_port=5000-5001;server_port=6000-6001\r\n")->stream;
    g_assert_null(stream->media);
    assert_keyed(first, 0, leg_at(s, "10.9.0.1:5000"), 0);
    assert_keyed(again, 0, leg_at(s, "10.9.0.1:5000"), 0);
    g_assert_true(other->keyed[0].legs[0] != first->keyed[0].legs[0]);
    g_assert_cmpint(other->keyed[0].section, ==, 1);
    g_assert_cmpuint(first->offer_frame, ==, 0);
    /* Nothing tells what this is for. */
    g_assert_cmpuint(request(s, "SET_PARAMETER", URI, 4, "KeyMgmt: prot=mikey;data=AQ==\r\n")->keyed[0].leg_count, ==, 0);
}

static void test_addresses_of_others(session *s, gconstpointer data)
{
    (void)data;
    described(s, 1, "", AUDIO);
    request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP;unicast;client_port=5000\r\n");
    const rtsp_stream *stream =
        reply(s, 2, "Transport: RTP/SAVP;unicast;source=192.0.2.7;destination=host.example;server_port=6000-6001\r\n")->stream;
    assert_address(&stream->ends[RTSP_SERVER].rtcp, "192.0.2.7:6001");
    g_assert_true(leg_at(s, "192.0.2.7:6000") == stream->ends[RTSP_SERVER].leg);
    g_assert_true(leg_at(s, "10.9.0.2:6000") == stream->ends[RTSP_SERVER].leg);
    assert_address(&stream->ends[RTSP_CLIENT].rtp, "10.9.0.1:5000"); /* the port is the request's; one serves both */
    assert_address(&stream->ends[RTSP_CLIENT].rtcp, "10.9.0.1:5000");
}

static void test_multicast(session *s, gconstpointer data)
{
    (void)data;
    described(s, 1, "", AUDIO);
    request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP;multicast\r\n");
    const rtsp_stream *stream = reply(s, 2, "Transport: RTP/SAVP;multicast;destination=239.1.2.3;port=5000-5001;ttl=1\r\n")->stream;
    assert_address(&stream->ends[RTSP_CLIENT].rtp, "239.1.2.3:5000");
    assert_address(&stream->ends[RTSP_SERVER].rtp, "10.9.0.2:0");
    g_assert_true(leg_at(s, "239.1.2.3:5001") == stream->ends[RTSP_CLIENT].leg);
    g_assert_null(leg_at(s, "10.9.0.2:0"));
}

static void test_what_sets_nothing_up(session *s, gconstpointer data)
{
    (void)data;
    described(s, 1, "", AUDIO VIDEO);
    request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP;client_port=5000-5001\r\n");
    g_assert_null(message(s, FROM_SERVER, "RTSP/1.0 461 Unsupported Transport\r\nCSeq: 2\r\nTransport: RTP/SAVP;server_port=6000\r\n\r\n")
                      ->stream);
    g_assert_null(reply(s, 2, "")->stream);
    g_assert_null(reply(s, 2, "Transport: x-real-rdt/udp;server_port=6000\r\n")->stream);
    g_assert_null(reply(s, 9, "Transport: RTP/SAVP;server_port=6000\r\n")->stream); /* for either section */
    g_assert_null(leg_at(s, "10.9.0.2:6000"));
    request(s, "PLAY", URI, 3, "");
    g_assert_null(reply(s, 3, "Transport: RTP/SAVP;server_port=6000\r\n")->stream);
}

static void test_reply_alone(session *s, gconstpointer data)
{
    (void)data;
    message(s, FROM_SERVER, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n" SDP_TYPE "\r\nv=0\r\n" AUDIO);
    const rtsp_stream *stream = reply(s, 2, "Transport: RTP/SAVP;client_port=5000-5001;server_port=6000-6001\r\n")->stream;
    assert_address(&stream->ends[RTSP_SERVER].rtp, "10.9.0.2:6000");
}

/* A capture that begins in the middle may begin with the server. */
static void test_server_asks_first(session *s, gconstpointer data)
{
    (void)data;
    rtsp_message parsed;
    const char *text = "OPTIONS " URI " RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    rtsp_arrival arrival = {.frame = ++s->frame, .source = s->server, .destination = s->client};
    g_assert_true(rtsp_parse(text, strlen(text), &parsed));
    rtsp_sessions_add(s->sessions, &arrival, &parsed, (text_span){NULL, 0});
    described(s, 1, "", AUDIO);
    request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP;client_port=5000-5001\r\n");
    const rtsp_stream *stream = reply(s, 2, "Transport: RTP/SAVP;server_port=6000-6001\r\n")->stream;
    assert_address(&stream->ends[RTSP_SERVER].rtp, "10.9.0.2:6000");
    assert_address(&stream->ends[RTSP_CLIENT].rtp, "10.9.0.1:5000");
}

/* The server describes the same session to both, from one address and to one port of two hosts. */
static void test_clients_stay_apart(session *s, gconstpointer data)
{
    (void)data;
    const media_leg *legs[2];
    for (unsigned i = 0; i < 2; i++) {
        described(s, 1, "", AUDIO);
        request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP;client_port=5000-5001\r\n");
        legs[i] = reply(s, 2, "Transport: RTP/SAVP;server_port=8000-8001\r\n")->stream->ends[RTSP_SERVER].leg;
        s->client = at("10.9.0.3:43432");
    }
    g_assert_true(legs[0] != legs[1]);
    g_assert_true(leg_at(s, "10.9.0.1:5000")->peers->pdata[0] == legs[0]);
    g_assert_true(leg_at(s, "10.9.0.3:5000")->peers->pdata[0] == legs[1]);
}

static void test_described_again(session *s, gconstpointer data)
{
    (void)data;
    described(s, 1, "", AUDIO);
    request(s, "SETUP", URI "/stream=0", 2, "Transport: RTP/SAVP;client_port=5000-5001\r\n");
    const rtsp_stream *stream = reply(s, 2, "Transport: RTP/SAVP;server_port=6000-6001\r\n")->stream;
    described(s, 3, "", AUDIO VIDEO);
    const rtsp_exchange *again = request(s, "SETUP", URI "/stream=0", 4, "KeyMgmt: prot=mikey;data=AQ==\r\n");
    assert_keyed(again, 0, stream->ends[RTSP_CLIENT].leg, 0);
    g_assert_cmpuint(stream->media->media.len, ==, strlen("audio")); /* of the first description, which is still there */
}

static void test_bounds(session *s, gconstpointer data)
{
    (void)data;
    unsigned known = 0;
    for (unsigned i = 0; i < 100; i++) {
        g_autofree char *uri = g_strdup_printf(URI "/%u", i);
        known += request(s, "SETUP", uri, i, "KeyMgmt: prot=mikey;data=AQ==\r\n")->keyed[0].leg_count;
    }
    g_assert_cmpuint(known, ==, 64);
    g_assert_null(reply(s, 1, "Transport: RTP/SAVP;server_port=6000-6001\r\n")->stream); /* too long ago */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/rtsp-sessions/" path, session, NULL, setup, function, teardown)
    ADD("over-udp", test_over_udp);
    ADD("keys-of-the-description", test_keys_of_the_description);
    ADD("two-media-in-any-order", test_two_media_in_any_order);
    ADD("whom-an-entry-is-for", test_whom_an_entry_is_for);
    ADD("interleaved", test_interleaved);
    ADD("recording", test_recording);
    ADD("without-description", test_without_description);
    ADD("addresses-of-others", test_addresses_of_others);
    ADD("multicast", test_multicast);
    ADD("what-sets-nothing-up", test_what_sets_nothing_up);
    ADD("reply-alone", test_reply_alone);
    ADD("server-asks-first", test_server_asks_first);
    ADD("clients-stay-apart", test_clients_stay_apart);
    ADD("described-again", test_described_again);
    ADD("bounds", test_bounds);
    return g_test_run();
}

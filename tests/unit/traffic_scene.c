#include "traffic_scene.h"

#include <string.h>

static const libsrtp_suite *suite_of(const char *name)
{
    size_t count;
    const libsrtp_suite *suites = libsrtp_suites(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(suites[i].suite, name) == 0)
            return &suites[i];
    g_assert_not_reached();
}

static keylog_entry *entry_of(const char *suite, uint8_t first, const char *options)
{
    const srtp_transform *t = &crypto_suite_by_name(suite, strlen(suite))->transform;
    g_autoptr(GString) line = g_string_new(NULL);
    char *error = NULL;
    keylog_entry *entry;
    g_string_printf(line, "SRTP_MASTER src=192.0.2.1:4000 %s:", suite);
    for (unsigned i = 0; i < (unsigned)t->key_len + t->salt_len; i++)
        g_string_append_printf(line, "%02x", i ? i : first);
    g_string_append_printf(line, " %s", options ? options : "");
    g_assert_true(keylog_parse_line(line->str, line->len, &entry, &error));
    return entry;
}

traffic_scene *traffic_scene_new(const char *suite, const char *options, int64_t from, int64_t to)
{
    traffic_scene *s = g_new0(traffic_scene, 1);
    const verify_window window = {from || to ? from * SCENE_SECOND : INT64_MIN, from || to ? to * SCENE_SECOND : INT64_MAX};
    keylog_entry *entry = entry_of(suite, 0, options);
    s->suite = suite_of(suite);
    s->master = entry->srtp;
    keylog_entry_free(entry);
    s->keys = session_keys_new();
    s->signalling = offer_answer_new(s->keys);
    s->streams = media_streams_new(s->keys, s->signalling, false);
    s->traffic = verify_traffic_new(&window);
    traffic_scene_restart(s);
    return s;
}

void traffic_scene_free(traffic_scene *s)
{
    verify_traffic_free(s->traffic);
    media_streams_free(s->streams);
    offer_answer_free(s->signalling);
    session_keys_free(s->keys);
    srtp_dealloc(s->sender);
    g_free(s);
}

void traffic_scene_restart(traffic_scene *s)
{
    const libsrtp_options outbound = {.direction = ssrc_any_outbound};
    if (s->sender)
        srtp_dealloc(s->sender);
    s->sender = libsrtp_session_new(s->suite, &s->master, &outbound);
}

void traffic_scene_set_roc(traffic_scene *s, uint32_t roc)
{
    g_assert_cmpint(srtp_set_stream_roc(s->sender, SCENE_SSRC, roc), ==, srtp_err_status_ok);
}

/* RTCP has the next port. */
const session_key *traffic_scene_log(traffic_scene *s, const char *suite, uint8_t first, const char *options)
{
    transport_address from;
    keylog_entry *entry = entry_of(suite, first, options);
    session_keys_add_logged(s->keys, entry);
    entry->address.port++;
    session_keys_add_logged(s->keys, entry);
    from = entry->address;
    keylog_entry_free(entry);
    media_streams_news(s->streams);
    const GPtrArray *logged = session_keys_for_source(s->keys, &from);
    return logged->pdata[logged->len - 1];
}

static void protect(traffic_scene *s, sent_packet *sent, srtp_err_status_t (*with)(srtp_ctx_t *, void *, int *))
{
    int len = SCENE_PACKET_LEN;
    g_assert_cmpint(with(s->sender, sent->octets, &len), ==, srtp_err_status_ok);
    sent->len = (size_t)len;
}

void traffic_scene_send(traffic_scene *s, uint16_t seq, uint8_t filling, int padding, sent_packet *sent)
{
    const uint8_t header[] = {padding < 0 ? 0x80 : 0xa0, 0, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 0, 'S', 'S', 'R', 'C'};
    memset(sent, 0, sizeof *sent);
    memset(sent->octets, filling, SCENE_PACKET_LEN);
    memcpy(sent->octets, header, sizeof header);
    if (padding >= 0)
        sent->octets[SCENE_PACKET_LEN - 1] = (uint8_t)padding;
    protect(s, sent, srtp_protect);
}

void traffic_scene_send_seq(traffic_scene *s, uint16_t seq, sent_packet *sent)
{
    traffic_scene_send(s, seq, (uint8_t)seq, -1, sent);
}

void traffic_scene_send_rtcp(traffic_scene *s, uint8_t words, sent_packet *sent)
{
    const uint8_t compound[SCENE_PACKET_LEN] = {0x80, 201, 0, 1, 'S', 'S', 'R', 'C', 0x80, 204, 0, words, 'S', 'S', 'R', 'C'};
    memset(sent, 0, sizeof *sent);
    memcpy(sent->octets, compound, sizeof compound);
    sent->is_rtcp = true;
    protect(s, sent, srtp_protect_rtcp);
}

media_opening traffic_scene_arrive(traffic_scene *s, const sent_packet *sent, uint32_t frame)
{
    uint8_t plain[sizeof sent->octets];
    media_opening opening;
    media_packet packet = {.frame = frame, .is_rtcp = sent->is_rtcp, .data = sent->octets, .len = sent->len};
    transport_address_set(&packet.source, (const uint8_t[]){192, 0, 2, 1}, 4, 4000 + sent->is_rtcp);
    transport_address_set(&packet.destination, (const uint8_t[]){192, 0, 2, 2}, 4, 5000 + sent->is_rtcp);
    media_streams_open(s->streams, &packet, plain, &opening);
    verify_traffic_add_media(s->traffic, &packet, &opening, plain, frame * SCENE_SECOND);
    return opening;
}

const verify_stream *traffic_scene_stream(const traffic_scene *s, guint n)
{
    const GPtrArray *streams = verify_traffic_streams(s->traffic);
    g_assert_cmpuint(n, <, streams->len);
    return streams->pdata[n];
}

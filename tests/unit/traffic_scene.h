/* SRTP that libsrtp2 sends from 192.0.2.1:4000 to 192.0.2.2:5000 (SRTCP between the next ports), and what a capture of it comes to:
 * opened with logged keys, and counted. */
#ifndef D2DSEC_TESTS_TRAFFIC_SCENE_H
#define D2DSEC_TESTS_TRAFFIC_SCENE_H

#include "reports/verify_traffic.h"

#include "libsrtp_session.h"

#define SCENE_SSRC 0x53535243
#define SCENE_PACKET_LEN 40  /* of an RTP or RTCP packet before it is protected */
#define SCENE_OTHER_KEY 0x80 /* first octet of a key that is not the sender's */
#define SCENE_SECOND INT64_C(1000000000)

typedef struct {
    uint8_t octets[SCENE_PACKET_LEN + 64];
    size_t len;
    bool is_rtcp;
} sent_packet;

typedef struct {
    const libsrtp_suite *suite;
    srtp_master_key master;
    srtp_t sender;
    session_keys *keys;
    offer_answer *signalling;
    media_streams *streams;
    verify_traffic *traffic;
} traffic_scene;

/* The sender's key is 00 01 02 ... in as many octets as the suite takes; options are those of SRTP_MASTER, or NULL. The window is
 * from `from` to `to` seconds; both 0: open. */
traffic_scene *traffic_scene_new(const char *suite, const char *options, int64_t from, int64_t to);
void traffic_scene_free(traffic_scene *s);

/* Logs a key for what the sender sends, `first` 00 for its own or SCENE_OTHER_KEY, under a suite that may be another. */
const session_key *traffic_scene_log(traffic_scene *s, const char *suite, uint8_t first, const char *options);

/* The sender forgets all indices, as one that is started again does. */
void traffic_scene_restart(traffic_scene *s);

/* What it sends next is of this ROC. It must have sent something. */
void traffic_scene_set_roc(traffic_scene *s, uint32_t roc);

/* Protects an RTP packet whose payload is `filling`; padding: what its last octet says, or -1: there is no padding. */
void traffic_scene_send(traffic_scene *s, uint16_t seq, uint8_t filling, int padding, sent_packet *sent);

/* A packet with no padding, filled with the sequence number. */
void traffic_scene_send_seq(traffic_scene *s, uint16_t seq, sent_packet *sent);

/* An empty receiver report and APP; words: what the length field of APP says, 7 being right. */
void traffic_scene_send_rtcp(traffic_scene *s, uint8_t words, sent_packet *sent);

/* The packet is captured in `frame`, so many seconds after 1970, and counted. */
media_opening traffic_scene_arrive(traffic_scene *s, const sent_packet *sent, uint32_t frame);

/* The only stream, or the n-th. */
const verify_stream *traffic_scene_stream(const traffic_scene *s, guint n);

#endif

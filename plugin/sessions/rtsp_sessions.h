/* What RTSP connections set up: which media, keyed by whom, and where they flow (RFC 2326, RFC 4567 section 4.2).
 *
 *   C->S  DESCRIBE                             S->C  SDP: an m= section for each stream; a=key-mgmt and a=crypto key what the server sends
 *   C->S  SETUP stream, KeyMgmt, client_port   KeyMgmt keys what the client sends
 *   S->C  server_port, or channels             from here on both ends' addresses are known
 *
 * A client that records sends the SDP by itself, with ANNOUNCE. Each end of a stream is a leg of offer_answer, and is given the addresses
 * where it receives: of the media over UDP, or of the RTSP connection where they are interleaved with it (RFC 2326 section 10.12).
 */
#ifndef D2DSEC_SESSIONS_RTSP_SESSIONS_H
#define D2DSEC_SESSIONS_RTSP_SESSIONS_H

#include "sessions/offer_answer.h"
#include "sessions/rtsp.h"

#include <stdint.h>

typedef struct rtsp_sessions rtsp_sessions;

typedef enum { RTSP_SERVER, RTSP_CLIENT } rtsp_side;

/* One end of a stream. */
typedef struct {
    media_leg *leg;
    transport_address rtp, rtcp; /* where it receives; ip_len 0 or port 0: not known. Interleaved: both are those of the connection */
} rtsp_end;

/* What a SETUP reply brought to life. */
typedef struct {
    const sdp_media *media; /* the section that describes it; NULL: the description is not in the capture */
    rtsp_end ends[2];       /* by rtsp_side */
    rtsp_pair channels;     /* of the connection; -1: over UDP */
    bool secure_profile;    /* of its transport */
    void *user;             /* the dissector's own */
} rtsp_stream;

/* Whom one entry of a KeyMgmt header gives keys. */
typedef struct {
    media_leg *const *legs;
    unsigned leg_count;     /* 0: there is nothing that the entry could be for */
    int section;            /* index of the m= section; -1: the whole session */
} rtsp_keyed;

/* What was understood of one message. */
typedef struct {
    rtsp_side sender;
    rtsp_stream *stream;    /* of a SETUP reply that succeeded; NULL: of another message */
    uint32_t offer_frame;   /* the frame of the message that a KeyMgmt header here may answer; 0: none */
    unsigned keyed_count;   /* as many as the message has KeyMgmt entries */
    rtsp_keyed *keyed;
} rtsp_exchange;

/* Where and when a message was seen. */
typedef struct {
    uint32_t frame;
    uint32_t position;                     /* keyed_place() of the message: tells several of one frame apart */
    transport_address source, destination; /* of the connection */
} rtsp_arrival;

/* What a report tells of a connection. */
typedef struct {
    transport_address ends[2]; /* by rtsp_side */
    GPtrArray *dialogs;        /* sip_dialog * that its descriptions and streams are in, borrowed */
    GPtrArray *session_ids;    /* char *, owned, each once: the first RTSP_MAX_TOLD */
    GArray *setups;            /* uint32_t: frames of SETUP requests and their replies, the first RTSP_MAX_TOLD */
} rtsp_record;

#define RTSP_MAX_TOLD 256

/* `signalling` receives descriptions and endpoints, and must outlive the result. */
rtsp_sessions *rtsp_sessions_new(offer_answer *signalling);
void rtsp_sessions_free(rtsp_sessions *sessions);

/* Takes a message in; `body`: what follows its header. Called again for the same frame and position it changes nothing and returns
 * what it returned. The result lives as long as `sessions`. */
const rtsp_exchange *rtsp_sessions_add(rtsp_sessions *sessions, const rtsp_arrival *arrival, const rtsp_message *message,
                                       text_span body);

/* Of all connections, const rtsp_record *, in order of appearance. */
const GPtrArray *rtsp_sessions_records(const rtsp_sessions *sessions);

/* The stream that travels on a channel of the connection between two addresses; NULL: none is known. */
rtsp_stream *rtsp_sessions_stream_at(const rtsp_sessions *sessions, const transport_address *source,
                                     const transport_address *destination, uint8_t channel);

#endif

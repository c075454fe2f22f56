/* RTSP messages (RFC 2326, KeyMgmt: RFC 4567 section 3.2), as far as media and their keys follow from them. */
#ifndef D2DSEC_SESSIONS_RTSP_H
#define D2DSEC_SESSIONS_RTSP_H

#include "keys/text_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTSP_MAX_TRANSPORTS 8 /* alternatives of one message; further ones are left out */
#define RTSP_MAX_KEY_MGMT 16  /* entries of one message */

/* Two ports or channels, the first RTP's and the second RTCP's. -1: not given. */
typedef struct {
    int32_t first, second;
} rtsp_pair;

/* One alternative of a Transport header (RFC 2326 section 12.39). */
typedef struct {
    text_span protocol;            /* "RTP/SAVP/TCP" */
    bool is_rtp;                   /* RTP under some profile */
    bool secure_profile;           /* SAVP or SAVPF */
    bool over_tcp;                 /* .../TCP */
    bool multicast;
    rtsp_pair client_port, server_port, port;
    rtsp_pair interleaved;         /* channels of the RTSP connection */
    text_span source, destination; /* host names or addresses; absent: text NULL */
    text_span mode;
    bool has_ssrc;
    uint32_t ssrc;
} rtsp_transport;

/* One entry of a KeyMgmt header. */
typedef struct {
    text_span protocol, uri, data; /* absent: text NULL; the data is base64 */
    text_span whole;
} rtsp_key_mgmt;

typedef struct {
    bool is_response;
    unsigned status;                 /* responses only */
    text_span method, uri;           /* requests only */
    bool has_cseq;
    uint32_t cseq;
    text_span session;               /* without its parameters */
    text_span content_type;          /* the whole value, parameters too */
    text_span content_base, content_location;
    size_t content_length;           /* SIZE_MAX when absent */
    size_t header_len;               /* from the start line to the empty line, that included. Where rtsp_parse answers false: up to
                                        where the next start line may stand */
    unsigned transport_count;
    rtsp_transport transports[RTSP_MAX_TRANSPORTS];
    unsigned key_mgmt_count;
    rtsp_key_mgmt key_mgmt[RTSP_MAX_KEY_MGMT];
} rtsp_message;

/* Parses text[0..len), which must begin with an RTSP start line and hold the header to its end. Folded lines and repeated headers
 * are understood. False: it does not. The result points into `text`. */
bool rtsp_parse(const char *text, size_t len, rtsp_message *message);

/* The first RTSP start line at or after `from` in text[0..len), at the beginning of a line or behind other octets. False: none. */
bool rtsp_find_first(const char *text, size_t len, size_t from, size_t *start);

/* What a URI says beside scheme and host, "/" at least: the path and all behind it. Absent: text NULL. */
text_span rtsp_uri_path(text_span uri);

/* Whether an a=control value (RFC 2326 C.1.1) means what `path` does, given the path of the URI that it is relative to. A base that
 * does not end in '/' is understood in both ways that are in use: with '/' added, and as RFC 1808 section 4 has it. */
bool rtsp_control_is(text_span control, text_span base_path, text_span path);

#endif

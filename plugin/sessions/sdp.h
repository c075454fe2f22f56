/* The part of an SDP body (RFC 4566, RFC 8866) that security and media flows follow from. */
#ifndef D2DSEC_SESSIONS_SDP_H
#define D2DSEC_SESSIONS_SDP_H

#include "keys/sdes.h"
#include "keys/text_span.h"
#include "keys/transport_address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDP_MAX_MEDIA 64       /* m= sections of one body; further ones are left out */
#define SDP_MAX_CRYPTO 64      /* a=crypto lines of one section */
#define SDP_MAX_CANDIDATES 32  /* a=candidate addresses of one section */
#define SDP_MAX_RTPMAPS 64
#define SDP_MAX_KEY_MGMT 8     /* a=key-mgmt lines of one section, and of the session */

typedef struct {
    uint8_t payload_type;
    text_span encoding; /* "opus" */
    uint32_t clock_rate;
    uint32_t channels;  /* 1 when absent */
    text_span fmtp;     /* of the same payload type; absent: text NULL */
} sdp_rtpmap;

typedef struct {
    unsigned index;             /* 0-based position among the m= lines */
    text_span media, protocol;  /* "audio", "RTP/SAVP" */
    transport_address rtp;      /* c= and m=; ip_len 0 when there is no usable address (a name, 0.0.0.0, ::) but
                                   then port is still set; port 0: the line is refused */
    transport_address rtcp;     /* a=rtcp, else the port after rtp's; with rtcp_mux it may equal rtp */
    bool rtcp_mux;              /* a=rtcp-mux or a=rtcp-mux-only */
    bool rtp_profile;           /* the protocol's last token is AVP, AVPF, SAVP or SAVPF */
    bool secure_profile;        /* ... SAVP or SAVPF */
    text_span mid;
    text_span control;          /* a=control: what RTSP names the section by (RFC 2326 C.1.1); absent: text NULL */
    unsigned crypto_count;
    sdes_crypto **crypto;       /* owned by the sdp_body */
    unsigned candidate_count;
    transport_address *candidates; /* IP addresses of a=candidate lines over UDP, and of a=remote-candidates */
    unsigned rtpmap_count;
    sdp_rtpmap *rtpmaps;
    uint8_t encrypted_extensions[32]; /* RFC 6904: bit i%8 of octet i/8 for a=extmap:i ...rtp-hdrext:encrypt...;
                                         session-level extmap lines count for every section */
    bool has_encrypted_extensions;
    bool has_key_mgmt;          /* an a=key-mgmt line at media level */
    unsigned key_mgmt_count;
    text_span key_mgmt[SDP_MAX_KEY_MGMT]; /* what follows "a=key-mgmt:" (RFC 4567 section 3) */
} sdp_media;

typedef struct {
    text_span session_id, session_version; /* of o=; absent: text NULL */
    text_span control;          /* a=control at session level; absent: text NULL */
    bool session_crypto;        /* a=crypto stands at session level, where it is illegal (RFC 4568 section 4) */
    text_span session_crypto_line;
    unsigned key_mgmt_count;
    text_span key_mgmt[SDP_MAX_KEY_MGMT]; /* at session level */
    unsigned media_count;
    sdp_media *media;
} sdp_body;

/* Whether the section's FEC (RFC 2733, RFC 5109) goes to the address and port of its media. False: to its own, or there is none. */
bool sdp_media_shares_fec(const sdp_media *media);

/* Parses text[0..len). Lines end in CR LF, LF or CR; unknown lines are passed over; whatever can be read is.
 * The result points into `text`, which must outlive it. NULL: there is no "v=" line at the start and no "m=" line. */
sdp_body *sdp_parse(const char *text, size_t len);

/* The same of what may be less than a body: without an m= line the lines count as those of one media section, whose name and
 * protocol are absent. Never NULL. */
sdp_body *sdp_parse_fragment(const char *text, size_t len);

/* NULL is allowed. */
void sdp_free(sdp_body *body);

#endif

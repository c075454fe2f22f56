/* The few headers of a SIP message that say which dialog and transaction an SDP body belongs to (RFC 3261). */
#ifndef D2DSEC_SESSIONS_SIP_H
#define D2DSEC_SESSIONS_SIP_H

#include "keys/text_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    bool is_response;
    text_span method;      /* of the request line, or of CSeq in a response */
    unsigned status;       /* responses only */
    text_span call_id;
    text_span from_tag, to_tag; /* absent: text NULL */
    text_span from_uri, to_uri; /* without <> and parameters */
    text_span via_branch;  /* of the topmost Via; absent: text NULL */
    uint32_t cseq;
    uint32_t rack_cseq;    /* of RAck (RFC 3262): the CSeq of the INVITE it acknowledges; 0: absent */
    size_t header_len;     /* from the start line to the empty line, that included. Where sip_parse answers false: up to where the next
                              start line may stand */
    text_span content_type;/* the whole value, parameters too */
    size_t content_length; /* SIZE_MAX when absent */
} sip_message;

/* Parses text[0..len), which must begin with a SIP start line. Compact header names and folded lines are understood.
 * False: no start line, or no Call-ID or CSeq before the header ends. The result points into `text`. */
bool sip_parse(const char *text, size_t len, sip_message *message);

/* The SIP message that surrounds position `body` of text[0..len): the nearest start line before it whose header ends at
 * or before `body` and holds a Call-ID. *start receives its offset. False: there is none within 64 KiB. */
bool sip_find_enclosing(const char *text, size_t len, size_t body, size_t *start, sip_message *message);

/* The first SIP start line at or after `from` in text[0..len). It may stand behind other octets of its line, as it does behind the
 * header of a datagram. False: none. */
bool sip_find_first(const char *text, size_t len, size_t from, size_t *start);

#endif

/* What a report tells of a dialog on one hop: who took part, which message brought what, and which keys. Bounded; it refers to keys, and
 * holds none. */
#ifndef D2DSEC_SESSIONS_DIALOG_RECORD_H
#define D2DSEC_SESSIONS_DIALOG_RECORD_H

#include "sessions/sdp.h"
#include "sessions/session_keys.h"
#include "sessions/sip.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Of each the first so many are told. */
#define DIALOG_MAX_ENDS 64
#define DIALOG_MAX_BODIES 1024
#define DIALOG_MAX_KEYS 1024

typedef enum { SDP_ROLE_UNPAIRED, SDP_ROLE_OFFER, SDP_ROLE_ANSWER } sdp_role;

/* Where and when an SDP body was seen. */
typedef struct {
    uint32_t frame;
    uint32_t position;             /* keyed_place() of the body: tells several bodies of one frame apart */
    transport_address source, destination; /* of the packet that carried it */
    const sip_message *sip;        /* NULL: not carried by SIP; the body then speaks for itself alone */
    const char *carrier;           /* constant text: "SIP over UDP"; NULL: not known */
} sdp_arrival;

/* Somebody who takes part. */
typedef struct {
    char *tag;                 /* of SIP; "": it has none yet, or it was not SIP */
    char *uri;                 /* of SIP's From or To; NULL: not known */
    char *sdp_session;         /* session id and version of the o= line of its latest body; NULL: it sent none */
    transport_address address; /* that it signals from, without a port */
    sdp_role role;             /* of its first body; SDP_ROLE_UNPAIRED: it sent none, or one that is neither offer nor answer */
} dialog_end;

typedef struct {
    uint32_t frame;
    sdp_role role;
    bool in_response;          /* of SIP */
    bool has_crypto;           /* an a=crypto line */
    bool has_key_mgmt;         /* an a=key-mgmt line */
    uint32_t problems;         /* answer_problem bits of all its m= lines */
} dialog_body;

typedef struct {
    const session_key *key;
    sdp_role role;             /* of the body that first brought it here */
    uint32_t frame;
    uint32_t tag;              /* of its a=crypto line */
} dialog_key;

typedef struct {
    char *call_id;             /* "": it was not SIP */
    const char *carrier;       /* NULL: not known */
    GPtrArray *ends;           /* dialog_end *, owned, in order of appearance, the sender of the first message first */
    GPtrArray *cseqs;          /* char *, owned: "1 INVITE", each once */
    GArray *bodies;            /* dialog_body */
    GArray *keys;              /* dialog_key, each key once */
} dialog_record;

/* call_id NULL: it is not SIP. */
dialog_record *dialog_record_new(const text_span *call_id);
void dialog_record_free(dialog_record *record);

/* Notes a body and who sent it to whom. Its problems are noted by the caller in what is returned, which is valid until the next body is
 * noted; NULL: there are too many. */
dialog_body *dialog_record_note_body(dialog_record *record, const sdp_arrival *arrival, const sdp_body *body, sdp_role role);

/* Notes a key that an a=crypto line of a body brought. */
void dialog_record_note_key(dialog_record *record, const session_key *key, sdp_role role, uint32_t frame, uint32_t tag);

#endif

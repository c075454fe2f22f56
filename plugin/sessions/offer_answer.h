/* Who talks to whom with which keys, from SDP offers and answers (RFC 3264, RFC 4568 section 7.1) in SIP dialogs.
 *
 * A dialog here is what one hop of the signalling carries: Call-ID and the two IP addresses between which it travels. A proxy
 * or media relay in the capture shows the same Call-ID on two hops with other keys on each.
 *
 * A leg is one party's end of one m= line: where it receives, and the keys that protect what it sends. Its peers are the
 * ends it was paired with: one for a plain call, several when the offer forked.
 */
#ifndef D2DSEC_SESSIONS_OFFER_ANSWER_H
#define D2DSEC_SESSIONS_OFFER_ANSWER_H

#include "sessions/crypto_offer.h"
#include "sessions/dialog_record.h"
#include "sessions/sdp.h"
#include "sessions/session_keys.h"
#include "sessions/sip.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define OFFER_ANSWER_MAX_LEGS 64  /* of one address, that are looked at */
#define OFFER_ANSWER_MAX_PEERS 64 /* of one leg: branches of a forked call */

typedef struct offer_answer offer_answer;
typedef struct sip_dialog sip_dialog;

typedef struct media_leg {
    sip_dialog *dialog;
    unsigned media_index;
    GPtrArray *keys;          /* session_key * that protect what this party sends, oldest first */
    GPtrArray *peers;         /* media_leg *, the latest last: OFFER_ANSWER_MAX_PEERS at most */
    bool signalled_protection; /* an a=crypto line of whatever suite stood here, or MIKEY (a=key-mgmt, KeyMgmt of RTSP) was for it */
    bool unsupported_suite;   /* one of them was of a suite that can't be decrypted */
    bool declined;            /* the last answer took this m= line without a=crypto */
    bool secure_profile;      /* of the last m= line */
    transport_address told;   /* where the last m= line that named a place was; ip_len 0: none did */
    uint8_t encrypted_extensions[32]; /* RFC 6904, as sdp_media has them */
    bool has_encrypted_extensions;
    void *user;               /* the dissector's own: how stock Wireshark is told of this leg */
} media_leg;

/* What was understood of one SDP body. */
typedef struct {
    sdp_role role;
    uint32_t offer_frame;         /* of an answer; 0: the offer is not in the capture */
    unsigned media_count;
    media_leg **legs;             /* one an m= line */
    uint32_t *answer_problems;    /* answer_problem bits, one word an m= line */
    bool *key_kept;               /* one an m= line: its party has moved to another address or port, and kept a key that must not
                                     be used there (RFC 4568 section 7.1.4) */
} sdp_exchange;

/* `keys` receives every key that bodies bring and must outlive the result. */
offer_answer *offer_answer_new(session_keys *keys);
void offer_answer_free(offer_answer *state);

/* Takes an SDP body in. Called again for the same frame and position it changes nothing and returns what it returned. The result has as many
 * m= lines as the body, and lives as long as `state`. */
const sdp_exchange *offer_answer_add(offer_answer *state, const sdp_arrival *arrival, const sdp_body *body);

/* A leg that no SDP body describes, and that faces `peer`: as an RTSP client does, whose server describes both ends. NULL: it belongs
 * to no call, and faces none yet; it is in a dialog of its own. */
media_leg *offer_answer_add_leg(offer_answer *state, media_leg *peer);

/* Notes that a leg receives at an address, too. One without IP address or port is passed over. */
void offer_answer_add_endpoint(offer_answer *state, const transport_address *address, media_leg *leg);

/* Legs that receive at an address (RTP, RTCP or an ICE candidate), media_leg *, the one that was named last at the end: the latest
 * OFFER_ANSWER_MAX_LEGS at least, twice as many at most. A port may have served thousands of calls. NULL: none. */
const GPtrArray *offer_answer_legs_at(const offer_answer *state, const transport_address *address);

/* Adds a key that protects what the party sends. */
void media_leg_add_key(media_leg *leg, session_key *key);

/* The Call-ID of a leg's dialog; "" when no SIP carried it. */
const char *media_leg_call_id(const media_leg *leg);

/* What a report tells of a dialog. */
const dialog_record *sip_dialog_record(const sip_dialog *dialog);

/* All dialogs, sip_dialog *, and all legs, media_leg *, each in order of appearance. */
const GPtrArray *offer_answer_dialogs(const offer_answer *state);
const GPtrArray *offer_answer_legs(const offer_answer *state);

#endif

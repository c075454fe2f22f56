/* The MIKEY and MIKEY-TICKET exchanges of a capture: which messages belong together, which secrets open them, and what keys they give
 * (RFC 3830, RFC 4567, RFC 6043).
 *
 * A message is taken in with what carried it. Whatever follows from it and from the key log is worked out at once, and again when more
 * becomes known: an answer, the ticket's keys from a KMS, a line of the key log.
 */
#ifndef D2DSEC_SESSIONS_MIKEY_SESSIONS_H
#define D2DSEC_SESSIONS_MIKEY_SESSIONS_H

#include "keys/keylog.h"
#include "keys/text_span.h"
#include "sessions/mikey_record.h"
#include "sessions/session_keys.h"

#include <openssl/evp.h>

/* What working out again for the sake of new secrets may cost, in keys tried and derived: at once, and more with each message and each
 * secret, so that work stays linear where a capture has both in turn. */
#define MIKEY_CREDIT_INITIAL (1 << 17)
#define MIKEY_CREDIT_PER_ARRIVAL 128

typedef struct mikey_sessions mikey_sessions;

/* What carried a message. */
typedef struct {
    uint32_t frame;
    int section;              /* of SDP: the m= section from 0; -1: session level, or no SDP */
    uint32_t offer_frame;     /* of the SDP offer that the message's SDP answers; 0: there is none, or it is not known */
    media_leg *const *legs;   /* whose media the message protects */
    unsigned leg_count;
    text_span caller, callee; /* URIs of SIP's From and To; may be absent */
    const char *carrier;      /* constant text, as mikey_record has it */
} mikey_arrival;

/* `keys` receives every SRTP key that is derived, and must outlive the result. */
mikey_sessions *mikey_sessions_new(session_keys *keys);
void mikey_sessions_free(mikey_sessions *sessions);

/* A private key for the envelopes of public-key modes; NULL takes it away. Takes over the caller's reference. */
void mikey_sessions_set_private_key(mikey_sessions *sessions, EVP_PKEY *private_key);

/* Takes in the secret of a MIKEY_... or HI2_CC line. What it may open is worked out by the next mikey_sessions_settle. */
void mikey_sessions_add_logged(mikey_sessions *sessions, const keylog_entry *entry);

/* Works out again what secrets have been added since may open: the newest messages, as far as credit goes, or `in_full` all of them. True:
 * some were worked out. */
bool mikey_sessions_settle(mikey_sessions *sessions, bool in_full);

/* Takes in a message. The same octets are one record wherever and however often they are seen; legs add up. The result lives as long
 * as `sessions`; its findings may be made anew by each of these functions. */
const mikey_record *mikey_sessions_add(mikey_sessions *sessions, const mikey_arrival *arrival, octet_span message);

/* The record of a message that was taken in from this frame. NULL: none. */
const mikey_record *mikey_sessions_find(const mikey_sessions *sessions, uint32_t frame, octet_span message);

/* All messages, mikey_record *, in order of arrival. */
const GPtrArray *mikey_sessions_records(const mikey_sessions *sessions);

/* Grows whenever findings may have changed. */
unsigned mikey_sessions_news(const mikey_sessions *sessions);

/* Appends the TEKs that are known, const mikey_step *, to `teks`: those of the newest messages first, of which the 4,096 latest are looked at, then
 * those of the key log; at most `max`. They are borrowed until a message or a secret is taken in. */
void mikey_sessions_list_teks(const mikey_sessions *sessions, unsigned max, GPtrArray *teks);

#endif

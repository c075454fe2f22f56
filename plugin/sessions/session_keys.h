/* Every SRTP master key known of a capture, and the selectors that key log entries carry. */
#ifndef D2DSEC_SESSIONS_SESSION_KEYS_H
#define D2DSEC_SESSIONS_SESSION_KEYS_H

#include "keys/fingerprint.h"
#include "keys/keylog.h"
#include "keys/srtp_context.h"
#include "keys/transport_address.h"

#include <glib.h>
#include <stdint.h>

typedef enum {
    KEY_ORIGIN_SDES_OFFER,
    KEY_ORIGIN_SDES_ANSWER,
    KEY_ORIGIN_SDES,   /* signalled, but neither offer nor answer could be told */
    KEY_ORIGIN_KEYLOG,
    KEY_ORIGIN_MIKEY,
    KEY_ORIGIN_MIKEY_TICKET,
    KEY_ORIGIN_KD,     /* derived from the KD of two UEs */
} key_origin;

typedef struct session_key {
    srtp_context *context;
    const crypto_suite *suite;
    key_origin origin;
    uint32_t frame;  /* that brought it; 0: a key log */
    uint32_t detail; /* SDES: the crypto tag; key log: the line, 0 for a table entry; MIKEY: the CS ID; KD: the line, 0 where
                        it was signalled */
    uint32_t roc;    /* rollover counter at which a sender begins, as MIKEY told it last */
    GHashTable *rocs; /* SSRC to that of its sender; NULL: none but 0 was told */
    const char *departures[2]; /* constant sentences: how its derivation departs from the standard; NULL: it does not */
    const struct media_leg *leg; /* that was signalled with it; NULL: logged */
    bool is_logged;          /* a key log tells it, whatever its origin */
    unsigned logged_line;    /* the first line that does; 0: none, or a table entry */
    bool is_signalled;       /* so does something other than a key log */
    key_origin signalled_origin; /* what did first */
    uint32_t signalled_frame;
    const uint8_t *encrypted_extensions; /* that the key log names with it, as srtp_reading has them; owned; NULL: none */
    GHashTable *ssrcs; /* set of those that signalling gives it to; NULL: to none in particular */
    bool for_any_ssrc; /* signalling gives it to a sender whose SSRC it leaves open, too */
    uint32_t claims; /* streams that it has opened */
    bool any_flow;   /* may be tried on any flow, not only where a selector points */
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
} session_key;

typedef struct session_keys session_keys;

session_keys *session_keys_new(void);
void session_keys_free(session_keys *keys);

/* Makes a key known; the same key signalled again is the same object, under the frame that first brought it.
 * NULL: its transform can't be used. The result lives as long as `keys`. */
session_key *session_keys_add(session_keys *keys, const srtp_master_key *master, const crypto_suite *suite,
                              key_origin origin, uint32_t frame, uint32_t detail);

/* Appends the key to a list of borrowed keys, unless it is among the latest there: signalling may bring it again and again. One further
 * back is moved to the end; only a list longer than any real one is not searched to its beginning. */
void session_key_list(GPtrArray *list, session_key *key);

/* Lets the key be tried first on the streams of an SSRC. */
void session_keys_bind_ssrc(session_keys *keys, session_key *key, uint32_t ssrc);

/* The same of a key that signalling gives to this SSRC, and perhaps to others. */
void session_keys_give_to_ssrc(session_keys *keys, session_key *key, uint32_t ssrc);

/* Whether signalling gives the key to certain SSRCs alone, of which this is none. */
bool session_key_is_of_others(const session_key *key, uint32_t ssrc);

/* Notes the rollover counter at which the sender of an SSRC begins under the key: those of one crypto session each have their own. */
void session_key_set_roc(session_key *key, uint32_t ssrc, uint32_t roc);

/* The counter that was told for the SSRC, or else the one that was told last, for the sender may have changed its SSRC; 0: none was. */
uint32_t session_key_roc(const session_key *key, uint32_t ssrc);

/* Makes the secret of a key log line with the label KEYLOG_SRTP_MASTER known under its selector. */
void session_keys_add_logged(session_keys *keys, const keylog_entry *entry);

/* Makes the key of a line with the label KEYLOG_HI2_CC known for any flow, under each suite that its lengths allow: AES in counter mode with
 * either tag, or in GCM. Without a salt there is none. */
void session_keys_add_cc(session_keys *keys, const keylog_entry *entry);

/* All, session_key * in order of arrival. */
const GPtrArray *session_keys_all(const session_keys *keys);

/* How many keys there are; it grows with each new one and so serves as an epoch: what failed under the same count
 * would fail again. */
uint32_t session_keys_count(const session_keys *keys);

/* How many of them MIKEY brought first, without tickets or with them. */
uint32_t session_keys_of_mikey(const session_keys *keys);

/* The keys that may open any flow: those signalled, and those logged under "*". */
const GPtrArray *session_keys_for_any(const session_keys *keys);

/* Keys bound to an SSRC by signalling or a key log, session_key * in order of arrival; NULL: none. */
const GPtrArray *session_keys_for_ssrc(const session_keys *keys, uint32_t ssrc);

/* Logged keys under a selector, likewise. */
const GPtrArray *session_keys_for_source(const session_keys *keys, const transport_address *address);
const GPtrArray *session_keys_for_destination(const session_keys *keys, const transport_address *address);
const GPtrArray *session_keys_for_call(const session_keys *keys, const char *call_id);

/* Whether any logged key could fit a flow that no signalling gives a key. */
bool session_keys_has_logged(const session_keys *keys);

/* GLib hash table functions over transport_address. */
guint transport_address_hash(gconstpointer address);
gboolean transport_address_hash_equal(gconstpointer a, gconstpointer b);

#endif

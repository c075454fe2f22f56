/* Everything that a KD may be made of: keys of SDES offers and answers wherever SDP was seen, TEKs of MIKEY exchanges, lines of key logs.
 *
 * Which of them a link uses, its signalling may not say: offer and answer may have gone over SIP, HTTP or the network of a ProSe
 * Function. So they are candidates, the likeliest first, and the MAC-I of a Direct Security Mode Command tells.
 */
#ifndef D2DSEC_SESSIONS_KD_SOURCES_H
#define D2DSEC_SESSIONS_KD_SOURCES_H

#include "keys/fingerprint.h"
#include "keys/kd.h"
#include "keys/keylog.h"
#include "sessions/mikey_sessions.h"
#include "sessions/pc5_state.h"
#include "sessions/sdp.h"
#include "sessions/sl_profile.h"

#include <glib.h>

#define KD_MAX_CANDIDATES 256  /* tried for one context */
#define KD_MAX_BODIES 65536    /* SDP bodies with keys that are remembered; of further ones there are no pairs */
#define KD_MAX_COUPLES 65536   /* of offered and answered keys, in all */
#define KD_MAX_LINES 64        /* a=crypto keys of one body */

typedef enum { KD_LOGGED, KD_OF_SDES, KD_OF_TEK } kd_kind;

/* An SDES key as it was signalled or logged. */
typedef struct {
    uint8_t octets[SRTP_MAX_KEY_LEN + SRTP_MAX_SALT_LEN];
    uint8_t key_len, salt_len;
} kd_sdes_key;

/* What one KD is made of. */
typedef struct {
    kd_kind kind;
    threegpp_key key;           /* KD_LOGGED: KD; KD_OF_TEK: the TEK */
    kd_sdes_key offer, answer;  /* KD_OF_SDES */
    const crypto_suite *suite;  /* that offer and answer name; NULL: none does */
    uint32_t frame;             /* of the answer, or of the MIKEY message; 0: it was logged */
    uint32_t offer_frame;
    unsigned line;              /* of the key log; of SDES keys that of the answer's; 0: it was not logged */
    unsigned offer_line;
    const char *carrier;        /* constant text: what brought the answer; NULL: not known */
} kd_candidate;

/* What may be told of a key that is not kept. */
typedef struct {
    uint32_t len; /* octets; 0: there is none */
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
} key_trace;

/* What a KD was made of, told without its keys; members as in kd_candidate. */
typedef struct {
    kd_kind kind;
    key_trace key;
    key_trace offer_key, offer_salt, answer_key, answer_salt;
    uint32_t frame, offer_frame;
    unsigned line, offer_line;
    const char *carrier;
} kd_trace;

typedef struct kd_sources kd_sources;

/* `mikey` must outlive the result. */
kd_sources *kd_sources_new(const mikey_sessions *mikey);

/* NULL is allowed. Keys are cleansed. */
void kd_sources_free(kd_sources *sources);

/* Takes in a D2D_KD, SDES_K1 or SDES_K2 line. */
void kd_sources_add_logged(kd_sources *sources, const keylog_entry *entry);

/* Where an SDP body was seen. */
typedef struct {
    uint32_t frame;
    pc5_id source, destination;
    text_span call_id;  /* of SIP; absent: none */
    const char *carrier; /* constant text: "SIP over UDP", "PC5 signalling" ...; NULL: not known */
} kd_body_arrival;

/* Takes in the keys of an SDP body. Called again with the same body in the same frame it changes nothing. */
void kd_sources_add_sdp(kd_sources *sources, const kd_body_arrival *arrival, const sdp_body *sdp);

/* Grows with each thing that was taken in. What failed under the same number would fail again. */
unsigned kd_sources_count(const kd_sources *sources);

/* The candidates for the KD of a context, the likeliest first, at most KD_MAX_CANDIDATES. Free with g_array_unref, which cleanses. */
GArray *kd_sources_candidates(const kd_sources *sources, const pc5_context *context);

/* Suites that offers with answers named, newest last, crypto_suite *. */
const GPtrArray *kd_sources_suites(const kd_sources *sources);

/* KD by the profile. context: whose identities SDES_KD_IDENTITIES takes. False: it can't be derived; then *kd is cleansed. */
bool kd_candidate_derive(const kd_candidate *candidate, const sl_profile *profile, const pc5_context *context, threegpp_key *kd);

/* The Layer-2 IDs of both ends as SDES_KD_IDENTITIES takes them; of one whose last octet was never seen there are zeros. Points into
 * `ids`. */
octet_span kd_layer_2_ids(const pc5_context *context, uint8_t ids[2 * PC5_LAYER_2_ID_LEN]);

key_trace key_trace_of(const uint8_t *key, size_t len);
kd_trace kd_candidate_trace(const kd_candidate *candidate);

#endif

/* Which message of PC5 signalling answers which, and the security contexts that come of them (TS 24.334, TS 33.303 clause
 * 6.5.5).
 *
 *   UE_1                                       UE_2
 *   DIRECT_COMMUNICATION_REQUEST       -->            capabilities, Nonce_1, MSB of KD-sess ID, [offer]
 *                                      <--            DIRECT_SECURITY_MODE_COMMAND
 *                                                     capabilities again, Nonce_2, algorithms, LSB of KD-sess ID, [answer]
 *   DIRECT_SECURITY_MODE_COMPLETE      -->
 *                                      <--            DIRECT_COMMUNICATION_ACCEPT, [answer]
 *
 * Rekeying is the same between DIRECT_REKEYING_REQUEST and DIRECT_REKEYING_RESPONSE. Sequence numbers say little of which
 * message answers which, since implementations differ: direction and order do.
 *
 * A pair is two identities between which messages travel: layer-2 IDs, or addresses where the network relays the messages. Of a
 * layer-2 destination MAC carries the first 16 bits of 24 alone, so a layer-2 ID equals another that it begins.
 */
#ifndef D2DSEC_SESSIONS_PC5_STATE_H
#define D2DSEC_SESSIONS_PC5_STATE_H

#include "keys/pc5s.h"
#include "sessions/offer_answer.h"
#include "sessions/pc5_problems.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PC5_MAX_ID_LEN 16
#define PC5_LAYER_2_ID_LEN 3            /* identities up to this length are layer-2 IDs */
#define PC5_MAX_PAIRS 16384             /* messages between further ones stand alone */
#define PC5_MAX_ALIKE 64                /* pairs of layer-2 IDs that the first 16 bits of both do not tell apart */
#define PC5_MAX_CONTEXTS 65536          /* of one capture */
#define PC5_MAX_NONCES 65536            /* nonces and keys that are remembered to find them used twice, of each */
#define PC5_MAX_KEYING_OCTETS (16 << 20) /* of key establishment information that is kept, in all */

/* The octets that name an end of a message. */
typedef struct {
    uint8_t octets[PC5_MAX_ID_LEN];
    uint8_t len; /* 0: not known */
} pc5_id;

/* What PDCP says of a message. */
typedef enum { PC5_PROTECTION_UNKNOWN, PC5_UNPROTECTED, PC5_PROTECTED } pc5_protection;

typedef struct {
    uint32_t frame;
    pc5_id source, destination;
    pc5_protection protection;
    const pc5s_message *message;
} pc5_arrival;

/* Key establishment information that a side sent, copied. */
typedef struct {
    uint32_t frame;          /* 0: there is none */
    keyest_method method;
    uint8_t *content;        /* SDP text or a MIKEY message; NULL: the bound above was reached */
    size_t len;
} pc5_keying;

/* One attempt to secure a link: what a key can be derived from. Members of a message that is not in the capture are 0. */
typedef struct {
    bool is_rekeying;
    pc5_id initiator, responder;          /* UE_1, UE_2, as far as they are known */
    uint32_t request_frame, command_frame, complete_frame, closing_frame; /* closing: accept, reject or response */
    bool rejected;                        /* by whichever message */
    bool command_rejected;                /* complete_frame is that of a Direct Security Mode Reject */
    bool has_capabilities, has_nonce_1, has_nonce_2, has_algorithms, has_kd_sess_id, has_kd_id;
    uint16_t capabilities;                /* as the request has them */
    uint8_t nonce_1[16], nonce_2[16];
    uint8_t algorithms;                   /* ciphering in the high nibble, integrity in the low one */
    bool has_kd_sess_id_msb;
    uint8_t kd_sess_id_msb;
    uint16_t kd_sess_id;
    bool has_kd_id_msb;
    uint16_t kd_id_msb;                   /* of a new KD */
    uint32_t kd_id;                       /* of the new KD, or that which the request named */
    GBytes *initiator_info, *responder_info; /* their User Info without its type; NULL: not known */
    pc5_keying offer, answer;
} pc5_context;

/* What was understood of one message. */
typedef struct {
    uint32_t request_frame;      /* of what this one answers; 0: it answers nothing that is known */
    uint32_t response_frame;     /* of what answers this one, once that was seen; else 0 */
    uint32_t first_frame;        /* of a retransmission: the message's first transmission; else 0 */
    const pc5_context *context;  /* NULL: it belongs to none */
    uint64_t problems;           /* bits 1 << pc5_problem_kind */
    const sdp_exchange *exchange; /* of SDP in its container: role, offer and problems, without legs; NULL: there is none */
} pc5_record;

typedef struct pc5_state pc5_state;

pc5_state *pc5_state_new(void);

/* NULL is allowed. Key establishment information is cleansed. */
void pc5_state_free(pc5_state *state);

/* Takes a message in. Called again for the same octets in the same frame it changes nothing and returns what it returned; only
 * response_frame and the context's frames may have been filled in since. The result lives as long as `state`. */
const pc5_record *pc5_state_add(pc5_state *state, const pc5_arrival *arrival);

/* Appends all contexts (const pc5_context *) to `found`, in the order in which they began. */
void pc5_state_list(const pc5_state *state, GPtrArray *found);

/* Whether two identities are the same as far as both are known. */
bool pc5_id_equal(const pc5_id *a, const pc5_id *b);

/* What pairs whose identities are equal have in common, in whichever order they stand. */
GBytes *pc5_pair_name(const pc5_id *a, const pc5_id *b);

/* Appends those contexts between two ends (const pc5_context *) to `found` for which no Direct Security Mode Command was seen, the
 * newest first, at most `max`. */
void pc5_state_unsecured(const pc5_state *state, const pc5_id *a, const pc5_id *b, unsigned max, GPtrArray *found);

#endif

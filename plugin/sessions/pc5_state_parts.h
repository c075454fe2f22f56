/* What the files of pc5_state share; nobody else includes it. */
#ifndef D2DSEC_SESSIONS_PC5_STATE_PARTS_H
#define D2DSEC_SESSIONS_PC5_STATE_PARTS_H

#include "keys/fingerprint.h"
#include "sessions/pc5_state.h"

#include <glib.h>

typedef struct pc5_pair pc5_pair;

/* A context with what only its making needs. */
typedef struct {
    pc5_context context;
    unsigned serial;          /* in order of the requests */
    unsigned initiator;       /* side of UE_1 */
    pc5_record *request, *command;
    unsigned offerer;         /* side that sent the offer */
    crypto_offer *offered;    /* a=crypto lines of the offer; NULL: there are none */
} pc5_attempt;

/* Where a nonce or a key was used first. */
typedef struct {
    const pc5_pair *pair;
    pc5_attempt *attempt;
    char message[KEY_FINGERPRINT_LEN + 1]; /* fingerprint of the message: a copy that was relayed is no second use */
} pc5_use;

struct pc5_state {
    GHashTable *records;      /* record_name() to pc5_record */
    GHashTable *pairs;        /* GBytes, what layer-2 IDs are sure of, to GPtrArray of pc5_pair */
    unsigned pair_count;
    GPtrArray *attempts;
    GPtrArray *exchanges;
    GHashTable *nonces;       /* GBytes to pc5_use */
    GHashTable *keys;         /* fingerprint to pc5_use */
    size_t keying_octets;
};

/* One message on its first visit. */
typedef struct {
    pc5_state *state;
    const pc5_arrival *arrival;
    const pc5s_message *message;
    pc5_pair *pair;
    unsigned from;            /* side of the pair that sent it: 0 or 1 */
    pc5_record *record;
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
} pc5_visit;

static inline void pc5_report(pc5_visit *visit, pc5_problem_kind kind)
{
    visit->record->problems |= UINT64_C(1) << kind;
}

/* The use that is to be remembered of what the visit brings. */
pc5_use *pc5_use_new(const pc5_visit *visit, pc5_attempt *attempt);

/* Whether the side that sent the offer of `attempt` sent another one before it to the same peer, to which nothing has come back. */
bool pc5_earlier_offer_is_open(const pc5_pair *pair, const pc5_attempt *attempt);

/* Takes the key establishment information of the message in, as offer or answer. attempt: NULL, none is known. */
void pc5_take_keying(pc5_visit *visit, pc5_attempt *attempt);

/* Cleanses and frees what pc5_take_keying left in the attempt. */
void pc5_clear_keying(pc5_attempt *attempt);

#endif

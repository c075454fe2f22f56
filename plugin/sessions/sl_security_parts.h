/* What the files of sl_security share; nobody else includes it. */
#ifndef D2DSEC_SESSIONS_SL_SECURITY_PARTS_H
#define D2DSEC_SESSIONS_SL_SECURITY_PARTS_H

#include "sessions/frame_records.h"
#include "sessions/sl_security.h"

#include <glib.h>

/* A line of the key log that keys PDUs without signalling. */
typedef struct {
    keylog_label label;
    bool for_any;          /* or for one KD-sess ID */
    uint16_t kd_sess_id;
    uint32_t group_id;     /* PROSE_PGK */
    uint8_t pgk_id;
    keylog_sidelink told;
    threegpp_key secret;
    unsigned line;
    unsigned serial;       /* of all of them, in the order in which they came */
} sl_logged;

/* A Direct Security Mode Command that no key fitted yet. */
typedef struct {
    sl_pdu pdu;            /* its spans point into `octets` */
    uint8_t *octets;
    unsigned generation;   /* of what was known when it was tried last */
    unsigned retries;
} sl_command;

/* PDUs under one key ID that nothing opened. */
typedef struct {
    unsigned generation, count;
} sl_futile;

struct sl_security {
    sl_security_setting setting;
    GPtrArray *contexts;   /* sl_context, owned */
    GHashTable *by_key;    /* ends and key ID to GPtrArray of borrowed sl_context, the newest last */
    GHashTable *by_ends;   /* likewise by their ends alone: those that have a KD */
    frame_records *records;
    GPtrArray *logged;     /* sl_logged, owned */
    GHashTable *lines;     /* label and what the line is for to GPtrArray of borrowed sl_logged, the newest last */
    GHashTable *commands;  /* KD-sess ID to GPtrArray of owned sl_command */
    unsigned command_count;
    GHashTable *futile;    /* sl_ends() and key ID to sl_futile */
    GPtrArray *found;      /* sl_profile, owned: what searches found and other PDUs confirmed */
    unsigned searches, futile_searches;
    unsigned credit;       /* keys that may still be tried */
    uint8_t work[SL_WORK_LEN];
};

/* Of all that may open a PDU: when it has not changed, what failed would fail again. */
unsigned sl_generation(const sl_security *security);

/* A context of the PDU's ends under the PDU's key ID, without keys, that is not yet known to the others. */
sl_context *sl_context_new(const sl_security *security, const sl_pdu *pdu, uint32_t key_id);

/* Hands the context over. False: there are too many, and it was freed. */
bool sl_take_context(sl_security *security, sl_context *context);

/* Where a candidate for KD came from. */
sl_key_source sl_source_of(const kd_candidate *candidate);

/* Sets the context's KD. */
void sl_context_set_kd(sl_context *context, const threegpp_key *kd);

/* Says in context->found wherein it departs from the preferences. */
void sl_note_found(const sl_security *security, sl_context *context);

/* Contexts between the ends of a PDU under a key ID, the newest last; NULL: none. */
const GPtrArray *sl_contexts_of(const sl_security *security, const sl_pdu *pdu, uint32_t key_id);

/* Lines of a key log with the label, the newest last; NULL: none. For a KD-sess ID: those for any have SL_FOR_ANY. PROSE_PGK: those of a
 * group, by sl_pgk_name(). */
#define SL_FOR_ANY UINT32_MAX
const GPtrArray *sl_lines_of(const sl_security *security, keylog_label label, uint32_t name);

/* The first 16 bits of a group's ID and the PGK index: what every PDU to it tells. */
static inline uint32_t sl_pgk_name(uint32_t group_msb, uint8_t pgk_index)
{
    return group_msb << 8 | pgk_index;
}

/* Opens a PDU under a context, trying what its reading leaves open. True: the MAC-I is right, or there is none and the SDU is what it says
 * it is; then the context is settled and the opening filled in. */
bool sl_try_context(sl_security *security, sl_context *context, const sl_pdu *pdu, sl_opening *opening);

/* Takes the price of trying so many keys off the account. False: there is not so much left. */
bool sl_spend(sl_security *security, unsigned keys);

/* Whether keys that nothing but chance points to may be tried on a PDU: it can be told when they fit, and the account of its key ID is not
 * overdrawn. */
bool sl_may_guess(sl_security *security, const sl_pdu *pdu);

/* They were tried, and none fitted. */
void sl_note_futile(sl_security *security, const sl_pdu *pdu);

/* Fills the opening from `work`. */
void sl_note_opening(const sl_security *security, const sl_context *context, const sl_pdu *pdu, bool ciphered, sl_fit fit,
                     sl_opening *opening);

/* Opens a Direct Security Mode Command. */
void sl_open_command(sl_security *security, const sl_pdu *pdu, sl_opening *opening);

/* Tries commands that wait between the PDU's ends under its KD-sess ID again, if more has become known: the newest SL_MAX_TRIED. */
void sl_retry_commands(sl_security *security, const sl_pdu *pdu);

/* Appends the contexts that lines of the key log give a PDU under an EEA, an EIA and a commander, new and owned by the list: those from
 * KD-sess, then those from PEK and PIK. */
void sl_logged_contexts(sl_security *security, const sl_pdu *pdu, uint8_t eea, uint8_t eia, int commander, GPtrArray *made);

/* Tries what a PDU without a context may be protected with: links without a command, and keys of the key log. */
bool sl_open_unseen(sl_security *security, const sl_pdu *pdu, sl_opening *opening);

/* Opens a one-to-many PDU. */
void sl_open_of_group(sl_security *security, const sl_pdu *pdu, sl_opening *opening);

#endif

/* What the files of the MIKEY sessions share; nobody else includes it. */
#ifndef D2DSEC_SESSIONS_MIKEY_SESSIONS_PARTS_H
#define D2DSEC_SESSIONS_MIKEY_SESSIONS_PARTS_H

#include "sessions/mikey_secrets.h"
#include "sessions/mikey_sessions.h"
#include "sessions/mikey_unlock.h"

/* What a KMS told of a ticket: the keys of REQUEST_RESP, or those of RESOLVE_RESP, which are forked already. */
typedef struct {
    const mikey_step *mpk_i;     /* owns a reference; NULL: not known */
    const mikey_step *mpk_r;     /* MPKr of REQUEST_RESP, MPKr' of RESOLVE_RESP; owns a reference; NULL: not known */
    GPtrArray *keys;             /* const mikey_step *, owned references: TGKs, TEKs ... */
    bool forked;                 /* for the modifier below (RFC 6043 section 5.1.1) */
    const mikey_record *told_by; /* by which it is known from others */
} mikey_kms_answer;

/* All that is known of one ticket, by its ticket data. */
typedef struct {
    GPtrArray *answers;   /* mikey_kms_answer *, owned */
    GPtrArray *transfers; /* mikey_record * of TRANSFER_INITs with this ticket, borrowed */
} mikey_ticket_state;

struct mikey_sessions {
    session_keys *keys;
    mikey_secrets *secrets;
    EVP_PKEY *private_key;
    unsigned news;        /* grows with each working out and each secret */
    bool unsettled;       /* secrets came since all was worked out */
    int64_t credit;       /* work that working out again may still cost; below 0: it cost more than was thought */
    GPtrArray *records;   /* mikey_record *, owned, in order of arrival */
    GHashTable *by_frame; /* frame to GPtrArray of borrowed mikey_record * */
    GHashTable *by_csb;   /* CSB ID to the same */
    GHashTable *tickets;  /* GBytes of ticket data to mikey_ticket_state * */
    GHashTable *suites;   /* of mikey_teks.h */
};

/* Works out an exchange from its initial message on: that, and `response`; NULL: all its responses. Then the updates of the CSB that it
 * began. What has cost its share already is left as it is, and this is noted. */
void mikey_work_out(mikey_sessions *sessions, mikey_record *initial, mikey_record *response);

/* The same of one kind of exchange each, without updates and whatever it has cost: for mikey_work_out alone. */

/* RFC 3830, RFC 4650, RFC 4738, RFC 6509. */
void mikey_work_out_exchange(mikey_sessions *sessions, mikey_record *initial, const mikey_record *response);

/* RFC 6043: TRANSFER_INIT. */
void mikey_work_out_transfer(mikey_sessions *sessions, mikey_record *initial, const mikey_record *response);

/* RFC 6043: REQUEST_INIT, RESOLVE_INIT. */
void mikey_work_out_kms(mikey_sessions *sessions, mikey_record *initial, const mikey_record *response);

/* The response `index` of an initial message if it is to be worked out with it: `wanted`, or, where that is NULL, any, as long as the
 * exchange may cost more. NULL: it is not. */
mikey_record *mikey_response_due(const mikey_record *initial, guint index, const mikey_record *wanted);

/* Says of a message why nothing more is worked out for it. */
void mikey_note_spent(mikey_record *record);

/* The ticket of a TICKET payload; NULL: it has no ticket data. Made if it is new. */
mikey_ticket_state *mikey_ticket_state_of(mikey_sessions *sessions, const mikey_payload *ticket);

/* Checks the V of the ticket data in a TICKET payload of `record`, opens its KEMAC with the TPKs at hand, and appends its keys to `keys`
 * (const mikey_step *, borrowed from the record). False: a TPK is known, and the ticket is not what was issued under it. */
bool mikey_open_ticket(const mikey_sessions *sessions, mikey_record *record, const mikey_payload *ticket, GPtrArray *keys);

/* The MPK among keys; NULL: there is none. */
const mikey_step *mikey_first_mpk(const GPtrArray *keys);

/* MPKi or MPKr of a ticket's MPK, as a step of the record. NULL: the ticket data holds no RAND, or the PRF is unknown. */
const mikey_step *mikey_derive_mpk(mikey_record *record, const mikey_payload *ticket, const mikey_step *mpk,
                                   mikey_mpk_constant constant);

/* Checks Vi and Vr in the initiator data of a TICKET payload of `record`; mpk_r NULL: not known. The V of the record has been checked. */
void mikey_check_initiator_data(mikey_record *record, const mikey_payload *ticket, const mikey_step *mpk_r);

/* Candidates for the key that a message is protected with, appended to `inkeys`: the PSKs or TPKs of all identities in the chains (NULL
 * is allowed) and of the URIs of SIP, then those for any identity. */
void mikey_find_named_secrets(const mikey_sessions *sessions, keylog_label label, const mikey_record *record,
                              const mikey_chain *const *chains, size_t count, GPtrArray *inkeys);

/* Tries the keys on the KEMAC or V `payload` of `record` and notes what became of it. encr_alg: of the KEMAC that the same keys open.
 * Fills the lock, whose coverages point into `coverages`. */
mikey_status mikey_check_mac(mikey_record *record, const mikey_payload *payload, const mikey_record *initial, bool is_update,
                             const GPtrArray *inkeys, mikey_lock *lock, mikey_coverage *coverages, mikey_unlocked *unlocked);

/* Says of the MACs of a message why they can't be checked. */
void mikey_note_unchecked(mikey_record *record, const char *reason);

/* Drops the findings of a response to a message that failed its check. */
void mikey_leave_response(mikey_record *response);

/* The KEMAC at message level; NULL: none that is whole. */
const mikey_payload *mikey_kemac_of(const mikey_record *record);

/* The V at message level; NULL: none that is whole. */
const mikey_payload *mikey_v_of(const mikey_record *record);

/* The first T of a message; NULL: none that is whole. */
const mikey_payload *mikey_t_of(const mikey_record *record);

#endif

/* A MIKEY message of the capture, and what was found out about it. */
#ifndef D2DSEC_SESSIONS_MIKEY_RECORD_H
#define D2DSEC_SESSIONS_MIKEY_RECORD_H

#include "keys/mikey.h"
#include "sessions/mikey_step.h"
#include "sessions/offer_answer.h"
#include "sessions/session_keys.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MIKEY_MAX_RESPONSES 64 /* to one message that are looked at: a forked call's */

/* What an exchange may cost, in keys tried on a MAC and keys derived: far more than a real one asks for, and no more for each message
 * than a few milliseconds. Forged messages could ask for all keys of all messages anew with each answer. */
#define MIKEY_WORK_OF_EXCHANGE 1024
#define MIKEY_WORK_OF_RESPONSE 256 /* more with each response */

typedef enum { MIKEY_STATUS_VERIFIED, MIKEY_STATUS_FAILED, MIKEY_STATUS_NOT_CHECKABLE } mikey_status;

/* What became of a MAC. */
typedef struct {
    size_t offset;      /* of its payload in the message */
    mikey_status status;
    const char *reason; /* constant; NULL when verified */
} mikey_check;

/* A KEMAC that was opened. */
typedef struct {
    size_t offset;       /* of its payload in the message */
    uint8_t *plain;      /* owned; cleansed with the record */
    size_t plain_len;
    mikey_message *keys; /* parsed from `plain` */
} mikey_opened;

/* A TEK of a crypto session. Several of one group are readings of one and the same key, of which at most one is right. */
typedef struct {
    uint8_t cs_id;
    unsigned group;
    const mikey_step *step; /* its salt is the master salt; owns a reference */
    const char *departure;  /* NULL: the standards' reading */
    const session_key *key; /* NULL: no SRTP key could be made of it */
} mikey_tek;

/* Whether one of a record's TEKs is to be told: of several readings of one key, that under which media was opened; as long as none was, the
 * standard's, which is the first. */
bool mikey_tek_is_the_reading(const GArray *teks, guint which);

typedef struct mikey_record mikey_record;

struct mikey_record {
    uint32_t frame;         /* where it was seen first */
    octet_span octets;      /* owned copy */
    mikey_message *message; /* parsed from `octets` */
    mikey_record *initial;  /* of a response: what it answers; NULL: not in the capture, or ambiguous */
    GPtrArray *responses;   /* mikey_record *, borrowed */
    unsigned work;          /* of an initial message: spent on it and its responses since all was last worked out */
    const mikey_record *base; /* of a CSB update: the record of the exchange that began the CSB; NULL: this one begins it */
    bool unpaired;          /* a response to nothing that is known */
    bool offer_told;        /* and SIP told what its SDP answers: a message that comes later is not it */
    bool other_csb_offered; /* and its SDP offer holds MIKEY of another CSB ID */
    bool begins_anew;       /* a ticket or random values for a CSB whose exchange has been answered before it */

    GArray *places;         /* mikey_place: every time it was seen */
    GPtrArray *legs;        /* media_leg * whose media it protects */
    char *caller, *callee;  /* URIs of SIP's From and To; NULL: absent */
    const char *carrier;    /* constant text: "port 2269", "HTTP", "PC5 signalling"; NULL: SDP, or not known */

    /* Findings, made anew whenever there is news. */
    mikey_status status;    /* of the MAC that protects the message as a whole */
    GArray *checks;         /* mikey_check */
    GArray *opened;         /* mikey_opened */
    GPtrArray *steps;       /* const mikey_step *: the keys that the message brought or that were derived for it, in that order */
    GArray *teks;           /* mikey_tek */
    GPtrArray *departures;  /* const char *: constant sentences */
    GArray *problems;       /* mikey_problem, by offset in the message: those that only keys bring to light */
    const mikey_step *message_inkey; /* under which the message was verified; owns a reference; NULL: none */
    bool used_minisip;      /* its PRF was verified to be minisip's */
};

/* A place where a message stood. */
typedef struct {
    uint32_t frame;
    int section; /* of SDP: the m= section from 0; -1: session level, or no SDP */
} mikey_place;

mikey_record *mikey_record_new(octet_span octets, uint32_t frame);
void mikey_record_free(mikey_record *record);

/* Drops the findings. */
void mikey_record_forget(mikey_record *record);

bool mikey_record_was_at(const mikey_record *record, uint32_t frame, int section);

void mikey_record_note_check(mikey_record *record, const mikey_payload *payload, mikey_status status, const char *reason);

/* Takes over the caller's reference, and returns `step`. */
const mikey_step *mikey_record_take_step(mikey_record *record, mikey_step *step);

/* Lists a step that others own, too. */
void mikey_record_list_step(mikey_record *record, const mikey_step *step);

void mikey_record_note_departure(mikey_record *record, const char *departure);

/* where: of what is at fault, within record->octets; absent: the end of the message. */
void mikey_record_note_problem(mikey_record *record, mikey_problem_kind kind, octet_span where);

/* Counts work for the exchange that the record belongs to. */
void mikey_record_spend(mikey_record *record, unsigned work);

/* Whether the exchange of an initial message may cost more. */
bool mikey_record_may_spend(const mikey_record *initial);

/* The RAND or, with a role, RANDR of a message; absent where it has none. */
octet_span mikey_record_rand(const mikey_record *record, uint8_t role);

#endif

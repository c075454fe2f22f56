/* What the files of verify_media share; nobody else includes it. */
#ifndef D2DSEC_REPORTS_VERIFY_MEDIA_PARTS_H
#define D2DSEC_REPORTS_VERIFY_MEDIA_PARTS_H

#include "reports/verify_build.h"

/* A key as a session has it, whatever its origin among all keys: one that several hops carry is evidence on each. */
typedef struct {
    const session_key *key;
    key_origin origin;
    uint32_t frame;
    uint32_t detail;            /* as in session_key */
    const mikey_step *tek;      /* that the key was made of; NULL: it is none of MIKEY */
    uint64_t srtp, srtcp;       /* packets of the session's streams that it opened */
    unsigned notes;             /* media_note bits of them */
} media_key;

/* What makes up one session of the report. All is borrowed but the lists. */
typedef struct {
    GPtrArray *dialogs;         /* const dialog_record *: one of a call; those of an RTSP connection */
    const rtsp_record *rtsp;    /* NULL: it is no RTSP connection */
    GPtrArray *messages;        /* const mikey_record *: of the exchanges that key it */
    GArray *keys;               /* media_key, each key once */
    GHashTable *places;         /* session_key * to its number in `keys`, from 1 */
    GPtrArray *streams;         /* const verify_stream *, in the order of the traffic */
    bool is_protected;          /* signalling says that there are keys */
    uint32_t first_frame;       /* of signalling or traffic; 0: none */
} media_subject;

/* All that the capture has sessions of, media_subject *, in order of first frames; free with g_ptr_array_unref. Every stream of SRTP and
 * SRTCP stands in exactly one. */
GPtrArray *media_subjects_new(const verify_sources *sources);

/* What opened packets and what did not. */
uint64_t media_key_packets(const media_key *key);
bool media_subject_has_unopened(const media_subject *subject);

/* How each key came about, and the session keys that follow from those that opened packets. */
void verify_media_add_derivation(verify_report *report, verify_session *session, const media_subject *subject);

/* Events, identities and findings of the session's MIKEY messages. */
void verify_media_add_mikey(verify_report *report, verify_session *session, const media_subject *subject);

/* Why packets of the session's streams fail. *credit: as verify_diagnose takes it, of all sessions together. */
void verify_media_add_diagnoses(verify_report *report, verify_session *session, const media_subject *subject,
                                const verify_sources *sources, uint64_t *credit);

#endif

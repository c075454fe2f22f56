/* The verification report: which keys a capture brought, which traffic it holds, and whether the one explains the other.
 *
 * It is plain data. verify_media and verify_sidelink fill in sessions, verify_comparison what was delivered against what was derived,
 * verify_judge draws the conclusions; verify_text and verify_json write it. No key is in it: keys go by their fingerprints.
 */
#ifndef D2DSEC_REPORTS_VERIFY_REPORT_H
#define D2DSEC_REPORTS_VERIFY_REPORT_H

#include "reports/verify_traffic.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { VERIFY_NO_TRAFFIC, VERIFY_VERIFIED, VERIFY_PARTIAL, VERIFY_FAILED } verify_verdict;

/* What stands between a session and `verified`, or is worth knowing beside it. Each is described in one table in verify_judge.c:
 * its name in reports, whether it changes the verdict, and what a person can do about it. */
typedef enum {
    /* reasons: they make a session partial or failed */
    VERIFY_ANSWER_MISSING,        /* the key of the answerer's direction: SDP answer, or MIKEY response, not in the capture */
    VERIFY_OFFER_MISSING,         /* likewise of the offerer's */
    VERIFY_KEY_MISSING,           /* protected, and nothing brings a key */
    VERIFY_SECRET_MISSING,        /* MIKEY is there, and no secret that opens it */
    VERIFY_MAC_FAILED,            /* a MAC of the key management itself is wrong */
    VERIFY_WRONG_KEY,
    VERIFY_WRONG_SUITE,
    VERIFY_ROC_UNKNOWN,
    VERIFY_UNSUPPORTED_SUITE,
    VERIFY_CAPTURE_TRUNCATED,     /* packets cut short at capture */
    VERIFY_KEY_AFTER_TRAFFIC,     /* one pass, and the key came behind packets */
    VERIFY_DAMAGED_PACKETS,       /* some fail the tag in a stream whose others do not */
    VERIFY_NOT_AUTHENTICATED,     /* deciphered, and nothing vouches for it */
    VERIFY_IMPLAUSIBLE_PLAINTEXT, /* deciphered, and not what it should be */
    VERIFY_DELIVERED_KEY_DIFFERS, /* a delivered key is not the one that signalling gives */
    /* remarks: they change nothing */
    VERIFY_CLEAR_TRAFFIC,         /* in the clear where protection was agreed */
    VERIFY_SEQUENCE_GAPS,
    VERIFY_REPLAYED,
    VERIFY_KEYSTREAM_REUSE,
    VERIFY_ONE_DIRECTION,         /* both directions have keys, one has traffic */
    VERIFY_OUTSIDE_WINDOW,
    VERIFY_DEPARTURE,             /* from a standard; the detail says which */
    VERIFY_FOUND_BY_SEARCH,       /* what the standards leave open; the detail says what */
    VERIFY_KEY_BY_TRIAL,          /* signalling names neither address */
    VERIFY_KEYS_USED_FOR_KD,      /* no media of its own: its keys made the KD of direct communication */
    VERIFY_FINDING_CODES
} verify_finding_code;

typedef struct {
    verify_finding_code code;
    uint64_t packets;   /* that it is about; 0: none in particular */
    const char *detail; /* NULL: none */
} verify_finding;

/* All texts of a report, here and below, are borrowed from its `texts`, or constant. NULL: not known. */

typedef struct {
    const char *role;       /* "offerer", "answerer", "initiator", "responder", "peer", "sender", "group" */
    const char *uri;        /* SIP URI */
    const char *identity;   /* MIKEY ID payload, PC5 User Info */
    const char *address;    /* IP address, or layer-2 ID as 0xHHHHHH */
} verify_party;

/* An identifier by which the session goes in some protocol: "call_id", "from_tag", "to_tag", "cseq", "sdp_session", "csb_id", "kd_id",
 * "kd_sess_id", "pgk_index", "ptk_id", "keylog_line", "derived_keylog_line" ... The value is text. */
typedef struct {
    const char *name;
    const char *value;
} verify_identifier;

/* A frame of signalling and what it was: "offer", "answer", "mikey_request", "mikey_response", "ticket", "direct_communication_request",
 * "direct_security_mode_command", "direct_security_mode_complete", "direct_communication_accept" ... In the order of frames. */
typedef struct {
    const char *event;
    uint32_t frame;
} verify_event;

/* An input of a function: a public one by its value, a secret one by its fingerprint, never both. */
typedef struct {
    const char *name;
    uint32_t length;         /* octets */
    const char *value;       /* hex or text */
    const char *fingerprint;
} verify_input;

/* One step of the derivation. */
typedef struct {
    const char *function;    /* "HMAC-SHA-256 KDF (TS 33.220 B.2)", "AES-CM PRF (RFC 3711 4.3)", "MIKEY PRF", "taken from SDP" ... */
    const char *parameters;  /* what is neither secret nor an input: "FC 0x4b", "label 0x00, kdr 0"; NULL: nothing */
    GArray *inputs;          /* verify_input */
    const char *output;      /* name of what comes out: "master key", "KD", "PEK" */
    uint32_t output_length;  /* octets; 0: not known */
    const char *fingerprint; /* of the output */
    uint32_t frame;          /* that brought it; 0: none */
} verify_step;

/* Key material of the session, as traffic uses it. */
typedef struct {
    const char *name;        /* "SRTP master key", "KD", "KD-sess", "PEK", "PIK", "PTK" */
    const char *fingerprint;
    const char *suite;       /* crypto suite, or EEA and EIA; NULL: it has none */
    const char *origin;      /* "SDES offer", "SDES answer", "MIKEY", "MIKEY-TICKET", "key log", "KD", "PC5" ... */
    const char *detail;      /* "tag 1", "CS 1", "line 3"; NULL: nothing */
    uint32_t frame;          /* that brought it; 0: none */
    uint64_t packets;        /* that it opened */
} verify_key;

typedef enum { VERIFY_EQUAL, VERIFY_DIFFERENT, VERIFY_ONLY_DELIVERED, VERIFY_ONLY_DERIVED } verify_match;

/* A delivered key against a derived one. */
typedef struct {
    verify_match match;
    const char *name;        /* what the record names: "HI2_CC 01", "SRTP_MASTER ssrc=0x...", "D2D_KD *"; of a derived one what it is */
    unsigned line;           /* of the key log; 0: it was not delivered */
    const char *delivered;   /* fingerprints */
    const char *derived;
} verify_compared;

typedef struct {
    const char *method;      /* "SDES", "MIKEY-TICKET", "MIKEY", "key log", "PC5", "ProSe group" */
    const char *carrier;     /* "SIP over UDP", "SIP over TCP", "RTSP", "PC5 signalling", "port 2269", "HTTP"; NULL: none */
    GArray *parties;         /* verify_party */
    GArray *identifiers;     /* verify_identifier, each once */
    GHashTable *identified;  /* the same as one text each, so that many are added fast */
    GArray *events;          /* verify_event; in order once verify_session_order_events was called */
    GArray *keys;            /* verify_key */
    GArray *derivation;      /* verify_step */
    GPtrArray *streams;      /* const verify_stream *, borrowed from the traffic, in order of their first frames */
    GArray *comparison;      /* verify_compared */
    GArray *findings;        /* verify_finding: reasons first, each code at most once but those with a detail */
    verify_verdict verdict;
} verify_session;

/* What the user says of the case; echoed, never guessed. NULL: not said. */
typedef struct {
    const char *liid, *correlation, *operator_name;
    verify_window window;
} verify_case;

typedef struct {
    const char *name;        /* without its folder */
    const char *sha256;      /* NULL: it could not be read, and `problem` says why */
    uint64_t size;           /* octets */
    const char *problem;
} verify_file;

typedef struct {
    const char *name, *value;
} verify_preference;

typedef struct verify_report {
    GStringChunk *texts;
    verify_case case_data;
    const char *plugin_version, *wireshark_version, *openssl_version;
    GArray *captures, *keylogs; /* verify_file */
    GArray *preferences;        /* verify_preference: those that affect the result and are not at their defaults, by name */
    bool two_passes;
    GPtrArray *sessions;        /* verify_session, owned, in order of their first frames */
    GArray *comparison;         /* verify_compared: delivered keys that belong to no session */
    GArray *findings;           /* verify_finding, of the whole */
    verify_verdict verdict;
} verify_report;

/* Empty. Free with verify_report_free; what streams point to must live as long. */
verify_report *verify_report_new(void);
void verify_report_free(verify_report *report);

/* A text that lives as long as the report; printf's arguments. */
const char *verify_report_text(verify_report *report, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* `octets` as text if they are printable UTF-8, else as 0x and hex; "": there are none. */
const char *verify_report_octets(verify_report *report, const uint8_t *octets, size_t len);

/* A session without anything in it, appended to the report. */
verify_session *verify_report_add_session(verify_report *report, const char *method);

/* Adds an identifier or an event to a session behind the others. An identifier that is there already, a value NULL and a frame 0 are passed
 * over. `name` and `event` are constant. */
void verify_session_identify(verify_session *session, const char *name, const char *value);
void verify_session_note_event(verify_session *session, const char *event, uint32_t frame);

/* Puts the events in the order of their frames, those of one frame as they were noted, each once. */
void verify_session_order_events(verify_session *session);

/* A step that is appended; its inputs are added by the next function. Both are valid until the next step is added. */
verify_step *verify_session_add_step(verify_session *session, const char *function, const char *output);
void verify_step_add_input(verify_step *step, const verify_input *input);

#define VERIFY_MAX_DETAILS 256 /* findings of one code in one session; what further ones say is told as "others" */

/* Notes a finding once, in the order of codes: packets add up where the code and the detail are the same. */
void verify_session_note(verify_session *session, verify_finding_code code, uint64_t packets, const char *detail);

#endif

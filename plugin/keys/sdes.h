/* The value of an SDP `a=crypto:` attribute (SDES, RFC 4568 section 9.1).
 *
 *   a=crypto:TAG SUITE inline:KEY||SALT[|LIFETIME][|MKI:LENGTH][;inline:...] [SESSION-PARAM ...]
 */
#ifndef D2DSEC_KEYS_SDES_H
#define D2DSEC_KEYS_SDES_H

#include "ciphers/crypto_suite.h"
#include "keys/srtp_context.h"
#include "keys/text_span.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SDES_MAX_KEY_PARAMS 32     /* of one line; more are named as a problem and not read */
#define SDES_MAX_SESSION_PARAMS 32

/* What a person can act on. The names follow the clause that is departed from. */
typedef enum {
    SDES_PROBLEM_TAG,                /* missing, not a number, more than 9 digits */
    SDES_PROBLEM_TAG_LEADING_ZERO,
    SDES_PROBLEM_SUITE_MISSING,
    SDES_PROBLEM_SUITE_UNKNOWN,
    SDES_PROBLEM_SUITE_UNREGISTERED, /* understood, but no registered name */
    SDES_PROBLEM_METHOD,             /* not "inline" */
    SDES_PROBLEM_KEY_MISSING,
    SDES_PROBLEM_BASE64,             /* a character outside the alphabet, or padding in the middle */
    SDES_PROBLEM_BASE64_PADDING,     /* padding absent (tolerated) or too much of it (an error, yet readable) */
    SDES_PROBLEM_KEY_LENGTH,         /* key||salt is not as long as the suite wants it */
    SDES_PROBLEM_LIFETIME,
    SDES_PROBLEM_MKI,
    SDES_PROBLEM_MKI_MISSING,        /* several keys and one has no MKI */
    SDES_PROBLEM_MKI_LENGTHS_DIFFER,
    SDES_PROBLEM_MKI_REPEATED,
    SDES_PROBLEM_KEY_PARAM_FIELDS,   /* more than two '|', or MKI before lifetime */
    SDES_PROBLEM_WHITE_SPACE,        /* inside key-params: tolerated */
    SDES_PROBLEM_KDR,
    SDES_PROBLEM_WSH,
    SDES_PROBLEM_FEC_ORDER,
    SDES_PROBLEM_SESSION_PARAM_UNKNOWN,  /* without '-': RFC 4568 section 6.3.7 makes the line invalid */
    SDES_PROBLEM_SESSION_PARAM_IGNORED,  /* with '-' */
    SDES_PROBLEM_SESSION_PARAM_REPEATED,
    SDES_PROBLEM_WEAK,               /* UNENCRYPTED_* or UNAUTHENTICATED_SRTP in use */
    SDES_PROBLEM_KEY_LOW_ENTROPY,    /* every octet of the key the same */
    SDES_PROBLEM_TOO_MANY,           /* key-params or session parameters past the bound */
    SDES_PROBLEM_CHARACTERS,         /* non-printable characters in the line */
    SDES_PROBLEM_LINE_LONG,          /* longer than 1024 octets */
} sdes_problem_kind;

typedef enum { SDES_NOTE, SDES_WARNING, SDES_ERROR } sdes_severity; /* SDES_ERROR: RFC 4568 calls the line invalid */

typedef struct {
    sdes_problem_kind kind;
    sdes_severity severity;
    text_span where; /* the whole value when nothing narrower is at fault */
} sdes_problem;

typedef struct {
    text_span whole;         /* "inline:..." */
    text_span method;
    text_span key_salt_text; /* base64 */
    text_span lifetime_text; /* absent: text NULL */
    text_span mki_text;      /* the decimal value before ':' */
    text_span mki_length_text;
    uint8_t key_salt[64];    /* decoded, at most 64 octets of it */
    size_t key_salt_len;     /* decoded length, also where it is more than 64 */
    uint64_t lifetime;       /* packets; 0: absent or invalid */
    uint8_t mki[SRTP_MAX_MKI_LEN]; /* big-endian in mki_len octets, as packets carry it */
    uint8_t mki_len;         /* 0: no MKI */
    bool usable;             /* key||salt fits the suite and the MKI, if any, is beyond doubt. A key that RFC 4568 calls
                                invalid for its lifetime or for the form of its fields alone is still usable. */
} sdes_key_param;

typedef enum {
    SDES_KDR,
    SDES_UNENCRYPTED_SRTP,
    SDES_UNENCRYPTED_SRTCP,
    SDES_UNAUTHENTICATED_SRTP,
    SDES_FEC_ORDER,
    SDES_FEC_KEY,
    SDES_WSH,
    SDES_OTHER,
} sdes_session_param_kind;

typedef struct {
    sdes_session_param_kind kind;
    text_span whole;
    text_span name;   /* up to '='; a leading '-' is not part of it */
    text_span value;  /* after '='; absent: text NULL */
    bool optional;    /* stood with a leading '-' */
    uint32_t number;  /* KDR: the exponent; WSH: packets */
} sdes_session_param;

typedef struct {
    text_span value;           /* the whole attribute value */
    text_span tag_text, suite_text, key_params_text;
    uint32_t tag;
    const crypto_suite *suite; /* NULL: unknown */
    unsigned key_count;
    sdes_key_param *keys;      /* key_count of them */
    unsigned session_param_count;
    sdes_session_param *session_params;
    unsigned problem_count;
    sdes_problem *problems;
    bool usable;               /* at least one key is usable. A line that RFC 4568 calls invalid for a session
                                  parameter alone is still usable: its key may explain the traffic. */
} sdes_crypto;

/* Parses value[0..len), what follows "a=crypto:" without line end. Never fails: what can't be read is a problem.
 * The result points into `value`, which must outlive it; free it with sdes_crypto_free. */
sdes_crypto *sdes_crypto_parse(const char *value, size_t len);

/* Cleanses the keys and frees. NULL is allowed. */
void sdes_crypto_free(sdes_crypto *crypto);

/* Key number `which` of the line with suite, MKI and session parameters, ready for srtp_context_new.
 * False: that key is not usable or the suite is not supported. */
bool sdes_crypto_master_key(const sdes_crypto *crypto, unsigned which, srtp_master_key *key);

/* A constant English sentence for an expert info; it names no key. */
const char *sdes_problem_text(sdes_problem_kind kind);

#endif

/* MIKEY messages (RFC 3830) with the modes and payloads added since: RFC 4563, 4650, 4738, 6043 (MIKEY-TICKET), 6267, 6509.
 *
 * A message is a header and a chain of payloads, each of which names the type of the next. Payloads of MIKEY-TICKET hold chains
 * of their own. Nothing here knows a key: what is encrypted stays a span of octets, and once decrypted is read by
 * mikey_parse_keys.
 *
 * All spans point into the octets that were parsed; offsets count from their first octet.
 */
#ifndef D2DSEC_KEYS_MIKEY_H
#define D2DSEC_KEYS_MIKEY_H

#include "keys/mikey_problems.h"
#include "keys/octet_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIKEY_MAX_PAYLOADS 256 /* of one message, nested ones included */
#define MIKEY_MAX_PROBLEMS 256 /* further ones are not listed */
#define MIKEY_MAX_DEPTH 3      /* chains within chains: message, ticket policy, KEMAC */

/* Data types (RFC 3830 section 6.1, RFC 6043 section 6.1, RFC 6267, RFC 6509). */
enum {
    MIKEY_PSK_INIT = 0,
    MIKEY_PSK_RESP = 1,
    MIKEY_PK_INIT = 2,
    MIKEY_PK_RESP = 3,
    MIKEY_DH_INIT = 4,
    MIKEY_DH_RESP = 5,
    MIKEY_ERROR = 6,
    MIKEY_DHHMAC_INIT = 7,
    MIKEY_DHHMAC_RESP = 8,
    MIKEY_RSA_R_INIT = 9,
    MIKEY_RSA_R_RESP = 10,
    MIKEY_REQUEST_INIT_PSK = 11,
    MIKEY_REQUEST_INIT_PK = 12,
    MIKEY_REQUEST_RESP = 13,
    MIKEY_TRANSFER_INIT = 14,
    MIKEY_TRANSFER_RESP = 15,
    MIKEY_RESOLVE_INIT_PSK = 16,
    MIKEY_RESOLVE_INIT_PK = 17,
    MIKEY_RESOLVE_RESP = 18,
    MIKEY_REQUEST_KEY_PSK = 19,
    MIKEY_REQUEST_KEY_PKE = 20,
    MIKEY_REQUEST_KEY_RESP = 21,
    MIKEY_I_MESSAGE_1 = 22,
    MIKEY_R_MESSAGE_1 = 23,
    MIKEY_I_MESSAGE_2 = 24,
    MIKEY_R_MESSAGE_2 = 25,
    MIKEY_SAKKE_MSG = 26,
};

/* Payload types: the numbers of the next payload field. */
enum {
    MIKEY_LAST = 0,
    MIKEY_KEMAC = 1,
    MIKEY_PKE = 2,
    MIKEY_DH = 3,
    MIKEY_SIGN = 4,
    MIKEY_T = 5,
    MIKEY_ID = 6,
    MIKEY_CERT = 7,
    MIKEY_CHASH = 8,
    MIKEY_V = 9,
    MIKEY_SP = 10,
    MIKEY_RAND = 11,
    MIKEY_ERR = 12,
    MIKEY_TR = 13,
    MIKEY_IDR = 14,
    MIKEY_RANDR = 15,
    MIKEY_TP = 16,
    MIKEY_TICKET = 17,
    MIKEY_KEY_DATA = 20,
    MIKEY_GENERAL_EXT = 21,
    MIKEY_IBAKE = 22,
    MIKEY_ESK = 23,
    MIKEY_SK = 24,
    MIKEY_ECCPT = 25,
    MIKEY_SAKKE = 26,
    MIKEY_THDR = 256, /* the ticket header, which has no number (RFC 6043 appendix A) */
};

enum { MIKEY_MAP_SRTP_ID = 0, MIKEY_MAP_EMPTY = 1, MIKEY_MAP_GENERIC_ID = 2 };
enum { MIKEY_ENCR_NULL = 0, MIKEY_ENCR_AES_CM_128 = 1, MIKEY_ENCR_AES_KW_128 = 2, MIKEY_ENCR_AES_CM_256 = 3 };
enum { MIKEY_MAC_NULL = 0, MIKEY_MAC_SHA1_160 = 1, MIKEY_MAC_SHA256_256 = 2 };
enum { MIKEY_TS_NTP_UTC = 0, MIKEY_TS_NTP = 1, MIKEY_TS_COUNTER = 2, MIKEY_TS_NTP_UTC_32 = 3 };
enum { MIKEY_PROT_SRTP = 0, MIKEY_PROT_TESLA = 1 };
enum { MIKEY_KV_NULL = 0, MIKEY_KV_SPI = 1, MIKEY_KV_INTERVAL = 2 };
enum { MIKEY_RAND_I = 1, MIKEY_RAND_R = 2, MIKEY_RAND_KMS = 3 };
enum { MIKEY_ID_I = 1, MIKEY_ID_R = 2, MIKEY_ID_KMS = 3, MIKEY_ID_PSK = 4, MIKEY_ID_LAST_ROLE = 9 };
enum { MIKEY_TIME_ISSUE = 1, MIKEY_TIME_START = 2, MIKEY_TIME_END = 3, MIKEY_TIME_REKEY = 4 };
enum { MIKEY_EXT_VENDOR_ID = 0, MIKEY_EXT_SDP_IDS = 1, MIKEY_EXT_KEY_ID = 3, MIKEY_EXT_CSB_ID = 4, MIKEY_EXT_OMA_BCAST = 5,
       MIKEY_EXT_SAKKE_TO_SELF = 6 };
enum { MIKEY_TICKET_BASE = 1, MIKEY_TICKET_3GPP = 2 };

/* Key data types (RFC 3830 section 6.13, RFC 6043 section 6.2.1); an odd one up to 5 comes with a salt. */
enum {
    MIKEY_KEY_TGK = 0,
    MIKEY_KEY_TGK_SALT = 1,
    MIKEY_KEY_TEK = 2,
    MIKEY_KEY_TEK_SALT = 3,
    MIKEY_KEY_GTGK = 4,
    MIKEY_KEY_GTGK_SALT = 5,
    MIKEY_KEY_MPK = 6,
    MIKEY_KEY_K_PR = 7,
};

/* Policy parameters of SRTP that checks look at (RFC 3830 section 6.10.1, RFC 7714 section 14.3). */
enum {
    MIKEY_SRTP_ENCR_ALG = 0,
    MIKEY_SRTP_ENCR_KEY_LEN = 1,
    MIKEY_SRTP_SALT_LEN = 4,
    MIKEY_SRTP_PRF = 5,
    MIKEY_SRTP_ENCR = 7,
    MIKEY_SRTCP_ENCR = 8,
    MIKEY_SRTP_AUTH = 10,
    MIKEY_SRTP_TAG_LEN = 11,
    MIKEY_SRTP_AEAD_TAG_LEN = 20,
};
enum { MIKEY_SRTP_AES_GCM = 6 };

/* Flags of TP and TICKET (RFC 6043 section 6.10): the letters of the RFC, as bits of the 24-bit word behind the version. */
enum {
    MIKEY_FLAG_D = 1 << 16,
    MIKEY_FLAG_E = 1 << 15,
    MIKEY_FLAG_F = 1 << 14,
    MIKEY_FLAG_G = 1 << 13,
    MIKEY_FLAG_H = 1 << 12,
    MIKEY_FLAG_I = 1 << 11,
    MIKEY_FLAG_J = 1 << 10,
    MIKEY_FLAG_K = 1 << 9,
    MIKEY_FLAG_L = 1 << 8,
    MIKEY_FLAG_M = 1 << 7,
    MIKEY_FLAG_N = 1 << 6,
    MIKEY_FLAG_O = 1 << 5,
    MIKEY_FLAG_RESERVED = 0x1f,
};

/* One crypto session of the header's map. What the map does not carry is 0 or absent. */
typedef struct {
    octet_span whole;
    uint8_t cs_id;           /* SRTP-ID: the position in the map, from 1 (RFC 3830 section 6.1.1) */
    uint8_t protocol;        /* GENERIC-ID; SRTP-ID: 0, SRTP */
    bool has_index;          /* GENERIC-ID: the S flag, session data holds ROC and SEQ */
    octet_span policies;     /* policy numbers, an octet each */
    octet_span session_data; /* GENERIC-ID */
    bool has_ssrc, has_roc;  /* SSRC, ROC could be read */
    uint32_t ssrc, roc;
    uint16_t sequence;       /* GENERIC-ID with the S flag */
    octet_span spi;          /* GENERIC-ID */
} mikey_cs;

/* The common header (RFC 3830 section 6.1). */
typedef struct {
    uint8_t version, data_type, next;
    bool v;                  /* a verification message is wanted */
    uint8_t prf;
    uint32_t csb_id;
    uint8_t cs_count;        /* as written; the map may hold fewer */
    uint8_t map_type;
    octet_span map;
    unsigned cs_read;        /* entries of cs */
    mikey_cs *cs;
    size_t len;              /* of the header, map included */
} mikey_header;

/* Validity of a key (RFC 3830 section 6.14). */
typedef struct {
    uint8_t type;            /* MIKEY_KV_... */
    octet_span spi;
    octet_span from, to;
} mikey_validity;

typedef struct mikey_chain mikey_chain;

typedef struct {
    uint8_t encr_alg, mac_alg;
    octet_span encr_data;
    octet_span mac;          /* from mac.data backwards the message is covered by the MAC (RFC 3830 section 5.2) */
    mikey_chain *keys;       /* of a NULL-encrypted one; else NULL */
} mikey_kemac;

typedef struct {
    uint8_t cache;
    octet_span data;
} mikey_pke;

typedef struct {
    uint8_t group, reserved;
    octet_span value;
    mikey_validity validity;
} mikey_dh;

typedef struct {
    uint8_t s_type;
    octet_span signature;
} mikey_sign;

/* T (no role) and TR. */
typedef struct {
    uint8_t role, ts_type;
    octet_span value;
} mikey_time;

/* ID (no role) and IDR. */
typedef struct {
    uint8_t role, id_type;
    octet_span data;
} mikey_identity;

/* RAND (no role) and RANDR: the random octets alone. */
typedef struct {
    uint8_t role;
    octet_span value;
} mikey_rand;

typedef struct {
    uint8_t type;
    octet_span data;
} mikey_cert;

typedef struct {
    uint8_t function;
    octet_span hash;
} mikey_chash;

typedef struct {
    uint8_t auth_alg;
    octet_span mac;          /* as in mikey_kemac */
} mikey_verification;

typedef struct {
    uint8_t policy, protocol;
    octet_span params;       /* for mikey_next_param */
} mikey_policy;

typedef struct {
    uint8_t number;
    uint16_t reserved;
} mikey_error;

/* TP, and TICKET with what follows the ticket policy (RFC 6043 section 6.10). */
typedef struct {
    uint16_t type;
    uint8_t subtype, version;
    uint8_t prf;
    uint32_t flags;          /* MIKEY_FLAG_... */
    octet_span policy_data, ticket_data, initiator_data;
    mikey_chain *policy;     /* TP data: NULL when empty */
    mikey_chain *ticket;     /* ticket data of the MIKEY base ticket, or of another type that reads like one; else NULL */
    mikey_chain *initiator;  /* Vi and Vr; NULL when empty */
} mikey_ticket;

/* Key data, and SK of RFC 6267. */
typedef struct {
    uint8_t type;            /* MIKEY_KEY_... */
    octet_span key;
    octet_span salt;         /* absent where the type has none */
    mikey_validity validity;
} mikey_key;

typedef struct {
    uint8_t type;
    octet_span data;
    mikey_chain *sakke;      /* of SAKKE-to-self; else NULL */
} mikey_extension;

typedef struct {
    uint8_t params, id_scheme;
    octet_span data;
} mikey_sakke;

/* ECCPT. Where the point ends depends on its encoding, and it is only met in plaintext nobody has: it is kept whole. */
typedef struct {
    uint8_t curve;
    octet_span data;
} mikey_point;

typedef struct {
    unsigned type;           /* MIKEY_... payload type, also of those nobody knows */
    uint8_t next;            /* SIGN and unknown ones: MIKEY_LAST */
    size_t offset, len;      /* the whole payload, next payload octet included; of one that is cut, what there is */
    bool complete;           /* it could be read to its end */
    union {
        mikey_kemac kemac;
        mikey_pke pke;
        mikey_dh dh;
        mikey_sign sign;
        mikey_time time;
        mikey_identity identity;
        mikey_rand rand;
        mikey_cert cert;
        mikey_chash chash;
        mikey_verification verification;
        mikey_policy policy;
        mikey_error error;
        mikey_ticket ticket;
        mikey_key key;
        mikey_extension extension;
        mikey_sakke sakke;
        mikey_point point;
        octet_span data;     /* IBAKE, ESK, THDR, unknown payloads */
    };
} mikey_payload;

struct mikey_chain {
    octet_span whole;
    bool has_first;          /* begins with a first payload octet, as TP data and initiator data do */
    uint8_t first;
    bool complete;           /* it could be followed to a payload that is the last */
    unsigned count;
    mikey_payload *payloads;
};

/* What was parsed. */
typedef struct {
    octet_span whole;
    bool has_header;         /* a message; not so keys and ticket data */
    mikey_header header;
    mikey_chain chain;
    unsigned problem_count;
    mikey_problem *problems;
} mikey_message;

/* Where a chain of keys stood, which decides what it should hold. */
typedef enum {
    MIKEY_KEYS_MESSAGE,      /* KEMAC of RFC 3830: Key data; in public-key modes an ID before it */
    MIKEY_KEYS_TICKET_MESSAGE, /* KEMAC of TRANSFER_INIT, TRANSFER_RESP (RFC 6043 section 6.2) */
    MIKEY_KEYS_KMS_RESPONSE, /* KEMAC of REQUEST_RESP, RESOLVE_RESP: MPKi, [MPKr], keys (RFC 6043 section 4.2) */
    MIKEY_KEYS_KMS_FORKING,  /* the same of a REQUEST_RESP whose ticket wants key forking: MPKi, MPKr, keys */
    MIKEY_KEYS_TICKET,       /* KEMAC of ticket data: MPK, keys (RFC 6043 appendix A) */
} mikey_keys_place;

/* Where the keys of a KEMAC at message level stand. */
mikey_keys_place mikey_keys_place_of(const mikey_message *message);

/* Parses data[0..len), a whole message. Never fails: what can't be read is a problem, and what was read before stays.
 * The result points into `data`, which must outlive it; free it with mikey_free. */
mikey_message *mikey_parse(const uint8_t *data, size_t len);

/* Parses plain[0..len), the plaintext of a KEMAC's encrypted data (RFC 3830 section 6.2): a chain whose first payload is
 * `first`, MIKEY_KEY_DATA or MIKEY_ID. A wrong key shows as problems of severity MIKEY_SEVERITY_ERROR. Ownership as with mikey_parse:
 * the plaintext stays the caller's to cleanse. */
mikey_message *mikey_parse_keys(const uint8_t *plain, size_t len, unsigned first, mikey_keys_place place);

/* Parses data[0..len), the ticket data of a MIKEY base ticket (RFC 6043 appendix A). Ownership as with mikey_parse. */
mikey_message *mikey_parse_ticket_data(const uint8_t *data, size_t len);

/* Adds what only the time of the capture shows: a timestamp far from it, a ticket outside its validity.
 * `now` is in seconds of Unix time. */
void mikey_check_time(mikey_message *message, int64_t now);

/* Adds to `keys`, which stood in a KEMAC of `message`, salts that do not suit the cipher of its first policy. May be called once. */
void mikey_check_opened_salts(mikey_message *keys, const mikey_message *message);

/* Adds to `response` what only shows beside the message that it answers. May be called once. */
void mikey_check_response(mikey_message *response, const mikey_message *initial);

/* NULL is allowed. */
void mikey_free(mikey_message *message);

/* The first payload of the type in the chain, after `previous` unless that is NULL. NULL: there is none. */
const mikey_payload *mikey_find(const mikey_chain *chain, unsigned type, const mikey_payload *previous);

/* A type, a length and a value of one octet, one octet and length octets: a parameter of SP, a Key ID of a general extension. */
typedef struct {
    octet_span whole;
    uint8_t type;
    octet_span value;
} mikey_param;

/* Takes the next one off *rest. False: nothing is left, or what is left is cut, which then stays in *rest. */
bool mikey_next_param(octet_span *rest, mikey_param *param);

/* The value of a policy parameter, an unsigned integer in network byte order; of long ones the low 64 bits. */
uint64_t mikey_param_number(const mikey_param *param);

/* The last parameter of the type in a policy, since later ones overrule. False: the default holds, *number is not changed. */
bool mikey_policy_number(const mikey_policy *policy, uint8_t type, uint64_t *number);

/* Octets of a MAC (RFC 3830 section 6.2, RFC 6043 section 6.2). False: the algorithm is unknown. */
bool mikey_mac_len(uint8_t alg, size_t *len);

/* Octets of a timestamp (RFC 3830 section 6.6, RFC 6043 section 6.3). False: the type is unknown. */
bool mikey_time_len(uint8_t ts_type, size_t *len);

/* Seconds of Unix time of an NTP-UTC or NTP-UTC-32 timestamp, from 1968 to 2104 (RFC 6043 section 6.10). False: no such
 * timestamp. */
bool mikey_time_seconds(const mikey_time *time, int64_t *seconds);

/* Whether a message of the type `response` answers one of the type `initial` (RFC 3830 section 6.1, RFC 4650, RFC 4738, RFC 6043). */
bool mikey_is_answered_by(uint8_t initial, uint8_t response);

/* Whether messages of the type answer others; an error message (RFC 3830 section 5.1.2) is not among them, since it may answer any. */
bool mikey_is_response_type(uint8_t data_type);

/* Whether the message belongs to MIKEY-TICKET (RFC 6043). */
bool mikey_is_ticket_type(uint8_t data_type);

#endif

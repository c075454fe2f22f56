/* Messages of PC5 signalling, with which two UEs set up, secure, keep and release a direct communication (3GPP TS 24.334).
 *
 *   octet 1       message type
 *   octets 2, 3   sequence number
 *   then          mandatory information elements in a fixed order, without identifier (V, or LV with a length)
 *   then          optional ones, each behind its identifier (IEI): TV, TLV or TLV-E
 *
 * The clause texts of TS 24.334 were not at hand: layouts and numbers follow an open implementation of it, and where two
 * readings are possible pc5s_options chooses between them. Nothing here knows a key: signatures and encrypted payloads stay
 * spans.
 *
 * All spans point into the octets that were parsed; offsets count from their first octet.
 */
#ifndef D2DSEC_KEYS_PC5S_H
#define D2DSEC_KEYS_PC5S_H

#include "keys/key_establishment.h"
#include "keys/octet_span.h"
#include "keys/pc5s_problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PC5S_MAX_IES 272     /* of one message: a key establishment container in 255 fragments, and all the others */
#define PC5S_MAX_PROBLEMS 64 /* further ones are not listed */

/* Message types (TS 24.334 clause 12.5.1.1). */
enum {
    PC5S_COMMUNICATION_REQUEST = 0x01,
    PC5S_COMMUNICATION_ACCEPT = 0x02,
    PC5S_COMMUNICATION_REJECT = 0x03,
    PC5S_KEEPALIVE = 0x04,
    PC5S_KEEPALIVE_ACK = 0x05,
    PC5S_RELEASE = 0x06,
    PC5S_RELEASE_ACCEPT = 0x07,
    PC5S_TMGI_MONITORING_REQUEST = 0x08, /* this one and the next three: names unconfirmed, layout unknown */
    PC5S_TMGI_MONITORING_RESPONSE = 0x09,
    PC5S_CELL_ID_ANNOUNCEMENT_REQUEST = 0x0a,
    PC5S_CELL_ID_ANNOUNCEMENT_RESPONSE = 0x0b,
    PC5S_SECURITY_MODE_COMMAND = 0x0c,
    PC5S_SECURITY_MODE_COMPLETE = 0x0d,
    PC5S_SECURITY_MODE_REJECT = 0x0e,
    PC5S_REKEYING_REQUEST = 0x0f,
    PC5S_REKEYING_RESPONSE = 0x10,
    PC5S_REKEYING_TRIGGER = 0x11,
    PC5S_REMOTE_UE_INFO_REQUEST = 0x12,
    PC5S_REMOTE_UE_INFO_RESPONSE = 0x13,
};

/* Information elements in the order of their clauses (TS 24.334 clauses 12.5.1.3 to 12.5.1.37). */
typedef enum {
    PC5S_IE_USER_INFO,
    PC5S_IE_IP_CONFIG,
    PC5S_IE_LINK_LOCAL_IPV6,
    PC5S_IE_CAUSE,
    PC5S_IE_RELEASE_REASON,
    PC5S_IE_KEEPALIVE_COUNTER,
    PC5S_IE_MAX_INACTIVITY,
    PC5S_IE_RELAY_SERVICE_CODE,
    PC5S_IE_GPI,
    PC5S_IE_PRUK_ID,
    PC5S_IE_AUTS,
    PC5S_IE_RAND,
    PC5S_IE_CAPABILITIES,
    PC5S_IE_CHOSEN_ALGORITHMS,
    PC5S_IE_KD_SESS_ID_LSB,
    PC5S_IE_KD_SESS_ID_MSB,
    PC5S_IE_KD_ID_LSB,
    PC5S_IE_KD_ID_MSB,
    PC5S_IE_KD_ID,
    PC5S_IE_KD_FRESHNESS,
    PC5S_IE_NONCE_1,
    PC5S_IE_NONCE_2,
    PC5S_IE_AUTH_FLAG,
    PC5S_IE_SIGNATURE,
    PC5S_IE_ENCRYPTED_PAYLOAD,
    PC5S_IE_REMOTE_UE_TYPE,
    PC5S_IE_IMEI,
    PC5S_IE_IMEISV,
    PC5S_IE_KEY_ESTABLISHMENT, /* of no standard: see key_establishment.h */
    PC5S_IE_COUNT
} pc5s_ie_kind;

enum { PC5S_USER_INFO_UPPER_LAYER = 1, PC5S_USER_INFO_PRUK_ID = 2, PC5S_USER_INFO_IMSI = 3 };

/* How numbers of IEIs are meant: 17 is the octet 0x11, or, where hexadecimal digits were printed, 0x17. */
typedef enum { PC5S_IEI_AUTO, PC5S_IEI_DECIMAL, PC5S_IEI_HEX_LITERAL } pc5s_iei_radix;

/* Octets that the length of GPI and Encrypted Payload takes. One cannot express the 273 octets of a SAKKE payload. */
typedef enum { PC5S_LENGTH_AUTO, PC5S_LENGTH_TWO_OCTETS, PC5S_LENGTH_ONE_OCTET } pc5s_length_size;

/* Whether the length of User Info counts its first octet, the type. */
typedef enum { PC5S_TYPE_AUTO, PC5S_TYPE_COUNTED, PC5S_TYPE_APART } pc5s_user_info_length;

/* Where two readings are possible. With ..._AUTO the one is taken that reads the message to its end, and the first named above
 * where that tells nothing. */
typedef struct {
    pc5s_iei_radix iei_radix;
    pc5s_length_size length_size;
    pc5s_user_info_length user_info_length;
    keyest_encoding keyest_encoding;
    uint8_t keyest_iei;
    bool keyest_short_length; /* the container's length has one octet; fragments have no other */
} pc5s_options;

extern const pc5s_options pc5s_default_options;

typedef struct {
    pc5s_ie_kind kind;
    octet_span whole;    /* IEI and length included */
    octet_span value;    /* of one that is cut, what there is */
    bool has_iei;        /* it stands among the optional ones */
    uint8_t length_size; /* octets of the length; 0: the IE has a fixed length */
    bool complete;       /* it is there in full */
    bool expected;       /* it belongs to this message (TS 24.334 clause 11.4) */
    bool repeated;       /* one of its kind stands before it */
    uint32_t number;     /* a value of up to 4 octets, in network byte order */
} pc5s_ie;

typedef struct {
    octet_span whole;
    bool has_type, has_sequence;
    uint8_t type;
    uint16_t sequence;
    unsigned ie_count;
    pc5s_ie *ies;        /* in the order of their octets */
    octet_span rest;     /* from where the message cannot be followed */
    key_establishment key_establishment;
    unsigned problem_count;
    pc5s_problem *problems;
} pc5s_message;

/* Parses data[0..len), a whole message in the clear. Never fails: what can't be read is a problem, and what was read before
 * stays. The result points into `data`, which must outlive it; free it with pc5s_free. */
pc5s_message *pc5s_parse(const uint8_t *data, size_t len, const pc5s_options *options);

/* NULL is allowed. What was put together of keys is cleansed. */
void pc5s_free(pc5s_message *message);

/* The first information element of the kind. NULL: there is none, or not in full. */
const pc5s_ie *pc5s_find(const pc5s_message *message, pc5s_ie_kind kind);

/* The number of digits of a value in TBCD: the low nibble of an octet first, the end filled with 0xf. 0: it is not that. */
unsigned pc5s_tbcd_digits(octet_span value);

/* Whether the capabilities (2 octets, EEA0 to EEA7 and EIA0 to EIA7 from the highest bit) hold both algorithms of the octet of
 * Chosen Algorithms (TS 24.334 clauses 12.5.1.22 and 12.5.1.23). */
bool pc5s_algorithms_supported(uint16_t capabilities, uint8_t chosen);

#endif

/* The key establishment information of PC5 signalling: the SDP offer or answer, or the MIKEY message, that keys a direct
 * communication without IMS.
 *
 * No standard says how messages of TS 24.334 carry it. The encodings below are those that were proposed; the first, borrowed from
 * the Key establishment information container of TS 24.587, is the default:
 *
 *   IEI (0x74) | length (2) | method (1) | body
 */
#ifndef D2DSEC_KEYS_KEY_ESTABLISHMENT_H
#define D2DSEC_KEYS_KEY_ESTABLISHMENT_H

#include "keys/octet_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    KEYEST_WITH_METHOD,    /* IEI, length, method, body */
    KEYEST_WITHOUT_METHOD, /* IEI, length, body, which tells its method by how it begins */
    KEYEST_FRAGMENTS,      /* repeated: IEI, length of one octet, number of the fragment from 1, how many there are, a piece;
                              the pieces together are method and body */
    KEYEST_USER_INFO,      /* in User Info with a type of 0xf0 and the method, or of 0xf0 alone as without method */
    KEYEST_APPENDED,       /* the body behind the last information element, as without method */
    KEYEST_NONE,           /* PC5 signalling carries none: SDP travels by itself in SIP or HTTP */
} keyest_encoding;

#define KEYEST_DEFAULT_IEI 0x74
#define KEYEST_USER_INFO_TYPE 0xf0

typedef enum {
    KEYEST_METHOD_UNKNOWN = 0x00,
    KEYEST_METHOD_SDES = 0x01,         /* SDP with a=crypto, a whole body or the lines alone */
    KEYEST_METHOD_KEY_MGMT = 0x02,     /* SDP with a=key-mgmt, likewise */
    KEYEST_METHOD_MIKEY = 0x03,        /* a MIKEY message, of MIKEY-TICKET as a rule */
    KEYEST_METHOD_SDES_COMPACT = 0x04, /* tag (1) | suite (1) | length (1) | key and salt | MKI, if any */
} keyest_method;

typedef struct {
    keyest_method method;
    octet_span method_octet; /* as it stands in the message; absent: the method was told by the content */
    octet_span body;         /* behind the method; absent: there is no container */
    octet_span content;      /* SDP text, or a MIKEY message; absent: the body could not be read as one */
    uint8_t *joined;         /* holds the body, and the method before it, where it came in fragments; else NULL */
    size_t joined_len;
    char *line;              /* holds the content where a compact body was written out as an a=crypto line; else NULL */
} key_establishment;

/* Whether the content is SDP text; otherwise it is a MIKEY message. */
bool keyest_is_sdp(const key_establishment *information);

/* Parts of a compact body. The suite is numbered as the SRTP protection profiles of RFC 5764 and RFC 7714 are, which share
 * their high octet 0. */
typedef struct {
    uint8_t tag, suite;
    octet_span key_salt, mki;
} keyest_compact;

/* False: the body ends before its parts do; what there is of the key stands in key_salt. */
bool keyest_read_compact(octet_span body, keyest_compact *compact);

/* The name in a=crypto of a compact body's suite. NULL: unknown. */
const char *keyest_suite_name(uint8_t suite);

#endif

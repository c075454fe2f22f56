/* Key derivation of MIKEY (RFC 3830 section 4.1) and of MIKEY-TICKET (RFC 6043 sections 5.1, 6.10, A.2).
 *
 * Every key comes of one function,  key = PRF(inkey, label, length);  the label says what it is for, and for whom.
 *
 *   PSK, envelope key --MIKEY_MESSAGE_...--> keys of a message's KEMAC and MAC
 *   TGK               --MIKEY_SESSION_...--> TEK and salt of a crypto session
 *
 *   and with a ticket
 *
 *   TPK       --mikey_label_tpk-->  keys of the ticket data, which hold MPK and TGK
 *   MPK       --mikey_label_mpk-->  MPKi, MPKr
 *   MPKr, TGK --mikey_label_fork--> MPKr', TGK'                        where the ticket wants key forking
 *   MPKi, MPKr', PSK --mikey_label_ticket_message--> keys of a message's KEMAC and MAC
 *   MPKr      --mikey_label_vr-->   key of the MAC in the initiator data
 *   TGK, TGK', GTGK --mikey_label_ticket_session--> TEK and salt of a crypto session
 */
#ifndef D2DSEC_KEYS_MIKEY_KDF_H
#define D2DSEC_KEYS_MIKEY_KDF_H

#include "keys/octet_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PRF functions by their numbers in HDR, TP and TICKET (RFC 3830 section 6.1, RFC 6043 section 6.1). */
enum { MIKEY_PRF_MIKEY_1 = 0, MIKEY_PRF_HMAC_SHA_256 = 1 };

/* How the key is cut into blocks of 32 octets. */
typedef enum {
    MIKEY_PRF_RFC,     /* the last block has what is left (RFC 3830 section 4.1.2) */
    MIKEY_PRF_MINISIP, /* minisip's libmikey: the last block has the key's length MOD 32, so that it is empty for a key
                          of 32, 64, ... 192 octets. For every other length it is the RFC's. */
} mikey_prf_variant;

typedef struct {
    uint8_t func; /* a number that a message carries: any value */
    mikey_prf_variant variant;
} mikey_prf;

/* The constants of the labels, in the order in which their RFCs give them. */
typedef enum { /* RFC 3830 section 4.1.4, RFC 6043 sections 5.1.2, 6.10, A.2 */
    MIKEY_MESSAGE_ENCR_KEY = 0x150533E1,
    MIKEY_MESSAGE_AUTH_KEY = 0x2D22AC75,
    MIKEY_MESSAGE_SALT_KEY = 0x29B88916,
} mikey_message_constant;

typedef enum { /* RFC 3830 section 4.1.3, RFC 6043 section 5.1.3 */
    MIKEY_SESSION_TEK = 0x2AD01C64,
    MIKEY_SESSION_AUTH_KEY = 0x1B5C7973,
    MIKEY_SESSION_ENCR_KEY = 0x15798CEF,
    MIKEY_SESSION_SALT_KEY = 0x39A2C14B,
} mikey_session_constant;

typedef enum { /* RFC 6043 section 5.1.1 */
    MIKEY_FORK_MPKR = 0x2B288856,
    MIKEY_FORK_TGK = 0x1512B54A,
} mikey_fork_constant;

typedef enum { /* RFC 6043 section A.2 */
    MIKEY_MPK_INITIATOR = 0x220E99A2,
    MIKEY_MPK_RESPONDER = 0x1F4D675B,
} mikey_mpk_constant;

/* Which message of an exchange, as the label says it (RFC 6043 section 5.1.2). */
typedef enum { MIKEY_INITIAL_MESSAGE = 1, MIKEY_RESPONSE_MESSAGE = 2 } mikey_direction;

#define MIKEY_LABEL_HEAD 10
#define MIKEY_LABEL_PARTS 2

/* A label: its head, then the parts, each behind its length in `prefix` octets. Made by the functions below; it
 * points into the octets they were given, which must outlive it. */
typedef struct {
    uint8_t head[MIKEY_LABEL_HEAD];
    size_t head_len;
    struct {
        octet_span octets; /* absent or empty: the length is 0, and nothing follows it */
        uint8_t prefix;    /* 0, 1 or 2 */
    } parts[MIKEY_LABEL_PARTS];
    size_t part_count;
} mikey_label;

/* constant || FF || CSB ID || RAND, for a PSK or an envelope key (RFC 3830 section 4.1.4).
 * rand: the random octets of the first message of the CSB, without their length. */
mikey_label mikey_label_message(mikey_message_constant constant, uint32_t csb_id, octet_span rand);

/* constant || CS ID || CSB ID || RAND, for a TGK (RFC 3830 section 4.1.3). */
mikey_label mikey_label_session(mikey_session_constant constant, uint8_t cs_id, uint32_t csb_id, octet_span rand);

/* constant || FF || CSB ID || direction || RANDRi || RANDRr, each with its length in an octet, for a PSK, an envelope
 * key, MPKi or MPKr' (RFC 6043 section 5.1.2). An absent or empty one counts as left out. Requests and TRANSFER_INIT
 * have RANDRi alone, RESOLVE_INIT and RESOLVE_RESP their own RANDRr alone, TRANSFER_RESP RANDRi, and RANDRr if flag G
 * is set. */
mikey_label mikey_label_ticket_message(mikey_message_constant constant, uint32_t csb_id, mikey_direction direction,
                                       octet_span rand_i, octet_span rand_r);

/* constant || CS ID || FFFFFFFF || 03 || RANDRi || RANDRr, as above, for a TGK, TGK' or GTGK (RFC 6043 section 5.1.3).
 * RANDRi counts if flag H is set, RANDRr if flag G is. */
mikey_label mikey_label_ticket_session(mikey_session_constant constant, uint8_t cs_id, octet_span rand_i,
                                       octet_span rand_r);

/* constant || FF || FFFFFFFF || 00 || IDRr || RANDRkms, for MPKr or a TGK (RFC 6043 section 5.1.1). idr: the ID data
 * of IDRr as the response has it, at most 65535 octets; its length takes two octets. rand_kms: at most 255. The key
 * that comes of it is as long as the one it comes from. */
mikey_label mikey_label_fork(mikey_fork_constant constant, octet_span idr, octet_span rand_kms);

/* constant || FF || FFFFFFFF || 04, for MPKr, before any forking: with MIKEY_MESSAGE_AUTH_KEY, the key of Vr (RFC
 * 6043 section 6.10). */
mikey_label mikey_label_vr(mikey_message_constant constant);

/* constant || FF || FFFFFFFF || 05 || RAND, with its length in an octet, for a TPK (RFC 6043 section A.2). rand: of
 * the ticket data. */
mikey_label mikey_label_tpk(mikey_message_constant constant, octet_span rand);

/* constant || FF || FFFFFFFF || 06 || RAND, as above, for an MPK (RFC 6043 section A.2). The key that comes of it is
 * as long as the MPK. */
mikey_label mikey_label_mpk(mikey_mpk_constant constant, octet_span rand);

/* Whether MIKEY_PRF_MINISIP differs from MIKEY_PRF_RFC for a key of so many octets. */
bool mikey_prf_variants_differ(size_t inkey_len);

/* Whether mikey_derive knows the PRF function. */
bool mikey_prf_is_known(uint8_t func);

/* Fills out[0..out_len) with PRF(inkey, label, out_len), in octets (RFC 3830 section 4.1.2, RFC 6043 section 6.1).
 * inkey: of any length but 0. A shorter key is the beginning of a longer one. The caller cleanses `out`. False, and
 * `out` is cleansed: the PRF function is unknown, inkey is empty, a part of the label is too long for its length's
 * octets, or the crypto library refused. */
bool mikey_derive(mikey_prf prf, octet_span inkey, const mikey_label *label, uint8_t *out, size_t out_len);

#endif

/* What protects a MIKEY message: encryption of its keys, and its MAC (RFC 3830 sections 4.2.3 and 4.2.4, RFC 6043
 * sections 6.2 and A.1).
 *
 * The order of things: the keys come from a label of mikey_kdf.h, the MAC tells whether they are the right ones, and
 * only then is it worth opening the KEMAC. Which octets a MAC covers differs from message to message; the caller names
 * them.
 */
#ifndef D2DSEC_KEYS_MIKEY_KEMAC_H
#define D2DSEC_KEYS_MIKEY_KEMAC_H

#include "keys/mikey_kdf.h"
#include "keys/octet_span.h"

#include <stddef.h>
#include <stdint.h>

#define MIKEY_T_LEN 8
/* The CSB ID for a ticket's KEMAC, which belongs to no CSB (RFC 6043 section A.2). */
#define MIKEY_TICKET_CSB_ID 0xffffffff

typedef enum {
    MIKEY_OK,
    MIKEY_MISMATCH,    /* the key, or an octet of the message, is another one */
    MIKEY_UNSUPPORTED, /* an algorithm that is not known, that checks nothing (NULL MAC), or that the library lacks */
    MIKEY_MALFORMED,   /* a length that the algorithm can't have made */
} mikey_outcome;

/* What one key (PSK, envelope key, TPK, MPKi, MPKr') gives for one message or ticket. */
typedef struct {
    uint8_t encr_alg, mac_alg; /* numbers of KEMAC and V */
    uint8_t encr[32], salt[14], auth[32];
    size_t encr_len, salt_len, auth_len; /* 0 for NULL */
} mikey_message_keys;

/* Derives the keys that the algorithms need, by the lengths of RFC 3830 sections 4.2.3 and 4.2.4 and of RFC 6043
 * section 6.2. encr_alg, mac_alg: as the message has them; a message without KEMAC, or whose encryption is not known
 * while its MAC is, takes 0 (NULL) for encr_alg. label: one of a mikey_message_constant, which is replaced by each in
 * turn. MIKEY_OK, MIKEY_UNSUPPORTED (an algorithm or the PRF function), or MIKEY_MALFORMED: inkey is empty or a RAND
 * too long. Unless MIKEY_OK, nothing is to be cleared. */
mikey_outcome mikey_message_keys_derive(mikey_message_keys *keys, mikey_prf prf, octet_span inkey,
                                        const mikey_label *label, uint8_t encr_alg, uint8_t mac_alg);

/* Cleanses. */
void mikey_message_keys_clear(mikey_message_keys *keys);

/* A timestamp as the 64 bits that the encryption takes: NTP as it is, COUNTER behind zero octets (RFC 3830 section
 * 6.6), NTP-UTC-32 before them (RFC 6043 section 6.3). MIKEY_OK, MIKEY_UNSUPPORTED: no such type, MIKEY_MALFORMED:
 * not its length. */
mikey_outcome mikey_timestamp(uint8_t ts_type, octet_span value, uint8_t t[MIKEY_T_LEN]);

/* Decrypts the encrypted data of a KEMAC to plain[0..*plain_len); `plain` has room for data.len octets and is the
 * caller's to cleanse. csb_id, t: of the message; for the KEMAC of a ticket MIKEY_TICKET_CSB_ID and the ticket's T.
 * RFC 3830 section 4.2.3 has T sent by the initiator, while RFC 6043 gives a response a T of its own: there try first
 * that one, then the initiator's. MIKEY_OK: with AES-KW the key is proved, with the others the plaintext's form and
 * the MAC must tell. MIKEY_MISMATCH: AES-KW, the key is another one. MIKEY_MALFORMED: AES-KW, not a multiple of 8 or
 * less than 24 octets. MIKEY_UNSUPPORTED: the crypto library refused. */
mikey_outcome mikey_kemac_open(const mikey_message_keys *keys, uint32_t csb_id, const uint8_t t[MIKEY_T_LEN],
                               octet_span data, uint8_t *plain, size_t *plain_len);

/* Compares `mac` with the MAC of the `count` covered pieces one after the other, in constant time (RFC 3830 section
 * 4.2.4). MIKEY_OK, MIKEY_MISMATCH, MIKEY_MALFORMED: not the algorithm's length, MIKEY_UNSUPPORTED: NULL, which says
 * nothing about anything, or the crypto library refused. */
mikey_outcome mikey_mac_verify(const mikey_message_keys *keys, const octet_span *covered, size_t count, octet_span mac);

#endif

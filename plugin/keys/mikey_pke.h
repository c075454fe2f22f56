/* The envelope of MIKEY's public-key mode: the key under which a message's KEMAC stands, encrypted with the
 * receiver's RSA key (RFC 3830 sections 3.2 and 4.2.5; RFC 6043 *_INIT_PK). */
#ifndef D2DSEC_KEYS_MIKEY_PKE_H
#define D2DSEC_KEYS_MIKEY_PKE_H

#include "keys/mikey_kemac.h"

#include <openssl/evp.h>

#define MIKEY_MAX_ENVELOPE 2048 /* octets of an RSA modulus, 16384 bits */

/* Nothing in a message says which; RFC 3830 section 4.2.5 has the receiver's certificate tell, requires the first and
 * recommends the second. */
typedef enum {
    MIKEY_PKE_PKCS1_V1_5,
    MIKEY_PKE_OAEP, /* with SHA-1 */
} mikey_pke_padding;

/* Reads the RSA private key in a PEM file (PKCS#1 or PKCS#8). Never asks for a password. EVP_PKEY_free it.
 * NULL: *error (g_free it) says what is wrong, in words that hold no part of the key. */
EVP_PKEY *mikey_private_key_load(const char *path, char **error);

/* Decrypts the data of a PKE payload to envelope_key[0..*len), which is the caller's to cleanse: the PSK's stand-in
 * for mikey_label_message and mikey_label_ticket_message. MIKEY_OK, MIKEY_MISMATCH: encrypted for another key or with
 * the other padding, MIKEY_MALFORMED: not as long as the key's modulus, MIKEY_UNSUPPORTED: the crypto library
 * refused. */
mikey_outcome mikey_pke_open(EVP_PKEY *key, mikey_pke_padding padding, octet_span data,
                             uint8_t envelope_key[MIKEY_MAX_ENVELOPE], size_t *len);

#endif

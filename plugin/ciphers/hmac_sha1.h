/* HMAC-SHA1 with one key and many messages (RFC 2104, RFC 3711 section 4.2.1). */
#ifndef D2DSEC_CIPHERS_HMAC_SHA1_H
#define D2DSEC_CIPHERS_HMAC_SHA1_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HMAC_SHA1_LEN 20
#define HMAC_SHA1_MAX_KEY_LEN 64 /* a block of SHA-1; RFC 2104 hashes longer keys first, SRTP has none */

typedef struct {
    EVP_MD_CTX *inner; /* SHA-1 after the block key XOR ipad; NULL: not keyed */
    EVP_MD_CTX *outer; /* SHA-1 after the block key XOR opad */
    EVP_MD_CTX *work;  /* takes a copy of either for each message */
} hmac_sha1;

/* False: the key is too long or the crypto library refused, and nothing is to be cleared. */
bool hmac_sha1_init(hmac_sha1 *hmac, const uint8_t *key, size_t key_len);

/* Cleanses and frees. A zeroed structure is allowed. */
void hmac_sha1_clear(hmac_sha1 *hmac);

/* The whole tag of data[0..len) followed by rest[0..rest_len). */
bool hmac_sha1_tag(hmac_sha1 *hmac, const uint8_t *data, size_t len, const uint8_t *rest, size_t rest_len,
                   uint8_t tag[HMAC_SHA1_LEN]);

#endif

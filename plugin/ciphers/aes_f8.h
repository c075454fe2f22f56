/* AES in f8 mode (RFC 3711 section 4.1.2). */
#ifndef D2DSEC_CIPHERS_AES_F8_H
#define D2DSEC_CIPHERS_AES_F8_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AES_F8_IV_LEN 16

typedef struct {
    EVP_CIPHER_CTX *block;    /* under the session key; NULL: not keyed */
    EVP_CIPHER_CTX *iv_block; /* under the session key XOR m, for the IV alone */
} aes_f8;

/* Keys the cipher with 16, 24 or 32 octets and a salt no longer than the key. False: the crypto library refused, and
 * nothing is to be cleared. */
bool aes_f8_init(aes_f8 *cipher, const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len);

/* Cleanses and frees. A zeroed cipher is allowed. */
void aes_f8_clear(aes_f8 *cipher);

/* The IV of an SRTP packet, whose fixed header of 12 octets is `header`. */
void aes_f8_rtp_iv(uint8_t iv[AES_F8_IV_LEN], const uint8_t *header, uint32_t roc);

/* The IV of an SRTCP packet, whose first 8 octets are `header`; e_index: E bit and index as in the trailer. */
void aes_f8_rtcp_iv(uint8_t iv[AES_F8_IV_LEN], const uint8_t *header, uint32_t e_index);

/* Encrypts or decrypts in[0..len) to out[0..len); they may be the same. */
bool aes_f8_crypt(aes_f8 *cipher, const uint8_t iv[AES_F8_IV_LEN], const uint8_t *in, size_t len, uint8_t *out);

#endif

/* AES in counter mode as SRTP uses it (RFC 3711 section 4.1.1, RFC 6188 section 2). 128-EEA2 has an IV of its own and is
 * the same otherwise, its messages being far shorter than the count allows. */
#ifndef D2DSEC_CIPHERS_AES_CM_H
#define D2DSEC_CIPHERS_AES_CM_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AES_CM_IV_LEN 16
#define AES_CM_SALT_LEN 14

typedef struct {
    EVP_CIPHER_CTX *block; /* NULL: not keyed */
} aes_cm;

/* Keys the cipher with 16, 24 or 32 octets. False: the crypto library refused, and nothing is to be cleared. */
bool aes_cm_init(aes_cm *cipher, const uint8_t *key, size_t key_len);

/* Cleanses and frees. A zeroed cipher is allowed. */
void aes_cm_clear(aes_cm *cipher);

/* The IV of the packet with `index` (48 bits: ROC and sequence number, or the SRTCP index) from `ssrc`. */
void aes_cm_iv(uint8_t iv[AES_CM_IV_LEN], const uint8_t salt[AES_CM_SALT_LEN], uint32_t ssrc, uint64_t index);

/* Encrypts or decrypts in[0..len) to out[0..len); they may be the same. The last two octets of the IV count the blocks:
 * false, too, where the count would go beyond them. */
bool aes_cm_crypt(aes_cm *cipher, const uint8_t iv[AES_CM_IV_LEN], const uint8_t *in, size_t len, uint8_t *out);

/* The same with the keystream from its octet `skip` on: SRTP_PREFIX_LENGTH (RFC 3711 section 4.1). */
bool aes_cm_crypt_behind(aes_cm *cipher, const uint8_t iv[AES_CM_IV_LEN], uint8_t skip, const uint8_t *in, size_t len,
                         uint8_t *out);

#endif

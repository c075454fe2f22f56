/* AES in Galois/counter mode as SRTP uses it (RFC 7714). */
#ifndef D2DSEC_CIPHERS_AES_GCM_H
#define D2DSEC_CIPHERS_AES_GCM_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AES_GCM_IV_LEN 12
#define AES_GCM_SALT_LEN 12
#define AES_GCM_TAG_LEN 16

typedef struct {
    EVP_CIPHER_CTX *ctx; /* NULL: not keyed */
} aes_gcm;

/* One message to open. The associated data is the two pieces one after the other; the second may be empty. */
typedef struct {
    uint8_t iv[AES_GCM_IV_LEN];
    const uint8_t *aad;
    size_t aad_len;
    const uint8_t *aad_rest;
    size_t aad_rest_len;
    const uint8_t *in;
    size_t in_len;
    const uint8_t *tag; /* NULL: decrypt without looking at the tag */
    size_t tag_len;
} aes_gcm_message;

typedef enum { AES_GCM_OPENED, AES_GCM_FORGED, AES_GCM_ERROR } aes_gcm_result;

/* Keys the cipher with 16 or 32 octets. False: the crypto library refused, and nothing is to be cleared. */
bool aes_gcm_init(aes_gcm *cipher, const uint8_t *key, size_t key_len);

/* Cleanses and frees. A zeroed cipher is allowed. */
void aes_gcm_clear(aes_gcm *cipher);

/* Whether SP 800-38D section 5.2.1.2 knows a tag of that many octets. */
bool aes_gcm_tag_len_is_valid(size_t len);

void aes_gcm_rtp_iv(uint8_t iv[AES_GCM_IV_LEN], const uint8_t salt[AES_GCM_SALT_LEN], uint32_t ssrc, uint32_t roc,
                    uint16_t seq);

/* index: of 31 bits, without the E bit. */
void aes_gcm_rtcp_iv(uint8_t iv[AES_GCM_IV_LEN], const uint8_t salt[AES_GCM_SALT_LEN], uint32_t ssrc, uint32_t index);

/* Authenticates and decrypts to out[0..in_len), which is left holding zeros unless the message opened. */
aes_gcm_result aes_gcm_open(aes_gcm *cipher, const aes_gcm_message *message, uint8_t *out);

#endif

#include "ciphers/aes_cm.h"

#include "ciphers/crypto_library.h"
#include "ciphers/octets.h"

#include <limits.h>
#include <string.h>

bool aes_cm_init(aes_cm *cipher, const uint8_t *key, size_t key_len)
{
    const EVP_CIPHER *ctr = crypto_library_aes(CRYPTO_AES_CTR, key_len);
    cipher->keystream = ctr ? EVP_CIPHER_CTX_new() : NULL;
    if (cipher->keystream && EVP_EncryptInit_ex2(cipher->keystream, ctr, key, NULL, NULL))
        return true;
    aes_cm_clear(cipher);
    return false;
}

void aes_cm_clear(aes_cm *cipher)
{
    EVP_CIPHER_CTX_free(cipher->keystream);
    cipher->keystream = NULL;
}

/* octet   0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *       |             session salt                |0  0 |
 *   XOR             |   SSRC    |      index      |
 *                                                 |block counter, from 0
 */
void aes_cm_iv(uint8_t iv[AES_CM_IV_LEN], const uint8_t salt[AES_CM_SALT_LEN], uint32_t ssrc, uint64_t index)
{
    memcpy(iv, salt, AES_CM_SALT_LEN);
    iv[14] = 0;
    iv[15] = 0;
    octets_xor(iv + 4, ssrc, 4);
    octets_xor(iv + 8, index, 6);
}

bool aes_cm_crypt(aes_cm *cipher, const uint8_t iv[AES_CM_IV_LEN], const uint8_t *in, size_t len, uint8_t *out)
{
    int written;

    /* Counter mode leaves nothing over for EVP_EncryptFinal_ex to write, so it is not called. */
    return len <= INT_MAX && EVP_EncryptInit_ex2(cipher->keystream, NULL, NULL, iv, NULL) &&
           EVP_EncryptUpdate(cipher->keystream, out, &written, in, (int)len);
}

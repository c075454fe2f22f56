/* The counter is ours and the block cipher OpenSSL's: to set the IV of its counter mode takes OpenSSL 3.0 longer than
 * to encipher a packet of speech, and single blocks have no IV.
 */
#include "ciphers/aes_cm.h"

#include "ciphers/crypto_library.h"
#include "ciphers/octets.h"

#include <string.h>

#define BLOCK_LEN 16
#define BLOCKS_AT_ONCE 32
#define COUNTER_END 0x10000 /* RFC 3711 section 4.1.1: no more than 2^16 blocks of one IV */

bool aes_cm_init(aes_cm *cipher, const uint8_t *key, size_t key_len)
{
    const EVP_CIPHER *ecb = crypto_library_aes(CRYPTO_AES_ECB, key_len);
    cipher->block = ecb ? EVP_CIPHER_CTX_new() : NULL;
    if (cipher->block && EVP_EncryptInit_ex2(cipher->block, ecb, key, NULL, NULL) &&
        EVP_CIPHER_CTX_set_padding(cipher->block, 0))
        return true;
    aes_cm_clear(cipher);
    return false;
}

void aes_cm_clear(aes_cm *cipher)
{
    EVP_CIPHER_CTX_free(cipher->block);
    cipher->block = NULL;
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
    octets_xor_u32(iv + 4, ssrc);
    octets_xor_u48(iv + 8, index);
}

bool aes_cm_crypt(aes_cm *cipher, const uint8_t iv[AES_CM_IV_LEN], const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t keystream[BLOCKS_AT_ONCE * BLOCK_LEN];
    uint32_t counter = octets_u16(iv + 14);
    int written;

    if (len > (size_t)(COUNTER_END - counter) * BLOCK_LEN)
        return false;
    while (len > 0) {
        const size_t count = len < sizeof keystream ? len : sizeof keystream;
        size_t filled = 0;
        for (; filled < count; filled += BLOCK_LEN) {
            memcpy(keystream + filled, iv, AES_CM_IV_LEN);
            octets_put_u16(keystream + filled + 14, (uint16_t)counter++);
        }
        if (!EVP_EncryptUpdate(cipher->block, keystream, &written, keystream, (int)filled))
            return false;
        octets_xor(out, in, keystream, count);
        in += count;
        out += count;
        len -= count;
    }
    return true;
}

bool aes_cm_crypt_behind(aes_cm *cipher, const uint8_t iv[AES_CM_IV_LEN], uint8_t skip, const uint8_t *in, size_t len,
                         uint8_t *out)
{
    static const uint8_t zeros[BLOCK_LEN];
    const size_t within = skip % BLOCK_LEN;
    uint8_t start[AES_CM_IV_LEN];

    if (skip + len > (size_t)(COUNTER_END - octets_u16(iv + 14)) * BLOCK_LEN)
        return false;
    memcpy(start, iv, sizeof start);
    octets_put_u16(start + 14, (uint16_t)(octets_u16(iv + 14) + skip / BLOCK_LEN));
    if (within > 0) { /* the rest of a block that is begun */
        uint8_t keystream[BLOCK_LEN];
        const size_t count = len < BLOCK_LEN - within ? len : BLOCK_LEN - within;
        if (!aes_cm_crypt(cipher, start, zeros, BLOCK_LEN, keystream))
            return false;
        octets_xor(out, in, keystream + within, count);
        octets_put_u16(start + 14, (uint16_t)(octets_u16(start + 14) + 1));
        in += count;
        out += count;
        len -= count;
    }
    return aes_cm_crypt(cipher, start, in, len, out);
}

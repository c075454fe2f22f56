#include "ciphers/aes_f8.h"

#include "ciphers/crypto_library.h"
#include "ciphers/octets.h"

#include <openssl/crypto.h>

#include <string.h>

#define BLOCK_LEN 16
#define MAX_KEY_LEN 32

static EVP_CIPHER_CTX *new_block_cipher(const uint8_t *key, size_t key_len)
{
    const EVP_CIPHER *ecb = crypto_library_aes(CRYPTO_AES_ECB, key_len);
    EVP_CIPHER_CTX *block = ecb ? EVP_CIPHER_CTX_new() : NULL;
    if (block && EVP_EncryptInit_ex2(block, ecb, key, NULL, NULL) && EVP_CIPHER_CTX_set_padding(block, 0))
        return block;
    EVP_CIPHER_CTX_free(block);
    return NULL;
}

static bool encrypt_block(EVP_CIPHER_CTX *block, const uint8_t in[BLOCK_LEN], uint8_t out[BLOCK_LEN])
{
    int written;

    return EVP_EncryptUpdate(block, out, &written, in, BLOCK_LEN);
}

bool aes_f8_init(aes_f8 *cipher, const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len)
{
    uint8_t masked[MAX_KEY_LEN];

    *cipher = (aes_f8) { NULL, NULL };
    if (key_len > sizeof masked || salt_len > key_len)
        return false;

    /* m = salt || 0x55 0x55 ..., as long as the key (RFC 3711 section 4.1.2.1) */
    for (size_t i = 0; i < key_len; i++)
        masked[i] = key[i] ^ (i < salt_len ? salt[i] : 0x55);
    cipher->block = new_block_cipher(key, key_len);
    cipher->iv_block = new_block_cipher(masked, key_len);
    OPENSSL_cleanse(masked, sizeof masked);
    if (cipher->block && cipher->iv_block)
        return true;
    aes_f8_clear(cipher);
    return false;
}

void aes_f8_clear(aes_f8 *cipher)
{
    EVP_CIPHER_CTX_free(cipher->block);
    EVP_CIPHER_CTX_free(cipher->iv_block);
    *cipher = (aes_f8) { NULL, NULL };
}

/* RFC 3711 section 4.1.2.2
 * octet   0   1     2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *       | 0 |M,PT| seq  | timestamp |   SSRC    |    ROC    |
 */
void aes_f8_rtp_iv(uint8_t iv[AES_F8_IV_LEN], const uint8_t *header, uint32_t roc)
{
    iv[0] = 0;
    memcpy(iv + 1, header + 1, 11);
    octets_put_u32(iv + 12, roc);
}

/* RFC 3711 section 4.1.2.3
 * octet   0  1  2  3  4  5  6  7      8   9  10 11 12 13 14 15
 *       |     0     |E| index   |V,P,RC| PT |length|   SSRC    |
 */
void aes_f8_rtcp_iv(uint8_t iv[AES_F8_IV_LEN], const uint8_t *header, uint32_t e_index)
{
    octets_put_u32(iv, 0);
    octets_put_u32(iv + 4, e_index);
    memcpy(iv + 8, header, 8);
}

/* IV'  = E(key XOR m, IV)
 * S(j) = E(key, IV' XOR j XOR S(j-1)), S(-1) = 0: each block waits for the one before it, hence one call a block.
 */
bool aes_f8_crypt(aes_f8 *cipher, const uint8_t iv[AES_F8_IV_LEN], const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t iv_prime[BLOCK_LEN];
    uint8_t s[BLOCK_LEN] = { 0 };

    if (!encrypt_block(cipher->iv_block, iv, iv_prime))
        return false;
    for (uint32_t j = 0; len > 0; j++) {
        octets_xor(s, s, iv_prime, BLOCK_LEN);
        octets_xor_u32(s + 12, j);
        if (!encrypt_block(cipher->block, s, s))
            return false;
        const size_t count = len < BLOCK_LEN ? len : BLOCK_LEN;
        octets_xor(out, in, s, count);
        in += count;
        out += count;
        len -= count;
    }
    return true;
}

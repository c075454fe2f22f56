#include "ciphers/aes_gcm.h"

#include "ciphers/crypto_library.h"
#include "ciphers/octets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <limits.h>
#include <string.h>

bool aes_gcm_init(aes_gcm *cipher, const uint8_t *key, size_t key_len)
{
    const EVP_CIPHER *gcm = crypto_library_aes(CRYPTO_AES_GCM, key_len);
    cipher->ctx = gcm ? EVP_CIPHER_CTX_new() : NULL;
    if (cipher->ctx && EVP_DecryptInit_ex2(cipher->ctx, gcm, key, NULL, NULL))
        return true;
    aes_gcm_clear(cipher);
    return false;
}

void aes_gcm_clear(aes_gcm *cipher)
{
    EVP_CIPHER_CTX_free(cipher->ctx);
    cipher->ctx = NULL;
}

bool aes_gcm_tag_len_is_valid(size_t len)
{
    return len == 4 || len == 8 || (len >= 12 && len <= AES_GCM_TAG_LEN);
}

/* RFC 7714 section 8.1
 * octet   0  1  2  3  4  5  6  7  8  9 10 11
 *       |         session salt              |
 *   XOR |0  0 |   SSRC    |    ROC    | seq |
 */
void aes_gcm_rtp_iv(uint8_t iv[AES_GCM_IV_LEN], const uint8_t salt[AES_GCM_SALT_LEN], uint32_t ssrc, uint32_t roc,
                    uint16_t seq)
{
    memcpy(iv, salt, AES_GCM_SALT_LEN);
    octets_xor_u32(iv + 2, ssrc);
    octets_xor_u32(iv + 6, roc);
    octets_xor_u16(iv + 10, seq);
}

/* RFC 7714 section 9.1
 * octet   0  1  2  3  4  5  6  7  8  9 10 11
 *       |         session salt              |
 *   XOR |0  0 |   SSRC    |0  0 |0|  index  |
 */
void aes_gcm_rtcp_iv(uint8_t iv[AES_GCM_IV_LEN], const uint8_t salt[AES_GCM_SALT_LEN], uint32_t ssrc, uint32_t index)
{
    memcpy(iv, salt, AES_GCM_SALT_LEN);
    octets_xor_u32(iv + 2, ssrc);
    octets_xor_u32(iv + 8, index);
}

/* The tag goes in with the IV, which spares OpenSSL a second search through its parameters. */
static bool set_iv_and_tag(EVP_CIPHER_CTX *ctx, const aes_gcm_message *message)
{
    if (!message->tag)
        return EVP_DecryptInit_ex2(ctx, NULL, NULL, message->iv, NULL);

    /* OSSL_PARAM holds plain pointers, but those that go in are only read. */
    const OSSL_PARAM with_tag[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, (void *)message->tag, message->tag_len),
        OSSL_PARAM_construct_end(),
    };
    return EVP_DecryptInit_ex2(ctx, NULL, NULL, message->iv, with_tag);
}

static bool decrypt(EVP_CIPHER_CTX *ctx, const aes_gcm_message *message, uint8_t *out)
{
    int written;

    if (message->aad_len > INT_MAX || message->aad_rest_len > INT_MAX || message->in_len > INT_MAX)
        return false;
    if (!set_iv_and_tag(ctx, message) ||
        !EVP_DecryptUpdate(ctx, NULL, &written, message->aad, (int)message->aad_len))
        return false;
    if (message->aad_rest_len > 0 &&
        !EVP_DecryptUpdate(ctx, NULL, &written, message->aad_rest, (int)message->aad_rest_len))
        return false;
    return message->in_len == 0 || EVP_DecryptUpdate(ctx, out, &written, message->in, (int)message->in_len);
}

aes_gcm_result aes_gcm_open(aes_gcm *cipher, const aes_gcm_message *message, uint8_t *out)
{
    uint8_t nothing_left[AES_GCM_TAG_LEN];
    int written;
    aes_gcm_result result = AES_GCM_ERROR;

    if (decrypt(cipher->ctx, message, out)) {
        if (!message->tag || EVP_DecryptFinal_ex(cipher->ctx, nothing_left, &written))
            return AES_GCM_OPENED;
        result = AES_GCM_FORGED;
    }
    OPENSSL_cleanse(out, message->in_len);
    return result;
}

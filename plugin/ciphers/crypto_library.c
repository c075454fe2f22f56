#include "ciphers/crypto_library.h"

#define KEY_LENGTHS 3 /* 16, 24, 32 octets */
#define MODES 3

static const char *const AES_NAMES[MODES][KEY_LENGTHS] = {
    [CRYPTO_AES_ECB] = { "AES-128-ECB", "AES-192-ECB", "AES-256-ECB" },
    [CRYPTO_AES_GCM] = { "AES-128-GCM", "AES-192-GCM", "AES-256-GCM" },
    [CRYPTO_AES_WRAP] = { "AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP" },
};

static EVP_CIPHER *aes[MODES][KEY_LENGTHS];
static EVP_MD *sha1;
static EVP_MD *sha256;
static EVP_MAC *hmac;
static EVP_MAC *cmac;

const EVP_CIPHER *crypto_library_aes(crypto_aes_mode mode, size_t key_len)
{
    if (key_len != 16 && key_len != 24 && key_len != 32)
        return NULL;
    const size_t length = key_len / 8 - 2;
    if (!aes[mode][length])
        aes[mode][length] = EVP_CIPHER_fetch(NULL, AES_NAMES[mode][length], NULL);
    return aes[mode][length];
}

const EVP_MD *crypto_library_sha1(void)
{
    if (!sha1)
        sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    return sha1;
}

const EVP_MD *crypto_library_sha256(void)
{
    if (!sha256)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return sha256;
}

EVP_MAC *crypto_library_hmac(void)
{
    if (!hmac)
        hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    return hmac;
}

EVP_MAC *crypto_library_cmac(void)
{
    if (!cmac)
        cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    return cmac;
}

void crypto_library_release(void)
{
    for (size_t mode = 0; mode < MODES; mode++) {
        for (size_t length = 0; length < KEY_LENGTHS; length++) {
            EVP_CIPHER_free(aes[mode][length]);
            aes[mode][length] = NULL;
        }
    }
    EVP_MD_free(sha1);
    EVP_MD_free(sha256);
    EVP_MAC_free(hmac);
    EVP_MAC_free(cmac);
    sha1 = NULL;
    sha256 = NULL;
    hmac = NULL;
    cmac = NULL;
}

#include "bare_eps.h"

#include <glib.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static EVP_CIPHER_CTX *ctr;
static EVP_MAC_CTX *cmac;

static void key_ctr(const uint8_t *key)
{
    EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);

    ctr = EVP_CIPHER_CTX_new();
    g_assert_true(EVP_EncryptInit_ex2(ctr, aes, key, NULL, NULL));
    EVP_CIPHER_free(aes);
}

static bool run_ctr(const bare_pdu *pdu, uint8_t *out)
{
    int written;

    return EVP_EncryptInit_ex2(ctr, NULL, NULL, pdu->iv, NULL) &&
           EVP_EncryptUpdate(ctr, out, &written, pdu->message, (int)pdu->len);
}

static void key_cmac(const uint8_t *key)
{
    char name[] = "AES-128-CBC";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);

    cmac = EVP_MAC_CTX_new(mac);
    g_assert_true(EVP_MAC_init(cmac, key, 16, params));
    EVP_MAC_free(mac);
}

static bool run_cmac(const bare_pdu *pdu, uint8_t *out)
{
    size_t written;

    return EVP_MAC_init(cmac, NULL, 0, NULL) && EVP_MAC_update(cmac, pdu->headed, BARE_HEAD_LEN + pdu->len) &&
           EVP_MAC_final(cmac, out, &written, 16);
}

const bare_calls BARE_EEA2 = { key_ctr, run_ctr };
const bare_calls BARE_EIA2 = { key_cmac, run_cmac };

#include "ciphers/crypto_library.h"

#include "ciphers/aes_cm.h"

#include <glib.h>

static void test_algorithms(void)
{
    const crypto_aes_mode modes[] = { CRYPTO_AES_ECB, CRYPTO_AES_GCM, CRYPTO_AES_WRAP };
    const int openssl_modes[] = { EVP_CIPH_ECB_MODE, EVP_CIPH_GCM_MODE, EVP_CIPH_WRAP_MODE };

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        for (size_t len = 0; len < 40; len++) {
            const EVP_CIPHER *cipher = crypto_library_aes(modes[i], len);
            if (len != 16 && len != 24 && len != 32) {
                g_assert_null(cipher);
                continue;
            }
            g_assert_nonnull(cipher);
            g_assert_cmpint(EVP_CIPHER_get_key_length(cipher), ==, (int)len);
            g_assert_cmpint(EVP_CIPHER_get_mode(cipher), ==, openssl_modes[i]);
            g_assert_true(crypto_library_aes(modes[i], len) == cipher);
        }
    }
    g_assert_true(EVP_MD_is_a(crypto_library_sha1(), "SHA1"));
    g_assert_true(EVP_MD_is_a(crypto_library_sha256(), "SHA256"));
    g_assert_true(EVP_MAC_is_a(crypto_library_hmac(), "HMAC"));
    g_assert_true(crypto_library_hmac() == crypto_library_hmac());
    g_assert_true(EVP_MAC_is_a(crypto_library_cmac(), "CMAC"));
    g_assert_true(crypto_library_cmac() == crypto_library_cmac());
}

/* What was keyed before the release goes on working, and what is keyed after it works again. */
static void test_release(void)
{
    const uint8_t key[16] = { 7 }, iv[AES_CM_IV_LEN] = { 1 }, plain[20] = { 2 };
    uint8_t first[20], second[20], third[20];
    aes_cm before, after;

    g_assert_true(aes_cm_init(&before, key, sizeof key));
    g_assert_true(aes_cm_crypt(&before, iv, plain, sizeof plain, first));
    crypto_library_release();
    g_assert_true(aes_cm_crypt(&before, iv, plain, sizeof plain, second));
    g_assert_true(aes_cm_init(&after, key, sizeof key));
    g_assert_true(aes_cm_crypt(&after, iv, plain, sizeof plain, third));
    g_assert_cmpmem(first, sizeof first, second, sizeof second);
    g_assert_cmpmem(first, sizeof first, third, sizeof third);
    aes_cm_clear(&before);
    aes_cm_clear(&after);
    crypto_library_release();
    crypto_library_release();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crypto-library/algorithms", test_algorithms);
    g_test_add_func("/crypto-library/release", test_release);
    return g_test_run();
}

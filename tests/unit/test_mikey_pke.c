#include "keys/mikey_pke.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string.h>

static const uint8_t ENVELOPE_KEY[20] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 12, 13, 14, 15, 16, 17, 18, 19, 20 };

static size_t seal(EVP_PKEY *key, int padding, uint8_t *out, size_t room)
{
    EVP_PKEY_CTX *work = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    g_assert_cmpint(EVP_PKEY_encrypt_init(work), >, 0);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(work, padding), >, 0);
    g_assert_cmpint(EVP_PKEY_encrypt(work, out, &room, ENVELOPE_KEY, sizeof ENVELOPE_KEY), >, 0);
    EVP_PKEY_CTX_free(work);
    return room;
}

static void check_padding(EVP_PKEY *key, EVP_PKEY *other, mikey_pke_padding padding, int openssl_padding)
{
    const mikey_pke_padding wrong = padding == MIKEY_PKE_OAEP ? MIKEY_PKE_PKCS1_V1_5 : MIKEY_PKE_OAEP;
    uint8_t sealed[256], opened[MIKEY_MAX_ENVELOPE];
    size_t len;
    octet_span data = { sealed, seal(key, openssl_padding, sealed, sizeof sealed) };

    g_assert_cmpint(mikey_pke_open(key, padding, data, opened, &len), ==, MIKEY_OK);
    g_assert_cmpmem(opened, len, ENVELOPE_KEY, sizeof ENVELOPE_KEY);
    g_assert_cmpint(mikey_pke_open(key, wrong, data, opened, &len), ==, MIKEY_MISMATCH);
    g_assert_cmpuint(len, ==, 0);
    g_assert_cmpint(mikey_pke_open(other, padding, data, opened, &len), ==, MIKEY_MISMATCH);
    data.len--;
    g_assert_cmpint(mikey_pke_open(key, padding, data, opened, &len), ==, MIKEY_MALFORMED);
    g_assert_cmpint(mikey_pke_open(key, padding, (octet_span) { NULL, 0 }, opened, &len), ==, MIKEY_MALFORMED);
}

static void test_envelopes(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048), *other = EVP_RSA_gen(2048);

    check_padding(key, other, MIKEY_PKE_PKCS1_V1_5, RSA_PKCS1_PADDING);
    check_padding(key, other, MIKEY_PKE_OAEP, RSA_PKCS1_OAEP_PADDING);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

typedef enum { PLAIN_PKCS8, PLAIN_PKCS1, WITH_PASSWORD } pem_form;

static char *write_pem(EVP_PKEY *key, pem_form form)
{
    char *path = NULL;
    const int fd = g_file_open_tmp("d2dsec-XXXXXX.pem", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    BIO *file = BIO_new_file(path, "wb");
    const EVP_CIPHER *cipher = form == WITH_PASSWORD ? EVP_aes_128_cbc() : NULL;
    const unsigned char *password = (const unsigned char *)(form == WITH_PASSWORD ? "secret" : NULL);
    const int password_len = form == WITH_PASSWORD ? 6 : 0;
    g_assert_true(form == PLAIN_PKCS1
                      ? PEM_write_bio_PrivateKey_traditional(file, key, cipher, password, password_len, NULL, NULL)
                      : PEM_write_bio_PrivateKey(file, key, cipher, password, password_len, NULL, NULL));
    BIO_free(file);
    return path;
}

static void check_load(EVP_PKEY *key, pem_form form, const char *expected_error)
{
    char *path = write_pem(key, form), *error = NULL;
    EVP_PKEY *loaded = mikey_private_key_load(path, &error);

    if (expected_error) {
        g_assert_null(loaded);
        g_assert_nonnull(strstr(error, expected_error));
    } else {
        g_assert_null(error);
        g_assert_cmpint(EVP_PKEY_eq(loaded, key), ==, 1);
    }
    g_free(error);
    EVP_PKEY_free(loaded);
    g_unlink(path);
    g_free(path);
}

static void test_files(void)
{
    EVP_PKEY *rsa = EVP_RSA_gen(1024), *curve = EVP_EC_gen("P-256");
    char *error = NULL;

    check_load(rsa, PLAIN_PKCS8, NULL);
    check_load(rsa, PLAIN_PKCS1, NULL);
    check_load(rsa, WITH_PASSWORD, "password");
    check_load(curve, PLAIN_PKCS8, "not an RSA key");
    g_assert_null(mikey_private_key_load("no such file", &error));
    g_assert_nonnull(strstr(error, "can't be read"));
    g_free(error);
    char *source = g_test_build_filename(G_TEST_DIST, "test_mikey_pke.c", NULL);
    g_assert_null(mikey_private_key_load(source, &error));
    g_assert_nonnull(strstr(error, "no private key"));
    g_free(error);
    g_free(source);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(curve);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-pke/envelopes", test_envelopes);
    g_test_add_func("/mikey-pke/files", test_files);
    return g_test_run();
}

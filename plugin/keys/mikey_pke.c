#include "keys/mikey_pke.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdbool.h>
#include <stdio.h>

/* Stands in for OpenSSL's own, which would ask on the terminal. */
static int no_password(char *buffer, int size, int writing, void *asked)
{
    (void)buffer;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

/* NULL: it cannot be opened. */
static BIO *open_file(const char *path)
{
    FILE *stream = g_fopen(path, "rb");
    if (!stream)
        return NULL;
    setvbuf(stream, NULL, _IONBF, 0); /* no copy of secrets in a buffer that is never cleansed */
    return BIO_new_fp(stream, BIO_CLOSE);
}

EVP_PKEY *mikey_private_key_load(const char *path, char **error)
{
    bool asked = false;
    BIO *file = open_file(path);
    EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, no_password, &asked) : NULL;

    *error = NULL;
    if (!file)
        *error = g_strdup("the file can't be read");
    else if (asked)
        *error = g_strdup("the key is protected by a password: write it to a file without one");
    else if (!key)
        *error = g_strdup("the file holds no private key in PEM form");
    else if (!EVP_PKEY_is_a(key, "RSA"))
        *error = g_strdup("the private key is not an RSA key");
    else if (EVP_PKEY_get_size(key) > MIKEY_MAX_ENVELOPE)
        *error = g_strdup("the RSA key is longer than 16384 bits");
    BIO_free(file);
    ERR_clear_error();
    if (!*error)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* Later versions of OpenSSL answer a wrong PKCS #1 v1.5 padding with random octets, so that a server gives nothing
 * away. Who reads a capture answers nobody, and needs to know that the key does not fit. Versions without that have
 * no such parameter, and pass over it. */
static bool let_wrong_padding_show(EVP_PKEY_CTX *work)
{
    unsigned off = 0;
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_uint("implicit-rejection", &off), OSSL_PARAM_construct_end() };

    return EVP_PKEY_CTX_set_params(work, params) > 0;
}

mikey_outcome mikey_pke_open(EVP_PKEY *key, mikey_pke_padding padding, octet_span data,
                             uint8_t envelope_key[MIKEY_MAX_ENVELOPE], size_t *len)
{
    *len = 0;
    if (data.len != (size_t)EVP_PKEY_get_size(key))
        return MIKEY_MALFORMED;
    EVP_PKEY_CTX *work = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    const bool oaep = padding == MIKEY_PKE_OAEP;
    mikey_outcome outcome = MIKEY_UNSUPPORTED;
    if (work && EVP_PKEY_decrypt_init(work) > 0 &&
        EVP_PKEY_CTX_set_rsa_padding(work, oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING) > 0 &&
        (oaep || let_wrong_padding_show(work))) {
        size_t room = MIKEY_MAX_ENVELOPE;
        outcome = MIKEY_MISMATCH;
        if (EVP_PKEY_decrypt(work, envelope_key, &room, data.data, data.len) > 0) {
            *len = room;
            outcome = MIKEY_OK;
        }
    }
    EVP_PKEY_CTX_free(work);
    ERR_clear_error();
    return outcome;
}

/* The algorithms of OpenSSL, each looked up once in the life of the process.
 *
 * A fetch walks OpenSSL's provider tables and costs more than a packet's decryption, so it must not stand in a
 * context's constructor. The first use of an algorithm must not race with another one, nor with the release.
 */
#ifndef D2DSEC_CIPHERS_CRYPTO_LIBRARY_H
#define D2DSEC_CIPHERS_CRYPTO_LIBRARY_H

#include <openssl/evp.h>

#include <stddef.h>

typedef enum {
    CRYPTO_AES_ECB,
    CRYPTO_AES_GCM,
    CRYPTO_AES_WRAP, /* key wrap of RFC 3394 */
} crypto_aes_mode;

/* AES in `mode` with a key of `key_len` octets. NULL: no such key length, or the library has no such cipher. */
const EVP_CIPHER *crypto_library_aes(crypto_aes_mode mode, size_t key_len);

/* NULL: the library has no such digest. */
const EVP_MD *crypto_library_sha1(void);
const EVP_MD *crypto_library_sha256(void);

/* NULL: the library has no such MAC. Not const, since OpenSSL counts the contexts that are made of it. */
EVP_MAC *crypto_library_hmac(void);
EVP_MAC *crypto_library_cmac(void);

/* Lets go of every algorithm looked up so far. Contexts made from them stay valid; a later use looks up anew. */
void crypto_library_release(void);

#endif

#include "keys/hmac.h"

#include "ciphers/crypto_library.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

size_t hmac_len(hmac_digest digest)
{
    return digest == HMAC_WITH_SHA1 ? 20 : 32;
}

bool hmac_of(hmac_digest digest, octet_span key, const octet_span *pieces, size_t count, uint8_t *tag)
{
    static const uint8_t none[1] = { 0 };
    static char sha1[] = "SHA1", sha256[] = "SHA256"; /* OpenSSL writes to neither, and takes no pointer to const */
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest == HMAC_WITH_SHA1 ? sha1 : sha256, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = crypto_library_hmac();
    EVP_MAC_CTX *work = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    size_t written;

    /* NULL would mean to OpenSSL that the key is to follow, not that it is empty. */
    bool ok = work && EVP_MAC_init(work, key.len > 0 ? key.data : none, key.len, params);
    for (size_t i = 0; ok && i < count; i++)
        ok = pieces[i].len == 0 || EVP_MAC_update(work, pieces[i].data, pieces[i].len);
    ok = ok && EVP_MAC_final(work, tag, &written, hmac_len(digest));
    EVP_MAC_CTX_free(work);
    return ok;
}

#include "keys/fingerprint.h"

#include "ciphers/crypto_library.h"

#include <openssl/crypto.h>

#include <string.h>

void key_fingerprint(const uint8_t *key, size_t len, char fingerprint[KEY_FINGERPRINT_LEN + 1])
{
    static const char HEX[] = "0123456789abcdef";
    const EVP_MD *sha256 = crypto_library_sha256();
    uint8_t digest[EVP_MAX_MD_SIZE];

    /* Without SHA-256 there is no name for a key, and an invented one would be the same for all of them. */
    if (!sha256 || !EVP_Digest(key, len, digest, NULL, sha256, NULL)) {
        memset(fingerprint, '?', KEY_FINGERPRINT_LEN);
    } else {
        for (size_t i = 0; i < KEY_FINGERPRINT_LEN / 2; i++) {
            fingerprint[2 * i] = HEX[digest[i] >> 4];
            fingerprint[2 * i + 1] = HEX[digest[i] & 15];
        }
    }
    fingerprint[KEY_FINGERPRINT_LEN] = '\0';
}

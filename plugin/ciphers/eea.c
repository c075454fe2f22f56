#include "ciphers/eea.h"

#include "ciphers/octets.h"

#include <openssl/crypto.h>

#include <string.h>

_Static_assert(AES_CM_IV_LEN == IPSEC_MB_IV_LEN, "one IV serves all algorithms");

bool eea_init(eea_cipher *cipher, eps_algorithm algorithm, const uint8_t key[EPS_KEY_LEN])
{
    *cipher = (eea_cipher) { .algorithm = algorithm };
    switch (algorithm) {
    case EPS_NULL:
        return true;
    case EPS_SNOW_3G:
        return ipsec_mb_key_init(&cipher->stream, IPSEC_MB_SNOW_3G, key);
    case EPS_AES:
        return aes_cm_init(&cipher->aes, key, EPS_KEY_LEN);
    case EPS_ZUC:
        return ipsec_mb_key_init(&cipher->stream, IPSEC_MB_ZUC, key);
    }
    return false;
}

void eea_clear(eea_cipher *cipher)
{
    aes_cm_clear(&cipher->aes);
    OPENSSL_cleanse(cipher, sizeof *cipher);
}

/* The same for all three (TS 33.401 Annex B.1, TS 35.215, TS 35.221):
 *
 * octet   0  1  2  3   4           5  6  7   8  9 10 11 12 13 14 15
 *       |  COUNT    | BEARER,     |    0   | SNOW 3G and ZUC: octets 0 to 7 again
 *       |           | DIRECTION,0 |        | AES: block counter, from 0
 */
static void make_iv(uint8_t iv[AES_CM_IV_LEN], eps_algorithm algorithm, const eps_input *input)
{
    memset(iv, 0, AES_CM_IV_LEN);
    octets_put_u32(iv, input->count);
    iv[4] = (uint8_t)(input->bearer << 3 | input->direction << 2);
    if (algorithm != EPS_AES)
        memcpy(iv + 8, iv, 8);
}

bool eea_crypt(eea_cipher *cipher, const eps_input *input, const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t iv[AES_CM_IV_LEN];

    if (len > EPS_MAX_LEN)
        return false;
    if (len == 0)
        return true;
    if (cipher->algorithm == EPS_NULL) {
        memmove(out, in, len);
        return true;
    }
    make_iv(iv, cipher->algorithm, input);
    if (cipher->algorithm == EPS_AES)
        return aes_cm_crypt(&cipher->aes, iv, in, len, out);
    return ipsec_mb_crypt(&cipher->stream, iv, in, len, out);
}

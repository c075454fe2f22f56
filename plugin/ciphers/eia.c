#include "ciphers/eia.h"

#include "ciphers/crypto_library.h"
#include "ciphers/octets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <string.h>

#define CMAC_LEN 16
#define CMAC_HEAD_LEN 8

_Static_assert(EIA_MAC_LEN == IPSEC_MB_MAC_LEN, "libipsec-mb writes a MAC as it is sent");

static EVP_MAC_CTX *new_cmac(const uint8_t key[EPS_KEY_LEN])
{
    char name[] = "AES-128-CBC";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *cmac = crypto_library_cmac();
    EVP_MAC_CTX *work = cmac ? EVP_MAC_CTX_new(cmac) : NULL;

    if (work && EVP_MAC_init(work, key, EPS_KEY_LEN, params))
        return work;
    EVP_MAC_CTX_free(work);
    return NULL;
}

bool eia_init(eia_mac *mac, eps_algorithm algorithm, const uint8_t key[EPS_KEY_LEN])
{
    *mac = (eia_mac) { .algorithm = algorithm };
    switch (algorithm) {
    case EPS_NULL:
        return true;
    case EPS_SNOW_3G:
        return ipsec_mb_key_init(&mac->stream, IPSEC_MB_SNOW_3G, key);
    case EPS_AES:
        mac->cmac = new_cmac(key);
        return mac->cmac != NULL;
    case EPS_ZUC:
        return ipsec_mb_key_init(&mac->stream, IPSEC_MB_ZUC, key);
    }
    return false;
}

void eia_clear(eia_mac *mac)
{
    EVP_MAC_CTX_free(mac->cmac);
    OPENSSL_cleanse(mac, sizeof *mac);
}

/* CMAC over these octets and the message (TS 33.401 Annex B.2):
 *
 * octet   0  1  2  3   4             5  6  7
 *       |  COUNT    | BEARER,      |    0   |
 *       |           | DIRECTION, 0 |        |
 *
 * The key schedule is kept: no key means the one of before.
 */
static bool cmac(EVP_MAC_CTX *work, const eps_input *input, const uint8_t *data, size_t len, uint8_t mac_i[EIA_MAC_LEN])
{
    uint8_t head[CMAC_HEAD_LEN] = { 0 };
    uint8_t tag[CMAC_LEN];
    size_t written;

    octets_put_u32(head, input->count);
    head[4] = (uint8_t)(input->bearer << 3 | input->direction << 2);
    if (!EVP_MAC_init(work, NULL, 0, NULL) || !EVP_MAC_update(work, head, sizeof head) ||
        !EVP_MAC_update(work, data, len) || !EVP_MAC_final(work, tag, &written, sizeof tag))
        return false;
    memcpy(mac_i, tag, EIA_MAC_LEN);
    return true;
}

/* The same for SNOW 3G, whose FRESH is BEARER and 27 zero bits, and for ZUC (TS 33.401 Annex B.2, TS 35.215, TS 35.221):
 *
 * octet   0  1  2  3   4           5  6  7   8  9 10 11 12 13 14 15
 *       |  COUNT    | BEARER, 0 |    0    | octets 0 to 7 again    |
 *   XOR                                   |D                |D     |  D: DIRECTION, in the uppermost bit
 */
static void make_iv(uint8_t iv[IPSEC_MB_IV_LEN], const eps_input *input)
{
    memset(iv, 0, IPSEC_MB_IV_LEN);
    octets_put_u32(iv, input->count);
    iv[4] = (uint8_t)(input->bearer << 3);
    memcpy(iv + 8, iv, 8);
    iv[8] ^= (uint8_t)(input->direction << 7);
    iv[14] ^= (uint8_t)(input->direction << 7);
}

bool eia_mac_i(eia_mac *mac, const eps_input *input, const uint8_t *data, size_t bits, uint8_t mac_i[EIA_MAC_LEN])
{
    uint8_t iv[IPSEC_MB_IV_LEN];

    if (bits == 0 || bits > 8 * EPS_MAX_LEN)
        return false;
    if (mac->algorithm == EPS_NULL) {
        memset(mac_i, 0, EIA_MAC_LEN);
        return true;
    }
    if (mac->algorithm == EPS_AES)
        return bits % 8 == 0 && cmac(mac->cmac, input, data, bits / 8, mac_i);
    make_iv(iv, input);
    return ipsec_mb_mac(&mac->stream, iv, data, bits, mac_i);
}

#include "keys/mikey_kemac.h"

#include "ciphers/aes_cm.h"
#include "ciphers/crypto_library.h"
#include "ciphers/octets.h"
#include "keys/hmac.h"

#include <openssl/crypto.h>

#include <limits.h>
#include <string.h>

#define WRAP_BLOCK 8 /* RFC 3394 */

/* Encr alg and MAC alg (RFC 3830 section 6.2, RFC 6043 section 6.2). */
enum { NULL_ENCR, AES_CM_128, AES_KW_128, AES_CM_256, ENCR_ALGS };
enum { NULL_MAC, HMAC_SHA1_160, HMAC_SHA256_256, MAC_ALGS };
enum { NTP_UTC, NTP, COUNTER, NTP_UTC_32 };

static const struct {
    size_t encr, salt;
} ENCR_KEY_LENGTHS[ENCR_ALGS] = {
    [NULL_ENCR] = { 0, 0 },
    [AES_CM_128] = { 16, AES_CM_SALT_LEN },
    [AES_KW_128] = { 16, WRAP_BLOCK },
    [AES_CM_256] = { 32, AES_CM_SALT_LEN },
};

/* Keys are as long as tags. */
static const size_t MAC_LENGTHS[MAC_ALGS] = { [NULL_MAC] = 0, [HMAC_SHA1_160] = 20, [HMAC_SHA256_256] = 32 };

/* --- keys ------------------------------------------------------------------------------------------------- */

static bool derive(mikey_prf prf, octet_span inkey, mikey_label label, mikey_message_constant constant, uint8_t *key,
                   size_t len)
{
    octets_put_u32(label.head, constant);
    return mikey_derive(prf, inkey, &label, key, len);
}

mikey_outcome mikey_message_keys_derive(mikey_message_keys *keys, mikey_prf prf, octet_span inkey,
                                        const mikey_label *label, uint8_t encr_alg, uint8_t mac_alg)
{
    *keys = (mikey_message_keys) { .encr_alg = encr_alg, .mac_alg = mac_alg };
    if (encr_alg >= ENCR_ALGS || mac_alg >= MAC_ALGS || !mikey_prf_is_known(prf.func))
        return MIKEY_UNSUPPORTED;
    keys->encr_len = ENCR_KEY_LENGTHS[encr_alg].encr;
    keys->salt_len = ENCR_KEY_LENGTHS[encr_alg].salt;
    keys->auth_len = MAC_LENGTHS[mac_alg];
    if (derive(prf, inkey, *label, MIKEY_MESSAGE_ENCR_KEY, keys->encr, keys->encr_len) &&
        derive(prf, inkey, *label, MIKEY_MESSAGE_SALT_KEY, keys->salt, keys->salt_len) &&
        derive(prf, inkey, *label, MIKEY_MESSAGE_AUTH_KEY, keys->auth, keys->auth_len))
        return MIKEY_OK;
    mikey_message_keys_clear(keys);
    return MIKEY_MALFORMED;
}

void mikey_message_keys_clear(mikey_message_keys *keys)
{
    OPENSSL_cleanse(keys, sizeof *keys);
}

/* --- encryption ------------------------------------------------------------------------------------------- */

mikey_outcome mikey_timestamp(uint8_t ts_type, octet_span value, uint8_t t[MIKEY_T_LEN])
{
    if (ts_type > NTP_UTC_32)
        return MIKEY_UNSUPPORTED;
    if (value.len != (ts_type == COUNTER || ts_type == NTP_UTC_32 ? 4 : MIKEY_T_LEN))
        return MIKEY_MALFORMED;
    memset(t, 0, MIKEY_T_LEN);
    memcpy(ts_type == COUNTER ? t + 4 : t, value.data, value.len);
    return MIKEY_OK;
}

/* octet   0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *       |               salt key                  |0  0 |
 *   XOR       |  CSB ID   |           T           |
 *                                                 |block counter, from 0
 */
static mikey_outcome open_aes_cm(const mikey_message_keys *keys, uint32_t csb_id, const uint8_t t[MIKEY_T_LEN],
                                 octet_span data, uint8_t *plain)
{
    uint8_t iv[AES_CM_IV_LEN] = { 0 };
    aes_cm cipher;

    memcpy(iv, keys->salt, keys->salt_len);
    octets_xor_u32(iv + 2, csb_id);
    for (size_t i = 0; i < MIKEY_T_LEN; i++)
        iv[6 + i] ^= t[i];
    if (!aes_cm_init(&cipher, keys->encr, keys->encr_len))
        return MIKEY_UNSUPPORTED;
    const bool ok = aes_cm_crypt(&cipher, iv, data.data, data.len, plain);
    aes_cm_clear(&cipher);
    return ok ? MIKEY_OK : MIKEY_UNSUPPORTED;
}

/* RFC 3394 with the salt key in the place of its initial value A6A6A6A6A6A6A6A6. That value comes back on unwrapping,
 * which is what tells a wrong key. */
static mikey_outcome open_aes_kw(const mikey_message_keys *keys, octet_span data, uint8_t *plain)
{
    if (data.len % WRAP_BLOCK != 0 || data.len < 3 * WRAP_BLOCK || data.len > INT_MAX)
        return MIKEY_MALFORMED;
    const EVP_CIPHER *wrap = crypto_library_aes(CRYPTO_AES_WRAP, keys->encr_len);
    EVP_CIPHER_CTX *work = wrap ? EVP_CIPHER_CTX_new() : NULL;
    if (!work)
        return MIKEY_UNSUPPORTED;
    EVP_CIPHER_CTX_set_flags(work, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int written;
    mikey_outcome outcome = MIKEY_UNSUPPORTED;
    if (EVP_DecryptInit_ex2(work, wrap, keys->encr, keys->salt, NULL))
        outcome = EVP_DecryptUpdate(work, plain, &written, data.data, (int)data.len) > 0 ? MIKEY_OK : MIKEY_MISMATCH;
    EVP_CIPHER_CTX_free(work);
    return outcome;
}

mikey_outcome mikey_kemac_open(const mikey_message_keys *keys, uint32_t csb_id, const uint8_t t[MIKEY_T_LEN],
                               octet_span data, uint8_t *plain, size_t *plain_len)
{
    *plain_len = 0;
    if (data.len == 0) /* a CSB is updated without new keys (RFC 3830 section 4.5) */
        return MIKEY_OK;
    mikey_outcome outcome = MIKEY_OK;
    if (keys->encr_alg == NULL_ENCR)
        memcpy(plain, data.data, data.len);
    else if (keys->encr_alg == AES_KW_128)
        outcome = open_aes_kw(keys, data, plain);
    else
        outcome = open_aes_cm(keys, csb_id, t, data, plain);
    if (outcome == MIKEY_OK)
        *plain_len = keys->encr_alg == AES_KW_128 ? data.len - WRAP_BLOCK : data.len;
    return outcome;
}

/* --- MAC -------------------------------------------------------------------------------------------------- */

mikey_outcome mikey_mac_verify(const mikey_message_keys *keys, const octet_span *covered, size_t count, octet_span mac)
{
    const hmac_digest digest = keys->mac_alg == HMAC_SHA1_160 ? HMAC_WITH_SHA1 : HMAC_WITH_SHA256;
    uint8_t expected[HMAC_MAX_LEN];
    const octet_span key = { keys->auth, keys->auth_len };

    if (mac.len != keys->auth_len)
        return MIKEY_MALFORMED;
    if (keys->mac_alg == NULL_MAC || !hmac_of(digest, key, covered, count, expected))
        return MIKEY_UNSUPPORTED;
    return CRYPTO_memcmp(expected, mac.data, mac.len) == 0 ? MIKEY_OK : MIKEY_MISMATCH;
}

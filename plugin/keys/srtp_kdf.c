#include "keys/srtp_kdf.h"

#include "ciphers/aes_cm.h"
#include "ciphers/octets.h"

#include <string.h>

/* RFC 3711 section 4.3.1 and 4.3.3: the keystream of AES-CM under the master key, from the IV
 *
 * octet   0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *       |             master salt                 |0  0 |
 *   XOR                      |L |       r       |  L: label
 *
 * The label takes octet 7 alone. For SRTCP, too, r is of 48 bits, so that label and r stand where they do for SRTP
 * (erratum 3712). A master salt of 12 octets is completed on the right (RFC 7714 section 11, erratum 4938).
 */
bool srtp_kdf(const uint8_t *master_key, size_t key_len, const uint8_t *master_salt, size_t salt_len,
              srtp_kdf_label label, uint64_t r, uint8_t *out, size_t out_len)
{
    uint8_t iv[AES_CM_IV_LEN] = { 0 };
    aes_cm prf;

    if (salt_len > AES_CM_SALT_LEN || !aes_cm_init(&prf, master_key, key_len))
        return false;
    if (salt_len > 0)
        memcpy(iv, master_salt, salt_len);
    iv[7] ^= (uint8_t)label;
    octets_xor_u48(iv + 8, r);
    memset(out, 0, out_len);
    const bool ok = aes_cm_crypt(&prf, iv, out, out_len, out);
    aes_cm_clear(&prf);
    return ok;
}

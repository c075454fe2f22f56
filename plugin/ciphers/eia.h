/* The integrity algorithms of EPS, with one key and many messages (TS 33.401 Annex B.2): EIA0 (null), 128-EIA1 (SNOW
 * 3G), 128-EIA2 (AES-CMAC), 128-EIA3 (ZUC). 5G's NIA0 to 128-NIA3 are the same.
 */
#ifndef D2DSEC_CIPHERS_EIA_H
#define D2DSEC_CIPHERS_EIA_H

#include "ciphers/eps_algorithm.h"
#include "ciphers/ipsec_mb.h"

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EIA_MAC_LEN 4

typedef struct {
    eps_algorithm algorithm; /* zeroed, the structure is EIA0 */
    EVP_MAC_CTX *cmac;       /* 128-EIA2 */
    ipsec_mb_key stream;     /* 128-EIA1, 128-EIA3 */
} eia_mac;

/* Keys the algorithm. False: it is not available here or unknown, which eps_algorithm_availability tells apart, or the
 * crypto library refused; nothing is to be cleared. */
bool eia_init(eia_mac *mac, eps_algorithm algorithm, const uint8_t key[EPS_KEY_LEN]);

/* Cleanses and frees. A zeroed structure is allowed. */
void eia_clear(eia_mac *mac);

/* The MAC of the first `bits` bits of `data` (LENGTH of TS 33.401), as it is sent; under EIA0 it is 0. What PDCP protects
 * is header and plaintext in one piece (TS 36.323 clause 5.7). False: no bits, more than 8 * EPS_MAX_LEN, for 128-EIA2
 * not whole octets, which is all that LTE has, or the crypto library refused. */
bool eia_mac_i(eia_mac *mac, const eps_input *input, const uint8_t *data, size_t bits, uint8_t mac_i[EIA_MAC_LEN]);

#endif

/* The encryption algorithms of EPS, with one key and many messages (TS 33.401 Annex B.1): EEA0 (null), 128-EEA1 (SNOW
 * 3G), 128-EEA2 (AES in counter mode), 128-EEA3 (ZUC). 5G's NEA0 to 128-NEA3 are the same.
 */
#ifndef D2DSEC_CIPHERS_EEA_H
#define D2DSEC_CIPHERS_EEA_H

#include "ciphers/aes_cm.h"
#include "ciphers/eps_algorithm.h"
#include "ciphers/ipsec_mb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    eps_algorithm algorithm; /* zeroed, the structure is a cipher under EEA0 */
    aes_cm aes;              /* 128-EEA2 */
    ipsec_mb_key stream;     /* 128-EEA1, 128-EEA3 */
} eea_cipher;

/* Keys the cipher. False: the algorithm is not available here or unknown, which eps_algorithm_availability tells
 * apart, or the crypto library refused; nothing is to be cleared. */
bool eea_init(eea_cipher *cipher, eps_algorithm algorithm, const uint8_t key[EPS_KEY_LEN]);

/* Cleanses and frees. A zeroed cipher is allowed. */
void eea_clear(eea_cipher *cipher);

/* Encrypts or decrypts in[0..len) to out[0..len); they may be the same. Under EEA0 it copies. False: longer than
 * EPS_MAX_LEN, or the crypto library refused. */
bool eea_crypt(eea_cipher *cipher, const eps_input *input, const uint8_t *in, size_t len, uint8_t *out);

#endif

/* SNOW 3G and ZUC, which OpenSSL has not, by Intel's libipsec-mb. A build without that library links ipsec_mb_absent.c
 * instead, where nothing is available.
 *
 * One manager serves the process; it is made at first use, and no two threads may be in here at once.
 */
#ifndef D2DSEC_CIPHERS_IPSEC_MB_H
#define D2DSEC_CIPHERS_IPSEC_MB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPSEC_MB_KEY_LEN 16
#define IPSEC_MB_IV_LEN 16
#define IPSEC_MB_MAC_LEN 4

typedef enum { IPSEC_MB_SNOW_3G, IPSEC_MB_ZUC } ipsec_mb_cipher;

/* A key as the library wants it at each message: for SNOW 3G its four words, for ZUC its octets. The owner cleanses
 * it. */
typedef struct {
    ipsec_mb_cipher cipher;
    uint32_t words[IPSEC_MB_KEY_LEN / sizeof(uint32_t)];
} ipsec_mb_key;

/* Whether the library is there and works on this processor. */
bool ipsec_mb_is_available(void);

/* False: not available. */
bool ipsec_mb_key_init(ipsec_mb_key *key, ipsec_mb_cipher cipher, const uint8_t octets[IPSEC_MB_KEY_LEN]);

/* Encrypts or decrypts in[0..len) to out[0..len), which may be the same, with the keystream from `iv`: UEA2 and
 * 128-EEA1, or 128-EEA3. False: not available, or a length that the library does not take. Those are 0 for either cipher
 * and, for ZUC, beyond 8188. */
bool ipsec_mb_crypt(const ipsec_mb_key *key, const uint8_t iv[IPSEC_MB_IV_LEN], const uint8_t *in, size_t len,
                    uint8_t *out);

/* The MAC over the first `bits` bits of `data`: UIA2 and 128-EIA1, or 128-EIA3. False as above, the limit for ZUC being
 * 65504 bits. */
bool ipsec_mb_mac(const ipsec_mb_key *key, const uint8_t iv[IPSEC_MB_IV_LEN], const uint8_t *data, size_t bits,
                  uint8_t mac[IPSEC_MB_MAC_LEN]);

/* Cleanses and frees the manager. Keys stay valid; a later use makes a new manager. */
void ipsec_mb_release(void);

#endif

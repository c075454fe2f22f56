/* How a key is named wherever it must not be shown: the first 8 octets of its SHA-256, in hex. */
#ifndef D2DSEC_KEYS_FINGERPRINT_H
#define D2DSEC_KEYS_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#define KEY_FINGERPRINT_LEN 16 /* characters, without the final NUL */

/* Writes the fingerprint of key[0..len) as lower-case hex with a final NUL. */
void key_fingerprint(const uint8_t *key, size_t len, char fingerprint[KEY_FINGERPRINT_LEN + 1]);

#endif

/* Which octets of an RTP header extension are encrypted (RFC 6904 section 3, RFC 8285 section 4). */
#ifndef D2DSEC_CIPHERS_HEADER_EXTENSION_H
#define D2DSEC_CIPHERS_HEADER_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

/* Whether the profile is one whose elements can be told apart. */
#define HEADER_EXTENSION_IS_ONE_BYTE(profile) ((profile) == 0xbede)
#define HEADER_EXTENSION_IS_TWO_BYTE(profile) (((profile) & 0xfff0) == 0x1000)

/* decrypted[0..len) holds the extension's body as received[0..len) with the keystream over all of it. Puts back, as
 * received, everything but the bodies of those elements whose ID has its bit set in `encrypted_ids` (256 bits, ID i in
 * octet i/8, bit i%8): element headers, padding, clear elements, and all that follows a malformed one. */
void header_extension_restore_clear(uint16_t profile, const uint8_t *received, size_t len,
                                    const uint8_t *encrypted_ids, uint8_t *decrypted);

#endif

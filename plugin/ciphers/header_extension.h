/* Which octets of an RTP header extension are encrypted (RFC 6904 section 3, RFC 8285 section 4). */
#ifndef D2DSEC_CIPHERS_HEADER_EXTENSION_H
#define D2DSEC_CIPHERS_HEADER_EXTENSION_H

#include <stdbool.h>
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

/* libsrtp's reading: padding between elements takes no keystream. So the elements alone are deciphered, moved together.
 *
 * Copies the elements of received[0..len), headers and bodies without padding, to the end of room[0..len) and returns where
 * there they begin. */
size_t header_extension_gather(uint16_t profile, const uint8_t *received, size_t len, uint8_t *room);

/* The way back: room[begin..len) holds the gathered elements with the keystream over all of them; afterwards room[0..len) is the
 * extension's body with the elements in their places, and everything as received but the encrypted bodies. */
void header_extension_spread(uint16_t profile, const uint8_t *received, size_t len, const uint8_t *encrypted_ids,
                             size_t begin, uint8_t *room);

/* Whether both readings differ on this extension: padding stands before an encrypted element. */
bool header_extension_is_ambiguous(uint16_t profile, const uint8_t *received, size_t len,
                                   const uint8_t *encrypted_ids);

#endif

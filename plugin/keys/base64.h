/* Base64 (RFC 4648 section 4) as key material comes in it: strict about the alphabet, forgiving about the padding,
 * which some user agents leave out.
 */
#ifndef D2DSEC_KEYS_BASE64_H
#define D2DSEC_KEYS_BASE64_H

#include "keys/text_span.h"

#include <stddef.h>
#include <stdint.h>

typedef enum {
    BASE64_OK,
    BASE64_PADDING_ABSENT,  /* decoded all the same */
    BASE64_PADDING_SURPLUS, /* decoded all the same */
    BASE64_INVALID,         /* empty, a character outside the alphabet, '=' before the end, or a lone last character */
} base64_result;

/* Decodes at most `room` octets into `out`; *len receives how many the text holds, which may be more. */
base64_result base64_decode(text_span text, uint8_t *out, size_t room, size_t *len);

#endif

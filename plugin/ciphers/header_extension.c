#include "ciphers/header_extension.h"

#include <stdbool.h>
#include <string.h>

#define ONE_BYTE_ID_STOP 15 /* ends the extension, RFC 8285 section 4.2 */

typedef struct {
    unsigned id;
    size_t header_len;
    size_t body_len;
} element;

/*   one-byte form   | ID 4 | L 4 | body, L + 1 octets |
 *   two-byte form   |   ID 8     |   L 8   | body, L octets |
 *   both forms      | 0 | is padding between elements
 *
 * False: at[0..len), which is not empty, does not begin with padding or a whole element. */
static bool read_element(element *e, bool two_byte, const uint8_t *at, size_t len)
{
    if (at[0] == 0) {
        *e = (element) { .header_len = 1 };
        return true;
    }
    if (two_byte) {
        if (len < 2)
            return false;
        *e = (element) { at[0], 2, at[1] };
    } else {
        *e = (element) { at[0] >> 4, 1, (at[0] & 15u) + 1 };
        if (e->id == 0 || e->id == ONE_BYTE_ID_STOP)
            return false;
    }
    return e->header_len + e->body_len <= len;
}

static bool has_bit(const uint8_t *map, unsigned id)
{
    return map[id / 8] >> id % 8 & 1;
}

void header_extension_restore_clear(uint16_t profile, const uint8_t *received, size_t len,
                                    const uint8_t *encrypted_ids, uint8_t *decrypted)
{
    const bool two_byte = HEADER_EXTENSION_IS_TWO_BYTE(profile);
    size_t at = 0;
    element e;

    if (!two_byte && !HEADER_EXTENSION_IS_ONE_BYTE(profile)) {
        memcpy(decrypted, received, len);
        return;
    }
    while (at < len && read_element(&e, two_byte, received + at, len - at)) {
        const size_t clear = has_bit(encrypted_ids, e.id) ? e.header_len : e.header_len + e.body_len;
        memcpy(decrypted + at, received + at, clear);
        at += e.header_len + e.body_len;
    }
    memcpy(decrypted + at, received + at, len - at);
}

#include "ciphers/header_extension.h"

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

/* The next element of received[*at..len), and *at behind it. False: there is none, or no form of elements is known. */
static bool next_element(element *e, uint16_t profile, const uint8_t *received, size_t len, size_t *at)
{
    const bool two_byte = HEADER_EXTENSION_IS_TWO_BYTE(profile);
    if ((!two_byte && !HEADER_EXTENSION_IS_ONE_BYTE(profile)) || *at >= len ||
        !read_element(e, two_byte, received + *at, len - *at))
        return false;
    *at += e->header_len + e->body_len;
    return true;
}

static bool is_padding(const element *e, const uint8_t *received, size_t behind)
{
    return received[behind - e->header_len - e->body_len] == 0;
}

size_t header_extension_gather(uint16_t profile, const uint8_t *received, size_t len, uint8_t *room)
{
    size_t at = 0, gathered = 0;
    element e;
    while (next_element(&e, profile, received, len, &at)) {
        const size_t whole = e.header_len + e.body_len;
        if (is_padding(&e, received, at))
            continue;
        memcpy(room + gathered, received + at - whole, whole);
        gathered += whole;
    }
    memmove(room + len - gathered, room, gathered);
    return len - gathered;
}

void header_extension_spread(uint16_t profile, const uint8_t *received, size_t len, const uint8_t *encrypted_ids,
                             size_t begin, uint8_t *room)
{
    size_t at = 0, from = begin;
    element e;
    /* What is still to be read lies never before what is written: the octets that were left out lie in between. */
    while (next_element(&e, profile, received, len, &at)) {
        const size_t whole = e.header_len + e.body_len, to = at - whole;
        const bool padding = is_padding(&e, received, at);
        if (!padding && has_bit(encrypted_ids, e.id)) {
            memmove(room + to + e.header_len, room + from + e.header_len, e.body_len);
            memcpy(room + to, received + to, e.header_len);
        } else {
            memcpy(room + to, received + to, whole);
        }
        if (!padding)
            from += whole;
    }
    memcpy(room + at, received + at, len - at);
}

bool header_extension_is_ambiguous(uint16_t profile, const uint8_t *received, size_t len,
                                   const uint8_t *encrypted_ids)
{
    size_t at = 0;
    bool padded = false;
    element e;
    while (next_element(&e, profile, received, len, &at)) {
        if (is_padding(&e, received, at))
            padded = true;
        else if (padded && has_bit(encrypted_ids, e.id))
            return true;
    }
    return false;
}

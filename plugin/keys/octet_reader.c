#include "keys/octet_reader.h"

#include "ciphers/octets.h"

bool take_octets(octet_reader *reader, size_t len, octet_span *octets)
{
    size_t left = octets_left(reader);
    bool enough = len <= left;
    *octets = octet_span_at(reader->at, enough ? len : left);
    reader->at += octets->len;
    reader->cut |= !enough;
    return enough;
}

/* A number takes part in full or not at all: half of one would be another number. */
static const uint8_t *take_number(octet_reader *reader, size_t len)
{
    const uint8_t *at = reader->at;
    if (octets_left(reader) < len) {
        reader->cut = true;
        return NULL;
    }
    reader->at += len;
    return at;
}

bool take_u8(octet_reader *reader, uint8_t *value)
{
    const uint8_t *at = take_number(reader, 1);
    if (at)
        *value = *at;
    return at != NULL;
}

bool take_u16(octet_reader *reader, uint16_t *value)
{
    const uint8_t *at = take_number(reader, 2);
    if (at)
        *value = octets_u16(at);
    return at != NULL;
}

bool take_u32(octet_reader *reader, uint32_t *value)
{
    const uint8_t *at = take_number(reader, 4);
    if (at)
        *value = octets_u32(at);
    return at != NULL;
}

bool take_octets_u8(octet_reader *reader, octet_span *octets)
{
    uint8_t len;
    return take_u8(reader, &len) && take_octets(reader, len, octets);
}

bool take_octets_u16(octet_reader *reader, octet_span *octets)
{
    uint16_t len;
    return take_u16(reader, &len) && take_octets(reader, len, octets);
}

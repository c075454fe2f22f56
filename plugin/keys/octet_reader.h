/* Takes octets, numbers and length-prefixed pieces off the front of a span, never past its end. */
#ifndef D2DSEC_KEYS_OCTET_READER_H
#define D2DSEC_KEYS_OCTET_READER_H

#include "keys/octet_span.h"

#include <stdbool.h>

/* `cut`: something was taken that was not there in full. */
typedef struct {
    const uint8_t *at, *end;
    bool cut;
} octet_reader;

static inline octet_reader octet_reader_of(octet_span span)
{
    return (octet_reader){.at = span.data, .end = span.data + span.len};
}

static inline size_t octets_left(const octet_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* Each of these takes what there is and answers false where that is not enough; of a number that is cut, nothing is taken. */
bool take_octets(octet_reader *reader, size_t len, octet_span *octets);
bool take_u8(octet_reader *reader, uint8_t *value);
bool take_u16(octet_reader *reader, uint16_t *value);
bool take_u32(octet_reader *reader, uint32_t *value);

/* Octets behind a length of one or two octets. */
bool take_octets_u8(octet_reader *reader, octet_span *octets);
bool take_octets_u16(octet_reader *reader, octet_span *octets);

#endif

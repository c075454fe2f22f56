/* A piece of octets that somebody else owns. */
#ifndef D2DSEC_KEYS_OCTET_SPAN_H
#define D2DSEC_KEYS_OCTET_SPAN_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data; /* NULL: absent */
    size_t len;
} octet_span;

static inline octet_span octet_span_at(const uint8_t *data, size_t len)
{
    return (octet_span){.data = data, .len = len};
}

#endif

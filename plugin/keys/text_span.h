/* A piece of a text that somebody else owns. */
#ifndef D2DSEC_KEYS_TEXT_SPAN_H
#define D2DSEC_KEYS_TEXT_SPAN_H

#include <stddef.h>

typedef struct {
    const char *text; /* not NUL-terminated; NULL: absent */
    size_t len;
} text_span;

#endif

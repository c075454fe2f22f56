/* What the text parsers share: lines, fields and numbers of a text_span. Nothing here allocates or writes,
 * every function is linear, and a span of text NULL reads as empty.
 */
#ifndef D2DSEC_KEYS_TEXT_SCAN_H
#define D2DSEC_KEYS_TEXT_SCAN_H

#include "keys/text_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline text_span text_span_of(const char *text, size_t len)
{
    return (text_span){.text = text, .len = len};
}

/* SP and HTAB, the WSP of RFC 5234. */
static inline bool text_is_white(char c)
{
    return c == ' ' || c == '\t';
}

static inline bool text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool text_is(text_span span, const char *literal);
bool text_is_nocase(text_span span, const char *literal);

/* Whether the span begins with the literal; then the literal is taken off. */
bool text_take(text_span *span, const char *literal);
bool text_take_nocase(text_span *span, const char *literal);

/* Without white space at either end. */
text_span text_trim(text_span span);

/* Takes the next line off *rest. Lines end in CR LF, LF or CR, which is not part of *line. False: nothing is left. */
bool text_next_line(text_span *rest, text_span *line);

/* Takes the next run of non-white characters off *rest. False: there is none. */
bool text_next_field(text_span *rest, text_span *field);

/* Takes what stands before the next `separator` off *rest, the separator too. The last part reaches to the end and may be
 * empty; after it rest->text is NULL and the answer false. */
bool text_next_part(text_span *rest, char separator, text_span *part);

/* Reads a span that is nothing but decimal digits. False: it is not, or the number is greater than `max`. */
bool text_decimal(text_span span, uint64_t max, uint64_t *value);

/* Reads a span that is nothing but hexadecimal digits, two an octet and of either case, into span.len / 2 octets.
 * False: it is not, or has more octets than `room`; what was written until then stays. */
bool text_hex(text_span span, uint8_t *octets, size_t room);

/* Reads a number of one to eight hexadecimal digits. False: the span is something else. */
bool text_hex_number(text_span span, uint32_t *value);

/* Reads a literal IPv4 or IPv6 address; *ip_len receives 4 or 16. False: it is neither. */
bool text_ip_address(text_span span, uint8_t ip[16], uint8_t *ip_len);

#endif

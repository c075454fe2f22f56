/* The text that SIP and RTSP messages are made of (RFC 3261 section 7, RFC 2326 section 4): start lines, and headers that may be
 * folded. Nothing here allocates or writes.
 */
#ifndef D2DSEC_SESSIONS_MESSAGE_TEXT_H
#define D2DSEC_SESSIONS_MESSAGE_TEXT_H

#include "keys/text_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the start lines of one protocol are told from other lines. */
typedef struct {
    const char *version;         /* what its version begins with: "SIP/" */
    const char *const *methods;  /* those known by name, one that ends like another before that one */
    size_t method_count;
    bool star;                   /* a request may be for "*" */
} message_syntax;

typedef struct {
    bool is_response;
    unsigned status;             /* responses only */
    text_span method, uri;       /* requests only */
} message_start;

/* Reads SIP/2.0 200 OK, or INVITE sip:bob@example.com SIP/2.0. A URI has a scheme, which keeps prose apart. */
bool message_read_start(const message_syntax *syntax, text_span line, message_start *start);

/* The first start line at or after `from` in text[0..len). It may stand behind other octets of its line, as it does behind the
 * header of a datagram. False: none. */
bool message_find_start(const message_syntax *syntax, const char *text, size_t len, size_t from, size_t *start);

/* The offset behind the line that `at` stands in. */
size_t message_next_line(const char *text, size_t len, size_t at);

/* Takes a header line with those that continue it off *rest. False: nothing is left. */
bool message_next_header(text_span *rest, text_span *header);

/* Splits a header at its colon, *name without white space. False: there is no colon. */
bool message_split_header(text_span header, text_span *name, text_span *value);

/* Without linear white space at either end: a folded value goes on over the line end. */
text_span message_trim(text_span value);
void message_skip_white(text_span *rest);

/* Takes the characters up to linear white space or one of `stops`. */
text_span message_take_word(text_span *rest, const char *stops);

/* Takes a word that is a decimal number. False: it is none; *number is left. */
bool message_take_number(text_span *rest, uint32_t *number);

/* Takes what stands before the next of `stops` outside quotes. */
text_span message_take_until(text_span *rest, const char *stops);

/* Reads name=value or a lone name. *value is without quotes and white space around it; its text is NULL where there is no '='. */
void message_read_param(text_span param, text_span *name, text_span *value);

#endif

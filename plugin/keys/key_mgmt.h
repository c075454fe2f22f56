/* The value of an SDP `a=key-mgmt:` attribute, and what an RTSP `KeyMgmt:` header says instead (RFC 4567 section 3):
 *
 *   a=key-mgmt:[SP]PROTOCOL SP base64
 *   KeyMgmt: prot=PROTOCOL;uri="URI";data="base64"
 */
#ifndef D2DSEC_KEYS_KEY_MGMT_H
#define D2DSEC_KEYS_KEY_MGMT_H

#include "keys/text_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is wrong with a line; bits, since one line can show several. */
enum {
    KEY_MGMT_NOT_MIKEY = 1 << 0,   /* another protocol */
    KEY_MGMT_CASE = 1 << 1,        /* "mikey" in other letters: the name is case-sensitive */
    KEY_MGMT_WHITE_SPACE = 1 << 2, /* more than the one space between protocol and data */
    KEY_MGMT_BASE64 = 1 << 3,      /* not base64: there is no message */
    KEY_MGMT_PADDING = 1 << 4,     /* padding is missing or too much; the message is there all the same */
};

typedef struct {
    text_span protocol, data;
    unsigned problems;             /* KEY_MGMT_... */
    uint8_t *message;              /* decoded; NULL when there is none */
    size_t message_len;
} key_mgmt;

/* Reads value[0..len), what follows "a=key-mgmt:". Spans point into it; what was decoded is freed with key_mgmt_clear. */
void key_mgmt_parse(text_span value, key_mgmt *attribute);

/* Takes the parts of an entry of KeyMgmt; as key_mgmt_parse else. */
void key_mgmt_take(text_span protocol, text_span data, key_mgmt *attribute);

/* Cleanses and frees the message, which may hold keys. */
void key_mgmt_clear(key_mgmt *attribute);

/* A constant English sentence for the lowest bit in `problems`. */
const char *key_mgmt_problem_text(unsigned problems);

#endif

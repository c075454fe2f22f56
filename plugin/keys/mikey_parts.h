/* What the files of the MIKEY parser share; nobody else includes it. */
#ifndef D2DSEC_KEYS_MIKEY_PARTS_H
#define D2DSEC_KEYS_MIKEY_PARTS_H

#include "keys/mikey.h"
#include "keys/octet_reader.h"

#include <glib.h>

/* One run of the parser. */
typedef struct {
    const uint8_t *base;     /* offset 0 */
    GArray *problems;        /* of mikey_problem */
    unsigned payloads_left;
    unsigned data_type;      /* of the message; without a message NO_DATA_TYPE */
} mikey_parser;

#define NO_DATA_TYPE 256

void mikey_report(mikey_parser *parser, mikey_problem_kind kind, octet_span where);
void mikey_report_payload(mikey_parser *parser, mikey_problem_kind kind, const mikey_payload *payload);

/* Reads a chain that begins with a payload of type `type`. `depth` counts the chains around it. The caller owns the chain. */
void mikey_read_chain(mikey_parser *parser, mikey_chain *chain, octet_span octets, unsigned type, unsigned depth);

/* The same into memory of its own; with has_first a first payload octet precedes the chain. NULL: it is too deep. */
mikey_chain *mikey_read_nested(mikey_parser *parser, octet_span octets, bool has_first, unsigned type, unsigned depth);

void mikey_chain_clear(mikey_chain *chain);

/* Reads what follows the type of the payload and, where there is one, the next payload octet. False: the chain cannot be followed
 * any further. */
bool mikey_read_payload(mikey_parser *parser, octet_reader *reader, mikey_payload *payload, unsigned depth);
bool mikey_read_ticket(mikey_parser *parser, octet_reader *reader, mikey_payload *payload, unsigned depth);
void mikey_read_ticket_chain(mikey_parser *parser, mikey_chain *chain, octet_span octets, unsigned depth);

/* Checks of one payload by itself, and of what was parsed as a whole. */
void mikey_check_message(mikey_parser *parser, const mikey_message *message);
void mikey_check_ticket_message(mikey_parser *parser, const mikey_message *message);
void mikey_check_ticket(mikey_parser *parser, const mikey_payload *payload);
void mikey_check_ticket_data(mikey_parser *parser, const mikey_chain *chain);
void mikey_check_salts(mikey_parser *parser, const mikey_message *message);
void mikey_check_keys(mikey_parser *parser, const mikey_chain *keys, mikey_keys_place place);

/* Adds a problem to what has been parsed already. */
void mikey_add_problem(mikey_message *message, mikey_problem_kind kind, octet_span where);

static inline const mikey_payload *chain_last(const mikey_chain *chain)
{
    return chain->count ? &chain->payloads[chain->count - 1] : NULL;
}

#endif

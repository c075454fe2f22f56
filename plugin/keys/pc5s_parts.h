/* What the files of the PC5 signalling parser share; nobody else includes it. */
#ifndef D2DSEC_KEYS_PC5S_PARTS_H
#define D2DSEC_KEYS_PC5S_PARTS_H

#include "keys/pc5s.h"

#include <glib.h>

/* One run of the parser. */
typedef struct {
    const uint8_t *base; /* offset 0 */
    GArray *problems;    /* of pc5s_problem */
    const pc5s_options *options;
} pc5s_parser;

void pc5s_report(pc5s_parser *parser, pc5s_problem_kind kind, octet_span where);

/* Whether the code of IP Address Config is assigned (TS 24.334 clause 12.5.1.4). */
bool pc5s_is_ip_config(uint32_t code);

/* Values of the information elements, each by itself. */
void pc5s_check_values(pc5s_parser *parser, const pc5s_message *message);

/* Finds the container among what was parsed and makes its content readable. The message's, to be cleared with it. */
void keyest_read(pc5s_parser *parser, pc5s_message *message);
void keyest_clear(key_establishment *information);

/* What octets that nothing announces are, by how they begin: SDP text or a MIKEY message. */
keyest_method keyest_recognise(octet_span octets);

#endif

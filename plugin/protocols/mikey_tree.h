/* A parsed MIKEY message in the packet details. */
#ifndef D2DSEC_PROTOCOLS_MIKEY_TREE_H
#define D2DSEC_PROTOCOLS_MIKEY_TREE_H

#include "compat.h"
#include "sessions/mikey_record.h"

void mikey_tree_register(int protocol);

/* Adds header, payloads and problems to the tree. `message` was parsed from the octets of `tvb`. record: what was found out about the
 * same octets: MACs and what KEMACs hold; NULL: nothing. */
void mikey_tree_show(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mikey_message *message,
                     const mikey_record *record);

#endif

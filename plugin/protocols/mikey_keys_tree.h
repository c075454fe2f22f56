/* The keys that followed from a MIKEY message, in the packet details: from which key, by which function, with fingerprints. */
#ifndef D2DSEC_PROTOCOLS_MIKEY_KEYS_TREE_H
#define D2DSEC_PROTOCOLS_MIKEY_KEYS_TREE_H

#include "compat.h"
#include "sessions/mikey_record.h"

void mikey_keys_tree_register(int protocol);

/* Adds the partners of the message, the steps of the derivation, and the TEKs. */
void mikey_keys_tree_show(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mikey_record *record);

#endif

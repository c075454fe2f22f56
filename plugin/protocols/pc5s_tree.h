/* A parsed message of PC5 signalling in the packet details, without the content of its key establishment container. */
#ifndef D2DSEC_PROTOCOLS_PC5S_TREE_H
#define D2DSEC_PROTOCOLS_PC5S_TREE_H

#include "compat.h"
#include "keys/pc5s.h"

void pc5s_tree_register(int protocol);

/* Fills the message's own tree. `message` was parsed from the captured octets of `tvb`. */
void pc5s_tree_show(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const pc5s_message *message);

#endif

/* PC5 signalling (TS 24.334; pc5s.*): on the sidelink, and relayed by the network as application/vnd.3gpp.pc5s. */
#ifndef D2DSEC_PROTOCOLS_PACKET_PC5S_H
#define D2DSEC_PROTOCOLS_PACKET_PC5S_H

#include "compat.h"
#include "sessions/pc5_state.h"

/* What the layers below know of a message. */
typedef struct {
    pc5_id source, destination; /* layer-2 IDs */
    bool is_protected;          /* it came under a KD-sess ID other than 0 */
} pc5s_link;

void proto_register_pc5s(void);
void proto_reg_handoff_pc5s(void);

/* How preferences say that messages are read. */
pc5s_options pc5s_preferences_options(void);

/* Dissects one message in the clear that is the whole of `tvb`. link: NULL, only the packet's addresses are known. This is a
 * function and no data pointer of the dissector "pc5s", because exported PDUs hand that one data of their own. Returns the octets
 * that were dissected; 0: the protocol is disabled. */
int pc5s_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const pc5s_link *link);

#endif

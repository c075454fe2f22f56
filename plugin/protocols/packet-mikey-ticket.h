/* MIKEY and MIKEY-TICKET (RFC 3830, RFC 6043; mikey_ticket.*): over UDP and TCP, as application/mikey, and in a=key-mgmt lines. */
#ifndef D2DSEC_PROTOCOLS_PACKET_MIKEY_TICKET_H
#define D2DSEC_PROTOCOLS_PACKET_MIKEY_TICKET_H

#include "compat.h"
#include "sessions/sdp.h"

void proto_register_mikey_ticket(void);
void proto_reg_handoff_mikey_ticket(void);

/* Dissects a message that is the whole of `tvb`, whatever carried it. What stock's own dissector reads in full it shows first.
 * With the protocol disabled only stock's is called. Returns the octets that were dissected. */
int mikey_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* The a=key-mgmt lines of an SDP body. by_stock: stock's SDP dissector has seen it, so that only what it leaves out is shown: the lines
 * of media sections, and those it cannot read. `body` was parsed from `tvb`. */
void mikey_ticket_show_sdp(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sdp_body *body, bool by_stock);

#endif

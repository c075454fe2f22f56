/* PDCP of LTE sidelink radio bearers (TS 36.323 section 6.2.10; pdcp_sl.*).
 *
 * Where PDUs come from:
 *   RLC           of SL-SCH
 *   UDP           this project's framing, defined in sessions/sl_framing.h; heuristic pdcp_sl_udp, which is off, or Decode As with
 *                 "pdcp_sl"
 *   by name       for DLT_USER and exported PDUs: "pdcp_sl", a bare PDU, and "pdcp_sl_framed", one in that framing
 *
 * Plain SDUs go to stock's dissectors of IP and ARP, and to "pc5s".
 */
#ifndef D2DSEC_PROTOCOLS_PACKET_PDCP_SL_H
#define D2DSEC_PROTOCOLS_PACKET_PDCP_SL_H

#include "compat.h"
#include "sessions/sl_link.h"

void proto_register_pdcp_sl(void);
void proto_reg_handoff_pdcp_sl(void);

/* Dissects a PDU of a known channel. */
void pdcp_sl_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, sl_link *link);

#endif

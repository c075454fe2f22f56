/* RLC in unacknowledged mode on LTE sidelink (TS 36.322; rlc_sl.*).
 *
 * PDUs come from SL-SCH; by name, "rlc_sl", for DLT_USER and exported PDUs, where all of them then count as one channel.
 */
#ifndef D2DSEC_PROTOCOLS_PACKET_RLC_SL_H
#define D2DSEC_PROTOCOLS_PACKET_RLC_SL_H

#include "compat.h"
#include "sessions/sl_link.h"

void proto_register_rlc_sl(void);
void proto_reg_handoff_rlc_sl(void);

/* Dissects a PDU of a known channel. */
void rlc_sl_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, sl_link *link);

#endif

/* LTE sidelink MAC PDUs of SL-SCH (TS 36.321; slsch.*).
 *
 * Where they come from:
 *   UDP           Wireshark's MAC-LTE framing with RNTI type SL-RNTI; heuristic slsch_udp, which is on
 *   GSMTAP        type 0x0f, LTE MAC framed, with RNTI type SL-RNTI
 *   by name       for DLT_USER and exported PDUs: "slsch", a bare MAC PDU, and "slsch_framed", one behind the context that stock's
 *                 "mac-lte-framed" takes
 * PDUs of other RNTI types are stock's, as ever.
 */
#ifndef D2DSEC_PROTOCOLS_PACKET_SLSCH_H
#define D2DSEC_PROTOCOLS_PACKET_SLSCH_H

#include "compat.h"

void proto_register_slsch(void);
void proto_reg_handoff_slsch(void);

bool slsch_is_enabled(void);

/* Whether stock's MAC-LTE dissector reads the MAC PDU in `tvb` to its end as what it is. */
bool slsch_stock_reads(tvbuff_t *tvb);

/* Adds hidden items of stock's fields of the MAC header, so that filters and columns with them still find a PDU that stock is not
 * called for. */
void slsch_add_stock_fields(proto_tree *tree, tvbuff_t *tvb);

#endif

/* How SL-SCH PDUs in the MAC-LTE framing, which is stock Wireshark's, come to this plugin.
 *
 * Stock reads the framing and the header of an SL-SCH PDU, and stops there; PDUs of PC5-S it misreads, because it takes their LCIDs
 * for those of control elements. It offers no hook behind its own dissector, so the plugin stands in front, where frames of SL-RNTI
 * come from: in the UDP heuristics and in GSMTAP's table. What stock reads well it is still called for, and is shown first; of the
 * rest the context is shown with stock's fields. Frames of all other RNTI types are not touched, nor those with a failed CRC.
 */
#ifndef D2DSEC_PROTOCOLS_STOCK_MAC_LTE_H
#define D2DSEC_PROTOCOLS_STOCK_MAC_LTE_H

#include "compat.h"

void stock_mac_lte_register(void);

/* `slsch`: the dissector of MAC PDUs of SL-SCH. */
void stock_mac_lte_handoff(dissector_handle_t slsch);

#endif

/* Plaintext as a capture of its own: the export PDU tap "D2D decrypted", for `tshark -U` and File > Export PDUs to File.
 *
 * Each opened packet becomes a record that names the stock dissector it is for and the frame that it was captured in, and keeps
 * that frame's time. Wireshark reads such a capture without this plugin.
 */
#ifndef D2DSEC_PROTOCOLS_DECRYPTED_EXPORT_H
#define D2DSEC_PROTOCOLS_DECRYPTED_EXPORT_H

#include "compat.h"

void decrypted_export_register(void);

/* Both hand out `plain`, which must last as long as the packet is dissected, to be dissected by stock's `dissector`. They cost a
 * look where nobody exports. */

/* What came between two transport addresses: those of `pinfo` go with it. */
void decrypted_export_media(packet_info *pinfo, tvbuff_t *plain, const char *dissector);

/* What came over a sidelink. Addresses of the packet that carried it here are none of its own. */
void decrypted_export_sdu(packet_info *pinfo, tvbuff_t *plain, const char *dissector);

#endif

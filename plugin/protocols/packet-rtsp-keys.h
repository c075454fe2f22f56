/* RTSP (RFC 2326) as what sets up protected media: addresses from SETUP, MIKEY from KeyMgmt headers, and media interleaved with it. */
#ifndef D2DSEC_PROTOCOLS_PACKET_RTSP_KEYS_H
#define D2DSEC_PROTOCOLS_PACKET_RTSP_KEYS_H

#include "compat.h"

/* Looks at the messages of a frame that stock's RTSP dissector has been through. `wrapped`: an SDP body of the frame was dissected;
 * `learn`: the sessions shall be told. */
void rtsp_keys_dissect(packet_info *pinfo, proto_tree *tree, bool wrapped, bool learn);

void proto_reg_handoff_rtsp_keys(void);

#endif

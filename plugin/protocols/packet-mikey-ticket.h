/* MIKEY and MIKEY-TICKET (RFC 3830, RFC 6043; mikey_ticket.*): over UDP and TCP, as application/mikey, in a=key-mgmt lines of SDP and in
 * KeyMgmt headers of RTSP. */
#ifndef D2DSEC_PROTOCOLS_PACKET_MIKEY_TICKET_H
#define D2DSEC_PROTOCOLS_PACKET_MIKEY_TICKET_H

#include "compat.h"
#include "sessions/mikey_sessions.h"
#include "sessions/rtsp_sessions.h"
#include "sessions/sdp.h"

void proto_register_mikey_ticket(void);
void proto_reg_handoff_mikey_ticket(void);

/* Dissects a message that is the whole of `tvb`, whatever carried it, and lets the sessions know of it on a first pass. arrival: what
 * the carrier says of it; its frame is set here; NULL: nothing. What stock's own dissector reads in full it shows first. With the
 * protocol disabled only stock's is called. Returns the octets that were dissected. */
int mikey_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mikey_arrival *arrival);

/* Lets the sessions know of the a=key-mgmt lines of an SDP body that was seen in this frame on its first visit. `exchange` was made of
 * `body`; sip: NULL where no SIP carried it. */
void mikey_ticket_learn_sdp(packet_info *pinfo, const sdp_body *body, const sdp_exchange *exchange, const sip_message *sip);

/* The a=key-mgmt lines of an SDP body. by_stock: stock's SDP dissector has seen it, so that only what it leaves out is shown: the lines
 * of media sections, and those it cannot read. `body` was parsed from `tvb`. */
void mikey_ticket_show_sdp(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sdp_body *body, sdp_role role,
                           bool by_stock);

/* The KeyMgmt headers of an RTSP message, which was parsed from `tvb`. `exchange`: what was understood of it; NULL: nothing was. */
void mikey_ticket_show_rtsp(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const rtsp_message *message,
                            const rtsp_exchange *exchange);

#endif

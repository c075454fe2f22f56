/* SDP security descriptions (RFC 4568): the a=crypto lines of every SDP body (sdes.*). */
#ifndef D2DSEC_PROTOCOLS_PACKET_SDES_H
#define D2DSEC_PROTOCOLS_PACKET_SDES_H

#include "compat.h"
#include "sessions/offer_answer.h"

void proto_register_sdes(void);
void proto_reg_handoff_sdes(void);

/* The a=crypto and a=key-mgmt lines of SDP that another carrier than SIP brought, and that stock does not see. `body` was parsed from
 * `tvb`; exchange: what the carrier knows of it, whose legs are not looked at. */
void sdes_show_carried(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sdp_body *body, const sdp_exchange *exchange);

#endif

/* SDP security descriptions (RFC 4568): the a=crypto lines of every SDP body (sdes.*). */
#ifndef D2DSEC_PROTOCOLS_PACKET_SDES_H
#define D2DSEC_PROTOCOLS_PACKET_SDES_H

void proto_register_sdes(void);
void proto_reg_handoff_sdes(void);

#endif

/* SRTP and SRTCP with keys (d2dsrtp.*). */
#ifndef D2DSEC_PROTOCOLS_PACKET_D2DSRTP_H
#define D2DSEC_PROTOCOLS_PACKET_D2DSRTP_H

#include <stdbool.h>

/* Whether the user wants SRTP opened. Where not, nothing of stock's must be taken over. */
bool d2dsrtp_is_enabled(void);

void proto_register_d2dsrtp(void);
void proto_reg_handoff_d2dsrtp(void);

#endif

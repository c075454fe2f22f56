/* SRTP and SRTCP with keys (d2dsrtp.*). */
#ifndef D2DSEC_PROTOCOLS_PACKET_D2DSRTP_H
#define D2DSEC_PROTOCOLS_PACKET_D2DSRTP_H

#include "compat.h"
#include "protocols/stock_media.h"
#include "sessions/offer_answer.h"

/* Whether the user wants SRTP opened. Where not, nothing of stock's must be taken over. */
bool d2dsrtp_is_enabled(void);

/* Whether the plugin should look at media that arrives for this leg. */
bool d2dsrtp_concerns(const media_leg *leg);

/* Dissects a packet of which nothing says that it is one of ours: only what signalling or a key concerns is taken, while the protocol is
 * enabled. Returns 0 of another. `interleaved`: the stream's, where the packet came over TCP and stock needs something for it; NULL: else. */
int d2dsrtp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, stock_media *interleaved);

void proto_register_d2dsrtp(void);
void proto_reg_handoff_d2dsrtp(void);

#endif

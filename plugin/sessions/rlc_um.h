/* The RLC UMD PDU (TS 36.322 section 6.2.1.3): a header, then pieces of SDUs.
 *
 *   SN of 5 bits    |FI |E|   SN    |
 *   SN of 10 bits   |R R R|FI |E|SN |      SN       |
 *   where E is 1    |E|     LI, 11 bits    |E|     LI, 11 bits    | ...      and 4 bits of padding behind an odd number of them
 *
 * LI is the length of each piece but the last, which takes what is left. FI says whether the first piece begins an SDU and whether
 * the last ends one; all borders between pieces are borders of SDUs.
 */
#ifndef D2DSEC_SESSIONS_RLC_UM_H
#define D2DSEC_SESSIONS_RLC_UM_H

#include "keys/octet_span.h"
#include "sessions/sl_problem.h"

#include <stdbool.h>

#define RLC_UM_MAX_PIECES 256 /* of one PDU; more are not read */

/* SN lengths. Sidelink communication has 5 bits according to TS 36.331 section 9.1.1.6, which is not confirmed. */
enum { RLC_UM_SN_5 = 5, RLC_UM_SN_10 = 10 };

/* FI */
enum {
    RLC_UM_LAST_GOES_ON = 1 << 0,     /* the last piece does not end its SDU */
    RLC_UM_FIRST_CONTINUES = 1 << 1,  /* the first piece does not begin its SDU */
};

enum {
    RLC_UM_HEADER_CUT = 1 << 0,
    RLC_UM_RESERVED = 1 << 1,
    RLC_UM_LI_CUT = 1 << 2,
    RLC_UM_LI_ZERO = 1 << 3,
    RLC_UM_LI_OVER = 1 << 4,
    RLC_UM_LI_PADDING = 1 << 5,
    RLC_UM_TOO_MANY = 1 << 6,
    RLC_UM_EMPTY = 1 << 7,
};

typedef struct {
    octet_span octets; /* as many as were captured; absent where none were */
    size_t len;        /* as many as there were on the air */
    bool starts, ends; /* an SDU */
} rlc_um_piece;

typedef struct {
    uint8_t sn_bits;   /* RLC_UM_SN_... */
    uint8_t fi;
    bool extended;     /* E of the fixed part */
    uint16_t sn;
    size_t header_len; /* with LIs; 0 when it is cut */
    unsigned count;    /* 0: the PDU is one that a receiver discards */
    rlc_um_piece pieces[RLC_UM_MAX_PIECES];
    unsigned problems; /* RLC_UM_... */
} rlc_um_pdu;

/* Reads the PDU data[0..len) of which `air_len` octets were sent, len being less where the capture cut it short. False: no piece can
 * be told, because the header is cut or reserved values stand in it (TS 36.322 section 5.5.1). */
bool rlc_um_parse(rlc_um_pdu *pdu, const uint8_t *data, size_t len, size_t air_len, uint8_t sn_bits);

/* Takes one problem out of *bits; NULL: none is left. */
const sl_problem *rlc_um_take_problem(unsigned *bits);

/* Which SN length a channel has, as far as its PDUs tell. Zero-initialised: none was seen. */
typedef struct {
    uint8_t told;      /* RLC_UM_SN_..., 0: not yet */
    bool seen;
    uint8_t before[2]; /* the PDU before, its first octets */
} rlc_um_sn_watch;

/* Looks at the next PDU of a channel. Bits that would be reserved under 10 bits rule these out; otherwise the SN that counts by one
 * tells. */
void rlc_um_watch_sn(rlc_um_sn_watch *watch, const uint8_t *data, size_t len);

#endif

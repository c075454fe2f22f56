/* The MAC PDU of SL-SCH (TS 36.321 sections 6.1.6 and 6.2.4): an SL-SCH subheader, a list of subheaders, and what they stand for.
 *
 *   |   V   |   R   |      SRC, 24 bits                          |  DST, 16 bits (V 1 and 2) or 24 (V 3 and 4)  |
 *   then of each SDU and each padding
 *   |R|R|E|  LCID   |F|  L, 7 bits, or 15 where F is 1 |         F and L where E is 1, except of padding
 *   then the SDUs in the order of their subheaders; the last takes what is left
 *
 * One or two octets of padding are as many subheaders in front of all others; more of it stands behind a last subheader.
 */
#ifndef D2DSEC_SESSIONS_SLSCH_H
#define D2DSEC_SESSIONS_SLSCH_H

#include "keys/octet_span.h"
#include "sessions/sl_link.h"
#include "sessions/sl_problem.h"

#define SLSCH_MAX_SUBHEADERS 64 /* of one PDU; more are not read */

enum {
    SLSCH_HEADER_CUT = 1 << 0,
    SLSCH_VERSION = 1 << 1,
    SLSCH_RESERVED = 1 << 2,
    SLSCH_SAME_IDS = 1 << 3,
    SLSCH_NO_SUBHEADER = 1 << 4,
    SLSCH_TOO_MANY = 1 << 5,
    SLSCH_SUBHEADER_CUT = 1 << 6,
    SLSCH_SUBHEADER_RESERVED = 1 << 7,
    SLSCH_LCID_RESERVED = 1 << 8,
    SLSCH_LCID_DUPLICATE = 1 << 9,
    SLSCH_LENGTH_OVER = 1 << 10,
    SLSCH_LENGTH_FORM = 1 << 11,
    SLSCH_LENGTH_ZERO = 1 << 12,
    SLSCH_PADDING_PLACE = 1 << 13,
    SLSCH_PADDING_MANY = 1 << 14,
    SLSCH_PADDING_TWICE = 1 << 15,
    SLSCH_VERSION_4 = 1 << 16,
};

typedef struct {
    size_t offset, len;  /* of the subheader in the PDU */
    uint8_t lcid;
    bool extended;       /* E: another one follows */
    bool long_length;    /* F */
    uint16_t length;     /* L */
    octet_span body;     /* SDU or padding, as much of it as was captured; absent where there is none */
    size_t body_len;     /* as much of it as there was on the air */
    unsigned problems;   /* SLSCH_... */
} slsch_subheader;

typedef struct {
    uint8_t version;     /* V */
    sl_link link;        /* source, destination and cast; LCIDs are the subheaders' */
    size_t id_len;       /* of the SL-SCH subheader: 6 or 7; 0 when it is cut */
    size_t header_len;   /* of all subheaders; 0 when their list is cut: then nothing can be said of the bodies */
    unsigned count;      /* that were read */
    slsch_subheader subheaders[SLSCH_MAX_SUBHEADERS];
    unsigned problems;   /* SLSCH_... of the PDU as a whole */
} slsch_pdu;

/* Reads the PDU data[0..len) of which `air_len` octets were sent; len is less where the capture cut it short. What is read of a
 * malformed PDU is what precedes the fault. False: the list of subheaders does not end within the captured octets. */
bool slsch_parse(slsch_pdu *pdu, const uint8_t *data, size_t len, size_t air_len);

/* Takes one problem out of *bits; NULL: none is left. */
const sl_problem *slsch_take_problem(unsigned *bits);

#endif

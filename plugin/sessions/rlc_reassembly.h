/* RLC SDUs out of the UMD PDUs of sidelink channels (TS 36.322 section 5.1.2.2).
 *
 * A channel is a source, a destination and an LCID. The receiver of sidelink communication has a window of 0 PDUs: it takes them in
 * the order of their arrival, and begins with the SN that arrives first (TS 36.322 sections 7.1 and 7.2). A capture may hold them
 * somewhat out of order, or twice, so here pieces are joined whenever the PDUs beside them are known and no more than
 * RLC_UM_WINDOW older than the newest.
 *
 * What was decided when a frame was first seen is kept: it is answered on every later visit, in any order.
 */
#ifndef D2DSEC_SESSIONS_RLC_REASSEMBLY_H
#define D2DSEC_SESSIONS_RLC_REASSEMBLY_H

#include "sessions/rlc_um.h"
#include "sessions/sl_link.h"

#include <glib.h>

#define RLC_UM_WINDOW 16         /* PDUs of a channel, half the cycle of an SN of 5 bits */
#define RLC_UM_MAX_CHANNELS 4096 /* the one that was silent longest gives way */
#define RLC_UM_MAX_SDU_LEN 8197  /* the longest PDCP PDU: header, 8188 octets (TS 36.323 section 4.3.1), MAC-I */

typedef enum { RLC_UM_SN_AUTOMATIC, RLC_UM_SN_ALWAYS_5, RLC_UM_SN_ALWAYS_10 } rlc_um_sn_choice;

/* A part of an SDU: all that one PDU holds of it. */
typedef struct rlc_part {
    struct rlc_sdu *sdu;
    struct rlc_part *next; /* of the SDU, in its order */
    uint32_t frame;
    uint32_t len;
} rlc_part;

typedef enum {
    RLC_SDU_OPEN,     /* parts are missing, and may still come */
    RLC_SDU_COMPLETE,
    RLC_SDU_LOST,     /* parts are missing that come no more */
    RLC_SDU_TOO_LONG, /* longer than PDCP has them */
} rlc_sdu_state;

/* An SDU that came in several PDUs. */
typedef struct rlc_sdu {
    rlc_sdu_state state;
    bool starts, ends;          /* its first, its last octet is there */
    GByteArray *octets;         /* NULL once they are given up */
    uint32_t frame;             /* that completed it ... */
    uint32_t position;          /* ... and the PDU in that frame */
    unsigned part_count;
    rlc_part *first, *last;
} rlc_sdu;

/* One PDU as it was captured. */
typedef struct {
    uint32_t frame;
    uint32_t position; /* keyed_place() of the PDU: tells several in one frame apart */
    sl_link link;
    const uint8_t *data;
    size_t len;        /* captured */
    size_t air_len;    /* sent */
} rlc_um_arrival;

typedef struct {
    rlc_um_pdu pdu;
    bool sn_bits_told;     /* by the PDUs of this channel or another; else it is the default */
    const rlc_part *first; /* what the first piece is of an SDU that began before; NULL: it is none, or was cut by the capture */
    const rlc_part *last;  /* what the last piece is of an SDU that goes on; one piece can be both */
    bool is_repeated;      /* the same PDU was in the frame `before` */
    bool is_late;          /* a PDU with a higher SN came before */
    uint32_t before;
    unsigned missing;      /* SNs between the newest PDU so far and this one */
} rlc_um_reception;

typedef struct rlc_um_receivers rlc_um_receivers;

rlc_um_receivers *rlc_um_receivers_new(rlc_um_sn_choice choice);
void rlc_um_receivers_free(rlc_um_receivers *receivers);

/* Takes a PDU in, or tells again what became of it. Pieces that are whole SDUs stand in reception->pdu and point into the octets of
 * `arrival`; SDUs of several PDUs are reached through `first` and `last`, which are valid until the next PDU is taken in. */
void rlc_um_receive(rlc_um_receivers *receivers, const rlc_um_arrival *arrival, rlc_um_reception *reception);

/* The SDU of `part`, which may be NULL, if this arrival is the one that completed it; else NULL. So each is delivered once. */
const rlc_sdu *rlc_um_completed_by(const rlc_part *part, const rlc_um_arrival *arrival);

#endif

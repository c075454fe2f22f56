/* Who sends to whom on an LTE sidelink (PC5), and on which logical channel: what a PDU's own octets do not say above MAC. */
#ifndef D2DSEC_SESSIONS_SL_LINK_H
#define D2DSEC_SESSIONS_SL_LINK_H

#include <stdbool.h>
#include <stdint.h>

/* Logical channel IDs of SL-SCH (TS 36.321 table 6.2.4-1). Their scope is the pair of source and destination. */
enum {
    SL_LCID_UNKNOWN = 0, /* reserved on the air; here: the channel is not known */
    SL_LCID_STCH_FIRST = 1,
    SL_LCID_STCH_LAST = 10,
    SL_LCID_DUPLICATE_FIRST = 11, /* Rel-15: STCHs that carry duplicated PDUs */
    SL_LCID_DUPLICATE_LAST = 20,
    SL_LCID_PC5S = 28,               /* PC5-S messages that are not protected */
    SL_LCID_PC5S_SECURITY_MODE = 29, /* Direct Security Mode Command and Complete */
    SL_LCID_PC5S_PROTECTED = 30,     /* all others that are protected */
    SL_LCID_PADDING = 31,
};

typedef enum { SL_CAST_UNKNOWN, SL_ONE_TO_ONE, SL_ONE_TO_MANY } sl_cast;

/* Zero-initialised: nothing is known. */
typedef struct {
    uint32_t source;          /* Source Layer-2 ID, 24 bits */
    uint32_t destination;     /* Destination Layer-2 ID */
    uint8_t destination_bits; /* 24; or 16, the most significant ones, when the others went in the SCI; 0: no ID is known */
    uint8_t lcid;
    sl_cast cast;
    bool direction_known;
    uint8_t direction;        /* DIRECTION of ciphering and integrity protection */
} sl_link;

/* Source, destination and LCID in one number: what names a logical channel. */
static inline uint64_t sl_link_channel(const sl_link *link)
{
    return (uint64_t)link->source << 40 | (uint64_t)link->destination << 16 | (uint64_t)link->destination_bits << 8 |
           link->lcid;
}

static inline bool sl_lcid_is_pc5s(uint8_t lcid)
{
    return lcid >= SL_LCID_PC5S && lcid <= SL_LCID_PC5S_PROTECTED;
}

#endif

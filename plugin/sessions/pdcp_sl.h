/* The PDCP Data PDU of a sidelink radio bearer, SLRB (TS 36.323 section 6.2.10).
 *
 *   one-to-many (figure 6.2.10.1)          one-to-one (figure 6.2.10.2)
 *   | SDU type, 3 | PGK index, 5 |         | SDU type, 3 | R, 5 |
 *   |     PTK identity, 16       |         |  KD-sess ID, 16    |
 *   |        PDCP SN, 16         |         |    PDCP SN, 16     |
 *   |          data ...          |         |      data ...      |
 *                                          |     MAC-I, 32      |  where the SLRB is integrity protected
 *
 * The data is ciphered, header and MAC-I are not. A PTK identity or KD-sess ID of 0 says that the PDU is not protected.
 */
#ifndef D2DSEC_SESSIONS_PDCP_SL_H
#define D2DSEC_SESSIONS_PDCP_SL_H

#include "keys/octet_span.h"
#include "sessions/sl_link.h"
#include "sessions/sl_problem.h"

#define PDCP_SL_HEADER_LEN 5
#define PDCP_SL_MAC_I_LEN 4
#define PDCP_SL_MAX_SDU_LEN 8188 /* TS 36.323 section 4.3.1 */

/* SDU types (TS 36.323 section 6.3.14); 4 to 7 are reserved. */
enum { PDCP_SL_IP, PDCP_SL_ARP, PDCP_SL_PC5S, PDCP_SL_NON_IP, PDCP_SL_FIRST_RESERVED };

enum {
    PDCP_SL_HEADER_CUT = 1 << 0,
    PDCP_SL_EMPTY = 1 << 1,
    PDCP_SL_SDU_TYPE = 1 << 2,
    PDCP_SL_RESERVED = 1 << 3,
    PDCP_SL_NO_KEY_ID = 1 << 4,
    PDCP_SL_KEY_ID_ON_PLAIN = 1 << 5,
    PDCP_SL_NO_ROOM_FOR_MAC_I = 1 << 6,
    PDCP_SL_TOO_LONG = 1 << 7,
    PDCP_SL_NOT_IP = 1 << 8,
    PDCP_SL_PGK_WITHOUT_PTK = 1 << 9,
    PDCP_SL_SN_OF_PLAIN = 1 << 10,
    PDCP_SL_TYPE_ON_CHANNEL = 1 << 11,
    PDCP_SL_GROUPCAST_PC5S = 1 << 12,
    PDCP_SL_SN_REUSED = 1 << 13, /* this one and the next two are found by sl_sn_use */
    PDCP_SL_SN_REPEATED = 1 << 14,
    PDCP_SL_SN_BEGAN_ANEW = 1 << 15,
};

/* What the standards leave to configuration, or public texts leave open. */
typedef struct {
    sl_cast cast;           /* of PDUs of which neither MAC nor the channel tells; SL_CAST_UNKNOWN: by the bits behind the SDU type */
    bool mac_i_on_all;      /* protected one-to-one PDUs of the user plane have a MAC-I too, not those of PC5-S alone */
} pdcp_sl_rules;

/* A PDU as it was captured: everything that opening it takes, save the key. */
typedef struct {
    uint32_t frame;
    sl_link link;           /* how it came; `cast` is settled */
    uint8_t sdu_type;
    uint8_t pgk_index;      /* one-to-many: 5 bits of the PGK identity; one-to-one: the reserved bits */
    uint16_t key_id;        /* PTK identity or KD-sess ID, 0: not protected */
    uint16_t sn;
    octet_span header;      /* the 5 octets that integrity protection covers with the data */
    octet_span data;        /* as much of it as was captured; absent where there is none */
    octet_span mac_i;       /* absent where there is none, or it was not captured */
    size_t data_len;        /* as much data as there was on the air */
    bool has_mac_i;         /* there was one on the air */
    unsigned problems;      /* PDCP_SL_... */
} sl_pdu;

/* Reads the PDU data[0..len) of which `air_len` octets were sent, len being less where the capture cut it short. False: its header
 * is not there in full. Spans point into `data`; `frame` is the caller's to set. */
bool pdcp_sl_parse(sl_pdu *pdu, const sl_link *link, const pdcp_sl_rules *rules, const uint8_t *data, size_t len,
                   size_t air_len);

/* COUNT, the input of ciphering and integrity protection: key ID and SN (TS 36.323 sections 5.6.1 and 5.6.2). */
static inline uint32_t sl_pdu_count(const sl_pdu *pdu)
{
    return (uint32_t)pdu->key_id << 16 | pdu->sn;
}

/* A hash of data and MAC-I, as they were captured: what tells a PDU that was sent again from another under its COUNT. */
uint32_t sl_pdu_digest(const sl_pdu *pdu);

/* Tells several PDUs of one frame apart by what they are, since reassembled ones have no place in the frame. */
uint32_t sl_pdu_position(const sl_pdu *pdu);

/* Checks the plain SDU of `pdu`: adds to its problems. */
void pdcp_sl_check_sdu(sl_pdu *pdu, const uint8_t *plain, size_t len);

/* Takes one problem out of *bits; NULL: none is left. */
const sl_problem *pdcp_sl_take_problem(unsigned *bits);

#endif

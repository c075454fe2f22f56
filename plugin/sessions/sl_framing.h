/* The two ways in which captures frame sidelink PDUs over UDP or in records of their own: Wireshark's framing of LTE MAC PDUs, and
 * this project's of sidelink PDCP PDUs.
 */
#ifndef D2DSEC_SESSIONS_SL_FRAMING_H
#define D2DSEC_SESSIONS_SL_FRAMING_H

#include "sessions/sl_link.h"
#include "sessions/sl_problem.h"

#include <stddef.h>

/* --- MAC-LTE (epan/dissectors/packet-mac-lte.h) ----------------------------------------------------------------------
 *
 *   | "mac-lte" | radio type | direction | RNTI type | tag, value | ... | 0x01 | MAC PDU ...
 *
 * The start string is there over UDP only. A value's length follows from its tag. */

#define MAC_LTE_START "mac-lte"
#define MAC_LTE_START_LEN 7
#define MAC_LTE_SL_RNTI 8  /* the RNTI type of SL-SCH */
#define MAC_LTE_MAX_TAGS 32 /* more are not read */

enum { /* tags that are looked at here */
    MAC_LTE_TAG_PAYLOAD = 0x01,
    MAC_LTE_TAG_RNTI = 0x02,
    MAC_LTE_TAG_UEID = 0x03,
    MAC_LTE_TAG_FRAME_SUBFRAME = 0x04,
    MAC_LTE_TAG_PREDEFINED = 0x05,
    MAC_LTE_TAG_RETX = 0x06,
    MAC_LTE_TAG_CRC_STATUS = 0x07,
    MAC_LTE_TAG_CARRIER_ID = 0x0a,
};

typedef struct {
    uint8_t tag;
    size_t offset, len; /* of the value */
} mac_lte_tag;

typedef struct {
    uint8_t radio_type, direction, rnti_type;
    unsigned tag_count;
    mac_lte_tag tags[MAC_LTE_MAX_TAGS];
    bool is_predefined; /* a test pattern in place of a MAC PDU */
    bool crc_failed;
    size_t pdu_offset;  /* of the MAC PDU */
} mac_lte_frame;

/* Reads data[0..len), from the radio type on. False: the tags do not lead to a MAC PDU of at least an octet. Offsets count from
 * `data`. */
bool mac_lte_frame_parse(mac_lte_frame *frame, const uint8_t *data, size_t len);

/* --- sidelink PDCP ---------------------------------------------------------------------------------------------------
 *
 *   | "sl-pdcp" | version 1 | flags | source, 24 bits | destination, 24 bits | LCID | tag, length, value | ... | 0x01 | PDCP PDU ...
 *
 * flags  0x01 DIRECTION is known, 0x02 DIRECTION, 0x04 one-to-many; the others are reserved
 * LCID   0 when it is not known
 * tags   none is defined but 0x01; of any other, the length in one octet lets it be passed over
 */

#define SL_PDCP_START "sl-pdcp"
#define SL_PDCP_START_LEN 7
#define SL_PDCP_VERSION 1

/* Where the fields stand. */
enum {
    SL_PDCP_VERSION_AT = 7,
    SL_PDCP_FLAGS_AT = 8,
    SL_PDCP_SOURCE_AT = 9,
    SL_PDCP_DESTINATION_AT = 12,
    SL_PDCP_LCID_AT = 15,
    SL_PDCP_TAGS_AT = 16,
};

enum { SL_PDCP_DIRECTION_KNOWN = 0x01, SL_PDCP_DIRECTION = 0x02, SL_PDCP_ONE_TO_MANY = 0x04 };

enum {
    SL_PDCP_FRAME_VERSION = 1 << 0,
    SL_PDCP_FRAME_CUT = 1 << 1,
    SL_PDCP_FRAME_FLAGS = 1 << 2,
    SL_PDCP_FRAME_LCID = 1 << 3,
    SL_PDCP_FRAME_TAG = 1 << 4,
};

typedef struct {
    uint8_t version;
    sl_link link;
    size_t header_len;  /* with all tags: the PDU follows; 0 when it is cut, or of another version */
    unsigned problems;  /* SL_PDCP_FRAME_... */
} sl_pdcp_frame;

/* Whether data[0..len) begins with the start string. */
bool sl_pdcp_frame_begins(const uint8_t *data, size_t len);

/* Reads data[0..len), which begins with the start string, of `air_len` octets. False: there is no PDU to be found in it. */
bool sl_pdcp_frame_parse(sl_pdcp_frame *frame, const uint8_t *data, size_t len, size_t air_len);

/* Takes one problem out of *bits; NULL: none is left. */
const sl_problem *sl_pdcp_frame_take_problem(unsigned *bits);

#endif

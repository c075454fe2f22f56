#include "sessions/sl_framing.h"

#include "ciphers/octets.h"

#include <glib.h>

/* --- MAC-LTE ------------------------------------------------------------------------------------------------------- */

enum { FIXED_LEN = 3, TAG_PHY = 0x0b, TAG_SR = 0x11, TAG_LAST = 0x11, CRC_SUCCESS = 1 };

/* The length of a tag's value, of which data[0..len) is what there is. False: no such tag, or the value is cut before it can be told. */
static bool value_len(uint8_t tag, const uint8_t *data, size_t len, size_t *value)
{
    static const uint8_t lengths[TAG_LAST + 1] = {
        [MAC_LTE_TAG_RNTI] = 2, [MAC_LTE_TAG_UEID] = 2,       [MAC_LTE_TAG_FRAME_SUBFRAME] = 2, [MAC_LTE_TAG_PREDEFINED] = 1,
        [MAC_LTE_TAG_RETX] = 1, [MAC_LTE_TAG_CRC_STATUS] = 1, [0x09] = 2, /* preamble */        [MAC_LTE_TAG_CARRIER_ID] = 1,
        [0x0e] = 1, /* CE mode */ [0x0f] = 1, /* NB mode */   [0x10] = 1, /* UL resource blocks */
    };
    if (tag <= MAC_LTE_TAG_PAYLOAD || tag > TAG_LAST)
        return false;
    *value = lengths[tag];
    if (tag == TAG_PHY) {
        if (len < 1)
            return false;
        *value = 1 + (size_t)data[0];
    } else if (tag == TAG_SR) {
        if (len < 2)
            return false;
        *value = 2 + 4 * (size_t)octets_u16(data);
    }
    return *value <= len;
}

bool mac_lte_frame_parse(mac_lte_frame *frame, const uint8_t *data, size_t len)
{
    *frame = (mac_lte_frame){0};
    if (len < FIXED_LEN)
        return false;
    frame->radio_type = data[0];
    frame->direction = data[1];
    frame->rnti_type = data[2];
    for (size_t at = FIXED_LEN; at < len; frame->tag_count++) {
        uint8_t tag = data[at++];
        size_t value;
        if (tag == MAC_LTE_TAG_PAYLOAD) {
            frame->pdu_offset = at;
            return at < len;
        }
        if (frame->tag_count == MAC_LTE_MAX_TAGS || !value_len(tag, data + at, len - at, &value))
            return false;
        frame->tags[frame->tag_count] = (mac_lte_tag){tag, at, value};
        if (tag == MAC_LTE_TAG_PREDEFINED)
            frame->is_predefined = data[at];
        else if (tag == MAC_LTE_TAG_CRC_STATUS)
            frame->crc_failed = data[at] != CRC_SUCCESS;
        at += value;
    }
    return false;
}

/* --- sidelink PDCP ------------------------------------------------------------------------------------------------- */

static const sl_problem problems[] = {
    {SL_PDCP_FRAME_VERSION, SL_ERROR, "The framing is of a version that is not known"},
    {SL_PDCP_FRAME_CUT, SL_ERROR, "The framing ends without a PDU"},
    {SL_PDCP_FRAME_FLAGS, SL_NOTE, "Reserved flags of the framing are not zero"},
    {SL_PDCP_FRAME_LCID, SL_WARNING, "The LCID of the framing has more than 5 bits"},
    {SL_PDCP_FRAME_TAG, SL_NOTE, "The framing has a tag that is not known; it is passed over"},
};

const sl_problem *sl_pdcp_frame_take_problem(unsigned *bits)
{
    return sl_problem_take(problems, G_N_ELEMENTS(problems), bits);
}

bool sl_pdcp_frame_begins(const uint8_t *data, size_t len)
{
    return len >= SL_PDCP_START_LEN && memcmp(data, SL_PDCP_START, SL_PDCP_START_LEN) == 0;
}

static void read_link(sl_pdcp_frame *frame, const uint8_t *data)
{
    const uint8_t known = SL_PDCP_DIRECTION_KNOWN | SL_PDCP_DIRECTION | SL_PDCP_ONE_TO_MANY;
    uint8_t flags = data[SL_PDCP_FLAGS_AT], lcid = data[SL_PDCP_LCID_AT];
    frame->link = (sl_link){
        .source = octets_u24(data + SL_PDCP_SOURCE_AT),
        .destination = octets_u24(data + SL_PDCP_DESTINATION_AT),
        .destination_bits = 24,
        .lcid = lcid & 0x1f,
        .cast = flags & SL_PDCP_ONE_TO_MANY ? SL_ONE_TO_MANY : SL_ONE_TO_ONE,
        .direction_known = flags & SL_PDCP_DIRECTION_KNOWN,
        .direction = flags & SL_PDCP_DIRECTION ? 1 : 0,
    };
    if (flags & ~known)
        frame->problems |= SL_PDCP_FRAME_FLAGS;
    if (lcid & ~0x1f)
        frame->problems |= SL_PDCP_FRAME_LCID;
}

/* The offset behind the payload tag; 0: it is not there. */
static size_t find_pdu(sl_pdcp_frame *frame, const uint8_t *data, size_t len)
{
    size_t at = SL_PDCP_TAGS_AT;
    while (at < len && data[at] != MAC_LTE_TAG_PAYLOAD) {
        frame->problems |= SL_PDCP_FRAME_TAG;
        if (len - at < 2)
            return 0;
        at += 2 + (size_t)data[at + 1];
    }
    return at < len ? at + 1 : 0;
}

bool sl_pdcp_frame_parse(sl_pdcp_frame *frame, const uint8_t *data, size_t len, size_t air_len)
{
    *frame = (sl_pdcp_frame){0};
    if (len > SL_PDCP_VERSION_AT) {
        frame->version = data[SL_PDCP_VERSION_AT];
        if (frame->version != SL_PDCP_VERSION) {
            frame->problems = SL_PDCP_FRAME_VERSION;
            return false;
        }
    }
    if (len >= SL_PDCP_TAGS_AT) {
        read_link(frame, data);
        frame->header_len = find_pdu(frame, data, len);
    }
    if (frame->header_len && frame->header_len < air_len)
        return true;
    if (len == air_len) /* otherwise what is missing the capture lacks */
        frame->problems |= SL_PDCP_FRAME_CUT;
    return false;
}

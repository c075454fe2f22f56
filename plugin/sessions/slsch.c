#include "sessions/slsch.h"

#include "ciphers/octets.h"

#include <glib.h>

enum {
    VERSION_GROUPCAST = 1,
    VERSION_UNICAST = 2,
    VERSION_V2X = 3,
    VERSION_V2X_REL_15 = 4,
};

enum { ID_LEN_SHORT_DESTINATION = 6, ID_LEN_LONG_DESTINATION = 7, MOST_LEADING_PADDING = 2 };

static const sl_problem problems[] = {
    {SLSCH_HEADER_CUT, SL_ERROR, "The PDU ends within the SL-SCH subheader (TS 36.321 section 6.1.6)"},
    {SLSCH_VERSION, SL_WARNING,
     "The version V is reserved: the destination may not be what it seems (TS 36.321 section 6.2.4)"},
    {SLSCH_VERSION_4, SL_NOTE, "Version 4 is read like version 3, with a destination of 24 bits"},
    {SLSCH_RESERVED, SL_NOTE, "Reserved bits of the SL-SCH subheader are not zero (TS 36.321 section 6.2.4)"},
    {SLSCH_SAME_IDS, SL_NOTE, "Source and destination are the same Layer-2 ID"},
    {SLSCH_NO_SUBHEADER, SL_ERROR, "No subheader follows the SL-SCH subheader (TS 36.321 section 6.1.6)"},
    {SLSCH_TOO_MANY, SL_ERROR, "There are more subheaders than are read"},
    {SLSCH_SUBHEADER_CUT, SL_ERROR,
     "The PDU ends within its subheaders: another one, or a length, should follow (TS 36.321 section 6.1.6)"},
    {SLSCH_SUBHEADER_RESERVED, SL_NOTE, "Reserved bits of the subheader are not zero (TS 36.321 section 6.2.4)"},
    {SLSCH_LCID_RESERVED, SL_WARNING, "The LCID is reserved (TS 36.321 table 6.2.4-1)"},
    {SLSCH_LCID_DUPLICATE, SL_NOTE, "The LCID is one for duplicated PDUs, of Rel-15 (TS 36.321 table 6.2.4-1)"},
    {SLSCH_LENGTH_OVER, SL_ERROR, "L is more than what is left of the PDU (TS 36.321 section 6.2.4)"},
    {SLSCH_LENGTH_FORM, SL_NOTE, "F says 15 bits, but L would fit in 7 (TS 36.321 section 6.2.4)"},
    {SLSCH_LENGTH_ZERO, SL_WARNING, "The SDU is empty"},
    {SLSCH_PADDING_PLACE, SL_WARNING,
     "A padding subheader stands behind one of data, yet is not the last (TS 36.321 section 6.1.6)"},
    {SLSCH_PADDING_MANY, SL_WARNING, "More than two padding subheaders stand in front (TS 36.321 section 6.1.6)"},
    {SLSCH_PADDING_TWICE, SL_NOTE, "There is padding in front and at the end (TS 36.321 section 6.1.6)"},
};

const sl_problem *slsch_take_problem(unsigned *bits)
{
    return sl_problem_take(problems, G_N_ELEMENTS(problems), bits);
}

/* --- the SL-SCH subheader ------------------------------------------------------------------------------------------ */

static sl_cast cast_of(uint8_t version)
{
    switch (version) {
    case VERSION_GROUPCAST:
        return SL_ONE_TO_MANY;
    case VERSION_UNICAST:
        return SL_ONE_TO_ONE;
    default:
        return SL_CAST_UNKNOWN;
    }
}

static bool read_ids(slsch_pdu *pdu, const uint8_t *data, size_t len)
{
    if (len == 0)
        return false;
    pdu->version = data[0] >> 4;
    if (data[0] & 0x0f)
        pdu->problems |= SLSCH_RESERVED;
    if (pdu->version == VERSION_V2X_REL_15)
        pdu->problems |= SLSCH_VERSION_4;
    else if (pdu->version < VERSION_GROUPCAST || pdu->version > VERSION_V2X)
        pdu->problems |= SLSCH_VERSION;
    bool long_destination = pdu->version == VERSION_V2X || pdu->version == VERSION_V2X_REL_15;
    size_t id_len = long_destination ? ID_LEN_LONG_DESTINATION : ID_LEN_SHORT_DESTINATION;
    if (len < id_len)
        return false;
    pdu->id_len = id_len;
    pdu->link = (sl_link){
        .source = octets_u24(data + 1),
        .destination = long_destination ? octets_u24(data + 4) : octets_u16(data + 4),
        .destination_bits = long_destination ? 24 : 16,
        .cast = cast_of(pdu->version),
    };
    if (pdu->link.source >> (24 - pdu->link.destination_bits) == pdu->link.destination)
        pdu->problems |= SLSCH_SAME_IDS;
    return true;
}

/* --- the list of subheaders ---------------------------------------------------------------------------------------- */

static void check_lcid(slsch_subheader *subheader)
{
    uint8_t lcid = subheader->lcid;
    if (lcid >= SL_LCID_DUPLICATE_FIRST && lcid <= SL_LCID_DUPLICATE_LAST)
        subheader->problems |= SLSCH_LCID_DUPLICATE;
    else if (lcid > SL_LCID_STCH_LAST ? lcid < SL_LCID_PC5S : lcid < SL_LCID_STCH_FIRST)
        subheader->problems |= SLSCH_LCID_RESERVED;
}

/* F and L at `at`. False: they do not fit. */
static bool read_length(slsch_subheader *subheader, const uint8_t *at, size_t left)
{
    if (left < 1)
        return false;
    subheader->long_length = at[0] & 0x80;
    if (subheader->long_length && left < 2)
        return false;
    subheader->length = subheader->long_length ? octets_u16(at) & 0x7fff : at[0];
    subheader->len += subheader->long_length ? 2 : 1;
    if (subheader->long_length && subheader->length < 128)
        subheader->problems |= SLSCH_LENGTH_FORM;
    return true;
}

static bool read_subheader(slsch_subheader *subheader, const uint8_t *data, size_t len, size_t offset)
{
    uint8_t first = data[offset];
    *subheader = (slsch_subheader){.offset = offset, .len = 1, .lcid = first & 0x1f, .extended = first & 0x20};
    if (first & 0xc0)
        subheader->problems |= SLSCH_SUBHEADER_RESERVED;
    check_lcid(subheader);
    if (!subheader->extended || subheader->lcid == SL_LCID_PADDING)
        return true;
    return read_length(subheader, data + offset + 1, len - offset - 1);
}

/* Subheaders up to the one without E. False: the list is cut, or longer than is read. */
static bool read_subheaders(slsch_pdu *pdu, const uint8_t *data, size_t len)
{
    size_t offset = pdu->id_len;
    slsch_subheader *subheader;
    if (offset == len) {
        pdu->problems |= SLSCH_NO_SUBHEADER;
        return false;
    }
    do {
        if (pdu->count == SLSCH_MAX_SUBHEADERS) {
            pdu->problems |= SLSCH_TOO_MANY;
            return false;
        }
        subheader = &pdu->subheaders[pdu->count];
        if (offset >= len || !read_subheader(subheader, data, len, offset)) {
            pdu->problems |= SLSCH_SUBHEADER_CUT;
            return false;
        }
        pdu->count++;
        offset += subheader->len;
    } while (subheader->extended);
    pdu->header_len = offset;
    return true;
}

static void check_padding(slsch_pdu *pdu)
{
    unsigned leading = 0;
    bool data_seen = false;
    for (unsigned i = 0; i < pdu->count; i++) {
        slsch_subheader *subheader = &pdu->subheaders[i];
        if (subheader->lcid != SL_LCID_PADDING) {
            data_seen = true;
        } else if (!subheader->extended) {
            if (leading)
                subheader->problems |= SLSCH_PADDING_TWICE;
        } else if (data_seen) {
            subheader->problems |= SLSCH_PADDING_PLACE;
        } else if (++leading == MOST_LEADING_PADDING + 1) {
            subheader->problems |= SLSCH_PADDING_MANY;
        }
    }
}

/* --- bodies -------------------------------------------------------------------------------------------------------- */

static void place_bodies(slsch_pdu *pdu, const uint8_t *data, size_t len, size_t air_len)
{
    size_t offset = pdu->header_len;
    for (unsigned i = 0; i < pdu->count; i++) {
        slsch_subheader *subheader = &pdu->subheaders[i];
        size_t left = air_len - offset;
        if (subheader->lcid == SL_LCID_PADDING && subheader->extended)
            continue;
        subheader->body_len = subheader->extended ? subheader->length : left;
        if (subheader->body_len > left) {
            subheader->problems |= SLSCH_LENGTH_OVER;
            subheader->body_len = left;
        }
        if (subheader->body_len == 0 && subheader->lcid != SL_LCID_PADDING)
            subheader->problems |= SLSCH_LENGTH_ZERO;
        if (offset < len && subheader->body_len) {
            size_t captured = len - offset;
            subheader->body.data = data + offset;
            subheader->body.len = subheader->body_len < captured ? subheader->body_len : captured;
        }
        offset += subheader->body_len;
    }
}

bool slsch_parse(slsch_pdu *pdu, const uint8_t *data, size_t len, size_t air_len)
{
    *pdu = (slsch_pdu){0};
    bool ids = read_ids(pdu, data, len);
    if (!ids)
        pdu->problems |= SLSCH_HEADER_CUT;
    bool complete = ids && read_subheaders(pdu, data, len);
    if (!complete && len < air_len) /* what is missing the capture lacks, not the PDU */
        pdu->problems &= ~(unsigned)(SLSCH_HEADER_CUT | SLSCH_NO_SUBHEADER | SLSCH_SUBHEADER_CUT);
    check_padding(pdu);
    if (complete)
        place_bodies(pdu, data, len, air_len);
    return complete;
}

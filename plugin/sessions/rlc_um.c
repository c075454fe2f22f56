#include "sessions/rlc_um.h"

#include "ciphers/octets.h"

#include <glib.h>

#define LI_BITS 12 /* with its E */

static const sl_problem problems[] = {
    {RLC_UM_HEADER_CUT, SL_ERROR, "The PDU ends within its header (TS 36.322 section 6.2.1.3)"},
    {RLC_UM_RESERVED, SL_NOTE, "Reserved bits of the header are not zero (TS 36.322 section 6.2.1.3)"},
    {RLC_UM_LI_CUT, SL_ERROR, "The PDU ends within its length indicators (TS 36.322 section 6.2.1.3)"},
    {RLC_UM_LI_ZERO, SL_ERROR, "A length indicator is 0, which is reserved (TS 36.322 section 6.2.2.5)"},
    {RLC_UM_LI_OVER, SL_ERROR, "The length indicators leave nothing for the last piece (TS 36.322 section 6.2.2.5)"},
    {RLC_UM_LI_PADDING, SL_NOTE,
     "The 4 bits behind an odd number of length indicators are not zero (TS 36.322 section 6.2.1.3)"},
    {RLC_UM_TOO_MANY, SL_ERROR, "There are more length indicators than are read"},
    {RLC_UM_EMPTY, SL_ERROR, "The PDU carries nothing (TS 36.322 section 6.2.1.3)"},
};

const sl_problem *rlc_um_take_problem(unsigned *bits)
{
    return sl_problem_take(problems, G_N_ELEMENTS(problems), bits);
}

static void read_fixed_part(rlc_um_pdu *pdu, const uint8_t *data)
{
    if (pdu->sn_bits == RLC_UM_SN_5) {
        pdu->fi = data[0] >> 6;
        pdu->extended = data[0] & 0x20;
        pdu->sn = data[0] & 0x1f;
        return;
    }
    pdu->fi = data[0] >> 3 & 3;
    pdu->extended = data[0] & 0x04;
    pdu->sn = octets_u16(data) & 0x3ff;
    if (data[0] & 0xe0)
        pdu->problems |= RLC_UM_RESERVED;
}

/* The 12 bits of LI number `index` and its E, of a list that begins at `list`. */
static unsigned li_at(const uint8_t *list, unsigned index)
{
    const uint8_t *at = list + index * LI_BITS / 8;
    return index % 2 ? octets_u16(at) & 0xfff : octets_u16(at) >> 4;
}

/* Reads the LIs from `offset` on as lengths of pieces. *end receives the offset behind them. False: the list cannot be followed. */
static bool read_list(rlc_um_pdu *pdu, const uint8_t *data, size_t len, size_t offset, size_t *end)
{
    bool extended = pdu->extended;
    unsigned count = 0;
    for (; extended; count++) {
        if (count == RLC_UM_MAX_PIECES - 1) {
            pdu->problems |= RLC_UM_TOO_MANY;
            return false;
        }
        if (offset + ((count + 1) * LI_BITS + 7) / 8 > len) {
            pdu->problems |= RLC_UM_LI_CUT;
            return false;
        }
        unsigned li = li_at(data + offset, count);
        extended = li & 0x800;
        pdu->pieces[count].len = li & 0x7ff;
        if (pdu->pieces[count].len == 0)
            pdu->problems |= RLC_UM_LI_ZERO;
    }
    *end = offset + (count * LI_BITS + 7) / 8;
    if (count % 2 && data[*end - 1] & 0x0f)
        pdu->problems |= RLC_UM_LI_PADDING;
    pdu->count = count + 1;
    return true;
}

/* Where the pieces lie; the last has what the others leave. */
static void place_pieces(rlc_um_pdu *pdu, const uint8_t *data, size_t len, size_t air_len)
{
    size_t offset = pdu->header_len;
    for (unsigned i = 0; i < pdu->count; i++) {
        rlc_um_piece *piece = &pdu->pieces[i];
        size_t left = air_len > offset ? air_len - offset : 0;
        bool is_last = i + 1 == pdu->count;
        if (is_last)
            piece->len = left;
        if (piece->len > left || (is_last && left == 0)) {
            pdu->problems |= pdu->count > 1 ? RLC_UM_LI_OVER : RLC_UM_EMPTY;
            return;
        }
        piece->starts = i > 0 || !(pdu->fi & RLC_UM_FIRST_CONTINUES);
        piece->ends = !is_last || !(pdu->fi & RLC_UM_LAST_GOES_ON);
        piece->octets = (octet_span){NULL, 0};
        if (offset < len)
            piece->octets = (octet_span){data + offset, MIN(piece->len, len - offset)};
        offset += piece->len;
    }
}

bool rlc_um_parse(rlc_um_pdu *pdu, const uint8_t *data, size_t len, size_t air_len, uint8_t sn_bits)
{
    const size_t fixed_len = sn_bits == RLC_UM_SN_5 ? 1 : 2;
    const unsigned cut = RLC_UM_HEADER_CUT | RLC_UM_LI_CUT;
    const unsigned fatal = cut | RLC_UM_LI_ZERO | RLC_UM_LI_OVER | RLC_UM_TOO_MANY | RLC_UM_EMPTY;
    pdu->sn_bits = sn_bits;
    pdu->fi = 0;
    pdu->extended = false;
    pdu->sn = 0;
    pdu->header_len = 0;
    pdu->count = 0;
    pdu->problems = 0;
    bool fits = len >= fixed_len;
    if (fits) {
        read_fixed_part(pdu, data);
        fits = read_list(pdu, data, len, fixed_len, &pdu->header_len);
    } else {
        pdu->problems = RLC_UM_HEADER_CUT;
    }
    if (fits)
        place_pieces(pdu, data, len, air_len);
    if (pdu->problems & fatal)
        pdu->count = 0;
    if (len < air_len) /* what is missing the capture lacks, not the PDU */
        pdu->problems &= ~cut;
    return pdu->count > 0;
}

void rlc_um_watch_sn(rlc_um_sn_watch *watch, const uint8_t *data, size_t len)
{
    if (watch->told || len < 2)
        return;
    if (data[0] & 0xe0) {
        watch->told = RLC_UM_SN_5;
        return;
    }
    if (watch->seen) {
        unsigned step_of_5 = (unsigned)(data[0] - watch->before[0]) & 0x1f;
        unsigned step_of_10 = (unsigned)(octets_u16(data) - octets_u16(watch->before)) & 0x3ff;
        if (step_of_10 == 1 && step_of_5 != 1)
            watch->told = RLC_UM_SN_10;
        else if (step_of_5 == 1 && step_of_10 != 1)
            watch->told = RLC_UM_SN_5;
    }
    watch->seen = true;
    watch->before[0] = data[0];
    watch->before[1] = data[1];
}

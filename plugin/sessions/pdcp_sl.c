#include "sessions/pdcp_sl.h"

#include "ciphers/octets.h"

#include <glib.h>

static const sl_problem problems[] = {
    {PDCP_SL_HEADER_CUT, SL_ERROR, "The PDU ends within its header (TS 36.323 section 6.2.10)"},
    {PDCP_SL_EMPTY, SL_WARNING, "The PDU carries no data"},
    {PDCP_SL_SDU_TYPE, SL_ERROR, "The SDU type is reserved: a receiver discards the PDU (TS 36.323 sections 5.8 and 6.3.14)"},
    {PDCP_SL_RESERVED, SL_NOTE, "Reserved bits of the header are not zero (TS 36.323 section 6.2.10)"},
    {PDCP_SL_NO_KEY_ID, SL_WARNING,
     "No KD-sess ID: not protected, on a channel for protected messages (TS 36.323 section 5.6.2, TS 36.321 table 6.2.4-1)"},
    {PDCP_SL_KEY_ID_ON_PLAIN, SL_WARNING,
     "A KD-sess ID on the channel of messages that are not protected (TS 36.321 table 6.2.4-1)"},
    {PDCP_SL_NO_ROOM_FOR_MAC_I, SL_ERROR, "The data is too short to hold a MAC-I (TS 36.323 section 6.2.10)"},
    {PDCP_SL_TOO_LONG, SL_WARNING, "The SDU is longer than 8188 octets (TS 36.323 section 4.3.1)"},
    {PDCP_SL_NOT_IP, SL_WARNING, "The SDU begins like neither IPv4 nor IPv6: header compression, or a wrong SDU type"},
    {PDCP_SL_PGK_WITHOUT_PTK, SL_WARNING, "A PGK index without a PTK identity (TS 36.323 section 6.2.10)"},
    {PDCP_SL_SN_OF_PLAIN, SL_NOTE, "The PDU is not protected, yet its SN is not 0 (TS 36.323 up to Rel-14, section 5.6.2)"},
    {PDCP_SL_TYPE_ON_CHANNEL, SL_WARNING, "The SDU type does not go with the logical channel (TS 36.321 table 6.2.4-1)"},
    {PDCP_SL_GROUPCAST_PC5S, SL_WARNING, "MAC says groupcast on a channel of one-to-one signalling (TS 36.321 section 6.2.4)"},
    {PDCP_SL_SN_REUSED, SL_WARNING, "Other data went under the same key and SN: keystream reuse (TS 36.323 section 5.1.3)"},
    {PDCP_SL_SN_REPEATED, SL_NOTE, "This very PDU has been there before"},
    {PDCP_SL_SN_BEGAN_ANEW, SL_WARNING, "The SN began anew under the same key (TS 36.323 section 5.1.3)"},
};

const sl_problem *pdcp_sl_take_problem(unsigned *bits)
{
    return sl_problem_take(problems, G_N_ELEMENTS(problems), bits);
}

static sl_cast cast_of(const sl_link *link, const pdcp_sl_rules *rules, uint8_t low_bits)
{
    if (sl_lcid_is_pc5s(link->lcid))
        return SL_ONE_TO_ONE;
    if (link->cast != SL_CAST_UNKNOWN)
        return link->cast;
    if (rules->cast != SL_CAST_UNKNOWN)
        return rules->cast;
    return low_bits ? SL_ONE_TO_MANY : SL_ONE_TO_ONE;
}

static unsigned check_channel(const sl_pdu *pdu, sl_cast cast_of_mac)
{
    uint8_t lcid = pdu->link.lcid;
    unsigned found = 0;
    if (lcid != SL_LCID_UNKNOWN && sl_lcid_is_pc5s(lcid) != (pdu->sdu_type == PDCP_SL_PC5S))
        found |= PDCP_SL_TYPE_ON_CHANNEL;
    if (sl_lcid_is_pc5s(lcid) && cast_of_mac == SL_ONE_TO_MANY)
        found |= PDCP_SL_GROUPCAST_PC5S;
    if (lcid == SL_LCID_PC5S && pdu->key_id)
        found |= PDCP_SL_KEY_ID_ON_PLAIN;
    if ((lcid == SL_LCID_PC5S_SECURITY_MODE || lcid == SL_LCID_PC5S_PROTECTED) && !pdu->key_id)
        found |= PDCP_SL_NO_KEY_ID;
    return found;
}

static unsigned check_header(const sl_pdu *pdu)
{
    unsigned found = 0;
    if (pdu->sdu_type >= PDCP_SL_FIRST_RESERVED)
        found |= PDCP_SL_SDU_TYPE;
    if (pdu->link.cast == SL_ONE_TO_ONE && pdu->pgk_index)
        found |= PDCP_SL_RESERVED;
    if (pdu->link.cast == SL_ONE_TO_MANY && pdu->pgk_index && !pdu->key_id)
        found |= PDCP_SL_PGK_WITHOUT_PTK;
    if (!pdu->key_id && pdu->sn)
        found |= PDCP_SL_SN_OF_PLAIN;
    return found;
}

static bool expects_mac_i(const sl_pdu *pdu, const pdcp_sl_rules *rules)
{
    if (pdu->link.cast != SL_ONE_TO_ONE || !pdu->key_id)
        return false;
    return sl_lcid_is_pc5s(pdu->link.lcid) || pdu->sdu_type == PDCP_SL_PC5S || rules->mac_i_on_all;
}

/* Data and MAC-I, of which the capture may hold less than there was. */
static void place_data(sl_pdu *pdu, const pdcp_sl_rules *rules, const uint8_t *data, size_t len, size_t air_len)
{
    size_t mac_i_at = air_len;
    pdu->has_mac_i = expects_mac_i(pdu, rules);
    if (pdu->has_mac_i && air_len - PDCP_SL_HEADER_LEN < PDCP_SL_MAC_I_LEN) {
        pdu->has_mac_i = false;
        pdu->problems |= PDCP_SL_NO_ROOM_FOR_MAC_I;
    }
    if (pdu->has_mac_i)
        mac_i_at -= PDCP_SL_MAC_I_LEN;
    if (pdu->has_mac_i && len == air_len)
        pdu->mac_i = (octet_span){data + mac_i_at, PDCP_SL_MAC_I_LEN};
    pdu->data_len = mac_i_at - PDCP_SL_HEADER_LEN;
    size_t captured = MIN(len - PDCP_SL_HEADER_LEN, pdu->data_len);
    if (captured)
        pdu->data = (octet_span){data + PDCP_SL_HEADER_LEN, captured};
    if (pdu->data_len == 0)
        pdu->problems |= PDCP_SL_EMPTY;
    if (pdu->data_len > PDCP_SL_MAX_SDU_LEN)
        pdu->problems |= PDCP_SL_TOO_LONG;
}

bool pdcp_sl_parse(sl_pdu *pdu, const sl_link *link, const pdcp_sl_rules *rules, const uint8_t *data, size_t len,
                   size_t air_len)
{
    *pdu = (sl_pdu){.link = *link};
    if (len < PDCP_SL_HEADER_LEN) {
        pdu->problems = air_len < PDCP_SL_HEADER_LEN ? PDCP_SL_HEADER_CUT : 0;
        return false;
    }
    pdu->header = (octet_span){data, PDCP_SL_HEADER_LEN};
    pdu->sdu_type = data[0] >> 5;
    pdu->pgk_index = data[0] & 0x1f;
    pdu->key_id = octets_u16(data + 1);
    pdu->sn = octets_u16(data + 3);
    pdu->link.cast = cast_of(link, rules, pdu->pgk_index);
    pdu->problems = check_channel(pdu, link->cast) | check_header(pdu);
    place_data(pdu, rules, data, len, air_len);
    return true;
}

void pdcp_sl_check_sdu(sl_pdu *pdu, const uint8_t *plain, size_t len)
{
    if (pdu->sdu_type == PDCP_SL_IP && len && plain[0] >> 4 != 4 && plain[0] >> 4 != 6)
        pdu->problems |= PDCP_SL_NOT_IP;
}

uint32_t sl_pdu_digest(const sl_pdu *pdu)
{
    uint32_t digest = pdu->data.data ? octets_hash(pdu->data.data, pdu->data.len) : 0;
    return pdu->mac_i.data ? digest ^ octets_u32(pdu->mac_i.data) : digest;
}

uint32_t sl_pdu_position(const sl_pdu *pdu)
{
    return sl_pdu_digest(pdu) ^ sl_pdu_count(pdu);
}

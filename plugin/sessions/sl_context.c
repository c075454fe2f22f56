#include "sessions/sl_context.h"

#include "ciphers/octets.h"

#include <openssl/crypto.h>
#include <string.h>

#define IPV4_HEADER_LEN 20
#define IPV4_CHECKSUM_AT 10
#define IPV6_HEADER_LEN 40

/* --- keys ---------------------------------------------------------------------------------------------------------- */

uint64_t sl_ends(const sl_link *link)
{
    if (link->destination_bits == 0)
        return 0;
    uint64_t source = link->source >> 8;
    uint64_t destination = link->destination_bits > 16 ? link->destination >> 8 : link->destination;
    return MIN(source, destination) << 16 | MAX(source, destination);
}

bool sl_context_set_keys(sl_context *context, const uint8_t *pek, const uint8_t *pik)
{
    context->has_pek = pek && eea_init(&context->cipher, (eps_algorithm)context->eea, pek);
    context->has_pik = pik && eia_init(&context->integrity, (eps_algorithm)context->eia, pik);
    if (pek) {
        memcpy(context->pek, pek, EPS_KEY_LEN);
        key_fingerprint(pek, EPS_KEY_LEN, context->pek_fingerprint);
    }
    if (pik)
        memcpy(context->pik, pik, EPS_KEY_LEN);
    return (!pek || context->has_pek) && (!pik || context->has_pik);
}

bool sl_context_derive(sl_context *context, const prose_kdf_profile *profile, const threegpp_key *from)
{
    uint8_t pek[EPS_KEY_LEN], pik[EPS_KEY_LEN];
    bool is_group = context->key_id & SL_GROUP_KEY;
    bool ok = prose_traffic_key(profile, from, PROSE_PEK, context->eea, pek) &&
              (is_group || prose_traffic_key(profile, from, PROSE_PIK, context->eia, pik)) &&
              sl_context_set_keys(context, pek, is_group ? NULL : pik);
    OPENSSL_cleanse(pek, sizeof pek);
    OPENSSL_cleanse(pik, sizeof pik);
    context->kd_sess = *from;
    key_fingerprint(from->octets, from->len, context->kd_sess_fingerprint);
    return ok;
}

void sl_context_free(sl_context *context)
{
    if (!context)
        return;
    if (context->has_pek)
        eea_clear(&context->cipher);
    if (context->has_pik)
        eia_clear(&context->integrity);
    g_free(context->found);
    OPENSSL_cleanse(context, sizeof *context);
    g_free(context);
}

/* --- opening ------------------------------------------------------------------------------------------------------- */

static eps_input input_of(const sl_context *context, const sl_reading *reading, const sl_pdu *pdu)
{
    bool from_commander = context->commander == (int)(pdu->link.source >> 8);
    bool is_group = context->key_id & SL_GROUP_KEY;
    return (eps_input){.count = sl_pdu_count(pdu),
                       .bearer = sl_bearer(reading->bearer, pdu->link.lcid),
                       .direction = pdu->link.direction_known ? pdu->link.direction
                                    : is_group                ? 0
                                                              : sl_direction(reading->direction, from_commander)};
}

static bool decipher(sl_context *context, const eps_input *input, uint8_t *octets, size_t len)
{
    return context->eea == EPS_NULL || (context->has_pek && eea_crypt(&context->cipher, input, octets, len, octets));
}

static sl_fit check_mac_i(sl_context *context, const sl_reading *reading, const eps_input *input, const uint8_t *work, size_t len)
{
    const uint8_t *covered = reading->mac_i_over_data ? work + PDCP_SL_HEADER_LEN : work;
    size_t covered_len = reading->mac_i_over_data ? len : PDCP_SL_HEADER_LEN + len;
    uint8_t mac_i[EIA_MAC_LEN];
    if (!context->has_pik)
        return SL_UNCHECKED;
    if (covered_len == 0 || !eia_mac_i(&context->integrity, input, covered, 8 * covered_len, mac_i))
        return SL_IMPOSSIBLE;
    if (memcmp(mac_i, work + PDCP_SL_HEADER_LEN + len, sizeof mac_i) != 0)
        return SL_DIFFERS;
    return context->eia == EPS_NULL ? SL_UNCHECKED : SL_FITS;
}

sl_fit sl_context_open(sl_context *context, const sl_reading *reading, const sl_pdu *pdu, bool ciphered, uint8_t work[SL_WORK_LEN])
{
    size_t len = pdu->data_len;
    uint8_t *data = work + PDCP_SL_HEADER_LEN;
    if (context->unsupported || len > PDCP_SL_MAX_SDU_LEN)
        return SL_IMPOSSIBLE;
    memcpy(work, pdu->header.data, PDCP_SL_HEADER_LEN);
    if (len > 0)
        memcpy(data, pdu->data.data, len);
    if (pdu->has_mac_i)
        memcpy(data + len, pdu->mac_i.data, PDCP_SL_MAC_I_LEN);
    const eps_input input = input_of(context, reading, pdu);
    size_t ciphered_len = len + (pdu->has_mac_i && reading->mac_i_ciphered ? PDCP_SL_MAC_I_LEN : 0);
    if (ciphered && ciphered_len > 0 && !decipher(context, &input, data, ciphered_len))
        return SL_IMPOSSIBLE;
    return pdu->has_mac_i ? check_mac_i(context, reading, &input, work, len) : SL_UNCHECKED;
}

/* --- what plaintext looks like ------------------------------------------------------------------------------------- */

/* RFC 1071: of a whole header the sum is all ones. A sender whose interface would fill the checksum in leaves 0 there, which is as rare by
 * chance as a right one. */
static bool has_valid_checksum(const uint8_t *header, size_t len)
{
    uint32_t sum = 0;
    if (octets_u16(header + IPV4_CHECKSUM_AT) == 0)
        return true;
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += octets_u16(header + i);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

/* Next headers that an IPv6 header is followed by (IANA registry of protocol numbers): extension headers and usual protocols. */
static bool is_usual_next_header(uint8_t next)
{
    static const uint8_t usual[] = {0, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 103, 132, 136};
    return memchr(usual, next, sizeof usual) != NULL;
}

static bool is_ip(const uint8_t *sdu, size_t len)
{
    size_t header_len = len > 0 ? (size_t)(sdu[0] & 0xf) * 4 : 0;
    if (len >= IPV6_HEADER_LEN && sdu[0] >> 4 == 6)
        return octets_u16(sdu + 4) == len - IPV6_HEADER_LEN && is_usual_next_header(sdu[6]);
    return len >= IPV4_HEADER_LEN && sdu[0] >> 4 == 4 && header_len >= IPV4_HEADER_LEN && header_len <= len &&
           octets_u16(sdu + 2) == len && has_valid_checksum(sdu, header_len);
}

/* RFC 826: hardware space, protocol space (IPv4), lengths of both addresses, operation, then four addresses. */
static bool is_arp(const uint8_t *sdu, size_t len)
{
    return len >= 8 && octets_u16(sdu + 2) == 0x0800 && sdu[5] == 4 && len == 8u + 2u * sdu[4] + 8u && octets_u16(sdu + 6) >= 1 &&
           octets_u16(sdu + 6) <= 2;
}

/* Without any problem: chance reads many octets as a message with some. */
static bool is_pc5s(const uint8_t *sdu, size_t len, const pc5s_options *options)
{
    pc5s_message *message = pc5s_parse(sdu, len, options);
    bool is = message->has_sequence && message->problem_count == 0;
    pc5s_free(message);
    return is;
}

bool sl_sdu_is_plausible(uint8_t sdu_type, const uint8_t *sdu, size_t len, const pc5s_options *options)
{
    switch (sdu_type) {
    case PDCP_SL_IP:
        return is_ip(sdu, len);
    case PDCP_SL_ARP:
        return is_arp(sdu, len);
    case PDCP_SL_PC5S:
        return is_pc5s(sdu, len, options);
    default:
        return false;
    }
}

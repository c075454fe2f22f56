#include "ciphers/rtp_packet.h"

#include "ciphers/octets.h"

#define CSRC_LEN 4
#define EXTENSION_PREFIX_LEN 4 /* profile and length */
#define RTCP_PACKET_PREFIX_LEN 4

static bool is_version_2(const uint8_t *data)
{
    return data[0] >> 6 == 2;
}

bool rtp_packet_parse(rtp_packet *packet, const uint8_t *data, size_t len)
{
    if (len < RTP_FIXED_HEADER_LEN || !is_version_2(data))
        return false;

    const bool has_extension = data[0] & 0x10;
    const size_t csrcs = data[0] & 0x0f;
    *packet = (rtp_packet) {
        .data = data,
        .len = len,
        .header_len = RTP_FIXED_HEADER_LEN + csrcs * CSRC_LEN,
        .seq = octets_u16(data + 2),
        .ssrc = octets_u32(data + 8),
    };
    if (has_extension) {
        if (len < packet->header_len + EXTENSION_PREFIX_LEN)
            return false;
        const uint8_t *prefix = data + packet->header_len;
        packet->ext_profile = octets_u16(prefix);
        packet->ext_len = 4 * (size_t)octets_u16(prefix + 2);
        packet->ext_offset = packet->header_len + EXTENSION_PREFIX_LEN;
        packet->header_len = packet->ext_offset + packet->ext_len;
    }
    return packet->header_len <= len;
}

bool rtp_packet_is_rtcp(const uint8_t *data, size_t len)
{
    return len >= 2 && data[1] >= 192 && data[1] <= 223;
}

bool rtcp_is_clear_compound(const uint8_t *data, size_t len)
{
    if (len == 0)
        return false;
    while (len > 0) {
        if (len < RTCP_PACKET_PREFIX_LEN || !is_version_2(data) || !rtp_packet_is_rtcp(data, len))
            return false;
        const size_t packet_len = 4 * ((size_t)octets_u16(data + 2) + 1); /* the field counts words, less one */
        if (packet_len > len)
            return false;
        data += packet_len;
        len -= packet_len;
    }
    return true;
}

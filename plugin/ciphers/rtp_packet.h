/* Where the parts of an RTP packet lie, as far as SRTP needs to know (RFC 3550 section 5.1). */
#ifndef D2DSEC_CIPHERS_RTP_PACKET_H
#define D2DSEC_CIPHERS_RTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*  0                   1                   2                   3
 *  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *  |                           timestamp                           |
 *  |                             SSRC                              |
 *  |            CSRC, 4 octets each, CC of them                    |
 *  |  extension profile (X=1)      |   length in 32-bit words      |
 *  |            extension body                                     |
 *  |            payload, padding, pad count      then MKI and tag  |
 */
typedef struct {
    const uint8_t *data;  /* borrowed: the whole packet, MKI and tag included */
    size_t len;
    size_t header_len;    /* fixed header, CSRCs and header extension */
    size_t ext_offset;    /* of the extension's body, 0 when X=0 */
    size_t ext_len;
    uint16_t ext_profile;
    uint16_t seq;
    uint32_t ssrc;
} rtp_packet;

#define RTP_FIXED_HEADER_LEN 12
#define RTCP_HEADER_LEN 8

/* Reads the header of data[0..len). False when it is not RTP version 2 or its header does not fit. */
bool rtp_packet_parse(rtp_packet *packet, const uint8_t *data, size_t len);

/* RFC 5761 section 4: whether the packet's second octet says RTCP (packet types 192..223). */
bool rtp_packet_is_rtcp(const uint8_t *data, size_t len);

/* Whether data[0..len) is, to its last octet, a compound of well-formed RTCP packets in the clear:
 * every one version 2, of a type 192..223, and their lengths adding up to `len` (RFC 3550 section 6.1,
 * RFC 5506 for one that does not begin with SR or RR). */
bool rtcp_is_clear_compound(const uint8_t *data, size_t len);

#endif

/* SRTP and SRTCP: a key log, then frames: an octet that says what it is and two addresses, then a packet or the text of a SIP message or
 * SDP body, or what was added to the key log.
 */
#include "fuzz.h"

#include "ciphers/rtp_packet.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SEARCHES 4 /* packets that nothing opens: each may have thousands of rollover counters tried on it */

static unsigned searches;

static void touch_header(octet_span data)
{
    rtp_packet packet;
    if (!rtp_packet_parse(&packet, data.data, data.len))
        return;
    FUZZ_MUST(packet.header_len <= data.len && packet.ext_offset + packet.ext_len <= packet.header_len);
    fuzz_touch(octet_span_at(data.data, packet.header_len), data);
}

static void check_opening(const media_packet *packet, const media_opening *opening, const uint8_t *plain)
{
    FUZZ_MUST(opening->plain_len <= packet->len);
    FUZZ_MUST(!opening->plain_len || opening->key);
    fuzz_touch(octet_span_at(plain, opening->plain_len), octet_span_at(plain, packet->len));
    if (!opening->plain_len)
        return;
    const size_t trailer = (size_t)opening->mki_len + opening->tag_len;
    FUZZ_MUST(opening->plain_len + trailer <= packet->len);
}

/* What was opened once stays open, with the same plaintext. */
static void take_packet(fuzz_capture *capture, const media_packet *packet)
{
    octet_span plain = fuzz_copy(packet->data, packet->len), again = fuzz_copy(packet->data, packet->len);
    media_opening opening, repeated;
    media_streams_any_hope(capture->streams);
    media_streams_open(capture->streams, packet, (uint8_t *)plain.data, &opening);
    check_opening(packet, &opening, plain.data);
    searches += opening.plain_len == 0;
    media_streams_open(capture->streams, packet, (uint8_t *)again.data, &repeated);
    check_opening(packet, &repeated, again.data);
    if (opening.plain_len) {
        FUZZ_MUST(repeated.verdict == opening.verdict && repeated.plain_len == opening.plain_len);
        FUZZ_MUST(repeated.index == opening.index && repeated.key == opening.key);
        FUZZ_MUST(memcmp(plain.data, again.data, opening.plain_len) == 0);
    }
    free((void *)plain.data);
    free((void *)again.data);
}

static void take(fuzz_capture *capture, uint32_t frame, octet_span piece)
{
    enum { IS_TEXT = 1, CUT_SHORT = 2, STRICT = 4, IS_LOG = 8 };
    const uint8_t flags = fuzz_octet(&piece);
    transport_address source, destination;
    if (!fuzz_addresses(&piece, &source, &destination))
        return;
    const octet_span octets = fuzz_copy(piece.data, piece.len);
    const bool lenient = fuzz_lenient;
    fuzz_lenient &= !(flags & STRICT);
    if (flags & IS_LOG) {
        fuzz_capture_log(capture, octets);
    } else if (flags & IS_TEXT) {
        const sdp_arrival arrival = {.frame = frame, .source = source, .destination = destination};
        fuzz_capture_signal(capture, &arrival, octets);
    } else if (octets.len && searches < MAX_SEARCHES) {
        const media_packet packet = {.frame = frame,
                                     .is_rtcp = rtp_packet_is_rtcp(octets.data, octets.len),
                                     .source = source,
                                     .destination = destination,
                                     .data = octets.data,
                                     .len = octets.len,
                                     .cut_short = flags & CUT_SHORT};
        touch_header(octets);
        rtcp_is_clear_compound(octets.data, octets.len);
        take_packet(capture, &packet);
    }
    fuzz_lenient = lenient;
    free((void *)octets.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    octet_span rest = octet_span_at(data, len);
    fuzz_lenient = fuzz_octet(&rest) & 1;
    searches = 0;
    fuzz_capture capture = fuzz_capture_open(&SL_PROFILE_DEFAULT, &pc5s_default_options);
    fuzz_capture_read(&capture, rest, take);
    fuzz_capture_close(&capture);
    return 0;
}

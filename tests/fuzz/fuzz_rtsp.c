/* RTSP: each piece is what one frame of a connection holds, behind an octet: its lowest bit says which way it went, the others are the
 * channel that is asked for behind it.
 */
#include "fuzz.h"

#include "keys/key_mgmt.h"
#include "keys/text_scan.h"

#include <stdlib.h>

static void touch_message(const rtsp_message *message, octet_span text)
{
    const text_span spans[] = {message->method,       message->uri,          message->session,
                               message->content_type, message->content_base, message->content_location};
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++)
        fuzz_touch_text(spans[i], text);
    FUZZ_MUST(message->header_len <= text.len);
    FUZZ_MUST(message->transport_count <= RTSP_MAX_TRANSPORTS && message->key_mgmt_count <= RTSP_MAX_KEY_MGMT);
    for (unsigned i = 0; i < message->transport_count; i++) {
        fuzz_touch_text(message->transports[i].protocol, text);
        fuzz_touch_text(message->transports[i].source, text);
        fuzz_touch_text(message->transports[i].destination, text);
        fuzz_touch_text(message->transports[i].mode, text);
    }
    for (unsigned i = 0; i < message->key_mgmt_count; i++) {
        fuzz_touch_text(message->key_mgmt[i].protocol, text);
        fuzz_touch_text(message->key_mgmt[i].uri, text);
        fuzz_touch_text(message->key_mgmt[i].data, text);
        fuzz_touch_text(message->key_mgmt[i].whole, text);
    }
    rtsp_control_is(message->session, rtsp_uri_path(message->content_base), rtsp_uri_path(message->uri));
}

static void take_key_mgmt(fuzz_capture *capture, uint32_t frame, const rtsp_message *message, const rtsp_exchange *exchange)
{
    FUZZ_MUST(exchange->keyed_count == message->key_mgmt_count);
    for (unsigned i = 0; i < message->key_mgmt_count; i++) {
        const rtsp_keyed *keyed = &exchange->keyed[i];
        const mikey_arrival at = {.frame = frame,
                                  .section = keyed->section,
                                  .offer_frame = exchange->offer_frame,
                                  .legs = keyed->legs,
                                  .leg_count = keyed->leg_count};
        key_mgmt attribute;
        key_mgmt_take(message->key_mgmt[i].protocol, message->key_mgmt[i].data, &attribute);
        if (attribute.message)
            mikey_sessions_add(capture->mikey, &at, octet_span_at(attribute.message, attribute.message_len));
        key_mgmt_clear(&attribute);
    }
}

/* Takes the message at text.data. Returns how many octets have been dealt with. */
static size_t take_message(fuzz_capture *capture, const rtsp_arrival *arrival, octet_span text)
{
    rtsp_message message;
    if (!rtsp_parse((const char *)text.data, text.len, &message))
        return message.header_len;
    touch_message(&message, text);
    const size_t body_len = MIN(message.content_length, text.len - message.header_len);
    const text_span body = text_span_of((const char *)text.data + message.header_len, body_len);
    const rtsp_exchange *exchange = rtsp_sessions_add(capture->rtsp, arrival, &message, body);
    FUZZ_MUST(rtsp_sessions_add(capture->rtsp, arrival, &message, body) == exchange);
    take_key_mgmt(capture, arrival->frame, &message, exchange);
    return message.header_len + body_len;
}

static void take(fuzz_capture *capture, uint32_t frame, octet_span piece)
{
    static const uint8_t client[4] = {10, 0, 0, 1}, server[4] = {10, 0, 0, 2};
    const uint8_t flags = fuzz_octet(&piece);
    const octet_span text = fuzz_copy(piece.data, piece.len);
    rtsp_arrival arrival = {.frame = frame};
    transport_address_set(flags & 1 ? &arrival.destination : &arrival.source, client, 4, 40000);
    transport_address_set(flags & 1 ? &arrival.source : &arrival.destination, server, 4, 554);
    size_t start = 0;
    while (start < text.len && rtsp_find_first((const char *)text.data, text.len, start, &start)) {
        arrival.position = (uint32_t)start;
        const size_t taken = take_message(capture, &arrival, octet_span_at(text.data + start, text.len - start));
        FUZZ_MUST(taken > 0);
        start += taken;
    }
    rtsp_sessions_stream_at(capture->rtsp, &arrival.source, &arrival.destination, flags >> 1);
    free((void *)text.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    octet_span rest = octet_span_at(data, len);
    fuzz_lenient = fuzz_octet(&rest) & 1;
    fuzz_capture capture = fuzz_capture_open(&SL_PROFILE_DEFAULT, &pc5s_default_options);
    fuzz_capture_read(&capture, rest, take);
    fuzz_capture_close(&capture);
    return 0;
}

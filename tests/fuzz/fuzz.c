#include "fuzz.h"

#include "ciphers/eia.h"
#include "ciphers/octets.h"
#include "keys/key_mgmt.h"
#include "keys/text_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
    abort();
}

/* --- the input ----------------------------------------------------------------------------------------------------- */

uint8_t fuzz_octet(octet_span *rest)
{
    if (rest->len == 0)
        return 0;
    rest->len--;
    return *rest->data++;
}

octet_span fuzz_copy(const void *data, size_t len)
{
    uint8_t *copy = malloc(len); /* of no octet, too, it is a block that nobody may read */
    if (!copy)
        abort();
    if (len)
        memcpy(copy, data, len);
    return octet_span_at(copy, len);
}

bool fuzz_piece(octet_span *rest, octet_span *piece)
{
    const size_t separator_len = strlen(FUZZ_SEPARATOR);
    if (rest->len == 0)
        return false;
    size_t len = 0;
    while (len < rest->len && (rest->len - len < separator_len || memcmp(rest->data + len, FUZZ_SEPARATOR, separator_len) != 0))
        len++;
    *piece = fuzz_copy(rest->data, len);
    size_t taken = len < rest->len ? len + separator_len : len;
    *rest = octet_span_at(rest->data + taken, rest->len - taken);
    return true;
}

void fuzz_touch(octet_span span, octet_span whole)
{
    if (!span.data || !span.len)
        return;
    FUZZ_MUST(span.data >= whole.data && span.data + span.len <= whole.data + whole.len);
    for (size_t i = 0; i < span.len; i++)
        (void)*(const volatile uint8_t *)&span.data[i];
}

void fuzz_touch_text(text_span span, octet_span whole)
{
    fuzz_touch(octet_span_at((const uint8_t *)span.text, span.len), whole);
}

text_span fuzz_text(octet_span piece)
{
    return text_span_of((const char *)piece.data, piece.len);
}

bool fuzz_addresses(octet_span *rest, transport_address *source, transport_address *destination)
{
    enum { ADDRESS_LEN = 6 };
    if (rest->len < 2 * ADDRESS_LEN)
        return false;
    transport_address_set(source, rest->data, 4, octets_u16(rest->data + 4));
    transport_address_set(destination, rest->data + ADDRESS_LEN, 4, octets_u16(rest->data + ADDRESS_LEN + 4));
    *rest = octet_span_at(rest->data + 2 * ADDRESS_LEN, rest->len - 2 * ADDRESS_LEN);
    return true;
}

/* --- authentication ------------------------------------------------------------------------------------------------ */

bool fuzz_lenient;
unsigned fuzz_right_macs;

/* The linker lets the library call these (--wrap), and finds what it would have called under __real_. */
int __real_CRYPTO_memcmp(const void *a, const void *b, size_t len);
int __wrap_CRYPTO_memcmp(const void *a, const void *b, size_t len);
bool __real_eia_mac_i(eia_mac *mac, const eps_input *input, const uint8_t *data, size_t bits, uint8_t mac_i[EIA_MAC_LEN]);
bool __wrap_eia_mac_i(eia_mac *mac, const eps_input *input, const uint8_t *data, size_t bits, uint8_t mac_i[EIA_MAC_LEN]);

int __wrap_CRYPTO_memcmp(const void *a, const void *b, size_t len)
{
    const int differ = __real_CRYPTO_memcmp(a, b, len);
    return fuzz_lenient ? 0 : differ;
}

bool __wrap_eia_mac_i(eia_mac *mac, const eps_input *input, const uint8_t *data, size_t bits, uint8_t mac_i[EIA_MAC_LEN])
{
    const bool done = __real_eia_mac_i(mac, input, data, bits, mac_i);
    if (done && fuzz_right_macs)
        fuzz_right_macs--;
    else if (done && fuzz_lenient)
        memcpy(mac_i, FUZZ_MAC_I, EIA_MAC_LEN);
    return done;
}

/* --- a capture ----------------------------------------------------------------------------------------------------- */

fuzz_capture fuzz_capture_open(const sl_profile *profile, const pc5s_options *options)
{
    fuzz_capture capture = {.keys = session_keys_new(), .pc5 = pc5_state_new()};
    capture.signalling = offer_answer_new(capture.keys);
    capture.mikey = mikey_sessions_new(capture.keys);
    capture.rtsp = rtsp_sessions_new(capture.signalling);
    capture.streams = media_streams_new(capture.keys, capture.signalling, false);
    capture.kd = kd_sources_new(capture.mikey);
    const sl_security_setting setting = {
        .pc5 = capture.pc5, .sources = capture.kd, .mikey = capture.mikey, .profile = *profile, .options = *options};
    capture.sidelink = sl_security_new(&setting);
    return capture;
}

void fuzz_capture_close(fuzz_capture *capture)
{
    sl_security_free(capture->sidelink);
    kd_sources_free(capture->kd);
    pc5_state_free(capture->pc5);
    media_streams_free(capture->streams);
    mikey_sessions_free(capture->mikey);
    rtsp_sessions_free(capture->rtsp);
    offer_answer_free(capture->signalling);
    session_keys_free(capture->keys);
}

static void take_entry(fuzz_capture *capture, const keylog_entry *entry)
{
    switch (entry->label) {
    case KEYLOG_SRTP_MASTER:
        session_keys_add_logged(capture->keys, entry);
        break;
    case KEYLOG_MIKEY_PSK:
    case KEYLOG_MIKEY_TPK:
    case KEYLOG_MIKEY_MPK:
    case KEYLOG_MIKEY_TGK:
    case KEYLOG_MIKEY_TEK:
        mikey_sessions_add_logged(capture->mikey, entry);
        break;
    case KEYLOG_D2D_KD:
    case KEYLOG_SDES_K1:
    case KEYLOG_SDES_K2:
        kd_sources_add_logged(capture->kd, entry);
        break;
    case KEYLOG_D2D_KDSESS:
    case KEYLOG_D2D_PEK:
    case KEYLOG_D2D_PIK:
    case KEYLOG_PROSE_PGK:
        sl_security_add_logged(capture->sidelink, entry);
        break;
    case KEYLOG_HI2_CC:
        session_keys_add_cc(capture->keys, entry);
        mikey_sessions_add_logged(capture->mikey, entry);
        break;
    }
}

void fuzz_capture_log(fuzz_capture *capture, octet_span lines)
{
    text_span rest = fuzz_text(lines), line;
    unsigned number = 0;
    while (text_next_line(&rest, &line)) {
        keylog_entry *entry = NULL;
        char *error = NULL;
        number++;
        if (keylog_parse_line(line.text, line.len, &entry, &error) && entry) {
            entry->line = number;
            take_entry(capture, entry);
        }
        keylog_entry_free(entry);
        g_free(error);
    }
    mikey_sessions_settle(capture->mikey, false);
    media_streams_news(capture->streams);
}

void fuzz_capture_read(fuzz_capture *capture, octet_span pieces, fuzz_take *take)
{
    octet_span rest = pieces, piece;
    for (uint32_t frame = 0; fuzz_piece(&rest, &piece); frame++) {
        if (frame == 0)
            fuzz_capture_log(capture, piece);
        else
            take(capture, frame, piece);
        free((void *)piece.data);
    }
}

static void take_key_mgmt(fuzz_capture *capture, mikey_arrival arrival, const text_span *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        key_mgmt attribute;
        key_mgmt_parse(lines[i], &attribute);
        if (attribute.message) {
            const octet_span message = fuzz_copy(attribute.message, attribute.message_len);
            mikey_sessions_add(capture->mikey, &arrival, message);
            free((void *)message.data);
        }
        key_mgmt_clear(&attribute);
    }
}

static void take_mikey(fuzz_capture *capture, const sdp_arrival *arrival, const sdp_body *body, const sdp_exchange *exchange)
{
    mikey_arrival at = {.frame = arrival->frame,
                        .section = -1,
                        .offer_frame = exchange->offer_frame,
                        .legs = exchange->legs,
                        .leg_count = exchange->media_count};
    if (arrival->sip) {
        at.caller = arrival->sip->from_uri;
        at.callee = arrival->sip->to_uri;
    }
    take_key_mgmt(capture, at, body->key_mgmt, body->key_mgmt_count);
    for (unsigned m = 0; m < body->media_count; m++) {
        at.section = (int)body->media[m].index;
        at.legs = &exchange->legs[m];
        at.leg_count = 1;
        take_key_mgmt(capture, at, body->media[m].key_mgmt, body->media[m].key_mgmt_count);
    }
}

static pc5_id end_of(const transport_address *address)
{
    pc5_id id = {.len = address->ip_len};
    memcpy(id.octets, address->ip, id.len);
    return id;
}

void fuzz_capture_signal(fuzz_capture *capture, const sdp_arrival *arrival, octet_span text)
{
    sdp_arrival at = *arrival;
    sip_message sip;
    size_t start = 0;
    if (sip_parse((const char *)text.data, text.len, &sip)) {
        at.sip = &sip;
        start = sip.header_len;
    }
    sdp_body *body = sdp_parse((const char *)text.data + start, text.len - start);
    if (!body)
        return;
    const sdp_exchange *exchange = offer_answer_add(capture->signalling, &at, body);
    FUZZ_MUST(exchange->media_count == body->media_count);
    FUZZ_MUST(offer_answer_add(capture->signalling, &at, body) == exchange);
    take_mikey(capture, &at, body, exchange);
    const kd_body_arrival here = {.frame = at.frame,
                                  .source = end_of(&at.source),
                                  .destination = end_of(&at.destination),
                                  .call_id = at.sip ? at.sip->call_id : (text_span){NULL, 0}};
    kd_sources_add_sdp(capture->kd, &here, body);
    media_streams_news(capture->streams);
    sdp_free(body);
}

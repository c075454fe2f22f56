/* SDP with SDES and MIKEY attributes, and what offers and answers make of it: a key log, then bodies, each behind an octet whose bits say
 * which way it went, and behind the header of a SIP message or none.
 */
#include "fuzz.h"

#include "keys/text_scan.h"
#include "sessions/kd_srtp.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static void touch_crypto(const sdes_crypto *crypto, octet_span text)
{
    bool usable = false;
    FUZZ_MUST(crypto->key_count <= SDES_MAX_KEY_PARAMS && crypto->session_param_count <= SDES_MAX_SESSION_PARAMS);
    fuzz_touch_text(crypto->value, text);
    fuzz_touch_text(crypto->tag_text, text);
    fuzz_touch_text(crypto->suite_text, text);
    fuzz_touch_text(crypto->key_params_text, text);
    for (unsigned i = 0; i < crypto->key_count; i++) {
        const sdes_key_param *key = &crypto->keys[i];
        srtp_master_key master;
        fuzz_touch_text(key->whole, text);
        fuzz_touch_text(key->key_salt_text, text);
        fuzz_touch_text(key->lifetime_text, text);
        fuzz_touch_text(key->mki_text, text);
        fuzz_touch_text(key->mki_length_text, text);
        FUZZ_MUST(!key->usable || crypto->suite);
        FUZZ_MUST(!sdes_crypto_master_key(crypto, i, &master) || key->usable);
        usable |= key->usable;
        OPENSSL_cleanse(&master, sizeof master);
    }
    FUZZ_MUST(crypto->usable == usable);
    for (unsigned i = 0; i < crypto->session_param_count; i++) {
        fuzz_touch_text(crypto->session_params[i].whole, text);
        fuzz_touch_text(crypto->session_params[i].name, text);
        fuzz_touch_text(crypto->session_params[i].value, text);
    }
    for (unsigned i = 0; i < crypto->problem_count; i++) {
        fuzz_touch_text(crypto->problems[i].where, text);
        FUZZ_MUST(sdes_problem_text(crypto->problems[i].kind));
    }
}

static void touch_media(const sdp_media *media, octet_span text)
{
    FUZZ_MUST(media->crypto_count <= SDP_MAX_CRYPTO && media->candidate_count <= SDP_MAX_CANDIDATES);
    FUZZ_MUST(media->rtpmap_count <= SDP_MAX_RTPMAPS && media->key_mgmt_count <= SDP_MAX_KEY_MGMT);
    fuzz_touch_text(media->media, text);
    fuzz_touch_text(media->protocol, text);
    fuzz_touch_text(media->mid, text);
    fuzz_touch_text(media->control, text);
    for (unsigned i = 0; i < media->crypto_count; i++)
        touch_crypto(media->crypto[i], text);
    for (unsigned i = 0; i < media->rtpmap_count; i++) {
        fuzz_touch_text(media->rtpmaps[i].encoding, text);
        fuzz_touch_text(media->rtpmaps[i].fmtp, text);
    }
    for (unsigned i = 0; i < media->key_mgmt_count; i++)
        fuzz_touch_text(media->key_mgmt[i], text);
}

static void touch_body(const sdp_body *body, octet_span text)
{
    FUZZ_MUST(body->media_count <= SDP_MAX_MEDIA && body->key_mgmt_count <= SDP_MAX_KEY_MGMT);
    fuzz_touch_text(body->session_id, text);
    fuzz_touch_text(body->session_version, text);
    fuzz_touch_text(body->control, text);
    fuzz_touch_text(body->session_crypto_line, text);
    for (unsigned i = 0; i < body->key_mgmt_count; i++)
        fuzz_touch_text(body->key_mgmt[i], text);
    for (unsigned m = 0; m < body->media_count; m++)
        touch_media(&body->media[m], text);
}

/* A body, and lines that need be none. */
static void parse_alone(octet_span text)
{
    sdp_body *body = sdp_parse((const char *)text.data, text.len);
    if (body)
        touch_body(body, text);
    sdp_free(body);
    body = sdp_parse_fragment((const char *)text.data, text.len);
    touch_body(body, text);
    sdp_free(body);
}

static void take(fuzz_capture *capture, uint32_t frame, octet_span piece)
{
    enum { BACKWARDS = 1, ELSEWHERE = 2 };
    static const uint8_t ends[3][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}, {10, 0, 0, 3}};
    const uint8_t flags = fuzz_octet(&piece);
    const unsigned from = flags & BACKWARDS ? 1 : 0, to = flags & ELSEWHERE ? 2 : 1 - from;
    const octet_span text = fuzz_copy(piece.data, piece.len);
    sdp_arrival arrival = {.frame = frame};
    transport_address_set(&arrival.source, ends[from], 4, 5060);
    transport_address_set(&arrival.destination, ends[to], 4, 5060);
    parse_alone(text);
    fuzz_capture_signal(capture, &arrival, text);
    free((void *)text.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    octet_span rest = octet_span_at(data, len);
    fuzz_lenient = fuzz_octet(&rest) & 1;
    fuzz_capture capture = fuzz_capture_open(&SL_PROFILE_DEFAULT, &pc5s_default_options);
    fuzz_capture_read(&capture, rest, take);
    kd_srtp_add(capture.kd, &SL_PROFILE_DEFAULT, capture.keys);
    fuzz_capture_close(&capture);
    return 0;
}

/* The SDP reader: bodies that user agents sent, and what RFC 8866 and its companions allow besides. */
#include "sessions/sdp.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#define KEY "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define CRYPTO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\r\n"
#define SESSION "v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"

static sdp_body *parse(const char *text)
{
    return sdp_parse(text, strlen(text));
}

static void assert_span(text_span span, const char *expected)
{
    g_autofree char *text = span.text ? g_strndup(span.text, span.len) : NULL;
    g_assert_cmpstr(text, ==, expected);
}

/* "192.0.2.1:4000", "[::1]:4000", or "none:4000". */
static void assert_address(const transport_address *address, const char *expected)
{
    char ip[INET6_ADDRSTRLEN] = "none";
    if (address->ip_len > 0)
        g_assert_nonnull(inet_ntop(address->ip_len == 4 ? AF_INET : AF_INET6, address->ip, ip, sizeof ip));
    g_autofree char *text = g_strdup_printf(address->ip_len == 16 ? "[%s]:%u" : "%s:%u", ip, address->port);
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpuint(address->unused, ==, 0);
    transport_address clean;
    transport_address_set(&clean, address->ip, address->ip_len, address->port);
    g_assert_true(transport_address_equal(address, &clean));
}

/* RTP and RTCP address of the only section of a body. */
static void assert_flow(const char *text, const char *rtp, const char *rtcp)
{
    g_test_message("%s", text);
    sdp_body *body = parse(text);
    g_assert_cmpuint(body->media_count, ==, 1);
    assert_address(&body->media[0].rtp, rtp);
    assert_address(&body->media[0].rtcp, rtcp);
    sdp_free(body);
}

/* As pjsua sends it: c= and a=rtcp in the section, rtcp-mux, two crypto lines. */
static void test_pjsua(void)
{
    sdp_body *body = parse("v=0\r\no=- 4004452939 4004452940 IN IP4 10.9.0.1\r\ns=pjmedia\r\nb=AS:117\r\nt=0 0\r\na=X-nat:0\r\n"
                           "m=audio 4000 RTP/SAVP 96 120\r\nc=IN IP4 10.9.0.1\r\nb=TIAS:96000\r\na=sendrecv\r\n"
                           "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:120 telephone-event/48000\r\n"
                           "a=fmtp:120 0-16\r\na=ssrc:536760486 cname:213db9263f9f1aee\r\na=rtcp:4001 IN IP4 10.9.0.1\r\na=rtcp-mux\r\n"
                           "a=crypto:1 AES_192_CM_HMAC_SHA1_80 inline:pzVVDZBO10FyRcICAt5reUlneLe32UoLHd1/Kz0C4Q5GU7Uz+/s=\r\n"
                           "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:9c7FwE60L+KKBy7F5DcHHBjwHHiGRkLDRQ56cG6p\r\n");
    assert_span(body->session_id, "4004452939");
    assert_span(body->session_version, "4004452940");
    g_assert_false(body->session_crypto);
    g_assert_cmpuint(body->media_count, ==, 1);

    const sdp_media *media = &body->media[0];
    assert_span(media->media, "audio");
    assert_span(media->protocol, "RTP/SAVP");
    assert_address(&media->rtp, "10.9.0.1:4000");
    assert_address(&media->rtcp, "10.9.0.1:4001");
    g_assert_true(media->rtcp_mux && media->rtp_profile && media->secure_profile);
    g_assert_false(media->has_key_mgmt || media->has_encrypted_extensions);
    assert_span(media->mid, NULL);
    g_assert_cmpuint(media->crypto_count, ==, 2);
    g_assert_true(media->crypto[0]->usable && media->crypto[1]->usable);
    g_assert_cmpuint(media->crypto[1]->tag, ==, 2);
    g_assert_cmpuint(media->rtpmap_count, ==, 2);
    assert_span(media->rtpmaps[0].encoding, "opus");
    assert_span(media->rtpmaps[0].fmtp, "useinbandfec=1");
    g_assert_cmpuint(media->rtpmaps[0].payload_type, ==, 96);
    g_assert_cmpuint(media->rtpmaps[0].clock_rate, ==, 48000);
    g_assert_cmpuint(media->rtpmaps[0].channels, ==, 2);
    g_assert_cmpuint(media->rtpmaps[1].channels, ==, 1);
    sdp_free(body);
}

/* As baresip sends it over IPv6: the session's c= serves both sections, each with its own key. */
static void test_baresip_ipv6(void)
{
    sdp_body *body = parse("v=0\r\no=- 2253461564 1461428224 IN IP6 fd00:9::1\r\ns=-\r\nc=IN IP6 fd00:9::1\r\nt=0 0\r\na=tool:baresip 1.0.0\r\n"
                           "m=audio 10016 RTP/SAVP 0 8 96 101\r\na=rtpmap:0 PCMU/8000\r\na=label:1\r\na=rtcp-rsize\r\n"
                           "a=ssrc:2516017325 cname:sip:alice@[fd00:9::1]\r\n"
                           "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:emKRBwjWl1sgVhsQ05BnUoc6rTiqmLa52vPbwmGA\r\n"
                           "m=video 10014 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n"
                           "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:2Uv+SiyL2rDSepUcG+YmA1xjrlKaY7VcE+5RnKkK\r\n");
    g_assert_cmpuint(body->media_count, ==, 2);
    assert_address(&body->media[0].rtp, "[fd00:9::1]:10016");
    assert_address(&body->media[0].rtcp, "[fd00:9::1]:10017");
    assert_address(&body->media[1].rtp, "[fd00:9::1]:10014");
    g_assert_cmpuint(body->media[1].index, ==, 1);
    g_assert_false(body->media[0].rtcp_mux); /* a=rtcp-rsize is another matter */
    g_assert_cmpmem(body->media[0].crypto[0]->keys[0].key_salt, 2, "\x7a\x62", 2);
    g_assert_cmpmem(body->media[1].crypto[0]->keys[0].key_salt, 2, "\xd9\x4b", 2);
    sdp_free(body);
}

/* SIPp plays what a Mitel phone sends: a=crypto under RTP/AVP, and a=rtcp without an address. */
static void test_sipp(void)
{
    sdp_body *body = parse("v=0\r\no=16001 0 0 IN IP4 10.9.0.1\r\ns=-\r\nc=IN IP4 10.9.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0 18\r\n" CRYPTO
                           "a=rtcp:20001\r\na=fmtp:18 annexb=no\r\na=rtpmap:18 G729/8000\r\na=fmtp:9 bitrate=64000\r\n");
    const sdp_media *media = &body->media[0];
    g_assert_true(media->rtp_profile);
    g_assert_false(media->secure_profile);
    g_assert_cmpuint(media->crypto_count, ==, 1);
    assert_address(&media->rtcp, "10.9.0.1:20001");
    g_assert_cmpuint(media->rtpmap_count, ==, 1); /* fmtp alone names no encoding */
    assert_span(media->rtpmaps[0].encoding, "G729");
    assert_span(media->rtpmaps[0].fmtp, "annexb=no"); /* although it stood before */
    sdp_free(body);
}

static void test_rtpmaps(void)
{
    sdp_body *body = parse(SESSION "m=audio 9 RTP/AVP 0\r\na=rtpmap:96 opus/48000/x\r\na=rtpmap:97 L16/44100/0\r\na=rtpmap:98 L16\r\n"
                                   "a=rtpmap:99 L16/x\r\na=rtpmap:128 L16/8000\r\na=fmtp:128 x\r\na=rtpmap:127 L16/8000/6\r\n"
                                   "a=rtpmap:96 again/1\r\na=fmtp:96  first \r\na=fmtp:96 second\r\n");
    const sdp_media *media = &body->media[0];
    g_assert_cmpuint(media->rtpmap_count, ==, 3);
    assert_span(media->rtpmaps[0].encoding, "opus");
    assert_span(media->rtpmaps[0].fmtp, "first");
    g_assert_cmpuint(media->rtpmaps[0].clock_rate, ==, 48000);
    g_assert_cmpuint(media->rtpmaps[0].channels, ==, 1);
    g_assert_cmpuint(media->rtpmaps[1].channels, ==, 1);
    g_assert_cmpuint(media->rtpmaps[2].payload_type, ==, 127);
    g_assert_cmpuint(media->rtpmaps[2].channels, ==, 6);
    assert_span(media->rtpmaps[2].fmtp, NULL);
    sdp_free(body);
}

static void test_fec(void)
{
    static const struct {
        const char *lines;
        bool shares;
    } rows[] = {
        {"", false},
        {"a=rtpmap:100 opus/48000\r\n", false},
        {"a=rtpmap:100 parityfec/8000\r\n", true},
        {"a=rtpmap:100 ULPFEC/8000\r\na=fmtp:100 x=1\r\n", true},
        {"a=rtpmap:100 parityfec/8000\r\na=fmtp:100 49172\r\n", true},
        {"a=rtpmap:100 parityfec/8000\r\na=fmtp:100 49172 IN IP4 192.0.2.1\r\n", false},
        {"a=rtpmap:100 parityfec/8000\r\na=fmtp:100 49172 IN IP4 192.0.2.1\r\na=rtpmap:101 ulpfec/8000\r\n", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf(SESSION "m=audio 9 RTP/SAVP 0 100\r\n%s", rows[i].lines);
        sdp_body *body = parse(text);
        g_assert_true(sdp_media_shares_fec(&body->media[0]) == rows[i].shares);
        sdp_free(body);
    }
}

static void test_addresses(void)
{
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\n", "192.0.2.10:20000", "192.0.2.10:20001");
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\nc=IN IP4 198.51.100.1\r\n", "198.51.100.1:20000", "198.51.100.1:20001");
    assert_flow(SESSION "m=audio 20000/2 RTP/SAVP 0\r\nc=IN IP4 233.252.0.1/127/3\r\nc=IN IP4 233.252.0.9\r\n", "233.252.0.1:20000",
                "233.252.0.1:20001");
    assert_flow(SESSION "m=audio 5 RTP/SAVP 0\r\nc=IN IP6 ff02::1/3\r\n", "[ff02::1]:5", "[ff02::1]:6");
    assert_flow(SESSION "m=audio 5 RTP/SAVP 0\r\nc=IN IP4 2001:db8::1\r\n", "[2001:db8::1]:5", "[2001:db8::1]:6");
    assert_flow("v=0\r\nm=audio 5 RTP/SAVP 0\r\n", "none:5", "none:6");
    assert_flow(SESSION "m=audio 5 RTP/SAVP 0\r\nc=IN IP4 0.0.0.0\r\n", "none:5", "none:6");
    assert_flow(SESSION "m=audio 5 RTP/SAVP 0\r\nc=IN IP6 ::\r\n", "none:5", "none:6");
    assert_flow(SESSION "m=audio 5 RTP/SAVP 0\r\nc=IN IP4 host.example.com\r\n", "none:5", "none:6");
    assert_flow(SESSION "m=audio 5 RTP/SAVP 0\r\nc=ATM NSAP 192.0.2.1\r\n", "none:5", "none:6");
    assert_flow(SESSION "m=audio 65535 RTP/SAVP 0\r\n", "192.0.2.10:65535", "192.0.2.10:0");
    assert_flow(SESSION "m=audio 65536 RTP/SAVP 0\r\n", "192.0.2.10:0", "192.0.2.10:0");
    assert_flow(SESSION "m=audio $ RTP/SAVP 0\r\n", "192.0.2.10:0", "192.0.2.10:0");
    assert_flow(SESSION "m=audio 0 RTP/SAVP 0\r\na=bundle-only\r\n", "192.0.2.10:0", "192.0.2.10:0");
    assert_flow("v=0\r\nc=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.2\r\nm=audio 5 RTP/AVP 0\r\n", "192.0.2.1:5", "192.0.2.1:6");
}

static void test_rtcp(void)
{
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\na=rtcp:53020 IN IP6 2001:db8::2\r\n", "192.0.2.10:20000", "[2001:db8::2]:53020");
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\na=rtcp:53020 IN IP4 host.example.com\r\n", "192.0.2.10:20000", "192.0.2.10:53020");
    /* The section's c= holds for a=rtcp without address wherever it stands. */
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\na=rtcp:9\r\nc=IN IP4 192.0.2.99\r\n", "192.0.2.99:20000", "192.0.2.99:9");
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\na=rtcp:9 IN IP4 192.0.2.8\r\nc=IN IP4 192.0.2.99\r\n", "192.0.2.99:20000", "192.0.2.8:9");
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\na=rtcp:7\r\na=rtcp:9\r\n", "192.0.2.10:20000", "192.0.2.10:7");
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\na=rtcp-mux\r\n", "192.0.2.10:20000", "192.0.2.10:20001");
    assert_flow(SESSION "m=audio 20000 RTP/SAVP 0\r\na=rtcp-mux-only\r\n", "192.0.2.10:20000", "192.0.2.10:20000");

    sdp_body *body = parse(SESSION "m=audio 1 RTP/SAVP 0\r\na=rtcp-mux-only\r\nm=audio 1 RTP/SAVP 0\r\na=rtcp-mux\r\nm=audio 1 RTP/SAVP 0\r\n");
    g_assert_true(body->media[0].rtcp_mux && body->media[1].rtcp_mux);
    g_assert_false(body->media[2].rtcp_mux);
    assert_address(&body->media[1].rtcp, "192.0.2.10:2"); /* nothing is left of the section before */
    sdp_free(body);
}

static void test_profiles(void)
{
    static const struct {
        const char *protocol;
        bool rtp, secure;
    } rows[] = {
        {"RTP/AVP", true, false},           {"RTP/AVPF", true, false},         {"RTP/SAVP", true, true},
        {"RTP/SAVPF", true, true},          {"UDP/TLS/RTP/SAVPF", true, true}, {"rtp/savp", true, true},
        {"TCP/RTP/AVP", true, false},       {"udptl", false, false},           {"UDP/DTLS/SCTP", false, false},
        {"TCP/MSRP", false, false},         {"RTP/SAVPX", false, false},       {"SAVP/RTP", false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf(SESSION "m=audio 9 %s 0\r\n", rows[i].protocol);
        sdp_body *body = parse(text);
        assert_span(body->media[0].protocol, rows[i].protocol);
        g_assert_cmpint(body->media[0].rtp_profile, ==, rows[i].rtp);
        g_assert_cmpint(body->media[0].secure_profile, ==, rows[i].secure);
        sdp_free(body);
    }
}

static void test_control(void)
{
    sdp_body *body = parse("v=0\r\na=control: rtsp://h/t/ \r\na=control:*\r\nm=audio 0 RTP/SAVP 0\r\na=control:stream=0\r\n"
                           "a=control:other\r\nm=video 0 RTP/SAVP 96\r\na=controls:x\r\n");
    assert_span(body->control, "rtsp://h/t/");
    assert_span(body->media[0].control, "stream=0");
    assert_span(body->media[1].control, NULL);
    sdp_free(body);
}

static void test_candidates(void)
{
    static const char *const expected[] = {"192.0.2.3:45664", "[2001:db8::3]:45665", "203.0.113.5:7000", "203.0.113.5:7001"};
    sdp_body *body = parse(SESSION "m=audio 20000 RTP/SAVP 0\r\na=mid: 0 \r\n"
                                   "a=candidate:1 1 UDP 2130706431 192.0.2.3 45664 typ host\r\n"
                                   "a=candidate:1 1 udp 2130706431 192.0.2.3 45664 typ host generation 0\r\n"
                                   "a=candidate:1 2 udp 2130706431 2001:db8::3 45665 typ srflx raddr 10.0.0.1 rport 9\r\n"
                                   "a=candidate:1 3 udp 2130706431 192.0.2.3 45666 typ host\r\n"
                                   "a=candidate:2 1 TCP 2130706431 192.0.2.4 9 typ host tcptype active\r\n"
                                   "a=candidate:3 1 udp 2130706431 5e2d.local 45667 typ host\r\n"
                                   "a=candidate:4 1 udp 2130706431 0.0.0.0 45667 typ host\r\n"
                                   "a=candidate:5 1 udp 2130706431 192.0.2.5 0 typ host\r\n"
                                   "a=candidate:6 1 udp 2130706431 192.0.2.6\r\n"
                                   "a=remote-candidates:1 203.0.113.5 7000 2 203.0.113.5 7001 3 203.0.113.5 7002 1 203.0.113.6\r\n"
                                   "m=video 9 RTP/SAVP 96\r\n");
    const sdp_media *media = &body->media[0];
    assert_span(media->mid, "0");
    g_assert_cmpuint(media->candidate_count, ==, G_N_ELEMENTS(expected));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_address(&media->candidates[i], expected[i]);
    g_assert_cmpuint(body->media[1].candidate_count, ==, 0);
    sdp_free(body);
}

static void assert_bits(const uint8_t map[32], const char *expected)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < 256; i++)
        if (map[i / 8] & 1u << i % 8)
            g_string_append_printf(text, " %u", i);
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

static void test_encrypted_extensions(void)
{
#define ENCRYPT " urn:ietf:params:rtp-hdrext:encrypt urn:ietf:params:rtp-hdrext:toffset\r\n"
    sdp_body *body = parse(SESSION "a=extmap:255" ENCRYPT "m=audio 9 RTP/SAVP 0\r\n"
                                   "a=extmap:1" ENCRYPT "a=extmap:3/sendonly" ENCRYPT
                                   "a=extmap:2 urn:ietf:params:rtp-hdrext:smpte-tc\r\n"
                                   "a=extmap:4 urn:ietf:params:rtp-hdrext:encrypted urn:x\r\n"
                                   "a=extmap:0" ENCRYPT "a=extmap:256" ENCRYPT "a=extmap:4096" ENCRYPT "a=extmap-allow-mixed\r\n"
                                   "m=video 9 RTP/SAVP 0\r\n");
    assert_bits(body->media[0].encrypted_extensions, " 1 3 255");
    assert_bits(body->media[1].encrypted_extensions, " 255");
    g_assert_true(body->media[0].has_encrypted_extensions && body->media[1].has_encrypted_extensions);
    sdp_free(body);

    body = parse(SESSION "m=audio 9 RTP/SAVP 0\r\na=extmap:2 urn:ietf:params:rtp-hdrext:smpte-tc\r\nm=video 9 RTP/SAVP 0\r\na=extmap:14" ENCRYPT);
    g_assert_false(body->media[0].has_encrypted_extensions);
    assert_bits(body->media[1].encrypted_extensions, " 14");
    sdp_free(body);
}

static void test_key_management(void)
{
    sdp_body *body = parse("v=0\r\na=key-mgmt:mikey AAA\r\n" CRYPTO "a=crypto:2 X inline:Y\r\nm=audio 9 RTP/SAVP 0\r\na=Crypto:1 x\r\n"
                           "a=crypto\r\na=cryptox:1\r\nm=video 9 RTP/SAVP 0\r\na=key-mgmt:mikey AAA\r\n");
    g_assert_true(body->session_crypto);
    assert_span(body->session_crypto_line, "1 AES_CM_128_HMAC_SHA1_80 " KEY);
    g_assert_false(body->media[0].has_key_mgmt);
    g_assert_true(body->media[1].has_key_mgmt);
    g_assert_cmpuint(body->key_mgmt_count, ==, 1);
    assert_span(body->key_mgmt[0], "mikey AAA");
    g_assert_cmpuint(body->media[1].key_mgmt_count, ==, 1);
    assert_span(body->media[1].key_mgmt[0], "mikey AAA");
    g_assert_cmpuint(body->media[0].crypto_count + body->media[1].crypto_count, ==, 0);
    sdp_free(body);
}

static void test_line_ends(void)
{
    static const char *const ends[] = {"\r\n", "\n", "\r"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_auto(GStrv) lines = g_strsplit(SESSION "m=audio 9 RTP/SAVP 0\r\n" CRYPTO "a=mid:x", "\r\n", -1);
        g_autofree char *text = g_strjoinv(ends[i], lines);
        sdp_body *body = parse(text);
        g_assert_cmpuint(body->media_count, ==, 1);
        g_assert_cmpuint(body->media[0].crypto[0]->problem_count, ==, 0);
        assert_span(body->media[0].mid, "x");
        assert_address(&body->media[0].rtp, "192.0.2.10:9");
        sdp_free(body);
    }
}

static void test_not_sdp(void)
{
    g_assert_null(parse(""));
    g_assert_null(sdp_parse(NULL, 0));
    g_assert_null(parse("<presence/>\r\n"));
    g_assert_null(parse("x=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"));
    sdp_body *body = parse("v=0");
    g_assert_nonnull(body);
    g_assert_cmpuint(body->media_count, ==, 0);
    sdp_free(body);
    body = parse("m=audio 9 RTP/SAVP 0"); /* a fragment */
    g_assert_cmpuint(body->media_count, ==, 1);
    sdp_free(body);
    static const char *const stumps[] = {"v=0\r\nm=", "v=0\r\nm=audio", "v=0\r\nm=audio 9", "v=0\r\nm=a 9 x\r\na=", "v=0\r\nm=a 9 x\r\na=rtpmap:",
                                         "v=0\r\nm=a 9 x\r\na=rtpmap:1 x", "v=0\r\nm=a 9 x\r\na=rtcp", "v=0\r\nm=a 9 x\r\na=rtcp:",
                                         "v=0\r\nm=a 9 x\r\nc=IN", "v=0\r\no=", "v=0\r\nm=a 9 x\r\na=extmap:1", "v=0\r\nm=a 9 x\r\na=mid"};
    for (size_t i = 0; i < G_N_ELEMENTS(stumps); i++)
        sdp_free(parse(stumps[i]));
    sdp_free(NULL);
}

static void test_bounds(void)
{
    GString *text = g_string_new(SESSION);
    for (int i = 0; i < SDP_MAX_MEDIA + 2; i++)
        g_string_append_printf(text, "m=audio %d RTP/SAVP 0\r\n" CRYPTO, 1000 + i);
    sdp_body *body = sdp_parse(text->str, text->len);
    g_assert_cmpuint(body->media_count, ==, SDP_MAX_MEDIA);
    g_assert_cmpuint(body->media[SDP_MAX_MEDIA - 1].crypto_count, ==, 1); /* what is left out adds to nothing */
    g_assert_false(body->session_crypto);
    sdp_free(body);

    g_string_assign(text, SESSION "m=audio 9 RTP/SAVP 0\r\n");
    for (int i = 0; i < 300; i++)
        g_string_append_printf(text, CRYPTO "a=rtpmap:%d x/8000\r\na=candidate:1 1 UDP 1 192.0.2.%d 9 typ host\r\n", i, i);
    body = sdp_parse(text->str, text->len);
    g_assert_cmpuint(body->media[0].crypto_count, ==, SDP_MAX_CRYPTO);
    g_assert_cmpuint(body->media[0].candidate_count, ==, SDP_MAX_CANDIDATES);
    g_assert_cmpuint(body->media[0].rtpmap_count, ==, SDP_MAX_RTPMAPS);
    sdp_free(body);
    g_string_free(text, TRUE);
}

/* Lines that a carrier other than SIP brings without the body around them. */
static void test_fragment(void)
{
    static const char lines[] = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n"
                                "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n"
                                "a=key-mgmt:mikey AQAFAA==";
    static const char without_media[] = "v=0\r\ns=-\r\na=key-mgmt:mikey AQAFAA==\r\n";
    static const char whole[] = "v=0\r\na=key-mgmt:mikey AQAFAA==\r\nm=audio 0 RTP/SAVP 0\r\n";
    sdp_body *body = sdp_parse_fragment(lines, sizeof lines - 1);
    g_assert_cmpuint(body->media_count, ==, 1);
    g_assert_null(body->media[0].media.text);
    g_assert_cmpuint(body->media[0].crypto_count, ==, 2);
    g_assert_cmpuint(body->media[0].crypto[1]->tag, ==, 2);
    g_assert_cmpuint(body->media[0].key_mgmt_count, ==, 1);
    g_assert_false(body->session_crypto);
    sdp_free(body);

    body = sdp_parse_fragment(without_media, sizeof without_media - 1);
    g_assert_cmpuint(body->media[0].key_mgmt_count, ==, 1);
    g_assert_cmpuint(body->key_mgmt_count, ==, 0);
    sdp_free(body);

    body = sdp_parse_fragment(whole, sizeof whole - 1);
    g_assert_cmpuint(body->key_mgmt_count, ==, 1);
    g_assert_cmpuint(body->media_count, ==, 1);
    g_assert_nonnull(body->media[0].media.text);
    sdp_free(body);

    body = sdp_parse_fragment("", 0);
    g_assert_cmpuint(body->media[0].crypto_count + body->media[0].key_mgmt_count, ==, 0);
    sdp_free(body);
}

/* Work that is not linear would run into the time limit of the test. */
static void test_hostile(void)
{
    static const struct {
        const char *prefix, *piece;
        unsigned times;
    } rows[] = {
        {SESSION "m=", "a", 1 << 20},
        {SESSION "m=audio 9 ", "/", 1 << 20},
        {SESSION "m=audio 9 x\r\na=remote-candidates:", "1 192.0.2.1 9 ", 80000},
        {SESSION "m=audio 9 x\r\n", "a=fmtp:1 x\r\n", 100000},
        {SESSION, "\r\n", 1 << 19},
        {SESSION, "\n\r", 1 << 19},
        {SESSION, "m=\n", 1 << 18},
        {SESSION "m=audio 9 x\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", ";", 1 << 20},
        {SESSION "c=IN IP4 ", "1", 1 << 20},
        {SESSION "m=audio 9 x\r\n", "a=crypto:1 x inline:a\r\n", 50000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *text = g_string_new(rows[i].prefix);
        for (unsigned n = 0; n < rows[i].times; n++)
            g_string_append(text, rows[i].piece);
        sdp_body *body = sdp_parse(text->str, text->len);
        g_assert_nonnull(body);
        sdp_free(body);
        g_string_free(text, TRUE);
    }
    static const char nuls[] = "v=0\r\nc=IN IP4 192.0.2.1\0\r\nm=audio\0 9\0 RTP/SAVP\r\na=rtcp\0:9\r\n";
    sdp_body *body = sdp_parse(nuls, sizeof nuls - 1);
    assert_address(&body->media[0].rtp, "none:0");
    sdp_free(body);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sdp/pjsua", test_pjsua);
    g_test_add_func("/sdp/baresip-ipv6", test_baresip_ipv6);
    g_test_add_func("/sdp/sipp", test_sipp);
    g_test_add_func("/sdp/rtpmaps", test_rtpmaps);
    g_test_add_func("/sdp/fec", test_fec);
    g_test_add_func("/sdp/addresses", test_addresses);
    g_test_add_func("/sdp/rtcp", test_rtcp);
    g_test_add_func("/sdp/profiles", test_profiles);
    g_test_add_func("/sdp/control", test_control);
    g_test_add_func("/sdp/candidates", test_candidates);
    g_test_add_func("/sdp/encrypted-extensions", test_encrypted_extensions);
    g_test_add_func("/sdp/key-management", test_key_management);
    g_test_add_func("/sdp/line-ends", test_line_ends);
    g_test_add_func("/sdp/not-sdp", test_not_sdp);
    g_test_add_func("/sdp/fragment", test_fragment);
    g_test_add_func("/sdp/bounds", test_bounds);
    g_test_add_func("/sdp/hostile", test_hostile);
    return g_test_run();
}

/* The RTSP header reader: what real servers and clients write, the liberties RFC 2326 grants, and URIs of streams. */
#include "sessions/rtsp.h"

#include <glib.h>
#include <string.h>

static void assert_span(text_span span, const char *expected)
{
    g_autofree char *text = span.text ? g_strndup(span.text, span.len) : NULL;
    g_assert_cmpstr(text, ==, expected);
}

static rtsp_message parse(const char *text)
{
    rtsp_message message;
    g_assert_true(rtsp_parse(text, strlen(text), &message));
    return message;
}

static void assert_pair(rtsp_pair pair, int first, int second)
{
    g_assert_cmpint(pair.first, ==, first);
    g_assert_cmpint(pair.second, ==, second);
}

/* GStreamer's client, its message shortened. */
static void test_setup_request(void)
{
    static const char text[] = "SETUP rtsp://10.9.0.2:8554/t/stream=0 RTSP/1.0\r\n"
                               "CSeq: 3\r\n"
                               "User-Agent: GStreamer/1.22.0\r\n"
                               "Transport: RTP/SAVP;unicast;client_port=47240-47241\r\n"
                               "KeyMgmt: prot=mikey;uri=\"rtsp://10.9.0.2:8554/t/stream=0\";data=\"AQAFAMXhyDYBAA==\"\r\n"
                               "Date: Mon, 23 Nov 2026 20:48:37 GMT\r\n"
                               "\r\n"
                               "$";
    rtsp_message message = parse(text);
    g_assert_false(message.is_response);
    assert_span(message.method, "SETUP");
    assert_span(message.uri, "rtsp://10.9.0.2:8554/t/stream=0");
    g_assert_true(message.has_cseq);
    g_assert_cmpuint(message.cseq, ==, 3);
    g_assert_cmpuint(message.header_len, ==, strlen(text) - 1);
    g_assert_true(message.content_length == SIZE_MAX);
    g_assert_cmpuint(message.transport_count, ==, 1);
    const rtsp_transport *transport = &message.transports[0];
    assert_span(transport->protocol, "RTP/SAVP");
    g_assert_true(transport->is_rtp && transport->secure_profile);
    g_assert_false(transport->over_tcp || transport->multicast);
    assert_pair(transport->client_port, 47240, 47241);
    assert_pair(transport->server_port, -1, -1);
    assert_pair(transport->interleaved, -1, -1);
    g_assert_cmpuint(message.key_mgmt_count, ==, 1);
    assert_span(message.key_mgmt[0].protocol, "mikey");
    assert_span(message.key_mgmt[0].uri, "rtsp://10.9.0.2:8554/t/stream=0");
    assert_span(message.key_mgmt[0].data, "AQAFAMXhyDYBAA==");
}

static void test_setup_reply(void)
{
    rtsp_message message = parse("RTSP/1.0 200 OK\r\n"
                                 "CSeq: 3\r\n"
                                 "Transport: RTP/SAVP;unicast;client_port=47240-47241;server_port=33126-33127;ssrc=663F8277;"
                                 "mode=\"PLAY\"\r\n"
                                 "Session: S7KkF2kQ0_RX8CeX;timeout=60\r\n\r\n");
    g_assert_true(message.is_response);
    g_assert_cmpuint(message.status, ==, 200);
    assert_span(message.method, NULL);
    assert_span(message.session, "S7KkF2kQ0_RX8CeX");
    const rtsp_transport *transport = &message.transports[0];
    assert_pair(transport->server_port, 33126, 33127);
    g_assert_true(transport->has_ssrc);
    g_assert_cmphex(transport->ssrc, ==, 0x663f8277);
    assert_span(transport->mode, "PLAY");
}

static void test_describe_reply(void)
{
    static const char text[] = "RTSP/1.0 200 OK\n"
                               "cseq : 2\n"
                               "content-type: application/sdp; charset=utf-8\n"
                               "Content-Base: rtsp://10.9.0.2:8554/t/\n"
                               "Content-Location: rtsp://10.9.0.2:8554/u\n"
                               "Content-length:517\n"
                               "\nv=0\n";
    rtsp_message message = parse(text);
    g_assert_cmpuint(message.cseq, ==, 2);
    assert_span(message.content_type, "application/sdp; charset=utf-8");
    assert_span(message.content_base, "rtsp://10.9.0.2:8554/t/");
    assert_span(message.content_location, "rtsp://10.9.0.2:8554/u");
    g_assert_cmpuint(message.content_length, ==, 517);
    g_assert_cmpuint(message.header_len, ==, strlen(text) - strlen("v=0\n"));
}

static void test_transport_alternatives(void)
{
    rtsp_message message =
        parse("SETUP rtsp://h/t RTSP/1.0\r\n"
              "Transport: RTP/SAVPF/UDP;multicast;destination=239.1.2.3;port=5000-5001;ttl=16 ,\r\n"
              " RTP/SAVP/TCP;unicast;interleaved=2-3, RTP/AVP ; client_port = 4000 ; source = \"camera, 1\",,x-real-rdt/udp\r\n"
              "Transport: rtp/avp/tcp;interleaved=256-257;client_port=70000-1;server_port=1-x;ssrc=123456789\r\n\r\n");
    const rtsp_transport *t = message.transports;
    g_assert_cmpuint(message.transport_count, ==, 5);
    g_assert_true(t[0].secure_profile && t[0].multicast && !t[0].over_tcp);
    assert_pair(t[0].port, 5000, 5001);
    assert_span(t[0].destination, "239.1.2.3");
    g_assert_true(t[1].secure_profile && t[1].over_tcp && !t[1].multicast);
    assert_pair(t[1].interleaved, 2, 3);
    g_assert_true(t[2].is_rtp && !t[2].secure_profile);
    assert_pair(t[2].client_port, 4000, -1);
    assert_span(t[2].source, "camera, 1");
    g_assert_false(t[3].is_rtp);
    assert_span(t[3].protocol, "x-real-rdt/udp");
    g_assert_true(t[4].is_rtp && t[4].over_tcp && !t[4].has_ssrc);
    assert_pair(t[4].interleaved, -1, -1);
    assert_pair(t[4].client_port, -1, -1);
    assert_pair(t[4].server_port, 1, -1);
}

static void test_key_mgmt_entries(void)
{
    rtsp_message message = parse("SETUP rtsp://h/t RTSP/1.0\r\n"
                                 "KeyMgmt: data=AQ==;prot=mikey;uri=rtsp://h/t/1,\r\n"
                                 "\tPROT = \"mikey\" ; uri = \"rtsp://h/a,b;c\" ; data = \"Ag==\";\r\n"
                                 "keymgmt: prot=keyp1; uri=\"\"; data=\"Aw\"\r\n"
                                 "KeyMgmt: prot\r\n\r\n");
    const rtsp_key_mgmt *k = message.key_mgmt;
    g_assert_cmpuint(message.key_mgmt_count, ==, 4);
    assert_span(k[0].protocol, "mikey");
    assert_span(k[0].uri, "rtsp://h/t/1");
    assert_span(k[0].data, "AQ==");
    assert_span(k[0].whole, "data=AQ==;prot=mikey;uri=rtsp://h/t/1");
    assert_span(k[1].protocol, "mikey");
    assert_span(k[1].uri, "rtsp://h/a,b;c");
    assert_span(k[1].data, "Ag==");
    assert_span(k[2].protocol, "keyp1");
    assert_span(k[2].uri, "");
    assert_span(k[2].data, "Aw");
    assert_span(k[3].protocol, NULL);
    assert_span(k[3].data, NULL);
}

static void test_what_stands_twice(void)
{
    rtsp_message message = parse("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nCSeq: 2\r\nSession: a\r\nSession: b\r\nContent-Length: x\r\n"
                                 "Content-Length: 4\r\nContent-Length: 5\r\n\r\n");
    assert_span(message.uri, "*");
    g_assert_cmpuint(message.cseq, ==, 1);
    assert_span(message.session, "a");
    g_assert_cmpuint(message.content_length, ==, 4);
}

static void test_bounds(void)
{
    GString *text = g_string_new("SETUP rtsp://h/t RTSP/1.0\r\n");
    for (unsigned i = 0; i < 100; i++)
        g_string_append(text, "Transport: RTP/AVP,RTP/SAVP\r\nKeyMgmt: prot=mikey;data=AQ==,prot=mikey;data=AQ==\r\n");
    g_string_append(text, "\r\n");
    rtsp_message message = parse(text->str);
    g_assert_cmpuint(message.transport_count, ==, RTSP_MAX_TRANSPORTS);
    g_assert_cmpuint(message.key_mgmt_count, ==, RTSP_MAX_KEY_MGMT);
    g_string_free(text, TRUE);
}

static void test_not_rtsp(void)
{
    static const char *const texts[] = {
        "",
        "RTSP/1.0 200 OK\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\n",
        "RTSP/1.0 99 X\r\n\r\n",
        "RTSP/1 200 OK\r\n\r\n",
        "SETUP rtsp://h/t SIP/2.0\r\n\r\n",
        "SETUP t RTSP/1.0\r\n\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nRTSP/1.0 200 OK\r\n\r\n",
        " RTSP/1.0 200 OK\r\n\r\n",
    };
    rtsp_message message;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_false(rtsp_parse(texts[i], strlen(texts[i]), &message));
}

/* Every shorter text must be read without a look behind its end; the sanitizers judge that. */
static void test_cut_anywhere(void)
{
    static const char text[] = "SETUP rtsp://h/t RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/SAVP;client_port=1-2;ssrc=1;mode=\"P\"\r\n"
                               "KeyMgmt: prot=mikey;uri=\"u\";data=\"AQ==\"\r\n\r\n";
    for (size_t len = 0; len <= sizeof text - 1; len++) {
        g_autofree char *copy = g_memdup2(text, len);
        rtsp_message message;
        g_assert_true(rtsp_parse(copy, len, &message) == (len == sizeof text - 1));
    }
}

static void test_find(void)
{
    static const struct {
        const char *text;
        int start;
    } rows[] = {
        {"RTSP/1.0 200 OK\r\n", 0},
        {"xxRTSP/1.0 200 OK\r\n", 2},
        {"\r\n\r\nSETUP rtsp://h/t RTSP/1.0\r\n", 4},
        {"\x01\x02SET_PARAMETER rtsp://h/t RTSP/1.0\r\n", 2},
        {"E\x01\x02" "aOPTIONS * RTSP/1.0\r\n", 4},
        {"User-Agent: RTSP/1.0\r\n", -1},
        {"see rtsp://h/t\r\n", -1},
        {"INVITE sip:a@b SIP/2.0\r\n", -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t start = 99;
        g_assert_true(rtsp_find_first(rows[i].text, strlen(rows[i].text), 0, &start) == (rows[i].start >= 0));
        if (rows[i].start >= 0)
            g_assert_cmpuint(start, ==, rows[i].start);
    }
}

static text_span span(const char *text)
{
    return (text_span){text, text ? strlen(text) : 0};
}

/* However many start lines stand behind other octets of their lines: what was read for one is not read again for the others. */
static void test_search_reads_once(void)
{
    enum { LINES = 100000 };
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < LINES; i++)
        g_string_append(text, "\x01OPTIONS rtsp://h/t RTSP/1.0\r\n");
    const size_t junk = text->len;
    rtsp_message message;
    g_assert_false(rtsp_parse(text->str + 1, junk - 1, &message));
    g_assert_cmpuint(message.header_len, ==, junk - 1);
    g_string_append(text, "RTSP/1.0 200 OK\r\n\r\n");
    g_assert_false(rtsp_parse(text->str + 1, text->len - 1, &message));
    g_assert_cmpuint(1 + message.header_len, ==, junk);
    g_assert_true(rtsp_parse(text->str + junk, text->len - junk, &message));
    g_string_free(text, TRUE);
}

static void test_uri_path(void)
{
    static const char *const rows[][2] = {
        {"rtsp://h/t/stream=0", "/t/stream=0"}, {"rtsp://user:pw@h:554/t?a=1", "/t?a=1"}, {"RTSPS://[::1]:322/t/", "/t/"},
        {"rtsp://h", "/"},                      {"/t", "/t"},                             {"*", "*"},
        {NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_span(rtsp_uri_path(span(rows[i][0])), rows[i][1]);
}

static void test_control(void)
{
    static const struct {
        const char *control, *base, *path;
        bool fits;
    } rows[] = {
        {"stream=0", "/t/", "/t/stream=0", true},      /* GStreamer */
        {"stream=0", "/t", "/t/stream=0", true},       /* clients that add '/' */
        {"stream=0", "/a/t", "/a/stream=0", true},     /* RFC 1808 */
        {"stream=0", "/t/", "/t/stream=1", false},
        {"stream=0", "/t/", "/tt/stream=0", false},
        {"stream=0", "/t/", "/t/stream=00", false},
        {"stream=0", NULL, "/t/stream=0", false},
        {"trackID=1", "/cam?ch=1", "/cam?ch=1/trackID=1", true},
        {"trackID=1", "/", "/trackID=1", true},
        {"rtsp://10.0.0.1/t/track1", "/t/", "/t/track1", true}, /* behind NAT the host is another */
        {"rtsp://10.0.0.1/t/track1", NULL, "/t/track1", true},
        {"/t/track1", "/x/", "/t/track1", true},
        {"*", "/t/", "/t", true},
        {"*", "/t", "/t/", true},
        {"*", "/t", "/t/stream=0", false},
        {NULL, "/t", "/t", true},
        {"*", NULL, "/t", false},
        {"a", "/t", NULL, false},
        {"a", "/t", "", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s of %s: %s", rows[i].control, rows[i].base, rows[i].path);
        g_assert_true(rtsp_control_is(span(rows[i].control), span(rows[i].base), span(rows[i].path)) == rows[i].fits);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtsp/setup-request", test_setup_request);
    g_test_add_func("/rtsp/setup-reply", test_setup_reply);
    g_test_add_func("/rtsp/describe-reply", test_describe_reply);
    g_test_add_func("/rtsp/transport-alternatives", test_transport_alternatives);
    g_test_add_func("/rtsp/key-mgmt-entries", test_key_mgmt_entries);
    g_test_add_func("/rtsp/what-stands-twice", test_what_stands_twice);
    g_test_add_func("/rtsp/bounds", test_bounds);
    g_test_add_func("/rtsp/not-rtsp", test_not_rtsp);
    g_test_add_func("/rtsp/cut-anywhere", test_cut_anywhere);
    g_test_add_func("/rtsp/find", test_find);
    g_test_add_func("/rtsp/search-reads-once", test_search_reads_once);
    g_test_add_func("/rtsp/uri-path", test_uri_path);
    g_test_add_func("/rtsp/control", test_control);
    return g_test_run();
}

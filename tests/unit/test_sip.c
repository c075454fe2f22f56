/* The SIP header reader: real messages, the liberties RFC 3261 grants, and several messages in one run of octets. */
#include "sessions/sip.h"

#include <glib.h>
#include <string.h>

static void assert_span(text_span span, const char *expected)
{
    g_autofree char *text = span.text ? g_strndup(span.text, span.len) : NULL;
    g_assert_cmpstr(text, ==, expected);
}

static sip_message parse(const char *text)
{
    sip_message message;
    g_assert_true(sip_parse(text, strlen(text), &message));
    return message;
}

/* Linphone's offer, shortened. */
static void test_request(void)
{
    static const char text[] = "INVITE sip:bob@10.9.0.2 SIP/2.0\r\n"
                               "Via: SIP/2.0/UDP 10.9.0.1:5060;branch=z9hG4bK.-x23HLlsu;rport\r\n"
                               "From: \"L\" <sip:lin@10.9.0.1>;tag=ZKR4--~hT\r\n"
                               "To: sip:bob@10.9.0.2\r\n"
                               "CSeq: 20 INVITE\r\n"
                               "Call-ID: ZhbVT6DNaq\r\n"
                               "Content-Type: application/sdp\r\n"
                               "Content-Length: 611\r\n"
                               "Contact: <sip:10.9.0.1;transport=udp>;+sip.instance=\"<urn:uuid:ddaf54c2>\"\r\n"
                               "\r\n"
                               "v=0\r\n";
    sip_message message = parse(text);
    g_assert_false(message.is_response);
    g_assert_cmpuint(message.status, ==, 0);
    assert_span(message.method, "INVITE");
    assert_span(message.call_id, "ZhbVT6DNaq");
    assert_span(message.from_uri, "sip:lin@10.9.0.1");
    assert_span(message.from_tag, "ZKR4--~hT");
    assert_span(message.to_uri, "sip:bob@10.9.0.2");
    assert_span(message.to_tag, NULL);
    assert_span(message.via_branch, "z9hG4bK.-x23HLlsu");
    g_assert_cmpuint(message.cseq, ==, 20);
    g_assert_cmpuint(message.rack_cseq, ==, 0);
    assert_span(message.content_type, "application/sdp");
    g_assert_cmpuint(message.content_length, ==, 611);
    g_assert_cmpuint(message.header_len, ==, strlen(text) - strlen("v=0\r\n"));
}

/* rtpengine's proxy stands in the topmost Via; the answer runs over TCP and IPv6. */
static void test_response(void)
{
    sip_message message = parse("SIP/2.0 183 Session Progress\r\n"
                                "Via: SIP/2.0/TCP [fd00:9::2]:5060;received=fd00:9::2;branch=z9hG4bKc897.0\r\n"
                                "Via: SIP/2.0/UDP 10.9.0.1:5060;rport=5060;branch=z9hG4bKPj70bd2903\r\n"
                                "Record-Route: <sip:10.9.0.2;lr;ftag=6df37adb>\r\n"
                                "Call-ID: c6b221ee@[fd00:9::1]\r\n"
                                "From: <sip:alice@[fd00:9::1]:5060;transport=tcp>;tag=6df37adb-f285\r\n"
                                "To: <sip:bob@10.9.0.2>;tag=06f0b126\r\n"
                                "CSeq: 16740 INVITE\r\n\r\n");
    g_assert_true(message.is_response);
    g_assert_cmpuint(message.status, ==, 183);
    assert_span(message.method, "INVITE");
    assert_span(message.call_id, "c6b221ee@[fd00:9::1]");
    assert_span(message.from_uri, "sip:alice@[fd00:9::1]:5060");
    assert_span(message.from_tag, "6df37adb-f285");
    assert_span(message.to_tag, "06f0b126");
    assert_span(message.via_branch, "z9hG4bKc897.0");
    assert_span(message.content_type, NULL);
    g_assert_true(message.content_length == SIZE_MAX);
}

static void test_compact_and_folded(void)
{
    static const char text[] = "PRACK sip:bob@example.com SIP/2.0\n"
                               "v : SIP / 2.0 / UDP first.example.com: 4000;ttl=16\n"
                               " ;maddr=192.0.2.2 ; Branch = z9hG4bKa7c6a8dlze.1 , SIP/2.0/UDP b;branch=z9hG4bKother\n"
                               "f:\n"
                               "\t\"A; <tag=no> \\\";tag=none\"\n"
                               " <sip:alice;x=1@example.com?subject=a;tag=inner>\n"
                               " ; tag\n"
                               "  =\n"
                               "  yes;x\n"
                               "T: sip:bob@example.com;x=\";tag=no\";TAG=2\n"
                               "i:\n"
                               " folded@example.com \n"
                               "cseq:\n"
                               " 4711\n"
                               " PRACK\n"
                               "rack: 776656\n"
                               "  4710 INVITE\n"
                               "c: multipart/mixed;\n"
                               " boundary=\"b:1\" \n"
                               "l:\t 99\n"
                               "Subject: nothing\n"
                               "\n";
    sip_message message = parse(text);
    assert_span(message.via_branch, "z9hG4bKa7c6a8dlze.1");
    assert_span(message.from_uri, "sip:alice;x=1@example.com");
    assert_span(message.from_tag, "yes");
    assert_span(message.to_uri, "sip:bob@example.com");
    assert_span(message.to_tag, "2");
    assert_span(message.call_id, "folded@example.com");
    g_assert_cmpuint(message.cseq, ==, 4711);
    g_assert_cmpuint(message.rack_cseq, ==, 4710);
    assert_span(message.content_type, "multipart/mixed;\n boundary=\"b:1\"");
    g_assert_cmpuint(message.content_length, ==, 99);
    g_assert_cmpuint(message.header_len, ==, sizeof text - 1);
}

#define MINIMAL "Call-ID: a\r\nCSeq: 1 X\r\n"

static void test_parties(void)
{
    static const struct {
        const char *value, *uri, *tag;
    } rows[] = {
        {"<sip:a@b>", "sip:a@b", NULL},
        {"Anna Example <sips:a@b;transport=tls>;tag=1", "sips:a@b", "1"},
        {"\"Anna\"<sip:a@b>;x=y;tag=1;z", "sip:a@b", "1"},
        {"sip:a@b;tag=1", "sip:a@b", "1"},
        {"sip:a@b ; tag = 1", "sip:a@b", "1"},
        {"tel:+358-555-1234567;tag=1", "tel:+358-555-1234567", "1"},
        {"<tel:+358-555-1234567;phone-context=x>;tag=1", "tel:+358-555-1234567", "1"},
        {"<sip:a@b>;tagx=2;xtag=3", "sip:a@b", NULL},
        {"<sip:a@b;tag=2>", "sip:a@b", NULL},
        {"<sip:a@b>;tag=", "sip:a@b", ""},
        {"<sip:a@b", "sip:a@b", NULL},
        {"\"unclosed <sip:a@b>;tag=1", "\"unclosed", NULL},
        {"", "", NULL},
        {"<", "", NULL},
        {";", "", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("X sip:a SIP/2.0\r\nTo: %s\r\n" MINIMAL "\r\n", rows[i].value);
        g_test_message("%s", rows[i].value);
        sip_message message = parse(text);
        assert_span(message.to_uri, rows[i].uri);
        assert_span(message.to_tag, rows[i].tag);
    }
}

static void test_refused(void)
{
    static const char *const texts[] = {
        "",
        "INVITE",
        "\r\nINVITE sip:a SIP/2.0\r\n" MINIMAL "\r\n",
        "INVITE sip:a HTTP/1.1\r\n" MINIMAL "\r\n",
        "INVITE sip:a\r\n" MINIMAL "\r\n",
        "INVITE sip:a SIP/2.0 x\r\n" MINIMAL "\r\n",
        "I like SIP/2.0\r\n" MINIMAL "\r\n",
        "In(vite sip:a SIP/2.0\r\n" MINIMAL "\r\n",
        "SIP/2.0 99 x\r\n" MINIMAL "\r\n",
        "SIP/2.0 0200 x\r\n" MINIMAL "\r\n",
        "SIP/2.0 700 x\r\n" MINIMAL "\r\n",
        "SIP/2.0 2x0 x\r\n" MINIMAL "\r\n",
        "SIP/2 200 x\r\n" MINIMAL "\r\n",
        "SIP/2.0\r\n" MINIMAL "\r\n",
        "X sip:a SIP/2.0\r\nCall-ID: a\r\n\r\nCSeq: 1 X\r\n",
        "X sip:a SIP/2.0\r\nCSeq: 1 X\r\n\r\nCall-ID: a\r\n",
        "X sip:a SIP/2.0\r\nCall-ID: \r\nCSeq: 1 X\r\n\r\n",
        "X sip:a SIP/2.0\r\nCall-ID: a\r\nCSeq: X\r\n\r\n",
        "X sip:a SIP/2.0\r\nCall-ID: a\r\nCSeq: 4294967296 X\r\n\r\n",
        "X sip:a SIP/2.0\r\nY sip:a SIP/2.0\r\n" MINIMAL "\r\n",
    };
    sip_message message;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_test_message("%s", texts[i]);
        g_assert_false(sip_parse(texts[i], strlen(texts[i]), &message));
    }
    g_assert_false(sip_parse(NULL, 0, &message));
}

static void test_accepted(void)
{
    g_assert_cmpuint(parse("SIP/2.0 100 Trying\r\n" MINIMAL "\r\n").status, ==, 100);
    g_assert_cmpuint(parse("SIP/2.0 699\r\n" MINIMAL "\r\n").status, ==, 699);
    assert_span(parse("sip/2.0 200 OK\r\n" MINIMAL "\r\n").method, "X");
    assert_span(parse("x-y.z sip:a  SIP/2.0 \r\n" MINIMAL "\r\n").method, "x-y.z");
    /* Cut off within the header: what is there is told. */
    sip_message message = parse("X sip:a SIP/2.0\r\n" MINIMAL "Content-Length: x");
    g_assert_cmpuint(message.header_len, ==, strlen("X sip:a SIP/2.0\r\n" MINIMAL "Content-Length: x"));
    g_assert_true(message.content_length == SIZE_MAX);
    /* The first of what stands twice; a Via without branch has none. */
    message = parse("X sip:a SIP/2.0\r\n" MINIMAL "Call-ID: b\r\nCSeq: 2 Y\r\nl: 5\r\nl: 6\r\nv: x\r\nv: y;branch=z\r\n\r\n");
    assert_span(message.call_id, "a");
    g_assert_cmpuint(message.cseq, ==, 1);
    g_assert_cmpuint(message.content_length, ==, 5);
    assert_span(message.via_branch, NULL);
}

/* The Call-ID of the message around `marker` in text. */
static char *enclosing(const char *text, const char *marker)
{
    sip_message message;
    size_t start;
    const char *body = strstr(text, marker);
    g_assert_nonnull(body);
    if (!sip_find_enclosing(text, strlen(text), (size_t)(body - text), &start, &message))
        return g_strdup("none");
    g_assert_true(message.call_id.text == text + start + strlen("X sip:a SIP/2.0\r\nCall-ID: "));
    return g_strndup(message.call_id.text, message.call_id.len);
}

static void assert_enclosing(const char *text, const char *marker, const char *expected)
{
    g_autofree char *found = enclosing(text, marker);
    g_test_message("%s", text);
    g_assert_cmpstr(found, ==, expected);
}

#define MESSAGE(id, more) "X sip:a SIP/2.0\r\nCall-ID: " id "\r\nCSeq: 1 X\r\n" more "\r\n"

static void test_enclosing(void)
{
    assert_enclosing(MESSAGE("a", "") "v=0", "v=0", "a");
    assert_enclosing(MESSAGE("a", "l: 9\r\n") "v=0", "v=0", "a");
    assert_enclosing("\r\n\r\n" MESSAGE("a", "l: 9\r\n") "v=0", "v=0", "a");
    assert_enclosing("noise\r\n" MESSAGE("a", "l: 9\r\n") "v=0", "v=0", "a");
    assert_enclosing("v=0\r\n" MESSAGE("a", ""), "v=0", "none");
    assert_enclosing("X sip:a SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 X\r\nv=0", "v=0", "none"); /* still in the header */
    assert_enclosing("X sip:a SIP/2.0\r\nCSeq: 1 X\r\n\r\nv=0", "v=0", "none");

    /* Messages after each other, with and without lengths. */
    assert_enclosing(MESSAGE("a", "") "b1\r\n" MESSAGE("b", "") "v=0", "v=0", "b");
    assert_enclosing(MESSAGE("a", "l: 4\r\n") "b1\r\n" MESSAGE("b", "l: 3\r\n") "v=0", "v=0", "b");
    assert_enclosing(MESSAGE("a", "l: 4\r\n") "b1\r\n" MESSAGE("b", "l: 3\r\n") "v=0", "b1", "a");
    assert_enclosing(MESSAGE("a", "l: 2\r\n") "b1" MESSAGE("b", "l: 3\r\n") "v=0", "v=0", "b");
    assert_enclosing(MESSAGE("a", "l: 2\r\n") "b1\r\n\r\n" MESSAGE("b", "l: 3\r\n") "v=0", "v=0", "b");
    /* Lengths that are too small tell less than nothing: the nearest. */
    assert_enclosing(MESSAGE("a", "l: 1\r\n") "b1\r\n" MESSAGE("b", "l: 0\r\n") "v=0", "v=0", "b");
}

static void test_enclosing_multipart(void)
{
#define PART "--b\r\nContent-Type: message/sipfrag\r\n\r\n"
#define SDP_PART "\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n"
    /* A fragment that is no message for want of a Call-ID. */
    assert_enclosing(MESSAGE("a", "") PART "SIP/2.0 200 OK\r\n" SDP_PART, "v=0", "a");
    assert_enclosing(MESSAGE("a", "") PART "SIP/2.0 200 OK\r\nTo: x\r\n\r\n" SDP_PART, "v=0", "a");
    assert_enclosing(MESSAGE("a", "l: 999\r\n") PART "INVITE sip:b SIP/2.0\r\n" SDP_PART, "v=0", "a");
    /* A whole message within: the outer one's length tells. */
    assert_enclosing(MESSAGE("a", "l: 999\r\n") PART MESSAGE("b", "") SDP_PART, "v=0", "a");
    assert_enclosing(MESSAGE("a", "l: 999\r\n") PART MESSAGE("b", "l: 999\r\n") SDP_PART, "v=0", "a");
    /* Or the inner one's, which ends before. */
    assert_enclosing(MESSAGE("a", "") PART MESSAGE("b", "l: 0\r\n") SDP_PART, "v=0", "a");
}

static void test_enclosing_reach(void)
{
    GString *text = g_string_new(MESSAGE("far", ""));
    g_string_append_printf(text, "%65300s", "\r\nv=0");
    g_autofree char *near = enclosing(text->str, "v=0");
    g_assert_cmpstr(near, ==, "far");
    g_autofree char *more = g_strnfill(300, ' ');
    g_string_insert(text, (gssize)strlen(MESSAGE("far", "")), more);
    g_autofree char *far = enclosing(text->str, "v=0");
    g_assert_cmpstr(far, ==, "none");
    g_string_append(text, "\r\n" MESSAGE("near", "") "w=0");
    g_autofree char *again = enclosing(text->str, "w=0");
    g_assert_cmpstr(again, ==, "near");
    g_string_free(text, TRUE);

    sip_message message;
    size_t start;
    g_assert_true(sip_find_enclosing(MESSAGE("a", ""), strlen(MESSAGE("a", "")), SIZE_MAX, &start, &message));
    g_assert_false(sip_find_enclosing(NULL, 0, 0, &start, &message));
}

static void test_find_first(void)
{
    static const char text[] = "junk\r\nSIP/2.0 200 OK\r\n" MESSAGE("a", "") "tailSIP/2.0 200 OK\r\n";
    size_t len = sizeof text - 1, start = 99;
    g_assert_true(sip_find_first(text, len, 0, &start));
    g_assert_cmpuint(start, ==, 6);
    g_assert_true(sip_find_first(text, len, 6, &start));
    g_assert_cmpuint(start, ==, 6);
    g_assert_true(sip_find_first(text, len, 7, &start));
    g_assert_cmpuint(start, ==, 22);
    size_t glued = (size_t)(strstr(text, "tailSIP") + 4 - text);
    g_assert_true(sip_find_first(text, len, 23, &start)); /* where a body ends, no line end need be */
    g_assert_cmpuint(start, ==, glued);
    g_assert_false(sip_find_first(text, len, glued + 1, &start));
    g_assert_false(sip_find_first(text, len, len, &start));
    g_assert_false(sip_find_first(text, len, SIZE_MAX, &start));
}

/* A message directly behind the binary header of a datagram, whose last octets may look like a part of the method. */
static void test_find_behind_datagram_header(void)
{
    static const struct {
        const char *header;
        size_t len;
        const char *line;
    } rows[] = {
        {"\x45\0\0\x01\x13\xc4\x13\xc4\0\x10\0", 11, "INVITE sip:a@b SIP/2.0\r\n"},
        {"\n\0\x13\xc4" "AB", 6, "INVITE sip:a@b SIP/2.0\r\n"},
        {"\0\0SIP/", 6, "ACK sip:a@b SIP/2.0\r\n"},
        {"\0R", 2, "PRACK sip:a@b SIP/2.0\r\n"},
        {"\0\0\0k", 4, "SIP/2.0 180 Ringing\r\n"},
        {"\0S", 2, "SIP/2.0 200 OK\r\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *text = g_string_new_len(rows[i].header, (gssize)rows[i].len);
        size_t start = 99;
        g_string_append(text, rows[i].line);
        g_assert_true(sip_find_first(text->str, text->len, 0, &start));
        g_assert_cmpuint(start, ==, rows[i].len);
        g_string_free(text, TRUE);
    }
}

/* However many start lines stand behind other octets of their lines: what was read for one is not read again for the others. */
static void test_search_reads_once(void)
{
    enum { LINES = 100000 };
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < LINES; i++)
        g_string_append(text, "\x01INVITE sip:a SIP/2.0\r\n");
    const size_t junk = text->len;
    g_string_append(text, MESSAGE("a", ""));
    sip_message message;
    size_t start;
    g_assert_true(sip_find_first(text->str, text->len, 0, &start));
    g_assert_cmpuint(start, ==, 1);
    g_assert_false(sip_parse(text->str + start, text->len - start, &message));
    g_assert_cmpuint(start + message.header_len, ==, junk);
    g_assert_true(sip_parse(text->str + junk, text->len - junk, &message));
    /* Headers to the end of the text, and headers that belong to no message. */
    g_assert_false(sip_parse(text->str + 1, junk - 1, &message));
    g_assert_cmpuint(message.header_len, ==, junk - 1);
    g_string_truncate(text, junk);
    g_string_append(text, "\r\nbody");
    g_assert_false(sip_parse(text->str + 1, text->len - 1, &message));
    g_assert_cmpuint(1 + message.header_len, ==, junk + 2);
    g_string_free(text, TRUE);
}

/* Work that is not linear would run into the time limit of the test. */
static void test_hostile(void)
{
    static const struct {
        const char *prefix, *piece;
        unsigned times;
    } rows[] = {
        {"", "SIP/2.0 200\n", 90000},
        {"", MESSAGE("a", "l: 70\r\n"), 20000},
        {"X sip:a SIP/2.0\r\n" MINIMAL "To:", ";", 1 << 20},
        {"X sip:a SIP/2.0\r\n" MINIMAL "To:", "\"", 1 << 20},
        {"X sip:a SIP/2.0\r\n" MINIMAL "To:", "\\", 1 << 20},
        {"X sip:a SIP/2.0\r\n" MINIMAL "Via:", ";branch", 150000},
        {"X sip:a SIP/2.0\r\n" MINIMAL "Via: x", "\r\n ", 300000},
        {"X sip:a SIP/2.0\r\n" MINIMAL, "f:\r\n", 250000},
        {"X sip:a SIP/2.0\r\n" MINIMAL, "\xff", 1 << 20},
        {"X ", "sip:", 250000},
        {"X ", "SIP/", 250000},
        {"", "SIP/2 sip:", 100000},
        {"", "\x01INVITE sip:a SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n", 20000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *text = g_string_new(rows[i].prefix);
        for (unsigned n = 0; n < rows[i].times; n++)
            g_string_append(text, rows[i].piece);
        sip_message message;
        size_t start;
        sip_parse(text->str, text->len, &message);
        for (size_t body = 60000; body < text->len; body += 100000)
            sip_find_enclosing(text->str, text->len, body, &start, &message);
        sip_find_first(text->str, text->len, 1, &start);
        g_string_free(text, TRUE);
    }
    static const char nuls[] = "X sip:\0 SIP/2.0\r\nCall-ID: a\0b\r\nCSeq: 1 \0\r\nTo: \0<sip:\0@\0>\0;tag=\0\r\n\0: \0\r\n\r\n";
    sip_message message;
    g_assert_true(sip_parse(nuls, sizeof nuls - 1, &message));
    g_assert_cmpuint(message.call_id.len, ==, 3);
    g_assert_cmpuint(message.to_tag.len, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sip/request", test_request);
    g_test_add_func("/sip/response", test_response);
    g_test_add_func("/sip/compact-and-folded", test_compact_and_folded);
    g_test_add_func("/sip/parties", test_parties);
    g_test_add_func("/sip/refused", test_refused);
    g_test_add_func("/sip/accepted", test_accepted);
    g_test_add_func("/sip/enclosing", test_enclosing);
    g_test_add_func("/sip/enclosing-multipart", test_enclosing_multipart);
    g_test_add_func("/sip/enclosing-reach", test_enclosing_reach);
    g_test_add_func("/sip/find-first", test_find_first);
    g_test_add_func("/sip/find-behind-datagram-header", test_find_behind_datagram_header);
    g_test_add_func("/sip/search-reads-once", test_search_reads_once);
    g_test_add_func("/sip/hostile", test_hostile);
    return g_test_run();
}

#include "sessions/rtsp.h"

#include "keys/text_scan.h"
#include "sessions/message_text.h"

#include <glib.h>
#include <string.h>

static const char *const methods[] = {"OPTIONS", "DESCRIBE", "SETUP",         "PLAY",          "TEARDOWN", "PAUSE",
                                      "RECORD",  "ANNOUNCE", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT"};
static const message_syntax rtsp_syntax = {
    .version = "RTSP/", .methods = methods, .method_count = G_N_ELEMENTS(methods), .star = true};

/* --- Transport ----------------------------------------------------------------------------------------------------- */

static int32_t read_number(text_span text, uint64_t max)
{
    uint64_t number;
    return text_decimal(message_trim(text), max, &number) ? (int32_t)number : -1;
}

/* "6970-6971", or one number. */
static rtsp_pair read_pair(text_span text, uint64_t max)
{
    text_span first = {NULL, 0};
    text_next_part(&text, '-', &first);
    rtsp_pair pair = {read_number(first, max), read_number(text, max)};
    if (pair.first < 0)
        pair.second = -1;
    return pair;
}

/* RTP/<profile>[/<lower transport>] */
static void read_protocol(rtsp_transport *transport, text_span protocol)
{
    text_span rest = protocol, name, profile, lower;
    transport->protocol = protocol;
    text_next_part(&rest, '/', &name);
    transport->is_rtp = text_is_nocase(name, "RTP");
    if (text_next_part(&rest, '/', &profile))
        transport->secure_profile = text_is_nocase(profile, "SAVP") || text_is_nocase(profile, "SAVPF");
    if (text_next_part(&rest, '/', &lower))
        transport->over_tcp = text_is_nocase(lower, "TCP");
}

static void read_ssrc(rtsp_transport *transport, text_span text)
{
    uint32_t ssrc = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = g_ascii_xdigit_value(text.text[i]);
        if (digit < 0 || i == 8)
            return;
        ssrc = ssrc << 4 | (uint32_t)digit;
    }
    transport->ssrc = ssrc;
    transport->has_ssrc = text.len > 0;
}

static void read_transport_param(rtsp_transport *transport, text_span name, text_span value)
{
    if (text_is_nocase(name, "multicast"))
        transport->multicast = true;
    else if (text_is_nocase(name, "client_port"))
        transport->client_port = read_pair(value, UINT16_MAX);
    else if (text_is_nocase(name, "server_port"))
        transport->server_port = read_pair(value, UINT16_MAX);
    else if (text_is_nocase(name, "port"))
        transport->port = read_pair(value, UINT16_MAX);
    else if (text_is_nocase(name, "interleaved"))
        transport->interleaved = read_pair(value, UINT8_MAX);
    else if (text_is_nocase(name, "source"))
        transport->source = value;
    else if (text_is_nocase(name, "destination"))
        transport->destination = value;
    else if (text_is_nocase(name, "mode"))
        transport->mode = value;
    else if (text_is_nocase(name, "ssrc"))
        read_ssrc(transport, value);
}

static void read_transports(rtsp_message *message, text_span value)
{
    const rtsp_pair none = {-1, -1};
    do {
        if (message->transport_count == RTSP_MAX_TRANSPORTS)
            return;
        text_span protocol = message_trim(message_take_until(&value, ";,")), name, param;
        if (!protocol.len)
            continue;
        rtsp_transport *transport = &message->transports[message->transport_count++];
        *transport = (rtsp_transport){.client_port = none, .server_port = none, .port = none, .interleaved = none};
        read_protocol(transport, protocol);
        while (text_take(&value, ";")) {
            message_read_param(message_take_until(&value, ";,"), &name, &param);
            read_transport_param(transport, name, param);
        }
    } while (text_take(&value, ","));
}

/* --- KeyMgmt ------------------------------------------------------------------------------------------------------- */

/* prot=<protocol>; uri="<URI>"; data="<base64>", in any order and with or without quotes (RFC 4567 section 3.2, erratum 2247) */
static void read_key_mgmt_entry(rtsp_message *message, text_span entry)
{
    text_span rest = entry, name, value;
    if (!entry.len || message->key_mgmt_count == RTSP_MAX_KEY_MGMT)
        return;
    rtsp_key_mgmt *key_mgmt = &message->key_mgmt[message->key_mgmt_count++];
    *key_mgmt = (rtsp_key_mgmt){.whole = entry};
    do {
        message_read_param(message_take_until(&rest, ";"), &name, &value);
        if (text_is_nocase(name, "prot"))
            key_mgmt->protocol = value;
        else if (text_is_nocase(name, "uri"))
            key_mgmt->uri = value;
        else if (text_is_nocase(name, "data"))
            key_mgmt->data = value;
    } while (text_take(&rest, ";"));
}

static void read_key_mgmt(rtsp_message *message, text_span value)
{
    do {
        read_key_mgmt_entry(message, message_trim(message_take_until(&value, ",")));
    } while (text_take(&value, ","));
}

/* --- the message --------------------------------------------------------------------------------------------------- */

static void set_once(text_span *to, text_span value)
{
    if (!to->text)
        *to = message_trim(value);
}

/* Of a header that must stand once the first counts. */
static void read_header(rtsp_message *message, text_span header)
{
    text_span name, value;
    uint32_t number;
    if (!message_split_header(header, &name, &value))
        return;
    if (text_is_nocase(name, "CSeq") && !message->has_cseq)
        message->has_cseq = message_take_number(&value, &message->cseq);
    else if (text_is_nocase(name, "Session"))
        set_once(&message->session, message_take_until(&value, ";"));
    else if (text_is_nocase(name, "Content-Type"))
        set_once(&message->content_type, value);
    else if (text_is_nocase(name, "Content-Base"))
        set_once(&message->content_base, value);
    else if (text_is_nocase(name, "Content-Location"))
        set_once(&message->content_location, value);
    else if (text_is_nocase(name, "Content-Length") && message->content_length == SIZE_MAX)
        message->content_length = message_take_number(&value, &number) ? number : SIZE_MAX;
    else if (text_is_nocase(name, "Transport"))
        read_transports(message, value);
    else if (text_is_nocase(name, "KeyMgmt"))
        read_key_mgmt(message, value);
}

/* A start line among the headers means that the first was none of a message: so every octet of a text is read at most once for all
 * its start lines. */
bool rtsp_parse(const char *text, size_t len, rtsp_message *message)
{
    text_span rest = text_span_of(text, len), line;
    message_start start, other;
    memset(message, 0, sizeof *message);
    message->content_length = SIZE_MAX;
    const bool begins = text_next_line(&rest, &line) && message_read_start(&rtsp_syntax, line, &start);
    message->header_len = len - rest.len;
    if (!begins)
        return false;
    message->is_response = start.is_response;
    message->status = start.status;
    message->method = start.method;
    message->uri = start.uri;
    while (message_next_header(&rest, &line)) {
        if (message_read_start(&rtsp_syntax, line, &other))
            return false;
        message->header_len = len - rest.len;
        if (line.len == 0)
            return rest.len > 0 || text[len - 1] == '\n'; /* behind a last CR the LF may still come */
        read_header(message, line);
    }
    return false;
}

bool rtsp_find_first(const char *text, size_t len, size_t from, size_t *start)
{
    return message_find_start(&rtsp_syntax, text, len, from, start);
}

/* --- URIs ---------------------------------------------------------------------------------------------------------- */

static bool has_scheme(text_span uri)
{
    return uri.len > 0 && g_strstr_len(uri.text, (gssize)uri.len, "://") != NULL;
}

text_span rtsp_uri_path(text_span uri)
{
    if (!has_scheme(uri))
        return uri;
    const char *authority = g_strstr_len(uri.text, (gssize)uri.len, "://") + 3;
    const char *end = uri.text + uri.len;
    const char *path = memchr(authority, '/', (size_t)(end - authority));
    return path ? text_span_of(path, (size_t)(end - path)) : text_span_of("/", 1);
}

static text_span without_slash(text_span path)
{
    while (path.len > 0 && path.text[path.len - 1] == '/')
        path.len--;
    return path;
}

static bool same(text_span a, text_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.text, b.text, a.len) == 0);
}

/* Whether `path` is `folder`, which ends in '/' or lacks that, and then `name`. */
static bool is_in_folder(text_span path, text_span folder, text_span name)
{
    folder = without_slash(folder);
    return path.len == folder.len + 1 + name.len && path.text[folder.len] == '/' &&
           memcmp(path.text, folder.text, folder.len) == 0 &&
           memcmp(path.text + folder.len + 1, name.text, name.len) == 0;
}

/* Up to the last '/'. */
static text_span folder_of(text_span path)
{
    while (path.len > 0 && path.text[path.len - 1] != '/')
        path.len--;
    return path;
}

bool rtsp_control_is(text_span control, text_span base_path, text_span path)
{
    if (!path.len)
        return false;
    if (!control.len || text_is(control, "*"))
        return base_path.len > 0 && same(without_slash(base_path), without_slash(path));
    if (has_scheme(control))
        return same(without_slash(rtsp_uri_path(control)), without_slash(path));
    if (control.text[0] == '/')
        return same(without_slash(control), without_slash(path));
    return base_path.len > 0 &&
           (is_in_folder(path, base_path, control) || is_in_folder(path, folder_of(base_path), control));
}

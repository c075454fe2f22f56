/* One walk over the lines of an SDP body. Lines before the first m= hold for the session, the others for the
 * section they stand in (RFC 8866 section 5).
 */
#include "sessions/sdp.h"

#include "keys/text_scan.h"

#include <glib.h>
#include <string.h>

#define ENCRYPTED_EXTENSION_URI "urn:ietf:params:rtp-hdrext:encrypt" /* RFC 6904 section 4 */
#define MAX_EXTENSION_ID 255                                        /* RFC 8285: greater ones are placeholders of offers */
#define MAX_PAYLOAD_TYPE 127

/* What the lines say that only takes effect once the section is complete. */
typedef struct {
    sdp_body *body;
    transport_address session_address; /* of the session's c=, without a port */
    uint8_t session_extensions[32];
    bool session_has_extensions;
    sdp_media *media;                  /* the section at hand; NULL in the session part and past the bound */
    bool in_session;
    bool connection_seen, rtcp_seen, rtcp_has_address, rtcp_mux_only; /* of the section */
} sdp_walk;

static uint16_t read_port(text_span text)
{
    uint64_t port = 0;
    return text_decimal(text, UINT16_MAX, &port) ? (uint16_t)port : 0;
}

/* An address that packets can go to: 0.0.0.0 and :: stand for "on hold" and "not known yet" (RFC 3264 section 8.4). */
static bool read_ip(text_span text, transport_address *address)
{
    static const uint8_t unspecified[16];
    uint8_t ip[16], ip_len;
    if (!text_ip_address(text, ip, &ip_len) || memcmp(ip, unspecified, ip_len) == 0)
        return false;
    transport_address_set(address, ip, ip_len, address->port);
    return true;
}

/* "IN IP4 192.0.2.1", a multicast address also with "/ttl/count" (section 5.7). The address tells its own family. */
static bool read_connection_address(text_span rest, transport_address *address)
{
    text_span net_type, address_type, text, literal;
    if (!text_next_field(&rest, &net_type) || !text_next_field(&rest, &address_type) || !text_next_field(&rest, &text))
        return false;
    text_next_part(&text, '/', &literal);
    return text_is_nocase(net_type, "IN") && read_ip(literal, address);
}

static void read_connection(sdp_walk *walk, text_span value)
{
    if (walk->in_session) {
        if (!walk->connection_seen)
            read_connection_address(value, &walk->session_address);
        walk->connection_seen = true;
    } else if (walk->media && !walk->connection_seen) { /* further ones are multicast layers (section 5.7) */
        uint16_t port = walk->media->rtp.port;
        memset(&walk->media->rtp, 0, sizeof walk->media->rtp);
        walk->media->rtp.port = port;
        read_connection_address(value, &walk->media->rtp);
        walk->connection_seen = true;
    }
}

/* o=<user> <sess-id> <sess-version> ... */
static void read_origin(sdp_body *body, text_span rest)
{
    text_span user;
    if (!body->session_id.text && text_next_field(&rest, &user) && text_next_field(&rest, &body->session_id))
        text_next_field(&rest, &body->session_version);
}

/* A section's defaults wait for its last line: c= may come after a=rtcp. */
static void finish_media(sdp_walk *walk)
{
    sdp_media *media = walk->media;
    if (!media)
        return;
    if (!walk->rtcp_has_address) {
        uint16_t port = media->rtcp.port;
        media->rtcp = media->rtp;
        if (walk->rtcp_seen)
            media->rtcp.port = port;
        else if (!walk->rtcp_mux_only && media->rtp.port != 0) /* RFC 3550 section 11; RFC 8858: no port of its own */
            media->rtcp.port = media->rtp.port < UINT16_MAX ? media->rtp.port + 1 : 0;
    }
    /* Formats that only had an fmtp line are static ones (RFC 3551): nothing here to name them. */
    unsigned kept = 0;
    for (unsigned i = 0; i < media->rtpmap_count; i++)
        if (media->rtpmaps[i].encoding.text)
            media->rtpmaps[kept++] = media->rtpmaps[i];
    media->rtpmap_count = kept;
    /* Some bodies are kept for as long as the capture is open. */
    media->crypto = g_renew(sdes_crypto *, media->crypto, media->crypto_count);
    media->candidates = g_renew(transport_address, media->candidates, media->candidate_count);
    media->rtpmaps = g_renew(sdp_rtpmap, media->rtpmaps, media->rtpmap_count);
}

static void read_profile(sdp_media *media)
{
    text_span rest = media->protocol, last = {NULL, 0};
    while (text_next_part(&rest, '/', &last))
        ;
    media->secure_profile = text_is_nocase(last, "SAVP") || text_is_nocase(last, "SAVPF");
    media->rtp_profile = media->secure_profile || text_is_nocase(last, "AVP") || text_is_nocase(last, "AVPF");
}

/* m=<media> <port>[/<count>] <proto> <fmt> ... */
static void start_media(sdp_walk *walk, text_span rest)
{
    sdp_body *body = walk->body;
    text_span ports, port;

    finish_media(walk);
    walk->media = NULL;
    walk->in_session = false;
    walk->connection_seen = walk->rtcp_seen = walk->rtcp_has_address = walk->rtcp_mux_only = false;
    if (body->media_count == SDP_MAX_MEDIA)
        return;
    if (!body->media)
        body->media = g_new0(sdp_media, SDP_MAX_MEDIA);
    sdp_media *media = walk->media = &body->media[body->media_count];
    media->index = body->media_count++;
    media->rtp = walk->session_address;
    memcpy(media->encrypted_extensions, walk->session_extensions, sizeof media->encrypted_extensions);
    media->has_encrypted_extensions = walk->session_has_extensions;
    text_next_field(&rest, &media->media);
    if (text_next_field(&rest, &ports) && text_next_part(&ports, '/', &port))
        media->rtp.port = read_port(port);
    text_next_field(&rest, &media->protocol);
    read_profile(media);
}

static void read_crypto(sdp_walk *walk, text_span value)
{
    sdp_media *media = walk->media;
    if (walk->in_session) {
        if (!walk->body->session_crypto)
            walk->body->session_crypto_line = value;
        walk->body->session_crypto = true;
        return;
    }
    if (!media || media->crypto_count == SDP_MAX_CRYPTO)
        return;
    if (!media->crypto)
        media->crypto = g_new0(sdes_crypto *, SDP_MAX_CRYPTO);
    media->crypto[media->crypto_count++] = sdes_crypto_parse(value.text, value.len);
}

static void read_key_mgmt(sdp_walk *walk, text_span value)
{
    unsigned *count = walk->in_session ? &walk->body->key_mgmt_count : walk->media ? &walk->media->key_mgmt_count : NULL;
    text_span *lines = walk->in_session ? walk->body->key_mgmt : walk->media ? walk->media->key_mgmt : NULL;
    if (walk->media)
        walk->media->has_key_mgmt = true;
    if (count && *count < SDP_MAX_KEY_MGMT)
        lines[(*count)++] = value;
}

/* a=extmap:<id>[/<direction>] urn:ietf:params:rtp-hdrext:encrypt <the extension it hides> */
static void read_extmap(sdp_walk *walk, text_span rest)
{
    text_span id_and_direction, id_text, uri;
    uint64_t id;
    if (!text_next_field(&rest, &id_and_direction) || !text_next_field(&rest, &uri))
        return;
    text_next_part(&id_and_direction, '/', &id_text);
    if (!text_decimal(id_text, MAX_EXTENSION_ID, &id) || id == 0 || !text_is_nocase(uri, ENCRYPTED_EXTENSION_URI))
        return;
    uint8_t bit = (uint8_t)(1u << (id % 8));
    if (walk->in_session) {
        walk->session_extensions[id / 8] |= bit;
        walk->session_has_extensions = true;
    } else if (walk->media) {
        walk->media->encrypted_extensions[id / 8] |= bit;
        walk->media->has_encrypted_extensions = true;
    }
}

/* a=rtcp:<port> [IN IP4 <address>] (RFC 3605) */
static void read_rtcp(sdp_walk *walk, text_span rest)
{
    sdp_media *media = walk->media;
    text_span port;
    if (walk->rtcp_seen || !text_next_field(&rest, &port))
        return;
    walk->rtcp_seen = true;
    media->rtcp.port = read_port(port);
    walk->rtcp_has_address = read_connection_address(rest, &media->rtcp);
}

static void add_candidate(sdp_media *media, text_span address_text, text_span port_text)
{
    transport_address candidate = {.port = read_port(port_text)};
    if (candidate.port == 0 || media->candidate_count == SDP_MAX_CANDIDATES || !read_ip(address_text, &candidate))
        return;
    for (unsigned i = 0; i < media->candidate_count; i++)
        if (transport_address_equal(&media->candidates[i], &candidate))
            return;
    if (!media->candidates)
        media->candidates = g_new0(transport_address, SDP_MAX_CANDIDATES);
    media->candidates[media->candidate_count++] = candidate;
}

/* RTP is component 1, RTCP component 2 (RFC 8445 section 4). */
static bool is_component(text_span text)
{
    return text_is(text, "1") || text_is(text, "2");
}

/* a=candidate:<foundation> <component> <transport> <priority> <address> <port> ... (RFC 8839 section 5.1) */
static void read_candidate(sdp_media *media, text_span rest)
{
    text_span field[6];
    for (size_t i = 0; i < G_N_ELEMENTS(field); i++)
        if (!text_next_field(&rest, &field[i]))
            return;
    if (is_component(field[1]) && text_is_nocase(field[2], "UDP"))
        add_candidate(media, field[4], field[5]);
}

/* a=remote-candidates:<component> <address> <port> ... (RFC 8839 section 5.2) */
static void read_remote_candidates(sdp_media *media, text_span rest)
{
    text_span component, address, port;
    while (text_next_field(&rest, &component) && text_next_field(&rest, &address) && text_next_field(&rest, &port))
        if (is_component(component))
            add_candidate(media, address, port);
}

/* The entry of the payload type that the line begins with; *rest is left behind it. */
static sdp_rtpmap *rtpmap_of(sdp_media *media, text_span *rest)
{
    text_span text;
    uint64_t payload_type;
    if (!text_next_field(rest, &text) || !text_decimal(text, MAX_PAYLOAD_TYPE, &payload_type))
        return NULL;
    for (unsigned i = 0; i < media->rtpmap_count; i++)
        if (media->rtpmaps[i].payload_type == payload_type)
            return &media->rtpmaps[i];
    if (media->rtpmap_count == SDP_MAX_RTPMAPS)
        return NULL;
    if (!media->rtpmaps)
        media->rtpmaps = g_new0(sdp_rtpmap, SDP_MAX_RTPMAPS);
    sdp_rtpmap *added = &media->rtpmaps[media->rtpmap_count++];
    added->payload_type = (uint8_t)payload_type;
    return added;
}

/* a=rtpmap:<payload type> <encoding>/<clock rate>[/<channels>] (section 6.6) */
static void read_rtpmap(sdp_media *media, text_span rest)
{
    text_span format, encoding, clock_rate, channels;
    uint64_t rate, count = 1;
    sdp_rtpmap *entry = rtpmap_of(media, &rest);
    if (!entry || entry->encoding.text || !text_next_field(&rest, &format))
        return;
    text_next_part(&format, '/', &encoding);
    if (!text_next_part(&format, '/', &clock_rate) || !text_decimal(clock_rate, UINT32_MAX, &rate))
        return;
    if (text_next_part(&format, '/', &channels) && (!text_decimal(channels, UINT32_MAX, &count) || count == 0))
        count = 1;
    entry->encoding = encoding;
    entry->clock_rate = (uint32_t)rate;
    entry->channels = (uint32_t)count;
}

/* FEC that goes elsewhere has a=fmtp:<payload type> <port> IN IP4 <address> (RFC 2733 section 11.1). */
bool sdp_media_shares_fec(const sdp_media *media)
{
    for (unsigned i = 0; i < media->rtpmap_count; i++) {
        const sdp_rtpmap *map = &media->rtpmaps[i];
        text_span rest = map->fmtp, port, net_type;
        uint64_t number;
        if (!text_is_nocase(map->encoding, "parityfec") && !text_is_nocase(map->encoding, "ulpfec"))
            continue;
        if (!text_next_field(&rest, &port) || !text_decimal(port, UINT16_MAX, &number) || !text_next_field(&rest, &net_type) ||
            !text_is(net_type, "IN"))
            return true;
    }
    return false;
}

static void read_fmtp(sdp_media *media, text_span rest)
{
    sdp_rtpmap *entry = rtpmap_of(media, &rest);
    if (entry && !entry->fmtp.text)
        entry->fmtp = text_trim(rest);
}

static void read_control(sdp_walk *walk, text_span value)
{
    text_span *control = walk->in_session ? &walk->body->control : walk->media ? &walk->media->control : NULL;
    if (control && !control->text)
        *control = text_trim(value);
}

/* Attribute names are case-sensitive (section 5.13), and no user agent is known that writes them otherwise. */
static void read_media_attribute(sdp_walk *walk, text_span name, text_span value)
{
    sdp_media *media = walk->media;
    if (text_is(name, "rtcp")) {
        read_rtcp(walk, value);
    } else if (text_is(name, "rtcp-mux")) {
        media->rtcp_mux = true;
    } else if (text_is(name, "rtcp-mux-only")) {
        media->rtcp_mux = walk->rtcp_mux_only = true;
    } else if (text_is(name, "mid")) {
        media->mid = text_trim(value);
    } else if (text_is(name, "rtpmap")) {
        read_rtpmap(media, value);
    } else if (text_is(name, "fmtp")) {
        read_fmtp(media, value);
    } else if (text_is(name, "candidate")) {
        read_candidate(media, value);
    } else if (text_is(name, "remote-candidates")) {
        read_remote_candidates(media, value);
    }
}

static void read_attribute(sdp_walk *walk, text_span rest)
{
    text_span name;
    text_next_part(&rest, ':', &name);
    name = text_trim(name);
    if (text_is(name, "crypto") && rest.text)
        read_crypto(walk, rest);
    else if (text_is(name, "key-mgmt") && rest.text)
        read_key_mgmt(walk, rest);
    else if (text_is(name, "extmap"))
        read_extmap(walk, rest);
    else if (text_is(name, "control"))
        read_control(walk, rest);
    else if (walk->media)
        read_media_attribute(walk, name, rest);
}

static void read_line(sdp_walk *walk, text_span line)
{
    if (text_take(&line, "a="))
        read_attribute(walk, line);
    else if (text_take(&line, "m="))
        start_media(walk, line);
    else if (text_take(&line, "c="))
        read_connection(walk, line);
    else if (text_take(&line, "o="))
        read_origin(walk->body, line);
}

static void read_lines(sdp_walk *walk, text_span rest)
{
    text_span line;
    while (text_next_line(&rest, &line))
        read_line(walk, line);
    finish_media(walk);
    walk->body->media = g_renew(sdp_media, walk->body->media, walk->body->media_count);
}

sdp_body *sdp_parse(const char *text, size_t len)
{
    sdp_walk walk = {.body = g_new0(sdp_body, 1), .in_session = true};
    text_span rest = text_span_of(text, len);
    bool begins_as_sdp = text_take(&rest, "v=");
    read_lines(&walk, rest);
    if (!begins_as_sdp && walk.body->media_count == 0) {
        sdp_free(walk.body);
        return NULL;
    }
    return walk.body;
}

sdp_body *sdp_parse_fragment(const char *text, size_t len)
{
    sdp_body *body = sdp_parse(text, len);
    if (body && body->media_count)
        return body;
    sdp_free(body);
    sdp_walk walk = {.body = g_new0(sdp_body, 1), .in_session = true};
    start_media(&walk, text_span_of(NULL, 0));
    read_lines(&walk, text_span_of(text, len));
    return walk.body;
}

void sdp_free(sdp_body *body)
{
    if (!body)
        return;
    for (unsigned i = 0; i < body->media_count; i++) {
        sdp_media *media = &body->media[i];
        for (unsigned j = 0; j < media->crypto_count; j++)
            sdes_crypto_free(media->crypto[j]);
        g_free(media->crypto);
        g_free(media->candidates);
        g_free(media->rtpmaps);
    }
    g_free(body->media);
    g_free(body);
}

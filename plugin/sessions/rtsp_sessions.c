#include "sessions/rtsp_sessions.h"

#include "keys/keyed_hash.h"
#include "keys/text_scan.h"

#include <string.h>

#define MAX_PENDING 8      /* requests of a connection that a reply may still belong to: the latest */
#define MAX_UNDESCRIBED 64 /* streams of a connection that no SDP describes; further ones are left out */
#define CHANNELS 256

static const rtsp_pair no_pair = {-1, -1};

/* One m= section, or a stream that was set up without a description. */
typedef struct {
    const sdp_media *media;
    media_leg *ends[2];
    int index;
    char *path; /* of the URI, where nothing describes it */
} rtsp_section;

/* An SDP body with the legs of its sections, which stand together so that a message for all of them has them in one list. */
typedef struct {
    uint32_t frame;
    rtsp_side describer;
    char *text;          /* what `body` points into */
    sdp_body *body;
    char *base;          /* path of the URI that controls are relative to; NULL: not known */
    rtsp_section *sections; /* body->media_count of them */
    media_leg **legs[2]; /* likewise, by rtsp_side */
} rtsp_description;

/* What is kept of a request until its reply comes. */
typedef struct {
    bool used;
    uint32_t cseq, frame;
    rtsp_side sender;
    bool has_key_mgmt;
    char *path;
    rtsp_section *section;              /* that it sets up; NULL: none */
    rtsp_pair client_port, interleaved; /* of the first alternative that has them */
} rtsp_request;

typedef struct {
    transport_address low, high; /* both ends, the lesser in memory first */
} connection_name;

typedef struct {
    connection_name name;
    rtsp_record record;
    GHashTable *told_dialogs;      /* the dialogs of the record as a set */
    rtsp_description *description; /* the latest */
    GPtrArray *undescribed;        /* rtsp_section * */
    rtsp_request requests[MAX_PENDING];
    unsigned next_request;
    rtsp_stream **channels;        /* CHANNELS of them; NULL: nothing is interleaved */
} rtsp_connection;

struct rtsp_sessions {
    offer_answer *signalling;
    GHashTable *connections;  /* connection_name in rtsp_connection * */
    GPtrArray *records;       /* rtsp_record * in them */
    GHashTable *results;      /* message_name() to rtsp_exchange * */
    GPtrArray *descriptions;  /* rtsp_description *, all, since streams point into them */
    GPtrArray *streams;       /* rtsp_stream *, all */
};

/* --- names --------------------------------------------------------------------------------------------------------- */

static guint name_hash(gconstpointer data)
{
    const connection_name *name = data;
    return transport_address_hash(&name->low) * 31 + transport_address_hash(&name->high);
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(connection_name)) == 0;
}

static connection_name name_of(const transport_address *a, const transport_address *b)
{
    bool swap = memcmp(a, b, sizeof *a) > 0;
    return (connection_name){swap ? *b : *a, swap ? *a : *b};
}

static gint64 message_name(const rtsp_arrival *arrival)
{
    return (gint64)((uint64_t)arrival->position << 32 | arrival->frame);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

static void free_section(gpointer data)
{
    rtsp_section *section = data;
    g_free(section->path);
    g_free(section);
}

static void free_connection(gpointer data)
{
    rtsp_connection *connection = data;
    for (unsigned i = 0; i < MAX_PENDING; i++)
        g_free(connection->requests[i].path);
    g_ptr_array_free(connection->undescribed, TRUE);
    g_hash_table_destroy(connection->told_dialogs);
    g_ptr_array_free(connection->record.dialogs, TRUE);
    g_ptr_array_free(connection->record.session_ids, TRUE);
    g_array_free(connection->record.setups, TRUE);
    g_free(connection->channels);
    g_free(connection);
}

static void free_description(gpointer data)
{
    rtsp_description *description = data;
    sdp_free(description->body);
    g_free(description->text);
    g_free(description->base);
    g_free(description->sections);
    g_free(description->legs[RTSP_SERVER]);
    g_free(description->legs[RTSP_CLIENT]);
    g_free(description);
}

static void free_exchange(gpointer data)
{
    rtsp_exchange *exchange = data;
    g_free(exchange->keyed);
    g_free(exchange);
}

rtsp_sessions *rtsp_sessions_new(offer_answer *signalling)
{
    rtsp_sessions *sessions = g_new0(rtsp_sessions, 1);
    sessions->signalling = signalling;
    sessions->connections = g_hash_table_new_full(name_hash, name_equal, NULL, free_connection);
    sessions->records = g_ptr_array_new();
    sessions->results = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, free_exchange);
    sessions->descriptions = g_ptr_array_new_with_free_func(free_description);
    sessions->streams = g_ptr_array_new_with_free_func(g_free);
    return sessions;
}

void rtsp_sessions_free(rtsp_sessions *sessions)
{
    if (!sessions)
        return;
    g_hash_table_destroy(sessions->results);
    g_ptr_array_free(sessions->records, TRUE);
    g_hash_table_destroy(sessions->connections);
    g_ptr_array_free(sessions->streams, TRUE);
    g_ptr_array_free(sessions->descriptions, TRUE);
    g_free(sessions);
}

/* --- connections and requests -------------------------------------------------------------------------------------- */

/* Requests that servers do not send (RFC 2326 section 10). */
static bool is_from_client(const rtsp_message *message)
{
    static const char *const methods[] = {"DESCRIBE", "SETUP", "PLAY", "PAUSE", "RECORD", "TEARDOWN"};
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
        if (text_is(message->method, methods[i]))
            return true;
    return false;
}

/* Until a request has told who is the client, the sender of the first request or the receiver of the first reply is. */
static rtsp_connection *connection_of(rtsp_sessions *sessions, const rtsp_arrival *arrival, const rtsp_message *message)
{
    connection_name name = name_of(&arrival->source, &arrival->destination);
    rtsp_connection *connection = g_hash_table_lookup(sessions->connections, &name);
    bool fresh = !connection;
    if (fresh) {
        connection = g_new0(rtsp_connection, 1);
        connection->name = name;
        connection->undescribed = g_ptr_array_new_with_free_func(free_section);
        connection->told_dialogs = g_hash_table_new(NULL, NULL);
        connection->record.dialogs = g_ptr_array_new();
        connection->record.session_ids = g_ptr_array_new_with_free_func(g_free);
        connection->record.setups = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_ptr_array_add(sessions->records, &connection->record);
        g_hash_table_insert(sessions->connections, &connection->name, connection);
    }
    if (fresh || is_from_client(message)) {
        rtsp_side sender = message->is_response ? RTSP_SERVER : RTSP_CLIENT;
        connection->record.ends[sender] = arrival->source;
        connection->record.ends[!sender] = arrival->destination;
    }
    return connection;
}

static rtsp_request *find_request(rtsp_connection *connection, rtsp_side sender, const rtsp_message *reply)
{
    for (unsigned i = 1; i <= MAX_PENDING && reply->has_cseq; i++) {
        rtsp_request *request = &connection->requests[(connection->next_request + MAX_PENDING - i) % MAX_PENDING];
        if (request->used && request->sender == sender && request->cseq == reply->cseq)
            return request;
    }
    return NULL;
}

static rtsp_section *lone_section(const rtsp_connection *connection)
{
    const rtsp_description *description = connection->description;
    return description && description->body->media_count == 1 ? &description->sections[0] : NULL;
}

/* What can be supposed of a request that the capture lacks. */
static rtsp_request unseen_request(const rtsp_connection *connection)
{
    return (rtsp_request){.section = lone_section(connection), .client_port = no_pair, .interleaved = no_pair};
}

static rtsp_request *note_request(rtsp_connection *connection, const rtsp_arrival *arrival, const rtsp_message *message,
                                  rtsp_side sender, rtsp_section *section)
{
    rtsp_request *request = &connection->requests[connection->next_request++ % MAX_PENDING];
    text_span path = rtsp_uri_path(message->uri);
    g_free(request->path);
    *request = (rtsp_request){.used = true,
                              .cseq = message->cseq,
                              .frame = arrival->frame,
                              .sender = sender,
                              .has_key_mgmt = message->key_mgmt_count > 0,
                              .path = g_strndup(path.text, path.len),
                              .section = section,
                              .client_port = no_pair,
                              .interleaved = no_pair};
    for (unsigned i = message->transport_count; i-- > 0;) {
        const rtsp_transport *transport = &message->transports[i];
        if (transport->client_port.first >= 0)
            request->client_port = transport->client_port;
        if (transport->interleaved.first >= 0)
            request->interleaved = transport->interleaved;
    }
    return request;
}

/* --- descriptions -------------------------------------------------------------------------------------------------- */

static text_span span_of(const char *text)
{
    return text_span_of(text, text ? strlen(text) : 0);
}

/* The path that controls are relative to, in the order of RFC 2326 C.1.1. */
static char *base_of(const rtsp_message *message, const rtsp_request *request)
{
    text_span base = rtsp_uri_path(message->content_base);
    if (!base.len)
        base = rtsp_uri_path(message->content_location);
    if (!base.len)
        base = rtsp_uri_path(message->uri); /* of ANNOUNCE */
    if (!base.len && request)
        base = span_of(request->path);
    return base.len ? g_strndup(base.text, base.len) : NULL;
}

static media_leg *other_end(offer_answer *signalling, media_leg *leg)
{
    return leg->peers->len ? leg->peers->pdata[0] : offer_answer_add_leg(signalling, leg);
}

static void tell_dialog(rtsp_connection *connection, const media_leg *leg)
{
    if (g_hash_table_add(connection->told_dialogs, leg->dialog))
        g_ptr_array_add(connection->record.dialogs, leg->dialog);
}

static void add_description(rtsp_sessions *sessions, rtsp_connection *connection, const rtsp_arrival *arrival,
                            const rtsp_message *message, const rtsp_request *request, rtsp_side sender, text_span body)
{
    char *text = g_strndup(body.text, body.len);
    sdp_body *parsed = sdp_parse(text, strlen(text));
    if (!parsed) {
        g_free(text);
        return;
    }
    sdp_arrival at = {.frame = arrival->frame,
                      .position = arrival->position + (uint32_t)message->header_len,
                      .source = arrival->source,
                      .destination = arrival->destination,
                      .carrier = "RTSP"};
    const sdp_exchange *exchange = offer_answer_add(sessions->signalling, &at, parsed);
    rtsp_description *description = g_new0(rtsp_description, 1);
    *description = (rtsp_description){.frame = arrival->frame,
                                      .describer = sender,
                                      .text = text,
                                      .body = parsed,
                                      .base = base_of(message, request),
                                      .sections = g_new0(rtsp_section, parsed->media_count),
                                      .legs = {g_new0(media_leg *, parsed->media_count), g_new0(media_leg *, parsed->media_count)}};
    for (unsigned m = 0; m < MIN(parsed->media_count, exchange->media_count); m++) {
        media_leg *leg = exchange->legs[m];
        rtsp_section *section = &description->sections[m];
        section->media = &parsed->media[m];
        section->index = (int)m;
        section->ends[sender] = description->legs[sender][m] = leg;
        section->ends[!sender] = description->legs[!sender][m] = other_end(sessions->signalling, leg);
        tell_dialog(connection, leg);
    }
    g_ptr_array_add(sessions->descriptions, description);
    connection->description = description;
}

static bool ends_in(text_span path, text_span control)
{
    return control.len && path.len > control.len && path.text[path.len - control.len - 1] == '/' &&
           memcmp(path.text + path.len - control.len, control.text, control.len) == 0;
}

/* The section whose a=control names the path, in full or, where a proxy or an unknown base changed what precedes it, at its end. */
static rtsp_section *section_named(const rtsp_description *description, text_span path)
{
    for (int in_full = 1; in_full >= 0; in_full--) {
        for (unsigned m = 0; m < description->body->media_count; m++) {
            text_span control = description->body->media[m].control;
            if (control.text && (in_full ? rtsp_control_is(control, span_of(description->base), path) : ends_in(path, control)))
                return &description->sections[m];
        }
    }
    return NULL;
}

static rtsp_section *undescribed_section(rtsp_sessions *sessions, rtsp_connection *connection, text_span path)
{
    GPtrArray *all = connection->undescribed;
    for (guint i = 0; i < all->len; i++) {
        rtsp_section *known = all->pdata[i];
        if (strlen(known->path) == path.len && memcmp(known->path, path.text, path.len) == 0)
            return known;
    }
    if (all->len == MAX_UNDESCRIBED)
        return NULL;
    rtsp_section *section = g_new0(rtsp_section, 1);
    section->index = (int)all->len;
    section->path = g_strndup(path.text, path.len);
    section->ends[RTSP_SERVER] = offer_answer_add_leg(sessions->signalling, NULL);
    section->ends[RTSP_CLIENT] = offer_answer_add_leg(sessions->signalling, section->ends[RTSP_SERVER]);
    g_ptr_array_add(all, section);
    tell_dialog(connection, section->ends[RTSP_SERVER]);
    return section;
}

/* What a SETUP for this path sets up. A lone section is meant by whatever path. */
static rtsp_section *section_to_set_up(rtsp_sessions *sessions, rtsp_connection *connection, text_span path)
{
    const rtsp_description *description = connection->description;
    rtsp_section *section = description ? section_named(description, path) : NULL;
    if (!section)
        section = lone_section(connection);
    return section ? section : undescribed_section(sessions, connection, path);
}

/* --- streams ------------------------------------------------------------------------------------------------------- */

/* The address that the text names or, where it names none that media can go to, the host of the connection; without a port. */
static transport_address host_of(text_span text, const transport_address *otherwise)
{
    static const uint8_t unspecified[16];
    uint8_t ip[16], ip_len;
    transport_address host;
    if (text_ip_address(text, ip, &ip_len) && memcmp(ip, unspecified, ip_len) != 0)
        transport_address_set(&host, ip, ip_len, 0);
    else
        transport_address_set(&host, otherwise->ip, otherwise->ip_len, 0);
    return host;
}

static transport_address at_port(transport_address host, int32_t port)
{
    host.port = port > 0 ? (uint16_t)port : 0;
    return host;
}

/* One port alone serves RTP and RTCP (RFC 5761). */
static void set_end(rtsp_end *end, transport_address host, rtsp_pair ports)
{
    end->rtp = at_port(host, ports.first);
    end->rtcp = at_port(host, ports.second >= 0 ? ports.second : ports.first);
}

static void find_ends_over_udp(rtsp_stream *stream, const rtsp_connection *connection, const rtsp_transport *transport,
                               const rtsp_request *request)
{
    rtsp_pair client_port = transport->client_port.first >= 0 ? transport->client_port : request->client_port;
    if (transport->multicast && transport->port.first >= 0)
        client_port = transport->port;
    set_end(&stream->ends[RTSP_SERVER], host_of(transport->source, &connection->record.ends[RTSP_SERVER]), transport->server_port);
    set_end(&stream->ends[RTSP_CLIENT], host_of(transport->destination, &connection->record.ends[RTSP_CLIENT]), client_port);
}

static void find_ends_interleaved(rtsp_stream *stream, rtsp_connection *connection, rtsp_pair channels)
{
    stream->channels = channels;
    for (int side = RTSP_SERVER; side <= RTSP_CLIENT; side++)
        stream->ends[side].rtp = stream->ends[side].rtcp = connection->record.ends[side];
    if (!connection->channels)
        connection->channels = g_new0(rtsp_stream *, CHANNELS);
    connection->channels[channels.first] = stream;
    if (channels.second >= 0)
        connection->channels[channels.second] = stream;
}

/* Both the address that the header names and the connection's own: behind NAT the former is not what the capture shows. */
static void tell_endpoints(offer_answer *signalling, const rtsp_connection *connection, const rtsp_stream *stream)
{
    for (int side = RTSP_SERVER; side <= RTSP_CLIENT; side++) {
        const rtsp_end *end = &stream->ends[side];
        const transport_address *own = &connection->record.ends[side];
        const transport_address *both[] = {&end->rtp, &end->rtcp};
        for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
            transport_address here = at_port(*own, both[i]->port);
            offer_answer_add_endpoint(signalling, both[i], end->leg);
            offer_answer_add_endpoint(signalling, &here, end->leg);
        }
    }
}

static rtsp_stream *add_stream(rtsp_sessions *sessions, rtsp_connection *connection, const rtsp_message *reply,
                               const rtsp_request *request)
{
    const rtsp_section *section = request->section;
    const rtsp_transport *transport = reply->transports;
    if (reply->status / 100 != 2 || !section || !reply->transport_count || !transport->is_rtp)
        return NULL;
    rtsp_pair channels = transport->interleaved;
    if (channels.first < 0 && transport->over_tcp)
        channels = request->interleaved;
    rtsp_stream *stream = g_new0(rtsp_stream, 1);
    *stream = (rtsp_stream){.media = section->media, .channels = no_pair, .secure_profile = transport->secure_profile};
    for (int side = RTSP_SERVER; side <= RTSP_CLIENT; side++) {
        stream->ends[side].leg = section->ends[side];
        section->ends[side]->secure_profile |= transport->secure_profile;
    }
    if (channels.first >= 0)
        find_ends_interleaved(stream, connection, channels);
    else
        find_ends_over_udp(stream, connection, transport, request);
    tell_endpoints(sessions->signalling, connection, stream);
    g_ptr_array_add(sessions->streams, stream);
    return stream;
}

/* --- messages ------------------------------------------------------------------------------------------------------ */

/* What one KeyMgmt entry is for: the section that its URI names, else the one that is being set up, else the session. */
static rtsp_keyed keyed_by(const rtsp_connection *connection, const rtsp_key_mgmt *entry, rtsp_side sender,
                           const rtsp_section *set_up)
{
    const rtsp_description *description = connection->description;
    text_span path = rtsp_uri_path(entry->uri);
    const rtsp_section *named = description && path.len ? section_named(description, path) : NULL;
    const rtsp_section *section = named ? named : set_up;
    if (section)
        return (rtsp_keyed){&section->ends[sender], 1, section->index};
    if (description)
        return (rtsp_keyed){description->legs[sender], description->body->media_count, -1};
    return (rtsp_keyed){NULL, 0, -1};
}

static void note_keyed(rtsp_exchange *exchange, const rtsp_connection *connection, const rtsp_message *message,
                       const rtsp_request *request)
{
    const rtsp_description *description = connection->description;
    if (!message->key_mgmt_count)
        return;
    exchange->keyed_count = message->key_mgmt_count;
    exchange->keyed = g_new0(rtsp_keyed, message->key_mgmt_count);
    for (unsigned i = 0; i < message->key_mgmt_count; i++) {
        const rtsp_keyed *keyed = &exchange->keyed[i];
        exchange->keyed[i] = keyed_by(connection, &message->key_mgmt[i], exchange->sender, request->section);
        for (unsigned k = 0; k < keyed->leg_count; k++)
            keyed->legs[k]->signalled_protection = true;
    }
    if (message->is_response && request->has_key_mgmt)
        exchange->offer_frame = request->frame;
    else if (!message->is_response && description && description->describer != exchange->sender)
        exchange->offer_frame = description->frame;
}

static void tell_message(rtsp_record *record, const rtsp_arrival *arrival, const rtsp_message *message, bool sets_up)
{
    const text_span id = message->session;
    bool known = !id.len || record->session_ids->len == RTSP_MAX_TOLD;
    for (guint i = 0; i < record->session_ids->len && !known; i++)
        known = text_is(id, record->session_ids->pdata[i]);
    if (!known)
        g_ptr_array_add(record->session_ids, g_strndup(id.text, id.len));
    if (sets_up && record->setups->len < RTSP_MAX_TOLD)
        g_array_append_val(record->setups, arrival->frame);
}

static bool holds_sdp(const rtsp_message *message, text_span body)
{
    text_span type = message->content_type;
    return body.len > 0 && text_take_nocase(&type, "application/sdp");
}

static void take_in(rtsp_sessions *sessions, const rtsp_arrival *arrival, const rtsp_message *message, text_span body,
                    rtsp_exchange *exchange)
{
    rtsp_connection *connection = connection_of(sessions, arrival, message);
    rtsp_side sender = exchange->sender =
        transport_address_equal(&arrival->source, &connection->record.ends[RTSP_CLIENT]) ? RTSP_CLIENT : RTSP_SERVER;
    rtsp_request unseen = unseen_request(connection);
    rtsp_request *request = message->is_response ? find_request(connection, !sender, message) : NULL;
    bool sets_up = message->is_response ? request && request->section : text_is(message->method, "SETUP");
    tell_message(&connection->record, arrival, message, sets_up);
    if (holds_sdp(message, body))
        add_description(sessions, connection, arrival, message, request, sender, body);
    if (!message->is_response) {
        rtsp_section *section = NULL;
        if (text_is(message->method, "SETUP"))
            section = section_to_set_up(sessions, connection, rtsp_uri_path(message->uri));
        request = note_request(connection, arrival, message, sender, section);
    } else {
        request = request ? request : &unseen;
        exchange->stream = add_stream(sessions, connection, message, request);
    }
    note_keyed(exchange, connection, message, request);
}

const rtsp_exchange *rtsp_sessions_add(rtsp_sessions *sessions, const rtsp_arrival *arrival, const rtsp_message *message,
                                       text_span body)
{
    gint64 name = message_name(arrival);
    rtsp_exchange *exchange = g_hash_table_lookup(sessions->results, &name);
    if (exchange)
        return exchange;
    exchange = g_new0(rtsp_exchange, 1);
    gint64 *key = g_new(gint64, 1);
    *key = name;
    g_hash_table_insert(sessions->results, key, exchange);
    take_in(sessions, arrival, message, body, exchange);
    return exchange;
}

const GPtrArray *rtsp_sessions_records(const rtsp_sessions *sessions)
{
    return sessions->records;
}

rtsp_stream *rtsp_sessions_stream_at(const rtsp_sessions *sessions, const transport_address *source,
                                     const transport_address *destination, uint8_t channel)
{
    connection_name name = name_of(source, destination);
    const rtsp_connection *connection = g_hash_table_lookup(sessions->connections, &name);
    return connection && connection->channels ? connection->channels[channel] : NULL;
}

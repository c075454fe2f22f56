/* MIKEY and MIKEY-TICKET wherever they travel.
 *
 * Stock reads the messages of RFC 3830 and shows them under mikey.*; of MIKEY-TICKET it reads the header, and takes what comes after
 * for something else. So this one stands around it: what stock reads in full it shows first, and ours follows; what it would
 * misread is ours alone, under stock's names as far as stock would have been right.
 */
#include "protocols/packet-mikey-ticket.h"

#include "keys/key_mgmt.h"
#include "keys/text_scan.h"
#include "protocols/mikey_fields.h"
#include "protocols/mikey_keys_tree.h"
#include "protocols/mikey_tree.h"
#include "protocols/packet-d2dsec.h"

#include <epan/exceptions.h>
#include <epan/expert.h>

#define MIKEY_PORT 2269 /* registered with IANA */

static int proto_mikey_ticket;
static int proto_wrapper;
static int proto_sip;
static int proto_sdp;
static int ett_message = -1;
static int ett_attribute = -1;
static expert_field ei_attribute = EI_INIT;
static expert_field ei_attribute_note = EI_INIT;
static expert_field ei_attribute_error = EI_INIT;

static dissector_handle_t stock_handle;
static dissector_handle_t ticket_handle;

/* --- stock's dissector --------------------------------------------------------------------------------------------- */

static bool is_one_of(unsigned value, const uint8_t *values, size_t count)
{
    return value <= UINT8_MAX && memchr(values, (int)value, count) != NULL;
}

static bool stock_reads_payload(const mikey_payload *payload)
{
    static const uint8_t types[] = {MIKEY_KEMAC, MIKEY_PKE, MIKEY_DH,   MIKEY_SIGN, MIKEY_T,        MIKEY_ID,          MIKEY_CERT,
                                    MIKEY_V,     MIKEY_SP,  MIKEY_RAND, MIKEY_ERR,  MIKEY_IDR,      MIKEY_KEY_DATA,
                                    MIKEY_GENERAL_EXT,      MIKEY_SAKKE};
    if (payload->type == MIKEY_T)
        return payload->time.ts_type <= MIKEY_TS_COUNTER;
    if (payload->type == MIKEY_KEMAC)
        return payload->kemac.mac_alg <= MIKEY_MAC_SHA1_160;
    if (payload->type == MIKEY_V)
        return payload->verification.auth_alg <= MIKEY_MAC_SHA1_160;
    return is_one_of(payload->type, types, sizeof types);
}

/* Whether stock follows the message as far as it can be followed. Where that is not to its end, stock says "malformed", and so it
 * shall. */
static bool stock_reads(const mikey_message *message)
{
    const mikey_header *header = &message->header;
    if (header->data_type > MIKEY_RSA_R_RESP && header->data_type != MIKEY_SAKKE_MSG)
        return false;
    if (header->cs_count && header->map_type != MIKEY_MAP_SRTP_ID)
        return false;
    for (unsigned i = 0; i < message->chain.count; i++)
        if (!stock_reads_payload(&message->chain.payloads[i]))
            return false;
    return true;
}

/* The part of stock's fields that it would have got right, so that filters and columns with them still find the message. */
static void add_stock_header(proto_tree *tree, tvbuff_t *tvb)
{
    static const struct {
        const char *field;
        uint8_t at, len;
    } fields[] = {
        {"mikey", 0, 0},          {"mikey.version", 0, 1}, {"mikey.type", 1, 1},     {"mikey.next_payload", 2, 1}, {"mikey.v", 3, 1},
        {"mikey.prf_func", 3, 1}, {"mikey.csb_id", 4, 4},  {"mikey.cs_count", 8, 1}, {"mikey.cs_id_map_type", 9, 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        const header_field_info *info = proto_registrar_get_byname(fields[i].field);
        if (info && tvb_bytes_exist(tvb, fields[i].at, fields[i].len))
            proto_item_set_hidden(proto_tree_add_item(tree, info->id, tvb, fields[i].at, fields[i].len ? fields[i].len : -1,
                                                      ENC_BIG_ENDIAN));
    }
}

/* --- learning ------------------------------------------------------------------------------------------------------ */

static bool is_enabled(void)
{
    return proto_is_protocol_enabled(find_protocol_by_id(proto_mikey_ticket));
}

/* Keys that came of it may open what could not be opened. */
static void learn(packet_info *pinfo, const mikey_arrival *arrival, octet_span message)
{
    static const mikey_arrival unknown = {.section = -1};
    d2d_capture *capture = d2d_capture_get();
    uint32_t before = session_keys_count(capture->keys);
    mikey_arrival here = arrival ? *arrival : unknown;
    here.frame = pinfo->num;
    mikey_sessions_add(capture->mikey, &here, message);
    if (session_keys_count(capture->keys) != before)
        media_streams_news(capture->streams);
}

static bool is_mikey(const key_mgmt *attribute)
{
    return attribute->message && !(attribute->problems & KEY_MGMT_NOT_MIKEY);
}

static void learn_level(packet_info *pinfo, const mikey_arrival *arrival, const text_span *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        key_mgmt attribute;
        key_mgmt_parse(lines[i], &attribute);
        if (is_mikey(&attribute))
            learn(pinfo, arrival, (octet_span){attribute.message, attribute.message_len});
        key_mgmt_clear(&attribute);
    }
}

/* A message at session level is for the m= lines with a secure profile that have none of their own (RFC 4567 sections 3.1 and 5.2); where
 * none has a secure profile, for all: its sender will hardly have meant nothing. */
static unsigned session_level_legs(const sdp_body *body, const sdp_exchange *exchange, media_leg **legs)
{
    unsigned count = 0;
    for (int secure = 1; secure >= 0 && count == 0; secure--)
        for (unsigned m = 0; m < body->media_count; m++)
            if (!body->media[m].key_mgmt_count && (body->media[m].secure_profile || !secure))
                legs[count++] = exchange->legs[m];
    return count;
}

void mikey_ticket_learn_sdp(packet_info *pinfo, const sdp_body *body, const sdp_exchange *exchange, const sip_message *sip)
{
    media_leg *legs[SDP_MAX_MEDIA];
    mikey_arrival arrival = {.section = -1, .offer_frame = exchange->offer_frame, .legs = legs};
    if (!is_enabled())
        return;
    if (sip) {
        arrival.caller = sip->from_uri;
        arrival.callee = sip->to_uri;
    }
    if (body->key_mgmt_count) {
        arrival.leg_count = session_level_legs(body, exchange, legs);
        learn_level(pinfo, &arrival, body->key_mgmt, body->key_mgmt_count);
    }
    arrival.leg_count = 1;
    for (unsigned m = 0; m < body->media_count; m++) {
        legs[0] = exchange->legs[m];
        arrival.section = (int)body->media[m].index;
        learn_level(pinfo, &arrival, body->media[m].key_mgmt, body->media[m].key_mgmt_count);
    }
}

/* --- one message --------------------------------------------------------------------------------------------------- */

static mikey_message *parse(tvbuff_t *tvb, packet_info *pinfo)
{
    int len = (int)tvb_captured_length(tvb);
    mikey_message *message = mikey_parse(len ? tvb_get_ptr(tvb, 0, len) : (const uint8_t *)"", (size_t)len);
    if (pinfo->fd->has_ts)
        mikey_check_time(message, (int64_t)pinfo->abs_ts.secs);
    return message;
}

static void show_message(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, mikey_message *message)
{
    const mikey_record *record = mikey_sessions_find(d2d_capture_get()->mikey, pinfo->num, message->whole);
    if (record && record->initial)
        mikey_check_response(message, record->initial->message);
    proto_item *item = proto_tree_add_item(tree, proto_mikey_ticket, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_message);
    if (message->header.len >= 2)
        proto_item_append_text(item, ": %s", val_to_str_const(message->header.data_type, mikey_data_type_vals, "unknown"));
    mikey_tree_show(sub, tvb, pinfo, message, record);
    if (record)
        mikey_keys_tree_show(sub, tvb, pinfo, record);
}

/* A message, and whether somebody wants to see it. */
typedef struct {
    mikey_message *message;
    bool wanted;
} message_view;

/* A message that stock would misread. */
static int dissect_alone(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const message_view *view = (const message_view *)data;
    const mikey_message *message = view->message;
    const char *type = val_to_str_const(message->header.data_type, mikey_data_type_vals, "unknown");
    col_append_str(pinfo->cinfo, COL_PROTOCOL, "/MIKEY");
    col_append_fstr(pinfo->cinfo, COL_INFO, ", Mikey: %s", type);
    if (tree)
        add_stock_header(tree, tvb);
    if (view->wanted)
        show_message(tree, tvb, pinfo, view->message);
    tvb_ensure_bytes_exist(tvb, 0, (int)tvb_reported_length(tvb)); /* says so where the capture cut the message short */
    return (int)tvb_captured_length(tvb);
}

static int call_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    return call_dissector_only(stock_handle, tvb, pinfo, tree, NULL);
}

/* once_more: the message is going to be dissected again. */
static int dissect_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mikey_arrival *arrival, bool once_more)
{
    volatile int dissected = 0;
    if (!is_enabled())
        return call_stock(tvb, pinfo, tree);
    mikey_message *message = parse(tvb, pinfo);
    message_view view = {message, !once_more && d2d_wants_details(pinfo, tree, PI_ERROR)};
    if (!pinfo->fd->visited && !mikey_sessions_find(d2d_capture_get()->mikey, pinfo->num, message->whole))
        learn(pinfo, arrival, message->whole);
    bool alone = !stock_reads(message);
    TRY {
        dissected = alone ? call_dissector_only(ticket_handle, tvb, pinfo, tree, &view) : call_stock(tvb, pinfo, tree);
    }
    FINALLY {
        /* Stock throws where a message ends too early; what there is of it is shown all the same. */
        if (!alone && view.wanted)
            show_message(tree, tvb, pinfo, message);
        mikey_free(message);
    }
    ENDTRY;
    return dissected;
}

int mikey_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mikey_arrival *arrival)
{
    return dissect_message(tvb, pinfo, tree, arrival, false);
}

/* Stand in stock's place in the dissector tables: of ports, and of media types. */
static int dissect_on_port(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    static const mikey_arrival arrival = {.section = -1, .carrier = "port 2269"};
    return mikey_dissect(tvb, pinfo, tree, &arrival);
}

static int dissect_body(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const mikey_arrival arrival = {.section = -1, .carrier = proto_is_frame_protocol(pinfo->layers, "http") ? "HTTP" : NULL};
    return mikey_dissect(tvb, pinfo, tree, &arrival);
}

/* SIP applies an SDP body before it hands it on to its dissector. */
static bool sip_applies_body(const packet_info *pinfo)
{
    for (wmem_list_frame_t *layer = wmem_list_tail(pinfo->layers); layer; layer = wmem_list_frame_prev(layer)) {
        int proto = GPOINTER_TO_INT(wmem_list_frame_data(layer));
        if (proto == proto_sip || proto == proto_sdp)
            return proto == proto_sip;
    }
    return false;
}

/* The same for an a=key-mgmt line, which stock reads both when a body is applied, without a tree, and when it is dissected. */
static int dissect_line(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return dissect_message(tvb, pinfo, tree, NULL, !tree && sip_applies_body(pinfo));
}

/* --- a=key-mgmt lines ---------------------------------------------------------------------------------------------- */

typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    const char *text; /* of the body, that of tvb */
    sdp_role role;    /* of the body */
    const char *protocols; /* of the lines at the level at hand, as RFC 4567 section 7 lists them inside a message */
    bool by_stock;    /* stock has shown what it reads */
} attribute_view;

/* Stock reads those at session level that are written to the letter. */
static bool stock_shows(const key_mgmt *attribute, bool session_level)
{
    return session_level && !(attribute->problems & ~(unsigned)KEY_MGMT_PADDING);
}

/* What is wrong with a line beside what its text shows; bits. */
enum {
    LINE_REPEATED = 1 << 0,   /* its protocol stands at this level a second time */
    LINE_WRONG_ROLE = 1 << 1, /* an offer holds a response, or an answer an initial message */
    LINE_OTHER_LIST = 1 << 2, /* the message lists other protocols than those that are offered */
};

static void show_attribute_problems(const attribute_view *view, proto_item *item, const key_mgmt *attribute, unsigned faults)
{
    static const struct {
        unsigned fault;
        const char *text;
    } texts[] = {
        {LINE_REPEATED, "The same key management protocol stands twice at one level (RFC 4567 section 4.1.2)"},
        {LINE_WRONG_ROLE, "An offer holds an initial message and an answer the response to it; here it is the other way round "
                          "(RFC 4567 section 4.1.2)"},
        {LINE_OTHER_LIST, "The protocols that the message lists are not those of the SDP: somebody may have taken some away, so "
                          "that a weaker one is used (RFC 4567 section 4.1.4)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (faults & texts[i].fault)
            expert_add_info_format(view->pinfo, item, &ei_attribute, "%s", texts[i].text);
    /* An error last: of several infos a column of severities shows that. */
    for (unsigned bits = attribute->problems; bits; bits &= bits - 1) {
        const unsigned lowest = bits & -bits;
        expert_add_info_format(view->pinfo, item, lowest == KEY_MGMT_BASE64 ? &ei_attribute_error : &ei_attribute, "%s",
                               key_mgmt_problem_text(lowest));
    }
}

static bool lists_other_protocols(const attribute_view *view, const mikey_message *message)
{
    const mikey_payload *extension = NULL;
    while ((extension = mikey_find(&message->chain, MIKEY_GENERAL_EXT, extension))) {
        const octet_span list = extension->extension.data;
        if (extension->extension.type == MIKEY_EXT_SDP_IDS && extension->complete &&
            (list.len != strlen(view->protocols) || memcmp(list.data, view->protocols, list.len) != 0))
            return true;
    }
    return false;
}

static unsigned faults_of_message(const attribute_view *view, const key_mgmt *attribute)
{
    unsigned faults = 0;
    if (!is_mikey(attribute))
        return 0;
    mikey_message *message = mikey_parse(attribute->message, attribute->message_len);
    bool response = mikey_is_response_type(message->header.data_type);
    if ((view->role == SDP_ROLE_OFFER && response) ||
        (view->role == SDP_ROLE_ANSWER && !response && message->header.data_type != MIKEY_ERROR))
        faults |= LINE_WRONG_ROLE;
    if (view->role != SDP_ROLE_ANSWER && lists_other_protocols(view, message))
        faults |= LINE_OTHER_LIST;
    mikey_free(message);
    return faults;
}

/* The message becomes a data source of its own, as stock makes it one at session level. */
static void show_decoded(const attribute_view *view, proto_tree *tree, const key_mgmt *attribute, const mikey_arrival *arrival)
{
    if (!is_mikey(attribute))
        return;
    uint8_t *copy = (uint8_t *)wmem_memdup(view->pinfo->pool, attribute->message, attribute->message_len);
    tvbuff_t *tvb = tvb_new_child_real_data(view->tvb, copy, (unsigned)attribute->message_len, (int)attribute->message_len);
    add_new_data_source(view->pinfo, tvb, "Key Management Data");
    mikey_dissect(tvb, view->pinfo, tree, arrival);
}

static void add_span(const attribute_view *view, proto_tree *tree, mikey_field field, text_span span)
{
    if (span.len)
        proto_tree_add_item(tree, mikey_fields[field], view->tvb, (int)(span.text - view->text), (int)span.len,
                            ENC_UTF_8 | ENC_NA);
}

/* A line or header as an item of the protocol, which can be found and opened by that name. */
static proto_item *add_entry(const attribute_view *view, text_span span, const char *name)
{
    return proto_tree_add_protocol_format(view->tree, proto_mikey_ticket, view->tvb, (int)(span.text - view->text), (int)span.len,
                                          "%s", name);
}

static void show_attribute(const attribute_view *view, const text_span *line, const sdp_media *media, bool repeated)
{
    key_mgmt attribute;
    key_mgmt_parse(*line, &attribute);
    unsigned faults = faults_of_message(view, &attribute) | (repeated ? LINE_REPEATED : 0);
    bool by_stock = view->by_stock && stock_shows(&attribute, media == NULL);
    if (!by_stock || attribute.problems || faults) {
        proto_item *item = add_entry(view, *line, "Key management attribute");
        proto_tree *tree = proto_item_add_subtree(item, ett_attribute);
        if (media && media->media.text)
            proto_item_append_text(item, " of m=%.*s (section %u)", (int)media->media.len, media->media.text, media->index + 1);
        if (media && media->rtp_profile && !media->secure_profile)
            expert_add_info(view->pinfo, item, &ei_attribute_note);
        add_span(view, tree, MF_SDP_PROTOCOL, attribute.protocol);
        show_attribute_problems(view, item, &attribute, faults);
        if (!by_stock)
            show_decoded(view, tree, &attribute, NULL);
    }
    key_mgmt_clear(&attribute);
}

static text_span protocol_of(text_span line)
{
    text_span protocol = {NULL, 0};
    text_next_field(&line, &protocol);
    return protocol;
}

/* Alternatives at one level are for different protocols (RFC 4567 section 4.1.2). */
static void show_level(attribute_view *view, const text_span *lines, unsigned count, const sdp_media *media)
{
    wmem_strbuf_t *protocols = wmem_strbuf_new(view->pinfo->pool, "");
    for (unsigned i = 0; i < count; i++) {
        text_span protocol = protocol_of(lines[i]);
        wmem_strbuf_append_printf(protocols, "%s%.*s", i ? ";" : "", (int)protocol.len, protocol.text ? protocol.text : "");
    }
    view->protocols = wmem_strbuf_get_str(protocols);
    for (unsigned i = 0; i < count; i++) {
        text_span protocol = protocol_of(lines[i]);
        bool repeated = false;
        for (unsigned k = 0; k < i && protocol.text; k++) {
            text_span other = protocol_of(lines[k]);
            repeated |= other.text && other.len == protocol.len && memcmp(other.text, protocol.text, protocol.len) == 0;
        }
        show_attribute(view, &lines[i], media, repeated);
    }
}

void mikey_ticket_show_sdp(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sdp_body *body, sdp_role role,
                           bool by_stock)
{
    attribute_view view = {.tvb = tvb, .pinfo = pinfo, .tree = tree, .role = role, .by_stock = by_stock};
    if (!is_enabled())
        return;
    view.text = (const char *)tvb_get_ptr(tvb, 0, (int)tvb_captured_length(tvb));
    show_level(&view, body->key_mgmt, body->key_mgmt_count, NULL);
    for (unsigned m = 0; m < body->media_count; m++)
        show_level(&view, body->media[m].key_mgmt, body->media[m].key_mgmt_count, &body->media[m]);
}

/* --- KeyMgmt headers ----------------------------------------------------------------------------------------------- */

void mikey_ticket_show_rtsp(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const rtsp_message *message,
                            const rtsp_exchange *exchange)
{
    attribute_view view = {.tvb = tvb, .pinfo = pinfo, .tree = tree};
    if (!is_enabled())
        return;
    view.text = (const char *)tvb_get_ptr(tvb, 0, (int)tvb_captured_length(tvb));
    for (unsigned i = 0; i < message->key_mgmt_count; i++) {
        const rtsp_key_mgmt *entry = &message->key_mgmt[i];
        mikey_arrival arrival = {.section = -1};
        if (exchange && i < exchange->keyed_count) {
            const rtsp_keyed *keyed = &exchange->keyed[i];
            arrival = (mikey_arrival){.section = keyed->section,
                                      .offer_frame = exchange->offer_frame,
                                      .legs = keyed->legs,
                                      .leg_count = keyed->leg_count};
        }
        proto_item *item = add_entry(&view, entry->whole, "Key management header");
        proto_tree *sub = proto_item_add_subtree(item, ett_attribute);
        key_mgmt header;
        key_mgmt_take(entry->protocol, entry->data, &header);
        add_span(&view, sub, MF_SDP_PROTOCOL, entry->protocol);
        add_span(&view, sub, MF_RTSP_URI, entry->uri);
        show_attribute_problems(&view, item, &header, 0);
        show_decoded(&view, sub, &header, exchange ? &arrival : NULL);
        key_mgmt_clear(&header);
    }
}

/* --- registration -------------------------------------------------------------------------------------------------- */

void proto_register_mikey_ticket(void)
{
    static int *subtrees[] = {&ett_message, &ett_attribute};
    static ei_register_info experts[] = {
        {&ei_attribute,
         {"mikey_ticket.sdp", PI_PROTOCOL, PI_WARN, "An a=key-mgmt line or KeyMgmt header departs from RFC 4567", EXPFILL}},
        {&ei_attribute_note,
         {"mikey_ticket.sdp_profile", PI_PROTOCOL, PI_NOTE,
          "Key management for a transport without security: the m= line may be in the clear all the same", EXPFILL}},
        {&ei_attribute_error,
         {"mikey_ticket.sdp_error", PI_MALFORMED, PI_ERROR, "An a=key-mgmt line or KeyMgmt header holds no message that can be read",
          EXPFILL}},
    };
    proto_mikey_ticket = proto_register_protocol("MIKEY and MIKEY-TICKET", "MIKEY-TICKET", "mikey_ticket");
    mikey_tree_register(proto_mikey_ticket);
    mikey_keys_tree_register(proto_mikey_ticket);
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_mikey_ticket), experts, array_length(experts));
    /* Registered under stock's own name, so that frame.protocols and the enabled state stay stock's. */
    proto_wrapper = proto_register_protocol_in_name_only("MIKEY with MIKEY-TICKET", "MIKEY with tickets", "mikey_ticket.mikey",
                                                         proto_get_id_by_filter_name("mikey"), FT_PROTOCOL);
}

void proto_reg_handoff_mikey_ticket(void)
{
    dissector_handle_t on_port = create_dissector_handle(dissect_on_port, proto_wrapper);
    stock_handle = find_dissector("mikey");
    ticket_handle = create_dissector_handle(dissect_alone, proto_mikey_ticket);
    proto_sip = proto_get_id_by_filter_name("sip");
    proto_sdp = proto_get_id_by_filter_name("sdp");
    dissector_add_string("key_mgmt", "mikey", create_dissector_handle(dissect_line, proto_wrapper));
    dissector_add_string("media_type", "application/mikey", create_dissector_handle(dissect_body, proto_wrapper));
    dissector_add_uint("udp.port", MIKEY_PORT, on_port);
    dissector_add_uint("tcp.port", MIKEY_PORT, on_port);
}

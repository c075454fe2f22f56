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
#include "protocols/mikey_tree.h"

#include <epan/exceptions.h>
#include <epan/expert.h>

#define MIKEY_PORT 2269 /* registered with IANA */

static int proto_mikey_ticket;
static int proto_wrapper;
static int ett_message = -1;
static int ett_attribute = -1;
static expert_field ei_attribute = EI_INIT;

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

/* --- one message --------------------------------------------------------------------------------------------------- */

static mikey_message *parse(tvbuff_t *tvb, packet_info *pinfo)
{
    int len = (int)tvb_captured_length(tvb);
    mikey_message *message = mikey_parse(len ? tvb_get_ptr(tvb, 0, len) : (const uint8_t *)"", (size_t)len);
    if (pinfo->fd->has_ts)
        mikey_check_time(message, (int64_t)pinfo->abs_ts.secs);
    return message;
}

static void show_message(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mikey_message *message)
{
    if (!tree)
        return;
    proto_item *item = proto_tree_add_item(tree, proto_mikey_ticket, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_message);
    if (message->header.len >= 2)
        proto_item_append_text(item, ": %s", val_to_str_const(message->header.data_type, mikey_data_type_vals, "unknown"));
    mikey_tree_show(sub, tvb, pinfo, message);
}

/* A message that stock would misread. */
static int dissect_alone(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const mikey_message *message = (const mikey_message *)data;
    const char *type = val_to_str_const(message->header.data_type, mikey_data_type_vals, "unknown");
    col_append_str(pinfo->cinfo, COL_PROTOCOL, "/MIKEY");
    col_append_fstr(pinfo->cinfo, COL_INFO, ", Mikey: %s", type);
    if (tree)
        add_stock_header(tree, tvb);
    show_message(tree, tvb, pinfo, message);
    tvb_ensure_bytes_exist(tvb, 0, (int)tvb_reported_length(tvb)); /* says so where the capture cut the message short */
    return (int)tvb_captured_length(tvb);
}

static int call_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    return call_dissector_only(stock_handle, tvb, pinfo, tree, NULL);
}

int mikey_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    volatile int dissected = 0;
    if (!proto_is_protocol_enabled(find_protocol_by_id(proto_mikey_ticket)))
        return call_stock(tvb, pinfo, tree);
    mikey_message *message = parse(tvb, pinfo);
    bool alone = !stock_reads(message);
    TRY {
        dissected = alone ? call_dissector_only(ticket_handle, tvb, pinfo, tree, message) : call_stock(tvb, pinfo, tree);
    }
    FINALLY {
        /* Stock throws where a message ends too early; what there is of it is shown all the same. */
        if (!alone)
            show_message(tree, tvb, pinfo, message);
        mikey_free(message);
    }
    ENDTRY;
    return dissected;
}

/* Stands in stock's place in the dissector tables. */
static int dissect_wrapped(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return mikey_dissect(tvb, pinfo, tree);
}

/* --- a=key-mgmt lines ---------------------------------------------------------------------------------------------- */

typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    const char *text; /* of the body, that of tvb */
    bool by_stock;    /* stock has shown what it reads */
} attribute_view;

/* Stock reads those at session level that are written to the letter. */
static bool stock_shows(const key_mgmt *attribute, bool session_level)
{
    return session_level && !(attribute->problems & ~(unsigned)KEY_MGMT_PADDING);
}

static void show_attribute_problems(const attribute_view *view, proto_item *item, const key_mgmt *attribute, bool repeated)
{
    for (unsigned bits = attribute->problems; bits; bits &= bits - 1)
        expert_add_info_format(view->pinfo, item, &ei_attribute, "%s", key_mgmt_problem_text(bits));
    if (repeated)
        expert_add_info_format(view->pinfo, item, &ei_attribute,
                               "The same key management protocol stands twice at one level (RFC 4567 section 4.1.2)");
}

/* The message becomes a data source of its own, as stock makes it one at session level. */
static void show_decoded(const attribute_view *view, proto_tree *tree, const key_mgmt *attribute)
{
    if (!attribute->message || attribute->problems & KEY_MGMT_NOT_MIKEY)
        return;
    uint8_t *copy = (uint8_t *)wmem_memdup(view->pinfo->pool, attribute->message, attribute->message_len);
    tvbuff_t *tvb = tvb_new_child_real_data(view->tvb, copy, (unsigned)attribute->message_len, (int)attribute->message_len);
    add_new_data_source(view->pinfo, tvb, "Key Management Data");
    mikey_dissect(tvb, view->pinfo, tree);
}

static void show_attribute(const attribute_view *view, const text_span *line, const sdp_media *media, bool repeated)
{
    key_mgmt attribute;
    key_mgmt_parse(*line, &attribute);
    bool by_stock = view->by_stock && stock_shows(&attribute, media == NULL);
    if (!by_stock || attribute.problems || repeated) {
        proto_item *item;
        proto_tree *tree = proto_tree_add_subtree(view->tree, view->tvb, (int)(line->text - view->text), (int)line->len,
                                                  ett_attribute, &item, "Key management attribute");
        if (media && media->media.text)
            proto_item_append_text(item, " of m=%.*s (section %u)", (int)media->media.len, media->media.text, media->index + 1);
        if (attribute.protocol.len)
            proto_tree_add_item(tree, mikey_fields[MF_SDP_PROTOCOL], view->tvb, (int)(attribute.protocol.text - view->text),
                                (int)attribute.protocol.len, ENC_UTF_8 | ENC_NA);
        show_attribute_problems(view, item, &attribute, repeated);
        if (!by_stock)
            show_decoded(view, tree, &attribute);
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
static void show_level(const attribute_view *view, const text_span *lines, unsigned count, const sdp_media *media)
{
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

void mikey_ticket_show_sdp(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sdp_body *body, bool by_stock)
{
    attribute_view view = {.tvb = tvb, .pinfo = pinfo, .tree = tree, .by_stock = by_stock};
    if (!proto_is_protocol_enabled(find_protocol_by_id(proto_mikey_ticket)))
        return;
    view.text = (const char *)tvb_get_ptr(tvb, 0, (int)tvb_captured_length(tvb));
    show_level(&view, body->key_mgmt, body->key_mgmt_count, NULL);
    for (unsigned m = 0; m < body->media_count; m++)
        show_level(&view, body->media[m].key_mgmt, body->media[m].key_mgmt_count, &body->media[m]);
}

/* --- registration -------------------------------------------------------------------------------------------------- */

void proto_register_mikey_ticket(void)
{
    static int *subtrees[] = {&ett_message, &ett_attribute};
    static ei_register_info experts[] = {
        {&ei_attribute,
         {"mikey_ticket.sdp", PI_PROTOCOL, PI_WARN, "An a=key-mgmt line departs from RFC 4567", EXPFILL}},
    };
    proto_mikey_ticket = proto_register_protocol("MIKEY and MIKEY-TICKET", "MIKEY-TICKET", "mikey_ticket");
    mikey_tree_register(proto_mikey_ticket);
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_mikey_ticket), experts, array_length(experts));
    /* Registered under stock's own name, so that frame.protocols and the enabled state stay stock's. */
    proto_wrapper = proto_register_protocol_in_name_only("MIKEY with MIKEY-TICKET", "MIKEY with tickets", "mikey_ticket.mikey",
                                                         proto_get_id_by_filter_name("mikey"), FT_PROTOCOL);
}

void proto_reg_handoff_mikey_ticket(void)
{
    dissector_handle_t wrapper = create_dissector_handle(dissect_wrapped, proto_wrapper);
    stock_handle = find_dissector("mikey");
    ticket_handle = create_dissector_handle(dissect_alone, proto_mikey_ticket);
    dissector_add_string("key_mgmt", "mikey", wrapper);
    dissector_add_string("media_type", "application/mikey", wrapper);
    dissector_add_uint("udp.port", MIKEY_PORT, wrapper);
    dissector_add_uint("tcp.port", MIKEY_PORT, wrapper);
}

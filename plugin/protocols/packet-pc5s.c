/* PC5 signalling, whoever carries it: the message, what it has to do with others, and the content of its container. */
#include "protocols/packet-pc5s.h"

#include "keys/text_scan.h"
#include "protocols/packet-d2dsec.h"
#include "protocols/packet-mikey-ticket.h"
#include "protocols/packet-sdes.h"
#include "protocols/pc5s_fields.h"
#include "protocols/pc5s_tree.h"
#include "sessions/pc5_learn.h"

#include <epan/exceptions.h>
#include <epan/expert.h>
#include <epan/prefs.h>

/* Unregistered; for messages that the network relays in SIP or HTTP. */
#define MEDIA_TYPE "application/vnd.3gpp.pc5s"

static int proto_pc5s = -1;
static int proto_body = -1;
static int ett_message = -1, ett_context = -1, ett_keyest = -1;

static expert_field ei_sequence = EI_INIT;
static expert_field ei_sequence_note = EI_INIT;
static expert_field ei_retransmission = EI_INIT;

static dissector_handle_t link_handle, message_handle, media_handle;

static int iei_radix = PC5S_IEI_DECIMAL;
static int length_size = PC5S_LENGTH_AUTO;
static int user_info_length = PC5S_TYPE_AUTO;
static int encoding = KEYEST_WITH_METHOD;
static ws_uint container_iei = KEYEST_DEFAULT_IEI;
static ws_bool container_short_length = FALSE;

pc5s_options pc5s_preferences_options(void)
{
    return (pc5s_options){.iei_radix = (pc5s_iei_radix)iei_radix,
                          .length_size = (pc5s_length_size)length_size,
                          .user_info_length = (pc5s_user_info_length)user_info_length,
                          .keyest_encoding = (keyest_encoding)encoding,
                          .keyest_iei = (uint8_t)container_iei,
                          .keyest_short_length = container_short_length};
}

/* --- the link ------------------------------------------------------------------------------------------------------ */

static pc5_id id_of(const address *from)
{
    pc5_id id = {.len = 0};
    if (from->type != AT_NONE && from->len > 0 && from->len <= PC5_MAX_ID_LEN) {
        id.len = (uint8_t)from->len;
        memcpy(id.octets, from->data, id.len);
    }
    return id;
}

static const pc5_record *learn(const packet_info *pinfo, const pc5s_link *link, const pc5s_message *message)
{
    pc5_arrival arrival = {.frame = pinfo->num, .message = message};
    if (link) {
        arrival.source = link->source;
        arrival.destination = link->destination;
        arrival.protection = link->is_protected ? PC5_PROTECTED : PC5_UNPROTECTED;
    } else {
        arrival.source = id_of(&pinfo->net_src);
        arrival.destination = id_of(&pinfo->net_dst);
    }
    d2d_capture *capture = d2d_capture_get();
    const pc5_record *record = pc5_state_add(capture->pc5, &arrival);
    if (!pinfo->fd->visited)
        pc5_learn_keying(&arrival, record, capture->kd, capture->mikey);
    return record;
}

static void add_number(proto_tree *tree, tvbuff_t *tvb, pc5s_field field, uint32_t number)
{
    proto_item_set_generated(proto_tree_add_uint(tree, pc5s_fields[field], tvb, 0, 0, number));
}

/* A link to another frame. */
static void add_frame(proto_tree *tree, tvbuff_t *tvb, const packet_info *pinfo, pc5s_field field, uint32_t frame)
{
    if (frame && frame != pinfo->num)
        add_number(tree, tvb, field, frame);
}

static void show_context(proto_tree *tree, tvbuff_t *tvb, const packet_info *pinfo, const pc5_context *context)
{
    proto_item *item = proto_tree_add_item(tree, pc5s_fields[PF_CONTEXT], tvb, 0, 0, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_context);
    proto_item_set_generated(item);
    proto_item_append_text(item, context->is_rekeying ? " of a rekeying" : " of a new link");
    add_frame(sub, tvb, pinfo, PF_CONTEXT_REQUEST, context->request_frame);
    add_frame(sub, tvb, pinfo, PF_CONTEXT_COMMAND, context->command_frame);
    add_frame(sub, tvb, pinfo, PF_CONTEXT_COMPLETE, context->complete_frame);
    add_frame(sub, tvb, pinfo, PF_CONTEXT_CLOSING, context->closing_frame);
    if (context->has_kd_sess_id) {
        add_number(sub, tvb, PF_KD_SESS_ID, context->kd_sess_id);
        proto_item_append_text(item, ", KD-sess ID 0x%04x", context->kd_sess_id);
    }
    if (context->has_kd_id)
        add_number(sub, tvb, PF_KD_ID, context->kd_id);
}

static void show_record(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, proto_item *item, const pc5_record *record)
{
    add_frame(tree, tvb, pinfo, PF_REQUEST_FRAME, record->request_frame);
    add_frame(tree, tvb, pinfo, PF_RESPONSE_FRAME, record->response_frame);
    add_frame(tree, tvb, pinfo, PF_FIRST_FRAME, record->first_frame);
    if (record->context)
        show_context(tree, tvb, pinfo, record->context);
    if (record->first_frame)
        expert_add_info(pinfo, item, &ei_retransmission);
    for (unsigned kind = 0; kind < PC5_PROBLEM_KINDS; kind++)
        if (record->problems & UINT64_C(1) << kind)
            expert_add_info_format(pinfo, item,
                                   pc5_problem_severity((pc5_problem_kind)kind) == PC5S_SEVERITY_NOTE ? &ei_sequence_note
                                                                                                      : &ei_sequence,
                                   "%s", pc5_problem_text((pc5_problem_kind)kind));
}

/* --- the container ------------------------------------------------------------------------------------------------- */

/* The container's own octets: a part of the message's tvb, or what was joined of fragments. */
typedef struct {
    tvbuff_t *tvb;
    const uint8_t *base;
} container_view;

static container_view view_container(tvbuff_t *tvb, packet_info *pinfo, const pc5s_message *message)
{
    const key_establishment *information = &message->key_establishment;
    if (!information->joined)
        return (container_view){tvb, message->whole.data};
    unsigned len = (unsigned)information->joined_len;
    uint8_t *copy = (uint8_t *)wmem_memdup(pinfo->pool, information->joined, len);
    tvbuff_t *joined = tvb_new_child_real_data(tvb, copy, len, (int)len);
    add_new_data_source(pinfo, joined, "Key establishment information");
    return (container_view){joined, information->joined};
}

static proto_item *add_part(proto_tree *tree, const container_view *view, pc5s_field field, octet_span part)
{
    if (!part.data || part.len == 0)
        return NULL;
    return proto_tree_add_item(tree, pc5s_fields[field], view->tvb, (int)(part.data - view->base), (int)part.len,
                               ENC_BIG_ENDIAN);
}

/* Every line but those that hold keys: those of a=crypto and a=key-mgmt are decoded on their own. */
static void show_sdp_lines(proto_tree *tree, tvbuff_t *tvb, text_span text)
{
    text_span rest = text, line;
    while (text_next_line(&rest, &line)) {
        text_span start = line;
        if (line.len && !text_take(&start, "a=crypto") && !text_take(&start, "a=key-mgmt") && !text_take(&start, "k="))
            proto_tree_add_item(tree, pc5s_fields[PF_KEYEST_SDP], tvb, (int)(line.text - text.text), (int)line.len,
                                ENC_UTF_8 | ENC_NA);
    }
}

static void show_sdp(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sdp_exchange *known)
{
    uint32_t no_problems[SDP_MAX_MEDIA] = {0};
    sdp_exchange unpaired = {.role = SDP_ROLE_UNPAIRED, .answer_problems = no_problems};
    size_t len = tvb_captured_length(tvb);
    text_span text = text_span_of((const char *)tvb_get_ptr(tvb, 0, (int)len), len);
    sdp_body *body = sdp_parse_fragment(text.text, text.len);
    show_sdp_lines(tree, tvb, text);
    TRY {
        sdes_show_carried(tree, tvb, pinfo, body, known ? known : &unpaired);
    }
    FINALLY {
        sdp_free(body);
    }
    ENDTRY;
}

/* The line that a compact body stands for is no octets of the capture, and holds a key: it is no data source. */
static tvbuff_t *content_tvb(const container_view *view, packet_info *pinfo, const key_establishment *information)
{
    octet_span content = information->content;
    if (!information->line)
        return tvb_new_subset_length(view->tvb, (int)(content.data - view->base), (int)content.len);
    uint8_t *copy = (uint8_t *)wmem_memdup(pinfo->pool, content.data, content.len);
    return tvb_new_child_real_data(view->tvb, copy, (unsigned)content.len, (int)content.len);
}

static void show_compact(proto_tree *tree, const container_view *view, octet_span body)
{
    keyest_compact compact;
    keyest_read_compact(body, &compact);
    for (unsigned i = 0; i < 3 && i < body.len; i++)
        add_part(tree, view, (pc5s_field)(PF_COMPACT_TAG + i), octet_span_at(body.data + i, 1));
    add_part(tree, view, PF_COMPACT_MKI, compact.mki);
}

static proto_tree *show_container(proto_tree *tree, const container_view *view, const key_establishment *information)
{
    octet_span method = information->method_octet, body = information->body;
    octet_span whole = method.data ? octet_span_at(method.data, method.len + body.len) : body;
    proto_tree *sub = proto_item_add_subtree(add_part(tree, view, PF_KEYEST, whole), ett_keyest);
    if (method.data)
        add_part(sub, view, PF_KEYEST_METHOD, method);
    else if (information->method != KEYEST_METHOD_UNKNOWN)
        add_number(sub, view->tvb, PF_KEYEST_METHOD, information->method);
    add_part(sub, view, PF_KEYEST_BODY, body);
    if (information->method == KEYEST_METHOD_SDES_COMPACT)
        show_compact(sub, view, body);
    if (!information->content.data && d2d_show_keys())
        add_part(sub, view, PF_KEYEST_OCTETS, body);
    return sub;
}

/* MIKEY is called without a tree, too: it has something to learn, and to say in the columns. */
static void dissect_container(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const pc5s_message *message,
                              const pc5_record *record)
{
    const key_establishment *information = &message->key_establishment;
    if (!information->body.data)
        return;
    const container_view view = view_container(tvb, pinfo, message);
    proto_tree *sub = show_container(tree, &view, information);
    if (!information->content.data)
        return;
    tvbuff_t *content = content_tvb(&view, pinfo, information);
    if (!keyest_is_sdp(information))
        mikey_dissect(content, pinfo, sub, NULL);
    else if (d2d_wants_details(pinfo, tree, PI_ERROR))
        show_sdp(sub, content, pinfo, record->exchange);
}

/* --- one message --------------------------------------------------------------------------------------------------- */

static void show_message(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const pc5s_message *message,
                         const pc5_record *record)
{
    proto_item *item = proto_tree_get_parent(tree);
    if (message->has_type)
        proto_item_append_text(item, ", %s", val_to_str_const(message->type, pc5s_type_vals, "unknown message"));
    pc5s_tree_show(tree, tvb, pinfo, message);
    show_record(tree, tvb, pinfo, item, record);
}

static void append_info(packet_info *pinfo, const pc5s_message *message, const pc5_record *record)
{
    const char *name = message->has_type ? try_val_to_str(message->type, pc5s_type_vals) : "PC5 signalling without a type";
    if (name)
        col_append_sep_str(pinfo->cinfo, COL_INFO, ", ", name);
    else
        col_append_sep_fstr(pinfo->cinfo, COL_INFO, ", ", "PC5 signalling of type 0x%02x", message->type);
    if (message->has_sequence)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", seq %u", message->sequence);
    if (record->first_frame)
        col_append_str(pinfo->cinfo, COL_INFO, " [retransmission]");
}

static int dissect_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const pc5s_link *link)
{
    const pc5s_options options = pc5s_preferences_options();
    int len = (int)tvb_captured_length(tvb);
    pc5s_message *message = pc5s_parse(len ? tvb_get_ptr(tvb, 0, len) : (const uint8_t *)"", (size_t)len, &options);
    TRY {
        const pc5_record *record = learn(pinfo, link, message);
        append_info(pinfo, message, record);
        proto_tree *sub = proto_item_add_subtree(proto_tree_add_item(tree, proto_pc5s, tvb, 0, -1, ENC_NA), ett_message);
        if (d2d_wants_details(pinfo, tree, PI_ERROR))
            show_message(sub, tvb, pinfo, message, record);
        dissect_container(sub, tvb, pinfo, message, record);
    }
    FINALLY {
        pc5s_free(message);
    }
    ENDTRY;
    tvb_ensure_bytes_exist(tvb, 0, (int)tvb_reported_length(tvb)); /* says so where the capture cut the message short */
    return len;
}

static int dissect_alone(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const pc5s_link *link)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "PC5-S");
    col_clear(pinfo->cinfo, COL_INFO);
    return dissect_message(tvb, pinfo, tree, link);
}

/* --- dissectors ---------------------------------------------------------------------------------------------------- */

static int dissect_named(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return dissect_alone(tvb, pinfo, tree, NULL);
}

/* `data` is a pc5s_link: nobody else knows the handle. */
static int dissect_linked(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_alone(tvb, pinfo, tree, (const pc5s_link *)data);
}

/* A body of SIP or HTTP, whose columns it adds to. Where PC5 signalling is switched off, it is a body of no known type: SIP sees to that
 * itself, while HTTP would take a dissector that refuses for one that failed. */
static int dissect_body(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!proto_is_protocol_enabled(find_protocol_by_id(proto_pc5s)))
        return proto_is_frame_protocol(pinfo->layers, "http") ? call_dissector_with_data(media_handle, tvb, pinfo, tree, data) : 0;
    return call_dissector_only(message_handle, tvb, pinfo, tree, NULL);
}

static int dissect_message_of_body(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    col_append_sep_str(pinfo->cinfo, COL_PROTOCOL, "/", "PC5-S");
    return dissect_message(tvb, pinfo, tree, NULL);
}

int pc5s_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const pc5s_link *link)
{
    pc5s_link copy = link ? *link : (pc5s_link){.is_protected = false};
    return call_dissector_only(link_handle, tvb, pinfo, tree, link ? &copy : NULL);
}

/* --- registration -------------------------------------------------------------------------------------------------- */

static void register_preferences(void)
{
    static const enum_val_t radixes[] = {
        {"auto", "Either, whichever reads the message to its end", PC5S_IEI_AUTO},
        {"decimal", "Decimal: 17 is 0x11", PC5S_IEI_DECIMAL},
        {"hex-literal", "Hexadecimal digits: 17 is 0x17", PC5S_IEI_HEX_LITERAL},
        {NULL, NULL, 0},
    };
    static const enum_val_t sizes[] = {
        {"auto", "Either, whichever reads the message to its end", PC5S_LENGTH_AUTO},
        {"2", "Two octets", PC5S_LENGTH_TWO_OCTETS},
        {"1", "One octet", PC5S_LENGTH_ONE_OCTET},
        {NULL, NULL, 0},
    };
    static const enum_val_t types[] = {
        {"auto", "Either, whichever reads the message to its end", PC5S_TYPE_AUTO},
        {"counted", "Yes", PC5S_TYPE_COUNTED},
        {"apart", "No", PC5S_TYPE_APART},
        {NULL, NULL, 0},
    };
    static const enum_val_t encodings[] = {
        {"E1", "E1: IEI, length, method, body", KEYEST_WITH_METHOD},
        {"E2", "E2: IEI, length, body", KEYEST_WITHOUT_METHOD},
        {"E3", "E3: fragments, each IEI, length of one octet, number, count, piece", KEYEST_FRAGMENTS},
        {"E4", "E4: in User Info of type 0xf0 to 0xff", KEYEST_USER_INFO},
        {"E5", "E5: behind the last information element", KEYEST_APPENDED},
        {"E6", "E6: not in PC5 signalling", KEYEST_NONE},
        {NULL, NULL, 0},
    };
    module_t *module = prefs_register_protocol(proto_pc5s, NULL);
    prefs_register_enum_preference(module, "iei_radix", "Numbers of IEIs", "How the IEIs of TS 24.334 are meant", &iei_radix,
                                   radixes, FALSE);
    prefs_register_enum_preference(module, "length_octets", "Length of GPI and Encrypted Payload",
                                   "Octets of the length field of these two", &length_size, sizes, FALSE);
    prefs_register_enum_preference(module, "user_info_length", "Length of User Info counts its type",
                                   "Some senders leave the octet of the type out of the length", &user_info_length, types,
                                   FALSE);
    prefs_register_enum_preference(module, "keyest_encoding", "Key establishment container",
                                   "How SDP or MIKEY stands in a message: no standard says", &encoding, encodings, FALSE);
    prefs_register_uint_preference(module, "keyest_iei", "IEI of the container", "In encodings E1 to E3, hexadecimal", 16,
                                   &container_iei);
    prefs_register_bool_preference(module, "keyest_short_length", "The container's length has one octet",
                                   "In encodings E1 and E2, instead of two", &container_short_length);
}

void proto_register_pc5s(void)
{
    static int *subtrees[] = {&ett_message, &ett_context, &ett_keyest};
    static ei_register_info experts[] = {
        {&ei_sequence, {"pc5s.sequence_warning", PI_SEQUENCE, PI_WARN, "The message does not fit those before it", EXPFILL}},
        {&ei_sequence_note, {"pc5s.sequence_note", PI_SEQUENCE, PI_NOTE, "Worth knowing of the messages before it", EXPFILL}},
        {&ei_retransmission, {"pc5s.retransmission", PI_SEQUENCE, PI_NOTE, "This message was sent before", EXPFILL}},
    };
    proto_pc5s = proto_register_protocol("PC5 Signalling", "PC5-S", "pc5s");
    pc5s_tree_register(proto_pc5s);
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_pc5s), experts, array_length(experts));
    register_preferences();
    register_dissector("pc5s", dissect_named, proto_pc5s);
    /* Registered under the name of what takes bodies of unknown types, so that they find their dissector enabled. */
    proto_body = proto_register_protocol_in_name_only("PC5 Signalling in a body", "PC5-S in a body", "pc5s.body",
                                                      proto_get_id_by_filter_name("media"), FT_PROTOCOL);
}

void proto_reg_handoff_pc5s(void)
{
    link_handle = create_dissector_handle(dissect_linked, proto_pc5s);
    message_handle = create_dissector_handle(dissect_message_of_body, proto_pc5s);
    media_handle = find_dissector("media");
    dissector_add_string("media_type", MEDIA_TYPE, create_dissector_handle(dissect_body, proto_body));
}

/* Sidelink PDCP: the header of a PDU, and its SDU, which goes to the dissector of its type where it is readable. */
#include "protocols/packet-pdcp-sl.h"

#include "protocols/decrypted_export.h"
#include "protocols/packet-d2dsec.h"
#include "protocols/packet-pc5s.h"
#include "protocols/sl_view.h"
#include "sessions/sl_framing.h"
#include "sessions/sl_sn_use.h"

#include <epan/exceptions.h>
#include <epan/prefs.h>

static int proto_pdcp_sl = -1;

static int hf_sdu_type = -1;
static int hf_pgk_index = -1;
static int hf_reserved = -1;
static int hf_ptk_id = -1;
static int hf_kd_sess_id = -1;
static int hf_sn = -1;
static int hf_cast = -1;
static int hf_protection = -1;
static int hf_count = -1;
static int hf_ciphered = -1;
static int hf_sdu = -1;
static int hf_mac_i = -1;
static int hf_version = -1;
static int hf_direction_known = -1;
static int hf_direction = -1;
static int hf_one_to_many = -1;
static int hf_source = -1;
static int hf_destination = -1;
static int hf_lcid = -1;
static int hf_tags = -1;
static int hf_data = -1;
static int hf_kd = -1;
static int hf_kd_sess = -1;
static int hf_pek = -1;
static int hf_pik = -1;
static int hf_kd_fingerprint = -1;
static int hf_kd_sess_fingerprint = -1;

static int ett_pdcp = -1;
static int ett_frame = -1;

static sl_experts experts = SL_EXPERTS_INIT;
static expert_field ei_no_key = EI_INIT;
static expert_field ei_tag_mismatch = EI_INIT;
static expert_field ei_unsupported = EI_INIT;
static expert_field ei_implausible = EI_INIT;

static dissector_handle_t linked_handle, framed_handle;
static dissector_handle_t ip_handle, ipv6_handle, arp_handle;

static int assumed_cast = SL_CAST_UNKNOWN;
static ws_bool mac_i_on_all = FALSE;
static sl_sn_use *sn_use;

/* --- opening SDUs -------------------------------------------------------------------------------------------------- */

/* What became of a PDU, and its SDU where that can be read. */
typedef struct {
    sl_opening opening;
    tvbuff_t *plain;     /* NULL: it cannot be read */
    bool is_open;        /* `plain` is not what an unopened PDU hides: it is plain on the air, or was deciphered */
} sdu_view;

/* A Direct Security Mode Command is not ciphered, and can be read whether its key is known or not. */
static bool is_plain_on_air(const sl_pdu *pdu, const sl_opening *opening)
{
    bool is_in_clear = !pdu->key_id || sl_is_command(pdu);
    return pdu->data.data && (is_in_clear || (opening->plain && !opening->was_ciphered));
}

static tvbuff_t *deciphered(tvbuff_t *tvb, packet_info *pinfo, const sl_opening *opening)
{
    uint8_t *copy = (uint8_t *)wmem_memdup(pinfo->pool, opening->plain, opening->len);
    tvbuff_t *plain = tvb_new_child_real_data(tvb, copy, (unsigned)opening->len, (int)opening->len);
    add_new_data_source(pinfo, plain, "Deciphered SDU");
    return plain;
}

static void open_sdu(sl_pdu *pdu, tvbuff_t *tvb, packet_info *pinfo, sdu_view *view)
{
    sl_security_open(d2d_capture_get()->sidelink, pdu, &view->opening);
    if (view->opening.verdict == SL_NO_KEY && d2d_capture_read_keylog())
        sl_security_open(d2d_capture_get()->sidelink, pdu, &view->opening);
    const sl_context *context = view->opening.context;
    sl_sn_use_note(sn_use, pdu, context ? context->index : 0);
    if (sl_verdict_is_open(view->opening.verdict) && (pdu->problems & PDCP_SL_SN_REPEATED))
        view->opening.verdict = SL_REPLAYED;
    if (is_plain_on_air(pdu, &view->opening))
        view->plain = sl_subset(tvb, PDCP_SL_HEADER_LEN, pdu->data.len, pdu->data_len);
    else if (view->opening.plain && view->opening.len)
        view->plain = deciphered(tvb, pinfo, &view->opening);
    view->is_open = view->plain != NULL;
}

/* What the opening points to is overwritten by the next PDU; the SDU's octets in `view` are not. */
static void tap_sdu(packet_info *pinfo, const sl_pdu *pdu, const sdu_view *view)
{
    const pc5s_options options = pc5s_preferences_options();
    d2d_tap_packet *record = wmem_new(pinfo->pool, d2d_tap_packet);
    record->is_sidelink = true;
    record->sidelink.pdu = *pdu;
    record->sidelink.opening = view->opening;
    sl_opening *opening = &record->sidelink.opening;
    if (opening->plain)
        opening->plain = opening->len ? tvb_get_ptr(view->plain, 0, (int)opening->len) : NULL;
    opening->is_implausible = opening->was_ciphered && sl_verdict_is_open(opening->verdict) && sl_sdu_is_judged(pdu->sdu_type) &&
                              (!opening->plain || !sl_sdu_is_plausible(pdu->sdu_type, opening->plain, opening->len, &options));
    d2d_tap(pinfo, record);
}

/* --- the tree ------------------------------------------------------------------------------------------------------ */

static const value_string sdu_type_vals[] = {
    {PDCP_SL_IP, "IP"}, {PDCP_SL_ARP, "ARP"}, {PDCP_SL_PC5S, "PC5-S"}, {PDCP_SL_NON_IP, "Non-IP"}, {0, NULL},
};

static const char *protection_text(const sl_pdu *pdu, const sl_opening *opening)
{
    if (!pdu->key_id)
        return "none";
    if (sl_is_command(pdu) || (opening->plain && !opening->was_ciphered))
        return pdu->has_mac_i ? "integrity protected, not ciphered" : "not ciphered";
    return "ciphered";
}

static void show_header(proto_tree *tree, tvbuff_t *tvb, const sl_pdu *pdu)
{
    bool one_to_many = pdu->link.cast == SL_ONE_TO_MANY;
    proto_tree_add_item(tree, hf_sdu_type, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, one_to_many ? hf_pgk_index : hf_reserved, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, one_to_many ? hf_ptk_id : hf_kd_sess_id, tvb, 1, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_sn, tvb, 3, 2, ENC_BIG_ENDIAN);
    proto_item_set_generated(
        proto_tree_add_string(tree, hf_cast, tvb, 0, 0, one_to_many ? "one-to-many" : "one-to-one"));
}

static void add_text(proto_tree *tree, tvbuff_t *tvb, int field, const char *text)
{
    if (*text)
        proto_item_set_generated(proto_tree_add_string(tree, field, tvb, 0, 0, text));
}

static const char *origin_text(wmem_allocator_t *pool, const sl_key_source *source)
{
    switch (source->origin) {
    case SL_FROM_SDES:
        return "SDES offer and answer";
    case SL_FROM_MIKEY:
        return "MIKEY TEK";
    case SL_FROM_EARLIER:
        return "KD of an earlier context";
    case SL_FROM_KEYLOG:
        break;
    }
    char line[KEYLOG_LINE_LEN];
    return wmem_strdup_printf(pool, "key log, %s", keylog_line_text(source->line, line));
}

static void show_found(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sl_context *context)
{
    if (!context->found)
        return;
    const char *state = context->confirmed_frame
                            ? wmem_strdup_printf(pinfo->pool, "confirmed in frame %u", context->confirmed_frame)
                            : "not yet confirmed by a second PDU";
    add_text(tree, tvb, hf_d2dsec_found, wmem_strdup_printf(pinfo->pool, "%s (%s)", context->found, state));
}

static void add_key(proto_tree *tree, tvbuff_t *tvb, int field, const uint8_t *key, size_t len)
{
    if (len)
        proto_item_set_generated(proto_tree_add_bytes_with_length(tree, field, tvb, 0, 0, key, (int)len));
}

static void show_keys(proto_tree *tree, tvbuff_t *tvb, const sl_context *context)
{
    add_key(tree, tvb, hf_kd, context->kd.octets, context->kd.len);
    add_key(tree, tvb, hf_kd_sess, context->kd_sess.octets, context->kd_sess.len);
    add_key(tree, tvb, hf_pek, context->pek, context->has_pek ? EPS_KEY_LEN : 0);
    add_key(tree, tvb, hf_pik, context->pik, context->has_pik ? EPS_KEY_LEN : 0);
}

static void show_context(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const sl_pdu *pdu, const sl_context *context)
{
    const char *suite = pdu->link.cast == SL_ONE_TO_MANY
                            ? wmem_strdup_printf(pinfo->pool, "%sEEA%u", context->eea ? "128-" : "", context->eea)
                            : wmem_strdup_printf(pinfo->pool, "%sEEA%u, %sEIA%u", context->eea ? "128-" : "", context->eea,
                                                 context->eia ? "128-" : "", context->eia);
    add_text(tree, tvb, hf_d2dsec_suite, suite);
    if (context->unsupported)
        return;
    add_text(tree, tvb, hf_d2dsec_key_origin, origin_text(pinfo->pool, &context->source));
    if (context->source.frame)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_d2dsec_key_frame, tvb, 0, 0, context->source.frame));
    add_text(tree, tvb, hf_d2dsec_key_fingerprint, context->pek_fingerprint);
    add_text(tree, tvb, hf_kd_fingerprint, context->kd_fingerprint);
    add_text(tree, tvb, hf_kd_sess_fingerprint, context->kd_sess_fingerprint);
    if (d2d_show_keys())
        show_keys(tree, tvb, context);
    show_found(tree, tvb, pinfo, context);
}

static void show_verdict(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const sl_opening *opening)
{
    proto_item *item = proto_tree_add_string(tree, hf_d2dsec_verdict, tvb, 0, 0, sl_verdict_text(opening->verdict));
    proto_item_set_generated(item);
    switch (opening->verdict) {
    case SL_NO_KEY:
        expert_add_info(pinfo, item, &ei_no_key);
        break;
    case SL_TAG_MISMATCH:
        expert_add_info(pinfo, item, &ei_tag_mismatch);
        break;
    case SL_UNSUPPORTED_SUITE:
        expert_add_info(pinfo, item, &ei_unsupported);
        break;
    default:
        break;
    }
    if (opening->is_implausible)
        expert_add_info(pinfo, item, &ei_implausible);
}

static void show_protection(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const sl_pdu *pdu, const sl_opening *opening)
{
    add_text(tree, tvb, hf_protection, protection_text(pdu, opening));
    if (!pdu->key_id)
        return;
    proto_item_set_generated(proto_tree_add_uint(tree, hf_count, tvb, 1, 4, sl_pdu_count(pdu)));
    show_verdict(tree, pinfo, tvb, opening);
    if (opening->context)
        show_context(tree, pinfo, tvb, pdu, opening->context);
}

static void show_pdu(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const sl_pdu *pdu, const sdu_view *view)
{
    proto_item *item = proto_tree_add_item(tree, proto_pdcp_sl, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_pdcp);
    if (pdu->header.data) {
        bool is_plain = is_plain_on_air(pdu, &view->opening);
        proto_item_append_text(item, ", %s", val_to_str_const(pdu->sdu_type, sdu_type_vals, "reserved SDU type"));
        show_header(sub, tvb, pdu);
        show_protection(sub, pinfo, tvb, pdu, &view->opening);
        if (pdu->data.data)
            proto_tree_add_item(sub, is_plain ? hf_sdu : hf_ciphered, tvb, PDCP_SL_HEADER_LEN, (int)pdu->data.len, ENC_NA);
        if (view->plain && !is_plain)
            proto_tree_add_item(sub, hf_sdu, view->plain, 0, -1, ENC_NA);
        if (pdu->mac_i.data)
            proto_tree_add_item(sub, hf_mac_i, tvb, (int)(PDCP_SL_HEADER_LEN + pdu->data_len), PDCP_SL_MAC_I_LEN, ENC_NA);
    } else {
        proto_tree_add_item(sub, hf_data, tvb, 0, -1, ENC_NA);
    }
    sl_show_problems(pinfo, item, &experts, pdu->problems, pdcp_sl_take_problem);
}

static void append_info(packet_info *pinfo, const sl_pdu *pdu, const sdu_view *view)
{
    if (!pdu->header.data)
        return;
    col_append_sep_str(pinfo->cinfo, COL_INFO, ", ", val_to_str_const(pdu->sdu_type, sdu_type_vals, "reserved SDU type"));
    if (pdu->key_id)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", %s 0x%04x, SN %u",
                        pdu->link.cast == SL_ONE_TO_MANY ? "PTK identity" : "KD-sess ID", pdu->key_id, pdu->sn);
    if (pdu->key_id && !view->plain)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", ciphered [%s]", sl_verdict_text(view->opening.verdict));
}

/* The highest severity of the expert infos that show_pdu() may add; 0: none. */
static int severity_of(const sl_pdu *pdu, const sl_opening *opening)
{
    if (pdu->problems)
        return PI_ERROR;
    return pdu->key_id && (opening->is_implausible || !sl_verdict_is_open(opening->verdict)) ? PI_WARN : 0;
}

/* --- dissection ---------------------------------------------------------------------------------------------------- */

/* The dissector of a plain SDU; NULL: there is none. */
static dissector_handle_t dissector_of(tvbuff_t *plain, const sl_pdu *pdu)
{
    switch (pdu->sdu_type) {
    case PDCP_SL_IP:
        return pdu->problems & PDCP_SL_NOT_IP ? NULL : tvb_get_uint8(plain, 0) >> 4 == 6 ? ipv6_handle : ip_handle;
    case PDCP_SL_ARP:
        return arp_handle;
    default:
        return NULL;
    }
}

static void export_sdu(tvbuff_t *plain, packet_info *pinfo, const sl_pdu *pdu)
{
    dissector_handle_t handle = dissector_of(plain, pdu);
    const char *unnamed = pdu->sdu_type == PDCP_SL_PC5S ? "pc5s" : "data";
    decrypted_export_sdu(pinfo, plain, handle ? dissector_handle_get_dissector_name(handle) : unnamed);
}

static void call_pc5s(tvbuff_t *plain, packet_info *pinfo, proto_tree *tree, const sl_pdu *pdu)
{
    const pc5s_link link = {.source = sl_source_id(&pdu->link),
                            .destination = sl_destination_id(&pdu->link),
                            .is_protected = pdu->key_id != 0};
    pc5s_dissect(plain, pinfo, tree, pdu->link.destination_bits ? &link : NULL);
}

/* Keys of an SDP body whose parties talk over a protected link went into that link's KD: its media need not be SRTP. */
static void call_inner(dissector_handle_t handle, tvbuff_t *plain, packet_info *pinfo, proto_tree *tree, const sl_pdu *pdu)
{
    d2d_capture *capture = d2d_capture_get();
    capture->in_protected_sdu = pdu->key_id != 0;
    TRY {
        sl_call(handle, plain, pinfo, tree, NULL);
    }
    FINALLY {
        capture->in_protected_sdu = false;
    }
    ENDTRY;
}

static void call_with_sdu(tvbuff_t *plain, packet_info *pinfo, proto_tree *tree, const sl_pdu *pdu)
{
    dissector_handle_t handle = dissector_of(plain, pdu);
    if (pdu->sdu_type == PDCP_SL_PC5S)
        call_pc5s(plain, pinfo, tree, pdu);
    else if (handle)
        call_inner(handle, plain, pinfo, tree, pdu);
    else
        call_data_dissector(plain, pinfo, tree);
}

static int dissect_linked(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const pdcp_sl_rules rules = {.cast = (sl_cast)assumed_cast, .mac_i_on_all = mac_i_on_all};
    size_t len = tvb_captured_length(tvb);
    sdu_view view = {.plain = NULL};
    sl_pdu pdu;
    if (len == 0)
        return 0;
    if (pdcp_sl_parse(&pdu, (const sl_link *)data, &rules, tvb_get_ptr(tvb, 0, (int)len), len, tvb_reported_length(tvb))) {
        pdu.frame = pinfo->num;
        open_sdu(&pdu, tvb, pinfo, &view);
        if (view.plain && tvb_captured_length(view.plain))
            pdcp_sl_check_sdu(&pdu, tvb_get_ptr(view.plain, 0, 1), tvb_captured_length(view.plain));
        if (view.opening.verdict != SL_NOT_PROTECTED && d2d_is_tapped())
            tap_sdu(pinfo, &pdu, &view);
    }
    append_info(pinfo, &pdu, &view);
    if (d2d_wants_details(pinfo, tree, severity_of(&pdu, &view.opening)))
        show_pdu(tree, pinfo, tvb, &pdu, &view);
    if (view.plain && sl_verdict_is_open(view.opening.verdict))
        export_sdu(view.plain, pinfo, &pdu);
    if (view.plain)
        call_with_sdu(view.plain, pinfo, tree, &pdu);
    return (int)len;
}

void pdcp_sl_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, sl_link *link)
{
    sl_call(linked_handle, tvb, pinfo, tree, link);
}

static void begin_columns(packet_info *pinfo)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "PDCP-SL");
    col_clear(pinfo->cinfo, COL_INFO);
}

static int dissect_alone(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    sl_link unknown = {0};
    begin_columns(pinfo);
    return dissect_linked(tvb, pinfo, tree, &unknown);
}

/* --- PDUs in this project's framing -------------------------------------------------------------------------------- */

static void show_unread(proto_tree *tree, tvbuff_t *tvb, unsigned offset)
{
    if (offset < tvb_captured_length(tvb))
        proto_tree_add_item(tree, hf_data, tvb, (int)offset, -1, ENC_NA);
}

static void show_frame(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const sl_pdcp_frame *frame)
{
    int end = frame->header_len ? (int)frame->header_len : -1;
    proto_item *item = proto_tree_add_item(tree, proto_pdcp_sl, tvb, 0, end, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_frame);
    proto_item_append_text(item, " framing");
    if (tvb_captured_length(tvb) > SL_PDCP_VERSION_AT)
        proto_tree_add_item(sub, hf_version, tvb, SL_PDCP_VERSION_AT, 1, ENC_BIG_ENDIAN);
    if (frame->link.destination_bits) {
        proto_item_append_text(item, ", 0x%06x to 0x%06x", frame->link.source, frame->link.destination);
        proto_tree_add_item(sub, hf_direction_known, tvb, SL_PDCP_FLAGS_AT, 1, ENC_BIG_ENDIAN);
        proto_tree_add_item(sub, hf_direction, tvb, SL_PDCP_FLAGS_AT, 1, ENC_BIG_ENDIAN);
        proto_tree_add_item(sub, hf_one_to_many, tvb, SL_PDCP_FLAGS_AT, 1, ENC_BIG_ENDIAN);
        proto_tree_add_item(sub, hf_source, tvb, SL_PDCP_SOURCE_AT, 3, ENC_BIG_ENDIAN);
        proto_tree_add_item(sub, hf_destination, tvb, SL_PDCP_DESTINATION_AT, 3, ENC_BIG_ENDIAN);
        proto_tree_add_item(sub, hf_lcid, tvb, SL_PDCP_LCID_AT, 1, ENC_BIG_ENDIAN);
    }
    if (frame->header_len > SL_PDCP_TAGS_AT + 1)
        proto_tree_add_item(sub, hf_tags, tvb, SL_PDCP_TAGS_AT, (int)frame->header_len - SL_PDCP_TAGS_AT - 1, ENC_NA);
    if (!frame->header_len)
        show_unread(sub, tvb, frame->link.destination_bits ? SL_PDCP_TAGS_AT : SL_PDCP_VERSION_AT + 1);
    sl_show_problems(pinfo, item, &experts, frame->problems, sl_pdcp_frame_take_problem);
}

static int dissect_framed(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    size_t len = tvb_captured_length(tvb);
    const uint8_t *octets = len ? tvb_get_ptr(tvb, 0, (int)len) : NULL;
    sl_pdcp_frame frame;
    if (!sl_pdcp_frame_begins(octets, len))
        return 0;
    bool has_pdu = sl_pdcp_frame_parse(&frame, octets, len, tvb_reported_length(tvb));
    begin_columns(pinfo);
    if (frame.link.destination_bits)
        col_add_fstr(pinfo->cinfo, COL_INFO, "0x%06x to 0x%06x, LCID %u", frame.link.source, frame.link.destination,
                     frame.link.lcid);
    if (d2d_wants_details(pinfo, tree, frame.problems ? PI_ERROR : 0))
        show_frame(tree, pinfo, tvb, &frame);
    if (has_pdu)
        pdcp_sl_call(tvb_new_subset_remaining(tvb, (int)frame.header_len), pinfo, tree, &frame.link);
    return (int)len;
}

static ws_bool dissect_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_framed(tvb, pinfo, tree, data) > 0;
}

/* --- registration -------------------------------------------------------------------------------------------------- */

static void open_capture(void)
{
    sn_use = sl_sn_use_new();
}

static void close_capture(void)
{
    sl_sn_use_free(sn_use);
    sn_use = NULL;
}

/* Only once all protocols are registered is that one there whose preferences these are. */
static void register_preferences(void)
{
    static const enum_val_t casts[] = {
        {"automatic", "One-to-many where a PGK index is given", SL_CAST_UNKNOWN},
        {"one-to-one", "One-to-one", SL_ONE_TO_ONE},
        {"one-to-many", "One-to-many", SL_ONE_TO_MANY},
        {NULL, NULL, 0},
    };
    module_t *module = prefs_find_module("d2dsec");
    prefs_register_enum_preference(module, "sl_cast", "Sidelink PDCP PDUs of which MAC does not tell are",
                                   "Neither by the version of its header nor by the LCID", &assumed_cast, casts, FALSE);
    prefs_register_bool_preference(module, "sl_mac_i_on_all", "Sidelink user plane has a MAC-I",
                                   "Protected one-to-one PDUs of the user plane end in a MAC-I, as those of PC5-S do",
                                   &mac_i_on_all);
}

#define SHOWN_ON_DEMAND "Only with the preference d2dsec.show_keys"

static void register_fields(void)
{
    static hf_register_info fields[] = {
        {&hf_sdu_type,
         {"SDU type", "pdcp_sl.sdu_type", FT_UINT8, BASE_DEC, VALS(sdu_type_vals), 0xe0, "TS 36.323 section 6.3.14", HFILL}},
        {&hf_pgk_index,
         {"PGK index", "pdcp_sl.pgk_index", FT_UINT8, BASE_DEC, NULL, 0x1f, "5 bits of the PGK identity", HFILL}},
        {&hf_reserved,
         {"Reserved (R)", "pdcp_sl.reserved", FT_UINT8, BASE_HEX, NULL, 0x1f, "TS 36.323 section 6.2.10", HFILL}},
        {&hf_ptk_id,
         {"PTK identity", "pdcp_sl.ptk_id", FT_UINT16, BASE_HEX, NULL, 0, "0: not protected", HFILL}},
        {&hf_kd_sess_id,
         {"KD-sess ID", "pdcp_sl.kd_sess_id", FT_UINT16, BASE_HEX, NULL, 0, "0: not protected", HFILL}},
        {&hf_sn, {"PDCP SN", "pdcp_sl.sn", FT_UINT16, BASE_DEC, NULL, 0, "TS 36.323 section 6.2.10", HFILL}},
        {&hf_cast,
         {"Cast", "pdcp_sl.cast", FT_STRING, BASE_NONE, NULL, 0, "One-to-one or one-to-many, as the header is read", HFILL}},
        {&hf_protection,
         {"Protection", "pdcp_sl.protection", FT_STRING, BASE_NONE, NULL, 0, "As the header has it", HFILL}},
        {&hf_count,
         {"COUNT", "pdcp_sl.count", FT_UINT32, BASE_HEX, NULL, 0, "Key ID and SN: the input of ciphering", HFILL}},
        {&hf_ciphered, {"Ciphered SDU", "pdcp_sl.ciphered", FT_BYTES, BASE_NONE, NULL, 0, "TS 36.323 section 5.6", HFILL}},
        {&hf_sdu, {"SDU", "pdcp_sl.sdu", FT_BYTES, BASE_NONE, NULL, 0, "In the clear", HFILL}},
        {&hf_mac_i, {"MAC-I", "pdcp_sl.mac_i", FT_BYTES, BASE_NONE, NULL, 0, "TS 36.323 section 5.7", HFILL}},
        {&hf_kd, {"KD", "pdcp_sl.kd", FT_BYTES, BASE_NONE, NULL, 0, SHOWN_ON_DEMAND, HFILL}},
        {&hf_kd_sess, {"KD-sess", "pdcp_sl.kd_sess", FT_BYTES, BASE_NONE, NULL, 0, "Or PTK. " SHOWN_ON_DEMAND, HFILL}},
        {&hf_pek, {"PEK", "pdcp_sl.pek", FT_BYTES, BASE_NONE, NULL, 0, SHOWN_ON_DEMAND, HFILL}},
        {&hf_pik, {"PIK", "pdcp_sl.pik", FT_BYTES, BASE_NONE, NULL, 0, SHOWN_ON_DEMAND, HFILL}},
        {&hf_kd_fingerprint,
         {"KD fingerprint", "pdcp_sl.kd.fingerprint", FT_STRING, BASE_NONE, NULL, 0, "First 8 octets of the SHA-256 of KD", HFILL}},
        {&hf_kd_sess_fingerprint,
         {"KD-sess fingerprint", "pdcp_sl.kd_sess.fingerprint", FT_STRING, BASE_NONE, NULL, 0,
          "First 8 octets of the SHA-256 of KD-sess, or of PTK", HFILL}},
        {&hf_version, {"Version", "pdcp_sl.frame.version", FT_UINT8, BASE_DEC, NULL, 0, "Of the framing", HFILL}},
        {&hf_direction_known,
         {"DIRECTION is known", "pdcp_sl.frame.direction_known", FT_UINT8, BASE_DEC, NULL, SL_PDCP_DIRECTION_KNOWN,
          "Whether the next field means anything", HFILL}},
        {&hf_direction,
         {"DIRECTION", "pdcp_sl.frame.direction", FT_UINT8, BASE_DEC, NULL, SL_PDCP_DIRECTION, "The input of ciphering",
          HFILL}},
        {&hf_one_to_many,
         {"One-to-many", "pdcp_sl.frame.one_to_many", FT_UINT8, BASE_DEC, NULL, SL_PDCP_ONE_TO_MANY, "Or one-to-one",
          HFILL}},
        {&hf_source,
         {"Source Layer-2 ID", "pdcp_sl.frame.source", FT_UINT24, BASE_HEX, NULL, 0, "TS 36.321 section 6.2.4", HFILL}},
        {&hf_destination,
         {"Destination Layer-2 ID", "pdcp_sl.frame.destination", FT_UINT24, BASE_HEX, NULL, 0, "TS 36.321 section 6.2.4",
          HFILL}},
        {&hf_lcid, {"LCID", "pdcp_sl.frame.lcid", FT_UINT8, BASE_DEC, NULL, 0, "0: not known", HFILL}},
        {&hf_tags, {"Tags", "pdcp_sl.frame.tags", FT_BYTES, BASE_NONE, NULL, 0, "That are not known", HFILL}},
        {&hf_data, {"Data", "pdcp_sl.data", FT_BYTES, BASE_NONE, NULL, 0, "What could not be read", HFILL}},
    };
    proto_register_field_array(proto_pdcp_sl, fields, array_length(fields));
}

void proto_register_pdcp_sl(void)
{
    static ei_register_info infos[] = {
        {&experts.note, {"pdcp_sl.note", PI_PROTOCOL, PI_NOTE, "Worth knowing of a sidelink PDCP PDU", EXPFILL}},
        {&experts.warning,
         {"pdcp_sl.warning", PI_PROTOCOL, PI_WARN, "A sidelink PDCP PDU departs from TS 36.323", EXPFILL}},
        {&experts.error, {"pdcp_sl.error", PI_MALFORMED, PI_ERROR, "A sidelink PDCP PDU cannot be read", EXPFILL}},
        {&ei_no_key, {"pdcp_sl.no_key", PI_DECRYPTION, PI_NOTE, "The SDU is protected, and no key is known", EXPFILL}},
        {&ei_tag_mismatch,
         {"pdcp_sl.tag_mismatch", PI_DECRYPTION, PI_WARN, "The MAC-I does not fit the keys that are known", EXPFILL}},
        {&ei_unsupported,
         {"pdcp_sl.unsupported", PI_DECRYPTION, PI_WARN, "The chosen algorithms are unknown, or not available here", EXPFILL}},
        {&ei_implausible,
         {"pdcp_sl.implausible", PI_DECRYPTION, PI_WARN, "What was deciphered is not what its SDU type says", EXPFILL}},
    };
    static int *subtrees[] = {&ett_pdcp, &ett_frame};
    proto_pdcp_sl = proto_register_protocol("LTE sidelink PDCP", "PDCP-SL", "pdcp_sl");
    register_fields();
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_pdcp_sl), infos, array_length(infos));
    register_dissector("pdcp_sl", dissect_alone, proto_pdcp_sl);
    framed_handle = register_dissector("pdcp_sl_framed", dissect_framed, proto_pdcp_sl);
    linked_handle = create_dissector_handle(dissect_linked, proto_pdcp_sl);
    register_init_routine(open_capture);
    register_cleanup_routine(close_capture);
}

void proto_reg_handoff_pdcp_sl(void)
{
    register_preferences();
    ip_handle = find_dissector("ip");
    ipv6_handle = find_dissector("ipv6");
    arp_handle = find_dissector("arp");
    dissector_add_for_decode_as("udp.port", framed_handle);
    heur_dissector_add("udp", dissect_udp, "LTE sidelink PDCP over UDP", "pdcp_sl_udp", proto_pdcp_sl, HEURISTIC_DISABLE);
}

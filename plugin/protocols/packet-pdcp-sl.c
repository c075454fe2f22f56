/* Sidelink PDCP: the header of a PDU, and its SDU, which goes to the dissector of its type where it is readable. */
#include "protocols/packet-pdcp-sl.h"

#include "protocols/packet-d2dsec.h"
#include "protocols/sl_view.h"
#include "sessions/sl_framing.h"
#include "sessions/sl_sn_use.h"

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

static int ett_pdcp = -1;
static int ett_frame = -1;

static sl_experts experts = SL_EXPERTS_INIT;
static expert_field ei_no_key = EI_INIT;

static dissector_handle_t linked_handle, framed_handle;
static dissector_handle_t ip_handle, ipv6_handle, arp_handle, pc5s_handle;

static int assumed_cast = SL_CAST_UNKNOWN;
static ws_bool mac_i_on_all = FALSE;
static sl_sn_use *sn_use;

/* --- opening SDUs -------------------------------------------------------------------------------------------------- */

/* The type of PC5-S messages that are integrity protected but not ciphered, and the length below which there are none (TS 24.334). */
#define SECURITY_MODE_COMMAND 0x0c
#define SECURITY_MODE_COMMAND_LEN 23

typedef enum {
    SDU_PLAIN,        /* not protected */
    SDU_NOT_CIPHERED, /* a Direct Security Mode Command: integrity protected alone */
    SDU_NO_KEY,       /* ciphered, and no key is known */
} sdu_opening;

static bool is_security_mode_command(const sl_pdu *pdu)
{
    return pdu->link.lcid == SL_LCID_PC5S_SECURITY_MODE && pdu->has_mac_i && pdu->data_len >= SECURITY_MODE_COMMAND_LEN &&
           pdu->data.data && pdu->data.data[0] == SECURITY_MODE_COMMAND;
}

/* The one place where an SDU is opened. *plain receives its octets where they can be read, else NULL. */
static sdu_opening open_sdu(const sl_pdu *pdu, tvbuff_t *tvb, tvbuff_t **plain)
{
    sdu_opening opening = !pdu->key_id                     ? SDU_PLAIN
                          : is_security_mode_command(pdu) ? SDU_NOT_CIPHERED
                                                          : SDU_NO_KEY;
    *plain = NULL;
    if (opening != SDU_NO_KEY && pdu->data.data)
        *plain = sl_subset(tvb, PDCP_SL_HEADER_LEN, pdu->data.len, pdu->data_len);
    return opening;
}

/* --- the tree ------------------------------------------------------------------------------------------------------ */

static const value_string sdu_type_vals[] = {
    {PDCP_SL_IP, "IP"}, {PDCP_SL_ARP, "ARP"}, {PDCP_SL_PC5S, "PC5-S"}, {PDCP_SL_NON_IP, "Non-IP"}, {0, NULL},
};

static const char *protection_text(sdu_opening opening)
{
    static const char *const texts[] = {"none", "integrity protected, not ciphered", "ciphered"};
    return texts[opening];
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

static void show_protection(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const sl_pdu *pdu, sdu_opening opening)
{
    proto_item_set_generated(proto_tree_add_string(tree, hf_protection, tvb, 0, 0, protection_text(opening)));
    if (pdu->key_id)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_count, tvb, 1, 4, sl_pdu_count(pdu)));
    if (opening != SDU_NO_KEY)
        return;
    proto_item *item = proto_tree_add_string(tree, hf_d2dsec_verdict, tvb, 0, 0, "no key");
    proto_item_set_generated(item);
    expert_add_info(pinfo, item, &ei_no_key);
}

static void show_pdu(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const sl_pdu *pdu, sdu_opening opening)
{
    proto_item *item = proto_tree_add_item(tree, proto_pdcp_sl, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_pdcp);
    if (pdu->header.data) {
        proto_item_append_text(item, ", %s", val_to_str_const(pdu->sdu_type, sdu_type_vals, "reserved SDU type"));
        show_header(sub, tvb, pdu);
        show_protection(sub, pinfo, tvb, pdu, opening);
        if (pdu->data.data)
            proto_tree_add_item(sub, opening == SDU_NO_KEY ? hf_ciphered : hf_sdu, tvb, PDCP_SL_HEADER_LEN,
                                (int)pdu->data.len, ENC_NA);
        if (pdu->mac_i.data)
            proto_tree_add_item(sub, hf_mac_i, tvb, (int)(PDCP_SL_HEADER_LEN + pdu->data_len), PDCP_SL_MAC_I_LEN, ENC_NA);
    } else {
        proto_tree_add_item(sub, hf_data, tvb, 0, -1, ENC_NA);
    }
    sl_show_problems(pinfo, item, &experts, pdu->problems, pdcp_sl_take_problem);
}

static void append_info(packet_info *pinfo, const sl_pdu *pdu, sdu_opening opening)
{
    if (!pdu->header.data)
        return;
    col_append_sep_str(pinfo->cinfo, COL_INFO, ", ", val_to_str_const(pdu->sdu_type, sdu_type_vals, "reserved SDU type"));
    if (pdu->key_id)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", %s 0x%04x, SN %u",
                        pdu->link.cast == SL_ONE_TO_MANY ? "PTK identity" : "KD-sess ID", pdu->key_id, pdu->sn);
    if (opening == SDU_NO_KEY)
        col_append_str(pinfo->cinfo, COL_INFO, ", ciphered");
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
    case PDCP_SL_PC5S:
        return pc5s_handle;
    default:
        return NULL;
    }
}

static void call_with_sdu(tvbuff_t *plain, packet_info *pinfo, proto_tree *tree, const sl_pdu *pdu)
{
    dissector_handle_t handle = dissector_of(plain, pdu);
    if (handle)
        sl_call(handle, plain, pinfo, tree, NULL);
    else
        call_data_dissector(plain, pinfo, tree);
}

static int dissect_linked(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const pdcp_sl_rules rules = {.cast = (sl_cast)assumed_cast, .mac_i_on_all = mac_i_on_all};
    size_t len = tvb_captured_length(tvb);
    sdu_opening opening = SDU_PLAIN;
    tvbuff_t *plain = NULL;
    sl_pdu pdu;
    if (len == 0)
        return 0;
    if (pdcp_sl_parse(&pdu, (const sl_link *)data, &rules, tvb_get_ptr(tvb, 0, (int)len), len, tvb_reported_length(tvb))) {
        pdu.frame = pinfo->num;
        sl_sn_use_note(sn_use, &pdu);
        opening = open_sdu(&pdu, tvb, &plain);
        if (plain && tvb_captured_length(plain))
            pdcp_sl_check_sdu(&pdu, tvb_get_ptr(plain, 0, 1), tvb_captured_length(plain));
    }
    append_info(pinfo, &pdu, opening);
    if (tree)
        show_pdu(tree, pinfo, tvb, &pdu, opening);
    if (plain)
        call_with_sdu(plain, pinfo, tree, &pdu);
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
    if (tree)
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
        {&ei_no_key, {"pdcp_sl.no_key", PI_DECRYPTION, PI_NOTE, "The SDU is ciphered, and no key is known", EXPFILL}},
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
    pc5s_handle = find_dissector("pc5s");
    dissector_add_for_decode_as("udp.port", framed_handle);
    heur_dissector_add("udp", dissect_udp, "LTE sidelink PDCP over UDP", "pdcp_sl_udp", proto_pdcp_sl, HEURISTIC_DISABLE);
}

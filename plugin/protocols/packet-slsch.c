/* SL-SCH: the MAC PDU, from which each SDU goes to RLC. */
#include "protocols/packet-slsch.h"

#include "protocols/packet-d2dsec.h"
#include "protocols/packet-rlc-sl.h"
#include "protocols/sl_view.h"
#include "protocols/stock_mac_lte.h"
#include "sessions/slsch.h"

static int proto_slsch = -1;

static int hf_version = -1;
static int hf_reserved = -1;
static int hf_source = -1;
static int hf_destination = -1;
static int hf_destination_msb = -1;
static int hf_subheader = -1;
static int hf_subheader_reserved = -1;
static int hf_extension = -1;
static int hf_lcid = -1;
static int hf_format = -1;
static int hf_length = -1;
static int hf_sdu = -1;
static int hf_padding = -1;
static int hf_data = -1;

static int ett_slsch = -1;
static int ett_subheader = -1;

static sl_experts experts = SL_EXPERTS_INIT;

static dissector_handle_t slsch_handle;

bool slsch_is_enabled(void)
{
    return proto_is_protocol_enabled(find_protocol_by_id(proto_slsch));
}

/* --- values -------------------------------------------------------------------------------------------------------- */

static const value_string version_vals[] = {
    {1, "groupcast"}, {2, "unicast"}, {3, "V2X"}, {4, "V2X of Rel-15"}, {0, NULL},
};

/* TS 36.321 table 6.2.4-1 */
static const range_string lcid_vals[] = {
    {0, 0, "reserved"},
    {SL_LCID_STCH_FIRST, SL_LCID_STCH_LAST, "STCH"},
    {SL_LCID_DUPLICATE_FIRST, SL_LCID_DUPLICATE_LAST, "STCH, duplicated PDUs"},
    {SL_LCID_DUPLICATE_LAST + 1, SL_LCID_PC5S - 1, "reserved"},
    {SL_LCID_PC5S, SL_LCID_PC5S, "PC5-S, not protected"},
    {SL_LCID_PC5S_SECURITY_MODE, SL_LCID_PC5S_SECURITY_MODE, "PC5-S, security mode command and complete"},
    {SL_LCID_PC5S_PROTECTED, SL_LCID_PC5S_PROTECTED, "PC5-S, protected"},
    {SL_LCID_PADDING, SL_LCID_PADDING, "padding"},
    {0, 0, NULL},
};

static const char *lcid_name(uint8_t lcid)
{
    return rval_to_str_const(lcid, lcid_vals, "reserved");
}

/* --- the tree ------------------------------------------------------------------------------------------------------ */

static void show_ids(proto_tree *tree, tvbuff_t *tvb, const slsch_pdu *pdu)
{
    proto_tree_add_item(tree, hf_version, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_reserved, tvb, 0, 1, ENC_BIG_ENDIAN);
    if (!pdu->id_len) {
        if (tvb_captured_length(tvb) > 1)
            proto_tree_add_item(tree, hf_data, tvb, 1, -1, ENC_NA);
        return;
    }
    proto_tree_add_item(tree, hf_source, tvb, 1, 3, ENC_BIG_ENDIAN);
    if (pdu->link.destination_bits == 24)
        proto_tree_add_item(tree, hf_destination, tvb, 4, 3, ENC_BIG_ENDIAN);
    else
        proto_tree_add_item(tree, hf_destination_msb, tvb, 4, 2, ENC_BIG_ENDIAN);
}

static void show_subheader(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const slsch_subheader *subheader)
{
    int at = (int)subheader->offset;
    proto_item *item = proto_tree_add_item(tree, hf_subheader, tvb, at, (int)subheader->len, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_subheader);
    proto_item_append_text(item, ", LCID %u (%s)", subheader->lcid, lcid_name(subheader->lcid));
    proto_tree_add_item(sub, hf_subheader_reserved, tvb, at, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(sub, hf_extension, tvb, at, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(sub, hf_lcid, tvb, at, 1, ENC_BIG_ENDIAN);
    if (subheader->len > 1) {
        proto_tree_add_item(sub, hf_format, tvb, at + 1, 1, ENC_BIG_ENDIAN);
        proto_tree_add_uint(sub, hf_length, tvb, at + 1, (int)subheader->len - 1, subheader->length);
        proto_item_append_text(item, ", %u octets", subheader->length);
    }
    sl_show_problems(pinfo, item, &experts, subheader->problems, slsch_take_problem);
}

static int body_offset(tvbuff_t *tvb, const slsch_subheader *subheader)
{
    return (int)(subheader->body.data - tvb_get_ptr(tvb, 0, 1));
}

static void show_bodies(proto_tree *tree, tvbuff_t *tvb, const slsch_pdu *pdu)
{
    for (unsigned i = 0; i < pdu->count; i++) {
        const slsch_subheader *subheader = &pdu->subheaders[i];
        if (subheader->body.data)
            proto_tree_add_item(tree, subheader->lcid == SL_LCID_PADDING ? hf_padding : hf_sdu, tvb,
                                body_offset(tvb, subheader), (int)subheader->body.len, ENC_NA);
    }
}

static void show_pdu(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const slsch_pdu *pdu)
{
    proto_item *item = proto_tree_add_item(tree, proto_slsch, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_slsch);
    size_t end = pdu->id_len;
    if (pdu->id_len)
        proto_item_append_text(item, ", 0x%06x to 0x%0*x", pdu->link.source, pdu->link.destination_bits / 4,
                               pdu->link.destination);
    show_ids(sub, tvb, pdu);
    for (unsigned i = 0; i < pdu->count; i++) {
        show_subheader(sub, tvb, pinfo, &pdu->subheaders[i]);
        end = pdu->subheaders[i].offset + pdu->subheaders[i].len;
    }
    if (pdu->header_len)
        show_bodies(sub, tvb, pdu);
    else if (pdu->id_len && end < tvb_captured_length(tvb))
        proto_tree_add_item(sub, hf_data, tvb, (int)end, -1, ENC_NA);
    sl_show_problems(pinfo, item, &experts, pdu->problems, slsch_take_problem);
}

static bool has_problems(const slsch_pdu *pdu)
{
    unsigned problems = pdu->problems;
    for (unsigned i = 0; i < pdu->count; i++)
        problems |= pdu->subheaders[i].problems;
    return problems != 0;
}

/* --- dissection ---------------------------------------------------------------------------------------------------- */

static bool parse(slsch_pdu *pdu, tvbuff_t *tvb)
{
    size_t len = tvb_captured_length(tvb);
    return slsch_parse(pdu, tvb_get_ptr(tvb, 0, (int)len), len, tvb_reported_length(tvb));
}

/* Stock knows SDUs on LCIDs up to 10 alone, and has an assertion that fails at an empty one. */
static bool stock_reads(const slsch_subheader *subheader)
{
    return subheader->lcid == SL_LCID_PADDING || (subheader->lcid <= SL_LCID_STCH_LAST && subheader->body.len);
}

bool slsch_stock_reads(tvbuff_t *tvb)
{
    slsch_pdu pdu;
    if (!parse(&pdu, tvb) || pdu.problems & (SLSCH_VERSION | SLSCH_VERSION_4))
        return false;
    for (unsigned i = 0; i < pdu.count; i++)
        if (!stock_reads(&pdu.subheaders[i]))
            return false;
    return true;
}

static void add_hidden(proto_tree *tree, const char *name, tvbuff_t *tvb, size_t offset, int len)
{
    const header_field_info *info = proto_registrar_get_byname(name);
    if (info)
        proto_item_set_hidden(proto_tree_add_item(tree, info->id, tvb, (int)offset, len, ENC_BIG_ENDIAN));
}

void slsch_add_stock_fields(proto_tree *tree, tvbuff_t *tvb)
{
    slsch_pdu pdu;
    parse(&pdu, tvb);
    if (!pdu.id_len)
        return;
    add_hidden(tree, "mac-lte.slsch.version", tvb, 0, 1);
    add_hidden(tree, "mac-lte.slsch.src-l2-id", tvb, 1, 3);
    if (pdu.link.destination_bits == 16)
        add_hidden(tree, "mac-lte.slsch.dst-l2-id", tvb, 4, 2);
    for (unsigned i = 0; i < pdu.count; i++)
        add_hidden(tree, "mac-lte.slsch.lcid", tvb, pdu.subheaders[i].offset, 1);
}

static bool carries_rlc(const slsch_subheader *subheader)
{
    return subheader->body.data && subheader->lcid != SL_LCID_PADDING && !(subheader->problems & SLSCH_LCID_RESERVED);
}

static int dissect_slsch(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    slsch_pdu pdu;
    if (tvb_captured_length(tvb) == 0)
        return 0;
    bool complete = parse(&pdu, tvb);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "SL-SCH");
    col_clear(pinfo->cinfo, COL_INFO);
    if (pdu.id_len)
        col_add_fstr(pinfo->cinfo, COL_INFO, "0x%06x to 0x%0*x", pdu.link.source, pdu.link.destination_bits / 4,
                     pdu.link.destination);
    if (d2d_wants_details(pinfo, tree, has_problems(&pdu) ? PI_ERROR : 0))
        show_pdu(tree, tvb, pinfo, &pdu);
    for (unsigned i = 0; complete && i < pdu.count; i++) {
        const slsch_subheader *subheader = &pdu.subheaders[i];
        if (!carries_rlc(subheader))
            continue;
        pdu.link.lcid = subheader->lcid;
        col_append_fstr(pinfo->cinfo, COL_INFO, ", LCID %u", subheader->lcid);
        rlc_sl_call(sl_subset(tvb, body_offset(tvb, subheader), subheader->body.len, subheader->body_len), pinfo, tree,
                    &pdu.link);
    }
    tvb_ensure_bytes_exist(tvb, 0, (int)tvb_reported_length(tvb)); /* says so where the capture cut the PDU short */
    return (int)tvb_captured_length(tvb);
}

/* --- registration -------------------------------------------------------------------------------------------------- */

void proto_register_slsch(void)
{
    static hf_register_info fields[] = {
        {&hf_version,
         {"Version (V)", "slsch.version", FT_UINT8, BASE_DEC, VALS(version_vals), 0xf0, "TS 36.321 section 6.2.4", HFILL}},
        {&hf_reserved, {"Reserved (R)", "slsch.reserved", FT_UINT8, BASE_HEX, NULL, 0x0f, "TS 36.321 section 6.2.4", HFILL}},
        {&hf_source,
         {"Source Layer-2 ID (SRC)", "slsch.source", FT_UINT24, BASE_HEX, NULL, 0, "TS 36.321 section 6.2.4", HFILL}},
        {&hf_destination,
         {"Destination Layer-2 ID (DST)", "slsch.destination", FT_UINT24, BASE_HEX, NULL, 0, "TS 36.321 section 6.2.4",
          HFILL}},
        {&hf_destination_msb,
         {"Destination Layer-2 ID (DST), first 16 bits", "slsch.destination_msb", FT_UINT16, BASE_HEX, NULL, 0,
          "The other 8 are in the SCI, which is not part of the PDU", HFILL}},
        {&hf_subheader, {"Subheader", "slsch.subheader", FT_NONE, BASE_NONE, NULL, 0, "Of an SDU or of padding", HFILL}},
        {&hf_subheader_reserved,
         {"Reserved (R)", "slsch.subheader.reserved", FT_UINT8, BASE_HEX, NULL, 0xc0, "TS 36.321 section 6.2.4", HFILL}},
        {&hf_extension,
         {"Extension (E)", "slsch.e", FT_UINT8, BASE_DEC, NULL, 0x20, "Whether another subheader follows", HFILL}},
        {&hf_lcid,
         {"LCID", "slsch.lcid", FT_UINT8, BASE_DEC | BASE_RANGE_STRING, RVALS(lcid_vals), 0x1f,
          "TS 36.321 table 6.2.4-1", HFILL}},
        {&hf_format, {"Format (F)", "slsch.f", FT_UINT8, BASE_DEC, NULL, 0x80, "1: L has 15 bits, else 7", HFILL}},
        {&hf_length, {"Length (L)", "slsch.length", FT_UINT16, BASE_DEC, NULL, 0, "Octets of the SDU", HFILL}},
        {&hf_sdu, {"SDU", "slsch.sdu", FT_BYTES, BASE_NONE, NULL, 0, "An RLC PDU", HFILL}},
        {&hf_padding, {"Padding", "slsch.padding", FT_BYTES, BASE_NONE, NULL, 0, "TS 36.321 section 6.1.6", HFILL}},
        {&hf_data, {"Data", "slsch.data", FT_BYTES, BASE_NONE, NULL, 0, "What could not be read", HFILL}},
    };
    static ei_register_info infos[] = {
        {&experts.note, {"slsch.note", PI_PROTOCOL, PI_NOTE, "Worth knowing of an SL-SCH PDU", EXPFILL}},
        {&experts.warning, {"slsch.warning", PI_PROTOCOL, PI_WARN, "An SL-SCH PDU departs from TS 36.321", EXPFILL}},
        {&experts.error, {"slsch.error", PI_MALFORMED, PI_ERROR, "An SL-SCH PDU cannot be read", EXPFILL}},
    };
    static int *subtrees[] = {&ett_slsch, &ett_subheader};
    proto_slsch = proto_register_protocol("LTE sidelink SL-SCH", "SL-SCH", "slsch");
    proto_register_field_array(proto_slsch, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_slsch), infos, array_length(infos));
    slsch_handle = register_dissector("slsch", dissect_slsch, proto_slsch);
    stock_mac_lte_register();
}

void proto_reg_handoff_slsch(void)
{
    stock_mac_lte_handoff(slsch_handle);
}

/* RLC UM: the header of a PDU, and the SDUs that it holds or completes, each of which goes to PDCP. */
#include "protocols/packet-rlc-sl.h"

#include "keys/keyed_hash.h"
#include "protocols/packet-d2dsec.h"
#include "protocols/packet-pdcp-sl.h"
#include "protocols/sl_view.h"
#include "sessions/rlc_reassembly.h"

#include <epan/prefs.h>

#define MOST_PARTS_SHOWN 256 /* of one SDU */

static int proto_rlc_sl = -1;

static int hf_sn_bits = -1;
static int hf_reserved = -1;
static int hf_fi = -1;
static int hf_e = -1;
static int hf_sn = -1;
static int hf_li = -1;
static int hf_sdu = -1;
static int hf_part = -1;
static int hf_sdu_frame = -1;
static int hf_part_frame = -1;
static int hf_part_count = -1;
static int hf_sdu_len = -1;
static int hf_missing = -1;
static int hf_repeated = -1;
static int hf_data = -1;

static int ett_rlc = -1;
static int ett_sdu = -1;

static sl_experts experts = SL_EXPERTS_INIT;
static expert_field ei_missing = EI_INIT;
static expert_field ei_repeated = EI_INIT;
static expert_field ei_late = EI_INIT;
static expert_field ei_incomplete = EI_INIT;

static dissector_handle_t linked_handle;
static int sn_choice = RLC_UM_SN_AUTOMATIC;
static rlc_um_receivers *receivers;

/* --- the header ---------------------------------------------------------------------------------------------------- */

static const value_string fi_vals[] = {
    {0, "whole SDUs"},
    {RLC_UM_LAST_GOES_ON, "the last SDU goes on"},
    {RLC_UM_FIRST_CONTINUES, "the first SDU began before"},
    {RLC_UM_FIRST_CONTINUES | RLC_UM_LAST_GOES_ON, "the first SDU began before, the last goes on"},
    {0, NULL},
};

static int fixed_len(const rlc_um_pdu *pdu)
{
    return pdu->sn_bits == RLC_UM_SN_5 ? 1 : 2;
}

static void show_header(proto_tree *tree, tvbuff_t *tvb, const rlc_um_reception *reception)
{
    enum { FI_BITS = 2, E_BITS = 1, LI_BITS = 11 };
    const rlc_um_pdu *pdu = &reception->pdu;
    const int fixed_bits = 8 * fixed_len(pdu), e_at = fixed_bits - pdu->sn_bits - E_BITS;
    proto_item *item = proto_tree_add_uint(tree, hf_sn_bits, tvb, 0, 0, pdu->sn_bits);
    proto_item_set_generated(item);
    if (!reception->sn_bits_told)
        proto_item_append_text(item, " (not told by the PDUs)");
    if (tvb_captured_length(tvb) < (unsigned)fixed_len(pdu))
        return;
    if (e_at > FI_BITS)
        proto_tree_add_bits_item(tree, hf_reserved, tvb, 0, e_at - FI_BITS, ENC_BIG_ENDIAN);
    proto_tree_add_bits_item(tree, hf_fi, tvb, (unsigned)(e_at - FI_BITS), FI_BITS, ENC_BIG_ENDIAN);
    proto_tree_add_bits_item(tree, hf_e, tvb, (unsigned)e_at, E_BITS, ENC_BIG_ENDIAN);
    proto_tree_add_bits_item(tree, hf_sn, tvb, (unsigned)(e_at + E_BITS), pdu->sn_bits, ENC_BIG_ENDIAN);
    for (unsigned i = 0; i + 1 < pdu->count; i++) {
        unsigned at = (unsigned)fixed_bits + i * (E_BITS + LI_BITS);
        proto_tree_add_bits_item(tree, hf_e, tvb, at, E_BITS, ENC_BIG_ENDIAN);
        proto_tree_add_bits_item(tree, hf_li, tvb, at + E_BITS, LI_BITS, ENC_BIG_ENDIAN);
    }
}

/* --- what became of the PDU and its parts -------------------------------------------------------------------------- */

static void show_arrival(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const rlc_um_reception *reception)
{
    if (reception->is_repeated) {
        proto_item *item = proto_tree_add_uint(tree, hf_repeated, tvb, 0, 0, reception->before);
        proto_item_set_generated(item);
        expert_add_info(pinfo, item, &ei_repeated);
    }
    if (reception->missing) {
        proto_item *item = proto_tree_add_uint(tree, hf_missing, tvb, 0, 0, reception->missing);
        proto_item_set_generated(item);
        expert_add_info(pinfo, item, &ei_missing);
    }
    if (reception->is_late)
        expert_add_info(pinfo, proto_tree_get_parent(tree), &ei_late);
}

static void show_parts(proto_tree *tree, tvbuff_t *tvb, const rlc_sdu *sdu)
{
    unsigned shown = 0;
    proto_item_set_generated(proto_tree_add_uint(tree, hf_part_count, tvb, 0, 0, sdu->part_count));
    if (sdu->octets)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_sdu_len, tvb, 0, 0, sdu->octets->len));
    for (const rlc_part *part = sdu->first; part && shown < MOST_PARTS_SHOWN; part = part->next, shown++) {
        proto_item *item = proto_tree_add_uint(tree, hf_part_frame, tvb, 0, 0, part->frame);
        proto_item_set_generated(item);
        proto_item_append_text(item, ", %u octets", part->len);
    }
}

static void show_part(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, int offset, const rlc_um_piece *piece,
                      const rlc_part *part)
{
    proto_item *item = proto_tree_add_item(tree, hf_part, tvb, offset, (int)piece->octets.len, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_sdu);
    const rlc_sdu *sdu = part ? part->sdu : NULL;
    if (sdu && sdu->state == RLC_SDU_COMPLETE)
        proto_item_set_generated(proto_tree_add_uint(sub, hf_sdu_frame, tvb, 0, 0, sdu->frame));
    else if (sdu && sdu->state == RLC_SDU_TOO_LONG)
        expert_add_info_format(pinfo, item, &experts.warning,
                               "The SDU is longer than a PDCP PDU can be, and is given up (TS 36.323 section 4.3.1)");
    else
        expert_add_info(pinfo, item, &ei_incomplete);
    if (sdu)
        show_parts(sub, tvb, sdu);
}

static const rlc_part *part_of(const rlc_um_reception *reception, unsigned index)
{
    const rlc_um_piece *piece = &reception->pdu.pieces[index];
    if (!piece->starts && index == 0)
        return reception->first;
    return !piece->ends ? reception->last : NULL;
}

static void show_pieces(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const rlc_um_reception *reception)
{
    const rlc_um_pdu *pdu = &reception->pdu;
    int offset = (int)pdu->header_len;
    for (unsigned i = 0; i < pdu->count; i++) {
        const rlc_um_piece *piece = &pdu->pieces[i];
        if (!piece->octets.data)
            return;
        if (piece->starts && piece->ends)
            proto_tree_add_item(tree, hf_sdu, tvb, offset, (int)piece->octets.len, ENC_NA);
        else
            show_part(tree, pinfo, tvb, offset, piece, part_of(reception, i));
        offset += (int)piece->len;
    }
}

static void show_pdu(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const rlc_um_reception *reception)
{
    const rlc_um_pdu *pdu = &reception->pdu;
    proto_item *item = proto_tree_add_item(tree, proto_rlc_sl, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_rlc);
    proto_item_append_text(item, ", SN %u", pdu->sn);
    show_header(sub, tvb, reception);
    show_arrival(sub, pinfo, tvb, reception);
    if (pdu->count)
        show_pieces(sub, pinfo, tvb, reception);
    else if (tvb_captured_length(tvb) > (unsigned)fixed_len(pdu))
        proto_tree_add_item(sub, hf_data, tvb, fixed_len(pdu), -1, ENC_NA);
    sl_show_problems(pinfo, item, &experts, pdu->problems, rlc_um_take_problem);
}

/* The highest severity of the expert infos that show_pdu() may add; 0: none. That of a part whose SDU is not complete does not count:
 * on a first visit that is every part but the last. */
static int severity_of(const rlc_um_reception *reception)
{
    if (reception->pdu.problems)
        return PI_ERROR;
    return reception->is_repeated || reception->missing || reception->is_late ? PI_NOTE : 0;
}

/* --- dissection ---------------------------------------------------------------------------------------------------- */

static void call_with_reassembled(const rlc_sdu *sdu, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, sl_link *link)
{
    uint8_t *octets = (uint8_t *)wmem_memdup(pinfo->pool, sdu->octets->data, sdu->octets->len);
    tvbuff_t *next = tvb_new_child_real_data(tvb, octets, sdu->octets->len, (int)sdu->octets->len);
    add_new_data_source(pinfo, next, "Reassembled RLC SDU");
    pdcp_sl_call(next, pinfo, tree, link);
}

/* In the order in which they stand in the PDU: an SDU that its first piece completes, whole SDUs, one that its last piece completes. */
static void call_with_sdus(const rlc_um_reception *reception, const rlc_um_arrival *arrival, tvbuff_t *tvb,
                           packet_info *pinfo, proto_tree *tree, sl_link *link)
{
    const rlc_um_pdu *pdu = &reception->pdu;
    const rlc_sdu *first = rlc_um_completed_by(reception->first, arrival);
    const rlc_sdu *last = rlc_um_completed_by(reception->last, arrival);
    int offset = (int)pdu->header_len;
    if (first)
        call_with_reassembled(first, tvb, pinfo, tree, link);
    for (unsigned i = 0; i < pdu->count; i++) {
        const rlc_um_piece *piece = &pdu->pieces[i];
        if (piece->starts && piece->ends && piece->octets.data)
            pdcp_sl_call(sl_subset(tvb, offset, piece->octets.len, piece->len), pinfo, tree, link);
        offset += (int)piece->len;
    }
    if (last && last != first)
        call_with_reassembled(last, tvb, pinfo, tree, link);
}

static int dissect_linked(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    rlc_um_reception reception;
    sl_link *link = (sl_link *)data;
    rlc_um_arrival arrival = {.frame = pinfo->num,
                              .link = *link,
                              .len = tvb_captured_length(tvb),
                              .air_len = tvb_reported_length(tvb)};
    if (arrival.len == 0)
        return 0;
    arrival.data = tvb_get_ptr(tvb, 0, (int)arrival.len);
    arrival.position = keyed_place(sl_position(tvb, pinfo), arrival.data, arrival.len);
    rlc_um_receive(receivers, &arrival, &reception);
    if (reception.first || reception.last)
        col_append_str(pinfo->cinfo, COL_INFO, ", part of an SDU");
    if (d2d_wants_details(pinfo, tree, severity_of(&reception)))
        show_pdu(tree, pinfo, tvb, &reception);
    call_with_sdus(&reception, &arrival, tvb, pinfo, tree, link);
    return (int)arrival.len;
}

void rlc_sl_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, sl_link *link)
{
    sl_call(linked_handle, tvb, pinfo, tree, link);
}

static int dissect_alone(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    sl_link unknown = {0};
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "RLC-SL");
    col_clear(pinfo->cinfo, COL_INFO);
    return dissect_linked(tvb, pinfo, tree, &unknown);
}

/* --- registration -------------------------------------------------------------------------------------------------- */

static void open_capture(void)
{
    receivers = rlc_um_receivers_new((rlc_um_sn_choice)sn_choice);
}

static void close_capture(void)
{
    rlc_um_receivers_free(receivers);
    receivers = NULL;
}

/* Only once all protocols are registered is that one there whose preferences these are. */
static void register_preferences(void)
{
    static const enum_val_t choices[] = {
        {"automatic", "Automatic: 5 bits until PDUs tell otherwise", RLC_UM_SN_AUTOMATIC},
        {"5", "5 bits", RLC_UM_SN_ALWAYS_5},
        {"10", "10 bits", RLC_UM_SN_ALWAYS_10},
        {NULL, NULL, 0},
    };
    prefs_register_enum_preference(prefs_find_module("d2dsec"), "sl_rlc_sn", "Length of sidelink RLC sequence numbers",
                                   "TS 36.331 section 9.1.1.6 gives sidelink communication 5 bits", &sn_choice, choices,
                                   FALSE);
}

void proto_register_rlc_sl(void)
{
    static hf_register_info fields[] = {
        {&hf_sn_bits, {"Bits of the SN", "rlc_sl.sn_bits", FT_UINT8, BASE_DEC, NULL, 0, "5 or 10", HFILL}},
        {&hf_reserved,
         {"Reserved (R1)", "rlc_sl.reserved", FT_UINT8, BASE_HEX, NULL, 0, "TS 36.322 section 6.2.1.3", HFILL}},
        {&hf_fi,
         {"Framing info (FI)", "rlc_sl.fi", FT_UINT8, BASE_DEC, VALS(fi_vals), 0, "TS 36.322 section 6.2.2.6", HFILL}},
        {&hf_e, {"Extension (E)", "rlc_sl.e", FT_UINT8, BASE_DEC, NULL, 0, "Whether an LI follows", HFILL}},
        {&hf_sn,
         {"Sequence number (SN)", "rlc_sl.sn", FT_UINT16, BASE_DEC, NULL, 0, "TS 36.322 section 6.2.2.3", HFILL}},
        {&hf_li,
         {"Length indicator (LI)", "rlc_sl.li", FT_UINT16, BASE_DEC, NULL, 0, "Octets of a piece that is not the last",
          HFILL}},
        {&hf_sdu, {"SDU", "rlc_sl.sdu", FT_BYTES, BASE_NONE, NULL, 0, "A PDCP PDU, whole", HFILL}},
        {&hf_part, {"Part of an SDU", "rlc_sl.part", FT_BYTES, BASE_NONE, NULL, 0, "Of a PDCP PDU", HFILL}},
        {&hf_sdu_frame,
         {"Completed in frame", "rlc_sl.sdu.frame", FT_FRAMENUM, BASE_NONE, NULL, 0, "Where the SDU is dissected", HFILL}},
        {&hf_part_frame,
         {"Part in frame", "rlc_sl.sdu.part_frame", FT_FRAMENUM, BASE_NONE, NULL, 0, "In the order of the SDU", HFILL}},
        {&hf_part_count,
         {"Parts", "rlc_sl.sdu.part_count", FT_UINT32, BASE_DEC, NULL, 0, "Of the SDU, as far as it is known", HFILL}},
        {&hf_sdu_len,
         {"Length", "rlc_sl.sdu.length", FT_UINT32, BASE_DEC, NULL, 0, "Octets of the SDU, as far as it is known", HFILL}},
        {&hf_missing,
         {"Missing PDUs", "rlc_sl.missing", FT_UINT32, BASE_DEC, NULL, 0,
          "SNs between the newest PDU of the channel and this one", HFILL}},
        {&hf_repeated,
         {"Repeats the PDU of frame", "rlc_sl.repeats", FT_FRAMENUM, BASE_NONE, NULL, 0, "The same octets", HFILL}},
        {&hf_data, {"Data", "rlc_sl.data", FT_BYTES, BASE_NONE, NULL, 0, "What could not be read", HFILL}},
    };
    static ei_register_info infos[] = {
        {&experts.note, {"rlc_sl.note", PI_PROTOCOL, PI_NOTE, "Worth knowing of an RLC PDU", EXPFILL}},
        {&experts.warning, {"rlc_sl.warning", PI_PROTOCOL, PI_WARN, "An RLC PDU departs from TS 36.322", EXPFILL}},
        {&experts.error, {"rlc_sl.error", PI_MALFORMED, PI_ERROR, "An RLC PDU cannot be read", EXPFILL}},
        {&ei_missing,
         {"rlc_sl.missing.expert", PI_SEQUENCE, PI_NOTE,
          "PDUs are missing before this one, or come later, or the sender began anew", EXPFILL}},
        {&ei_repeated, {"rlc_sl.repeats.expert", PI_SEQUENCE, PI_NOTE, "This PDU has been there before", EXPFILL}},
        {&ei_late, {"rlc_sl.late", PI_SEQUENCE, PI_NOTE, "A PDU with a higher SN came before this one", EXPFILL}},
        {&ei_incomplete,
         {"rlc_sl.incomplete", PI_REASSEMBLE, PI_NOTE, "Other parts of this SDU are not in the capture, or come later",
          EXPFILL}},
    };
    static int *subtrees[] = {&ett_rlc, &ett_sdu};
    proto_rlc_sl = proto_register_protocol("LTE sidelink RLC UM", "RLC-SL", "rlc_sl");
    proto_register_field_array(proto_rlc_sl, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_rlc_sl), infos, array_length(infos));
    register_dissector("rlc_sl", dissect_alone, proto_rlc_sl);
    linked_handle = create_dissector_handle(dissect_linked, proto_rlc_sl);
    register_init_routine(open_capture);
    register_cleanup_routine(close_capture);
}

void proto_reg_handoff_rlc_sl(void)
{
    register_preferences();
}

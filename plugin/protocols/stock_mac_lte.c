#include "protocols/stock_mac_lte.h"

#include "protocols/heuristic_guard.h"
#include "protocols/packet-slsch.h"
#include "sessions/sl_framing.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>

#define GSMTAP_LTE_MAC_FRAMED 0x0f /* GSMTAP_TYPE_LTE_MAC_FRAMED */
#define LONGEST_CONTEXT 256        /* more octets than this are not looked at before the MAC PDU */

static int proto_framed = -1;
static int ett_context = -1;

static dissector_handle_t slsch_handle;
static dissector_handle_t framed_handle;   /* stock's "mac-lte-framed" */
static const heur_dtbl_entry_t *heuristic; /* of sidelink frames over UDP */
static dissector_handle_t found_handle;    /* of frames that it finds */
static heur_dissector_t stock_heuristic;   /* stock's "mac_lte_udp" */

/* --- finding sidelink PDUs ----------------------------------------------------------------------------------------- */

typedef struct {
    mac_lte_frame context;
    int start;     /* of the context */
    tvbuff_t *pdu;
} sidelink_frame;

/* Whether a frame whose context begins at `start` holds a PDU of SL-SCH. */
static bool find_sidelink(tvbuff_t *tvb, int start, sidelink_frame *frame)
{
    unsigned left = tvb_captured_length(tvb) > (unsigned)start ? tvb_captured_length(tvb) - (unsigned)start : 0;
    size_t len = MIN(left, LONGEST_CONTEXT);
    const mac_lte_frame *context = &frame->context;
    if (len == 0 || !slsch_is_enabled() || !mac_lte_frame_parse(&frame->context, tvb_get_ptr(tvb, start, (int)len), len))
        return false;
    frame->start = start;
    if (context->rnti_type != MAC_LTE_SL_RNTI || context->is_predefined || context->crc_failed)
        return false;
    frame->pdu = tvb_new_subset_remaining(tvb, start + (int)context->pdu_offset);
    return true;
}

/* --- the context where stock's dissector is not called ------------------------------------------------------------- */

static void add_stock_field(proto_tree *tree, const char *name, tvbuff_t *tvb, int offset, int len)
{
    const header_field_info *info = proto_registrar_get_byname(name);
    if (info)
        proto_tree_add_item(tree, info->id, tvb, offset, len, ENC_BIG_ENDIAN);
}

/* SFN and subframe share two octets, which stock's fields do not say. */
static void add_frame_numbers(proto_tree *tree, tvbuff_t *tvb, int offset)
{
    const header_field_info *sfn = proto_registrar_get_byname("mac-lte.sfn");
    const header_field_info *subframe = proto_registrar_get_byname("mac-lte.subframe");
    uint16_t numbers = tvb_get_ntohs(tvb, offset);
    if (sfn)
        proto_tree_add_uint(tree, sfn->id, tvb, offset, 2, numbers >> 4 & 0x3ff);
    if (subframe)
        proto_tree_add_uint(tree, subframe->id, tvb, offset + 1, 1, numbers & 0xf);
}

static void add_tag(proto_tree *tree, tvbuff_t *tvb, int start, const mac_lte_tag *tag)
{
    static const struct {
        uint8_t tag;
        const char *field;
    } fields[] = {
        {MAC_LTE_TAG_RNTI, "mac-lte.rnti"},       {MAC_LTE_TAG_UEID, "mac-lte.ueid"},
        {MAC_LTE_TAG_RETX, "mac-lte.retx-count"}, {MAC_LTE_TAG_CRC_STATUS, "mac-lte.crc-status"},
        {MAC_LTE_TAG_CARRIER_ID, "mac-lte.carrier-id"},
    };
    int offset = start + (int)tag->offset;
    if (tag->tag == MAC_LTE_TAG_FRAME_SUBFRAME)
        add_frame_numbers(tree, tvb, offset);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].tag == tag->tag)
            add_stock_field(tree, fields[i].field, tvb, offset, (int)tag->len);
}

static void show_context(proto_tree *tree, tvbuff_t *tvb, const sidelink_frame *frame)
{
    const mac_lte_frame *context = &frame->context;
    int protocol = proto_get_id_by_filter_name("mac-lte");
    proto_item *item = proto_tree_add_item(tree, protocol, tvb, frame->start, (int)context->pdu_offset, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_context);
    proto_item_append_text(item, " context of an SL-SCH PDU");
    add_stock_field(sub, "mac-lte.radio-type", tvb, frame->start, 1);
    add_stock_field(sub, "mac-lte.direction", tvb, frame->start + 1, 1);
    add_stock_field(sub, "mac-lte.rnti-type", tvb, frame->start + 2, 1);
    for (unsigned i = 0; i < context->tag_count; i++)
        add_tag(sub, tvb, frame->start, &context->tags[i]);
    slsch_add_stock_fields(sub, frame->pdu);
}

/* --- dissection ---------------------------------------------------------------------------------------------------- */

/* Stock's dissector of the whole frame. */
typedef void (*stock_dissector)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

static void call_stock_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    stock_heuristic(tvb, pinfo, tree, NULL);
}

static void call_stock_framed(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    call_dissector_only(framed_handle, tvb, pinfo, tree, NULL);
}

static void dissect_sidelink(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const sidelink_frame *frame,
                             stock_dissector stock)
{
    if (slsch_stock_reads(frame->pdu)) {
        TRY {
            stock(tvb, pinfo, tree);
        }
        CATCH_BOUNDS_ERRORS {
            show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        }
        ENDTRY;
    } else if (tree) {
        show_context(tree, tvb, frame);
    }
    call_dissector(slsch_handle, frame->pdu, pinfo, tree);
}

static bool find_in_udp(tvbuff_t *tvb, sidelink_frame *frame)
{
    return tvb_strneql(tvb, 0, MAC_LTE_START, MAC_LTE_START_LEN) == 0 && find_sidelink(tvb, MAC_LTE_START_LEN, frame);
}

static int dissect_found(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    dissect_sidelink(tvb, pinfo, tree, (const sidelink_frame *)data, call_stock_heuristic);
    return (int)tvb_captured_length(tvb);
}

/* Every UDP packet that no port claims comes here; only one of ours is worth being entered as a layer. */
static ws_bool dissect_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    sidelink_frame frame;
    return heuristic->enabled && find_in_udp(tvb, &frame) && call_dissector_only(found_handle, tvb, pinfo, tree, &frame) > 0;
}

/* UDP puts the heuristic that took a packet in front of the others, so that of stock would keep sidelink frames that come after
 * others; hence the plugin stands in front of it as well. */
static ws_bool dissect_before_stock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    sidelink_frame frame;
    if (!heuristic->enabled || !find_in_udp(tvb, &frame))
        return stock_heuristic(tvb, pinfo, tree, data);
    dissect_sidelink(tvb, pinfo, tree, &frame, call_stock_heuristic);
    return TRUE;
}

static int dissect_gsmtap(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    sidelink_frame frame;
    if (!find_sidelink(tvb, 0, &frame))
        return 0; /* GSMTAP then goes on as it does without the plugin */
    dissect_sidelink(tvb, pinfo, tree, &frame, call_stock_framed);
    return (int)tvb_captured_length(tvb);
}

static int dissect_framed(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    int dissected = dissect_gsmtap(tvb, pinfo, tree, data);
    return dissected ? dissected : call_dissector_only(framed_handle, tvb, pinfo, tree, NULL);
}

/* --- registration -------------------------------------------------------------------------------------------------- */

void stock_mac_lte_register(void)
{
    static int *subtrees[] = {&ett_context};
    proto_register_subtree_array(subtrees, array_length(subtrees));
    /* Registered under stock's own name, so that frame.protocols and the enabled state stay stock's. */
    proto_framed = proto_register_protocol_in_name_only("MAC-LTE framed, with sidelink", "MAC-LTE framed with sidelink",
                                                        "slsch.mac-lte-framed",
                                                        proto_get_id_by_filter_name("mac-lte-framed"), FT_PROTOCOL);
    register_dissector("slsch_framed", dissect_framed, proto_framed);
}

void stock_mac_lte_handoff(dissector_handle_t slsch)
{
    slsch_handle = slsch;
    framed_handle = find_dissector("mac-lte-framed");
    stock_heuristic = heuristic_guard("mac_lte_udp", dissect_before_stock);
    found_handle = create_dissector_handle(dissect_found, proto_get_id_by_filter_name("mac-lte"));
    if (stock_heuristic)
        heuristic = heuristic_add_without_layer("udp", dissect_udp, "LTE sidelink SL-SCH in MAC-LTE framing over UDP", "slsch_udp");
    dissector_add_uint("gsmtap.type", GSMTAP_LTE_MAC_FRAMED, create_dissector_handle(dissect_gsmtap, proto_framed));
}

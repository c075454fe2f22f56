/* Type, sequence number and information elements in the order of their octets, to the last bit. */
#include "protocols/pc5s_tree.h"

#include "protocols/packet-d2dsec.h"
#include "protocols/pc5s_fields.h"

#include <epan/expert.h>

#define ECCSI_LEN 32 /* r, and s (RFC 6507 with P-256) */
#define UNLIMITED 0xffffffff

static int ett_ie = -1, ett_value = -1;

static expert_field ei_note = EI_INIT;
static expert_field ei_warning = EI_INIT;
static expert_field ei_error = EI_INIT;

typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
    const uint8_t *base; /* of the octets that were parsed, which are those of tvb */
} pc5s_view;

static int offset_of(const pc5s_view *view, octet_span span)
{
    return (int)(span.data - view->base);
}

/* --- items --------------------------------------------------------------------------------------------------------- */

static proto_item *add_span(proto_tree *tree, const pc5s_view *view, pc5s_field field, octet_span span, unsigned encoding)
{
    if (!span.data || span.len == 0)
        return NULL;
    return proto_tree_add_item(tree, pc5s_fields[field], view->tvb, offset_of(view, span), (int)span.len, encoding);
}

/* Octets that are not understood, unless they hold SDP with a key: an encoding that the preferences do not name. */
static void add_octets(proto_tree *tree, const pc5s_view *view, pc5s_field field, octet_span span)
{
    bool holds_key = span.len && g_strstr_len((const char *)span.data, (gssize)span.len, "inline:");
    if (!holds_key || d2d_show_keys())
        add_span(tree, view, field, span, ENC_NA);
}

/* --- values -------------------------------------------------------------------------------------------------------- */

static void show_user_info(proto_tree *tree, proto_item *item, const pc5s_view *view, octet_span value)
{
    if (!value.data || value.len == 0)
        return;
    octet_span info = octet_span_at(value.data + 1, value.len - 1);
    add_span(tree, view, PF_USER_INFO_TYPE, octet_span_at(value.data, 1), ENC_BIG_ENDIAN);
    if (*value.data == PC5S_USER_INFO_PRUK_ID) {
        add_span(tree, view, PF_USER_INFO_PRUK_ID, info, ENC_NA);
    } else if (*value.data == PC5S_USER_INFO_IMSI && pc5s_tbcd_digits(info)) {
        add_span(tree, view, PF_USER_INFO_IMSI, info, ENC_BCD_DIGITS_0_9 | ENC_LITTLE_ENDIAN);
    } else {
        add_octets(tree, view, PF_USER_INFO_INFO, info);
        if (*value.data == PC5S_USER_INFO_UPPER_LAYER && info.len)
            proto_item_append_text(item, ": %s",
                                   tvb_format_text(view->pinfo->pool, view->tvb, offset_of(view, info), (int)info.len));
    }
}

static void show_capabilities(proto_tree *tree, const pc5s_view *view, const pc5s_ie *ie)
{
    proto_item *item = add_span(tree, view, PF_CAPABILITIES, ie->value, ENC_BIG_ENDIAN);
    proto_tree *sub = proto_item_add_subtree(item, ett_value);
    const char *separator = ": ";
    for (unsigned bit = 0; bit < PC5S_ALGORITHMS; bit++) {
        int field = pc5s_fields[PF_ALGORITHM + bit];
        proto_tree_add_item(sub, field, view->tvb, offset_of(view, ie->value), 2, ENC_BIG_ENDIAN);
        if (ie->number & 0x8000u >> bit) {
            proto_item_append_text(item, "%s%s", separator, proto_registrar_get_nth((unsigned)field)->name);
            separator = ", ";
        }
    }
}

static void show_algorithms(proto_tree *tree, const pc5s_view *view, const pc5s_ie *ie)
{
    proto_item *item = add_span(tree, view, PF_ALGORITHMS, ie->value, ENC_BIG_ENDIAN);
    proto_tree *sub = proto_item_add_subtree(item, ett_value);
    add_span(sub, view, PF_CIPHERING, ie->value, ENC_BIG_ENDIAN);
    add_span(sub, view, PF_INTEGRITY, ie->value, ENC_BIG_ENDIAN);
    proto_item_append_text(item, ": %s, %s", val_to_str_const(ie->number >> 4, pc5s_ciphering_vals, "unassigned"),
                           val_to_str_const(ie->number & 0xf, pc5s_integrity_vals, "unassigned"));
}

/* r, s, and the PVT, a point (RFC 6507 section 3.3). */
static void show_signature(proto_tree *tree, const pc5s_view *view, octet_span value)
{
    proto_tree *sub = proto_item_add_subtree(add_span(tree, view, PF_SIGNATURE, value, ENC_NA), ett_value);
    add_span(sub, view, PF_SIGNATURE_R, octet_span_at(value.data, ECCSI_LEN), ENC_NA);
    add_span(sub, view, PF_SIGNATURE_S, octet_span_at(value.data + ECCSI_LEN, ECCSI_LEN), ENC_NA);
    add_span(sub, view, PF_SIGNATURE_PVT, octet_span_at(value.data + 2 * ECCSI_LEN, value.len - 2 * ECCSI_LEN), ENC_NA);
}

static void show_equipment(proto_tree *tree, const pc5s_view *view, pc5s_field field, octet_span value)
{
    proto_tree *sub = proto_item_add_subtree(add_span(tree, view, field, value, ENC_NA), ett_value);
    if (pc5s_tbcd_digits(value))
        add_span(sub, view, PF_DIGITS, value, ENC_BCD_DIGITS_0_9 | ENC_LITTLE_ENDIAN);
}

static void show_inactivity(proto_tree *tree, const pc5s_view *view, const pc5s_ie *ie)
{
    proto_item *item = add_span(tree, view, PF_MAX_INACTIVITY, ie->value, ENC_BIG_ENDIAN);
    proto_item_append_text(item, ie->number == UNLIMITED ? " (all ones, the most)" : " seconds");
}

/* One fragment says which it is; the content of all of them is shown elsewhere. */
static void show_container(proto_tree *tree, const pc5s_view *view, const pc5s_message *message, octet_span value)
{
    bool fragment = message->key_establishment.joined && value.len >= 2;
    if (fragment) {
        add_span(tree, view, PF_KEYEST_FRAGMENT, octet_span_at(value.data, 1), ENC_BIG_ENDIAN);
        add_span(tree, view, PF_KEYEST_FRAGMENTS, octet_span_at(value.data + 1, 1), ENC_BIG_ENDIAN);
    }
}

/* Values that are one field. */
static const struct {
    pc5s_ie_kind kind;
    pc5s_field field;
} simple_values[] = {
    {PC5S_IE_IP_CONFIG, PF_IP_CONFIG}, {PC5S_IE_LINK_LOCAL_IPV6, PF_LINK_LOCAL}, {PC5S_IE_CAUSE, PF_CAUSE},
    {PC5S_IE_RELEASE_REASON, PF_REASON}, {PC5S_IE_KEEPALIVE_COUNTER, PF_KEEPALIVE_COUNTER},
    {PC5S_IE_RELAY_SERVICE_CODE, PF_RELAY_SERVICE_CODE}, {PC5S_IE_GPI, PF_GPI}, {PC5S_IE_PRUK_ID, PF_PRUK_ID},
    {PC5S_IE_AUTS, PF_AUTS}, {PC5S_IE_RAND, PF_RAND}, {PC5S_IE_KD_SESS_ID_LSB, PF_KD_SESS_ID_LSB},
    {PC5S_IE_KD_SESS_ID_MSB, PF_KD_SESS_ID_MSB}, {PC5S_IE_KD_ID_LSB, PF_KD_ID_LSB}, {PC5S_IE_KD_ID_MSB, PF_KD_ID_MSB},
    {PC5S_IE_KD_ID, PF_KD_ID}, {PC5S_IE_KD_FRESHNESS, PF_KD_FRESHNESS}, {PC5S_IE_NONCE_1, PF_NONCE_1},
    {PC5S_IE_NONCE_2, PF_NONCE_2}, {PC5S_IE_AUTH_FLAG, PF_AUTH_FLAG}, {PC5S_IE_ENCRYPTED_PAYLOAD, PF_ENCRYPTED_PAYLOAD},
    {PC5S_IE_REMOTE_UE_TYPE, PF_REMOTE_UE_TYPE},
};

static void show_simple(proto_tree *tree, const pc5s_view *view, const pc5s_ie *ie)
{
    for (size_t i = 0; i < G_N_ELEMENTS(simple_values); i++)
        if (simple_values[i].kind == ie->kind)
            add_span(tree, view, simple_values[i].field, ie->value, ENC_BIG_ENDIAN);
}

static void show_value(proto_tree *tree, proto_item *item, const pc5s_view *view, const pc5s_message *message,
                       const pc5s_ie *ie)
{
    switch (ie->kind) {
    case PC5S_IE_USER_INFO:
        show_user_info(tree, item, view, ie->value);
        break;
    case PC5S_IE_CAPABILITIES:
        show_capabilities(tree, view, ie);
        break;
    case PC5S_IE_CHOSEN_ALGORITHMS:
        show_algorithms(tree, view, ie);
        break;
    case PC5S_IE_SIGNATURE:
        show_signature(tree, view, ie->value);
        break;
    case PC5S_IE_IMEI:
        show_equipment(tree, view, PF_IMEI, ie->value);
        break;
    case PC5S_IE_IMEISV:
        show_equipment(tree, view, PF_IMEISV, ie->value);
        break;
    case PC5S_IE_MAX_INACTIVITY:
        show_inactivity(tree, view, ie);
        break;
    case PC5S_IE_KEY_ESTABLISHMENT:
        show_container(tree, view, message, ie->value);
        break;
    default:
        show_simple(tree, view, ie);
        break;
    }
}

/* --- information elements ------------------------------------------------------------------------------------------ */

/* One that is more than its value has a tree of its own. */
static void show_ie(proto_tree *tree, const pc5s_view *view, const pc5s_message *message, const pc5s_ie *ie)
{
    proto_item *item = NULL;
    int at = offset_of(view, ie->whole);
    if (ie->has_iei || ie->length_size || !ie->complete) {
        const char *name = val_to_str_const((uint32_t)ie->kind, pc5s_ie_vals, "Unknown");
        item = proto_tree_add_string(tree, pc5s_fields[PF_IE], view->tvb, at, (int)ie->whole.len, name);
        tree = proto_item_add_subtree(item, ett_ie);
    }
    if (ie->has_iei)
        proto_tree_add_item(tree, pc5s_fields[PF_IEI], view->tvb, at, 1, ENC_BIG_ENDIAN);
    if (ie->length_size && ie->value.data)
        proto_tree_add_item(tree, pc5s_fields[PF_LENGTH], view->tvb, at + ie->has_iei, ie->length_size, ENC_BIG_ENDIAN);
    if (ie->complete)
        show_value(tree, item, view, message, ie);
    else
        add_octets(tree, view, PF_DATA, ie->value);
}

static void show_problems(proto_tree *tree, const pc5s_view *view, const pc5s_message *message)
{
    for (unsigned i = 0; i < message->problem_count; i++) {
        const pc5s_problem *problem = &message->problems[i];
        expert_field *field = problem->severity == PC5S_SEVERITY_ERROR     ? &ei_error
                              : problem->severity == PC5S_SEVERITY_WARNING ? &ei_warning
                                                                           : &ei_note;
        proto_tree_add_expert_format(tree, view->pinfo, field, view->tvb, (int)problem->offset, (int)problem->len, "%s",
                                     pc5s_problem_text(problem->kind));
    }
}

void pc5s_tree_show(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const pc5s_message *message)
{
    const pc5s_view view = {.tvb = tvb, .pinfo = pinfo, .base = message->whole.data};
    if (message->has_type)
        proto_tree_add_item(tree, pc5s_fields[PF_TYPE], tvb, 0, 1, ENC_BIG_ENDIAN);
    if (message->has_sequence)
        proto_tree_add_item(tree, pc5s_fields[PF_SEQUENCE], tvb, 1, 2, ENC_BIG_ENDIAN);
    for (unsigned i = 0; i < message->ie_count; i++)
        show_ie(tree, &view, message, &message->ies[i]);
    add_octets(tree, &view, PF_DATA, message->rest);
    show_problems(tree, &view, message);
}

void pc5s_tree_register(int protocol)
{
    static int *subtrees[] = {&ett_ie, &ett_value};
    static ei_register_info experts[] = {
        {&ei_note, {"pc5s.note", PI_PROTOCOL, PI_NOTE, "Worth knowing of a PC5 signalling message", EXPFILL}},
        {&ei_warning, {"pc5s.warning", PI_PROTOCOL, PI_WARN, "A PC5 signalling message departs from TS 24.334", EXPFILL}},
        {&ei_error, {"pc5s.error", PI_MALFORMED, PI_ERROR, "A PC5 signalling message cannot be read to its end", EXPFILL}},
    };
    pc5s_register_fields(protocol);
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(protocol), experts, array_length(experts));
}

#include "protocols/mikey_keys_tree.h"

#include "protocols/mikey_fields.h"
#include "protocols/packet-d2dsec.h"

#include <epan/expert.h>

static int ett_derivation = -1, ett_step = -1;

static expert_field ei_csb = EI_INIT;
static expert_field ei_unpaired = EI_INIT;
static expert_field ei_begins_anew = EI_INIT;
static expert_field ei_departure = EI_INIT;

typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
} keys_view;

/* --- items ----------------------------------------------------------------------------------------------------------- */

static proto_item *add_string(proto_tree *tree, const keys_view *view, mikey_field field, const char *text)
{
    proto_item *item = proto_tree_add_string(tree, mikey_fields[field], view->tvb, 0, 0, text);
    proto_item_set_generated(item);
    return item;
}

static proto_item *add_number(proto_tree *tree, const keys_view *view, mikey_field field, uint32_t number)
{
    proto_item *item = proto_tree_add_uint(tree, mikey_fields[field], view->tvb, 0, 0, number);
    proto_item_set_generated(item);
    return item;
}

/* The octets of a key, for those who asked for them. */
static void add_value(proto_tree *tree, const keys_view *view, mikey_field field, octet_span key)
{
    if (!d2d_show_keys() || key.len == 0)
        return;
    const uint8_t *copy = (const uint8_t *)wmem_memdup(view->pinfo->pool, key.data, key.len);
    proto_item_set_generated(
        proto_tree_add_bytes_with_length(tree, mikey_fields[field], view->tvb, 0, 0, copy, (int)key.len));
}

/* --- steps ----------------------------------------------------------------------------------------------------------- */

static const char *source_of(const keys_view *view, const mikey_step *step)
{
    char line[KEYLOG_LINE_LEN];
    switch (step->source) {
    case MIKEY_FROM_KEYLOG:
        return wmem_strdup_printf(view->pinfo->pool, "key log, %s", keylog_line_text(step->line, line));
    case MIKEY_FROM_PKE:
        return "PKE, opened with the private key";
    case MIKEY_FROM_CLEAR:
        return "a KEMAC without encryption";
    case MIKEY_FROM_KEMAC:
        return wmem_strdup_printf(view->pinfo->pool, "the KEMAC that %s %s opens", step->from->name, step->from->fingerprint);
    case MIKEY_FROM_PRF:
        return wmem_strdup_printf(view->pinfo->pool, "PRF(%s %s, %s)", step->from->name, step->from->fingerprint, step->function);
    case MIKEY_FROM_SPLIT:
        return wmem_strdup_printf(view->pinfo->pool, "the first %u octets of %s %s", (unsigned)step->key.len, step->from->name,
                                  step->from->fingerprint);
    case MIKEY_FROM_KEY:
        return wmem_strdup_printf(view->pinfo->pool, "%s %s as it is", step->from->name, step->from->fingerprint);
    }
    return "";
}

/* What a step that follows from another is made of. */
static void add_step_fields(proto_tree *tree, const keys_view *view, const mikey_step *step)
{
    add_string(tree, view, MF_STEP_NAME, step->name);
    add_string(tree, view, MF_STEP_FINGERPRINT, step->fingerprint);
    add_string(tree, view, MF_STEP_FROM, step->from->fingerprint);
    add_number(tree, view, MF_STEP_FRAME, step->frame);
}

static void show_step(proto_tree *tree, const keys_view *view, const mikey_step *step)
{
    const mikey_field field = step->from ? MF_STEP : MF_SECRET;
    const char *text = wmem_strdup_printf(view->pinfo->pool, "%s %s, from %s", step->name, step->fingerprint, source_of(view, step));
    proto_tree *sub = proto_item_add_subtree(add_string(tree, view, field, text), ett_step);
    if (step->from)
        add_step_fields(sub, view, step);
    else
        add_string(sub, view, MF_SECRET_FINGERPRINT, step->fingerprint);
    add_value(sub, view, MF_STEP_VALUE, step->key);
}

/* --- TEKs ------------------------------------------------------------------------------------------------------------ */

static void show_departure(proto_tree *tree, const keys_view *view, const char *departure)
{
    proto_item *item = add_string(tree, view, MF_DEPARTURE, departure);
    expert_add_info_format(view->pinfo, item, &ei_departure, "Departure: %s", departure);
}

static void show_tek(proto_tree *tree, const keys_view *view, const mikey_tek *tek, bool by_ticket)
{
    const mikey_step *step = tek->step;
    const char *text = wmem_strdup_printf(view->pinfo->pool, "TEK %s of CS %u, from %s%s", step->fingerprint, tek->cs_id,
                                          source_of(view, step), by_ticket ? "; KD is this TEK" : "");
    proto_tree *sub = proto_item_add_subtree(add_string(tree, view, MF_TEK, text), ett_step);
    add_number(sub, view, MF_TEK_CS_ID, tek->cs_id);
    add_string(sub, view, MF_TEK_FINGERPRINT, step->fingerprint);
    if (step->salt.len)
        add_string(sub, view, MF_TEK_SALT_FINGERPRINT, step->salt_fingerprint);
    if (by_ticket)
        add_string(sub, view, MF_KD_FINGERPRINT, step->fingerprint);
    add_step_fields(sub, view, step);
    add_value(sub, view, MF_TEK_VALUE, step->key);
    add_value(sub, view, MF_TEK_SALT, step->salt);
    if (tek->departure)
        show_departure(sub, view, tek->departure);
}

/* The TEKs of a message, and of an initial one those that its answers settled. */
static void show_teks(proto_tree *tree, const keys_view *view, const mikey_record *record)
{
    bool by_ticket = mikey_is_ticket_type(record->message->header.data_type);
    for (guint i = 0; i < record->teks->len; i++)
        if (mikey_tek_is_the_reading(record->teks, i))
            show_tek(tree, view, &g_array_index(record->teks, mikey_tek, i), by_ticket);
    for (guint i = 0; record->teks->len == 0 && i < record->responses->len && i < MIKEY_MAX_RESPONSES; i++)
        show_teks(tree, view, (const mikey_record *)record->responses->pdata[i]);
}

static bool has_teks(const mikey_record *record)
{
    bool any = record->teks->len > 0;
    for (guint i = 0; i < record->responses->len && i < MIKEY_MAX_RESPONSES && !any; i++)
        any = ((const mikey_record *)record->responses->pdata[i])->teks->len > 0;
    return any;
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

static void show_partners(proto_tree *tree, const keys_view *view, const mikey_record *record, proto_item *parent)
{
    if (record->initial)
        add_number(tree, view, MF_INITIAL_FRAME, record->initial->frame);
    for (guint i = 0; i < record->responses->len && i < MIKEY_MAX_RESPONSES; i++)
        add_number(tree, view, MF_RESPONSE_FRAME, ((const mikey_record *)record->responses->pdata[i])->frame);
    if (record->other_csb_offered)
        expert_add_info(view->pinfo, parent, &ei_csb);
    else if (record->unpaired)
        expert_add_info(view->pinfo, parent, &ei_unpaired);
    if (record->begins_anew)
        expert_add_info(view->pinfo, parent, &ei_begins_anew);
}

void mikey_keys_tree_show(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mikey_record *record)
{
    const keys_view view = {tvb, pinfo};
    show_partners(tree, &view, record, proto_tree_get_parent(tree));
    for (guint i = 0; i < record->departures->len; i++)
        show_departure(tree, &view, (const char *)record->departures->pdata[i]);
    if (!record->steps->len && !has_teks(record))
        return;
    proto_item *item = proto_tree_add_item(tree, mikey_fields[MF_DERIVATION], tvb, 0, 0, ENC_NA);
    proto_item_set_generated(item);
    proto_tree *sub = proto_item_add_subtree(item, ett_derivation);
    for (guint i = 0; i < record->steps->len; i++)
        show_step(sub, &view, (const mikey_step *)record->steps->pdata[i]);
    show_teks(sub, &view, record);
}

void mikey_keys_tree_register(int protocol)
{
    static int *subtrees[] = {&ett_derivation, &ett_step};
    static ei_register_info experts[] = {
        {&ei_csb,
         {"mikey_ticket.other_csb", PI_PROTOCOL, PI_WARN,
          "The CSB ID is not that of the message in the offer that this one answers: no key is derived (RFC 3830 section 6.1)",
          EXPFILL}},
        {&ei_unpaired,
         {"mikey_ticket.unpaired", PI_SEQUENCE, PI_NOTE, "The message that this one answers is not in the capture before it",
          EXPFILL}},
        {&ei_begins_anew,
         {"mikey_ticket.begins_anew", PI_PROTOCOL, PI_WARN,
          "The CSB ID is that of an exchange that was answered before: an update brings neither ticket nor RANDRs (RFC 6043 section 5.2)",
          EXPFILL}},
        {&ei_departure,
         {"mikey_ticket.departs", PI_PROTOCOL, PI_NOTE, "The sender of MIKEY keys departs from the standard", EXPFILL}},
    };
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(protocol), experts, array_length(experts));
}

/* A parsed MIKEY message in the packet details: each payload in the order of its octets, to the last bit. */
#include "protocols/mikey_tree.h"

#include "keys/fingerprint.h"
#include "protocols/mikey_fields.h"
#include "protocols/packet-d2dsec.h"

#include <epan/expert.h>

static int ett_cs = -1, ett_payload = -1, ett_chain = -1, ett_param = -1;

static expert_field ei_note = EI_INIT;
static expert_field ei_warning = EI_INIT;
static expert_field ei_error = EI_INIT;
static expert_field ei_mac_failed = EI_INIT;

typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
    const uint8_t *base; /* of the octets that were parsed, which are those of tvb */
    size_t end;          /* of the payload at hand, which may be cut */
    bool secret;         /* within keys in the clear: what is not understood there may be one */
    const mikey_record *record; /* NULL: nothing was found out */
} mikey_view;

static void show_chain(proto_tree *tree, mikey_view *view, const mikey_chain *chain);
static void show_problems(proto_tree *tree, const mikey_view *view, const mikey_problem *problems, unsigned count);

static int offset_of(const mikey_view *view, octet_span span)
{
    return (int)(span.data - view->base);
}

/* --- items --------------------------------------------------------------------------------------------------------- */

/* A field of fixed size at an offset; of a payload that is cut before it, nothing. */
static proto_item *add_at(proto_tree *tree, const mikey_view *view, mikey_field field, size_t offset, size_t len)
{
    if (offset + len > view->end)
        return NULL;
    return proto_tree_add_item(tree, mikey_fields[field], view->tvb, (int)offset, (int)len, ENC_BIG_ENDIAN);
}

static proto_item *add_span(proto_tree *tree, const mikey_view *view, mikey_field field, octet_span span, unsigned encoding)
{
    if (!span.data || span.len == 0)
        return NULL;
    return proto_tree_add_item(tree, mikey_fields[field], view->tvb, offset_of(view, span), (int)span.len, encoding);
}

/* The length field of `size` octets before a span. */
static void add_length(proto_tree *tree, const mikey_view *view, octet_span span, int size)
{
    if (span.data)
        proto_tree_add_item(tree, mikey_fields[MF_LENGTH], view->tvb, offset_of(view, span) - size, size, ENC_BIG_ENDIAN);
}

static void add_octets(proto_tree *tree, const mikey_view *view, mikey_field field, octet_span span, int length_size)
{
    add_length(tree, view, span, length_size);
    add_span(tree, view, field, span, ENC_NA);
}

/* A key or salt: its fingerprint, and its octets for those who asked for them. */
static void add_secret(proto_tree *tree, const mikey_view *view, mikey_field fingerprint_field, mikey_field value_field,
                       octet_span span)
{
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    add_length(tree, view, span, 2);
    if (span.len == 0)
        return;
    key_fingerprint(span.data, span.len, fingerprint);
    proto_item_set_generated(proto_tree_add_string(tree, mikey_fields[fingerprint_field], view->tvb, offset_of(view, span),
                                                   (int)span.len, fingerprint));
    if (d2d_show_keys())
        add_span(tree, view, value_field, span, ENC_NA);
}

/* Octets that are not understood. */
static void add_rest(proto_tree *tree, const mikey_view *view, octet_span span)
{
    if (!view->secret || d2d_show_keys())
        add_span(tree, view, MF_DATA, span, ENC_NA);
}

/* --- payloads ------------------------------------------------------------------------------------------------------ */

static const mikey_check *find_check(const mikey_view *view, size_t payload_at)
{
    for (guint i = 0; view->record && i < view->record->checks->len; i++) {
        const mikey_check *check = &g_array_index(view->record->checks, mikey_check, i);
        if (check->offset == payload_at)
            return check;
    }
    return NULL;
}

static void show_mac(proto_tree *tree, const mikey_view *view, size_t payload_at, size_t alg_at, octet_span mac)
{
    static const char *const texts[] = {[MIKEY_STATUS_VERIFIED] = "verified",
                                        [MIKEY_STATUS_FAILED] = "failed",
                                        [MIKEY_STATUS_NOT_CHECKABLE] = "not checkable"};
    const mikey_check *check = find_check(view, payload_at);
    add_at(tree, view, MF_MAC_ALG, alg_at, 1);
    add_span(tree, view, MF_MAC, mac, ENC_NA);
    if (!check || !mac.len)
        return;
    proto_item *item = proto_tree_add_string(tree, mikey_fields[MF_MAC_STATUS], view->tvb, offset_of(view, mac), (int)mac.len,
                                             texts[check->status]);
    proto_item_set_generated(item);
    if (check->reason)
        proto_item_append_text(item, ": %s", check->reason);
    if (check->status == MIKEY_STATUS_FAILED)
        expert_add_info_format(view->pinfo, item, &ei_mac_failed, "The MAC is wrong: %s", check->reason);
}

/* Octets for a data source. Keys in them are zeroed unless the user wants to see keys; what is not understood may be one too. */
static uint8_t *masked_copy(const mikey_view *view, const mikey_opened *opened)
{
    uint8_t *copy = (uint8_t *)wmem_memdup(view->pinfo->pool, opened->plain, opened->plain_len);
    const mikey_chain *chain = &opened->keys->chain;
    for (unsigned i = 0; i < chain->count && !d2d_show_keys(); i++) {
        const mikey_payload *payload = &chain->payloads[i];
        if (payload->type == MIKEY_KEY_DATA) {
            memset(copy + (payload->key.key.data - opened->plain), 0, payload->key.key.len);
            if (payload->key.salt.len)
                memset(copy + (payload->key.salt.data - opened->plain), 0, payload->key.salt.len);
        } else if (payload->type != MIKEY_ID) {
            memset(copy + payload->offset, 0, payload->len);
        }
    }
    return copy;
}

static void show_opened(proto_tree *tree, const mikey_view *view, size_t payload_at)
{
    for (guint i = 0; view->record && i < view->record->opened->len; i++) {
        const mikey_opened *opened = &g_array_index(view->record->opened, mikey_opened, i);
        if (opened->offset != payload_at || opened->plain_len == 0)
            continue;
        unsigned len = (unsigned)opened->plain_len;
        mikey_view inside = {.tvb = tvb_new_child_real_data(view->tvb, masked_copy(view, opened), len, (int)len),
                             .pinfo = view->pinfo,
                             .base = opened->plain,
                             .secret = true};
        add_new_data_source(view->pinfo, inside.tvb, d2d_show_keys() ? "KEMAC plaintext" : "KEMAC plaintext, keys zeroed");
        show_chain(tree, &inside, &opened->keys->chain);
        show_problems(tree, &inside, opened->keys->problems, opened->keys->problem_count);
    }
}

static void show_kemac(proto_tree *tree, mikey_view *view, size_t at, const mikey_kemac *kemac)
{
    add_at(tree, view, MF_ENCR_ALG, at + 1, 1);
    if (!kemac->encr_data.data)
        return;
    add_length(tree, view, kemac->encr_data, 2);
    size_t data_at = (size_t)offset_of(view, kemac->encr_data);
    if (kemac->keys) {
        size_t end = view->end;
        view->secret = true;
        show_chain(tree, view, kemac->keys);
        view->secret = false;
        view->end = end;
    } else if (kemac->encr_alg != MIKEY_ENCR_NULL || d2d_show_keys()) { /* else what could not be read may be a key */
        add_span(tree, view, MF_ENCR_DATA, kemac->encr_data, ENC_NA);
        show_opened(tree, view, at);
    }
    show_mac(tree, view, at, data_at + kemac->encr_data.len, kemac->mac);
}

static void show_validity(proto_tree *tree, const mikey_view *view, const mikey_validity *validity)
{
    add_octets(tree, view, MF_KEY_SPI, validity->spi, 1);
    add_octets(tree, view, MF_VALID_FROM, validity->from, 1);
    add_octets(tree, view, MF_VALID_TO, validity->to, 1);
}

static void show_dh(proto_tree *tree, const mikey_view *view, size_t at, const mikey_dh *dh)
{
    add_at(tree, view, MF_DH_GROUP, at + 1, 1);
    add_span(tree, view, MF_DH_VALUE, dh->value, ENC_NA);
    if (dh->value.data) {
        size_t types_at = (size_t)offset_of(view, dh->value) + dh->value.len;
        add_at(tree, view, MF_DH_RESERVED, types_at, 1);
        add_at(tree, view, MF_KV_TYPE, types_at, 1);
    }
    show_validity(tree, view, &dh->validity);
}

static void show_timestamp(proto_tree *tree, const mikey_view *view, size_t type_at, const mikey_time *time)
{
    add_at(tree, view, MF_TS_TYPE, type_at, 1);
    if (time->value.len < 4)
        return;
    if (time->ts_type == MIKEY_TS_COUNTER)
        add_span(tree, view, MF_TS_COUNTER, time->value, ENC_BIG_ENDIAN);
    else if (time->role == MIKEY_TIME_REKEY && time->ts_type == MIKEY_TS_NTP_UTC_32)
        add_span(tree, view, MF_TS_INTERVAL, time->value, ENC_BIG_ENDIAN);
    else if (time->value.len == 8)
        add_span(tree, view, MF_TS_TIME, time->value, ENC_TIME_NTP | ENC_BIG_ENDIAN);
    else {
        int64_t seconds = 0;
        mikey_time_seconds(time, &seconds);
        nstime_t moment = NSTIME_INIT_SECS_NSECS((time_t)seconds, 0);
        proto_tree_add_time(tree, mikey_fields[MF_TS_TIME], view->tvb, offset_of(view, time->value), 4, &moment);
    }
}

static void show_identity(proto_tree *tree, const mikey_view *view, size_t type_at, const mikey_identity *identity)
{
    enum { NAI, URI };
    add_at(tree, view, MF_ID_TYPE, type_at, 1);
    add_length(tree, view, identity->data, 2);
    if (identity->id_type <= URI)
        add_span(tree, view, MF_ID, identity->data, ENC_UTF_8 | ENC_NA);
    else
        add_span(tree, view, MF_ID_OCTETS, identity->data, ENC_NA);
}

static void show_cert(proto_tree *tree, const mikey_view *view, size_t at, const mikey_cert *cert)
{
    enum { X509_URL = 1 };
    add_at(tree, view, MF_CERT_TYPE, at + 1, 1);
    add_length(tree, view, cert->data, 2);
    if (cert->type == X509_URL)
        add_span(tree, view, MF_CERT_URL, cert->data, ENC_ASCII | ENC_NA);
    else
        add_span(tree, view, MF_CERT, cert->data, ENC_NA);
}

/* A parameter of SRTP that has a name and a value of a size to be read. */
static bool show_srtp_param(proto_tree *tree, proto_item *item, const mikey_view *view, const mikey_param *param)
{
    if (param->type >= MIKEY_SRTP_PARAMS || param->value.len == 0 || param->value.len > 4)
        return false;
    int field = mikey_fields[MF_SRTP_PARAM + param->type];
    const header_field_info *info = proto_registrar_get_nth((unsigned)field);
    uint32_t number = (uint32_t)mikey_param_number(param);
    const char *name = info->strings ? try_val_to_str(number, (const value_string *)info->strings) : NULL;
    proto_tree_add_uint(tree, field, view->tvb, offset_of(view, param->value), (int)param->value.len, number);
    if (name)
        proto_item_set_text(item, "%s: %s (%u)", info->name, name, number);
    else
        proto_item_set_text(item, "%s: %u", info->name, number);
    return true;
}

static void show_param(proto_tree *tree, const mikey_view *view, uint8_t protocol, const mikey_param *param)
{
    proto_item *item = add_span(tree, view, MF_PARAM, param->whole, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_param);
    const char *name = protocol == MIKEY_PROT_TESLA ? try_val_to_str(param->type, mikey_tesla_vals) : NULL;
    add_at(sub, view, MF_PARAM_TYPE, (size_t)offset_of(view, param->whole), 1);
    add_length(sub, view, param->value, 1);
    if (protocol == MIKEY_PROT_SRTP && show_srtp_param(sub, item, view, param))
        return;
    add_span(sub, view, MF_PARAM_VALUE, param->value, ENC_NA);
    proto_item_set_text(item, "%s %u", name ? name : "Parameter", param->type);
}

static void show_policy(proto_tree *tree, const mikey_view *view, size_t at, const mikey_policy *policy)
{
    octet_span rest = policy->params;
    mikey_param param;
    add_at(tree, view, MF_POLICY, at + 1, 1);
    add_at(tree, view, MF_PROTOCOL, at + 2, 1);
    add_length(tree, view, policy->params, 2);
    while (rest.data && mikey_next_param(&rest, &param))
        show_param(tree, view, policy->protocol, &param);
    add_rest(tree, view, rest);
}

static void show_flags(proto_tree *tree, const mikey_view *view, size_t at)
{
    static const mikey_field flags[] = {MF_TICKET_PRF, MF_FLAG_D, MF_FLAG_E, MF_FLAG_F, MF_FLAG_G, MF_FLAG_H, MF_FLAG_I,
                                        MF_FLAG_J, MF_FLAG_K, MF_FLAG_L, MF_FLAG_M, MF_FLAG_N, MF_FLAG_O,
                                        MF_TICKET_RESERVED};
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        add_at(tree, view, flags[i], at, 3);
}

/* TP data, ticket data or initiator data; opaque where no chain could be made of it. */
static void show_data(proto_tree *tree, mikey_view *view, mikey_field field, octet_span data, const mikey_chain *chain)
{
    size_t end = view->end;
    add_length(tree, view, data, 2);
    if (data.len == 0)
        return;
    proto_tree *sub = proto_item_add_subtree(add_span(tree, view, field, data, ENC_NA), ett_chain);
    if (chain)
        show_chain(sub, view, chain);
    else
        add_span(sub, view, MF_DATA, data, ENC_NA);
    view->end = end;
}

static void show_ticket(proto_tree *tree, mikey_view *view, size_t at, const mikey_payload *payload)
{
    const mikey_ticket *ticket = &payload->ticket;
    add_at(tree, view, MF_TICKET_TYPE, at + 1, 2);
    add_at(tree, view, MF_TICKET_SUBTYPE, at + 3, 1);
    add_at(tree, view, MF_TICKET_VERSION, at + 4, 1);
    show_flags(tree, view, at + 5);
    show_data(tree, view, MF_TP_DATA, ticket->policy_data, ticket->policy);
    show_data(tree, view, MF_TICKET_DATA, ticket->ticket_data, ticket->ticket);
    show_data(tree, view, MF_INITIATOR_DATA, ticket->initiator_data, ticket->initiator);
}

static void show_key(proto_tree *tree, const mikey_view *view, size_t at, const mikey_payload *payload)
{
    const mikey_key *key = &payload->key;
    add_at(tree, view, payload->type == MIKEY_SK ? MF_SK_TYPE : MF_KEY_TYPE, at + 1, 1);
    add_at(tree, view, MF_KV_TYPE, at + 1, 1);
    add_secret(tree, view, MF_KEY_FINGERPRINT, MF_KEY, key->key);
    add_secret(tree, view, MF_SALT_FINGERPRINT, MF_SALT, key->salt);
    show_validity(tree, view, &key->validity);
}

static void show_key_ids(proto_tree *tree, const mikey_view *view, octet_span rest)
{
    mikey_param key_id;
    while (mikey_next_param(&rest, &key_id)) {
        proto_tree *sub = proto_item_add_subtree(add_span(tree, view, MF_EXT_KEY_ID, key_id.whole, ENC_NA), ett_param);
        add_at(sub, view, MF_EXT_KEY_ID_TYPE, (size_t)offset_of(view, key_id.whole), 1);
        add_octets(sub, view, MF_EXT_KEY_ID_VALUE, key_id.value, 1);
    }
    add_rest(tree, view, rest);
}

static void show_extension(proto_tree *tree, mikey_view *view, size_t at, const mikey_extension *extension)
{
    octet_span data = extension->data;
    size_t end = view->end;
    add_at(tree, view, MF_EXT_TYPE, at + 1, 1);
    add_length(tree, view, data, 2);
    if (data.len == 0)
        return;
    if (extension->type == MIKEY_EXT_SDP_IDS) {
        add_span(tree, view, MF_EXT_SDP_IDS, data, ENC_ASCII | ENC_NA);
    } else if (extension->type == MIKEY_EXT_KEY_ID) {
        show_key_ids(tree, view, data);
    } else if (extension->type == MIKEY_EXT_CSB_ID && data.len == 4) {
        add_span(tree, view, MF_EXT_CSB_ID, data, ENC_BIG_ENDIAN);
    } else if (extension->type == MIKEY_EXT_OMA_BCAST) {
        add_at(tree, view, MF_EXT_BCAST, (size_t)offset_of(view, data), 1);
        add_span(tree, view, MF_EXT_DATA, (octet_span){data.data + 1, data.len - 1}, ENC_NA);
    } else if (extension->sakke) {
        show_chain(tree, view, extension->sakke);
        view->end = end;
    } else {
        add_span(tree, view, MF_EXT_DATA, data, ENC_NA);
    }
}

static void show_sakke(proto_tree *tree, const mikey_view *view, size_t at, const mikey_sakke *sakke)
{
    add_at(tree, view, MF_SAKKE_PARAMS, at + 1, 1);
    add_at(tree, view, MF_SAKKE_SCHEME, at + 2, 1);
    add_octets(tree, view, MF_SAKKE_DATA, sakke->data, 2);
}

/* Payloads whose fields need no more than a line or two; the others have a function of their own. */
static void show_simple(proto_tree *tree, const mikey_view *view, size_t at, const mikey_payload *payload)
{
    switch (payload->type) {
    case MIKEY_PKE:
        add_at(tree, view, MF_PKE_CACHE, at + 1, 2);
        add_at(tree, view, MF_PKE_LENGTH, at + 1, 2);
        add_span(tree, view, MF_PKE_DATA, payload->pke.data, ENC_NA);
        break;
    case MIKEY_SIGN:
        add_at(tree, view, MF_SIGN_TYPE, at, 2);
        add_at(tree, view, MF_SIGN_LENGTH, at, 2);
        add_span(tree, view, MF_SIGNATURE, payload->sign.signature, ENC_NA);
        break;
    case MIKEY_CHASH:
        add_at(tree, view, MF_HASH_FUNC, at + 1, 1);
        add_span(tree, view, MF_HASH, payload->chash.hash, ENC_NA);
        break;
    case MIKEY_V:
        show_mac(tree, view, at, at + 1, payload->verification.mac);
        break;
    case MIKEY_RANDR:
        add_at(tree, view, MF_RAND_ROLE, at + 1, 1);
        add_octets(tree, view, MF_RAND, payload->rand.value, 1);
        break;
    case MIKEY_RAND:
        add_octets(tree, view, MF_RAND, payload->rand.value, 1);
        break;
    case MIKEY_ERR:
        add_at(tree, view, MF_ERROR, at + 1, 1);
        add_at(tree, view, MF_ERROR_RESERVED, at + 2, 2);
        break;
    case MIKEY_ECCPT:
        add_at(tree, view, MF_CURVE, at + 1, 1);
        add_span(tree, view, MF_DATA, payload->point.data, ENC_NA);
        break;
    case MIKEY_IBAKE:
    case MIKEY_ESK:
        add_octets(tree, view, MF_ENCR_DATA, payload->data, 2);
        break;
    case MIKEY_THDR:
        add_octets(tree, view, MF_DATA, payload->data, 2);
        break;
    default:
        add_rest(tree, view, payload->data);
        break;
    }
}

static void show_content(proto_tree *tree, mikey_view *view, const mikey_payload *payload)
{
    size_t at = payload->offset;
    switch (payload->type) {
    case MIKEY_KEMAC:
        show_kemac(tree, view, at, &payload->kemac);
        break;
    case MIKEY_DH:
        show_dh(tree, view, at, &payload->dh);
        break;
    case MIKEY_TR:
        add_at(tree, view, MF_TS_ROLE, at + 1, 1);
        show_timestamp(tree, view, at + 2, &payload->time);
        break;
    case MIKEY_T:
        show_timestamp(tree, view, at + 1, &payload->time);
        break;
    case MIKEY_IDR:
        add_at(tree, view, MF_ID_ROLE, at + 1, 1);
        show_identity(tree, view, at + 2, &payload->identity);
        break;
    case MIKEY_ID:
        show_identity(tree, view, at + 1, &payload->identity);
        break;
    case MIKEY_CERT:
        show_cert(tree, view, at, &payload->cert);
        break;
    case MIKEY_SP:
        show_policy(tree, view, at, &payload->policy);
        break;
    case MIKEY_TP:
    case MIKEY_TICKET:
        show_ticket(tree, view, at, payload);
        break;
    case MIKEY_KEY_DATA:
    case MIKEY_SK:
        show_key(tree, view, at, payload);
        break;
    case MIKEY_GENERAL_EXT:
        show_extension(tree, view, at, &payload->extension);
        break;
    case MIKEY_SAKKE:
        show_sakke(tree, view, at, &payload->sakke);
        break;
    default:
        show_simple(tree, view, at, payload);
        break;
    }
}

/* The role behind the payload's name, so that the tree can be read without opening it. */
static void append_role(proto_item *item, const mikey_payload *payload)
{
    if (payload->type == MIKEY_IDR)
        proto_item_append_text(item, ", %s", val_to_str_const(payload->identity.role, mikey_id_role_vals, "unknown role"));
    else if (payload->type == MIKEY_RANDR)
        proto_item_append_text(item, ", %s", val_to_str_const(payload->rand.role, mikey_rand_role_vals, "unknown role"));
    else if (payload->type == MIKEY_TR)
        proto_item_append_text(item, ", %s", val_to_str_const(payload->time.role, mikey_ts_role_vals, "unknown role"));
    else if (payload->type == MIKEY_KEY_DATA)
        proto_item_append_text(item, ", %s", val_to_str_const(payload->key.type, mikey_key_vals, "unknown type"));
}

static void show_payload(proto_tree *tree, mikey_view *view, const mikey_payload *payload)
{
    proto_item *item = proto_tree_add_uint(tree, mikey_fields[MF_PAYLOAD], view->tvb, (int)payload->offset,
                                           (int)payload->len, payload->type);
    proto_tree *sub = proto_item_add_subtree(item, ett_payload);
    bool known = try_val_to_str(payload->type, mikey_payload_vals) != NULL;
    append_role(item, payload);
    view->end = payload->offset + payload->len;
    if (payload->type != MIKEY_SIGN && known)
        add_at(sub, view, MF_NEXT, payload->offset, 1);
    if (!view->secret || payload->type == MIKEY_KEY_DATA || payload->type == MIKEY_ID || d2d_show_keys())
        show_content(sub, view, payload);
}

static void show_chain(proto_tree *tree, mikey_view *view, const mikey_chain *chain)
{
    size_t start = (size_t)offset_of(view, chain->whole), end = start + chain->whole.len, shown = start;
    view->end = end;
    if (chain->has_first) {
        add_at(tree, view, MF_FIRST, start, 1);
        shown++;
    }
    for (unsigned i = 0; i < chain->count; i++) {
        show_payload(tree, view, &chain->payloads[i]);
        shown = chain->payloads[i].offset + chain->payloads[i].len;
    }
    add_rest(tree, view, (octet_span){view->base + shown, end - shown});
}

/* --- the header ---------------------------------------------------------------------------------------------------- */

static void show_cs(proto_tree *tree, const mikey_view *view, uint8_t map_type, const mikey_cs *cs)
{
    proto_item *item = add_span(tree, view, MF_CS, cs->whole, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_cs);
    size_t at = (size_t)offset_of(view, cs->whole);
    bool generic = map_type == MIKEY_MAP_GENERIC_ID;
    proto_item_append_text(item, " %u", cs->cs_id);
    if (cs->has_ssrc)
        proto_item_append_text(item, ", SSRC 0x%08x", cs->ssrc);
    if (generic) {
        add_at(sub, view, MF_CS_ID, at, 1);
        add_at(sub, view, MF_CS_PROTOCOL, at + 1, 1);
        add_at(sub, view, MF_CS_S, at + 2, 1);
        add_at(sub, view, MF_CS_POLICY_COUNT, at + 2, 1);
    } else {
        proto_item_set_generated(proto_tree_add_uint(sub, mikey_fields[MF_CS_ID], view->tvb, (int)at, 0, cs->cs_id));
    }
    for (size_t i = 0; i < cs->policies.len; i++)
        add_at(sub, view, MF_CS_POLICY, (size_t)offset_of(view, cs->policies) + i, 1);
    add_length(sub, view, cs->session_data, 2);
    size_t ssrc_at = generic ? cs->session_data.data ? (size_t)offset_of(view, cs->session_data) : 0 : at + 1;
    if (cs->has_ssrc)
        add_at(sub, view, MF_CS_SSRC, ssrc_at, 4);
    else
        add_span(sub, view, MF_CS_SESSION_DATA, cs->session_data, ENC_NA);
    if (cs->has_roc)
        add_at(sub, view, MF_CS_ROC, ssrc_at + 4, 4);
    if (cs->has_roc && generic)
        add_at(sub, view, MF_CS_SEQ, ssrc_at + 8, 2);
    add_octets(sub, view, MF_CS_SPI, cs->spi, 1);
}

static void show_header(proto_tree *tree, mikey_view *view, const mikey_header *header)
{
    static const struct {
        mikey_field field;
        uint8_t at, len;
    } fields[] = {{MF_VERSION, 0, 1}, {MF_DATA_TYPE, 1, 1}, {MF_NEXT, 2, 1},     {MF_V, 3, 1},       {MF_PRF, 3, 1},
                  {MF_CSB_ID, 4, 4},  {MF_CS_COUNT, 8, 1},  {MF_MAP_TYPE, 9, 1}};
    view->end = header->len;
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        add_at(tree, view, fields[i].field, fields[i].at, fields[i].len);
    for (unsigned i = 0; i < header->cs_read; i++)
        show_cs(tree, view, header->map_type, &header->cs[i]);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static void show_problems(proto_tree *tree, const mikey_view *view, const mikey_problem *problems, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const mikey_problem *problem = &problems[i];
        expert_field *field = problem->severity == MIKEY_SEVERITY_ERROR     ? &ei_error
                              : problem->severity == MIKEY_SEVERITY_WARNING ? &ei_warning
                                                                            : &ei_note;
        proto_tree_add_expert_format(tree, view->pinfo, field, view->tvb, (int)problem->offset, (int)problem->len, "%s",
                                     mikey_problem_text(problem->kind));
    }
}

void mikey_tree_show(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mikey_message *message,
                     const mikey_record *record)
{
    mikey_view view = {.tvb = tvb, .pinfo = pinfo, .base = message->whole.data, .record = record};
    show_header(tree, &view, &message->header);
    show_chain(tree, &view, &message->chain);
    show_problems(tree, &view, message->problems, message->problem_count);
    if (record)
        show_problems(tree, &view, (const mikey_problem *)(const void *)record->problems->data, record->problems->len);
}

void mikey_tree_register(int protocol)
{
    static int *subtrees[] = {&ett_cs, &ett_payload, &ett_chain, &ett_param};
    static ei_register_info experts[] = {
        {&ei_note, {"mikey_ticket.note", PI_PROTOCOL, PI_NOTE, "Worth knowing of a MIKEY message", EXPFILL}},
        {&ei_warning, {"mikey_ticket.warning", PI_PROTOCOL, PI_WARN, "A MIKEY message departs from its RFC", EXPFILL}},
        {&ei_mac_failed,
         {"mikey_ticket.mac_failed", PI_SECURITY, PI_WARN, "No known key verifies a MAC of a MIKEY message", EXPFILL}},
        {&ei_error,
         {"mikey_ticket.error", PI_MALFORMED, PI_ERROR, "A MIKEY message cannot be read, or no key derived", EXPFILL}},
    };
    mikey_register_fields(protocol);
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(protocol), experts, array_length(experts));
}

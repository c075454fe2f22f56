/* SDP security descriptions for media streams (SDES, RFC 4568).
 *
 * The stock SDP dissector reads one a=crypto line of three suites. So this one stands around it: it reads the body by itself, tells the
 * sessions who announced which keys, lets stock do all that stock does, and adds its own tree.
 */
#include "protocols/packet-sdes.h"

#include "keys/keyed_hash.h"
#include "keys/text_scan.h"
#include "protocols/packet-d2dsec.h"
#include "protocols/packet-d2dsrtp.h"
#include "protocols/packet-mikey-ticket.h"
#include "protocols/packet-rtsp-keys.h"
#include "protocols/stock_media.h"
#include "sessions/sip.h"

#include <epan/exceptions.h>
#include <epan/expert.h>
#include <epan/proto_data.h>

static int proto_sdes = -1;
static int proto_sip = -1;
static int proto_rtsp = -1;
static int proto_sdp = -1;
static int proto_sdp_wrapper = -1;

static int hf_sdes_role = -1;
static int hf_sdes_offer_frame = -1;
static int hf_sdes_media = -1;
static int hf_sdes_crypto = -1;
static int hf_sdes_tag = -1;
static int hf_sdes_suite = -1;
static int hf_sdes_key_param = -1;
static int hf_sdes_key_fingerprint = -1;
static int hf_sdes_key = -1;
static int hf_sdes_salt = -1;
static int hf_sdes_lifetime = -1;
static int hf_sdes_mki = -1;
static int hf_sdes_mki_length = -1;
static int hf_sdes_session_param = -1;
static int hf_sdes_kdr = -1;
static int hf_sdes_wsh = -1;
static int hf_sdes_fec_order = -1;
static int hf_sdes_fec_key = -1;

static int ett_sdes = -1;
static int ett_sdes_media = -1;
static int ett_sdes_crypto = -1;
static int ett_sdes_key_param = -1;
static int ett_sdes_session_param = -1;

static expert_field ei_sdes_note = EI_INIT;
static expert_field ei_sdes_warning = EI_INIT;
static expert_field ei_sdes_error = EI_INIT;
static expert_field ei_sdes_answer = EI_INIT;
static expert_field ei_sdes_answer_error = EI_INIT;
static expert_field ei_sdes_section = EI_INIT;
static expert_field ei_sdes_session_level = EI_INIT;

static dissector_handle_t sdp_handle;

/* The frame whose SDP bodies the wrapper has been given; 0: none. */
static uint32_t wrapped_frame;

/* An SDP body with the tvb it was parsed from. */
typedef struct {
    tvbuff_t *tvb;
    const char *text;
    const sdp_body *body;
    sdp_body *parsed; /* the body, where it is to be freed with the view */
    const sdp_exchange *exchange;
} sdp_view;

/* --- the tree ------------------------------------------------------------------------------------------------------ */

static int offset_of(const sdp_view *view, text_span span)
{
    return (int)(span.text - view->text);
}

static proto_item *add_text(proto_tree *tree, int field, const sdp_view *view, text_span span)
{
    if (!span.text)
        return NULL;
    return proto_tree_add_item(tree, field, view->tvb, offset_of(view, span), (int)span.len, ENC_UTF_8 | ENC_NA);
}

static void add_secret(proto_tree *tree, int field, const sdp_view *view, text_span span, packet_info *pinfo,
                       const uint8_t *secret, size_t len)
{
    /* The bytes are decoded base64, so they are no part of the tvb; the parsed body does not outlive this call. */
    const uint8_t *copy = (const uint8_t *)wmem_memdup(pinfo->pool, secret, len);
    proto_item *item = proto_tree_add_bytes_with_length(tree, field, view->tvb, offset_of(view, span), (int)span.len,
                                                        copy, (int)len);
    proto_item_set_generated(item);
}

static void show_key_param(proto_tree *tree, packet_info *pinfo, const sdp_view *view, const sdes_crypto *crypto,
                           const sdes_key_param *key)
{
    proto_item *item = proto_tree_add_item(tree, hf_sdes_key_param, view->tvb, offset_of(view, key->whole),
                                           (int)key->whole.len, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_sdes_key_param);
    proto_item_set_text(item, "Key parameter: %s", key->usable ? "inline" : "not usable");
    if (key->key_salt_len && key->key_salt_len <= sizeof key->key_salt) {
        char fingerprint[KEY_FINGERPRINT_LEN + 1];
        key_fingerprint(key->key_salt, key->key_salt_len, fingerprint);
        proto_item *generated =
            proto_tree_add_string(sub, hf_sdes_key_fingerprint, view->tvb, offset_of(view, key->key_salt_text),
                                  (int)key->key_salt_text.len, fingerprint);
        proto_item_set_generated(generated);
        proto_item_append_text(item, ", fingerprint %s", fingerprint);
        if (d2d_show_keys() && crypto->suite && key->usable) {
            size_t key_len = crypto->suite->transform.key_len;
            add_secret(sub, hf_sdes_key, view, key->key_salt_text, pinfo, key->key_salt, key_len);
            add_secret(sub, hf_sdes_salt, view, key->key_salt_text, pinfo, key->key_salt + key_len,
                       key->key_salt_len - key_len);
        }
    }
    if (key->lifetime)
        proto_tree_add_uint64(sub, hf_sdes_lifetime, view->tvb, offset_of(view, key->lifetime_text),
                              (int)key->lifetime_text.len, key->lifetime);
    add_text(sub, hf_sdes_mki, view, key->mki_text);
    if (key->mki_len)
        proto_tree_add_uint(sub, hf_sdes_mki_length, view->tvb, offset_of(view, key->mki_length_text),
                            (int)key->mki_length_text.len, key->mki_len);
}

static void show_session_param(proto_tree *tree, const sdp_view *view, const sdes_session_param *param)
{
    if (param->kind == SDES_FEC_KEY) {
        /* Its value is a key, so the value is not shown. */
        proto_tree_add_item(tree, hf_sdes_fec_key, view->tvb, offset_of(view, param->whole), (int)param->whole.len,
                            ENC_NA);
        return;
    }
    proto_item *item = add_text(tree, hf_sdes_session_param, view, param->whole);
    proto_tree *sub = proto_item_add_subtree(item, ett_sdes_session_param);
    text_span value = param->value;
    if (!value.text)
        return;
    if (param->kind == SDES_KDR)
        proto_tree_add_uint(sub, hf_sdes_kdr, view->tvb, offset_of(view, value), (int)value.len, param->number);
    else if (param->kind == SDES_WSH)
        proto_tree_add_uint(sub, hf_sdes_wsh, view->tvb, offset_of(view, value), (int)value.len, param->number);
    else if (param->kind == SDES_FEC_ORDER)
        add_text(sub, hf_sdes_fec_order, view, value);
}

static void show_problems(proto_tree *tree, packet_info *pinfo, const sdp_view *view, const sdes_crypto *crypto)
{
    for (unsigned i = 0; i < crypto->problem_count; i++) {
        const sdes_problem *problem = &crypto->problems[i];
        expert_field *field = problem->severity == SDES_ERROR     ? &ei_sdes_error
                              : problem->severity == SDES_WARNING ? &ei_sdes_warning
                                                                  : &ei_sdes_note;
        proto_tree_add_expert_format(tree, pinfo, field, view->tvb, offset_of(view, problem->where),
                                     (int)problem->where.len, "%s", sdes_problem_text(problem->kind));
    }
}

static void show_crypto(proto_tree *tree, packet_info *pinfo, const sdp_view *view, const sdes_crypto *crypto)
{
    proto_item *item = proto_tree_add_item(tree, hf_sdes_crypto, view->tvb, offset_of(view, crypto->value),
                                           (int)crypto->value.len, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_sdes_crypto);
    proto_item_set_text(item, "Crypto attribute");
    if (crypto->tag_text.text) {
        proto_tree_add_uint(sub, hf_sdes_tag, view->tvb, offset_of(view, crypto->tag_text),
                            (int)crypto->tag_text.len, crypto->tag);
        proto_item_append_text(item, " %u", crypto->tag);
    }
    if (add_text(sub, hf_sdes_suite, view, crypto->suite_text))
        proto_item_append_text(item, ": %s",
                               tvb_format_text(pinfo->pool, view->tvb, offset_of(view, crypto->suite_text),
                                               (int)crypto->suite_text.len));
    for (unsigned i = 0; i < crypto->key_count; i++)
        show_key_param(sub, pinfo, view, crypto, &crypto->keys[i]);
    for (unsigned i = 0; i < crypto->session_param_count; i++)
        show_session_param(sub, view, &crypto->session_params[i]);
    show_problems(sub, pinfo, view, crypto);
}

static void show_answer_problems(packet_info *pinfo, proto_item *item, uint32_t problems)
{
    for (; problems; problems &= problems - 1) {
        const uint32_t lowest = problems & -problems;
        const bool is_error = lowest & (ANSWER_TAG_NOT_OFFERED | ANSWER_SUITE_DIFFERS);
        expert_add_info_format(pinfo, item, is_error ? &ei_sdes_answer_error : &ei_sdes_answer, "%s", answer_problem_text(lowest));
    }
}

static bool same_key(const sdes_crypto *a, const sdes_crypto *b)
{
    return a->key_count && b->key_count && a->keys[0].usable && b->keys[0].usable &&
           a->keys[0].key_salt_len == b->keys[0].key_salt_len &&
           memcmp(a->keys[0].key_salt, b->keys[0].key_salt, a->keys[0].key_salt_len) == 0;
}

static bool has_fec_key(const sdp_media *media)
{
    for (unsigned i = 0; i < media->crypto_count; i++)
        for (unsigned p = 0; p < media->crypto[i]->session_param_count; p++)
            if (media->crypto[i]->session_params[p].kind == SDES_FEC_KEY)
                return true;
    return false;
}

/* What only shows when the lines of a section are seen together. */
static void show_section_problems(packet_info *pinfo, proto_item *item, const sdp_media *media, sdp_role role)
{
    bool repeated_tag = false, repeated_key = false;
    for (unsigned i = 0; i < media->crypto_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            repeated_tag |= media->crypto[i]->tag_text.text && media->crypto[i]->tag == media->crypto[k]->tag;
            repeated_key |= same_key(media->crypto[i], media->crypto[k]);
        }
    }
    if (repeated_tag)
        expert_add_info_format(pinfo, item, &ei_sdes_section, "Two a=crypto lines have the same tag (RFC 4568 section 4.1)");
    if (repeated_key)
        expert_add_info_format(pinfo, item, &ei_sdes_section,
                               "Two a=crypto lines have the same key (RFC 4568 section 6.1)");
    if (media->crypto_count && media->rtp_profile && !media->secure_profile)
        expert_add_info_format(pinfo, item, &ei_sdes_section,
                               "a=crypto under a transport without security (RFC 4568 section 6)");
    if (media->crypto_count && media->has_key_mgmt && role == SDP_ROLE_ANSWER)
        expert_add_info_format(pinfo, item, &ei_sdes_section,
                               "The answer has both a=crypto and a=key-mgmt (RFC 4568 section 7.5)");
    if (has_fec_key(media) && sdp_media_shares_fec(media))
        expert_add_info_format(pinfo, item, &ei_sdes_section,
                               "FEC_KEY, although FEC goes to the address and port of the media (RFC 4568 section 6.3.5)");
}

static void show_media(proto_tree *tree, packet_info *pinfo, const sdp_view *view, const sdp_media *media,
                       uint32_t answer_problems, bool key_kept)
{
    if (!media->crypto_count && !answer_problems)
        return;
    /* Lines that came without an m= line stand in the body's own tree. */
    proto_item *item = media->media.text ? add_text(tree, hf_sdes_media, view, media->media) : proto_tree_get_parent(tree);
    proto_tree *sub = media->media.text ? proto_item_add_subtree(item, ett_sdes_media) : tree;
    if (media->protocol.text)
        proto_item_append_text(item, ", %s",
                               tvb_format_text(pinfo->pool, view->tvb, offset_of(view, media->protocol),
                                               (int)media->protocol.len));
    for (unsigned i = 0; i < media->crypto_count; i++)
        show_crypto(sub, pinfo, view, media->crypto[i]);
    show_section_problems(pinfo, item, media, view->exchange->role);
    show_answer_problems(pinfo, item, answer_problems);
    if (key_kept)
        expert_add_info_format(pinfo, item, &ei_sdes_section,
                               "Address or port have changed, and the key has not (RFC 4568 section 7.1.4)");
}

static bool worth_showing(const sdp_view *view)
{
    if (view->body->session_crypto)
        return true;
    for (unsigned m = 0; m < view->body->media_count; m++)
        if (view->body->media[m].crypto_count || view->exchange->answer_problems[m])
            return true;
    return false;
}

static void show_body(proto_tree *tree, packet_info *pinfo, const sdp_view *view)
{
    static const char *const roles[] = {"unpaired", "offer", "answer"};
    if (!worth_showing(view))
        return;
    const char *role = roles[view->exchange->role];
    proto_item *item = proto_tree_add_item(tree, proto_sdes, view->tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_sdes);
    proto_item_append_text(item, ", %s", role);
    proto_item_set_generated(proto_tree_add_string(sub, hf_sdes_role, view->tvb, 0, 0, role));
    if (view->exchange->offer_frame)
        proto_item_set_generated(
            proto_tree_add_uint(sub, hf_sdes_offer_frame, view->tvb, 0, 0, view->exchange->offer_frame));
    if (view->body->session_crypto)
        proto_tree_add_expert(sub, pinfo, &ei_sdes_session_level, view->tvb,
                              offset_of(view, view->body->session_crypto_line),
                              (int)view->body->session_crypto_line.len);
    for (unsigned m = 0; m < view->body->media_count; m++)
        show_media(sub, pinfo, view, &view->body->media[m], view->exchange->answer_problems[m],
                   view->exchange->key_kept && view->exchange->key_kept[m]);
}

/* --- learning ------------------------------------------------------------------------------------------------------ */

/* The SIP message around the body. It is looked for in the body's data source, since SIP hands its headers to nobody. */
static bool find_sip(tvbuff_t *tvb, sip_message *sip)
{
    tvbuff_t *source = tvb_get_ds_tvb(tvb);
    int body = tvb_raw_offset(tvb);
    size_t start, len = tvb_captured_length(source);
    if (body < 0 || (size_t)body > len)
        return false;
    return sip_find_enclosing((const char *)tvb_get_ptr(source, 0, (int)len), len, (size_t)body, &start, sip);
}

static pc5_id end_of(const transport_address *address)
{
    pc5_id id = {.len = address->ip_len};
    memcpy(id.octets, address->ip, id.len);
    return id;
}

static void learn_kd(const sdp_arrival *arrival, const sdp_body *body)
{
    const kd_body_arrival here = {.frame = arrival->frame,
                                  .source = end_of(&arrival->source),
                                  .destination = end_of(&arrival->destination),
                                  .call_id = arrival->sip ? arrival->sip->call_id : (text_span){NULL, 0},
                                  .carrier = arrival->carrier};
    d2d_capture_learn_sdp(&here, body);
}

static const char *name_of_carrier(const packet_info *pinfo, const sip_message *sip)
{
    if (sip)
        return pinfo->ptype == PT_UDP ? "SIP over UDP" : pinfo->ptype == PT_TCP ? "SIP over TCP" : "SIP";
    return proto_is_frame_protocol(pinfo->layers, "http") ? "HTTP" : NULL;
}

/* Parses a body and tells the sessions of it. False: it is no SDP that could be read. */
static bool learn(sdp_view *view, tvbuff_t *tvb, packet_info *pinfo, const sip_message *sip)
{
    size_t len = tvb_captured_length(tvb);
    view->tvb = tvb;
    view->text = len ? (const char *)tvb_get_ptr(tvb, 0, (int)len) : "";
    view->body = view->parsed = sdp_parse(view->text, len);
    if (!view->body)
        return false;
    d2d_capture *capture = d2d_capture_get();
    sdp_arrival arrival = {.frame = pinfo->num,
                           .position = keyed_place((uint32_t)tvb_raw_offset(tvb), view->text, len),
                           .sip = sip,
                           .carrier = name_of_carrier(pinfo, sip)};
    d2d_transport_address(&pinfo->net_src, pinfo->srcport, &arrival.source);
    d2d_transport_address(&pinfo->net_dst, pinfo->destport, &arrival.destination);
    view->exchange = offer_answer_add(capture->signalling, &arrival, view->body);
    if (!pinfo->fd->visited) {
        mikey_ticket_learn_sdp(pinfo, view->body, view->exchange, sip);
        learn_kd(&arrival, view->body);
        media_streams_news(capture->streams);
    }
    return true;
}

static void take_over(const sdp_view *view, packet_info *pinfo)
{
    if (pinfo->fd->visited || !d2dsrtp_is_enabled())
        return;
    for (unsigned m = 0; m < view->body->media_count; m++) {
        media_leg *leg = view->exchange->legs[m];
        const stock_setup setup = {.method = "SDP", .keyed = leg->keys->len > 0};
        if (view->body->media[m].rtp_profile && d2dsrtp_concerns(leg))
            stock_media_take_over(pinfo, leg, &view->body->media[m], &setup);
    }
}

/* --- dissectors ---------------------------------------------------------------------------------------------------- */

static bool sdes_is_enabled(void)
{
    return proto_is_protocol_enabled(find_protocol_by_id(proto_sdes));
}

void sdes_show_carried(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const sdp_body *body, const sdp_exchange *exchange)
{
    sdp_view view = {.tvb = tvb,
                     .text = (const char *)tvb_get_ptr(tvb, 0, (int)tvb_captured_length(tvb)),
                     .body = body,
                     .exchange = exchange};
    if (sdes_is_enabled())
        show_body(tree, pinfo, &view);
    mikey_ticket_show_sdp(tree, tvb, pinfo, body, exchange->role, false);
}

/* The a=crypto lines and, whether those are looked at or not, the a=key-mgmt lines of a body. */
static void show_security(proto_tree *tree, packet_info *pinfo, const sdp_view *view)
{
    if (!d2d_wants_details(pinfo, tree, PI_ERROR))
        return;
    show_body(tree, pinfo, view);
    mikey_ticket_show_sdp(tree, view->tvb, pinfo, view->body, view->exchange->role, true);
}

/* For a body whose a=crypto lines nobody wants to see. */
static void show_key_management(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb)
{
    size_t len = tvb_captured_length(tvb);
    if (len == 0 || !d2d_wants_details(pinfo, tree, PI_ERROR))
        return;
    sdp_body *body = sdp_parse((const char *)tvb_get_ptr(tvb, 0, (int)len), len);
    if (body)
        mikey_ticket_show_sdp(tree, tvb, pinfo, body, SDP_ROLE_UNPAIRED, true);
    sdp_free(body);
}

/* Stands in stock's place wherever an SDP body is looked up by its media type. */
static int dissect_sdp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    volatile int dissected = 0;
    sip_message sip;
    sdp_view view = {0};
    wrapped_frame = pinfo->num;
    if (!sdes_is_enabled()) {
        dissected = call_dissector_only(sdp_handle, tvb, pinfo, tree, data);
        show_key_management(tree, pinfo, tvb);
        return dissected;
    }
    if ((pinfo->fd->visited && !d2d_wants_details(pinfo, tree, 0)) ||
        !learn(&view, tvb, pinfo, find_sip(tvb, &sip) ? &sip : NULL))
        return call_dissector_only(sdp_handle, tvb, pinfo, tree, data);
    TRY {
        dissected = call_dissector_only(sdp_handle, tvb, pinfo, tree, data);
    }
    FINALLY {
        /* Stock gives up on a key that is too short, and with it on all else; what was learned here stands. */
        take_over(&view, pinfo);
        show_security(tree, pinfo, &view);
        sdp_free(view.parsed);
    }
    ENDTRY;
    return dissected;
}

/* The carrier of SDP whose bodies need another look: proto_sip, proto_rtsp, or 0. */
static int carrier_of(const packet_info *pinfo)
{
    for (wmem_list_frame_t *layer = wmem_list_head(pinfo->layers); layer; layer = wmem_list_frame_next(layer)) {
        int proto = GPOINTER_TO_INT(wmem_list_frame_data(layer));
        if (proto == proto_sip || proto == proto_rtsp)
            return proto;
    }
    return 0;
}

/* Whether the body may be SDP, or hold it as a part. What another type holds is that type's own. */
static bool may_hold_sdp(const sip_message *sip)
{
    text_span type = sip->content_type;
    return !type.text || text_take_nocase(&type, "application/sdp") || text_take_nocase(&type, "multipart/");
}

/* The SDP body of a SIP message at `start` of a data source, whether it is the whole body or a part of it. Returns where the next
 * message may begin. */
static size_t learn_missed(tvbuff_t *source, size_t start, packet_info *pinfo, proto_tree *tree)
{
    size_t len = tvb_captured_length(source);
    const char *text = (const char *)tvb_get_ptr(source, 0, (int)len);
    sip_message sip;
    if (!sip_parse(text + start, len - start, &sip))
        return start + sip.header_len;
    size_t body = start + sip.header_len;
    size_t end = sip.content_length > len - body ? len : body + sip.content_length;
    const char *version = may_hold_sdp(&sip) ? g_strstr_len(text + body, (gssize)(end - body), "v=0") : NULL;
    if (!version)
        return end;
    body = (size_t)(version - text);
    sdp_view view = {0};
    if (!learn(&view, tvb_new_subset_length(source, (int)body, (int)(end - body)), pinfo, &sip))
        return end;
    take_over(&view, pinfo);
    show_security(tree, pinfo, &view);
    sdp_free(view.parsed);
    return end;
}

/* SIP applies an SDP body before it hands it on, and stock throws there when an a=crypto line holds too short a key: then the wrapper
 * is not called. Those bodies are read from the data sources. */
static void dissect_missed_sdp(packet_info *pinfo, proto_tree *tree)
{
    if (!sdes_is_enabled() || !proto_is_protocol_enabled(find_protocol_by_id(proto_sdp)))
        return;
    for (GSList *item = pinfo->data_src; item; item = item->next) {
        tvbuff_t *source = get_data_source_tvb((const struct data_source *)item->data);
        size_t start = 0, len = tvb_captured_length(source);
        while (len && sip_find_first((const char *)tvb_get_ptr(source, 0, (int)len), len, start, &start))
            start = learn_missed(source, start, pinfo, tree);
    }
}

/* Runs after every frame, for what nothing else is called for. */
static int dissect_afterwards(tvbuff_t *tvb _U_, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    bool wrapped = wrapped_frame == pinfo->num;
    wrapped_frame = 0;
    if (pinfo->num == 1)
        d2d_capture_tell_of_withheld_keys(pinfo);
    int carrier = carrier_of(pinfo);
    if (carrier == proto_rtsp)
        rtsp_keys_dissect(pinfo, tree, wrapped, sdes_is_enabled());
    else if (carrier == proto_sip && !wrapped)
        dissect_missed_sdp(pinfo, tree);
    return 0;
}

/* --- registration -------------------------------------------------------------------------------------------------- */

static hf_register_info fields[] = {
    {&hf_sdes_role, {"Role", "sdes.role", FT_STRING, BASE_NONE, NULL, 0, "Offer, answer or unpaired", HFILL}},
    {&hf_sdes_offer_frame,
     {"Answer to the offer in frame", "sdes.offer_frame", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_sdes_media, {"Media", "sdes.media", FT_STRING, BASE_NONE, NULL, 0, "The m= line", HFILL}},
    {&hf_sdes_crypto,
     {"Crypto attribute", "sdes.crypto", FT_NONE, BASE_NONE, NULL, 0, "RFC 4568 section 4", HFILL}},
    {&hf_sdes_tag, {"Tag", "sdes.tag", FT_UINT32, BASE_DEC, NULL, 0, "RFC 4568 section 4.1", HFILL}},
    {&hf_sdes_suite, {"Crypto suite", "sdes.suite", FT_STRING, BASE_NONE, NULL, 0, "RFC 4568 section 4.2", HFILL}},
    {&hf_sdes_key_param,
     {"Key parameter", "sdes.key_param", FT_NONE, BASE_NONE, NULL, 0, "RFC 4568 section 4.3", HFILL}},
    {&hf_sdes_key_fingerprint,
     {"Key fingerprint", "sdes.key_fingerprint", FT_STRING, BASE_NONE, NULL, 0,
      "First 8 octets of the SHA-256 of master key and salt", HFILL}},
    {&hf_sdes_key,
     {"Master key", "sdes.key", FT_BYTES, BASE_NONE, NULL, 0, "Only with the preference d2dsec.show_keys", HFILL}},
    {&hf_sdes_salt,
     {"Master salt", "sdes.salt", FT_BYTES, BASE_NONE, NULL, 0, "Only with the preference d2dsec.show_keys", HFILL}},
    {&hf_sdes_lifetime,
     {"Lifetime", "sdes.lifetime", FT_UINT64, BASE_DEC, NULL, 0, "In packets, RFC 4568 section 6.1", HFILL}},
    {&hf_sdes_mki, {"MKI", "sdes.mki", FT_STRING, BASE_NONE, NULL, 0, "RFC 4568 section 6.1", HFILL}},
    {&hf_sdes_mki_length,
     {"MKI length", "sdes.mki_length", FT_UINT32, BASE_DEC, NULL, 0, "In octets, RFC 4568 section 6.1", HFILL}},
    {&hf_sdes_session_param,
     {"Session parameter", "sdes.session_param", FT_STRING, BASE_NONE, NULL, 0, "RFC 4568 section 6.3", HFILL}},
    {&hf_sdes_kdr,
     {"Key derivation rate (power of 2)", "sdes.kdr", FT_UINT32, BASE_DEC, NULL, 0, "RFC 4568 section 6.3.1", HFILL}},
    {&hf_sdes_wsh,
     {"Window size hint", "sdes.wsh", FT_UINT32, BASE_DEC, NULL, 0, "RFC 4568 section 6.3.6", HFILL}},
    {&hf_sdes_fec_order,
     {"FEC order", "sdes.fec_order", FT_STRING, BASE_NONE, NULL, 0, "RFC 4568 section 6.3.4", HFILL}},
    {&hf_sdes_fec_key, {"FEC key", "sdes.fec_key", FT_NONE, BASE_NONE, NULL, 0, "RFC 4568 section 6.3.5", HFILL}},
};

static ei_register_info experts[] = {
    {&ei_sdes_note, {"sdes.note", PI_PROTOCOL, PI_NOTE, "Worth knowing of an a=crypto line", EXPFILL}},
    {&ei_sdes_warning, {"sdes.warning", PI_PROTOCOL, PI_WARN, "An a=crypto line departs from RFC 4568", EXPFILL}},
    {&ei_sdes_error, {"sdes.error", PI_MALFORMED, PI_ERROR, "RFC 4568 calls this a=crypto line invalid", EXPFILL}},
    {&ei_sdes_answer, {"sdes.answer", PI_PROTOCOL, PI_WARN, "The answer does not fit the offer", EXPFILL}},
    {&ei_sdes_answer_error,
     {"sdes.answer_error", PI_PROTOCOL, PI_ERROR, "The answer takes up nothing that was offered", EXPFILL}},
    {&ei_sdes_section,
     {"sdes.section", PI_PROTOCOL, PI_WARN, "The a=crypto lines of an m= section contradict each other or it", EXPFILL}},
    {&ei_sdes_session_level,
     {"sdes.session_level", PI_PROTOCOL, PI_WARN,
      "a=crypto at session level has no meaning and is ignored (RFC 4568 section 4)", EXPFILL}},
};

void proto_register_sdes(void)
{
    static int *subtrees[] = {&ett_sdes, &ett_sdes_media, &ett_sdes_crypto, &ett_sdes_key_param,
                              &ett_sdes_session_param};
    proto_sdes = proto_register_protocol("SDP Security Descriptions", "SDES", "sdes");
    proto_register_field_array(proto_sdes, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_sdes), experts, array_length(experts));
    /* Registered under SDP's own name, so that frame.protocols and the enabled state stay SDP's. */
    proto_sdp_wrapper = proto_register_protocol_in_name_only("SDP with security descriptions", "SDP-SDES", "sdes.sdp",
                                                             proto_get_id_by_filter_name("sdp"), FT_PROTOCOL);
}

void proto_reg_handoff_sdes(void)
{
    sdp_handle = find_dissector("sdp");
    proto_sip = proto_get_id_by_filter_name("sip");
    proto_rtsp = proto_get_id_by_filter_name("rtsp");
    proto_sdp = proto_get_id_by_filter_name("sdp");
    dissector_add_string("media_type", "application/sdp", create_dissector_handle(dissect_sdp, proto_sdp_wrapper));
    register_postdissector(create_dissector_handle(dissect_afterwards, proto_d2dsec_afterwards));
}

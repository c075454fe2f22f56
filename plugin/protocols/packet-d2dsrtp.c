/* SRTP and SRTCP (RFC 3711, RFC 7714) whose keys are known.
 *
 * A media packet is opened by the sessions, its plaintext becomes a data source of its own and goes to stock's rtp or rtcp
 * dissector, so that all of Wireshark works on it. What could not be opened goes there as what it is.
 */
#include "protocols/packet-d2dsrtp.h"

#include "keys/keyed_hash.h"
#include "protocols/decrypted_export.h"
#include "protocols/heuristic_guard.h"
#include "protocols/packet-d2dsec.h"
#include "protocols/stock_media.h"

#include <epan/expert.h>
#include <epan/proto_data.h>

static int proto_d2dsrtp = -1;
static int proto_d2dsrtp_media = -1;

static const heur_dtbl_entry_t *heuristic; /* of media over UDP that no signalling announces */
static dissector_handle_t found_handle;    /* of media that it finds */

static int hf_d2dsrtp_mki = -1;
static int hf_d2dsrtp_auth_tag = -1;
static int hf_d2dsrtp_e_bit = -1;

static int ett_d2dsrtp = -1;

static expert_field ei_d2dsrtp_tag_mismatch = EI_INIT;
static expert_field ei_d2dsrtp_no_key = EI_INIT;
static expert_field ei_d2dsrtp_truncated = EI_INIT;
static expert_field ei_d2dsrtp_unsupported = EI_INIT;
static expert_field ei_d2dsrtp_replayed = EI_INIT;
static expert_field ei_d2dsrtp_departure = EI_INIT;
static expert_field ei_d2dsrtp_mki = EI_INIT;
static expert_field ei_d2dsrtp_implausible = EI_INIT;

/* What was taken over for the receiver of each stream, by stream number, so that no packet needs a look-up. */
typedef struct {
    stock_media *media;
    unsigned epoch;
} remembered_media;

static GArray *remembered;

/* A packet, what became of it, and what its dissector is to have: the plaintext as a data source, or what was captured. */
typedef struct {
    media_packet packet;
    media_opening opening;
    uint8_t *plain;
    tvbuff_t *next;
} media_view;

bool d2dsrtp_is_enabled(void)
{
    return proto_is_protocol_enabled(find_protocol_by_id(proto_d2dsrtp));
}

bool d2dsrtp_concerns(const media_leg *leg)
{
    if (leg->signalled_protection || session_keys_has_logged(d2d_capture_get()->keys))
        return true;
    for (guint i = 0; i < leg->peers->len; i++)
        if (((const media_leg *)leg->peers->pdata[i])->signalled_protection)
            return true;
    return false;
}

/* --- the tree ------------------------------------------------------------------------------------------------------ */

static const char *verdict_text(media_verdict verdict)
{
    switch (verdict) {
    case MEDIA_DECRYPTED:
        return "decrypted";
    case MEDIA_AUTHENTICATED_ONLY:
        return "authenticated only";
    case MEDIA_NOT_AUTHENTICATED:
        return "not authenticated";
    case MEDIA_REPLAYED:
        return "replayed";
    case MEDIA_TAG_MISMATCH:
        return "tag mismatch";
    case MEDIA_NO_KEY:
        return "no key";
    case MEDIA_TRUNCATED:
        return "truncated";
    case MEDIA_UNSUPPORTED_SUITE:
        return "unsupported suite";
    case MEDIA_CLEAR:
        return "clear";
    case MEDIA_UNKNOWN:
        break;
    }
    return "unknown";
}

static expert_field *expert_of(media_verdict verdict)
{
    switch (verdict) {
    case MEDIA_TAG_MISMATCH:
        return &ei_d2dsrtp_tag_mismatch;
    case MEDIA_NO_KEY:
        return &ei_d2dsrtp_no_key;
    case MEDIA_TRUNCATED:
        return &ei_d2dsrtp_truncated;
    case MEDIA_UNSUPPORTED_SUITE:
        return &ei_d2dsrtp_unsupported;
    case MEDIA_REPLAYED:
        return &ei_d2dsrtp_replayed;
    default:
        return NULL;
    }
}

static void show_departure(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const char *text)
{
    proto_item *item = proto_tree_add_string(tree, hf_d2dsec_departure, tvb, 0, 0, text);
    proto_item_set_generated(item);
    expert_add_info_format(pinfo, item, &ei_d2dsrtp_departure, "Departure: %s", text);
}

static void show_departures(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const media_opening *opening)
{
    unsigned notes = opening->notes;
    if (opening->key->origin == KEY_ORIGIN_MIKEY || opening->key->origin == KEY_ORIGIN_MIKEY_TICKET)
        notes &= ~(unsigned)MEDIA_NOTE_MKI_ABSENT; /* RFC 3830 leaves open whether an SPI stands in packets as MKI */
    for (; notes; notes &= notes - 1) {
        const char *text = media_note_text(notes);
        if (text)
            show_departure(tree, pinfo, tvb, text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(opening->key->departures); i++)
        if (opening->key->departures[i])
            show_departure(tree, pinfo, tvb, opening->key->departures[i]);
}

static void show_key(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const session_key *key)
{
    static const struct {
        const char *name, *detail;
    } origins[] = {[KEY_ORIGIN_SDES_OFFER] = {"SDES offer", "tag"},   [KEY_ORIGIN_SDES_ANSWER] = {"SDES answer", "tag"},
                   [KEY_ORIGIN_SDES] = {"SDES", "tag"},
                   [KEY_ORIGIN_MIKEY] = {"MIKEY", "CS"},              [KEY_ORIGIN_MIKEY_TICKET] = {"MIKEY-TICKET", "CS"}};
    const bool is_line = key->origin == KEY_ORIGIN_KEYLOG || key->origin == KEY_ORIGIN_KD;
    const char *origin = key->origin == KEY_ORIGIN_KD ? "KD of offer and answer" : "preferences";
    char line[KEYLOG_LINE_LEN];
    if (is_line && key->detail)
        origin = wmem_strdup_printf(pinfo->pool, "%s %s", key->origin == KEY_ORIGIN_KD ? "KD, key log" : "key log,",
                                    keylog_line_text(key->detail, line));
    else if (!is_line)
        origin = wmem_strdup_printf(pinfo->pool, "%s, %s %u", origins[key->origin].name, origins[key->origin].detail,
                                    key->detail);
    proto_item_set_generated(proto_tree_add_string(tree, hf_d2dsec_suite, tvb, 0, 0, key->suite->name));
    proto_item_set_generated(proto_tree_add_string(tree, hf_d2dsec_key_origin, tvb, 0, 0, origin));
    if (key->frame)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_d2dsec_key_frame, tvb, 0, 0, key->frame));
    proto_item_set_generated(proto_tree_add_string(tree, hf_d2dsec_key_fingerprint, tvb, 0, 0, key->fingerprint));
}

/* MKI and tag as they stand at the packet's end:
 *   SRTP        ... | tag, if AEAD | MKI | tag, if not AEAD
 *   SRTCP       ... | tag, if AEAD | E, index | MKI | tag, if not AEAD */
static void show_trailer(proto_tree *tree, tvbuff_t *tvb, bool is_rtcp, const media_opening *opening)
{
    bool aead = srtp_context_key(opening->key->context)->transform.auth == SRTP_AUTH_AEAD;
    int end = (int)tvb_captured_length(tvb);
    int mki_end = aead ? end : end - opening->tag_len;
    int mki = mki_end - opening->mki_len;
    int tag = aead ? mki - opening->tag_len - (is_rtcp ? 4 : 0) : mki_end;
    if (opening->mki_len)
        proto_tree_add_item(tree, hf_d2dsrtp_mki, tvb, mki, opening->mki_len, ENC_NA);
    if (opening->tag_len)
        proto_tree_add_item(tree, hf_d2dsrtp_auth_tag, tvb, tag, opening->tag_len, ENC_NA);
    if (is_rtcp)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_d2dsrtp_e_bit, tvb, 0, 0, opening->e_bit));
}

/* Whether the form of the plaintext speaks against the key, or the sender. */
static bool is_implausible(const media_view *view)
{
    const size_t len = view->opening.plain_len;
    return len && media_form_of(view->packet.is_rtcp, view->plain, len) == MEDIA_FORM_WRONG;
}

static void show_opening(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, const media_view *view)
{
    const media_opening *opening = &view->opening;
    const bool is_rtcp = view->packet.is_rtcp;
    const char *verdict = verdict_text(opening->verdict);
    proto_item *item = proto_tree_add_item(tree, proto_d2dsrtp, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(item, ett_d2dsrtp);
    proto_item_append_text(item, " (%s), %s", is_rtcp ? "SRTCP" : "SRTP", verdict);
    proto_item *verdict_item = proto_tree_add_string(sub, hf_d2dsec_verdict, tvb, 0, 0, verdict);
    proto_item_set_generated(verdict_item);
    expert_field *expert = expert_of(opening->verdict);
    if (expert)
        expert_add_info(pinfo, verdict_item, expert);
    if (opening->notes & MEDIA_NOTE_MKI_UNKNOWN)
        expert_add_info(pinfo, verdict_item, &ei_d2dsrtp_mki);
    if (is_implausible(view))
        expert_add_info(pinfo, verdict_item, &ei_d2dsrtp_implausible);
    proto_item_set_generated(proto_tree_add_uint(sub, hf_d2dsec_ssrc, tvb, is_rtcp ? 4 : 8, 4, opening->ssrc));
    if (!opening->key)
        return;
    if (!is_rtcp)
        proto_item_set_generated(proto_tree_add_uint(sub, hf_d2dsec_roc, tvb, 0, 0, opening->roc));
    proto_item_set_generated(proto_tree_add_uint64(sub, hf_d2dsec_index, tvb, 0, 0, opening->index));
    show_key(sub, pinfo, tvb, opening->key);
    show_trailer(sub, tvb, is_rtcp, opening);
    show_departures(sub, pinfo, tvb, opening);
}

/* The highest severity of the expert infos that show_opening() may add; 0: none. */
static int severity_of(const media_view *view)
{
    const media_opening *opening = &view->opening;
    const char *const *departures = opening->key ? opening->key->departures : NULL;
    if (expert_of(opening->verdict) || is_implausible(view))
        return PI_WARN;
    return opening->notes || (departures && (departures[0] || departures[1])) ? PI_NOTE : 0;
}

/* --- dissection ---------------------------------------------------------------------------------------------------- */

static stock_media *receiver_of(packet_info *pinfo, const media_opening *opening)
{
    if (pinfo->ptype != PT_UDP) /* interleaved with RTSP */
        return NULL;
    const media_opening *opened = opening->plain_len ? opening : NULL;
    if (opening->stream == UINT32_MAX)
        return stock_media_of(pinfo, opened);
    if (opening->stream >= remembered->len)
        g_array_set_size(remembered, opening->stream + 1);
    remembered_media *memory = &g_array_index(remembered, remembered_media, opening->stream);
    if (memory->epoch != stock_media_epoch() || (!memory->media && opened)) {
        memory->media = stock_media_of(pinfo, opened);
        memory->epoch = stock_media_epoch();
    }
    return memory->media;
}

static stock_belief belief_of(const media_opening *opening)
{
    if (opening->plain_len || opening->verdict == MEDIA_CLEAR)
        return STOCK_PLAIN;
    return opening->verdict == MEDIA_UNKNOWN ? STOCK_AS_FOUND : STOCK_PROTECTED;
}

/* Tells several packets of one frame apart, and is the same at each visit. The layer is that of the carrier: a packet that came where
 * signalling said, and so without a layer of this protocol's own, may come by trial the next time, when STUN has taken the conversation. */
static uint16_t position_of(tvbuff_t *tvb, const packet_info *pinfo)
{
    const wmem_list_frame_t *last = wmem_list_tail(pinfo->layers);
    const bool is_own = last && GPOINTER_TO_INT(wmem_list_frame_data(last)) == proto_d2dsrtp;
    return (uint16_t)(tvb_raw_offset(tvb) + 4096 * (pinfo->curr_layer_num - is_own));
}

/* Opens the packet in `tvb`. False: no IP packet. */
static bool open_media(tvbuff_t *tvb, packet_info *pinfo, bool is_rtcp, media_view *view)
{
    media_packet *packet = &view->packet;
    *packet = (media_packet){.frame = pinfo->num,
                             .position = position_of(tvb, pinfo),
                             .is_rtcp = is_rtcp,
                             .len = tvb_captured_length(tvb)};
    if (!d2d_transport_address(&pinfo->net_src, pinfo->srcport, &packet->source) ||
        !d2d_transport_address(&pinfo->net_dst, pinfo->destport, &packet->destination))
        return false;
    packet->data = tvb_get_ptr(tvb, 0, (int)packet->len);
    packet->cut_short = packet->len < tvb_reported_length(tvb);
    view->plain = (uint8_t *)wmem_alloc(pinfo->pool, packet->len);
    media_streams_open(d2d_capture_get()->streams, packet, view->plain, &view->opening);
    view->next = tvb;
    if (view->opening.plain_len) {
        unsigned len = (unsigned)view->opening.plain_len;
        view->next = tvb_new_child_real_data(tvb, view->plain, len, (int)len);
        add_new_data_source(pinfo, view->next, is_rtcp ? "Decrypted SRTCP" : "Decrypted SRTP");
    }
    return true;
}

static void tap_media(packet_info *pinfo, const media_view *view)
{
    d2d_tap_packet *record = wmem_new(pinfo->pool, d2d_tap_packet);
    record->is_sidelink = false;
    record->media.packet = view->packet;
    record->media.opening = view->opening;
    record->media.plain = view->opening.plain_len ? view->plain : NULL;
    d2d_tap(pinfo, record);
}

/* `interleaved`: of the stream, where it is known and the packet came over TCP. */
static int call_stock(tvbuff_t *next, packet_info *pinfo, proto_tree *tree, bool is_rtcp, const media_opening *opening,
                      stock_media *interleaved, uint32_t place)
{
    stock_media *media = receiver_of(pinfo, opening);
    stock_belief belief = belief_of(opening);
    if (!media && belief == STOCK_AS_FOUND)
        media = stock_media_of_sender(pinfo);
    if (is_rtcp)
        return stock_media_call_rtcp(media, belief, next, pinfo, tree);
    if (interleaved && belief == STOCK_PLAIN)
        return stock_media_call_interleaved(interleaved, place, next, pinfo, tree);
    return stock_media_call_rtp(media, belief, next, pinfo, tree);
}

static int dissect_media(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool from_heuristic, stock_media *interleaved)
{
    media_view view;
    media_opening *opening = &view.opening;
    /* STUN, ZRTP, DTLS and NAT punches share the port (RFC 7983): none of ours. */
    if (tvb_captured_length(tvb) < RTCP_HEADER_LEN || tvb_get_uint8(tvb, 0) >> 6 != 2)
        return 0;
    bool is_rtcp = rtp_packet_is_rtcp(tvb_get_ptr(tvb, 0, 2), 2);
    if (!open_media(tvb, pinfo, is_rtcp, &view))
        return 0;
    if (!opening->plain_len && d2d_capture_read_keylog() && !open_media(tvb, pinfo, is_rtcp, &view))
        return 0;
    if (!opening->plain_len && d2d_media_may_be_clear())
        *opening = (media_opening){.verdict = MEDIA_UNKNOWN};
    if (opening->verdict == MEDIA_UNKNOWN && from_heuristic)
        return 0;
    if (opening->plain_len)
        decrypted_export_media(pinfo, view.next, is_rtcp ? "rtcp" : "rtp");
    if (opening->verdict != MEDIA_UNKNOWN && d2d_wants_details(pinfo, tree, severity_of(&view)))
        show_opening(tree, pinfo, tvb, &view);
    if (opening->verdict != MEDIA_UNKNOWN && d2d_is_tapped())
        tap_media(pinfo, &view);
    const uint32_t place = interleaved ? keyed_place(view.packet.position, view.packet.data, view.packet.len) : 0;
    int dissected = call_stock(view.next, pinfo, tree, is_rtcp, opening, interleaved, place);
    if (opening->verdict == MEDIA_UNKNOWN)
        return dissected;
    if (!dissected) {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, is_rtcp ? "SRTCP" : "SRTP");
        col_set_str(pinfo->cinfo, COL_INFO, verdict_text(opening->verdict));
        call_data_dissector(view.next, pinfo, tree);
    }
    return (int)tvb_captured_length(tvb);
}

/* For media that arrives where signalling said. */
static int dissect_signalled(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return dissect_media(tvb, pinfo, tree, false, NULL);
}

/* Whether any packet can be opened yet. */
static bool any_hope(void)
{
    return media_streams_any_hope(d2d_capture_get()->streams) || d2d_capture_read_keylog();
}

int d2dsrtp_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, stock_media *interleaved)
{
    return d2dsrtp_is_enabled() && any_hope() ? dissect_media(tvb, pinfo, tree, true, interleaved) : 0;
}

static int dissect_found(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return dissect_media(tvb, pinfo, tree, true, NULL);
}

/* For media that no signalling announces, or not to this address. Every UDP packet that no port claims comes here; only with hope it
 * is worth being entered as a layer. */
static ws_bool dissect_unannounced(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return heuristic->enabled && any_hope() && call_dissector_only(found_handle, tvb, pinfo, tree, NULL) > 0;
}

/* UDP remembers which heuristic took a packet and calls that one alone on later passes. Stock's guesses at RTP and RTCP would so
 * keep packets for which a key came later; hence this plugin's heuristic stands in front of theirs. */
static heur_dissector_t stock_rtp, stock_rtcp;

static ws_bool dissect_before(heur_dissector_t stock, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (heuristic->enabled && d2dsrtp_dissect(tvb, pinfo, tree, NULL) > 0)
        return TRUE;
    return stock(tvb, pinfo, tree, data);
}

static ws_bool dissect_before_rtp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_before(stock_rtp, tvb, pinfo, tree, data);
}

static ws_bool dissect_before_rtcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_before(stock_rtcp, tvb, pinfo, tree, data);
}

/* --- registration -------------------------------------------------------------------------------------------------- */

static void open_capture(void)
{
    remembered = g_array_new(FALSE, TRUE, sizeof(remembered_media));
}

static void close_capture(void)
{
    g_array_free(remembered, TRUE);
}

void proto_register_d2dsrtp(void)
{
    static hf_register_info fields[] = {
        {&hf_d2dsrtp_mki, {"MKI", "d2dsrtp.mki", FT_BYTES, BASE_NONE, NULL, 0, "RFC 3711 section 3.1", HFILL}},
        {&hf_d2dsrtp_auth_tag,
         {"Authentication tag", "d2dsrtp.auth_tag", FT_BYTES, BASE_NONE, NULL, 0, "RFC 3711 section 3.1", HFILL}},
        {&hf_d2dsrtp_e_bit,
         {"E bit", "d2dsrtp.e", FT_UINT8, BASE_DEC, NULL, 0, "Whether the SRTCP packet is encrypted", HFILL}},
    };
    static ei_register_info experts[] = {
        {&ei_d2dsrtp_tag_mismatch,
         {"d2dsrtp.tag_mismatch", PI_DECRYPTION, PI_WARN,
          "No known key authenticates this packet: wrong key, wrong rollover counter or a damaged packet", EXPFILL}},
        {&ei_d2dsrtp_no_key,
         {"d2dsrtp.no_key", PI_DECRYPTION, PI_NOTE,
          "Signalling announces protection, but not (or not yet) this direction's key", EXPFILL}},
        {&ei_d2dsrtp_truncated,
         {"d2dsrtp.truncated", PI_DECRYPTION, PI_WARN, "Too short to be authenticated: capture whole packets", EXPFILL}},
        {&ei_d2dsrtp_unsupported,
         {"d2dsrtp.unsupported_suite", PI_DECRYPTION, PI_WARN, "The crypto suite can not be decrypted", EXPFILL}},
        {&ei_d2dsrtp_replayed,
         {"d2dsrtp.replayed", PI_SEQUENCE, PI_NOTE, "This very packet has been in the capture before", EXPFILL}},
        {&ei_d2dsrtp_mki,
         {"d2dsrtp.unknown_mki", PI_DECRYPTION, PI_WARN, "What stands in the MKI's place is none of the MKIs that were signalled",
          EXPFILL}},
        {&ei_d2dsrtp_implausible,
         {"d2dsrtp.implausible", PI_DECRYPTION, PI_WARN,
          "What came out has not the form of RTP or RTCP: unless a tag proves the key, it is most likely a wrong one", EXPFILL}},
        {&ei_d2dsrtp_departure,
         {"d2dsrtp.departure", PI_PROTOCOL, PI_NOTE, "The sender departs from the standard", EXPFILL}},
    };
    static int *subtrees[] = {&ett_d2dsrtp};

    proto_d2dsrtp = proto_register_protocol("Secure RTP with keys", "D2DSRTP", "d2dsrtp");
    proto_register_field_array(proto_d2dsrtp, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    expert_register_field_array(expert_register_protocol(proto_d2dsrtp), experts, array_length(experts));
    /* In name only: the layers of a packet stay those of stock. */
    proto_d2dsrtp_media = proto_register_protocol_in_name_only("SRTP media", "D2DSRTP media", "d2dsrtp.media",
                                                               proto_d2dsrtp, FT_PROTOCOL);
    register_init_routine(open_capture);
    register_cleanup_routine(close_capture);
}

void proto_reg_handoff_d2dsrtp(void)
{
    stock_media_handoff(proto_d2dsrtp, create_dissector_handle(dissect_signalled, proto_d2dsrtp_media));
    found_handle = create_dissector_handle(dissect_found, proto_d2dsrtp);
    heuristic = heuristic_add_without_layer("udp", dissect_unannounced, "SRTP with known keys over UDP", "d2dsrtp_udp");
    stock_rtp = heuristic_guard("rtp_udp", dissect_before_rtp);
    stock_rtcp = heuristic_guard("rtcp_udp", dissect_before_rtcp);
}

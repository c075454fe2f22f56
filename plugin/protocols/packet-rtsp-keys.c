/* RTSP as what sets up protected media.
 *
 * Stock's RTSP dissector gives its headers to nobody, and a SETUP has no body that could be asked for by its media type. So the messages
 * are read once more after the frame, from its data sources, which hold them whole: out of one segment or reassembled.
 * Of interleaved packets stock hands those to rtp and rtcp whose channel it knows, which it does under RTP/AVP/TCP alone, and
 * offers the others to heuristics.
 */
#include "protocols/packet-rtsp-keys.h"

#include "keys/keyed_hash.h"
#include "keys/text_scan.h"
#include "protocols/heuristic_guard.h"
#include "protocols/packet-d2dsec.h"
#include "protocols/packet-d2dsrtp.h"
#include "protocols/packet-mikey-ticket.h"
#include "protocols/stock_media.h"

#include <epan/conversation.h>

#define MAX_SEEN 32 /* messages of a frame that are told from others */

static int proto_rtsp = -1;
static int proto_d2dsec = -1;
static const heur_dtbl_entry_t *heuristic;
static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;

/* What an interleaved stream remembers for us. */
typedef struct {
    bool stocks;        /* stock knows its channels, or knew them before it was made to forget */
    stock_media *media;
} interleaved_stream;

/* --- streams that are set up --------------------------------------------------------------------------------------- */

static bool concerns_us(const rtsp_stream *stream)
{
    return d2dsrtp_concerns(stream->ends[RTSP_SERVER].leg) || d2dsrtp_concerns(stream->ends[RTSP_CLIENT].leg);
}

static void take_over_end(packet_info *pinfo, const rtsp_stream *stream, rtsp_side side)
{
    const rtsp_end *end = &stream->ends[side], *other = &stream->ends[!side];
    const stock_setup setup = {
        .method = "RTSP", .keyed = other->leg->keys->len > 0, .rtp_peer = other->rtp.port, .rtcp_peer = other->rtcp.port};
    sdp_media media = {0};
    if (stream->media)
        media = *stream->media;
    media.rtp = end->rtp;
    media.rtcp = end->rtcp;
    media.secure_profile = stream->secure_profile;
    stock_media_take_over(pinfo, end->leg, &media, &setup);
}

/* Stock's own condition for remembering channels. */
static bool stock_knows_channels(const rtsp_transport *transport)
{
    static const char known[] = "RTP/AVP/TCP";
    return transport->protocol.len >= sizeof known - 1 &&
           g_ascii_strncasecmp(transport->protocol.text, known, sizeof known - 1) == 0;
}

/* Stock calls rtp and rtcp for the channels that it has read in a reply, whatever is in them. It is made to forget them, so that it
 * asks the heuristics instead; and again whenever the reply is dissected anew. */
static void forget_channels(packet_info *pinfo)
{
    static char mark;
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    if (!conversation)
        return;
    conversation_delete_proto_data(conversation, proto_rtsp);
    if (!conversation_get_proto_data(conversation, proto_d2dsec))
        conversation_add_proto_data(conversation, proto_d2dsec, &mark);
}

/* Whether stock would know the channels of this connection, had it not been made to forget them. After a new handshake between the same
 * ports it would know none. */
static bool has_forgotten(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    return conversation && conversation_get_proto_data(conversation, proto_d2dsec);
}

static void take_channels(packet_info *pinfo, rtsp_stream *stream, const rtsp_transport *transport, bool concerned)
{
    interleaved_stream *interleaved = (interleaved_stream *)stream->user;
    if (!interleaved)
        stream->user = interleaved = wmem_new0(wmem_file_scope(), interleaved_stream);
    interleaved->stocks = stock_knows_channels(transport);
    if (!concerned)
        return;
    if (stream->media && !pinfo->fd->visited)
        interleaved->media = stock_media_interleave(pinfo, stream->media, "RTSP");
    if (interleaved->stocks)
        forget_channels(pinfo);
}

static void take_over(packet_info *pinfo, rtsp_stream *stream, const rtsp_transport *transport)
{
    const bool concerned = d2dsrtp_is_enabled() && concerns_us(stream);
    if (concerned && !pinfo->fd->visited)
        media_streams_news(d2d_capture_get()->streams);
    if (stream->channels.first >= 0) {
        take_channels(pinfo, stream, transport, concerned);
    } else if (concerned) {
        take_over_end(pinfo, stream, RTSP_SERVER);
        take_over_end(pinfo, stream, RTSP_CLIENT);
    }
}

/* --- messages ------------------------------------------------------------------------------------------------------ */

/* The messages of one frame that have been looked at: one that was reassembled may end in octets of the frame that look like one of
 * their own. */
typedef struct {
    unsigned count;
    text_span texts[MAX_SEEN];
} seen_messages;

static bool was_seen(seen_messages *seen, text_span text)
{
    for (unsigned i = 0; i < seen->count; i++)
        if (seen->texts[i].len == text.len && memcmp(seen->texts[i].text, text.text, text.len) == 0)
            return true;
    if (seen->count < MAX_SEEN)
        seen->texts[seen->count++] = text;
    return false;
}

static const rtsp_exchange *learn_message(packet_info *pinfo, const rtsp_message *message, uint32_t position, text_span body)
{
    rtsp_arrival arrival = {.frame = pinfo->num, .position = position};
    if (!d2d_transport_address(&pinfo->net_src, pinfo->srcport, &arrival.source) ||
        !d2d_transport_address(&pinfo->net_dst, pinfo->destport, &arrival.destination))
        return NULL;
    const rtsp_exchange *exchange = rtsp_sessions_add(d2d_capture_get()->rtsp, &arrival, message, body);
    if (exchange->stream)
        take_over(pinfo, exchange->stream, &message->transports[0]);
    return exchange;
}

/* Where the message whose body begins at `body` ends. Without a length only a description goes on to the end of what there is. */
static size_t end_of(const rtsp_message *message, size_t body, size_t len)
{
    if (message->content_length == SIZE_MAX)
        return message->content_type.len ? len : body;
    return body + MIN(message->content_length, len - body);
}

/* Takes the message at `start` of a data source. Returns where the next one may begin. A body of which a part is missing will come
 * again, reassembled, unless it was dissected as it is. */
static size_t dissect_message(tvbuff_t *source, size_t start, packet_info *pinfo, proto_tree *tree, bool wrapped, bool learn,
                              seen_messages *seen)
{
    size_t len = tvb_captured_length(source);
    const char *text = (const char *)tvb_get_ptr(source, 0, (int)len);
    rtsp_message message;
    if (!rtsp_parse(text + start, len - start, &message))
        return start + message.header_len;
    size_t body = start + message.header_len, end = end_of(&message, body, len);
    bool complete = message.content_length == SIZE_MAX || message.content_length == end - body;
    if ((!complete && !wrapped) || was_seen(seen, text_span_of(text + start, end - start)))
        return end;
    const rtsp_exchange *exchange = NULL;
    if (learn)
        exchange = learn_message(pinfo, &message, keyed_place((uint32_t)start, text + start, end - start),
                                 text_span_of(text + body, end - body));
    if (message.key_mgmt_count && (!pinfo->fd->visited || d2d_wants_details(pinfo, tree, 0)))
        mikey_ticket_show_rtsp(tree, source, pinfo, &message, exchange);
    return end;
}

void rtsp_keys_dissect(packet_info *pinfo, proto_tree *tree, bool wrapped, bool learn)
{
    seen_messages seen = {.count = 0};
    /* What was reassembled stands last, and begins before what else the frame holds. */
    for (guint i = g_slist_length(pinfo->data_src); i-- > 0;) {
        tvbuff_t *source = get_data_source_tvb((const struct data_source *)g_slist_nth_data(pinfo->data_src, i));
        size_t start = 0, len = tvb_captured_length(source);
        while (len && rtsp_find_first((const char *)tvb_get_ptr(source, 0, (int)len), len, start, &start))
            start = dissect_message(source, start, pinfo, tree, wrapped, learn, &seen);
    }
}

/* --- interleaved media --------------------------------------------------------------------------------------------- */

/* The stream that the interleaved packet in `tvb` belongs to. Its channel stands before it, as in
 *   '$' | channel | length (2) | packet                                                        (RFC 2326 section 10.12) */
static const rtsp_stream *stream_of(tvbuff_t *tvb, const packet_info *pinfo, uint8_t *channel)
{
    transport_address source, destination;
    int at = tvb_raw_offset(tvb);
    if (at < 4 || !d2d_transport_address(&pinfo->net_src, pinfo->srcport, &source) ||
        !d2d_transport_address(&pinfo->net_dst, pinfo->destport, &destination))
        return NULL;
    *channel = tvb_get_uint8(tvb_get_ds_tvb(tvb), at - 3);
    return rtsp_sessions_stream_at(d2d_capture_get()->rtsp, &source, &destination, *channel);
}

/* For packets on channels that stock does not know. Those that it was made to forget go, where nothing is known of them, where they would
 * have gone. All streams of a connection have the same addresses, so one without keys is told by its channel alone. */
static ws_bool dissect_interleaved(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    static const interleaved_stream unknown;
    uint8_t channel = 0;
    const rtsp_stream *stream = stream_of(tvb, pinfo, &channel);
    const interleaved_stream *interleaved = stream ? (const interleaved_stream *)stream->user : &unknown;
    if (heuristic->enabled && (!stream || concerns_us(stream)) && d2dsrtp_dissect(tvb, pinfo, tree, interleaved->media) > 0)
        return TRUE;
    if (!stream || !interleaved->stocks || !has_forgotten(pinfo))
        return FALSE;
    call_dissector(channel == stream->channels.second ? rtcp_handle : rtp_handle, tvb, pinfo, tree);
    return TRUE;
}

void proto_reg_handoff_rtsp_keys(void)
{
    proto_rtsp = proto_get_id_by_filter_name("rtsp");
    proto_d2dsec = proto_get_id_by_filter_name("d2dsec");
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
    heuristic = heuristic_add_without_layer("rtsp", dissect_interleaved, "SRTP with known keys in RTSP", "d2dsrtp_rtsp");
}

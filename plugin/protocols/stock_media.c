#include "protocols/stock_media.h"

#include <epan/conversation.h>
#include <epan/exceptions.h>
#include <epan/proto_data.h>

struct stock_media {
    stock_media *rtcp;                  /* of an RTP address: its RTCP address, if that is another one */
    conversation_t *conversation;
    dissector_handle_t stock_dissector; /* what the conversation had before; NULL: nothing */
    address addr;
    uint16_t port;
    uint16_t peer_port;                 /* the conversation is for packets from this port alone; 0: from any */
    bool secure_profile;
    const char *method;                 /* how the conversation came to be, for display */
    uint32_t media_types;
    rtp_dyn_payload_t *payloads;        /* NULL: the SDP maps no payload type */
    struct srtp_info srtp, srtcp;       /* what stock reads to find MKI and tag of a protected packet */
    bool says_plain;                    /* the conversation has been made to say that RTP arrives; RTCP is told anew for
                                           each packet */
};

static int proto_media = -1;
static int proto_rtp = -1;
static int proto_rtcp = -1;
static dissector_handle_t media_handle;
static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;
static unsigned epoch = 1;

static conversation_t *find_receiver(uint32_t frame, const address *addr, uint32_t port)
{
    address none;
    clear_address(&none);
    return find_conversation(frame, addr, &none, CONVERSATION_UDP, port, 0, NO_ADDR_B | NO_PORT_B);
}

/* The conversation that stock's RTSP dissector makes: for packets from one port of whatever host. */
static conversation_t *find_receiver_from(uint32_t frame, const address *addr, uint32_t port, uint32_t peer_port)
{
    address none;
    clear_address(&none);
    return find_conversation(frame, addr, &none, CONVERSATION_UDP, port, peer_port, NO_ADDR_B);
}

/* --- taking over --------------------------------------------------------------------------------------------------- */

static rtp_dyn_payload_t *payloads_of(const sdp_media *media)
{
    if (!media->rtpmap_count)
        return NULL;
    rtp_dyn_payload_t *payloads = rtp_dyn_payload_new();
    for (unsigned i = 0; i < media->rtpmap_count; i++) {
        const sdp_rtpmap *map = &media->rtpmaps[i];
        char *encoding = g_strndup(map->encoding.text, map->encoding.len);
        ws_rtp_dyn_payload_insert(payloads, map->payload_type, encoding, (int)map->clock_rate, map->channels);
        g_free(encoding);
    }
    return payloads;
}

static uint32_t media_types_of(text_span name)
{
    static const struct {
        const char *name;
        uint32_t type;
    } types[] = {{"audio", RTP_MEDIA_AUDIO}, {"video", RTP_MEDIA_VIDEO}};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (name.len == strlen(types[i].name) && g_ascii_strncasecmp(name.text, types[i].name, name.len) == 0)
            return types[i].type;
    return RTP_MEDIA_OTHER;
}

/* MKI and tag as the leg's latest key has them: good enough to show where a packet that nobody can open ends. */
static void describe_trailers(stock_media *media, const media_leg *leg)
{
    const struct srtp_info unknown = {
        .encryption_algorithm = SRTP_ENC_ALG_AES_CM, .auth_algorithm = SRTP_AUTH_ALG_HMAC_SHA1};
    media->srtp = media->srtcp = unknown;
    if (!leg->keys->len)
        return;
    const session_key *key = (const session_key *)leg->keys->pdata[leg->keys->len - 1];
    const srtp_master_key *master = srtp_context_key(key->context);
    media->srtp.mki_len = media->srtcp.mki_len = master->mki_len;
    media->srtp.auth_tag_len = master->transform.srtp_tag_len;
    media->srtcp.auth_tag_len = master->transform.srtcp_tag_len;
}

/* Makes the conversation's rtp data say plain or protected. Only a first pass can: what the rtp dissector saw then it keeps with
 * each packet. */
static void say(packet_info *pinfo, stock_media *media, bool plain)
{
    uint32_t setup = media->conversation ? media->conversation->setup_frame : pinfo->num;
    srtp_add_address(pinfo, PT_UDP, &media->addr, media->port, media->peer_port, media->method, setup, media->media_types,
                     media->payloads, plain ? NULL : &media->srtp, NULL);
    if (!media->conversation)
        media->conversation = find_receiver(pinfo->num, &media->addr, media->port);
    if (media->conversation)
        conversation_set_dissector(media->conversation, media_handle);
}

static stock_media *new_media(uint32_t frame, const address *addr, uint16_t port, const char *method)
{
    stock_media *media = wmem_new0(wmem_file_scope(), stock_media);
    copy_address_wmem(wmem_file_scope(), &media->addr, addr);
    media->port = port;
    media->method = method;
    media->conversation = find_receiver(frame, addr, port);
    return media;
}

static void attach(stock_media *media)
{
    conversation_delete_proto_data(media->conversation, proto_media);
    conversation_add_proto_data(media->conversation, proto_media, media);
    conversation_set_dissector(media->conversation, media_handle);
    epoch++;
}

static void share_data(conversation_t *from, conversation_t *to)
{
    const int protocols[] = {proto_rtp, proto_rtcp};
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        void *data = conversation_get_proto_data(from, protocols[i]);
        if (data && !conversation_get_proto_data(to, protocols[i]))
            conversation_add_proto_data(to, protocols[i], data);
    }
}

static conversation_t *new_early_conversation(const stock_media *media)
{
    address none;
    clear_address(&none);
    return conversation_new(1, &media->addr, &none, CONVERSATION_UDP, media->port, 0, NO_ADDR2 | NO_PORT2);
}

/* Media may stand in the capture before the signalling that gives its key. A second pass opens it, and stock must then know its
 * payload types too; but a conversation is only found from its first frame on. So the conversations before the signalled one
 * are taken as well, and one from frame 1 is made, unless an earlier call has used the address. */
static void share_backwards(stock_media *media)
{
    enum { MAX_EARLIER = 16 };
    uint32_t frame = media->conversation->setup_frame;
    for (unsigned i = 0; i < MAX_EARLIER && frame > 1; i++) {
        conversation_t *early = find_receiver(frame - 1, &media->addr, media->port);
        if (early && conversation_get_dissector(early, frame - 1))
            return;
        if (!early)
            early = new_early_conversation(media);
        share_data(media->conversation, early);
        if (!conversation_get_proto_data(early, proto_media))
            conversation_add_proto_data(early, proto_media, media);
        conversation_set_dissector(early, media_handle);
        frame = early->setup_frame;
    }
}

static stock_media *take_address(packet_info *pinfo, const media_leg *leg, const sdp_media *sdp, const stock_setup *setup,
                                 bool is_rtcp)
{
    const transport_address *at = is_rtcp ? &sdp->rtcp : &sdp->rtp;
    const uint16_t peer_port = is_rtcp ? setup->rtcp_peer : setup->rtp_peer;
    if (!at->ip_len || !at->port)
        return NULL;
    address addr;
    set_address(&addr, at->ip_len == 4 ? AT_IPv4 : AT_IPv6, at->ip_len, at->ip);
    stock_media *media = new_media(pinfo->num, &addr, at->port, setup->method);
    if (!media->conversation && peer_port) {
        media->conversation = find_receiver_from(pinfo->num, &addr, at->port, peer_port);
        media->peer_port = media->conversation ? peer_port : 0;
    }
    if (!is_rtcp)
        media->payloads = payloads_of(sdp);
    media->media_types = media_types_of(sdp->media);
    media->secure_profile = sdp->secure_profile;
    describe_trailers(media, leg);
    if (media->conversation) {
        const stock_media *before =
            (const stock_media *)conversation_get_proto_data(media->conversation, proto_media);
        dissector_handle_t had = conversation_get_dissector(media->conversation, pinfo->num);
        media->stock_dissector = had == media_handle && before ? before->stock_dissector : had;
        media->says_plain = before && before->says_plain;
    }
    if (setup->keyed && !is_rtcp)
        media->says_plain = true;
    if (media->says_plain)
        say(pinfo, media, true);
    if (!media->conversation && is_rtcp) {
        srtcp_add_address(pinfo, &addr, at->port, 0, media->method, pinfo->num, &media->srtcp);
        media->conversation = find_receiver(pinfo->num, &addr, at->port);
    }
    if (!media->conversation)
        return NULL;
    attach(media);
    if (setup->keyed)
        share_backwards(media);
    return media;
}

/* Stock applies the offer a second time with its answer, and makes its dissector that of the offerer's addresses again. */
static void take_again(packet_info *pinfo, stock_media *media)
{
    if (!media)
        return;
    if (media->says_plain)
        say(pinfo, media, true);
    conversation_set_dissector(media->conversation, media_handle);
}

/* Between two addresses that have exchanged packets before either was signalled there is an exact conversation, and stock's
 * guess at RTCP may have made its own dissector that one's. */
static void take_between(packet_info *pinfo, const stock_media *a, const stock_media *b)
{
    if (!a || !b)
        return;
    conversation_t *exact =
        find_conversation(pinfo->num, &a->addr, &b->addr, CONVERSATION_UDP, a->port, b->port, 0);
    if (exact && exact != a->conversation && exact != b->conversation)
        conversation_set_dissector(exact, media_handle);
}

void stock_media_take_over(packet_info *pinfo, media_leg *leg, const sdp_media *media, const stock_setup *setup)
{
    if (pinfo->fd->visited)
        return;
    stock_media *rtcp = NULL;
    if (!transport_address_equal(&media->rtp, &media->rtcp))
        rtcp = take_address(pinfo, leg, media, setup, true);
    stock_media *rtp = take_address(pinfo, leg, media, setup, false);
    if (!rtp)
        return;
    rtp->rtcp = rtcp;
    leg->user = rtp;
    for (guint i = 0; i < leg->peers->len; i++) {
        stock_media *peer = (stock_media *)((const media_leg *)leg->peers->pdata[i])->user;
        if (!peer)
            continue;
        take_again(pinfo, peer);
        take_again(pinfo, peer->rtcp);
        take_between(pinfo, rtp, peer);
        take_between(pinfo, rtp->rtcp, peer->rtcp);
    }
}

unsigned stock_media_epoch(void)
{
    return epoch;
}

/* --- finding what was taken over ----------------------------------------------------------------------------------- */

static stock_media *make_for_receiver(packet_info *pinfo, const media_opening *opening)
{
    const stock_media *signalled = opening->leg ? (const stock_media *)opening->leg->user : NULL;
    stock_media *media = new_media(pinfo->num, &pinfo->net_dst, (uint16_t)pinfo->destport,
                                   opening->key->frame ? "SDP" : "key log");
    media->payloads = signalled ? signalled->payloads : NULL;
    media->media_types = signalled ? signalled->media_types : 0;
    media->srtp = media->srtcp = (struct srtp_info){.encryption_algorithm = SRTP_ENC_ALG_AES_CM,
                                                    .auth_algorithm = SRTP_AUTH_ALG_HMAC_SHA1,
                                                    .mki_len = opening->mki_len,
                                                    .auth_tag_len = opening->tag_len};
    if (media->conversation)
        media->stock_dissector = conversation_get_dissector(media->conversation, pinfo->num);
    say(pinfo, media, true);
    if (!media->conversation)
        return NULL;
    media->says_plain = true;
    attach(media);
    return media;
}

static stock_media *taken_at(conversation_t *conversation)
{
    return conversation ? (stock_media *)conversation_get_proto_data(conversation, proto_media) : NULL;
}

stock_media *stock_media_of(packet_info *pinfo, const media_opening *opening)
{
    stock_media *media = taken_at(find_receiver(pinfo->num, &pinfo->net_dst, pinfo->destport));
    if (!media)
        media = taken_at(find_receiver_from(pinfo->num, &pinfo->net_dst, pinfo->destport, pinfo->srcport));
    if (pinfo->fd->visited)
        return media;
    if (!media && opening)
        media = make_for_receiver(pinfo, opening);
    if (media && opening && !media->says_plain) {
        say(pinfo, media, true);
        media->says_plain = true;
    }
    if (media) {
        /* The rtp dissector looks in the exact conversation first, where UDP made one before signalling did. */
        conversation_t *exact = find_conversation(pinfo->num, &pinfo->net_dst, &pinfo->net_src, CONVERSATION_UDP,
                                                  pinfo->destport, pinfo->srcport, NO_ADDR_B);
        if (exact && exact != media->conversation)
            share_data(media->conversation, exact);
    }
    return media;
}

stock_media *stock_media_of_sender(const packet_info *pinfo)
{
    stock_media *media = taken_at(find_receiver(pinfo->num, &pinfo->net_src, pinfo->srcport));
    return media && media->stock_dissector ? media : NULL;
}

/* --- handing over -------------------------------------------------------------------------------------------------- */

/* A packet that this plugin has nothing to say of goes where it would have gone without it; then the answer is true. Once the
 * conversation has been made to say something else, *belief becomes what stock would have believed. */
static bool leave_as_found(const stock_media *media, stock_belief *belief, tvbuff_t *tvb, packet_info *pinfo,
                           proto_tree *tree, int *dissected)
{
    *dissected = 0;
    if (*belief != STOCK_AS_FOUND)
        return false;
    if (!media)
        return true;
    if (media->says_plain) {
        *belief = media->secure_profile ? STOCK_PROTECTED : STOCK_PLAIN;
        return false;
    }
    if (media->stock_dissector)
        *dissected = call_dissector_only(media->stock_dissector, tvb, pinfo, tree, NULL);
    return true;
}

int stock_media_call_rtp(stock_media *media, stock_belief belief, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    int as_found;
    if (leave_as_found(media, &belief, tvb, pinfo, tree, &as_found))
        return as_found;
    if (pinfo->fd->visited) {
        /* The packet's first visit may have found no key where there is one now. */
        ws_rtp_packet_info *kept = (ws_rtp_packet_info *)p_get_proto_data(wmem_file_scope(), pinfo, proto_rtp,
                                                                          WS_RTP_PACKET_INFO_KEY);
        if (belief == STOCK_PROTECTED && (!kept || !media))
            return 0;
        if (kept)
            kept->srtp_info = belief == STOCK_PROTECTED ? &media->srtp : NULL;
        return call_dissector_only(rtp_handle, tvb, pinfo, tree, NULL);
    }
    if (belief == STOCK_PLAIN)
        return call_dissector_only(rtp_handle, tvb, pinfo, tree, NULL);
    if (!media)
        return 0;
    volatile int dissected = 0;
    say(pinfo, media, false);
    TRY {
        dissected = call_dissector_only(rtp_handle, tvb, pinfo, tree, NULL);
    }
    FINALLY {
        if (media->says_plain)
            say(pinfo, media, true);
    }
    ENDTRY;
    return dissected;
}

int stock_media_call_rtcp(stock_media *media, stock_belief belief, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    int as_found;
    if (leave_as_found(media, &belief, tvb, pinfo, tree, &as_found))
        return as_found;
    /* As the rtcp dissector looks for it. It reads the conversation anew for each packet, so this one's truth is lent to it. */
    conversation_t *conversation = find_conversation(pinfo->num, &pinfo->net_src, &pinfo->net_dst, CONVERSATION_UDP,
                                                     pinfo->srcport, pinfo->destport, NO_ADDR_B);
    struct _rtcp_conversation_info *info =
        conversation ? (struct _rtcp_conversation_info *)conversation_get_proto_data(conversation, proto_rtcp) : NULL;
    if (!info)
        return belief == STOCK_PLAIN ? call_dissector_only(rtcp_handle, tvb, pinfo, tree, NULL) : 0;
    if (belief == STOCK_PROTECTED && !media)
        return 0;
    struct srtp_info *const before = info->srtcp_info;
    volatile int dissected = 0;
    info->srtcp_info = belief == STOCK_PROTECTED ? &media->srtcp : NULL;
    TRY {
        dissected = call_dissector_only(rtcp_handle, tvb, pinfo, tree, NULL);
    }
    FINALLY {
        info->srtcp_info = before;
    }
    ENDTRY;
    return dissected;
}

/* --- interleaved ---------------------------------------------------------------------------------------------------- */

/* Stock makes its rtp data for a conversation alone, and keeps one packet's of a frame. All streams of a connection have the same
 * conversation, and a frame may hold packets of any: so each stream's data come from a conversation under an address that no packet
 * has, and are lent to the connection's around each of its packets. */
stock_media *stock_media_interleave(packet_info *pinfo, const sdp_media *sdp, const char *method)
{
    if (!sdp->rtpmap_count)
        return NULL;
    stock_media *media = wmem_new0(wmem_file_scope(), stock_media);
    const char *name = wmem_strdup_printf(wmem_file_scope(), "interleaved %p", (void *)media);
    set_address(&media->addr, AT_STRINGZ, (int)strlen(name) + 1, name);
    media->port = 1;
    media->method = method;
    media->media_types = media_types_of(sdp->media);
    media->payloads = payloads_of(sdp);
    say(pinfo, media, true);
    return media;
}

/* Where the rtp dissector looks for its data. */
static conversation_t *conversation_of_rtp(const packet_info *pinfo)
{
    address none;
    clear_address(&none);
    conversation_t *found = find_conversation(pinfo->num, &pinfo->net_dst, &pinfo->net_src, CONVERSATION_TCP, pinfo->destport,
                                              pinfo->srcport, NO_ADDR_B);
    if (found)
        return found;
    return conversation_new(pinfo->num, &pinfo->net_dst, &none, CONVERSATION_TCP, pinfo->destport, pinfo->srcport, NO_ADDR2);
}

static int call_with_lent_data(const stock_media *media, conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                               proto_tree *tree)
{
    volatile int dissected = 0;
    void *const before = conversation_get_proto_data(conversation, proto_rtp);
    if (before)
        conversation_delete_proto_data(conversation, proto_rtp);
    conversation_add_proto_data(conversation, proto_rtp, conversation_get_proto_data(media->conversation, proto_rtp));
    TRY {
        dissected = call_dissector_only(rtp_handle, tvb, pinfo, tree, NULL);
    }
    FINALLY {
        conversation_delete_proto_data(conversation, proto_rtp);
        if (before)
            conversation_add_proto_data(conversation, proto_rtp, before);
    }
    ENDTRY;
    return dissected;
}

int stock_media_call_interleaved(stock_media *media, uint32_t place, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    void *kept = p_get_proto_data(wmem_file_scope(), pinfo, proto_media, place);
    if (kept)
        p_set_proto_data(wmem_file_scope(), pinfo, proto_rtp, WS_RTP_PACKET_INFO_KEY, kept);
    if (kept || pinfo->fd->visited || !media->conversation)
        return call_dissector_only(rtp_handle, tvb, pinfo, tree, NULL);
    p_remove_proto_data(wmem_file_scope(), pinfo, proto_rtp, WS_RTP_PACKET_INFO_KEY);
    int dissected = call_with_lent_data(media, conversation_of_rtp(pinfo), tvb, pinfo, tree);
    kept = p_get_proto_data(wmem_file_scope(), pinfo, proto_rtp, WS_RTP_PACKET_INFO_KEY);
    if (kept)
        p_add_proto_data(wmem_file_scope(), pinfo, proto_media, place, kept);
    return dissected;
}

void stock_media_handoff(int proto, dissector_handle_t media_dissector)
{
    proto_media = proto;
    media_handle = media_dissector;
    proto_rtp = proto_get_id_by_filter_name("rtp");
    proto_rtcp = proto_get_id_by_filter_name("rtcp");
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
}

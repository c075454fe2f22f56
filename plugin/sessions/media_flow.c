#include "sessions/media_flow.h"

#include "ciphers/rtp_packet.h"

#include <string.h>

/* Keys looked at for one flow, those met again included: legs may share their keys. */
#define MAX_LOOKS 4096

static guint leg_count(const GPtrArray *legs)
{
    return legs ? MIN(legs->len, OFFER_ANSWER_MAX_LEGS) : 0;
}

/* Number i of the newest legs, the newest first. */
static media_leg *leg_at(const GPtrArray *legs, guint i)
{
    return legs->pdata[legs->len - 1 - i];
}

media_flow *media_flow_new(const flow_name *name)
{
    media_flow *flow = g_new0(media_flow, 1);
    flow->name = *name;
    flow->candidates = g_ptr_array_new();
    return flow;
}

void media_flow_free(media_flow *flow)
{
    g_ptr_array_free(flow->candidates, TRUE);
    g_free(flow);
}

static void add_key(media_flow *flow, session_key *key, guint max)
{
    if (flow->candidates->len < max && !g_ptr_array_find(flow->candidates, key, NULL))
        g_ptr_array_add(flow->candidates, key);
}

/* Newest first: a rekeyed call uses its latest key, and a port that several calls have used is the latest call's. */
static void add_keys(media_flow *flow, const GPtrArray *keys, guint max)
{
    for (guint i = keys ? keys->len : 0; i-- > 0 && flow->candidates->len < max && flow->looks < MAX_LOOKS; flow->looks++)
        add_key(flow, keys->pdata[i], max);
}

static GHashTable *set_of(const GPtrArray *legs)
{
    GHashTable *set = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < leg_count(legs); i++)
        g_hash_table_add(set, leg_at(legs, i));
    return set;
}

static bool is_peer(const media_leg *leg, GHashTable *others)
{
    for (guint i = 0; i < leg->peers->len; i++)
        if (g_hash_table_contains(others, leg->peers->pdata[i]))
            return true;
    return false;
}

static void note_leg(media_flow *flow, const media_leg *leg)
{
    flow->signalled |= leg->signalled_protection && !leg->declined;
    flow->unsupported_suite |= leg->unsupported_suite;
    flow->secure_profile |= leg->secure_profile;
}

static void add_sender_keys(media_flow *flow, const GPtrArray *at_source, const GPtrArray *at_destination, guint max)
{
    /* A sender whose peer receives at the destination comes before one that merely shares the address. */
    GHashTable *receivers = set_of(at_destination);
    for (int paired = 1; paired >= 0; paired--) {
        for (guint i = 0; i < leg_count(at_source) && flow->candidates->len < max; i++) {
            const media_leg *leg = leg_at(at_source, i);
            if (is_peer(leg, receivers) == (paired == 1))
                add_keys(flow, leg->keys, max);
        }
    }
    g_hash_table_destroy(receivers);
}

static void add_peer_keys(media_flow *flow, const GPtrArray *at_destination, guint max)
{
    for (guint i = 0; i < leg_count(at_destination) && flow->candidates->len < max; i++) {
        const media_leg *leg = leg_at(at_destination, i);
        for (guint p = leg->peers->len; p-- > 0;)
            add_keys(flow, ((const media_leg *)leg->peers->pdata[p])->keys, max);
    }
}

static void add_call_keys(media_flow *flow, const GPtrArray *legs, const session_keys *keys, guint max)
{
    for (guint i = 0; i < leg_count(legs) && flow->candidates->len < max; i++)
        add_keys(flow, session_keys_for_call(keys, media_leg_call_id(leg_at(legs, i))), max);
}

/* An offer that every answer declined leaves the media of both sides in the clear, whatever keys it held. */
static bool all_declined(const media_leg *leg)
{
    bool any = leg->declined;
    for (guint i = 0; i < leg->peers->len; i++) {
        const media_leg *peer = leg->peers->pdata[i];
        if (!peer->declined && peer->signalled_protection)
            return false;
        any |= peer->declined;
    }
    return any;
}

static void note_legs(media_flow *flow, const GPtrArray *legs)
{
    for (guint i = 0; i < leg_count(legs); i++)
        if (!all_declined(leg_at(legs, i)))
            note_leg(flow, leg_at(legs, i));
}

void media_flow_refresh(media_flow *flow, uint32_t generation, const session_keys *keys, const offer_answer *signalling,
                        guint max_candidates)
{
    if (flow->generation == generation)
        return;
    flow->generation = generation;
    flow->looks = 0;
    const GPtrArray *at_source = offer_answer_legs_at(signalling, &flow->name.source);
    const GPtrArray *at_destination = offer_answer_legs_at(signalling, &flow->name.destination);
    g_ptr_array_set_size(flow->candidates, 0);
    flow->signalled = flow->unsupported_suite = flow->secure_profile = false;
    flow->sender = leg_count(at_source) ? leg_at(at_source, 0) : NULL;
    flow->receiver = leg_count(at_destination) ? leg_at(at_destination, 0) : NULL;
    note_legs(flow, at_source);
    note_legs(flow, at_destination);

    add_sender_keys(flow, at_source, at_destination, max_candidates);
    add_peer_keys(flow, at_destination, max_candidates);
    add_keys(flow, session_keys_for_source(keys, &flow->name.source), max_candidates);
    add_keys(flow, session_keys_for_destination(keys, &flow->name.destination), max_candidates);
    add_call_keys(flow, at_source, keys, max_candidates);
    add_call_keys(flow, at_destination, keys, max_candidates);
    flow->likely = flow->candidates->len;
    /* An echo sends back what it received, under the receiver's own key. */
    for (guint i = 0; i < leg_count(at_destination); i++)
        add_keys(flow, leg_at(at_destination, i)->keys, max_candidates);
}

/* --- MKIs ---------------------------------------------------------------------------------------------------------- */

/* Octets from the MKI to the end of the packet, as signalled:   SRTP, SRTCP  ... | MKI | tag     with AEAD  ... | MKI */
static size_t len_from_mki(const srtp_master_key *key, bool is_rtcp)
{
    const srtp_transform *t = &key->transform;
    size_t tag_len = is_rtcp ? t->srtcp_tag_len : key->unauthenticated_srtp ? 0 : t->srtp_tag_len;
    return key->mki_len + (t->auth == SRTP_AUTH_AEAD ? 0 : tag_len);
}

/* Octets before the MKI at least: RTP's header has as many as RTCP's and the SRTCP index (4) have together. */
static size_t len_before_mki(const srtp_master_key *key, bool is_rtcp)
{
    G_STATIC_ASSERT(RTP_FIXED_HEADER_LEN == RTCP_HEADER_LEN + 4);
    const srtp_transform *t = &key->transform;
    size_t aead_tag_len = t->auth != SRTP_AUTH_AEAD ? 0 : is_rtcp ? t->srtcp_tag_len : t->srtp_tag_len;
    return RTP_FIXED_HEADER_LEN + aead_tag_len;
}

media_mki media_flow_judge_mki(const media_flow *flow, bool is_rtcp, const uint8_t *data, size_t len)
{
    media_mki finding = flow->likely ? MEDIA_MKI_WITHOUT_ROOM : MEDIA_MKI_UNTOLD;
    for (guint i = 0; i < flow->likely; i++) {
        const srtp_master_key *key = srtp_context_key(((const session_key *)flow->candidates->pdata[i])->context);
        const size_t from_mki = len_from_mki(key, is_rtcp);
        if (!key->mki_len)
            return MEDIA_MKI_UNTOLD;
        if (len < len_before_mki(key, is_rtcp) + from_mki)
            continue;
        finding = MEDIA_MKI_UNKNOWN;
        if (memcmp(data + len - from_mki, key->mki, key->mki_len) == 0)
            return MEDIA_MKI_UNTOLD;
    }
    return finding;
}

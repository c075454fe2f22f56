#include "sessions/media_streams_parts.h"

#include "ciphers/header_extension.h"
#include "keys/keyed_hash.h"

#include <string.h>

/* --- names --------------------------------------------------------------------------------------------------------- */

static guint stream_hash(gconstpointer data)
{
    const stream_name *name = data;
    return transport_address_hash(&name->source) * 31 + transport_address_hash(&name->destination) +
           name->ssrc * 2654435761u + name->is_rtcp;
}

static gboolean stream_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(stream_name)) == 0;
}

static guint flow_hash(gconstpointer data)
{
    const flow_name *name = data;
    return transport_address_hash(&name->source) * 31 + transport_address_hash(&name->destination);
}

static gboolean flow_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(flow_name)) == 0;
}

static guint track_hash(gconstpointer name)
{
    return keyed_hash(name, sizeof(track_name));
}

static gboolean track_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(track_name)) == 0;
}

static void free_track(gpointer data)
{
    media_track *track = data;
    seen_set_clear(&track->seen);
    index_course_clear(&track->course);
    g_free(track);
}

static void free_flow(gpointer data)
{
    media_flow_free(data);
}

media_streams *media_streams_new(session_keys *keys, offer_answer *signalling, bool padding_takes_keystream)
{
    media_streams *streams = g_new0(media_streams, 1);
    streams->keys = keys;
    streams->signalling = signalling;
    streams->padding_takes_keystream = padding_takes_keystream;
    streams->flows = g_hash_table_new_full(flow_hash, flow_equal, NULL, free_flow);
    streams->streams = g_hash_table_new_full(stream_hash, stream_equal, NULL, g_free);
    streams->tracks = g_ptr_array_new_with_free_func(free_track);
    streams->by_name = g_hash_table_new(track_hash, track_equal);
    streams->records = frame_records_new();
    streams->generation = 1;
    streams->credit = MEDIA_CREDIT_INITIAL;
    return streams;
}

void media_streams_free(media_streams *streams)
{
    if (!streams)
        return;
    g_hash_table_destroy(streams->by_name);
    g_ptr_array_free(streams->tracks, TRUE);
    g_hash_table_destroy(streams->streams);
    g_hash_table_destroy(streams->flows);
    frame_records_free(streams->records);
    g_free(streams);
}

void media_streams_news(media_streams *streams)
{
    streams->generation++;
}

void media_streams_each_use(const media_streams *streams, media_use_cb on_use, void *user)
{
    for (guint i = 0; i < streams->tracks->len; i++) {
        const media_track *track = streams->tracks->pdata[i];
        const stream_name *name = &track->name.stream->name;
        const media_use use = {
            .key = track->name.key,
            .is_rtcp = name->is_rtcp,
            .ssrc = name->ssrc,
            .roc = track->first_roc,
            .encrypted_extensions = name->is_rtcp ? NULL : media_encrypted_extensions(track->name.stream->flow->sender, track->name.key)};
        on_use(&use, user);
    }
}

bool media_streams_any_hope(const media_streams *streams)
{
    return streams->generation > 1;
}

static media_flow *flow_of(media_streams *streams, const media_packet *packet)
{
    flow_name name = {packet->source, packet->destination};
    media_flow *flow = g_hash_table_lookup(streams->flows, &name);
    if (!flow) {
        flow = media_flow_new(&name);
        g_hash_table_insert(streams->flows, &flow->name, flow);
    }
    media_flow_refresh(flow, streams->generation, streams->keys, streams->signalling, MEDIA_MAX_CANDIDATES);
    return flow;
}

static stream_name name_of(const media_packet *packet, uint32_t ssrc)
{
    return (stream_name){packet->source, packet->destination, ssrc, packet->is_rtcp};
}

static media_stream *find_stream(media_streams *streams, const media_packet *packet, uint32_t ssrc)
{
    stream_name name = name_of(packet, ssrc);
    media_stream **recent = &streams->recent[(ssrc ^ packet->destination.port ^ packet->is_rtcp) % RECENT_STREAMS];
    if (*recent && stream_equal(&(*recent)->name, &name))
        return *recent;
    media_stream *stream = g_hash_table_lookup(streams->streams, &name);
    if (stream)
        *recent = stream;
    return stream;
}

static media_stream *add_stream(media_streams *streams, const media_stream *fresh)
{
    media_stream *stream = g_new(media_stream, 1);
    *stream = *fresh;
    stream->number = g_hash_table_size(streams->streams);
    g_hash_table_insert(streams->streams, &stream->name, stream);
    return stream;
}

/* --- what a packet proved ------------------------------------------------------------------------------------------- */

static media_track *add_track(media_streams *streams, const track_name *name, const media_proof *found)
{
    media_track *track = g_new0(media_track, 1);
    track->name = *name;
    track->link.data = track;
    track->first_roc = found->roc;
    track->notes = found->notes & (READING_NOTES | MEDIA_NOTE_KEY_BY_TRIAL);
    if (session_key_is_of_others(found->key, name->stream->name.ssrc))
        track->notes |= MEDIA_NOTE_SSRC_NOT_MAPPED;
    g_ptr_array_add(streams->tracks, track);
    track->number = streams->tracks->len;
    g_hash_table_insert(streams->by_name, &track->name, track);
    found->key->claims++;
    return track;
}

static media_track *track_for(media_streams *streams, media_stream *stream, const media_proof *found)
{
    const track_name name = {stream, found->key, found->notes & READING_NOTES};
    media_track *track = media_first_track(stream);
    if (track && track_equal(&track->name, &name))
        return track;
    track = g_hash_table_lookup(streams->by_name, &name);
    if (track)
        g_queue_unlink(&stream->tracks, &track->link);
    else
        track = add_track(streams, &name, found);
    g_queue_push_head_link(&stream->tracks, &track->link);
    return track;
}

/* Four octets that stand for the packet: the end of its tag, or of its payload where it has none. */
static uint32_t digest_of(const media_examination *e, const session_key *key)
{
    const media_packet *packet = e->packet;
    uint32_t digest = 0;
    size_t after = 0; /* octets behind the tag */
    if (srtp_context_key(key->context)->transform.auth == SRTP_AUTH_AEAD)
        after = e->reading.mki_len + (packet->is_rtcp ? 4u : 0u);
    if (packet->len >= after + sizeof digest)
        memcpy(&digest, packet->data + packet->len - after - sizeof digest, sizeof digest);
    return digest;
}

static media_verdict verdict_of(const media_examination *e, const srtp_master_key *key)
{
    bool clear = key->transform.cipher == SRTP_CIPHER_NULL || (e->packet->is_rtcp ? !e->e_bit : e->reading.clear);
    if (e->reading.tag_len == 0)
        return MEDIA_NOT_AUTHENTICATED;
    return clear ? MEDIA_AUTHENTICATED_ONLY : MEDIA_DECRYPTED;
}

/* Whether the E bit contradicts what SDES or MIKEY said of encryption. Without a cipher it says nothing. */
static bool has_other_e_bit(const media_examination *e, const session_key *key)
{
    const srtp_master_key *master = srtp_context_key(key->context);
    return e->packet->is_rtcp && key->is_signalled && master->transform.cipher != SRTP_CIPHER_NULL &&
           e->reading.tag_len && e->e_bit == master->unencrypted_srtcp;
}

/* The leg that says best what the payload types mean: the receiver's, whose SDP they are. */
static const media_leg *leg_for(const media_flow *flow, const session_key *key)
{
    if (flow->receiver)
        return flow->receiver;
    if (key->leg && key->leg->peers->len)
        return key->leg->peers->pdata[key->leg->peers->len - 1];
    return key->leg ? key->leg : flow->sender;
}

static void describe(const media_examination *e, const media_track *track, uint32_t counter, unsigned notes,
                     media_opening *opening)
{
    const media_flow *flow = track->name.stream->flow;
    opening->notes = notes;
    opening->ssrc = track->name.stream->name.ssrc;
    opening->roc = e->packet->is_rtcp ? 0 : counter;
    opening->index = e->packet->is_rtcp ? counter : packet_index_make(counter, e->rtp.seq);
    opening->e_bit = e->e_bit;
    opening->key = track->name.key;
    opening->leg = leg_for(flow, track->name.key);
    opening->stream = track->name.stream->number;
    opening->mki_len = e->reading.mki_len;
    opening->tag_len = e->reading.tag_len;
    opening->plain_len = e->plain_len;
}

static bool has_ambiguous_extension(const media_examination *e)
{
    const rtp_packet *rtp = &e->rtp;
    return !e->packet->is_rtcp && e->reading.encrypted_extensions && !e->reading.clear && rtp->ext_len &&
           header_extension_is_ambiguous(rtp->ext_profile, rtp->data + rtp->ext_offset, rtp->ext_len,
                                         e->reading.encrypted_extensions);
}

static void accept(media_examination *e, media_stream *stream, const media_proof *found, frame_record *record,
                   media_opening *opening)
{
    media_streams *streams = e->streams;
    media_track *track = track_for(streams, stream, found);
    const media_packet *packet = e->packet;
    uint32_t counter = packet->is_rtcp ? e->srtcp_index : found->roc;
    uint64_t index = packet->is_rtcp ? counter : packet_index_make(counter, e->rtp.seq);
    unsigned notes = track->notes | found->notes;
    media_verdict verdict = verdict_of(e, srtp_context_key(track->name.key->context));

    if (has_ambiguous_extension(e))
        notes |= MEDIA_NOTE_EXTENSION_PADDING;
    if (has_other_e_bit(e, track->name.key))
        notes |= MEDIA_NOTE_E_BIT;
    stream->failures = 0;
    stream->roc_cursor = 0;
    if (!packet->is_rtcp)
        index_course_note(&track->course, packet->frame, index);
    switch (seen_set_add(&track->seen, index, digest_of(e, track->name.key))) {
    case SEEN_NEW:
        break;
    case SEEN_SAME:
        if (verdict == MEDIA_NOT_AUTHENTICATED)
            notes |= MEDIA_NOTE_LIKE_BEFORE;
        else
            verdict = MEDIA_REPLAYED;
        break;
    case SEEN_DIFFERENT:
        notes |= MEDIA_NOTE_INDEX_REPEATED;
        break;
    }
    record->track = track->number;
    record->counter = counter;
    record->verdict = (uint16_t)verdict;
    record->notes = notes;
    opening->verdict = verdict;
    describe(e, track, counter, notes, opening);
}

/* --- one packet ----------------------------------------------------------------------------------------------------- */

/* Fills `e` and *ssrc. False: not RTP or RTCP at all. */
static bool examine(media_examination *e, media_streams *streams, const media_packet *packet, uint8_t *out, uint32_t *ssrc)
{
    *e = (media_examination){.streams = streams, .packet = packet, .out = out, .result = SRTP_OPEN_TAG_MISMATCH}; /* where no key is tried */
    if (!packet->is_rtcp) {
        if (!rtp_packet_parse(&e->rtp, packet->data, packet->len))
            return false;
        *ssrc = e->rtp.ssrc;
        return true;
    }
    if (packet->len < RTCP_HEADER_LEN || packet->data[0] >> 6 != 2)
        return false;
    const uint8_t *s = packet->data + 4;
    *ssrc = (uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 8 | s[3];
    return true;
}

/* Whether signalling or a selector says that this stream is protected, so that a failure is worth telling. */
static bool is_concerned(const media_examination *e, const media_stream *stream)
{
    const media_flow *flow = stream->flow;
    const session_keys *keys = e->streams->keys;
    return media_first_track(stream) || flow->signalled || (flow->secure_profile && flow->candidates->len) ||
           session_keys_for_ssrc(keys, stream->name.ssrc) || session_keys_for_source(keys, &flow->name.source) ||
           session_keys_for_destination(keys, &flow->name.destination);
}

static media_mki judge_mki(const media_flow *flow, const media_packet *packet)
{
    return media_flow_judge_mki(flow, packet->is_rtcp, packet->data, packet->len);
}

/* What to say of a packet that nothing opened. */
static media_verdict failure_of(const media_examination *e, const media_stream *stream)
{
    const media_packet *packet = e->packet;
    const media_flow *flow = stream->flow;
    if (!is_concerned(e, stream))
        return MEDIA_UNKNOWN;
    if (packet->cut_short)
        return MEDIA_TRUNCATED;
    if (packet->is_rtcp && rtcp_is_clear_compound(packet->data, packet->len))
        return MEDIA_CLEAR;
    if (flow->likely || media_first_track(stream) || session_keys_for_ssrc(e->streams->keys, stream->name.ssrc)) {
        bool too_short = e->result == SRTP_OPEN_TOO_SHORT || judge_mki(flow, packet) == MEDIA_MKI_WITHOUT_ROOM;
        return too_short ? MEDIA_TRUNCATED : MEDIA_TAG_MISMATCH;
    }
    return flow->unsupported_suite ? MEDIA_UNSUPPORTED_SUITE : MEDIA_NO_KEY;
}

/* What became of a packet that nothing opened. */
static void describe_failure(const media_stream *stream, const media_packet *packet, media_verdict verdict, media_opening *opening)
{
    opening->verdict = verdict;
    opening->stream = stream ? stream->number : UINT32_MAX;
    if (stream && verdict == MEDIA_TAG_MISMATCH && judge_mki(stream->flow, packet) == MEDIA_MKI_UNKNOWN)
        opening->notes |= MEDIA_NOTE_MKI_UNKNOWN;
}

/* A packet that an earlier visit opened: its key and counter are on record, and need no second proof. */
static void reopen(media_examination *e, const frame_record *record, media_opening *opening)
{
    media_track *track = e->streams->tracks->pdata[record->track - 1];
    e->sender = track->name.stream->flow->sender;
    opening->verdict = record->verdict;
    if (media_open_with(e, track->name.key, record->notes & READING_NOTES, record->counter, false) == SRTP_OPEN_OK)
        describe(e, track, record->counter, record->notes, opening);
}

/* The way of nearly every packet: the key and the counter of the one before. */
static bool open_as_before(media_examination *e, media_stream *stream, media_proof *found)
{
    media_track *track = media_first_track(stream);
    e->sender = stream->flow->sender;
    uint32_t roc = e->packet->is_rtcp ? 0 : index_course_estimate(&track->course, e->packet->frame, e->rtp.seq);
    return media_try_roc(e, track->name.key, track->notes & READING_NOTES, roc, found);
}

/* The stream of a packet that could not be opened as before; one that only exists on `fresh` is not yet kept. */
static media_stream *stream_or_fresh(media_examination *e, media_stream *known, uint32_t ssrc, media_stream *fresh)
{
    media_flow *flow = flow_of(e->streams, e->packet);
    e->sender = flow->sender;
    if (known)
        return known;
    *fresh = (media_stream){.name = name_of(e->packet, ssrc), .flow = flow};
    return fresh;
}

static void open_first(media_examination *e, uint32_t ssrc, uint32_t place, frame_record *record, media_opening *opening)
{
    media_streams *streams = e->streams;
    const media_packet *packet = e->packet;
    media_stream *known = find_stream(streams, packet, ssrc), fresh;
    media_stream *stream = known;
    media_proof found;
    bool opened = known && media_first_track(known) && !packet->cut_short && open_as_before(e, known, &found);
    media_verdict failure = MEDIA_UNKNOWN;
    if (!opened) {
        stream = stream_or_fresh(e, known, ssrc, &fresh);
        opened = !packet->cut_short && media_try_everything(e, stream, &found);
        if (!opened)
            failure = failure_of(e, stream);
    }
    if (!opened && failure == MEDIA_UNKNOWN)
        return;
    if (stream == &fresh)
        stream = add_stream(streams, &fresh);
    if (!record)
        record = frame_records_add(streams->records, packet->frame, place);
    if (opened) {
        accept(e, stream, &found, record, opening);
        return;
    }
    stream->failures++;
    record->verdict = (uint16_t)failure;
    record->generation = streams->generation;
    describe_failure(stream, packet, failure, opening);
}

/* One that was opened before is not proved again: nothing else of its frame must pass for it. */
static uint32_t place_of(const media_packet *packet)
{
    return keyed_place(packet->position, packet->data, packet->len);
}

static bool is_settled(const media_streams *streams, const frame_record *record)
{
    return record->verdict == MEDIA_CLEAR || record->generation == streams->generation;
}

void media_streams_open(media_streams *streams, const media_packet *packet, uint8_t *out, media_opening *opening)
{
    media_examination e;
    memset(opening, 0, sizeof *opening);
    opening->stream = UINT32_MAX;
    if (!examine(&e, streams, packet, out, &opening->ssrc))
        return;
    if (packet->frame > streams->visited) {
        streams->visited = packet->frame;
        streams->credit = MIN(streams->credit + MEDIA_CREDIT_PER_PACKET, MEDIA_CREDIT_INITIAL);
    }
    const uint32_t place = place_of(packet);
    frame_record *record = frame_records_find(streams->records, packet->frame, place);
    if (record && record->track) {
        reopen(&e, record, opening);
    } else if (record && is_settled(streams, record)) {
        describe_failure(find_stream(streams, packet, opening->ssrc), packet, record->verdict, opening);
    } else {
        open_first(&e, opening->ssrc, place, record, opening);
    }
}

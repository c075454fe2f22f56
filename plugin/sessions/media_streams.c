#include "sessions/media_streams.h"

#include "ciphers/header_extension.h"
#include "keys/keyed_hash.h"
#include "sessions/frame_records.h"
#include "sessions/media_flow.h"
#include "sessions/packet_index.h"
#include "sessions/seen_set.h"

#include <string.h>

/* The notes that change how a packet is read, and so belong to what a stream remembers. */
#define READING_NOTES                                                                                                  \
    (MEDIA_NOTE_KDF_AES192_AS_256 | MEDIA_NOTE_SRTCP_TAG_LENGTH | MEDIA_NOTE_MKI_ABSENT | MEDIA_NOTE_NO_TAG |             \
     MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME)

/* At most so many of them can concern one packet: every subset is a way to read it. */
#define MAX_READINGS 16

/* One stream under one key. A rekeyed stream has several; each counts its own indices. */
typedef struct {
    media_stream *stream;
    session_key *key;
    uintptr_t reading; /* READING_NOTES */
} track_name;          /* without a gap: it compares and hashes as octets */

typedef struct {
    track_name name;
    GList link;      /* among those of its stream */
    uint32_t number; /* 1-based, what frame records refer to */
    unsigned notes;  /* READING_NOTES and MEDIA_NOTE_KEY_BY_TRIAL */
    uint32_t first_roc; /* of the first packet that it opened */
    index_course course;
    seen_set seen;
} media_track;

typedef struct {
    transport_address source, destination;
    uint32_t ssrc;
    uint32_t is_rtcp;
} stream_name;

struct media_stream {
    stream_name name;
    media_flow *flow;
    GQueue tracks;            /* the one that opened the latest packet at its head */
    uint32_t number;          /* from 0 */
    uint32_t failures;        /* packets in a row that nothing opened */
    uint32_t roc_cursor;      /* the ROC search has got this far ... */
    uint32_t searched_keys;   /* ... for so many candidates */
};

#define RECENT_STREAMS 64

struct media_streams {
    session_keys *keys;
    offer_answer *signalling;
    bool padding_takes_keystream;
    GHashTable *flows;   /* flow_name in media_flow * */
    GHashTable *streams; /* stream_name in media_stream * */
    media_stream *recent[RECENT_STREAMS]; /* by the low bits of SSRC and port: most packets find theirs without a hash */
    GPtrArray *tracks;   /* media_track *, owned, by number - 1 */
    GHashTable *by_name; /* track_name in media_track * */
    frame_records *records;
    uint32_t generation; /* grows with each news */
    uint64_t credit;     /* trials that searching may still spend */
    uint32_t visited;    /* highest frame that has added its credit */
};

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

/* Those that signalling names, or else those that the key log names with the key. */
static const uint8_t *encrypted_extensions_of(const media_leg *sender, const session_key *key)
{
    return sender && sender->has_encrypted_extensions ? sender->encrypted_extensions : key->encrypted_extensions;
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
            .encrypted_extensions = name->is_rtcp ? NULL : encrypted_extensions_of(track->name.stream->flow->sender, track->name.key)};
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

/* The track that opened the latest packet; NULL: there is none yet. */
static media_track *first_track(const media_stream *stream)
{
    return stream->tracks.head ? stream->tracks.head->data : NULL;
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

/* --- one trial ----------------------------------------------------------------------------------------------------- */

/* The packet under examination and where its plaintext goes. */
typedef struct {
    media_streams *streams;
    const media_packet *packet;
    rtp_packet rtp;          /* SRTP only */
    const media_leg *sender; /* whose encrypted header extensions count */
    uint8_t *out;
    size_t plain_len;
    uint32_t srtcp_index;
    bool e_bit;
    srtp_reading reading;    /* of the latest trial */
    srtp_open_result result; /* its outcome */
} examination;

/* The tag that SRTCP may have instead of the one that was signalled: the SRTP tag's length, or where both are the same, the length by
 * default. The same as signalled: there is none. */
static uint8_t other_srtcp_tag_len(const srtp_transform *t)
{
    enum { DEFAULT_LEN = 10 }; /* RFC 3711 section 5.2 */
    if (t->auth == SRTP_AUTH_AEAD || !t->srtp_tag_len)
        return t->srtcp_tag_len;
    return t->srtp_tag_len != t->srtcp_tag_len ? t->srtp_tag_len : DEFAULT_LEN;
}

static void set_reading(examination *e, const session_key *with, unsigned notes, bool verify)
{
    const srtp_master_key *key = srtp_context_key(with->context);
    const srtp_transform *t = &key->transform;
    srtp_reading *reading = &e->reading;
    memset(reading, 0, sizeof *reading);
    reading->kdf = notes & MEDIA_NOTE_KDF_AES192_AS_256 ? SRTP_KDF_AES192_AS_256 : SRTP_KDF_RFC;
    reading->mki_len = notes & MEDIA_NOTE_MKI_ABSENT ? 0 : key->mki_len;
    reading->verify = verify;
    if (e->packet->is_rtcp) {
        reading->tag_len = notes & MEDIA_NOTE_SRTCP_TAG_LENGTH ? other_srtcp_tag_len(t) : t->srtcp_tag_len;
        if (notes & MEDIA_NOTE_NO_TAG)
            reading->tag_len = 0;
    } else {
        reading->tag_len = key->unauthenticated_srtp ? 0 : t->srtp_tag_len;
        reading->clear = key->unencrypted_srtp && !(notes & MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME);
        reading->encrypted_extensions = encrypted_extensions_of(e->sender, with);
        reading->padding_takes_keystream = e->streams->padding_takes_keystream;
    }
}

static srtp_open_result open_with(examination *e, session_key *key, unsigned notes, uint32_t roc, bool verify)
{
    const media_packet *packet = e->packet;
    set_reading(e, key, notes, verify);
    if (!packet->is_rtcp) {
        e->result = srtp_context_open_rtp(key->context, &e->reading, &e->rtp, roc, e->out, &e->plain_len);
        return e->result;
    }
    e->result = srtp_context_open_rtcp(key->context, &e->reading, packet->data, packet->len, e->out, &e->plain_len,
                                       &e->srtcp_index, &e->e_bit);
    /* Without a tag the plaintext itself must show that the key is right: RTCP is rigid enough to. */
    if (e->result == SRTP_OPEN_OK && !e->reading.tag_len && verify && !rtcp_is_clear_compound(e->out, e->plain_len))
        e->result = SRTP_OPEN_TAG_MISMATCH;
    return e->result;
}

/* The readings to try a key with: the standard's own, then each departure that could concern it, alone and together. Returns
 * their number. */
static unsigned readings_of(const examination *e, const session_key *key, unsigned readings[MAX_READINGS])
{
    const srtp_master_key *master = srtp_context_key(key->context);
    const srtp_transform *t = &master->transform;
    const bool is_rtcp = e->packet->is_rtcp;
    unsigned possible = 0, count = 0, subset = 0;
    if (t->key_len == 24)
        possible |= MEDIA_NOTE_KDF_AES192_AS_256;
    if (master->mki_len)
        possible |= MEDIA_NOTE_MKI_ABSENT;
    if (is_rtcp && other_srtcp_tag_len(t) != t->srtcp_tag_len)
        possible |= MEDIA_NOTE_SRTCP_TAG_LENGTH;
    if (is_rtcp && (master->unauthenticated_srtp || !t->srtp_tag_len))
        possible |= MEDIA_NOTE_NO_TAG;
    if (!is_rtcp && master->unencrypted_srtp && t->auth == SRTP_AUTH_AEAD)
        possible |= MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME;
    /* (s - possible) & possible steps through every subset, the empty one first. */
    do {
        readings[count++] = subset;
        subset = (subset - possible) & possible;
    } while (subset && count < MAX_READINGS);
    return count;
}

/* Whether this key gives packets of this kind a tag that a trial can be believed on. */
static bool has_proof(const examination *e, const session_key *key)
{
    const srtp_master_key *master = srtp_context_key(key->context);
    return e->packet->is_rtcp || (!master->unauthenticated_srtp && master->transform.srtp_tag_len);
}

static bool short_tag(const session_key *key)
{
    return srtp_context_key(key->context)->transform.srtp_tag_len < 8;
}

/* --- trying keys and rollover counters ----------------------------------------------------------------------------- */

typedef struct {
    session_key *key;
    unsigned notes;
    uint32_t roc;
} proof;

static bool try_roc(examination *e, session_key *key, unsigned notes, uint32_t roc, proof *found)
{
    if (open_with(e, key, notes, roc, true) != SRTP_OPEN_OK)
        return false;
    *found = (proof){key, notes, roc};
    return true;
}

/* A key that nothing has proved for this stream yet, at the ROCs where a stream or a rekeyed one begins, and where signalling says that
 * this one does. */
static bool try_key(examination *e, session_key *key, const uint32_t *rocs, unsigned roc_count, proof *found)
{
    unsigned readings[MAX_READINGS];
    unsigned count = readings_of(e, key, readings);
    const uint32_t told = e->packet->is_rtcp ? 0 : session_key_roc(key, e->rtp.ssrc);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned r = 0; r < (e->packet->is_rtcp ? 1 : roc_count); r++)
            if (try_roc(e, key, readings[i], rocs[r], found))
                return true;
        if (told && try_roc(e, key, readings[i], told, found))
            return true;
    }
    return false;
}

static bool spend(media_streams *streams, uint64_t trials)
{
    if (streams->credit < trials)
        return false;
    streams->credit -= trials;
    return true;
}

/* ROCs first <= roc <= last under one key and reading, as far as credit goes. A few are free: a capture that begins in the
 * middle of an ordinary call must not depend on what others have spent. */
static bool search_rocs(examination *e, session_key *key, unsigned notes, uint32_t first, uint32_t last, proof *found)
{
    for (uint32_t roc = first; roc <= last; roc++) {
        if (roc > MEDIA_ROC_AHEAD && !spend(e->streams, 1))
            return false;
        if (try_roc(e, key, notes, roc, found)) {
            found->notes |= MEDIA_NOTE_ROC_RECOVERED;
            return true;
        }
    }
    return false;
}

/* The keys that a stream's ROC is searched for: those bound to its SSRC, the newest first, then those that its flow points to. */
static guint keys_to_search(const media_streams *streams, const media_stream *stream, session_key *keys[MEDIA_SEARCH_KEYS])
{
    const GPtrArray *bound = session_keys_for_ssrc(streams->keys, stream->name.ssrc);
    const media_flow *flow = stream->flow;
    guint count = 0;
    for (guint i = bound ? bound->len : 0; i-- > 0 && count < MEDIA_SEARCH_KEYS;)
        keys[count++] = bound->pdata[i];
    const guint bound_count = count;
    for (guint i = 0; i < flow->likely && count < MEDIA_SEARCH_KEYS; i++) {
        guint at = 0;
        while (at < bound_count && keys[at] != flow->candidates->pdata[i])
            at++;
        if (at == bound_count)
            keys[count++] = flow->candidates->pdata[i];
    }
    return count;
}

/* A stream without a track: it may have begun before the capture did. Each failing packet searches a slice further. */
static bool search_start(examination *e, media_stream *stream, proof *found)
{
    session_key *keys[MEDIA_SEARCH_KEYS];
    guint key_count = keys_to_search(e->streams, stream, keys);
    if (stream->searched_keys != key_count) {
        stream->searched_keys = key_count;
        stream->roc_cursor = 1;
    }
    uint32_t first = stream->roc_cursor, last = MIN(first + MEDIA_SEARCH_SLICE - 1, MEDIA_ROC_SEARCH);
    stream->roc_cursor = last + 1;
    for (guint i = 0; i < key_count; i++) {
        session_key *key = keys[i];
        unsigned readings[MAX_READINGS];
        unsigned count = readings_of(e, key, readings);
        uint32_t limit = short_tag(key) ? MEDIA_ROC_SEARCH_SHORT_TAG : MEDIA_ROC_SEARCH;
        if (!has_proof(e, key))
            continue;
        for (unsigned r = 0; r < count; r++)
            if (search_rocs(e, key, readings[r], first, MIN(last, limit), found))
                return true;
    }
    return false;
}

/* A stream with a track, and a packet that its estimate does not fit: a gap of whole cycles, or damage. */
static bool search_gap(examination *e, media_stream *stream, uint32_t estimate, proof *found)
{
    const media_track *track = first_track(stream);
    if (!has_proof(e, track->name.key))
        return false;
    uint32_t ahead = short_tag(track->name.key) ? MEDIA_ROC_AHEAD_SHORT_TAG : MEDIA_ROC_AHEAD;
    unsigned notes = track->notes & READING_NOTES;
    if (search_rocs(e, track->name.key, notes, estimate + 2, estimate + ahead, found))
        return true;
    if (estimate > 1 &&
        search_rocs(e, track->name.key, notes, estimate > ahead ? estimate - ahead : 0, estimate - 2, found))
        return true;
    /* Only a run of failures is worth a deep search: single ones are damaged packets. */
    if (stream->failures < 4 || short_tag(track->name.key) || stream->roc_cursor >= MEDIA_ROC_SEARCH)
        return false;
    uint32_t first = estimate + ahead + 1 + stream->roc_cursor;
    stream->roc_cursor += MEDIA_SEARCH_SLICE;
    return search_rocs(e, track->name.key, notes, first, first + MEDIA_SEARCH_SLICE - 1, found);
}

static bool try_known_track(examination *e, media_track *track, proof *found)
{
    const media_packet *packet = e->packet;
    unsigned notes = track->notes & READING_NOTES;
    if (packet->is_rtcp)
        return try_roc(e, track->name.key, notes, 0, found);
    uint32_t roc = index_course_estimate(&track->course, packet->frame, e->rtp.seq);
    if (try_roc(e, track->name.key, notes, roc, found) || try_roc(e, track->name.key, notes, roc + 1, found) ||
        (roc > 0 && try_roc(e, track->name.key, notes, roc - 1, found)))
        return true;
    return roc > 1 && try_roc(e, track->name.key, notes, 0, found);
}

/* Whether the key was tried as one of those that have opened the stream. */
static bool has_track(const media_stream *stream, const session_key *key)
{
    unsigned n = 0;
    for (const GList *link = stream->tracks.head; link && n < MEDIA_MAX_TRACKS; link = link->next, n++)
        if (((const media_track *)link->data)->name.key == key)
            return true;
    return false;
}

/* The keys that signalling, selectors or an earlier stream of the same flow point to. */
static bool try_candidates(examination *e, media_stream *stream, uint32_t estimate, proof *found)
{
    const uint32_t rocs[] = {estimate, 0, estimate + 1};
    unsigned roc_count = estimate ? 3 : first_track(stream) ? 2 : 1;
    const GPtrArray *logged = session_keys_for_ssrc(e->streams->keys, stream->name.ssrc);
    const guint oldest = logged && logged->len > MEDIA_MAX_CANDIDATES ? logged->len - MEDIA_MAX_CANDIDATES : 0;
    for (guint i = logged ? logged->len : 0; i-- > oldest;)
        if (!has_track(stream, logged->pdata[i]) && try_key(e, logged->pdata[i], rocs, roc_count, found))
            return true;
    const GPtrArray *candidates = stream->flow->candidates;
    /* A key without a tag opens anything: only once the others have failed, and never beside a proven one. */
    for (int proved = 1; proved >= (first_track(stream) ? 1 : 0); proved--) {
        for (guint i = 0; i < candidates->len; i++) {
            session_key *key = candidates->pdata[i];
            if (has_proof(e, key) == (proved == 1) && !has_track(stream, key) &&
                try_key(e, key, rocs, roc_count, found))
                return true;
        }
    }
    session_key *foreign = stream->flow->foreign_key;
    return foreign && !has_track(stream, foreign) && try_key(e, foreign, rocs, roc_count, found);
}

static bool try_any_roc(examination *e, session_key *key, uint32_t last_roc, proof *found)
{
    static const uint32_t start[] = {0};
    if (try_key(e, key, start, 1, found))
        return true;
    return !e->packet->is_rtcp && last_roc && search_rocs(e, key, 0, 1, last_roc, found);
}

/* Media between addresses that signalling does not name (NAT, a relay): any key may fit; on a flow that it does name,
 * any logged one. Keys that no stream has claimed come first, the newest before older ones. */
static bool try_any_key(examination *e, media_flow *flow, proof *found)
{
    const GPtrArray *any = session_keys_for_any(e->streams->keys);
    bool named = flow->sender || flow->receiver;
    guint oldest = MAX(flow->foreign_tried, any->len > MEDIA_FOREIGN_KEYS ? any->len - MEDIA_FOREIGN_KEYS : 0);
    uint32_t last_roc = any->len - oldest <= MEDIA_FOREIGN_FEW ? MEDIA_ROC_AHEAD : 0;
    unsigned short_tags = 0;
    for (int claimed = 0; claimed <= 1; claimed++) {
        for (guint i = any->len; i-- > oldest;) {
            session_key *key = any->pdata[i];
            if ((key->claims != 0) != (claimed == 1) || (named && key->leg) || !has_proof(e, key))
                continue;
            if (short_tag(key) && ++short_tags > MEDIA_FOREIGN_SHORT_TAGS)
                continue;
            if (!spend(e->streams, 1))
                return false;
            if (try_any_roc(e, key, short_tag(key) ? MIN(last_roc, MEDIA_ROC_AHEAD_SHORT_TAG) : last_roc, found)) {
                found->notes |= MEDIA_NOTE_KEY_BY_TRIAL;
                flow->foreign_key = key;
                return true;
            }
        }
    }
    if (++flow->foreign_packets >= MEDIA_FOREIGN_PACKETS) {
        flow->foreign_tried = any->len;
        flow->foreign_packets = 0;
    }
    return false;
}

/* --- what a packet proved ------------------------------------------------------------------------------------------- */

static media_track *add_track(media_streams *streams, const track_name *name, const proof *found)
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

static media_track *track_for(media_streams *streams, media_stream *stream, const proof *found)
{
    const track_name name = {stream, found->key, found->notes & READING_NOTES};
    media_track *track = first_track(stream);
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
static uint32_t digest_of(const examination *e, const session_key *key)
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

static media_verdict verdict_of(const examination *e, const srtp_master_key *key)
{
    bool clear = key->transform.cipher == SRTP_CIPHER_NULL || (e->packet->is_rtcp ? !e->e_bit : e->reading.clear);
    if (e->reading.tag_len == 0)
        return MEDIA_NOT_AUTHENTICATED;
    return clear ? MEDIA_AUTHENTICATED_ONLY : MEDIA_DECRYPTED;
}

/* Whether the E bit contradicts what SDES or MIKEY said of encryption. Without a cipher it says nothing. */
static bool has_other_e_bit(const examination *e, const session_key *key)
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

static void describe(const examination *e, const media_track *track, uint32_t counter, unsigned notes,
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

static bool has_ambiguous_extension(const examination *e)
{
    const rtp_packet *rtp = &e->rtp;
    return !e->packet->is_rtcp && e->reading.encrypted_extensions && !e->reading.clear && rtp->ext_len &&
           header_extension_is_ambiguous(rtp->ext_profile, rtp->data + rtp->ext_offset, rtp->ext_len,
                                         e->reading.encrypted_extensions);
}

static void accept(examination *e, media_stream *stream, const proof *found, frame_record *record,
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
static bool examine(examination *e, media_streams *streams, const media_packet *packet, uint8_t *out, uint32_t *ssrc)
{
    e->streams = streams;
    e->packet = packet;
    e->sender = NULL;
    e->out = out;
    e->plain_len = 0;
    e->srtcp_index = 0;
    e->e_bit = false;
    e->result = SRTP_OPEN_TAG_MISMATCH; /* also where no key can be tried */
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

/* Whatever could open the packet, the likeliest first. */
static bool try_everything(examination *e, media_stream *stream, proof *found)
{
    bool is_rtcp = e->packet->is_rtcp;
    uint32_t estimate = 0;
    unsigned n = 0;
    if (first_track(stream) && !is_rtcp)
        estimate = index_course_estimate(&first_track(stream)->course, e->packet->frame, e->rtp.seq);
    for (GList *link = stream->tracks.head; link && n < MEDIA_MAX_TRACKS; link = link->next, n++)
        if (try_known_track(e, link->data, found))
            return true;
    if (try_candidates(e, stream, estimate, found))
        return true;
    if (first_track(stream))
        return !is_rtcp && search_gap(e, stream, estimate, found);
    return (!is_rtcp && search_start(e, stream, found)) || try_any_key(e, stream->flow, found);
}

/* Whether signalling or a selector says that this stream is protected, so that a failure is worth telling. */
static bool is_concerned(const examination *e, const media_stream *stream)
{
    const media_flow *flow = stream->flow;
    const session_keys *keys = e->streams->keys;
    return first_track(stream) || flow->signalled || (flow->secure_profile && flow->candidates->len) ||
           session_keys_for_ssrc(keys, stream->name.ssrc) || session_keys_for_source(keys, &flow->name.source) ||
           session_keys_for_destination(keys, &flow->name.destination);
}

static media_mki judge_mki(const media_flow *flow, const media_packet *packet)
{
    return media_flow_judge_mki(flow, packet->is_rtcp, packet->data, packet->len);
}

/* What to say of a packet that nothing opened. */
static media_verdict failure_of(const examination *e, const media_stream *stream)
{
    const media_packet *packet = e->packet;
    const media_flow *flow = stream->flow;
    if (!is_concerned(e, stream))
        return MEDIA_UNKNOWN;
    if (packet->cut_short)
        return MEDIA_TRUNCATED;
    if (packet->is_rtcp && rtcp_is_clear_compound(packet->data, packet->len))
        return MEDIA_CLEAR;
    if (flow->likely || first_track(stream) || session_keys_for_ssrc(e->streams->keys, stream->name.ssrc)) {
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
static void reopen(examination *e, const frame_record *record, media_opening *opening)
{
    media_track *track = e->streams->tracks->pdata[record->track - 1];
    e->sender = track->name.stream->flow->sender;
    opening->verdict = record->verdict;
    if (open_with(e, track->name.key, record->notes & READING_NOTES, record->counter, false) == SRTP_OPEN_OK)
        describe(e, track, record->counter, record->notes, opening);
}

/* The way of nearly every packet: the key and the counter of the one before. */
static bool open_as_before(examination *e, media_stream *stream, proof *found)
{
    media_track *track = first_track(stream);
    e->sender = stream->flow->sender;
    uint32_t roc = e->packet->is_rtcp ? 0 : index_course_estimate(&track->course, e->packet->frame, e->rtp.seq);
    return try_roc(e, track->name.key, track->notes & READING_NOTES, roc, found);
}

/* The stream of a packet that could not be opened as before; one that only exists on `fresh` is not yet kept. */
static media_stream *stream_or_fresh(examination *e, media_stream *known, uint32_t ssrc, media_stream *fresh)
{
    media_flow *flow = flow_of(e->streams, e->packet);
    e->sender = flow->sender;
    if (known)
        return known;
    *fresh = (media_stream){.name = name_of(e->packet, ssrc), .flow = flow};
    return fresh;
}

static void open_first(examination *e, uint32_t ssrc, frame_record *record, media_opening *opening)
{
    media_streams *streams = e->streams;
    const media_packet *packet = e->packet;
    media_stream *known = find_stream(streams, packet, ssrc), fresh;
    media_stream *stream = known;
    proof found;
    bool opened = known && first_track(known) && !packet->cut_short && open_as_before(e, known, &found);
    media_verdict failure = MEDIA_UNKNOWN;
    if (!opened) {
        stream = stream_or_fresh(e, known, ssrc, &fresh);
        opened = !packet->cut_short && try_everything(e, stream, &found);
        if (!opened)
            failure = failure_of(e, stream);
    }
    if (!opened && failure == MEDIA_UNKNOWN)
        return;
    if (stream == &fresh)
        stream = add_stream(streams, &fresh);
    if (!record)
        record = frame_records_add(streams->records, packet->frame, packet->position);
    if (opened) {
        accept(e, stream, &found, record, opening);
        return;
    }
    stream->failures++;
    record->verdict = (uint16_t)failure;
    record->generation = streams->generation;
    describe_failure(stream, packet, failure, opening);
}

static bool is_settled(const media_streams *streams, const frame_record *record)
{
    return record->verdict == MEDIA_CLEAR || record->generation == streams->generation;
}

void media_streams_open(media_streams *streams, const media_packet *packet, uint8_t *out, media_opening *opening)
{
    examination e;
    memset(opening, 0, sizeof *opening);
    opening->stream = UINT32_MAX;
    if (!examine(&e, streams, packet, out, &opening->ssrc))
        return;
    if (packet->frame > streams->visited) {
        streams->visited = packet->frame;
        streams->credit = MIN(streams->credit + MEDIA_CREDIT_PER_PACKET, MEDIA_CREDIT_INITIAL);
    }
    frame_record *record = frame_records_find(streams->records, packet->frame, packet->position);
    if (record && record->track) {
        reopen(&e, record, opening);
    } else if (record && is_settled(streams, record)) {
        describe_failure(find_stream(streams, packet, opening->ssrc), packet, record->verdict, opening);
    } else {
        open_first(&e, opening->ssrc, record, opening);
    }
}

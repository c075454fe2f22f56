#include "sessions/media_streams_parts.h"

#include <string.h>

/* At most so many of them can concern one packet: every subset is a way to read it. */
#define MAX_READINGS 16

/* --- one trial ----------------------------------------------------------------------------------------------------- */

/* Those that signalling names, or else those that the key log names with the key. */
const uint8_t *media_encrypted_extensions(const media_leg *sender, const session_key *key)
{
    return sender && sender->has_encrypted_extensions ? sender->encrypted_extensions : key->encrypted_extensions;
}

/* The tag that SRTCP may have instead of the one that was signalled: the SRTP tag's length, or where both are the same, the length by
 * default. The same as signalled: there is none. */
static uint8_t other_srtcp_tag_len(const srtp_transform *t)
{
    enum { DEFAULT_LEN = 10 }; /* RFC 3711 section 5.2 */
    if (t->auth == SRTP_AUTH_AEAD || !t->srtp_tag_len)
        return t->srtcp_tag_len;
    return t->srtp_tag_len != t->srtcp_tag_len ? t->srtp_tag_len : DEFAULT_LEN;
}

static void set_reading(media_examination *e, const session_key *with, unsigned notes, bool verify)
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
        reading->encrypted_extensions = media_encrypted_extensions(e->sender, with);
        reading->padding_takes_keystream = e->streams->padding_takes_keystream;
    }
}

srtp_open_result media_open_with(media_examination *e, session_key *key, unsigned notes, uint32_t roc, bool verify)
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
static unsigned readings_of(const media_examination *e, const session_key *key, unsigned readings[MAX_READINGS])
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
static bool has_proof(const media_examination *e, const session_key *key)
{
    const srtp_master_key *master = srtp_context_key(key->context);
    return e->packet->is_rtcp || (!master->unauthenticated_srtp && master->transform.srtp_tag_len);
}

static bool short_tag(const session_key *key)
{
    return srtp_context_key(key->context)->transform.srtp_tag_len < 8;
}

/* --- trying keys and rollover counters ----------------------------------------------------------------------------- */

bool media_try_roc(media_examination *e, session_key *key, unsigned notes, uint32_t roc, media_proof *found)
{
    if (media_open_with(e, key, notes, roc, true) != SRTP_OPEN_OK)
        return false;
    *found = (media_proof){key, notes, roc};
    return true;
}

/* A key that nothing has proved for this stream yet, at the ROCs where a stream or a rekeyed one begins, and where signalling says that
 * this one does. */
static bool try_key(media_examination *e, session_key *key, const uint32_t *rocs, unsigned roc_count, media_proof *found)
{
    unsigned readings[MAX_READINGS];
    unsigned count = readings_of(e, key, readings);
    const uint32_t told = e->packet->is_rtcp ? 0 : session_key_roc(key, e->rtp.ssrc);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned r = 0; r < (e->packet->is_rtcp ? 1 : roc_count); r++)
            if (media_try_roc(e, key, readings[i], rocs[r], found))
                return true;
        if (told && media_try_roc(e, key, readings[i], told, found))
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
static bool search_rocs(media_examination *e, session_key *key, unsigned notes, uint32_t first, uint32_t last, media_proof *found)
{
    for (uint32_t roc = first; roc <= last; roc++) {
        if (roc > MEDIA_ROC_AHEAD && !spend(e->streams, 1))
            return false;
        if (media_try_roc(e, key, notes, roc, found)) {
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
static bool search_start(media_examination *e, media_stream *stream, media_proof *found)
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
static bool search_gap(media_examination *e, media_stream *stream, const media_track *track, uint32_t estimate, media_proof *found)
{
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

static bool try_known_track(media_examination *e, media_track *track, media_proof *found)
{
    const media_packet *packet = e->packet;
    unsigned notes = track->notes & READING_NOTES;
    if (packet->is_rtcp)
        return media_try_roc(e, track->name.key, notes, 0, found);
    uint32_t roc = index_course_estimate(&track->course, packet->frame, e->rtp.seq);
    if (media_try_roc(e, track->name.key, notes, roc, found) || media_try_roc(e, track->name.key, notes, roc + 1, found) ||
        (roc > 0 && media_try_roc(e, track->name.key, notes, roc - 1, found)))
        return true;
    return roc > 1 && media_try_roc(e, track->name.key, notes, 0, found);
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
static bool try_candidates(media_examination *e, media_stream *stream, uint32_t estimate, media_proof *found)
{
    const uint32_t rocs[] = {estimate, 0, estimate + 1};
    unsigned roc_count = estimate ? 3 : media_first_track(stream) ? 2 : 1;
    const GPtrArray *logged = session_keys_for_ssrc(e->streams->keys, stream->name.ssrc);
    const guint oldest = logged && logged->len > MEDIA_MAX_CANDIDATES ? logged->len - MEDIA_MAX_CANDIDATES : 0;
    for (guint i = logged ? logged->len : 0; i-- > oldest;)
        if (!has_track(stream, logged->pdata[i]) && try_key(e, logged->pdata[i], rocs, roc_count, found))
            return true;
    const GPtrArray *candidates = stream->flow->candidates;
    /* A key without a tag opens anything: only once the others have failed, and never beside a proven one. */
    for (int proved = 1; proved >= (media_first_track(stream) ? 1 : 0); proved--) {
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

static bool try_any_roc(media_examination *e, session_key *key, uint32_t last_roc, media_proof *found)
{
    static const uint32_t start[] = {0};
    if (try_key(e, key, start, 1, found))
        return true;
    return !e->packet->is_rtcp && last_roc && search_rocs(e, key, 0, 1, last_roc, found);
}

/* Media between addresses that signalling does not name (NAT, a relay): any key may fit; on a flow that it does name,
 * any logged one. Keys that no stream has claimed come first, the newest before older ones. */
static bool try_any_key(media_examination *e, media_flow *flow, media_proof *found)
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

bool media_try_everything(media_examination *e, media_stream *stream, media_proof *found)
{
    GList *tracks = stream->tracks.head;
    const media_track *latest = media_first_track(stream);
    bool is_rtcp = e->packet->is_rtcp;
    uint32_t estimate = tracks && !is_rtcp ? index_course_estimate(&latest->course, e->packet->frame, e->rtp.seq) : 0;
    unsigned n = 0;
    for (GList *link = tracks; link && n < MEDIA_MAX_TRACKS; link = link->next, n++)
        if (try_known_track(e, link->data, found))
            return true;
    if (try_candidates(e, stream, estimate, found))
        return true;
    if (tracks)
        return !is_rtcp && search_gap(e, stream, latest, estimate, found);
    return (!is_rtcp && search_start(e, stream, found)) || try_any_key(e, stream->flow, found);
}

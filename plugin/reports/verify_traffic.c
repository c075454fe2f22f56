#include "reports/verify_traffic.h"

#include "keys/keyed_hash.h"

#include <string.h>

#define RECENT_STREAMS 64
#define DUPLICATE_DISTANCE 64 /* indices below the highest: the replay window that RFC 3711 section 3.3.2 asks for */

/* The members leave no gap, so that the whole compares and hashes as octets. */
typedef struct {
    uint64_t channel;   /* PDCP-SL: sl_link_channel */
    uint32_t protocol;
    uint32_t number;    /* SSRC; PDCP-SL: cast, PGK index and key ID */
    transport_address source, destination;
} stream_name;

typedef struct {
    verify_stream stream;
    stream_name name;
    verify_stretch *latest; /* stretch; NULL: there is none yet */
    GHashTable *by_opener;  /* key or context to verify_stretch, once there are several; NULL: there are not */
} known_stream;

struct verify_traffic {
    verify_window window;
    GPtrArray *streams;                   /* known_stream *, owned; as verify_stream * to everybody else */
    GHashTable *by_name;
    known_stream *recent[RECENT_STREAMS]; /* by the low bits of their names: most packets find theirs without a hash */
    known_stream *unnamed;                /* of streams beyond VERIFY_MAX_STREAMS; NULL: there are none */
    unsigned sampled;                     /* streams that have room for samples */
};

/* What one packet adds to the counts. */
typedef struct {
    const session_key *key;    /* that opened it */
    const sl_context *context;
    uint32_t frame;
    int64_t time;
    verify_failure failure;    /* where it was not opened */
    bool is_open;              /* all that follow are of opened packets alone */
    bool is_authenticated;
    bool was_encrypted;
    bool is_repeat;            /* the very packet was there before ... */
    bool is_duplicate;         /* ... and not long ago */
    bool is_reuse;             /* its index was there before, with other data */
    bool is_judged, is_valid;  /* its plaintext */
    uint64_t index;
    unsigned notes;
} packet_fate;

/* --- counting ------------------------------------------------------------------------------------------------------ */

static void count_opened(verify_counts *counts, const packet_fate *fate)
{
    counts->authenticated += fate->is_authenticated;
    counts->unauthenticated += !fate->is_authenticated;
    counts->decrypted += fate->was_encrypted;
    counts->unencrypted += !fate->was_encrypted;
    counts->replayed += fate->is_repeat;
    counts->duplicates += fate->is_duplicate;
    counts->keystream_reuse += fate->is_reuse;
    counts->roc_recovered += (fate->notes & MEDIA_NOTE_ROC_RECOVERED) != 0;
    counts->plaintext_valid += fate->is_judged && fate->is_valid;
    counts->plaintext_invalid += fate->is_judged && !fate->is_valid;
    counts->notes |= fate->notes;
}

static void count(verify_counts *counts, const packet_fate *fate)
{
    if (!counts->packets) {
        counts->first_frame = fate->frame;
        counts->first_time = fate->time;
    }
    counts->packets++;
    counts->last_frame = fate->frame;
    counts->last_time = fate->time;
    if (fate->is_open)
        count_opened(counts, fate);
    else
        counts->failed[fate->failure]++;
}

/* What a packet repeats may lie outside the window; where it adds to the range of indices, it surely does. */
static void count_index(verify_counts *counts, const packet_fate *fate)
{
    const bool is_lowest = !counts->has_index || fate->index < counts->first_index;
    const bool is_highest = !counts->has_index || fate->index > counts->last_index;
    if (is_lowest)
        counts->first_index = fate->index;
    if (is_highest)
        counts->last_index = fate->index;
    counts->has_index = true;
    counts->distinct += is_lowest || is_highest || (!fate->is_repeat && !fate->is_reuse);
}

static bool is_duplicate(const verify_counts *counts, const packet_fate *fate)
{
    return fate->is_repeat && counts->has_index && fate->index <= counts->last_index &&
           counts->last_index - fate->index <= DUPLICATE_DISTANCE;
}

uint64_t verify_counts_missing(const verify_counts *counts)
{
    const uint64_t span = counts->has_index ? counts->last_index - counts->first_index + 1 : 0;
    return span > counts->distinct ? span - counts->distinct : 0;
}

uint64_t verify_counts_failed(const verify_counts *counts)
{
    uint64_t failed = 0;
    for (unsigned i = 0; i < VERIFY_FAILURES; i++)
        failed += counts->failed[i];
    return failed;
}

/* --- streams ------------------------------------------------------------------------------------------------------- */

static guint hash_name(gconstpointer name)
{
    return keyed_hash(name, sizeof(stream_name));
}

static gboolean same_name(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(stream_name)) == 0;
}

static void free_stream(gpointer data)
{
    known_stream *known = data;
    if (known->by_opener)
        g_hash_table_destroy(known->by_opener);
    g_ptr_array_free(known->stream.stretches, TRUE);
    for (unsigned i = 0; i < VERIFY_SAMPLES; i++)
        g_free(known->stream.samples[i].octets);
    g_free(known);
}

static known_stream *add_stream(verify_traffic *traffic)
{
    known_stream *known = g_new0(known_stream, 1);
    known->stream.stretches = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(traffic->streams, known);
    return known;
}

/* The stream of that name; a new one has nothing but its name. */
static known_stream *stream_of(verify_traffic *traffic, const stream_name *name)
{
    known_stream **recent = &traffic->recent[(name->number ^ name->channel ^ name->destination.port ^ name->protocol) % RECENT_STREAMS];
    if (*recent && same_name(&(*recent)->name, name))
        return *recent;
    known_stream *known = g_hash_table_lookup(traffic->by_name, name);
    if (!known && g_hash_table_size(traffic->by_name) == VERIFY_MAX_STREAMS) {
        if (!traffic->unnamed)
            traffic->unnamed = add_stream(traffic);
        return traffic->unnamed;
    }
    if (!known) {
        known = add_stream(traffic);
        known->name = *name;
        known->stream.protocol = (verify_protocol)name->protocol;
        g_hash_table_insert(traffic->by_name, &known->name, known);
    }
    *recent = known;
    return known;
}

/* What went under the key that opened the packet, or under none. */
static verify_stretch *stretch_of(known_stream *known, const packet_fate *fate)
{
    gpointer opener = fate->key ? (gpointer)fate->key : (gpointer)fate->context;
    if (known->latest && known->latest->key == fate->key && known->latest->context == fate->context)
        return known->latest;
    if (known->latest && !known->by_opener) {
        known->by_opener = g_hash_table_new(NULL, NULL);
        g_hash_table_insert(known->by_opener, known->latest->key ? (gpointer)known->latest->key : (gpointer)known->latest->context,
                            known->latest);
    }
    verify_stretch *stretch = known->by_opener ? g_hash_table_lookup(known->by_opener, opener) : NULL;
    if (!stretch) {
        stretch = g_new0(verify_stretch, 1);
        stretch->key = fate->key;
        stretch->context = fate->context;
        g_ptr_array_add(known->stream.stretches, stretch);
    }
    if (known->by_opener)
        g_hash_table_insert(known->by_opener, opener, stretch);
    return known->latest = stretch;
}

/* False: the packet is outside the window, and is counted as that alone. */
static bool take(verify_traffic *traffic, known_stream *known, packet_fate *fate)
{
    verify_stream *stream = &known->stream;
    if (fate->time < traffic->window.from || fate->time > traffic->window.to) {
        stream->total.outside_window++;
        return false;
    }
    if (known == traffic->unnamed) {
        fate->key = NULL;
        fate->context = NULL;
    }
    verify_stretch *stretch = stretch_of(known, fate);
    fate->is_duplicate = is_duplicate(&stretch->counts, fate);
    count(&stretch->counts, fate);
    count(&stream->total, fate);
    if (fate->is_open && known != traffic->unnamed)
        count_index(&stretch->counts, fate);
    return true;
}

/* --- runs of failures ---------------------------------------------------------------------------------------------- */

/* True: the packet is one of a run of tag mismatches. */
static bool note_run(verify_stream *stream, const packet_fate *fate)
{
    if (fate->is_open)
        stream->failing_since = 0;
    if (fate->is_open || fate->failure != VERIFY_TAG_MISMATCH)
        return false;
    if (!stream->failing_since) {
        stream->failing_since = fate->frame;
        for (unsigned i = 0; i < VERIFY_SAMPLES; i++)
            stream->samples[i].len = 0;
    }
    return true;
}

/* The first ones of a run stand for it; what they take is not given back, since the next run is likely to want it. */
static void take_sample(verify_traffic *traffic, verify_stream *stream, const media_packet *packet)
{
    verify_sample *sample = stream->samples;
    while (sample < stream->samples + VERIFY_SAMPLES && sample->len)
        sample++;
    if (sample == stream->samples + VERIFY_SAMPLES || packet->len > VERIFY_MAX_SAMPLE_LEN)
        return;
    if (!stream->samples[0].octets && traffic->sampled++ >= VERIFY_MAX_SAMPLED_STREAMS)
        return;
    if (!sample->octets)
        sample->octets = g_malloc(VERIFY_MAX_SAMPLE_LEN);
    memcpy(sample->octets, packet->data, packet->len);
    sample->len = packet->len;
    sample->frame = packet->frame;
}

/* --- SRTP and SRTCP ------------------------------------------------------------------------------------------------ */

static bool was_media_encrypted(const media_packet *packet, const media_opening *opening)
{
    const srtp_master_key *key = srtp_context_key(opening->key->context);
    if (key->transform.cipher == SRTP_CIPHER_NULL)
        return false;
    if (packet->is_rtcp)
        return opening->e_bit;
    return !key->unencrypted_srtp || (opening->notes & MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME);
}

/* A verdict of an earlier visit may be that of an opened packet although it was not opened now: then the crypto library refused. */
static verify_failure media_failure(media_verdict verdict)
{
    switch (verdict) {
    case MEDIA_TAG_MISMATCH:
        return VERIFY_TAG_MISMATCH;
    case MEDIA_NO_KEY:
        return VERIFY_NO_KEY;
    case MEDIA_TRUNCATED:
        return VERIFY_TRUNCATED;
    case MEDIA_CLEAR:
        return VERIFY_IN_CLEAR;
    default:
        return VERIFY_UNSUPPORTED;
    }
}

static packet_fate media_fate(const media_packet *packet, const media_opening *opening, const uint8_t *plain, int64_t time)
{
    packet_fate fate = {.key = opening->key, .frame = packet->frame, .time = time, .is_open = opening->key != NULL};
    if (!fate.is_open) {
        fate.failure = media_failure(opening->verdict);
        return fate;
    }
    fate.is_authenticated = opening->verdict != MEDIA_NOT_AUTHENTICATED;
    fate.was_encrypted = was_media_encrypted(packet, opening);
    fate.is_repeat = opening->verdict == MEDIA_REPLAYED || (opening->notes & MEDIA_NOTE_LIKE_BEFORE);
    fate.is_reuse = opening->notes & MEDIA_NOTE_INDEX_REPEATED;
    fate.index = opening->index;
    fate.notes = opening->notes;
    const media_form form = media_form_of(packet->is_rtcp, plain, opening->plain_len);
    fate.is_judged = form != MEDIA_FORM_UNTOLD;
    fate.is_valid = form == MEDIA_FORM_RIGHT;
    return fate;
}

void verify_traffic_add_media(verify_traffic *traffic, const media_packet *packet, const media_opening *opening,
                              const uint8_t *plain, int64_t time)
{
    if (opening->verdict == MEDIA_UNKNOWN)
        return;
    const stream_name name = {.protocol = packet->is_rtcp ? VERIFY_SRTCP : VERIFY_SRTP,
                              .number = opening->ssrc,
                              .source = packet->source,
                              .destination = packet->destination};
    packet_fate fate = media_fate(packet, opening, plain, time);
    known_stream *known = stream_of(traffic, &name);
    verify_stream *stream = &known->stream;
    if (known != traffic->unnamed && !stream->total.packets) {
        stream->source = packet->source;
        stream->destination = packet->destination;
        stream->ssrc = opening->ssrc;
    }
    if (take(traffic, known, &fate) && note_run(stream, &fate) && known != traffic->unnamed)
        take_sample(traffic, stream, packet);
}

/* --- sidelink ------------------------------------------------------------------------------------------------------ */

static verify_failure sidelink_failure(sl_verdict verdict)
{
    switch (verdict) {
    case SL_TAG_MISMATCH:
        return VERIFY_TAG_MISMATCH;
    case SL_TRUNCATED:
        return VERIFY_TRUNCATED;
    case SL_UNSUPPORTED_SUITE:
        return VERIFY_UNSUPPORTED;
    default:
        return VERIFY_NO_KEY;
    }
}

static packet_fate sidelink_fate(const sl_pdu *pdu, const sl_opening *opening, int64_t time)
{
    packet_fate fate = {.frame = pdu->frame, .time = time, .is_open = sl_verdict_is_open(opening->verdict)};
    if (!fate.is_open) {
        fate.failure = sidelink_failure(opening->verdict);
        return fate;
    }
    fate.context = opening->context;
    fate.is_authenticated = opening->is_authenticated;
    fate.was_encrypted = opening->was_ciphered;
    fate.is_repeat = pdu->problems & PDCP_SL_SN_REPEATED;
    fate.is_reuse = pdu->problems & PDCP_SL_SN_REUSED;
    fate.index = pdu->sn;
    fate.is_judged = sl_sdu_is_judged(pdu->sdu_type);
    fate.is_valid = !opening->is_implausible;
    return fate;
}

void verify_traffic_add_sidelink(verify_traffic *traffic, const sl_pdu *pdu, const sl_opening *opening, int64_t time)
{
    if (opening->verdict == SL_NOT_PROTECTED)
        return;
    const uint8_t pgk_index = pdu->link.cast == SL_ONE_TO_MANY ? pdu->pgk_index : 0;
    const stream_name name = {.protocol = VERIFY_PDCP_SL,
                              .number = (uint32_t)pdu->link.cast << 24 | (uint32_t)pgk_index << 16 | pdu->key_id,
                              .channel = sl_link_channel(&pdu->link)};
    packet_fate fate = sidelink_fate(pdu, opening, time);
    known_stream *known = stream_of(traffic, &name);
    verify_stream *stream = &known->stream;
    if (known != traffic->unnamed && !stream->total.packets) {
        stream->link = pdu->link;
        stream->key_id = pdu->key_id;
        stream->pgk_index = pgk_index;
    }
    if (take(traffic, known, &fate))
        note_run(stream, &fate);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

verify_traffic *verify_traffic_new(const verify_window *window)
{
    verify_traffic *traffic = g_new0(verify_traffic, 1);
    traffic->window = *window;
    traffic->streams = g_ptr_array_new_with_free_func(free_stream);
    traffic->by_name = g_hash_table_new(hash_name, same_name);
    return traffic;
}

void verify_traffic_free(verify_traffic *traffic)
{
    if (!traffic)
        return;
    g_hash_table_destroy(traffic->by_name);
    g_ptr_array_free(traffic->streams, TRUE);
    g_free(traffic);
}

const GPtrArray *verify_traffic_streams(const verify_traffic *traffic)
{
    return traffic->streams;
}

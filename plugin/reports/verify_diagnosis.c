#include "reports/verify_diagnosis.h"

#include "sessions/packet_index.h"

#include <openssl/crypto.h>

#define SHORT_TAG 8      /* octets; a shorter one fits by chance too easily to be believed on one sample among many ROCs */
#define SEARCH_SLICE 4096 /* ROCs that are searched under one key before it is the next one's turn */
#define MAX_READINGS 4
#define MAX_SPANS 3

typedef struct {
    uint32_t first, last;
} roc_span;

typedef struct {
    const verify_stream *stream;
    bool is_rtcp;
    unsigned count;                 /* samples */
    rtp_packet rtp[VERIFY_SAMPLES]; /* SRTP */
    uint64_t *credit;               /* of the report ... */
    uint64_t reserve;               /* ... of which so much stays */
    uint64_t left;                  /* of the stream */
    bool is_cut;                    /* for want of either, or of samples */
    verify_diagnosis *diagnosis;
    uint8_t out[VERIFY_MAX_SAMPLE_LEN];
} examination;

/* A key under a suite, its own or another. */
typedef struct {
    const session_key *key;
    const crypto_suite *suite;
    srtp_context *context;
    uint8_t tag_len;
    srtp_reading readings[MAX_READINGS];
    unsigned count;
} trial;

/* --- one trial ----------------------------------------------------------------------------------------------------- */

static bool spend(examination *e, const trial *t)
{
    const uint64_t cost = srtp_context_key(t->context)->kdr ? VERIFY_DERIVING_TRIAL : 1;
    if (e->left < cost || *e->credit < e->reserve + cost) {
        e->is_cut = true;
        return false;
    }
    e->left -= cost;
    *e->credit -= cost;
    return true;
}

static bool opens(examination *e, const trial *t, const srtp_reading *reading, unsigned number, uint32_t roc)
{
    const verify_sample *sample = &e->stream->samples[number];
    size_t len;
    uint32_t index;
    bool e_bit;
    if (!spend(e, t))
        return false;
    if (!e->is_rtcp)
        return srtp_context_open_rtp(t->context, reading, &e->rtp[number], roc, e->out, &len) == SRTP_OPEN_OK;
    return srtp_context_open_rtcp(t->context, reading, sample->octets, sample->len, e->out, &len, &index, &e_bit) == SRTP_OPEN_OK;
}

/* With a short tag the next sample has to agree. */
static bool is_proven(examination *e, const trial *t, const srtp_reading *reading, uint32_t roc)
{
    if (!opens(e, t, reading, 0, roc))
        return false;
    if (t->tag_len >= SHORT_TAG || e->count < 2)
        return true;
    const uint64_t index = e->is_rtcp ? 0 : packet_index_make(roc, e->rtp[0].seq);
    return opens(e, t, reading, 1, e->is_rtcp ? 0 : packet_index_estimate(index, e->rtp[1].seq));
}

static bool try_span(examination *e, const trial *t, roc_span span)
{
    for (unsigned i = 0; i < t->count; i++) {
        for (uint64_t roc = span.first; roc <= span.last && !e->is_cut; roc++) {
            if (!is_proven(e, t, &t->readings[i], (uint32_t)roc))
                continue;
            e->diagnosis->key = t->key;
            e->diagnosis->suite = t->suite;
            e->diagnosis->roc = (uint32_t)roc;
            return true;
        }
    }
    return false;
}

/* --- a key under a suite ------------------------------------------------------------------------------------------- */

static void add_reading(trial *t, const srtp_master_key *master, srtp_kdf_variant kdf, uint8_t mki_len)
{
    t->readings[t->count++] = (srtp_reading){
        .kdf = kdf, .tag_len = t->tag_len, .mki_len = mki_len, .verify = true, .clear = master->unencrypted_srtp};
}

/* other: the suite, or NULL for the key as it is. The readings are those that media_streams knows as well. False: the packets would have
 * no tag. */
static bool trial_begin(trial *t, const examination *e, const session_key *key, const crypto_suite *other)
{
    const srtp_transform *own = &srtp_context_key(key->context)->transform;
    srtp_master_key master = *srtp_context_key(key->context);
    if (other) {
        master.transform = other->transform;
        master.transform.auth_key_len = own->auth_key_len;
    }
    *t = (trial){.key = key, .suite = other ? other : key->suite};
    t->tag_len = e->is_rtcp ? master.transform.srtcp_tag_len : master.unauthenticated_srtp ? 0 : master.transform.srtp_tag_len;
    t->context = t->tag_len ? srtp_context_new(&master) : NULL;
    OPENSSL_cleanse(&master, sizeof master);
    if (!t->context)
        return false;
    const srtp_master_key *kept = srtp_context_key(t->context);
    for (unsigned kdf = SRTP_KDF_RFC; kdf <= (own->key_len == 24 ? SRTP_KDF_AES192_AS_256 : SRTP_KDF_RFC); kdf++) {
        add_reading(t, kept, (srtp_kdf_variant)kdf, kept->mki_len);
        if (kept->mki_len)
            add_reading(t, kept, (srtp_kdf_variant)kdf, 0);
    }
    return true;
}

static void trial_end(trial *t)
{
    srtp_context_free(t->context);
    t->context = NULL;
}

/* Whether the suite takes the key's octets and gives packets another tag than the key's own does. */
static bool is_other_suite(const examination *e, const session_key *key, const crypto_suite *suite)
{
    const srtp_transform *own = &srtp_context_key(key->context)->transform, *other = &suite->transform;
    const bool has_same_tag = own->auth == other->auth && (e->is_rtcp ? own->srtcp_tag_len == other->srtcp_tag_len
                                                                      : own->srtp_tag_len == other->srtp_tag_len);
    return suite->supported && own->key_len == other->key_len && own->salt_len == other->salt_len && !has_same_tag;
}

/* --- rollover counters --------------------------------------------------------------------------------------------- */

/* Where the packets would stand if the stream went on as it was last seen. False: it was never opened. */
static bool expected_roc(const verify_stream *stream, uint32_t *roc)
{
    const verify_counts *last = NULL;
    for (guint i = 0; i < stream->stretches->len; i++) {
        const verify_counts *counts = &((const verify_stretch *)stream->stretches->pdata[i])->counts;
        if (counts->has_index && (!last || counts->last_frame > last->last_frame))
            last = counts;
    }
    if (last)
        *roc = (uint32_t)(last->last_index >> 16);
    return last != NULL;
}

/* The counters that a stream begins with, is told to begin with, or has got to, and some behind each. With a single sample and a short
 * tag, these alone. */
static unsigned likely_spans(const examination *e, const trial *t, roc_span spans[MAX_SPANS])
{
    unsigned count = 0;
    uint32_t roc;
    const uint32_t told = session_key_roc(t->key, e->stream->ssrc);
    spans[count++].first = 0;
    if (e->is_rtcp) {
        spans[0].last = 0;
        return count;
    }
    if (told)
        spans[count++].first = told;
    if (expected_roc(e->stream, &roc))
        spans[count++].first = roc;
    const uint32_t ahead = t->tag_len < SHORT_TAG && e->count < 2 ? 0 : MEDIA_ROC_AHEAD;
    for (unsigned i = 0; i < count; i++)
        spans[i].last = spans[i].first + MIN(ahead, UINT32_MAX - spans[i].first);
    return count;
}

static bool try_likely(examination *e, const session_key *key, const crypto_suite *other)
{
    roc_span spans[MAX_SPANS];
    trial t;
    bool found = false;
    if (!trial_begin(&t, e, key, other))
        return false;
    const unsigned count = likely_spans(e, &t, spans);
    for (unsigned i = 0; i < count && !found; i++)
        found = try_span(e, &t, spans[i]);
    trial_end(&t);
    return found;
}

/* --- all keys ------------------------------------------------------------------------------------------------------ */

static bool try_own_suites(examination *e, const GPtrArray *keys, guint count)
{
    for (guint i = 0; i < count; i++)
        if (try_likely(e, keys->pdata[i], NULL))
            return true;
    return false;
}

static bool try_other_suites(examination *e, const GPtrArray *keys, guint count)
{
    size_t suite_count;
    const crypto_suite *suites = crypto_suites(&suite_count);
    for (guint i = 0; i < count; i++) {
        const session_key *key = keys->pdata[i];
        for (unsigned other_cipher = 0; other_cipher <= 1; other_cipher++)
            for (size_t s = 0; s < suite_count; s++)
                if (is_other_suite(e, key, &suites[s]) &&
                    (suites[s].transform.cipher != key->suite->transform.cipher) == other_cipher && try_likely(e, key, &suites[s]))
                    return true;
    }
    return false;
}

/* Low counters are tried under every key before higher ones. */
static bool search_rocs(examination *e, const GPtrArray *keys, guint count)
{
    trial trials[VERIFY_DIAGNOSED_KEYS];
    unsigned made = 0;
    bool found = false;
    for (guint i = 0; i < count; i++) {
        if (!trial_begin(&trials[made], e, keys->pdata[i], NULL))
            continue;
        if (trials[made].tag_len >= SHORT_TAG || e->count >= 2)
            made++;
        else {
            trial_end(&trials[made]);
            e->is_cut = true;
        }
    }
    for (uint32_t first = 0; first < VERIFY_DIAGNOSED_ROCS && !found && !e->is_cut; first += SEARCH_SLICE)
        for (unsigned i = 0; i < made && !found; i++)
            found = try_span(e, &trials[i], (roc_span){first, first + SEARCH_SLICE - 1});
    for (unsigned i = 0; i < made; i++)
        trial_end(&trials[i]);
    return found;
}

/* --- one stream ---------------------------------------------------------------------------------------------------- */

/* A single mismatch in a stream that goes well is a damaged packet, and so is a last one. */
static bool is_failing(const verify_stream *stream)
{
    if (stream->protocol == VERIFY_PDCP_SL || !stream->total.failed[VERIFY_TAG_MISMATCH])
        return false;
    return !stream->total.authenticated || (stream->failing_since && stream->total.last_frame != stream->failing_since);
}

static void take_samples(examination *e)
{
    for (unsigned i = 0; i < VERIFY_SAMPLES; i++) {
        const verify_sample *sample = &e->stream->samples[i];
        if (!sample->len || (!e->is_rtcp && !rtp_packet_parse(&e->rtp[i], sample->octets, sample->len)))
            break;
        e->count++;
    }
}

static void conclude(examination *e, const GPtrArray *keys)
{
    verify_diagnosis *diagnosis = e->diagnosis;
    const guint count = MIN(keys->len, VERIFY_DIAGNOSED_KEYS);
    const bool as_it_is = try_own_suites(e, keys, count);
    if (!as_it_is && try_other_suites(e, keys, count)) {
        diagnosis->code = VERIFY_WRONG_SUITE;
        return;
    }
    e->reserve = VERIFY_TRIALS_PER_REPORT / 2;
    if (as_it_is || (!e->is_rtcp && search_rocs(e, keys, count)))
        diagnosis->code = diagnosis->key->frame > e->stream->samples[0].frame ? VERIFY_KEY_AFTER_TRAFFIC : VERIFY_ROC_UNKNOWN;
}

bool verify_diagnose(const verify_stream *stream, const GPtrArray *keys, uint64_t *credit, verify_diagnosis *diagnosis)
{
    *diagnosis = (verify_diagnosis){.code = VERIFY_WRONG_KEY};
    if (!is_failing(stream))
        return false;
    examination e = {.stream = stream,
                     .is_rtcp = stream->protocol == VERIFY_SRTCP,
                     .credit = credit,
                     .left = VERIFY_TRIALS_PER_STREAM,
                     .diagnosis = diagnosis};
    take_samples(&e);
    if (e.count)
        conclude(&e, keys);
    diagnosis->is_complete = diagnosis->key || (e.count && !e.is_cut && keys->len <= VERIFY_DIAGNOSED_KEYS);
    return true;
}

#include "reports/derived_keys.h"

#include <openssl/crypto.h>
#include <string.h>

static void set_fingerprints(derived_key *derived, octet_span key, octet_span salt)
{
    uint8_t *both = g_malloc(key.len + salt.len);
    memcpy(both, key.data, key.len);
    if (salt.len)
        memcpy(both + key.len, salt.data, salt.len);
    key_fingerprint(both, key.len + salt.len, derived->fingerprint);
    key_fingerprint(both, key.len, derived->key_fingerprint);
    derived->has_salt = salt.len > 0;
    OPENSSL_cleanse(both, key.len + salt.len);
    g_free(both);
}

/* --- MIKEY --------------------------------------------------------------------------------------------------------- */

/* Whether the key is one that a key log delivered, or but a part of such a one. */
static bool is_delivered(const mikey_step *step)
{
    while (step && (step->source == MIKEY_FROM_SPLIT || step->source == MIKEY_FROM_KEY))
        step = step->from;
    return step && step->source == MIKEY_FROM_KEYLOG;
}

/* `own`: receives the SRTP keys that are made of TEKs which no key log delivered. */
static void collect_teks(const mikey_record *record, GHashTable *own, GArray *found)
{
    for (guint i = 0; i < record->teks->len; i++) {
        const mikey_tek *tek = &g_array_index(record->teks, mikey_tek, i);
        if (is_delivered(tek->step))
            continue;
        derived_key derived = {.kind = DERIVED_TEK,
                               .has_csb_id = true,
                               .csb_id = record->message->header.csb_id,
                               .cs_id = tek->cs_id,
                               .used = tek->key && tek->key->claims};
        set_fingerprints(&derived, tek->step->key, tek->step->salt);
        g_array_append_val(found, derived);
        if (tek->key)
            g_hash_table_add(own, (gpointer)tek->key);
    }
}

static void collect_tgks(const mikey_record *record, GArray *found)
{
    for (guint i = 0; i < record->steps->len; i++) {
        const mikey_step *step = record->steps->pdata[i];
        if ((step->kind & ~1) != MIKEY_KEY_TGK || is_delivered(step) || step->source == MIKEY_FROM_PRF)
            continue;
        derived_key derived = {
            .kind = DERIVED_TGK, .has_csb_id = true, .csb_id = record->message->header.csb_id, .cs_id = -1};
        set_fingerprints(&derived, step->key, step->salt);
        g_array_append_val(found, derived);
    }
}

/* --- SRTP ---------------------------------------------------------------------------------------------------------- */

static bool is_of_signalling(const session_key *key, GHashTable *own)
{
    if (!key->is_signalled || key->signalled_origin == KEY_ORIGIN_KD)
        return false;
    bool is_mikey = key->signalled_origin == KEY_ORIGIN_MIKEY || key->signalled_origin == KEY_ORIGIN_MIKEY_TICKET;
    return !is_mikey || g_hash_table_contains(own, key);
}

static void collect_srtp(const session_keys *keys, GHashTable *own, GArray *found)
{
    const GPtrArray *all = session_keys_all(keys);
    for (guint i = 0; i < all->len; i++) {
        const session_key *key = all->pdata[i];
        const srtp_master_key *master = srtp_context_key(key->context);
        if (!is_of_signalling(key, own))
            continue;
        derived_key derived = {.kind = DERIVED_SRTP, .key = key, .cs_id = -1, .used = key->claims > 0};
        if (key->leg && *media_leg_call_id(key->leg))
            derived.call_id = media_leg_call_id(key->leg);
        set_fingerprints(&derived, (octet_span){master->key, master->transform.key_len},
                         (octet_span){master->salt, master->transform.salt_len});
        g_array_append_val(found, derived);
    }
}

/* --- direct communication ------------------------------------------------------------------------------------------ */

static void add_of_context(GArray *found, derived_kind kind, const sl_context *context, octet_span key)
{
    const octet_span nothing = {NULL, 0};
    derived_key derived = {.kind = kind, .cs_id = -1, .context = context, .used = true};
    if (key.len == 0)
        return;
    derived.has_kd_id = context->signalled && context->signalled->has_kd_id;
    derived.kd_id = derived.has_kd_id ? context->signalled->kd_id : 0;
    set_fingerprints(&derived, key, nothing);
    g_array_append_val(found, derived);
}

typedef struct {
    threegpp_key kd, kd_sess;
    uint8_t pek[EPS_KEY_LEN], pik[EPS_KEY_LEN];
} link_keys;

static bool derive(const sl_context *context, const kd_candidate *candidate, link_keys *keys)
{
    const prose_kdf_profile *profile = &context->profile.prose;
    const pc5_context *signalled = context->signalled;
    return kd_candidate_derive(candidate, &context->profile, signalled, &keys->kd) &&
           prose_kd_sess(profile, &keys->kd, signalled->nonce_1, signalled->nonce_2, &keys->kd_sess) &&
           prose_traffic_key(profile, &keys->kd_sess, PROSE_PEK, context->eea, keys->pek) &&
           prose_traffic_key(profile, &keys->kd_sess, PROSE_PIK, context->eia, keys->pik);
}

static bool is_own(const kd_candidate *candidate, const pc5_context *signalled)
{
    return (candidate->frame && candidate->frame == signalled->answer.frame) ||
           (candidate->offer_frame && candidate->offer_frame == signalled->offer.frame);
}

static void add_link_keys(GArray *found, const sl_context *context, const link_keys *keys)
{
    add_of_context(found, DERIVED_KD, context, threegpp_key_span(&keys->kd));
    add_of_context(found, DERIVED_KD_SESS, context, threegpp_key_span(&keys->kd_sess));
    add_of_context(found, DERIVED_PEK, context, (octet_span){keys->pek, sizeof keys->pek});
    add_of_context(found, DERIVED_PIK, context, (octet_span){keys->pik, sizeof keys->pik});
}

/* A context that the key log keyed, although signalling could have: what the link's own offer and answer give, or, where something
 * else gives the very keys in use, these. */
static void rederive(const verify_sources *sources, const sl_context *context, GArray *found)
{
    GArray *candidates = kd_sources_candidates(sources->kd, context->signalled);
    for (int equal = 1; equal >= 0; equal--) {
        for (guint i = 0; i < candidates->len; i++) {
            const kd_candidate *candidate = &g_array_index(candidates, kd_candidate, i);
            link_keys keys = {0};
            bool fits = !candidate->line && (equal || is_own(candidate, context->signalled)) && derive(context, candidate, &keys) &&
                        (!equal || memcmp(keys.pek, context->pek, sizeof keys.pek) == 0);
            if (fits)
                add_link_keys(found, context, &keys);
            OPENSSL_cleanse(&keys, sizeof keys);
            if (!fits)
                continue;
            g_array_unref(candidates);
            return;
        }
    }
    g_array_unref(candidates);
}

static void collect_contexts(const verify_sources *sources, GArray *found)
{
    const GPtrArray *contexts = sl_security_contexts(sources->sidelink);
    for (guint i = 0; i < contexts->len; i++) {
        const sl_context *context = contexts->pdata[i];
        if (!context->proven || !context->signalled || (context->key_id & SL_GROUP_KEY))
            continue;
        if (context->source.line || context->source.origin == SL_FROM_KEYLOG) {
            rederive(sources, context, found);
            continue;
        }
        add_of_context(found, DERIVED_KD, context, threegpp_key_span(&context->kd));
        add_of_context(found, DERIVED_KD_SESS, context, threegpp_key_span(&context->kd_sess));
        add_of_context(found, DERIVED_PEK, context, (octet_span){context->pek, context->has_pek ? sizeof context->pek : 0});
        add_of_context(found, DERIVED_PIK, context, (octet_span){context->pik, context->has_pik ? sizeof context->pik : 0});
    }
}

static void add_sdes(GArray *found, derived_kind kind, const kd_sdes_key *key, const sl_context *context)
{
    derived_key derived = {.kind = kind, .cs_id = -1, .context = context};
    set_fingerprints(&derived, (octet_span){key->octets, key->key_len}, (octet_span){key->octets + key->key_len, key->salt_len});
    g_array_append_val(found, derived);
}

/* Proven contexts by the frames of their own offers and answers, the first of each frame. */
typedef struct {
    GHashTable *by_offer, *by_answer;
} own_frames;

static void note_own(GHashTable *table, uint32_t frame, const sl_context *context)
{
    if (frame && !g_hash_table_contains(table, GUINT_TO_POINTER(frame)))
        g_hash_table_insert(table, GUINT_TO_POINTER(frame), (gpointer)context);
}

static own_frames own_frames_new(const sl_security *sidelink)
{
    const own_frames own = {g_hash_table_new(NULL, NULL), g_hash_table_new(NULL, NULL)};
    const GPtrArray *contexts = sl_security_contexts(sidelink);
    for (guint i = 0; i < contexts->len; i++) {
        const sl_context *context = contexts->pdata[i];
        if (!context->proven || !context->signalled)
            continue;
        note_own(own.by_offer, context->signalled->offer.frame, context);
        note_own(own.by_answer, context->signalled->answer.frame, context);
    }
    return own;
}

static void own_frames_free(const own_frames *own)
{
    g_hash_table_destroy(own->by_offer);
    g_hash_table_destroy(own->by_answer);
}

/* The first proven context whose own offer or answer these are; NULL: none. */
static const sl_context *context_of(const own_frames *own, const kd_candidate *candidate)
{
    const sl_context *answered = g_hash_table_lookup(own->by_answer, GUINT_TO_POINTER(candidate->frame));
    const sl_context *offered = g_hash_table_lookup(own->by_offer, GUINT_TO_POINTER(candidate->offer_frame));
    if (!answered || !offered)
        return answered ? answered : offered;
    return answered->index < offered->index ? answered : offered;
}

static void collect_sdes(const verify_sources *sources, GArray *found)
{
    static const pc5_context any = {.is_rekeying = false};
    GArray *candidates = kd_sources_candidates(sources->kd, &any);
    const own_frames own = own_frames_new(sources->sidelink);
    for (guint i = candidates->len; i-- > 0;) {
        const kd_candidate *candidate = &g_array_index(candidates, kd_candidate, i);
        if (candidate->kind != KD_OF_SDES || candidate->line)
            continue;
        const sl_context *context = context_of(&own, candidate);
        add_sdes(found, DERIVED_K1, &candidate->offer, context);
        add_sdes(found, DERIVED_K2, &candidate->answer, context);
    }
    own_frames_free(&own);
    g_array_unref(candidates);
}

GArray *derived_keys_collect(const verify_sources *sources)
{
    GArray *found = g_array_new(FALSE, TRUE, sizeof(derived_key));
    GHashTable *own = g_hash_table_new(NULL, NULL);
    const GPtrArray *records = mikey_sessions_records(sources->mikey);
    for (guint i = 0; i < records->len; i++) {
        collect_teks(records->pdata[i], own, found);
        collect_tgks(records->pdata[i], found);
    }
    collect_srtp(sources->keys, own, found);
    collect_contexts(sources, found);
    collect_sdes(sources, found);
    g_hash_table_destroy(own);
    return found;
}

#include "sessions/kd_sources.h"

#include "keys/keyed_hash.h"

#include <openssl/crypto.h>
#include <string.h>

/* Bodies between two addresses that are looked through for what an answer answers. */
#define LOOK_BACK 16

#define LOGGED_SDES_MAX 4096 /* logged keys of offerers, the newest, that are looked at for one context */

/* One key of an a=crypto line. */
typedef struct {
    uint32_t tag;
    const crypto_suite *suite;
    kd_sdes_key key;
} offered_line;

/* The keys of one SDP body. */
typedef struct {
    uint32_t frame;
    pc5_id source, destination;
    char *call_id; /* NULL: none */
    const char *carrier;
    unsigned count;
    offered_line *lines;
} seen_body;

/* A logged SDES key. */
typedef struct {
    keylog_selector_kind selector;
    char *call_id;
    uint32_t initiator, responder;
    kd_sdes_key key;
    unsigned line;
    const GPtrArray *seconds; /* the K2 with the same selector, borrowed logged_sdes */
} logged_sdes;

typedef struct {
    bool has_kd_id;
    uint32_t kd_id;
    threegpp_key kd;
    unsigned line;
} logged_kd;

struct kd_sources {
    const mikey_sessions *mikey;
    GHashTable *seen;      /* "FRAME FINGERPRINT" of bodies */
    GHashTable *bodies;    /* GBytes of source and destination to GPtrArray of borrowed seen_body */
    GPtrArray *all_bodies; /* owned */
    GPtrArray *couples;    /* kd_candidate, owned */
    GHashTable *couples_of_frame; /* frame of an offer or an answer to GPtrArray of borrowed kd_candidate */
    GPtrArray *suites;     /* const crypto_suite *, the newest last */
    GPtrArray *kds;        /* logged_kd, owned */
    GPtrArray *kds_for_any; /* borrowed */
    GHashTable *kds_by_id, *kds_by_msb; /* KD ID, or the first 16 bits of it, to GPtrArray of borrowed logged_kd */
    GPtrArray *keys[2];    /* logged_sdes, owned: K1, K2 */
    GHashTable *seconds;   /* couple_name() to GPtrArray of borrowed K2 */
};

/* --- making and freeing -------------------------------------------------------------------------------------------- */

static void free_body(gpointer data)
{
    seen_body *body = (seen_body *)data;
    OPENSSL_cleanse(body->lines, body->count * sizeof *body->lines);
    g_free(body->lines);
    g_free(body->call_id);
    g_free(body);
}

static void free_candidate(gpointer data)
{
    OPENSSL_cleanse(data, sizeof(kd_candidate));
    g_free(data);
}

static void clear_candidate(gpointer data)
{
    OPENSSL_cleanse(data, sizeof(kd_candidate));
}

static void free_logged_kd(gpointer data)
{
    OPENSSL_cleanse(data, sizeof(logged_kd));
    g_free(data);
}

static void free_logged_sdes(gpointer data)
{
    logged_sdes *logged = (logged_sdes *)data;
    g_free(logged->call_id);
    OPENSSL_cleanse(logged, sizeof *logged);
    g_free(logged);
}

static void unref_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

static void free_list(gpointer list)
{
    g_ptr_array_free(list, TRUE);
}

kd_sources *kd_sources_new(const mikey_sessions *mikey)
{
    kd_sources *sources = g_new0(kd_sources, 1);
    sources->mikey = mikey;
    sources->seen = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, NULL);
    sources->bodies = g_hash_table_new_full(keyed_hash_bytes, g_bytes_equal, unref_bytes, free_list);
    sources->all_bodies = g_ptr_array_new_with_free_func(free_body);
    sources->couples = g_ptr_array_new_with_free_func(free_candidate);
    sources->couples_of_frame = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    sources->suites = g_ptr_array_new();
    sources->kds = g_ptr_array_new_with_free_func(free_logged_kd);
    sources->kds_for_any = g_ptr_array_new();
    sources->kds_by_id = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    sources->kds_by_msb = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    sources->seconds = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, free_list);
    for (unsigned which = 0; which < 2; which++)
        sources->keys[which] = g_ptr_array_new_with_free_func(free_logged_sdes);
    return sources;
}

void kd_sources_free(kd_sources *sources)
{
    if (!sources)
        return;
    g_hash_table_destroy(sources->seen);
    g_hash_table_destroy(sources->bodies);
    g_ptr_array_free(sources->all_bodies, TRUE);
    g_hash_table_destroy(sources->couples_of_frame);
    g_ptr_array_free(sources->couples, TRUE);
    g_ptr_array_free(sources->suites, TRUE);
    g_hash_table_destroy(sources->kds_by_id);
    g_hash_table_destroy(sources->kds_by_msb);
    g_ptr_array_free(sources->kds_for_any, TRUE);
    g_ptr_array_free(sources->kds, TRUE);
    g_hash_table_destroy(sources->seconds);
    g_ptr_array_free(sources->keys[0], TRUE);
    g_ptr_array_free(sources->keys[1], TRUE);
    g_free(sources);
}

static GPtrArray *list_at(GHashTable *table, uint32_t number)
{
    GPtrArray *list = (GPtrArray *)g_hash_table_lookup(table, GUINT_TO_POINTER(number));
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, GUINT_TO_POINTER(number), list);
    }
    return list;
}

/* --- key logs ------------------------------------------------------------------------------------------------------ */

/* By what a K1 and a K2 belong together. */
static char *couple_name(const logged_sdes *logged)
{
    return g_strdup_printf("%d %x %x %s", (int)logged->selector, logged->initiator, logged->responder,
                           logged->call_id ? logged->call_id : "");
}

static GPtrArray *seconds_of(kd_sources *sources, const logged_sdes *logged)
{
    char *name = couple_name(logged);
    GPtrArray *list = (GPtrArray *)g_hash_table_lookup(sources->seconds, name);
    if (list) {
        g_free(name);
        return list;
    }
    list = g_ptr_array_new();
    g_hash_table_insert(sources->seconds, name, list);
    return list;
}

static void add_sdes(kd_sources *sources, const keylog_entry *entry)
{
    logged_sdes *logged = g_new0(logged_sdes, 1);
    logged->selector = entry->selector;
    logged->call_id = g_strdup(entry->call_id);
    logged->initiator = entry->initiator;
    logged->responder = entry->responder;
    logged->line = entry->line;
    logged->key.key_len = (uint8_t)entry->secret_len;
    logged->key.salt_len = entry->salt_len;
    memcpy(logged->key.octets, entry->secret, entry->secret_len);
    memcpy(logged->key.octets + entry->secret_len, entry->salt, entry->salt_len);
    g_ptr_array_add(sources->keys[entry->label == KEYLOG_SDES_K2], logged);
    GPtrArray *seconds = seconds_of(sources, logged);
    logged->seconds = seconds;
    if (entry->label == KEYLOG_SDES_K2)
        g_ptr_array_add(seconds, logged);
}

static void add_kd(kd_sources *sources, const keylog_entry *entry)
{
    logged_kd *logged = g_new0(logged_kd, 1);
    logged->has_kd_id = entry->selector == KEYLOG_KD;
    logged->kd_id = entry->kd_id;
    logged->line = entry->line;
    logged->kd.len = entry->secret_len;
    memcpy(logged->kd.octets, entry->secret, entry->secret_len);
    g_ptr_array_add(sources->kds, logged);
    if (!logged->has_kd_id) {
        g_ptr_array_add(sources->kds_for_any, logged);
        return;
    }
    g_ptr_array_add(list_at(sources->kds_by_id, logged->kd_id), logged);
    g_ptr_array_add(list_at(sources->kds_by_msb, logged->kd_id >> 16), logged);
}

void kd_sources_add_logged(kd_sources *sources, const keylog_entry *entry)
{
    if (entry->label == KEYLOG_D2D_KD)
        add_kd(sources, entry);
    else
        add_sdes(sources, entry);
}

/* --- SDP ----------------------------------------------------------------------------------------------------------- */

static bool take_line(offered_line *line, const sdes_crypto *crypto)
{
    const sdes_key_param *param = crypto->key_count ? &crypto->keys[0] : NULL;
    if (!param || !param->usable || !crypto->suite)
        return false;
    const srtp_transform *transform = &crypto->suite->transform;
    size_t len = (size_t)transform->key_len + transform->salt_len;
    if (len > sizeof line->key.octets || param->key_salt_len < len)
        return false;
    line->tag = crypto->tag;
    line->suite = crypto->suite;
    line->key.key_len = transform->key_len;
    line->key.salt_len = transform->salt_len;
    memcpy(line->key.octets, param->key_salt, len);
    return true;
}

static seen_body *body_new(const kd_body_arrival *arrival, const sdp_body *sdp)
{
    offered_line *lines = g_new0(offered_line, KD_MAX_LINES); /* padding, too, is zero: the whole is fingerprinted */
    seen_body *body = g_new0(seen_body, 1);
    body->frame = arrival->frame;
    body->source = arrival->source;
    body->destination = arrival->destination;
    body->call_id = arrival->call_id.text ? g_strndup(arrival->call_id.text, arrival->call_id.len) : NULL;
    for (unsigned m = 0; m < sdp->media_count; m++)
        for (unsigned c = 0; c < sdp->media[m].crypto_count && body->count < KD_MAX_LINES; c++)
            body->count += take_line(&lines[body->count], sdp->media[m].crypto[c]);
    body->carrier = arrival->carrier;
    body->lines = (offered_line *)g_memdup2(lines, body->count * sizeof *lines);
    OPENSSL_cleanse(lines, KD_MAX_LINES * sizeof *lines);
    g_free(lines);
    return body;
}

/* The first octets of both ends: of a layer-2 destination there may be no more than 16 bits. */
static GBytes *way_of(const pc5_id *from, const pc5_id *to)
{
    uint8_t name[2 * PC5_MAX_ID_LEN + 2], len = 0;
    const pc5_id *ends[] = {from, to};
    for (unsigned end = 0; end < 2; end++) {
        uint8_t octets = ends[end]->len <= PC5_LAYER_2_ID_LEN ? MIN(ends[end]->len, 2) : ends[end]->len;
        name[len++] = octets;
        memcpy(name + len, ends[end]->octets, octets);
        len += octets;
    }
    return g_bytes_new(name, len);
}

static const GPtrArray *bodies_on_way(const kd_sources *sources, const pc5_id *from, const pc5_id *to)
{
    GBytes *way = way_of(from, to);
    const GPtrArray *bodies = (const GPtrArray *)g_hash_table_lookup(sources->bodies, way);
    g_bytes_unref(way);
    return bodies;
}

static void remember(kd_sources *sources, seen_body *body)
{
    GBytes *way = way_of(&body->source, &body->destination);
    GPtrArray *bodies = (GPtrArray *)g_hash_table_lookup(sources->bodies, way);
    g_ptr_array_add(sources->all_bodies, body);
    if (bodies) {
        g_bytes_unref(way);
    } else {
        bodies = g_ptr_array_new();
        g_hash_table_insert(sources->bodies, way, bodies);
    }
    g_ptr_array_add(bodies, body);
}

/* The newest body of the other direction, of the same call if there is one: what this one may answer. */
static const seen_body *offer_of(const kd_sources *sources, const seen_body *answer)
{
    const GPtrArray *bodies = bodies_on_way(sources, &answer->destination, &answer->source);
    for (guint i = bodies ? bodies->len : 0, n = 0; i-- > 0 && n < LOOK_BACK; n++) {
        const seen_body *body = (const seen_body *)bodies->pdata[i];
        if (g_strcmp0(body->call_id, answer->call_id) == 0)
            return body;
    }
    return bodies ? (const seen_body *)bodies->pdata[bodies->len - 1] : NULL;
}

static void couple(kd_sources *sources, const seen_body *offer, const seen_body *answer)
{
    for (unsigned a = 0; a < answer->count; a++) {
        for (unsigned o = 0; o < offer->count; o++) {
            const offered_line *from = &offer->lines[o], *to = &answer->lines[a];
            if (from->tag != to->tag || from->suite != to->suite || sources->couples->len == KD_MAX_COUPLES)
                continue;
            kd_candidate *made = g_new0(kd_candidate, 1);
            made->kind = KD_OF_SDES;
            made->offer = from->key;
            made->answer = to->key;
            made->suite = to->suite;
            made->frame = answer->frame;
            made->offer_frame = offer->frame;
            made->carrier = answer->carrier;
            g_ptr_array_add(sources->couples, made);
            g_ptr_array_add(list_at(sources->couples_of_frame, made->frame), made);
            if (made->offer_frame != made->frame)
                g_ptr_array_add(list_at(sources->couples_of_frame, made->offer_frame), made);
            g_ptr_array_remove(sources->suites, (gpointer)to->suite);
            g_ptr_array_add(sources->suites, (gpointer)to->suite);
        }
    }
}

static bool was_seen(kd_sources *sources, const seen_body *body)
{
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    key_fingerprint((const uint8_t *)body->lines, body->count * sizeof *body->lines, fingerprint);
    return !g_hash_table_add(sources->seen, g_strdup_printf("%x %s", body->frame, fingerprint));
}

void kd_sources_add_sdp(kd_sources *sources, const kd_body_arrival *arrival, const sdp_body *sdp)
{
    if (sources->all_bodies->len == KD_MAX_BODIES)
        return;
    seen_body *body = body_new(arrival, sdp);
    if (body->count == 0 || was_seen(sources, body)) {
        free_body(body);
        return;
    }
    const seen_body *offer = offer_of(sources, body);
    if (offer)
        couple(sources, offer, body);
    remember(sources, body);
}

unsigned kd_sources_count(const kd_sources *sources)
{
    return sources->couples->len + sources->kds->len + sources->keys[0]->len + sources->keys[1]->len +
           mikey_sessions_news(sources->mikey);
}

const GPtrArray *kd_sources_suites(const kd_sources *sources)
{
    return sources->suites;
}

/* --- candidates ---------------------------------------------------------------------------------------------------- */

static void append(GArray *found, const kd_candidate *candidate)
{
    if (found->len < KD_MAX_CANDIDATES)
        g_array_append_val(found, *candidate);
}

static bool is_of_context(uint32_t offer_frame, uint32_t frame, const pc5_context *context)
{
    return (frame && frame == context->answer.frame) || (offer_frame && offer_frame == context->offer.frame);
}

/* What is passed over here stands among the candidates, so it is no more than they can be. */
static void append_other_couples(GArray *found, const kd_sources *sources, const pc5_context *context)
{
    for (guint i = sources->couples->len; i-- > 0 && found->len < KD_MAX_CANDIDATES;) {
        const kd_candidate *candidate = (const kd_candidate *)sources->couples->pdata[i];
        if (!is_of_context(candidate->offer_frame, candidate->frame, context))
            append(found, candidate);
    }
}

/* Couples of the context's own answer, then others of its own offer. */
static void append_own_couples(GArray *found, const kd_sources *sources, const pc5_context *context)
{
    const uint32_t answer = context->answer.frame, offer = context->offer.frame;
    const GPtrArray *answered = answer ? g_hash_table_lookup(sources->couples_of_frame, GUINT_TO_POINTER(answer)) : NULL;
    const GPtrArray *offered = offer ? g_hash_table_lookup(sources->couples_of_frame, GUINT_TO_POINTER(offer)) : NULL;
    for (guint i = answered ? answered->len : 0; i-- > 0 && found->len < KD_MAX_CANDIDATES;) {
        const kd_candidate *candidate = (const kd_candidate *)answered->pdata[i];
        if (candidate->frame == answer)
            append(found, candidate);
    }
    for (guint i = offered ? offered->len : 0; i-- > 0 && found->len < KD_MAX_CANDIDATES;) {
        const kd_candidate *candidate = (const kd_candidate *)offered->pdata[i];
        if (candidate->offer_frame == offer && candidate->frame != answer)
            append(found, candidate);
    }
}

static void append_teks(GArray *found, const kd_sources *sources, const pc5_context *context, bool of_context)
{
    GPtrArray *teks = g_ptr_array_new();
    mikey_sessions_list_teks(sources->mikey, KD_MAX_CANDIDATES, teks);
    for (guint i = 0; i < teks->len; i++) {
        const mikey_step *step = (const mikey_step *)teks->pdata[i];
        if (step->key.len > THREEGPP_KEY_LEN || is_of_context(step->frame, step->frame, context) != of_context)
            continue;
        kd_candidate candidate = {.kind = KD_OF_TEK, .frame = step->frame, .line = step->frame ? 0 : step->line};
        candidate.key.len = step->key.len;
        memcpy(candidate.key.octets, step->key.data, step->key.len);
        append(found, &candidate);
        OPENSSL_cleanse(&candidate, sizeof candidate);
    }
    g_ptr_array_free(teks, TRUE);
}

static bool is_named(const logged_kd *logged, const pc5_context *context)
{
    if (context->has_kd_id)
        return logged->has_kd_id && logged->kd_id == context->kd_id;
    return logged->has_kd_id && context->has_kd_id_msb && logged->kd_id >> 16 == context->kd_id_msb;
}

static const GPtrArray *named_kds(const kd_sources *sources, const pc5_context *context)
{
    if (context->has_kd_id)
        return (const GPtrArray *)g_hash_table_lookup(sources->kds_by_id, GUINT_TO_POINTER(context->kd_id));
    if (context->has_kd_id_msb)
        return (const GPtrArray *)g_hash_table_lookup(sources->kds_by_msb, GUINT_TO_POINTER(context->kd_id_msb));
    return NULL;
}

static void append_kd(GArray *found, const logged_kd *logged)
{
    kd_candidate candidate = {.kind = KD_LOGGED, .key = logged->kd, .line = logged->line};
    append(found, &candidate);
    OPENSSL_cleanse(&candidate, sizeof candidate);
}

static void append_kds(GArray *found, const GPtrArray *kds)
{
    for (guint i = kds ? kds->len : 0; i-- > 0 && found->len < KD_MAX_CANDIDATES;)
        append_kd(found, (const logged_kd *)kds->pdata[i]);
}

/* Likewise. */
static void append_other_kds(GArray *found, const kd_sources *sources, const pc5_context *context)
{
    for (guint i = sources->kds->len; i-- > 0 && found->len < KD_MAX_CANDIDATES;) {
        const logged_kd *logged = (const logged_kd *)sources->kds->pdata[i];
        if (logged->has_kd_id && !is_named(logged, context))
            append_kd(found, logged);
    }
}

static bool is_id(const pc5_id *id, uint32_t layer_2_id)
{
    const uint8_t octets[] = {(uint8_t)(layer_2_id >> 16), (uint8_t)(layer_2_id >> 8), (uint8_t)layer_2_id};
    return id->len > 0 && id->len <= sizeof octets && memcmp(id->octets, octets, id->len) == 0;
}

static bool is_for(const logged_sdes *logged, const pc5_context *context)
{
    return logged->selector != KEYLOG_L2_PAIR ||
           (is_id(&context->initiator, logged->initiator) && is_id(&context->responder, logged->responder));
}

/* Of the newest LOGGED_SDES_MAX keys of the offerer those for the context, with every key of the answerer that has their selector. */
static void append_logged_sdes(GArray *found, const kd_sources *sources, const pc5_context *context)
{
    const GPtrArray *firsts = sources->keys[0];
    const guint oldest = firsts->len > LOGGED_SDES_MAX ? firsts->len - LOGGED_SDES_MAX : 0;
    for (guint i = firsts->len; i-- > oldest && found->len < KD_MAX_CANDIDATES;) {
        const logged_sdes *first = (const logged_sdes *)firsts->pdata[i];
        if (!is_for(first, context))
            continue;
        const GPtrArray *seconds = first->seconds;
        for (guint j = seconds->len; j-- > 0 && found->len < KD_MAX_CANDIDATES;) {
            const logged_sdes *second = (const logged_sdes *)seconds->pdata[j];
            kd_candidate candidate = {
                .kind = KD_OF_SDES, .offer = first->key, .answer = second->key, .line = second->line, .offer_line = first->line};
            append(found, &candidate);
            OPENSSL_cleanse(&candidate, sizeof candidate);
        }
    }
}

GArray *kd_sources_candidates(const kd_sources *sources, const pc5_context *context)
{
    GArray *found = g_array_sized_new(FALSE, FALSE, sizeof(kd_candidate), KD_MAX_CANDIDATES);
    g_array_set_clear_func(found, clear_candidate);
    append_own_couples(found, sources, context);
    append_teks(found, sources, context, true);
    append_kds(found, named_kds(sources, context));
    append_kds(found, sources->kds_for_any);
    append_logged_sdes(found, sources, context);
    append_other_couples(found, sources, context);
    append_teks(found, sources, context, false);
    append_other_kds(found, sources, context);
    return found;
}

/* --- deriving ------------------------------------------------------------------------------------------------------ */

static sdes_kd_key key_of(const kd_sdes_key *key)
{
    return (sdes_kd_key){.key = {key->octets, key->key_len}, .salt = {key->octets + key->key_len, key->salt_len}};
}

static octet_span info_of(const GBytes *info)
{
    gsize len = 0;
    const uint8_t *octets = info ? (const uint8_t *)g_bytes_get_data((GBytes *)info, &len) : NULL;
    return (octet_span){octets, len};
}

octet_span kd_layer_2_ids(const pc5_context *context, uint8_t ids[2 * PC5_LAYER_2_ID_LEN])
{
    memset(ids, 0, 2 * PC5_LAYER_2_ID_LEN);
    memcpy(ids, context->initiator.octets, MIN(context->initiator.len, PC5_LAYER_2_ID_LEN));
    memcpy(ids + PC5_LAYER_2_ID_LEN, context->responder.octets, MIN(context->responder.len, PC5_LAYER_2_ID_LEN));
    return (octet_span){ids, 2 * PC5_LAYER_2_ID_LEN};
}

static bool derive_from_sdes(const kd_candidate *candidate, const sl_profile *profile, const pc5_context *context,
                             threegpp_key *kd)
{
    uint8_t ids[2 * PC5_LAYER_2_ID_LEN];
    const sdes_kd_inputs inputs = {.offer = key_of(&candidate->offer),
                                   .answer = key_of(&candidate->answer),
                                   .offerer = info_of(context->initiator_info),
                                   .answerer = info_of(context->responder_info),
                                   .layer_2_ids = kd_layer_2_ids(context, ids)};
    return kd_from_sdes(&profile->sdes, &inputs, kd);
}

bool kd_candidate_derive(const kd_candidate *candidate, const sl_profile *profile, const pc5_context *context, threegpp_key *kd)
{
    switch (candidate->kind) {
    case KD_LOGGED:
        *kd = candidate->key;
        return true;
    case KD_OF_SDES:
        return derive_from_sdes(candidate, profile, context, kd);
    case KD_OF_TEK:
        return kd_from_tek(&profile->tek, threegpp_key_span(&candidate->key), kd);
    }
    return false;
}

/* --- what may be told ---------------------------------------------------------------------------------------------- */

key_trace key_trace_of(const uint8_t *key, size_t len)
{
    key_trace trace = {.len = (uint32_t)len};
    if (len)
        key_fingerprint(key, len, trace.fingerprint);
    return trace;
}

kd_trace kd_candidate_trace(const kd_candidate *candidate)
{
    const kd_sdes_key *offer = &candidate->offer, *answer = &candidate->answer;
    return (kd_trace){.kind = candidate->kind,
                      .key = key_trace_of(candidate->key.octets, candidate->key.len),
                      .offer_key = key_trace_of(offer->octets, offer->key_len),
                      .offer_salt = key_trace_of(offer->octets + offer->key_len, offer->salt_len),
                      .answer_key = key_trace_of(answer->octets, answer->key_len),
                      .answer_salt = key_trace_of(answer->octets + answer->key_len, answer->salt_len),
                      .frame = candidate->frame,
                      .offer_frame = candidate->offer_frame,
                      .line = candidate->line,
                      .offer_line = candidate->offer_line,
                      .carrier = candidate->carrier};
}

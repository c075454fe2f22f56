/* Which signalling, which keys and which streams make up a session. */
#include "reports/verify_media_parts.h"

#include "keys/keyed_hash.h"

#include <string.h>

#define MAX_SHARED 64    /* messages of an exchange, the first, that every session is told of which it keys; of others those that key it */
#define MAX_LOOKS 65536  /* keys looked at for one stream among those of media lines at its addresses */

/* Sessions by what leads to them. */
typedef struct {
    const verify_sources *sources;
    GPtrArray *subjects;    /* media_subject * */
    GHashTable *by_dialog;  /* sip_dialog * to media_subject * */
    GHashTable *by_body;    /* frame of an SDP body to the first of them */
    GHashTable *by_key;     /* session_key * to the same: of exchanges without media lines and of KDs */
    GHashTable *by_kd;      /* kd_name() of a first key to the same */
    GHashTable *by_line;    /* line of the key log to the same; 0: the table of the preferences */
    GHashTable *by_hosts;   /* host_pair to the same: what nothing explains */
} allotment;

/* Two hosts whatever the direction, the lesser in memory first. */
typedef struct {
    transport_address low, high;
} host_pair;

static media_subject *new_subject(allotment *all)
{
    media_subject *subject = g_new0(media_subject, 1);
    subject->dialogs = g_ptr_array_new();
    subject->messages = g_ptr_array_new();
    subject->keys = g_array_new(FALSE, TRUE, sizeof(media_key));
    subject->places = g_hash_table_new(NULL, NULL);
    subject->streams = g_ptr_array_new();
    g_ptr_array_add(all->subjects, subject);
    return subject;
}

static void free_subject(gpointer data)
{
    media_subject *subject = data;
    g_ptr_array_free(subject->dialogs, TRUE);
    g_ptr_array_free(subject->messages, TRUE);
    g_array_free(subject->keys, TRUE);
    g_hash_table_destroy(subject->places);
    g_ptr_array_free(subject->streams, TRUE);
    g_free(subject);
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

/* The key as the subject has it, from now on at the latest. */
static media_key *add_key(media_subject *subject, const media_key *key)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(subject->places, key->key));
    if (!place) {
        g_array_append_vals(subject->keys, key, 1);
        place = subject->keys->len;
        g_hash_table_insert(subject->places, (gpointer)key->key, GUINT_TO_POINTER(place));
    }
    return &g_array_index(subject->keys, media_key, place - 1);
}

static media_key as_first_known(const session_key *key)
{
    return (media_key){.key = key, .origin = key->origin, .frame = key->frame, .detail = key->detail};
}

uint64_t media_key_packets(const media_key *key)
{
    return key->srtp + key->srtcp;
}

/* --- signalling ---------------------------------------------------------------------------------------------------- */

static void take_dialog(allotment *all, media_subject *subject, sip_dialog *dialog)
{
    static const key_origin ORIGINS[] = {[SDP_ROLE_UNPAIRED] = KEY_ORIGIN_SDES,
                                         [SDP_ROLE_OFFER] = KEY_ORIGIN_SDES_OFFER,
                                         [SDP_ROLE_ANSWER] = KEY_ORIGIN_SDES_ANSWER};
    const dialog_record *record = sip_dialog_record(dialog);
    g_hash_table_insert(all->by_dialog, dialog, subject);
    g_ptr_array_add(subject->dialogs, (gpointer)record);
    for (guint i = 0; i < record->bodies->len; i++) {
        gpointer frame = GUINT_TO_POINTER(g_array_index(record->bodies, dialog_body, i).frame);
        if (!g_hash_table_contains(all->by_body, frame))
            g_hash_table_insert(all->by_body, frame, subject);
    }
    for (guint i = 0; i < record->keys->len; i++) {
        const dialog_key *key = &g_array_index(record->keys, dialog_key, i);
        add_key(subject,
                &(media_key){.key = key->key, .origin = ORIGINS[key->role], .frame = key->frame, .detail = key->tag});
    }
}

static void take_signalling(allotment *all)
{
    const GPtrArray *connections = all->sources->rtsp ? rtsp_sessions_records(all->sources->rtsp) : NULL;
    for (guint i = 0; connections && i < connections->len; i++) {
        const rtsp_record *connection = connections->pdata[i];
        media_subject *subject = new_subject(all);
        subject->rtsp = connection;
        for (guint d = 0; d < connection->dialogs->len; d++)
            take_dialog(all, subject, connection->dialogs->pdata[d]);
    }
    const GPtrArray *dialogs = offer_answer_dialogs(all->sources->signalling);
    for (guint i = 0; i < dialogs->len; i++)
        if (!g_hash_table_contains(all->by_dialog, dialogs->pdata[i]))
            take_dialog(all, new_subject(all), dialogs->pdata[i]);
    const GPtrArray *legs = offer_answer_legs(all->sources->signalling);
    for (guint i = 0; i < legs->len; i++) {
        const media_leg *leg = legs->pdata[i];
        media_subject *subject = g_hash_table_lookup(all->by_dialog, leg->dialog);
        subject->is_protected |= leg->signalled_protection || leg->secure_profile || leg->keys->len;
    }
}

/* --- MIKEY --------------------------------------------------------------------------------------------------------- */

/* The message that began the CSB. */
static const mikey_record *beginning_of(const mikey_record *record)
{
    if (record->initial)
        record = record->initial;
    return record->base ? record->base : record;
}

static void take_message(allotment *all, media_subject *subject, const mikey_record *record, bool owns_keys)
{
    const key_origin origin =
        mikey_is_ticket_type(record->message->header.data_type) ? KEY_ORIGIN_MIKEY_TICKET : KEY_ORIGIN_MIKEY;
    g_ptr_array_add(subject->messages, (gpointer)record);
    for (guint i = 0; i < record->teks->len; i++) {
        const mikey_tek *tek = &g_array_index(record->teks, mikey_tek, i);
        if (!tek->key || !mikey_tek_is_the_reading(record->teks, i))
            continue;
        add_key(subject, &(media_key){.key = tek->key,
                                      .origin = origin,
                                      .frame = record->frame,
                                      .detail = tek->cs_id,
                                      .tek = tek->step});
        if (owns_keys && !g_hash_table_contains(all->by_key, tek->key))
            g_hash_table_insert(all->by_key, (gpointer)tek->key, subject);
    }
}

/* Appends the sessions of the media lines that a message keys, each once; `known` has those that are there. */
static void find_keyed(const allotment *all, const mikey_record *record, GHashTable *known, GPtrArray *keyed)
{
    for (guint k = 0; k < record->legs->len; k++) {
        media_subject *subject = g_hash_table_lookup(all->by_dialog, ((const media_leg *)record->legs->pdata[k])->dialog);
        if (subject && g_hash_table_add(known, subject))
            g_ptr_array_add(keyed, subject);
    }
}

/* A forked call may have thousands of branches, each with a session and a response of its own: those are no matter of the others. */
static void take_branch(allotment *all, const mikey_record *record)
{
    GPtrArray *keyed = g_ptr_array_new();
    GHashTable *known = g_hash_table_new(NULL, NULL);
    find_keyed(all, record, known, keyed);
    for (guint s = 0; s < keyed->len; s++)
        take_message(all, keyed->pdata[s], record, false);
    g_hash_table_destroy(known);
    g_ptr_array_free(keyed, TRUE);
}

static void take_exchange(allotment *all, const GPtrArray *exchange)
{
    GPtrArray *keyed = g_ptr_array_new();
    GHashTable *known = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < exchange->len; i++)
        find_keyed(all, exchange->pdata[i], known, keyed);
    const bool alone = keyed->len == 0;
    if (alone)
        g_ptr_array_add(keyed, new_subject(all));
    const guint shared = alone ? exchange->len : MIN(exchange->len, MAX_SHARED);
    for (guint s = 0; s < keyed->len; s++)
        for (guint i = 0; i < shared; i++)
            take_message(all, keyed->pdata[s], exchange->pdata[i], alone);
    for (guint i = shared; i < exchange->len; i++)
        take_branch(all, exchange->pdata[i]);
    g_hash_table_destroy(known);
    g_ptr_array_free(keyed, TRUE);
}

static void free_list(gpointer list)
{
    g_ptr_array_free(list, TRUE);
}

static void take_mikey(allotment *all)
{
    const GPtrArray *records = mikey_sessions_records(all->sources->mikey);
    GPtrArray *exchanges = g_ptr_array_new_with_free_func(free_list);
    GHashTable *by_beginning = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < records->len; i++) {
        const mikey_record *beginning = beginning_of(records->pdata[i]);
        GPtrArray *exchange = g_hash_table_lookup(by_beginning, beginning);
        if (!exchange) {
            exchange = g_ptr_array_new();
            g_hash_table_insert(by_beginning, (gpointer)beginning, exchange);
            g_ptr_array_add(exchanges, exchange);
        }
        g_ptr_array_add(exchange, records->pdata[i]);
    }
    for (guint i = 0; i < exchanges->len; i++)
        take_exchange(all, exchanges->pdata[i]);
    g_hash_table_destroy(by_beginning);
    g_ptr_array_free(exchanges, TRUE);
}

/* --- streams ------------------------------------------------------------------------------------------------------- */

/* Takes the keys that are looked through off `looks`. */
static bool has_key(const media_leg *leg, const session_key *key, guint *looks)
{
    for (guint i = leg->keys->len; i-- > 0 && *looks > 0; --*looks)
        if (leg->keys->pdata[i] == key)
            return true;
    return false;
}

/* The newest session at an address; with a key, the newest whose media line there is keyed with it: as the sender's own, or, `of_peers`,
 * the one that the receiver expects. */
static media_subject *subject_at(const allotment *all, const transport_address *address, const session_key *key, bool of_peers)
{
    const GPtrArray *legs = offer_answer_legs_at(all->sources->signalling, address);
    const guint oldest = legs && legs->len > OFFER_ANSWER_MAX_LEGS ? legs->len - OFFER_ANSWER_MAX_LEGS : 0;
    guint looks = MAX_LOOKS;
    for (guint i = legs ? legs->len : 0; i-- > oldest;) {
        const media_leg *leg = legs->pdata[i];
        bool keyed = !key || (!of_peers && has_key(leg, key, &looks));
        for (guint p = 0; p < leg->peers->len && of_peers && !keyed; p++)
            keyed = has_key(leg->peers->pdata[p], key, &looks);
        if (keyed)
            return g_hash_table_lookup(all->by_dialog, leg->dialog);
    }
    return NULL;
}

static media_subject *subject_between(const allotment *all, const verify_stream *stream, const session_key *key)
{
    media_subject *subject = subject_at(all, &stream->destination, key, true);
    return subject ? subject : subject_at(all, &stream->source, key, false);
}

static uint64_t kd_name(uint32_t frame, uint32_t detail)
{
    return (uint64_t)frame << 32 | detail;
}

/* Takes in a key that no signalling brought the session. */
static media_key *add_other_key(allotment *all, media_subject *subject, const session_key *key)
{
    const media_key as_known = as_first_known(key);
    media_key *added = add_key(subject, &as_known);
    const uint64_t name = kd_name(key->frame, key->detail);
    if (subject->keys->len == 1 && key->origin == KEY_ORIGIN_KD && !g_hash_table_contains(all->by_kd, &name))
        g_hash_table_insert(all->by_kd, g_memdup2(&name, sizeof name), subject);
    return added;
}

/* The call whose offer and answer made a KD. Without a call both keys of one KD make one session. */
static media_subject *subject_of_kd(const allotment *all, const session_key *key)
{
    const uint64_t name = kd_name(key->frame, key->detail);
    media_subject *subject = key->frame ? g_hash_table_lookup(all->by_body, GUINT_TO_POINTER(key->frame)) : NULL;
    return subject ? subject : g_hash_table_lookup(all->by_kd, &name);
}

/* The session of a key that no media line was signalled with. */
static media_subject *subject_of_unsignalled(allotment *all, const session_key *key)
{
    media_subject *subject = g_hash_table_lookup(all->by_key, key);
    if (subject)
        return subject;
    if (key->origin == KEY_ORIGIN_KD)
        subject = subject_of_kd(all, key);
    else if (key->origin == KEY_ORIGIN_KEYLOG)
        subject = g_hash_table_lookup(all->by_line, GUINT_TO_POINTER(key->detail));
    if (!subject)
        subject = new_subject(all);
    if (key->origin == KEY_ORIGIN_KEYLOG)
        g_hash_table_insert(all->by_line, GUINT_TO_POINTER(key->detail), subject);
    add_other_key(all, subject, key);
    g_hash_table_insert(all->by_key, (gpointer)key, subject);
    return subject;
}

static const session_key *first_key(const verify_stream *stream)
{
    for (guint i = 0; i < stream->stretches->len; i++) {
        const verify_stretch *stretch = stream->stretches->pdata[i];
        if (stretch->key)
            return stretch->key;
    }
    return NULL;
}

static const session_key *newest_unsignalled(const GPtrArray *keys)
{
    const guint oldest = keys && keys->len > MEDIA_MAX_CANDIDATES ? keys->len - MEDIA_MAX_CANDIDATES : 0;
    for (guint i = keys ? keys->len : 0; i-- > oldest;)
        if (!((const session_key *)keys->pdata[i])->leg)
            return keys->pdata[i];
    return NULL;
}

/* A key of the line that all keys for any flow are of: one line may give a key under several suites. NULL: there is no such line. */
static const session_key *key_of_only_line(const GPtrArray *keys)
{
    const session_key *first = keys->len ? keys->pdata[0] : NULL;
    for (guint i = 0; i < keys->len; i++) {
        const session_key *key = keys->pdata[i];
        if (key->leg || key->origin != KEY_ORIGIN_KEYLOG || key->detail != first->detail)
            return NULL;
    }
    return first;
}

/* The key that should have opened the stream, by a selector, or because there is no other. */
static const session_key *expected_key(const allotment *all, const verify_stream *stream)
{
    const session_keys *keys = all->sources->keys;
    const session_key *key = newest_unsignalled(session_keys_for_ssrc(keys, stream->ssrc));
    if (!key)
        key = newest_unsignalled(session_keys_for_source(keys, &stream->source));
    if (!key)
        key = newest_unsignalled(session_keys_for_destination(keys, &stream->destination));
    return key ? key : key_of_only_line(session_keys_for_any(keys));
}

static guint pair_hash(gconstpointer data)
{
    const host_pair *pair = data;
    return transport_address_hash(&pair->low) * 31 + transport_address_hash(&pair->high);
}

static gboolean pair_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(host_pair)) == 0;
}

static media_subject *subject_unknown(allotment *all, const verify_stream *stream)
{
    host_pair *pair = g_new0(host_pair, 1);
    transport_address_set(&pair->low, stream->source.ip, stream->source.ip_len, 0);
    transport_address_set(&pair->high, stream->destination.ip, stream->destination.ip_len, 0);
    if (memcmp(&pair->low, &pair->high, sizeof pair->low) > 0) {
        const transport_address high = pair->low;
        pair->low = pair->high;
        pair->high = high;
    }
    media_subject *subject = g_hash_table_lookup(all->by_hosts, pair);
    if (subject) {
        g_free(pair);
        return subject;
    }
    subject = new_subject(all);
    g_hash_table_insert(all->by_hosts, pair, subject);
    return subject;
}

static media_subject *subject_of(allotment *all, const verify_stream *stream)
{
    const session_key *key = first_key(stream);
    media_subject *subject = key ? subject_between(all, stream, key) : NULL;
    if (!subject && key && key->leg)
        subject = g_hash_table_lookup(all->by_dialog, key->leg->dialog);
    if (!subject && key)
        subject = g_hash_table_lookup(all->by_key, key);
    if (!subject)
        subject = subject_between(all, stream, NULL);
    if (!subject && !key)
        key = expected_key(all, stream);
    if (!subject && key)
        subject = subject_of_unsignalled(all, key);
    return subject ? subject : subject_unknown(all, stream);
}

static void count_stretch(allotment *all, media_subject *subject, const verify_stream *stream, const verify_stretch *stretch)
{
    if (!stretch->key)
        return;
    media_key *key = add_other_key(all, subject, stretch->key);
    uint64_t opened = stretch->counts.decrypted + stretch->counts.unencrypted;
    key->notes |= stretch->counts.notes;
    if (stream->protocol == VERIFY_SRTP)
        key->srtp += opened;
    else
        key->srtcp += opened;
}

static void take_streams(allotment *all)
{
    const GPtrArray *streams = verify_traffic_streams(all->sources->traffic);
    for (guint i = 0; i < streams->len; i++) {
        const verify_stream *stream = streams->pdata[i];
        if (stream->protocol != VERIFY_SRTP && stream->protocol != VERIFY_SRTCP)
            continue;
        media_subject *subject = subject_of(all, stream);
        g_ptr_array_add(subject->streams, (gpointer)stream);
        for (guint s = 0; s < stream->stretches->len; s++)
            count_stretch(all, subject, stream, stream->stretches->pdata[s]);
    }
}

bool media_subject_has_unopened(const media_subject *subject)
{
    for (guint i = 0; i < subject->streams->len; i++)
        if (!first_key(subject->streams->pdata[i]))
            return true;
    return false;
}

/* --- order --------------------------------------------------------------------------------------------------------- */

static void note_frame(media_subject *subject, uint32_t frame)
{
    if (frame && (!subject->first_frame || frame < subject->first_frame))
        subject->first_frame = frame;
}

static void find_first_frame(media_subject *subject)
{
    for (guint d = 0; d < subject->dialogs->len; d++) {
        const GArray *bodies = ((const dialog_record *)subject->dialogs->pdata[d])->bodies;
        for (guint i = 0; i < bodies->len; i++)
            note_frame(subject, g_array_index(bodies, dialog_body, i).frame);
    }
    for (guint i = 0; subject->rtsp && i < subject->rtsp->setups->len; i++)
        note_frame(subject, g_array_index(subject->rtsp->setups, uint32_t, i));
    for (guint i = 0; i < subject->messages->len; i++)
        note_frame(subject, ((const mikey_record *)subject->messages->pdata[i])->frame);
    for (guint i = 0; i < subject->streams->len; i++)
        note_frame(subject, ((const verify_stream *)subject->streams->pdata[i])->total.first_frame);
}

static gint by_first_frame(gconstpointer a, gconstpointer b)
{
    const media_subject *one = *(media_subject *const *)a, *other = *(media_subject *const *)b;
    return (one->first_frame > other->first_frame) - (one->first_frame < other->first_frame);
}

static bool is_of_interest(const media_subject *subject)
{
    return subject->is_protected || subject->keys->len || subject->messages->len || subject->streams->len;
}

GPtrArray *media_subjects_new(const verify_sources *sources)
{
    allotment all = {.sources = sources,
                     .subjects = g_ptr_array_new(),
                     .by_dialog = g_hash_table_new(NULL, NULL),
                     .by_body = g_hash_table_new(NULL, NULL),
                     .by_key = g_hash_table_new(NULL, NULL),
                     .by_kd = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, NULL),
                     .by_line = g_hash_table_new(NULL, NULL),
                     .by_hosts = g_hash_table_new_full(pair_hash, pair_equal, g_free, NULL)};
    take_signalling(&all);
    take_mikey(&all);
    take_streams(&all);
    g_hash_table_destroy(all.by_hosts);
    g_hash_table_destroy(all.by_line);
    g_hash_table_destroy(all.by_kd);
    g_hash_table_destroy(all.by_key);
    g_hash_table_destroy(all.by_body);
    g_hash_table_destroy(all.by_dialog);
    GPtrArray *found = g_ptr_array_new_with_free_func(free_subject);
    for (guint i = 0; i < all.subjects->len; i++) {
        if (is_of_interest(all.subjects->pdata[i])) {
            find_first_frame(all.subjects->pdata[i]);
            g_ptr_array_add(found, all.subjects->pdata[i]);
        } else {
            free_subject(all.subjects->pdata[i]);
        }
    }
    g_ptr_array_free(all.subjects, TRUE);
    g_ptr_array_sort(found, by_first_frame); /* which leaves those with the same frame as they stand */
    return found;
}

/* Which messages belong together, and when to work them out. */
#include "sessions/mikey_sessions.h"

#include "ciphers/octets.h"
#include "keys/keyed_hash.h"
#include "sessions/mikey_sessions_parts.h"
#include "sessions/mikey_teks.h"

#include <string.h>

#define MAX_OF_ONE_CSB 64     /* records of one CSB ID among which the partners of a message are looked for: the latest */
#define MAX_TRANSFERS 256     /* of one ticket that are worked out again when a KMS tells its keys */
#define MAX_LEGS 128          /* of one message */
#define MAX_LISTED 4096       /* messages, the latest, whose TEKs are listed */

/* Where the header has the CSB ID (RFC 3830 section 6.1). */
enum { CSB_ID_AT = 4, CSB_ID_END = 8 };

/* --- making and freeing -------------------------------------------------------------------------------------------- */

static void free_list(gpointer list)
{
    g_ptr_array_free(list, TRUE);
}

static void free_record(gpointer record)
{
    mikey_record_free(record);
}

static void free_answer(gpointer data)
{
    mikey_kms_answer *answer = data;
    mikey_step_unref(answer->mpk_i);
    mikey_step_unref(answer->mpk_r);
    if (answer->keys)
        g_ptr_array_free(answer->keys, TRUE);
    g_free(answer);
}

static void free_ticket_state(gpointer data)
{
    mikey_ticket_state *state = data;
    g_ptr_array_free(state->answers, TRUE);
    g_ptr_array_free(state->transfers, TRUE);
    g_free(state);
}

static void free_ticket_data(gpointer octets)
{
    g_bytes_unref(octets);
}

mikey_sessions *mikey_sessions_new(session_keys *keys)
{
    mikey_sessions *sessions = g_new0(mikey_sessions, 1);
    sessions->keys = keys;
    sessions->secrets = mikey_secrets_new();
    sessions->records = g_ptr_array_new_with_free_func(free_record);
    sessions->by_frame = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    sessions->by_csb = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    sessions->tickets = g_hash_table_new_full(keyed_hash_bytes, g_bytes_equal, free_ticket_data, free_ticket_state);
    sessions->suites = mikey_suites_new();
    sessions->credit = MIKEY_CREDIT_INITIAL;
    return sessions;
}

void mikey_sessions_free(mikey_sessions *sessions)
{
    if (!sessions)
        return;
    g_hash_table_destroy(sessions->tickets);
    g_hash_table_destroy(sessions->by_csb);
    g_hash_table_destroy(sessions->by_frame);
    g_ptr_array_free(sessions->records, TRUE);
    mikey_secrets_free(sessions->secrets);
    g_hash_table_destroy(sessions->suites);
    EVP_PKEY_free(sessions->private_key);
    g_free(sessions);
}

/* --- lists --------------------------------------------------------------------------------------------------------- */

static GPtrArray *list_at(GHashTable *table, uint32_t number)
{
    GPtrArray *list = g_hash_table_lookup(table, GUINT_TO_POINTER(number));
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, GUINT_TO_POINTER(number), list);
    }
    return list;
}

/* The records that are looked at of a list: from *oldest to its end. */
static guint latest(const GPtrArray *list)
{
    return list && list->len > MAX_OF_ONE_CSB ? list->len - MAX_OF_ONE_CSB : 0;
}

static bool same_octets(octet_span a, octet_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static mikey_record *find_same(const GPtrArray *list, octet_span message)
{
    for (guint i = list ? list->len : 0; i-- > latest(list);) {
        mikey_record *record = list->pdata[i];
        if (same_octets(record->octets, message))
            return record;
    }
    return NULL;
}

mikey_ticket_state *mikey_ticket_state_of(mikey_sessions *sessions, const mikey_payload *ticket)
{
    const octet_span data = ticket->ticket.ticket_data;
    if (data.len == 0)
        return NULL;
    GBytes *name = g_bytes_new(data.data, data.len);
    mikey_ticket_state *state = g_hash_table_lookup(sessions->tickets, name);
    if (state) {
        g_bytes_unref(name);
        return state;
    }
    state = g_new0(mikey_ticket_state, 1);
    state->answers = g_ptr_array_new_with_free_func(free_answer);
    state->transfers = g_ptr_array_new();
    g_hash_table_insert(sessions->tickets, name, state);
    return state;
}

/* --- what belongs together ----------------------------------------------------------------------------------------- */

static uint8_t type_of(const mikey_record *record)
{
    return record->message->header.data_type;
}

static bool is_response(const mikey_record *record)
{
    return mikey_is_response_type(type_of(record));
}

/* Messages that are cut before their CSB ID belong to no CSB, and not to one another. */
static bool has_csb_id(const mikey_record *record)
{
    return record->octets.len >= CSB_ID_END;
}

static bool answers(const mikey_record *response, const mikey_record *initial)
{
    return has_csb_id(response) && has_csb_id(initial) && mikey_is_answered_by(type_of(initial), type_of(response));
}

/* Whether the message brings the random values that a CSB begins with; an update repeats none (RFC 3830 section 4.5, RFC 6043
 * section 5.2). */
static bool begins_csb(const mikey_record *record)
{
    const mikey_chain *chain = &record->message->chain;
    return mikey_find(chain, MIKEY_RAND, NULL) || mikey_find(chain, MIKEY_RANDR, NULL) || mikey_find(chain, MIKEY_TICKET, NULL);
}

static bool updates(const mikey_record *record, const mikey_record *base)
{
    bool same_family = mikey_is_ticket_type(type_of(base)) == mikey_is_ticket_type(type_of(record));
    return same_family && has_csb_id(record) && !is_response(record) && !is_response(base) && !begins_csb(record) && begins_csb(base);
}

static void find_base(mikey_record *record, const GPtrArray *of_csb)
{
    for (guint i = of_csb->len; i-- > latest(of_csb) && !record->base;)
        if (updates(record, of_csb->pdata[i]))
            record->base = of_csb->pdata[i];
}

/* Whether the message brings a ticket or random values for a CSB that two parties have settled already: an update repeats none, and
 * another exchange has another CSB ID (RFC 6043 section 5.2). */
static bool begins_anew(const mikey_record *record, const GPtrArray *of_csb)
{
    if (type_of(record) != MIKEY_TRANSFER_INIT || !has_csb_id(record) || !begins_csb(record))
        return false;
    for (guint i = latest(of_csb); i < of_csb->len; i++) {
        const mikey_record *other = of_csb->pdata[i];
        if (other != record && type_of(other) == MIKEY_TRANSFER_INIT && begins_csb(other) && other->responses->len)
            return true;
    }
    return false;
}

/* What a response answers. SIP pairs an answer with its offer; where it does, no other message is meant, whatever its CSB ID. */
static mikey_record *find_initial(const mikey_record *record, const mikey_arrival *arrival, const GPtrArray *of_csb)
{
    for (guint i = of_csb->len; i-- > latest(of_csb);) {
        mikey_record *other = of_csb->pdata[i];
        if (answers(record, other) &&
            (!arrival->offer_frame || mikey_record_was_at(other, arrival->offer_frame, arrival->section)))
            return other;
    }
    return NULL;
}

static void pair_with(mikey_record *response, mikey_record *initial)
{
    response->initial = initial;
    response->unpaired = false;
    response->other_csb_offered = false;
    g_ptr_array_add(initial->responses, response);
}

/* Answers that stand in the capture before what they answer, and updates before what they update. */
static void find_waiting(mikey_record *initial, const GPtrArray *of_csb)
{
    for (guint i = latest(of_csb); i < of_csb->len; i++) {
        mikey_record *other = of_csb->pdata[i];
        if (other->unpaired && !other->offer_told && answers(other, initial))
            pair_with(other, initial);
        else if (!other->base && updates(other, initial))
            other->base = initial;
    }
}

static bool offer_has_mikey(const mikey_sessions *sessions, const mikey_arrival *arrival)
{
    const GPtrArray *in_frame = g_hash_table_lookup(sessions->by_frame, GUINT_TO_POINTER(arrival->offer_frame));
    for (guint i = 0; arrival->offer_frame && in_frame && i < in_frame->len && i < MAX_OF_ONE_CSB; i++) {
        const mikey_record *other = in_frame->pdata[i];
        if (mikey_record_was_at(other, arrival->offer_frame, arrival->section) && !is_response(other))
            return true;
    }
    return false;
}

static void pair(const mikey_sessions *sessions, mikey_record *record, const mikey_arrival *arrival)
{
    const GPtrArray *of_csb = g_hash_table_lookup(sessions->by_csb, GUINT_TO_POINTER(record->message->header.csb_id));
    if (!is_response(record)) {
        record->begins_anew = begins_anew(record, of_csb);
        find_base(record, of_csb);
        find_waiting(record, of_csb);
        return;
    }
    mikey_record *initial = find_initial(record, arrival, of_csb);
    record->unpaired = !initial;
    record->offer_told |= arrival->offer_frame != 0;
    record->other_csb_offered = !initial && offer_has_mikey(sessions, arrival);
    if (initial)
        pair_with(record, initial);
}

/* --- working out --------------------------------------------------------------------------------------------------- */

static bool is_out_of_reach(const mikey_record *initial, const mikey_record *response)
{
    for (guint i = 0; i < initial->responses->len && i < MIKEY_MAX_RESPONSES; i++)
        if (initial->responses->pdata[i] == response)
            return false;
    return true;
}

static bool is_worked_out(const mikey_record *record)
{
    return record->message->header.version == 1 && !is_response(record) && type_of(record) != MIKEY_ERROR;
}

static void work_out(mikey_sessions *sessions, mikey_record *initial, mikey_record *response)
{
    sessions->news++;
    if (!mikey_record_may_spend(initial) || (response && is_out_of_reach(initial, response))) {
        mikey_note_spent(response ? response : initial);
        return;
    }
    mikey_record_spend(initial, 1);
    switch (type_of(initial)) {
    case MIKEY_TRANSFER_INIT:
        mikey_work_out_transfer(sessions, initial, response);
        break;
    case MIKEY_REQUEST_INIT_PSK:
    case MIKEY_REQUEST_INIT_PK:
    case MIKEY_RESOLVE_INIT_PSK:
    case MIKEY_RESOLVE_INIT_PK:
        mikey_work_out_kms(sessions, initial, response);
        break;
    default:
        mikey_work_out_exchange(sessions, initial, response);
        break;
    }
}

void mikey_work_out(mikey_sessions *sessions, mikey_record *initial, mikey_record *response)
{
    const GPtrArray *of_csb = g_hash_table_lookup(sessions->by_csb, GUINT_TO_POINTER(initial->message->header.csb_id));
    work_out(sessions, initial, response);
    for (guint i = latest(of_csb); i < of_csb->len; i++) {
        mikey_record *other = of_csb->pdata[i];
        if (other->base == initial && is_worked_out(other))
            work_out(sessions, other, NULL);
    }
}

static void add_credit(mikey_sessions *sessions)
{
    sessions->credit = MIN(sessions->credit + MIKEY_CREDIT_PER_ARRIVAL, MIKEY_CREDIT_INITIAL);
}

/* The oldest record that credit reaches back to, where each costs what it did before. */
static guint oldest_affordable(const mikey_sessions *sessions)
{
    int64_t left = sessions->credit;
    guint oldest = sessions->records->len;
    while (oldest > 0 && left > 0)
        left -= 1 + (int64_t)((const mikey_record *)sessions->records->pdata[--oldest])->work;
    return oldest;
}

/* Those that update others last, wherever they stand. */
static void work_out_from(mikey_sessions *sessions, guint oldest, bool of_updates)
{
    for (guint i = oldest; i < sessions->records->len; i++) {
        mikey_record *record = sessions->records->pdata[i];
        if (is_worked_out(record) && (record->base != NULL) == of_updates)
            work_out(sessions, record, NULL);
    }
}

bool mikey_sessions_settle(mikey_sessions *sessions, bool in_full)
{
    if (!sessions->unsettled)
        return false;
    const guint oldest = in_full ? 0 : oldest_affordable(sessions);
    sessions->unsettled = oldest > 0;
    if (oldest == sessions->records->len)
        return false;
    for (guint i = oldest; i < sessions->records->len; i++)
        ((mikey_record *)sessions->records->pdata[i])->work = 0;
    work_out_from(sessions, oldest, false);
    work_out_from(sessions, oldest, true);
    for (guint i = oldest; i < sessions->records->len; i++)
        sessions->credit -= 1 + (int64_t)((const mikey_record *)sessions->records->pdata[i])->work;
    return true;
}

void mikey_sessions_set_private_key(mikey_sessions *sessions, EVP_PKEY *private_key)
{
    EVP_PKEY_free(sessions->private_key);
    sessions->private_key = private_key;
    sessions->unsettled = true;
}

void mikey_sessions_add_logged(mikey_sessions *sessions, const keylog_entry *entry)
{
    mikey_secrets_add(sessions->secrets, entry);
    add_credit(sessions);
    sessions->news++;
    sessions->unsettled = true;
}

/* --- taking in ----------------------------------------------------------------------------------------------------- */

/* True: one was new. */
static bool add_legs(mikey_record *record, const mikey_arrival *arrival)
{
    guint before = record->legs->len;
    for (unsigned i = 0; i < arrival->leg_count && record->legs->len < MAX_LEGS; i++)
        if (!g_ptr_array_find(record->legs, arrival->legs[i], NULL))
            g_ptr_array_add(record->legs, arrival->legs[i]);
    return record->legs->len > before;
}

/* Gives what was derived of a record that had so many legs to those that have come since. False: that is not enough, since nothing was
 * derived, or the number of legs goes into the keys: that of m= lines stands for a map that is missing. */
static bool give_to_new_legs(const mikey_record *record, guint had)
{
    bool any = record->teks->len > 0;
    if (!record->initial && !record->message->header.cs_read && 2 * had < MIKEY_MAX_UNMAPPED)
        return false;
    mikey_give_teks(record, record->legs);
    for (guint i = 0; i < record->responses->len && i < MIKEY_MAX_RESPONSES; i++) {
        const mikey_record *response = record->responses->pdata[i];
        any |= response->teks->len > 0;
        mikey_give_teks(response, record->legs);
    }
    return any;
}

/* True: it was not known before. */
static bool add_name(char **name, text_span span)
{
    if (*name || !span.text)
        return false;
    *name = g_strndup(span.text, span.len);
    return true;
}

static void note_place(mikey_sessions *sessions, mikey_record *record, const mikey_arrival *arrival)
{
    const mikey_place place = {arrival->frame, arrival->section};
    GPtrArray *in_frame = list_at(sessions->by_frame, arrival->frame);
    if (!find_same(in_frame, record->octets))
        g_ptr_array_add(in_frame, record);
    g_array_append_val(record->places, place);
}

static mikey_record *new_record(mikey_sessions *sessions, const mikey_arrival *arrival, octet_span message)
{
    mikey_record *record = mikey_record_new(message, arrival->frame);
    add_credit(sessions);
    g_ptr_array_add(sessions->records, record);
    g_ptr_array_add(list_at(sessions->by_csb, record->message->header.csb_id), record);
    const mikey_payload *ticket = mikey_find(&record->message->chain, MIKEY_TICKET, NULL);
    if (type_of(record) == MIKEY_TRANSFER_INIT && ticket && ticket->complete) {
        mikey_ticket_state *state = mikey_ticket_state_of(sessions, ticket);
        if (state && state->transfers->len < MAX_TRANSFERS)
            g_ptr_array_add(state->transfers, record);
    }
    return record;
}

const mikey_record *mikey_sessions_add(mikey_sessions *sessions, const mikey_arrival *arrival, octet_span message)
{
    uint32_t csb_id = message.len >= CSB_ID_END ? octets_u32(message.data + CSB_ID_AT) : 0;
    mikey_record *record = find_same(g_hash_table_lookup(sessions->by_csb, GUINT_TO_POINTER(csb_id)), message);
    bool is_new = !record;
    if (!record)
        record = new_record(sessions, arrival, message);
    if (!mikey_record_was_at(record, arrival->frame, arrival->section))
        note_place(sessions, record, arrival);
    /* Each is asked: stock may have called before the carrier was known. */
    bool has_news = is_new;
    const guint had_legs = record->legs->len;
    const bool has_legs = add_legs(record, arrival);
    if (!record->carrier)
        record->carrier = arrival->carrier;
    has_news |= add_name(&record->caller, arrival->caller);
    has_news |= add_name(&record->callee, arrival->callee);
    if (is_new || (is_response(record) && !record->initial)) {
        pair(sessions, record, arrival);
        has_news |= record->initial != NULL;
    }
    mikey_record *initial = record->initial ? record->initial : record;
    mikey_record *response = record->initial ? record : NULL;
    if (has_legs && !has_news)
        has_news = !give_to_new_legs(record, had_legs);
    if (has_news && is_worked_out(initial))
        mikey_work_out(sessions, initial, response);
    else if (is_new)
        mikey_note_unchecked(record, "the message that it answers is not in the capture");
    return record;
}

const mikey_record *mikey_sessions_find(const mikey_sessions *sessions, uint32_t frame, octet_span message)
{
    return find_same(g_hash_table_lookup(sessions->by_frame, GUINT_TO_POINTER(frame)), message);
}

/* --- what is known ------------------------------------------------------------------------------------------------- */

const GPtrArray *mikey_sessions_records(const mikey_sessions *sessions)
{
    return sessions->records;
}

unsigned mikey_sessions_news(const mikey_sessions *sessions)
{
    return sessions->news;
}

void mikey_sessions_list_teks(const mikey_sessions *sessions, unsigned max, GPtrArray *teks)
{
    const guint count = sessions->records->len, oldest = count > MAX_LISTED ? count - MAX_LISTED : 0;
    for (guint i = count; i-- > oldest && teks->len < max;) {
        const mikey_record *record = (const mikey_record *)sessions->records->pdata[i];
        for (guint t = 0; t < record->teks->len && teks->len < max; t++)
            g_ptr_array_add(teks, (gpointer)g_array_index(record->teks, mikey_tek, t).step);
    }
    mikey_secrets_all_teks(sessions->secrets, max, teks);
}

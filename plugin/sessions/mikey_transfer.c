/* The ticket transfer of MIKEY-TICKET (RFC 6043 section 4.2.2) and the use of its keys (sections 5.1 and 6.10, appendix A).
 *
 *   TPK --ticket data--> MPK, TGKs            KMS --REQUEST_RESP, RESOLVE_RESP--> MPKi, MPKr, TGKs
 *   MPK --> MPKi --> MAC and KEMAC of TRANSFER_INIT;  of TRANSFER_RESP, unless keys are forked
 *   MPK --> MPKr --> MAC of the initiator data;  MPKr' --> MAC and KEMAC of TRANSFER_RESP where keys are forked
 *   TGK, TGK' --> TEK of each crypto session
 */
#include "sessions/mikey_sessions_parts.h"
#include "sessions/mikey_teks.h"

#include <string.h>

/* What opens a transfer, from one source. */
typedef struct {
    const mikey_step *mpk_i, *mpk_r;  /* borrowed; NULL: not known. Of a KMS that forked them, mpk_r is MPKr' */
    const GPtrArray *keys;            /* const mikey_step *, borrowed: TGKs, TEKs ... */
    const mikey_kms_answer *kms;      /* NULL: it was not a KMS that told them */
} ticket_keys;

/* What is known while a transfer is worked out. */
typedef struct {
    mikey_sessions *sessions;
    mikey_record *initial;
    const mikey_record *base;         /* with the ticket; `initial` unless that is an update */
    const mikey_payload *payload;     /* TICKET of the base; NULL: none that is whole */
    uint32_t flags;
    mikey_prf header_prf, ticket_prf;
    octet_span rand_i;
    GArray *sources;                  /* ticket_keys */
    GPtrArray *owned;                 /* GPtrArray *: key lists of sources */
    GPtrArray *init_keys;             /* const mikey_step *: of the KEMAC in TRANSFER_INIT */
    GPtrArray *logged;                /* const mikey_step *: TGKs that the key log has for the CSB, and that no MAC has to prove */
} transfer;

static const octet_span NOTHING = {NULL, 0};

static void free_list(gpointer list)
{
    g_ptr_array_free(list, TRUE);
}

static GPtrArray *new_list(transfer *t)
{
    GPtrArray *list = g_ptr_array_new();
    g_ptr_array_add(t->owned, list);
    return list;
}

static bool has(const transfer *t, uint32_t flag)
{
    return (t->flags & flag) != 0;
}

/* --- the ticket ---------------------------------------------------------------------------------------------------- */

static void add_source(transfer *t, const mikey_step *mpk, const GPtrArray *keys)
{
    ticket_keys source = {.keys = keys};
    if (mpk) {
        mikey_record_list_step(t->initial, mpk);
        source.mpk_i = mikey_derive_mpk(t->initial, t->payload, mpk, MIKEY_MPK_INITIATOR);
        source.mpk_r = mikey_derive_mpk(t->initial, t->payload, mpk, MIKEY_MPK_RESPONDER);
    }
    g_array_append_val(t->sources, source);
}

/* What a TPK opens. False: the ticket is not what was issued. */
static bool open_ticket(transfer *t)
{
    GPtrArray *keys = new_list(t);
    if (!mikey_open_ticket(t->sessions, t->initial, t->payload, keys))
        return false;
    if (keys->len)
        add_source(t, mikey_first_mpk(keys), keys);
    return true;
}

/* --- where keys come from ------------------------------------------------------------------------------------------ */

static void add_kms_sources(transfer *t)
{
    const mikey_ticket_state *state = mikey_ticket_state_of(t->sessions, t->payload);
    for (guint i = 0; state && i < state->answers->len; i++) {
        const mikey_kms_answer *answer = state->answers->pdata[i];
        const ticket_keys source = {.mpk_i = answer->mpk_i, .mpk_r = answer->mpk_r, .keys = answer->keys, .kms = answer};
        g_array_append_val(t->sources, source);
    }
}

static void add_logged_sources(transfer *t)
{
    const uint32_t csb_id = t->initial->message->header.csb_id;
    GPtrArray *mpks = new_list(t);
    mikey_secrets_by_csb(t->sessions->secrets, KEYLOG_MIKEY_MPK, csb_id, mpks);
    for (guint i = 0; i < mpks->len; i++)
        add_source(t, mpks->pdata[i], t->logged);
    if (!mpks->len && t->logged->len)
        add_source(t, NULL, t->logged);
}

/* --- messages ------------------------------------------------------------------------------------------------------ */

static mikey_lock lock_of(const transfer *t, const mikey_record *record, mikey_direction direction, octet_span rand_r)
{
    const mikey_payload *kemac = mikey_kemac_of(record);
    mikey_lock lock = {.label = mikey_label_ticket_message(MIKEY_MESSAGE_ENCR_KEY, record->message->header.csb_id, direction,
                                                           t->rand_i, rand_r),
                       .encr_alg = kemac ? kemac->kemac.encr_alg : MIKEY_ENCR_NULL};
    /* That the header's PRF makes these keys, RFC 6043 does not say. */
    mikey_lock_add_prf(&lock, t->header_prf);
    mikey_lock_add_prf(&lock, t->ticket_prf);
    return lock;
}

/* Checks V of a message and takes the keys that its KEMAC holds. Returns the key under which it was verified; NULL: none. */
static const mikey_step *read_message(mikey_record *record, mikey_record *initial, bool is_update, mikey_lock *lock,
                                      const GPtrArray *inkeys, GPtrArray *keys)
{
    const mikey_payload *v = mikey_v_of(record), *kemac = mikey_kemac_of(record);
    const mikey_kemac_setting setting = {record->message->header.csb_id,
                                         {mikey_t_of(record), mikey_t_of(initial)},
                                         MIKEY_KEY_DATA,
                                         MIKEY_KEYS_TICKET_MESSAGE};
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    mikey_unlocked unlocked = {.inkey = NULL};
    const mikey_opened *opened = NULL;
    if (v)
        record->status =
            mikey_check_mac(record, v, record == initial ? NULL : initial, is_update, inkeys, lock, coverages, &unlocked);
    if (record->status == MIKEY_STATUS_FAILED)
        return NULL;
    if (kemac && kemac->kemac.keys)
        mikey_take_keys(record, kemac->kemac.keys, NULL, keys);
    else if (kemac && unlocked.inkey)
        opened = mikey_open_kemac(record, kemac, &unlocked.keys, &setting);
    else if (kemac)
        opened = mikey_open_kemac_by_form(record, kemac, lock, inkeys, &setting, &unlocked);
    if (opened)
        mikey_take_keys(record, &opened->keys->chain, unlocked.inkey, keys);
    if (unlocked.inkey) {
        mikey_record_list_step(record, unlocked.inkey);
        record->message_inkey = mikey_step_ref(unlocked.inkey);
        mikey_message_keys_clear(&unlocked.keys);
    }
    return unlocked.inkey;
}

/* --- forking ------------------------------------------------------------------------------------------------------- */

static octet_span id_of_responder(const mikey_chain *chain)
{
    const mikey_payload *id = NULL;
    while (chain && (id = mikey_find(chain, MIKEY_IDR, id)))
        if (id->identity.role == MIKEY_ID_R)
            return id->identity.data;
    return NOTHING;
}

/* Who answered: of a group it is the response that tells (RFC 6043 section 5.1.1). */
static octet_span responder_of(const transfer *t, const mikey_record *response)
{
    const mikey_chain *chains[] = {&response->message->chain, &t->initial->message->chain,
                                   t->payload ? t->payload->ticket.policy : NULL};
    octet_span id = NOTHING;
    for (size_t i = 0; i < G_N_ELEMENTS(chains) && !id.len; i++)
        id = id_of_responder(chains[i]);
    return id;
}

static const mikey_step *fork_key(const transfer *t, mikey_record *response, const mikey_step *key, mikey_fork_constant constant)
{
    const octet_span rand_kms = mikey_record_rand(response, MIKEY_RAND_KMS);
    const mikey_label label = mikey_label_fork(constant, responder_of(t, response), rand_kms);
    const char *function = constant == MIKEY_FORK_MPKR ? "2B288856 || FF || FFFFFFFF || 00 || IDRr || RANDRkms"
                                                       : "1512B54A || FF || FFFFFFFF || 00 || IDRr || RANDRkms";
    mikey_step *forked = rand_kms.data ? mikey_step_derive(constant == MIKEY_FORK_MPKR ? "MPKr'" : "TGK'", function, key,
                                                           t->ticket_prf, &label, key->key.len)
                                       : NULL;
    mikey_record_spend(response, 1);
    return forked ? mikey_record_take_step(response, forked) : NULL;
}

static bool is_tgk(const mikey_step *key)
{
    return key->kind == MIKEY_KEY_TGK || key->kind == MIKEY_KEY_TGK_SALT;
}

/* The bundle of a response: TGKs forked if the ticket wants it, unless a KMS has done so. A logged TGK may be a GTGK, which is never
 * forked, or TGK' itself: so it is taken as it is as well. */
static void collect_keys(const transfer *t, const ticket_keys *source, mikey_record *response, GPtrArray *bundle)
{
    bool forks = has(t, MIKEY_FLAG_I) && response != t->initial && !(source->kms && source->kms->forked);
    for (guint i = 0; source->keys && i < source->keys->len && bundle->len < MIKEY_MAX_TEKS; i++) {
        const mikey_step *key = source->keys->pdata[i];
        bool to_fork = forks && is_tgk(key);
        const mikey_step *forked = to_fork ? fork_key(t, response, key, MIKEY_FORK_TGK) : NULL;
        if (forked)
            g_ptr_array_add(bundle, (gpointer)forked);
        if (!to_fork || key->source == MIKEY_FROM_KEYLOG)
            g_ptr_array_add(bundle, (gpointer)key);
    }
}

/* --- keys of crypto sessions --------------------------------------------------------------------------------------- */

static void derive_teks(const transfer *t, mikey_record *last, const GPtrArray *bundle, octet_span rand_r)
{
    const mikey_tek_setting setting = {.keys = t->sessions->keys,
                                       .secrets = t->sessions->secrets,
                                       .suites = t->sessions->suites,
                                       .record = last,
                                       .initial = t->initial,
                                       .base = t->base,
                                       .inkeys = bundle,
                                       .by_ticket = true,
                                       .prf = t->header_prf.func,
                                       .csb_id = last->message->header.csb_id,
                                       .rand_i = has(t, MIKEY_FLAG_H) ? t->rand_i : NOTHING,
                                       .rand_r = has(t, MIKEY_FLAG_G) ? rand_r : NOTHING};
    mikey_derive_teks(&setting);
}

/* Those of a message that is not authentic, or that answers such a one: of the key log alone. */
static void derive_logged(transfer *t, mikey_record *record, octet_span rand_r)
{
    const ticket_keys source = {.keys = t->logged};
    GPtrArray *bundle = new_list(t);
    collect_keys(t, &source, record, bundle);
    derive_teks(t, record, bundle, rand_r);
}

/* Whether the initial message alone gives keys: nothing that the responder adds goes into them. */
static bool is_enough_alone(const transfer *t)
{
    return !has(t, MIKEY_FLAG_F) || (!has(t, MIKEY_FLAG_G) && !has(t, MIKEY_FLAG_I));
}

/* --- random values ------------------------------------------------------------------------------------------------- */

static size_t len_of(const mikey_step *key)
{
    return key ? key->key.len : 0;
}

/* Octets of the longest key of a source from which others are derived, or that is forked. */
static size_t longest_key(const ticket_keys *source, bool to_fork)
{
    size_t longest = to_fork ? len_of(source->mpk_r) : len_of(source->mpk_i);
    for (guint i = 0; source->keys && i < source->keys->len; i++) {
        const mikey_step *key = source->keys->pdata[i];
        bool counts = is_tgk(key) || (!to_fork && (key->kind == MIKEY_KEY_GTGK || key->kind == MIKEY_KEY_GTGK_SALT));
        longest = counts ? MAX(longest, len_of(key)) : longest;
    }
    return longest;
}

/* What goes into the keys of `record`, the last message, and is not their sender's alone to know (RFC 6043 section 12.1). */
static void check_rands(const transfer *t, const ticket_keys *source, mikey_record *record)
{
    const octet_span rand_r = has(t, MIKEY_FLAG_G) ? mikey_record_rand(record, MIKEY_RAND_R) : NOTHING;
    const octet_span rand_kms = mikey_record_rand(record, MIKEY_RAND_KMS);
    if (t->rand_i.len + rand_r.len < longest_key(source, false))
        mikey_record_note_problem(record, MIKEY_PROBLEM_RANDS_SHORT, rand_r);
    if (has(t, MIKEY_FLAG_I) && rand_kms.data && rand_kms.len < longest_key(source, true))
        mikey_record_note_problem(record, MIKEY_PROBLEM_FORK_RAND_SHORT, rand_kms);
}

/* --- a response ---------------------------------------------------------------------------------------------------- */

/* Keys that a response may be protected with: MPKr' where keys are forked, else MPKi. */
static const mikey_step *response_inkey(const transfer *t, const ticket_keys *source, mikey_record *response)
{
    if (!has(t, MIKEY_FLAG_I))
        return source->mpk_i;
    if (!source->mpk_r || (source->kms && source->kms->forked))
        return source->mpk_r;
    return fork_key(t, response, source->mpk_r, MIKEY_FORK_MPKR);
}

/* Those under which the last message of the initial exchange was protected also protect an update (RFC 6043 section 5.2). */
static void add_inkeys_of_base(const transfer *t, GPtrArray *inkeys)
{
    if (t->base == t->initial)
        return;
    for (guint i = 0; i < t->base->responses->len && i < MIKEY_MAX_RESPONSES; i++) {
        const mikey_record *answer = t->base->responses->pdata[i];
        if (answer->message_inkey)
            g_ptr_array_add(inkeys, (gpointer)answer->message_inkey);
    }
    if (t->base->message_inkey)
        g_ptr_array_add(inkeys, (gpointer)t->base->message_inkey);
}

static const mikey_record *first_verified_response(const mikey_record *record)
{
    for (guint i = 0; i < record->responses->len && i < MIKEY_MAX_RESPONSES; i++) {
        const mikey_record *response = record->responses->pdata[i];
        if (response->status == MIKEY_STATUS_VERIFIED)
            return response;
    }
    return record->responses->len ? record->responses->pdata[0] : NULL;
}

static const ticket_keys *source_of(const transfer *t, const GPtrArray *inkeys, const mikey_step *fits)
{
    for (guint i = 0; i < inkeys->len; i++)
        if (i < t->sources->len && inkeys->pdata[i] == fits)
            return &g_array_index(t->sources, ticket_keys, i);
    return NULL;
}

static void work_out_response(transfer *t, mikey_record *response)
{
    GPtrArray *inkeys = new_list(t), *order = new_list(t), *bundle = new_list(t), *resp_keys = new_list(t);
    const octet_span rand_r = mikey_record_rand(response, MIKEY_RAND_R);
    mikey_record_forget(response);
    for (guint i = 0; i < t->sources->len; i++) {
        const mikey_step *inkey = response_inkey(t, &g_array_index(t->sources, ticket_keys, i), response);
        g_ptr_array_add(order, (gpointer)inkey);
        if (inkey)
            g_ptr_array_add(inkeys, (gpointer)inkey);
    }
    mikey_lock lock = lock_of(t, response, MIKEY_RESPONSE_MESSAGE, has(t, MIKEY_FLAG_G) ? rand_r : NOTHING);
    const mikey_step *fits = read_message(response, t->initial, false, &lock, inkeys, resp_keys);
    if (response->status == MIKEY_STATUS_FAILED) {
        derive_logged(t, response, rand_r);
        return;
    }
    const ticket_keys *proved = fits ? source_of(t, order, fits) : NULL;
    if (proved)
        check_rands(t, proved, response);
    for (guint i = 0; i < t->sources->len; i++) {
        const ticket_keys *source = &g_array_index(t->sources, ticket_keys, i);
        if (!proved || source == proved)
            collect_keys(t, source, response, bundle);
    }
    g_ptr_array_extend(bundle, t->init_keys, NULL, NULL);
    g_ptr_array_extend(bundle, resp_keys, NULL, NULL);
    derive_teks(t, response, bundle, rand_r);
}

/* --- an update ----------------------------------------------------------------------------------------------------- */

/* A CSB update has neither ticket nor RANDRs: those of the exchange that it updates serve, and new keys are not forked. */
static void work_out_update(transfer *t, const mikey_record *wanted)
{
    const mikey_record *last = first_verified_response(t->base);
    const octet_span rand_r = last ? mikey_record_rand(last, MIKEY_RAND_R) : NOTHING;
    const octet_span labelled = has(t, MIKEY_FLAG_G) ? rand_r : NOTHING;
    GPtrArray *inkeys = new_list(t);
    mikey_direction direction = last ? MIKEY_RESPONSE_MESSAGE : MIKEY_INITIAL_MESSAGE;
    add_inkeys_of_base(t, inkeys);
    mikey_lock lock = lock_of(t, t->initial, direction, labelled);
    read_message(t->initial, t->initial, true, &lock, inkeys, t->init_keys);
    if (!t->init_keys->len)
        mikey_collect_inkeys(t->base, t->init_keys);
    for (guint i = 0; i < t->initial->responses->len && i < MIKEY_MAX_RESPONSES; i++) {
        mikey_record *response = mikey_response_due(t->initial, i, wanted);
        GPtrArray *bundle = new_list(t);
        if (!response)
            continue;
        mikey_record_forget(response);
        lock = lock_of(t, response, direction, labelled);
        read_message(response, t->initial, true, &lock, inkeys, bundle);
        g_ptr_array_extend(bundle, t->init_keys, NULL, NULL);
        if (response->status == MIKEY_STATUS_FAILED || t->initial->status == MIKEY_STATUS_FAILED)
            derive_teks(t, response, t->logged, rand_r);
        else
            derive_teks(t, response, bundle, rand_r);
    }
    derive_teks(t, t->initial, t->initial->status == MIKEY_STATUS_FAILED ? t->logged : t->init_keys, rand_r);
}

/* --- a transfer ---------------------------------------------------------------------------------------------------- */

/* Checks the message with the MPKi of its sources. Returns that of them which fits; NULL: none does. Where the ticket is another than was
 * issued under the TPKs at hand, one of them may still be another's alone: the keys of a KMS or of the key log are tried nevertheless. */
static const ticket_keys *check_initial(transfer *t)
{
    GPtrArray *inkeys = new_list(t), *order = new_list(t);
    const bool authentic = !t->payload->ticket.ticket || open_ticket(t);
    add_kms_sources(t);
    add_logged_sources(t);
    for (guint i = 0; i < t->sources->len; i++) {
        const mikey_step *mpk_i = g_array_index(t->sources, ticket_keys, i).mpk_i;
        g_ptr_array_add(order, (gpointer)mpk_i);
        if (mpk_i)
            g_ptr_array_add(inkeys, (gpointer)mpk_i);
    }
    if (!authentic && !inkeys->len) {
        mikey_note_unchecked(t->initial, "the ticket is not authentic");
        t->initial->status = MIKEY_STATUS_FAILED;
        return NULL;
    }
    mikey_lock lock = lock_of(t, t->initial, MIKEY_INITIAL_MESSAGE, NOTHING);
    const mikey_step *fits = read_message(t->initial, t->initial, false, &lock, inkeys, t->init_keys);
    if (!authentic && !fits)
        t->initial->status = MIKEY_STATUS_FAILED;
    return fits ? source_of(t, order, fits) : NULL;
}

static void work_out_initial(transfer *t)
{
    const ticket_keys *proved = check_initial(t);
    mikey_check_initiator_data(t->initial, t->payload, proved && !(proved->kms && proved->kms->forked) ? proved->mpk_r : NULL);
    if (!is_enough_alone(t))
        return;
    if (t->initial->status == MIKEY_STATUS_FAILED) {
        derive_logged(t, t->initial, NOTHING);
        return;
    }
    if (proved)
        check_rands(t, proved, t->initial);
    GPtrArray *bundle = new_list(t);
    for (guint i = 0; i < t->sources->len; i++)
        collect_keys(t, &g_array_index(t->sources, ticket_keys, i), t->initial, bundle);
    g_ptr_array_extend(bundle, t->init_keys, NULL, NULL);
    derive_teks(t, t->initial, bundle, NOTHING);
}

static void work_out_responses(transfer *t, const mikey_record *wanted)
{
    for (guint i = 0; i < t->initial->responses->len && i < MIKEY_MAX_RESPONSES; i++) {
        mikey_record *due = mikey_response_due(t->initial, i, wanted);
        if (due && t->initial->status == MIKEY_STATUS_FAILED) {
            mikey_leave_response(due);
            derive_logged(t, due, mikey_record_rand(due, MIKEY_RAND_R));
        } else if (due) {
            work_out_response(t, due);
        }
    }
}

void mikey_work_out_transfer(mikey_sessions *sessions, mikey_record *initial, const mikey_record *response)
{
    const mikey_record *base = initial->base ? initial->base : initial;
    const mikey_payload *ticket = mikey_find(&base->message->chain, MIKEY_TICKET, NULL);
    transfer t = {.sessions = sessions,
                  .initial = initial,
                  .base = base,
                  .payload = ticket && ticket->complete ? ticket : NULL,
                  .header_prf = {base->message->header.prf, MIKEY_PRF_RFC},
                  .rand_i = mikey_record_rand(base, MIKEY_RAND_I),
                  .sources = g_array_new(FALSE, FALSE, sizeof(ticket_keys)),
                  .owned = g_ptr_array_new_with_free_func(free_list),
                  .init_keys = g_ptr_array_new(),
                  .logged = g_ptr_array_new()};
    mikey_record_forget(initial);
    mikey_secrets_by_csb(sessions->secrets, KEYLOG_MIKEY_TGK, initial->message->header.csb_id, t.logged);
    if (t.payload) {
        t.flags = t.payload->ticket.flags;
        t.ticket_prf = (mikey_prf){t.payload->ticket.prf, MIKEY_PRF_RFC};
        if (base == initial) {
            work_out_initial(&t);
            work_out_responses(&t, response);
        } else {
            work_out_update(&t, response);
        }
    }
    g_array_free(t.sources, TRUE);
    g_ptr_array_free(t.owned, TRUE);
    g_ptr_array_free(t.init_keys, TRUE);
    g_ptr_array_free(t.logged, TRUE);
}

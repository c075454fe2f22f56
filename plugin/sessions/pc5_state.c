#include "sessions/pc5_state_parts.h"

#include "keys/keyed_hash.h"

#include <string.h>

#define RECENT 16    /* messages of each side that a response or a retransmission is looked for among */
#define LOOK_BACK 64 /* contexts of a pair whose KD-sess IDs are compared */
#define NONCE_LEN 16
#define SURE_OCTETS 2 /* of a layer-2 ID: those that MAC carries of every destination (TS 36.321) */

/* A message that was sent, without retransmissions. */
typedef struct {
    uint8_t type; /* 0: none */
    uint16_t sequence;
    uint32_t counter; /* of a keepalive */
    uint32_t frame;
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    pc5_record *record;
} sent_message;

struct pc5_pair {
    pc5_id ids[2];
    sent_message sent[2][RECENT];
    unsigned sent_count[2];
    pc5_attempt *establishing[2], *rekeying[2]; /* the newest that each side requested */
    pc5_attempt *commanded[2];                  /* the newest whose command each side sent */
    GPtrArray *attempts;
    bool released;
    bool has_counter[2];
    uint32_t counter[2];
};

/* --- identities and pairs ------------------------------------------------------------------------------------------ */

static bool is_layer_2(const pc5_id *id)
{
    return id->len <= PC5_LAYER_2_ID_LEN;
}

bool pc5_id_equal(const pc5_id *a, const pc5_id *b)
{
    uint8_t len = MIN(a->len, b->len);
    return (a->len == b->len || (is_layer_2(a) && is_layer_2(b))) && memcmp(a->octets, b->octets, len) == 0;
}

static void learn_id(pc5_id *known, const pc5_id *seen)
{
    if (seen->len > known->len)
        *known = *seen;
}

/* Of both identities what every message between them carries, in an order that the direction does not change. */
GBytes *pc5_pair_name(const pc5_id *a, const pc5_id *b)
{
    uint8_t name[2 + 2 * PC5_MAX_ID_LEN], len = 0;
    uint8_t a_len = is_layer_2(a) ? MIN(a->len, SURE_OCTETS) : a->len;
    uint8_t b_len = is_layer_2(b) ? MIN(b->len, SURE_OCTETS) : b->len;
    int order = a_len != b_len ? a_len - b_len : memcmp(a->octets, b->octets, a_len);
    const pc5_id *first = order <= 0 ? a : b, *second = order <= 0 ? b : a;
    uint8_t first_len = order <= 0 ? a_len : b_len, second_len = order <= 0 ? b_len : a_len;
    name[len++] = first_len;
    memcpy(name + len, first->octets, first_len);
    len += first_len;
    name[len++] = second_len;
    memcpy(name + len, second->octets, second_len);
    len += second_len;
    return g_bytes_new(name, len);
}

/* The side that sent the message, if it is one between this pair's ends. False: it is not. */
static bool find_side(const pc5_pair *pair, const pc5_arrival *arrival, unsigned *from)
{
    for (unsigned side = 0; side < 2; side++) {
        if (pc5_id_equal(&pair->ids[side], &arrival->source) && pc5_id_equal(&pair->ids[!side], &arrival->destination)) {
            *from = side;
            return true;
        }
    }
    return false;
}

static void free_pair(gpointer data)
{
    pc5_pair *pair = (pc5_pair *)data;
    g_ptr_array_free(pair->attempts, TRUE);
    g_free(pair);
}

static void free_pairs(gpointer data)
{
    g_ptr_array_free((GPtrArray *)data, TRUE);
}

static GPtrArray *pairs_like(pc5_state *state, const pc5_arrival *arrival)
{
    GBytes *name = pc5_pair_name(&arrival->source, &arrival->destination);
    GPtrArray *pairs = (GPtrArray *)g_hash_table_lookup(state->pairs, name);
    if (pairs) {
        g_bytes_unref(name);
        return pairs;
    }
    pairs = g_ptr_array_new_with_free_func(free_pair);
    g_hash_table_insert(state->pairs, name, pairs);
    return pairs;
}

/* Of several pairs that the octets do not tell apart, the one that spoke last stands last. NULL: there are too many. */
static pc5_pair *pair_of(pc5_state *state, const pc5_arrival *arrival, unsigned *from)
{
    GPtrArray *pairs = pairs_like(state, arrival);
    for (guint i = pairs->len; i-- > 0;) {
        pc5_pair *pair = (pc5_pair *)pairs->pdata[i];
        if (!find_side(pair, arrival, from))
            continue;
        learn_id(&pair->ids[*from], &arrival->source);
        learn_id(&pair->ids[!*from], &arrival->destination);
        memmove(&pairs->pdata[i], &pairs->pdata[i + 1], (pairs->len - 1 - i) * sizeof *pairs->pdata);
        pairs->pdata[pairs->len - 1] = pair;
        return pair;
    }
    if (state->pair_count == PC5_MAX_PAIRS || pairs->len == PC5_MAX_ALIKE)
        return NULL;
    pc5_pair *pair = g_new0(pc5_pair, 1);
    pair->ids[0] = arrival->source;
    pair->ids[1] = arrival->destination;
    pair->attempts = g_ptr_array_new();
    g_ptr_array_add(pairs, pair);
    state->pair_count++;
    *from = 0;
    return pair;
}

/* --- messages that were sent --------------------------------------------------------------------------------------- */

static const sent_message *sent_at(const pc5_pair *pair, unsigned side, unsigned age)
{
    unsigned count = pair->sent_count[side];
    return age < MIN(count, RECENT) ? &pair->sent[side][(count - 1 - age) % RECENT] : NULL;
}

static void remember(pc5_visit *visit)
{
    unsigned *count = &visit->pair->sent_count[visit->from];
    sent_message *sent = &visit->pair->sent[visit->from][(*count)++ % RECENT];
    const pc5s_ie *counter = pc5s_find(visit->message, PC5S_IE_KEEPALIVE_COUNTER);
    *sent = (sent_message){.type = visit->message->type,
                           .sequence = visit->message->sequence,
                           .counter = counter ? counter->number : 0,
                           .frame = visit->arrival->frame,
                           .record = visit->record};
    memcpy(sent->fingerprint, visit->fingerprint, sizeof sent->fingerprint);
}

static const sent_message *find_same(const pc5_visit *visit)
{
    const sent_message *sent;
    for (unsigned age = 0; (sent = sent_at(visit->pair, visit->from, age)); age++)
        if (strcmp(sent->fingerprint, visit->fingerprint) == 0)
            return sent;
    return NULL;
}

/* The very octets again. False: it is none. */
static bool take_retransmission(pc5_visit *visit)
{
    const sent_message *sent = find_same(visit);
    if (!sent)
        return false;
    visit->record->first_frame = sent->frame;
    visit->record->request_frame = sent->record->request_frame;
    visit->record->context = sent->record->context;
    visit->record->exchange = sent->record->exchange;
    return true;
}

static void check_sequence(pc5_visit *visit)
{
    const sent_message *sent;
    for (unsigned age = 0; (sent = sent_at(visit->pair, visit->from, age)); age++)
        if (sent->type == visit->message->type && sent->sequence == visit->message->sequence)
            pc5_report(visit, PC5_PROBLEM_SEQUENCE_REUSED);
}

/* How well a message of the other side fits as what this one answers; 0: not at all. Of equals the newest is meant. */
static unsigned fitness(const pc5_visit *visit, const sent_message *sent, uint8_t type)
{
    const pc5s_ie *counter = pc5s_find(visit->message, PC5S_IE_KEEPALIVE_COUNTER);
    if (sent->type != type)
        return 0;
    return 1 + (sent->record->response_frame == 0) + 2 * (sent->sequence == visit->message->sequence) +
           4 * (counter && sent->counter == counter->number);
}

static const sent_message *find_sent(const pc5_visit *visit, unsigned side, uint8_t type)
{
    const sent_message *best = NULL, *sent;
    unsigned best_fitness = 0;
    for (unsigned age = 0; (sent = sent_at(visit->pair, side, age)); age++) {
        unsigned fits = fitness(visit, sent, type);
        if (fits > best_fitness) {
            best = sent;
            best_fitness = fits;
        }
    }
    return best;
}

static void link_to(pc5_visit *visit, pc5_record *request, uint32_t request_frame)
{
    visit->record->request_frame = request_frame;
    if (!request)
        return;
    if (request->response_frame)
        pc5_report(visit, PC5_PROBLEM_ANSWERED_TWICE);
    else
        request->response_frame = visit->arrival->frame;
}

/* The message answers nothing that the other side sent. `own`: the sender itself sent what it should answer. */
static void report_unlinked(pc5_visit *visit, bool own, pc5_problem_kind otherwise)
{
    pc5_report(visit, own ? PC5_PROBLEM_SAME_DIRECTION : otherwise);
}

/* A response outside the making of contexts. NULL: it answers nothing that is known. */
static const sent_message *take_response(pc5_visit *visit, uint8_t request_type)
{
    const sent_message *request = find_sent(visit, !visit->from, request_type);
    if (request)
        link_to(visit, request->record, request->frame);
    else
        report_unlinked(visit, find_sent(visit, visit->from, request_type) != NULL, PC5_PROBLEM_WITHOUT_REQUEST);
    return request;
}

/* --- contexts ------------------------------------------------------------------------------------------------------ */

static void free_attempt(gpointer data)
{
    pc5_attempt *attempt = (pc5_attempt *)data;
    pc5_clear_keying(attempt);
    g_bytes_unref(attempt->context.initiator_info);
    g_bytes_unref(attempt->context.responder_info);
    g_free(attempt);
}

/* NULL: there are too many. */
static pc5_attempt *attempt_new(pc5_visit *visit, unsigned initiator)
{
    GPtrArray *attempts = visit->state->attempts;
    if (attempts->len == PC5_MAX_CONTEXTS)
        return NULL;
    pc5_attempt *attempt = g_new0(pc5_attempt, 1);
    attempt->serial = attempts->len;
    attempt->initiator = initiator;
    attempt->context.initiator = visit->pair->ids[initiator];
    attempt->context.responder = visit->pair->ids[!initiator];
    g_ptr_array_add(attempts, attempt);
    g_ptr_array_add(visit->pair->attempts, attempt);
    return attempt;
}

bool pc5_earlier_offer_is_open(const pc5_pair *pair, const pc5_attempt *attempt)
{
    for (guint i = pair->attempts->len, n = 0; i-- > 0 && n < LOOK_BACK; n++) {
        const pc5_attempt *other = (const pc5_attempt *)pair->attempts->pdata[i];
        const pc5_context *context = &other->context;
        bool is_open = context->offer.frame && !context->command_frame && !context->closing_frame;
        if (is_open && other->serial < attempt->serial && other->offerer == attempt->offerer)
            return true;
    }
    return false;
}

static bool copy_nonce(const pc5s_message *message, pc5s_ie_kind kind, uint8_t nonce[NONCE_LEN])
{
    const pc5s_ie *ie = pc5s_find(message, kind);
    if (ie)
        memcpy(nonce, ie->value.data, NONCE_LEN);
    return ie != NULL;
}

pc5_use *pc5_use_new(const pc5_visit *visit, pc5_attempt *attempt)
{
    pc5_use *use = g_new0(pc5_use, 1);
    use->pair = visit->pair;
    use->attempt = attempt;
    memcpy(use->message, visit->fingerprint, sizeof use->message);
    return use;
}

static const pc5_use *find_nonce(const pc5_visit *visit, pc5s_ie_kind kind)
{
    const pc5s_ie *ie = pc5s_find(visit->message, kind);
    if (!ie)
        return NULL;
    GBytes *nonce = g_bytes_new(ie->value.data, ie->value.len);
    const pc5_use *use = (const pc5_use *)g_hash_table_lookup(visit->state->nonces, nonce);
    g_bytes_unref(nonce);
    return use;
}

/* A zero nonce has a problem of its own, and a relayed copy of a message is no second use. */
static void note_nonce(pc5_visit *visit, pc5_attempt *attempt, pc5s_ie_kind kind)
{
    static const uint8_t zero[NONCE_LEN];
    const pc5s_ie *ie = pc5s_find(visit->message, kind);
    const pc5_use *use = find_nonce(visit, kind);
    if (!ie || memcmp(ie->value.data, zero, NONCE_LEN) == 0)
        return;
    if (use && use->attempt != attempt && strcmp(use->message, visit->fingerprint) != 0)
        pc5_report(visit, PC5_PROBLEM_NONCE_REUSED);
    else if (!use && g_hash_table_size(visit->state->nonces) < PC5_MAX_NONCES)
        g_hash_table_insert(visit->state->nonces, g_bytes_new(ie->value.data, ie->value.len), pc5_use_new(visit, attempt));
}

/* User Info: a type, then what names the user. */
static void keep_info(GBytes **kept, const pc5s_message *message)
{
    const pc5s_ie *ie = pc5s_find(message, PC5S_IE_USER_INFO);
    if (ie && ie->value.len > 0 && !*kept)
        *kept = g_bytes_new(ie->value.data + 1, ie->value.len - 1);
}

static void fill_from_request(pc5_context *context, const pc5s_message *message)
{
    const pc5s_ie *capabilities = pc5s_find(message, PC5S_IE_CAPABILITIES);
    const pc5s_ie *msb = pc5s_find(message, PC5S_IE_KD_SESS_ID_MSB), *kd_id = pc5s_find(message, PC5S_IE_KD_ID);
    context->has_capabilities = capabilities != NULL;
    context->capabilities = capabilities ? (uint16_t)capabilities->number : 0;
    context->has_nonce_1 = copy_nonce(message, PC5S_IE_NONCE_1, context->nonce_1);
    context->has_kd_sess_id_msb = msb != NULL;
    context->kd_sess_id_msb = msb ? (uint8_t)msb->number : 0;
    context->has_kd_id = kd_id != NULL;
    context->kd_id = kd_id ? kd_id->number : 0;
    keep_info(&context->initiator_info, message);
}

/* --- requests ------------------------------------------------------------------------------------------------------ */

/* The same Nonce_1 from the same side is the same attempt, whatever else was changed. */
static bool take_changed_request(pc5_visit *visit)
{
    const pc5_use *use = find_nonce(visit, PC5S_IE_NONCE_1);
    if (!use || use->pair != visit->pair || use->attempt->initiator != visit->from || use->attempt->context.request_frame == 0)
        return false;
    visit->record->context = &use->attempt->context;
    visit->record->first_frame = use->attempt->context.request_frame;
    if (strcmp(use->message, visit->fingerprint) != 0)
        pc5_report(visit, PC5_PROBLEM_REQUEST_CHANGED);
    return true;
}

static void take_attempt(pc5_visit *visit, pc5_attempt **newest)
{
    bool is_rekeying = newest == visit->pair->rekeying;
    if (take_changed_request(visit))
        return;
    const pc5_attempt *before = newest[visit->from];
    if (is_rekeying && before && !before->context.complete_frame && !before->context.closing_frame)
        pc5_report(visit, PC5_PROBLEM_REKEYING_UNFINISHED);
    pc5_attempt *attempt = attempt_new(visit, visit->from);
    if (!attempt)
        return;
    attempt->request = visit->record;
    attempt->context.is_rekeying = is_rekeying;
    attempt->context.request_frame = visit->arrival->frame;
    fill_from_request(&attempt->context, visit->message);
    note_nonce(visit, attempt, PC5S_IE_NONCE_1);
    newest[visit->from] = attempt;
    visit->record->context = &attempt->context;
    pc5_take_keying(visit, attempt);
}

static void take_request(pc5_visit *visit)
{
    visit->pair->released = false;
    visit->pair->has_counter[0] = visit->pair->has_counter[1] = false;
    take_attempt(visit, visit->pair->establishing);
}

static void take_rekeying_request(pc5_visit *visit)
{
    const sent_message *trigger = find_sent(visit, !visit->from, PC5S_REKEYING_TRIGGER);
    if (trigger && trigger->record->response_frame == 0)
        link_to(visit, trigger->record, trigger->frame);
    take_attempt(visit, visit->pair->rekeying);
}

/* --- security mode control ----------------------------------------------------------------------------------------- */

static pc5_attempt *newest_attempt(const pc5_pair *pair, unsigned side)
{
    pc5_attempt *establishing = pair->establishing[side], *rekeying = pair->rekeying[side];
    if (!establishing || !rekeying)
        return establishing ? establishing : rekeying;
    return establishing->serial > rekeying->serial ? establishing : rekeying;
}

/* The attempt that a command belongs to: the newest of the other side that is not yet complete, or one whose request is not in
 * the capture. NULL: the command can belong to none. */
static pc5_attempt *attempt_of_command(pc5_visit *visit)
{
    pc5_attempt *attempt = newest_attempt(visit->pair, !visit->from), *own = newest_attempt(visit->pair, visit->from);
    if (attempt && !attempt->context.complete_frame)
        return attempt;
    if (!attempt && own && !own->context.command_frame) {
        pc5_report(visit, PC5_PROBLEM_SAME_DIRECTION);
        visit->record->request_frame = own->context.request_frame;
        return NULL;
    }
    pc5_report(visit, PC5_PROBLEM_COMMAND_WITHOUT_REQUEST);
    return attempt_new(visit, !visit->from);
}

static void check_capabilities(pc5_visit *visit, const pc5_context *context)
{
    const pc5s_ie *replayed = pc5s_find(visit->message, PC5S_IE_CAPABILITIES);
    const pc5s_ie *chosen = pc5s_find(visit->message, PC5S_IE_CHOSEN_ALGORITHMS);
    if (replayed && context->has_capabilities && replayed->number != context->capabilities)
        pc5_report(visit, PC5_PROBLEM_CAPABILITIES_DIFFER);
    if (!chosen || (!context->has_capabilities && !replayed))
        return;
    uint16_t capabilities = context->has_capabilities ? context->capabilities : (uint16_t)replayed->number;
    if (!pc5s_algorithms_supported(capabilities, (uint8_t)chosen->number))
        pc5_report(visit, PC5_PROBLEM_ALGORITHM_NOT_OFFERED);
}

/* KD-sess ID: 8 MSB from UE_1, 8 LSB from UE_2. */
static void take_kd_sess_id(pc5_visit *visit, pc5_attempt *attempt)
{
    pc5_context *context = &attempt->context;
    const pc5s_ie *lsb = pc5s_find(visit->message, PC5S_IE_KD_SESS_ID_LSB);
    if (!lsb || !context->has_kd_sess_id_msb)
        return;
    context->has_kd_sess_id = true;
    context->kd_sess_id = (uint16_t)(context->kd_sess_id_msb << 8 | lsb->number);
    if (context->kd_sess_id == 0)
        pc5_report(visit, PC5_PROBLEM_KD_SESS_ID_ZERO);
    const GPtrArray *attempts = visit->pair->attempts;
    for (guint i = attempts->len, n = 0; i-- > 0 && n < LOOK_BACK; n++) {
        const pc5_attempt *other = (const pc5_attempt *)attempts->pdata[i];
        if (other != attempt && other->context.has_kd_sess_id && other->context.kd_sess_id == context->kd_sess_id)
            pc5_report(visit, PC5_PROBLEM_KD_SESS_ID_REUSED);
    }
}

static void take_command(pc5_visit *visit)
{
    pc5_attempt *attempt = attempt_of_command(visit);
    if (!attempt)
        return;
    pc5_context *context = &attempt->context;
    const pc5s_ie *algorithms = pc5s_find(visit->message, PC5S_IE_CHOSEN_ALGORITHMS);
    const pc5s_ie *kd_id_msb = pc5s_find(visit->message, PC5S_IE_KD_ID_MSB);
    if (context->command_frame)
        pc5_report(visit, PC5_PROBLEM_ANSWERED_TWICE);
    attempt->command = visit->record;
    context->initiator = visit->pair->ids[!visit->from];
    context->responder = visit->pair->ids[visit->from];
    context->command_frame = visit->arrival->frame;
    visit->record->context = context;
    visit->record->request_frame = context->request_frame;
    visit->pair->commanded[visit->from] = attempt;
    context->has_nonce_2 = copy_nonce(visit->message, PC5S_IE_NONCE_2, context->nonce_2);
    context->has_algorithms = algorithms != NULL;
    context->algorithms = algorithms ? (uint8_t)algorithms->number : 0;
    context->has_kd_id_msb = kd_id_msb != NULL;
    context->kd_id_msb = kd_id_msb ? (uint16_t)kd_id_msb->number : 0;
    keep_info(&context->responder_info, visit->message);
    check_capabilities(visit, context);
    take_kd_sess_id(visit, attempt);
    bool equal = context->has_nonce_1 && context->has_nonce_2 && memcmp(context->nonce_1, context->nonce_2, NONCE_LEN) == 0;
    if (equal)
        pc5_report(visit, PC5_PROBLEM_NONCES_EQUAL);
    else
        note_nonce(visit, attempt, PC5S_IE_NONCE_2);
    pc5_take_keying(visit, attempt);
}

/* KD ID: 16 MSB from UE_2, 16 LSB from UE_1, where a new KD was made. */
static void take_kd_id(pc5_visit *visit, pc5_context *context)
{
    const pc5s_ie *lsb = pc5s_find(visit->message, PC5S_IE_KD_ID_LSB);
    if (context->has_kd_id_msb && !lsb)
        pc5_report(visit, PC5_PROBLEM_KD_ID_LSB_MISSING);
    else if (!context->has_kd_id_msb && lsb)
        pc5_report(visit, PC5_PROBLEM_KD_ID_MSB_MISSING);
    else if (lsb) {
        context->has_kd_id = true;
        context->kd_id = (uint32_t)context->kd_id_msb << 16 | lsb->number;
    }
}

static void take_complete(pc5_visit *visit)
{
    pc5_attempt *attempt = visit->pair->commanded[!visit->from];
    if (!attempt) {
        report_unlinked(visit, visit->pair->commanded[visit->from] != NULL, PC5_PROBLEM_COMPLETE_WITHOUT_COMMAND);
        pc5_take_keying(visit, NULL);
        return;
    }
    link_to(visit, attempt->command, attempt->context.command_frame);
    visit->record->context = &attempt->context;
    if (attempt->context.complete_frame)
        return;
    attempt->context.complete_frame = visit->arrival->frame;
    attempt->context.rejected = attempt->context.command_rejected = visit->message->type == PC5S_SECURITY_MODE_REJECT;
    if (!attempt->context.rejected)
        take_kd_id(visit, &attempt->context);
    pc5_take_keying(visit, attempt);
}

/* --- the end of an attempt ----------------------------------------------------------------------------------------- */

static void take_closing(pc5_visit *visit, pc5_attempt *const *newest)
{
    pc5_attempt *attempt = newest[!visit->from];
    if (!attempt) {
        report_unlinked(visit, newest[visit->from] != NULL, PC5_PROBLEM_WITHOUT_REQUEST);
        pc5_take_keying(visit, NULL);
        return;
    }
    pc5_context *context = &attempt->context;
    link_to(visit, attempt->request, context->request_frame);
    visit->record->context = context;
    if (context->closing_frame)
        return;
    context->closing_frame = visit->arrival->frame;
    if (visit->message->type == PC5S_COMMUNICATION_REJECT)
        context->rejected = true;
    else if (!context->command_frame)
        pc5_report(visit, PC5_PROBLEM_ACCEPT_WITHOUT_SECURITY);
    else if (!context->complete_frame)
        pc5_report(visit, PC5_PROBLEM_ACCEPT_BEFORE_COMPLETE);
    pc5_take_keying(visit, attempt);
}

/* --- keeping and releasing ----------------------------------------------------------------------------------------- */

static void take_keepalive(pc5_visit *visit)
{
    const pc5s_ie *counter = pc5s_find(visit->message, PC5S_IE_KEEPALIVE_COUNTER);
    pc5_pair *pair = visit->pair;
    if (!counter)
        return;
    if (pair->has_counter[visit->from] && (int32_t)(counter->number - pair->counter[visit->from]) < 0)
        pc5_report(visit, PC5_PROBLEM_KEEPALIVE_BACKWARDS);
    pair->has_counter[visit->from] = true;
    pair->counter[visit->from] = counter->number;
}

static void take_keepalive_ack(pc5_visit *visit)
{
    const pc5s_ie *counter = pc5s_find(visit->message, PC5S_IE_KEEPALIVE_COUNTER);
    const sent_message *keepalive = take_response(visit, PC5S_KEEPALIVE);
    if (keepalive && counter && keepalive->counter != counter->number)
        pc5_report(visit, PC5_PROBLEM_KEEPALIVE_COUNTER);
}

static void take_release_accept(pc5_visit *visit)
{
    take_response(visit, PC5S_RELEASE);
    visit->pair->released = true;
}

/* --- one message --------------------------------------------------------------------------------------------------- */

static void take_message(pc5_visit *visit)
{
    switch (visit->message->type) {
    case PC5S_COMMUNICATION_REQUEST:
        take_request(visit);
        break;
    case PC5S_COMMUNICATION_ACCEPT:
    case PC5S_COMMUNICATION_REJECT:
        take_closing(visit, visit->pair->establishing);
        break;
    case PC5S_KEEPALIVE:
        take_keepalive(visit);
        break;
    case PC5S_KEEPALIVE_ACK:
        take_keepalive_ack(visit);
        break;
    case PC5S_RELEASE_ACCEPT:
        take_release_accept(visit);
        break;
    case PC5S_SECURITY_MODE_COMMAND:
        take_command(visit);
        break;
    case PC5S_SECURITY_MODE_COMPLETE:
    case PC5S_SECURITY_MODE_REJECT:
        take_complete(visit);
        break;
    case PC5S_REKEYING_REQUEST:
        take_rekeying_request(visit);
        break;
    case PC5S_REKEYING_RESPONSE:
        take_closing(visit, visit->pair->rekeying);
        break;
    case PC5S_REMOTE_UE_INFO_RESPONSE:
        take_response(visit, PC5S_REMOTE_UE_INFO_REQUEST);
        break;
    default:
        break;
    }
}

/* Everything known but a request and what may refuse it. */
static bool must_be_protected(uint8_t type)
{
    switch (type) {
    case PC5S_COMMUNICATION_ACCEPT:
    case PC5S_KEEPALIVE:
    case PC5S_KEEPALIVE_ACK:
    case PC5S_RELEASE:
    case PC5S_RELEASE_ACCEPT:
    case PC5S_SECURITY_MODE_COMMAND:
    case PC5S_SECURITY_MODE_COMPLETE:
    case PC5S_REKEYING_REQUEST:
    case PC5S_REKEYING_RESPONSE:
    case PC5S_REKEYING_TRIGGER:
    case PC5S_REMOTE_UE_INFO_REQUEST:
    case PC5S_REMOTE_UE_INFO_RESPONSE:
        return true;
    default:
        return false;
    }
}

/* An accept of a link that was never secured has a problem of its own. */
static void check_protection(pc5_visit *visit)
{
    bool without_security = visit->record->problems & UINT64_C(1) << PC5_PROBLEM_ACCEPT_WITHOUT_SECURITY;
    if (visit->arrival->protection == PC5_UNPROTECTED && must_be_protected(visit->message->type) && !without_security)
        pc5_report(visit, PC5_PROBLEM_NOT_PROTECTED);
}

static void visit_message(pc5_visit *visit)
{
    check_sequence(visit);
    if (visit->pair->released && visit->message->type != PC5S_COMMUNICATION_REQUEST)
        pc5_report(visit, PC5_PROBLEM_AFTER_RELEASE);
    take_message(visit);
    remember(visit);
}

/* Several messages of one frame are told apart by what they are: where they begin says nothing once they were decrypted. Two whose
 * fingerprints are the same by design have another hash: what is on record of one may be too short for the other. */
static char *record_name(const pc5_visit *visit)
{
    const octet_span whole = visit->message->whole;
    return g_strdup_printf("%x %s %x", visit->arrival->frame, visit->fingerprint, keyed_hash(whole.data, whole.len));
}

const pc5_record *pc5_state_add(pc5_state *state, const pc5_arrival *arrival)
{
    const octet_span whole = arrival->message->whole;
    pc5_visit visit = {.state = state, .arrival = arrival, .message = arrival->message};
    key_fingerprint(whole.data, whole.len, visit.fingerprint);
    char *name = record_name(&visit);
    visit.record = (pc5_record *)g_hash_table_lookup(state->records, name);
    if (visit.record) {
        g_free(name);
        return visit.record;
    }
    visit.record = g_new0(pc5_record, 1);
    g_hash_table_insert(state->records, name, visit.record);
    if (!arrival->message->has_sequence || arrival->source.len == 0 || arrival->destination.len == 0)
        return visit.record;
    visit.pair = pair_of(state, arrival, &visit.from);
    if (!visit.pair)
        return visit.record;
    if (!take_retransmission(&visit))
        visit_message(&visit);
    check_protection(&visit);
    return visit.record;
}

/* --- looking up ---------------------------------------------------------------------------------------------------- */

void pc5_state_list(const pc5_state *state, GPtrArray *found)
{
    for (guint i = 0; i < state->attempts->len; i++)
        g_ptr_array_add(found, (gpointer) & ((const pc5_attempt *)state->attempts->pdata[i])->context);
}

void pc5_state_unsecured(const pc5_state *state, const pc5_id *a, const pc5_id *b, unsigned max, GPtrArray *found)
{
    GBytes *name = pc5_pair_name(a, b);
    const GPtrArray *pairs = (const GPtrArray *)g_hash_table_lookup(state->pairs, name);
    g_bytes_unref(name);
    for (guint p = pairs ? pairs->len : 0; p-- > 0;) {
        const GPtrArray *attempts = ((const pc5_pair *)pairs->pdata[p])->attempts;
        for (guint i = attempts->len, n = 0; i-- > 0 && n < LOOK_BACK && found->len < max; n++) {
            const pc5_attempt *attempt = (const pc5_attempt *)attempts->pdata[i];
            if (!attempt->context.command_frame)
                g_ptr_array_add(found, (gpointer)&attempt->context);
        }
    }
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static void free_exchange(gpointer data)
{
    sdp_exchange *exchange = (sdp_exchange *)data;
    g_free(exchange->answer_problems);
    g_free(exchange);
}

pc5_state *pc5_state_new(void)
{
    pc5_state *state = g_new0(pc5_state, 1);
    state->records = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, g_free);
    state->pairs = g_hash_table_new_full(keyed_hash_bytes, g_bytes_equal, (GDestroyNotify)g_bytes_unref, free_pairs);
    state->attempts = g_ptr_array_new_with_free_func(free_attempt);
    state->exchanges = g_ptr_array_new_with_free_func(free_exchange);
    state->nonces = g_hash_table_new_full(keyed_hash_bytes, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
    state->keys = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, g_free);
    return state;
}

void pc5_state_free(pc5_state *state)
{
    if (!state)
        return;
    g_hash_table_destroy(state->records);
    g_hash_table_destroy(state->pairs);
    g_hash_table_destroy(state->nonces);
    g_hash_table_destroy(state->keys);
    g_ptr_array_free(state->attempts, TRUE);
    g_ptr_array_free(state->exchanges, TRUE);
    g_free(state);
}

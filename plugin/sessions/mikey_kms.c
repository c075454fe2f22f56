/* Requests to a KMS and its answers (RFC 6043 sections 4.2.1 and 4.2.3): who asks for a ticket or for its keys is told MPKs and TGKs
 * under a PSK or an envelope key.
 */
#include "sessions/mikey_sessions_parts.h"

static const octet_span NOTHING = {NULL, 0};

static bool is_request(const mikey_record *initial)
{
    uint8_t type = initial->message->header.data_type;
    return type == MIKEY_REQUEST_INIT_PSK || type == MIKEY_REQUEST_INIT_PK;
}

/* Requests carry RANDRi, resolutions RANDRr; the answer is protected with that one too (RFC 6043 section 5.1.2). */
static mikey_lock lock_of(const mikey_record *initial, const mikey_record *record, mikey_direction direction)
{
    bool request = is_request(initial);
    const octet_span rand = mikey_record_rand(initial, request ? MIKEY_RAND_I : MIKEY_RAND_R);
    const mikey_payload *kemac = mikey_kemac_of(record);
    mikey_lock lock = {.label = mikey_label_ticket_message(MIKEY_MESSAGE_ENCR_KEY, initial->message->header.csb_id, direction,
                                                           request ? rand : NOTHING, request ? NOTHING : rand),
                       .encr_alg = kemac && direction == MIKEY_RESPONSE_MESSAGE ? kemac->kemac.encr_alg : MIKEY_ENCR_NULL};
    mikey_lock_add_prf(&lock, (mikey_prf){initial->message->header.prf, MIKEY_PRF_RFC});
    return lock;
}

static const mikey_payload *whole_ticket_of(const mikey_record *record)
{
    const mikey_payload *ticket = mikey_find(&record->message->chain, MIKEY_TICKET, NULL);
    return ticket && ticket->complete ? ticket : NULL;
}

/* --- what a ticket is told ----------------------------------------------------------------------------------------- */

static mikey_kms_answer *answer_of(mikey_ticket_state *state, const mikey_record *response)
{
    for (guint i = 0; i < state->answers->len; i++) {
        mikey_kms_answer *known = state->answers->pdata[i];
        if (known->told_by == response)
            return known;
    }
    if (state->answers->len >= MIKEY_MAX_RESPONSES)
        return NULL;
    mikey_kms_answer *answer = g_new0(mikey_kms_answer, 1);
    answer->told_by = response;
    g_ptr_array_add(state->answers, answer);
    return answer;
}

static void free_step(gpointer step)
{
    mikey_step_unref(step);
}

/* The first MPK is MPKi, the second MPKr or, resolved, MPKr' (RFC 6043 sections 4.2.1.5 and 4.2.3.5). False: it was filled before. */
static bool fill_answer(mikey_kms_answer *answer, const GPtrArray *keys, bool resolved)
{
    if (answer->keys)
        return false;
    answer->keys = g_ptr_array_new_with_free_func(free_step);
    answer->forked = resolved;
    for (guint i = 0; i < keys->len; i++) {
        const mikey_step *key = mikey_step_ref(keys->pdata[i]);
        if (key->kind != MIKEY_KEY_MPK)
            g_ptr_array_add(answer->keys, (gpointer)key);
        else if (!answer->mpk_i)
            answer->mpk_i = key;
        else if (!answer->mpk_r)
            answer->mpk_r = key;
        else
            mikey_step_unref(key);
    }
    return true;
}

static void tell_ticket(mikey_sessions *sessions, const mikey_record *initial, const mikey_record *response, const GPtrArray *keys)
{
    const mikey_payload *ticket = whole_ticket_of(is_request(initial) ? response : initial);
    mikey_ticket_state *state = ticket ? mikey_ticket_state_of(sessions, ticket) : NULL;
    mikey_kms_answer *answer = state && keys->len ? answer_of(state, response) : NULL;
    if (!answer || !fill_answer(answer, keys, !is_request(initial)))
        return;
    for (guint i = 0; i < state->transfers->len; i++)
        mikey_work_out(sessions, state->transfers->pdata[i], NULL);
}

/* --- the ticket in these messages ---------------------------------------------------------------------------------- */

/* MPKr as the KMS told the initiator; NULL: it did not, or the capture does not show it. */
static const mikey_step *told_mpk_r(mikey_sessions *sessions, const mikey_payload *ticket)
{
    const mikey_ticket_state *state = mikey_ticket_state_of(sessions, ticket);
    for (guint i = 0; state && i < state->answers->len; i++) {
        const mikey_kms_answer *answer = state->answers->pdata[i];
        if (!answer->forked && answer->mpk_r)
            return answer->mpk_r;
    }
    return NULL;
}

/* It is not what keys are taken from here, but its MACs are checked, and what a TPK opens is shown. */
static void check_ticket(mikey_sessions *sessions, mikey_record *record)
{
    const mikey_payload *ticket = whole_ticket_of(record);
    GPtrArray *keys = g_ptr_array_new();
    if (ticket) {
        bool authentic = mikey_open_ticket(sessions, record, ticket, keys);
        const mikey_step *mpk = authentic ? mikey_first_mpk(keys) : NULL;
        const mikey_step *mpk_r = mpk ? mikey_derive_mpk(record, ticket, mpk, MIKEY_MPK_RESPONDER) : NULL;
        mikey_check_initiator_data(record, ticket, mpk_r ? mpk_r : told_mpk_r(sessions, ticket));
    }
    g_ptr_array_free(keys, TRUE);
}

/* --- an exchange --------------------------------------------------------------------------------------------------- */

/* As MPKi and so on, by the order in which they stand. */
static void name_mpks(const GPtrArray *keys, bool resolved)
{
    unsigned count = 0;
    for (guint i = 0; i < keys->len; i++) {
        mikey_step *key = keys->pdata[i];
        if (key->kind == MIKEY_KEY_MPK)
            key->name = count++ == 0 ? "MPKi" : resolved ? "MPKr'" : "MPKr";
        else if (resolved && (key->kind == MIKEY_KEY_TGK || key->kind == MIKEY_KEY_TGK_SALT))
            key->name = "TGK'";
    }
}

static void work_out_response(mikey_sessions *sessions, const mikey_record *initial, mikey_record *response,
                              const GPtrArray *inkeys)
{
    const mikey_payload *v = mikey_v_of(response), *kemac = mikey_kemac_of(response);
    const mikey_kemac_setting setting = {initial->message->header.csb_id,
                                         {mikey_t_of(response), mikey_t_of(initial)},
                                         MIKEY_KEY_DATA,
                                         mikey_keys_place_of(response->message)};
    mikey_lock lock = lock_of(initial, response, MIKEY_RESPONSE_MESSAGE);
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    mikey_unlocked unlocked = {.inkey = NULL};
    const mikey_opened *opened = NULL;
    GPtrArray *keys = g_ptr_array_new();
    mikey_record_forget(response);
    check_ticket(sessions, response);
    if (v)
        response->status = mikey_check_mac(response, v, initial, false, inkeys, &lock, coverages, &unlocked);
    if (kemac && response->status != MIKEY_STATUS_FAILED) {
        if (kemac->kemac.keys)
            mikey_take_keys(response, kemac->kemac.keys, NULL, keys);
        else if (unlocked.inkey)
            opened = mikey_open_kemac(response, kemac, &unlocked.keys, &setting);
        else
            opened = mikey_open_kemac_by_form(response, kemac, &lock, inkeys, &setting, &unlocked);
    }
    if (unlocked.inkey) {
        mikey_record_list_step(response, unlocked.inkey);
        mikey_message_keys_clear(&unlocked.keys);
    }
    if (opened)
        mikey_take_keys(response, &opened->keys->chain, unlocked.inkey, keys);
    name_mpks(keys, !is_request(initial));
    tell_ticket(sessions, initial, response, keys);
    g_ptr_array_free(keys, TRUE);
}

void mikey_work_out_kms(mikey_sessions *sessions, mikey_record *initial, const mikey_record *response)
{
    const mikey_payload *v = mikey_v_of(initial);
    const mikey_chain *chains[] = {&initial->message->chain};
    GPtrArray *inkeys = g_ptr_array_new();
    mikey_lock lock = lock_of(initial, initial, MIKEY_INITIAL_MESSAGE);
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    mikey_unlocked unlocked = {.inkey = NULL};
    mikey_record_forget(initial);
    mikey_find_named_secrets(sessions, KEYLOG_MIKEY_PSK, initial, chains, 1, inkeys);
    mikey_open_envelopes(initial, sessions->private_key, inkeys);
    check_ticket(sessions, initial);
    if (v)
        initial->status = mikey_check_mac(initial, v, NULL, false, inkeys, &lock, coverages, &unlocked);
    if (unlocked.inkey) {
        mikey_record_list_step(initial, unlocked.inkey);
        mikey_message_keys_clear(&unlocked.keys);
    }
    for (guint i = 0; i < initial->responses->len && i < MIKEY_MAX_RESPONSES; i++) {
        mikey_record *due = mikey_response_due(initial, i, response);
        if (due && initial->status == MIKEY_STATUS_FAILED)
            mikey_leave_response(due);
        else if (due)
            work_out_response(sessions, initial, due, inkeys);
    }
    g_ptr_array_free(inkeys, TRUE);
}

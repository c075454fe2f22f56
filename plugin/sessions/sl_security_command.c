/* Direct Security Mode Commands: where a one-to-one context begins. */
#include "sessions/pc5_learn.h"
#include "sessions/sl_search.h"
#include "sessions/sl_security_parts.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAX_UNPROVEN 16 /* contexts of one command under EIA0, of which what follows shows the right one */

/* The octets of a command without optional information elements (TS 24.334 clause 11.4.12). */
#define COMMAND_MIN_LEN 23

bool sl_is_command(const sl_pdu *pdu)
{
    return pdu->link.lcid == SL_LCID_PC5S_SECURITY_MODE && pdu->has_mac_i && pdu->data_len >= COMMAND_MIN_LEN &&
           pdu->data.data && pdu->data.data[0] == PC5S_SECURITY_MODE_COMMAND;
}

/* --- commands that wait -------------------------------------------------------------------------------------------- */

static void free_command(gpointer data)
{
    sl_command *command = (sl_command *)data;
    OPENSSL_cleanse(command->octets, PDCP_SL_HEADER_LEN + command->pdu.data_len + PDCP_SL_MAC_I_LEN);
    g_free(command->octets);
    g_free(command);
}

static sl_command *command_new(const sl_pdu *pdu)
{
    sl_command *command = g_new0(sl_command, 1);
    uint8_t *octets = command->octets = (uint8_t *)g_malloc(PDCP_SL_HEADER_LEN + pdu->data_len + PDCP_SL_MAC_I_LEN);
    command->pdu = *pdu;
    memcpy(octets, pdu->header.data, PDCP_SL_HEADER_LEN);
    memcpy(octets + PDCP_SL_HEADER_LEN, pdu->data.data, pdu->data_len);
    memcpy(octets + PDCP_SL_HEADER_LEN + pdu->data_len, pdu->mac_i.data, PDCP_SL_MAC_I_LEN);
    command->pdu.header.data = octets;
    command->pdu.data.data = octets + PDCP_SL_HEADER_LEN;
    command->pdu.mac_i.data = octets + PDCP_SL_HEADER_LEN + pdu->data_len;
    return command;
}

static bool is_waiting(const GPtrArray *list, const sl_pdu *pdu)
{
    for (guint i = 0; i < list->len; i++)
        if (((const sl_command *)list->pdata[i])->pdu.frame == pdu->frame)
            return true;
    return false;
}

static void let_wait(sl_security *security, const sl_pdu *pdu)
{
    GPtrArray *list = (GPtrArray *)g_hash_table_lookup(security->commands, GUINT_TO_POINTER(pdu->key_id));
    if (!list) {
        list = g_ptr_array_new_with_free_func(free_command);
        g_hash_table_insert(security->commands, GUINT_TO_POINTER(pdu->key_id), list);
    }
    if (security->command_count == SL_MAX_COMMANDS || list->len == SL_MAX_COMMANDS_ALIKE || is_waiting(list, pdu))
        return;
    sl_command *command = command_new(pdu);
    command->generation = kd_sources_count(security->setting.sources) + security->logged->len;
    g_ptr_array_add(list, command);
    security->command_count++;
}

/* --- contexts of a command ----------------------------------------------------------------------------------------- */

typedef struct {
    sl_security *security;
    const sl_pdu *pdu;
    const pc5_context *signalled;
    sl_opening *opening;
    bool was_tried;     /* there was a key */
    unsigned unproven;
} command_visit;

static sl_context *context_of_command(const command_visit *visit)
{
    sl_context *context = sl_context_new(visit->security, visit->pdu, visit->pdu->key_id);
    context->signalled = visit->signalled;
    context->commander = (int)(visit->pdu->link.source >> 8);
    context->command_frame = visit->pdu->frame;
    context->eea = visit->signalled->algorithms >> 4;
    context->eia = visit->signalled->algorithms & 0xf;
    context->profile = visit->security->setting.profile;
    context->is_searched = context->profile.search;
    context->open = context->is_searched ? SL_OPEN_DIRECTION | SL_OPEN_BEARER | SL_OPEN_MAC_I_CIPHERED : 0;
    return context;
}

/* Takes the context if the command's MAC-I is right under it, or, under EIA0, may be. */
static bool try_new(command_visit *visit, sl_context *context)
{
    sl_security *security = visit->security;
    visit->was_tried = true;
    sl_fit fit = sl_context_open(context, &context->reading, visit->pdu, false, security->work);
    if (fit == SL_FITS) {
        context->proven = true;
        sl_note_found(security, context);
        sl_note_opening(security, context, visit->pdu, false, fit, visit->opening);
        if (sl_take_context(security, context))
            return true;
        *visit->opening = (sl_opening){.verdict = SL_NO_KEY};
        return false;
    }
    if (fit == SL_UNCHECKED && visit->unproven++ < MAX_UNPROVEN)
        sl_take_context(security, context);
    else
        sl_context_free(context);
    return false;
}

/* The command came before, in another PDU. */
static bool try_known(command_visit *visit)
{
    const GPtrArray *contexts = sl_contexts_of(visit->security, visit->pdu, visit->pdu->key_id);
    for (guint i = contexts ? contexts->len : 0, looked = 0; i-- > 0 && looked < SL_MAX_LOOKED; looked++) {
        sl_context *context = (sl_context *)contexts->pdata[i];
        if (context->signalled != visit->signalled)
            continue;
        if (context->unsupported)
            return true;
        visit->was_tried = true;
        visit->unproven += !context->proven;
        sl_fit fit = sl_context_open(context, &context->reading, visit->pdu, false, visit->security->work);
        if (fit != SL_FITS)
            continue;
        sl_note_opening(visit->security, context, visit->pdu, false, fit, visit->opening);
        return true;
    }
    return false;
}

static bool try_logged(command_visit *visit)
{
    GPtrArray *made = g_ptr_array_new();
    const pc5_context *signalled = visit->signalled;
    bool found = false;
    sl_logged_contexts(visit->security, visit->pdu, signalled->algorithms >> 4, signalled->algorithms & 0xf,
                       (int)(visit->pdu->link.source >> 8), made);
    for (guint i = 0; i < made->len; i++) {
        sl_context *context = (sl_context *)made->pdata[i];
        context->signalled = signalled;
        context->command_frame = visit->pdu->frame;
        if (found || !context->has_pik)
            sl_context_free(context);
        else
            found = try_new(visit, context);
    }
    g_ptr_array_free(made, TRUE);
    return found;
}

static bool try_kd(command_visit *visit, const sl_profile *profile, const threegpp_key *kd, sl_key_source source)
{
    sl_context *context = context_of_command(visit);
    threegpp_key kd_sess;
    context->profile = *profile;
    context->reading = profile->reading;
    context->source = source;
    sl_context_set_kd(context, kd);
    bool ok = prose_kd_sess(&profile->prose, kd, visit->signalled->nonce_1, visit->signalled->nonce_2, &kd_sess) &&
              sl_context_derive(context, &profile->prose, &kd_sess);
    OPENSSL_cleanse(&kd_sess, sizeof kd_sess);
    if (ok)
        return try_new(visit, context);
    sl_context_free(context);
    return false;
}

static bool try_candidates(command_visit *visit, const sl_profile *profile, const GArray *candidates)
{
    bool found = false;
    for (guint i = 0; i < candidates->len && !found; i++) {
        const kd_candidate *candidate = &g_array_index(candidates, kd_candidate, i);
        threegpp_key kd;
        if (!sl_spend(visit->security, 1))
            break;
        found = kd_candidate_derive(candidate, profile, visit->signalled, &kd) &&
                try_kd(visit, profile, &kd, sl_source_of(candidate));
        OPENSSL_cleanse(&kd, sizeof kd);
    }
    return found;
}

/* KD outlives a context: a rekeying, or a new link, may go on with it. */
static bool try_earlier(command_visit *visit)
{
    const uint64_t ends = sl_ends(&visit->pdu->link);
    const GPtrArray *contexts = (const GPtrArray *)g_hash_table_lookup(visit->security->by_ends, &ends);
    guint oldest = contexts && contexts->len > SL_MAX_LOOKED ? contexts->len - SL_MAX_LOOKED : 0;
    for (guint i = contexts ? contexts->len : 0, tried = 0; i-- > oldest && tried < SL_MAX_TRIED;) {
        const sl_context *earlier = (const sl_context *)contexts->pdata[i];
        if (!earlier->proven || earlier->signalled == visit->signalled)
            continue;
        sl_key_source source = earlier->source;
        source.origin = SL_FROM_EARLIER;
        tried++;
        if (try_kd(visit, &earlier->profile, &earlier->kd, source))
            return true;
    }
    return false;
}

static bool try_search(command_visit *visit, const GArray *candidates)
{
    sl_security *security = visit->security;
    const sl_profile *from = &security->setting.profile;
    sl_found found;
    if (!from->search || candidates->len == 0 || !(visit->signalled->algorithms & 0xf) || !visit->signalled->has_nonce_1 ||
        security->futile_searches == SL_MAX_FUTILE_SEARCHES || security->searches == SL_MAX_SEARCHES)
        return false;
    security->searches++;
    bool ok = sl_search(candidates, visit->signalled, visit->pdu, from, &found);
    if (ok)
        ok = try_kd(visit, &found.profile, &found.kd, sl_source_of(&g_array_index(candidates, kd_candidate, found.candidate)));
    else
        security->futile_searches++;
    OPENSSL_cleanse(&found, sizeof found);
    return ok;
}

static bool try_all(command_visit *visit)
{
    const sl_security *security = visit->security;
    if (try_known(visit) || try_logged(visit))
        return true;
    if (!visit->signalled->has_nonce_1 && security->setting.profile.prose.kd_sess_method == PROSE_KD_SESS_NONCES)
        return false;
    GArray *candidates = kd_sources_candidates(security->setting.sources, visit->signalled);
    bool found = try_candidates(visit, &security->setting.profile, candidates) || try_earlier(visit);
    for (guint i = 0; i < security->found->len && !found; i++)
        found = try_candidates(visit, (const sl_profile *)security->found->pdata[i], candidates);
    found = found || (visit->unproven == 0 && try_search(visit, candidates));
    g_array_unref(candidates);
    return found;
}

static bool is_unsupported(const pc5_context *signalled)
{
    return eps_algorithm_availability(signalled->algorithms >> 4) != EPS_AVAILABLE ||
           eps_algorithm_availability(signalled->algorithms & 0xf) != EPS_AVAILABLE;
}

/* What follows under its KD-sess ID cannot be opened for the same reason. */
static void open_unsupported(command_visit *visit)
{
    if (!try_known(visit)) {
        sl_context *context = context_of_command(visit);
        context->unsupported = true;
        sl_take_context(visit->security, context);
    }
    visit->opening->verdict = SL_UNSUPPORTED_SUITE;
}

/* NULL: there were too many contexts to take one more. */
static sl_context *last_of_command(const command_visit *visit)
{
    const GPtrArray *contexts = sl_contexts_of(visit->security, visit->pdu, visit->pdu->key_id);
    for (guint i = contexts ? contexts->len : 0, looked = 0; i-- > 0 && looked < SL_MAX_LOOKED; looked++)
        if (((sl_context *)contexts->pdata[i])->signalled == visit->signalled)
            return (sl_context *)contexts->pdata[i];
    return NULL;
}

/* Under EIA0 nothing vouches for the command; where there is but one key for it, what follows will show whether it is right. */
static void note_unproven(command_visit *visit)
{
    sl_context *only = visit->unproven == 1 ? last_of_command(visit) : NULL;
    visit->opening->verdict = SL_NOT_AUTHENTICATED;
    if (only && sl_context_open(only, &only->reading, visit->pdu, false, visit->security->work) == SL_UNCHECKED)
        sl_note_opening(visit->security, only, visit->pdu, false, SL_UNCHECKED, visit->opening);
}

static void open_signalled(command_visit *visit)
{
    if (is_unsupported(visit->signalled)) {
        open_unsupported(visit);
        return;
    }
    if (try_all(visit))
        return;
    if (visit->unproven)
        note_unproven(visit);
    else
        visit->opening->verdict = visit->was_tried ? SL_TAG_MISMATCH : SL_NO_KEY;
    let_wait(visit->security, visit->pdu);
}

void sl_open_command(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    const sl_security_setting *setting = &security->setting;
    pc5s_message *message = pc5s_parse(pdu->data.data, pdu->data_len, &setting->options);
    const pc5_arrival arrival = {.frame = pdu->frame,
                                 .source = sl_source_id(&pdu->link),
                                 .destination = sl_destination_id(&pdu->link),
                                 .protection = PC5_PROTECTED,
                                 .message = message};
    const pc5_record *record = pc5_state_add(setting->pc5, &arrival);
    command_visit visit = {.security = security, .pdu = pdu, .signalled = record->context, .opening = opening};
    pc5_learn_keying(&arrival, record, setting->sources, setting->mikey);
    if (record->context && record->context->has_algorithms)
        open_signalled(&visit);
    pc5s_free(message);
}

void sl_retry_commands(sl_security *security, const sl_pdu *pdu)
{
    GPtrArray *list = (GPtrArray *)g_hash_table_lookup(security->commands, GUINT_TO_POINTER(pdu->key_id));
    unsigned generation = kd_sources_count(security->setting.sources) + security->logged->len;
    for (guint i = list ? list->len : 0, tried = 0; i-- > 0 && tried < SL_MAX_TRIED;) {
        sl_command *command = (sl_command *)list->pdata[i];
        sl_opening opening = {.verdict = SL_NO_KEY};
        if (command->generation == generation || command->retries == SL_MAX_RETRIES ||
            sl_ends(&command->pdu.link) != sl_ends(&pdu->link))
            continue;
        tried++;
        command->retries++;
        command->generation = generation;
        sl_open_command(security, &command->pdu, &opening);
        if (!opening.context)
            continue;
        security->command_count--;
        g_ptr_array_remove_index(list, i);
    }
}

/* One-to-one PDUs whose context no Direct Security Mode Command began: it is not in the capture, or the link has none. */
#include "sessions/sl_security_parts.h"

#include <openssl/crypto.h>
#include <string.h>

#define READINGS 8      /* of a context at most, as far as they are open */
#define MAX_UNSECURED 8 /* links without a command between two ends that are tried */

/* --- key logs ------------------------------------------------------------------------------------------------------ */

/* What a context is made for. */
typedef struct {
    const sl_pdu *pdu;
    uint8_t eea, eia;
    bool eia_counts; /* false: nothing of the PDU tells which EIA it is */
    int commander;
} sl_wanted;

static bool tells_otherwise(const keylog_sidelink *told, const sl_wanted *wanted)
{
    return ((told->told & KEYLOG_TELLS_EEA) && told->eea != wanted->eea) ||
           ((told->told & KEYLOG_TELLS_EIA) && wanted->eia_counts && told->eia != wanted->eia) ||
           ((told->told & KEYLOG_TELLS_COMMANDER) && told->commander != wanted->commander);
}

/* A line for any KD-sess ID costs work with every ID that there is. */
static bool is_for(const sl_security *security, const sl_logged *logged, const sl_wanted *wanted)
{
    return (!logged->for_any || security->credit > 0) && !tells_otherwise(&logged->told, wanted);
}

static void take_told(sl_context *context, const keylog_sidelink *told)
{
    if (told->told & KEYLOG_TELLS_BEARER)
        context->reading.bearer = told->bearer;
    if (told->told & KEYLOG_TELLS_DIRECTION)
        context->reading.direction = (sl_direction_rule)told->direction;
    if (told->told & KEYLOG_TELLS_MAC_I_CIPHERED)
        context->reading.mac_i_ciphered = told->mac_i_ciphered;
    if (told->told & KEYLOG_TELLS_MAC_I_OVER_DATA)
        context->reading.mac_i_over_data = told->mac_i_over_data;
    if (told->told & KEYLOG_TELLS_EIA)
        context->eia = told->eia;
}

static sl_context *logged_context(const sl_security *security, const sl_wanted *wanted, const sl_logged *logged)
{
    sl_context *context = sl_context_new(security, wanted->pdu, wanted->pdu->key_id);
    context->eea = wanted->eea;
    context->eia = wanted->eia;
    context->commander = wanted->commander;
    context->profile = security->setting.profile;
    context->source = (sl_key_source){.origin = SL_FROM_KEYLOG, .line = logged->line};
    context->eia_unknown = !wanted->eia_counts && !(logged->told.told & KEYLOG_TELLS_EIA);
    take_told(context, &logged->told);
    return context;
}

static void take_made(GPtrArray *made, sl_context *context, bool ok)
{
    if (ok)
        g_ptr_array_add(made, context);
    else
        sl_context_free(context);
}

/* Lines with the label for what is wanted, the newest first; none where there is none, so that its counterpart stands alone. */
static GPtrArray *lines_of(const sl_security *security, keylog_label label, const sl_wanted *wanted)
{
    const GPtrArray *named = sl_lines_of(security, label, wanted->pdu->key_id), *any = sl_lines_of(security, label, SL_FOR_ANY);
    GPtrArray *lines = g_ptr_array_new();
    guint n = named ? named->len : 0, a = any ? any->len : 0;
    for (unsigned looked = 0; n + a > 0 && looked < SL_MAX_LOOKED && lines->len < SL_MAX_TRIED; looked++) {
        bool takes_named = n && (!a || ((sl_logged *)named->pdata[n - 1])->serial > ((sl_logged *)any->pdata[a - 1])->serial);
        sl_logged *logged = (sl_logged *)(takes_named ? named->pdata[--n] : any->pdata[--a]);
        if (is_for(security, logged, wanted))
            g_ptr_array_add(lines, logged);
    }
    return lines;
}

static void add_of_kd_sess(sl_security *security, const sl_wanted *wanted, GPtrArray *made)
{
    GPtrArray *lines = lines_of(security, KEYLOG_D2D_KDSESS, wanted);
    for (guint i = 0; i < lines->len; i++) {
        const sl_logged *logged = (const sl_logged *)lines->pdata[i];
        if (logged->for_any && !sl_spend(security, 1))
            break;
        sl_context *context = logged_context(security, wanted, logged);
        take_made(made, context, sl_context_derive(context, &security->setting.profile.prose, &logged->secret));
    }
    g_ptr_array_free(lines, TRUE);
}

/* The counterpart of a PEK may tell its EIA and more. */
static void add_of_traffic_keys(sl_security *security, const sl_wanted *wanted, GPtrArray *made)
{
    GPtrArray *peks = lines_of(security, KEYLOG_D2D_PEK, wanted), *piks = lines_of(security, KEYLOG_D2D_PIK, wanted);
    guint pek_count = MAX(peks->len, 1), pik_count = MAX(piks->len, 1);
    for (guint i = 0; i < MIN(pek_count * pik_count, SL_MAX_TRIED); i++) {
        const sl_logged *pek = peks->len ? (const sl_logged *)peks->pdata[i / pik_count] : NULL;
        const sl_logged *pik = piks->len ? (const sl_logged *)piks->pdata[i % pik_count] : NULL;
        const sl_logged *telling = pik ? pik : pek; /* what the other leaves open */
        if (!telling || (((pek && pek->for_any) || (pik && pik->for_any)) && !sl_spend(security, 1)))
            break;
        sl_context *context = logged_context(security, wanted, telling);
        if (pek) {
            take_told(context, &pek->told);
            context->source.line = pek->line;
        }
        context->source.pik_line = pek && pik ? pik->line : 0;
        take_made(made, context, sl_context_set_keys(context, pek ? pek->secret.octets : NULL, pik ? pik->secret.octets : NULL));
    }
    g_ptr_array_free(peks, TRUE);
    g_ptr_array_free(piks, TRUE);
}

void sl_logged_contexts(sl_security *security, const sl_pdu *pdu, uint8_t eea, uint8_t eia, int commander, GPtrArray *made)
{
    const sl_wanted wanted = {.pdu = pdu, .eea = eea, .eia = eia, .eia_counts = pdu->has_mac_i, .commander = commander};
    add_of_kd_sess(security, &wanted, made);
    add_of_traffic_keys(security, &wanted, made);
}

/* Without a right MAC-I, chance would too often read PC5 signalling out of what a wrong key deciphers. */
static bool may_open(const sl_security *security, const sl_context *context, const sl_pdu *pdu)
{
    return !pdu->has_mac_i || (context->has_pik && (context->eia != EPS_NULL || security->setting.profile.eia == EPS_NULL));
}

/* Takes the first of the contexts that opens the PDU, and frees the others. */
static bool try_made(sl_security *security, const sl_pdu *pdu, GPtrArray *made, sl_opening *opening)
{
    bool found = false;
    for (guint i = 0; i < made->len; i++) {
        sl_context *context = (sl_context *)made->pdata[i];
        if (!found && may_open(security, context, pdu) && sl_try_context(security, context, pdu, opening))
            found = sl_take_context(security, context);
        else
            sl_context_free(context);
    }
    g_ptr_array_set_size(made, 0);
    return found;
}

/* Without a MAC-I the EIA says nothing, and is left to a PDU that has one. */
static bool try_algorithms(sl_security *security, const sl_pdu *pdu, int commander, sl_opening *opening)
{
    const sl_profile *profile = &security->setting.profile;
    GPtrArray *made = g_ptr_array_new();
    bool found = false;
    for (unsigned i = 0; i < (pdu->has_mac_i ? 16 : 4) && !found; i++) {
        uint8_t eea = (uint8_t)((profile->eea + i) & 3), eia = (uint8_t)((profile->eia + i / 4) & 3);
        sl_logged_contexts(security, pdu, eea, eia, commander, made);
        for (guint m = 0; m < made->len && !pdu->has_mac_i; m++) {
            sl_context *context = (sl_context *)made->pdata[m];
            if (!context->eia_unknown)
                continue;
            if (context->has_pik)
                eia_clear(&context->integrity);
            context->has_pik = false;
        }
        found = try_made(security, pdu, made, opening);
    }
    g_ptr_array_free(made, TRUE);
    return found;
}

/* Either end may have sent the command. */
static bool try_logged(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    const sl_link *link = &pdu->link;
    int source = (int)(link->source >> 8);
    int destination = link->destination_bits == 0   ? SL_NO_COMMANDER
                      : link->destination_bits > 16 ? (int)(link->destination >> 8)
                                                    : (int)link->destination;
    return security->logged->len > 0 &&
           (try_algorithms(security, pdu, source, opening) || try_algorithms(security, pdu, destination, opening));
}

/* --- links without a command --------------------------------------------------------------------------------------- */

static sl_context *context_of_link(const sl_security *security, const sl_pdu *pdu, const pc5_context *signalled,
                                   const kd_candidate *candidate, prose_kd_sess_method method)
{
    sl_profile profile = security->setting.profile;
    sl_context *context = sl_context_new(security, pdu, pdu->key_id);
    threegpp_key kd, kd_sess;
    profile.prose.kd_sess_method = method;
    context->signalled = signalled;
    context->commander = signalled->responder.octets[0] << 8 | signalled->responder.octets[1];
    context->eea = profile.eea;
    context->eia = profile.eia;
    context->profile = profile;
    context->is_searched = profile.search;
    context->source = sl_source_of(candidate);
    bool ok = kd_candidate_derive(candidate, &profile, signalled, &kd) &&
              prose_kd_sess(&profile.prose, &kd, signalled->nonce_1, signalled->nonce_2, &kd_sess) &&
              sl_context_derive(context, &profile.prose, &kd_sess);
    if (ok)
        sl_context_set_kd(context, &kd);
    OPENSSL_cleanse(&kd, sizeof kd);
    OPENSSL_cleanse(&kd_sess, sizeof kd_sess);
    if (ok)
        return context;
    sl_context_free(context);
    return NULL;
}

static bool try_link(sl_security *security, const sl_pdu *pdu, const pc5_context *signalled, sl_opening *opening)
{
    static const prose_kd_sess_method methods[] = {PROSE_KD_SESS_IS_KD, PROSE_KD_SESS_ZERO_NONCES, PROSE_KD_SESS_NONCE_1};
    prose_kd_sess_method chosen = security->setting.profile.prose.kd_sess_method;
    GArray *candidates = kd_sources_candidates(security->setting.sources, signalled);
    bool found = false;
    for (guint i = 0; i < candidates->len && !found; i++) {
        for (size_t m = 0; m < G_N_ELEMENTS(methods) && !found; m++) {
            const kd_candidate *candidate = &g_array_index(candidates, kd_candidate, i);
            if (chosen != PROSE_KD_SESS_NONCES && chosen != methods[m])
                continue;
            sl_context *context = sl_spend(security, READINGS)
                                      ? context_of_link(security, pdu, signalled, candidate, methods[m])
                                      : NULL;
            if (!context)
                continue;
            if (sl_try_context(security, context, pdu, opening))
                found = sl_take_context(security, context);
            else
                sl_context_free(context);
        }
    }
    g_array_unref(candidates);
    return found;
}

/* Such a link has the 8 bits of the KD-sess ID that UE_1 chose, and no method of making KD-sess that wants Nonce_2. */
static bool try_links(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    const pc5_id source = sl_source_id(&pdu->link), destination = sl_destination_id(&pdu->link);
    GPtrArray *unsecured = g_ptr_array_new();
    bool found = false;
    if (pdu->link.destination_bits)
        pc5_state_unsecured(security->setting.pc5, &source, &destination, MAX_UNSECURED, unsecured);
    for (guint i = 0; i < unsecured->len && !found; i++) {
        const pc5_context *signalled = (const pc5_context *)unsecured->pdata[i];
        if (signalled->has_kd_sess_id_msb && signalled->has_nonce_1 && signalled->kd_sess_id_msb == pdu->key_id >> 8 &&
            signalled->responder.len >= 2)
            found = try_link(security, pdu, signalled, opening);
    }
    g_ptr_array_free(unsecured, TRUE);
    return found;
}

/* --- both ---------------------------------------------------------------------------------------------------------- */

bool sl_open_unseen(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    if (!sl_may_guess(security, pdu))
        return false;
    if (try_links(security, pdu, opening) || try_logged(security, pdu, opening))
        return true;
    sl_note_futile(security, pdu);
    return false;
}

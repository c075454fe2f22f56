#include "sessions/sl_security_parts.h"

#include "keys/keyed_hash.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAX_STRIKES 2

/* frame_record.notes of an opened PDU. */
enum { WAS_CIPHERED = 1 << 0, IS_IMPLAUSIBLE = 1 << 1 };

/* --- contexts ------------------------------------------------------------------------------------------------------ */

unsigned sl_generation(const sl_security *security)
{
    return kd_sources_count(security->setting.sources) + security->logged->len + security->contexts->len;
}

sl_context *sl_context_new(const sl_security *security, const sl_pdu *pdu, uint32_t key_id)
{
    sl_context *context = g_new0(sl_context, 1);
    context->ends = sl_ends(&pdu->link);
    context->key_id = key_id;
    context->commander = SL_NO_COMMANDER;
    context->reading = security->setting.profile.reading;
    return context;
}

/* The list under a number; a new one where there is none. */
static GPtrArray *list_at(GHashTable *table, uint64_t number)
{
    GPtrArray *list = (GPtrArray *)g_hash_table_lookup(table, &number);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, g_memdup2(&number, sizeof number), list);
    }
    return list;
}

/* sl_ends() has 32 bits. */
static uint64_t key_name(uint64_t ends, uint32_t key_id)
{
    return ends << 32 | key_id;
}

bool sl_take_context(sl_security *security, sl_context *context)
{
    if (security->contexts->len == SL_MAX_CONTEXTS) {
        sl_context_free(context);
        return false;
    }
    g_ptr_array_add(security->contexts, context);
    context->index = security->contexts->len;
    g_ptr_array_add(list_at(security->by_key, key_name(context->ends, context->key_id)), context);
    if (context->kd.len)
        g_ptr_array_add(list_at(security->by_ends, context->ends), context);
    return true;
}

const GPtrArray *sl_contexts_of(const sl_security *security, const sl_pdu *pdu, uint32_t key_id)
{
    const uint64_t name = key_name(sl_ends(&pdu->link), key_id);
    return (const GPtrArray *)g_hash_table_lookup(security->by_key, &name);
}

const GPtrArray *sl_lines_of(const sl_security *security, keylog_label label, uint32_t name)
{
    const uint64_t number = (uint64_t)label << 32 | name;
    return (const GPtrArray *)g_hash_table_lookup(security->lines, &number);
}

sl_key_source sl_source_of(const kd_candidate *candidate)
{
    static const sl_key_origin origins[] = {
        [KD_LOGGED] = SL_FROM_KEYLOG, [KD_OF_SDES] = SL_FROM_SDES, [KD_OF_TEK] = SL_FROM_MIKEY};
    return (sl_key_source){.origin = candidate->line ? SL_FROM_KEYLOG : origins[candidate->kind],
                           .frame = candidate->frame,
                           .line = candidate->line,
                           .made_of = kd_candidate_trace(candidate)};
}

void sl_context_set_kd(sl_context *context, const threegpp_key *kd)
{
    context->kd = *kd;
    key_fingerprint(kd->octets, kd->len, context->kd_fingerprint);
}

static pc5_id id_of(uint32_t id, uint8_t bits)
{
    pc5_id made = {.len = (uint8_t)(bits / 8)};
    for (uint8_t i = 0; i < made.len; i++)
        made.octets[i] = (uint8_t)(id >> (bits - 8 * (i + 1)));
    return made;
}

pc5_id sl_source_id(const sl_link *link)
{
    return id_of(link->source, link->destination_bits ? 24 : 0);
}

pc5_id sl_destination_id(const sl_link *link)
{
    return id_of(link->destination, link->destination_bits);
}

/* --- one context --------------------------------------------------------------------------------------------------- */

void sl_note_opening(const sl_security *security, const sl_context *context, const sl_pdu *pdu, bool ciphered, sl_fit fit,
                     sl_opening *opening)
{
    bool was_ciphered = ciphered && context->eea != EPS_NULL;
    opening->context = context;
    opening->was_ciphered = was_ciphered;
    opening->is_authenticated = fit == SL_FITS;
    opening->plain = security->work + PDCP_SL_HEADER_LEN;
    opening->len = pdu->data_len;
    if (fit == SL_FITS)
        opening->verdict = was_ciphered ? SL_DECRYPTED : SL_AUTHENTICATED;
    else
        opening->verdict = was_ciphered || pdu->has_mac_i ? SL_NOT_AUTHENTICATED : SL_CLEAR;
}

/* What of the open questions a PDU answers once it was opened. */
static unsigned answered_by(const sl_context *context, const sl_pdu *pdu)
{
    unsigned answered = 0;
    if (!pdu->link.direction_known && context->commander != (int)(pdu->link.source >> 8))
        answered |= SL_OPEN_DIRECTION;
    if (pdu->link.lcid != SL_LCID_PC5S_SECURITY_MODE)
        answered |= SL_OPEN_BEARER;
    if (pdu->has_mac_i && context->eea != EPS_NULL)
        answered |= SL_OPEN_MAC_I_CIPHERED;
    return answered;
}

/* The reading with the members in `changed` taken as the command alone would allow them, too. */
static sl_reading other_reading(const sl_reading *reading, unsigned changed)
{
    sl_reading other = *reading;
    if (changed & SL_OPEN_DIRECTION)
        other.direction = sl_direction(reading->direction, true) ? SL_DIRECTION_1 : SL_DIRECTION_0;
    if (changed & SL_OPEN_BEARER)
        other.bearer = sl_bearer(reading->bearer, SL_LCID_PC5S_SECURITY_MODE);
    if (changed & SL_OPEN_MAC_I_CIPHERED)
        other.mac_i_ciphered = !reading->mac_i_ciphered;
    return other;
}

void sl_note_found(const sl_security *security, sl_context *context)
{
    sl_profile profile = context->profile;
    profile.reading = context->reading;
    g_free(context->found);
    context->found = sl_profile_departures(&profile, &profile.reading, &security->setting.profile);
    if (!*context->found) {
        g_free(context->found);
        context->found = NULL;
    }
}

/* What a second PDU confirms is tried on later commands first. */
static void confirm(sl_security *security, sl_context *context)
{
    sl_note_found(security, context);
    if (!context->found || security->found->len == SL_MAX_FOUND)
        return;
    sl_profile *profile = g_memdup2(&context->profile, sizeof *profile);
    profile->reading = context->reading;
    g_ptr_array_insert(security->found, 0, profile);
}

/* What reads as a message of PC5 signalling may do so by chance: without a MAC-I it proves nothing. */
static void settle(sl_security *security, sl_context *context, const sl_pdu *pdu, const sl_reading *reading, bool proves)
{
    unsigned answered = context->open & answered_by(context, pdu);
    context->proven |= proves;
    context->reading = *reading;
    if (!context->proven || (answered == 0 && (context->confirmed_frame || pdu->frame == context->command_frame)))
        return;
    context->open &= ~answered;
    if (!context->confirmed_frame && pdu->frame != context->command_frame)
        context->confirmed_frame = pdu->frame;
    if (context->is_searched)
        confirm(security, context);
}

/* Each message has its channel (TS 24.334 clause 10.4); what reads as another was not deciphered rightly. */
static bool is_on_its_channel(const sl_pdu *pdu, uint8_t type)
{
    bool is_securing = type == PC5S_SECURITY_MODE_COMPLETE || type == PC5S_SECURITY_MODE_REJECT;
    return pdu->sdu_type != PDCP_SL_PC5S || is_securing == (pdu->link.lcid == SL_LCID_PC5S_SECURITY_MODE);
}

static bool is_accepted(const sl_security *security, const sl_pdu *pdu, sl_fit fit)
{
    const uint8_t *sdu = security->work + PDCP_SL_HEADER_LEN;
    return fit == SL_FITS ||
           (fit == SL_UNCHECKED && pdu->data_len > 0 && is_on_its_channel(pdu, sdu[0]) &&
            sl_sdu_is_plausible(pdu->sdu_type, sdu, pdu->data_len, &security->setting.options));
}

bool sl_try_context(sl_security *security, sl_context *context, const sl_pdu *pdu, sl_opening *opening)
{
    unsigned open = context->open & answered_by(context, pdu);
    for (unsigned changed = 0; changed <= open; changed++) {
        if (changed & ~open)
            continue;
        const sl_reading reading = other_reading(&context->reading, changed);
        sl_fit fit = sl_context_open(context, &reading, pdu, true, security->work);
        if (!is_accepted(security, pdu, fit))
            continue;
        settle(security, context, pdu, &reading, fit == SL_FITS || pdu->sdu_type != PDCP_SL_PC5S);
        sl_note_opening(security, context, pdu, true, fit, opening);
        return true;
    }
    return false;
}

/* --- bounds -------------------------------------------------------------------------------------------------------- */

bool sl_spend(sl_security *security, unsigned keys)
{
    if (security->credit < keys)
        return false;
    security->credit -= keys;
    return true;
}

/* How often PDUs under this key ID were tried in vain; it begins anew when more becomes known. */
static sl_futile *futile_of(sl_security *security, const sl_pdu *pdu)
{
    gint64 name = (gint64)(sl_ends(&pdu->link) << 16 | pdu->key_id);
    unsigned generation = sl_generation(security);
    sl_futile *futile = (sl_futile *)g_hash_table_lookup(security->futile, &name);
    if (!futile) {
        futile = g_new0(sl_futile, 1);
        g_hash_table_insert(security->futile, g_memdup2(&name, sizeof name), futile);
    }
    if (futile->generation != generation)
        *futile = (sl_futile){.generation = generation};
    return futile;
}

bool sl_may_guess(sl_security *security, const sl_pdu *pdu)
{
    return sl_sdu_is_judged(pdu->sdu_type) && futile_of(security, pdu)->count < SL_MAX_FUTILE;
}

void sl_note_futile(sl_security *security, const sl_pdu *pdu)
{
    futile_of(security, pdu)->count++;
}

/* --- one-to-one ---------------------------------------------------------------------------------------------------- */

/* Whether there is no point in trying the context on the PDU: its EIA is to be found first, or it has made no sense before. */
static bool is_passed_over(const sl_context *context, const sl_pdu *pdu)
{
    return (pdu->has_mac_i && context->eia_unknown) || (!context->proven && context->strikes == MAX_STRIKES);
}

/* Nothing can be told of an SDU that no MAC-I protects and whose octets say nothing. Under a proven context it is shown all the same. */
static bool open_unjudged(sl_security *security, sl_context *context, const sl_pdu *pdu, sl_opening *opening)
{
    sl_fit fit = context && !pdu->has_mac_i ? sl_context_open(context, &context->reading, pdu, true, security->work) : SL_IMPOSSIBLE;
    if (fit != SL_UNCHECKED)
        return false;
    sl_note_opening(security, context, pdu, true, fit, opening);
    opening->is_implausible = sl_sdu_is_judged(pdu->sdu_type);
    return true;
}

/* False: none of them opens it; *newest receives the newest of the proven ones, NULL if there is none. */
static bool open_under_contexts(sl_security *security, const sl_pdu *pdu, uint32_t key_id, sl_context **newest, sl_opening *opening)
{
    const GPtrArray *contexts = sl_contexts_of(security, pdu, key_id);
    guint oldest = contexts && contexts->len > SL_MAX_LOOKED ? contexts->len - SL_MAX_LOOKED : 0;
    bool is_known = false, is_unsupported = false;
    *newest = NULL;
    for (guint i = contexts ? contexts->len : 0, tried = 0; i-- > oldest && tried < SL_MAX_TRIED;) {
        sl_context *context = (sl_context *)contexts->pdata[i];
        if (is_passed_over(context, pdu))
            continue;
        tried++;
        if (sl_try_context(security, context, pdu, opening))
            return true;
        if (context->proven && !*newest)
            *newest = context;
        context->strikes += !context->proven && pdu->sdu_type < PDCP_SL_PC5S;
        is_known |= context->proven;
        is_unsupported |= context->unsupported;
    }
    opening->verdict = is_known && pdu->has_mac_i ? SL_TAG_MISMATCH : is_unsupported ? SL_UNSUPPORTED_SUITE : SL_NO_KEY;
    return false;
}

static void open_one_to_one(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    sl_context *newest;
    sl_retry_commands(security, pdu);
    if (open_under_contexts(security, pdu, pdu->key_id, &newest, opening) || opening->verdict == SL_TAG_MISMATCH)
        return;
    if ((newest && !sl_sdu_is_judged(pdu->sdu_type)) || !sl_open_unseen(security, pdu, opening))
        open_unjudged(security, newest, pdu, opening);
}

/* --- one-to-many --------------------------------------------------------------------------------------------------- */

static bool is_pgk_of(const sl_logged *logged, const sl_pdu *pdu)
{
    uint32_t group = pdu->link.destination_bits > 16 ? logged->group_id : logged->group_id >> 8;
    return logged->label == KEYLOG_PROSE_PGK && (logged->pgk_id & 0x1f) == pdu->pgk_index &&
           pdu->link.destination_bits > 0 && group == pdu->link.destination;
}

static sl_context *context_of_pgk(const sl_security *security, const sl_pdu *pdu, uint32_t key_id, const sl_logged *logged, uint8_t eea)
{
    const prose_kdf_profile *profile = &security->setting.profile.prose;
    const uint32_t member = pdu->link.source, group = logged->group_id;
    const prose_group_sender sender = {
        .member_id = {(uint8_t)(member >> 16), (uint8_t)(member >> 8), (uint8_t)member},
        .ptk_id = pdu->key_id,
        .group_id = {(uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group},
    };
    sl_context *context = sl_context_new(security, pdu, key_id);
    threegpp_key ptk;
    context->eea = eea;
    context->source = (sl_key_source){.origin = SL_FROM_KEYLOG, .line = logged->line};
    context->profile = security->setting.profile;
    context->pgk = key_trace_of(logged->secret.octets, logged->secret.len);
    context->sender = sender;
    bool ok = prose_ptk(profile, &logged->secret, &sender, &ptk) && sl_context_derive(context, profile, &ptk);
    OPENSSL_cleanse(&ptk, sizeof ptk);
    if (ok)
        return context;
    sl_context_free(context);
    return NULL;
}

static bool try_pgk(sl_security *security, const sl_pdu *pdu, uint32_t key_id, const sl_logged *logged, sl_opening *opening)
{
    for (unsigned i = 0; i <= EPS_ZUC; i++) {
        uint8_t eea = (uint8_t)((security->setting.profile.eea + i) % (EPS_ZUC + 1));
        sl_context *context = sl_spend(security, 1) ? context_of_pgk(security, pdu, key_id, logged, eea) : NULL;
        if (!context)
            continue;
        if (sl_try_context(security, context, pdu, opening))
            return sl_take_context(security, context);
        sl_context_free(context);
    }
    return false;
}

void sl_open_of_group(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    uint32_t key_id = SL_GROUP_KEY | (uint32_t)pdu->pgk_index << 16 | pdu->key_id;
    sl_context *newest;
    if (open_under_contexts(security, pdu, key_id, &newest, opening))
        return;
    if (sl_may_guess(security, pdu)) {
        const uint32_t destination = pdu->link.destination, bits = pdu->link.destination_bits;
        const GPtrArray *lines =
            sl_lines_of(security, KEYLOG_PROSE_PGK, sl_pgk_name(bits > 16 ? destination >> 8 : destination, pdu->pgk_index));
        for (guint i = lines ? lines->len : 0, looked = 0; i-- > 0 && looked < SL_MAX_LOOKED; looked++) {
            const sl_logged *logged = (const sl_logged *)lines->pdata[i];
            if (is_pgk_of(logged, pdu) && try_pgk(security, pdu, key_id, logged, opening))
                return;
        }
        sl_note_futile(security, pdu);
    }
    open_unjudged(security, newest, pdu, opening);
}

/* --- what was decided ---------------------------------------------------------------------------------------------- */

const char *sl_verdict_text(sl_verdict verdict)
{
    static const char *const texts[] = {
        [SL_NOT_PROTECTED] = "clear",
        [SL_DECRYPTED] = "decrypted",
        [SL_AUTHENTICATED] = "authenticated only",
        [SL_NOT_AUTHENTICATED] = "not authenticated",
        [SL_CLEAR] = "clear",
        [SL_REPLAYED] = "replayed",
        [SL_TAG_MISMATCH] = "tag mismatch",
        [SL_NO_KEY] = "no key",
        [SL_UNSUPPORTED_SUITE] = "unsupported suite",
        [SL_TRUNCATED] = "truncated",
    };
    return texts[verdict];
}

static bool is_cut(const sl_pdu *pdu)
{
    return pdu->data.len < pdu->data_len || (pdu->has_mac_i && !pdu->mac_i.data) || (pdu->problems & PDCP_SL_NO_ROOM_FOR_MAC_I);
}

static void decide(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    opening->verdict = SL_NO_KEY;
    security->credit = MIN(security->credit + SL_CREDIT_PER_PDU, SL_CREDIT_INITIAL);
    if (pdu->link.cast == SL_ONE_TO_MANY)
        sl_open_of_group(security, pdu, opening);
    else if (sl_is_command(pdu))
        sl_open_command(security, pdu, opening);
    else
        open_one_to_one(security, pdu, opening);
}

static void note(sl_security *security, frame_record *record, const sl_opening *opening)
{
    record->verdict = (uint16_t)(opening->verdict + 1);
    record->track = opening->plain ? opening->context->index : 0;
    if (record->track)
        record->notes = (opening->was_ciphered ? WAS_CIPHERED : 0) | (opening->is_implausible ? IS_IMPLAUSIBLE : 0);
    else
        record->generation = sl_generation(security);
}

/* As it was opened when the frame was first seen. False: it is not the PDU that was opened then, but another of its position. */
static bool open_again(sl_security *security, const frame_record *record, const sl_pdu *pdu, sl_opening *opening)
{
    sl_context *context = (sl_context *)security->contexts->pdata[record->track - 1];
    const sl_verdict verdict = (sl_verdict)(record->verdict - 1);
    bool ciphered = record->notes & WAS_CIPHERED;
    sl_fit fit = sl_context_open(context, &context->reading, pdu, ciphered, security->work);
    if (fit == SL_IMPOSSIBLE || (fit == SL_FITS) != (verdict == SL_DECRYPTED || verdict == SL_AUTHENTICATED))
        return false;
    *opening = (sl_opening){.verdict = verdict,
                            .context = context,
                            .plain = security->work + PDCP_SL_HEADER_LEN,
                            .len = pdu->data_len,
                            .was_ciphered = ciphered,
                            .is_authenticated = fit == SL_FITS,
                            .is_implausible = record->notes & IS_IMPLAUSIBLE};
    return true;
}

static void open_whole(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    uint32_t position = sl_pdu_position(pdu);
    frame_record *record = frame_records_find(security->records, pdu->frame, position);
    if (record && record->track) {
        if (!open_again(security, record, pdu, opening))
            decide(security, pdu, opening);
    } else if (record && record->generation == sl_generation(security)) {
        opening->verdict = (sl_verdict)(record->verdict - 1);
    } else {
        decide(security, pdu, opening);
        note(security, record ? record : frame_records_add(security->records, pdu->frame, position), opening);
    }
}

void sl_security_open(sl_security *security, const sl_pdu *pdu, sl_opening *opening)
{
    *opening = (sl_opening){.verdict = SL_NOT_PROTECTED};
    if (!pdu->key_id)
        return;
    opening->verdict = SL_NO_KEY;
    if (pdu->sdu_type >= PDCP_SL_FIRST_RESERVED)
        return;
    if (is_cut(pdu))
        opening->verdict = SL_TRUNCATED;
    else
        open_whole(security, pdu, opening);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static void free_context(gpointer context)
{
    sl_context_free((sl_context *)context);
}

static void free_list(gpointer list)
{
    g_ptr_array_free((GPtrArray *)list, TRUE);
}

static void free_logged(gpointer data)
{
    OPENSSL_cleanse(data, sizeof(sl_logged));
    g_free(data);
}

sl_security *sl_security_new(const sl_security_setting *setting)
{
    sl_security *security = g_new0(sl_security, 1);
    security->setting = *setting;
    security->credit = SL_CREDIT_INITIAL;
    security->contexts = g_ptr_array_new_with_free_func(free_context);
    security->by_key = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, free_list);
    security->by_ends = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, free_list);
    security->records = frame_records_new();
    security->logged = g_ptr_array_new_with_free_func(free_logged);
    security->lines = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, free_list);
    security->commands = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    security->futile = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, g_free);
    security->found = g_ptr_array_new_with_free_func(g_free);
    return security;
}

void sl_security_free(sl_security *security)
{
    if (!security)
        return;
    g_hash_table_destroy(security->by_key);
    g_hash_table_destroy(security->by_ends);
    g_hash_table_destroy(security->lines);
    g_ptr_array_free(security->contexts, TRUE);
    frame_records_free(security->records);
    g_ptr_array_free(security->logged, TRUE);
    g_hash_table_destroy(security->commands);
    g_hash_table_destroy(security->futile);
    g_ptr_array_free(security->found, TRUE);
    OPENSSL_cleanse(security, sizeof *security);
    g_free(security);
}

const GPtrArray *sl_security_contexts(const sl_security *security)
{
    return security->contexts;
}

void sl_security_each_pgk(const sl_security *security, sl_pgk_cb on_pgk, void *user)
{
    for (guint i = 0; i < security->logged->len; i++) {
        const sl_logged *logged = (const sl_logged *)security->logged->pdata[i];
        if (logged->label == KEYLOG_PROSE_PGK)
            on_pgk(logged->group_id, logged->pgk_id, threegpp_key_span(&logged->secret), user);
    }
}

void sl_security_add_logged(sl_security *security, const keylog_entry *entry)
{
    sl_logged *logged = g_new0(sl_logged, 1);
    logged->label = entry->label;
    logged->for_any = entry->selector == KEYLOG_ANY;
    logged->kd_sess_id = entry->kd_sess_id;
    logged->group_id = entry->group_id;
    logged->pgk_id = entry->pgk_id;
    logged->told = entry->sidelink;
    logged->secret.len = entry->secret_len;
    memcpy(logged->secret.octets, entry->secret, entry->secret_len);
    logged->line = entry->line;
    logged->serial = security->logged->len;
    g_ptr_array_add(security->logged, logged);
    uint32_t name = logged->for_any ? SL_FOR_ANY : logged->kd_sess_id;
    if (logged->label == KEYLOG_PROSE_PGK)
        name = sl_pgk_name(logged->group_id >> 8, logged->pgk_id & 0x1f);
    g_ptr_array_add(list_at(security->lines, (uint64_t)logged->label << 32 | name), logged);
}

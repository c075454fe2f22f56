/* The keys of sidelink sessions, and each step from what signalling or a key log brought to the keys of the traffic (TS 33.303
 * clause 6.5 and annex A). */
#include "reports/verify_sidelink_parts.h"

#include <string.h>

#define KDF "HMAC-SHA-256 KDF (TS 33.220 B.2)"
#define FROM_KEYLOG "taken from key log"

/* One session's keys in the making. */
typedef struct {
    verify_report *report;
    verify_session *session;
    const sidelink_links *links;
    GHashTable *kds; /* fingerprint to the number of KD among the session's keys, from 1 */
} key_list;

/* --- steps --------------------------------------------------------------------------------------------------------- */

static const char *keep(const key_list *list, const char *text)
{
    return verify_report_text(list->report, "%s", text);
}

static const char *line_text(const key_list *list, unsigned line)
{
    char text[KEYLOG_LINE_LEN];
    return line ? verify_report_text(list->report, "%s", keylog_line_text(line, text)) : NULL;
}

static const char *fc_text(const key_list *list, uint16_t fc)
{
    return verify_report_text(list->report, "FC 0x%02x", fc);
}

/* What the step's output is; valid until the next step. */
static verify_step *add_step(key_list *list, const char *function, const char *output, size_t len, const char *fingerprint)
{
    verify_step *step = verify_session_add_step(list->session, function, output);
    step->output_length = (uint32_t)len;
    step->fingerprint = keep(list, fingerprint);
    return step;
}

static void add_secret(const key_list *list, verify_step *step, const char *name, size_t len, const char *fingerprint)
{
    const verify_input input = {.name = name, .length = (uint32_t)len, .fingerprint = keep(list, fingerprint)};
    verify_step_add_input(step, &input);
}

static void add_trace(const key_list *list, verify_step *step, const char *name, const key_trace *key)
{
    if (key->len)
        add_secret(list, step, name, key->len, key->fingerprint);
}

static const char *hex_of(const key_list *list, const uint8_t *octets, size_t len)
{
    GString *hex = g_string_sized_new(2 * len);
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(hex, "%02x", octets[i]);
    const char *kept = keep(list, hex->str);
    g_string_free(hex, TRUE);
    return kept;
}

/* Pi of the KDF, in order; `what` says which it is. */
static void add_param(const key_list *list, verify_step *step, unsigned i, const char *what, const uint8_t *octets, size_t len)
{
    const verify_input input = {.name = verify_report_text(list->report, "P%u: %s", i, what),
                                .length = (uint32_t)len,
                                .value = hex_of(list, octets, len)};
    verify_step_add_input(step, &input);
}

static void add_label(const key_list *list, verify_step *step, const char *label)
{
    const verify_input input = {.name = "label", .length = (uint32_t)strlen(label), .value = keep(list, label)};
    verify_step_add_input(step, &input);
}

static void take_from_keylog(key_list *list, const char *output, size_t len, const char *fingerprint, unsigned line)
{
    verify_step *step = add_step(list, FROM_KEYLOG, output, len, fingerprint);
    step->parameters = line_text(list, line);
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

static void add_key(key_list *list, verify_key key)
{
    key.fingerprint = keep(list, key.fingerprint);
    g_array_append_val(list->session->keys, key);
}

const char *sidelink_algorithm(verify_report *report, const char *which, uint8_t identity)
{
    return verify_report_text(report, "%s%s%u", identity == EPS_NULL ? "" : "128-", which, identity);
}

/* --- KD from SDES --------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *function;
    const char *formula;
    bool has_fc, has_label;
} kd_recipe;

static const kd_recipe *recipe_of(sdes_kd_method method)
{
    static const kd_recipe recipes[] = {
        [SDES_KD_LABEL] = {KDF, "KDF(K1 || K2, FC, label)", true, true},
        [SDES_KD_FC_ALONE] = {KDF, "KDF(K1 || K2, FC)", true, false},
        [SDES_KD_K2_DATA] = {KDF, "KDF(K1, FC, K2)", true, false},
        [SDES_KD_HMAC] = {"HMAC-SHA-256", "HMAC(K1, K2)", false, false},
        [SDES_KD_HASH] = {"SHA-256", "SHA-256(K1 || K2)", false, false},
        [SDES_KD_XOR] = {KDF, "KDF(K1 XOR K2, FC, label)", true, true},
        [SDES_KD_BOTH_DATA] = {KDF, "KDF(32 zero octets, FC, K1, K2)", true, false},
        [SDES_KD_IDENTITIES] = {KDF, "KDF(K1 || K2, FC, label, user info of both, layer-2 IDs)", true, true},
        [SDES_KD_MIKEY_PRF] = {"MIKEY-1 PRF (RFC 3830 4.1.2)", "PRF(K1 || K2, label)", false, true},
    };
    return &recipes[method];
}

static const char *sdes_parameters(const key_list *list, const sdes_kd_profile *profile)
{
    static const char *const parts[] = {"the key", "key and salt", "key and salt in base64"};
    static const char *const orders[] = {"K1 of the offer", "K1 of the answer", "K1 the lesser"};
    const kd_recipe *recipe = recipe_of(profile->method);
    const char *fc = recipe->has_fc ? fc_text(list, profile->fc) : NULL;
    return verify_report_text(list->report, "method %c: %s, %s%s%s, K1 and K2 are %s", sl_profile_kd_letter(profile->method),
                              recipe->formula, fc ? fc : "", fc ? ", " : "", orders[profile->order], parts[profile->key_part]);
}

static void take_sdes_key(key_list *list, const char *output, const key_trace *key, uint32_t frame, unsigned line)
{
    if (line) {
        take_from_keylog(list, output, key->len, key->fingerprint, line);
        return;
    }
    verify_step *step = add_step(list, "taken from SDP", output, key->len, key->fingerprint);
    step->frame = frame;
}

static void add_sdes_inputs(const key_list *list, verify_step *step, const sdes_kd_profile *profile, const kd_trace *made_of)
{
    for (unsigned i = 0; i < 2; i++) {
        bool is_offer = (i == 0) == (profile->order != SDES_KD_ANSWER_FIRST);
        add_trace(list, step, is_offer ? "key of the offer" : "key of the answer",
                  is_offer ? &made_of->offer_key : &made_of->answer_key);
        if (profile->key_part != SDES_KD_KEY)
            add_trace(list, step, is_offer ? "salt of the offer" : "salt of the answer",
                      is_offer ? &made_of->offer_salt : &made_of->answer_salt);
    }
}

static void add_identities(const key_list *list, verify_step *step, const pc5_context *signalled)
{
    GBytes *const infos[] = {signalled->initiator_info, signalled->responder_info};
    uint8_t octets[2 * PC5_LAYER_2_ID_LEN];
    for (unsigned i = 0; i < 2; i++) {
        gsize len = 0;
        const uint8_t *info = infos[i] ? (const uint8_t *)g_bytes_get_data(infos[i], &len) : NULL;
        add_param(list, step, i + 1, i == 0 ? "user info of the initiator" : "user info of the responder", info, len);
    }
    const octet_span ids = kd_layer_2_ids(signalled, octets);
    add_param(list, step, 3, "layer-2 IDs", ids.data, ids.len);
}

static void derive_from_sdes(key_list *list, const sl_context *context)
{
    const sdes_kd_profile *profile = &context->profile.sdes;
    const kd_trace *made_of = &context->source.made_of;
    const kd_recipe *recipe = recipe_of(profile->method);
    take_sdes_key(list, "key of the offer", &made_of->offer_key, made_of->offer_frame, made_of->offer_line);
    take_sdes_key(list, "key of the answer", &made_of->answer_key, made_of->frame, made_of->line);
    verify_step *step = add_step(list, recipe->function, "KD", context->kd.len, context->kd_fingerprint);
    step->parameters = sdes_parameters(list, profile);
    step->frame = made_of->frame;
    add_sdes_inputs(list, step, profile, made_of);
    if (recipe->has_label)
        add_label(list, step, profile->label);
    if (profile->method == SDES_KD_IDENTITIES)
        add_identities(list, step, context->signalled);
}

/* --- KD from a TEK --------------------------------------------------------------------------------------------------- */

const mikey_record *sidelink_message_of(const sidelink_links *links, const kd_trace *tek)
{
    return (const mikey_record *)g_hash_table_lookup(links->tek_givers, tek->key.fingerprint);
}

const char *sidelink_mikey_method(const sidelink_links *links, const kd_trace *tek)
{
    const mikey_record *record = sidelink_message_of(links, tek);
    return record && mikey_is_ticket_type(record->message->header.data_type) ? "MIKEY-TICKET" : "MIKEY";
}

static void take_tek(key_list *list, const kd_trace *made_of)
{
    if (made_of->line) {
        take_from_keylog(list, "TEK", made_of->key.len, made_of->key.fingerprint, made_of->line);
        return;
    }
    verify_step *step = add_step(list, "taken from MIKEY", "TEK", made_of->key.len, made_of->key.fingerprint);
    step->frame = made_of->frame;
}

static void derive_from_tek(key_list *list, const sl_context *context)
{
    static const char *const functions[] = {
        [TEK_KD_IDENTITY] = "KD = TEK",
        [TEK_KD_LABEL] = KDF,
        [TEK_KD_TWICE] = "KD = TEK || TEK",
        [TEK_KD_ZEROS_BEFORE] = "KD = zero octets || TEK",
        [TEK_KD_ZEROS_BEHIND] = "KD = TEK || zero octets",
    };
    const tek_kd_profile *profile = &context->profile.tek;
    const kd_trace *made_of = &context->source.made_of;
    take_tek(list, made_of);
    verify_step *step = add_step(list, functions[profile->method], "KD", context->kd.len, context->kd_fingerprint);
    step->frame = made_of->frame;
    add_trace(list, step, "TEK", &made_of->key);
    if (profile->method != TEK_KD_LABEL)
        return;
    step->parameters = verify_report_text(list->report, "KDF(TEK, FC, label), %s", fc_text(list, profile->fc));
    add_label(list, step, profile->label);
}

/* --- KD ------------------------------------------------------------------------------------------------------------ */

static void derive_kd(key_list *list, const sl_context *context)
{
    switch (context->source.made_of.kind) {
    case KD_OF_SDES:
        derive_from_sdes(list, context);
        break;
    case KD_OF_TEK:
        derive_from_tek(list, context);
        break;
    case KD_LOGGED:
        take_from_keylog(list, "KD", context->kd.len, context->kd_fingerprint, context->source.line);
        break;
    }
}

static const char *origin_of_kd(const key_list *list, const kd_trace *made_of)
{
    if (made_of->line)
        return "key log";
    return made_of->kind == KD_OF_SDES ? "SDES" : sidelink_mikey_method(list->links, made_of);
}

/* KD outlives a context: it is listed once. */
static void add_kd(key_list *list, const sl_context *context, const sidelink_opened *opened)
{
    gpointer number = g_hash_table_lookup(list->kds, context->kd_fingerprint);
    if (number) {
        g_array_index(list->session->keys, verify_key, GPOINTER_TO_UINT(number) - 1).packets += opened->packets;
        return;
    }
    derive_kd(list, context);
    add_key(list, (verify_key){.name = "KD",
                               .fingerprint = context->kd_fingerprint,
                               .origin = origin_of_kd(list, &context->source.made_of),
                               .detail = line_text(list, context->source.line),
                               .frame = context->source.frame,
                               .packets = opened->packets});
    g_hash_table_insert(list->kds, (gpointer)context->kd_fingerprint, GUINT_TO_POINTER(list->session->keys->len));
}

/* --- KD-sess and PTK ----------------------------------------------------------------------------------------------- */

static void add_nonces(const key_list *list, verify_step *step, const prose_kdf_profile *profile, const pc5_context *signalled)
{
    static const uint8_t zeros[PROSE_NONCE_LEN];
    static const char *const names[] = {"Nonce_1", "Nonce_2"};
    const uint8_t *const nonces[] = {signalled->nonce_1, signalled->nonce_2};
    bool is_zero = profile->kd_sess_method == PROSE_KD_SESS_ZERO_NONCES;
    unsigned count = profile->kd_sess_method == PROSE_KD_SESS_NONCE_1 ? 1 : 2;
    for (unsigned i = 0; i < count; i++) {
        unsigned which = count == 2 && profile->nonce_2_first ? !i : i;
        add_param(list, step, i, is_zero ? "zero octets" : names[which], is_zero ? zeros : nonces[which], PROSE_NONCE_LEN);
    }
}

static void derive_kd_sess(key_list *list, const sl_context *context)
{
    const prose_kdf_profile *profile = &context->profile.prose;
    bool is_kd = profile->kd_sess_method == PROSE_KD_SESS_IS_KD;
    verify_step *step =
        add_step(list, is_kd ? "KD-sess = KD" : KDF, "KD-sess", context->kd_sess.len, context->kd_sess_fingerprint);
    step->frame = context->command_frame;
    add_secret(list, step, "KD", context->kd.len, context->kd_fingerprint);
    if (is_kd)
        return;
    step->parameters = fc_text(list, profile->kd_sess_fc);
    add_nonces(list, step, profile, context->signalled);
}

static void add_kd_sess(key_list *list, const sl_context *context, const sidelink_opened *opened)
{
    bool is_logged = context->kd.len == 0;
    if (is_logged)
        take_from_keylog(list, "KD-sess", context->kd_sess.len, context->kd_sess_fingerprint, context->source.line);
    else
        derive_kd_sess(list, context);
    add_key(list, (verify_key){.name = "KD-sess",
                               .fingerprint = context->kd_sess_fingerprint,
                               .origin = is_logged ? "key log" : "KD",
                               .detail = is_logged ? line_text(list, context->source.line) : NULL,
                               .frame = context->command_frame,
                               .packets = opened->packets});
}

static void add_ptk(key_list *list, const sl_context *context, const sidelink_opened *opened)
{
    const prose_kdf_profile *profile = &context->profile.prose;
    const prose_group_sender *sender = &context->sender;
    const uint8_t ptk_id[] = {(uint8_t)(sender->ptk_id >> 8), (uint8_t)sender->ptk_id};
    verify_step *step = add_step(list, KDF, "PTK", context->kd_sess.len, context->kd_sess_fingerprint);
    step->parameters = fc_text(list, profile->ptk_fc);
    add_trace(list, step, "PGK", &context->pgk);
    add_param(list, step, 0, "Group Member Identity", sender->member_id, sizeof sender->member_id);
    add_param(list, step, 1, "PTK Identity", ptk_id, sizeof ptk_id);
    if (!profile->ptk_without_group)
        add_param(list, step, 2, "Group Identity", sender->group_id, sizeof sender->group_id);
    add_key(list, (verify_key){.name = "PTK",
                               .fingerprint = context->kd_sess_fingerprint,
                               .origin = "PGK",
                               .detail = verify_report_text(list->report, "PTK ID 0x%04x", sender->ptk_id),
                               .packets = opened->packets});
}

static void add_pgk(key_list *list, const sl_context *context, const sidelink_opened *opened)
{
    gpointer number = g_hash_table_lookup(list->kds, context->pgk.fingerprint);
    if (number) {
        g_array_index(list->session->keys, verify_key, GPOINTER_TO_UINT(number) - 1).packets += opened->packets;
        return;
    }
    take_from_keylog(list, "PGK", context->pgk.len, context->pgk.fingerprint, context->source.line);
    add_key(list, (verify_key){.name = "PGK",
                               .fingerprint = context->pgk.fingerprint,
                               .origin = "key log",
                               .detail = line_text(list, context->source.line),
                               .packets = opened->packets});
    g_hash_table_insert(list->kds, (gpointer)context->pgk.fingerprint, GUINT_TO_POINTER(list->session->keys->len));
}

/* --- PEK and PIK --------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;        /* "PEK", "PIK" */
    const char *suite;
    const char *fingerprint;
    uint8_t distinguisher, identity;
    unsigned line;           /* where it was logged */
    uint64_t packets;
} traffic_key;

static void derive_traffic_key(key_list *list, const sl_context *context, const traffic_key *key)
{
    const prose_kdf_profile *profile = &context->profile.prose;
    verify_step *step = add_step(list, KDF, key->name, EPS_KEY_LEN, key->fingerprint);
    step->parameters = verify_report_text(list->report, "%s, %s 128 bits of 256", fc_text(list, profile->traffic_key_fc),
                                          profile->upper_half ? "most significant" : "least significant");
    add_secret(list, step, context->key_id & SL_GROUP_KEY ? "PTK" : "KD-sess", context->kd_sess.len, context->kd_sess_fingerprint);
    if (profile->algorithm_first) {
        add_param(list, step, 0, "algorithm identity", &key->identity, 1);
        add_param(list, step, 1, "distinguisher", &key->distinguisher, 1);
    } else {
        add_param(list, step, 0, "distinguisher", &key->distinguisher, 1);
        add_param(list, step, 1, "algorithm identity", &key->identity, 1);
    }
}

static void add_traffic_key(key_list *list, const sl_context *context, const traffic_key *key)
{
    bool is_logged = context->kd_sess.len == 0, is_group = context->key_id & SL_GROUP_KEY;
    if (is_logged)
        take_from_keylog(list, key->name, EPS_KEY_LEN, key->fingerprint, key->line);
    else
        derive_traffic_key(list, context, key);
    add_key(list, (verify_key){.name = key->name,
                               .fingerprint = key->fingerprint,
                               .suite = key->suite,
                               .origin = is_logged ? "key log" : is_group ? "PTK" : "KD-sess",
                               .detail = is_logged ? line_text(list, key->line) : NULL,
                               .packets = key->packets});
}

/* A PIK whose algorithm is not known was derived for none. */
static void add_traffic_keys(key_list *list, const sl_context *context, const sidelink_opened *opened)
{
    const sl_key_source *source = &context->source;
    char pik_fingerprint[KEY_FINGERPRINT_LEN + 1];
    key_fingerprint(context->pik, EPS_KEY_LEN, pik_fingerprint);
    const traffic_key pek = {.name = "PEK",
                             .suite = sidelink_algorithm(list->report, "EEA", context->eea),
                             .fingerprint = context->pek_fingerprint,
                             .distinguisher = context->profile.prose.pek_distinguisher,
                             .identity = context->eea,
                             .line = source->line,
                             .packets = opened->decrypted};
    const traffic_key pik = {.name = "PIK",
                             .suite = sidelink_algorithm(list->report, "EIA", context->eia),
                             .fingerprint = pik_fingerprint,
                             .distinguisher = context->profile.prose.pik_distinguisher,
                             .identity = context->eia,
                             .line = source->pik_line ? source->pik_line : source->line,
                             .packets = opened->authenticated};
    if (context->has_pek)
        add_traffic_key(list, context, &pek);
    if (context->has_pik && !context->eia_unknown)
        add_traffic_key(list, context, &pik);
}

/* --- all ----------------------------------------------------------------------------------------------------------- */

static void add_context(key_list *list, const sl_context *context)
{
    const sidelink_opened *opened = sidelink_opened_by(list->links, context);
    if (context->unsupported)
        return;
    if (context->key_id & SL_GROUP_KEY) {
        add_pgk(list, context, opened);
        add_ptk(list, context, opened);
    } else {
        if (context->kd.len)
            add_kd(list, context, opened);
        if (context->kd_sess.len)
            add_kd_sess(list, context, opened);
    }
    add_traffic_keys(list, context, opened);
}

void sidelink_add_keys(verify_report *report, verify_session *session, const sidelink_links *links, const sidelink_link *link)
{
    key_list list = {.report = report,
                     .session = session,
                     .links = links,
                     .kds = g_hash_table_new(g_str_hash, g_str_equal)};
    for (guint i = 0; i < MIN(link->contexts->len, SIDELINK_MAX_LISTED); i++)
        add_context(&list, (const sl_context *)link->contexts->pdata[i]);
    g_hash_table_destroy(list.kds);
}

/* Delivered keys against those that signalling gives: a record that was handed over says which key opens a stream, and signalling that was
 * captured says the same, another thing, or nothing.
 */
#include "reports/derived_keys.h"
#include "keys/keyed_hash.h"
#include "reports/verify_build.h"

#include <string.h>

/* Derived keys and streams that are looked at for records that nothing equals, in all. What is left then counts as only delivered. */
#define MAX_TRIALS (1u << 26)

/* Everything at hand while keys are compared. */
typedef struct {
    verify_report *report;
    const verify_sources *sources;
    GArray *derived;            /* derived_key */
    GHashTable *by_fingerprint; /* "KIND FINGERPRINT", of key and salt and of the key alone, to the first derived_key */
    GHashTable *sessions;       /* fingerprint of a key to the first verify_session that has it */
    GHashTable *named;          /* "NAME VALUE" of an identifier to the first verify_session that has it */
    GHashTable *compared;       /* fingerprints of derived keys alone that a delivered one was compared with */
    GHashTable *contexts;       /* sl_context * of which some key was */
    GHashTable *equal;          /* of `compared`, those that some delivered one equals */
    GHashTable *openers;        /* fingerprints of keys that opened packets */
    unsigned trials;            /* of MAX_TRIALS, so many are spent */
} comparison;

/* Which derived keys a label's are compared with; bits by derived_kind. */
static unsigned kinds_of(keylog_label label)
{
    switch (label) {
    case KEYLOG_SRTP_MASTER:
        return 1u << DERIVED_SRTP;
    case KEYLOG_HI2_CC:
        return 1u << DERIVED_SRTP | 1u << DERIVED_TEK;
    case KEYLOG_MIKEY_TEK:
        return 1u << DERIVED_TEK;
    case KEYLOG_MIKEY_TGK:
        return 1u << DERIVED_TGK;
    case KEYLOG_D2D_KD:
        return 1u << DERIVED_KD;
    case KEYLOG_D2D_KDSESS:
        return 1u << DERIVED_KD_SESS;
    case KEYLOG_D2D_PEK:
        return 1u << DERIVED_PEK;
    case KEYLOG_D2D_PIK:
        return 1u << DERIVED_PIK;
    case KEYLOG_SDES_K1:
        return 1u << DERIVED_K1 | 1u << DERIVED_SRTP;
    case KEYLOG_SDES_K2:
        return 1u << DERIVED_K2 | 1u << DERIVED_SRTP;
    default:
        return 0;
    }
}

/* --- equal --------------------------------------------------------------------------------------------------------- */

static char *fingerprint_name(derived_kind kind, bool whole, const char *fingerprint)
{
    return g_strdup_printf("%d %c %s", kind, whole ? 'w' : 'k', fingerprint);
}

static void index_derived(comparison *c)
{
    for (guint i = 0; i < c->derived->len; i++) {
        derived_key *derived = &g_array_index(c->derived, derived_key, i);
        char *names[] = {fingerprint_name(derived->kind, true, derived->fingerprint),
                         fingerprint_name(derived->kind, false, derived->key_fingerprint)};
        for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
            if (g_hash_table_contains(c->by_fingerprint, names[n]))
                g_free(names[n]);
            else
                g_hash_table_insert(c->by_fingerprint, names[n], derived);
        }
    }
}

/* With their salts where both have one. */
static const derived_key *find_equal(const comparison *c, const delivered_key *delivered)
{
    for (int kind = DERIVED_SRTP; kind <= DERIVED_K2; kind++) {
        if (!(kinds_of(delivered->label) & 1u << kind))
            continue;
        char *whole = fingerprint_name(kind, true, delivered->fingerprint);
        char *alone = fingerprint_name(kind, false, delivered->key_fingerprint);
        const derived_key *found = g_hash_table_lookup(c->by_fingerprint, whole);
        const derived_key *same_key = g_hash_table_lookup(c->by_fingerprint, alone);
        g_free(whole);
        g_free(alone);
        if (found)
            return found;
        if (same_key && (!delivered->has_salt || !same_key->has_salt))
            return same_key;
    }
    return NULL;
}

/* --- different ----------------------------------------------------------------------------------------------------- */

/* Whether traffic that the record names went under the key. */
static bool opened_named_stream(comparison *c, const delivered_key *delivered, const session_key *key)
{
    const GPtrArray *streams = c->sources->traffic ? verify_traffic_streams(c->sources->traffic) : NULL;
    for (guint i = 0; streams && i < streams->len && c->trials < MAX_TRIALS; i++, c->trials++) {
        const verify_stream *stream = streams->pdata[i];
        bool is_named = delivered->selector == KEYLOG_SSRC     ? stream->ssrc == delivered->ssrc
                        : delivered->selector == KEYLOG_SOURCE ? transport_address_equal(&stream->source, &delivered->address)
                                                               : transport_address_equal(&stream->destination, &delivered->address);
        for (guint s = 0; is_named && stream->protocol != VERIFY_PDCP_SL && s < stream->stretches->len; s++)
            if (((const verify_stretch *)stream->stretches->pdata[s])->key == key)
                return true;
    }
    return false;
}

/* K1 is a key of the offer, K2 one of the answer. */
static bool has_role(const delivered_key *delivered, const derived_key *derived)
{
    if (derived->kind != DERIVED_SRTP || (delivered->label != KEYLOG_SDES_K1 && delivered->label != KEYLOG_SDES_K2))
        return true;
    return derived->key->signalled_origin == (delivered->label == KEYLOG_SDES_K1 ? KEY_ORIGIN_SDES_OFFER : KEY_ORIGIN_SDES_ANSWER);
}

static uint32_t layer_2_id(const pc5_id *id)
{
    return id->len < PC5_LAYER_2_ID_LEN ? UINT32_MAX
                                        : (uint32_t)id->octets[0] << 16 | (uint32_t)id->octets[1] << 8 | id->octets[2];
}

static bool is_between(const derived_key *derived, const delivered_key *delivered)
{
    const pc5_context *signalled = derived->context ? derived->context->signalled : NULL;
    return signalled && layer_2_id(&signalled->initiator) == delivered->initiator &&
           layer_2_id(&signalled->responder) == delivered->responder;
}

/* Whether the record names what the derived key is for. */
static bool names(comparison *c, const delivered_key *delivered, const derived_key *derived)
{
    if (!(kinds_of(delivered->label) & 1u << derived->kind) || !has_role(delivered, derived))
        return false;
    switch (delivered->selector) {
    case KEYLOG_CALL:
        return g_strcmp0(derived->call_id, delivered->call_id) == 0;
    case KEYLOG_SSRC:
    case KEYLOG_SOURCE:
    case KEYLOG_DESTINATION:
        return derived->used && opened_named_stream(c, delivered, derived->key);
    case KEYLOG_CSB:
        return derived->has_csb_id && derived->csb_id == delivered->csb_id;
    case KEYLOG_CRYPTO_SESSION:
        return derived->has_csb_id && derived->csb_id == delivered->csb_id && derived->cs_id == delivered->cs_id;
    case KEYLOG_CC:
        return derived->kind == DERIVED_TEK && derived->cs_id == delivered->cs_id;
    case KEYLOG_KD:
        return derived->has_kd_id && derived->kd_id == delivered->kd_id;
    case KEYLOG_KD_SESS:
        return derived->context && derived->context->key_id == delivered->kd_sess_id;
    case KEYLOG_L2_PAIR:
        return is_between(derived, delivered);
    default:
        return false;
    }
}

/* Of a call or a flow there are several keys, and a CS ID names one of each CSB. */
static bool names_several(const delivered_key *delivered)
{
    switch (delivered->selector) {
    case KEYLOG_CALL:
    case KEYLOG_SSRC:
    case KEYLOG_SOURCE:
    case KEYLOG_DESTINATION:
    case KEYLOG_CC:
        return true;
    default:
        return false;
    }
}

/* The first that the record names, one with traffic before others. Where there may be several, a record contradicts none that another
 * record equals; nor any if it opened packets itself: it is then a key whose signalling is not in the capture. */
static const derived_key *find_named(comparison *c, const delivered_key *delivered)
{
    const derived_key *found = NULL;
    const bool several = names_several(delivered);
    if (several && g_hash_table_contains(c->openers, delivered->fingerprint))
        return NULL;
    for (guint i = 0; i < c->derived->len && (!found || !found->used) && c->trials < MAX_TRIALS; i++, c->trials++) {
        const derived_key *derived = &g_array_index(c->derived, derived_key, i);
        const bool is_told = several && g_hash_table_contains(c->equal, derived->key_fingerprint);
        if (!is_told && (!found || derived->used) && names(c, delivered, derived))
            found = derived;
    }
    return found;
}

/* --- whose it is --------------------------------------------------------------------------------------------------- */

static void index_sessions(comparison *c)
{
    for (guint i = 0; i < c->report->sessions->len; i++) {
        verify_session *session = c->report->sessions->pdata[i];
        for (guint k = 0; k < session->keys->len; k++) {
            const verify_key *key = &g_array_index(session->keys, verify_key, k);
            if (key->fingerprint && !g_hash_table_contains(c->sessions, key->fingerprint))
                g_hash_table_insert(c->sessions, (gpointer)key->fingerprint, session);
            if (key->fingerprint && key->packets)
                g_hash_table_add(c->openers, (gpointer)key->fingerprint);
        }
        for (guint k = 0; k < session->identifiers->len; k++) {
            const verify_identifier *identifier = &g_array_index(session->identifiers, verify_identifier, k);
            char *name = g_strdup_printf("%s %s", identifier->name, identifier->value);
            if (g_hash_table_contains(c->named, name))
                g_free(name);
            else
                g_hash_table_insert(c->named, name, session);
        }
    }
}

static verify_session *session_named(const comparison *c, const char *name, char *value)
{
    char *both = g_strdup_printf("%s %s", name, value);
    verify_session *session = g_hash_table_lookup(c->named, both);
    g_free(both);
    g_free(value);
    return session;
}

static verify_session *session_of_selector(const comparison *c, const delivered_key *delivered)
{
    switch (delivered->selector) {
    case KEYLOG_CALL:
        return session_named(c, "call_id", g_strdup(delivered->call_id));
    case KEYLOG_CSB:
    case KEYLOG_CRYPTO_SESSION:
        return session_named(c, "csb_id", g_strdup_printf("0x%08x", delivered->csb_id));
    case KEYLOG_KD:
        return session_named(c, "kd_id", g_strdup_printf("0x%08x", delivered->kd_id));
    case KEYLOG_KD_SESS:
        return session_named(c, "kd_sess_id", g_strdup_printf("0x%04x", delivered->kd_sess_id));
    default:
        return NULL;
    }
}

static verify_session *session_of_key(const comparison *c, const char *fingerprint, const char *key_fingerprint)
{
    verify_session *session = g_hash_table_lookup(c->sessions, fingerprint);
    return session ? session : g_hash_table_lookup(c->sessions, key_fingerprint);
}

/* NULL: no session's. */
static verify_session *session_of(const comparison *c, const delivered_key *delivered, const derived_key *derived)
{
    verify_session *session = derived ? session_of_key(c, derived->fingerprint, derived->key_fingerprint) : NULL;
    if (!session && derived && derived->has_csb_id)
        session = session_named(c, "csb_id", g_strdup_printf("0x%08x", derived->csb_id));
    if (!session && delivered)
        session = session_of_key(c, delivered->fingerprint, delivered->key_fingerprint);
    return !session && delivered ? session_of_selector(c, delivered) : session;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

/* Fingerprints of the same octets: those of the keys alone where one side has no salt. */
static bool without_salt(const delivered_key *delivered, const derived_key *derived)
{
    return !delivered->has_salt || !derived->has_salt;
}

static void note_equal(comparison *c, const delivered_key *delivered)
{
    const derived_key *equal = find_equal(c, delivered);
    if (equal)
        g_hash_table_add(c->equal, (gpointer)equal->key_fingerprint);
}

static void compare(comparison *c, const delivered_key *delivered)
{
    const derived_key *equal = find_equal(c, delivered), *derived = equal ? equal : find_named(c, delivered);
    verify_session *session = session_of(c, delivered, derived);
    const bool alone = derived && without_salt(delivered, derived);
    const verify_compared compared = {
        .match = equal ? VERIFY_EQUAL : derived ? VERIFY_DIFFERENT : VERIFY_ONLY_DELIVERED,
        .name = verify_report_text(c->report, "%s", delivered->name),
        .line = delivered->line,
        .delivered = verify_report_text(c->report, "%s", alone ? delivered->key_fingerprint : delivered->fingerprint),
        .derived = derived ? verify_report_text(c->report, "%s", alone ? derived->key_fingerprint : derived->fingerprint) : NULL};
    g_array_append_val(session ? session->comparison : c->report->comparison, compared);
    if (derived)
        g_hash_table_add(c->compared, (gpointer)derived->key_fingerprint);
    if (derived && derived->context)
        g_hash_table_add(c->contexts, (gpointer)derived->context);
    if (session && compared.match == VERIFY_DIFFERENT)
        verify_session_note(session, VERIFY_DELIVERED_KEY_DIFFERS, 0,
                            verify_report_text(c->report, "%s, line %u", delivered->name, delivered->line));
}

/* Of a link one key stands for those that follow from it. */
static bool is_to_tell(const comparison *c, const derived_key *derived)
{
    if (!derived->used || g_hash_table_contains(c->compared, derived->key_fingerprint))
        return false;
    return derived->kind == DERIVED_SRTP || (derived->kind == DERIVED_KD && !g_hash_table_contains(c->contexts, derived->context));
}

static void tell_only_derived(comparison *c)
{
    for (guint i = 0; i < c->derived->len; i++) {
        const derived_key *derived = &g_array_index(c->derived, derived_key, i);
        if (!is_to_tell(c, derived))
            continue;
        verify_session *session = session_of(c, NULL, derived);
        const verify_compared compared = {.match = VERIFY_ONLY_DERIVED,
                                          .name = derived->kind == DERIVED_SRTP ? "SRTP master key" : "KD",
                                          .derived = verify_report_text(c->report, "%s", derived->fingerprint)};
        g_array_append_val(session ? session->comparison : c->report->comparison, compared);
    }
}

void verify_comparison_add(verify_report *report, const verify_sources *sources)
{
    const GPtrArray *all = sources->delivered ? delivered_keys_all(sources->delivered) : NULL;
    if (!all || all->len == 0)
        return;
    comparison c = {.report = report,
                    .sources = sources,
                    .derived = derived_keys_collect(sources),
                    .by_fingerprint = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, NULL),
                    .sessions = g_hash_table_new(keyed_hash_string, g_str_equal),
                    .named = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, NULL),
                    .compared = g_hash_table_new(keyed_hash_string, g_str_equal),
                    .contexts = g_hash_table_new(NULL, NULL),
                    .equal = g_hash_table_new(keyed_hash_string, g_str_equal),
                    .openers = g_hash_table_new(keyed_hash_string, g_str_equal)};
    index_derived(&c);
    index_sessions(&c);
    for (guint i = 0; i < all->len; i++)
        note_equal(&c, all->pdata[i]);
    for (guint i = 0; i < all->len; i++)
        compare(&c, all->pdata[i]);
    tell_only_derived(&c);
    g_hash_table_destroy(c.openers);
    g_hash_table_destroy(c.equal);
    g_hash_table_destroy(c.contexts);
    g_hash_table_destroy(c.compared);
    g_hash_table_destroy(c.named);
    g_hash_table_destroy(c.sessions);
    g_hash_table_destroy(c.by_fingerprint);
    g_array_unref(c.derived);
}

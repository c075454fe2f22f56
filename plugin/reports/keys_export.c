#include "reports/keys_export.h"

#include "keys/keyed_hash.h"

#include <openssl/crypto.h>
#include <string.h>

#define FIRST_SIZE 4096

/* --- text that leaves no copies ------------------------------------------------------------------------------------- */

typedef struct {
    GString *text;
    GString *line;        /* has room for any line, so that it never moves */
    GHashTable *written;  /* fingerprints of lines: each is written once */
} export;

/* What GLib outgrows it frees as it is. */
static void make_room(GString *text, gsize len)
{
    if (text->allocated_len - text->len > len)
        return;
    gsize size = 2 * text->allocated_len + len;
    char *moved = g_malloc(size);
    memcpy(moved, text->str, text->len + 1);
    OPENSSL_cleanse(text->str, text->allocated_len);
    g_free(text->str);
    text->str = moved;
    text->allocated_len = size;
}

static void add_hex(export *to, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(to->line, "%02x", octets[i]);
}

static void end_line(export *to)
{
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    g_string_append_c(to->line, '\n');
    key_fingerprint((const uint8_t *)to->line->str, to->line->len, fingerprint);
    if (g_hash_table_add(to->written, g_strdup(fingerprint))) {
        make_room(to->text, to->line->len);
        g_string_append_len(to->text, to->line->str, (gssize)to->line->len);
    }
    OPENSSL_cleanse(to->line->str, to->line->allocated_len);
    g_string_set_size(to->line, 0);
}

/* --- SRTP ---------------------------------------------------------------------------------------------------------- */

/* A stream that a key opened, and the ROC at which it began to, as far as that is not 0. */
typedef struct {
    uint32_t ssrc, roc;
} stream_use;

typedef struct {
    GArray *streams;    /* stream_use, each SSRC once */
    GHashTable *places; /* SSRC to its number in `streams`, from 1 */
    const uint8_t *encrypted_extensions;
} key_uses;

static void free_uses(gpointer data)
{
    key_uses *uses = data;
    g_array_unref(uses->streams);
    g_hash_table_destroy(uses->places);
    g_free(uses);
}

static void note_use(const media_use *use, void *user)
{
    GHashTable *by_key = user;
    key_uses *uses = g_hash_table_lookup(by_key, use->key);
    if (!uses) {
        uses = g_new0(key_uses, 1);
        uses->streams = g_array_new(FALSE, FALSE, sizeof(stream_use));
        uses->places = g_hash_table_new(NULL, NULL);
        g_hash_table_insert(by_key, (gpointer)use->key, uses);
    }
    if (use->encrypted_extensions)
        uses->encrypted_extensions = use->encrypted_extensions;
    const guint place = GPOINTER_TO_UINT(g_hash_table_lookup(uses->places, GUINT_TO_POINTER(use->ssrc)));
    if (place) {
        stream_use *known = &g_array_index(uses->streams, stream_use, place - 1);
        if (known->roc == 0)
            known->roc = use->roc;
        return;
    }
    const stream_use stream = {use->ssrc, use->roc};
    g_array_append_val(uses->streams, stream);
    g_hash_table_insert(uses->places, GUINT_TO_POINTER(use->ssrc), GUINT_TO_POINTER(uses->streams->len));
}

/* The suite that a line names: the key's own, or the one that differs in nothing but what options say. NULL: the key log has none. */
static const crypto_suite *suite_to_name(const srtp_transform *transform)
{
    size_t count;
    const crypto_suite *suites = crypto_suites(&count), *suite = crypto_suite_by_transform(transform);
    for (size_t i = 0; i < count && !suite; i++) {
        const srtp_transform *t = &suites[i].transform;
        if (suites[i].supported && t->cipher == transform->cipher && t->auth == transform->auth &&
            t->key_len == transform->key_len && t->salt_len == transform->salt_len)
            suite = &suites[i];
    }
    return suite;
}

static void add_extensions(export *to, const uint8_t *ids)
{
    const char *separator = " encrypted_extensions=";
    for (unsigned id = 1; ids && id <= UINT8_MAX; id++) {
        if (!(ids[id / 8] & 1u << id % 8))
            continue;
        g_string_append_printf(to->line, "%s%u", separator, id);
        separator = ",";
    }
}

static void add_number(export *to, const char *name, unsigned number, unsigned otherwise)
{
    if (number != otherwise)
        g_string_append_printf(to->line, " %s=%u", name, number);
}

static void add_srtp_options(export *to, const srtp_master_key *master, const srtp_transform *suite, const uint8_t *extensions)
{
    const srtp_transform *transform = &master->transform;
    if (master->mki_len) {
        g_string_append(to->line, " mki=");
        add_hex(to, master->mki, master->mki_len);
    }
    add_number(to, "kdr", master->kdr, 0);
    add_number(to, "unencrypted_srtp", master->unencrypted_srtp, 0);
    add_number(to, "unencrypted_srtcp", master->unencrypted_srtcp, 0);
    add_number(to, "unauthenticated_srtp", master->unauthenticated_srtp, 0);
    add_number(to, "srtp_tag", transform->srtp_tag_len, suite->srtp_tag_len);
    add_number(to, "srtcp_tag", transform->srtcp_tag_len, suite->srtcp_tag_len);
    add_number(to, "auth_key", transform->auth_key_len, suite->auth_key_len);
    add_number(to, "prefix", transform->prefix_len, suite->prefix_len);
    add_extensions(to, extensions);
}

/* stream NULL: any. */
static void write_srtp(export *to, const session_key *key, const stream_use *stream, const uint8_t *extensions)
{
    const srtp_master_key *master = srtp_context_key(key->context);
    const crypto_suite *suite = suite_to_name(&master->transform);
    if (!suite) {
        g_string_append_printf(to->line, "# key %s has a transform that no suite of a key log has", key->fingerprint);
        end_line(to);
        return;
    }
    g_string_append(to->line, "SRTP_MASTER ");
    if (stream)
        g_string_append_printf(to->line, "ssrc=0x%08x %s:", stream->ssrc, suite->name);
    else
        g_string_append_printf(to->line, "* %s:", suite->name);
    add_hex(to, master->key, master->transform.key_len);
    add_hex(to, master->salt, master->transform.salt_len);
    add_number(to, "roc", stream ? stream->roc : key->roc, 0);
    add_srtp_options(to, master, &suite->transform, extensions);
    end_line(to);
}

static const uint8_t *signalled_extensions(const session_key *key)
{
    if (key->leg && key->leg->has_encrypted_extensions)
        return key->leg->encrypted_extensions;
    return key->encrypted_extensions;
}

/* Keys that opened something come last: of keys for any stream the newest is tried first. */
static void write_srtp_keys(export *to, const keys_export_sources *sources)
{
    const GPtrArray *keys = session_keys_all(sources->keys);
    GHashTable *by_key = g_hash_table_new_full(NULL, NULL, NULL, free_uses);
    media_streams_each_use(sources->streams, note_use, by_key);
    for (guint i = 0; i < keys->len; i++) {
        const session_key *key = keys->pdata[i];
        if (!g_hash_table_contains(by_key, key) && key->is_signalled)
            write_srtp(to, key, NULL, signalled_extensions(key));
    }
    for (guint i = 0; i < keys->len; i++) {
        const key_uses *uses = g_hash_table_lookup(by_key, keys->pdata[i]);
        for (guint s = 0; uses && s < uses->streams->len; s++)
            write_srtp(to, keys->pdata[i], &g_array_index(uses->streams, stream_use, s), uses->encrypted_extensions);
    }
    g_hash_table_destroy(by_key);
}

/* --- MIKEY --------------------------------------------------------------------------------------------------------- */

/* Readings of one and the same key have one group; where none of them opened anything, the standard's stands first. */
static bool is_reading_to_write(const GArray *teks, guint at)
{
    const mikey_tek *tek = &g_array_index(teks, mikey_tek, at);
    bool is_first = at == 0 || g_array_index(teks, mikey_tek, at - 1).cs_id != tek->cs_id ||
                    g_array_index(teks, mikey_tek, at - 1).group != tek->group;
    return is_first || (tek->key && tek->key->claims);
}

static void write_tek(export *to, uint32_t csb_id, const mikey_tek *tek)
{
    const octet_span key = tek->step->key, salt = tek->step->salt;
    if (key.len != 16 && key.len != 24 && key.len != 32)
        return;
    g_string_append_printf(to->line, "MIKEY_TEK %08x/%u ", csb_id, tek->cs_id);
    add_hex(to, key.data, key.len);
    if (salt.len == 12 || salt.len == 14) {
        g_string_append_c(to->line, ':');
        add_hex(to, salt.data, salt.len);
    }
    end_line(to);
}

static void write_teks(export *to, const mikey_sessions *mikey)
{
    const GPtrArray *records = mikey_sessions_records(mikey);
    for (guint i = 0; i < records->len; i++) {
        const mikey_record *record = records->pdata[i];
        for (guint t = 0; t < record->teks->len; t++)
            if (is_reading_to_write(record->teks, t))
                write_tek(to, record->message->header.csb_id, &g_array_index(record->teks, mikey_tek, t));
    }
}

/* --- direct communication ------------------------------------------------------------------------------------------ */

static void write_sdes_key(export *to, const char *label, const char *name, const kd_sdes_key *key)
{
    g_string_append_printf(to->line, "%s %s ", label, name);
    add_hex(to, key->octets, (size_t)key->key_len + key->salt_len);
    end_line(to);
}

/* Offers with their answers: another capture may have the link that they keyed. What holds them together is a selector. */
static void write_sdes(export *to, const kd_sources *kd)
{
    static const pc5_context any = {.is_rekeying = false};
    GArray *candidates = kd_sources_candidates(kd, &any);
    for (guint i = candidates->len; i-- > 0;) { /* the likeliest last, as it is tried first */
        const kd_candidate *candidate = &g_array_index(candidates, kd_candidate, i);
        if (candidate->kind != KD_OF_SDES || candidate->line)
            continue;
        char *name = g_strdup_printf("frames-%u-%u-%u", candidate->offer_frame, candidate->frame, candidates->len - i);
        write_sdes_key(to, "SDES_K1", name, &candidate->offer);
        write_sdes_key(to, "SDES_K2", name, &candidate->answer);
        g_free(name);
    }
    g_array_unref(candidates);
}

static void add_sidelink_options(export *to, const sl_context *context)
{
    static const char *const directions[] = {"commander", "other", "0", "1"};
    const sl_reading *reading = &context->reading, *usual = &SL_PROFILE_DEFAULT.reading;
    g_string_append_printf(to->line, " eea=%u", context->eea);
    if (!context->eia_unknown)
        g_string_append_printf(to->line, " eia=%u", context->eia);
    if (context->commander != SL_NO_COMMANDER)
        g_string_append_printf(to->line, " commander=%04x", (unsigned)context->commander);
    if (reading->bearer != usual->bearer) {
        if (reading->bearer < KEYLOG_BEARER_LCID)
            g_string_append_printf(to->line, " bearer=%u", reading->bearer);
        else
            g_string_append(to->line, reading->bearer == SL_BEARER_LCID ? " bearer=lcid" : " bearer=lcid-1");
    }
    if (reading->direction != usual->direction)
        g_string_append_printf(to->line, " direction=%s", directions[reading->direction]);
    add_number(to, "mac_i_ciphered", reading->mac_i_ciphered, usual->mac_i_ciphered);
    add_number(to, "mac_i_over_data", reading->mac_i_over_data, usual->mac_i_over_data);
}

static void write_of_kd_sess_id(export *to, const sl_context *context, const char *label, const uint8_t *key, size_t len)
{
    g_string_append_printf(to->line, "%s %04x ", label, context->key_id);
    add_hex(to, key, len);
    add_sidelink_options(to, context);
    end_line(to);
}

static void write_context(export *to, const sl_context *context)
{
    if (context->kd.len) {
        if (context->signalled && context->signalled->has_kd_id)
            g_string_append_printf(to->line, "D2D_KD %08x ", context->signalled->kd_id);
        else
            g_string_append(to->line, "D2D_KD * ");
        add_hex(to, context->kd.octets, context->kd.len);
        end_line(to);
    }
    if (context->kd_sess.len)
        write_of_kd_sess_id(to, context, "D2D_KDSESS", context->kd_sess.octets, context->kd_sess.len);
    if (context->has_pek)
        write_of_kd_sess_id(to, context, "D2D_PEK", context->pek, sizeof context->pek);
    if (context->has_pik)
        write_of_kd_sess_id(to, context, "D2D_PIK", context->pik, sizeof context->pik);
}

/* Of contexts that nothing has proved, the right one may be any: they are written where there is no other. */
static void write_contexts(export *to, const sl_security *sidelink)
{
    const GPtrArray *contexts = sl_security_contexts(sidelink);
    GHashTable *proven = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < contexts->len; i++) {
        const sl_context *context = contexts->pdata[i];
        if (context->proven)
            g_hash_table_add(proven, GUINT_TO_POINTER(context->key_id));
    }
    for (guint i = 0; i < contexts->len; i++) {
        const sl_context *context = contexts->pdata[i];
        bool is_group = context->key_id & SL_GROUP_KEY; /* its keys follow from the PGK */
        if (!is_group && !context->unsupported &&
            (context->proven || !g_hash_table_contains(proven, GUINT_TO_POINTER(context->key_id))))
            write_context(to, context);
    }
    g_hash_table_destroy(proven);
}

static void write_pgk(uint32_t group_id, uint8_t pgk_id, octet_span pgk, void *user)
{
    export *to = user;
    g_string_append_printf(to->line, "PROSE_PGK %06x/%02x ", group_id, pgk_id);
    add_hex(to, pgk.data, pgk.len);
    end_line(to);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

GString *keys_export(const keys_export_sources *sources)
{
    export to = {.text = g_string_sized_new(FIRST_SIZE),
                 .line = g_string_sized_new(KEYLOG_MAX_LINE + 1),
                 .written = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, NULL)};
    write_srtp_keys(&to, sources);
    write_teks(&to, sources->mikey);
    write_sdes(&to, sources->kd);
    write_contexts(&to, sources->sidelink);
    sl_security_each_pgk(sources->sidelink, write_pgk, &to);
    g_hash_table_destroy(to.written);
    keys_export_free(to.line);
    return to.text;
}

void keys_export_free(GString *text)
{
    OPENSSL_cleanse(text->str, text->allocated_len);
    g_string_free(text, TRUE);
}

/* From what signalling or a key log brought to the session keys that opened packets: each function, its parameters, and fingerprints. */
#include "reports/verify_media_parts.h"

#include "ciphers/aes_cm.h"
#include "keys/srtp_session.h"

#include <openssl/crypto.h>

static const char MASTER[] = "SRTP master key and salt";

static verify_step *add_step(verify_report *report, verify_session *session, const char *function, const char *parameters,
                             const char *output, uint32_t length, const char *fingerprint)
{
    verify_step *step = verify_session_add_step(session, function, output);
    step->parameters = parameters;
    step->output_length = length;
    step->fingerprint = verify_report_text(report, "%s", fingerprint);
    return step;
}

static void add_secret_input(verify_report *report, verify_step *step, const char *name, size_t length, const char *fingerprint)
{
    verify_step_add_input(step, &(verify_input){.name = name,
                                                .length = (uint32_t)length,
                                                .fingerprint = verify_report_text(report, "%s", fingerprint)});
}

static uint32_t master_len(const session_key *key)
{
    const srtp_transform *transform = &srtp_context_key(key->context)->transform;
    return (uint32_t)transform->key_len + transform->salt_len;
}

/* --- MIKEY --------------------------------------------------------------------------------------------------------- */

static const char *parameters_of(verify_report *report, const mikey_step *step)
{
    char line[KEYLOG_LINE_LEN];
    switch (step->source) {
    case MIKEY_FROM_KEYLOG:
        return verify_report_text(report, "%s", keylog_line_text(step->line, line));
    case MIKEY_FROM_PRF:
        return step->function;
    case MIKEY_FROM_SPLIT:
        return verify_report_text(report, "the first %u octets", (unsigned)step->key.len);
    case MIKEY_FROM_CLEAR:
        return "without encryption";
    default:
        return NULL;
    }
}

/* What `step` follows from stands before it; each step once. */
static void add_mikey_step(verify_report *report, verify_session *session, const mikey_step *step, GHashTable *told)
{
    static const char *const functions[] = {[MIKEY_FROM_KEYLOG] = "taken from key log",
                                            [MIKEY_FROM_PKE] = "PKE opened with the private key",
                                            [MIKEY_FROM_KEMAC] = "taken from KEMAC",
                                            [MIKEY_FROM_CLEAR] = "taken from KEMAC",
                                            [MIKEY_FROM_PRF] = "MIKEY PRF",
                                            [MIKEY_FROM_SPLIT] = "split",
                                            [MIKEY_FROM_KEY] = "taken as it is"};
    if (!g_hash_table_add(told, (gpointer)step))
        return;
    if (step->from)
        add_mikey_step(report, session, step->from, told);
    verify_step *noted = add_step(report, session, functions[step->source], parameters_of(report, step), step->name,
                                  (uint32_t)step->key.len, step->fingerprint);
    noted->frame = step->frame;
    if (step->from)
        add_secret_input(report, noted, step->from->name, step->from->key.len, step->from->fingerprint);
}

static void add_tek(verify_report *report, verify_session *session, const media_key *key, GHashTable *told)
{
    const mikey_step *tek = key->tek;
    add_mikey_step(report, session, tek, told);
    verify_step *step = add_step(report, session, "taken as it is", verify_report_text(report, "CS %u", key->detail), MASTER,
                                 master_len(key->key), key->key->fingerprint);
    step->frame = key->frame;
    add_secret_input(report, step, tek->name, tek->key.len, tek->fingerprint);
    if (tek->salt.len)
        add_secret_input(report, step, "salt", tek->salt.len, tek->salt_fingerprint);
}

/* --- master keys --------------------------------------------------------------------------------------------------- */

static void add_master(verify_report *report, verify_session *session, const media_key *key, GHashTable *told)
{
    const char *function = "taken from SDP", *parameters = NULL;
    char line[KEYLOG_LINE_LEN];
    switch (key->origin) {
    case KEY_ORIGIN_MIKEY:
    case KEY_ORIGIN_MIKEY_TICKET:
        if (key->tek) {
            add_tek(report, session, key, told);
            return;
        }
        function = "taken from MIKEY";
        parameters = verify_report_text(report, "CS %u", key->detail);
        break;
    case KEY_ORIGIN_KEYLOG:
        function = key->detail ? "taken from key log" : "taken from preferences";
        parameters = key->detail ? verify_report_text(report, "%s", keylog_line_text(key->detail, line)) : NULL;
        break;
    case KEY_ORIGIN_KD:
        function = "HMAC-SHA-256 KDF (TS 33.220 B.2)";
        parameters = "FC 0xf0, P0 \"D2D-SRTP-KEY\" and \"D2D-SRTP-SALT\"";
        break;
    default:
        parameters = verify_report_text(report, "inline, tag %u", key->detail);
        break;
    }
    verify_step *step =
        add_step(report, session, function, parameters, MASTER, master_len(key->key), key->key->fingerprint);
    step->frame = key->frame;
    if (key->origin == KEY_ORIGIN_KD)
        verify_step_add_input(step, &(verify_input){.name = "KD"});
}

/* --- session keys -------------------------------------------------------------------------------------------------- */

static const char *function_of(const srtp_transform *transform, srtp_kdf_variant kdf)
{
    if (kdf == SRTP_KDF_AES192_AS_256)
        return "AES_256_CM_PRF over key, salt and 8 zero octets (libsrtp for AES-192)";
    if (transform->auth == SRTP_AUTH_AEAD)
        return "AES-CM PRF (RFC 7714 11)";
    return transform->key_len > AES_CM_IV_LEN ? "AES-CM PRF (RFC 6188 3)" : "AES-CM PRF (RFC 3711 4.3.3)";
}

typedef struct {
    verify_report *report;
    verify_session *session;
    const session_key *key;
    srtp_kdf_variant kdf;
} kdf_view;

static void add_session_key(const kdf_view *view, srtp_kdf_label label, const char *output, size_t len)
{
    const srtp_master_key *master = srtp_context_key(view->key->context);
    uint8_t octets[SRTP_MAX_AUTH_KEY_LEN];
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    const bool ok = srtp_session_derive(master, view->kdf, label, 0, octets, len);
    key_fingerprint(octets, len, fingerprint);
    OPENSSL_cleanse(octets, sizeof octets);
    if (!ok)
        return;
    const char *parameters = verify_report_text(view->report, "label 0x%02x, kdr %u, r 0", label, master->kdr);
    verify_step *step = add_step(view->report, view->session, function_of(&master->transform, view->kdf), parameters, output,
                                 (uint32_t)len, fingerprint);
    add_secret_input(view->report, step, MASTER, master_len(view->key), view->key->fingerprint);
}

/* Labels of RFC 3711 section 4.3.2. The session salt is of 112 bits, for AEAD suites of 96 (RFC 7714 section 11). */
static void add_session_keys(const kdf_view *view, bool is_rtcp)
{
    const srtp_transform *transform = &srtp_context_key(view->key->context)->transform;
    const size_t salt_len = transform->auth == SRTP_AUTH_AEAD ? AES_GCM_SALT_LEN : AES_CM_SALT_LEN;
    const size_t auth_len = transform->auth_key_len ? transform->auth_key_len : SRTP_AUTH_KEY_LEN;
    if (transform->cipher != SRTP_CIPHER_NULL)
        add_session_key(view, is_rtcp ? SRTP_LABEL_RTCP_ENCRYPTION : SRTP_LABEL_RTP_ENCRYPTION,
                        is_rtcp ? "SRTCP encryption key" : "SRTP encryption key", transform->key_len);
    if (transform->auth == SRTP_AUTH_HMAC_SHA1)
        add_session_key(view, is_rtcp ? SRTP_LABEL_RTCP_AUTH : SRTP_LABEL_RTP_AUTH,
                        is_rtcp ? "SRTCP authentication key" : "SRTP authentication key", auth_len);
    if (transform->cipher != SRTP_CIPHER_NULL)
        add_session_key(view, is_rtcp ? SRTP_LABEL_RTCP_SALT : SRTP_LABEL_RTP_SALT,
                        is_rtcp ? "SRTCP salt" : "SRTP salt", salt_len);
}

void verify_media_add_derivation(verify_report *report, verify_session *session, const media_subject *subject)
{
    GHashTable *told = g_hash_table_new(NULL, NULL); /* steps */
    for (guint i = 0; i < subject->keys->len; i++) {
        const media_key *key = &g_array_index(subject->keys, media_key, i);
        const kdf_view view = {.report = report,
                               .session = session,
                               .key = key->key,
                               .kdf = key->notes & MEDIA_NOTE_KDF_AES192_AS_256 ? SRTP_KDF_AES192_AS_256 : SRTP_KDF_RFC};
        add_master(report, session, key, told);
        if (key->srtp)
            add_session_keys(&view, false);
        if (key->srtcp)
            add_session_keys(&view, true);
    }
    g_hash_table_destroy(told);
}

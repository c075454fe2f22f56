#include "reports/verify_source.h"

#include "ciphers/crypto_library.h"
#include "compat.h"
#include "reports/verify_words.h"

#include <epan/epan.h>
#include <epan/prefs-int.h>
#include <epan/prefs.h>
#include <glib/gstdio.h>
#include <wsutil/report_message.h>
#include <wsutil/to_str.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_SEPARATOR ";"
#define CHUNK 65536

static const char *case_liid = "";
static const char *case_correlation = "";
static const char *case_operator = "";
static const char *case_from = "";
static const char *case_to = "";
static const char *case_captures = "";

void register_verify_preferences(void)
{
    module_t *module = prefs_find_module("d2dsec");
    prefs_register_string_preference(module, "case_liid", "LIID", "Lawful interception identifier, for the verification report",
                                     &case_liid);
    prefs_register_string_preference(module, "case_correlation", "Correlation number", "Likewise", &case_correlation);
    prefs_register_string_preference(module, "case_operator", "Operator", "Likewise", &case_operator);
    prefs_register_string_preference(module, "case_from", "Authorised from",
                                     "In UTC, as 2026-01-02T03:04:05Z; the verification report counts earlier packets apart", &case_from);
    prefs_register_string_preference(module, "case_to", "Authorised to",
                                     "In UTC, as 2026-01-02T03:04:05Z; the verification report counts later packets apart", &case_to);
    prefs_register_string_preference(module, "case_captures", "Capture files",
                                     "Files whose SHA-256 the verification report states, separated by ;", &case_captures);
}

/* --- the case ------------------------------------------------------------------------------------------------------- */

static int64_t read_end(const char *name, const char *text, int64_t open)
{
    int64_t time = open;
    if (*text && !verify_time_read(text, &time))
        report_warning("Preference d2dsec.%s is no time as 2026-01-02T03:04:05Z, and not used: %s", name, text);
    return time;
}

verify_window verify_source_window(void)
{
    verify_window window = {
        .from = read_end("case_from", case_from, INT64_MIN),
        .to = read_end("case_to", case_to, INT64_MAX),
    };
    if (window.from > window.to) {
        report_warning("Preference d2dsec.case_to is before d2dsec.case_from; neither is used");
        window = (verify_window){.from = INT64_MIN, .to = INT64_MAX};
    }
    return window;
}

static const char *said(verify_report *report, const char *text)
{
    return *text ? verify_report_octets(report, (const uint8_t *)text, strlen(text)) : NULL;
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

/* In hex; NULL, and errno, where the file could not be read to its end. Not by GChecksum, which frees the last octets of a key log as
 * they are: OpenSSL cleanses them. */
static const char *digest(verify_report *report, FILE *stream, uint64_t *size)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    uint8_t *buffer = g_malloc(CHUNK);
    uint8_t octets[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE + 1];
    unsigned len = 0;
    size_t got;
    bool done = EVP_DigestInit_ex2(hash, crypto_library_sha256(), NULL);
    *size = 0;
    while ((got = fread(buffer, 1, CHUNK, stream)) > 0) {
        done = done && EVP_DigestUpdate(hash, buffer, got);
        *size += got;
    }
    int problem = ferror(stream) ? errno : ENOTSUP;
    done = done && !ferror(stream) && EVP_DigestFinal_ex(hash, octets, &len);
    *bytes_to_hexstr(text, octets, len) = '\0';
    OPENSSL_cleanse(buffer, CHUNK); /* a key log holds secrets */
    g_free(buffer);
    EVP_MD_CTX_free(hash);
    errno = problem;
    return done ? verify_report_text(report, "%s", text) : NULL;
}

static void add_file(verify_report *report, GArray *files, const char *path)
{
    char *name = g_path_get_basename(path);
    verify_file file = {.name = verify_report_octets(report, (const uint8_t *)name, strlen(name))};
    g_free(name);
    FILE *stream = NULL;
    errno = 0;
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) { /* a pipe would wait for its writer */
        file.problem = "this is no regular file";
    } else if ((stream = g_fopen(path, "rb")) == NULL) {
        file.problem = verify_report_text(report, "%s", g_strerror(errno));
    } else {
        setvbuf(stream, NULL, _IONBF, 0); /* no copy of secrets in a buffer that is never cleansed */
        file.sha256 = digest(report, stream, &file.size);
        if (!file.sha256)
            file.problem = verify_report_text(report, "%s", g_strerror(errno));
        fclose(stream);
    }
    g_array_append_val(files, file);
}

static void add_files(verify_report *report, GArray *files, const char *paths)
{
    char **each = g_strsplit(paths, FILE_SEPARATOR, -1);
    for (char **path = each; *path; path++)
        if (*g_strstrip(*path))
            add_file(report, files, *path);
    g_strfreev(each);
}

/* --- preferences ---------------------------------------------------------------------------------------------------- */

typedef struct {
    verify_report *report;
    const char *module;
} preference_walk;

/* Paths and keys belong into no report, and what only changes how something looks does not affect the result. */
static bool affects_result(pref_t *preference)
{
    const char *name = prefs_get_name(preference);
    switch (prefs_get_type(preference)) {
    case PREF_UINT:
    case PREF_BOOL:
    case PREF_ENUM:
    case PREF_STRING:
        return !g_str_has_prefix(name, "case_") && strcmp(name, "show_keys") != 0;
    default:
        return false;
    }
}

/* Its value in the word by which it is set. */
static const char *preference_value(verify_report *report, pref_t *preference)
{
    if (prefs_get_type(preference) == PREF_ENUM) {
        for (const enum_val_t *each = prefs_get_enumvals(preference); each->name; each++)
            if (each->value == prefs_get_enum_value(preference, pref_current))
                return each->name;
    }
    char *text = prefs_pref_to_str(preference, pref_current);
    const char *value = verify_report_octets(report, (const uint8_t *)text, strlen(text));
    g_free(text);
    return value;
}

static ws_uint take_preference(pref_t *preference, void *data)
{
    const preference_walk *walk = data;
    if (!affects_result(preference) || prefs_pref_is_default(preference))
        return 0;
    verify_preference taken = {
        .name = verify_report_text(walk->report, "%s.%s", walk->module, prefs_get_name(preference)),
        .value = preference_value(walk->report, preference),
    };
    g_array_append_val(walk->report->preferences, taken);
    return 0;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(((const verify_preference *)a)->name, ((const verify_preference *)b)->name);
}

static void add_preferences(verify_report *report)
{
    static const char *const MODULES[] = {"d2dsec", "pc5s"};
    for (guint i = 0; i < G_N_ELEMENTS(MODULES); i++) {
        preference_walk walk = {.report = report, .module = MODULES[i]};
        prefs_pref_foreach(prefs_find_module(MODULES[i]), take_preference, &walk);
    }
    g_array_sort(report->preferences, by_name);
}

static void add_keylog(verify_report *report, const char *preference)
{
    const char *path = prefs_get_string_value(prefs_find_preference(prefs_find_module("d2dsec"), preference), pref_current);
    if (path && *path)
        add_file(report, report->keylogs, path);
}

void verify_source_describe(verify_report *report, const verify_window *window)
{
    int major, minor, micro;
    epan_get_version_number(&major, &minor, &micro);
    report->plugin_version = D2DSEC_VERSION;
    report->wireshark_version = verify_report_text(report, "%d.%d.%d", major, minor, micro);
    report->openssl_version = OpenSSL_version(OPENSSL_VERSION_STRING);
    report->case_data = (verify_case){
        .liid = said(report, case_liid),
        .correlation = said(report, case_correlation),
        .operator_name = said(report, case_operator),
        .window = *window,
    };
    add_preferences(report);
    add_files(report, report->captures, case_captures);
    add_keylog(report, "keylog_file");
    add_keylog(report, "keylog_derived");
}

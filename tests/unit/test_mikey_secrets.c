#include "sessions/mikey_secrets.h"

#include "mikey_scene.h"

#include <string.h>

#define TEXT(text) ((octet_span){(const uint8_t *)(text), strlen(text)})

static void add(mikey_secrets *secrets, const char *line)
{
    keylog_entry *entry;
    char *error;
    keylog_parse_line(line, strlen(line), &entry, &error);
    g_assert_cmpstr(error, ==, NULL);
    entry->line = mikey_secrets_count(secrets) + 1;
    mikey_secrets_add(secrets, entry);
    keylog_entry_free(entry);
}

/* The lines of the secrets that were found, in their order. */
static char *lines_of(GPtrArray *found)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(text, "%s%u", i ? " " : "", ((const mikey_step *)found->pdata[i])->line);
    g_ptr_array_free(found, TRUE);
    return g_string_free(text, FALSE);
}

static void assert_by_identity(mikey_secrets *secrets, keylog_label label, octet_span identity, const char *expected)
{
    GPtrArray *found = g_ptr_array_new();
    mikey_secrets_by_identity(secrets, label, identity, found);
    g_autofree char *lines = lines_of(found);
    g_assert_cmpstr(lines, ==, expected);
}

static void assert_by_csb(mikey_secrets *secrets, keylog_label label, uint32_t csb_id, const char *expected)
{
    GPtrArray *found = g_ptr_array_new();
    mikey_secrets_by_csb(secrets, label, csb_id, found);
    g_autofree char *lines = lines_of(found);
    g_assert_cmpstr(lines, ==, expected);
}

static mikey_secrets *some_secrets(void)
{
    static const char *const lines[] = {
        "MIKEY_PSK alice 01",  "MIKEY_PSK * 02",       "MIKEY_PSK alice 03", "MIKEY_PSK 0x616c6963650a 04", "MIKEY_TPK alice 05",
        "MIKEY_TPK * 06",      "MIKEY_MPK 00000007 07", "MIKEY_MPK * 08",    "MIKEY_TGK 7 09",              "MIKEY_TGK 0x8 0a",
        "MIKEY_TGK * 0b:0102030405060708090a0b0c", "MIKEY_TEK 7/1 0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
        "MIKEY_TEK 7/2 0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d:0102030405060708090a0b0c0d0e",
        "MIKEY_TEK 7/1 0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e", "MIKEY_PSK * 0f",
    };
    mikey_secrets *secrets = mikey_secrets_new();
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        add(secrets, lines[i]);
    g_assert_cmpuint(mikey_secrets_count(secrets), ==, G_N_ELEMENTS(lines));
    return secrets;
}

/* What selects it, and the newest first. */
static void test_selectors(void)
{
    mikey_secrets *secrets = some_secrets();
    assert_by_identity(secrets, KEYLOG_MIKEY_PSK, TEXT("alice"), "3 1");
    assert_by_identity(secrets, KEYLOG_MIKEY_PSK, TEXT("alice\n"), "4");
    assert_by_identity(secrets, KEYLOG_MIKEY_PSK, TEXT("alic"), "");
    assert_by_identity(secrets, KEYLOG_MIKEY_PSK, TEXT("Alice"), "");
    assert_by_identity(secrets, KEYLOG_MIKEY_PSK, (octet_span){NULL, 0}, "");
    assert_by_identity(secrets, KEYLOG_MIKEY_PSK, TEXT(""), "");
    assert_by_identity(secrets, KEYLOG_MIKEY_TPK, TEXT("alice"), "5");
    assert_by_csb(secrets, KEYLOG_MIKEY_MPK, 7, "7 8");
    assert_by_csb(secrets, KEYLOG_MIKEY_MPK, 8, "8");
    assert_by_csb(secrets, KEYLOG_MIKEY_TGK, 7, "9 11");
    assert_by_csb(secrets, KEYLOG_MIKEY_TGK, 8, "10 11");
    assert_by_csb(secrets, KEYLOG_MIKEY_TGK, 0x700, "11");
    GPtrArray *found = g_ptr_array_new();
    mikey_secrets_by_none(secrets, KEYLOG_MIKEY_PSK, found);
    g_autofree char *any = lines_of(found);
    g_assert_cmpstr(any, ==, "15 2");
    mikey_secrets_free(secrets);
}

static void test_teks(void)
{
    static const struct {
        uint32_t csb_id;
        uint8_t cs_id;
        const char *expected;
    } rows[] = {{7, 1, "14 12"}, {7, 2, "13"}, {7, 3, ""}, {8, 1, ""}, {0, 0, ""}, {0xffffffff, 255, ""}};
    mikey_secrets *secrets = some_secrets();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GPtrArray *found = g_ptr_array_new();
        mikey_secrets_teks(secrets, rows[i].csb_id, rows[i].cs_id, found);
        g_autofree char *lines = lines_of(found);
        g_assert_cmpstr(lines, ==, rows[i].expected);
    }
    mikey_secrets_free(secrets);
}

/* Kind and salt, as a key of a KEMAC has them. */
static void test_kinds(void)
{
    static const struct {
        const char *line, *name;
        uint8_t kind;
        size_t salt_len;
    } rows[] = {
        {"MIKEY_MPK * 01", "MPK", MIKEY_KEY_MPK, 0},
        {"MIKEY_TGK * 01", "TGK", MIKEY_KEY_TGK, 0},
        {"MIKEY_TGK * 01:0102030405060708090a0b0c", "TGK", MIKEY_KEY_TGK_SALT, 12},
        {"MIKEY_TGK * 01:0102030405060708090a0b0c0d0e", "TGK", MIKEY_KEY_TGK_SALT, 14},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mikey_secrets *secrets = mikey_secrets_new();
        GPtrArray *found = g_ptr_array_new();
        add(secrets, rows[i].line);
        mikey_secrets_by_csb(secrets, i ? KEYLOG_MIKEY_TGK : KEYLOG_MIKEY_MPK, 1, found);
        g_assert_cmpuint(found->len, ==, 1);
        const mikey_step *step = found->pdata[0];
        g_assert_cmpstr(step->name, ==, rows[i].name);
        g_assert_cmpint(step->source, ==, MIKEY_FROM_KEYLOG);
        g_assert_cmpint(step->kind, ==, rows[i].kind);
        g_assert_cmpuint(step->salt.len, ==, rows[i].salt_len);
        g_assert_cmpuint(step->line, ==, 1);
        g_ptr_array_free(found, TRUE);
        mikey_secrets_free(secrets);
    }
}

/* Of many the newest, and each but once. */
static void test_bound(void)
{
    mikey_secrets *secrets = mikey_secrets_new();
    GPtrArray *found = g_ptr_array_new();
    for (unsigned i = 0; i < 3 * MIKEY_MAX_SECRETS; i++)
        add(secrets, i % 2 ? "MIKEY_TGK * 01" : "MIKEY_TGK 1 02");
    for (int again = 0; again < 2; again++)
        mikey_secrets_by_csb(secrets, KEYLOG_MIKEY_TGK, 1, found);
    g_assert_cmpuint(found->len, ==, 2 * MIKEY_MAX_SECRETS);
    g_assert_cmpuint(((const mikey_step *)found->pdata[0])->line, ==, 3 * MIKEY_MAX_SECRETS - 1);
    g_assert_cmpuint(((const mikey_step *)found->pdata[MIKEY_MAX_SECRETS])->line, ==, 3 * MIKEY_MAX_SECRETS);
    g_ptr_array_free(found, TRUE);
    mikey_secrets_free(secrets);
}

static void test_cleansed(void)
{
    mikey_secrets *secrets = mikey_secrets_new();
    add(secrets, "MIKEY_TEK 7/2 73697874656e206f6374657473206f6b:0102030405060708090a0b0c0d0e");
    mikey_watch_cleansing();
    mikey_secrets_free(secrets);
    mikey_secrets_free(NULL);
    g_assert_true(mikey_was_cleansed(TEXT("sixten octets ok")));
    g_assert_true(mikey_was_cleansed(TEXT("\1\2\3\4\5\6\7\10\11\12\13\14\15\16")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-secrets/selectors", test_selectors);
    g_test_add_func("/mikey-secrets/teks", test_teks);
    g_test_add_func("/mikey-secrets/kinds", test_kinds);
    g_test_add_func("/mikey-secrets/bound", test_bound);
    g_test_add_func("/mikey-secrets/cleansed", test_cleansed);
    return g_test_run();
}

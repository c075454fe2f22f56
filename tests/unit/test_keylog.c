/* The key log: its lines as keyfiles/README.md defines them, SRTP_MASTER's alone as far as labels differ, and a file that
 * changes under the reader. */
#include "keylog_lines.h"

#include <glib/gstdio.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <utime.h>

static void assert_master(const keylog_entry *entry)
{
    g_assert_nonnull(entry);
    g_assert_cmpint(entry->label, ==, KEYLOG_SRTP_MASTER);
    g_assert_cmpstr(entry->suite->name, ==, SUITE);
    g_assert_cmpint(entry->srtp.transform.cipher, ==, SRTP_CIPHER_AES_CM);
    g_assert_cmpint(entry->srtp.transform.srtp_tag_len, ==, 10);
    for (int i = 0; i < 16; i++)
        g_assert_cmpint(entry->srtp.key[i], ==, i);
    for (int i = 0; i < 14; i++)
        g_assert_cmpint(entry->srtp.salt[i], ==, 16 + i);
}

static void test_secret(void)
{
    static const char *const lines[] = {
        "SRTP_MASTER * " SUITE ":" HEX,
        "SRTP_MASTER * " SUITE ":" BASE64,
        "\t SRTP_MASTER\t \t*  aes_cm_128_hmac_sha1_80:" HEX " \t",
        "SRTP_MASTER * " SECRET "\r\n",
        "SRTP_MASTER * " SECRET "\n",
        "SRTP_MASTER * " SECRET " # from the lab",
        "SRTP_MASTER * " SECRET "\t#",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        keylog_entry *entry = parse(lines[i]);
        assert_master(entry);
        g_assert_cmpint(entry->selector, ==, KEYLOG_ANY);
        g_assert_cmpuint(entry->srtp.mki_len, ==, 0);
        g_assert_cmpuint(entry->srtp.kdr, ==, 0);
        g_assert_cmpuint(entry->line, ==, 0);
        keylog_entry_free(entry);
    }
    keylog_entry *entry = parse("SRTP_MASTER * AEAD_AES_256_GCM:H/rhik7VVMXhJI3j3YPdZKHs6F1pcQvxDJkbc8VezQvtzfo5OhFUwC5Y2Wg");
    g_assert_cmpuint(entry->srtp.transform.salt_len, ==, 12);
    g_assert_cmpuint(entry->srtp.key[0], ==, 0x1f);
    g_assert_cmpuint(entry->srtp.salt[11], ==, 0x68);
    keylog_entry_free(entry);
    keylog_entry_free(NULL);
}

static void refuse(const char *line, const char *reason)
{
    assert_refused(line, strlen(line), reason);
}

/* What a MIKEY policy may choose, and RFC 6904. */
static void test_policy_options(void)
{
    keylog_entry *entry = parse("SRTP_MASTER * " SECRET " srtp_tag=8 srtcp_tag=20 auth_key=32 prefix=255 encrypted_extensions=1,14,255");
    g_assert_cmpuint(entry->srtp.transform.srtp_tag_len, ==, 8);
    g_assert_cmpuint(entry->srtp.transform.srtcp_tag_len, ==, 20);
    g_assert_cmpuint(entry->srtp.transform.auth_key_len, ==, 32);
    g_assert_cmpuint(entry->srtp.transform.prefix_len, ==, 255);
    g_assert_true(entry->has_encrypted_extensions);
    for (unsigned id = 0; id < 256; id++)
        g_assert_cmpint((entry->encrypted_extensions[id / 8] >> id % 8) & 1, ==, id == 1 || id == 14 || id == 255);
    keylog_entry_free(entry);
    entry = parse("SRTP_MASTER * " SECRET " auth_key=20");
    g_assert_cmpuint(entry->srtp.transform.auth_key_len, ==, 0);
    g_assert_false(entry->has_encrypted_extensions);
    keylog_entry_free(entry);
    refuse("SRTP_MASTER * " SECRET " srtp_tag=21", "srtp_tag= and srtcp_tag= want");
    refuse("SRTP_MASTER * " SECRET " auth_key=0", "auth_key= wants");
    refuse("SRTP_MASTER * " SECRET " prefix=256", "prefix= 0 to 255");
    refuse("SRTP_MASTER * " SECRET " encrypted_extensions=0", "encrypted_extensions= wants");
    refuse("SRTP_MASTER * " SECRET " encrypted_extensions=1,", "encrypted_extensions= wants");
    refuse("SRTP_MASTER * AEAD_AES_128_GCM:000102030405060708090a0b0c0d0e0f101112131415161718191a1b srtp_tag=10", "GCM has");
    refuse("SRTP_MASTER * AEAD_AES_128_GCM:000102030405060708090a0b0c0d0e0f101112131415161718191a1b prefix=1", "prefix= is for");
}

/* A key of an interception record: hexadecimal or base64, each by itself. */
static void test_interception_record(void)
{
    static const char *const keys[] = {"000102030405060708090a0b0c0d0e0f", "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0ODw"};
    static const char *const salts[] = {"", ":101112131415161718191a1b1c1d", ":EBESExQVFhcYGRobHB0="};
    for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
        for (size_t s = 0; s < G_N_ELEMENTS(salts); s++) {
            char *line = g_strconcat("HI2_CC 0x00a1 ", keys[k], salts[s], NULL);
            keylog_entry *entry = parse(line);
            g_assert_cmpint(entry->label, ==, KEYLOG_HI2_CC);
            g_assert_cmpint(entry->selector, ==, KEYLOG_CC);
            g_assert_cmpmem(entry->id, entry->id_len, "\0\xa1", 2);
            g_assert_cmpuint(entry->secret_len, ==, 16);
            g_assert_cmpuint(entry->secret[15], ==, 15);
            g_assert_cmpuint(entry->salt_len, ==, s ? 14 : 0);
            g_assert_cmpuint(entry->salt[13], ==, s ? 0x1d : 0);
            keylog_entry_free(entry);
            g_free(line);
        }
    }
    refuse("HI2_CC 0 000102030405060708090a0b0c0d0e0f", "cCCSID wants");
    refuse("HI2_CC 01 000102030405060708090a0b0c0d0e", "cCDecKey wants");
    refuse("HI2_CC 01 000102030405060708090a0b0c0d0e0f:", "cCSalt wants");
    refuse("HI2_CC 01 000102030405060708090a0b0c0d0e0f:00", "cCSalt wants");
    refuse("HI2_CC 01 000102030405060708090a0b0c0d0e0f kdr=1", "no options");
    char *line = g_strnfill(130, '0'), *long_id = g_strconcat("HI2_CC ", line, " 000102030405060708090a0b0c0d0e0f", NULL);
    refuse(long_id, "cCCSID wants");
    g_free(long_id);
    g_free(line);
}

static void test_no_secret(void)
{
    static const char *const lines[] = {"", "\r\n", "\n", " \t ", "#", "# SRTP_MASTER * x", "  # x", "\t#\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_null(parse(lines[i]));
    keylog_entry *entry;
    char *error;
    g_assert_true(keylog_parse_line(NULL, 0, &entry, &error));
    g_assert_null(entry);
}

static void test_selectors(void)
{
    keylog_entry *entry = parse("SRTP_MASTER ssrc=0xDeadBeef " SECRET);
    g_assert_cmpint(entry->selector, ==, KEYLOG_SSRC);
    g_assert_cmphex(entry->ssrc, ==, 0xdeadbeef);
    keylog_entry_free(entry);

    entry = parse("SRTP_MASTER ssrc=0x7 " SECRET);
    g_assert_cmphex(entry->ssrc, ==, 7);
    keylog_entry_free(entry);

    transport_address expected;
    transport_address_set(&expected, (const uint8_t *)"\xc0\0\2\1", 4, 4000);
    entry = parse("SRTP_MASTER src=192.0.2.1:4000 " SECRET);
    g_assert_cmpint(entry->selector, ==, KEYLOG_SOURCE);
    g_assert_true(transport_address_equal(&entry->address, &expected));
    keylog_entry_free(entry);

    transport_address_set(&expected, (const uint8_t *)"\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, 65535);
    entry = parse("SRTP_MASTER dst=[2001:DB8::1]:65535 " SECRET);
    g_assert_cmpint(entry->selector, ==, KEYLOG_DESTINATION);
    g_assert_true(transport_address_equal(&entry->address, &expected));
    keylog_entry_free(entry);

    entry = parse("SRTP_MASTER call=a84b4c76e66710#1@pc33.example.com " SECRET); /* no comment within a field */
    g_assert_cmpint(entry->selector, ==, KEYLOG_CALL);
    g_assert_cmpstr(entry->call_id, ==, "a84b4c76e66710#1@pc33.example.com");
    keylog_entry_free(entry);
}

static void test_options(void)
{
    keylog_entry *entry = parse("SRTP_MASTER * " SECRET " kdr=32 mki=00Ff unauthenticated_srtp=1 unencrypted_srtp=0");
    g_assert_cmpmem(entry->srtp.mki, entry->srtp.mki_len, "\0\xff", 2);
    g_assert_cmpuint(entry->srtp.kdr, ==, 32);
    g_assert_true(entry->srtp.unauthenticated_srtp);
    g_assert_false(entry->srtp.unencrypted_srtp);
    g_assert_false(entry->srtp.unencrypted_srtcp);
    keylog_entry_free(entry);

    entry = parse("SRTP_MASTER * " SECRET " roc=4294967295 kdr=0");
    g_assert_cmpuint(entry->roc, ==, UINT32_MAX);
    keylog_entry_free(entry);

    entry = parse("SRTP_MASTER * " SECRET " kdr=16777216 unencrypted_srtcp=1 unencrypted_srtp=1");
    g_assert_cmpuint(entry->roc, ==, 0);
    g_assert_cmpuint(entry->srtp.kdr, ==, 1u << 24);
    g_assert_true(entry->srtp.unencrypted_srtp);
    g_assert_true(entry->srtp.unencrypted_srtcp);
    g_assert_false(entry->srtp.unauthenticated_srtp);
    keylog_entry_free(entry);

    g_autofree char *digits = g_strnfill(256, 'a');
    g_autofree char *line = g_strdup_printf("SRTP_MASTER * " SECRET " mki=%s", digits);
    entry = parse(line);
    g_assert_cmpuint(entry->srtp.mki_len, ==, 128);
    g_assert_cmpuint(entry->srtp.mki[127], ==, 0xaa);
    keylog_entry_free(entry);
}

static void test_errors(void)
{
    static const struct {
        const char *line, *reason;
    } rows[] = {
        {"CLIENT_RANDOM " HEX " " HEX, "unknown label CLIENT_RANDOM"},
        {"MIKEY_KEK * " HEX, "unknown label MIKEY_KEK"},
        {"D2D_KEYS2 * " HEX, "unknown label D2D_KEYS2"},
        {"2D_KEYS * " HEX, "does not begin with a label"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF * x", "unknown label ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"},
        {"srtp_master * " SECRET, "does not begin with a label"},
        {HEX, "does not begin with a label"},
        {BASE64 " * " SUITE, "does not begin with a label"},
        {"00112233445566778899AABBCCDDEEFF", "does not begin with a label"},
        {"AABBCCDDEEFFAABBCCDDEEFFAABBCC * x", "does not begin with a label"},
        {"MIKEY_PSK00112233445566778899AABB * x", "does not begin with a label"}, /* the key has run into the label */
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG * x", "does not begin with a label"},
        {"SRTP_MASTER", "selector is missing"},
        {"SRTP_MASTER # * " SECRET, "selector is missing"},
        {"SRTP_MASTER " SECRET, "selector is none of"},
        {"SRTP_MASTER " HEX " " HEX, "selector is none of"},
        {"SRTP_MASTER ** " SECRET, "selector is none of"},
        {"SRTP_MASTER *", "secret is missing"},
        {"SRTP_MASTER ssrc=12345678 " SECRET, "ssrc="},
        {"SRTP_MASTER ssrc=0x " SECRET, "ssrc="},
        {"SRTP_MASTER ssrc=0x123456789 " SECRET, "ssrc="},
        {"SRTP_MASTER ssrc=0x12g4 " SECRET, "ssrc="},
        {"SRTP_MASTER src=192.0.2.1 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER src=192.0.2.1:0 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER src=192.0.2.1:65536 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER src=192.0.2.1: " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER src=2001:db8::1:4000 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER src=[192.0.2.1]:4000 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER dst=[2001:db8::1]4000 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER dst=[2001:db8::1 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER dst=example.com:4000 " SECRET, "ADDRESS:PORT"},
        {"SRTP_MASTER call= " SECRET, "Call-ID"},
        {"SRTP_MASTER * " HEX, "wants a crypto suite"},
        {"SRTP_MASTER * " HEX ":" SUITE, "suite is unknown"},
        {"SRTP_MASTER * :" HEX, "suite is unknown"},
        {"SRTP_MASTER * SEED_CTR_128_HMAC_SHA1_80:" HEX, "not supported"},
        {"SRTP_MASTER * " SUITE ":", "neither hexadecimal"},
        {"SRTP_MASTER * " SUITE ":" HEX "00", "not as long"},
        {"SRTP_MASTER * AES_256_CM_HMAC_SHA1_80:" HEX, "not as long"},
        {"SRTP_MASTER * " SUITE ":" BASE64 "AAAA", "not as long"},
        {"SRTP_MASTER * " SUITE ":" BASE64 "=", "neither hexadecimal"},
        {"SRTP_MASTER * " SUITE ":AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw*", "neither hexadecimal"},
        {"SRTP_MASTER * " SECRET " " HEX, "option is unknown"},
        {"SRTP_MASTER * " SECRET " mki", "option is unknown"},
        {"SRTP_MASTER * " SECRET " MKI=01", "option is unknown"},
        {"SRTP_MASTER * " SECRET " mki=01 mki=01", "option is repeated"},
        {"SRTP_MASTER * " SECRET " unencrypted_srtcp=1 kdr=1 unencrypted_srtcp=1", "option is repeated"},
        {"SRTP_MASTER * " SECRET " mki=", "mki="},
        {"SRTP_MASTER * " SECRET " mki=012", "mki="},
        {"SRTP_MASTER * " SECRET " mki=0x", "mki="},
        {"SRTP_MASTER * " SECRET " kdr=3", "kdr="},
        {"SRTP_MASTER * " SECRET " kdr=33554432", "kdr="},
        {"SRTP_MASTER * " SECRET " kdr=", "kdr="},
        {"SRTP_MASTER * " SECRET " kdr=-1", "kdr="},
        {"SRTP_MASTER * " SECRET " roc=4294967296", "roc="},
        {"SRTP_MASTER * " SECRET " roc=0x10", "roc="},
        {"SRTP_MASTER * " SECRET " roc=", "roc="},
        {"SRTP_MASTER * " SECRET " unencrypted_srtp=yes", "unencrypted_srtp="},
        {"\xef\xbb\xbfSRTP_MASTER * " SECRET, "does not begin with a label"}, /* a mark anywhere but at the file's start */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_refused(rows[i].line, strlen(rows[i].line), rows[i].reason);

    static const char nul[] = "SRTP_MASTER * " SUITE ":\0" HEX;
    assert_refused(nul, sizeof nul - 1, "NUL");
    static const char wide[] = "S\0R\0T\0P\0";
    assert_refused(wide, sizeof wide - 1, "UTF-16");

    g_autofree char *digits = g_strnfill(258, 'a');
    g_autofree char *line = g_strdup_printf("SRTP_MASTER * " SECRET " mki=%s", digits);
    assert_refused(line, strlen(line), "mki=");

    g_autofree char *comment = g_strnfill(KEYLOG_MAX_LINE + 1, '#');
    assert_refused(comment, KEYLOG_MAX_LINE + 1, "longer than 4096");
    keylog_entry *entry;
    char *error;
    g_assert_true(keylog_parse_line(comment, KEYLOG_MAX_LINE, &entry, &error));
}

static GByteArray *cleansed;

/* In OpenSSL's place: keeps what was overwritten. */
void OPENSSL_cleanse(void *ptr, size_t len)
{
    if (cleansed)
        g_byte_array_append(cleansed, ptr, (guint)len);
    memset(ptr, 0, len);
}

static bool was_cleansed(const char *octets, size_t len)
{
    for (size_t at = 0; at + len <= cleansed->len; at++)
        if (memcmp(cleansed->data + at, octets, len) == 0)
            return true;
    return false;
}

/* Whether the line serves or not, what was read of its secret is overwritten. */
static void test_cleansed(void)
{
    static const char key[] = "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", salt[] = "\20\21\22\23\24\25\26\27\30\31\32\33\34\35";
    static const struct {
        const char *line;
        bool good, has_salt;
    } rows[] = {
        {"SRTP_MASTER * " SECRET, true, true},
        {"SRTP_MASTER * " SECRET " kdr=x", false, true},
        {"MIKEY_PSK * " HEX, true, true},
        {"MIKEY_TPK tpk-1 " TEK, true, false},
        {"MIKEY_MPK * " TEK, true, false},
        {"MIKEY_TGK 1 " TEK, true, false},
        {"MIKEY_TEK 1/1 " TEK ":" SALT, true, true},
        {"MIKEY_TGK 1 " TEK "zz", false, false},
        {"MIKEY_TEK 1/1 " TEK ":" SALT " x", false, true},
        {"MIKEY_TEK 1/1 " TEK ":1011", false, false},
        {"MIKEY_PSK 0x" TEK " alice", false, false}, /* the fields swapped */
        {"D2D_KD * " HEX, true, true},
        {"D2D_KDSESS 7b31 " TEK, true, false},
        {"D2D_PEK 7b31 " TEK, true, false},
        {"D2D_PIK * " TEK " x", false, false},
        {"PROSE_PGK a00001/1 " HEX, true, true},
        {"PROSE_PGK a00001/1 " HEX "zz", false, true},
        {"SDES_K1 00a001-00b002 " TEK, true, false},
        {"SDES_K1 00a001-00b002 " TEK SALT, true, true},
        {"SDES_K2 * " TEK "101112131415161718191a1b1czz", false, false},
    };
    cleansed = g_byte_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        keylog_entry *entry;
        g_autofree char *error = NULL;
        g_test_message("%s", rows[i].line);
        g_assert_cmpint(keylog_parse_line(rows[i].line, strlen(rows[i].line), &entry, &error), ==, rows[i].good);
        if (rows[i].good) {
            g_byte_array_set_size(cleansed, 0);
            keylog_entry_free(entry);
        }
        g_assert_true(was_cleansed(key, 16));
        g_assert_true(!rows[i].has_salt || was_cleansed(salt, 14));
        g_byte_array_set_size(cleansed, 0);
    }
    g_byte_array_free(g_steal_pointer(&cleansed), TRUE);
}

/* Where anything passes as a Call-ID, a secret may stand in its place. */
static void test_call_id_cleansed(void)
{
    static const char *const lines[] = {"SDES_K1 " HEX " " TEK, "SDES_K2 " HEX " *", "SRTP_MASTER call=" HEX " " SECRET};
    cleansed = g_byte_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        keylog_entry *entry;
        g_autofree char *error = NULL;
        g_byte_array_set_size(cleansed, 0);
        keylog_parse_line(lines[i], strlen(lines[i]), &entry, &error);
        keylog_entry_free(entry);
        g_assert_true(was_cleansed(HEX, strlen(HEX)));
    }
    g_byte_array_free(g_steal_pointer(&cleansed), TRUE);
}

/* What the format's definition shows must be read. */
static void test_documented_examples(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "..", "keyfiles", "README.md", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned counts[KEYLOG_SDES_K2 + 1] = {0};
    bool examples = false;
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "#"))
            examples = g_str_has_prefix(*line, "### Examples");
        if (!examples || !g_str_has_prefix(*line, "    "))
            continue;
        keylog_entry *entry = parse(*line);
        if (entry)
            counts[entry->label]++;
        keylog_entry_free(entry);
    }
    g_assert_cmpuint(counts[KEYLOG_SRTP_MASTER], ==, 6);
    for (int label = KEYLOG_MIKEY_PSK; label <= KEYLOG_SDES_K2; label++)
        g_assert_cmpuint(counts[label], ==, 2);
}

typedef struct {
    char *path;
    keylog_file *file;
    GString *seen; /* "3" a secret of line 3, "!4" an error of line 4 */
    char *last_error;
} fixture;

static void on_entry(keylog_entry *entry, void *user)
{
    fixture *f = user;
    g_string_append_printf(f->seen, "%s%u", f->seen->len ? " " : "", entry->line);
    keylog_entry_free(entry);
}

static void on_error(unsigned line, const char *error, void *user)
{
    fixture *f = user;
    g_string_append_printf(f->seen, "%s!%u", f->seen->len ? " " : "", line);
    g_free(f->last_error);
    f->last_error = g_strdup(error);
}

static void set_up(fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("d2dsec-keylog-XXXXXX", &error);
    g_assert_no_error(error);
    f->path = g_build_filename(dir, "keys.log", NULL);
    f->file = keylog_file_new(f->path);
    f->seen = g_string_new(NULL);
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *dir = g_path_get_dirname(f->path);
    keylog_file_free(f->file);
    g_remove(f->path);
    g_rmdir(dir);
    g_free(f->path);
    g_free(f->last_error);
    g_string_free(f->seen, TRUE);
}

static void write_octets(fixture *f, const char *mode, const char *octets, size_t len)
{
    FILE *stream = g_fopen(f->path, mode);
    g_assert_nonnull(stream);
    g_assert_cmpuint(fwrite(octets, 1, len, stream), ==, len);
    g_assert_cmpint(fclose(stream), ==, 0);
}

static void write_text(fixture *f, const char *mode, const char *text)
{
    write_octets(f, mode, text, strlen(text));
}

/* Reads and compares what came. */
static void assert_read(fixture *f, bool at_end, bool expect_restart, const char *expected)
{
    bool restarted = !expect_restart;
    g_string_truncate(f->seen, 0);
    unsigned added = keylog_file_read(f->file, at_end, &restarted, on_entry, on_error, f);
    g_assert_cmpstr(f->seen->str, ==, expected);
    g_assert_cmpint(restarted, ==, expect_restart);
    unsigned entries = 0;
    for (const char *c = f->seen->str; *c; c++)
        entries += (c == f->seen->str || c[-1] == ' ') && *c != '!';
    g_assert_cmpuint(added, ==, entries);
}

#define LINE "SRTP_MASTER * " SECRET "\n"

/* As a capture may hold it: what counts in a file counts here. */
static void test_text(fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *comment = g_strnfill(KEYLOG_MAX_LINE + 1, '#');
    g_autofree char *text = g_strconcat("\xef\xbb\xbf" LINE "\r\n# lab\n", comment, "\nbad\n" LINE "SRTP_MASTER * " SECRET, NULL);
    g_assert_cmpuint(keylog_read_text(text, strlen(text), on_entry, on_error, f), ==, 3);
    g_assert_cmpstr(f->seen->str, ==, "1 !4 !5 6 7");
    g_assert_cmpuint(keylog_read_text("", 0, on_entry, on_error, f), ==, 0);
}

static void test_growth(fixture *f, gconstpointer data)
{
    (void)data;
    write_text(f, "wb", "# lab\n\n" LINE);
    assert_read(f, false, false, "3");
    assert_read(f, false, false, "");
    write_text(f, "ab", LINE "bad\n" LINE);
    assert_read(f, false, false, "4 !5 6");
    g_assert_cmpstr(f->last_error, ==, "the line does not begin with a label");
    assert_read(f, true, false, "");
}

static void test_unfinished_line(fixture *f, gconstpointer data)
{
    (void)data;
    write_text(f, "wb", LINE "SRTP_MASTER * AES_CM_128");
    assert_read(f, false, false, "1");
    assert_read(f, false, false, "");
    write_text(f, "ab", "_HMAC_SHA1_80:");
    assert_read(f, false, false, "");
    write_text(f, "ab", HEX);
    assert_read(f, false, false, "");
    write_text(f, "ab", "\r");
    assert_read(f, false, false, "");
    write_text(f, "ab", "\n" LINE);
    assert_read(f, false, false, "2 3");
}

static void test_last_line_counts_at_end(fixture *f, gconstpointer data)
{
    (void)data;
    write_text(f, "wb", "SRTP_MASTER * " SECRET);
    assert_read(f, false, false, "");
    assert_read(f, true, false, "1");
    assert_read(f, true, false, "");
    write_text(f, "ab", "\r\n"); /* its end comes late: the same line */
    assert_read(f, true, false, "");
    write_text(f, "ab", "SRTP_MASTER * " SUITE ":");
    assert_read(f, true, false, "!2");
    write_text(f, "ab", HEX); /* it was not the end after all */
    assert_read(f, false, false, "");
    assert_read(f, true, false, "2");
    write_text(f, "ab", "\n" LINE);
    assert_read(f, false, false, "3");
}

static void test_byte_order_mark(fixture *f, gconstpointer data)
{
    (void)data;
    write_text(f, "wb", "\xef\xbb\xbf" "SRTP_MASTER * " SECRET "\r\n" LINE "\xef\xbb\xbf" LINE);
    assert_read(f, false, false, "1 2 !3");
    g_remove(f->path);
    write_text(f, "wb", "\xef\xbb\xbf" "SRTP_MASTER * " SECRET);
    assert_read(f, true, true, "1");
}

static void test_replaced(fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *other = g_strconcat(f->path, ".new", NULL);
    write_text(f, "wb", LINE);
    assert_read(f, false, false, "1");

    /* Another file under the same name. */
    g_autofree char *path = f->path;
    f->path = other;
    write_text(f, "wb", "#\n" LINE);
    f->path = g_steal_pointer(&path);
    g_assert_cmpint(g_rename(other, f->path), ==, 0);
    assert_read(f, false, true, "2");

    /* Another that begins as the old one did. */
    path = g_steal_pointer(&f->path);
    f->path = other;
    write_text(f, "wb", "#\n" LINE LINE);
    f->path = g_steal_pointer(&path);
    g_assert_cmpint(g_rename(other, f->path), ==, 0);
    assert_read(f, false, true, "2 3");

    /* Cut. */
    write_text(f, "wb", LINE);
    assert_read(f, false, true, "1");

    /* Written anew and longer than before: no number or size tells. */
    write_text(f, "wb", "# written anew by an editor\n" LINE LINE);
    assert_read(f, false, true, "2 3");

    /* Gone, which is said once, and back with more: an old file goes on. */
    g_autofree char *away = g_strconcat(f->path, ".away", NULL);
    g_assert_cmpint(g_rename(f->path, away), ==, 0);
    assert_read(f, false, false, "!0");
    assert_read(f, false, false, "");
    g_assert_cmpint(g_rename(away, f->path), ==, 0);
    write_text(f, "ab", LINE);
    assert_read(f, false, false, "4");
}

static void test_same_size_other_time(fixture *f, gconstpointer data)
{
    (void)data;
    write_text(f, "wb", "srtp_master * " SECRET "\n");
    assert_read(f, false, false, "!1");
    write_text(f, "wb", LINE);
    struct utimbuf long_ago = {.actime = 1000000000, .modtime = 1000000000};
    g_assert_cmpint(g_utime(f->path, &long_ago), ==, 0);
    assert_read(f, false, true, "1");
}

static void test_unreadable(fixture *f, gconstpointer data)
{
    (void)data;
    assert_read(f, true, false, "!0");
    assert_read(f, true, false, "");
    write_text(f, "wb", LINE);
    assert_read(f, true, false, "1");

    g_autofree char *dir = g_path_get_dirname(f->path);
    keylog_file_free(f->file);
    f->file = keylog_file_new(dir);
    assert_read(f, true, false, "!0");
    assert_read(f, true, false, "");
    keylog_file_free(NULL);
}

static void test_long_lines(fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *longest = g_strnfill(KEYLOG_MAX_LINE, '#'), *mega = g_strnfill(1 << 20, 'x');
    write_text(f, "wb", longest);
    write_text(f, "ab", "\r\n");
    write_text(f, "ab", longest);
    write_text(f, "ab", "#\r\n");
    write_text(f, "ab", LINE);
    assert_read(f, false, false, "!2 3");
    g_assert_cmpstr(f->last_error, ==, "the line is longer than 4096 octets");

    write_text(f, "ab", mega); /* named as soon as it is too long, once, however it grows */
    assert_read(f, false, false, "!4");
    write_text(f, "ab", mega);
    assert_read(f, false, false, "");
    assert_read(f, true, false, "");
    write_text(f, "ab", "\n" LINE);
    assert_read(f, false, false, "5");
}

static void test_nul_octets(fixture *f, gconstpointer data)
{
    (void)data;
    write_octets(f, "wb", "SRTP\0\n\0\0\n" LINE, 9 + strlen(LINE));
    assert_read(f, false, false, "!1 !2 3");
    static const char zeros[1 << 20];
    write_octets(f, "ab", zeros, sizeof zeros);
    assert_read(f, true, false, "!4");
}

static void count_entry(keylog_entry *entry, void *user)
{
    *(unsigned *)user += 1;
    keylog_entry_free(entry);
}

static void count_error(unsigned line, const char *error, void *user)
{
    (void)error;
    ((unsigned *)user)[1] += 1;
    ((unsigned *)user)[2] = line;
}

static void test_many_lines(fixture *f, gconstpointer data)
{
    (void)data;
    enum { LINES = KEYLOG_MAX_ENTRIES + 2000 };
    static const char shortest[] = "SRTP_MASTER * AEAD_AES_128_GCM:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw\n";
    GString *text = g_string_new(NULL);
    for (int i = 0; i < LINES; i++)
        g_string_append(text, shortest);
    write_octets(f, "wb", text->str, text->len);
    unsigned counts[3] = {0};
    g_assert_cmpuint(keylog_file_read(f->file, false, NULL, count_entry, count_error, counts), ==, KEYLOG_MAX_ENTRIES);
    g_assert_cmpuint(counts[0], ==, KEYLOG_MAX_ENTRIES);
    g_assert_cmpuint(counts[1], ==, 1);
    g_assert_cmpuint(counts[2], ==, KEYLOG_MAX_ENTRIES + 1);
    g_string_free(text, TRUE);
}

#define ADD_FILE_TEST(name, function) g_test_add("/keylog/file/" name, fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keylog/policy-options", test_policy_options);
    g_test_add_func("/keylog/interception-record", test_interception_record);
    g_test_add_func("/keylog/secret", test_secret);
    g_test_add_func("/keylog/no-secret", test_no_secret);
    g_test_add_func("/keylog/selectors", test_selectors);
    g_test_add_func("/keylog/options", test_options);
    g_test_add_func("/keylog/errors", test_errors);
    g_test_add_func("/keylog/cleansed", test_cleansed);
    g_test_add_func("/keylog/call-id-cleansed", test_call_id_cleansed);
    g_test_add_func("/keylog/documented-examples", test_documented_examples);
    ADD_FILE_TEST("text", test_text);
    ADD_FILE_TEST("growth", test_growth);
    ADD_FILE_TEST("unfinished-line", test_unfinished_line);
    ADD_FILE_TEST("last-line-counts-at-end", test_last_line_counts_at_end);
    ADD_FILE_TEST("byte-order-mark", test_byte_order_mark);
    ADD_FILE_TEST("replaced", test_replaced);
    ADD_FILE_TEST("same-size-other-time", test_same_size_other_time);
    ADD_FILE_TEST("unreadable", test_unreadable);
    ADD_FILE_TEST("long-lines", test_long_lines);
    ADD_FILE_TEST("nul-octets", test_nul_octets);
    ADD_FILE_TEST("many-lines", test_many_lines);
    return g_test_run();
}

/* What the tests of the key log's lines share: secrets whose octets count up, and the parser's answers. */
#ifndef D2DSEC_TESTS_KEYLOG_LINES_H
#define D2DSEC_TESTS_KEYLOG_LINES_H

#include "keys/keylog.h"

#include <glib.h>
#include <string.h>

#define HEX "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d" /* 16 + 14 octets */
#define BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"                   /* the same */
#define SUITE "AES_CM_128_HMAC_SHA1_80"
#define SECRET SUITE ":" HEX
#define TEK "000102030405060708090A0b0c0d0e0f"                              /* its first 16 */
#define SALT "101112131415161718191a1b1c1d"                                 /* its last 14 */

static inline keylog_entry *parse(const char *line)
{
    keylog_entry *entry;
    char *error;
    gboolean done = keylog_parse_line(line, strlen(line), &entry, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_true(done);
    return entry;
}

/* No run of four characters of the line's secret parts may come back; a label alone is quoted. */
static inline void assert_refused(const char *line, size_t len, const char *reason)
{
    keylog_entry *entry = (keylog_entry *)&len;
    char *error;
    g_test_message("%.200s", line);
    g_assert_false(keylog_parse_line(line, len, &entry, &error));
    g_assert_null(entry);
    g_test_message("  %s", error);
    g_assert_nonnull(strstr(error, reason));
    for (size_t i = 0; i + 4 <= strlen(HEX); i++) {
        char piece[5] = {0};
        memcpy(piece, &HEX[i], 4);
        g_assert_null(strstr(error, piece));
        memcpy(piece, &BASE64[MIN(i, strlen(BASE64) - 4)], 4);
        g_assert_null(strstr(error, piece));
    }
    g_free(error);
}

/* The same, and no run of four characters of a field behind the label may come back. */
static inline void assert_refused_in_own_words(const char *line, const char *reason)
{
    keylog_entry *entry;
    g_autofree char *error = NULL;

    assert_refused(line, strlen(line), reason);
    keylog_parse_line(line, strlen(line), &entry, &error);
    for (const char *c = line + strcspn(line, " "); strlen(c) >= 4; c++) {
        g_autofree char *piece = g_strndup(c, 4);
        g_assert_true(strchr(piece, ' ') || !strstr(error, piece));
    }
}

/* "00010203...", `len` octets, to be freed. */
static inline char *hex_of(unsigned len)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < len; i++)
        g_string_append_printf(text, i % 2 ? "%02X" : "%02x", i & 0xff);
    return g_string_free(text, FALSE);
}

static inline void assert_counts_up(const uint8_t *octets, size_t len, unsigned from)
{
    for (size_t i = 0; i < len; i++)
        g_assert_cmpuint(octets[i], ==, (from + i) & 0xff);
}

#endif

/* One line of a key log, as keyfiles/README.md defines it. No error text quotes the line, but for a label that is unknown:
 * whoever misplaces a secret must not find it in a log.
 */
#include "keys/keylog.h"

#include "keys/keylog_parts.h"
#include "keys/text_scan.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>

#define MAX_LABEL 32 /* of a label that an error names */
#define MAX_HEX_RUN 8 /* hexadecimal digits side by side that no label has */

/* What each label wants of the fields behind it. */
static const struct {
    const char *name;
    keylog_label label;
    const char *(*read_selector)(text_span text, keylog_entry *entry);
    const char *(*read_secret)(text_span text, keylog_entry *entry);
    const char *(*read_option)(text_span text, keylog_entry *entry, unsigned *seen); /* NULL: the label has none */
} labels[] = {
    {"SRTP_MASTER", KEYLOG_SRTP_MASTER, keylog_read_flow, keylog_read_srtp_secret, keylog_read_srtp_option},
    {"MIKEY_PSK", KEYLOG_MIKEY_PSK, keylog_read_identity, keylog_read_mikey_key, NULL},
    {"MIKEY_TPK", KEYLOG_MIKEY_TPK, keylog_read_identity, keylog_read_mikey_key, NULL},
    {"MIKEY_MPK", KEYLOG_MIKEY_MPK, keylog_read_csb, keylog_read_mikey_key, NULL},
    {"MIKEY_TGK", KEYLOG_MIKEY_TGK, keylog_read_csb, keylog_read_mikey_tgk, NULL},
    {"MIKEY_TEK", KEYLOG_MIKEY_TEK, keylog_read_crypto_session, keylog_read_mikey_tek, NULL},
    {"D2D_KD", KEYLOG_D2D_KD, keylog_read_kd_id, keylog_read_d2d_key, NULL},
    {"D2D_KDSESS", KEYLOG_D2D_KDSESS, keylog_read_kd_sess_id, keylog_read_d2d_key, keylog_read_sidelink_option},
    {"D2D_PEK", KEYLOG_D2D_PEK, keylog_read_kd_sess_id, keylog_read_traffic_key, keylog_read_sidelink_option},
    {"D2D_PIK", KEYLOG_D2D_PIK, keylog_read_kd_sess_id, keylog_read_traffic_key, keylog_read_sidelink_option},
    {"PROSE_PGK", KEYLOG_PROSE_PGK, keylog_read_group, keylog_read_d2d_key, NULL},
    {"SDES_K1", KEYLOG_SDES_K1, keylog_read_offer, keylog_read_sdes_key, NULL},
    {"SDES_K2", KEYLOG_SDES_K2, keylog_read_offer, keylog_read_sdes_key, NULL},
    {"HI2_CC", KEYLOG_HI2_CC, keylog_read_cc_id, keylog_read_cc_key, NULL},
};

bool keylog_is_any(text_span text, keylog_entry *entry)
{
    if (!text_is(text, "*"))
        return false;
    entry->selector = KEYLOG_ANY;
    return true;
}

bool keylog_read_hex_id(text_span text, unsigned max_digits, uint32_t *id)
{
    text_take(&text, "0x");
    return text.len <= max_digits && text_hex_number(text, id);
}

bool keylog_read_key(text_span hex, keylog_entry *entry)
{
    entry->secret_len = hex.len / 2;
    entry->secret = g_malloc0(entry->secret_len);
    return hex.len > 0 && text_hex(hex, entry->secret, entry->secret_len);
}

/* A misplaced key in hexadecimal may look like a label, and one whose separator is missing like the rest of one: in no label do so many
 * hexadecimal digits stand together as a part of a key would have. */
static bool may_be_named(text_span label)
{
    unsigned hex_run = 0;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.text[i];
        if (!g_ascii_isupper(c) && c != '_' && (i == 0 || !text_is_digit(c)))
            return false;
        hex_run = g_ascii_isxdigit(c) ? hex_run + 1 : 0;
        if (hex_run == MAX_HEX_RUN)
            return false;
    }
    return label.len <= MAX_LABEL;
}

static char *unknown_label(text_span label)
{
    if (!may_be_named(label))
        return g_strdup("the line does not begin with a label");
    return g_strdup_printf("unknown label %.*s", (int)label.len, label.text);
}

static const char *read_entry(text_span rest, size_t row, keylog_entry *entry)
{
    text_span field;
    unsigned seen = 0;
    const char *error;

    entry->label = labels[row].label;
    if (!text_next_field(&rest, &field))
        return "the selector is missing";
    if ((error = labels[row].read_selector(field, entry)) != NULL)
        return error;
    if (!text_next_field(&rest, &field))
        return "the secret is missing";
    if ((error = labels[row].read_secret(field, entry)) != NULL)
        return error;
    while (text_next_field(&rest, &field)) {
        if (!labels[row].read_option)
            return "something follows the secret, and the label has no options";
        if ((error = labels[row].read_option(field, entry, &seen)) != NULL)
            return error;
    }
    return NULL;
}

/* '#' begins a comment where a field could begin. */
static text_span without_comment(text_span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.text[i] == '#' && (i == 0 || text_is_white(line.text[i - 1])))
            line.len = i;
    return line;
}

bool keylog_parse_line(const char *line, size_t len, keylog_entry **entry, char **error)
{
    text_span text = text_span_of(line, len), label;
    const char *wrong;

    *entry = NULL;
    *error = NULL;
    if (text.len > 0 && text.text[text.len - 1] == '\n')
        text.len--;
    if (text.len > 0 && text.text[text.len - 1] == '\r')
        text.len--;
    if (text.len > KEYLOG_MAX_LINE) {
        *error = g_strdup_printf("the line is longer than %d octets", KEYLOG_MAX_LINE);
        return false;
    }
    if (text.len > 0 && memchr(text.text, '\0', text.len)) {
        *error = g_strdup("the line holds a NUL octet; a key log is ASCII or UTF-8, not UTF-16");
        return false;
    }
    text = without_comment(text);
    if (!text_next_field(&text, &label))
        return true;

    for (size_t row = 0; row < G_N_ELEMENTS(labels); row++) {
        if (!text_is(label, labels[row].name))
            continue;
        keylog_entry *read = g_new0(keylog_entry, 1);
        wrong = read_entry(text, row, read);
        if (!wrong) {
            *entry = read;
            return true;
        }
        keylog_entry_free(read);
        *error = g_strdup(wrong);
        return false;
    }
    *error = unknown_label(label);
    return false;
}

void keylog_entry_free(keylog_entry *entry)
{
    if (!entry)
        return;
    if (entry->call_id)
        OPENSSL_cleanse(entry->call_id, strlen(entry->call_id)); /* whoever swaps two fields has the secret here */
    g_free(entry->call_id);
    if (entry->id)
        OPENSSL_cleanse(entry->id, entry->id_len); /* or here */
    g_free(entry->id);
    if (entry->secret)
        OPENSSL_cleanse(entry->secret, entry->secret_len);
    g_free(entry->secret);
    OPENSSL_cleanse(entry, sizeof *entry);
    g_free(entry);
}

const char *keylog_line_text(unsigned line, char text[KEYLOG_LINE_LEN])
{
    g_snprintf(text, KEYLOG_LINE_LEN, "line %u%s", line & ~KEYLOG_LINE_DERIVED, line & KEYLOG_LINE_DERIVED ? " of derived keys" : "");
    return text;
}

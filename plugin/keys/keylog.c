/* One line of a key log, as keyfiles/README.md defines it. No error text quotes the line, but for a label that is unknown:
 * whoever misplaces a secret must not find it in a log.
 */
#include "keys/keylog.h"

#include "keys/base64.h"
#include "keys/text_scan.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>

#define MAX_KDR ((uint32_t)1 << 24) /* RFC 3711 section 4.3.1 */
#define MAX_LABEL 32                /* of a label that an error names */
#define MAX_SECRET (SRTP_MAX_KEY_LEN + SRTP_MAX_SALT_LEN)

/* Hexadecimal digits only, two an octet. False: they are not, or don't fit into `room` octets. */
static bool read_hex(text_span text, uint8_t *out, size_t room)
{
    if (text.len % 2 != 0 || text.len / 2 > room)
        return false;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = g_ascii_xdigit_value(text.text[i]), low = g_ascii_xdigit_value(text.text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* ADDR:PORT, where an IPv6 address stands in brackets. */
static bool read_transport_address(text_span text, transport_address *address)
{
    text_span ip_text;
    bool bracketed = text_take(&text, "[");
    uint8_t ip[16], ip_len;
    uint64_t port;

    text_next_part(&text, bracketed ? ']' : ':', &ip_text);
    if (bracketed && !text_take(&text, ":"))
        return false;
    if (!text_ip_address(ip_text, ip, &ip_len) || bracketed != (ip_len == 16))
        return false;
    if (!text_decimal(text, UINT16_MAX, &port) || port == 0)
        return false;
    transport_address_set(address, ip, ip_len, (uint16_t)port);
    return true;
}

/* From here on a reader answers with what is wrong, or with NULL. */

static const char *read_ssrc(text_span text, uint32_t *ssrc)
{
    if (!text_take(&text, "0x") || text.len == 0 || text.len > 8)
        return "the selector ssrc= wants 0x and one to eight hexadecimal digits";
    *ssrc = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = g_ascii_xdigit_value(text.text[i]);
        if (digit < 0)
            return "the selector ssrc= wants 0x and one to eight hexadecimal digits";
        *ssrc = *ssrc << 4 | (uint32_t)digit;
    }
    return NULL;
}

static const char *read_selector(text_span text, keylog_entry *entry)
{
    bool source = text_take(&text, "src=");
    if (source || text_take(&text, "dst=")) {
        entry->selector = source ? KEYLOG_SOURCE : KEYLOG_DESTINATION;
        return read_transport_address(text, &entry->address)
                   ? NULL
                   : "the selectors src= and dst= want ADDRESS:PORT, with an IPv6 address in brackets";
    }
    if (text_take(&text, "ssrc=")) {
        entry->selector = KEYLOG_SSRC;
        return read_ssrc(text, &entry->ssrc);
    }
    if (text_take(&text, "call=")) {
        if (text.len == 0)
            return "the selector call= wants a Call-ID";
        entry->selector = KEYLOG_CALL;
        entry->call_id = g_strndup(text.text, text.len);
        return NULL;
    }
    entry->selector = KEYLOG_ANY;
    return text_is(text, "*") ? NULL : "the selector is none of *, ssrc=, src=, dst= and call=";
}

/* <suite>:<key||salt>. Hexadecimal and base64 of the same octets never have the same length, so the length tells them apart. */
static const char *read_srtp_secret(text_span text, keylog_entry *entry)
{
    uint8_t octets[MAX_SECRET];
    text_span suite;
    const char *error = NULL;

    text_next_part(&text, ':', &suite);
    if (!text.text)
        return "the secret wants a crypto suite, ':' and the master key with its salt";
    entry->suite = crypto_suite_by_name(suite.text, suite.len);
    if (!entry->suite)
        return "the crypto suite is unknown";
    if (!entry->suite->supported)
        return "the crypto suite is not supported";

    srtp_master_key *key = &entry->srtp;
    key->transform = entry->suite->transform;
    size_t wanted = (size_t)key->transform.key_len + key->transform.salt_len, len = 0;
    if (text.len != 2 * wanted || !read_hex(text, octets, sizeof octets)) {
        base64_result result = base64_decode(text, octets, sizeof octets, &len);
        if (result != BASE64_OK && result != BASE64_PADDING_ABSENT)
            error = "the master key and salt are neither hexadecimal of the suite's length nor base64";
        else if (len != wanted)
            error = "the master key and salt are not as long as the crypto suite requires";
    }
    if (!error) {
        memcpy(key->key, octets, key->transform.key_len);
        memcpy(key->salt, octets + key->transform.key_len, key->transform.salt_len);
    }
    OPENSSL_cleanse(octets, sizeof octets);
    return error;
}

static const char *read_mki(text_span value, srtp_master_key *key)
{
    if (value.len == 0 || !read_hex(value, key->mki, sizeof key->mki))
        return "the option mki= wants 1 to 128 octets in hexadecimal";
    key->mki_len = (uint8_t)(value.len / 2);
    return NULL;
}

static const char *read_kdr(text_span value, srtp_master_key *key)
{
    uint64_t kdr;
    if (!text_decimal(value, MAX_KDR, &kdr) || (kdr & (kdr - 1)) != 0)
        return "the option kdr= wants 0 or a power of two up to 16777216";
    key->kdr = (uint32_t)kdr;
    return NULL;
}

static const char *read_flag(text_span value, bool *flag)
{
    *flag = text_is(value, "1");
    return *flag || text_is(value, "0") ? NULL : "the options unencrypted_srtp=, unencrypted_srtcp= and "
                                                 "unauthenticated_srtp= want 0 or 1";
}

static const char *read_unencrypted_srtp(text_span value, srtp_master_key *key)
{
    return read_flag(value, &key->unencrypted_srtp);
}

static const char *read_unencrypted_srtcp(text_span value, srtp_master_key *key)
{
    return read_flag(value, &key->unencrypted_srtcp);
}

static const char *read_unauthenticated_srtp(text_span value, srtp_master_key *key)
{
    return read_flag(value, &key->unauthenticated_srtp);
}

static const struct {
    const char *name;
    const char *(*read)(text_span value, srtp_master_key *key);
} srtp_options[] = {
    {"mki=", read_mki},
    {"kdr=", read_kdr},
    {"unencrypted_srtp=", read_unencrypted_srtp},
    {"unencrypted_srtcp=", read_unencrypted_srtcp},
    {"unauthenticated_srtp=", read_unauthenticated_srtp},
};

static const char *read_srtp_option(text_span text, keylog_entry *entry, unsigned *seen)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(srtp_options); i++) {
        if (!text_take(&text, srtp_options[i].name))
            continue;
        if (*seen & 1u << i)
            return "an option is repeated";
        *seen |= 1u << i;
        return srtp_options[i].read(text, &entry->srtp);
    }
    return "an option is unknown";
}

/* What each label wants of the fields behind the selector. */
static const struct {
    const char *name;
    keylog_label label;
    const char *(*read_secret)(text_span text, keylog_entry *entry);
    const char *(*read_option)(text_span text, keylog_entry *entry, unsigned *seen);
} labels[] = {
    {"SRTP_MASTER", KEYLOG_SRTP_MASTER, read_srtp_secret, read_srtp_option},
};

/* A misplaced key in hexadecimal may look like a label: no label is long and nothing but hexadecimal digits. */
static bool may_be_named(text_span label)
{
    bool all_hex = true;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.text[i];
        if (!g_ascii_isupper(c) && c != '_' && (i == 0 || !text_is_digit(c)))
            return false;
        all_hex = all_hex && g_ascii_isxdigit(c);
    }
    return label.len <= MAX_LABEL && !all_hex;
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
    if ((error = read_selector(field, entry)) != NULL)
        return error;
    if (!text_next_field(&rest, &field))
        return "the secret is missing";
    if ((error = labels[row].read_secret(field, entry)) != NULL)
        return error;
    while (text_next_field(&rest, &field))
        if ((error = labels[row].read_option(field, entry, &seen)) != NULL)
            return error;
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
    g_free(entry->call_id);
    OPENSSL_cleanse(entry, sizeof *entry);
    g_free(entry);
}

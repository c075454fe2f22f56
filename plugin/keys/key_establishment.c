/* Finding the container among the information elements, by each of the encodings, and making its content readable. */
#include "keys/key_establishment.h"

#include "keys/mikey.h"
#include "keys/octet_reader.h"
#include "keys/pc5s_parts.h"
#include "keys/text_scan.h"

#include <openssl/crypto.h>
#include <string.h>

#define LAST_KNOWN_METHOD KEYEST_METHOD_SDES_COMPACT
#define FIRST_EXPERIMENTAL 0x80
#define METHOD_RESERVED_HIGH 0xff
#define MIKEY_HEADER_LEN 10
#define MAX_COMPACT_MKI 8

/* --- methods ------------------------------------------------------------------------------------------------------- */

bool keyest_is_sdp(const key_establishment *information)
{
    return information->method != KEYEST_METHOD_MIKEY;
}

static text_span text_of(octet_span octets)
{
    return text_span_of((const char *)octets.data, octets.len);
}

static bool has_attribute(octet_span octets, const char *attribute)
{
    text_span rest = text_of(octets), line;
    while (text_next_line(&rest, &line))
        if (text_take(&line, attribute))
            return true;
    return false;
}

keyest_method keyest_recognise(octet_span octets)
{
    text_span text = text_of(octets);
    if (text_take(&text, "v=") || text_take(&text, "a=") || text_take(&text, "m="))
        return has_attribute(octets, "a=crypto:") || !has_attribute(octets, "a=key-mgmt:") ? KEYEST_METHOD_SDES
                                                                                           : KEYEST_METHOD_KEY_MGMT;
    if (octets.len >= MIKEY_HEADER_LEN && octets.data[0] == 1 && octets.data[1] <= MIKEY_SAKKE_MSG &&
        octets.data[2] <= MIKEY_SAKKE)
        return KEYEST_METHOD_MIKEY;
    return KEYEST_METHOD_UNKNOWN;
}

/* --- compact SDES -------------------------------------------------------------------------------------------------- */

const char *keyest_suite_name(uint8_t suite)
{
    static const char *const names[] = {
        [1] = "AES_CM_128_HMAC_SHA1_80",
        [2] = "AES_CM_128_HMAC_SHA1_32",
        [7] = "AEAD_AES_128_GCM",
        [8] = "AEAD_AES_256_GCM",
    };
    return suite < G_N_ELEMENTS(names) ? names[suite] : NULL;
}

bool keyest_read_compact(octet_span body, keyest_compact *compact)
{
    octet_reader reader = octet_reader_of(body);
    memset(compact, 0, sizeof *compact);
    if (!take_u8(&reader, &compact->tag) || !take_u8(&reader, &compact->suite) ||
        !take_octets_u8(&reader, &compact->key_salt))
        return false;
    return take_octets(&reader, octets_left(&reader), &compact->mki);
}

/* A g_free that leaves no key behind. */
static void free_text(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    g_free(text);
}

/* The very line of SDP that says the same, so that nothing else has to know of the compact form. */
static void write_line(pc5s_parser *parser, key_establishment *information, octet_span where)
{
    keyest_compact compact;
    uint64_t mki = 0;
    if (!keyest_read_compact(information->body, &compact)) {
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_COMPACT_CUT, where);
        return;
    }
    const char *suite = keyest_suite_name(compact.suite);
    if (!suite) {
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_COMPACT_SUITE, where);
        return;
    }
    for (size_t i = 0; i < compact.mki.len && compact.mki.len <= MAX_COMPACT_MKI; i++)
        mki = mki << 8 | compact.mki.data[i];
    if (compact.mki.len > MAX_COMPACT_MKI)
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_COMPACT_MKI, where);
    char *key_salt = g_base64_encode(compact.key_salt.data, compact.key_salt.len);
    information->line =
        compact.mki.len && compact.mki.len <= MAX_COMPACT_MKI
            ? g_strdup_printf("a=crypto:%u %s inline:%s|%" G_GUINT64_FORMAT ":%zu", compact.tag, suite, key_salt, mki,
                              compact.mki.len)
            : g_strdup_printf("a=crypto:%u %s inline:%s", compact.tag, suite, key_salt);
    free_text(key_salt);
    information->content = octet_span_at((const uint8_t *)information->line, strlen(information->line));
}

/* --- content ------------------------------------------------------------------------------------------------------- */

static void check_sdp(pc5s_parser *parser, const key_establishment *information, octet_span where)
{
    octet_span content = information->content;
    bool crypto = has_attribute(content, "a=crypto:"), key_mgmt = has_attribute(content, "a=key-mgmt:");
    if (!g_utf8_validate_len((const char *)content.data, content.len, NULL))
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_NOT_TEXT, where);
    if (information->method == KEYEST_METHOD_SDES && !crypto)
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_WITHOUT_CRYPTO, where);
    if (information->method == KEYEST_METHOD_KEY_MGMT && !key_mgmt)
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_WITHOUT_KEY_MGMT, where);
}

/* `where`: in the message, whatever the content was put together from. */
static void read_content(pc5s_parser *parser, key_establishment *information, octet_span where)
{
    if (information->body.len == 0) {
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_EMPTY, where);
    } else if (information->method == KEYEST_METHOD_SDES_COMPACT) {
        write_line(parser, information, where);
    } else if (information->method == KEYEST_METHOD_MIKEY) {
        information->content = information->body;
    } else if (information->method == KEYEST_METHOD_SDES || information->method == KEYEST_METHOD_KEY_MGMT) {
        information->content = information->body;
        check_sdp(parser, information, where);
    }
}

/* A body whose beginning tells its method. */
static void read_without_method(pc5s_parser *parser, key_establishment *information, octet_span body, octet_span where)
{
    information->body = body;
    information->method = keyest_recognise(body);
    if (information->method == KEYEST_METHOD_UNKNOWN && body.len)
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_METHOD_UNKNOWN, where);
    read_content(parser, information, where);
}

/* Whether what should begin with a method begins with the body itself: SDP, or MIKEY, whose version looks like a method. */
static bool lacks_method(octet_span octets, octet_span body, bool known)
{
    keyest_method recognised = keyest_recognise(octets);
    return recognised != KEYEST_METHOD_UNKNOWN && (!known || keyest_recognise(body) == KEYEST_METHOD_UNKNOWN);
}

/* Method and body. */
static void read_with_method(pc5s_parser *parser, key_establishment *information, octet_span octets, octet_span where)
{
    if (octets.len == 0) {
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_EMPTY, where);
        return;
    }
    uint8_t method = octets.data[0];
    bool known = method != KEYEST_METHOD_UNKNOWN && method <= LAST_KNOWN_METHOD;
    octet_span body = octet_span_at(octets.data + 1, octets.len - 1);
    if (lacks_method(octets, body, known)) {
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_METHOD_MISSING, where);
        read_without_method(parser, information, octets, where);
        return;
    }
    information->method_octet = octet_span_at(octets.data, 1);
    if (!known) {
        pc5s_report(parser, method == 0 || method == METHOD_RESERVED_HIGH ? PC5S_PROBLEM_KEYEST_METHOD_RESERVED
                            : method >= FIRST_EXPERIMENTAL                ? PC5S_PROBLEM_KEYEST_METHOD_EXPERIMENTAL
                                                                          : PC5S_PROBLEM_KEYEST_METHOD_UNKNOWN,
                    where);
        information->body = body;
        return;
    }
    information->method = (keyest_method)method;
    information->body = body;
    read_content(parser, information, where);
}

/* --- fragments ----------------------------------------------------------------------------------------------------- */

/* number (1), from 1 | count (1) | piece */
static bool take_fragment(const pc5s_ie *ie, unsigned *number, unsigned *count, octet_span *piece)
{
    octet_reader reader = octet_reader_of(ie->value);
    uint8_t fragment_number, fragment_count;
    if (!take_u8(&reader, &fragment_number) || !take_u8(&reader, &fragment_count))
        return false;
    *number = fragment_number;
    *count = fragment_count;
    return take_octets(&reader, octets_left(&reader), piece);
}

/* What could be joined until a fragment is out of order. */
static void read_fragments(pc5s_parser *parser, pc5s_message *message, octet_span where)
{
    GByteArray *joined = g_byte_array_sized_new((guint)message->whole.len); /* enough: growing would leave keys behind */
    unsigned expected = 1, count = 0, number, of;
    octet_span piece;
    for (unsigned i = 0; i < message->ie_count; i++) {
        const pc5s_ie *ie = &message->ies[i];
        if (ie->kind != PC5S_IE_KEY_ESTABLISHMENT || !ie->complete)
            continue;
        if (!take_fragment(ie, &number, &of, &piece)) {
            pc5s_report(parser, PC5S_PROBLEM_KEYEST_FRAGMENT_CUT, ie->whole);
            break;
        }
        count = count ? count : of;
        if (number != expected || of != count || number > count) {
            pc5s_report(parser, PC5S_PROBLEM_KEYEST_FRAGMENT_ORDER, ie->whole);
            break;
        }
        g_byte_array_append(joined, piece.data, (guint)piece.len);
        expected++;
    }
    if (expected <= count)
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_FRAGMENT_MISSING, where);
    size_t len = joined->len;
    key_establishment *information = &message->key_establishment;
    information->joined = g_byte_array_free(joined, FALSE);
    information->joined_len = len;
    read_with_method(parser, information, octet_span_at(information->joined, len), where);
}

/* --- the encodings ------------------------------------------------------------------------------------------------- */

/* Type 0xf0 is a body without method; in the others the low nibble is the method. */
static void read_user_info(pc5s_parser *parser, pc5s_message *message)
{
    const pc5s_ie *ie = pc5s_find(message, PC5S_IE_USER_INFO);
    if (!ie || ie->value.len == 0 || ie->value.data[0] < KEYEST_USER_INFO_TYPE)
        return;
    octet_span body = octet_span_at(ie->value.data + 1, ie->value.len - 1);
    uint8_t method = ie->value.data[0] & 0xf;
    if (method == KEYEST_METHOD_UNKNOWN) {
        read_without_method(parser, &message->key_establishment, body, ie->whole);
    } else if (method <= LAST_KNOWN_METHOD) {
        message->key_establishment.method = (keyest_method)method;
        message->key_establishment.body = body;
        read_content(parser, &message->key_establishment, ie->whole);
    } else {
        pc5s_report(parser, PC5S_PROBLEM_KEYEST_METHOD_UNKNOWN, ie->whole);
        message->key_establishment.body = body;
    }
}

void keyest_read(pc5s_parser *parser, pc5s_message *message)
{
    const pc5s_ie *ie = pc5s_find(message, PC5S_IE_KEY_ESTABLISHMENT);
    keyest_encoding encoding = parser->options->keyest_encoding;
    if (encoding == KEYEST_USER_INFO)
        read_user_info(parser, message);
    if (!ie)
        return;
    if (encoding == KEYEST_FRAGMENTS)
        read_fragments(parser, message, ie->whole);
    else if (encoding == KEYEST_WITH_METHOD)
        read_with_method(parser, &message->key_establishment, ie->value, ie->whole);
    else
        read_without_method(parser, &message->key_establishment, ie->value, ie->whole);
}

void keyest_clear(key_establishment *information)
{
    if (information->joined)
        OPENSSL_cleanse(information->joined, information->joined_len);
    g_free(information->joined);
    free_text(information->line);
    memset(information, 0, sizeof *information);
}

/* The key-params of an a=crypto line (RFC 4568 sections 6.1 and 9.2).
 *
 *   method ":" KEY||SALT [ "|" LIFETIME ] [ "|" MKI ":" LENGTH ]  *( ";" the same )
 *
 * What the RFC calls invalid is always reported. A key stays usable as long as its octets and its MKI are beyond doubt: an
 * endpoint that was forgiving used it, and the authentication tag of the traffic tells.
 */
#include "keys/base64.h"
#include "keys/sdes_parts.h"
#include "keys/text_scan.h"

#include <openssl/bn.h>
#include <string.h>

#define MAX_LIFETIME_EXPONENT 48 /* RFC 3711 section 9.2: at most 2^48 SRTP packets under one master key */
#define MAX_MKI_DIGITS 309       /* of 2^1024 - 1, the greatest value in 128 octets */

static bool is_token_character(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

static bool begins_key_param(text_span field)
{
    size_t i = 0;
    while (i < field.len && is_token_character(field.text[i]))
        i++;
    return i > 0 && i < field.len && field.text[i] == ':';
}

/* The RFC's own examples are printed with "; inline:" on a new line (section 7.1.5), and that is copied. After a ';' at
 * the end of a field only what looks like a key is joined, lest a session parameter be swallowed. */
text_span sdes_take_key_params(text_span *rest, GArray *problems)
{
    text_span taken = {NULL, 0}, gap = {NULL, 0}, next, ahead;

    if (!text_next_field(rest, &taken))
        return taken;
    ahead = *rest;
    while (text_next_field(&ahead, &next)) {
        bool open = taken.text[taken.len - 1] == ';';
        if (next.text[0] != ';' && !(open && begins_key_param(next)))
            break;
        if (!gap.text)
            gap = text_span_of(taken.text + taken.len, (size_t)(next.text - taken.text) - taken.len);
        taken.len = (size_t)(next.text - taken.text) + next.len;
        *rest = ahead;
    }
    if (gap.text)
        sdes_report(problems, SDES_PROBLEM_WHITE_SPACE, SDES_NOTE, gap);
    return taken;
}

/* Every octet the same: a placeholder rather than a key. */
static bool is_low_entropy(const uint8_t *key, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (key[i] != key[0])
            return false;
    return len > 1;
}

/* True: the octets are known and as many as the suite wants. */
static bool read_key_salt(sdes_key_param *key, const crypto_suite *suite, GArray *problems)
{
    text_span text = key->key_salt_text;
    if (text.len == 0) {
        sdes_report(problems, SDES_PROBLEM_KEY_MISSING, SDES_ERROR, key->whole);
        return false;
    }
    switch (base64_decode(text, key->key_salt, sizeof key->key_salt, &key->key_salt_len)) {
    case BASE64_INVALID:
        sdes_report(problems, SDES_PROBLEM_BASE64, SDES_ERROR, text);
        return false;
    case BASE64_PADDING_SURPLUS:
        sdes_report(problems, SDES_PROBLEM_BASE64_PADDING, SDES_ERROR, text);
        break;
    case BASE64_PADDING_ABSENT: /* section 6.1: padding is discarded when the key is decoded */
        sdes_report(problems, SDES_PROBLEM_BASE64_PADDING, SDES_NOTE, text);
        break;
    case BASE64_OK:
        break;
    }
    size_t known = MIN(key->key_salt_len, sizeof key->key_salt);
    if (is_low_entropy(key->key_salt, suite ? MIN(known, suite->transform.key_len) : known))
        sdes_report(problems, SDES_PROBLEM_KEY_LOW_ENTROPY, SDES_NOTE, text);
    if (!suite)
        return false;
    if (key->key_salt_len != (size_t)suite->transform.key_len + suite->transform.salt_len) {
        sdes_report(problems, SDES_PROBLEM_KEY_LENGTH, SDES_ERROR, text);
        return false;
    }
    return true;
}

/* Plain or as a power of two; without leading zeros, not zero. */
static bool read_lifetime(text_span text, uint64_t *lifetime)
{
    uint64_t number;
    bool power = text_take(&text, "2^");
    if (text.len > 1 && text.text[0] == '0')
        return false;
    if (!text_decimal(text, power ? MAX_LIFETIME_EXPONENT : (uint64_t)1 << MAX_LIFETIME_EXPONENT, &number))
        return false;
    if (!power && number == 0)
        return false;
    *lifetime = power ? (uint64_t)1 << number : number;
    return true;
}

/* The decimal value as packets carry it: big-endian in mki_len octets. It may be longer than any integer type. */
static bool write_mki(sdes_key_param *key)
{
    char digits[MAX_MKI_DIGITS + 1];
    text_span text = key->mki_text;
    while (text.len > 1 && text.text[0] == '0') {
        text.text++;
        text.len--;
    }
    if (text.len == 0 || text.len > MAX_MKI_DIGITS)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!text_is_digit(text.text[i]))
            return false;
    memcpy(digits, text.text, text.len);
    digits[text.len] = '\0';

    BIGNUM *value = NULL;
    bool fits = BN_dec2bn(&value, digits) > 0 && BN_bn2binpad(value, key->mki, key->mki_len) >= 0;
    BN_free(value);
    return fits;
}

/* True: there is no doubt about which MKI packets carry. */
static bool read_mki(sdes_key_param *key, text_span text, GArray *problems)
{
    text_span rest = text;
    uint64_t len = 0;

    text_next_part(&rest, ':', &key->mki_text);
    key->mki_length_text = rest;
    if (!text_decimal(rest, SRTP_MAX_MKI_LEN, &len) || len == 0 || rest.len > 3) {
        sdes_report(problems, SDES_PROBLEM_MKI, SDES_ERROR, text);
        return false;
    }
    key->mki_len = (uint8_t)len;
    if (!write_mki(key)) {
        key->mki_len = 0;
        sdes_report(problems, SDES_PROBLEM_MKI, SDES_ERROR, text);
        return false;
    }
    /* Section 6.1 wants a positive value, and no leading zeros; yet such a value says what it means. */
    if (key->mki_text.text[0] == '0' || rest.text[0] == '0')
        sdes_report(problems, SDES_PROBLEM_MKI, SDES_ERROR, text);
    return true;
}

/* The fields after the first '|'. The one with a ':' is the MKI, the other the lifetime (section 6.1).
 * True: there is no doubt about the MKI. */
static bool read_lifetime_and_mki(sdes_key_param *key, text_span rest, GArray *problems)
{
    text_span field;
    bool certain = true, in_order = true;

    for (unsigned i = 0; i < 2 && text_next_part(&rest, '|', &field); i++) {
        bool is_mki = memchr(field.text, ':', field.len) != NULL;
        if (is_mki && !key->mki_text.text) {
            certain = read_mki(key, field, problems);
        } else if (!is_mki && !key->lifetime_text.text) {
            key->lifetime_text = field;
            in_order = !key->mki_text.text;
            if (!read_lifetime(field, &key->lifetime))
                sdes_report(problems, SDES_PROBLEM_LIFETIME, SDES_ERROR, field);
        } else if (is_mki) {
            sdes_report(problems, SDES_PROBLEM_KEY_PARAM_FIELDS, SDES_ERROR, field);
            certain = false;
        } else { /* a second field without ':' can only be an MKI that lacks its length */
            sdes_report(problems, SDES_PROBLEM_MKI, SDES_ERROR, field);
            certain = false;
        }
    }
    if (rest.text) {
        sdes_report(problems, SDES_PROBLEM_KEY_PARAM_FIELDS, SDES_ERROR, rest);
        return false;
    }
    if (!in_order)
        sdes_report(problems, SDES_PROBLEM_KEY_PARAM_FIELDS, SDES_ERROR, key->lifetime_text);
    return certain;
}

static void read_key_param(sdes_key_param *key, const crypto_suite *suite, GArray *problems)
{
    text_span rest = key->whole;

    text_next_part(&rest, ':', &key->method);
    if (!rest.text) { /* what stands there may be a bare key: not a method's name, and not to be shown as one */
        key->method = rest;
        sdes_report(problems, SDES_PROBLEM_METHOD, SDES_ERROR, key->whole);
        return;
    }
    if (!text_is_nocase(key->method, "inline")) {
        sdes_report(problems, SDES_PROBLEM_METHOD, SDES_WARNING, key->method);
        return;
    }
    text_next_part(&rest, '|', &key->key_salt_text);
    bool known = read_key_salt(key, suite, problems);
    bool certain = read_lifetime_and_mki(key, rest, problems);
    key->usable = known && certain;
}

/* Section 6.1: among several keys the MKI selects, so all must have one, of one length, each its own. */
static void check_mkis(const sdes_crypto *crypto, GArray *problems)
{
    const sdes_key_param *with_mki = NULL;

    for (unsigned i = 0; i < crypto->key_count && crypto->key_count > 1; i++) {
        const sdes_key_param *key = &crypto->keys[i];
        if (!key->mki_text.text) {
            sdes_report(problems, SDES_PROBLEM_MKI_MISSING, SDES_ERROR, key->whole);
            continue;
        }
        if (key->mki_len == 0)
            continue;
        if (with_mki && with_mki->mki_len != key->mki_len)
            sdes_report(problems, SDES_PROBLEM_MKI_LENGTHS_DIFFER, SDES_ERROR, key->mki_length_text);
        if (!with_mki)
            with_mki = key;
        for (unsigned j = 0; j < i; j++) {
            const sdes_key_param *other = &crypto->keys[j];
            if (other->mki_len == key->mki_len && memcmp(other->mki, key->mki, key->mki_len) == 0) {
                sdes_report(problems, SDES_PROBLEM_MKI_REPEATED, SDES_WARNING, key->mki_text);
                break;
            }
        }
    }
}

void sdes_parse_key_params(sdes_crypto *crypto, GArray *problems)
{
    text_span rest = crypto->key_params_text, param;
    text_span empty = {NULL, 0};
    unsigned count = 0;

    /* Counted first, so that the array of keys never moves and leaves no copy of them behind. */
    while (text_next_part(&rest, ';', &param)) {
        if (text_trim(param).len > 0)
            count++;
        else if (!empty.text)
            empty = param;
    }
    if (count > SDES_MAX_KEY_PARAMS) {
        sdes_report(problems, SDES_PROBLEM_TOO_MANY, SDES_WARNING, crypto->key_params_text);
        count = SDES_MAX_KEY_PARAMS;
    }
    if (empty.text)
        sdes_report(problems, SDES_PROBLEM_KEY_MISSING, SDES_ERROR, crypto->key_params_text);
    if (count == 0)
        return;

    crypto->keys = g_new0(sdes_key_param, count);
    rest = crypto->key_params_text;
    while (crypto->key_count < count && text_next_part(&rest, ';', &param)) {
        param = text_trim(param);
        if (param.len == 0)
            continue;
        sdes_key_param *key = &crypto->keys[crypto->key_count++];
        key->whole = param;
        read_key_param(key, crypto->suite, problems);
        crypto->usable = crypto->usable || key->usable;
    }
    check_mkis(crypto, problems);
}

/* The a=crypto line as a whole: tag, suite, and the joints between the parts. */
#include "keys/sdes.h"

#include "keys/sdes_parts.h"
#include "keys/text_scan.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAX_TAG 999999999   /* nine digits, section 9.1 */
#define LONG_LINE 1024      /* what endpoints with fixed buffers commonly take */

void sdes_report(GArray *problems, sdes_problem_kind kind, sdes_severity severity, text_span where)
{
    sdes_problem problem = {.kind = kind, .severity = severity, .where = where};
    g_array_append_val(problems, problem);
}

static void check_characters(text_span value, GArray *problems)
{
    if (value.len > LONG_LINE)
        sdes_report(problems, SDES_PROBLEM_LINE_LONG, SDES_WARNING, value);
    for (size_t i = 0; i < value.len; i++) {
        if (!g_ascii_isprint(value.text[i]) && value.text[i] != '\t') {
            sdes_report(problems, SDES_PROBLEM_CHARACTERS, SDES_WARNING, value);
            return;
        }
    }
}

static void read_tag(sdes_crypto *crypto, GArray *problems)
{
    uint64_t tag;
    text_span text = crypto->tag_text;

    if (text.len > 9 || !text_decimal(text, MAX_TAG, &tag)) {
        sdes_report(problems, SDES_PROBLEM_TAG, SDES_ERROR, text.text ? text : crypto->value);
        return;
    }
    crypto->tag = (uint32_t)tag;
    if (text.len > 1 && text.text[0] == '0')
        sdes_report(problems, SDES_PROBLEM_TAG_LEADING_ZERO, SDES_ERROR, text);
}

static void read_suite(sdes_crypto *crypto, GArray *problems)
{
    text_span text = crypto->suite_text;

    if (text.len == 0) {
        sdes_report(problems, SDES_PROBLEM_SUITE_MISSING, SDES_ERROR, crypto->value);
        return;
    }
    crypto->suite = crypto_suite_by_name(text.text, text.len);
    if (crypto->suite) {
        if (!crypto->suite->registered || !text_is_nocase(text, crypto->suite->name))
            sdes_report(problems, SDES_PROBLEM_SUITE_UNREGISTERED, SDES_NOTE, text);
        return;
    }
    sdes_severity severity = SDES_WARNING; /* a suite of tomorrow; but only letters, digits and '_' can name one */
    for (size_t i = 0; i < text.len; i++)
        if (!g_ascii_isalnum(text.text[i]) && text.text[i] != '_')
            severity = SDES_ERROR;
    sdes_report(problems, SDES_PROBLEM_SUITE_UNKNOWN, severity, text);
}

sdes_crypto *sdes_crypto_parse(const char *value, size_t len)
{
    sdes_crypto *crypto = g_new0(sdes_crypto, 1);
    GArray *problems = g_array_new(FALSE, FALSE, sizeof(sdes_problem));
    text_span rest = text_span_of(value, len);

    crypto->value = rest;
    check_characters(rest, problems);
    text_next_field(&rest, &crypto->tag_text);
    read_tag(crypto, problems);
    text_next_field(&rest, &crypto->suite_text);
    read_suite(crypto, problems);
    crypto->key_params_text = sdes_take_key_params(&rest, problems);
    if (crypto->key_params_text.text)
        sdes_parse_key_params(crypto, problems);
    else
        sdes_report(problems, SDES_PROBLEM_KEY_MISSING, SDES_ERROR, crypto->value);
    sdes_parse_session_params(crypto, rest, problems);

    crypto->problem_count = problems->len;
    crypto->problems = (sdes_problem *)(void *)g_array_free(problems, FALSE);
    return crypto;
}

void sdes_crypto_free(sdes_crypto *crypto)
{
    if (!crypto)
        return;
    if (crypto->keys)
        OPENSSL_cleanse(crypto->keys, crypto->key_count * sizeof *crypto->keys);
    g_free(crypto->keys);
    g_free(crypto->session_params);
    g_free(crypto->problems);
    g_free(crypto);
}

static const sdes_session_param *find_param(const sdes_crypto *crypto, sdes_session_param_kind kind)
{
    for (unsigned i = 0; i < crypto->session_param_count; i++)
        if (crypto->session_params[i].kind == kind)
            return &crypto->session_params[i];
    return NULL;
}

bool sdes_crypto_master_key(const sdes_crypto *crypto, unsigned which, srtp_master_key *key)
{
    if (which >= crypto->key_count || !crypto->keys[which].usable || !crypto->suite->supported)
        return false;

    const sdes_key_param *from = &crypto->keys[which];
    const sdes_session_param *kdr = find_param(crypto, SDES_KDR);
    memset(key, 0, sizeof *key);
    key->transform = crypto->suite->transform;
    memcpy(key->key, from->key_salt, key->transform.key_len);
    memcpy(key->salt, from->key_salt + key->transform.key_len, key->transform.salt_len);
    memcpy(key->mki, from->mki, from->mki_len);
    key->mki_len = from->mki_len;
    /* Section 9.2 lets KDR=0 pass, which section 6.3.1 does not know: read as RFC 3711 reads a rate of 0. */
    key->kdr = kdr && kdr->number > 0 ? (uint32_t)1 << kdr->number : 0;
    key->unencrypted_srtp = find_param(crypto, SDES_UNENCRYPTED_SRTP) != NULL;
    key->unencrypted_srtcp = find_param(crypto, SDES_UNENCRYPTED_SRTCP) != NULL;
    key->unauthenticated_srtp = find_param(crypto, SDES_UNAUTHENTICATED_SRTP) != NULL;
    return true;
}

const char *sdes_problem_text(sdes_problem_kind kind)
{
    static const char *const texts[] = {
        [SDES_PROBLEM_TAG] = "The tag is not a decimal number of one to nine digits",
        [SDES_PROBLEM_TAG_LEADING_ZERO] = "The tag has leading zeros",
        [SDES_PROBLEM_SUITE_MISSING] = "The crypto suite is missing",
        [SDES_PROBLEM_SUITE_UNKNOWN] = "The crypto suite is unknown",
        [SDES_PROBLEM_SUITE_UNREGISTERED] = "The crypto suite is not registered with IANA",
        [SDES_PROBLEM_METHOD] = "The key method is not \"inline\"",
        [SDES_PROBLEM_KEY_MISSING] = "The key is missing",
        [SDES_PROBLEM_BASE64] = "The key is not valid base64",
        [SDES_PROBLEM_BASE64_PADDING] = "The base64 padding does not fit the length of the key",
        [SDES_PROBLEM_KEY_LENGTH] = "The master key and salt are not as long as the crypto suite requires",
        [SDES_PROBLEM_LIFETIME] = "The lifetime is not a number of packets from 1 to 2^48, without leading zeros",
        [SDES_PROBLEM_MKI] = "The MKI is not a positive number that fits its length of 1 to 128 octets, without leading zeros",
        [SDES_PROBLEM_MKI_MISSING] = "One of several keys has no MKI",
        [SDES_PROBLEM_MKI_LENGTHS_DIFFER] = "The MKI is not as long as that of the keys before it",
        [SDES_PROBLEM_MKI_REPEATED] = "Another key has the same MKI",
        [SDES_PROBLEM_KEY_PARAM_FIELDS] = "The fields of the key are not key, lifetime and MKI, in this order",
        [SDES_PROBLEM_WHITE_SPACE] = "White space stands between keys",
        [SDES_PROBLEM_KDR] = "The key derivation rate is not an exponent from 0 to 24, without leading zeros",
        [SDES_PROBLEM_WSH] = "The window size hint is not a number from 64 on, without leading zeros",
        [SDES_PROBLEM_FEC_ORDER] = "FEC_ORDER is neither FEC_SRTP nor SRTP_FEC",
        [SDES_PROBLEM_SESSION_PARAM_UNKNOWN] = "An unknown session parameter makes the line invalid",
        [SDES_PROBLEM_SESSION_PARAM_IGNORED] = "An unknown optional session parameter is ignored",
        [SDES_PROBLEM_SESSION_PARAM_REPEATED] = "The session parameter is repeated; the first one counts",
        [SDES_PROBLEM_WEAK] = "The session parameter switches off encryption or authentication",
        [SDES_PROBLEM_KEY_LOW_ENTROPY] = "All octets of the key are the same",
        [SDES_PROBLEM_TOO_MANY] = "There are more keys or session parameters than are read",
        [SDES_PROBLEM_CHARACTERS] = "The line holds characters that are not printable ASCII",
        [SDES_PROBLEM_LINE_LONG] = "The line is longer than 1024 octets, which some endpoints cut off",
    };

    return (size_t)kind < G_N_ELEMENTS(texts) ? texts[kind] : "Unknown problem";
}

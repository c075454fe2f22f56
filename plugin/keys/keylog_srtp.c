/* The fields of SRTP_MASTER: the flow that a key is tried on, the crypto suite with master key and salt, and the options. */
#include "keys/keylog_parts.h"

#include "ciphers/aes_gcm.h"
#include "keys/base64.h"
#include "keys/text_scan.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>

#define MAX_KDR ((uint32_t)1 << 24) /* RFC 3711 section 4.3.1 */
#define MAX_SECRET (SRTP_MAX_KEY_LEN + SRTP_MAX_SALT_LEN)

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

const char *keylog_read_flow(text_span text, keylog_entry *entry)
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
        return text_take(&text, "0x") && text_hex_number(text, &entry->ssrc)
                   ? NULL
                   : "the selector ssrc= wants 0x and one to eight hexadecimal digits";
    }
    if (text_take(&text, "call=")) {
        if (text.len == 0)
            return "the selector call= wants a Call-ID";
        entry->selector = KEYLOG_CALL;
        entry->call_id = g_strndup(text.text, text.len);
        return NULL;
    }
    return keylog_is_any(text, entry) ? NULL : "the selector is none of *, ssrc=, src=, dst= and call=";
}

/* <suite>:<key||salt>. Hexadecimal and base64 of the same octets never have the same length, so the length tells them apart. */
const char *keylog_read_srtp_secret(text_span text, keylog_entry *entry)
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
    if (text.len != 2 * wanted || !text_hex(text, octets, sizeof octets)) {
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

static const char *read_mki(text_span value, keylog_entry *entry)
{
    srtp_master_key *key = &entry->srtp;
    if (value.len == 0 || !text_hex(value, key->mki, sizeof key->mki))
        return "the option mki= wants 1 to 128 octets in hexadecimal";
    key->mki_len = (uint8_t)(value.len / 2);
    return NULL;
}

static const char *read_kdr(text_span value, keylog_entry *entry)
{
    uint64_t kdr;
    if (!text_decimal(value, MAX_KDR, &kdr) || (kdr & (kdr - 1)) != 0)
        return "the option kdr= wants 0 or a power of two up to 16777216";
    entry->srtp.kdr = (uint32_t)kdr;
    return NULL;
}

static const char *read_roc(text_span value, keylog_entry *entry)
{
    uint64_t roc;
    if (!text_decimal(value, UINT32_MAX, &roc))
        return "the option roc= wants 0 to 4294967295";
    entry->roc = (uint32_t)roc;
    return NULL;
}

static const char *read_flag(text_span value, bool *flag)
{
    *flag = text_is(value, "1");
    return *flag || text_is(value, "0") ? NULL : "the options unencrypted_srtp=, unencrypted_srtcp= and "
                                                 "unauthenticated_srtp= want 0 or 1";
}

static const char *read_unencrypted_srtp(text_span value, keylog_entry *entry)
{
    return read_flag(value, &entry->srtp.unencrypted_srtp);
}

static const char *read_unencrypted_srtcp(text_span value, keylog_entry *entry)
{
    return read_flag(value, &entry->srtp.unencrypted_srtcp);
}

static const char *read_unauthenticated_srtp(text_span value, keylog_entry *entry)
{
    return read_flag(value, &entry->srtp.unauthenticated_srtp);
}

/* Lengths in octets that a MIKEY policy may choose otherwise than the suite does (RFC 3830 section 6.10.1). */
static const char *read_length(text_span value, const keylog_entry *entry, uint64_t max, uint8_t *length)
{
    uint64_t number;
    if (entry->srtp.transform.auth != SRTP_AUTH_HMAC_SHA1)
        return "the options auth_key= and prefix= are for suites with HMAC-SHA1";
    if (!text_decimal(value, max, &number))
        return "the options srtp_tag= and srtcp_tag= want 0 to 20, auth_key= 1 to 64, prefix= 0 to 255";
    *length = (uint8_t)number;
    return NULL;
}

static const char *read_tag(text_span value, const keylog_entry *entry, uint8_t *length)
{
    uint64_t number;
    if (entry->srtp.transform.auth != SRTP_AUTH_AEAD)
        return read_length(value, entry, SRTP_MAX_TAG_LEN, length);
    if (!text_decimal(value, SRTP_MAX_TAG_LEN, &number) || !aes_gcm_tag_len_is_valid(number))
        return "the options srtp_tag= and srtcp_tag= want a length that GCM has";
    *length = (uint8_t)number;
    return NULL;
}

static const char *read_srtp_tag(text_span value, keylog_entry *entry)
{
    return read_tag(value, entry, &entry->srtp.transform.srtp_tag_len);
}

static const char *read_srtcp_tag(text_span value, keylog_entry *entry)
{
    return read_tag(value, entry, &entry->srtp.transform.srtcp_tag_len);
}

/* The usual length has one form only, so that equal keys compare equal. */
static const char *read_auth_key(text_span value, keylog_entry *entry)
{
    uint8_t *length = &entry->srtp.transform.auth_key_len;
    const char *error = read_length(value, entry, SRTP_MAX_AUTH_KEY_LEN, length);
    if (!error && *length == 0)
        return "the option auth_key= wants 1 to 64";
    if (*length == SRTP_AUTH_KEY_LEN)
        *length = 0;
    return error;
}

static const char *read_prefix(text_span value, keylog_entry *entry)
{
    if (entry->srtp.transform.cipher != SRTP_CIPHER_AES_CM)
        return "the option prefix= is for suites with AES in counter mode";
    return read_length(value, entry, UINT8_MAX, &entry->srtp.transform.prefix_len);
}

static const char *read_encrypted_extensions(text_span value, keylog_entry *entry)
{
    text_span part;
    uint64_t id;
    do {
        text_next_part(&value, ',', &part);
        if (!text_decimal(part, UINT8_MAX, &id) || id == 0)
            return "the option encrypted_extensions= wants numbers from 1 to 255 with commas between them";
        entry->encrypted_extensions[id / 8] |= (uint8_t)(1u << id % 8);
    } while (value.text);
    entry->has_encrypted_extensions = true;
    return NULL;
}

static const struct {
    const char *name;
    const char *(*read)(text_span value, keylog_entry *entry);
} srtp_options[] = {
    {"mki=", read_mki},
    {"kdr=", read_kdr},
    {"roc=", read_roc},
    {"unencrypted_srtp=", read_unencrypted_srtp},
    {"unencrypted_srtcp=", read_unencrypted_srtcp},
    {"unauthenticated_srtp=", read_unauthenticated_srtp},
    {"srtp_tag=", read_srtp_tag},
    {"srtcp_tag=", read_srtcp_tag},
    {"auth_key=", read_auth_key},
    {"prefix=", read_prefix},
    {"encrypted_extensions=", read_encrypted_extensions},
};

const char *keylog_read_srtp_option(text_span text, keylog_entry *entry, unsigned *seen)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(srtp_options); i++) {
        if (!text_take(&text, srtp_options[i].name))
            continue;
        if (*seen & 1u << i)
            return "an option is repeated";
        *seen |= 1u << i;
        return srtp_options[i].read(text, entry);
    }
    return "an option is unknown";
}

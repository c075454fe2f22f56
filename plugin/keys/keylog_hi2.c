/* The fields of HI2_CC: a key as an interception record delivers it, CCKeyInfo of TS 33.108 (cCCSID, cCDecKey, cCSalt). The record
 * names no crypto suite, and its cCCSID is what the network gave: for MIKEY-TICKET the CS ID, for others whatever names the stream.
 */
#include "keys/keylog_parts.h"

#include "keys/base64.h"
#include "keys/text_scan.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>

const char *keylog_read_cc_id(text_span text, keylog_entry *entry)
{
    entry->selector = KEYLOG_CC;
    text_take(&text, "0x");
    entry->id_len = MIN(text.len / 2, KEYLOG_MAX_CC_ID);
    entry->id = g_malloc0(KEYLOG_MAX_CC_ID);
    if (text.len == 0 || !text_hex(text, entry->id, KEYLOG_MAX_CC_ID))
        return "a cCCSID wants 1 to " G_STRINGIFY(KEYLOG_MAX_CC_ID) " octets in hexadecimal";
    return NULL;
}

static bool is_key_len(size_t len)
{
    return len == 16 || len == 24 || len == 32;
}

static bool is_salt_len(size_t len)
{
    return len == 12 || len == 14;
}

/* Hexadecimal where it is nothing else and has one of the lengths; otherwise base64. `octets` has room for SRTP_MAX_KEY_LEN. */
static bool read_octets(text_span text, bool (*is_len)(size_t len), uint8_t *octets, size_t *len)
{
    *len = text.len / 2;
    if (is_len(*len) && text_hex(text, octets, SRTP_MAX_KEY_LEN))
        return true;
    base64_result result = base64_decode(text, octets, SRTP_MAX_KEY_LEN, len);
    return (result == BASE64_OK || result == BASE64_PADDING_ABSENT) && is_len(*len);
}

const char *keylog_read_cc_key(text_span text, keylog_entry *entry)
{
    uint8_t octets[SRTP_MAX_KEY_LEN];
    text_span key;
    size_t salt_len = 0;
    const char *error = NULL;

    text_next_part(&text, ':', &key);
    if (read_octets(key, is_key_len, octets, &entry->secret_len))
        entry->secret = g_memdup2(octets, entry->secret_len);
    else
        error = "a cCDecKey wants 16, 24 or 32 octets in hexadecimal or base64";
    if (!error && text.text && !read_octets(text, is_salt_len, octets, &salt_len))
        error = "a cCSalt wants 12 or 14 octets in hexadecimal or base64";
    if (!error && salt_len) {
        memcpy(entry->salt, octets, salt_len);
        entry->salt_len = (uint8_t)salt_len;
    }
    OPENSSL_cleanse(octets, sizeof octets);
    return error;
}

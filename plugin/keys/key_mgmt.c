#include "keys/key_mgmt.h"

#include "keys/base64.h"
#include "keys/text_scan.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>

static void check_protocol(key_mgmt *attribute)
{
    if (text_is(attribute->protocol, "mikey"))
        return;
    attribute->problems |= text_is_nocase(attribute->protocol, "mikey") ? KEY_MGMT_CASE : KEY_MGMT_NOT_MIKEY;
}

static void decode(key_mgmt *attribute)
{
    size_t room = attribute->data.len / 4 * 3 + 3;
    attribute->message = (uint8_t *)g_malloc(room);
    base64_result result = base64_decode(attribute->data, attribute->message, room, &attribute->message_len);
    if (result == BASE64_INVALID) {
        attribute->problems |= KEY_MGMT_BASE64;
        g_free(attribute->message);
        attribute->message = NULL;
        attribute->message_len = 0;
    } else if (result != BASE64_OK) {
        attribute->problems |= KEY_MGMT_PADDING;
    }
}

void key_mgmt_parse(text_span value, key_mgmt *attribute)
{
    text_span rest = value;
    memset(attribute, 0, sizeof *attribute);
    text_take(&rest, " "); /* one is allowed before the protocol */
    if (rest.len && text_is_white(rest.text[0]))
        attribute->problems |= KEY_MGMT_WHITE_SPACE;
    text_next_field(&rest, &attribute->protocol);
    check_protocol(attribute);
    text_take(&rest, " ");
    attribute->data = text_trim(rest);
    if (attribute->data.text != rest.text || attribute->data.len != rest.len)
        attribute->problems |= KEY_MGMT_WHITE_SPACE;
    decode(attribute);
}

void key_mgmt_take(text_span protocol, text_span data, key_mgmt *attribute)
{
    memset(attribute, 0, sizeof *attribute);
    attribute->protocol = protocol;
    attribute->data = data;
    check_protocol(attribute);
    decode(attribute);
}

void key_mgmt_clear(key_mgmt *attribute)
{
    if (attribute->message)
        OPENSSL_cleanse(attribute->message, attribute->message_len);
    g_free(attribute->message);
    attribute->message = NULL;
}

const char *key_mgmt_problem_text(unsigned problems)
{
    if (problems & KEY_MGMT_NOT_MIKEY)
        return "The key management protocol is not \"mikey\"";
    if (problems & KEY_MGMT_CASE)
        return "The key management protocol is not in lower case: its name is case-sensitive (RFC 4567 section 3.1)";
    if (problems & KEY_MGMT_WHITE_SPACE)
        return "White space other than one space before and after the protocol (RFC 4567 section 3.1)";
    if (problems & KEY_MGMT_BASE64)
        return "The data is not base64";
    return "The base64 padding does not fit the length of the data (RFC 8866 section 9)";
}

/* The fields of the MIKEY labels (RFC 3830, RFC 6043). Keys are hexadecimal alone: they have no length of their own by
 * which base64 could be told from it.
 */
#include "keys/keylog_parts.h"

#include "keys/text_scan.h"

#include <glib.h>
#include <string.h>

const char *keylog_read_identity(text_span text, keylog_entry *entry)
{
    if (keylog_is_any(text, entry))
        return NULL;
    entry->selector = KEYLOG_IDENTITY;
    bool hex = text_take(&text, "0x");
    entry->id_len = hex ? text.len / 2 : text.len;
    entry->id = g_malloc0(entry->id_len);
    if (!hex)
        memcpy(entry->id, text.text, text.len);
    else if (text.len == 0 || !text_hex(text, entry->id, entry->id_len))
        return "an identity that begins with 0x wants hexadecimal digits behind it, two an octet";
    return NULL;
}

static const char *read_csb_id(text_span text, keylog_entry *entry)
{
    return keylog_read_hex_id(text, 8, &entry->csb_id) ? NULL : "a CSB ID wants one to eight hexadecimal digits";
}

const char *keylog_read_csb(text_span text, keylog_entry *entry)
{
    if (keylog_is_any(text, entry))
        return NULL;
    entry->selector = KEYLOG_CSB;
    return read_csb_id(text, entry);
}

const char *keylog_read_crypto_session(text_span text, keylog_entry *entry)
{
    text_span csb_id;
    uint64_t cs_id;

    entry->selector = KEYLOG_CRYPTO_SESSION;
    text_next_part(&text, '/', &csb_id);
    if (!text.text)
        return "the selector wants one crypto session: a CSB ID, '/' and a CS ID";
    if (!text_decimal(text, UINT8_MAX, &cs_id))
        return "a CS ID wants a decimal number from 0 to 255";
    entry->cs_id = (uint8_t)cs_id;
    return read_csb_id(csb_id, entry);
}

const char *keylog_read_mikey_key(text_span text, keylog_entry *entry)
{
    if (text.len > 2 * KEYLOG_MAX_SECRET || !keylog_read_key(text, entry))
        return "the secret wants 1 to " G_STRINGIFY(KEYLOG_MAX_SECRET) " octets in hexadecimal";
    return NULL;
}

/* What may stand behind a key and ':'. */
static const char *read_salt(text_span text, keylog_entry *entry)
{
    if (!text.text)
        return NULL;
    if ((text.len != 2 * 12 && text.len != 2 * 14) || !text_hex(text, entry->salt, sizeof entry->salt))
        return "the salt behind the key wants 12 or 14 octets in hexadecimal";
    entry->salt_len = (uint8_t)(text.len / 2);
    return NULL;
}

const char *keylog_read_mikey_tgk(text_span text, keylog_entry *entry)
{
    text_span tgk;

    text_next_part(&text, ':', &tgk);
    const char *error = keylog_read_mikey_key(tgk, entry);
    return error ? error : read_salt(text, entry);
}

const char *keylog_read_mikey_tek(text_span text, keylog_entry *entry)
{
    text_span tek;

    text_next_part(&text, ':', &tek);
    if ((tek.len != 2 * 16 && tek.len != 2 * 24 && tek.len != 2 * 32) || !keylog_read_key(tek, entry))
        return "the TEK wants 16, 24 or 32 octets in hexadecimal";
    return read_salt(text, entry);
}

#include "keys/base64.h"

#include "keys/text_scan.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <string.h>

static bool in_alphabet(char c)
{
    return g_ascii_isalnum(c) || c == '+' || c == '/';
}

/* GLib passes over what is not base64 and holds back an unpadded end; so it only ever sees whole groups of four
 * that were checked before. */
static size_t decode_group(const char *symbols, size_t count, uint8_t octets[3])
{
    char group[4] = {'=', '=', '=', '='};
    gint state = 0;
    guint save = 0;

    memcpy(group, symbols, count);
    size_t len = g_base64_decode_step(group, sizeof group, octets, &state, &save);
    OPENSSL_cleanse(group, sizeof group);
    OPENSSL_cleanse(&save, sizeof save);
    return len;
}

base64_result base64_decode(text_span text, uint8_t *out, size_t room, size_t *len)
{
    size_t count = 0;
    *len = 0;
    while (count < text.len && in_alphabet(text.text[count]))
        count++;
    for (size_t i = count; i < text.len; i++)
        if (text.text[i] != '=')
            return BASE64_INVALID;
    if (count == 0 || count % 4 == 1)
        return BASE64_INVALID;

    *len = count / 4 * 3 + (count % 4 ? count % 4 - 1 : 0);
    size_t written = 0;
    for (size_t i = 0; i < count && written < room; i += 4) {
        uint8_t octets[3];
        size_t some = decode_group(text.text + i, MIN(count - i, 4), octets);
        some = MIN(some, room - written);
        memcpy(out + written, octets, some);
        OPENSSL_cleanse(octets, sizeof octets);
        written += some;
    }

    size_t padding = text.len - count, wanted = (4 - count % 4) % 4;
    return padding < wanted ? BASE64_PADDING_ABSENT : padding > wanted ? BASE64_PADDING_SURPLUS : BASE64_OK;
}

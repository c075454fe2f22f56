#include "keys/keyed_hash.h"

#include <stdint.h>
#include <string.h>

#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t secret(void)
{
    static uint64_t drawn;
    while (!drawn)
        drawn = (uint64_t)g_random_int() << 32 | g_random_int();
    return drawn;
}

/* FNV-1a of 64 bits that begins at the secret. An octet changes the low bits alone, the multiplication carries them where no further octet
 * reaches: so names that collide under one secret do not, as a rule, under another. */
guint keyed_hash(const void *octets, size_t len)
{
    const uint8_t *at = octets;
    uint64_t hash = secret();
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * FNV_PRIME;
    return (guint)(hash >> 32 ^ hash);
}

guint keyed_hash_string(gconstpointer text)
{
    return keyed_hash(text, strlen(text));
}

guint keyed_hash_bytes(gconstpointer bytes)
{
    gsize len;
    gconstpointer octets = g_bytes_get_data((GBytes *)bytes, &len);
    return keyed_hash(octets, len);
}

guint keyed_hash_u64(gconstpointer number)
{
    return keyed_hash(number, sizeof(uint64_t));
}

#include "keys/keyed_hash.h"

#include <stdint.h>
#include <string.h>

enum { BEGIN, OF_LOW, OF_HIGH, SECRETS };

static const uint64_t *secrets(void)
{
    static uint64_t drawn[SECRETS];
    for (unsigned i = 0; !drawn[SECRETS - 1] && i < SECRETS; i++)
        drawn[i] = (uint64_t)g_random_int() << 32 | g_random_int() | 1;
    return drawn;
}

/* Each half is multiplied by a secret of its own, so that what a change of the word does to the sum is a secret, too, and no change of the
 * next one takes it back by design. Turned, since the low bits of a product follow from low bits alone. */
static uint64_t mix(const uint64_t *secret, uint64_t word)
{
    uint64_t sum = (word & UINT32_MAX) * secret[OF_LOW] + (word >> 32) * secret[OF_HIGH];
    return sum >> 32 | sum << 32;
}

guint keyed_hash(const void *octets, size_t len)
{
    const uint64_t *secret = secrets();
    const uint8_t *at = octets;
    uint64_t hash = secret[BEGIN] ^ len, word = 0;
    for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mix(secret, hash ^ word);
    }
    word = 0;
    if (len)
        memcpy(&word, at, len);
    hash = mix(secret, hash ^ word);
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

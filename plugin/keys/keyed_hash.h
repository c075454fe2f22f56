/* Hash functions for GLib's tables with a secret in them, another in each process. GLib's own are known to whoever writes a capture: he could
 * choose names that all have one hash, and work would grow with the square of their number. No output may depend on the order of a table.
 */
#ifndef D2DSEC_KEYS_KEYED_HASH_H
#define D2DSEC_KEYS_KEYED_HASH_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

guint keyed_hash(const void *octets, size_t len);

/* What tells a thing in a frame from the others in it at every visit: where it begins, which things in several data sources of one frame may
 * have in common, and its octets. */
static inline uint32_t keyed_place(uint32_t position, const void *octets, size_t len)
{
    return position ^ keyed_hash(octets, len);
}

/* GHashFuncs: of a string, of GBytes, and of a number of 64 bits. */
guint keyed_hash_string(gconstpointer text);
guint keyed_hash_bytes(gconstpointer bytes);
guint keyed_hash_u64(gconstpointer number);

#endif

/* Which packet indices of a stream have been authenticated, and with which tag: what tells a packet that came late from one
 * that came twice, and a repeated packet from a repeated index (keystream reuse).
 *
 * RFC 3711 section 3.3.2 asks a receiver for a window of at least 64 packets. A capture file is read for evidence and
 * may hold a packet thousands late, so here nothing is forgotten: about 5 octets a packet of a stream without gaps, 350 at most.
 */
#ifndef D2DSEC_SESSIONS_SEEN_SET_H
#define D2DSEC_SESSIONS_SEEN_SET_H

#include <glib.h>
#include <stdint.h>

typedef struct {
    GHashTable *blocks; /* by number; NULL while empty */
    void *last;        /* block of the last insertion: packets mostly come in order */
} seen_set;

typedef enum {
    SEEN_NEW,
    SEEN_SAME,      /* the same index with the same digest: the same packet again */
    SEEN_DIFFERENT, /* the same index with another digest: other data under the same keystream */
} seen_result;

/* Notes that `index` was authenticated with a tag that `digest` stands for. */
seen_result seen_set_add(seen_set *set, uint64_t index, uint32_t digest);

/* Frees what the set holds and leaves it empty. */
void seen_set_clear(seen_set *set);

#endif

/* Heuristics: those of our own, and standing in front of one of stock Wireshark's. */
#ifndef D2DSEC_PROTOCOLS_HEURISTIC_GUARD_H
#define D2DSEC_PROTOCOLS_HEURISTIC_GUARD_H

#include "compat.h"

/* The protocol of a heuristic of ours: none. libwireshark enters a heuristic's protocol into the layers of each frame that it offers to it,
 * and takes it out again where the heuristic declines, at several times the cost of asking. So it asks whether its protocol is enabled by
 * itself, and calls a handle of that protocol for what it takes. */
#define HEURISTIC_WITHOUT_LAYER (-1)

/* Puts `before` in place of the heuristic with the given short name. Returns what it has to call for all that is not its own; NULL:
 * there is no such heuristic. */
static inline heur_dissector_t heuristic_guard(const char *name, heur_dissector_t before)
{
    heur_dtbl_entry_t *entry = find_heur_dissector_by_unique_short_name(name);
    if (!entry)
        return NULL;
    heur_dissector_t stock = entry->dissector;
    entry->dissector = before;
    return stock;
}

#endif

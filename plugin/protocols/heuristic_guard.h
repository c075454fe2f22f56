/* Heuristics: those of our own, and standing in front of one of stock Wireshark's. */
#ifndef D2DSEC_PROTOCOLS_HEURISTIC_GUARD_H
#define D2DSEC_PROTOCOLS_HEURISTIC_GUARD_H

#include "compat.h"

/* Adds a heuristic that has no protocol. libwireshark enters a heuristic's protocol into the layers of each frame that it offers to it, and
 * takes it out again where the heuristic declines, at several times the cost of asking. Without a protocol libwireshark asks in any case:
 * the heuristic itself looks whether it is `enabled` in what is returned, and calls a handle of its protocol for what it takes. */
static inline const heur_dtbl_entry_t *heuristic_add_without_layer(const char *table, heur_dissector_t dissector, const char *display_name,
                                                                   const char *short_name)
{
    heur_dissector_add(table, dissector, display_name, short_name, -1, HEURISTIC_ENABLE);
    return find_heur_dissector_by_unique_short_name(short_name);
}

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

/* Standing in front of a heuristic of stock Wireshark. */
#ifndef D2DSEC_PROTOCOLS_HEURISTIC_GUARD_H
#define D2DSEC_PROTOCOLS_HEURISTIC_GUARD_H

#include "compat.h"

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

/* Finds what the standards leave open from one Direct Security Mode Command: its MAC-I is right under one derivation and wrong under all
 * others, but for one chance in 2^32.
 */
#ifndef D2DSEC_SESSIONS_SL_SEARCH_H
#define D2DSEC_SESSIONS_SL_SEARCH_H

#include "sessions/sl_context.h"

#define SL_SEARCH_MAX_CANDIDATES 4    /* the likeliest of a context */
#define SL_SEARCH_MAX_MACS 2000000    /* computed in one search */

typedef struct {
    sl_profile profile; /* with `reading` for the command; sl_profile.search is as it was */
    size_t candidate;   /* of those given */
    threegpp_key kd, kd_sess;
} sl_found;

/* Tries, for each candidate in turn, values other than those of `from`: BEARER, DIRECTION and the cover of the MAC-I; variants of the
 * traffic key derivation; FC values of KD-sess and of the traffic keys, each with all of the other; the ways of making KD, with their FC.
 * `command` was captured in full, and has a MAC-I under an algorithm that is not EIA0. False: nothing fits. The caller cleanses *found. */
bool sl_search(const GArray *candidates, const pc5_context *signalled, const sl_pdu *command, const sl_profile *from, sl_found *found);

#endif

/* What key establishment information of PC5 signalling teaches: SDES keys and MIKEY messages, from wherever it travelled. */
#ifndef D2DSEC_SESSIONS_PC5_LEARN_H
#define D2DSEC_SESSIONS_PC5_LEARN_H

#include "sessions/kd_sources.h"
#include "sessions/mikey_sessions.h"
#include "sessions/pc5_state.h"

/* Takes in what the container of a message holds. `record` is what pc5_state_add made of the message. Called again for the same message
 * it changes nothing. */
void pc5_learn_keying(const pc5_arrival *arrival, const pc5_record *record, kd_sources *sources, mikey_sessions *mikey);

#endif

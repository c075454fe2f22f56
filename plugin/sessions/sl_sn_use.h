/* Which PDCP SNs went under which key, and with what data. A sidelink sender must never use an SN twice with one key (TS 36.323
 * section 5.1.3): the two PDUs would share their keystream. No key is needed to see it; where the keys are known, two of one name are
 * told apart.
 *
 * What was found when a frame was first seen is answered on every later visit.
 */
#ifndef D2DSEC_SESSIONS_SL_SN_USE_H
#define D2DSEC_SESSIONS_SL_SN_USE_H

#include "sessions/pdcp_sl.h"

#define SL_SN_USE_MAX_KEYS 4096 /* keys of channels; the one that was silent longest is forgotten */

typedef struct sl_sn_use sl_sn_use;

sl_sn_use *sl_sn_use_new(void);
void sl_sn_use_free(sl_sn_use *use);

/* Notes a PDU, and adds PDCP_SL_SN_... to its problems. key: a number of the key that opened it; 0: none did, and it goes by the key ID
 * of its header. PDUs that are not protected, were not captured in full, or are too short for their MAC-I are left alone. */
void sl_sn_use_note(sl_sn_use *use, sl_pdu *pdu, unsigned key);

#endif

/* Preferences for what the standards leave open between SDES or MIKEY-TICKET and a deciphered sidelink PDU (d2dsec.kd_kdf ... d2dsec.search).
 */
#ifndef D2DSEC_PROTOCOLS_SL_PREFERENCES_H
#define D2DSEC_PROTOCOLS_SL_PREFERENCES_H

#include "compat.h"
#include "sessions/sl_profile.h"

#include <epan/prefs.h>

/* Adds them to the plugin's module. */
void sl_preferences_register(module_t *module);

/* What is set. Texts in it live until preferences change. */
sl_profile sl_preferences_profile(void);

#endif

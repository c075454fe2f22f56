/* A key log of everything that a capture gave: with it alone, the same traffic decrypts in a capture that has no signalling. */
#ifndef D2DSEC_REPORTS_KEYS_EXPORT_H
#define D2DSEC_REPORTS_KEYS_EXPORT_H

#include "sessions/kd_sources.h"
#include "sessions/media_streams.h"
#include "sessions/mikey_sessions.h"
#include "sessions/session_keys.h"
#include "sessions/sl_security.h"

#include <glib.h>

typedef struct {
    const session_keys *keys;
    const media_streams *streams;
    const mikey_sessions *mikey;
    const kd_sources *kd;
    const sl_security *sidelink;
} keys_export_sources;

/* The key log, in the format of keyfiles/README.md. A key that opened streams is selected by their SSRCs, others by `*`; lines of the key
 * log that was read are repeated where something was opened with them. The same capture gives the same text. To be freed with
 * keys_export_free. */
GString *keys_export(const keys_export_sources *sources);

/* Cleanses and frees. */
void keys_export_free(GString *text);

#endif

/* The MIKEY secrets of key logs, found by what selects them. */
#ifndef D2DSEC_SESSIONS_MIKEY_SECRETS_H
#define D2DSEC_SESSIONS_MIKEY_SECRETS_H

#include "keys/keylog.h"
#include "sessions/mikey_step.h"

#include <glib.h>

#define MIKEY_MAX_SECRETS 64 /* looked at for one message: the newest of those that its names select, and of those for any */

typedef struct mikey_secrets mikey_secrets;

mikey_secrets *mikey_secrets_new(void);
void mikey_secrets_free(mikey_secrets *secrets);

/* Takes in the secret of a MIKEY_... or HI2_CC line; the latter is the TEK of the crypto session with its cCCSID in any CSB. */
void mikey_secrets_add(mikey_secrets *secrets, const keylog_entry *entry);

/* How many there are; it grows with each. */
unsigned mikey_secrets_count(const mikey_secrets *secrets);

/* Each of these appends borrowed const mikey_step * to `found`, those that are named first, then those for any, the newest first. */

/* PSKs or TPKs (`label`) of an identity. Its own octets select it; an absent one selects nothing. */
void mikey_secrets_by_identity(const mikey_secrets *secrets, keylog_label label, octet_span identity, GPtrArray *found);

/* PSKs or TPKs for any identity. */
void mikey_secrets_by_none(const mikey_secrets *secrets, keylog_label label, GPtrArray *found);

/* MPKs or TGKs (`label`) of a CSB, then those for any. */
void mikey_secrets_by_csb(const mikey_secrets *secrets, keylog_label label, uint32_t csb_id, GPtrArray *found);

/* TEKs of one crypto session. */
void mikey_secrets_teks(const mikey_secrets *secrets, uint32_t csb_id, uint8_t cs_id, GPtrArray *found);

/* All TEKs, the newest first, until `found` has `max` elements. */
void mikey_secrets_all_teks(const mikey_secrets *secrets, unsigned max, GPtrArray *found);

#endif

/* What key logs delivered: each key by its fingerprint and by what its line names, for comparison with what signalling gives. No key
 * is kept.
 */
#ifndef D2DSEC_SESSIONS_DELIVERED_KEYS_H
#define D2DSEC_SESSIONS_DELIVERED_KEYS_H

#include "keys/fingerprint.h"
#include "keys/keylog.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define DELIVERED_MAX_KEYS 65536 /* of one capture; further ones are not compared */

typedef struct {
    keylog_label label;
    keylog_selector_kind selector;
    char *name;              /* label and selector, as a report names them; owned */
    char *call_id;           /* KEYLOG_CALL; owned */
    transport_address address;
    uint32_t ssrc, csb_id, kd_id, initiator, responder;
    int cs_id;               /* KEYLOG_CRYPTO_SESSION, KEYLOG_CC; -1: none */
    uint16_t kd_sess_id;
    bool has_salt;
    char fingerprint[KEY_FINGERPRINT_LEN + 1];     /* of key and salt, or of the key where there is no salt */
    char key_fingerprint[KEY_FINGERPRINT_LEN + 1]; /* of the key alone */
    unsigned line;
} delivered_key;

typedef struct delivered_keys delivered_keys;

delivered_keys *delivered_keys_new(void);

/* NULL is allowed. */
void delivered_keys_free(delivered_keys *delivered);

/* Notes the key of a line. Labels of secrets from which keys are only derived (MIKEY_PSK, MIKEY_TPK, MIKEY_MPK) are passed over:
 * signalling never holds what they could be compared with. */
void delivered_keys_add(delivered_keys *delivered, const keylog_entry *entry);

/* delivered_key *, in order of arrival. */
const GPtrArray *delivered_keys_all(const delivered_keys *delivered);

#endif

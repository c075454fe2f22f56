/* What the files of the key log's line share: the readers of fields that the table of labels in keylog.c names. Nobody
 * else includes it.
 *
 * A reader takes one field, which is not empty, and fills in the entry. It answers NULL, or what is wrong in words that
 * hold no part of the field; keylog.c then frees the entry with what was filled in so far.
 */
#ifndef D2DSEC_KEYS_KEYLOG_PARTS_H
#define D2DSEC_KEYS_KEYLOG_PARTS_H

#include "keys/keylog.h"
#include "keys/text_span.h"

/* SRTP_MASTER: keylog_srtp.c. Bit i of *seen: option i was read. */
const char *keylog_read_flow(text_span text, keylog_entry *entry);
const char *keylog_read_srtp_secret(text_span text, keylog_entry *entry);
const char *keylog_read_srtp_option(text_span text, keylog_entry *entry, unsigned *seen);

/* The MIKEY labels: keylog_mikey.c. */
const char *keylog_read_identity(text_span text, keylog_entry *entry);
const char *keylog_read_csb(text_span text, keylog_entry *entry);
const char *keylog_read_crypto_session(text_span text, keylog_entry *entry);
const char *keylog_read_mikey_key(text_span text, keylog_entry *entry);
const char *keylog_read_mikey_tgk(text_span text, keylog_entry *entry);
const char *keylog_read_mikey_tek(text_span text, keylog_entry *entry);

#endif

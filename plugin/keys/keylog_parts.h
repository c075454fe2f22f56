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

/* Whether the field is `*`; then the secret is for everything. */
bool keylog_is_any(text_span text, keylog_entry *entry);

/* Reads an identity of one to `max_digits` hexadecimal digits, at most 8, with or without 0x: documents write them either
 * way. False: it is something else. */
bool keylog_read_hex_id(text_span text, unsigned max_digits, uint32_t *id);

/* Reads hexadecimal digits, two an octet and at least one octet, into entry->secret. False: the span is something else;
 * what was read until then stays. The caller has bounded the length. */
bool keylog_read_key(text_span hex, keylog_entry *entry);

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

/* The labels of direct communication: keylog_d2d.c. */
const char *keylog_read_kd_id(text_span text, keylog_entry *entry);
const char *keylog_read_kd_sess_id(text_span text, keylog_entry *entry);
const char *keylog_read_group(text_span text, keylog_entry *entry);
const char *keylog_read_offer(text_span text, keylog_entry *entry);
const char *keylog_read_d2d_key(text_span text, keylog_entry *entry);
const char *keylog_read_traffic_key(text_span text, keylog_entry *entry);
const char *keylog_read_sdes_key(text_span text, keylog_entry *entry);
const char *keylog_read_sidelink_option(text_span text, keylog_entry *entry, unsigned *seen);

/* HI2_CC: keylog_hi2.c. */
const char *keylog_read_cc_id(text_span text, keylog_entry *entry);
const char *keylog_read_cc_key(text_span text, keylog_entry *entry);

#endif

/* The key log: one secret a line (defined in keyfiles/README.md).
 *
 *   LABEL SELECTOR SECRET [name=value ...]
 */
#ifndef D2DSEC_KEYS_KEYLOG_H
#define D2DSEC_KEYS_KEYLOG_H

#include "keys/srtp_context.h"
#include "keys/transport_address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYLOG_MAX_LINE 4096       /* octets of one line; a longer one is named and skipped */
#define KEYLOG_MAX_ENTRIES 1000000 /* of one file; the rest is named once and skipped */

/* A label's meaning stands in one table in keylog.c, so that a new label is a new row. */
typedef enum {
    KEYLOG_SRTP_MASTER, /* SRTP_MASTER <flow> <suite>:<key||salt> [mki=HEX] [kdr=N] */
} keylog_label;

typedef enum {
    KEYLOG_ANY,    /* * */
    KEYLOG_SSRC,   /* ssrc=0x... */
    KEYLOG_SOURCE, /* src=ADDR:PORT, IPv6 as [ADDR]:PORT */
    KEYLOG_DESTINATION, /* dst=ADDR:PORT */
    KEYLOG_CALL,   /* call=CALL-ID */
} keylog_selector_kind;

typedef struct {
    keylog_label label;
    keylog_selector_kind selector;
    uint32_t ssrc;
    transport_address address;
    char *call_id;             /* owned */
    srtp_master_key srtp;      /* KEYLOG_SRTP_MASTER */
    const crypto_suite *suite;
    unsigned line;             /* 1-based; 0: not from a file */
} keylog_entry;

/* Parses one line of `len` octets, with or without line end. True and *entry set: a secret, to be freed with
 * keylog_entry_free. True and *entry NULL: blank or a comment. False: *error (g_free it) says what is wrong
 * in words that hold no part of the secret. */
bool keylog_parse_line(const char *line, size_t len, keylog_entry **entry, char **error);

/* Cleanses and frees. NULL is allowed. */
void keylog_entry_free(keylog_entry *entry);

/* A key log that may still be growing. */
typedef struct keylog_file keylog_file;

/* Called for each new secret; takes ownership of the entry. */
typedef void (*keylog_entry_cb)(keylog_entry *entry, void *user);
/* Called for each line that was skipped, and once for a file that can't be read (line 0). */
typedef void (*keylog_error_cb)(unsigned line, const char *error, void *user);

keylog_file *keylog_file_new(const char *path);
void keylog_file_free(keylog_file *file);

/* Reads what has been added since the last call. A last line without line end waits for the next call, unless `at_end`
 * says that no more is to come: then it counts. A file that was replaced or has shrunk is read anew from the start; *restarted
 * (may be NULL) tells so, and the caller drops what it had. Costs one stat() when nothing was added.
 * Returns the number of new secrets. */
unsigned keylog_file_read(keylog_file *file, bool at_end, bool *restarted, keylog_entry_cb on_entry,
                          keylog_error_cb on_error, void *user);

#endif

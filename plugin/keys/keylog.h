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
#define KEYLOG_MAX_SECRET 512      /* octets of a MIKEY key; minisip's TGKs have 192 */
#define KEYLOG_MAX_D2D_KEY 32      /* octets of KD, KD-sess and PGK */
#define KEYLOG_MAX_CC_ID 64        /* octets of a cCCSID */
#define KEYLOG_MAX_ENTRIES 1000000 /* of one file; the rest is named once and skipped */
#define KEYLOG_LINE_LEN 40         /* longest text of keylog_line_text, with its NUL */

/* Beside its number, in a line of a key log of derived keys: so no line is that of two key logs. */
#define KEYLOG_LINE_DERIVED 0x80000000u

/* A label's meaning stands in one table in keylog.c, so that a new label is a new row. */
typedef enum {
    KEYLOG_SRTP_MASTER, /* SRTP_MASTER <flow> <suite>:<key||salt> [mki=HEX] [kdr=N] [roc=N] */
    KEYLOG_MIKEY_PSK,   /* MIKEY_PSK <id|*> <hex>: pre-shared key (RFC 3830 section 3.1, RFC 6043 section 4.2) */
    KEYLOG_MIKEY_TPK,   /* MIKEY_TPK <id|*> <hex>: ticket protection key (RFC 6043 appendix A) */
    KEYLOG_MIKEY_MPK,   /* MIKEY_MPK <csb-id|*> <hex>: MPK of the ticket (RFC 6043 appendix A) */
    KEYLOG_MIKEY_TGK,   /* MIKEY_TGK <csb-id|*> <hex>[:<salt>]: TGK; of a ticket the one before forking */
    KEYLOG_MIKEY_TEK,   /* MIKEY_TEK <csb-id>/<cs-id> <tek>[:<salt>]: of one crypto session */
    KEYLOG_D2D_KD,      /* D2D_KD <kd-id|*> <hex>: KD (TS 33.303 clause 6.5.5) */
    KEYLOG_D2D_KDSESS,  /* D2D_KDSESS <kd-sess-id|*> <hex>: KD-sess */
    KEYLOG_D2D_PEK,     /* D2D_PEK <kd-sess-id|*> <hex>: PEK that follows from it */
    KEYLOG_D2D_PIK,     /* D2D_PIK <kd-sess-id|*> <hex>: PIK that follows from it */
    KEYLOG_PROSE_PGK,   /* PROSE_PGK <group-id>/<pgk-id> <hex>: PGK of a group (TS 33.303 clause A.3) */
    KEYLOG_SDES_K1,     /* SDES_K1 <call-id|l2-pair|*> <key[||salt]>: master key of the offer (RFC 4568) */
    KEYLOG_SDES_K2,     /* SDES_K2 <call-id|l2-pair|*> <key[||salt]>: of the answer */
    KEYLOG_HI2_CC,      /* HI2_CC <ccsid> <key>[:<salt>]: CCKeyInfo of an interception record (TS 33.108) */
} keylog_label;

typedef enum {
    KEYLOG_ANY,            /* * */
    KEYLOG_SSRC,           /* ssrc=0x... */
    KEYLOG_SOURCE,         /* src=ADDR:PORT, IPv6 as [ADDR]:PORT */
    KEYLOG_DESTINATION,    /* dst=ADDR:PORT */
    KEYLOG_CALL,           /* call=CALL-ID; of SDES_K1 and SDES_K2 without call= */
    KEYLOG_IDENTITY,       /* the data of a MIKEY identity, as text or behind 0x in hexadecimal */
    KEYLOG_CSB,            /* CSB ID in hexadecimal */
    KEYLOG_CRYPTO_SESSION, /* CSB ID and CS ID: hexadecimal/decimal */
    KEYLOG_KD,             /* KD ID in hexadecimal */
    KEYLOG_KD_SESS,        /* KD-sess ID in hexadecimal */
    KEYLOG_PGK,            /* Layer-2 ID of a group and PGK ID: hexadecimal/hexadecimal */
    KEYLOG_L2_PAIR,        /* two Layer-2 IDs: hexadecimal-hexadecimal */
    KEYLOG_CC,             /* cCCSID: octets in hexadecimal */
} keylog_selector_kind;

/* What a line tells of a sidelink context whose Direct Security Mode Command is not in the capture. */
enum {
    KEYLOG_TELLS_EEA = 1 << 0,
    KEYLOG_TELLS_EIA = 1 << 1,
    KEYLOG_TELLS_COMMANDER = 1 << 2,
    KEYLOG_TELLS_BEARER = 1 << 3,
    KEYLOG_TELLS_DIRECTION = 1 << 4,
    KEYLOG_TELLS_MAC_I_CIPHERED = 1 << 5,
    KEYLOG_TELLS_MAC_I_OVER_DATA = 1 << 6,
};

#define KEYLOG_BEARER_LCID 32          /* bearer=lcid */
#define KEYLOG_BEARER_LCID_LESS_ONE 33 /* bearer=lcid-1 */

typedef struct {
    unsigned told;            /* KEYLOG_TELLS_...: which of the others were */
    uint8_t eea, eia;
    uint16_t commander;       /* first 16 bits of the Layer-2 ID of who sent the command */
    uint8_t bearer;           /* 0 to 31, or KEYLOG_BEARER_... */
    uint8_t direction;        /* 0: 1 from the commander; 1: the other way about; 2: always 0; 3: always 1 */
    bool mac_i_ciphered, mac_i_over_data;
} keylog_sidelink;

typedef struct {
    keylog_label label;
    keylog_selector_kind selector;
    uint32_t ssrc;                   /* KEYLOG_SSRC */
    transport_address address;       /* KEYLOG_SOURCE, KEYLOG_DESTINATION */
    char *call_id;                   /* KEYLOG_CALL; owned */
    uint8_t *id;                     /* KEYLOG_IDENTITY, KEYLOG_CC, at least one octet; owned */
    size_t id_len;
    uint32_t csb_id;                 /* KEYLOG_CSB, KEYLOG_CRYPTO_SESSION */
    uint8_t cs_id;                   /* KEYLOG_CRYPTO_SESSION */
    uint32_t kd_id;                  /* KEYLOG_KD */
    uint16_t kd_sess_id;             /* KEYLOG_KD_SESS */
    uint32_t group_id;               /* KEYLOG_PGK: 24 bits */
    uint8_t pgk_id;                  /* KEYLOG_PGK */
    uint32_t initiator, responder;   /* KEYLOG_L2_PAIR, 24 bits: the UE whose request brings the offer, and its peer */
    srtp_master_key srtp;            /* KEYLOG_SRTP_MASTER */
    const crypto_suite *suite;
    uint32_t roc;                    /* KEYLOG_SRTP_MASTER: at which the stream begins in the capture; 0: not said */
    uint8_t encrypted_extensions[32]; /* KEYLOG_SRTP_MASTER: as srtp_reading has them */
    bool has_encrypted_extensions;
    keylog_sidelink sidelink;        /* KEYLOG_D2D_KDSESS, KEYLOG_D2D_PEK, KEYLOG_D2D_PIK */
    uint8_t *secret;                 /* KEYLOG_MIKEY_...: 1 to KEYLOG_MAX_SECRET octets, of a TEK 16, 24 or 32;
                                        KEYLOG_SDES_... and HI2_CC: 16, 24 or 32; PEK and PIK: 16; KD, KD-sess and PGK: 16 to
                                        KEYLOG_MAX_D2D_KEY; owned */
    size_t secret_len;
    uint8_t salt[SRTP_MAX_SALT_LEN]; /* KEYLOG_MIKEY_TGK, KEYLOG_MIKEY_TEK, KEYLOG_SDES_..., KEYLOG_HI2_CC */
    uint8_t salt_len;                /* 12, 14, or 0: the line has none */
    unsigned line;                   /* 1-based, with KEYLOG_LINE_DERIVED or without; 0: not from a file */
} keylog_entry;

/* "line 3", or "line 3 of derived keys". */
const char *keylog_line_text(unsigned line, char text[KEYLOG_LINE_LEN]);

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

/* Reads a key log that is no file: text[0..len), which is complete. Returns the number of secrets. */
unsigned keylog_read_text(const char *text, size_t len, keylog_entry_cb on_entry, keylog_error_cb on_error, void *user);

#endif

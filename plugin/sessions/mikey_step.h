/* One step of a MIKEY key derivation: a key, and how it came about. The chain of steps from a TEK backwards is the proof that a person
 * can follow.
 */
#ifndef D2DSEC_SESSIONS_MIKEY_STEP_H
#define D2DSEC_SESSIONS_MIKEY_STEP_H

#include "keys/fingerprint.h"
#include "keys/mikey_kdf.h"
#include "keys/octet_span.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a key was found. */
typedef enum {
    MIKEY_FROM_KEYLOG,   /* a line of a key log */
    MIKEY_FROM_PKE,      /* a PKE payload, opened with a private key */
    MIKEY_FROM_KEMAC,    /* a KEMAC payload that was opened with keys from `from` */
    MIKEY_FROM_CLEAR,    /* a KEMAC payload without encryption */
    MIKEY_FROM_PRF,      /* derived from `from` */
    MIKEY_FROM_SPLIT,    /* the first octets of `from`, whose last are the salt */
    MIKEY_FROM_KEY,      /* is `from` */
} mikey_step_source;

#define MIKEY_STEP_OTHER 0xff

typedef struct mikey_step mikey_step;

struct mikey_step {
    const char *name;        /* "PSK", "MPKi", "TGK'", "TEK": constant */
    const char *function;    /* MIKEY_FROM_PRF: constant text of the function and its label */
    mikey_step_source source;
    const mikey_step *from;  /* owns a reference; NULL: none */
    uint32_t frame;          /* of the message that it was taken from or derived for; 0: none */
    unsigned line;           /* of the key log; 0: none */
    int cs_id;               /* of the crypto session; -1: it belongs to none */
    uint8_t kind;            /* MIKEY_KEY_... of one that stands in a KEMAC, or follows from such a one; else MIKEY_STEP_OTHER */
    octet_span key, salt, spi;
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    char salt_fingerprint[KEY_FINGERPRINT_LEN + 1]; /* empty: there is no salt */
};

/* Takes copies of all spans (absent ones are allowed) and a reference to `from`. The caller sets the remaining members of what it
 * gets, and owns a reference. */
mikey_step *mikey_step_new(const char *name, mikey_step_source source, const mikey_step *from, octet_span key,
                           octet_span salt, octet_span spi);

/* PRF(from, label, len) as a step: its octets are derived here; kind, salt and SPI stay those of `from`. NULL: mikey_derive could not. */
mikey_step *mikey_step_derive(const char *name, const char *function, const mikey_step *from, mikey_prf prf,
                              const mikey_label *label, size_t len);

const mikey_step *mikey_step_ref(const mikey_step *step);

/* The last reference cleanses and frees. NULL is allowed. A GDestroyNotify may be made of it. */
void mikey_step_unref(const mikey_step *step);

#endif

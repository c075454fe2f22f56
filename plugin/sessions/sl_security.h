/* Opens sidelink PDUs: which security context protects one, and what became of it (TS 33.303 clause 6.5.5, TS 36.323 sections 5.6 and 5.7).
 *
 * A one-to-one context begins with a Direct Security Mode Command, whose MAC-I shows which of the KDs that are known is its own. Where that
 * was not seen, or there is none, keys of a key log and what a deciphered PDU looks like have to do.
 *
 * What was decided of a frame is answered on every later visit; what could not be opened is tried again when more has become known.
 */
#ifndef D2DSEC_SESSIONS_SL_SECURITY_H
#define D2DSEC_SESSIONS_SL_SECURITY_H

#include "sessions/sl_context.h"

#define SL_MAX_CONTEXTS 65536     /* of one capture */
#define SL_MAX_TRIED 64           /* contexts that are tried on one PDU */
#define SL_MAX_LOOKED 1024        /* contexts under one key ID, and lines of a key log for it, the newest, that are looked at for one PDU */
#define SL_MAX_FUTILE 16          /* PDUs under one key ID that keys of a key log are tried on in vain, until more becomes known */
#define SL_MAX_FUTILE_SEARCHES 4  /* of one capture */
#define SL_MAX_FOUND 16           /* findings of searches that are tried on later commands */
#define SL_MAX_SEARCHES 16        /* of one capture, in all */
#define SL_CREDIT_INITIAL (1 << 19) /* keys that a capture may try at once ... */
#define SL_CREDIT_PER_PDU 8       /* ... and what each PDU adds, so that work stays linear */
#define SL_MAX_COMMANDS 4096      /* Direct Security Mode Commands that wait for their key ... */
#define SL_MAX_COMMANDS_ALIKE 8   /* ... of them under one KD-sess ID */
#define SL_MAX_RETRIES 64         /* of each */

/* In words by sl_verdict_text. */
typedef enum {
    SL_NOT_PROTECTED,
    SL_DECRYPTED,           /* MAC-I right, deciphered */
    SL_AUTHENTICATED,       /* MAC-I right, not ciphered */
    SL_NOT_AUTHENTICATED,   /* deciphered, and nothing vouches for it */
    SL_CLEAR,               /* under a context, but neither ciphered nor integrity protected */
    SL_REPLAYED,            /* opened, as before */
    SL_TAG_MISMATCH,
    SL_NO_KEY,
    SL_UNSUPPORTED_SUITE,
    SL_TRUNCATED,           /* by the capture or by its sender */
} sl_verdict;

const char *sl_verdict_text(sl_verdict verdict);

/* Whether the PDU's SDU was opened. */
static inline bool sl_verdict_is_open(sl_verdict verdict)
{
    return verdict >= SL_DECRYPTED && verdict <= SL_REPLAYED;
}

typedef struct {
    sl_verdict verdict;
    const sl_context *context; /* that opened it, or whose algorithms can't be had; else NULL */
    const uint8_t *plain;      /* the SDU, until the next call; NULL: not opened */
    size_t len;
    bool was_ciphered;
    bool is_authenticated;     /* opened, and the MAC-I is right */
    bool is_implausible;       /* not authenticated, and not what its SDU type says */
} sl_opening;

typedef struct sl_security sl_security;

/* What is given must outlive the result. */
typedef struct {
    pc5_state *pc5;
    kd_sources *sources;
    mikey_sessions *mikey;
    sl_profile profile;
    pc5s_options options;  /* for what is read of Direct Security Mode Commands */
} sl_security_setting;

sl_security *sl_security_new(const sl_security_setting *setting);

/* NULL is allowed. Keys are cleansed. */
void sl_security_free(sl_security *security);

/* Takes in a D2D_KDSESS, D2D_PEK, D2D_PIK or PROSE_PGK line. */
void sl_security_add_logged(sl_security *security, const keylog_entry *entry);

/* Whether the PDU is a Direct Security Mode Command: integrity protected, never ciphered. */
bool sl_is_command(const sl_pdu *pdu);

/* Ends of a link as PC5 signalling names them; of length 0 where they are not known. */
pc5_id sl_source_id(const sl_link *link);
pc5_id sl_destination_id(const sl_link *link);

/* Opens a protected PDU that pdcp_sl_parse and sl_sn_use_note have read. */
void sl_security_open(sl_security *security, const sl_pdu *pdu, sl_opening *opening);

/* All contexts, sl_context *, in the order in which they were made, which context->index counts; those that nothing has proved among
 * them. */
const GPtrArray *sl_security_contexts(const sl_security *security);

/* Tells every PGK that the key log has. */
typedef void (*sl_pgk_cb)(uint32_t group_id, uint8_t pgk_id, octet_span pgk, void *user);
void sl_security_each_pgk(const sl_security *security, sl_pgk_cb on_pgk, void *user);

#endif

/* Which of the keys at hand protects a MIKEY message, and the keys inside it.
 *
 * Keys are proved, not believed: each is tried against the MAC under every reading that the RFCs allow, and where a message has no MAC
 * the form of the plaintext must tell.
 */
#ifndef D2DSEC_SESSIONS_MIKEY_UNLOCK_H
#define D2DSEC_SESSIONS_MIKEY_UNLOCK_H

#include "keys/mikey_coverage.h"
#include "keys/mikey_kemac.h"
#include "sessions/mikey_record.h"

#include <openssl/evp.h>

#define MIKEY_MAX_PRFS 3

/* What stands between a key and a message. */
typedef struct {
    mikey_prf prfs[MIKEY_MAX_PRFS]; /* that may have been used, the standard's first */
    unsigned prf_count;
    mikey_label label;          /* of a mikey_message_constant */
    uint8_t encr_alg, mac_alg;  /* NULL where there is no KEMAC or no MAC */
    const mikey_coverage *coverages;
    unsigned coverage_count;
    octet_span mac;
} mikey_lock;

/* The key that fits. */
typedef struct {
    const mikey_step *inkey; /* borrowed from the list that was tried; NULL: none fits */
    mikey_prf prf;
    mikey_message_keys keys; /* to be cleared with mikey_message_keys_clear if inkey is not NULL */
    unsigned work;           /* what the search has cost, for mikey_record_spend */
} mikey_unlocked;

/* Adds a PRF to those of the lock; one that stands there already, or none, changes nothing. */
void mikey_lock_add_prf(mikey_lock *lock, mikey_prf prf);

/* Tries const mikey_step *inkeys in their order, each under every PRF and coverage. Unless VERIFIED, *reason (a constant) says why, and
 * `unlocked` has no inkey: FAILED where there were keys to try, NOT_CHECKABLE where there were none or the MAC says nothing. */
mikey_status mikey_unlock(const mikey_lock *lock, const GPtrArray *inkeys, mikey_unlocked *unlocked, const char **reason);

/* How to read the plaintext of a KEMAC. */
typedef struct {
    uint32_t csb_id;
    const mikey_payload *times[2]; /* T payloads that may have gone into the encryption, the likelier first; NULL: none */
    unsigned first;                /* type of the first payload inside: Key data, or ID in public-key modes */
    mikey_keys_place place;
} mikey_kemac_setting;

/* Opens a KEMAC with the keys of mikey_unlock and notes it in the record. The result lives as long as the record's findings do not
 * change. NULL: it is not opened, or what came out are no keys. */
const mikey_opened *mikey_open_kemac(mikey_record *record, const mikey_payload *kemac, const mikey_message_keys *keys,
                                     const mikey_kemac_setting *setting);

/* The same where no MAC tells which key fits: the first whose plaintext is keys. unlocked->inkey tells which. */
const mikey_opened *mikey_open_kemac_by_form(mikey_record *record, const mikey_payload *kemac, const mikey_lock *lock,
                                             const GPtrArray *inkeys, const mikey_kemac_setting *setting,
                                             mikey_unlocked *unlocked);

/* Appends the keys of a chain to `keys` (const mikey_step *, borrowed from the record): `from` unlocked it, or NULL where it stood in
 * the clear. */
void mikey_take_keys(mikey_record *record, const mikey_chain *chain, const mikey_step *from, GPtrArray *keys);

/* The envelope keys that a private key finds in the record's PKE, one a padding, appended to `found`, borrowed from the record.
 * private_key NULL: none. */
void mikey_open_envelopes(mikey_record *record, EVP_PKEY *private_key, GPtrArray *found);

#endif

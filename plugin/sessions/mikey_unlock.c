#include "sessions/mikey_unlock.h"

#include "keys/mikey_pke.h"

#include <openssl/crypto.h>

#include <string.h>

#define MAX_KEYS_TAKEN 64 /* of one KEMAC; RFC 3830 messages hold one to three */

/* --- which key fits ------------------------------------------------------------------------------------------------ */

void mikey_lock_add_prf(mikey_lock *lock, mikey_prf prf)
{
    for (unsigned i = 0; i < lock->prf_count; i++)
        if (lock->prfs[i].func == prf.func && lock->prfs[i].variant == prf.variant)
            return;
    if (lock->prf_count < MIKEY_MAX_PRFS && mikey_prf_is_known(prf.func))
        lock->prfs[lock->prf_count++] = prf;
}

/* The octets that a MAC covers cost as much as a derivation for each of so many. */
static unsigned work_of(const mikey_coverage *coverage)
{
    enum { OCTETS_OF_A_DERIVATION = 2048 };
    size_t octets = 0;
    for (size_t i = 0; i < coverage->count; i++)
        octets += coverage->pieces[i].len;
    return (unsigned)(octets / OCTETS_OF_A_DERIVATION);
}

static bool mac_fits(const mikey_lock *lock, const mikey_message_keys *keys, unsigned *work)
{
    for (unsigned i = 0; i < lock->coverage_count; i++) {
        const mikey_coverage *coverage = &lock->coverages[i];
        *work += work_of(coverage);
        if (mikey_mac_verify(keys, coverage->pieces, coverage->count, lock->mac) == MIKEY_OK)
            return true;
    }
    return false;
}

static bool derive_keys(const mikey_lock *lock, unsigned which, const mikey_step *inkey, uint8_t mac_alg,
                        mikey_message_keys *keys)
{
    const mikey_prf prf = lock->prfs[which];
    if (prf.variant == MIKEY_PRF_MINISIP && !mikey_prf_variants_differ(inkey->key.len))
        return false;
    mikey_outcome outcome = mikey_message_keys_derive(keys, prf, inkey->key, &lock->label, lock->encr_alg, mac_alg);
    if (outcome == MIKEY_UNSUPPORTED) /* an encryption that is not known hinders nobody from checking the MAC */
        outcome = mikey_message_keys_derive(keys, prf, inkey->key, &lock->label, MIKEY_ENCR_NULL, mac_alg);
    return outcome == MIKEY_OK;
}

static bool key_fits(const mikey_lock *lock, const mikey_step *inkey, mikey_unlocked *unlocked)
{
    for (unsigned i = 0; i < lock->prf_count; i++) {
        if (!derive_keys(lock, i, inkey, lock->mac_alg, &unlocked->keys))
            continue;
        unlocked->work++;
        if (mac_fits(lock, &unlocked->keys, &unlocked->work)) {
            unlocked->inkey = inkey;
            unlocked->prf = lock->prfs[i];
            return true;
        }
        mikey_message_keys_clear(&unlocked->keys);
    }
    return false;
}

mikey_status mikey_unlock(const mikey_lock *lock, const GPtrArray *inkeys, mikey_unlocked *unlocked, const char **reason)
{
    size_t mac_len;
    memset(unlocked, 0, sizeof *unlocked);
    *reason = NULL;
    if (!lock->mac.data || lock->mac_alg == MIKEY_MAC_NULL)
        *reason = "the message has no MAC";
    else if (!mikey_mac_len(lock->mac_alg, &mac_len) || !lock->prf_count)
        *reason = "the MAC algorithm or the PRF is unknown";
    else if (lock->coverage_count == 0)
        *reason = "the message that it answers is not in the capture";
    else if (inkeys->len == 0)
        *reason = "no key for it is known";
    if (*reason)
        return MIKEY_STATUS_NOT_CHECKABLE;
    for (guint i = 0; i < inkeys->len; i++)
        if (key_fits(lock, inkeys->pdata[i], unlocked))
            return MIKEY_STATUS_VERIFIED;
    *reason = "no known key fits: the message was changed, or its key is another one";
    return MIKEY_STATUS_FAILED;
}

/* --- what it opens ------------------------------------------------------------------------------------------------- */

static bool is_sound(const mikey_message *keys)
{
    for (unsigned i = 0; i < keys->problem_count; i++)
        if (keys->problems[i].severity == MIKEY_SEVERITY_ERROR || keys->problems[i].kind == MIKEY_PROBLEM_TRAILING_OCTETS ||
            keys->problems[i].kind == MIKEY_PROBLEM_KEY_TYPE_UNKNOWN)
            return false;
    return keys->chain.complete;
}

static bool open_at(const mikey_payload *kemac, const mikey_message_keys *keys, const mikey_kemac_setting *setting,
                    const mikey_payload *time, mikey_opened *opened)
{
    const octet_span data = kemac->kemac.encr_data;
    uint8_t t[MIKEY_T_LEN] = {0};
    if (time && mikey_timestamp(time->time.ts_type, time->time.value, t) != MIKEY_OK)
        return false;
    opened->plain = g_malloc0(data.len + 1);
    if (mikey_kemac_open(keys, setting->csb_id, t, data, opened->plain, &opened->plain_len) == MIKEY_OK) {
        opened->keys = mikey_parse_keys(opened->plain, opened->plain_len, setting->first, setting->place);
        if (is_sound(opened->keys))
            return true;
    }
    mikey_free(opened->keys);
    OPENSSL_cleanse(opened->plain, data.len);
    g_free(opened->plain);
    return false;
}

/* NULL: what came out are no keys. */
static const mikey_opened *open_with(mikey_record *record, const mikey_payload *kemac, const mikey_message_keys *keys,
                                     const mikey_kemac_setting *setting)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(setting->times); i++) {
        mikey_opened opened = {.offset = kemac->offset};
        if (i > 0 && !setting->times[i])
            break;
        if (open_at(kemac, keys, setting, setting->times[i], &opened)) {
            mikey_check_opened_salts(opened.keys, record->message);
            g_array_append_val(record->opened, opened);
            return &g_array_index(record->opened, mikey_opened, record->opened->len - 1);
        }
    }
    return NULL;
}

const mikey_opened *mikey_open_kemac(mikey_record *record, const mikey_payload *kemac, const mikey_message_keys *keys,
                                     const mikey_kemac_setting *setting)
{
    if (keys->encr_alg != kemac->kemac.encr_alg) /* which is not known */
        return NULL;
    const mikey_opened *opened = open_with(record, kemac, keys, setting);
    if (!opened)
        mikey_record_note_problem(record, MIKEY_PROBLEM_NO_KEYS_INSIDE, kemac->kemac.encr_data);
    return opened;
}

const mikey_opened *mikey_open_kemac_by_form(mikey_record *record, const mikey_payload *kemac, const mikey_lock *lock,
                                             const GPtrArray *inkeys, const mikey_kemac_setting *setting,
                                             mikey_unlocked *unlocked)
{
    bool tried = false;
    memset(unlocked, 0, sizeof *unlocked);
    if (kemac->kemac.encr_data.len == 0) /* any key would do */
        return NULL;
    for (guint k = 0; k < inkeys->len; k++) {
        for (unsigned i = 0; i < lock->prf_count; i++) {
            const mikey_step *inkey = inkeys->pdata[k];
            if (!derive_keys(lock, i, inkey, MIKEY_MAC_NULL, &unlocked->keys))
                continue;
            mikey_record_spend(record, 1);
            bool known = unlocked->keys.encr_alg == kemac->kemac.encr_alg;
            const mikey_opened *opened = known ? open_with(record, kemac, &unlocked->keys, setting) : NULL;
            if (opened) {
                unlocked->inkey = inkey;
                unlocked->prf = lock->prfs[i];
                return opened;
            }
            tried |= known;
            mikey_message_keys_clear(&unlocked->keys);
        }
    }
    if (tried)
        mikey_record_note_problem(record, MIKEY_PROBLEM_NO_KEYS_INSIDE, kemac->kemac.encr_data);
    return NULL;
}

void mikey_take_keys(mikey_record *record, const mikey_chain *chain, const mikey_step *from, GPtrArray *keys)
{
    static const char *const names[] = {"TGK", "TGK", "TEK", "TEK", "GTGK", "GTGK", "MPK", "K_PR"};
    const mikey_payload *payload = NULL;
    unsigned taken = 0;
    while ((payload = mikey_find(chain, MIKEY_KEY_DATA, payload)) && taken++ < MAX_KEYS_TAKEN) {
        const mikey_key *key = &payload->key;
        if (!payload->complete || key->type >= G_N_ELEMENTS(names) || key->key.len == 0)
            continue;
        mikey_step *step = mikey_step_new(names[key->type], from ? MIKEY_FROM_KEMAC : MIKEY_FROM_CLEAR, from, key->key,
                                          key->salt, key->validity.spi);
        step->kind = key->type;
        g_ptr_array_add(keys, (gpointer)mikey_record_take_step(record, step));
    }
}

void mikey_open_envelopes(mikey_record *record, EVP_PKEY *private_key, GPtrArray *found)
{
    static const mikey_pke_padding paddings[] = {MIKEY_PKE_PKCS1_V1_5, MIKEY_PKE_OAEP};
    const mikey_payload *pke = mikey_find(&record->message->chain, MIKEY_PKE, NULL);
    const octet_span nothing = {NULL, 0};
    uint8_t envelope_key[MIKEY_MAX_ENVELOPE];
    size_t len;
    if (!pke || !private_key)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(paddings); i++) {
        if (mikey_pke_open(private_key, paddings[i], pke->pke.data, envelope_key, &len) != MIKEY_OK)
            continue;
        mikey_step *step =
            mikey_step_new("envelope key", MIKEY_FROM_PKE, NULL, (octet_span){envelope_key, len}, nothing, nothing);
        g_ptr_array_add(found, (gpointer)mikey_record_take_step(record, step));
        OPENSSL_cleanse(envelope_key, sizeof envelope_key);
    }
}

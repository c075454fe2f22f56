/* What exchanges of all kinds have in common. */
#include "sessions/mikey_sessions_parts.h"

#include <string.h>

static const mikey_payload *complete_payload(const mikey_record *record, unsigned type)
{
    const mikey_payload *payload = mikey_find(&record->message->chain, type, NULL);
    return payload && payload->complete ? payload : NULL;
}

const mikey_payload *mikey_kemac_of(const mikey_record *record)
{
    return complete_payload(record, MIKEY_KEMAC);
}

const mikey_payload *mikey_v_of(const mikey_record *record)
{
    return complete_payload(record, MIKEY_V);
}

const mikey_payload *mikey_t_of(const mikey_record *record)
{
    return complete_payload(record, MIKEY_T);
}

static octet_span uri_of(const char *uri)
{
    return (octet_span){(const uint8_t *)uri, uri ? strlen(uri) : 0};
}

void mikey_find_named_secrets(const mikey_sessions *sessions, keylog_label label, const mikey_record *record,
                              const mikey_chain *const *chains, size_t count, GPtrArray *inkeys)
{
    for (size_t c = 0; c < count; c++) {
        for (unsigned i = 0; chains[c] && i < chains[c]->count; i++) {
            const mikey_payload *payload = &chains[c]->payloads[i];
            if (payload->type == MIKEY_ID || payload->type == MIKEY_IDR)
                mikey_secrets_by_identity(sessions->secrets, label, payload->identity.data, inkeys);
        }
    }
    mikey_secrets_by_identity(sessions->secrets, label, uri_of(record->caller), inkeys);
    mikey_secrets_by_identity(sessions->secrets, label, uri_of(record->callee), inkeys);
    mikey_secrets_by_none(sessions->secrets, label, inkeys);
}

mikey_status mikey_check_mac(mikey_record *record, const mikey_payload *payload, const mikey_record *initial, bool is_update,
                             const GPtrArray *inkeys, mikey_lock *lock, mikey_coverage *coverages, mikey_unlocked *unlocked)
{
    const mikey_mac_subject subject = {.message = record->message,
                                       .payload = payload,
                                       .initial = initial ? initial->message : NULL,
                                       .caller = uri_of(record->caller),
                                       .callee = uri_of(record->callee),
                                       .is_update = is_update};
    const char *reason;
    bool is_kemac = payload->type == MIKEY_KEMAC;
    lock->coverages = coverages;
    lock->coverage_count = mikey_coverages(&subject, coverages);
    lock->mac = is_kemac ? payload->kemac.mac : payload->verification.mac;
    lock->mac_alg = is_kemac ? payload->kemac.mac_alg : payload->verification.auth_alg;
    if (is_kemac && lock->mac_alg == MIKEY_MAC_NULL && lock->mac.len) /* in the numbers of RFC 4650 section 4.2 */
        lock->mac_alg = MIKEY_MAC_SHA1_160;
    mikey_status status = mikey_unlock(lock, inkeys, unlocked, &reason);
    mikey_record_spend(record, unlocked->work);
    mikey_record_note_check(record, payload, status, reason);
    return status;
}

void mikey_note_unchecked(mikey_record *record, const char *reason)
{
    const mikey_chain *chain = &record->message->chain;
    for (unsigned i = 0; i < chain->count; i++)
        if (chain->payloads[i].type == MIKEY_KEMAC || chain->payloads[i].type == MIKEY_V)
            mikey_record_note_check(record, &chain->payloads[i], MIKEY_STATUS_NOT_CHECKABLE, reason);
}

void mikey_note_spent(mikey_record *record)
{
    if (!record->checks->len)
        mikey_note_unchecked(record, "its exchange has cost more work than any real one does");
    mikey_record_note_departure(record, "no further keys are derived: the exchange has cost more work than any real one does");
}

mikey_record *mikey_response_due(const mikey_record *initial, guint index, const mikey_record *wanted)
{
    mikey_record *response = initial->responses->pdata[index];
    if (wanted && response != wanted)
        return NULL;
    if (mikey_record_may_spend(initial))
        return response;
    mikey_note_spent(response);
    return NULL;
}

void mikey_leave_response(mikey_record *response)
{
    mikey_record_forget(response);
    mikey_note_unchecked(response, "the message that it answers is not authentic");
}

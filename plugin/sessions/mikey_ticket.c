/* The ticket itself (RFC 6043 section 6.10 and appendix A), in whichever message it travels. */
#include "sessions/mikey_sessions_parts.h"

#include <string.h>

/* The PRF of the ticket's policy, and the message's own should its sender have taken that. */
static void add_prfs(mikey_lock *lock, const mikey_record *record, const mikey_payload *ticket)
{
    mikey_lock_add_prf(lock, (mikey_prf){ticket->ticket.prf, MIKEY_PRF_RFC});
    mikey_lock_add_prf(lock, (mikey_prf){record->message->header.prf, MIKEY_PRF_RFC});
}

/* --- ticket data ------------------------------------------------------------------------------------------------- */

/* The parts of ticket data that keys follow from. */
typedef struct {
    const mikey_payload *time, *rand, *kemac, *v; /* NULL: absent or cut */
} ticket_parts;

static const mikey_payload *whole(const mikey_chain *chain, unsigned type)
{
    const mikey_payload *payload = chain ? mikey_find(chain, type, NULL) : NULL;
    return payload && payload->complete ? payload : NULL;
}

static ticket_parts parts_of(const mikey_payload *ticket)
{
    const mikey_chain *chain = ticket->ticket.ticket;
    return (ticket_parts){.time = whole(chain, MIKEY_T), .rand = whole(chain, MIKEY_RAND), .kemac = whole(chain, MIKEY_KEMAC),
                          .v = whole(chain, MIKEY_V)};
}

/* What RFC 6043 section 6.10 wants of a ticket with such keys; of keys in the clear the parser has said it. */
static void check_forking(mikey_record *record, const mikey_payload *ticket, const mikey_chain *keys)
{
    const mikey_payload *key = NULL;
    bool has_tgk = false;
    while ((key = mikey_find(keys, MIKEY_KEY_DATA, key)))
        has_tgk |= key->key.type == MIKEY_KEY_TGK || key->key.type == MIKEY_KEY_TGK_SALT;
    if (has_tgk && (ticket->ticket.flags & MIKEY_FLAG_I) && !(ticket->ticket.flags & MIKEY_FLAG_F))
        mikey_record_note_problem(record, MIKEY_PROBLEM_FORK_WITHOUT_RESPONSE, ticket->ticket.ticket_data);
}

bool mikey_open_ticket(const mikey_sessions *sessions, mikey_record *record, const mikey_payload *ticket, GPtrArray *keys)
{
    const ticket_parts parts = parts_of(ticket);
    const mikey_chain *chains[] = {ticket->ticket.ticket};
    if (!parts.time || !parts.rand || !parts.kemac || !parts.v)
        return true;
    const mikey_kemac_setting setting = {MIKEY_TICKET_CSB_ID, {parts.time, NULL}, MIKEY_KEY_DATA, MIKEY_KEYS_TICKET};
    const mikey_coverage coverage = mikey_ticket_coverage(record->message, ticket, parts.v);
    mikey_lock lock = {.label = mikey_label_tpk(MIKEY_MESSAGE_ENCR_KEY, parts.rand->rand.value),
                       .encr_alg = parts.kemac->kemac.encr_alg,
                       .mac_alg = parts.v->verification.auth_alg,
                       .coverages = &coverage,
                       .coverage_count = 1,
                       .mac = parts.v->verification.mac};
    GPtrArray *tpks = g_ptr_array_new();
    const mikey_opened *opened = NULL;
    mikey_unlocked unlocked;
    const char *reason;
    add_prfs(&lock, record, ticket);
    mikey_find_named_secrets(sessions, KEYLOG_MIKEY_TPK, record, chains, 1, tpks);
    mikey_status status = mikey_unlock(&lock, tpks, &unlocked, &reason);
    mikey_record_spend(record, unlocked.work);
    mikey_record_note_check(record, parts.v, status, reason);
    if (status != MIKEY_STATUS_FAILED) {
        if (parts.kemac->kemac.keys)
            mikey_take_keys(record, parts.kemac->kemac.keys, NULL, keys);
        else if (unlocked.inkey)
            opened = mikey_open_kemac(record, parts.kemac, &unlocked.keys, &setting);
        else
            opened = mikey_open_kemac_by_form(record, parts.kemac, &lock, tpks, &setting, &unlocked);
    }
    if (unlocked.inkey) {
        mikey_record_list_step(record, unlocked.inkey);
        mikey_message_keys_clear(&unlocked.keys);
    }
    if (opened) {
        mikey_take_keys(record, &opened->keys->chain, unlocked.inkey, keys);
        check_forking(record, ticket, &opened->keys->chain);
    }
    g_ptr_array_free(tpks, TRUE);
    return status != MIKEY_STATUS_FAILED;
}

/* --- MPKs ---------------------------------------------------------------------------------------------------------- */

const mikey_step *mikey_first_mpk(const GPtrArray *keys)
{
    for (guint i = 0; i < keys->len; i++)
        if (((const mikey_step *)keys->pdata[i])->kind == MIKEY_KEY_MPK)
            return keys->pdata[i];
    return NULL;
}

const mikey_step *mikey_derive_mpk(mikey_record *record, const mikey_payload *ticket, const mikey_step *mpk,
                                   mikey_mpk_constant constant)
{
    const ticket_parts parts = parts_of(ticket);
    bool initiator = constant == MIKEY_MPK_INITIATOR;
    if (!parts.rand)
        return NULL;
    const mikey_label label = mikey_label_mpk(constant, parts.rand->rand.value);
    mikey_step *step = mikey_step_derive(initiator ? "MPKi" : "MPKr",
                                         initiator ? "220E99A2 || FF || FFFFFFFF || 06 || RAND"
                                                   : "1F4D675B || FF || FFFFFFFF || 06 || RAND",
                                         mpk, (mikey_prf){ticket->ticket.prf, MIKEY_PRF_RFC}, &label, mpk->key.len);
    mikey_record_spend(record, 1);
    return step ? mikey_record_take_step(record, step) : NULL;
}

/* --- initiator data ------------------------------------------------------------------------------------------------ */

/* Vi repeats the V of TRANSFER_INIT, which is only there to be compared with. */
static void check_vi(mikey_record *record, const mikey_payload *vi)
{
    const mikey_payload *v = record->message->header.data_type == MIKEY_TRANSFER_INIT ? mikey_v_of(record) : NULL;
    if (!v) {
        mikey_record_note_check(record, vi, MIKEY_STATUS_NOT_CHECKABLE, "it repeats the MAC of another message");
        return;
    }
    const octet_span a = vi->verification.mac, b = v->verification.mac;
    bool same = vi->verification.auth_alg == v->verification.auth_alg && a.len == b.len &&
                (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
    mikey_record_note_check(record, vi, same ? record->status : MIKEY_STATUS_FAILED,
                            same ? "it repeats the MAC of the message, which could not be verified"
                                 : "it does not repeat the MAC of the message");
}

static void check_vr(mikey_record *record, const mikey_payload *ticket, const mikey_payload *vr, const mikey_step *mpk_r)
{
    const mikey_coverage coverage = mikey_initiator_data_coverage(ticket, vr);
    mikey_lock lock = {.label = mikey_label_vr(MIKEY_MESSAGE_AUTH_KEY),
                       .mac_alg = vr->verification.auth_alg,
                       .coverages = &coverage,
                       .coverage_count = 1,
                       .mac = vr->verification.mac};
    GPtrArray *inkeys = g_ptr_array_new();
    mikey_unlocked unlocked;
    const char *reason;
    if (mpk_r)
        g_ptr_array_add(inkeys, (gpointer)mpk_r);
    add_prfs(&lock, record, ticket);
    mikey_status status = mikey_unlock(&lock, inkeys, &unlocked, &reason);
    mikey_record_note_check(record, vr, status, reason);
    if (unlocked.inkey)
        mikey_message_keys_clear(&unlocked.keys);
    g_ptr_array_free(inkeys, TRUE);
}

void mikey_check_initiator_data(mikey_record *record, const mikey_payload *ticket, const mikey_step *mpk_r)
{
    const mikey_chain *data = ticket->ticket.initiator;
    const mikey_payload *vi = whole(data, MIKEY_V), *vr = vi ? mikey_find(data, MIKEY_V, vi) : NULL;
    if (vi)
        check_vi(record, vi);
    if (vr && vr->complete)
        check_vr(record, ticket, vr, mpk_r);
}

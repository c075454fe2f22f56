/* Exchanges of RFC 3830 and of the modes that share its keys: DHHMAC (RFC 4650), RSA-R (RFC 4738), SAKKE (RFC 6509).
 *
 *   PSK ---------------------.
 *   PKE --private key--> envelope key --> keys of the message --> MAC verified, KEMAC opened --> TGK or TEK --> TEK of each CS
 *   key log -----------------------------------------------------------------------------------> TGK
 */
#include "sessions/mikey_sessions_parts.h"
#include "sessions/mikey_teks.h"

/* What is known while an exchange is worked out. */
typedef struct {
    mikey_sessions *sessions;
    mikey_record *initial;
    const mikey_record *base;
    octet_span rand;
    uint32_t csb_id;
    GPtrArray *inkeys;  /* const mikey_step *: what the messages may be protected with */
    GPtrArray *keys;    /* const mikey_step *: TGKs and TEKs of the initial message and the key log */
    GPtrArray *logged;  /* const mikey_step *: those of them that the key log has for the CSB, and that no MAC has to prove */
} base_exchange;

/* --- what protects a message ----------------------------------------------------------------------------------------- */

static mikey_lock lock_of(const base_exchange *exchange, const mikey_record *record)
{
    const uint8_t func = record->message->header.prf;
    mikey_lock lock = {.label = mikey_label_message(MIKEY_MESSAGE_ENCR_KEY, exchange->csb_id, exchange->rand)};
    mikey_lock_add_prf(&lock, (mikey_prf){func, MIKEY_PRF_RFC});
    mikey_lock_add_prf(&lock, (mikey_prf){func, MIKEY_PRF_MINISIP});
    return lock;
}

static bool is_public_key_mode(const mikey_record *record)
{
    uint8_t type = record->message->header.data_type;
    return type == MIKEY_PK_INIT || type == MIKEY_RSA_R_RESP;
}

/* --- what the messages say ----------------------------------------------------------------------------------------- */

static void note_unlocked(mikey_record *record, const mikey_unlocked *unlocked)
{
    mikey_record_list_step(record, unlocked->inkey);
    mikey_step_unref(record->message_inkey); /* KEMAC and V of one message are each checked */
    record->message_inkey = mikey_step_ref(unlocked->inkey);
    record->used_minisip = unlocked->prf.variant == MIKEY_PRF_MINISIP;
    if (record->used_minisip)
        mikey_record_note_departure(record, "the message was protected with minisip's PRF, which leaves out the last 32 octets "
                                            "of a key of whole blocks");
}

/* The keys of a KEMAC in `record`, appended to `keys`: encrypted under what its MAC proves, or under what its form shows, or in the
 * clear. A MAC that failed leaves none. */
static void read_kemac(const base_exchange *exchange, mikey_record *record, GPtrArray *keys)
{
    const mikey_payload *kemac = mikey_kemac_of(record);
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    mikey_unlocked unlocked;
    if (!kemac)
        return;
    const mikey_kemac_setting setting = {.csb_id = exchange->csb_id,
                                         .times = {mikey_t_of(record), mikey_t_of(exchange->initial)},
                                         .first = is_public_key_mode(record) ? MIKEY_ID : MIKEY_KEY_DATA,
                                         .place = MIKEY_KEYS_MESSAGE};
    mikey_lock lock = lock_of(exchange, record);
    lock.encr_alg = kemac->kemac.encr_alg;
    record->status =
        mikey_check_mac(record, kemac, exchange->initial, false, exchange->inkeys, &lock, coverages, &unlocked);
    if (record->status == MIKEY_STATUS_FAILED)
        return;
    const mikey_opened *opened = NULL;
    if (kemac->kemac.keys)
        mikey_take_keys(record, kemac->kemac.keys, NULL, keys);
    else if (unlocked.inkey)
        opened = mikey_open_kemac(record, kemac, &unlocked.keys, &setting);
    else
        opened = mikey_open_kemac_by_form(record, kemac, &lock, exchange->inkeys, &setting, &unlocked);
    if (unlocked.inkey) {
        note_unlocked(record, &unlocked);
        mikey_message_keys_clear(&unlocked.keys);
    }
    if (opened)
        mikey_take_keys(record, &opened->keys->chain, unlocked.inkey, keys);
}

static void read_response(const base_exchange *exchange, mikey_record *response, GPtrArray *keys)
{
    const mikey_payload *v = mikey_v_of(response);
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    mikey_unlocked unlocked;
    mikey_lock lock = lock_of(exchange, response);
    mikey_open_envelopes(response, exchange->sessions->private_key, exchange->inkeys);
    read_kemac(exchange, response, keys);
    if (!v)
        return;
    response->status = mikey_check_mac(response, v, exchange->initial, false, exchange->inkeys, &lock, coverages, &unlocked);
    if (unlocked.inkey) {
        note_unlocked(response, &unlocked);
        mikey_message_keys_clear(&unlocked.keys);
    }
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

static void derive_teks(const base_exchange *exchange, mikey_record *last, const GPtrArray *keys)
{
    const mikey_sessions *sessions = exchange->sessions;
    const mikey_tek_setting setting = {.keys = sessions->keys,
                                       .secrets = sessions->secrets,
                                       .suites = sessions->suites,
                                       .record = last,
                                       .initial = exchange->initial,
                                       .base = exchange->base,
                                       .inkeys = keys,
                                       .prf = exchange->initial->message->header.prf,
                                       .minisip_first = exchange->initial->used_minisip,
                                       .csb_id = exchange->csb_id,
                                       .rand_i = exchange->rand};
    mikey_derive_teks(&setting);
}

/* In RSA-R it is the responder who sends the keys, and of a group the CSB too (RFC 4738 sections 3.4 and 3.6). */
static void read_group_csb(const mikey_record *response, uint32_t *csb_id)
{
    const mikey_payload *extension = NULL;
    while ((extension = mikey_find(&response->message->chain, MIKEY_GENERAL_EXT, extension))) {
        octet_span data = extension->extension.data;
        if (extension->extension.type == MIKEY_EXT_CSB_ID && data.len == 4)
            *csb_id = (uint32_t)data.data[0] << 24 | (uint32_t)data.data[1] << 16 | (uint32_t)data.data[2] << 8 | data.data[3];
    }
}

static void work_out_response(const base_exchange *initial_exchange, mikey_record *response)
{
    base_exchange exchange = *initial_exchange;
    const mikey_step *proved = exchange.initial->status == MIKEY_STATUS_VERIFIED ? exchange.initial->message_inkey : NULL;
    GPtrArray *keys = g_ptr_array_new();
    g_ptr_array_extend(keys, initial_exchange->keys, NULL, NULL);
    exchange.inkeys = g_ptr_array_new();
    if (proved) /* whoever answers has the same, and forged answers are not tried with all */
        g_ptr_array_add(exchange.inkeys, (gpointer)proved);
    else
        g_ptr_array_extend(exchange.inkeys, initial_exchange->inkeys, NULL, NULL);
    if (!exchange.rand.len)
        exchange.rand = mikey_record_rand(response, 0);
    if (response->message->header.data_type == MIKEY_RSA_R_RESP)
        read_group_csb(response, &exchange.csb_id);
    mikey_record_forget(response);
    read_response(&exchange, response, keys);
    derive_teks(&exchange, response, response->status == MIKEY_STATUS_FAILED ? exchange.logged : keys);
    g_ptr_array_free(exchange.inkeys, TRUE);
    g_ptr_array_free(keys, TRUE);
}

void mikey_work_out_exchange(mikey_sessions *sessions, mikey_record *initial, const mikey_record *response)
{
    base_exchange exchange = {.sessions = sessions,
                              .initial = initial,
                              .base = initial->base ? initial->base : initial,
                              .csb_id = initial->message->header.csb_id,
                              .inkeys = g_ptr_array_new(),
                              .keys = g_ptr_array_new(),
                              .logged = g_ptr_array_new()};
    const mikey_chain *chains[] = {&initial->message->chain, &exchange.base->message->chain};
    exchange.rand = mikey_record_rand(exchange.base, 0);
    mikey_record_forget(initial);
    mikey_find_named_secrets(sessions, KEYLOG_MIKEY_PSK, initial, chains, G_N_ELEMENTS(chains), exchange.inkeys);
    mikey_open_envelopes(initial, sessions->private_key, exchange.inkeys);
    read_kemac(&exchange, initial, exchange.keys);
    if (exchange.base != initial && !exchange.keys->len)
        mikey_collect_inkeys(exchange.base, exchange.keys);
    mikey_secrets_by_csb(sessions->secrets, KEYLOG_MIKEY_TGK, exchange.csb_id, exchange.logged);
    g_ptr_array_extend(exchange.keys, exchange.logged, NULL, NULL);
    derive_teks(&exchange, initial, initial->status == MIKEY_STATUS_FAILED ? exchange.logged : exchange.keys);
    for (guint i = 0; i < initial->responses->len && i < MIKEY_MAX_RESPONSES; i++) {
        mikey_record *due = mikey_response_due(initial, i, response);
        if (due && initial->status == MIKEY_STATUS_FAILED) {
            mikey_leave_response(due);
            derive_teks(&exchange, due, exchange.logged);
        } else if (due) {
            work_out_response(&exchange, due);
        }
    }
    g_ptr_array_free(exchange.inkeys, TRUE);
    g_ptr_array_free(exchange.keys, TRUE);
    g_ptr_array_free(exchange.logged, TRUE);
}

/* The rules of MIKEY-TICKET (RFC 6043) that one message alone can keep or break. */
#include "keys/mikey_parts.h"

/* --- the ticket policy --------------------------------------------------------------------------------------------- */

/* The flags and what each implies, from RFC 6043 section 6.10. */
static bool flags_agree(uint32_t flags, bool granted)
{
    static const struct {
        uint32_t given, given_not, implied;
    } rules[] = {
        {0, MIKEY_FLAG_D, MIKEY_FLAG_L}, {MIKEY_FLAG_G, 0, MIKEY_FLAG_F}, {0, MIKEY_FLAG_G, MIKEY_FLAG_H},
        {MIKEY_FLAG_I, 0, MIKEY_FLAG_E}, {MIKEY_FLAG_K, 0, MIKEY_FLAG_D}, {MIKEY_FLAG_M, 0, MIKEY_FLAG_F},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if ((flags & rules[i].given) == rules[i].given && !(flags & rules[i].given_not) && !(flags & rules[i].implied))
            return false;
    return granted || !(flags & MIKEY_FLAG_K);
}

static void check_fixed_part(mikey_parser *parser, const mikey_payload *payload)
{
    enum { TYPE_AT = 1, FLAGS_AT = 5, RESERVED_TYPE = 65535 };
    const mikey_ticket *ticket = &payload->ticket;
    const uint8_t *at = parser->base + payload->offset;
    octet_span type = octet_span_at(at + TYPE_AT, 4), flags = octet_span_at(at + FLAGS_AT, 3);
    bool base = ticket->type == MIKEY_TICKET_BASE;

    if (ticket->type == 0 || ticket->type == RESERVED_TYPE || (base && (ticket->subtype != 1 || ticket->version != 1)))
        mikey_report(parser, MIKEY_PROBLEM_TICKET_TYPE, type);
    if (ticket->prf > 1)
        mikey_report(parser, MIKEY_PROBLEM_PRF_UNKNOWN, flags);
    if (ticket->flags & MIKEY_FLAG_RESERVED)
        mikey_report(parser, MIKEY_PROBLEM_TICKET_RESERVED, flags);
    if (!flags_agree(ticket->flags, payload->type == MIKEY_TICKET))
        mikey_report(parser, MIKEY_PROBLEM_TICKET_FLAGS, flags);
    if (!(ticket->flags & MIKEY_FLAG_N) || !(ticket->flags & MIKEY_FLAG_O))
        mikey_report(parser, MIKEY_PROBLEM_EXTRA_PROCESSING, flags);
}

static void check_times(mikey_parser *parser, const mikey_chain *policy)
{
    const mikey_payload *payload = NULL, *of_role[MIKEY_TIME_REKEY + 1] = {NULL};
    int64_t start, end;
    while ((payload = mikey_find(policy, MIKEY_TR, payload))) {
        uint8_t role = payload->time.role;
        if (!payload->complete || role > MIKEY_TIME_REKEY)
            continue;
        if (of_role[role])
            mikey_report_payload(parser, MIKEY_PROBLEM_TIME_ROLE_REPEATED, payload);
        of_role[role] = payload;
        if (role == MIKEY_TIME_REKEY && payload->time.ts_type != MIKEY_TS_NTP_UTC_32)
            mikey_report_payload(parser, MIKEY_PROBLEM_REKEY_TYPE, payload);
    }
    if (of_role[MIKEY_TIME_START] && of_role[MIKEY_TIME_END] &&
        mikey_time_seconds(&of_role[MIKEY_TIME_START]->time, &start) &&
        mikey_time_seconds(&of_role[MIKEY_TIME_END]->time, &end) && end < start)
        mikey_report_payload(parser, MIKEY_PROBLEM_VALIDITY_ORDER, of_role[MIKEY_TIME_END]);
}

static bool is_zero(octet_span octets)
{
    for (size_t i = 0; i < octets.len; i++)
        if (octets.data[i])
            return false;
    return true;
}

/* A wish for keys: their lengths matter, and they are all zero. */
static bool is_wish(const mikey_kemac *kemac)
{
    const mikey_payload *key = NULL;
    if (kemac->encr_alg != MIKEY_ENCR_NULL || kemac->mac_alg != MIKEY_MAC_NULL)
        return false;
    while (kemac->keys && (key = mikey_find(kemac->keys, MIKEY_KEY_DATA, key)))
        if (!is_zero(key->key.key) || !is_zero(key->key.salt))
            return false;
    return true;
}

static void check_policy_data(mikey_parser *parser, const mikey_payload *payload)
{
    const mikey_chain *policy = payload->ticket.policy;
    const mikey_payload *kemac = NULL, *identity = NULL;
    bool responder = false;
    if (!policy) {
        mikey_report_payload(parser, MIKEY_PROBLEM_TICKET_WITHOUT_RESPONDER, payload);
        return;
    }
    check_times(parser, policy);
    while ((kemac = mikey_find(policy, MIKEY_KEMAC, kemac))) {
        if (payload->type == MIKEY_TICKET)
            mikey_report_payload(parser, MIKEY_PROBLEM_TICKET_POLICY_KEMAC, kemac);
        else if (!is_wish(&kemac->kemac))
            mikey_report_payload(parser, MIKEY_PROBLEM_WISHED_KEYS, kemac);
    }
    while ((identity = mikey_find(policy, MIKEY_IDR, identity)))
        responder |= identity->identity.role == MIKEY_ID_R;
    if (!responder && policy->complete)
        mikey_report_payload(parser, MIKEY_PROBLEM_TICKET_WITHOUT_RESPONDER, payload);
}

/* Vi and Vr, and nothing else. */
static void check_initiator_data(mikey_parser *parser, const mikey_ticket *ticket)
{
    const mikey_chain *chain = ticket->initiator;
    if (!chain || !chain->complete)
        return;
    if (chain->count != 2 || chain->payloads[0].type != MIKEY_V || chain->payloads[1].type != MIKEY_V ||
        chain->payloads[0].verification.auth_alg != chain->payloads[1].verification.auth_alg)
        mikey_report(parser, MIKEY_PROBLEM_INITIATOR_DATA_V, chain->whole);
}

static void check_forking(mikey_parser *parser, const mikey_payload *payload)
{
    const mikey_ticket *ticket = &payload->ticket;
    octet_span flags = octet_span_at(parser->base + payload->offset + 5, 3);
    bool forks = ticket->flags & MIKEY_FLAG_I;
    /* On the way to the initiator, who adds it, a ticket has none yet. */
    if (ticket->initiator_data.len ? !forks : forks && parser->data_type == MIKEY_TRANSFER_INIT)
        mikey_report(parser, MIKEY_PROBLEM_INITIATOR_DATA, flags);
    const mikey_payload *kemac = ticket->ticket ? mikey_find(ticket->ticket, MIKEY_KEMAC, NULL) : NULL, *key = NULL;
    while (forks && !(ticket->flags & MIKEY_FLAG_F) && kemac && kemac->kemac.keys &&
           (key = mikey_find(kemac->kemac.keys, MIKEY_KEY_DATA, key)))
        if (key->key.type == MIKEY_KEY_TGK || key->key.type == MIKEY_KEY_TGK_SALT)
            mikey_report_payload(parser, MIKEY_PROBLEM_FORK_WITHOUT_RESPONSE, key);
}

void mikey_check_ticket(mikey_parser *parser, const mikey_payload *payload)
{
    check_fixed_part(parser, payload);
    check_policy_data(parser, payload);
    if (payload->type == MIKEY_TICKET) {
        check_initiator_data(parser, &payload->ticket);
        check_forking(parser, payload);
    }
}

/* --- ticket data --------------------------------------------------------------------------------------------------- */

void mikey_check_ticket_data(mikey_parser *parser, const mikey_chain *chain)
{
    octet_span end = octet_span_at(chain->whole.data + chain->whole.len, 0);
    const mikey_payload *last = chain_last(chain);
    const mikey_payload *identity = NULL, *kemac = mikey_find(chain, MIKEY_KEMAC, NULL);
    if (chain->count == 0 || (chain->count == 1 && !chain->complete))
        mikey_report(parser, MIKEY_PROBLEM_TICKET_HEADER, chain->whole);
    while ((identity = mikey_find(chain, MIKEY_IDR, identity)))
        if (identity->identity.role != MIKEY_ID_PSK)
            mikey_report_payload(parser, MIKEY_PROBLEM_TICKET_ID_ROLE, identity);
    if (kemac && kemac->complete && kemac->kemac.mac_alg != MIKEY_MAC_NULL)
        mikey_report_payload(parser, MIKEY_PROBLEM_TICKET_MESSAGE_KEMAC_MAC, kemac);
    if (kemac && kemac->kemac.keys)
        mikey_check_keys(parser, kemac->kemac.keys, MIKEY_KEYS_TICKET);
    if (!chain->complete)
        return;
    if (!last || last->type != MIKEY_V)
        mikey_report(parser, MIKEY_PROBLEM_TICKET_LAST_PAYLOAD, end);
    if (!kemac)
        mikey_report(parser, MIKEY_PROBLEM_TICKET_WITHOUT_KEMAC, end);
    if (!mikey_find(chain, MIKEY_RAND, NULL))
        mikey_report(parser, MIKEY_PROBLEM_TICKET_WITHOUT_RAND, end);
}

/* --- the message --------------------------------------------------------------------------------------------------- */

static bool is_transfer(uint8_t data_type)
{
    return data_type == MIKEY_TRANSFER_INIT || data_type == MIKEY_TRANSFER_RESP;
}

static void check_transfer_map(mikey_parser *parser, const mikey_header *header)
{
    bool response = header->data_type == MIKEY_TRANSFER_RESP;
    for (unsigned i = 0; i < header->cs_read; i++) {
        const mikey_cs *cs = &header->cs[i];
        bool repeated = false;
        for (unsigned k = 0; k < i; k++)
            repeated |= header->cs[k].cs_id == cs->cs_id;
        if (repeated)
            mikey_report(parser, MIKEY_PROBLEM_CS_ID_REPEATED, cs->whole);
        if (response && cs->policies.len != 1)
            mikey_report(parser, MIKEY_PROBLEM_RESPONSE_POLICIES, cs->whole);
        if (response && (cs->session_data.len == 0 || cs->spi.len == 0))
            mikey_report(parser, MIKEY_PROBLEM_RESPONSE_SESSION_OPEN, cs->whole);
    }
}

static void check_ticket_map(mikey_parser *parser, const mikey_message *message)
{
    enum { COUNT_AT = 8 };
    const mikey_header *header = &message->header;
    octet_span count_and_type = octet_span_at(message->whole.data + COUNT_AT, 2);
    if (!is_transfer(header->data_type)) {
        if (header->cs_count != 0 || header->map_type != MIKEY_MAP_EMPTY)
            mikey_report(parser, MIKEY_PROBLEM_KMS_MESSAGE_MAP, count_and_type);
    } else if (header->map_type == MIKEY_MAP_SRTP_ID) {
        mikey_report(parser, MIKEY_PROBLEM_SRTP_ID_MAP, count_and_type);
    } else {
        check_transfer_map(parser, header);
    }
}

static const mikey_payload *find_rand(const mikey_chain *chain, uint8_t role)
{
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(chain, MIKEY_RANDR, payload)))
        if (payload->rand.role == role)
            return payload;
    return NULL;
}

/* The RANDR that an initial message begins with. A transfer without ticket updates a known bundle (RFC 6043 section 5.2). */
static bool lacks_rand(const mikey_message *message)
{
    switch (message->header.data_type) {
    case MIKEY_TRANSFER_INIT:
        return mikey_find(&message->chain, MIKEY_TICKET, NULL) && !find_rand(&message->chain, MIKEY_RAND_I);
    case MIKEY_REQUEST_INIT_PSK:
    case MIKEY_REQUEST_INIT_PK:
        return !find_rand(&message->chain, MIKEY_RAND_I);
    case MIKEY_RESOLVE_INIT_PSK:
    case MIKEY_RESOLVE_INIT_PK:
        return !find_rand(&message->chain, MIKEY_RAND_R);
    default:
        return false;
    }
}

static void check_ticket_payloads(mikey_parser *parser, const mikey_message *message)
{
    const mikey_chain *chain = &message->chain;
    const mikey_payload *ticket = mikey_find(chain, MIKEY_TICKET, NULL);
    bool without_keys = message->header.data_type == MIKEY_TRANSFER_INIT && ticket && !(ticket->ticket.flags & MIKEY_FLAG_L);
    for (unsigned i = 0; i < chain->count; i++) {
        const mikey_payload *payload = &chain->payloads[i];
        if (payload->type == MIKEY_ID)
            mikey_report_payload(parser, MIKEY_PROBLEM_ID_IN_TICKET_MESSAGE, payload);
        if (payload->type == MIKEY_RAND)
            mikey_report_payload(parser, MIKEY_PROBLEM_RAND_IN_TICKET_MESSAGE, payload);
        if (payload->type == MIKEY_RANDR && find_rand(chain, payload->rand.role) != payload)
            mikey_report_payload(parser, MIKEY_PROBLEM_RANDR_ROLE_REPEATED, payload);
        if (payload->type == MIKEY_KEMAC && payload->complete && payload->kemac.mac_alg != MIKEY_MAC_NULL)
            mikey_report_payload(parser, MIKEY_PROBLEM_TICKET_MESSAGE_KEMAC_MAC, payload);
        if (payload->type == MIKEY_KEMAC && without_keys)
            mikey_report_payload(parser, MIKEY_PROBLEM_KEMAC_NOT_ALLOWED, payload);
    }
}

/* --- families of algorithms (RFC 6043 section 12.1) ---------------------------------------------------------------- */

enum { FAMILY_128 = 1, FAMILY_256 = 2 };

static unsigned prf_family(uint8_t prf)
{
    return prf == 0 ? FAMILY_128 : prf == 1 ? FAMILY_256 : 0;
}

static unsigned encr_family(uint8_t alg)
{
    return alg == MIKEY_ENCR_AES_CM_256 ? FAMILY_256 : alg == MIKEY_ENCR_AES_CM_128 || alg == MIKEY_ENCR_AES_KW_128 ? FAMILY_128 : 0;
}

static unsigned mac_family(uint8_t alg)
{
    return alg == MIKEY_MAC_SHA1_160 ? FAMILY_128 : alg == MIKEY_MAC_SHA256_256 ? FAMILY_256 : 0;
}

static unsigned chain_families(const mikey_chain *chain)
{
    unsigned families = 0;
    for (unsigned i = 0; chain && i < chain->count; i++) {
        const mikey_payload *payload = &chain->payloads[i];
        if (payload->type == MIKEY_KEMAC)
            families |= encr_family(payload->kemac.encr_alg);
        else if (payload->type == MIKEY_V)
            families |= mac_family(payload->verification.auth_alg);
        else if (payload->type == MIKEY_TP || payload->type == MIKEY_TICKET)
            families |= prf_family(payload->ticket.prf);
    }
    return families;
}

static void check_families(mikey_parser *parser, const mikey_message *message)
{
    const mikey_payload *ticket = mikey_find(&message->chain, MIKEY_TICKET, NULL);
    unsigned families = prf_family(message->header.prf) | chain_families(&message->chain);
    if (ticket)
        families |= chain_families(ticket->ticket.ticket) | chain_families(ticket->ticket.initiator);
    if (families == (FAMILY_128 | FAMILY_256))
        mikey_report(parser, MIKEY_PROBLEM_ALGORITHMS_MIXED, message->whole);
}

void mikey_check_ticket_message(mikey_parser *parser, const mikey_message *message)
{
    check_ticket_map(parser, message);
    check_ticket_payloads(parser, message);
    check_families(parser, message);
    if (message->chain.complete && lacks_rand(message))
        mikey_report(parser, MIKEY_PROBLEM_RANDR_MISSING,
                     octet_span_at(message->whole.data + message->whole.len, 0));
}

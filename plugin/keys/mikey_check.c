/* What only shows when the payloads of a message are seen together (RFC 3830 and its extensions), and SRTP policies. */
#include "keys/mikey_parts.h"

#include <string.h>

#define FAR_SECONDS (24 * 60 * 60)
#define MIN_KEY_LEN 16

/* --- security policies --------------------------------------------------------------------------------------------- */

static bool is_one_of(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    return number == a || number == b || number == c;
}

static bool is_srtp_value(const mikey_param *param)
{
    uint64_t number = mikey_param_number(param);
    switch (param->type) {
    case MIKEY_SRTP_ENCR_KEY_LEN:
        return is_one_of(number, 16, 24, 32);
    case MIKEY_SRTP_ENCR:
    case MIKEY_SRTCP_ENCR:
    case MIKEY_SRTP_AUTH:
        return number <= 1;
    case MIKEY_SRTP_TAG_LEN:
        return is_one_of(number, 4, 10, 16);
    default:
        return true;
    }
}

/* RFC 7714 section 15; what is absent has a default that fits. */
static bool is_gcm_policy(const mikey_policy *policy)
{
    uint64_t prf = 0, key_len = 16, tag_len = 16;
    mikey_policy_number(policy, MIKEY_SRTP_PRF, &prf);
    mikey_policy_number(policy, MIKEY_SRTP_ENCR_KEY_LEN, &key_len);
    mikey_policy_number(policy, MIKEY_SRTP_AEAD_TAG_LEN, &tag_len);
    return prf == 0 && (key_len == 16 || key_len == 32) && tag_len == 16;
}

static void check_policy(mikey_parser *parser, const mikey_payload *payload)
{
    const mikey_policy *policy = &payload->policy;
    octet_span rest = policy->params;
    uint8_t seen[256 / 8] = {0};
    uint64_t encr_alg = 0;
    mikey_param param;

    if (policy->protocol > MIKEY_PROT_TESLA)
        mikey_report_payload(parser, MIKEY_PROBLEM_PROT_TYPE_UNKNOWN, payload);
    while (mikey_next_param(&rest, &param)) {
        uint8_t bit = (uint8_t)(1u << param.type % 8);
        if (seen[param.type / 8] & bit)
            mikey_report(parser, MIKEY_PROBLEM_POLICY_PARAM_REPEATED, param.whole);
        seen[param.type / 8] |= bit;
        if (policy->protocol == MIKEY_PROT_SRTP && !is_srtp_value(&param))
            mikey_report(parser, MIKEY_PROBLEM_POLICY_VALUE, param.whole);
    }
    if (rest.len)
        mikey_report(parser, MIKEY_PROBLEM_POLICY_LENGTH, rest);
    if (policy->protocol == MIKEY_PROT_SRTP && mikey_policy_number(policy, MIKEY_SRTP_ENCR_ALG, &encr_alg) &&
        encr_alg == MIKEY_SRTP_AES_GCM && !is_gcm_policy(policy))
        mikey_report_payload(parser, MIKEY_PROBLEM_GCM_POLICY, payload);
}

static const mikey_payload *policy_of(const mikey_chain *chain, uint8_t number)
{
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(chain, MIKEY_SP, payload)))
        if (payload->policy.policy == number)
            return payload;
    return NULL;
}

static void check_policies(mikey_parser *parser, const mikey_message *message)
{
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(&message->chain, MIKEY_SP, payload))) {
        if (!payload->complete)
            continue;
        check_policy(parser, payload);
        if (policy_of(&message->chain, payload->policy.policy) != payload)
            mikey_report_payload(parser, MIKEY_PROBLEM_POLICY_REPEATED, payload);
        if (message->header.map_type == MIKEY_MAP_EMPTY)
            mikey_report_payload(parser, MIKEY_PROBLEM_EMPTY_MAP_WITH_POLICY, payload);
    }
}

/* --- what each data type is made of -------------------------------------------------------------------------------- */

/* Type of the last payload (RFC 3830 sections 3 and 6.1, RFC 4650, RFC 4738, RFC 6043, RFC 6267, RFC 6509); -1: no rule. */
static int last_payload_of(uint8_t data_type)
{
    static const int8_t last[] = {
        [MIKEY_PSK_INIT] = MIKEY_KEMAC, [MIKEY_PSK_RESP] = MIKEY_V, [MIKEY_PK_INIT] = MIKEY_SIGN,
        [MIKEY_PK_RESP] = MIKEY_V, [MIKEY_DH_INIT] = MIKEY_SIGN, [MIKEY_DH_RESP] = MIKEY_SIGN, [MIKEY_ERROR] = -1,
        [MIKEY_DHHMAC_INIT] = MIKEY_KEMAC, [MIKEY_DHHMAC_RESP] = MIKEY_KEMAC, [MIKEY_RSA_R_INIT] = MIKEY_SIGN,
        [MIKEY_RSA_R_RESP] = MIKEY_SIGN, [MIKEY_REQUEST_INIT_PSK] = MIKEY_V, [MIKEY_REQUEST_INIT_PK] = MIKEY_SIGN,
        [MIKEY_REQUEST_RESP] = MIKEY_V, [MIKEY_TRANSFER_INIT] = MIKEY_V, [MIKEY_TRANSFER_RESP] = MIKEY_V,
        [MIKEY_RESOLVE_INIT_PSK] = MIKEY_V, [MIKEY_RESOLVE_INIT_PK] = MIKEY_SIGN, [MIKEY_RESOLVE_RESP] = MIKEY_V,
        [MIKEY_REQUEST_KEY_PSK] = MIKEY_V, [MIKEY_REQUEST_KEY_PKE] = MIKEY_SIGN, [MIKEY_REQUEST_KEY_RESP] = MIKEY_V,
        [MIKEY_I_MESSAGE_1] = -1, [MIKEY_R_MESSAGE_1] = -1, [MIKEY_I_MESSAGE_2] = -1, [MIKEY_R_MESSAGE_2] = MIKEY_V,
        [MIKEY_SAKKE_MSG] = MIKEY_SIGN,
    };
    return data_type < G_N_ELEMENTS(last) ? last[data_type] : -1;
}

static bool is_in(uint8_t data_type, const uint8_t *types, size_t count)
{
    return memchr(types, data_type, count) != NULL;
}

static bool starts_with_rand(uint8_t data_type)
{
    static const uint8_t types[] = {MIKEY_PSK_INIT, MIKEY_PK_INIT, MIKEY_DH_INIT, MIKEY_DHHMAC_INIT, MIKEY_REQUEST_KEY_PSK,
                                    MIKEY_REQUEST_KEY_PKE, MIKEY_I_MESSAGE_1, MIKEY_I_MESSAGE_2, MIKEY_SAKKE_MSG};
    return is_in(data_type, types, sizeof types);
}

static bool offers_policies(uint8_t data_type)
{
    static const uint8_t types[] = {MIKEY_PSK_INIT, MIKEY_PK_INIT, MIKEY_DH_INIT, MIKEY_DHHMAC_INIT, MIKEY_RSA_R_INIT};
    return is_in(data_type, types, sizeof types);
}

static bool settles_ssrcs(uint8_t data_type)
{
    static const uint8_t types[] = {MIKEY_PSK_RESP, MIKEY_PK_RESP, MIKEY_DH_RESP, MIKEY_DHHMAC_RESP, MIKEY_RSA_R_RESP};
    return is_in(data_type, types, sizeof types);
}

static octet_span end_of(const mikey_message *message)
{
    return octet_span_at(message->whole.data + message->whole.len, 0);
}

/* --- the message --------------------------------------------------------------------------------------------------- */

static void check_header(mikey_parser *parser, const mikey_message *message)
{
    const mikey_header *header = &message->header;
    const uint8_t *at = message->whole.data;
    if (header->version != 1)
        mikey_report(parser, MIKEY_PROBLEM_VERSION, octet_span_at(at, 1));
    if (header->data_type > 240)
        mikey_report(parser, MIKEY_PROBLEM_DATA_TYPE_PRIVATE, octet_span_at(at + 1, 1));
    else if (header->data_type > MIKEY_SAKKE_MSG)
        mikey_report(parser, MIKEY_PROBLEM_DATA_TYPE_UNASSIGNED, octet_span_at(at + 1, 1));
    if (header->prf > 1)
        mikey_report(parser, MIKEY_PROBLEM_PRF_UNKNOWN, octet_span_at(at + 3, 1));
}

static void check_map(mikey_parser *parser, const mikey_message *message)
{
    const mikey_header *header = &message->header;
    bool final = header->map_type == MIKEY_MAP_SRTP_ID && settles_ssrcs(header->data_type);
    for (unsigned i = 0; i < header->cs_read; i++) {
        const mikey_cs *cs = &header->cs[i];
        bool repeated = false;
        if (final && cs->has_ssrc && cs->ssrc == 0)
            mikey_report(parser, MIKEY_PROBLEM_SSRC_ZERO, cs->whole);
        for (unsigned k = 0; k < i; k++)
            repeated |= cs->has_ssrc && header->cs[k].has_ssrc && cs->ssrc == header->cs[k].ssrc && cs->ssrc != 0;
        if (repeated)
            mikey_report(parser, MIKEY_PROBLEM_SSRC_REPEATED, cs->whole);
        if (!offers_policies(header->data_type) && header->data_type != MIKEY_TRANSFER_INIT)
            continue;
        for (size_t p = 0; p < cs->policies.len; p++)
            if (!policy_of(&message->chain, cs->policies.data[p]))
                mikey_report(parser, MIKEY_PROBLEM_POLICY_ABSENT, octet_span_at(cs->policies.data + p, 1));
    }
}

static void check_timestamp(mikey_parser *parser, const mikey_message *message)
{
    const mikey_chain *chain = &message->chain;
    const mikey_payload *first = mikey_find(chain, MIKEY_T, NULL);
    if (!first) {
        mikey_report(parser, MIKEY_PROBLEM_TIMESTAMP_MISSING, end_of(message));
        return;
    }
    /* A response of RSA-R may begin with the CSB ID of the group (RFC 4738 section 3.1). */
    if (first != chain->payloads && message->header.data_type != MIKEY_RSA_R_RESP)
        mikey_report_payload(parser, MIKEY_PROBLEM_TIMESTAMP_NOT_FIRST, first);
    for (const mikey_payload *next = first; (next = mikey_find(chain, MIKEY_T, next));)
        mikey_report_payload(parser, MIKEY_PROBLEM_TIMESTAMP_REPEATED, next);
}

static void check_rand(mikey_parser *parser, const mikey_message *message)
{
    const mikey_payload *rand = mikey_find(&message->chain, MIKEY_RAND, NULL);
    const mikey_payload *kemac = mikey_find(&message->chain, MIKEY_KEMAC, NULL);
    uint8_t data_type = message->header.data_type;
    /* RFC 6267 and RFC 6509 have plain RAND as RFC 3830 has. */
    if (!rand && starts_with_rand(data_type))
        mikey_report(parser, MIKEY_PROBLEM_RAND_MISSING, end_of(message));
    if (rand && data_type == MIKEY_PSK_INIT && kemac && kemac->kemac.encr_data.len == 0)
        mikey_report_payload(parser, MIKEY_PROBLEM_RAND_IN_UPDATE, rand);
}

static void check_kemac(mikey_parser *parser, const mikey_message *message)
{
    uint8_t data_type = message->header.data_type;
    bool dhhmac = data_type == MIKEY_DHHMAC_INIT || data_type == MIKEY_DHHMAC_RESP;
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(&message->chain, MIKEY_KEMAC, payload))) {
        const mikey_kemac *kemac = &payload->kemac;
        if (!payload->complete)
            continue;
        if (data_type == MIKEY_PSK_INIT && kemac->encr_alg != MIKEY_ENCR_NULL && kemac->mac_alg == MIKEY_MAC_NULL)
            mikey_report_payload(parser, MIKEY_PROBLEM_NULL_MAC, payload);
        if (dhhmac && kemac->encr_data.len)
            mikey_report_payload(parser, MIKEY_PROBLEM_DHHMAC_KEY_DATA, payload);
    }
}

/* Ticket transfers have a wording of their own. */
static void check_last(mikey_parser *parser, const mikey_message *message)
{
    int wanted = last_payload_of(message->header.data_type);
    const mikey_payload *last = chain_last(&message->chain);
    bool transfer = message->header.data_type == MIKEY_TRANSFER_INIT || message->header.data_type == MIKEY_TRANSFER_RESP;
    if (wanted >= 0 && (!last || last->type != (unsigned)wanted))
        mikey_report(parser, transfer ? MIKEY_PROBLEM_TRANSFER_WITHOUT_V : MIKEY_PROBLEM_LAST_PAYLOAD, end_of(message));
}

void mikey_check_message(mikey_parser *parser, const mikey_message *message)
{
    const mikey_payload *kemac = NULL;
    check_header(parser, message);
    check_policies(parser, message);
    check_kemac(parser, message);
    while ((kemac = mikey_find(&message->chain, MIKEY_KEMAC, kemac)))
        if (kemac->kemac.keys)
            mikey_check_keys(parser, kemac->kemac.keys, mikey_keys_place_of(message));
    if (mikey_is_ticket_type(message->header.data_type))
        mikey_check_ticket_message(parser, message);
    /* What a chain that was lost would have held, nobody knows. */
    if (!message->chain.complete)
        return;
    check_map(parser, message);
    check_timestamp(parser, message);
    check_rand(parser, message);
    check_last(parser, message);
    mikey_check_salts(parser, message);
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

/* Octets of a salt for the cipher of the first policy; without one, AES-CM's (RFC 3711 section 5). */
static uint64_t salt_len_of(const mikey_message *message)
{
    const mikey_payload *policy = mikey_find(&message->chain, MIKEY_SP, NULL);
    uint64_t encr_alg = 1, salt_len;
    if (policy && policy->policy.protocol == MIKEY_PROT_SRTP)
        mikey_policy_number(&policy->policy, MIKEY_SRTP_ENCR_ALG, &encr_alg);
    salt_len = encr_alg == MIKEY_SRTP_AES_GCM ? 12 : 14;
    if (policy && policy->policy.protocol == MIKEY_PROT_SRTP)
        mikey_policy_number(&policy->policy, MIKEY_SRTP_SALT_LEN, &salt_len);
    return salt_len;
}

/* The next key whose salt is not of this length. NULL: there is none. */
static const mikey_payload *find_other_salt(const mikey_chain *keys, uint64_t salt_len, const mikey_payload *previous)
{
    const mikey_payload *key = previous;
    while ((key = mikey_find(keys, MIKEY_KEY_DATA, key)))
        if (key->key.salt.data && key->key.salt.len != salt_len)
            break;
    return key;
}

/* Salts of keys in the clear. */
void mikey_check_salts(mikey_parser *parser, const mikey_message *message)
{
    const mikey_payload *kemac = NULL;
    while ((kemac = mikey_find(&message->chain, MIKEY_KEMAC, kemac))) {
        const mikey_payload *key = NULL;
        while (kemac->kemac.keys && (key = find_other_salt(kemac->kemac.keys, salt_len_of(message), key)))
            mikey_report(parser, MIKEY_PROBLEM_SALT_LENGTH, key->key.salt);
    }
}

void mikey_check_opened_salts(mikey_message *keys, const mikey_message *message)
{
    const mikey_payload *key = NULL;
    while ((key = find_other_salt(&keys->chain, salt_len_of(message), key)))
        mikey_add_problem(keys, MIKEY_PROBLEM_SALT_LENGTH, key->key.salt);
}

static void check_key(mikey_parser *parser, const mikey_payload *payload, mikey_keys_place place)
{
    const mikey_key *key = &payload->key;
    bool tek = key->type == MIKEY_KEY_TEK || key->type == MIKEY_KEY_TEK_SALT;
    if (key->key.len < MIN_KEY_LEN)
        mikey_report_payload(parser, MIKEY_PROBLEM_KEY_SHORT, payload);
    else if (tek && !is_one_of(key->key.len, 16, 24, 32))
        mikey_report_payload(parser, MIKEY_PROBLEM_TEK_LENGTH, payload);
    if (place != MIKEY_KEYS_MESSAGE && key->validity.type != MIKEY_KV_SPI)
        mikey_report_payload(parser, MIKEY_PROBLEM_KEY_WITHOUT_SPI, payload);
}

/* How many MPKs there may be: the ticket's own, or MPKi and MPKr (RFC 6043 sections 4.2.1.5 and A.1). */
static void check_mpks(mikey_parser *parser, const mikey_chain *keys, mikey_keys_place place)
{
    const mikey_payload *payload = NULL;
    unsigned count = 0, most = place == MIKEY_KEYS_TICKET ? 1 : 2;
    while ((payload = mikey_find(keys, MIKEY_KEY_DATA, payload)))
        if (payload->key.type == MIKEY_KEY_MPK && ++count > most)
            mikey_report_payload(parser, MIKEY_PROBLEM_MPK_TOO_MANY, payload);
    if (count == 0)
        mikey_report(parser, MIKEY_PROBLEM_MPK_MISSING, keys->whole);
    else if (count == 1 && place == MIKEY_KEYS_KMS_FORKING)
        mikey_report(parser, MIKEY_PROBLEM_MPKR_MISSING, keys->whole);
}

void mikey_check_keys(mikey_parser *parser, const mikey_chain *keys, mikey_keys_place place)
{
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(keys, MIKEY_KEY_DATA, payload)))
        if (payload->complete)
            check_key(parser, payload, place);
    if (keys->complete && place != MIKEY_KEYS_MESSAGE && place != MIKEY_KEYS_TICKET_MESSAGE)
        check_mpks(parser, keys, place);
}

mikey_keys_place mikey_keys_place_of(const mikey_message *message)
{
    const mikey_payload *ticket = mikey_find(&message->chain, MIKEY_TICKET, NULL);
    switch (message->header.data_type) {
    case MIKEY_REQUEST_RESP:
        return ticket && (ticket->ticket.flags & MIKEY_FLAG_I) ? MIKEY_KEYS_KMS_FORKING : MIKEY_KEYS_KMS_RESPONSE;
    case MIKEY_RESOLVE_RESP:
        return MIKEY_KEYS_KMS_RESPONSE;
    case MIKEY_TRANSFER_INIT:
    case MIKEY_TRANSFER_RESP:
        return MIKEY_KEYS_TICKET_MESSAGE;
    default:
        return MIKEY_KEYS_MESSAGE;
    }
}

/* --- time ---------------------------------------------------------------------------------------------------------- */

void mikey_add_problem(mikey_message *message, mikey_problem_kind kind, octet_span where)
{
    if (message->problem_count >= MIKEY_MAX_PROBLEMS)
        return;
    message->problems = g_renew(mikey_problem, message->problems, message->problem_count + 1);
    message->problems[message->problem_count++] = (mikey_problem){.kind = kind,
                                                                  .severity = mikey_problem_severity(kind),
                                                                  .offset = (size_t)(where.data - message->whole.data),
                                                                  .len = where.len};
}

static void check_validity(mikey_message *message, const mikey_chain *policy, int64_t now)
{
    const mikey_payload *payload = NULL;
    int64_t seconds;
    while ((payload = mikey_find(policy, MIKEY_TR, payload))) {
        if (!payload->complete || !mikey_time_seconds(&payload->time, &seconds))
            continue;
        if ((payload->time.role == MIKEY_TIME_START && now < seconds) ||
            (payload->time.role == MIKEY_TIME_END && now > seconds))
            mikey_add_problem(message, MIKEY_PROBLEM_TICKET_NOT_VALID_NOW, payload->time.value);
    }
}

void mikey_check_time(mikey_message *message, int64_t now)
{
    const mikey_payload *time = mikey_find(&message->chain, MIKEY_T, NULL), *ticket = NULL;
    int64_t seconds;
    if (time && time->complete && mikey_time_seconds(&time->time, &seconds) &&
        (seconds < now - FAR_SECONDS || seconds > now + FAR_SECONDS))
        mikey_add_problem(message, MIKEY_PROBLEM_TIMESTAMP_FAR, time->time.value);
    while ((ticket = mikey_find(&message->chain, MIKEY_TICKET, ticket)))
        if (ticket->ticket.policy)
            check_validity(message, ticket->ticket.policy, now);
}

/* The payloads one by one, in the order of their numbers (RFC 3830 section 6, RFC 6043 section 6, RFC 6267 section 6.1,
 * RFC 6509 section 4.2). Those of the ticket are in mikey_ticket.c.
 */
#include "keys/mikey_parts.h"

#include "ciphers/octets.h"

#include <string.h>

#define NTP_TO_UNIX 2208988800LL /* seconds from 1900 to 1970 */
#define NTP_ERA (1LL << 32)

/* --- lengths that an algorithm decides ----------------------------------------------------------------------------- */

static bool length_of(const uint8_t *lengths, size_t count, uint8_t which, size_t *len)
{
    if (which >= count)
        return false;
    *len = lengths[which];
    return true;
}

bool mikey_mac_len(uint8_t alg, size_t *len)
{
    static const uint8_t lengths[] = {0, 20, 32};
    return length_of(lengths, G_N_ELEMENTS(lengths), alg, len);
}

bool mikey_time_len(uint8_t ts_type, size_t *len)
{
    static const uint8_t lengths[] = {8, 8, 4, 4};
    return length_of(lengths, G_N_ELEMENTS(lengths), ts_type, len);
}

static bool hash_len(uint8_t function, size_t *len)
{
    static const uint8_t lengths[] = {20, 16, 32};
    return length_of(lengths, G_N_ELEMENTS(lengths), function, len);
}

static bool dh_len(uint8_t group, size_t *len)
{
    static const uint8_t lengths[] = {192, 96, 128};
    return length_of(lengths, G_N_ELEMENTS(lengths), group, len);
}

/* The octet before the reader, which chose a length nobody knows. */
static bool unknown_length(mikey_parser *parser, mikey_problem_kind kind, const octet_reader *reader)
{
    mikey_report(parser, kind, octet_span_at(reader->at - 1, 1));
    return false;
}

/* --- parts of several payloads ------------------------------------------------------------------------------------- */

/* A MAC algorithm and its MAC. A MAC that is cut has a name of its own. */
static bool read_mac(mikey_parser *parser, octet_reader *reader, uint8_t *alg, octet_span *mac)
{
    size_t len;
    if (!take_u8(reader, alg))
        return false;
    /* RFC 4650 section 4.2 numbers the algorithms otherwise than the registry: there 0 is HMAC-SHA-1, and its MAC ends the message. */
    bool dhhmac = parser->data_type == MIKEY_DHHMAC_INIT || parser->data_type == MIKEY_DHHMAC_RESP;
    if (dhhmac && *alg == MIKEY_MAC_NULL && octets_left(reader) == 20)
        return take_octets(reader, 20, mac);
    if (!mikey_mac_len(*alg, &len))
        return unknown_length(parser, MIKEY_PROBLEM_MAC_ALG_UNKNOWN, reader);
    if (take_octets(reader, len, mac))
        return true;
    mikey_report(parser, MIKEY_PROBLEM_MAC_CUT, *mac);
    reader->cut = false;
    return false;
}

static bool read_timestamp(mikey_parser *parser, octet_reader *reader, mikey_time *time)
{
    static const uint8_t zero[8];
    size_t len;
    if (!take_u8(reader, &time->ts_type))
        return false;
    if (!mikey_time_len(time->ts_type, &len))
        return unknown_length(parser, MIKEY_PROBLEM_TS_TYPE_UNKNOWN, reader);
    if (!take_octets(reader, len, &time->value))
        return false;
    if (time->ts_type != MIKEY_TS_COUNTER && time->role != MIKEY_TIME_REKEY && memcmp(time->value.data, zero, len) == 0)
        mikey_report(parser, MIKEY_PROBLEM_TIMESTAMP_ZERO, time->value);
    return true;
}

static bool read_rand(mikey_parser *parser, octet_reader *reader, mikey_rand *rand)
{
    if (!take_octets_u8(reader, &rand->value))
        return false;
    if (rand->value.len < 16)
        mikey_report(parser, MIKEY_PROBLEM_RAND_SHORT, rand->value);
    return true;
}

static bool read_identity(octet_reader *reader, mikey_identity *identity)
{
    return take_u8(reader, &identity->id_type) && take_octets_u16(reader, &identity->data);
}

/* RFC 3830 section 6.14 */
static bool read_validity(mikey_parser *parser, octet_reader *reader, mikey_validity *validity)
{
    switch (validity->type) {
    case MIKEY_KV_NULL:
        return true;
    case MIKEY_KV_SPI:
        return take_octets_u8(reader, &validity->spi);
    case MIKEY_KV_INTERVAL:
        return take_octets_u8(reader, &validity->from) && take_octets_u8(reader, &validity->to);
    default:
        mikey_report(parser, MIKEY_PROBLEM_KEY_VALIDITY_UNKNOWN, octet_span_at(reader->at, octets_left(reader)));
        return octets_left(reader) == 0;
    }
}

/* --- payloads of RFC 3830 ------------------------------------------------------------------------------------------ */

/* What the plaintext begins with (RFC 3830 sections 3 and 6.2, RFC 4738 section 3.1, RFC 6267 section 4.2.1). */
static unsigned first_of_keys(unsigned data_type)
{
    bool after_an_id = data_type == MIKEY_PK_INIT || data_type == MIKEY_RSA_R_RESP || data_type == MIKEY_REQUEST_KEY_RESP;
    return after_an_id ? MIKEY_ID : MIKEY_KEY_DATA;
}

static void check_encrypted(mikey_parser *parser, const mikey_kemac *kemac)
{
    size_t len = kemac->encr_data.len;
    if (kemac->encr_alg > MIKEY_ENCR_AES_CM_256)
        mikey_report(parser, MIKEY_PROBLEM_ENCR_ALG_UNKNOWN, kemac->encr_data);
    if (kemac->encr_alg == MIKEY_ENCR_AES_KW_128 && len != 0 && (len % 8 != 0 || len < 24))
        mikey_report(parser, MIKEY_PROBLEM_KEY_WRAP_LENGTH, kemac->encr_data);
}

static bool read_kemac(mikey_parser *parser, octet_reader *reader, mikey_kemac *kemac, unsigned depth)
{
    if (!take_u8(reader, &kemac->encr_alg) || !take_octets_u16(reader, &kemac->encr_data))
        return false;
    check_encrypted(parser, kemac);
    if (kemac->encr_alg == MIKEY_ENCR_NULL && kemac->encr_data.len)
        kemac->keys = mikey_read_nested(parser, kemac->encr_data, false, first_of_keys(parser->data_type), depth + 1);
    return read_mac(parser, reader, &kemac->mac_alg, &kemac->mac);
}

/* Two bits of cache indicator and fourteen of length (RFC 3830 section 6.3). */
static bool read_pke(mikey_parser *parser, octet_reader *reader, mikey_pke *pke)
{
    uint16_t word;
    if (!take_u16(reader, &word))
        return false;
    pke->cache = (uint8_t)(word >> 14);
    if (pke->cache == 3)
        mikey_report(parser, MIKEY_PROBLEM_PKE_CACHE, octet_span_at(reader->at - 2, 2));
    return take_octets(reader, word & 0x3fff, &pke->data);
}

static bool read_dh(mikey_parser *parser, octet_reader *reader, mikey_dh *dh)
{
    size_t len;
    uint8_t reserved_and_type;
    if (!take_u8(reader, &dh->group))
        return false;
    if (!dh_len(dh->group, &len))
        return unknown_length(parser, MIKEY_PROBLEM_DH_GROUP_UNKNOWN, reader);
    if (!take_octets(reader, len, &dh->value) || !take_u8(reader, &reserved_and_type))
        return false;
    dh->reserved = reserved_and_type >> 4;
    dh->validity.type = reserved_and_type & 15;
    return read_validity(parser, reader, &dh->validity);
}

/* Four bits of type and twelve of length (RFC 3830 section 6.5). */
static bool read_sign(octet_reader *reader, mikey_sign *sign)
{
    uint16_t word;
    if (!take_u16(reader, &word))
        return false;
    sign->s_type = (uint8_t)(word >> 12);
    return take_octets(reader, word & 0xfff, &sign->signature);
}

/* The length of the outermost SEQUENCE with its header (X.690 section 8.1.3). False: it does not begin like one. */
static bool der_length(octet_span octets, size_t *len)
{
    if (octets.len < 2 || octets.data[0] != 0x30)
        return false;
    size_t bytes = octets.data[1] & 0x7f;
    *len = bytes;
    if (octets.data[1] & 0x80) {
        if (bytes == 0 || bytes > 3 || octets.len < 2 + bytes)
            return false;
        *len = 0;
        for (size_t i = 0; i < bytes; i++)
            *len = *len << 8 | octets.data[2 + i];
        *len += bytes;
    }
    *len += 2;
    return true;
}

static bool read_cert(mikey_parser *parser, octet_reader *reader, mikey_cert *cert)
{
    enum { X509_URL = 1, X509_ENCR = 3 };
    size_t len;
    if (!take_u8(reader, &cert->type) || !take_octets_u16(reader, &cert->data))
        return false;
    if (cert->type > X509_ENCR)
        mikey_report(parser, MIKEY_PROBLEM_CERT_TYPE_UNKNOWN, cert->data);
    else if (cert->type != X509_URL && (!der_length(cert->data, &len) || len != cert->data.len))
        mikey_report(parser, MIKEY_PROBLEM_CERT_LENGTH, cert->data);
    return true;
}

static bool read_chash(mikey_parser *parser, octet_reader *reader, mikey_chash *chash)
{
    size_t len;
    if (!take_u8(reader, &chash->function))
        return false;
    if (!hash_len(chash->function, &len))
        return unknown_length(parser, MIKEY_PROBLEM_HASH_UNKNOWN, reader);
    return take_octets(reader, len, &chash->hash);
}

static bool read_policy(octet_reader *reader, mikey_policy *policy)
{
    return take_u8(reader, &policy->policy) && take_u8(reader, &policy->protocol) &&
           take_octets_u16(reader, &policy->params);
}

static bool read_error(mikey_parser *parser, octet_reader *reader, mikey_error *error)
{
    enum { INVALID_TP_PARAMETER = 15 }; /* the last one assigned, by RFC 6043 */
    if (!take_u8(reader, &error->number) || !take_u16(reader, &error->reserved))
        return false;
    if (error->number > INVALID_TP_PARAMETER)
        mikey_report(parser, MIKEY_PROBLEM_ERROR_UNKNOWN, octet_span_at(reader->at - 3, 1));
    if (error->reserved)
        mikey_report(parser, MIKEY_PROBLEM_ERROR_RESERVED, octet_span_at(reader->at - 2, 2));
    return true;
}

/* Types 1, 3 and 5 have a salt behind the key (RFC 3830 section 6.13, RFC 6043 section 6.2.1). */
static bool read_key_data(mikey_parser *parser, octet_reader *reader, mikey_key *key)
{
    uint8_t types;
    if (!take_u8(reader, &types))
        return false;
    key->type = types >> 4;
    key->validity.type = types & 15;
    if (key->type > MIKEY_KEY_K_PR)
        mikey_report(parser, MIKEY_PROBLEM_KEY_TYPE_UNKNOWN, octet_span_at(reader->at - 1, 1));
    if (!take_octets_u16(reader, &key->key))
        return false;
    if (key->type <= MIKEY_KEY_GTGK_SALT && key->type % 2 == 1) {
        if (octets_left(reader) < 2) {
            mikey_report(parser, MIKEY_PROBLEM_SALT_MISSING, octet_span_at(reader->at, octets_left(reader)));
            return false;
        }
        if (!take_octets_u16(reader, &key->salt))
            return false;
    }
    return read_validity(parser, reader, &key->validity);
}

/* RFC 6267 section 6.1.5: as Key data, but type 1 is the only one and has no salt. */
static bool read_sk(mikey_parser *parser, octet_reader *reader, mikey_key *key)
{
    uint8_t types;
    if (!take_u8(reader, &types))
        return false;
    key->type = types >> 4;
    key->validity.type = types & 15;
    return take_octets_u16(reader, &key->key) && read_validity(parser, reader, &key->validity);
}

/* --- payloads of later RFCs ---------------------------------------------------------------------------------------- */

static bool read_extension(mikey_parser *parser, octet_reader *reader, mikey_extension *extension, unsigned depth)
{
    mikey_param key_id;
    if (!take_u8(reader, &extension->type) || !take_octets_u16(reader, &extension->data))
        return false;
    octet_span rest = extension->data;
    if (extension->type == MIKEY_EXT_KEY_ID) {
        while (mikey_next_param(&rest, &key_id))
            ;
        if (rest.len)
            mikey_report(parser, MIKEY_PROBLEM_KEY_ID_CUT, rest);
    } else if (extension->type == MIKEY_EXT_SAKKE_TO_SELF && rest.len) {
        extension->sakke = mikey_read_nested(parser, rest, false, MIKEY_SAKKE, depth + 1);
    }
    return true;
}

static bool read_sakke(octet_reader *reader, mikey_sakke *sakke)
{
    return take_u8(reader, &sakke->params) && take_u8(reader, &sakke->id_scheme) && take_octets_u16(reader, &sakke->data);
}

static bool read_point(octet_reader *reader, mikey_payload *payload)
{
    payload->next = MIKEY_LAST; /* it stands behind a point of a length nobody knows */
    return take_u8(reader, &payload->point.curve) && take_octets(reader, octets_left(reader), &payload->point.data);
}

static bool read_unknown(mikey_parser *parser, octet_reader *reader, mikey_payload *payload)
{
    take_octets(reader, octets_left(reader), &payload->data);
    mikey_report(parser, MIKEY_PROBLEM_NEXT_PAYLOAD_UNKNOWN, payload->data);
    return false;
}

/* Rejects a role out of place; everything else of the payload still holds. */
static bool read_role(mikey_parser *parser, octet_reader *reader, uint8_t *role, uint8_t last, mikey_problem_kind kind)
{
    enum { PRIVATE_FIRST = 240, PRIVATE_LAST = 254 };
    if (!take_u8(reader, role))
        return false;
    if (*role == 0 || (*role > last && (*role < PRIVATE_FIRST || *role > PRIVATE_LAST)))
        mikey_report(parser, kind, octet_span_at(reader->at - 1, 1));
    return true;
}

bool mikey_read_payload(mikey_parser *parser, octet_reader *reader, mikey_payload *payload, unsigned depth)
{
    switch (payload->type) {
    case MIKEY_KEMAC:
        return read_kemac(parser, reader, &payload->kemac, depth);
    case MIKEY_PKE:
        return read_pke(parser, reader, &payload->pke);
    case MIKEY_DH:
        return read_dh(parser, reader, &payload->dh);
    case MIKEY_SIGN:
        return read_sign(reader, &payload->sign);
    case MIKEY_TR:
        if (!read_role(parser, reader, &payload->time.role, MIKEY_TIME_REKEY, MIKEY_PROBLEM_TIME_ROLE))
            return false;
        return read_timestamp(parser, reader, &payload->time);
    case MIKEY_T:
        return read_timestamp(parser, reader, &payload->time);
    case MIKEY_IDR:
        if (!read_role(parser, reader, &payload->identity.role, MIKEY_ID_LAST_ROLE, MIKEY_PROBLEM_ID_ROLE))
            return false;
        return read_identity(reader, &payload->identity);
    case MIKEY_ID:
        return read_identity(reader, &payload->identity);
    case MIKEY_CERT:
        return read_cert(parser, reader, &payload->cert);
    case MIKEY_CHASH:
        return read_chash(parser, reader, &payload->chash);
    case MIKEY_V:
        return read_mac(parser, reader, &payload->verification.auth_alg, &payload->verification.mac);
    case MIKEY_SP:
        return read_policy(reader, &payload->policy);
    case MIKEY_RANDR:
        if (!read_role(parser, reader, &payload->rand.role, MIKEY_RAND_KMS, MIKEY_PROBLEM_RANDR_ROLE))
            return false;
        return read_rand(parser, reader, &payload->rand);
    case MIKEY_RAND:
        return read_rand(parser, reader, &payload->rand);
    case MIKEY_ERR:
        return read_error(parser, reader, &payload->error);
    case MIKEY_TP:
    case MIKEY_TICKET:
        return mikey_read_ticket(parser, reader, payload, depth);
    case MIKEY_KEY_DATA:
        return read_key_data(parser, reader, &payload->key);
    case MIKEY_GENERAL_EXT:
        return read_extension(parser, reader, &payload->extension, depth);
    case MIKEY_IBAKE:
    case MIKEY_ESK:
    case MIKEY_THDR:
        return take_octets_u16(reader, &payload->data);
    case MIKEY_SK:
        return read_sk(parser, reader, &payload->key);
    case MIKEY_ECCPT:
        return read_point(reader, payload);
    case MIKEY_SAKKE:
        return read_sakke(reader, &payload->sakke);
    default:
        return read_unknown(parser, reader, payload);
    }
}

/* --- values -------------------------------------------------------------------------------------------------------- */

bool mikey_next_param(octet_span *rest, mikey_param *param)
{
    if (rest->len < 2 || rest->len - 2 < rest->data[1])
        return false;
    param->type = rest->data[0];
    param->value = octet_span_at(rest->data + 2, rest->data[1]);
    param->whole = octet_span_at(rest->data, 2 + param->value.len);
    *rest = octet_span_at(rest->data + param->whole.len, rest->len - param->whole.len);
    return true;
}

uint64_t mikey_param_number(const mikey_param *param)
{
    uint64_t number = 0;
    for (size_t i = 0; i < param->value.len; i++)
        number = number << 8 | param->value.data[i];
    return number;
}

bool mikey_policy_number(const mikey_policy *policy, uint8_t type, uint64_t *number)
{
    octet_span rest = policy->params;
    mikey_param param;
    bool found = false;
    while (mikey_next_param(&rest, &param)) {
        if (param.type == type) {
            *number = mikey_param_number(&param);
            found = true;
        }
    }
    return found;
}

bool mikey_time_seconds(const mikey_time *time, int64_t *seconds)
{
    if ((time->ts_type != MIKEY_TS_NTP_UTC && time->ts_type != MIKEY_TS_NTP_UTC_32) || time->value.len < 4)
        return false;
    /* The first half of an era belongs to the second era (RFC 6043 section 6.10). */
    uint32_t ntp = octets_u32(time->value.data);
    *seconds = (int64_t)ntp - NTP_TO_UNIX + (ntp & 0x80000000 ? 0 : NTP_ERA);
    return true;
}

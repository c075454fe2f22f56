/* The message as a whole: header, CS ID map, and the walk along the chain of payloads. */
#include "keys/mikey.h"

#include "keys/mikey_parts.h"

#include <string.h>

/* --- problems ------------------------------------------------------------------------------------------------------ */

void mikey_report(mikey_parser *parser, mikey_problem_kind kind, octet_span where)
{
    mikey_problem problem = {.kind = kind,
                             .severity = mikey_problem_severity(kind),
                             .offset = (size_t)(where.data - parser->base),
                             .len = where.len};
    if (parser->problems->len < MIKEY_MAX_PROBLEMS)
        g_array_append_val(parser->problems, problem);
}

void mikey_report_payload(mikey_parser *parser, mikey_problem_kind kind, const mikey_payload *payload)
{
    mikey_report(parser, kind, octet_span_at(parser->base + payload->offset, payload->len));
}

/* --- the header ---------------------------------------------------------------------------------------------------- */

/* Counted from 1 in the order of the map (RFC 3830 section 6.1.1). */
static bool read_srtp_id(octet_reader *reader, mikey_cs *cs, unsigned number)
{
    uint32_t value;
    cs->cs_id = (uint8_t)number;
    if (!take_octets(reader, 1, &cs->policies))
        return false;
    cs->has_ssrc = take_u32(reader, &value);
    if (cs->has_ssrc)
        cs->ssrc = value;
    cs->has_roc = cs->has_ssrc && take_u32(reader, &value);
    if (cs->has_roc)
        cs->roc = value;
    return cs->has_roc;
}

/* SSRC, and with the S flag ROC and SEQ (RFC 6043 section 6.1.1). */
static void read_session_data(mikey_parser *parser, mikey_cs *cs)
{
    octet_reader reader = octet_reader_of(cs->session_data);
    size_t len = cs->session_data.len;
    if (cs->protocol != MIKEY_PROT_SRTP)
        return;
    if (len != 0 && len != 4 && len != 10)
        mikey_report(parser, MIKEY_PROBLEM_SESSION_DATA_LENGTH, cs->session_data);
    else if (len != 0 && cs->has_index != (len == 10))
        mikey_report(parser, MIKEY_PROBLEM_SESSION_DATA_FLAG, cs->session_data);
    cs->has_ssrc = len != 0 && take_u32(&reader, &cs->ssrc);
    cs->has_roc = len == 10 && take_u32(&reader, &cs->roc) && take_u16(&reader, &cs->sequence);
}

static bool read_generic_id(mikey_parser *parser, octet_reader *reader, mikey_cs *cs)
{
    uint8_t flag_and_count;
    if (!take_u8(reader, &cs->cs_id) || !take_u8(reader, &cs->protocol) || !take_u8(reader, &flag_and_count))
        return false;
    cs->has_index = flag_and_count >> 7;
    if (!take_octets(reader, flag_and_count & 0x7f, &cs->policies) || !take_octets_u16(reader, &cs->session_data))
        return false;
    read_session_data(parser, cs);
    return take_octets_u8(reader, &cs->spi);
}

/* False: where the payloads begin cannot be told. */
static bool read_map(mikey_parser *parser, octet_reader *reader, mikey_header *header)
{
    const uint8_t *start = reader->at;
    bool known = true;
    if (header->map_type == MIKEY_MAP_EMPTY || header->cs_count == 0)
        return true;
    if (header->map_type > MIKEY_MAP_GENERIC_ID) {
        mikey_report(parser, MIKEY_PROBLEM_MAP_TYPE_UNKNOWN, octet_span_at(start - 1, 1));
        return false;
    }
    header->cs = g_new0(mikey_cs, header->cs_count);
    while (known && header->cs_read < header->cs_count) {
        const uint8_t *entry = reader->at;
        mikey_cs *cs = &header->cs[header->cs_read++];
        known = header->map_type == MIKEY_MAP_SRTP_ID ? read_srtp_id(reader, cs, header->cs_read)
                                                      : read_generic_id(parser, reader, cs);
        cs->whole = octet_span_at(entry, (size_t)(reader->at - entry));
    }
    header->map = octet_span_at(start, (size_t)(reader->at - start));
    if (!known)
        mikey_report(parser, MIKEY_PROBLEM_MAP_CUT, header->map);
    return known;
}

static bool read_header(mikey_parser *parser, octet_reader *reader, mikey_header *header)
{
    uint8_t v_and_prf = 0;
    const uint8_t *start = reader->at;
    bool complete = take_u8(reader, &header->version) && take_u8(reader, &header->data_type) &&
                    take_u8(reader, &header->next) && take_u8(reader, &v_and_prf) && take_u32(reader, &header->csb_id) &&
                    take_u8(reader, &header->cs_count) && take_u8(reader, &header->map_type);
    header->v = v_and_prf >> 7;
    header->prf = v_and_prf & 0x7f;
    if (!complete)
        mikey_report(parser, MIKEY_PROBLEM_HEADER_CUT, octet_span_at(start, octets_left(reader) + (size_t)(reader->at - start)));
    bool known = complete && read_map(parser, reader, header);
    header->len = (size_t)(reader->at - start);
    return known;
}

/* --- the chain ----------------------------------------------------------------------------------------------------- */

/* SIGN has no next payload field (RFC 3830 section 6.5); what an unknown payload has is not known, nor is it for 18 and 19, which
 * are unassigned. */
static bool has_next_field(unsigned type)
{
    bool known = type <= MIKEY_TICKET || (type >= MIKEY_KEY_DATA && type <= MIKEY_SAKKE) || type == MIKEY_THDR;
    return known && type != MIKEY_SIGN;
}

static bool read_one(mikey_parser *parser, octet_reader *reader, mikey_payload *payload, unsigned depth)
{
    const uint8_t *start = reader->at;
    payload->offset = (size_t)(start - parser->base);
    reader->cut = false;
    bool known = (!has_next_field(payload->type) || take_u8(reader, &payload->next)) &&
                 mikey_read_payload(parser, reader, payload, depth);
    payload->len = (size_t)(reader->at - start);
    payload->complete = known;
    if (reader->cut)
        mikey_report_payload(parser, MIKEY_PROBLEM_PAYLOAD_CUT, payload);
    return known;
}

/* What follows the chain. Behind the place where the chain was lost everything would be left over, so nothing is said there. */
static void check_end(mikey_parser *parser, const octet_reader *reader, unsigned last_type)
{
    if (reader->at == reader->end)
        return;
    mikey_report(parser, last_type == MIKEY_SIGN ? MIKEY_PROBLEM_AFTER_SIGN : MIKEY_PROBLEM_TRAILING_OCTETS,
                 octet_span_at(reader->at, octets_left(reader)));
}

void mikey_read_chain(mikey_parser *parser, mikey_chain *chain, octet_span octets, unsigned type, unsigned depth)
{
    GArray *payloads = g_array_new(FALSE, FALSE, sizeof(mikey_payload));
    octet_reader reader = octet_reader_of(octets);
    unsigned last_type = MIKEY_LAST;
    bool known = true;

    while (known && type != MIKEY_LAST) {
        octet_span here = octet_span_at(reader.at, octets_left(&reader));
        mikey_payload payload = {.type = type};
        if (here.len == 0 || parser->payloads_left == 0) {
            mikey_report(parser, here.len ? MIKEY_PROBLEM_TOO_MANY_PAYLOADS : MIKEY_PROBLEM_PAYLOAD_ABSENT, here);
            known = false;
            break;
        }
        parser->payloads_left--;
        known = read_one(parser, &reader, &payload, depth);
        g_array_append_val(payloads, payload);
        last_type = type;
        type = payload.next;
    }
    if (known)
        check_end(parser, &reader, last_type);
    chain->whole = octets;
    chain->complete = known;
    chain->count = payloads->len;
    chain->payloads = (mikey_payload *)(void *)g_array_free(payloads, FALSE);
}

mikey_chain *mikey_read_nested(mikey_parser *parser, octet_span octets, bool has_first, unsigned type, unsigned depth)
{
    if (depth >= MIKEY_MAX_DEPTH) {
        mikey_report(parser, MIKEY_PROBLEM_TOO_DEEP, octets);
        return NULL;
    }
    mikey_chain *chain = g_new0(mikey_chain, 1);
    octet_span payloads = octets;
    chain->has_first = has_first;
    if (has_first) {
        type = chain->first = octets.data[0];
        payloads = octet_span_at(octets.data + 1, octets.len - 1);
    }
    mikey_read_chain(parser, chain, payloads, type, depth);
    chain->whole = octets;
    return chain;
}

static void free_nested(mikey_chain *chain)
{
    if (chain)
        mikey_chain_clear(chain);
    g_free(chain);
}

/* As deep as MIKEY_MAX_DEPTH and no deeper. */
void mikey_chain_clear(mikey_chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        mikey_payload *payload = &chain->payloads[i];
        if (payload->type == MIKEY_KEMAC) {
            free_nested(payload->kemac.keys);
        } else if (payload->type == MIKEY_TP || payload->type == MIKEY_TICKET) {
            free_nested(payload->ticket.policy);
            free_nested(payload->ticket.ticket);
            free_nested(payload->ticket.initiator);
        } else if (payload->type == MIKEY_GENERAL_EXT) {
            free_nested(payload->extension.sakke);
        }
    }
    g_free(chain->payloads);
    chain->payloads = NULL;
    chain->count = 0;
}

/* --- what the parser is asked for ---------------------------------------------------------------------------------- */

static mikey_parser parser_of(const uint8_t *data)
{
    return (mikey_parser){.base = data,
                          .problems = g_array_new(FALSE, FALSE, sizeof(mikey_problem)),
                          .payloads_left = MIKEY_MAX_PAYLOADS,
                          .data_type = NO_DATA_TYPE};
}

static mikey_message *finish(mikey_parser *parser, mikey_message *message)
{
    message->problem_count = parser->problems->len;
    message->problems = (mikey_problem *)(void *)g_array_free(parser->problems, FALSE);
    return message;
}

mikey_message *mikey_parse(const uint8_t *data, size_t len)
{
    mikey_parser parser = parser_of(data);
    mikey_message *message = g_new0(mikey_message, 1);
    octet_reader reader = octet_reader_of(octet_span_at(data, len));

    message->whole = octet_span_at(data, len);
    message->has_header = true;
    bool known = read_header(&parser, &reader, &message->header);
    parser.data_type = message->header.data_type;
    message->chain.whole = octet_span_at(reader.at, octets_left(&reader));
    if (known) {
        mikey_read_chain(&parser, &message->chain, message->chain.whole, message->header.next, 0);
        mikey_check_message(&parser, message);
    }
    return finish(&parser, message);
}

mikey_message *mikey_parse_keys(const uint8_t *plain, size_t len, unsigned first, mikey_keys_place place)
{
    mikey_parser parser = parser_of(plain);
    mikey_message *message = g_new0(mikey_message, 1);
    message->whole = octet_span_at(plain, len);
    mikey_read_chain(&parser, &message->chain, message->whole, len ? first : MIKEY_LAST, 1);
    mikey_check_keys(&parser, &message->chain, place);
    return finish(&parser, message);
}

mikey_message *mikey_parse_ticket_data(const uint8_t *data, size_t len)
{
    mikey_parser parser = parser_of(data);
    mikey_message *message = g_new0(mikey_message, 1);
    message->whole = octet_span_at(data, len);
    mikey_read_ticket_chain(&parser, &message->chain, message->whole, 1);
    return finish(&parser, message);
}

void mikey_free(mikey_message *message)
{
    if (!message)
        return;
    mikey_chain_clear(&message->chain);
    g_free(message->header.cs);
    g_free(message->problems);
    g_free(message);
}

const mikey_payload *mikey_find(const mikey_chain *chain, unsigned type, const mikey_payload *previous)
{
    for (unsigned i = previous ? (unsigned)(previous - chain->payloads) + 1 : 0; i < chain->count; i++)
        if (chain->payloads[i].type == type)
            return &chain->payloads[i];
    return NULL;
}

bool mikey_is_ticket_type(uint8_t data_type)
{
    return data_type >= MIKEY_REQUEST_INIT_PSK && data_type <= MIKEY_RESOLVE_RESP;
}

/* Nothing is answered by PSK_INIT, whose number is that of what is not listed. */
bool mikey_is_answered_by(uint8_t initial, uint8_t response)
{
    static const uint8_t answers[] = {
        [MIKEY_PSK_INIT] = MIKEY_PSK_RESP,
        [MIKEY_PK_INIT] = MIKEY_PK_RESP,
        [MIKEY_DH_INIT] = MIKEY_DH_RESP,
        [MIKEY_DHHMAC_INIT] = MIKEY_DHHMAC_RESP,
        [MIKEY_RSA_R_INIT] = MIKEY_RSA_R_RESP,
        [MIKEY_REQUEST_INIT_PSK] = MIKEY_REQUEST_RESP,
        [MIKEY_REQUEST_INIT_PK] = MIKEY_REQUEST_RESP,
        [MIKEY_TRANSFER_INIT] = MIKEY_TRANSFER_RESP,
        [MIKEY_RESOLVE_INIT_PSK] = MIKEY_RESOLVE_RESP,
        [MIKEY_RESOLVE_INIT_PK] = MIKEY_RESOLVE_RESP,
    };
    return initial < sizeof answers && response != MIKEY_PSK_INIT && answers[initial] == response;
}

bool mikey_is_response_type(uint8_t data_type)
{
    bool answers_any = false;
    for (uint8_t initial = MIKEY_PSK_INIT; initial <= MIKEY_RESOLVE_INIT_PK && !answers_any; initial++)
        answers_any = mikey_is_answered_by(initial, data_type);
    return answers_any;
}

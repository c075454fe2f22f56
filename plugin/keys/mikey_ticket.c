/* The TP and TICKET payloads (RFC 6043 section 6.10) and the ticket data of the MIKEY base ticket (appendix A). */
#include "keys/mikey_parts.h"

/* TP data and initiator data: a first payload octet, then the chain that it names. */
static mikey_chain *read_data(mikey_parser *parser, octet_span data, unsigned depth)
{
    if (data.len == 0)
        return NULL;
    if (data.data[0] == MIKEY_LAST && data.len > 1)
        mikey_report(parser, MIKEY_PROBLEM_POLICY_DATA, data);
    return mikey_read_nested(parser, data, true, MIKEY_LAST, depth + 1);
}

/* Ticket data begins with the ticket header, which has no number and so is announced by nothing. */
void mikey_read_ticket_chain(mikey_parser *parser, mikey_chain *chain, octet_span octets, unsigned depth)
{
    mikey_read_chain(parser, chain, octets, MIKEY_THDR, depth);
    mikey_check_ticket_data(parser, chain);
}

static bool errors_since(const mikey_parser *parser, unsigned first)
{
    for (unsigned i = first; i < parser->problems->len; i++)
        if (g_array_index(parser->problems, mikey_problem, i).severity == MIKEY_SEVERITY_ERROR)
            return true;
    return false;
}

/* Other types may hold anything. What reads like a base ticket to the last octet is taken for one; else nothing is said. */
static mikey_chain *read_ticket_data(mikey_parser *parser, const mikey_ticket *ticket, unsigned depth)
{
    unsigned problems = parser->problems->len;
    if (ticket->ticket_data.len == 0 && ticket->type != MIKEY_TICKET_BASE)
        return NULL;
    if (depth + 1 >= MIKEY_MAX_DEPTH) {
        mikey_report(parser, MIKEY_PROBLEM_TOO_DEEP, ticket->ticket_data);
        return NULL;
    }
    mikey_chain *chain = g_new0(mikey_chain, 1);
    mikey_read_ticket_chain(parser, chain, ticket->ticket_data, depth + 1);
    if (ticket->type != MIKEY_TICKET_BASE && (!chain->complete || errors_since(parser, problems))) {
        g_array_set_size(parser->problems, problems);
        mikey_chain_clear(chain);
        g_free(chain);
        return NULL;
    }
    return chain;
}

static bool read_fixed_part(octet_reader *reader, mikey_ticket *ticket)
{
    uint8_t prf_and_d;
    uint16_t flags;
    if (!take_u16(reader, &ticket->type) || !take_u8(reader, &ticket->subtype) || !take_u8(reader, &ticket->version) ||
        !take_u8(reader, &prf_and_d))
        return false;
    ticket->prf = prf_and_d >> 1;
    ticket->flags = (uint32_t)(prf_and_d & 1) << 16;
    if (!take_u16(reader, &flags))
        return false;
    ticket->flags |= flags;
    return true;
}

bool mikey_read_ticket(mikey_parser *parser, octet_reader *reader, mikey_payload *payload, unsigned depth)
{
    const uint8_t *start = parser->base + payload->offset;
    mikey_ticket *ticket = &payload->ticket;
    bool complete = read_fixed_part(reader, ticket) && take_octets_u16(reader, &ticket->policy_data);
    ticket->policy = read_data(parser, ticket->policy_data, depth);
    if (complete && payload->type == MIKEY_TICKET) {
        complete = take_octets_u16(reader, &ticket->ticket_data);
        if (complete)
            ticket->ticket = read_ticket_data(parser, ticket, depth);
        complete = complete && take_octets_u16(reader, &ticket->initiator_data);
        ticket->initiator = read_data(parser, ticket->initiator_data, depth);
    }
    payload->len = (size_t)(reader->at - start);
    if (complete)
        mikey_check_ticket(parser, payload);
    return complete;
}

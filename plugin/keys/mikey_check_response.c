/* What only shows when a response is seen beside the message that it answers. */
#include "keys/mikey_parts.h"

static const mikey_payload *with_role(const mikey_chain *chain, unsigned type, uint8_t role)
{
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(chain, type, payload)))
        if ((type == MIKEY_RANDR ? payload->rand.role : payload->identity.role) == role)
            return payload;
    return NULL;
}

static octet_span span_of(const mikey_message *message, const mikey_payload *payload)
{
    return octet_span_at(message->whole.data + payload->offset, payload->len);
}

/* What the ticket's policy wants of the responder (RFC 6043 section 6.10). */
static void check_ticket_wishes(mikey_message *response, uint32_t flags)
{
    const mikey_chain *chain = &response->chain;
    const octet_span nowhere = octet_span_at(response->whole.data + response->whole.len, 0);
    const mikey_payload *rand_r = with_role(chain, MIKEY_RANDR, MIKEY_RAND_R), *kemac = mikey_find(chain, MIKEY_KEMAC, NULL);
    bool has_fork_parts = with_role(chain, MIKEY_RANDR, MIKEY_RAND_KMS) && with_role(chain, MIKEY_IDR, MIKEY_ID_R);
    if ((flags & MIKEY_FLAG_G) && !rand_r)
        mikey_add_problem(response, MIKEY_PROBLEM_RESPONDER_RAND_MISSING, nowhere);
    if (!(flags & MIKEY_FLAG_G) && rand_r)
        mikey_add_problem(response, MIKEY_PROBLEM_RESPONDER_RAND_UNASKED, span_of(response, rand_r));
    if ((flags & MIKEY_FLAG_I) && !has_fork_parts)
        mikey_add_problem(response, MIKEY_PROBLEM_FORK_PARTS_MISSING, nowhere);
    if (!(flags & MIKEY_FLAG_M) && kemac)
        mikey_add_problem(response, MIKEY_PROBLEM_RESPONSE_KEMAC_NOT_ALLOWED, span_of(response, kemac));
}

/* Who of the two sends RAND is theirs to choose, but it is one. */
static void check_rsa_r(mikey_message *response, const mikey_message *initial)
{
    const mikey_payload *rand = mikey_find(&response->chain, MIKEY_RAND, NULL);
    const bool before = mikey_find(&initial->chain, MIKEY_RAND, NULL) != NULL;
    if (response->chain.complete && initial->chain.complete && before == (rand != NULL))
        mikey_add_problem(response, MIKEY_PROBLEM_RSA_R_RAND,
                          rand ? span_of(response, rand) : octet_span_at(response->whole.data + response->whole.len, 0));
}

void mikey_check_response(mikey_message *response, const mikey_message *initial)
{
    enum { VERSION_AT = 0, PRF_AT = 3 };
    const mikey_payload *ticket = mikey_find(&initial->chain, MIKEY_TICKET, NULL);
    const uint8_t *octets = response->whole.data;
    if (response->whole.len <= PRF_AT) /* a header that is cut says nothing of what it lacks */
        return;
    if (response->header.version != initial->header.version)
        mikey_add_problem(response, MIKEY_PROBLEM_RESPONSE_VERSION, octet_span_at(octets + VERSION_AT, 1));
    if (response->header.prf != initial->header.prf)
        mikey_add_problem(response, MIKEY_PROBLEM_RESPONSE_PRF, octet_span_at(octets + PRF_AT, 1));
    if (response->header.data_type == MIKEY_RSA_R_RESP)
        check_rsa_r(response, initial);
    /* A CSB update has no ticket, and wants nothing but an answer (RFC 6043 section 5.2). */
    if (response->header.data_type == MIKEY_TRANSFER_RESP && ticket && ticket->complete && response->chain.complete)
        check_ticket_wishes(response, ticket->ticket.flags);
}

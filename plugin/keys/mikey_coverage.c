#include "keys/mikey_coverage.h"

#include <string.h>

#define MAX_NAMES 5

/* Who a party may be: identities of which one is covered. */
typedef struct {
    octet_span names[MAX_NAMES];
    unsigned count;
} name_list;

static octet_span between(const uint8_t *begin, const uint8_t *end)
{
    return (octet_span){begin, (size_t)(end - begin)};
}

static void append(mikey_coverage *coverage, octet_span piece)
{
    if (piece.len)
        coverage->pieces[coverage->count++] = piece;
}

static const uint8_t *mac_of(const mikey_payload *payload)
{
    return payload->type == MIKEY_KEMAC ? payload->kemac.mac.data : payload->verification.mac.data;
}

static octet_span up_to_mac(const mikey_mac_subject *subject)
{
    return between(subject->message->whole.data, mac_of(subject->payload));
}

static octet_span time_of(const mikey_message *message)
{
    const mikey_payload *time = mikey_find(&message->chain, MIKEY_T, NULL);
    return time ? time->time.value : (octet_span){NULL, 0};
}

/* --- identities ---------------------------------------------------------------------------------------------------- */

static void add_name(name_list *list, octet_span name)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->names[i].len == name.len && (name.len == 0 || memcmp(list->names[i].data, name.data, name.len) == 0))
            return;
    if (list->count < MAX_NAMES)
        list->names[list->count++] = name;
}

static void add_present(name_list *list, octet_span name)
{
    if (name.len)
        add_name(list, name);
}

/* Identity number `which` from 0 among the ID payloads. */
static octet_span id_number(const mikey_message *message, unsigned which)
{
    const mikey_payload *id = mikey_find(&message->chain, MIKEY_ID, NULL);
    while (id && which-- > 0)
        id = mikey_find(&message->chain, MIKEY_ID, id);
    return id ? id->identity.data : (octet_span){NULL, 0};
}

static octet_span id_with_role(const mikey_chain *chain, uint8_t role)
{
    const mikey_payload *id = NULL;
    while (chain && (id = mikey_find(chain, MIKEY_IDR, id)))
        if (id->identity.role == role)
            return id->identity.data;
    return (octet_span){NULL, 0};
}

/* The policy of the ticket, which names its parties too. */
static const mikey_chain *ticket_policy_of(const mikey_message *message)
{
    const mikey_payload *ticket = mikey_find(&message->chain, MIKEY_TICKET, NULL);
    if (!ticket)
        ticket = mikey_find(&message->chain, MIKEY_TP, NULL);
    return ticket ? ticket->ticket.policy : NULL;
}

/* Of RFC 3830's messages: the first ID is the initiator's and the second the responder's, unless there is one alone. */
static void name_parties(const mikey_mac_subject *subject, name_list *initiator, name_list *responder)
{
    const mikey_message *initial = subject->initial;
    add_present(initiator, id_number(initial, 0));
    add_present(initiator, subject->caller);
    add_name(initiator, (octet_span){NULL, 0});
    add_present(responder, id_number(initial, 1));
    add_present(responder, id_number(subject->message, 0));
    add_present(responder, subject->callee);
    add_present(responder, id_number(initial, 0));
    add_name(responder, (octet_span){NULL, 0});
}

static void name_party(const mikey_mac_subject *subject, uint8_t role, octet_span outside, name_list *party)
{
    add_present(party, id_with_role(&subject->message->chain, role));
    add_present(party, id_with_role(ticket_policy_of(subject->message), role));
    add_present(party, outside);
    add_name(party, (octet_span){NULL, 0});
}

/* Each first name with each second one, behind `head` and before `tail`. */
static unsigned combine(const mikey_coverage *head, const name_list *first, const name_list *second, octet_span tail,
                        mikey_coverage *coverages, unsigned count)
{
    for (unsigned i = 0; i < first->count; i++) {
        for (unsigned k = 0; k < second->count && count < MIKEY_MAX_COVERAGES; k++) {
            mikey_coverage *coverage = &coverages[count++];
            *coverage = *head;
            append(coverage, first->names[i]);
            append(coverage, second->names[k]);
            append(coverage, tail);
        }
    }
    return count;
}

/* --- messages ------------------------------------------------------------------------------------------------------ */

static unsigned cover_verification(const mikey_mac_subject *subject, mikey_coverage *coverages)
{
    mikey_coverage head = {.count = 0};
    name_list initiator = {.count = 0}, responder = {.count = 0};
    if (!subject->initial)
        return 0;
    octet_span time = time_of(subject->initial), own = time_of(subject->message);
    append(&head, up_to_mac(subject));
    name_parties(subject, &initiator, &responder);
    unsigned count = combine(&head, &initiator, &responder, time, coverages, 0);
    /* The response repeats the timestamp; where it doesn't, its own may be meant. */
    if (own.len && (own.len != time.len || memcmp(own.data, time.data, own.len) != 0))
        count = combine(&head, &initiator, &responder, own, coverages, count);
    return count;
}

/* The KEMAC of public-key modes, as if nothing followed it (RFC 3830 section 3.2). */
static unsigned cover_kemac_alone(const mikey_mac_subject *subject, mikey_coverage *coverages)
{
    static const uint8_t nothing_follows = MIKEY_LAST;
    const uint8_t *begin = subject->message->whole.data + subject->payload->offset;
    coverages[0].count = 0;
    append(&coverages[0], (octet_span){&nothing_follows, 1});
    append(&coverages[0], between(begin + 1, mac_of(subject->payload)));
    return 1;
}

static unsigned cover_message_alone(const mikey_mac_subject *subject, mikey_coverage *coverages)
{
    coverages[0].count = 0;
    append(&coverages[0], up_to_mac(subject));
    return 1;
}

/* The message with initiator data and its length cut out, which the initiator puts in last (RFC 6043 section 6.10). */
static void append_without_initiator_data(mikey_coverage *coverage, const mikey_message *message, const uint8_t *end)
{
    const mikey_payload *ticket = mikey_find(&message->chain, MIKEY_TICKET, NULL);
    if (!ticket || !ticket->ticket.ticket_data.data) {
        append(coverage, between(message->whole.data, end));
        return;
    }
    append(coverage, between(message->whole.data, ticket->ticket.ticket_data.data + ticket->ticket.ticket_data.len));
    append(coverage, between(message->whole.data + ticket->offset + ticket->len, end));
}

static unsigned cover_transfer_init(const mikey_mac_subject *subject, mikey_coverage *coverages)
{
    mikey_coverage head = {.count = 0};
    name_list initiator = {.count = 0}, responder = {.count = 0};
    const octet_span nothing = {NULL, 0};
    append_without_initiator_data(&head, subject->message, mac_of(subject->payload));
    name_party(subject, MIKEY_ID_I, subject->caller, &initiator);
    name_party(subject, MIKEY_ID_R, subject->callee, &responder);
    unsigned count = combine(&head, &initiator, &responder, nothing, coverages, 0);
    return subject->is_update ? combine(&head, &responder, &initiator, nothing, coverages, count) : count;
}

static unsigned cover_kms_init(const mikey_mac_subject *subject, uint8_t role, mikey_coverage *coverages)
{
    mikey_coverage head = {.count = 0};
    name_list party = {.count = 0}, kms = {.count = 0};
    append(&head, up_to_mac(subject));
    name_party(subject, role, subject->caller, &party);
    name_party(subject, MIKEY_ID_KMS, subject->callee, &kms);
    return combine(&head, &party, &kms, (octet_span){NULL, 0}, coverages, 0);
}

/* The whole initial message follows. That TRANSFER_INIT's own MAC leaves initiator data out, RFC 6043 says; that a response's MAC
 * does, it does not, and so comes second. */
static unsigned cover_response(const mikey_mac_subject *subject, mikey_coverage *coverages)
{
    const mikey_message *initial = subject->initial;
    if (!initial)
        return 0;
    for (unsigned i = 0; i < 2; i++) {
        coverages[i].count = 0;
        append(&coverages[i], up_to_mac(subject));
    }
    append(&coverages[0], initial->whole);
    append_without_initiator_data(&coverages[1], initial, initial->whole.data + initial->whole.len);
    return 2;
}

unsigned mikey_coverages(const mikey_mac_subject *subject, mikey_coverage coverages[MIKEY_MAX_COVERAGES])
{
    if (!mac_of(subject->payload))
        return 0;
    switch (subject->message->header.data_type) {
    case MIKEY_PSK_INIT:
    case MIKEY_DHHMAC_INIT:
    case MIKEY_DHHMAC_RESP:
    case MIKEY_ERROR:
        return cover_message_alone(subject, coverages);
    case MIKEY_PK_INIT:
    case MIKEY_RSA_R_RESP:
        return cover_kemac_alone(subject, coverages);
    case MIKEY_PSK_RESP:
    case MIKEY_PK_RESP:
        return cover_verification(subject, coverages);
    case MIKEY_REQUEST_INIT_PSK:
        return cover_kms_init(subject, MIKEY_ID_I, coverages);
    case MIKEY_RESOLVE_INIT_PSK:
        return cover_kms_init(subject, MIKEY_ID_R, coverages);
    case MIKEY_TRANSFER_INIT:
        return cover_transfer_init(subject, coverages);
    case MIKEY_REQUEST_RESP:
    case MIKEY_RESOLVE_RESP:
    case MIKEY_TRANSFER_RESP:
        return cover_response(subject, coverages);
    default:
        return 0;
    }
}

mikey_coverage mikey_ticket_coverage(const mikey_message *message, const mikey_payload *ticket, const mikey_payload *v)
{
    mikey_coverage coverage = {.count = 0};
    append(&coverage, between(message->whole.data + ticket->offset + 1, v->verification.mac.data));
    return coverage;
}

mikey_coverage mikey_initiator_data_coverage(const mikey_payload *ticket, const mikey_payload *vr)
{
    mikey_coverage coverage = {.count = 0};
    append(&coverage, between(ticket->ticket.initiator_data.data, vr->verification.mac.data));
    return coverage;
}

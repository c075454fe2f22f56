#include "reports/verify_media_parts.h"

#define MAX_PLACES 1024 /* frames of one message that are told, the first */

/* --- what messages say --------------------------------------------------------------------------------------------- */

static uint8_t type_of(const mikey_record *record)
{
    return record->message->header.data_type;
}

static const mikey_payload *ticket_of(const mikey_record *record)
{
    const mikey_payload *ticket = mikey_find(&record->message->chain, MIKEY_TICKET, NULL);
    return ticket && ticket->complete ? ticket : NULL;
}

static octet_span identity_in(const mikey_chain *chain, uint8_t role)
{
    const mikey_payload *payload = NULL;
    while (chain && (payload = mikey_find(chain, MIKEY_IDR, payload)))
        if (payload->complete && payload->identity.role == role)
            return payload->identity.data;
    return (octet_span){NULL, 0};
}

/* IDRi, IDRr or IDRkms; RFC 3830 has an ID without a role, which is its sender's, or stands second for the responder's. */
static octet_span identity_of(const mikey_record *record, uint8_t role)
{
    const mikey_chain *chain = &record->message->chain;
    octet_span identity = identity_in(chain, role);
    const mikey_payload *ticket = ticket_of(record), *id = NULL;
    if (!identity.data && ticket)
        identity = identity_in(ticket->ticket.policy, role);
    if (identity.data || role == MIKEY_ID_KMS)
        return identity;
    const bool by_sender = (role == MIKEY_ID_R) == mikey_is_response_type(type_of(record));
    id = mikey_find(chain, MIKEY_ID, NULL);
    if (id && !by_sender)
        id = role == MIKEY_ID_R ? mikey_find(chain, MIKEY_ID, id) : NULL;
    return id && id->complete ? id->identity.data : (octet_span){NULL, 0};
}

static const char *first_identity(verify_report *report, const media_subject *subject, uint8_t role)
{
    for (guint i = 0; i < subject->messages->len; i++) {
        const octet_span identity = identity_of(subject->messages->pdata[i], role);
        if (identity.len)
            return verify_report_octets(report, identity.data, identity.len);
    }
    return NULL;
}

/* --- parties and identifiers --------------------------------------------------------------------------------------- */

static verify_party *party_with(const verify_session *session, const char *role)
{
    for (guint i = 0; i < session->parties->len; i++) {
        verify_party *party = &g_array_index(session->parties, verify_party, i);
        if (g_strcmp0(party->role, role) == 0)
            return party;
    }
    return NULL;
}

/* The offer holds the initiator's message (RFC 4567 section 4.1.2). */
static void name_party(verify_session *session, const char *sip_role, const char *mikey_role, const char *identity)
{
    verify_party *party = party_with(session, sip_role);
    if (!identity)
        return;
    if (party) {
        party->identity = identity;
        return;
    }
    const verify_party alone = {.role = mikey_role, .identity = identity};
    g_array_append_val(session->parties, alone);
}

static void identify(verify_report *report, verify_session *session, const mikey_record *record)
{
    const mikey_payload *ticket = ticket_of(record);
    if (record->message->header.len)
        verify_session_identify(session, "csb_id", verify_report_text(report, "0x%08x", record->message->header.csb_id));
    if (ticket)
        verify_session_identify(session, "ticket_type",
                                ticket->ticket.type == MIKEY_TICKET_BASE   ? "MIKEY base ticket"
                                : ticket->ticket.type == MIKEY_TICKET_3GPP ? "3GPP base ticket"
                                                                           : verify_report_text(report, "%u", ticket->ticket.type));
}

static void note_places(verify_session *session, const mikey_record *record)
{
    const char *event = type_of(record) == MIKEY_ERROR                 ? "mikey_error"
                        : mikey_is_response_type(type_of(record)) ? "mikey_response"
                                                                  : "mikey_request";
    for (guint i = 0; i < record->places->len && i < MAX_PLACES; i++) {
        const uint32_t frame = g_array_index(record->places, mikey_place, i).frame;
        verify_session_note_event(session, event, frame);
        if (ticket_of(record))
            verify_session_note_event(session, "ticket", frame);
    }
}

/* --- findings ------------------------------------------------------------------------------------------------------ */

static void note_macs(verify_session *session, const mikey_record *record)
{
    for (guint i = 0; i < record->checks->len; i++) {
        const mikey_check *check = &g_array_index(record->checks, mikey_check, i);
        if (check->status == MIKEY_STATUS_FAILED)
            verify_session_note(session, VERIFY_MAC_FAILED, 0, check->reason);
    }
    for (guint i = 0; i < record->departures->len; i++)
        verify_session_note(session, VERIFY_DEPARTURE, 0, record->departures->pdata[i]);
}

static bool has_teks(const mikey_record *record)
{
    bool any = record->teks->len > 0;
    for (guint i = 0; i < record->responses->len && i < MIKEY_MAX_RESPONSES && !any; i++)
        any = ((const mikey_record *)record->responses->pdata[i])->teks->len > 0;
    return any;
}

/* Whether media keys follow from such a message at all: those between a user and the KMS bring a ticket. */
static bool brings_teks(const mikey_record *record)
{
    switch (type_of(record)) {
    case MIKEY_ERROR:
    case MIKEY_REQUEST_INIT_PSK:
    case MIKEY_REQUEST_INIT_PK:
    case MIKEY_RESOLVE_INIT_PSK:
    case MIKEY_RESOLVE_INIT_PK:
    case MIKEY_REQUEST_KEY_PSK:
    case MIKEY_REQUEST_KEY_PKE:
        return false;
    default:
        return true;
    }
}

static void note_missing(verify_session *session, const mikey_record *record)
{
    if (mikey_is_response_type(type_of(record))) {
        if (record->unpaired && !has_teks(record))
            verify_session_note(session, VERIFY_OFFER_MISSING, 0, NULL);
        return;
    }
    if (has_teks(record) || record->status == MIKEY_STATUS_FAILED || type_of(record) == MIKEY_ERROR)
        return;
    if (record->status == MIKEY_STATUS_NOT_CHECKABLE && !record->steps->len)
        verify_session_note(session, VERIFY_SECRET_MISSING, 0, NULL);
    else if (brings_teks(record) && !record->responses->len)
        verify_session_note(session, VERIFY_ANSWER_MISSING, 0, NULL);
}

void verify_media_add_mikey(verify_report *report, verify_session *session, const media_subject *subject)
{
    if (!subject->messages->len)
        return;
    name_party(session, "offerer", "initiator", first_identity(report, subject, MIKEY_ID_I));
    name_party(session, "answerer", "responder", first_identity(report, subject, MIKEY_ID_R));
    for (guint i = 0; i < subject->messages->len; i++) {
        const mikey_record *record = subject->messages->pdata[i];
        identify(report, session, record);
        note_places(session, record);
        note_macs(session, record);
        note_missing(session, record);
    }
    verify_session_identify(session, "kms", first_identity(report, subject, MIKEY_ID_KMS));
}

/* Which octets a MAC of MIKEY covers (RFC 3830 sections 3 and 5.2, RFC 4650, RFC 4738, RFC 6043 sections 5.5, 6.10 and A.1).
 *
 * A MAC covers the message up to itself, and for some messages what both parties know without its being there: identities, a timestamp,
 * the message that is answered. Where the RFCs leave open what these are, there are several readings, and the MAC tells which is right.
 */
#ifndef D2DSEC_KEYS_MIKEY_COVERAGE_H
#define D2DSEC_KEYS_MIKEY_COVERAGE_H

#include "keys/mikey.h"

#define MIKEY_COVERAGE_PIECES 6
#define MIKEY_MAX_COVERAGES 40

/* One reading: the covered octets in their order. */
typedef struct {
    octet_span pieces[MIKEY_COVERAGE_PIECES];
    size_t count;
} mikey_coverage;

/* A MAC at message level, with what it may reach beyond its message. */
typedef struct {
    const mikey_message *message;
    const mikey_payload *payload;   /* KEMAC or V of the message */
    const mikey_message *initial;   /* that `message` answers; NULL: it is one itself */
    octet_span caller, callee;      /* who may be meant where messages name no identity: SIP's From and To; may be absent */
    bool is_update;                 /* TRANSFER_INIT, TRANSFER_RESP of a CSB update, which either party may begin (RFC 6043 section 5.2) */
} mikey_mac_subject;

/* The readings of a MAC, the likeliest first. Returns their number; 0: the RFCs give none for this payload of this message, or the
 * initial message that it needs is missing. The spans point into the messages, the identities, and static octets. */
unsigned mikey_coverages(const mikey_mac_subject *subject, mikey_coverage coverages[MIKEY_MAX_COVERAGES]);

/* The MAC of a ticket's V (RFC 6043 section A.1): from the ticket type to the algorithm. `ticket`: a TICKET payload of `message`. */
mikey_coverage mikey_ticket_coverage(const mikey_message *message, const mikey_payload *ticket, const mikey_payload *v);

/* The MAC of Vr (RFC 6043 section 6.10): the initiator data up to it. `vr`: the last V of ticket's initiator data. */
mikey_coverage mikey_initiator_data_coverage(const mikey_payload *ticket, const mikey_payload *vr);

#endif

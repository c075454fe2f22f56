/* The octets that a MAC covers, spelled out. That they are the right ones, the exchanges of mikey_exchanges.json prove. */
#include "keys/mikey_coverage.h"

#include "mikey_scene.h"

#include <string.h>

#define TEXT(text) ((octet_span){(const uint8_t *)(text), strlen(text)})
#define MAC "4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d"

static const octet_span NOTHING = {NULL, 0};

typedef struct {
    GByteArray *octets;
    mikey_message *message;
} parsed;

static parsed parse(const char *hex)
{
    parsed p = {.octets = mikey_octets("%s", hex)};
    p.message = mikey_parse(p.octets->data, p.octets->len);
    return p;
}

static void clear(parsed *p)
{
    mikey_free(p->message);
    g_byte_array_free(p->octets, TRUE);
}

/* The last payload with a MAC, which is the message's own. */
static const mikey_payload *mac_payload(const parsed *p)
{
    for (unsigned i = p->message->chain.count; i-- > 0;) {
        const mikey_payload *payload = &p->message->chain.payloads[i];
        if (payload->type == MIKEY_V || payload->type == MIKEY_KEMAC)
            return payload;
    }
    g_assert_not_reached();
}

static void assert_covers(const mikey_coverage *coverage, const char *hex)
{
    GByteArray *expected = mikey_octets("%s", hex), *actual = g_byte_array_new();
    g_assert_cmpuint(coverage->count, <=, MIKEY_COVERAGE_PIECES);
    for (size_t i = 0; i < coverage->count; i++)
        g_byte_array_append(actual, coverage->pieces[i].data, (guint)coverage->pieces[i].len);
    g_assert_cmpmem(actual->data, actual->len, expected->data, expected->len);
    g_byte_array_free(expected, TRUE);
    g_byte_array_free(actual, TRUE);
}

/* Whether one of the readings is this. */
static bool is_among(const mikey_coverage *coverages, unsigned count, const char *hex)
{
    GByteArray *wanted = mikey_octets("%s", hex);
    bool found = false;
    for (unsigned i = 0; i < count; i++) {
        GByteArray *actual = g_byte_array_new();
        for (size_t k = 0; k < coverages[i].count; k++)
            g_byte_array_append(actual, coverages[i].pieces[k].data, (guint)coverages[i].pieces[k].len);
        found |= actual->len == wanted->len && memcmp(actual->data, wanted->data, wanted->len) == 0;
        g_byte_array_free(actual, TRUE);
    }
    g_byte_array_free(wanted, TRUE);
    return found;
}

static unsigned cover(const parsed *p, const parsed *initial, octet_span caller, octet_span callee, bool is_update,
                      mikey_coverage *coverages)
{
    const mikey_mac_subject subject = {.message = p->message, .payload = mac_payload(p), .initial = initial ? initial->message : NULL,
                                       .caller = caller, .callee = callee, .is_update = is_update};
    unsigned count = mikey_coverages(&subject, coverages);
    g_assert_cmpuint(count, <=, MIKEY_MAX_COVERAGES);
    return count;
}

/* --- RFC 3830 and what follows it ----------------------------------------------------------------------------------- */

#define INIT_WITH_IDS                                                                                                             \
    "0100050000000001 0001 | 06 00 e5a1b2c300000000 | 06 00 0003 414c49 | 01 01 0003 424f42 | 00 00 0000 01"

/* The message up to its MAC, for every type of which that is all. */
static void test_message_alone(void)
{
    static const uint8_t types[] = {MIKEY_PSK_INIT, MIKEY_DHHMAC_INIT, MIKEY_DHHMAC_RESP, MIKEY_ERROR};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        parsed p = parse(INIT_WITH_IDS MAC);
        mikey_coverage coverages[MIKEY_MAX_COVERAGES];
        p.message->header.data_type = types[i];
        g_assert_cmpuint(cover(&p, NULL, TEXT("x"), TEXT("y"), false, coverages), ==, 1);
        assert_covers(&coverages[0], INIT_WITH_IDS);
        clear(&p);
    }
}

/* In public-key modes the KEMAC, as if nothing followed it (RFC 3830 section 3.2). */
static void test_kemac_alone(void)
{
    static const uint8_t types[] = {MIKEY_PK_INIT, MIKEY_RSA_R_RESP};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        parsed p = parse("0102050000000001 0001 | 01 00 e5a1b2c300000000 | 02 01 0003 616263 01" MAC "| 00 0001 ff");
        mikey_coverage coverages[MIKEY_MAX_COVERAGES];
        p.message->header.data_type = types[i];
        g_assert_cmpuint(cover(&p, NULL, NOTHING, NOTHING, false, coverages), ==, 1);
        assert_covers(&coverages[0], "00 01 0003 616263 01");
        clear(&p);
    }
}

#define RESP "0101050000000001 0001 | 06 00 e5a1b2c300000000 | 09 00 0003 424f42 | 00 01"
#define TIME "e5a1b2c300000000"

/* Up to the MAC, then both identities and the timestamp (RFC 3830 section 3.1): those of the messages first. */
static void test_verification(void)
{
    static const uint8_t types[] = {MIKEY_PSK_RESP, MIKEY_PK_RESP};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        parsed init = parse(INIT_WITH_IDS MAC), resp = parse(RESP MAC);
        mikey_coverage coverages[MIKEY_MAX_COVERAGES];
        resp.message->header.data_type = types[i];
        unsigned count = cover(&resp, &init, TEXT("from"), TEXT("to"), false, coverages);
        assert_covers(&coverages[0], RESP "414c49 424f42" TIME);
        g_assert_true(is_among(coverages, count, RESP "66726f6d 746f" TIME));
        g_assert_true(is_among(coverages, count, RESP "414c49 746f" TIME));
        g_assert_true(is_among(coverages, count, RESP TIME));
        g_assert_false(is_among(coverages, count, RESP "414c49 424f42"));
        g_assert_cmpuint(cover(&resp, NULL, TEXT("from"), TEXT("to"), false, coverages), ==, 0);
        clear(&init);
        clear(&resp);
    }
}

/* A timestamp of the answer's own, and the most names that there can be: every reading has room. */
static void test_most_readings(void)
{
    parsed init = parse(INIT_WITH_IDS MAC);
    parsed resp = parse("0101050000000001 0001 | 06 00 e5a1b2c300000001 | 09 00 0003 434152 | 00 01" MAC);
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    unsigned count = cover(&resp, &init, TEXT("from"), TEXT("to"), false, coverages);
    g_assert_cmpuint(count, ==, 30);
    g_assert_true(is_among(coverages, count, "0101050000000001 0001 | 06 00 e5a1b2c300000001 | 09 00 0003 434152 | 00 01"
                                             "414c49 434152 e5a1b2c300000001"));
    g_assert_true(is_among(coverages, count, "0101050000000001 0001 | 06 00 e5a1b2c300000001 | 09 00 0003 434152 | 00 01"
                                             "414c49 424f42 e5a1b2c300000000"));
    clear(&init);
    clear(&resp);
}

/* Types of which no RFC says what a MAC covers, and a payload that has none. */
static void test_no_coverage(void)
{
    static const uint8_t types[] = {MIKEY_DH_INIT, MIKEY_DH_RESP, MIKEY_RSA_R_INIT, 12, 17, 19, 27, 255};
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    parsed p = parse(INIT_WITH_IDS MAC);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        p.message->header.data_type = types[i];
        g_assert_cmpuint(cover(&p, &p, NOTHING, NOTHING, false, coverages), ==, 0);
    }
    clear(&p);
    p = parse("0100050000000001 0001 | 01 00 e5a1b2c300000000 | 00 00 0004 6162"); /* cut before the MAC */
    g_assert_cmpuint(cover(&p, NULL, NOTHING, NOTHING, false, coverages), ==, 0);
    clear(&p);
}

/* --- RFC 6043 ------------------------------------------------------------------------------------------------------- */

/* A ticket of a type of its own, whose data nobody reads: policy with IDRi and IDRr, ticket data, and from there the initiator data. */
#define TICKET_TO_DATA "09 f000 01 01 01f460 000d | 0e 0e 01 00 0001 49 | 00 02 00 0001 52 | 0003 746b74"
#define INITIATOR_DATA "0009 | 09 00 00 000000000000"
#define TRANSFER_HEAD "010e050000000001 0001 | 0e 00 e5a1b2c300000000 |"
#define TRANSFER_IDS "0e 01 00 0003 414c49 | 11 02 00 0003 424f42 |"

/* Without the initiator data and its length, and with both identities behind it (RFC 6043 sections 5.5 and 6.10). */
static void test_transfer_init(void)
{
    parsed p = parse(TRANSFER_HEAD TRANSFER_IDS TICKET_TO_DATA INITIATOR_DATA "00 01" MAC);
    const char *covered = TRANSFER_HEAD TRANSFER_IDS TICKET_TO_DATA "00 01";
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    unsigned count = cover(&p, NULL, TEXT("from"), TEXT("to"), false, coverages);
    g_autofree char *of_message = g_strconcat(covered, "414c49 424f42", NULL);
    g_autofree char *of_ticket = g_strconcat(covered, "49 52", NULL);
    g_autofree char *of_sip = g_strconcat(covered, "66726f6d 746f", NULL);
    g_autofree char *swapped = g_strconcat(covered, "424f42 414c49", NULL);
    assert_covers(&coverages[0], of_message);
    g_assert_true(is_among(coverages, count, of_ticket));
    g_assert_true(is_among(coverages, count, of_sip));
    g_assert_true(is_among(coverages, count, covered));
    g_assert_false(is_among(coverages, count, swapped));
    /* An update may come from either. */
    count = cover(&p, NULL, TEXT("from"), TEXT("to"), true, coverages);
    assert_covers(&coverages[0], of_message);
    g_assert_true(is_among(coverages, count, swapped));
    clear(&p);
}

/* The whole initial message follows, with its initiator data; without it is the second reading. */
static void test_responses(void)
{
    static const uint8_t types[] = {MIKEY_REQUEST_RESP, MIKEY_TRANSFER_RESP, MIKEY_RESOLVE_RESP};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        parsed init = parse(TRANSFER_HEAD TRANSFER_IDS TICKET_TO_DATA INITIATOR_DATA "00 01" MAC);
        parsed resp = parse("010f050000000001 0001 | 09 00 e5a1b2c400000000 | 00 01" MAC);
        mikey_coverage coverages[MIKEY_MAX_COVERAGES];
        resp.message->header.data_type = types[i];
        g_assert_cmpuint(cover(&resp, NULL, NOTHING, NOTHING, false, coverages), ==, 0);
        g_assert_cmpuint(cover(&resp, &init, NOTHING, NOTHING, false, coverages), ==, 2);
        assert_covers(&coverages[0], "010f050000000001 0001 | 09 00 e5a1b2c400000000 | 00 01" TRANSFER_HEAD TRANSFER_IDS
                                     TICKET_TO_DATA INITIATOR_DATA "00 01" MAC);
        assert_covers(&coverages[1], "010f050000000001 0001 | 09 00 e5a1b2c400000000 | 00 01" TRANSFER_HEAD TRANSFER_IDS
                                     TICKET_TO_DATA "00 01" MAC);
        clear(&init);
        clear(&resp);
    }
}

/* The asking party and the KMS; of RESOLVE_INIT, the whole ticket. */
static void test_kms_init(void)
{
#define ASK(type, role, np) "01" type "050000000001 0001 | 0e 00 e5a1b2c300000000 | 0e " role " 00 0003 414c49 | " np " 03 00 0003 4b4d53 |"
    parsed p = parse(ASK("0b", "01", "09") "00 02" "5656565656565656565656565656565656565656565656565656565656565656");
    mikey_coverage coverages[MIKEY_MAX_COVERAGES];
    unsigned count = cover(&p, NULL, TEXT("from"), TEXT("to"), false, coverages);
    assert_covers(&coverages[0], ASK("0b", "01", "09") "00 02 414c49 4b4d53");
    g_assert_true(is_among(coverages, count, ASK("0b", "01", "09") "00 02 66726f6d 746f"));
    clear(&p);
    p = parse(ASK("10", "02", "11") TICKET_TO_DATA INITIATOR_DATA "00 01" MAC);
    cover(&p, NULL, NOTHING, NOTHING, false, coverages);
    assert_covers(&coverages[0], ASK("10", "02", "11") TICKET_TO_DATA INITIATOR_DATA "00 01 414c49 4b4d53");
    clear(&p);
}

/* RFC 6043 sections A.1 and 6.10: from the ticket's type on to the MAC in the ticket data; the initiator data up to the MAC of Vr. */
static void test_within_the_ticket(void)
{
    mikey_exchange *exchange = mikey_exchange_named("transfer B");
    mikey_message *message = mikey_parse(exchange->init.data, exchange->init.len);
    const mikey_payload *ticket = mikey_find(&message->chain, MIKEY_TICKET, NULL);
    const mikey_payload *v = mikey_find(ticket->ticket.ticket, MIKEY_V, NULL);
    const mikey_payload *vi = mikey_find(ticket->ticket.initiator, MIKEY_V, NULL);
    const mikey_payload *vr = mikey_find(ticket->ticket.initiator, MIKEY_V, vi);
    enum { MAC_LEN = 32 };
    g_assert_cmphex(exchange->init.data[ticket->offset + 1], ==, 0);
    g_assert_cmphex(exchange->init.data[ticket->offset + 2], ==, 1);
    const mikey_coverage of_ticket = mikey_ticket_coverage(message, ticket, v);
    g_assert_cmpuint(of_ticket.count, ==, 1);
    g_assert_true(of_ticket.pieces[0].data == exchange->init.data + ticket->offset + 1);
    g_assert_true(of_ticket.pieces[0].data + of_ticket.pieces[0].len + MAC_LEN ==
                  ticket->ticket.ticket_data.data + ticket->ticket.ticket_data.len);
    const mikey_coverage of_data = mikey_initiator_data_coverage(ticket, vr);
    g_assert_cmpuint(of_data.count, ==, 1);
    g_assert_true(of_data.pieces[0].data == ticket->ticket.initiator_data.data);
    g_assert_cmpuint(of_data.pieces[0].len, ==, ticket->ticket.initiator_data.len - MAC_LEN);
    mikey_free(message);
    mikey_exchange_free(exchange);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-coverage/message-alone", test_message_alone);
    g_test_add_func("/mikey-coverage/kemac-alone", test_kemac_alone);
    g_test_add_func("/mikey-coverage/verification", test_verification);
    g_test_add_func("/mikey-coverage/most-readings", test_most_readings);
    g_test_add_func("/mikey-coverage/no-coverage", test_no_coverage);
    g_test_add_func("/mikey-coverage/transfer-init", test_transfer_init);
    g_test_add_func("/mikey-coverage/responses", test_responses);
    g_test_add_func("/mikey-coverage/kms-init", test_kms_init);
    g_test_add_func("/mikey-coverage/within-the-ticket", test_within_the_ticket);
    return g_test_run();
}

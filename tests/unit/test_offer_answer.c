#include "sessions/offer_answer.h"

#include <glib.h>
#include <string.h>

/* Two user agents and their messages: who sent what, and what was made of it. */
typedef struct {
    session_keys *keys;
    offer_answer *state;
    uint32_t frame;
} call;

static const uint8_t ALICE[] = {192, 0, 2, 1}, BOB[] = {192, 0, 2, 2}, PROXY[] = {192, 0, 2, 3};

static void setup(call *c, gconstpointer data)
{
    (void)data;
    c->keys = session_keys_new();
    c->state = offer_answer_new(c->keys);
    c->frame = 0;
}

static void teardown(call *c, gconstpointer data)
{
    (void)data;
    offer_answer_free(c->state);
    session_keys_free(c->keys);
}

/* A body with one audio line at `port` of `ip` and one crypto line, its key made of `key` alone; key 0: no crypto line. */
static char *body_text(const char *ip, unsigned port, unsigned tag, const char *suite, unsigned key)
{
    char *text = g_strdup_printf("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/SAVP 0\r\n",
                                 ip, ip, port);
    if (key) {
        guchar key_salt[30];
        memset(key_salt, (int)key, sizeof key_salt);
        key_salt[0] = 1;
        char *base64 = g_base64_encode(key_salt, sizeof key_salt);
        char *line = g_strdup_printf("%sa=crypto:%u %s inline:%s\r\n", text, tag, suite, base64);
        g_free(base64);
        g_free(text);
        text = line;
    }
    return text;
}

static const sdp_exchange *send_body(call *c, const uint8_t *from, const uint8_t *to, const char *start,
                                     const char *from_tag, const char *to_tag, const char *cseq, const char *body)
{
    char *text = g_strdup_printf("%s\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=%s\r\nTo: <sip:b@x>%s%s\r\n"
                                 "Call-ID: one@x\r\nCSeq: %s\r\n%s\r\n",
                                 start, from_tag, *to_tag ? ";tag=" : "", to_tag, cseq,
                                 g_str_has_prefix(start, "PRACK") ? "RAck: 1 1 INVITE\r\n" : "");
    sip_message sip;
    g_assert_true(sip_parse(text, strlen(text), &sip));
    sdp_body *parsed = sdp_parse(body, strlen(body));
    g_assert_nonnull(parsed);
    sdp_arrival arrival = {.frame = ++c->frame, .position = 100, .sip = &sip, .carrier = "SIP over UDP"};
    transport_address_set(&arrival.source, from, 4, 5060);
    transport_address_set(&arrival.destination, to, 4, 5060);
    const sdp_exchange *exchange = offer_answer_add(c->state, &arrival, parsed);
    g_assert_true(offer_answer_add(c->state, &arrival, parsed) == exchange); /* a second visit changes nothing */
    sdp_free(parsed);
    g_free(text);
    return exchange;
}

#define SUITE "AES_CM_128_HMAC_SHA1_80"
#define INVITE "INVITE sip:b@x SIP/2.0"

static const sdp_exchange *offer(call *c, unsigned port, unsigned key)
{
    g_autofree char *body = body_text("192.0.2.1", port, 1, SUITE, key);
    return send_body(c, ALICE, BOB, INVITE, "a", "", "1 INVITE", body);
}

static const sdp_exchange *answer(call *c, const char *start, const char *to_tag, unsigned port, unsigned tag,
                                  const char *suite, unsigned key)
{
    g_autofree char *body = body_text("192.0.2.2", port, tag, suite, key);
    return send_body(c, BOB, ALICE, start, "a", to_tag, "1 INVITE", body);
}

static const media_leg *leg_at(call *c, const uint8_t *ip, uint16_t port)
{
    transport_address address;
    transport_address_set(&address, ip, 4, port);
    const GPtrArray *legs = offer_answer_legs_at(c->state, &address);
    return legs ? legs->pdata[legs->len - 1] : NULL;
}

static void test_plain_call(call *c, gconstpointer data)
{
    (void)data;
    const sdp_exchange *offered = offer(c, 4000, 11);
    g_assert_cmpint(offered->role, ==, SDP_ROLE_OFFER);
    const sdp_exchange *answered = answer(c, "SIP/2.0 200 OK", "b", 5000, 1, SUITE, 22);
    g_assert_cmpint(answered->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(answered->offer_frame, ==, 1);
    g_assert_cmpuint(answered->answer_problems[0], ==, 0);
    g_assert_true(offered->legs[0] == leg_at(c, ALICE, 4000));
    g_assert_true(offered->legs[0] == leg_at(c, ALICE, 4001)); /* RTCP */
    g_assert_true(answered->legs[0] == leg_at(c, BOB, 5000));
    g_assert_cmpuint(offered->legs[0]->peers->len, ==, 1);
    g_assert_true(offered->legs[0]->peers->pdata[0] == answered->legs[0]);
    const session_key *k1 = offered->legs[0]->keys->pdata[0], *k2 = answered->legs[0]->keys->pdata[0];
    g_assert_cmpint(k1->origin, ==, KEY_ORIGIN_SDES_OFFER);
    g_assert_cmpint(k2->origin, ==, KEY_ORIGIN_SDES_ANSWER);
    g_assert_cmpuint(k2->frame, ==, 2);
    g_assert_cmpstr(media_leg_call_id(offered->legs[0]), ==, "one@x");
}

static void test_retransmissions_bring_nothing_new(call *c, gconstpointer data)
{
    (void)data;
    const media_leg *leg = offer(c, 4000, 11)->legs[0];
    offer(c, 4000, 11);
    answer(c, "SIP/2.0 183 Session Progress", "b", 5000, 1, SUITE, 22);
    const sdp_exchange *again = answer(c, "SIP/2.0 200 OK", "b", 5000, 1, SUITE, 22);
    g_assert_cmpint(again->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(session_keys_count(c->keys), ==, 2);
    g_assert_cmpuint(leg->keys->len, ==, 1);
    g_assert_cmpuint(leg->peers->len, ==, 1);
}

/* Another place wants another key (RFC 4568 section 7.1.4); a line on hold or refused names no place. */
static void test_key_kept(call *c, gconstpointer data)
{
    static const struct {
        const char *ip;
        unsigned port, key;
        bool kept;
    } rows[] = {{"192.0.2.1", 4000, 11, false}, {"192.0.2.1", 4000, 11, false}, {"192.0.2.1", 4002, 11, true},
                {"0.0.0.0", 4002, 11, false},   {"192.0.2.1", 0, 11, false},    {"192.0.2.1", 4002, 11, false},
                {"192.0.2.9", 4002, 11, true},  {"192.0.2.9", 4004, 12, false}};
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *body = body_text(rows[i].ip, rows[i].port, 1, SUITE, rows[i].key);
        g_autofree char *cseq = g_strdup_printf("%u INVITE", (unsigned)i + 1);
        g_assert_true(send_body(c, ALICE, BOB, INVITE, "a", "", cseq, body)->key_kept[0] == rows[i].kept);
    }
}

static void test_fork(call *c, gconstpointer data)
{
    (void)data;
    const media_leg *leg = offer(c, 4000, 11)->legs[0];
    answer(c, "SIP/2.0 183 Session Progress", "b", 5000, 1, SUITE, 22);
    answer(c, "SIP/2.0 200 OK", "c", 6000, 1, SUITE, 33);
    g_assert_cmpuint(leg->peers->len, ==, 2);
    g_assert_true(leg_at(c, BOB, 5000) != leg_at(c, BOB, 6000));
}

static void test_late_offer(call *c, gconstpointer data)
{
    (void)data;
    const sdp_exchange *offered = answer(c, "SIP/2.0 200 OK", "b", 5000, 1, SUITE, 22);
    g_assert_cmpint(offered->role, ==, SDP_ROLE_OFFER);
    g_autofree char *body = body_text("192.0.2.1", 4000, 1, SUITE, 11);
    const sdp_exchange *answered = send_body(c, ALICE, BOB, "ACK sip:b@x SIP/2.0", "a", "b", "1 ACK", body);
    g_assert_cmpint(answered->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(answered->offer_frame, ==, 1);
    g_assert_true(offered->legs[0]->peers->pdata[0] == answered->legs[0]);
}

static void test_offer_in_183_answer_in_prack(call *c, gconstpointer data)
{
    (void)data;
    answer(c, "SIP/2.0 183 Session Progress", "b", 5000, 1, SUITE, 22);
    g_autofree char *body = body_text("192.0.2.1", 4000, 1, SUITE, 11);
    const sdp_exchange *answered = send_body(c, ALICE, BOB, "PRACK sip:b@x SIP/2.0", "a", "b", "2 PRACK", body);
    g_assert_cmpint(answered->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(answered->offer_frame, ==, 1);
}

static void test_second_offer_in_prack(call *c, gconstpointer data)
{
    (void)data;
    offer(c, 4000, 11);
    answer(c, "SIP/2.0 183 Session Progress", "b", 5000, 1, SUITE, 22);
    g_autofree char *body = body_text("192.0.2.1", 4000, 1, SUITE, 44);
    const sdp_exchange *second = send_body(c, ALICE, BOB, "PRACK sip:b@x SIP/2.0", "a", "b", "2 PRACK", body);
    g_assert_cmpint(second->role, ==, SDP_ROLE_OFFER);
    g_autofree char *reply = body_text("192.0.2.2", 5000, 1, SUITE, 55);
    const sdp_exchange *answered = send_body(c, BOB, ALICE, "SIP/2.0 200 OK", "a", "b", "2 PRACK", reply);
    g_assert_cmpint(answered->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(answered->offer_frame, ==, 3);
}

/* In the callee's request From and To change places; CSeq numbers may be those the caller used. */
static void test_reinvite_from_the_callee(call *c, gconstpointer data)
{
    (void)data;
    const media_leg *alice = offer(c, 4000, 11)->legs[0];
    const media_leg *bob = answer(c, "SIP/2.0 200 OK", "b", 5000, 1, SUITE, 22)->legs[0];
    g_autofree char *body = body_text("192.0.2.2", 5000, 1, SUITE, 66);
    const sdp_exchange *offered = send_body(c, BOB, ALICE, INVITE, "b", "a", "1 INVITE", body);
    g_assert_cmpint(offered->role, ==, SDP_ROLE_OFFER);
    g_assert_true(offered->legs[0] == bob);
    g_assert_cmpuint(bob->keys->len, ==, 2);
    g_autofree char *reply = body_text("192.0.2.1", 4000, 1, SUITE, 77);
    const sdp_exchange *answered = send_body(c, ALICE, BOB, "SIP/2.0 200 OK", "b", "a", "1 INVITE", reply);
    g_assert_cmpint(answered->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(answered->offer_frame, ==, 3);
    g_assert_true(answered->legs[0] == alice);
}

/* A media relay keeps Call-ID and tags and changes addresses and keys. */
static void test_hops_stay_apart(call *c, gconstpointer data)
{
    (void)data;
    const media_leg *first = offer(c, 4000, 11)->legs[0];
    g_autofree char *body = body_text("192.0.2.3", 4400, 1, SUITE, 12);
    const media_leg *second = send_body(c, PROXY, BOB, INVITE, "a", "", "1 INVITE", body)->legs[0];
    g_assert_true(first != second);
    g_autofree char *reply = body_text("192.0.2.2", 5000, 1, SUITE, 22);
    send_body(c, BOB, PROXY, "SIP/2.0 200 OK", "a", "b", "1 INVITE", reply);
    g_assert_cmpuint(first->peers->len, ==, 0);
    g_assert_cmpuint(second->peers->len, ==, 1);
}

static void test_answers_that_do_not_fit(call *c, gconstpointer data)
{
    (void)data;
    offer(c, 4000, 11);
    g_assert_cmpuint(answer(c, "SIP/2.0 183 A", "b", 5000, 9, SUITE, 22)->answer_problems[0], ==,
                     ANSWER_TAG_NOT_OFFERED);
    g_assert_cmpuint(
        answer(c, "SIP/2.0 183 A", "c", 5000, 1, "AES_CM_128_HMAC_SHA1_32", 22)->answer_problems[0], ==,
        ANSWER_SUITE_DIFFERS);
    g_assert_cmpuint(answer(c, "SIP/2.0 183 A", "d", 5000, 1, SUITE, 11)->answer_problems[0], ==,
                     ANSWER_KEY_OF_OFFER);
    const sdp_exchange *bare = answer(c, "SIP/2.0 200 OK", "e", 5000, 1, SUITE, 0);
    g_assert_cmpuint(bare->answer_problems[0], ==, ANSWER_WITHOUT_CRYPTO);
    g_assert_true(bare->legs[0]->declined);
    g_assert_cmpuint(answer(c, "SIP/2.0 200 OK", "f", 0, 1, SUITE, 0)->answer_problems[0], ==, 0); /* refused */
}

/* Without SIP a body speaks for itself, and for nobody but its receiver. */
static const media_leg *described(call *c, const uint8_t *to, uint16_t port)
{
    g_autofree char *body = body_text("192.0.2.2", 0, 1, SUITE, 0);
    sdp_body *parsed = sdp_parse(body, strlen(body));
    sdp_arrival arrival = {.frame = ++c->frame};
    transport_address_set(&arrival.source, BOB, 4, 554);
    transport_address_set(&arrival.destination, to, 4, port);
    const sdp_exchange *exchange = offer_answer_add(c->state, &arrival, parsed);
    sdp_free(parsed);
    g_assert_cmpint(exchange->role, ==, SDP_ROLE_UNPAIRED);
    return exchange->legs[0];
}

static void test_one_description_for_several(call *c, gconstpointer data)
{
    (void)data;
    const media_leg *leg = described(c, ALICE, 4000);
    g_assert_true(described(c, ALICE, 4000) == leg);
    g_assert_true(described(c, ALICE, 4001) != leg);
    g_assert_true(described(c, PROXY, 4000) != leg);
}

static void test_leg_without_body(call *c, gconstpointer data)
{
    (void)data;
    media_leg *bob = offer(c, 4000, 11)->legs[0];
    media_leg *facing = offer_answer_add_leg(c->state, bob);
    g_assert_cmpuint(bob->peers->len, ==, 1);
    g_assert_true(bob->peers->pdata[0] == facing && facing->peers->pdata[0] == bob);
    g_assert_cmpstr(media_leg_call_id(facing), ==, "one@x");
    g_assert_true(facing->secure_profile);
    media_leg *alone = offer_answer_add_leg(c->state, NULL);
    g_assert_true(alone != offer_answer_add_leg(c->state, NULL));
    g_assert_cmpstr(media_leg_call_id(alone), ==, "");
    g_assert_cmpuint(alone->peers->len, ==, 0);
}

static void test_endpoints_added(call *c, gconstpointer data)
{
    (void)data;
    media_leg *leg = offer_answer_add_leg(c->state, NULL);
    transport_address there = {0}, nowhere = {.port = 5000}, no_port;
    transport_address_set(&there, BOB, 4, 5000);
    transport_address_set(&no_port, BOB, 4, 0);
    for (unsigned i = 0; i < 2; i++)
        offer_answer_add_endpoint(c->state, &there, leg);
    g_assert_true(leg_at(c, BOB, 5000) == leg);
    g_assert_cmpuint(offer_answer_legs_at(c->state, &there)->len, ==, 1);
    const transport_address *missing[] = {&nowhere, &no_port};
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
        offer_answer_add_endpoint(c->state, missing[i], leg);
        g_assert_null(offer_answer_legs_at(c->state, missing[i]));
    }
}

static void assert_end(const dialog_record *record, guint which, const char *uri, const char *tag, const uint8_t *ip, sdp_role role,
                       const char *sdp_session)
{
    const dialog_end *end = record->ends->pdata[which];
    g_assert_cmpstr(end->uri, ==, uri);
    g_assert_cmpstr(end->tag, ==, tag);
    g_assert_cmpmem(end->address.ip, 4, ip, 4);
    g_assert_cmpuint(end->address.port, ==, 0);
    g_assert_cmpint(end->role, ==, role);
    g_assert_cmpstr(end->sdp_session, ==, sdp_session);
}

static void test_what_a_report_tells(call *c, gconstpointer data)
{
    (void)data;
    const media_leg *leg = offer(c, 4000, 11)->legs[0];
    const dialog_record *record = sip_dialog_record(leg->dialog);
    assert_end(record, 1, "sip:b@x", "", BOB, SDP_ROLE_UNPAIRED, NULL);
    offer(c, 4000, 11);
    answer(c, "SIP/2.0 200 OK", "b", 5000, 2, SUITE, 22);
    answer(c, "SIP/2.0 200 OK", "c", 5002, 1, SUITE, 33);
    g_assert_cmpuint(offer_answer_dialogs(c->state)->len, ==, 1);
    g_assert_cmpuint(offer_answer_legs(c->state)->len, ==, 3);
    g_assert_cmpstr(record->call_id, ==, "one@x");
    g_assert_cmpstr(record->carrier, ==, "SIP over UDP");
    g_assert_cmpuint(record->ends->len, ==, 3);
    assert_end(record, 0, "sip:a@x", "a", ALICE, SDP_ROLE_OFFER, "1 1");
    assert_end(record, 1, "sip:b@x", "b", BOB, SDP_ROLE_ANSWER, "1 1");
    assert_end(record, 2, "sip:b@x", "c", BOB, SDP_ROLE_ANSWER, "1 1");
    g_assert_cmpuint(record->cseqs->len, ==, 1);
    g_assert_cmpstr(record->cseqs->pdata[0], ==, "1 INVITE");
    static const dialog_body BODIES[] = {{1, SDP_ROLE_OFFER, false, true, false, 0},
                                         {2, SDP_ROLE_OFFER, false, true, false, 0},
                                         {3, SDP_ROLE_ANSWER, true, true, false, ANSWER_TAG_NOT_OFFERED},
                                         {4, SDP_ROLE_ANSWER, true, true, false, 0}};
    g_assert_cmpuint(record->bodies->len, ==, G_N_ELEMENTS(BODIES));
    for (guint i = 0; i < G_N_ELEMENTS(BODIES); i++) {
        const dialog_body *body = &g_array_index(record->bodies, dialog_body, i);
        g_assert_cmpuint(body->frame, ==, BODIES[i].frame);
        g_assert_cmpint(body->role, ==, BODIES[i].role);
        g_assert_cmpint(body->in_response, ==, BODIES[i].in_response);
        g_assert_true(body->has_crypto && !body->has_key_mgmt);
        g_assert_cmpuint(body->problems, ==, BODIES[i].problems);
    }
    g_assert_cmpuint(record->keys->len, ==, 3);
    const dialog_key *key = &g_array_index(record->keys, dialog_key, 1);
    g_assert_cmpint(key->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(key->frame, ==, 3);
    g_assert_cmpuint(key->tag, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/offer-answer/" path, call, NULL, setup, function, teardown)
    ADD("plain-call", test_plain_call);
    ADD("retransmissions-bring-nothing-new", test_retransmissions_bring_nothing_new);
    ADD("key-kept", test_key_kept);
    ADD("fork", test_fork);
    ADD("late-offer", test_late_offer);
    ADD("offer-in-183-answer-in-prack", test_offer_in_183_answer_in_prack);
    ADD("second-offer-in-prack", test_second_offer_in_prack);
    ADD("reinvite-from-the-callee", test_reinvite_from_the_callee);
    ADD("hops-stay-apart", test_hops_stay_apart);
    ADD("answers-that-do-not-fit", test_answers_that_do_not_fit);
    ADD("one-description-for-several", test_one_description_for_several);
    ADD("leg-without-body", test_leg_without_body);
    ADD("endpoints-added", test_endpoints_added);
    ADD("what-a-report-tells", test_what_a_report_tells);
    return g_test_run();
}

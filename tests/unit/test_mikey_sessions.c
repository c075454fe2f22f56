/* Which messages belong together, where they stood, and that odd and many ones cost no more than they may. */
#include "mikey_scene.h"

#include <string.h>

static mikey_exchange *exchange;

static const mikey_record *take_at(mikey_scene *scene, const mikey_arrival *arrival, octet_span message)
{
    return mikey_sessions_add(scene->sessions, arrival, message);
}

static media_leg *leg_new(void)
{
    media_leg *leg = g_new0(media_leg, 1);
    leg->keys = g_ptr_array_new();
    return leg;
}

static void leg_free(media_leg *leg)
{
    g_ptr_array_free(leg->keys, TRUE);
    g_free(leg);
}

/* The same octets on a second hop: one record, whose keys are for the media of both. */
static void test_legs_add_up(void)
{
    mikey_scene *scene = mikey_scene_new();
    media_leg *legs[3] = {leg_new(), leg_new(), leg_new()};
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    mikey_arrival offer = {.frame = 1, .section = 0, .legs = &legs[0], .leg_count = 1};
    mikey_arrival answer = {.frame = 2, .section = 0, .offer_frame = 1, .legs = &legs[1], .leg_count = 1};
    const mikey_record *init = take_at(scene, &offer, span_of(&exchange->init));
    const mikey_record *resp = take_at(scene, &answer, span_of(&exchange->resp));
    g_assert_cmpuint(legs[0]->keys->len, ==, 2);
    g_assert_cmpuint(legs[1]->keys->len, ==, 2);
    offer = (mikey_arrival){.frame = 3, .section = 0, .legs = &legs[2], .leg_count = 1};
    g_assert_true(take_at(scene, &offer, span_of(&exchange->init)) == init);
    g_assert_cmpuint(init->frame, ==, 1);
    g_assert_cmpuint(init->legs->len, ==, 2);
    g_assert_cmpuint(legs[2]->keys->len, ==, 2);
    /* Again and again: nothing more. */
    for (uint32_t frame = 4; frame < 8; frame++) {
        offer.frame = answer.frame = frame;
        take_at(scene, &offer, span_of(&exchange->init));
        g_assert_true(take_at(scene, &answer, span_of(&exchange->resp)) == resp);
    }
    g_assert_cmpuint(init->responses->len, ==, 1);
    g_assert_cmpuint(session_keys_count(scene->keys), ==, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(legs); i++)
        g_assert_cmpuint(legs[i]->keys->len, ==, 2);
    mikey_scene_free(scene);
    for (size_t i = 0; i < G_N_ELEMENTS(legs); i++)
        leg_free(legs[i]);
}

/* SIP's From and To name the parties of a message without identities, if it was first seen without its carrier too. */
static void test_names_of_the_carrier(void)
{
    const octet_span psk = {(const uint8_t *)"0123456789abcdef", 16};
    GByteArray *message = mikey_psk_init(psk, 1, "01 00 | 00 00000001 00000000", 0,
                                         "00 00 0010 000102030405060708090a0b0c0d0e0f");
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK sip:dave@example.com 30313233343536373839616263646566");
    mikey_arrival arrival = {.frame = 1, .section = -1};
    const mikey_record *record = take_at(scene, &arrival, mikey_span(message));
    g_assert_cmpint(record->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
    arrival.callee = (text_span){"sip:dave@example.com;x=y", 20};
    g_assert_true(take_at(scene, &arrival, mikey_span(message)) == record);
    g_assert_cmpint(record->status, ==, MIKEY_STATUS_VERIFIED);
    g_assert_cmpuint(record->places->len, ==, 1);
    mikey_scene_free(scene);
    g_byte_array_free(message, TRUE);
}

/* An answer that is there before its offer is paired when that comes, whatever comes between them, and once. */
static void test_answer_before_offer(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *resp = mikey_scene_take(scene, 1, span_of(&exchange->resp));
    g_assert_true(resp->unpaired);
    g_assert_false(resp->other_csb_offered);
    g_assert_cmpuint(resp->checks->len, ==, 1);
    const mikey_record *init = mikey_scene_take(scene, 2, span_of(&exchange->init));
    mikey_assert_sessions(init, exchange);
    for (uint32_t frame = 3; frame < 5; frame++) {
        g_assert_false(resp->unpaired);
        g_assert_true(resp->initial == init);
        g_assert_cmpuint(init->responses->len, ==, 1);
        g_assert_cmpint(resp->status, ==, MIKEY_STATUS_VERIFIED);
        mikey_assert_sessions(resp, exchange);
        g_assert_true(mikey_scene_take(scene, frame, span_of(&exchange->resp)) == resp);
    }
    mikey_scene_free(scene);
}

/* It does not answer what SIP says that it does not. One that is seen again, with its offer told, is worked out then. */
static void test_answer_before_another_offer(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    mikey_arrival answer = {.frame = 2, .section = 0, .offer_frame = 1};
    const mikey_record *resp = take_at(scene, &answer, span_of(&exchange->resp));
    const mikey_arrival offer = {.frame = 3, .section = 0};
    const mikey_record *init = take_at(scene, &offer, span_of(&exchange->init));
    g_assert_true(resp->unpaired);
    g_assert_cmpuint(init->responses->len, ==, 0);
    mikey_assert_no_keys(resp);
    answer = (mikey_arrival){.frame = 4, .section = 0, .offer_frame = 3};
    g_assert_true(take_at(scene, &answer, span_of(&exchange->resp)) == resp);
    g_assert_true(resp->initial == init);
    g_assert_cmpint(resp->status, ==, MIKEY_STATUS_VERIFIED);
    mikey_assert_sessions(resp, exchange);
    mikey_scene_free(scene);
}

/* An answer of another CSB ID than its offer's answers nothing, and it is said why. */
static void test_answer_of_another_csb(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *other = mikey_exchange_named("pre-shared key");
    other->resp.data[7] ^= 1;
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_arrival offer = {.frame = 1, .section = 0};
    take_at(scene, &offer, span_of(&exchange->init));
    mikey_arrival answer = {.frame = 2, .section = 0, .offer_frame = 1};
    const mikey_record *resp = take_at(scene, &answer, span_of(&other->resp));
    g_assert_true(resp->unpaired && resp->other_csb_offered);
    mikey_assert_no_keys(resp);
    other->resp.data[7] ^= 2;
    answer.offer_frame = 0;
    resp = take_at(scene, &answer, span_of(&other->resp));
    g_assert_true(resp->unpaired && !resp->other_csb_offered);
    /* The offer holds no MIKEY in this section. */
    other->resp.data[7] ^= 4;
    answer.offer_frame = 1;
    answer.section = 1;
    resp = take_at(scene, &answer, span_of(&other->resp));
    g_assert_true(resp->unpaired && !resp->other_csb_offered);
    mikey_scene_free(scene);
    mikey_exchange_free(other);
}

/* Two offers of one CSB ID, as of a caller that restarted: the answer goes with the offer of its SIP dialog, and without one with the
 * latest. */
static void test_offer_frame_decides(void)
{
    for (uint32_t offer_frame = 0; offer_frame <= 2; offer_frame++) {
        mikey_scene *scene = mikey_scene_new();
        mikey_exchange *other = mikey_exchange_named("pre-shared key");
        other->init.data[other->init.len - 1] ^= 1;
        mikey_arrival offer = {.frame = 1, .section = 0};
        const mikey_record *first = take_at(scene, &offer, span_of(&exchange->init));
        offer.frame = 2;
        const mikey_record *second = take_at(scene, &offer, span_of(&other->init));
        g_assert_true(first != second);
        const mikey_arrival answer = {.frame = 3, .section = 0, .offer_frame = offer_frame};
        const mikey_record *resp = take_at(scene, &answer, span_of(&exchange->resp));
        g_assert_true(resp->initial == (offer_frame == 1 ? first : second));
        mikey_scene_free(scene);
        mikey_exchange_free(other);
    }
}

/* Each data type answers its own kind alone. */
static void test_pairs(void)
{
    static const int8_t answers[32] = {[0] = 1, [2] = 3, [4] = 5, [7] = 8, [9] = 10, [11] = 13, [12] = 13, [14] = 15, [16] = 18, [17] = 18};
    for (unsigned type = 0; type < 32; type++) {
        for (unsigned response = 0; response < 32; response++) {
            GByteArray *init = mikey_octets("01 %02x 00 00 00000001 00 01 %02x", type, 1);
            GByteArray *resp = mikey_octets("01 %02x 00 00 00000001 00 01 %02x", response, 2);
            mikey_scene *scene = mikey_scene_new();
            const mikey_record *first = mikey_scene_take(scene, 1, mikey_span(init));
            const mikey_record *second = mikey_scene_take(scene, 2, mikey_span(resp));
            bool pair = answers[type] && (unsigned)answers[type] == response;
            g_assert_true(second->initial == (pair ? first : NULL));
            mikey_scene_free(scene);
            g_byte_array_free(init, TRUE);
            g_byte_array_free(resp, TRUE);
        }
    }
}

/* A ticket transfer under a CSB ID that two parties have settled on is none that the RFC knows; before it is answered it may be another
 * attempt. */
static void test_begun_anew(void)
{
    GByteArray *first = mikey_octets("01 0e 0f 00 00000001 00 01 | 00 01 04 00000001");
    GByteArray *second = mikey_octets("01 0e 0f 00 00000001 00 01 | 00 01 04 00000002");
    GByteArray *third = mikey_octets("01 0e 0f 00 00000001 00 01 | 00 01 04 00000003");
    GByteArray *update = mikey_octets("01 0e 05 00 00000001 00 01 | 00 02 00000004");
    GByteArray *answer = mikey_octets("01 0f 05 00 00000001 00 01 | 00 02 00000005");
    mikey_scene *scene = mikey_scene_new();
    g_assert_false(mikey_scene_take(scene, 1, mikey_span(first))->begins_anew);
    g_assert_false(mikey_scene_take(scene, 2, mikey_span(second))->begins_anew);
    g_assert_nonnull(mikey_scene_take(scene, 3, mikey_span(answer))->initial);
    g_assert_true(mikey_scene_take(scene, 4, mikey_span(third))->begins_anew);
    g_assert_false(mikey_scene_take(scene, 5, mikey_span(update))->begins_anew);
    g_assert_false(mikey_scene_take(scene, 6, mikey_span(first))->begins_anew);
    mikey_scene_free(scene);
    GByteArray *octets[] = {first, second, third, update, answer};
    for (size_t i = 0; i < G_N_ELEMENTS(octets); i++)
        g_byte_array_free(octets[i], TRUE);
}

/* Messages that are cut before their CSB ID are no pair, also where they are an initial message and a response of their kinds. */
static void test_cut_before_csb_id(void)
{
    static const uint8_t init[] = {1, 0, 5, 0, 0}, resp[] = {1, 1, 5, 0, 0, 0, 0};
    mikey_scene *scene = mikey_scene_new();
    const mikey_record *initial = mikey_scene_take(scene, 1, octet_span_at(init, sizeof init));
    const mikey_record *response = mikey_scene_take(scene, 2, octet_span_at(resp, sizeof resp));
    g_assert_null(response->initial);
    g_assert_true(response->unpaired);
    g_assert_cmpuint(initial->responses->len, ==, 0);
    g_assert_true(mikey_scene_take(scene, 3, octet_span_at(resp, sizeof resp)) == response);
    mikey_scene_free(scene);
}

static void test_find(void)
{
    mikey_scene *scene = mikey_scene_new();
    const mikey_record *init = mikey_scene_take(scene, 5, span_of(&exchange->init));
    const mikey_record *resp = mikey_scene_take(scene, 5, span_of(&exchange->resp));
    g_assert_true(init != resp);
    g_assert_true(mikey_sessions_find(scene->sessions, 5, span_of(&exchange->init)) == init);
    g_assert_true(mikey_sessions_find(scene->sessions, 5, span_of(&exchange->resp)) == resp);
    g_assert_null(mikey_sessions_find(scene->sessions, 6, span_of(&exchange->init)));
    g_assert_null(mikey_sessions_find(scene->sessions, 5, (octet_span){exchange->init.data, exchange->init.len - 1}));
    mikey_scene_take(scene, 6, span_of(&exchange->init));
    g_assert_true(mikey_sessions_find(scene->sessions, 6, span_of(&exchange->init)) == init);
    mikey_scene_free(scene);
}

/* A version that nobody knows is shown, and not worked out. */
static void test_other_version(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *other = mikey_exchange_named("pre-shared key");
    other->init.data[0] = 2;
    mikey_scene_log(scene, "MIKEY_TGK * 00");
    mikey_assert_no_keys(mikey_scene_take(scene, 1, span_of(&other->init)));
    mikey_assert_no_keys(mikey_scene_take(scene, 2, span_of(&other->resp)));
    mikey_sessions_settle(scene->sessions, false);
    g_assert_cmpuint(session_keys_count(scene->keys), ==, 0);
    mikey_scene_free(scene);
    mikey_exchange_free(other);
}

/* Every data type before the octets of every other, some of them spoiled: a sanitizer tells whether all goes well. */
static void test_octets_of_all_kinds(void)
{
    static const char *const names[] = {"pre-shared key", "transfer A", "transfer B", "transfer C", "ticket request",
                                        "ticket resolve"};
    mikey_exchange *sources[G_N_ELEMENTS(names)];
    GRand *random = g_rand_new_with_seed(3830);
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * 00");
    mikey_scene_log(scene, "MIKEY_TPK * 01");
    mikey_scene_log(scene, "MIKEY_MPK * 02");
    mikey_scene_log(scene, "MIKEY_TGK * 03");
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        sources[i] = mikey_exchange_named(names[i]);
    for (uint32_t i = 0; i < 3000; i++) {
        const mikey_exchange *source = sources[i % G_N_ELEMENTS(sources)];
        const vector_octets *whole = i / G_N_ELEMENTS(sources) % 2 ? &source->resp : &source->init;
        g_autofree uint8_t *message = g_memdup2(whole->data, whole->len);
        if (i % 3)
            message[1] = (uint8_t)g_rand_int_range(random, 0, 28);
        for (int spoiled = g_rand_int_range(random, 0, 4); spoiled > 0; spoiled--)
            message[g_rand_int_range(random, 8, (gint32)whole->len)] = (uint8_t)g_rand_int(random);
        mikey_scene_take(scene, i + 1, (octet_span){message, whole->len});
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        mikey_exchange_free(sources[i]);
    mikey_sessions_settle(scene->sessions, false);
    mikey_scene_free(scene);
    g_rand_free(random);
}

/* Work per message, counted in derivations, while a CSB gets ever more answers. */
static void test_many_answers(void)
{
    enum { ANSWERS = 600, STEP = 200 };
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *other = mikey_exchange_named("pre-shared key");
    unsigned work[ANSWERS / STEP];
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
    for (uint32_t i = 0; i < ANSWERS; i++) {
        if (i % STEP == 0)
            mikey_watch_cleansing();
        memcpy(other->resp.data + other->resp.len - 4, &i, sizeof i);
        mikey_scene_take(scene, 2 + i, span_of(&other->resp));
        work[i / STEP] = mikey_work_done();
    }
    g_assert_cmpuint(init->responses->len, <=, MIKEY_MAX_RESPONSES);
    g_assert_cmpuint(work[2], <=, work[1]);
    mikey_scene_free(scene);
    mikey_exchange_free(other);
}

/* The same for ever more exchanges, and for secrets of which many could fit: only so many are tried. */
static void test_many_secrets(void)
{
    unsigned work[2];
    for (int more = 0; more < 2; more++) {
        mikey_scene *scene = mikey_scene_new();
        for (unsigned i = 0; i < (more ? 4000 : 400); i++) {
            mikey_scene_log(scene, "MIKEY_PSK * %08x", i);
            mikey_scene_log(scene, "MIKEY_PSK sip:alice@example.com %08x", i);
            mikey_scene_log(scene, "MIKEY_TGK * %08x", i);
        }
        mikey_watch_cleansing();
        mikey_scene_take(scene, 1, span_of(&exchange->init));
        work[more] = mikey_work_done();
        mikey_scene_free(scene);
    }
    g_assert_cmpuint(work[0], >, 0);
    g_assert_cmpuint(work[1], ==, work[0]);
}

static void test_many_exchanges(void)
{
    enum { EXCHANGES = 2000 };
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *other = mikey_exchange_named("pre-shared key");
    unsigned work[2];
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    for (uint32_t i = 0; i < EXCHANGES; i++) {
        if (i == 0 || i == EXCHANGES / 2)
            mikey_watch_cleansing();
        memcpy(other->init.data + 4, &i, sizeof i);
        memcpy(other->resp.data + 4, &i, sizeof i);
        mikey_scene_take(scene, 2 * i + 1, span_of(&other->init));
        mikey_scene_take(scene, 2 * i + 2, span_of(&other->resp));
        work[i >= EXCHANGES / 2] = mikey_work_done();
    }
    g_assert_cmpuint(work[1], ==, work[0]);
    mikey_scene_free(scene);
    mikey_exchange_free(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    exchange = mikey_exchange_named("pre-shared key");
    g_test_add_func("/mikey-sessions/legs-add-up", test_legs_add_up);
    g_test_add_func("/mikey-sessions/names-of-the-carrier", test_names_of_the_carrier);
    g_test_add_func("/mikey-sessions/answer-before-offer", test_answer_before_offer);
    g_test_add_func("/mikey-sessions/answer-before-another-offer", test_answer_before_another_offer);
    g_test_add_func("/mikey-sessions/answer-of-another-csb", test_answer_of_another_csb);
    g_test_add_func("/mikey-sessions/offer-frame-decides", test_offer_frame_decides);
    g_test_add_func("/mikey-sessions/pairs", test_pairs);
    g_test_add_func("/mikey-sessions/begun-anew", test_begun_anew);
    g_test_add_func("/mikey-sessions/cut-before-csb-id", test_cut_before_csb_id);
    g_test_add_func("/mikey-sessions/find", test_find);
    g_test_add_func("/mikey-sessions/other-version", test_other_version);
    g_test_add_func("/mikey-sessions/octets-of-all-kinds", test_octets_of_all_kinds);
    g_test_add_func("/mikey-sessions/many-answers", test_many_answers);
    g_test_add_func("/mikey-sessions/many-secrets", test_many_secrets);
    g_test_add_func("/mikey-sessions/many-exchanges", test_many_exchanges);
    const int result = g_test_run();
    mikey_exchange_free(exchange);
    return result;
}

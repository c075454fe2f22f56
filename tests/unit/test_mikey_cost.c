/* What hostile exchanges may cost: messages of a few octets that ask for everything to be worked out again, and for as many keys as fit
 * in. Work is counted in derivations, keys in what the legs of a call receive. */
#include "mikey_scene.h"

#include "sessions/mikey_teks.h"

#include <string.h>

#define CSB "11223344"
#define KEY "000102030405060708090a0b0c0d0e0f"

enum {
    CLEANSINGS = 16, /* at most, of all that one unit of mikey_record_spend stands for */
    MESSAGE_WORK = 4 * MIKEY_MAX_TEKS, /* a message begun within the allowance may go beyond it */
};

static const octet_span NO_PSK = {NULL, 0};

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

static const mikey_record *take_for(mikey_scene *scene, uint32_t frame, media_leg *leg, const GByteArray *message)
{
    const mikey_arrival arrival = {.frame = frame, .section = -1, .legs = &leg, .leg_count = 1};
    return mikey_sessions_add(scene->sessions, &arrival, mikey_span(message));
}

static void assert_work(unsigned exchanges, unsigned answers)
{
    const unsigned work = mikey_work_done();
    const unsigned allowed = exchanges * (MIKEY_WORK_OF_EXCHANGE + answers * MIKEY_WORK_OF_RESPONSE + MESSAGE_WORK);
    g_test_message("%u derivations", work);
    g_assert_cmpuint(work, >, 0);
    g_assert_cmpuint(work, <=, CLEANSINGS * allowed);
}

static bool has_departure(const mikey_record *record, const char *part)
{
    for (guint i = 0; i < record->departures->len; i++)
        if (strstr(record->departures->pdata[i], part))
            return true;
    return false;
}

/* 64 TGKs in the clear, as a chain of Key data. */
static char *many_keys(unsigned salt)
{
    GString *keys = g_string_new(NULL);
    for (unsigned i = 0; i < 64; i++)
        g_string_append_printf(keys, "%s 00 0010 %08x %024x", i < 63 ? "14" : "00", salt, i + 1);
    return g_string_free(keys, FALSE);
}

static GByteArray *many_sessions(void)
{
    g_autoptr(GString) map = g_string_new("ff 00 |");
    g_autofree char *keys = many_keys(0);
    for (unsigned i = 1; i <= 255; i++)
        g_string_append_printf(map, "00 %08x 00000000", i);
    return mikey_psk_init(NO_PSK, 0x11223344, map->str, 0, keys);
}

static GByteArray *small_answer(unsigned number)
{
    return mikey_octets("01 01 05 00 " CSB " 00 01 | 09 00 e5a1b2c3%08x | 00 00", number);
}

/* An offer of 255 crypto sessions with 64 keys each, and answers of 22 octets. */
static void test_offer_with_many_keys(void)
{
    enum { ANSWERS = 63 };
    mikey_scene *scene = mikey_scene_new();
    media_leg *offering = leg_new(), *answering = leg_new();
    GByteArray *offer = many_sessions();
    mikey_watch_cleansing();
    g_test_timer_start();
    const mikey_record *init = take_for(scene, 1, offering, offer);
    g_assert_true(has_departure(init, "no further keys are derived"));
    for (unsigned i = 0; i < ANSWERS; i++) {
        GByteArray *answer = small_answer(i);
        g_assert_true(take_for(scene, 2 + i, answering, answer)->initial == init);
        g_byte_array_free(answer, TRUE);
    }
    g_test_message("%.3f s, %u and %u entries", g_test_timer_elapsed(), offering->keys->len, answering->keys->len);
    assert_work(1, ANSWERS);
    g_assert_cmpuint(init->teks->len, ==, MIKEY_MAX_TEKS);
    /* The answers add nothing to what keys follow from, so all derive the same. */
    g_assert_cmpuint(session_keys_count(scene->keys), ==, MIKEY_MAX_TEKS);
    g_assert_cmpuint(offering->keys->len, ==, MIKEY_MAX_TEKS);
    g_assert_cmpuint(answering->keys->len, ==, MIKEY_MAX_TEKS);
    mikey_scene_free(scene);
    leg_free(offering);
    leg_free(answering);
    g_byte_array_free(offer, TRUE);
}

/* The same offer on hop after hop: what is known is given to each new leg, and not derived for it. */
static void test_many_legs(void)
{
    enum { HOPS = 100 };
    mikey_scene *scene = mikey_scene_new();
    media_leg *legs[HOPS];
    GByteArray *offer = mikey_psk_init(NO_PSK, 0x11223344, "02 00 | 00 00000001 00000000 00 00000002 00000000", 0,
                                       "00 00 0010 " KEY);
    for (unsigned i = 0; i < HOPS; i++)
        legs[i] = leg_new();
    take_for(scene, 1, legs[0], offer);
    mikey_watch_cleansing();
    for (unsigned i = 1; i < HOPS; i++)
        take_for(scene, 1 + i, legs[i], offer);
    g_assert_cmpuint(mikey_work_done(), ==, 0);
    for (unsigned i = 0; i < HOPS; i++) {
        g_assert_cmpuint(legs[i]->keys->len, ==, 2);
        leg_free(legs[i]);
    }
    mikey_scene_free(scene);
    g_byte_array_free(offer, TRUE);
}

/* Without a map the legs tell how many crypto sessions there may be: up to 16, each leg has the keys of all, and from then on they are given
 * as they are. */
static void test_many_legs_without_map(void)
{
    enum { HOPS = 100 };
    mikey_scene *scene = mikey_scene_new();
    media_leg *legs[HOPS];
    GByteArray *offer = mikey_psk_init(NO_PSK, 0x11223344, "00 01", 0, "00 00 0010 " KEY);
    for (unsigned i = 0; i < HOPS; i++) {
        legs[i] = leg_new();
        if (i == MIKEY_MAX_UNMAPPED / 2)
            mikey_watch_cleansing();
        take_for(scene, 1 + i, legs[i], offer);
        g_assert_cmpuint(legs[i]->keys->len, ==, MIN(2 * (i + 1), MIKEY_MAX_UNMAPPED));
    }
    g_assert_cmpuint(mikey_work_done(), ==, 0);
    for (unsigned i = 0; i < HOPS; i++) {
        g_assert_cmpuint(legs[i]->keys->len, ==, MIKEY_MAX_UNMAPPED);
        leg_free(legs[i]);
    }
    mikey_scene_free(scene);
    g_byte_array_free(offer, TRUE);
}

/* Each key log line is tried on the first message; on forged answers to it, the one that fits alone. */
static void test_forged_answers(void)
{
    enum { PSKS = 64, ANSWERS = 100 };
    static const uint8_t psk[32] = {0x50};
    for (int authentic = 0; authentic < 2; authentic++) {
        mikey_scene *scene = mikey_scene_new();
        for (unsigned i = 0; i < PSKS; i++)
            mikey_scene_log(scene, "MIKEY_PSK * %02x%062x", i == PSKS / 2 ? 0x50 : 0xaa, i == PSKS / 2 ? 0 : i);
        GByteArray *offer = mikey_psk_init(authentic ? (octet_span){psk, sizeof psk} : NO_PSK, 0x11223344,
                                           "01 00 | 00 00000001 00000000", 0, "00 00 0010 " KEY);
        mikey_watch_cleansing();
        g_test_timer_start();
        const mikey_record *init = mikey_scene_take(scene, 1, mikey_span(offer));
        g_assert_cmpint(init->status, ==, authentic ? MIKEY_STATUS_VERIFIED : MIKEY_STATUS_NOT_CHECKABLE);
        for (unsigned i = 0; i < ANSWERS; i++) {
            GByteArray *answer = mikey_octets("01 01 05 00 " CSB " 00 01 | 09 00 e5a1b2c3%08x | 00 01 %040x", i, i);
            const mikey_record *record = mikey_scene_take(scene, 2 + i, mikey_span(answer));
            if (authentic && i < MIKEY_MAX_RESPONSES - 1) /* each of them is still checked */
                g_assert_cmpint(record->status, ==, MIKEY_STATUS_FAILED);
            g_assert_cmpint(record->status, !=, MIKEY_STATUS_VERIFIED);
            mikey_assert_no_keys(record);
            g_byte_array_free(answer, TRUE);
        }
        g_test_message("%.3f s", g_test_timer_elapsed());
        assert_work(1, MIKEY_MAX_RESPONSES);
        g_assert_nonnull(mikey_record_tek(init, 1)->key); /* which forged answers do not take away */
        mikey_scene_free(scene);
        g_byte_array_free(offer, TRUE);
    }
}

/* The last 20 octets are the MAC of a V, which is made NULL. */
static GByteArray *without_mac(const vector_octets *message)
{
    GByteArray *octets = g_byte_array_new();
    g_byte_array_append(octets, message->data, (guint)message->len - 20);
    octets->data[octets->len - 1] = 0;
    return octets;
}

/* A KMS's answer that tells 64 keys of the ticket in `init`, in the clear. */
static GByteArray *told(const mikey_record *init, unsigned number)
{
    const mikey_payload *ticket = mikey_find(&init->message->chain, MIKEY_TICKET, NULL);
    g_autofree char *hex = many_keys(number + 1);
    GByteArray *keys = mikey_octets("%s", hex);
    GByteArray *answer = mikey_octets("01 0d 05 00 " CSB " 00 01 | 11 00 e5a1b2c3%08x", number);
    const guint at = answer->len;
    g_byte_array_append(answer, init->octets.data + ticket->offset, (guint)ticket->len);
    answer->data[at] = MIKEY_KEMAC;
    mikey_append(answer, "09 00 %04x", keys->len);
    g_byte_array_append(answer, keys->data, keys->len);
    mikey_append(answer, "00 | 00 00");
    g_byte_array_free(keys, TRUE);
    return answer;
}

/* One ticket in several transfers, each with many answers, and a KMS that tells its keys again and again. */
static void test_many_told_keys(void)
{
    enum { TRANSFERS = 4, ANSWERS = 16, TOLD = 63 };
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *transfer = mikey_exchange_named("transfer A");
    GByteArray *init = without_mac(&transfer->init), *resp = without_mac(&transfer->resp);
    GByteArray *request = mikey_octets("01 0b 05 00 " CSB " 00 01 | 09 00 e5a1b2c300000000 | 00 00");
    const mikey_record *first = NULL;
    uint32_t frame = 1;
    mikey_watch_cleansing();
    g_test_timer_start();
    mikey_scene_take(scene, frame++, mikey_span(request));
    for (unsigned t = 0; t < TRANSFERS; t++) {
        init->data[7] = resp->data[7] = (uint8_t)t;
        const mikey_record *record = mikey_scene_take(scene, frame++, mikey_span(init));
        first = first ? first : record;
        for (unsigned i = 0; i < ANSWERS; i++) {
            resp->data[50] = (uint8_t)i; /* in RANDRr */
            g_assert_nonnull(mikey_scene_take(scene, frame++, mikey_span(resp))->initial);
        }
    }
    for (unsigned i = 0; i < TOLD; i++) {
        GByteArray *answer = told(first, i);
        g_assert_nonnull(mikey_scene_take(scene, frame++, mikey_span(answer))->initial);
        g_byte_array_free(answer, TRUE);
    }
    g_test_message("%.3f s", g_test_timer_elapsed());
    g_assert_cmpuint(((const mikey_record *)first->responses->pdata[0])->teks->len, >, 0);
    assert_work(TRANSFERS + 1, MIKEY_MAX_RESPONSES);
    mikey_scene_free(scene);
    mikey_exchange_free(transfer);
    g_byte_array_free(init, TRUE);
    g_byte_array_free(resp, TRUE);
    g_byte_array_free(request, TRUE);
}

static GByteArray *message_under(unsigned number)
{
    uint8_t psk[32] = {0};
    psk[30] = (uint8_t)(number >> 8);
    psk[31] = (uint8_t)number;
    return mikey_psk_init((octet_span){psk, sizeof psk}, number, "01 00 | 00 00000001 00000000", 0, "00 00 0010 " KEY);
}

/* Messages and secrets in turn, as a capture with key logs in it may have them: each secret could open every message so far. It is tried
 * on the newest at once, and, when all is over, on all. */
static void test_secrets_between_messages(void)
{
    enum { MESSAGES = 400, UNITS_OF_A_MESSAGE = 2 * MIKEY_MAX_SECRETS + 2 };
    mikey_scene *scene = mikey_scene_new();
    mikey_watch_cleansing();
    for (unsigned i = 1; i <= MESSAGES; i++) {
        GByteArray *message = message_under(i);
        const mikey_record *record = mikey_scene_take(scene, i, mikey_span(message));
        mikey_scene_log(scene, "MIKEY_PSK * %064x", i);
        g_assert_true(mikey_sessions_settle(scene->sessions, false));
        g_assert_cmpint(record->status, ==, MIKEY_STATUS_VERIFIED);
        g_byte_array_free(message, TRUE);
    }
    const unsigned units = MIKEY_CREDIT_INITIAL + MESSAGES * (2 * MIKEY_CREDIT_PER_ARRIVAL + UNITS_OF_A_MESSAGE);
    g_test_message("%u derivations", mikey_work_done());
    g_assert_cmpuint(mikey_work_done(), <=, CLEANSINGS * units);
    g_assert_true(mikey_sessions_settle(scene->sessions, true));
    g_assert_false(mikey_sessions_settle(scene->sessions, true));
    const GPtrArray *records = mikey_sessions_records(scene->sessions);
    for (unsigned i = 0; i < MESSAGES; i++) {
        const mikey_record *record = records->pdata[i];
        g_assert_cmpint(record->status, ==, i < MESSAGES - MIKEY_MAX_SECRETS ? MIKEY_STATUS_FAILED : MIKEY_STATUS_VERIFIED);
    }
    mikey_scene_free(scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-cost/offer-with-many-keys", test_offer_with_many_keys);
    g_test_add_func("/mikey-cost/many-legs", test_many_legs);
    g_test_add_func("/mikey-cost/many-legs-without-map", test_many_legs_without_map);
    g_test_add_func("/mikey-cost/forged-answers", test_forged_answers);
    g_test_add_func("/mikey-cost/many-told-keys", test_many_told_keys);
    g_test_add_func("/mikey-cost/secrets-between-messages", test_secrets_between_messages);
    return g_test_run();
}

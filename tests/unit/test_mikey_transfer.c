/* Tickets, and the transfers of RFC 6043 that they protect. */
#include "mikey_scene.h"

#include <string.h>

static const char *const NAMES[] = {"transfer A", "transfer B", "transfer C"};

static mikey_exchange *exchanges[G_N_ELEMENTS(NAMES)];

static const mikey_step *step_named(const mikey_record *record, const char *name)
{
    for (guint i = 0; i < record->steps->len; i++)
        if (strcmp(((const mikey_step *)record->steps->pdata[i])->name, name) == 0)
            return record->steps->pdata[i];
    return NULL;
}

static void assert_step(const mikey_record *record, const char *name, octet_span octets)
{
    const mikey_step *step = step_named(record, name);
    g_assert_nonnull(step);
    g_assert_cmpmem(step->key.data, step->key.len, octets.data, octets.len);
}

static void assert_all_checked(const mikey_record *record, guint count)
{
    g_assert_cmpint(record->status, ==, MIKEY_STATUS_VERIFIED);
    g_assert_cmpuint(record->checks->len, ==, count);
    for (guint i = 0; i < count; i++)
        g_assert_cmpint(g_array_index(record->checks, mikey_check, i).status, ==, MIKEY_STATUS_VERIFIED);
}

/* MACs of the message and of the ticket, and with key forking Vi and Vr too. */
static void assert_transfer(const mikey_exchange *exchange, const mikey_record *init, const mikey_record *resp)
{
    bool forked = exchange == exchanges[1];
    g_assert_true(resp->initial == init);
    assert_all_checked(init, forked ? 4 : 2);
    assert_all_checked(resp, 1);
    assert_step(init, "MPKi", span_of(&exchange->mpk_i));
    assert_step(init, "MPKr", span_of(&exchange->mpk_r));
    mikey_assert_sessions(resp, exchange);
    g_assert_true((step_named(resp, "TGK'") != NULL) == forked);
}

static void test_tpk(void)
{
    static const char *const selectors[] = {"*", "tpk-1", "0x74706b2d31"};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        for (size_t s = 0; s < 2 * G_N_ELEMENTS(selectors); s++) {
            mikey_scene *scene = mikey_scene_new();
            if (s % 2)
                mikey_scene_log(scene, "MIKEY_TPK %s %s", selectors[s / 2], exchanges[i]->tpk);
            const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[i]->init));
            const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchanges[i]->resp));
            if (s % 2 == 0) {
                mikey_assert_no_keys(resp);
                mikey_scene_log(scene, "MIKEY_TPK %s %s", selectors[s / 2], exchanges[i]->tpk);
                mikey_sessions_settle(scene->sessions, false);
            }
            assert_transfer(exchanges[i], init, resp);
            mikey_scene_free(scene);
        }
    }
}

/* Without RANDRr and without forking (C) the initial message is enough; with either (A, B) it is not. */
static void test_initial_message_alone(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        mikey_scene *scene = mikey_scene_new();
        mikey_scene_log(scene, "MIKEY_TPK * %s", exchanges[i]->tpk);
        const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[i]->init));
        g_assert_cmpint(init->status, ==, MIKEY_STATUS_VERIFIED);
        if (i == 2)
            mikey_assert_sessions(init, exchanges[i]);
        else
            mikey_assert_no_keys(init);
        mikey_scene_free(scene);
    }
}

/* MPK and TGK of a key log, before or after the messages; the MPK alone proves the messages, and the TGK alone gives the keys. The salt of C
 * stands in the ticket. */
static void test_mpk_and_tgk(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        const char *salt = i == 2 ? ":d0d1d2d3d4d5d6d7d8d9dadbdcdd" : "";
        for (unsigned which = 1; which < 8; which++) {
            bool early = which & 4, mpk = which & 1, tgk = which & 2;
            mikey_scene *scene = mikey_scene_new();
            const mikey_record *init = NULL, *resp = NULL;
            for (int step = 0; step < 2; step++) {
                if ((step == 0) == early) {
                    if (mpk)
                        mikey_scene_log(scene, "MIKEY_MPK %s %s", early ? "*" : "5a5a0001", exchanges[i]->mpk);
                    if (tgk)
                        mikey_scene_log(scene, "MIKEY_TGK * %s%s", exchanges[i]->tgk, salt);
                } else {
                    init = mikey_scene_take(scene, 1, span_of(&exchanges[i]->init));
                    resp = mikey_scene_take(scene, 2, span_of(&exchanges[i]->resp));
                }
            }
            mikey_sessions_settle(scene->sessions, false);
            const mikey_status status = mpk ? MIKEY_STATUS_VERIFIED : MIKEY_STATUS_NOT_CHECKABLE;
            g_assert_cmpint(init->status, ==, status);
            g_assert_cmpint(resp->status, ==, status);
            if (!tgk) {
                mikey_assert_no_keys(resp);
            } else if (i != 1) {
                mikey_assert_sessions(resp, exchanges[i]);
            } else { /* a logged TGK is read in two ways, of which the forked one is the vector's */
                const mikey_tek *tek = &g_array_index(resp->teks, mikey_tek, 0);
                g_assert_cmpmem(tek->step->key.data, tek->step->key.len, exchanges[i]->tek[0].data, exchanges[i]->tek[0].len);
                g_assert_cmpuint(resp->teks->len, ==, 4);
            }
            mikey_scene_free(scene);
        }
    }
}

/* The MAC of TRANSFER_INIT leaves the initiator data out: Vi and Vr cover it, if they can still be found in it. */
static void assert_spoiled_initiator_data(const mikey_record *init, size_t at)
{
    const mikey_payload *ticket = mikey_find(&init->message->chain, MIKEY_TICKET, NULL);
    bool all_verified = true;
    for (guint i = 0; i < init->checks->len; i++)
        all_verified &= g_array_index(init->checks, mikey_check, i).status == MIKEY_STATUS_VERIFIED;
    g_assert_true(!all_verified || init->checks->len < 4);
    g_assert_cmpuint(at, >=, (size_t)(ticket->ticket.initiator_data.data - init->octets.data));
    g_assert_cmpuint(at, <, ticket->offset + ticket->len);
}

/* Any octet of TRANSFER_INIT: neither it nor the answer is taken for authentic, and no key comes of them. */
static void test_every_octet_counts(void)
{
    enum { DATA_TYPE_AT = 1 };
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        mikey_exchange *exchange = exchanges[i];
        for (size_t at = 0; at < exchange->init.len; at++) {
            mikey_scene *scene = mikey_scene_new();
            mikey_scene_log(scene, "MIKEY_TPK * %s", exchange->tpk);
            exchange->init.data[at] ^= 0x10;
            const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
            const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchange->resp));
            exchange->init.data[at] ^= 0x10;
            if (init->status == MIKEY_STATUS_VERIFIED)
                assert_spoiled_initiator_data(init, at);
            g_assert_cmpint(resp->status, !=, MIKEY_STATUS_VERIFIED);
            mikey_assert_no_keys(resp);
            mikey_scene_free(scene);
        }
    }
}

static void test_every_octet_of_the_answer_counts(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        mikey_exchange *exchange = exchanges[i];
        for (size_t at = 0; at < exchange->resp.len; at++) {
            mikey_scene *scene = mikey_scene_new();
            mikey_scene_log(scene, "MIKEY_TPK * %s", exchange->tpk);
            mikey_scene_take(scene, 1, span_of(&exchange->init));
            exchange->resp.data[at] ^= 0x10;
            const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchange->resp));
            exchange->resp.data[at] ^= 0x10;
            g_assert_cmpint(resp->status, !=, MIKEY_STATUS_VERIFIED);
            mikey_scene_free(scene);
        }
    }
}

static void test_cut_messages(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        const mikey_exchange *exchange = exchanges[i];
        for (size_t len = 0; len < exchange->init.len; len++) {
            mikey_scene *scene = mikey_scene_new();
            mikey_scene_log(scene, "MIKEY_TPK * %s", exchange->tpk);
            mikey_scene_log(scene, "MIKEY_TGK * %s", exchange->tgk);
            g_autofree uint8_t *cut = g_memdup2(exchange->init.data, len);
            const mikey_record *init = mikey_scene_take(scene, 1, (octet_span){cut, len});
            mikey_scene_take(scene, 2, span_of(&exchange->resp));
            g_assert_cmpint(init->status, !=, MIKEY_STATUS_VERIFIED);
            mikey_scene_free(scene);
        }
        for (size_t len = 0; len < exchange->resp.len; len++) {
            mikey_scene *scene = mikey_scene_new();
            mikey_scene_log(scene, "MIKEY_TPK * %s", exchange->tpk);
            mikey_scene_take(scene, 1, span_of(&exchange->init));
            g_autofree uint8_t *cut = g_memdup2(exchange->resp.data, len);
            const mikey_record *resp = mikey_scene_take(scene, 2, (octet_span){cut, len});
            g_assert_cmpint(resp->status, !=, MIKEY_STATUS_VERIFIED);
            mikey_scene_free(scene);
        }
    }
}

/* Another TPK than the ticket's: it is said that the ticket is not authentic under it, and nothing is derived. */
static void test_wrong_tpk(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_TPK tpk-1 00");
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[0]->init));
    const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchanges[0]->resp));
    g_assert_cmpint(init->status, ==, MIKEY_STATUS_FAILED);
    g_assert_cmpuint(init->checks->len, ==, 2);
    mikey_assert_no_keys(resp);
    g_assert_cmpuint(resp->checks->len, ==, 1);
    mikey_scene_log(scene, "MIKEY_TPK * %s", exchanges[0]->tpk);
    mikey_sessions_settle(scene->sessions, false);
    assert_transfer(exchanges[0], init, resp);
    mikey_scene_free(scene);
}

/* A TPK or MPK for any ticket or CSB that is another party's: what the key log has for the CSB still serves. An MPK that fits proves the
 * message, beside a ticket that is not authentic under the TPK; a TGK alone leaves it FAILED. */
static void test_wrong_secrets_beside_logged_keys(void)
{
    static const struct {
        const char *wrong;
        bool mpk;
        mikey_status status;
    } rows[] = {
        {"MIKEY_TPK * 00", true, MIKEY_STATUS_VERIFIED},
        {"MIKEY_TPK * 00", false, MIKEY_STATUS_FAILED},
        {"MIKEY_MPK * 00", false, MIKEY_STATUS_FAILED},
        {"MIKEY_MPK * 00", true, MIKEY_STATUS_VERIFIED},
    };
    for (size_t e = 0; e < G_N_ELEMENTS(NAMES); e++) {
        const char *salt = e == 2 ? ":d0d1d2d3d4d5d6d7d8d9dadbdcdd" : "";
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            mikey_scene *scene = mikey_scene_new();
            mikey_scene_log(scene, "%s", rows[i].wrong);
            mikey_scene_log(scene, "MIKEY_TGK 5a5a0001 %s%s", exchanges[e]->tgk, salt);
            if (rows[i].mpk)
                mikey_scene_log(scene, "MIKEY_MPK 5a5a0001 %s", exchanges[e]->mpk);
            const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[e]->init));
            const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchanges[e]->resp));
            g_assert_cmpint(init->status, ==, rows[i].status);
            g_assert_true((resp->status == MIKEY_STATUS_VERIFIED) == rows[i].mpk);
            bool any_failed = false;
            for (guint c = 0; c < init->checks->len; c++)
                any_failed |= g_array_index(init->checks, mikey_check, c).status == MIKEY_STATUS_FAILED;
            g_assert_true(any_failed == (strstr(rows[i].wrong, "TPK") || !rows[i].mpk));
            if (e != 1) {
                mikey_assert_sessions(resp, exchanges[e]);
            } else { /* forked and as it is */
                const mikey_tek *tek = &g_array_index(resp->teks, mikey_tek, 0);
                g_assert_cmpmem(tek->step->key.data, tek->step->key.len, exchanges[e]->tek[0].data, exchanges[e]->tek[0].len);
                g_assert_cmpuint(resp->teks->len, ==, 4);
            }
            mikey_scene_free(scene);
        }
    }
}

/* RFC 6043 section 5.2: neither RANDs nor ticket; it is protected with the keys of the last message of the exchange. */
static GByteArray *update_of_a(void)
{
    GByteArray *label = mikey_octets("2d22ac75 ff 5a5a0001 02 10 80858a8f94999ea3a8adb2b7bcc1c6cb "
                                     "10 333a41484f565d646b727980878e959c");
    GByteArray *update = mikey_octets("01 0e 05 00 5a5a0001 00 01 | 09 00 e5a1b2d340000000 | 00 01");
    uint8_t auth_key[20], mac[20];
    gsize mac_len = sizeof mac;
    mikey_model_prf(span_of(&exchanges[0]->mpk_i), mikey_span(label), auth_key, sizeof auth_key);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, auth_key, sizeof auth_key);
    g_hmac_update(hmac, update->data, update->len);
    g_hmac_get_digest(hmac, mac, &mac_len);
    g_hmac_unref(hmac);
    g_byte_array_append(update, mac, sizeof mac);
    g_byte_array_free(label, TRUE);
    return update;
}

static void test_update(void)
{
    mikey_scene *scene = mikey_scene_new();
    GByteArray *update = update_of_a();
    mikey_scene_log(scene, "MIKEY_TPK * %s", exchanges[0]->tpk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[0]->init));
    mikey_scene_take(scene, 2, span_of(&exchanges[0]->resp));
    const mikey_record *record = mikey_scene_take(scene, 3, mikey_span(update));
    g_assert_true(record->base == init);
    for (int again = 0; again < 2; again++) {
        assert_all_checked(record, 1);
        mikey_assert_sessions(record, exchanges[0]);
        mikey_scene_log(scene, "MIKEY_TPK nobody 00");
        mikey_sessions_settle(scene->sessions, false);
    }
    mikey_scene_free(scene);
    g_byte_array_free(update, TRUE);
}

/* REQUEST_RESP without a MAC that tells the keys of A's ticket in the clear: MPKi, MPKr, and as TGK the one of the vector. */
static GByteArray *keys_told_of_a(const mikey_record *init)
{
    const mikey_payload *ticket = mikey_find(&init->message->chain, MIKEY_TICKET, NULL);
    const mikey_exchange *a = exchanges[0];
    GByteArray *keys = mikey_octets("14 60 %04x", (unsigned)a->mpk_i.len);
    g_byte_array_append(keys, a->mpk_i.data, (guint)a->mpk_i.len);
    mikey_append(keys, "14 60 %04x", (unsigned)a->mpk_r.len);
    g_byte_array_append(keys, a->mpk_r.data, (guint)a->mpk_r.len);
    mikey_append(keys, "00 00 %04x %s", (unsigned)strlen(a->tgk) / 2, a->tgk);
    GByteArray *answer = mikey_octets("01 0d 05 00 00000001 00 01 | 11 00 e5a1b2c300000000");
    const guint at = answer->len;
    g_byte_array_append(answer, init->octets.data + ticket->offset, (guint)ticket->len);
    answer->data[at] = MIKEY_KEMAC;
    mikey_append(answer, "09 00 %04x", keys->len);
    g_byte_array_append(answer, keys->data, keys->len);
    mikey_append(answer, "00 | 00 00");
    g_byte_array_free(keys, TRUE);
    return answer;
}

/* What becomes known of a transfer becomes known of its update, though that stands between. */
static void test_update_before_its_keys(void)
{
    mikey_scene *scene = mikey_scene_new();
    GByteArray *update = update_of_a();
    GByteArray *request = mikey_octets("01 0b 05 00 00000001 00 01 | 09 00 e5a1b2c300000000 | 00 00");
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[0]->init));
    const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchanges[0]->resp));
    const mikey_record *record = mikey_scene_take(scene, 3, mikey_span(update));
    GByteArray *told = keys_told_of_a(init);
    mikey_scene_take(scene, 4, mikey_span(request));
    mikey_assert_no_keys(record);
    g_assert_nonnull(mikey_scene_take(scene, 5, mikey_span(told))->initial);
    assert_all_checked(resp, 1);
    mikey_assert_sessions(resp, exchanges[0]);
    assert_all_checked(record, 1);
    mikey_assert_sessions(record, exchanges[0]);
    mikey_scene_free(scene);
    g_byte_array_free(update, TRUE);
    g_byte_array_free(request, TRUE);
    g_byte_array_free(told, TRUE);
}

/* Two answers to one offer, as a forked call has: each has its own RANDRr, and each its keys. */
static void test_two_answers(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *other = mikey_exchange_named(NAMES[0]);
    other->resp.data[other->resp.len - 80] ^= 1;
    mikey_scene_log(scene, "MIKEY_TPK * %s", exchanges[0]->tpk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[0]->init));
    const mikey_record *spoiled = mikey_scene_take(scene, 2, span_of(&other->resp));
    const mikey_record *good = mikey_scene_take(scene, 3, span_of(&exchanges[0]->resp));
    g_assert_cmpuint(init->responses->len, ==, 2);
    g_assert_cmpint(spoiled->status, ==, MIKEY_STATUS_FAILED);
    mikey_assert_no_keys(spoiled);
    assert_transfer(exchanges[0], init, good);
    mikey_scene_free(scene);
    mikey_exchange_free(other);
}

/* A ticket that comes again, with another CSB ID: each transfer stands for itself. */
static void test_ticket_again(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *other = mikey_exchange_named(NAMES[0]);
    other->init.data[7] ^= 1;
    mikey_scene_log(scene, "MIKEY_TPK * %s", exchanges[0]->tpk);
    const mikey_record *spoiled = mikey_scene_take(scene, 1, span_of(&other->init));
    const mikey_record *init = mikey_scene_take(scene, 2, span_of(&exchanges[0]->init));
    const mikey_record *resp = mikey_scene_take(scene, 3, span_of(&exchanges[0]->resp));
    g_assert_cmpint(spoiled->status, ==, MIKEY_STATUS_FAILED);
    assert_transfer(exchanges[0], init, resp);
    mikey_scene_free(scene);
    mikey_exchange_free(other);
}

static void test_cleansed(void)
{
    mikey_scene *scene = mikey_scene_new();
    vector_octets mpk, tgk, tpk;
    const mikey_exchange *b = exchanges[1];
    vector_parse_hex(b->tpk, &tpk);
    vector_parse_hex(b->mpk, &mpk);
    vector_parse_hex(b->tgk, &tgk);
    mikey_scene_log(scene, "MIKEY_TPK * %s", b->tpk);
    mikey_scene_take(scene, 1, span_of(&b->init));
    mikey_scene_take(scene, 2, span_of(&b->resp));
    const octet_span spans[] = {span_of(&tpk), span_of(&mpk), span_of(&tgk), span_of(&b->mpk_i), span_of(&b->mpk_r),
                                span_of(&b->tek[0]), span_of(&b->salt[0]), span_of(&b->tek[1]), span_of(&b->salt[1])};
    mikey_watch_cleansing();
    mikey_sessions_free(scene->sessions);
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++)
        g_assert_true(mikey_was_cleansed(spans[i]));
    scene->sessions = NULL;
    mikey_scene_free(scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++)
        exchanges[i] = mikey_exchange_named(NAMES[i]);
    g_test_add_func("/mikey-transfer/tpk", test_tpk);
    g_test_add_func("/mikey-transfer/initial-message-alone", test_initial_message_alone);
    g_test_add_func("/mikey-transfer/mpk-and-tgk", test_mpk_and_tgk);
    g_test_add_func("/mikey-transfer/every-octet-counts", test_every_octet_counts);
    g_test_add_func("/mikey-transfer/every-octet-of-the-answer-counts", test_every_octet_of_the_answer_counts);
    g_test_add_func("/mikey-transfer/cut-messages", test_cut_messages);
    g_test_add_func("/mikey-transfer/wrong-tpk", test_wrong_tpk);
    g_test_add_func("/mikey-transfer/wrong-secrets-beside-logged-keys", test_wrong_secrets_beside_logged_keys);
    g_test_add_func("/mikey-transfer/update", test_update);
    g_test_add_func("/mikey-transfer/update-before-its-keys", test_update_before_its_keys);
    g_test_add_func("/mikey-transfer/two-answers", test_two_answers);
    g_test_add_func("/mikey-transfer/ticket-again", test_ticket_again);
    g_test_add_func("/mikey-transfer/cleansed", test_cleansed);
    const int result = g_test_run();
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++)
        mikey_exchange_free(exchanges[i]);
    return result;
}

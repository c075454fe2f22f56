/* What a KMS tells, and what becomes known by it of transfers that came before or come after. */
#include "mikey_scene.h"

#include <string.h>

static mikey_exchange *request, *resolve, *transfer; /* all of one ticket, that of scenario B */

static void assert_all_verified(const mikey_record *record, guint count)
{
    g_assert_cmpint(record->status, ==, MIKEY_STATUS_VERIFIED);
    g_assert_cmpuint(record->checks->len, ==, count);
    for (guint i = 0; i < count; i++)
        g_assert_cmpint(g_array_index(record->checks, mikey_check, i).status, ==, MIKEY_STATUS_VERIFIED);
}

/* Among the steps of the response there is this key, out of its KEMAC. */
static void assert_told(const mikey_record *response, const char *name, octet_span octets)
{
    const mikey_step *told = NULL;
    for (guint i = 0; i < response->steps->len; i++) {
        const mikey_step *step = response->steps->pdata[i];
        if (strcmp(step->name, name) == 0 && step->source == MIKEY_FROM_KEMAC)
            told = step;
    }
    g_assert_nonnull(told);
    if (octets.data)
        g_assert_cmpmem(told->key.data, told->key.len, octets.data, octets.len);
}

enum { REQUEST = 1, RESOLVE = 2 };

static void log_psks(mikey_scene *scene, unsigned who)
{
    if (who & REQUEST)
        mikey_scene_log(scene, "MIKEY_PSK psk-alice %s", request->psk);
    if (who & RESOLVE)
        mikey_scene_log(scene, "MIKEY_PSK psk-bob %s", resolve->psk);
}

typedef struct {
    const mikey_record *request_init, *request_resp, *init, *resolve_init, *resolve_resp, *resp;
} call;

/* In the order of RFC 6043 section 4.1: or, in reverse, with each exchange whole, the transfer before what tells its keys. */
static call take_call(mikey_scene *scene, bool in_order)
{
    call c = {0};
    if (in_order) {
        c.request_init = mikey_scene_take(scene, 1, span_of(&request->init));
        c.request_resp = mikey_scene_take(scene, 2, span_of(&request->resp));
    }
    c.init = mikey_scene_take(scene, 3, span_of(&transfer->init));
    if (in_order) {
        c.resolve_init = mikey_scene_take(scene, 4, span_of(&resolve->init));
        c.resolve_resp = mikey_scene_take(scene, 5, span_of(&resolve->resp));
    }
    c.resp = mikey_scene_take(scene, 6, span_of(&transfer->resp));
    if (!in_order) {
        c.resolve_init = mikey_scene_take(scene, 7, span_of(&resolve->init));
        c.resolve_resp = mikey_scene_take(scene, 8, span_of(&resolve->resp));
        c.request_init = mikey_scene_take(scene, 9, span_of(&request->init));
        c.request_resp = mikey_scene_take(scene, 10, span_of(&request->resp));
    }
    return c;
}

static void assert_call(const call *c, unsigned who)
{
    if (who & REQUEST) {
        g_assert_cmpint(c->request_init->status, ==, MIKEY_STATUS_VERIFIED);
        g_assert_cmpint(c->request_resp->status, ==, MIKEY_STATUS_VERIFIED);
        assert_told(c->request_resp, "MPKi", span_of(&transfer->mpk_i));
        assert_told(c->request_resp, "MPKr", span_of(&transfer->mpk_r));
        assert_told(c->request_resp, "TGK", (octet_span){NULL, 0});
    }
    if (who & RESOLVE) {
        g_assert_cmpint(c->resolve_init->status, ==, MIKEY_STATUS_VERIFIED);
        g_assert_cmpint(c->resolve_resp->status, ==, MIKEY_STATUS_VERIFIED);
        assert_told(c->resolve_resp, "MPKi", span_of(&transfer->mpk_i));
        assert_told(c->resolve_resp, "MPKr'", (octet_span){NULL, 0});
        assert_told(c->resolve_resp, "TGK'", (octet_span){NULL, 0});
    }
    g_assert_cmpint(c->init->status, ==, MIKEY_STATUS_VERIFIED);
    assert_all_verified(c->resp, 1);
    mikey_assert_sessions(c->resp, transfer);
}

/* Either KMS exchange is enough, in any order, with the PSKs there before or after. */
static void test_told_keys(void)
{
    for (int who = REQUEST; who <= (REQUEST | RESOLVE); who++) {
        for (int order = 0; order < 4; order++) {
            bool early = order & 1, in_order = order & 2;
            mikey_scene *scene = mikey_scene_new();
            if (early)
                log_psks(scene, who);
            const call c = take_call(scene, in_order);
            if (!early) {
                mikey_assert_no_keys(c.resp);
                log_psks(scene, who);
                mikey_sessions_settle(scene->sessions, false);
            }
            assert_call(&c, who);
            /* Worked out anew, all is as before. */
            mikey_scene_log(scene, "MIKEY_PSK nobody 00");
            mikey_sessions_settle(scene->sessions, false);
            assert_call(&c, who);
            mikey_scene_free(scene);
        }
    }
}

/* The KMS knows the TPK: with it the MACs within the ticket are checked wherever the ticket travels. */
static void test_tpk_checks_all(void)
{
    mikey_scene *scene = mikey_scene_new();
    log_psks(scene, REQUEST | RESOLVE);
    mikey_scene_log(scene, "MIKEY_TPK tpk-1 %s", transfer->tpk);
    const call c = take_call(scene, true);
    assert_call(&c, REQUEST | RESOLVE);
    assert_all_verified(c.request_init, 1);
    assert_all_verified(c.request_resp, 2);
    assert_all_verified(c.init, 4);
    g_assert_cmpuint(c.resolve_init->checks->len, ==, 4); /* its own, the ticket's, Vr; Vi repeats another message's */
    for (guint i = 0; i < 4; i++)
        g_assert_cmpint(g_array_index(c.resolve_init->checks, mikey_check, i).status, !=, MIKEY_STATUS_FAILED);
    mikey_scene_free(scene);
}

static void test_wrong_psk(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * 00");
    const call c = take_call(scene, true);
    g_assert_cmpint(c.request_init->status, ==, MIKEY_STATUS_FAILED);
    g_assert_cmpint(c.resolve_init->status, ==, MIKEY_STATUS_FAILED);
    g_assert_cmpuint(c.request_resp->checks->len, >, 0);
    mikey_assert_no_keys(c.resp);
    g_assert_cmpuint(session_keys_count(scene->keys), ==, 0);
    mikey_scene_free(scene);
}

static void test_every_octet_counts(void)
{
    mikey_exchange *const exchanges[] = {request, resolve};
    for (size_t e = 0; e < G_N_ELEMENTS(exchanges); e++) {
        vector_octets *const messages[] = {&exchanges[e]->init, &exchanges[e]->resp};
        for (size_t m = 0; m < G_N_ELEMENTS(messages); m++) {
            for (size_t at = 0; at < messages[m]->len; at++) {
                mikey_scene *scene = mikey_scene_new();
                log_psks(scene, REQUEST | RESOLVE);
                messages[m]->data[at] ^= 0x10;
                const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchanges[e]->init));
                const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchanges[e]->resp));
                messages[m]->data[at] ^= 0x10;
                g_assert_cmpint((m ? resp : init)->status, !=, MIKEY_STATUS_VERIFIED);
                g_assert_cmpint(resp->status, !=, MIKEY_STATUS_VERIFIED);
                mikey_scene_free(scene);
            }
        }
    }
}

static void test_cut_messages(void)
{
    mikey_exchange *const exchanges[] = {request, resolve};
    for (size_t e = 0; e < G_N_ELEMENTS(exchanges); e++) {
        for (int of_resp = 0; of_resp < 2; of_resp++) {
            const vector_octets *whole = of_resp ? &exchanges[e]->resp : &exchanges[e]->init;
            for (size_t len = 0; len < whole->len; len++) {
                mikey_scene *scene = mikey_scene_new();
                log_psks(scene, REQUEST | RESOLVE);
                g_autofree uint8_t *cut = g_memdup2(whole->data, len);
                if (of_resp)
                    mikey_scene_take(scene, 1, span_of(&exchanges[e]->init));
                const mikey_record *record = mikey_scene_take(scene, 2, (octet_span){cut, len});
                mikey_scene_take(scene, 3, span_of(&exchanges[e]->resp));
                g_assert_cmpint(record->status, !=, MIKEY_STATUS_VERIFIED);
                mikey_scene_free(scene);
            }
        }
    }
}

/* Transfers are worked out again when there is news of their ticket, and only then: not with every answer that the KMS gives to a request
 * that it has answered before. */
static void test_told_once(void)
{
    enum { TRANSFERS = 64 };
    mikey_scene *scene = mikey_scene_new();
    mikey_exchange *other = mikey_exchange_named("transfer B");
    log_psks(scene, REQUEST);
    mikey_scene_take(scene, 1, span_of(&request->init));
    mikey_scene_take(scene, 2, span_of(&request->resp));
    for (unsigned i = 0; i < TRANSFERS; i++) {
        other->init.data[7] = (uint8_t)(i + 2); /* its CSB ID */
        mikey_scene_take(scene, 3 + i, span_of(&other->init));
    }
    mikey_watch_cleansing();
    mikey_scene_take(scene, 100, span_of(&transfer->init));
    const unsigned of_one_transfer = mikey_work_done();
    request->resp.data[request->resp.len - 1] ^= 1; /* it is forged, so tells nothing */
    mikey_watch_cleansing();
    mikey_scene_take(scene, 101, span_of(&request->resp));
    request->resp.data[request->resp.len - 1] ^= 1;
    g_assert_cmpuint(mikey_work_done(), <, 8 * of_one_transfer);
    mikey_scene_free(scene);
    mikey_exchange_free(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    request = mikey_exchange_named("ticket request");
    resolve = mikey_exchange_named("ticket resolve");
    transfer = mikey_exchange_named("transfer B");
    g_test_add_func("/mikey-kms/told-keys", test_told_keys);
    g_test_add_func("/mikey-kms/tpk-checks-all", test_tpk_checks_all);
    g_test_add_func("/mikey-kms/wrong-psk", test_wrong_psk);
    g_test_add_func("/mikey-kms/every-octet-counts", test_every_octet_counts);
    g_test_add_func("/mikey-kms/cut-messages", test_cut_messages);
    g_test_add_func("/mikey-kms/told-once", test_told_once);
    const int result = g_test_run();
    mikey_exchange_free(request);
    mikey_exchange_free(resolve);
    mikey_exchange_free(transfer);
    return result;
}

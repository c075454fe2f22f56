/* Exchanges of RFC 3830, from whole messages to SRTP keys. */
#include "mikey_scene.h"

#include <string.h>

#define PSK "101112131415161718191a1b1c1d1e1f"
#define CSB "0badf00d"

static const uint8_t PSK_OCTETS[16] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                                       0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};
static const octet_span PSK_SPAN = {PSK_OCTETS, sizeof PSK_OCTETS};
static const octet_span NO_PSK = {NULL, 0};

static mikey_exchange *exchange;

static void assert_verified(const mikey_record *record)
{
    g_assert_cmpint(record->status, ==, MIKEY_STATUS_VERIFIED);
    g_assert_cmpuint(record->checks->len, ==, 1);
    g_assert_cmpint(g_array_index(record->checks, mikey_check, 0).status, ==, MIKEY_STATUS_VERIFIED);
    g_assert_null(g_array_index(record->checks, mikey_check, 0).reason);
    g_assert_nonnull(record->message_inkey);
    g_assert_cmpstr(record->message_inkey->name, ==, "PSK");
    mikey_assert_sessions(record, exchange);
}

/* Whatever selects the PSK, and whether it is there before the messages or comes after them. */
static void test_psk(void)
{
    static const char *const selectors[] = {"*", "sip:alice@example.com", "sip:bob@example.com",
                                            "0x7369703a616c696365406578616d706c652e636f6d"};
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(selectors); i++) {
        mikey_scene *scene = mikey_scene_new();
        if (i % 2)
            mikey_scene_log(scene, "MIKEY_PSK %s %s", selectors[i / 2], exchange->psk);
        const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
        const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchange->resp));
        if (i % 2 == 0) {
            mikey_assert_no_keys(init);
            mikey_assert_no_keys(resp);
            g_assert_cmpint(init->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
            mikey_scene_log(scene, "MIKEY_PSK %s %s", selectors[i / 2], exchange->psk);
            mikey_sessions_settle(scene->sessions, false);
        }
        assert_verified(init);
        assert_verified(resp);
        g_assert_true(resp->initial == init);
        mikey_scene_free(scene);
    }
}

static void test_psk_of_another(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK sip:carol@example.com %s", exchange->psk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
    g_assert_cmpint(init->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
    mikey_assert_no_keys(init);
    mikey_scene_log(scene, "MIKEY_PSK * 00%s", exchange->psk);
    mikey_sessions_settle(scene->sessions, false);
    g_assert_cmpint(init->status, ==, MIKEY_STATUS_FAILED);
    mikey_assert_no_keys(init);
    /* Others beside it do no harm. */
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    mikey_scene_log(scene, "MIKEY_PSK * 01%s", exchange->psk);
    mikey_sessions_settle(scene->sessions, false);
    assert_verified(init);
    mikey_scene_free(scene);
}

/* What the steps say: PSK, then the TGK out of the KEMAC, then the TEKs, each with what it came from. */
static void test_steps(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *init = mikey_scene_take(scene, 7, span_of(&exchange->init));
    g_assert_cmpuint(init->steps->len, ==, 2);
    const mikey_step *psk = init->steps->pdata[0], *tgk = init->steps->pdata[1];
    g_assert_cmpstr(psk->name, ==, "PSK");
    g_assert_cmpint(psk->source, ==, MIKEY_FROM_KEYLOG);
    g_assert_cmpstr(tgk->name, ==, "TGK");
    g_assert_cmpint(tgk->source, ==, MIKEY_FROM_KEMAC);
    g_assert_true(tgk->from == psk);
    g_assert_cmpuint(tgk->frame, ==, 7);
    for (uint8_t cs_id = 1; cs_id <= 2; cs_id++) {
        const mikey_step *tek = mikey_record_tek(init, cs_id)->step;
        g_assert_cmpint(tek->source, ==, MIKEY_FROM_PRF);
        g_assert_true(tek->from == tgk);
        g_assert_cmpint(tek->cs_id, ==, cs_id);
    }
    g_assert_cmpuint(init->opened->len, ==, 1);
    mikey_scene_free(scene);
}

/* The TGK of the exchange, as a key log has it. */
static char *tgk_in_hex(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
    const mikey_step *tgk = init->steps->pdata[1];
    GString *hex = g_string_new(NULL);
    for (size_t i = 0; i < tgk->key.len; i++)
        g_string_append_printf(hex, "%02x", tgk->key.data[i]);
    mikey_scene_free(scene);
    return g_string_free(hex, FALSE);
}

/* A logged TGK and logged TEKs need no PSK. */
static void test_logged_tgk_and_teks(void)
{
    g_autofree char *tgk = tgk_in_hex();
    const mikey_record *init;
    mikey_scene *scene;
    static const char *const csbs[] = {CSB, "*"};
    for (size_t i = 0; i < G_N_ELEMENTS(csbs); i++) {
        scene = mikey_scene_new();
        mikey_scene_log(scene, "MIKEY_TGK %s %s", csbs[i], tgk);
        init = mikey_scene_take(scene, 1, span_of(&exchange->init));
        mikey_assert_sessions(init, exchange);
        mikey_scene_free(scene);
    }
    scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_TGK 0badf00e %s", tgk);
    mikey_assert_no_keys(mikey_scene_take(scene, 1, span_of(&exchange->init)));
    mikey_scene_log(scene, "MIKEY_TEK " CSB "/1 e7e3a7ea1f2c7f5156e38669f41a0151:5bbf52fce43729a46cfe4100a661");
    mikey_scene_log(scene, "MIKEY_TEK " CSB "/2 7a6a1bb53eb866e34bd5e295594b3480:0fe84ea048557167428728538de0");
    mikey_sessions_settle(scene->sessions, false);
    init = mikey_sessions_find(scene->sessions, 1, span_of(&exchange->init));
    mikey_assert_sessions(init, exchange);
    mikey_scene_free(scene);
}

/* A PSK for any identity that is another party's: the messages fail their checks, but what the key log has for the CSB still serves. */
static void test_psk_of_another_beside_logged_keys(void)
{
    g_autofree char *tgk = tgk_in_hex();
    for (unsigned which = 0; which < 2; which++) {
        mikey_scene *scene = mikey_scene_new();
        mikey_scene_log(scene, "MIKEY_PSK * 00");
        if (which == 0) {
            mikey_scene_log(scene, "MIKEY_TEK " CSB "/1 e7e3a7ea1f2c7f5156e38669f41a0151:5bbf52fce43729a46cfe4100a661");
            mikey_scene_log(scene, "MIKEY_TEK " CSB "/2 7a6a1bb53eb866e34bd5e295594b3480:0fe84ea048557167428728538de0");
        } else {
            mikey_scene_log(scene, "MIKEY_TGK " CSB " %s", tgk);
        }
        const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
        const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchange->resp));
        g_assert_cmpint(init->status, ==, MIKEY_STATUS_FAILED);
        g_assert_cmpint(g_array_index(init->checks, mikey_check, 0).status, ==, MIKEY_STATUS_FAILED);
        g_assert_cmpint(resp->status, !=, MIKEY_STATUS_VERIFIED);
        mikey_assert_sessions(init, exchange);
        mikey_assert_sessions(resp, exchange);
        mikey_scene_free(scene);
    }
    /* A key from the message itself does not. */
    GByteArray *forged = mikey_psk_init(PSK_SPAN, 0x0badf00d, "01 00 | 00 00000001 00000000", 0, "00 00 0010 " PSK);
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * 00");
    mikey_scene_log(scene, "MIKEY_TGK " CSB " %s", tgk);
    const mikey_record *record = mikey_scene_take(scene, 1, mikey_span(forged));
    g_assert_cmpuint(record->teks->len, ==, 1);
    g_assert_cmpint(g_array_index(record->teks, mikey_tek, 0).step->from->source, ==, MIKEY_FROM_KEYLOG);
    mikey_scene_free(scene);
    g_byte_array_free(forged, TRUE);
}

/* The SSRCs of the map: the initiator's, and the responder's from the answer on. */
static void test_ssrcs(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
    const GPtrArray *of_initiator = session_keys_for_ssrc(scene->keys, 0xcafebabe);
    g_assert_nonnull(of_initiator);
    g_assert_true(of_initiator->pdata[0] == mikey_record_tek(init, 1)->key);
    g_assert_null(session_keys_for_ssrc(scene->keys, 0));
    g_assert_null(session_keys_for_ssrc(scene->keys, 0xdeadbeef));
    const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchange->resp));
    const GPtrArray *of_responder = session_keys_for_ssrc(scene->keys, 0xdeadbeef);
    g_assert_nonnull(of_responder);
    g_assert_true(of_responder->pdata[0] == mikey_record_tek(resp, 2)->key);
    /* The same keys, not others of the same octets. */
    g_assert_true(mikey_record_tek(resp, 1)->key == mikey_record_tek(init, 1)->key);
    g_assert_cmpuint(session_keys_count(scene->keys), ==, 2);
    mikey_scene_free(scene);
}

/* Any one bit: the message fails its check, and no key comes of it. Only a message that says that it has no MAC, or whose type is one
 * for which no RFC says what a MAC covers, is judged by the form of its plaintext. */
static void test_every_bit_counts(void)
{
    enum { DATA_TYPE_AT = 1, MAC_LEN = 20 };
    for (size_t at = 0; at < exchange->init.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            mikey_scene *scene = mikey_scene_new();
            mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
            exchange->init.data[at] ^= (uint8_t)(1u << bit);
            const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
            mikey_scene_take(scene, 2, span_of(&exchange->resp));
            g_assert_cmpint(init->status, !=, MIKEY_STATUS_VERIFIED);
            if (session_keys_count(scene->keys)) {
                g_assert_true(at == DATA_TYPE_AT || at == exchange->init.len - MAC_LEN - 1);
                g_assert_cmpint(init->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
            }
            exchange->init.data[at] ^= (uint8_t)(1u << bit);
            mikey_scene_free(scene);
        }
    }
}

/* The same of the answer, whose identities are covered though they do not stand in it. Where the map is spoiled, no V is found any more
 * and nothing can be checked: there are the keys of as many crypto sessions as the map has. */
static void test_every_bit_of_the_answer_counts(void)
{
    enum { CS_COUNT_AT = 8, MAP_TYPE_AT = 9 };
    for (size_t at = 0; at < exchange->resp.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            mikey_scene *scene = mikey_scene_new();
            mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
            mikey_scene_take(scene, 1, span_of(&exchange->init));
            exchange->resp.data[at] ^= (uint8_t)(1u << bit);
            const mikey_record *resp = mikey_scene_take(scene, 2, span_of(&exchange->resp));
            exchange->resp.data[at] ^= (uint8_t)(1u << bit);
            g_assert_cmpint(resp->status, !=, MIKEY_STATUS_VERIFIED);
            if (session_keys_count(scene->keys) > 2) /* more than those of the initial message */
                g_assert_true(at == CS_COUNT_AT || at == MAP_TYPE_AT);
            mikey_scene_free(scene);
        }
    }
}

/* Every beginning of every message: what is there is looked at, and nothing is derived of it. */
static void test_cut_messages(void)
{
    for (size_t len = 0; len < exchange->init.len; len++) {
        mikey_scene *scene = mikey_scene_new();
        mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
        g_autofree uint8_t *cut = g_memdup2(exchange->init.data, len); /* no octet behind it */
        const mikey_record *init = mikey_scene_take(scene, 1, (octet_span){cut, len});
        mikey_scene_take(scene, 2, span_of(&exchange->resp));
        g_assert_cmpint(init->status, !=, MIKEY_STATUS_VERIFIED);
        g_assert_cmpuint(session_keys_count(scene->keys), ==, 0);
        /* It is one record, however often it comes. */
        g_assert_true(mikey_scene_take(scene, 3, (octet_span){cut, len}) == init);
        g_assert_true(mikey_sessions_find(scene->sessions, 3, (octet_span){cut, len}) == init);
        mikey_scene_free(scene);
    }
}

/* A KEMAC without encryption, with a MAC that the PSK proves, and without one. */
static void test_keys_in_the_clear(void)
{
    static const char keys[] = "00 20 0010 000102030405060708090a0b0c0d0e0f";
    const octet_span psks[] = {PSK_SPAN, NO_PSK};
    for (size_t i = 0; i < G_N_ELEMENTS(psks); i++) {
        GByteArray *message = mikey_psk_init(psks[i], 1, "01 00 | 00 00000000 00000000", 0, keys);
        mikey_scene *scene = mikey_scene_new();
        mikey_scene_log(scene, "MIKEY_PSK * " PSK);
        const mikey_record *init = mikey_scene_take(scene, 1, mikey_span(message));
        g_assert_cmpint(init->status, ==, i ? MIKEY_STATUS_NOT_CHECKABLE : MIKEY_STATUS_VERIFIED);
        const mikey_step *tek = mikey_record_tek(init, 1)->step;
        const uint8_t zeros[SRTP_MAX_SALT_LEN] = {0};
        for (uint8_t octet = 0; octet < 16; octet++)
            g_assert_cmphex(tek->key.data[octet], ==, octet);
        g_assert_cmpmem(srtp_context_key(mikey_record_tek(init, 1)->key->context)->salt, 14, zeros, 14);
        mikey_scene_free(scene);
        g_byte_array_free(message, TRUE);
    }
}

/* An encryption that nobody knows: the MAC can be checked all the same, and the keys stay closed. */
static void test_unknown_encryption(void)
{
    GByteArray *message = mikey_psk_init(PSK_SPAN, 1, "00 00", 9, "00 20 0010 000102030405060708090a0b0c0d0e0f");
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * " PSK);
    const mikey_record *init = mikey_scene_take(scene, 1, mikey_span(message));
    g_assert_cmpint(init->status, ==, MIKEY_STATUS_VERIFIED);
    g_assert_cmpuint(init->opened->len, ==, 0);
    mikey_assert_no_keys(init);
    mikey_scene_free(scene);
    g_byte_array_free(message, TRUE);
}

static void test_unknown_prf_and_mac(void)
{
    GByteArray *message = mikey_psk_init(PSK_SPAN, 1, "00 00", 0, "00 00 0010 000102030405060708090a0b0c0d0e0f");
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * " PSK);
    message->data[3] = 0x7f;
    const mikey_record *prf = mikey_scene_take(scene, 1, mikey_span(message));
    g_assert_cmpint(prf->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
    g_assert_cmpuint(prf->checks->len, ==, 1);
    mikey_assert_no_keys(prf);
    message->data[3] = 0;
    message->data[message->len - 21] = 0x7f;
    const mikey_record *mac = mikey_scene_take(scene, 2, mikey_span(message));
    g_assert_cmpint(mac->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
    mikey_assert_no_keys(mac);
    mikey_scene_free(scene);
    g_byte_array_free(message, TRUE);
}

/* RFC 3830 section 4.5: an update has no RAND; that of the exchange that began the CSB serves, and where it brings no key, that one's
 * keys stay. */
static void test_updates(void)
{
    static const uint8_t rand[16] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
                                     0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
    const octet_span rand_span = {rand, sizeof rand};
    GByteArray *without = mikey_octets("01 00 05 00 " CSB " 00 00 | 01 00 e5a1b2d300000000 | 00 00 0000 01");
    GByteArray *with = mikey_octets("01 00 05 00 " CSB " 00 00 | 01 00 e5a1b2e300000000 | "
                                    "00 00 0014 00 20 0010 000102030405060708090a0b0c0d0e0f 01");
    mikey_append_mac(without, PSK_SPAN, 0x0badf00d, rand_span, NO_PSK);
    mikey_append_mac(with, PSK_SPAN, 0x0badf00d, rand_span, NO_PSK);
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
    mikey_scene_take(scene, 2, span_of(&exchange->resp));
    const mikey_record *same = mikey_scene_take(scene, 3, mikey_span(without));
    const mikey_record *other = mikey_scene_take(scene, 4, mikey_span(with));
    for (int again = 0; again < 2; again++) {
        g_assert_true(same->base == init && other->base == init);
        assert_verified(same);
        g_assert_cmpint(other->status, ==, MIKEY_STATUS_VERIFIED);
        g_assert_cmphex(mikey_record_tek(other, 1)->step->key.data[15], ==, 0x0f);
        g_assert_cmphex(mikey_record_tek(other, 2)->step->key.data[15], ==, 0x0f);
        mikey_scene_log(scene, "MIKEY_PSK nobody 00");
        mikey_sessions_settle(scene->sessions, false);
    }
    mikey_scene_free(scene);
    g_byte_array_free(without, TRUE);
    g_byte_array_free(with, TRUE);
}

/* The same before the exchange that they update. Answers that have that one worked out anew do not make its keys others. */
static void test_updates_before_their_base(void)
{
    static const uint8_t rand[16] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
                                     0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
    GByteArray *update = mikey_octets("01 00 05 00 " CSB " 00 00 | 01 00 e5a1b2d300000000 | 00 00 0000 01");
    mikey_exchange *other = mikey_exchange_named("pre-shared key");
    other->resp.data[other->resp.len - 1] ^= 1;
    mikey_append_mac(update, PSK_SPAN, 0x0badf00d, (octet_span){rand, sizeof rand}, NO_PSK);
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *record = mikey_scene_take(scene, 1, mikey_span(update));
    g_assert_null(record->base);
    mikey_assert_no_keys(record);
    const mikey_record *init = mikey_scene_take(scene, 2, span_of(&exchange->init));
    for (int again = 0; again < 3; again++) {
        g_assert_true(record->base == init);
        assert_verified(record);
        mikey_scene_take(scene, 3, span_of(again == 0 ? &exchange->resp : &other->resp));
        assert_verified(record);
        mikey_scene_log(scene, "MIKEY_PSK nobody 00");
        mikey_sessions_settle(scene->sessions, false);
    }
    mikey_scene_free(scene);
    mikey_exchange_free(other);
    g_byte_array_free(update, TRUE);
}

/* A KEMAC and a V in one answer: both are read, and what was noted first is not lost. */
static void test_answer_with_kemac_and_v(void)
{
    static const uint8_t rand[16] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
                                     0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
    GByteArray *init = mikey_psk_init(PSK_SPAN, 1, "00 00", 0, "00 00 0010 000102030405060708090a0b0c0d0e0f");
    GByteArray *resp = mikey_octets("01 08 05 00 00000001 00 00 | 01 00 e5a1b2c300000000 | 09 00 0000 01");
    mikey_append_mac(resp, PSK_SPAN, 1, (octet_span){rand, sizeof rand}, NO_PSK);
    mikey_append(resp, "00 01");
    mikey_append_mac(resp, PSK_SPAN, 1, (octet_span){rand, sizeof rand}, NO_PSK);
    init->data[1] = 7; /* DHHMAC has its MAC in a KEMAC on both sides (RFC 4650 section 3) */
    g_byte_array_set_size(init, init->len - 20);
    mikey_append_mac(init, PSK_SPAN, 1, (octet_span){rand, sizeof rand}, NO_PSK);
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * " PSK);
    mikey_scene_take(scene, 1, mikey_span(init));
    const mikey_record *record = mikey_scene_take(scene, 2, mikey_span(resp));
    g_assert_cmpuint(record->checks->len, ==, 2);
    g_assert_cmpint(record->status, ==, MIKEY_STATUS_VERIFIED);
    g_assert_cmpstr(record->message_inkey->name, ==, "PSK");
    g_assert_cmpuint(record->steps->len, ==, 2); /* the PSK once, and the TGK */
    mikey_watch_cleansing();
    mikey_scene_free(scene);
    g_assert_true(mikey_was_cleansed(PSK_SPAN)); /* so its last reference is gone */
    g_byte_array_free(init, TRUE);
    g_byte_array_free(resp, TRUE);
}

/* When all is freed, every key has been overwritten: the PSK, the TGK and the plaintext that held it, the TEKs and their salts. */
static void test_cleansed(void)
{
    mikey_scene *scene = mikey_scene_new();
    mikey_scene_log(scene, "MIKEY_PSK * %s", exchange->psk);
    const mikey_record *init = mikey_scene_take(scene, 1, span_of(&exchange->init));
    const mikey_step *tgk = init->steps->pdata[1];
    const mikey_opened *opened = &g_array_index(init->opened, mikey_opened, 0);
    g_autofree uint8_t *tgk_octets = g_memdup2(tgk->key.data, tgk->key.len);
    g_autofree uint8_t *plain = g_memdup2(opened->plain, opened->plain_len);
    const octet_span spans[] = {PSK_SPAN,
                                {tgk_octets, tgk->key.len},
                                {plain, opened->plain_len},
                                span_of(&exchange->tek[0]),
                                span_of(&exchange->salt[0]),
                                span_of(&exchange->tek[1]),
                                span_of(&exchange->salt[1])};
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
    exchange = mikey_exchange_named("pre-shared key");
    g_test_add_func("/mikey-exchange/psk", test_psk);
    g_test_add_func("/mikey-exchange/psk-of-another", test_psk_of_another);
    g_test_add_func("/mikey-exchange/steps", test_steps);
    g_test_add_func("/mikey-exchange/logged-tgk-and-teks", test_logged_tgk_and_teks);
    g_test_add_func("/mikey-exchange/psk-of-another-beside-logged-keys", test_psk_of_another_beside_logged_keys);
    g_test_add_func("/mikey-exchange/ssrcs", test_ssrcs);
    g_test_add_func("/mikey-exchange/every-bit-counts", test_every_bit_counts);
    g_test_add_func("/mikey-exchange/every-bit-of-the-answer-counts", test_every_bit_of_the_answer_counts);
    g_test_add_func("/mikey-exchange/cut-messages", test_cut_messages);
    g_test_add_func("/mikey-exchange/keys-in-the-clear", test_keys_in_the_clear);
    g_test_add_func("/mikey-exchange/unknown-encryption", test_unknown_encryption);
    g_test_add_func("/mikey-exchange/unknown-prf-and-mac", test_unknown_prf_and_mac);
    g_test_add_func("/mikey-exchange/updates", test_updates);
    g_test_add_func("/mikey-exchange/updates-before-their-base", test_updates_before_their_base);
    g_test_add_func("/mikey-exchange/answer-with-kemac-and-v", test_answer_with_kemac_and_v);
    g_test_add_func("/mikey-exchange/cleansed", test_cleansed);
    const int result = g_test_run();
    mikey_exchange_free(exchange);
    return result;
}

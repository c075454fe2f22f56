#include "sessions/mikey_record.h"

#include "mikey_scene.h"

#include <string.h>

#define TEXT(text) ((octet_span){(const uint8_t *)(text), strlen(text)})

static const octet_span NOTHING = {NULL, 0};

/* It is parsed, and the octets are its own. */
static void test_message(void)
{
    GByteArray *message = mikey_octets("01 0f 05 01 11223344 00 01 | 0f 00 0000000000000000 | 0f 01 02 a1a2 | 0f 03 01 a3 | "
                                       "00 02 00");
    mikey_record *record = mikey_record_new(mikey_span(message), 9);
    memset(message->data, 0, message->len);
    g_assert_cmphex(record->message->header.csb_id, ==, 0x11223344);
    g_assert_cmpuint(record->frame, ==, 9);
    g_assert_cmpint(record->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
    const octet_span of_initiator = mikey_record_rand(record, MIKEY_RAND_I), of_kms = mikey_record_rand(record, MIKEY_RAND_KMS);
    g_assert_cmpmem(of_initiator.data, of_initiator.len, "\xa1\xa2", 2);
    g_assert_cmpmem(of_kms.data, of_kms.len, "\xa3", 1);
    g_assert_cmpuint(mikey_record_rand(record, MIKEY_RAND_R).len, ==, 0);
    g_assert_null(mikey_record_rand(record, 0).data);
    mikey_record_free(record);
    g_byte_array_free(message, TRUE);
    message = mikey_octets("01 00 0b 00 11223344 00 01 | 0f 02 b1b2 | 00 01 01 a1");
    record = mikey_record_new(mikey_span(message), 1);
    g_assert_cmpmem(mikey_record_rand(record, 0).data, mikey_record_rand(record, 0).len, "\xb1\xb2", 2);
    mikey_record_free(record);
    g_byte_array_free(message, TRUE);
}

static void test_no_octets(void)
{
    mikey_record *record = mikey_record_new(NOTHING, 1);
    g_assert_cmpuint(record->octets.len, ==, 0);
    g_assert_cmpuint(record->message->chain.count, ==, 0);
    mikey_record_free(record);
}

static void test_places(void)
{
    mikey_record *record = mikey_record_new(NOTHING, 1);
    const mikey_place places[] = {{1, -1}, {1, 0}, {2, 3}};
    g_array_append_vals(record->places, places, 3);
    g_assert_true(mikey_record_was_at(record, 1, -1));
    g_assert_true(mikey_record_was_at(record, 1, 0));
    g_assert_true(mikey_record_was_at(record, 2, 3));
    g_assert_false(mikey_record_was_at(record, 2, 0));
    g_assert_false(mikey_record_was_at(record, 3, 3));
    mikey_record_free(record);
}

/* Findings are made anew: steps that others hold stay alive. */
static void test_findings(void)
{
    mikey_record *record = mikey_record_new(TEXT("12345678"), 5);
    const mikey_payload payload = {.offset = 17};
    mikey_step *own = mikey_step_new("TGK", MIKEY_FROM_CLEAR, NULL, TEXT("own key"), NOTHING, NOTHING);
    mikey_step *shared = mikey_step_new("PSK", MIKEY_FROM_KEYLOG, NULL, TEXT("shared key"), NOTHING, NOTHING);
    static const char departure[] = "departs";
    for (int again = 0; again < 2; again++) {
        mikey_record_note_check(record, &payload, MIKEY_STATUS_FAILED, "reason");
        mikey_record_note_check(record, &payload, MIKEY_STATUS_VERIFIED, "reason");
        mikey_record_note_departure(record, departure);
        mikey_record_note_departure(record, departure);
        mikey_record_note_departure(record, NULL);
        g_assert_true(mikey_record_take_step(record, (mikey_step *)mikey_step_ref(own)) == own);
        mikey_record_list_step(record, shared);
        mikey_record_list_step(record, shared);
        record->message_inkey = mikey_step_ref(shared);
        record->status = MIKEY_STATUS_VERIFIED;
        record->used_minisip = true;
        const mikey_check *checks = (const mikey_check *)(void *)record->checks->data;
        g_assert_cmpuint(record->checks->len, ==, 2);
        g_assert_cmpuint(checks[0].offset, ==, 17);
        g_assert_cmpstr(checks[0].reason, ==, "reason");
        g_assert_null(checks[1].reason);
        g_assert_cmpuint(record->departures->len, ==, 1);
        g_assert_cmpuint(record->steps->len, ==, 2);
        g_assert_cmpuint(own->frame, ==, 5);
        g_assert_cmpuint(shared->frame, ==, 0);
        mikey_record_forget(record);
        g_assert_cmpuint(record->checks->len + record->departures->len + record->steps->len, ==, 0);
        g_assert_null(record->message_inkey);
        g_assert_false(record->used_minisip);
        g_assert_cmpint(record->status, ==, MIKEY_STATUS_NOT_CHECKABLE);
    }
    mikey_watch_cleansing();
    mikey_record_free(record);
    g_assert_false(mikey_was_cleansed(TEXT("own key")));
    mikey_step_unref(own);
    mikey_step_unref(shared);
    g_assert_true(mikey_was_cleansed(TEXT("own key")));
    g_assert_true(mikey_was_cleansed(TEXT("shared key")));
}

/* Keys may stand in the message itself, and in the plaintext of its KEMACs. */
static void test_cleansed(void)
{
    mikey_record *record = mikey_record_new(TEXT("a message with keys"), 1);
    mikey_opened opened = {.plain = (uint8_t *)g_strdup("a plaintext"), .plain_len = 11};
    mikey_tek tek = {.step = mikey_step_new("TEK", MIKEY_FROM_KEY, NULL, TEXT("a tek"), NOTHING, NOTHING)};
    opened.keys = mikey_parse_keys(opened.plain, opened.plain_len, MIKEY_KEY_DATA, MIKEY_KEYS_MESSAGE);
    g_array_append_val(record->opened, opened);
    g_array_append_val(record->teks, tek);
    mikey_watch_cleansing();
    mikey_record_forget(record);
    g_assert_true(mikey_was_cleansed(TEXT("a plaintext")));
    g_assert_true(mikey_was_cleansed(TEXT("a tek")));
    g_assert_false(mikey_was_cleansed(TEXT("a message with keys")));
    mikey_record_free(record);
    g_assert_true(mikey_was_cleansed(TEXT("a message with keys")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-record/message", test_message);
    g_test_add_func("/mikey-record/no-octets", test_no_octets);
    g_test_add_func("/mikey-record/places", test_places);
    g_test_add_func("/mikey-record/findings", test_findings);
    g_test_add_func("/mikey-record/cleansed", test_cleansed);
    return g_test_run();
}

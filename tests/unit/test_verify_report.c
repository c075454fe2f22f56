#include "reports/verify_report.h"

#include <glib.h>
#include <string.h>

static void test_texts(void)
{
    verify_report *report = verify_report_new();
    char name[] = "one@x";
    const char *text = verify_report_text(report, "%s, tag %u", name, 7u);
    memset(name, 'z', sizeof name - 1);
    g_assert_cmpstr(text, ==, "one@x, tag 7");
    g_assert_cmpint(report->case_data.window.from, ==, INT64_MIN);
    g_assert_cmpint(report->case_data.window.to, ==, INT64_MAX);
    verify_report_free(report);
    verify_report_free(NULL);
}

static void test_octets(void)
{
    static const struct {
        const char *octets;
        size_t len;
        const char *text;
    } CASES[] = {
        {"alice@x", 7, "alice@x"},
        {"J\xc3\xb8rgen", 7, "J\xc3\xb8rgen"},
        {"\xc3", 1, "0xc3"},             /* half a character */
        {"a\nb", 3, "0x610a62"},         /* not for printing */
        {"a\0b", 3, "0x610062"},
        {"\x00\x0f\xff", 3, "0x000fff"},
        {"", 0, ""},
    };
    verify_report *report = verify_report_new();
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
        g_assert_cmpstr(verify_report_octets(report, (const uint8_t *)CASES[i].octets, CASES[i].len), ==, CASES[i].text);
    verify_report_free(report);
}

static void test_events_stand_in_the_order_of_frames(void)
{
    verify_report *report = verify_report_new();
    verify_session *session = verify_report_add_session(report, "SDES");
    verify_session_note_event(session, "answer", 9);
    verify_session_note_event(session, "offer", 4);
    verify_session_note_event(session, "mikey_request", 4);
    verify_session_note_event(session, "offer", 0);
    verify_session_note_event(session, "offer", 4);
    verify_session_note_event(session, "offer", 12);
    verify_session_order_events(session);
    static const verify_event EXPECTED[] = {{"offer", 4}, {"mikey_request", 4}, {"answer", 9}, {"offer", 12}};
    g_assert_cmpuint(session->events->len, ==, G_N_ELEMENTS(EXPECTED));
    for (guint i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
        const verify_event *event = &g_array_index(session->events, verify_event, i);
        g_assert_cmpstr(event->event, ==, EXPECTED[i].event);
        g_assert_cmpuint(event->frame, ==, EXPECTED[i].frame);
    }
    verify_report_free(report);
}

static void test_identifiers_stand_once(void)
{
    verify_report *report = verify_report_new();
    verify_session *session = verify_report_add_session(report, "SDES");
    verify_session_identify(session, "call_id", "one@x");
    verify_session_identify(session, "to_tag", NULL);
    verify_session_identify(session, "to_tag", "b");
    verify_session_identify(session, "call_id", "one@x");
    verify_session_identify(session, "to_tag", "c");
    g_assert_cmpuint(session->identifiers->len, ==, 3);
    g_assert_cmpstr(g_array_index(session->identifiers, verify_identifier, 0).value, ==, "one@x");
    g_assert_cmpstr(g_array_index(session->identifiers, verify_identifier, 1).value, ==, "b");
    g_assert_cmpstr(g_array_index(session->identifiers, verify_identifier, 2).value, ==, "c");
    verify_report_free(report);
}

static void test_findings_add_up_in_the_order_of_codes(void)
{
    verify_report *report = verify_report_new();
    verify_session *session = verify_report_add_session(report, "SDES");
    verify_session_note(session, VERIFY_DEPARTURE, 3, "the tag is short");
    verify_session_note(session, VERIFY_WRONG_KEY, 5, NULL);
    verify_session_note(session, VERIFY_DEPARTURE, 1, "the MKI is absent");
    verify_session_note(session, VERIFY_DEPARTURE, 4, "the tag is short");
    verify_session_note(session, VERIFY_WRONG_KEY, 2, NULL);
    verify_session_note(session, VERIFY_ANSWER_MISSING, 0, NULL);
    static const verify_finding EXPECTED[] = {{VERIFY_ANSWER_MISSING, 0, NULL},
                                              {VERIFY_WRONG_KEY, 7, NULL},
                                              {VERIFY_DEPARTURE, 7, "the tag is short"},
                                              {VERIFY_DEPARTURE, 1, "the MKI is absent"}};
    g_assert_cmpuint(session->findings->len, ==, G_N_ELEMENTS(EXPECTED));
    for (guint i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
        const verify_finding *finding = &g_array_index(session->findings, verify_finding, i);
        g_assert_cmpint(finding->code, ==, EXPECTED[i].code);
        g_assert_cmpuint(finding->packets, ==, EXPECTED[i].packets);
        g_assert_cmpstr(finding->detail, ==, EXPECTED[i].detail);
    }
    verify_report_free(report);
}

/* Many details make a report that nobody reads; no packet is lost with them, and other codes are as before. */
static void test_findings_are_bounded(void)
{
    verify_report *report = verify_report_new();
    verify_session *session = verify_report_add_session(report, "SDES");
    for (guint i = 0; i < VERIFY_MAX_DETAILS + 1000; i++)
        verify_session_note(session, VERIFY_ROC_UNKNOWN, 2, verify_report_text(report, "the rollover counter is %u", i));
    verify_session_note(session, VERIFY_ROC_UNKNOWN, 5, "the rollover counter is 0");
    verify_session_note(session, VERIFY_WRONG_KEY, 1, "first");
    verify_session_note(session, VERIFY_REPLAYED, 1, "last");
    g_assert_cmpuint(session->findings->len, ==, VERIFY_MAX_DETAILS + 3);
    const verify_finding *findings = (const verify_finding *)(const void *)session->findings->data;
    g_assert_cmpint(findings[0].code, ==, VERIFY_WRONG_KEY);
    g_assert_cmpstr(findings[1].detail, ==, "the rollover counter is 0");
    g_assert_cmpuint(findings[1].packets, ==, 7);
    g_assert_cmpstr(findings[VERIFY_MAX_DETAILS + 1].detail, ==, "others");
    g_assert_cmpuint(findings[VERIFY_MAX_DETAILS + 1].packets, ==, 2 * 1000);
    g_assert_cmpstr(findings[VERIFY_MAX_DETAILS + 2].detail, ==, "last");
    verify_report_free(report);
}

static void test_steps_have_inputs_of_their_own(void)
{
    verify_report *report = verify_report_new();
    verify_session *session = verify_report_add_session(report, "MIKEY");
    verify_step *first = verify_session_add_step(session, "MIKEY PRF", "TEK");
    verify_step_add_input(first, &(verify_input){.name = "TGK", .length = 16, .fingerprint = "0123456789abcdef"});
    verify_step_add_input(first, &(verify_input){.name = "RAND", .length = 2, .value = "0102"});
    first->frame = 7;
    verify_step *second = verify_session_add_step(session, "AES-CM PRF (RFC 3711 4.3)", "encryption key");
    verify_step_add_input(second, &(verify_input){.name = "TEK", .length = 16});
    g_assert_cmpuint(session->derivation->len, ==, 2);
    first = &g_array_index(session->derivation, verify_step, 0);
    g_assert_cmpuint(first->frame, ==, 7);
    g_assert_cmpuint(first->inputs->len, ==, 2);
    g_assert_cmpstr(g_array_index(first->inputs, verify_input, 1).value, ==, "0102");
    second = &g_array_index(session->derivation, verify_step, 1);
    g_assert_cmpstr(second->output, ==, "encryption key");
    g_assert_cmpuint(second->inputs->len, ==, 1);
    verify_report_free(report);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verify-report/texts", test_texts);
    g_test_add_func("/verify-report/octets", test_octets);
    g_test_add_func("/verify-report/events", test_events_stand_in_the_order_of_frames);
    g_test_add_func("/verify-report/identifiers", test_identifiers_stand_once);
    g_test_add_func("/verify-report/findings", test_findings_add_up_in_the_order_of_codes);
    g_test_add_func("/verify-report/findings-bounded", test_findings_are_bounded);
    g_test_add_func("/verify-report/steps", test_steps_have_inputs_of_their_own);
    return g_test_run();
}

#include "reports/verify_text.h"

#include "reports/verify_build.h"

#include <glib.h>
#include <string.h>

/* Not the terminal's business: colours, a bell, a line of its own, text from right to left, and no UTF-8. */
#define HOSTILE "a\x1b[31mb\ac\r\nd\xe2\x80\xae" "e\xff"

static verify_report *new_report(void)
{
    verify_report *report = verify_report_new();
    report->plugin_version = report->wireshark_version = report->openssl_version = "1";
    return report;
}

static char *text_of(verify_report *report)
{
    verify_judge(report);
    char *text = g_string_free(verify_text_write(report), FALSE);
    verify_report_free(report);
    return text;
}

/* A session in which every text is the one given. */
static verify_report *report_of_texts(const char *text)
{
    static verify_stream stream = {.protocol = VERIFY_PDCP_SL};
    verify_report *report = new_report();
    report->case_data.liid = report->case_data.correlation = report->case_data.operator_name = text;
    verify_file file = {.name = text, .problem = text};
    g_array_append_val(report->captures, file);
    verify_preference preference = {.name = text, .value = text};
    g_array_append_val(report->preferences, preference);

    verify_session *session = verify_report_add_session(report, text);
    session->carrier = text;
    verify_party party = {.role = "offerer", .uri = text, .identity = text, .address = text};
    g_array_append_val(session->parties, party);
    verify_session_identify(session, "call_id", text);
    verify_session_note_event(session, text, 1);
    verify_key key = {.name = text, .suite = text, .origin = text, .detail = text};
    g_array_append_val(session->keys, key);
    verify_step *step = verify_session_add_step(session, text, text);
    step->parameters = text;
    verify_step_add_input(step, &(verify_input){.name = text, .value = text});
    verify_compared compared = {.match = VERIFY_DIFFERENT, .name = text, .delivered = text, .derived = text};
    g_array_append_val(session->comparison, compared);
    verify_session_note(session, VERIFY_DEPARTURE, 1, text);
    stream.stretches = g_ptr_array_new();
    g_ptr_array_add(session->streams, &stream);
    return report;
}

static void check_lines(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        long columns = 0;
        g_assert_false(g_str_has_suffix(*line, " "));
        for (const char *at = *line; *at; at = g_utf8_next_char(at)) {
            const gunichar character = g_utf8_get_char(at);
            g_assert_true(g_unichar_isprint(character));
            columns += g_unichar_iswide(character) ? 2 : 1;
        }
        g_assert_cmpint(columns, <=, VERIFY_TEXT_WIDTH);
    }
    g_strfreev(lines);
}

static void test_nothing_reaches_the_terminal(void)
{
    char *text = text_of(report_of_texts(HOSTILE)); /* NOLINT(misc-misleading-bidirectional): what it is for */
    check_lines(text);
    g_assert_nonnull(strstr(text, "a\\u001b[31mb\\u0007c\\u000d\\u000ad\\u202ee"));
    g_free(text);
}

/* Neither long words nor wide characters are cut or lost. */
static void test_long_texts(void)
{
    GString *wide = g_string_new("begin-");
    for (int i = 0; i < 200; i++)
        g_string_append(wide, "\xe6\x84\x9b");
    char *text = text_of(report_of_texts(wide->str));
    check_lines(text);
    gsize characters = 0;
    for (const char *at = strstr(text, "call_id"); at != strstr(text, "key   "); at = g_utf8_next_char(at))
        characters += g_utf8_get_char(at) == 0x611b;
    g_assert_cmpuint(characters, ==, 400); /* of call_id, and of the name of an event */
    g_free(text);
    g_string_free(wide, TRUE);
}

static void test_empty(void)
{
    char *text = text_of(new_report());
    check_lines(text);
    g_assert_true(g_str_has_suffix(text, "\nVerdict: no_traffic (sessions: 0 verified, 0 partial, 0 failed, 0 without traffic)\n"));
    g_free(text);
}

static void test_what_is_not_known(void)
{
    verify_report *report = new_report();
    report->case_data.window.to = INT64_C(1767323045000000000);
    verify_report_add_session(report, NULL);
    char *text = text_of(report);
    g_assert_nonnull(strstr(text, "Session 1: no_traffic (method not known)\n"));
    g_assert_nonnull(strstr(text, "from the beginning to 2026-01-02T03:04:05.000000000Z\n"));
    g_free(text);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verify_text/hostile", test_nothing_reaches_the_terminal);
    g_test_add_func("/verify_text/long", test_long_texts);
    g_test_add_func("/verify_text/empty", test_empty);
    g_test_add_func("/verify_text/not-known", test_what_is_not_known);
    return g_test_run();
}

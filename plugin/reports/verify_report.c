#include "reports/verify_report.h"

#include "keys/keyed_hash.h"

#include <string.h>

#define TEXTS_BLOCK 4096

static void clear_step(gpointer data)
{
    verify_step *step = data;
    g_array_free(step->inputs, TRUE);
}

static void free_session(gpointer data)
{
    verify_session *session = data;
    g_array_free(session->parties, TRUE);
    g_array_free(session->identifiers, TRUE);
    g_hash_table_destroy(session->identified);
    g_array_free(session->events, TRUE);
    g_array_free(session->keys, TRUE);
    g_array_free(session->derivation, TRUE);
    g_ptr_array_free(session->streams, TRUE);
    g_array_free(session->comparison, TRUE);
    g_array_free(session->findings, TRUE);
    g_free(session);
}

verify_report *verify_report_new(void)
{
    verify_report *report = g_new0(verify_report, 1);
    report->texts = g_string_chunk_new(TEXTS_BLOCK);
    report->case_data.window = (verify_window){.from = INT64_MIN, .to = INT64_MAX};
    report->captures = g_array_new(FALSE, TRUE, sizeof(verify_file));
    report->keylogs = g_array_new(FALSE, TRUE, sizeof(verify_file));
    report->preferences = g_array_new(FALSE, TRUE, sizeof(verify_preference));
    report->sessions = g_ptr_array_new_with_free_func(free_session);
    report->comparison = g_array_new(FALSE, TRUE, sizeof(verify_compared));
    report->findings = g_array_new(FALSE, TRUE, sizeof(verify_finding));
    return report;
}

void verify_report_free(verify_report *report)
{
    if (!report)
        return;
    g_ptr_array_free(report->sessions, TRUE);
    g_array_free(report->captures, TRUE);
    g_array_free(report->keylogs, TRUE);
    g_array_free(report->preferences, TRUE);
    g_array_free(report->comparison, TRUE);
    g_array_free(report->findings, TRUE);
    g_string_chunk_free(report->texts);
    g_free(report);
}

const char *verify_report_text(verify_report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    const char *kept = g_string_chunk_insert_const(report->texts, text);
    g_free(text);
    return kept;
}

static bool is_printable(const char *text, size_t len)
{
    if (!g_utf8_validate(text, (gssize)len, NULL))
        return false;
    for (const char *at = text; at < text + len; at = g_utf8_next_char(at))
        if (!g_unichar_isprint(g_utf8_get_char(at)))
            return false;
    return true;
}

const char *verify_report_octets(verify_report *report, const uint8_t *octets, size_t len)
{
    if (len == 0)
        return "";
    if (is_printable((const char *)octets, len))
        return verify_report_text(report, "%.*s", (int)len, (const char *)octets);
    GString *hex = g_string_sized_new(2 * len + 2);
    g_string_append(hex, "0x");
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(hex, "%02x", octets[i]);
    const char *kept = g_string_chunk_insert_const(report->texts, hex->str);
    g_string_free(hex, TRUE);
    return kept;
}

verify_session *verify_report_add_session(verify_report *report, const char *method)
{
    verify_session *session = g_new0(verify_session, 1);
    session->method = method;
    session->parties = g_array_new(FALSE, TRUE, sizeof(verify_party));
    session->identifiers = g_array_new(FALSE, TRUE, sizeof(verify_identifier));
    session->identified = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, NULL);
    session->events = g_array_new(FALSE, TRUE, sizeof(verify_event));
    session->keys = g_array_new(FALSE, TRUE, sizeof(verify_key));
    session->derivation = g_array_new(FALSE, TRUE, sizeof(verify_step));
    g_array_set_clear_func(session->derivation, clear_step);
    session->streams = g_ptr_array_new();
    session->comparison = g_array_new(FALSE, TRUE, sizeof(verify_compared));
    session->findings = g_array_new(FALSE, TRUE, sizeof(verify_finding));
    g_ptr_array_add(report->sessions, session);
    return session;
}

void verify_session_identify(verify_session *session, const char *name, const char *value)
{
    if (!value || !g_hash_table_add(session->identified, g_strconcat(name, " ", value, NULL)))
        return;
    verify_identifier identifier = {.name = name, .value = value};
    g_array_append_val(session->identifiers, identifier);
}

void verify_session_note_event(verify_session *session, const char *event, uint32_t frame)
{
    const verify_event noted = {.event = event, .frame = frame};
    if (frame)
        g_array_append_val(session->events, noted);
}

static gint by_frame(gconstpointer a, gconstpointer b)
{
    const verify_event *first = a, *second = b;
    return (first->frame > second->frame) - (first->frame < second->frame);
}

/* Whether it is among the events of its frame, which stand last; of one frame there are but a few. */
static bool is_noted(const verify_event *events, guint count, const verify_event *event)
{
    for (guint i = count; i-- > 0 && events[i].frame == event->frame;)
        if (strcmp(events[i].event, event->event) == 0)
            return true;
    return false;
}

void verify_session_order_events(verify_session *session)
{
    verify_event *events = &g_array_index(session->events, verify_event, 0);
    guint kept = 0;
    g_array_sort(session->events, by_frame); /* which leaves those of the same frame as they stand */
    for (guint i = 0; i < session->events->len; i++)
        if (!is_noted(events, kept, &events[i]))
            events[kept++] = events[i];
    g_array_set_size(session->events, kept);
}

verify_step *verify_session_add_step(verify_session *session, const char *function, const char *output)
{
    verify_step step = {.function = function, .output = output, .inputs = g_array_new(FALSE, TRUE, sizeof(verify_input))};
    g_array_append_val(session->derivation, step);
    return &g_array_index(session->derivation, verify_step, session->derivation->len - 1);
}

void verify_step_add_input(verify_step *step, const verify_input *input)
{
    g_array_append_vals(step->inputs, input, 1);
}

void verify_session_note(verify_session *session, verify_finding_code code, uint64_t packets, const char *detail)
{
    guint at = 0, alike = 0;
    for (; at < session->findings->len; at++) {
        verify_finding *known = &g_array_index(session->findings, verify_finding, at);
        if (known->code > code)
            break;
        alike += known->code == code;
        if (known->code == code && (alike > VERIFY_MAX_DETAILS || g_strcmp0(known->detail, detail) == 0)) {
            known->packets += packets;
            return;
        }
    }
    verify_finding finding = {.code = code, .packets = packets, .detail = alike == VERIFY_MAX_DETAILS ? "others" : detail};
    g_array_insert_val(session->findings, at, finding);
}

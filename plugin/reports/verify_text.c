#include "reports/verify_text.h"

#include "reports/verify_judge.h"
#include "reports/verify_words.h"

#include <inttypes.h>
#include <string.h>

#define LABEL_WIDTH 14     /* columns of what a line begins with, between an indent and a gap of two each */
#define HANGING 4          /* columns by which other lines are indented further where they go on */
#define UNDER_ROW 11       /* columns before what stands below a stream's row */
#define MAX_INPUT_SHOWN 64 /* characters of a public input */

/* --- lines ---------------------------------------------------------------------------------------------------------- */

static unsigned columns_of(gunichar character)
{
    return g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
}

/* Texts come from the capture and may be anything: control characters and those that turn the direction of writing become numbers. */
static char *printable(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    GString *shown = g_string_sized_new(strlen(valid));
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        const gunichar character = g_utf8_get_char(at);
        if (g_unichar_isprint(character))
            g_string_append_unichar(shown, character);
        else
            g_string_append_printf(shown, "\\u%04x", character);
    }
    g_free(valid);
    return g_string_free(shown, FALSE);
}

/* How much of `text` fits into `room` columns: to a space if there is one in the second half, else to the last character. */
static const char *fitting(const char *text, unsigned room)
{
    const char *space = NULL, *at = text;
    unsigned used = 0;
    for (; *at; at = g_utf8_next_char(at)) {
        if (*at == ' ' && used > room / 2)
            space = at;
        used += columns_of(g_utf8_get_char(at));
        if (used > room)
            return space ? space : at;
    }
    return at;
}

static void put_wrapped(GString *out, unsigned indent, unsigned hanging, const char *text)
{
    char *shown = printable(text);
    const char *at = shown;
    do {
        const char *end = fitting(at, VERIFY_TEXT_WIDTH - indent);
        g_string_append_printf(out, "%*s", (int)indent, "");
        g_string_append_len(out, at, end - at);
        while (out->str[out->len - 1] == ' ')
            g_string_truncate(out, out->len - 1);
        g_string_append_c(out, '\n');
        for (at = end; *at == ' ';)
            at++;
        indent += hanging;
        hanging = 0;
    } while (*at);
    g_free(shown);
}

static void put(GString *out, unsigned indent, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void put(GString *out, unsigned indent, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    put_wrapped(out, indent, HANGING, text);
    g_free(text);
}

static void put_labelled(GString *out, const char *label, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void put_labelled(GString *out, const char *label, const char *format, ...)
{
    va_list arguments;
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%-*s  ", LABEL_WIDTH, label);
    va_start(arguments, format);
    g_string_append_vprintf(line, format, arguments);
    va_end(arguments);
    put_wrapped(out, 2, LABEL_WIDTH + 2, line->str);
    g_string_free(line, TRUE);
}

/* A label and a value; without one, nothing. */
static void put_value(GString *out, const char *label, const char *value)
{
    if (value)
        put_labelled(out, label, "%s", value);
}

static void put_rule(GString *out, char with)
{
    for (unsigned i = 0; i < VERIFY_TEXT_WIDTH; i++)
        g_string_append_c(out, with);
    g_string_append_c(out, '\n');
}

/* Appends ", " and the text, or the text alone where there is nothing before it. */
static void append(GString *list, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void append(GString *list, const char *format, ...)
{
    va_list arguments;
    if (list->len)
        g_string_append(list, ", ");
    va_start(arguments, format);
    g_string_append_vprintf(list, format, arguments);
    va_end(arguments);
}

static void put_list(GString *out, const char *label, GString *list)
{
    put_value(out, label, list->len ? list->str : NULL);
    g_string_free(list, TRUE);
}

/* --- what it rests on ----------------------------------------------------------------------------------------------- */

static void put_case(GString *out, const verify_case *case_data)
{
    char from[VERIFY_TIME_LEN], to[VERIFY_TIME_LEN];
    const verify_window *window = &case_data->window;
    put_value(out, "LIID", case_data->liid);
    put_value(out, "Correlation", case_data->correlation);
    put_value(out, "Operator", case_data->operator_name);
    if (window->from == INT64_MIN && window->to == INT64_MAX)
        return;
    const char *begin = verify_time_text(window->from, from), *end = verify_time_text(window->to, to);
    put_labelled(out, "Window", "from %s to %s", begin ? begin : "the beginning", end ? end : "the end");
}

static void put_files(GString *out, const char *label, const GArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const verify_file *file = &g_array_index(files, verify_file, i);
        if (file->sha256)
            put_labelled(out, label, "%s, %" PRIu64 " octets, SHA-256 %s", file->name, file->size, file->sha256);
        else
            put_labelled(out, label, "%s: not read: %s", file->name, file->problem);
    }
}

static void put_source(GString *out, const verify_report *report)
{
    put_case(out, &report->case_data);
    put_files(out, "Capture", report->captures);
    put_files(out, "Key log", report->keylogs);
    for (guint i = 0; i < report->preferences->len; i++) {
        const verify_preference *preference = &g_array_index(report->preferences, verify_preference, i);
        put_labelled(out, "Preference", "%s: %s", preference->name, preference->value);
    }
    put_labelled(out, "Made with", "d2dsec %s, Wireshark %s, OpenSSL %s, %s", report->plugin_version,
        report->wireshark_version, report->openssl_version, report->two_passes ? "two passes" : "one pass");
}

/* --- one session: signalling ---------------------------------------------------------------------------------------- */

static void put_parties(GString *out, const GArray *parties)
{
    for (guint i = 0; i < parties->len; i++) {
        const verify_party *party = &g_array_index(parties, verify_party, i);
        GString *list = g_string_new(NULL);
        if (party->uri)
            append(list, "%s", party->uri);
        if (party->identity)
            append(list, "identity %s", party->identity);
        if (party->address)
            append(list, "address %s", party->address);
        put_list(out, party->role ? party->role : "party", list);
    }
}

static void put_identifiers(GString *out, const GArray *identifiers)
{
    for (guint i = 0; i < identifiers->len; i++) {
        const verify_identifier *identifier = &g_array_index(identifiers, verify_identifier, i);
        put_value(out, identifier->name, identifier->value);
    }
}

static void put_events(GString *out, const GArray *events)
{
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < events->len; i++) {
        const verify_event *event = &g_array_index(events, verify_event, i);
        append(list, "%s %u", event->event, event->frame);
    }
    put_list(out, "frames", list);
}

static void put_keys(GString *out, const GArray *keys)
{
    for (guint i = 0; i < keys->len; i++) {
        const verify_key *key = &g_array_index(keys, verify_key, i);
        GString *list = g_string_new(NULL);
        append(list, "%s %s", key->name, key->fingerprint ? key->fingerprint : "(not known)");
        if (key->suite)
            append(list, "%s", key->suite);
        if (key->origin)
            append(list, "%s", key->origin);
        if (key->detail)
            append(list, "%s", key->detail);
        if (key->frame)
            append(list, "frame %u", key->frame);
        append(list, "opened %" PRIu64 " packets", key->packets);
        put_list(out, "key", list);
    }
}

/* --- one session: derivation ---------------------------------------------------------------------------------------- */

static void append_input(GString *list, const verify_input *input)
{
    append(list, "%s", input->name);
    if (input->fingerprint)
        g_string_append_printf(list, " %s", input->fingerprint);
    else if (input->value && g_utf8_validate(input->value, -1, NULL) && g_utf8_strlen(input->value, -1) > MAX_INPUT_SHOWN)
        g_string_append_printf(list, " %.*s...", (int)(g_utf8_offset_to_pointer(input->value, MAX_INPUT_SHOWN) - input->value),
                               input->value);
    else if (input->value)
        g_string_append_printf(list, " %s", input->value);
    g_string_append_printf(list, " (%u)", input->length);
}

static void put_derivation(GString *out, const GArray *derivation)
{
    for (guint i = 0; i < derivation->len; i++) {
        const verify_step *step = &g_array_index(derivation, verify_step, i);
        GString *line = g_string_new(NULL), *inputs = g_string_new(NULL);
        g_string_append_printf(line, "%s", step->output);
        if (step->fingerprint)
            g_string_append_printf(line, " %s", step->fingerprint);
        if (step->output_length)
            g_string_append_printf(line, " (%u)", step->output_length);
        g_string_append_printf(line, " <- %s", step->function);
        if (step->parameters)
            g_string_append_printf(line, ", %s", step->parameters);
        for (guint j = 0; j < step->inputs->len; j++)
            append_input(inputs, &g_array_index(step->inputs, verify_input, j));
        if (inputs->len)
            g_string_append_printf(line, " of %s", inputs->str);
        if (step->frame)
            g_string_append_printf(line, "; frame %u", step->frame);
        g_string_free(inputs, TRUE);
        put_list(out, "derived", line);
    }
}

/* --- one session: streams ------------------------------------------------------------------------------------------- */

/* Each stream is a row of figures and, below it, what cannot stand in columns. */
static void put_stream_heading(GString *out)
{
    put(out, 2, "%-8s %-10s %9s %9s %9s %9s %9s %9s %9s  %s", "", "SSRC/LCID", "packets", "authentic", "decrypted", "clear", "failed",
        "missing", "replayed", "frames");
}

static void put_stream_row(GString *out, const verify_stream *stream)
{
    const verify_counts *counts = &stream->total;
    char name[sizeof "0x00000000"];
    g_snprintf(name, sizeof name, stream->protocol == VERIFY_PDCP_SL ? "%u" : "0x%08x",
               stream->protocol == VERIFY_PDCP_SL ? stream->link.lcid : stream->ssrc);
    put(out, 2, "%-8s %-10s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "  %u-%u",
        verify_protocol_name(stream->protocol), name, counts->packets, counts->authenticated, counts->decrypted, counts->unencrypted,
        verify_counts_failed(counts), verify_stream_missing(stream), counts->replayed, counts->first_frame, counts->last_frame);
}

static void append_count(GString *list, const char *name, uint64_t count)
{
    if (count)
        append(list, "%s %" PRIu64, name, count);
}

static void put_stream_rest(GString *out, const verify_stream *stream)
{
    const verify_counts *counts = &stream->total;
    GString *list = g_string_new(NULL);
    for (verify_failure failure = 0; failure < VERIFY_FAILURES; failure++)
        append_count(list, verify_failure_name(failure), counts->failed[failure]);
    append_count(list, "unauthenticated", counts->unauthenticated);
    append_count(list, "plausible", counts->plaintext_valid);
    append_count(list, "implausible", counts->plaintext_invalid);
    append_count(list, "duplicates", counts->duplicates);
    append_count(list, "keystream reuse", counts->keystream_reuse);
    append_count(list, "ROC recovered", counts->roc_recovered);
    append_count(list, "outside window", counts->outside_window);
    if (list->len)
        put(out, UNDER_ROW, "%s", list->str);
    g_string_free(list, TRUE);
}

static void put_stretch(GString *out, const verify_stream *stream, const verify_stretch *stretch)
{
    const verify_counts *counts = &stretch->counts;
    const char *key = verify_stretch_fingerprint(stretch);
    uint64_t first = 0, last = 0;
    GString *list = g_string_new(NULL);
    append(list, "%s%s: packets %" PRIu64, key ? "key " : "no key", key ? key : "", counts->packets);
    if (counts->has_index)
        append(list, "index %" PRIu64 " to %" PRIu64, counts->first_index, counts->last_index);
    if (verify_stretch_rocs(stream, stretch, &first, &last))
        append(list, "ROC %" PRIu64 " to %" PRIu64, first, last);
    put(out, UNDER_ROW, "%s", list->str);
    g_string_free(list, TRUE);
}

static void put_stream(GString *out, const verify_stream *stream)
{
    char source[VERIFY_END_LEN], destination[VERIFY_END_LEN], first[VERIFY_TIME_LEN], last[VERIFY_TIME_LEN];
    const char *from = verify_source_text(stream, source), *to = verify_destination_text(stream, destination);
    put_stream_row(out, stream);
    put(out, UNDER_ROW, "%s -> %s", from ? from : "?", to ? to : "?");
    if (stream->total.first_frame)
        put(out, UNDER_ROW, "%s to %s", verify_time_text(stream->total.first_time, first), verify_time_text(stream->total.last_time, last));
    put_stream_rest(out, stream);
    for (guint i = 0; i < stream->stretches->len; i++)
        put_stretch(out, stream, g_ptr_array_index(stream->stretches, i));
}

/* --- conclusions ---------------------------------------------------------------------------------------------------- */

static void put_comparison(GString *out, const GArray *comparison)
{
    for (guint i = 0; i < comparison->len; i++) {
        const verify_compared *compared = &g_array_index(comparison, verify_compared, i);
        GString *list = g_string_new(NULL);
        append(list, "%s: %s", verify_match_name(compared->match), compared->name);
        if (compared->line)
            append(list, "line %u", compared->line);
        if (compared->delivered)
            append(list, "delivered %s", compared->delivered);
        if (compared->derived)
            append(list, "derived %s", compared->derived);
        put_list(out, "compared", list);
    }
}

static void put_findings(GString *out, const GArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const verify_finding *finding = &g_array_index(findings, verify_finding, i);
        GString *line = g_string_new(verify_finding_name(finding->code));
        if (finding->packets)
            append(line, "packets %" PRIu64, finding->packets);
        if (finding->detail)
            append(line, "%s", finding->detail);
        put_value(out, verify_finding_is_reason(finding->code) ? "reason" : "remark", line->str);
        g_string_free(line, TRUE);
        put_wrapped(out, LABEL_WIDTH + 4, 0, verify_finding_text(finding->code));
    }
}

static void put_session(GString *out, guint id, const verify_session *session)
{
    put_rule(out, '-');
    put(out, 0, "Session %u: %s (%s%s%s)", id, verify_verdict_name(session->verdict), session->method ? session->method : "method not known",
        session->carrier ? ", " : "", session->carrier ? session->carrier : "");
    put_parties(out, session->parties);
    put_identifiers(out, session->identifiers);
    put_events(out, session->events);
    put_keys(out, session->keys);
    put_derivation(out, session->derivation);
    if (session->streams->len)
        put_stream_heading(out);
    for (guint i = 0; i < session->streams->len; i++)
        put_stream(out, g_ptr_array_index(session->streams, i));
    put_comparison(out, session->comparison);
    put_findings(out, session->findings);
}

static void put_whole(GString *out, const verify_report *report)
{
    guint count[VERIFY_FAILED + 1] = {0};
    for (guint i = 0; i < report->sessions->len; i++)
        count[((const verify_session *)g_ptr_array_index(report->sessions, i))->verdict]++;
    put_rule(out, '=');
    put_comparison(out, report->comparison);
    put_findings(out, report->findings);
    put(out, 0, "Verdict: %s (sessions: %u verified, %u partial, %u failed, %u without traffic)", verify_verdict_name(report->verdict),
        count[VERIFY_VERIFIED], count[VERIFY_PARTIAL], count[VERIFY_FAILED], count[VERIFY_NO_TRAFFIC]);
}

GString *verify_text_write(const verify_report *report)
{
    GString *out = g_string_new(NULL);
    put_rule(out, '=');
    put(out, 0, "D2D verification");
    put_source(out, report);
    for (guint i = 0; i < report->sessions->len; i++)
        put_session(out, i + 1, g_ptr_array_index(report->sessions, i));
    put_whole(out, report);
    return out;
}

#include "reports/verify_json.h"

#include "compat.h"
#include "reports/verify_judge.h"
#include "reports/verify_words.h"

#include <wsutil/json_dumper.h>

#include <inttypes.h>

/* --- values --------------------------------------------------------------------------------------------------------- */

static void put_null(json_dumper *json)
{
    json_dumper_value_anyf(json, "null");
}

static void put_text(json_dumper *json, const char *name, const char *text)
{
    json_dumper_set_member_name(json, name);
    if (!text) {
        put_null(json);
        return;
    }
    char *valid = g_utf8_make_valid(text, -1);
    json_dumper_value_string(json, valid);
    g_free(valid);
}

static void put_number(json_dumper *json, const char *name, uint64_t number)
{
    json_dumper_set_member_name(json, name);
    json_dumper_value_anyf(json, "%" PRIu64, number);
}

/* 0: not known. */
static void put_known(json_dumper *json, const char *name, uint64_t number)
{
    if (number)
        put_number(json, name, number);
    else
        put_text(json, name, NULL);
}

static void put_bool(json_dumper *json, const char *name, bool value)
{
    json_dumper_set_member_name(json, name);
    json_dumper_value_anyf(json, value ? "true" : "false");
}

static void put_time(json_dumper *json, const char *name, int64_t time)
{
    char text[VERIFY_TIME_LEN];
    put_text(json, name, verify_time_text(time, text));
}

static void begin_object(json_dumper *json, const char *name)
{
    json_dumper_set_member_name(json, name);
    json_dumper_begin_object(json);
}

typedef void (*put_members)(json_dumper *json, gconstpointer element);

/* An object of each element. */
static void put_array(json_dumper *json, const char *name, const GArray *array, put_members put)
{
    json_dumper_set_member_name(json, name);
    json_dumper_begin_array(json);
    for (guint i = 0; i < array->len; i++) {
        json_dumper_begin_object(json);
        put(json, array->data + (size_t)i * g_array_get_element_size((GArray *)array));
        json_dumper_end_object(json);
    }
    json_dumper_end_array(json);
}

static void put_range(json_dumper *json, const char *name, bool is_known, uint64_t first, uint64_t last)
{
    if (!is_known) {
        put_text(json, name, NULL);
        return;
    }
    begin_object(json, name);
    put_number(json, "first", first);
    put_number(json, "last", last);
    json_dumper_end_object(json);
}

/* --- what it rests on ----------------------------------------------------------------------------------------------- */

static void put_case(json_dumper *json, const verify_case *case_data)
{
    begin_object(json, "case");
    put_text(json, "liid", case_data->liid);
    put_text(json, "correlation", case_data->correlation);
    put_text(json, "operator", case_data->operator_name);
    begin_object(json, "window");
    put_time(json, "from", case_data->window.from);
    put_time(json, "to", case_data->window.to);
    json_dumper_end_object(json);
    json_dumper_end_object(json);
}

static void put_file(json_dumper *json, gconstpointer element)
{
    const verify_file *file = element;
    put_text(json, "name", file->name);
    if (file->sha256)
        put_number(json, "size", file->size);
    else
        put_text(json, "size", NULL);
    put_text(json, "sha256", file->sha256);
    put_text(json, "problem", file->problem);
}

static void put_preference(json_dumper *json, gconstpointer element)
{
    const verify_preference *preference = element;
    put_text(json, "name", preference->name);
    put_text(json, "value", preference->value);
}

static void put_source(json_dumper *json, const verify_report *report)
{
    begin_object(json, "source");
    begin_object(json, "tools");
    put_text(json, "d2dsec", report->plugin_version);
    put_text(json, "wireshark", report->wireshark_version);
    put_text(json, "openssl", report->openssl_version);
    json_dumper_end_object(json);
    put_bool(json, "two_passes", report->two_passes);
    put_array(json, "captures", report->captures, put_file);
    put_array(json, "keylogs", report->keylogs, put_file);
    put_array(json, "preferences", report->preferences, put_preference);
    json_dumper_end_object(json);
}

/* --- counts --------------------------------------------------------------------------------------------------------- */

static void put_failures(json_dumper *json, const verify_counts *counts)
{
    begin_object(json, "failed");
    put_number(json, "total", verify_counts_failed(counts));
    for (verify_failure failure = 0; failure < VERIFY_FAILURES; failure++)
        put_number(json, verify_failure_name(failure), counts->failed[failure]);
    json_dumper_end_object(json);
}

static void put_counts(json_dumper *json, const verify_counts *counts, uint64_t missing)
{
    put_number(json, "packets", counts->packets);
    put_number(json, "authenticated", counts->authenticated);
    put_number(json, "decrypted", counts->decrypted);
    put_number(json, "unauthenticated", counts->unauthenticated);
    put_number(json, "unencrypted", counts->unencrypted);
    put_failures(json, counts);
    put_number(json, "missing", missing);
    put_number(json, "replayed", counts->replayed);
    put_number(json, "duplicates", counts->duplicates);
    put_number(json, "keystream_reuse", counts->keystream_reuse);
    put_number(json, "roc_recovered", counts->roc_recovered);
    begin_object(json, "plaintext");
    put_number(json, "valid", counts->plaintext_valid);
    put_number(json, "invalid", counts->plaintext_invalid);
    json_dumper_end_object(json);
    put_number(json, "outside_window", counts->outside_window);
}

static void put_totals(json_dumper *json, const verify_report *report)
{
    uint64_t by_verdict[VERIFY_FAILED + 1] = {0}, missing = 0;
    verify_counts sum = {0};
    for (guint i = 0; i < report->sessions->len; i++) {
        const verify_session *session = g_ptr_array_index(report->sessions, i);
        by_verdict[session->verdict]++;
        for (guint j = 0; j < session->streams->len; j++) {
            const verify_stream *stream = g_ptr_array_index(session->streams, j);
            verify_counts_add(&sum, &stream->total);
            missing += verify_stream_missing(stream);
        }
    }
    begin_object(json, "totals");
    put_number(json, "sessions", report->sessions->len);
    begin_object(json, "by_verdict");
    put_number(json, "verified", by_verdict[VERIFY_VERIFIED]);
    put_number(json, "partial", by_verdict[VERIFY_PARTIAL]);
    put_number(json, "failed", by_verdict[VERIFY_FAILED]);
    put_number(json, "no_traffic", by_verdict[VERIFY_NO_TRAFFIC]);
    json_dumper_end_object(json);
    put_counts(json, &sum, missing);
    json_dumper_end_object(json);
}

/* --- streams -------------------------------------------------------------------------------------------------------- */

static void put_moment(json_dumper *json, const char *name, uint32_t frame, int64_t time)
{
    if (!frame) {
        put_text(json, name, NULL);
        return;
    }
    begin_object(json, name);
    put_number(json, "frame", frame);
    put_time(json, "time", time);
    json_dumper_end_object(json);
}

static void put_stretch(json_dumper *json, const verify_stream *stream, const verify_stretch *stretch)
{
    const verify_counts *counts = &stretch->counts;
    uint64_t first = 0, last = 0;
    json_dumper_begin_object(json);
    put_text(json, "key", verify_stretch_fingerprint(stretch));
    put_number(json, "packets", counts->packets);
    put_number(json, "authenticated", counts->authenticated);
    put_range(json, "index", counts->has_index, counts->first_index, counts->last_index);
    const bool has_rocs = verify_stretch_rocs(stream, stretch, &first, &last);
    put_range(json, "roc", has_rocs, first, last);
    put_number(json, "missing", verify_counts_missing(counts));
    json_dumper_end_object(json);
}

static void put_name(json_dumper *json, const verify_stream *stream)
{
    const bool is_sidelink = stream->protocol == VERIFY_PDCP_SL;
    char end[VERIFY_END_LEN], ssrc[sizeof "0x00000000"];
    g_snprintf(ssrc, sizeof ssrc, "0x%08x", stream->ssrc);
    put_text(json, "protocol", verify_protocol_name(stream->protocol));
    put_text(json, "source", verify_source_text(stream, end));
    put_text(json, "destination", verify_destination_text(stream, end));
    put_text(json, "ssrc", is_sidelink ? NULL : ssrc);
    if (is_sidelink) {
        put_known(json, "lcid", stream->link.lcid);
        put_number(json, "key_id", stream->key_id);
    } else {
        put_text(json, "lcid", NULL);
        put_text(json, "key_id", NULL);
    }
}

static void put_stream(json_dumper *json, const verify_stream *stream)
{
    json_dumper_begin_object(json);
    put_name(json, stream);
    put_counts(json, &stream->total, verify_stream_missing(stream));
    put_moment(json, "first", stream->total.first_frame, stream->total.first_time);
    put_moment(json, "last", stream->total.last_frame, stream->total.last_time);
    json_dumper_set_member_name(json, "stretches");
    json_dumper_begin_array(json);
    for (guint i = 0; i < stream->stretches->len; i++)
        put_stretch(json, stream, g_ptr_array_index(stream->stretches, i));
    json_dumper_end_array(json);
    json_dumper_end_object(json);
}

/* --- sessions ------------------------------------------------------------------------------------------------------- */

static void put_finding(json_dumper *json, gconstpointer element)
{
    const verify_finding *finding = element;
    put_text(json, "code", verify_finding_name(finding->code));
    put_text(json, "kind", verify_finding_is_reason(finding->code) ? "reason" : "remark");
    put_number(json, "packets", finding->packets);
    put_text(json, "detail", finding->detail);
    put_text(json, "text", verify_finding_text(finding->code));
}

static void put_party(json_dumper *json, gconstpointer element)
{
    const verify_party *party = element;
    put_text(json, "role", party->role);
    put_text(json, "uri", party->uri);
    put_text(json, "identity", party->identity);
    put_text(json, "address", party->address);
}

static void put_identifier(json_dumper *json, gconstpointer element)
{
    const verify_identifier *identifier = element;
    put_text(json, "name", identifier->name);
    put_text(json, "value", identifier->value);
}

static void put_event(json_dumper *json, gconstpointer element)
{
    const verify_event *event = element;
    put_text(json, "event", event->event);
    put_number(json, "frame", event->frame);
}

static void put_key(json_dumper *json, gconstpointer element)
{
    const verify_key *key = element;
    put_text(json, "name", key->name);
    put_text(json, "fingerprint", key->fingerprint);
    put_text(json, "suite", key->suite);
    put_text(json, "origin", key->origin);
    put_text(json, "detail", key->detail);
    put_known(json, "frame", key->frame);
    put_number(json, "packets", key->packets);
}

static void put_input(json_dumper *json, gconstpointer element)
{
    const verify_input *input = element;
    put_text(json, "name", input->name);
    put_number(json, "length", input->length);
    put_text(json, "value", input->value);
    put_text(json, "fingerprint", input->fingerprint);
}

static void put_step(json_dumper *json, gconstpointer element)
{
    const verify_step *step = element;
    put_text(json, "function", step->function);
    put_text(json, "parameters", step->parameters);
    put_array(json, "inputs", step->inputs, put_input);
    put_text(json, "output", step->output);
    put_known(json, "output_length", step->output_length);
    put_text(json, "fingerprint", step->fingerprint);
    put_known(json, "frame", step->frame);
}

static void put_compared(json_dumper *json, gconstpointer element)
{
    const verify_compared *compared = element;
    put_text(json, "match", verify_match_name(compared->match));
    put_text(json, "name", compared->name);
    put_known(json, "line", compared->line);
    put_text(json, "delivered", compared->delivered);
    put_text(json, "derived", compared->derived);
}

static void put_session(json_dumper *json, guint id, const verify_session *session)
{
    json_dumper_begin_object(json);
    put_number(json, "id", id);
    put_text(json, "verdict", verify_verdict_name(session->verdict));
    put_array(json, "findings", session->findings, put_finding);
    put_text(json, "method", session->method);
    put_text(json, "carrier", session->carrier);
    put_array(json, "parties", session->parties, put_party);
    put_array(json, "identifiers", session->identifiers, put_identifier);
    put_array(json, "events", session->events, put_event);
    put_array(json, "keys", session->keys, put_key);
    put_array(json, "derivation", session->derivation, put_step);
    json_dumper_set_member_name(json, "streams");
    json_dumper_begin_array(json);
    for (guint i = 0; i < session->streams->len; i++)
        put_stream(json, g_ptr_array_index(session->streams, i));
    json_dumper_end_array(json);
    put_array(json, "comparison", session->comparison, put_compared);
    json_dumper_end_object(json);
}

/* --- the whole ------------------------------------------------------------------------------------------------------ */

void verify_json_write(const verify_report *report, FILE *stream)
{
    json_dumper json = {.output_file = stream, .flags = JSON_DUMPER_FLAGS_PRETTY_PRINT};
    json_dumper_begin_object(&json);
    put_text(&json, "format", VERIFY_JSON_FORMAT);
    put_number(&json, "version", VERIFY_JSON_VERSION);
    put_text(&json, "verdict", verify_verdict_name(report->verdict));
    put_array(&json, "findings", report->findings, put_finding);
    put_case(&json, &report->case_data);
    put_source(&json, report);
    put_totals(&json, report);
    json_dumper_set_member_name(&json, "sessions");
    json_dumper_begin_array(&json);
    for (guint i = 0; i < report->sessions->len; i++)
        put_session(&json, i + 1, g_ptr_array_index(report->sessions, i));
    json_dumper_end_array(&json);
    put_array(&json, "comparison", report->comparison, put_compared);
    json_dumper_end_object(&json);
    json_dumper_finish(&json);
}

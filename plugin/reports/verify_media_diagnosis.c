/* What the keys of a session would have to be for the packets that fail. */
#include "reports/verify_media_parts.h"

#include "reports/verify_diagnosis.h"
#include "sessions/media_flow.h"

static void add_once(GPtrArray *keys, const session_key *key)
{
    if (key && keys->len < MEDIA_MAX_CANDIDATES && !g_ptr_array_find(keys, key, NULL))
        g_ptr_array_add(keys, (gpointer)key);
}

/* The newest first. */
static void add_list(GPtrArray *keys, const GPtrArray *list)
{
    for (guint i = list ? list->len : 0; i-- > 0 && keys->len < MEDIA_MAX_CANDIDATES;)
        add_once(keys, list->pdata[i]);
}

static void add_candidates(GPtrArray *keys, const verify_sources *sources, const verify_stream *stream)
{
    const flow_name name = {stream->source, stream->destination};
    media_flow *flow = media_flow_new(&name);
    media_flow_refresh(flow, flow->generation + 1, sources->keys, sources->signalling, MEDIA_MAX_CANDIDATES);
    for (guint i = 0; i < flow->candidates->len; i++)
        add_once(keys, flow->candidates->pdata[i]);
    media_flow_free(flow);
}

/* The likeliest first: what opened the stream before, what names it, what its session has; else what may be tried on any. */
static GPtrArray *keys_for(const verify_sources *sources, const media_subject *subject, const verify_stream *stream)
{
    GPtrArray *keys = g_ptr_array_new();
    for (guint i = stream->stretches->len; i-- > 0 && keys->len < MEDIA_MAX_CANDIDATES;)
        add_once(keys, ((const verify_stretch *)stream->stretches->pdata[i])->key);
    add_list(keys, session_keys_for_ssrc(sources->keys, stream->ssrc));
    add_candidates(keys, sources, stream);
    for (guint i = 0; i < subject->keys->len && keys->len < MEDIA_MAX_CANDIDATES; i++)
        add_once(keys, g_array_index(subject->keys, media_key, i).key);
    if (keys->len == 0)
        add_list(keys, session_keys_for_any(sources->keys));
    return keys;
}

static const char *detail_of(verify_report *report, const verify_diagnosis *diagnosis)
{
    switch (diagnosis->code) {
    case VERIFY_WRONG_SUITE:
        return verify_report_text(report, "the packets fit %s, the key was given for %s", diagnosis->suite->name,
                                  diagnosis->key->suite->name);
    case VERIFY_ROC_UNKNOWN:
        return verify_report_text(report, "the rollover counter is %u", diagnosis->roc);
    default:
        return NULL;
    }
}

void verify_media_add_diagnoses(verify_report *report, verify_session *session, const media_subject *subject,
                                const verify_sources *sources, uint64_t *credit)
{
    for (guint i = 0; i < subject->streams->len; i++) {
        const verify_stream *stream = subject->streams->pdata[i];
        const uint64_t mismatches = stream->total.failed[VERIFY_TAG_MISMATCH];
        verify_diagnosis diagnosis;
        if (!mismatches)
            continue;
        GPtrArray *keys = keys_for(sources, subject, stream);
        if (verify_diagnose(stream, keys, credit, &diagnosis))
            verify_session_note(session, diagnosis.code, mismatches, detail_of(report, &diagnosis));
        g_ptr_array_free(keys, TRUE);
    }
}

/* The conclusions of a verification report, drawn from counts and from what the makers of the sessions noted. */
#include "reports/verify_judge.h"

#include "reports/verify_build.h"
#include "reports/verify_words.h"

#include <string.h>

typedef enum { REMARK, REASON, FAILING /* a reason that fails a session whatever was opened */ } finding_weight;

static const struct {
    const char *name;
    finding_weight weight;
    const char *text;
} FINDINGS[VERIFY_FINDING_CODES] = {
    [VERIFY_ANSWER_MISSING] = {"answer_missing", REASON,
        "The answer that carries the key of one direction is not in the capture. Capture the signalling of the answering side as well, or "
        "add its key to a key log."},
    [VERIFY_OFFER_MISSING] = {"offer_missing", REASON,
        "The offer that carries the key of one direction is not in the capture. Begin the capture before the session does, or add its key to "
        "a key log."},
    [VERIFY_KEY_MISSING] = {"key_missing", REASON,
        "The packets are protected, and neither signalling nor a key log brings a key for them. Obtain the key, and add it to a key log."},
    [VERIFY_SECRET_MISSING] = {"secret_missing", REASON,
        "The MIKEY messages are there, and no secret that opens them. Add the pre-shared key, the private key, the ticket's key or a key "
        "further down to a key log."},
    [VERIFY_MAC_FAILED] = {"mac_failed", FAILING,
        "A MAC of the key management does not fit, so no key was taken from it. Check that the secret is that of these parties, and that the "
        "message was captured unchanged."},
    [VERIFY_WRONG_KEY] = {"wrong_key", REASON,
        "There is a key for these packets, and it does not open them. Check that it belongs to this call and direction, and whether the "
        "session was keyed anew by a message that is not in the capture."},
    [VERIFY_WRONG_SUITE] = {"wrong_suite", REASON,
        "The key opens these packets under another crypto suite than the one it came with. Correct the suite in the key log, or ask who "
        "delivered the key; if signalling names it, the sender departs from it."},
    [VERIFY_ROC_UNKNOWN] = {"roc_unknown", REASON,
        "The rollover counter of the stream is beyond what was searched. Begin the capture nearer to the start of the stream, or tell the "
        "counter in a key log (roc=)."},
    [VERIFY_UNSUPPORTED_SUITE] = {"unsupported_suite", REASON,
        "The crypto suite or algorithm cannot be deciphered here. For SNOW 3G and ZUC build the plugin with libipsec-mb; what no build "
        "supports has to be verified by other means."},
    [VERIFY_CAPTURE_TRUNCATED] = {"capture_truncated", REASON,
        "These packets were cut short, so their tags cannot be checked. Capture with a larger snapshot length."},
    [VERIFY_KEY_AFTER_TRAFFIC] = {"key_after_traffic", REASON,
        "These packets came before their key, and the capture was gone through once. Run again in two passes (tshark -2)."},
    [VERIFY_DAMAGED_PACKETS] = {"damaged_packets", REASON,
        "These packets fail their authentication in streams whose other packets pass it, so they were changed on the way, forged, or keyed "
        "anew for a while. Compare them with another capture point."},
    [VERIFY_NOT_AUTHENTICATED] = {"not_authenticated", REASON,
        "These packets were deciphered, and nothing shows that it is the right plaintext: they carry no tag, and their content cannot be "
        "judged. Look at the content."},
    [VERIFY_IMPLAUSIBLE_PLAINTEXT] = {"implausible_plaintext", REASON,
        "These packets were deciphered to something that their headers do not announce. Check the key and the preferences by which it is "
        "used."},
    [VERIFY_DELIVERED_KEY_DIFFERS] = {"delivered_key_differs", FAILING,
        "A delivered key is not the one that the signalling gives. Check that it was delivered for this session; ask who delivered it."},
    [VERIFY_CLEAR_TRAFFIC] = {"clear_traffic", REMARK,
        "These packets are in the clear although protection was agreed. Nothing of them is hidden, and they prove nothing about the key; find "
        "out which end sends them so."},
    [VERIFY_SEQUENCE_GAPS] = {"sequence_gaps", REMARK,
        "Packets of these sequence numbers are not in the capture: lost on the way, or not captured."},
    [VERIFY_REPLAYED] = {"replayed", REMARK,
        "These packets are in the capture more than once: duplicated on the way, captured at two points, or replayed."},
    [VERIFY_KEYSTREAM_REUSE] = {"keystream_reuse", REMARK,
        "The sender used an index again for other data, so parts of its plaintext can be had without the key. Tell its maker."},
    [VERIFY_ONE_DIRECTION] = {"one_direction", REMARK,
        "All traffic comes from one end, although both may send. Check that the other direction passes the capture point."},
    [VERIFY_OUTSIDE_WINDOW] = {"outside_window", REMARK,
        "These packets are outside the authorised time window. They are counted here and nowhere else."},
    [VERIFY_DEPARTURE] = {"departure", REMARK,
        "An end departs from a standard in the way that is named; the plugin follows it."},
    [VERIFY_FOUND_BY_SEARCH] = {"found_by_search", REMARK,
        "What the standards leave open was found by search, as is named. Set the preferences to it to have it tried first."},
    [VERIFY_KEY_BY_TRIAL] = {"key_by_trial", REMARK,
        "The signalling names neither address of a stream; the key was found by trial, and the tags prove it. Address translation explains "
        "that."},
    [VERIFY_KEYS_USED_FOR_KD] = {"keys_used_for_kd", REMARK,
        "The session has no media of its own: its keys made the KD of a direct communication, which is a session by itself."},
};

const char *verify_verdict_name(verify_verdict verdict)
{
    static const char *const NAMES[] = {
        [VERIFY_NO_TRAFFIC] = "no_traffic",
        [VERIFY_VERIFIED] = "verified",
        [VERIFY_PARTIAL] = "partial",
        [VERIFY_FAILED] = "failed",
    };
    return NAMES[verdict];
}

const char *verify_finding_name(verify_finding_code code)
{
    return FINDINGS[code].name;
}

const char *verify_finding_text(verify_finding_code code)
{
    return FINDINGS[code].text;
}

bool verify_finding_is_reason(verify_finding_code code)
{
    return FINDINGS[code].weight != REMARK;
}

/* --- one session --------------------------------------------------------------------------------------------------- */

/* Packets of a session by what follows from them. */
typedef uint64_t tally[VERIFY_FINDING_CODES];

static bool has_finding(const verify_session *session, verify_finding_code code)
{
    for (guint i = 0; i < session->findings->len; i++)
        if (g_array_index(session->findings, verify_finding, i).code == code)
            return true;
    return false;
}

static uint64_t opened(const verify_counts *counts)
{
    return counts->decrypted + counts->unencrypted;
}

/* Whether what comes out is mostly not what it should be, and no tag says that the key is right: then nothing was opened. */
static bool is_noise(const verify_counts *counts)
{
    return counts->authenticated == 0 && counts->plaintext_invalid > counts->plaintext_valid;
}

/* The frame that brought the key of a stretch; 0: none did. */
static uint32_t key_frame(const verify_stretch *stretch)
{
    if (stretch->key)
        return stretch->key->frame;
    if (stretch->context)
        return MAX(stretch->context->command_frame, stretch->context->source.frame);
    return 0;
}

/* Whether all that no key opened came before a key that opened packets of the same stream, and not among packets that another key
 * opened. */
static bool key_came_later(const verify_stream *stream)
{
    uint32_t first = 0, last = 0, key = 0;
    for (guint i = 0; i < stream->stretches->len; i++) {
        const verify_stretch *stretch = g_ptr_array_index(stream->stretches, i);
        key = MAX(key, key_frame(stretch));
        if (!stretch->key && !stretch->context) {
            first = first ? MIN(first, stretch->counts.first_frame) : stretch->counts.first_frame;
            last = MAX(last, stretch->counts.last_frame);
        }
    }
    for (guint i = 0; i < stream->stretches->len; i++) {
        const verify_stretch *stretch = g_ptr_array_index(stream->stretches, i);
        if ((stretch->key || stretch->context) && stretch->counts.first_frame < first && first < stretch->counts.last_frame)
            return false;
    }
    return last && last < key;
}

/* Two failures in a row at the end of a stream are a key that no longer fits; a single one is a damaged packet. */
static bool fails_to_the_end(const verify_stream *stream)
{
    return stream->failing_since && stream->samples[VERIFY_SAMPLES - 1].len > 0;
}

/* Packets that failed stand where indices are missing: they were sent, and are judged by themselves. */
static uint64_t gaps(const verify_stream *stream)
{
    const uint64_t missing = verify_stream_missing(stream), failed = verify_counts_failed(&stream->total);
    return missing > failed ? missing - failed : 0;
}

/* Whether tags or MAC-Is of other packets, SRTCP or PC5 signalling, show that what opened the stretch is the right key. */
static bool is_proven(const verify_session *session, const verify_stretch *stretch)
{
    for (guint i = 0; i < session->streams->len; i++) {
        const verify_stream *stream = g_ptr_array_index(session->streams, i);
        for (guint j = 0; j < stream->stretches->len; j++) {
            const verify_stretch *other = g_ptr_array_index(stream->stretches, j);
            if (other->key == stretch->key && other->context == stretch->context && other->counts.authenticated)
                return true;
        }
    }
    return false;
}

/* What nothing vouches for: no tag of its own or of others under its key, and not even that it makes sense. */
static uint64_t unvouched(const verify_session *session, const verify_stream *stream)
{
    uint64_t packets = 0;
    for (guint i = 0; i < stream->stretches->len; i++) {
        const verify_stretch *stretch = g_ptr_array_index(stream->stretches, i);
        const uint64_t judged = stretch->counts.plaintext_valid + stretch->counts.plaintext_invalid;
        if (stretch->counts.unauthenticated > judged && !is_proven(session, stretch))
            packets += stretch->counts.unauthenticated - judged;
    }
    return packets;
}

static void add_stream(tally packets, const verify_session *session, const verify_stream *stream, bool two_passes)
{
    const verify_counts *counts = &stream->total;
    const uint64_t mismatches = counts->failed[VERIFY_TAG_MISMATCH], keyless = counts->failed[VERIFY_NO_KEY];
    if (!two_passes && key_came_later(stream)) {
        packets[VERIFY_KEY_AFTER_TRAFFIC] += mismatches + keyless;
    } else {
        const bool fits_others = opened(counts) && !fails_to_the_end(stream);
        packets[fits_others ? VERIFY_DAMAGED_PACKETS : VERIFY_WRONG_KEY] += mismatches;
        packets[VERIFY_KEY_MISSING] += keyless;
    }
    packets[VERIFY_CAPTURE_TRUNCATED] += counts->failed[VERIFY_TRUNCATED];
    packets[VERIFY_UNSUPPORTED_SUITE] += counts->failed[VERIFY_UNSUPPORTED];
    packets[VERIFY_CLEAR_TRAFFIC] += counts->failed[VERIFY_IN_CLEAR];
    packets[VERIFY_NOT_AUTHENTICATED] += unvouched(session, stream);
    /* A right tag says more of the key than odd content does. */
    packets[VERIFY_IMPLAUSIBLE_PLAINTEXT] += MIN(counts->plaintext_invalid, counts->unauthenticated);
    packets[VERIFY_SEQUENCE_GAPS] += gaps(stream);
    packets[VERIFY_REPLAYED] += counts->replayed;
    packets[VERIFY_KEYSTREAM_REUSE] += counts->keystream_reuse;
    packets[VERIFY_OUTSIDE_WINDOW] += counts->outside_window;
    if (counts->notes & MEDIA_NOTE_KEY_BY_TRIAL)
        packets[VERIFY_KEY_BY_TRIAL] += opened(counts);
}

/* Whoever made the session may have found the cause already; what merely follows from it is no finding of its own. */
static bool is_explained(const verify_session *session, verify_finding_code code)
{
    switch (code) {
    case VERIFY_WRONG_KEY:
        return has_finding(session, VERIFY_WRONG_KEY) || has_finding(session, VERIFY_WRONG_SUITE) ||
               has_finding(session, VERIFY_ROC_UNKNOWN);
    case VERIFY_KEY_MISSING:
        return has_finding(session, VERIFY_ANSWER_MISSING) || has_finding(session, VERIFY_OFFER_MISSING) ||
               has_finding(session, VERIFY_SECRET_MISSING) || has_finding(session, VERIFY_MAC_FAILED) ||
               has_finding(session, VERIFY_KEY_MISSING);
    default:
        return has_finding(session, code);
    }
}

/* Two UEs are known, and all PDUs come from one. Of media, verify_media tells: it knows which directions have keys. */
static bool is_one_sided_link(const verify_session *session)
{
    const verify_stream *first = NULL;
    for (guint i = 0; i < session->streams->len; i++) {
        const verify_stream *stream = g_ptr_array_index(session->streams, i);
        if (stream->protocol != VERIFY_PDCP_SL || stream->link.cast == SL_ONE_TO_MANY)
            return false;
        if (!stream->total.packets)
            continue;
        if (first && first->link.source != stream->link.source)
            return false;
        first = stream;
    }
    return first && session->parties->len >= 2;
}

static bool has_failing(const verify_session *session)
{
    for (guint i = 0; i < session->findings->len; i++)
        if (FINDINGS[g_array_index(session->findings, verify_finding, i).code].weight == FAILING)
            return true;
    return false;
}

static bool has_reason(const verify_session *session)
{
    for (guint i = 0; i < session->findings->len; i++)
        if (verify_finding_is_reason(g_array_index(session->findings, verify_finding, i).code))
            return true;
    return false;
}

static verify_verdict conclude(const verify_session *session, uint64_t packets, uint64_t opened_packets)
{
    if (packets == 0)
        return VERIFY_NO_TRAFFIC;
    if (!has_reason(session))
        return VERIFY_VERIFIED;
    return opened_packets == 0 || has_failing(session) ? VERIFY_FAILED : VERIFY_PARTIAL;
}

static void judge_session(verify_session *session, bool two_passes)
{
    tally packets = {0};
    uint64_t all = 0, open = 0;
    for (guint i = 0; i < session->streams->len; i++) {
        const verify_stream *stream = g_ptr_array_index(session->streams, i);
        add_stream(packets, session, stream, two_passes);
        all += stream->total.packets;
        open += is_noise(&stream->total) ? 0 : opened(&stream->total);
    }
    for (verify_finding_code code = 0; code < VERIFY_FINDING_CODES; code++)
        if (packets[code] && !is_explained(session, code))
            verify_session_note(session, code, packets[code], NULL);
    const bool is_compared = has_finding(session, VERIFY_DELIVERED_KEY_DIFFERS);
    for (guint i = 0; !is_compared && i < session->comparison->len; i++) {
        const verify_compared *compared = &g_array_index(session->comparison, verify_compared, i);
        if (compared->match == VERIFY_DIFFERENT)
            verify_session_note(session, VERIFY_DELIVERED_KEY_DIFFERS, 0, compared->name);
    }
    if (is_one_sided_link(session))
        verify_session_note(session, VERIFY_ONE_DIRECTION, 0, NULL);
    session->verdict = conclude(session, all, open);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static verify_verdict conclude_whole(const verify_report *report)
{
    guint count[VERIFY_FAILED + 1] = {0};
    for (guint i = 0; i < report->sessions->len; i++)
        count[((const verify_session *)g_ptr_array_index(report->sessions, i))->verdict]++;
    const guint with_traffic = report->sessions->len - count[VERIFY_NO_TRAFFIC];
    if (with_traffic == 0)
        return VERIFY_NO_TRAFFIC;
    if (count[VERIFY_VERIFIED] == with_traffic)
        return VERIFY_VERIFIED;
    return count[VERIFY_FAILED] == with_traffic ? VERIFY_FAILED : VERIFY_PARTIAL;
}

/* Each code once, with the packets of all sessions and how many sessions there are with it. */
static void sum_up(verify_report *report)
{
    for (verify_finding_code code = 0; code < VERIFY_FINDING_CODES; code++) {
        verify_finding sum = {.code = code};
        guint sessions = 0;
        for (guint i = 0; i < report->sessions->len; i++) {
            const verify_session *session = g_ptr_array_index(report->sessions, i);
            if (!has_finding(session, code))
                continue;
            sessions++;
            for (guint j = 0; j < session->findings->len; j++) {
                const verify_finding *finding = &g_array_index(session->findings, verify_finding, j);
                if (finding->code == code)
                    sum.packets += finding->packets;
            }
        }
        if (!sessions)
            continue;
        sum.detail = verify_report_text(report, sessions == 1 ? "in %u session" : "in %u sessions", sessions);
        g_array_append_val(report->findings, sum);
    }
}

void verify_judge(verify_report *report)
{
    for (guint i = 0; i < report->sessions->len; i++)
        judge_session(g_ptr_array_index(report->sessions, i), report->two_passes);
    sum_up(report);
    report->verdict = conclude_whole(report);
}

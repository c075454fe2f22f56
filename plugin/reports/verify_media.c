#include "reports/verify_diagnosis.h"
#include "reports/verify_media_parts.h"

#include <string.h>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

/* --- who ----------------------------------------------------------------------------------------------------------- */

static const char *host_text(verify_report *report, const transport_address *address)
{
    char text[INET6_ADDRSTRLEN];
    if (!address->ip_len || !inet_ntop(address->ip_len == 4 ? AF_INET : AF_INET6, address->ip, text, sizeof text))
        return NULL;
    return verify_report_text(report, "%s", text);
}

/* Who has sent nothing is on the other side of those who have. */
static const char *role_of(const dialog_record *record, const dialog_end *end)
{
    sdp_role role = end->role;
    for (guint i = 0; i < record->ends->len && role == SDP_ROLE_UNPAIRED; i++) {
        const sdp_role other = ((const dialog_end *)record->ends->pdata[i])->role;
        if (other != SDP_ROLE_UNPAIRED)
            role = other == SDP_ROLE_OFFER ? SDP_ROLE_ANSWER : SDP_ROLE_OFFER;
    }
    return role == SDP_ROLE_OFFER ? "offerer" : role == SDP_ROLE_ANSWER ? "answerer" : NULL;
}

static void add_ends(verify_report *report, verify_session *session, const dialog_record *record)
{
    for (guint i = 0; i < record->ends->len; i++) {
        const dialog_end *end = record->ends->pdata[i];
        const verify_party party = {.role = role_of(record, end),
                                    .uri = end->uri ? verify_report_text(report, "%s", end->uri) : NULL,
                                    .address = host_text(report, &end->address)};
        g_array_append_val(session->parties, party);
    }
}

static void add_rtsp_ends(verify_report *report, verify_session *session, const rtsp_record *rtsp)
{
    static const char *const roles[] = {[RTSP_SERVER] = "server", [RTSP_CLIENT] = "client"};
    for (int side = RTSP_SERVER; side <= RTSP_CLIENT; side++) {
        const verify_party party = {.role = roles[side], .address = host_text(report, &rtsp->ends[side])};
        g_array_append_val(session->parties, party);
    }
}

/* --- by which names, in which frames ------------------------------------------------------------------------------- */

static void identify_text(verify_report *report, verify_session *session, const char *name, const char *value)
{
    if (value && *value)
        verify_session_identify(session, name, verify_report_octets(report, (const uint8_t *)value, strlen(value)));
}

static void identify_dialog(verify_report *report, verify_session *session, const dialog_record *record)
{
    identify_text(report, session, "call_id", record->call_id);
    for (guint i = 0; i < record->ends->len; i++)
        identify_text(report, session, i ? "to_tag" : "from_tag", ((const dialog_end *)record->ends->pdata[i])->tag);
    for (guint i = 0; i < record->cseqs->len; i++)
        identify_text(report, session, "cseq", record->cseqs->pdata[i]);
    for (guint i = 0; i < record->ends->len; i++)
        identify_text(report, session, "sdp_session", ((const dialog_end *)record->ends->pdata[i])->sdp_session);
}

static void note_bodies(verify_session *session, const dialog_record *record)
{
    static const char *const events[] = {
        [SDP_ROLE_UNPAIRED] = "description", [SDP_ROLE_OFFER] = "offer", [SDP_ROLE_ANSWER] = "answer"};
    for (guint i = 0; i < record->bodies->len; i++) {
        const dialog_body *body = &g_array_index(record->bodies, dialog_body, i);
        verify_session_note_event(session, events[body->role], body->frame);
    }
}

static void add_rtsp(verify_report *report, verify_session *session, const rtsp_record *rtsp)
{
    add_rtsp_ends(report, session, rtsp);
    for (guint i = 0; i < rtsp->session_ids->len; i++)
        identify_text(report, session, "rtsp_session", rtsp->session_ids->pdata[i]);
    for (guint i = 0; i < rtsp->setups->len; i++)
        verify_session_note_event(session, "setup", g_array_index(rtsp->setups, uint32_t, i));
}

static void add_signalling(verify_report *report, verify_session *session, const media_subject *subject)
{
    for (guint i = 0; i < subject->dialogs->len; i++) {
        const dialog_record *record = subject->dialogs->pdata[i];
        if (!session->carrier)
            session->carrier = record->carrier;
        if (!subject->rtsp)
            add_ends(report, session, record);
        identify_dialog(report, session, record);
        note_bodies(session, record);
    }
    if (subject->rtsp) {
        session->carrier = "RTSP";
        add_rtsp(report, session, subject->rtsp);
    }
    for (guint i = 0; i < subject->messages->len && !session->carrier; i++)
        session->carrier = ((const mikey_record *)subject->messages->pdata[i])->carrier;
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

/* How keys of this origin are agreed on. */
static const char *method_of_key(key_origin origin)
{
    switch (origin) {
    case KEY_ORIGIN_KEYLOG:
        return "key log";
    case KEY_ORIGIN_MIKEY:
        return "MIKEY";
    case KEY_ORIGIN_MIKEY_TICKET:
        return "MIKEY-TICKET";
    case KEY_ORIGIN_KD:
        return "KD";
    default:
        return "SDES";
    }
}

/* The method whose keys opened most; where none did, the first at hand. */
static const char *method_of(const media_subject *subject)
{
    const char *method = NULL;
    uint64_t most = 0, opened[KEY_ORIGIN_KD + 1] = {0};
    for (guint i = 0; i < subject->keys->len; i++) {
        const media_key *key = &g_array_index(subject->keys, media_key, i);
        opened[key->origin] += media_key_packets(key);
    }
    for (guint i = 0; i < subject->keys->len; i++) {
        const char *candidate = method_of_key(g_array_index(subject->keys, media_key, i).origin);
        uint64_t packets = 0;
        for (size_t origin = 0; origin < G_N_ELEMENTS(opened); origin++)
            packets += method_of_key((key_origin)origin) == candidate ? opened[origin] : 0;
        if (!method || packets > most) {
            method = candidate;
            most = packets;
        }
    }
    if (!method && subject->messages->len)
        method = mikey_is_ticket_type(((const mikey_record *)subject->messages->pdata[0])->message->header.data_type)
                     ? method_of_key(KEY_ORIGIN_MIKEY_TICKET)
                     : method_of_key(KEY_ORIGIN_MIKEY);
    for (guint d = 0; d < subject->dialogs->len && !method; d++) {
        const GArray *bodies = ((const dialog_record *)subject->dialogs->pdata[d])->bodies;
        for (guint i = 0; i < bodies->len && !method; i++)
            if (g_array_index(bodies, dialog_body, i).has_crypto)
                method = method_of_key(KEY_ORIGIN_SDES);
    }
    return method;
}

static const char *detail_of(verify_report *report, const media_key *key)
{
    char line[KEYLOG_LINE_LEN];
    switch (key->origin) {
    case KEY_ORIGIN_KEYLOG:
        return key->detail ? verify_report_text(report, "%s", keylog_line_text(key->detail, line)) : "preferences";
    case KEY_ORIGIN_KD:
        return key->detail ? verify_report_text(report, "key log %s", keylog_line_text(key->detail, line)) : NULL;
    case KEY_ORIGIN_MIKEY:
    case KEY_ORIGIN_MIKEY_TICKET:
        return verify_report_text(report, "CS %u", key->detail);
    default:
        return verify_report_text(report, "tag %u", key->detail);
    }
}

static void add_keys(verify_report *report, verify_session *session, const media_subject *subject)
{
    for (guint i = 0; i < subject->keys->len; i++) {
        const media_key *key = &g_array_index(subject->keys, media_key, i);
        const char *origin = key->origin == KEY_ORIGIN_SDES_OFFER    ? "SDES offer"
                             : key->origin == KEY_ORIGIN_SDES_ANSWER ? "SDES answer"
                                                                     : method_of_key(key->origin);
        const verify_key told = {.name = "SRTP master key",
                                 .fingerprint = verify_report_text(report, "%s", key->key->fingerprint),
                                 .suite = verify_report_text(report, "%s", key->key->suite->name),
                                 .origin = origin,
                                 .detail = detail_of(report, key),
                                 .frame = key->frame,
                                 .packets = media_key_packets(key)};
        g_array_append_val(session->keys, told);
        if (key->origin == KEY_ORIGIN_KEYLOG && key->detail)
            verify_session_identify(session, key->detail & KEYLOG_LINE_DERIVED ? "derived_keylog_line" : "keylog_line",
                                    verify_report_text(report, "%u", key->detail & ~KEYLOG_LINE_DERIVED));
    }
}

/* --- findings ------------------------------------------------------------------------------------------------------ */

/* A body in a response that nothing answers is the answer to an offer before the capture, or an offer (RFC 3261 section 13.2.1) whose
 * answer is missing: either way what the other side said first is what one looks for. */
static void note_missing_bodies(verify_session *session, const dialog_record *record)
{
    bool offered = false, answered = false, alone = false;
    for (guint i = 0; i < record->bodies->len; i++) {
        const dialog_body *body = &g_array_index(record->bodies, dialog_body, i);
        const bool has_keys = body->has_crypto || body->has_key_mgmt;
        answered |= body->role == SDP_ROLE_ANSWER;
        offered |= has_keys && body->role == SDP_ROLE_OFFER && !body->in_response;
        alone |= has_keys && (body->role == SDP_ROLE_UNPAIRED || body->in_response);
    }
    if (answered)
        return;
    if (offered)
        verify_session_note(session, VERIFY_ANSWER_MISSING, 0, NULL);
    else if (alone)
        verify_session_note(session, VERIFY_OFFER_MISSING, 0, NULL);
}

static void note_departures(verify_session *session, const media_subject *subject)
{
    static const unsigned DEPARTURES = MEDIA_NOTE_KDF_AES192_AS_256 | MEDIA_NOTE_SRTCP_TAG_LENGTH | MEDIA_NOTE_MKI_ABSENT |
                                       MEDIA_NOTE_NO_TAG | MEDIA_NOTE_EXTENSION_PADDING | MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME;
    for (guint d = 0; d < subject->dialogs->len; d++) {
        const GArray *bodies = ((const dialog_record *)subject->dialogs->pdata[d])->bodies;
        for (guint i = 0; i < bodies->len; i++)
            for (uint32_t bits = g_array_index(bodies, dialog_body, i).problems; bits; bits &= bits - 1)
                verify_session_note(session, VERIFY_DEPARTURE, 0, answer_problem_text(bits));
    }
    for (guint i = 0; i < subject->keys->len; i++) {
        const media_key *key = &g_array_index(subject->keys, media_key, i);
        unsigned notes = key->notes & DEPARTURES;
        if (key->origin == KEY_ORIGIN_MIKEY || key->origin == KEY_ORIGIN_MIKEY_TICKET)
            notes &= ~(unsigned)MEDIA_NOTE_MKI_ABSENT; /* RFC 3830 leaves open whether an SPI stands in packets as MKI */
        for (; notes; notes &= notes - 1)
            verify_session_note(session, VERIFY_DEPARTURE, 0, media_note_text(notes));
        for (size_t k = 0; k < G_N_ELEMENTS(key->key->departures) && media_key_packets(key); k++)
            if (key->key->departures[k])
                verify_session_note(session, VERIFY_DEPARTURE, 0, key->key->departures[k]);
    }
}

/* Both ends may be on one host, as in a test bed: there the ports tell. */
static bool is_reverse(const verify_stream *a, const verify_stream *b)
{
    return transport_address_same_host(&a->source, &b->destination) && transport_address_same_host(&a->destination, &b->source) &&
           (!transport_address_same_host(&a->source, &a->destination) || a->source.port == b->destination.port);
}

static bool has_keys_of_both(const media_subject *subject)
{
    bool offer = false, answer = false;
    for (guint i = 0; i < subject->keys->len; i++) {
        const key_origin origin = g_array_index(subject->keys, media_key, i).origin;
        const bool is_sdes = origin == KEY_ORIGIN_SDES_OFFER || origin == KEY_ORIGIN_SDES_ANSWER || origin == KEY_ORIGIN_SDES;
        offer |= !is_sdes || origin == KEY_ORIGIN_SDES_OFFER;
        answer |= !is_sdes || origin == KEY_ORIGIN_SDES_ANSWER;
    }
    return offer && answer;
}

/* In a call. A server of RTSP sends, and that is all. */
static void note_one_direction(verify_session *session, const media_subject *subject)
{
    const verify_stream *first = NULL;
    if (subject->rtsp || !(subject->dialogs->len || subject->messages->len) || !has_keys_of_both(subject))
        return;
    for (guint i = 0; i < subject->streams->len; i++) {
        const verify_stream *stream = subject->streams->pdata[i];
        if (stream->protocol != VERIFY_SRTP)
            continue;
        first = first ? first : stream;
        if (is_reverse(first, stream))
            return;
    }
    if (first)
        verify_session_note(session, VERIFY_ONE_DIRECTION, 0, NULL);
}

/* Whether there is a stream for which not even a wrong key is at hand. */
static bool is_unexplained(const media_subject *subject)
{
    bool untried = false;
    for (guint i = 0; i < subject->streams->len && !untried; i++)
        untried = !((const verify_stream *)subject->streams->pdata[i])->total.failed[VERIFY_TAG_MISMATCH];
    return untried && !subject->keys->len && !subject->messages->len && !subject->is_protected;
}

static void note_findings(verify_session *session, const media_subject *subject)
{
    const bool needs_more = !subject->streams->len || media_subject_has_unopened(subject);
    for (guint d = 0; d < subject->dialogs->len && needs_more && !subject->rtsp; d++)
        note_missing_bodies(session, subject->dialogs->pdata[d]);
    if (is_unexplained(subject))
        verify_session_note(session, VERIFY_KEY_MISSING, 0, NULL);
    note_departures(session, subject);
    note_one_direction(session, subject);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

void verify_media_add_sessions(verify_report *report, const verify_sources *sources)
{
    GPtrArray *subjects = media_subjects_new(sources);
    uint64_t credit = VERIFY_TRIALS_PER_REPORT;
    for (guint i = 0; i < subjects->len; i++) {
        const media_subject *subject = subjects->pdata[i];
        verify_session *session = verify_report_add_session(report, method_of(subject));
        add_signalling(report, session, subject);
        add_keys(report, session, subject);
        verify_media_add_derivation(report, session, subject);
        verify_media_add_mikey(report, session, subject);
        verify_session_order_events(session);
        note_findings(session, subject);
        verify_media_add_diagnoses(report, session, subject, sources, &credit);
        for (guint s = 0; s < subject->streams->len; s++)
            g_ptr_array_add(session->streams, subject->streams->pdata[s]);
    }
    g_ptr_array_unref(subjects);
}

#include "reports/verify_sidelink_parts.h"

#include <arpa/inet.h>
#include <string.h>

#define MAX_NAMED 8 /* key IDs in the text of a finding */

/* --- who ----------------------------------------------------------------------------------------------------------- */

/* Layer-2 IDs as far as they are known. NULL: the end is not known. */
static const char *end_text(verify_report *report, const pc5_id *id)
{
    char text[INET6_ADDRSTRLEN];
    uint32_t number = 0;
    if (id->len > PC5_LAYER_2_ID_LEN) {
        inet_ntop(id->len == 4 ? AF_INET : AF_INET6, id->octets, text, sizeof text);
        return verify_report_text(report, "%s", text);
    }
    for (unsigned i = 0; i < id->len; i++)
        number = number << 8 | id->octets[i];
    return id->len ? verify_report_text(report, "0x%0*x", 2 * id->len, number) : NULL;
}

static const char *user_info_of(verify_report *report, const sidelink_link *link, unsigned side)
{
    for (guint i = 0; i < link->signalled->len; i++) {
        const pc5_context *signalled = (const pc5_context *)link->signalled->pdata[i];
        bool initiated = pc5_id_equal(&signalled->initiator, &link->ends[side]);
        GBytes *info = initiated ? signalled->initiator_info : signalled->responder_info;
        gsize len = 0;
        const uint8_t *octets = info ? (const uint8_t *)g_bytes_get_data(info, &len) : NULL;
        if (len)
            return verify_report_octets(report, octets, len);
    }
    return NULL;
}

static void add_party(verify_session *session, const char *role, const char *identity, const char *address)
{
    const verify_party party = {.role = role, .identity = identity, .address = address};
    g_array_append_val(session->parties, party);
}

static void add_ends(verify_report *report, verify_session *session, const sidelink_link *link)
{
    static const char *const roles[] = {"initiator", "responder"};
    for (unsigned side = 0; side < 2; side++)
        add_party(session, link->signalled->len ? roles[side] : "peer", user_info_of(report, link, side),
                  end_text(report, &link->ends[side]));
}

/* The group, and each member that was heard. */
static void add_members(verify_report *report, verify_session *session, const sidelink_link *link)
{
    GHashTable *known = g_hash_table_new(NULL, NULL);
    add_party(session, "group", NULL, end_text(report, &link->ends[0]));
    for (guint i = 0; i < link->streams->len; i++) {
        const sl_link *channel = &((const verify_stream *)link->streams->pdata[i])->link;
        const pc5_id source = sl_source_id(channel);
        if (g_hash_table_add(known, GUINT_TO_POINTER(channel->source + 1)))
            add_party(session, "sender", NULL, end_text(report, &source));
    }
    g_hash_table_destroy(known);
}

/* --- what it goes by ----------------------------------------------------------------------------------------------- */

static void identify_number(verify_report *report, verify_session *session, const char *name, int digits, uint32_t number)
{
    verify_session_identify(session, name, verify_report_text(report, "0x%0*x", digits, number));
}

static void identify_nonce(verify_report *report, verify_session *session, const char *name, const uint8_t nonce[PROSE_NONCE_LEN])
{
    char hex[2 * PROSE_NONCE_LEN + 1];
    for (unsigned i = 0; i < PROSE_NONCE_LEN; i++)
        g_snprintf(hex + 2 * i, 3, "%02x", nonce[i]);
    verify_session_identify(session, name, verify_report_text(report, "%s", hex));
}

static void identify_signalled(verify_report *report, verify_session *session, const pc5_context *signalled)
{
    if (signalled->has_kd_id)
        identify_number(report, session, "kd_id", 8, signalled->kd_id);
    if (signalled->has_kd_sess_id)
        identify_number(report, session, "kd_sess_id", 4, signalled->kd_sess_id);
    if (signalled->has_nonce_1)
        identify_nonce(report, session, "nonce_1", signalled->nonce_1);
    if (signalled->has_nonce_2)
        identify_nonce(report, session, "nonce_2", signalled->nonce_2);
}

static void identify_group(verify_report *report, verify_session *session, const sidelink_link *link)
{
    verify_session_identify(session, "group_id", end_text(report, &link->ends[0]));
    identify_number(report, session, "pgk_index", 2, link->ends[1].octets[0]);
}

static void identify(verify_report *report, verify_session *session, const sidelink_link *link)
{
    if (link->is_group)
        identify_group(report, session, link);
    for (guint i = 0; i < MIN(link->signalled->len, SIDELINK_MAX_LISTED); i++)
        identify_signalled(report, session, (const pc5_context *)link->signalled->pdata[i]);
    for (guint i = 0; i < MIN(link->contexts->len, SIDELINK_MAX_LISTED); i++)
        identify_number(report, session, link->is_group ? "ptk_id" : "kd_sess_id", 4,
                        ((const sl_context *)link->contexts->pdata[i])->key_id & 0xffff);
    if (link->contexts->len > SIDELINK_MAX_LISTED)
        verify_session_identify(session, "contexts_not_listed",
                                verify_report_text(report, "%u", link->contexts->len - SIDELINK_MAX_LISTED));
}

/* --- frames -------------------------------------------------------------------------------------------------------- */

static bool is_mikey(keyest_method method)
{
    return method == KEYEST_METHOD_MIKEY || method == KEYEST_METHOD_KEY_MGMT;
}

static void note_keying(verify_session *session, const pc5_keying *keying, bool is_offer)
{
    if (is_mikey(keying->method))
        verify_session_note_event(session, is_offer ? "mikey_request" : "mikey_response", keying->frame);
    if (keying->method != KEYEST_METHOD_MIKEY)
        verify_session_note_event(session, is_offer ? "offer" : "answer", keying->frame);
}

static void note_signalled(verify_session *session, const pc5_context *signalled)
{
    bool link_rejected = signalled->rejected && !signalled->command_rejected;
    verify_session_note_event(session, signalled->is_rekeying ? "direct_rekeying_request" : "direct_communication_request",
                              signalled->request_frame);
    verify_session_note_event(session, "direct_security_mode_command", signalled->command_frame);
    verify_session_note_event(session,
                              signalled->command_rejected ? "direct_security_mode_reject" : "direct_security_mode_complete",
                              signalled->complete_frame);
    verify_session_note_event(session,
                              signalled->is_rekeying ? "direct_rekeying_response"
                              : link_rejected        ? "direct_communication_reject"
                                                     : "direct_communication_accept",
                              signalled->closing_frame);
    note_keying(session, &signalled->offer, true);
    note_keying(session, &signalled->answer, false);
}

static void note_tek(verify_session *session, const sidelink_links *links, const kd_trace *made_of)
{
    const mikey_record *record = sidelink_message_of(links, made_of);
    const mikey_record *initial = record && record->initial ? record->initial : record;
    if (!record)
        return;
    verify_session_note_event(session, "mikey_request", initial->frame);
    if (record != initial)
        verify_session_note_event(session, "mikey_response", record->frame);
}

/* What KD was made of, which other signalling than the link's own may have brought. */
static void note_kd(verify_session *session, const sidelink_links *links, const sl_context *context)
{
    const kd_trace *made_of = &context->source.made_of;
    if (context->kd.len == 0)
        return;
    if (made_of->kind == KD_OF_TEK) {
        note_tek(session, links, made_of);
    } else if (made_of->kind == KD_OF_SDES) {
        verify_session_note_event(session, "offer", made_of->offer_frame);
        verify_session_note_event(session, "answer", made_of->frame);
    }
}

/* --- method -------------------------------------------------------------------------------------------------------- */

/* The first context with keys. NULL: there is none. */
static const sl_context *first_keyed(const sidelink_link *link)
{
    for (guint i = 0; i < link->contexts->len; i++)
        if (!((const sl_context *)link->contexts->pdata[i])->unsupported)
            return (const sl_context *)link->contexts->pdata[i];
    return NULL;
}

static const char *method_of(const sidelink_links *links, const sidelink_link *link)
{
    const sl_context *context = first_keyed(link);
    if (link->is_group)
        return "ProSe group";
    if (!context)
        return "PC5";
    if (context->kd.len == 0 || context->source.made_of.kind == KD_LOGGED)
        return "key log";
    return context->source.made_of.kind == KD_OF_SDES ? "SDES" : sidelink_mikey_method(links, &context->source.made_of);
}

/* Whether PC5 signalling of the link itself brought what KD was made of. */
static bool is_signalled_here(const sidelink_link *link, const kd_trace *made_of)
{
    for (guint i = 0; i < link->signalled->len; i++) {
        const pc5_context *signalled = (const pc5_context *)link->signalled->pdata[i];
        if (made_of->frame && (made_of->frame == signalled->offer.frame || made_of->frame == signalled->answer.frame))
            return true;
    }
    return false;
}

/* What brought the keys, if that is known; else PC5 signalling, if there was any. */
static const char *carrier_of(const sidelink_link *link)
{
    const sl_context *context = first_keyed(link);
    const kd_trace *made_of = context && context->kd.len ? &context->source.made_of : NULL;
    if (made_of && made_of->carrier)
        return made_of->carrier;
    bool came_otherwise = made_of && made_of->frame && !is_signalled_here(link, made_of);
    return link->signalled->len && !came_otherwise ? "PC5 signalling" : NULL;
}

/* --- findings ------------------------------------------------------------------------------------------------------ */

static uint64_t without_key(const verify_stream *stream)
{
    return stream->total.failed[VERIFY_NO_KEY];
}

/* The attempts to secure the link by their KD-sess IDs; of several with the same the newest. Half of the ID is the request's:
 * where that was not seen, the PDU that carried the command tells. */
static GHashTable *attempts_by_id(const sidelink_link *link)
{
    GHashTable *attempts = g_hash_table_new(NULL, NULL), *by_command = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < link->signalled->len; i++) {
        const pc5_context *signalled = (const pc5_context *)link->signalled->pdata[i];
        if (signalled->has_kd_sess_id)
            g_hash_table_insert(attempts, GUINT_TO_POINTER(signalled->kd_sess_id), (gpointer)signalled);
        else if (signalled->command_frame)
            g_hash_table_insert(by_command, GUINT_TO_POINTER(signalled->command_frame), (gpointer)signalled);
    }
    for (guint i = 0; i < link->streams->len; i++) {
        const verify_stream *stream = (const verify_stream *)link->streams->pdata[i];
        gpointer signalled = g_hash_table_lookup(by_command, GUINT_TO_POINTER(stream->total.first_frame));
        if (signalled && stream->link.lcid == SL_LCID_PC5S_SECURITY_MODE)
            g_hash_table_insert(attempts, GUINT_TO_POINTER(stream->key_id), signalled);
    }
    g_hash_table_destroy(by_command);
    return attempts;
}

/* Contexts of signalling for which there are keys. */
static GHashTable *keyed_attempts(const sidelink_link *link)
{
    GHashTable *keyed = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < link->contexts->len; i++) {
        const sl_context *context = (const sl_context *)link->contexts->pdata[i];
        if (context->signalled)
            g_hash_table_add(keyed, (gpointer)context->signalled);
    }
    return keyed;
}

/* Why an attempt has no key, as far as its own signalling tells. VERIFY_KEY_MISSING: it does not. */
static verify_finding_code lacking(const pc5_context *signalled)
{
    const pc5_keying *offer = &signalled->offer;
    if (!offer->frame)
        return VERIFY_KEY_MISSING;
    if (is_mikey(offer->method))
        return VERIFY_SECRET_MISSING;
    if (signalled->answer.frame)
        return VERIFY_KEY_MISSING;
    return signalled->request_frame ? VERIFY_ANSWER_MISSING : VERIFY_OFFER_MISSING;
}

/* Attempts that brought half of what they need, whether or not traffic followed. */
static void note_attempts(verify_session *session, const sidelink_link *link, GHashTable *keyed)
{
    for (guint i = 0; i < link->signalled->len; i++) {
        const pc5_context *signalled = (const pc5_context *)link->signalled->pdata[i];
        verify_finding_code code = lacking(signalled);
        if (code != VERIFY_KEY_MISSING && !signalled->rejected && !g_hash_table_contains(keyed, signalled))
            verify_session_note(session, code, 0, NULL);
    }
}

/* PDUs of a key ID of which nothing is known. */
typedef struct {
    GString *ids;
    GHashTable *known;
    uint64_t packets;
} keyless_pdus;

static void add_keyless(keyless_pdus *keyless, const verify_stream *stream)
{
    bool is_new = g_hash_table_add(keyless->known, GUINT_TO_POINTER(stream->key_id));
    keyless->packets += without_key(stream);
    if (is_new && g_hash_table_size(keyless->known) <= MAX_NAMED)
        g_string_append_printf(keyless->ids, "%s0x%04x", keyless->ids->len ? ", " : "", stream->key_id);
}

static void note_keyless(verify_report *report, verify_session *session, const sidelink_link *link, const keyless_pdus *keyless)
{
    const char *what = link->is_group ? "PTK ID" : "KD-sess ID";
    guint count = g_hash_table_size(keyless->known);
    if (count == 0)
        return;
    const char *more = count > MAX_NAMED ? verify_report_text(report, " and %u more", count - MAX_NAMED) : "";
    verify_session_note(session, VERIFY_KEY_MISSING, keyless->packets,
                        verify_report_text(report, "%s %s%s", what, keyless->ids->str, more));
}

static void note_unopened(verify_report *report, verify_session *session, const sidelink_link *link)
{
    GHashTable *attempts = attempts_by_id(link), *keyed = keyed_attempts(link);
    keyless_pdus keyless = {.ids = g_string_new(NULL), .known = g_hash_table_new(NULL, NULL)};
    note_attempts(session, link, keyed);
    for (guint i = 0; i < link->streams->len; i++) {
        const verify_stream *stream = (const verify_stream *)link->streams->pdata[i];
        const pc5_context *signalled = (const pc5_context *)g_hash_table_lookup(attempts, GUINT_TO_POINTER(stream->key_id));
        verify_finding_code code =
            signalled && !g_hash_table_contains(keyed, signalled) ? lacking(signalled) : VERIFY_KEY_MISSING;
        if (without_key(stream) && code == VERIFY_KEY_MISSING)
            add_keyless(&keyless, stream);
        else if (without_key(stream))
            verify_session_note(session, code, without_key(stream), NULL);
    }
    note_keyless(report, session, link, &keyless);
    g_string_free(keyless.ids, TRUE);
    g_hash_table_destroy(keyless.known);
    g_hash_table_destroy(attempts);
    g_hash_table_destroy(keyed);
}

static const char *suite_of(verify_report *report, const sl_context *context)
{
    return verify_report_text(report, "%s / %s", sidelink_algorithm(report, "EEA", context->eea),
                              sidelink_algorithm(report, "EIA", context->eia));
}

static void note_unsupported(verify_report *report, verify_session *session, const sidelink_link *link)
{
    GHashTable *suites = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < link->contexts->len; i++) {
        const sl_context *context = (const sl_context *)link->contexts->pdata[i];
        if (!context->unsupported)
            continue;
        const char *suite = suite_of(report, context);
        g_hash_table_insert(suites, GUINT_TO_POINTER(context->key_id), (gpointer)suite);
        verify_session_note(session, VERIFY_UNSUPPORTED_SUITE, 0, suite);
    }
    for (guint i = 0; i < link->streams->len; i++) {
        const verify_stream *stream = (const verify_stream *)link->streams->pdata[i];
        uint64_t packets = stream->total.failed[VERIFY_UNSUPPORTED];
        if (packets)
            verify_session_note(session, VERIFY_UNSUPPORTED_SUITE, packets,
                                (const char *)g_hash_table_lookup(suites, GUINT_TO_POINTER(stream->key_id)));
    }
    g_hash_table_destroy(suites);
}

static void note_found(verify_report *report, verify_session *session, const sidelink_links *links, const sidelink_link *link)
{
    for (guint i = 0; i < MIN(link->contexts->len, SIDELINK_MAX_LISTED); i++) {
        const sl_context *context = (const sl_context *)link->contexts->pdata[i];
        if (context->found)
            verify_session_note(session, VERIFY_FOUND_BY_SEARCH, sidelink_opened_by(links, context)->packets,
                                verify_report_text(report, "%s", context->found));
    }
}

/* --- sessions ------------------------------------------------------------------------------------------------------ */

static verify_session *add_session(verify_report *report, const sidelink_links *links, const sidelink_link *link)
{
    verify_session *session = verify_report_add_session(report, method_of(links, link));
    session->carrier = carrier_of(link);
    if (link->is_group)
        add_members(report, session, link);
    else
        add_ends(report, session, link);
    identify(report, session, link);
    for (guint i = 0; i < link->signalled->len; i++)
        note_signalled(session, (const pc5_context *)link->signalled->pdata[i]);
    for (guint i = 0; i < MIN(link->contexts->len, SIDELINK_MAX_LISTED); i++)
        note_kd(session, links, (const sl_context *)link->contexts->pdata[i]);
    verify_session_order_events(session);
    for (guint i = 0; i < link->streams->len; i++)
        g_ptr_array_add(session->streams, link->streams->pdata[i]);
    sidelink_add_keys(report, session, links, link);
    note_unopened(report, session, link);
    note_unsupported(report, session, link);
    note_found(report, session, links, link);
    return session;
}

/* --- sessions whose keys made a KD --------------------------------------------------------------------------------- */

static void free_list(gpointer list)
{
    g_ptr_array_free((GPtrArray *)list, TRUE);
}

/* Frames of the events of sessions without traffic, to GPtrArray of verify_session. */
static GHashTable *silent_sessions(const verify_report *report)
{
    GHashTable *by_frame = g_hash_table_new_full(NULL, NULL, NULL, free_list);
    for (guint i = 0; i < report->sessions->len; i++) {
        verify_session *session = (verify_session *)report->sessions->pdata[i];
        for (guint e = 0; e < session->events->len && session->streams->len == 0; e++) {
            gpointer frame = GUINT_TO_POINTER(g_array_index(session->events, verify_event, e).frame);
            GPtrArray *list = (GPtrArray *)g_hash_table_lookup(by_frame, frame);
            if (!list) {
                list = g_ptr_array_new();
                g_hash_table_insert(by_frame, frame, list);
            }
            if (list->len == 0 || list->pdata[list->len - 1] != session)
                g_ptr_array_add(list, session);
        }
    }
    return by_frame;
}

static void note_use(GHashTable *silent, uint32_t frame, const verify_session *user, const char *detail)
{
    const GPtrArray *list = frame ? (const GPtrArray *)g_hash_table_lookup(silent, GUINT_TO_POINTER(frame)) : NULL;
    for (guint i = 0; list && i < list->len; i++)
        if (list->pdata[i] != user)
            verify_session_note((verify_session *)list->pdata[i], VERIFY_KEYS_USED_FOR_KD, 0, detail);
}

static void note_uses(verify_report *report, GHashTable *silent, const sidelink_link *link, const verify_session *session)
{
    const char *a = end_text(report, &link->ends[0]), *b = end_text(report, &link->ends[1]);
    const char *detail = verify_report_text(report, "KD of the link between %s and %s", a ? a : "?", b ? b : "?");
    for (guint i = 0; i < MIN(link->contexts->len, SIDELINK_MAX_LISTED); i++) {
        const sl_context *context = (const sl_context *)link->contexts->pdata[i];
        if (context->kd.len == 0)
            continue;
        note_use(silent, context->source.made_of.offer_frame, session, detail);
        note_use(silent, context->source.made_of.frame, session, detail);
    }
}

/* --- order --------------------------------------------------------------------------------------------------------- */

/* Of its events and of its traffic, whose streams stand in that order; UINT32_MAX: it has none. */
static uint32_t first_frame(const verify_session *session)
{
    uint32_t event = session->events->len ? g_array_index(session->events, verify_event, 0).frame : UINT32_MAX, packet = 0;
    for (guint i = 0; i < session->streams->len && !packet; i++)
        packet = ((const verify_stream *)session->streams->pdata[i])->total.first_frame;
    return packet ? MIN(event, packet) : event;
}

static gint by_first_frame(gconstpointer a, gconstpointer b)
{
    uint32_t first = first_frame(*(const verify_session *const *)a), second = first_frame(*(const verify_session *const *)b);
    return first < second ? -1 : first > second;
}

void verify_sidelink_add_sessions(verify_report *report, const verify_sources *sources)
{
    sidelink_links *links = sidelink_links_new(sources);
    GPtrArray *made = g_ptr_array_new();
    for (guint i = 0; i < links->links->len; i++)
        g_ptr_array_add(made, add_session(report, links, (const sidelink_link *)links->links->pdata[i]));
    GHashTable *silent = silent_sessions(report);
    for (guint i = 0; i < links->links->len; i++)
        note_uses(report, silent, (const sidelink_link *)links->links->pdata[i], (const verify_session *)made->pdata[i]);
    g_hash_table_destroy(silent);
    g_ptr_array_free(made, TRUE);
    sidelink_links_free(links);
    g_ptr_array_sort(report->sessions, by_first_frame);
}

#include "sessions/dialog_record.h"

#include <string.h>

static void free_end(gpointer data)
{
    dialog_end *end = data;
    g_free(end->tag);
    g_free(end->uri);
    g_free(end->sdp_session);
    g_free(end);
}

dialog_record *dialog_record_new(const text_span *call_id)
{
    dialog_record *record = g_new0(dialog_record, 1);
    record->call_id = call_id ? g_strndup(call_id->text, call_id->len) : g_strdup("");
    record->ends = g_ptr_array_new_with_free_func(free_end);
    record->cseqs = g_ptr_array_new_with_free_func(g_free);
    record->bodies = g_array_new(FALSE, TRUE, sizeof(dialog_body));
    record->keys = g_array_new(FALSE, TRUE, sizeof(dialog_key));
    return record;
}

void dialog_record_free(dialog_record *record)
{
    g_free(record->call_id);
    g_ptr_array_free(record->ends, TRUE);
    g_ptr_array_free(record->cseqs, TRUE);
    g_array_free(record->bodies, TRUE);
    g_array_free(record->keys, TRUE);
    g_free(record);
}

/* --- ends ---------------------------------------------------------------------------------------------------------- */

static bool is_text(const char *text, text_span span)
{
    return text && span.text && strlen(text) == span.len && memcmp(text, span.text, span.len) == 0;
}

/* Without a tag, as the callee is before it has answered, the URI tells who is meant; without SIP the host. */
static bool may_be(const dialog_end *end, text_span tag, text_span uri, const transport_address *address)
{
    if (tag.text && *end->tag)
        return is_text(end->tag, tag);
    return uri.text ? is_text(end->uri, uri) : transport_address_same_host(&end->address, address);
}

/* NULL: there are too many. The answer of a forked call that comes first takes the place of the callee who had no tag. */
static dialog_end *end_of(dialog_record *record, text_span tag, text_span uri, const transport_address *address)
{
    dialog_end *end = NULL;
    for (guint i = 0; i < record->ends->len && !end; i++)
        if (may_be(record->ends->pdata[i], tag, uri, address))
            end = record->ends->pdata[i];
    if (!end) {
        if (record->ends->len == DIALOG_MAX_ENDS)
            return NULL;
        end = g_new0(dialog_end, 1);
        end->tag = g_strdup("");
        end->uri = uri.text ? g_strndup(uri.text, uri.len) : NULL;
        transport_address_set(&end->address, address->ip, address->ip_len, 0);
        g_ptr_array_add(record->ends, end);
    }
    if (tag.text && !*end->tag) {
        g_free(end->tag);
        end->tag = g_strndup(tag.text, tag.len);
    }
    return end;
}

static void note_sender(dialog_end *sender, const sdp_body *body, sdp_role role)
{
    const text_span id = body->session_id, version = body->session_version;
    if (sender->role == SDP_ROLE_UNPAIRED)
        sender->role = role;
    if (!id.text)
        return;
    g_free(sender->sdp_session);
    sender->sdp_session =
        g_strdup_printf("%.*s %.*s", (int)id.len, id.text, (int)version.len, version.text ? version.text : "");
}

static void note_ends(dialog_record *record, const sdp_arrival *arrival, const sdp_body *body, sdp_role role)
{
    static const text_span absent = {NULL, 0};
    const sip_message *sip = arrival->sip;
    const text_span from_tag = sip ? sip->from_tag : absent, from_uri = sip ? sip->from_uri : absent;
    const text_span to_tag = sip ? sip->to_tag : absent, to_uri = sip ? sip->to_uri : absent;
    const bool from_sends = !sip || !sip->is_response;
    dialog_end *from = end_of(record, from_tag, from_uri, from_sends ? &arrival->source : &arrival->destination);
    dialog_end *to = end_of(record, to_tag, to_uri, from_sends ? &arrival->destination : &arrival->source);
    dialog_end *sender = from_sends ? from : to;
    if (sender)
        note_sender(sender, body, role);
}

/* --- messages ------------------------------------------------------------------------------------------------------ */

static void note_cseq(dialog_record *record, const sip_message *sip)
{
    char *cseq = g_strdup_printf("%u %.*s", sip->cseq, (int)sip->method.len, sip->method.text);
    if (record->cseqs->len < DIALOG_MAX_BODIES &&
        !g_ptr_array_find_with_equal_func(record->cseqs, cseq, g_str_equal, NULL))
        g_ptr_array_add(record->cseqs, cseq);
    else
        g_free(cseq);
}

dialog_body *dialog_record_note_body(dialog_record *record, const sdp_arrival *arrival, const sdp_body *body, sdp_role role)
{
    if (!record->carrier)
        record->carrier = arrival->carrier;
    note_ends(record, arrival, body, role);
    if (arrival->sip)
        note_cseq(record, arrival->sip);
    if (record->bodies->len == DIALOG_MAX_BODIES)
        return NULL;
    dialog_body noted = {.frame = arrival->frame,
                         .role = role,
                         .in_response = arrival->sip && arrival->sip->is_response,
                         .has_key_mgmt = body->key_mgmt_count > 0};
    for (unsigned m = 0; m < body->media_count; m++) {
        noted.has_crypto |= body->media[m].crypto_count > 0;
        noted.has_key_mgmt |= body->media[m].key_mgmt_count > 0;
    }
    g_array_append_val(record->bodies, noted);
    return &g_array_index(record->bodies, dialog_body, record->bodies->len - 1);
}

void dialog_record_note_key(dialog_record *record, const session_key *key, sdp_role role, uint32_t frame, uint32_t tag)
{
    for (guint i = 0; i < record->keys->len; i++)
        if (g_array_index(record->keys, dialog_key, i).key == key)
            return;
    const dialog_key noted = {.key = key, .role = role, .frame = frame, .tag = tag};
    if (record->keys->len < DIALOG_MAX_KEYS)
        g_array_append_val(record->keys, noted);
}

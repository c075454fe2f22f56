#include "sessions/offer_answer.h"

#include "keys/keyed_hash.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAX_EXCHANGES 256 /* of one dialog that an answer may still belong to: the latest */

typedef struct {
    char *tag;       /* the SIP tag; "" before there is one */
    GPtrArray *legs; /* media_leg * by m= index, owned by the offer_answer */
} dialog_party;

/* One offer and what answers it. CSeq numbers are counted by each side for itself, so the requester's tag is part of
 * the name. A late offer (in a response) belongs to one responder and is named by its tag too. */
typedef struct {
    uint32_t cseq;
    char *method;
    char *requester_tag;
    char *late_responder_tag; /* NULL: the request carried the offer */
    dialog_party *offerer;
    uint32_t frame;
    crypto_offer *offer;
} offer_exchange;

struct sip_dialog {
    dialog_record *record;
    GHashTable *parties;  /* by tag to dialog_party * */
    GPtrArray *exchanges; /* offer_exchange * */
};

struct offer_answer {
    session_keys *keys;
    GHashTable *dialogs;   /* by dialog_name() to borrowed sip_dialog * */
    GPtrArray *all_dialogs; /* owned */
    GHashTable *endpoints; /* transport_address to GPtrArray of media_leg * */
    GHashTable *results;   /* body_name() to sdp_exchange * */
    GPtrArray *all_results; /* the same, owned */
    GPtrArray *legs;       /* all, owned */
};

static void free_leg(gpointer data)
{
    media_leg *leg = data;
    g_ptr_array_free(leg->keys, TRUE);
    g_ptr_array_free(leg->peers, TRUE);
    g_free(leg);
}

static void free_party(gpointer data)
{
    dialog_party *party = data;
    g_free(party->tag);
    g_ptr_array_free(party->legs, TRUE);
    g_free(party);
}

static void free_exchange(gpointer data)
{
    offer_exchange *exchange = data;
    g_free(exchange->method);
    g_free(exchange->requester_tag);
    g_free(exchange->late_responder_tag);
    crypto_offer_free(exchange->offer);
    g_free(exchange);
}

static void free_dialog(gpointer data)
{
    sip_dialog *dialog = data;
    dialog_record_free(dialog->record);
    g_hash_table_destroy(dialog->parties);
    g_ptr_array_free(dialog->exchanges, TRUE);
    g_free(dialog);
}

static void free_result(gpointer data)
{
    sdp_exchange *result = data;
    g_free(result->legs);
    g_free(result->answer_problems);
    g_free(result->key_kept);
    g_free(result);
}

static void free_list(gpointer data)
{
    g_ptr_array_free(data, TRUE);
}

offer_answer *offer_answer_new(session_keys *keys)
{
    offer_answer *state = g_new0(offer_answer, 1);
    state->keys = keys;
    state->dialogs = g_hash_table_new_full(keyed_hash_string, g_str_equal, g_free, NULL);
    state->all_dialogs = g_ptr_array_new_with_free_func(free_dialog);
    state->endpoints = g_hash_table_new_full(transport_address_hash, transport_address_hash_equal, g_free, free_list);
    state->results = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, NULL);
    state->all_results = g_ptr_array_new_with_free_func(free_result);
    state->legs = g_ptr_array_new_with_free_func(free_leg);
    return state;
}

void offer_answer_free(offer_answer *state)
{
    if (!state)
        return;
    g_hash_table_destroy(state->results);
    g_ptr_array_free(state->all_results, TRUE);
    g_hash_table_destroy(state->endpoints);
    g_hash_table_destroy(state->dialogs);
    g_ptr_array_free(state->all_dialogs, TRUE);
    g_ptr_array_free(state->legs, TRUE);
    g_free(state);
}

/* --- dialogs and parties ------------------------------------------------------------------------------------------ */

static void append_address(GString *name, const transport_address *a)
{
    for (unsigned i = 0; i < a->ip_len; i++)
        g_string_append_printf(name, "%02x", a->ip[i]);
    g_string_append_c(name, ' ');
}

/* The name of a dialog on its hop: both IP addresses in a fixed order, then the Call-ID. Ports are left out: over TCP
 * a side may open a connection of its own for each request. Without SIP the session of the o= line takes the
 * Call-ID's place, with its sender and both ports: a server may describe one session to many clients, each with keys of its own. */
static char *dialog_name(const sdp_arrival *arrival, const sdp_body *body)
{
    const transport_address *a = &arrival->source, *b = &arrival->destination;
    GString *name = g_string_new(NULL);
    if (!arrival->sip) {
        append_address(name, a);
        append_address(name, b);
        g_string_append_printf(name, "%u %u o", a->port, b->port);
        if (body->session_id.text)
            g_string_append_len(name, body->session_id.text, (gssize)body->session_id.len);
        return g_string_free(name, FALSE);
    }
    bool swap = memcmp(a->ip, b->ip, sizeof a->ip) > 0;
    append_address(name, swap ? b : a);
    append_address(name, swap ? a : b);
    g_string_append_len(name, arrival->sip->call_id.text, (gssize)arrival->sip->call_id.len);
    return g_string_free(name, FALSE);
}

/* call_id NULL: there is none. */
static sip_dialog *new_dialog(offer_answer *state, const text_span *call_id)
{
    sip_dialog *dialog = g_new0(sip_dialog, 1);
    dialog->record = dialog_record_new(call_id);
    dialog->parties = g_hash_table_new_full(keyed_hash_string, g_str_equal, NULL, free_party);
    dialog->exchanges = g_ptr_array_new_with_free_func(free_exchange);
    g_ptr_array_add(state->all_dialogs, dialog);
    return dialog;
}

static sip_dialog *dialog_of(offer_answer *state, const sdp_arrival *arrival, const sdp_body *body)
{
    char *name = dialog_name(arrival, body);
    sip_dialog *dialog = g_hash_table_lookup(state->dialogs, name);
    if (dialog) {
        g_free(name);
        return dialog;
    }
    dialog = new_dialog(state, arrival->sip ? &arrival->sip->call_id : NULL);
    g_hash_table_insert(state->dialogs, name, dialog);
    return dialog;
}

static dialog_party *party_of(sip_dialog *dialog, const char *tag)
{
    dialog_party *party = g_hash_table_lookup(dialog->parties, tag);
    if (party)
        return party;
    party = g_new0(dialog_party, 1);
    party->tag = g_strdup(tag);
    party->legs = g_ptr_array_new();
    g_hash_table_insert(dialog->parties, party->tag, party);
    return party;
}

static media_leg *new_leg(offer_answer *state, sip_dialog *dialog, unsigned index)
{
    media_leg *leg = g_new0(media_leg, 1);
    leg->dialog = dialog;
    leg->media_index = index;
    leg->keys = g_ptr_array_new();
    leg->peers = g_ptr_array_new();
    g_ptr_array_add(state->legs, leg);
    return leg;
}

static media_leg *leg_of(offer_answer *state, sip_dialog *dialog, dialog_party *party, unsigned index)
{
    if (index >= party->legs->len)
        g_ptr_array_set_size(party->legs, (gint)index + 1);
    media_leg *leg = party->legs->pdata[index];
    if (!leg)
        leg = party->legs->pdata[index] = new_leg(state, dialog, index);
    return leg;
}

const char *media_leg_call_id(const media_leg *leg)
{
    return leg->dialog->record->call_id;
}

const dialog_record *sip_dialog_record(const sip_dialog *dialog)
{
    return dialog->record;
}

const GPtrArray *offer_answer_dialogs(const offer_answer *state)
{
    return state->all_dialogs;
}

const GPtrArray *offer_answer_legs(const offer_answer *state)
{
    return state->legs;
}

/* --- offers and answers ------------------------------------------------------------------------------------------- */

static char *text_of(text_span span)
{
    return span.text ? g_strndup(span.text, span.len) : g_strdup("");
}

static bool is_text(text_span span, const char *text)
{
    return span.text && span.len == strlen(text) && memcmp(span.text, text, span.len) == 0;
}

static offer_exchange *find_exchange(sip_dialog *dialog, uint32_t cseq, const char *method, const char *requester_tag,
                                     const char *responder_tag)
{
    /* Newest first: a Call-ID that is used again starts its numbers anew. */
    for (guint i = dialog->exchanges->len; i-- > 0;) {
        offer_exchange *exchange = dialog->exchanges->pdata[i];
        if (exchange->cseq == cseq && strcmp(exchange->method, method) == 0 &&
            strcmp(exchange->requester_tag, requester_tag) == 0 &&
            (!exchange->late_responder_tag || strcmp(exchange->late_responder_tag, responder_tag) == 0))
            return exchange;
    }
    return NULL;
}

/* What a body is in its transaction (RFC 3261 section 13.2.1, RFC 3262 section 5, RFC 3311), and who sent it. */
typedef struct {
    sdp_role role;
    dialog_party *sender;
    offer_exchange *exchange; /* NULL for an unpaired body */
} body_position;

static body_position place_offer(sip_dialog *dialog, const sdp_arrival *arrival, const sdp_body *body,
                                 const char *method, const char *requester_tag, const char *late_responder_tag,
                                 dialog_party *sender)
{
    offer_exchange *exchange = g_new0(offer_exchange, 1);
    exchange->cseq = arrival->sip->cseq;
    exchange->method = g_strdup(method);
    exchange->requester_tag = g_strdup(requester_tag);
    exchange->late_responder_tag = g_strdup(late_responder_tag);
    exchange->offerer = sender;
    exchange->frame = arrival->frame;
    exchange->offer = crypto_offer_new(body);
    if (dialog->exchanges->len >= MAX_EXCHANGES)
        g_ptr_array_remove_index(dialog->exchanges, 0);
    g_ptr_array_add(dialog->exchanges, exchange);
    return (body_position){SDP_ROLE_OFFER, sender, exchange};
}

static body_position place_request(sip_dialog *dialog, const sdp_arrival *arrival, const sdp_body *body,
                                   const char *method, const char *from_tag, const char *to_tag)
{
    const sip_message *sip = arrival->sip;
    dialog_party *sender = party_of(dialog, from_tag);
    bool ack = is_text(sip->method, "ACK"), prack = is_text(sip->method, "PRACK");
    if (ack || prack) {
        /* The answer to an offer that came in a response to INVITE. */
        uint32_t invite = ack ? sip->cseq : sip->rack_cseq;
        offer_exchange *late = find_exchange(dialog, invite, "INVITE", from_tag, to_tag);
        if (late && late->late_responder_tag)
            return (body_position){SDP_ROLE_ANSWER, sender, late};
        if (ack)
            return (body_position){SDP_ROLE_UNPAIRED, sender, NULL};
    }
    offer_exchange *again = find_exchange(dialog, sip->cseq, method, from_tag, to_tag);
    if (again && again->offerer == sender && !again->late_responder_tag) {
        /* A retransmission, or the same request after authentication. */
        crypto_offer_free(again->offer);
        again->offer = crypto_offer_new(body);
        return (body_position){SDP_ROLE_OFFER, sender, again};
    }
    return place_offer(dialog, arrival, body, method, from_tag, NULL, sender);
}

static body_position place_response(sip_dialog *dialog, const sdp_arrival *arrival, const sdp_body *body,
                                    const char *method, const char *from_tag, const char *to_tag)
{
    dialog_party *sender = party_of(dialog, to_tag);
    offer_exchange *exchange = find_exchange(dialog, arrival->sip->cseq, method, from_tag, to_tag);
    if (!exchange)
        return place_offer(dialog, arrival, body, method, from_tag, to_tag, sender);
    if (exchange->late_responder_tag)
        return (body_position){SDP_ROLE_OFFER, sender, exchange};
    return (body_position){SDP_ROLE_ANSWER, sender, exchange};
}

static body_position place_body(sip_dialog *dialog, const sdp_arrival *arrival, const sdp_body *body)
{
    const sip_message *sip = arrival->sip;
    if (!sip)
        return (body_position){SDP_ROLE_UNPAIRED, party_of(dialog, ""), NULL};
    char *method = text_of(sip->method), *from_tag = text_of(sip->from_tag), *to_tag = text_of(sip->to_tag);
    body_position position = (sip->is_response ? place_response : place_request)(dialog, arrival, body, method,
                                                                                  from_tag, to_tag);
    g_free(method);
    g_free(from_tag);
    g_free(to_tag);
    return position;
}

/* --- what a body says of each m= line ------------------------------------------------------------------------------ */

/* Puts the leg at the end of a list of which the latest `max` are looked at. */
static void list_latest(GPtrArray *list, media_leg *leg, guint max)
{
    for (guint i = list->len; i-- > (list->len > max ? list->len - max : 0);)
        if (list->pdata[i] == leg)
            return;
    if (list->len == 2 * max)
        g_ptr_array_remove_range(list, 0, max);
    g_ptr_array_add(list, leg);
}

/* The latest OFFER_ANSWER_MAX_PEERS, each once. */
static void add_peer(media_leg *leg, media_leg *peer)
{
    if (g_ptr_array_find(leg->peers, peer, NULL))
        return;
    if (leg->peers->len == OFFER_ANSWER_MAX_PEERS)
        g_ptr_array_remove_index(leg->peers, 0);
    g_ptr_array_add(leg->peers, peer);
}

void offer_answer_add_endpoint(offer_answer *state, const transport_address *address, media_leg *leg)
{
    if (!address->ip_len || !address->port)
        return;
    GPtrArray *legs = g_hash_table_lookup(state->endpoints, address);
    if (!legs) {
        transport_address *copy = g_new(transport_address, 1);
        *copy = *address;
        legs = g_ptr_array_new();
        g_hash_table_insert(state->endpoints, copy, legs);
    }
    list_latest(legs, leg, OFFER_ANSWER_MAX_LEGS);
}

void media_leg_add_key(media_leg *leg, session_key *key)
{
    session_key_list(leg->keys, key);
    if (!key->leg)
        key->leg = leg;
}

static key_origin origin_of(sdp_role role)
{
    switch (role) {
    case SDP_ROLE_OFFER:
        return KEY_ORIGIN_SDES_OFFER;
    case SDP_ROLE_ANSWER:
        return KEY_ORIGIN_SDES_ANSWER;
    default:
        return KEY_ORIGIN_SDES;
    }
}

/* Whether the m= line names another place than the leg's last one. A line that is refused or on hold names none, and ICE agrees on
 * places by itself. */
static bool has_moved(media_leg *leg, const sdp_media *media)
{
    if (!media->rtp.ip_len || !media->rtp.port)
        return false;
    bool moved = leg->told.ip_len && memcmp(&leg->told, &media->rtp, sizeof leg->told) != 0;
    leg->told = media->rtp;
    return moved && !media->candidate_count;
}

/* Returns whether the party has moved and kept a key. */
static bool learn_media(offer_answer *state, media_leg *leg, const sdp_media *media, sdp_role role, uint32_t frame)
{
    const bool moved = has_moved(leg, media) && role != SDP_ROLE_UNPAIRED;
    bool kept = false;
    leg->signalled_protection |= media->key_mgmt_count > 0;
    offer_answer_add_endpoint(state, &media->rtp, leg);
    offer_answer_add_endpoint(state, &media->rtcp, leg);
    for (unsigned i = 0; i < media->candidate_count; i++)
        offer_answer_add_endpoint(state, &media->candidates[i], leg);
    leg->secure_profile = media->secure_profile;
    if (media->has_encrypted_extensions) {
        memcpy(leg->encrypted_extensions, media->encrypted_extensions, sizeof leg->encrypted_extensions);
        leg->has_encrypted_extensions = true;
    }
    for (unsigned c = 0; c < media->crypto_count; c++) {
        const sdes_crypto *crypto = media->crypto[c];
        leg->signalled_protection = true;
        if (crypto->suite && !crypto->suite->supported)
            leg->unsupported_suite = true;
        for (unsigned k = 0; k < crypto->key_count; k++) {
            srtp_master_key master;
            if (!sdes_crypto_master_key(crypto, k, &master))
                continue;
            session_key *key =
                session_keys_add(state->keys, &master, crypto->suite, origin_of(role), frame, crypto->tag);
            OPENSSL_cleanse(&master, sizeof master);
            if (!key)
                continue;
            kept |= moved && g_ptr_array_find(leg->keys, key, NULL);
            media_leg_add_key(leg, key);
            dialog_record_note_key(leg->dialog->record, key, role, frame, crypto->tag);
        }
    }
    return kept;
}

static void pair_legs(media_leg *offered, media_leg *answered, uint32_t problems)
{
    add_peer(offered, answered);
    add_peer(answered, offered);
    answered->declined = (problems & ANSWER_WITHOUT_CRYPTO) != 0;
}

static gint64 body_name(const sdp_arrival *arrival)
{
    return (gint64)((uint64_t)arrival->position << 32 | arrival->frame);
}

const sdp_exchange *offer_answer_add(offer_answer *state, const sdp_arrival *arrival, const sdp_body *body)
{
    gint64 name = body_name(arrival);
    sdp_exchange *result = g_hash_table_lookup(state->results, &name);
    if (result && result->media_count == body->media_count)
        return result;
    result = g_new0(sdp_exchange, 1);
    g_ptr_array_add(state->all_results, result);
    gint64 *result_name = g_new(gint64, 1);
    *result_name = name;
    g_hash_table_insert(state->results, result_name, result);

    sip_dialog *dialog = dialog_of(state, arrival, body);
    body_position position = place_body(dialog, arrival, body);
    dialog_body *noted = dialog_record_note_body(dialog->record, arrival, body, position.role);
    result->role = position.role;
    result->media_count = body->media_count;
    result->legs = g_new0(media_leg *, body->media_count);
    result->answer_problems = g_new0(uint32_t, body->media_count);
    result->key_kept = g_new0(bool, body->media_count);
    if (position.role == SDP_ROLE_ANSWER)
        result->offer_frame = position.exchange->frame;
    for (unsigned m = 0; m < body->media_count; m++) {
        const sdp_media *media = &body->media[m];
        media_leg *leg = leg_of(state, dialog, position.sender, media->index);
        result->legs[m] = leg;
        result->key_kept[m] = learn_media(state, leg, media, position.role, arrival->frame);
        leg->signalled_protection |= body->key_mgmt_count > 0 && media->secure_profile;
        if (position.role != SDP_ROLE_ANSWER)
            continue;
        media_leg *offered = leg_of(state, dialog, position.exchange->offerer, media->index);
        result->answer_problems[m] = crypto_offer_check(position.exchange->offer, media);
        pair_legs(offered, leg, result->answer_problems[m]);
        if (noted)
            noted->problems |= result->answer_problems[m];
    }
    return result;
}

media_leg *offer_answer_add_leg(offer_answer *state, media_leg *peer)
{
    if (!peer)
        return new_leg(state, new_dialog(state, NULL), 0);
    media_leg *leg = new_leg(state, peer->dialog, peer->media_index);
    leg->secure_profile = peer->secure_profile;
    add_peer(leg, peer);
    add_peer(peer, leg);
    return leg;
}

const GPtrArray *offer_answer_legs_at(const offer_answer *state, const transport_address *address)
{
    return g_hash_table_lookup(state->endpoints, address);
}

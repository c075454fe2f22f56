/* Offer and answer of key establishment information: which is which, and what is wrong between them. */
#include "sessions/pc5_state_parts.h"

#include "ciphers/octets.h"
#include "keys/key_mgmt.h"

#include <openssl/crypto.h>
#include <string.h>

#define CSB_ID_AT 4 /* in the header of a MIKEY message (RFC 3830 section 6.1) */

static octet_span content_of(const pc5_visit *visit)
{
    return visit->message->key_establishment.content;
}

/* --- keeping it ---------------------------------------------------------------------------------------------------- */

static void keep(pc5_visit *visit, pc5_keying *keying)
{
    octet_span content = content_of(visit);
    keying->frame = visit->arrival->frame;
    keying->method = visit->message->key_establishment.method;
    if (visit->state->keying_octets + content.len > PC5_MAX_KEYING_OCTETS)
        return;
    visit->state->keying_octets += content.len;
    keying->content = (uint8_t *)g_memdup2(content.data, content.len);
    keying->len = content.len;
}

static void clear(pc5_keying *keying)
{
    if (keying->content)
        OPENSSL_cleanse(keying->content, keying->len);
    g_free(keying->content);
}

void pc5_clear_keying(pc5_attempt *attempt)
{
    clear(&attempt->context.offer);
    clear(&attempt->context.answer);
    crypto_offer_free(attempt->offered);
}

static bool is_same(const pc5_visit *visit, const pc5_keying *kept)
{
    octet_span content = content_of(visit);
    return !kept->content || (kept->len == content.len && memcmp(kept->content, content.data, content.len) == 0);
}

/* --- SDES ---------------------------------------------------------------------------------------------------------- */

/* A key that keys another context, too. The offer's key in its own answer is one of the answer's problems. */
static void note_key(pc5_visit *visit, pc5_attempt *attempt, const sdes_key_param *key)
{
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    key_fingerprint(key->key_salt, key->key_salt_len, fingerprint);
    const pc5_use *use = (const pc5_use *)g_hash_table_lookup(visit->state->keys, fingerprint);
    if (!use) {
        if (g_hash_table_size(visit->state->keys) < PC5_MAX_NONCES)
            g_hash_table_insert(visit->state->keys, g_strdup(fingerprint), pc5_use_new(visit, attempt));
    } else if (use->attempt != attempt && strcmp(use->message, visit->fingerprint) != 0) {
        pc5_report(visit, use->pair == visit->pair ? PC5_PROBLEM_KEY_REUSED : PC5_PROBLEM_KEY_OF_OTHER_PAIR);
    }
}

static void note_keys(pc5_visit *visit, pc5_attempt *attempt, const sdp_body *body)
{
    for (unsigned m = 0; m < body->media_count; m++)
        for (unsigned c = 0; c < body->media[m].crypto_count; c++)
            for (unsigned k = 0; k < body->media[m].crypto[c]->key_count; k++)
                if (body->media[m].crypto[c]->keys[k].usable)
                    note_key(visit, attempt, &body->media[m].crypto[c]->keys[k]);
}

static void take_sdp(pc5_visit *visit, pc5_attempt *attempt, sdp_role role)
{
    octet_span content = content_of(visit);
    sdp_body *body = sdp_parse_fragment((const char *)content.data, content.len);
    sdp_exchange *exchange = g_new0(sdp_exchange, 1);
    exchange->role = role;
    exchange->media_count = body->media_count;
    exchange->answer_problems = g_new0(uint32_t, body->media_count);
    if (role == SDP_ROLE_ANSWER)
        exchange->offer_frame = attempt->context.offer.frame;
    for (unsigned m = 0; m < body->media_count && role == SDP_ROLE_ANSWER && attempt->offered; m++)
        exchange->answer_problems[m] = crypto_offer_check(attempt->offered, &body->media[m]);
    if (role == SDP_ROLE_OFFER)
        attempt->offered = crypto_offer_new(body);
    note_keys(visit, attempt, body);
    g_ptr_array_add(visit->state->exchanges, exchange);
    visit->record->exchange = exchange;
    sdp_free(body);
}

/* --- MIKEY --------------------------------------------------------------------------------------------------------- */

static bool csb_id_in(const uint8_t *message, size_t len, uint32_t *csb_id)
{
    if (!message || len < CSB_ID_AT + 4)
        return false;
    *csb_id = octets_u32(message + CSB_ID_AT);
    return true;
}

/* Of the first a=key-mgmt line, at whichever level. */
static bool csb_id_in_sdp(const pc5_keying *keying, uint32_t *csb_id)
{
    sdp_body *body = sdp_parse_fragment((const char *)keying->content, keying->len);
    const text_span *line = body->key_mgmt_count ? &body->key_mgmt[0] : NULL;
    for (unsigned m = 0; m < body->media_count && !line; m++)
        line = body->media[m].key_mgmt_count ? &body->media[m].key_mgmt[0] : NULL;
    bool found = false;
    if (line) {
        key_mgmt attribute;
        key_mgmt_parse(*line, &attribute);
        found = csb_id_in(attribute.message, attribute.message_len, csb_id);
        key_mgmt_clear(&attribute);
    }
    sdp_free(body);
    return found;
}

static bool csb_id_of(const pc5_keying *keying, uint32_t *csb_id)
{
    if (!keying->content)
        return false;
    return keying->method == KEYEST_METHOD_MIKEY ? csb_id_in(keying->content, keying->len, csb_id)
                                                 : csb_id_in_sdp(keying, csb_id);
}

static bool is_mikey(keyest_method method)
{
    return method == KEYEST_METHOD_MIKEY || method == KEYEST_METHOD_KEY_MGMT;
}

/* --- offer and answer ---------------------------------------------------------------------------------------------- */

static void check_answer(pc5_visit *visit, const pc5_attempt *attempt)
{
    const pc5_context *context = &attempt->context;
    uint32_t offered, answered;
    if (pc5_earlier_offer_is_open(visit->pair, attempt))
        pc5_report(visit, PC5_PROBLEM_OTHER_OFFER_OPEN);
    if (is_mikey(context->offer.method) != is_mikey(context->answer.method))
        pc5_report(visit, PC5_PROBLEM_KEYING_METHODS_DIFFER);
    else if (is_mikey(context->offer.method) && csb_id_of(&context->offer, &offered) &&
             csb_id_of(&context->answer, &answered) && offered != answered)
        pc5_report(visit, PC5_PROBLEM_CSB_ID_DIFFERS);
}

static bool is_request(uint8_t type)
{
    return type == PC5S_COMMUNICATION_REQUEST || type == PC5S_REKEYING_REQUEST;
}

/* The first information of an attempt is the offer, as a rule the request's; the first of the other side the answer. */
void pc5_take_keying(pc5_visit *visit, pc5_attempt *attempt)
{
    const key_establishment *information = &visit->message->key_establishment;
    if (!information->content.data)
        return;
    bool is_offer = !attempt || attempt->context.offer.frame == 0;
    if (is_offer && !is_request(visit->message->type))
        pc5_report(visit, PC5_PROBLEM_KEYING_WITHOUT_OFFER);
    if (!attempt)
        return;
    bool by_offerer = !is_offer && visit->from == attempt->offerer;
    pc5_keying *keying = is_offer || by_offerer ? &attempt->context.offer : &attempt->context.answer;
    if (keying->frame) {
        if (!is_same(visit, keying))
            pc5_report(visit, PC5_PROBLEM_KEYING_CHANGED);
        return;
    }
    if (is_offer)
        attempt->offerer = visit->from;
    keep(visit, keying);
    if (keyest_is_sdp(information))
        take_sdp(visit, attempt, is_offer ? SDP_ROLE_OFFER : SDP_ROLE_ANSWER);
    if (!is_offer)
        check_answer(visit, attempt);
}

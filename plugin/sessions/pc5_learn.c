#include "sessions/pc5_learn.h"

#include "keys/key_mgmt.h"

static void learn_key_mgmt(mikey_arrival arrival, const text_span *lines, unsigned count, mikey_sessions *mikey)
{
    for (unsigned i = 0; i < count; i++) {
        key_mgmt attribute;
        key_mgmt_parse(lines[i], &attribute);
        if (attribute.message && !(attribute.problems & KEY_MGMT_NOT_MIKEY))
            mikey_sessions_add(mikey, &arrival, (octet_span){attribute.message, attribute.message_len});
        key_mgmt_clear(&attribute);
    }
}

static void learn_sdp(const pc5_arrival *arrival, const mikey_arrival *of_mikey, kd_sources *sources, mikey_sessions *mikey)
{
    const octet_span content = arrival->message->key_establishment.content;
    const kd_body_arrival here = {.frame = arrival->frame,
                                  .source = arrival->source,
                                  .destination = arrival->destination,
                                  .carrier = "PC5 signalling"};
    sdp_body *body = sdp_parse_fragment((const char *)content.data, content.len);
    mikey_arrival at = *of_mikey;
    kd_sources_add_sdp(sources, &here, body);
    learn_key_mgmt(at, body->key_mgmt, body->key_mgmt_count, mikey);
    for (unsigned m = 0; m < body->media_count; m++) {
        at.section = (int)body->media[m].index;
        learn_key_mgmt(at, body->media[m].key_mgmt, body->media[m].key_mgmt_count, mikey);
    }
    sdp_free(body);
}

void pc5_learn_keying(const pc5_arrival *arrival, const pc5_record *record, kd_sources *sources, mikey_sessions *mikey)
{
    const key_establishment *information = &arrival->message->key_establishment;
    const mikey_arrival of_mikey = {.frame = arrival->frame,
                                    .section = -1,
                                    .offer_frame = record->context && record->context->answer.frame == arrival->frame
                                                       ? record->context->offer.frame
                                                       : 0,
                                    .carrier = "PC5 signalling"};
    if (!information->content.data)
        return;
    if (keyest_is_sdp(information))
        learn_sdp(arrival, &of_mikey, sources, mikey);
    else
        mikey_sessions_add(mikey, &of_mikey, information->content);
}

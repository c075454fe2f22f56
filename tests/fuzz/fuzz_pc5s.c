/* PC5 signalling: two octets of options, a key log, then messages, each behind an octet that says between whom it went and how. */
#include "fuzz.h"

#include "sessions/pc5_learn.h"

#include <stdlib.h>
#include <string.h>

static void touch_container(const key_establishment *information, octet_span whole)
{
    const octet_span joined = octet_span_at(information->joined, information->joined_len);
    const octet_span in = information->joined ? joined : whole;
    keyest_compact compact;
    fuzz_touch(information->method_octet, in);
    fuzz_touch(information->body, in);
    if (information->line)
        FUZZ_MUST(information->content.data == (const uint8_t *)information->line);
    else
        fuzz_touch(information->content, in);
    if (information->body.data && keyest_read_compact(information->body, &compact)) {
        fuzz_touch(compact.key_salt, in);
        fuzz_touch(compact.mki, in);
        keyest_suite_name(compact.suite);
    }
    keyest_is_sdp(information);
}

static void touch_message(const pc5s_message *message)
{
    const octet_span whole = message->whole;
    FUZZ_MUST(message->ie_count <= PC5S_MAX_IES && message->problem_count <= PC5S_MAX_PROBLEMS);
    for (unsigned i = 0; i < message->ie_count; i++) {
        fuzz_touch(message->ies[i].whole, whole);
        fuzz_touch(message->ies[i].value, whole);
        pc5s_tbcd_digits(message->ies[i].value);
        pc5s_find(message, message->ies[i].kind);
    }
    fuzz_touch(message->rest, whole);
    touch_container(&message->key_establishment, whole);
    for (unsigned i = 0; i < message->problem_count; i++) {
        FUZZ_MUST(message->problems[i].offset <= whole.len && message->problems[i].len <= whole.len - message->problems[i].offset);
        FUZZ_MUST(pc5s_problem_text(message->problems[i].kind));
    }
}

static void touch_record(const pc5_record *record)
{
    for (unsigned kind = 0; kind < PC5_PROBLEM_KINDS; kind++)
        if (record->problems & UINT64_C(1) << kind)
            FUZZ_MUST(pc5_problem_text((pc5_problem_kind)kind));
    if (!record->context)
        return;
    const pc5_keying *keyings[] = {&record->context->offer, &record->context->answer};
    for (size_t i = 0; i < G_N_ELEMENTS(keyings); i++)
        fuzz_touch(octet_span_at(keyings[i]->content, keyings[i]->len), octet_span_at(keyings[i]->content, keyings[i]->len));
}

static pc5_id end(unsigned number, bool is_address)
{
    static const uint8_t octets[4][4] = {{1, 2, 3, 4}, {0x0a, 0x0b, 0x0c, 0x0d}, {0x0a, 0x0b, 0x0e, 0x0f}, {0, 0, 0, 0}};
    pc5_id id = {.len = is_address ? 4 : 3};
    memcpy(id.octets, octets[number & 3], id.len);
    return id;
}

static pc5s_options options;

static void take(fuzz_capture *capture, uint32_t frame, octet_span piece)
{
    enum { IS_ADDRESS = 0x10, SHORT_DESTINATION = 0x20 };
    const uint8_t flags = fuzz_octet(&piece);
    const octet_span octets = fuzz_copy(piece.data, piece.len);
    pc5s_message *message = pc5s_parse(octets.data, octets.len, &options);
    pc5_arrival arrival = {.frame = frame,
                           .source = end(flags, flags & IS_ADDRESS),
                           .destination = end(flags >> 2, flags & IS_ADDRESS),
                           .protection = (pc5_protection)((flags >> 6) % 3),
                           .message = message};
    if (flags & SHORT_DESTINATION)
        arrival.destination.len = 2;
    touch_message(message);
    const pc5_record *record = pc5_state_add(capture->pc5, &arrival);
    FUZZ_MUST(pc5_state_add(capture->pc5, &arrival) == record);
    touch_record(record);
    pc5_learn_keying(&arrival, record, capture->kd, capture->mikey);
    GPtrArray *unsecured = g_ptr_array_new();
    pc5_state_unsecured(capture->pc5, &arrival.source, &arrival.destination, SL_MAX_TRIED, unsecured);
    FUZZ_MUST(unsecured->len <= SL_MAX_TRIED);
    g_ptr_array_free(unsecured, TRUE);
    if (record->context)
        g_array_unref(kd_sources_candidates(capture->kd, record->context));
    pc5s_free(message);
    free((void *)octets.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    octet_span rest = octet_span_at(data, len);
    const uint8_t readings = fuzz_octet(&rest), encoding = fuzz_octet(&rest);
    options = (pc5s_options){.iei_radix = (pc5s_iei_radix)((readings & 3) % 3),
                             .length_size = (pc5s_length_size)((readings >> 2 & 3) % 3),
                             .user_info_length = (pc5s_user_info_length)((readings >> 4 & 3) % 3),
                             .keyest_encoding = (keyest_encoding)((encoding & 7) % (KEYEST_NONE + 1)),
                             .keyest_iei = encoding & 0x10 ? encoding : KEYEST_DEFAULT_IEI,
                             .keyest_short_length = encoding & 8};
    fuzz_lenient = readings & 0x80;
    fuzz_capture capture = fuzz_capture_open(&SL_PROFILE_DEFAULT, &options);
    fuzz_capture_read(&capture, rest, take);
    fuzz_capture_close(&capture);
    return 0;
}

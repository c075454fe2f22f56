/* MIKEY: a key log, then messages, each behind an octet that says what is done with it; it may be what was added to the key log. The private key of the samples is there as well. */
#include "fuzz.h"

#include "keys/mikey_coverage.h"
#include "keys/mikey_pke.h"
#include "keys/mikey_srtp.h"

#include <stdlib.h>

#define TIME_OF_SAMPLES 1764000000

static void touch_chain(const mikey_chain *chain, octet_span whole, unsigned depth);

static void touch_header(const mikey_header *header, octet_span whole)
{
    FUZZ_MUST(header->len <= whole.len && header->cs_read <= header->cs_count);
    fuzz_touch(header->map, whole);
    for (unsigned i = 0; i < header->cs_read; i++) {
        fuzz_touch(header->cs[i].whole, whole);
        fuzz_touch(header->cs[i].policies, whole);
        fuzz_touch(header->cs[i].session_data, whole);
        fuzz_touch(header->cs[i].spi, whole);
    }
}

static void touch_validity(const mikey_validity *validity, octet_span whole)
{
    fuzz_touch(validity->spi, whole);
    fuzz_touch(validity->from, whole);
    fuzz_touch(validity->to, whole);
}

static void touch_policy(const mikey_policy *policy, octet_span whole)
{
    mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
    octet_span rest = policy->params;
    mikey_param param;
    uint64_t number;
    while (mikey_next_param(&rest, &param)) {
        fuzz_touch(param.whole, whole);
        fuzz_touch(param.value, whole);
        mikey_param_number(&param);
        mikey_policy_number(policy, param.type, &number);
    }
    for (size_t tek_len = 0; tek_len <= 32; tek_len += 16)
        FUZZ_MUST(mikey_srtp_readings(policy, tek_len, readings) <= MIKEY_SRTP_MAX_READINGS);
}

static void touch_ticket(const mikey_ticket *ticket, octet_span whole, unsigned depth)
{
    fuzz_touch(ticket->policy_data, whole);
    fuzz_touch(ticket->ticket_data, whole);
    fuzz_touch(ticket->initiator_data, whole);
    touch_chain(ticket->policy, whole, depth + 1);
    touch_chain(ticket->ticket, whole, depth + 1);
    touch_chain(ticket->initiator, whole, depth + 1);
}

static void touch_payload(const mikey_payload *payload, octet_span whole, unsigned depth)
{
    int64_t seconds;
    FUZZ_MUST(payload->offset <= whole.len && payload->len <= whole.len - payload->offset);
    switch (payload->type) {
    case MIKEY_KEMAC:
        fuzz_touch(payload->kemac.encr_data, whole);
        fuzz_touch(payload->kemac.mac, whole);
        touch_chain(payload->kemac.keys, whole, depth + 1);
        break;
    case MIKEY_PKE:
        fuzz_touch(payload->pke.data, whole);
        break;
    case MIKEY_DH:
        fuzz_touch(payload->dh.value, whole);
        touch_validity(&payload->dh.validity, whole);
        break;
    case MIKEY_SIGN:
        fuzz_touch(payload->sign.signature, whole);
        break;
    case MIKEY_T:
    case MIKEY_TR:
        fuzz_touch(payload->time.value, whole);
        mikey_time_seconds(&payload->time, &seconds);
        break;
    case MIKEY_ID:
    case MIKEY_IDR:
        fuzz_touch(payload->identity.data, whole);
        break;
    case MIKEY_CERT:
        fuzz_touch(payload->cert.data, whole);
        break;
    case MIKEY_CHASH:
        fuzz_touch(payload->chash.hash, whole);
        break;
    case MIKEY_V:
        fuzz_touch(payload->verification.mac, whole);
        break;
    case MIKEY_SP:
        fuzz_touch(payload->policy.params, whole);
        touch_policy(&payload->policy, whole);
        break;
    case MIKEY_RAND:
    case MIKEY_RANDR:
        fuzz_touch(payload->rand.value, whole);
        break;
    case MIKEY_ERR:
        break;
    case MIKEY_TP:
    case MIKEY_TICKET:
        touch_ticket(&payload->ticket, whole, depth);
        break;
    case MIKEY_KEY_DATA:
    case MIKEY_SK:
        fuzz_touch(payload->key.key, whole);
        fuzz_touch(payload->key.salt, whole);
        touch_validity(&payload->key.validity, whole);
        break;
    case MIKEY_GENERAL_EXT:
        fuzz_touch(payload->extension.data, whole);
        touch_chain(payload->extension.sakke, whole, depth + 1);
        break;
    case MIKEY_SAKKE:
        fuzz_touch(payload->sakke.data, whole);
        break;
    case MIKEY_ECCPT:
        fuzz_touch(payload->point.data, whole);
        break;
    default:
        fuzz_touch(payload->data, whole);
        break;
    }
}

static void touch_chain(const mikey_chain *chain, octet_span whole, unsigned depth)
{
    if (!chain)
        return;
    FUZZ_MUST(depth <= MIKEY_MAX_DEPTH && chain->count <= MIKEY_MAX_PAYLOADS);
    fuzz_touch(chain->whole, whole);
    for (unsigned i = 0; i < chain->count; i++)
        touch_payload(&chain->payloads[i], whole, depth);
}

static void touch_message(const mikey_message *message)
{
    if (message->has_header)
        touch_header(&message->header, message->whole);
    touch_chain(&message->chain, message->whole, 0);
    FUZZ_MUST(message->problem_count <= MIKEY_MAX_PROBLEMS);
    for (unsigned i = 0; i < message->problem_count; i++) {
        const mikey_problem *problem = &message->problems[i];
        FUZZ_MUST(problem->offset <= message->whole.len && problem->len <= message->whole.len - problem->offset);
        FUZZ_MUST(mikey_problem_text(problem->kind));
    }
}

/* Parts of messages, which stand by themselves once they were deciphered. */
static void parse_part(octet_span octets, uint8_t flags)
{
    mikey_message *message = flags & 1 ? mikey_parse_ticket_data(octets.data, octets.len)
                                       : mikey_parse_keys(octets.data, octets.len, flags & 2 ? MIKEY_ID : MIKEY_KEY_DATA,
                                                          (mikey_keys_place)(flags >> 2 & 3));
    touch_message(message);
    mikey_free(message);
}

static void touch_record(const mikey_record *record)
{
    for (guint i = 0; i < record->opened->len; i++)
        touch_message(g_array_index(record->opened, mikey_opened, i).keys);
    for (guint i = 0; i < record->checks->len; i++)
        FUZZ_MUST(g_array_index(record->checks, mikey_check, i).offset < record->octets.len);
}

static void list_teks(const fuzz_capture *capture)
{
    enum { MAX = 16 };
    GPtrArray *teks = g_ptr_array_new();
    mikey_sessions_list_teks(capture->mikey, MAX, teks);
    FUZZ_MUST(teks->len <= MAX);
    g_ptr_array_free(teks, TRUE);
}

static void take_message(fuzz_capture *capture, const mikey_arrival *arrival, octet_span octets)
{
    static const char caller[] = "sip:alice@example.com", callee[] = "sip:bob@example.com";
    mikey_message *message = mikey_parse(octets.data, octets.len);
    mikey_check_time(message, TIME_OF_SAMPLES);
    touch_message(message);
    mikey_arrival at = *arrival;
    at.caller = (text_span){caller, sizeof caller - 1};
    at.callee = (text_span){callee, sizeof callee - 1};
    const mikey_record *record = mikey_sessions_add(capture->mikey, &at, octets);
    FUZZ_MUST(mikey_sessions_find(capture->mikey, at.frame, octets) == record);
    touch_record(record);
    list_teks(capture);
    if (record->initial) {
        mikey_check_response(message, record->initial->message);
        touch_message(message);
    }
    mikey_free(message);
}

static void take(fuzz_capture *capture, uint32_t frame, octet_span piece)
{
    enum { IS_PART = 0x80, IS_LOG = 0x40, IN_SECTION = 1, IS_ANSWER = 2, WAS_BEFORE = 4 };
    const uint8_t flags = fuzz_octet(&piece);
    const octet_span octets = fuzz_copy(piece.data, piece.len);
    const mikey_arrival arrival = {.frame = flags & WAS_BEFORE && frame > 1 ? frame - 1 : frame,
                                   .section = flags & IN_SECTION ? flags >> 4 & 3 : -1,
                                   .offer_frame = flags & IS_ANSWER ? frame - 1 : 0};
    if (flags & IS_PART)
        parse_part(octets, flags);
    else if (flags & IS_LOG)
        fuzz_capture_log(capture, octets);
    else
        take_message(capture, &arrival, octets);
    free((void *)octets.data);
}

static void set_private_key(fuzz_capture *capture)
{
    static EVP_PKEY *key;
    char *error = NULL;
    if (!key)
        key = mikey_private_key_load(D2DSEC_FUZZ_PRIVATE_KEY, &error);
    FUZZ_MUST(key && !error);
    EVP_PKEY_up_ref(key);
    mikey_sessions_set_private_key(capture->mikey, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    enum { LENIENT = 1, PRIVATE_KEY = 2 };
    octet_span rest = octet_span_at(data, len);
    const uint8_t flags = fuzz_octet(&rest);
    fuzz_lenient = flags & LENIENT;
    fuzz_capture capture = fuzz_capture_open(&SL_PROFILE_DEFAULT, &pc5s_default_options);
    if (flags & PRIVATE_KEY)
        set_private_key(&capture);
    fuzz_capture_read(&capture, rest, take);
    fuzz_capture_close(&capture);
    return 0;
}

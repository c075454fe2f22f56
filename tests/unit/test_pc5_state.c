/* Which message answers which, the contexts that come of them, and every problem between messages. */
#include "sessions/pc5_state.h"

#include "vectors.h"

#include <string.h>

#define MAX_STEPS 12
#define BIT(kind) (UINT64_C(1) << PC5_PROBLEM_##kind)

#define NONCE_1 "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf "
#define NONCE_2 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf "
#define NONCE_3 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf "
#define NONCE_4 "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf "
#define REQUEST_OF(seq, nonce, msb) "01 " seq " 06 01 616c696365 04 00000258 " nonce "f0f0 " msb " "
#define REQUEST REQUEST_OF("0001", NONCE_1, "12")
#define COMMAND_OF(seq, caps, nonce, algorithms, lsb) "0c " seq " " caps " " nonce algorithms " " lsb " "
#define COMMAND COMMAND_OF("0001", "f0f0", NONCE_2, "22", "34")
#define COMPLETE "0d 0001 "
#define ACCEPT "02 0001 04 "
#define REKEYING_OF(seq, nonce, msb) "0f " seq " f0f0 " nonce msb " "
#define KEEPALIVE(seq, counter) "04 " seq " " counter " "
#define ACK(seq, counter) "05 " seq " " counter " "

typedef struct {
    uint8_t from, to;       /* ends by number; 0: the list ends */
    pc5_protection protection;
    const char *message;
    uint64_t problems;      /* all of them */
    uint8_t request, first; /* steps from 1, which are frames; 0: none */
} step;

#define PLAIN PC5_UNPROTECTED
#define SAFE PC5_PROTECTED

/* The layer-2 ID of an end: 24 bits of a source, 16 of a destination. */
static pc5_id layer_2(uint8_t end, bool is_source)
{
    return (pc5_id){.octets = {end, (uint8_t)(end * 3), is_source ? (uint8_t)(end * 5) : 0}, .len = is_source ? 3 : 2};
}

static const pc5_record *add(pc5_state *state, uint32_t frame, pc5_id source, pc5_id destination, pc5_protection protection,
                             const vector_octets *octets)
{
    pc5s_message *message = pc5s_parse(octets->data, octets->len, &pc5s_default_options);
    pc5_arrival arrival = {.frame = frame, .source = source, .destination = destination, .protection = protection,
                           .message = message};
    const pc5_record *record = pc5_state_add(state, &arrival);
    pc5s_free(message);
    return record;
}

static const pc5_record *add_text(pc5_state *state, uint32_t frame, uint8_t from, uint8_t to, const char *text)
{
    vector_octets octets = octets_of(text);
    return add(state, frame, layer_2(from, true), layer_2(to, false), PC5_PROTECTION_UNKNOWN, &octets);
}

static void list_problems(unsigned number, uint64_t problems)
{
    for (unsigned kind = 0; kind < PC5_PROBLEM_KINDS; kind++)
        if (problems & UINT64_C(1) << kind)
            g_test_message("  step %u: %s", number, pc5_problem_text((pc5_problem_kind)kind));
}

/* Twice over: a later pass changes nothing. */
static void run(const step *steps)
{
    pc5_state *state = pc5_state_new();
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < MAX_STEPS && steps[i].from; i++) {
            vector_octets octets = octets_of(steps[i].message);
            const pc5_record *record = add(state, i + 1, layer_2(steps[i].from, true), layer_2(steps[i].to, false),
                                           steps[i].protection, &octets);
            list_problems(i + 1, record->problems);
            g_assert_cmphex(record->problems, ==, steps[i].problems);
            g_assert_cmpuint(record->request_frame, ==, steps[i].request);
            g_assert_cmpuint(record->first_frame, ==, steps[i].first);
        }
    }
    pc5_state_free(state);
}

typedef struct {
    const char *name;
    step steps[MAX_STEPS];
} scenario;

static const scenario scenarios[] = {
    {"a link from request to release",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {1, 2, SAFE, COMPLETE, 0, 2, 0},
      {2, 1, SAFE, ACCEPT, 0, 1, 0},
      {1, 2, SAFE, KEEPALIVE("0002", "00000000"), 0, 0, 0},
      {2, 1, SAFE, ACK("0002", "00000000"), 0, 5, 0},
      {1, 2, SAFE, "06 0003 01", 0, 0, 0},
      {2, 1, SAFE, "07 0003", 0, 7, 0}}},
    {"sequence numbers of each side's own",
     {{1, 2, PLAIN, REQUEST_OF("0107", NONCE_1, "12"), 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0999", "f0f0", NONCE_2, "22", "34"), 0, 1, 0},
      {1, 2, SAFE, "0d 0108", 0, 2, 0},
      {2, 1, SAFE, "02 099a 04", 0, 1, 0}}},
    {"retransmissions",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {1, 2, PLAIN, REQUEST, 0, 0, 1},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 3},
      {1, 2, SAFE, COMPLETE, 0, 3, 0},
      {1, 2, SAFE, COMPLETE, 0, 3, 5},
      {1, 2, PLAIN, REQUEST, 0, 0, 1}}},
    {"a request that changed on the way",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {1, 2, PLAIN, REQUEST_OF("0001", NONCE_1, "13"), BIT(REQUEST_CHANGED) | BIT(SEQUENCE_REUSED), 0, 1},
      {2, 1, SAFE, COMMAND, 0, 1, 0}}},
    {"command without request", {{2, 1, SAFE, COMMAND, BIT(COMMAND_WITHOUT_REQUEST), 0, 0}, {1, 2, SAFE, COMPLETE, 0, 1, 0}}},
    {"completion without command",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {1, 2, SAFE, COMPLETE, BIT(COMPLETE_WITHOUT_COMMAND), 0, 0}}},
    {"rejection of a command that is not there", {{1, 2, PLAIN, "0e 0001 02", BIT(COMPLETE_WITHOUT_COMMAND), 0, 0}}},
    {"command in the direction of the request",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {1, 2, SAFE, COMMAND, BIT(SAME_DIRECTION), 1, 0}}},
    {"completion in the direction of the command",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {2, 1, SAFE, COMMAND, 0, 1, 0}, {2, 1, SAFE, COMPLETE, BIT(SAME_DIRECTION), 0, 0}}},
    {"accept in the direction of the request",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {1, 2, SAFE, ACCEPT, BIT(SAME_DIRECTION), 0, 0}}},
    {"capabilities bid down",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0001", "8080", NONCE_2, "11", "34"), BIT(CAPABILITIES_DIFFER), 1, 0}}},
    {"algorithm not offered",
     {{1, 2, PLAIN, "01 0001 02 01 61 04 00000258 " NONCE_1 "c0c0 12", 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0001", "c0c0", NONCE_2, "21", "34"), BIT(ALGORITHM_NOT_OFFERED), 1, 0}}},
    {"algorithm not among the capabilities that the command itself repeats",
     {{2, 1, SAFE, COMMAND_OF("0001", "c0c0", NONCE_2, "12", "34"),
       BIT(COMMAND_WITHOUT_REQUEST) | BIT(ALGORITHM_NOT_OFFERED), 0, 0}}},
    {"nonces equal",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0001", "f0f0", NONCE_1, "22", "34"), BIT(NONCES_EQUAL), 1, 0}}},
    {"Nonce_1 used again with another peer",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {1, 3, PLAIN, REQUEST_OF("0002", NONCE_1, "12"), BIT(NONCE_REUSED), 0, 0}}},
    {"Nonce_1 of the other side's earlier request",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {2, 1, PLAIN, REQUEST_OF("0002", NONCE_1, "12"), BIT(NONCE_REUSED), 0, 0}}},
    {"Nonce_2 used again",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {1, 2, SAFE, COMPLETE, 0, 2, 0},
      {1, 2, SAFE, REKEYING_OF("0002", NONCE_3, "13"), 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0002", "f0f0", NONCE_2, "22", "35"), BIT(NONCE_REUSED), 4, 0}}},
    {"a copy that was relayed",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {2, 3, PLAIN, REQUEST, 0, 0, 0}}},
    {"nonces of zero are no second use",
     {{1, 2, PLAIN, REQUEST_OF("0001", "@16 ", "12"), 0, 0, 0}, {1, 3, PLAIN, REQUEST_OF("0002", "@16 ", "12"), 0, 0, 0}}},
    {"KD-sess ID 0",
     {{1, 2, PLAIN, REQUEST_OF("0001", NONCE_1, "00"), 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0001", "f0f0", NONCE_2, "22", "00"), BIT(KD_SESS_ID_ZERO), 1, 0}}},
    {"KD-sess ID of the context before",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {1, 2, SAFE, COMPLETE, 0, 2, 0},
      {1, 2, SAFE, REKEYING_OF("0002", NONCE_3, "12"), 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0002", "f0f0", NONCE_4, "22", "34"), BIT(KD_SESS_ID_REUSED), 4, 0}}},
    {"new KD ID in halves",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {2, 1, SAFE, COMMAND "10 dead", 0, 1, 0}, {1, 2, SAFE, COMPLETE "0f beef", 0, 2, 0}}},
    {"low half of the KD ID missing",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND "10 dead", 0, 1, 0},
      {1, 2, SAFE, COMPLETE, BIT(KD_ID_LSB_MISSING), 2, 0}}},
    {"high half of the KD ID missing",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {1, 2, SAFE, COMPLETE "0f beef", BIT(KD_ID_MSB_MISSING), 2, 0}}},
    {"command rejected",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {2, 1, SAFE, COMMAND "10 dead", 0, 1, 0}, {1, 2, PLAIN, "0e 0001 02", 0, 2, 0}}},
    {"request rejected, then accepted",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, PLAIN, "03 0001 01", 0, 1, 0},
      {2, 1, SAFE, ACCEPT, BIT(ANSWERED_TWICE), 1, 0}}},
    {"reject without request", {{2, 1, PLAIN, "03 0001 01", BIT(WITHOUT_REQUEST), 0, 0}}},
    {"accept without request", {{2, 1, SAFE, ACCEPT, BIT(WITHOUT_REQUEST), 0, 0}}},
    {"accept in the clear, without security",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0}, {2, 1, PLAIN, ACCEPT, BIT(ACCEPT_WITHOUT_SECURITY), 1, 0}}},
    {"accept before completion",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {2, 1, SAFE, ACCEPT, BIT(ACCEPT_BEFORE_COMPLETE), 1, 0}}},
    {"protected messages in the clear",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, PLAIN, COMMAND, BIT(NOT_PROTECTED), 1, 0},
      {1, 2, PLAIN, COMPLETE, BIT(NOT_PROTECTED), 2, 0},
      {2, 1, PLAIN, ACCEPT, BIT(NOT_PROTECTED), 1, 0},
      {2, 1, PLAIN, ACCEPT, BIT(NOT_PROTECTED), 1, 4},
      {1, 2, PLAIN, KEEPALIVE("0002", "00000001"), BIT(NOT_PROTECTED), 0, 0},
      {1, 2, PLAIN, "06 0003 01", BIT(NOT_PROTECTED), 0, 0},
      {2, 1, PLAIN, "07 0003", BIT(NOT_PROTECTED), 7, 0}}},
    {"after the release",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {1, 2, SAFE, "06 0002 01", 0, 0, 0},
      {2, 1, SAFE, "07 0002", 0, 2, 0},
      {2, 1, SAFE, "07 0002", 0, 2, 3},
      {1, 2, SAFE, KEEPALIVE("0003", "00000001"), BIT(AFTER_RELEASE), 0, 0},
      {1, 2, PLAIN, REQUEST_OF("0004", NONCE_3, "12"), 0, 0, 0},
      {1, 2, SAFE, KEEPALIVE("0005", "00000001"), 0, 0, 0}}},
    {"release accepted that nobody asked for", {{2, 1, SAFE, "07 0003", BIT(WITHOUT_REQUEST), 0, 0}}},
    {"rekeying",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {1, 2, SAFE, COMPLETE, 0, 2, 0},
      {2, 1, SAFE, ACCEPT, 0, 1, 0},
      {1, 2, SAFE, "11 0005", 0, 0, 0},
      {2, 1, SAFE, REKEYING_OF("0006", NONCE_3, "13"), 0, 5, 0},
      {1, 2, SAFE, COMMAND_OF("0006", "f0f0", NONCE_4, "22", "35"), 0, 6, 0},
      {2, 1, SAFE, "0d 0006", 0, 7, 0},
      {1, 2, SAFE, "10 0006", 0, 6, 0}}},
    {"rekeying over and over",
     {{1, 2, SAFE, REKEYING_OF("0001", NONCE_1, "13"), 0, 0, 0},
      {2, 1, SAFE, COMMAND_OF("0001", "f0f0", NONCE_2, "22", "35"), 0, 1, 0},
      {1, 2, SAFE, REKEYING_OF("0002", NONCE_3, "14"), BIT(REKEYING_UNFINISHED), 0, 0}}},
    {"rekeying response without request", {{1, 2, SAFE, "10 0006", BIT(WITHOUT_REQUEST), 0, 0}}},
    {"keepalive counters",
     {{1, 2, SAFE, KEEPALIVE("0001", "00000005"), 0, 0, 0},
      {1, 2, SAFE, KEEPALIVE("0002", "00000006"), 0, 0, 0},
      {2, 1, SAFE, ACK("0001", "00000005"), 0, 1, 0},
      {2, 1, SAFE, ACK("0002", "00000006"), 0, 2, 0},
      {1, 2, SAFE, KEEPALIVE("0003", "00000005"), BIT(KEEPALIVE_BACKWARDS), 0, 0},
      {2, 1, SAFE, ACK("0003", "00000009"), BIT(KEEPALIVE_COUNTER), 5, 0},
      {1, 2, SAFE, KEEPALIVE("0004", "fffffffe"), BIT(KEEPALIVE_BACKWARDS), 0, 0},
      {1, 2, SAFE, KEEPALIVE("0005", "00000001"), 0, 0, 0}}},
    {"keepalives acknowledged under numbers of the other side's own",
     {{1, 2, SAFE, KEEPALIVE("0001", "00000005"), 0, 0, 0},
      {1, 2, SAFE, KEEPALIVE("0002", "00000006"), 0, 0, 0},
      {2, 1, SAFE, ACK("0051", "00000005"), 0, 1, 0},
      {2, 1, SAFE, ACK("0052", "00000006"), 0, 2, 0}}},
    {"keepalive acknowledged twice",
     {{1, 2, SAFE, KEEPALIVE("0001", "00000005"), 0, 0, 0},
      {2, 1, SAFE, ACK("0001", "00000005"), 0, 1, 0},
      {2, 1, SAFE, ACK("0002", "00000005"), BIT(ANSWERED_TWICE), 1, 0}}},
    {"acknowledgement without keepalive", {{2, 1, SAFE, ACK("0001", "00000005"), BIT(WITHOUT_REQUEST), 0, 0}}},
    {"information of the remote UE",
     {{1, 2, SAFE, "12 0001 01", 0, 0, 0}, {2, 1, SAFE, "13 0001 1b 2143658709214365", 0, 1, 0}}},
    {"a sequence number for two messages",
     {{1, 2, SAFE, "06 0001 01", 0, 0, 0}, {1, 2, SAFE, "06 0001 02", BIT(SEQUENCE_REUSED), 0, 0}}},
    {"messages that nobody knows",
     {{1, 2, PLAIN, "08 0001 01", 0, 0, 0}, {2, 1, PLAIN, "ff 0001", 0, 0, 0}, {2, 1, PLAIN, "00 0001", 0, 0, 0},
      {1, 2, PLAIN, "01", 0, 0, 0}}},
    {"two links at a time",
     {{1, 2, PLAIN, REQUEST, 0, 0, 0},
      {1, 3, PLAIN, REQUEST_OF("0001", NONCE_3, "12"), 0, 0, 0},
      {3, 1, SAFE, COMMAND_OF("0001", "f0f0", NONCE_4, "22", "34"), 0, 2, 0},
      {2, 1, SAFE, COMMAND, 0, 1, 0},
      {1, 2, SAFE, COMPLETE, 0, 4, 0},
      {1, 3, SAFE, COMPLETE, 0, 3, 0}}},
};

static void test_scenarios(void)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_test_message("%s", scenarios[i].name);
        run(scenarios[i].steps);
        for (unsigned k = 0; k < MAX_STEPS; k++)
            seen |= scenarios[i].steps[k].problems;
    }
    /* What they leave out is the container's, below. */
    for (unsigned kind = 0; kind < PC5_PROBLEM_KEYING_WITHOUT_OFFER; kind++)
        g_assert_true(seen & UINT64_C(1) << kind);
}

/* --- contexts ------------------------------------------------------------------------------------------------------ */

static void test_context(void)
{
    const vector_octets nonce_1 = octets_of(NONCE_1), nonce_2 = octets_of(NONCE_2);
    pc5_state *state = pc5_state_new();
    const pc5_record *request = add_text(state, 10, 1, 2, REQUEST "11 00010002");
    const pc5_record *command = add_text(state, 11, 2, 1, COMMAND "10 dead");
    const pc5_context *context = request->context;
    g_assert_true(context == command->context);
    g_assert_true(context->has_kd_id && context->kd_id == 0x00010002); /* as the request names it, until a new one is whole */
    const pc5_record *complete = add_text(state, 12, 1, 2, COMPLETE "0f beef");
    add_text(state, 13, 2, 1, ACCEPT);

    g_assert_cmpuint(request->response_frame, ==, 13);
    g_assert_cmpuint(command->response_frame, ==, 12);
    g_assert_cmpuint(complete->response_frame, ==, 0);
    g_assert_cmpuint(context->request_frame, ==, 10);
    g_assert_cmpuint(context->command_frame, ==, 11);
    g_assert_cmpuint(context->complete_frame, ==, 12);
    g_assert_cmpuint(context->closing_frame, ==, 13);
    g_assert_false(context->is_rekeying || context->rejected);
    g_assert_cmpmem(context->nonce_1, 16, nonce_1.data, nonce_1.len);
    g_assert_cmpmem(context->nonce_2, 16, nonce_2.data, nonce_2.len);
    g_assert_cmphex(context->capabilities, ==, 0xf0f0);
    g_assert_cmphex(context->algorithms, ==, 0x22);
    g_assert_true(context->has_kd_sess_id && context->kd_sess_id == 0x1234);
    g_assert_true(context->has_kd_id && context->kd_id == 0xdeadbeef);
    g_assert_cmpmem(context->initiator.octets, context->initiator.len, "\x01\x03\x05", 3);
    g_assert_cmpmem(context->responder.octets, context->responder.len, "\x02\x06\x0a", 3); /* learned in the command */

    const pc5_record *rekeying = add_text(state, 14, 2, 1, REKEYING_OF("0009", NONCE_3, "56"));
    add_text(state, 15, 1, 2, COMMAND_OF("0009", "f0f0", NONCE_4, "11", "78"));
    g_assert_true(rekeying->context != context && rekeying->context->is_rekeying);
    g_assert_cmphex(rekeying->context->kd_sess_id, ==, 0x5678);
    g_assert_cmphex(context->kd_sess_id, ==, 0x1234);
    pc5_state_free(state);
}

static void test_rejected(void)
{
    pc5_state *state = pc5_state_new();
    const pc5_record *request = add_text(state, 1, 1, 2, REQUEST);
    add_text(state, 2, 2, 1, "03 0001 01");
    g_assert_true(request->context->rejected);
    request = add_text(state, 3, 1, 3, REQUEST_OF("0002", NONCE_3, "12"));
    add_text(state, 4, 3, 1, COMMAND);
    add_text(state, 5, 1, 3, "0e 0002 02");
    g_assert_true(request->context->rejected);
    pc5_state_free(state);
}

/* --- identities ---------------------------------------------------------------------------------------------------- */

static pc5_id id_of(const char *hex)
{
    vector_octets octets = octets_of(hex);
    pc5_id id = {.len = (uint8_t)octets.len};
    memcpy(id.octets, octets.data, octets.len);
    return id;
}

static const pc5_record *add_between(pc5_state *state, uint32_t frame, const char *from, const char *to, const char *text)
{
    vector_octets octets = octets_of(text);
    return add(state, frame, id_of(from), id_of(to), PC5_PROTECTION_UNKNOWN, &octets);
}

static void test_identities(void)
{
    pc5_state *state = pc5_state_new();
    /* two peers of which a destination tells only the first 16 bits: the one that spoke last is meant */
    add_between(state, 1, "010203", "0a0b", REQUEST);
    g_assert_cmpuint(add_between(state, 2, "0a0b0c", "0102", COMMAND)->request_frame, ==, 1);
    g_assert_cmphex(add_between(state, 3, "0a0b0d", "0102", ACCEPT)->problems, ==, BIT(WITHOUT_REQUEST));
    g_assert_cmpuint(add_between(state, 4, "0a0b0c", "010203", ACCEPT)->request_frame, ==, 1);
    /* IP addresses are compared in full */
    add_between(state, 5, "c0000201", "c0000202", REQUEST_OF("0001", NONCE_3, "12"));
    const pc5_record *command =
        add_between(state, 6, "c0000202", "c0000201", COMMAND_OF("0001", "f0f0", NONCE_4, "22", "34"));
    g_assert_cmpuint(command->request_frame, ==, 5);
    g_assert_cmphex(add_between(state, 7, "c0000203", "c0000201", ACCEPT)->problems, ==, BIT(WITHOUT_REQUEST));
    g_assert_cmphex(add_between(state, 8, "20010db8 @11 02", "20010db8 @11 01", "07 0001")->problems, ==,
                    BIT(WITHOUT_REQUEST));
    /* nobody knows who speaks: nothing is said */
    g_assert_cmpuint(add_between(state, 9, "", "", "07 0001")->problems, ==, 0);
    /* both ends the same: the message is from the first side, and so is its answer */
    add_between(state, 10, "050505", "0505", REQUEST_OF("0003", "@15 01 ", "12"));
    g_assert_cmphex(add_between(state, 11, "050505", "0505", "03 0003 01")->problems, ==, BIT(SAME_DIRECTION));
    pc5_state_free(state);
}

static void test_several_in_one_frame(void)
{
    pc5_state *state = pc5_state_new();
    vector_octets octets = octets_of(REQUEST "08 0001 01");
    pc5s_message *request = pc5s_parse(octets.data, octets.len - 4, &pc5s_default_options);
    pc5s_message *other = pc5s_parse(octets.data + octets.len - 4, 4, &pc5s_default_options);
    pc5_arrival arrival = {.frame = 1, .source = layer_2(1, true), .destination = layer_2(2, false), .message = request};
    const pc5_record *first = pc5_state_add(state, &arrival);
    arrival.message = other;
    const pc5_record *second = pc5_state_add(state, &arrival);
    g_assert_true(first != second && first->context && !second->context);
    g_assert_true(pc5_state_add(state, &arrival) == second);
    pc5s_free(request);
    pc5s_free(other);
    pc5_state_free(state);
}

/* --- key establishment information --------------------------------------------------------------------------------- */

#define KEY_A "AAECAwQFBgcICQoLDA0ODyAhIiMkJSYnKCkqKywt"
#define KEY_B "EBESExQVFhcYGRobHB0eHzAxMjM0NTY3ODk6Ozw9"
#define KEY_C "QEFCQ0RFRkdISUpLTE1OT2BhYmNkZWZnaGlqa2xt"
#define KEY_D "UFFSU1RVVldYWVpbXF1eX3BxcnN0dXZ3eHl6e3x9"
#define KEY_E "gIGCg4SFhoeIiYqLjI2Oj6ChoqOkpaanqKmqq6yt"
#define KEY_F "kJGSk5SVlpeYmZqbnJ2en7CxsrO0tba3uLm6u7y9"
#define LINE(tag, suite, key) "a=crypto:" tag " " suite " inline:" key "\r\n"
#define CM80 "AES_CM_128_HMAC_SHA1_80"
#define CM32 "AES_CM_128_HMAC_SHA1_32"
#define SDP(lines) "v=0\r\nm=audio 0 RTP/SAVP 0\r\n" lines

/* The message with a container: IEI, length, method, body (the default encoding). */
static const pc5_record *add_keying(pc5_state *state, uint32_t frame, uint8_t from, uint8_t to, const char *message,
                                    uint8_t method, const char *body, size_t len)
{
    vector_octets octets = octets_of(message);
    const uint8_t head[] = {0x74, (uint8_t)((len + 1) >> 8), (uint8_t)(len + 1), method};
    memcpy(octets.data + octets.len, head, sizeof head);
    memcpy(octets.data + octets.len + sizeof head, body, len);
    octets.len += sizeof head + len;
    return add(state, frame, layer_2(from, true), layer_2(to, false), PC5_PROTECTION_UNKNOWN, &octets);
}

static const pc5_record *add_sdp(pc5_state *state, uint32_t frame, uint8_t from, uint8_t to, const char *message,
                                 const char *sdp)
{
    return add_keying(state, frame, from, to, message, KEYEST_METHOD_SDES, sdp, strlen(sdp));
}

static void test_offer_and_answer(void)
{
    pc5_state *state = pc5_state_new();
    const pc5_record *offer = add_sdp(state, 1, 1, 2, REQUEST, SDP(LINE("1", CM80, KEY_A) LINE("2", CM32, KEY_A)));
    g_assert_cmpint(offer->exchange->role, ==, SDP_ROLE_OFFER);
    g_assert_cmpuint(offer->exchange->media_count, ==, 1);
    g_assert_cmphex(offer->problems, ==, 0);
    const pc5_record *answer = add_sdp(state, 2, 2, 1, COMMAND, SDP(LINE("1", CM80, KEY_B)));
    g_assert_cmpint(answer->exchange->role, ==, SDP_ROLE_ANSWER);
    g_assert_cmpuint(answer->exchange->offer_frame, ==, 1);
    g_assert_cmphex(answer->exchange->answer_problems[0], ==, 0);
    g_assert_cmphex(answer->problems, ==, 0);
    const pc5_context *context = answer->context;
    g_assert_cmpuint(context->offer.frame, ==, 1);
    g_assert_cmpuint(context->answer.frame, ==, 2);
    g_assert_cmpmem(context->answer.content, context->answer.len, SDP(LINE("1", CM80, KEY_B)),
                    strlen(SDP(LINE("1", CM80, KEY_B))));
    pc5_state_free(state);
}

/* Answers to an offer of tag 1 under KEY_A. */
static void test_answers(void)
{
    static const struct {
        const char *answer;
        uint32_t answer_problems;
        uint64_t problems;
    } rows[] = {
        {SDP(LINE("2", CM80, KEY_B)), ANSWER_TAG_NOT_OFFERED, 0},
        {SDP(LINE("1", CM32, KEY_B)), ANSWER_SUITE_DIFFERS, 0},
        {SDP(LINE("1", CM80, KEY_A)), ANSWER_KEY_OF_OFFER, 0}, /* reflected */
        {SDP(LINE("1", CM80, KEY_B) LINE("1", CM80, KEY_B)), ANSWER_SEVERAL_LINES, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        pc5_state *state = pc5_state_new();
        add_sdp(state, 1, 1, 2, REQUEST, SDP(LINE("1", CM80, KEY_A)));
        const pc5_record *answer = add_sdp(state, 2, 2, 1, ACCEPT, rows[i].answer);
        g_assert_cmphex(answer->exchange->answer_problems[0], ==, rows[i].answer_problems);
        g_assert_cmphex(answer->problems, ==, rows[i].problems | BIT(ACCEPT_WITHOUT_SECURITY));
        pc5_state_free(state);
    }
}

static void test_late_offers(void)
{
    pc5_state *state = pc5_state_new();
    /* nothing before it */
    const pc5_record *record = add_sdp(state, 1, 2, 1, ACCEPT, SDP(LINE("1", CM80, KEY_A)));
    g_assert_cmphex(record->problems, ==, BIT(WITHOUT_REQUEST) | BIT(KEYING_WITHOUT_OFFER));
    g_assert_null(record->exchange);
    /* a request without, so the command offers and the completion answers */
    add_text(state, 2, 3, 4, REQUEST);
    record = add_sdp(state, 3, 4, 3, COMMAND, SDP(LINE("1", CM80, KEY_A)));
    g_assert_cmphex(record->problems, ==, BIT(KEYING_WITHOUT_OFFER));
    g_assert_cmpint(record->exchange->role, ==, SDP_ROLE_OFFER);
    record = add_sdp(state, 4, 3, 4, COMPLETE, SDP(LINE("1", CM80, KEY_B)));
    g_assert_cmphex(record->problems, ==, 0);
    g_assert_cmpint(record->exchange->role, ==, SDP_ROLE_ANSWER);
    /* twice the same answer, and then another */
    g_assert_cmphex(add_sdp(state, 5, 4, 3, ACCEPT, SDP(LINE("1", CM80, KEY_B)))->problems, ==, BIT(KEYING_CHANGED));
    pc5_state_free(state);
}

/* Two offers under nonces of their own, of which nothing says which the answer means. */
static void test_two_offers(void)
{
    pc5_state *state = pc5_state_new();
    add_sdp(state, 1, 1, 2, REQUEST, SDP(LINE("1", CM80, KEY_A)));
    g_assert_cmphex(add_sdp(state, 2, 1, 2, REQUEST_OF("0002", NONCE_3, "12"), SDP(LINE("2", CM80, KEY_C)))->problems, ==, 0);
    const pc5_record *answer = add_sdp(state, 3, 2, 1, COMMAND, SDP(LINE("2", CM80, KEY_B)));
    g_assert_cmphex(answer->problems, ==, BIT(OTHER_OFFER_OPEN));
    g_assert_cmpuint(answer->exchange->offer_frame, ==, 2);
    g_assert_cmphex(answer->exchange->answer_problems[0], ==, 0);
    /* an earlier one that was refused is out of the question */
    add_sdp(state, 4, 3, 4, REQUEST_OF("0001", "@15 02 ", "12"), SDP(LINE("1", CM80, KEY_D)));
    add_text(state, 5, 4, 3, "03 0001 04");
    add_sdp(state, 6, 3, 4, REQUEST_OF("0002", "@15 03 ", "12"), SDP(LINE("1", CM80, KEY_E)));
    answer = add_sdp(state, 7, 4, 3, COMMAND_OF("0002", "f0f0", NONCE_4, "22", "34"), SDP(LINE("1", CM80, KEY_F)));
    g_assert_cmphex(answer->problems, ==, 0);
    g_assert_cmpuint(answer->exchange->offer_frame, ==, 6);
    pc5_state_free(state);
}

static void test_repeated_answer(void)
{
    pc5_state *state = pc5_state_new();
    add_sdp(state, 1, 1, 2, REQUEST, SDP(LINE("1", CM80, KEY_A)));
    add_sdp(state, 2, 2, 1, COMMAND, SDP(LINE("1", CM80, KEY_B)));
    add_text(state, 3, 1, 2, COMPLETE);
    g_assert_cmphex(add_sdp(state, 4, 2, 1, ACCEPT, SDP(LINE("1", CM80, KEY_B)))->problems, ==, 0);
    pc5_state_free(state);
}

static void test_keys_used_again(void)
{
    pc5_state *state = pc5_state_new();
    add_sdp(state, 1, 1, 2, REQUEST, SDP(LINE("1", CM80, KEY_A)));
    g_assert_cmphex(add_sdp(state, 2, 1, 3, REQUEST_OF("0002", NONCE_3, "12"), SDP(LINE("1", CM80, KEY_A)))->problems, ==,
                    BIT(KEY_OF_OTHER_PAIR));
    g_assert_cmphex(add_sdp(state, 3, 1, 2, REQUEST_OF("0003", NONCE_4, "12"), SDP(LINE("1", CM80, KEY_A)))->problems, ==,
                    BIT(KEY_REUSED));
    g_assert_cmphex(add_sdp(state, 4, 1, 4, REQUEST_OF("0004", "@15 01 ", "12"), SDP(LINE("1", CM80, KEY_B)))->problems, ==, 0);
    /* the first message again, one hop further */
    g_assert_cmphex(add_sdp(state, 5, 5, 6, REQUEST, SDP(LINE("1", CM80, KEY_A)))->problems, ==, 0);
    pc5_state_free(state);
}

/* MIKEY headers alone: their CSB ID stands at octet 4. In base64 "AQ4FAA" begins 01 0e 05 00. */
static void test_mikey(void)
{
    static const char transfer[] = "\x01\x0e\x05\x00\x00\x00\x00\x01\x00\x01";
    static const char other[] = "\x01\x0f\x05\x00\x00\x00\x00\x02\x00\x01";
    static const char in_sdp[] = "a=key-mgmt:mikey AQ8FAAAAAAEAAQ==\r\n"; /* CSB ID 1 */
    static const char other_in_sdp[] = "v=0\r\na=key-mgmt:mikey AQ8FAAAAAAIAAQ==\r\nm=audio 0 RTP/SAVP 0\r\n"; /* 2 */
    static const struct {
        keyest_method method;
        const char *body;
        size_t len;
        uint64_t problems;
    } rows[] = {
        {KEYEST_METHOD_MIKEY, transfer, 10, 0},
        {KEYEST_METHOD_MIKEY, other, 10, BIT(CSB_ID_DIFFERS)},
        {KEYEST_METHOD_MIKEY, other, 6, 0},
        {KEYEST_METHOD_KEY_MGMT, in_sdp, sizeof in_sdp - 1, 0},
        {KEYEST_METHOD_KEY_MGMT, other_in_sdp, sizeof other_in_sdp - 1, BIT(CSB_ID_DIFFERS)},
        {KEYEST_METHOD_SDES, LINE("1", CM80, KEY_A), sizeof LINE("1", CM80, KEY_A) - 1, BIT(KEYING_METHODS_DIFFER)},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        pc5_state *state = pc5_state_new();
        add_keying(state, 1, 1, 2, REQUEST, KEYEST_METHOD_MIKEY, transfer, 10);
        const pc5_record *answer = add_keying(state, 2, 2, 1, COMMAND, (uint8_t)rows[i].method, rows[i].body, rows[i].len);
        g_assert_cmphex(answer->problems, ==, rows[i].problems);
        pc5_state_free(state);
    }
}

/* --- bounds -------------------------------------------------------------------------------------------------------- */

/* Work that is not linear would run into the time limit of the test. */
static void test_bounds(void)
{
    pc5_state *state = pc5_state_new();
    vector_octets request = octets_of(REQUEST), command = octets_of(COMMAND);
    uint32_t frame = 0;
    for (uint32_t i = 0; i < PC5_MAX_CONTEXTS + 100; i++) { /* one pair, each time another nonce */
        memcpy(request.data + 15, &i, sizeof i);
        memcpy(command.data + 5, &i, sizeof i);
        command.data[20] = 1;
        add(state, ++frame, layer_2(1, true), layer_2(2, false), PC5_PROTECTION_UNKNOWN, &request);
        add(state, ++frame, layer_2(2, true), layer_2(1, false), PC5_PROTECTION_UNKNOWN, &command);
    }
    for (uint32_t i = 0; i < 2 * PC5_MAX_ALIKE; i++) { /* pairs that are told apart by the last octet alone */
        pc5_id source = {.octets = {7, 7, (uint8_t)i}, .len = 3};
        add(state, ++frame, source, layer_2(2, false), PC5_PROTECTION_UNKNOWN, &command);
    }
    for (uint32_t i = 0; i < PC5_MAX_PAIRS + 100; i++) {
        pc5_id source = {.len = 4};
        memcpy(source.octets, &i, sizeof i);
        add(state, ++frame, source, id_of("c0000201"), PC5_PROTECTION_UNKNOWN, &command);
    }
    pc5_state_free(state);
}

static void test_texts(void)
{
    for (unsigned kind = 0; kind < PC5_PROBLEM_KINDS; kind++)
        g_assert_nonnull(pc5_problem_text((pc5_problem_kind)kind));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pc5-state/scenarios", test_scenarios);
    g_test_add_func("/pc5-state/context", test_context);
    g_test_add_func("/pc5-state/rejected", test_rejected);
    g_test_add_func("/pc5-state/identities", test_identities);
    g_test_add_func("/pc5-state/several in one frame", test_several_in_one_frame);
    g_test_add_func("/pc5-state/offer and answer", test_offer_and_answer);
    g_test_add_func("/pc5-state/answers", test_answers);
    g_test_add_func("/pc5-state/late offers", test_late_offers);
    g_test_add_func("/pc5-state/two offers", test_two_offers);
    g_test_add_func("/pc5-state/repeated answer", test_repeated_answer);
    g_test_add_func("/pc5-state/keys used again", test_keys_used_again);
    g_test_add_func("/pc5-state/MIKEY", test_mikey);
    g_test_add_func("/pc5-state/bounds", test_bounds);
    g_test_add_func("/pc5-state/texts", test_texts);
    return g_test_run();
}

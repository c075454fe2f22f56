/* The parser of PC5 signalling: a simulator's messages, messages written after TS 24.334, every reading and encoding, every
 * problem that it can name, and messages cut and changed at every octet. */
#include "keys/pc5s.h"

#include "vectors.h"

#include <string.h>

#define END PC5S_PROBLEM_COUNT

static void assert_octets(octet_span span, const char *hex)
{
    vector_octets expected = octets_of(hex);
    g_assert_cmpmem(span.data, span.len, expected.data, expected.len);
}

static void assert_ie(const pc5s_message *message, pc5s_ie_kind kind, const char *hex)
{
    const pc5s_ie *ie = pc5s_find(message, kind);
    g_assert_nonnull(ie);
    assert_octets(ie->value, hex);
}

static unsigned count_problem(const pc5s_message *message, pc5s_problem_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < message->problem_count; i++)
        count += message->problems[i].kind == kind;
    return count;
}

static void list_problems(const pc5s_message *message)
{
    for (unsigned i = 0; i < message->problem_count; i++)
        g_test_message("  at %zu, %zu octets: %s", message->problems[i].offset, message->problems[i].len,
                       pc5s_problem_text(message->problems[i].kind));
}

/* Just these problems, whose list `END` closes. */
static void assert_problems(const pc5s_message *message, const pc5s_problem_kind *kinds)
{
    unsigned count = 0;
    list_problems(message);
    for (; kinds[count] != END; count++)
        g_assert_cmpuint(count_problem(message, kinds[count]), >=, 1);
    g_assert_cmpuint(message->problem_count, ==, count);
}

/* Every octet of the message belongs to type, sequence number, one information element or the rest. */
static void check_spans(const pc5s_message *message)
{
    size_t at = message->has_sequence ? 3 : message->has_type;
    for (unsigned i = 0; i < message->ie_count; i++) {
        const pc5s_ie *ie = &message->ies[i];
        g_assert_true(ie->whole.data == message->whole.data + at);
        g_assert_cmpuint(ie->value.len, <=, ie->whole.len);
        at += ie->whole.len;
    }
    g_assert_true(message->rest.len == 0 || message->rest.data == message->whole.data + at);
    g_assert_cmpuint(at + message->rest.len, ==, message->whole.len);
    for (unsigned i = 0; i < message->problem_count; i++)
        g_assert_cmpuint(message->problems[i].offset + message->problems[i].len, <=, message->whole.len);
}

/* All settings that read the same octets differently. */
static void for_all_options(const uint8_t *data, size_t len)
{
    pc5s_options options = pc5s_default_options;
    for (unsigned reading = 0; reading < 27; reading++) {
        options.iei_radix = (pc5s_iei_radix)(reading % 3);
        options.length_size = (pc5s_length_size)(reading / 3 % 3);
        options.user_info_length = (pc5s_user_info_length)(reading / 9);
        options.keyest_encoding = (keyest_encoding)(reading % (KEYEST_NONE + 1));
        pc5s_message *message = pc5s_parse(data, len, &options);
        check_spans(message);
        pc5s_free(message);
    }
}

/* Only a heap block of just the message's size lets the sanitizer see an octet too far. */
static void check_cut_and_changed(const uint8_t *data, size_t len)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < len; at++) {
        uint8_t *cut = (uint8_t *)g_memdup2(data, at);
        for_all_options(cut, at);
        g_free(cut);
        uint8_t *changed = (uint8_t *)g_memdup2(data, len);
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
            changed[at] = values[i];
            pc5s_message *message = pc5s_parse(changed, len, &pc5s_default_options);
            check_spans(message);
            pc5s_free(message);
        }
        g_free(changed);
    }
}

/* --- the simulator's messages -------------------------------------------------------------------------------------- */

#define OCTETS_03_2F "030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
#define OCTETS_30_80 \
    "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f" \
    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80"

/* What the words of each vector say, and how far the simulator is from the standard. The signature is no curve point. */
static const struct {
    const char *name;
    struct {
        pc5s_ie_kind kind;
        const char *value;
    } ies[11];
    unsigned ie_count;
    pc5s_problem_kind problems[6];
} simulated[] = {
    {"DIRECT_COMMUNICATION_REQUEST/mandatory",
     {{PC5S_IE_USER_INFO, "03 efcdab9078563412"}, {PC5S_IE_IP_CONFIG, "01"}, {PC5S_IE_MAX_INACTIVITY, "0000012c"},
      {PC5S_IE_NONCE_1, "101112131415161718191a1b1c1d1e1f"}, {PC5S_IE_CAPABILITIES, "7070"}, {PC5S_IE_KD_SESS_ID_MSB, "a5"}},
     6,
     {PC5S_PROBLEM_USER_INFO_TYPE_APART, PC5S_PROBLEM_IMSI_DIGITS, END}},
    {"DIRECT_COMMUNICATION_REQUEST/all",
     {{PC5S_IE_USER_INFO, "03 8877665544332211"}, {PC5S_IE_IP_CONFIG, "03"}, {PC5S_IE_MAX_INACTIVITY, "0000003c"},
      {PC5S_IE_NONCE_1, "404142434445464748494a4b4c4d4e4f"}, {PC5S_IE_CAPABILITIES, "3030"}, {PC5S_IE_KD_SESS_ID_MSB, "01"},
      {PC5S_IE_KD_ID, "deadbeef"}, {PC5S_IE_RELAY_SERVICE_CODE, "efcdab"},
      {PC5S_IE_SIGNATURE, "000102" OCTETS_03_2F OCTETS_30_80},
      {PC5S_IE_LINK_LOCAL_IPV6, "e0e1e2e3e4e5e6e7e8e9eaebecedeeef"}},
     10,
     {PC5S_PROBLEM_USER_INFO_TYPE_APART, PC5S_PROBLEM_IMSI_DIGITS, PC5S_PROBLEM_SIGNATURE_POINT, END}},
    {"DIRECT_COMMUNICATION_ACCEPT",
     {{PC5S_IE_IP_CONFIG, "03"}, {PC5S_IE_LINK_LOCAL_IPV6, "202122232425262728292a2b2c2d2e2f"}}, 2, {END}},
    {"DIRECT_COMMUNICATION_REJECT", {{PC5S_IE_CAUSE, "04"}}, 1, {END}},
    {"DIRECT_COMMUNICATION_KEEPALIVE",
     {{PC5S_IE_KEEPALIVE_COUNTER, "00000007"}, {PC5S_IE_MAX_INACTIVITY, "00000078"}}, 2, {END}},
    {"DIRECT_COMMUNICATION_KEEPALIVE_ACK", {{PC5S_IE_KEEPALIVE_COUNTER, "00000007"}}, 1, {END}},
    {"DIRECT_COMMUNICATION_RELEASE", {{PC5S_IE_RELEASE_REASON, "03"}}, 1, {END}},
    {"DIRECT_COMMUNICATION_RELEASE_ACCEPT", {{0, NULL}}, 0, {END}},
    {"DIRECT_SECURITY_MODE_COMMAND/mandatory",
     {{PC5S_IE_CAPABILITIES, "7070"}, {PC5S_IE_NONCE_2, "606162636465666768696a6b6c6d6e6f"},
      {PC5S_IE_CHOSEN_ALGORITHMS, "22"}, {PC5S_IE_KD_SESS_ID_LSB, "5a"}},
     4,
     {END}},
    {"DIRECT_SECURITY_MODE_COMMAND/all",
     {{PC5S_IE_CAPABILITIES, "7070"}, {PC5S_IE_NONCE_2, "606162636465666768696a6b6c6d6e6f"},
      {PC5S_IE_CHOSEN_ALGORITHMS, "63"}, {PC5S_IE_KD_SESS_ID_LSB, "5b"}, {PC5S_IE_KD_ID_MSB, "1234"},
      {PC5S_IE_KD_FRESHNESS, "808182838485868788898a8b8c8d8e8f"},
      {PC5S_IE_GPI, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"},
      {PC5S_IE_USER_INFO, "03 9900000000000000"}, {PC5S_IE_SIGNATURE, "0102" OCTETS_03_2F OCTETS_30_80 "81"},
      {PC5S_IE_ENCRYPTED_PAYLOAD, OCTETS_03_2F "3031323334"}},
     10,
     {PC5S_PROBLEM_SHORT_LENGTHS, PC5S_PROBLEM_USER_INFO_TYPE_APART, PC5S_PROBLEM_ALGORITHM_UNASSIGNED,
      PC5S_PROBLEM_IMSI_DIGITS, PC5S_PROBLEM_SIGNATURE_POINT, END}},
    {"DIRECT_SECURITY_MODE_COMPLETE", {{PC5S_IE_KD_ID_LSB, "4321"}}, 1, {END}},
    {"DIRECT_SECURITY_MODE_REJECT",
     {{PC5S_IE_CAUSE, "05"}, {PC5S_IE_RAND, "000102030405060708090a0b0c0d0e0f"},
      {PC5S_IE_AUTS, "000102030405060708090a0b0c0d"}},
     3,
     {END}},
    {"DIRECT_REKEYING_REQUEST",
     {{PC5S_IE_CAPABILITIES, "7070"}, {PC5S_IE_NONCE_1, "303132333435363738393a3b3c3d3e3f"}, {PC5S_IE_KD_SESS_ID_MSB, "77"},
      {PC5S_IE_AUTH_FLAG, "01"}, {PC5S_IE_PRUK_ID, "5051525354555657"}},
     5,
     {END}},
    {"DIRECT_REKEYING_RESPONSE", {{0, NULL}}, 0, {END}},
    {"DIRECT_REKEYING_TRIGGER", {{0, NULL}}, 0, {END}},
    {"REMOTE_UE_INFO_REQUEST", {{PC5S_IE_REMOTE_UE_TYPE, "02"}}, 1, {END}},
    {"REMOTE_UE_INFO_RESPONSE", {{PC5S_IE_IMEI, "efcdab8967452301"}}, 1, {END}},
};

static unsigned vectors_seen;

static void check_simulated(JsonObject *vector)
{
    const char *name = json_object_get_string_member(vector, "name");
    size_t which = 0;
    vector_octets octets;
    while (strcmp(simulated[which].name, name) != 0)
        g_assert_cmpuint(++which, <, G_N_ELEMENTS(simulated));
    vector_get_octets(vector, "hex", false, &octets);
    pc5s_message *message = pc5s_parse(octets.data, octets.len, &pc5s_default_options);
    check_spans(message);
    g_assert_cmpuint(message->sequence, ==, which + 1); /* they are numbered in their order */
    g_assert_cmpuint(message->ie_count, ==, simulated[which].ie_count);
    for (unsigned i = 0; i < simulated[which].ie_count; i++)
        assert_ie(message, simulated[which].ies[i].kind, simulated[which].ies[i].value);
    assert_problems(message, simulated[which].problems);
    pc5s_free(message);
    check_cut_and_changed(octets.data, octets.len);
    vectors_seen++;
}

static void test_simulated(void)
{
    vectors_for_each("pc5s_ns3.json", check_simulated);
    g_assert_cmpuint(vectors_seen, ==, G_N_ELEMENTS(simulated));
}

/* --- messages written after TS 24.334 ------------------------------------------------------------------------------ */

#define NONCE_1 "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf "
#define NONCE_2 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf "
#define ALICE "06 01 616c696365 " /* length, type, information (clause 12.5.1.3) */
#define REQUEST_TO(user_info, ip) "01 0001 " user_info ip " 00000258 " NONCE_1 "f0f0 12 "
#define REQUEST REQUEST_TO(ALICE, "04")
#define COMMAND "0c 0001 f0f0 " NONCE_2 "22 34 "
#define ACCEPT "02 0002 04 "
#define VECTOR_OF_SAKKE "@273"

static pc5s_message *parse(vector_octets *octets, const char *text, const pc5s_options *options)
{
    *octets = octets_of(text);
    return pc5s_parse(octets->data, octets->len, options);
}

/* Table 11.4.2.1.1, in the order of the wire; and the two whose values no standard length limits. */
static void test_layouts(void)
{
    static const pc5s_problem_kind none[] = {END};
    vector_octets octets;
    pc5s_message *message = parse(&octets, REQUEST "11 00010002 19 000003 16 @64 04 @64 03 fe80 @14", &pc5s_default_options);
    static const pc5s_ie_kind order[] = {PC5S_IE_USER_INFO, PC5S_IE_IP_CONFIG, PC5S_IE_MAX_INACTIVITY, PC5S_IE_NONCE_1,
                                         PC5S_IE_CAPABILITIES, PC5S_IE_KD_SESS_ID_MSB, PC5S_IE_KD_ID,
                                         PC5S_IE_RELAY_SERVICE_CODE, PC5S_IE_SIGNATURE, PC5S_IE_LINK_LOCAL_IPV6};
    g_assert_cmpuint(message->type, ==, PC5S_COMMUNICATION_REQUEST);
    g_assert_cmpuint(message->sequence, ==, 1);
    g_assert_cmpuint(message->ie_count, ==, G_N_ELEMENTS(order));
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
        g_assert_cmpuint(message->ies[i].kind, ==, order[i]);
    assert_ie(message, PC5S_IE_USER_INFO, "01 616c696365");
    g_assert_cmpuint(pc5s_find(message, PC5S_IE_MAX_INACTIVITY)->number, ==, 600);
    g_assert_cmphex(pc5s_find(message, PC5S_IE_KD_ID)->number, ==, 0x00010002);
    g_assert_cmpuint(pc5s_find(message, PC5S_IE_RELAY_SERVICE_CODE)->number, ==, 3);
    assert_problems(message, none);
    pc5s_free(message);

    message = parse(&octets, COMMAND "10 0001 18 0100 @256 17 0111 " VECTOR_OF_SAKKE, &pc5s_default_options);
    g_assert_cmpuint(pc5s_find(message, PC5S_IE_GPI)->value.len, ==, 256);
    g_assert_cmpuint(pc5s_find(message, PC5S_IE_ENCRYPTED_PAYLOAD)->value.len, ==, 273);
    g_assert_cmpuint(pc5s_find(message, PC5S_IE_ENCRYPTED_PAYLOAD)->length_size, ==, 2);
    assert_problems(message, none);
    pc5s_free(message);

    message = parse(&octets, "13 0009 1b 0011223344556677 1c 001122334455667788", &pc5s_default_options);
    assert_ie(message, PC5S_IE_IMEISV, "001122334455667788");
    assert_problems(message, none);
    pc5s_free(message);
}

/* --- problems ------------------------------------------------------------------------------------------------------ */

typedef struct {
    const char *row;
    const char *message;
    pc5s_problem_kind problems[5]; /* all of them */
} departure;

static const departure departures[] = {
    {"nothing", "", {PC5S_PROBLEM_EMPTY, END}},
    {"one octet", "01", {PC5S_PROBLEM_SEQUENCE_CUT, END}},
    {"two octets", "01 00", {PC5S_PROBLEM_SEQUENCE_CUT, END}},
    {"type 0", "00 0001 aa", {PC5S_PROBLEM_TYPE_RESERVED, END}},
    {"type 0x14", "14 0001", {PC5S_PROBLEM_TYPE_RESERVED, END}},
    {"type 0xff", "ff 0001 0102", {PC5S_PROBLEM_TYPE_RESERVED, END}},
    {"type 8", "08 0001 0102", {PC5S_PROBLEM_LAYOUT_UNKNOWN, END}},
    {"type 0x0b", "0b 0001", {PC5S_PROBLEM_LAYOUT_UNKNOWN, END}},
    {"nothing behind the sequence number", "01 0001", {PC5S_PROBLEM_MANDATORY_MISSING, END}},
    {"User Info empty", REQUEST_TO("00 ", "04"), {PC5S_PROBLEM_USER_INFO_LENGTH, END}},
    {"User Info of a type alone", REQUEST_TO("01 01 ", "04"), {PC5S_PROBLEM_USER_INFO_LENGTH, END}},
    {"User Info past the end", "01 0001 40 01 616c", {PC5S_PROBLEM_MANDATORY_CUT, END}},
    {"User Info of 255 octets", REQUEST_TO("ff 01 @254 ", "04"), {PC5S_PROBLEM_USER_INFO_LENGTH, END}},
    {"User Info of 252 octets", REQUEST_TO("fc 01 @251 ", "04"), {END}},
    {"User Info type apart", REQUEST_TO("05 01 616c696365 ", "04"), {PC5S_PROBLEM_USER_INFO_TYPE_APART, END}},
    {"User Info type apart, with options", REQUEST_TO("05 01 616c696365 ", "04") "11 00010002",
     {PC5S_PROBLEM_USER_INFO_TYPE_APART, END}},
    {"User Info type 0", REQUEST_TO("02 00 61 ", "04"), {PC5S_PROBLEM_USER_INFO_TYPE, END}},
    {"User Info type 4", REQUEST_TO("02 04 61 ", "04"), {PC5S_PROBLEM_USER_INFO_TYPE, END}},
    {"IMSI", REQUEST_TO("09 03 00010132547698f0 ", "04"), {END}},
    {"IMSI of 16 digits", REQUEST_TO("09 03 0001013254769810 ", "04"), {PC5S_PROBLEM_IMSI_DIGITS, END}},
    {"IMSI that is not decimal", REQUEST_TO("03 03 1a f2 ", "04"), {PC5S_PROBLEM_IMSI_DIGITS, END}},
    {"IMSI with a gap", REQUEST_TO("03 03 f1 f2 ", "04"), {PC5S_PROBLEM_IMSI_DIGITS, END}},
    {"cut in Nonce_1", "01 0001 " ALICE "04 00000258 a0a1a2a3", {PC5S_PROBLEM_MANDATORY_CUT, END}},
    {"cut by one octet in Nonce_1", "01 0001 " ALICE "04 00000258 a0", {PC5S_PROBLEM_MANDATORY_CUT, END}},
    {"cut in Nonce_1, with an inactivity period that looks like a code", "01 0001 " ALICE "04 01000258 a0",
     {PC5S_PROBLEM_MANDATORY_CUT, END}},
    {"cut before Nonce_1, likewise", "01 0001 " ALICE "04 01000258", {PC5S_PROBLEM_MANDATORY_MISSING, END}},
    {"cut before Nonce_1", "01 0001 " ALICE "04 00000258", {PC5S_PROBLEM_MANDATORY_MISSING, END}},
    {"cut before the last", "01 0001 " ALICE "04 00000258 " NONCE_1 "f0f0", {PC5S_PROBLEM_MANDATORY_MISSING, END}},
    {"unknown IEI", REQUEST "2a 00", {PC5S_PROBLEM_IE_UNKNOWN, END}},
    {"unknown IEI after a known one", REQUEST "11 00010002 7f 01", {PC5S_PROBLEM_IE_UNKNOWN, END}},
    {"one octet left over", REQUEST "ff", {PC5S_PROBLEM_IE_UNKNOWN, END}},
    {"IE of another message", ACCEPT "11 00010002", {PC5S_PROBLEM_IE_UNEXPECTED, END}},
    {"IE of another message in one without options", "03 0001 01 0f 0001", {PC5S_PROBLEM_IE_UNEXPECTED, END}},
    {"IE twice", REQUEST "11 00010002 11 00010003", {PC5S_PROBLEM_IE_REPEATED, END}},
    {"KD ID of three octets", REQUEST "11 000100", {PC5S_PROBLEM_IE_CUT, END}},
    {"IEI alone", REQUEST "11", {PC5S_PROBLEM_IE_CUT, END}},
    {"half a length", COMMAND "17 01", {PC5S_PROBLEM_IE_CUT, END}},
    {"Encrypted Payload empty with a length of one octet", COMMAND "17 00",
     {PC5S_PROBLEM_SHORT_LENGTHS, PC5S_PROBLEM_LENGTH_ZERO, END}},
    {"signature without an uncompressed point", REQUEST "16 @64 02 @64", {PC5S_PROBLEM_SIGNATURE_POINT, END}},
    {"Encrypted Payload empty", COMMAND "17 0000", {PC5S_PROBLEM_LENGTH_ZERO, END}},
    {"GPI empty", COMMAND "18 0000", {PC5S_PROBLEM_LENGTH_ZERO, END}},
    {"Encrypted Payload past the end", COMMAND "17 0200 01020304", {PC5S_PROBLEM_IE_CUT, END}},
    {"Encrypted Payload with a length of one octet", COMMAND "17 04 01020304", {PC5S_PROBLEM_SHORT_LENGTHS, END}},
    {"IP Address Config 0", ACCEPT, {END}},
    {"IP Address Config 5", "02 0002 05", {PC5S_PROBLEM_IP_CONFIG, END}},
    {"cause 0", "03 0002 00", {PC5S_PROBLEM_CAUSE, END}},
    {"cause 7", "0e 0002 07", {PC5S_PROBLEM_CAUSE, END}},
    {"cause 6", "0e 0002 06", {END}},
    {"reason 4", "06 0002 04", {PC5S_PROBLEM_REASON, END}},
    {"no ciphering supported", "0f 0002 00f0 " NONCE_1 "12", {PC5S_PROBLEM_CAPABILITIES_EMPTY, END}},
    {"no integrity supported", "0f 0002 f000 " NONCE_1 "12", {PC5S_PROBLEM_CAPABILITIES_EMPTY, END}},
    {"EIA0 chosen", "0c 0001 f0f0 " NONCE_2 "20 34", {PC5S_PROBLEM_NULL_INTEGRITY, END}},
    {"EEA4 chosen", "0c 0001 f8f0 " NONCE_2 "42 34", {PC5S_PROBLEM_ALGORITHM_UNASSIGNED, END}},
    {"EIA8 chosen", "0c 0001 f0f0 " NONCE_2 "28 34",
     {PC5S_PROBLEM_ALGORITHM_SPARE_BITS, PC5S_PROBLEM_ALGORITHM_UNASSIGNED, END}},
    {"Nonce_1 zero", "0f 0002 f0f0 @16 12", {PC5S_PROBLEM_NONCE_ZERO, END}},
    {"Nonce_2 zero", "0c 0001 f0f0 @16 22 34", {PC5S_PROBLEM_NONCE_ZERO, END}},
    {"Auth Flag 2", "0f 0002 f0f0 " NONCE_1 "12 15 02", {PC5S_PROBLEM_AUTH_FLAG, END}},
    {"type of the remote UE information 0", "12 0003 00", {PC5S_PROBLEM_REMOTE_UE_TYPE, END}},
    {"octets behind a message without options", "07 0003 aabb", {PC5S_PROBLEM_TRAILING_OCTETS, END}},
    {"octets behind a cause", "03 0003 01 aa", {PC5S_PROBLEM_TRAILING_OCTETS, END}},
    {"container empty", REQUEST "74 0000", {PC5S_PROBLEM_KEYEST_EMPTY, END}},
    {"container of a method alone", REQUEST "74 0001 01", {PC5S_PROBLEM_KEYEST_EMPTY, END}},
    {"container method 0", REQUEST "74 0002 00 41", {PC5S_PROBLEM_KEYEST_METHOD_RESERVED, END}},
    {"container method 0xff", REQUEST "74 0002 ff 41", {PC5S_PROBLEM_KEYEST_METHOD_RESERVED, END}},
    {"container method 5", REQUEST "74 0002 05 41", {PC5S_PROBLEM_KEYEST_METHOD_UNKNOWN, END}},
    {"container method 0x80", REQUEST "74 0002 80 41", {PC5S_PROBLEM_KEYEST_METHOD_EXPERIMENTAL, END}},
    {"container of SDP that has no key", REQUEST "74 0006 01 763d300d0a", {PC5S_PROBLEM_KEYEST_WITHOUT_CRYPTO, END}},
    {"container of SDP that has no MIKEY", REQUEST "74 0006 02 763d300d0a", {PC5S_PROBLEM_KEYEST_WITHOUT_KEY_MGMT, END}},
    {"container of SDP with NUL", REQUEST "74 000d 01 613d63727970746f3a31 00 0a",
     {PC5S_PROBLEM_KEYEST_NOT_TEXT, END}},
    {"container of SDP that is not UTF-8", REQUEST "74 000d 01 613d63727970746f3a31 ff 0a",
     {PC5S_PROBLEM_KEYEST_NOT_TEXT, END}},
    {"container in a message that has none", "03 0001 01 74 0002 80 41",
     {PC5S_PROBLEM_IE_UNEXPECTED, PC5S_PROBLEM_KEYEST_METHOD_EXPERIMENTAL, END}},
    {"container past the end", REQUEST "74 0100 01 41", {PC5S_PROBLEM_IE_CUT, END}},
};

static void test_departures(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(departures); i++) {
        vector_octets octets;
        g_test_message("%s", departures[i].row);
        pc5s_message *message = parse(&octets, departures[i].message, &pc5s_default_options);
        check_spans(message);
        assert_problems(message, departures[i].problems);
        pc5s_free(message);
        check_cut_and_changed(octets.data, octets.len);
    }
}

/* Of a repeated IE the first counts, and what is unknown stays whole. */
static void test_tolerance(void)
{
    vector_octets octets;
    pc5s_message *message = parse(&octets, REQUEST "11 00010002 11 00010003 2a 0102", &pc5s_default_options);
    g_assert_cmphex(pc5s_find(message, PC5S_IE_KD_ID)->number, ==, 0x00010002);
    assert_octets(message->rest, "2a 0102");
    g_assert_true(message->ies[message->ie_count - 1].repeated);
    pc5s_free(message);

    message = parse(&octets, "08 0001 010203", &pc5s_default_options);
    assert_octets(message->rest, "010203");
    pc5s_free(message);

    message = parse(&octets, REQUEST "11 0001", &pc5s_default_options);
    g_assert_null(pc5s_find(message, PC5S_IE_KD_ID));
    assert_octets(message->ies[message->ie_count - 1].value, "0001");
    pc5s_free(message);

    message = parse(&octets, "ee 0001 010203", &pc5s_default_options);
    assert_octets(message->rest, "010203");
    pc5s_free(message);
}

static void test_bounds(void)
{
    enum { REPEATS = 5000 };
    GByteArray *octets = g_byte_array_new();
    g_byte_array_append(octets, (const guint8 *)"\x0d\0\1", 3);
    for (unsigned i = 0; i < REPEATS; i++)
        g_byte_array_append(octets, (const guint8 *)"\x0f\0\1", 3);
    pc5s_message *message = pc5s_parse(octets->data, octets->len, &pc5s_default_options);
    check_spans(message);
    g_assert_cmpuint(message->ie_count, ==, PC5S_MAX_IES);
    g_assert_cmpuint(message->problem_count, ==, PC5S_MAX_PROBLEMS);
    pc5s_free(message);
    g_byte_array_free(octets, TRUE);
}

static void test_texts(void)
{
    for (unsigned kind = 0; kind < PC5S_PROBLEM_COUNT; kind++)
        g_assert_nonnull(pc5s_problem_text((pc5s_problem_kind)kind));
}

/* --- readings ------------------------------------------------------------------------------------------------------ */

typedef struct {
    const char *row;
    pc5s_options options;
    const char *message;
    pc5s_ie_kind kind; /* which the message must have, with this value */
    const char *value;
    pc5s_problem_kind problems[5];
} reading_case;

#define OPTIONS(radix, size, user_info) \
    {PC5S_IEI_##radix, PC5S_LENGTH_##size, PC5S_TYPE_##user_info, KEYEST_WITH_METHOD, KEYEST_DEFAULT_IEI, false}

/* Decimal 16 and 22 are KD ID MSB and Signature, decimal 18 and 24 KD Freshness and GPI: 0x16 and 0x18 are the second of each
 * when counted, the first when written. */
static const reading_case readings[] = {
    {"decimal", OPTIONS(DECIMAL, AUTO, AUTO), COMMAND "10 0102", PC5S_IE_KD_ID_MSB, "0102", {END}},
    {"literal", OPTIONS(HEX_LITERAL, AUTO, AUTO), COMMAND "16 0102", PC5S_IE_KD_ID_MSB, "0102", {END}},
    {"found out to be literal", OPTIONS(AUTO, AUTO, AUTO), COMMAND "16 0102", PC5S_IE_KD_ID_MSB, "0102",
     {PC5S_PROBLEM_HEX_IEIS, END}},
    {"found out to be decimal", OPTIONS(AUTO, AUTO, AUTO), COMMAND "10 0102", PC5S_IE_KD_ID_MSB, "0102", {END}},
    {"all of a request, literal", OPTIONS(AUTO, AUTO, AUTO), REQUEST "17 00010002 25 000003 22 @64 04 @64 03 @16",
     PC5S_IE_KD_ID, "00010002", {PC5S_PROBLEM_HEX_IEIS, END}},
    {"both fit", OPTIONS(AUTO, AUTO, AUTO), COMMAND "18 000e 0102030405060708090a0b0c0d0e", PC5S_IE_GPI,
     "0102030405060708090a0b0c0d0e", {PC5S_PROBLEM_READING_AMBIGUOUS, END}},
    {"the other is excluded", OPTIONS(DECIMAL, AUTO, AUTO), COMMAND "16 0102", PC5S_IE_NONCE_2, NONCE_2,
     {PC5S_PROBLEM_IE_CUT, PC5S_PROBLEM_OTHER_READING, END}},
    {"one octet of length wanted", OPTIONS(DECIMAL, ONE_OCTET, AUTO), COMMAND "17 04 01020304", PC5S_IE_ENCRYPTED_PAYLOAD,
     "01020304", {END}},
    {"two octets of length wanted", OPTIONS(DECIMAL, TWO_OCTETS, AUTO), COMMAND "17 04 01020304", PC5S_IE_NONCE_2, NONCE_2,
     {PC5S_PROBLEM_IE_CUT, PC5S_PROBLEM_OTHER_READING, END}},
    {"type of User Info counted", OPTIONS(DECIMAL, AUTO, COUNTED), REQUEST_TO("05 01 616c696365 ", "04"), PC5S_IE_USER_INFO,
     "01 616c6963", /* and the last octet, 0x12, looks like a KD Freshness */
     {PC5S_PROBLEM_IE_CUT, PC5S_PROBLEM_IE_UNEXPECTED, PC5S_PROBLEM_OTHER_READING, PC5S_PROBLEM_IP_CONFIG, END}},
    {"type of User Info apart", OPTIONS(DECIMAL, AUTO, APART), REQUEST_TO("05 01 616c696365 ", "04"), PC5S_IE_USER_INFO,
     "01 616c696365", {END}},
};

static void test_readings(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(readings); i++) {
        vector_octets octets;
        g_test_message("%s", readings[i].row);
        pc5s_message *message = parse(&octets, readings[i].message, &readings[i].options);
        check_spans(message);
        assert_problems(message, readings[i].problems);
        assert_ie(message, readings[i].kind, readings[i].value);
        pc5s_free(message);
    }
}

/* --- the key establishment container ------------------------------------------------------------------------------- */

#define SDP \
    "v=0\r\no=alice 1 1 IN IP6 ::1\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/SAVP 0\r\n" \
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODyAhIiMkJSYnKCkqKywt\r\n"
#define CRYPTO_LINE "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODyAhIiMkJSYnKCkqKywt"
#define KEY_MGMT "a=key-mgmt:mikey AQAFAA==\r\n"
#define MIKEY "\x01\x0e\x05\x00\x00\x00\x00\x01\x00\x01\x0f\x00"
#define MIKEY_LEN 12

typedef struct {
    const char *row;
    keyest_encoding encoding;
    const char *before, *body; /* of the container: hex, text; an empty text stands for the MIKEY message */
    keyest_method method;
    bool has_octet;
    pc5s_problem_kind problems[3];
} container;

/* 0x94 octets of SDP, one more with the method. */
static const container containers[] = {
    {"SDES", KEYEST_WITH_METHOD, REQUEST "74 0094 01", SDP, KEYEST_METHOD_SDES, true, {END}},
    {"answer", KEYEST_WITH_METHOD, ACCEPT "74 0094 01", SDP, KEYEST_METHOD_SDES, true, {END}},
    {"in a command", KEYEST_WITH_METHOD, COMMAND "74 0094 01", SDP, KEYEST_METHOD_SDES, true, {END}},
    {"in a completion", KEYEST_WITH_METHOD, "0d 0001 0f 0001 74 0094 01", SDP, KEYEST_METHOD_SDES, true, {END}},
    {"in a rekeying request", KEYEST_WITH_METHOD, "0f 0001 f0f0 " NONCE_1 "12 74 0094 01", SDP, KEYEST_METHOD_SDES, true,
     {END}},
    {"in a rekeying response", KEYEST_WITH_METHOD, "10 0001 74 0094 01", SDP, KEYEST_METHOD_SDES, true, {END}},
    {"in a release", KEYEST_WITH_METHOD, "06 0001 01 74 0094 01", SDP, KEYEST_METHOD_SDES, true,
     {PC5S_PROBLEM_IE_UNEXPECTED, END}},
    {"a line alone", KEYEST_WITH_METHOD, ACCEPT "74 0053 01", CRYPTO_LINE, KEYEST_METHOD_SDES, true, {END}},
    {"MIKEY in SDP", KEYEST_WITH_METHOD, ACCEPT "74 001c 02", KEY_MGMT, KEYEST_METHOD_KEY_MGMT, true, {END}},
    {"MIKEY", KEYEST_WITH_METHOD, REQUEST "74 000d 03", "", KEYEST_METHOD_MIKEY, true, {END}},
    {"method left out", KEYEST_WITH_METHOD, REQUEST "74 0093", SDP, KEYEST_METHOD_SDES, false,
     {PC5S_PROBLEM_KEYEST_METHOD_MISSING, END}},
    {"method left out before MIKEY", KEYEST_WITH_METHOD, REQUEST "74 000c", "", KEYEST_METHOD_MIKEY, false,
     {PC5S_PROBLEM_KEYEST_METHOD_MISSING, END}},
    {"no method", KEYEST_WITHOUT_METHOD, REQUEST "74 0093", SDP, KEYEST_METHOD_SDES, false, {END}},
    {"no method, MIKEY in SDP", KEYEST_WITHOUT_METHOD, ACCEPT "74 001b", KEY_MGMT, KEYEST_METHOD_KEY_MGMT, false, {END}},
    {"no method, MIKEY", KEYEST_WITHOUT_METHOD, REQUEST "74 000c", "", KEYEST_METHOD_MIKEY, false, {END}},
    {"User Info", KEYEST_USER_INFO, "01 0001 94 f1", SDP, KEYEST_METHOD_SDES, false, {PC5S_PROBLEM_MANDATORY_MISSING, END}},
    {"User Info without method", KEYEST_USER_INFO, "01 0001 94 f0", SDP, KEYEST_METHOD_SDES, false,
     {PC5S_PROBLEM_MANDATORY_MISSING, END}},
    {"User Info, MIKEY, optional", KEYEST_USER_INFO, COMMAND "01 0d f3", "", KEYEST_METHOD_MIKEY, false, {END}},
    {"appended", KEYEST_APPENDED, REQUEST, SDP, KEYEST_METHOD_SDES, false, {END}},
    {"appended behind another", KEYEST_APPENDED, REQUEST "11 00010002", SDP, KEYEST_METHOD_SDES, false, {END}},
    {"appended, MIKEY", KEYEST_APPENDED, ACCEPT, "", KEYEST_METHOD_MIKEY, false, {END}},
    {"none wanted", KEYEST_NONE, REQUEST "74 0093", SDP, KEYEST_METHOD_UNKNOWN, false, {PC5S_PROBLEM_IE_UNKNOWN, END}},
};

static void append_body(vector_octets *octets, const char *body)
{
    size_t len = *body ? strlen(body) : MIKEY_LEN;
    memcpy(octets->data + octets->len, *body ? body : MIKEY, len);
    octets->len += len;
}

static void test_containers(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(containers); i++) {
        const container *row = &containers[i];
        pc5s_options options = pc5s_default_options;
        vector_octets octets = octets_of(row->before);
        size_t before = octets.len;
        g_test_message("%s", row->row);
        append_body(&octets, row->body);
        options.keyest_encoding = row->encoding;
        pc5s_message *message = pc5s_parse(octets.data, octets.len, &options);
        const key_establishment *information = &message->key_establishment;
        check_spans(message);
        assert_problems(message, row->problems);
        g_assert_cmpint(information->method, ==, row->method);
        g_assert_true((information->method_octet.data != NULL) == row->has_octet);
        if (row->method != KEYEST_METHOD_UNKNOWN)
            g_assert_cmpmem(information->content.data, information->content.len, octets.data + before, octets.len - before);
        g_assert_true(keyest_is_sdp(information) == (row->method != KEYEST_METHOD_MIKEY));
        pc5s_free(message);
        check_cut_and_changed(octets.data, octets.len);
    }
}

/* How bodies begin that nothing announces: version, data type and next payload of MIKEY (RFC 3830 section 6.1), or a line of
 * SDP. */
static void test_recognition(void)
{
    static const struct {
        const char *body;
        keyest_method method;
    } rows[] = {
        {"01 0e 05 00 00000001 00 01", KEYEST_METHOD_MIKEY},
        {"01 1a 1a 00 00000001 00 01", KEYEST_METHOD_MIKEY},
        {"02 0e 05 00 00000001 00 01", KEYEST_METHOD_UNKNOWN},
        {"01 1b 05 00 00000001 00 01", KEYEST_METHOD_UNKNOWN},
        {"01 0e 1b 00 00000001 00 01", KEYEST_METHOD_UNKNOWN},
        {"01 0e 05 00 00000001 00", KEYEST_METHOD_UNKNOWN},
        {"763d30", KEYEST_METHOD_SDES},         /* v=0 */
        {"6d3d61", KEYEST_METHOD_SDES},         /* m=a */
        {"613d6b65792d6d676d743a", KEYEST_METHOD_KEY_MGMT}, /* a=key-mgmt: */
        {"733d2d", KEYEST_METHOD_UNKNOWN},      /* s=- */
    };
    pc5s_options options = pc5s_default_options;
    options.keyest_encoding = KEYEST_WITHOUT_METHOD;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        vector_octets octets = octets_of(ACCEPT "74 0000"), body = octets_of(rows[i].body);
        octets.data[octets.len - 1] = (uint8_t)body.len;
        memcpy(octets.data + octets.len, body.data, body.len);
        pc5s_message *message = pc5s_parse(octets.data, octets.len + body.len, &options);
        g_assert_cmpint(message->key_establishment.method, ==, rows[i].method);
        g_assert_cmpuint(count_problem(message, PC5S_PROBLEM_KEYEST_METHOD_UNKNOWN), ==,
                         rows[i].method == KEYEST_METHOD_UNKNOWN);
        pc5s_free(message);
    }
}

static void test_container_preferences(void)
{
    vector_octets octets;
    pc5s_options options = pc5s_default_options;
    options.keyest_iei = 0x11; /* KD ID's: what the user says goes first */
    options.keyest_short_length = true;
    pc5s_message *message = parse(&octets, REQUEST "11 04 80 414243", &options);
    assert_octets(message->key_establishment.method_octet, "80");
    assert_octets(message->key_establishment.body, "414243");
    g_assert_null(message->key_establishment.content.data);
    pc5s_free(message);
}

static void test_largest_container(void)
{
    enum { BODY = 0xfffe };
    vector_octets before = octets_of(REQUEST "74 ffff 01");
    GByteArray *octets = g_byte_array_new();
    g_byte_array_append(octets, before.data, (guint)before.len);
    g_byte_array_append(octets, (const guint8 *)SDP, sizeof SDP - 1);
    while (octets->len < before.len + BODY)
        g_byte_array_append(octets, (const guint8 *)"\n", 1);
    pc5s_message *message = pc5s_parse(octets->data, octets->len, &pc5s_default_options);
    g_assert_cmpuint(message->problem_count, ==, 0);
    g_assert_cmpuint(message->key_establishment.content.len, ==, BODY);
    pc5s_free(message);
    g_byte_array_free(octets, TRUE);
}

/* --- fragments ----------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *row, *message;
    const char *joined; /* method and body, as far as they could be joined */
    pc5s_problem_kind problems[4];
} fragment_case;

#define EXPERIMENTAL PC5S_PROBLEM_KEYEST_METHOD_EXPERIMENTAL

static const fragment_case fragment_cases[] = {
    {"one", REQUEST "74 04 01 01 80 41", "8041", {EXPERIMENTAL, END}},
    {"three", REQUEST "74 04 01 03 80 41 74 04 02 03 42 43 74 03 03 03 44", "8041424344", {EXPERIMENTAL, END}},
    {"with another between", REQUEST "74 03 01 02 80 11 00010002 74 03 02 02 41", "8041", {EXPERIMENTAL, END}},
    {"last missing", REQUEST "74 04 01 03 80 41 74 04 02 03 42 43", "80414243",
     {PC5S_PROBLEM_KEYEST_FRAGMENT_MISSING, EXPERIMENTAL, END}},
    {"one missing", REQUEST "74 04 01 03 80 41 74 03 03 03 44", "8041",
     {PC5S_PROBLEM_KEYEST_FRAGMENT_ORDER, PC5S_PROBLEM_KEYEST_FRAGMENT_MISSING, EXPERIMENTAL, END}},
    {"one twice", REQUEST "74 04 01 02 80 41 74 04 01 02 80 41", "8041",
     {PC5S_PROBLEM_KEYEST_FRAGMENT_ORDER, PC5S_PROBLEM_KEYEST_FRAGMENT_MISSING, EXPERIMENTAL, END}},
    {"other count", REQUEST "74 04 01 02 80 41 74 03 02 03 42", "8041",
     {PC5S_PROBLEM_KEYEST_FRAGMENT_ORDER, PC5S_PROBLEM_KEYEST_FRAGMENT_MISSING, EXPERIMENTAL, END}},
    {"number 0", REQUEST "74 04 00 01 80 41", "",
     {PC5S_PROBLEM_KEYEST_FRAGMENT_ORDER, PC5S_PROBLEM_KEYEST_FRAGMENT_MISSING, PC5S_PROBLEM_KEYEST_EMPTY, END}},
    {"of no fragments", REQUEST "74 04 01 00 80 41", "", {PC5S_PROBLEM_KEYEST_FRAGMENT_ORDER, PC5S_PROBLEM_KEYEST_EMPTY, END}},
    {"without a count", REQUEST "74 01 01", "", {PC5S_PROBLEM_KEYEST_FRAGMENT_CUT, PC5S_PROBLEM_KEYEST_EMPTY, END}},
    {"empty", REQUEST "74 00", "", {PC5S_PROBLEM_KEYEST_FRAGMENT_CUT, PC5S_PROBLEM_KEYEST_EMPTY, END}},
};

static void test_fragments(void)
{
    pc5s_options options = pc5s_default_options;
    options.keyest_encoding = KEYEST_FRAGMENTS;
    for (size_t i = 0; i < G_N_ELEMENTS(fragment_cases); i++) {
        vector_octets octets;
        g_test_message("%s", fragment_cases[i].row);
        pc5s_message *message = parse(&octets, fragment_cases[i].message, &options);
        check_spans(message);
        assert_problems(message, fragment_cases[i].problems);
        assert_octets(octet_span_at(message->key_establishment.joined, message->key_establishment.joined_len),
                      fragment_cases[i].joined);
        pc5s_free(message);
        check_cut_and_changed(octets.data, octets.len);
    }
}

/* 255 fragments of 253 octets: as many as can be numbered. */
static void test_most_fragments(void)
{
    enum { COUNT = 255, PIECE = 253 };
    pc5s_options options = pc5s_default_options;
    vector_octets before = octets_of(REQUEST);
    GByteArray *octets = g_byte_array_new();
    g_byte_array_append(octets, before.data, (guint)before.len);
    options.keyest_encoding = KEYEST_FRAGMENTS;
    for (unsigned i = 1; i <= COUNT; i++) {
        guint8 fragment[4 + PIECE] = {0x74, PIECE + 2, (guint8)i, COUNT};
        memset(fragment + 4, (int)i, PIECE);
        if (i == 1)
            memcpy(fragment + 4, "\x01" CRYPTO_LINE "\n", sizeof CRYPTO_LINE + 1);
        g_byte_array_append(octets, fragment, sizeof fragment);
    }
    pc5s_message *message = pc5s_parse(octets->data, octets->len, &options);
    check_spans(message);
    g_assert_cmpuint(message->key_establishment.content.len, ==, COUNT * PIECE - 1);
    g_assert_cmpuint(message->key_establishment.content.data[COUNT * PIECE - 2], ==, COUNT);
    pc5s_free(message);
    g_byte_array_free(octets, TRUE);
}

/* --- compact SDES -------------------------------------------------------------------------------------------------- */

#define KEY_SALT "000102030405060708090a0b0c0d0e0f202122232425262728292a2b2c2d "

typedef struct {
    const char *row, *message;
    const char *line; /* NULL: none could be made */
    pc5s_problem_kind problems[3];
} compact_case;

static const compact_case compact_cases[] = {
    {"key alone", REQUEST "74 0022 04 01 01 1e " KEY_SALT, CRYPTO_LINE, {END}},
    {"with MKI", REQUEST "74 0024 04 01 01 1e " KEY_SALT "0102", CRYPTO_LINE "|258:2", {END}},
    {"of the suites", ACCEPT "74 0004 04 02 02 00", "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:", {END}},
    {"GCM 128", ACCEPT "74 0005 04 02 07 01 61", "a=crypto:2 AEAD_AES_128_GCM inline:YQ==", {END}},
    {"GCM 256", ACCEPT "74 0005 04 ff 08 01 61", "a=crypto:255 AEAD_AES_256_GCM inline:YQ==", {END}},
    {"long MKI", REQUEST "74 002b 04 01 01 1e " KEY_SALT "010203040506070809", CRYPTO_LINE,
     {PC5S_PROBLEM_KEYEST_COMPACT_MKI, END}},
    {"unknown suite", REQUEST "74 0022 04 01 03 1e " KEY_SALT, NULL, {PC5S_PROBLEM_KEYEST_COMPACT_SUITE, END}},
    {"key cut", REQUEST "74 0006 04 01 01 1e 0001", NULL, {PC5S_PROBLEM_KEYEST_COMPACT_CUT, END}},
    {"no key", REQUEST "74 0003 04 01 01", NULL, {PC5S_PROBLEM_KEYEST_COMPACT_CUT, END}},
};

static void test_compact(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(compact_cases); i++) {
        vector_octets octets;
        g_test_message("%s", compact_cases[i].row);
        pc5s_message *message = parse(&octets, compact_cases[i].message, &pc5s_default_options);
        assert_problems(message, compact_cases[i].problems);
        g_assert_cmpstr(message->key_establishment.line, ==, compact_cases[i].line);
        if (compact_cases[i].line)
            g_assert_cmpmem(message->key_establishment.content.data, message->key_establishment.content.len,
                            compact_cases[i].line, strlen(compact_cases[i].line));
        pc5s_free(message);
        check_cut_and_changed(octets.data, octets.len);
    }
}

/* --- values -------------------------------------------------------------------------------------------------------- */

static void test_tbcd(void)
{
    static const struct {
        const char *hex;
        unsigned digits;
    } rows[] = {{"", 0}, {"21", 2}, {"2143f5", 5}, {"21f3ff", 3}, {"ff", 0}, {"a1", 0}, {"1a", 0}, {"f1f2", 0}, {"1f2f", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        vector_octets octets = octets_of(rows[i].hex);
        g_assert_cmpuint(pc5s_tbcd_digits(octet_span_at(octets.data, octets.len)), ==, rows[i].digits);
    }
}

/* EEA0 and EIA0 are the highest bits of their octets. */
static void test_algorithms(void)
{
    g_assert_true(pc5s_algorithms_supported(0x8040, 0x01));
    g_assert_false(pc5s_algorithms_supported(0x8040, 0x00));
    g_assert_false(pc5s_algorithms_supported(0x8040, 0x11));
    g_assert_true(pc5s_algorithms_supported(0x2020, 0x22));
    g_assert_true(pc5s_algorithms_supported(0x0101, 0x77));
    g_assert_false(pc5s_algorithms_supported(0xffff, 0x80));
    g_assert_false(pc5s_algorithms_supported(0xffff, 0x08));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pc5s/simulated", test_simulated);
    g_test_add_func("/pc5s/layouts", test_layouts);
    g_test_add_func("/pc5s/departures", test_departures);
    g_test_add_func("/pc5s/tolerance", test_tolerance);
    g_test_add_func("/pc5s/bounds", test_bounds);
    g_test_add_func("/pc5s/texts", test_texts);
    g_test_add_func("/pc5s/readings", test_readings);
    g_test_add_func("/pc5s/containers", test_containers);
    g_test_add_func("/pc5s/recognition", test_recognition);
    g_test_add_func("/pc5s/container preferences", test_container_preferences);
    g_test_add_func("/pc5s/largest container", test_largest_container);
    g_test_add_func("/pc5s/fragments", test_fragments);
    g_test_add_func("/pc5s/most fragments", test_most_fragments);
    g_test_add_func("/pc5s/compact", test_compact);
    g_test_add_func("/pc5s/TBCD", test_tbcd);
    g_test_add_func("/pc5s/algorithms", test_algorithms);
    return g_test_run();
}

/* The MIKEY parser: published and real messages, every problem that it can name, and messages cut at every octet. */
#include "keys/mikey.h"

#include "vectors.h"

#include <string.h>

static void assert_octets(octet_span span, const char *hex)
{
    vector_octets expected = octets_of(hex);
    g_assert_cmpmem(span.data, span.len, expected.data, expected.len);
}

static unsigned count_problem(const mikey_message *message, mikey_problem_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < message->problem_count; i++)
        count += message->problems[i].kind == kind;
    return count;
}

static void list_problems(const mikey_message *message)
{
    for (unsigned i = 0; i < message->problem_count; i++)
        g_test_message("  at %zu, %zu octets: %s", message->problems[i].offset, message->problems[i].len,
                       mikey_problem_text(message->problems[i].kind));
}

/* --- whole messages ------------------------------------------------------------------------------------------------ */

static void check_spans(const mikey_message *message)
{
    size_t at = message->header.len;
    for (unsigned i = 0; i < message->chain.count; i++) {
        g_assert_cmpuint(message->chain.payloads[i].offset, ==, at);
        at += message->chain.payloads[i].len;
    }
    g_assert_cmpuint(at, <=, message->whole.len);
    for (unsigned i = 0; i < message->problem_count; i++)
        g_assert_cmpuint(message->problems[i].offset + message->problems[i].len, <=, message->whole.len);
}

/* Only a heap block of just the message's size lets the sanitizer see an octet too far. */
static void check_cut_everywhere(const vector_octets *octets)
{
    for (size_t len = 0; len < octets->len; len++) {
        uint8_t *exact = (uint8_t *)g_memdup2(octets->data, len);
        mikey_message *message = mikey_parse(exact, len);
        g_assert_cmpuint(message->problem_count, >, 0);
        check_spans(message);
        mikey_free(message);
        mikey_free(mikey_parse_ticket_data(exact, len));
        mikey_free(mikey_parse_keys(exact, len, MIKEY_KEY_DATA, MIKEY_KEYS_TICKET));
        g_free(exact);
    }
}

static void check_changed_everywhere(const vector_octets *octets)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < octets->len; at++) {
        uint8_t *exact = (uint8_t *)g_memdup2(octets->data, octets->len);
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
            exact[at] = values[i];
            mikey_message *message = mikey_parse(exact, octets->len);
            check_spans(message);
            mikey_free(message);
        }
        g_free(exact);
    }
}

static void check_vector(JsonObject *vector)
{
    vector_octets octets;
    vector_get_octets(vector, "hex", false, &octets);
    mikey_message *message = mikey_parse(octets.data, octets.len);
    list_problems(message);
    for (unsigned i = 0; i < message->problem_count; i++)
        g_assert_cmpint(message->problems[i].severity, !=, MIKEY_SEVERITY_ERROR);
    g_assert_true(message->chain.complete);
    check_spans(message);
    g_assert_cmpuint(message->problem_count, ==, json_object_get_int_member_with_default(vector, "problems", 0));
    mikey_free(message);
    check_cut_everywhere(&octets);
    check_changed_everywhere(&octets);
}

static void test_vectors(void)
{
    vectors_for_each("mikey_messages.json", check_vector);
}

/* --- the parts of a transfer --------------------------------------------------------------------------------------- */

static mikey_message *transfer; /* TRANSFER_INIT of scenario B, which forks keys */
static vector_octets transfer_octets;

static void take_transfer(JsonObject *vector)
{
    if (strcmp(json_object_get_string_member(vector, "name"), "Scenario B TRANSFER_INIT") == 0)
        vector_get_octets(vector, "hex", false, &transfer_octets);
}

static void test_transfer_init(void)
{
    vectors_for_each("mikey_messages.json", take_transfer);
    transfer = mikey_parse(transfer_octets.data, transfer_octets.len);
    const mikey_header *header = &transfer->header;
    g_assert_cmpuint(header->data_type, ==, MIKEY_TRANSFER_INIT);
    g_assert_true(header->v);
    g_assert_cmpuint(header->prf, ==, 1);
    g_assert_cmphex(header->csb_id, ==, 0x5a5a0001);
    g_assert_cmpuint(header->map_type, ==, MIKEY_MAP_GENERIC_ID);
    g_assert_cmpuint(header->cs_read, ==, 2);
    g_assert_cmpuint(header->cs[0].cs_id, ==, 1);
    g_assert_true(header->cs[0].has_ssrc && !header->cs[0].has_roc);
    g_assert_cmphex(header->cs[0].ssrc, ==, 0xcafebabe);
    assert_octets(header->cs[0].spi, "0a");
    assert_octets(header->cs[1].policies, "00");
    g_assert_false(header->cs[1].has_ssrc);

    const mikey_ticket *ticket = &mikey_find(&transfer->chain, MIKEY_TICKET, NULL)->ticket;
    g_assert_cmpuint(ticket->type, ==, MIKEY_TICKET_BASE);
    g_assert_cmpuint(ticket->prf, ==, 1);
    g_assert_cmphex(ticket->flags, ==,
                    MIKEY_FLAG_D | MIKEY_FLAG_E | MIKEY_FLAG_F | MIKEY_FLAG_G | MIKEY_FLAG_H | MIKEY_FLAG_I |
                        MIKEY_FLAG_J | MIKEY_FLAG_N | MIKEY_FLAG_O);
    g_assert_cmpuint(ticket->policy->count, ==, 5);
    g_assert_cmpuint(ticket->ticket->count, ==, 6);
    g_assert_cmpuint(ticket->ticket->payloads[0].type, ==, MIKEY_THDR);
    assert_octets(mikey_find(ticket->ticket, MIKEY_V, NULL)->verification.mac,
                  "25b64b080404e0b2d008599bea3c31da585eb8a9d95b6bfd4c6f1157b6517fb0");
    g_assert_cmpuint(ticket->initiator->count, ==, 2);
    mikey_free(transfer);
}

static void test_times(void)
{
    static const uint8_t before[] = {0xe5, 0xa0, 0, 0}, after[] = {0x10, 0, 0, 0};
    int64_t seconds;
    mikey_time time = {.ts_type = MIKEY_TS_NTP_UTC_32, .value = {before, sizeof before}};
    g_assert_true(mikey_time_seconds(&time, &seconds));
    g_assert_cmpint(seconds, ==, 0xe5a00000LL - 2208988800LL);
    time.value.data = after;
    g_assert_true(mikey_time_seconds(&time, &seconds));
    g_assert_cmpint(seconds, ==, 0x110000000LL - 2208988800LL);
    time.ts_type = MIKEY_TS_COUNTER;
    g_assert_false(mikey_time_seconds(&time, &seconds));

    mikey_message *message = mikey_parse(transfer_octets.data, transfer_octets.len);
    int64_t sent = 0xe5a1b2c3LL - 2208988800LL;
    mikey_check_time(message, sent);
    g_assert_cmpuint(message->problem_count, ==, 0);
    mikey_check_time(message, sent + 10 * 365 * 86400LL);
    g_assert_cmpuint(count_problem(message, MIKEY_PROBLEM_TIMESTAMP_FAR), ==, 1);
    g_assert_cmpuint(count_problem(message, MIKEY_PROBLEM_TICKET_NOT_VALID_NOW), ==, 1);
    mikey_free(message);
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

static void test_keys(void)
{
    vector_octets plain = octets_of("14610010 606162636465666768696a6b6c6d6e6f 0101"
                                    "00110010 c0bfbebdbcbbbab9b8b7b6b5b4b3b2b1 000e d0d1d2d3d4d5d6d7d8d9dadbdcdd 010a");
    mikey_message *keys = mikey_parse_keys(plain.data, plain.len, MIKEY_KEY_DATA, MIKEY_KEYS_TICKET);
    g_assert_cmpuint(keys->problem_count, ==, 0);
    g_assert_cmpuint(keys->chain.count, ==, 2);
    const mikey_key *tgk = &keys->chain.payloads[1].key;
    g_assert_cmpuint(tgk->type, ==, MIKEY_KEY_TGK_SALT);
    assert_octets(tgk->salt, "d0d1d2d3d4d5d6d7d8d9dadbdcdd");
    assert_octets(tgk->validity.spi, "0a");
    mikey_free(keys);

    keys = mikey_parse_keys(plain.data, plain.len - 1, MIKEY_KEY_DATA, MIKEY_KEYS_TICKET);
    g_assert_cmpuint(count_problem(keys, MIKEY_PROBLEM_PAYLOAD_CUT), ==, 1);
    mikey_free(keys);

    plain = octets_of("00020010 606162636465666768696a6b6c6d6e6f 06 000000000001 06 0000000000ff");
    keys = mikey_parse_keys(plain.data, plain.len, MIKEY_KEY_DATA, MIKEY_KEYS_MESSAGE);
    g_assert_cmpuint(keys->problem_count, ==, 0);
    assert_octets(keys->chain.payloads[0].key.validity.from, "000000000001");
    assert_octets(keys->chain.payloads[0].key.validity.to, "0000000000ff");
    mikey_free(keys);

    plain = octets_of("1401 0003 616263 00000010 @16");
    keys = mikey_parse_keys(plain.data, plain.len, MIKEY_ID, MIKEY_KEYS_MESSAGE);
    assert_octets(keys->chain.payloads[0].identity.data, "616263");
    g_assert_cmpuint(keys->chain.payloads[1].key.key.len, ==, 16);
    mikey_free(keys);
}

/* --- departures ---------------------------------------------------------------------------------------------------- */

#define NO_CS "00000001 00 00 "             /* CSB ID, #CS, map type */
#define EMPTY "00000001 00 01 "
#define ONE_CS "00000001 01 00 00 cafebabe 00000000 "
#define T(next) #next " 00 e5a1b2c300000000 "
#define RAND16(next) #next " 10 a0a1a2a3a4a5a6a7a8a9aaabacadaeaf "
#define KEMAC "00 01 0010 @16 01 @20 "      /* AES-CM, HMAC-SHA-1 */
#define V "00 00"
#define PSK(map) "01 00 05 00 " map T(0b)
#define WITH_KEMAC(kemac) PSK(NO_CS) RAND16(01) kemac
#define KEYS(len, keys) WITH_KEMAC("00 00 " len keys " 00")
#define WITH_SP(len, params) "01 00 05 00 " ONE_CS T(0b) RAND16(0a) "01 00 00 " len params KEMAC
#define TYPE(type, rest) "01 " #type " 05 00 " NO_CS rest

/* A transfer: one crypto session, then T and RANDRi. */
#define GENERIC "00000001 01 02 01 00 01 00 0004 cafebabe 01 0a "
#define TRANSFER(map, next) "01 0e 05 00 " map T(0f) RAND_I(next)
#define RAND_I(next) #next " 01 10 @16 "
#define RESPONSE(map) "01 0f 05 00 " map T(09) V
#define POLICY0(next) #next " 00 00 0000 "
#define IDRR "00 02 01 0001 62 "
#define TP_DATA "0007 0e " IDRR
#define TICKET_DATA "003a 05 0000 " T(0b) RAND16(01) "09 00 0000 00 00 01 @20 "
#define TICKET_OF(type, flags, tp, data, initiator) \
    TRANSFER(GENERIC, 0a) POLICY0(11) "09 " type flags tp data initiator V
#define BASE "0001 01 01 "
#define FLAGS "01 f4 60 "
#define NONE "0000 "
#define WISH(kemac) "01 0b 05 00 " EMPTY T(0f) RAND_I(10) "09 " BASE FLAGS kemac V

#define REQUEST_RESP(keys) \
    "01 0d 05 00 " EMPTY T(11) "01 " BASE "01 fc 60 " TP_DATA TICKET_DATA NONE "09 00 " keys "00 " V

typedef struct {
    const char *row; /* of the key management digest's lists of malformed messages */
    const char *message;
    mikey_problem_kind kind;
    unsigned count;
} departure;

static const departure departures[] = {
    {"M1", "01 00 05 00 0000", MIKEY_PROBLEM_HEADER_CUT, 1},
    {"M1 nothing", "", MIKEY_PROBLEM_HEADER_CUT, 1},
    {"M2", "02 00 05 00 " NO_CS T(0b) RAND16(01) KEMAC, MIKEY_PROBLEM_VERSION, 1},
    {"M3", TYPE(1b, T(00)), MIKEY_PROBLEM_DATA_TYPE_UNASSIGNED, 1},
    {"M3 private", TYPE(f1, T(00)), MIKEY_PROBLEM_DATA_TYPE_PRIVATE, 1},
    {"M4", "01 00 05 02 " NO_CS T(0b) RAND16(01) KEMAC, MIKEY_PROBLEM_PRF_UNKNOWN, 1},
    {"M5", "01 00 05 00 00000001 02 00 00 cafebabe 00000000 00 0000", MIKEY_PROBLEM_MAP_CUT, 1},
    {"M6", "01 00 05 00 00000001 01 03 " T(0b) RAND16(01) KEMAC, MIKEY_PROBLEM_MAP_TYPE_UNKNOWN, 1},
    {"M6 without CS", "01 00 05 00 00000001 00 03 " T(0b) RAND16(01) KEMAC, MIKEY_PROBLEM_MAP_TYPE_UNKNOWN, 0},
    {"M7", PSK(EMPTY) RAND16(0a) POLICY0(01) KEMAC, MIKEY_PROBLEM_EMPTY_MAP_WITH_POLICY, 1},
    {"M8", PSK(NO_CS) RAND16(1b) "00 1234", MIKEY_PROBLEM_NEXT_PAYLOAD_UNKNOWN, 1},
    {"M8 gap", PSK(NO_CS) RAND16(12) "00 1234", MIKEY_PROBLEM_NEXT_PAYLOAD_UNKNOWN, 1},
    {"M9 KEMAC", WITH_KEMAC("00 01 0011 @16"), MIKEY_PROBLEM_PAYLOAD_CUT, 1},
    {"M9 ID", PSK(NO_CS) RAND16(06) "00 01 0004 616263", MIKEY_PROBLEM_PAYLOAD_CUT, 1},
    {"M9 SAKKE", TYPE(1a, "1a 00 e5a1b2c300000000 00 01 01 0004 616263"), MIKEY_PROBLEM_PAYLOAD_CUT, 1},
    {"M9 nothing", PSK(NO_CS) RAND16(01), MIKEY_PROBLEM_PAYLOAD_ABSENT, 1},
    {"M10", WITH_KEMAC(KEMAC) "00", MIKEY_PROBLEM_TRAILING_OCTETS, 1},
    {"M11", PSK(NO_CS) RAND16(00), MIKEY_PROBLEM_LAST_PAYLOAD, 1},
    {"M12", TYPE(02, T(0b) RAND16(04) "0001 aa 00"), MIKEY_PROBLEM_AFTER_SIGN, 1},
    {"M13", "01 00 0b 00 " NO_CS RAND16(01) KEMAC, MIKEY_PROBLEM_TIMESTAMP_MISSING, 1},
    {"M13 order", "01 00 0b 00 " NO_CS RAND16(05) T(01) KEMAC, MIKEY_PROBLEM_TIMESTAMP_NOT_FIRST, 1},
    {"M13 RSA-R", TYPE(0a, "00 00 e5a1b2c300000000"), MIKEY_PROBLEM_TIMESTAMP_NOT_FIRST, 0},
    {"M14", "01 00 05 00 " NO_CS T(05) T(0b) RAND16(01) KEMAC, MIKEY_PROBLEM_TIMESTAMP_REPEATED, 1},
    {"M15", "01 00 05 00 " NO_CS "0b 04 @8", MIKEY_PROBLEM_TS_TYPE_UNKNOWN, 1},
    {"M16", "01 00 05 00 " NO_CS "0b 00 @8 " RAND16(01) KEMAC, MIKEY_PROBLEM_TIMESTAMP_ZERO, 1},
    {"M17", "01 00 05 00 " NO_CS T(01) KEMAC, MIKEY_PROBLEM_RAND_MISSING, 1},
    {"M18", PSK(NO_CS) "01 0f @15 " KEMAC, MIKEY_PROBLEM_RAND_SHORT, 1},
    {"M19", WITH_KEMAC("00 00 0000 01 @20"), MIKEY_PROBLEM_RAND_IN_UPDATE, 1},
    {"M21", WITH_KEMAC("00 01 0000 03 @20"), MIKEY_PROBLEM_MAC_ALG_UNKNOWN, 1},
    {"M22", WITH_KEMAC("00 01 0000 01 @19"), MIKEY_PROBLEM_MAC_CUT, 1},
    {"M22 V", TYPE(01, T(09) "00 02 @31"), MIKEY_PROBLEM_MAC_CUT, 1},
    {"M23", WITH_KEMAC("00 01 0010 @16 00"), MIKEY_PROBLEM_NULL_MAC, 1},
    {"M24", WITH_KEMAC("00 04 0010 @16 00"), MIKEY_PROBLEM_ENCR_ALG_UNKNOWN, 1},
    {"M25", WITH_KEMAC("00 02 0019 @25 00"), MIKEY_PROBLEM_KEY_WRAP_LENGTH, 1},
    {"M25 short", WITH_KEMAC("00 02 0010 @16 00"), MIKEY_PROBLEM_KEY_WRAP_LENGTH, 1},
    {"M27", KEYS("0014 ", "00 80 0010 @16"), MIKEY_PROBLEM_KEY_TYPE_UNKNOWN, 1},
    {"M27 KV", KEYS("0014 ", "00 03 0010 @16"), MIKEY_PROBLEM_KEY_VALIDITY_UNKNOWN, 1},
    {"M28", KEYS("0013 ", "00 00 000f @15"), MIKEY_PROBLEM_KEY_SHORT, 1},
    {"M28 TEK", KEYS("0022 ", "00 20 001e @30"), MIKEY_PROBLEM_TEK_LENGTH, 1},
    {"M29", KEYS("0014 ", "00 10 0010 @16"), MIKEY_PROBLEM_SALT_MISSING, 1},
    {"M30", "01 00 05 00 " ONE_CS T(0b) RAND16(0a) POLICY0(0a) POLICY0(01) KEMAC, MIKEY_PROBLEM_POLICY_REPEATED, 1},
    {"M31", WITH_SP("0003 ", "00 02 01 "), MIKEY_PROBLEM_POLICY_LENGTH, 1},
    {"M31 sum", WITH_SP("0004 ", "00 01 01 05 "), MIKEY_PROBLEM_POLICY_LENGTH, 1},
    {"M32", PSK(NO_CS) RAND16(0a) "01 00 02 0000 " KEMAC, MIKEY_PROBLEM_PROT_TYPE_UNKNOWN, 1},
    {"M32 repeated", WITH_SP("0006 ", "00 01 01 00 01 01 "), MIKEY_PROBLEM_POLICY_PARAM_REPEATED, 1},
    {"M33", PSK(ONE_CS) RAND16(01) KEMAC, MIKEY_PROBLEM_POLICY_ABSENT, 1},
    {"M34", WITH_SP("000f ", "07 01 02 08 01 02 0a 01 02 01 01 11 0b 01 05 "), MIKEY_PROBLEM_POLICY_VALUE, 5},
    {"M35", WITH_SP("0006 ", "00 01 06 01 01 18 "), MIKEY_PROBLEM_GCM_POLICY, 1},
    {"M35 fits", WITH_SP("0006 ", "00 01 06 01 01 20 "), MIKEY_PROBLEM_GCM_POLICY, 0},
    {"M36", TYPE(02, T(02) "04 c001 aa 0001 bb"), MIKEY_PROBLEM_PKE_CACHE, 1},
    {"M37", TYPE(04, T(0b) RAND16(03) "04 03 @192"), MIKEY_PROBLEM_DH_GROUP_UNKNOWN, 1},
    {"M37 cut", TYPE(04, T(0b) RAND16(03) "04 01 @95"), MIKEY_PROBLEM_PAYLOAD_CUT, 1},
    {"M38", TYPE(02, T(07) "04 04 0001 aa 0001 bb"), MIKEY_PROBLEM_CERT_TYPE_UNKNOWN, 1},
    {"M38 hash", TYPE(02, T(08) "04 03 @20"), MIKEY_PROBLEM_HASH_UNKNOWN, 1},
    {"M39", TYPE(02, T(07) "04 00 0004 30 03 0000 0001 bb"), MIKEY_PROBLEM_CERT_LENGTH, 1},
    {"M39 fits", TYPE(02, T(07) "04 00 0005 3082 0001 00 0001 bb"), MIKEY_PROBLEM_CERT_LENGTH, 0},
    {"M42", TYPE(06, T(0c) "00 10 0000"), MIKEY_PROBLEM_ERROR_UNKNOWN, 1},
    {"M42 reserved", TYPE(06, T(0c) "00 0f 0001"), MIKEY_PROBLEM_ERROR_RESERVED, 1},
    {"M44", PSK(NO_CS) RAND16(15) "01 03 0006 00 02 6162 01 02 " KEMAC, MIKEY_PROBLEM_KEY_ID_CUT, 1},
    {"M45", "01 01 05 00 00000001 01 00 00 00000000 00000000 " T(09) V, MIKEY_PROBLEM_SSRC_ZERO, 1},
    {"M46", "01 01 05 00 00000001 02 00 00 cafebabe 00000000 00 cafebabe 00000000 " T(09) V,
     MIKEY_PROBLEM_SSRC_REPEATED, 1},
    {"M47", TYPE(07, T(01) "00 00 0014 00 00 0010 @16 01 @20"), MIKEY_PROBLEM_DHHMAC_KEY_DATA, 1},
    {"DHHMAC's own numbers", TYPE(07, T(01) "00 02 0000 00 @20"), MIKEY_PROBLEM_TRAILING_OCTETS, 0},
    {"T1", TRANSFER(GENERIC, 06) "09 01 0001 61 " V, MIKEY_PROBLEM_ID_IN_TICKET_MESSAGE, 1},
    {"T2", TRANSFER(GENERIC, 0b) RAND16(09) V, MIKEY_PROBLEM_RAND_IN_TICKET_MESSAGE, 1},
    {"T3", "01 0e 05 00 " GENERIC T(11) "09 " BASE FLAGS TP_DATA TICKET_DATA NONE V, MIKEY_PROBLEM_RANDR_MISSING, 1},
    {"T3 update", "01 0e 05 00 " GENERIC T(09) V, MIKEY_PROBLEM_RANDR_MISSING, 0},
    {"T3 request", "01 0b 05 00 " EMPTY T(09) V, MIKEY_PROBLEM_RANDR_MISSING, 1},
    {"T3 resolve", "01 10 05 00 " EMPTY T(0f) RAND_I(09) V, MIKEY_PROBLEM_RANDR_MISSING, 1},
    {"T4", TRANSFER(ONE_CS, 09) V, MIKEY_PROBLEM_SRTP_ID_MAP, 1},
    {"T5", "01 0b 05 00 " NO_CS T(0f) RAND_I(09) V, MIKEY_PROBLEM_KMS_MESSAGE_MAP, 1},
    {"T6", RESPONSE("00000001 01 02 01 00 00 0004 cafebabe 01 0a "), MIKEY_PROBLEM_RESPONSE_POLICIES, 1},
    {"T7", TRANSFER("00000001 01 02 01 00 00 0003 cafeba 01 0a ", 09) V, MIKEY_PROBLEM_SESSION_DATA_LENGTH, 1},
    {"T7 S", TRANSFER("00000001 01 02 01 00 80 0004 cafebabe 01 0a ", 09) V, MIKEY_PROBLEM_SESSION_DATA_FLAG, 1},
    {"T7 no S", TRANSFER("00000001 01 02 01 00 00 000a cafebabe @6 01 0a ", 09) V, MIKEY_PROBLEM_SESSION_DATA_FLAG, 1},
    {"T8", RESPONSE("00000001 01 02 01 00 01 00 0000 00 "), MIKEY_PROBLEM_RESPONSE_SESSION_OPEN, 1},
    {"T9", TRANSFER("00000001 02 02 01 00 00 0000 00 01 00 00 0000 00 ", 09) V, MIKEY_PROBLEM_CS_ID_REPEATED, 1},
    {"T10", "01 0e 05 00 00000001 01 02 01 00 00 0000 05 0a", MIKEY_PROBLEM_MAP_CUT, 1},
    {"T11", TICKET_OF("0001 02 01 ", FLAGS, TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_TYPE, 1},
    {"T11 reserved", TICKET_OF("ffff 01 01 ", FLAGS, TP_DATA, NONE, NONE), MIKEY_PROBLEM_TICKET_TYPE, 1},
    {"T12", TICKET_OF(BASE, "01 f4 61 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_RESERVED, 1},
    {"T13 not D", TICKET_OF(BASE, "00 f4 60 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_FLAGS, 1},
    {"T13 G", TICKET_OF(BASE, "01 b4 60 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_FLAGS, 1},
    {"T13 neither", TICKET_OF(BASE, "01 c4 60 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_FLAGS, 1},
    {"T13 I", TICKET_OF(BASE, "01 7c 60 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_FLAGS, 1},
    {"T13 M", TICKET_OF(BASE, "01 90 e0 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_FLAGS, 1},
    {"T14", TICKET_OF(BASE, "01 fc 60 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_INITIATOR_DATA, 1},
    {"T14 not I", TICKET_OF(BASE, FLAGS, TP_DATA, TICKET_DATA, "0005 09 09 00 00 00 "), MIKEY_PROBLEM_INITIATOR_DATA, 1},
    {"T15",
     TICKET_OF(BASE, "01 98 60 ", TP_DATA, "0066 05 0000 " T(0b) RAND16(01)
               "09 00 002c 14 61 0010 @16 01 01 00 01 0010 @16 01 0a 00 00 01 @20 ", "0005 09 09 00 00 00 "),
     MIKEY_PROBLEM_FORK_WITHOUT_RESPONSE, 1},
    {"T18", TICKET_OF(BASE, FLAGS, "0007 00 " IDRR, TICKET_DATA, NONE), MIKEY_PROBLEM_POLICY_DATA, 1},
    {"T18 overrun", TICKET_OF(BASE, FLAGS, "0006 0e 00 02 01 0001 ", TICKET_DATA, NONE), MIKEY_PROBLEM_PAYLOAD_CUT, 1},
    {"T19", TICKET_OF(BASE, FLAGS, "000c 01 0e 00 0000 00 " IDRR, TICKET_DATA, NONE), MIKEY_PROBLEM_TICKET_POLICY_KEMAC, 1},
    {"T20", WISH("0022 01 0e 00 0016 00 01 0010 @15 01 01 0a 00 " IDRR), MIKEY_PROBLEM_WISHED_KEYS, 1},
    {"T20 zero", WISH("0022 01 0e 00 0016 00 01 0010 @16 01 0a 00 " IDRR), MIKEY_PROBLEM_WISHED_KEYS, 0},
    {"T20 encrypted", WISH("000d 01 0e 01 0001 aa 00 " IDRR), MIKEY_PROBLEM_WISHED_KEYS, 1},
    {"T21 type", WISH("0012 0d 0e 04 00 @8 " IDRR), MIKEY_PROBLEM_REKEY_TYPE, 1},
    {"T21 order", WISH("0015 0d 0d 02 03 e5a00001 0e 03 03 e5a00000 " IDRR), MIKEY_PROBLEM_VALIDITY_ORDER, 1},
    {"T21 role", WISH("000e 0d 0e 05 03 e5a00001 " IDRR), MIKEY_PROBLEM_TIME_ROLE, 1},
    {"T21 repeated", WISH("0015 0d 0d 02 03 e5a00000 0e 02 03 e5a00000 " IDRR), MIKEY_PROBLEM_TIME_ROLE_REPEATED, 1},
    {"T22", WISH("0007 0e 00 01 01 0001 62 "), MIKEY_PROBLEM_TICKET_WITHOUT_RESPONDER, 1},
    {"T22 nothing", WISH("0000 "), MIKEY_PROBLEM_TICKET_WITHOUT_RESPONDER, 1},
    {"T23", TICKET_OF(BASE, FLAGS, TP_DATA, "0002 05 00 ", NONE), MIKEY_PROBLEM_TICKET_HEADER, 1},
    {"T23 nothing", TICKET_OF(BASE, FLAGS, TP_DATA, NONE, NONE), MIKEY_PROBLEM_TICKET_HEADER, 1},
    {"T23 length", TICKET_OF(BASE, FLAGS, TP_DATA, "0004 05 0002 00 ", NONE), MIKEY_PROBLEM_TICKET_HEADER, 1},
    {"T24 last", TICKET_OF(BASE, FLAGS, TP_DATA, "001a 05 0000 " T(01) "0b 00 0000 00 00 06 @6 ", NONE),
     MIKEY_PROBLEM_TICKET_LAST_PAYLOAD, 1},
    {"T24 KEMAC", TICKET_OF(BASE, FLAGS, TP_DATA, "0021 05 0000 " T(0b) RAND16(09) V, NONE),
     MIKEY_PROBLEM_TICKET_WITHOUT_KEMAC, 1},
    {"T24 RAND", TICKET_OF(BASE, FLAGS, TP_DATA, "0014 05 0000 " T(01) "09 00 0000 00 " V, NONE),
     MIKEY_PROBLEM_TICKET_WITHOUT_RAND, 1},
    {"T24 role", TICKET_OF(BASE, FLAGS, TP_DATA, "0015 05 0000 " T(0e) "09 01 01 0001 61 " V, NONE),
     MIKEY_PROBLEM_TICKET_ID_ROLE, 1},
    {"T25", TICKET_OF(BASE, FLAGS, TP_DATA, "0028 05 0000 " T(01) "09 00 0000 01 @20 " V, NONE),
     MIKEY_PROBLEM_TICKET_MESSAGE_KEMAC_MAC, 1},
    {"T28", TRANSFER(GENERIC, 01) "09 00 0014 00 00 0010 @16 00 " V, MIKEY_PROBLEM_KEY_WITHOUT_SPI, 1},
    {"T29", "01 0d 05 00 " EMPTY T(01) "09 00 0016 00 01 0010 @16 01 0a 00 " V, MIKEY_PROBLEM_MPK_MISSING, 1},
    {"T29 several",
     TICKET_OF(BASE, FLAGS, TP_DATA, "0052 05 0000 " T(0b) RAND16(01)
               "09 00 002c 14 61 0010 @16 01 01 00 61 0010 @16 01 0a 00 " V, NONE), MIKEY_PROBLEM_MPK_TOO_MANY, 1},
    {"T29 MPKr", REQUEST_RESP("0016 00 61 0010 @16 01 0a "), MIKEY_PROBLEM_MPKR_MISSING, 1},
    {"T29 MPKr there", REQUEST_RESP("002c 14 61 0010 @16 01 0a 00 61 0010 @16 01 0b "), MIKEY_PROBLEM_MPKR_MISSING, 0},
    {"T30", TRANSFER(GENERIC, 11) "01 " BASE FLAGS TP_DATA TICKET_DATA NONE "09 01 0001 aa 00 " V,
     MIKEY_PROBLEM_KEMAC_NOT_ALLOWED, 1},
    {"T31", TRANSFER(GENERIC, 01) "09 01 0001 aa 01 @20 " V, MIKEY_PROBLEM_TICKET_MESSAGE_KEMAC_MAC, 1},
    {"T32", TRANSFER(GENERIC, 09) "00 02 @32", MIKEY_PROBLEM_ALGORITHMS_MIXED, 1},
    {"T35", TRANSFER(GENERIC, 0f) "09 04 10 @16 " V, MIKEY_PROBLEM_RANDR_ROLE, 1},
    {"T35 repeated", TRANSFER(GENERIC, 0f) RAND_I(09) V, MIKEY_PROBLEM_RANDR_ROLE_REPEATED, 1},
    {"T35 IDR", TRANSFER(GENERIC, 0e) "09 0a 01 0001 61 " V, MIKEY_PROBLEM_ID_ROLE, 1},
    {"T38", TRANSFER(GENERIC, 00), MIKEY_PROBLEM_TRANSFER_WITHOUT_V, 1},
    {"T39", TICKET_OF(BASE, "01 fc 60 ", TP_DATA, TICKET_DATA, "0018 09 09 00 00 01 @19 "), MIKEY_PROBLEM_MAC_CUT, 1},
    {"T39 algorithms", TICKET_OF(BASE, "01 fc 60 ", TP_DATA, TICKET_DATA, "0019 09 09 00 00 01 @20 "),
     MIKEY_PROBLEM_INITIATOR_DATA_V, 1},
    {"T39 left over", TICKET_OF(BASE, "01 fc 60 ", TP_DATA, TICKET_DATA, "0006 09 09 00 00 00 aa "),
     MIKEY_PROBLEM_TRAILING_OCTETS, 1},
    {"T40", TICKET_OF(BASE, "01 f4 40 ", TP_DATA, TICKET_DATA, NONE), MIKEY_PROBLEM_EXTRA_PROCESSING, 1},
    {"T41", KEYS("0022 ", "00 30 0010 @16 000c @12"), MIKEY_PROBLEM_SALT_LENGTH, 1},
};

/* A response beside what it answers. Flags behind the PRF: D E F G H I J, then K to O (RFC 6043 section 6.10). */
#define TICKET_FLAGS(flags) TICKET_OF(BASE, flags, TP_DATA, TICKET_DATA, NONE)
#define WITH_G TICKET_FLAGS("01 f4 60 ")
#define WITHOUT_G TICKET_FLAGS("01 d4 60 ")
#define WITH_GI TICKET_FLAGS("01 fc 60 ")
#define WITH_GM TICKET_FLAGS("01 f4 e0 ")
#define ANSWER(first, payloads) "01 0f 05 00 " GENERIC T(first) payloads V
#define RAND_R(next) #next " 02 10 @16 "
#define RAND_KMS(next) #next " 03 10 @16 "
#define ID_R(next) #next " 02 01 0001 62 "
#define SIGNATURE "0001 aa"
#define KEY_PAYLOAD "09 00 0016 00 21 0010 @16 01 0a 00 "

static const struct {
    const char *row, *initial, *response;
    mikey_problem_kind kind;
    unsigned count;
} responses[] = {
    {"M40 version", TYPE(00, T(01) "00 00 0000 00"), "02 01 05 00 " NO_CS T(09) V, MIKEY_PROBLEM_RESPONSE_VERSION, 1},
    {"M40 PRF", TYPE(00, T(01) "00 00 0000 00"), "01 01 05 01 " NO_CS T(09) V, MIKEY_PROBLEM_RESPONSE_PRF, 1},
    {"M40 the V flag is no matter", "01 00 05 80 " NO_CS T(01) "00 00 0000 00", "01 01 05 00 " NO_CS T(09) V,
     MIKEY_PROBLEM_RESPONSE_PRF, 0},
    {"T37", WITHOUT_G, "01 0f 05 01 " GENERIC T(09) V, MIKEY_PROBLEM_RESPONSE_PRF, 1},
    {"T16", WITH_G, ANSWER(09, ""), MIKEY_PROBLEM_RESPONDER_RAND_MISSING, 1},
    {"T16 there", WITH_G, ANSWER(0f, RAND_R(09)), MIKEY_PROBLEM_RESPONDER_RAND_MISSING, 0},
    {"T16 unasked", WITHOUT_G, ANSWER(0f, RAND_R(09)), MIKEY_PROBLEM_RESPONDER_RAND_UNASKED, 1},
    {"T17", WITH_GI, ANSWER(0f, RAND_R(09)), MIKEY_PROBLEM_FORK_PARTS_MISSING, 1},
    {"T17 no IDRr", WITH_GI, ANSWER(0f, RAND_R(0f) RAND_KMS(09)), MIKEY_PROBLEM_FORK_PARTS_MISSING, 1},
    {"T17 there", WITH_GI, ANSWER(0f, RAND_R(0e) ID_R(0f) RAND_KMS(09)), MIKEY_PROBLEM_FORK_PARTS_MISSING, 0},
    {"T30", WITH_G, ANSWER(0f, RAND_R(01) KEY_PAYLOAD), MIKEY_PROBLEM_RESPONSE_KEMAC_NOT_ALLOWED, 1},
    {"T30 allowed", WITH_GM, ANSWER(0f, RAND_R(01) KEY_PAYLOAD), MIKEY_PROBLEM_RESPONSE_KEMAC_NOT_ALLOWED, 0},
    {"M20 both", TYPE(09, T(0b) RAND16(04) SIGNATURE), TYPE(0a, T(0b) RAND16(04) SIGNATURE), MIKEY_PROBLEM_RSA_R_RAND, 1},
    {"M20 neither", TYPE(09, T(04) SIGNATURE), TYPE(0a, T(04) SIGNATURE), MIKEY_PROBLEM_RSA_R_RAND, 1},
    {"M20 one", TYPE(09, T(04) SIGNATURE), TYPE(0a, T(0b) RAND16(04) SIGNATURE), MIKEY_PROBLEM_RSA_R_RAND, 0},
    {"cut before the PRF", "01 0e 05 01 " GENERIC T(09) V, "01 0f 09", MIKEY_PROBLEM_RESPONSE_PRF, 0},
    {"an update's answer", "01 0e 05 00 " GENERIC T(09) V, ANSWER(09, ""), MIKEY_PROBLEM_RESPONDER_RAND_MISSING, 0},
};

static void test_responses(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(responses); i++) {
        mikey_message *initial, *response;
        vector_octets first = octets_of(responses[i].initial);
        initial = mikey_parse(first.data, first.len);
        vector_octets second = octets_of(responses[i].response);
        response = mikey_parse(second.data, second.len);
        mikey_check_response(response, initial);
        g_test_message("%s", responses[i].row);
        list_problems(response);
        g_assert_cmpuint(count_problem(response, responses[i].kind), ==, responses[i].count);
        check_spans(response);
        mikey_free(initial);
        mikey_free(response);
    }
}

static void test_departures(void)
{
    bool named[MIKEY_PROBLEM_COUNT] = {[MIKEY_PROBLEM_TOO_DEEP] = true, /* these have tests of their own */
                                       [MIKEY_PROBLEM_TOO_MANY_PAYLOADS] = true,
                                       [MIKEY_PROBLEM_TIMESTAMP_FAR] = true,
                                       [MIKEY_PROBLEM_TICKET_NOT_VALID_NOW] = true,
                                       [MIKEY_PROBLEM_NO_KEYS_INSIDE] = true, /* those of the sessions */
                                       [MIKEY_PROBLEM_RANDS_SHORT] = true,
                                       [MIKEY_PROBLEM_FORK_RAND_SHORT] = true};
    for (size_t i = 0; i < G_N_ELEMENTS(departures); i++) {
        vector_octets octets = octets_of(departures[i].message);
        mikey_message *message = mikey_parse(octets.data, octets.len);
        g_test_message("%s", departures[i].row);
        list_problems(message);
        if (count_problem(message, departures[i].kind) != departures[i].count)
            g_test_fail_printf("%s: %u times", departures[i].row, count_problem(message, departures[i].kind));
        check_spans(message);
        named[departures[i].kind] = true;
        mikey_free(message);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(responses); i++)
        named[responses[i].kind] = true;
    for (unsigned kind = 0; kind < MIKEY_PROBLEM_COUNT; kind++) {
        g_assert_true(named[kind]);
        g_assert_nonnull(mikey_problem_text((mikey_problem_kind)kind));
    }
}

/* --- bounds -------------------------------------------------------------------------------------------------------- */

static void test_too_many_payloads(void)
{
    GByteArray *octets = g_byte_array_new();
    static const uint8_t header[] = {1, 6, MIKEY_ERR, 0, 0, 0, 0, 1, 0, 0}, error[] = {MIKEY_ERR, 12, 0, 0};
    g_byte_array_append(octets, header, sizeof header);
    for (unsigned i = 0; i < MIKEY_MAX_PAYLOADS + 1; i++)
        g_byte_array_append(octets, error, sizeof error);
    mikey_message *message = mikey_parse(octets->data, octets->len);
    g_assert_cmpuint(message->chain.count, ==, MIKEY_MAX_PAYLOADS);
    g_assert_cmpuint(count_problem(message, MIKEY_PROBLEM_TOO_MANY_PAYLOADS), ==, 1);
    mikey_free(message);
    g_byte_array_unref(octets);
}

/* A TP payload within the policy of a TP payload within ... */
static void test_too_deep(void)
{
    static const uint8_t header[] = {1, 11, MIKEY_TP, 0, 0, 0, 0, 1, 0, 1};
    GByteArray *octets = g_byte_array_new();
    enum { LEVELS = 40, LEVEL_LEN = 11 };
    g_byte_array_append(octets, header, sizeof header);
    for (unsigned left = LEVELS; left-- > 0;) {
        unsigned len = left * LEVEL_LEN + 1;
        uint8_t level[LEVEL_LEN] = {0, 0, 1, 1, 1, 1, 0xf4, 0x60, (uint8_t)(len >> 8), (uint8_t)len, left ? MIKEY_TP : 0};
        g_byte_array_append(octets, level, sizeof level);
    }
    mikey_message *message = mikey_parse(octets->data, octets->len);
    g_assert_cmpuint(count_problem(message, MIKEY_PROBLEM_TOO_DEEP), ==, 1);
    g_assert_nonnull(message->chain.payloads[0].ticket.policy->payloads[0].ticket.policy);
    mikey_free(message);
    g_byte_array_unref(octets);
}

/* Another ticket type is opaque, unless it reads like the base ticket to the end; then nothing of it is a problem. */
static void test_other_ticket_types(void)
{
    vector_octets octets = octets_of(TICKET_OF("0002 01 01 ", FLAGS, TP_DATA, "0004 05 1234 ff ", NONE));
    mikey_message *message = mikey_parse(octets.data, octets.len);
    list_problems(message);
    g_assert_cmpuint(message->problem_count, ==, 0);
    const mikey_ticket *ticket = &mikey_find(&message->chain, MIKEY_TICKET, NULL)->ticket;
    g_assert_null(ticket->ticket);
    assert_octets(ticket->ticket_data, "05 1234 ff");
    mikey_free(message);

    octets = octets_of(TICKET_OF("0002 01 01 ", FLAGS, TP_DATA, TICKET_DATA, NONE));
    message = mikey_parse(octets.data, octets.len);
    g_assert_nonnull(mikey_find(&message->chain, MIKEY_TICKET, NULL)->ticket.ticket);
    mikey_free(message);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey/vectors", test_vectors);
    g_test_add_func("/mikey/transfer-init", test_transfer_init);
    g_test_add_func("/mikey/times", test_times);
    g_test_add_func("/mikey/keys", test_keys);
    g_test_add_func("/mikey/departures", test_departures);
    g_test_add_func("/mikey/responses", test_responses);
    g_test_add_func("/mikey/too-many-payloads", test_too_many_payloads);
    g_test_add_func("/mikey/too-deep", test_too_deep);
    g_test_add_func("/mikey/other-ticket-types", test_other_ticket_types);
    return g_test_run();
}

/* The message as a whole: which information elements it is made of, and which of several readings it fits. */
#include "keys/pc5s.h"

#include "keys/octet_reader.h"
#include "keys/pc5s_parts.h"

#include <string.h>

#define MAX_MANDATORY 6

const pc5s_options pc5s_default_options = {
    .iei_radix = PC5S_IEI_DECIMAL,
    .length_size = PC5S_LENGTH_AUTO,
    .user_info_length = PC5S_TYPE_AUTO,
    .keyest_encoding = KEYEST_WITH_METHOD,
    .keyest_iei = KEYEST_DEFAULT_IEI,
};

/* --- information elements and messages ----------------------------------------------------------------------------- */

/* iei: the number in decimal, 0 where the IE is never optional. len: octets of the value, 0 where a length tells.
 * IEIs are told by an implementation; that of IMEISV follows from the row of numbers that the others form. */
static const struct {
    uint8_t iei, len;
} formats[PC5S_IE_COUNT] = {
    [PC5S_IE_USER_INFO] = {1, 0},
    [PC5S_IE_IP_CONFIG] = {0, 1},
    [PC5S_IE_LINK_LOCAL_IPV6] = {3, 16},
    [PC5S_IE_CAUSE] = {0, 1},
    [PC5S_IE_RELEASE_REASON] = {0, 1},
    [PC5S_IE_KEEPALIVE_COUNTER] = {0, 4},
    [PC5S_IE_MAX_INACTIVITY] = {7, 4},
    [PC5S_IE_RELAY_SERVICE_CODE] = {25, 3},
    [PC5S_IE_GPI] = {24, 0},
    [PC5S_IE_PRUK_ID] = {8, 8},
    [PC5S_IE_AUTS] = {9, 14},
    [PC5S_IE_RAND] = {10, 16},
    [PC5S_IE_CAPABILITIES] = {0, 2},
    [PC5S_IE_CHOSEN_ALGORITHMS] = {0, 1},
    [PC5S_IE_KD_SESS_ID_LSB] = {0, 1},
    [PC5S_IE_KD_SESS_ID_MSB] = {0, 1},
    [PC5S_IE_KD_ID_LSB] = {15, 2},
    [PC5S_IE_KD_ID_MSB] = {16, 2},
    [PC5S_IE_KD_ID] = {17, 4},
    [PC5S_IE_KD_FRESHNESS] = {18, 16},
    [PC5S_IE_NONCE_1] = {0, 16},
    [PC5S_IE_NONCE_2] = {0, 16},
    [PC5S_IE_AUTH_FLAG] = {21, 1},
    [PC5S_IE_SIGNATURE] = {22, 129},
    [PC5S_IE_ENCRYPTED_PAYLOAD] = {23, 0},
    [PC5S_IE_REMOTE_UE_TYPE] = {0, 1},
    [PC5S_IE_IMEI] = {27, 8},
    [PC5S_IE_IMEISV] = {28, 9},
    [PC5S_IE_KEY_ESTABLISHMENT] = {0, 0},
};

#define BIT(kind) (1u << PC5S_IE_##kind)

/* TS 24.334 clause 11.4; the container is this project's addition. */
typedef struct {
    uint8_t mandatory_count;
    uint8_t mandatory[MAX_MANDATORY]; /* in the order of the wire */
    uint32_t optional;                /* bits by kind */
} message_format;

static const message_format messages[] = {
    [PC5S_COMMUNICATION_REQUEST] =
        {6,
         {PC5S_IE_USER_INFO, PC5S_IE_IP_CONFIG, PC5S_IE_MAX_INACTIVITY, PC5S_IE_NONCE_1, PC5S_IE_CAPABILITIES,
          PC5S_IE_KD_SESS_ID_MSB},
         BIT(KD_ID) | BIT(RELAY_SERVICE_CODE) | BIT(SIGNATURE) | BIT(LINK_LOCAL_IPV6) | BIT(KEY_ESTABLISHMENT)},
    [PC5S_COMMUNICATION_ACCEPT] = {1, {PC5S_IE_IP_CONFIG}, BIT(LINK_LOCAL_IPV6) | BIT(KEY_ESTABLISHMENT)},
    [PC5S_COMMUNICATION_REJECT] = {1, {PC5S_IE_CAUSE}, 0},
    [PC5S_KEEPALIVE] = {1, {PC5S_IE_KEEPALIVE_COUNTER}, BIT(MAX_INACTIVITY)},
    [PC5S_KEEPALIVE_ACK] = {1, {PC5S_IE_KEEPALIVE_COUNTER}, 0},
    [PC5S_RELEASE] = {1, {PC5S_IE_RELEASE_REASON}, 0},
    [PC5S_RELEASE_ACCEPT] = {0, {0}, 0},
    [PC5S_SECURITY_MODE_COMMAND] =
        {4,
         {PC5S_IE_CAPABILITIES, PC5S_IE_NONCE_2, PC5S_IE_CHOSEN_ALGORITHMS, PC5S_IE_KD_SESS_ID_LSB},
         BIT(KD_ID_MSB) | BIT(KD_FRESHNESS) | BIT(GPI) | BIT(USER_INFO) | BIT(SIGNATURE) | BIT(ENCRYPTED_PAYLOAD) |
             BIT(KEY_ESTABLISHMENT)},
    [PC5S_SECURITY_MODE_COMPLETE] = {0, {0}, BIT(KD_ID_LSB) | BIT(KEY_ESTABLISHMENT)},
    [PC5S_SECURITY_MODE_REJECT] = {1, {PC5S_IE_CAUSE}, BIT(RAND) | BIT(AUTS)},
    [PC5S_REKEYING_REQUEST] =
        {3,
         {PC5S_IE_CAPABILITIES, PC5S_IE_NONCE_1, PC5S_IE_KD_SESS_ID_MSB},
         BIT(AUTH_FLAG) | BIT(PRUK_ID) | BIT(KEY_ESTABLISHMENT)},
    [PC5S_REKEYING_RESPONSE] = {0, {0}, BIT(KEY_ESTABLISHMENT)},
    [PC5S_REKEYING_TRIGGER] = {0, {0}, 0},
    [PC5S_REMOTE_UE_INFO_REQUEST] = {1, {PC5S_IE_REMOTE_UE_TYPE}, 0},
    [PC5S_REMOTE_UE_INFO_RESPONSE] = {0, {0}, BIT(IMEI) | BIT(IMEISV)},
};

/* NULL: nobody knows the message, or its layout. */
static const message_format *format_of(uint8_t type)
{
    bool layout_unknown = type >= PC5S_TMGI_MONITORING_REQUEST && type <= PC5S_CELL_ID_ANNOUNCEMENT_RESPONSE;
    return type == 0 || layout_unknown || type >= G_N_ELEMENTS(messages) ? NULL : &messages[type];
}

void pc5s_report(pc5s_parser *parser, pc5s_problem_kind kind, octet_span where)
{
    pc5s_problem problem = {.kind = kind,
                            .severity = pc5s_problem_severity(kind),
                            .offset = (size_t)(where.data - parser->base),
                            .len = where.len};
    if (parser->problems->len < PC5S_MAX_PROBLEMS)
        g_array_append_val(parser->problems, problem);
}

/* --- one reading --------------------------------------------------------------------------------------------------- */

/* What can be read either way: bits of the number of a reading. Unset, the standard's own reading as far as it is known. */
enum { HEX_IEIS = 1, SHORT_LENGTHS = 2, TYPE_APART = 4, READINGS = 8 };

/* Faults of a reading, by weight: the lighter reading is the likelier. The code of IP Address Config counts because it stands
 * behind User Info, whose length is in doubt. */
enum { FAULT_ODD = 1, FAULT_CUT = 2, FAULT_LOST = 2, FAULT_IP_CONFIG = 2, FAULT_MANDATORY = 4 };

typedef struct {
    const pc5s_options *options;
    unsigned number;      /* of the reading */
    const message_format *format;
    unsigned faults;
    bool too_many;
    pc5s_ie_kind missing; /* the first mandatory IE that is not there in full; else PC5S_IE_COUNT */
    octet_span optional;  /* behind the mandatory IEs */
    octet_span rest;
    unsigned count;
    pc5s_ie ies[PC5S_MAX_IES];
} reading;

static pc5s_ie *add_ie(reading *to, pc5s_ie ie)
{
    for (unsigned i = 0; i < to->count && !ie.repeated; i++)
        ie.repeated = to->ies[i].kind == ie.kind;
    if (ie.kind == PC5S_IE_KEY_ESTABLISHMENT && to->options->keyest_encoding == KEYEST_FRAGMENTS)
        ie.repeated = false;
    for (size_t i = 0; i < ie.value.len && ie.value.len <= sizeof ie.number; i++)
        ie.number = ie.number << 8 | ie.value.data[i];
    if (ie.has_iei)
        to->faults += (ie.complete ? 0 : FAULT_CUT) + (ie.expected ? 0 : FAULT_ODD) + (ie.repeated ? FAULT_ODD : 0);
    if (ie.kind == PC5S_IE_IP_CONFIG && ie.complete && !pc5s_is_ip_config(ie.number))
        to->faults += FAULT_IP_CONFIG;
    to->ies[to->count] = ie;
    return &to->ies[to->count++];
}

static uint8_t length_size_of(const reading *from, pc5s_ie_kind kind)
{
    if (kind == PC5S_IE_USER_INFO)
        return 1;
    if (kind == PC5S_IE_KEY_ESTABLISHMENT)
        return from->options->keyest_short_length || from->options->keyest_encoding == KEYEST_FRAGMENTS ? 1 : 2;
    return from->number & SHORT_LENGTHS ? 1 : 2;
}

/* Length, if the kind has one, and value; an IEI has been taken. False: it is cut. */
static bool read_value(reading *to, octet_reader *reader, pc5s_ie *ie)
{
    uint16_t len = formats[ie->kind].len;
    if (len == 0) {
        uint8_t short_len = 0;
        ie->length_size = length_size_of(to, ie->kind);
        if (ie->length_size == 1 ? !take_u8(reader, &short_len) : !take_u16(reader, &len))
            return false;
        len = ie->length_size == 1 ? short_len : len;
        if (ie->kind == PC5S_IE_USER_INFO && to->number & TYPE_APART)
            len++;
    }
    return take_octets(reader, len, &ie->value);
}

/* False: the message ends within it. */
static bool read_ie(reading *to, octet_reader *reader, const uint8_t *start, pc5s_ie ie)
{
    ie.complete = read_value(to, reader, &ie);
    if (!ie.complete)
        reader->at = reader->end;
    ie.whole = octet_span_at(start, (size_t)(reader->at - start));
    return add_ie(to, ie)->complete;
}

static void read_mandatory(reading *to, octet_reader *reader)
{
    for (unsigned i = 0; i < to->format->mandatory_count; i++) {
        pc5s_ie ie = {.kind = to->format->mandatory[i], .expected = true};
        if (octets_left(reader) == 0 || !read_ie(to, reader, reader->at, ie)) {
            to->missing = ie.kind;
            to->faults += FAULT_MANDATORY;
            return;
        }
    }
}

static bool has_container_iei(const pc5s_options *options)
{
    return options->keyest_encoding == KEYEST_WITH_METHOD || options->keyest_encoding == KEYEST_WITHOUT_METHOD ||
           options->keyest_encoding == KEYEST_FRAGMENTS;
}

/* False: nobody knows the IEI. */
static bool kind_of(const reading *from, uint8_t iei, pc5s_ie_kind *kind)
{
    if (has_container_iei(from->options) && iei == from->options->keyest_iei) {
        *kind = PC5S_IE_KEY_ESTABLISHMENT;
        return true;
    }
    for (unsigned i = 0; i < PC5S_IE_COUNT; i++) {
        uint8_t number = formats[i].iei;
        uint8_t octet = from->number & HEX_IEIS ? (uint8_t)(number / 10 << 4 | number % 10) : number;
        if (number && octet == iei) {
            *kind = (pc5s_ie_kind)i;
            return true;
        }
    }
    return false;
}

/* A container behind the last information element, which nothing announces. */
static bool read_appended(reading *to, octet_reader *reader)
{
    octet_span left = octet_span_at(reader->at, octets_left(reader));
    if (to->options->keyest_encoding != KEYEST_APPENDED || keyest_recognise(left) == KEYEST_METHOD_UNKNOWN)
        return false;
    add_ie(to, (pc5s_ie){.kind = PC5S_IE_KEY_ESTABLISHMENT,
                         .whole = left,
                         .value = left,
                         .complete = true,
                         .expected = (to->format->optional & BIT(KEY_ESTABLISHMENT)) != 0});
    reader->at = reader->end;
    return true;
}

/* A TV has no length of its own, so behind an IEI that nobody knows the message is lost. */
static void read_optional(reading *to, octet_reader *reader)
{
    while (octets_left(reader) > 0 && !read_appended(to, reader)) {
        const uint8_t *start = reader->at;
        pc5s_ie ie = {.has_iei = true};
        if (to->count == PC5S_MAX_IES || !kind_of(to, *start, &ie.kind)) {
            to->too_many = to->count == PC5S_MAX_IES;
            to->rest = octet_span_at(start, octets_left(reader));
            to->faults += FAULT_LOST;
            return;
        }
        reader->at++;
        ie.expected = (to->format->optional & 1u << ie.kind) != 0;
        if (!read_ie(to, reader, start, ie))
            return;
    }
}

static void read_as(reading *to, unsigned number, const pc5s_options *options, const message_format *format, octet_span body)
{
    octet_reader reader = octet_reader_of(body);
    to->options = options;
    to->number = number;
    to->format = format;
    to->faults = to->count = 0;
    to->too_many = false;
    to->missing = PC5S_IE_COUNT;
    to->rest = octet_span_at(body.data + body.len, 0);
    read_mandatory(to, &reader);
    to->optional = octet_span_at(reader.at, octets_left(&reader));
    if (to->missing == PC5S_IE_COUNT)
        read_optional(to, &reader);
}

/* --- which reading ------------------------------------------------------------------------------------------------- */

static bool is_allowed(unsigned number, const pc5s_options *options)
{
    return !(options->iei_radix == PC5S_IEI_DECIMAL && number & HEX_IEIS) &&
           !(options->iei_radix == PC5S_IEI_HEX_LITERAL && !(number & HEX_IEIS)) &&
           !(options->length_size == PC5S_LENGTH_TWO_OCTETS && number & SHORT_LENGTHS) &&
           !(options->length_size == PC5S_LENGTH_ONE_OCTET && !(number & SHORT_LENGTHS)) &&
           !(options->user_info_length == PC5S_TYPE_COUNTED && number & TYPE_APART) &&
           !(options->user_info_length == PC5S_TYPE_APART && !(number & TYPE_APART));
}

static bool same_ies(const reading *a, const reading *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->ies[i].kind != b->ies[i].kind || a->ies[i].value.data != b->ies[i].value.data ||
            a->ies[i].value.len != b->ies[i].value.len)
            return false;
    return true;
}

/* Of the readings that the options allow, the first of those with the lightest faults. Eight walks at most, each of which
 * PC5S_MAX_IES bounds. */
static reading *choose_reading(const pc5s_options *options, const message_format *format, octet_span body,
                               bool *ambiguous, bool *other_fits)
{
    reading *best = NULL, *next = g_new(reading, 1);
    bool fits_elsewhere = false;
    *ambiguous = false;
    for (unsigned number = 0; number < READINGS; number++) {
        read_as(next, number, options, format, body);
        if (!is_allowed(number, options)) {
            fits_elsewhere |= next->faults == 0;
            continue;
        }
        if (!best || next->faults < best->faults) {
            reading *spare = best ? best : g_new(reading, 1);
            best = next;
            next = spare;
            *ambiguous = false;
        } else if (next->faults == 0 && !same_ies(best, next)) {
            *ambiguous = true;
        }
    }
    g_free(next);
    *other_fits = best->faults > 0 && fits_elsewhere;
    return best;
}

/* The first IE of either kind, or where the optional ones begin. */
static octet_span place_of(const reading *chosen, pc5s_ie_kind kind, pc5s_ie_kind other)
{
    for (unsigned i = 0; i < chosen->count; i++)
        if (chosen->ies[i].kind == kind || chosen->ies[i].kind == other)
            return chosen->ies[i].whole;
    return chosen->optional;
}

/* What in the reading is not the standard's own, where the options did not ask for it. */
static void report_reading(pc5s_parser *parser, const reading *chosen, bool ambiguous, bool other_fits)
{
    if (chosen->number & TYPE_APART && parser->options->user_info_length == PC5S_TYPE_AUTO)
        pc5s_report(parser, PC5S_PROBLEM_USER_INFO_TYPE_APART, place_of(chosen, PC5S_IE_USER_INFO, PC5S_IE_USER_INFO));
    if (chosen->number & HEX_IEIS && parser->options->iei_radix == PC5S_IEI_AUTO)
        pc5s_report(parser, PC5S_PROBLEM_HEX_IEIS, chosen->optional);
    if (chosen->number & SHORT_LENGTHS && parser->options->length_size == PC5S_LENGTH_AUTO)
        pc5s_report(parser, PC5S_PROBLEM_SHORT_LENGTHS, place_of(chosen, PC5S_IE_GPI, PC5S_IE_ENCRYPTED_PAYLOAD));
    if (ambiguous)
        pc5s_report(parser, PC5S_PROBLEM_READING_AMBIGUOUS, chosen->optional);
    if (other_fits)
        pc5s_report(parser, PC5S_PROBLEM_OTHER_READING, chosen->optional);
}

static void report_ies(pc5s_parser *parser, const reading *chosen)
{
    for (unsigned i = 0; i < chosen->count; i++) {
        const pc5s_ie *ie = &chosen->ies[i];
        if (!ie->complete)
            pc5s_report(parser, ie->has_iei ? PC5S_PROBLEM_IE_CUT : PC5S_PROBLEM_MANDATORY_CUT, ie->whole);
        if (!ie->expected)
            pc5s_report(parser, PC5S_PROBLEM_IE_UNEXPECTED, ie->whole);
        if (ie->repeated)
            pc5s_report(parser, PC5S_PROBLEM_IE_REPEATED, ie->whole);
    }
}

static void report_end(pc5s_parser *parser, const reading *chosen, octet_span body)
{
    bool cut = chosen->count && !chosen->ies[chosen->count - 1].complete;
    if (chosen->missing != PC5S_IE_COUNT && !cut)
        pc5s_report(parser, PC5S_PROBLEM_MANDATORY_MISSING, octet_span_at(body.data + body.len, 0));
    if (chosen->rest.len == 0)
        return;
    pc5s_report(parser, chosen->too_many               ? PC5S_PROBLEM_TOO_MANY_IES
                        : chosen->format->optional == 0 ? PC5S_PROBLEM_TRAILING_OCTETS
                                                        : PC5S_PROBLEM_IE_UNKNOWN,
                chosen->rest);
}

static void read_body(pc5s_parser *parser, pc5s_message *message, const message_format *format, octet_span body)
{
    bool ambiguous, other_fits;
    reading *chosen = choose_reading(parser->options, format, body, &ambiguous, &other_fits);
    message->ie_count = chosen->count;
    message->ies = (pc5s_ie *)g_memdup2(chosen->ies, chosen->count * sizeof *chosen->ies);
    message->rest = chosen->rest;
    report_ies(parser, chosen);
    report_end(parser, chosen, body);
    report_reading(parser, chosen, ambiguous, other_fits);
    g_free(chosen);
}

/* --- the message --------------------------------------------------------------------------------------------------- */

static void read_message(pc5s_parser *parser, pc5s_message *message)
{
    octet_reader reader = octet_reader_of(message->whole);
    message->has_type = take_u8(&reader, &message->type);
    message->has_sequence = message->has_type && take_u16(&reader, &message->sequence);
    message->rest = octet_span_at(reader.at, octets_left(&reader));
    if (!message->has_sequence) {
        pc5s_report(parser, message->has_type ? PC5S_PROBLEM_SEQUENCE_CUT : PC5S_PROBLEM_EMPTY, message->whole);
        return;
    }
    const message_format *format = format_of(message->type);
    octet_span type = octet_span_at(message->whole.data, 1);
    if (format)
        read_body(parser, message, format, message->rest);
    else if (message->type == 0 || message->type > PC5S_REMOTE_UE_INFO_RESPONSE)
        pc5s_report(parser, PC5S_PROBLEM_TYPE_RESERVED, type);
    else
        pc5s_report(parser, PC5S_PROBLEM_LAYOUT_UNKNOWN, type);
}

pc5s_message *pc5s_parse(const uint8_t *data, size_t len, const pc5s_options *options)
{
    pc5s_parser parser = {.base = data, .problems = g_array_new(FALSE, FALSE, sizeof(pc5s_problem)), .options = options};
    pc5s_message *message = g_new0(pc5s_message, 1);
    message->whole = octet_span_at(data, len);
    read_message(&parser, message);
    keyest_read(&parser, message);
    pc5s_check_values(&parser, message);
    message->problem_count = parser.problems->len;
    message->problems = (pc5s_problem *)(void *)g_array_free(parser.problems, FALSE);
    return message;
}

void pc5s_free(pc5s_message *message)
{
    if (!message)
        return;
    keyest_clear(&message->key_establishment);
    g_free(message->ies);
    g_free(message->problems);
    g_free(message);
}

const pc5s_ie *pc5s_find(const pc5s_message *message, pc5s_ie_kind kind)
{
    for (unsigned i = 0; i < message->ie_count; i++)
        if (message->ies[i].kind == kind)
            return message->ies[i].complete ? &message->ies[i] : NULL;
    return NULL;
}

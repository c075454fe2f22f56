/* Values of the information elements, each by itself. */
#include "keys/pc5s_parts.h"

#include <string.h>

#define USER_INFO_MIN 2
#define USER_INFO_MAX 252
#define IMSI_MAX_DIGITS 15
#define LAST_ALGORITHM 3   /* EEA3, EIA3 */
#define LAST_CAUSE 6
#define LAST_REASON 3
#define SIGNATURE_PVT 64   /* behind r and s (RFC 6507 section 5.2.1) */
#define UNCOMPRESSED 0x04

unsigned pc5s_tbcd_digits(octet_span value)
{
    unsigned digits = 0;
    for (size_t i = 0; i < 2 * value.len; i++) {
        uint8_t nibble = i % 2 ? value.data[i / 2] >> 4 : value.data[i / 2] & 0xf;
        if (nibble <= 9 && digits == i)
            digits++;
        else if (nibble != 0xf)
            return 0;
    }
    return digits;
}

bool pc5s_is_ip_config(uint32_t code)
{
    return code >= 1 && code <= 4;
}

bool pc5s_algorithms_supported(uint16_t capabilities, uint8_t chosen)
{
    unsigned ciphering = chosen >> 4, integrity = chosen & 0xf;
    return ciphering < 8 && integrity < 8 && capabilities & 0x8000u >> ciphering && capabilities & 0x80u >> integrity;
}

static void check_user_info(pc5s_parser *parser, const pc5s_ie *ie)
{
    if (ie->value.len < USER_INFO_MIN || ie->value.len > USER_INFO_MAX)
        pc5s_report(parser, PC5S_PROBLEM_USER_INFO_LENGTH, ie->whole);
    if (ie->value.len == 0)
        return;
    octet_span type = octet_span_at(ie->value.data, 1);
    octet_span info = octet_span_at(ie->value.data + 1, ie->value.len - 1);
    bool container = parser->options->keyest_encoding == KEYEST_USER_INFO && *type.data >= KEYEST_USER_INFO_TYPE;
    if ((*type.data == 0 || *type.data > PC5S_USER_INFO_IMSI) && !container)
        pc5s_report(parser, PC5S_PROBLEM_USER_INFO_TYPE, type);
    unsigned digits = pc5s_tbcd_digits(info);
    if (*type.data == PC5S_USER_INFO_IMSI && info.len && (digits == 0 || digits > IMSI_MAX_DIGITS))
        pc5s_report(parser, PC5S_PROBLEM_IMSI_DIGITS, info);
}

static void check_algorithms(pc5s_parser *parser, const pc5s_ie *ie)
{
    unsigned ciphering = ie->number >> 4, integrity = ie->number & 0xf;
    if (ie->number & 0x88)
        pc5s_report(parser, PC5S_PROBLEM_ALGORITHM_SPARE_BITS, ie->whole);
    if (ciphering > LAST_ALGORITHM || integrity > LAST_ALGORITHM)
        pc5s_report(parser, PC5S_PROBLEM_ALGORITHM_UNASSIGNED, ie->whole);
    if (integrity == 0)
        pc5s_report(parser, PC5S_PROBLEM_NULL_INTEGRITY, ie->whole);
}

static bool is_zero(octet_span value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i])
            return false;
    return true;
}

static void check_code(pc5s_parser *parser, const pc5s_ie *ie, uint32_t first, uint32_t last, pc5s_problem_kind kind)
{
    if (ie->number < first || ie->number > last)
        pc5s_report(parser, kind, ie->whole);
}

static void check_ie(pc5s_parser *parser, const pc5s_ie *ie)
{
    switch (ie->kind) {
    case PC5S_IE_USER_INFO:
        check_user_info(parser, ie);
        break;
    case PC5S_IE_IP_CONFIG:
        if (!pc5s_is_ip_config(ie->number))
            pc5s_report(parser, PC5S_PROBLEM_IP_CONFIG, ie->whole);
        break;
    case PC5S_IE_CAUSE:
        check_code(parser, ie, 1, LAST_CAUSE, PC5S_PROBLEM_CAUSE);
        break;
    case PC5S_IE_RELEASE_REASON:
        check_code(parser, ie, 1, LAST_REASON, PC5S_PROBLEM_REASON);
        break;
    case PC5S_IE_REMOTE_UE_TYPE:
        check_code(parser, ie, 1, 2, PC5S_PROBLEM_REMOTE_UE_TYPE);
        break;
    case PC5S_IE_AUTH_FLAG:
        check_code(parser, ie, 0, 1, PC5S_PROBLEM_AUTH_FLAG);
        break;
    case PC5S_IE_CAPABILITIES:
        if (!(ie->number & 0xff00) || !(ie->number & 0xff))
            pc5s_report(parser, PC5S_PROBLEM_CAPABILITIES_EMPTY, ie->whole);
        break;
    case PC5S_IE_CHOSEN_ALGORITHMS:
        check_algorithms(parser, ie);
        break;
    case PC5S_IE_NONCE_1:
    case PC5S_IE_NONCE_2:
        if (is_zero(ie->value))
            pc5s_report(parser, PC5S_PROBLEM_NONCE_ZERO, ie->whole);
        break;
    case PC5S_IE_SIGNATURE:
        if (ie->value.data[SIGNATURE_PVT] != UNCOMPRESSED)
            pc5s_report(parser, PC5S_PROBLEM_SIGNATURE_POINT, octet_span_at(ie->value.data + SIGNATURE_PVT, 1));
        break;
    case PC5S_IE_GPI:
    case PC5S_IE_ENCRYPTED_PAYLOAD:
        if (ie->value.len == 0)
            pc5s_report(parser, PC5S_PROBLEM_LENGTH_ZERO, ie->whole);
        break;
    default:
        break;
    }
}

void pc5s_check_values(pc5s_parser *parser, const pc5s_message *message)
{
    for (unsigned i = 0; i < message->ie_count; i++)
        if (message->ies[i].complete)
            check_ie(parser, &message->ies[i]);
}

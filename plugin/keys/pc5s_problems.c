/* Severity and wording of each problem. */
#include "keys/pc5s_problems.h"

#define NOTE PC5S_SEVERITY_NOTE
#define WARNING PC5S_SEVERITY_WARNING
#define ERROR PC5S_SEVERITY_ERROR

static const struct {
    pc5s_severity severity;
    const char *text;
} problems[PC5S_PROBLEM_COUNT] = {
    [PC5S_PROBLEM_EMPTY] = {ERROR, "The message is empty (TS 24.334 clause 12.5.1.1)"},
    [PC5S_PROBLEM_SEQUENCE_CUT] = {ERROR, "The message ends within its sequence number (TS 24.334 clause 12.5.1.2)"},
    [PC5S_PROBLEM_TYPE_RESERVED] = {WARNING, "The message type is reserved (TS 24.334 clause 12.5.1.1)"},
    [PC5S_PROBLEM_LAYOUT_UNKNOWN] =
        {NOTE, "The layout of this message is not known here: what follows the sequence number is shown as octets"},
    [PC5S_PROBLEM_MANDATORY_MISSING] =
        {ERROR, "The message ends before a mandatory information element (TS 24.334 clause 11.4)"},
    [PC5S_PROBLEM_MANDATORY_CUT] =
        {ERROR, "The message ends within a mandatory information element (TS 24.334 clause 11.4)"},
    [PC5S_PROBLEM_IE_CUT] = {ERROR, "The information element runs past the end of the message (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_IE_UNKNOWN] =
        {WARNING, "The IEI is unknown: its length cannot be told, the rest is shown as octets (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_IE_UNEXPECTED] =
        {WARNING, "The information element does not belong to this message (TS 24.334 clause 11.4)"},
    [PC5S_PROBLEM_IE_REPEATED] =
        {WARNING, "The information element is repeated; the first one counts (TS 24.334 clause 11.4)"},
    [PC5S_PROBLEM_TOO_MANY_IES] = {ERROR, "There are more information elements than are read"},
    [PC5S_PROBLEM_TRAILING_OCTETS] =
        {WARNING, "Octets are left over behind the last information element (TS 24.334 clause 11.4)"},
    [PC5S_PROBLEM_LENGTH_ZERO] = {WARNING, "The information element is empty (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_SHORT_LENGTHS] =
        {NOTE, "GPI or Encrypted Payload has a length of one octet, which does not hold every value (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_HEX_IEIS] = {NOTE, "The IEIs are those of TS 24.334 clause 11.4 read as hexadecimal digits"},
    [PC5S_PROBLEM_READING_AMBIGUOUS] =
        {NOTE, "The message also fits another reading of its IEIs and lengths (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_OTHER_READING] =
        {NOTE, "The message would be well-formed under another reading of its IEIs and lengths, which the preferences exclude"},
    [PC5S_PROBLEM_USER_INFO_TYPE_APART] =
        {NOTE, "The length of User Info does not count the octet of its type (TS 24.334 clause 12.5.1.3)"},
    [PC5S_PROBLEM_USER_INFO_LENGTH] =
        {WARNING, "User Info does not have 2 to 252 octets: its type and some information (TS 24.334 clause 12.5.1.3)"},
    [PC5S_PROBLEM_USER_INFO_TYPE] = {NOTE, "The type of User Info is unknown (TS 24.334 clause 12.5.1.3)"},
    [PC5S_PROBLEM_IMSI_DIGITS] =
        {NOTE, "The IMSI does not read as up to 15 decimal digits (TS 24.334 clause 12.5.1.3)"},
    [PC5S_PROBLEM_IP_CONFIG] = {NOTE, "The code of IP Address Config is reserved (TS 24.334 clause 12.5.1.4)"},
    [PC5S_PROBLEM_CAUSE] = {NOTE, "The cause is not one whose meaning is known (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_REASON] = {NOTE, "The release reason is reserved (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_CAPABILITIES_EMPTY] =
        {WARNING, "The UE supports no algorithm for ciphering, or none for integrity (TS 24.334 clause 12.5.1.22)"},
    [PC5S_PROBLEM_ALGORITHM_SPARE_BITS] =
        {WARNING, "Bits 8 and 4 of Chosen Algorithms are not both zero, as if another layout was meant (TS 24.334 clause 12.5.1.23)"},
    [PC5S_PROBLEM_ALGORITHM_UNASSIGNED] = {WARNING, "A chosen algorithm is not assigned (TS 24.334 clause 12.5.1.23)"},
    [PC5S_PROBLEM_NULL_INTEGRITY] =
        {WARNING, "Signalling is to go without integrity protection, EIA0 (TS 33.303 clause 6.5.5)"},
    [PC5S_PROBLEM_NONCE_ZERO] = {WARNING, "The nonce is all zero (TS 33.303 clause 6.5.5)"},
    [PC5S_PROBLEM_AUTH_FLAG] = {NOTE, "The value of Auth Flag is unknown (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_SIGNATURE_POINT] =
        {WARNING, "The PVT of the ECCSI signature is not an uncompressed point, 04 (RFC 6507 section 3.3)"},
    [PC5S_PROBLEM_REMOTE_UE_TYPE] = {NOTE, "The type of the remote UE information is unknown (TS 24.334 clause 12.5.1)"},
    [PC5S_PROBLEM_KEYEST_EMPTY] = {WARNING, "The key establishment container is empty"},
    [PC5S_PROBLEM_KEYEST_METHOD_UNKNOWN] =
        {WARNING, "The method of the key establishment container is unknown, and its content does not tell it"},
    [PC5S_PROBLEM_KEYEST_METHOD_RESERVED] = {WARNING, "The method of the key establishment container is reserved"},
    [PC5S_PROBLEM_KEYEST_METHOD_EXPERIMENTAL] =
        {NOTE, "The method of the key establishment container is one for experiments"},
    [PC5S_PROBLEM_KEYEST_METHOD_MISSING] =
        {NOTE, "The key establishment container has no octet for its method; its content tells it"},
    [PC5S_PROBLEM_KEYEST_FRAGMENT_CUT] = {ERROR, "A fragment of the key establishment container has no number and count"},
    [PC5S_PROBLEM_KEYEST_FRAGMENT_ORDER] =
        {ERROR, "The fragments of the key establishment container do not follow each other by number and count"},
    [PC5S_PROBLEM_KEYEST_FRAGMENT_MISSING] = {ERROR, "The last fragments of the key establishment container are missing"},
    [PC5S_PROBLEM_KEYEST_NOT_TEXT] =
        {WARNING, "The SDP of the key establishment container is not text in UTF-8 without NUL (RFC 8866 section 5)"},
    [PC5S_PROBLEM_KEYEST_WITHOUT_CRYPTO] =
        {ERROR, "The key establishment container says SDES, but its SDP has no a=crypto line (RFC 4568 section 4)"},
    [PC5S_PROBLEM_KEYEST_WITHOUT_KEY_MGMT] =
        {ERROR, "The key establishment container says MIKEY in SDP, but it has no a=key-mgmt line (RFC 4567 section 3)"},
    [PC5S_PROBLEM_KEYEST_COMPACT_CUT] = {ERROR, "The compact SDES information ends before its key does"},
    [PC5S_PROBLEM_KEYEST_COMPACT_SUITE] =
        {WARNING, "The suite of the compact SDES information is no SRTP protection profile that is known (RFC 5764, RFC 7714)"},
    [PC5S_PROBLEM_KEYEST_COMPACT_MKI] =
        {NOTE, "The MKI of the compact SDES information has more than 8 octets and is left out"},
};

pc5s_severity pc5s_problem_severity(pc5s_problem_kind kind)
{
    return problems[kind].severity;
}

const char *pc5s_problem_text(pc5s_problem_kind kind)
{
    return (unsigned)kind < PC5S_PROBLEM_COUNT ? problems[kind].text : "Unknown problem";
}

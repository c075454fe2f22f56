/* Severity and wording of each problem. */
#include "keys/mikey_problems.h"

#define NOTE MIKEY_SEVERITY_NOTE
#define WARNING MIKEY_SEVERITY_WARNING
#define ERROR MIKEY_SEVERITY_ERROR

static const struct {
    mikey_severity severity;
    const char *text;
} problems[MIKEY_PROBLEM_COUNT] = {
    [MIKEY_PROBLEM_HEADER_CUT] = {ERROR, "The message ends within its header (RFC 3830 section 6.1)"},
    [MIKEY_PROBLEM_VERSION] = {WARNING, "The version is not 1 (RFC 3830 section 6.1)"},
    [MIKEY_PROBLEM_DATA_TYPE_UNASSIGNED] = {WARNING, "The data type is not assigned"},
    [MIKEY_PROBLEM_DATA_TYPE_PRIVATE] = {NOTE, "The data type is one for private use"},
    [MIKEY_PROBLEM_PRF_UNKNOWN] = {WARNING, "The PRF is unknown: no key can be derived"},
    [MIKEY_PROBLEM_MAP_CUT] = {ERROR, "The message ends within its CS ID map: #CS asks for more entries"},
    [MIKEY_PROBLEM_MAP_TYPE_UNKNOWN] =
        {ERROR, "The CS ID map type is unknown: where the payloads begin cannot be told"},
    [MIKEY_PROBLEM_EMPTY_MAP_WITH_POLICY] =
        {WARNING, "Security policies come with an empty CS ID map (RFC 4563 section 5)"},
    [MIKEY_PROBLEM_NEXT_PAYLOAD_UNKNOWN] =
        {ERROR, "The payload type is unknown: its length cannot be told, the rest is shown as octets"},
    [MIKEY_PROBLEM_PAYLOAD_CUT] = {ERROR, "The payload runs past the end of what holds it"},
    [MIKEY_PROBLEM_PAYLOAD_ABSENT] = {ERROR, "A next payload is announced, but nothing follows"},
    [MIKEY_PROBLEM_TOO_MANY_PAYLOADS] = {ERROR, "There are more payloads than are read"},
    [MIKEY_PROBLEM_TOO_DEEP] = {ERROR, "Payloads are nested deeper than they are read"},
    [MIKEY_PROBLEM_TRAILING_OCTETS] = {WARNING, "Octets are left over behind the last payload"},
    [MIKEY_PROBLEM_LAST_PAYLOAD] =
        {WARNING, "The message does not end in the KEMAC, V or SIGN payload that protects it"},
    [MIKEY_PROBLEM_AFTER_SIGN] = {ERROR, "Octets follow SIGN, which is always the last payload (RFC 3830 section 6.5)"},
    [MIKEY_PROBLEM_TIMESTAMP_MISSING] = {ERROR, "The message has no timestamp payload T"},
    [MIKEY_PROBLEM_TIMESTAMP_NOT_FIRST] = {NOTE, "T is not the first payload (recommended order)"},
    [MIKEY_PROBLEM_TIMESTAMP_REPEATED] = {WARNING, "There is a second timestamp payload T"},
    [MIKEY_PROBLEM_TS_TYPE_UNKNOWN] = {ERROR, "The TS type is unknown: its length cannot be told"},
    [MIKEY_PROBLEM_TIMESTAMP_ZERO] = {NOTE, "The timestamp is zero"},
    [MIKEY_PROBLEM_TIMESTAMP_FAR] = {NOTE, "The timestamp is more than a day away from the time of capture"},
    [MIKEY_PROBLEM_RAND_MISSING] =
        {NOTE, "There is no RAND: only an update of a known crypto session bundle does without (RFC 3830 section 4.5)"},
    [MIKEY_PROBLEM_RAND_SHORT] = {NOTE, "The random value is shorter than 16 octets (RFC 3830 section 6.11)"},
    [MIKEY_PROBLEM_RAND_IN_UPDATE] = {NOTE, "An update without keys has a RAND (RFC 3830 section 4.5)"},
    [MIKEY_PROBLEM_MAC_ALG_UNKNOWN] = {ERROR, "The MAC algorithm is unknown: the length of the MAC cannot be told"},
    [MIKEY_PROBLEM_MAC_CUT] = {ERROR, "The MAC is shorter than its algorithm requires"},
    [MIKEY_PROBLEM_NULL_MAC] = {WARNING, "Encrypted keys come without a MAC (RFC 3830 section 4.2.4)"},
    [MIKEY_PROBLEM_ENCR_ALG_UNKNOWN] = {WARNING, "The encryption algorithm is unknown"},
    [MIKEY_PROBLEM_KEY_WRAP_LENGTH] =
        {ERROR, "The encrypted data is no output of AES key wrap: not a multiple of 8 octets from 24 on (RFC 3394)"},
    [MIKEY_PROBLEM_KEY_TYPE_UNKNOWN] = {WARNING, "The key data type is unknown"},
    [MIKEY_PROBLEM_KEY_VALIDITY_UNKNOWN] = {WARNING, "The key validity type is unknown"},
    [MIKEY_PROBLEM_KEY_SHORT] = {WARNING, "The key is shorter than 16 octets"},
    [MIKEY_PROBLEM_TEK_LENGTH] = {NOTE, "The TEK is not as long as an SRTP master key (16, 24 or 32 octets)"},
    [MIKEY_PROBLEM_SALT_MISSING] =
        {ERROR, "The key data type has a salt, but the payload ends before it (RFC 3830 section 6.13)"},
    [MIKEY_PROBLEM_POLICY_REPEATED] = {WARNING, "Another security policy has the same number"},
    [MIKEY_PROBLEM_POLICY_LENGTH] = {ERROR, "A policy parameter runs past the end of the policy"},
    [MIKEY_PROBLEM_PROT_TYPE_UNKNOWN] = {WARNING, "The security protocol is unknown"},
    [MIKEY_PROBLEM_POLICY_PARAM_REPEATED] = {WARNING, "The policy parameter is repeated"},
    [MIKEY_PROBLEM_POLICY_ABSENT] =
        {WARNING, "A crypto session refers to a security policy that is not in the message"},
    [MIKEY_PROBLEM_POLICY_VALUE] =
        {WARNING, "The value of the policy parameter is not one that SRTP knows (RFC 3830 section 6.10.1)"},
    [MIKEY_PROBLEM_GCM_POLICY] =
        {WARNING, "AES-GCM goes with the AES-CM PRF, keys of 16 or 32 octets and tags of 16 octets (RFC 7714 section 15)"},
    [MIKEY_PROBLEM_PKE_CACHE] = {WARNING, "The cache indicator of PKE is unassigned (RFC 3830 section 6.3)"},
    [MIKEY_PROBLEM_DH_GROUP_UNKNOWN] = {ERROR, "The DH group is unknown: the length of the value cannot be told"},
    [MIKEY_PROBLEM_CERT_TYPE_UNKNOWN] = {WARNING, "The certificate type is unknown"},
    [MIKEY_PROBLEM_HASH_UNKNOWN] = {ERROR, "The hash function is unknown: the length of the hash cannot be told"},
    [MIKEY_PROBLEM_CERT_LENGTH] = {WARNING, "The certificate's DER is not as long as the payload says"},
    [MIKEY_PROBLEM_ERROR_UNKNOWN] = {NOTE, "The error number is unassigned"},
    [MIKEY_PROBLEM_ERROR_RESERVED] = {NOTE, "Reserved bits are not zero (RFC 3830 section 6.12)"},
    [MIKEY_PROBLEM_KEY_ID_CUT] = {ERROR, "A Key ID runs past the end of the extension (RFC 4563 section 4)"},
    [MIKEY_PROBLEM_SSRC_ZERO] = {WARNING, "The response leaves an SSRC open (RFC 3830 section 6.1.1)"},
    [MIKEY_PROBLEM_SSRC_REPEATED] = {WARNING, "Two crypto sessions have the same SSRC"},
    [MIKEY_PROBLEM_DHHMAC_KEY_DATA] = {WARNING, "The KEMAC of DHHMAC carries data (RFC 4650 section 4.2)"},
    [MIKEY_PROBLEM_ID_IN_TICKET_MESSAGE] = {WARNING, "MIKEY-TICKET has IDR in place of ID (RFC 6043 section 6.6)"},
    [MIKEY_PROBLEM_RAND_IN_TICKET_MESSAGE] =
        {WARNING, "MIKEY-TICKET has RANDR in place of RAND (RFC 6043 section 6.8)"},
    [MIKEY_PROBLEM_RANDR_MISSING] =
        {ERROR, "The sender's RANDR is missing: no key can be derived (RFC 6043 section 4.2)"},
    [MIKEY_PROBLEM_SRTP_ID_MAP] = {WARNING, "The map type SRTP-ID is not for ticket transfers (RFC 6043 section 6.1)"},
    [MIKEY_PROBLEM_KMS_MESSAGE_MAP] =
        {WARNING, "Messages to and from a KMS have no crypto sessions and an empty map (RFC 6043 section 4.2)"},
    [MIKEY_PROBLEM_RESPONSE_POLICIES] =
        {WARNING, "A response chooses exactly one policy for each crypto session (RFC 6043 section 6.1.1)"},
    [MIKEY_PROBLEM_SESSION_DATA_LENGTH] =
        {ERROR, "Session data of SRTP has 4 octets, or 10 with ROC and SEQ (RFC 6043 section 6.1.1)"},
    [MIKEY_PROBLEM_SESSION_DATA_FLAG] =
        {WARNING, "The S flag does not go with the length of the session data (RFC 6043 section 6.1.1)"},
    [MIKEY_PROBLEM_RESPONSE_SESSION_OPEN] =
        {WARNING, "The response leaves session data or SPI of a crypto session open (RFC 6043 section 4.2.2.3)"},
    [MIKEY_PROBLEM_CS_ID_REPEATED] = {WARNING, "Two crypto sessions have the same CS ID"},
    [MIKEY_PROBLEM_TICKET_TYPE] =
        {WARNING, "The ticket type is reserved, or subtype and version are not 1 (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_TICKET_RESERVED] = {NOTE, "Reserved bits of the ticket policy are not zero (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_TICKET_FLAGS] =
        {WARNING, "The flags of the ticket policy contradict each other (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_INITIATOR_DATA] = {WARNING, "Initiator data goes with key forking, flag I (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_FORK_WITHOUT_RESPONSE] =
        {WARNING, "A TGK is to be forked, but no TRANSFER_RESP is to be sent, flag F (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_POLICY_DATA] =
        {ERROR, "TP data or initiator data names no first payload, yet holds some octets (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_TICKET_POLICY_KEMAC] =
        {WARNING, "The policy of a ticket holds a KEMAC, which only a wish for a ticket may (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_WISHED_KEYS] =
        {WARNING, "The keys wished for are not all zero without encryption and MAC (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_REKEY_TYPE] = {WARNING, "The rekeying interval is not of type NTP-UTC-32 (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_VALIDITY_ORDER] = {WARNING, "The ticket's validity ends before it begins"},
    [MIKEY_PROBLEM_TICKET_NOT_VALID_NOW] = {NOTE, "The time of capture is not within the ticket's validity"},
    [MIKEY_PROBLEM_TIME_ROLE] = {WARNING, "The TS role is unknown"},
    [MIKEY_PROBLEM_TIME_ROLE_REPEATED] = {WARNING, "The TS role is repeated"},
    [MIKEY_PROBLEM_TICKET_WITHOUT_RESPONDER] =
        {WARNING, "The ticket policy names no responder (IDRr, RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_TICKET_HEADER] = {ERROR, "The ticket data ends within the ticket header (RFC 6043 appendix A)"},
    [MIKEY_PROBLEM_TICKET_LAST_PAYLOAD] = {WARNING, "The ticket data does not end in V (RFC 6043 appendix A)"},
    [MIKEY_PROBLEM_TICKET_WITHOUT_KEMAC] = {WARNING, "The ticket data has no KEMAC (RFC 6043 appendix A)"},
    [MIKEY_PROBLEM_TICKET_WITHOUT_RAND] = {WARNING, "The ticket data has no RAND (RFC 6043 appendix A)"},
    [MIKEY_PROBLEM_TICKET_ID_ROLE] =
        {WARNING, "The identity in the ticket data is not that of the ticket protection key, IDRpsk (RFC 6043 appendix A)"},
    [MIKEY_PROBLEM_TICKET_MESSAGE_KEMAC_MAC] =
        {WARNING, "In MIKEY-TICKET a KEMAC has no MAC of its own (RFC 6043 section 6.2)"},
    [MIKEY_PROBLEM_KEY_WITHOUT_SPI] = {WARNING, "In MIKEY-TICKET every key has an SPI (RFC 6043 section 6.2.1)"},
    [MIKEY_PROBLEM_MPK_MISSING] = {WARNING, "There is no MPK"},
    [MIKEY_PROBLEM_MPK_TOO_MANY] = {WARNING, "There are more MPKs than have a use"},
    [MIKEY_PROBLEM_KEMAC_NOT_ALLOWED] =
        {WARNING, "The ticket does not let the initiator supply keys, flag L (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_ALGORITHMS_MIXED] = {WARNING, "128-bit and 256-bit algorithms are mixed (RFC 6043 section 12.1)"},
    [MIKEY_PROBLEM_RANDR_ROLE] = {WARNING, "The RAND role is unknown"},
    [MIKEY_PROBLEM_RANDR_ROLE_REPEATED] = {WARNING, "The RAND role is repeated"},
    [MIKEY_PROBLEM_ID_ROLE] = {WARNING, "The ID role is unknown"},
    [MIKEY_PROBLEM_TRANSFER_WITHOUT_V] = {WARNING, "The ticket transfer does not end in V (RFC 6043 section 4.2.2)"},
    [MIKEY_PROBLEM_INITIATOR_DATA_V] =
        {WARNING, "Initiator data is not Vi and Vr with the same algorithm (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_EXTRA_PROCESSING] = {NOTE, "The ticket needs processing beyond RFC 6043, flags N and O"},
    [MIKEY_PROBLEM_SALT_LENGTH] = {NOTE, "The salt is not as long as the cipher's"},
    [MIKEY_PROBLEM_RESPONSE_VERSION] = {WARNING, "The version is not that of the message that this one answers"},
    [MIKEY_PROBLEM_RESPONSE_PRF] =
        {WARNING, "The PRF function is not that of the message that this one answers (RFC 3830 section 6.1)"},
    [MIKEY_PROBLEM_RESPONDER_RAND_MISSING] =
        {ERROR, "The ticket wants RANDRr of the responder, flag G: without it no key can be derived (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_RESPONDER_RAND_UNASKED] =
        {WARNING, "There is a RANDRr, although the ticket wants none, flag G (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_FORK_PARTS_MISSING] =
        {ERROR, "The ticket wants key forking, flag I, but IDRr or RANDRkms is missing (RFC 6043 section 5.1.1)"},
    [MIKEY_PROBLEM_RESPONSE_KEMAC_NOT_ALLOWED] =
        {WARNING, "The ticket does not let the responder supply keys, flag M (RFC 6043 section 6.10)"},
    [MIKEY_PROBLEM_RSA_R_RAND] =
        {WARNING, "RAND stands in both messages of RSA-R or in neither of them: it belongs in one (RFC 4738 section 3.7)"},
    [MIKEY_PROBLEM_MPKR_MISSING] = {WARNING, "The ticket wants key forking, flag I, but there is no MPKr (RFC 6043 section 4.2.1)"},
    [MIKEY_PROBLEM_NO_KEYS_INSIDE] =
        {NOTE, "Decryption failed: what came out is no chain of keys. The key is another one, or the message was changed"},
    [MIKEY_PROBLEM_RANDS_SHORT] =
        {WARNING, "The random values of both sides are together shorter than the longest key (RFC 6043 section 12.1)"},
    [MIKEY_PROBLEM_FORK_RAND_SHORT] = {NOTE, "RANDRkms is shorter than a key that is forked with it (RFC 6043 section 12.1)"},
};

mikey_severity mikey_problem_severity(mikey_problem_kind kind)
{
    return problems[kind].severity;
}

const char *mikey_problem_text(mikey_problem_kind kind)
{
    return problems[kind].text;
}

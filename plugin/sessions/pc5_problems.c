/* Severity and wording of each problem. */
#include "sessions/pc5_problems.h"

#define NOTE PC5S_SEVERITY_NOTE
#define WARNING PC5S_SEVERITY_WARNING

static const struct {
    pc5s_severity severity;
    const char *text;
} problems[PC5_PROBLEM_KINDS] = {
    [PC5_PROBLEM_REQUEST_CHANGED] =
        {WARNING, "The request has the Nonce_1 of an earlier one, but other contents (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_SEQUENCE_REUSED] =
        {NOTE, "The sender used this sequence number for another message of the same type (TS 24.334 clause 12.5.1.2)"},
    [PC5_PROBLEM_WITHOUT_REQUEST] = {NOTE, "What this message answers is not in the capture (TS 24.334)"},
    [PC5_PROBLEM_SAME_DIRECTION] =
        {WARNING, "The message comes from the side that sent what it answers (TS 24.334)"},
    [PC5_PROBLEM_ANSWERED_TWICE] =
        {WARNING, "Another message answered the same request before (TS 24.334)"},
    [PC5_PROBLEM_COMMAND_WITHOUT_REQUEST] =
        {NOTE, "The request that this security mode command belongs to is not in the capture (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_COMPLETE_WITHOUT_COMMAND] =
        {NOTE, "The security mode command that this message answers is not in the capture (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_CAPABILITIES_DIFFER] =
        {WARNING, "The security capabilities are not those that the request announced: bidding down (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_ALGORITHM_NOT_OFFERED] =
        {WARNING, "A chosen algorithm is not among the capabilities that the request announced (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_NONCE_REUSED] =
        {WARNING, "The nonce was used before, in another session: equal keys may follow (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_NONCES_EQUAL] = {WARNING, "Nonce_1 and Nonce_2 are the same (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_KD_SESS_ID_ZERO] =
        {WARNING, "The KD-sess ID is 0, which stands for no protection (TS 36.323 clause 5.6.2)"},
    [PC5_PROBLEM_KD_SESS_ID_REUSED] =
        {WARNING, "The KD-sess ID is that of another security context of the same pair (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_KD_ID_LSB_MISSING] =
        {WARNING, "The command had the high half of a new KD ID, but the low half is missing here (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_KD_ID_MSB_MISSING] =
        {WARNING, "The low half of a new KD ID stands here, but the command had no high half (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_ACCEPT_WITHOUT_SECURITY] =
        {NOTE, "The link is accepted without security mode control in the capture (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_ACCEPT_BEFORE_COMPLETE] =
        {NOTE, "The link is accepted before the security mode command was completed (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_NOT_PROTECTED] =
        {WARNING, "The message must be protected, but travels under KD-sess ID 0 (TS 33.303 clause 6.5, TS 36.323 clause 5.7)"},
    [PC5_PROBLEM_AFTER_RELEASE] = {WARNING, "The link was released before (TS 24.334)"},
    [PC5_PROBLEM_REKEYING_UNFINISHED] =
        {WARNING, "An earlier rekeying of the same side was not completed (TS 33.303 clause 6.5.5)"},
    [PC5_PROBLEM_KEEPALIVE_BACKWARDS] =
        {WARNING, "The keepalive counter goes backwards (TS 24.334 clause 12.5.1)"},
    [PC5_PROBLEM_KEEPALIVE_COUNTER] =
        {WARNING, "The counter is not that of the keepalive before (TS 24.334 clause 12.5.1)"},
    [PC5_PROBLEM_KEYING_WITHOUT_OFFER] =
        {NOTE, "Key establishment information stands here, but the request of this link had none, or is not in the capture"},
    [PC5_PROBLEM_OTHER_OFFER_OPEN] =
        {NOTE, "The other side sent an earlier offer that nothing has answered; it is taken that the newest is meant"},
    [PC5_PROBLEM_KEYING_CHANGED] =
        {WARNING, "The side sent other key establishment information for the same link before; the first counts"},
    [PC5_PROBLEM_KEYING_METHODS_DIFFER] =
        {WARNING, "Offer and answer establish the key by different methods, SDES and MIKEY"},
    [PC5_PROBLEM_KEY_OF_OTHER_PAIR] =
        {WARNING, "The key was used with another peer before: the security context is not unique to the pair"},
    [PC5_PROBLEM_KEY_REUSED] = {NOTE, "The key was used on this link before: the new security context is not fresh"},
    [PC5_PROBLEM_CSB_ID_DIFFERS] =
        {WARNING, "The MIKEY messages of offer and answer have different CSB IDs (RFC 3830 section 6.1)"},
};

pc5s_severity pc5_problem_severity(pc5_problem_kind kind)
{
    return problems[kind].severity;
}

const char *pc5_problem_text(pc5_problem_kind kind)
{
    return problems[kind].text;
}

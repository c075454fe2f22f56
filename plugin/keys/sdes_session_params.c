/* The session parameters of an a=crypto line (RFC 4568 section 6.3). */
#include "keys/sdes_parts.h"
#include "keys/text_scan.h"

#include <string.h>

#define MAX_KDR_EXPONENT 24 /* section 6.3.1 */
#define MIN_WINDOW 64       /* section 6.3.6 */

static const struct {
    const char *name;
    sdes_session_param_kind kind;
    bool has_value;
} known_params[] = {
    {"KDR", SDES_KDR, true},
    {"UNENCRYPTED_SRTP", SDES_UNENCRYPTED_SRTP, false},
    {"UNENCRYPTED_SRTCP", SDES_UNENCRYPTED_SRTCP, false},
    {"UNAUTHENTICATED_SRTP", SDES_UNAUTHENTICATED_SRTP, false},
    {"FEC_ORDER", SDES_FEC_ORDER, true},
    {"FEC_KEY", SDES_FEC_KEY, true},
    {"WSH", SDES_WSH, true},
};

/* A parameter with '-' before its name is by the grammar (section 9.2) an extension, whatever the name: endpoints pass over
 * it, so it must not change how packets are read. */
static sdes_session_param_kind kind_of(const sdes_session_param *param)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known_params) && !param->optional; i++)
        if (text_is_nocase(param->name, known_params[i].name) && known_params[i].has_value == (param->value.text != NULL))
            return known_params[i].kind;
    return SDES_OTHER;
}

/* Decimal without leading zeros, from `min_digits` digits on. */
static bool read_number(text_span text, size_t min_digits, uint32_t max, uint32_t *number)
{
    uint64_t value;
    if (text.len < min_digits || (text.len > 1 && text.text[0] == '0') || !text_decimal(text, max, &value))
        return false;
    *number = (uint32_t)value;
    return true;
}

static void check_value(sdes_session_param *param, GArray *problems)
{
    switch (param->kind) {
    case SDES_KDR:
        if (!read_number(param->value, 1, MAX_KDR_EXPONENT, &param->number))
            sdes_report(problems, SDES_PROBLEM_KDR, SDES_ERROR, param->whole);
        break;
    case SDES_WSH:
        if (!read_number(param->value, 2, UINT32_MAX, &param->number) || param->number < MIN_WINDOW)
            sdes_report(problems, SDES_PROBLEM_WSH, SDES_WARNING, param->whole);
        break;
    case SDES_FEC_ORDER:
        if (!text_is_nocase(param->value, "FEC_SRTP") && !text_is_nocase(param->value, "SRTP_FEC"))
            sdes_report(problems, SDES_PROBLEM_FEC_ORDER, SDES_ERROR, param->whole);
        break;
    case SDES_FEC_KEY:
        if (param->value.len == 0)
            sdes_report(problems, SDES_PROBLEM_KEY_MISSING, SDES_ERROR, param->whole);
        break;
    case SDES_UNENCRYPTED_SRTP:
    case SDES_UNENCRYPTED_SRTCP:
    case SDES_UNAUTHENTICATED_SRTP:
        sdes_report(problems, SDES_PROBLEM_WEAK, SDES_NOTE, param->whole);
        break;
    case SDES_OTHER:
        if (param->optional)
            sdes_report(problems, SDES_PROBLEM_SESSION_PARAM_IGNORED, SDES_NOTE, param->whole);
        else
            sdes_report(problems, SDES_PROBLEM_SESSION_PARAM_UNKNOWN, SDES_ERROR, param->whole);
        break;
    }
}

static bool same_name(text_span a, text_span b)
{
    return a.len == b.len && (a.len == 0 || g_ascii_strncasecmp(a.text, b.text, a.len) == 0);
}

static void check_repeated(const sdes_crypto *crypto, const sdes_session_param *param, GArray *problems)
{
    for (const sdes_session_param *other = crypto->session_params; other < param; other++) {
        if (other->optional == param->optional && same_name(other->name, param->name)) {
            sdes_report(problems, SDES_PROBLEM_SESSION_PARAM_REPEATED, SDES_WARNING, param->whole);
            return;
        }
    }
}

static void read_param(sdes_session_param *param, text_span field)
{
    text_span rest = field;
    param->whole = field;
    param->optional = text_take(&rest, "-");
    text_next_part(&rest, '=', &param->name);
    param->value = rest;
    param->kind = kind_of(param);
}

void sdes_parse_session_params(sdes_crypto *crypto, text_span rest, GArray *problems)
{
    text_span ahead = rest, field;

    while (text_next_field(&ahead, &field)) {
        if (crypto->session_param_count == SDES_MAX_SESSION_PARAMS) {
            sdes_report(problems, SDES_PROBLEM_TOO_MANY, SDES_WARNING, text_trim(rest));
            return;
        }
        if (text_take_nocase(&field, "FEC_KEY=")) /* its value is a key-params and may hold white space as such */
            field = sdes_take_key_params(&rest, problems);
        else
            text_next_field(&rest, &field);
        ahead = rest;
        if (!crypto->session_params)
            crypto->session_params = g_new0(sdes_session_param, SDES_MAX_SESSION_PARAMS);
        sdes_session_param *param = &crypto->session_params[crypto->session_param_count++];
        read_param(param, field);
        check_value(param, problems);
        check_repeated(crypto, param, problems);
    }
}

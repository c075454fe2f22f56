#include "sessions/sl_profile.h"

#include <string.h>

const sl_profile SL_PROFILE_DEFAULT = {
    .sdes = {.method = SDES_KD_LABEL, .key_part = SDES_KD_KEY, .order = SDES_KD_OFFER_FIRST, .fc = 0xf0, .label = "D2D-SDES-KD"},
    .tek = {.method = TEK_KD_IDENTITY, .fc = 0xf0, .label = "D2D-MIKEY-KD"},
    .prose = {.kd_sess_fc = 0x5e, .traffic_key_fc = 0x4b, .pik_distinguisher = 1, .ptk_fc = 0x4a},
    .reading = {.bearer = SL_BEARER_LCID, .direction = SL_DIRECTION_COMMANDER},
    .eea = EPS_AES,
    .eia = EPS_AES,
    .search = true,
};

char sl_profile_kd_letter(sdes_kd_method method)
{
    static const char letters[] = {
        [SDES_KD_LABEL] = 'A', [SDES_KD_FC_ALONE] = 'B',  [SDES_KD_K2_DATA] = 'C',    [SDES_KD_HMAC] = 'E',      [SDES_KD_HASH] = 'F',
        [SDES_KD_XOR] = 'G',   [SDES_KD_BOTH_DATA] = 'H', [SDES_KD_IDENTITIES] = 'I', [SDES_KD_MIKEY_PRF] = 'J',
    };
    return letters[method];
}

static void say(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void say(GString *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (text->len)
        g_string_append(text, ", ");
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
}

static void say_kd(GString *text, const sl_profile *profile, const sl_profile *from)
{
    static const char *const parts[] = {"key", "key_and_salt", "inline"};
    static const char *const orders[] = {"offer_answer", "answer_offer", "lexicographic"};
    static const char *const methods[] = {"identity", "kdf", "twice", "left_pad", "right_pad"};
    if (profile->sdes.method != from->sdes.method)
        say(text, "kd_kdf %c", sl_profile_kd_letter(profile->sdes.method));
    if (profile->sdes.fc != from->sdes.fc)
        say(text, "kd_fc %02x", profile->sdes.fc);
    if (profile->sdes.key_part != from->sdes.key_part)
        say(text, "kd_key_part %s", parts[profile->sdes.key_part]);
    if (profile->sdes.order != from->sdes.order)
        say(text, "kd_key_order %s", orders[profile->sdes.order]);
    if (profile->tek.method != from->tek.method)
        say(text, "tek_to_kd %s", methods[profile->tek.method]);
}

static void say_prose(GString *text, const prose_kdf_profile *prose, const prose_kdf_profile *from)
{
    static const char *const methods[] = {"nonces", "nonce_1", "zero_nonces", "kd"};
    if (prose->kd_sess_method != from->kd_sess_method)
        say(text, "traffic %s", methods[prose->kd_sess_method]);
    if (prose->kd_sess_fc != from->kd_sess_fc)
        say(text, "kdsess_fc %02x", prose->kd_sess_fc);
    if (prose->nonce_2_first != from->nonce_2_first)
        say(text, "kdsess_order %s", prose->nonce_2_first ? "nonce_2_first" : "nonce_1_first");
    if (prose->traffic_key_fc != from->traffic_key_fc)
        say(text, "alg_fc %02x", prose->traffic_key_fc);
    if (prose->pik_distinguisher != from->pik_distinguisher)
        say(text, "distinguishers of PEK and PIK %u and %u", prose->pek_distinguisher, prose->pik_distinguisher);
    if (prose->algorithm_first != from->algorithm_first)
        say(text, "algorithm identity before the distinguisher");
    if (prose->upper_half != from->upper_half)
        say(text, "traffic keys are the most significant half");
}

static void say_reading(GString *text, const sl_reading *reading, const sl_reading *from)
{
    static const char *const directions[] = {"commander", "other", "0", "1"};
    if (reading->bearer != from->bearer && reading->bearer >= SL_BEARER_LCID)
        say(text, "bearer %s", reading->bearer == SL_BEARER_LCID ? "lcid" : "lcid-1");
    else if (reading->bearer != from->bearer)
        say(text, "bearer %u", reading->bearer);
    if (reading->direction != from->direction)
        say(text, "direction %s", directions[reading->direction]);
    if (reading->mac_i_ciphered != from->mac_i_ciphered)
        say(text, "mac_i_ciphered %s", reading->mac_i_ciphered ? "true" : "false");
    if (reading->mac_i_over_data != from->mac_i_over_data)
        say(text, "mac_i_over %s", reading->mac_i_over_data ? "data" : "header_and_data");
}

char *sl_profile_departures(const sl_profile *profile, const sl_reading *reading, const sl_profile *from)
{
    GString *text = g_string_new(NULL);
    say_kd(text, profile, from);
    say_prose(text, &profile->prose, &from->prose);
    say_reading(text, reading, &from->reading);
    return g_string_free(text, FALSE);
}

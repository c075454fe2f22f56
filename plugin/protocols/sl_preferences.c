#include "protocols/sl_preferences.h"

#include <string.h>

#define VARIANT_D 100 /* A with salts, in one choice */

static int kd_kdf = SDES_KD_LABEL;
static ws_uint kd_fc = 0xf0;
static const char *kd_label = "D2D-SDES-KD";
static int kd_key_part = SDES_KD_KEY;
static int kd_key_order = SDES_KD_OFFER_FIRST;
static int tek_to_kd = TEK_KD_IDENTITY;
static const char *tek_label = "D2D-MIKEY-KD";
static int traffic = PROSE_KD_SESS_NONCES;
static ws_uint kdsess_fc = 0x5e;
static int kdsess_order = FALSE;
static ws_uint alg_fc = 0x4b;
static int bearer = SL_BEARER_LCID;
static int direction = SL_DIRECTION_COMMANDER;
static ws_bool mac_i_ciphered = FALSE;
static int mac_i_over = FALSE;
static int configured_algorithms = EPS_AES << 4 | EPS_AES;
static ws_bool search_open = TRUE;
static ws_bool kd_to_srtp = FALSE;

sl_profile sl_preferences_profile(void)
{
    sl_profile profile = SL_PROFILE_DEFAULT;
    profile.sdes = (sdes_kd_profile){
        .method = kd_kdf == VARIANT_D ? SDES_KD_LABEL : (sdes_kd_method)kd_kdf,
        .key_part = kd_kdf == VARIANT_D ? SDES_KD_KEY_AND_SALT : (sdes_kd_key_part)kd_key_part,
        .order = (sdes_kd_order)kd_key_order,
        .fc = (uint16_t)kd_fc,
        .label = kd_label,
    };
    profile.tek = (tek_kd_profile){.method = (tek_kd_method)tek_to_kd, .fc = (uint16_t)kd_fc, .label = tek_label};
    profile.prose.kd_sess_method = (prose_kd_sess_method)traffic;
    profile.prose.kd_sess_fc = (uint16_t)kdsess_fc;
    profile.prose.nonce_2_first = kdsess_order;
    profile.prose.traffic_key_fc = (uint16_t)alg_fc;
    profile.reading = (sl_reading){.bearer = (uint8_t)bearer,
                                   .direction = (sl_direction_rule)direction,
                                   .mac_i_ciphered = mac_i_ciphered,
                                   .mac_i_over_data = mac_i_over};
    profile.eea = (uint8_t)(configured_algorithms >> 4);
    profile.eia = (uint8_t)(configured_algorithms & 0xf);
    profile.search = search_open;
    profile.kd_to_srtp = kd_to_srtp;
    return profile;
}

static void register_kd(module_t *module)
{
    static const enum_val_t variants[] = {
        {"A", "A: KDF(K1 || K2, FC, label)", SDES_KD_LABEL},
        {"B", "B: KDF(K1 || K2, FC)", SDES_KD_FC_ALONE},
        {"C", "C: KDF(K1, FC, K2)", SDES_KD_K2_DATA},
        {"D", "D: as A, with the salts", VARIANT_D},
        {"E", "E: HMAC-SHA-256(K1, K2)", SDES_KD_HMAC},
        {"F", "F: SHA-256(K1 || K2)", SDES_KD_HASH},
        {"G", "G: KDF(K1 XOR K2, FC, label)", SDES_KD_XOR},
        {"H", "H: KDF(zeros, FC, K1, K2)", SDES_KD_BOTH_DATA},
        {"I", "I: as A, with the identities", SDES_KD_IDENTITIES},
        {"J", "J: MIKEY's PRF(K1 || K2, label)", SDES_KD_MIKEY_PRF},
        {NULL, NULL, 0},
    };
    static const enum_val_t parts[] = {
        {"key", "The master key", SDES_KD_KEY},
        {"key_and_salt", "Master key and salt", SDES_KD_KEY_AND_SALT},
        {"inline", "The base64 text behind inline:", SDES_KD_INLINE},
        {NULL, NULL, 0},
    };
    static const enum_val_t orders[] = {
        {"offer_answer", "The offer's", SDES_KD_OFFER_FIRST},
        {"answer_offer", "The answer's", SDES_KD_ANSWER_FIRST},
        {"lexicographic", "The lesser", SDES_KD_LESSER_FIRST},
        {NULL, NULL, 0},
    };
    static const enum_val_t teks[] = {
        {"identity", "TEK as it is", TEK_KD_IDENTITY},
        {"kdf", "KDF(TEK, FC, label)", TEK_KD_LABEL},
        {"twice", "TEK || TEK", TEK_KD_TWICE},
        {"left_pad", "Zeros || TEK", TEK_KD_ZEROS_BEFORE},
        {"right_pad", "TEK || zeros", TEK_KD_ZEROS_BEHIND},
        {NULL, NULL, 0},
    };
    prefs_register_enum_preference(module, "kd_kdf", "KD from SDES keys", "K1 of the offer, K2 of the answer; no standard says how",
                                   &kd_kdf, variants, FALSE);
    prefs_register_uint_preference(module, "kd_fc", "FC of KD", "Hexadecimal; FF00 to FFFF are two octets", 16, &kd_fc);
    prefs_register_string_preference(module, "kd_label", "Label of KD", "In variants A, D, G, I and J", &kd_label);
    prefs_register_enum_preference(module, "kd_key_part", "K1 and K2 are", "What of an a=crypto line goes into KD", &kd_key_part,
                                   parts, FALSE);
    prefs_register_enum_preference(module, "kd_key_order", "The first key is", "Of K1 and K2", &kd_key_order, orders, FALSE);
    prefs_register_enum_preference(module, "tek_to_kd", "KD from a TEK", "Of MIKEY-TICKET", &tek_to_kd, teks, FALSE);
    prefs_register_string_preference(module, "tek_label", "Label of KD from a TEK", "With KDF(TEK, FC, label)", &tek_label);
    prefs_register_bool_preference(module, "kd_to_srtp", "SRTP keys from KD",
                                   "Master keys and salts of SRTP are derived from KD, too: media that stays SRTP", &kd_to_srtp);
}

static void register_traffic_keys(module_t *module)
{
    static const enum_val_t ways[] = {
        {"nonces", "KDF(KD, FC, Nonce_1, Nonce_2)", PROSE_KD_SESS_NONCES},
        {"kd", "KD itself", PROSE_KD_SESS_IS_KD},
        {"zero_nonces", "KDF(KD, FC, zeros, zeros)", PROSE_KD_SESS_ZERO_NONCES},
        {"nonce_1", "KDF(KD, FC, Nonce_1)", PROSE_KD_SESS_NONCE_1},
        {NULL, NULL, 0},
    };
    static const enum_val_t orders[] = {
        {"nonce_1_first", "Nonce_1", FALSE},
        {"nonce_2_first", "Nonce_2", TRUE},
        {NULL, NULL, 0},
    };
    prefs_register_enum_preference(module, "traffic", "KD-sess is", "TS 33.303 clause 6.5.5; a link without a Direct Security Mode "
                                                                    "Command has no Nonce_2, and all others are tried on it",
                                   &traffic, ways, FALSE);
    prefs_register_uint_preference(module, "kdsess_fc", "FC of KD-sess", "Hexadecimal; the number is not confirmed", 16, &kdsess_fc);
    prefs_register_enum_preference(module, "kdsess_order", "First nonce of KD-sess", "Of the two", &kdsess_order, orders, FALSE);
    prefs_register_uint_preference(module, "alg_fc", "FC of PEK and PIK", "Hexadecimal; the number is not confirmed", 16, &alg_fc);
}

/* BEARER has 34 values: too many for a table by hand. */
static const enum_val_t *bearers(void)
{
    static enum_val_t values[SL_BEARER_LCID_LESS_ONE + 2];
    for (int value = 0; value < SL_BEARER_LCID; value++) {
        char *name = wmem_strdup_printf(wmem_epan_scope(), "%d", value);
        values[value] = (enum_val_t){name, name, value};
    }
    values[SL_BEARER_LCID] = (enum_val_t){"lcid", "The LCID", SL_BEARER_LCID};
    values[SL_BEARER_LCID_LESS_ONE] = (enum_val_t){"lcid-1", "The LCID less 1", SL_BEARER_LCID_LESS_ONE};
    return values;
}

static void register_inputs(module_t *module)
{
    static const enum_val_t directions[] = {
        {"commander", "1 from who sent the Direct Security Mode Command", SL_DIRECTION_COMMANDER},
        {"other", "1 from the other", SL_DIRECTION_OTHER},
        {"0", "0", SL_DIRECTION_0},
        {"1", "1", SL_DIRECTION_1},
        {NULL, NULL, 0},
    };
    static const enum_val_t covers[] = {
        {"header_and_data", "Header and data", FALSE},
        {"data", "Data alone", TRUE},
        {NULL, NULL, 0},
    };
    prefs_register_enum_preference(module, "bearer", "BEARER", "Input of ciphering and integrity protection", &bearer, bearers(), FALSE);
    prefs_register_enum_preference(module, "direction", "DIRECTION", "Input of ciphering and integrity protection", &direction,
                                   directions, FALSE);
    prefs_register_bool_preference(module, "mac_i_ciphered", "The MAC-I is ciphered", "With the data", &mac_i_ciphered);
    prefs_register_enum_preference(module, "mac_i_over", "The MAC-I covers", "TS 36.323 section 5.7", &mac_i_over, covers, FALSE);
}

static const enum_val_t *algorithm_pairs(void)
{
    static enum_val_t values[17];
    for (int pair = 0; pair < 16; pair++) {
        char *name = wmem_strdup_printf(wmem_epan_scope(), "%d-%d", pair >> 2, pair & 3);
        values[pair] = (enum_val_t){name, wmem_strdup_printf(wmem_epan_scope(), "EEA%d, EIA%d", pair >> 2, pair & 3),
                                    (pair >> 2) << 4 | (pair & 3)};
    }
    return values;
}

void sl_preferences_register(module_t *module)
{
    register_kd(module);
    register_traffic_keys(module);
    register_inputs(module);
    prefs_register_enum_preference(module, "configured_algorithms", "Algorithms that no command chooses",
                                   "EEA and EIA of links without a Direct Security Mode Command; EEA of groups",
                                   &configured_algorithms, algorithm_pairs(), FALSE);
    prefs_register_bool_preference(module, "search", "Search what the standards leave open",
                                   "Where a KD is known and the MAC-I of a Direct Security Mode Command does not fit, other values "
                                   "than those above are tried",
                                   &search_open);
}

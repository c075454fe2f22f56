#include "keys/kd.h"

#include "ciphers/crypto_library.h"
#include "keys/hmac.h"
#include "keys/mikey_kdf.h"

#include <openssl/crypto.h>

#include <string.h>

#define MAX_RAW_LEN (SRTP_MAX_KEY_LEN + SRTP_MAX_SALT_LEN)
#define MAX_PART_LEN (4 * ((MAX_RAW_LEN + 2) / 3))

const sdes_kd_profile SDES_KD_DEFAULT = {
    .method = SDES_KD_LABEL,
    .key_part = SDES_KD_KEY,
    .order = SDES_KD_OFFER_FIRST,
    .fc = 0xF0,
    .label = "D2D-SDES-KD",
};

const tek_kd_profile TEK_KD_DEFAULT = {
    .method = TEK_KD_IDENTITY,
    .fc = 0xF0,
    .label = "D2D-MIKEY-KD",
};

/* K1 and K2, one behind the other. */
typedef struct {
    uint8_t octets[2 * MAX_PART_LEN];
    octet_span k1;
    octet_span k2;
    octet_span both;
} key_pair;

static octet_span label_span(const char *label)
{
    return (octet_span) { (const uint8_t *)label, strlen(label) };
}

static bool append(key_pair *pair, octet_span octets, size_t max_len)
{
    if (octets.len > max_len)
        return false;
    if (octets.len > 0)
        memcpy(pair->octets + pair->both.len, octets.data, octets.len);
    pair->both.len += octets.len;
    return true;
}

static bool append_inline(key_pair *pair, const sdes_kd_key *key)
{
    uint8_t raw[MAX_RAW_LEN], text[MAX_PART_LEN + 1];

    if (key->key.len > SRTP_MAX_KEY_LEN || key->salt.len > SRTP_MAX_SALT_LEN)
        return false;
    memcpy(raw, key->key.data, key->key.len);
    if (key->salt.len > 0)
        memcpy(raw + key->key.len, key->salt.data, key->salt.len);
    const int len = EVP_EncodeBlock(text, raw, (int)(key->key.len + key->salt.len));
    const bool ok = append(pair, (octet_span) { text, (size_t)len }, MAX_PART_LEN);
    OPENSSL_cleanse(raw, sizeof raw);
    OPENSSL_cleanse(text, sizeof text);
    return ok;
}

static bool append_part(key_pair *pair, const sdes_kd_profile *profile, const sdes_kd_key *key)
{
    if (key->key.len == 0)
        return false;
    if (profile->key_part == SDES_KD_INLINE)
        return append_inline(pair, key);
    return append(pair, key->key, SRTP_MAX_KEY_LEN) &&
           (profile->key_part == SDES_KD_KEY || append(pair, key->salt, SRTP_MAX_SALT_LEN));
}

static int compare(octet_span a, octet_span b)
{
    const int difference = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    return difference != 0 ? difference : (a.len > b.len) - (a.len < b.len);
}

static bool in_order(key_pair *pair, const sdes_kd_profile *profile, const sdes_kd_key *first,
                     const sdes_kd_key *second)
{
    *pair = (key_pair) { .both = { pair->octets, 0 } };
    if (!append_part(pair, profile, first))
        return false;
    pair->k1 = pair->both;
    if (!append_part(pair, profile, second))
        return false;
    pair->k2 = (octet_span) { pair->octets + pair->k1.len, pair->both.len - pair->k1.len };
    return true;
}

static bool pair_keys(key_pair *pair, const sdes_kd_profile *profile, const sdes_kd_inputs *inputs)
{
    if (profile->order == SDES_KD_ANSWER_FIRST)
        return in_order(pair, profile, &inputs->answer, &inputs->offer);
    if (!in_order(pair, profile, &inputs->offer, &inputs->answer))
        return false;
    if (profile->order == SDES_KD_LESSER_FIRST && compare(pair->k1, pair->k2) > 0)
        return in_order(pair, profile, &inputs->answer, &inputs->offer);
    return true;
}

static bool kd_of_xor(const sdes_kd_profile *profile, const key_pair *pair, threegpp_key *kd)
{
    const octet_span label = label_span(profile->label);
    uint8_t mixed[MAX_PART_LEN];

    if (pair->k1.len != pair->k2.len)
        return false;
    for (size_t i = 0; i < pair->k1.len; i++)
        mixed[i] = pair->k1.data[i] ^ pair->k2.data[i];
    const bool ok = threegpp_kdf((octet_span) { mixed, pair->k1.len }, profile->fc, &label, 1, kd);
    OPENSSL_cleanse(mixed, sizeof mixed);
    return ok;
}

static bool kd_of_mikey_prf(const sdes_kd_profile *profile, const key_pair *pair, threegpp_key *kd)
{
    const mikey_label label = { .parts = { { label_span(profile->label), 0 } }, .part_count = 1 };

    return mikey_derive((mikey_prf) { MIKEY_PRF_MIKEY_1, MIKEY_PRF_RFC }, pair->both, &label, kd->octets,
                        THREEGPP_KEY_LEN);
}

static bool derive(const sdes_kd_profile *profile, const key_pair *pair, const sdes_kd_inputs *inputs, threegpp_key *kd)
{
    static const uint8_t zeros[THREEGPP_KEY_LEN] = { 0 };
    const octet_span label = label_span(profile->label);
    const octet_span both[] = { pair->k1, pair->k2 };
    const octet_span identities[] = { label, inputs->offerer, inputs->answerer, inputs->layer_2_ids };

    switch (profile->method) {
    case SDES_KD_LABEL:
        return threegpp_kdf(pair->both, profile->fc, &label, 1, kd);
    case SDES_KD_FC_ALONE:
        return threegpp_kdf(pair->both, profile->fc, NULL, 0, kd);
    case SDES_KD_K2_DATA:
        return threegpp_kdf(pair->k1, profile->fc, &pair->k2, 1, kd);
    case SDES_KD_HMAC:
        return hmac_of(HMAC_WITH_SHA256, pair->k1, &pair->k2, 1, kd->octets);
    case SDES_KD_HASH:
        return EVP_Digest(pair->both.data, pair->both.len, kd->octets, NULL, crypto_library_sha256(), NULL);
    case SDES_KD_XOR:
        return kd_of_xor(profile, pair, kd);
    case SDES_KD_BOTH_DATA:
        return threegpp_kdf((octet_span) { zeros, sizeof zeros }, profile->fc, both, 2, kd);
    case SDES_KD_IDENTITIES:
        return threegpp_kdf(pair->both, profile->fc, identities, 4, kd);
    case SDES_KD_MIKEY_PRF:
        return kd_of_mikey_prf(profile, pair, kd);
    }
    return false;
}

bool kd_from_sdes(const sdes_kd_profile *profile, const sdes_kd_inputs *inputs, threegpp_key *kd)
{
    key_pair pair;

    const bool ok = pair_keys(&pair, profile, inputs) && derive(profile, &pair, inputs, kd);
    OPENSSL_cleanse(&pair, sizeof pair);
    if (ok)
        kd->len = THREEGPP_KEY_LEN;
    else
        OPENSSL_cleanse(kd, sizeof *kd);
    return ok;
}

static bool kd_of_tek(const tek_kd_profile *profile, octet_span tek, threegpp_key *kd)
{
    const octet_span label = label_span(profile->label);
    size_t at = 0, len = THREEGPP_KEY_LEN;

    if (tek.len == 0)
        return false;
    if (profile->method == TEK_KD_LABEL)
        return threegpp_kdf(tek, profile->fc, &label, 1, kd);
    if (tek.len > THREEGPP_KEY_LEN || (profile->method == TEK_KD_TWICE && 2 * tek.len > THREEGPP_KEY_LEN))
        return false;
    if (profile->method == TEK_KD_IDENTITY)
        len = tek.len;
    if (profile->method == TEK_KD_TWICE)
        len = 2 * tek.len;
    if (profile->method == TEK_KD_ZEROS_BEFORE)
        at = len - tek.len;
    *kd = (threegpp_key) { .len = len };
    memcpy(kd->octets + at, tek.data, tek.len);
    if (profile->method == TEK_KD_TWICE)
        memcpy(kd->octets + tek.len, tek.data, tek.len);
    return true;
}

bool kd_from_tek(const tek_kd_profile *profile, octet_span tek, threegpp_key *kd)
{
    if (kd_of_tek(profile, tek, kd))
        return true;
    OPENSSL_cleanse(kd, sizeof *kd);
    return false;
}

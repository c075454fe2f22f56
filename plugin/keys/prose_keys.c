#include "keys/prose_keys.h"

#include "ciphers/octets.h"

#include <openssl/crypto.h>

#include <string.h>

const prose_kdf_profile PROSE_KDF_DEFAULT = {
    .kd_sess_method = PROSE_KD_SESS_NONCES,
    .kd_sess_fc = 0x5E,
    .traffic_key_fc = 0x4B,
    .pek_distinguisher = 0x00,
    .pik_distinguisher = 0x01,
    .ptk_fc = 0x4A,
};

/* With P0 and P1, or P1 before P0. */
static bool kdf_of_two(const threegpp_key *key, uint16_t fc, octet_span p0, octet_span p1, bool swapped,
                       threegpp_key *out)
{
    const octet_span params[] = { swapped ? p1 : p0, swapped ? p0 : p1 };

    return threegpp_kdf(threegpp_key_span(key), fc, params, 2, out);
}

bool prose_kd_sess(const prose_kdf_profile *profile, const threegpp_key *kd, const uint8_t *nonce_1,
                   const uint8_t *nonce_2, threegpp_key *kd_sess)
{
    static const uint8_t zeros[PROSE_NONCE_LEN] = { 0 };
    const octet_span first = { nonce_1, PROSE_NONCE_LEN };
    const octet_span second = { nonce_2, PROSE_NONCE_LEN };
    const octet_span zero = { zeros, sizeof zeros };

    switch (profile->kd_sess_method) {
    case PROSE_KD_SESS_NONCES:
        return kdf_of_two(kd, profile->kd_sess_fc, first, second, profile->nonce_2_first, kd_sess);
    case PROSE_KD_SESS_NONCE_1:
        return threegpp_kdf(threegpp_key_span(kd), profile->kd_sess_fc, &first, 1, kd_sess);
    case PROSE_KD_SESS_ZERO_NONCES:
        return kdf_of_two(kd, profile->kd_sess_fc, zero, zero, false, kd_sess);
    case PROSE_KD_SESS_IS_KD:
        *kd_sess = *kd;
        return true;
    }
    OPENSSL_cleanse(kd_sess, sizeof *kd_sess);
    return false;
}

bool prose_ptk(const prose_kdf_profile *profile, const threegpp_key *pgk, const prose_group_sender *sender,
               threegpp_key *ptk)
{
    uint8_t ptk_id[2];
    const octet_span params[] = {
        { sender->member_id, sizeof sender->member_id },
        { ptk_id, sizeof ptk_id },
        { sender->group_id, sizeof sender->group_id },
    };

    octets_put_u16(ptk_id, sender->ptk_id);
    return threegpp_kdf(threegpp_key_span(pgk), profile->ptk_fc, params, profile->ptk_without_group ? 2 : 3, ptk);
}

bool prose_traffic_key(const prose_kdf_profile *profile, const threegpp_key *from, prose_traffic_key_use use,
                       uint8_t identity, uint8_t key[EPS_KEY_LEN])
{
    const uint8_t distinguisher = use == PROSE_PEK ? profile->pek_distinguisher : profile->pik_distinguisher;
    threegpp_key derived;

    const bool ok = kdf_of_two(from, profile->traffic_key_fc, (octet_span) { &distinguisher, 1 },
                               (octet_span) { &identity, 1 }, profile->algorithm_first, &derived);
    memcpy(key, derived.octets + (profile->upper_half ? 0 : THREEGPP_KEY_LEN - EPS_KEY_LEN), EPS_KEY_LEN);
    OPENSSL_cleanse(&derived, sizeof derived);
    return ok;
}

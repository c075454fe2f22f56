#include "sessions/sl_search.h"

#include <openssl/crypto.h>
#include <string.h>

#define FCS 256 /* FC of one octet; FF begins one of two, and is none */

typedef struct {
    const pc5_context *signalled;
    const sl_pdu *command;
    const sl_profile *from;
    uint8_t eia;
    unsigned macs_left;
    uint8_t octets[PDCP_SL_HEADER_LEN + PDCP_SL_MAX_SDU_LEN]; /* what the MAC-I covers: header and data */
    size_t len;
    bool all_bearers;      /* or the likely ones alone */
    bool likely_cover_only;
    sl_found *found;
} search;

/* --- one key ------------------------------------------------------------------------------------------------------- */

static bool fits(search *s, eia_mac *mac, uint8_t bearer, uint8_t direction, bool over_data)
{
    const eps_input input = {.count = sl_pdu_count(s->command), .bearer = bearer, .direction = direction};
    size_t skipped = over_data ? PDCP_SL_HEADER_LEN : 0;
    uint8_t mac_i[EIA_MAC_LEN];
    if (s->macs_left == 0)
        return false;
    s->macs_left--;
    return eia_mac_i(mac, &input, s->octets + skipped, 8 * (s->len - skipped), mac_i) &&
           memcmp(mac_i, s->command->mac_i.data, sizeof mac_i) == 0;
}

/* The rule by which the sender of the command has this DIRECTION: that of the preferences if it agrees. */
static sl_direction_rule direction_rule(const search *s, uint8_t direction)
{
    sl_direction_rule rule = s->from->reading.direction;
    if (sl_direction(rule, true) == direction)
        return rule;
    return direction ? SL_DIRECTION_COMMANDER : SL_DIRECTION_OTHER;
}

static uint8_t bearer_rule(const search *s, uint8_t bearer)
{
    uint8_t lcid = s->command->link.lcid, rule = s->from->reading.bearer;
    if (sl_bearer(rule, lcid) == bearer)
        return rule;
    return bearer == lcid ? SL_BEARER_LCID : bearer + 1 == lcid ? SL_BEARER_LCID_LESS_ONE : bearer;
}

static bool try_bearer(search *s, eia_mac *mac, const sl_profile *profile, uint8_t bearer)
{
    const sl_link *link = &s->command->link;
    for (uint8_t direction = 0; direction < 2; direction++) {
        if (link->direction_known && link->direction != direction)
            continue;
        for (unsigned over_data = 0; over_data < (s->likely_cover_only ? 1 : 2); over_data++) {
            if (!fits(s, mac, bearer, direction, over_data))
                continue;
            s->found->profile = *profile;
            s->found->profile.reading.bearer = bearer_rule(s, bearer);
            s->found->profile.reading.direction = direction_rule(s, direction);
            s->found->profile.reading.mac_i_over_data = over_data;
            return true;
        }
    }
    return false;
}

static bool try_inputs(search *s, eia_mac *mac, const sl_profile *profile)
{
    uint8_t lcid = s->command->link.lcid;
    const uint8_t likely[] = {sl_bearer(s->from->reading.bearer, lcid), lcid, (uint8_t)(lcid - 1), 0};
    bool found = false;
    if (s->likely_cover_only)
        return try_bearer(s, mac, profile, likely[0]);
    for (uint8_t bearer = 0; s->all_bearers && bearer < 32 && !found; bearer++)
        found = try_bearer(s, mac, profile, bearer);
    for (size_t i = 0; !s->all_bearers && i < G_N_ELEMENTS(likely) && !found; i++)
        found = try_bearer(s, mac, profile, likely[i]);
    return found;
}

static bool try_kd_sess(search *s, const sl_profile *profile, const threegpp_key *kd_sess)
{
    uint8_t pik[EPS_KEY_LEN];
    eia_mac mac;
    bool found = false;
    if (prose_traffic_key(&profile->prose, kd_sess, PROSE_PIK, s->eia, pik) && eia_init(&mac, (eps_algorithm)s->eia, pik)) {
        found = try_inputs(s, &mac, profile);
        eia_clear(&mac);
    }
    OPENSSL_cleanse(pik, sizeof pik);
    if (found)
        s->found->kd_sess = *kd_sess;
    return found;
}

static bool try_kd(search *s, const sl_profile *profile, const threegpp_key *kd)
{
    threegpp_key kd_sess;
    bool found = prose_kd_sess(&profile->prose, kd, s->signalled->nonce_1, s->signalled->nonce_2, &kd_sess) &&
                 try_kd_sess(s, profile, &kd_sess);
    OPENSSL_cleanse(&kd_sess, sizeof kd_sess);
    if (found)
        s->found->kd = *kd;
    return found;
}

static bool try_candidate(search *s, const sl_profile *profile, const kd_candidate *candidate)
{
    threegpp_key kd;
    bool found = kd_candidate_derive(candidate, profile, s->signalled, &kd) && try_kd(s, profile, &kd);
    OPENSSL_cleanse(&kd, sizeof kd);
    return found;
}

/* --- what is varied ------------------------------------------------------------------------------------------------ */

/* The derivation of PIK from KD-sess: places of its parameters, which half is the key; with every BEARER. */
static bool vary_inputs(search *s, const threegpp_key *kd)
{
    bool found = false;
    s->all_bearers = true;
    for (unsigned variant = 0; variant < 8 && !found; variant++) {
        sl_profile profile = *s->from;
        profile.prose.algorithm_first = variant & 1;
        profile.prose.upper_half = variant & 2;
        profile.prose.pek_distinguisher = variant & 4 ? 1 : s->from->prose.pek_distinguisher;
        profile.prose.pik_distinguisher = variant & 4 ? 2 : s->from->prose.pik_distinguisher;
        found = try_kd(s, &profile, kd);
    }
    s->all_bearers = false;
    return found;
}

/* The making of KD-sess, with each FC. */
static bool vary_kd_sess(search *s, const threegpp_key *kd)
{
    static const struct {
        prose_kd_sess_method method;
        bool nonce_2_first;
    } ways[] = {{PROSE_KD_SESS_NONCES, false},
                {PROSE_KD_SESS_NONCES, true},
                {PROSE_KD_SESS_NONCE_1, false},
                {PROSE_KD_SESS_ZERO_NONCES, false},
                {PROSE_KD_SESS_IS_KD, false}};
    for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
        sl_profile profile = *s->from;
        profile.prose.kd_sess_method = ways[way].method;
        profile.prose.nonce_2_first = ways[way].nonce_2_first;
        for (uint16_t fc = 0; fc < FCS; fc++) {
            profile.prose.kd_sess_fc = fc;
            if (try_kd(s, &profile, kd))
                return true;
        }
    }
    return false;
}

/* Each FC of the traffic keys with each of KD-sess. */
static bool vary_both_fcs(search *s, const threegpp_key *kd)
{
    bool found = false;
    s->likely_cover_only = true;
    for (unsigned order = 0; order < 2 && !found; order++) {
        sl_profile profile = *s->from;
        profile.prose.nonce_2_first = order;
        for (uint16_t fc = 0; fc < FCS && !found; fc++) {
            threegpp_key kd_sess;
            profile.prose.kd_sess_fc = fc;
            if (!prose_kd_sess(&profile.prose, kd, s->signalled->nonce_1, s->signalled->nonce_2, &kd_sess))
                continue;
            for (uint16_t alg_fc = 0; alg_fc < FCS && !found; alg_fc++) {
                profile.prose.traffic_key_fc = alg_fc;
                found = try_kd_sess(s, &profile, &kd_sess);
            }
            OPENSSL_cleanse(&kd_sess, sizeof kd_sess);
        }
    }
    s->likely_cover_only = false;
    if (found)
        s->found->kd = *kd;
    return found;
}

static bool vary_fc_of_sdes(search *s, sl_profile *profile, const kd_candidate *candidate)
{
    static const sdes_kd_method with_fc[] = {SDES_KD_LABEL, SDES_KD_FC_ALONE, SDES_KD_K2_DATA, SDES_KD_XOR, SDES_KD_BOTH_DATA};
    for (size_t method = 0; method < G_N_ELEMENTS(with_fc); method++) {
        profile->sdes.method = with_fc[method];
        for (uint16_t fc = 0; fc < FCS; fc++) {
            profile->sdes.fc = fc;
            if (try_candidate(s, profile, candidate))
                return true;
        }
    }
    return false;
}

static bool vary_sdes(search *s, const kd_candidate *candidate)
{
    for (unsigned part = SDES_KD_KEY; part <= SDES_KD_INLINE; part++) {
        for (unsigned order = SDES_KD_OFFER_FIRST; order <= SDES_KD_ANSWER_FIRST; order++) {
            sl_profile profile = *s->from;
            profile.sdes.key_part = (sdes_kd_key_part)part;
            profile.sdes.order = (sdes_kd_order)order;
            for (unsigned method = SDES_KD_LABEL; method <= SDES_KD_MIKEY_PRF; method++) {
                profile.sdes.method = (sdes_kd_method)method;
                if (try_candidate(s, &profile, candidate))
                    return true;
            }
            if (vary_fc_of_sdes(s, &profile, candidate))
                return true;
        }
    }
    return false;
}

static bool vary_tek(search *s, const kd_candidate *candidate)
{
    for (unsigned method = TEK_KD_IDENTITY; method <= TEK_KD_ZEROS_BEHIND; method++) {
        sl_profile profile = *s->from;
        profile.tek.method = (tek_kd_method)method;
        const uint16_t fcs = method == TEK_KD_LABEL ? FCS : 1;
        for (uint16_t fc = 0; fc < fcs; fc++) {
            profile.tek.fc = method == TEK_KD_LABEL ? fc : s->from->tek.fc;
            if (try_candidate(s, &profile, candidate))
                return true;
        }
    }
    return false;
}

static bool vary_kd(search *s, const kd_candidate *candidate)
{
    return candidate->kind == KD_OF_SDES ? vary_sdes(s, candidate) : candidate->kind == KD_OF_TEK && vary_tek(s, candidate);
}

/* The cheaper and likelier first. */
static bool search_candidate(search *s, const kd_candidate *candidate)
{
    threegpp_key kd;
    bool found = kd_candidate_derive(candidate, s->from, s->signalled, &kd) &&
                 (vary_inputs(s, &kd) || vary_kd_sess(s, &kd) || vary_both_fcs(s, &kd));
    OPENSSL_cleanse(&kd, sizeof kd);
    return found || vary_kd(s, candidate);
}

bool sl_search(const GArray *candidates, const pc5_context *signalled, const sl_pdu *command, const sl_profile *from, sl_found *found)
{
    search s = {.signalled = signalled,
                .command = command,
                .from = from,
                .eia = signalled->algorithms & 0xf,
                .macs_left = SL_SEARCH_MAX_MACS,
                .len = PDCP_SL_HEADER_LEN + command->data_len,
                .found = found};
    if (command->data_len == 0 || command->data_len > PDCP_SL_MAX_SDU_LEN)
        return false;
    memcpy(s.octets, command->header.data, PDCP_SL_HEADER_LEN);
    memcpy(s.octets + PDCP_SL_HEADER_LEN, command->data.data, command->data_len);
    for (found->candidate = 0; found->candidate < MIN(candidates->len, SL_SEARCH_MAX_CANDIDATES); found->candidate++)
        if (search_candidate(&s, &g_array_index(candidates, kd_candidate, found->candidate)))
            return true;
    return false;
}

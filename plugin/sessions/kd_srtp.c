#include "sessions/kd_srtp.h"

#include <openssl/crypto.h>
#include <string.h>

#define FC 0xf0
#define DEFAULT_SUITE "AES_CM_128_HMAC_SHA1_80"

static bool derive(const threegpp_key *kd, const char *label, bool from_initiator, uint8_t *out, size_t len)
{
    const uint8_t sender = from_initiator ? 0 : 1;
    const octet_span params[] = {{(const uint8_t *)label, strlen(label)}, {&sender, 1}};
    threegpp_key derived;
    bool ok = threegpp_kdf(threegpp_key_span(kd), FC, params, 2, &derived);
    memcpy(out, derived.octets + THREEGPP_KEY_LEN - len, len);
    OPENSSL_cleanse(&derived, sizeof derived);
    return ok;
}

bool kd_srtp_derive(const threegpp_key *kd, const crypto_suite *suite, bool from_initiator, srtp_master_key *key)
{
    *key = (srtp_master_key){.transform = suite->transform};
    return derive(kd, "D2D-SRTP-KEY", from_initiator, key->key, suite->transform.key_len) &&
           derive(kd, "D2D-SRTP-SALT", from_initiator, key->salt, suite->transform.salt_len);
}

static void add_suite(const kd_candidate *candidate, const threegpp_key *kd, const crypto_suite *suite, session_keys *keys)
{
    for (unsigned from_initiator = 0; from_initiator < 2; from_initiator++) {
        srtp_master_key key;
        if (kd_srtp_derive(kd, suite, from_initiator, &key))
            session_keys_add(keys, &key, suite, KEY_ORIGIN_KD, candidate->frame, candidate->line);
        OPENSSL_cleanse(&key, sizeof key);
    }
}

static void add_candidate(const kd_sources *sources, const kd_candidate *candidate, const threegpp_key *kd, session_keys *keys)
{
    const GPtrArray *suites = kd_sources_suites(sources);
    if (candidate->suite) {
        add_suite(candidate, kd, candidate->suite, keys);
        return;
    }
    for (guint i = 0; i < suites->len; i++)
        add_suite(candidate, kd, (const crypto_suite *)suites->pdata[i], keys);
    if (suites->len == 0)
        add_suite(candidate, kd, crypto_suite_by_name(DEFAULT_SUITE, strlen(DEFAULT_SUITE)), keys);
}

unsigned kd_srtp_add(const kd_sources *sources, const sl_profile *profile, session_keys *keys)
{
    static const pc5_context any = {.is_rekeying = false};
    uint32_t before = session_keys_count(keys);
    GArray *candidates = kd_sources_candidates(sources, &any);
    for (guint i = 0; i < candidates->len; i++) {
        const kd_candidate *candidate = &g_array_index(candidates, kd_candidate, i);
        threegpp_key kd;
        if (kd_candidate_derive(candidate, profile, &any, &kd))
            add_candidate(sources, candidate, &kd, keys);
        OPENSSL_cleanse(&kd, sizeof kd);
    }
    g_array_unref(candidates);
    return session_keys_count(keys) - before;
}

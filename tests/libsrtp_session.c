#include "libsrtp_session.h"

#include <glib.h>

#include <string.h>

static const libsrtp_suite SUITES[] = {
    { "AES_CM_128_HMAC_SHA1_80", srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtcp_default },
    { "AES_CM_128_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, srtp_crypto_policy_set_rtcp_default },
    { "AES_192_CM_HMAC_SHA1_80", srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80,
      srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80 },
    { "AES_192_CM_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_192_hmac_sha1_32,
      srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80 },
    { "AES_256_CM_HMAC_SHA1_80", srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
    { "AES_256_CM_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
      srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
    { "AES_CM_128_NULL_AUTH", srtp_crypto_policy_set_aes_cm_128_null_auth, srtp_crypto_policy_set_rtcp_default },
    { "NULL_HMAC_SHA1_80", srtp_crypto_policy_set_null_cipher_hmac_sha1_80,
      srtp_crypto_policy_set_null_cipher_hmac_sha1_80 },
    { "AEAD_AES_128_GCM", srtp_crypto_policy_set_aes_gcm_128_16_auth, srtp_crypto_policy_set_aes_gcm_128_16_auth },
    { "AEAD_AES_256_GCM", srtp_crypto_policy_set_aes_gcm_256_16_auth, srtp_crypto_policy_set_aes_gcm_256_16_auth },
    { "AEAD_AES_128_GCM_8", srtp_crypto_policy_set_aes_gcm_128_8_auth, srtp_crypto_policy_set_aes_gcm_128_8_auth },
    { "AEAD_AES_256_GCM_8", srtp_crypto_policy_set_aes_gcm_256_8_auth, srtp_crypto_policy_set_aes_gcm_256_8_auth },
};

const libsrtp_suite *libsrtp_suites(size_t *count)
{
    *count = G_N_ELEMENTS(SUITES);
    return SUITES;
}

static void withdraw(srtp_crypto_policy_t *policy, srtp_sec_serv_t service)
{
    policy->sec_serv = (srtp_sec_serv_t)(policy->sec_serv & ~service);
}

static void withdraw_auth(srtp_crypto_policy_t *policy)
{
    srtp_crypto_policy_t without;

    srtp_crypto_policy_set_aes_cm_128_null_auth(&without);
    policy->auth_type = without.auth_type;
    policy->auth_key_len = without.auth_key_len;
    policy->auth_tag_len = without.auth_tag_len;
    withdraw(policy, sec_serv_auth);
}

srtp_t libsrtp_session_new(const libsrtp_suite *suite, const srtp_master_key *key, const libsrtp_options *options)
{
    uint8_t key_and_salt[SRTP_MAX_KEY_LEN + SRTP_MAX_SALT_LEN];
    uint8_t mki[SRTP_MAX_MKI_LEN];
    srtp_master_key_t master = { .key = key_and_salt, .mki_id = mki, .mki_size = key->mki_len };
    srtp_master_key_t *masters[] = { &master };
    srtp_policy_t policy = {
        .ssrc = { .type = options->direction },
        .window_size = 1024,
        .enc_xtn_hdr = options->encrypted_ids,
        .enc_xtn_hdr_count = options->encrypted_ids_count,
    };
    srtp_t session;

    memcpy(key_and_salt, key->key, key->transform.key_len);
    memcpy(key_and_salt + key->transform.key_len, key->salt, key->transform.salt_len);
    memcpy(mki, key->mki, key->mki_len);
    if (key->mki_len > 0) {
        policy.keys = masters;
        policy.num_master_keys = 1;
    } else {
        policy.key = key_and_salt;
    }
    suite->rtp(&policy.rtp);
    suite->rtcp(&policy.rtcp);
    if (key->unencrypted_srtp)
        withdraw(&policy.rtp, sec_serv_conf);
    if (key->unencrypted_srtcp)
        withdraw(&policy.rtcp, sec_serv_conf);
    if (key->unauthenticated_srtp)
        withdraw_auth(&policy.rtp);
    g_assert_cmpint(srtp_create(&session, &policy), ==, srtp_err_status_ok);
    return session;
}

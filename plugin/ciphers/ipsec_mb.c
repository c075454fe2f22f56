/* By the library's job interface, one job at a time, though its functions for a single buffer look made for this. Those
 * for ZUC give a wrong keystream in version 1.3 where a cell of the register comes to 0 (corrected in 2.0). Those for
 * SNOW 3G take half of a job's time in Debian's 1.3, but six times as much in Debian's 2.0. All are deprecated there.
 *
 * The manager is the one for SSE: a job that is alone fills one lane of a vector, and four lanes cost least.
 */
#include "ciphers/ipsec_mb.h"

#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>

#include <string.h>

static IMB_MGR *manager;
static bool unusable; /* not to be tried again */

static IMB_MGR *new_manager(void)
{
    IMB_MGR *made = alloc_mb_mgr(0);

    if (!made)
        return NULL;
    init_mb_mgr_sse(made);
    if (imb_get_errno(made) == 0)
        return made;
    free_mb_mgr(made);
    return NULL;
}

bool ipsec_mb_is_available(void)
{
    if (!manager && !unusable) {
        manager = new_manager();
        unusable = !manager;
    }
    return manager != NULL;
}

void ipsec_mb_release(void)
{
    if (!manager)
        return;
    OPENSSL_cleanse(manager, imb_get_mb_mgr_size());
    free_mb_mgr(manager);
    manager = NULL;
}

bool ipsec_mb_key_init(ipsec_mb_key *key, ipsec_mb_cipher cipher, const uint8_t octets[IPSEC_MB_KEY_LEN])
{
    _Static_assert(sizeof(snow3g_key_schedule_t) == sizeof key->words, "a SNOW 3G key schedule is the words of the key");

    if (!ipsec_mb_is_available())
        return false;
    key->cipher = cipher;
    if (cipher == IPSEC_MB_SNOW_3G)
        return IMB_SNOW3G_INIT_KEY_SCHED(manager, octets, (snow3g_key_schedule_t *)key->words) == 0;
    memcpy(key->words, octets, sizeof key->words);
    return true;
}

/* The library checks the job, sets it aside in the hope of more, and is told that no more are to come. Since it never
 * has another, the job that comes back is this one. */
static bool run_job(void)
{
    const IMB_JOB *job = IMB_SUBMIT_JOB(manager);

    if (!job)
        job = IMB_FLUSH_JOB(manager);
    return job && job->status == IMB_STATUS_COMPLETED;
}

bool ipsec_mb_crypt(const ipsec_mb_key *key, const uint8_t iv[IPSEC_MB_IV_LEN], const uint8_t *in, size_t len,
                    uint8_t *out)
{
    if (!ipsec_mb_is_available())
        return false;
    IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
    job->chain_order = IMB_ORDER_CIPHER_HASH;
    job->hash_alg = IMB_AUTH_NULL;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->enc_keys = key->words;
    job->dec_keys = key->words;
    job->key_len_in_bytes = IPSEC_MB_KEY_LEN;
    job->iv = iv;
    job->iv_len_in_bytes = IPSEC_MB_IV_LEN;
    job->src = in;
    job->dst = out;
    if (key->cipher == IPSEC_MB_SNOW_3G) {
        job->cipher_mode = IMB_CIPHER_SNOW3G_UEA2_BITLEN;
        job->cipher_start_src_offset_in_bits = 0;
        job->msg_len_to_cipher_in_bits = 8 * (uint64_t)len;
    } else {
        job->cipher_mode = IMB_CIPHER_ZUC_EEA3;
        job->cipher_start_src_offset_in_bytes = 0;
        job->msg_len_to_cipher_in_bytes = len;
    }
    return run_job();
}

bool ipsec_mb_mac(const ipsec_mb_key *key, const uint8_t iv[IPSEC_MB_IV_LEN], const uint8_t *data, size_t bits,
                  uint8_t mac[IPSEC_MB_MAC_LEN])
{
    if (!ipsec_mb_is_available())
        return false;
    IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
    job->chain_order = IMB_ORDER_HASH_CIPHER;
    job->cipher_mode = IMB_CIPHER_NULL;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->src = data;
    job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_hash_in_bits = bits;
    job->auth_tag_output = mac;
    job->auth_tag_output_len_in_bytes = IPSEC_MB_MAC_LEN;
    if (key->cipher == IPSEC_MB_SNOW_3G) {
        job->hash_alg = IMB_AUTH_SNOW3G_UIA2_BITLEN;
        job->u.SNOW3G_UIA2._key = key->words;
        job->u.SNOW3G_UIA2._iv = iv;
    } else {
        job->hash_alg = IMB_AUTH_ZUC_EIA3_BITLEN;
        job->u.ZUC_EIA3._key = (const uint8_t *)key->words;
        job->u.ZUC_EIA3._iv = iv;
    }
    return run_job();
}

#include "bare_eps.h"

#include <glib.h>
#include <intel-ipsec-mb.h>

#include <string.h>

static IMB_MGR *manager;
static snow3g_key_schedule_t snow3g;
static uint8_t zuc[16];

static void set_key(const uint8_t *key, void (*init)(IMB_MGR *))
{
    if (manager)
        free_mb_mgr(manager);
    manager = alloc_mb_mgr(0);
    g_assert_nonnull(manager);
    init(manager);
    g_assert_cmpint(imb_get_errno(manager), ==, 0);
    g_assert_cmpint(IMB_SNOW3G_INIT_KEY_SCHED(manager, key, &snow3g), ==, 0);
    memcpy(zuc, key, sizeof zuc);
}

static void init_auto(IMB_MGR *made)
{
    IMB_ARCH arch;

    init_mb_mgr_auto(made, &arch);
}

static void key_jobs(const uint8_t *key)
{
    set_key(key, init_mb_mgr_sse);
}

static void key_single(const uint8_t *key)
{
    set_key(key, init_auto);
}

static bool run_job(void)
{
    const IMB_JOB *job = IMB_SUBMIT_JOB_NOCHECK(manager);

    if (!job)
        job = IMB_FLUSH_JOB(manager);
    return job && job->status == IMB_STATUS_COMPLETED;
}

static IMB_JOB *cipher_job(const bare_pdu *pdu, const void *key, uint8_t *out)
{
    IMB_JOB *job = IMB_GET_NEXT_JOB(manager);

    job->chain_order = IMB_ORDER_CIPHER_HASH;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->hash_alg = IMB_AUTH_NULL;
    job->enc_keys = job->dec_keys = key;
    job->key_len_in_bytes = 16;
    job->iv = pdu->iv;
    job->iv_len_in_bytes = 16;
    job->src = pdu->message;
    job->dst = out;
    return job;
}

static IMB_JOB *mac_job(const bare_pdu *pdu, uint8_t *out)
{
    IMB_JOB *job = IMB_GET_NEXT_JOB(manager);

    job->chain_order = IMB_ORDER_HASH_CIPHER;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->cipher_mode = IMB_CIPHER_NULL;
    job->src = pdu->message;
    job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_hash_in_bits = 8 * pdu->len;
    job->auth_tag_output = out;
    job->auth_tag_output_len_in_bytes = 4;
    return job;
}

static bool run_eea1(const bare_pdu *pdu, uint8_t *out)
{
    IMB_JOB *job = cipher_job(pdu, &snow3g, out);

    job->cipher_mode = IMB_CIPHER_SNOW3G_UEA2_BITLEN;
    job->cipher_start_src_offset_in_bits = 0;
    job->msg_len_to_cipher_in_bits = 8 * pdu->len;
    return run_job();
}

static bool run_eea3(const bare_pdu *pdu, uint8_t *out)
{
    IMB_JOB *job = cipher_job(pdu, zuc, out);

    job->cipher_mode = IMB_CIPHER_ZUC_EEA3;
    job->cipher_start_src_offset_in_bytes = 0;
    job->msg_len_to_cipher_in_bytes = pdu->len;
    return run_job();
}

static bool run_eia1(const bare_pdu *pdu, uint8_t *out)
{
    IMB_JOB *job = mac_job(pdu, out);

    job->hash_alg = IMB_AUTH_SNOW3G_UIA2_BITLEN;
    job->u.SNOW3G_UIA2._key = &snow3g;
    job->u.SNOW3G_UIA2._iv = pdu->iv;
    return run_job();
}

static bool run_eia3(const bare_pdu *pdu, uint8_t *out)
{
    IMB_JOB *job = mac_job(pdu, out);

    job->hash_alg = IMB_AUTH_ZUC_EIA3_BITLEN;
    job->u.ZUC_EIA3._key = zuc;
    job->u.ZUC_EIA3._iv = pdu->iv;
    return run_job();
}

static bool single_eea1(const bare_pdu *pdu, uint8_t *out)
{
    IMB_SNOW3G_F8_1_BUFFER(manager, &snow3g, pdu->iv, pdu->message, out, (uint32_t)pdu->len);
    return true;
}

static bool single_eia1(const bare_pdu *pdu, uint8_t *out)
{
    IMB_SNOW3G_F9_1_BUFFER(manager, &snow3g, pdu->iv, pdu->message, 8 * pdu->len, out);
    return true;
}

static bool single_eea3(const bare_pdu *pdu, uint8_t *out)
{
    IMB_ZUC_EEA3_1_BUFFER(manager, zuc, pdu->iv, pdu->message, out, (uint32_t)pdu->len);
    return true;
}

static bool single_eia3(const bare_pdu *pdu, uint8_t *out)
{
    uint32_t mac;

    IMB_ZUC_EIA3_1_BUFFER(manager, zuc, pdu->iv, pdu->message, (uint32_t)(8 * pdu->len), &mac);
    memcpy(out, &mac, sizeof mac);
    return true;
}

const bare_calls BARE_EEA1 = { key_jobs, run_eea1 }, BARE_EIA1 = { key_jobs, run_eia1 },
                 BARE_EEA3 = { key_jobs, run_eea3 }, BARE_EIA3 = { key_jobs, run_eia3 };
const bare_calls BARE_SINGLE_EEA1 = { key_single, single_eea1 }, BARE_SINGLE_EIA1 = { key_single, single_eia1 },
                 BARE_SINGLE_EEA3 = { key_single, single_eea3 }, BARE_SINGLE_EIA3 = { key_single, single_eia3 };

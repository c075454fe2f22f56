#include "keys/srtp_session.h"

#include "ciphers/aes_cm.h"
#include "ciphers/aes_f8.h"
#include "ciphers/header_extension.h"
#include "ciphers/octets.h"

#include <glib.h>
#include <openssl/crypto.h>

#include <string.h>

/* A cipher with its session key, and the session salt its IVs begin with. */
typedef struct {
    srtp_cipher kind; /* SRTP_CIPHER_NULL: not derived yet */
    union {
        aes_cm cm;
        aes_f8 f8;
        aes_gcm gcm;
    };
    uint8_t salt[AES_CM_SALT_LEN];
} keyed_cipher;

struct srtp_session {
    const srtp_master_key *master;
    srtp_kdf_variant kdf;
    srtp_protocol protocol;
    uint64_t r;
    hmac_sha1 auth;         /* k_a */
    keyed_cipher payload;   /* k_e, k_s */
    keyed_cipher extension; /* k_he, k_hs: RTP only */
};

/* The master key and salt as libsrtp 2.5 reads them for AES-192, from one buffer whose rest is zero:
 *
 *   octet  0                       24          32      38              46
 *          |  master key, 24       | master salt, 14   | 0 ... 0       |
 *          |  AES-256 key of the PRF, 32       |  salt of the PRF, 14  |
 */
#define AES_192_KEY_LEN 24
#define AES_256_KEY_LEN 32

bool srtp_session_derive(const srtp_master_key *master, srtp_kdf_variant kdf, srtp_kdf_label label, uint64_t r, uint8_t *out,
                         size_t len)
{
    const uint8_t salt_len = master->transform.salt_len;

    if (kdf == SRTP_KDF_RFC)
        return srtp_kdf(master->key, master->transform.key_len, master->salt, salt_len, label, r, out, len);

    uint8_t joined[AES_256_KEY_LEN + SRTP_MAX_SALT_LEN] = { 0 };
    memcpy(joined, master->key, AES_192_KEY_LEN);
    memcpy(joined + AES_192_KEY_LEN, master->salt, salt_len);
    const bool ok = srtp_kdf(joined, AES_256_KEY_LEN, joined + AES_256_KEY_LEN, SRTP_MAX_SALT_LEN, label, r, out, len);
    OPENSSL_cleanse(joined, sizeof joined);
    return ok;
}

static bool derive(const srtp_session *session, srtp_kdf_label label, uint8_t *out, size_t len)
{
    return srtp_session_derive(session->master, session->kdf, label, session->r, out, len);
}

/* The labels of SRTCP follow those of SRTP in the same order (RFC 3711 section 4.3.2). */
static srtp_kdf_label label_for(const srtp_session *session, srtp_kdf_label rtp_label)
{
    return session->protocol == SRTP_PROTOCOL_RTP ? rtp_label : rtp_label + SRTP_LABEL_RTCP_ENCRYPTION;
}

static bool derive_auth(srtp_session *session)
{
    const uint8_t wanted = session->master->transform.auth_key_len;
    const size_t len = wanted ? wanted : SRTP_AUTH_KEY_LEN;
    uint8_t key[SRTP_MAX_AUTH_KEY_LEN];
    const bool ok = derive(session, label_for(session, SRTP_LABEL_RTP_AUTH), key, len) &&
                    hmac_sha1_init(&session->auth, key, len);
    OPENSSL_cleanse(key, sizeof key);
    return ok;
}

/* Keys `cipher` to be of `kind`. The session salt is of 112 bits, for AEAD suites of 96 (RFC 7714 section 11); AES-CM,
 * where it enciphers the header extensions of an AEAD suite, takes those 96 completed with zero octets. */
static bool derive_cipher(srtp_session *session, keyed_cipher *cipher, srtp_cipher kind, srtp_kdf_label key_label,
                          srtp_kdf_label salt_label)
{
    const srtp_transform *transform = &session->master->transform;
    const size_t salt_len = transform->auth == SRTP_AUTH_AEAD ? AES_GCM_SALT_LEN : AES_CM_SALT_LEN;
    uint8_t key[SRTP_MAX_KEY_LEN];
    bool ok = derive(session, key_label, key, transform->key_len) &&
              derive(session, salt_label, cipher->salt, salt_len);
    if (ok && kind == SRTP_CIPHER_AES_CM)
        ok = aes_cm_init(&cipher->cm, key, transform->key_len);
    else if (ok && kind == SRTP_CIPHER_AES_F8)
        ok = aes_f8_init(&cipher->f8, key, transform->key_len, cipher->salt, salt_len);
    else if (ok && kind == SRTP_CIPHER_AES_GCM)
        ok = aes_gcm_init(&cipher->gcm, key, transform->key_len);
    OPENSSL_cleanse(key, sizeof key);
    if (ok)
        cipher->kind = kind;
    return ok;
}

static bool need_payload_cipher(srtp_session *session)
{
    return session->payload.kind != SRTP_CIPHER_NULL ||
           derive_cipher(session, &session->payload, session->master->transform.cipher,
                         label_for(session, SRTP_LABEL_RTP_ENCRYPTION), label_for(session, SRTP_LABEL_RTP_SALT));
}

/* AES-GCM has no part in header extensions: AES-CM under a key of the same length has (RFC 7714 section 8.3). */
static bool need_extension_cipher(srtp_session *session)
{
    const srtp_cipher cipher = session->master->transform.cipher;

    return session->extension.kind != SRTP_CIPHER_NULL ||
           derive_cipher(session, &session->extension, cipher == SRTP_CIPHER_AES_GCM ? SRTP_CIPHER_AES_CM : cipher,
                         SRTP_LABEL_EXTENSION_ENCRYPTION, SRTP_LABEL_EXTENSION_SALT);
}

static void clear_cipher(keyed_cipher *cipher)
{
    if (cipher->kind == SRTP_CIPHER_AES_CM)
        aes_cm_clear(&cipher->cm);
    else if (cipher->kind == SRTP_CIPHER_AES_F8)
        aes_f8_clear(&cipher->f8);
    else if (cipher->kind == SRTP_CIPHER_AES_GCM)
        aes_gcm_clear(&cipher->gcm);
}

srtp_session *srtp_session_new(const srtp_master_key *master, srtp_kdf_variant kdf, srtp_protocol protocol, uint64_t r)
{
    srtp_session *session = g_new0(srtp_session, 1);
    session->master = master;
    session->kdf = kdf;
    session->protocol = protocol;
    session->r = r;
    return session;
}

void srtp_session_free(srtp_session *session)
{
    if (!session)
        return;
    hmac_sha1_clear(&session->auth);
    clear_cipher(&session->payload);
    clear_cipher(&session->extension);
    OPENSSL_cleanse(session, sizeof *session);
    g_free(session);
}

uint64_t srtp_session_r(const srtp_session *session)
{
    return session->r;
}

bool srtp_session_tag(srtp_session *session, const uint8_t *data, size_t len, const uint8_t *rest, size_t rest_len,
                      uint8_t tag[HMAC_SHA1_LEN])
{
    return (session->auth.inner || derive_auth(session)) &&
           hmac_sha1_tag(&session->auth, data, len, rest, rest_len, tag);
}

static bool crypt_cm(keyed_cipher *cipher, const uint8_t iv[AES_CM_IV_LEN], uint8_t prefix_len, const uint8_t *in,
                     size_t len, uint8_t *out)
{
    return prefix_len ? aes_cm_crypt_behind(&cipher->cm, iv, prefix_len, in, len, out)
                      : aes_cm_crypt(&cipher->cm, iv, in, len, out);
}

static bool crypt_rtp(keyed_cipher *cipher, uint8_t prefix_len, const rtp_packet *packet, uint32_t roc,
                      const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t iv[AES_CM_IV_LEN];

    if (cipher->kind == SRTP_CIPHER_AES_F8) {
        aes_f8_rtp_iv(iv, packet->data, roc);
        return aes_f8_crypt(&cipher->f8, iv, in, len, out);
    }
    aes_cm_iv(iv, cipher->salt, packet->ssrc, (uint64_t)roc << 16 | packet->seq);
    return crypt_cm(cipher, iv, prefix_len, in, len, out);
}

bool srtp_session_decrypt_rtp(srtp_session *session, const rtp_packet *packet, uint32_t roc, const uint8_t *in,
                              size_t len, uint8_t *out)
{
    if (session->master->transform.cipher == SRTP_CIPHER_NULL) {
        memcpy(out, in, len);
        return true;
    }
    return need_payload_cipher(session) &&
           crypt_rtp(&session->payload, session->master->transform.prefix_len, packet, roc, in, len, out);
}

bool srtp_session_decrypt_rtcp(srtp_session *session, const uint8_t *packet, uint32_t e_index, const uint8_t *in,
                               size_t len, uint8_t *out)
{
    uint8_t iv[AES_CM_IV_LEN];

    if (session->master->transform.cipher == SRTP_CIPHER_NULL) {
        memcpy(out, in, len);
        return true;
    }
    if (!need_payload_cipher(session))
        return false;
    if (session->payload.kind == SRTP_CIPHER_AES_F8) {
        aes_f8_rtcp_iv(iv, packet, e_index);
        return aes_f8_crypt(&session->payload.f8, iv, in, len, out);
    }
    aes_cm_iv(iv, session->payload.salt, octets_u32(packet + 4), e_index & 0x7fffffff);
    return crypt_cm(&session->payload, iv, session->master->transform.prefix_len, in, len, out);
}

aes_gcm_result srtp_session_open_rtp(srtp_session *session, const rtp_packet *packet, uint32_t roc,
                                     aes_gcm_message *message, uint8_t *out)
{
    if (!need_payload_cipher(session))
        return AES_GCM_ERROR;
    aes_gcm_rtp_iv(message->iv, session->payload.salt, packet->ssrc, roc, packet->seq);
    return aes_gcm_open(&session->payload.gcm, message, out);
}

aes_gcm_result srtp_session_open_rtcp(srtp_session *session, const uint8_t *packet, uint32_t index,
                                      aes_gcm_message *message, uint8_t *out)
{
    if (!need_payload_cipher(session))
        return AES_GCM_ERROR;
    aes_gcm_rtcp_iv(message->iv, session->payload.salt, octets_u32(packet + 4), index);
    return aes_gcm_open(&session->payload.gcm, message, out);
}

/* RFC 6904 section 3.1 takes the keystream over the extension's whole body and masks it; deciphering the whole body and
 * putting back what the mask leaves alone comes to the same, and needs no room for a keystream. */
bool srtp_session_decrypt_extension(srtp_session *session, const rtp_packet *packet, uint32_t roc,
                                    const uint8_t *encrypted_ids, bool padding_takes_keystream, uint8_t *out)
{
    const uint8_t *received = packet->data + packet->ext_offset;
    const uint16_t profile = packet->ext_profile;
    const size_t len = packet->ext_len;

    if (session->master->transform.cipher == SRTP_CIPHER_NULL) {
        memcpy(out, received, len);
        return true;
    }
    if (!need_extension_cipher(session))
        return false;
    if (padding_takes_keystream) {
        if (!crypt_rtp(&session->extension, 0, packet, roc, received, len, out))
            return false;
        header_extension_restore_clear(profile, received, len, encrypted_ids, out);
        return true;
    }
    const size_t begin = header_extension_gather(profile, received, len, out);
    if (begin < len && !crypt_rtp(&session->extension, 0, packet, roc, out + begin, len - begin, out + begin))
        return false;
    header_extension_spread(profile, received, len, encrypted_ids, begin, out);
    return true;
}

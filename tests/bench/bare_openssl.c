#include "bare_openssl.h"

#include "keys/srtp_kdf.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <string.h>

struct bare_session {
    srtp_transform transform;
    EVP_CIPHER_CTX *cipher;
    EVP_MD_CTX *inner;
    EVP_MD_CTX *outer;
    EVP_MD_CTX *work;
    uint8_t salt[SRTP_MAX_SALT_LEN];
};

static void derive(const srtp_master_key *key, srtp_kdf_variant kdf, srtp_kdf_label label, uint8_t *out, size_t len)
{
    uint8_t joined[SRTP_MAX_KEY_LEN + SRTP_MAX_SALT_LEN] = { 0 };
    size_t key_len = key->transform.key_len;
    const size_t salt_len = key->transform.salt_len;

    memcpy(joined, key->key, key_len);
    memcpy(joined + key_len, key->salt, salt_len);
    const bool as_256 = kdf == SRTP_KDF_AES192_AS_256 && key_len == 24;
    if (as_256)
        key_len = 32;
    g_assert_true(srtp_kdf(joined, key_len, joined + key_len, as_256 ? SRTP_MAX_SALT_LEN : salt_len, label, 0, out,
                           len));
}

static EVP_MD_CTX *new_padded_sha1(const uint8_t key[SRTP_AUTH_KEY_LEN], uint8_t pad)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t block[64];

    memset(block, pad, sizeof block);
    for (size_t i = 0; i < SRTP_AUTH_KEY_LEN; i++)
        block[i] ^= key[i];
    g_assert_true(EVP_DigestInit_ex2(digest, EVP_sha1(), NULL) && EVP_DigestUpdate(digest, block, sizeof block));
    return digest;
}

bare_session *bare_session_new(const srtp_master_key *key, srtp_kdf_variant kdf)
{
    bare_session *session = g_new0(bare_session, 1);
    uint8_t k_e[SRTP_MAX_KEY_LEN], k_a[SRTP_AUTH_KEY_LEN];

    session->transform = key->transform;
    derive(key, kdf, SRTP_LABEL_RTP_ENCRYPTION, k_e, key->transform.key_len);
    derive(key, kdf, SRTP_LABEL_RTP_AUTH, k_a, sizeof k_a);
    derive(key, kdf, SRTP_LABEL_RTP_SALT, session->salt, key->transform.auth == SRTP_AUTH_AEAD ? 12 : 14);
    session->inner = new_padded_sha1(k_a, 0x36);
    session->outer = new_padded_sha1(k_a, 0x5c);
    session->work = EVP_MD_CTX_new();
    if (key->transform.cipher != SRTP_CIPHER_NULL) {
        char *name = g_strdup_printf("AES-%d-%s", 8 * key->transform.key_len,
                                     key->transform.cipher == SRTP_CIPHER_AES_GCM ? "GCM" : "CTR");
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
        session->cipher = EVP_CIPHER_CTX_new();
        g_assert_true(EVP_DecryptInit_ex2(session->cipher, cipher, k_e, NULL, NULL));
        EVP_CIPHER_free(cipher);
        g_free(name);
    }
    return session;
}

void bare_session_free(bare_session *session)
{
    EVP_CIPHER_CTX_free(session->cipher);
    EVP_MD_CTX_free(session->inner);
    EVP_MD_CTX_free(session->outer);
    EVP_MD_CTX_free(session->work);
    g_free(session);
}

void bare_session_prepare(const bare_session *session, bare_packet *packet)
{
    const size_t shift = session->transform.auth == SRTP_AUTH_AEAD ? 2 : 0; /* GCM's IV begins two octets later */
    uint8_t iv[18] = { 0 };

    for (size_t i = 0; i < 4; i++) {
        iv[4 + i] = packet->data[8 + i];
        iv[8 + i] = (uint8_t)(packet->roc >> 8 * (3 - i));
    }
    memcpy(iv + 12, packet->data + 2, 2);
    for (size_t i = 0; i < SRTP_MAX_SALT_LEN; i++)
        iv[shift + i] ^= session->salt[i];
    memcpy(packet->iv, iv + shift, sizeof packet->iv);
}

static bool open_gcm(bare_session *session, const bare_packet *packet, uint8_t *out)
{
    const uint8_t *payload = packet->data + packet->header_len;
    int written;

    return EVP_DecryptInit_ex2(session->cipher, NULL, NULL, packet->iv, NULL) &&
           EVP_DecryptUpdate(session->cipher, NULL, &written, packet->data, (int)packet->header_len) &&
           EVP_DecryptUpdate(session->cipher, out, &written, payload, (int)packet->payload_len) &&
           EVP_CIPHER_CTX_ctrl(session->cipher, EVP_CTRL_AEAD_SET_TAG, session->transform.srtp_tag_len,
                               (void *)(payload + packet->payload_len)) &&
           EVP_DecryptFinal_ex(session->cipher, out, &written);
}

bool bare_session_open(bare_session *session, const bare_packet *packet, uint8_t *out)
{
    const size_t len = packet->header_len + packet->payload_len;
    const uint8_t roc[4] = { (uint8_t)(packet->roc >> 24), (uint8_t)(packet->roc >> 16), (uint8_t)(packet->roc >> 8),
                             (uint8_t)packet->roc };
    uint8_t tag[20];
    int written;

    if (session->transform.auth == SRTP_AUTH_AEAD)
        return open_gcm(session, packet, out);
    if (session->transform.srtp_tag_len > 0) {
        const bool ok = EVP_MD_CTX_copy_ex(session->work, session->inner) &&
                        EVP_DigestUpdate(session->work, packet->data, len) &&
                        EVP_DigestUpdate(session->work, roc, sizeof roc) &&
                        EVP_DigestFinal_ex(session->work, tag, NULL) &&
                        EVP_MD_CTX_copy_ex(session->work, session->outer) &&
                        EVP_DigestUpdate(session->work, tag, sizeof tag) &&
                        EVP_DigestFinal_ex(session->work, tag, NULL);
        if (!ok || CRYPTO_memcmp(tag, packet->data + len, session->transform.srtp_tag_len) != 0)
            return false;
    }
    return !session->cipher ||
           (EVP_DecryptInit_ex2(session->cipher, NULL, NULL, packet->iv, NULL) &&
            EVP_DecryptUpdate(session->cipher, out, &written, packet->data + packet->header_len,
                              (int)packet->payload_len));
}

#include "keys/srtp_context.h"

#include "ciphers/octets.h"
#include "keys/srtp_session.h"

#include <glib.h>
#include <openssl/crypto.h>

#include <string.h>

#define KDF_VARIANTS 2
#define PROTOCOLS 2
#define AES_192_KEY_LEN 24
#define ESRTCP_WORD_LEN 4
#define E_BIT 0x80000000u

struct srtp_context {
    srtp_master_key key;
    /* The two most recent r, the last one used first: around a derivation boundary packets out of order alternate
     * between two sets of keys. Without a derivation rate there is only ever the first. */
    srtp_session *recent[KDF_VARIANTS][PROTOCOLS][2];
};

/* One packet, cut up. cut_rtp and cut_rtcp draw where the parts lie. */
typedef struct {
    size_t payload_offset; /* also where the plaintext begins in out[] */
    size_t payload_end;
    const uint8_t *mki;
    const uint8_t *tag;
} packet_parts;

static bool transform_is_supported(const srtp_transform *t)
{
    const bool aes_key = t->key_len == 16 || t->key_len == AES_192_KEY_LEN || t->key_len == 32;

    if (t->srtp_tag_len > SRTP_MAX_TAG_LEN || t->srtcp_tag_len > SRTP_MAX_TAG_LEN ||
        t->auth_key_len > SRTP_MAX_AUTH_KEY_LEN || (t->prefix_len && t->cipher != SRTP_CIPHER_AES_CM))
        return false;
    switch (t->cipher) {
    case SRTP_CIPHER_NULL:
        return t->auth == SRTP_AUTH_NULL ||
               (t->auth == SRTP_AUTH_HMAC_SHA1 && aes_key && t->salt_len <= SRTP_MAX_SALT_LEN);
    case SRTP_CIPHER_AES_CM:
    case SRTP_CIPHER_AES_F8:
        return t->auth != SRTP_AUTH_AEAD && aes_key && t->salt_len <= SRTP_MAX_SALT_LEN;
    case SRTP_CIPHER_AES_GCM: /* RFC 7714 names no AES-192 */
        return t->auth == SRTP_AUTH_AEAD && aes_key && t->key_len != AES_192_KEY_LEN &&
               t->salt_len == AES_GCM_SALT_LEN;
    case SRTP_CIPHER_SEED:
        break;
    }
    return false;
}

srtp_context *srtp_context_new(const srtp_master_key *key)
{
    if (!transform_is_supported(&key->transform) || key->mki_len > SRTP_MAX_MKI_LEN)
        return NULL;
    srtp_context *context = g_new0(srtp_context, 1);
    context->key = *key;
    return context;
}

void srtp_context_free(srtp_context *context)
{
    if (!context)
        return;
    for (size_t kdf = 0; kdf < KDF_VARIANTS; kdf++)
        for (size_t protocol = 0; protocol < PROTOCOLS; protocol++)
            for (size_t i = 0; i < 2; i++)
                srtp_session_free(context->recent[kdf][protocol][i]);
    OPENSSL_cleanse(context, sizeof *context);
    g_free(context);
}

const srtp_master_key *srtp_context_key(const srtp_context *context)
{
    return &context->key;
}

/* The session of the packet with `index`: 48 bits for SRTP, and for SRTCP its 31 bits extended with zeros. */
static srtp_session *session_for(srtp_context *context, srtp_kdf_variant kdf, srtp_protocol protocol, uint64_t index)
{
    const uint64_t r = context->key.kdr ? index / context->key.kdr : 0;
    if (context->key.transform.key_len != AES_192_KEY_LEN)
        kdf = SRTP_KDF_RFC; /* the variants differ for AES-192 alone */
    srtp_session **recent = context->recent[kdf][protocol];

    if (recent[0] && srtp_session_r(recent[0]) == r)
        return recent[0];
    srtp_session *before_last = recent[1];
    recent[1] = recent[0];
    recent[0] = before_last;
    if (!recent[0] || srtp_session_r(recent[0]) != r) {
        srtp_session_free(recent[0]);
        recent[0] = srtp_session_new(&context->key, kdf, protocol, r);
    }
    return recent[0];
}

/* An AEAD packet has always a tag, and a tag needs an algorithm: other readings are no packets of this transform. */
static bool tag_len_is_possible(const srtp_transform *transform, uint8_t tag_len)
{
    switch (transform->auth) {
    case SRTP_AUTH_AEAD:
        return aes_gcm_tag_len_is_valid(tag_len);
    case SRTP_AUTH_HMAC_SHA1:
        return tag_len <= HMAC_SHA1_LEN;
    case SRTP_AUTH_NULL:
        break;
    }
    return tag_len == 0;
}

/* An MKI of another length than the key's cannot be compared with it; there the tag alone decides. */
static bool mki_is_ours(const srtp_master_key *key, const srtp_reading *reading, const uint8_t *mki)
{
    return reading->mki_len != key->mki_len || memcmp(mki, key->mki, key->mki_len) == 0;
}

static srtp_open_result verify_hmac(srtp_session *session, const srtp_reading *reading, const packet_parts *parts,
                                    const uint8_t *data, size_t len, const uint8_t *rest, size_t rest_len)
{
    uint8_t tag[HMAC_SHA1_LEN];

    if (reading->tag_len == 0)
        return SRTP_OPEN_OK;
    if (!srtp_session_tag(session, data, len, rest, rest_len, tag))
        return SRTP_OPEN_ERROR;
    return CRYPTO_memcmp(tag, parts->tag, reading->tag_len) == 0 ? SRTP_OPEN_OK : SRTP_OPEN_TAG_MISMATCH;
}

static srtp_open_result result_of(aes_gcm_result result)
{
    switch (result) {
    case AES_GCM_OPENED:
        return SRTP_OPEN_OK;
    case AES_GCM_FORGED:
        return SRTP_OPEN_TAG_MISMATCH;
    case AES_GCM_ERROR:
        break;
    }
    return SRTP_OPEN_ERROR;
}

/* RFC 3711 section 3.1:   | header | payload | MKI | tag |
 * RFC 7714 section 8.2:   | header | payload | tag | MKI |
 */
static bool cut_rtp(packet_parts *parts, const srtp_context *context, const srtp_reading *reading,
                    const rtp_packet *packet)
{
    const size_t trailer_len = (size_t)reading->mki_len + reading->tag_len;
    if (packet->len < packet->header_len + trailer_len)
        return false;

    const bool aead = context->key.transform.auth == SRTP_AUTH_AEAD;
    const uint8_t *trailer = packet->data + packet->len - trailer_len;
    *parts = (packet_parts) {
        .payload_offset = packet->header_len,
        .payload_end = packet->len - trailer_len,
        .mki = aead ? trailer + reading->tag_len : trailer,
        .tag = aead ? trailer : trailer + reading->mki_len,
    };
    return true;
}

static srtp_open_result open_rtp_hmac(srtp_session *session, const srtp_reading *reading, const rtp_packet *packet,
                                      const packet_parts *parts, uint32_t roc, uint8_t *out)
{
    const uint8_t *payload = packet->data + parts->payload_offset;
    const size_t payload_len = parts->payload_end - parts->payload_offset;

    if (reading->verify) {
        /* The authenticated portion is followed by the ROC, which is not sent (RFC 3711 section 4.2). */
        uint8_t roc_octets[4];
        octets_put_u32(roc_octets, roc);
        const srtp_open_result verdict = verify_hmac(session, reading, parts, packet->data, parts->payload_end,
                                                     roc_octets, sizeof roc_octets);
        if (verdict != SRTP_OPEN_OK)
            return verdict;
    }
    if (reading->clear)
        memcpy(out, payload, payload_len);
    else if (!srtp_session_decrypt_rtp(session, packet, roc, payload, payload_len, out))
        return SRTP_OPEN_ERROR;
    return SRTP_OPEN_OK;
}

/* The associated data is the header. RFC 7714 provides for SRTP always encrypted; where the payload stands in the clear
 * (UNENCRYPTED_SRTP) we read the whole packet as associated data with an empty plaintext, as section 9.3 does for
 * SRTCP without E bit and the examples of section 16.1.3 and 16.2.3 for SRTP. */
static srtp_open_result open_rtp_aead(srtp_session *session, const srtp_reading *reading, const rtp_packet *packet,
                                      const packet_parts *parts, uint32_t roc, uint8_t *out)
{
    const uint8_t *payload = packet->data + parts->payload_offset;
    const size_t payload_len = parts->payload_end - parts->payload_offset;
    aes_gcm_message message = {
        .aad = packet->data,
        .aad_len = reading->clear ? parts->payload_end : parts->payload_offset,
        .in = payload,
        .in_len = reading->clear ? 0 : payload_len,
        .tag = reading->verify ? parts->tag : NULL,
        .tag_len = reading->tag_len,
    };
    const srtp_open_result result = result_of(srtp_session_open_rtp(session, packet, roc, &message, out));
    if (result == SRTP_OPEN_OK && reading->clear)
        memcpy(out, payload, payload_len);
    return result;
}

srtp_open_result srtp_context_open_rtp(srtp_context *context, const srtp_reading *reading, const rtp_packet *packet,
                                       uint32_t roc, uint8_t *out, size_t *out_len)
{
    const srtp_transform *transform = &context->key.transform;
    packet_parts parts;

    if (!tag_len_is_possible(transform, reading->tag_len))
        return SRTP_OPEN_ERROR;
    if (!cut_rtp(&parts, context, reading, packet))
        return SRTP_OPEN_TOO_SHORT;
    if (reading->verify && !mki_is_ours(&context->key, reading, parts.mki))
        return SRTP_OPEN_MKI_MISMATCH;

    srtp_session *session = session_for(context, reading->kdf, SRTP_PROTOCOL_RTP, (uint64_t)roc << 16 | packet->seq);
    uint8_t *plaintext = out + parts.payload_offset;
    const srtp_open_result result = transform->auth == SRTP_AUTH_AEAD
        ? open_rtp_aead(session, reading, packet, &parts, roc, plaintext)
        : open_rtp_hmac(session, reading, packet, &parts, roc, plaintext);
    if (result != SRTP_OPEN_OK)
        return result;

    /* The header extension is authenticated as it was sent, hence deciphered last. Where the payload has no encryption
     * its elements have none either (RFC 6904 section 3, of the NULL cipher; so libsrtp2 without confidentiality). */
    memcpy(out, packet->data, parts.payload_offset);
    if (reading->encrypted_extensions && !reading->clear && packet->ext_len > 0 &&
        !srtp_session_decrypt_extension(session, packet, roc, reading->encrypted_extensions,
                                        reading->padding_takes_keystream, out + packet->ext_offset))
        return SRTP_OPEN_ERROR;
    *out_len = parts.payload_end;
    return SRTP_OPEN_OK;
}

/* RFC 3711 section 3.4:   | header 8 | payload | E, index | MKI | tag |
 * RFC 7714 section 9.2:   | header 8 | payload | tag | E, index | MKI |
 */
static bool cut_rtcp(packet_parts *parts, const srtp_context *context, const srtp_reading *reading,
                     const uint8_t *data, size_t len, const uint8_t **esrtcp_word)
{
    const size_t trailer_len = (size_t)ESRTCP_WORD_LEN + reading->mki_len + reading->tag_len;
    if (len < RTCP_HEADER_LEN + trailer_len)
        return false;

    const bool aead = context->key.transform.auth == SRTP_AUTH_AEAD;
    const uint8_t *trailer = data + len - trailer_len;
    *esrtcp_word = aead ? trailer + reading->tag_len : trailer;
    *parts = (packet_parts) {
        .payload_offset = RTCP_HEADER_LEN,
        .payload_end = len - trailer_len,
        .mki = *esrtcp_word + ESRTCP_WORD_LEN,
        .tag = aead ? trailer : trailer + ESRTCP_WORD_LEN + reading->mki_len,
    };
    return true;
}

static srtp_open_result open_rtcp_hmac(srtp_session *session, const srtp_reading *reading, const uint8_t *data,
                                       const packet_parts *parts, uint32_t e_index, uint8_t *out)
{
    const uint8_t *payload = data + parts->payload_offset;
    const size_t payload_len = parts->payload_end - parts->payload_offset;

    if (reading->verify) {
        const srtp_open_result verdict = verify_hmac(session, reading, parts, data,
                                                     parts->payload_end + ESRTCP_WORD_LEN, NULL, 0);
        if (verdict != SRTP_OPEN_OK)
            return verdict;
    }
    if (!(e_index & E_BIT))
        memcpy(out, payload, payload_len);
    else if (!srtp_session_decrypt_rtcp(session, data, e_index, payload, payload_len, out))
        return SRTP_OPEN_ERROR;
    return SRTP_OPEN_OK;
}

/* The associated data is the header, or without E bit all that is sent, and then the word of E bit and index (RFC 7714
 * section 9.2 and 9.3). */
static srtp_open_result open_rtcp_aead(srtp_session *session, const srtp_reading *reading, const uint8_t *data,
                                       const packet_parts *parts, const uint8_t *esrtcp_word, uint8_t *out)
{
    const uint32_t e_index = octets_u32(esrtcp_word);
    const bool encrypted = e_index & E_BIT;
    const uint8_t *payload = data + parts->payload_offset;
    const size_t payload_len = parts->payload_end - parts->payload_offset;
    aes_gcm_message message = {
        .aad = data,
        .aad_len = encrypted ? parts->payload_offset : parts->payload_end,
        .aad_rest = esrtcp_word,
        .aad_rest_len = ESRTCP_WORD_LEN,
        .in = payload,
        .in_len = encrypted ? payload_len : 0,
        .tag = reading->verify ? parts->tag : NULL,
        .tag_len = reading->tag_len,
    };
    const srtp_open_result result =
        result_of(srtp_session_open_rtcp(session, data, e_index & ~E_BIT, &message, out));
    if (result == SRTP_OPEN_OK && !encrypted)
        memcpy(out, payload, payload_len);
    return result;
}

srtp_open_result srtp_context_open_rtcp(srtp_context *context, const srtp_reading *reading, const uint8_t *data,
                                        size_t len, uint8_t *out, size_t *out_len, uint32_t *index, bool *encrypted)
{
    const srtp_transform *transform = &context->key.transform;
    const uint8_t *esrtcp_word;
    packet_parts parts;

    *index = 0;
    *encrypted = false;
    if (!tag_len_is_possible(transform, reading->tag_len))
        return SRTP_OPEN_ERROR;
    if (!cut_rtcp(&parts, context, reading, data, len, &esrtcp_word))
        return SRTP_OPEN_TOO_SHORT;

    const uint32_t e_index = octets_u32(esrtcp_word);
    *index = e_index & ~E_BIT;
    *encrypted = e_index & E_BIT;
    if (reading->verify && !mki_is_ours(&context->key, reading, parts.mki))
        return SRTP_OPEN_MKI_MISMATCH;

    srtp_session *session = session_for(context, reading->kdf, SRTP_PROTOCOL_RTCP, *index);
    uint8_t *plaintext = out + parts.payload_offset;
    const srtp_open_result result = transform->auth == SRTP_AUTH_AEAD
        ? open_rtcp_aead(session, reading, data, &parts, esrtcp_word, plaintext)
        : open_rtcp_hmac(session, reading, data, &parts, e_index, plaintext);
    if (result != SRTP_OPEN_OK)
        return result;
    memcpy(out, data, parts.payload_offset);
    *out_len = parts.payload_end;
    return SRTP_OPEN_OK;
}

/* The OpenSSL calls that do a packet's work, ciphers as its manual shows and HMAC the quicker way over EVP_MD, and
 * nothing else: keys set, IVs known and parts found beforehand. */
#ifndef D2DSEC_TESTS_BARE_OPENSSL_H
#define D2DSEC_TESTS_BARE_OPENSSL_H

#include "keys/srtp_context.h"

typedef struct bare_session bare_session;

/* One sealed packet without MKI: header, payload and tag. */
typedef struct {
    uint8_t iv[16];
    const uint8_t *data;
    size_t header_len;
    size_t payload_len;
    uint32_t roc;
} bare_packet;

bare_session *bare_session_new(const srtp_master_key *key, srtp_kdf_variant kdf);
void bare_session_free(bare_session *session);

/* Works out packet->iv from the header. */
void bare_session_prepare(const bare_session *session, bare_packet *packet);

/* Whether the tag is right; out[] receives the payload. */
bool bare_session_open(bare_session *session, const bare_packet *packet, uint8_t *out);

#endif

/* The session keys that one master key gives for one protocol and one r = index DIV kdr, and the ciphers that hold
 * them. A part of srtp_context. Each key is derived when it is first needed: a candidate key that fails the
 * authentication tag has cost one derivation, not three.
 */
#ifndef D2DSEC_KEYS_SRTP_SESSION_H
#define D2DSEC_KEYS_SRTP_SESSION_H

#include "ciphers/aes_gcm.h"
#include "ciphers/hmac_sha1.h"
#include "keys/srtp_context.h"
#include "keys/srtp_kdf.h"

typedef enum { SRTP_PROTOCOL_RTP, SRTP_PROTOCOL_RTCP } srtp_protocol;

typedef struct srtp_session srtp_session;

/* srtp_kdf under a master key, as `kdf` has it. */
bool srtp_session_derive(const srtp_master_key *master, srtp_kdf_variant kdf, srtp_kdf_label label, uint64_t r, uint8_t *out,
                         size_t len);

/* Borrows `master`, which must outlive the session. SRTP_KDF_AES192_AS_256 is for master keys of 24 octets only. */
srtp_session *srtp_session_new(const srtp_master_key *master, srtp_kdf_variant kdf, srtp_protocol protocol, uint64_t r);

/* Cleanses and frees. NULL is allowed. */
void srtp_session_free(srtp_session *session);

uint64_t srtp_session_r(const srtp_session *session);

/* HMAC suites: the whole tag of data[0..len) followed by rest[0..rest_len). */
bool srtp_session_tag(srtp_session *session, const uint8_t *data, size_t len, const uint8_t *rest, size_t rest_len,
                      uint8_t tag[HMAC_SHA1_LEN]);

/* Suites without AEAD: decrypts a part of the packet, from the first octet of the keystream on. The NULL cipher copies.
 * e_index: E bit and index as in the trailer. */
bool srtp_session_decrypt_rtp(srtp_session *session, const rtp_packet *packet, uint32_t roc, const uint8_t *in,
                              size_t len, uint8_t *out);
bool srtp_session_decrypt_rtcp(srtp_session *session, const uint8_t *packet, uint32_t e_index, const uint8_t *in,
                               size_t len, uint8_t *out);

/* AEAD suites: opens `message`, whose IV is filled in here. */
aes_gcm_result srtp_session_open_rtp(srtp_session *session, const rtp_packet *packet, uint32_t roc,
                                     aes_gcm_message *message, uint8_t *out);
aes_gcm_result srtp_session_open_rtcp(srtp_session *session, const uint8_t *packet, uint32_t index,
                                      aes_gcm_message *message, uint8_t *out);

/* Decrypts those elements of the packet's header extension that `encrypted_ids` names (RFC 6904); out[0..ext_len). */
bool srtp_session_decrypt_extension(srtp_session *session, const rtp_packet *packet, uint32_t roc,
                                    const uint8_t *encrypted_ids, bool padding_takes_keystream, uint8_t *out);

#endif

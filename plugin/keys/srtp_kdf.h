/* SRTP session key derivation (RFC 3711 section 4.3, RFC 6188 section 3, RFC 7714 section 11). */
#ifndef D2DSEC_KEYS_SRTP_KDF_H
#define D2DSEC_KEYS_SRTP_KDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    SRTP_LABEL_RTP_ENCRYPTION = 0,
    SRTP_LABEL_RTP_AUTH = 1,
    SRTP_LABEL_RTP_SALT = 2,
    SRTP_LABEL_RTCP_ENCRYPTION = 3,
    SRTP_LABEL_RTCP_AUTH = 4,
    SRTP_LABEL_RTCP_SALT = 5,
    SRTP_LABEL_EXTENSION_ENCRYPTION = 6, /* RFC 6904 */
    SRTP_LABEL_EXTENSION_SALT = 7,
} srtp_kdf_label;

/* Fills out[0..out_len) with the session key that `label` names.
 * master_key: 16, 24 or 32 octets, the AES key of the PRF. master_salt: salt_len octets (at most 14), completed with
 * zero octets on the right. r: index DIV kdr, 48 bits, 0 when kdr is 0. False: the crypto library refused. */
bool srtp_kdf(const uint8_t *master_key, size_t key_len, const uint8_t *master_salt, size_t salt_len,
              srtp_kdf_label label, uint64_t r, uint8_t *out, size_t out_len);

#endif

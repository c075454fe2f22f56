/* One SRTP master key at work: session keys derived from it (RFC 3711 section 4.3) and the ciphers that
 * hold them. It knows nothing of streams, rollover counters or replay: the caller names the index.
 */
#ifndef D2DSEC_KEYS_SRTP_CONTEXT_H
#define D2DSEC_KEYS_SRTP_CONTEXT_H

#include "ciphers/crypto_suite.h"
#include "ciphers/rtp_packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A master key with all that came with it. */
typedef struct {
    srtp_transform transform;
    uint8_t key[SRTP_MAX_KEY_LEN];
    uint8_t salt[SRTP_MAX_SALT_LEN];
    uint8_t mki[SRTP_MAX_MKI_LEN]; /* as it stands in the packet */
    uint8_t mki_len;               /* 0: packets carry no MKI */
    uint32_t kdr;                  /* key derivation rate in packets, 0 or a power of two up to 2^24 */
    bool unencrypted_srtp;         /* RFC 4568 section 6.3.2 */
    bool unencrypted_srtcp;
    bool unauthenticated_srtp;     /* RFC 4568 section 6.3.3 */
} srtp_master_key;

/* How session keys follow from the master key. The second is a known departure of libsrtp up to 2.7 and of pjsip with it:
 * for 24-octet master keys they run the AES-256 PRF over key, salt and 8 zero octets. */
typedef enum { SRTP_KDF_RFC, SRTP_KDF_AES192_AS_256 } srtp_kdf_variant;

typedef struct srtp_context srtp_context;

typedef enum {
    SRTP_OPEN_OK,
    SRTP_OPEN_TAG_MISMATCH,
    SRTP_OPEN_MKI_MISMATCH, /* the packet names another key */
    SRTP_OPEN_TOO_SHORT,    /* no room for header, MKI and tag */
    SRTP_OPEN_ERROR,        /* the crypto library refused */
} srtp_open_result;

/* How to read one packet. */
typedef struct {
    srtp_kdf_variant kdf;
    uint8_t tag_len;    /* octets on the wire; callers start from the transform's, 0 means none */
    uint8_t mki_len;    /* octets on the wire; callers start from the key's */
    bool verify;        /* check tag and MKI; false once an earlier pass has done so */
    bool clear;         /* payload and header extension stand unencrypted (UNENCRYPTED_SRTP); for SRTCP the E bit
                           decides */
    const uint8_t *encrypted_extensions; /* RFC 6904: bit i of this 256-bit map (octet i/8, bit i%8) set: the
                                            header extension element with ID i is encrypted. NULL: none */
    bool padding_takes_keystream; /* of an encrypted extension, as RFC 6904 has it; libsrtp passes padding over */
} srtp_reading;

/* Takes a copy of `key`. Sessions are derived when first used. NULL: the transform is not supported. */
srtp_context *srtp_context_new(const srtp_master_key *key);

/* Cleanses and frees. NULL is allowed. */
void srtp_context_free(srtp_context *context);

const srtp_master_key *srtp_context_key(const srtp_context *context);

/* Authenticates and decrypts one SRTP packet whose rollover counter is `roc` (RFC 3711 section 3.3, RFC 7714
 * section 8). out[0..packet->len) must be writable; on success it holds header and plaintext, padding included, MKI
 * and tag removed, and *out_len their length. Nothing is allocated but at first use of a session key. */
srtp_open_result srtp_context_open_rtp(srtp_context *context, const srtp_reading *reading, const rtp_packet *packet,
                                       uint32_t roc, uint8_t *out, size_t *out_len);

/* The same for one SRTCP packet (RFC 3711 section 3.4, RFC 7714 section 9). *index receives the 31-bit SRTCP index
 * and *encrypted the E bit, both read from the trailer. */
srtp_open_result srtp_context_open_rtcp(srtp_context *context, const srtp_reading *reading, const uint8_t *data,
                                        size_t len, uint8_t *out, size_t *out_len, uint32_t *index, bool *encrypted);

#endif

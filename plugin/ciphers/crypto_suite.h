/* The SRTP crypto suites an SDES `a=crypto` line can name, and what each one fixes.
 *
 * RFC 4568 section 6.2, RFC 6188 section 4, RFC 7714 section 14.1, RFC 5669 section 4,
 * and the unregistered tokens that deployed user agents send.
 */
#ifndef D2DSEC_CIPHERS_CRYPTO_SUITE_H
#define D2DSEC_CIPHERS_CRYPTO_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SRTP_MAX_KEY_LEN 32
#define SRTP_MAX_SALT_LEN 14
#define SRTP_AUTH_KEY_LEN 20     /* session authentication key of every suite (RFC 3711 section 5.2) */
#define SRTP_MAX_AUTH_KEY_LEN 64 /* a longer one, HMAC-SHA-1 would hash first (RFC 2104 section 2) */
#define SRTP_MAX_TAG_LEN 20
#define SRTP_MAX_MKI_LEN 128

typedef enum {
    SRTP_CIPHER_NULL,
    SRTP_CIPHER_AES_CM,  /* RFC 3711 section 4.1.1, RFC 6188 */
    SRTP_CIPHER_AES_F8,  /* RFC 3711 section 4.1.2 */
    SRTP_CIPHER_AES_GCM, /* RFC 7714 */
    SRTP_CIPHER_SEED,    /* RFC 5669: recognised by name, not decrypted */
} srtp_cipher;

typedef enum {
    SRTP_AUTH_NULL,
    SRTP_AUTH_HMAC_SHA1, /* RFC 3711 section 4.2.1 */
    SRTP_AUTH_AEAD,      /* the cipher's own tag */
} srtp_auth;

/* What transforms a packet: everything but the key. All lengths in octets. */
typedef struct {
    srtp_cipher cipher;
    srtp_auth auth;
    uint8_t key_len;       /* master key and session encryption key */
    uint8_t salt_len;      /* master salt as it stands beside the key; 12 for GCM */
    uint8_t srtp_tag_len;
    uint8_t srtcp_tag_len;
    uint8_t auth_key_len;  /* session authentication key; 0: SRTP_AUTH_KEY_LEN */
    uint8_t prefix_len;    /* SRTP_PREFIX_LENGTH (RFC 3711 section 4.1): so much of each keystream is left out; AES-CM alone */
} srtp_transform;

static inline bool srtp_transform_equal(const srtp_transform *a, const srtp_transform *b)
{
    return a->cipher == b->cipher && a->auth == b->auth && a->key_len == b->key_len && a->salt_len == b->salt_len &&
           a->srtp_tag_len == b->srtp_tag_len && a->srtcp_tag_len == b->srtcp_tag_len && a->auth_key_len == b->auth_key_len &&
           a->prefix_len == b->prefix_len;
}

typedef struct {
    const char *name;          /* the token as registered, or as first seen in the field */
    srtp_transform transform;
    bool registered;           /* stands in the IANA registry sdp-security-descriptions */
    bool supported;            /* this library decrypts it */
} crypto_suite;

/* The suite that a token of `len` octets names, compared without regard to case and through the
 * known alternative spellings (AES_CM_256_..., AES_256_CM_...). NULL: unknown. The result is static. */
const crypto_suite *crypto_suite_by_name(const char *token, size_t len);

/* The suite that stands for a transform: that of its cipher, authentication, key, salt and SRTP tag. What else a policy may choose is
 * no matter of a suite's name. NULL: there is none. The result is static. */
const crypto_suite *crypto_suite_by_transform(const srtp_transform *transform);

/* Every suite in table order; *count receives their number. The result is static. */
const crypto_suite *crypto_suites(size_t *count);

#endif

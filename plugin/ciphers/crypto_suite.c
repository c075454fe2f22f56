#include "ciphers/crypto_suite.h"

#include <string.h>

/* The suites differ in four things only; a row names them and the macros supply what follows from them. */
#define HMAC_SUITE(token, cipher, key, srtp_tag, srtcp_tag, is_registered) \
    { token, { cipher, SRTP_AUTH_HMAC_SHA1, key, 14, srtp_tag, srtcp_tag, 0, 0 }, is_registered, true }

/* RFC 7714 section 10 fixes a tag of 16 octets; the drafts before it had 8 and 12. AEAD tags have one length for
 * SRTP and SRTCP: the shortening of the `_32` suites, which spares SRTCP, is an affair of HMAC. */
#define GCM_SUITE(token, key, tag, is_registered) \
    { token, { SRTP_CIPHER_AES_GCM, SRTP_AUTH_AEAD, key, 12, tag, tag, 0, 0 }, is_registered, true }

/* RFC 5669 does not state the master salt of the SEED suites; 14 is that of the suites they are modelled on. */
#define SEED_SUITE(token, auth, tag) { token, { SRTP_CIPHER_SEED, auth, 16, 14, tag, tag, 0, 0 }, true, false }

/* SRTCP keeps its tag of 80 bits in every `_32` suite (RFC 4568 section 6.2.2, RFC 6188 section 4), and it has one even
 * where SRTP has none, its authentication being mandatory (RFC 3711 section 3.4). */
static const crypto_suite SUITES[] = {
    HMAC_SUITE("AES_CM_128_HMAC_SHA1_80", SRTP_CIPHER_AES_CM, 16, 10, 10, true),
    HMAC_SUITE("AES_CM_128_HMAC_SHA1_32", SRTP_CIPHER_AES_CM, 16, 4, 10, true),
    HMAC_SUITE("F8_128_HMAC_SHA1_80", SRTP_CIPHER_AES_F8, 16, 10, 10, true),
    HMAC_SUITE("AES_192_CM_HMAC_SHA1_80", SRTP_CIPHER_AES_CM, 24, 10, 10, true),
    HMAC_SUITE("AES_192_CM_HMAC_SHA1_32", SRTP_CIPHER_AES_CM, 24, 4, 10, true),
    HMAC_SUITE("AES_256_CM_HMAC_SHA1_80", SRTP_CIPHER_AES_CM, 32, 10, 10, true),
    HMAC_SUITE("AES_256_CM_HMAC_SHA1_32", SRTP_CIPHER_AES_CM, 32, 4, 10, true),
    GCM_SUITE("AEAD_AES_128_GCM", 16, 16, true),
    GCM_SUITE("AEAD_AES_256_GCM", 32, 16, true),
    SEED_SUITE("SEED_CTR_128_HMAC_SHA1_80", SRTP_AUTH_HMAC_SHA1, 10),
    SEED_SUITE("SEED_128_CCM_80", SRTP_AUTH_AEAD, 10),
    SEED_SUITE("SEED_128_GCM_96", SRTP_AUTH_AEAD, 12),
    HMAC_SUITE("F8_128_HMAC_SHA1_32", SRTP_CIPHER_AES_F8, 16, 4, 10, false),
    HMAC_SUITE("AES_CM_128_NULL_AUTH", SRTP_CIPHER_AES_CM, 16, 0, 10, false),
    HMAC_SUITE("NULL_HMAC_SHA1_80", SRTP_CIPHER_NULL, 16, 10, 10, false),
    HMAC_SUITE("NULL_HMAC_SHA1_32", SRTP_CIPHER_NULL, 16, 4, 10, false),
    GCM_SUITE("AEAD_AES_128_GCM_8", 16, 8, false),
    GCM_SUITE("AEAD_AES_256_GCM_8", 32, 8, false),
    GCM_SUITE("AEAD_AES_128_GCM_12", 16, 12, false),
    GCM_SUITE("AEAD_AES_256_GCM_12", 32, 12, false),
};

/* The spelling of the drafts that became RFC 6188, which user agents still send. */
static const struct {
    const char *spelling;
    const char *name;
} ALIASES[] = {
    { "AES_CM_192_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_80" },
    { "AES_CM_192_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_32" },
    { "AES_CM_256_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80" },
    { "AES_CM_256_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_32" },
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* By hand, because a suite's name is ASCII whatever the locale. */
static bool same_name(const char *name, const char *token, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (name[i] == '\0' || name[i] != upper(token[i]))
            return false;
    return name[len] == '\0';
}

const crypto_suite *crypto_suite_by_name(const char *token, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(ALIASES); i++) {
        if (same_name(ALIASES[i].spelling, token, len)) {
            token = ALIASES[i].name;
            len = strlen(token);
            break;
        }
    }
    for (size_t i = 0; i < COUNT_OF(SUITES); i++)
        if (same_name(SUITES[i].name, token, len))
            return &SUITES[i];
    return NULL;
}

const crypto_suite *crypto_suite_by_transform(const srtp_transform *transform)
{
    for (size_t i = 0; i < COUNT_OF(SUITES); i++) {
        const srtp_transform *t = &SUITES[i].transform;
        if (t->cipher == transform->cipher && t->auth == transform->auth && t->key_len == transform->key_len &&
            t->salt_len == transform->salt_len && t->srtp_tag_len == transform->srtp_tag_len)
            return &SUITES[i];
    }
    return NULL;
}

const crypto_suite *crypto_suites(size_t *count)
{
    *count = COUNT_OF(SUITES);
    return SUITES;
}

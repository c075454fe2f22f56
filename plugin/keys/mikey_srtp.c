#include "keys/mikey_srtp.h"

#include "ciphers/aes_gcm.h"

#include <string.h>

#define DEFAULT_TAG_LEN 10 /* RFC 3711 section 5.2 */
#define MAX_KDR ((uint64_t)1 << 24)
#define MAX_KDR_EXPONENT 24

enum { ENCR_NULL, ENCR_AES_CM, ENCR_AES_F8, ENCR_AES_GCM = MIKEY_SRTP_AES_GCM };
enum { AUTH_NULL, AUTH_HMAC_SHA1 };

/* The policy parameters that nothing but this file looks at. */
enum {
    PARAM_AUTH_ALG = 2,
    PARAM_AUTH_KEY_LEN = 3,
    PARAM_KDR = 6,
    PARAM_PREFIX_LEN = 12,
    PARAM_SRTP_AUTH_ALG = 14,   /* RFC 4771 section 4: in the place of 2, for SRTP or SRTCP alone */
    PARAM_SRTP_AUTH_KEY_LEN = 16,
    PARAM_SRTP_TAG_LEN = 18,
    PARAM_SRTCP_TAG_LEN = 19,
};

static bool number_of(const mikey_policy *policy, uint8_t type, uint64_t *number)
{
    return policy && mikey_policy_number(policy, type, number);
}

static uint64_t number_or(const mikey_policy *policy, uint8_t type, uint64_t otherwise)
{
    number_of(policy, type, &otherwise);
    return otherwise;
}

static bool read_cipher(const mikey_policy *policy, size_t tek_len, srtp_transform *transform)
{
    static const srtp_cipher ciphers[] = {
        [ENCR_NULL] = SRTP_CIPHER_NULL, [ENCR_AES_CM] = SRTP_CIPHER_AES_CM, [ENCR_AES_F8] = SRTP_CIPHER_AES_F8};
    const bool tek_is_master_key = tek_len == 16 || tek_len == 24 || tek_len == 32;
    uint64_t alg = number_or(policy, MIKEY_SRTP_ENCR_ALG, ENCR_AES_CM);
    uint64_t key_len = number_or(policy, MIKEY_SRTP_ENCR_KEY_LEN, tek_is_master_key ? tek_len : 16);

    if (number_or(policy, MIKEY_SRTP_PRF, 0) != 0)
        return false;
    if (alg == ENCR_AES_GCM) {
        uint64_t tag_len = number_or(policy, MIKEY_SRTP_AEAD_TAG_LEN, 16);
        *transform = (srtp_transform){.cipher = SRTP_CIPHER_AES_GCM, .auth = SRTP_AUTH_AEAD, .salt_len = 12};
        if (!aes_gcm_tag_len_is_valid(tag_len) || key_len == 24) /* RFC 7714 names no AES-192 */
            return false;
        transform->srtp_tag_len = transform->srtcp_tag_len = (uint8_t)tag_len;
    } else if (alg <= ENCR_AES_F8) {
        *transform = (srtp_transform){.cipher = ciphers[alg], .auth = SRTP_AUTH_HMAC_SHA1, .salt_len = 14};
    } else {
        return false;
    }
    transform->key_len = (uint8_t)key_len;
    return key_len == 16 || key_len == 24 || key_len == 32;
}

/* Parameter 11 gives both tags (RFC 3830), 18 and 19 one each. Without an algorithm SRTP has no tag; SRTCP, whose authentication is
 * mandatory (RFC 3711 section 3.4), keeps its own. */
static bool read_authentication(const mikey_policy *policy, srtp_transform *transform)
{
    uint64_t alg = number_or(policy, PARAM_SRTP_AUTH_ALG, number_or(policy, PARAM_AUTH_ALG, AUTH_HMAC_SHA1));
    uint64_t key_len = number_or(policy, PARAM_SRTP_AUTH_KEY_LEN,
                                 number_or(policy, PARAM_AUTH_KEY_LEN, SRTP_AUTH_KEY_LEN));
    uint64_t tag_len = number_or(policy, MIKEY_SRTP_TAG_LEN, DEFAULT_TAG_LEN);
    uint64_t srtp_tag_len = number_or(policy, PARAM_SRTP_TAG_LEN, tag_len);
    uint64_t srtcp_tag_len = number_or(policy, PARAM_SRTCP_TAG_LEN, tag_len);

    if (transform->auth == SRTP_AUTH_AEAD)
        return true;
    if (alg == AUTH_NULL && key_len == 0) /* no key for SRTP, while SRTCP's is the one by default */
        key_len = SRTP_AUTH_KEY_LEN;
    if (alg > AUTH_HMAC_SHA1 || key_len == 0 || key_len > SRTP_MAX_AUTH_KEY_LEN || srtp_tag_len > SRTP_MAX_TAG_LEN ||
        srtcp_tag_len > SRTP_MAX_TAG_LEN)
        return false;
    transform->srtp_tag_len = alg == AUTH_NULL ? 0 : (uint8_t)srtp_tag_len;
    transform->srtcp_tag_len = (uint8_t)srtcp_tag_len;
    transform->auth_key_len = key_len == SRTP_AUTH_KEY_LEN ? 0 : (uint8_t)key_len;
    return true;
}

static bool read_prefix(const mikey_policy *policy, srtp_transform *transform)
{
    uint64_t prefix_len = number_or(policy, PARAM_PREFIX_LEN, 0);
    transform->prefix_len = (uint8_t)prefix_len;
    return prefix_len == 0 || (prefix_len <= UINT8_MAX && transform->cipher == SRTP_CIPHER_AES_CM);
}

static void add_reading(mikey_srtp_reading *readings, unsigned *count, const srtp_master_key *master,
                        const char *departure)
{
    readings[(*count)++] = (mikey_srtp_reading){*master, departure};
}

/* The tag's length told as that of the key: what is read, if that is what the sender means. */
static bool read_as_gstreamer(const mikey_policy *policy, srtp_transform *transform)
{
    uint64_t number;
    if (transform->auth == SRTP_AUTH_AEAD || number_of(policy, MIKEY_SRTP_TAG_LEN, &number) ||
        number_of(policy, PARAM_SRTP_TAG_LEN, &number) || !number_of(policy, PARAM_AUTH_KEY_LEN, &number) ||
        (number != 4 && number != DEFAULT_TAG_LEN))
        return false;
    transform->auth_key_len = 0;
    transform->srtp_tag_len = transform->srtcp_tag_len = (uint8_t)number;
    return true;
}

static void add_readings(const mikey_policy *policy, srtp_master_key *master, const char *departure,
                         mikey_srtp_reading *readings, unsigned *count)
{
    srtp_master_key gstreamer = *master;
    add_reading(readings, count, master, departure);
    if (read_as_gstreamer(policy, &gstreamer.transform))
        add_reading(readings, count, &gstreamer,
                    "the policy gives the length of the authentication tag as that of the session authentication key, "
                    "as GStreamer does");
}

unsigned mikey_srtp_readings(const mikey_policy *policy, size_t tek_len,
                             mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS])
{
    srtp_master_key master;
    unsigned count = 0;
    uint64_t kdr = number_or(policy, PARAM_KDR, 0);

    memset(&master, 0, sizeof master);
    if ((policy && policy->protocol != MIKEY_PROT_SRTP) || !read_cipher(policy, tek_len, &master.transform) ||
        !read_authentication(policy, &master.transform) || !read_prefix(policy, &master.transform))
        return 0;
    master.unencrypted_srtp = number_or(policy, MIKEY_SRTP_ENCR, 1) == 0;
    master.unencrypted_srtcp = number_or(policy, MIKEY_SRTCP_ENCR, 1) == 0;
    master.unauthenticated_srtp = number_or(policy, MIKEY_SRTP_AUTH, 1) == 0;
    if (kdr <= MAX_KDR && (kdr & (kdr - 1)) == 0) {
        master.kdr = (uint32_t)kdr;
        add_readings(policy, &master, NULL, readings, &count);
    }
    if (kdr > 0 && kdr <= MAX_KDR_EXPONENT) {
        master.kdr = (uint32_t)1 << kdr;
        add_readings(policy, &master, "the key derivation rate of the policy is an exponent of 2, not a number of packets",
                     readings, &count);
    }
    return count;
}

/* KD, the root key of two UEs (TS 33.303 clause 6.5), from what SDES or MIKEY-TICKET brought them.
 *
 * 3GPP's candidate solution says KD = KDF(K1, K2) of the SDES keys, K1 from the offer and K2 from the answer, and names
 * no KDF; and KD = TEK of MIKEY-TICKET, whose TEK may be shorter than the 256 bits of KD. All that it leaves open is a
 * proposal, and stands in a profile.
 */
#ifndef D2DSEC_KEYS_KD_H
#define D2DSEC_KEYS_KD_H

#include "ciphers/crypto_suite.h"
#include "keys/octet_span.h"
#include "keys/threegpp_kdf.h"

#include <stdbool.h>
#include <stdint.h>

/* KDF is threegpp_kdf, K1 and K2 the first and the second key in the profile's order, each of the part that
 * the profile says. */
typedef enum {
    SDES_KD_LABEL,      /* KDF(K1 || K2, FC, label) */
    SDES_KD_FC_ALONE,   /* KDF(K1 || K2, FC) */
    SDES_KD_K2_DATA,    /* KDF(K1, FC, K2) */
    SDES_KD_HMAC,       /* HMAC-SHA-256(K1, K2) */
    SDES_KD_HASH,       /* SHA-256(K1 || K2) */
    SDES_KD_XOR,        /* KDF(K1 XOR K2, FC, label), for keys of one length */
    SDES_KD_BOTH_DATA,  /* KDF(32 zero octets, FC, K1, K2) */
    SDES_KD_IDENTITIES, /* KDF(K1 || K2, FC, label, user info of the offerer, of the answerer, Layer-2 IDs) */
    SDES_KD_MIKEY_PRF,  /* PRF(K1 || K2, label) of RFC 3830 section 4.1.2, on SHA-1 */
} sdes_kd_method;

typedef enum {
    SDES_KD_KEY,
    SDES_KD_KEY_AND_SALT,
    SDES_KD_INLINE, /* the base64 text of key and salt, as a=crypto has it behind "inline:" */
} sdes_kd_key_part;

typedef enum {
    SDES_KD_OFFER_FIRST,
    SDES_KD_ANSWER_FIRST,
    SDES_KD_LESSER_FIRST, /* octet by octet; of two with the same beginning, the shorter */
} sdes_kd_order;

typedef struct {
    sdes_kd_method method;
    sdes_kd_key_part key_part;
    sdes_kd_order order;
    uint16_t fc;       /* as threegpp_kdf takes it */
    const char *label; /* UTF-8 in the form NFKC, without the final zero octet */
} sdes_kd_profile;

/* SDES_KD_LABEL, the key alone, the offer's first, FC F0 (which no specification is known to use), "D2D-SDES-KD". */
extern const sdes_kd_profile SDES_KD_DEFAULT;

/* What an a=crypto line has, at most SRTP_MAX_KEY_LEN and SRTP_MAX_SALT_LEN octets. */
typedef struct {
    octet_span key;
    octet_span salt;
} sdes_kd_key;

typedef struct {
    sdes_kd_key offer;
    sdes_kd_key answer;
    octet_span offerer;     /* user info, UTF-8 in the form NFKC; for SDES_KD_IDENTITIES alone, as the two below */
    octet_span answerer;
    octet_span layer_2_ids; /* of the offerer and of the answerer, 3 octets each */
} sdes_kd_inputs;

/* False: a key is empty, one is too long, the two are of different length for SDES_KD_XOR, FC is none, or the crypto
 * library refused; then *kd is cleansed. */
bool kd_from_sdes(const sdes_kd_profile *profile, const sdes_kd_inputs *inputs, threegpp_key *kd);

typedef enum {
    TEK_KD_IDENTITY,     /* TEK as it is. HMAC fills keys up with zero octets, so one of 16 serves as well as one of 32 */
    TEK_KD_LABEL,        /* KDF(TEK, FC, label) */
    TEK_KD_TWICE,        /* TEK || TEK */
    TEK_KD_ZEROS_BEFORE, /* zero octets || TEK, 32 in all */
    TEK_KD_ZEROS_BEHIND, /* TEK || zero octets, 32 in all: derives the same keys as TEK_KD_IDENTITY */
} tek_kd_method;

typedef struct {
    tek_kd_method method;
    uint16_t fc;       /* for TEK_KD_LABEL alone, as the label */
    const char *label; /* UTF-8 in the form NFKC, without the final zero octet */
} tek_kd_profile;

/* TEK_KD_IDENTITY; FC F0 and "D2D-MIKEY-KD" for who takes the label. */
extern const tek_kd_profile TEK_KD_DEFAULT;

/* KD from the TEK of a crypto session (RFC 6043 section 5.1.3). False: the TEK is empty or, but for TEK_KD_LABEL, too
 * long for a KD of 32 octets, FC is none, or the crypto library refused; then *kd is cleansed. */
bool kd_from_tek(const tek_kd_profile *profile, octet_span tek, threegpp_key *kd);

#endif

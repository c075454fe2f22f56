/* The generic key derivation function of 3GPP (TS 33.220 clause B.2.0):
 *
 *   derived key = HMAC-SHA-256(key, S),  S = FC || P0 || L0 || P1 || L1 || ... || Pn || Ln
 *
 * Li, of 16 bits, is the length of Pi in octets, and stands behind it. FC is one octet, or two of which the first is FF.
 *
 * Here and in kd.h and prose_keys.h, `confirmed` is what the text of the named clause says, `by analogy` what the text
 * of a later system says that took it over, `unconfirmed` what no text at hand says, and `proposal` what no standard has.
 * Whatever is not confirmed stands in a profile, for a person or a search to change.
 */
#ifndef D2DSEC_KEYS_THREEGPP_KDF_H
#define D2DSEC_KEYS_THREEGPP_KDF_H

#include "keys/octet_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THREEGPP_KEY_LEN 32
#define THREEGPP_KDF_MAX_PARAMS 8

/* A key of 256 bits, or a shorter one where a profile takes what there is. The owner cleanses it. */
typedef struct {
    uint8_t octets[THREEGPP_KEY_LEN];
    size_t len;
} threegpp_key;

/* Derives 256 bits (confirmed). fc: 0 to FE, or FF00 to FFFF for the two octets. params: at most
 * THREEGPP_KDF_MAX_PARAMS, each of at most 65535 octets; an empty one counts. A text goes in as UTF-8 in the form NFKC
 * (clause B.2.1.2), an integer in network byte order. The key may lie in *out. False: beyond those limits, or the crypto
 * library refused; then *out is cleansed. */
bool threegpp_kdf(octet_span key, uint16_t fc, const octet_span *params, size_t count, threegpp_key *out);

/* The key's octets, as a span that lives as long as the key does. */
static inline octet_span threegpp_key_span(const threegpp_key *key)
{
    return (octet_span) { key->octets, key->len };
}

#endif

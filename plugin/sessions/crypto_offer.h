/* The a=crypto lines of an offer, kept to check its answer against (RFC 4568 sections 5.1 and 5.3). */
#ifndef D2DSEC_SESSIONS_CRYPTO_OFFER_H
#define D2DSEC_SESSIONS_CRYPTO_OFFER_H

#include "sessions/sdp.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    ANSWER_TAG_NOT_OFFERED = 1 << 0,   /* RFC 4568 section 5.1.2 */
    ANSWER_SUITE_DIFFERS = 1 << 1,
    ANSWER_SEVERAL_LINES = 1 << 2,
    ANSWER_WITHOUT_CRYPTO = 1 << 3,    /* RFC 4568 section 5.3 */
    ANSWER_KEY_OF_OFFER = 1 << 4,      /* RFC 4568 section 7.1.2 */
    ANSWER_PARAM_NOT_ECHOED = 1 << 5,  /* a negotiated session parameter, RFC 4568 section 5.1.3 */
} answer_problem;

/* A sentence about the lowest of the bits. */
const char *answer_problem_text(uint32_t problems);

typedef struct crypto_offer crypto_offer;

/* Nothing of `body` is referred to afterwards, and no key is kept. */
crypto_offer *crypto_offer_new(const sdp_body *body);

/* NULL is allowed. */
void crypto_offer_free(crypto_offer *offer);

/* Whether the section had an a=crypto line. */
bool crypto_offer_has(const crypto_offer *offer, unsigned media_index);

/* answer_problem bits of the section that answers the offer's section of the same index. */
uint32_t crypto_offer_check(const crypto_offer *offer, const sdp_media *answer);

#endif

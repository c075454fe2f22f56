/* libsrtp2 keyed like one of our contexts: the second opinion of a test, the rival of the benchmark. */
#ifndef D2DSEC_TESTS_LIBSRTP_SESSION_H
#define D2DSEC_TESTS_LIBSRTP_SESSION_H

#include "keys/srtp_context.h"

#include <srtp2/srtp.h>

typedef struct {
    const char *suite;
    void (*rtp)(srtp_crypto_policy_t *policy);
    void (*rtcp)(srtp_crypto_policy_t *policy);
} libsrtp_suite;

/* The suites of ours that libsrtp2 has; *count receives their number. */
const libsrtp_suite *libsrtp_suites(size_t *count);

typedef struct {
    srtp_ssrc_type_t direction; /* ssrc_any_outbound or ssrc_any_inbound */
    int *encrypted_ids;         /* RFC 6904 */
    int encrypted_ids_count;
} libsrtp_options;

/* A session with `key`, its MKI and its unencrypted_* and unauthenticated_srtp flags. srtp_init is the caller's. */
srtp_t libsrtp_session_new(const libsrtp_suite *suite, const srtp_master_key *key, const libsrtp_options *options);

#endif

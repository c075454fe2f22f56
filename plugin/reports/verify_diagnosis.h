/* Why no key opens what should be protected by one: the packets that a stream's latest run of tag mismatches began with are tried under
 * other suites and rollover counters than media_streams may spend time on for every packet.
 *
 * A tag shows that key, rollover counter, tag length and, of AEAD, cipher are right. It does not show which other cipher went with HMAC: a
 * suite is named that has such a tag, the key's own cipher before others. Packets without any tag show nothing; of them this says "wrong
 * key".
 */
#ifndef D2DSEC_REPORTS_VERIFY_DIAGNOSIS_H
#define D2DSEC_REPORTS_VERIFY_DIAGNOSIS_H

#include "reports/verify_report.h"

/* Bounds. One trial is one authentication of a sample; under a key with a derivation rate it counts as VERIFY_DERIVING_TRIAL. */
#define VERIFY_DIAGNOSED_KEYS 8                       /* of the candidates, the first */
#define VERIFY_DIAGNOSED_ROCS (1 << 20)               /* ROCs below this one are searched under the key's own suite */
#define VERIFY_TRIALS_PER_STREAM (17 << 16)           /* enough for all of them under one key */
#define VERIFY_TRIALS_PER_REPORT (1 << 23)            /* seconds; half of them is kept for trials other than that search */
#define VERIFY_DERIVING_TRIAL 16

typedef struct {
    /* VERIFY_WRONG_SUITE: `key` opens the samples under `suite` at `roc`.
     * VERIFY_ROC_UNKNOWN: `key` opens them at `roc` as it is.
     * VERIFY_KEY_AFTER_TRAFFIC: likewise, and it became known only behind them.
     * VERIFY_WRONG_KEY: none opens them. */
    verify_finding_code code;
    const session_key *key;    /* NULL: none */
    const crypto_suite *suite; /* that opens the samples; NULL: none */
    uint32_t roc;              /* of the first sample; SRTCP: 0 */
    bool is_complete;          /* no trial was left out for want of samples or credit */
} verify_diagnosis;

/* Diagnoses an SRTP or SRTCP stream of which nothing was authenticated, or which fails from some packet on to its end. keys: session_key *
 * that signalling or selectors point it to, the likeliest first. *credit begins with VERIFY_TRIALS_PER_REPORT and is the trials left, of
 * all streams together. False: there is nothing to diagnose; single packets that fail among others that do not are damaged. */
bool verify_diagnose(const verify_stream *stream, const GPtrArray *keys, uint64_t *credit, verify_diagnosis *diagnosis);

#endif

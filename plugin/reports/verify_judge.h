/* The words of a verification report: names of verdicts and findings, and what a person can do about each finding. All are constant. */
#ifndef D2DSEC_REPORTS_VERIFY_JUDGE_H
#define D2DSEC_REPORTS_VERIFY_JUDGE_H

#include "reports/verify_report.h"

/* "verified", "partial", "failed", "no_traffic". */
const char *verify_verdict_name(verify_verdict verdict);

/* As the enumeration has it, in lower case: "wrong_key". */
const char *verify_finding_name(verify_finding_code code);

/* What it means and what a person can do about it: sentences. */
const char *verify_finding_text(verify_finding_code code);

/* Whether it stands between a session and `verified`; otherwise it is a remark. */
bool verify_finding_is_reason(verify_finding_code code);

#endif

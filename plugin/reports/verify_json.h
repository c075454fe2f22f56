/* A verification report as JSON: verification.schema.json describes it member by member. */
#ifndef D2DSEC_REPORTS_VERIFY_JSON_H
#define D2DSEC_REPORTS_VERIFY_JSON_H

#include "reports/verify_report.h"

#include <stdio.h>

#define VERIFY_JSON_FORMAT "d2dsec-verification"
#define VERIFY_JSON_VERSION 1

/* Writes to `stream`, whose errors are the caller's matter. Always valid UTF-8: what is none is replaced. */
void verify_json_write(const verify_report *report, FILE *stream);

#endif

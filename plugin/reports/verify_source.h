/* What a report rests on: case data and window that the user gives, versions, preferences, and the files by their SHA-256. */
#ifndef D2DSEC_REPORTS_VERIFY_SOURCE_H
#define D2DSEC_REPORTS_VERIFY_SOURCE_H

#include "reports/verify_report.h"

/* The preferences d2dsec.case_*. To be called when protocols are handed off: the module is there by then. */
void register_verify_preferences(void);

/* The authorised window as the preferences have it. One that cannot be read is named in a warning, and its end stays open. */
verify_window verify_source_window(void);

/* Fills in the report's case data, versions, files and preferences. Reads the files. */
void verify_source_describe(verify_report *report, const verify_window *window);

#endif

/* A verification report for people: a block for each session, the verdict on the whole last. */
#ifndef D2DSEC_REPORTS_VERIFY_TEXT_H
#define D2DSEC_REPORTS_VERIFY_TEXT_H

#include "reports/verify_report.h"

#define VERIFY_TEXT_WIDTH 120 /* columns */

/* Lines of at most that width, in UTF-8. What a terminal might act upon is shown by its number. Free with g_string_free. */
GString *verify_text_write(const verify_report *report);

#endif

/* The makers of a verification report, in the order in which they are called: the first two fill in sessions from what the capture told, the
 * third compares keys, the last concludes.
 */
#ifndef D2DSEC_REPORTS_VERIFY_BUILD_H
#define D2DSEC_REPORTS_VERIFY_BUILD_H

#include "reports/verify_report.h"
#include "sessions/delivered_keys.h"
#include "sessions/kd_sources.h"
#include "sessions/mikey_sessions.h"
#include "sessions/offer_answer.h"
#include "sessions/pc5_state.h"
#include "sessions/rtsp_sessions.h"
#include "sessions/session_keys.h"
#include "sessions/sl_security.h"

/* All that is known of a capture. */
typedef struct {
    const verify_traffic *traffic;
    const session_keys *keys;
    const offer_answer *signalling;
    const mikey_sessions *mikey;
    const rtsp_sessions *rtsp; /* NULL: none */
    const kd_sources *kd;
    const pc5_state *pc5;
    const sl_security *sidelink;
    const delivered_keys *delivered; /* NULL: none */
} verify_sources;

/* Calls, RTSP sessions and MIKEY exchanges with the SRTP that belongs to them, and SRTP that only a key log explains. */
void verify_media_add_sessions(verify_report *report, const verify_sources *sources);

/* One-to-one links and groups of the sidelink. */
void verify_sidelink_add_sessions(verify_report *report, const verify_sources *sources);

/* What was delivered against what was derived. */
void verify_comparison_add(verify_report *report, const verify_sources *sources);

/* Verdicts and the findings that follow from counts, of each session and of the whole. */
void verify_judge(verify_report *report);

#endif

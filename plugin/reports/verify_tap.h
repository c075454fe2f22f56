/* Listens to what becomes of the packets of the open capture, and makes the verification report of it: `-z d2dsec,verify[,json[,FILE]]`.
 */
#ifndef D2DSEC_REPORTS_VERIFY_TAP_H
#define D2DSEC_REPORTS_VERIFY_TAP_H

#include "reports/verify_report.h"

/* Counts the packets that are dissected while it is there; begun anew when the capture is. */
typedef struct verify_listener verify_listener;

/* Called whenever there may be something new to show. */
typedef void (*verify_draw)(verify_listener *listener, void *user);

/* draw may be NULL; free_user is called with user when the listener goes, and may be NULL. NULL: libwireshark refused, and said so. */
verify_listener *verify_listener_new(verify_draw draw, void *user, GDestroyNotify free_user);
void verify_listener_free(verify_listener *listener);

/* True: from now on packets come that have all been dissected before, when the listener's owner has libwireshark go through the capture once
 * more. False, as at first: they may or may not. */
void verify_listener_set_again(verify_listener *listener, bool again);

/* The report on what was counted so far, to be freed with verify_report_free before the next packet is dissected. NULL: no capture is
 * open. */
verify_report *verify_listener_report(verify_listener *listener);

/* Makes the option known to tshark and Wireshark. */
void register_verify_tap(void);

#endif

/* Telephony > D2D verification: the report in a window of Wireshark. */
#ifndef D2DSEC_REPORTS_VERIFY_WINDOW_H
#define D2DSEC_REPORTS_VERIFY_WINDOW_H

/* Makes the menu item known to Wireshark; tshark has none. */
void register_verify_window(void);

#endif

/* `-z d2dsec,keys,FILE`: the keys of a capture as a key log. */
#ifndef D2DSEC_REPORTS_KEYS_TAP_H
#define D2DSEC_REPORTS_KEYS_TAP_H

/* Makes the option known to tshark and Wireshark. */
void register_keys_tap(void);

#endif

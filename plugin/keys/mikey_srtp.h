/* From the SRTP policy of a MIKEY message to the transform of SRTP packets (RFC 3830 section 6.10.1, RFC 7714 section 14.3). */
#ifndef D2DSEC_KEYS_MIKEY_SRTP_H
#define D2DSEC_KEYS_MIKEY_SRTP_H

#include "keys/mikey.h"
#include "keys/srtp_context.h"

/* One way to read a policy. */
typedef struct {
    srtp_master_key master; /* all of it but key, salt and MKI */
    const char *departure;  /* NULL: the standard's reading; else a constant sentence that says how the sender departs */
} mikey_srtp_reading;

#define MIKEY_SRTP_MAX_READINGS 4

/* Reads a policy; NULL is the policy of one that names none, all defaults. tek_len: octets of the TEK at hand, which tells the length
 * of the master key where the policy does not; 0: not known yet. The standard's reading stands first, then those of
 *
 *   - senders that write the key derivation rate as an exponent: RFC 3830 leaves the encoding open,
 *   - GStreamer, which gives the length of the tag as that of the session authentication key.
 *
 * Returns how many there are. 0: the policy asks for what is not supported, or for what SRTP does not know. */
unsigned mikey_srtp_readings(const mikey_policy *policy, size_t tek_len,
                             mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS]);

#endif

/* SRTP under keys from KD: media that stays SRTP although the two parties agreed on a KD (a proposal; no standard has it).
 *
 *   master key  = KDF(KD, F0, "D2D-SRTP-KEY", P1)    the least significant octets, as many as the suite takes
 *   master salt = KDF(KD, F0, "D2D-SRTP-SALT", P1)   likewise
 *
 * P1 is one octet: 0 of what the initiator sends, 1 of what the responder sends.
 */
#ifndef D2DSEC_SESSIONS_KD_SRTP_H
#define D2DSEC_SESSIONS_KD_SRTP_H

#include "sessions/kd_sources.h"

/* The master key and salt for one side. False: the crypto library refused. The caller cleanses *key. */
bool kd_srtp_derive(const threegpp_key *kd, const crypto_suite *suite, bool from_initiator, srtp_master_key *key);

/* Makes the keys known that follow from the KDs of `sources`, under the suite of their offer and answer, or under those of all offers and
 * answers where a KD has none. Returns how many are new. */
unsigned kd_srtp_add(const kd_sources *sources, const sl_profile *profile, session_keys *keys);

#endif

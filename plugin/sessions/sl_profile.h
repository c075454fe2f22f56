/* What the standards leave open between KD and a deciphered sidelink PDU, in one value: what preferences set, and what a search finds.
 */
#ifndef D2DSEC_SESSIONS_SL_PROFILE_H
#define D2DSEC_SESSIONS_SL_PROFILE_H

#include "keys/kd.h"
#include "keys/prose_keys.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* BEARER, the 5-bit input of EEA and EIA (TS 36.323 section 5.6.1: the LCID; unconfirmed). 0 to 31 stand for themselves. */
enum { SL_BEARER_LCID = 32, SL_BEARER_LCID_LESS_ONE };

/* DIRECTION (TS 36.323 section 5.6.1): 1 from the UE that sent the Direct Security Mode Command. */
typedef enum {
    SL_DIRECTION_COMMANDER, /* as the standard has it */
    SL_DIRECTION_OTHER,     /* the other way about */
    SL_DIRECTION_0,
    SL_DIRECTION_1,
    SL_DIRECTION_RULES
} sl_direction_rule;

/* How a keyed PDU is read. */
typedef struct {
    uint8_t bearer;
    sl_direction_rule direction;
    bool mac_i_ciphered;  /* the MAC-I is ciphered with the data; false: it is not (TS 36.323 section 6.2.10; unconfirmed) */
    bool mac_i_over_data; /* the MAC-I covers the data alone; false: header and data (TS 36.323 section 5.7) */
} sl_reading;

typedef struct {
    sdes_kd_profile sdes;
    tek_kd_profile tek;
    prose_kdf_profile prose;
    sl_reading reading;
    uint8_t eea, eia; /* where no Direct Security Mode Command chooses algorithms */
    bool search;      /* where nothing else fits, other values than these are tried */
    bool kd_to_srtp;  /* SRTP master keys are derived from KD, too (a proposal) */
} sl_profile;

extern const sl_profile SL_PROFILE_DEFAULT;

/* The value of BEARER on a logical channel. */
static inline uint8_t sl_bearer(uint8_t rule, uint8_t lcid)
{
    uint8_t bearer = rule == SL_BEARER_LCID ? lcid : rule == SL_BEARER_LCID_LESS_ONE ? (uint8_t)(lcid - 1) : rule;
    return bearer & 0x1f;
}

static inline uint8_t sl_direction(sl_direction_rule rule, bool from_commander)
{
    switch (rule) {
    case SL_DIRECTION_COMMANDER:
        return from_commander;
    case SL_DIRECTION_OTHER:
        return !from_commander;
    default:
        return rule == SL_DIRECTION_1;
    }
}

/* Says in words wherein `profile` and `reading` depart from `from`, in the names and values of the preferences: "kdsess_fc 7f, bearer
 * 0". Empty: in nothing. g_free it. */
char *sl_profile_departures(const sl_profile *profile, const sl_reading *reading, const sl_profile *from);

/* The letter that the methods of making KD from SDES keys go by, in preferences and reports; "D" is "A" with salts. */
char sl_profile_kd_letter(sdes_kd_method method);

#endif

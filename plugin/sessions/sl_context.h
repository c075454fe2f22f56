/* A security context of the sidelink: the keys of a one-to-one link under one KD-sess ID, or of one sender to a group under one PTK
 * (TS 36.323 sections 5.6 and 5.7, TS 33.303 clause 6).
 */
#ifndef D2DSEC_SESSIONS_SL_CONTEXT_H
#define D2DSEC_SESSIONS_SL_CONTEXT_H

#include "ciphers/eea.h"
#include "ciphers/eia.h"
#include "keys/fingerprint.h"
#include "sessions/kd_sources.h"
#include "sessions/pdcp_sl.h"
#include "sessions/sl_profile.h"

#include <stdbool.h>
#include <stdint.h>

/* Room for a PDU without its MAC-I's place: header, data, MAC-I. */
#define SL_WORK_LEN (PDCP_SL_HEADER_LEN + PDCP_SL_MAX_SDU_LEN + PDCP_SL_MAC_I_LEN)

#define SL_NO_COMMANDER (-1)

/* Members of a reading that the first PDU does not settle when it was found by a search: what is right for one channel and one sender
 * need not be right for another. */
enum {
    SL_OPEN_DIRECTION = 1 << 0,
    SL_OPEN_BEARER = 1 << 1,
    SL_OPEN_MAC_I_CIPHERED = 1 << 2,
};

/* Where the key came from that the traffic keys follow from. */
typedef enum {
    SL_FROM_SDES,      /* offer and answer */
    SL_FROM_MIKEY,     /* a TEK */
    SL_FROM_KEYLOG,
    SL_FROM_EARLIER,   /* KD of an earlier context of the same link */
} sl_key_origin;

typedef struct {
    sl_key_origin origin;
    uint32_t frame;    /* that brought it; 0: none */
    unsigned line;     /* of the key log; 0: none */
    unsigned pik_line; /* of a PIK that was logged beside the PEK of `line`; 0: none */
    kd_trace made_of;  /* of KD, where it is known */
} sl_key_source;

typedef struct {
    uint64_t ends;            /* sl_ends() of its PDUs */
    uint32_t key_id;          /* KD-sess ID; PGK index and PTK identity, and SL_GROUP_KEY */
    int commander;            /* first 16 bits of the layer-2 ID of who sent the Direct Security Mode Command */
    uint32_t command_frame;   /* 0: there was none, or it was not seen */
    const pc5_context *signalled; /* NULL: it was not seen how it began */
    uint8_t eea, eia;
    bool unsupported;         /* an algorithm of signalling that can't be had here: there are no keys */
    bool has_pek, has_pik;
    bool eia_unknown;         /* nothing with a MAC-I was seen: there is a PIK, but for which algorithm is not known */
    unsigned strikes;         /* PDUs of the user plane that it made no sense of, while it is not proven */
    bool proven;              /* a MAC-I or what was deciphered shows that it is right */
    sl_reading reading;
    unsigned open;            /* SL_OPEN_... */
    eea_cipher cipher;
    eia_mac integrity;
    char pek_fingerprint[KEY_FINGERPRINT_LEN + 1];
    char kd_fingerprint[KEY_FINGERPRINT_LEN + 1];      /* empty: not known */
    char kd_sess_fingerprint[KEY_FINGERPRINT_LEN + 1]; /* of KD-sess, or of PTK; empty: not known */
    threegpp_key kd;          /* for what follows on the same link; length 0: not known */
    threegpp_key kd_sess;     /* or PTK; length 0: not known */
    key_trace pgk;            /* of a group */
    prose_group_sender sender; /* to a group, whose PTK it is */
    uint8_t pek[EPS_KEY_LEN], pik[EPS_KEY_LEN];
    sl_key_source source;
    bool is_searched;         /* `profile` is what a search found, or what may be settled beyond the preferences */
    sl_profile profile;       /* by which it was derived */
    char *found;              /* wherein that departs from the preferences, in words; NULL: in nothing */
    uint32_t confirmed_frame; /* of the PDU that confirmed what was found; 0: none yet */
    unsigned index;           /* of all contexts, from 1 */
} sl_context;

#define SL_GROUP_KEY (UINT32_C(1) << 31)

/* The two ends of a PDU, whichever sent it; 16 bits of each. 0: not known. */
uint64_t sl_ends(const sl_link *link);

/* Sets what PEK and PIK say; either may be NULL. False: the crypto library refused. */
bool sl_context_set_keys(sl_context *context, const uint8_t *pek, const uint8_t *pik);

/* PEK and PIK, or PEK alone for a group, from KD-sess or PTK. */
bool sl_context_derive(sl_context *context, const prose_kdf_profile *profile, const threegpp_key *from);

/* Frees and cleanses. A GDestroyNotify may be made of it. */
void sl_context_free(sl_context *context);

typedef enum {
    SL_FITS,      /* the MAC-I is right */
    SL_DIFFERS,   /* it is not */
    SL_UNCHECKED, /* there is none, it says nothing under EIA0, or its key is not known */
    SL_IMPOSSIBLE /* the key for it is not known, or the crypto library refused */
} sl_fit;

/* Deciphers a PDU that was captured in full. Its plain SDU stands in work + PDCP_SL_HEADER_LEN, whatever is returned but
 * SL_IMPOSSIBLE. ciphered: false for a Direct Security Mode Command. */
sl_fit sl_context_open(sl_context *context, const sl_reading *reading, const sl_pdu *pdu, bool ciphered, uint8_t work[SL_WORK_LEN]);

/* Whether an SDU is what its type says: IPv4 by length and checksum, IPv6 by length, ARP by its constants, PC5-S by its layout. Of
 * other types nothing can be told: false. */
bool sl_sdu_is_plausible(uint8_t sdu_type, const uint8_t *sdu, size_t len, const pc5s_options *options);

/* Whether a plaintext of that type can be judged so. */
static inline bool sl_sdu_is_judged(uint8_t sdu_type)
{
    return sdu_type <= PDCP_SL_PC5S;
}

#endif

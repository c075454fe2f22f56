/* The keys of ProSe direct communication over LTE (TS 33.303):
 *
 *   one-to-one    KD  --Nonce_1, Nonce_2-->                     KD-sess  --algorithm-->  PEK, PIK
 *   one-to-many   PGK --member, PTK Identity, group-->          PTK      --algorithm-->  PEK
 *
 * each step by threegpp_kdf. What each value rests on is said beside it, in the words of threegpp_kdf.h.
 */
#ifndef D2DSEC_KEYS_PROSE_KEYS_H
#define D2DSEC_KEYS_PROSE_KEYS_H

#include "ciphers/eps_algorithm.h"
#include "keys/threegpp_kdf.h"

#include <stdbool.h>
#include <stdint.h>

#define PROSE_NONCE_LEN 16
#define PROSE_LAYER_2_ID_LEN 3

/* What KD-sess is made of. The first is the standard's (by analogy with TS 33.536 clause A.4); the others serve
 * set-ups without a Direct Security Mode Command, and with it without Nonce_2 (proposals). */
typedef enum {
    PROSE_KD_SESS_NONCES,       /* KDF(KD, FC, Nonce_1, Nonce_2) */
    PROSE_KD_SESS_NONCE_1,      /* KDF(KD, FC, Nonce_1) */
    PROSE_KD_SESS_ZERO_NONCES,  /* KDF(KD, FC, 16 zero octets, 16 zero octets) */
    PROSE_KD_SESS_IS_KD,        /* KD itself */
} prose_kd_sess_method;

typedef struct {
    prose_kd_sess_method kd_sess_method;
    uint16_t kd_sess_fc;       /* 5E: unconfirmed, no more than a guess */
    bool nonce_2_first;        /* false (by analogy with TS 33.536 clause A.4) */
    uint16_t traffic_key_fc;   /* 4B (TS 33.303 clause A.4): unconfirmed */
    uint8_t pek_distinguisher; /* 00 (by analogy with TS 33.536 clause A.3 and TS 33.533 clause A.4) */
    uint8_t pik_distinguisher; /* 01 (likewise) */
    bool algorithm_first;      /* false: the distinguisher is P0, the algorithm identity P1 (likewise) */
    bool upper_half;           /* false: a key of 128 bits is the least significant half (TS 33.536 clause A.3) */
    uint16_t ptk_fc;           /* 4A (TS 33.303 clause A.3): confirmed */
    bool ptk_without_group;    /* false: P2 is the Group Identity (confirmed, Rel-17; drafts of Rel-12 may lack it) */
} prose_kdf_profile;

/* The values that stand beside the members above. */
extern const prose_kdf_profile PROSE_KDF_DEFAULT;

/* KD-sess from KD and the nonces of PROSE_NONCE_LEN octets (TS 33.303 clause 6.5.5): Nonce_1 from the Direct
 * Communication Request or the Direct Rekeying Request, Nonce_2 from the Direct Security Mode Command. A nonce that
 * the method does not take may be NULL. False: FC is none, or the crypto library refused; then *kd_sess is cleansed. */
bool prose_kd_sess(const prose_kdf_profile *profile, const threegpp_key *kd, const uint8_t *nonce_1,
                   const uint8_t *nonce_2, threegpp_key *kd_sess);

/* Who sends to a group, and under which PTK. */
typedef struct {
    uint8_t member_id[PROSE_LAYER_2_ID_LEN]; /* Group Member Identity: the sender's Layer-2 ID */
    uint16_t ptk_id;                         /* as the PDCP header has it */
    uint8_t group_id[PROSE_LAYER_2_ID_LEN];  /* Layer-2 Group ID, the destination */
} prose_group_sender;

/* PTK from the group's PGK (TS 33.303 clause A.3). False as above. */
bool prose_ptk(const prose_kdf_profile *profile, const threegpp_key *pgk, const prose_group_sender *sender,
               threegpp_key *ptk);

typedef enum { PROSE_PEK, PROSE_PIK } prose_traffic_key_use;

/* PEK or PIK from KD-sess or a PTK, for the algorithm that it will be used with (TS 33.303 clause A.4). identity: as
 * signalling has it, 0 for EEA0 and EIA0. The caller cleanses the key. False as above; then the key is zeros. */
bool prose_traffic_key(const prose_kdf_profile *profile, const threegpp_key *from, prose_traffic_key_use use,
                       uint8_t identity, uint8_t key[EPS_KEY_LEN]);

#endif

/* The keys that signalling gave, whatever a key log says of them: what delivered keys are compared with. A part of verify_comparison. */
#ifndef D2DSEC_REPORTS_DERIVED_KEYS_H
#define D2DSEC_REPORTS_DERIVED_KEYS_H

#include "reports/verify_build.h"

typedef enum {
    DERIVED_SRTP,        /* an SRTP master key of SDES or MIKEY */
    DERIVED_TEK,
    DERIVED_TGK,
    DERIVED_KD,
    DERIVED_KD_SESS,
    DERIVED_PEK,
    DERIVED_PIK,
    DERIVED_K1,          /* SDES keys of offer and answer, as they go into KD */
    DERIVED_K2,
} derived_kind;

typedef struct {
    derived_kind kind;
    char fingerprint[KEY_FINGERPRINT_LEN + 1];     /* of key and salt, or of the key where there is no salt */
    char key_fingerprint[KEY_FINGERPRINT_LEN + 1]; /* of the key alone */
    bool has_salt;
    const session_key *key;       /* DERIVED_SRTP */
    const char *call_id;          /* DERIVED_SRTP; NULL: none */
    bool has_csb_id, has_kd_id;
    uint32_t csb_id;              /* DERIVED_TEK, DERIVED_TGK */
    int cs_id;                    /* DERIVED_TEK; -1: none */
    uint32_t kd_id;               /* DERIVED_KD */
    const sl_context *context;    /* those of direct communication; NULL: of K1 and K2 that no link is known to use */
    bool used;                    /* traffic was opened with it */
} derived_key;

/* derived_key, in the order in which signalling was seen. Free with g_array_unref. */
GArray *derived_keys_collect(const verify_sources *sources);

#endif

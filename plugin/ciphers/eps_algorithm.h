/* What the encryption and integrity algorithms of EPS have in common (TS 33.401 clause 5.1 and Annex B): 128-EEA1 to
 * 128-EEA3 in eea.h, 128-EIA1 to 128-EIA3 in eia.h, and the null algorithms EEA0 and EIA0 there too.
 */
#ifndef D2DSEC_CIPHERS_EPS_ALGORITHM_H
#define D2DSEC_CIPHERS_EPS_ALGORITHM_H

#include <stdint.h>

#define EPS_KEY_LEN 16
#define EPS_MAX_LEN 8188 /* octets: the largest PDCP SDU (TS 36.323 clause 4.3.1), and libipsec-mb's limit for ZUC */

/* By the identities that signalling and key derivation have for them (TS 33.401 clauses 5.1.3.2 and 5.1.4.2). */
typedef enum {
    EPS_NULL = 0,
    EPS_SNOW_3G = 1,
    EPS_AES = 2,
    EPS_ZUC = 3,
} eps_algorithm;

/* What is new with each message; the key stays. */
typedef struct {
    uint32_t count;
    uint8_t bearer;    /* 0 to 31 */
    uint8_t direction; /* 0 or 1 */
} eps_input;

typedef enum {
    EPS_AVAILABLE,
    EPS_NOT_AVAILABLE, /* SNOW 3G and ZUC: this build has no libipsec-mb, or the library none for this processor */
    EPS_UNKNOWN,       /* an identity that no algorithm has */
} eps_availability;

/* Whether eea_init and eia_init take the algorithm. identity: any value that a message carries. */
eps_availability eps_algorithm_availability(uint8_t identity);

#endif

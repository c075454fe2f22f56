/* From the keys of a MIKEY exchange to the TEK of each crypto session, and on to SRTP master keys (RFC 3830 sections 4.1.3 and 4.3,
 * RFC 6043 section 5.1.3). */
#ifndef D2DSEC_SESSIONS_MIKEY_TEKS_H
#define D2DSEC_SESSIONS_MIKEY_TEKS_H

#include "sessions/mikey_record.h"
#include "sessions/mikey_secrets.h"

#define MIKEY_MAX_TEKS 256 /* of one message: one key for as many crypto sessions as a header can name, and few have more than four */

#define MIKEY_MAX_KEYS (1u << 18) /* SRTP keys of one capture; messages that come once there are so many bring none */

#define MIKEY_MAX_UNMAPPED 16 /* CS IDs that are tried where no map names any: two for each leg */

/* The crypto suites that are made up for policies without a name, crypto_suite * in a set of its own; free with g_hash_table_destroy. */
GHashTable *mikey_suites_new(void);

/* What TEKs follow from. */
typedef struct {
    session_keys *keys;            /* receives the SRTP master keys */
    const mikey_secrets *secrets;  /* for TEKs that a key log tells outright */
    GHashTable *suites;            /* of mikey_suites_new() */
    mikey_record *record;          /* in whose findings the TEKs go: the last message of the exchange so far */
    const mikey_record *initial;   /* the first; may be `record` */
    const mikey_record *base;      /* that began the CSB, and has the policies that an update does not repeat; may be `initial` */
    const GPtrArray *inkeys;       /* const mikey_step *: TGKs, GTGKs, TEKs */
    bool by_ticket;                /* labels are RFC 6043's */
    uint8_t prf;                   /* function of the header */
    bool minisip_first;            /* its PRF is known to be the sender's */
    uint32_t csb_id;               /* for RFC 3830's labels */
    octet_span rand_i, rand_r;     /* RANDRi and RANDRr as the labels want them; RFC 3830: rand_i is RAND */
} mikey_tek_setting;

/* Appends the keys from which the TEKs of a message and of its answers were derived (const mikey_step *, borrowed), each once,
 * though it was found anew with every answer: those of a CSB, which an update without new keys leaves in force. */
void mikey_collect_inkeys(const mikey_record *record, GPtrArray *inkeys);

/* Gives the SRTP keys that were made of the record's TEKs to further legs, or tells them that there are others that can't be used. Legs that
 * have the keys already get none again. */
void mikey_give_teks(const mikey_record *record, const GPtrArray *legs);

/* Derives what can be, notes it in the record, and makes the SRTP keys known: to the streams of the SSRCs that the CS ID map names, and
 * to the legs of both messages. */
void mikey_derive_teks(const mikey_tek_setting *setting);

#endif

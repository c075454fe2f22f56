/* What the files of verify_sidelink share; nobody else includes it. */
#ifndef D2DSEC_REPORTS_VERIFY_SIDELINK_PARTS_H
#define D2DSEC_REPORTS_VERIFY_SIDELINK_PARTS_H

#include "reports/verify_build.h"

#define SIDELINK_MAX_LISTED 4096 /* contexts of one session whose keys are listed; of the others there is their number */

/* What a context opened. */
typedef struct {
    uint64_t packets, authenticated, decrypted;
} sidelink_opened;

/* What becomes one session: a one-to-one link, or what is sent to a group under one PGK. */
typedef struct {
    bool is_group;
    pc5_id ends[2];        /* initiator and responder; without signalling in order of appearance; or the group and its PGK index */
    GPtrArray *signalled;  /* const pc5_context *, in the order in which they began */
    GPtrArray *contexts;   /* const sl_context *, likewise; those that opened something, were proven or are not supported */
    GPtrArray *streams;    /* const verify_stream *, in order of their first frames */
} sidelink_link;

/* Everything that is known of sidelinks, sorted into links. */
typedef struct {
    GPtrArray *links;      /* sidelink_link, owned, in order of appearance */
    GHashTable *by_name;   /* pc5_pair_name of the ends to GPtrArray of borrowed links */
    GHashTable *by_ends;   /* link_name() of ends as they were seen to the link that they led to */
    GHashTable *by_signalling; /* const pc5_context * to sidelink_link */
    GHashTable *opened;    /* const sl_context * to sidelink_opened; of all contexts that have a place */
    GHashTable *tek_givers; /* fingerprint of a TEK to the newest mikey_record that gave it */
} sidelink_links;

sidelink_links *sidelink_links_new(const verify_sources *sources);
void sidelink_links_free(sidelink_links *links);

static inline const sidelink_opened *sidelink_opened_by(const sidelink_links *links, const sl_context *context)
{
    return (const sidelink_opened *)g_hash_table_lookup(links->opened, context);
}

/* "128-EEA2", "EIA0"; which: "EEA" or "EIA". */
const char *sidelink_algorithm(verify_report *report, const char *which, uint8_t identity);

/* The newest message that gave a TEK. NULL: none did; a key log has it. */
const mikey_record *sidelink_message_of(const sidelink_links *links, const kd_trace *tek);

/* "MIKEY-TICKET" or "MIKEY", by the message that gave the TEK. */
const char *sidelink_mikey_method(const sidelink_links *links, const kd_trace *tek);

/* Adds the keys of a link's contexts to its session, and how each was derived. */
void sidelink_add_keys(verify_report *report, verify_session *session, const sidelink_links *links, const sidelink_link *link);

#endif

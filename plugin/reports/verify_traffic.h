/* What became of the protected traffic of a capture, stream by stream: counts that grow with each packet, in memory that grows with
 * streams and keys alone.
 *
 * A stream is what one sender sends to one receiver: an SSRC between two transport addresses, SRTP and SRTCP apart; or one logical
 * channel of the sidelink. What went under one key is a stretch of it, since indices are counted anew under each.
 */
#ifndef D2DSEC_REPORTS_VERIFY_TRAFFIC_H
#define D2DSEC_REPORTS_VERIFY_TRAFFIC_H

#include "sessions/media_streams.h"
#include "sessions/sl_security.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define VERIFY_MAX_STREAMS (1 << 17)  /* further ones are counted together, in one that has no name */
#define VERIFY_SAMPLES 2              /* packets that no key opened, kept of each stream for verify_diagnosis */
#define VERIFY_MAX_SAMPLE_LEN 2048
#define VERIFY_MAX_SAMPLED_STREAMS 4096

typedef enum { VERIFY_SRTP, VERIFY_SRTCP, VERIFY_PDCP_SL } verify_protocol;

/* Verdicts under which a packet counts as failed. */
typedef enum {
    VERIFY_TAG_MISMATCH,
    VERIFY_NO_KEY,
    VERIFY_TRUNCATED,
    VERIFY_UNSUPPORTED,
    VERIFY_IN_CLEAR,      /* where protection was agreed */
    VERIFY_FAILURES
} verify_failure;

/* When the interception was authorised; nanoseconds since 1970 (UTC). INT64_MIN and INT64_MAX: open. */
typedef struct {
    int64_t from, to;     /* both belong to it */
} verify_window;

typedef struct {
    uint64_t packets;                  /* inside the window; all that follow count these alone */
    uint64_t outside_window;           /* of a stream's total alone */
    uint64_t authenticated;            /* tag or MAC-I right, replayed ones among them */
    uint64_t decrypted;                /* opened, authenticated or not, and encrypted on the way */
    uint64_t unauthenticated;          /* opened, with nothing to vouch for it */
    uint64_t unencrypted;              /* opened, and not encrypted on the way (NULL cipher, UNENCRYPTED_SRTP, EEA0) */
    uint64_t failed[VERIFY_FAILURES];
    uint64_t replayed;                 /* the very packet was there before; of unauthenticated ones, most likely so */
    uint64_t duplicates;               /* of them, those at most 64 indices below the highest: a network that delivers twice */
    uint64_t keystream_reuse;          /* an index used again with other data */
    uint64_t roc_recovered;            /* rollover counter found by search */
    uint64_t plaintext_valid, plaintext_invalid; /* the others can't be judged */
    uint32_t first_frame, last_frame;  /* 0: none */
    int64_t first_time, last_time;     /* nanoseconds since 1970 (UTC) */
    bool has_index;
    uint64_t first_index, last_index;  /* lowest and highest: packet index, SRTCP index, PDCP SN */
    uint64_t distinct;                 /* indices that an opened packet has */
    unsigned notes;                    /* media_note bits of all packets together */
} verify_counts;

/* Indices between the lowest and the highest that no opened packet has. */
uint64_t verify_counts_missing(const verify_counts *counts);

/* All failures together. */
uint64_t verify_counts_failed(const verify_counts *counts);

/* What went under one key, or under none. */
typedef struct {
    const session_key *key;      /* SRTP, SRTCP; NULL: no key opened it */
    const sl_context *context;   /* PDCP-SL; likewise */
    verify_counts counts;
} verify_stretch;

typedef struct {
    uint8_t *octets;             /* the whole packet, as it was captured */
    size_t len;                  /* 0: there is none */
    uint32_t frame;
} verify_sample;

typedef struct {
    verify_protocol protocol;
    transport_address source, destination; /* SRTP, SRTCP */
    uint32_t ssrc;
    sl_link link;                /* PDCP-SL */
    uint16_t key_id;             /* PDCP-SL: KD-sess ID or PTK identity */
    uint8_t pgk_index;           /* PDCP-SL, one-to-many */
    GPtrArray *stretches;        /* verify_stretch, owned, in order of appearance */
    verify_counts total;         /* of all stretches; index and distinct are not set in it */
    uint32_t failing_since;      /* frame of the latest run of tag mismatches; 0: the latest packet was opened */
    verify_sample samples[VERIFY_SAMPLES]; /* SRTP, SRTCP: the first tag mismatches of the latest run, which may be over */
} verify_stream;

typedef struct verify_traffic verify_traffic;

verify_traffic *verify_traffic_new(const verify_window *window);

/* NULL is allowed. */
void verify_traffic_free(verify_traffic *traffic);

/* Counts a packet. time: nanoseconds since 1970 (UTC). Verdicts MEDIA_UNKNOWN and SL_NOT_PROTECTED are passed over. */
void verify_traffic_add_media(verify_traffic *traffic, const media_packet *packet, const media_opening *opening,
                              const uint8_t *plain, int64_t time);

/* opening->plain is not looked at, opening->is_implausible must hold of authenticated SDUs too. */
void verify_traffic_add_sidelink(verify_traffic *traffic, const sl_pdu *pdu, const sl_opening *opening, int64_t time);

/* const verify_stream *, in order of their first frames. */
const GPtrArray *verify_traffic_streams(const verify_traffic *traffic);

#endif

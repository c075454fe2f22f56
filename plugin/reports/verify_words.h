/* What the writers of a report say alike: names, addresses, times, and figures that are sums of others. */
#ifndef D2DSEC_REPORTS_VERIFY_WORDS_H
#define D2DSEC_REPORTS_VERIFY_WORDS_H

#include "reports/verify_report.h"

#define VERIFY_END_LEN 56  /* longest text of verify_source_text, with its NUL */
#define VERIFY_TIME_LEN 40 /* likewise of verify_time_text */

/* "SRTP", "SRTCP", "PDCP-SL". */
const char *verify_protocol_name(verify_protocol protocol);

/* "tag_mismatch", "no_key", "truncated", "unsupported_suite", "in_clear". */
const char *verify_failure_name(verify_failure failure);

/* "equal", "different", "only_delivered", "only_derived". */
const char *verify_match_name(verify_match match);

/* The ends of a stream: ADDRESS:PORT, [ADDRESS]:PORT for IPv6, or a layer-2 ID as 0x and hex digits: six, or the first four of it where
 * no more is known. NULL: not known. */
const char *verify_source_text(const verify_stream *stream, char text[VERIFY_END_LEN]);
const char *verify_destination_text(const verify_stream *stream, char text[VERIFY_END_LEN]);

/* Nanoseconds since 1970 as 2026-01-02T03:04:05.123456789Z. NULL: open (INT64_MIN, INT64_MAX). */
const char *verify_time_text(int64_t time, char text[VERIFY_TIME_LEN]);

/* Reads what ISO 8601 has for a time, its date and all; without a zone it is UTC. False: it is none, or beyond what 64 bits hold. */
bool verify_time_read(const char *text, int64_t *time);

/* The key of a stretch by its fingerprint. NULL: no key opened it. */
const char *verify_stretch_fingerprint(const verify_stretch *stretch);

/* The lowest and the highest rollover counter of a stretch. False: it has none. */
bool verify_stretch_rocs(const verify_stream *stream, const verify_stretch *stretch, uint64_t *first, uint64_t *last);

/* Indices that are missing in all stretches of a stream, each between its lowest and its highest. */
uint64_t verify_stream_missing(const verify_stream *stream);

/* Adds what can be added: not frames, times, indices and notes. */
void verify_counts_add(verify_counts *sum, const verify_counts *counts);

#endif

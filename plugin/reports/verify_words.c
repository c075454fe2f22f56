#include "reports/verify_words.h"

#include <arpa/inet.h>
#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)

const char *verify_protocol_name(verify_protocol protocol)
{
    static const char *const NAMES[] = {[VERIFY_SRTP] = "SRTP", [VERIFY_SRTCP] = "SRTCP", [VERIFY_PDCP_SL] = "PDCP-SL"};
    return NAMES[protocol];
}

const char *verify_failure_name(verify_failure failure)
{
    static const char *const NAMES[VERIFY_FAILURES] = {
        [VERIFY_TAG_MISMATCH] = "tag_mismatch", [VERIFY_NO_KEY] = "no_key",     [VERIFY_TRUNCATED] = "truncated",
        [VERIFY_UNSUPPORTED] = "unsupported_suite", [VERIFY_IN_CLEAR] = "in_clear",
    };
    return NAMES[failure];
}

const char *verify_match_name(verify_match match)
{
    static const char *const NAMES[] = {
        [VERIFY_EQUAL] = "equal",
        [VERIFY_DIFFERENT] = "different",
        [VERIFY_ONLY_DELIVERED] = "only_delivered",
        [VERIFY_ONLY_DERIVED] = "only_derived",
    };
    return NAMES[match];
}

/* --- ends ----------------------------------------------------------------------------------------------------------- */

static const char *address_text(const transport_address *address, char text[VERIFY_END_LEN])
{
    char ip[INET6_ADDRSTRLEN];
    if (address->ip_len == 0)
        return NULL;
    inet_ntop(address->ip_len == 4 ? AF_INET : AF_INET6, address->ip, ip, sizeof ip);
    g_snprintf(text, VERIFY_END_LEN, address->ip_len == 4 ? "%s:%u" : "[%s]:%u", ip, address->port);
    return text;
}

static const char *layer2_text(uint32_t id, unsigned bits, char text[VERIFY_END_LEN])
{
    if (bits == 0)
        return NULL;
    g_snprintf(text, VERIFY_END_LEN, "0x%0*x", (int)bits / 4, id);
    return text;
}

const char *verify_source_text(const verify_stream *stream, char text[VERIFY_END_LEN])
{
    if (stream->protocol == VERIFY_PDCP_SL)
        return layer2_text(stream->link.source, stream->link.destination_bits ? 24 : 0, text);
    return address_text(&stream->source, text);
}

const char *verify_destination_text(const verify_stream *stream, char text[VERIFY_END_LEN])
{
    if (stream->protocol == VERIFY_PDCP_SL)
        return layer2_text(stream->link.destination, stream->link.destination_bits, text);
    return address_text(&stream->destination, text);
}

/* --- times ---------------------------------------------------------------------------------------------------------- */

const char *verify_time_text(int64_t time, char text[VERIFY_TIME_LEN])
{
    if (time == INT64_MIN || time == INT64_MAX)
        return NULL;
    int64_t seconds = time / NS_PER_SECOND, rest = time % NS_PER_SECOND;
    if (rest < 0) {
        seconds--;
        rest += NS_PER_SECOND;
    }
    GDateTime *date = g_date_time_new_from_unix_utc(seconds);
    g_snprintf(text, VERIFY_TIME_LEN, "%04d-%02d-%02dT%02d:%02d:%02d.%09" G_GINT64_FORMAT "Z", g_date_time_get_year(date),
               g_date_time_get_month(date), g_date_time_get_day_of_month(date), g_date_time_get_hour(date),
               g_date_time_get_minute(date), g_date_time_get_second(date), rest);
    g_date_time_unref(date);
    return text;
}

bool verify_time_read(const char *text, int64_t *time)
{
    GTimeZone *utc = g_time_zone_new_utc();
    GDateTime *date = g_date_time_new_from_iso8601(text, utc);
    g_time_zone_unref(utc);
    if (!date)
        return false;
    const int64_t seconds = g_date_time_to_unix(date);
    const bool fits = seconds > INT64_MIN / NS_PER_SECOND && seconds < INT64_MAX / NS_PER_SECOND;
    if (fits)
        *time = seconds * NS_PER_SECOND + g_date_time_get_microsecond(date) * INT64_C(1000);
    g_date_time_unref(date);
    return fits;
}

/* --- streams -------------------------------------------------------------------------------------------------------- */

const char *verify_stretch_fingerprint(const verify_stretch *stretch)
{
    if (stretch->key)
        return stretch->key->fingerprint;
    if (!stretch->context)
        return NULL;
    const sl_context *context = stretch->context;
    return *context->pek_fingerprint ? context->pek_fingerprint : *context->kd_sess_fingerprint ? context->kd_sess_fingerprint : NULL;
}

bool verify_stretch_rocs(const verify_stream *stream, const verify_stretch *stretch, uint64_t *first, uint64_t *last)
{
    if (stream->protocol != VERIFY_SRTP || !stretch->counts.has_index)
        return false;
    *first = stretch->counts.first_index >> 16;
    *last = stretch->counts.last_index >> 16;
    return true;
}

uint64_t verify_stream_missing(const verify_stream *stream)
{
    uint64_t missing = 0;
    for (guint i = 0; i < stream->stretches->len; i++)
        missing += verify_counts_missing(&((const verify_stretch *)g_ptr_array_index(stream->stretches, i))->counts);
    return missing;
}

void verify_counts_add(verify_counts *sum, const verify_counts *counts)
{
    sum->packets += counts->packets;
    sum->outside_window += counts->outside_window;
    sum->authenticated += counts->authenticated;
    sum->decrypted += counts->decrypted;
    sum->unauthenticated += counts->unauthenticated;
    sum->unencrypted += counts->unencrypted;
    for (int i = 0; i < VERIFY_FAILURES; i++)
        sum->failed[i] += counts->failed[i];
    sum->replayed += counts->replayed;
    sum->duplicates += counts->duplicates;
    sum->keystream_reuse += counts->keystream_reuse;
    sum->roc_recovered += counts->roc_recovered;
    sum->plaintext_valid += counts->plaintext_valid;
    sum->plaintext_invalid += counts->plaintext_invalid;
}

/* A second opinion: what libsrtp2 protects must open, and what was damaged after that must not. */
#include "libsrtp_session.h"

#include <glib.h>

#include <string.h>

#define PACKETS 240
#define ROOM 400

/* How a stream departs from the plainest one. */
typedef struct {
    const char *name;
    uint8_t mki_len;
    bool unencrypted;
    bool unauthenticated;
    bool encrypted_extensions;
} variation;

static const variation VARIATIONS[] = {
    { .name = "plain" },
    { .name = "mki", .mki_len = 4 },
    { .name = "long-mki", .mki_len = 128 },
    { .name = "unencrypted", .unencrypted = true },
    { .name = "unencrypted-mki", .unencrypted = true, .mki_len = 1 },
    { .name = "unauthenticated", .unauthenticated = true },
    { .name = "extensions", .encrypted_extensions = true },
    { .name = "unencrypted-extensions", .unencrypted = true, .encrypted_extensions = true },
};

typedef struct {
    uint8_t plain[ROOM];
    size_t plain_len;
    uint8_t sealed[ROOM];
    size_t sealed_len;
    uint32_t roc;
    uint32_t srtcp_index;
} sample;

typedef struct {
    const libsrtp_suite *suite;
    const variation *how;
    srtp_master_key key;
    srtp_t sender;
    srtp_context *context;
    srtp_kdf_variant kdf;
    uint8_t encrypted_ids[32];
    sample samples[PACKETS];
} stream;

static int EXTENSION_IDS[] = { 1, 3 };

static void fill_randomly(uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)g_test_rand_int();
}

static stream *stream_new(const libsrtp_suite *suite, const variation *how)
{
    stream *s = g_new0(stream, 1);
    s->suite = suite;
    s->how = how;
    s->key.transform = crypto_suite_by_name(suite->suite, strlen(suite->suite))->transform;
    fill_randomly(s->key.key, s->key.transform.key_len);
    fill_randomly(s->key.salt, s->key.transform.salt_len);
    fill_randomly(s->key.mki, how->mki_len);
    s->key.mki_len = how->mki_len;
    s->key.unencrypted_srtp = s->key.unencrypted_srtcp = how->unencrypted;
    s->key.unauthenticated_srtp = how->unauthenticated;
    const libsrtp_options options = {
        .direction = ssrc_any_outbound,
        .encrypted_ids = how->encrypted_extensions ? EXTENSION_IDS : NULL,
        .encrypted_ids_count = how->encrypted_extensions ? (int)G_N_ELEMENTS(EXTENSION_IDS) : 0,
    };
    s->sender = libsrtp_session_new(suite, &s->key, &options);
    s->context = srtp_context_new(&s->key);
    g_assert_nonnull(s->context);
    for (size_t i = 0; i < G_N_ELEMENTS(EXTENSION_IDS); i++)
        s->encrypted_ids[EXTENSION_IDS[i] / 8] |= (uint8_t)(1 << EXTENSION_IDS[i] % 8);
    return s;
}

static void stream_free(stream *s)
{
    srtp_dealloc(s->sender);
    srtp_context_free(s->context);
    g_free(s);
}

/* The order in which the receiver sees them: each packet up to 15 places from its own. */
static void shuffle(sample *samples)
{
    for (size_t i = PACKETS - 1; i > 0; i--) {
        const size_t j = (size_t)g_test_rand_int_range((gint32)(i > 15 ? i - 15 : 0), (gint32)i + 1);
        const sample swapped = samples[i];
        samples[i] = samples[j];
        samples[j] = swapped;
    }
}

/* Padding stands between elements too: there libsrtp lets no keystream pass under it, where RFC 6904 section 3.1 runs it under
 * the whole extension. */
static const uint8_t EXTENSIONS[4][4 + 16] = {
    { 0xbe, 0xde, 0, 4, 0x12, 0xa1, 0xa2, 0xa3, 0x20, 0xb1, 0x33, 0xc1, 0xc2, 0xc3, 0xc4, 0x10, 0xd1, 0, 0, 0 },
    { 0x10, 0x00, 0, 4, 1, 3, 0xa1, 0xa2, 0xa3, 2, 1, 0xb1, 3, 4, 0xc1, 0xc2, 0xc3, 0xc4, 0, 0 },
    { 0xbe, 0xde, 0, 4, 0x10, 0xa1, 0, 0, 0x21, 0xb1, 0xb2, 0, 0x32, 0xc1, 0xc2, 0xc3, 0, 0x10, 0xd1, 0 },
    { 0x10, 0x00, 0, 4, 1, 1, 0xa1, 0, 2, 1, 0xb1, 0, 0, 3, 3, 0xc1, 0xc2, 0xc3, 0, 0 },
};

static size_t make_rtp(uint8_t *packet, uint16_t seq, bool with_elements)
{
    const size_t csrcs = (size_t)g_test_rand_int_range(0, 4);
    const size_t payload_len = (size_t)g_test_rand_int_range(0, 200);
    const bool extension = with_elements || g_test_rand_bit();
    size_t len = 12 + 4 * csrcs;

    fill_randomly(packet, len);
    packet[0] = (uint8_t)(0x80 | (extension ? 0x10 : 0) | csrcs);
    packet[1] &= 0x9f; /* no payload type that reads as RTCP */
    packet[2] = (uint8_t)(seq >> 8);
    packet[3] = (uint8_t)seq;
    memcpy(packet + 8, (const uint8_t[]){'S', 'S', 'R', 'C'}, 4);
    if (extension) {
        memcpy(packet + len, EXTENSIONS[seq & 3], sizeof EXTENSIONS[0]);
        len += sizeof EXTENSIONS[0];
    }
    fill_randomly(packet + len, payload_len);
    return len + payload_len;
}

static size_t make_rtcp(uint8_t *packet)
{
    const size_t words = (size_t)g_test_rand_int_range(0, 40);

    fill_randomly(packet, 8 + 4 * words);
    packet[0] = 0x80;
    packet[1] = 200;
    packet[2] = 0;
    packet[3] = (uint8_t)(words + 1);
    memcpy(packet + 4, "SSRC", 4);
    return 8 + 4 * words;
}

/* Sequence numbers leap, as if most packets had been lost: some ten rollovers in a stream. */
static void send_rtp(stream *s)
{
    uint32_t index = (uint32_t)g_test_rand_int_range(0, 1000);

    for (size_t i = 0; i < PACKETS; i++) {
        sample *sent = &s->samples[i];
        sent->roc = index >> 16;
        sent->plain_len = make_rtp(sent->plain, (uint16_t)index, s->how->encrypted_extensions);
        memcpy(sent->sealed, sent->plain, sent->plain_len);
        int len = (int)sent->plain_len;
        g_assert_cmpint(srtp_protect_mki(s->sender, sent->sealed, &len, s->how->mki_len > 0, 0), ==,
                        srtp_err_status_ok);
        sent->sealed_len = (size_t)len;
        index += (uint32_t)g_test_rand_int_range(1, 6000);
    }
    g_assert_cmpuint(s->samples[PACKETS - 1].roc, >, 3);
}

static void send_rtcp(stream *s)
{
    for (size_t i = 0; i < PACKETS; i++) {
        sample *sent = &s->samples[i];
        sent->srtcp_index = (uint32_t)i + 1;
        sent->plain_len = make_rtcp(sent->plain);
        memcpy(sent->sealed, sent->plain, sent->plain_len);
        int len = (int)sent->plain_len;
        g_assert_cmpint(srtp_protect_rtcp_mki(s->sender, sent->sealed, &len, s->how->mki_len > 0, 0), ==,
                        srtp_err_status_ok);
        sent->sealed_len = (size_t)len;
    }
}

static bool is_aead(const stream *s)
{
    return s->key.transform.auth == SRTP_AUTH_AEAD;
}

/* libsrtp 2.5 encrypts the payload of an AEAD suite even where it was asked for authentication alone. */
static srtp_reading reading_of(const stream *s, bool rtcp)
{
    return (srtp_reading) {
        .kdf = s->kdf,
        .tag_len = rtcp ? s->key.transform.srtcp_tag_len : s->how->unauthenticated ? 0 : s->key.transform.srtp_tag_len,
        .mki_len = s->key.mki_len,
        .verify = true,
        .clear = s->how->unencrypted && !is_aead(s),
        .encrypted_extensions = s->how->encrypted_extensions ? s->encrypted_ids : NULL,
    };
}

static srtp_open_result open_rtp(stream *s, const uint8_t *data, size_t len, uint32_t roc, uint8_t *out,
                                 size_t *out_len)
{
    const srtp_reading reading = reading_of(s, false);
    rtp_packet packet;

    if (!rtp_packet_parse(&packet, data, len))
        return SRTP_OPEN_TOO_SHORT;
    return srtp_context_open_rtp(s->context, &reading, &packet, roc, out, out_len);
}

/* A random bit anywhere: the tag covers all, and the MKI is compared. */
static void damage(uint8_t *data, size_t len)
{
    const gint32 bit = g_test_rand_int_range(0, 8 * (gint32)len);

    data[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void receive_rtp(stream *s)
{
    const bool authenticated = reading_of(s, false).tag_len > 0;
    uint8_t out[ROOM];
    size_t out_len;

    for (size_t i = 0; i < PACKETS; i++) {
        sample *got = &s->samples[i];
        g_assert_cmpint(open_rtp(s, got->sealed, got->sealed_len, got->roc, out, &out_len), ==, SRTP_OPEN_OK);
        g_assert_cmpmem(out, out_len, got->plain, got->plain_len);
        if (!authenticated)
            continue;
        g_assert_cmpint(open_rtp(s, got->sealed, got->sealed_len, got->roc + 1, out, &out_len), ==,
                        SRTP_OPEN_TAG_MISMATCH);
        damage(got->sealed, got->sealed_len);
        g_assert_cmpint(open_rtp(s, got->sealed, got->sealed_len, got->roc, out, &out_len), !=, SRTP_OPEN_OK);
    }
}

static void receive_rtcp(stream *s)
{
    const srtp_reading reading = reading_of(s, true);
    const bool encrypts = !s->how->unencrypted && s->key.transform.cipher != SRTP_CIPHER_NULL;
    uint8_t out[ROOM];
    size_t out_len;
    uint32_t index;
    bool encrypted;

    for (size_t i = 0; i < PACKETS; i++) {
        sample *got = &s->samples[i];
        g_assert_cmpint(srtp_context_open_rtcp(s->context, &reading, got->sealed, got->sealed_len, out, &out_len,
                                               &index, &encrypted), ==, SRTP_OPEN_OK);
        g_assert_cmpmem(out, out_len, got->plain, got->plain_len);
        g_assert_cmpuint(index, ==, got->srtcp_index);
        g_assert_cmpint(encrypted, ==, encrypts);
        damage(got->sealed, got->sealed_len);
        g_assert_cmpint(srtp_context_open_rtcp(s->context, &reading, got->sealed, got->sealed_len, out, &out_len,
                                               &index, &encrypted), !=, SRTP_OPEN_OK);
    }
}

/* libsrtp 2.5 departs from RFC 6188 for AES-192 in some builds: SRTCP, which has always a tag, shows which derivation
 * this one has. The whole stream is then held to it. */
static void find_kdf(stream *s)
{
    const sample *first = &s->samples[0];
    uint8_t out[ROOM];
    size_t out_len;
    uint32_t index;
    bool encrypted;

    if (s->key.transform.key_len != 24)
        return;
    s->kdf = SRTP_KDF_AES192_AS_256;
    const srtp_reading reading = reading_of(s, true);
    if (srtp_context_open_rtcp(s->context, &reading, first->sealed, first->sealed_len, out, &out_len, &index,
                               &encrypted) != SRTP_OPEN_OK)
        s->kdf = SRTP_KDF_RFC;
    g_test_message("AES-192 keys are derived %s", s->kdf == SRTP_KDF_RFC ? "as in RFC 6188" : "as for AES-256");
}

static void test_stream(gconstpointer data)
{
    const struct {
        const libsrtp_suite *suite;
        const variation *how;
    } *const which = data;
    stream *s = stream_new(which->suite, which->how);

    send_rtcp(s);
    find_kdf(s);
    shuffle(s->samples);
    receive_rtcp(s);
    send_rtp(s);
    shuffle(s->samples);
    receive_rtp(s);
    stream_free(s);
}

int main(int argc, char **argv)
{
    size_t count;
    const libsrtp_suite *suites = libsrtp_suites(&count);

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(VARIATIONS); j++) {
            const variation *how = &VARIATIONS[j];
            if (how->unauthenticated && strstr(suites[i].suite, "GCM"))
                continue; /* an AEAD suite has always its tag */
            char *path = g_strdup_printf("/libsrtp/%s/%s", suites[i].suite, how->name);
            const void *which[] = { &suites[i], how };
            g_test_add_data_func_full(path, g_memdup2(which, sizeof which), test_stream, g_free);
            g_free(path);
        }
    }
    const int result = g_test_run();
    srtp_shutdown();
    return result;
}

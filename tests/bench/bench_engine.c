/* How many SRTP packets a second one core opens: through the engine, through bare OpenSSL calls, through libsrtp2.
 *
 *   bench_engine [octets of a packet before protection, 172] [rounds, 500]
 *
 * The three take turns, round after round, so that a change of the machine's pace meets all of them, and the best round
 * of each counts. Time is that of the processor, not of the clock.
 */
#include "bare_openssl.h"
#include "cpu_time.h"
#include "libsrtp_session.h"

#include <glib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKETS 512 /* a round is short, so that some rounds are left undisturbed */
#define HEADER_LEN 12
#define MAX_PACKET_LEN 1500
#define ROOM (MAX_PACKET_LEN + SRTP_MAX_TRAILER_LEN) /* of libsrtp2, the longest of the three */

typedef struct {
    const libsrtp_suite *suite;
    srtp_master_key key;
    srtp_kdf_variant kdf;
    size_t plain_len;
    size_t sealed_len;
    uint8_t *plain;  /* PACKETS times plain_len */
    uint8_t *sealed; /* PACKETS times ROOM */
    bare_packet *bare_packets;
    bare_session *bare;
    srtp_context *ours;
} bench;

static void make_packet(uint8_t *packet, size_t len, uint16_t seq)
{
    for (size_t i = 0; i < len; i++)
        packet[i] = (uint8_t)g_random_int();
    packet[0] = 0x80;
    packet[1] = 0;
    packet[2] = (uint8_t)(seq >> 8);
    packet[3] = (uint8_t)seq;
    memcpy(packet + 8, "SSRC", 4);
}

static srtp_open_result open_ours(const bench *b, size_t i, uint8_t *out, size_t *out_len)
{
    const srtp_reading reading = { .kdf = b->kdf, .tag_len = b->key.transform.srtp_tag_len, .verify = true };
    rtp_packet packet;

    if (!rtp_packet_parse(&packet, b->sealed + i * ROOM, b->sealed_len))
        return SRTP_OPEN_TOO_SHORT;
    return srtp_context_open_rtp(b->ours, &reading, &packet, 0, out, out_len);
}

/* All three must come to the same plaintext before any is timed. */
static void check_all_agree(const bench *b)
{
    uint8_t out[ROOM];
    size_t out_len;

    for (size_t i = 0; i < PACKETS; i++) {
        const uint8_t *plain = b->plain + i * b->plain_len;
        g_assert_cmpint(open_ours(b, i, out, &out_len), ==, SRTP_OPEN_OK);
        g_assert_cmpmem(out, out_len, plain, b->plain_len);
        g_assert_true(bare_session_open(b->bare, &b->bare_packets[i], out));
        if (b->key.transform.cipher != SRTP_CIPHER_NULL)
            g_assert_cmpmem(out, b->plain_len - HEADER_LEN, plain + HEADER_LEN, b->plain_len - HEADER_LEN);
    }
}

static void seal(bench *b)
{
    const libsrtp_options options = { .direction = ssrc_any_outbound };
    srtp_t sender = libsrtp_session_new(b->suite, &b->key, &options);

    for (size_t i = 0; i < PACKETS; i++) {
        uint8_t *plain = b->plain + i * b->plain_len;
        uint8_t *sealed = b->sealed + i * ROOM;
        int len = (int)b->plain_len;
        make_packet(plain, b->plain_len, (uint16_t)i);
        memcpy(sealed, plain, b->plain_len);
        g_assert_cmpint(srtp_protect(sender, sealed, &len), ==, srtp_err_status_ok);
        b->sealed_len = (size_t)len;
        b->bare_packets[i] = (bare_packet) {
            .data = sealed, .header_len = HEADER_LEN, .payload_len = b->plain_len - HEADER_LEN
        };
    }
    srtp_dealloc(sender);
}

static bench *bench_new(const libsrtp_suite *suite, size_t packet_len)
{
    bench *b = g_new0(bench, 1);
    uint8_t out[ROOM];
    size_t out_len;

    b->suite = suite;
    b->key.transform = crypto_suite_by_name(suite->suite, strlen(suite->suite))->transform;
    memset(b->key.key, 'k', b->key.transform.key_len);
    memset(b->key.salt, 's', b->key.transform.salt_len);
    b->plain_len = packet_len;
    b->plain = g_malloc(PACKETS * packet_len);
    b->sealed = g_malloc(PACKETS * ROOM);
    b->bare_packets = g_new0(bare_packet, PACKETS);
    seal(b);
    b->ours = srtp_context_new(&b->key);
    /* libsrtp 2.5 may have a derivation of its own for AES-192 */
    b->kdf = SRTP_KDF_AES192_AS_256;
    if (open_ours(b, 0, out, &out_len) != SRTP_OPEN_OK)
        b->kdf = SRTP_KDF_RFC;
    b->bare = bare_session_new(&b->key, b->kdf);
    for (size_t i = 0; i < PACKETS; i++)
        bare_session_prepare(b->bare, &b->bare_packets[i]);
    check_all_agree(b);
    return b;
}

static void bench_free(bench *b)
{
    srtp_context_free(b->ours);
    bare_session_free(b->bare);
    g_free(b->bare_packets);
    g_free(b->sealed);
    g_free(b->plain);
    g_free(b);
}

static double time_ours(const bench *b)
{
    uint8_t out[ROOM];
    size_t out_len, opened = 0;

    const double start = cpu_seconds();
    for (size_t i = 0; i < PACKETS; i++)
        opened += open_ours(b, i, out, &out_len) == SRTP_OPEN_OK;
    const double taken = cpu_seconds() - start;
    g_assert_cmpuint(opened, ==, PACKETS);
    return taken;
}

static double time_bare(const bench *b)
{
    uint8_t out[ROOM];
    size_t opened = 0;

    const double start = cpu_seconds();
    for (size_t i = 0; i < PACKETS; i++)
        opened += bare_session_open(b->bare, &b->bare_packets[i], out);
    const double taken = cpu_seconds() - start;
    g_assert_cmpuint(opened, ==, PACKETS);
    return taken;
}

/* libsrtp2 works in place and refuses replays: each packet is copied first, each round has a session of its own. */
static double time_libsrtp(const bench *b)
{
    const libsrtp_options options = { .direction = ssrc_any_inbound };
    srtp_t receiver = libsrtp_session_new(b->suite, &b->key, &options);
    uint8_t out[ROOM];
    size_t opened = 0;

    const double start = cpu_seconds();
    for (size_t i = 0; i < PACKETS; i++) {
        int len = (int)b->sealed_len;
        memcpy(out, b->sealed + i * ROOM, b->sealed_len);
        opened += srtp_unprotect(receiver, out, &len) == srtp_err_status_ok;
    }
    const double taken = cpu_seconds() - start;
    g_assert_cmpuint(opened, ==, PACKETS);
    srtp_dealloc(receiver);
    return taken;
}

static void run(const libsrtp_suite *suite, size_t packet_len, int rounds)
{
    bench *b = bench_new(suite, packet_len);
    double ours = 1e9, bare = 1e9, libsrtp = 1e9;

    for (int i = 0; i < rounds; i++) {
        ours = MIN(ours, time_ours(b));
        bare = MIN(bare, time_bare(b));
        libsrtp = MIN(libsrtp, time_libsrtp(b));
    }
    printf("%-24s %10.0f %10.0f %10.0f %10.2f %13.2f\n", suite->suite, PACKETS / ours, PACKETS / bare,
           PACKETS / libsrtp, bare / ours, libsrtp / ours);
    bench_free(b);
}

int main(int argc, char **argv)
{
    const int packet_len = argc > 1 ? (int)g_ascii_strtoll(argv[1], NULL, 10) : 172;
    const int rounds = argc > 2 ? (int)g_ascii_strtoll(argv[2], NULL, 10) : 500;
    size_t count;
    const libsrtp_suite *suites = libsrtp_suites(&count);

    if (packet_len < HEADER_LEN || packet_len > MAX_PACKET_LEN || rounds < 1) {
        fprintf(stderr, "usage: %s [octets of a packet, %d to %d] [rounds]\n", argv[0], HEADER_LEN, MAX_PACKET_LEN);
        return 2;
    }
    g_random_set_seed(1);
    g_assert_cmpint(srtp_init(), ==, srtp_err_status_ok);
    printf("packets of %d octets a second, best of %d rounds of %d\n\n", packet_len, rounds, PACKETS);
    printf("%-24s %10s %10s %10s %10s %13s\n", "", "engine", "OpenSSL", "libsrtp2", "/ OpenSSL", "/ libsrtp2");
    for (size_t i = 0; i < count; i++)
        run(&suites[i], (size_t)packet_len, rounds);
    srtp_shutdown();
    return 0;
}

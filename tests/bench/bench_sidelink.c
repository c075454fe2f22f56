/* How many PDUs a second one core encrypts and authenticates under each algorithm of EPS: through the engine, and by
 * bare calls of OpenSSL or libipsec-mb.
 *
 *   bench_sidelink [octets of a PDU, 200] [rounds, 500]
 *
 * They take turns, round after round, so that a change of the machine's pace meets all of them, and the best round of
 * each counts. The single-buffer functions, which the engine does without, race in a second run.
 */
#include "bare_eps.h"
#include "cpu_time.h"

#include "ciphers/eea.h"
#include "ciphers/eia.h"
#include "ciphers/octets.h"

#include <glib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PDUS 512 /* a round is short, so that some rounds are left undisturbed */
#define BEARER 4
#define ROOM (BARE_HEAD_LEN + EPS_MAX_LEN)

typedef struct {
    const char *name;
    eps_algorithm algorithm;
    bool integrity;
    const bare_calls *bare;
    const bare_calls *single; /* NULL: the library has no other way */
} rival_engine;

static const rival_engine RIVALS[] = {
#ifdef BENCH_IPSEC_MB
    { "128-EEA1", EPS_SNOW_3G, false, &BARE_EEA1, &BARE_SINGLE_EEA1 },
    { "128-EIA1", EPS_SNOW_3G, true, &BARE_EIA1, &BARE_SINGLE_EIA1 },
    { "128-EEA3", EPS_ZUC, false, &BARE_EEA3, &BARE_SINGLE_EEA3 },
    { "128-EIA3", EPS_ZUC, true, &BARE_EIA3, &BARE_SINGLE_EIA3 },
#endif
    { "128-EEA2", EPS_AES, false, &BARE_EEA2, NULL },
    { "128-EIA2", EPS_AES, true, &BARE_EIA2, NULL },
};

static const uint8_t KEY[EPS_KEY_LEN] = {0x2b, 0xd6, 0x45, 0x9f, 0x82, 0xc5, 0xb3, 0x00, 0x95, 0x2c, 0x49, 0x10, 0x48, 0x81, 0xff, 0x48};
static uint8_t pdus[PDUS][ROOM];
static bare_pdu bare_pdus[PDUS];

static void make_pdus(const rival_engine *rival, size_t len)
{
    for (uint32_t i = 0; i < PDUS; i++) {
        uint8_t *head = pdus[i], *iv = bare_pdus[i].iv;
        for (size_t at = BARE_HEAD_LEN; at < ROOM; at++)
            head[at] = (uint8_t)g_random_int();
        octets_put_u32(head, i);
        octets_put_u32(head + 4, BEARER << 27);
        memcpy(iv, head, BARE_HEAD_LEN);
        memcpy(iv + BARE_HEAD_LEN, head, BARE_HEAD_LEN);
        if (rival->algorithm == EPS_AES)
            memset(iv + BARE_HEAD_LEN, 0, BARE_HEAD_LEN);
        bare_pdus[i].headed = head;
        bare_pdus[i].message = head + BARE_HEAD_LEN;
        bare_pdus[i].len = len;
    }
}

typedef struct {
    eea_cipher cipher;
    eia_mac mac;
} engine;

static bool run_ours(engine *ours, bool integrity, uint32_t i, uint8_t *out)
{
    const eps_input input = { .count = i, .bearer = BEARER, .direction = 0 };
    const bare_pdu *pdu = &bare_pdus[i];

    return integrity ? eia_mac_i(&ours->mac, &input, pdu->message, 8 * pdu->len, out)
                     : eea_crypt(&ours->cipher, &input, pdu->message, pdu->len, out);
}

static double time_ours(engine *ours, bool integrity)
{
    uint8_t out[ROOM];
    unsigned done = 0;

    const double start = cpu_seconds();
    for (uint32_t i = 0; i < PDUS; i++)
        done += run_ours(ours, integrity, i, out);
    const double taken = cpu_seconds() - start;
    g_assert_cmpuint(done, ==, PDUS);
    return taken;
}

static double time_bare(const bare_calls *calls)
{
    uint8_t out[ROOM];
    unsigned done = 0;

    const double start = cpu_seconds();
    for (uint32_t i = 0; i < PDUS; i++)
        done += calls->run(&bare_pdus[i], out);
    const double taken = cpu_seconds() - start;
    g_assert_cmpuint(done, ==, PDUS);
    return taken;
}

/* They must come to the same before any is timed. */
static void check_agreement(engine *ours, const rival_engine *rival, const bare_calls *calls)
{
    uint8_t out[ROOM], theirs[ROOM];

    for (uint32_t i = 0; i < PDUS; i++) {
        const size_t len = rival->integrity ? EIA_MAC_LEN : bare_pdus[i].len;
        g_assert_true(run_ours(ours, rival->integrity, i, out));
        g_assert_true(calls->run(&bare_pdus[i], theirs));
        g_assert_cmpmem(out, len, theirs, len);
    }
}

/* The best rounds of the engine and of the calls, in turn. */
static void race(engine *ours, const rival_engine *rival, const bare_calls *calls, int rounds, double *engine_best,
                 double *calls_best)
{
    calls->key(KEY);
    check_agreement(ours, rival, calls);
    *engine_best = *calls_best = 1e9;
    for (int i = 0; i < rounds; i++) {
        *engine_best = MIN(*engine_best, time_ours(ours, rival->integrity));
        *calls_best = MIN(*calls_best, time_bare(calls));
    }
}

static void run(const rival_engine *rival, size_t len, int rounds)
{
    double engine_best, bare, beside_single, single;
    engine ours = { 0 };

    make_pdus(rival, len);
    g_assert_true(rival->integrity ? eia_init(&ours.mac, rival->algorithm, KEY)
                                   : eea_init(&ours.cipher, rival->algorithm, KEY));
    race(&ours, rival, rival->bare, rounds, &engine_best, &bare);
    printf("%-10s %10.0f %10.0f %8.2f", rival->name, PDUS / engine_best, PDUS / bare, bare / engine_best);
    if (rival->single) {
        race(&ours, rival, rival->single, rounds, &beside_single, &single);
        printf(" %14.0f %8.2f", PDUS / single, single / beside_single);
    }
    putchar('\n');
    eea_clear(&ours.cipher);
    eia_clear(&ours.mac);
}

int main(int argc, char **argv)
{
    const int len = argc > 1 ? (int)g_ascii_strtoll(argv[1], NULL, 10) : 200;
    const int rounds = argc > 2 ? (int)g_ascii_strtoll(argv[2], NULL, 10) : 500;

    if (len < 1 || len > EPS_MAX_LEN || rounds < 1) {
        fprintf(stderr, "usage: %s [octets of a PDU, 1 to %d] [rounds]\n", argv[0], EPS_MAX_LEN);
        return 2;
    }
    g_random_set_seed(1);
    printf("PDUs of %d octets a second, best of %d rounds of %d\n\n", len, rounds, PDUS);
    printf("%-10s %10s %10s %8s %14s %8s\n", "", "engine", "bare", "/ bare", "single buffer", "/ single");
    for (size_t i = 0; i < G_N_ELEMENTS(RIVALS); i++)
        run(&RIVALS[i], (size_t)len, rounds);
    return 0;
}

/* The library calls that do a PDU's work under one algorithm of EPS, and nothing else: keys set, IVs and what stands
 * before a message for CMAC made beforehand. */
#ifndef D2DSEC_TESTS_BARE_EPS_H
#define D2DSEC_TESTS_BARE_EPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BARE_HEAD_LEN 8 /* COUNT, BEARER and DIRECTION, where CMAC takes them in */

typedef struct {
    uint8_t iv[16];
    const uint8_t *headed; /* head and message */
    const uint8_t *message;
    size_t len; /* of the message */
} bare_pdu;

/* `key` has 16 octets, and is used by every later call of `run`. */
typedef struct {
    void (*key)(const uint8_t *key);
    bool (*run)(const bare_pdu *pdu, uint8_t *out); /* a message of the same length, or a MAC of 4 octets first */
} bare_calls;

/* OpenSSL, as its manual shows. */
extern const bare_calls BARE_EEA2, BARE_EIA2;

/* libipsec-mb: by jobs, one at a time, with the manager for SSE. */
extern const bare_calls BARE_EEA1, BARE_EIA1, BARE_EEA3, BARE_EIA3;

/* libipsec-mb: by its functions for a single buffer, with the manager that it chooses. ipsec_mb.c says why the plugin
 * does without them. */
extern const bare_calls BARE_SINGLE_EEA1, BARE_SINGLE_EIA1, BARE_SINGLE_EEA3, BARE_SINGLE_EIA3;

#endif

/* The worked example of tests/vectors/d2d_example.json: its keys, and the PDUs of its capture as PDCP hands them on. */
#ifndef D2DSEC_TESTS_D2D_EXAMPLE_H
#define D2DSEC_TESTS_D2D_EXAMPLE_H

#include "sessions/pdcp_sl.h"

#include "vectors.h"

/* The capture's frames, counted from 0. 0x010203 is the initiator, 0x0a0b0c the commander. */
enum { D2D_REQUEST, D2D_ACCEPT_IN_CLEAR, D2D_COMMAND, D2D_COMPLETE, D2D_ACCEPT, D2D_IP, D2D_FRAMES };

typedef struct {
    vector_octets octets; /* header, data, MAC-I */
    vector_octets plain;  /* the SDU; empty of what was sent in the clear */
    sl_link link;
} d2d_pdu;

typedef struct {
    char *k1, *salt1, *k2, *salt2, *pgk, *kd, *kd_sess, *pek, *pik; /* in hex; PEK and PIK under EEA2 and EIA2 */
    vector_octets nonce_1, nonce_2;
    d2d_pdu frames[D2D_FRAMES];
    d2d_pdu group; /* from 0x010203 to the group 0x0a0b0c, PGK index 5 */
} d2d_example;

/* Reads the file once; the result is everyone's and stays. */
const d2d_example *d2d_example_get(void);

/* The IPv4 headers of the example have no checksum. This puts one into the SDU and, since the cipher is a stream, into the PDU. */
d2d_pdu d2d_pdu_with_checksum(const d2d_pdu *pdu);

/* The PDU as PDCP reads it; its spans point into `octets`. */
sl_pdu d2d_pdu_parse(const d2d_pdu *pdu, uint32_t frame);

#endif

/* An IP address and a port, without any dissector type. */
#ifndef D2DSEC_KEYS_TRANSPORT_ADDRESS_H
#define D2DSEC_KEYS_TRANSPORT_ADDRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint8_t ip[16];  /* IPv4: the first four octets, the rest zero */
    uint16_t port;   /* host order */
    uint8_t ip_len;  /* 4, 16, or 0 for "no address" */
    uint8_t unused;  /* always zero, so that the whole struct compares with memcmp */
} transport_address;

static inline void transport_address_set(transport_address *a, const uint8_t *ip, uint8_t ip_len, uint16_t port)
{
    memset(a, 0, sizeof *a);
    memcpy(a->ip, ip, ip_len);
    a->ip_len = ip_len;
    a->port = port;
}

static inline bool transport_address_equal(const transport_address *a, const transport_address *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Whether the IP addresses are the same, whatever the ports. */
static inline bool transport_address_same_host(const transport_address *a, const transport_address *b)
{
    return a->ip_len == b->ip_len && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

#endif

/* Integers in network byte order, read from and written to octets of any alignment. */
#ifndef D2DSEC_CIPHERS_OCTETS_H
#define D2DSEC_CIPHERS_OCTETS_H

#include <stdint.h>

static inline uint16_t octets_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t octets_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void octets_put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* XORs the low `count` octets of `value`, most significant first, onto at[0..count). */
static inline void octets_xor(uint8_t *at, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        at[i] ^= (uint8_t)(value >> 8 * (count - 1 - i));
}

#endif

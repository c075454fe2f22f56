/* Octets of any alignment: integers in network byte order, XOR, and a hash. */
#ifndef D2DSEC_CIPHERS_OCTETS_H
#define D2DSEC_CIPHERS_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t octets_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t octets_u24(const uint8_t *at)
{
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
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

static inline void octets_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void octets_xor_u16(uint8_t *at, uint16_t value)
{
    octets_put_u16(at, (uint16_t)(octets_u16(at) ^ value));
}

static inline void octets_xor_u32(uint8_t *at, uint32_t value)
{
    octets_put_u32(at, octets_u32(at) ^ value);
}

/* The low 48 bits of `value`: the width of an SRTP packet index. */
static inline void octets_xor_u48(uint8_t *at, uint64_t value)
{
    octets_xor_u32(at, (uint32_t)(value >> 16));
    octets_xor_u16(at + 4, (uint16_t)value);
}

/* out[i] = a[i] XOR b[i]; out may be either of them. By words, because at -O2 compilers leave it octet by octet. */
static inline void octets_xor(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t len)
{
    for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t)) {
        uint64_t x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        x ^= y;
        memcpy(out, &x, sizeof x);
        a += sizeof x;
        b += sizeof x;
        out += sizeof x;
    }
    for (; len > 0; len--)
        *out++ = *a++ ^ *b++;
}

/* FNV-1a, 32 bits: whether two runs of octets are probably the same. No defence against one who wants them to seem so. */
static inline uint32_t octets_hash(const uint8_t *data, size_t len)
{
    uint32_t hash = 0x811c9dc5;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ data[i]) * 0x01000193;
    return hash;
}

#endif

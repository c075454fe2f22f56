"""The confidentiality algorithms EEA0 to EEA3 and the integrity algorithms EIA0 to EIA3 of 3GPP TS 33.401 Annex B.

COUNT has 32 bits, BEARER 5, DIRECTION 1. `bits` is LENGTH; whole octets unless told. Bits of an output beyond it are 0.
"""

import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .snow3g_zuc import MASK, snow3g, zuc
from .srtp_model import aes_ctr, xor

NULL, SNOW_3G, AES, ZUC = range(4)
ALGORITHMS = NULL, SNOW_3G, AES, ZUC


def cut(data, bits):
    """The first `bits` bits, the last octet filled with 0."""
    data = data[: (bits + 7) // 8]
    return data[:-1] + bytes([data[-1] & 0xFF << -bits % 8 & 0xFF]) if bits % 8 else data


def _octets(words):
    return struct.pack("!%dI" % len(words), *words)


# --- confidentiality -------------------------------------------------------------------------------------


def eea(algorithm, key, count, bearer, direction, data, bits=None):
    """Enciphers or deciphers: the same operation."""
    bits = 8 * len(data) if bits is None else bits
    words = (bits + 31) // 32
    first = struct.pack("!IB3x", count, bearer << 3 | direction << 2)
    if algorithm == NULL:
        return cut(data, bits)
    if algorithm == AES:  # B.1.3
        return cut(aes_ctr(key, first + bytes(8), data), bits)
    # IV of SNOW 3G (TS 35.215 section 3.4) and of ZUC (EEA3 section 3.3): the same octets twice
    stream = snow3g(key, first + first, words) if algorithm == SNOW_3G else zuc(key, first + first, words)
    return cut(xor(data, _octets(stream)), bits)


# --- integrity -------------------------------------------------------------------------------------------


def _times_x(value):
    return (value << 1 ^ 0x1B) & 0xFFFFFFFFFFFFFFFF if value >> 63 else value << 1


def _product(a, b):
    """In the field of 2^64 elements, with x^64 + x^4 + x^3 + x + 1."""
    product = 0
    for at in range(64):
        if b >> at & 1:
            product ^= a
        a = _times_x(a)
    return product


def uia2(key, count, fresh, direction, data, bits):
    """f9 of TS 35.215 section 4, of which 128-EIA1 is the case that FRESH is BEARER and 27 zeros."""
    iv = struct.pack("!4I", count, fresh, count ^ direction << 31, fresh ^ direction << 15)
    z = snow3g(key, iv, 5)
    p, q, value = z[0] << 32 | z[1], z[2] << 32 | z[3], 0
    data = cut(data, bits)
    for at in range(0, len(data), 8):
        value = _product(value ^ int.from_bytes(data[at : at + 8].ljust(8, b"\0"), "big"), p)
    value = _product(value ^ bits, q)
    return _octets([value >> 32 ^ z[4]])


def _cmac(key, data, bits):
    """RFC 4493, for messages that need not end with an octet."""
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()

    def doubled(block):
        value = int.from_bytes(block, "big") << 1
        return (value & 2**128 - 1 ^ (0x87 if value >> 128 else 0)).to_bytes(16, "big")

    mask = doubled(aes.update(bytes(16)))
    if bits % 128 or not bits:
        mask = doubled(mask)
        data = bytearray(cut(data, bits).ljust(bits // 128 * 16 + 16, b"\0"))
        data[bits // 8] |= 0x80 >> bits % 8
        data = bytes(data)
    state = bytes(16)
    for at in range(0, len(data), 16):
        block = data[at : at + 16]
        state = aes.update(xor(xor(state, block), mask if at + 16 == len(data) else bytes(16)))
    return state


def _eia3(key, count, bearer, direction, data, bits):
    """EIA3 section 4: the keystream is looked at through a window of 32 bits that moves a bit at a time."""
    iv = bytearray(struct.pack("!IB3x", count, bearer << 3) * 2)
    iv[8] ^= direction << 7
    iv[14] ^= direction << 7
    stream = int.from_bytes(_octets(zuc(key, iv, (bits + 95) // 32)), "big")
    size = (bits + 95) // 32 * 32

    def window(at):
        return stream >> size - 32 - at & MASK

    tag = window(bits) ^ window(size - 32)
    for at in range(bits):
        if data[at // 8] << at % 8 & 0x80:
            tag ^= window(at)
    return tag.to_bytes(4, "big")


def eia(algorithm, key, count, bearer, direction, data, bits=None):
    """The MAC, four octets."""
    bits = 8 * len(data) if bits is None else bits
    if algorithm == NULL:
        return bytes(4)
    if algorithm == SNOW_3G:
        return uia2(key, count, bearer << 27, direction, data, bits)
    if algorithm == AES:  # B.2.3
        return _cmac(key, struct.pack("!IB3x", count, bearer << 3 | direction << 2) + data, 64 + bits)[:4]
    return _eia3(key, count, bearer, direction, data, bits)

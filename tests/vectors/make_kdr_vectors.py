#!/usr/bin/env python3
"""Writes kdr_packets.json: packets whose session keys change with the key derivation rate (RFC 3711 section 4.3.1).

The packets stand in an order that crosses each derivation boundary forward and back.
"""
import os

from srtp_model import octets, rtcp_packet, rtp_packet, sender, write

HERE = os.path.dirname(os.path.abspath(__file__))


def rtp_vectors(suite, kdr, indexes):
    source = sender(suite, kdr=kdr)
    for index in indexes:
        roc, seq = divmod(index, 1 << 16)
        plain, header_len = rtp_packet(seq, octets(f"payload {index}", 41))
        yield source.describe(f"kdr {kdr} index {index}", "rtp", plain, source.rtp(plain, header_len, roc), roc=roc)


def rtcp_vectors(suite, kdr, indexes):
    source = sender(suite, kdr=kdr)
    for index in indexes:
        plain = rtcp_packet(octets(f"report {index}", 44))
        yield source.describe(f"kdr {kdr} index {index}", "rtcp", plain, source.rtcp(plain, index),
                              index=index, encrypted=True)


vectors = [
    *rtp_vectors("AES_CM_128_HMAC_SHA1_80", 1, [0, 1, 0, 2]),
    *rtp_vectors("AES_CM_128_HMAC_SHA1_80", 32, [30, 31, 32, 31, 33, 64, 63, 65]),
    *rtp_vectors("AES_CM_128_HMAC_SHA1_32", 1 << 16, [0xFFFF, 0x10000, 0xFFFE, 0x10001, 0x12345]),
    *rtp_vectors("AES_256_CM_HMAC_SHA1_32", 1 << 24, [0xFFFFFF, 0x1000000, (1 << 48) - 1]),
    *rtp_vectors("F8_128_HMAC_SHA1_80", 4, [7, 8, 7, 9]),
    *rtp_vectors("AEAD_AES_128_GCM", 8, [15, 16, 15, 17]),
    *rtcp_vectors("AES_CM_128_HMAC_SHA1_80", 2, [1, 2, 1, 3, 4, 5]),
    *rtcp_vectors("AES_192_CM_HMAC_SHA1_80", 1 << 10, [1023, 1024, 1023, (1 << 31) - 1]),
    *rtcp_vectors("AEAD_AES_256_GCM", 16, [15, 16, 15]),
]
write(os.path.join(HERE, "kdr_packets.json"), "make_kdr_vectors.py", vectors)

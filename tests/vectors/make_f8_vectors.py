#!/usr/bin/env python3
"""Writes f8_packets.json: SRTP and SRTCP packets under AES-f8 (RFC 3711 section 4.1.2)."""
import os

from srtp_model import octets, rtcp_packet, rtp_packet, sender, write

HERE = os.path.dirname(os.path.abspath(__file__))

vectors = []
for suite in ("F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32"):
    for mki in (b"", b"\x01\x02"):
        source = sender(suite, mki=mki)
        for length in (0, 1, 15, 16, 17, 160, 1200):
            roc = length
            plain, header_len = rtp_packet(0xFF00 + length % 251, octets("f8", length), csrcs=length % 3)
            vectors.append(source.describe(f"payload of {length}", "rtp", plain, source.rtp(plain, header_len, roc),
                                           roc=roc))
        for index in (0, 1, (1 << 31) - 1):
            for encrypt in (True, False):
                plain = rtcp_packet(octets(f"f8 report {index}", 52))
                vectors.append(source.describe(f"index {index}", "rtcp", plain, source.rtcp(plain, index, encrypt),
                                               index=index, encrypted=encrypt))
write(os.path.join(HERE, "f8_packets.json"), "make_f8_vectors.py", vectors)

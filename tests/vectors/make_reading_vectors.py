#!/usr/bin/env python3
"""Writes reading_packets.json, what the other vectors lack: tags of 12 and 8 octets, packets without tag, payloads
in the clear, SRTCP without E bit, an MKI behind an AEAD tag, AES-192 keys derived as libsrtp 2.5 derives them, header
extensions encrypted in part (RFC 6904).
"""
import os

from srtp_model import SUITES, octets, rtcp_packet, rtp_packet, sender, write

HERE = os.path.dirname(os.path.abspath(__file__))

# Elements as (ID, body); None is an octet of padding.
ELEMENTS = [(1, b"\x11"), None, (2, octets("two", 16)), (14, octets("fourteen", 3)), (3, b"\x33\x33"), None, None]


def one_byte(elements, encrypted):
    body = mask = b""
    for element in elements:
        if element is None:
            body, mask = body + b"\0", mask + b"\0"
        else:
            ident, content = element
            body += bytes([ident << 4 | len(content) - 1]) + content
            mask += b"\0" + (b"\xff" if ident in encrypted else b"\0") * len(content)
    return body, mask


def two_byte(elements, encrypted):
    body = mask = b""
    for element in elements:
        if element is None:
            body, mask = body + b"\0", mask + b"\0"
        else:
            ident, content = element
            body += bytes([ident, len(content)]) + content
            mask += b"\0\0" + (b"\xff" if ident in encrypted else b"\0") * len(content)
    return body, mask


def pad(body, mask):
    fill = bytes(-len(body) % 4)
    return body + fill, mask + fill


def extension_vectors(suite):
    source = sender(suite)
    forms = [
        ("one-byte", 0xBEDE, one_byte, ELEMENTS, [1, 14], b""),
        ("one-byte, all", 0xBEDE, one_byte, ELEMENTS, [1, 2, 3, 14], b""),
        # An element with ID 15 ends the extension: what follows stays as it is.
        ("one-byte, stopped", 0xBEDE, one_byte, ELEMENTS[:3], [1, 2, 15], b"\xf1\x12\x34\x11\x55"),
        # An element longer than what is left is no element.
        ("one-byte, cut off", 0xBEDE, one_byte, ELEMENTS[:3], [1, 2], b"\x2f\x12\x34"),
        ("two-byte", 0x1000, two_byte, ELEMENTS + [(200, octets("200", 33)), (5, b"")], [2, 5, 200], b""),
        ("two-byte, appbits", 0x100A, two_byte, ELEMENTS, [2], b""),
        ("two-byte, cut off", 0x1000, two_byte, ELEMENTS[:3], [1, 2], b"\x02\x20\x12\x34"),
        # A profile that says nothing about elements has none to decrypt.
        ("another profile", 0x0FFF, one_byte, ELEMENTS, [1, 14], b""),
    ]
    for name, profile, encode, elements, encrypted, rest in forms:
        body, mask = encode(elements, encrypted)
        body, mask = pad(body + rest, mask + bytes(len(rest)))
        if profile == 0x0FFF:
            mask = bytes(len(mask))
        plain, header_len = rtp_packet(77, octets("ext", 20), csrcs=1, extension=body, profile=profile)
        protected = source.rtp(plain, header_len, 3, extension_mask=mask)
        yield source.describe(f"extension {name}", "rtp", plain, protected, roc=3, encrypted_ids=encrypted)


def payload_vectors(suite, **more):
    source = sender(suite, **more)
    plain, header_len = rtp_packet(0xABCD, octets("payload", 57), csrcs=2, extension=octets("ext", 8), profile=0x1234)
    for clear in (False, True):
        yield source.describe("in the clear" if clear else "encrypted", "rtp", plain,
                              source.rtp(plain, header_len, 0x01020304, clear=clear), roc=0x01020304, clear=clear)
    if source.cipher != "gcm":
        yield source.describe("unauthenticated", "rtp", plain,
                              source.rtp(plain, header_len, 1, unauthenticated=True), roc=1, tag_len=0)
    for encrypt in (True, False):
        report = rtcp_packet(octets("report", 24))
        yield source.describe(f"E={encrypt:d}", "rtcp", report, source.rtcp(report, 0x123456, encrypt),
                              index=0x123456, encrypted=encrypt)


vectors = []
for suite in SUITES:
    for mki in (b"", b"\xa5\x5a\x00\x01"):
        vectors += payload_vectors(suite, mki=mki)
vectors += payload_vectors("AES_192_CM_HMAC_SHA1_80", aes_192_as_256=True)
vectors += payload_vectors("AES_192_CM_HMAC_SHA1_80", aes_192_as_256=True, kdr=4)
for suite in ("AES_CM_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80", "NULL_HMAC_SHA1_32", "AEAD_AES_256_GCM"):
    vectors += extension_vectors(suite)
write(os.path.join(HERE, "reading_packets.json"), "make_reading_vectors.py", vectors)

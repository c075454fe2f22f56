"""Blocks of pcapng files. `order` is that of struct: "<" or ">"."""

import struct

SECTION, INTERFACE, PACKET, SECRETS = 0x0A0D0D0A, 1, 6, 10
KEY_LOG_TYPE = 0x4432444B  # "D2DK", as keyfiles/README.md has it


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section_header(order, length=-1):
    return block(order, SECTION, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length))


def interface(order, link_type, snaplen=0):
    return block(order, INTERFACE, struct.pack(order + "HHI", link_type, 0, snaplen))


def packet(order, time, octets, length=None):
    """time: in microseconds. length: on the wire; None: all was captured."""
    length = len(octets) if length is None else length
    return block(order, PACKET, struct.pack(order + "5I", 0, time >> 32, time & 0xFFFFFFFF, len(octets), length) + octets)


def key_log(order, text):
    return block(order, SECRETS, struct.pack(order + "II", KEY_LOG_TYPE, len(text)) + text)

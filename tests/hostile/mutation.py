"""Spoils captures and key logs: what a hostile sender or a bad link makes of them. All of it follows from the dice that are given.

A frame is spoiled anywhere, lengths and all, or deep: within what UDP or TCP carries, text or octets, with the lengths around it set
right again, so that what lies behind them is reached. Base64 in text is decoded, spoiled and encoded again.
"""

import base64
import re
import struct
from dataclasses import dataclass, field

from model import pcapng

NANOSECONDS, MICROSECONDS = 0xA1B23C4D, 0xA1B2C3D4
ETHERNET = 1
IPV4, IPV6, VLAN = 0x0800, 0x86DD, 0x8100
TCP, UDP = 6, 17
INTERESTING = (0, 1, 2, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 129, 191, 192, 223, 224, 240, 254, 255)
NUMBERS = (b"0", b"1", b"-1", b"7", b"255", b"256", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967295", b"4294967296",
           b"18446744073709551615", b"99999999999999999999", b"1e9", b"0x10", b"")
WORDS = (b"%s%n%x", b"\0", b"\xff\xfe", b"\xc3\x28", b";", b"|", b"||", b":", b"=", b'"', b"<", b",", b" ", b"\t", b"\r\n", b"\r\n\r\n",
         b"2^31", b"2^48", b"1:4", b"inline:", b"FEC_KEY=", b"KDR=24", b"WSH=64", b"UNENCRYPTED_SRTP", b"UNAUTHENTICATED_SRTP",
         b"a=crypto:", b"a=key-mgmt:mikey ", b"m=audio 9 RTP/SAVP 0", b"a=rtcp-mux", b"c=IN IP6 ::1", b"a=group:BUNDLE 0 1")
TEXT = re.compile(rb"SIP/2\.0|RTSP/1\.0|HTTP/1|\nm=|a=crypto")
BASE64 = re.compile(rb'(?:inline:|mikey |data=")([A-Za-z0-9+/]{8,}=*)')
NUMBER = re.compile(rb"\d+")
CONTENT_LENGTH = re.compile(rb"(?im)^(content-length|l)([ \t]*:[ \t]*)\d+")
LARGEST_PAYLOAD = 16000


@dataclass
class Frame:
    time: int  # in nanoseconds
    octets: bytes
    length: int  # on the wire


@dataclass
class Capture:
    link_type: int
    frames: list = field(default_factory=list)

    @classmethod
    def read(cls, path):
        """Of a pcap file; not of pcapng."""
        data = path.read_bytes()
        for order in "<>":
            magic = struct.unpack_from(order + "I", data)[0]
            if magic in (MICROSECONDS, NANOSECONDS):
                break
        else:
            raise ValueError("%s is no pcap file; editcap -F pcap makes one of it" % path)
        unit = 1000 if magic == MICROSECONDS else 1
        capture = cls(struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF)
        at = 24
        while at + 16 <= len(data):
            seconds, fraction, kept, length = struct.unpack_from(order + "IIII", data, at)
            capture.frames.append(Frame(seconds * 10**9 + fraction * unit, data[at + 16 : at + 16 + kept], length))
            at += 16 + kept
        return capture

    def write_between(self, path, key_logs):
        """As pcapng. key_logs: (number of frames that stand before it, text), by that number."""
        parts = [pcapng.section_header("<"), pcapng.interface("<", self.link_type)]
        waiting = list(key_logs)
        for count in range(len(self.frames) + 1):
            while waiting and waiting[0][0] == count:
                parts.append(pcapng.key_log("<", waiting.pop(0)[1]))
            if count < len(self.frames):
                frame = self.frames[count]
                parts.append(pcapng.packet("<", frame.time // 1000, frame.octets, max(frame.length, len(frame.octets))))
        path.write_bytes(b"".join(parts))

    def write(self, path):
        parts = [struct.pack("<IHHiIII", NANOSECONDS, 2, 4, 0, 0, 262144, self.link_type)]
        for frame in self.frames:
            seconds, fraction = divmod(frame.time, 10**9)
            parts.append(struct.pack("<IIII", seconds, fraction, len(frame.octets), max(frame.length, len(frame.octets))))
            parts.append(frame.octets)
        path.write_bytes(b"".join(parts))


# --- octets ---------------------------------------------------------------------------------------------------------


def noise(dice, octets, probability, first=0):
    """As editcap -E does it, by the kinds of error and the offset from which on they are made."""
    spoiled = bytearray(octets)
    for at in range(first, len(spoiled)):
        if dice.random() >= probability:
            continue
        kind = dice.randrange(5)
        if kind == 0:
            spoiled[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            spoiled[at] = dice.randrange(256)
        elif kind == 2:
            spoiled[at] = dice.choice(b"0123456789ABCDEFabcdefghijklmnopqrstuvwxyz")
        elif kind == 3:
            spoiled[at : at + 2] = b"%s"[: len(spoiled) - at]
        else:
            spoiled[at] = 0xAA
    return bytes(spoiled)


def havoc(dice, octets, others):
    """One to four changes, of which some make it longer or shorter. others: what parts are taken from."""
    spoiled = bytearray(octets)
    for _ in range(dice.choice((1, 1, 2, 4))):
        size = len(spoiled)
        at, span = dice.randrange(size + 1), dice.choice((1, 1, 2, 4, 8, 16, 64))
        kind = dice.randrange(8)
        if kind == 0 and at < size:
            spoiled[at] ^= 1 << dice.randrange(8)
        elif kind == 1 and at < size:
            spoiled[at] = dice.choice(INTERESTING)
        elif kind == 2 and at + 2 <= size:
            struct.pack_into("!H", spoiled, at, dice.choice((0, 1, 255, 256, 32767, 32768, 65535, size, size - at, size + 1)) & 0xFFFF)
        elif kind == 3:
            spoiled[at:at] = dice.randbytes(span)
        elif kind == 4:
            del spoiled[at : at + span]
        elif kind == 5:
            spoiled[at:at] = spoiled[at : at + span] * dice.choice((1, 1, 8))
        elif kind == 6:
            part = dice.choice(others)
            start = dice.randrange(len(part) + 1)
            spoiled[at : at + span] = part[start : start + span]
        else:
            del spoiled[at:]
    return bytes(spoiled[:LARGEST_PAYLOAD])


def text_havoc(dice, text, others):
    """The same of lines, numbers, words and base64."""
    for _ in range(dice.choice((1, 1, 2, 3))):
        kind = dice.randrange(7)
        if kind == 0:
            text = spoil_match(dice, BASE64, 1, text, lambda part: spoil_base64(dice, part))
        elif kind == 1:
            text = spoil_match(dice, NUMBER, 0, text, lambda part: dice.choice(NUMBERS))
        elif kind == 2:
            at = dice.randrange(len(text) + 1)
            text = text[:at] + dice.choice(WORDS) + text[at + dice.choice((0, 0, 1)) :]
        elif kind == 3:
            text = havoc(dice, text, others)
        else:
            lines = text.split(b"\r\n")
            at = dice.randrange(len(lines))
            if kind == 4:
                del lines[at]
            elif kind == 5:
                lines[at:at] = [lines[at]] * dice.choice((1, 2, 40))
            else:
                lines.insert(at, dice.choice(dice.choice(others).split(b"\r\n")))
            text = b"\r\n".join(lines)
    return text[:LARGEST_PAYLOAD]


def spoil_match(dice, pattern, group, text, change):
    found = list(pattern.finditer(text))
    if not found:
        return text
    begin, end = dice.choice(found).span(group)
    return text[:begin] + change(text[begin:end]) + text[end:]


def spoil_base64(dice, encoded):
    encoded = encoded.rstrip(b"=")
    octets = base64.b64decode(encoded[: len(encoded) // 4 * 4])
    return base64.b64encode(havoc(dice, octets, [octets]))


def with_right_content_length(text):
    head, blank, body = text.partition(b"\r\n\r\n")
    return CONTENT_LENGTH.sub(rb"\g<1>\g<2>%d" % len(body), head) + blank + body


# --- frames ---------------------------------------------------------------------------------------------------------


@dataclass
class Layers:
    """Where in a frame a datagram or segment stands whose payload can be replaced."""

    network: int
    transport: int
    protocol: int
    payload: int


def layers_of(octets):
    """None: neither UDP nor TCP over Ethernet, or a fragment."""
    at = 12
    while octets[at : at + 2] == struct.pack("!H", VLAN):
        at += 4
    kind, network = octets[at : at + 2], at + 2
    if kind == struct.pack("!H", IPV4) and len(octets) >= network + 20 and not octets[network + 6] & 0x3F and not octets[network + 7]:
        protocol, transport = octets[network + 9], network + (octets[network] & 15) * 4
    elif kind == struct.pack("!H", IPV6) and len(octets) >= network + 40:
        protocol, transport = octets[network + 6], network + 40
    else:
        return None
    if protocol == UDP and len(octets) > transport + 8:
        return Layers(network, transport, protocol, transport + 8)
    if protocol == TCP and len(octets) > transport + 20:
        payload = transport + (octets[transport + 12] >> 4) * 4
        return Layers(network, transport, protocol, payload) if payload < len(octets) else None
    return None


def replace_payload(octets, layers, payload):
    """Sets the lengths of IP and UDP. Checksums stay as they were: Wireshark goes by none unless told to."""
    spoiled = bytearray(octets[: layers.payload] + payload)
    at = layers.network
    if spoiled[at] >> 4 == 4:
        struct.pack_into("!H", spoiled, at + 2, len(spoiled) - at)
    else:
        struct.pack_into("!H", spoiled, at + 4, len(spoiled) - at - 40)
    if layers.protocol == UDP:
        struct.pack_into("!H", spoiled, layers.transport + 4, len(spoiled) - layers.transport)
    return bytes(spoiled)


def payload_of(link_type, frame):
    """(layers or None, what can be spoiled)"""
    layers = layers_of(frame.octets) if link_type == ETHERNET else None
    return layers, frame.octets[layers.payload :] if layers else frame.octets


def spoil_payload(dice, link_type, frame, others):
    layers, payload = payload_of(link_type, frame)
    if TEXT.search(payload):
        payload = text_havoc(dice, payload, others)
        if dice.random() < 0.8:
            payload = with_right_content_length(payload)
    elif dice.random() < 0.5:
        payload = havoc(dice, payload, others)
    else:
        payload = noise(dice, payload, 0.01)
    octets = replace_payload(frame.octets, layers, payload) if layers else payload
    return Frame(frame.time, octets, len(octets))


def spoil_frame(dice, link_type, frame, others):
    """Mostly deep; some truncated, some with noise from an offset on."""
    kind = dice.randrange(10)
    if kind < 7:
        return spoil_payload(dice, link_type, frame, others)
    octets, length = frame.octets, frame.length
    if kind == 7:
        octets = octets[: dice.randrange(len(octets) + 1)]
        length = dice.choice((len(octets), length))
    else:
        octets = noise(dice, octets, dice.choice((0.002, 0.02)), dice.choice((0, 14, 34, 42, 54)))
    return Frame(frame.time, octets, length)


# --- captures -------------------------------------------------------------------------------------------------------


def is_worthy(link_type, frame):
    """Signalling and sidelink frames: of media, one is like another."""
    payload = payload_of(link_type, frame)[1]
    return link_type != ETHERNET or TEXT.search(payload) or payload[:1] and payload[0] & 0xC0 != 0x80


def choose(dice, capture, count):
    """At most so many frames: the first, and as many from somewhere on."""
    frames = capture.frames
    if len(frames) <= count:
        return list(frames)
    start = dice.randrange(count // 2, len(frames) - count // 2 + 1)
    return frames[: count // 2] + frames[start : start + count // 2]


def join(dice, captures, count):
    """One capture of the frames of several with the same link type, one after another or side by side."""
    queues = [choose(dice, capture, count // len(captures)) for capture in captures]
    frames = interleave(dice, queues) if dice.random() < 0.5 else [frame for queue in queues for frame in queue]
    return Capture(captures[0].link_type, frames)


def interleave(dice, queues):
    """Each keeps its order."""
    turns = [number for number, queue in enumerate(queues) for _ in queue]
    dice.shuffle(turns)
    return [queues[number].pop(0) for number in turns]


def spoil_capture(dice, captures, count):
    """A new capture of one or several, at most `count` frames of them."""
    spoiled = join(dice, captures, count)
    link_type, others = spoiled.link_type, [frame.octets for frame in spoiled.frames]
    payloads = [payload_of(link_type, frame)[1] for frame in spoiled.frames]
    worthy, dull = dice.choice(((0.15, 0.01), (0.4, 0.03), (0.8, 0.2), (0.05, 0.3)))
    frames = []
    for frame in spoiled.frames:
        if dice.random() < (worthy if is_worthy(link_type, frame) else dull):
            if dice.random() < 0.1:
                frames.append(frame)  # the right one is there, too
            frame = spoil_frame(dice, link_type, frame, dice.choice((others, payloads)))
        frames.append(frame)
    for _ in range(dice.choice((0, 0, 1, 3, 10))):
        rearrange(dice, frames)
    spoiled.frames = frames
    return spoiled


def rearrange(dice, frames):
    if not frames:
        return
    at, kind = dice.randrange(len(frames)), dice.randrange(4)
    if kind == 0:
        del frames[at]
    elif kind == 1:
        frames.insert(dice.randrange(len(frames) + 1), frames[at])
    elif kind == 2:
        frames.insert(dice.randrange(len(frames)), frames.pop(at))
    else:
        frames[at : at + 3] = frames[at : at + 3][::-1]


# --- key logs -------------------------------------------------------------------------------------------------------


def spread(dice, key_log, count):
    """The lines as a few key logs of their own, each behind some of `count` frames."""
    lines = key_log.split(b"\n")
    cuts = sorted(dice.randrange(len(lines) + 1) for _ in range(dice.choice((0, 1, 3, 20))))
    parts = [b"\n".join(lines[begin:end]) for begin, end in zip([0, *cuts], [*cuts, len(lines)])]
    return sorted((dice.randrange(count + 1) if dice.random() < 0.7 else 0, part) for part in parts)


def spoil_key_log(dice, logs):
    """Of the lines of one or several logs. Mostly only a few are spoiled, so that others still open something."""
    lines = [line for log in logs for line in log.split(b"\n")]
    for _ in range(dice.choice((0, 0, 1, 3, 8))):
        at, kind = dice.randrange(len(lines)), dice.randrange(6)
        if kind == 0:
            lines.insert(at, lines[at] * dice.choice((1, 2, 200)))
        elif kind == 1:
            lines.insert(at, havoc(dice, lines[at], lines))
        elif kind == 2:
            lines[at] = noise(dice, lines[at], 0.05)
        elif kind == 3:
            lines[at] = spoil_match(dice, NUMBER, 0, lines[at], lambda part: dice.choice(NUMBERS))
        elif kind == 4:
            dice.shuffle(lines)
        else:
            fields, others = lines[at].split(b" "), dice.choice(lines).split(b" ")
            fields[dice.randrange(len(fields))] = dice.choice(others)
            lines.insert(at, b" ".join(fields))
    return b"\n".join(lines)

"""A scenario: a capture in the making, and what a reader who knows the keys must get out of each frame."""

import hashlib
import random
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field

from .capture import Capture

DECRYPTED_RTP = "Decrypted SRTP"
DECRYPTED_RTCP = "Decrypted SRTCP"

# Verdicts of packets whose plaintext is shown.
SHOWN = frozenset({"decrypted", "authenticated only", "not authenticated", "replayed"})


@dataclass
class Expected:
    """What one frame must yield. plain None: no decrypted source. verdicts None: not judged."""

    kind: str
    plain: bytes = None
    verdicts: frozenset = None
    late: bool = False  # its key comes after it: needs the second pass
    key: object = None
    facts: dict = field(default_factory=dict)  # roc, index, ssrc as numbers
    departs: bool = False  # the sender departs from the standard, and the packet must say so

    @property
    def source(self):
        return DECRYPTED_RTP if self.kind.startswith("rtp") else DECRYPTED_RTCP

    @property
    def sha256(self):
        return hashlib.sha256(self.plain).hexdigest()


@dataclass
class Packet:
    """One protected packet, ready to be sent once, twice or never."""

    kind: str
    plain: bytes
    wire: bytes
    key: object
    ssrc: int
    index: int  # 48 bits for SRTP, 31 for SRTCP
    src: tuple
    dst: tuple
    verdict: str
    departs: bool = False


class Scenario:
    def __init__(self, name):
        self.name = name
        self.random = random.Random("d2dsec " + name)
        self.capture = Capture()
        self.expected = {}
        self.packets = {}  # frame -> the Packet whose plaintext must be shown
        self.dialogs = []
        self.keylog = None  # text of a key log
        self.preferences = []  # further -o arguments
        self.experts = []  # fields of which one must be present in the named frame: (frame, field)
        self.stock_frames = []  # frames that must be shown as if there were no plugin
        self.no_payload_frames = []  # frames that must not be shown as clear RTP
        self.origin = ""  # what d2dsec.key_origin begins with
        self.brought = []  # (master key with salt, frame) of keys that another protocol than SDES brings
        self._seen = set()
        self._late = False

    # --- what is expected -----------------------------------------------------------------------

    @contextmanager
    def keys_come_later(self):
        self._late, before = True, self._late
        yield
        self._late = before

    def expect_nothing(self, frame, kind, *verdicts):
        self.expected[frame] = Expected(kind, verdicts=frozenset(verdicts) or None, late=self._late)

    def put(self, packet, *, mtu=0, wire=None, verdicts=None, shown=True, carry=None):
        """Sends a packet and notes what must come of it. `wire`: other octets in its place; `carry`: what sends it, if not UDP,
        a function of sender and octets that returns the frame."""
        octets = wire or packet.wire
        frame = carry(packet.src, octets) if carry else self.capture.udp(packet.src, packet.dst, octets, mtu)
        if not shown:
            self.expect_nothing(frame, packet.kind, *(verdicts or ()))
            return frame
        identity = packet.key.key, packet.kind, packet.dst, packet.ssrc, packet.index
        if verdicts is None:
            verdicts = {packet.verdict}
            if packet.key.suite.cipher == "null":
                verdicts = {"decrypted", "authenticated only"}
            if identity in self._seen:
                verdicts = {"replayed"}
        self._seen.add(identity)
        self.packets[frame] = packet
        facts = {"ssrc": packet.ssrc, "index": packet.index}
        if packet.kind == "rtp":
            facts["roc"] = packet.index >> 16
        self.expected[frame] = Expected(packet.kind, packet.plain, frozenset(verdicts), self._late, packet.key, facts,
                                        packet.departs)
        return frame

    def key_frames(self, key):
        """Frames that bring this key: whose SDP holds it, or that have a part in agreeing on it."""
        text = key.inline.rstrip("=")
        held = {frame for dialog in self.dialogs for frame, body in dialog.bodies if text in body}
        return held | {frame for octets, frame in self.brought if octets == key.key + key.salt}

    # --- judgement ------------------------------------------------------------------------------

    def wanted(self, frame, two_passes):
        """'must', 'may' or 'not': whether the frame has a decrypted source."""
        expected = self.expected.get(frame)
        if expected is None or expected.plain is None:
            return "not"
        return "may" if expected.late and not two_passes else "must"


class Stream:
    """What one SSRC sends under one master key: sequence numbers, rollover counter, SRTCP index."""

    def __init__(self, scenario, key, src, dst, *, ssrc=None, seq=None, roc=0, payload_type=0, size=20, rtcp_src=None,
                 rtcp_dst=None, srtcp_index=0, departs=False):
        self.scenario, self.key, self.src, self.dst = scenario, key, src, dst
        dice = scenario.random
        self.ssrc = dice.getrandbits(32) if ssrc is None else ssrc
        seq = dice.randrange(1, 30000) if seq is None else seq
        self.index = roc << 16 | seq
        self.timestamp = dice.getrandbits(32)
        self.payload_type, self.size, self.srtcp_index, self.departs = payload_type, size, srtcp_index, departs
        self.rtcp_src = rtcp_src or (src[0], src[1] + 1)
        self.rtcp_dst = rtcp_dst or (dst[0], dst[1] + 1)

    def move(self, src=None, dst=None):
        self.src, self.dst = src or self.src, dst or self.dst
        self.rtcp_src, self.rtcp_dst = (self.src[0], self.src[1] + 1), (self.dst[0], self.dst[1] + 1)

    @property
    def roc(self):
        return self.index >> 16

    @roc.setter
    def roc(self, value):
        self.index = value << 16 | self.index & 0xFFFF

    def skip(self, count):
        self.index += count
        self.timestamp = self.timestamp + 160 * count & 0xFFFFFFFF

    # --- SRTP -----------------------------------------------------------------------------------

    def next(self, *, size=None, marker=False, csrcs=(), extension=None, padding=0):
        """The next packet. extension: (profile, body); padding: octets, the count among them."""
        dice = self.scenario.random
        first = 0x80 | (0x20 if padding else 0) | (0x10 if extension else 0) | len(csrcs)
        plain = struct.pack("!BBHII", first, marker << 7 | self.payload_type, self.index & 0xFFFF, self.timestamp,
                            self.ssrc)
        plain += b"".join(struct.pack("!I", each) for each in csrcs)
        if extension:
            profile, body = extension
            plain += struct.pack("!HH", profile, len(body) // 4) + body
        plain += dice.randbytes(self.size if size is None else size)
        if padding:
            plain += bytes(padding - 1) + bytes([padding])
        verdict = "decrypted"
        if self.key.unencrypted_srtp:
            verdict = "authenticated only"
        if self.key.unauthenticated_srtp:
            verdict = "not authenticated"
        packet = Packet("rtp", plain, self.key.protect_rtp(plain, self.roc), self.key, self.ssrc, self.index, self.src,
                        self.dst, verdict, self.departs)
        self.skip(1)
        return packet

    def batch(self, count, **options):
        return [self.next(**options) for _ in range(count)]

    def send(self, count=1, **options):
        return [self.scenario.put(self.next(**options)) for _ in range(count)]

    # --- SRTCP ----------------------------------------------------------------------------------

    def report(self, *, encrypted=None, bye=False, words=6):
        """The next SRTCP packet: a sender report, a CNAME, perhaps a BYE."""
        dice = self.scenario.random
        plain = clear_report(dice, self.ssrc, bye)
        is_encrypted = not self.key.unencrypted_srtcp if encrypted is None else encrypted
        packet = Packet("rtcp", plain, self.key.protect_rtcp(plain, self.srtcp_index, is_encrypted), self.key, self.ssrc,
                        self.srtcp_index, self.rtcp_src, self.rtcp_dst,
                        "decrypted" if is_encrypted else "authenticated only",
                        self.departs or self.key.rtcp_tag != self.key.suite.rtcp_tag)
        self.srtcp_index = self.srtcp_index + 1 & 0x7FFFFFFF
        return packet

    def send_report(self, count=1, **options):
        return [self.scenario.put(self.report(**options)) for _ in range(count)]


def clear_report(dice, ssrc, bye=False):
    """A compound RTCP packet in the clear: SR, SDES with a CNAME, BYE if asked (RFC 3550 section 6)."""
    report = struct.pack("!BBHI", 0x80, 200, 6, ssrc) + dice.randbytes(20)
    name = b"%08x@example" % ssrc
    item = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    item += bytes(-len(item) % 4)
    out = report + struct.pack("!BBH", 0x81, 202, len(item) // 4) + item
    if bye:
        out += struct.pack("!BBHI", 0x81, 203, 1, ssrc)
    return out


def in_turns(count, *streams, **options):
    """Each stream sends one packet, then each the next."""
    for _ in range(count):
        for stream in streams:
            stream.send(**options)

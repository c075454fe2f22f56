"""The LTE sidelink below IP and PC5 signalling: PDCP (TS 36.323 6.2.10), RLC UM (TS 36.322 6.2.1.3), SL-SCH (TS 36.321 6.1.6),
and the ways in which captures carry it. Each layer is written and read here.
"""

import struct
from dataclasses import dataclass

IP, ARP, PC5_S, NON_IP = range(4)  # SDU Type

# Logical channels of PC5 signalling: not protected, being secured, protected.
CLEAR_LCID, SECURING_LCID, SECURED_LCID, PADDING_LCID = 28, 29, 30, 31
GROUPCAST, UNICAST, V2X = 1, 2, 3  # V of the SL-SCH subheader


class Malformed(Exception):
    pass


# --- PDCP ------------------------------------------------------------------------------------------------


def pdcp_header(sdu_type, identity, sn, pgk_index=0):
    """identity: KD-sess ID or PTK ID; 0, with SN 0, is a PDU without protection."""
    return struct.pack("!BHH", sdu_type << 5 | pgk_index, identity, sn)


@dataclass(frozen=True)
class PdcpHeader:
    sdu_type: int
    pgk_index: int
    identity: int
    sn: int

    @classmethod
    def read(cls, pdu):
        if len(pdu) < 5:
            raise Malformed("PDCP header")
        first, identity, sn = struct.unpack("!BHH", pdu[:5])
        return cls(first >> 5, first & 0x1F, identity, sn)


# --- RLC UM ----------------------------------------------------------------------------------------------


@dataclass
class Piece:
    """What one UMD PDU carries of one SDU: its part number `part`, which is the last or not."""

    sdu: bytes
    part: int
    is_last: bool


@dataclass
class Umd:
    octets: bytes
    pieces: list


class UmSender:
    """The transmitting side of one logical channel. `sn_bits`: 5 or 10."""

    def __init__(self, sn_bits=5, sn=0):
        self.sn_bits, self.sn, self.queue = sn_bits, sn, []

    def _header_len(self, count):
        return (1 if self.sn_bits == 5 else 2) + (12 * (count - 1) + 7) // 8

    def _header(self, lengths, starts_inside, ends_inside):
        """lengths: of all data field elements but the last."""
        framing = starts_inside << 1 | ends_inside
        if self.sn_bits == 5:
            header = bytes([framing << 6 | bool(lengths) << 5 | self.sn])
        else:
            header = struct.pack("!H", framing << 11 | bool(lengths) << 10 | self.sn)
        bits = "".join("%d%s" % (at < len(lengths) - 1, format(length, "011b")) for at, length in enumerate(lengths))
        bits += "0" * (-len(bits) % 8)
        return header + (int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b"")

    def _next(self, room):
        """One UMD PDU of at most `room` octets; None: one SDU, whole. An LI has 11 bits and cannot tell of more than 2047."""
        parts, used = [], 0
        while self.queue:
            sdu, at, part = self.queue[0]
            free = len(sdu) if room is None else room - self._header_len(len(parts) + 1) - used
            if free < 1 or parts and parts[-1][2] - parts[-1][1] > 2047:
                break
            end = min(len(sdu), at + free)
            parts.append((sdu, at, end, part))
            used += end - at
            if end < len(sdu):
                self.queue[0] = sdu, end, part + 1
                break
            del self.queue[0]
            if room is None:
                break
        assert parts, "no room"
        (_, begin, _, _), (last, _, end, _) = parts[0], parts[-1]
        octets = self._header([stop - start for _, start, stop, _ in parts[:-1]], begin > 0, end < len(last))
        self.sn = (self.sn + 1) % (1 << self.sn_bits)
        return Umd(octets + b"".join(sdu[start:stop] for sdu, start, stop, _ in parts),
                   [Piece(sdu, part, stop == len(sdu)) for sdu, _, stop, part in parts])

    def pdus(self, sdus, rooms=()):
        """UMD PDUs for all SDUs. rooms: the sizes that the MAC grants one after the other, the last one from there on; without
        any, each SDU has a PDU of its own."""
        self.queue += [(sdu, 0, 0) for sdu in sdus]
        rooms, made = list(rooms), []
        while self.queue:
            room = rooms.pop(0) if len(rooms) > 1 else rooms[0] if rooms else None
            made.append(self._next(room))
        return made


class UmReceiver:
    """The receiving side. UM_Window_Size is 0 on STCH: a segment that does not follow its predecessor at once is lost."""

    def __init__(self, sn_bits=5):
        self.sn_bits, self.expected, self.partial = sn_bits, None, None

    def _elements(self, pdu):
        size = 1 if self.sn_bits == 5 else 2
        if len(pdu) <= size:
            raise Malformed("UMD PDU")
        word = pdu[0] if size == 1 else int.from_bytes(pdu[:2], "big")
        sn, extended, framing = (word & 0x1F, word >> 5 & 1, word >> 6) if size == 1 else (
            word & 0x3FF, word >> 10 & 1, word >> 11 & 3)
        bits, lengths = "".join(format(octet, "08b") for octet in pdu[size:]), []
        while extended:
            entry = bits[12 * len(lengths) : 12 * len(lengths) + 12]
            if len(entry) < 12 or not int(entry[1:], 2):
                raise Malformed("length indicator")
            extended = entry[0] == "1"
            lengths.append(int(entry[1:], 2))
        at, elements = size + (12 * len(lengths) + 7) // 8, []
        if at + sum(lengths) >= len(pdu):
            raise Malformed("length indicators")
        for length in lengths:
            elements.append(pdu[at : at + length])
            at += length
        return sn, framing, elements + [pdu[at:]]

    def take(self, pdu):
        """The SDUs that it completes."""
        sn, framing, elements = self._elements(pdu)
        follows = self.expected == sn
        self.expected = (sn + 1) % (1 << self.sn_bits)
        partial, self.partial = self.partial if follows else None, None
        if framing & 2:
            if partial is None:
                elements[0] = None
            else:
                elements[0] = partial + elements[0]
        if framing & 1:
            self.partial = elements.pop()
        return [each for each in elements if each is not None]


# --- MAC -------------------------------------------------------------------------------------------------


def sl_sch(src, dst, sdus, *, version=UNICAST, padding=0):
    """A MAC PDU. sdus: (LCID, octets). The 8 bits of the destination that lack travel in the SCI, which no capture has; V2X has
    them all. padding: octets; one or two are subheaders before the others, more stand at the end."""
    header = bytes([version << 4]) + src.to_bytes(3, "big")
    header += dst.to_bytes(3, "big") if version == V2X else (dst >> 8).to_bytes(2, "big")
    subheaders = [(PADDING_LCID, None)] * (padding if padding < 3 else 0) + [(lcid, len(sdu)) for lcid, sdu in sdus]
    if padding > 2:
        subheaders.append((PADDING_LCID, None))
    for at, (lcid, length) in enumerate(subheaders):
        is_last = at + 1 == len(subheaders)
        header += bytes([(not is_last) << 5 | lcid])
        if not is_last and length is not None:
            header += struct.pack("!H", 0x8000 | length) if length > 127 else bytes([length])
    return header + b"".join(sdu for _, sdu in sdus) + bytes(padding - 1 if padding > 2 else 0)


def read_sl_sch(pdu):
    """(version, source, destination, [(LCID, octets)]); the destination without its 8 lowest bits unless V2X."""
    if len(pdu) < 7:
        raise Malformed("SL-SCH")
    version, src = pdu[0] >> 4, int.from_bytes(pdu[1:4], "big")
    at = 7 if version == V2X else 6
    dst = int.from_bytes(pdu[4:at], "big")
    subheaders, extended = [], True
    while extended:
        if at >= len(pdu):
            raise Malformed("MAC subheader")
        extended, lcid, length = pdu[at] >> 5 & 1, pdu[at] & 0x1F, None
        at += 1
        if extended and lcid != PADDING_LCID:
            if at >= len(pdu):
                raise Malformed("MAC subheader")
            size = 2 if pdu[at] & 0x80 else 1
            length = int.from_bytes(pdu[at : at + size], "big") & 0x7FFF
            at += size
        subheaders.append((lcid, length))
    sdus = []
    for lcid, length in subheaders:
        end = len(pdu) if length is None else at + length
        if lcid == PADDING_LCID:
            continue
        if end > len(pdu):
            raise Malformed("MAC SDU")
        sdus.append((lcid, pdu[at:end]))
        at = end
    return version, src, dst, sdus


# --- in captures -----------------------------------------------------------------------------------------

MAC_LTE, SL_PDCP = b"mac-lte", b"sl-pdcp"
GSMTAP_PORT = 4729
LTE_MAC_FRAMED = 0x0F  # GSMTAP type
USER0 = 147  # LINKTYPE_USER0

FDD, UPLINK, SL_RNTI = 1, 0, 8
TAG_LENGTHS = {2: 2, 3: 2, 4: 2, 5: 1, 6: 1, 7: 1}
PAYLOAD_TAG = 1
DIRECTION_KNOWN, DIRECTION_ONE, ONE_TO_MANY = 1, 2, 4  # flags of the project's framing


def mac_lte_context(pdu, *, rnti=1, ue_id=7, subframe=None):
    """What stands behind the signature in Wireshark's UDP framing of LTE MAC, and by itself in GSMTAP."""
    tags = struct.pack("!BHBH", 2, rnti, 3, ue_id)
    if subframe is not None:
        tags += struct.pack("!BH", 4, subframe)
    return bytes([FDD, UPLINK, SL_RNTI]) + tags + bytes([PAYLOAD_TAG]) + pdu


def mac_lte(pdu, **options):
    return MAC_LTE + mac_lte_context(pdu, **options)


def gsmtap(pdu, **options):
    """Version 2, four words of header."""
    return struct.pack("!BBBBHbbIBBBB", 2, 4, LTE_MAC_FRAMED, 0, 0, 0, 0, 0, 0, 0, 0, 0) + mac_lte_context(pdu, **options)


def sl_pdcp(pdu, src, dst, lcid, *, direction=None, one_to_many=False):
    """The project's own framing of a PDCP PDU: signature, version 1, flags, full Layer-2 IDs, LCID, tags as above."""
    flags = 0 if direction is None else DIRECTION_KNOWN | DIRECTION_ONE * direction
    return (SL_PDCP + bytes([1, flags | ONE_TO_MANY * one_to_many]) + src.to_bytes(3, "big") + dst.to_bytes(3, "big") +
            bytes([lcid, PAYLOAD_TAG]) + pdu)


def read_mac_lte_context(octets):
    if octets[2] != SL_RNTI:
        raise Malformed("RNTI type")
    at = 3
    while at < len(octets) and octets[at] in TAG_LENGTHS:
        at += 1 + TAG_LENGTHS[octets[at]]
    if octets[at : at + 1] != bytes([PAYLOAD_TAG]):
        raise Malformed("payload tag")
    return octets[at + 1 :]


@dataclass(frozen=True)
class SlPdcp:
    src: int
    dst: int
    lcid: int
    direction: int  # or None
    one_to_many: bool
    pdu: bytes

    @classmethod
    def read(cls, octets):
        if len(octets) < 17 or octets[7] != 1 or octets[16] != PAYLOAD_TAG:
            raise Malformed("framing")
        flags = octets[8]
        return cls(int.from_bytes(octets[9:12], "big"), int.from_bytes(octets[12:15], "big"), octets[15],
                   flags >> 1 & 1 if flags & DIRECTION_KNOWN else None, bool(flags & ONE_TO_MANY), octets[17:])

"""Two UEs and what they send each other over the sidelink; a scenario that notes what a reader with the keys must see of it."""

import hashlib
import ipaddress
import struct
from dataclasses import dataclass, field, replace

from . import pc5s_model as pc5s
from .capture import Capture, ipv4_packet, ipv6_packet, udp_datagram
from .d2d_model import Context, GroupContext, Profile
from .pc5s_model import Message
from .scenario import Scenario
from .sidelink_framing import UPPER_PDU, exported_pdu
from .sidelink_model import (ARP, CLEAR_LCID, GROUPCAST, GSMTAP_PORT, IP, NON_IP, PC5_S, SECURED_LCID, SECURING_LCID, UNICAST,
                             USER0, Umd, UmSender, gsmtap, mac_lte, pdcp_header, sl_pdcp, sl_sch)

# Where the receiver of the radio and the analyser stand.
RADIO, ANALYSER = ("192.0.2.100", 1000), ("192.0.2.101", 9999)

# Verdict classes, as README.md has them.
DECRYPTED, AUTHENTICATED, UNAUTHENTICATED = "decrypted", "authenticated only", "not authenticated"
REPLAYED, MISMATCH, NO_KEY, TRUNCATED, CLEAR = "replayed", "tag mismatch", "no key", "truncated", "clear"


@dataclass(frozen=True)
class Ue:
    name: str
    l2: int
    ip: str
    ip6: str


# --- what goes over the user plane -------------------------------------------------------------------------


def udp_packet(src, dst, payload, identification=0):
    """An IPv4 or IPv6 packet with UDP, by the addresses; src and dst are (address, port)."""
    here, there = ipaddress.ip_address(src[0]), ipaddress.ip_address(dst[0])
    datagram = udp_datagram(here, there, src[1], dst[1], payload)
    if here.version == 6:
        return ipv6_packet(here, there, 17, datagram)
    return ipv4_packet(here, there, 17, datagram, identification)


def arp_packet(operation, sender, target):
    """operation: 1 request, 2 reply. The hardware addresses are made of the Layer-2 IDs."""
    def place(ue, known=True):
        hardware = b"\2\0\0" + ue.l2.to_bytes(3, "big") if known else bytes(6)
        return hardware + ipaddress.ip_address(ue.ip).packed

    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + place(sender) + place(target, operation == 2)


# --- what is expected --------------------------------------------------------------------------------------


@dataclass
class Pdu:
    """One PDCP PDU. plain: the SDU, which is what must be shown of it; None: nothing may be shown."""

    what: str  # the PC5-S message, or what goes over the user plane
    wire: bytes
    plain: bytes
    sender: int  # Layer-2 IDs
    receiver: int
    lcid: int
    context: object = None  # Context, GroupContext; None: not protected
    verdicts: frozenset = frozenset()  # of which one must be given; none: not judged
    must: bool = True  # False: it may stay closed, but must not be shown otherwise
    enciphered: bool = False  # or the SDU stands in the PDU as it is
    parts: int = None  # how many the segmentation made, once the last is sent
    sent: list = field(default_factory=list)  # (part, place in the order of its channel) of those that went over the air

    @property
    def header(self):
        return self.wire[:5]

    @property
    def sdu_type(self):
        return self.wire[0] >> 5

    @property
    def sha256(self):
        return hashlib.sha256(self.plain).hexdigest()

    @property
    def keystream(self):
        """What must not be used twice."""
        return self.context.pek, self.header[1:5], self.lcid, self.sender


class D2dScenario(Scenario):
    """Beside what Scenario has:

    protected     {frame: [Pdu]}: the protected PDUs that a frame completes, in the order in which they stand in it
    clear         the same of those that carry no protection, which must not be shown as decrypted
    contexts      every security context, in the order in which they begin: the keys by name, with their IDs
    key_logs      {name: text}: key logs of which each by itself suffices
    self_contained  the capture holds all keys: no key log is needed
    profile       the choices that the parties made where the standards leave one; `departures` are those to set
    configured    (EEA, EIA) where no Direct Security Mode Command chooses them
    sn_bits       of RLC UM
    findings      [(frame, name)]: what an attentive reader remarks
    """

    def __init__(self, name):
        super().__init__("d2d " + name)
        self.protected, self.clear, self.contexts, self.key_logs, self.findings = {}, {}, [], {}, []
        self.agreements, self.self_contained = [], False
        self.profile, self.configured, self.sn_bits = Profile(), None, 5
        self._opened, self._streams = set(), {}

    def arrived(self, frame, pdu):
        """The last octet of the PDU is in this frame."""
        if pdu.context is None:
            self.clear.setdefault(frame, []).append(pdu)
            return
        if pdu.plain is not None:
            if (pdu.wire, pdu.lcid, pdu.sender) in self._opened:
                pdu = replace(pdu, verdicts=frozenset({REPLAYED}))
            elif pdu.enciphered and self._streams.setdefault(pdu.keystream, pdu.wire) != pdu.wire:
                self.findings.append((frame, "keystream reuse"))
            self._opened.add((pdu.wire, pdu.lcid, pdu.sender))
        self.protected.setdefault(frame, []).append(pdu)

# --- how captures carry it ---------------------------------------------------------------------------------


def _udp_carrier(frame, port=ANALYSER[1]):
    return lambda capture, pdu: capture.udp(RADIO, (ANALYSER[0], port), frame(pdu))


CARRIERS = {
    "mac-lte": _udp_carrier(mac_lte),
    "gsmtap": _udp_carrier(gsmtap, GSMTAP_PORT),
    "user": lambda capture, pdu: capture.raw(pdu),  # link type LINKTYPE_USER0
    "exported": lambda capture, pdu: capture.raw(exported_pdu("slsch", pdu)),  # LINKTYPE_WIRESHARK_UPPER_PDU
}
OWN_FRAMING = "sl-pdcp"  # PDCP PDUs without RLC and MAC


def use_user_link_type(s):
    """MAC PDUs with nothing around them."""
    s.capture = Capture(link_type=USER0)
    s.preferences += ["-o", 'uat:user_dlts:"User 0 (DLT=147)","slsch","0","","0",""']


def use_exported_pdus(s):
    """What Wireshark's "Export PDUs to file" writes: the name of the dissector, then a MAC PDU."""
    s.capture = Capture(link_type=UPPER_PDU)


# --- the air ---------------------------------------------------------------------------------------------


class Air:
    """Carries PDCP PDUs from one place to another, and notes in the scenario in which frame each is whole."""

    def __init__(self, s, carrier="mac-lte", sn_bits=5, version=UNICAST, padding=0):
        self.s, self.carrier, self.sn_bits, self.version, self.padding = s, carrier, sn_bits, version, padding
        self.senders, self.emitted, s.sn_bits = {}, {}, sn_bits

    def units(self, pdus, rooms=()):
        """RLC PDUs of one logical channel. rooms: see UmSender.pdus."""
        first = pdus[0]
        if self.carrier == OWN_FRAMING:
            return [(first, Umd(pdu.wire, []), [(pdu, 0, True)]) for pdu in pdus]
        key = first.sender, first.receiver, first.lcid
        sender = self.senders.setdefault(key, UmSender(self.sn_bits))
        waiting, made = list(pdus), []
        for umd in sender.pdus([pdu.wire for pdu in pdus], rooms):
            parts = []
            for piece in umd.pieces:
                parts.append((waiting[0], piece.part, piece.is_last))
                if piece.is_last:
                    del waiting[0]
            made.append((first, umd, parts))
        return made

    def emit(self, *units):
        """One frame; several units are multiplexed. Returns its number."""
        first = units[0][0]
        capture = self.s.capture
        if self.carrier == OWN_FRAMING:
            pdu = units[0][2][0][0]
            group = isinstance(pdu.context, GroupContext)
            direction = None
            if isinstance(pdu.context, Context):
                direction = pdu.context.profile.direction_of(pdu.sender == pdu.context.commander)
            framed = sl_pdcp(pdu.wire, pdu.sender, pdu.receiver, pdu.lcid, direction=direction, one_to_many=group)
            frame = capture.udp(RADIO, ANALYSER, framed)
        else:
            mac = sl_sch(first.sender, first.receiver, [(top.lcid, umd.octets) for top, umd, _ in units],
                         version=self.version, padding=self.padding)
            frame = CARRIERS[self.carrier](capture, mac)
        for top, _, parts in units:
            channel = top.sender, top.receiver, top.lcid
            self.emitted[channel] = self.emitted.get(channel, 0) + 1
            for pdu, part, is_last in parts:
                self._note(frame, pdu, part, is_last, self.emitted[channel])
        return frame

    def _note(self, frame, pdu, part, is_last, place):
        """A PDU whose parts did not follow each other at once need not be put together."""
        pdu.sent.append((part, place))
        if is_last:
            pdu.parts = part + 1
        if pdu.parts is None or len({each for each, _ in pdu.sent}) < pdu.parts:
            return
        first = place - pdu.parts + 1
        in_order = pdu.sent[-pdu.parts :] == [(at, first + at) for at in range(pdu.parts)]
        self.s.arrived(frame, pdu if in_order else replace(pdu, must=False))

    def send(self, *pdus, rooms=()):
        """Returns the number of the last frame."""
        return [self.emit(unit) for unit in self.units(pdus, rooms)][-1]


class Link:
    """A one-to-one link. UE_1, the initiator, sends the Direct Communication Request."""

    def __init__(self, s, initiator, responder, **options):
        self.s, self.initiator, self.responder = s, initiator, responder
        self.air = Air(s, **options)
        self.sequence = {initiator.l2: 0, responder.l2: 0}
        self.sns, self.context = {}, None

    def other(self, ue):
        return self.responder if ue is self.initiator else self.initiator

    def next_sn(self, ue, lcid, context):
        key = ue.l2, lcid, context.identity, context.pek
        self.sns[key] = self.sns.get(key, 0) + 1 & 0xFFFF
        return self.sns[key]

    # --- PDUs -----------------------------------------------------------------------------------

    def _pdu(self, what, ue, lcid, sdu_type, data, context, sn, *, cipher=True):
        signalling = sdu_type == PC5_S
        if context is None:
            header = pdcp_header(sdu_type, 0, 0)
            return Pdu(what, header + data, data, ue.l2, self.other(ue).l2, lcid)
        header = pdcp_header(sdu_type, context.identity, self.next_sn(ue, lcid, context) if sn is None else sn)
        wire = context.protect(header, data, ue.l2, lcid, integrity=signalling, cipher=cipher)
        enciphered = cipher and context.eea != 0
        if signalling and context.eia:
            verdicts = {DECRYPTED if enciphered else AUTHENTICATED}
        else:  # where there is neither, both words are true
            verdicts = {UNAUTHENTICATED} if enciphered else {UNAUTHENTICATED, CLEAR}
        return Pdu(what, wire, data, ue.l2, self.other(ue).l2, lcid, context, frozenset(verdicts), enciphered=enciphered)

    def message(self, ue, name, elements=None, context=None, *, sequence=None, sn=None, lcid=None):
        """A PC5-S message, on the logical channel that it belongs on."""
        if sequence is None:
            self.sequence[ue.l2] += 1
            sequence = self.sequence[ue.l2]
        securing = name in (pc5s.COMMAND, pc5s.COMPLETE)
        lcid = lcid or (CLEAR_LCID if context is None else SECURING_LCID if securing else SECURED_LCID)
        return self._pdu(name, ue, lcid, PC5_S, Message(name, sequence, elements or {}).write(), context, sn,
                         cipher=name != pc5s.COMMAND)

    def say(self, *arguments, **options):
        """Sends a message and returns its frame."""
        return self.air.send(self.message(*arguments, **options))

    def data(self, ue, packet, *, lcid=4, sn=None, context=None, sdu_type=None, what=None):
        """A PDU of the user plane, whose SDU type is seen from the packet unless told."""
        kinds = {4: (IP, "IPv4"), 6: (IP, "IPv6"), 0: (ARP, "ARP")}
        seen, name = kinds.get(packet[0] >> 4, (NON_IP, "non-IP")) if sdu_type is None else (sdu_type, "non-IP")
        return self._pdu(what or name, ue, lcid, seen, packet, context or self.context, sn)

    def clear_data(self, ue, packet, *, lcid=4):
        return self._pdu("IPv4", ue, lcid, IP, packet, None, None)

    # --- procedures -----------------------------------------------------------------------------

    def secure(self, requester, context, nonce_2, *, capabilities, kd_id=None, answer=None, more=None):
        """Direct Security Mode Command and Complete. kd_id: of a KD that is new, half of it from either side."""
        command = {"UE security capabilities": capabilities, "nonce 2": nonce_2,
                   "chosen algorithms": pc5s.chosen(context.eea, context.eia),
                   "LSB of KD-sess ID": bytes([context.identity & 0xFF]), **(more or {})}
        complete = {}
        if kd_id:
            command["MSB of KD ID"], complete["LSB of KD ID"] = kd_id[:2], kd_id[2:]
        if answer:
            command[pc5s.KEY_ESTABLISHMENT] = answer
        frame = self.say(self.other(requester), pc5s.COMMAND, command, context)
        self.say(requester, pc5s.COMPLETE, complete, context)
        self.begin(context)
        return frame

    def begin(self, context):
        self.context = context
        self.s.contexts.append(context)


class Group:
    """One-to-many communication: any member sends, nobody answers."""

    def __init__(self, s, identity, pgk_id, pgk, eea, **options):
        self.s, self.identity, self.pgk_id, self.pgk, self.eea = s, identity, pgk_id, pgk, eea
        self.air = Air(s, version=GROUPCAST, **options)
        self.contexts, self.sns, s.configured = {}, {}, (eea, 0)

    def data(self, ue, packet, ptk_id, *, lcid=4, sn=None, sdu_type=IP, what="IPv4"):
        key = ue.l2, ptk_id
        if key not in self.contexts:
            self.contexts[key] = GroupContext(ptk_id, self.identity, self.pgk_id, self.pgk, self.eea, ue.l2, self.s.profile)
            self.s.contexts.append(self.contexts[key])
        context = self.contexts[key]
        if sn is None:
            sn = self.sns[key, lcid] = self.sns.get((key, lcid), 0) + 1 & 0xFFFF
        header = pdcp_header(sdu_type, ptk_id, sn, self.pgk_id & 0x1F)
        verdicts = {UNAUTHENTICATED} if self.eea else {UNAUTHENTICATED, CLEAR}
        return Pdu(what, context.protect(header, packet, lcid), packet, ue.l2, self.identity, lcid, context,
                   frozenset(verdicts), enciphered=self.eea != 0)

    def clear(self, ue, packet, *, lcid=4):
        header = pdcp_header(IP, 0, 0)
        return Pdu("IPv4", header + packet, packet, ue.l2, self.identity, lcid)

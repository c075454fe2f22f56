"""Reads the captures of D2D scenarios with nothing but a key log, as the judge's own counterpart to the sender's side.

It takes frames apart, follows PC5 signalling and finds the keys by trial; so it shows that what a scenario promises can be had
from its capture. MIKEY messages it does not open: of MIKEY it takes the TEK from the key log.
"""

import base64
import re
import struct
from dataclasses import dataclass, field
from itertools import product

from . import pc5s_model as pc5s
from .capture import ETHERNET, checksum
from .d2d_link import AUTHENTICATED, CLEAR, DECRYPTED, MISMATCH, NO_KEY, REPLAYED, TRUNCATED, UNAUTHENTICATED
from .d2d_model import Context, GroupContext, NotIntact, Profile
from .eea_eia import ALGORITHMS
from .pc5s_model import Message
from .sidelink_framing import UPPER_PDU
from .sidelink_model import (ARP, CLEAR_LCID, GROUPCAST, GSMTAP_PORT, IP, LTE_MAC_FRAMED, MAC_LTE, NON_IP, PC5_S,
                             SECURING_LCID, SL_PDCP, V2X, Malformed, PdcpHeader, SlPdcp, UmReceiver, read_mac_lte_context,
                             read_sl_sch)


@dataclass(frozen=True)
class Secret:
    """An SDES key: master key and master salt."""

    key: bytes
    salt: bytes = b""


SALT_OF = {28: 12, 30: 14, 38: 14, 44: 12, 46: 14}  # octets of key and salt -> of the salt


def behind_tags(octets):
    """The PDU of an exported one: behind tags with their lengths, of which the last is 0."""
    while octets:
        tag, size = struct.unpack_from("!HH", octets)
        octets = octets[4 + size :]
        if tag == 0:
            break
    return octets


def read_key(octets):
    size = SALT_OF.get(len(octets), 0)
    return Secret(octets[: len(octets) - size], octets[len(octets) - size :])


def crypto_lines(text):
    """Tag -> key, of the a=crypto lines of an SDP body."""
    return {int(tag): read_key(base64.b64decode(inline + "=" * (-len(inline) % 4)))
            for tag, inline in re.findall(r"^a=crypto:(\d+) \S+ inline:([A-Za-z0-9+/]+)", text, re.M)}


def is_plausible(sdu_type, plain):
    """What a right key leaves behind where there is no MAC."""
    if sdu_type == IP and plain[:1] and plain[0] >> 4 == 4:
        return len(plain) >= 20 and int.from_bytes(plain[2:4], "big") == len(plain) and not checksum(plain[:20])
    if sdu_type == IP:
        return len(plain) >= 40 and plain[0] >> 4 == 6 and int.from_bytes(plain[4:6], "big") == len(plain) - 40
    if sdu_type == ARP:
        return plain[:6] == bytes.fromhex("000108000604") and len(plain) == 28
    return False


@dataclass
class Opened:
    verdict: str
    plain: bytes = None


@dataclass
class Pair:
    """What two UEs have said, and their contexts by KD-sess ID."""

    request: Message = None
    requester: int = None
    commander: int = None
    peer_info: bytes = b""
    sdes: list = field(default_factory=list)  # (sender, {tag: key}) of offer and answer
    contexts: dict = field(default_factory=dict)


class Receiver:
    def __init__(self, key_log="", profile=None, sn_bits=5, configured=(2, 2)):
        """configured: EEA and EIA where no Direct Security Mode Command chooses."""
        self.profile, self.sn_bits, self.configured = profile or Profile(), sn_bits, configured
        self.log = [line.split() for line in key_log.splitlines()]
        self.pairs, self.bearers, self.threads, self.opened = {}, {}, {}, set()

    def secrets(self, label):
        return [(selector, bytes.fromhex(value.split(":")[0])) for name, selector, value in self.log if name == label]

    # --- frames ---------------------------------------------------------------------------------

    def read(self, capture):
        """{frame: [Opened]} of protected PDUs."""
        found = {}
        for at, (_, octets, length) in enumerate(capture.frames, 1):
            self.results = []
            if len(octets) < length:
                self.results.append(Opened(TRUNCATED))
            elif capture.link_type == ETHERNET:
                self._ip(octets[14:])
            elif capture.link_type == UPPER_PDU:
                self._mac(behind_tags(octets))
            else:
                self._mac(octets)
            if self.results:
                found[at] = self.results
        return found

    def _ip(self, packet):
        ends = packet[12:20]
        if packet[9] == 6:
            begin = 20 + (packet[32] >> 4) * 4
            self._text(packet[begin:], (min(ends[:4], ends[4:]), max(ends[:4], ends[4:])))
        elif packet[9] == 17:
            payload = packet[28:]
            if payload.startswith(SL_PDCP):
                self._own_framing(payload)
            elif payload.startswith(MAC_LTE):
                self._mac(read_mac_lte_context(payload[len(MAC_LTE) :]))
            elif int.from_bytes(packet[22:24], "big") == GSMTAP_PORT and payload[2] == LTE_MAC_FRAMED:
                self._mac(read_mac_lte_context(payload[payload[1] * 4 :]))
            else:
                self._text(payload, None)

    def _text(self, octets, thread):
        """SIP or HTTP with SDP. An answer outside a dialog names its offer by In-Reply-To."""
        head, _, body = octets.partition(b"\r\n\r\n")
        headers = dict(re.findall(r"^([\w-]+): (.*?)\r?$", head.decode("latin-1"), re.M))
        if headers.get("Content-Type") == "application/vnd.3gpp.pc5s":
            message = Message.read(body)
            body = message.elements.get(pc5s.KEY_ESTABLISHMENT, b"")[1:]
        lines = crypto_lines(body.decode("latin-1"))
        if lines:
            name = headers.get("In-Reply-To") or headers.get("Call-ID") or thread
            self.threads.setdefault(name, []).append(lines)

    # --- the sidelink ---------------------------------------------------------------------------

    def _own_framing(self, octets):
        frame = SlPdcp.read(octets)
        self._pdcp(frame.pdu, frame.src, frame.dst >> 8, frame.lcid, frame.one_to_many)

    def _mac(self, pdu):
        version, src, dst, sdus = read_sl_sch(pdu)
        for lcid, sdu in sdus:
            receiver = self.bearers.setdefault((src, dst, lcid), UmReceiver(self.sn_bits))
            for whole in receiver.take(sdu):
                self._pdcp(whole, src, dst >> 8 if version == V2X else dst, lcid, version == GROUPCAST)

    def _pdcp(self, pdu, src, dst, lcid, one_to_many):
        try:
            header = PdcpHeader.read(pdu)
        except Malformed:
            return
        if not header.identity:
            if not one_to_many and lcid == CLEAR_LCID:
                self._signalling(self._pair(src, dst), src, pdu[5:], lcid)
            return
        if one_to_many:
            found = self._open_of_group(pdu, header, src, dst, lcid)
        else:
            found = self._open(pdu, header, src, dst, lcid)
        if found.plain is not None:
            if (pdu, src, lcid) in self.opened:
                found.verdict = REPLAYED
            self.opened.add((pdu, src, lcid))
        self.results.append(found)

    def _pair(self, src, dst):
        return self.pairs.setdefault(frozenset((src >> 8, dst)), Pair())

    # --- signalling -----------------------------------------------------------------------------

    def _signalling(self, pair, src, octets, lcid):
        message = self._message(octets)
        if message is None:
            return
        if message.name in (pc5s.REQUEST, pc5s.REKEYING_REQUEST):
            pair.request, pair.requester = message, src
        self._take_container(pair, src, message.elements.get(pc5s.KEY_ESTABLISHMENT))
        if message.name == pc5s.ACCEPT and lcid == CLEAR_LCID and self.profile.traffic != "nonces" and pair.request:
            identity = pair.request.elements["MSB of KD-sess ID"][0] << 8
            nonce_1 = pair.request.elements["nonce 1"]
            for kd in self._kds(pair):
                pair.contexts.setdefault(identity, []).append(
                    Context(identity, src, *self.configured, self.profile.kd_sess(kd, nonce_1, b""), profile=self.profile))

    def _take_container(self, pair, src, value):
        if not value or value[0] not in (pc5s.SDP_CRYPTO, pc5s.COMPACT_SDES):
            return
        keys = {value[1]: read_key(value[4:])} if value[0] == pc5s.COMPACT_SDES else crypto_lines(value[1:].decode())
        if (src, keys) not in pair.sdes:
            pair.sdes.append((src, keys))

    def _kds(self, pair):
        """Every KD that may be of this pair."""
        found = [kd for _, kd in self.secrets("D2D_KD")]
        found += [self.profile.kd_from_tek(tek) for _, tek in self.secrets("MIKEY_TEK")]
        threads = [[keys for _, keys in pair.sdes], *self.threads.values()]
        exchanges = [both for thread in threads for both in zip(thread[::2], thread[1::2])]
        couples = [(offer[tag], answer[tag]) for offer, answer in exchanges for tag in answer if tag in offer]
        logged = product(self.secrets("SDES_K1"), self.secrets("SDES_K2"))
        couples += [(read_key(k1), read_key(k2)) for (_, k1), (_, k2) in logged]
        for k1, k2 in couples:
            if len(k1.key) == len(k2.key):
                found.append(self.profile.kd_from_sdes(k1, k2, *self._identities(pair)))
        return found

    def _identities(self, pair):
        if not pair.request or "user info" not in pair.request.elements or not pair.commander:
            return ()
        names = pair.request.elements["user info"][1:], pair.peer_info[1:]
        return (*names, pair.requester.to_bytes(3, "big") + pair.commander.to_bytes(3, "big"))

    # --- one-to-one -----------------------------------------------------------------------------

    def _open(self, pdu, header, src, dst, lcid):
        pair = self._pair(src, dst)
        integrity = header.sdu_type == PC5_S
        if header.sdu_type > NON_IP:
            return Opened("")
        if integrity and len(pdu) < 9:
            return Opened(TRUNCATED)
        if lcid == SECURING_LCID:
            command = self._message(pdu[5:-4])
            if command and command.name == pc5s.COMMAND:
                return self._open_command(pair, command, pdu, header, src, lcid)
        known = pair.contexts.get(header.identity, [])
        for context in reversed(known or list(self._unseen(header.identity, src))):
            try:
                plain = context.open(pdu, src, lcid, integrity=integrity)
            except NotIntact:
                continue
            proved = integrity and context.eia or len(known) == 1 and not integrity
            if proved or (self._message(plain) if integrity else is_plausible(header.sdu_type, plain)):
                if integrity:
                    self._signalling(pair, src, plain, lcid)
                return Opened(self._verdict(context, integrity, context.eea != 0), plain)
        return Opened(MISMATCH if known else NO_KEY)

    @staticmethod
    def _message(octets):
        try:
            return Message.read(octets)
        except pc5s.Malformed:
            return None

    @staticmethod
    def _verdict(context, integrity, enciphered):
        if integrity and context.eia:
            return DECRYPTED if enciphered else AUTHENTICATED
        return UNAUTHENTICATED if enciphered else CLEAR if not integrity else UNAUTHENTICATED

    def _open_command(self, pair, command, pdu, header, src, lcid):
        elements = command.elements
        pair.commander, pair.peer_info = src, elements.get("user info", b"")
        self._take_container(pair, src, elements.get(pc5s.KEY_ESTABLISHMENT))
        eea, eia = elements["chosen algorithms"][0] >> 4, elements["chosen algorithms"][0] & 15
        if eea not in ALGORITHMS or eia not in ALGORITHMS:
            return Opened("unsupported suite")
        tried = False
        for context in self._commanded(pair, header.identity, src, eea, eia, elements["nonce 2"]):
            tried = True
            try:
                plain = context.open(pdu, src, lcid, integrity=True, cipher=False)
            except NotIntact:
                continue
            contexts = pair.contexts.setdefault(header.identity, [])
            if context not in contexts:
                contexts.append(context)
            if eia:
                return Opened(self._verdict(context, True, False), plain)
        if tried and not eia:  # nothing is proved: what follows shows which context it is
            return Opened(UNAUTHENTICATED, pdu[5:-4])
        return Opened(MISMATCH if tried else NO_KEY)

    def _commanded(self, pair, identity, src, eea, eia, nonce_2):
        options = {"profile": self.profile}
        for selector, kd_sess in self.secrets("D2D_KDSESS"):
            if selector in ("*", "%04x" % identity):
                yield Context(identity, src, eea, eia, kd_sess, **options)
        yield from self._of_traffic_keys(identity, src, eea, eia)
        if pair.request:
            for kd in self._kds(pair):
                kd_sess = self.profile.kd_sess(kd, pair.request.elements["nonce 1"], nonce_2)
                yield Context(identity, src, eea, eia, kd_sess, kd, **options)

    def _of_traffic_keys(self, identity, src, eea, eia):
        def fitting(label):
            return [key for selector, key in self.secrets(label) if selector in ("*", "%04x" % identity)] or [b""]

        for pek, pik in product(fitting("D2D_PEK"), fitting("D2D_PIK")):
            if pek or pik:
                yield Context(identity, src, eea, eia, pek=pek or bytes(16), pik=pik or bytes(16), profile=self.profile)

    def _unseen(self, identity, src):
        """Contexts whose beginning is not in the capture: either algorithm, either side as the commander."""
        for eea, eia, commander in product(ALGORITHMS, ALGORITHMS, (src, None)):
            for selector, kd_sess in self.secrets("D2D_KDSESS"):
                if selector in ("*", "%04x" % identity):
                    yield Context(identity, commander, eea, eia, kd_sess, profile=self.profile)
            yield from self._of_traffic_keys(identity, commander, eea, eia)

    # --- one-to-many ----------------------------------------------------------------------------

    def _open_of_group(self, pdu, header, src, dst, lcid):
        for selector, pgk in self.secrets("PROSE_PGK"):
            group, pgk_id = (int(part, 16) for part in selector.split("/"))
            if group >> 8 != dst or pgk_id & 0x1F != header.pgk_index:
                continue
            for eea in ALGORITHMS:
                context = GroupContext(header.identity, group, pgk_id, pgk, eea, src, self.profile)
                plain = context.open(pdu, lcid)
                if is_plausible(header.sdu_type, plain):
                    return Opened(UNAUTHENTICATED if eea else CLEAR, plain)
        return Opened(NO_KEY)

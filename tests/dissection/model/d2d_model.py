"""Keys of ProSe direct communication: from what two parties agreed on to what protects their sidelink.

    K1, K2 (SDES)  or  TEK (MIKEY-TICKET)  or  PRUK (relay)   ->  KD
    KD, Nonce_1, Nonce_2  ->  KD-sess  ->  PEK, PIK           one-to-one,  TS 33.303 clause 6.5
    PGK, sender, PTK ID, group  ->  PTK  ->  PEK              one-to-many, TS 33.303 clause 6.2 and annex A

The public texts leave choices open; each is a member of `Profile`, whose default is the project's.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, fields

from .eea_eia import eea, eia
from .mikey_model import MIKEY_1, prf
from .srtp_model import MasterKey, xor

PEK_CODE, PIK_CODE = b"\0", b"\1"  # P0 of TS 33.303 A.4
DEFAULT_PTK_FC, DEFAULT_RELAY_FC = b"\x4a", b"\x8a"


def kdf(key, fc, *parameters):
    """TS 33.220 B.2.0. fc: one octet, or FF and another; each parameter is followed by its length."""
    return hmac.digest(key, fc + b"".join(each + len(each).to_bytes(2, "big") for each in parameters), "sha256")


def least_significant(octets, count):
    """A key cut from the output of the KDF."""
    return octets[len(octets) - count :]


def kd_id_of(kd):
    """The KD ID of a key that was agreed on away from PC5, where nothing else names it: the start of its SHA-256."""
    return hashlib.sha256(kd).digest()[:4]


def pair_of(initiator, responder):
    """The selector l2-pair of a key log, six hexadecimal digits, a hyphen, six: the Layer-2 ID of the UE whose request brings
    the offer (UE_1: it sends the Direct Communication Request, or the Re-keying Request), then that of its peer."""
    return "%06x-%06x" % (initiator, responder)


@dataclass(frozen=True)
class Profile:
    """What the standards leave open."""

    # K1, K2 -> KD
    kd_kdf: str = "A"  # to "J", see kd_from_sdes
    kd_fc: bytes = b"\xf0"
    kd_label: bytes = b"D2D-SDES-KD"
    key_part: str = "key"  # or "key and salt", "inline"
    key_order: str = "offer, answer"  # or "answer, offer", "lexicographic"
    # TEK -> KD
    tek_to_kd: str = "identity"  # or "kdf", "twice", "left pad", "right pad"
    tek_label: bytes = b"D2D-MIKEY-KD"
    # KD -> KD-sess
    traffic: str = "nonces"  # or "kd" (KD is KD-sess), "zero nonces", "nonce 1"
    kdsess_fc: bytes = b"\x5e"
    nonces_reversed: bool = False
    # KD-sess -> PEK, PIK
    alg_fc: bytes = b"\x4b"
    # inputs of EEA and EIA
    bearer: str = "lcid"  # or "lcid-1", "0"
    direction: str = "commander"  # 1 from who sent the Direct Security Mode Command; or "other", "0"
    mac_ciphered: bool = False
    mac_over_header: bool = True
    # KD -> master key and salt of SRTP, where the media keeps it
    srtp_fc: bytes = b"\xf0"
    srtp_key_label: bytes = b"D2D-SRTP-KEY"
    srtp_salt_label: bytes = b"D2D-SRTP-SALT"

    @property
    def departures(self):
        """Member -> value, of those that are not at their default."""
        return {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default}

    # --- KD ---------------------------------------------------------------------------------------

    def _part(self, secret):
        if self.key_part == "inline":
            return base64.b64encode(secret.key + secret.salt)
        return secret.key + (secret.salt if self.key_part == "key and salt" else b"")

    def _ordered(self, first, second):
        if self.key_order == "lexicographic":
            return tuple(sorted((first, second)))
        return (first, second) if self.key_order == "offer, answer" else (second, first)

    def kd_from_sdes(self, k1, k2, *identities):
        """k1 of the offer, k2 of the answer, each with members key and salt. identities, for "I" alone: user info of the
        initiator and of the responder, both Layer-2 IDs."""
        one, two = self._ordered(self._part(k1), self._part(k2))
        assert len(one) == len(two), "offer and answer are of one suite"
        fc, name = self.kd_fc, self.kd_label
        salted = b"".join(self._ordered(k1.key + k1.salt, k2.key + k2.salt))
        variants = {
            "A": lambda: kdf(one + two, fc, name),
            "B": lambda: kdf(one + two, fc),
            "C": lambda: kdf(one, fc, two),
            "D": lambda: kdf(salted, fc, name),
            "E": lambda: hmac.digest(one, two, "sha256"),
            "F": lambda: hashlib.sha256(one + two).digest(),
            "G": lambda: kdf(xor(one, two), fc, name),
            "H": lambda: kdf(bytes(32), fc, one, two),
            "I": lambda: kdf(one + two, fc, name, *identities),
            "J": lambda: prf(MIKEY_1, one + two, name, 32),
        }
        return variants[self.kd_kdf]()

    def kd_from_tek(self, tek):
        return {
            "identity": lambda: tek,
            "kdf": lambda: kdf(tek, self.kd_fc, self.tek_label),
            "twice": lambda: tek + tek,
            "left pad": lambda: tek.rjust(32, b"\0"),
            "right pad": lambda: tek.ljust(32, b"\0"),
        }[self.tek_to_kd]()

    # --- KD-sess, PEK, PIK ------------------------------------------------------------------------

    def kd_sess(self, kd, nonce_1, nonce_2):
        if self.traffic == "kd":
            return kd
        if self.traffic == "nonce 1":
            return kdf(kd, self.kdsess_fc, nonce_1)
        nonces = [bytes(16), bytes(16)] if self.traffic == "zero nonces" else [nonce_1, nonce_2]
        return kdf(kd, self.kdsess_fc, *(reversed(nonces) if self.nonces_reversed else nonces))

    def _traffic_key(self, code, key, algorithm):
        return least_significant(kdf(key, self.alg_fc, code, bytes([algorithm])), 16)

    def pek(self, key, algorithm):
        """TS 33.303 A.4. key: KD-sess or PTK."""
        return self._traffic_key(PEK_CODE, key, algorithm)

    def pik(self, key, algorithm):
        return self._traffic_key(PIK_CODE, key, algorithm)

    # --- inputs -----------------------------------------------------------------------------------

    def bearer_of(self, lcid):
        return {"lcid": lcid, "lcid-1": lcid - 1, "0": 0}[self.bearer]

    def direction_of(self, from_commander):
        return {"commander": int(from_commander), "other": int(not from_commander), "0": 0}[self.direction]

    # --- SRTP -------------------------------------------------------------------------------------

    def srtp_master(self, kd, suite, from_initiator):
        """One master key for each direction; P1 is 0 for the initiator's packets, 1 for the responder's."""
        sender = b"\0" if from_initiator else b"\1"
        key, salt = (kdf(kd, self.srtp_fc, name, sender) for name in (self.srtp_key_label, self.srtp_salt_label))
        return MasterKey(suite, least_significant(key, suite.key_len), least_significant(salt, suite.salt_len))


def ptk(pgk, member, ptk_id, group, *, fc=DEFAULT_PTK_FC, with_group=True):
    """TS 33.303 A.3. member: Layer-2 ID of the sender. Early drafts had no group identity."""
    parameters = [member.to_bytes(3, "big"), ptk_id.to_bytes(2, "big"), group.to_bytes(3, "big")]
    return kdf(pgk, fc, *parameters[: 3 if with_group else 2])


def relay_kd(pruk, service, nonce_1, freshness, *, fc=DEFAULT_RELAY_FC):
    """KD of a UE-to-network relay (TS 33.303 A.7), in the form of its 5G twin TS 33.503 A.8."""
    return kdf(pruk, fc, service, nonce_1, freshness)


# --- security contexts -----------------------------------------------------------------------------------


class NotIntact(Exception):
    """The MAC-I does not fit."""


@dataclass
class Context:
    """The security context of a one-to-one link. PEK and PIK are derived unless they are given."""

    identity: int  # KD-sess ID
    commander: int  # Layer-2 ID of the UE that sent the Direct Security Mode Command
    eea: int
    eia: int
    kd_sess: bytes = b""
    kd: bytes = b""
    kd_id: bytes = b""
    profile: Profile = field(default_factory=Profile)
    pek: bytes = b""
    pik: bytes = b""

    def __post_init__(self):
        if self.kd_sess:
            self.pek = self.profile.pek(self.kd_sess, self.eea)
            self.pik = self.profile.pik(self.kd_sess, self.eia)

    @property
    def keys(self):
        """Name -> (ID, key)."""
        identity = "%04x" % self.identity
        return {"KD": (self.kd_id.hex(), self.kd), "KD-sess": (identity, self.kd_sess), "PEK": (identity, self.pek),
                "PIK": (identity, self.pik)}

    def _inputs(self, header, sender, lcid):
        """COUNT, BEARER, DIRECTION (TS 36.323 5.6.1, 5.7): COUNT is the header's KD-sess ID and SN."""
        profile = self.profile
        return (int.from_bytes(header[1:5], "big"), profile.bearer_of(lcid), profile.direction_of(sender == self.commander))

    def _mac(self, header, data, inputs):
        return eia(self.eia, self.pik, *inputs, (header if self.profile.mac_over_header else b"") + data)

    def protect(self, header, data, sender, lcid, *, integrity, cipher=True):
        """A PDCP PDU: the MAC-I is over the plaintext, and enciphered only where the profile says so."""
        inputs = self._inputs(header, sender, lcid)
        mac = self._mac(header, data, inputs) if integrity else b""
        if cipher and self.profile.mac_ciphered:
            return header + eea(self.eea, self.pek, *inputs, data + mac)
        return header + (eea(self.eea, self.pek, *inputs, data) if cipher else data) + mac

    def open(self, pdu, sender, lcid, *, integrity, cipher=True):
        """The data. Raises NotIntact."""
        header, inputs = pdu[:5], self._inputs(pdu, sender, lcid)
        body, mac = (pdu[5:-4], pdu[-4:]) if integrity else (pdu[5:], b"")
        if cipher and self.profile.mac_ciphered:
            plain = eea(self.eea, self.pek, *inputs, body + mac)
            body, mac = plain[: len(body)], plain[len(body) :]
        elif cipher:
            body = eea(self.eea, self.pek, *inputs, body)
        if integrity and mac != self._mac(header, body, inputs):
            raise NotIntact
        return body


@dataclass
class GroupContext:
    """What one member of a group sends under one PTK: enciphered, without integrity, DIRECTION 0."""

    identity: int  # PTK ID
    group: int
    pgk_id: int
    pgk: bytes
    eea: int
    sender: int
    profile: Profile = field(default_factory=Profile)

    def __post_init__(self):
        self.ptk = ptk(self.pgk, self.sender, self.identity, self.group)
        self.pek = self.profile.pek(self.ptk, self.eea)

    @property
    def keys(self):
        """Name -> (ID, key)."""
        identity = "%04x" % self.identity
        return {"PGK": ("%06x/%02x" % (self.group, self.pgk_id), self.pgk), "PTK": (identity, self.ptk),
                "PEK": (identity, self.pek)}

    def protect(self, header, data, lcid):
        count = int.from_bytes(header[1:5], "big")
        return header + eea(self.eea, self.pek, count, self.profile.bearer_of(lcid), 0, data)

    def open(self, pdu, lcid):
        return self.protect(pdu[:5], pdu[5:], lcid)[5:]

"""MIKEY messages of RFC 3830 and of the modes added to it, made from the text of the RFCs by parties who know the keys.

An exchange takes every secret and every random value as an argument, so that what it makes is the same each time. Its `init`
and `resp` are the messages, `sessions` what they agree on, `macs` the secrets that the keys of their MACs come from. Section
numbers are RFC 3830's unless another RFC is named.
"""

import hmac
import random
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .srtp_model import aes_ctr, xor

# Numbers of messages, payloads and algorithms, under the RFCs' names.
DATA_TYPES = {"PSK_INIT": 0, "PSK_RESP": 1, "PK_INIT": 2, "PK_RESP": 3, "DH_INIT": 4, "DH_RESP": 5, "DHHMAC_INIT": 7,
              "DHHMAC_RESP": 8, "RSA_R_I_MSG": 9, "RSA_R_R_MSG": 10, "REQUEST_INIT_PSK": 11, "REQUEST_INIT_PK": 12,
              "REQUEST_RESP": 13, "TRANSFER_INIT": 14, "TRANSFER_RESP": 15, "RESOLVE_INIT_PSK": 16, "RESOLVE_INIT_PK": 17,
              "RESOLVE_RESP": 18, "SAKKE": 26}
KEMAC, PKE, DH, SIGN, T, ID, V, SP, RAND, TR, IDR, RANDR, TP, TICKET = 1, 2, 3, 4, 5, 6, 9, 10, 11, 13, 14, 15, 16, 17
KEY_DATA, GENERAL_EXT, SAKKE_DATA = 20, 21, 26
ENCR_NULL, AES_CM_128, AES_KW_128, AES_CM_256 = range(4)
MAC_NULL, HMAC_SHA1_160, HMAC_SHA256_256 = range(3)
MIKEY_1, PRF_HMAC_SHA_256 = range(2)
TGK, TGK_SALT, TEK, TEK_SALT, GTGK, GTGK_SALT, MPK = range(7)
NTP_UTC, NTP, COUNTER, NTP_UTC_32 = range(4)
INITIATOR, RESPONDER, KMS, PSK_NAME = 1, 2, 3, 4  # roles; for RANDR and TR as far as they go
INITIATORS_KMS, RESPONDERS_KMS = 6, 7
URI, BYTES = 1, 2
SRTP_ID, EMPTY_MAP, GENERIC_ID = range(3)

HASHES = {MIKEY_1: "sha1", PRF_HMAC_SHA_256: "sha256"}
MACS = {MAC_NULL: (None, 0), HMAC_SHA1_160: ("sha1", 20), HMAC_SHA256_256: ("sha256", 32)}
ENCR_LENGTHS = {ENCR_NULL: (0, 0), AES_CM_128: (16, 14), AES_KW_128: (16, 8), AES_CM_256: (32, 14)}
NO_CSB = b"\xff\xff\xff\xff"

# Constants of the labels.
CONSTANTS = {
    "encr": "150533e1", "auth": "2d22ac75", "salt": "29b88916",  # of messages
    "TEK": "2ad01c64", "TEK auth": "1b5c7973", "TEK encr": "15798cef", "TEK salt": "39a2c14b",
    "MPKr'": "2b288856", "TGK'": "1512b54a", "MPKi": "220e99a2", "MPKr": "1f4d675b",
}


def number(value, octets):
    return value.to_bytes(octets, "big")


def counted(octets, size=1):
    return number(len(octets), size) + octets


# --- keys ------------------------------------------------------------------------------------------------


def prf(function, inkey, label, length, minisip=False):
    """Section 4.1.2: the key in pieces of 256 bits, each stretched by P as TLS does it, all XORed.

    minisip: a last piece of 32 octets is taken for an empty one, as its libmikey does.
    """
    out = bytes(length)
    for at in range(0, len(inkey), 32):
        piece, a, stretched = inkey[at : at + 32], label, b""
        if minisip and at + 32 == len(inkey):
            piece = b""
        while len(stretched) < length:
            a = hmac.digest(piece, a, HASHES[function])
            stretched += hmac.digest(piece, a + label, HASHES[function])
        out = xor(out, stretched)
    return out


def label(what, middle, *rest):
    return bytes.fromhex(CONSTANTS[what]) + middle + b"".join(rest)


def key_wrap(key, initial, plain):
    """RFC 3394 section 2.2.1, with the initial value of RFC 3830 section 4.2.3."""
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    registers = [plain[at : at + 8] for at in range(0, len(plain), 8)]
    assert len(plain) % 8 == 0 and len(registers) > 1
    check = initial
    for step in range(6 * len(registers)):
        at = step % len(registers)
        block = aes.update(check + registers[at])
        check, registers[at] = xor(block[:8], number(step + 1, 8)), block[8:]
    return check + b"".join(registers)


@dataclass(frozen=True)
class Algorithms:
    prf: int = MIKEY_1
    encr: int = AES_CM_128
    mac: int = HMAC_SHA1_160
    minisip: bool = False  # the PRF departs as minisip's does

    def derive(self, inkey, label, length):
        return prf(self.prf, inkey, label, length, self.minisip)


STRONG = Algorithms(PRF_HMAC_SHA_256, AES_CM_256, HMAC_SHA256_256)


class MessageKeys:
    """What protects one message or ticket. `describe` gives the label of a constant's name."""

    def __init__(self, algorithms, inkey, describe):
        self.algorithms = algorithms
        encr_len, salt_len = ENCR_LENGTHS[algorithms.encr]
        self.encr = algorithms.derive(inkey, describe("encr"), encr_len)
        self.salt = algorithms.derive(inkey, describe("salt"), salt_len)
        self.auth = algorithms.derive(inkey, describe("auth"), MACS[algorithms.mac][1])

    def encrypt(self, plain, csb_id, timestamp):
        """Section 4.2.3."""
        if self.algorithms.encr == ENCR_NULL:
            return plain
        if self.algorithms.encr == AES_KW_128:
            return key_wrap(self.encr, self.salt, plain)
        iv = xor(self.salt, bytes(2) + csb_id + timestamp) + bytes(2)
        return aes_ctr(self.encr, iv, plain)

    def mac(self, octets):
        name, length = MACS[self.algorithms.mac]
        return hmac.digest(self.auth, octets, name)[:length] if name else b""


# --- payloads --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Payload:
    """Without its next payload octet, which is its neighbour's business."""

    kind: int
    body: bytes


def first_kind(payloads):
    return number(payloads[0].kind if payloads else 0, 1)


def chain(payloads, last=0):
    """The payloads one after the other; `last`: the kind of what follows them."""
    kinds = [each.kind for each in payloads[1:]] + [last]
    return b"".join((b"" if each.kind == SIGN else number(kind, 1)) + each.body for each, kind in zip(payloads, kinds))


def timestamp(kind, value):
    return Payload(T, number(kind, 1) + value)


def time_with_role(role, kind, value):
    return Payload(TR, number(role, 1) + number(kind, 1) + value)


def as_64_bits(kind, value):
    """Section 6.6; RFC 6043 section 6.3."""
    return value.rjust(8, b"\0") if kind == COUNTER else value.ljust(8, b"\0")


def identity(name, kind=URI):
    return Payload(ID, number(kind, 1) + counted(name, 2))


def identity_with_role(role, name, kind=URI):
    return Payload(IDR, number(role, 1) + number(kind, 1) + counted(name, 2))


def rand(octets):
    return Payload(RAND, counted(octets))


def rand_with_role(role, octets):
    return Payload(RANDR, number(role, 1) + counted(octets))


def policy(which, params):
    """SP for SRTP; params: type -> octets, or a value of one octet, in the order given."""
    octets = {kind: value if isinstance(value, bytes) else number(value, 1) for kind, value in params.items()}
    body = b"".join(number(kind, 1) + counted(value) for kind, value in octets.items())
    return Payload(SP, number(which, 1) + b"\0" + counted(body, 2))


@dataclass(frozen=True)
class Key:
    """A key data sub-payload, and what its key means."""

    kind: int
    key: bytes
    salt: bytes = b""
    spi: bytes = b""
    interval: tuple = ()  # first and last packet index

    @property
    def payload(self):
        """Sections 6.13 and 6.14."""
        validity = 1 if self.spi else 2 if self.interval else 0
        body = number(self.kind << 4 | validity, 1) + counted(self.key, 2)
        if self.kind in (TGK_SALT, TEK_SALT, GTGK_SALT):
            body += counted(self.salt, 2)
        if self.spi:
            body += counted(self.spi)
        return Payload(KEY_DATA, body + b"".join(counted(number(index, 6)) for index in self.interval))

    @property
    def is_tek(self):
        return self.kind in (TEK, TEK_SALT)


def kemac(algorithms, encrypted, mac_alg):
    return Payload(KEMAC, number(algorithms.encr, 1) + counted(encrypted, 2) + number(mac_alg, 1))


def header(name, algorithms, csb_id, payloads, *, v=False, map_type=EMPTY_MAP, entries=()):
    """HDR (section 6.1) for a message that goes on with `payloads`."""
    return (b"\1" + number(DATA_TYPES[name], 1) + first_kind(payloads) + number(v << 7 | algorithms.prf, 1) + csb_id +
            number(len(entries), 1) + number(map_type, 1) + b"".join(entries))


SRTP_POLICY = {0: 1, 1: 16, 2: 1, 3: 20, 4: 14, 7: 1, 8: 1, 10: 1, 11: 10}  # AES_CM_128_HMAC_SHA1_80
SRTP_POLICY_256 = {**SRTP_POLICY, 1: 32}


@dataclass(frozen=True)
class Session:
    """A crypto session: whose SSRC, which keys."""

    cs_id: int
    ssrc: int
    tek: bytes
    salt: bytes
    spi: bytes = b""
    roc: int = 0


def session_key(algorithms, key, describe, cs_id, params):
    """(TEK, salt) of a crypto session from a key of the bundle; a salt that was sent is the salt.

    GStreamer sends key and salt as one TEK.
    """
    tek_len, salt_len = params.get(1, 16), params.get(4, 14)
    tek, salt = key.key[:tek_len], key.salt or key.key[tek_len:]
    if not key.is_tek:
        tek = algorithms.derive(key.key, describe("TEK", cs_id), tek_len)
        salt = key.salt or algorithms.derive(key.key, describe("TEK salt", cs_id), salt_len)
    return tek, salt or bytes(salt_len)


def generic_entry(cs_id, ssrc, roc, spi):
    """A crypto session in the GENERIC-ID map (RFC 6043 section 6.1.1) under policy 0; ssrc None: not known yet."""
    data = b"" if ssrc is None else number(ssrc, 4)
    if data and roc:
        data += number(roc, 4) + bytes(2)
    return number(cs_id, 1) + b"\0" + number(bool(data and roc) << 7 | 1, 1) + b"\0" + counted(data, 2) + counted(spi)


# --- RFC 3830 --------------------------------------------------------------------------------------------


@dataclass
class PreShared:
    """The pre-shared key mode (section 3.1). `ssrcs`: of CS 1, 2, ...; those that are the responder's are filled in later."""

    inkey: bytes
    csb_id: bytes
    rand: bytes
    keys: list
    ssrcs: list
    time: bytes
    responders: tuple = (2,)  # CS IDs
    algorithms: Algorithms = Algorithms()
    time_kind: int = NTP_UTC
    initiator: bytes = b"sip:alice@example.com"
    responder: bytes = b"sip:bob@example.com"
    params: dict = field(default_factory=lambda: dict(SRTP_POLICY))
    verified: bool = True  # V flag: the responder answers
    map_type: int = SRTP_ID
    rocs: dict = field(default_factory=dict)  # CS ID -> rollover counter
    untold: bool = False  # no message tells an SSRC
    ids_sent: bool = True
    ids_covered: bool = True  # by the responder's MAC; minisip leaves them out
    is_update: bool = False  # of the bundle that has this CSB ID (section 4.5)
    keys_sent: bool = True  # an update may leave the keys as they are

    names = "PSK_INIT", "PSK_RESP"

    @property
    def macs(self):
        one = ["PSK"] if self.algorithms.mac != MAC_NULL else []
        return one, one

    @property
    def message_keys(self):
        return MessageKeys(self.algorithms, self.inkey, lambda what: label(what, b"\xff" + self.csb_id, self.rand))

    def entries(self, answered):
        """Section 6.1.1. An SSRC that is not known yet is 0."""
        made = []
        for cs_id, ssrc in enumerate(self.ssrcs, 1):
            known = not self.untold and (answered or cs_id not in self.responders)
            roc = self.rocs.get(cs_id, 0)
            if self.map_type == GENERIC_ID:
                made.append(generic_entry(cs_id, ssrc if known else None, roc, self.keys[0].spi))
            elif self.map_type == SRTP_ID:
                made.append(b"\0" + number(ssrc if known else 0, 4) + number(roc, 4))
        return made

    def _header(self, name, payloads, *, answered=False, v=False):
        return header(name, self.algorithms, self.csb_id, payloads, v=v, map_type=self.map_type,
                      entries=self.entries(answered))

    def _time(self):
        return timestamp(self.time_kind, self.time)

    def _rand(self):
        return [] if self.is_update else [rand(self.rand)]

    def _identities(self):
        return [identity(self.initiator), identity(self.responder)] if self.ids_sent else []

    def _policy(self):
        return [] if self.map_type == EMPTY_MAP else [policy(0, self.params)]  # RFC 4563 section 5

    def _opening(self):
        return [self._time(), *self._rand(), *self._identities(), *self._policy()]

    def _encrypted(self, payloads):
        return self.message_keys.encrypt(chain(payloads), self.csb_id, as_64_bits(self.time_kind, self.time))

    def init(self):
        """Sections 3.1 and 5.2: the MAC covers all before it."""
        encrypted = self._encrypted([key.payload for key in self.keys]) if self.keys_sent else b""
        payloads = self._opening() + [kemac(self.algorithms, encrypted, self.algorithms.mac)]
        message = self._header(self.names[0], payloads, v=self.verified) + chain(payloads)
        return message + self.message_keys.mac(message)

    def resp(self):
        payloads = [self._time(), *([identity(self.responder)] if self.ids_sent else []),
                    Payload(V, number(self.algorithms.mac, 1))]
        message = self._header(self.names[1], payloads, answered=True) + chain(payloads)
        behind = self.initiator + self.responder if self.ids_covered else b""
        return message + self.message_keys.mac(message + behind + self.time)

    def _tgk_label(self, what, cs_id):
        """Section 4.1.3."""
        return label(what, number(cs_id, 1) + self.csb_id, self.rand)

    @property
    def sessions(self):
        """Each crypto session under each key; where there are several keys, packets tell which."""
        made = []
        for cs_id, ssrc in enumerate(self.ssrcs, 1):
            for key in self.keys:
                tek, salt = session_key(self.algorithms, key, self._tgk_label, cs_id, self.params)
                made.append(Session(cs_id, ssrc, tek, salt, key.spi, self.rocs.get(cs_id, 0)))
        return made


def rsa_key(dice, bits=1024):
    """An RSA key from a random.Random: the same for the same seed, and good for nothing but tests."""

    def prime():
        while True:
            candidate = dice.getrandbits(bits // 2) | 1 | 3 << bits // 2 - 2
            if candidate % 65537 != 1 and all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7)):
                return candidate

    p, q = prime(), prime()
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public).private_key()


def sealed(receiver, key):
    """PKE (section 6.3): PKCS #1 v1.5 (section 4.2.5, RFC 8017 section 7.2.1), by hand for the sake of its padding."""
    public, dice = receiver.public_key().public_numbers(), random.Random(key)
    size = (public.n.bit_length() + 7) // 8
    filling = bytes(dice.randrange(1, 256) for _ in range(size - 3 - len(key)))
    block = b"\0\2" + filling + b"\0" + key
    return Payload(PKE, counted(number(pow(int.from_bytes(block, "big"), public.e, public.n), size), 2))


def to_sign(signer):
    """SIGN (section 6.5) without its signature."""
    return Payload(SIGN, number(signer.key_size // 8, 2))


def signature(signer, octets):
    return signer.sign(octets, padding.PKCS1v15(), hashes.SHA1())


@dataclass
class Envelope(PreShared):
    """The public-key mode (section 3.2): inkey is the envelope key, sealed for the receiver."""

    receiver: object = None  # RSA private keys
    signer: object = None

    names = "PK_INIT", "PK_RESP"

    def _kemac(self, whose):
        """Here the MAC covers the KEMAC alone, as if nothing followed it."""
        encrypted = self._encrypted([identity(whose)] + [key.payload for key in self.keys])
        bare = kemac(self.algorithms, encrypted, self.algorithms.mac)
        return replace(bare, body=bare.body + self.message_keys.mac(b"\0" + bare.body))

    def _signed(self, name, payloads, **options):
        payloads = payloads + [to_sign(self.signer)]
        message = self._header(name, payloads, **options) + chain(payloads)
        return message + signature(self.signer, message)

    def init(self):
        """The signature covers all before it."""
        payloads = self._opening() + [self._kemac(self.initiator), sealed(self.receiver, self.inkey)]
        return self._signed(self.names[0], payloads, v=self.verified)


@dataclass
class ReverseEnvelope(Envelope):
    """MIKEY-RSA-R (RFC 4738 section 3.1): the responder sends the keys, sealed for the initiator.

    group: CSB ID that takes the place of the initiator's in the labels (section 3.6).
    """

    group: bytes = b""

    names = "RSA_R_I_MSG", "RSA_R_R_MSG"

    @property
    def macs(self):
        return [], ["PSK"]

    @property
    def message_keys(self):
        return MessageKeys(self.algorithms, self.inkey,
                           lambda what: label(what, b"\xff" + (self.group or self.csb_id), self.rand))

    def _encrypted(self, payloads):
        return self.message_keys.encrypt(chain(payloads), self.group or self.csb_id, as_64_bits(self.time_kind, self.time))

    def _tgk_label(self, what, cs_id):
        return label(what, number(cs_id, 1) + (self.group or self.csb_id), self.rand)

    def init(self):
        """RAND is in one of the two messages: the responder's where a group's CSB ID is."""
        randoms = [] if self.group else self._rand()
        return self._signed(self.names[0], [self._time(), *randoms, *self._identities(), *self._policy()], v=True)

    def resp(self):
        group = [Payload(GENERAL_EXT, b"\4" + counted(self.group, 2))] if self.group else []
        randoms = self._rand() if self.group else []
        payloads = [*group, self._time(), *randoms, identity(self.responder), self._kemac(self.responder),
                    sealed(self.receiver, self.inkey)]
        payloads.append(to_sign(self.signer))
        message = self._header(self.names[1], payloads, answered=True) + chain(payloads)
        return message + signature(self.signer, message + self.initiator + self.responder + self.time)


@dataclass
class DiffieHellman(Envelope):
    """The Diffie-Hellman mode (section 3.3). Who watches can't find the TGK: it is what `keys` says."""

    public_i: bytes = b""
    public_r: bytes = b""

    names = "DH_INIT", "DH_RESP"

    @property
    def macs(self):
        return [], []

    def _values(self, answered):
        values = [self.public_r, self.public_i] if answered else [self.public_i]
        return [Payload(DH, b"\0" + value + b"\0") for value in values]  # OAKLEY 5, no validity

    def _response(self):
        return [self._time(), identity(self.responder), identity(self.initiator), *self._values(True)]

    def init(self):
        return self._signed(self.names[0], [*self._opening(), *self._values(False)], v=True)

    def resp(self):
        return self._signed(self.names[1], self._response(), answered=True)


@dataclass
class DiffieHellmanHmac(DiffieHellman):
    """MIKEY-DHHMAC (RFC 4650): a KEMAC without keys in it has the MAC, under a pre-shared key.

    numbers: of NULL encryption and HMAC-SHA-1; (2, 0) is what section 4.2 prints, against RFC 3830's tables.
    """

    numbers: tuple = (ENCR_NULL, HMAC_SHA1_160)

    names = "DHHMAC_INIT", "DHHMAC_RESP"

    @property
    def macs(self):
        return ["PSK"], ["PSK"]

    def _closed(self, name, payloads, **options):
        encr, mac = self.numbers
        payloads = payloads + [Payload(KEMAC, number(encr, 1) + counted(b"", 2) + number(mac, 1))]
        message = self._header(name, payloads, **options) + chain(payloads)
        return message + self.message_keys.mac(message)

    def init(self):
        return self._closed(self.names[0], [*self._opening(), *self._values(False)], v=True)

    def resp(self):
        return self._closed(self.names[1], self._response(), answered=True)


@dataclass
class Sakke(PreShared):
    """MIKEY-SAKKE (RFC 6509): one message; the SSV that is sealed in it is the TGK. The signature is ECCSI's, 129 octets."""

    sealed_ssv: bytes = b""
    signature: bytes = b""
    kms: bytes = b"kms.example.com"

    names = "SAKKE", None

    @property
    def macs(self):
        return [], []

    def init(self):
        payloads = [self._time(), *self._rand(), identity_with_role(INITIATOR, self.initiator),
                    identity_with_role(RESPONDER, self.responder), identity_with_role(INITIATORS_KMS, self.kms),
                    identity_with_role(RESPONDERS_KMS, self.kms), *self._policy(),
                    Payload(SAKKE_DATA, b"\1\1" + counted(self.sealed_ssv, 2)),
                    Payload(SIGN, number(2 << 12 | len(self.signature), 2))]
        return self._header(self.names[0], payloads) + chain(payloads) + self.signature

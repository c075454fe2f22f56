"""Messages of the PC5 signalling protocol (TS 24.334 clauses 11.4 and 12.5), written and read from one table.

A message is type, sequence number, mandatory elements in a fixed order without an identifier, optional ones with it, at the end
the project's container. Values are octets; the names of the elements are their keys.
"""

from dataclasses import dataclass, field

from .mikey_model import counted, number

# --- information elements ----------------------------------------------------------------------------------

ANY = None  # a value of any length, told by a length field


@dataclass(frozen=True)
class Element:
    iei: int
    length: int = ANY
    width: int = 1  # octets of the length field, where there is one


KEY_ESTABLISHMENT = "key establishment"  # not of TS 24.334: the container for SDP or MIKEY, named as in TS 24.587

ELEMENTS = {
    "user info": Element(1),
    "IP address config": Element(2, 1),
    "link local IPv6 address": Element(3, 16),
    "cause": Element(4, 1),
    "release reason": Element(5, 1),
    "keepalive counter": Element(6, 4),
    "maximum inactivity period": Element(7, 4),
    "PRUK ID": Element(8, 8),
    "AUTS": Element(9, 14),
    "RAND": Element(10, 16),
    "UE security capabilities": Element(11, 2),
    "chosen algorithms": Element(12, 1),
    "LSB of KD-sess ID": Element(13, 1),
    "MSB of KD-sess ID": Element(14, 1),
    "LSB of KD ID": Element(15, 2),
    "MSB of KD ID": Element(16, 2),
    "KD ID": Element(17, 4),
    "KD freshness": Element(18, 16),
    "nonce 1": Element(19, 16),
    "nonce 2": Element(20, 16),
    "auth flag": Element(21, 1),
    "signature": Element(22, 129),
    "encrypted payload": Element(23, width=2),
    "GPI": Element(24, width=2),
    "relay service code": Element(25, 3),
    "remote UE information type": Element(26, 1),
    "IMEI": Element(27, 8),
    "IMEISV": Element(28, 9),
    KEY_ESTABLISHMENT: Element(0x74, width=2),
}
BY_IEI = {element.iei: name for name, element in ELEMENTS.items()}

# --- messages --------------------------------------------------------------------------------------------

REQUEST, ACCEPT, REJECT = "DIRECT_COMMUNICATION_REQUEST", "DIRECT_COMMUNICATION_ACCEPT", "DIRECT_COMMUNICATION_REJECT"
KEEPALIVE, KEEPALIVE_ACK = "DIRECT_COMMUNICATION_KEEPALIVE", "DIRECT_COMMUNICATION_KEEPALIVE_ACK"
RELEASE, RELEASE_ACCEPT = "DIRECT_COMMUNICATION_RELEASE", "DIRECT_COMMUNICATION_RELEASE_ACCEPT"
COMMAND, COMPLETE = "DIRECT_SECURITY_MODE_COMMAND", "DIRECT_SECURITY_MODE_COMPLETE"
SECURITY_REJECT = "DIRECT_SECURITY_MODE_REJECT"
REKEYING_REQUEST, REKEYING_RESPONSE = "DIRECT_REKEYING_REQUEST", "DIRECT_REKEYING_RESPONSE"
REKEYING_TRIGGER = "DIRECT_REKEYING_TRIGGER"
REMOTE_UE_REQUEST, REMOTE_UE_RESPONSE = "REMOTE_UE_INFO_REQUEST", "REMOTE_UE_INFO_RESPONSE"

# name: (type, mandatory elements, optional elements), both in the order of the wire
MESSAGES = {
    REQUEST: (0x01, ("user info", "IP address config", "maximum inactivity period", "nonce 1", "UE security capabilities",
                     "MSB of KD-sess ID"), ("KD ID", "relay service code", "signature", "link local IPv6 address")),
    ACCEPT: (0x02, ("IP address config",), ("link local IPv6 address",)),
    REJECT: (0x03, ("cause",), ()),
    KEEPALIVE: (0x04, ("keepalive counter",), ("maximum inactivity period",)),
    KEEPALIVE_ACK: (0x05, ("keepalive counter",), ()),
    RELEASE: (0x06, ("release reason",), ()),
    RELEASE_ACCEPT: (0x07, (), ()),
    COMMAND: (0x0C, ("UE security capabilities", "nonce 2", "chosen algorithms", "LSB of KD-sess ID"),
              ("MSB of KD ID", "KD freshness", "GPI", "user info", "signature", "encrypted payload")),
    COMPLETE: (0x0D, (), ("LSB of KD ID",)),
    SECURITY_REJECT: (0x0E, ("cause",), ("RAND", "AUTS")),
    REKEYING_REQUEST: (0x0F, ("UE security capabilities", "nonce 1", "MSB of KD-sess ID"), ("auth flag", "PRUK ID")),
    REKEYING_RESPONSE: (0x10, (), ()),
    REKEYING_TRIGGER: (0x11, (), ()),
    REMOTE_UE_REQUEST: (0x12, ("remote UE information type",), ()),
    REMOTE_UE_RESPONSE: (0x13, (), ("IMEI", "IMEISV")),
}
BY_TYPE = {kind: name for name, (kind, _, _) in MESSAGES.items()}

# Values of elements.
UPPER_LAYERS, PRUK_ID, IMSI = 1, 2, 3  # user info types
NO_ALLOCATION, ROUTER = b"\4", b"\2"  # IP address config
AUTHENTICATION_FAILURE, OTHER_ERROR = b"\2", b"\6"  # causes
NO_LONGER_NEEDED = b"\1"  # release reason


class Malformed(Exception):
    pass


@dataclass
class Message:
    name: str
    sequence: int
    elements: dict = field(default_factory=dict)

    def write(self, widths=()):
        """widths: element -> octets of its length field, where a sender differs."""
        kind, mandatory, optional = MESSAGES[self.name]
        out = number(kind, 1) + number(self.sequence, 2)
        for name in mandatory:
            out += self._value(name, ELEMENTS[name].width)
        for name in (*optional, KEY_ESTABLISHMENT):
            if name in self.elements:
                out += number(ELEMENTS[name].iei, 1) + self._value(name, dict(widths).get(name, ELEMENTS[name].width))
        return out

    def _value(self, name, width):
        value, length = self.elements[name], ELEMENTS[name].length
        assert length in (ANY, len(value)), name
        return counted(value, width) if length is ANY else value

    @classmethod
    def read(cls, octets):
        if len(octets) < 3 or octets[0] not in BY_TYPE:
            raise Malformed("message type")
        made = cls(BY_TYPE[octets[0]], int.from_bytes(octets[1:3], "big"))
        at = 3
        for name in MESSAGES[made.name][1]:
            at = made._take(octets, at, name)
        while at < len(octets):
            name = BY_IEI.get(octets[at])
            if name is None or name in made.elements:
                raise Malformed("optional element")
            at = made._take(octets, at + 1, name)
        return made

    def _take(self, octets, at, name):
        element = ELEMENTS[name]
        length = element.length
        if length is ANY:
            length = int.from_bytes(octets[at : at + element.width], "big")
            at += element.width
        if at + length > len(octets):
            raise Malformed(name)
        self.elements[name] = octets[at : at + length]
        return at + length


# --- values ----------------------------------------------------------------------------------------------


def user_info(name, kind=UPPER_LAYERS):
    return number(kind, 1) + (name.encode() if isinstance(name, str) else name)


def capabilities(eea, eia):
    """UE security capabilities: EEA0 is the highest bit of the first octet, EIA0 that of the second."""
    return bytes([sum(0x80 >> each for each in eea), sum(0x80 >> each for each in eia)])


def chosen(eea, eia):
    return bytes([eea << 4 | eia])


# --- the container of key establishment ---------------------------------------------------------------------

SDP_CRYPTO, SDP_KEY_MGMT, RAW_MIKEY, COMPACT_SDES = 1, 2, 3, 4  # methods
COMPACT_SUITES = {"AES_CM_128_HMAC_SHA1_80": 1, "AES_CM_128_HMAC_SHA1_32": 2, "F8_128_HMAC_SHA1_80": 3}  # as RFC 4568 6.2


def container(method, body):
    return number(method, 1) + (body.encode() if isinstance(body, str) else body)


def compact_sdes(tag, key):
    """tag, suite, length of what follows, key and salt. key: a MasterKey."""
    suite = COMPACT_SUITES[key.suite.name]
    return container(COMPACT_SDES, number(tag, 1) + number(suite, 1) + counted(key.key + key.salt))

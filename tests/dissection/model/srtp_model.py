"""SRTP and SRTCP as their RFCs describe them, one packet at a time.

A `MasterKey` protects and opens packets whose index the caller names; it knows nothing of streams, replay
or estimation. Sections in the comments are RFC 3711's unless another RFC is named.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass(frozen=True)
class Suite:
    """What a crypto suite's name fixes; all lengths in octets."""

    name: str
    cipher: str  # "cm", "f8", "gcm", "null" or, for what can only be named, "seed"
    key_len: int
    salt_len: int
    rtp_tag: int
    rtcp_tag: int

    @property
    def is_aead(self):
        return self.cipher == "gcm"


def _suite_table():
    rows = [
        # RFC 4568 section 6.2
        ("AES_CM_128_HMAC_SHA1_80", "cm", 16, 14, 10, 10),
        ("AES_CM_128_HMAC_SHA1_32", "cm", 16, 14, 4, 10),
        ("F8_128_HMAC_SHA1_80", "f8", 16, 14, 10, 10),
        # RFC 6188 section 4
        ("AES_192_CM_HMAC_SHA1_80", "cm", 24, 14, 10, 10),
        ("AES_192_CM_HMAC_SHA1_32", "cm", 24, 14, 4, 10),
        ("AES_256_CM_HMAC_SHA1_80", "cm", 32, 14, 10, 10),
        ("AES_256_CM_HMAC_SHA1_32", "cm", 32, 14, 4, 10),
        # RFC 7714 section 14.1
        ("AEAD_AES_128_GCM", "gcm", 16, 12, 16, 16),
        ("AEAD_AES_256_GCM", "gcm", 32, 12, 16, 16),
        # met in the field, in no registry
        ("AEAD_AES_128_GCM_8", "gcm", 16, 12, 8, 8),
        ("AEAD_AES_256_GCM_8", "gcm", 32, 12, 8, 8),
        ("NULL_HMAC_SHA1_80", "null", 16, 14, 10, 10),
        ("NULL_HMAC_SHA1_32", "null", 16, 14, 4, 10),
        # RFC 5669: recognised by name
        ("SEED_CTR_128_HMAC_SHA1_80", "seed", 16, 14, 10, 10),
    ]
    return {row[0]: Suite(*row) for row in rows}


SUITES = _suite_table()
DECRYPTABLE = [name for name, suite in SUITES.items() if suite.cipher != "seed"]


# --- building blocks -------------------------------------------------------------------------------------


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _aes_block(key, block):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block)


def aes_ctr(key, initial_counter, data):
    """Section 4.1.1: E(k, IV), E(k, IV + 1 mod 2^128) ... xor data."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(initial_counter)).encryptor()
    return encryptor.update(data)


def aes_cm_iv(salt, ssrc, index):
    """Section 4.1.1: (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16)."""
    salt_value = int.from_bytes(salt.ljust(14, b"\0"), "big")
    return ((salt_value << 16) ^ (ssrc << 64) ^ (index << 16)).to_bytes(16, "big")


def aes_f8(key, salt, iv, data):
    """Section 4.1.2. The second key is the first one xor (salt || 0x55...)."""
    masked_key = xor(key, salt + b"\x55" * (len(key) - len(salt)))
    start = _aes_block(masked_key, iv)
    out, previous = b"", bytes(16)
    for j in range((len(data) + 15) // 16):
        previous = _aes_block(key, xor(xor(start, j.to_bytes(16, "big")), previous))
        out += previous
    return xor(out, data)


def derive(master_key, master_salt, label, r, length):
    """Section 4.3.1: the PRF is AES-CM under the master key, x = (label || r) XOR master_salt."""
    x = int.from_bytes(master_salt.ljust(14, b"\0"), "big") ^ ((label << 48) | r)
    return aes_ctr(master_key, (x << 16).to_bytes(16, "big"), bytes(length))


def rtp_header_len(packet):
    """Fixed header, CSRCs, header extension (RFC 3550 section 5.1)."""
    length = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        length += 4 + 4 * int.from_bytes(packet[length + 2 : length + 4], "big")
    return length


def extension_elements(packet):
    """RFC 8285 section 4: (offset in the packet, ID, length) of each element's body, and the extension's own span."""
    start = 12 + 4 * (packet[0] & 0x0F)
    profile = int.from_bytes(packet[start : start + 2], "big")
    at, end, found = start + 4, rtp_header_len(packet), []
    while at < end:
        if packet[at] == 0:  # padding between elements
            at += 1
            continue
        if profile == 0xBEDE:  # one-octet element headers
            ident, length, header = packet[at] >> 4, (packet[at] & 15) + 1, 1
            if ident == 15:
                break
        elif profile & 0xFFF0 == 0x1000:  # two-octet element headers
            ident, length, header = packet[at], packet[at + 1], 2
        else:
            break
        found.append((at + header, ident, length))
        at += header + length
    return start + 4, end, found


class NotAuthentic(Exception):
    pass


# --- one master key --------------------------------------------------------------------------------------

KDF_RFC = "rfc"
# libsrtp 2.5: the octets key || salt || 8 zeros are read as an AES-256 key and the salt behind it
KDF_192_AS_256 = "192 as 256"


@dataclass
class MasterKey:
    suite: Suite
    key: bytes
    salt: bytes
    mki: bytes = b""
    kdr: int = 0  # packets; 0: keys are derived once
    unencrypted_srtp: bool = False
    unencrypted_srtcp: bool = False
    unauthenticated_srtp: bool = False
    encrypted_ids: frozenset = frozenset()  # RFC 6904
    # RFC 6904 lays the key stream over the whole extension; libsrtp does not count padding between elements
    extensions_as_libsrtp: bool = False
    kdf: str = KDF_RFC
    prefix: int = 0  # SRTP_PREFIX_LENGTH (section 4.1): octets of each SRTP packet's key stream that encrypt nothing
    rtcp_tag: int = None  # where a sender departs from its suite
    send_mki: bool = True
    _sessions: dict = field(default_factory=dict, repr=False)

    def __post_init__(self):
        assert len(self.key) == self.suite.key_len and len(self.salt) == self.suite.salt_len
        if self.rtcp_tag is None:
            self.rtcp_tag = self.suite.rtcp_tag

    @property
    def inline(self):
        return base64.b64encode(self.key + self.salt).decode()

    @property
    def fingerprint(self):
        return hashlib.sha256(self.key + self.salt).digest()[:8].hex()

    def _session(self, label, index, length):
        r = index // self.kdr if self.kdr else 0
        found = self._sessions.get((label, r))
        if found is None:
            key, salt = self.key, self.salt
            if self.kdf == KDF_192_AS_256:
                octets = (self.key + self.salt).ljust(32 + 14, b"\0")
                key, salt = octets[:32], octets[32:]
            found = derive(key, salt, label, r, length)
            self._sessions[(label, r)] = found
        return found

    def _salt_len(self):
        return 12 if self.suite.is_aead else 14

    @property
    def _wire_mki(self):
        return self.mki if self.send_mki else b""

    # SRTP -------------------------------------------------------------------------------------------

    def _crypt_extension(self, packet, index):
        """RFC 6904; the same operation encrypts and decrypts."""
        if not self.encrypted_ids or not packet[0] & 0x10 or self.suite.cipher == "null":
            return packet
        start, end, elements = extension_elements(packet)
        key = self._session(6, index, self.suite.key_len)
        salt = self._session(7, index, self._salt_len())
        if self.suite.cipher == "f8":
            stream = aes_f8(key, salt, self._f8_rtp_iv(packet, index), bytes(end - start))
        else:  # RFC 7714 section 8.3: AES-CM for the AEAD suites
            stream = aes_ctr(key, aes_cm_iv(salt, int.from_bytes(packet[8:12], "big"), index), bytes(end - start))
        out, skipped, after = bytearray(packet), 0, start
        header = 1 if packet[start - 4] == 0xBE else 2
        for at, ident, length in elements:
            if self.extensions_as_libsrtp:
                skipped += at - header - after
            after = at + length
            if ident in self.encrypted_ids:
                for place in range(at, at + length):
                    out[place] ^= stream[place - start - skipped]
        return bytes(out)

    @staticmethod
    def _f8_rtp_iv(packet, index):
        return b"\0" + packet[1:12] + (index >> 16).to_bytes(4, "big")

    def _rtp_gcm(self, packet, index):
        """RFC 7714 section 8.1: (cipher, IV)."""
        salt = self._session(2, index, 12)
        return AESGCM(self._session(0, index, self.suite.key_len)), xor(salt, b"\0\0" + packet[8:12] + index.to_bytes(6, "big"))

    def _rtp_cipher(self, packet, index, payload):
        if self.unencrypted_srtp or self.suite.cipher == "null":
            return payload
        key = self._session(0, index, self.suite.key_len)
        salt = self._session(2, index, 14)
        text = bytes(self.prefix) + payload
        if self.suite.cipher == "f8":
            return aes_f8(key, salt, self._f8_rtp_iv(packet, index), text)[self.prefix :]
        return aes_ctr(key, aes_cm_iv(salt, int.from_bytes(packet[8:12], "big"), index), text)[self.prefix :]

    def _rtp_tag(self, authenticated, index):
        if self.unauthenticated_srtp:
            return b""
        key = self._session(1, index, 20)
        roc = (index >> 16).to_bytes(4, "big")
        return hmac.new(key, authenticated + roc, hashlib.sha1).digest()[: self.suite.rtp_tag]

    def protect_rtp(self, packet, roc):
        index = roc << 16 | int.from_bytes(packet[2:4], "big")
        header_len = rtp_header_len(packet)
        packet = self._crypt_extension(packet, index)
        header, payload = packet[:header_len], packet[header_len:]
        if self.suite.is_aead:
            gcm, iv = self._rtp_gcm(packet, index)
            if self.unencrypted_srtp:
                sealed = payload + gcm.encrypt(iv, b"", packet)
            else:
                sealed = gcm.encrypt(iv, payload, header)
            return header + sealed[: len(payload) + self.suite.rtp_tag] + self._wire_mki
        portion = header + self._rtp_cipher(packet, index, payload)
        return portion + self._wire_mki + self._rtp_tag(portion, index)

    def open_rtp(self, wire, roc):
        index = roc << 16 | int.from_bytes(wire[2:4], "big")
        header_len = rtp_header_len(wire)
        tag_len = 0 if self.unauthenticated_srtp and not self.suite.is_aead else self.suite.rtp_tag
        end = len(wire) - tag_len - len(self._wire_mki)
        portion = wire[:end]
        header, payload = portion[:header_len], portion[header_len:]
        if self.suite.is_aead:
            plain = self._open_gcm(*self._rtp_gcm(wire, index), header, payload, wire[end : end + tag_len], self.unencrypted_srtp)
        else:
            if wire[len(wire) - tag_len :] != self._rtp_tag(portion, index)[:tag_len]:
                raise NotAuthentic
            plain = self._rtp_cipher(wire, index, payload)
        return self._crypt_extension(header + plain, index)

    def _open_gcm(self, gcm, iv, aad, body, tag, clear, aad_tail=b""):
        """GCM with a tag cut short can't be asked of AESGCM: run it forwards and compare."""
        if clear:
            plain, expected = body, gcm.encrypt(iv, b"", aad + body + aad_tail)
        else:
            plain = gcm.encrypt(iv, body, b"")[: len(body)]
            expected = gcm.encrypt(iv, plain, aad + aad_tail)[len(body) :]
        if expected[: len(tag)] != tag:
            raise NotAuthentic
        return plain

    # SRTCP ------------------------------------------------------------------------------------------

    def _rtcp_gcm(self, packet, index):
        """RFC 7714 section 9.1."""
        salt = self._session(5, index, 12)
        block = b"\0\0" + packet[4:8] + b"\0\0" + index.to_bytes(4, "big")
        return AESGCM(self._session(3, index, self.suite.key_len)), xor(salt, block)

    def _rtcp_cipher(self, packet, index, encrypted, body):
        if not encrypted or self.suite.cipher == "null":
            return body
        key = self._session(3, index, self.suite.key_len)
        salt = self._session(5, index, 14)
        if self.suite.cipher == "f8":
            word = (1 << 31 | index).to_bytes(4, "big")
            return aes_f8(key, salt, bytes(4) + word + packet[:8], body)
        return aes_ctr(key, aes_cm_iv(salt, int.from_bytes(packet[4:8], "big"), index), body)

    def _rtcp_tag(self, authenticated, index):
        key = self._session(4, index, 20)
        return hmac.new(key, authenticated, hashlib.sha1).digest()[: self.rtcp_tag]

    def protect_rtcp(self, packet, index, encrypted=None):
        if encrypted is None:
            encrypted = not self.unencrypted_srtcp
        word = (encrypted << 31 | index).to_bytes(4, "big")
        if self.suite.is_aead:
            gcm, iv = self._rtcp_gcm(packet, index)
            if encrypted:
                sealed = packet[:8] + gcm.encrypt(iv, packet[8:], packet[:8] + word)
            else:
                sealed = packet + gcm.encrypt(iv, b"", packet + word)
            return sealed[: len(packet) + self.rtcp_tag] + word + self._wire_mki
        portion = packet[:8] + self._rtcp_cipher(packet, index, encrypted, packet[8:]) + word
        return portion + self._wire_mki + self._rtcp_tag(portion, index)

    def open_rtcp(self, wire):
        """(plain packet, index, E)."""
        mki_len = len(self._wire_mki)
        if self.suite.is_aead:
            at = len(wire) - mki_len - 4
            word = wire[at : at + 4]
            body, tag = wire[8 : at - self.rtcp_tag], wire[at - self.rtcp_tag : at]
        else:
            at = len(wire) - self.rtcp_tag - mki_len - 4
            word = wire[at : at + 4]
            body, tag = wire[8:at], wire[len(wire) - self.rtcp_tag :]
        encrypted, index = word[0] >> 7, int.from_bytes(word, "big") & 0x7FFFFFFF
        if self.suite.is_aead:
            gcm, iv = self._rtcp_gcm(wire, index)
            return wire[:8] + self._open_gcm(gcm, iv, wire[:8], body, tag, not encrypted, word), index, encrypted
        if tag != self._rtcp_tag(wire[: at + 4], index):
            raise NotAuthentic
        return wire[:8] + self._rtcp_cipher(wire, index, encrypted, body), index, encrypted


def make_key(random, suite_name, **options):
    """A master key from a random.Random."""
    suite = SUITES[suite_name]
    return MasterKey(suite, random.randbytes(suite.key_len), random.randbytes(suite.salt_len), **options)

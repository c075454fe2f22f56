"""SRTP senders in Python, written from the RFCs and sharing nothing with the C code: what they protect, it must open.

Only the block cipher, GCM and SHA-1 come from libraries. Sections named are of RFC 3711 unless they say otherwise.
"""
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# suite: cipher, octets of key, of salt, of SRTP tag, of SRTCP tag
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": ("cm", 16, 14, 10, 10),
    "AES_CM_128_HMAC_SHA1_32": ("cm", 16, 14, 4, 10),
    "AES_192_CM_HMAC_SHA1_80": ("cm", 24, 14, 10, 10),
    "AES_256_CM_HMAC_SHA1_32": ("cm", 32, 14, 4, 10),
    "F8_128_HMAC_SHA1_80": ("f8", 16, 14, 10, 10),
    "F8_128_HMAC_SHA1_32": ("f8", 16, 14, 4, 10),
    "NULL_HMAC_SHA1_32": ("null", 16, 14, 4, 10),
    "AES_CM_128_NULL_AUTH": ("cm", 16, 14, 0, 10),
    "AEAD_AES_128_GCM": ("gcm", 16, 12, 16, 16),
    "AEAD_AES_256_GCM": ("gcm", 32, 12, 16, 16),
    "AEAD_AES_128_GCM_12": ("gcm", 16, 12, 12, 12),
    "AEAD_AES_256_GCM_8": ("gcm", 32, 12, 8, 8),
}


def aes_block(key, block):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def counter_keystream(key, iv, length):
    """4.1.1: E(k, IV) || E(k, IV + 1) || ..."""
    iv = int.from_bytes(iv, "big")
    blocks = (length + 15) // 16
    return b"".join(aes_block(key, ((iv + j) % 2**128).to_bytes(16, "big")) for j in range(blocks))[:length]


def f8_keystream(key, salt, iv, length):
    """4.1.2.1"""
    m = salt + b"\x55" * (len(key) - len(salt))
    iv_prime = aes_block(xor(key, m), iv)
    stream, s = b"", bytes(16)
    for j in range((length + 15) // 16):
        s = aes_block(key, xor(xor(iv_prime, j.to_bytes(16, "big")), s))
        stream += s
    return stream[:length]


def derive(master_key, master_salt, label, index, kdr, length):
    """4.3.1 and 4.3.3; the salt completed to 112 bits as RFC 7714 section 11 has it."""
    r = index // kdr if kdr else 0
    key_id = (label << 48) | r
    x = int.from_bytes(master_salt.ljust(14, b"\0"), "big") ^ key_id
    return counter_keystream(master_key, (x << 16).to_bytes(16, "big"), length)


class Sender:
    def __init__(self, suite, master_key, master_salt, kdr=0, mki=b"", aes_192_as_256=False):
        self.suite = suite
        self.cipher, key_len, salt_len, self.srtp_tag_len, self.srtcp_tag_len = SUITES[suite]
        assert (len(master_key), len(master_salt)) == (key_len, salt_len)
        self.master_key, self.master_salt, self.kdr, self.mki = master_key, master_salt, kdr, mki
        self.aes_192_as_256 = aes_192_as_256

    def session_key(self, label, index, length):
        key, salt = self.master_key, self.master_salt
        if self.aes_192_as_256:  # libsrtp 2.5: key and salt read from one zero-filled buffer as if for AES-256
            joined = (key + salt).ljust(46, b"\0")
            key, salt = joined[:32], joined[32:]
        return derive(key, salt, label, index, self.kdr, length)

    def keystream(self, labels, index, ssrc, f8_iv, length):
        key = self.session_key(labels[0], index, len(self.master_key))
        salt = self.session_key(labels[1], index, 14)
        if self.cipher == "null":
            return bytes(length)
        if self.cipher == "f8":
            return f8_keystream(key, salt, f8_iv, length)
        if self.cipher == "gcm":  # header extensions only
            salt = salt[:12] + b"\0\0"
        iv = (int.from_bytes(salt, "big") << 16) ^ (ssrc << 64) ^ (index << 16)
        return counter_keystream(key, iv.to_bytes(16, "big"), length)

    def seal(self, labels, index, iv, aad, plain, tag_len):
        key = self.session_key(labels[0], index, len(self.master_key))
        salt = self.session_key(labels[1], index, 12)
        gcm = Cipher(algorithms.AES(key), modes.GCM(xor(salt, iv))).encryptor()
        gcm.authenticate_additional_data(aad)
        sealed = gcm.update(plain) + gcm.finalize()
        return sealed, gcm.tag[:tag_len]

    def rtp(self, packet, header_len, roc, clear=False, extension_mask=None, unauthenticated=False):
        """extension_mask: octets to encrypt, as long as the extension's body (RFC 6904 section 3.1)"""
        header, payload = packet[:header_len], packet[header_len:]
        ssrc = int.from_bytes(packet[8:12], "big")
        index = roc << 16 | int.from_bytes(packet[2:4], "big")
        f8_iv = b"\0" + packet[1:12] + roc.to_bytes(4, "big")
        if extension_mask:
            stream = self.keystream((6, 7), index, ssrc, f8_iv, len(extension_mask))
            masked = bytes(a & b for a, b in zip(stream, extension_mask))
            header = header[: -len(masked)] + xor(header[-len(masked) :], masked)
        if self.cipher == "gcm":
            iv = b"\0\0" + packet[8:12] + index.to_bytes(6, "big")
            aad, plain = (header + payload, b"") if clear else (header, payload)
            sealed, tag = self.seal((0, 2), index, iv, aad, plain, self.srtp_tag_len)
            return aad + sealed + tag + self.mki
        if not clear:
            payload = xor(payload, self.keystream((0, 2), index, ssrc, f8_iv, len(payload)))
        portion = header + payload
        k_a = self.session_key(1, index, 20)
        tag = hmac.new(k_a, portion + roc.to_bytes(4, "big"), hashlib.sha1).digest()[: self.srtp_tag_len]
        return portion + self.mki + (b"" if unauthenticated else tag)

    def rtcp(self, packet, index, encrypt=True):
        header, payload = packet[:8], packet[8:]
        word = (encrypt << 31 | index).to_bytes(4, "big")
        if self.cipher == "gcm":
            iv = b"\0\0" + packet[4:8] + b"\0\0" + index.to_bytes(4, "big")
            clear, plain = (header, payload) if encrypt else (packet, b"")
            sealed, tag = self.seal((3, 5), index, iv, clear + word, plain, self.srtcp_tag_len)
            return clear + sealed + tag + word + self.mki
        if encrypt:
            f8_iv = bytes(4) + word + packet[:8]
            ssrc = int.from_bytes(packet[4:8], "big")
            payload = xor(payload, self.keystream((3, 5), index, ssrc, f8_iv, len(payload)))
        portion = header + payload + word
        tag = hmac.new(self.session_key(4, index, 20), portion, hashlib.sha1).digest()[: self.srtcp_tag_len]
        return portion + self.mki + tag

    def describe(self, name, kind, plain, protected, **more):
        return {
            "name": f"{self.suite} {name}",
            "suite": self.suite,
            "master_key": self.master_key.hex(),
            "master_salt": self.master_salt.hex(),
            "kdr": self.kdr,
            "kdf": "aes-192-as-256" if self.aes_192_as_256 else "rfc",
            "mki": self.mki.hex(),
            "kind": kind,
            **more,
            "plain": plain.hex(),
            "protected": protected.hex(),
        }


def octets(label, length):
    """The same keys and payloads at every run."""
    stream = b""
    while len(stream) < length:
        stream += hashlib.sha256(f"{label} {len(stream)}".encode()).digest()
    return stream[:length]


def sender(suite, **more):
    _, key_len, salt_len, _, _ = SUITES[suite]
    return Sender(suite, octets(f"{suite} key", key_len), octets(f"{suite} salt", salt_len), **more)


def rtp_packet(seq, payload, ssrc=0xCAFEBABE, csrcs=0, extension=b"", profile=0xBEDE):
    first = 0x80 | (0x10 if extension else 0) | csrcs
    header = bytes([first, 0x8F]) + seq.to_bytes(2, "big") + (0xDECAFBAD + seq & 0xFFFFFFFF).to_bytes(4, "big")
    header += ssrc.to_bytes(4, "big") + octets("csrc", 4 * csrcs)
    if extension:
        header += profile.to_bytes(2, "big") + (len(extension) // 4).to_bytes(2, "big") + extension
    return header + payload, len(header)


def rtcp_packet(payload, ssrc=0xCAFEBABE):
    return bytes([0x81, 0xC8]) + (len(payload) // 4 + 1).to_bytes(2, "big") + ssrc.to_bytes(4, "big") + payload


def write(path, source, vectors):
    with open(path, "w") as out:
        json.dump({"source": source, "vectors": vectors}, out, indent=1)
        out.write("\n")

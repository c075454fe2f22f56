"""The model before it judges anything: against published vectors, against captures of real agents, against libsrtp2."""

import base64
import ctypes
import ctypes.util
import json
import random
from pathlib import Path

import pytest

from model import real_captures
from model.srtp_model import (DECRYPTABLE, KDF_192_AS_256, KDF_RFC, SUITES, MasterKey, NotAuthentic, aes_cm_iv, aes_ctr,
                              aes_f8, derive, make_key)
from model.scenario import clear_report

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


def vectors(name):
    return json.loads((VECTORS / name).read_text())["vectors"]


def octets(text):
    return bytes.fromhex(text)


# --- published vectors -----------------------------------------------------------------------------------

RFC3711 = vectors("rfc3711_rfc6188.json")


@pytest.mark.parametrize("vector", [v for v in RFC3711 if "blocks" in v], ids=lambda v: v["rfc"])
def test_aes_cm_key_stream(vector):
    iv = aes_cm_iv(octets(vector["salt"]), vector["ssrc"], vector["index"])
    stream = aes_ctr(octets(vector["key"]), iv, bytes(0xFF02 * 16))
    for number, block in vector["blocks"].items():
        at = int(number, 16) * 16
        assert stream[at : at + 16] == octets(block)


@pytest.mark.parametrize("vector", [v for v in RFC3711 if "master_key" in v], ids=lambda v: v["rfc"])
def test_key_derivation(vector):
    def session(label, expected):
        expected = octets(expected)
        found = derive(octets(vector["master_key"]), octets(vector["master_salt"]), label, 0, len(expected))
        assert found == expected

    session(0, vector["cipher_key"])
    session(2, vector["cipher_salt"])
    session(1, vector.get("auth_key") or vector["auth_key_94_octets"])


def test_aes_f8():
    """RFC 3711 B.1."""
    cipher = aes_f8(octets("234829008467be186c3de14aae72d62c"), octets("32f2870d"),
                    octets("006e5cba50681de55c621599d462564a"),
                    b"pseudorandomness is the next best thing")
    assert cipher.hex() == ("019ce7a26e7854014a6366aa95d4eefd1ad4172a14f9faf455b7f1d4b62bd08f562c0eef7c4802")


class SessionKeys(MasterKey):
    """RFC 7714 gives session keys, not master keys."""

    def _session(self, label, index, length):
        return self.key if label in (0, 3) else self.salt


@pytest.mark.parametrize("vector", [v for v in vectors("rfc7714.json") if "srtp" in v or "srtcp" in v],
                         ids=lambda v: v["rfc"])
def test_aead(vector):
    suite = SUITES["AEAD_AES_%d_GCM" % (len(vector["session_key"]) * 4)]
    key = SessionKeys(suite, octets(vector["session_key"]), octets(vector["session_salt"]))
    plain = octets(vector["plain"])
    if "srtp" in vector:
        plain = octets(vector["aad"]) + plain
        assert key.protect_rtp(plain, vector["roc"]).hex() == vector["srtp"]
        assert key.open_rtp(octets(vector["srtp"]), vector["roc"]) == plain
    else:
        plain = octets(vector["aad"])[:8] + plain
        # the RFC prints the index with the E bit set in its packets and without it in its AAD
        if vector["srtcp"].endswith("800005d4"):
            assert key.open_rtcp(key.protect_rtcp(plain, 1492))[0] == plain
            assert key.protect_rtcp(plain, 1492)[: len(plain)].hex() == vector["srtcp"][: 2 * len(plain)]


@pytest.mark.parametrize("vector", [v for v in vectors("rfc7714.json") if v["rfc"].endswith("auth-only")],
                         ids=lambda v: v["rfc"])
def test_aead_without_encryption(vector):
    suite = SUITES["AEAD_AES_%d_GCM" % (128 if "16.1" in vector["rfc"] else 256)]
    key = SessionKeys(suite, bytes(range(suite.key_len)), octets("517569642070726f2071756f"), unencrypted_srtp=True)
    packet = octets(vector["aad"])
    assert key.protect_rtp(packet, 0) == packet + octets(vector["tag"])


LIBSRTP = vectors("libsrtp_srtp_driver.json")
LIBSRTP_CASES = [
    # test function of the driver, suite, key, further options
    ("srtp_validate", "AES_CM_128_HMAC_SHA1_80", "test_key", {}),
    ("srtp_validate_mki", "AES_CM_128_HMAC_SHA1_80", "test_key", {"mki": octets("e1f97a0d")}),
    ("srtp_validate_null_sha1_80", "NULL_HMAC_SHA1_80", "test_key", {}),
    ("srtp_validate_gcm", "AEAD_AES_128_GCM", "test_key_gcm", {}),
    # a libsrtp later than 2.5 derives as RFC 6188 does; 2.5 itself is asked below
    ("srtp_validate_aes_192", "AES_192_CM_HMAC_SHA1_80", "aes_192_test_key", {}),
    ("srtp_validate_aes_256", "AES_256_CM_HMAC_SHA1_80", "test_256_key", {}),
    ("srtp_validate_encrypted_extensions_headers", "AES_CM_128_HMAC_SHA1_80", "test_key",
     {"encrypted_ids": frozenset({1, 3, 4})}),
    ("srtp_validate_encrypted_extensions_headers_gcm", "AEAD_AES_128_GCM", "test_key",
     {"encrypted_ids": frozenset({1, 3, 4})}),
]


@pytest.mark.parametrize("case", LIBSRTP_CASES, ids=lambda case: case[0])
def test_packets_of_libsrtp(case):
    name, suite_name, key_name, options = case
    suite, vector = SUITES[suite_name], LIBSRTP[name]
    secret = octets(vector.get(key_name) or LIBSRTP["srtp_test_roc_mismatch"][key_name])
    key = MasterKey(suite, secret[: suite.key_len], secret[suite.key_len : suite.key_len + suite.salt_len], **options)
    plain = octets(vector.get("srtp_plaintext_ref") or vector["rtp_plaintext_ref"])
    assert key.protect_rtp(plain, 0).hex() == vector["srtp_ciphertext"]
    assert key.open_rtp(octets(vector["srtp_ciphertext"]), 0) == plain
    if "rtcp_plaintext_ref" in vector:
        plain = octets(vector["rtcp_plaintext_ref"])
        assert key.protect_rtcp(plain, 1, suite.cipher != "null").hex() == vector["srtcp_ciphertext"]
        assert key.open_rtcp(octets(vector["srtcp_ciphertext"]))[:2] == (plain, 1)


def test_sdes_example_of_rfc_4568():
    """The keys of RFC 4568 section 7.1.5, with MKI 1 of 4 octets (computed beforehand by other code)."""
    secret = base64.b64decode("WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz")
    key = MasterKey(SUITES["AES_CM_128_HMAC_SHA1_80"], secret[:16], secret[16:], mki=bytes([0, 0, 0, 1]))
    plain = octets("8000000100000010cafebabe") + b"Gallia est omnis divisa in partes tres"
    assert key.protect_rtp(plain, 0).hex() == (
        "8000000100000010cafebabe2799cccb95e5d61668fabd351c1471775d5762ae3d34b70f67ddbc09a96a956e0884583c4462"
        "000000012f77816a0f4ad1fb62d2")


def test_encrypted_extensions():
    """RFC 6904 appendix A."""
    secret = octets("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6")
    key = MasterKey(SUITES["AES_CM_128_HMAC_SHA1_80"], secret[:16], secret[16:], encrypted_ids=frozenset({1, 3, 4}))
    plain = octets("900f1234decafbadcafebabebede0006" "17414273a475262748220000c8308e4655996386b395fb00")
    assert key.protect_rtp(plain, 0)[16:40].hex() == "17588a9270f4e15e1c220000c8309546a994f0bc54789700"


# --- there and back --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", DECRYPTABLE)
def test_there_and_back(suite):
    dice = random.Random(suite)
    for kdr in (0, 2):
        key = make_key(dice, suite, kdr=kdr, mki=b"\7")
        plain = octets("800012340000000011223344") + dice.randbytes(50)
        for roc in (0, 5):
            wire = key.protect_rtp(plain, roc)
            assert key.open_rtp(wire, roc) == plain
            with pytest.raises(NotAuthentic):
                key.open_rtp(wire, roc + 1)
        report = clear_report(dice, 0x11223344)
        for encrypted in (True, False):
            wire = key.protect_rtcp(report, 77, encrypted)
            assert key.open_rtcp(wire) == (report, 77, encrypted)


# --- captures of real agents -----------------------------------------------------------------------------


@pytest.mark.parametrize("capture", real_captures.ALL, ids=lambda path: path.stem)
def test_model_opens_real_captures(capture):
    """Each packet that the list beside the capture calls decrypted opens under a key of the capture's own SDP."""
    keys, wires = real_captures.keys_of(capture), real_captures.payloads(capture)
    unopened = [row for row in real_captures.expected_rows(capture)
                if row.decrypts and not real_captures.opening_key(keys, row, wires[row.frame])]
    assert not unopened


# --- libsrtp2 as second opinion --------------------------------------------------------------------------


class CryptoPolicy(ctypes.Structure):
    _fields_ = [("cipher_type", ctypes.c_uint32), ("cipher_key_len", ctypes.c_int), ("auth_type", ctypes.c_uint32),
                ("auth_key_len", ctypes.c_int), ("auth_tag_len", ctypes.c_int), ("sec_serv", ctypes.c_int)]


class Ssrc(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("value", ctypes.c_uint)]


class Policy(ctypes.Structure):
    pass


Policy._fields_ = [("ssrc", Ssrc), ("rtp", CryptoPolicy), ("rtcp", CryptoPolicy), ("key", ctypes.c_char_p),
                   ("keys", ctypes.c_void_p), ("num_master_keys", ctypes.c_ulong), ("deprecated_ekt", ctypes.c_void_p),
                   ("window_size", ctypes.c_ulong), ("allow_repeat_tx", ctypes.c_int),
                   ("enc_xtn_hdr", ctypes.POINTER(ctypes.c_int)), ("enc_xtn_hdr_count", ctypes.c_int),
                   ("next", ctypes.c_void_p)]

ANY_INBOUND = 2
CIPHERS = {("cm", 16): 1, ("cm", 24): 4, ("cm", 32): 5, ("gcm", 16): 6, ("gcm", 32): 7, ("null", 16): 0}
NULL_AUTH, HMAC_SHA1 = 0, 3


@pytest.fixture(scope="session")
def libsrtp():
    name = ctypes.util.find_library("srtp2")
    if not name:
        pytest.skip("libsrtp2 is not installed")
    library = ctypes.CDLL(name)
    assert library.srtp_init() == 0
    return library


def libsrtp_version(library):
    """(2, 5) of 2.5.0: one octet each for major and minor, two for the rest."""
    library.srtp_get_version.restype = ctypes.c_uint
    number = library.srtp_get_version()
    return number >> 24, number >> 16 & 255


def libsrtp_session(library, key):
    cipher = CIPHERS[key.suite.cipher, key.suite.key_len]

    def half(tag, encrypt):
        if key.suite.is_aead:
            return CryptoPolicy(cipher, key.suite.key_len + 12, NULL_AUTH, 0, tag, 3 if encrypt else 2)
        return CryptoPolicy(cipher, key.suite.key_len + 14, HMAC_SHA1, 20, tag,
                            2 if key.suite.cipher == "null" or not encrypt else 3)

    secret = ctypes.create_string_buffer(key.key + key.salt + bytes(16))
    policy = Policy(ssrc=Ssrc(ANY_INBOUND, 0), rtp=half(key.suite.rtp_tag, not key.unencrypted_srtp),
                    rtcp=half(key.rtcp_tag, not key.unencrypted_srtcp), key=ctypes.cast(secret, ctypes.c_char_p),
                    window_size=1024)
    if key.encrypted_ids:
        ids = sorted(key.encrypted_ids)
        policy.enc_xtn_hdr, policy.enc_xtn_hdr_count = (ctypes.c_int * len(ids))(*ids), len(ids)
    session = ctypes.c_void_p()
    status = library.srtp_create(ctypes.byref(session), ctypes.byref(policy))
    assert status == 0, "srtp_create: %d" % status
    return session


def libsrtp_opens(call, session, wire):
    buffer = ctypes.create_string_buffer(wire, len(wire) + 64)
    length = ctypes.c_int(len(wire))
    status = call(session, buffer, ctypes.byref(length))
    return buffer.raw[: length.value] if status == 0 else "error %d" % status


@pytest.mark.parametrize("options", [
    {}, {"unencrypted_srtcp": True}, {"encrypted_ids": frozenset({1, 3})}], ids=["plain", "E=0", "RFC 6904"])
@pytest.mark.parametrize("suite", [name for name in DECRYPTABLE if not name.startswith("F8") and name != "NULL_HMAC_SHA1_32"])
def test_libsrtp_opens_what_the_model_protects(libsrtp, suite, options):
    """Over a rollover, with reordering. Up to 2.7 libsrtp has a derivation of its own for AES-192, and no other."""
    dice = random.Random("libsrtp " + suite)
    own_derivation = SUITES[suite].key_len == 24 and libsrtp_version(libsrtp) < (2, 8)
    key = make_key(dice, suite, **options, kdf=KDF_192_AS_256 if own_derivation else KDF_RFC)
    session = libsrtp_session(libsrtp, key)
    indices = list(range(65500, 65580))
    for at in range(10, 70, 6):
        indices[at], indices[at + 3] = indices[at + 3], indices[at]
    # the padding stands between elements as well, where libsrtp goes its own way
    key.extensions_as_libsrtp = True
    extension = octets("bede0003" "12aabbcc" "00002011" "31ddee00")
    for index in indices:
        header = bytes([0x90 if options.get("encrypted_ids") else 0x80, 0]) + (index & 0xFFFF).to_bytes(2, "big")
        plain = header + bytes(4) + octets("11223344")
        if header[0] & 0x10:
            plain += extension
        plain += dice.randbytes(40)
        assert libsrtp_opens(libsrtp.srtp_unprotect, session, key.protect_rtp(plain, index >> 16)) == plain
    encrypted = key.suite.cipher != "null" and not key.unencrypted_srtcp
    for index in range(1, 10):
        plain = clear_report(dice, 0x11223344)
        assert libsrtp_opens(libsrtp.srtp_unprotect_rtcp, session, key.protect_rtcp(plain, index, encrypted)) == plain
    libsrtp.srtp_dealloc(session)

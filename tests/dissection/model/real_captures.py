"""Captures of real agents and the lists of what must come out of them (their columns: captures/README.md)."""

import base64
import functools
import gzip
import hashlib
import json
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from .srtp_model import KDF_192_AS_256, KDF_RFC, SUITES, MasterKey, NotAuthentic

FOLDER = Path(__file__).resolve().parents[3] / "captures"
COLUMNS = ["frame", "kind", "src", "sport", "dst", "dport", "ssrc", "seq_or_srtcp_index", "roc_or_E", "pt", "payload_len",
           "pad_len", "payload_sha256", "plain_packet_sha256", "suite"]

# Kinds that stand for packets which must decrypt; every other kind must not be shown as decrypted.
DECRYPTED_KINDS = {"rtp", "rtcp", "rtcp-tag32", "rtcp-notag", "rtp-unauth", "rtp-kdf256", "rtcp-kdf256"}
DEPARTING_KINDS = {"rtcp-tag32", "rtcp-notag", "rtp-kdf256", "rtcp-kdf256"}


@dataclass(frozen=True)
class Row:
    frame: int
    kind: str
    src: str
    sport: str
    dst: str
    dport: str
    ssrc: int
    number: int  # RTP sequence number or SRTCP index
    roc_or_e: str
    plain_sha256: str
    suite: str

    @property
    def decrypts(self):
        return self.kind in DECRYPTED_KINDS

    @property
    def is_rtp(self):
        return self.kind.startswith("rtp")


def expected_path(capture):
    return capture.with_suffix(".expected.tsv.gz")


def sdus_path(capture):
    return capture.with_suffix(".sdus.tsv.gz")


def _number(cell, base):
    return None if cell in ("", "-") else int(cell, base)


@functools.lru_cache(maxsize=None)
def expected_rows(capture):
    with gzip.open(expected_path(capture), "rt") as lines:
        cells = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
    return [Row(int(c[0]), c[1], c[2], c[3], c[4], c[5], _number(c[6], 16), _number(c[7], 10), c[8], c[13], c[14])
            for c in cells]


def _with_list(folder):
    return [path for path in sorted(folder.glob("*.pcap")) if expected_path(path).exists()]


def _real(path):
    return path.name.startswith(("sdes_", "gen_", "ccrtp_", "rtpengine_", "sipp_"))


ALL = [path for path in _with_list(FOLDER) if _real(path)]
MIKEY = [path for path in _with_list(FOLDER) if path.name.startswith("mikey_")]


def more():
    """Captures of a folder that the environment names, beside the project's own."""
    folder = os.environ.get("D2DSEC_MORE_CAPTURES")
    if not folder:
        return []
    found = [path for path in sorted(Path(folder).rglob("*.pcap")) if expected_path(path).exists()]
    return [path for path in found if path.name not in {each.name for each in ALL} and keys_of(path)]


# --- a reader of the simple captures at hand ---------------------------------------------------------------


def frames_of(data):
    """The frames of a classic pcap file: (offset in the file, octets)."""
    at, order = 24, "<" if data[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    while at < len(data):
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        yield at + 16, data[at + 16 : at + 16 + length]
        at += 16 + length


@functools.lru_cache(maxsize=4)
def payloads(capture):
    """Frame number -> UDP payload, of Ethernet with IPv4 or IPv6; IPv4 fragments are joined in their last frame."""
    out, begun = {}, {}
    for number, (_, frame) in enumerate(frames_of(Path(capture).read_bytes()), 1):
        if frame[12:14] == b"\x08\x00" and frame[23] == 17:
            start, end = 14 + 4 * (frame[14] & 15), 14 + int.from_bytes(frame[16:18], "big")
            place = int.from_bytes(frame[20:22], "big")
            datagram = frame[start:end]
            if place & 0x3FFF:
                identity = frame[18:20] + frame[26:34]
                begun[identity] = datagram = begun.get(identity, b"") + datagram
                if place & 0x2000:
                    continue
        elif frame[12:14] == b"\x86\xdd" and frame[20] == 17:
            datagram = frame[54:]
        else:
            continue
        out[number] = datagram[8 : int.from_bytes(datagram[4:6], "big")]
    return out


@functools.lru_cache(maxsize=4)
def signalling(capture):
    """All UDP payloads, and the octets of each TCP direction joined."""
    flows = {}
    for _, frame in frames_of(Path(capture).read_bytes()):
        if frame[12:14] == b"\x08\x00" and frame[23] == 6:
            start = 14 + 4 * (frame[14] & 15)
            end = 14 + int.from_bytes(frame[16:18], "big")
            flow = frame[26:34] + frame[start : start + 4]
            flows[flow] = flows.get(flow, b"") + frame[start + 4 * (frame[start + 12] >> 4) : end]
    return b"\n".join([*payloads(capture).values(), *flows.values()])


CRYPTO = re.compile(rb"a=crypto:\d+ +([A-Za-z0-9_]+) +(inline:[^\r\n]*)")


@functools.lru_cache(maxsize=4)
def keys_of(capture):
    """Every master key in the capture's SDP, with its MKI and session parameters."""
    keys, text = [], signalling(capture)
    encrypted = frozenset(int(each) for each in re.findall(rb"a=extmap:(\d+)\S* urn:ietf:params:rtp-hdrext:encrypt", text))
    for suite_name, rest in set(CRYPTO.findall(text)):
        suite = SUITES.get(suite_name.decode().upper())
        if not suite:
            continue
        words = rest.decode().split()
        kdr = [int(word[4:]) for word in words if word.startswith("KDR=")]
        for part in words[0].split(";"):
            fields = part[len("inline:") :].split("|")
            secret = base64.b64decode(fields[0] + "=" * (-len(fields[0]) % 4))
            mki = [field.split(":") for field in fields[1:] if ":" in field]
            for kdf in (KDF_RFC, KDF_192_AS_256)[: 2 if suite.key_len == 24 else 1]:
                keys.append(MasterKey(
                    suite, secret[: suite.key_len], secret[suite.key_len :],
                    mki=int(mki[0][0]).to_bytes(int(mki[0][1]), "big") if mki else b"", kdr=2 ** kdr[0] if kdr else 0,
                    encrypted_ids=encrypted,
                    extensions_as_libsrtp=True, unauthenticated_srtp="UNAUTHENTICATED_SRTP" in words,
                    unencrypted_srtp="UNENCRYPTED_SRTP" in words, unencrypted_srtcp="UNENCRYPTED_SRTCP" in words, kdf=kdf))
    return keys


INLINE = re.compile(rb"inline:([A-Za-z0-9+/]{8,})")


def with_other_keys(capture):
    """(octets of the capture with one octet of every inline key changed, how many were). Lengths stay as they are;
    checksums don't matter. Where a key is cut by a fragment's end, its first part is what changes."""
    data, count = bytearray(Path(capture).read_bytes()), 0
    for match in INLINE.finditer(bytes(data)):
        at = match.start(1) + 4  # octets 3 to 5 of the key
        data[at] = ord("B" if data[at] == ord("A") else "A")
        count += 1
    return bytes(data), count


def opening_key(keys, row, wire):
    """The key under which the packet authenticates and gives the plaintext that the list tells, or None."""
    for key in keys:
        if key.suite.name != row.suite or (key.kdf == KDF_192_AS_256) != row.kind.endswith("kdf256"):
            continue
        try:
            if row.is_rtp:
                plain = key.open_rtp(wire, int(row.roc_or_e))
            else:
                key.rtcp_tag = 4 if row.kind == "rtcp-tag32" else key.suite.rtcp_tag
                plain = key.open_rtcp(wire)[0]
        except (NotAuthentic, IndexError):
            continue
        if hashlib.sha256(plain).hexdigest() == row.plain_sha256:
            return key
    return None


@functools.lru_cache(maxsize=None)
def frames_before_their_key(capture):
    """Packets that come before the SDP with the key they need: they take a second pass."""
    first_sight = {}
    for number, (_, frame) in enumerate(frames_of(Path(capture).read_bytes()), 1):
        for text in INLINE.findall(frame):
            first_sight.setdefault(text[:8], number)
    early = set()
    for row in expected_rows(capture):
        if row.decrypts and row.frame < max(first_sight.values()):
            key = opening_key(keys_of(capture), row, payloads(capture)[row.frame])
            if key and row.frame < first_sight[key.inline[:8].encode()]:
                early.add(row.frame)
    return early


# --- MIKEY -----------------------------------------------------------------------------------------------


def mikey_facts(capture):
    return json.loads(capture.with_suffix(".mikey.json").read_text())


def mikey_key_logs(capture):
    """{label: key log}, of which each by itself suffices; an empty one where the messages hold their keys in the clear."""
    told = mikey_facts(capture)
    if isinstance(told, list):
        return {"nothing": ""}
    return {"MIKEY_PSK": "MIKEY_PSK * %s\n" % told["psk_hex"],
            "MIKEY_TGK": "MIKEY_TGK %s %s\n" % (told["csb_id"], told["tgk"])}


def with_other_key(text):
    """A key log whose secrets end in another bit."""
    return "".join("%s%x\n" % (line[:-1], int(line[-1], 16) ^ 1) for line in text.splitlines())


def with_other_mikey_keys(capture):
    """(octets of the capture with the keys that messages hold in the clear changed, how many of them were)."""
    data, told, count = Path(capture).read_bytes(), mikey_facts(capture), 0
    for message in told if isinstance(told, list) else []:
        raw, key = message["raw"], message["payloads"][-1]["keys"][0]["key"]
        other = raw.replace(key, key[:20] + "%x" % (int(key[20], 16) ^ 1) + key[21:])
        before, after = (base64.b64encode(bytes.fromhex(each)) for each in (raw, other))
        count += data.count(before)
        data = data.replace(before, after)
    return data, count

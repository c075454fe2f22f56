#!/usr/bin/python3
"""Writes the seed corpora of the fuzz targets: make_corpus.py FOLDER makes FOLDER/TARGET/NAME.

They are cut out of the project's own sample captures, key logs and vectors; what the pieces of an input are is told at the top of each
target. The same files at every run.
"""
import base64
import json
import logging
import re
import struct
import sys
from pathlib import Path

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import IP, TCP, UDP  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.packet import Packet, Raw  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.utils import rdpcap  # noqa: E402  # pylint: disable=wrong-import-position

ROOT = Path(__file__).resolve().parents[2]
CAPTURES, KEYFILES, VECTORS = ROOT / "captures", ROOT / "keyfiles", ROOT / "tests" / "vectors"
SEPARATOR = b"=NEXT="
MAX_INPUT = 16384
MEDIA_OF_STREAM = 3

LENIENT, STRICT, SEARCHING = b"\x01", b"\x00", b"\x81"


def join(*pieces):
    """As many pieces as there is room for; the first is always there."""
    made = pieces[0]
    for piece in pieces[1:]:
        if len(made) + len(SEPARATOR) + len(piece) > MAX_INPUT:
            break
        made += SEPARATOR + piece
    return made


def keylog_of(name):
    path = KEYFILES / (name + ".keylog")
    return path.read_bytes() if path.exists() else b""


class Datagram:
    """What one packet of a capture carries over UDP, or one segment over TCP."""

    def __init__(self, packet: Packet, layer):
        self.payload = bytes(packet[layer].payload)
        self.over_tcp = layer is TCP
        self.addresses = b""
        self.ends = (packet[layer].sport, packet[layer].dport)
        if IP in packet:
            ip = packet[IP]
            self.addresses = b"".join(bytes(map(int, address.split("."))) + struct.pack(">H", port)
                                      for address, port in zip((ip.src, ip.dst), self.ends))

    @property
    def is_sip(self):
        return re.match(rb"(SIP/2\.0 |[A-Z]+ sips?:)", self.payload) is not None

    @property
    def sdp_at(self):
        """Where the body begins; None: there is no SDP."""
        at = self.payload.find(b"\r\n\r\nv=0")
        return None if at < 0 else at + 4

    @property
    def is_media(self):
        return not self.over_tcp and len(self.payload) >= 12 and self.payload[0] >> 6 == 2


def datagrams_of(name):
    made = []
    for packet in rdpcap(str(CAPTURES / (name + ".pcap"))):
        if IP in packet and (packet[IP].frag or packet[IP].flags.MF):
            continue
        for layer in (UDP, TCP):
            if layer in packet and Raw in packet:
                made.append(Datagram(packet, layer))
                break
    return made


def sip_of(datagrams):
    return [each for each in datagrams if each.is_sip and each.sdp_at is not None]


def direction(datagrams, each):
    """1 of what goes against the way of the first."""
    return bytes([int(each.addresses[:4] != datagrams[0].addresses[:4])])


def sdp_inputs(name, datagrams):
    messages = sip_of(datagrams)
    if messages:
        ways = [direction(messages, each) for each in messages]
        yield name, STRICT + join(keylog_of(name), *[way + each.payload for way, each in zip(ways, messages)])
        yield name + "-bodies", STRICT + join(b"", *[way + each.payload[each.sdp_at:] for way, each in zip(ways, messages)])


def sip_inputs(name, datagrams):
    for number, each in enumerate([each for each in datagrams if each.is_sip][:4]):
        body = each.sdp_at if each.sdp_at is not None else len(each.payload)
        yield f"{name}-{number}", struct.pack(">H", body) + each.payload
        if number == 1:
            yield f"{name}-behind", struct.pack(">H", body + 28) + bytes(28) + each.payload


def rtsp_inputs(name, datagrams):
    messages = [each for each in datagrams if each.over_tcp and b"RTSP/1.0" in each.payload]
    if messages:
        yield name, STRICT + join(b"", *[bytes([int(each.ends[1] != messages[0].ends[1]) | 2]) + each.payload for each in messages])


def mikey_inputs(name, datagrams):
    lines = [line for each in sip_of(datagrams) for line in re.findall(rb"a=key-mgmt: ?mikey (\S+)", each.payload)]
    messages = [base64.b64decode(line) for line in dict.fromkeys(lines)]
    if messages:
        yield name, b"\x02" + join(keylog_of(name), *[bytes([number and 2]) + each for number, each in enumerate(messages)])


def mikey_vectors():
    for vector in json.loads((VECTORS / "mikey_messages.json").read_text())["vectors"]:
        yield slug(vector["name"]), STRICT + join(b"", b"\x00" + bytes.fromhex(vector["hex"]))
    labels = {"psk": "MIKEY_PSK *", "tpk": "MIKEY_TPK *", "mpk": "MIKEY_MPK *", "tgk": "MIKEY_TGK *"}
    for vector in json.loads((VECTORS / "mikey_exchanges.json").read_text())["vectors"]:
        log = "".join(f"{labels[member]} {vector[member]}\n" for member in labels if vector.get(member)).encode()
        octets = [bytes.fromhex(vector[member]) for member in ("init", "resp") if vector.get(member)]
        messages = [bytes([number and 2]) + each for number, each in enumerate(octets)]
        for flags in (STRICT, LENIENT):
            yield f"{slug(vector['name'])}-{flags[0]}", flags + join(log, *messages)
        yield f"{slug(vector['name'])}-late", STRICT + join(b"", *messages, b"\x40" + log)


def keylog_inputs():
    for path in sorted(KEYFILES.glob("*.keylog")):
        text = path.read_bytes()
        yield path.stem, b"\x00" + text
        yield path.stem + "-growing", join(b"\x00" + text[:20], b"\x00" + text[20:50], b"\x00" + text[50:])
    documented = re.findall(r"^    ([A-Z][A-Z0-9_]+ .*\n)", (KEYFILES / "README.md").read_text(), re.MULTILINE)
    yield "documented", b"\x00" + "".join(documented).encode()
    yield "long_line", join(b"\x00# " + b"x" * 4000, b"\x00" + b"x" * 200, b"\x00" + documented[0].encode())
    every = b"".join(path.read_bytes() for path in sorted(KEYFILES.glob("*.keylog")))
    yield "replaced", join(b"\x02\xef\xbb\xbf# first\r\n" + every[:200], b"\x03" + every)


def pc5s_in_clear(datagrams):
    """SDUs of PC5 signalling without protection, where one datagram of MAC-LTE framing holds one PDU."""
    source_at, lcid_at, pdu_at, header_len = 18, 23, 25, 5
    for each in datagrams:
        data = each.payload
        if data.startswith(b"mac-lte") and len(data) > pdu_at + header_len and data[lcid_at] == 28:
            yield data[source_at:source_at + 3], data[pdu_at + header_len:]


def pc5s_inputs(name, datagrams):
    messages = list(pc5s_in_clear(datagrams))
    if messages:
        ways = [b"\x04" if source == messages[0][0] else b"\x01" for source, _ in messages]
        yield name, b"\x00\x00" + join(keylog_of(name), *[way + sdu for way, (_, sdu) in zip(ways, messages)])


def pc5s_vectors():
    for name in ("pc5s_ns3", "pc5s_nist_ns3"):
        vectors = json.loads((VECTORS / (name + ".json")).read_text())["vectors"]
        messages = [bytes.fromhex(vector["hex"]) for vector in vectors if "hex" in vector]
        for number, each in enumerate(messages):
            yield f"{name}-{number}", b"\x00\x00" + join(b"", b"\x04" + each)
        yield name, b"\x00\x00" + join(b"", *[b"\x04" + each for each in messages])


def sidelink_inputs(name, datagrams):
    if not (name.startswith("made_d2d") or name == "d2d-sample"):
        return
    carried = [each.payload for each in datagrams
               if each.payload.startswith((b"mac-lte", b"sl-pdcp")) or (each.is_sip and each.sdp_at is not None)]
    if carried:
        for flags in (STRICT, LENIENT, SEARCHING):
            yield f"{name}-{flags[0]}", flags + b"\x15" + join(keylog_of(name), *[b"\x00" + each for each in carried])


def sidelink_raw():
    packets = rdpcap(str(CAPTURES / "made_d2d_in_dlt_user.pcap"))
    yield "raw", STRICT + b"\x14" + join(b"", *[b"\x00" + bytes(packet) for packet in packets])


def srtp_inputs(name, datagrams):
    seen, frames = {}, []
    for each in datagrams:
        if not each.addresses:
            continue
        if each.is_sip and each.sdp_at is not None:
            frames.append(b"\x01" + each.addresses + each.payload)
        elif each.is_media and seen.setdefault((each.addresses, each.payload[1] & 0x40), 0) < MEDIA_OF_STREAM:
            seen[each.addresses, each.payload[1] & 0x40] += 1
            frames.append(b"\x00" + each.addresses + each.payload)
    if seen:
        for flags in (STRICT, LENIENT):
            yield f"{name}-{flags[0]}", flags + join(keylog_of(name), *frames)


def slug(text):
    return re.sub(r"[^A-Za-z0-9]+", "_", text)


OF_CAPTURES = {"sdp": sdp_inputs, "sip": sip_inputs, "rtsp": rtsp_inputs, "mikey": mikey_inputs, "pc5s": pc5s_inputs,
               "sidelink": sidelink_inputs, "srtp": srtp_inputs}
OF_OTHERS = {"mikey": mikey_vectors, "keylog": keylog_inputs, "pc5s": pc5s_vectors, "sidelink": sidelink_raw}


def inputs():
    for path in sorted(CAPTURES.glob("*.pcap")):
        datagrams = datagrams_of(path.stem)
        for target, make in OF_CAPTURES.items():
            for name, data in make(path.stem, datagrams):
                yield target, name, data
    for target, make in OF_OTHERS.items():
        for name, data in make():
            yield target, name, data


def main():
    folder = Path(sys.argv[1])
    for target, name, data in inputs():
        place = folder / target
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)


if __name__ == "__main__":
    main()

"""The export PDU tap "D2D decrypted": what it writes, as stock tshark reads it, is what the lists of the samples say, no more."""

import gzip
from dataclasses import dataclass

import pytest

import d2d_scenarios
import rtsp_scenarios
from d2d_parties import ALICE, BOB, datagram, one_link
from judge import sha256
from model import real_captures
from model.d2d_link import D2dScenario
from test_samples import preferences_of, script, secret_of  # script: a fixture

CAPTURES = sorted(real_captures.FOLDER.glob("*.pcap"))
MEDIA = [path for path in CAPTURES if real_captures.expected_path(path).exists()]
LISTED = [path for path in CAPTURES if path in MEDIA or real_captures.sdus_path(path).exists()]
OPEN = {"decrypted", "authenticated only", "not authenticated", "replayed"}
FIELDS = ["exported_pdu.orig_fno", "exported_pdu.prot_name", "exported_pdu.exported_pdu", "frame.time_epoch", "frame.protocols",
          "exported_pdu.ipv4_src", "exported_pdu.ipv6_src", "exported_pdu.src_port",
          "exported_pdu.ipv4_dst", "exported_pdu.ipv6_dst", "exported_pdu.dst_port"]


@dataclass(frozen=True)
class Record:
    frame: int
    dissector: str
    digest: str
    time: str
    protocols: list
    source: tuple
    destination: tuple

    @property
    def is_media(self):
        return self.dissector in ("rtp", "rtcp")


@pytest.fixture(scope="module")
def export(tshark, script):
    """(capture, passes) -> the capture that the tap writes of a sample; each is made once."""
    folder = tshark.folder / "exported"
    folder.mkdir()
    folder.chmod(0o777)

    def run(capture, passes, options=None):
        out = folder / ("%s-%d%s.pcapng" % (capture.stem, passes, "" if options is None else "-otherwise"))
        if not out.exists():
            options = secrets_for(tshark, script, capture) if options is None else options
            tshark.run("-r", tshark.readable(capture), "-n", *["-2"] * (passes - 1), "-U", "D2D decrypted", "-w", out, *options)
        return out

    return run


def secrets_for(tshark, script, capture):
    if capture in real_captures.MIKEY:
        log = next(iter(real_captures.mikey_key_logs(capture).values()))
        return ["-o", "d2dsec.keylog_file:%s" % tshark.file(capture.stem + ".keylog", log)]
    return secret_of(tshark, capture) + preferences_of(script, capture)


def records(tshark, exported):
    """As stock reads them, in their order."""
    read = []
    for cells in tshark_rows(tshark, exported, FIELDS):
        frame, dissector, octets, time, protocols, ipv4, ipv6, port, to_ipv4, to_ipv6, to_port = cells
        read.append(Record(int(frame), dissector, sha256(bytes.fromhex(octets.replace(":", ""))), time, protocols.split(":"),
                           (ipv4 or ipv6, port), (to_ipv4 or to_ipv6, to_port)))
    return read


def tshark_rows(tshark, capture, names, *options):
    selected = [word for name in names for word in ("-e", name)]
    text = tshark.text(capture, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f", *selected, *options, plugin=False)
    return [line.split("\t") for line in text.splitlines()]


def listed_media(capture):
    rows = real_captures.expected_rows(capture) if capture in MEDIA else []
    return [row for row in rows if row.decrypts]


def listed_sdus(capture):
    path = real_captures.sdus_path(capture)
    if not path.exists():
        return []
    with gzip.open(path, "rt") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line[0] != "#"]
    return [(int(frame), digest) for frame, verdict, _, digest, _ in rows if verdict in OPEN]


@pytest.mark.parametrize("capture", LISTED, ids=lambda path: path.stem)
@pytest.mark.parametrize("passes", [1, 2], ids=["1 pass", "2 passes"])
def test_what_is_exported_is_what_is_listed(tshark, export, capture, passes):
    """Each packet with its original frame number, and none that is damaged, in the clear or without a key. Media whose key comes
    later needs the second pass."""
    early = real_captures.frames_before_their_key(capture) if passes == 1 and capture in real_captures.ALL else set()
    found = records(tshark, export(capture, passes))
    media = {(row.frame, "rtp" if row.is_rtp else "rtcp", row.plain_sha256) for row in listed_media(capture)}
    exported = [(each.frame, each.dissector, each.digest) for each in found if each.is_media]
    assert len(set(exported)) == len(exported)
    assert set(exported) - media == set()
    assert {each for each in media - set(exported) if each[0] not in early} == set()
    assert [(each.frame, each.digest) for each in found if not each.is_media] == listed_sdus(capture)


@pytest.mark.parametrize("capture", MEDIA, ids=lambda path: path.stem)
def test_media_keep_time_and_addresses_and_stock_dissects_them(tshark, export, capture):
    rows = {row.frame: row for row in listed_media(capture)}
    times = dict(tshark_rows(tshark, capture, ["frame.number", "frame.time_epoch"]))
    for each in records(tshark, export(capture, 2)):
        assert each.time == times[str(each.frame)]
        if not each.is_media:
            continue
        row = rows[each.frame]
        assert (each.source, each.destination) == ((row.src, row.sport), (row.dst, row.dport))
        assert each.protocols[1] == each.dissector


def test_stock_dissects_sdus_by_their_type(tshark, export):
    capture = real_captures.FOLDER / "made_d2d_sdes_in_pc5.pcap"
    found = records(tshark, export(capture, 1))
    assert {each.dissector for each in found} == {"pc5s", "arp", "ip", "ipv6"}
    for each in found:
        assert each.source == ("", "")
        if each.dissector != "pc5s":  # of which stock knows nothing
            assert each.protocols[1] == each.dissector


def test_sdus_of_a_link_with_null_algorithms_are_exported(tshark, export):
    """But not those before, which no context has to do with."""
    scenario = d2d_scenarios.build("algorithms[eea0_eia0]")
    capture = tshark.file("null_algorithms.pcap", b"")
    scenario.capture.write(capture)
    found = [(each.frame, each.digest) for each in records(tshark, export(capture, 1, options=[]))]
    assert found == [(frame, sha256(pdu.plain)) for frame, pdus in sorted(scenario.protected.items()) for pdu in pdus]


def test_octets_behind_a_packet_are_exported_with_it(tshark, export):
    """Dissectors of IP cut what they are given to the length that they read in it, and the tap comes after them."""
    scenario = D2dScenario("octets behind packets")
    link = one_link(scenario)
    for version in (4, 6):
        link.air.send(link.data(ALICE, datagram(scenario, ALICE, BOB, version=version) + b"behind it"))
    capture = tshark.file("octets_behind_packets.pcap", b"")
    scenario.capture.write(capture)
    found = [(each.frame, each.digest) for each in records(tshark, export(capture, 1, options=[]))]
    assert found == [(frame, sha256(pdu.plain)) for frame, pdus in sorted(scenario.protected.items()) for pdu in pdus]


@pytest.mark.parametrize("module, name, options", [
    (rtsp_scenarios, "interleaved[sdes]", []),
    (d2d_scenarios, "srtp_from_kd[sidelink_protected]", ["-o", "d2dsec.kd_to_srtp:TRUE"])], ids=["in RTSP", "in an SDU"])
def test_media_within_another_protocol_are_exported(tshark, export, module, name, options):
    """SRTP in a protected SDU is exported twice: as the SDU has it, and opened."""
    scenario = module.build(name)
    capture = tshark.file("media_within_%s.pcap" % module.__name__, b"")
    scenario.capture.write(capture)
    found = [(each.frame, each.digest) for each in records(tshark, export(capture, 2, options)) if each.is_media]
    assert found == sorted((frame, each.sha256) for frame, each in scenario.expected.items() if each.plain is not None)


def streams(text):
    """(source, port, destination, port, SSRC) -> packets, of `-z rtp,streams`."""
    rows = [line.split() for line in text.splitlines() if " 0x" in line]
    ssrcs = [next(at for at, cell in enumerate(row) if cell.startswith("0x")) for row in rows]
    return {tuple(row[at - 4 : at + 1]): int(row[at + 2]) for row, at in zip(rows, ssrcs)}


@pytest.mark.parametrize("name", ["sdes_pjsua_AES_CM_128_HMAC_SHA1_80", "sdes_pjsua_early_media_183",
                                  "sdes_baresip_ipv6_udp_audio_vp8_video", "gen_rollover_x3_AES_CM_128_HMAC_SHA1_80"])
def test_stock_finds_the_streams_of_the_original(tshark, export, name):
    capture = real_captures.FOLDER / (name + ".pcap")
    counts = {}
    for row in listed_media(capture):
        if row.is_rtp:
            stream = row.src, row.sport, row.dst, row.dport, "0x%08X" % row.ssrc
            counts[stream] = counts.get(stream, 0) + 1
    assert counts
    assert streams(tshark.text(export(capture, 2), "-q", "-z", "rtp,streams", plugin=False)) == counts


def test_dynamic_payload_types_take_an_option(tshark, export):
    """No tag of an exported PDU says what a dynamic payload type stands for."""
    exported = export(real_captures.FOLDER / "sdes_pjsua_rtcpmux_opus.pcap", 2)
    plain = tshark_rows(tshark, exported, ["frame.protocols"], "-Y", "rtp")
    named = tshark_rows(tshark, exported, ["frame.protocols"], "-Y", "rtp", "-d", "rtp.pt==96,opus")
    assert {row[0] for row in plain} == {"exported_pdu:rtp"}
    assert {row[0] for row in named} == {"exported_pdu:rtp:opus"}


def test_damaged_packets_are_not_exported(tshark, export):
    capture = real_captures.FOLDER / "gen_padding_csrc_ext_dup_corrupt_AES_CM_128_HMAC_SHA1_80.pcap"
    damaged = {row.frame for row in real_captures.expected_rows(capture) if row.kind == "rtp-corrupt"}
    assert damaged
    assert damaged & {each.frame for each in records(tshark, export(capture, 2))} == set()


def test_nothing_is_exported_without_keys(tshark, export):
    exported = export(real_captures.FOLDER / "made_key_log_by_call_id.pcap", 2, options=[])
    assert records(tshark, exported) == []

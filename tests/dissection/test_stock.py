"""What the plugin leaves as it was: tshark says the same with it and without it, but for what it is for.

Every comparison is of one file, so files may be made anew each time, of random octets as well.
"""

import json
import random
import re
import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import scenarios
import test_radio
import test_rtsp
from model import ordinary, real_captures
from model.capture import Capture
from model.scenario import Scenario
from model.sip_model import Media, sdp

OUTPUTS = {"summary": [], "details": ["-P", "-V"], "json": ["-T", "json"], "2 passes": ["-2", "-P", "-V"]}
RANDOM_FRAMES, RANDOM_OCTETS = 25, 400
SAMPLE_FRAMES = 20
DAMAGE = ["-E", "0.02", "--seed", "20260101"]

# Exported PDUs name a dissector of the plugin: of one that is switched off stock says something else than of one that is not there.
NAMES_OURS = "made_d2d_in_exported_pdus"


# --- captures ------------------------------------------------------------------------------------------------


def tool(name):
    path = shutil.which(name)
    assert path, "%s is not installed (Debian: wireshark-common)" % name
    return path


def run(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True, timeout=60)


def joined(tshark, name, parts):
    """One file of several, whatever their link types."""
    path = tshark.file(name + ".pcapng", b"")
    run(tool("mergecap"), "-a", "-F", "pcapng", "-w", path, *parts)
    return path


def random_frames(tshark):
    """Of every type that randpkt knows."""
    listing = subprocess.run([tool("randpkt"), "-h"], capture_output=True, text=True, timeout=60)
    kinds = re.findall(r"^\t(\S+)", listing.stdout + listing.stderr, re.MULTILINE)
    assert len(kinds) > 10
    parts = [tshark.file("random-%s.pcap" % kind, b"") for kind in kinds]
    for kind, path in zip(kinds, parts):
        run(tool("randpkt"), "-b", RANDOM_OCTETS, "-c", RANDOM_FRAMES, "-t", kind, path)
    return joined(tshark, "random", parts)


def ordinary_frames(tshark):
    path = tshark.file("ordinary.pcap", b"")
    ordinary.write(path, 600)
    return path


def handshake(kind, number, body):
    """A message of DTLS 1.2 in a record of its own."""
    length = len(body).to_bytes(3, "big")
    message = bytes([kind]) + length + struct.pack("!H", number) + bytes(3) + length + body
    return b"\x16\xfe\xfd" + struct.pack("!HHIH", 0, 0, number, len(message)) + message


def call_with_dtls_srtp():
    """Stock learns from the handshake that SRTP follows. Nobody has its keys."""
    made, dice = Scenario("dtls-srtp"), random.Random("dtls-srtp")
    attributes = ["fingerprint:sha-256 " + ":".join("%02X" % octet for octet in dice.randbytes(32)), "setup:actpass"]
    bodies = [sdp(party.address, [Media(end[1], profile="UDP/TLS/RTP/SAVPF", attributes=attributes)])
              for party, end in ((scenarios.ALICE, scenarios.A), (scenarios.BOB, scenarios.B))]
    scenarios.dialog(made).call(*bodies)
    use_srtp = bytes.fromhex("000e 0005 0002 0001 00".replace(" ", ""))
    extensions = struct.pack("!H", len(use_srtp)) + use_srtp
    hello = b"\xfe\xfd" + dice.randbytes(32) + b"\0"
    made.capture.udp(scenarios.A, scenarios.B, handshake(1, 0, hello + b"\0" + b"\0\2\xc0\x2b" + b"\1\0" + extensions))
    made.capture.udp(scenarios.B, scenarios.A, handshake(2, 0, hello + b"\xc0\x2b" + b"\0" + extensions))
    for number in range(6):
        ends = (scenarios.A, scenarios.B) if number % 2 else (scenarios.B, scenarios.A)
        header = struct.pack("!BBHII", 0x80, 0, number, 160 * number, 7 + number % 2)
        made.capture.udp(*ends, header + dice.randbytes(50))
        made.capture.udp(*ends, struct.pack("!BBHI", 0x80, 200, 6, 7 + number % 2) + dice.randbytes(34))
    return made


def frames_without_keys(tshark):
    """Calls, RTSP sessions, media and LTE frames that hold nothing for the plugin."""
    made = [scenarios.build("call_without_keys"), call_with_dtls_srtp()]
    made += [test_rtsp.plain_session("stock", "none", profile, over_tcp, protected=protected)
             for profile in ("RTP/AVP", "RTP/SAVP") for over_tcp in (False, True) for protected in (False, True)]
    radio = Capture()
    for each in test_radio.others():
        radio.udp(("10.0.0.1", 9000), ("10.0.0.2", 9001), b"mac-lte" + each)
        radio.udp(("10.0.0.1", 4729), ("10.0.0.2", 4729), test_radio.gsmtap(each, 0x0F))
    parts = []
    for number, capture in enumerate([*(each.capture for each in made), radio]):
        parts.append(tshark.file("without-keys-%d.pcap" % number, b""))
        capture.write(parts[-1])
    return joined(tshark, "without-keys", parts)


def beginning(sample, frames):
    """Of a pcap file, little-endian as all samples are."""
    octets, end = sample.read_bytes(), 24
    for _ in range(frames):
        if end < len(octets):
            end += 16 + struct.unpack_from("<I", octets, end + 8)[0]
    return octets[:end]


def sample_frames(tshark):
    """The beginnings of all sample captures."""
    samples = sorted(path for path in real_captures.FOLDER.glob("*.pcap") if path.stem != NAMES_OURS)
    parts = [tshark.file("sample-" + each.name, beginning(each, SAMPLE_FRAMES)) for each in samples]
    return joined(tshark, "samples", parts)


def damaged(tshark, capture):
    path = tshark.file(capture.stem + "-damaged.pcapng", b"")
    run(tool("editcap"), *DAMAGE, capture, path)
    return path


@pytest.fixture(scope="module")
def captures(tshark):
    made = {"ordinary": ordinary_frames(tshark), "random": random_frames(tshark), "without keys": frames_without_keys(tshark),
            "samples": sample_frames(tshark)}
    for name in ("ordinary", "without keys", "samples"):
        made[name + ", damaged"] = damaged(tshark, made[name])
    return made


# --- comparing -----------------------------------------------------------------------------------------------


def output(tshark, capture, *arguments, plugin=True):
    """(standard output, standard error) of one run; messages without process and time."""
    done = tshark.run("-r", capture, *arguments, plugin=plugin)
    errors = re.sub(r"\((\S+?):\d+\) [\d:.]+", r"(\1)", done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="replace"), errors


def assert_same(tshark, capture, arguments, *options):
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(output, tshark, capture, *arguments, *options), pool.submit(output, tshark, capture, *arguments, plugin=False)]
        with_plugin, stock = (each.result() for each in runs)
    assert stock[0]
    if with_plugin == stock:
        return
    for found, expected in zip(with_plugin, stock):
        ours, theirs = found.split("\n"), expected.split("\n")
        at = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
        if found != expected:
            pytest.fail("stock has\n  %s\nwhere the plugin has\n  %s" % ("\n  ".join(theirs[max(0, at - 15) : at + 5]),
                                                                        "\n  ".join(ours[max(0, at - 5) : at + 5])), pytrace=False)


@pytest.fixture(scope="module")
def switched_off(tshark):
    """Options that switch off all that the plugin registers; what is there in name only goes with what it belongs to."""
    names = [{line.split("\t")[2] for line in tshark.run("-G", "protocols", plugin=plugin).stdout.decode().splitlines()}
             for plugin in (True, False)]
    ours = sorted(name for name in names[0] - names[1] if "." not in name)
    assert names[1] < names[0] and ours
    return [word for name in ours for word in ("--disable-protocol", name)]


@pytest.mark.parametrize("arguments", OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("name", ["ordinary", "random", "without keys", "ordinary, damaged", "without keys, damaged"])
def test_what_is_not_the_plugins_is_as_in_stock(tshark, captures, name, arguments):
    assert_same(tshark, captures[name], arguments)


@pytest.mark.parametrize("arguments", OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("name", ["random", "without keys, damaged", "samples", "samples, damaged"])
def test_switched_off_it_is_not_there(tshark, captures, switched_off, name, arguments):
    assert_same(tshark, captures[name], arguments, *switched_off)


# --- what the plugin is for ----------------------------------------------------------------------------------
#
# Calls whose keys are in the capture differ, and in this alone:
#   - trees of the plugin's protocols are there, and their names in frame.protocols;
#   - a protected packet is shown as what was in it: above UDP, or the channel of RTSP, all may differ;
# A frame with nothing of the plugin's is as in stock. So are, in the others, all layers below.
#
# No such calls are here: those of the sidelink, in which IP packets come to light; of MIKEY-TICKET, at which stock fails; of RTSP under
# RTP/SAVP, for which stock makes no conversation. With them stock itself numbers the UDP streams of a capture in another way.

OURS = ("sdes", "mikey_ticket", "d2dsec", "d2dsrtp")
BELOW = ("eth", "vlan", "ip", "ipv6", "udp", "tcp", "tcp.segments", "sip", "rtsp")


def is_ours(key):
    return key.split(".")[0].removesuffix("_tree") in OURS


class Tree(list):
    """The members of a JSON object; tshark repeats names."""


def holds_ours(value):
    if isinstance(value, Tree):
        return any(is_ours(name) or holds_ours(member) for name, member in value)
    return isinstance(value, list) and any(map(holds_ours, value))


def without_ours(value):
    if isinstance(value, Tree):
        return Tree((name, without_ours(member)) for name, member in value if not is_ours(name))
    return [without_ours(each) for each in value] if isinstance(value, list) else value


def layers_of(tshark, capture, plugin):
    """The layers of each frame."""
    packets = json.loads(output(tshark, capture, "-T", "json", plugin=plugin)[0], object_pairs_hook=Tree)
    return [dict(dict(packet)["_source"])["layers"] for packet in packets]


def below(layers):
    return [(name, without_ours(layer)) for name, layer in layers if name in BELOW]


CALLS = ["sdes_pjsua_callee_rehold_bye", "sdes_baresip_ipv6_udp_audio_vp8_video", "sdes_pjsua_rtcpmux_opus",
         "mikey_minisip_psk16_tgk16_sip_session_level", "made_fork_with_media_of_both_branches"]


@pytest.mark.parametrize("name", CALLS)
def test_what_is_the_plugins_stands_beside_stock(tshark, name):
    capture = tshark.file("call-%s.pcap" % name, beginning(real_captures.FOLDER / (name + ".pcap"), 100))
    with_plugin, stock = (layers_of(tshark, capture, plugin) for plugin in (True, False))
    assert len(with_plugin) == len(stock)
    kinds = [holds_ours(layers) for layers in with_plugin]
    assert any(kinds) and not all(kinds) and not any(map(holds_ours, stock))
    for number, (found, expected, ours) in enumerate(zip(with_plugin, stock, kinds), 1):
        assert (below(found) if ours else found) == (below(expected) if ours else expected), "frame %d" % number


# Wireshark asks a heuristic without a protocol whatever the user has switched off.
@pytest.mark.parametrize("name, heuristic, shown", [("made_key_log_gcm_without_signalling", "d2dsrtp_udp", "d2dsrtp"),
                                                    ("made_d2d_kd", "slsch_udp", "slsch")])
def test_a_heuristic_can_be_switched_off(tshark, name, heuristic, shown):
    capture = real_captures.FOLDER / (name + ".pcap")
    options = ["-o", "d2dsec.keylog_file:%s" % tshark.readable(real_captures.FOLDER.parent / "keyfiles" / (name + ".keylog"))]
    on = tshark.text(capture, *options, "-Y", shown)
    off = tshark.text(capture, *options, "-Y", shown, "--disable-heuristic", heuristic)
    assert on and not off

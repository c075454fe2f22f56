"""Expert infos reach those who ask for them and for no tree, as `-z expert` does: the same as in the packet details, and as often."""

import base64
import re
from collections import Counter

import pytest

import scenarios
from model.real_captures import FOLDER
from model.scenario import Scenario
from test_mikey import ATTRIBUTES, MESSAGES, in_sdp, over_udp
from test_pc5s import CONTENTS, command, container, exported_capture, request
from test_radio import FAULTS, in_mac_lte
from test_rtsp import HEADERS, Section, connect, file_of

LINE = re.compile(r" +(\d+) +\S+ +\S.*?  (\S.*)")  # how often, group, protocol, text

OF_AN_ITEM = "Trailing stray characters"  # libwireshark's own, which it finds when it writes an item
WRONG_MAC = "The MAC is wrong: no known key fits"


def with_log(tshark, label, identifier="*", octets=16):
    """A key log whose key fits nothing."""
    line = "%s %s %s\n" % (label, identifier, bytes(octets).hex())
    return ["-o", "d2dsec.keylog_file:%s" % tshark.file("experts-%s.keylog" % label, line)]


def of_scenario(tshark, name):
    made = scenarios.build(name)
    path = tshark.file("experts-sdes.pcap", b"")
    made.capture.write(path)
    return path


def in_headers(tshark):
    """KeyMgmt headers of RTSP that depart from RFC 4567."""
    made = Scenario("headers")
    section, rtsp = Section(made, "header"), connect(made)
    text = base64.b64encode(section.message(1)).decode()
    for value, _, _ in HEADERS.values():
        rtsp.request("SETUP", headers=[("KeyMgmt", value.replace("%s", text))])
    return file_of(tshark, made, "experts")


# name: (capture, options), and how texts begin that must be there
CASES = {
    "MIKEY-TICKET in SDP": (
        lambda tshark: (FOLDER / "made_mikey_ticket_tpk.pcap", with_log(tshark, "MIKEY_TPK", "tpk-1")),
        [WRONG_MAC, "The MAC is wrong: it repeats the MAC", "Signalling announces protection"]),
    "MIKEY": (
        lambda tshark: (FOLDER / "made_mikey_psk.pcap", with_log(tshark, "MIKEY_PSK")),
        [WRONG_MAC]),
    "MIKEY over UDP": (
        lambda tshark: (over_udp(tshark, "experts", *MESSAGES.values()), with_log(tshark, "MIKEY_TPK")),
        [WRONG_MAC, "The timestamp is more than a day away"]),
    "key management attributes": (
        lambda tshark: (in_sdp(tshark, "experts", media=[line for line, _ in ATTRIBUTES.values()]), []),
        ["The same key management protocol stands twice"]),
    "KeyMgmt headers": (lambda tshark: (in_headers(tshark), []), [""]),
    "SDES": (
        lambda tshark: (of_scenario(tshark, "answer_invents_a_tag"), []),
        ["The answer's tag is not one of the offer's"]),
    "SRTP": (
        lambda tshark: (FOLDER / "gen_padding_csrc_ext_dup_corrupt_AES_CM_128_HMAC_SHA1_80.pcap", []),
        ["No known key authenticates this packet", "This very packet has been in the capture before"]),
    "SRTP, departures": (
        lambda tshark: (FOLDER / "rtpengine_plain_to_srtp_AES_192_CM_80.pcap", []),
        ["Departure: session keys derived as AES-256"]),
    "PC5-S": (lambda tshark: (FOLDER / "d2d-sample.pcap", []), ["The link is accepted without security mode control"]),
    "PC5-S with SDES and MIKEY": (
        lambda tshark: (exported_capture(tshark, "experts", command(), *[
            request(container(method, content)) for method, content, _ in CONTENTS.values()]), []),
        ["Two a=crypto lines have the same tag"]),
    "PDCP": (
        lambda tshark: (FOLDER / "made_d2d_kd.pcap", with_log(tshark, "D2D_KD", octets=32)),
        ["The MAC-I does not fit"]),
    "SL-SCH, RLC and PDCP": (
        lambda tshark: (in_mac_lte(tshark, "experts", *[pdu for pdu, _ in FAULTS.values()]), []),
        ["Other parts of this SDU are not in the capture"]),
}


def listed(tshark, capture, *options):
    found = Counter()  # a text has a line for each protocol
    for line in map(LINE.fullmatch, tshark.text(capture, "-q", "-z", "expert", *options).splitlines()):
        if line:
            found[line[2].rstrip()] += int(line[1])
    return found


def in_details(tshark, capture, *options):
    found = Counter(re.findall(r"^ *\[Expert Info \(\w+/\w+\): (.*)\]$", tshark.text(capture, "-V", *options), re.M))
    del found[OF_AN_ITEM]
    return found


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_experts_are_listed_as_in_the_details(tshark, name, passes):
    make, beginnings = CASES[name]
    capture, options = make(tshark)
    options += ["-2"] * (passes == 2)
    found = listed(tshark, capture, *options)
    assert found == in_details(tshark, capture, *options)
    for beginning in beginnings:
        assert any(text.startswith(beginning) for text in found), found


# Of several infos of a frame the column shows the last, and that of MIKEY over UDP is a note throughout.
@pytest.mark.parametrize("name", [name for name in CASES if name != "MIKEY over UDP"])
def test_highest_severity_is_told_without_a_tree(tshark, name):
    """As the light in the status bar shows it. A column of severities asks for no tree, either."""
    ranks = ["", "Chat", "Note", "Warning", "Error"]
    capture, options = CASES[name][0](tshark)
    columns = tshark.text(capture, "-o", 'gui.column.format:"Severity","%a"', *options).split()
    words = re.findall(r"\[Expert Info \((\w+)/", tshark.text(capture, "-V", *options))
    assert max(map(ranks.index, columns)) == max(map(ranks.index, words))

"""RTSP as the carrier of keys and of media: the right packets decrypted, KeyMgmt headers shown, and all else as in stock."""

import base64
import json
import os
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import pytest

import rtsp_scenarios
from judge import compare_scenario
from model import real_captures
from model.mikey_model import TEK, Key
from model.rtsp_model import Rtsp, announcement, key_mgmt
from model.scenario import Scenario
from rtsp_scenarios import CLIENT, SERVER, Section, body, connect, talk, watch

OFF = [word for name in ("sdes", "mikey_ticket", "d2dsec", "d2dsrtp") for word in ("--disable-protocol", name)]


def file_of(tshark, scenario, name):
    path = tshark.file("rtsp-%s.pcap" % "".join(letter if letter.isalnum() else "_" for letter in name), b"")
    scenario.capture.write(path)
    return path


# --- scenarios -----------------------------------------------------------------------------------------------


def judge(tshark, name):
    """Passes -> None, or what is wrong."""
    outcome, scenario = {}, rtsp_scenarios.build(name)
    capture = file_of(tshark, scenario, name)
    for passes in (1, 2):
        try:
            frames = tshark.frames(capture, passes=passes, keep=False)
            if scenario.bundles:
                compare_bundles(scenario, frames)
            else:
                compare_scenario(scenario, frames, passes)
            # Each packet finds its key by the addresses that RTSP told, or by its channel.
            assert [frame.number for frame in frames.values() if "found by trial" in frame.departure] == []
            outcome[passes] = None
        except Exception as problem:
            outcome[passes] = problem
    return outcome


def compare_bundles(scenario, frames):
    wanted = {frame: [packet.plain for packet in packets] for frame, packets in scenario.bundles.items()}
    shown = {frame.number: [octets for _, octets in frame.decrypted] for frame in frames.values() if frame.decrypted}
    assert shown == wanted
    for number in wanted:
        assert set(frames[number].verdict.split(",")) == {"decrypted"} and not frames[number].malformed


@pytest.fixture(scope="module")
def outcomes(tshark, request):
    chosen = dict.fromkeys(item.callspec.params["name"] for item in request.session.items
                           if item.function is test_scenario)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(judge, tshark, name) for name in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("name", rtsp_scenarios.REGISTRY)
def test_scenario(outcomes, name, passes):
    problem = outcomes[name].result()[passes]
    if isinstance(problem, AssertionError):
        pytest.fail(str(problem), pytrace=False)
    if problem:
        raise problem


# --- as in stock -----------------------------------------------------------------------------------------------


def plain_session(name, by, profile, over_tcp, *, protected=False):
    """A stream with or without keys, its media in the clear or protected under a key that nobody is told."""
    made = Scenario(name)
    section, rtsp = Section(made, by, profile=profile), connect(made)
    rtsp.request("OPTIONS")
    rtsp.reply([("Public", "OPTIONS")])
    rtsp.describe(body([section]))
    server, _ = section.set_up(rtsp, interleaved=over_tcp)
    rtsp.play()
    for packet, channel in [(server.next(), 0), (server.report(), 1), (server.next(), 0)]:
        made.put(packet, wire=None if protected else packet.plain, carry=rtsp.on(channel) if over_tcp else None)
    return made


@pytest.mark.parametrize("protected", [False, True], ids=["clear", "protected"])
@pytest.mark.parametrize("over_tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/SAVP"])
@pytest.mark.parametrize("arguments", [["-V", "-x"], []], ids=["details", "summary"])
def test_without_keys_all_is_as_in_stock(tshark, profile, over_tcp, protected, arguments):
    capture = file_of(tshark, plain_session("stock", "none", profile, over_tcp, protected=protected), "stock")
    for passes in ([], ["-2"]):
        assert tshark.text(capture, *arguments, *passes) == tshark.text(capture, *arguments, *passes, plugin=False)


@pytest.mark.parametrize("name", ["interleaved[sdes]", "under_rtp_avp[sdes-udp]", "under_rtp_avp[both-tcp]", "over_udp[header]",
                                  "header_in_segments[both-small]"])
def test_disabled_all_is_as_in_stock(tshark, name):
    capture = file_of(tshark, rtsp_scenarios.build(name), "off")
    for arguments in (["-V", "-x", "-2"], []):
        assert tshark.text(capture, *arguments, *OFF) == tshark.text(capture, *arguments, plugin=False)


@pytest.mark.parametrize("name", ["one_section_of_rtp_avp_in_the_clear[udp]", "one_section_of_rtp_avp_in_the_clear[tcp]"])
def test_media_without_keys_stay_stocks_beside_those_with(tshark, name):
    scenario = rtsp_scenarios.build(name)
    capture = file_of(tshark, scenario, name)
    chosen = ["-V", "-x", "-Y", "frame.number in {%s}" % ",".join(map(str, scenario.stock_frames))]
    assert scenario.stock_frames
    for passes in ([], ["-2"]):
        assert tshark.text(capture, *chosen, *passes) == tshark.text(capture, *chosen, *passes, plugin=False)


@pytest.mark.parametrize("over_tcp", [False, True], ids=["udp", "tcp"])
def test_media_in_the_clear_in_spite_of_keys_are_told(tshark, over_tcp):
    """RTP fails under every key. Whether it is ciphertext cannot be told, so it is not shown as clear; RTCP can be told."""
    made = plain_session("clear in spite of keys", "sdes", "RTP/AVP", over_tcp)
    capture = file_of(tshark, made, "in-spite")
    verdicts = [row[0] for row in tshark.fields(capture, "d2dsec.verdict", filter="d2dsec.verdict").values()]
    assert verdicts == ["tag mismatch", "clear", "tag mismatch"]
    assert not any(row[0] for row in tshark.fields(capture, "rtp.payload").values())


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("over_tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/SAVP"])
def test_payload_types_have_the_names_of_the_description(tshark, profile, over_tcp, passes):
    """Two sections that give one number different meanings; packets of both in one segment, where they are interleaved."""
    made = Scenario("payload types")
    sections = [Section(made, "sdes", number, profile=profile, formats="96", rtpmap=rtpmap)
                for number, rtpmap in enumerate(("96 opus/48000/2", "96 L16/44100"))]
    rtsp = connect(made)
    rtsp.describe(body(sections))
    streams = [each.set_up(rtsp, interleaved=over_tcp)[0] for each in sections]
    rtsp.play()
    wanted = {}
    for packets in zip(*[stream.batch(3) for stream in streams]):
        if over_tcp:
            octets = b"".join(rtsp.interleaved(2 * at, packet.wire) for at, packet in enumerate(packets))
            wanted[rtsp.tcp.send(rtsp.server, octets)] = ["opus (96)", "L16 (96)"]
            continue
        for packet, name in zip(packets, ("opus (96)", "L16 (96)")):
            wanted[made.put(packet)] = [name]
    capture = file_of(tshark, made, "payload-types")
    root = ElementTree.fromstring(tshark.text(capture, "-T", "pdml", *["-2"] * (passes == 2)))
    shown = {}
    for number, packet in enumerate(root.findall("packet"), 1):
        names = [each.get("showname") for each in packet.iter("field") if each.get("name") == "rtp.p_type"]
        if names:
            shown[number] = [name.partition("Payload type: ")[2] for name in names]
    assert shown == wanted


# --- KeyMgmt headers --------------------------------------------------------------------------------------------


def elements(tshark, capture, *options):
    """Frame number -> [(field, value)] of mikey_ticket.*"""
    root = ElementTree.fromstring(tshark.text(capture, "-T", "pdml", *options))
    found = {}
    for number, packet in enumerate(root.findall("packet"), 1):
        found[number] = [(each.get("name"), each.get("show")) for each in packet.iter()
                         if (each.get("name") or "").startswith("mikey_ticket")]
    return found


def values(frame, name):
    return [show for each, show in frame if each == "mikey_ticket." + name]


@pytest.mark.parametrize("name", ["over_udp[both]", "interleaved[both]", "key_mgmt_header[data_first]", "key_mgmt_header[unquoted]",
                                  "header_in_segments[both-in_header]", "header_in_segments[both-small]",
                                  "header_in_segments[both-before_last_octet]", "header_in_segments[both-before_last_lines]"])
def test_header_is_decoded_once_and_where_it_is_complete(tshark, name):
    scenario = rtsp_scenarios.build(name)
    rtsp = scenario.dialogs[0]
    capture = file_of(tshark, scenario, "shown")
    with_header = {frame for frame, text in rtsp.bodies if "KeyMgmt:" in text}
    with_sdp = {frame for frame, text in rtsp.bodies if "key-mgmt:" in text}
    for passes in ([], ["-2"]):
        shown = elements(tshark, capture, *passes)
        assert {number for number, frame in shown.items() if values(frame, "version")} == with_header | with_sdp
        for number in with_header:
            assert values(shown[number], "version") == ["1"] and values(shown[number], "sdp.kmpid") == ["mikey"]
            assert values(shown[number], "rtsp.uri") == [rtsp.uri + "/stream=0"] and not values(shown[number], "sdp")


def test_messages_in_one_segment_are_each_decoded(tshark):
    scenario = rtsp_scenarios.build("messages_in_one_segment[both-0]")
    shown = elements(tshark, file_of(tshark, scenario, "pipelined"))
    uris = [values(frame, "rtsp.uri") for frame in shown.values() if values(frame, "rtsp.uri")]
    assert uris == [[scenario.dialogs[0].uri + "/stream=%d" % number for number in (0, 1)]]


# value of a KeyMgmt header -> how many messages are in it, whether a departure is named
HEADERS = {
    "two entries": ('prot=mikey;uri="";data="%s",prot=mikey;uri="";data="%s"', 2, False),
    "other letters": ('prot=MIKEY;uri="";data="%s"', 1, True),
    "other protocol": ('prot=keyp1;uri="";data="%s"', 0, True),
    "no protocol": ('uri="";data="%s"', 0, True),
    "no data": ("prot=mikey", 0, True),
    "padding left out": ('prot=mikey;data="%s="', 1, True),
    "foreign character": ('prot=mikey;data="*%s"', 0, True),
    "nothing": ("", 0, False),
}


@pytest.mark.parametrize("name", HEADERS)
def test_departure_of_a_header_is_named(tshark, name):
    value, messages, departs = HEADERS[name]
    made = Scenario("departure")
    section, rtsp = Section(made, "header"), connect(made)
    text = base64.b64encode(section.message(1)).decode()
    frame = rtsp.request("SETUP", headers=[("KeyMgmt", value.replace("%s", text))])
    shown = elements(tshark, file_of(tshark, made, "departure"))[frame]
    assert values(shown, "version") == ["1"] * messages and bool(values(shown, "sdp") + values(shown, "sdp_error")) == departs


def test_header_opens_with_its_protocol(tshark):
    """`-O` opens items of a protocol and what is in them, and closes all others."""
    scenario = rtsp_scenarios.build("over_udp[both]")
    text = tshark.text(file_of(tshark, scenario, "opened"), "-O", "mikey_ticket", "-Y", "mikey_ticket.rtsp.uri")
    assert "\nKey management header\n    Key management protocol: mikey\n    URI: " in text


def test_header_is_shown_without_sdes(tshark):
    scenario = rtsp_scenarios.build("over_udp[both]")
    shown = elements(tshark, file_of(tshark, scenario, "without-sdes"), "--disable-protocol", "sdes")
    assert sum(bool(values(frame, "rtsp.uri")) for frame in shown.values()) == 1


def test_key_in_a_header_is_named_by_its_fingerprint(tshark):
    scenario = rtsp_scenarios.build("over_udp[both]")
    capture = file_of(tshark, scenario, "fingerprint")
    shown = [pair for frame in elements(tshark, capture).values() for pair in frame]
    assert len(values(shown, "key.fingerprint")) == 2 and not values(shown, "key.value")


# --- what else leads to RTSP --------------------------------------------------------------------------------------


@pytest.mark.parametrize("over_tcp", [False, True], ids=["udp", "tcp"])
def test_rtsp_on_a_port_of_the_users_choice(tshark, over_tcp):
    made = Scenario("decode as")
    watch(made, [Section(made, "sdes")], rtsp=connect(made, server=(SERVER, 9554)), interleaved=over_tcp)
    capture = file_of(tshark, made, "decode-as")
    compare_scenario(made, tshark.frames(capture, options=["-d", "tcp.port==9554,rtsp"], keep=False), 1)


@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/SAVP"])
@pytest.mark.parametrize("over_tcp", [False, True], ids=["udp", "tcp"])
def test_keys_from_a_log(tshark, over_tcp, profile):
    """Of the client, too."""
    made = Scenario("key log")
    section, rtsp = Section(made, "none", profile=profile), connect(made)
    rtsp.describe(body([section]))
    section.set_up(rtsp, interleaved=over_tcp)
    ends = [(rtsp.server,) * 2, (rtsp.client,) * 2] if over_tcp else [
        ((SERVER, 30000), (SERVER, 30001)), ((CLIENT, 20000), (CLIENT, 20001))]
    section.by = "both"
    talk(made, *section.streams(*ends), carry=(rtsp.on(0), rtsp.on(1)) if over_tcp else (None, None))
    log = "".join("SRTP_MASTER ssrc=0x%08x %s:%s\n" % (ssrc, key.suite.name, key.inline)
                  for ssrc, key in zip(section.ssrcs, section.keys))
    options = ["-o", "d2dsec.keylog_file:%s" % tshark.file("rtsp.keylog", log)]
    compare_scenario(made, tshark.frames(file_of(tshark, made, "key-log"), options=options, keep=False), 1)


# --- the model ----------------------------------------------------------------------------------------------------


def test_model_writes_what_gstreamer_wrote():
    folder = real_captures.FOLDER
    for message in json.loads((folder / "mikey_gst_rtsp_udp_audio.mikey.json").read_text()):
        parts = {part["name"]: part for part in message["payloads"]}
        key = Key(TEK, bytes.fromhex(parts["KEMAC"]["keys"][0]["key"]))
        made = announcement(bytes.fromhex(message["csb_id"]), int(message["cs"][0]["ssrc"], 16),
                            bytes.fromhex(parts["RAND"]["rand"]), bytes.fromhex(parts["T"]["ts"]), key)
        assert made.hex() == message["raw"]


def test_model_writes_headers_as_gstreamer_does():
    octets = (real_captures.FOLDER / "mikey_gst_rtsp_udp_audio.pcap").read_bytes()
    message = json.loads((real_captures.FOLDER / "mikey_gst_rtsp_udp_audio.mikey.json").read_text())[1]
    header = key_mgmt(bytes.fromhex(message["raw"]), "rtsp://10.9.0.2:8554/t/stream=0")
    assert b"\r\nKeyMgmt: " + header.encode() + b"\r\n" in octets
    assert Rtsp.interleaved(1, b"abc") == b"$\x01\x00\x03abc"

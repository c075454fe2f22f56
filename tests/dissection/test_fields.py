"""What the plugin shows of a=crypto lines and packets, what it hides, and that without keys it shows nothing."""

import base64
import random
import xml.etree.ElementTree as ElementTree

import pytest

import scenarios
from model import real_captures
from model.scenario import Scenario
from model.sip_model import Media, crypto_line, sdp
from model.srtp_model import make_key
from scenarios import ALICE, CM32, CM80, GCM256, audio, dialog

OURS = ("sdes", "mikey_ticket", "pc5s", "d2dsec", "d2dsrtp", "slsch", "rlc_sl", "pdcp_sl")
OFF = [word for name in OURS for word in ("--disable-protocol", name)]
NOTE, WARNING, ERROR = 0x400000, 0x600000, 0x800000
SHOW_KEYS = ["-o", "d2dsec.show_keys:TRUE"]


def capture_of(tshark, made, name):
    path = tshark.file(name + ".pcap", b"")
    made.capture.write(path)
    return path


def offer_of(tshark, name, *bodies):
    """A capture of one INVITE a body, each a call of its own."""
    made = Scenario(name)
    for body in bodies:
        dialog(made).invite(body)
    return capture_of(tshark, made, name)


def is_ours(name):
    return name.split(".")[0] in OURS


def our_elements(tshark, capture, *options):
    """Frame number -> every PDML element inside our protocols, or outside with a name of ours."""
    found = {}
    root = ElementTree.fromstring(tshark.text(capture, "-T", "pdml", *options))
    for number, packet in enumerate(root.findall("packet"), 1):
        elements = []

        def walk(element, inside):
            inside = inside or is_ours(element.get("name") or "")
            if inside:
                elements.append(element)
            for child in element:
                walk(child, inside)

        walk(packet, False)
        found[number] = elements
    return found


def shown(elements, name):
    return [element.get("show") for element in elements if element.get("name") == name]


def severities(elements):
    return [int(each, 0) for each in shown(elements, "_ws.expert.severity")]


# --- decoding --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rich(tshark):
    """One INVITE with much of RFC 4568 in it; (elements by default, elements with keys shown, keys)."""
    dice = random.Random("rich")
    keys = [make_key(dice, CM80, mki=bytes([0, 0, 0, 1])), make_key(dice, CM80, mki=bytes([0, 0, 4, 0x2A]))]
    other, third, fec = make_key(dice, GCM256), make_key(dice, CM32), make_key(dice, CM80)
    body = sdp(ALICE.address, [
        Media(20000, [
            crypto_line(1, keys, lifetime="2^20"),
            crypto_line(2, other, lifetime="1048577"),
            crypto_line(123456789, third, params="KDR=5 UNENCRYPTED_SRTCP WSH=128 FEC_ORDER=SRTP_FEC -vendor=x FEC_KEY=inline:"
                        + fec.inline),
        ]),
        Media(20002, [crypto_line(1, fec, params="UNENCRYPTED_SRTP UNAUTHENTICATED_SRTP")], media="video",
              profile="RTP/AVP", formats="97"),
    ])
    capture = offer_of(tshark, "rich", body)
    return our_elements(tshark, capture)[1], our_elements(tshark, capture, *SHOW_KEYS)[1], keys + [other, third, fec]


def test_every_line_of_every_section_is_decoded(rich):
    elements, _, _ = rich
    assert shown(elements, "sdes.tag") == ["1", "2", "123456789", "1"]
    assert shown(elements, "sdes.suite") == [CM80, GCM256, CM32, CM80]


def test_every_key_of_a_line_is_decoded(rich):
    elements, _, keys = rich
    fingerprints = shown(elements, "sdes.key_fingerprint")
    for key in keys:
        assert key.fingerprint in fingerprints
    assert fingerprints.index(keys[0].fingerprint) < fingerprints.index(keys[1].fingerprint)


def test_lifetime_is_a_number_of_packets(rich):
    elements, _, _ = rich
    assert shown(elements, "sdes.lifetime") == ["1048576", "1048576", "1048577"]


def test_mki_and_its_length(rich):
    elements, _, _ = rich
    assert [int(each.replace(":", ""), 10) for each in shown(elements, "sdes.mki")] == [1, 0x42A]
    assert shown(elements, "sdes.mki_length") == ["4", "4"]


def test_session_parameters(rich):
    elements, _, _ = rich
    parameters = " ".join(shown(elements, "sdes.session_param"))
    for word in ("KDR", "UNENCRYPTED_SRTCP", "WSH", "FEC_ORDER", "vendor", "UNENCRYPTED_SRTP",
                 "UNAUTHENTICATED_SRTP"):
        assert word in parameters
    assert "FEC_KEY" in parameters or any(element.get("name") == "sdes.fec_key" for element in elements)
    assert shown(elements, "sdes.kdr") in (["5"], ["32"])


def test_keys_are_shown_on_request(rich):
    _, elements, keys = rich
    shown_keys = [each.replace(":", "") for each in shown(elements, "sdes.key")]
    shown_salts = [each.replace(":", "") for each in shown(elements, "sdes.salt")]
    for key in keys:
        assert key.key.hex() in shown_keys and key.salt.hex() in shown_salts


def secrets_in(elements, keys):
    text = " ".join((element.get("show") or "") + " " + (element.get("showname") or "") for element in elements)
    text = text.replace(":", "").lower()
    found = []
    for key in keys:
        octets = key.key + key.salt
        for secret in (key.key.hex(), key.salt.hex(), octets.hex()[:20], base64.b64encode(octets).decode()[:14].lower()):
            if secret in text:
                found.append(secret)
    return found


def test_keys_are_hidden_by_default(rich):
    elements, with_keys, keys = rich
    assert elements and secrets_in(elements, keys) == []
    assert secrets_in(with_keys, keys)  # the search itself finds keys where there are some


@pytest.mark.parametrize("name", ["suite[AES_CM_128_HMAC_SHA1_80]", "wrong_key[AEAD_AES_128_GCM]", "key_log[ssrc]",
                                  "malformed_lines_among_good_ones", "answer_invents_a_tag"])
def test_no_key_stands_in_any_field_of_ours(tshark, name):
    made = scenarios.build(name)
    keys = {id(each.key): each.key for each in made.expected.values() if each.key}
    options = []
    if made.keylog:
        options = ["-o", "d2dsec.keylog_file:%s" % tshark.file("hidden.keylog", made.keylog)]
    elements = our_elements(tshark, capture_of(tshark, made, "hidden"), *options)
    everything = [element for each in elements.values() for element in each]
    assert everything and secrets_in(everything, keys.values()) == []


# --- lines that depart from RFC 4568 ------------------------------------------------------------------------

KEY = base64.b64encode(bytes(range(7, 37))).decode()
OTHER = base64.b64encode(bytes(range(107, 137))).decode()
LINE = "1 %s inline:%s" % (CM80, KEY)

# what it shows; the lines; the least severity that must be told
DEPARTURES = {
    "no tag": (["%s inline:%s" % (CM80, KEY)], ERROR),
    "tag with leading zero": (["01" + LINE[1:]], WARNING),
    "tag of ten digits": (["1234567890" + LINE[1:]], ERROR),
    "tag twice in one section": ([LINE, "1 %s inline:%s" % (CM32, OTHER)], WARNING),
    "unknown suite": (["1 AES_512_XTS inline:" + KEY], NOTE),
    "unregistered suite": (["1 NULL_HMAC_SHA1_80 inline:" + KEY], NOTE),
    "no key parameters": (["1 " + CM80], ERROR),
    "method other than inline": (["1 %s prompt:%s" % (CM80, KEY)], WARNING),
    "empty key": (["1 %s inline:" % CM80], ERROR),
    "base64 with a foreign character": ([LINE[:-5] + "*" + LINE[-4:]], ERROR),
    "base64 without padding": (["1 AEAD_AES_128_GCM inline:" + KEY[:38]], NOTE),
    "key too short": (["1 %s inline:%s" % (CM80, KEY[:36])], ERROR),
    "key too long": (["1 %s inline:%s" % (CM80, KEY + "AAAA")], ERROR),
    "lifetime 0": ([LINE + "|0"], ERROR),
    "lifetime with leading zero": ([LINE + "|0100"], ERROR),
    "lifetime 2^": ([LINE + "|2^"], ERROR),
    "lifetime 2^64": ([LINE + "|2^64"], ERROR),
    "lifetime behind MKI": ([LINE + "|1:4|2^20"], ERROR),
    "three fields": ([LINE + "|2^20|1:4|2"], ERROR),
    "MKI length 0": ([LINE + "|1:0"], ERROR),
    "MKI length 129": ([LINE + "|1:129"], ERROR),
    "MKI larger than its length": ([LINE + "|256:1"], ERROR),
    "MKI that is no number": ([LINE + "|x:1"], ERROR),
    "two keys, one without MKI": ([LINE + "|1:4;inline:" + OTHER], ERROR),
    "two keys, MKIs of two lengths": ([LINE + "|1:4;inline:%s|2:3" % OTHER], ERROR),
    "two keys, one MKI": ([LINE + "|1:4;inline:%s|1:4" % OTHER], WARNING),
    "white space between keys": ([LINE + "|1:4; inline:%s|2:4" % OTHER], NOTE),
    "KDR=25": ([LINE + " KDR=25"], ERROR),
    "KDR=x": ([LINE + " KDR=x"], ERROR),
    "WSH=63": ([LINE + " WSH=63"], WARNING),
    "FEC_ORDER=X": ([LINE + " FEC_ORDER=X"], ERROR),
    "unknown session parameter": ([LINE + " SOMETHING=1"], ERROR),
    "unknown optional session parameter": ([LINE + " -something=1"], NOTE),
    "session parameter twice": ([LINE + " KDR=1 KDR=2"], WARNING),
    "UNENCRYPTED_SRTP": ([LINE + " UNENCRYPTED_SRTP"], NOTE),
    "UNAUTHENTICATED_SRTP": ([LINE + " UNAUTHENTICATED_SRTP"], NOTE),
    "key of one octet repeated": (["1 %s inline:%s" % (CM80, base64.b64encode(b"\7" * 30).decode())], NOTE),
}


@pytest.fixture(scope="module")
def departures(tshark):
    """Elements of one INVITE a departure; in the last, one that departs from nothing."""
    bodies = [audio(ALICE, 20000, *lines) for lines, _ in DEPARTURES.values()]
    capture = offer_of(tshark, "departures", *bodies, audio(ALICE, 20000, LINE + "|2^20|1:4 KDR=5 WSH=64"))
    # the stock dissector may throw at a bad line in the first pass
    return our_elements(tshark, capture, "-2")


@pytest.mark.parametrize("name", DEPARTURES)
def test_departure_is_named(departures, name):
    number = list(DEPARTURES).index(name) + 1
    found = severities(departures[number])
    assert found and max(found) >= DEPARTURES[name][1]


def test_nothing_is_said_of_a_line_that_departs_from_nothing(departures):
    elements = departures[len(DEPARTURES) + 1]
    assert shown(elements, "sdes.suite") == [CM80]
    assert severities(elements) == []


@pytest.mark.parametrize("passes", [[], ["-2"]], ids=["1 pass", "2 passes"])
def test_body_at_which_stock_gives_up_is_shown_once(tshark, passes):
    made = scenarios.build("base64_too_short_in_the_first_line")
    elements = our_elements(tshark, capture_of(tshark, made, "gives-up"), *passes)[1]
    assert shown(elements, "sdes.tag") == ["1", "2", "3"]
    assert [each for each in severities(elements) if each >= ERROR] == [ERROR]


def test_crypto_at_session_level_is_named_and_ignored(tshark):
    made = Scenario("session level")
    call = dialog(made)
    call.invite(audio(ALICE, 20000, LINE.replace(KEY, OTHER), session=["crypto:" + LINE]))
    elements = our_elements(tshark, capture_of(tshark, made, "session-level"))[1]
    assert severities(elements) and shown(elements, "sdes.tag") == ["1"]


def test_answer_names_its_offer(tshark):
    made = scenarios.build("suite[AES_CM_128_HMAC_SHA1_80]")
    elements = our_elements(tshark, capture_of(tshark, made, "pair"), "-Y", "sdp")
    roles = [" ".join(shown(each, "sdes.role")).lower() for each in elements.values()]
    assert "offer" in roles[0] and "answer" in roles[1]


# --- through stock Wireshark ---------------------------------------------------------------------------------


def rtp_streams(text):
    """SSRC -> (payload types, packets) of `-z rtp,streams`."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        at = [place for place, word in enumerate(words) if word.startswith("0x")]
        if at:
            after = words[at[0] + 1 :]
            count = next(place for place, word in enumerate(after) if word.isdigit())
            kinds, packets = found.get(int(words[at[0]], 16), (set(), 0))
            found[int(words[at[0]], 16)] = kinds | {" ".join(after[:count])}, packets + int(after[count])
    return found


@pytest.mark.parametrize("name, kind", [("sdes_pjsua_rtcpmux_opus", "opus"), ("sdes_baresip_ipv6_udp_audio_vp8_video", "VP8"),
                                        ("gen_rollover_x3_AES_CM_128_HMAC_SHA1_80", "g711U")])
def test_stream_statistics_know_the_plain_streams(tshark, name, kind):
    capture = real_captures.FOLDER / (name + ".pcap")
    streams = rtp_streams(tshark.text(capture, "-q", "-z", "rtp,streams"))
    wanted = {}
    for row in real_captures.expected_rows(capture):
        if row.kind.startswith("rtp"):
            wanted[row.ssrc] = wanted.get(row.ssrc, 0) + 1
    assert {ssrc: packets for ssrc, (_, packets) in streams.items()} == wanted
    assert any(kind.lower() in each.lower() for kinds, _ in streams.values() for each in kinds)


def test_rtcp_is_dissected_from_the_plaintext(tshark):
    """A sender report's and a CNAME's fields, which in SRTCP are ciphertext."""
    made = scenarios.build("suite[AES_CM_128_HMAC_SHA1_80]")
    rows = tshark.fields(capture_of(tshark, made, "reports"), "rtcp.pt", "rtcp.sdes.text", filter="rtcp")
    reports = {number: each for number, each in made.expected.items() if each.kind == "rtcp"}
    assert set(rows) == set(reports)
    for number, each in reports.items():
        assert rows[number] == ["200|202", "%08x@example" % each.facts["ssrc"]]


def test_payload_of_rtp_is_the_plaintext(tshark):
    made = scenarios.build("suite[AEAD_AES_256_GCM]")
    rows = tshark.fields(capture_of(tshark, made, "payloads"), "rtp.payload", "rtp.padding.count", filter="rtp")
    for number, each in made.expected.items():
        if each.kind == "rtp" and each.plain[0] == 0x80 and len(each.plain) > 12:
            assert rows[number][0].replace(":", "") == each.plain[12:].hex()


# --- without keys, and switched off --------------------------------------------------------------------------------

# Exported PDUs name a dissector of the plugin: of one that is switched off stock says something else than of one that is not there.
EVERY_CAPTURE = sorted(path for path in real_captures.FOLDER.glob("*.pcap") if path.stem != "made_d2d_in_exported_pdus")


@pytest.mark.parametrize("capture", EVERY_CAPTURE, ids=lambda path: path.stem)
def test_switched_off_it_is_not_there(tshark, capture):
    arguments = "-V", "-x", "-c", "150"
    with_plugin = tshark.text(capture, *arguments, *OFF)
    assert with_plugin == tshark.text(capture, *arguments, plugin=False)


@pytest.mark.parametrize("name", ["call_without_keys", "key_log[any]", "stun_and_punches_on_the_media_port"])
def test_traffic_without_keys_looks_as_without_the_plugin(tshark, name):
    """The signalling and the key log are left out: not one octet of output may differ."""
    made = scenarios.build(name)
    signalling = {frame for each in made.dialogs for frame, _ in each.bodies} if name != "call_without_keys" else set()
    made.capture.frames = [frame for number, frame in enumerate(made.capture.frames, 1) if number not in signalling]
    capture = capture_of(tshark, made, "no-keys")
    for passes in ([], ["-2"]):
        assert tshark.text(capture, "-V", "-x", *passes) == tshark.text(capture, "-V", "-x", *passes, plugin=False)

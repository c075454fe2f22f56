"""What the plugin shows of MIKEY and MIKEY-TICKET messages, over UDP and in SDP, and that stock's view of them stays."""

import base64
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from model.capture import Capture
from model.scenario import Scenario
from model.sip_model import Media, sdp
from scenarios import ALICE, dialog

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "mikey_messages.json").read_text())["vectors"]
MESSAGES = {each["name"]: bytes.fromhex(each["hex"]) for each in VECTORS}
NULL_KEMAC = MESSAGES["RTSP server, key with SPI"]
KEY = NULL_KEMAC[-36:-6].hex()  # before SPI length, SPI and MAC algorithm
OFF = ["--disable-protocol", "mikey_ticket"]


def over_udp(tshark, name, *messages):
    capture = Capture()
    for message in messages:
        capture.udp(("10.0.0.1", 40000), ("10.0.0.2", 2269), message)
    path = tshark.file(name + ".pcap", b"")
    capture.write(path)
    return path


def in_sdp(tshark, name, *, session=(), media=()):
    made = Scenario(name)
    dialog(made).invite(sdp(ALICE.address, [Media(20000, [], attributes=list(media))], session=list(session)))
    path = tshark.file(name + ".pcap", b"")
    made.capture.write(path)
    return path


def key_mgmt(message, before="mikey "):
    return "key-mgmt:" + before + base64.b64encode(message).decode()


def frames_of(tshark, capture, *options):
    """A list of (field, value) of each frame, fields of ours alone."""
    root = ElementTree.fromstring(tshark.text(capture, "-T", "pdml", *options))
    return [[(each.get("name"), each.get("show")) for each in packet.iter() if (each.get("name") or "").startswith("mikey_ticket")]
            for packet in root.findall("packet")]


def values(frame, name):
    return [show for each, show in frame if each == "mikey_ticket." + name]


@pytest.fixture(scope="module")
def udp(tshark):
    """Message name -> our fields, each message in a frame of its own."""
    return dict(zip(MESSAGES, frames_of(tshark, over_udp(tshark, "mikey", *MESSAGES.values()))))


def test_transfer_init_to_the_last_bit(udp):
    frame = udp["Scenario B TRANSFER_INIT"]
    assert values(frame, "type") == ["14"] and values(frame, "prf") == ["1"] and values(frame, "csb_id") == ["0x5a5a0001"]
    assert values(frame, "cs.id") == ["1", "2"] and values(frame, "cs.ssrc") == ["0xcafebabe"]
    assert values(frame, "cs.spi") == ["0a", "0a"]
    assert values(frame, "payload") == ["5", "15", "14", "14", "10", "17", "14", "14", "13", "13", "14", "256", "5", "11", "1",
                                        "14", "9", "9", "9", "9"]
    flags = {letter: values(frame, "ticket.flag." + letter)[0] in ("1", "True") for letter in "defghijklmno"}
    assert "".join(letter for letter, given in flags.items() if given) == "defghijno"
    assert values(frame, "id") == ["sip:alice@example.com", "sip:group@example.com", "kms.example.com",
                                   "sip:alice@example.com", "sip:group@example.com"]
    assert values(frame, "srtp.encr_alg") == ["1"] and values(frame, "srtp.encr_key_len") == ["32"]
    assert values(frame, "encr_alg") == ["3"] and len(values(frame, "mac")) == 4


@pytest.mark.parametrize("name", MESSAGES)
def test_every_octet_of_a_message_is_in_a_named_field(udp, name):
    frame = udp[name]
    assert values(frame, "version") == ["1"] and values(frame, "type")
    assert not values(frame, "error")
    assert [each for each in values(frame, "data") if each] == []


def test_stock_names_find_what_stock_would_misread(tshark):
    capture = over_udp(tshark, "stock-names", MESSAGES["Scenario A TRANSFER_INIT"])
    assert tshark.fields(capture, "mikey.type", "mikey.csb_id", filter="mikey")[1] == ["14", "0x5a5a0001"]


def test_stock_tree_stays_where_stock_reads_all(tshark):
    capture = over_udp(tshark, "stock-tree", MESSAGES["PSK I_MESSAGE"])
    stock = tshark.text(capture, "-V", plugin=False)
    assert tshark.text(capture, "-V").startswith(stock.rstrip("\n"))


@pytest.mark.parametrize("arguments", [["-V", "-x"], []], ids=["details", "summary"])
def test_disabled_it_is_not_there(tshark, arguments):
    message = MESSAGES["Scenario A TRANSFER_INIT"]
    captures = [over_udp(tshark, "off", *MESSAGES.values(), b"", b"\1", NULL_KEMAC[:50]),
                in_sdp(tshark, "off-sdp", session=[key_mgmt(message)], media=[key_mgmt(NULL_KEMAC)])]
    for capture in captures:
        assert tshark.text(capture, *arguments, *OFF) == tshark.text(capture, *arguments, plugin=False)


def test_key_in_the_clear_is_named_by_its_fingerprint(tshark, udp):
    frame = udp["RTSP server, key with SPI"]
    assert len(values(frame, "key.fingerprint")) == 1 and values(frame, "key.spi") == ["00:00:00:01"]
    assert not any(KEY in (show or "").replace(":", "") for _, show in frame)
    shown = frames_of(tshark, over_udp(tshark, "shown", NULL_KEMAC), "-o", "d2dsec.show_keys:TRUE")[0]
    assert [each.replace(":", "") for each in values(shown, "key.value")] == [KEY]


# --- a=key-mgmt --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["session", "media"])
@pytest.mark.parametrize("name", ["Scenario A TRANSFER_INIT", "PSK I_MESSAGE"])
def test_attribute_is_decoded_once(tshark, level, name):
    frame = frames_of(tshark, in_sdp(tshark, "sdp-" + level, **{level: [key_mgmt(MESSAGES[name])]}))[0]
    assert values(frame, "version") == ["1"]
    assert not values(frame, "sdp") and not values(frame, "error")


def test_attribute_is_an_item_of_the_protocol(tshark):
    capture = in_sdp(tshark, "item", media=[key_mgmt(MESSAGES["PSK I_MESSAGE"])])
    items = [each for each in ElementTree.fromstring(tshark.text(capture, "-T", "pdml")).iter()
             if (each.get("showname") or "").startswith("Key management attribute of m=")]
    assert [each.get("name") for each in items] == ["mikey_ticket"]


# what follows "a=key-mgmt:", and whether there is a message in it; if not, and it should be, that is an error
ATTRIBUTES = {
    "other letters": (key_mgmt(NULL_KEMAC, "MIKEY "), True),
    "other protocol": (key_mgmt(NULL_KEMAC, "keyp1 "), False),
    "two spaces": (key_mgmt(NULL_KEMAC, "mikey  "), True),
    "tab": (key_mgmt(NULL_KEMAC, "mikey\t"), True),
    "foreign character": (key_mgmt(NULL_KEMAC)[:-4] + "*AAA", False),
    "data after padding": (key_mgmt(NULL_KEMAC) + "=AAA", False),
    "nothing": ("key-mgmt:mikey", False),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_departure_of_an_attribute_is_named(tshark, name):
    line, decoded = ATTRIBUTES[name]
    frame = frames_of(tshark, in_sdp(tshark, "departure", media=[line]))[0]
    assert values(frame, "sdp" if decoded or name == "other protocol" else "sdp_error")
    assert values(frame, "version") == ["1"] * decoded


@pytest.mark.parametrize("level", ["session", "media"])
def test_same_protocol_twice_at_one_level_is_named(tshark, level):
    frame = frames_of(tshark, in_sdp(tshark, "twice", **{level: [key_mgmt(NULL_KEMAC)] * 2}))[0]
    assert len(values(frame, "sdp")) == 1 and values(frame, "version") == ["1", "1"]


def test_attribute_is_shown_without_sdes(tshark):
    capture = in_sdp(tshark, "without-sdes", media=[key_mgmt(NULL_KEMAC)])
    assert values(frames_of(tshark, capture, "--disable-protocol", "sdes")[0], "version") == ["1"]


# --- what only the place of a message shows ------------------------------------------------------------------------


def test_response_in_an_offer_is_named(tshark):
    for name, wrong in (("PSK I_MESSAGE", False), ("PSK R_MESSAGE", True), ("Scenario A TRANSFER_RESP", True)):
        frame = frames_of(tshark, in_sdp(tshark, "role", session=[key_mgmt(MESSAGES[name])]))[0]
        assert bool(values(frame, "sdp")) == wrong, name


def with_protocol_list(message, protocols):
    """The message with a general extension (RFC 4567 section 7) as its first payload."""
    extension = bytes([message[2], 1]) + len(protocols).to_bytes(2, "big") + protocols
    header = 10 + 9 * message[8]
    return message[:2] + bytes([21]) + message[3:header] + extension + message[header:]


@pytest.mark.parametrize("level", ["session", "media"])
@pytest.mark.parametrize("listed, others, named", [
    (b"mikey", [], False), (b"mikey;keyp1", ["keyp1 AAAA"], False), (b"mikey;keyp1", [], True), (b"keyp1", [], True)])
def test_protocols_taken_away_are_named(tshark, level, listed, others, named):
    lines = [key_mgmt(with_protocol_list(NULL_KEMAC, listed))] + ["key-mgmt:" + other for other in others]
    frame = frames_of(tshark, in_sdp(tshark, "bidding-down", **{level: lines}))[0]
    told = tshark.text(tshark.folder / "bidding-down.pcap", "-V")
    assert ("taken some away" in told) == named
    assert values(frame, "ext.sdp_ids") == [listed.decode()]

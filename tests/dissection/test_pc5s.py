"""PC5 signalling through tshark: over SIP, HTTP, exported PDUs and a user link type; its container with SDES and MIKEY in it;
and how messages are linked. Messages are written here from TS 24.334's layouts, octet by octet."""

import base64
import hashlib
import json
import random
import struct
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from model.capture import Capture, TcpConnection

VECTORS = Path(__file__).parent.parent / "vectors"


def messages_of(name):
    vectors = json.loads((VECTORS / name).read_text())["vectors"]
    return {each["name"]: bytes.fromhex(each["hex"]) for each in vectors}


SIMULATED, MIKEY = messages_of("pc5s_ns3.json"), messages_of("mikey_messages.json")
TRANSFER_INIT, TRANSFER_RESP = MIKEY["Scenario A TRANSFER_INIT"], MIKEY["Scenario A TRANSFER_RESP"]

OURS = ("pc5s.", "sdes.", "mikey_ticket.")
OFF = [word for name in ("pc5s", "sdes", "mikey_ticket", "d2dsec", "d2dsrtp") for word in ("--disable-protocol", name)]
SHOW_KEYS = ["-o", "d2dsec.show_keys:TRUE"]

# --- messages --------------------------------------------------------------------------------------------------------

NONCE_1, NONCE_2 = bytes(range(0xA0, 0xB0)), bytes(range(0xB0, 0xC0))
KEY_1, SALT_1 = bytes(range(16)), bytes(range(0x20, 0x2E))
KEY_2, SALT_2 = bytes(range(0x10, 0x20)), bytes(range(0x30, 0x3E))


def request(*optional, sequence=1, user=b"\1alice", nonce=NONCE_1, capabilities=0xF0F0, msb=0x12):
    return (struct.pack("!BHB", 1, sequence, len(user)) + user + struct.pack("!BI", 4, 600) + nonce
            + struct.pack("!HB", capabilities, msb) + b"".join(optional))


def command(*optional, sequence=1, nonce=NONCE_2, capabilities=0xF0F0, algorithms=0x22, lsb=0x34):
    return (struct.pack("!BHH", 0x0C, sequence, capabilities) + nonce + bytes([algorithms, lsb]) + b"".join(optional))


def complete(*optional, sequence=1):
    return struct.pack("!BH", 0x0D, sequence) + b"".join(optional)


def accept(*optional, sequence=2):
    return struct.pack("!BHB", 2, sequence, 4) + b"".join(optional)


def container(method, body):
    return struct.pack("!BHB", 0x74, 1 + len(body), method) + body


def crypto(tag, key, salt):
    return "a=crypto:%d AES_CM_128_HMAC_SHA1_80 inline:%s" % (tag, base64.b64encode(key + salt).decode())


def sdp(*lines, name="alice"):
    head = ["v=0", "o=%s 1 1 IN IP6 ::1" % name, "s=-", "t=0 0", "m=audio 0 RTP/SAVP 0"]
    return ("\r\n".join(head + list(lines)) + "\r\n").encode()


OFFER, ANSWER = sdp(crypto(1, KEY_1, SALT_1)), sdp(crypto(1, KEY_2, SALT_2), name="bob")


def fingerprint(*octets):
    return hashlib.sha256(b"".join(octets)).hexdigest()[:16]


# --- captures --------------------------------------------------------------------------------------------------------

ALICE, BOB = "10.0.0.1", "10.0.0.2"


def pcap(link_type, frames, snaplen=65535):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type)
    for number, octets in enumerate(frames):
        out += struct.pack("<IIII", 1_700_000_000 + number, 0, len(octets[:snaplen]), len(octets)) + octets[:snaplen]
    return out


def tag(number, octets):
    octets += bytes(-len(octets) % 4)
    return struct.pack("!HH", number, len(octets)) + octets


def exported(message, source=ALICE, destination=BOB, *tags):
    """An exported PDU (link type 252) for the dissector that is registered under the name pc5s."""
    packed = [bytes(int(part) for part in each.split(".")) for each in (source, destination)]
    return tag(12, b"pc5s") + tag(20, packed[0]) + tag(21, packed[1]) + b"".join(tags) + tag(0, b"") + message


def exported_capture(tshark, name, *messages):
    """Messages, or (source, destination, message)."""
    frames = [exported(each) if isinstance(each, bytes) else exported(each[2], each[0], each[1]) for each in messages]
    return tshark.file("pc5s-%s.pcap" % name, pcap(252, frames))


def sip_message(method, sender, receiver, number, body, content_type="application/vnd.3gpp.pc5s"):
    head = ("%s sip:ue@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK-%d\r\nFrom: <sip:a@example.com>;tag=%s\r\n"
            "To: <sip:b@example.com>\r\nCall-ID: %d@example.com\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\n"
            "Content-Type: %s\r\nContent-Length: %d\r\n\r\n")
    return (head % (method, receiver, sender, number, sender, number, number, method, content_type, len(body))).encode() + body


def sip_capture(tshark, name, *messages, method="MESSAGE"):
    """Messages as (source, destination, message), relayed by the network."""
    capture = Capture()
    for number, (source, destination, message) in enumerate(messages, 1):
        capture.udp((source, 5060), (destination, 5060), sip_message(method, source, destination, number, message))
    path = tshark.file("pc5s-%s.pcap" % name, b"")
    capture.write(path)
    return path


# --- what tshark says ------------------------------------------------------------------------------------------------


def frames_of(tshark, capture, *options):
    """A list of (field, value) of each frame, fields of ours alone."""
    root = ElementTree.fromstring(tshark.text(capture, "-T", "pdml", *options))
    return [[(each.get("name"), each.get("show") or "") for each in packet.iter() if (each.get("name") or "").startswith(OURS)]
            for packet in root.findall("packet")]


def values(frame, name):
    return [show for each, show in frame if each == name]


def value(frame, name):
    """The field's one value; where its information element and the security context both show it, they must agree."""
    found = set(values(frame, "pc5s." + name))
    assert len(found) == 1, "%s: %s" % (name, found)
    return found.pop().replace(":", "")


def experts(frame):
    return {name for name, _ in frame} & {"pc5s.note", "pc5s.warning", "pc5s.error", "pc5s.sequence_warning",
                                          "pc5s.sequence_note", "pc5s.retransmission"}


# --- fields ----------------------------------------------------------------------------------------------------------

SIGNATURE = bytes(range(64)) + b"\4" + bytes(64)
FULL_REQUEST = request(b"\x11\0\1\0\2", b"\x19\0\0\3", b"\x16" + SIGNATURE, b"\3\xfe\x80" + bytes(13) + b"\1")
FULL_COMMAND = command(b"\x10\xde\xad", b"\x12" + bytes(range(16)), b"\x18\0\3gpi", b"\1\4\1bob", b"\x16" + SIGNATURE,
                       b"\x17\1\x11" + bytes(range(256)) + bytes(17))

# message; fields and what they show
MESSAGES = {
    "request": (FULL_REQUEST, {
        "type": "0x01", "sequence": "1", "user_info.type": "1", "ip_config": "4", "max_inactivity": "600",
        "nonce_1": NONCE_1.hex(), "capabilities": "0xf0f0", "kd_sess_id.msb": "0x12", "kd_id": "0x00010002",
        "relay_service_code": "0x000003", "signature": SIGNATURE.hex(), "signature.r": SIGNATURE[:32].hex(),
        "signature.s": SIGNATURE[32:64].hex(), "signature.pvt": SIGNATURE[64:].hex()}),
    "command": (FULL_COMMAND, {
        "capabilities": "0xf0f0", "nonce_2": NONCE_2.hex(), "algorithms": "0x22", "algorithms.ciphering": "2",
        "algorithms.integrity": "2", "kd_sess_id.lsb": "0x34", "kd_id.msb": "0xdead", "kd_freshness": bytes(range(16)).hex(),
        "gpi": b"gpi".hex(), "user_info.type": "1", "encrypted_payload": (bytes(range(256)) + bytes(17)).hex()}),
    "complete": (complete(b"\x0f\xbe\xef"), {"type": "0x0d", "kd_id.lsb": "0xbeef"}),
    "accept": (accept(), {"type": "0x02", "sequence": "2", "ip_config": "4"}),
    "reject": (b"\3\0\1\2", {"cause": "2"}),
    "keepalive": (b"\4\0\5\0\0\0\7\7\0\0\0\x78", {"keepalive_counter": "7", "max_inactivity": "120"}),
    "keepalive_ack": (b"\5\0\6\0\0\0\7", {"keepalive_counter": "7"}),
    "release": (b"\6\0\7\3", {"reason": "3"}),
    "release_accept": (b"\7\0\x08", {"type": "0x07", "sequence": "8"}),
    "unknown layout": (b"\x08\0\x09\1\2", {"type": "0x08", "data": "0102"}),
    "security reject": (b"\x0e\0\1\2\x0a" + bytes(range(16)) + b"\x09" + bytes(range(14)),
                        {"cause": "2", "rand": bytes(range(16)).hex(), "auts": bytes(range(14)).hex()}),
    "rekeying request": (b"\x0f\0\2\xf0\xf0" + NONCE_1 + b"\x13\x15\1\x08PRUK-ID!",
                         {"nonce_1": NONCE_1.hex(), "kd_sess_id.msb": "0x13", "auth_flag": "1", "pruk_id": b"PRUK-ID!".hex()}),
    "rekeying response": (b"\x10\0\2", {"type": "0x10"}),
    "rekeying trigger": (b"\x11\0\2", {"type": "0x11"}),
    "remote UE request": (b"\x12\0\2\1", {"remote_ue_type": "1"}),
    "remote UE response": (b"\x13\0\2\x1b\x21\x43\x65\x87\x09\x21\x43\xf5",
                           {"imei": "21436587092143f5", "imei.digits": "123456789012345"}),
    "IMSI": (request(user=b"\3\x00\x01\x01\x32\x54\x76\x98\xf0"), {"user_info.imsi": "001010234567890"}),
    "PRUK ID": (request(user=b"\2PRUK-ID!"), {"user_info.pruk_id": b"PRUK-ID!".hex()}),
}


@pytest.fixture(scope="module")
def shown(tshark):
    capture = exported_capture(tshark, "messages", *(message for message, _ in MESSAGES.values()))
    return dict(zip(MESSAGES, frames_of(tshark, capture)))


@pytest.mark.parametrize("name", MESSAGES)
def test_every_information_element_has_its_field(shown, name):
    for field, expected in MESSAGES[name][1].items():
        assert value(shown[name], field) == expected, field
    assert "pc5s.error" not in experts(shown[name]) and "pc5s.warning" not in experts(shown[name])


def test_user_info_reads_as_text(tshark, shown):
    assert "User Info: alice" in tshark.text(exported_capture(tshark, "user-info-text", FULL_REQUEST), "-V")
    assert value(shown["request"], "user_info.info") == b"alice".hex()
    assert value(shown["command"], "user_info.info") == b"bob".hex()
    assert values(shown["request"], "pc5s.link_local") == ["fe80::1"]


def test_capabilities_bit_by_bit(shown):
    given = [name for name, show in shown["request"] if name.startswith("pc5s.capabilities.") and show in ("1", "True")]
    assert given == ["pc5s.capabilities.%s%d" % (kind, number) for kind in ("eea", "eia") for number in range(4)]


@pytest.mark.parametrize("name", SIMULATED)
def test_messages_of_the_simulator(tshark, name):
    message = SIMULATED[name]
    frame = frames_of(tshark, exported_capture(tshark, "simulated", message))[0]
    assert value(frame, "type") == "0x%02x" % message[0]
    assert value(frame, "sequence") == "%d" % int.from_bytes(message[1:3], "big")
    assert "pc5s.error" not in experts(frame) and not values(frame, "pc5s.data")


def columns(tshark, capture, *options):
    layout = 'gui.column.format:"p","%p","i","%i"'
    return [line.split("\t") for line in tshark.text(capture, "-T", "tabs", "-o", layout, *options).splitlines()]


def test_columns(tshark):
    capture = exported_capture(tshark, "columns", request(), b"\x42\0\1", b"", b"\7")
    found = [[cell.strip() for cell in row] for row in columns(tshark, capture)]
    assert found == [["PC5-S", "DIRECT_COMMUNICATION_REQUEST, seq 1"], ["PC5-S", "PC5 signalling of type 0x42, seq 1"],
                     ["PC5-S", "PC5 signalling without a type"], ["PC5-S", "DIRECT_COMMUNICATION_RELEASE_ACCEPT"]]


# --- carriers --------------------------------------------------------------------------------------------------------


def test_user_link_type(tshark):
    capture = tshark.file("pc5s-user.pcap", pcap(147, [FULL_REQUEST, complete()]))
    frames = frames_of(tshark, capture, "-o", 'uat:user_dlts:"User 0 (DLT=147)","pc5s","0","","0",""')
    assert value(frames[0], "kd_id") == "0x00010002" and value(frames[1], "type") == "0x0d"
    assert not experts(frames[1])  # without addresses nobody knows what it should follow


@pytest.mark.parametrize("method", ["MESSAGE", "INFO"])
def test_body_of_sip(tshark, method):
    capture = sip_capture(tshark, "sip", (ALICE, BOB, FULL_REQUEST), method=method)
    assert value(frames_of(tshark, capture)[0], "kd_id") == "0x00010002"
    protocol, info = [cell.strip() for cell in columns(tshark, capture)[0]]
    assert protocol == "SIP/PC5-S" and info.startswith("Request: " + method)
    assert info.endswith("DIRECT_COMMUNICATION_REQUEST, seq 1")


def test_body_of_http(tshark):
    capture = Capture()
    client, server = (ALICE, 40000), (BOB, 80)
    connection = TcpConnection(capture, client, server)
    head = "%s\r\nHost: relay.example.com\r\nContent-Type: application/vnd.3gpp.pc5s\r\nContent-Length: %d\r\n\r\n"
    asked = connection.send(client, (head % ("POST /pc5 HTTP/1.1", len(FULL_REQUEST))).encode() + FULL_REQUEST)
    answered = connection.send(server, (head % ("HTTP/1.1 200 OK", len(FULL_COMMAND))).encode() + FULL_COMMAND)
    path = tshark.file("pc5s-http.pcap", b"")
    capture.write(path)
    frames = frames_of(tshark, path)
    assert value(frames[asked - 1], "kd_id") == "0x00010002"
    assert values(frames[answered - 1], "pc5s.request_frame") == [str(asked)]


def test_tcp_information_of_an_exported_pdu_is_not_taken_for_addresses(tshark):
    """Exported PDUs hand their dissector data of their own, which the file decides on."""
    information = tag(34, struct.pack("!HIIII", 1, 0x41414141, 0x42424242, 0x43434343, 0x44444444) + bytes(20))
    capture = tshark.file("pc5s-tcp.pcap", pcap(252, [exported(request(), ALICE, BOB, information)]))
    assert value(frames_of(tshark, capture)[0], "type") == "0x01"


def test_capture_that_cut_the_message(tshark):
    capture = tshark.file("pc5s-cut.pcap", pcap(252, [exported(FULL_REQUEST)], snaplen=len(exported(b"")) + 20))
    text = tshark.text(capture, "-V")
    assert "Packet size limited during capture" in text and "Dissector bug" not in text
    assert values(frames_of(tshark, capture)[0], "pc5s.max_inactivity") == ["600"]


@pytest.mark.parametrize("arguments", [["-V", "-x"], []], ids=["details", "summary"])
def test_disabled_it_is_not_there(tshark, arguments):
    capture = sip_capture(tshark, "off", (ALICE, BOB, request(container(1, OFFER))),
                          (BOB, ALICE, accept(container(3, TRANSFER_RESP))))
    assert tshark.text(capture, *arguments, *OFF) == tshark.text(capture, *arguments, plugin=False)


# --- the container ---------------------------------------------------------------------------------------------------


def call(offer, answer):
    """A link whose request holds the offer and whose command the answer."""
    return (ALICE, BOB, request(offer)), (BOB, ALICE, command(answer)), (ALICE, BOB, complete()), (BOB, ALICE, accept())


@pytest.fixture(scope="module", params=[exported_capture, sip_capture], ids=["exported", "SIP"])
def sdes(request, tshark):
    """Frames of a link keyed by SDES, shown without and with keys."""
    path = request.param(tshark, "sdes-" + request.param.__name__, *call(container(1, OFFER), container(1, ANSWER)))
    return frames_of(tshark, path), frames_of(tshark, path, *SHOW_KEYS)


def test_sdes_is_shown_by_the_sdes_dissector(sdes):
    frames, _ = sdes
    for frame, key, salt in ((frames[0], KEY_1, SALT_1), (frames[1], KEY_2, SALT_2)):
        assert value(frame, "keyest.method") == "0x01"
        assert values(frame, "sdes.tag") == ["1"] and values(frame, "sdes.suite") == ["AES_CM_128_HMAC_SHA1_80"]
        assert values(frame, "sdes.key_fingerprint") == [fingerprint(key, salt)]
    assert values(frames[0], "sdes.role") == ["offer"]
    assert values(frames[1], "sdes.role") == ["answer"] and values(frames[1], "sdes.offer_frame") == ["1"]


def test_lines_of_the_sdp(sdes):
    frames, _ = sdes
    assert values(frames[0], "pc5s.keyest.sdp") == ["v=0", "o=alice 1 1 IN IP6 ::1", "s=-", "t=0 0", "m=audio 0 RTP/SAVP 0"]


def secrets_in(frames):
    text = json.dumps(frames).replace(":", "").lower()
    keys = [each.hex() for each in (KEY_1, KEY_2, SALT_1, SALT_2)]
    return [each for each in keys + [base64.b64encode(key).decode()[:18].lower() for key in (KEY_1, KEY_2)] if each in text]


def test_keys_are_shown_on_request_only(sdes):
    frames, with_keys = sdes
    assert secrets_in(frames) == []
    assert values(with_keys[0], "sdes.key")[0].replace(":", "") == KEY_1.hex()


@pytest.mark.parametrize("options", [[], ["-o", "pc5s.keyest_encoding:E6"], ["-o", "pc5s.keyest_iei:99"],
                                     ["-o", "pc5s.keyest_encoding:E3"]], ids=["E1", "E6", "other IEI", "E3"])
def test_key_stays_hidden_where_the_preferences_are_wrong(tshark, options):
    messages = [request(container(1, OFFER)), request(container(0x80, OFFER)), request(user=b"\xf1" + OFFER),
                request(container(4, b"\1\1\x1e" + KEY_1 + SALT_1)), request(b"\x74\x01\0\1" + OFFER)]
    capture = exported_capture(tshark, "hidden", *messages)
    frames = frames_of(tshark, capture, *options)
    assert [value(frame, "type") for frame in frames] == ["0x01"] * len(messages)
    if options:  # a compact key in octets that nothing announces is not told from others
        frames.pop(3)
    assert secrets_in(frames) == []


def test_body_is_shown_once_and_is_no_sip_offer(tshark):
    """SIP with an SDP body inside PC5 signalling is not SDP of the SIP dialog."""
    path = sip_capture(tshark, "once", (ALICE, BOB, request(container(1, OFFER))))
    for options in ([], ["-2"]):
        frame = frames_of(tshark, path, *options)[0]
        assert values(frame, "sdes.tag") == ["1"]


def test_mikey_ticket_is_shown_by_the_mikey_dissector(tshark):
    path = exported_capture(tshark, "mikey", *call(container(3, TRANSFER_INIT), container(3, TRANSFER_RESP)))
    frames = frames_of(tshark, path)
    assert value(frames[0], "keyest.method") == "0x03"
    assert values(frames[0], "mikey_ticket.type") == ["14"] and values(frames[1], "mikey_ticket.type") == ["15"]
    assert "17" in values(frames[0], "mikey_ticket.payload")  # the ticket itself
    assert not any("pc5s.sequence_warning" in experts(frame) for frame in frames)
    assert "Mikey: TRANSFER_INIT" in columns(tshark, path)[0][1]


def test_csb_of_another_offer_is_named(tshark):
    other = TRANSFER_RESP[:4] + b"\x99" + TRANSFER_RESP[5:]
    path = exported_capture(tshark, "csb", *call(container(3, TRANSFER_INIT), container(3, other)))
    assert "pc5s.sequence_warning" in experts(frames_of(tshark, path)[1])
    assert "have different CSB IDs" in tshark.text(path, "-V")


# what is wrong with the content; method, content, and the expert field of whoever decodes it
CONTENTS = {
    "one tag twice": (1, sdp(crypto(1, KEY_1, SALT_1), crypto(1, KEY_2, SALT_2)), "sdes.section"),
    "key too short": (1, sdp(crypto(1, KEY_1, b"")), "sdes.error"),
    "foreign character in the key": (1, sdp(crypto(1, KEY_1, SALT_1)[:-4] + "*AAA"), "sdes.error"),
    "MKI length without value": (1, sdp(crypto(1, KEY_1, SALT_1) + "|:4"), "sdes.error"),
    "lifetime of 2^64": (1, sdp(crypto(1, KEY_1, SALT_1) + "|2^64"), "sdes.error"),
    "SDP without a key": (1, sdp(), "pc5s.error"),
    "foreign character in MIKEY": (2, b"a=key-mgmt:mikey AQ4F*A==", "mikey_ticket.sdp_error"),
    "payload of MIKEY past its end": (3, TRANSFER_INIT[:-40], "mikey_ticket.error"),
    "NUL in the SDP": (1, OFFER.replace(b"t=0 0", b"t=0\0000"), "pc5s.warning"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_departure_of_the_content_is_named(tshark, name):
    method, content, expert = CONTENTS[name]
    frame = frames_of(tshark, exported_capture(tshark, "content", request(container(method, content))))[0]
    assert expert in {field for field, _ in frame}


def test_lines_that_end_in_lf(tshark):
    message = request(container(1, OFFER.replace(b"\r\n", b"\n")))
    frame = frames_of(tshark, exported_capture(tshark, "lf", message))[0]
    assert values(frame, "sdes.key_fingerprint") == [fingerprint(KEY_1, SALT_1)]


@pytest.mark.parametrize("whole", [True, False], ids=["body", "line"])
def test_mikey_in_sdp(tshark, whole):
    line = "a=key-mgmt:mikey " + base64.b64encode(TRANSFER_INIT).decode()
    body = ("v=0\r\n%s\r\nm=audio 0 RTP/SAVP 0\r\n" % line if whole else line).encode()
    frame = frames_of(tshark, exported_capture(tshark, "key-mgmt", request(container(2, body))))[0]
    assert values(frame, "mikey_ticket.type") == ["14"] and value(frame, "keyest.method") == "0x02"


def test_line_of_sdes_alone(tshark):
    frame = frames_of(tshark, exported_capture(tshark, "line", request(container(1, crypto(7, KEY_1, SALT_1).encode()))))[0]
    assert values(frame, "sdes.tag") == ["7"] and values(frame, "sdes.key_fingerprint") == [fingerprint(KEY_1, SALT_1)]


def test_compact_sdes(tshark):
    body = b"\5\1\x1e" + KEY_1 + SALT_1 + b"\1\2"
    capture = exported_capture(tshark, "compact", request(container(4, body)))
    frame = frames_of(tshark, capture)[0]
    assert value(frame, "keyest.tag") == "5" and value(frame, "keyest.suite") == "1"
    assert value(frame, "keyest.key_length") == "30"
    assert value(frame, "keyest.mki") == "0102" and values(frame, "sdes.mki") == ["258"]
    assert values(frame, "sdes.key_fingerprint") == [fingerprint(KEY_1, SALT_1)]
    assert secrets_in([frame]) == [] and base64.b64encode(KEY_1).decode()[:10] not in tshark.text(capture, "-V", "-x")


def fragments(octets, size):
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    return b"".join(bytes([0x74, len(piece) + 2, number, len(pieces)]) + piece for number, piece in enumerate(pieces, 1))


# encoding, message
ENCODINGS = {
    "E1": request(container(1, OFFER)),
    "E2": request(struct.pack("!BH", 0x74, len(OFFER)) + OFFER),
    "E3": request(fragments(b"\1" + OFFER, 50)),
    "E4": request(user=b"\xf1" + OFFER),
    "E5": request(OFFER),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings(tshark, name):
    capture = exported_capture(tshark, "encoding", ENCODINGS[name])
    frame = frames_of(tshark, capture, "-o", "pc5s.keyest_encoding:" + name)[0]
    assert value(frame, "keyest.method") == "0x01" and values(frame, "sdes.key_fingerprint") == [fingerprint(KEY_1, SALT_1)]
    assert "pc5s.error" not in experts(frame) and "pc5s.warning" not in experts(frame)
    if name == "E3":
        assert values(frame, "pc5s.keyest.fragment") == ["1", "2", "3"] and set(values(frame, "pc5s.keyest.fragments")) == {"3"}


def test_no_container_where_there_is_to_be_none(tshark):
    frame = frames_of(tshark, exported_capture(tshark, "none", ENCODINGS["E1"]), "-o", "pc5s.keyest_encoding:E6")[0]
    assert not values(frame, "sdes.tag") and "pc5s.warning" in experts(frame)


def test_iei_and_length_of_the_container(tshark):
    message = request(bytes([0x60, 1 + len(OFFER), 1]) + OFFER)
    options = ["-o", "pc5s.keyest_iei:60", "-o", "pc5s.keyest_short_length:TRUE"]
    frame = frames_of(tshark, exported_capture(tshark, "short", message), *options)[0]
    assert values(frame, "sdes.key_fingerprint") == [fingerprint(KEY_1, SALT_1)]


@pytest.mark.parametrize("option, kept", [("decimal", False), ("hex-literal", True), ("auto", True)])
def test_radix_of_ieis(tshark, option, kept):
    capture = exported_capture(tshark, "radix", command(b"\x16\xde\xad"))
    frame = frames_of(tshark, capture, "-o", "pc5s.iei_radix:" + option)[0]
    assert (values(frame, "pc5s.kd_id.msb") == ["0xdead"]) == kept
    assert ("pc5s.note" in experts(frame)) == (option != "hex-literal")


@pytest.mark.parametrize("option, octets", [("auto", 1), ("1", 1), ("2", 2)])
def test_octets_of_a_length(tshark, option, octets):
    payload = b"sakke"
    message = command(b"\x17" + len(payload).to_bytes(octets, "big") + payload)
    frame = frames_of(tshark, exported_capture(tshark, "length", message), "-o", "pc5s.length_octets:" + option)[0]
    assert value(frame, "encrypted_payload") == payload.hex()


@pytest.mark.parametrize("option", ["auto", "apart"])
def test_length_of_user_info(tshark, option):
    message = request()
    message = message[:3] + bytes([message[3] - 1]) + message[4:]
    frame = frames_of(tshark, exported_capture(tshark, "user-info", message), "-o", "pc5s.user_info_length:" + option)[0]
    assert value(frame, "user_info.info") == b"alice".hex() and value(frame, "kd_sess_id.msb") == "0x12"


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("passes", [[], ["-2"]], ids=["1 pass", "2 passes"])
def test_messages_of_a_link(tshark, passes):
    messages = [(ALICE, BOB, request()), (ALICE, BOB, request()), (BOB, ALICE, command(b"\x10\xde\xad")),
                (ALICE, BOB, complete(b"\x0f\xbe\xef")), (BOB, ALICE, accept())]
    frames = frames_of(tshark, exported_capture(tshark, "link", *messages), *passes)
    assert [values(frame, "pc5s.request_frame") for frame in frames] == [[], [], ["1"], ["3"], ["1"]]
    assert values(frames[1], "pc5s.first_frame") == ["1"] and "pc5s.retransmission" in experts(frames[1])
    assert values(frames[4], "pc5s.context.command_frame") == ["3"]
    assert values(frames[4], "pc5s.context.complete_frame") == ["4"]
    assert values(frames[4], "pc5s.kd_sess_id") == ["0x1234"] and values(frames[4], "pc5s.kd_id") == ["0xdeadbeef"]
    assert [experts(frame) for frame in frames] == [set(), {"pc5s.retransmission"}, set(), set(), set()]
    if passes:
        assert values(frames[0], "pc5s.response_frame") == ["5"] and values(frames[0], "pc5s.context.closing_frame") == ["5"]


# what is wrong; messages, the last of which must say so
WRONG = {
    "bid down": [(ALICE, BOB, request()), (BOB, ALICE, command(capabilities=0x8080, algorithms=0x11))],
    "algorithm not offered": [(ALICE, BOB, request(capabilities=0xC0C0)), (BOB, ALICE, command(capabilities=0xC0C0))],
    "nonce again": [(ALICE, BOB, request()), (ALICE, "10.0.0.3", request(sequence=2))],
    "nonces equal": [(ALICE, BOB, request()), (BOB, ALICE, command(nonce=NONCE_1))],
    "wrong direction": [(ALICE, BOB, request()), (ALICE, BOB, command())],
    "half a KD ID": [(ALICE, BOB, request()), (BOB, ALICE, command(b"\x10\xde\xad")), (ALICE, BOB, complete())],
    "after the release": [(ALICE, BOB, b"\6\0\1\1"), (BOB, ALICE, b"\7\0\1"), (ALICE, BOB, b"\4\0\2\0\0\0\1")],
    "key of another pair": [(ALICE, BOB, request(container(1, OFFER))),
                            (ALICE, "10.0.0.3", request(container(1, OFFER), sequence=2, nonce=bytes(range(16))))],
    "other method": call(container(1, OFFER), container(3, TRANSFER_RESP))[:2],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_between_messages_is_named(tshark, name):
    frames = frames_of(tshark, exported_capture(tshark, "wrong", *WRONG[name]))
    assert "pc5s.sequence_warning" in experts(frames[-1])
    assert not any("pc5s.sequence_warning" in experts(frame) for frame in frames[:-1])


def test_answer_with_the_offers_key_is_named(tshark):
    frames = frames_of(tshark, exported_capture(tshark, "reflected", *call(container(1, OFFER), container(1, OFFER))))
    assert "sdes.answer" in {name for name, _ in frames[1]} and "sdes.answer" not in {name for name, _ in frames[0]}


# --- hostile input ---------------------------------------------------------------------------------------------------


def spoiled(dice, message):
    octets = bytearray(message)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(octets))
        octets[place] = dice.choice([0, 1, 0x11, 0x74, 0x7F, 0x80, 0xFF, dice.randrange(256)])
    return bytes(octets[: dice.randint(0, len(octets))] if dice.random() < 0.3 else octets)


@pytest.mark.parametrize("encoding", ["E1", "E2", "E3", "E4", "E5", "E6"])
def test_spoiled_messages(tshark, encoding):
    dice = random.Random("spoiled " + encoding)
    good = [FULL_REQUEST, FULL_COMMAND, *ENCODINGS.values(), request(container(3, TRANSFER_INIT)),
            request(container(4, b"\5\1\x1e" + KEY_1 + SALT_1)), request(container(2, b"a=key-mgmt:mikey AQAFAA=="))]
    messages = [spoiled(dice, dice.choice(good)) for _ in range(400)]
    capture = exported_capture(tshark, "spoiled", *messages)
    for passes in ([], ["-2"]):
        text = tshark.text(capture, "-V", "-o", "pc5s.keyest_encoding:" + encoding, "-o", "pc5s.iei_radix:auto", *passes)
        assert "Dissector bug" not in text and text.count("\nFrame ") + 1 >= len(messages)

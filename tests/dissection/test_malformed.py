"""Malformed and suspicious key management, case by case: the expert info that names it, and the rest that is shown all the same.

Rows are numbered by what they are about: M, MIKEY; T, MIKEY-TICKET; C, a=crypto lines of SDES; K, a=key-mgmt lines; S, SRTP and
SRTCP. Each row has cases here or in one of the other tests, which ELSEWHERE names.
"""

import base64
import importlib
import xml.etree.ElementTree as ElementTree

import pytest

import mikey_calls
import mikey_malformed
from mikey_malformed import KEYED, KEY_LOG, MAC, answer, clear_kemac, key_data, psk, response, with_ticket
from model.capture import Capture
from model.mikey_model import TEK, number
from model.scenario import Scenario, Stream
from model.sip_model import Media, crypto_line, sdp
from model.srtp_model import make_key
from scenarios import ALICE, BOB, CM32, CM80, dialog

MIKEY = {**mikey_malformed.BASE, **mikey_malformed.TICKETS}
ROWS = {"M": 47, "T": 42, "C": 35, "K": 7, "S": 9}
# Cases that other tests hold: (module, test).
ELSEWHERE = {
    "M43": ("test_mikey", "test_protocols_taken_away_are_named"),
}


def flat(cases):
    return [pytest.param(case, id="%s %s" % (row, case.name)) for row, each in cases.items() for case in each]


def named(rows):
    """The rest of each row, by its number and name."""
    return [pytest.param(*row[2:], id="%s %s" % row[:2]) for row in rows]


# --- reading ---------------------------------------------------------------------------------------------------------


def packets_of(tshark, capture, *options):
    """Frame number -> the packet, as PDML has it."""
    root = ElementTree.fromstring(tshark.text(capture, "-T", "pdml", *options))
    return dict(enumerate(root.findall("packet"), 1))


def write(tshark, capture, name):
    path = tshark.file("malformed-%s.pcap" % name, b"")
    capture.write(path)
    return path


def experts_of(packet):
    """[(field, text)]"""
    found = []
    for each in packet.iter():
        if each.get("name") == "_ws.expert":
            inside = {field.get("name"): field.get("show") for field in each.iter("field")}
            text = inside.pop("_ws.expert.message", "")
            found += [(name, text) for name in inside if not name.startswith("_ws.expert")]
    return found


def values(packet, name):
    """Octets without colons."""
    return [(each.get("show") or "").replace(":", "") for each in packet.iter() if each.get("name") == name]


def assert_named(packet, expert, text, shown):
    """shown: (field, value) of what must be there all the same."""
    experts = experts_of(packet)
    assert [1 for name, told in experts if name == expert and text in told], experts
    assert not [told for _, told in experts if "issector bug" in told]
    name, value = shown
    assert str(value).replace(":", "") in values(packet, name)


# --- MIKEY messages --------------------------------------------------------------------------------------------------

PORT = ("10.0.0.1", 40000), ("10.0.0.2", 2269)


@pytest.fixture(scope="module")
def messages(tshark):
    """Case name -> packet. Each case has a CSB ID of its own."""
    capture, frames = Capture(), {}
    for at, param in enumerate(flat(MIKEY), 1):
        case = param.values[0]
        for made in filter(None, (case.answers, case.message)):
            frames[param.id] = capture.udp(*PORT, made(number(at, 4)))
    packets = packets_of(tshark, write(tshark, capture, "mikey"))
    return {name: packets[frame] for name, frame in frames.items()}


@pytest.mark.parametrize("case", flat(MIKEY))
def test_message(messages, request, case):
    name, value = case.shown
    assert_named(messages[request.node.callspec.id], case.expert, case.text, ("mikey_ticket." + name, value))


def test_nothing_is_said_of_messages_as_they_should_be(tshark):
    capture = Capture()
    for at, made in enumerate([psk(), answer(), with_ticket("DEFHJNO"), response()]):
        capture.udp(*PORT, made(number(at // 2, 4)))
    for packet in packets_of(tshark, write(tshark, capture, "nothing")).values():
        assert MAC.hex() in values(packet, "mikey_ticket.mac") and experts_of(packet) == []


@pytest.fixture(scope="module")
def keyed(tshark):
    """Case name -> the packet with the last of its messages."""
    made, frames = Scenario("malformed"), {}
    for param in named(KEYED):
        for octets in param.values[0](made):
            frames[param.id] = made.capture.udp(*PORT, octets)
    options = ["-o", "d2dsec.keylog_file:%s" % tshark.file("malformed.keylog", KEY_LOG)]
    packets = packets_of(tshark, write(tshark, made.capture, "keyed"), *options)
    return {name: packets[frame] for name, frame in frames.items()}


@pytest.mark.parametrize("made, expert, text, shown", named(KEYED))
def test_message_with_known_keys(keyed, request, made, expert, text, shown):
    assert_named(keyed[request.node.callspec.id], expert, text, ("mikey_ticket." + shown[0], shown[1]))


# --- SDP -------------------------------------------------------------------------------------------------------------

K1, K2, K3 = (base64.b64encode(bytes(range(at, at + 30))).decode() for at in (7, 57, 107))
LINE = "1 %s inline:%s" % (CM80, K1)
BEHIND = "77 %s inline:%s" % (CM80, K3)  # of the section behind, which must be shown
TAG_BEHIND = "sdes.tag", 77
SDES_NOTE, SDES_WARNING, SDES_ERROR, SECTION = ("sdes." + name for name in ("note", "warning", "error", "section"))
ANSWER, ANSWER_ERROR = "sdes.answer", "sdes.answer_error"
REPEATED = base64.b64encode(b"\7" * 30).decode()


def body(party, port, *lines, profile="RTP/SAVP", attributes=(), session=(), version=1):
    """The section at hand, and another one behind it."""
    return sdp(party.address, [Media(port, list(lines), profile=profile, attributes=list(attributes)),
                               Media(port // 100 * 100 + 100, [BEHIND], media="video")], session=session, version=version)


def offer(*lines, **options):
    return lambda call: [call.invite(body(ALICE, 20000, *lines, **options))]


def answered(lines, answer_lines, **options):
    """options: of the answer."""

    def made(call):
        call.invite(body(ALICE, 20000, *lines))
        return [call.ok(body(BOB, 30000, *answer_lines, **options))]

    return made


def offered_again(line, port, **options):
    """After a call under the same line a re-INVITE from another port."""

    def made(call):
        call.call(body(ALICE, 20000, LINE), body(BOB, 30000, "1 %s inline:%s" % (CM80, K2)))
        return [call.invite(body(ALICE, port, line, version=2, **options), to_tag=True)]

    return made


def suffix(text):
    return offer(LINE + text)


FEC = ["rtpmap:100 parityfec/8000"]
FEC_KEY = LINE + " FEC_KEY=inline:" + K2

CRYPTO = [
    ("C1", "at session level", offer(session=["crypto:" + LINE]), "sdes.session_level", "has no meaning"),
    ("C2", "under RTP/AVP", offer(LINE, profile="RTP/AVP"), SECTION, "transport without security"),
    ("C3", "no tag", offer(LINE[2:]), SDES_ERROR, "tag is not a decimal number"),
    ("C3", "tag of ten digits", offer("1234567890" + LINE[1:]), SDES_ERROR, "tag is not a decimal number"),
    ("C3", "tag that is no number", offer("x" + LINE[1:]), SDES_ERROR, "tag is not a decimal number"),
    ("C3", "tag with leading zero", offer("01" + LINE[1:]), SDES_ERROR, "tag has leading zeros"),
    ("C4", "tag twice", offer(LINE, "1 %s inline:%s" % (CM32, K2)), SECTION, "have the same tag"),
    ("C5", "unknown suite", offer("1 AES_512_XTS inline:" + K1), SDES_WARNING, "crypto suite is unknown"),
    ("C6", "suite with other characters", offer("1 AES-CM inline:" + K1), SDES_ERROR, "crypto suite is unknown"),
    ("C6", "no suite", offer("1"), SDES_ERROR, "crypto suite is missing"),
    ("C7", "method prompt", offer("1 %s prompt:%s" % (CM80, K1)), SDES_WARNING, 'method is not "inline"'),
    ("C8", "foreign character in base64", offer(LINE[:-5] + "*" + LINE[-4:]), SDES_ERROR, "not valid base64"),
    ("C8", "too much padding", offer(LINE + "===="), SDES_ERROR, "base64"),
    ("C9", "key too short", offer("1 %s inline:%s" % (CM80, K1[:36])), SDES_ERROR, "not as long as the crypto suite"),
    ("C9", "key too long", offer("1 %s inline:%s" % (CM80, K1 + "AAAA")), SDES_ERROR, "not as long as the crypto suite"),
    ("C10", "lifetime 0", suffix("|0"), SDES_ERROR, "lifetime is not a number"),
    ("C10", "lifetime with leading zero", suffix("|0100"), SDES_ERROR, "lifetime is not a number"),
    ("C10", "lifetime 2^", suffix("|2^"), SDES_ERROR, "lifetime is not a number"),
    ("C10", "lifetime 2^49", suffix("|2^49"), SDES_ERROR, "lifetime is not a number"),
    ("C11", "lifetime behind MKI", suffix("|1:4|2^20"), SDES_ERROR, "not key, lifetime and MKI"),
    ("C11", "three fields", suffix("|2^20|1:4|2"), SDES_ERROR, "not key, lifetime and MKI"),
    ("C12", "MKI without length", suffix("|1:"), SDES_ERROR, "MKI is not a positive number"),
    ("C12", "MKI of length 0", suffix("|1:0"), SDES_ERROR, "MKI is not a positive number"),
    ("C12", "MKI of length 129", suffix("|1:129"), SDES_ERROR, "MKI is not a positive number"),
    ("C12", "MKI with leading zero", suffix("|01:4"), SDES_ERROR, "MKI is not a positive number"),
    ("C12", "MKI larger than its length", suffix("|256:1"), SDES_ERROR, "MKI is not a positive number"),
    ("C13", "one of two keys without MKI", suffix("|1:4;inline:" + K2), SDES_ERROR, "One of several keys has no MKI"),
    ("C14", "MKIs of two lengths", suffix("|1:4;inline:%s|2:3" % K2), SDES_ERROR, "not as long as that of the keys before"),
    ("C15", "two keys, one MKI", suffix("|1:4;inline:%s|1:4" % K2), SDES_WARNING, "Another key has the same MKI"),
    ("C16", "two lines, one key", offer(LINE, "2" + LINE[1:]), SECTION, "have the same key"),
    ("C16", "answer with the offer's key", answered([LINE], [LINE]), ANSWER, "uses the offer's key"),
    ("C17", "key of one octet repeated", offer("1 %s inline:%s" % (CM80, REPEATED)), SDES_NOTE,
     "All octets of the key are the same"),
    ("C18", "KDR=25", suffix(" KDR=25"), SDES_ERROR, "key derivation rate"),
    ("C18", "KDR=x", suffix(" KDR=x"), SDES_ERROR, "key derivation rate"),
    ("C18", "KDR=05", suffix(" KDR=05"), SDES_ERROR, "key derivation rate"),
    ("C19", "WSH=63", suffix(" WSH=63"), SDES_WARNING, "window size hint"),
    ("C19", "WSH=9", suffix(" WSH=9"), SDES_WARNING, "window size hint"),
    ("C20", "FEC_ORDER=X", suffix(" FEC_ORDER=X"), SDES_ERROR, "FEC_ORDER is neither"),
    ("C21", "FEC_KEY, and FEC at the media's port", offer(FEC_KEY, attributes=FEC), SECTION,
     "FEC goes to the address and port"),
    ("C22", "unknown session parameter", suffix(" SOMETHING=1"), SDES_ERROR,
     "unknown session parameter makes the line invalid"),
    ("C23", "unknown optional session parameter", suffix(" -something=1"), SDES_NOTE, "optional session parameter is ignored"),
    ("C24", "UNENCRYPTED_SRTP", suffix(" UNENCRYPTED_SRTP"), SDES_NOTE, "switches off encryption or authentication"),
    ("C24", "UNENCRYPTED_SRTCP", suffix(" UNENCRYPTED_SRTCP"), SDES_NOTE, "switches off encryption or authentication"),
    ("C24", "UNAUTHENTICATED_SRTP", suffix(" UNAUTHENTICATED_SRTP"), SDES_NOTE, "switches off encryption or authentication"),
    ("C25", "session parameter twice", suffix(" KDR=1 KDR=2"), SDES_WARNING, "session parameter is repeated"),
    ("C26", "answer with another tag", answered([LINE], ["2 %s inline:%s" % (CM80, K2)]), ANSWER_ERROR,
     "tag is not one of the offer's"),
    ("C26", "answer with another suite", answered([LINE], ["1 %s inline:%s" % (CM32, K2)]), ANSWER_ERROR,
     "not the one offered under its tag"),
    ("C27", "answer with two lines", answered([LINE, "2 %s inline:%s" % (CM32, K2)], [
        "1 %s inline:%s" % (CM80, REPEATED), "2 %s inline:%s" % (CM32, K3)]), ANSWER, "more than one a=crypto line"),
    ("C28", "answer with a=key-mgmt, too",
     answered([LINE], ["1 %s inline:%s" % (CM80, K2)], attributes=["key-mgmt:mikey AQAA"]),
     SECTION, "both a=crypto and a=key-mgmt"),
    ("C29", "answer without", answered([LINE], []), ANSWER, "the answer accepts without"),
    ("C30", "answer without a negotiated parameter", answered([LINE + " UNENCRYPTED_SRTP"], ["1 %s inline:%s" % (CM80, K2)]),
     ANSWER, "does not repeat the negotiated session parameters"),
    ("C31", "white space between keys", suffix("|1:4; inline:%s|2:4" % K2), SDES_NOTE, "White space stands between keys"),
    ("C33", "another port and the same key", offered_again(LINE, 20010), SECTION, "Address or port have changed"),
    ("C34", "inline without key", offer("1 %s inline:" % CM80), SDES_ERROR, "The key is missing"),
    ("C34", "no key parameters", offer("1 " + CM80), SDES_ERROR, "The key is missing"),
    ("C35", "line of more than 1024 octets", suffix(" -x=" + "y" * 1024), SDES_WARNING, "longer than 1024 octets"),
    ("C35", "control character", suffix(" -x=\x01"), SDES_WARNING, "not printable ASCII"),
]

SDP, SDP_ERROR, SDP_PROFILE = ("mikey_ticket." + name for name in ("sdp", "sdp_error", "sdp_profile"))
CLEAR_KEY = psk(last=clear_kemac(key_data(TEK, bytes(range(30)))))(number(1, 4))
DECODED = "mikey_ticket.mac", MAC.hex()


def key_mgmt(before="mikey ", message=CLEAR_KEY, behind=""):
    return "key-mgmt:" + before + base64.b64encode(message).decode() + behind


def managed(*lines, **options):
    return offer(attributes=lines, **options)


CSB = [number(at, 4) for at in range(1, 7)]

KEY_MGMT = [
    ("K1", "MIKEY in capitals", managed(key_mgmt("MIKEY ")), SDP, "not in lower case", DECODED),
    ("K1", "another protocol", managed(key_mgmt("keyp1 ")), SDP, 'protocol is not "mikey"',
     ("mikey_ticket.sdp.kmpid", "keyp1")),
    ("K2", "foreign character", managed(key_mgmt()[:-4] + "*AAA"), SDP_ERROR, "not base64",
     ("mikey_ticket.sdp.kmpid", "mikey")),
    ("K2", "data after padding", managed(key_mgmt(message=CLEAR_KEY + b"\0", behind="AAAA")), SDP_ERROR, "not base64",
     ("mikey_ticket.sdp.kmpid", "mikey")),
    ("K2", "too much padding", managed(key_mgmt(behind="=")), SDP, "padding does not fit", DECODED),
    ("K3", "two spaces", managed(key_mgmt("mikey  ")), SDP, "White space other than one space", DECODED),
    ("K3", "tab", managed(key_mgmt("mikey\t")), SDP, "White space other than one space", DECODED),
    ("K4", "mikey twice", managed(key_mgmt(), key_mgmt()), SDP, "stands twice at one level", DECODED),
    ("K4", "mikey twice at session level", offer(session=[key_mgmt(), key_mgmt()]), SDP, "stands twice at one level", DECODED),
    ("K5", "message that does not begin with version 1", managed(key_mgmt(message=b"\2" + CLEAR_KEY[1:])),
     "mikey_ticket.warning", "version is not 1", DECODED),
    ("K6", "response in an offer", managed(key_mgmt(message=answer()(CSB[0]))), SDP, "the other way round", DECODED),
    ("K6", "initial message in an answer", answered([LINE], [], attributes=[key_mgmt()]), SDP, "the other way round", DECODED),
    ("K7", "under RTP/AVP", managed(key_mgmt(), profile="RTP/AVP"), SDP_PROFILE, "transport without security", DECODED),
]


def answer_of_another_csb(offered, answer_):
    def made(call):
        call.invite(body(ALICE, 20000, session=[key_mgmt(message=offered)]))
        return [call.ok(body(BOB, 30000, session=[key_mgmt(message=answer_)]))]

    return made


OTHER_CSB = [
    ("M40", "answer of another CSB ID", answer_of_another_csb(psk()(CSB[2]), answer()(CSB[3])), "mikey_ticket.other_csb",
     "CSB ID is not that of the message in the offer", DECODED),
    ("T37", "answer of another CSB ID", answer_of_another_csb(with_ticket("DEFHJNO")(CSB[4]), response()(CSB[5])),
     "mikey_ticket.other_csb", "CSB ID is not that of the message in the offer", DECODED),
]
BODIES = [(*row, TAG_BEHIND) for row in CRYPTO] + KEY_MGMT + OTHER_CSB


@pytest.fixture(scope="module")
def bodies(tshark):
    """Case name -> packet. Each case is a call of its own, between other ports."""
    made, frames = Scenario("malformed SDP"), {}
    for param in named(BODIES):
        frames[param.id] = param.values[0](dialog(made))[-1]
    # the stock dissector may throw at a bad line in the first pass
    packets = packets_of(tshark, write(tshark, made.capture, "sdp"), "-2")
    return {name: packets[frame] for name, frame in frames.items()}


@pytest.mark.parametrize("made, expert, text, shown", named(BODIES))
def test_body(bodies, request, made, expert, text, shown):
    packet = bodies[request.node.callspec.id]
    assert_named(packet, expert, text, shown)
    assert "77" in values(packet, "sdes.tag")


def test_nothing_is_said_of_bodies_as_they_should_be(tshark):
    made = Scenario("nothing")
    other_key = "1 %s inline:%s" % (CM80, base64.b64encode(bytes(range(30))).decode())
    makers = [offer(LINE + "|2^20|1:4 KDR=5 WSH=64"), offer(FEC_KEY, attributes=[*FEC, "fmtp:100 20010 IN IP4 10.0.0.1"]),
              managed(key_mgmt()), offered_again(other_key, 20010), offered_again(LINE, 20000),
              offered_again(LINE, 20010, attributes=["candidate:1 1 UDP 1 10.0.0.1 20010 typ host"])]
    frames = [make(dialog(made))[-1] for make in makers]
    packets = packets_of(tshark, write(tshark, made.capture, "nothing-sdp"), "-2")
    for frame in frames:
        ours = [each for each in experts_of(packets[frame]) if each[0].startswith(("sdes", "mikey_ticket.sdp"))]
        assert "77" in values(packets[frame], "sdes.tag") and ours == []


# --- SRTP and SRTCP ----------------------------------------------------------------------------------------------------

DEPARTURE, TRUNCATED, MISMATCH, IMPLAUSIBLE = (
    "d2dsrtp." + name for name in ("departure", "truncated", "tag_mismatch", "implausible"))


def media(spoil, suite=CM80, **options):
    """A call, then what `spoil` makes of its first stream: it returns the frame that is judged."""

    def made(s, src, dst):
        keys = [make_key(s.random, suite, **options) for _ in range(2)]
        dialog(s).call(body(ALICE, src[1], crypto_line(1, keys[0])), body(BOB, dst[1], crypto_line(1, keys[1])))
        return spoil(s, Stream(s, keys[0], src, dst))

    return made


def sent(s, stream, octets, rtcp=False):
    return s.capture.udp(stream.rtcp_src if rtcp else stream.src, stream.rtcp_dst if rtcp else stream.dst, octets)


def cut(octets):
    return lambda s, stream: sent(s, stream, stream.next().wire[:octets])


def padded(count):
    """P bit, and a last octet that counts what is not there."""

    def spoil(s, stream):
        plain = stream.next(padding=4).plain[:-1] + bytes([count])
        return sent(s, stream, stream.key.protect_rtp(plain, 0))

    return spoil


def header_beyond_the_end(first):
    """CC or X asks for more than there is."""
    return lambda s, stream: sent(s, stream, bytes([first]) + stream.next(size=0).wire[1:])


def mki_of_another(s, stream):
    wire = stream.next().wire
    return sent(s, stream, wire[:-14] + b"\x63\x63\x63\x63" + wire[-10:])


def no_rtcp(s, stream):
    """The second word of what was encrypted is no header of RTCP."""
    return sent(s, stream, stream.key.protect_rtcp(stream.report().plain[:28] + bytes(8), 7), rtcp=True)


def index_twice(s, stream):
    first, again = stream.report(), stream.report()
    sent(s, stream, first.wire, rtcp=True)
    return sent(s, stream, stream.key.protect_rtcp(again.plain, first.index), rtcp=True)


def report(**options):
    return lambda s, stream: s.put(stream.report(**options))


def of_unmapped_ssrc(s, src, dst):
    exchange = mikey_calls.pre_shared(s, inkey=mikey_malformed.PSK)
    begin(s, exchange, src, dst)
    stream = mikey_calls.streams(s, exchange, src, dst)[0]
    stream.ssrc ^= 1
    return s.put(stream.next())


def begin(s, exchange, src, dst):
    lines = {"profile": "RTP/SAVP"}
    dialog(s).call(body(ALICE, src[1], session=[key_mgmt(message=exchange.init())], **lines),
                   body(BOB, dst[1], session=[key_mgmt(message=exchange.resp())], **lines))


PROTECTED = "d2dsec.verdict", "tag mismatch"
SHORT, OPENED = ("d2dsec.verdict", "truncated"), ("d2dsec.verdict", "decrypted")

MEDIA = [
    ("C32", "E bit 0 without UNENCRYPTED_SRTCP", media(report(encrypted=False)), DEPARTURE, "E bit of SRTCP", ("rtcp.pt", 202)),
    ("C32", "E bit 1 with UNENCRYPTED_SRTCP", media(report(encrypted=True), unencrypted_srtcp=True), DEPARTURE,
     "E bit of SRTCP", ("rtcp.pt", 202)),
    ("S1", "no room for a tag", media(cut(21)), TRUNCATED, "Too short to be authenticated", ("rtp.version", 2)),
    ("S1", "no room for MKI and tag", media(cut(25), mki=b"\0\0\0\1"), TRUNCATED, "Too short to be authenticated",
     ("rtp.version", 2)),
    ("S2", "no room for index and tag", media(lambda s, stream: sent(s, stream, stream.report().wire[:20], rtcp=True)),
     TRUNCATED, "Too short to be authenticated", SHORT),
    ("S3", "MKI that was not signalled", media(mki_of_another, mki=b"\0\0\0\1"), "d2dsrtp.unknown_mki", "none of the MKIs",
     PROTECTED),
    ("S4", "one bit changed", media(lambda s, stream: sent(s, stream, mikey_malformed.flipped(stream.next().wire, 20))),
     MISMATCH, "No known key authenticates", ("rtp.version", 2)),
    ("S5", "SSRC that the CS ID map does not list", of_unmapped_ssrc, DEPARTURE, "none of those that the CS ID maps",
     ("rtp.version", 2)),
    ("S6", "SRTCP index twice", media(index_twice), DEPARTURE, "an index that other data has used", ("rtcp.pt", 202)),
    ("S6", "the same SRTCP packet twice", media(lambda s, stream: [sent(s, stream, each, rtcp=True) for each in
                                                                   [stream.report().wire] * 2][-1]), "d2dsrtp.replayed",
     "has been in the capture before", ("rtcp.pt", 202)),
    ("S7", "padding count beyond the payload", media(padded(60)), IMPLAUSIBLE, "not the form of RTP", OPENED),
    ("S7", "padding count 0", media(padded(0)), IMPLAUSIBLE, "not the form of RTP", OPENED),
    ("S7", "padding count 0, nothing authenticated", media(padded(0), unauthenticated_srtp=True), IMPLAUSIBLE,
     "not the form of RTP", ("d2dsec.verdict", "not authenticated")),
    ("S8", "CC beyond the end", media(header_beyond_the_end(0x8F)), "_ws.malformed.expert", "Malformed Packet",
     ("rtp.version", 2)),
    ("S8", "header extension beyond the end", media(header_beyond_the_end(0x90)), "_ws.malformed.expert", "Malformed Packet",
     ("rtp.version", 2)),
    ("S9", "plaintext that is no RTCP", media(no_rtcp), IMPLAUSIBLE, "not the form of RTP or RTCP", ("rtcp.pt", 200)),
]


@pytest.fixture(scope="module")
def packets(tshark):
    made, frames = Scenario("malformed media"), {}
    for at, param in enumerate(named(MEDIA)):
        frames[param.id] = param.values[0](made, (ALICE.address, 20000 + 200 * at), (BOB.address, 30000 + 200 * at))
    options = ["-o", "d2dsec.keylog_file:%s" % tshark.file("malformed.keylog", KEY_LOG)]
    found = packets_of(tshark, write(tshark, made.capture, "media"), *options)
    return {name: found[frame] for name, frame in frames.items()}


@pytest.mark.parametrize("made, expert, text, shown", named(MEDIA))
def test_packet(packets, request, made, expert, text, shown):
    assert_named(packets[request.node.callspec.id], expert, text, shown)


def test_nothing_is_said_of_packets_as_they_should_be(tshark):
    made, frames = Scenario("nothing of media"), []

    def talk(s, stream):
        frames.extend(stream.send(padding=4) + stream.send() + stream.send_report())

    for at, options in enumerate([{}, {"mki": b"\0\0\0\1"}, {"unencrypted_srtcp": True}]):
        media(talk, **options)(made, (ALICE.address, 20000 + 200 * at), (BOB.address, 30000 + 200 * at))
    exchange, src, dst = mikey_calls.pre_shared(made, inkey=mikey_malformed.PSK), (ALICE.address, 21000), (BOB.address, 31000)
    begin(made, exchange, src, dst)
    for stream in mikey_calls.streams(made, exchange, src, dst):
        talk(made, stream)
    options = ["-o", "d2dsec.keylog_file:%s" % tshark.file("malformed.keylog", KEY_LOG)]
    found = packets_of(tshark, write(tshark, made.capture, "nothing-media"), *options)
    for frame in frames:
        assert values(found[frame], "d2dsec.verdict")[0] in ("decrypted", "authenticated only")
        assert [each for each in experts_of(found[frame]) if each[0].startswith("d2dsrtp")] == []


# --- all of them -------------------------------------------------------------------------------------------------------


def test_every_row_has_a_case():
    here = set(MIKEY) | {row[0] for row in [*KEYED, *BODIES, *MEDIA]}
    for module, test in ELSEWHERE.values():
        assert callable(getattr(importlib.import_module(module), test))
    assert here | set(ELSEWHERE) == {"%s%d" % (letter, at) for letter, count in ROWS.items() for at in range(1, count + 1)}

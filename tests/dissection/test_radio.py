"""LTE sidelink from SL-SCH to IP, ARP and PC5-S: every carrier, RLC in parts, hostile input, and stock's view of all else."""

import random
import re
import xml.etree.ElementTree as ElementTree

import pytest

from model import real_captures
from model.capture import Capture
from model.sidelink_framing import (
    ARP, C_RNTI, GROUPCAST, IP, NON_IP, PC5S, UPPER_PDU, USER0, V2X, exported_pdu, gsmtap, mac_lte, mac_lte_context, pcap,
    pdcp, rlc_um, rlc_um_pdus, sl_pdcp, slsch)

ALICE, BOB = 0x010203, 0x0A0B0C
SAMPLE = real_captures.FOLDER / "d2d-sample.pcap"
OURS = ("slsch", "rlc_sl", "pdcp_sl")
OFF = [word for name in OURS for word in ("--disable-protocol", name)]
STOCK_ON = ["--enable-heuristic", "mac_lte_udp"]
FRAMING_ON = ["--enable-heuristic", "pdcp_sl_udp"]
NOTE, WARNING, ERROR = 0x400000, 0x600000, 0x800000


# --- making captures ------------------------------------------------------------------------------------------


def ip_packet(number, length=20):
    """An IPv4 packet of UDP from 10.0.0.1 with its number as source port."""
    made = Capture()
    made.udp(("10.0.0.1", 20000 + number), ("10.0.0.2", 40000), bytes((number + at) % 251 for at in range(length)))
    return made.frames[0][1][14:]


def ip6_packet(number):
    made = Capture()
    made.udp(("2001:db8::1", 20000 + number), ("2001:db8::2", 40000), b"six")
    return made.frames[0][1][14:]


ARP_PACKET = bytes.fromhex("00010800060400010200000000010a0000010000000000000a000002")


def mac_of(*pdus, lcid=4, **header):
    return slsch(ALICE, BOB, *[(lcid, pdu) for pdu in pdus], **header)


def whole(pdu, sn=0):
    """A PDCP PDU that is all of an RLC PDU."""
    return rlc_um(sn, [pdu])


def over_udp(tshark, name, *payloads, port=9999, snaplen=65535):
    made = Capture(snaplen=snaplen)
    for payload in payloads:
        made.udp(("127.0.0.1", 1000), ("127.0.0.1", port), payload)
    path = tshark.file(name + ".pcap", b"")
    made.write(path)
    return path


def in_mac_lte(tshark, name, *pdus, **options):
    return over_udp(tshark, name, *map(mac_lte, pdus), **options)


# --- reading what tshark says ---------------------------------------------------------------------------------


def inner_ports(tshark, capture, *, passes=1, options=()):
    """Frame number -> numbers of the IP packets that were found inside."""
    rows = tshark.fields(capture, "udp.srcport", filter="pdcp_sl", passes=passes, options=options)
    return {frame: [int(port) - 20000 for port in row[0].split("|") if port and int(port) >= 20000]
            for frame, row in rows.items()}


def severities(tshark, capture, *options):
    """For each frame, severities of the experts of each of our protocols and of stock's Malformed."""
    found = []
    for packet in ElementTree.fromstring(tshark.text(capture, "-T", "pdml", *options)).findall("packet"):
        experts = []
        for element in packet.iter("field"):
            if element.get("name") == "_ws.expert":
                fields = {each.get("name"): each.get("show") for each in element}
                experts += [(name, int(fields["_ws.expert.severity"], 0)) for name in fields if name.split(".")[0] in OURS]
        # hidden, it stands beside each expert of that group
        if any(each.get("name") == "_ws.malformed" and each.get("hide") != "yes" for each in packet.iter()):
            experts.append(("malformed", ERROR))
        found.append(experts)
    return found


# --- the sample -----------------------------------------------------------------------------------------------

# The plaintext of the messages as whoever made the sample gave it; None where it is ciphered.
SDP = "v=0\r\no=%s 1 1 IN IP6 ::1\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n"
REQUEST = (bytes.fromhex("010001" "06" "01" + b"alice".hex() + "04" "00000258" "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf" "f0f0" "12"
                         "74" "0094" "01") + (SDP % ("alice", "AAECAwQFBgcICQoLDA0ODyAhIiMkJSYnKCkqKywt")).encode())
ACCEPT = (bytes.fromhex("020001" "04" "74" "0092" "01") + (SDP % ("bob", "EBESExQVFhcYGRobHB0eHzAxMjM0NTY3ODk6Ozw9")).encode())
COMMAND = bytes.fromhex("0c0001f0f0b0b1b2b3b4b5b6b7b8b9babbbcbdbebf223410dead")
# frame: source, destination, LCID, SDU type, KD-sess ID, SN, plaintext, MAC-I
KEYS_NOT_READ = ["-o", "pc5s.keyest_encoding:E6"] # SDP in PC5 signalling is passed over
SAMPLE_FRAMES = {
    1: (ALICE, BOB, 28, PC5S, 0, 0, REQUEST, ""),
    2: (BOB, ALICE, 28, PC5S, 0, 0, ACCEPT, ""),
    3: (BOB, ALICE, 29, PC5S, 0x1234, 1, COMMAND, "bb267d6c"),
    4: (ALICE, BOB, 29, PC5S, 0x1234, 1, None, "6e26e6b8"),
    5: (BOB, ALICE, 30, PC5S, 0x1234, 1, None, "e0092454"),
    6: (ALICE, BOB, 4, IP, 0x1234, 5, None, ""),
}


@pytest.mark.parametrize("options", [[], STOCK_ON], ids=["as it comes", "with stock's heuristic"])
def test_sample_to_the_last_layer(tshark, options):
    rows = tshark.fields(SAMPLE, "slsch.source", "slsch.destination_msb", "slsch.lcid", "pdcp_sl.sdu_type", "pdcp_sl.kd_sess_id",
                         "pdcp_sl.sn", "pdcp_sl.sdu", "pdcp_sl.mac_i", "pdcp_sl.protection", "d2dsec.verdict",
                         options=[*options, *KEYS_NOT_READ])
    for number, (source, destination, lcid, kind, key_id, sn, plain, mac_i) in SAMPLE_FRAMES.items():
        row = rows[number]
        assert [int(each, 0) for each in row[:6]] == [source, destination >> 8, lcid, kind, key_id, sn]
        assert row[6] == (plain or b"").hex() and row[7] == mac_i
        protection = "ciphered" if plain is None else "integrity protected, not ciphered" if key_id else "none"
        assert row[8:] == [protection, "no key" if key_id else ""]


def test_sample_is_not_misread(tshark):
    """Stock says of every PC5-S frame that it is shorter than reported."""
    assert severities(tshark, SAMPLE, *STOCK_ON) == [[]] * 6
    assert severities(tshark, SAMPLE, *STOCK_ON, *KEYS_NOT_READ) == [[], []] + [[("pdcp_sl.no_key", NOTE)]] * 4
    assert "shorter than reported" not in tshark.text(SAMPLE, "-V", *STOCK_ON)


def test_stocks_names_find_what_stock_would_misread(tshark):
    names = ["mac-lte.ueid", "mac-lte.rnti-type", "mac-lte.slsch.version", "mac-lte.slsch.src-l2-id", "mac-lte.slsch.dst-l2-id",
             "mac-lte.slsch.lcid"]
    rows = tshark.fields(SAMPLE, *names, filter="mac-lte", options=STOCK_ON)
    for number, (source, destination, lcid, *_) in SAMPLE_FRAMES.items():
        assert [int(each, 0) for each in rows[number]] == [7, 8, 2, source, destination >> 8, lcid]


# --- carriers -------------------------------------------------------------------------------------------------

CONTENT = pdcp(IP, ip_packet(7))
MAC_PDU = mac_of(whole(CONTENT))
MORE_TAGS = bytes.fromhex("020001 030007 040125 0600 0701 0a01 0b06010203040506")


def decode_as_user0(dissector):
    return ["-o", 'uat:user_dlts:"User 0 (DLT=147)","%s","0","","0",""' % dissector]


# name: record or UDP payload, link type or UDP port, options
CARRIERS = {
    "MAC-LTE over UDP": (mac_lte(MAC_PDU), 9999, []),
    "MAC-LTE over UDP, more tags": (mac_lte(MAC_PDU, tags=MORE_TAGS), 9999, []),
    "MAC-LTE over UDP, V2X": (mac_lte(mac_of(whole(CONTENT), version=V2X)), 9999, []),
    "MAC-LTE over UDP, groupcast": (mac_lte(mac_of(whole(CONTENT), version=GROUPCAST)), 9999, []),
    "GSMTAP": (gsmtap(mac_lte_context(MAC_PDU)), 4729, []),
    "PDCP over UDP": (sl_pdcp(ALICE, BOB, 4, CONTENT), 9999, FRAMING_ON),
    "PDCP over UDP, by Decode As": (sl_pdcp(ALICE, BOB, 4, CONTENT), 7777, ["-d", "udp.port==7777,pdcp_sl"]),
    "user link, SL-SCH": (MAC_PDU, USER0, decode_as_user0("slsch")),
    "user link, framed SL-SCH": (mac_lte_context(MAC_PDU), USER0, decode_as_user0("slsch_framed")),
    "user link, RLC": (whole(CONTENT), USER0, decode_as_user0("rlc_sl")),
    "user link, PDCP": (CONTENT, USER0, decode_as_user0("pdcp_sl")),
    "user link, framed PDCP": (sl_pdcp(ALICE, BOB, 4, CONTENT), USER0, decode_as_user0("pdcp_sl_framed")),
    "exported SL-SCH": (exported_pdu("slsch", MAC_PDU), UPPER_PDU, []),
    "exported framed SL-SCH": (exported_pdu("slsch_framed", mac_lte_context(MAC_PDU)), UPPER_PDU, []),
    "exported RLC": (exported_pdu("rlc_sl", whole(CONTENT)), UPPER_PDU, []),
    "exported PDCP": (exported_pdu("pdcp_sl", CONTENT), UPPER_PDU, []),
    "exported framed PDCP": (exported_pdu("pdcp_sl_framed", sl_pdcp(ALICE, BOB, 4, CONTENT)), UPPER_PDU, []),
}


def carried(tshark, name):
    octets, place, _ = CARRIERS[name]
    if place in (USER0, UPPER_PDU):
        return tshark.file("carrier.pcap", pcap(place, [octets]))
    return over_udp(tshark, "carrier", octets, port=place)


@pytest.mark.parametrize("name", CARRIERS)
def test_ip_is_dissected_whatever_carries_it(tshark, name):
    options = CARRIERS[name][2]
    capture = carried(tshark, name)
    rows = tshark.fields(capture, "frame.protocols", "pdcp_sl.sdu", "ip.src", options=options)
    assert ":pdcp_sl:ip:udp" in ":" + rows[1][0]
    assert rows[1][1] == ip_packet(7).hex() and rows[1][2].split("|")[-1] == "10.0.0.1"
    assert inner_ports(tshark, capture, options=options) == {1: [7]}
    assert severities(tshark, capture, *options) == [[]]


# Those that need no name of the plugin's in the capture or on the command line.
WITHOUT_NAMES = [name for name, (_, place, options) in CARRIERS.items() if place not in (USER0, UPPER_PDU) and not options]


@pytest.mark.parametrize("name", WITHOUT_NAMES)
@pytest.mark.parametrize("arguments", [["-V", "-x"], []], ids=["details", "summary"])
def test_disabled_it_is_not_there(tshark, name, arguments):
    capture = carried(tshark, name)
    for options in ([], STOCK_ON):
        with_plugin = tshark.text(capture, *arguments, *options, *OFF)
        assert with_plugin == tshark.text(capture, *arguments, *options, plugin=False)


def test_addresses_of_the_framing(tshark):
    payload = sl_pdcp(ALICE, BOB, 30, pdcp(PC5S, bytes(9), 0x1234, 5), flags=3)
    capture = over_udp(tshark, "framed", payload)
    row = tshark.fields(capture, "pdcp_sl.frame.source", "pdcp_sl.frame.destination", "pdcp_sl.frame.lcid",
                        "pdcp_sl.frame.direction_known", "pdcp_sl.count", "pdcp_sl.mac_i", options=FRAMING_ON)[1]
    assert [int(each, 0) for each in row[:3]] == [ALICE, BOB, 30]
    assert row[3] in ("1", "True") and int(row[4], 0) == 0x12340005 and row[5] == "00000000"
    assert tshark.fields(capture, "pdcp_sl.sn")[1] == [""]  # the heuristic is off by default


def test_payloads_of_every_type(tshark):
    sdus = [pdcp(IP, ip_packet(1)), pdcp(IP, ip6_packet(2)), pdcp(ARP, ARP_PACKET), pdcp(NON_IP, b"\x45 is no IP here"),
            pdcp(IP, b"\x18header compression"), pdcp(5, ip_packet(3))]
    capture = in_mac_lte(tshark, "types", *[mac_of(whole(sdu, number)) for number, sdu in enumerate(sdus)],
                         mac_of(whole(pdcp(PC5S, b"\x07\x00\x01")), lcid=28))
    rows = tshark.fields(capture, "frame.protocols")
    above = [row[0].split(":pdcp_sl", 1)[1].split(":")[1] for row in rows.values()]
    assert above[:3] == ["ip", "ipv6", "arp"] and above[3:6] == ["data"] * 3 and above[6] in ("data", "pc5s")
    assert [sorted(each) for each in severities(tshark, capture)][:6] == [
        [], [], [], [], [("pdcp_sl.warning", WARNING)], [("pdcp_sl.error", ERROR)]]


# --- several SDUs, and SDUs in parts --------------------------------------------------------------------------


def test_several_sdus_at_each_layer(tshark):
    pdu = slsch(ALICE, BOB, (4, rlc_um(0, [pdcp(IP, ip_packet(1)), pdcp(IP, ip_packet(2))])), (5, whole(pdcp(IP, ip_packet(3)))),
                (28, whole(pdcp(PC5S, b"\x07\x00\x01"))), padding=7)
    capture = in_mac_lte(tshark, "several", pdu)
    assert inner_ports(tshark, capture) == {1: [1, 2, 3]}
    assert tshark.fields(capture, "slsch.lcid", "slsch.padding")[1] == ["4|5|28|31", "000000000000"]


def test_fault_in_one_sdu_leaves_the_others(tshark):
    broken = pdcp(IP, ip_packet(1)[:9])  # stock's IP throws
    pdu = slsch(ALICE, BOB, (4, rlc_um(0, [broken, pdcp(IP, ip_packet(2))])), (5, whole(pdcp(IP, ip_packet(3)))))
    capture = in_mac_lte(tshark, "fault", pdu)
    assert inner_ports(tshark, capture) == {1: [2, 3]}


def traffic(count, dice, room, sn_bits=5):
    sdus = [pdcp(IP, ip_packet(number, dice.randrange(0, 300))) for number in range(count)]
    return [mac_of(pdu) for pdu in rlc_um_pdus(sdus, room, sn_bits=sn_bits)]


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("room", [60, 400])
def test_sdus_in_parts_come_out_once(tshark, passes, room):
    dice = random.Random("parts")
    pdus = traffic(60, dice, lambda: dice.randrange(10, room))
    capture = in_mac_lte(tshark, "parts", *pdus)
    found = inner_ports(tshark, capture, passes=passes)
    assert sorted(number for each in found.values() for number in each) == list(range(60))
    assert [number for frame in sorted(found) for number in found[frame]] == list(range(60))
    if passes == 1:  # what was not complete when it was first seen is told so
        return
    assert all(not experts for experts in severities(tshark, capture, "-2"))


def test_sdus_in_parts_need_no_details(tshark):
    """A run that shows no field builds no tree. The PDUs are so short that none completes two SDUs."""
    dice = random.Random("parts")
    lines = tshark.text(in_mac_lte(tshark, "no-tree", *traffic(40, dice, lambda: dice.randrange(10, 30)))).splitlines()
    assert [int(port) - 20000 for line in lines for port in re.findall(r"(2\d{4}) \S+ 40000", line)] == list(range(40))


def test_parts_name_the_frame_that_completes_them(tshark):
    sdu = pdcp(IP, ip_packet(1, 100))
    pdus = [mac_of(pdu) for pdu in rlc_um_pdus([sdu], lambda: 50)]
    capture = in_mac_lte(tshark, "links", *pdus)
    assert len(pdus) == 3
    rows = tshark.fields(capture, "rlc_sl.sdu.frame", "rlc_sl.sdu.part_frame", "rlc_sl.sdu.part_count", "rlc_sl.sdu.length",
                         passes=2)
    assert rows == {number: ["3", "1|2|3", "3", str(len(sdu))] for number in (1, 2, 3)}
    assert inner_ports(tshark, capture, passes=2) == {3: [1]}


def test_loss_loses_only_what_was_lost(tshark):
    dice = random.Random("loss")
    sdus = [pdcp(IP, ip_packet(number, dice.randrange(0, 200))) for number in range(80)]
    pdus = rlc_um_pdus(sdus, lambda: dice.randrange(20, 200))
    kept = [at for at in range(len(pdus)) if at in (0, len(pdus) - 1) or dice.random() < 0.8]
    capture = in_mac_lte(tshark, "loss", *[mac_of(pdus[at]) for at in kept])
    # which SDUs have all their octets in PDUs that were kept, told by their borders in the stream of octets
    edges, at = [], 0
    for sdu in sdus:
        edges.append((at, at + len(sdu)))
        at += len(sdu)
    dice = random.Random("loss")
    for _ in range(80):
        dice.randrange(0, 200)
    spans, at = [], 0
    while at < edges[-1][1]:
        room = dice.randrange(20, 200)
        spans.append((at, min(at + room, edges[-1][1])))
        at += room
    assert len(spans) == len(pdus)
    lost = [spans[at] for at in range(len(pdus)) if at not in kept]
    whole_sdus = [number for number, (begin, end) in enumerate(edges) if not any(b < end and e > begin for b, e in lost)]
    found = inner_ports(tshark, capture, passes=2)
    assert [number for frame in sorted(found) for number in found[frame]] == whole_sdus
    missing = tshark.fields(capture, "rlc_sl.missing", filter="rlc_sl.missing")
    assert sum(int(row[0]) for row in missing.values()) == len(lost)


def test_disorder_and_repeats(tshark):
    dice = random.Random("disorder")
    pdus = traffic(60, dice, lambda: dice.randrange(20, 150))
    order = sorted(range(len(pdus)), key=lambda at: at // 6 * 6 + dice.random())
    capture = in_mac_lte(tshark, "disorder", *[pdus[at] for at in order])
    found = inner_ports(tshark, capture, passes=2)
    assert sorted(number for each in found.values() for number in each) == list(range(60))
    assert tshark.fields(capture, "rlc_sl.sn", filter="rlc_sl.late")
    twice = in_mac_lte(tshark, "twice", *[pdu for pdu in pdus for _ in (0, 1)])
    assert [row[0] for row in tshark.fields(twice, "rlc_sl.repeats").values()] == [
        "" if number % 2 else str(number - 1) for number in range(1, 2 * len(pdus) + 1)]
    reassembled = tshark.fields(twice, "rlc_sl.sdu.frame", passes=2, filter="rlc_sl.sdu.part_count")
    found = inner_ports(tshark, twice, passes=2)
    assert {number for each in found.values() for number in each} == set(range(60))
    assert all(int(frame) % 2 for row in reassembled.values() for frame in row[0].split("|"))


def test_channels_do_not_mix(tshark):
    """The halves of two SDUs with the same SNs, interleaved."""
    halves = [rlc_um_pdus([pdcp(IP, ip_packet(number, 60))], lambda: 50) for number in (1, 2, 3)]
    a, b, c = ([slsch(*ids, (lcid, half)) for half in halves[at]]
               for at, (ids, lcid) in enumerate([((ALICE, BOB), 4), ((ALICE, BOB), 5), ((BOB, ALICE), 4)]))
    capture = in_mac_lte(tshark, "channels", a[0], b[0], c[0], c[1], b[1], a[1])
    assert inner_ports(tshark, capture, passes=2) == {4: [3], 5: [2], 6: [1]}


# --- the length of the SN -------------------------------------------------------------------------------------


def test_sn_of_10_bits_by_preference_and_by_itself(tshark):
    dice = random.Random("ten")
    capture = in_mac_lte(tshark, "ten", *traffic(60, dice, lambda: dice.randrange(20, 200), sn_bits=10))
    found = inner_ports(tshark, capture, options=["-o", "d2dsec.sl_rlc_sn:10"])
    assert [number for frame in sorted(found) for number in found[frame]] == list(range(60))
    bits = [row[0] for row in tshark.fields(capture, "rlc_sl.sn_bits").values()]
    assert bits[0] == "5" and set(bits[3:]) == {"10"}
    found = inner_ports(tshark, capture)
    assert [number for frame in sorted(found) for number in found[frame]][-55:] == list(range(5, 60))
    bits = [row[0] for row in tshark.fields(capture, "rlc_sl.sn_bits", options=["-o", "d2dsec.sl_rlc_sn:5"]).values()]
    assert set(bits) == {"5"}


# --- PDCP: what stands in preferences -------------------------------------------------------------------------


def test_preferences_of_pdcp(tshark):
    capture = tshark.file("open.pcap", pcap(UPPER_PDU, [exported_pdu("pdcp_sl", pdcp(IP, bytes(9), 0x1234, 5))]))

    def fields(*options):
        return tshark.fields(capture, "pdcp_sl.cast", "pdcp_sl.kd_sess_id", "pdcp_sl.ptk_id", "pdcp_sl.mac_i", options=options)[1]

    assert fields() == ["one-to-one", "0x1234", "", ""]
    assert fields("-o", "d2dsec.sl_mac_i_on_all:TRUE") == ["one-to-one", "0x1234", "", "00000000"]
    assert fields("-o", "d2dsec.sl_cast:one-to-many") == ["one-to-many", "", "0x1234", ""]


def test_one_to_many(tshark):
    pdu = mac_of(whole(pdcp(IP, bytes(20), 7, 9, pgk_index=5)), version=GROUPCAST)
    capture = in_mac_lte(tshark, "group", pdu)
    row = tshark.fields(capture, "pdcp_sl.cast", "pdcp_sl.pgk_index", "pdcp_sl.ptk_id", "pdcp_sl.count")[1]
    assert row == ["one-to-many", "5", "0x0007", "0x00070009"]


# --- hostile input --------------------------------------------------------------------------------------------

PLAIN = whole(pdcp(PC5S, b"\x07\x00\x01"))
NO_KEY = ("pdcp_sl.no_key", NOTE)


def protected(lcid=30, key_id=0x1234, sn=5, data=bytes(20), **more):
    return mac_of(whole(pdcp(PC5S, data, key_id, sn, mac_i=bytes(4), **more)), lcid=lcid)


# name: the MAC PDU, and the experts that must be there
FAULTS = {
    "PDCP: no octet": (mac_of(b"\x00"), [("rlc_sl.error", ERROR)]),
    **{"PDCP: header of %d" % length: (mac_of(whole(bytes(length))), [("pdcp_sl.error", ERROR)]) for length in range(1, 5)},
    "PDCP: no data": (mac_of(whole(pdcp(IP, b""))), [("pdcp_sl.warning", WARNING)]),
    **{"PDCP: SDU type %d" % kind: (mac_of(whole(pdcp(kind, bytes(9)))), [("pdcp_sl.error", ERROR)]) for kind in (4, 5, 6, 7)},
    "PDCP: reserved bits": (mac_of(whole(pdcp(IP, ip_packet(1), pgk_index=9))), [("pdcp_sl.note", NOTE)]),
    "PDCP: no KD-sess ID on LCID 29": (mac_of(PLAIN, lcid=29), [("pdcp_sl.warning", WARNING)]),
    "PDCP: no KD-sess ID on LCID 30": (mac_of(PLAIN, lcid=30), [("pdcp_sl.warning", WARNING)]),
    "PDCP: KD-sess ID on LCID 28": (protected(lcid=28), [("pdcp_sl.warning", WARNING), NO_KEY]),
    "PDCP: no room for a MAC-I": (mac_of(whole(pdcp(PC5S, b"abc", 0x1234)), lcid=30), [("pdcp_sl.error", ERROR)]),
    "PDCP: 8189 octets": (mac_of(whole(pdcp(NON_IP, bytes(8189)))), [("pdcp_sl.warning", WARNING)]),
    "PDCP: not IP": (mac_of(whole(pdcp(IP, b"\x10abc"))), [("pdcp_sl.warning", WARNING)]),
    "PDCP: PGK index without PTK identity": (
        mac_of(whole(pdcp(IP, ip_packet(1), pgk_index=9)), version=GROUPCAST), [("pdcp_sl.warning", WARNING)]),
    "PDCP: SN of what is not protected": (mac_of(whole(pdcp(IP, ip_packet(1), sn=1))), [("pdcp_sl.note", NOTE)]),
    "PDCP: PC5-S on an STCH": (mac_of(PLAIN), [("pdcp_sl.warning", WARNING)]),
    "PDCP: IP on LCID 28": (mac_of(whole(CONTENT), lcid=28), [("pdcp_sl.warning", WARNING)]),
    "PDCP: PC5-S in groupcast": (mac_of(PLAIN, lcid=28, version=GROUPCAST), [("pdcp_sl.warning", WARNING)]),
    "RLC: LIs past the end": (mac_of(bytes.fromhex("20 ffff ffff ff")), [("rlc_sl.error", ERROR)]),
    "RLC: LI is 0": (mac_of(bytes.fromhex("20 0000 0102")), [("rlc_sl.error", ERROR)]),
    "RLC: LI over what is left": (mac_of(bytes.fromhex("20 0640 0102")), [("rlc_sl.error", ERROR)]),
    "RLC: LI padding": (mac_of(bytes([0x20, 0, 0x1F]) + b"a" + CONTENT), [("pdcp_sl.error", ERROR), ("rlc_sl.note", NOTE)]),
    "RLC: an end without beginning": (mac_of(rlc_um(9, [b"end"], fi=2)), [("rlc_sl.incomplete", NOTE)]),
    "RLC: a middle alone": (mac_of(rlc_um(9, [b"middle"], fi=3)), [("rlc_sl.incomplete", NOTE)]),
    "RLC: header alone": (mac_of(b"\x01"), [("rlc_sl.error", ERROR)]),
    "MAC: 65 subheaders": (
        mac_of(PLAIN)[:6] + b"\x3f" * 70 + b"\x04" + PLAIN, [("slsch.error", ERROR), ("slsch.warning", WARNING)]),
    "MAC: version 0": (mac_of(whole(CONTENT), version=0), [("slsch.warning", WARNING)]),
    "MAC: version 4": (b"\x40" + mac_of(whole(CONTENT), version=V2X)[1:], [("slsch.note", NOTE)]),
    "MAC: version 5": (mac_of(whole(CONTENT), version=5), [("slsch.warning", WARNING)]),
    "MAC: version 15": (mac_of(whole(CONTENT), version=15), [("slsch.warning", WARNING)]),
    "MAC: L over what is left": (mac_of(PLAIN)[:6] + bytes([0x24, 99, 0x1F]) + whole(CONTENT),
                                 [("malformed", ERROR), ("slsch.error", ERROR)]),  # so says stock, too
    "MAC: long F for a short L": (
        mac_of(PLAIN)[:6] + bytes([0x3C, 0x80, len(PLAIN), 0x1F]) + PLAIN, [("slsch.note", NOTE)]),
    "MAC: three padding subheaders": (mac_of(PLAIN)[:6] + b"\x3f\x3f\x3f\x1c" + PLAIN, [("slsch.warning", WARNING)]),
    "MAC: padding between": (
        mac_of(PLAIN)[:6] + bytes([0x3C, len(PLAIN), 0x3F, 0x1C]) + PLAIN + whole(pdcp(PC5S, b"\x07\x00\x02"), 1),
        [("slsch.warning", WARNING)]),
    "MAC: LCID 0": (mac_of(whole(CONTENT), lcid=0), [("slsch.warning", WARNING)]),
    "MAC: LCID 11": (mac_of(whole(CONTENT), lcid=11), [("slsch.note", NOTE)]),
    "MAC: LCID 21": (mac_of(whole(CONTENT), lcid=21), [("slsch.warning", WARNING)]),
    "MAC: LCID 27": (mac_of(whole(CONTENT), lcid=27), [("slsch.warning", WARNING)]),
    "MAC: source is destination": (slsch(ALICE, ALICE, (28, PLAIN)), [("slsch.note", NOTE)]),
    "MAC: one octet": (b"\x20", [("slsch.error", ERROR)]),
    "MAC: no subheader": (mac_of(PLAIN)[:6], [("slsch.error", ERROR)]),
    "MAC: an SDU of no octet": (mac_of(PLAIN)[:6] + b"\x1c", [("slsch.warning", WARNING)]),
}


@pytest.fixture(scope="module")
def faults(tshark):
    """Each fault in a capture of its own frames, from a sender of its own, between frames that are as they should be."""
    pdus = []
    for number, (name, (pdu, _)) in enumerate(FAULTS.items()):
        if len(pdu) > 6 and name != "MAC: source is destination":
            pdu = pdu[:1] + number.to_bytes(3, "big") + pdu[4:]
        pdus += [pdu, slsch(0x800000 + number, BOB, (28, PLAIN))]
    return in_mac_lte(tshark, "faults", *pdus)


@pytest.mark.parametrize("passes", [1, 2])
def test_every_fault_is_named_and_stops_there(tshark, faults, passes):
    found = severities(tshark, faults, *(["-2"] if passes == 2 else []))
    for number, (name, (_, expected)) in enumerate(FAULTS.items()):
        assert sorted(found[2 * number]) == sorted(expected), name
        assert found[2 * number + 1] == [], "the frame after " + name


def test_sn_used_twice_under_one_key(tshark):
    pdus = [protected(sn=5), protected(sn=5), protected(sn=5, data=bytes(19) + b"\x01"), protected(sn=65535), protected(sn=0),
            protected(key_id=0x1235, sn=0)]
    found = severities(tshark, in_mac_lte(tshark, "reuse", *pdus))
    kinds = [[each for each in experts if not each[0].startswith(("rlc", "pdcp_sl.no_key"))] for experts in found]
    warning = [("pdcp_sl.warning", WARNING)]
    assert kinds == [[], [("pdcp_sl.note", NOTE)], warning, [], warning, []]


def test_framing_that_leads_nowhere_is_stocks(tshark):
    """No payload tag, unknown tags, no payload: none of ours, with stock's heuristic or without."""
    head = b"mac-lte\x01\x00\x08"
    capture = over_udp(tshark, "nowhere", head, head + b"\x02\x00\x01", head + b"\x02\x00", head + b"\x7f\x01" + MAC_PDU,
                       head + b"\x01", b"mac-lte", b"mac-ltd\x01\x00\x08\x01" + MAC_PDU)
    for options in ([], STOCK_ON):
        assert tshark.text(capture, "-V", *options) == tshark.text(capture, "-V", *options, plugin=False)


def test_framing_of_pdcp_that_leads_nowhere(tshark):
    good = sl_pdcp(ALICE, BOB, 4, CONTENT)
    unknown_tag = sl_pdcp(ALICE, BOB, 4, CONTENT, tags=b"\x09\x02\x00\x01")
    bad = [good[:7], good[:12], good[:16], good[:17], sl_pdcp(ALICE, BOB, 4, CONTENT, version=2),
           good[:16] + b"\x09\xff" + good[17:]]
    found = severities(tshark, over_udp(tshark, "nowhere-pdcp", *bad, unknown_tag, good), *FRAMING_ON)
    assert [max(severity for _, severity in experts) for experts in found[:-2]] == [ERROR] * len(bad)
    assert found[-2:] == [[("pdcp_sl.note", NOTE)], []]


@pytest.mark.parametrize("snaplen", list(range(42, 90, 3)))
def test_cut_by_the_capture(tshark, snaplen):
    """A cut frame is said to be one, and nothing in it is called a fault of the sender."""
    pdus = [mac_of(rlc_um(0, [CONTENT, CONTENT])), mac_of(whole(pdcp(PC5S, bytes(30), 0x1234, 1, mac_i=bytes(4))), lcid=30)]
    capture = in_mac_lte(tshark, "cut", *pdus, snaplen=snaplen)
    for experts in severities(tshark, capture, "-2"):
        assert set(experts) <= {NO_KEY, ("rlc_sl.incomplete", NOTE)}


def mutated(dice, payloads, count):
    for _ in range(count):
        octets = bytearray(dice.choice(payloads))
        for _ in range(dice.randrange(1, 6)):
            at = dice.randrange(len(octets))
            octets[at] = dice.choice([0, 0xFF, dice.randrange(256), octets[at] ^ 1 << dice.randrange(8)])
        yield bytes(octets[: dice.randrange(len(octets)) + 1] if dice.random() < 0.2 else octets)


def test_mutated_frames_do_no_harm(tshark):
    dice = random.Random("mutated")
    payloads = [mac_lte(pdu) for pdu, _ in FAULTS.values() if len(pdu) < 1000]
    payloads += [mac_lte(pdu) for pdu in traffic(10, dice, lambda: dice.randrange(20, 80))]
    payloads += [sl_pdcp(ALICE, BOB, 4, CONTENT), gsmtap(mac_lte_context(MAC_PDU))]
    capture = over_udp(tshark, "mutated", *mutated(dice, payloads, 4000))
    text = tshark.text(capture, "-2", "-V", *STOCK_ON, *FRAMING_ON)
    assert "Dissector bug" not in text and text.count("\nFrame ") + 1 == 4000
    fields = ["pdcp_sl.sdu", "rlc_sl.sdu.frame", "slsch.lcid"]
    first, second = (tshark.fields(capture, *fields, passes=passes, filter="slsch", options=FRAMING_ON) for passes in (1, 2))
    assert {number: row[::2] for number, row in first.items()} == {number: row[::2] for number, row in second.items()}


# --- stock ----------------------------------------------------------------------------------------------------

FAILED_CRC = b"\x02\x00\x01\x07\x00"
PREDEFINED = b"\x02\x00\x01\x05\x01"


def others():
    """Frames of every other RNTI type, and of SL-RNTI that hold no PDU to be read."""
    for rnti_type in (0, 1, 2, C_RNTI, 4, 5, 6, 7, 9, 10):
        for rnti in (b"\x00\x01", b"\xff\xff", b"\xff\xfe"):
            yield mac_lte_context(MAC_PDU, rnti_type=rnti_type, tags=b"\x02" + rnti, direction=rnti_type % 2)
    yield mac_lte_context(mac_of(PLAIN, lcid=28), tags=FAILED_CRC)
    yield mac_lte_context(mac_of(PLAIN, lcid=28), tags=PREDEFINED)


@pytest.mark.parametrize("options", [[], STOCK_ON], ids=["as it comes", "with stock's heuristic"])
@pytest.mark.parametrize("arguments", [["-V", "-x"], [], ["-2", "-V"]], ids=["details", "summary", "2 passes"])
def test_all_that_is_not_sidelink_stays_stocks(tshark, options, arguments):
    in_gsmtap = [gsmtap(each, kind) for each in others() for kind in (0x0D, 0x0E, 0x0F)]
    for capture in (over_udp(tshark, "others", *[b"mac-lte" + each for each in others()]),
                    over_udp(tshark, "others-gsmtap", *in_gsmtap, port=4729)):
        assert tshark.text(capture, *arguments, *options) == tshark.text(capture, *arguments, *options, plugin=False)


@pytest.mark.parametrize("name", ["slsch_framed", "mac-lte-framed"])
def test_framed_by_name_gives_stock_what_is_stocks(tshark, name):
    capture = tshark.file("framed-others.pcap", pcap(USER0, list(others())))
    found = tshark.text(capture, "-V", *decode_as_user0(name))
    found = re.sub(r"Payload: \S+ \(.*\)", "Payload: mac-lte-framed (mac-lte-framed)", found)
    assert found == tshark.text(capture, "-V", *decode_as_user0("mac-lte-framed"), plugin=False)


def test_sidelink_after_other_frames_is_still_ours(tshark):
    """UDP moves the heuristic that took a packet to the front."""
    other = mac_lte(b"\x1f\x00\x00", rnti_type=C_RNTI)
    capture = over_udp(tshark, "mixed", other, other, mac_lte(mac_of(PLAIN, lcid=28)), other, mac_lte(mac_of(PLAIN, lcid=28)))
    rows = tshark.fields(capture, "pdcp_sl.sdu", options=STOCK_ON)
    assert [number for number, row in rows.items() if row[0]] == [3, 5]


def test_what_stock_reads_is_shown_as_stock_shows_it(tshark):
    capture = in_mac_lte(tshark, "first", MAC_PDU)
    stock = tshark.text(capture, "-V", *STOCK_ON, plugin=False)
    stock = stock[stock.index("MAC-LTE SL-SCH:") :].rstrip("\n")
    assert stock and stock in tshark.text(capture, "-V", *STOCK_ON)


def test_a_layer_can_be_switched_off(tshark):
    for name, last in (("rlc_sl", "slsch"), ("pdcp_sl", "rlc_sl")):
        rows = tshark.fields(SAMPLE, "frame.protocols", options=["--disable-protocol", name])
        for row in rows.values():
            layers = [each for each in row[0].split(":") if each != "data"]
            assert layers[-1] == last


def test_without_its_lowest_layer_all_is_stocks(tshark):
    """Which stock heuristic takes the frames then, differs between Wireshark lines."""
    layers = ["-T", "fields", "-e", "frame.protocols"]
    assert tshark.text(SAMPLE, *layers, "--disable-protocol", "slsch") == tshark.text(SAMPLE, *layers, plugin=False)

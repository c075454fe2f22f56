"""The D2D model before it judges anything: against published vectors, against the work of other hands, against Wireshark's own
reading of RLC and MAC."""

import random

import pytest

from model import pc5s_model as pc5s
from model.capture import Capture
from model.eea_eia import eea, eia, uia2
from model.pc5s_model import Message
from model.sidelink_model import (Malformed, SlPdcp, UmReceiver, UmSender, gsmtap, mac_lte, read_mac_lte_context, read_sl_sch,
                                  sl_pdcp, sl_sch)
from model.snow3g_zuc import snow3g, zuc
from test_model import octets, vectors

# --- ciphers ---------------------------------------------------------------------------------------------

PUBLISHED = vectors("3gpp_eea_eia.json")


def named(prefix):
    return pytest.mark.parametrize("vector", [each for each in PUBLISHED if each["algorithm"].startswith(prefix)],
                                   ids=lambda each: each["name"])


def words(text):
    return [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]


@named("SNOW 3G")
def test_snow3g(vector):
    """These vectors begin with the words K0 and IV0. The last has z1, z2, z3 and z2500."""
    key, iv = (b"".join(reversed([octets(vector[name])[at : at + 4] for at in range(0, 16, 4)])) for name in ("key", "iv"))
    if isinstance(vector["output"], str):
        assert snow3g(key, iv, 2) == words(vector["output"])
    else:
        stream = snow3g(key, iv, 2500)
        assert [stream[:3], stream[2499:]] == [words(each) for each in vector["output"]]


@named("ZUC")
def test_zuc(vector):
    """The last has z1, z2 and z2000."""
    key, iv = octets(vector["key"]), octets(vector["iv"])
    if isinstance(vector["output"], str):
        assert zuc(key, iv, 2) == words(vector["output"])
    else:
        stream = zuc(key, iv, 2000)
        assert [stream[:2], stream[1999:]] == [words(each) for each in vector["output"]]


@named("EEA")
def test_eea(vector):
    inputs = octets(vector["key"]), vector["count"], vector["bearer"], vector["direct"]
    algorithm, out = int(vector["algorithm"][3]), octets(vector["output"])
    assert eea(algorithm, *inputs, octets(vector["data"]), vector["bitlen"]) == out
    assert eea(algorithm, *inputs, out, vector["bitlen"]) == eea(0, *inputs, octets(vector["data"]), vector["bitlen"])


@named("EIA")
def test_eia(vector):
    inputs = octets(vector["key"]), vector["count"], vector["bearer"], vector["direct"]
    assert eia(int(vector["algorithm"][3]), *inputs, octets(vector["data"]), vector["bitlen"]).hex() == vector["output"]


@named("UIA2")
def test_uia2(vector):
    inputs = octets(vector["key"]), vector["count"], vector["fresh"], vector["direct"]
    assert uia2(*inputs, octets(vector["data"]), vector["bitlen"]).hex() == vector["output"]


# --- PC5-S by another hand --------------------------------------------------------------------------------

NS3 = {each["name"]: octets(each["hex"]) for each in vectors("pc5s_nist_ns3.json")}
USER_INFO_AT = {"DIRECT_COMMUNICATION_REQUEST/mandatory": 3, "DIRECT_COMMUNICATION_REQUEST/all": 3,
                "DIRECT_SECURITY_MODE_COMMAND/all": 86}
ONE_OCTET = {"GPI": 1, "encrypted payload": 1}


def from_ns3(name):
    """The simulator's length of User Info leaves out the type octet; here it is counted."""
    message = bytearray(NS3[name])
    if name in USER_INFO_AT:
        assert message[USER_INFO_AT[name]] == 8
        message[USER_INFO_AT[name]] += 1
    return bytes(message)


@pytest.mark.parametrize("name", [each for each in NS3 if each != "DIRECT_SECURITY_MODE_COMMAND/all"])
def test_pc5s_message(name):
    message = Message.read(from_ns3(name))
    assert message.name == name.split("/")[0]
    assert message.write() == from_ns3(name)


def test_pc5s_command_with_all():
    """Where the simulator has lengths of one octet, this model has two unless told."""
    made = Message(pc5s.COMMAND, 10, {
        "UE security capabilities": octets("7070"), "nonce 2": bytes(range(0x60, 0x70)), "chosen algorithms": octets("63"),
        "LSB of KD-sess ID": octets("5b"), "MSB of KD ID": octets("1234"), "KD freshness": bytes(range(0x80, 0x90)),
        "GPI": bytes(range(40)), "user info": pc5s.user_info(octets("9900000000000000"), 3), "signature": bytes(range(1, 130)),
        "encrypted payload": bytes(range(3, 53))})
    assert made.write(ONE_OCTET) == from_ns3("DIRECT_SECURITY_MODE_COMMAND/all")
    assert Message.read(made.write()) == made


def test_pc5s_fields():
    message = Message.read(from_ns3("DIRECT_COMMUNICATION_REQUEST/all"))
    assert message.elements["KD ID"] == octets("deadbeef") and message.elements["nonce 1"] == bytes(range(0x40, 0x50))
    assert pc5s.capabilities((1, 2, 3), (1, 2, 3)) == octets("7070")
    for cut in range(len(message.write())):
        try:
            assert set(Message.read(message.write()[:cut]).elements) < set(message.elements)
        except pc5s.Malformed:
            pass


# --- RLC and MAC ------------------------------------------------------------------------------------------

ROOMS = ([60, 90, 33, 150], [5000], [7], [40], ())


def some_sdus(dice, most=300):
    return [dice.randbytes(dice.randrange(1, most)) for _ in range(12)]


@pytest.mark.parametrize("bits", [5, 10])
@pytest.mark.parametrize("rooms", ROOMS, ids=str)
def test_rlc_there_and_back(bits, rooms):
    dice = random.Random("rlc")
    sdus = some_sdus(dice)
    units = UmSender(bits, (1 << bits) - 2).pdus(sdus, rooms)
    assert all(len(unit.octets) <= max(rooms) for unit in units if rooms)
    receiver, got = UmReceiver(bits), []
    for unit in units:
        whole = receiver.take(unit.octets)
        assert whole == [piece.sdu for piece in unit.pieces if piece.is_last]
        got += whole
    assert got == sdus


def test_rlc_elements_have_eleven_bits():
    sdus = [bytes(2047), bytes(2048), bytes(10)]
    units = UmSender(10).pdus(sdus, [9000])
    assert [len(unit.pieces) for unit in units] == [2, 1]


@pytest.mark.parametrize("bits", [5, 10])
def test_rlc_loss(bits):
    """With any one PDU lost, what the others hold whole is delivered, and nothing else."""
    dice = random.Random("loss")
    units = UmSender(bits).pdus(some_sdus(dice), [100])
    for lost in range(len(units)):
        receiver, got = UmReceiver(bits), []
        for at, unit in enumerate(units):
            if at != lost:
                got += receiver.take(unit.octets)
        touched = {piece.sdu for piece in units[lost].pieces}
        whole = [piece.sdu for unit in units for piece in unit.pieces if piece.is_last]
        assert got == [sdu for sdu in whole if sdu not in touched]


@pytest.mark.parametrize("bits", [5, 10])
def test_rlc_as_wireshark_reads_it(tshark, bits):
    dice, capture, wanted = random.Random("wireshark"), Capture(), []
    for rooms in ROOMS:
        for unit in UmSender(bits).pdus(some_sdus(dice, 100), rooms):
            context = bytes([2, 2, bits, 3, 0, 5, 0, 7, 6, 0, 5, 7, 0, 1, 1])  # UM, SN length, direction, UE, channel
            capture.udp(("10.0.0.1", 1), ("10.0.0.2", 9999), b"rlc-lte" + context + unit.octets)
            _, framing, elements = UmReceiver(bits)._elements(unit.octets)
            wanted.append([hex(framing).replace("0x", "0x0"), "|".join(each.hex() for each in elements)])
    path = tshark.file("rlc-%d.pcap" % bits, b"")
    capture.write(path)
    text = tshark.text(path, "--enable-heuristic", "rlc_lte_udp", "-o", "rlc-lte.reassembly:FALSE", "-T", "fields",
                       "-E", "aggregator=|", "-e", "rlc-lte.um.fi", "-e", "rlc-lte.um.data", plugin=False)
    assert [line.split("\t") for line in text.splitlines()] == wanted


@pytest.mark.parametrize("padding", [0, 1, 2, 3, 20])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_mac_there_and_back(padding, version):
    sdus = [(4, bytes(10)), (28, bytes(range(200))), (5, b"x"), (30, bytes(128))]
    pdu = sl_sch(0x010203, 0x0A0B0C, sdus, version=version, padding=padding)
    assert read_sl_sch(pdu) == (version, 0x010203, 0x0A0B0C if version == 3 else 0x0A0B, sdus)
    with pytest.raises(Malformed):
        read_sl_sch(pdu[:9])


def test_mac_as_wireshark_reads_it(tshark):
    """Of channels of the user plane, which it knows."""
    dice, capture, wanted = random.Random("mac"), Capture(), []
    for padding in (0, 1, 2, 3, 20):
        for count in (1, 2, 5):
            sdus = [(dice.randrange(1, 11), dice.randbytes(dice.choice((1, 127, 128, 400)))) for _ in range(count)]
            capture.udp(("10.0.0.1", 1000), ("10.0.0.2", 9999), mac_lte(sl_sch(0x010203, 0x0A0B0C, sdus, padding=padding)))
            wanted.append(["0x010203", "0x0a0b", "|".join(each.hex() for _, each in sdus)])
    path = tshark.file("mac.pcap", b"")
    capture.write(path)
    text = tshark.text(path, "--enable-heuristic", "mac_lte_udp", "-T", "fields", "-E", "aggregator=|", "-e",
                       "mac-lte.slsch.src-l2-id", "-e", "mac-lte.slsch.dst-l2-id", "-e", "mac-lte.slsch.sdu", plugin=False)
    assert [line.split("\t") for line in text.splitlines()] == wanted


def test_framings():
    pdu = bytes(range(40))
    assert gsmtap(pdu)[16:] == mac_lte(pdu)[7:] and gsmtap(pdu)[:3] == octets("02040f")
    assert read_mac_lte_context(mac_lte(pdu, subframe=0x1234)[7:]) == pdu
    frame = sl_pdcp(pdu, 1, 2, 30, direction=1)
    assert frame[:17] == b"sl-pdcp" + octets("0103" "000001" "000002" "1e" "01")
    assert SlPdcp.read(frame) == SlPdcp(1, 2, 30, 1, False, pdu)
    assert SlPdcp.read(sl_pdcp(pdu, 1, 2, 4, one_to_many=True)) == SlPdcp(1, 2, 4, None, True, pdu)

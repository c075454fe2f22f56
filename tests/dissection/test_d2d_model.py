"""The D2D model before it judges anything: against published vectors, against the work of other hands, against Wireshark's own
reading of RLC and MAC; and every scenario against a receiver that has nothing but the capture and a key log."""

import base64
import hashlib
import hmac
import random
import struct

import pytest

import d2d_scenarios
from d2d_keying_scenarios import CHOICES
from d2d_parties import ALICE, BOB
from d2d_spoiled_scenarios import spoiled
from model import mikey_model
from model import pc5s_model as pc5s
from model.capture import Capture
from model.d2d_link import TRUNCATED
from model.d2d_model import Context, GroupContext, NotIntact, Profile, pair_of, ptk
from model.d2d_receiver import Receiver, Secret, is_plausible, read_key
from model.eea_eia import eea, eia, uia2
from model.pc5s_model import Message
from model.real_captures import FOLDER
from model.sidelink_model import (IP, PC5_S, UNICAST, Malformed, PdcpHeader, SlPdcp, UmReceiver, UmSender, gsmtap, mac_lte,
                                  pdcp_header, read_mac_lte_context, read_sl_sch, sl_pdcp, sl_sch)
from model.snow3g_zuc import snow3g, zuc
from model.srtp_model import SUITES
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


# --- PDCP by another hand: header of a simulator, ciphers of CryptoMobile ---------------------------------------


@pytest.mark.parametrize("vector", vectors("pdcp_sidelink.json"), ids=lambda each: "%(kind)s %(ciphering)s %(identity)x" % each)
def test_pdcp(vector):
    header = pdcp_header(vector["sdu_type"], vector["identity"], vector["sn"], vector["pgk_index"])
    assert header.hex() == vector["header"]
    sender, integrity = 1, bool(vector["integrity"])
    context = Context(vector["identity"], sender if vector["direction"] else 2, int(vector["ciphering"][3]),
                      int((vector["integrity"] or "EIA0")[3]), pek=octets(vector["pek"]), pik=octets(vector["pik"] or ""))
    wire, plain = octets(vector["pdu"]), octets(vector["plain"])
    assert context.protect(header, plain, sender, vector["bearer"], integrity=integrity) == wire
    assert context.open(wire, sender, vector["bearer"], integrity=integrity) == plain
    told = PdcpHeader.read(wire)
    assert [told.sdu_type, told.pgk_index, told.identity, told.sn] == [
        vector[name] for name in ("sdu_type", "pgk_index", "identity", "sn")]


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


# --- keys ------------------------------------------------------------------------------------------------

EXAMPLE = {each["name"]: each for each in vectors("d2d_example.json")}
GIVEN = EXAMPLE["inputs"]
K1, K2 = (Secret(octets(GIVEN["k%d" % at]), octets(GIVEN["salt%d" % at])) for at in (1, 2))
KD = octets(EXAMPLE["KD"]["kdf"]["A"])
KD_SESS = octets(EXAMPLE["KD-sess"]["kd_sess"])
NONCES = octets(GIVEN["nonce_1"]), octets(GIVEN["nonce_2"])


@pytest.mark.parametrize("name", EXAMPLE["KD"]["kdf"])
def test_kd(name):
    assert Profile(kd_kdf=name).kd_from_sdes(K1, K2).hex() == EXAMPLE["KD"]["kdf"][name]
    for secret, inline in ((K1, GIVEN["inline1"]), (K2, GIVEN["inline2"])):
        assert read_key(base64.b64decode(inline)) == secret


def test_kd_of_the_other_variants():
    """Those that the example lacks, spelled out."""
    key, name = K1.key + K2.key, b"D2D-SDES-KD"
    both = bytes([0x01, 0x02, 0x03, 0x0A, 0x0B, 0x0C])
    string = b"\xf0" + name + b"\0\x0b" + b"alice" + b"\0\5" + b"bob" + b"\0\3" + both + b"\0\6"
    assert Profile(kd_kdf="I").kd_from_sdes(K1, K2, b"alice", b"bob", both) == hmac.digest(key, string, "sha256")
    first = hmac.digest(key, name, "sha1")
    second = hmac.digest(key, first, "sha1")
    stretched = hmac.digest(key, first + name, "sha1") + hmac.digest(key, second + name, "sha1")
    assert Profile(kd_kdf="J").kd_from_sdes(K1, K2) == stretched[:32]
    swapped = Profile(key_order="answer, offer").kd_from_sdes(K1, K2)
    assert swapped == Profile().kd_from_sdes(K2, K1) != KD
    assert Profile(key_order="lexicographic").kd_from_sdes(K2, K1) == KD
    assert Profile(key_part="key and salt").kd_from_sdes(K1, K2) == Profile(kd_kdf="D").kd_from_sdes(K1, K2)
    inline = (GIVEN["inline1"] + GIVEN["inline2"]).encode()
    assert Profile(key_part="inline").kd_from_sdes(K1, K2) == hmac.digest(inline, b"\xf0" + name + b"\0\x0b", "sha256")
    assert Profile(kd_fc=b"\xff\x01", kd_kdf="B").kd_from_sdes(K1, K2) == hmac.digest(key, b"\xff\x01", "sha256")


def test_kd_of_a_tek():
    tek = bytes(range(16))
    made = {how: Profile(tek_to_kd=how).kd_from_tek(tek) for how in ("identity", "kdf", "twice", "left pad", "right pad")}
    assert made == {"identity": tek, "twice": tek + tek, "left pad": bytes(16) + tek, "right pad": tek + bytes(16),
                    "kdf": hmac.digest(tek, b"\xf0D2D-MIKEY-KD\0\x0c", "sha256")}
    derived = {how: Profile().kd_sess(kd, *NONCES) for how, kd in made.items()}
    assert derived["identity"] == derived["right pad"] and len(set(derived.values())) == 4


def test_kd_sess():
    assert Profile().kd_sess(KD, *NONCES) == KD_SESS
    assert Profile(nonces_reversed=True).kd_sess(KD, *reversed(NONCES)) == KD_SESS
    assert Profile(traffic="kd").kd_sess(KD, *NONCES) == KD
    zeros = hmac.digest(KD, b"\x5e" + bytes(16) + b"\0\x10" + bytes(16) + b"\0\x10", "sha256")
    assert Profile(traffic="zero nonces").kd_sess(KD, *NONCES) == zeros
    assert Profile(traffic="nonce 1").kd_sess(KD, *NONCES) == hmac.digest(KD, b"\x5e" + NONCES[0] + b"\0\x10", "sha256")


def test_traffic_keys():
    keys = EXAMPLE["PEK, PIK"]
    for algorithm in range(4):
        assert Profile().pek(KD_SESS, algorithm).hex() == keys["pek"][algorithm] == keys["pek_kdf"][algorithm][32:]
        assert Profile().pik(KD_SESS, algorithm).hex() == keys["pik"][algorithm]


def test_group_keys():
    given = EXAMPLE["PTK"]
    member, ptk_id, group = (int(given[name], 16) for name in ("member", "ptk_id", "group"))
    made = ptk(octets(GIVEN["pgk"]), member, ptk_id, group)
    assert made.hex() == given["ptk"] and Profile().pek(made, 2).hex() == given["pek_alg_2"]
    short = hmac.digest(octets(GIVEN["pgk"]), octets("4a" "010203" "0003" "0007" "0002"), "sha256")
    assert ptk(octets(GIVEN["pgk"]), member, ptk_id, group, with_group=False) == short


def test_srtp_keys():
    made = Profile().srtp_master(KD, SUITES["AES_256_CM_HMAC_SHA1_80"], False)
    assert made.key == hmac.digest(KD, b"\xf0D2D-SRTP-KEY\0\x0c\1\0\1", "sha256")
    assert made.salt == hmac.digest(KD, b"\xf0D2D-SRTP-SALT\0\x0d\1\0\1", "sha256")[-14:]


PDUS = EXAMPLE["PDUs"]["pdus"]


@pytest.mark.parametrize("pdu", PDUS[:-1], ids=lambda each: each["name"])
def test_protected_pdu(pdu):
    context = Context(0x1234, BOB.l2, pdu["eea"], pdu["eia"] or 0, KD_SESS)
    sender = BOB.l2 if pdu["direction"] else ALICE.l2
    wire, plain = octets(pdu["pdu"]), octets(pdu["plain"])
    options = {"integrity": pdu["eia"] is not None, "cipher": not plain.startswith(b"\x0c")}
    assert context.protect(wire[:5], plain, sender, pdu["lcid"], **options) == wire
    assert context.open(wire, sender, pdu["lcid"], **options) == plain
    if options["integrity"]:
        for at in range(len(wire)):
            with pytest.raises(NotIntact):
                context.open(spoiled(wire, at), sender, pdu["lcid"], **options)


def test_pdu_of_a_group():
    pdu = PDUS[-1]
    context = GroupContext(7, BOB.l2, 5, octets(GIVEN["pgk"]), 2, ALICE.l2)
    assert context.protect(pdcp_header(IP, 7, 9, 5), octets(pdu["plain"]), pdu["lcid"]).hex() == pdu["pdu"]
    assert context.open(octets(pdu["pdu"]), pdu["lcid"]).hex() == pdu["plain"]


def test_pair():
    assert pair_of(0x010203, 0x0A0B0C) == "010203-0a0b0c"


# --- the sample capture -----------------------------------------------------------------------------------


def sample_sdp(name, inline):
    return ("v=0\r\no=%s 1 1 IN IP6 ::1\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/SAVP 0\r\n"
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n" % (name, inline))


def sample_payloads():
    """Six UDP payloads, each of one PDU, from the layers of this model."""
    def sent(src, dst, lcid, pdu):
        unit, = UmSender(5).pdus([pdu])
        return mac_lte(sl_sch(src.l2, dst.l2, [(lcid, unit.octets)], version=UNICAST))

    def message(sequence, name, elements, context=None, sender=None, lcid=28, sn=1, **options):
        plain = Message(name, sequence, elements).write()
        header = pdcp_header(PC5_S, context.identity, sn) if context else pdcp_header(PC5_S, 0, 0)
        return context.protect(header, plain, sender.l2, lcid, integrity=True, **options) if context else header + plain

    context = Context(0x1234, BOB.l2, 2, 2, KD_SESS)
    supported = octets("f0f0")
    accept = {"IP address config": pc5s.NO_ALLOCATION}
    request = {"user info": pc5s.user_info("alice"), "IP address config": pc5s.NO_ALLOCATION,
               "maximum inactivity period": (600).to_bytes(4, "big"), "nonce 1": NONCES[0],
               "UE security capabilities": supported, "MSB of KD-sess ID": b"\x12",
               pc5s.KEY_ESTABLISHMENT: pc5s.container(pc5s.SDP_CRYPTO, sample_sdp("alice", GIVEN["inline1"]))}
    answer = {**accept, pc5s.KEY_ESTABLISHMENT: pc5s.container(pc5s.SDP_CRYPTO, sample_sdp("bob", GIVEN["inline2"]))}
    command = {"UE security capabilities": supported, "nonce 2": NONCES[1], "chosen algorithms": pc5s.chosen(2, 2),
               "LSB of KD-sess ID": b"\x34", "MSB of KD ID": octets("dead")}
    packet = octets(PDUS[-1]["plain"])
    yield sent(ALICE, BOB, 28, message(1, pc5s.REQUEST, request))
    yield sent(BOB, ALICE, 28, message(1, pc5s.ACCEPT, answer))
    yield sent(BOB, ALICE, 29, message(1, pc5s.COMMAND, command, context, BOB, 29, cipher=False))
    yield sent(ALICE, BOB, 29, message(1, pc5s.COMPLETE, {"LSB of KD ID": octets("beef")}, context, ALICE, 29))
    yield sent(BOB, ALICE, 30, message(2, pc5s.ACCEPT, accept, context, BOB, 30))
    yield sent(ALICE, BOB, 4, context.protect(pdcp_header(IP, 0x1234, 5), packet, ALICE.l2, 4, integrity=False))


def sample_frame(payload):
    """No addresses and no checksums: Ethernet, IPv4 and UDP as the capture's maker left them."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    return bytes(12) + b"\x08\0" + ip + struct.pack("!HHHH", 1000, 9999, 8 + len(payload), 0) + payload


def read_pcap(path):
    content, at = path.read_bytes(), 24
    while at < len(content):
        length, = struct.unpack_from("<I", content, at + 8)
        yield content[at + 16 : at + 16 + length]
        at += 16 + length


def test_sample_capture():
    made = list(sample_payloads())
    assert [each.hex() for each in made] == EXAMPLE["d2d-sample.pcap"]["udp_payloads"]
    assert [sample_frame(each) for each in made] == list(read_pcap(FOLDER / "d2d-sample.pcap"))


@pytest.mark.parametrize("log", ["", "D2D_KD deadbeef %s" % KD.hex(), "D2D_KDSESS 1234 %s" % KD_SESS.hex()],
                         ids=lambda log: log.split(" ")[0] or "capture alone")
def test_sample_capture_opens(log):
    capture = Capture()
    for frame in read_pcap(FOLDER / "d2d-sample.pcap"):
        capture.raw(frame)
    found = Receiver(log).read(capture)
    assert {frame: [(each.verdict, each.plain.hex()) for each in pdus] for frame, pdus in found.items()} == {
        3: [("authenticated only", "0c0001f0f0b0b1b2b3b4b5b6b7b8b9babbbcbdbebf223410dead")],
        4: [("decrypted", "0d00010fbeef")], 5: [("decrypted", "02000204")],
        6: [("not authenticated", "4500001c00010000401100000a0000010a0000021388138900080000")]}


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


# --- scenarios --------------------------------------------------------------------------------------------

NOT_FOR_THE_RECEIVER = ("MIKEY_TPK", "MIKEY_TGK")
every_scenario = pytest.mark.parametrize("name", d2d_scenarios.REGISTRY)


def receive(made, log):
    return Receiver(log, made.profile, made.sn_bits, made.configured or (2, 2)).read(made.capture)


def compare(made, found, about):
    for frame in sorted({*found, *made.protected}):
        wanted, got = made.protected.get(frame, []), found.get(frame, [])
        if len(wanted) != len(got):
            wanted = [pdu for pdu in wanted if pdu.must]
        assert len(wanted) == len(got), (about, frame)
        for pdu, opened in zip(wanted, got):
            assert opened.plain == pdu.plain, (about, frame, pdu.what)
            assert not pdu.verdicts or opened.verdict in pdu.verdicts, (about, frame, pdu.what, opened.verdict)


@every_scenario
def test_scenario_is_whole(name):
    """The same octets at each run, and plaintexts that each key log alone gives."""
    made, again = d2d_scenarios.build(name), d2d_scenarios.build(name)
    assert made.capture.frames == again.capture.frames and made.key_logs == again.key_logs
    assert made.key_logs or made.self_contained
    for label, text in made.key_logs.items():
        if label not in NOT_FOR_THE_RECEIVER:
            compare(made, receive(made, text), label)
    if made.self_contained:
        compare(made, receive(made, ""), "capture alone")
    assert all(1 <= frame <= len(made.capture.frames) for frame, _ in made.findings)


@every_scenario
def test_without_keys_nothing_opens(name):
    made = d2d_scenarios.build(name)
    if not made.self_contained:
        assert not [each for pdus in receive(made, "").values() for each in pdus if each.plain is not None]


@every_scenario
def test_keys_are_told_by_name(name):
    """What opens a PDU follows from the keys that the scenario names."""
    made = d2d_scenarios.build(name)
    for context in made.contexts:
        keys = context.keys
        if isinstance(context, GroupContext):
            identity, pgk = keys["PGK"]
            derived = ptk(pgk, context.sender, int(keys["PTK"][0], 16), int(identity.split("/")[0], 16))
            assert derived == keys["PTK"][1] and keys["PEK"][1] == made.profile.pek(derived, context.eea)
            continue
        assert keys["PEK"] == (keys["KD-sess"][0], made.profile.pek(keys["KD-sess"][1], context.eea))
        assert keys["PIK"] == (keys["KD-sess"][0], made.profile.pik(keys["KD-sess"][1], context.eia))
    told = [pdu for pdus in made.protected.values() for pdu in pdus if pdu.plain is not None]
    assert all(pdu.context in made.contexts for pdu in told)
    assert all(pdu.sha256 == hashlib.sha256(pdu.plain).hexdigest() for pdu in told)
    assert all(is_plausible(pdu.sdu_type, pdu.plain) for pdu in told if pdu.what in ("IPv4", "IPv6", "ARP", "RTP"))
    assert all(Message.read(pdu.plain).name == pdu.what for pdu in told if pdu.sdu_type == PC5_S)


@every_scenario
def test_ids_are_those_of_the_messages(name):
    """KD-sess ID: half of it from the request, half from the command. KD ID: half from the command, half from what completes
    it; or whole, in the request."""
    made, known = d2d_scenarios.build(name), {}
    for frame in sorted({*made.protected, *made.clear}):
        for pdu in made.protected.get(frame, []) + made.clear.get(frame, []):
            if pdu.plain is None or pdu.sdu_type != PC5_S:
                continue
            message = Message.read(pdu.plain)
            elements = message.elements
            if message.name in (pc5s.REQUEST, pc5s.REKEYING_REQUEST):
                requests = known.setdefault(frozenset((pdu.sender, pdu.receiver)), [])
                requests.append(elements)
            requests = known.get(frozenset((pdu.sender, pdu.receiver)))
            if message.name == pc5s.COMMAND and requests:
                requested = requests[-1]
                identity = requested["MSB of KD-sess ID"] + elements["LSB of KD-sess ID"]
                assert pdu.context.keys["KD-sess"][0] == identity.hex() == pdu.header[1:3].hex()
                assert made.profile.kd_sess(pdu.context.kd, requested["nonce 1"], elements["nonce 2"]) == pdu.context.kd_sess
                assert pdu.context.kd_id[:2] == elements.get("MSB of KD ID", pdu.context.kd_id[:2])
                assert pdu.context.kd_id == requested.get("KD ID", pdu.context.kd_id)
            if message.name == pc5s.COMPLETE:
                assert pdu.context.kd_id[2:] == elements.get("LSB of KD ID", pdu.context.kd_id[2:])


@pytest.mark.parametrize("name", ["network_not_captured", "ims_sdes[plain]", "ims_ticket[tek_256]", "network_sdes[http]"])
def test_kd_agreed_on_elsewhere_is_named_by_its_hash(name):
    made = d2d_scenarios.build(name)
    (identity, kd), = {context.keys["KD"] for context in made.contexts}
    assert identity == hashlib.sha256(kd).hexdigest()[:8]


def those(*beginnings):
    return pytest.mark.parametrize("name", [each for each in d2d_scenarios.REGISTRY if each.startswith(beginnings)])


@those("flow[F1_ticket", "flow[F2_ticket", "flow[F3_ticket", "ims_ticket", "network_ticket", "choice_of_tek")
def test_ticket_gives_the_kd(name):
    """The receiver takes TEKs from the log: that they are the exchange's own, and that the capture holds the exchange."""
    made = d2d_scenarios.build(name)
    exchange = made.exchange
    assert {context.kd for context in made.contexts} == {made.profile.kd_from_tek(exchange.sessions[0].tek)}
    assert made.key_logs["MIKEY_TPK"] == "MIKEY_TPK tpk-1 %s\n" % exchange.ticket.tpk.hex()
    assert made.key_logs["MIKEY_TGK"].split()[2] == exchange.ticket.keys[0].key.hex()
    assert exchange.ticket.keys[0].kind == mikey_model.TGK
    everything = b"".join(frame for _, frame, _ in made.capture.frames)
    for message in (exchange.init(), exchange.resp()):
        assert message in everything or base64.b64encode(message) in everything


@those("srtp_from_kd")
def test_media_under_keys_from_kd(name):
    made = d2d_scenarios.build(name)
    kd = made.contexts[0].kd
    assert {kind for kind in made.key_logs if kind.startswith("D2D_")} == {"D2D_KD", "D2D_KD *"} and made.packets
    for frame, packet in made.packets.items():
        key = made.profile.srtp_master(kd, packet.key.suite, packet.src[0] == ALICE.ip)
        plain = key.open_rtp(packet.wire, 0) if packet.kind == "rtp" else key.open_rtcp(packet.wire)[0]
        assert plain == packet.plain == made.expected[frame].plain


def test_every_algorithm_flow_and_method_occurs():
    contexts = [context for name in d2d_scenarios.REGISTRY for context in d2d_scenarios.build(name).contexts
                if isinstance(context, Context)]
    assert {(each.eea, each.eia) for each in contexts} == {(eea, eia) for eea in range(4) for eia in range(4)}


def test_truncation_is_told():
    made = d2d_scenarios.build("truncated[user_plane]")
    verdicts = {verdict for pdus in made.protected.values() for pdu in pdus for verdict in pdu.verdicts}
    assert TRUNCATED in verdicts and "decrypted" in verdicts


@pytest.mark.parametrize("name, finding, count", [
    ("keystream_reused", "keystream reuse", 2), ("nonces_used_again", "keystream reuse", 2),
    ("nonces_used_again", "nonce used again", 1), ("algorithm_not_offered", "algorithm not offered", 1),
    ("capabilities_not_as_sent", "capabilities differ", 1),
    ("command_without_request", "command without request", 1)])
def test_findings(name, finding, count):
    found = [each for _, each in d2d_scenarios.build(name).findings]
    assert found.count(finding) == count


@those("flow", "algorithms", "choice", "ims", "network", "rekeying", "carried", "group", "relay")
def test_ordinary_scenarios_have_no_findings(name):
    assert d2d_scenarios.build(name).findings == []


@pytest.mark.parametrize("case", CHOICES)
def test_choices_are_told(case):
    told = d2d_scenarios.build("choice[%s]" % case).profile.departures
    assert told == ({} if case == "kd_A" else CHOICES[case])

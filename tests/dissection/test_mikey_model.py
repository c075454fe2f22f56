"""The MIKEY model before it judges anything: against vectors by another hand, and against what real stacks sent."""

import hashlib
import json
from base64 import b64decode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

import mikey_scenarios
from model import mikey_model as mikey
from model import real_captures
from model.mikey_model import MIKEY_1, PRF_HMAC_SHA_256, Algorithms, Key, MessageKeys, PreShared, label, prf
from model.mikey_ticket_model import Ticket, TicketRequest, TicketResolve, Transfer
from model.real_captures import FOLDER
from model.srtp_model import SUITES, MasterKey
from test_model import VECTORS, octets

CM80 = SUITES["AES_CM_128_HMAC_SHA1_80"]
EXCHANGES = {each["name"]: each for each in json.loads((VECTORS / "mikey_exchanges.json").read_text())["vectors"]}
KEYS = json.loads((VECTORS / "mikey_kdf.json").read_text())["vectors"]


# --- PRF -------------------------------------------------------------------------------------------------


def test_p_is_that_of_tls():
    vector = KEYS[0]
    secret, seed, out = octets(vector["inkey"]), octets(vector["label"]), octets(vector["out"])
    assert prf(PRF_HMAC_SHA_256, secret, seed, len(out)) == out


@pytest.mark.parametrize("vector", [each for each in KEYS if each["kind"] == "session"], ids=lambda each: each["name"])
def test_prf(vector):
    seed = octets(vector["constant"]) + bytes([vector["cs_id"]]) + octets(vector["csb_id"] + vector["rand"])
    out = octets(vector["out"])
    minisip = vector.get("variant") == "minisip"
    assert prf(vector["prf"], octets(vector["inkey"]), seed, len(out), minisip) == out


def test_key_wrap():
    """RFC 3394 section 4.1, and against the unwrapping of python3-cryptography."""
    initial = bytes.fromhex("a6" * 8)
    wrapped = mikey.key_wrap(bytes(range(16)), initial, octets("00112233445566778899aabbccddeeff"))
    assert wrapped.hex() == "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"
    plain = bytes(range(100, 172))
    assert aes_key_unwrap(bytes(range(16)), mikey.key_wrap(bytes(range(16)), initial, plain)) == plain


# --- messages, octet for octet -----------------------------------------------------------------------------


def check_exchange(made, vector):
    assert made.init().hex() == vector["init"]
    assert made.resp().hex() == vector["resp"]
    if "sessions" in vector:
        assert [[each.tek.hex(), each.salt.hex()] for each in made.sessions] == vector["sessions"]


def test_pre_shared_key():
    vector = EXCHANGES["pre-shared key"]
    made = PreShared(octets(vector["psk"]), octets("0badf00d"), octets(vector["rand"]),
                     [Key(mikey.TGK, bytes(range(0x40, 0x50)), spi=octets("00000001"))], [0xCAFEBABE, 0xDEADBEEF],
                     octets("e5a1b2c300000000"))
    check_exchange(made, vector)
    keys = made.message_keys
    assert [keys.encr.hex(), keys.auth.hex(), keys.salt.hex()] == [
        vector["encr_key"], vector["auth_key"], vector["salt_key"]]


TRANSFERS = {  # flags, algorithms, octets of a TEK, who the ticket is for, salt of the TGK
    "A": ("DEFGHJNO", Algorithms(), 16, "bob", ""),
    "B": ("DEFGHIJNO", mikey.STRONG, 32, "group", ""),
    "C": ("DEFHJNO", Algorithms(), 16, "bob", "d0d1d2d3d4d5d6d7d8d9dadbdcdd"),
}


def transfer(name):
    flags, algorithms, tek_len, whose, salt = TRANSFERS[name]
    vector = EXCHANGES["transfer " + name]
    secret = {member: octets(vector.get(member, "")) for member in (
        "tpk", "mpk", "tgk", "ticket_rand", "rand_i", "rand_r", "rand_kms")}
    key = Key(mikey.TGK_SALT if salt else mikey.TGK, secret["tgk"], octets(salt), b"\x0a")
    ticket = Ticket(secret["tpk"], Key(mikey.MPK, secret["mpk"], spi=b"\1"), [key], secret["ticket_rand"],
                    octets("e5a1000080000000"), flags, algorithms, responder=b"sip:%s@example.com" % whose.encode())
    params = {0: 1, 1: tek_len, 2: 1, 3: 20, 4: 14, 5: 0, 7: 1, 8: 1, 10: 1, 11: 10}
    return Transfer(ticket, octets("5a5a0001"), secret["rand_i"], secret["rand_r"], secret["rand_kms"],
                    [0xCAFEBABE, 0xDEADBEEF], octets("e5a1b2c340000000"), octets("e5a1b2c440000000"), params=params)


@pytest.mark.parametrize("name", TRANSFERS)
def test_transfer(name):
    made, vector = transfer(name), EXCHANGES["transfer " + name]
    check_exchange(made, vector)
    assert [made.ticket.mpk_i.hex(), made.ticket.mpk_r.hex()] == [vector["mpk_i"], vector["mpk_r"]]


def test_ticket_request():
    vector = EXCHANGES["ticket request"]
    made = TicketRequest(octets(vector["psk"]), b"psk-alice", octets("11110001"), octets(vector["rand"]),
                         octets("e5a0ff0000000000"), octets("e5a0ff0100000000"), transfer("B").ticket)
    check_exchange(made, vector)


def test_ticket_resolve():
    vector = EXCHANGES["ticket resolve"]
    moved = transfer("B")
    made = TicketResolve(octets(vector["psk"]), b"psk-bob", octets("22220002"), octets(vector["rand"]),
                         octets("e5a1b2c350000000"), octets("e5a1b2c360000000"), moved.ticket, transfer=moved)
    check_exchange(made, vector)


# --- the public-key mode ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, answers", [("public_key", False), ("public_key_of_the_initiator", True)])
def test_envelope(name, answers):
    """The KEMAC's MAC covers the KEMAC alone, and the signature all before it (RFC 3830 section 3.2, RFC 4738 section 3.1)."""
    made = mikey_scenarios.build(name)
    bodies = [body for _, body in made.dialogs[0].bodies]
    init, message = (b64decode(body.split("key-mgmt:mikey ")[1].split()[0]) for body in (bodies[0], bodies[answers]))
    key = serialization.load_pem_private_key(made.private_key, None)
    size = key.key_size // 8
    pke_at = len(message) - size - 2 - size - 3
    assert message[pke_at : pke_at + 3] == bytes([mikey.SIGN]) + size.to_bytes(2, "big")
    envelope_key = key.decrypt(message[pke_at + 3 : pke_at + 3 + size], padding.PKCS1v15())
    csb_id, rand_at = init[4:8], init.index(bytes([mikey.ID, 16])) + 2
    keys = MessageKeys(Algorithms(), envelope_key,
                       lambda what: label(what, b"\xff" + csb_id, init[rand_at : rand_at + 16]))
    kemac_at = message.rindex(bytes([mikey.PKE, mikey.AES_CM_128]), 0, pke_at)
    assert keys.mac(b"\0" + message[kemac_at + 1 : pke_at - 20]) == message[pke_at - 20 : pke_at]


def test_signature():
    dice = mikey_scenarios.build("psk_key_data[tgk]").random
    signer = mikey.rsa_key(dice)
    signature = signer.sign(b"message", padding.PKCS1v15(), hashes.SHA1())
    signer.public_key().verify(signature, b"message", padding.PKCS1v15(), hashes.SHA1())
    assert mikey.rsa_key(type(dice)(1)).private_numbers() == mikey.rsa_key(type(dice)(1)).private_numbers()


# --- what real stacks sent ----------------------------------------------------------------------------------

MINISIP = FOLDER / "mikey_minisip_psk16_tgk16_sip_session_level.pcap"
GSTREAMER = FOLDER / "mikey_gst_rtsp_udp_audio.pcap"


def facts(capture):
    return json.loads(capture.with_suffix(".mikey.json").read_text())


def check_media(capture, keys):
    wires = real_captures.payloads(capture)
    rows = [row for row in real_captures.expected_rows(capture) if row.decrypts]
    assert rows and not [row for row in rows if not real_captures.opening_key(keys, row, wires[row.frame])]


def test_minisip():
    told = facts(MINISIP)
    init, resp = b64decode(told["init_b64"]), b64decode(told["resp_b64"])
    csb_id, rand = octets(told["csb_id"]), octets(told["rand"])
    keys = MessageKeys(Algorithms(), octets(told["psk_hex"]), lambda what: label(what, b"\xff" + csb_id, rand))
    assert keys.mac(init[:-20]) == init[-20:]
    time = init[30:38]
    # neither message names an identity, and none is covered
    assert keys.mac(resp[:-20] + time) == resp[-20:]
    encrypted = init[-20 - 1 - 20 : -20 - 1]
    assert keys.encrypt(encrypted, csb_id, time).hex() == told["kemac_plain"]
    assert Key(mikey.TGK, octets(told["tgk"])).payload.body.hex() == told["kemac_plain"][2:]

    made = PreShared(octets(told["psk_hex"]), csb_id, rand, [Key(mikey.TGK, octets(told["tgk"]))],
                     [0x6D610001, 0x6D620002], time)
    for session in made.sessions:
        name = "initiator_ssrc_%08x_cs_%d_" % (session.ssrc, session.cs_id)
        assert [session.tek.hex(), session.salt.hex()] == [told["keys"][name + "tek"], told["keys"][name + "salt"]]
    check_media(MINISIP, [MasterKey(CM80, each.tek, each.salt) for each in made.sessions])


def test_gstreamer():
    """It puts the salt behind the key into a TEK (30 octets) where RFC 3830 has TEK+SALT."""
    keys = []
    for message in facts(GSTREAMER):
        kemac = message["payloads"][-1]
        key = kemac["keys"][0]
        assert (kemac["encr"], kemac["mac_alg"], key["type"]) == (mikey.ENCR_NULL, mikey.MAC_NULL, mikey.TEK)
        secret = octets(key["key"])
        assert (len(secret), Key(mikey.TEK, secret).payload.body.hex()) == (30, kemac["keydata"][2:])
        keys.append(MasterKey(CM80, secret[:16], secret[16:]))
    check_media(GSTREAMER, keys)


# --- scenarios ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", mikey_scenarios.REGISTRY)
def test_scenario_is_whole(name):
    """The same octets at each run, media that opens under the crypto sessions it tells of, a TEK in every key log of TEKs."""
    made, again = mikey_scenarios.build(name), mikey_scenarios.build(name)
    assert made.capture.frames == again.capture.frames
    keys = {(each.tek, each.salt) for _, each in made.crypto_sessions}
    for packet in made.packets.values():
        assert (packet.key.key, packet.key.salt) in keys
        opened = packet.key.open_rtp(packet.wire, packet.index >> 16) if packet.kind == "rtp" else packet.key.open_rtcp(
            packet.wire)[0]
        assert hashlib.sha256(opened).digest() == hashlib.sha256(packet.plain).digest()
    for label_of_log, text in made.key_logs.items():
        labels = tuple(word for word in label_of_log.replace(",", "").split() if word.startswith("MIKEY_"))
        assert text.endswith("\n") and all(line.startswith(labels) for line in text.splitlines())


def test_branches_of_a_forked_call_have_keys_of_their_own():
    made = mikey_scenarios.build("ticket_forked_call")
    assert len({session.tek for _, session in made.crypto_sessions}) == 4


def test_minisips_prf_departs_for_whole_blocks_alone():
    for length in (16, 24, 31, 33, 40):
        assert prf(MIKEY_1, bytes(length), b"x", 16) == prf(MIKEY_1, bytes(length), b"x", 16, minisip=True)
    for length in (32, 64, 192):
        assert prf(MIKEY_1, bytes(range(length)), b"x", 16) != prf(MIKEY_1, bytes(range(length)), b"x", 16, minisip=True)


READINGS = {  # of what RFC 6043 leaves open: which messages they change
    "messages_by_ticket_prf": (True, True), "vr_by_header_prf": (True, True), "resp_kemac_under_init_time": (False, True),
    "resp_covers_initiator_data": (False, True),
}


@pytest.mark.parametrize("reading", READINGS)
def test_another_reading_makes_other_messages(reading):
    key = Key(mikey.TEK_SALT, bytes(16), bytes(14), b"\x0b")
    one = replace(transfer("C"), header_prf=PRF_HMAC_SHA_256, resp_keys=[key])
    one.ticket.flags = "DEFGHIJMNO"
    other = replace(one, **{reading: not getattr(one, reading)})
    assert (one.init() != other.init(), one.resp() != other.resp()) == READINGS[reading]
    assert one.sessions == other.sessions


@pytest.mark.parametrize("name", ["psk_each_octet_spoiled", "ticket_each_octet_spoiled"])
def test_a_spoiled_message_differs_in_one_bit(name):
    messages = mikey_scenarios.build(name).messages
    for message in messages:
        right = {len(each): each for each in (message.exchange.init(), message.exchange.resp())}[len(message.octets)]
        bits = sum((a ^ b).bit_count() for a, b in zip(message.octets, right))
        assert bits == bool(message.spoiled)
    assert sum(bool(message.spoiled) for message in messages) > 25

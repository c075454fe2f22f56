"""Captures and key logs made to exhaust one resource each, of any size.

A function takes a size and returns (Flood, options of tshark): every packet of the flood costs what the one before it did.
"""

import base64
import random
import struct
from dataclasses import dataclass, field

from model import mikey_model as mikey
from model import pc5s_model as pc5s
from model import pcapng
from model import sidelink_framing as sidelink
from model.capture import Capture, TcpConnection
from model.sip_model import crypto_line
from model.srtp_model import make_key

CM80 = "AES_CM_128_HMAC_SHA1_80"
CALLER, CALLEE = ("192.0.2.10", 5060), ("198.51.100.20", 5060)
MEDIA, PEER = ("192.0.2.10", 20000), ("198.51.100.20", 30000)
REGISTRY = {}


@dataclass
class Flood:
    octets: bytes              # of the capture file
    packets: int
    key_log: bytes = None      # None: none is set
    options: list = field(default_factory=list)


def flood(size):
    """Registers function(n, dice) with the size at which it is tried; four times that size is tried as well."""

    def register(function):
        REGISTRY[function.__name__] = (function, size)
        return function

    return register


def build(name, n):
    return REGISTRY[name][0](n, random.Random(name))


def written(capture, **more):
    out = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, capture.snaplen, capture.link_type))
    for at, (_, octets, length) in enumerate(capture.frames):
        out += struct.pack("<IIII", at // 1000, at % 1000 * 1000, len(octets), length) + octets
    return Flood(bytes(out), len(capture.frames), **more)


# --- SIP and SDP -----------------------------------------------------------------------------------------


def host(number):
    return "10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)


def body(address, port, cryptos=(), media=1, session=1):
    lines = ["v=0", "o=- %d 1 IN IP4 %s" % (session, address), "s=-", "c=IN IP4 " + address, "t=0 0"]
    for _ in range(media):
        lines.append("m=audio %d RTP/SAVP 0" % port)
        lines += ["a=crypto:" + crypto for crypto in cryptos]
    return "\r\n".join(lines) + "\r\n"


def sip(start, call_id, cseq, sdp, from_tag="a", to_tag=""):
    to_tag = ";tag=" + to_tag if to_tag else ""
    return ("%s\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK%s%s%s\r\nFrom: <sip:a@example.com>;tag=%s\r\n"
            "To: <sip:b@example.com>%s\r\nCall-ID: %s\r\nCSeq: %d INVITE\r\nContent-Type: application/sdp\r\n"
            "Content-Length: %d\r\n\r\n%s" %
            (start, call_id, from_tag, cseq, from_tag, to_tag, call_id, cseq, len(sdp), sdp)).encode()


INVITE, OK = "INVITE sip:b@example.com SIP/2.0", "SIP/2.0 200 OK"


def crypto(dice, tag=1):
    return "%d %s inline:%s" % (tag, CM80, make_key(dice, CM80).inline)


def rtp(ssrc, seq, dice, payload=30):
    return struct.pack("!BBHII", 0x80, 0, seq & 0xFFFF, 0, ssrc & 0xFFFFFFFF) + dice.randbytes(payload)


@flood(5000)
def calls(n, dice):
    """Each packet a dialog of its own, with an address and a key of its own."""
    capture = Capture()
    for i in range(n):
        capture.udp(CALLER, CALLEE, sip(INVITE, "c%d" % i, 1, body(host(i), 20000, [crypto(dice)], session=i)))
    return written(capture)


@flood(600)
def media_lines_at_one_address(n, dice):
    """Each packet a dialog of its own with 64 media lines, all at one address, and media to it that no key opens."""
    capture = Capture()
    for i in range(n):
        capture.udp(CALLER, CALLEE, sip(INVITE, "c%d" % i, 1, body(MEDIA[0], MEDIA[1], [crypto(dice)], 64)))
        capture.udp(PEER, MEDIA, rtp(1, i, dice))
    return written(capture)


@flood(4000)
def parties_of_one_call(n, dice):
    capture = Capture()
    for i in range(n):
        capture.udp(CALLER, CALLEE, sip(INVITE, "c", i + 1, body(*MEDIA, [crypto(dice)]), from_tag="t%d" % i))
    return written(capture)


@flood(2000)
def offers_of_one_call(n, dice):
    capture = Capture()
    for i in range(n):
        capture.udp(CALLER, CALLEE, sip(INVITE, "c", i + 1, body(*MEDIA, [crypto(dice)]), to_tag="b"))
        capture.udp(CALLEE, CALLER, sip(OK, "c", i + 1, body(*PEER, [crypto(dice)]), to_tag="b"))
    return written(capture)


@flood(4000)
def branches_of_one_call(n, dice):
    """One offer, and each packet the answer of another branch."""
    capture = Capture()
    capture.udp(CALLER, CALLEE, sip(INVITE, "c", 1, body(*MEDIA, [crypto(dice)])))
    for i in range(n):
        capture.udp(CALLEE, CALLER, sip(OK, "c", 1, body(*PEER, [crypto(dice)]), to_tag="b%d" % i))
    return written(capture)


@flood(60)
def crypto_lines(n, dice):
    """SDP of 40,000 octets and more, nothing but keys."""
    capture = Capture()
    for i in range(n):
        lines = [crypto(dice, tag) for tag in range(1, 60)]
        capture.udp(CALLER, CALLEE, sip(INVITE, "c%d" % (i // 16), i, body(host(i), 20000, lines, 8)))
    return written(capture)


@flood(600)
def keys_of_one_stream(n, dice):
    """A call that is keyed anew for each packet of a stream, and packets of the stream that no key opens."""
    capture = Capture()
    for i in range(n):
        key = make_key(dice, CM80)
        line = "1 %s inline:%s" % (CM80, key.inline)
        capture.udp(CALLER, CALLEE, sip(INVITE, "c", i + 1, body(*MEDIA, [line]), to_tag="b"))
        capture.udp(MEDIA, PEER, key.protect_rtp(rtp(1, i, dice, 20), 0))
        capture.udp(MEDIA, PEER, rtp(1, i, dice))
    return written(capture)


@flood(1000)
def candidates_of_one_flow(n, dice):
    """Calls that all receive at one address, each with a key of its own, and reports from there that none of them opens."""
    capture = Capture()
    for i in range(n):
        capture.udp(CALLER, CALLEE, sip(INVITE, "c%d" % i, 1, body(*MEDIA, [crypto(dice)])))
        capture.udp(MEDIA, PEER, struct.pack("!BBHI", 0x80, 200, 12, i) + dice.randbytes(44))
    return written(capture)


# --- media -----------------------------------------------------------------------------------------------


@flood(2000)
def rollover_counters(n, dice):
    """A call, and from its address streams of one packet each that no key opens: their counters are searched for."""
    capture = Capture()
    capture.udp(CALLER, CALLEE, sip(INVITE, "c", 1, body(*MEDIA, [crypto(dice)])))
    for i in range(n):
        capture.udp(MEDIA, PEER, rtp(i, 1000, dice))
    return written(capture)


@flood(2000)
def flows_without_signalling(n, dice):
    """Packets like RTP, each between two addresses of its own, and a key log whose keys are for any flow."""
    capture = Capture()
    for i in range(n):
        capture.udp((host(i), 20000), PEER, rtp(i, 1000, dice))
    lines = ["SRTP_MASTER * %s:%s" % (CM80, dice.randbytes(30).hex()) for _ in range(5000)]
    return written(capture, key_log="\n".join(lines).encode() + b"\n",
                   options=["-o", "udp.try_heuristic_first:TRUE"])


# --- RTSP ------------------------------------------------------------------------------------------------


def rtsp_setup(connection, client, server, i):
    uri = "rtsp://198.51.100.20/%d/track" % i
    sdp = body("0.0.0.0", 0, session=i) + "a=control:track\r\n"
    connection.send(client, ("DESCRIBE rtsp://198.51.100.20/%d RTSP/1.0\r\nCSeq: %d\r\n\r\n" % (i, 2 * i)).encode())
    connection.send(server, ("RTSP/1.0 200 OK\r\nCSeq: %d\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s" %
                             (2 * i, len(sdp), sdp)).encode())
    connection.send(client, ("SETUP %s RTSP/1.0\r\nCSeq: %d\r\nTransport: RTP/SAVP;unicast;client_port=%d-%d\r\n\r\n" %
                             (uri, 2 * i + 1, 2 * i % 60000 + 2, 2 * i % 60000 + 3)).encode())
    connection.send(server, ("RTSP/1.0 200 OK\r\nCSeq: %d\r\nSession: %d\r\nTransport: RTP/SAVP;unicast;client_port=%d-%d;"
                             "server_port=7000-7001\r\n\r\n" %
                             (2 * i + 1, i, 2 * i % 60000 + 2, 2 * i % 60000 + 3)).encode())


@flood(1500)
def rtsp_setups(n, dice):
    """Descriptions and SETUPs of one connection."""
    capture = Capture()
    client, server = ("192.0.2.10", 40000), ("198.51.100.20", 554)
    connection = TcpConnection(capture, client, server)
    for i in range(n):
        rtsp_setup(connection, client, server, i)
    return written(capture)


@flood(1000)
def rtsp_connections(n, dice):
    capture = Capture()
    for i in range(n):
        client, server = (host(i), 40000), ("198.51.100.20", 554)
        rtsp_setup(TcpConnection(capture, client, server), client, server, i)
    return written(capture)


# --- MIKEY -----------------------------------------------------------------------------------------------

PSK = bytes(range(16))


def mikey_message(dice, csb_id, sessions=1):
    init = mikey.PreShared(inkey=PSK, csb_id=csb_id, rand=dice.randbytes(16), ssrcs=[dice.getrandbits(32) for _ in range(sessions)],
                           keys=[mikey.Key(mikey.TGK, dice.randbytes(16))], time=dice.randbytes(8), verified=False)
    return init.init()


def mikey_flood(n, dice, csb_id_of, sessions=1):
    capture = Capture()
    for i in range(n):
        capture.udp(("192.0.2.10", 2269), ("198.51.100.20", 2269), mikey_message(dice, csb_id_of(i), sessions))
    line = "MIKEY_PSK sip:alice@example.com %s\n" % PSK.hex()
    return written(capture, key_log=line.encode())


@flood(600)
def mikey_messages_of_one_csb(n, dice):
    return mikey_flood(n, dice, lambda i: b"\1\2\3\4")


@flood(600)
def mikey_bundles(n, dice):
    return mikey_flood(n, dice, lambda i: struct.pack("!I", i + 1))


@flood(600)
def calls_with_one_mikey_message(n, dice):
    """The same message in every call, and in each an answer of its own."""
    offered = base64.b64encode(mikey_message(dice, b"\1\2\3\4")).decode()
    capture = Capture()
    for i in range(n):
        answered = base64.b64encode(mikey_message(dice, b"\1\2\3\4")).decode()
        capture.udp(CALLER, CALLEE, sip(INVITE, "c%d" % i, 1, body(host(i), 20000) + "a=key-mgmt:mikey %s\r\n" % offered))
        capture.udp(CALLEE, CALLER, sip(OK, "c%d" % i, 1, body(*PEER) + "a=key-mgmt:mikey %s\r\n" % answered, to_tag="b"))
    return written(capture, key_log=b"MIKEY_PSK sip:alice@example.com %s\n" % PSK.hex().encode())


@flood(40)
def mikey_crypto_sessions(n, dice):
    return mikey_flood(n, dice, lambda i: struct.pack("!I", i + 1), sessions=255)


# --- sidelink --------------------------------------------------------------------------------------------


def radio(dissector, pdus, **more):
    capture = Capture(link_type=sidelink.UPPER_PDU)
    for pdu in pdus:
        capture.raw(sidelink.exported_pdu(dissector, pdu))
    return written(capture, **more)


def pc5s_pdu(source, destination, lcid, name, elements, key_id=0, sn=0, sequence=1, mac_i=b""):
    message = pc5s.Message(name, sequence, elements).write()
    return sidelink.sl_pdcp(source, destination, lcid, sidelink.pdcp(sidelink.PC5S, message, key_id, sn, mac_i=mac_i))


def link_request(dice, source, destination):
    return pc5s_pdu(source, destination, 28, pc5s.REQUEST,
                    {"user info": pc5s.user_info("a"), "IP address config": b"\1", "maximum inactivity period": bytes(4),
                     "nonce 1": dice.randbytes(16), "UE security capabilities": pc5s.capabilities({0, 1, 2}, {0, 1, 2}),
                     "MSB of KD-sess ID": b"\x12"})


def link_command(dice, source, destination, eia):
    return pc5s_pdu(source, destination, 29, pc5s.COMMAND,
                    {"UE security capabilities": pc5s.capabilities({0, 1, 2}, {0, 1, 2}), "nonce 2": dice.randbytes(16),
                     "chosen algorithms": pc5s.chosen(2, eia), "LSB of KD-sess ID": b"\x34"},
                    key_id=0x1234, sn=1, mac_i=bytes(4))


def user_plane(source, destination, key_id, sn, dice, length=40):
    return sidelink.sl_pdcp(source, destination, 4, sidelink.pdcp(sidelink.IP, dice.randbytes(length), key_id, sn))


@flood(6000)
def pc5_links(n, dice):
    return radio("pdcp_sl_framed", [link_request(dice, i + 1 << 8, i + 2 << 8) for i in range(n)])


@flood(1000)
def colliding_kd_sess_ids(n, dice):
    """Links that all have one KD-sess ID. Under EIA0 each gives as many contexts as there are keys to try, and none is refuted."""
    pdus = []
    for i in range(n):
        a, b = i + 1 << 8, i + 30000 << 8
        pdus += [link_request(dice, a, b), link_command(dice, b, a, 0), user_plane(a, b, 0x1234, 1, dice)]
    lines = ["D2D_KD * " + dice.randbytes(32).hex() for _ in range(16)]
    return radio("pdcp_sl_framed", pdus, key_log="\n".join(lines).encode() + b"\n")


@flood(2500)
def sidelink_key_ids(n, dice):
    """Each PDU between two ends of its own under a key ID of its own, and a key log with keys for many IDs."""
    pdus = [user_plane(i + 1 << 8, 7 << 8, 1 + i % 65535, i & 0xFFFF, dice) for i in range(n)]
    lines = ["D2D_KDSESS %04x %s" % (i % 65535 + 1, dice.randbytes(32).hex()) for i in range(4 * n)]
    return radio("pdcp_sl_framed", pdus, key_log="\n".join(lines).encode() + b"\n")


@flood(8000)
def rlc_channels(n, dice):
    """Each PDU on a channel of its own, with the beginning of an SDU that never ends."""
    part = dice.randbytes(1000)
    return radio("slsch", [sidelink.slsch(i + 1, 7 << 8, (4, sidelink.rlc_um(0, [part], fi=1))) for i in range(n)])


@flood(3000)
def rlc_parts_of_one_sdu(n, dice):
    pdus = [sidelink.slsch(1, 7 << 8, (4, sidelink.rlc_um(i, [b"\0"], fi=3 if i else 1))) for i in range(n)]
    return radio("slsch", pdus, options=["-V"])


@flood(8000)
def sidelink_sequence_numbers(n, dice):
    """One channel with SNs in random order, and one channel after another."""
    pdus = [user_plane(1 << 8, 7 << 8, 1, dice.getrandbits(16), dice) if i % 2 else user_plane(i + 1 << 8, 7 << 8, 1, 1, dice)
            for i in range(n)]
    return radio("pdcp_sl_framed", pdus)


# --- key logs --------------------------------------------------------------------------------------------


def written_between_key_logs(capture, key_log_of):
    """As pcapng, with a key log of its own in front of each packet; before Wireshark 4.4 they reach no plugin."""
    out = bytearray(pcapng.section_header("<") + pcapng.interface("<", capture.link_type, capture.snaplen))
    for at, (_, octets, length) in enumerate(capture.frames):
        out += pcapng.key_log("<", key_log_of(at)) + pcapng.packet("<", at * 1000, octets, length)
    return Flood(bytes(out), len(capture.frames))


@flood(500)
def key_logs_between_mikey_messages(n, dice):
    """Each key log could open every message so far."""
    capture = Capture()
    for i in range(n):
        capture.udp(("192.0.2.10", 2269), ("198.51.100.20", 2269), mikey_message(dice, struct.pack("!I", i + 1)))
    return written_between_key_logs(capture, lambda at: b"MIKEY_PSK * %s\n" % dice.randbytes(16).hex().encode())


@flood(4000)
def key_logs_between_streams(n, dice):
    capture = Capture()
    for i in range(n):
        capture.udp((host(i), 20000), PEER, rtp(i + 1, 1, dice))
    return written_between_key_logs(capture, lambda at: b"SRTP_MASTER * %s:%s\n" % (CM80.encode(), dice.randbytes(30).hex().encode()))


def one_packet(key_log):
    capture = Capture()
    capture.udp(MEDIA, PEER, b"x")
    return written(capture, key_log=key_log)


@flood(255_000)
def key_log_lines(n, dice):
    """At four times the size more than are read. Most of the lines have a key that stands there before."""
    keys = [dice.randbytes(30).hex() for _ in range(1000)]
    return one_packet("".join("SRTP_MASTER ssrc=0x%08x %s:%s\n" % (i % 5000, CM80, keys[i % 1000]) for i in range(n)).encode())


@flood(40_000)
def key_log_keys(n, dice):
    return one_packet("".join("SRTP_MASTER ssrc=0x%08x %s:%s\n" % (i, CM80, dice.randbytes(30).hex()) for i in range(n)).encode())


@flood(25_000_000)
def key_log_line_length(n, dice):
    return one_packet(b"SRTP_MASTER * " + b"x" * n)


@flood(6_000_000)
def key_log_of_binary_data(n, dice):
    return one_packet(dice.randbytes(n))

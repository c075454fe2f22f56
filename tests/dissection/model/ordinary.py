"""Traffic that is none of the plugin's: what any network carries. Made by scapy, the same each time."""

import logging
import random

logging.getLogger("scapy").setLevel(logging.ERROR)
# scapy warns of the machine's network when it is imported.
from scapy.layers.dhcp import BOOTP, DHCP  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.layers.dns import DNS, DNSQR, DNSRR  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, IPv6  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.layers.l2 import ARP, Dot1Q, Ether  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.layers.ntp import NTPHeader  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.layers.snmp import SNMP, SNMPget, SNMPvarbind  # noqa: E402  # pylint: disable=wrong-import-position
from scapy.packet import Raw  # noqa: E402  # pylint: disable=wrong-import-position

from .capture import Capture  # noqa: E402  # pylint: disable=wrong-import-position

ALICE, BOB, SERVER = "10.0.0.1", "10.0.0.2", "192.0.2.80"
ALICE6, BOB6 = "2001:db8::1", "2001:db8::2"
MACS = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}

REQUEST = b"GET /%d HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: ordinary\r\nAccept: */*\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 600\r\n\r\n" + b"<p>ordinary</p>" * 40


def ip(src=ALICE, dst=BOB):
    return Ether(**MACS) / IP(src=src, dst=dst)


def connection(dice, port, pieces):
    """A TCP connection: handshake, the pieces in turn from either side, acknowledged, and its end."""
    ends = {True: (ALICE, dice.randrange(32768, 60000)), False: (SERVER, port)}
    sequence = {True: dice.getrandbits(31), False: dice.getrandbits(31)}

    def segment(from_client, flags, octets=b""):
        (src, sport), (dst, dport) = ends[from_client], ends[not from_client]
        made = ip(src, dst) / TCP(sport=sport, dport=dport, flags=flags, seq=sequence[from_client],
                                  ack=sequence[not from_client] if "A" in flags else 0, window=64240)
        sequence[from_client] += len(octets) + ("S" in flags or "F" in flags)
        return made / Raw(octets) if octets else made

    yield from (segment(True, "S"), segment(False, "SA"), segment(True, "A"))
    for from_client, octets in pieces:
        yield segment(from_client, "PA", octets)
        yield segment(not from_client, "A")
    yield from (segment(True, "FA"), segment(False, "FA"), segment(True, "A"))


def tls_record(kind, octets):
    return bytes([kind, 3, 3]) + len(octets).to_bytes(2, "big") + octets


def client_hello(dice):
    extensions = bytes.fromhex("000a00040002001d") + bytes.fromhex("002b0003020304") + bytes.fromhex("000d000400020403")
    body = b"\x03\x03" + dice.randbytes(32) + b"\0" + bytes.fromhex("00061301130213030100") + len(extensions).to_bytes(2, "big")
    body += extensions
    return tls_record(22, b"\1" + len(body).to_bytes(3, "big") + body)


def http(dice):
    return connection(dice, 80, [piece for n in range(4) for piece in ((True, REQUEST % n), (False, REPLY))])


def tls(dice):
    data = [(bool(n % 2), tls_record(23, dice.randbytes(dice.randrange(40, 1200)))) for n in range(8)]
    return connection(dice, 443, [(True, client_hello(dice)), *data])


def other_tcp(dice):
    """On ports that no protocol has registered."""
    return connection(dice, dice.randrange(20000, 30000), [(bool(n % 2), dice.randbytes(dice.randrange(1, 900))) for n in range(6)])


def dns(dice):
    for number in range(4):
        name = "host%d.example.com" % dice.randrange(1000)
        port, identity = dice.randrange(32768, 60000), dice.getrandbits(16)
        yield ip(ALICE, SERVER) / UDP(sport=port, dport=53) / DNS(id=identity, rd=1, qd=DNSQR(qname=name))
        yield ip(SERVER, ALICE) / UDP(sport=53, dport=port) / DNS(
            id=identity, qr=1, ra=1, qd=DNSQR(qname=name), an=DNSRR(rrname=name, ttl=60 + number, rdata="198.51.100.7"))


def ntp(dice):
    for _ in range(4):
        yield ip() / UDP(sport=123, dport=123) / NTPHeader(bytes([0x23, 2, 6, 0xEC]) + dice.randbytes(44))


def dhcp(dice):
    for kind in ("discover", "request"):
        yield Ether(src=MACS["src"], dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(
            sport=68, dport=67) / BOOTP(chaddr=bytes(range(6)), xid=dice.getrandbits(32)) / DHCP(
                options=[("message-type", kind), ("hostname", b"ordinary"), "end"])


def snmp(dice):
    for _ in range(4):
        yield ip() / UDP(sport=dice.randrange(32768, 60000), dport=161) / SNMP(
            community="public", PDU=SNMPget(id=dice.randrange(1000), varbindlist=[SNMPvarbind(oid="1.3.6.1.2.1.1.1.0")]))


def icmp(dice):
    for sequence in range(4):
        octets = dice.randbytes(56)
        yield ip() / ICMP(type=8, id=7, seq=sequence) / Raw(octets)
        yield ip(BOB, ALICE) / ICMP(type=0, id=7, seq=sequence) / Raw(octets)


def ipv6(dice):
    yield Ether(**MACS) / IPv6(src=ALICE6, dst=BOB6) / ICMPv6ND_NS(tgt=BOB6)
    yield Ether(**MACS) / IPv6(src=ALICE6, dst=BOB6) / ICMPv6EchoRequest(id=7, data=dice.randbytes(40))
    yield Ether(**MACS) / IPv6(src=ALICE6, dst=BOB6) / UDP(sport=dice.randrange(32768, 60000), dport=53) / DNS(
        id=dice.getrandbits(16), qd=DNSQR(qname="six.example.com"))


def arp(_):
    for number in range(4):
        yield Ether(src=MACS["src"], dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, psrc=ALICE, pdst="10.0.0.%d" % number)
        yield Ether(**MACS) / Dot1Q(vlan=7) / ARP(op=2, psrc=BOB, pdst=ALICE, hwsrc=MACS["dst"], hwdst=MACS["src"])


def quic(dice):
    """Packets with a long header and what follows; none can be decrypted."""
    port = dice.randrange(32768, 60000)
    connection_id = dice.randbytes(8)
    head = b"\xc3\0\0\0\1\x08" + connection_id + b"\0\0"
    yield ip(ALICE, SERVER) / UDP(sport=port, dport=443) / Raw(head + (0x4000 | 1180).to_bytes(2, "big") + dice.randbytes(1180))
    for _ in range(6):
        yield ip(ALICE, SERVER) / UDP(sport=port, dport=443) / Raw(b"\x41" + connection_id + dice.randbytes(dice.randrange(30, 1200)))


def other_udp(dice):
    """On ports that no protocol has registered. The first octet is any: of RTP, STUN, DTLS and others as well."""
    port = dice.randrange(20000, 30000)
    for _ in range(8):
        yield ip() / UDP(sport=port, dport=port + 1) / Raw(dice.randbytes(dice.randrange(1, 300)))


FAMILIES = {"http": http, "tls": tls, "other tcp": other_tcp, "dns": dns, "ntp": ntp, "dhcp": dhcp, "snmp": snmp, "icmp": icmp,
            "ipv6": ipv6, "arp": arp, "quic": quic, "other udp": other_udp}


def write(path, count, families=tuple(FAMILIES)):
    """Writes `count` frames of these families, as many of one as of another as nearly as their connections can be divided."""
    dice = random.Random("ordinary")
    frames, turns = [], {name: 0 for name in families}
    while len(frames) < count:
        name = min(turns, key=turns.get)
        made = [bytes(each) for each in FAMILIES[name](dice)]
        turns[name] += len(made)
        frames += made
    capture = Capture()
    for octets in frames[:count]:
        capture.raw(octets)
    capture.write(path)

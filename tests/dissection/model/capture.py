"""Frames, built by hand: Ethernet, VLAN tags, IPv4 and IPv6 with fragments, UDP, TCP; written as a pcap file.

Deterministic: the clock starts at a fixed moment and moves a millisecond a frame.
"""

import ipaddress
import struct

START_TIME = 1_700_000_000.0
TICK = 0.001
ETHERNET = 1  # LINKTYPE


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(ip):
    return b"\x02\x00" + ip.packed[-4:]


# --- packets; addresses are of the module ipaddress ------------------------------------------------------------


def _pseudo(src, dst, protocol, length):
    if src.version == 4:
        return src.packed + dst.packed + struct.pack("!BBH", 0, protocol, length)
    return src.packed + dst.packed + struct.pack("!II", length, protocol)


def udp_datagram(src, dst, src_port, dst_port, payload):
    length = 8 + len(payload)
    ports = struct.pack("!HHH", src_port, dst_port, length)
    total = checksum(_pseudo(src, dst, 17, length) + ports + b"\0\0" + payload) or 0xFFFF
    return ports + struct.pack("!H", total) + payload


def ipv4_packet(src, dst, protocol, payload, identification, fragment=0):
    """fragment: flags and offset."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, fragment, 64, protocol, 0, src.packed,
                         dst.packed)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6_packet(src, dst, protocol, payload):
    return struct.pack("!IHBB16s16s", 0x60000000, len(payload), protocol, 64, src.packed, dst.packed) + payload


# --- frames ------------------------------------------------------------------------------------------------


class Capture:
    """Frames in the order in which they were caught. A frame's number is its position, from 1."""

    def __init__(self, snaplen=65535, link_type=ETHERNET):
        self.frames = []  # (time, octets, length on the wire)
        self.time = START_TIME
        self.snaplen, self.link_type = snaplen, link_type
        self.vlans = ()
        self._identification = 0
        self._addresses = {}

    # --- layers ---------------------------------------------------------------------------------

    def _address(self, text):
        found = self._addresses.get(text)
        if found is None:
            found = self._addresses[text] = ipaddress.ip_address(text)
        return found

    def _frame(self, src, dst, packet):
        ethertype = 0x86DD if src.version == 6 else 0x0800
        header = _mac(dst) + _mac(src)
        for vlan in self.vlans:
            header += struct.pack("!HH", 0x8100, vlan)
        return self.raw(header + struct.pack("!H", ethertype) + packet)

    def raw(self, octets):
        """A frame as the link layer has it."""
        self.frames.append((self.time, octets[: self.snaplen], len(octets)))
        self.time += TICK
        return len(self.frames)

    def _ip(self, src, dst, protocol, payload, mtu):
        """Returns the number of the frame that completes the packet."""
        if src.version == 4:
            self._identification = self._identification + 1 & 0xFFFF
            room = (mtu - 20) // 8 * 8 if mtu else len(payload)
            pieces = range(0, len(payload), room) if len(payload) > room else (0,)
            for at in pieces:
                piece = payload[at : at + room] if mtu else payload
                more = 0x2000 if mtu and at + room < len(payload) else 0
                number = self._frame(src, dst, ipv4_packet(src, dst, protocol, piece, self._identification, more | at // 8))
            return number
        room = (mtu - 48) // 8 * 8 if mtu else len(payload)
        if len(payload) <= room:
            return self._frame(src, dst, ipv6_packet(src, dst, protocol, payload))
        self._identification += 1
        for at in range(0, len(payload), room):
            piece = payload[at : at + room]
            fragment = struct.pack("!BBHI", protocol, 0, at | (at + room < len(payload)), self._identification)
            number = self._frame(src, dst, ipv6_packet(src, dst, 44, fragment + piece))
        return number

    # --- what scenarios call --------------------------------------------------------------------

    def udp(self, src, dst, payload, mtu=0):
        """src and dst are (address, port). Returns the frame's number, the last fragment's when it was cut."""
        (src_ip, src_port), (dst_ip, dst_port) = src, dst
        src_ip, dst_ip = self._address(src_ip), self._address(dst_ip)
        return self._ip(src_ip, dst_ip, 17, udp_datagram(src_ip, dst_ip, src_port, dst_port, payload), mtu)

    def tcp_segment(self, src, dst, flags, seq, ack, payload=b""):
        (src_ip, src_port), (dst_ip, dst_port) = src, dst
        src_ip, dst_ip = self._address(src_ip), self._address(dst_ip)
        header = struct.pack("!HHIIBBHHH", src_port, dst_port, seq, ack, 5 << 4, flags, 65535, 0, 0)
        total = checksum(_pseudo(src_ip, dst_ip, 6, 20 + len(payload)) + header + payload)
        return self._ip(src_ip, dst_ip, 6, header[:16] + struct.pack("!H", total) + header[18:] + payload, 0)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, self.snaplen, self.link_type))
            for time, octets, length in self.frames:
                seconds = int(time)
                micros = round((time - seconds) * 1_000_000)
                out.write(struct.pack("<IIII", seconds, micros, len(octets), length))
                out.write(octets)


class TcpConnection:
    """One TCP connection with its handshake; `send` cuts a message into the segments it is told."""

    FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

    def __init__(self, capture, client, server):
        self.capture = capture
        self.next = {client: 1001, server: 5001}
        self.other = {client: server, server: client}
        capture.tcp_segment(client, server, self.SYN, 1000, 0)
        capture.tcp_segment(server, client, self.SYN | self.ACK, 5000, 1001)
        capture.tcp_segment(client, server, self.ACK, 1001, 5001)

    def send(self, src, data, cuts=()):
        """`cuts`: offsets at which a new segment begins. Returns the number of the last segment's frame."""
        dst = self.other[src]
        edges = [0, *[cut for cut in cuts if 0 < cut < len(data)], len(data)]
        for begin, end in zip(edges, edges[1:]):
            number = self.capture.tcp_segment(
                src, dst, self.PSH | self.ACK, self.next[src], self.next[dst], data[begin:end])
            self.next[src] += end - begin
        self.capture.tcp_segment(dst, src, self.ACK, self.next[dst], self.next[src])
        return number

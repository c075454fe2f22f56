"""Streams that RTSP sets up, one function each, in the manner of scenarios.py.

`by` says how the keys come: "sdes" is a=crypto in the SDP, "none" none at all; "sdp", "header" and "both" are MIKEY in the SDP, in
KeyMgmt headers, or in either: the server's message in the SDP or its reply to SETUP, the client's in its SETUP.
"""

import base64

from model.mikey_model import TEK, Key
from model.rtsp_model import Rtsp, announcement, key_mgmt
from model.scenario import Scenario, Stream
from model.sip_model import Media, crypto_line, sdp
from model.srtp_model import make_key

REGISTRY = {}

CM80, CM256, GCM128, GCM256 = "AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"
POLICIES = {CM80: None, CM256: {0: 1, 1: 32, 2: 1, 3: 10, 7: 1, 8: 1, 10: 1}, GCM128: {0: 6, 1: 16, 4: 12, 5: 0, 20: 16},
            GCM256: {0: 6, 1: 32, 4: 12, 5: 0, 20: 16}}
CLIENT, SERVER = "192.0.2.10", "198.51.100.20"
PORTS = 20000, 30000  # of client and server; a further section has the next two
EVERY_WAY = ("sdes", "sdp", "header", "both")


def scenario(function):
    REGISTRY[function.__name__] = function
    return function


def family(*cases):
    """Registers function(s, *case) once for each case."""

    def register(function):
        for case in cases:
            case = case if isinstance(case, tuple) else (case,)
            name = "%s[%s]" % (function.__name__, "-".join(map(str, case)))
            REGISTRY[name] = lambda s, case=case: function(s, *case)
        return function

    return register


def build(name):
    made = Scenario("rtsp " + name)
    made.bundles = {}  # frame -> the packets in it, where it may have several
    REGISTRY[name](made)
    return made


# --- helpers ---------------------------------------------------------------------------------------------


def connect(s, *, client=(CLIENT, 41000), server=(SERVER, 8554), path="/live"):
    made = Rtsp(s.capture, client, server, path)
    s.dialogs.append(made)
    return made


class Section:
    """An m= section: a key and an SSRC for each side, and how they are told. The client sends reports alone."""

    def __init__(self, s, by, number=0, *, suite=CM80, profile="RTP/SAVP", control=None, media="audio", formats="8", rtpmap=None):
        dice = s.random
        self.s, self.by, self.number, self.profile, self.media, self.formats = s, by, number, profile, media, formats
        self.control, self.rtpmap = control or "stream=%d" % number, rtpmap
        self.ssrcs = dice.getrandbits(32), dice.getrandbits(32)  # of server and client
        self.keys = make_key(dice, suite), make_key(dice, suite)
        self.suite = suite

    def message(self, side):
        """MIKEY of one side (0: the server's), key and salt in one as GStreamer has them."""
        dice, key = self.s.random, self.keys[side]
        time = (int(self.s.capture.time) + 2208988800).to_bytes(4, "big") + dice.randbytes(4)
        return announcement(dice.randbytes(4), self.ssrcs[side], dice.randbytes(16), time, Key(TEK, key.key + key.salt),
                            POLICIES[self.suite])

    def described(self):
        made = Media(0, media=self.media, profile=self.profile, formats=self.formats)
        if self.by == "sdes":
            made.crypto.append(crypto_line(1, self.keys[0]))
        elif self.by in ("sdp", "both"):
            made.attributes.append("key-mgmt:mikey " + base64.b64encode(self.message(0)).decode())
        if self.rtpmap:
            made.attributes.append("rtpmap:" + self.rtpmap)
        made.attributes.append("control:" + self.control)
        return made

    @property
    def client_has_key(self):
        return self.by in ("header", "both")

    def headers(self, uri, **writing):
        """KeyMgmt headers of SETUP and of its reply."""
        if not self.client_has_key:
            return (), ()
        answer = [("KeyMgmt", key_mgmt(self.message(0), uri))] if self.by == "header" else []
        return [("KeyMgmt", key_mgmt(self.message(1), uri, **writing))], answer

    def set_up(self, rtsp, *, uri=None, interleaved=False, transport=None, extra="", **options):
        """SETUP and its reply. Returns the streams of server and client; None for a client without a key."""
        uri = uri or "%s/%s" % (rtsp.uri, self.control)
        headers, answer = self.headers(uri, **options.pop("writing", {}))
        at = 2 * self.number
        if interleaved:
            both = "%s;unicast;interleaved=%d-%d" % (transport or self.profile + "/TCP", at, at + 1)
            frames = rtsp.setup(uri, both, both + extra, headers=headers, answer=answer, **options)
            server, client = (rtsp.server,) * 2, (rtsp.client,) * 2
        else:
            asked = "%s;unicast;client_port=%d-%d" % (transport or self.profile, PORTS[0] + at, PORTS[0] + at + 1)
            chosen = asked + ";server_port=%d-%d;ssrc=%08X%s" % (PORTS[1] + at, PORTS[1] + at + 1, self.ssrcs[0], extra)
            frames = rtsp.setup(uri, asked, chosen, headers=headers, answer=answer, **options)
            client = (rtsp.client[0], PORTS[0] + at), (rtsp.client[0], PORTS[0] + at + 1)
            server = (rtsp.server[0], PORTS[1] + at), (rtsp.server[0], PORTS[1] + at + 1)
        self.note_keys(rtsp, frames)
        return self.streams(server, client)

    def note_keys(self, rtsp, setup_frames):
        """MIKEY does not write a key as a=crypto does."""
        described = next((frame for frame, text in rtsp.bodies if "m=" in text), 0)
        brought = {"sdp": [(0, described)], "header": [(0, setup_frames[1]), (1, setup_frames[0])],
                   "both": [(0, described), (1, setup_frames[0])]}.get(self.by, ())
        rtsp.bodies += [(frame, self.keys[side].inline) for side, frame in brought]

    def streams(self, server, client):
        made = []
        for side, (src, dst) in enumerate(((server, client), (client, server))):
            made.append(Stream(self.s, self.keys[side], src[0], dst[0], ssrc=self.ssrcs[side], payload_type=int(self.formats),
                               rtcp_src=src[1], rtcp_dst=dst[1]))
        return made[0], made[1] if self.client_has_key else None


def body(sections, *, session=("control:*",), address=SERVER):
    return sdp(address, [each.described() for each in sections], session=session, connection="0.0.0.0")


def talk(s, server, client, *, carry=(None, None), count=6):
    for _ in range(count):
        s.put(server.next(), carry=carry[0])
    s.put(server.report(), carry=carry[1])
    if client:
        s.put(client.report(), carry=carry[1])


def play(s, rtsp, sections, *, interleaved=False, **options):
    """SETUP of each section, PLAY, media."""
    streams = [each.set_up(rtsp, interleaved=interleaved, **options) for each in sections]
    rtsp.play()
    for each, (server, client) in zip(sections, streams):
        carry = (rtsp.on(2 * each.number), rtsp.on(2 * each.number + 1)) if interleaved else (None, None)
        talk(s, server, client, carry=carry)


def watch(s, sections, *, rtsp=None, interleaved=False, **options):
    rtsp = rtsp or connect(s)
    rtsp.describe(body(sections))
    play(s, rtsp, sections, interleaved=interleaved, **options)
    return rtsp


# --- where keys and media travel ---------------------------------------------------------------------------


@family(*EVERY_WAY)
def over_udp(s, by):
    watch(s, [Section(s, by)])


@family(*EVERY_WAY)
def interleaved(s, by):
    watch(s, [Section(s, by)], interleaved=True)


@family(CM256, GCM128, GCM256)
def one_tek_for_key_and_salt(s, suite):
    """46, 28 and 44 octets."""
    watch(s, [Section(s, "both", suite=suite)])


@family(*[(by, over) for by in ("sdes", "both") for over in ("udp", "tcp")])
def two_sections(s, by, over):
    """Set up in the other order; one control is relative, the other absolute and under a name that only the server has for itself."""
    sections = [Section(s, by, 0, control="rtsp://camera.example/live/track1"),
                Section(s, by, 1, media="video", formats="96")]
    rtsp = connect(s)
    rtsp.describe(body(sections))
    streams = {1: sections[1].set_up(rtsp, interleaved=over == "tcp"),
               0: sections[0].set_up(rtsp, uri=rtsp.uri + "/track1", interleaved=over == "tcp")}
    rtsp.play()
    for number, (server, client) in streams.items():
        carry = (rtsp.on(2 * number), rtsp.on(2 * number + 1)) if over == "tcp" else (None, None)
        talk(s, server, client, carry=carry)


@family("sdes", "both")
def without_content_base(s, by):
    section = Section(s, by)
    rtsp = connect(s)
    rtsp.describe(body([section], session=()), base=False)
    play(s, rtsp, [section])


@scenario
def without_describe(s):
    """The client knows the stream from elsewhere."""
    section = Section(s, "header")
    play(s, connect(s), [section])


@family(*[(by, port) for by in ("sdes", "both") for port in (554, 7236)])
def other_port(s, by, port):
    watch(s, [Section(s, by)], rtsp=connect(s, server=(SERVER, port)))


@family("sdes", "both")
def over_ipv6(s, by):
    section = Section(s, by)
    rtsp = connect(s, client=("2001:db8::10", 41000), server=("2001:db8:1::20", 8554))
    rtsp.uri = "rtsp://[2001:db8:1::20]:8554/live"
    rtsp.describe(body([section], address="2001:db8:1::20"))
    play(s, rtsp, [section])


@family("sdes", "both")
def two_clients_of_one_server(s, by):
    """One session ID, one port of the server; each has keys of its own."""
    for client in (CLIENT, "192.0.2.11"):
        watch(s, [Section(s, by)], rtsp=connect(s, client=(client, 41000)))


@family("udp", "tcp")
def recorded(s, over):
    """The client describes and sends."""
    section = Section(s, "sdes")
    rtsp = connect(s)
    rtsp.request("ANNOUNCE", body=body([section], address=CLIENT))
    rtsp.reply()
    server, _ = section.set_up(rtsp, interleaved=over == "tcp", extra=";mode=record")
    rtsp.play("RECORD")
    stream = Stream(s, section.keys[0], server.dst, server.src, ssrc=section.ssrcs[0], payload_type=8, rtcp_src=server.rtcp_dst,
                    rtcp_dst=server.rtcp_src)
    talk(s, stream, None, carry=(rtsp.on(0), rtsp.on(1)) if over == "tcp" else (None, None))


@scenario
def media_from_another_host(s):
    section = Section(s, "sdes")
    rtsp = connect(s)
    rtsp.describe(body([section]))
    server, _ = section.set_up(rtsp, extra=";source=198.51.100.99")
    server.move(src=("198.51.100.99", PORTS[1]))
    rtsp.play()
    talk(s, server, None)


@scenario
def rekeyed_by_set_parameter(s):
    """As GStreamer's client does."""
    section = Section(s, "both")
    rtsp = connect(s)
    rtsp.describe(body([section]))
    server, client = section.set_up(rtsp)
    rtsp.play()
    talk(s, server, client)
    again = Section(s, "header")
    again.ssrcs = section.ssrcs
    frame = rtsp.request("SET_PARAMETER", rtsp.uri + "/stream=0", again.headers(rtsp.uri + "/stream=0")[0])
    rtsp.bodies.append((frame, again.keys[1].inline))
    rtsp.reply()
    client.key = again.keys[1]
    client.send_report(4)


# --- how it is written ---------------------------------------------------------------------------------------


WRITINGS = {"data_first": dict(order="data prot uri"), "unquoted": dict(quotes=False), "spaced": dict(space=" "),
            "unquoted_data_last": dict(order="uri prot data", quotes=False)}


@family(*WRITINGS)
def key_mgmt_header(s, writing):
    watch(s, [Section(s, "both")], writing=WRITINGS[writing])


def every(size):
    return lambda octets: range(size, len(octets), size)


def before_last_octet(octets):
    return [len(octets) - 1]


def before_last_lines(octets):
    return [octets.index(b"\r\n\r\n") + 1, octets.index(b"\r\n\r\n") + 2, octets.index(b"\r\n\r\n") + 3]


def in_header(octets):
    return [octets.index(b"KeyMgmt") + 40] if b"KeyMgmt" in octets else [60]


CUTS = {"in_header": in_header, "before_last_octet": before_last_octet, "before_last_lines": before_last_lines, "small": every(48)}


@family(*[(by, cuts) for by in ("sdes", "both") for cuts in CUTS])
def header_in_segments(s, by, cuts):
    section = Section(s, by)
    rtsp = connect(s)
    rtsp.describe(body([section]), cuts=CUTS[cuts])
    play(s, rtsp, [section], cuts=CUTS[cuts])


@family(*[(by, cut) for by in ("sdes", "both") for cut in (0, 60)])
def messages_in_one_segment(s, by, cut):
    """Both SETUPs, one segment; both replies, another, or two that the second reply is cut between."""
    sections = [Section(s, by, 0), Section(s, by, 1)]
    rtsp = connect(s)
    rtsp.describe(body(sections))
    asked, chosen, headers = b"", b"", []
    for each in sections:
        rtsp.cseq += 1
        at, uri = 2 * each.number, "%s/%s" % (rtsp.uri, each.control)
        headers.append(each.headers(uri))
        ports = "RTP/SAVP;unicast;client_port=%d-%d" % (PORTS[0] + at, PORTS[0] + at + 1)
        asked += rtsp.octets("SETUP %s RTSP/1.0" % uri, [("Transport", ports), *headers[-1][0]])
        ports += ";server_port=%d-%d" % (PORTS[1] + at, PORTS[1] + at + 1)
        chosen += rtsp.octets("RTSP/1.0 200 OK", [("Transport", ports), *headers[-1][1]])
    frames = rtsp.tcp.send(rtsp.client, asked), rtsp.tcp.send(rtsp.server, chosen, [len(chosen) - cut])
    rtsp.play()
    for each in sections:
        each.note_keys(rtsp, frames)
        at = 2 * each.number
        ends = [[(host, port + at), (host, port + at + 1)] for host, port in ((SERVER, PORTS[1]), (CLIENT, PORTS[0]))]
        talk(s, *each.streams(*ends))


# --- RTP/AVP with keys ---------------------------------------------------------------------------------------


@family(*[(by, over) for by in ("sdes", "both") for over in ("udp", "tcp")])
def under_rtp_avp(s, by, over):
    """A profile without security and keys all the same, as some servers have it."""
    watch(s, [Section(s, by, profile="RTP/AVP")], interleaved=over == "tcp")


@family("udp", "tcp")
def one_section_of_rtp_avp_in_the_clear(s, over):
    """It is set up first, and so stock knows its channels before those of the other are taken."""
    sections = [Section(s, "none", 0, profile="RTP/AVP"), Section(s, "sdes", 1, profile="RTP/AVP")]
    rtsp = connect(s)
    rtsp.describe(body(sections))
    (clear, _), (protected, _) = [each.set_up(rtsp, interleaved=over == "tcp") for each in sections]
    rtsp.play()
    carry = [rtsp.on(channel) for channel in range(4)] if over == "tcp" else [None] * 4
    for packet in clear.batch(4) + [clear.report()]:
        way = carry[packet.kind == "rtcp"]
        s.stock_frames.append(s.put(packet, wire=packet.plain, shown=False, carry=way))
    talk(s, protected, None, carry=carry[2:])


# --- several packets in a segment, packets in several segments ------------------------------------------------


def bundle(s, frame, *packets):
    s.bundles[frame] = packets


@family("sdes", "both")
def mixed_segments(s, by):
    """Packets and messages in one segment, split ones, and split ones with others behind them."""
    section = Section(s, by)
    rtsp = connect(s)
    rtsp.describe(body([section]))
    server, client = section.set_up(rtsp, interleaved=True)
    rtsp.request("PLAY", rtsp.uri + "/")
    reply = rtsp.octets("RTSP/1.0 200 OK")

    def framed(packet):
        return rtsp.interleaved(packet.kind == "rtcp", packet.wire)

    def send(*parts, cuts=()):
        return rtsp.tcp.send(rtsp.server, b"".join(parts), cuts)

    a, b, c = server.batch(3)
    bundle(s, send(framed(a), framed(b), framed(c)), a, b, c)
    a, report, b = server.next(), server.report(), server.next()
    bundle(s, send(framed(a), reply, framed(report), framed(b)), a, report, b)
    a, b, c = server.batch(3)
    whole = framed(a) + framed(b)
    last = send(whole, framed(c), cuts=[len(framed(a)) + 20])
    bundle(s, last - 1, a)
    bundle(s, last, b, c)
    a, b = server.batch(2)
    last = send(framed(a), framed(b), cuts=[2])  # in the header of the first
    bundle(s, last, a, b)
    a, b = server.next(size=3000), server.next()
    last = send(reply, framed(a), framed(b), cuts=[1000, 2000, len(reply) + len(framed(a)) + 3])
    bundle(s, last - 1, a)
    bundle(s, last, b)
    if client:
        a, b = client.report(), client.report()
        rtsp.cseq += 1
        octets = framed(a) + rtsp.octets("GET_PARAMETER %s RTSP/1.0" % rtsp.uri) + framed(b)
        bundle(s, rtsp.tcp.send(rtsp.client, octets), a, b)

"""RTSP connections (RFC 2326) with KeyMgmt headers (RFC 4567 section 3.2), and the MIKEY messages that RTSP servers and clients send."""

import base64
import struct

from . import mikey_model as mikey
from .capture import TcpConnection

UNPROTECTED = mikey.Algorithms(encr=mikey.ENCR_NULL, mac=mikey.MAC_NULL)
GSTREAMER_POLICY = {0: 1, 1: 16, 2: 1, 3: 10, 7: 1, 8: 1, 10: 1}


def announcement(csb_id, ssrc, rand, time, key, params=None):
    """A MIKEY message as GStreamer and gortsplib write it: pre-shared, with neither identities nor protection of its own."""
    payloads = [mikey.timestamp(mikey.NTP_UTC, time), mikey.rand(rand), mikey.policy(0, params or GSTREAMER_POLICY),
                mikey.kemac(UNPROTECTED, mikey.chain([key.payload]), mikey.MAC_NULL)]
    entries = [b"\0" + struct.pack("!I", ssrc) + bytes(4)]
    return mikey.header("PSK_INIT", UNPROTECTED, csb_id, payloads, map_type=mikey.SRTP_ID, entries=entries) + mikey.chain(payloads)


def key_mgmt(message, uri, *, order="prot uri data", quotes=True, space=""):
    """One entry of a KeyMgmt header."""
    values = {"prot": "mikey", "uri": uri, "data": base64.b64encode(message).decode()}
    quote = {"prot": "", "uri": '"' * quotes, "data": '"' * quotes}
    return (";" + space).join("%s=%s%s%s" % (name, quote[name], values[name], quote[name]) for name in order.split())


class Rtsp:
    """The messages of one connection, and what is interleaved with them."""

    def __init__(self, capture, client, server, path="/live"):
        self.client, self.server = client, server
        self.tcp = TcpConnection(capture, client, server)
        self.uri = "rtsp://%s:%d%s" % (*server, path)
        self.cseq = 0
        self.bodies = []  # (frame, text): what brings keys

    # --- messages -------------------------------------------------------------------------------

    def message(self, sender, start, headers=(), body="", cuts=()):
        """Sends a message; `cuts`: offsets, or a function of its octets. Returns the number of its last frame."""
        octets = self.octets(start, headers, body)
        frame = self.tcp.send(sender, octets, cuts(octets) if callable(cuts) else cuts)
        self.bodies.append((frame, octets.decode()))
        return frame

    def octets(self, start, headers=(), body=""):
        headers = [("CSeq", str(self.cseq)), *headers]
        if body:
            headers += [("Content-Type", "application/sdp"), ("Content-Length", str(len(body)))]
        return (start + "\r\n" + "".join("%s: %s\r\n" % header for header in headers) + "\r\n" + body).encode()

    def request(self, method, uri=None, headers=(), body="", **options):
        self.cseq += 1
        return self.message(self.client, "%s %s RTSP/1.0" % (method, uri or self.uri), headers, body, **options)

    def reply(self, headers=(), body="", *, status="200 OK", **options):
        return self.message(self.server, "RTSP/1.0 " + status, headers, body, **options)

    # --- the usual exchanges --------------------------------------------------------------------

    def describe(self, sdp, *, base=True, headers=(), **options):
        self.request("DESCRIBE", headers=[("Accept", "application/sdp")])
        headers = list(headers) + ([("Content-Base", self.uri + "/")] if base else [])
        return self.reply(headers, sdp, **options)

    def setup(self, uri, asked, chosen, *, headers=(), answer=(), **options):
        """asked, chosen: values of Transport. Returns the frames of request and reply."""
        first = self.request("SETUP", uri, [("Transport", asked), *headers], **options)
        return first, self.reply([("Transport", chosen), ("Session", "1234"), *answer])

    def play(self, method="PLAY"):
        self.request(method, self.uri + "/", [("Session", "1234")])
        self.reply([("Session", "1234")])

    # --- interleaved packets --------------------------------------------------------------------

    @staticmethod
    def interleaved(channel, packet):
        """RFC 2326 section 10.12."""
        return b"$" + struct.pack("!BH", channel, len(packet)) + packet

    def on(self, channel):
        """Sends packets on a channel, a segment each."""
        return lambda sender, packet: self.tcp.send(sender, self.interleaved(channel, packet))

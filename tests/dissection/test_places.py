"""Things of one frame that begin at the same octet, each in a data source of its own: none passes for another."""

import gzip

import pytest

from model.capture import Capture, TcpConnection

CLIENT, SERVER = ("192.0.2.10", 40000), ("198.51.100.20", 80)
SESSION = "v=0\r\no=- %d 0 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
MIKEY = "a=key-mgmt:mikey AQAFgM3x+P4CAAABAAAAAQAAAAIAAAsA\r\n"
AUDIO = "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/SAVP 0\r\n"
CRYPTO = "a=crypto:%d AES_CM_128_HMAC_SHA1_80 inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\r\n"


def response(body):
    packed = gzip.compress(body.encode(), mtime=0)
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/sdp\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    return head.encode() + packed


def in_one_frame(tshark, *bodies):
    """(capture, number of the frame)"""
    capture = Capture()
    connection = TcpConnection(capture, CLIENT, SERVER)
    connection.send(CLIENT, b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * len(bodies))
    number = connection.send(SERVER, b"".join(map(response, bodies)))
    path = tshark.file("places.pcap", b"")
    capture.write(path)
    return path, number


@pytest.mark.parametrize("passes", [1, 2])
def test_sdp_bodies(tshark, passes):
    """The second has more m= lines than the first, and keys."""
    path, number = in_one_frame(tshark, SESSION % 1, SESSION % 2 + MIKEY + AUDIO + CRYPTO % 1 + AUDIO.replace("4000", "4002") + CRYPTO % 7)
    text = tshark.text(path, "-T", "fields", "-e", "frame.number", "-e", "sdp.session_name", "-e", "sdes.tag", "-e", "mikey_ticket.csb_id",
                       *(["-2"] if passes == 2 else []))
    assert dict(line.split("\t", 1) for line in text.splitlines())[str(number)] == "-,-\t1,7\t0xcdf1f8fe"

"""What may be malformed in direct communication, from what frames the PDUs up to the container in PC5 signalling: the departure
is named, and the rest of the packet is still shown.

The numbers before the names are those of the catalogue: PDCP 1 to 17, RLC and MAC 18 to 26, PC5 signalling 27 to 48, key
establishment containers 49 to 56. Each has a row here, or a test elsewhere that holds it. SDP and MIKEY by themselves are
malformed in test_malformed.py.
"""

import base64
import hashlib
import importlib
import itertools
import re
import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import partial

import pytest

from model.d2d_model import Context
from model.sidelink_framing import GROUPCAST, IP, NON_IP, PC5S, V2X, mac_lte, pcap, pdcp, rlc_um, sl_pdcp, slsch
from test_pc5s import TRANSFER_INIT, TRANSFER_RESP, accept, command, complete, container, crypto, exported, request, sdp
from test_radio import ALICE, BOB, FRAMING_ON, ip_packet, mac_of, over_udp, whole

CAROL, DAVE = 0x314253, 0x647586
CATALOGUE = range(1, 57)
OURS = ("pdcp_sl.", "rlc_sl.", "slsch.", "pc5s.", "sdes.", "mikey_ticket.")


@dataclass(frozen=True)
class Row:
    """frames, of which the last but `behind` is judged; `expert`, its filter name, says `text`; `shown`: field -> value."""

    frames: list
    expert: str
    text: str
    shown: dict
    also: tuple = ()  # further errors that follow from the same
    behind: int = 0


def row(frames, expert, text, *also, behind=0, **shown):
    """shown: `__` stands for the dot of a field's name. Octets are compared as such, numbers as numbers."""
    frames = frames if isinstance(frames, list) else [frames]
    return Row(frames, expert, text, {name.replace("__", "."): value for name, value in shown.items()}, also, behind)


# --- PDCP, RLC, MAC --------------------------------------------------------------------------------------------------

RELEASE_ACCEPT = b"\x07\x00\x01"
PLAIN = whole(pdcp(PC5S, RELEASE_ACCEPT))
PACKET = ip_packet(1)
CONTENT = pdcp(IP, PACKET)
IDS = mac_of(PLAIN)[:6]  # the SL-SCH subheader
SEEN = dict(pdcp_sl__sn=5, pdcp_sl__kd_sess_id=0x1234)


def protected(lcid=30, key_id=0x1234, sn=5, data=bytes(20), mac_i=bytes(4)):
    return mac_of(whole(pdcp(PC5S, data, key_id, sn, mac_i=mac_i)), lcid=lcid)


def on_lcid(lcid, content=PLAIN):
    return mac_of(content, lcid=lcid)


def in_parts(*fis):
    """PDUs of 2000 octets, each a part of one SDU."""
    return [mac_of(rlc_um(sn, [pdcp(NON_IP, bytes(1995))], fi=fi)) for sn, fi in enumerate(fis)]


RADIO = {
    "1 PDCP PDU of no octet": row(
        mac_of(b"\x03"), "rlc_sl.error", "carries nothing", rlc_sl__sn=3, slsch__sdu=b"\x03"),
    **{"1 PDCP PDU of %d octets" % length: row(
        mac_of(whole(bytes(length))), "pdcp_sl.error", "ends within its header", rlc_sl__sn=0, pdcp_sl__data=bytes(length))
        for length in (1, 2, 3, 4)},
    "2 PDCP header without data": row(
        mac_of(whole(pdcp(IP, b"", 0x1234, 5))), "pdcp_sl.warning", "carries no data", **SEEN),
    **{"3 SDU type %d, reserved" % kind: row(
        mac_of(whole(pdcp(kind, b"reserved"))), "pdcp_sl.error", "SDU type is reserved", pdcp_sl__sdu_type=kind,
        pdcp_sl__sdu=b"reserved", data__data=b"reserved") for kind in (4, 5, 6, 7)},
    "4 reserved bits in unicast": row(
        mac_of(whole(pdcp(IP, PACKET, pgk_index=9))), "pdcp_sl.note", "Reserved bits of the header", pdcp_sl__reserved=9,
        ip__src="10.0.0.1"),
    **{"5 KD-sess ID 0 on LCID %d" % lcid: row(
        on_lcid(lcid), "pdcp_sl.warning", "No KD-sess ID", slsch__lcid=lcid, pdcp_sl__sdu=RELEASE_ACCEPT, pc5s__type=7)
        for lcid in (29, 30)},
    "6 KD-sess ID on LCID 28": row(
        protected(lcid=28), "pdcp_sl.warning", "channel of messages that are not protected", pdcp_sl__ciphered=bytes(20),
        pdcp_sl__mac_i=bytes(4), **SEEN),
    **{"7 no room for a MAC-I in %d octets" % length: row(
        mac_of(whole(pdcp(PC5S, b"abc"[:length], 0x1234, 5)), lcid=30), "pdcp_sl.error", "too short to hold a MAC-I",
        pdcp_sl__ciphered=b"abc"[:length], **SEEN) for length in (1, 2, 3)},
    "9 SN used again for other data": row(
        [protected(), protected(data=bytes(19) + b"\1")], "pdcp_sl.warning", "keystream reuse",
        pdcp_sl__ciphered=bytes(19) + b"\1", **SEEN),
    "9 SN used again for the same data": row([protected()] * 2, "pdcp_sl.note", "has been there before", **SEEN),
    "10 SN from 65535 to 0": row(
        [protected(sn=65535), protected(sn=0)], "pdcp_sl.warning", "SN began anew under the same key", pdcp_sl__sn=0,
        pdcp_sl__ciphered=bytes(20)),
    "11 KD-sess ID that is not known": row(
        protected(key_id=0x4321), "pdcp_sl.no_key", "no key is known", pdcp_sl__kd_sess_id=0x4321, pdcp_sl__count=0x43210005,
        pdcp_sl__ciphered=bytes(20), pdcp_sl__mac_i=bytes(4)),
    "13 PDU of an SDU of 8189 octets": row(
        mac_of(whole(pdcp(NON_IP, bytes(8189)))), "pdcp_sl.warning", "longer than 8188 octets", pdcp_sl__sdu=bytes(8189),
        data__len=8189),
    "14 IP that is neither of version 4 nor 6": row(
        mac_of(whole(pdcp(IP, b"\x10abc"))), "pdcp_sl.warning", "neither IPv4 nor IPv6", pdcp_sl__sdu=b"\x10abc",
        data__data=b"\x10abc"),
    "15 PGK index, PTK identity 0": row(
        mac_of(whole(pdcp(IP, PACKET, pgk_index=9)), version=GROUPCAST), "pdcp_sl.warning", "PGK index without a PTK identity",
        pdcp_sl__pgk_index=9, pdcp_sl__ptk_id=0, ip__src="10.0.0.1"),
    "16 ROHC IR packet of SDU type IP": row(
        mac_of(whole(pdcp(IP, b"\xfd\x00\x04header"))), "pdcp_sl.warning", "header compression, or a wrong SDU type",
        pdcp_sl__sdu=b"\xfd\x00\x04header", data__len=9),
    "17 SN of what is not protected": row(
        mac_of(whole(pdcp(IP, PACKET, sn=1))), "pdcp_sl.note", "not protected, yet its SN is not 0", pdcp_sl__sn=1,
        ip__src="10.0.0.1"),
    "17 SN of what is not protected, one-to-many": row(
        mac_of(whole(pdcp(IP, PACKET, sn=1)), version=GROUPCAST), "pdcp_sl.note", "not protected, yet its SN is not 0",
        pdcp_sl__ptk_id=0, ip__src="10.0.0.1"),
    "18 list of LIs past the end": row(
        mac_of(bytes.fromhex("25 ffff ffff ff")), "rlc_sl.error", "ends within its length indicators", rlc_sl__sn=5,
        rlc_sl__data=b"\xff" * 5),
    "18 LI of 0": row(
        mac_of(bytes.fromhex("25 0000 0102")), "rlc_sl.error", "length indicator is 0", rlc_sl__sn=5,
        rlc_sl__data=bytes.fromhex("00000102")),
    "18 LI of more than is left": row(
        mac_of(bytes.fromhex("25 0640 0102")), "rlc_sl.error", "leave nothing for the last piece", rlc_sl__sn=5,
        rlc_sl__data=bytes.fromhex("06400102")),
    "18 no padding behind an odd number of LIs": row(
        mac_of(bytes([0x25, 0, 0x1F]) + b"a" + CONTENT), "rlc_sl.note", "4 bits behind an odd number", "pdcp_sl.error",
        rlc_sl__li=1,
        ip__src="10.0.0.1"),
    **{"19 %s of an SDU alone" % name: row(
        mac_of(rlc_um(9, [name.encode()], fi=fi)), "rlc_sl.incomplete", "Other parts of this SDU", rlc_sl__fi=fi,
        rlc_sl__part=name.encode()) for name, fi in (("beginning", 1), ("end", 2), ("middle", 3))},
    "19 SN that jumps": row(
        [mac_of(whole(CONTENT, sn)) for sn in (1, 6)], "rlc_sl.missing.expert", "PDUs are missing before this one",
        rlc_sl__missing=4,
        ip__src="10.0.0.1"),
    "19 SDU in parts that does not end": row(
        in_parts(1, 3, 3, 3, 3, 3), "rlc_sl.warning", "longer than a PDCP PDU can be", rlc_sl__sn=5,
        rlc_sl__part=pdcp(NON_IP, bytes(1995))),
    "19 SDU in parts that ends too late": row(
        in_parts(1, 3, 3, 3, 2), "rlc_sl.warning", "longer than a PDCP PDU can be", rlc_sl__sn=4,
        rlc_sl__part=pdcp(NON_IP, bytes(1995))),
    "20 more than 64 subheaders": row(
        IDS + b"\x3f" * 70 + b"\x04" + PLAIN, "slsch.error", "more subheaders than are read", slsch__destination_msb=BOB >> 8,
        slsch__data=b"\x3f" * 6 + b"\x04" + PLAIN),
    **{"21 version %d of MAC" % version: row(
        mac_of(whole(CONTENT), version=version), "slsch.warning", "version V is reserved", slsch__version=version,
        slsch__destination_msb=BOB >> 8, ip__src="10.0.0.1") for version in (0, 5, 15)},
    "21 version 4 of MAC": row(
        b"\x40" + mac_of(whole(CONTENT), version=V2X)[1:], "slsch.note", "Version 4 is read like version 3",
        slsch__destination=BOB,
        ip__src="10.0.0.1"),
    "21 destination of 24 bits in unicast": row(
        b"\x20" + slsch(ALICE, BOB & ~0xFF | 0x15, (4, whole(CONTENT)), version=V2X)[1:], "slsch.warning", "LCID is reserved",
        slsch__destination_msb=BOB >> 8, slsch__lcid=0x15, slsch__sdu=b"\x04" + whole(CONTENT)),
    "21 destination of 16 bits in V2X": row(
        bytes([V2X << 4]) + on_lcid(28)[1:], "slsch.warning", "LCID is reserved", slsch__destination=BOB & ~0xFF | 28,
        slsch__lcid=0, slsch__sdu=PLAIN[1:]),
    "22 L of more than is left": row(
        IDS + bytes([0x24, 99, 0x1F]) + whole(CONTENT), "slsch.error", "L is more than what is left", slsch__length=99,
        ip__src="10.0.0.1"),
    "22 L of 15 bits that fits in 7": row(
        IDS + bytes([0x3C, 0x80, len(PLAIN), 0x1F]) + PLAIN, "slsch.note", "F says 15 bits", slsch__length=len(PLAIN),
        pc5s__type=7),
    "22 L that is cut": row(
        IDS + b"\x3c\x80", "slsch.error", "ends within its subheaders", slsch__destination_msb=BOB >> 8, slsch__data=b"\x3c\x80"),
    "23 three subheaders of padding in front": row(
        IDS + b"\x3f\x3f\x3f\x1c" + PLAIN, "slsch.warning", "More than two padding subheaders", slsch__lcid=28, pc5s__type=7),
    "23 padding between SDUs": row(
        IDS + bytes([0x3C, len(PLAIN), 0x3F, 0x1C]) + PLAIN + whole(pdcp(PC5S, b"\x07\x00\x02"), 1), "slsch.warning",
        "stands behind one of data, yet is not the last", pc5s__sequence=2),
    "23 padding in front and at the end": row(
        IDS + bytes([0x3F, 0x3C, len(PLAIN), 0x1F]) + PLAIN + bytes(5), "slsch.note", "padding in front and at the end",
        slsch__padding=bytes(5), pc5s__type=7),
    **{"24 LCID %d" % lcid: row(
        on_lcid(lcid, whole(CONTENT)), "slsch.warning", "LCID is reserved", slsch__destination_msb=BOB >> 8, slsch__lcid=lcid,
        slsch__sdu=whole(CONTENT)) for lcid in (0, *range(21, 28))},
    **{"24 LCID %d, for duplicates" % lcid: row(
        on_lcid(lcid, whole(CONTENT)), "slsch.note", "LCID is one for duplicated PDUs", slsch__lcid=lcid, ip__src="10.0.0.1")
        for lcid in range(11, 21)},
    "25 source that is the destination": row(
        slsch(CAROL, CAROL, (28, PLAIN)), "slsch.note", "are the same Layer-2 ID", slsch__source=CAROL, pc5s__type=7),
    "27 PC5-S message of no octet": row(
        mac_of(whole(pdcp(PC5S, b"")), lcid=28), "pdcp_sl.warning", "carries no data", pdcp_sl__sdu_type=2, pdcp_sl__sn=0),
    "26 framing of PDCP of another version": row(
        sl_pdcp(CAROL, DAVE, 4, CONTENT, version=2), "pdcp_sl.error", "version that is not known", pdcp_sl__frame__version=2,
        pdcp_sl__data=sl_pdcp(CAROL, DAVE, 4, CONTENT)[8:]),
    "26 framing of PDCP with an unknown tag": row(
        sl_pdcp(CAROL, DAVE, 4, CONTENT, tags=b"\x09\x02\x00\x01"), "pdcp_sl.note", "tag that is not known",
        pdcp_sl__frame__tags=b"\x09\x02\x00\x01", ip__src="10.0.0.1"),
    "26 framing of PDCP without a tag of its payload": row(
        sl_pdcp(CAROL, DAVE, 4, b"", tags=b"\x09\xff"), "pdcp_sl.error", "ends without a PDU", pdcp_sl__frame__source=CAROL,
        pdcp_sl__frame__destination=DAVE, pdcp_sl__data=b"\x09\xff\x01"),
    "26 framing of PDCP without a payload": row(
        sl_pdcp(CAROL, DAVE, 4, b""), "pdcp_sl.error", "ends without a PDU", pdcp_sl__frame__source=CAROL,
        pdcp_sl__frame__lcid=4),
    "45 accept in the clear after a command": row(
        [slsch(CAROL, DAVE, (28, whole(pdcp(PC5S, request(nonce=b"1" * 16))))),
         slsch(DAVE, CAROL, (29, whole(pdcp(PC5S, command(nonce=b"2" * 16), 0x1234, 1, mac_i=bytes(4))))),
         slsch(DAVE, CAROL, (28, whole(pdcp(PC5S, accept()), 1)))],
        "pc5s.sequence_warning", "must be protected, but travels under KD-sess ID 0", pc5s__type=2, pc5s__ip_config=4),
    "45 keepalive in the clear": row(
        on_lcid(28, whole(pdcp(PC5S, b"\x04\0\1\0\0\0\7"))), "pc5s.sequence_warning", "must be protected",
        pc5s__keepalive_counter=7),
}


# --- PC5 signalling and its containers -------------------------------------------------------------------------------

fresh_octets = itertools.count(1)


def fresh(length=16):
    """Octets that nothing else in the capture has."""
    return hashlib.sha512(b"%d" % next(fresh_octets)).digest()[:length]


def ask(*optional, **more):
    """A request with a nonce of its own."""
    return request(*optional, **{"nonce": fresh(), **more})


def order(*optional, **more):
    """A command with a nonce of its own."""
    return command(*optional, **{"nonce": fresh(), **more})


def rekey(sequence, nonce=None):
    return struct.pack("!BHH", 0x0F, sequence, 0xF0F0) + (nonce or fresh()) + b"\x13"


def back(message):
    """From the responder."""
    return "back", message


def elsewhere(message):
    """From the initiator to a third."""
    return "elsewhere", message


def keepalive(counter, sequence):
    return struct.pack("!BHI", 4, sequence, counter)


def offer(tag=1, key=None, **more):
    return sdp(crypto(tag, key or fresh(), fresh(14)), **more)


def imsi(octets):
    return ask(user=b"\3" + octets)


def request_after(length_and_user, nonce=None):
    """A request whose User Info is these octets, its length included."""
    message = ask(user=b"\1", **({"nonce": nonce} if nonce else {}))
    return message[:3] + length_and_user + message[5:]


def mikey(first, payloads):
    """A message of a pre-shared key whose first payload is of this kind."""
    return bytes([1, 0, first, 0]) + b"\x12\x34\x56\x78" + b"\0\1" + payloads


def key_mgmt(message):
    return b"a=key-mgmt:mikey " + base64.b64encode(message)


OTHER_CSB = TRANSFER_RESP[:4] + b"\x99" + TRANSFER_RESP[5:]
KEY, NONCE, SHARED = fresh(30), fresh(), offer()
TIMESTAMP = b"\5\2" + bytes(4)  # a counter, behind which another is announced
SPOILED_POINT = bytes(64) + b"\2" + bytes(64)
SIGNALLING = {
    "27 message of no octet": row(b"", "pc5s.error", "message is empty"),
    **{"27 message of %d octets" % length: row(
        b"\7\0"[:length], "pc5s.error", "ends within its sequence number", pc5s__type=7) for length in (1, 2)},
    **{"28 message type 0x%02x" % kind: row(
        bytes([kind]) + b"\0\5rest", "pc5s.warning", "message type is reserved", pc5s__type=kind, pc5s__sequence=5,
        pc5s__data=b"rest")
        for kind in (0, 0x14, 0x80, 0xFF)},
    **{"28 message type 0x%02x" % kind: row(
        bytes([kind]) + b"\0\5rest", "pc5s.note", "layout of this message is not known", pc5s__type=kind, pc5s__sequence=5,
        pc5s__data=b"rest") for kind in (8, 9, 10, 11)},
    "29 User Info of length 0": row(
        request_after(b"\0"), "pc5s.warning", "User Info does not have 2 to 252 octets", pc5s__length=0,
        pc5s__kd_sess_id__msb=0x12),
    "29 User Info of length 1": row(
        ask(user=b"\1"), "pc5s.warning", "User Info does not have 2 to 252 octets", pc5s__user_info__type=1,
        pc5s__kd_sess_id__msb=0x12),
    "29 User Info of more than is left": row(
        b"\1\0\5\x20\1alice", "pc5s.error", "ends within a mandatory", pc5s__sequence=5, pc5s__length=0x20,
        pc5s__data=b"\1alice"),
    "29 User Info of length 255": row(
        ask(user=b"\1" + b"a" * 254), "pc5s.warning", "User Info does not have 2 to 252 octets", pc5s__user_info__info=b"a" * 254,
        pc5s__kd_sess_id__msb=0x12),
    "29 User Info of length 255, less left": row(
        request_after(b"\xff\1alice", NONCE), "pc5s.error", "ends within a mandatory", pc5s__length=255,
        pc5s__data=b"\1alice\4" + struct.pack("!I", 600) + NONCE + b"\xf0\xf0\x12"),
    "29 User Info whose length leaves out its type": row(
        request_after(b"\5\1alice"), "pc5s.note", "does not count the octet of its type", pc5s__user_info__info=b"alice",
        pc5s__kd_sess_id__msb=0x12),
    "30 User Info of unknown type": row(
        ask(user=b"\x09alice"), "pc5s.note", "type of User Info is unknown", pc5s__user_info__type=9,
        pc5s__user_info__info=b"alice",
        pc5s__kd_sess_id__msb=0x12),
    "30 IMSI with a nibble that is no digit": row(
        imsi(bytes.fromhex("0010a010325476f8")), "pc5s.note", "IMSI does not read",
        pc5s__user_info__info=bytes.fromhex("0010a010325476f8"),
        pc5s__kd_sess_id__msb=0x12),
    "30 IMSI of 16 digits": row(
        imsi(bytes.fromhex("0010101032547698")), "pc5s.note", "IMSI does not read", pc5s__user_info__imsi="0001010123456789",
        pc5s__kd_sess_id__msb=0x12),
    "31 request cut within Nonce_1": row(
        ask()[:20], "pc5s.error", "ends within a mandatory", pc5s__user_info__info=b"alice", pc5s__max_inactivity=600,
        pc5s__ie="Nonce_1"),
    "31 request that ends before Nonce_1": row(
        ask()[:15], "pc5s.error", "ends before a mandatory", pc5s__user_info__info=b"alice", pc5s__max_inactivity=600),
    "32 unknown IEI": row(
        ask(b"\x11\0\1\0\2", b"\x5adata of unknown length"), "pc5s.warning", "IEI is unknown", pc5s__kd_id=0x10002,
        pc5s__data=b"\x5adata of unknown length"),
    "33 repeated KD ID": row(
        ask(b"\x11\0\1\0\2", b"\x11\0\3\0\4", b"\x19\0\0\5"), "pc5s.warning", "is repeated; the first one counts",
        pc5s__kd_id=0x10002,
        pc5s__relay_service_code=5),
    "33 element of another message": row(
        ask(b"\x0f\xbe\xef", b"\x19\0\0\5"), "pc5s.warning", "does not belong to this message", pc5s__kd_id__lsb=0xBEEF,
        pc5s__relay_service_code=5),
    "34 KD ID of 3 octets": row(
        ask(b"\x19\0\0\5", b"\x11\xaa\xbb\xcc"), "pc5s.error", "runs past the end", pc5s__relay_service_code=5,
        pc5s__data=b"\xaa\xbb\xcc"),
    "35 signature whose PVT does not begin with 04": row(
        ask(b"\x16" + SPOILED_POINT, b"\x19\0\0\5"), "pc5s.warning", "PVT of the ECCSI signature",
        pc5s__signature__pvt=SPOILED_POINT[64:],
        pc5s__relay_service_code=5),
    "36 Encrypted Payload of length 0": row(
        order(b"\x17\0\0", b"\x10\xde\xad"), "pc5s.warning", "information element is empty", pc5s__length=0,
        pc5s__kd_id__msb=0xDEAD),
    "36 Encrypted Payload of more than is left": row(
        order(b"\x10\xde\xad", b"\x17\xff\xffsakke"), "pc5s.error", "runs past the end", pc5s__kd_id__msb=0xDEAD,
        pc5s__data=b"sakke"),
    "36 Encrypted Payload whose length has one octet": row(
        order(b"\x17\5sakke", b"\x10\xde\xad"), "pc5s.note", "length of one octet", pc5s__encrypted_payload=b"sakke",
        pc5s__kd_id__msb=0xDEAD),
    "37 IEIs that fit in hexadecimal digits": row(
        order(b"\x16\xde\xad"), "pc5s.note", "under another reading of its IEIs", "pc5s.error", pc5s__kd_sess_id__lsb=0x34,
        pc5s__data=b"\xde\xad"),
    "38 command with other capabilities than the request": row(
        [ask(), back(order(capabilities=0x8080, algorithms=0x00))], "pc5s.sequence_warning", "bidding down",
        pc5s__capabilities=0x8080,
        pc5s__kd_sess_id=0x1234),
    "39 algorithm that the request did not offer": row(
        [ask(capabilities=0xC0C0), back(order(capabilities=0xC0C0))], "pc5s.sequence_warning", "not among the capabilities",
        pc5s__algorithms=0x22, pc5s__kd_sess_id=0x1234),
    "39 EIA0 chosen": row(
        order(algorithms=0x20), "pc5s.warning", "without integrity protection, EIA0", pc5s__algorithms=0x20,
        pc5s__kd_sess_id__lsb=0x34),
    "39 algorithm that is not assigned": row(
        order(algorithms=0x42), "pc5s.warning", "chosen algorithm is not assigned", pc5s__algorithms=0x42,
        pc5s__kd_sess_id__lsb=0x34),
    "39 spare bits of Chosen Algorithms": row(
        order(algorithms=0x82), "pc5s.warning", "Bits 8 and 4 of Chosen Algorithms", pc5s__algorithms=0x82,
        pc5s__kd_sess_id__lsb=0x34),
    "40 command without a request": row(
        order(), "pc5s.sequence_note", "request that this security mode command belongs to", pc5s__kd_sess_id__lsb=0x34),
    "40 complete without a command": row(
        complete(b"\x0f\xbe\xef"), "pc5s.sequence_note", "command that this message answers is not", pc5s__kd_id__lsb=0xBEEF),
    "40 command in the direction of its request": row(
        [ask(), order()], "pc5s.sequence_warning", "from the side that sent what it answers", pc5s__kd_sess_id__lsb=0x34),
    "41 Nonce_1 of zeros": row(
        ask(nonce=bytes(16)), "pc5s.warning", "nonce is all zero", pc5s__nonce_1=bytes(16), pc5s__kd_sess_id__msb=0x12),
    "41 Nonce_2 of zeros": row(
        order(nonce=bytes(16)), "pc5s.warning", "nonce is all zero", pc5s__nonce_2=bytes(16), pc5s__kd_sess_id__lsb=0x34),
    "41 Nonce_2 that is Nonce_1": row(
        [ask(nonce=b"N" * 16), back(order(nonce=b"N" * 16))], "pc5s.sequence_warning", "Nonce_1 and Nonce_2 are the same",
        pc5s__nonce_2=b"N" * 16, pc5s__kd_sess_id=0x1234),
    "41 nonce of an earlier session": row(
        [ask(nonce=b"R" * 16), elsewhere(request(sequence=2, nonce=b"R" * 16))], "pc5s.sequence_warning", "nonce was used before",
        pc5s__nonce_1=b"R" * 16, pc5s__kd_sess_id__msb=0x12),
    "42 KD-sess ID of 0": row(
        [ask(msb=0), back(order(lsb=0))], "pc5s.sequence_warning", "KD-sess ID is 0", pc5s__kd_sess_id=0, pc5s__algorithms=0x22),
    "12 KD-sess ID of another context of the pair": row(
        [ask(), back(order()), complete(), ask(sequence=2), back(order(sequence=2))], "pc5s.sequence_warning",
        "that of another security context", pc5s__kd_sess_id=0x1234, pc5s__algorithms=0x22),
    "43 KD ID without its low half": row(
        [ask(), back(order(b"\x10\xde\xad")), complete()], "pc5s.sequence_warning", "the low half is missing",
        pc5s__kd_sess_id=0x1234),
    "43 KD ID without its high half": row(
        [ask(), back(order()), complete(b"\x0f\xbe\xef")], "pc5s.sequence_warning", "the command had no high half",
        pc5s__kd_id__lsb=0xBEEF, pc5s__kd_sess_id=0x1234),
    "44 keepalive counter that goes backwards": row(
        [keepalive(7, 1), keepalive(6, 2)], "pc5s.sequence_warning", "counter goes backwards", pc5s__keepalive_counter=6),
    "46 message after the release": row(
        [b"\6\0\1\1", back(b"\7\0\1"), keepalive(1, 2)], "pc5s.sequence_warning", "was released before",
        pc5s__keepalive_counter=1),
    "47 rekeying begun again and again": row(
        [rekey(1), rekey(2)], "pc5s.sequence_warning", "earlier rekeying of the same side", pc5s__kd_sess_id__msb=0x13),
    "48 octets behind the last element": row(
        b"\x11\0\5rest", "pc5s.warning", "Octets are left over", pc5s__sequence=5, pc5s__data=b"rest"),
    "48 octets behind the last optional element": row(
        ask(b"\x19\0\0\5", bytes(3)), "pc5s.warning", "IEI is unknown", pc5s__relay_service_code=5, pc5s__data=bytes(3)),

    # containers
    "49 SDP without a=crypto": row(
        ask(container(1, sdp())), "pc5s.error", "its SDP has no a=crypto line", pc5s__keyest__method=1,
        pc5s__keyest__sdp="m=audio 0 RTP/SAVP 0"),
    "49 two lines of one tag": row(
        ask(container(1, sdp(crypto(1, fresh(), fresh(14)), crypto(1, fresh(), fresh(14))))), "sdes.section", "same tag",
        sdes__tag=1,
        pc5s__keyest__sdp="m=audio 0 RTP/SAVP 0"),
    "49 answer whose tag was not offered": row(
        [ask(container(1, offer(1))), back(order(container(1, offer(2, name="bob"))))], "sdes.answer_error",
        "tag is not one of the offer's",
        sdes__tag=2, pc5s__kd_sess_id=0x1234),
    "49 key with a foreign character": row(
        ask(container(1, sdp(crypto(1, fresh(), fresh(14))[:-4] + "*AAA"))), "sdes.error", "key is not valid base64", sdes__tag=1,
        sdes__suite="AES_CM_128_HMAC_SHA1_80", pc5s__kd_sess_id__msb=0x12),
    "49 key with padding that does not fit": row(
        ask(container(1, sdp(crypto(1, fresh(), fresh(14)) + "="))), "sdes.error", "padding does not fit", sdes__tag=1,
        pc5s__kd_sess_id__msb=0x12),
    "49 key that is too short": row(
        ask(container(1, sdp(crypto(1, fresh(), b"")))), "sdes.error", "not as long as the crypto suite", sdes__tag=1,
        sdes__suite="AES_CM_128_HMAC_SHA1_80", pc5s__kd_sess_id__msb=0x12),
    "49 MKI length without a value": row(
        ask(container(1, sdp(crypto(1, fresh(), fresh(14)) + "|:4"))), "sdes.error", "MKI is not a positive number", sdes__tag=1,
        pc5s__kd_sess_id__msb=0x12),
    "49 lifetime of 2^64": row(
        ask(container(1, sdp(crypto(1, fresh(), fresh(14)) + "|2^64"))), "sdes.error", "lifetime is not a number", sdes__tag=1,
        pc5s__kd_sess_id__msb=0x12),
    "49 compact SDES that ends before its key": row(
        ask(container(4, b"\5\1\x1ekey")), "pc5s.error", "ends before its key does", pc5s__keyest__tag=5,
        pc5s__keyest__key_length=30, pc5s__kd_sess_id__msb=0x12),
    "49 compact SDES of unknown suite": row(
        ask(container(4, b"\5\x99\x1e" + fresh(30))), "pc5s.warning", "no SRTP protection profile that is known",
        pc5s__keyest__suite=0x99, pc5s__kd_sess_id__msb=0x12),
    "49 compact SDES with an MKI of 9 octets": row(
        ask(container(4, b"\5\1\x1e" + fresh(30) + b"\1" * 9)), "pc5s.note", "MKI of the compact SDES information",
        pc5s__keyest__mki=b"\1" * 9, sdes__tag=5, pc5s__kd_sess_id__msb=0x12),
    "49 compact SDES whose key does not fit its suite": row(
        ask(container(4, b"\5\1\x10" + fresh(16))), "sdes.error", "not as long as the crypto suite", sdes__tag=5,
        pc5s__kd_sess_id__msb=0x12),
    "50 SDP without a=key-mgmt": row(
        ask(container(2, offer())), "pc5s.error", "it has no a=key-mgmt line", pc5s__keyest__method=2, sdes__tag=1,
        pc5s__kd_sess_id__msb=0x12),
    "50 a=key-mgmt with a foreign character": row(
        ask(container(2, b"a=key-mgmt:mikey AQ4F*A==")), "mikey_ticket.sdp_error", "not base64", pc5s__keyest__method=2,
        pc5s__kd_sess_id__msb=0x12),
    "50 MIKEY of one T after another, and no end": row(
        ask(container(3, mikey(5, TIMESTAMP * 9))), "mikey_ticket.error", "A next payload is announced, but nothing follows",
        mikey_ticket__csb_id=0x12345678, mikey_ticket__payload=5, pc5s__kd_sess_id__msb=0x12),
    "50 MIKEY of more payloads than are read": row(
        ask(container(3, mikey(5, TIMESTAMP * 1000))), "mikey_ticket.error", "more payloads than are read",
        mikey_ticket__csb_id=0x12345678, pc5s__kd_sess_id__msb=0x12),
    "50 MIKEY with a payload past its end": row(
        ask(container(3, mikey(11, b"\0\xffrandom"))), "mikey_ticket.error", "past the end", mikey_ticket__csb_id=0x12345678,
        mikey_ticket__rand=b"random", pc5s__kd_sess_id__msb=0x12),
    "50 MIKEY in a=key-mgmt with a payload past its end": row(
        ask(container(2, key_mgmt(mikey(11, b"\0\xffrandom")))), "mikey_ticket.error",
        "past the end",
        mikey_ticket__csb_id=0x12345678, pc5s__kd_sess_id__msb=0x12),
    "50 ticket of a reserved type": row(
        ask(container(3, TRANSFER_INIT.replace(b"\x0a\x09\0\1\1", b"\x0a\x09\0\0\1", 1))), "mikey_ticket.warning",
        "ticket type is reserved",
        mikey_ticket__type=14, pc5s__kd_sess_id__msb=0x12),
    "51 NUL in SDP": row(
        ask(container(1, offer().replace(b"t=0 0", b"t=0\0000"))), "pc5s.warning", "not text in UTF-8 without NUL", sdes__tag=1,
        pc5s__keyest__sdp="s=-"),
    "51 SDP that is not UTF-8": row(
        ask(container(1, offer().replace(b"s=-", b"s=\xff\xfe"))), "pc5s.warning", "not text in UTF-8 without NUL", sdes__tag=1,
        pc5s__keyest__sdp="t=0 0"),
    "52 container of length 0": row(
        ask(b"\x74\0\0", b"\x19\0\0\5"), "pc5s.warning", "container is empty", pc5s__relay_service_code=5),
    "52 container with a method alone": row(
        ask(b"\x74\0\1\1", b"\x19\0\0\5"), "pc5s.warning", "container is empty", pc5s__relay_service_code=5),
    "52 container past the end": row(
        ask(b"\x19\0\0\5", b"\x74\xff\xff\1v=0"), "pc5s.error", "runs past the end", pc5s__relay_service_code=5,
        pc5s__data=b"\1v=0"),
    **{"52 method 0x%02x" % method: row(
        ask(container(method, b"octets"), b"\x19\0\0\5"), expert, text, pc5s__keyest__method=method, pc5s__relay_service_code=5)
        for method, expert, text in ((0x05, "pc5s.warning", "container is unknown"), (0x00, "pc5s.warning", "is reserved"),
                                     (0xFF, "pc5s.warning", "is reserved"), (0x80, "pc5s.note", "one for experiments"))},
    "52 SDP without a method": row(
        ask(struct.pack("!BH", 0x74, len(SHARED)) + SHARED), "pc5s.note", "no octet for its method", pc5s__keyest__method=1,
        sdes__tag=1, pc5s__kd_sess_id__msb=0x12),
    "53 answer with the key of the offer": row(
        [ask(container(1, sdp(crypto(1, KEY, b"")))), back(order(container(1, sdp(crypto(1, KEY, b""), name="bob"))))],
        "sdes.answer", "uses the offer's key", sdes__tag=1, pc5s__kd_sess_id=0x1234),
    "54 answer before the offer": row(
        [back(order(container(1, offer(name="bob")))), ask(container(1, offer()))], "pc5s.sequence_note",
        "the request of this link had none", behind=1, sdes__tag=1, pc5s__kd_sess_id__lsb=0x34),
    "54 offer sent twice": row(
        [ask(container(1, offer()))] * 2, "pc5s.retransmission", "was sent before", sdes__tag=1, pc5s__kd_sess_id__msb=0x12),
    "54 other offer under the same nonce": row(
        [ask(container(1, offer()), nonce=b"O" * 16), ask(container(1, offer()), nonce=b"O" * 16)], "pc5s.sequence_warning",
        "Nonce_1 of an earlier one, but other contents", sdes__tag=1, pc5s__kd_sess_id__msb=0x12),
    "54 two offers, one answer": row(
        [ask(container(1, offer())), ask(container(1, offer()), sequence=2), back(order(container(1, offer(name="bob"))))],
        "pc5s.sequence_note", "earlier offer that nothing has answered", sdes__tag=1, pc5s__kd_sess_id=0x1234),
    "55 key that another peer was offered": row(
        [ask(container(1, SHARED)), elsewhere(ask(container(1, SHARED), sequence=2))], "pc5s.sequence_warning",
        "key was used with another peer before", sdes__tag=1, pc5s__kd_sess_id__msb=0x12),
    "56 MIKEY answer of another CSB": row(
        [ask(container(3, TRANSFER_INIT)), back(order(container(3, OTHER_CSB)))],
        "pc5s.sequence_warning", "have different CSB IDs", mikey_ticket__type=15, pc5s__kd_sess_id=0x1234),
    "56 MIKEY answer of another CSB in a=key-mgmt": row(
        [ask(container(2, key_mgmt(TRANSFER_INIT))), back(order(container(2, key_mgmt(OTHER_CSB))))],
        "pc5s.sequence_warning", "have different CSB IDs", mikey_ticket__type=15, pc5s__kd_sess_id=0x1234),
}

EITHER = ["-o", "pc5s.iei_radix:auto"]
READINGS = {
    "37 IEIs that fit in decimal and in hexadecimal digits": row(
        order(b"\x18\0\x0e" + b"fourteen octet"), "pc5s.note", "also fits another reading", pc5s__gpi=b"fourteen octet",
        pc5s__kd_sess_id__lsb=0x34),
    "37 IEIs that fit in hexadecimal digits alone": row(
        order(b"\x16\xde\xad"), "pc5s.note", "read as hexadecimal digits", pc5s__kd_id__msb=0xDEAD, pc5s__kd_sess_id__lsb=0x34),
}

IN_FRAGMENTS = ["-o", "pc5s.keyest_encoding:E3"]
FRAGMENTS = {
    "52 fragment without number and count": row(
        ask(b"\x74\1\1", b"\x19\0\0\5"), "pc5s.error", "has no number and count", pc5s__relay_service_code=5),
    "52 fragments out of order": row(
        ask(b"\x74\4\1\3\1v", b"\x74\4\3\3=0", b"\x19\0\0\5"), "pc5s.error", "do not follow each other", pc5s__keyest__fragment=3,
        pc5s__relay_service_code=5),
    "52 fragments of which the last is missing": row(
        ask(b"\x74\4\1\2\1v", b"\x19\0\0\5"), "pc5s.error", "last fragments", pc5s__keyest__fragments=2,
        pc5s__relay_service_code=5),
}


# --- with keys -------------------------------------------------------------------------------------------------------

OPENED = Context(0x1234, BOB, 2, 2, b"KD-sess" + bytes(25))
KEY_LOG = "D2D_KDSESS 1234 %s eea=2 eia=2 commander=%04x\n" % (OPENED.kd_sess.hex(), BOB >> 8)
MESSAGE = b"\x11\0\1"  # a rekeying trigger


def ciphered(sdu_type, data, sn, lcid=4):
    pdu = OPENED.protect(struct.pack("!BHH", sdu_type << 5, OPENED.identity, sn), data, ALICE, lcid, integrity=sdu_type == PC5S)
    return mac_of(rlc_um(sn, [pdu]), lcid=lcid)


def changed(pdu, at):
    return pdu[:at] + bytes([pdu[at] ^ 1]) + pdu[at:][1:]


WITH_KEYS = {
    "8 MAC-I that does not fit": row(
        changed(ciphered(PC5S, MESSAGE, 2, 30), -1), "pdcp_sl.tag_mismatch", "MAC-I does not fit", pdcp_sl__kd_sess_id=0x1234,
        pdcp_sl__sn=2,
        pdcp_sl__ciphered=ciphered(PC5S, MESSAGE, 2, 30)[-7:-4], pdcp_sl__mac_i=changed(ciphered(PC5S, MESSAGE, 2, 30)[-4:], -1)),
    "9 SN used again for other data, deciphered": row(
        [ciphered(NON_IP, b"first", 3), ciphered(NON_IP, b"other", 3)], "pdcp_sl.warning", "keystream reuse",
        pdcp_sl__sdu=b"other"),
    "11 KD-sess ID that is not known beside one that is": row(
        protected(key_id=0x4321), "pdcp_sl.no_key", "no key is known", pdcp_sl__kd_sess_id=0x4321, pdcp_sl__ciphered=bytes(20)),
    "14 IP that is neither of version 4 nor 6, deciphered": row(
        ciphered(IP, b"\x10abc", 4), "pdcp_sl.warning", "neither IPv4 nor IPv6", pdcp_sl__sdu=b"\x10abc", data__data=b"\x10abc"),
    "16 ROHC IR packet of SDU type IP, deciphered": row(
        ciphered(IP, b"\xfd\x00\x04header", 5), "pdcp_sl.warning", "header compression", pdcp_sl__sdu=b"\xfd\x00\x04header"),
}

# --- captures --------------------------------------------------------------------------------------------------------


def in_mac_lte(pdu, sender=None):
    """sender: one that no other row has, in the place of Alice."""
    if pdu.startswith(b"sl-pdcp"):
        return pdu
    if sender and pdu[1:4] == ALICE.to_bytes(3, "big"):
        pdu = pdu[:1] + sender.to_bytes(3, "big") + pdu[4:]
    return mac_lte(pdu)


def radio(tshark):
    """Behind each row, a PDU that is as it should be."""
    frames = []
    for number, each in enumerate(RADIO.values()):
        good = slsch(0x820000 + number, BOB, (4, whole(CONTENT)))
        frames.append([in_mac_lte(pdu, 0x810000 + number) for pdu in each.frames] + [mac_lte(good)])
    return over_udp(tshark, "malformed-radio", *itertools.chain(*frames)), frames, FRAMING_ON


def with_keys(tshark):
    """All of one link, whose first PDU proves the key."""
    frames = [[in_mac_lte(pdu) for pdu in each.frames] + [in_mac_lte(ciphered(IP, PACKET, number, 5))]
              for number, each in enumerate(WITH_KEYS.values())]
    frames[0].insert(0, in_mac_lte(ciphered(PC5S, MESSAGE, 1, 30)))
    log = tshark.file("malformed.keylog", KEY_LOG)
    return over_udp(tshark, "malformed-keys", *itertools.chain(*frames)), frames, ["-o", "d2dsec.keylog_file:%s" % log]


def signalling(tshark, rows=SIGNALLING, options=()):
    """Each row between UEs of its own."""
    frames = []
    for number, each in enumerate(rows.values()):
        initiator, responder, third, other = ("10.1.%d.%d" % (number, end) for end in (1, 2, 3, 4))
        places = {"": (initiator, responder), "back": (responder, initiator), "elsewhere": (initiator, third)}
        messages = [frame if isinstance(frame, tuple) else ("", frame) for frame in each.frames]
        frames.append([exported(message, *places[to]) for to, message in messages] + [exported(MESSAGE, third, other)])
    return tshark.file("malformed-signalling.pcap", pcap(252, list(itertools.chain(*frames)), 1 << 18)), frames, options


# --- what tshark says ------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    experts: list  # (filter name, text) of ours
    fields: list  # (name, as shown, octets in hexadecimal)

    @classmethod
    def of(cls, packet):
        fields = [(each.get("name") or "", each.get("show") or "", each.get("value") or "") for each in packet.iter("field")]
        experts = []
        for expert in packet.iter("field"):
            if expert.get("name") == "_ws.expert":
                said = {each.get("name"): each.get("show") for each in expert}
                experts += [(name, said["_ws.expert.message"]) for name in said if name.startswith(OURS)]
        return cls(experts, fields)

    def shows(self, name, value):
        for field, show, octets in self.fields:
            if field != name:
                continue
            if isinstance(value, bytes) and octets == value.hex():
                return True
            if isinstance(value, int) and re.fullmatch("0x[0-9a-f]+|[0-9]+", show) and int(show, 0) == value:
                return True
            if show == value:
                return True
        return False


def read(tshark, made, passes):
    """For each row, what is said of its frames and of the one behind them."""
    path, frames, options = made
    text = tshark.text(path, "-T", "pdml", *options, *["-2"] * (passes == 2))
    assert "Dissector bug" not in text
    packets = ElementTree.fromstring(text).findall("packet")
    seen = iter([Seen.of(packet) for packet in packets])
    found = [list(itertools.islice(seen, len(each))) for each in frames]
    assert [len(each) for each in found] == [len(each) for each in frames] and not list(seen)
    return found


CAPTURES = [(radio, RADIO), (with_keys, WITH_KEYS), (signalling, SIGNALLING),
            (partial(signalling, rows=READINGS, options=EITHER), READINGS),
            (partial(signalling, rows=FRAGMENTS, options=IN_FRAGMENTS), FRAGMENTS)]


@pytest.fixture(scope="module", params=[1, 2], ids=["1 pass", "2 passes"])
def seen(request, tshark):
    """Row's name -> (its frame, the frame behind it)."""
    found = {}
    for make, rows in CAPTURES:
        for (name, each), frames in zip(rows.items(), read(tshark, make(tshark), request.param)):
            found[name] = frames[-2 - each.behind], frames[-1]
    return found


ROWS = {name: each for _, rows in CAPTURES for name, each in rows.items()}


@pytest.mark.parametrize("name", ROWS)
def test_departure_is_named_and_the_rest_is_shown(seen, name):
    expected, (frame, behind) = ROWS[name], seen[name]
    assert any(expert == expected.expert and expected.text in text for expert, text in frame.experts), frame.experts
    errors = {expert for expert, _ in frame.experts if expert.endswith(".error")}
    assert errors <= {expected.expert, *expected.also}, frame.experts
    hidden = {field: value for field, value in expected.shown.items() if not frame.shows(field, value)}
    assert not hidden, [each for each in frame.fields if each[0] in hidden]
    assert behind.experts == [], "the frame behind it"


# --- what is long but not wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
def test_sdp_of_64_kib(tshark, end):
    """As much as the length of a container can tell; the key stands in its last line."""
    key, salt = fresh(), fresh(14)
    head, last = ["v=0", "o=alice 1 1 IN IP6 ::1", "s=-", "t=0 0", "m=audio 0 RTP/SAVP 0"], crypto(1, key, salt) + end
    body = end.join(head) + end
    body += ("a=long:%s" % ("x" * 400) + end) * ((65534 - len(body) - len(last)) // (407 + len(end)))
    body += "a=" + "y" * (65534 - len(body) - len(last) - 2 - len(end)) + end + last
    message = ask(container(1, body.encode()))
    assert len(body) == 65534
    path = tshark.file("malformed-long.pcap", pcap(252, [exported(message)], 1 << 18))
    frame = read(tshark, (path, [[message]], []), 1)[0][0]
    assert frame.experts == [] and frame.shows("pc5s.keyest.sdp", "a=long:" + "x" * 400)
    assert frame.shows("sdes.key_fingerprint", hashlib.sha256(key + salt).hexdigest()[:16])


# --- the catalogue ---------------------------------------------------------------------------------------------------

# What needs a capture or preferences of its own.
ELSEWHERE = {
    "26 framing of MAC-LTE that leads to no PDU": "test_radio.test_framing_that_leads_nowhere_is_stocks",
    "37 radix of IEIs": "test_pc5s.test_radix_of_ieis",
    "51 SDP of 64 KiB": "test_malformed_d2d.test_sdp_of_64_kib",
    "51 lines that end in LF": "test_pc5s.test_lines_that_end_in_lf",
}


def test_catalogue_is_complete():
    for place in ELSEWHERE.values():
        module, test = place.split(".")
        assert callable(getattr(importlib.import_module(module), test))
    assert sorted({int(name.split()[0]) for name in (*ROWS, *ELSEWHERE)}) == list(CATALOGUE)

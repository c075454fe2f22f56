"""Frames of LTE sidelink, from PDCP down to what carries them in a capture, after the texts of TS 36.321, 36.322 and 36.323.

Shares no code with the plugin, and knows no keys: what is ciphered comes in as octets.
"""

import struct

SL_RNTI, C_RNTI = 8, 3
GROUPCAST, UNICAST, V2X = 1, 2, 3
IP, ARP, PC5S, NON_IP = 0, 1, 2, 3
PADDING = 31

USER0, UPPER_PDU = 147, 252  # link types


# --- PDCP (TS 36.323 section 6.2.10) --------------------------------------------------------------------------


def pdcp(sdu_type, data, key_id=0, sn=0, pgk_index=0, mac_i=b""):
    return struct.pack("!BHH", sdu_type << 5 | pgk_index, key_id, sn) + data + mac_i


# --- RLC UM (TS 36.322 section 6.2.1.3) -----------------------------------------------------------------------


def rlc_um(sn, pieces, fi=0, sn_bits=5):
    """A PDU of pieces of SDUs. fi: 2 the first began before, 1 the last goes on."""
    extended = len(pieces) > 1
    if sn_bits == 5:
        header = struct.pack("!B", fi << 6 | extended << 5 | sn % 32)
    else:
        header = struct.pack("!H", fi << 11 | extended << 10 | sn % 1024)
    bits = "".join("{:d}{:011b}".format(at < len(pieces) - 2, len(piece)) for at, piece in enumerate(pieces[:-1]))
    bits += "0" * (-len(bits) % 8)
    return header + bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)) + b"".join(pieces)


def rlc_um_pdus(sdus, room, sn=0, sn_bits=5):
    """The PDUs that carry `sdus`; room() gives the octets of data for each. Cut and put together as section 5.1.2.1 allows."""
    pdus, pieces, left, begun = [], [], room(), False
    for sdu in sdus:
        while sdu:
            pieces.append(sdu[:left])
            sdu, left = sdu[left:], left - len(pieces[-1])
            if not left:
                pdus.append(rlc_um(sn, pieces, 2 * begun + bool(sdu), sn_bits))
                sn, pieces, left, begun = sn + 1, [], room(), bool(sdu)
    if pieces:
        pdus.append(rlc_um(sn, pieces, 2 * begun, sn_bits))
    return pdus


# --- SL-SCH (TS 36.321 sections 6.1.6, 6.2.4) -----------------------------------------------------------------


def slsch(source, destination, *sdus, version=UNICAST, padding=0):
    """sdus: (LCID, octets). destination has 24 bits; MAC gives 16 of them unless the version says otherwise."""
    if version == V2X:
        header = bytes([version << 4]) + source.to_bytes(3, "big") + destination.to_bytes(3, "big")
    else:
        header = bytes([version << 4]) + source.to_bytes(3, "big") + (destination >> 8).to_bytes(2, "big")
    leading = padding if padding < 3 else 0
    header += bytes([0x20 | PADDING]) * leading
    for at, (lcid, octets) in enumerate(sdus):
        if at == len(sdus) - 1 and padding < 3:
            header += bytes([lcid])
        elif len(octets) < 128:
            header += bytes([0x20 | lcid, len(octets)])
        else:
            header += struct.pack("!BH", 0x20 | lcid, 0x8000 | len(octets))
    body = b"".join(octets for _, octets in sdus)
    return header + (bytes([PADDING]) + body + bytes(padding - 1) if padding >= 3 else body)


# --- what carries them ----------------------------------------------------------------------------------------


def mac_lte_context(pdu, rnti_type=SL_RNTI, tags=b"\x02\x00\x01\x03\x00\x07", direction=0):
    """Wireshark's context in front of a MAC PDU: FDD, an RNTI and a UE ID unless told otherwise."""
    return bytes([1, direction, rnti_type]) + tags + b"\x01" + pdu


def mac_lte(pdu, **context):
    return b"mac-lte" + mac_lte_context(pdu, **context)


def sl_pdcp(source, destination, lcid, pdu, flags=0, tags=b"", version=1):
    """The project's own framing of PDCP PDUs."""
    return (b"sl-pdcp" + bytes([version, flags]) + source.to_bytes(3, "big") + destination.to_bytes(3, "big") +
            bytes([lcid]) + tags + b"\x01" + pdu)


def gsmtap(payload, kind=0x0F):
    return struct.pack("!BBBBHbbIBBBB", 2, 4, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0) + payload


def exported_pdu(dissector, payload):
    name = dissector.encode()
    name += bytes(-len(name) % 4)
    return struct.pack("!HH", 12, len(name)) + name + bytes(4) + payload


def pcap(link_type, records, snaplen=65535):
    """The octets of a capture file of `records`, one a second."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type)
    for second, record in enumerate(records):
        kept = record[:snaplen]
        out += struct.pack("<IIII", second, 0, len(kept), len(record)) + kept
    return out

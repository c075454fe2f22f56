"""Direct communication: what goes over the sidelink, how captures carry it, who talks to whom."""

from d2d_keying_scenarios import keyed_by_call
from d2d_parties import (ALICE, BOB, CAROL, Agreement, connect, context_for, converse, datagram, family, hang_up,
                         log_keys, one_link, request_elements, rtp_packets, scenario, sdes)
from model import pc5s_model as pc5s
from model.d2d_link import OWN_FRAMING, Link, use_exported_pdus, use_user_link_type
from model.sidelink_model import NON_IP, V2X


# --- the user plane ------------------------------------------------------------------------------------------


@scenario
def rtp_inside(s):
    """A call's media as RTP within IP, enciphered by PDCP; the SDP is in SIP."""
    dialog, link = keyed_by_call(s)
    for outward, inward in zip(rtp_packets(s, ALICE, BOB, 20), rtp_packets(s, BOB, ALICE, 20)):
        link.air.send(link.data(ALICE, outward, lcid=6, what="RTP"))
        link.air.send(link.data(BOB, inward, lcid=6, what="RTP"))
    dialog.bye()


def numbered(s, link, count, **options):
    return [link.data(ALICE, datagram(s, ALICE, BOB, **options)) for _ in range(count)]


@scenario
def lost(s):
    link = one_link(s)
    for at, unit in enumerate(link.air.units(numbered(s, link, 40))):
        if at % 5 not in (2, 3):
            link.air.emit(unit)


@scenario
def reordered(s):
    """Whole PDUs: RLC has no window on the sidelink, so each is delivered as it comes; PDCP reads its SN in the header."""
    link = one_link(s)
    units = link.air.units(numbered(s, link, 30))
    for at in range(0, 30, 3):
        for unit in (units[at + 2], units[at], units[at + 1]):
            link.air.emit(unit)


@scenario
def duplicated(s):
    """The same RLC PDU again, as blind retransmission has it; and the same PDCP PDU in another RLC PDU."""
    link = one_link(s)
    for unit in link.air.units(numbered(s, link, 6)):
        link.air.emit(unit)
        link.air.emit(unit)
    pdu = link.message(ALICE, pc5s.KEEPALIVE, {"keepalive counter": bytes(4)}, link.context)
    link.air.send(pdu)
    link.air.send(pdu)


@family(sn_5=dict(sn_bits=5), sn_10=dict(sn_bits=10))
def segmented(s, sn_bits):
    """SDUs over several RLC PDUs, more of them than SNs of 5 bits."""
    link = one_link(s, link=dict(sn_bits=sn_bits))
    for size in (10, 100, 700, 1400):
        for ue in (ALICE, BOB):
            link.air.send(link.data(ue, datagram(s, ue, link.other(ue), size=size)), rooms=[30, 50, 41])


@family(sn_5=dict(sn_bits=5), sn_10=dict(sn_bits=10))
def concatenated(s, sn_bits):
    """RLC PDUs with several SDUs, odd and even in number, and with ends and beginnings of others."""
    link = one_link(s, link=dict(sn_bits=sn_bits))
    for rooms in ([400], [150], [1000, 90, 333], [5000]):
        pdus = [link.data(ALICE, datagram(s, ALICE, BOB, size=size)) for size in (20, 31, 8, 64, 1, 100, 55)]
        link.air.send(*pdus, rooms=rooms)


@scenario
def segments_lost(s):
    """What lacks a segment is not put together, and nothing is made of what follows it."""
    link = one_link(s)
    units = link.air.units(numbered(s, link, 8, size=200), [100])
    for at, unit in enumerate(units):
        if at % 7 != 4:
            link.air.emit(unit)


@scenario
def segments_reordered(s):
    """A UE would lose them; who reads a capture may wait."""
    link = one_link(s)
    units = link.air.units(numbered(s, link, 4, size=200), [100])
    for at in range(0, len(units) - 1, 2):
        link.air.emit(units[at + 1])
        link.air.emit(units[at])


@scenario
def multiplexed(s):
    """SDUs of several logical channels in one MAC PDU."""
    link = one_link(s)
    for size in (20, 120, 400):
        units = [link.air.units([link.data(ALICE, datagram(s, ALICE, BOB, size=size), lcid=lcid)])[0] for lcid in (3, 4, 5)]
        link.air.emit(*units)
    keepalive = link.message(ALICE, pc5s.KEEPALIVE, {"keepalive counter": bytes(4)}, link.context)
    link.air.emit(link.air.units([keepalive])[0], link.air.units([link.data(ALICE, datagram(s, ALICE, BOB))])[0])


@scenario
def largest_sdu(s):
    """8188 octets (TS 36.323 4.3.1)."""
    link = one_link(s)
    for ue in (ALICE, BOB):
        link.air.send(link.data(ue, datagram(s, ue, link.other(ue), size=8188 - 28)), rooms=[1500])


@scenario
def sn_wraps(s):
    """SN 65535 and on to 0 under one KD-sess ID, which a sender must not do; other data, but no keystream of before."""
    link = one_link(s)
    for sn in (65533, 65534, 65535, 0, 1, 2):
        link.air.send(link.data(ALICE, datagram(s, ALICE, BOB), sn=sn))


@scenario
def keystream_reused(s):
    """Two packets under one COUNT."""
    link = one_link(s)
    for sn in (1, 2, 2, 3, 3):
        link.air.send(link.data(ALICE, datagram(s, ALICE, BOB), sn=sn))


@scenario
def non_ip(s):
    """What no rule can tell from noise: the context is proved by the signalling alone."""
    link = one_link(s)
    for _ in range(3):
        link.air.send(link.data(ALICE, s.random.randbytes(40), sdu_type=NON_IP))


# --- ways to carry it ------------------------------------------------------------------------------------------


@family(gsmtap=dict(carrier="gsmtap"), user=dict(carrier="user"), exported=dict(carrier="exported"), own_framing=dict(carrier=OWN_FRAMING),
        v2x=dict(version=V2X), sn_10=dict(sn_bits=10), padding_1=dict(padding=1), padding_2=dict(padding=2),
        padding_9=dict(padding=9))
def carried(s, **options):
    if options.get("carrier") == "user":
        use_user_link_type(s)
    if options.get("carrier") == "exported":
        use_exported_pdus(s)
    link = one_link(s, link=options)
    converse(s, link)
    link.air.send(link.data(ALICE, datagram(s, ALICE, BOB, size=200)))
    hang_up(link)


# --- who talks to whom -----------------------------------------------------------------------------------------


@scenario
def two_links_with_one_kdsess_id(s):
    """The same KD-sess ID, another pair: other keys."""
    links = [Link(s, ALICE, BOB), Link(s, CAROL, BOB)]
    for link, caller in zip(links, (ALICE, CAROL)):
        connect(s, link, sdes(s, caller, BOB), identity=0x7777)
    for _ in range(4):
        for link in links:
            link.air.send(link.data(link.initiator, datagram(s, link.initiator, BOB)))
            link.air.send(link.data(BOB, datagram(s, BOB, link.initiator)))
    s.self_contained = True


@scenario
def link_again_with_the_same_kd(s):
    """The second request names the KD of the first by its ID."""
    link = one_link(s)
    converse(s, link)
    hang_up(link)
    first = link.context
    again = Link(s, ALICE, BOB)
    connect(s, again, Agreement(first.kd), flow="F4", kd_id=first.kd_id)
    converse(s, again)
    s.agreements.pop()


@scenario
def link_again_with_another_kd(s):
    """Both contexts have the same KD-sess ID, one after the other."""
    for _ in range(2):
        link = Link(s, ALICE, BOB)
        connect(s, link, sdes(s), identity=0x5151)
        converse(s, link)
        hang_up(link)
    s.self_contained = True


@scenario
def retransmitted(s):
    """Request and command are repeated: the same sequence number, in new PDCP PDUs. There is one context."""
    link, agreement = Link(s, ALICE, BOB), sdes(s)
    elements = request_elements(s, ALICE, 0x1234, agreement.offer)
    for _ in range(3):
        link.say(ALICE, pc5s.REQUEST, elements, sequence=1)
    nonce_2, kd_id = s.random.randbytes(16), s.random.randbytes(4)
    context = context_for(s, BOB, agreement.kd, kd_id, 0x1234, elements["nonce 1"], nonce_2, 2, 2)
    command = {"UE security capabilities": elements["UE security capabilities"], "nonce 2": nonce_2, "MSB of KD ID": kd_id[:2],
               "chosen algorithms": pc5s.chosen(2, 2), "LSB of KD-sess ID": b"\x34", pc5s.KEY_ESTABLISHMENT: agreement.answer}
    for _ in range(3):
        link.say(BOB, pc5s.COMMAND, command, context, sequence=1)
    for _ in range(2):
        link.say(ALICE, pc5s.COMPLETE, {"LSB of KD ID": kd_id[2:]}, context, sequence=1)
    link.say(BOB, pc5s.ACCEPT, {"IP address config": pc5s.NO_ALLOCATION}, context)
    link.begin(context)
    s.agreements.append(agreement)
    s.self_contained = True
    converse(s, link)


@scenario
def joined_late(s):
    """Neither the nonces nor the chosen algorithms are in the capture: KD-sess or the keys below it are needed, and trial."""
    link = one_link(s)
    s.capture.frames.clear()
    s.protected.clear()
    s.clear.clear()
    converse(s, link)
    log_keys(s)
    s.key_logs = {name: text for name, text in s.key_logs.items() if name in ("D2D_KDSESS", "D2D_PEK")}
    s.self_contained = False

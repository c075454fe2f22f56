"""Direct communication that does not decrypt, or in which something is amiss."""

from dataclasses import replace

from d2d_parties import (ALICE, BOB, CM80, Agreement, connect, context_for, converse, datagram, family, log_keys,
                         media, one_link, request_elements, scenario, sdes, sdes_log, write_log)
from model import pc5s_model as pc5s
from model.d2d_link import ANALYSER, MISMATCH, NO_KEY, RADIO, TRUNCATED, Link, Pdu
from model.d2d_model import Context
from model.sidelink_model import SECURED_LCID, mac_lte, pdcp_header, sl_sch
from model.sip_model import crypto_line
from model.srtp_model import make_key


def nothing_opens(s, *verdicts):
    """Whatever the keys were, the reader does not have them."""
    for pdus in s.protected.values():
        pdus[:] = [replace(pdu, plain=None, verdicts=frozenset(verdicts)) for pdu in pdus]


def log_instead(s, label, octets):
    s.key_logs = {label: write_log([(label, "*", octets)])}
    s.self_contained = False


@scenario
def key_log_has_another_kd(s):
    link = one_link(s, flow="F4", visible=False)
    converse(s, link)
    nothing_opens(s, MISMATCH, NO_KEY)
    log_instead(s, "D2D_KD", s.random.randbytes(32))


@scenario
def no_key(s):
    """Neither signalling of keys nor a key log."""
    link = one_link(s, flow="F4", visible=False)
    converse(s, link)
    nothing_opens(s, NO_KEY, MISMATCH)
    s.key_logs = {"nothing": ""}


@scenario
def answer_is_of_another_offer(s):
    """K2 in the capture is not the one that KD was made of."""
    agreement = sdes(s)
    agreement.answer = sdes(s).answer
    link = Link(s, ALICE, BOB)
    connect(s, link, agreement)
    converse(s, link)
    nothing_opens(s, MISMATCH, NO_KEY)
    s.key_logs = {"nothing": ""}


def spoiled(octets, at=-1, bit=1):
    return octets[: at % len(octets)] + bytes([octets[at] ^ bit]) + octets[at % len(octets) + 1 :]


def send_spoiled(s, link, pdu, at):
    link.air.send(replace(pdu, wire=spoiled(pdu.wire, at), plain=None, verdicts=frozenset({MISMATCH})))


@family(mac=dict(at=-1), data=dict(at=6), header=dict(at=4))
def message_changed_on_its_way(s, at):
    """One bit of the MAC-I, of the data, of the SN. What comes before and after is as it should be."""
    link = one_link(s)
    send_spoiled(s, link, link.message(ALICE, pc5s.KEEPALIVE, {"keepalive counter": bytes(4)}, link.context), at)
    converse(s, link)


@scenario
def command_changed_on_its_way(s):
    """The first command does not verify; its repetition does."""
    link, agreement = Link(s, ALICE, BOB), sdes(s)
    elements = request_elements(s, ALICE, 0x1234, agreement.offer)
    link.say(ALICE, pc5s.REQUEST, elements)
    nonce_2 = s.random.randbytes(16)
    context = context_for(s, BOB, agreement.kd, b"", 0x1234, elements["nonce 1"], nonce_2, 2, 2)
    command = {"UE security capabilities": elements["UE security capabilities"], "nonce 2": nonce_2,
               "chosen algorithms": pc5s.chosen(2, 2), "LSB of KD-sess ID": b"\x34", pc5s.KEY_ESTABLISHMENT: agreement.answer}
    send_spoiled(s, link, link.message(BOB, pc5s.COMMAND, command, context, sequence=1), -1)
    link.say(BOB, pc5s.COMMAND, command, context, sequence=1)
    link.say(ALICE, pc5s.COMPLETE, {}, context)
    link.say(BOB, pc5s.ACCEPT, {"IP address config": pc5s.NO_ALLOCATION}, context)
    link.begin(context)
    s.agreements.append(agreement)
    s.self_contained = True
    converse(s, link)


@scenario
def algorithm_not_offered(s):
    """The command chooses what the request did not say that the UE has. The keys fit all the same."""
    link, agreement = Link(s, ALICE, BOB), sdes(s)
    connect(s, link, agreement, eea=3, eia=3, supported=((0, 1, 2), (0, 1, 2)))
    command = next(frame for frame, pdus in s.protected.items() if pdus[0].what == pc5s.COMMAND)
    s.findings.append((command, "algorithm not offered"))
    s.self_contained = True
    converse(s, link)


@scenario
def capabilities_not_as_sent(s):
    """Bidding down: the command repeats other capabilities than the request had."""
    link, agreement = Link(s, ALICE, BOB), sdes(s)
    elements = request_elements(s, ALICE, 0x1234, agreement.offer)
    link.say(ALICE, pc5s.REQUEST, elements)
    nonce_2, kd_id = s.random.randbytes(16), s.random.randbytes(4)
    context = context_for(s, BOB, agreement.kd, kd_id, 0x1234, elements["nonce 1"], nonce_2, 1, 1)
    frame = link.secure(ALICE, context, nonce_2, capabilities=pc5s.capabilities((0, 1), (0, 1)), kd_id=kd_id,
                        answer=agreement.answer)
    s.findings.append((frame, "capabilities differ"))
    s.agreements.append(agreement)
    s.self_contained = True
    converse(s, link)


@scenario
def command_without_request(s):
    """The capture begins after the request: without Nonce_1 no KD gives the keys; KD-sess does."""
    link = Link(s, ALICE, BOB)
    elements = request_elements(s, ALICE, 0x1234)
    nonce_2, kd = s.random.randbytes(16), s.random.randbytes(32)
    context = context_for(s, BOB, kd, b"", 0x1234, elements["nonce 1"], nonce_2, 2, 2)
    frame = link.secure(ALICE, context, nonce_2, capabilities=elements["UE security capabilities"])
    s.findings.append((frame, "command without request"))
    converse(s, link)
    log_keys(s)
    s.key_logs = {name: text for name, text in s.key_logs.items() if name.startswith(("D2D_KDSESS", "D2D_PEK"))}


@scenario
def nonces_used_again(s):
    """A later link with the same KD, the same nonces and the same KD-sess ID: the same keys and keystreams once more."""
    agreement = sdes(s)
    nonce_1, nonce_2, kd_id = s.random.randbytes(16), s.random.randbytes(16), s.random.randbytes(4)
    for at in range(2):
        link = Link(s, ALICE, BOB)
        elements = {**request_elements(s, ALICE, 0x1234, agreement.offer), "nonce 1": nonce_1}
        frame = link.say(ALICE, pc5s.REQUEST, elements, sequence=1 + at)
        if at:
            s.findings.append((frame, "nonce used again"))
        context = context_for(s, BOB, agreement.kd, kd_id, 0x1234, nonce_1, nonce_2, 2, 2)
        link.secure(ALICE, context, nonce_2, capabilities=elements["UE security capabilities"], kd_id=kd_id,
                    answer=agreement.answer)
        for ue in (ALICE, BOB):
            link.air.send(link.data(ue, datagram(s, ue, link.other(ue))))
    s.agreements.append(agreement)
    s.self_contained = True


@scenario
def same_key_in_offer_and_answer(s):
    """K1 is K2: reflected. It works, and deserves a remark."""
    key = make_key(s.random, CM80)
    offer, answer = (pc5s.container(pc5s.SDP_CRYPTO, media(ue, [crypto_line(1, key)])) for ue in (ALICE, BOB))
    agreement = Agreement(s.profile.kd_from_sdes(key, key), offer, answer, {"SDES *": sdes_log("*", key, key)})
    link = Link(s, ALICE, BOB)
    connect(s, link, agreement)
    s.self_contained = True
    converse(s, link)


@family(everything=dict(cut=80), user_plane=dict(cut=112))
def truncated(s, cut):
    """The capture holds less of the longer frames than there was; not even all of the request, if less than 111."""
    link = one_link(s, flow="F4", visible=False)
    converse(s, link)
    s.capture.frames = [(time, octets[:cut], length) for time, octets, length in s.capture.frames]
    for frame, pdus in s.protected.items():
        if s.capture.frames[frame - 1][2] > cut:
            pdus[:] = [replace(pdu, plain=None, verdicts=frozenset({TRUNCATED})) for pdu in pdus]
    for frame in [each for each in s.clear if s.capture.frames[each - 1][2] > cut]:
        s.protected[frame] = [replace(pdu, plain=None) for pdu in s.clear.pop(frame)]
    log_keys(s)
    if cut < 111:  # keys that need no nonce
        s.key_logs = {name: text for name, text in s.key_logs.items() if name in ("D2D_KDSESS", "D2D_PEK")}


@scenario
def mac_missing(s):
    """PC5 signalling that is too short for a MAC-I, and PDCP PDUs too short for a header."""
    link = one_link(s)
    header = pdcp_header(2, link.context.identity, 9)
    for octets in (header[:1], header[:4], header, header + b"\1", header + bytes(3)):
        frame = s.capture.udp(RADIO, ANALYSER, mac_lte(sl_sch(ALICE.l2, BOB.l2, [(SECURED_LCID, b"\x1f" + octets)])))
        if len(octets) >= len(header):
            s.arrived(frame, Pdu("too short", octets, None, ALICE.l2, BOB.l2, SECURED_LCID, link.context,
                                 frozenset({TRUNCATED, MISMATCH})))
    converse(s, link)


@scenario
def context_not_known(s):
    """PDUs under a KD-sess ID that no command began, beside the link's own."""
    link = one_link(s)
    stranger = Context(link.context.identity ^ 0x1111, BOB.l2, 2, 2, s.random.randbytes(32))
    for ue in (ALICE, BOB):
        pdu = link.data(ue, datagram(s, ue, link.other(ue)), context=stranger)
        link.air.send(replace(pdu, plain=None, verdicts=frozenset({NO_KEY, MISMATCH})))
    converse(s, link)


@scenario
def sdu_types_reserved(s):
    """SDU Types 4 to 7 are for nobody (TS 36.323 5.8): what they hold is not shown."""
    link = one_link(s)
    for sdu_type in range(4, 8):
        pdu = link.data(ALICE, datagram(s, ALICE, BOB), sdu_type=sdu_type)
        link.air.send(replace(pdu, plain=None, verdicts=frozenset()))
    converse(s, link)


@scenario
def clear_among_protected(s):
    """An accept in the clear on the channel of protected messages, and IP with KD-sess ID 0."""
    link = one_link(s)
    link.say(BOB, pc5s.ACCEPT, {"IP address config": pc5s.NO_ALLOCATION}, lcid=SECURED_LCID)
    link.air.send(link.clear_data(ALICE, datagram(s, ALICE, BOB)))
    converse(s, link)


@family(eea=dict(octet=0x42), eia=dict(octet=0x25))
def algorithm_unknown(s, octet):
    """The command chooses an algorithm of a number that has none."""
    link = Link(s, ALICE, BOB)
    elements = request_elements(s, ALICE, 0x1234)
    link.say(ALICE, pc5s.REQUEST, elements)
    context = context_for(s, BOB, s.random.randbytes(32), b"", 0x1234, elements["nonce 1"], bytes(16), 2, 2)
    command = link.message(BOB, pc5s.COMMAND, {
        "UE security capabilities": elements["UE security capabilities"], "nonce 2": bytes(16),
        "chosen algorithms": bytes([octet]), "LSB of KD-sess ID": b"\x34"}, context)
    frame = link.air.send(replace(command, plain=None, verdicts=frozenset({"unsupported suite"})))
    s.findings.append((frame, "algorithm not offered"))
    link.begin(context)
    pdu = link.data(ALICE, datagram(s, ALICE, BOB))
    link.air.send(replace(pdu, plain=None, verdicts=frozenset({NO_KEY, "unsupported suite"})))
    log_instead(s, "D2D_KD", context.kd)
    s.contexts.clear()

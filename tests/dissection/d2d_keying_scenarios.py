"""Direct communication: every way to its keys, in the manner of scenarios.py."""

from dataclasses import replace

from d2d_parties import (ALICE, ALL, BOB, CAROL, CM256, CM80, GCM256, GROUP, MEDIA_PORT, RELAY, SERVER, Agreement,
                         connect, context_for, converse, datagram, family, hang_up, key_mgmt, log_keys, media,
                         one_link, rekey, request_elements, scenario, sdes, sdes_log, ticket)
from model import pc5s_model as pc5s
from model.capture import TcpConnection
from model.d2d_link import DECRYPTED, MISMATCH, NO_KEY, OWN_FRAMING, Group, Link, udp_packet
from model.d2d_model import Profile, relay_kd
from model.scenario import Expected, Stream
from model.sip_model import Dialog, Party, crypto_line
from model.srtp_model import SUITES, make_key


# --- flows, methods, algorithms ----------------------------------------------------------------------------

NONCE_1 = Profile(traffic="nonce 1")


@family(F1_sdes=dict(flow="F1", profile=NONCE_1), F1_sdes_kd_itself=dict(flow="F1", profile=Profile(traffic="kd")),
        F1_sdes_zero_nonces=dict(flow="F1", profile=Profile(traffic="zero nonces")),
        F1_ticket=dict(flow="F1", method="ticket", profile=NONCE_1),
        F2_sdes=dict(eea=1, eia=1), F2_sdes_compact=dict(compact=True, eea=2, eia=3),
        F2_sdes_aes_256=dict(suite=CM256), F2_sdes_gcm_256=dict(suite=GCM256, eea=3, eia=2),
        F2_ticket=dict(method="ticket", eea=3, eia=3), F2_ticket_tek_128=dict(method="ticket", strong=False, eea=1, eia=2),
        F2_ticket_in_sdp=dict(method="ticket", container_method=pc5s.SDP_KEY_MGMT),
        F3_sdes=dict(flow="F3", eea=2, eia=1), F3_ticket=dict(flow="F3", method="ticket", eea=1, eia=3))
def flow(s, profile=Profile(), **options):
    """Keys are agreed on over PC5 itself."""
    s.profile = profile
    link = one_link(s, **options)
    converse(s, link)
    hang_up(link)


@family(**{"eea%d_eia%d" % (eea, eia): dict(eea=eea, eia=eia) for eea in ALL for eia in ALL})
def algorithms(s, eea, eia):
    link = one_link(s, eea=eea, eia=eia)
    converse(s, link)
    hang_up(link)


# --- over the network --------------------------------------------------------------------------------------

SIP_ALICE, SIP_BOB = Party("alice", "192.0.2.10"), Party("bob", "198.51.100.20")
PROSE_FUNCTION = ("203.0.113.7", 80)
PC5S_BODY = "application/vnd.3gpp.pc5s"  # a whole message of PC5 signalling as a body; no type is registered


def ims_call(s, offer, answer, call_id="d2d-call@example"):
    """IMS manages the link: SDP in the INVITE and its 200."""
    dialog = Dialog(s.capture, SIP_ALICE, SIP_BOB, call_id)
    s.dialogs.append(dialog)
    dialog.call(offer, answer)
    return dialog


def call_log(agreement, k1, k2, call_id="d2d-call@example"):
    agreement.logs = {"SDES": sdes_log(call_id, k1, k2), "SDES *": sdes_log("*", k1, k2)}


def keyed_by_call(s, *, suite=CM80, lines=None, algorithms=(2, 2), keys_in_sdp=True, kd_id=None):
    """lines: a=crypto lines of offer and answer, where they are not one each."""
    k1, k2 = make_key(s.random, suite), make_key(s.random, suite)
    offer, answer = lines(k1, k2) if lines else ([crypto_line(1, k1)], [crypto_line(1, k2)])
    if not keys_in_sdp:
        offer = answer = []
    dialog = ims_call(s, media(ALICE, offer), media(BOB, answer))
    agreement = Agreement(s.profile.kd_from_sdes(k1, k2))
    call_log(agreement, k1, k2)
    link = Link(s, ALICE, BOB)
    connect(s, link, agreement, flow="F4", eea=algorithms[0], eia=algorithms[1], kd_id=kd_id)
    s.self_contained = keys_in_sdp
    return dialog, link


def second_of_two(s):
    """The answer takes the second line of the offer: K1 is that line's key."""
    other = make_key(s.random, CM256)
    return lambda k1, k2: ([crypto_line(1, other), crypto_line(2, k1)], [crypto_line(2, k2)])


@family(plain=dict(), second_line=dict(lines=second_of_two, algorithms=(1, 2)), gcm=dict(suite=GCM256, algorithms=(3, 1)),
        keys_in_log_alone=dict(keys_in_sdp=False), kd_id_says_nothing=dict(kd_id=b"\0\0\0\1"))
def ims_sdes(s, lines=None, **options):
    dialog, link = keyed_by_call(s, lines=lines and lines(s), **options)
    converse(s, link)
    hang_up(link)
    dialog.bye()


@family(tek_256=dict(strong=True, eea=2, eia=2), tek_128=dict(strong=False, eea=3, eia=1))
def ims_ticket(s, strong, eea, eia):
    agreement = ticket(s, strong=strong)
    init, resp = s.exchange.init(), s.exchange.resp()
    dialog = ims_call(s, media(ALICE, attributes=[key_mgmt(init)]), media(BOB, attributes=[key_mgmt(resp)]))
    link = Link(s, ALICE, BOB)
    connect(s, link, agreement, flow="F4", eea=eea, eia=eia)
    converse(s, link)
    hang_up(link)
    dialog.bye()


@scenario
def ims_call_renewed(s):
    """A re-INVITE brings another KD, and the link is keyed anew with it."""
    dialog, link = keyed_by_call(s)
    converse(s, link, signalling=False)
    k1, k2 = make_key(s.random, CM80), make_key(s.random, CM80)
    dialog.reinvite(media(ALICE, [crypto_line(1, k1)]), media(BOB, [crypto_line(1, k2)]))
    again = Agreement(s.profile.kd_from_sdes(k1, k2))
    call_log(again, k1, k2)
    connect(s, link, again, flow="F4")
    converse(s, link)


def by_sip_message(s, offer, answer):
    """Either message has a Call-ID of its own; the second names the first (RFC 3261 20.21)."""
    for at, (sender, receiver, text) in enumerate([(SIP_ALICE, SIP_BOB, offer), (SIP_BOB, SIP_ALICE, answer)]):
        dialog = Dialog(s.capture, sender, receiver, "message-%d@example" % at)
        s.dialogs.append(dialog)
        dialog.request("MESSAGE", text, extra=[("In-Reply-To", "message-0@example")] if at else [])
        dialog.respond(200, "OK")


def by_http(s, offer, answer, content_type="application/sdp"):
    """The ProSe Function relays: the initiator's leg."""
    client, server = (SIP_ALICE.address, 41000), PROSE_FUNCTION
    connection = TcpConnection(s.capture, client, server)
    offer, answer = (text if isinstance(text, bytes) else text.encode() for text in (offer, answer))
    entity = "Content-Type: %s\r\nContent-Length: %d\r\n\r\n"
    head = "POST /direct-communication HTTP/1.1\r\nHost: prose.example.com\r\n"
    head += 'X-3GPP-Intended-Identity: "sip:alice@example.com"\r\n'
    connection.send(client, (head + entity % (content_type, len(offer))).encode() + offer)
    connection.send(server, ("HTTP/1.1 200 OK\r\n" + entity % (content_type, len(answer))).encode() + answer)


def by_http_whole(s, offer, answer):
    """Not the SDP alone but the messages of PC5 signalling that hold it."""
    request = pc5s.Message(pc5s.REQUEST, 1, request_elements(s, ALICE, 0x1200, pc5s.container(pc5s.SDP_CRYPTO, offer)))
    accept = pc5s.Message(pc5s.ACCEPT, 1, {"IP address config": pc5s.NO_ALLOCATION,
                                           pc5s.KEY_ESTABLISHMENT: pc5s.container(pc5s.SDP_CRYPTO, answer)})
    by_http(s, request.write(), accept.write(), PC5S_BODY)


@family(sip_message=dict(way=by_sip_message, eea=3, eia=2), http=dict(way=by_http, eea=2, eia=3),
        http_whole_messages=dict(way=by_http_whole, eea=1, eia=1))
def network_sdes(s, way, eea, eia):
    """Without IMS's session control: offer and answer go over the network, in the clear."""
    k1, k2 = make_key(s.random, CM80), make_key(s.random, CM80)
    way(s, media(ALICE, [crypto_line(1, k1)]), media(BOB, [crypto_line(1, k2)]))
    agreement = Agreement(s.profile.kd_from_sdes(k1, k2))
    agreement.logs["SDES *"] = sdes_log("*", k1, k2)
    link = Link(s, ALICE, BOB)
    connect(s, link, agreement, flow="F4", eea=eea, eia=eia)
    s.self_contained = True
    converse(s, link)
    hang_up(link)


@scenario
def network_ticket(s):
    agreement = ticket(s)
    by_sip_message(s, *(media(ue, attributes=[key_mgmt(message)]) for ue, message in (
        (ALICE, s.exchange.init()), (BOB, s.exchange.resp()))))
    link = Link(s, ALICE, BOB)
    connect(s, link, agreement, flow="F4", eea=1, eia=3)
    converse(s, link)


@scenario
def network_not_captured(s):
    """Offer and answer went where nothing was captured; the key log has what they held."""
    link = one_link(s, flow="F4", visible=False)
    converse(s, link)


# --- where the standards leave a choice ----------------------------------------------------------------------

CHOICES = {"kd_%s" % name: dict(kd_kdf=name) for name in "ABCDEFGHIJ"}
CHOICES.update(
    key_and_salt=dict(key_part="key and salt"), inline=dict(key_part="inline"), answer_first=dict(key_order="answer, offer"),
    lexicographic=dict(key_order="lexicographic"), two_octet_fc=dict(kd_fc=b"\xff\x01"), another_label=dict(kd_label=b"label"),
    kdsess_fc=dict(kdsess_fc=b"\x7f"), nonces_reversed=dict(nonces_reversed=True), alg_fc=dict(alg_fc=b"\x7e"),
    bearer_less_one=dict(bearer="lcid-1"), bearer_zero=dict(bearer="0"), direction_other=dict(direction="other"),
    direction_zero=dict(direction="0"), mac_ciphered=dict(mac_ciphered=True), mac_over_data_alone=dict(mac_over_header=False),
    kd_as_kdsess=dict(traffic="kd"))


@family(**CHOICES)
def choice(s, **members):
    s.profile = Profile(**members)
    link = one_link(s)
    converse(s, link)


@family(**{"tek_" + how.replace(" ", "_"): dict(how=how) for how in ("kdf", "twice", "left pad", "right pad")})
def choice_of_tek(s, how):
    s.profile = Profile(tek_to_kd=how)
    link = one_link(s, method="ticket", strong=False)
    converse(s, link)


# --- SRTP under keys from KD -----------------------------------------------------------------------------------


def srtp_streams(s, kd, suite):
    """Both directions, between the addresses that the UEs have on the link."""
    ends = (ALICE.ip, MEDIA_PORT), (BOB.ip, MEDIA_PORT)
    return [Stream(s, s.profile.srtp_master(kd, SUITES[suite], at == 0), ends[at], ends[1 - at]) for at in (0, 1)]


def put_inside(s, link, ue, packet, context):
    """An SRTP packet as the payload of a PDU of the user plane."""
    inner = udp_packet(packet.src, packet.dst, packet.wire)
    pdu = link.data(ue, inner, lcid=6, what="SRTP", context=context) if context else link.clear_data(ue, inner, lcid=6)
    frame = link.air.send(pdu)
    s.packets[frame] = packet
    s.expected[frame] = Expected("rtp", packet.plain, frozenset({DECRYPTED}), key=packet.key,
                                 facts={"ssrc": packet.ssrc, "index": packet.index, "roc": packet.index >> 16})


@family(over_udp=dict(place="udp"), sidelink_in_the_clear=dict(place="clear"), sidelink_protected=dict(place="protected"),
        gcm_256=dict(place="udp", suite=GCM256))
def srtp_from_kd(s, place, suite=CM80):
    """The media stays SRTP; its master keys are derived from KD."""
    _, link = keyed_by_call(s, suite=suite)
    kd = link.context.kd
    for ue, stream in zip((ALICE, BOB), srtp_streams(s, kd, suite)):
        for _ in range(6):
            packet = stream.next()
            if place == "udp":
                s.put(packet)
            else:
                put_inside(s, link, ue, packet, link.context if place == "protected" else None)
        if place == "udp":
            stream.send_report()
    log_keys(s, from_kd_up=True)


# --- re-keying ---------------------------------------------------------------------------------------------


@family(by_the_initiator=dict(by=ALICE), by_the_responder=dict(by=BOB), other_algorithms=dict(by=ALICE, eea=3, eia=1))
def rekeying(s, by, **algorithms):
    """The same KD, other nonces. DIRECTION follows who sent the newest command."""
    link = one_link(s)
    converse(s, link)
    rekey(s, link, by, **algorithms)
    converse(s, link)


@scenario
def rekeying_with_two_live_contexts(s):
    """PDUs of the old context arrive after the new one is in use, until both sides have switched."""
    link = one_link(s)
    late = [link.data(BOB, datagram(s, BOB, ALICE)) for _ in range(4)]
    old = rekey(s, link, ALICE)
    for pdu in late:
        link.air.send(link.data(ALICE, datagram(s, ALICE, BOB)))
        link.air.send(pdu)
    link.air.send(link.data(BOB, datagram(s, BOB, ALICE), context=old))
    converse(s, link)


@scenario
def rekeying_brings_another_kd(s):
    """Auth Flag; a new offer in the request, which the old context protects, and the answer in the command."""
    link = one_link(s)
    converse(s, link, signalling=False)
    rekey(s, link, BOB, fresh=sdes(s, BOB, ALICE))
    converse(s, link)


@scenario
def rekeying_many_times(s):
    link = one_link(s)
    for at in range(5):
        link.air.send(link.data(ALICE, datagram(s, ALICE, BOB)))
        rekey(s, link, (ALICE, BOB)[at % 2], eea=1 + at % 3, eia=1 + (at + 1) % 3)
    link.air.send(link.data(BOB, datagram(s, BOB, ALICE)))


@scenario
def rekeying_triggered(s):
    link = one_link(s)
    link.say(BOB, pc5s.REKEYING_TRIGGER, context=link.context)
    rekey(s, link, ALICE)
    converse(s, link)


# --- relay, groups -------------------------------------------------------------------------------------------


@scenario
def relay(s):
    """UE-to-network: KD is made of the remote UE's PRUK, so that the capture alone never suffices."""
    link = Link(s, ALICE, RELAY)
    service, freshness = b"\0\1\2", s.random.randbytes(16)
    pruk, pruk_id, identity, kd_id = s.random.randbytes(32), s.random.randbytes(8), 0x4321, s.random.randbytes(4)
    elements = request_elements(s, ALICE, identity, **{
        "user info": pc5s.user_info(pruk_id, pc5s.PRUK_ID), "relay service code": service,
        "IP address config": pc5s.NO_ALLOCATION, "link local IPv6 address": s.random.randbytes(16)})
    link.say(ALICE, pc5s.REQUEST, elements)
    kd = relay_kd(pruk, service, elements["nonce 1"], freshness)
    nonce_2 = s.random.randbytes(16)
    context = context_for(s, RELAY, kd, kd_id, identity, elements["nonce 1"], nonce_2, 2, 2)
    link.secure(ALICE, context, nonce_2, capabilities=elements["UE security capabilities"], kd_id=kd_id,
                more={"KD freshness": freshness, "GPI": s.random.randbytes(60)})
    link.say(RELAY, pc5s.ACCEPT, {"IP address config": pc5s.ROUTER}, context)
    link.say(RELAY, pc5s.REMOTE_UE_REQUEST, {"remote UE information type": b"\1"}, context)
    link.say(ALICE, pc5s.REMOTE_UE_RESPONSE, {"IMEI": bytes.fromhex("5399000000000001")}, context)
    for at in range(3):
        there = udp_packet((ALICE.ip, 40000), SERVER, s.random.randbytes(300), at)
        back = udp_packet(SERVER, (ALICE.ip, 40000), s.random.randbytes(900), at)
        link.air.send(link.data(ALICE, there))
        link.air.send(link.data(RELAY, back))
    hang_up(link)


@scenario
def relay_refused(s):
    """The remote UE cannot authenticate the command: the link does not come about. Nobody's key log has its keys."""
    link = Link(s, ALICE, RELAY)
    elements = request_elements(s, ALICE, 0x4321, **{"relay service code": b"\0\1\2"})
    link.say(ALICE, pc5s.REQUEST, elements)
    context = context_for(s, RELAY, s.random.randbytes(32), b"", 0x4321, elements["nonce 1"], bytes(16), 2, 2)
    command = link.message(RELAY, pc5s.COMMAND, {
        "UE security capabilities": elements["UE security capabilities"], "nonce 2": bytes(16),
        "chosen algorithms": pc5s.chosen(2, 2), "LSB of KD-sess ID": b"\x21", "KD freshness": s.random.randbytes(16)}, context)
    link.air.send(replace(command, plain=None, verdicts=frozenset({NO_KEY, MISMATCH})))
    link.say(ALICE, pc5s.SECURITY_REJECT, {"cause": pc5s.AUTHENTICATION_FAILURE, "RAND": s.random.randbytes(16),
                                           "AUTS": s.random.randbytes(14)})
    link.say(RELAY, pc5s.REJECT, {"cause": pc5s.OTHER_ERROR})
    s.key_logs = {"nothing": ""}


@family(eea0=dict(eea=0), eea1=dict(eea=1), eea2=dict(eea=2), eea3=dict(eea=3), own_framing=dict(eea=2, carrier=OWN_FRAMING))
def group(s, eea, **options):
    """One-to-many: every sender has a PTK of its own, and changes it."""
    made = Group(s, GROUP, 0x25, s.random.randbytes(32), eea, **options)
    for ptk_id in (1, 2, 0xFFFF):
        for ue in (ALICE, BOB, CAROL):
            for port in (5000, 5001):
                packet = udp_packet((ue.ip, port), ("239.1.1.1", port), s.random.randbytes(60))
                made.air.send(made.data(ue, packet, ptk_id))
            inside = udp_packet((ue.ip6, 5000), ("ff02::1:1", 5000), s.random.randbytes(20))
            made.air.send(made.data(ue, inside, ptk_id, lcid=7, what="IPv6"))
    made.air.send(made.clear(ALICE, udp_packet((ALICE.ip, 1), ("239.1.1.1", 1), b"clear")))


@scenario
def group_with_two_keys_of_one_index(s):
    """PGK IDs 0x05 and 0x25 both have PGK Index 5; another group has a key of the same ID."""
    keys = {(group, pgk_id): s.random.randbytes(32) for group, pgk_id in ((GROUP, 5), (GROUP, 0x25), (GROUP + 0x100, 5))}
    for at, ((identity, pgk_id), pgk) in enumerate(keys.items()):
        made = Group(s, identity, pgk_id, pgk, 1 + at)
        for _ in range(3):
            made.air.send(made.data(BOB, udp_packet((BOB.ip, 5000), ("239.1.1.1", 5000), s.random.randbytes(60)), 9))


@scenario
def group_beside_a_link(s):
    """The same UEs, in turns. It takes the keys of both."""
    link = one_link(s, flow="F4", visible=False)
    made = Group(s, GROUP, 3, s.random.randbytes(32), 2)
    for _ in range(3):
        link.air.send(link.data(ALICE, datagram(s, ALICE, BOB)))
        made.air.send(made.data(ALICE, udp_packet((ALICE.ip, 5000), ("239.1.1.1", 5000), s.random.randbytes(60)), 1))
    log_keys(s)
    of_group = s.key_logs.pop("PROSE_PGK")
    s.key_logs = {name: text + of_group for name, text in s.key_logs.items()}

"""Calls keyed by RFC 3830 and the modes that were added to it, one function each."""

from dataclasses import replace

from mikey_calls import (attribute, begin, body, call, call_and_talk, family, log, log_generating_key, log_pre_shared,
                         log_sessions, log_transfer, log_what_is_sent, master_key, note, now, pem, pre_shared, scenario,
                         streams, transfer, update)
from model import mikey_model as mikey
from model.mikey_model import (DiffieHellman, DiffieHellmanHmac, Envelope, Key, PreShared, ReverseEnvelope, Sakke,
                               rsa_key)
from model.scenario import Stream, in_turns
from model.sip_model import Dialog, Media, sdp
from scenarios import A, ALICE, B, BOB, SBC, talk

GCM_POLICY = {0: 6, 1: 16, 4: 12, 5: 0, 20: 16}
GSTREAMER_POLICY = {0: 1, 1: 16, 2: 1, 3: 10, 7: 1, 8: 1, 10: 1}


# --- RFC 3830 --------------------------------------------------------------------------------------------


@family(null=dict(encr=mikey.ENCR_NULL), aes_cm=dict(encr=mikey.AES_CM_128), aes_kw=dict(encr=mikey.AES_KW_128),
        aes_cm_256=dict(encr=mikey.AES_CM_256, mac=mikey.HMAC_SHA256_256, prf=mikey.PRF_HMAC_SHA_256))
def psk_encryption(s, **algorithms):
    """Key wrap takes multiples of 8 octets: the SPI of 3 makes 24 of the key data."""
    key = Key(mikey.TGK, s.random.randbytes(16), spi=b"\0\0\1")
    exchange = pre_shared(s, keys=[key], algorithms=mikey.Algorithms(**algorithms))
    if exchange.algorithms.encr != mikey.ENCR_NULL:
        log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@family(tgk=dict(kind=mikey.TGK), tgk_salt=dict(kind=mikey.TGK_SALT), tek_salt=dict(kind=mikey.TEK_SALT),
        tek=dict(kind=mikey.TEK))
def psk_key_data(s, kind):
    salt = s.random.randbytes(14) if kind in (mikey.TGK_SALT, mikey.TEK_SALT) else b""
    exchange = pre_shared(s, keys=[Key(kind, s.random.randbytes(16), salt)])
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@scenario
def psk_nothing_protected(s):
    """NULL encryption and NULL MAC: the SDP's own protection is trusted; no key log is needed."""
    call_and_talk(s, pre_shared(s, algorithms=mikey.Algorithms(encr=mikey.ENCR_NULL, mac=mikey.MAC_NULL)))


@scenario
def psk_without_answer(s):
    """V is 0: the offer holds all that is needed. Both crypto sessions are the initiator's."""
    exchange = pre_shared(s, verified=False, responders=())
    log_pre_shared(s, exchange)
    dialog = begin(s)
    dialog.call(body(ALICE, [A[1]], exchange.init(), "session"), body(BOB, [B[1]], None, "session"))
    note(s, exchange, answered=False)
    for stream in streams(s, exchange):
        stream.send(6)


@scenario
def psk_counter_as_time(s):
    exchange = pre_shared(s, time=b"\0\0\1\2", time_kind=mikey.COUNTER)
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@family(session=dict(level="session"), media=dict(level="media"))
def psk_level(s, level):
    exchange = pre_shared(s)
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange, level=level)


@scenario
def psk_each_section_its_own(s):
    """Media level in earnest: audio and video under exchanges of their own, with CS IDs that begin at 1 in each."""
    audio, video = pre_shared(s), pre_shared(s)
    video = replace(video, inkey=audio.inkey)
    log(s, "MIKEY_PSK", ("*", audio.inkey))
    dialog, places = begin(s), {}
    for party, port, message in ((ALICE, A[1], PreShared.init), (BOB, B[1], PreShared.resp)):
        places[party.name] = sdp(party.address, [
            Media(port, attributes=[attribute(message(audio))]),
            Media(port + 2, media="video", formats="96", attributes=[attribute(message(video))])])
    dialog.call(places["alice"], places["bob"])
    for at, exchange in enumerate((audio, video)):
        note(s, exchange)
        talk(*streams(s, exchange, (A[0], A[1] + 2 * at), (B[0], B[1] + 2 * at)))


@family(tgk_16=dict(psk=16, tgk=16), tgk_32=dict(psk=16, tgk=32), tgk_192=dict(psk=16, tgk=192), psk_32=dict(psk=32, tgk=16))
def psk_of_minisip(s, psk, tgk):
    """Its PRF departs where a key's length is a multiple of 32 octets; 192 is what it chooses for a TGK."""
    exchange = pre_shared(s, inkey=s.random.randbytes(psk), keys=[Key(mikey.TGK, s.random.randbytes(tgk))],
                          algorithms=mikey.Algorithms(minisip=True))
    log_pre_shared(s, exchange)
    if tgk % 32 == 0:
        s.departs, s.teks_by_media = {"MIKEY_PSK": "minisip", "MIKEY_TGK": "minisip"}, True
    if psk % 32 == 0:
        s.departs["MIKEY_PSK"] = "minisip"  # as the MAC shows
    call_and_talk(s, exchange)


@family(sent=dict(send_mki=True), not_sent=dict(send_mki=False))
def psk_spi_as_mki(s, send_mki):
    """RFC 3830 does not say whether one key alone is named in the packets (specs/keymgmt.md 8-O9)."""
    exchange = pre_shared(s, keys=[Key(mikey.TGK, s.random.randbytes(16), spi=b"\0\0\0\7")])
    log_pre_shared(s, exchange)
    if not send_mki:
        log_generating_key(s, exchange, exchange.keys[0])
        log_sessions(s, exchange)
    call_and_talk(s, exchange, send_mki=send_mki)


GSTREAMERS_TAG_4 = {**GSTREAMER_POLICY, 3: 4}


@family(gcm=dict(params=GCM_POLICY), gcm_256=dict(params={**GCM_POLICY, 1: 32}), f8=dict(params={**mikey.SRTP_POLICY, 0: 2}),
        aes_192=dict(params={**mikey.SRTP_POLICY, 1: 24}), aes_256=dict(params=mikey.SRTP_POLICY_256),
        null=dict(params={**mikey.SRTP_POLICY, 0: 0}), nothing_said=dict(params={}),
        tag_4=dict(params={**mikey.SRTP_POLICY, 11: 4}), tags_apart=dict(params={**mikey.SRTP_POLICY, 18: 4, 19: 10}),
        srtcp_tag_4=dict(params={**mikey.SRTP_POLICY, 18: 10, 19: 4}),
        srtp_clear=dict(params={**mikey.SRTP_POLICY, 7: 0}), srtcp_clear=dict(params={**mikey.SRTP_POLICY, 8: 0}),
        unauthenticated=dict(params={**mikey.SRTP_POLICY, 10: 0}))
def psk_policy(s, params):
    exchange = pre_shared(s, params=params, keys=[Key(mikey.TGK, s.random.randbytes(40))])
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@family(srtcp_tag_10=dict(params={**mikey.SRTP_POLICY, 11: 4}, srtcp_tag=10),
        gstreamers_tag_4=dict(params=GSTREAMERS_TAG_4), gstreamers_tag_10=dict(params=GSTREAMER_POLICY),
        kdr_exponent=dict(params={**mikey.SRTP_POLICY, 6: 5}, kdr=32))
def psk_policy_read_otherwise(s, params, **options):
    """RFC 3830 gives SRTCP no tag length of its own, and does not say how a key derivation rate is written."""
    exchange = pre_shared(s, params=params)
    s.departs = None
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange, count=40, **options)


@family(one_octet=dict(rate=b"\x20", roc=0), power_below_24=dict(rate=b"\x10", roc=0), wide=dict(rate=b"\0\1\0\0", roc=1))
def psk_key_derivation_rate(s, rate, roc):
    """The rate as it is: a number of packets."""
    exchange = pre_shared(s, params={**mikey.SRTP_POLICY, 6: rate}, rocs={1: roc, 2: roc})
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange, count=40, kdr=int.from_bytes(rate, "big"))


@family(few=dict(prefix=4), a_block_and_more=dict(prefix=20))
def psk_srtp_prefix(s, prefix):
    """RFC 3711 section 4.1 speaks of SRTP packets; whether SRTCP has a prefix too is left alone here."""
    exchange = pre_shared(s, params={**mikey.SRTP_POLICY, 12: prefix})
    log_pre_shared(s, exchange)
    call(s, exchange)
    in_turns(6, *streams(s, exchange))


@family(cm=dict(params=GSTREAMER_POLICY), aes_256=dict(params={**GSTREAMER_POLICY, 1: 32}),
        gcm=dict(params={0: 6, 1: 16, 7: 1, 8: 1, 10: 1, 20: 16}),
        gcm_256=dict(params={0: 6, 1: 32, 7: 1, 8: 1, 10: 1, 20: 16}))
def psk_of_gstreamer(s, params):
    """Key and salt in one TEK, nothing encrypted, no MAC, one crypto session a message."""
    key = Key(mikey.TEK, s.random.randbytes(params[1] + (12 if params[0] == 6 else 14)))
    exchange = pre_shared(s, keys=[key], params=params, algorithms=mikey.Algorithms(encr=mikey.ENCR_NULL, mac=mikey.MAC_NULL),
                          ssrcs=[s.random.getrandbits(32)], responders=(), verified=False)
    s.departs["nothing"] = "GStreamer"
    call_and_talk(s, exchange, answered=False)


@scenario
def psk_two_keys_by_mki(s):
    """Either key may protect either direction: the MKI of a packet tells which."""
    keys = [Key(mikey.TGK, s.random.randbytes(16), spi=bytes([0, 0, 0, at])) for at in (1, 2)]
    exchange = pre_shared(s, keys=keys)
    log_pre_shared(s, exchange)
    call(s, exchange)
    of_alice, of_bob = exchange.sessions[:2], exchange.sessions[2:]
    a, b = (Stream(s, None, *ends, ssrc=each[0].ssrc) for ends, each in (((A, B), of_alice), ((B, A), of_bob)))
    for at in (0, 1, 0):
        a.key, b.key = master_key(of_alice[at], exchange.params), master_key(of_bob[1 - at], exchange.params)
        talk(a, b)


@scenario
def psk_two_keys_by_interval(s):
    """RFC 3711 section 8.1.1: keys that serve from one packet index to another, and no MKI."""
    change, dice = 1010, s.random
    keys = [Key(mikey.TGK, dice.randbytes(16), interval=(0, change - 1)),
            Key(mikey.TGK, dice.randbytes(16), interval=(change, 2**48 - 1))]
    exchange = pre_shared(s, keys=keys)
    log_pre_shared(s, exchange)
    call(s, exchange)
    of_alice, of_bob = exchange.sessions[:2], exchange.sessions[2:]
    a, b = (Stream(s, None, *ends, ssrc=each[0].ssrc, seq=1000) for ends, each in (((A, B), of_alice), ((B, A), of_bob)))
    for at in (0, 1):
        a.key, b.key = master_key(of_alice[at], exchange.params), master_key(of_bob[at], exchange.params)
        in_turns(10, a, b)


@scenario
def psk_empty_map(s):
    """RFC 4563 section 5: no crypto session is listed, no policy may be. One TEK for whatever is sent."""
    key = Key(mikey.TEK_SALT, s.random.randbytes(16), s.random.randbytes(14))
    exchange = pre_shared(s, keys=[key], map_type=mikey.EMPTY_MAP, ssrcs=[s.random.getrandbits(32)], responders=(),
                          verified=False)
    log(s, "MIKEY_PSK", ("*", exchange.inkey))
    call_and_talk(s, exchange, answered=False)
    s.messages[0].sessions = [replace(each, cs_id=None) for each in exchange.sessions]


@family(srtp_id=dict(map_type=mikey.SRTP_ID), generic_id=dict(map_type=mikey.GENERIC_ID))
def psk_rollover_counters_in_the_map(s, map_type):
    """Too large to be found by trial."""
    exchange = pre_shared(s, map_type=map_type, rocs={1: 70000, 2: 0xFFFF0000})
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@scenario
def psk_ssrcs_untold(s):
    """Zero in the map of both messages: which key a stream has shows by trial."""
    exchange = pre_shared(s, untold=True)
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@scenario
def psk_four_crypto_sessions(s):
    """RFC 4567 section 7.1: at session level two for each media section."""
    exchange = pre_shared(s, ssrcs=[s.random.getrandbits(32) for _ in range(4)], responders=(2, 4))
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange, sections=2)


@family(of_sip=dict(ids_covered=True), uncovered=dict(ids_covered=False))
def psk_without_identities(s, ids_covered):
    """The answer's MAC covers identities that no message holds, but From and To do; or none, as with minisip."""
    exchange = pre_shared(s, ids_sent=False, ids_covered=ids_covered)
    if not ids_covered:
        s.departs = None
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@family(new_key=dict(keys_sent=True), same_key=dict(keys_sent=False))
def psk_update(s, keys_sent):
    """RFC 3830 section 4.5: the CSB ID stays, T is new, RAND is that of the first exchange. Without new keys a section is
    added, which has crypto sessions of its own under the TGK that is there."""
    dice = s.random
    first = pre_shared(s)
    log(s, "MIKEY_PSK", ("*", first.inkey))
    dialog, before = call_and_talk(s, first)
    changes = dict(keys=[Key(mikey.TGK, dice.randbytes(16))]) if keys_sent else dict(
        keys_sent=False, ssrcs=first.ssrcs + [dice.getrandbits(32), dice.getrandbits(32)], responders=(2, 4))
    second = replace(first, is_update=True, time=now(s), **changes)
    if not keys_sent:
        log_what_is_sent(s, second)
    after = update(s, dialog, second, before)
    for at in range(0, len(after), 2):
        talk(*after[at : at + 2])


# --- time and way --------------------------------------------------------------------------------------------


@scenario
def psk_reinvite_rekeys(s):
    first, second = pre_shared(s), pre_shared(s)
    second = replace(second, inkey=first.inkey, ssrcs=first.ssrcs)
    log(s, "MIKEY_PSK", ("*", first.inkey))
    dialog, before = call_and_talk(s, first)
    talk(*update(s, dialog, second, before))


@scenario
def psk_invite_retransmitted(s):
    exchange = pre_shared(s)
    log_pre_shared(s, exchange)
    dialog = begin(s)
    offer, answer = (body(party, [place[1]], message, "session") for party, place, message in (
        (ALICE, A, exchange.init()), (BOB, B, exchange.resp())))
    dialog.invite(offer)
    dialog.invite(offer, same_cseq=True)
    dialog.ok(answer)
    dialog.ok(answer)
    dialog.ack()
    note(s, exchange)
    talk(*streams(s, exchange))


@family(psk=dict(make=pre_shared, logged=log_pre_shared), ticket=dict(make=transfer, logged=log_transfer))
def media_before_the_answer(s, make, logged):
    """An answer that settles something is to come: the first pass may wait for it."""
    exchange = make(s)
    logged(s, exchange)
    dialog = begin(s)
    dialog.invite(body(ALICE, [A[1]], exchange.init(), "session"))
    a, b = streams(s, exchange)
    with s.keys_come_later():
        in_turns(4, b)
    dialog.ok(body(BOB, [B[1]], exchange.resp(), "session"))
    dialog.ack()
    note(s, exchange)
    talk(a, b)


@family(psk=dict(make=pre_shared, logged=log_pre_shared), ticket=dict(make=transfer, logged=log_transfer))
def late_offer(s, make, logged):
    """The initiator is who is called: INVITE has no SDP, 200 the offer, ACK the answer."""
    exchange = make(s)
    if make is transfer:
        exchange.ticket.initiator, exchange.ticket.responder = exchange.ticket.responder, exchange.ticket.initiator
        exchange.responder = exchange.ticket.responder
    else:
        exchange.initiator, exchange.responder = exchange.responder, exchange.initiator
    logged(s, exchange)
    dialog = begin(s)
    dialog.invite()
    dialog.ok(body(BOB, [B[1]], exchange.init(), "session"))
    dialog.ack(body(ALICE, [A[1]], exchange.resp(), "session"))
    note(s, exchange)
    talk(*streams(s, exchange, B, A))


@family(psk=dict(make=pre_shared, logged=log_pre_shared), ticket=dict(make=transfer, logged=log_transfer))
def relayed(s, make, logged):
    """Two hops with the same MIKEY messages and other addresses; the media pass through unchanged."""
    exchange = make(s)
    logged(s, exchange)
    hops = [Dialog(s.capture, ALICE, SBC, "left@example"), Dialog(s.capture, SBC, BOB, "right@example")]
    s.dialogs += hops
    left, right = (SBC.address, 40000), (SBC.address, 40002)
    hops[0].invite(body(ALICE, [A[1]], exchange.init(), "session"))
    hops[1].invite(body(SBC, [right[1]], exchange.init(), "session"))
    hops[1].ok(body(BOB, [B[1]], exchange.resp(), "session"))
    hops[0].ok(body(SBC, [left[1]], exchange.resp(), "session"))
    note(s, exchange)
    a, b = streams(s, exchange)
    for _ in range(6):
        for stream, ends in ((a, ((A, left), (right, B))), (b, ((B, right), (left, A)))):
            packet = stream.next()
            for src, dst in ends:
                s.put(replace(packet, src=src, dst=dst))


# --- other ways to a TGK -----------------------------------------------------------------------------------------


def with_rsa(s, kind, **options):
    return pre_shared(s, kind, receiver=rsa_key(s.random), signer=rsa_key(s.random), **options)


@scenario
def public_key(s):
    exchange = with_rsa(s, Envelope)
    s.private_key = pem(exchange.receiver)
    log_what_is_sent(s, exchange)
    call_and_talk(s, exchange)


@scenario
def public_key_of_the_initiator(s):
    """MIKEY-RSA-R (RFC 4738): the answer brings the keys."""
    exchange = with_rsa(s, ReverseEnvelope)
    s.private_key = pem(exchange.receiver)
    log_what_is_sent(s, exchange)
    call_and_talk(s, exchange)


@scenario
def public_key_of_the_initiator_in_a_group(s):
    """RFC 4738 section 3.6: another CSB ID. Under key wrap it does not matter which of the two is in an IV."""
    exchange = with_rsa(s, ReverseEnvelope, group=s.random.randbytes(4), algorithms=mikey.Algorithms(encr=mikey.AES_KW_128),
                        keys=[Key(mikey.TGK, s.random.randbytes(16), spi=b"\0\0\0\1")])
    s.private_key = pem(exchange.receiver)
    call_and_talk(s, exchange)


@scenario
def diffie_hellman(s):
    """Nobody who watches finds the TGK: the key log has it, or the TEKs."""
    dice = s.random
    exchange = with_rsa(s, DiffieHellman, keys=[Key(mikey.TGK, dice.randbytes(192))], public_i=dice.randbytes(192),
                        public_r=dice.randbytes(192))
    log_what_is_sent(s, exchange)
    call_and_talk(s, exchange)


@family(rfc3830=dict(numbers=(0, 1)), rfc4650=dict(numbers=(2, 0)))
def diffie_hellman_hmac(s, numbers):
    """RFC 4650 prints other numbers of algorithms than RFC 3830."""
    dice = s.random
    exchange = pre_shared(s, DiffieHellmanHmac, keys=[Key(mikey.TGK, dice.randbytes(192))], public_i=dice.randbytes(192),
                          public_r=dice.randbytes(192), numbers=numbers)
    log_what_is_sent(s, exchange)
    s.key_logs["MIKEY_TGK, MIKEY_PSK"] = s.key_logs["MIKEY_TGK"] + "MIKEY_PSK * %s\n" % exchange.inkey.hex()
    s.gives["MIKEY_TGK, MIKEY_PSK"] = {"PSK": 0}
    if numbers != (0, 1):
        s.departs = None
    call_and_talk(s, exchange)


@family(srtp_id=dict(), mission_critical=dict(prf=mikey.PRF_HMAC_SHA_256, map_type=mikey.GENERIC_ID, params=GCM_POLICY))
def sakke(s, prf=mikey.MIKEY_1, **options):
    """RFC 6509; with the second one's choices TS 33.180 uses it."""
    dice = s.random
    exchange = pre_shared(s, Sakke, sealed_ssv=dice.randbytes(273), signature=dice.randbytes(129), responders=(),
                          algorithms=mikey.Algorithms(prf=prf), **options)
    log_what_is_sent(s, exchange)
    call_and_talk(s, exchange, answered=False)

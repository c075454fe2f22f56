"""Calls keyed by MIKEY-TICKET (RFC 6043), one function each."""

from dataclasses import replace

from mikey_calls import (NOT_JUDGED, Message, begin, body, call_and_talk, family, log, log_generating_key, log_sessions,
                         log_transfer, note, now, pem, scenario, streams, transfer, update)
from model import mikey_model as mikey
from model.capture import TcpConnection
from model.mikey_model import Key, rsa_key
from model.mikey_ticket_model import TicketRequest, TicketResolve, TransferUpdate
from scenarios import A, ALICE, B, B2, BOB, BORIS, talk

MIKEY_PORT = 2269
KMS_ADDRESS = "203.0.113.9"


# --- MIKEY-TICKET ------------------------------------------------------------------------------------------


@family(both_rands=dict(), strong=dict(strong=True), only_initiators_rand=dict(flags="DEFHJNO"),
        only_responders_rand=dict(flags="DEFGJNO"), forked=dict(flags="DEFGHIJNO"),
        forked_strong=dict(flags="DEFGHIJNO", strong=True))
def ticket(s, **options):
    exchange = transfer(s, **options)
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@family(tgk_salt=dict(kind=mikey.TGK_SALT), tek=dict(kind=mikey.TEK), tek_salt=dict(kind=mikey.TEK_SALT),
        gtgk=dict(kind=mikey.GTGK), gtgk_salt=dict(kind=mikey.GTGK_SALT))
def ticket_key_data(s, kind):
    """Under forking, which touches TGKs alone."""
    salt = s.random.randbytes(14) if kind in (mikey.TGK_SALT, mikey.TEK_SALT, mikey.GTGK_SALT) else b""
    exchange = transfer(s, key=Key(kind, s.random.randbytes(16), salt, b"\x0a"), flags="DEFGHIJNO")
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@family(session=dict(level="session"), media=dict(level="media"))
def ticket_level(s, level):
    exchange = transfer(s)
    log_transfer(s, exchange)
    call_and_talk(s, exchange, level=level)


@scenario
def ticket_without_answer(s):
    """Flag F is not set: the key is the initiator's to choose, and one-way."""
    exchange = transfer(s, flags="DEHJNO", ssrcs=[s.random.getrandbits(32)], responders=())
    log_transfer(s, exchange)
    call_and_talk(s, exchange, answered=False)


@family(initiator=dict(flag="L", place="init_keys", forked=False), responder=dict(flag="M", place="resp_keys", forked=False),
        responder_forked=dict(flag="M", place="resp_keys", forked=True))
def ticket_party_brings_the_key(s, flag, place, forked):
    """A KEMAC in TRANSFER_INIT or TRANSFER_RESP, whose key nobody but the parties had."""
    key = Key(mikey.TEK_SALT, s.random.randbytes(16), s.random.randbytes(14), b"\x0b")
    exchange = transfer(s, flags="DEFGH" + ("I" if forked else "") + "J" + flag + "NO", spis={1: b"\x0b", 2: b"\x0b"},
                        **{place: [key]})
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@scenario
def ticket_used_again(s):
    """The same ticket in two calls: other RANDs, other TEKs."""
    first = transfer(s)
    second = transfer(s, ticket=first.ticket)
    log(s, "MIKEY_TPK", ("*", first.ticket.tpk))
    log(s, "MIKEY_TGK", ("*", first.ticket.keys[0].key))
    for exchange in (first, second):
        dialog, _ = call_and_talk(s, exchange)
        dialog.bye()


@scenario
def ticket_forked_call(s):
    """Two of a group answer one offer: each branch has modified keys of its own (RFC 6043 section 5.1.1)."""
    group = transfer(s, flags="DEFGHIJNO", responder=b"sip:bob@example.com")
    other = replace(group, responder=b"sip:boris@example.com", rand_r=s.random.randbytes(16), resp_time=now(s),
                    ssrcs=[group.ssrcs[0], s.random.getrandbits(32)])
    log(s, "MIKEY_TPK", ("*", group.ticket.tpk))
    dialog = begin(s)
    dialog.invite(body(ALICE, [A[1]], group.init(), "session"))
    dialog.respond(183, "Session Progress", body(BOB, [B[1]], group.resp(), "session"))
    dialog.respond(183, "Session Progress", body(BORIS, [B2[1]], other.resp(), "session"), by=BORIS, to_tag="tag-boris")
    note(s, group)
    note(s, other)
    _, from_bob = streams(s, group)
    _, from_boris = streams(s, other, dst=B2)
    from_bob.send(6)
    from_boris.send(6)


@scenario
def ticket_four_crypto_sessions(s):
    exchange = transfer(s, ssrcs=[s.random.getrandbits(32) for _ in range(4)], responders=(2, 4))
    log_transfer(s, exchange)
    call_and_talk(s, exchange, sections=2)


@scenario
def ticket_rollover_counters_in_the_map(s):
    """The S flag: session data have ROC and SEQ (RFC 6043 section 6.1.1)."""
    exchange = transfer(s, rocs={1: 70000, 2: 0xFFFF0000})
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@scenario
def ticket_ssrcs_untold(s):
    exchange = transfer(s, untold=True)
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@scenario
def ticket_without_identities(s):
    """The MAC of TRANSFER_INIT covers identities that only the ticket's policy, From and To hold."""
    exchange = transfer(s, ids_sent=False)
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@family(header_sha_256=dict(), messages_by_the_tickets=dict(messages_by_ticket_prf=True),
        vr_by_the_headers=dict(vr_by_header_prf=True))
def ticket_prf_functions_differ(s, **reading):
    """HDR and the ticket's policy name different ones; RFC 6043 does not say whose protects messages and Vr."""
    exchange = transfer(s, flags="DEFGHIJNO", header_prf=mikey.PRF_HMAC_SHA_256, **reading)
    if reading:
        s.departs = None
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@scenario
def ticket_answers_keys_under_the_offers_time(s):
    """RFC 3830 section 4.2.3 has the initiator's T in the IV, whoever encrypts."""
    key = Key(mikey.TEK_SALT, s.random.randbytes(16), s.random.randbytes(14), b"\x0b")
    exchange = transfer(s, flags="DEFGHJMNO", spis={1: b"\x0b", 2: b"\x0b"}, resp_keys=[key], resp_kemac_under_init_time=True)
    s.departs = None
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@scenario
def ticket_answers_mac_without_initiator_data(s):
    exchange = transfer(s, flags="DEFGHIJNO", resp_covers_initiator_data=False)
    s.departs = None
    log_transfer(s, exchange)
    call_and_talk(s, exchange)


@family(new_key=dict(), new_key_forked=dict(forked=True), same_key=dict(new_key=False), by_responder=dict(by_responder=True),
        by_responder_sender_first=dict(by_responder=True, sender_first=True))
def ticket_update(s, new_key=True, forked=False, **options):
    """RFC 6043 section 5.2: neither RANDs nor ticket, the message keys of the initial answer."""
    dice, flags = s.random, "DEFGH" + ("I" if forked else "") + "JLMNO"
    first = transfer(s, flags=flags)
    log(s, "MIKEY_TPK", ("tpk-1", first.ticket.tpk))
    dialog, before = call_and_talk(s, first)
    changes = dict(ssrcs=first.ssrcs + [dice.getrandbits(32), dice.getrandbits(32)], responders=(2, 4))
    if new_key:
        key = Key(mikey.TGK, dice.randbytes(16), spi=b"\x0c")
        changes = dict(init_keys=[key], spis={1: b"\x0c", 2: b"\x0c"})
    second = TransferUpdate(**{**vars(first), "init_time": now(s), "resp_time": now(s), **changes, **options})
    if not new_key:
        log_generating_key(s, second, first.ticket.keys[0])
        log_sessions(s, second)
    after = update(s, dialog, second, before, by=BOB if second.by_responder else ALICE)
    for at in range(0, len(after), 2):
        talk(*after[at : at + 2])


# --- the KMS -------------------------------------------------------------------------------------------------


@family(psk=dict(), tpk=dict(secret="tpk"), public_key=dict(secret="private key"), over_tcp=dict(way="tcp"),
        over_http=dict(way="http"), offers_time=dict(resp_kemac_under_init_time=True))
def ticket_all_legs(s, secret="psk", way="udp", **options):
    """The requests to the KMS, too: what protects the leg of either party opens it, and with it the call."""
    dice = s.random
    exchange = transfer(s, flags="DEFGHIJNO", strong=True)
    alice, bob = dice.randbytes(32), dice.randbytes(32)
    if secret == "private key":
        options["receiver"], options["signer"] = rsa_key(dice), rsa_key(dice)
        s.private_key = pem(options["receiver"])
    if options:
        s.departs = None
    request = TicketRequest(alice, b"psk-alice", dice.randbytes(4), dice.randbytes(32), now(s), now(s), exchange.ticket,
                            **options)
    resolve = TicketResolve(bob, b"psk-bob", dice.randbytes(4), dice.randbytes(32), now(s), now(s), exchange.ticket,
                            transfer=exchange, **options)
    requested = ask(s, ALICE, request, way)
    dialog = begin(s)
    dialog.invite(body(ALICE, [A[1]], exchange.init(), "session"))
    note(s, exchange)
    resolved = ask(s, BOB, resolve, way)
    dialog.ok(body(BOB, [B[1]], exchange.resp(), "session"))
    dialog.ack()
    by_request = {"PSK of alice": 0, **dict.fromkeys(["MPKi", "MPKr", "MPKr'"], requested)}
    by_resolve = {"PSK of bob": 0, **dict.fromkeys(["MPKi", "MPKr'"], resolved)}
    if secret == "psk":
        s.key_logs = {"MIKEY_PSK of alice": "MIKEY_PSK psk-alice %s\n" % alice.hex(),
                      "MIKEY_PSK of bob": "MIKEY_PSK psk-bob %s\n" % bob.hex()}
        s.gives = {"MIKEY_PSK of alice": by_request, "MIKEY_PSK of bob": by_resolve}
    elif secret == "private key":
        s.gives["private key"] = {**by_resolve, **by_request}
    else:
        log_transfer(s, exchange)
    talk(*streams(s, exchange))


def ask(s, party, exchange, way):
    """Returns the frame of the KMS's answer."""
    renamed = {"PSK": "PSK of " + party.name}
    if isinstance(exchange, TicketResolve):
        renamed["MPKi"] = NOT_JUDGED  # Vi is a copy of what TRANSFER_INIT alone holds: whether it is compared is left open
    for message, macs in zip((exchange.init(), exchange.resp()), exchange.macs):
        s.messages.append(Message(message, [renamed.get(mac, mac) for mac in macs], exchange))
    return WAYS[way](s, party.address, exchange.init(), exchange.resp())


def over_udp(s, address, init, resp):
    place, kms = (address, MIKEY_PORT), (KMS_ADDRESS, MIKEY_PORT)
    s.capture.udp(place, kms, init)
    return s.capture.udp(kms, place, resp)


def over_tcp(s, address, init, resp, port=MIKEY_PORT):
    place, kms = (address, 50000 + len(s.capture.frames)), (KMS_ADDRESS, port)
    connection = TcpConnection(s.capture, place, kms)
    connection.send(place, init)
    return connection.send(kms, resp)


def over_http(s, address, init, resp):
    """RFC 3830 section 10.1 registers application/mikey."""
    post = b"POST /kms HTTP/1.1\r\nHost: kms.example.com\r\n%s" % http_body(init)
    return over_tcp(s, address, post, b"HTTP/1.1 200 OK\r\n%s" % http_body(resp), 80)


def http_body(message):
    return b"Content-Type: application/mikey\r\nContent-Length: %d\r\n\r\n%s" % (len(message), message)


WAYS = {"udp": over_udp, "tcp": over_tcp, "http": over_http}


@scenario
def ticket_transfer_without_sdp(s):
    """Both messages over UDP by themselves: nothing but the SSRCs in the map tells whose media they key."""
    exchange = transfer(s)
    log_transfer(s, exchange)
    for src, dst, message in ((A, B, exchange.init()), (B, A, exchange.resp())):
        s.capture.udp((src[0], MIKEY_PORT), (dst[0], MIKEY_PORT), message)
    note(s, exchange)
    for stream in streams(s, exchange):
        stream.send(6)

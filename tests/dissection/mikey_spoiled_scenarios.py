"""Calls whose keys must not serve: MACs that do not fit, and the octets that each MAC covers."""

from dataclasses import replace

from mikey_calls import (FAILED, NOT_JUDGED, Message, begin, body, family, log, note, note_sessions, pre_shared, scenario,
                         streams, transfer)
from model.mikey_model import PreShared, policy
from scenarios import A, ALICE, B, BOB


# --- what must not decrypt ---------------------------------------------------------------------------------


def spoiled(message, at=-1):
    """One bit of the message is another."""
    octets = bytearray(message)
    octets[at] ^= 0x80 if at == 3 else 1  # in the header's fourth octet the V flag
    return bytes(octets)


def nothing_decrypts(s, exchange, init, resp, init_macs, resp_macs, frames=6, *, shown=False):
    """shown: the offer alone gives the keys after all."""
    dialog = begin(s)
    dialog.call(body(ALICE, [A[1]], init, "session"), body(BOB, [B[1]], resp, "session"))
    s.messages += [Message(init, init_macs, exchange), Message(resp, resp_macs, exchange)]
    if shown:
        note_sessions(s, exchange)
    for stream in streams(s, exchange):
        for _ in range(frames):
            s.put(stream.next(), shown=shown)


@scenario
def psk_offer_with_wrong_mac(s):
    exchange = pre_shared(s)
    log(s, "MIKEY_PSK", ("*", exchange.inkey))
    nothing_decrypts(s, exchange, spoiled(exchange.init()), exchange.resp(), [FAILED], [NOT_JUDGED])


@scenario
def psk_in_key_log_is_another(s):
    exchange = pre_shared(s)
    log(s, "MIKEY_PSK", ("*", s.random.randbytes(16)))
    nothing_decrypts(s, exchange, exchange.init(), exchange.resp(), [FAILED], [NOT_JUDGED])


@scenario
def ticket_offer_with_wrong_mac(s):
    exchange = transfer(s)
    log(s, "MIKEY_TPK", ("*", exchange.ticket.tpk))
    nothing_decrypts(s, exchange, spoiled(exchange.init()), exchange.resp(), ["TPK", FAILED], [NOT_JUDGED])


@family(psk=dict(make=pre_shared), ticket=dict(make=transfer))
def answer_of_another_csb(s, make):
    """An expert info must say that the answer belongs to no offer. With a pre-shared key the offer holds all keys by itself, and
    what they authenticate is shown; with a ticket the answer's random value is wanting."""
    exchange = make(s)
    other = replace(exchange, csb_id=s.random.randbytes(4))
    if make is transfer:
        log(s, "MIKEY_TPK", ("*", exchange.ticket.tpk))
    else:
        log(s, "MIKEY_PSK", ("*", exchange.inkey))
    nothing_decrypts(s, exchange, exchange.init(), other.resp(), exchange.macs[0], [NOT_JUDGED], shown=make is pre_shared)
    s.messages[0].sessions, s.messages[0].completes = exchange.sessions, None
    s.experts.append((s.dialogs[0].bodies[1][0], "mikey_ticket"))


# --- one octet of many -----------------------------------------------------------------------------------------


def ends(message, octets, what, last=False):
    """(what, offset) of the first and the last of some octets of a message."""
    at = message.rindex(octets) if last else message.index(octets)
    return [("first octet of " + what, at), ("last octet of " + what, at + len(octets) - 1)]


def policy_values(message, params):
    """(what, offset) of the values of some parameters of a security policy."""
    at = message.index(policy(0, params).body) + 4
    return [("SP parameter %d" % kind, at + 3 * place + 2) for place, kind in enumerate(params)][::4]


def places_psk(exchange):
    """(places in the offer, places in the answer), but for what decides how to read on."""
    init, resp, encrypted = exchange.init(), exchange.resp(), 4 + len(exchange.keys[0].key)
    return [
        ("V flag", 3), *ends(init, exchange.csb_id, "CSB ID"), *ends(init, exchange.entries(False)[0], "map"),
        *ends(init, exchange.time, "T"), *ends(init, exchange.rand, "RAND"), *ends(init, exchange.initiator, "IDi"),
        *ends(init, exchange.responder, "IDr"), *policy_values(init, exchange.params),
        *ends(init, init[-21 - encrypted : -21], "KEMAC"), *ends(init, init[-20:], "MAC"),
    ], [
        *ends(resp, exchange.entries(True)[1], "map"), *ends(resp, exchange.time, "T"),
        *ends(resp, exchange.responder, "IDr"), *ends(resp, resp[-20:], "V"),
    ]


def places_ticket(exchange):
    init, resp, ticket = exchange.init(), exchange.resp(), exchange.ticket
    flags = init.index(ticket.policy()) + 5
    kemac_at, name_at = init.index(ticket.rand) + len(ticket.rand) + 4, init.index(ticket.tpk_name)
    ticket_mac, data = ticket.octets()[-22:-2], exchange.initiator_data()
    return [
        ("V flag", 3), *ends(init, exchange.csb_id, "CSB ID"), *ends(init, exchange.entries(False)[0], "map"),
        *ends(init, exchange.init_time, "T"), *ends(init, exchange.rand_i, "RANDRi"),
        *ends(init, ticket.initiator, "IDRi"), *ends(init, ticket.responder, "IDRr"),
        *policy_values(init, exchange.params), ("flag L", flags), *ends(init, ticket.kms, "IDRkms"),
        *ends(init, ticket.valid_to, "TRe"), *ends(init, ticket.responder, "IDRr of the ticket", last=True),
        *ends(init, ticket.time, "T of the ticket"), *ends(init, ticket.rand, "RAND of the ticket"),
        ("first octet of the ticket's KEMAC", kemac_at), ("last octet of the ticket's KEMAC", name_at - 7),
        *ends(init, ticket.tpk_name, "IDRpsk"), *ends(init, ticket_mac, "MAC of the ticket"), *ends(init, init[-20:], "Vi"),
        *ends(init, data[-20:], "Vr"), *ends(init, init[-20:], "V", last=True),
    ], [
        *ends(resp, exchange.entries(True)[1], "map"), *ends(resp, exchange.resp_time, "T"),
        *ends(resp, exchange.rand_r, "RANDRr"), *ends(resp, exchange.responder, "IDRr"),
        *ends(resp, exchange.rand_kms, "RANDRkms"), *ends(resp, resp[-20:], "V"),
    ]


@scenario
def psk_each_octet_spoiled(s):
    """Many calls, in each of which another octet that a MAC covers is changed; the first and the last are as they should."""
    first = pre_shared(s)
    log(s, "MIKEY_PSK", ("*", first.inkey))
    spoiled_calls(s, first, places_psk, lambda: replace(pre_shared(s), inkey=first.inkey))


@scenario
def ticket_each_octet_spoiled(s):
    first = transfer(s, flags="DEFGHIJNO")
    log(s, "MIKEY_TPK", ("*", first.ticket.tpk))

    def anew():
        made = transfer(s, flags="DEFGHIJNO")
        made.ticket.tpk = first.ticket.tpk
        return made

    spoiled_calls(s, first, places_ticket, anew)


def spoiled_calls(s, exchange, places, anew):
    in_init, in_resp = places(exchange)
    changes = [(False, *each) for each in in_init] + [(True, *each) for each in in_resp]
    for at, change in enumerate([None, *changes, None]):
        one_call(s, exchange, change, 4 * at)
        exchange = anew()


def one_call(s, exchange, change, ports):
    """change: (in the answer, what, offset)."""
    init, resp = exchange.init(), exchange.resp()
    src, dst = (A[0], A[1] + ports), (B[0], B[1] + ports)
    if change:
        in_answer, what, at = change
        init, resp = (init, spoiled(resp, at)) if in_answer else (spoiled(init, at), resp)
    begin(s).call(body(ALICE, [src[1]], init, "session"), body(BOB, [dst[1]], resp, "session"))
    if not change:
        note(s, exchange)
    else:
        macs, answer_macs = exchange.macs
        s.messages.append(Message(init, macs if in_answer else [NOT_JUDGED] * len(macs), exchange, completes=None,
                                  sessions=exchange.sessions if in_answer else [], spoiled="" if in_answer else what))
        s.messages.append(Message(resp, [NOT_JUDGED] * len(answer_macs), exchange, spoiled=what if in_answer else ""))
    # The answer to a pre-shared offer brings no key that media could miss.
    keys_stand = change is None or in_answer and isinstance(exchange, PreShared)
    if change and keys_stand:
        note_sessions(s, exchange)
    for stream in streams(s, exchange, src, dst):
        s.put(stream.next(), shown=keys_stand)

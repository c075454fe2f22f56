"""Calls keyed by MIKEY and MIKEY-TICKET, one function each, in the manner of scenarios.py.

`build` gives a Scenario that has, beside what scenarios.py has,

    key_logs     {label: text}: key logs of which each by itself suffices; `keylog` is the first. None: none is needed
    crypto_sessions  [(CSB ID, Session)]: what must be derived, in the order of the messages
    private_key  PEM of the key that opens the envelope, or None
    messages     [Message]: the MIKEY messages in the capture, in their order
    gives        {label: {secret: frame}}: which secrets a key log gives, and from which frame on (0: at once). The names of
                 secrets are those of Message.macs
    departs      labels of the key logs under which a departure from the standard comes to light
"""

import base64
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import serialization

from model import mikey_model as mikey
from model.mikey_model import (Envelope, Key, KmsExchange, PreShared, Ticket, TicketRequest, TicketResolve, Transfer,
                               policy, rsa_key)
from model.scenario import Scenario, Stream
from model.sip_model import Dialog, Media, sdp
from model.srtp_model import SUITES, MasterKey
from scenarios import A, ALICE, B, B2, BOB, BORIS, talk

REGISTRY = {}
MIKEY_PORT = 2269
KMS_PLACE = ("203.0.113.9", MIKEY_PORT)

GCM_POLICY = {0: 6, 1: 16, 4: 12, 5: 0, 20: 16}
SUITE_OF = {(1, 16, 10): "AES_CM_128_HMAC_SHA1_80", (1, 16, 4): "AES_CM_128_HMAC_SHA1_32",
            (1, 32, 10): "AES_256_CM_HMAC_SHA1_80", (2, 16, 10): "F8_128_HMAC_SHA1_80",
            (6, 16, None): "AEAD_AES_128_GCM", (6, 32, None): "AEAD_AES_256_GCM"}


def scenario(function):
    REGISTRY[function.__name__] = function
    return function


def family(**cases):
    """Registers function(s, **options) once for each case: name -> options."""

    def register(function):
        for name, options in cases.items():
            REGISTRY["%s[%s]" % (function.__name__, name)] = lambda s, options=options: function(s, **options)
        return function

    return register


def build(name):
    made = Scenario("mikey " + name)
    made.key_logs, made.crypto_sessions, made.private_key, made.messages = {}, [], None, []
    made.gives, made.departs = {}, set()
    made.origin = "MIKEY"
    REGISTRY[name](made)
    made.keylog = next(iter(made.key_logs.values()), None)
    for message in made.messages:
        message.frames = frames_of(made, message.octets)
        made.brought += [(each.tek + each.salt, frame) for each in message.sessions for frame in message.frames]
    return made


# --- what the messages must show -----------------------------------------------------------------------------

FAILED, NOT_JUDGED = "failed", "not judged"
# Secrets that a line of the key log leads to, and that keys of MACs come from: a TGK or a TEK leads to none.
LEADS_TO = {"MIKEY_PSK": ["PSK"], "MIKEY_TPK": ["TPK", "MPKi", "MPKr", "MPKr'"], "MIKEY_MPK": ["MPKi", "MPKr", "MPKr'"],
            "MIKEY_TGK": [], "MIKEY_TEK": [], "private key": ["PSK"], "nothing": []}


@dataclass
class Message:
    """A MIKEY message of the capture. macs: in the order of its payloads, the secret that each one's key comes from, or
    FAILED, or NOT_JUDGED."""

    octets: bytes
    macs: list
    exchange: object
    sessions: list = field(default_factory=list)  # that it settles, alone or with the other message
    completes: bool = False  # the exchange: no other message is to come; None: nothing ever does
    spoiled: str = ""  # what in it is changed, so that one of its MACs at least fails
    frames: list = field(default_factory=list)


def frames_of(s, octets):
    """The frames that carry a message, in SDP or as it is."""
    text = base64.b64encode(octets).decode()
    told = {frame for dialog in s.dialogs for frame, body in dialog.bodies if text in body}
    return sorted(told | {frame for frame, (_, wire, _) in enumerate(s.capture.frames, 1) if octets in wire})


def macs_of(exchange, answer):
    """An initial message of the ticket mode has the ticket's MAC, Vi and Vr of the initiator data, V."""
    if isinstance(exchange, Transfer):
        forks = "I" in exchange.ticket.flags
        if answer:
            return ["MPKr'" if forks else "MPKi"]
        return ["TPK"] + (["MPKi", "MPKr"] if forks else []) + ["MPKi"]
    return ["PSK"] if exchange.algorithms.mac != mikey.MAC_NULL else []


def labels_of(s):
    """What a reader has, each by itself: labels of key logs, the private key, or nothing where nothing is needed."""
    return list(s.key_logs) + (["private key"] if s.private_key else []) or ["nothing"]


def given_by(s, label):
    """{secret: frame from which on it is known} for a key log, or without one."""
    return s.gives.get(label) or dict.fromkeys(LEADS_TO[label.split()[0] if label in s.key_logs else label], 0)


def secrets_of(exchange):
    """All that the parties and the KMS keep to themselves: {name: octets}."""
    found = {}
    if isinstance(exchange, KmsExchange):
        found = {"PSK": exchange.psk}
    elif isinstance(exchange, Transfer):
        ticket = exchange.ticket
        found = {"TPK": ticket.tpk, "MPK": ticket.mpk.key, "MPKi": ticket.mpk_i, "MPKr": ticket.mpk_r,
                 "MPKr'": exchange.forked("MPKr'", ticket.mpk_r)}
        bundle = {"key %d": ticket.keys, "key %d of the bundle": exchange.bundle}
    else:
        found, bundle = {"PSK": exchange.inkey}, {"key %d": exchange.keys}
    if not isinstance(exchange, KmsExchange):
        for name, keys in bundle.items():
            for at, key in enumerate(keys):
                found[name % at], found[name % at + ", salt"] = key.key, key.salt
        for each in exchange.sessions:
            found["TEK %d" % each.cs_id], found["salt %d" % each.cs_id] = each.tek, each.salt
    return {name: octets for name, octets in found.items() if any(octets)}


# --- helpers ---------------------------------------------------------------------------------------------


def attribute(message):
    """RFC 4567 section 3.1."""
    return "key-mgmt:mikey " + base64.b64encode(message).decode()


def now(s):
    """A timestamp near the capture's own time, later at each call."""
    return (int(s.capture.time) + 2208988800).to_bytes(4, "big") + s.random.randbytes(4)


def master_key(session, params, *, send_mki=True):
    suite = SUITES[SUITE_OF[params.get(0, 1), params.get(1, 16), params.get(11)]]
    return MasterKey(suite, session.tek, session.salt, mki=session.spi, send_mki=send_mki)


def body(party, ports, message, level, *, version=1):
    """SDP with an audio section for each port. level: where a=key-mgmt stands; media level has it in the first section."""
    lines = [attribute(message)] if message else []
    media = [Media(port, attributes=lines if level == "media" and at == 0 else []) for at, port in enumerate(ports)]
    return sdp(party.address, media, session=lines if level == "session" else (), version=version)


def begin(s, call_id=None):
    made = Dialog(s.capture, ALICE, BOB, call_id or "mikey-%d@example" % (len(s.dialogs) + 1))
    s.dialogs.append(made)
    return made


def note(s, exchange, *, init=None, resp=None, answered=True):
    """The exchange is in the capture. init, resp: its messages, where they are not always the same."""
    s.crypto_sessions += [(exchange.csb_id, session) for session in exchange.sessions]
    s.messages.append(Message(init or exchange.init(), macs_of(exchange, False), exchange, exchange.sessions, not answered))
    if answered:
        s.messages.append(Message(resp or exchange.resp(), macs_of(exchange, True), exchange, exchange.sessions, True))


def log_keys(s, exchange, **secrets):
    """A key log for each secret (label -> list of (selector, octets)), and one of TEKs."""
    for label, lines in secrets.items():
        s.key_logs[label] = "".join("%s %s %s\n" % (label, who, secret.hex()) for who, secret in lines)
    s.key_logs["MIKEY_TEK"] = "".join(
        "MIKEY_TEK %s/%d %s:%s\n" % (exchange.csb_id.hex(), each.cs_id, each.tek.hex(), each.salt.hex())
        for each in exchange.sessions)


def streams(s, exchange, src=A, dst=B, *, send_mki=True):
    """What the crypto sessions protect: those of the responder go the other way."""
    made = []
    for each in exchange.sessions:
        ends = (dst, src) if each.cs_id in exchange.responders else (src, dst)
        made.append(Stream(s, master_key(each, exchange.params, send_mki=send_mki), *ends, ssrc=each.ssrc))
    return made


def call_and_talk(s, exchange, *, level="session", answered=True, send_mki=True, count=8):
    dialog = begin(s)
    dialog.call(body(ALICE, [A[1]], exchange.init(), level),
                body(BOB, [B[1]], exchange.resp() if answered else None, level))
    note(s, exchange, answered=answered)
    made = streams(s, exchange, send_mki=send_mki)
    if len(made) == 2:
        talk(*made, count=count)
    else:
        made[0].send(count)
    return dialog, made


def pre_shared(s, **options):
    dice = s.random
    given = dict(inkey=dice.randbytes(16), csb_id=dice.randbytes(4), rand=dice.randbytes(16),
                 keys=[Key(mikey.TGK, dice.randbytes(16))], ssrcs=[dice.getrandbits(32), dice.getrandbits(32)], time=now(s))
    return PreShared(**{**given, **options})


def log_pre_shared(s, exchange):
    secrets = {"MIKEY_PSK": [("*", exchange.inkey)]}
    if not exchange.keys[0].is_tek:
        secrets["MIKEY_TGK"] = [(exchange.csb_id.hex(), exchange.keys[0].key)]
    log_keys(s, exchange, **secrets)


def transfer(s, *, key=None, strong=False, flags="DEFGHJNO", ticket=None, **options):
    dice, size = s.random, 32 if strong else 16
    if ticket is None:
        key = key or Key(mikey.TGK, dice.randbytes(size), spi=b"\x0a")
        ticket = Ticket(dice.randbytes(size), Key(mikey.MPK, dice.randbytes(size), spi=b"\1"), [key], dice.randbytes(size),
                        now(s), flags, mikey.STRONG if strong else mikey.Algorithms(), valid_from=seconds_from_now(s, -3600),
                        valid_to=seconds_from_now(s, 86400))
    given = dict(csb_id=dice.randbytes(4), rand_i=dice.randbytes(size), rand_r=dice.randbytes(size),
                 rand_kms=dice.randbytes(size), ssrcs=[dice.getrandbits(32), dice.getrandbits(32)], init_time=now(s),
                 resp_time=now(s), params=mikey.SRTP_POLICY_256 if strong else mikey.SRTP_POLICY)
    return Transfer(ticket, **{**given, **options})


def seconds_from_now(s, seconds):
    return (int(s.capture.time) + seconds + 2208988800).to_bytes(4, "big")


def log_transfer(s, exchange):
    """An MPK gives what the parties sent each other under it; a TGK is the ticket's own, before any forking."""
    secrets = {"MIKEY_TPK": [("tpk-1", exchange.ticket.tpk)]}
    used = {each.spi for each in exchange.sessions}
    if all(key.spi not in used for key in exchange.ticket.keys):
        secrets["MIKEY_MPK"] = [(exchange.csb_id.hex(), exchange.ticket.mpk.key)]
    elif not exchange.ticket.keys[0].is_tek:
        secrets["MIKEY_TGK"] = [(exchange.csb_id.hex(), exchange.ticket.keys[0].key)]
    log_keys(s, exchange, **secrets)


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
    s.key_logs["MIKEY_PSK"] = "MIKEY_PSK * %s\n" % audio.inkey.hex()
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
        s.departs |= {"MIKEY_PSK", "MIKEY_TGK"}
    if psk % 32 == 0:
        s.departs.add("MIKEY_PSK")
    call_and_talk(s, exchange)


@family(sent=dict(send_mki=True), not_sent=dict(send_mki=False))
def psk_spi_as_mki(s, send_mki):
    """RFC 3830 does not say whether one key alone is named in the packets (specs/keymgmt.md 8-O9)."""
    exchange = pre_shared(s, keys=[Key(mikey.TGK, s.random.randbytes(16), spi=b"\0\0\0\7")])
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange, send_mki=send_mki)


@family(gcm=dict(params=GCM_POLICY), tag_32=dict(params={**mikey.SRTP_POLICY, 11: 4}),
        aes_256=dict(params=mikey.SRTP_POLICY_256), f8=dict(params={**mikey.SRTP_POLICY, 0: 2}))
def psk_policy(s, params):
    exchange = pre_shared(s, params=params, keys=[Key(mikey.TGK, s.random.randbytes(40))])
    log_pre_shared(s, exchange)
    call_and_talk(s, exchange)


@scenario
def psk_reinvite_rekeys(s):
    first, second = pre_shared(s), pre_shared(s)
    second = replace(second, inkey=first.inkey, ssrcs=first.ssrcs)
    s.key_logs["MIKEY_PSK"] = "MIKEY_PSK * %s\n" % first.inkey.hex()
    dialog, before = call_and_talk(s, first)
    dialog.reinvite(body(ALICE, [A[1]], second.init(), "session", version=2),
                    body(BOB, [B[1]], second.resp(), "session", version=2))
    note(s, second)
    after = streams(s, second)
    for old, new in zip(before, after):
        new.index, new.srtcp_index = old.index, old.srtcp_index
    talk(*after)


@scenario
def public_key(s):
    exchange = pre_shared(s)
    receiver, signer = rsa_key(s.random), rsa_key(s.random)
    exchange = Envelope(**vars(exchange), receiver=receiver, signer=signer, dice=s.random)
    s.private_key = receiver.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption())
    dialog = begin(s)
    init = exchange.init()  # its padding is drawn anew each time
    dialog.call(body(ALICE, [A[1]], init, "session"), body(BOB, [B[1]], exchange.resp(), "session"))
    note(s, exchange, init=init)
    talk(*streams(s, exchange))


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
    s.key_logs["MIKEY_TPK"] = "MIKEY_TPK * %s\n" % first.ticket.tpk.hex()
    s.key_logs["MIKEY_TGK"] = "MIKEY_TGK * %s\n" % first.ticket.keys[0].key.hex()
    for exchange in (first, second):
        dialog, _ = call_and_talk(s, exchange)
        dialog.bye()


@scenario
def ticket_forked_call(s):
    """Two of a group answer one offer: each branch has modified keys of its own (RFC 6043 section 5.1.1)."""
    group = transfer(s, flags="DEFGHIJNO", responder=b"sip:bob@example.com")
    other = replace(group, responder=b"sip:boris@example.com", rand_r=s.random.randbytes(16), resp_time=now(s),
                    ssrcs=[group.ssrcs[0], s.random.getrandbits(32)])
    s.key_logs["MIKEY_TPK"] = "MIKEY_TPK * %s\n" % group.ticket.tpk.hex()
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


@family(psk=dict(secret="psk"), tpk=dict(secret="tpk"))
def ticket_all_legs(s, secret):
    """The requests to the KMS, too, over UDP: the PSK of either party opens its leg, and with it the call."""
    dice = s.random
    exchange = transfer(s, flags="DEFGHIJNO", strong=True)
    alice, bob = dice.randbytes(32), dice.randbytes(32)
    request = TicketRequest(alice, b"psk-alice", dice.randbytes(4), dice.randbytes(32), now(s), now(s), exchange.ticket)
    resolve = TicketResolve(bob, b"psk-bob", dice.randbytes(4), dice.randbytes(32), now(s), now(s), exchange.ticket,
                            exchange)
    requested = ask(s, (ALICE.address, MIKEY_PORT), request, [], ["TPK"], "PSK of alice")
    dialog = begin(s)
    dialog.invite(body(ALICE, [A[1]], exchange.init(), "session"))
    note(s, exchange)
    # Vi is a copy of what TRANSFER_INIT alone holds: whether it is compared with it is not judged
    resolved = ask(s, (BOB.address, MIKEY_PORT), resolve, ["TPK", NOT_JUDGED, "MPKr"], [], "PSK of bob")
    dialog.ok(body(BOB, [B[1]], exchange.resp(), "session"))
    dialog.ack()
    if secret == "psk":
        s.key_logs = {"MIKEY_PSK of alice": "MIKEY_PSK psk-alice %s\n" % alice.hex(),
                      "MIKEY_PSK of bob": "MIKEY_PSK psk-bob %s\n" % bob.hex()}
        s.gives = {"MIKEY_PSK of alice": {"PSK of alice": 0, **dict.fromkeys(["MPKi", "MPKr", "MPKr'"], requested)},
                   "MIKEY_PSK of bob": {"PSK of bob": 0, **dict.fromkeys(["MPKi", "MPKr'"], resolved)}}
    else:
        log_transfer(s, exchange)
    talk(*streams(s, exchange))


def ask(s, place, exchange: KmsExchange, init_macs, resp_macs, psk):
    """Returns the frame of the answer. init_macs, resp_macs: those of tickets, before the message's own."""
    s.messages.append(Message(exchange.init(), init_macs + [psk], exchange))
    s.messages.append(Message(exchange.resp(), resp_macs + [psk], exchange))
    s.capture.udp(place, KMS_PLACE, exchange.init())
    return s.capture.udp(KMS_PLACE, place, exchange.resp())


# --- what must not decrypt ---------------------------------------------------------------------------------


def spoiled(message, at=-1):
    """One bit of the message is another."""
    octets = bytearray(message)
    octets[at] ^= 0x80 if at == 3 else 1  # in the header's fourth octet the V flag
    return bytes(octets)


def nothing_decrypts(s, exchange, init, resp, init_macs, resp_macs, frames=6):
    dialog = begin(s)
    dialog.call(body(ALICE, [A[1]], init, "session"), body(BOB, [B[1]], resp, "session"))
    s.messages += [Message(init, init_macs, exchange), Message(resp, resp_macs, exchange)]
    for stream in streams(s, exchange):
        for _ in range(frames):
            s.put(stream.next(), shown=False)


@scenario
def psk_offer_with_wrong_mac(s):
    exchange = pre_shared(s)
    s.key_logs["MIKEY_PSK"] = "MIKEY_PSK * %s\n" % exchange.inkey.hex()
    nothing_decrypts(s, exchange, spoiled(exchange.init()), exchange.resp(), [FAILED], [NOT_JUDGED])


@scenario
def psk_in_key_log_is_another(s):
    exchange = pre_shared(s)
    s.key_logs["MIKEY_PSK"] = "MIKEY_PSK * %s\n" % s.random.randbytes(16).hex()
    nothing_decrypts(s, exchange, exchange.init(), exchange.resp(), [FAILED], [NOT_JUDGED])


@scenario
def ticket_offer_with_wrong_mac(s):
    exchange = transfer(s)
    s.key_logs["MIKEY_TPK"] = "MIKEY_TPK * %s\n" % exchange.ticket.tpk.hex()
    nothing_decrypts(s, exchange, spoiled(exchange.init()), exchange.resp(), ["TPK", FAILED], [FAILED])


@scenario
def ticket_answer_of_another_csb(s):
    exchange = transfer(s)
    other = replace(exchange, csb_id=s.random.randbytes(4))
    s.key_logs["MIKEY_TPK"] = "MIKEY_TPK * %s\n" % exchange.ticket.tpk.hex()
    nothing_decrypts(s, exchange, exchange.init(), other.resp(), ["TPK", "MPKi"], [NOT_JUDGED])
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
    s.key_logs["MIKEY_PSK"] = "MIKEY_PSK * %s\n" % first.inkey.hex()
    spoiled_calls(s, first, places_psk, lambda: replace(pre_shared(s), inkey=first.inkey))


@scenario
def ticket_each_octet_spoiled(s):
    first = transfer(s, flags="DEFGHIJNO")
    s.key_logs["MIKEY_TPK"] = "MIKEY_TPK * %s\n" % first.ticket.tpk.hex()

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
        macs, answer_macs = macs_of(exchange, False), macs_of(exchange, True)
        s.messages.append(Message(init, macs if in_answer else [NOT_JUDGED] * len(macs), exchange, completes=None,
                                  sessions=exchange.sessions if in_answer else [], spoiled="" if in_answer else what))
        s.messages.append(Message(resp, [NOT_JUDGED] * len(answer_macs), exchange, spoiled=what if in_answer else ""))
    for stream in streams(s, exchange, src, dst):
        s.put(stream.next(), shown=change is None)

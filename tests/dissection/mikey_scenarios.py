"""Calls keyed by MIKEY and MIKEY-TICKET, one function each, in the manner of scenarios.py.

`build` gives a Scenario that has, beside what scenarios.py has,

    key_logs     {label: text}: key logs of which each by itself suffices; `keylog` is the first. None: none is needed
    crypto_sessions  [(CSB ID, Session)]: what must be derived, in the order of the messages
    private_key  PEM of the key that opens the envelope, or None
    messages     [Message]: the MIKEY messages in the capture, in their order
    gives        {label: {secret: frame}}: which secrets a key log gives, and from which frame on (0: at once). The names of
                 secrets are those of Message.macs
    departs      labels of the key logs under which a departure from the standard comes to light; None: it is not judged
"""

import base64
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import serialization

from model import mikey_model as mikey
from model.capture import TcpConnection
from model.mikey_model import (DiffieHellman, DiffieHellmanHmac, Envelope, Key, KmsExchange, PreShared, ReverseEnvelope,
                               Sakke, Ticket, TicketRequest, TicketResolve, Transfer, TransferUpdate, policy, rsa_key)
from model.scenario import Scenario, Stream, in_turns
from model.sip_model import Dialog, Media, sdp
from model.srtp_model import SUITES, MasterKey, Suite
from scenarios import A, ALICE, B, B2, BOB, BORIS, SBC, talk

REGISTRY = {}
MIKEY_PORT = 2269
KMS_ADDRESS = "203.0.113.9"

GCM_POLICY = {0: 6, 1: 16, 4: 12, 5: 0, 20: 16}
GSTREAMER_POLICY = {0: 1, 1: 16, 2: 1, 3: 10, 7: 1, 8: 1, 10: 1}
CIPHERS = {0: "null", 1: "cm", 2: "f8", 6: "gcm"}


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


def suite_of(params, srtcp_tag=None):
    """The crypto suite of an SRTP policy (RFC 3830 section 6.10.1, RFC 4771 section 4, RFC 7714 section 14.3).

    Its name is that of the registry, or empty. GStreamer writes a tag's length where a key's belongs.
    """
    cipher, key_len = CIPHERS[params.get(0, 1)], params.get(1, 16)
    if cipher == "gcm":
        salt_len, srtp_tag, srtcp_tag = 12, params.get(20, 16), params.get(20, 16)
    else:
        tag = params.get(11, params[3] if params.get(3) in (4, 10) else 10)
        salt_len, srtp_tag, srtcp_tag = 14, params.get(18, tag), srtcp_tag or params.get(19, tag)
    for name, each in SUITES.items():
        if (each.cipher, each.key_len, each.rtp_tag) == (cipher, key_len, srtp_tag) and srtcp_tag in (each.rtcp_tag, srtp_tag):
            return Suite(name, cipher, key_len, salt_len, srtp_tag, srtcp_tag)
    return Suite("", cipher, key_len, salt_len, srtp_tag, srtcp_tag)


def master_key(session, params, *, send_mki=True, kdr=0, srtcp_tag=None):
    return MasterKey(suite_of(params, srtcp_tag), session.tek, session.salt, mki=session.spi, send_mki=send_mki, kdr=kdr,
                     unencrypted_srtp=params.get(7) == 0, unencrypted_srtcp=params.get(8) == 0,
                     unauthenticated_srtp=params.get(10) == 0, prefix=params.get(12, 0))


def body(party, ports, message, level, *, version=1):
    """SDP with an audio section for each port. level: where a=key-mgmt stands; media level has it in the first section."""
    lines = [attribute(message)] if message else []
    media = [Media(port, attributes=lines if level == "media" and at == 0 else []) for at, port in enumerate(ports)]
    return sdp(party.address, media, session=lines if level == "session" else (), version=version)


def begin(s, call_id=None):
    made = Dialog(s.capture, ALICE, BOB, call_id or "mikey-%d@example" % (len(s.dialogs) + 1))
    s.dialogs.append(made)
    return made


def note(s, exchange, *, answered=True):
    """The exchange is in the capture."""
    s.crypto_sessions += [(exchange.csb_id, session) for session in exchange.sessions]
    init_macs, resp_macs = exchange.macs
    s.messages.append(Message(exchange.init(), init_macs, exchange, exchange.sessions, not answered))
    if answered:
        s.messages.append(Message(exchange.resp(), resp_macs, exchange, exchange.sessions, True))


def streams(s, exchange, src=A, dst=B, **options):
    """What the crypto sessions protect: those of the responder go the other way; of each pair of them in the next section."""
    made = []
    for at, each in enumerate(exchange.sessions):
        ends = (src[0], src[1] + at // 2 * 2), (dst[0], dst[1] + at // 2 * 2)
        if each.cs_id in exchange.responders:
            ends = ends[::-1]
        made.append(Stream(s, master_key(each, exchange.params, **options), *ends, ssrc=each.ssrc, roc=each.roc))
    return made


def call(s, exchange, *, level="session", answered=True, sections=1):
    """A call of that many audio sections under one exchange."""
    dialog, ports = begin(s), range(0, 2 * sections, 2)
    dialog.call(body(ALICE, [A[1] + port for port in ports], exchange.init(), level),
                body(BOB, [B[1] + port for port in ports], exchange.resp() if answered else None, level))
    note(s, exchange, answered=answered)
    return dialog


def call_and_talk(s, exchange, *, level="session", answered=True, count=8, sections=1, **options):
    dialog = call(s, exchange, level=level, answered=answered, sections=sections)
    made = streams(s, exchange, **options)
    if len(made) == 1:
        made[0].send(count)
    for at in range(0, len(made) - 1, 2):
        talk(made[at], made[at + 1], count=count)
    return dialog, made


def follow(before, after):
    """The streams go on under other keys."""
    for old, new in zip(before, after):
        new.index, new.srtcp_index = old.index, old.srtcp_index


# --- key logs ----------------------------------------------------------------------------------------------


def log(s, label, *lines):
    """lines: (selector, octets)."""
    s.key_logs[label] = "".join("%s %s %s\n" % (label, who, secret.hex()) for who, secret in lines)


def log_sessions(s, exchange):
    s.key_logs["MIKEY_TEK"] = "".join(
        "MIKEY_TEK %s/%d %s:%s\n" % (exchange.csb_id.hex(), each.cs_id, each.tek.hex(), each.salt.hex())
        for each in exchange.sessions)


def log_generating_key(s, exchange, key):
    """A TGK by itself suffices where it is all that the encrypted key data hold."""
    if key.kind in (mikey.TGK, mikey.GTGK):
        log(s, "MIKEY_TGK", (exchange.csb_id.hex(), key.key))


def log_what_is_sent(s, exchange):
    """TGK and TEKs, but for a key whose MKI only the encrypted key data tell."""
    if len(exchange.keys) == 1 and (not exchange.keys[0].spi or exchange.map_type == mikey.GENERIC_ID):
        log_generating_key(s, exchange, exchange.keys[0])
        log_sessions(s, exchange)


def log_pre_shared(s, exchange):
    log(s, "MIKEY_PSK", ("*", exchange.inkey))
    log_what_is_sent(s, exchange)


def log_transfer(s, exchange):
    """An MPK gives what the parties sent each other under it; a TGK is the ticket's own, before any forking."""
    log(s, "MIKEY_TPK", ("tpk-1", exchange.ticket.tpk))
    used = {each.spi for each in exchange.sessions}
    if all(key.spi not in used for key in exchange.ticket.keys):
        log(s, "MIKEY_MPK", (exchange.csb_id.hex(), exchange.ticket.mpk.key))
    else:
        log_generating_key(s, exchange, exchange.ticket.keys[0])
    log_sessions(s, exchange)


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


# --- exchanges -----------------------------------------------------------------------------------------------


def pre_shared(s, kind=PreShared, **options):
    dice = s.random
    given = dict(inkey=dice.randbytes(16), csb_id=dice.randbytes(4), rand=dice.randbytes(16),
                 keys=[Key(mikey.TGK, dice.randbytes(16))], ssrcs=[dice.getrandbits(32), dice.getrandbits(32)], time=now(s))
    return kind(**{**given, **options})


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
        s.departs |= {"MIKEY_PSK", "MIKEY_TGK"}
    if psk % 32 == 0:
        s.departs.add("MIKEY_PSK")
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
        gcm=dict(params={0: 6, 1: 16, 7: 1, 8: 1, 10: 1, 20: 16}), gcm_256=dict(params={0: 6, 1: 32, 7: 1, 8: 1, 10: 1, 20: 16}))
def psk_of_gstreamer(s, params):
    """Key and salt in one TEK, nothing encrypted, no MAC, one crypto session a message."""
    key = Key(mikey.TEK, s.random.randbytes(params[1] + (12 if params[0] == 6 else 14)))
    exchange = pre_shared(s, keys=[key], params=params, algorithms=mikey.Algorithms(encr=mikey.ENCR_NULL, mac=mikey.MAC_NULL),
                          ssrcs=[s.random.getrandbits(32)], responders=(), verified=False)
    s.departs.add("nothing")
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


def update(s, dialog, exchange, before, by=ALICE):
    """A re-INVITE with the exchange. Returns the streams under it, which begin where those before left off."""
    ports = range(0, len(exchange.ssrcs), 2)
    offer = body(by, [(A if by is ALICE else B)[1] + port for port in ports], exchange.init(), "session", version=2)
    other = BOB if by is ALICE else ALICE
    answer = body(other, [(B if by is ALICE else A)[1] + port for port in ports], exchange.resp(), "session", version=2)
    dialog.reinvite(offer, answer, by=by)
    note(s, exchange)
    after = streams(s, exchange)
    follow(before, after)
    return after


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
    nothing_decrypts(s, exchange, spoiled(exchange.init()), exchange.resp(), ["TPK", FAILED], [FAILED])


@family(psk=dict(make=pre_shared), ticket=dict(make=transfer))
def answer_of_another_csb(s, make):
    """An expert info must say that the answer belongs to no offer."""
    exchange = make(s)
    other = replace(exchange, csb_id=s.random.randbytes(4))
    if make is transfer:
        log(s, "MIKEY_TPK", ("*", exchange.ticket.tpk))
    else:
        log(s, "MIKEY_PSK", ("*", exchange.inkey))
    nothing_decrypts(s, exchange, exchange.init(), other.resp(), exchange.macs[0], [NOT_JUDGED])
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
    for stream in streams(s, exchange, src, dst):
        s.put(stream.next(), shown=change is None)

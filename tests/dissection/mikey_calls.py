"""What MIKEY scenarios are made of: exchanges, calls that carry them, the key logs that open them.

`build` gives a Scenario that has, beside what scenarios.py has,

    key_logs     {label: text}: key logs of which each by itself suffices; `keylog` is the first. None: none is needed
    crypto_sessions  [(CSB ID, Session)]: what must be derived, in the order of the messages
    private_key  PEM of the key that opens the envelope, or None
    messages     [Message]: the MIKEY messages in the capture, in their order
    gives        {label: {secret: frame}}: which secrets a key log gives, and from which frame on (0: at once). The names of
                 secrets are those of Message.macs
    departs      {label: sender}: under which key logs it comes to light that the sender departs from the standard as this one
                 does; None: departures are not judged
    teks_by_media  whether nothing but the media tells which TEKs are right
"""

import base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization

from model import mikey_model as mikey
from model.mikey_model import Key, PreShared
from model.mikey_ticket_model import KmsExchange, Ticket, Transfer
from model.scenario import Scenario, Stream
from model.sip_model import Dialog, Media, sdp
from model.srtp_model import SUITES, MasterKey, Suite
from scenarios import A, ALICE, B, BOB, talk

REGISTRY = {}

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
    made.gives, made.departs, made.teks_by_media = {}, {}, False
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
        same = (each.cipher, each.key_len, each.rtp_tag) == (cipher, key_len, srtp_tag)
        if same and srtcp_tag in (each.rtcp_tag, srtp_tag):
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


def note_sessions(s, exchange):
    """Its crypto sessions must be derived."""
    s.crypto_sessions += [(exchange.csb_id, session) for session in exchange.sessions]


def note(s, exchange, *, answered=True):
    """The exchange is in the capture."""
    note_sessions(s, exchange)
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


def follow(before, after):
    """The streams go on under other keys."""
    for old, new in zip(before, after):
        new.index, new.srtcp_index = old.index, old.srtcp_index


# --- key logs ----------------------------------------------------------------------------------------------


def log(s, label, *lines):
    """lines: (selector, octets), or with a salt (selector, octets, salt)."""
    s.key_logs[label] = "".join("%s %s %s\n" % (label, who, ":".join(each.hex() for each in secrets))
                                for who, *secrets in lines)


def log_sessions(s, exchange):
    s.key_logs["MIKEY_TEK"] = "".join(
        "MIKEY_TEK %s/%d %s:%s\n" % (exchange.csb_id.hex(), each.cs_id, each.tek.hex(), each.salt.hex())
        for each in exchange.sessions)


def log_generating_key(s, exchange, key):
    """A TGK by itself suffices where it is all that the encrypted key data hold, with its salt if it has one. (A record for a GTGK
    there is not.)"""
    if key.kind in (mikey.TGK, mikey.TGK_SALT):
        log(s, "MIKEY_TGK", (exchange.csb_id.hex(), key.key, *([key.salt] if key.salt else [])))


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

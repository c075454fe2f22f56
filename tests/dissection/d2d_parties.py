"""Who talks in the scenarios of direct communication, how they agree on keys and how they set up a link. Key logs have the labels

    D2D_KD       KD-ID|*            HEX   KD
    D2D_KDSESS   KD-SESS-ID|*       HEX   KD-sess
    D2D_PEK      KD-SESS-ID|*       HEX   PEK; D2D_PIK with the same selector goes with it
    PROSE_PGK    GROUP/PGK-ID       HEX   PGK; the group's Layer-2 ID, six digits, and the PGK ID, two
    SDES_K1      CALL-ID|L2-PAIR|*  HEX   master key and behind it master salt of the offer; SDES_K2 of the answer
    MIKEY_*      as in mikey_scenarios.py

IDs are in hexadecimal: KD ID eight digits, KD-sess ID four. L2-PAIR is `pair_of` in model/d2d_model.py.
"""

from dataclasses import dataclass, field
from functools import partial

from mikey_calls import attribute as key_mgmt
from mikey_calls import transfer
from model import pc5s_model as pc5s
from model.d2d_link import D2dScenario, Link, Ue, arp_packet, udp_packet
from model.d2d_model import Context, GroupContext, kd_id_of, pair_of
from model.sip_model import Media, crypto_line, sdp
from model.srtp_model import make_key

CM80, CM256, GCM256 = "AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80", "AEAD_AES_256_GCM"

ALICE = Ue("alice", 0x010203, "10.20.0.1", "fe80::1:203")
BOB = Ue("bob", 0x0A0B0C, "10.20.0.2", "fe80::a:b0c")
CAROL = Ue("carol", 0x112233, "10.20.0.3", "fe80::11:2233")
RELAY = Ue("relay", 0x0C0FFE, "10.20.0.254", "fe80::c:ffe")
SERVER = ("203.0.113.80", 443)
GROUP = 0x445566
MEDIA_PORT = 20000
ALL = (0, 1, 2, 3)


REGISTRY = {}


def scenario(function):
    REGISTRY[function.__name__] = function
    return function


def family(**cases):
    """Registers function(s, **options) once for each case: name -> options."""

    def register(function):
        for name, options in cases.items():
            REGISTRY["%s[%s]" % (function.__name__, name)] = partial(function, **options)
        return function

    return register


def build(name):
    made = D2dScenario(name)
    REGISTRY[name](made)
    if not made.key_logs:
        log_keys(made)
    return made


# --- what the parties agree on -----------------------------------------------------------------------------


@dataclass
class Agreement:
    """How a KD came to be. offer, answer: containers; None where they did not travel over PC5."""

    kd: bytes
    offer: bytes = None
    answer: bytes = None
    logs: dict = field(default_factory=dict)  # name -> [(label, selector, secret)], of what lies behind KD


def sdes_log(selector, k1, k2):
    return [("SDES_K1", selector, k1.key + k1.salt), ("SDES_K2", selector, k2.key + k2.salt)]


def media(ue, lines=(), attributes=(), profile="RTP/SAVP"):
    """SDP with one media line, marked as direct communication."""
    return sdp(ue.ip, [Media(MEDIA_PORT, list(lines), attributes=["direct", *attributes], profile=profile)])


def sdes(s, a=ALICE, b=BOB, *, suite=CM80, compact=False):
    """K1 of the offer, K2 of the answer."""
    k1, k2 = make_key(s.random, suite), make_key(s.random, suite)
    if compact:
        containers = [pc5s.compact_sdes(1, key) for key in (k1, k2)]
    else:
        containers = [pc5s.container(pc5s.SDP_CRYPTO, media(ue, [crypto_line(1, key)])) for ue, key in ((a, k1), (b, k2))]
    identities = (a.name.encode(), b.name.encode(), a.l2.to_bytes(3, "big") + b.l2.to_bytes(3, "big"))
    pair = pair_of(a.l2, b.l2)
    return Agreement(s.profile.kd_from_sdes(k1, k2, *identities), *containers,
                     {"SDES": sdes_log(pair, k1, k2), "SDES *": sdes_log("*", k1, k2)})


def ticket(s, a=ALICE, b=BOB, *, strong=True, container_method=pc5s.RAW_MIKEY):
    """KD is the TEK of the first crypto session."""
    exchange = transfer(s, strong=strong)
    session, csb = exchange.sessions[0], exchange.csb_id.hex()
    s.exchange = exchange
    if container_method == pc5s.RAW_MIKEY:
        containers = [pc5s.container(container_method, message) for message in (exchange.init(), exchange.resp())]
    else:
        containers = [pc5s.container(container_method, media(ue, attributes=[key_mgmt(message)])) for ue, message in (
            (a, exchange.init()), (b, exchange.resp()))]
    return Agreement(s.profile.kd_from_tek(session.tek), *containers, {
        "MIKEY_TPK": [("MIKEY_TPK", "tpk-1", exchange.ticket.tpk)],
        "MIKEY_TGK": [("MIKEY_TGK", csb, exchange.ticket.keys[0].key)],
        "MIKEY_TEK": [("MIKEY_TEK", "%s/%d" % (csb, session.cs_id), session.tek.hex() + ":" + session.salt.hex())]})


METHODS = {"sdes": sdes, "ticket": ticket}


def write_log(lines):
    return "".join("%s %s %s\n" % (label, selector, secret if isinstance(secret, str) else secret.hex())
                   for label, selector, secret in lines)


def log_keys(s, *, from_kd_up=False):
    """Key logs of every level of the hierarchy, by ID and for anything. from_kd_up: not of what lies below KD."""
    contexts = [each.keys for each in s.contexts if isinstance(each, Context)]

    def lines(*names):
        return [("D2D_" + name.replace("-", "").upper(), keys[name][0] or "*", keys[name][1])
                for keys in contexts for name in names]

    levels = {"D2D_KD": lines("KD")}
    if not from_kd_up:
        levels.update({"D2D_KDSESS": lines("KD-sess"), "D2D_PEK": lines("PEK", "PIK")})
    for name in list(levels):
        levels[name + " *"] = [(label, "*", secret) for label, _, secret in levels[name]]
    if len(set(lines("PEK"))) > len({identity for _, identity, _ in lines("PEK")}):
        levels.pop("D2D_PEK", None)  # nothing says which PEK goes with which PIK
    if len(set(lines("PEK"))) > 1:
        levels.pop("D2D_PEK *", None)
    for name in dict.fromkeys(name for each in s.agreements for name in each.logs):
        levels[name] = [line for each in s.agreements for line in each.logs.get(name, ())]
    levels["PROSE_PGK"] = [("PROSE_PGK", *each.keys["PGK"]) for each in s.contexts if isinstance(each, GroupContext)]
    s.key_logs.update({name: write_log(dict.fromkeys(lines)) for name, lines in levels.items() if lines})


# --- procedures --------------------------------------------------------------------------------------------


def request_elements(s, ue, identity, offer=None, *, supported=(ALL, ALL), **more):
    made = {"user info": pc5s.user_info(ue.name), "IP address config": pc5s.NO_ALLOCATION,
            "maximum inactivity period": (600).to_bytes(4, "big"), "nonce 1": s.random.randbytes(16),
            "UE security capabilities": pc5s.capabilities(*supported), "MSB of KD-sess ID": bytes([identity >> 8]), **more}
    if offer:
        made[pc5s.KEY_ESTABLISHMENT] = offer
    return made


def context_for(s, commander, kd, kd_id, identity, nonce_1, nonce_2, eea, eia):
    return Context(identity, commander.l2, eea, eia, s.profile.kd_sess(kd, nonce_1, nonce_2), kd, kd_id, s.profile)


def connect(s, link, agreement, *, flow="F2", eea=2, eia=2, identity=None, kd_id=None, supported=(ALL, ALL)):
    """A link is set up and secured. flow: how offer and answer and the Security Mode exchange go together.

    F1  request with the offer, accept with the answer; from there on everything is protected
    F2  request with the offer, Security Mode Command with the answer, Complete, accept
    F3  request with the offer, accept with the answer, then the re-keying procedure
    F4  offer and answer came another way: the request names KD by its ID
    """
    a, b = link.initiator, link.responder
    s.agreements.append(agreement)
    kd, identity = agreement.kd, s.random.randrange(0x100, 0xFFFF) | 1 if identity is None else identity
    offer, answer, more = (None, None, {}) if flow == "F4" else (agreement.offer, agreement.answer, {})
    if flow == "F4":
        kd_id = kd_id_of(kd) if kd_id is None else kd_id
        more["KD ID"] = kd_id
    elif kd_id is None and flow != "F1":
        kd_id = s.random.randbytes(4)
    elements = request_elements(s, a, identity, offer, supported=supported, **more)
    link.say(a, pc5s.REQUEST, elements)
    accept = {"IP address config": pc5s.NO_ALLOCATION}
    nonce_1, nonce_2 = elements["nonce 1"], s.random.randbytes(16)
    if flow in ("F1", "F3"):
        link.say(b, pc5s.ACCEPT, {**accept, pc5s.KEY_ESTABLISHMENT: answer})
    if flow == "F1":
        s.configured = eea, eia
        link.begin(context_for(s, b, kd, b"", identity & 0xFF00, nonce_1, b"", eea, eia))
        return
    if flow == "F3":
        nonce_1 = s.random.randbytes(16)
        link.say(a, pc5s.REKEYING_REQUEST, {"UE security capabilities": elements["UE security capabilities"],
                                            "nonce 1": nonce_1, "MSB of KD-sess ID": bytes([identity >> 8])})
    context = context_for(s, b, kd, kd_id, identity, nonce_1, nonce_2, eea, eia)
    link.secure(a, context, nonce_2, capabilities=elements["UE security capabilities"], kd_id=None if flow == "F4" else kd_id,
                answer=answer if flow == "F2" else None, more={"user info": pc5s.user_info(b.name)})
    if flow == "F3":
        link.say(b, pc5s.REKEYING_RESPONSE, context=context)
    else:
        link.say(b, pc5s.ACCEPT, accept, context)


def rekey(s, link, requester, *, eea=2, eia=2, identity=None, fresh=None):
    """The re-keying procedure, whose request goes under the old context. fresh: an Agreement on another KD."""
    old, other = link.context, link.other(requester)
    identity = s.random.randrange(0x100, 0xFFFF) | 1 if identity is None else identity
    kd, kd_id = (fresh.kd, s.random.randbytes(4)) if fresh else (old.kd, old.kd_id)
    supported = pc5s.capabilities(ALL, ALL)
    nonce_1, nonce_2 = s.random.randbytes(16), s.random.randbytes(16)
    elements = {"UE security capabilities": supported, "nonce 1": nonce_1, "MSB of KD-sess ID": bytes([identity >> 8])}
    if fresh:
        s.agreements.append(fresh)
        elements.update({"auth flag": b"\1", pc5s.KEY_ESTABLISHMENT: fresh.offer})
    link.say(requester, pc5s.REKEYING_REQUEST, elements, old)
    context = context_for(s, other, kd, kd_id, identity, nonce_1, nonce_2, eea, eia)
    link.secure(requester, context, nonce_2, capabilities=supported, kd_id=kd_id if fresh else None,
                answer=fresh.answer if fresh else None)
    link.say(other, pc5s.REKEYING_RESPONSE, context=context)
    return old


def datagram(s, src, dst, *, size=40, port=5000, version=4):
    here, there = (src.ip, dst.ip) if version == 4 else (src.ip6, dst.ip6)
    return udp_packet((here, port), (there, port), s.random.randbytes(size))


def rtp_packets(s, src, dst, count):
    """IPv4 packets with RTP in the clear, PCMU."""
    ssrc, seq = s.random.getrandbits(32), s.random.randrange(1, 60000)
    for at in range(count):
        header = b"\x80\0" + (seq + at).to_bytes(2, "big") + (160 * at).to_bytes(4, "big") + ssrc.to_bytes(4, "big")
        yield udp_packet((src.ip, MEDIA_PORT), (dst.ip, MEDIA_PORT), header + s.random.randbytes(160))


def converse(s, link, *, signalling=True):
    """Something of each kind, in both directions."""
    a, b = link.initiator, link.responder
    link.air.send(link.data(a, arp_packet(1, a, b)))
    link.air.send(link.data(b, arp_packet(2, b, a)))
    for ue in (a, b):
        link.air.send(link.data(ue, datagram(s, ue, link.other(ue))))
        link.air.send(link.data(ue, datagram(s, ue, link.other(ue), version=6), lcid=5))
        for packet in rtp_packets(s, ue, link.other(ue), 2):
            link.air.send(link.data(ue, packet, lcid=6, what="RTP"))
    if signalling:
        link.say(a, pc5s.KEEPALIVE, {"keepalive counter": bytes(3) + b"\1"}, link.context)
        link.say(b, pc5s.KEEPALIVE_ACK, {"keepalive counter": bytes(3) + b"\1"}, link.context)


def hang_up(link):
    link.say(link.initiator, pc5s.RELEASE, {"release reason": pc5s.NO_LONGER_NEEDED}, link.context)
    link.say(link.responder, pc5s.RELEASE_ACCEPT, context=link.context)


def one_link(s, *, method="sdes", flow="F2", eea=2, eia=2, link=None, visible=True, **options):
    """Two UEs with a context. link: options of Link. visible: the capture holds the signalling of keys."""
    made = Link(s, ALICE, BOB, **(link or {}))
    agreement = METHODS[method](s, **options)
    connect(s, made, agreement, flow=flow, eea=eea, eia=eia)
    s.self_contained = visible and method == "sdes"
    return made

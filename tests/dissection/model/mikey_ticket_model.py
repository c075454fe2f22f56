"""MIKEY-TICKET (RFC 6043) messages and tickets, in the manner of mikey_model.py. Section numbers are RFC 6043's."""

from dataclasses import dataclass, field, replace

from .mikey_model import (BYTES, ENCR_NULL, GENERIC_ID, INITIATOR, KMS, MAC_NULL, MPK, NO_CSB, NTP_UTC, NTP_UTC_32,
                          PSK_NAME, RESPONDER, SRTP_POLICY, TGK, TGK_SALT, TICKET, TP, V, Algorithms, Key, MessageKeys,
                          Payload, Session, chain, counted, first_kind, generic_entry, header, identity_with_role,
                          kemac, label, number, policy, rand, rand_with_role, sealed, session_key, signature,
                          time_with_role, timestamp, to_sign)

FLAGS = "DEFGHIJKLMNO"


def message_label(csb_id, direction, rand_i=b"", rand_r=b""):
    """Section 5.1.2. An omitted RAND leaves its length, 0."""
    return lambda what: label(what, b"\xff" + csb_id, number(direction, 1), counted(rand_i), counted(rand_r))


def modified(algorithms, what, key, id_r, rand_kms):
    """Section 5.1.1: key forking."""
    return algorithms.derive(key, label(what, b"\xff" + NO_CSB, b"\0", counted(id_r, 2), counted(rand_kms)), len(key))


@dataclass
class Ticket:
    """A MIKEY base ticket (section 6.10, appendix A), as whoever knows the TPK issues it."""

    tpk: bytes
    mpk: Key
    keys: list
    rand: bytes
    time: bytes
    flags: str = "DEFGHJNO"
    algorithms: Algorithms = Algorithms()
    initiator: bytes = b"sip:alice@example.com"
    responder: bytes = b"sip:bob@example.com"
    kms: bytes = b"kms.example.com"
    tpk_name: bytes = b"tpk-1"
    valid_from: bytes = bytes.fromhex("e5a00000")
    valid_to: bytes = bytes.fromhex("e5b00000")

    def policy(self, wished=()):
        """Ticket type, subtype, version, PRF function and flags, TP data. wished: the KEMAC of a request."""
        bits = sum(1 << 16 - at for at, flag in enumerate(FLAGS) if flag in self.flags)
        data = [identity_with_role(KMS, self.kms), identity_with_role(INITIATOR, self.initiator),
                time_with_role(2, NTP_UTC_32, self.valid_from), time_with_role(3, NTP_UTC_32, self.valid_to),
                *wished, identity_with_role(RESPONDER, self.responder)]
        return (b"\0\1\1\1" + number(self.algorithms.prf << 17 | bits, 3) +
                counted(first_kind(data) + chain(data), 2))

    def _keys(self):
        return MessageKeys(self.algorithms, self.tpk,
                           lambda what: label(what, b"\xff" + NO_CSB, b"\5", counted(self.rand)))

    def octets(self, initiator_data=b""):
        """The TICKET payload without its next payload octet."""
        keys = self._keys()
        encrypted = keys.encrypt(chain([each.payload for each in [self.mpk, *self.keys]]), NO_CSB, self.time)
        data = [timestamp(NTP_UTC, self.time), rand(self.rand), kemac(self.algorithms, encrypted, MAC_NULL),
                identity_with_role(PSK_NAME, self.tpk_name, BYTES), Payload(V, number(self.algorithms.mac, 1))]
        body = first_kind(data) + counted(b"", 2) + chain(data)
        covered = self.policy() + number(len(body) + len(keys.mac(b"")), 2) + body
        return covered + keys.mac(covered) + counted(initiator_data, 2)

    def _from_mpk(self, what):
        return self.algorithms.derive(self.mpk.key, label(what, b"\xff" + NO_CSB, b"\6", counted(self.rand)),
                                      len(self.mpk.key))

    @property
    def mpk_i(self):
        return self._from_mpk("MPKi")

    @property
    def mpk_r(self):
        return self._from_mpk("MPKr")

    def wished_keys(self):
        """The KEMAC of a request's TP: key data of the right size, all zero, nothing encrypted."""
        zeros = [replace(key, key=bytes(len(key.key)), salt=bytes(len(key.salt))) for key in self.keys]
        return kemac(Algorithms(encr=ENCR_NULL), chain([each.payload for each in zeros]), MAC_NULL)


@dataclass
class Transfer:
    """TRANSFER_INIT and TRANSFER_RESP (section 4.2.2) with a ticket. `responder`: who answers, perhaps one of a group."""

    ticket: Ticket
    csb_id: bytes
    rand_i: bytes
    rand_r: bytes
    rand_kms: bytes
    ssrcs: list
    init_time: bytes
    resp_time: bytes
    responders: tuple = (2,)  # CS IDs
    responder: bytes = b"sip:bob@example.com"
    params: dict = field(default_factory=lambda: dict(SRTP_POLICY))
    init_keys: list = field(default_factory=list)  # flag L
    resp_keys: list = field(default_factory=list)  # flag M
    spis: dict = field(default_factory=dict)  # CS ID -> SPI; else the first key's
    rocs: dict = field(default_factory=dict)  # CS ID -> rollover counter
    untold: bool = False  # no message tells an SSRC
    ids_sent: bool = True
    # where RFC 6043 leaves a choice
    header_prf: int = None  # of HDR; else the ticket's
    messages_by_ticket_prf: bool = False  # keys of messages under the ticket's PRF function, not HDR's
    vr_by_header_prf: bool = False  # the key of Vr under HDR's, not the ticket's
    resp_kemac_under_init_time: bool = False
    resp_covers_initiator_data: bool = True

    @property
    def algorithms(self):
        """HDR's."""
        return self.ticket.algorithms if self.header_prf is None else replace(self.ticket.algorithms, prf=self.header_prf)

    @property
    def macs(self):
        """The ticket's, Vi and Vr of the initiator data, V; and V of the answer."""
        return ["TPK"] + (["MPKi", "MPKr"] if self._forks else []) + ["MPKi"], ["MPKr'" if self._forks else "MPKi"]

    @property
    def _flags(self):
        return self.ticket.flags

    @property
    def _forks(self):
        return "I" in self._flags

    @property
    def bundle(self):
        """The keys that crypto sessions choose from, by SPI. What the parties add is used as it is."""
        made = []
        for key in self.ticket.keys:
            if self._forks and key.kind in (TGK, TGK_SALT):
                key = replace(key, key=self.forked("TGK'", key.key))
            made.append(key)
        return made + self.init_keys + self.resp_keys

    def forked(self, what, key):
        return modified(self.ticket.algorithms, what, key, self.responder, self.rand_kms)

    def _spi(self, cs_id):
        return self.spis.get(cs_id) or self.bundle[0].spi

    def entries(self, answered):
        """Section 6.1.1."""
        made = []
        for cs_id, ssrc in enumerate(self.ssrcs, 1):
            known = not self.untold and (answered or cs_id not in self.responders)
            made.append(generic_entry(cs_id, ssrc if known else None, self.rocs.get(cs_id, 0), self._spi(cs_id)))
        return made

    def _keys(self, direction, inkey):
        rand_r = self.rand_r if direction == 2 and "G" in self._flags else b""
        algorithms = self.ticket.algorithms if self.messages_by_ticket_prf else self.algorithms
        return MessageKeys(algorithms, inkey, message_label(self.csb_id, direction, self.rand_i, rand_r))

    @property
    def init_message_keys(self):
        return self._keys(1, self.ticket.mpk_i)

    @property
    def resp_message_keys(self):
        return self._keys(2, self.forked("MPKr'", self.ticket.mpk_r) if self._forks else self.ticket.mpk_i)

    def _header(self, name, payloads, **options):
        answered = name == "TRANSFER_RESP"
        return header(name, self.algorithms, self.csb_id, payloads, map_type=GENERIC_ID, entries=self.entries(answered),
                      **options)

    def _kemac(self, keys, bundle, time):
        if not bundle:
            return []
        encrypted = keys.encrypt(chain([key.payload for key in bundle]), self.csb_id, time)
        return [kemac(self.ticket.algorithms, encrypted, MAC_NULL)]

    def _identities(self):
        if not self.ids_sent:
            return []
        return [identity_with_role(INITIATOR, self.ticket.initiator), identity_with_role(RESPONDER, self.ticket.responder)]

    def _init(self, initiator_data, with_field):
        """TRANSFER_INIT without its MAC. with_field: False leaves out the initiator data and its length, as the MAC does."""
        ticket = self.ticket.octets(initiator_data)
        if not with_field:
            ticket = ticket[: len(ticket) - 2 - len(initiator_data)]
        payloads = [timestamp(NTP_UTC, self.init_time), rand_with_role(INITIATOR, self.rand_i), *self._identities(),
                    policy(0, self.params), Payload(TICKET, ticket),
                    *self._kemac(self.init_message_keys, self.init_keys, self.init_time),
                    Payload(V, number(self.ticket.algorithms.mac, 1))]
        return self._header("TRANSFER_INIT", payloads, v="F" in self._flags) + chain(payloads)

    def _init_mac(self):
        """Section 6.10: neither the initiator data nor its length is covered."""
        covered = self._init(b"", False) + self.ticket.initiator + self.ticket.responder
        return self.init_message_keys.mac(covered)

    @property
    def vr_keys(self):
        return MessageKeys(self.algorithms if self.vr_by_header_prf else self.ticket.algorithms, self.ticket.mpk_r,
                           lambda what: label(what, b"\xff" + NO_CSB, b"\4"))

    def initiator_data(self):
        """Vi, a copy of the message's V; Vr, by which the KMS sees that the initiator knows MPKr (section 6.10)."""
        if not self._forks:
            return b""
        alg = number(self.ticket.algorithms.mac, 1)
        data = [Payload(V, alg + self._init_mac()), Payload(V, alg)]
        covered = first_kind(data) + chain(data)
        return covered + self.vr_keys.mac(covered)

    def init(self):
        return self._init(self.initiator_data(), True) + self._init_mac()

    def resp(self):
        """Its MAC covers the whole TRANSFER_INIT (section 5.5)."""
        payloads = [timestamp(NTP_UTC, self.resp_time)]
        if "G" in self._flags:
            payloads.append(rand_with_role(RESPONDER, self.rand_r))
        if self.ids_sent:
            payloads.append(identity_with_role(RESPONDER, self.responder))
        if self._forks:
            payloads.append(rand_with_role(KMS, self.rand_kms))
        payloads += self._kemac(self.resp_message_keys, self.resp_keys,
                                self.init_time if self.resp_kemac_under_init_time else self.resp_time)
        payloads.append(Payload(V, number(self.ticket.algorithms.mac, 1)))
        message = self._header("TRANSFER_RESP", payloads) + chain(payloads)
        covered = self.init() if self.resp_covers_initiator_data else self._init(b"", False) + self._init_mac()
        return message + self.resp_message_keys.mac(message + covered)

    def _tgk_label(self, what, cs_id):
        """Section 5.1.3."""
        rand_i = self.rand_i if "H" in self._flags else b""
        rand_r = self.rand_r if "G" in self._flags else b""
        return label(what, number(cs_id, 1) + NO_CSB, b"\3", counted(rand_i), counted(rand_r))

    @property
    def sessions(self):
        made = []
        for cs_id, ssrc in enumerate(self.ssrcs, 1):
            key = next(each for each in self.bundle if each.spi == self._spi(cs_id))
            tek, salt = session_key(self.algorithms, key, self._tgk_label, cs_id, self.params)
            made.append(Session(cs_id, ssrc, tek, salt, key.spi, self.rocs.get(cs_id, 0)))
        return made


@dataclass
class TransferUpdate(Transfer):
    """A CSB update (section 5.2): TRANSFER_INIT and TRANSFER_RESP without RANDs and ticket, under the keys that protected
    the last message of the initial exchange. New keys are `init_keys`; a TGK among them is not forked."""

    by_responder: bool = False
    # section 5.2 does not say whose identity comes first in the MAC where the responder updates: who began the bundle, or ...
    sender_first: bool = False

    @property
    def macs(self):
        one = ["MPKr'" if self._forks else "MPKi"]
        return one, one

    def _covered_identities(self):
        names = [self.ticket.initiator, self.responder]
        return b"".join(reversed(names) if self.by_responder and self.sender_first else names)

    def _identities(self):
        return [identity_with_role(INITIATOR, self.ticket.initiator), identity_with_role(RESPONDER, self.responder)]

    def _protected(self, name, payloads, covered, **options):
        payloads = payloads + [Payload(V, number(self.ticket.algorithms.mac, 1))]
        message = self._header(name, payloads, **options) + chain(payloads)
        return message + self.resp_message_keys.mac(message + covered)

    def init(self):
        payloads = [timestamp(NTP_UTC, self.init_time), *self._identities(),
                    *self._kemac(self.resp_message_keys, self.init_keys, self.init_time)]
        return self._protected("TRANSFER_INIT", payloads, self._covered_identities(), v=True)

    def resp(self):
        return self._protected("TRANSFER_RESP", [timestamp(NTP_UTC, self.resp_time)], self.init())


@dataclass
class KmsExchange:
    """A message to the KMS and its answer, under a PSK (sections 4.2.1 and 4.2.3) or, where there is a receiver, under an
    envelope key that is sealed for it."""

    psk: bytes  # or envelope key
    psk_name: bytes
    csb_id: bytes
    rand: bytes
    init_time: bytes
    resp_time: bytes
    ticket: Ticket
    receiver: object = None  # RSA private keys
    signer: object = None
    resp_kemac_under_init_time: bool = False

    init_names = resp_name = None
    role = None  # whose RAND and identity
    v = False  # RFC 6043 contradicts itself about the V flag

    def _message_keys(self, direction):
        rands = {"rand_i": self.rand} if self.role == INITIATOR else {"rand_r": self.rand}
        return MessageKeys(self.ticket.algorithms, self.psk, message_label(self.csb_id, direction, **rands))

    def _closed(self, name, payloads, direction, behind, **options):
        payloads = payloads + [Payload(V, number(self.ticket.algorithms.mac, 1))]
        message = header(name, self.ticket.algorithms, self.csb_id, payloads, **options) + chain(payloads)
        return message + self._message_keys(direction).mac(message + behind)

    def _init(self, name, subject):
        payloads = [timestamp(NTP_UTC, self.init_time), rand_with_role(self.role, self.rand),
                    identity_with_role(self.role, name), identity_with_role(KMS, self.ticket.kms), subject]
        behind = name + self.ticket.kms
        if not self.receiver:
            payloads.append(identity_with_role(PSK_NAME, self.psk_name, BYTES))
            return self._closed(self.init_names[0], payloads, 1, behind, v=self.v)
        payloads += [sealed(self.receiver, self.psk), to_sign(self.signer)]
        message = header(self.init_names[1], self.ticket.algorithms, self.csb_id, payloads, v=self.v) + chain(payloads)
        return message + signature(self.signer, message + behind)

    def _resp(self, before, keys, behind=()):
        plain = chain([key.payload for key in keys])
        time = self.init_time if self.resp_kemac_under_init_time else self.resp_time
        encrypted = self._message_keys(2).encrypt(plain, self.csb_id, time)
        payloads = [timestamp(NTP_UTC, self.resp_time), identity_with_role(KMS, self.ticket.kms), *before,
                    kemac(self.ticket.algorithms, encrypted, MAC_NULL), *behind]
        return self._closed(self.resp_name, payloads, 2, self.init())


class TicketRequest(KmsExchange):
    """REQUEST_INIT and REQUEST_RESP."""

    init_names, resp_name, role = ("REQUEST_INIT_PSK", "REQUEST_INIT_PK"), "REQUEST_RESP", INITIATOR

    @property
    def macs(self):
        """None in a signed message."""
        return [] if self.receiver else ["PSK"], ["TPK", "PSK"]

    def init(self):
        wished = self.ticket.policy(wished=[self.ticket.wished_keys()])
        return self._init(self.ticket.initiator, Payload(TP, wished))

    def resp(self):
        mpk = self.ticket.mpk
        keys = [replace(mpk, key=self.ticket.mpk_i)]
        if "I" in self.ticket.flags:
            keys.append(Key(MPK, self.ticket.mpk_r, spi=b"\2"))
        return self._resp([Payload(TICKET, self.ticket.octets())], keys + self.ticket.keys)


@dataclass
class TicketResolve(KmsExchange):
    """RESOLVE_INIT and RESOLVE_RESP, for the ticket of a TRANSFER_INIT."""

    transfer: Transfer = None

    init_names, resp_name, role = ("RESOLVE_INIT_PSK", "RESOLVE_INIT_PK"), "RESOLVE_RESP", RESPONDER

    @property
    def macs(self):
        return self.transfer.macs[0][:-1] + ([] if self.receiver else ["PSK"]), ["PSK"]

    def init(self):
        subject = Payload(TICKET, self.ticket.octets(self.transfer.initiator_data()))
        return self._init(self.transfer.responder, subject)

    def resp(self):
        """Its keys are forked already."""
        keys, behind = [replace(self.ticket.mpk, key=self.ticket.mpk_i)], []
        if "I" in self.ticket.flags:
            keys.append(Key(MPK, self.transfer.forked("MPKr'", self.ticket.mpk_r), spi=b"\2"))
            behind = [identity_with_role(RESPONDER, self.transfer.responder), rand_with_role(KMS, self.transfer.rand_kms)]
        count = len(self.ticket.keys)
        return self._resp([], keys + self.transfer.bundle[:count], behind)

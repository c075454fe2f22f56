"""SIP messages and SDP bodies (RFC 3261, RFC 4566, RFC 4568) for two parties and what stands between them."""

from dataclasses import dataclass, field


# --- SDP -------------------------------------------------------------------------------------------------


def crypto_line(tag, key, *, suite=None, lifetime="", params="", padding=True):
    """The value of an a=crypto attribute. `key` is a MasterKey or a list of them (several inline: parts)."""
    keys = key if isinstance(key, (list, tuple)) else [key]
    parts = []
    for each in keys:
        text = each.inline if padding else each.inline.rstrip("=")
        if lifetime:
            text += "|" + lifetime
        if each.mki:
            text += "|%d:%d" % (int.from_bytes(each.mki, "big"), len(each.mki))
        parts.append("inline:" + text)
    first = keys[0]
    words = [str(tag), suite or first.suite.name, ";".join(parts)]
    if first.kdr:
        words.append("KDR=%d" % (first.kdr.bit_length() - 1))
    for flag in ("unencrypted_srtp", "unencrypted_srtcp", "unauthenticated_srtp"):
        if getattr(first, flag):
            words.append(flag.upper())
    if params:
        words.append(params)
    return " ".join(words)


@dataclass
class Media:
    """One m= section."""

    port: int
    crypto: list = field(default_factory=list)  # values of a=crypto lines
    media: str = "audio"
    profile: str = "RTP/SAVP"
    formats: str = "0"
    attributes: list = field(default_factory=list)
    address: str = None  # a c= line of its own


def _connection(address):
    return "IN %s %s" % ("IP6" if ":" in address else "IP4", address)


def sdp(address, media, *, session=(), connection=None, version=1, eol="\r\n"):
    lines = ["v=0", "o=- 1 %d %s" % (version, _connection(address)), "s=-", "c=" + _connection(connection or address),
             "t=0 0"]
    lines += ["a=" + line for line in session]
    for part in media:
        lines.append("m=%s %d %s %s" % (part.media, part.port, part.profile, part.formats))
        if part.address:
            lines.append("c=" + _connection(part.address))
        lines += ["a=crypto:" + line for line in part.crypto]
        lines += ["a=" + line for line in part.attributes]
    return eol.join(lines) + eol


# --- SIP -------------------------------------------------------------------------------------------------

COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Type": "c",
           "Content-Length": "l"}


@dataclass
class Party:
    """A user agent. `address` is where its SIP and media live."""

    name: str
    address: str
    port: int = 5060

    @property
    def sip(self):
        return self.address, self.port

    @property
    def host(self):
        return "[%s]" % self.address if ":" in self.address else self.address


class Dialog:
    """The messages of one SIP call as one hop carries them. A party that answers has the To-tag it is given."""

    def __init__(self, capture, caller, callee, call_id, *, compact=False, transport="UDP", caller_tag=None,
                 callee_tag=None, mtu=0, cuts=None, connection=None, content_type="application/sdp", wrap=None):
        self.capture, self.caller, self.callee, self.call_id = capture, caller, callee, call_id
        self.compact, self.transport, self.mtu, self.cuts, self.connection = compact, transport, mtu, cuts, connection
        self.content_type, self.wrap = content_type, wrap
        self.tags = {caller.name: caller_tag or "tag-" + caller.name, callee.name: callee_tag or "tag-" + callee.name}
        self.cseq = {caller.name: 0, callee.name: 0}
        self.bodies = []  # (frame, body) of every message with SDP
        self.last = {}  # party name -> its latest request: (method, CSeq, branch)

    # --- sending --------------------------------------------------------------------------------

    def _carry(self, sender, receiver, text, body):
        octets = text.encode()
        if self.connection:
            cuts = self.cuts(octets) if callable(self.cuts) else self.cuts or ()
            number = self.connection.send(sender.sip, octets, cuts)
        else:
            number = self.capture.udp(sender.sip, receiver.sip, octets, self.mtu)
        if body:
            self.bodies.append((number, body))
        return number

    def _message(self, start, sender, receiver, headers, body):
        content_type = self.content_type
        if body and self.wrap:
            content_type, body = self.wrap(body)
        if body:
            headers = headers + [("Content-Type", content_type)]
        headers = headers + [("Content-Length", str(len(body)))]
        names = COMPACT if self.compact else {}
        text = start + "\r\n"
        text += "".join("%s: %s\r\n" % (names.get(name, name), value) for name, value in headers)
        return self._carry(sender, receiver, text + "\r\n" + body, body)

    def _identity(self, requester, responder, branch, cseq, method, to_tag):
        source = "<sip:%s@example.com>;tag=%s" % (requester.name, self.tags[requester.name])
        target = "<sip:%s@example.com>" % responder.name + (";tag=" + to_tag if to_tag else "")
        return [
            ("Via", "SIP/2.0/%s %s:%d;branch=%s" % (self.transport, requester.host, requester.port, branch)),
            ("From", source),
            ("To", target),
            ("Call-ID", self.call_id),
            ("CSeq", "%d %s" % (cseq, method)),
            ("Contact", "<sip:%s@%s>" % (requester.name, requester.host)),
            ("Max-Forwards", "70"),
        ]

    def _other(self, party):
        return self.callee if party is self.caller else self.caller

    def request(self, method, body="", *, by=None, to_tag="", same_cseq=False, extra=()):
        """Sends a request; `by` is the caller unless told. Within a dialog, to_tag=True fills the peer's tag in."""
        sender = by or self.caller
        receiver = self._other(sender)
        if not same_cseq:
            self.cseq[sender.name] += 1
        cseq = self.cseq[sender.name]
        branch = "z9hG4bK-%s-%s-%s-%d" % (self.call_id.split("@")[0], sender.name, method, cseq)
        if to_tag is True:
            to_tag = self.tags[receiver.name]
        if method != "ACK":
            self.last[sender.name] = (method, cseq, branch, to_tag)
        headers = self._identity(sender, receiver, branch, cseq, method, to_tag) + list(extra)
        if method == "MESSAGE":  # RFC 3428 section 4: no Contact
            del headers[5]
        return self._message("%s sip:%s@%s SIP/2.0" % (method, receiver.name, receiver.host), sender, receiver, headers,
                             body)

    def respond(self, status, reason, body="", *, to=None, by=None, to_tag=None, request=None, extra=()):
        """Answers the latest request of `to` (the caller unless told), or `request`. `by`: another party than the
        dialog's own peer, as forking makes it."""
        requester = to or self.caller
        responder = by or self._other(requester)
        method, cseq, branch, _ = request or self.last[requester.name]
        to_tag = to_tag or self.tags.get(responder.name) or "tag-" + responder.name
        peer = self._other(requester)
        headers = self._identity(requester, peer, branch, cseq, method, "" if status == 100 else to_tag) + list(extra)
        if method == "MESSAGE":
            del headers[5]
        else:
            headers[5] = ("Contact", "<sip:%s@%s>" % (responder.name, responder.host))
        return self._message("SIP/2.0 %d %s" % (status, reason), responder, requester, headers, body)

    # --- the usual exchanges --------------------------------------------------------------------

    def invite(self, body="", **options):
        return self.request("INVITE", body, **options)

    def ok(self, body="", **options):
        return self.respond(200, "OK", body, **options)

    def ack(self, body="", *, by=None):
        return self.request("ACK", body, by=by, to_tag=True, same_cseq=True)

    def call(self, offer, answer):
        self.invite(offer)
        self.respond(180, "Ringing")
        self.ok(answer)
        self.ack()

    def reinvite(self, offer, answer, *, by=None):
        self.invite(offer, by=by, to_tag=True)
        self.ok(answer, to=by)
        self.ack(by=by)

    def bye(self, by=None):
        self.request("BYE", by=by, to_tag=True)
        self.respond(200, "OK", to=by)


def in_multipart(body, boundary="part--0"):
    """The body as the second part of a multipart/mixed one (RFC 5621)."""
    text = ("--%(b)s\r\nContent-Type: application/x-other\r\nContent-Disposition: render\r\n\r\nnot SDP: a=crypto:9 X\r\n"
            "--%(b)s\r\nContent-Type: application/sdp\r\nContent-Disposition: session\r\n\r\n%(body)s\r\n--%(b)s--\r\n")
    return 'multipart/mixed;boundary="%s"' % boundary, text % {"b": boundary, "body": body}

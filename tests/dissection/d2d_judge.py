"""Compares what tshark showed of a direct communication with what it had to show: SDUs, verdicts, keys, remarks, media."""

import re

from judge import Judgement, compare_source, sha256
from mikey_judge import fingerprint
from model import pc5s_model as pc5s
from model.d2d_link import MISMATCH, NO_KEY
from model.d2d_model import Context
from model.sidelink_model import PC5_S, SL_PDCP

SDU_SOURCE = "Deciphered SDU"

# Columns beside tshark.py's own.
FIELDS = {
    "kd": "pdcp_sl.kd.fingerprint",
    "kd_sess": "pdcp_sl.kd_sess.fingerprint",
    "experts": "_ws.expert.message",
}
# What the parties chose where the standards leave it open: member of Profile -> preference, and how its values are written.
PREFERENCES = {
    "kd_kdf": ("kd_kdf", str),
    "kd_fc": ("kd_fc", bytes.hex),
    "kd_label": ("kd_label", bytes.decode),
    "key_part": ("kd_key_part", lambda part: part.replace(" ", "_")),
    "key_order": ("kd_key_order", lambda order: order.replace(", ", "_")),
    "tek_to_kd": ("tek_to_kd", lambda how: how.replace(" ", "_")),
    "traffic": ("traffic", lambda what: what.replace(" ", "_")),
    "kdsess_fc": ("kdsess_fc", bytes.hex),
    "nonces_reversed": ("kdsess_order", {True: "nonce_2_first"}.get),
    "alg_fc": ("alg_fc", bytes.hex),
    "bearer": ("bearer", str),
    "direction": ("direction", str),
    "mac_ciphered": ("mac_i_ciphered", {True: "TRUE"}.get),
    "mac_over_header": ("mac_i_over", {False: "data"}.get),
}
# What an attentive reader remarks -> what the text of the expert information is about.
REMARKS = {
    "keystream reuse": "keystream reuse",
    "nonce used again": "nonce was used before|Nonce_1 of an earlier one",
    "algorithm not offered": "chosen algorithm is not among",
    "capabilities differ": "capabilities are not those",
    "command without request": "request .* security mode command .* not in the capture",
}
# What the user plane holds -> the dissector that takes it.
STOCK = {"IPv4": "ip", "IPv6": "ipv6", "ARP": "arp", "RTP": "udp", "SRTP": "udp"}


def option(name, value):
    return ["-o", "d2dsec.%s:%s" % (name, value)]


def choices(scenario):
    """Options that tell the reader what the parties chose. Nothing is left to be searched for."""
    chosen = option("search", "FALSE") if scenario.profile.departures else []
    for member, value in scenario.profile.departures.items():
        name, written = PREFERENCES[member]
        chosen += option(name, written(value))
    return chosen


def framing(scenario):
    """Options without which no reader can read the scenario."""
    chosen = [*scenario.preferences, *option("sl_rlc_sn", scenario.sn_bits)]
    if any(SL_PDCP in octets for _, octets, _ in scenario.capture.frames):
        chosen += ["--enable-heuristic", "pdcp_sl_udp"]
    if scenario.configured:
        chosen += option("configured_algorithms", "%d-%d" % scenario.configured)
    if scenario.packets:
        chosen += option("kd_to_srtp", "TRUE")
    return chosen


def values(text):
    """Of a column. A value may itself hold a comma and a space."""
    return [each for each in re.split(r",(?! )", text) if each]


def suite_of(context):
    """PC5 signalling and the user plane of a link are of one suite; a group has no integrity protection."""
    def name(kind, algorithm):
        return "%s%s%d" % ("128-" if algorithm else "", kind, algorithm)

    if isinstance(context, Context):
        return "%s, %s" % (name("EEA", context.eea), name("EIA", context.eia))
    return name("EEA", context.eea)


# --- what is to be judged --------------------------------------------------------------------------------------


def judged(pdus, count):
    """Those to which so many verdicts belong: PDUs that need not be put together may be missing, and verdicts on PDUs that
    get none."""
    for rule in (lambda pdu: True, lambda pdu: pdu.must, lambda pdu: pdu.must and pdu.verdicts):
        kept = [pdu for pdu in pdus if rule(pdu)]
        if len(kept) == count:
            break
    return kept


def verdicts_of(scenario, frame):
    """(verdicts on PDUs, verdict on the media packet in them or None). What is in the clear may be said to be so: PDUs without
    protection, and RTP that only the link protects."""
    verdicts, media = values(frame.verdict), None
    pdus = scenario.protected.get(frame.number, [])
    if frame.number in scenario.expected and verdicts:
        media = verdicts.pop()
    if not pdus:
        verdicts = [each for each in verdicts if each != "clear"]
    elif pdus[-1].what == "RTP" and len(verdicts) > len(pdus) and verdicts[-1] == "clear":
        verdicts.pop()
    return verdicts, media


def compare(scenario, frames, about, label):
    """All that a scenario asks for. label: of the key log, None for the capture alone."""
    judgement = Judgement("%s, %s" % (scenario.name, about))
    if len(frames) != len(scenario.capture.frames):
        judgement.add("frames read: %d of" % len(frames), len(scenario.capture.frames))
    for number, frame in frames.items():
        verdicts, media = verdicts_of(scenario, frame)
        pdus = judged(scenario.protected.get(number, []), len(verdicts))
        compare_verdicts(judgement, frame, pdus, verdicts)
        compare_sdus(judgement, frame, pdus)
        compare_stock(judgement, scenario, frame, pdus)
        compare_keys(judgement, scenario, frame, [pdu for pdu in pdus if pdu.plain is not None], label)
        compare_media(judgement, scenario, frame, media)
        compare_remarks(judgement, scenario, frame)
    judgement.conclude()


def compare_verdicts(judgement, frame, pdus, verdicts):
    if len(verdicts) != len(pdus):
        judgement.add("not one verdict for each protected PDU", frame.number, "%s for %s" % (
            verdicts, [(pdu.what, sorted(pdu.verdicts)) for pdu in pdus]))
        return
    for pdu, verdict in zip(pdus, verdicts):
        if pdu.verdicts and verdict not in pdu.verdicts:
            judgement.add("wrong verdict", frame.number, "%s: %r, not %s" % (pdu.what, verdict, sorted(pdu.verdicts)))


def compare_sdus(judgement, frame, pdus):
    """One data source for each PDU that was deciphered, in their order."""
    wanted = [pdu for pdu in pdus if pdu.plain is not None and pdu.enciphered]
    shown = frame.deciphered
    if len(shown) < len(wanted):
        judgement.add("missing SDU", frame.number, "%d of %s" % (len(shown), [pdu.what for pdu in wanted]))
    elif len(shown) > len(wanted):
        judgement.add("shown as deciphered but must not be", frame.number, "%d for %s, verdict %r" % (
            len(shown), [pdu.what for pdu in wanted], frame.verdict))
    else:
        for pdu, (name, octets) in zip(wanted, shown):
            if name != SDU_SOURCE:
                judgement.add("wrong source name", frame.number, repr(name))
            if sha256(octets) != pdu.sha256:
                judgement.add("wrong plaintext", frame.number, pdu.what)


def compare_stock(judgement, scenario, frame, pdus):
    """Wireshark's own dissectors get what was opened, and nothing else. RTP is known by the SDP of a call."""
    inner = frame.protocols.split("pdcp_sl", 1)[-1].split(":")
    for pdu in pdus:
        protocol = "pc5s" if pdu.what in pc5s.MESSAGES else STOCK.get(pdu.what)
        if pdu.what == "RTP" and scenario.dialogs:
            protocol = "rtp"
        if pdu.plain is not None and protocol and protocol not in inner:
            judgement.add("not handed to %s" % protocol, frame.number, frame.protocols)
    closed = [pdu for pdu in pdus if pdu.plain is None and pdu.enciphered]
    if closed and len(closed) == len(pdus):
        if set(inner) & {"ip", "ipv6", "arp", "pc5s"}:
            judgement.add("dissected what could not be opened", frame.number, frame.protocols)


# --- keys ------------------------------------------------------------------------------------------------------


def compare_keys(judgement, scenario, frame, opened, label):
    """Which keys opened the PDUs. What is in the clear anyway needs none."""
    needing = [pdu for pdu in opened if needs_key(pdu)]
    media = frame.number in scenario.expected
    told = {name: values(frame.columns[name])[: -1 if media else None] for name in ("suite", "fingerprint", "origin")}
    opened = opened if len(told["fingerprint"]) > len(needing) else needing
    if not opened:
        return
    wanted = {"suite": [suite_of(pdu.context) for pdu in opened],
              "fingerprint": [fingerprint(pdu.context.pek) for pdu in opened]}
    if is_chosen(scenario) and told["suite"] != wanted["suite"]:
        judgement.add("wrong suite", frame.number, "%s, not %s" % (told["suite"], wanted["suite"]))
    if told["fingerprint"] != wanted["fingerprint"]:
        judgement.add("wrong key fingerprint", frame.number, "%s, not %s" % (told["fingerprint"], wanted["fingerprint"]))
    if not told["origin"]:
        judgement.add("no key origin", frame.number)
    for name, keys in (("kd", ["KD"]), ("kd_sess", ["KD-sess", "PTK"])):
        wanted = {fingerprint(key) for pdu in opened for what, (_, key) in pdu.context.keys.items() if what in keys}
        shown = set(values(frame.columns[name]))
        if shown != wanted and (shown or gives(label, keys[0])):
            judgement.add("wrong %s fingerprint" % keys[0], frame.number, "%s, not %s" % (sorted(shown), sorted(wanted)))


def needs_key(pdu):
    return pdu.enciphered or pdu.sdu_type == PC5_S and getattr(pdu.context, "eia", 0) != 0


def is_chosen(scenario):
    """A command in the capture, or the configuration, tells the algorithms."""
    return scenario.configured or any(pdu.what == pc5s.COMMAND for pdus in scenario.protected.values() for pdu in pdus)


def gives(label, key):
    """Whether who has this key log can have this key."""
    below = {"KD": ("D2D_KDSESS", "D2D_PEK"), "KD-sess": ("D2D_PEK",)}[key]
    return not (label or "").startswith(below)


# --- remarks -----------------------------------------------------------------------------------------------------


def compare_remarks(judgement, scenario, frame):
    wanted = {name for number, name in scenario.findings if number == frame.number}
    shown = {name for name, text in REMARKS.items() if re.search(text, frame.experts, re.I)}
    for name in wanted - shown:
        judgement.add("not remarked: " + name, frame.number, repr(frame.experts))
    for name in shown - wanted:
        judgement.add("remarked, though it is not so: " + name, frame.number, repr(frame.experts))


# --- SRTP under keys from KD -------------------------------------------------------------------------------------


def compare_media(judgement, scenario, frame, verdict):
    expected = scenario.expected.get(frame.number)
    if expected is None:
        compare_source(judgement, frame, "", "", "not")
        return
    if not compare_source(judgement, frame, expected.source, expected.sha256, "must"):
        return
    if verdict not in expected.verdicts:
        judgement.add("wrong verdict on media", frame.number, "%r, not %s" % (verdict, sorted(expected.verdicts)))
    key = expected.key
    for name, value in {"suite": key.suite.name, "fingerprint": key.fingerprint}.items():
        if values(frame.columns[name])[-1:] != [value]:
            judgement.add("wrong %s of media" % name, frame.number, "%r, not %r" % (frame.columns[name], value))
    for name, value in expected.facts.items():
        if [int(each, 0) for each in values(frame.columns[name])] != [value]:
            judgement.add("wrong %s of media" % name, frame.number, "%s, not %d" % (frame.columns[name], value))


# --- without the right keys ----------------------------------------------------------------------------------------


def compare_closed(scenario, frames, about):
    """Nothing may be deciphered, nor be said to be authentic."""
    judgement = Judgement("%s, %s" % (scenario.name, about))
    for number, frame in frames.items():
        verdicts, media = verdicts_of(scenario, frame)
        pdus = judged(scenario.protected.get(number, []), len(verdicts))
        compare_sdus(judgement, frame, [])
        for pdu, verdict in zip(pdus, verdicts):
            proof = pdu.enciphered or getattr(pdu.context, "eia", 0)  # who reads EIA0 in the clear needs no key
            if pdu.verdicts and proof and verdict not in {MISMATCH, NO_KEY} | (pdu.verdicts if pdu.plain is None else set()):
                judgement.add("wrong verdict", number, "%s: %r" % (pdu.what, verdict))
        if len(verdicts) != len(pdus):
            judgement.add("not one verdict for each protected PDU", number, str(verdicts))
        if frame.decrypted:
            judgement.add("shown as decrypted but must not be", number, repr(media))
    judgement.conclude()

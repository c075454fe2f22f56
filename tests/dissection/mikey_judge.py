"""Compares what tshark showed of MIKEY messages with what they had to show: traffic keys, MACs, the steps between keys."""

import hashlib
import re

from judge import Judgement, compare_scenario
from mikey_calls import FAILED, NOT_JUDGED, given_by
from model import mikey_model as mikey
from model.mikey_ticket_model import Transfer, TransferUpdate

# Columns beside tshark.py's own.
FIELDS = {
    "tek": "mikey_ticket.tek.fingerprint",
    "tek_salt": "mikey_ticket.tek.salt_fingerprint",
    "tek_cs_id": "mikey_ticket.tek.cs_id",
    "kd": "mikey_ticket.kd.fingerprint",
    "mac_status": "mikey_ticket.mac.status",
    "step_name": "mikey_ticket.step.name",
    "step_key": "mikey_ticket.step.key_fingerprint",
    "step_from": "mikey_ticket.step.from_fingerprint",
    "step_frame": "mikey_ticket.step.frame",
    "message_departure": "mikey_ticket.departure",
}
SENDERS = re.compile("minisip|GStreamer")


def fingerprint(octets):
    return hashlib.sha256(octets).digest()[:8].hex()


def values(frame, name):
    return [each for each in frame.columns[name].split(",") if each]


def messages_of(scenario, frame):
    """[[Message]]: the messages of a frame in their order. One that several parties answer is there several times."""
    found = {}
    for message in scenario.messages:
        if frame in message.frames:
            found.setdefault(message.octets, []).append(message)
    return list(found.values())


def compare(scenario, frames, label, passes):
    """All that a scenario asks for. label: of the key log, or of what else the reader has, as mikey_scenarios names it."""
    found = []
    for comparison in (lambda: compare_scenario(scenario, frames, passes),
                       lambda: compare_messages(scenario, frames, label, passes),
                       lambda: compare_steps(scenario, frames, label),
                       lambda: compare_departures(scenario, frames, label)):
        try:
            comparison()
        except AssertionError as problem:
            found.append(str(problem))
    if found:
        raise AssertionError("\n".join(found))


def compare_messages(scenario, frames, label, passes):
    judgement = Judgement("%s with %s, %d pass(es): messages" % (scenario.name, label, passes))
    known = given_by(scenario, label)
    for number, frame in frames.items():
        messages = messages_of(scenario, number)
        if messages:
            if not scenario.teks_by_media:
                compare_sessions(judgement, frame, messages, passes)
            compare_macs(judgement, frame, [same[0] for same in messages], known, passes)
            continue
        for name in FIELDS:
            if frame.columns[name]:
                judgement.add("%s on what is no MIKEY message" % name, number, frame.columns[name])
    judgement.conclude()


# --- TEKs ------------------------------------------------------------------------------------------------


def compare_sessions(judgement, frame, messages, passes):
    """One TEK and salt for each crypto session. In one pass an initial message shows what is known by then."""
    each_one = [message for same in messages for message in same]
    sessions = [session for message in each_one for session in message.sessions]
    branches = len(each_one) > len(messages)  # of a forked call: any of them will do in the offer
    if len(values(frame, "tek")) != len(values(frame, "tek_cs_id")):
        judgement.add("not one CS ID for each TEK", frame.number, "%s, %s" % (frame.tek_cs_id, frame.tek))
    nothing = {fingerprint(bytes(length)) for length in (0, 12, 14)}  # where there is no salt
    wanted = {
        "TEKs": sorted((str(each.cs_id), fingerprint(each.tek)) for each in sessions),
        "salts": sorted(fingerprint(each.salt) for each in sessions if any(each.salt)),
    }
    shown = {
        "TEKs": sorted(zip(values(frame, "tek_cs_id"), values(frame, "tek"))),
        "salts": sorted(each for each in values(frame, "tek_salt") if each not in nothing),
    }
    if any(each.cs_id is None for each in sessions):  # the map lists none: under which numbers and how often is free
        for pairs in wanted, shown:
            pairs.update(TEKs=sorted({tek for _, tek in pairs["TEKs"]}), salts=sorted(set(pairs["salts"])))
    at_once = all(message.completes or passes == 2 and message.completes is not None for message in each_one)
    for what in wanted:
        right = shown[what] == wanted[what]
        if branches or not at_once:
            right = set(shown[what]) <= set(wanted[what]) and bool(shown[what] or not at_once or not wanted[what])
        if not right:
            judgement.add("wrong " + what, frame.number, "%s, not %s" % (shown[what], wanted[what]))
    if isinstance(each_one[0].exchange, Transfer) and values(frame, "kd") != values(frame, "tek"):
        judgement.add("KD is not the TEK", frame.number, "%s, not %s" % (frame.kd, frame.tek))


# --- MACs ------------------------------------------------------------------------------------------------


def status_of(secret, known, frame, passes):
    if secret in (FAILED, NOT_JUDGED):
        return secret
    return "verified" if secret in known and (passes == 2 or known[secret] <= frame) else "not checkable"


def compare_macs(judgement, frame, messages, known, passes):
    shown, at = values(frame, "mac_status"), 0
    wanted = [status_of(secret, known, frame.number, passes) for message in messages for secret in message.macs]
    if len(shown) != len(wanted) or [a for a, b in zip(shown, wanted) if b not in (a, NOT_JUDGED)]:
        judgement.add("wrong MAC status", frame.number, "%s, not %s" % (shown, wanted))
    for message in messages:
        statuses, at = shown[at : at + len(message.macs)], at + len(message.macs)
        if message.spoiled and FAILED not in statuses:
            judgement.add("no MAC failed, though %s was changed" % message.spoiled, frame.number, str(statuses))


# --- from the secret to the TEK --------------------------------------------------------------------------------


def links(exchange):
    """(name, key, the key it comes from) of a call with a ticket, from the TPK on."""
    ticket, forks = exchange.ticket, "I" in exchange.ticket.flags
    yield "MPK", ticket.mpk.key, ticket.tpk
    yield "MPKi", ticket.mpk_i, ticket.mpk.key
    if forks:
        yield "MPKr", ticket.mpk_r, ticket.mpk.key
        yield "MPKr'", exchange.forked("MPKr'", ticket.mpk_r), ticket.mpk_r
    names = {mikey.TEK: "TEK", mikey.TEK_SALT: "TEK", mikey.TGK: "TGK", mikey.TGK_SALT: "TGK"}
    for before, after in zip(ticket.keys, exchange.bundle):
        yield names.get(before.kind, "GTGK"), before.key, ticket.tpk
        if before != after:
            yield "TGK'", after.key, before.key
    of_answer = exchange.forked("MPKr'", ticket.mpk_r) if forks else ticket.mpk_i
    of_offer = of_answer if isinstance(exchange, TransferUpdate) else ticket.mpk_i
    for keys, source in ((exchange.init_keys, of_offer), (exchange.resp_keys, of_answer)):
        for key in keys:
            yield names.get(key.kind, "GTGK"), key.key, source
    for each in exchange.sessions:
        key = next(key for key in exchange.bundle if key.spi == each.spi)
        if not key.is_tek:
            yield "TEK", each.tek, key.key


def compare_steps(scenario, frames, label):
    """By the fingerprints of the steps one can go from the TPK to each TEK."""
    judgement = Judgement("%s with %s: steps" % (scenario.name, label))
    steps, carriers = set(), {frame for message in scenario.messages for frame in message.frames}
    for frame in frames.values():
        columns = [values(frame, name) for name in ("step_name", "step_key", "step_from", "step_frame")]
        if len({len(each) for each in columns}) != 1:
            judgement.add("steps that lack a part", frame.number, str(columns))
        for name, key, source, told in zip(*columns):
            steps.add((name.split()[0], key, source))
            if int(told) not in carriers:
                judgement.add("step from what is no MIKEY message", frame.number, "%s in frame %s" % (name, told))
    if label == "MIKEY_TPK":
        for message in scenario.messages:
            if message.completes and isinstance(message.exchange, Transfer):
                for name, key, source in links(message.exchange):
                    if not leads(steps, name, fingerprint(key), fingerprint(source)):
                        judgement.add("no step to " + name, message.frames[0],
                                      "%s from %s" % (fingerprint(key), fingerprint(source)))
    judgement.conclude()


def leads(steps, name, key, source):
    """Whether a step makes the key of the source, directly or by way of a key that protects a message or the ticket."""
    by_way_of = {source} | {step[1] for step in steps if step[0].endswith("_key") and step[2] == source}
    return any(step[:2] == (name, key) and step[2] in by_way_of for step in steps)


def compare_departures(scenario, frames, label):
    """How a packet's key was found counts as a departure too: there only senders' names are looked for."""
    if scenario.departs is None:
        return
    of_messages = {frame.message_departure for frame in frames.values()} - {""}
    named = sorted(of_messages | {frame.departure for frame in frames.values() if SENDERS.search(frame.departure)})
    sender = scenario.departs.get(label)
    if bool(named) != bool(sender) or sender and not any(sender in each for each in named):
        raise AssertionError("%s with %s: departures named: %s, not %s" % (scenario.name, label, named, sender))

"""Every MIKEY scenario with each of its key logs: the right packets decrypted, and the messages telling how it came about."""

import base64
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import mikey_scenarios
from judge import Judgement, compare_scenario
from mikey_scenarios import FAILED, NOT_JUDGED, given_by, secrets_of
from model import mikey_model as mikey
from model.mikey_model import Transfer

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
SHOW_KEYS = ["-o", "d2dsec.show_keys:TRUE"]


def fingerprint(octets):
    return hashlib.sha256(octets).digest()[:8].hex()


def values(frame, name):
    return [each for each in frame.columns[name].split(",") if each]


# --- running -----------------------------------------------------------------------------------------------


def passes_of(name):
    """Of a family of scenarios only the first takes two passes, and those in which time matters."""
    first = next(each for each in mikey_scenarios.REGISTRY if each.split("[")[0] == name.split("[")[0])
    return (1, 2) if name == first or "after" in name or "before" in name else (1,)


def secrets_at_hand(scenario):
    """What a reader has, each by itself: labels of key logs, the private key, or nothing where nothing is needed."""
    labels = list(scenario.key_logs) + (["private key"] if scenario.private_key else [])
    return labels or ["nothing"]


CASES = [pytest.param(name, label, passes, id="%s-%s-%d" % (name, label, passes))
         for name in mikey_scenarios.REGISTRY for label in secrets_at_hand(mikey_scenarios.build(name))
         for passes in passes_of(name)]


def prepare(tshark, name):
    """(scenario, its capture, {label: options that give the secret})."""
    scenario = mikey_scenarios.build(name)
    place = "mikey-" + "".join(letter if letter.isalnum() else "_" for letter in name)
    capture = tshark.file(place + ".pcap", b"")
    scenario.capture.write(capture)
    options = {}
    for label in secrets_at_hand(scenario):
        file = place + "-" + label.replace(" ", "-")
        options[label] = list(scenario.preferences)
        if label == "private key":
            options[label] += ["-o", "d2dsec.mikey_private_key:%s" % tshark.file(file + ".pem", scenario.private_key)]
        elif label in scenario.key_logs:
            options[label] += ["-o", "d2dsec.keylog_file:%s" % tshark.file(file + ".keylog", scenario.key_logs[label])]
    return scenario, capture, options


def judge(tshark, name):
    """(label, passes) -> None, or the first thing that is wrong."""
    outcome = {}
    scenario, capture, options = prepare(tshark, name)
    for label, given in options.items():
        for passes in passes_of(name):
            try:
                frames = tshark.frames(capture, passes=passes, options=given, keep=False, more=FIELDS)
                compare_scenario(scenario, frames, passes)
                compare_messages(scenario, frames, label, passes)
                compare_steps(scenario, frames, label)
                compare_departures(scenario, frames, label)
                outcome[label, passes] = None
            except Exception as problem:
                outcome[label, passes] = problem
    capture.unlink()
    return outcome


@pytest.fixture(scope="module")
def outcomes(tshark, request):
    """Judged side by side on all processors, in the order of the tests that were chosen."""
    chosen = dict.fromkeys(item.callspec.params["name"] for item in request.session.items
                           if item.function is test_scenario)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(judge, tshark, name) for name in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name, label, passes", CASES)
def test_scenario(outcomes, name, label, passes):
    problem = outcomes[name].result()[label, passes]
    if isinstance(problem, AssertionError):
        pytest.fail(str(problem), pytrace=False)
    if problem:
        raise problem


# --- what the messages show ----------------------------------------------------------------------------------


def messages_of(scenario, frame):
    """{octets: [Message]} in the order in which the frame has them; a message that several answer is there several times."""
    found = {}
    for message in scenario.messages:
        if frame in message.frames:
            found.setdefault(message.octets, []).append(message)
    return found


def compare_messages(scenario, frames, label, passes):
    judgement = Judgement("%s with %s, %d pass(es): messages" % (scenario.name, label, passes))
    known = given_by(scenario, label)
    for number, frame in frames.items():
        messages = messages_of(scenario, number)
        if not messages:
            for name in FIELDS:
                if frame.columns[name]:
                    judgement.add("%s on what is no MIKEY message" % name, number, frame.columns[name])
            continue
        compare_sessions(judgement, frame, messages, passes)
        compare_macs(judgement, frame, [each[0] for each in messages.values()], known, passes)
    judgement.conclude()


def compare_sessions(judgement, frame, messages, passes):
    """One TEK and salt for each crypto session; one pass shows them in the initial message as far as they are known then."""
    branches = [each for same in messages.values() for each in same]
    sessions = [session for each in branches for session in each.sessions]
    wanted = [(str(each.cs_id), fingerprint(each.tek)) for each in sessions]
    shown = list(zip(values(frame, "tek_cs_id"), values(frame, "tek")))
    salts = [fingerprint(each.salt) for each in sessions if any(each.salt)]
    nothing = {fingerprint(bytes(length)) for length in (0, 12, 14)}  # where there is no salt
    shown_salts = [each for each in values(frame, "tek_salt") if each not in nothing]
    if len(values(frame, "tek")) != len(values(frame, "tek_cs_id")):
        judgement.add("not one CS ID for each TEK", frame.number, str(frame.columns))
    at_once = all(each.completes for each in branches) or passes == 2
    if len(branches) > len(messages):  # forking: which branch the offer tells of is free
        if not set(shown) <= set(wanted) or at_once and not shown:
            judgement.add("wrong TEKs", frame.number, "%s, not of %s" % (shown, wanted))
        return
    if shown != wanted if at_once else not set(shown) <= set(wanted):
        judgement.add("wrong TEKs", frame.number, "%s, not %s" % (shown, wanted))
    if shown_salts != salts if at_once else not set(shown_salts) <= set(salts):
        judgement.add("wrong salts", frame.number, "%s, not %s" % (shown_salts, salts))
    if any(isinstance(each.exchange, Transfer) for each in branches) and values(frame, "kd") != values(frame, "tek"):
        judgement.add("KD is not the TEK", frame.number, "%s, not %s" % (frame.kd, frame.tek))


def compare_macs(judgement, frame, messages, known, passes):
    def status(secret):
        if secret in (FAILED, NOT_JUDGED):
            return secret
        return "verified" if secret in known and (passes == 2 or known[secret] <= frame.number) else "not checkable"

    wanted = [status(secret) for message in messages for secret in message.macs]
    shown = values(frame, "mac_status")
    judged = [each for each, status in zip(shown, wanted) if status != NOT_JUDGED]
    if len(shown) != len(wanted) or judged != [each for each in wanted if each != NOT_JUDGED]:
        judgement.add("wrong MAC status", frame.number, "%s, not %s" % (shown, wanted))


# --- from the secret to the TEK --------------------------------------------------------------------------------


def links(exchange):
    """(name, key, the key it comes from) of a call with a ticket whose TPK is known."""
    ticket, forks = exchange.ticket, "I" in exchange.ticket.flags
    yield "MPK", ticket.mpk.key, ticket.tpk
    yield "MPKi", ticket.mpk_i, ticket.mpk.key
    if forks:
        yield "MPKr", ticket.mpk_r, ticket.mpk.key
        if exchange.resp_keys:
            yield "MPKr'", exchange.forked("MPKr'", ticket.mpk_r), ticket.mpk_r
    for key in ticket.keys:
        yield {mikey.TEK: "TEK", mikey.TEK_SALT: "TEK", mikey.TGK: "TGK", mikey.TGK_SALT: "TGK"}.get(key.kind, "GTGK"), \
            key.key, ticket.tpk
    for before, after in zip(ticket.keys, exchange.bundle):
        if before != after:
            yield "TGK'", after.key, before.key
    for key in exchange.init_keys:
        yield "TEK", key.key, ticket.mpk_i
    for key in exchange.resp_keys:
        yield "TEK", key.key, exchange.forked("MPKr'", ticket.mpk_r) if forks else ticket.mpk_i
    for each in exchange.sessions:
        key = next(key for key in exchange.bundle if key.spi == each.spi)
        if not key.is_tek:
            yield "TEK", each.tek, key.key


def compare_steps(scenario, frames, label):
    """By the fingerprints of the steps one can go from the TPK to each TEK."""
    judgement = Judgement("%s with %s: steps" % (scenario.name, label))
    steps, carriers = [], {frame for message in scenario.messages for frame in message.frames}
    for frame in frames.values():
        columns = [values(frame, name) for name in ("step_name", "step_key", "step_from", "step_frame")]
        if len({len(each) for each in columns}) != 1:
            judgement.add("steps that lack a part", frame.number, str(columns))
        for name, key, source, told in zip(*columns):
            steps.append((name.split()[0], key, source))
            if int(told) not in carriers:
                judgement.add("step from what is no MIKEY message", frame.number, "%s in frame %s" % (name, told))
    if label == "MIKEY_TPK":
        completed = [each for each in scenario.messages if each.completes and isinstance(each.exchange, Transfer)]
        for message in completed:
            for name, key, source in links(message.exchange):
                if (name, fingerprint(source)) not in [(step[0], origin) for step in steps if step[1] == fingerprint(key)
                                                       for origin in reached_from(step, steps)]:
                    judgement.add("no step to " + name, message.frames[0],
                                  "%s from %s" % (fingerprint(key), fingerprint(source)))
    judgement.conclude()


def reached_from(step, steps):
    """Fingerprints of what a step's key comes from, directly or by way of keys that protect messages and tickets."""
    yield step[2]
    for other in steps:
        if other[1] == step[2] and other[0].endswith("_key"):
            yield other[2]


def compare_departures(scenario, frames, label):
    named = sorted({value for frame in frames.values() for value in (frame.departure, frame.message_departure) if value})
    if bool(named) != (label in scenario.departs):
        raise AssertionError("%s with %s: departures named: %s" % (scenario.name, label, named or "none"))


@pytest.mark.parametrize("name", ["ticket_answer_of_another_csb"])
def test_an_answer_that_departs_from_the_offer_is_noted(tshark, name):
    scenario, capture, options = prepare(tshark, name)
    for given in options.values():
        noted = tshark.fields(capture, "_ws.expert.message", filter="_ws.expert", options=given)
        protocols = tshark.fields(capture, "frame.protocols", filter="mikey_ticket && _ws.expert", options=given)
        assert scenario.experts
        for frame, protocol in scenario.experts:
            assert frame in noted and noted[frame][0] and frame in protocols, (frame, protocol, noted)


# --- secrets -------------------------------------------------------------------------------------------------


def writings(octets):
    """The ways in which a dissector writes octets, in lower case."""
    yield octets.hex()
    yield ":".join("%02x" % each for each in octets)


@pytest.mark.parametrize("name", mikey_scenarios.REGISTRY)
def test_no_secret_is_shown(tshark, name):
    """But for what stock shows, where a message has its keys in the clear, and what the SDP says itself."""
    scenario, capture, options = prepare(tshark, name)
    label, given = next(iter(options.items()))
    text = tshark.text(capture, "-V", "-x", "-2", *given)
    stock = tshark.text(capture, "-V", "-x", plugin=False)
    low, stock_low = text.lower(), stock.lower()
    for message in scenario.messages:
        for what, octets in secrets_of(message.exchange).items():
            shown = [each for each in writings(octets) if low.count(each) > stock_low.count(each)]
            encoded = base64.b64encode(octets).decode().rstrip("=")
            assert not shown and text.count(encoded) <= stock.count(encoded), "%s with %s shows %s" % (name, label, what)


@pytest.mark.parametrize("name", ["psk_key_data[tgk]", "ticket[forked_strong]"])
def test_keys_are_shown_on_demand(tshark, name):
    scenario, capture, options = prepare(tshark, name)
    for given in options.values():
        shown = tshark.fields(capture, "mikey_ticket.tek.value", options=[*given, *SHOW_KEYS])
        for message in scenario.messages:
            if message.completes:
                teks = [each.replace(":", "") for each in shown[message.frames[0]][0].split("|")]
                assert teks == [each.tek.hex() for each in message.sessions]

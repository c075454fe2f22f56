"""Every MIKEY scenario with each of its key logs: the right packets decrypted, and the messages telling how it came about."""

import base64
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import mikey_scenarios
from mikey_calls import labels_of, secrets_of
from mikey_judge import FIELDS, compare

SHOW_KEYS = ["-o", "d2dsec.show_keys:TRUE"]


# --- running -----------------------------------------------------------------------------------------------


def passes_of(name):
    """Of a family of scenarios only the first takes two passes, and those in which time matters."""
    first = next(each for each in mikey_scenarios.REGISTRY if each.split("[")[0] == name.split("[")[0])
    return (1, 2) if name == first or "after" in name or "before" in name else (1,)


CASES = [pytest.param(name, label, passes, id="%s-%s-%d" % (name, label, passes))
         for name in mikey_scenarios.REGISTRY for label in labels_of(mikey_scenarios.build(name))
         for passes in passes_of(name)]


def prepare(tshark, name):
    """(scenario, its capture, {label: options that give the secret})."""
    scenario = mikey_scenarios.build(name)
    place = "mikey-" + "".join(letter if letter.isalnum() else "_" for letter in name)
    capture = tshark.file(place + ".pcap", b"")
    scenario.capture.write(capture)
    options = {}
    for label in labels_of(scenario):
        file = place + "-" + label.replace(" ", "-")
        options[label] = list(scenario.preferences)
        if label == "private key":
            options[label] += ["-o", "d2dsec.mikey_private_key:%s" % tshark.file(file + ".pem", scenario.private_key)]
        elif label in scenario.key_logs:
            options[label] += ["-o", "d2dsec.keylog_file:%s" % tshark.file(file + ".keylog", scenario.key_logs[label])]
    return scenario, capture, options


def judge(tshark, name):
    """(label, passes) -> None, or what is wrong."""
    outcome = {}
    scenario, capture, options = prepare(tshark, name)
    for label, given in options.items():
        for passes in passes_of(name):
            try:
                frames = tshark.frames(capture, passes=passes, options=given, keep=False, more=FIELDS)
                compare(scenario, frames, label, passes)
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


@pytest.mark.parametrize("name", ["answer_of_another_csb[psk]", "answer_of_another_csb[ticket]"])
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

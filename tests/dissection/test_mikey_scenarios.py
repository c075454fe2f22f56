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


def side_by_side(request, test, function):
    """name -> what `function(name)` returns, for the tests of that kind that were chosen, on all processors, in their order."""
    chosen = dict.fromkeys(item.callspec.params["name"] for item in request.session.items if item.function is test)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(function, name) for name in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def outcomes(tshark, request):
    yield from side_by_side(request, test_scenario, lambda name: judge(tshark, name))


@pytest.fixture(scope="module")
def shown_secrets(tshark, request):
    yield from side_by_side(request, test_no_secret_is_shown, lambda name: find_secrets(tshark, name))


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
    assert scenario.experts
    for given in options.values():
        noted = tshark.fields(capture, "_ws.expert.message", filter="mikey_ticket && _ws.expert", options=given)
        assert set(noted) == {frame for frame, _ in scenario.experts}


# --- secrets -------------------------------------------------------------------------------------------------


def writings(octets):
    """The ways in which a dissector writes octets, in lower case."""
    yield octets.hex()
    yield ":".join("%02x" % each for each in octets)


def find_secrets(tshark, name):
    """Names of the secrets that the plugin shows, beyond what stock does of messages that have their keys in the clear."""
    scenario, capture, options = prepare(tshark, name)
    text, stock = tshark.text(capture, "-V", "-x", "-2", *next(iter(options.values()))), None
    low, found = text.lower(), set()
    for message in scenario.messages:
        for what, octets in secrets_of(message.exchange).items():
            encoded = base64.b64encode(octets).decode().rstrip("=")
            if encoded in text or any(each in low for each in writings(octets)):
                stock = stock or tshark.text(capture, "-V", "-x", plugin=False)
                if text.count(encoded) > stock.count(encoded) or any(
                        low.count(each) > stock.lower().count(each) for each in writings(octets)):
                    found.add(what)
    return found


@pytest.mark.parametrize("name", mikey_scenarios.REGISTRY)
def test_no_secret_is_shown(shown_secrets, name):
    assert shown_secrets[name].result() == set()


@pytest.mark.parametrize("name", ["psk_key_data[tgk]", "ticket[forked_strong]"])
def test_keys_are_shown_on_demand(tshark, name):
    scenario, capture, options = prepare(tshark, name)
    for given in options.values():
        shown = tshark.fields(capture, "mikey_ticket.tek.value", options=[*given, *SHOW_KEYS])
        for message in scenario.messages:
            if message.completes:
                teks = [each.replace(":", "") for each in shown[message.frames[0]][0].split("|")]
                assert teks == [each.tek.hex() for each in message.sessions]

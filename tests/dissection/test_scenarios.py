"""Every scenario: the right packets shown as decrypted, octet for octet, and no other; in one pass and in two."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import scenarios
from judge import compare_scenario



def passes_of(name):
    """Of a family of scenarios only the first takes two passes, and those in which time matters."""
    first = next(each for each in scenarios.REGISTRY if each.split("[")[0] == name.split("[")[0])
    return (1, 2) if name == first or "after" in name else (1,)


CASES = [pytest.param(name, passes, id="%s-%d" % (name, passes))
         for name in scenarios.REGISTRY for passes in passes_of(name)]


def prepare(tshark, name):
    """(scenario, its capture, options that give it its key log)."""
    scenario = scenarios.build(name)
    place = "scenario-" + "".join(letter if letter.isalnum() else "_" for letter in name)
    capture = tshark.file(place + ".pcap", b"")
    scenario.capture.write(capture)
    options = []
    if scenario.keylog is not None:
        options = ["-o", "d2dsec.keylog_file:%s" % tshark.file(place + ".keylog", scenario.keylog)]
    return scenario, capture, options + scenario.preferences


def judge(tshark, name):
    """Passes -> None, or what is wrong."""
    outcome = {}
    scenario, capture, options = prepare(tshark, name)
    for passes in passes_of(name):
        try:
            compare_scenario(scenario, tshark.frames(capture, passes=passes, options=options, keep=False), passes)
            outcome[passes] = None
        except Exception as problem:
            outcome[passes] = problem
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


@pytest.mark.parametrize("name, passes", CASES)
def test_scenario(outcomes, name, passes):
    problem = outcomes[name].result()[passes]
    if isinstance(problem, AssertionError):
        pytest.fail(str(problem), pytrace=False)
    if problem:
        raise problem


# --- what a scenario has to say beyond its packets ------------------------------------------------------------


@pytest.mark.parametrize("name", ["crypto_declined_under_rtp_avp", "call_without_keys", "one_side_in_the_clear"])
def test_frames_without_keys_look_as_without_the_plugin(tshark, name):
    scenario, capture, options = prepare(tshark, name)
    chosen = ["-V", "-x", "-Y", "frame.number in {%s}" % ",".join(map(str, scenario.stock_frames))]
    assert scenario.stock_frames
    assert tshark.text(capture, *chosen, *options) == tshark.text(capture, *chosen, plugin=False)


@pytest.mark.parametrize("name", ["wrong_key_under_rtp_avp"])
def test_ciphertext_is_not_shown_as_clear_rtp(tshark, name):
    scenario, capture, _ = prepare(tshark, name)
    payloads = tshark.fields(capture, "rtp.payload")
    assert scenario.no_payload_frames
    assert [frame for frame in scenario.no_payload_frames if payloads[frame] != [""]] == []


def test_stun_on_the_media_port_stays_stun(tshark):
    scenario, capture, _ = prepare(tshark, "stun_and_punches_on_the_media_port")
    stun = tshark.fields(capture, "stun.type", filter="stun")
    plain = sum(octets[42 + 4 : 42 + 8] == bytes.fromhex("2112a442") for _, octets, _ in scenario.capture.frames)
    assert len(stun) == plain > 0


@pytest.mark.parametrize("name", ["answer_invents_a_tag", "answer_takes_a_tag_and_another_suite"])
def test_an_answer_that_departs_from_the_offer_is_noted(tshark, name):
    scenario, capture, _ = prepare(tshark, name)
    offer, answer = (frame for frame, _ in scenario.dialogs[0].bodies)
    noted = tshark.fields(capture, "_ws.expert.message", filter="sdes && _ws.expert")
    assert answer in noted and noted[answer][0]
    assert offer not in noted

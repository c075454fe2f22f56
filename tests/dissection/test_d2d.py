"""Every scenario of direct communication with each of its key logs alone, and with none where the capture holds the keys: the
right SDUs deciphered, the right verdicts, and the keys named that did it."""

import base64

import pytest

import d2d_scenarios
from d2d_judge import FIELDS, choices, compare, compare_closed, framing, option, values
from model import pc5s_model as pc5s
from model.real_captures import FOLDER
from test_mikey_scenarios import SHOW_KEYS, side_by_side, writings
from test_model import octets, vectors

CAPTURE_ALONE = "capture alone"
# SDP and MIKEY in PC5 signalling are passed over: what the capture holds of keys is not there.
KEYS_NOT_READ = ["-o", "pc5s.keyest_encoding:E6"]


# --- running ---------------------------------------------------------------------------------------------------


def is_first(name):
    """Of its family of scenarios."""
    return name == next(each for each in d2d_scenarios.REGISTRY if each.split("[")[0] == name.split("[")[0])


def cases_of(name):
    """(label, passes) of the runs. Of a family only the first scenario gets secrets for anything, and two passes with one of its
    key logs and with none: what they exercise is alike in the others."""
    scenario = d2d_scenarios.build(name)
    labels = [label for label in scenario.key_logs if is_first(name) or not label.endswith(" *")]
    labels += [CAPTURE_ALONE] * scenario.self_contained
    return [(label, 1) for label in labels] + [(label, 2) for label in dict.fromkeys(labels[:1] + labels[-1:]) if is_first(name)]


CASES = [pytest.param(name, *case, id="%s-%s-%d" % (name, *case)) for name in d2d_scenarios.REGISTRY for case in cases_of(name)]


def place_of(name):
    return "d2d-" + "".join(letter if letter.isalnum() else "_" for letter in name)


def prepare(tshark, name):
    """(scenario, its capture)."""
    scenario = d2d_scenarios.build(name)
    capture = tshark.file(place_of(name) + ".pcap", b"")
    scenario.capture.write(capture)
    return scenario, capture


def key_log(tshark, name, label, text):
    return option("keylog_file", tshark.file("%s-%s.keylog" % (place_of(name), label.replace(" ", "-")), text))


def hide_keys(scenario):
    """What makes a key log the only source of keys, if they travel over PC5."""
    over_pc5 = any(agreement.offer for agreement in scenario.agreements)
    return KEYS_NOT_READ if scenario.self_contained and over_pc5 else []


def judge(tshark, name):
    """(label, passes) -> None, or what is wrong."""
    outcome = {}
    scenario, capture = prepare(tshark, name)
    for label, passes in cases_of(name):
        given = framing(scenario) + choices(scenario)
        if label != CAPTURE_ALONE:
            given += key_log(tshark, name, label, scenario.key_logs[label]) + hide_keys(scenario)
        try:
            frames = tshark.frames(capture, passes=passes, options=given, keep=False, more=FIELDS)
            compare(scenario, frames, "%s, %d pass(es)" % (label, passes), label)
            outcome[label, passes] = None
        except Exception as problem:
            outcome[label, passes] = problem
    capture.unlink()
    return outcome


def told(problem):
    if isinstance(problem, AssertionError):
        pytest.fail(str(problem), pytrace=False)
    if problem:
        raise problem


@pytest.fixture(scope="module")
def outcomes(tshark, request):
    yield from side_by_side(request, test_scenario, lambda name: judge(tshark, name))


@pytest.mark.parametrize("name, label, passes", CASES)
def test_scenario(outcomes, name, label, passes):
    told(outcomes[name].result()[label, passes])


# --- with the wrong keys -----------------------------------------------------------------------------------------


def wrong_log(scenario):
    """All its key logs, one octet changed in each secret."""
    lines = [line.split(" ") for text in scenario.key_logs.values() for line in text.splitlines()]
    return "".join("%s %s %02x%s\n" % (label, selector, int(secret[:2], 16) ^ 1, secret[2:])
                   for label, selector, secret in lines)


def can_be_closed(name):
    """Nothing else than key logs, or what can be hidden, has the keys; and there is a secret to change."""
    scenario = d2d_scenarios.build(name)
    return (is_first(name) or "eia0" in name) and any(scenario.key_logs.values()) and not scenario.packets and (
        not scenario.self_contained or hide_keys(scenario) and not scenario.dialogs)


def try_wrong_keys(tshark, name):
    scenario, capture = prepare(tshark, name)
    given = framing(scenario) + choices(scenario) + KEYS_NOT_READ * scenario.self_contained
    given += key_log(tshark, name, "wrong", wrong_log(scenario))
    compare_closed(scenario, tshark.frames(capture, options=given, keep=False, more=FIELDS), "wrong keys")


@pytest.fixture(scope="module")
def closed(tshark, request):
    yield from side_by_side(request, test_wrong_keys_open_nothing, lambda name: try_wrong_keys(tshark, name))


@pytest.mark.parametrize("name", filter(can_be_closed, d2d_scenarios.REGISTRY))
def test_wrong_keys_open_nothing(closed, name):
    told(closed[name].exception())


# --- searching -------------------------------------------------------------------------------------------------------

# scenario: what the search must name. Of a MAC-I that is ciphered the command, which is not, tells nothing.
SEARCHED = {
    "choice[kdsess_fc]": "kdsess_fc 7f",
    "choice[nonces_reversed]": "kdsess_order nonce_2_first",
    "choice[alg_fc]": "alg_fc 7e",
    "choice[bearer_less_one]": "bearer ",
    "choice[bearer_zero]": "bearer 0",
    "choice[direction_other]": "direction ",
    "choice[direction_zero]": "direction ",
    "choice[mac_ciphered]": "",
    "choice[mac_over_data_alone]": "mac_i_over data",
    "choice[kd_as_kdsess]": "traffic kd",
}
KD_LOG = "D2D_KD *"


def search(tshark, name):
    """What is wrong with the search switched off and on."""
    scenario, capture = prepare(tshark, name)
    given = framing(scenario) + KEYS_NOT_READ + key_log(tshark, name, KD_LOG, scenario.key_logs[KD_LOG])
    frames = tshark.frames(capture, options=given + option("search", "FALSE"), keep=False, more=FIELDS)
    closed = [number for number, pdus in scenario.protected.items() if frames[number].verdict not in pdus[0].verdicts]
    assert closed, "there is nothing to be searched for"
    frames = tshark.frames(capture, options=given, keep=False, more={**FIELDS, "found": "d2dsec.found"})
    compare(scenario, frames, "searched", KD_LOG)
    command = next(frame for frame, pdus in scenario.protected.items() if pdus[0].what == pc5s.COMMAND)
    assert SEARCHED[name] in frames[command].found, "frame %d: found %r" % (command, frames[command].found)


@pytest.fixture(scope="module")
def searches(tshark, request):
    yield from side_by_side(request, test_search, lambda name: search(tshark, name))


@pytest.mark.parametrize("name", SEARCHED)
def test_search(searches, name):
    told(searches[name].exception())


# --- secrets -------------------------------------------------------------------------------------------------------


def secrets_of(scenario):
    """(name, octets) of all from which traffic keys follow."""
    found = [(name, key) for context in scenario.contexts for name, (_, key) in context.keys.items() if key]
    for text in scenario.key_logs.values():
        for label, _, secret in (line.split() for line in text.splitlines()):
            key = bytes.fromhex(secret.split(":")[0])
            found.append((label, key))
            if label.startswith("SDES"):
                found += [(label + " key", key[:16]), (label + " salt", key[-14:])]
    return dict.fromkeys(found)


def find_secrets(tshark, name):
    """Names of the secrets that the plugin shows, beyond what stock does of SDP in SIP."""
    scenario, capture = prepare(tshark, name)
    given = framing(scenario) + choices(scenario)
    for label in list(scenario.key_logs)[:1]:
        given += key_log(tshark, name, label, scenario.key_logs[label])
    text = tshark.text(capture, "-V", "-x", "-2", *given)
    stock, low = tshark.text(capture, "-V", "-x", plugin=False) if scenario.dialogs else "", text.lower()
    found = set()
    for what, secret in secrets_of(scenario):
        encoded = base64.b64encode(secret).decode().rstrip("=")
        if text.count(encoded) > stock.count(encoded) or any(
                low.count(each) > stock.lower().count(each) for each in writings(secret)):
            found.add(what)
    return found


@pytest.fixture(scope="module")
def shown_secrets(tshark, request):
    yield from side_by_side(request, test_no_secret_is_shown, lambda name: find_secrets(tshark, name))


@pytest.mark.parametrize("name", filter(is_first, d2d_scenarios.REGISTRY))
def test_no_secret_is_shown(shown_secrets, name):
    assert shown_secrets[name].result() == set()


@pytest.mark.parametrize("name", ["flow[F2_ticket]", "rekeying[by_the_initiator]"])
def test_keys_are_shown_on_demand(tshark, name):
    scenario, capture = prepare(tshark, name)
    given = framing(scenario) + key_log(tshark, name, "D2D_KD", scenario.key_logs["D2D_KD"])
    text = tshark.text(capture, "-V", *given, *SHOW_KEYS).lower()
    wanted = {key for context in scenario.contexts for _, key in context.keys.values()}
    assert [key.hex() for key in wanted if not any(each in text for each in writings(key))] == []


# --- the sample -----------------------------------------------------------------------------------------------------

SAMPLE = FOLDER / "d2d-sample.pcap"
EXAMPLE = {each["name"]: each for each in vectors("d2d_example.json")}
# frame: verdict and SDU of the PDU that is protected, by the example's own names
SAMPLE_PDUS = {3: ("authenticated only", "DSMC PDCP PDU 128-EIA2 EEA0"), 4: ("decrypted", "DSM COMPLETE PDU EEA2/EIA2"),
               5: ("decrypted", "DCA PDU EEA2/EIA2 (LCID30,dir1)"),
               6: ("not authenticated", "IP PDU EEA2 (LCID 4,dir 0,SN 5)")}
KD_ALONE = "D2D_KD * %s\n" % EXAMPLE["KD"]["kdf"]["A"]
# name: options, and whether there is a key log
WAYS = {
    "whole": ([], False),
    "KD alone": (KEYS_NOT_READ, True),
    "KD alone, and all else to be searched": (
        [*KEYS_NOT_READ, *option("kdsess_fc", "11"), *option("kdsess_order", "nonce_2_first"), *option("bearer", "0"),
         *option("direction", "other"), *option("mac_i_over", "data"), *option("mac_i_ciphered", "TRUE")], True),
}


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("way", WAYS)
def test_sample(tshark, way, passes):
    options, has_log = WAYS[way]
    given = options + (option("keylog_file", tshark.file("d2d-sample.keylog", KD_ALONE)) if has_log else [])
    frames = tshark.frames(SAMPLE, passes=passes, options=given, more=FIELDS)
    sdus = {pdu["name"]: octets(pdu["plain"]) for pdu in EXAMPLE["PDUs"]["pdus"]}
    assert {number: frame.verdict for number, frame in frames.items() if number in SAMPLE_PDUS} == {
        number: verdict for number, (verdict, _) in SAMPLE_PDUS.items()}
    assert {number: [sdu for _, sdu in frame.deciphered] for number, frame in frames.items() if frame.deciphered} == {
        number: [sdus[SAMPLE_PDUS[number][1]]] for number in (4, 5, 6)}
    assert {values(frames[number].suite)[0] for number in SAMPLE_PDUS} == {"128-EEA2, 128-EIA2"}


def test_sample_without_keys_stays_closed(tshark):
    frames = tshark.frames(SAMPLE, options=KEYS_NOT_READ)
    assert [frame.number for frame in frames.values() if frame.deciphered] == []
    assert {frames[number].verdict for number in SAMPLE_PDUS} == {"no key"}

"""Every finding that a report can make, provoked by a capture of its own, and how the report judges it."""

import pytest

from d2d_judge import framing
from model.d2d_link import D2dScenario
from report_judge import report_of
from test_verify import SCHEMA
from verify_scenarios import CASES


def prepare(tshark, name):
    """(scenario, its capture, options)."""
    case = CASES[name]
    scenario = case.make()
    place = "verify-" + "".join(letter if letter.isalnum() else "_" for letter in name)
    capture = tshark.file(place + ".pcap", b"")
    scenario.capture.write(capture)
    options = list(case.options) + (framing(scenario) if isinstance(scenario, D2dScenario) else scenario.preferences)
    logs = getattr(scenario, "key_logs", None) or {}
    text = scenario.keylog if case.label is None else logs.get(case.label)
    if text is None and case.label is None and logs and not getattr(scenario, "self_contained", False):
        text = next(iter(logs.values()))
    if text:
        options += ["-o", "d2dsec.keylog_file:%s" % tshark.file(place + ".keylog", text)]
    return scenario, capture, options


@pytest.mark.parametrize("name", CASES)
def test_finding_is_made(tshark, name):
    case = CASES[name]
    scenario, capture, options = prepare(tshark, name)
    report = report_of(tshark, capture, *options, passes=case.passes)
    told = [(session["verdict"], [(each["code"], each["packets"], each["detail"]) for each in session["findings"]])
            for session in report["sessions"]]
    found = [(session["verdict"], each) for session in report["sessions"] for each in session["findings"]
             if each["code"] == case.code]
    assert found, told
    assert case.session in {verdict for verdict, _ in found}, told
    assert report["verdict"] == case.whole, told
    if case.packets is not None:
        assert sum(each["packets"] for _, each in found) == case.packets, told
    if case.detail is not None:
        assert any(case.detail in (each["detail"] or "") for _, each in found), told
    assert all(each["text"] and len(each["text"]) > 20 for _, each in found)


def test_every_finding_of_the_schema_has_a_capture():
    codes = SCHEMA["definitions"]["finding"]["properties"]["code"]["enum"]
    assert set(codes) == {case.code for case in CASES.values()}

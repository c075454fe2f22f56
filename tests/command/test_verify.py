"""d2dsec-verify on captures: exit status, calls of tshark, keys that pass between captures, what survives trouble."""

import hashlib
import os
import re
import signal
import time

import pytest
from documents import compared, finding, media, report, session, signalling, stream

WAIT = 30  # seconds
KEY_LINE = "SRTP_MASTER ssrc=0x00000001 AES_CM_128_HMAC_SHA1_80:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


# --- Exit status --------------------------------------------------------------------------------------

@pytest.mark.parametrize("verdict, status", [("verified", 0), ("partial", 1), ("failed", 1), ("no_traffic", 1)])
def test_exit_status_is_the_verdict(place, verdict, status):
    place.capture("a.pcap", report=report(verdict))
    code, out, _ = place.run("a.pcap", "--json", "a.json")
    assert code == status
    assert out.lower().startswith(verdict.replace("_", " ") + ":")
    assert place.read("a.json")["verdict"] == verdict


@pytest.mark.parametrize("arguments, message", [
    ([], "required: CAPTURE"),
    (["none.pcap"], "none.pcap: no such file"),
    (["."], "not a file"),
    (["a.pcap", "--keys", "none.log"], "none.log: No such file"),
    (["a.pcap", "--derived", "none.log"], "none.log: No such file"),
    (["a.pcap", "--from", "2026-03-01T10:00:00"], "is not like 2026-03-01T00:00:00Z"),
    (["a.pcap", "--to", "2026-13-01T10:00:00Z"], "is not like"),
    (["a.pcap", "--from", "2026-03-01T10:00:00Z", "--to", "2026-03-01T10:30:00+01:00"], "--to is before --from"),
    (["a.pcap", "--jobs", "0"], "not a number from 1"),
    (["a.pcap", "--preference", "nonsense"], "not NAME:VALUE"),
    (["a.pcap", "--json", "none/a.json"], "No such file"),
    (["a.pcap", "--work-dir", "a.pcap"], "exists"),
])
def test_errors_of_use(place, arguments, message):
    place.capture("a.pcap", report=report())
    code, out, errors = place.run(*arguments)
    assert code == 2 and message in errors and not out


def test_no_tshark(place):
    place.capture("a.pcap", report=report())
    code, _, errors = place.run("a.pcap", tshark="/nonexistent/tshark")
    assert code == 2 and "there is no tshark at /nonexistent/tshark" in errors


def test_plugin_not_loaded(place):
    place.plan[""] = {"plugins": "g711.so\t0.1.0\tcodec\t/usr/lib/g711.so"}
    place.capture("a.pcap", report=report())
    code, _, errors = place.run("a.pcap")
    assert code == 2 and "does not load the plugin d2dsec" in errors
    assert ("user or group 0" in errors) == (0 in (os.geteuid(), os.getegid()))
    assert not place.calls


def test_tshark_that_does_not_write_a_report(place):
    place.capture("a.pcap")
    code, _, errors = place.run("a.pcap")
    assert code == 2 and "report.json" in errors


def test_report_of_another_version(place):
    place.capture("a.pcap", report={**report(), "version": 2})
    code, _, errors = place.run("a.pcap")
    assert code == 2 and "has version 2" in errors


# --- How tshark is called -----------------------------------------------------------------------------

def test_arguments(place):
    capture = place.capture("a;.pcap", report=report())
    log = place.file("keys.log", KEY_LINE + "\n")
    place.run("a;.pcap", "--keys", "keys.log", "--liid", "LI 7: x", "--correlation", "42", "--operator", "Öp",
              "--from", "2026-03-01T01:00:00.5+01:00", "--to", "2026-03-02T00:00:00Z", "--preference", "d2dsec.kd_kdf:B",
              "-d", "udp.port==4000,pdcp_sl", "--enable-heuristic", "pdcp_sl_udp", "--json", "a.json")
    [call] = place.calls
    arguments = call["arguments"]
    assert arguments[:5] == ["-2", "-q", "-n", "-r", str(capture)]
    assert {arguments[at + 1] for at, each in enumerate(arguments) if each == "-o"} == {
        "d2dsec.keylog_file:%s" % log, "d2dsec.case_captures:%s/capture" % call["folder"],
        "d2dsec.case_liid:LI 7: x", "d2dsec.case_correlation:42", "d2dsec.case_operator:Öp", "d2dsec.case_from:2026-03-01T00:00:00.500000000Z",
        "d2dsec.case_to:2026-03-02T00:00:00.000000000Z", "d2dsec.kd_kdf:B"}
    assert arguments[arguments.index("-d") + 1] == "udp.port==4000,pdcp_sl"
    assert arguments[arguments.index("--enable-heuristic") + 1] == "pdcp_sl_udp"
    assert arguments.count("-z") == 1  # one capture: no keys are written down
    assert place.read("a.json")["case"]["liid"] == "LI 7: x"


def test_source_is_what_was_given(place):
    place.capture("a.pcap", report=report())
    logs = [place.file("first.log", KEY_LINE), place.file("second.log", "\ufeffMIKEY_PSK * 00\n")]
    place.run("a.pcap", "--keys", *logs, "--json", "a.json")
    [call] = place.calls
    assert call["keylog"] == KEY_LINE + "\nMIKEY_PSK * 00\n"
    source = place.read("a.json")["source"]
    assert source["captures"] == [{"name": "a.pcap", "size": 17, "problem": None,
                                   "sha256": hashlib.sha256(b"content of a.pcap").hexdigest()}]
    assert source["keylogs"] == [{"name": each.name, "size": each.stat().st_size, "problem": None,
                                  "sha256": hashlib.sha256(each.read_bytes()).hexdigest()} for each in logs]


def test_same_input_same_bytes(place):
    place.capture("a.pcap", report=report())
    place.capture("b.pcap", report=signalling(), keys=KEY_LINE)
    place.run("a.pcap", "b.pcap", "--json", "1.json", "--html", "1.html")
    place.run("b.pcap", "a.pcap", "-j", "1", "--json", "2.json", "--html", "2.html")
    for kind in ("json", "html"):
        assert (place.folder / ("1." + kind)).read_bytes() == (place.folder / ("2." + kind)).read_bytes()


def test_repeated_capture_counts_once(place):
    place.capture("a.pcap", report=report())
    place.capture("b.pcap", octets=b"content of a.pcap", report=report())
    code, _, errors = place.run("a.pcap", "b.pcap", "--json", "a.json")
    assert code == 0 and "b.pcap is passed over" in errors
    assert place.read("a.json")["totals"]["packets"] == 10


def test_json_to_standard_output(place):
    place.capture("a.pcap", report=report())
    _, out, _ = place.run("a.pcap", "--json", "-")
    assert out.startswith("{") and out.endswith("}\n")
    assert place.run("a.pcap", "--quiet")[1] == ""


def test_progress(place):
    place.capture("a.pcap", report=report())
    place.capture("b.pcap", report=report("no_traffic", []))
    assert place.run("a.pcap", "b.pcap")[2] == ""
    assert re.search(r"2 of 2 captures, 34\.0 B of 34\.0 B, \d+ s\n$", place.run("a.pcap", "b.pcap", "--progress")[2])


# --- Signalling in one capture, media in others -------------------------------------------------------

def plan_split_set(place, **media_options):
    place.capture("signalling.pcap", report=signalling(comparison=[compared("equal")]),
                  keys="# exported\n\n%s # 1\n" % KEY_LINE)
    place.capture("media.pcap", report=report("no_traffic", []), report_with_derived=media(), **media_options)


def test_keys_pass_to_the_others(place):
    plan_split_set(place)
    code, out, _ = place.run("media.pcap", "signalling.pcap", "--json", "a.json")
    calls = place.calls
    assert [(call["capture"], call["derived"]) for call in calls] == [
        ("media.pcap", None), ("signalling.pcap", None), ("media.pcap", KEY_LINE + "\n")]
    whole = place.read("a.json")
    assert (code, whole["verdict"]) == (0, "verified")
    [call] = whole["sessions"]
    assert call["method"] == "SDES" and call["verdict"] == "verified"
    assert [file["name"] for file in whole["source"]["captures"]] == ["media.pcap", "signalling.pcap"]
    assert call["capture"] == 2 and [each["capture"] for each in call["streams"]] == [1]
    assert [each["packets"] for each in call["keys"]] == [10]
    assert "10 of 10 packets" in out


def test_derived_keys_are_not_delivered(place):
    plan_split_set(place)
    log = place.file("delivered.log", KEY_LINE + "\n")
    place.run("media.pcap", "signalling.pcap", "--keys", log, "--json", "a.json")
    for call in place.calls:
        assert call["keylog"] == KEY_LINE + "\n"
        assert call["arguments"].count("d2dsec.keylog_file:%s" % log) == 1
    assert [file["name"] for file in place.read("a.json")["source"]["keylogs"]] == ["delivered.log"]


def test_given_derived_keys_are_kept_beside_those_of_the_set(place):
    plan_split_set(place)
    place.file("elsewhere.log", "MIKEY_TGK * 00\n")
    place.run("media.pcap", "signalling.pcap", "--derived", "elsewhere.log")
    derived = {(call["capture"], call["derived"]) for call in place.calls}
    assert derived == {("media.pcap", "MIKEY_TGK * 00\n"), ("signalling.pcap", "MIKEY_TGK * 00\n"),
                       ("media.pcap", "MIKEY_TGK * 00\n%s\n" % KEY_LINE)}


def test_separate(place):
    plan_split_set(place)
    code, _, _ = place.run("media.pcap", "signalling.pcap", "--separate", "--json", "a.json")
    assert code == 1 and place.read("a.json")["verdict"] == "no_traffic"
    assert all(call["derived"] is None and "keys" not in str(call["arguments"]) for call in place.calls)


def test_private_files(place):
    plan_split_set(place)
    place.run("media.pcap", "signalling.pcap", umask=0)
    calls = place.calls
    assert [call["derived_mode"] for call in calls] == [None, None, "600"]
    assert all(call["folder_modes"] == ["700"] for call in calls)


def test_no_key_in_what_remains(place):
    plan_split_set(place)
    secret = KEY_LINE.rpartition(":")[2]
    place.run("media.pcap", "signalling.pcap", "--work-dir", "work", "--json", "a.json", "--html", "a.html")
    place.calls  # the test's own
    left = [each for each in place.folder.rglob("*") if each.is_file() and each.name != "plan"]
    assert len(left) == 2 + 2 + 2 + 2  # captures, both rounds, outputs
    for each in left:
        assert secret.encode() not in each.read_bytes(), each


# --- Trouble ------------------------------------------------------------------------------------------

CUT = 'Running as user "root"...\ntshark: The file "CAPTURE" appears to have been cut short in the middle of a packet.\n'


def test_damaged_capture_is_reported_as_far_as_it_goes(place):
    place.capture("a.pcap", report=report(), status=2, stderr=CUT)
    code, out, _ = place.run("a.pcap", "--json", "a.json")
    whole = place.read("a.json")
    assert (code, whole["verdict"]) == (1, "partial")
    problem = 'The file "a.pcap" appears to have been cut short in the middle of a packet.'
    assert whole["source"]["captures"][0]["problem"] == problem
    assert "Capture a.pcap: %s\n" % problem in out


@pytest.mark.parametrize("trouble, problem", [
    (dict(kill=True), "tshark was ended by signal 11"),
    (dict(report=report(), half=True, kill=True), "tshark was ended by signal 11"),
    (dict(status=2, stderr='tshark: The file "CAPTURE" isn\'t a capture file in a format TShark understands.\n'),
     'The file "bad.pcap" isn\'t a capture file in a format TShark understands.'),
])
def test_capture_without_report(place, trouble, problem):
    place.capture("a.pcap", report=report())
    place.capture("bad.pcap", **trouble)
    code, _, errors = place.run("a.pcap", "bad.pcap", "--json", "a.json")
    whole = place.read("a.json")
    assert (code, whole["verdict"]) == (2, "partial")
    assert [file["problem"] for file in whole["source"]["captures"]] == [None, problem]
    assert "no report on bad.pcap: " + problem in errors
    assert whole["totals"]["packets"] == 10


def test_no_capture_with_a_report(place):
    place.capture("bad.pcap", kill=True)
    code, out, errors = place.run("bad.pcap", "--json", "a.json")
    assert code == 2 and not out and not (place.folder / "a.json").exists()
    assert "tshark was ended by signal 11" in errors


# --- What is kept -------------------------------------------------------------------------------------

def names(calls):
    return [call["capture"] for call in calls]


def test_rerun_does_nothing_again(place):
    plan_split_set(place)
    arguments = "media.pcap", "signalling.pcap", "--work-dir", "work", "--json"
    place.run(*arguments, "1.json")
    assert len(place.calls) == 3
    assert place.run(*arguments, "2.json")[0] == 0
    assert not place.calls
    assert (place.folder / "1.json").read_bytes() == (place.folder / "2.json").read_bytes()


def test_change_is_run_again(place):
    place.capture("a.pcap", report=report())
    place.capture("b.pcap", report=report())
    place.file("keys.log", "# one\n")
    arguments = "a.pcap", "b.pcap", "--separate", "--work-dir", "work", "--keys", "keys.log"
    place.run(*arguments)
    assert names(place.calls) == ["a.pcap", "b.pcap"]
    place.capture("b.pcap", octets=b"other", report=report())
    place.run(*arguments)
    assert names(place.calls) == ["b.pcap"]
    place.file("keys.log", "# two\n")
    place.run(*arguments)
    assert names(place.calls) == ["a.pcap", "b.pcap"]
    place.run(*arguments, "--liid", "7")
    assert names(place.calls) == ["a.pcap", "b.pcap"]
    place.run(*arguments)
    assert names(place.calls) == []


def test_crash_is_tried_again(place):
    place.capture("a.pcap", report=report())
    place.capture("bad.pcap", kill=True)
    arguments = "a.pcap", "bad.pcap", "--separate", "--work-dir", "work"
    assert place.run(*arguments)[0] == 2
    assert names(place.calls) == ["a.pcap", "bad.pcap"]
    place.capture("bad.pcap", report=report("no_traffic", []))
    assert place.run(*arguments)[0] == 0
    assert names(place.calls) == ["bad.pcap"]


def test_crash_in_the_second_round_leaves_the_first(place):
    plan_split_set(place)
    place.plan["media.pcap"] = {"report": report("failed", [session(verdict="failed", streams=[stream(no_key=10)])])}
    program = place.folder / "tshark"  # dies if it is given derived keys
    program.write_text('#!/bin/sh\ncase "$*" in *keylog_derived*) kill -SEGV $$ ;; esac\nexec %s "$@"\n' %
                       os.path.join(os.path.dirname(__file__), "fake_tshark"))
    program.chmod(0o755)
    code, _, _ = place.run("media.pcap", "signalling.pcap", "--work-dir", "work", "--json", "a.json", tshark=program)
    whole = place.read("a.json")
    assert (code, whole["verdict"], whole["totals"]["packets"]) == (1, "failed", 10)
    assert [file["problem"] for file in whole["source"]["captures"]] == ["tshark was ended by signal 11", None]
    place.plan["media.pcap"]["report_with_derived"] = media()
    assert place.run("media.pcap", "signalling.pcap", "--work-dir", "work", tshark=program)[0] == 1  # tried again


def test_keys_that_come_late_are_tried(place):
    """The signalling could not be read at first: what the media gave without it is not final."""
    plan_split_set(place)
    readable = place.plan["signalling.pcap"]
    place.plan["signalling.pcap"] = {"kill": True}
    arguments = "media.pcap", "signalling.pcap", "--work-dir", "work", "--json", "a.json"
    assert place.run(*arguments)[0] == 2
    place.plan["signalling.pcap"] = readable
    assert place.run(*arguments)[0] == 0
    assert place.read("a.json")["verdict"] == "verified"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"report": {}}', '{"report": null}'])
def test_damaged_work_file_is_made_anew(place, text):
    place.capture("a.pcap", report=report())
    place.run("a.pcap", "--work-dir", "work")
    [kept] = (place.folder / "work").iterdir()
    kept.write_text(text)
    assert place.run("a.pcap", "--work-dir", "work")[0] == 0
    assert len(place.calls) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interruption_loses_nothing_finished(place, number):
    plan_split_set(place, sleep=600)
    # Twice as large, so that it starts first; with two jobs both run at once.
    place.capture("media.pcap", octets=b"x" * 100, report=report("no_traffic", []), report_with_derived=media(), sleep=600)
    arguments = "media.pcap", "signalling.pcap", "-j", "2", "--work-dir", "work"
    child = place.popen(*arguments, start_new_session=True)
    end = time.monotonic() + WAIT
    work = place.folder / "work"
    while not (place.calls_file.exists() and len(place.calls_file.read_text().splitlines()) == 2
               and list(work.glob("*.json"))):
        assert time.monotonic() < end and child.poll() is None
        time.sleep(0.05)
    os.killpg(child.pid, number)  # as a terminal does
    _, errors = child.communicate(timeout=WAIT)
    assert child.returncode == 128 + number and errors == "d2dsec-verify: interrupted\n"
    assert not list(place.temporary.iterdir())  # keys were there
    calls = place.calls
    assert names(calls) == ["media.pcap", "signalling.pcap"]
    with pytest.raises(ProcessLookupError):
        os.kill(calls[0]["pid"], 0)
    assert len(list(work.iterdir())) == 1

    place.plan["media.pcap"]["sleep"] = 0
    assert place.run(*arguments)[0] == 0
    # what brought keys goes through tshark once more, since keys are not kept
    assert names(place.calls) == ["media.pcap", "signalling.pcap", "media.pcap"]


def test_rerun_after_the_first_round_reads_no_more_than_it_must(place):
    """Large media captures bring no keys: their first round is not repeated."""
    plan_split_set(place)
    place.capture("more.pcap", report=report("no_traffic", []), report_with_derived=media("more.pcap"))
    arguments = "media.pcap", "signalling.pcap", "more.pcap", "--work-dir", "work"
    place.run(*arguments, "--json", "1.json")
    assert len(place.calls) == 5
    for each in (place.folder / "work").iterdir():
        if '"exported"' not in each.read_text() and "media.pcap" in each.read_text():
            each.unlink()
    place.run(*arguments, "--json", "2.json")
    assert names(place.calls) == ["signalling.pcap", "media.pcap"]
    assert (place.folder / "1.json").read_bytes() == (place.folder / "2.json").read_bytes()


def test_findings_in_the_summary(place):
    reason = finding("wrong_key", packets=4, detail="line 3", text="Ask for the key of this call.")
    place.capture("a.pcap", report=report("partial", [session(verdict="partial", findings=[reason], streams=[stream(no_key=4)])],
                                          findings=[reason]))
    _, out, _ = place.run("a.pcap")
    assert out.splitlines() == [
        "partial: the keys explain a part of the traffic",
        "    1  partial     SDES, SIP over UDP  sip:alice@example.com - sip:bob@example.com  6 of 10 packets opened",
        "       wrong key (4 packets) [line 3]: Ask for the key of this call.",
        "Of the whole:",
        "  wrong key (4 packets) [line 3]: Ask for the key of this call."]


def test_summary_does_not_steer_the_terminal(place):
    place.capture("a.pcap", report=report(sessions=[session(uri="sip:\x1b[2J\n\u202e@example.com")]))
    _, out, _ = place.run("a.pcap")
    assert r"sip:\x1b[2J\n\u202e@example.com" in out

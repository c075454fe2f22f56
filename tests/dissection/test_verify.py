"""The verification report as tshark writes it: its form, what it rests on, and that the same input gives the same octets."""

import hashlib
import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CAPTURES = REPOSITORY / "captures"
CALL = CAPTURES / "sdes_pjsua_AES_CM_128_HMAC_SHA1_80.pcap"
LINK = CAPTURES / "d2d-sample.pcap"
SCHEMA = json.loads((REPOSITORY / "plugin/reports/verification.schema.json").read_text())


def verify(tshark, capture, *options, form=",json", passes=2):
    """Octets of the report on standard output."""
    arguments = ["-r", tshark.readable(capture), "-n", "-q", "-z", "d2dsec,verify" + form, *(["-2"] if passes == 2 else [])]
    return tshark.run(*arguments, *options)


def report_of(tshark, capture, *options, **more):
    report = json.loads(verify(tshark, capture, *options, **more).stdout)
    jsonschema.Draft7Validator(SCHEMA).validate(report)
    return report


def empty_capture(tshark):
    """A pcap file of Ethernet without a packet."""
    return tshark.file("empty.pcap", bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))


def test_schema_describes_every_member():
    jsonschema.Draft7Validator.check_schema(SCHEMA)

    def visit(node):
        if isinstance(node, dict):
            for member in node.get("properties", {}).values():
                assert "description" in member
            if "properties" in node:
                assert node["additionalProperties"] is False
                assert set(node["properties"]) - set(node["required"]) <= {"capture"}  # which merging adds
            for each in node.values():
                visit(each)
        elif isinstance(node, list):
            for each in node:
                visit(each)

    visit(SCHEMA)


@pytest.mark.parametrize("capture", sorted(CAPTURES.glob("*.pcap")), ids=lambda path: path.stem)
def test_report_of_each_sample_keeps_to_the_schema(tshark, capture):
    report = report_of(tshark, capture)
    totals = report["totals"]
    streams = [stream for session in report["sessions"] for stream in session["streams"]]
    assert totals["sessions"] == len(report["sessions"]) == sum(totals["by_verdict"].values())
    for name in "packets", "authenticated", "decrypted", "missing", "replayed":
        assert totals[name] == sum(stream[name] for stream in streams)
    for stream in streams:
        failures = dict(stream["failed"])
        assert failures.pop("total") == sum(failures.values())
        assert stream["packets"] == sum(stretch["packets"] for stretch in stream["stretches"])


def test_same_input_gives_the_same_octets(tshark):
    options = ["-o", "d2dsec.case_captures:%s" % tshark.readable(CALL)]
    assert verify(tshark, CALL, *options).stdout == verify(tshark, CALL, *options).stdout


def test_report_to_a_file(tshark):
    folder = tshark.folder / "reports"
    folder.mkdir()
    folder.chmod(0o777)
    done = verify(tshark, CALL, form=",json,%s" % (folder / "report.json"))
    assert done.stdout == b""
    assert (folder / "report.json").read_bytes() == verify(tshark, CALL).stdout


def test_file_that_cannot_be_written(tshark):
    done = verify(tshark, CALL, form=",json,%s" % (tshark.folder / "none" / "report.json"))
    assert b"Verification report" in done.stderr and b"No such file" in done.stderr


@pytest.mark.parametrize("form", ["", ",json"])
def test_output_that_is_full(tshark, form):
    argv, environment = tshark.command(["-r", tshark.readable(CALL), "-q", "-z", "d2dsec,verify" + form])
    with open("/dev/full", "wb") as full:
        done = subprocess.run(argv, env=environment, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.stderr.count(b"Verification report on standard output: No space left on device") == 1


def test_form_that_is_none(tshark):
    argv, environment = tshark.command(["-r", tshark.readable(CALL), "-q", "-z", "d2dsec,verify,xml"])
    done = subprocess.run(argv, env=environment, capture_output=True, timeout=60)
    assert b"d2dsec,verify,json,FILE" in done.stderr and b"Verdict" not in done.stdout


def test_case_is_echoed(tshark):
    report = report_of(tshark, CALL, "-o", "d2dsec.case_liid:LI-7", "-o", "d2dsec.case_correlation:42",
                       "-o", "d2dsec.case_operator:Exámple", "-o", "d2dsec.case_from:2000-01-02T03:04:05.5Z")
    assert report["case"] == {"liid": "LI-7", "correlation": "42", "operator": "Exámple",
                              "window": {"from": "2000-01-02T03:04:05.500000000Z", "to": None}}
    assert report["source"]["preferences"] == []


def test_packets_outside_the_window_are_counted_apart(tshark):
    whole = report_of(tshark, CALL)
    times = [int(float(row[0]) * 10**9) for row in tshark.fields(CALL, "frame.time_epoch", filter="rtp || rtcp", passes=2).values()]
    cut = sorted(stream["last"]["time"] for session in whole["sessions"] for stream in session["streams"])[0]
    part = report_of(tshark, CALL, "-o", "d2dsec.case_to:" + cut[:26] + "Z")
    assert part["case"]["window"]["to"] == cut
    assert 0 < part["totals"]["outside_window"] < len(times)
    assert part["totals"]["packets"] + part["totals"]["outside_window"] == whole["totals"]["packets"]
    none = report_of(tshark, CALL, "-o", "d2dsec.case_to:2000-01-01T00:00:00Z")
    assert none["verdict"] == "no_traffic" and none["totals"]["outside_window"] == whole["totals"]["packets"]


@pytest.mark.parametrize("name", ["case_from", "case_to"])
def test_time_that_is_none_is_named_once_and_not_used(tshark, name):
    done = verify(tshark, CALL, "-o", "d2dsec.%s:yesterday" % name)
    assert done.stderr.decode().count("d2dsec.%s is no time" % name) == 1
    assert json.loads(done.stdout)["case"]["window"] == {"from": None, "to": None}


def test_files_are_named_by_their_digest(tshark):
    keylog = tshark.file("keys.log", "# none\n")
    missing = tshark.folder / "missing.pcap"
    capture = tshark.readable(CALL)
    report = report_of(tshark, CALL, "-o", "d2dsec.keylog_file:%s" % keylog, "-o", "d2dsec.case_captures:%s;%s" % (capture, missing))
    source = report["source"]
    content = CALL.read_bytes()
    assert source["captures"][0] == {"name": CALL.name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "problem": None}
    assert source["captures"][1] == {"name": "missing.pcap", "size": None, "sha256": None, "problem": "No such file or directory"}
    assert [each["sha256"] for each in source["keylogs"]] == [hashlib.sha256(b"# none\n").hexdigest()]
    assert str(tshark.folder) not in json.dumps(report)


def test_preferences_that_affect_the_result(tshark):
    report = report_of(tshark, CALL, "-o", "d2dsec.kd_kdf:B", "-o", "d2dsec.show_keys:TRUE", "-o", "pc5s.keyest_short_length:TRUE")
    assert report["source"]["preferences"] == [{"name": "d2dsec.kd_kdf", "value": "B"},
                                               {"name": "pc5s.keyest_short_length", "value": "TRUE"}]


@pytest.mark.parametrize("passes", [1, 2])
def test_passes(tshark, passes):
    assert report_of(tshark, CALL, passes=passes)["source"]["two_passes"] is (passes == 2)


def test_nothing_to_verify(tshark):
    report = report_of(tshark, empty_capture(tshark))
    assert report["verdict"] == "no_traffic" and report["sessions"] == []
    text = verify(tshark, empty_capture(tshark), form="").stdout.decode()
    assert text.endswith("Verdict: no_traffic (sessions: 0 verified, 0 partial, 0 failed, 0 without traffic)\n")


@pytest.mark.parametrize("capture", [CALL, LINK], ids=["call", "link"])
def test_table_fits_a_terminal(tshark, capture):
    text = verify(tshark, capture, form="").stdout.decode()
    assert text.splitlines()[-1].startswith("Verdict: verified")
    assert all(len(line) <= 120 and line.isprintable() for line in text.splitlines())

"""d2dsec-verify with tshark and the plugin: sets of captures, bad input, resumption, merging, and that no key stays anywhere."""

import base64
import hashlib
import itertools
import json
import os
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from model import real_captures
from test_samples import ROOT
from test_verify import SCHEMA
from test_verify_secrets import shown, srtp_secrets
from tshark import TIMEOUT

REPORTS = ROOT / "plugin" / "reports"
CALL, EARLY = "sdes_pjsua_AES_CM_128_HMAC_SHA1_80", "sdes_pjsua_early_media_183"
TICKET, LINK = "made_mikey_ticket_tpk", "made_d2d_sdes_in_sip"
SIGNALLING = "sip || mikey_ticket"
PACKET_HEADER = 16

by_set = pytest.mark.parametrize("name", [CALL, TICKET, LINK])


class Place:
    """A folder that the unprivileged user may write to, and the command run in it as that user."""

    def __init__(self, tshark, command, folder):
        self.tshark, self.command, self.folder = tshark, command, folder
        self.temporary = self.make("tmp")

    def make(self, name):
        folder = self.folder / name
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        return folder

    def file(self, name, octets):
        path = self.folder / name
        path.write_bytes(octets)
        path.chmod(0o644)
        return path

    def sample(self, name):
        return self.file(name + ".pcap", (ROOT / "captures" / (name + ".pcap")).read_bytes())

    def keylog(self, name):
        return self.file(name + ".keylog", (ROOT / "keyfiles" / (name + ".keylog")).read_bytes())

    def program(self, name, text):
        path = self.file(name, text.encode())
        path.chmod(0o755)
        return path

    def run(self, *arguments):
        """(exit status, standard output, standard error)"""
        argv, environment = self.tshark.command([])
        path = os.pathsep.join([os.path.dirname(argv[-1]), environment["PATH"]])  # where the command looks for tshark
        argv[-1] = self.command
        done = subprocess.run([*argv, *map(str, arguments)], env=dict(environment, PATH=path, TMPDIR=str(self.temporary)),
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
        errors = done.stderr.decode()
        assert "Traceback" not in errors
        assert not list(self.temporary.iterdir()), "temporary files are left"
        return done.returncode, done.stdout.decode(), errors

    def report(self, name):
        """A report that the command wrote; it keeps to the schema."""
        report = json.loads((self.folder / name).read_bytes())
        jsonschema.Draft7Validator(SCHEMA).validate(report)
        return report

    def split(self, name):
        """The sample's signalling, and all the rest, as editcap parts them."""
        capture = self.sample(name)
        frames = self.tshark.text(capture, "-Y", SIGNALLING, "-T", "fields", "-e", "frame.number").split()
        assert frames
        parts = [self.folder / (name + ending) for ending in ("-signalling.pcap", "-media.pcap")]
        for part, options in zip(parts, (["-r"], [])):
            subprocess.run(["editcap", *options, capture, part, *frames], check=True, capture_output=True)
            part.chmod(0o644)
        capture.unlink()
        return parts


@pytest.fixture(scope="module")
def command(tshark):
    """A copy that the unprivileged user may run."""
    folder = tshark.folder / "command"
    shutil.copytree(REPORTS / "d2dsec_verify", folder / "d2dsec_verify", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPORTS / "d2dsec-verify", folder)
    for each in [folder, *folder.rglob("*")]:
        each.chmod(0o755)
    return folder / "d2dsec-verify"


@pytest.fixture
def place(tshark, command, request):
    folder = tshark.folder / ("command-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:12])
    folder.mkdir()
    folder.chmod(0o777)
    return Place(tshark, command, folder)


def keys_of(place, name):
    return ["--keys", place.keylog(name)] if (ROOT / "keyfiles" / (name + ".keylog")).exists() else []


def protected_packets(name):
    """As the sample's lists have it, which no C code made."""
    capture = ROOT / "captures" / (name + ".pcap")
    return sum(row.decrypts for row in real_captures.expected_rows(capture))


# --- one capture ---------------------------------------------------------------------------------------


def test_one_capture(place):
    status, out, _ = place.run(place.sample(CALL), "--json", "call.json", "--html", "call.html")
    report = place.report("call.json")
    assert status == 0 and report["verdict"] == "verified" and report["source"]["two_passes"]
    assert out.startswith("verified: ")
    expected = protected_packets(CALL)
    assert "%d of %d packets opened" % (expected, expected) in out
    assert report["totals"]["packets"] == expected
    content = (ROOT / "captures" / (CALL + ".pcap")).read_bytes()
    assert report["source"]["captures"] == [{"name": CALL + ".pcap", "size": len(content), "problem": None,
                                             "sha256": hashlib.sha256(content).hexdigest()}]
    page = (place.folder / "call.html").read_text()
    HTMLParser().feed(page)
    assert hashlib.sha256(content).hexdigest() in page and "<script" not in page


def test_same_input_gives_the_same_octets(place):
    parts = place.split(CALL)
    written = set()
    for order in (parts, parts[::-1]):
        place.run(*order, "--json", "set.json", "--html", "set.html", "--quiet")
        written.add(((place.folder / "set.json").read_bytes(), (place.folder / "set.html").read_bytes()))
    assert len(written) == 1


# --- signalling in one capture, media in another ---------------------------------------------------------


@by_set
def test_split_set(place, name):
    parts, keys = place.split(name), keys_of(place, name)
    status, out, errors = place.run(*parts, *keys, "--json", "set.json")
    report = place.report("set.json")
    assert (status, report["verdict"], errors) == (0, "verified", "")
    assert report["totals"]["failed"]["total"] == 0
    assert [file["name"] for file in report["source"]["captures"]] == sorted(part.name for part in parts)
    assert [file["name"] for file in report["source"]["keylogs"]] == [path.name for path in keys[1:]]
    status, _, _ = place.run(*parts, *keys, "--separate", "--json", "separate.json")
    report = place.report("separate.json")
    assert status == 1 and report["verdict"] != "verified"
    # What has no key is told once.
    assert sum(finding["packets"] for finding in report["findings"]) == report["totals"]["failed"]["total"]


@pytest.mark.parametrize("name", [CALL, TICKET])
def test_streams_of_a_split_set_are_told_in_the_session_of_the_call(place, name):
    parts = place.split(name)
    place.run(*parts, *keys_of(place, name), "--json", "set.json")
    report = place.report("set.json")
    (session,) = report["sessions"]
    numbers = {file["name"]: at for at, file in enumerate(report["source"]["captures"], 1)}
    assert session["capture"] == numbers[parts[0].name]
    assert {stream["capture"] for stream in session["streams"]} == {numbers[parts[1].name]}
    assert session["events"] and session["parties"]
    assert session["findings"] == []  # no trial of keys: that there was one is due to the split
    assert sum(stream["packets"] for stream in session["streams"]) == report["totals"]["packets"] == protected_packets(name)
    assert sum(key["packets"] for key in session["keys"]) == protected_packets(name)


def test_a_link_whose_keys_another_capture_signalled(place):
    """KD of the link's PC5 signalling follows from the SDP of the call."""
    parts = place.split(LINK)
    place.run(*parts, "--json", "set.json")
    report = place.report("set.json")
    by_verdict = {session["verdict"]: session for session in report["sessions"]}
    link = by_verdict["verified"]
    assert link["carrier"] == "PC5 signalling" and by_verdict["no_traffic"]["carrier"] == "SIP over UDP"
    told = [step for step in link["derivation"] if step["function"] == "taken from key log"]
    assert told and all(step["parameters"].endswith(" of derived keys") for step in told)


def test_derived_keys_are_compared_with_nothing(place):
    """And what was delivered is: the same key by both ways is delivered."""
    parts = place.split(CALL)
    log = place.folder / "derived.keys"
    place.tshark.run("-2", "-q", "-r", parts[0], "-z", "d2dsec,keys,%s" % log)
    secrets = log.read_bytes()
    os.chmod(log, 0o644)
    status, _, _ = place.run(parts[1], "--derived", log, "--json", "derived.json")
    report = place.report("derived.json")
    assert status == 0 and [each for session in report["sessions"] for each in session["comparison"]] == report["comparison"] == []
    assert [(file["name"], file["sha256"]) for file in report["source"]["keylogs"]] == \
        [("derived.keys", hashlib.sha256(secrets).hexdigest())]
    assert {key["detail"] for session in report["sessions"] for key in session["keys"]} == \
        {"line %d of derived keys" % at for at, line in enumerate(secrets.splitlines(), 1) if line.startswith(b"SRTP_MASTER")}
    delivered = place.file("delivered.keys", secrets)
    place.run(parts[1], "--keys", delivered, "--derived", log, "--json", "both.json")
    report = place.report("both.json")
    assert {key["detail"] for session in report["sessions"] for key in session["keys"] if key["packets"]} <= \
        {"line %d" % at for at in range(1, len(secrets.splitlines()) + 1)}
    compared = [each for session in report["sessions"] for each in session["comparison"]] + report["comparison"]
    assert compared and {each["match"] for each in compared} == {"only_delivered"}
    status, _, _ = place.run(*parts, "--derived", log, "--json", "set.json")
    assert status == 0 and [file["name"] for file in place.report("set.json")["source"]["keylogs"]] == ["derived.keys"]


# --- what does not verify --------------------------------------------------------------------------------


def test_wrong_keys(place):
    _, media = place.split(CALL)
    keys = {row.ssrc for row in real_captures.expected_rows(ROOT / "captures" / (CALL + ".pcap")) if row.decrypts}
    log = place.file("wrong.log", "".join(
        "SRTP_MASTER ssrc=0x%08x AES_CM_128_HMAC_SHA1_80:%s\n" % (ssrc, base64.b64encode(bytes(range(30))).decode())
        for ssrc in sorted(keys)).encode())
    status, out, _ = place.run(media, "--keys", log, "--json", "wrong.json")
    report = place.report("wrong.json")
    assert status == 1 and report["verdict"] == "failed" and out.startswith("FAILED")
    assert "wrong_key" in {finding["code"] for finding in report["findings"]}


def test_capture_that_is_none(place):
    status, _, errors = place.run("none.pcap", "--json", "report.json")
    assert (status, errors) == (2, "d2dsec-verify: none.pcap: no such file\n")
    garbage = place.file("garbage.pcap", b"no capture at all\n" * 20)
    status, _, errors = place.run(garbage, "--json", "report.json")
    assert status == 2 and "no report on garbage.pcap" in errors
    assert not (place.folder / "report.json").exists()


def test_garbage_among_captures(place):
    garbage = place.file("garbage.pcap", b"no capture at all\n" * 20)
    status, out, errors = place.run(place.sample(CALL), garbage, "--json", "report.json")
    report = place.report("report.json")
    assert status == 2 and "no report on garbage.pcap" in errors
    assert report["verdict"] == "partial" and report["sessions"][0]["verdict"] == "verified"
    problems = {file["name"]: file["problem"] for file in report["source"]["captures"]}
    assert problems.pop("garbage.pcap") and problems == {CALL + ".pcap": None}


def test_capture_that_ends_in_a_packet(place):
    """As a disk that was full leaves it."""
    content = (ROOT / "captures" / (CALL + ".pcap")).read_bytes()
    at, ends = 24, []
    while at < len(content):
        at += PACKET_HEADER + int.from_bytes(content[at + 8 : at + 12], "little")
        ends.append(at)
    whole = 300
    cut = place.file("cut.pcap", content[: ends[whole - 1] + PACKET_HEADER + 20])
    status, out, _ = place.run(cut, "--json", "cut.json")
    report = place.report("cut.json")
    assert (status, report["verdict"]) == (1, "partial")
    (file,) = report["source"]["captures"]
    assert "cut short" in file["problem"] and str(place.folder) not in json.dumps(report)
    assert "Capture cut.pcap: " in out
    rows = real_captures.expected_rows(ROOT / "captures" / (CALL + ".pcap"))
    assert report["totals"]["packets"] == sum(row.decrypts and row.frame <= whole for row in rows)
    assert report["totals"]["failed"]["total"] == 0


# --- a second run, and merging -----------------------------------------------------------------------------


def test_a_second_run_does_only_what_is_left(place):
    calls = place.file("calls", b"")
    calls.chmod(0o666)
    program = place.program("counting-tshark", '#!/bin/sh\ncase " $* " in *" -r "*) echo run >>%s ;; esac\nexec %s "$@"\n' % (
        calls, place.tshark.command([])[0][-1]))

    def runs():
        count = len(calls.read_text().splitlines())
        calls.write_text("")
        return count

    parts = place.split(CALL)
    arguments = [*parts, "--tshark", program, "--work-dir", "work", "--json"]
    assert place.run(*arguments, "first.json")[0] == 0
    assert runs() == 3  # the signalling, and the media without and with its keys
    assert place.run(*arguments, "second.json")[0] == 0
    assert runs() == 0
    assert (place.folder / "first.json").read_bytes() == (place.folder / "second.json").read_bytes()
    assert place.run(*parts, place.sample(EARLY), *arguments[2:], "third.json")[0] == 0
    assert 0 < runs() <= 5
    assert place.report("third.json")["totals"]["packets"] == protected_packets(CALL) + protected_packets(EARLY)


def test_reports_merge_in_any_order(place):
    names = [CALL, EARLY, TICKET]
    for name in names:
        assert place.run(place.sample(name), *keys_of(place, name), "--quiet", "--json", name + ".json")[0] == 0
    written = set()
    for order in itertools.permutations(name + ".json" for name in names):
        status, _, _ = place.run("merge", *order, "--quiet", "--json", "whole.json", "--html", "whole.html")
        assert status == 0
        written.add(((place.folder / "whole.json").read_bytes(), (place.folder / "whole.html").read_bytes()))
    assert len(written) == 1
    assert place.report("whole.json")["totals"]["packets"] == sum(map(protected_packets, names))


# --- secrets ---------------------------------------------------------------------------------------------


def logged_secrets(log):
    for line in log.decode().splitlines():
        if line and line[0] != "#":
            yield line.split()[0], bytes.fromhex(line.split()[2].partition(":")[0])


@pytest.mark.parametrize("name", [CALL, TICKET])
def test_no_key_is_left_in_any_file(place, name):
    """Master keys, salts and session keys; of a ticket its protection key and the TEKs, too."""
    capture = ROOT / "captures" / (name + ".pcap")
    if name == CALL:
        secrets = list(srtp_secrets(real_captures.keys_of(capture)))
    else:
        secrets = list(logged_secrets((ROOT / "keyfiles" / (name + ".keylog")).read_bytes()))
        rows = [line.split("\t") for line in capture.with_suffix(".teks.tsv").read_text().splitlines() if line[0] != "#"]
        secrets += [("TEK of CS %s" % row[1], bytes.fromhex(row[2])) for row in rows]
    assert len(secrets) > 1
    inputs = [*place.split(name), *keys_of(place, name)[1:]]
    place.run(*inputs[:2], *(["--keys", inputs[2]] if inputs[2:] else []), "--work-dir", "work", "--json", "set.json", "--html", "set.html")
    left = [path for path in place.folder.rglob("*") if path.is_file() and path not in inputs]
    assert {"set.json", "set.html"} < {path.name for path in left} and any(path.parent.name == "work" for path in left)
    for path in left:
        assert shown(path.read_bytes(), secrets) == set(), path.name
    assert shown(Path(inputs[-1]).read_bytes() if inputs[2:] else inputs[0].read_bytes(), secrets)  # they can be found

"""What a report counts, against what the makers of the captures know: each scenario, each sample, each call of real agents."""

import gzip
import os
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

import d2d_scenarios
import scenarios
import test_samples
from d2d_judge import choices, framing
from judge import Judgement
from model import real_captures
from report_judge import compare_with_scenario, opened, place, report_of, streams_of
from test_d2d import place_of
from test_samples import preferences_of, script, secret_of  # noqa: F401 (a fixture)
from test_scenarios import prepare


def is_first(registry, name):
    return name == next(each for each in registry if each.split("[")[0] == name.split("[")[0])


MEDIA = [name for name in scenarios.REGISTRY if is_first(scenarios.REGISTRY, name)]


def outcome_of(function, *arguments):
    try:
        function(*arguments)
    except Exception as problem:
        return problem


def side_by_side(request, test, function):
    """name -> what is wrong, on all processors."""
    chosen = dict.fromkeys(item.callspec.params["name"] for item in request.session.items if item.function is test)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(outcome_of, function, name) for name in chosen}
        pool.shutdown(cancel_futures=True)


def told(problem):
    if isinstance(problem, AssertionError):
        pytest.fail(str(problem), pytrace=False)
    if problem:
        raise problem


# --- scenarios -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def media_outcomes(tshark, request):
    def judge(name):
        scenario, capture, options = prepare(tshark, name)
        report = report_of(tshark, capture, *options)
        capture.unlink()
        compare_with_scenario(scenario, report)

    yield from side_by_side(request, test_scenario, judge)


@pytest.mark.parametrize("name", MEDIA)
def test_scenario(media_outcomes, name):
    told(media_outcomes[name].result())


# --- direct communication --------------------------------------------------------------------------------------------


def sidelink_counts(report):
    """(LCID, key ID) -> counts of all streams of the sidelink."""
    counts = defaultdict(Counter)
    for stream in streams_of(report):
        if stream["protocol"] == "PDCP-SL":
            channel = counts[stream["lcid"], stream["key_id"]]
            for name in ("authenticated", "unauthenticated", "missing", "packets"):
                channel[name] += stream[name]
            channel["failed"] += stream["failed"]["total"]
    return counts


def compare_link(scenario, report):
    """PDUs that need not be put together are not judged, nor those whose verdict is open."""
    judgement = Judgement("report of " + scenario.name)
    wanted, open_verdict = defaultdict(Counter), set()
    for frame, pdus in scenario.protected.items():
        for pdu in pdus:
            channel = pdu.lcid, pdu.context.identity if pdu.context else 0
            if not pdu.must or not pdu.verdicts:
                open_verdict.add(channel)
            if pdu.plain is None:
                wanted[channel]["failed"] += 1
            else:
                wanted[channel]["opened"] += 1
    shown = sidelink_counts(report)
    for channel, counts in wanted.items():
        found = shown.get(channel, Counter())
        if channel in open_verdict:
            continue
        if (found["authenticated"] + found["unauthenticated"], found["failed"]) != (counts["opened"], counts["failed"]):
            judgement.add("wrong counts", 0, "channel %s: %s, not %s" % (channel, dict(found), dict(counts)))
    for channel in set(shown) - set(wanted):
        judgement.add("channel that carries nothing protected", 0, str(channel))
    closed = sum(each["failed"] for each in wanted.values())
    opened_ = sum(each["opened"] for each in wanted.values())
    if not open_verdict and closed and opened_ == 0 and report["verdict"] != "failed":
        judgement.add("wrong verdict", 0, report["verdict"] + ", though nothing opens")
    if not closed and opened_ and not open_verdict and report["verdict"] != "verified":
        judgement.add("wrong verdict", 0, "%s, though everything opens: %s" % (report["verdict"], [
            (each["method"], each["verdict"], [finding["code"] for finding in each["findings"]]) for each in report["sessions"]]))
    judgement.conclude()


LINKS = [name for name in d2d_scenarios.REGISTRY if is_first(d2d_scenarios.REGISTRY, name)]


@pytest.fixture(scope="module")
def link_outcomes(tshark, request):
    def judge(name):
        scenario = d2d_scenarios.build(name)
        capture = tshark.file("report-" + place_of(name) + ".pcap", b"")
        scenario.capture.write(capture)
        given = framing(scenario) + choices(scenario)
        if not scenario.self_contained:
            log = tshark.file("report-%s.keylog" % place_of(name), next(iter(scenario.key_logs.values())))
            given += ["-o", "d2dsec.keylog_file:%s" % log]
        report = report_of(tshark, capture, *given)
        capture.unlink()
        compare_link(scenario, report)

    yield from side_by_side(request, test_link, judge)


@pytest.mark.parametrize("name", LINKS)
def test_link(link_outcomes, name):
    told(link_outcomes[name].result())


# --- samples and calls of real agents --------------------------------------------------------------------------------


def compare_with_list(capture, report):
    """By the list of what must come out, which libsrtp2 or the sender made."""
    judgement = Judgement("report of " + capture.stem)
    wanted = defaultdict(list)
    for row in real_captures.expected_rows(capture):
        if row.decrypts:
            protocol = "SRTP" if row.is_rtp else "SRTCP"
            name = protocol, place((row.src, row.sport)), place((row.dst, row.dport)), "0x%08x" % row.ssrc
            wanted[name].append(row.frame)
    shown = defaultdict(int)
    for stream in streams_of(report):
        name = stream["protocol"], stream["source"], stream["destination"], stream["ssrc"]
        if stream["protocol"] != "PDCP-SL" and opened(stream):
            shown[name] += opened(stream)
            if not stream["failed"]["total"] and (stream["first"]["frame"], stream["last"]["frame"]) != (
                    min(wanted[name], default=0), max(wanted[name], default=0)):
                judgement.add("wrong first or last frame", stream["first"]["frame"], str(name))
    for name in set(wanted) | set(shown):
        if len(wanted[name]) != shown[name]:
            judgement.add("wrong number of packets", 0, "%s: %d, not %d" % (name, shown[name], len(wanted[name])))
    judgement.conclude()


@pytest.mark.parametrize("capture", real_captures.ALL + real_captures.more(), ids=lambda path: path.stem)
def test_real_call(tshark, capture):
    report = report_of(tshark, capture)
    compare_with_list(capture, report)
    assert report["verdict"] == ("partial" if any(
        row.kind in ("rtp-corrupt", "unverified") for row in real_captures.expected_rows(capture)) else "verified")


@pytest.mark.parametrize("capture", test_samples.MEDIA, ids=lambda path: path.stem)
def test_sample_of_media(tshark, script, capture):
    report = report_of(tshark, capture, *secret_of(tshark, capture), *preferences_of(script, capture))
    compare_with_list(capture, report)
    assert report["verdict"] == "verified"


@pytest.mark.parametrize("capture", test_samples.D2D, ids=lambda path: path.stem)
def test_sample_of_direct_communication(tshark, script, capture):
    report = report_of(tshark, capture, *secret_of(tshark, capture), *preferences_of(script, capture))
    with gzip.open(real_captures.sdus_path(capture), "rt") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line[0] != "#"]
    wanted, found = Counter(), Counter()
    for _, verdict, _, _, lcid in rows:
        wanted[int(lcid), verdict == "not authenticated"] += 1
    for stream in streams_of(report):
        if stream["protocol"] == "PDCP-SL":
            found[stream["lcid"], False] += stream["authenticated"]
            found[stream["lcid"], True] += stream["unauthenticated"]
    assert +found == wanted
    assert report["verdict"] == "verified"

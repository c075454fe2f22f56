"""Compares a verification report with what the maker of a capture knows of its traffic: counts that no line of the plugin made."""

import ipaddress
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from judge import Judgement

OPENED = {"decrypted", "authenticated only", "not authenticated", "replayed"}
FAILURES = {"tag mismatch": "tag_mismatch", "no key": "no_key", "truncated": "truncated",
            "unsupported suite": "unsupported_suite", "clear": "in_clear"}


def report_of(tshark, capture, *options, passes=2):
    """The report that tshark prints as JSON."""
    two = ["-2"] if passes == 2 else []
    done = tshark.run("-r", tshark.readable(capture), *two, "-q", "-z", "d2dsec,verify,json", *options)
    return json.loads(done.stdout)


def place(address):
    ip, port = address
    return "[%s]:%s" % (ip, port) if ipaddress.ip_address(ip).version == 6 else "%s:%s" % (ip, port)


@dataclass
class Known:
    """What is known of one stream. indices: (key, index) of each packet that opens; packets: and its octets."""

    frames: list = field(default_factory=list)
    indices: list = field(default_factory=list)
    packets: list = field(default_factory=list)
    unauthenticated: int = 0
    unencrypted: int = 0

    @property
    def replayed(self):
        return len(self.packets) - len(set(self.packets))

    @property
    def reused(self):
        """An index again, and under it other octets."""
        return len(set(self.packets)) - len(set(self.indices))

    @property
    def missing(self):
        by_key = defaultdict(set)
        for key, index in self.indices:
            by_key[key].add(index)
        return sum(max(each) - min(each) + 1 - len(each) for each in by_key.values())


def known_streams(scenario):
    """(protocol, source, destination, SSRC) -> Known, of the packets that must open."""
    streams = defaultdict(Known)
    for frame, packet in scenario.packets.items():
        protocol = "SRTP" if packet.kind == "rtp" else "SRTCP"
        known = streams[protocol, place(packet.src), place(packet.dst), "0x%08x" % packet.ssrc]
        known.frames.append(frame)
        known.indices.append((packet.key.fingerprint, packet.index))
        known.packets.append((packet.key.fingerprint, packet.index, packet.wire))
        known.unauthenticated += packet.verdict == "not authenticated"
        known.unencrypted += packet.verdict == "authenticated only" or packet.key.suite.cipher == "null"
    return streams


def known_failures(scenario):
    """Failure -> frames; None where the verdict of a packet that must not open is not fixed."""
    failures = Counter()
    for expected in scenario.expected.values():
        if expected.plain is not None:
            continue
        if expected.verdicts is None or len(expected.verdicts) != 1:
            return None
        failures[FAILURES[next(iter(expected.verdicts))]] += 1
    return failures


def streams_of(report):
    return [stream for session in report["sessions"] for stream in session["streams"]]


def name_of(stream):
    return stream["protocol"], stream["source"], stream["destination"], stream["ssrc"]


def opened(stream):
    return stream["authenticated"] + stream["unauthenticated"]


def compare_with_scenario(scenario, report):
    judgement = Judgement("report of " + scenario.name)
    told = defaultdict(list)
    for stream in streams_of(report):
        told[name_of(stream)].append(stream)
    known = known_streams(scenario)
    for name, streams in told.items():
        if len(streams) > 1:
            judgement.add("a stream of several sessions", 0, str(name))
    for name, expected in known.items():
        if name not in told:
            judgement.add("stream not told of", expected.frames[0], str(name))
            continue
        compare_stream(judgement, name, expected, told[name][0])
    for name, streams in told.items():
        if name not in known and opened(streams[0]):
            judgement.add("opened, though it can't be", streams[0]["first"]["frame"], str(name))
    failures = known_failures(scenario)
    if failures is not None:
        for failure in FAILURES.values():
            count = sum(stream["failed"][failure] for stream in streams_of(report))
            if count != failures[failure]:
                judgement.add("wrong number of failures", 0, "%s: %d, not %d" % (failure, count, failures[failure]))
        compare_verdict(judgement, known, failures, report)
    judgement.conclude()


def compare_stream(judgement, name, expected, stream):
    at = expected.frames[0]
    for what, found, wanted in (
            ("opened", opened(stream), len(expected.frames)),
            ("not authenticated", stream["unauthenticated"], expected.unauthenticated),
            ("not encrypted", stream["unencrypted"], expected.unencrypted),
            ("missing", stream["missing"], expected.missing),
            ("replayed", stream["replayed"], expected.replayed),
            ("under an index used again", stream["keystream_reuse"], expected.reused),
            ("all in all", stream["packets"], opened(stream) + stream["failed"]["total"])):
        if found != wanted:
            judgement.add("wrong number of packets", at, "%s %s: %d, not %d" % (name, what, found, wanted))
    if not stream["failed"]["total"]:
        ends = stream["first"]["frame"], stream["last"]["frame"]
        if ends != (min(expected.frames), max(expected.frames)):
            judgement.add("wrong first or last frame", at, "%s %s" % (name, ends))
    stretches = [each for each in stream["stretches"] if each["key"]]
    by_key = defaultdict(set)
    for key, index in expected.indices:
        by_key[key].add(index)
    for stretch in stretches:
        wanted = by_key.get(stretch["key"])
        if not wanted or (stretch["index"]["first"], stretch["index"]["last"]) != (min(wanted), max(wanted)):
            judgement.add("wrong range of indices", at, "%s %s" % (name, stretch))
        elif name[0] == "SRTP" and stretch["roc"] != {"first": min(wanted) >> 16, "last": max(wanted) >> 16}:
            judgement.add("wrong range of rollover counters", at, "%s %s" % (name, stretch))
    if {each["key"] for each in stretches} != set(by_key):
        judgement.add("wrong keys", at, "%s %s, not %s" % (name, sorted(each["key"] for each in stretches), sorted(by_key)))


def compare_verdict(judgement, known, failures, report):
    """All that is protected opens and something vouches for it: verified. Nothing opens: failed. RTCP in the clear needs no key."""
    closed = sum(count for failure, count in failures.items() if failure != "in_clear")
    if not known:
        wanted = {"failed"} if closed else {"no_traffic", "verified"}
    elif closed:
        wanted = {"partial"}
    elif any(each.unauthenticated for each in known.values()):
        wanted = {"verified", "partial"}
    else:
        wanted = {"verified"}
    if report["verdict"] not in wanted:
        judgement.add("wrong verdict", 0, "%s, not %s: %s" % (report["verdict"], sorted(wanted), [
            (session["verdict"], [finding["code"] for finding in session["findings"]]) for session in report["sessions"]]))

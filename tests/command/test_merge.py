"""d2dsec-verify merge: the same report whatever the order, and what it refuses."""

import itertools
import json

import pytest
from documents import compared, finding, key, media, report, session, signalling, stream


def merged(place, *documents, status=0):
    files = [place.report("part%d.json" % number, each) for number, each in enumerate(documents)]
    code, _, errors = place.run("merge", *files, "--json", "whole.json", "--html", "whole.html")
    assert code == status, errors
    return place.read("whole.json")


def refused(place, *documents):
    files = [place.report("part%d.json" % number, each) for number, each in enumerate(documents)]
    code, out, errors = place.run("merge", *files, "--json", "whole.json")
    assert code == 2 and not out and not (place.folder / "whole.json").exists()
    return errors


def test_one_report_stays_as_it_is(place):
    document = report("partial", findings=[finding("wrong_key")], problem="cut short")
    assert json.dumps(merged(place, document, status=1)) == json.dumps(document)


def test_order_does_not_matter(place):
    parts = [signalling(), media(), report(name="b.pcap"),
             report("partial", [session(verdict="partial", findings=[finding("wrong_key", packets=3)])], name="a.pcap")]
    results = set()
    for order in itertools.islice(itertools.permutations(parts), 0, None, 5):
        merged(place, *order, status=1)
        results.add(((place.folder / "whole.json").read_bytes(), (place.folder / "whole.html").read_bytes()))
    assert len(results) == 1


def test_merging_what_was_merged(place):
    parts = [report(name="c.pcap"), report(name="a.pcap"), report("partial", [session(verdict="partial")], name="b.pcap")]
    whole = merged(place, *parts, status=1)
    half = merged(place, parts[0], parts[1])
    assert merged(place, half, parts[2], status=1) == whole
    assert [(each["id"], each["capture"]) for each in whole["sessions"]] == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("parts, whole", [
    (["verified", "verified"], "verified"), (["verified", "no_traffic"], "verified"), (["no_traffic", "no_traffic"], "no_traffic"),
    (["failed", "failed"], "failed"), (["failed", "no_traffic"], "failed"), (["verified", "failed"], "partial"),
    (["verified", "partial"], "partial"), (["partial", "no_traffic"], "partial"),
])
def test_verdict(place, parts, whole):
    documents = [report(verdict, [session(verdict=verdict)], name="%d.pcap" % number) for number, verdict in enumerate(parts)]
    assert merged(place, *documents, status=0 if whole == "verified" else 1)["verdict"] == whole


def test_damaged_capture_makes_the_whole_partial(place):
    whole = merged(place, report("no_traffic", [], name="a.pcap", problem="cut short"), report(name="b.pcap"), status=1)
    assert whole["verdict"] == "partial"


def test_totals_and_findings_add_up(place):
    a = report("partial", [session(verdict="partial", streams=[stream(10, no_key=4), stream(5)], findings=[
        finding("replayed", "remark", 1), finding("key_missing", packets=4)])], name="a.pcap")
    b = report("partial", [session(findings=[
        finding("key_missing", packets=2), finding("departure", "remark", detail="x"),
        finding("departure", "remark", 1, detail="y")])], name="b.pcap")
    whole = merged(place, a, b, status=1)
    assert whole["totals"] == {
        "sessions": 2, "by_verdict": {"verified": 1, "partial": 1, "failed": 0, "no_traffic": 0},
        "packets": 25, "authenticated": 21, "decrypted": 21, "unauthenticated": 0, "unencrypted": 0,
        "failed": {"total": 4, "tag_mismatch": 0, "no_key": 4, "truncated": 0, "unsupported_suite": 0, "in_clear": 0}}
    assert [(each["code"], each["packets"], each["detail"]) for each in whole["findings"]] == [
        ("key_missing", 6, "in 2 sessions"), ("replayed", 1, "in 1 session"), ("departure", 1, "in 1 session")]


def test_tools_and_preferences(place):
    other = report(name="b.pcap")
    other["source"]["tools"]["wireshark"] = "4.4.3"
    other["source"]["two_passes"] = False
    other["source"]["preferences"].append({"name": "d2dsec.bearer", "value": "0"})
    source = merged(place, report(), other)["source"]
    assert source["tools"] == {"d2dsec": "0.1.0", "wireshark": "4.0.17, 4.4.3", "openssl": "3.0.15"}
    assert source["two_passes"] is False
    assert [each["name"] for each in source["preferences"]] == ["d2dsec.bearer", "d2dsec.kd_kdf"]


# --- Signalling in one, media in another --------------------------------------------------------------

def test_media_go_to_the_session_that_has_their_key(place):
    whole = merged(place, media(), signalling())
    [one] = whole["sessions"]
    assert (one["method"], one["verdict"], one["capture"]) == ("SDES", "verified", 2)
    assert [(each["capture"], each["packets"]) for each in one["streams"]] == [(1, 10)]
    assert whole["totals"]["by_verdict"] == {"verified": 1, "partial": 0, "failed": 0, "no_traffic": 0}
    assert whole["totals"]["sessions"] == 1


def test_media_of_several_keys_stay_where_no_session_has_all(place):
    two_keys = media()
    two_keys["sessions"][0]["keys"].append(key("cccc000000000003", origin="key log"))
    assert [each["method"] for each in merged(place, two_keys, signalling())["sessions"]] == ["key log", "SDES"]


def test_unused_key_moves_no_media(place):
    unused = media(verdict="failed")
    unused["sessions"][0]["keys"][0]["packets"] = 0
    assert len(merged(place, unused, signalling(), status=1)["sessions"]) == 2


def test_session_with_signalling_of_its_own_stays(place):
    """Even if it was the key log that opened it."""
    own = media()
    own["sessions"][0]["events"] = [{"event": "offer", "frame": 1}]
    assert len(merged(place, own, signalling())["sessions"]) == 2


def test_call_that_goes_on_in_another_capture(place):
    begun = report(name="a.pcap")
    failing = media(name="b.pcap", verdict="partial")
    failing["sessions"][0]["findings"] = [finding("damaged_packets", packets=2)]
    [one] = merged(place, begun, failing, status=1)["sessions"]
    assert one["verdict"] == "partial" and [each["capture"] for each in one["streams"]] == [1, 2]
    assert [each["packets"] for each in one["keys"]] == [20]
    assert [each["code"] for each in one["findings"]] == ["damaged_packets"]


@pytest.mark.parametrize("code, verdict", [("answer_missing", "partial"), ("delivered_key_differs", "failed"),
                                           ("mac_failed", "failed")])
def test_what_signalling_lacks_counts_once_there_is_traffic(place, code, verdict):
    begun = signalling()
    begun["sessions"][0]["findings"] = [finding(code)]
    whole = merged(place, begun, media(), status=1)
    assert [each["verdict"] for each in whole["sessions"]] == [verdict] and whole["verdict"] == verdict


def test_two_directions_in_two_captures(place):
    one, other = report(name="a.pcap"), media(name="b.pcap")
    one["sessions"][0]["findings"] = [finding("one_direction", "remark")]
    assert merged(place, one, other)["sessions"][0]["findings"] == one["sessions"][0]["findings"]  # the same direction
    other["sessions"][0]["streams"][0]["source"] = "192.0.2.2:5000"
    assert merged(place, one, other)["sessions"][0]["findings"] == []


def test_delivered_key_is_matched_once(place):
    """The media capture has no signalling to compare with; that is no key without a match."""
    a = signalling(comparison=[compared("equal", derived="aaaa000000000001")])
    b = media(comparison=[compared("only_delivered")])
    b["comparison"] = [compared("only_delivered"), compared("only_delivered", 2, "dddd000000000004")]
    whole = merged(place, a, b)
    assert [each["match"] for each in whole["sessions"][0]["comparison"]] == ["equal"]
    assert [each["line"] for each in whole["comparison"]] == [2]


# --- What is refused, and what is counted once --------------------------------------------------------

def test_same_report_twice_counts_once(place):
    assert merged(place, report(), report(name="b.pcap"), report())["totals"]["packets"] == 20


def test_two_reports_on_one_capture(place):
    assert "two reports on one capture" in refused(place, report(), report("partial", [session(verdict="partial")]))


def test_empty_captures_are_alike(place):
    empty = [report("no_traffic", [], name=name, sha256="e" * 64) for name in ("a.pcap", "b.pcap")]
    assert len(merged(place, *empty, report(name="c.pcap"))["source"]["captures"]) == 3


def test_other_case(place):
    other = report(name="b.pcap")
    other["case"]["liid"] = "8"
    assert "reports on different cases" in refused(place, report(), other)


@pytest.mark.parametrize("change, message", [
    ({"version": 2}, "version 2"), ({"format": "x"}, "not a verification report"), ({"sessions": None}, "not a whole report: sessions"),
    ({"source": {}}, "not whole"), ({"sessions": [{"id": 1}]}, "not whole"), ({"totals": {}}, "not whole"),
])
def test_not_a_report(place, change, message):
    assert message in refused(place, report(), {**report(name="b.pcap"), **change})
    if message == "version 2":
        assert message in refused(place, {**report(), **change})


def test_one_report_that_is_not_whole(place):
    assert "not whole" in refused(place, {**report(), "findings": [1]})


@pytest.mark.parametrize("text, message", [("{", "is not JSON"), ("[]", "not a verification report"), ("", "is not JSON"),
                                           ("\xff", "is not JSON"), ("[" * 100000, "is not JSON")],
                         ids=["cut", "list", "empty", "binary", "deep"])
def test_not_json(place, text, message):
    place.file("bad.json", text)
    code, _, errors = place.run("merge", "bad.json")
    assert code == 2 and message in errors


def test_file_that_is_not_there(place):
    code, _, errors = place.run("merge", "none.json")
    assert code == 2 and "none.json: No such file" in errors


def test_outputs_are_whole_or_not_there(place):
    place.report("a.json", report())
    (place.folder / "out").mkdir()
    (place.folder / "out" / "old.json").write_text("old")
    (place.folder / "out" / "old.json").chmod(0o600)
    assert place.run("merge", "a.json", "--json", "out/old.json")[0] == 0
    assert [each.name for each in (place.folder / "out").iterdir()] == ["old.json"]
    assert place.read("out/old.json") == report()
    assert place.run("merge", "a.json", "--json", "/dev/null")[0] == 0

"""Calls between real agents: every packet that can be decrypted is, no other; and nothing under a wrong key."""

import pytest

from judge import Judgement, compare_source, number
from model import real_captures
from model.scenario import DECRYPTED_RTCP, DECRYPTED_RTP

CAPTURES = real_captures.ALL + real_captures.more()
by_name = pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)


@by_name
@pytest.mark.parametrize("passes", [1, 2], ids=["1 pass", "2 passes"])
def test_every_expected_hash_and_no_other(tshark, capture, passes):
    early = set() if passes == 2 else real_captures.frames_before_their_key(capture)
    compare(tshark, capture, passes, early=early)


def compare(tshark, capture, passes, *, options=(), early=()):
    frames = tshark.frames(capture, passes=passes, options=options)
    rows = {row.frame: row for row in real_captures.expected_rows(capture)}
    repeats = frames_of_repeats(rows)
    judgement = Judgement("%s, %d pass(es)" % (capture.stem, passes))
    for frame in frames.values():
        row = rows.get(frame.number)
        obligation = "not"
        if row and row.decrypts:
            obligation = "may" if frame.number in early else "must"
        source = DECRYPTED_RTP if row and row.is_rtp else DECRYPTED_RTCP
        if compare_source(judgement, frame, source, row and row.plain_sha256, obligation):
            compare_facts(judgement, frame, row, frame.number in repeats)
        elif row and not row.decrypts and frame.number not in early:
            allowed = {"rtp-corrupt": {"tag mismatch"}, "clear-rtcp": {"clear", ""}}.get(row.kind)
            if allowed and frame.verdict not in allowed:
                judgement.add("wrong verdict for " + row.kind, frame.number, repr(frame.verdict))
        elif not row and frame.verdict:
            judgement.add("verdict on what is no media", frame.number, repr(frame.verdict))
    judgement.conclude()


def frames_of_repeats(rows):
    """Frames with a packet that an earlier one has had."""
    seen, repeats = set(), set()
    for row in rows.values():
        packet = row.ssrc, row.is_rtp, row.roc_or_e, row.number, row.plain_sha256
        if packet in seen:
            repeats.add(row.frame)
        seen.add(packet)
    return repeats


def compare_facts(judgement, frame, row, is_repeat):
    allowed = {"decrypted", "replayed"} if is_repeat else {"decrypted"}
    if row.kind == "rtp-unauth":
        allowed = {"not authenticated"}
    if row.kind == "rtcp-notag" or not row.is_rtp and row.roc_or_e == "0":
        allowed |= {"authenticated only", "not authenticated"}
    if "UNENCRYPTED" in row.suite or "NULL" in row.suite:
        allowed.add("authenticated only")
    if frame.verdict not in allowed:
        judgement.add("wrong verdict", frame.number, "%r for %s" % (frame.verdict, row.kind))
    if number(frame.ssrc) != row.ssrc:
        judgement.add("wrong SSRC", frame.number, frame.ssrc)
    index = int(row.roc_or_e) << 16 | row.number if row.is_rtp else row.number
    if row.kind != "rtcp-notag" and number(frame.index) != index:
        judgement.add("wrong index", frame.number, "%s, not %d" % (frame.index, index))
    if row.is_rtp and number(frame.roc) != int(row.roc_or_e):
        judgement.add("wrong ROC", frame.number, frame.roc)
    if frame.suite.casefold() != row.suite.casefold():
        judgement.add("wrong suite", frame.number, frame.suite)
    if row.kind in real_captures.DEPARTING_KINDS and not frame.departure:
        judgement.add("departure not named", frame.number, row.kind)
    if not frame.key_frame:
        judgement.add("no link to the frame that brought the key", frame.number)


@by_name
def test_nothing_is_decrypted_when_one_octet_of_each_key_is_changed(tshark, capture):
    changed, count = real_captures.with_other_keys(capture)
    if not count:
        pytest.skip("the capture holds no SDES key")
    copy = tshark.file("changed-" + capture.name, changed)
    frames = tshark.frames(copy, passes=2, keep=False)
    judgement = Judgement("%s with %d keys changed" % (capture.stem, count))
    rows = {row.frame: row for row in real_captures.expected_rows(capture)}
    for frame in frames.values():
        compare_source(judgement, frame, "", "", "not")
        row = rows.get(frame.number)
        if row and row.decrypts and row.kind not in ("rtp-unauth", "rtcp-notag") and frame.verdict != "tag mismatch":
            judgement.add("verdict is not 'tag mismatch'", frame.number, repr(frame.verdict))
    copy.unlink()
    judgement.conclude()


# --- MIKEY -----------------------------------------------------------------------------------------------


def key_log(tshark, capture, label, text):
    return ["-o", "d2dsec.keylog_file:%s" % tshark.file("%s-%s.keylog" % (capture.stem, label), text)] if text else []


MIKEY_CASES = [pytest.param(capture, label, text, passes, id="%s-%s-%d" % (capture.stem, label, passes))
               for capture in real_captures.MIKEY for label, text in real_captures.mikey_key_logs(capture).items()
               for passes in (1, 2)]


@pytest.mark.parametrize("capture, label, text, passes", MIKEY_CASES)
def test_every_expected_hash_and_no_other_under_mikey(tshark, capture, label, text, passes):
    compare(tshark, capture, passes, options=key_log(tshark, capture, label, text))


@pytest.mark.parametrize("capture", real_captures.MIKEY, ids=lambda path: path.stem)
def test_nothing_is_decrypted_under_other_mikey_keys(tshark, capture):
    """Where the messages hold their keys in the clear these are changed, else those of the key log."""
    changed, count = real_captures.with_other_mikey_keys(capture)
    copy = tshark.file("changed-" + capture.name, changed)
    logs = real_captures.mikey_key_logs(capture)
    assert count or all(logs.values())
    for label, text in {"no log": "", **{label: real_captures.with_other_key(text) for label, text in logs.items()}}.items():
        frames = tshark.frames(copy, passes=2, options=key_log(tshark, copy, label, text), keep=False)
        assert [frame.number for frame in frames.values() if frame.decrypted] == []


def test_all_captures_are_there():
    assert len(real_captures.ALL) == 17 and len(real_captures.MIKEY) == 2

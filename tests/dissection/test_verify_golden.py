"""The report of each sample capture, octet for octet as it is kept beside it. What it counts, test_verify_counts.py holds against others'
counts; here is held that nothing else changes unseen, and that all Wireshark lines say the same.

With D2DSEC_WRITE_REPORTS set the reports are written anew, for a person to read the difference.
"""

import json
import os

import pytest

from model import real_captures
from report_judge import report_of
from test_samples import preferences_of, script, secret_of  # noqa: F401 (a fixture)

CAPTURES = sorted(real_captures.FOLDER.glob("*.pcap"))


def golden_path(capture):
    return capture.with_suffix(".report.json")


def settled(report):
    """Without what differs from one machine to another."""
    del report["source"]["tools"]
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_report_is_the_golden_one(tshark, script, capture):
    report = settled(report_of(tshark, capture, *secret_of(tshark, capture), *preferences_of(script, capture)))
    if os.environ.get("D2DSEC_WRITE_REPORTS"):
        golden_path(capture).write_text(report)
    assert report.splitlines() == golden_path(capture).read_text().splitlines()


def test_no_report_is_left_over():
    assert {path.name for path in real_captures.FOLDER.glob("*.report.json")} == {golden_path(path).name for path in CAPTURES}

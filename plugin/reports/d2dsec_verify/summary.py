"""A report in a few lines: the verdict, a line a session, and what a person can do."""

import shutil
import textwrap

MEANINGS = {
    "verified": "the keys explain all protected traffic that was captured",
    "partial": "the keys explain a part of the traffic",
    "failed": "the keys do not explain the traffic",
    "no_traffic": "no protected traffic was found that any session accounts for",
}
VERDICTS = {"verified": "verified", "partial": "partial", "failed": "FAILED", "no_traffic": "no traffic"}


def words(name):
    """Of a name in the report: no_traffic -> no traffic."""
    return name.replace("_", " ")


def session_title(session):
    return ", ".join(each for each in (session["method"], session["carrier"]) if each) or "unknown method"


def session_parties(session):
    names = [party["uri"] or party["identity"] or party["address"] or party["role"] for party in session["parties"]]
    return " - ".join(each or "unknown" for each in names)


def session_packets(session):
    """(packets, opened, failed) of all streams."""
    streams = session["streams"]
    packets = sum(stream["packets"] for stream in streams)
    failed = sum(stream["failed"]["total"] for stream in streams)
    return packets, packets - failed, failed


def summary_of(report):
    lines = ["%s: %s" % (VERDICTS.get(report["verdict"], report["verdict"]), MEANINGS.get(report["verdict"], ""))]
    for session in report["sessions"]:
        packets, opened, failed = session_packets(session)
        lines.append("%5d  %-10s  %s  %s  %d of %d packets opened" % (
            session["id"], VERDICTS.get(session["verdict"], session["verdict"]), session_title(session),
            session_parties(session), opened, packets))
        lines += _findings(session["findings"], " " * 7)
    if report["findings"]:
        lines.append("Of the whole:")
        lines += _findings(report["findings"], "  ")
    lines += ["Capture %s: %s" % (file["name"], file["problem"]) for file in report["source"]["captures"] if file["problem"]]
    lines += ["Key log %s: %s" % (file["name"], file["problem"]) for file in report["source"]["keylogs"] if file["problem"]]
    return "".join(printable(line) + "\n" for line in lines)


def _findings(findings, indent):
    width = max(60, shutil.get_terminal_size().columns)
    for finding in findings:
        about = [words(finding["code"])]
        if finding["packets"]:
            about.append("(%d packets)" % finding["packets"])
        if finding["detail"]:
            about.append("[%s]" % finding["detail"])
        # made printable before it is filled, since a line feed would pass for a space
        text = printable("%s: %s" % (" ".join(about), finding["text"]))
        yield from textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + "  ")


def printable(text):
    """A capture's own words must not steer the terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode() for each in text)

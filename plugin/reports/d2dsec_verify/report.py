"""Reports: read, written, and several merged into one.

verification.schema.json defines the format. A report of several captures has one member more in each session and each stream:
`capture`, the position in source.captures, from 1, of the capture that its frame numbers belong to.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from . import InputError

FORMAT, VERSION = "d2dsec-verification", 1
MEMBERS = {"verdict": str, "findings": list, "case": dict, "source": dict, "totals": dict, "sessions": list, "comparison": list}
VERDICTS = "verified", "partial", "failed", "no_traffic"
FAILING = {"mac_failed", "delivered_key_differs"}  # fail a session whatever was opened


# --- Reading and writing ------------------------------------------------------------------------------

def load(path):
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError("%s: %s" % (path, error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise InputError("%s is not JSON: %s" % (path, error)) from error
    require_whole(document, path)
    return document


def require_whole(document, path):
    """That it is a report, of this version of the format. path: where it is from, for the message."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError("%s is not a verification report" % path)
    if document.get("version") != VERSION:
        raise InputError("%s has version %s of the format; this program knows version %d" %
                         (path, document.get("version"), VERSION))
    for name, kind in MEMBERS.items():
        if not isinstance(document.get(name), kind):
            raise InputError("%s is not a whole report: %s" % (path, name))


def text_of(report):
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def write(path, text):
    """Writes a file as a whole or not at all. "-" is standard output; what is no ordinary file (a pipe) is written to as it is.

    A lone surrogate, which JSON can name and UTF-8 can't hold, stays the escape that it was."""
    path = Path(path)
    try:
        if str(path) == "-":
            sys.stdout.write(text)
        elif path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise InputError("%s: %s" % (path, error.strerror)) from error


def _replace(path, text):
    descriptor, temporary = tempfile.mkstemp(prefix=path.name + ".", suffix=".tmp", dir=path.parent)
    try:
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes it 0600; no key is in it
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


# --- Merging ------------------------------------------------------------------------------------------

def whole_verdict(sessions):
    """As the plugin concludes it: what has no traffic neither helps nor hurts."""
    verdicts = [session["verdict"] for session in sessions]
    with_traffic = set(verdicts) - {"no_traffic"}
    if not with_traffic:
        return "no_traffic"
    return with_traffic.pop() if len(with_traffic) == 1 else "partial"


def limit_verdict(report):
    """What of a capture could not be read was not verified: partial at best."""
    if report["verdict"] == "verified" and any(file["problem"] for file in report["source"]["captures"]):
        report["verdict"] = "partial"


def merge(reports, unread=()):
    """One report of all. unread: files, as in source.captures, of which there is no report. The order of reports does not matter."""
    try:
        reports = _distinct(reports)
        return reports[0] if len(reports) == 1 and not unread else _merge(reports, list(unread))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError("a report is not whole: %s" % error) from error


def _captures(report):
    return report["source"]["captures"]


def _file_order(file):
    return file["name"], file["sha256"] or "", file["size"] or 0, file["problem"] or ""


def _distinct(reports):
    """In order of their captures. A report that is there twice counts once; two that differ on one capture can't both be right."""
    kept, seen = [], {}
    for report in sorted(reports, key=lambda each: (sorted(map(_file_order, _captures(each))), text_of(each))):
        if report in kept:
            continue
        for file in _captures(report):
            if report["sessions"] and file["sha256"] in seen:  # empty captures may well be alike
                raise InputError("two reports on one capture: %s and %s have SHA-256 %s" %
                                 (seen[file["sha256"]], file["name"], file["sha256"]))
        seen.update((file["sha256"], file["name"]) for file in _captures(report) if file["sha256"])
        kept.append(report)
    return kept


def _merge(reports, unread):
    first = reports[0]
    for report in reports[1:]:
        if report["case"] != first["case"]:
            raise InputError("reports on different cases: %s and %s" % tuple(
                json.dumps(each["case"], ensure_ascii=False) for each in (first, report)))
    sources = [report["source"] for report in reports]
    captures = sorted([file for source in sources for file in source["captures"]] + unread, key=_file_order)
    located = [session for report in reports for session in _located_sessions(report, captures)]
    sessions = _attach(sorted(located, key=lambda session: (session["capture"], session["id"])))
    merged = {
        "format": FORMAT, "version": VERSION,
        "verdict": whole_verdict(sessions),
        "findings": _sum_up(sessions),
        "case": first["case"],
        "source": {
            "tools": {name: ", ".join(sorted({source["tools"][name] or "unknown" for source in sources}))
                      for name in first["source"]["tools"]},
            "two_passes": all(source["two_passes"] for source in sources),
            "captures": captures,
            "keylogs": sorted(_unlike(file for source in sources for file in source["keylogs"]), key=_file_order),
            "preferences": sorted(_unlike(each for source in sources for each in source["preferences"]),
                                  key=lambda each: (each["name"], each["value"])),
        },
        "totals": _sum([report["totals"] for report in reports]),
        "sessions": sessions,
        "comparison": _unlike(each for report in reports for each in report["comparison"]),
    }
    for number, session in enumerate(sessions, 1):
        session["id"] = number
    merged["totals"]["sessions"] = len(sessions)
    merged["totals"]["by_verdict"] = {verdict: sum(session["verdict"] == verdict for session in sessions)
                                      for verdict in VERDICTS}
    _drop_matched_elsewhere(merged)
    limit_verdict(merged)
    return merged


def _unlike(items):
    kept = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


def _sum(parts):
    """Member by member: numbers add up, whatever else there is is that of the first."""
    total = {}
    for name, value in parts[0].items():
        if isinstance(value, dict):
            total[name] = _sum([part[name] for part in parts])
        elif isinstance(value, int) and not isinstance(value, bool):
            total[name] = sum(part[name] for part in parts)
        else:
            total[name] = value
    return total


def _joint_findings(findings):
    """Reasons first; of what is told several times the packets add up."""
    found = {}
    for finding in findings:
        key = finding["code"], finding["detail"] or ""
        if key in found:
            found[key]["packets"] += finding["packets"]
        else:
            found[key] = dict(finding)
    return sorted(found.values(), key=lambda finding: finding["kind"] != "reason")


def _sum_up(sessions):
    """As the plugin does: each code once, with the packets of all sessions and how many sessions have it."""
    having = {}
    for session in sessions:
        for code in {finding["code"] for finding in session["findings"]}:
            having[code] = having.get(code, 0) + 1
    plain = _joint_findings({**finding, "detail": None} for session in sessions for finding in session["findings"])
    return [{**finding, "detail": "in %d session%s" % (having[finding["code"]], "" if having[finding["code"]] == 1 else "s")}
            for finding in plain]


def _located_sessions(report, captures):
    """Copies of the report's sessions, with the number that the capture of each has among all."""
    numbers = [captures.index(file) + 1 for file in _captures(report)]
    for session in report["sessions"]:
        own = numbers[session.get("capture", 1) - 1]
        streams = [{"capture": numbers[stream.get("capture", 1) - 1],
                    **{name: value for name, value in stream.items() if name != "capture"}} for stream in session["streams"]]
        rest = {name: value for name, value in session.items() if name not in ("id", "capture")}
        yield {"id": session["id"], "capture": own, **rest, "streams": streams}


# --- Signalling in one capture, media in another ------------------------------------------------------

def _attach(sessions):
    """Media that nothing but a key log explains go to the session, of any capture, whose signalling gives that very key."""
    signalled = [session for session in sessions if not _is_bare(session)]
    kept = []
    for session in sessions:
        used = {key["fingerprint"] for key in session["keys"] if key["packets"]}
        home = None
        if used and _is_bare(session):
            home = next((each for each in signalled if used <= {key["fingerprint"] for key in each["keys"]}), None)
        if home:
            _take_in(home, session)
        else:
            kept.append(session)
    return kept


def _is_bare(session):
    return not session["events"] and all(key["origin"] == "key log" for key in session["keys"])


def _take_in(home, other):
    packets = {}
    for key in other["keys"]:
        packets[key["fingerprint"]] = packets.get(key["fingerprint"], 0) + key["packets"]
    home["keys"] = [{**key, "packets": key["packets"] + packets.pop(key["fingerprint"], 0)} for key in home["keys"]]
    home["streams"] = home["streams"] + other["streams"]
    # Where the signalling is elsewhere, it could name no address.
    others = [finding for finding in other["findings"] if finding["code"] != "key_by_trial"]
    home["findings"] = [finding for finding in _joint_findings(home["findings"] + others)
                        if finding["code"] != "one_direction" or _is_one_sided(home)]
    home["comparison"] = _unlike(home["comparison"] + other["comparison"])
    home["verdict"] = _session_verdict(home)


def _is_one_sided(session):
    return len({stream["source"].rpartition(":")[0] for stream in session["streams"]}) < 2


def _session_verdict(session):
    """As the plugin concludes it, from all streams together."""
    reasons = {finding["code"] for finding in session["findings"] if finding["kind"] == "reason"}
    if not any(stream["packets"] for stream in session["streams"]):
        return "no_traffic"
    if not reasons:
        return "verified"
    opened = any(stream["decrypted"] + stream["unencrypted"] for stream in session["streams"])
    return "partial" if opened and not reasons & FAILING else "failed"


def _drop_matched_elsewhere(report):
    """A delivered key that one capture's signalling explains needs no signalling in the others."""
    places = [report, *report["sessions"]]
    matched = {each["delivered"] for place in places for each in place["comparison"] if each["match"] in ("equal", "different")}
    for place in places:
        place["comparison"] = [each for each in place["comparison"]
                               if each["match"] != "only_delivered" or each["delivered"] not in matched]

"""What a person says, and gets: options, output, exit status."""

import argparse
import os
import re
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path

from . import InputError
from . import report as reports
from .captures import Settings, Store, Verification, find_captures
from .children import Interrupted, Progress, interruptible, private_folder
from .page import page_of
from .summary import summary_of
from .tshark import Tshark

VERIFIED, NOT_VERIFIED, INPUT_ERROR = 0, 1, 2

DESCRIPTION = """\
Says whether keys explain the traffic of captures: those that the captures' own signalling brings, and those that were delivered.

    d2dsec-verify call.pcapng --keys delivered.log --html report.html
    d2dsec-verify signalling.pcapng media-*.pcapng --json report.json
    d2dsec-verify merge part-*.json --json whole.json        see d2dsec-verify merge --help

Several captures are taken as one set: keys derived from the signalling of one open the media of another.
"""
EPILOG = """\
Exit status:
  0         verified: every session that has traffic
  1         failed, partial, or no traffic: nothing was shown to be opened
  2         usage or input error; a capture that tshark could make no report on. The report on the others is written all the same
  128+N     interrupted by signal N; with --work-dir a re-run continues

A capture that can only be read in part is reported as far as it goes; the whole is then partial at best.
"""
MERGE_DESCRIPTION = """\
One report of several that were made apart, on other hosts too. Their order does not matter. All must be on one case.
A single report is taken as it is: that is how to write its HTML later.
"""


def main(arguments, plugins):
    """plugins: a folder of plugins for tshark to use if it is there."""
    interruptible()
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        if arguments[:1] == ["merge"]:
            return _merge(_merge_parser().parse_args(arguments[1:]))
        return _verify(_parser().parse_args(arguments), plugins)
    except InputError as error:
        print("d2dsec-verify: %s" % error, file=sys.stderr)
        return INPUT_ERROR
    except Interrupted as interruption:
        print("d2dsec-verify: interrupted", file=sys.stderr)
        return 128 + interruption.args[0]
    except OSError as error:
        print("d2dsec-verify: %s" % error, file=sys.stderr)
        return INPUT_ERROR
    except Exception:  # Python would end with 1: a fault of this program must not pass for a verdict
        traceback.print_exc()
        return INPUT_ERROR


# --- Options ------------------------------------------------------------------------------------------

def _parser():
    parser = argparse.ArgumentParser(prog="d2dsec-verify", usage="d2dsec-verify [options] CAPTURE... [--keys FILE...]\n"
                                     "       d2dsec-verify merge [options] REPORT.json...", allow_abbrev=False,
                                     description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+", metavar="CAPTURE", help="what tshark reads: pcap, pcapng, compressed or not")
    keys = parser.add_argument_group("keys")
    keys.add_argument("--keys", nargs="+", action="extend", default=[], type=Path, metavar="FILE",
                      help="key logs as delivered; compared with what signalling gives. Several count as one, lines through all")
    keys.add_argument("--derived", type=Path, metavar="FILE",
                      help="key log that tshark -z d2dsec,keys wrote of other captures; it opens traffic and is not compared")
    keys.add_argument("--separate", action="store_true", help="no keys pass from one capture to another: one round instead of two")
    case = parser.add_argument_group("case data, which reports repeat")
    case.add_argument("--liid", metavar="TEXT", help="lawful interception identifier")
    case.add_argument("--correlation", metavar="TEXT", help="correlation number")
    case.add_argument("--operator", metavar="TEXT")
    case.add_argument("--from", type=_time, metavar="TIME", help="what was authorised begins, ISO 8601 with a time zone: "
                      "2026-03-01T00:00:00Z. Packets outside are counted apart")
    case.add_argument("--to", type=_time, metavar="TIME", help="and ends; both belong to it")
    _add_output(parser)
    work = parser.add_argument_group("work")
    work.add_argument("-j", "--jobs", type=_count, metavar="N", help="captures at a time (default: one a processor)")
    work.add_argument("--work-dir", type=Path, metavar="DIR",
                      help="keep what is finished; a re-run does the rest, and what has changed. It holds reports, never keys")
    work.add_argument("--progress", action="store_true", help="show progress even if standard error is no terminal")
    dissection = parser.add_argument_group("tshark")
    dissection.add_argument("--tshark", metavar="PATH", help="the tshark to run (default: the first in PATH)")
    dissection.add_argument("--preference", action="append", default=[], type=_preference, metavar="NAME:VALUE", help="as its -o")
    dissection.add_argument("-d", "--decode-as", action="append", default=[], metavar="RULE", help="as its -d")
    dissection.add_argument("--enable-heuristic", action="append", default=[], metavar="NAME", help="as its --enable-heuristic")
    return parser


def _merge_parser():
    parser = argparse.ArgumentParser(prog="d2dsec-verify merge", allow_abbrev=False, description=MERGE_DESCRIPTION,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", metavar="REPORT.json")
    _add_output(parser)
    return parser


def _add_output(parser):
    output = parser.add_argument_group("output; a summary goes to standard output")
    output.add_argument("-o", "--json", metavar="FILE", help='the report; "-": to standard output, in place of the summary')
    output.add_argument("--html", metavar="FILE", help="the report as a page for people, self-contained, to read and print")
    output.add_argument("-q", "--quiet", action="store_true", help="no summary")


def _time(text):
    """In UTC, with nine decimals."""
    parts = re.fullmatch(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)", text)
    try:
        moment = datetime.fromisoformat(parts[1] + parts[3]).astimezone(timezone.utc)
    except (TypeError, ValueError, OverflowError):
        raise argparse.ArgumentTypeError("%r is not like 2026-03-01T00:00:00Z or 2026-03-01T01:00:00.5+01:00" % text) from None
    return "%s.%sZ" % (moment.strftime("%Y-%m-%dT%H:%M:%S"), (parts[2] or "").ljust(9, "0"))


def _count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("%r is not a number from 1" % text)
    return int(text)


def _preference(text):
    if ":" not in text:
        raise argparse.ArgumentTypeError("%r is not NAME:VALUE" % text)
    return text


def _processors():
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


# --- Verify -------------------------------------------------------------------------------------------

def _verify(options, plugins):
    case = {name: getattr(options, name) for name in ("liid", "correlation", "operator", "from", "to")}
    settings = Settings(
        keys=[_readable(each) for each in options.keys],
        derived=_readable(options.derived) if options.derived else None,
        preferences=["d2dsec.case_%s:%s" % (name, value) for name, value in case.items() if value is not None] + options.preference,
        dissection=[word for rule in options.decode_as for word in ("-d", rule)] +
                   [word for name in options.enable_heuristic for word in ("--enable-heuristic", name)])
    if case["from"] and case["to"] and case["from"] > case["to"]:
        raise InputError("--to is before --from")
    tshark = Tshark(options.tshark, plugins)
    captures, repeated = find_captures(options.captures)
    for path in repeated:
        print("d2dsec-verify: %s is passed over: its content is that of another capture here" % path, file=sys.stderr)
    with private_folder() as folder:
        work = Verification(tshark, settings, captures, Store(options.work_dir), folder,
                            min(options.jobs or _processors(), len(captures)), Progress(options.progress))
        found = work.run(options.separate)
    for file in work.unread:
        print("d2dsec-verify: no report on %s: %s" % (file["name"], file["problem"]), file=sys.stderr)
    if not found:
        return INPUT_ERROR
    status = _deliver(reports.merge(found, work.unread), options)
    return INPUT_ERROR if work.unread else status


def _readable(path):
    try:
        with open(path, "rb"):
            return path.resolve()
    except OSError as error:
        raise InputError("%s: %s" % (path, error.strerror)) from error


# --- Merge --------------------------------------------------------------------------------------------

def _merge(options):
    return _deliver(reports.merge([reports.load(path) for path in options.reports]), options)


def _deliver(report, options):
    try:
        page = page_of(report) if options.html else None
        summary = summary_of(report)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError("a report is not whole: %s" % error) from error
    if options.json:
        reports.write(options.json, reports.text_of(report))
    if options.html:
        reports.write(options.html, page)
    if not options.quiet and options.json != "-":
        sys.stdout.write(summary)
    return VERIFIED if report["verdict"] == "verified" else NOT_VERIFIED

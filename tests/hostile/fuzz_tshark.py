#!/usr/bin/env python3
"""Runs tshark with the plugin over spoiled captures and key logs, as Wireshark's own fuzz-test.sh does, and seeks faults.

    tests/hostile/fuzz_tshark.py [--first SEED] [--count N | --minutes N] [--frames N] [--keep DIR] [CAPTURE...]

D2DSEC_PLUGIN_DIR names the `plugins` folder of a build with -DD2DSEC_SANITIZE=ON. Without CAPTURE the sample captures are spoiled.
All that a seed stands for follows from it and from the captures named: the same call with --first SEED --count 1 does it again. The
files of a run with a fault are kept in DIR, beside the command that goes over them once more. Exit status: 0 no fault, 1 faults.
"""

import argparse
import collections
import os
import random
import re
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True

from sanitized import SANITIZERS, SanitizedTshark, signature    # first: it tells where the models are
from mutation import Capture, spoil_capture, spoil_key_log, spread

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES, KEY_FILES = ROOT / "captures", ROOT / "keyfiles"
FRAMES = 160  # of one capture
HEX_SECRET = re.compile(rb"[0-9a-f]{32,}")

# Without these some samples are not what they were made for.
PREREQUISITES = ["-o", 'uat:user_dlts:"User 0 (DLT=147)","slsch","0","","0",""', "--enable-heuristic", "pdcp_sl_udp"]
REPORTS = ["-z", "d2dsec,verify", "-z", "d2dsec,verify,json,{out}/report.json", "-z", "d2dsec,keys,{out}/keys.log",
           "-z", "rtp,streams", "-z", "expert"]
SHOW_KEYS = "d2dsec.show_keys:TRUE"
PREFERENCES = [
    SHOW_KEYS, "d2dsec.extension_padding_takes_keystream:TRUE", "d2dsec.sl_rlc_sn:10", "d2dsec.sl_cast:one-to-many",
    "d2dsec.sl_mac_i_on_all:TRUE", "d2dsec.kd_kdf:D", "d2dsec.kd_kdf:I", "d2dsec.kd_kdf:J", "d2dsec.kd_key_part:inline",
    "d2dsec.tek_to_kd:kdf", "d2dsec.kd_to_srtp:TRUE", "d2dsec.traffic:nonce_1", "d2dsec.traffic:kd", "d2dsec.bearer:lcid-1",
    "d2dsec.mac_i_ciphered:TRUE", "d2dsec.search:FALSE", "pc5s.keyest_encoding:E2", "pc5s.keyest_encoding:E3",
    "pc5s.keyest_encoding:E4", "pc5s.keyest_encoding:E5", "pc5s.iei_radix:auto", "pc5s.user_info_length:counted",
    "udp.try_heuristic_first:TRUE", "rtsp.desegment_headers:FALSE", "tcp.desegment_tcp_streams:FALSE",
    "ip.defragment:FALSE", "d2dsec.case_from:2023-11-14T22:13:20Z",
]
# What the run is asked for: its arguments before and behind the capture's name.
MODES = {
    "details": ["-nVx"],
    "details in two passes": ["-2", "-nVx"],
    "reports": ["-2", "-q", *REPORTS],
    "details and reports": ["-nVx", *REPORTS],
    "columns": ["-n"],
    "columns in two passes": ["-2", "-n"],
    "JSON": ["-2", "-n", "-T", "json", "-x"],
    "PDML": ["-n", "-T", "pdml"],
    "filter": ["-2", "-n", "-R", "frame.number != 3", "-Y", "d2dsec.verdict || mikey_ticket || pc5s || sdes"],
    "export": ["-2", "-U", "D2D decrypted", "-w", "{out}/plain.pcapng"],
}


@dataclass
class Job:
    """What one seed stands for."""

    mode: str
    capture: Capture
    preferences: list
    key_log: bytes  # or None
    private_key: bool
    embedded: list  # what stands of it in the capture, with the number of frames before it; None: it is a file


def plan(seed, captures, logs, count):
    dice = random.Random(seed)
    mode = list(MODES)[seed % len(MODES)]
    first = dice.choice(captures)
    alike = [each for each in captures if each.link_type == first.link_type]
    chosen = [first, *dice.sample(alike, min(len(alike), dice.choice((0, 1, 3, 8))))]
    preferences = dice.sample(PREFERENCES, dice.choice((0, 0, 1, 3)))
    key_log = spoil_key_log(dice, dice.choice((logs, dice.sample(logs, 3)))) if dice.random() < 0.8 else None
    capture, private_key = spoil_capture(dice, chosen, count), dice.random() < 0.5
    embedded = spread(dice, key_log, len(capture.frames)) if key_log is not None and dice.random() < 0.4 else None
    return Job(mode, capture, preferences, key_log, private_key, embedded)


def arguments_of(job, capture, key_log, private_key, plugin=True):
    """A function of the folder that the run may write to."""
    own = PREREQUISITES if plugin else []
    for each in job.preferences:
        own = own + (["-o", each] if plugin or not each.startswith(("d2dsec.", "pc5s.")) else [])
    if plugin and job.key_log is not None and job.embedded is None:
        own = own + ["-o", "d2dsec.keylog_file:%s" % key_log]
    if plugin and job.private_key:
        own = own + ["-o", "d2dsec.mikey_private_key:%s" % private_key]
    asked = MODES[job.mode] if plugin else ["-2", "-nVx"]
    return lambda out: ["-r", capture, *own, *(each.format(out=out) for each in asked)]


class Hunt:
    def __init__(self, options):
        self.options = options
        self.tshark = SanitizedTshark()
        paths = options.captures or sorted(SAMPLES.glob("*.pcap"))
        self.captures = [Capture.read(path) for path in paths]
        self.logs = [path.read_bytes() for path in sorted(KEY_FILES.glob("*.keylog"))]
        self.private_key = self.tshark.file("key.pem", next(KEY_FILES.glob("*.pem")).read_bytes())
        self.faults = collections.Counter()
        self.runs = self.stock_faults = 0

    def close(self):
        self.tshark.close()

    def run(self, seed):
        job = plan(seed, self.captures, self.logs, self.options.frames)
        capture, key_log = self.tshark.file("spoiled.pcap", b""), self.tshark.file("spoiled.keylog", job.key_log or b"")
        if job.embedded is None:
            job.capture.write(capture)
        else:
            job.capture.write_between(capture, job.embedded)
        outcome = self.tshark.try_run(arguments_of(job, capture, key_log, self.private_key))
        self.runs += 1
        secrets = set() if SHOW_KEYS in job.preferences else set(HEX_SECRET.findall(job.key_log or b""))
        outcome.seek_faults(secrets)
        if outcome.faults:
            self.judge(seed, job, outcome, capture, key_log)

    def judge(self, seed, job, outcome, capture, key_log):
        """What tshark without the plugin does as well is no fault of ours."""
        stock = self.tshark.try_run(arguments_of(job, capture, key_log, None, plugin=False), plugin=False)
        stock.seek_faults()
        known = {signature(fault) for fault in stock.faults}
        ours = [fault for fault in outcome.faults if signature(fault) not in known]
        if not ours:
            self.stock_faults += 1
            return
        if signature(ours[0]) not in self.faults:
            self.report(seed, job, outcome, ours, capture, key_log)
        self.faults[signature(ours[0])] += 1

    def report(self, seed, job, outcome, faults, capture, key_log):
        folder = self.options.keep / ("seed-%d" % seed)
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: folder / name for name in ("spoiled.pcap", "spoiled.keylog", "key.pem")}
        for name, path in kept.items():
            path.write_bytes((self.tshark.folder / name).read_bytes())
        (folder / "stderr").write_bytes(outcome.stderr)
        environment = dict(SANITIZERS, LD_PRELOAD=self.tshark.preloaded, WIRESHARK_PLUGIN_DIR=os.environ["D2DSEC_PLUGIN_DIR"])
        command = ["env", *("%s=%s" % each for each in environment.items()), "tshark",
                   *map(str, arguments_of(job, *kept.values())(folder))]
        (folder / "command").write_text(shlex.join(command) + "\n")
        print("FAULT of seed %d (%s):" % (seed, job.mode))
        for fault in faults[:6]:
            print("  " + fault.decode(errors="replace")[:300])
        print("  the command, in %s/command:\n  %s" % (folder, shlex.join(command)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("captures", nargs="*", type=Path, metavar="CAPTURE")
    parser.add_argument("--first", type=int, default=1, metavar="SEED")
    parser.add_argument("--count", type=int, default=50, help="how many seeds")
    parser.add_argument("--minutes", type=float, help="how long, in place of --count")
    parser.add_argument("--frames", type=int, default=FRAMES, help="of one spoiled capture, at most")
    parser.add_argument("--keep", type=Path, default=Path("faults"), metavar="DIR")
    options = parser.parse_args()
    hunt = Hunt(options)
    end = options.minutes and time.monotonic() + options.minutes * 60
    seed = options.first
    try:
        while time.monotonic() < end if end else seed < options.first + options.count:
            hunt.run(seed)
            seed += 1
    finally:
        hunt.close()
    print("seeds %d to %d, %d runs: %d with faults, %d with faults that tshark has without the plugin" % (
        options.first, seed - 1, hunt.runs, sum(hunt.faults.values()), hunt.stock_faults))
    sys.exit(1 if hunt.faults else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What the plugin costs tshark: CPU time and memory beside stock tshark on the same captures, and those of a verification report beside
plain decryption.

    tests/bench/bench_tshark.py PLUGIN_DIR [--packets N] [--calls N] [--rounds N] [--modes MODE...] [--callgrind]
    tests/bench/bench_tshark.py PLUGIN_DIR --idle [--packets N] [--limit RATIO]

PLUGIN_DIR is the `plugins` folder of a build. Each capture holds SIP calls keyed by SDES and their SRTP. Both arms run in
turn and the least CPU time of each counts; the ratio is what to look at, since machines differ and are noisy. With
--callgrind instructions are counted instead, on a tenth of the packets: quiet, but valgrind knows no SHA instructions, so that
HMAC-SHA-1 weighs several times what it does on a processor that has them.

With --idle the captures hold nothing for the plugin. Counted are the instructions of dissection alone, so neither start-up nor reading
and printing make the ratio look better than it is. With --limit ordinary traffic is all that is measured, and a higher ratio is an error.
"""

import argparse
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "dissection"))

STREAMS = ["-q", "-z", "rtp,streams"]
VERIFY = ["-z", "d2dsec,verify,json,/dev/null"]


@dataclass(frozen=True)
class Arm:
    """One way to run tshark."""

    arguments: tuple
    plugin: bool


# name: (what is measured, what it is measured against)
MODES = {
    "columns": (Arm((), True), Arm((), False)),
    "rtp,streams": (Arm((*STREAMS,), True), Arm((*STREAMS,), False)),
    "report": (Arm((*STREAMS, *VERIFY), True), Arm((*STREAMS,), True)),
    "report, two passes": (Arm(("-2", *STREAMS, *VERIFY), True), Arm(("-2", *STREAMS), True)),
}


# The modes of --idle.
IDLE_MODES = {"columns": (), "details": ("-V",), "two passes": ("-2",)}
LIMITED_MODES = ("columns", "two passes")
# What tshark calls once for each packet and pass.
DISSECTION = ("epan_dissect_run", "epan_dissect_run_with_taps")


def write_calls(path, packets, calls):
    """`calls` calls with two streams each, `packets` media packets dealt out among them."""
    from model.capture import Capture
    from model.sip_model import Dialog, Media, Party, crypto_line, sdp
    from model.srtp_model import make_key

    rng = random.Random(calls)
    capture = Capture()
    streams = []
    for number in range(calls):
        host = "10.%d.%d." % (number >> 8, number & 255)
        ends = [(host + "1", 20000), (host + "2", 30000)]
        keys = [make_key(rng, "AES_CM_128_HMAC_SHA1_80") for _ in ends]
        bodies = [sdp(ip, [Media(port, [crypto_line(1, key)])]) for (ip, port), key in zip(ends, keys)]
        Dialog(capture, Party("alice", ends[0][0]), Party("bob", ends[1][0]), "call-%d@x" % number).call(*bodies)
        for side in (0, 1):
            streams.append((ends[side], ends[1 - side], keys[side], rng.getrandbits(32)))
    payload = bytes(160)
    for number in range(packets):
        source, destination, key, ssrc = streams[number % len(streams)]
        turn = number // len(streams)
        header = bytes([0x80, 0]) + (turn & 0xFFFF).to_bytes(2, "big") + (turn * 160 & 0xFFFFFFFF).to_bytes(4, "big")
        capture.udp(source, destination, key.protect_rtp(header + ssrc.to_bytes(4, "big") + payload, turn >> 16))
    capture.write(path)


def write_ordinary(path, packets):
    from model import ordinary

    ordinary.write(path, packets)


def write_media(path, packets, profile, *attributes):
    """A call that brings no key, and what its streams carry."""
    from model.capture import Capture
    from model.sip_model import Dialog, Media, Party, sdp

    rng = random.Random(profile)
    capture = Capture()
    ends = [("10.0.0.1", 20000), ("10.0.0.2", 30000)]
    bodies = [sdp(ip, [Media(port, profile=profile, attributes=list(attributes))]) for ip, port in ends]
    Dialog(capture, Party("alice", ends[0][0]), Party("bob", ends[1][0]), "call@x").call(*bodies)
    while len(capture.frames) < packets:
        number, side = divmod(len(capture.frames), 2)
        header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * 160, 7 + side)
        capture.udp(ends[side], ends[1 - side], header + rng.randbytes(170))
    capture.write(path)


# name: what writes a capture of so many packets
IDLE_CAPTURES = {
    "ordinary traffic": write_ordinary,
    "RTP in the clear": lambda path, packets: write_media(path, packets, "RTP/AVP"),
    "DTLS-SRTP": lambda path, packets: write_media(path, packets, "UDP/TLS/RTP/SAVPF", "setup:actpass",
                                                   "fingerprint:sha-256 " + ":".join(["AB"] * 32)),
}


def run(tshark, arm, capture):
    """(CPU seconds, peak resident octets) of one run."""
    argv, environment = tshark.command(["-r", capture, *arm.arguments], plugin=arm.plugin)
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("tshark failed: " + " ".join(map(str, argv)))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def start_counting(tshark, arm, capture, *functions):
    """tshark under callgrind, which counts what is done in these functions; none: all."""
    argv, environment = tshark.command(["-r", capture, *arm.arguments], plugin=arm.plugin)
    at = next(i for i, word in enumerate(argv) if pathlib.Path(word).name == "tshark")
    counter = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *("--toggle-collect=" + each for each in functions)]
    return subprocess.Popen([*argv[:at], *counter, *argv[at:]], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True)


def counted(process):
    errors = process.communicate()[1]
    found = re.search(r"Collected : (\d+)", errors)
    if process.returncode or not found or found.group(1) == "0":
        sys.exit("callgrind counted nothing:\n" + errors)
    return int(found.group(1))


def instructions(tshark, arm, capture):
    return counted(start_counting(tshark, arm, capture))


def measure_idle(tshark, packets, limit):
    """Whether the plugin costs no more than `limit`; None: any will do."""
    within = True
    for name in IDLE_CAPTURES if limit is None else ["ordinary traffic"]:
        capture = tshark.file("idle.pcap", b"")
        IDLE_CAPTURES[name](capture, packets)
        for mode in IDLE_MODES if limit is None else LIMITED_MODES:
            arms = [start_counting(tshark, Arm(IDLE_MODES[mode], plugin), capture, *DISSECTION) for plugin in (True, False)]
            ours, stock = map(counted, arms)
            print("  %-18s %-12s %.4f (%.0f against %.0f instructions a packet)" % (
                name, mode, ours / stock, ours / packets, stock / packets), flush=True)
            within &= limit is None or ours <= stock * limit
    return within


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("plugin_dir", type=pathlib.Path)
    parser.add_argument("--packets", type=int, help="default: 200000; with --idle 2000")
    parser.add_argument("--calls", type=int, nargs="+", default=[5, 5000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES), metavar="MODE")
    parser.add_argument("--callgrind", action="store_true")
    parser.add_argument("--idle", action="store_true")
    parser.add_argument("--limit", type=float)
    options = parser.parse_args()
    os.environ["D2DSEC_PLUGIN_DIR"] = str(options.plugin_dir.resolve())
    from tshark import Tshark

    tshark = Tshark()
    packets = options.packets or (2000 if options.idle else 200000)
    packets = packets // 10 if options.callgrind else packets
    try:
        if options.idle:
            sys.exit(not measure_idle(tshark, packets, options.limit))
        for calls in options.calls:
            few, many = tshark.file("few.pcap", b""), tshark.file("many.pcap", b"")
            print("%d packets of %d calls" % (packets, calls), flush=True)
            write_calls(few, packets // 10, calls)
            write_calls(many, packets, calls)
            for mode in options.modes:
                report(tshark, options, mode, few, many, packets)
    finally:
        tshark.close()


def report(tshark, options, mode, few, many, packets):
    """The capture with a tenth of the packets takes start-up and signalling out of the figures for a packet."""
    more = packets - packets // 10
    arms = MODES[mode]
    places = [(arm, size) for arm in arms for size in (few, many)]
    if options.callgrind:
        cost = {each: instructions(tshark, *each) for each in places}
        unit, scale = "instructions", 1
    else:
        runs = {}
        for _ in range(options.rounds):
            for each in places:
                runs.setdefault(each, []).append(run(tshark, *each))
        cost = {key: min(seconds for seconds, _ in value) for key, value in runs.items()}
        memory = {key: min(octets for _, octets in value) for key, value in runs.items()}
        unit, scale = "us", 1e6
    first, second = [(cost[arm, many] - cost[arm, few]) / more * scale for arm in arms]
    line = "  %-18s whole run %.3f   per packet %.3f (%.2f against %.2f %s)" % (
        mode, cost[arms[0], many] / cost[arms[1], many], first / second, first, second, unit)
    if not options.callgrind:
        over = [memory[arm, many] - memory[arm, few] for arm in arms]
        line += "   memory above it %.1f octets a packet" % ((over[0] - over[1]) / more)
    print(line, flush=True)


if __name__ == "__main__":
    main()

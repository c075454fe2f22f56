"""The key log: read as it grows, bad lines named, nothing of a key told."""

import re
import subprocess
import threading
import time

import scenarios
from judge import compare_source, Judgement
from model.scenario import Scenario, Stream
from scenarios import A, B, log_line, make_keys
from tshark import FIELDS, read_dump

WAIT = 30
SETTLE = 0.5  # seconds that may pass between a key in the log and its use


class Follower:
    """Reads a stream in a thread and can wait for a pattern in it."""

    def __init__(self, stream):
        self.text, self.stream = "", stream
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.stream:
            self.text += line.decode(errors="replace")

    def wait_for(self, pattern):
        end = time.monotonic() + WAIT
        while not re.search(pattern, self.text, re.M):
            assert time.monotonic() < end, "tshark did not show %r within %d s" % (pattern, WAIT)
            time.sleep(0.05)


def test_key_log_grows_during_live_capture(tshark):
    """tshark captures from a pipe; a key is logged while packets flow, and the packets after it are decrypted."""
    made = Scenario("growing")
    k1, k2 = make_keys(made)
    a, b = Stream(made, k1, A, B), Stream(made, k2, B, A)
    before = [made.put(each.next()) for _ in range(5) for each in (a, b)]
    with_first = [made.put(each.next()) for _ in range(5) for each in (a, b)]
    with_both = [made.put(each.next()) for _ in range(5) for each in (a, b)]
    path = tshark.file("growing.pcap", b"")
    made.capture.write(path)
    octets = path.read_bytes()
    size = 16 + len(made.capture.frames[0][1])
    log = tshark.file("growing.keylog", "# nothing yet\n")
    assert len(octets) == 24 + 30 * size  # all frames alike

    layout = ['"No.","%m"'] + ['"%s","%%Cus:%s:0:R"' % each for each in FIELDS.items()]
    argv, environment = tshark.command(
        ["-i", "-", "-n", "-l", "-T", "tabs", "-P", "-x", "-o", "gui.column.format:" + ",".join(layout),
         "-o", "d2dsec.keylog_file:%s" % log])
    process = subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        out, errors = Follower(process.stdout), Follower(process.stderr)

        def feed(begin, end, last):
            process.stdin.write(octets[begin:end])
            process.stdin.flush()
            out.wait_for(r"^ *%d\t" % last)

        feed(0, 24 + 10 * size, 10)
        with log.open("a") as lines:
            lines.write(log_line("*", k1) + "\n")
        time.sleep(SETTLE)
        feed(24 + 10 * size, 24 + 20 * size, 20)
        with log.open("a") as lines:  # written in two halves, as a program that logs may do
            whole = log_line("*", k2) + "\n"
            lines.write(whole[:40])
            lines.flush()
            time.sleep(SETTLE)
            lines.write(whole[40:])
        time.sleep(SETTLE)
        feed(24 + 20 * size, len(octets), 30)
        process.stdin.close()
        process.wait(WAIT)
        out.thread.join(WAIT)
    finally:
        process.kill()
    frames = read_dump(out.text, FIELDS)
    judgement = Judgement("growing key log\n" + errors.text[-500:])
    for number in before + with_first + with_both:
        expected = made.expected[number]
        obligation = "must"
        if number in before or number in with_first and expected.key is k2:
            obligation = "not"
        compare_source(judgement, frames[number], expected.source, expected.sha256, obligation)
    judgement.conclude()


def test_bad_lines_are_named_and_no_secret_is_told(tshark):
    made = scenarios.build("key_log_with_crlf_comments_and_bad_lines")
    capture, log = tshark.file("bad.pcap", b""), tshark.file("bad.keylog", made.keylog)
    made.capture.write(capture)
    done = tshark.run("-r", capture, "-V", "-o", "d2dsec.keylog_file:%s" % log)
    named = {int(each) for each in re.findall(r"(?i)\bline (\d+)\b", done.stderr.decode())}
    assert named == set(made.bad_keylog_lines)
    told = done.stderr.decode() + done.stdout.decode()
    assert made.keylog_secret[:16] not in told.lower().replace(":", "")


def test_keys_can_be_given_as_rows_of_a_table(tshark):
    made = Scenario("rows")
    k1, k2 = make_keys(made)
    scenarios.in_turns(5, Stream(made, k1, A, B, ssrc=0x1234), Stream(made, k2, B, A))
    capture = tshark.file("rows.pcap", b"")
    made.capture.write(capture)
    rows = [("ssrc=0x1234", k1.suite.name, (k1.key + k1.salt).hex(), ""), ("*", k2.suite.name, k2.inline, "")]
    options = [word for row in rows for word in ("-o", "uat:d2dsec_srtp_keys:" + ",".join('"%s"' % each for each in row))]
    frames = tshark.frames(capture, options=options, keep=False)
    judgement = Judgement("rows")
    for number, expected in made.expected.items():
        compare_source(judgement, frames[number], expected.source, expected.sha256, "must")
    judgement.conclude()


def test_missing_key_log_is_named(tshark):
    capture = tshark.file("missing.pcap", b"")
    scenarios.build("call_without_keys").capture.write(capture)
    done = tshark.run("-r", capture, "-o", "d2dsec.keylog_file:%s" % (tshark.folder / "there-is-none.keylog"))
    assert b"there-is-none.keylog" in done.stderr


def test_a_large_key_log_costs_little(tshark):
    """20,000 keys by SSRC, of which two are needed."""
    made = Scenario("large log")
    keys = make_keys(made, count=2)
    streams = [Stream(made, keys[0], A, B, ssrc=0x10001), Stream(made, keys[1], B, A, ssrc=0x10002)]
    scenarios.in_turns(200, *streams)
    filler = [log_line("ssrc=0x%08x" % number, keys[0]).replace(keys[0].key.hex(), "%032x" % number)
              for number in range(0x20000000, 0x20000000 + 20000)]
    lines = [*filler[:10000], log_line("ssrc=0x10001", keys[0]), log_line("ssrc=0x10002", keys[1]), *filler[10000:]]
    log = tshark.file("large.keylog", "\n".join(lines) + "\n")
    capture = tshark.file("large.pcap", b"")
    made.capture.write(capture)
    begin = time.monotonic()
    frames = tshark.frames(capture, options=["-o", "d2dsec.keylog_file:%s" % log], keep=False)
    assert sum(bool(frame.decrypted) for frame in frames.values()) == 400
    assert time.monotonic() - begin < 20

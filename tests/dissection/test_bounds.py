"""What a capture made to exhaust one resource costs: time in proportion to its size, and memory within a stated amount."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

import exhausting_captures as captures

# Four times as much may cost eight times as much: the machine is noisy. What grows with the square costs sixteen times as much.
MOST_GROWTH, NOISE = 8, 0.15  # seconds
# Searching is paid from an account. Who has spent it pays little for what follows.
ACCOUNTS, MOST_GROWTH_OF_ACCOUNTS = {"rollover_counters", "flows_without_signalling", "key_logs_between_streams"}, 2
TRIES = 3
# Octets that the plugin may hold over stock: a fixed amount, and so many for each octet of the capture ...
FIXED, OF_CAPTURE = 24 << 20, 12
# ... unless a bound of its own holds, at its end: contexts of the sidelink, keys of the key log.
OF_OTHERS = {"colliding_kd_sess_ids": 160 << 20, "mikey_crypto_sessions": 200 << 20, "key_log_lines": 48 << 20,
             "key_log_keys": 256 << 20, "sidelink_key_ids": 32 << 20}

# A program that runs another and tells what it took. It is small: a program's peak begins at that of the one which started it.
RUNNER = """
import os, sys
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print("\\nstatus=%d cpu=%f peak=%d" % (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss),
      file=sys.stderr)
"""


@dataclass
class Cost:
    cpu: float  # seconds
    peak: int   # octets


def cost_of(tshark, arguments, plugin=True):
    argv, environment = tshark.command(arguments, plugin)
    done = subprocess.run([sys.executable, "-c", RUNNER, *argv], env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=240)
    told = dict(word.split("=") for word in done.stderr.decode(errors="replace").splitlines()[-1].split())
    assert told["status"] == "0", done.stderr.decode(errors="replace")[-2000:]
    return Cost(float(told["cpu"]), int(told["peak"]) * 1024)


@pytest.fixture(scope="module")
def idle(tshark):
    """The cost of a capture without packets."""
    empty = tshark.file("empty.pcap", captures.written(captures.Capture()).octets)
    return min((cost_of(tshark, ["-r", empty]) for _ in range(3)), key=lambda cost: cost.cpu)


class Trial:
    """A flood as files, and what tshark makes of it."""

    def __init__(self, tshark, name, n, options=()):
        made = captures.build(name, n)
        self.tshark, self.size = tshark, len(made.octets)
        capture = tshark.file("%s-%d.pcap" % (name, n), made.octets)
        self.stock = ["-r", capture, "-n", *(option for option in made.options if not option.startswith("d2dsec."))]
        self.arguments = [*self.stock, *options]
        self.files = [capture]
        if made.key_log is not None:
            self.files.append(tshark.file("%s-%d.keylog" % (name, n), made.key_log))
            self.arguments += ["-o", "d2dsec.keylog_file:%s" % self.files[-1]]

    def cost(self):
        return cost_of(self.tshark, self.arguments)

    def cost_of_stock(self):
        return cost_of(self.tshark, self.stock, plugin=False)

    def close(self):
        for file in self.files:
            os.unlink(file)


def check_growth(one, four, idle, most):
    """Returns the cost of the greater one."""
    costs, greater = [], []
    for _ in range(TRIES):
        costs.append(one.cost().cpu - idle.cpu)
        greater.append(four.cost())
        grown = min(cost.cpu for cost in greater) - idle.cpu
        if grown < most * max(min(costs), 0) + NOISE:
            return greater[-1]
    pytest.fail("%.2f s at first, %.2f s for four times as much" % (min(costs), grown))


@pytest.mark.parametrize("name", captures.REGISTRY)
def test_a_capture_made_to_exhaust(tshark, idle, name):
    size = captures.REGISTRY[name][1]
    one, four = Trial(tshark, name, size), Trial(tshark, name, 4 * size)
    most = MOST_GROWTH_OF_ACCOUNTS if name in ACCOUNTS else MOST_GROWTH
    peak = check_growth(one, four, idle, most).peak
    over = peak - four.cost_of_stock().peak
    assert over < OF_OTHERS.get(name, FIXED + OF_CAPTURE * four.size), "%d MB over stock" % (over >> 20)
    one.close()
    four.close()


@pytest.mark.parametrize("form", ["d2dsec,verify", "d2dsec,verify,json"])
@pytest.mark.parametrize("name", ["calls", "branches_of_one_call", "rtsp_setups", "calls_with_one_mikey_message",
                                  "colliding_kd_sess_ids"])
def test_a_report_over(tshark, idle, name, form):
    size = captures.REGISTRY[name][1]
    one, four = (Trial(tshark, name, n, ["-q", "-z", form]) for n in (size, 4 * size))
    check_growth(one, four, idle, MOST_GROWTH)
    one.close()
    four.close()

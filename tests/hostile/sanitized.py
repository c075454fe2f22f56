"""tshark with a plugin that is built with sanitizers: how it is run, and what counts as a fault of a run."""

import re
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dissection"))

import tshark as harness

CPU_SECONDS = 60  # of one run; without a fault it takes one or two
WALL_SECONDS = 600
MEMORY_MB = 1500  # of all that is resident, AddressSanitizer's own included
OUTPUT_OCTETS = 1 << 30

SANITIZERS = {
    # Stock tshark leaks, and another test sees to leaks. A use after free is seen as long as the memory is in quarantine.
    "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:quarantine_size_mb=64:"
                    "hard_rss_limit_mb=%d:max_allocation_size_mb=%d" % (MEMORY_MB, MEMORY_MB),
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # What Wireshark or GLib hand out in pieces of their own would hide from AddressSanitizer what is read beyond one.
    "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple",
    "G_SLICE": "always-malloc",
}
# What one of these has seen is a fault, on either stream.
FAULT = re.compile(rb"ERROR: (?:Address|Leak)Sanitizer.*|^SUMMARY: .*|runtime error: .*|Dissector bug.*|hard rss limit exhausted.*|"
                   rb"\*\* .*(?:CRITICAL|WARNING|ERROR).*|assertion.*failed.*|Assertion.*failed.*|wmem.*failed.*", re.M)
# Addresses, times, process and frame numbers, which another run has otherwise.
VARIABLE = re.compile(rb"0x[0-9a-f]{4,}|\d{2}:\d{2}:\d{2}\.\d+|==\d+==|\d+")


def runtimes(library):
    """The sanitizers' libraries that a plugin is linked with, which must be there before all others."""
    text = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"lib(?:asan|ubsan)\.so\S* => (\S+)", text)
    if not any("asan" in Path(each).name for each in found):
        sys.exit("%s is not linked with AddressSanitizer: configure with -DD2DSEC_SANITIZE=ON" % library)
    return sorted(found)


@dataclass
class Outcome:
    status: int
    stdout: bytes
    stderr: bytes
    faults: list = field(default_factory=list)

    def seek_faults(self, secrets=()):
        """secrets: octets that must not be told."""
        found = FAULT.findall(self.stderr) + FAULT.findall(self.stdout)
        if self.status:
            found.append(b"ended by signal %d" % -self.status if self.status < 0 else b"exit status %d" % self.status)
        told = [secret for secret in secrets if secret in self.stderr.lower() or secret in self.stdout.lower()]
        if told:
            found.append(b"tells a secret of the key log")
        self.faults = list(dict.fromkeys(found))


def signature(fault):
    """The same for the same fault in another run."""
    return VARIABLE.sub(b"N", fault)


class SanitizedTshark(harness.Tshark):
    def __init__(self):
        super().__init__()
        self.preloaded = ":".join(runtimes(next(self.folder.glob("plugins/*/epan/d2dsec.so"))))

    def try_run(self, arguments, plugin=True):
        """arguments: a function that is given the folder where the run may write. Returns its Outcome."""
        argv, environment = self.command([], plugin)
        home = Path(environment["HOME"])
        # For tshark alone: setpriv takes the thread that watches over the memory for a danger.
        settings = dict(SANITIZERS, LD_PRELOAD=self.preloaded)
        argv[-1:] = ["env", *("%s=%s" % each for each in settings.items()), argv[-1], *map(str, arguments(home))]

        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_OCTETS, OUTPUT_OCTETS))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        try:
            done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=WALL_SECONDS,
                                  preexec_fn=limit)
            return Outcome(done.returncode, done.stdout, done.stderr)
        except subprocess.TimeoutExpired as expired:
            return Outcome(0, expired.stdout or b"", expired.stderr or b"", [b"no end after %d s" % WALL_SECONDS])
        finally:
            shutil.rmtree(home, ignore_errors=True)

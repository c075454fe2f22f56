"""Processes side by side: as many as there are processors for, with progress, and none left behind by an interruption."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

POLL = 0.05       # seconds
SHOW = 0.5        # seconds between two lines of progress on a terminal
LOG = 10          # elsewhere
GRACE = 5         # for a child to end by itself
SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


class Interrupted(Exception):
    """By a signal, whose number it has."""


def _set_handlers(handler):
    """Of all signals but those that are ignored: nohup stays what it is. Returns those that were set before."""
    return {each: signal.signal(each, handler) for each in SIGNALS if signal.getsignal(each) != signal.SIG_IGN}


def _raise(number, _):
    _set_handlers(signal.SIG_IGN)  # once: what cleans up is not disturbed by another
    raise Interrupted(number)


def interruptible():
    """From here on a signal raises Interrupted."""
    _set_handlers(_raise)


@contextlib.contextmanager
def signals_held():
    """Signals wait meanwhile, in a list that this gives. If any came, Interrupted is raised at the end."""
    received = []
    before = _set_handlers(lambda number, _: received.append(number))
    try:
        yield received
    finally:
        for each, handler in before.items():
            signal.signal(each, signal.SIG_IGN if received else handler)
    if received:
        raise Interrupted(received[0])


@contextlib.contextmanager
def private_folder():
    """A folder that nobody else may enter, gone at the end whatever happens."""
    path = tempfile.mkdtemp(prefix="d2dsec-verify-")  # mode 0700
    try:
        yield Path(path)
    finally:
        with signals_held():
            shutil.rmtree(path)


@dataclass
class Job:
    argv: list
    size: int        # octets of the capture it reads
    capture: Path
    stderr: Path     # file that takes what it says
    finished: object # called with the exit status


class Progress:
    """What is done, on standard error: how many of how many, octets of octets, time. Silent unless wanted."""

    def __init__(self, wanted):
        self.terminal = sys.stderr.isatty()
        self.wanted = self.terminal or wanted
        self.since = self.shown = time.monotonic()

    def show(self, jobs, done, running, last=False):
        now = time.monotonic()
        if not self.wanted or (not last and now - self.shown < (SHOW if self.terminal else LOG)):
            return
        self.shown = now
        octets = sum(job.size for job in done) + sum(_octets_read(child.pid, job) for job, child in running)
        line = "%d of %d captures, %s of %s, %d s" % (
            len(done), len(jobs), _size(octets), _size(sum(job.size for job in jobs)), now - self.since)
        end = "\n" if last or not self.terminal else ""
        sys.stderr.write(("\r\033[K" if self.terminal else "") + line + end)
        sys.stderr.flush()


def _size(octets):
    for unit in ("B", "kB", "MB", "GB"):
        if octets < 1000:
            break
        octets, unit = octets / 1000, "TB"
    return "%.1f %s" % (octets, unit)


def _octets_read(pid, job):
    """How far a child is: it goes through its capture twice, by a descriptor for each pass. 0 where the system doesn't tell."""
    total = 0
    try:
        for descriptor in os.scandir("/proc/%d/fd" % pid):
            if os.readlink(descriptor.path) == str(job.capture):
                position = Path("/proc/%d/fdinfo/%s" % (pid, descriptor.name)).read_text().split()
                total += int(position[position.index("pos:") + 1])
    except (OSError, ValueError):
        pass  # it has just ended, or this is no Linux
    return min(total // 2, job.size)


def run(jobs, environment, width, progress):
    """Runs all jobs, `width` at a time, the largest first. Raises Interrupted after ending those that run."""
    waiting = sorted(jobs, key=lambda job: job.size)
    running, done = [], []
    with signals_held() as received:  # so that no child is started and not yet known
        try:
            while (waiting or running) and not received:
                while waiting and len(running) < width:
                    job = waiting.pop()
                    running.append((job, _start(job, environment)))
                time.sleep(POLL)
                for job, child in list(running):
                    if child.poll() is not None:
                        running.remove((job, child))
                        done.append(job)
                        job.finished(child.returncode)
                progress.show(jobs, done, running)
        finally:
            _end([child for _, child in running])
    progress.show(jobs, done, running, last=True)


def _start(job, environment):
    # In a session of its own: at Ctrl-C tshark would write a report of what it had read so far, and call that success.
    with open(job.stderr, "wb") as stderr:
        return subprocess.Popen(job.argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                                start_new_session=True, umask=0o077)


def _end(children):
    for child in children:
        child.terminate()
    end = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(max(0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

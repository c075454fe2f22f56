"""A place to run the command in, with a tshark that does what a test plans."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
COMMAND = os.environ.get("D2DSEC_VERIFY") or str(HERE.parent.parent / "plugin" / "reports" / "d2dsec-verify")


class Place:
    def __init__(self, folder):
        self.folder, self.plan = folder, {}
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.calls_file = folder / "calls"

    def capture(self, name, octets=None, **does):
        """A capture and what the fake tshark does with it."""
        path = self.folder / name
        path.write_bytes(("content of " + name).encode() if octets is None else octets)
        self.plan[name] = does
        return path

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def report(self, name, document):
        return self.file(name, json.dumps(document))

    def read(self, name):
        return json.loads((self.folder / name).read_bytes())

    def popen(self, *arguments, tshark=HERE / "fake_tshark", **more):
        plan = self.file("plan", json.dumps(self.plan))
        environment = dict(os.environ, FAKE_PLAN=str(plan), FAKE_CALLS=str(self.calls_file), TMPDIR=str(self.temporary))
        words = list(map(str, arguments))
        if words[:1] != ["merge"] and tshark:
            words = ["--tshark", str(tshark), *words]
        return subprocess.Popen([sys.executable, COMMAND, *words], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", **more)

    def run(self, *arguments, **more):
        """(exit status, standard output, standard error)"""
        child = self.popen(*arguments, **more)
        out, errors = child.communicate(timeout=60)
        assert not list(self.temporary.iterdir()), "temporary files are left"
        assert "Traceback" not in errors
        return child.returncode, out, errors

    @property
    def calls(self):
        """How tshark was called on captures, since the last time this was asked."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.unlink(missing_ok=True)
        return sorted(map(json.loads, lines), key=lambda call: (call["derived"] is not None, call["capture"]))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)

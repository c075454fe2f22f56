"""sharkd, Wireshark's engine without a window, asked one thing after another in one process: it opens captures, closes them by opening
the next, takes preferences, and dissects frames anew in any order."""

import json
import subprocess
from pathlib import Path

import tshark as harness

TIMEOUT = 600  # seconds that valgrind may take for its report


def sharkd_path():
    """The one beside the tshark that is tested."""
    return str(Path(harness.tshark_path()).with_name("sharkd"))


class Sharkd:
    def __init__(self, tshark, prefix=(), environment=(), plugin=True):
        """prefix: the words before sharkd on its command line, of a program that runs it. environment: further (name, value) of both."""
        argv, variables = tshark.command([], plugin)
        self.home = Path(variables["HOME"])
        argv[-1:] = ["env", *("%s=%s" % each for each in environment), *prefix, sharkd_path(), "-"]
        self.process = subprocess.Popen(argv, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.number = 0

    def ask(self, method, **parameters):
        """The result, which must not be an error."""
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method}
        if parameters:
            request["params"] = parameters
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            assert line, "sharkd ended at %s" % request
            if line.startswith(b"{"):
                answer = json.loads(line)
                assert answer.get("id") == self.number and "error" not in answer, (request, answer)
                return answer["result"]

    def load(self, capture):
        self.ask("load", file=str(capture))

    def prefer(self, name, value):
        """Takes effect with the next load."""
        self.ask("setconf", name=name, value=value)

    def column(self, name):
        """Values of a field, one a frame. All frames are dissected anew."""
        return [row["c"][0] for row in self.ask("frames", column0=name + ":1")]

    def details(self, frame):
        return self.ask("frame", frame=frame, proto=True, bytes=True)

    def end(self):
        self.ask("bye")
        self.process.stdin.close()
        self.process.wait(TIMEOUT)

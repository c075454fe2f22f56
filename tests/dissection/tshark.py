"""Runs tshark with the plugin, as a user whom it lets load plugins, and reads what it says of each frame.

One run gives both what the tests need: the named data sources (`-x`) and, as columns of the summary line, fields.

D2DSEC_PLUGIN_DIR  folder that holds X.Y/epan/d2dsec.so, X.Y being Wireshark's version
D2DSEC_TSHARK      the tshark to run, if not the first in PATH
"""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

NOBODY = 65534
TIMEOUT = 240

# Columns of the summary line: names used here, and the fields they show.
FIELDS = {
    "protocols": "frame.protocols",
    "verdict": "d2dsec.verdict",
    "suite": "d2dsec.suite",
    "roc": "d2dsec.roc",
    "index": "d2dsec.index",
    "ssrc": "d2dsec.ssrc",
    "key_frame": "d2dsec.key_frame",
    "origin": "d2dsec.key_origin",
    "fingerprint": "d2dsec.key_fingerprint",
    "departure": "d2dsec.departure",
    "malformed": "_ws.malformed",
}
# What the names of our own data sources begin with: packets that were decrypted, SDUs of the sidelink that were deciphered.
DECRYPTED, DECIPHERED = "Decrypted ", "Deciphered "
# A run without the plugin knows no field of ours.
STOCK_FIELDS = {name: source for name, source in FIELDS.items() if not source.startswith("d2dsec.")}


def tshark_path():
    return os.environ.get("D2DSEC_TSHARK") or shutil.which("tshark")


@functools.lru_cache(maxsize=None)
def version():
    """(major, minor) of tshark."""
    text = subprocess.run([tshark_path(), "-v"], capture_output=True, text=True, timeout=TIMEOUT).stdout
    return tuple(int(part) for part in re.search(r"(\d+)\.(\d+)", text).groups())


def plugin_missing():
    """Why no plugin can be judged, or None."""
    if not tshark_path():
        return "tshark is not installed"
    folder = os.environ.get("D2DSEC_PLUGIN_DIR")
    if not folder:
        return "D2DSEC_PLUGIN_DIR is not set"
    library = Path(folder) / ("%d.%d" % version()) / "epan" / "d2dsec.so"
    if not library.exists():
        return "there is no %s" % library
    return None


@dataclass
class Frame:
    number: int
    columns: dict
    sources: list = field(default_factory=list)  # (name, octets); octets only of ours

    def __getattr__(self, name):
        try:
            return self.columns[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def decrypted(self):
        return [(name, octets) for name, octets in self.sources if name.startswith(DECRYPTED)]

    @property
    def deciphered(self):
        return [(name, octets) for name, octets in self.sources if name.startswith(DECIPHERED)]


class Tshark:
    """A place to run it in: a home of its own, the plugin copied to where an unprivileged user can read it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="d2dsec-test-"))
        self.folder.chmod(0o755)
        self._results = {}
        (self.folder / "stock").mkdir()
        origin = os.environ.get("D2DSEC_PLUGIN_DIR")
        if origin and not plugin_missing():
            place = self.folder / "plugins" / ("%d.%d" % version()) / "epan"
            place.mkdir(parents=True)
            shutil.copy(Path(origin) / ("%d.%d" % version()) / "epan" / "d2dsec.so", place / "d2dsec.so")
        for each in [self.folder, *self.folder.rglob("*")]:
            each.chmod(0o755)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def file(self, name, content):
        """A file that the unprivileged user can read."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        path.chmod(0o644)
        return path

    def readable(self, path):
        """The capture itself, or a copy of it where the unprivileged user may not enter its folder."""
        path = Path(path)
        if path.is_relative_to(self.folder):
            return path
        copy = self.folder / "captures" / path.name
        if not copy.exists():
            self.file("captures/" + path.name, path.read_bytes())
            copy.parent.chmod(0o755)
        return copy

    # --- running --------------------------------------------------------------------------------

    def command(self, arguments, plugin=True, program=None):
        """(argv, environment) of one run of tshark, or of another program of Wireshark's, with a fresh home."""
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self.folder))
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "WIRESHARK_"))}
        environment.update(
            HOME=str(home), LC_ALL="C.UTF-8", TZ="UTC",
            WIRESHARK_PLUGIN_DIR=str(self.folder / ("plugins" if plugin else "stock")))
        argv = [program or tshark_path(), *map(str, arguments)]
        if os.getuid() == 0 or os.getgid() == 0:
            os.chown(home, NOBODY, NOBODY)
            # Wireshark ignores WIRESHARK_PLUGIN_DIR for uid 0 and gid 0
            argv = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", *argv]
        return argv, environment

    def run(self, *arguments, plugin=True):
        """The finished process; it must succeed. Output is kept as octets."""
        argv, environment = self.command(arguments, plugin)
        done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
        assert done.returncode == 0, "tshark: %d\n%s" % (done.returncode, done.stderr.decode(errors="replace")[-2000:])
        return done

    def text(self, capture, *arguments, plugin=True):
        return self.run("-r", self.readable(capture), "-n", *arguments, plugin=plugin).stdout.decode(errors="replace")

    def fields(self, capture, *names, filter=None, passes=1, options=()):
        """Rows of values, one a frame; several values of one field are joined by '|'."""
        arguments = ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=|", "-e", "frame.number"]
        for name in names:
            arguments += ["-e", name]
        if filter:
            arguments += ["-Y", filter]
        arguments += ["-2"] if passes == 2 else []
        rows = self.text(capture, *arguments, *options).splitlines()
        return {int(cells[0]): cells[1:] for cells in (row.split("\t") for row in rows)}

    def frames(self, capture, *, passes=1, options=(), plugin=True, keep=True, more=None):
        """Frame number -> Frame, in one run. With keep, the same question is not asked twice. more: further columns, in
        which several values of one field are joined by ','."""
        question = str(capture), passes, tuple(map(str, options)), plugin, tuple(more or ())
        if question not in self._results:
            columns = {**(FIELDS if plugin else STOCK_FIELDS), **(more or {})}
            layout = ['"No.","%m"'] + ['"%s","%%Cus:%s:0:R"' % each for each in columns.items()]
            arguments = ["-r", self.readable(capture), "-n", "-T", "tabs", "-P", "-x"]
            arguments += ["-o", "gui.column.format:" + ",".join(layout)]
            arguments += ["-2"] if passes == 2 else []
            done = self.run(*arguments, *options, plugin=plugin)
            frames = read_dump(done.stdout.decode(errors="replace"), columns)
            if not keep:
                return frames
            self._results[question] = frames
        return self._results[question]


HEX_LINE = re.compile(r"[0-9a-f]{4,8}  ")
SOURCE_LINE = re.compile(r"(.+) \((\d+) bytes?\):$")


def read_dump(text, columns):
    """Parses `-T tabs -P -x`: a summary line, then a hex dump of each data source, named where there are several."""
    frames, frame, keep, expected_length = {}, None, None, {}
    for line in text.split("\n"):
        if not line:
            continue
        if HEX_LINE.match(line):
            if keep is not None:
                at = line.index("  ") + 2
                keep += bytes.fromhex(line[at : at + 48])
            continue
        source = SOURCE_LINE.match(line)
        if source and "\t" not in line:
            name, length = source.group(1), int(source.group(2))
            octets = bytearray()
            keep = octets if name.startswith((DECRYPTED, DECIPHERED)) else None
            expected_length[id(octets)] = length
            frame.sources.append((name, octets))
            continue
        cells = line.split("\t")
        keep = None
        if len(cells) >= len(columns) + 1 and cells[0].strip().isdigit():
            frame = Frame(int(cells[0]), dict(zip(columns, cells[1:])))
            frames[frame.number] = frame
    for each in frames.values():
        for name, octets in each.decrypted + each.deciphered:
            assert len(octets) == expected_length[id(octets)], "hex dump of frame %d is not understood" % each.number
        each.sources = [(name, bytes(octets)) for name, octets in each.sources]
    return frames

"""A set of captures: each a unit of work, none lost once it is finished; keys pass from one to the others.

Signalling may be in one capture and the media in another. So a set is gone through in two rounds: the first verifies each capture by
itself and has tshark write down the keys that it derives there; the second verifies anew those captures for which others brought
keys. These keys open traffic, but were not delivered: they come by a preference of their own and are compared with nothing.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from . import InputError
from . import report as reports
from .children import Job, run
from .tshark import complaint, digest, name_of

ALONE, FIRST, SECOND = "alone", "first", "second"  # how a capture is verified: by itself, or in which round of its set
CAPTURE_NAME, JOINED_NAME, DERIVED_NAME = "capture", "joined.keys", "derived.keys"


@dataclass
class Capture:
    path: Path
    name: str
    size: int
    sha256: str


@dataclass
class Settings:
    """What applies to all captures."""
    keys: list             # key logs, as delivered
    derived: Path = None   # key log of keys that were derived from captures elsewhere
    preferences: list = field(default_factory=list)  # NAME:VALUE
    dissection: list = field(default_factory=list)   # tshark's own options -d and --enable-heuristic

    def identity(self):
        """All that a result may depend on, the contents of files among them."""
        files = [*self.keys, *([self.derived] if self.derived else [])]
        values = [each.partition(":")[2] for each in self.preferences]
        return [[(name_of(each), digest(each)) for each in files], bool(self.derived), self.dissection, self.preferences,
                [digest(value) if Path(value).is_file() else None for value in values]]


def find_captures(paths):
    """The captures, each content once. Returns them and the paths that were passed over."""
    captures, repeated = {}, []
    for path in map(Path, paths):
        if not path.is_file():
            raise InputError("%s: %s" % (path, "not a file" if path.exists() else "no such file"))
        capture = Capture(path.resolve(), name_of(path), path.stat().st_size, digest(path))
        if captures.setdefault(capture.sha256, capture) is not capture:
            repeated.append(path)
    return list(captures.values()), repeated


class Store:
    """What is finished, by what it depends on: in memory, and in a folder if there is one."""

    def __init__(self, folder):
        self.folder, self.kept = folder, {}
        if folder:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key):
        if key not in self.kept and self.folder:
            try:
                value = json.loads((self.folder / (key + ".json")).read_bytes())
                reports.require_whole(value["report"], "what is kept")
                self.kept[key] = value
            except (OSError, ValueError, TypeError, KeyError, InputError):
                return None  # not there, or not ours: verified again
        return self.kept.get(key)

    def put(self, key, value, lasting=True):
        """lasting: a later run may rely on it."""
        self.kept[key] = value
        if self.folder and lasting:
            reports.write(self.folder / (key + ".json"), reports.text_of(value))


class Verification:
    """Of a set of captures. folder: private, for keys and what tshark writes."""

    def __init__(self, tshark, settings, captures, store, folder, width, progress):
        self.tshark, self.settings, self.captures, self.store = tshark, settings, captures, store
        self.folder, self.width, self.progress = folder, width, progress
        self.unread = []  # as in source.captures: files of which tshark made no report
        self._identity = [tshark.identity(), settings.identity()]
        self._keys = self._join_keys()

    def run(self, alone):
        """The reports, one a capture but those in `unread`. alone: no keys pass between captures."""
        final = ALONE if alone or len(self.captures) == 1 else SECOND
        pending = [each for each in self.captures if not self._finished(each, final)]
        if final == ALONE:
            self._round(pending, ALONE, {})
        elif pending:
            self._two_rounds(pending)
        done = [self._finished(each, final) for each in self.captures]
        return [each["report"] for each in done if each]

    def _two_rounds(self, pending):
        # A capture that brought keys is gone through again, since keys are kept nowhere.
        known = {each.sha256: self._finished(each, FIRST) for each in self.captures}
        self._round([each for each in self.captures if not known[each.sha256] or known[each.sha256]["exported"]], FIRST, {})
        exported = {each.sha256: self._exported(each) for each in self.captures}
        derived = {}
        for capture in pending:
            own = exported[capture.sha256]
            others = set().union(*exported.values()) - own
            first = self._finished(capture, FIRST)
            if first and others:
                derived[capture.sha256] = others
            elif first:
                self.store.put(self._key(capture, SECOND), first, lasting=not self.unread)
        self._round([each for each in pending if each.sha256 in derived], SECOND, derived)

    # --- What is finished -----------------------------------------------------------------------------

    def _key(self, capture, stage):
        # In a set it matters what the others are; of the first round it does not.
        others = sorted(each.sha256 for each in self.captures) if stage == SECOND else []
        facts = [reports.VERSION, stage == ALONE, self._identity, capture.name, capture.sha256, others]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def _finished(self, capture, stage):
        return self.store.get(self._key(capture, stage))

    # --- One round ------------------------------------------------------------------------------------

    def _round(self, captures, stage, derived):
        """derived: by SHA-256 of a capture, the lines of key log that others brought for it."""
        jobs = []
        for capture in captures:
            folder = self.folder / stage / capture.sha256
            folder.mkdir(parents=True)
            (folder / CAPTURE_NAME).symlink_to(capture.path)
            argv = self._arguments(capture, folder, stage, derived.get(capture.sha256))
            jobs.append(Job(argv, capture.size, capture.path, folder / "stderr",
                            lambda status, capture=capture, folder=folder: self._take(capture, stage, folder, status)))
        if jobs:
            run(jobs, self.tshark.environment, self.width, self.progress)

    def _arguments(self, capture, folder, stage, derived):
        argv = [self.tshark.path, "-2", "-q", "-n", "-r", str(capture.path), *self.settings.dissection,
                "-z", "d2dsec,verify,json,%s" % (folder / "report.json")]
        if stage == FIRST:
            argv += ["-z", "d2dsec,keys,%s" % (folder / "keys")]
        # By a name without ";", which there divides the names of files.
        preferences = ["d2dsec.case_captures:%s" % (folder / CAPTURE_NAME), *self.settings.preferences]
        if self._keys:
            preferences.append("d2dsec.keylog_file:%s" % self._keys)
        if derived:
            lines = sorted(derived | _lines(self.settings.derived))
            _write_private(folder / DERIVED_NAME, "".join(line + "\n" for line in lines).encode())
            preferences.append("d2dsec.keylog_derived:%s" % (folder / DERIVED_NAME))
        elif self.settings.derived:
            preferences.append("d2dsec.keylog_derived:%s" % self.settings.derived)
        for each in preferences:
            argv += ["-o", each]
        return argv

    def _take(self, capture, stage, folder, status):
        """What came of one capture: kept, or its capture is noted as unread."""
        problem = self._complaint(capture, folder, status) if status else None
        try:
            document = reports.load(folder / "report.json")
        except InputError:
            if status == 0:  # it should have succeeded: a plugin that is older or newer than this program
                raise
            document = None
        # What a capture without a report would have brought to the others is to be tried when it has one.
        whole = document is not None and not (stage == SECOND and self.unread)
        if document is None and stage == SECOND:  # what the capture gave by itself is still there
            document = self._finished(capture, FIRST)["report"]
        if document is None:
            self.unread.append(self._file(capture, problem))
            return
        self._describe_sources(document, capture, folder, problem)
        result = {"report": document}
        if stage == FIRST:
            result["exported"] = len(self._exported(capture))
        self.store.put(self._key(capture, stage), result, lasting=whole)

    def _complaint(self, capture, folder, status):
        return complaint((folder / "stderr").read_bytes(), status).replace(str(capture.path), capture.name)

    def _file(self, capture, problem):
        return {"name": capture.name, "size": capture.size, "sha256": capture.sha256, "problem": problem}

    def _describe_sources(self, document, capture, folder, problem):
        """The capture as it was when it was looked at; key logs as they were given, not as they were joined."""
        source = document["source"]
        for file in source["captures"]:
            if file["sha256"] not in (None, capture.sha256):
                problem = "it changed while it was read"
            problem = problem or file["problem"]
        source["captures"] = [self._file(capture, problem)]
        ours = {digest(each): files for each, files in self._made_key_logs(folder)}
        given = []
        for told in source["keylogs"]:
            given += [{"name": name_of(each), "size": each.stat().st_size, "sha256": digest(each), "problem": told["problem"]}
                      for each in ours[told["sha256"]]] if told["sha256"] in ours else [told]
        source["keylogs"] = given
        reports.limit_verdict(document)

    # --- Keys -----------------------------------------------------------------------------------------

    def _exported(self, capture):
        return _lines(self.folder / FIRST / capture.sha256 / "keys")

    def _join_keys(self):
        """One key log of all: the plugin reads one. Lines count through all files in the order in which they were given."""
        if len(self.settings.keys) < 2:
            return self.settings.keys[0] if self.settings.keys else None
        joined = self.folder / JOINED_NAME
        logs = [each.read_bytes().removeprefix(b"\xef\xbb\xbf") for each in self.settings.keys]
        _write_private(joined, b"".join(log if log.endswith(b"\n") else log + b"\n" for log in logs))
        return joined

    def _made_key_logs(self, folder):
        """Those that this program made for one run of tshark, each with those that were given for it."""
        made = [(self.folder / JOINED_NAME, self.settings.keys),
                (folder / DERIVED_NAME, [self.settings.derived] if self.settings.derived else [])]
        return [(path, given) for path, given in made if path.exists()]


def _write_private(path, octets):
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(octets)


def _lines(path):
    """The secrets of a key log, without comments. None, and a file that isn't there, have none."""
    if not path or not path.exists():
        return set()
    lines = (re.split(r"(?:^|[ \t])#", line)[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return {line for line in lines if line}

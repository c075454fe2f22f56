"""tshark: where it is, whether it has the plugin, how it is called, what it complains of."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from . import InputError

ROOT_ADVICE = ("As user or group 0, tshark looks for plugins in the system's folder alone, and says nothing of it: install the plugin, "
               "or run this as another user.")
ADVICE = "Install the plugin for this Wireshark, or name its folder in WIRESHARK_PLUGIN_DIR."


class Tshark:
    """A tshark that has the plugin."""

    def __init__(self, path, plugins):
        """path: None for the first in PATH. plugins: a folder to take plugins from if it is there and the environment names none."""
        self.path = shutil.which(path or "tshark")
        if not self.path:
            raise InputError("there is no tshark at %s" % path if path else
                             "there is no tshark in PATH; name one with --tshark")
        # The same words in every language and time zone: they stand in reports.
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
        if plugins.is_dir():
            self.environment.setdefault("WIRESHARK_PLUGIN_DIR", str(plugins))
        self._require_plugin()

    def _ask(self, *arguments):
        done = subprocess.run([self.path, *arguments], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode:
            raise InputError("%s %s failed: %s" % (self.path, " ".join(arguments), complaint(done.stderr, done.returncode)))
        return done.stdout

    def _require_plugin(self):
        rows = [row.split("\t") for row in self._ask("-G", "plugins").decode(errors="replace").splitlines()]
        found = [row for row in rows if row[0].strip() == "d2dsec.so"]
        if not found:
            raise InputError("%s does not load the plugin d2dsec. %s" %
                             (self.path, ROOT_ADVICE if 0 in (os.geteuid(), os.getegid()) else ADVICE))
        self._plugin = found[0][-1]

    def identity(self):
        """All of the program that a result may depend on: its version, the plugin itself, the user's preferences."""
        return [self._ask("-v").decode(errors="replace").partition("\n")[0], digest(self._plugin),
                hashlib.sha256(self._ask("-G", "currentprefs")).hexdigest()]


def complaint(stderr, status):
    """What tshark said went wrong, in one line."""
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    ours = [line.removeprefix("tshark: ") for line in lines if line.startswith("tshark: ")]
    if status < 0:
        return "tshark was ended by signal %d" % -status
    if ours or lines:
        return (ours or lines)[-1].strip()
    return "tshark ended with status %d" % status


def digest(path):
    """SHA-256 of a file, in hex."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError("%s: %s" % (path, error.strerror)) from error


def name_of(path):
    """What a file goes by in reports: its name without the folder."""
    return Path(path).name

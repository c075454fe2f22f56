"""A display of its own with Wireshark on it, driven as a person does: with keys and the mouse, looking at windows and the clipboard.

Nothing waits for a time that may be too short: what is to come is asked for until it is there, for LONG seconds at most.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

LONG = 120      # seconds; a machine may be slow, and have more to do
SHORT = 0.1     # between two looks
TABS = 20       # after which a window has no other field
PAUSE = 1       # after which a list takes letters for the beginning of another name
VERIFICATION, PREFERENCES, WELCOME = "D2D verification", "· Preferences", "^The Wireshark Network Analyzer$"
EXPORT, UNSAVED = "^Dialog$|Export PDU", r"^\*"
PROGRAMS = ("Xvfb", "openbox", "xdotool", "xclip", "wireshark")


def missing_programs():
    return [each for each in PROGRAMS if not shutil.which(each)]


def wait_for(what, look, seconds=LONG):
    """What look() returns, as soon as that is something."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, "not within %d seconds: %s" % (seconds, what)
        time.sleep(SHORT)


class Desktop:
    """X server and window manager."""

    def __init__(self, width=1280, height=800):
        reader, writer = os.pipe()
        self._processes = [subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "%dx%dx24" % (width, height), "-nolisten", "tcp"],
            pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)]
        os.close(writer)
        with open(reader) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb does not start"
        self.environment = dict(os.environ, DISPLAY=":" + number)
        self._processes.append(subprocess.Popen(["openbox"], env=self.environment, stdin=subprocess.DEVNULL,
                                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def close(self):
        for each in reversed(self._processes):
            each.terminate()
            each.wait(LONG)

    def xdotool(self, *arguments):
        return subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, capture_output=True, text=True, timeout=LONG)

    # --- windows --------------------------------------------------------------------------------

    def find(self, title):
        """A window that can be seen, by a regular expression for its title; or None."""
        numbers = self.xdotool("search", "--onlyvisible", "--name", title).stdout.split()
        return numbers[-1] if numbers else None

    def wait(self, title):
        return wait_for("a window '%s'" % title, lambda: self.find(title))

    def wait_gone(self, title):
        wait_for("no window '%s'" % title, lambda: not self.find(title))

    def activate(self, title):
        """Keys go to this window from now on."""
        window = self.wait(title)
        wait_for("'%s' is active" % title, lambda: self.xdotool("windowactivate", window) and
                 self.xdotool("getactivewindow").stdout.strip() == window)
        return window

    def place(self, title, x, y, width, height):
        window = self.activate(title)
        self.xdotool("windowsize", window, width, height)
        self.xdotool("windowmove", window, x, y)

    # --- keys, mouse, clipboard -----------------------------------------------------------------

    def keys(self, *keys):
        for key in keys:
            self.xdotool("key", key)
            time.sleep(SHORT)    # a menu or a field that a key opens takes the next one

    def type(self, text):
        self.xdotool("type", "--delay", 5, text)

    def click(self, title, x, y):
        """At a place within a window, counted from its right or lower edge where negative."""
        window = self.activate(title)
        geometry = dict(line.split("=") for line in self.xdotool("getwindowgeometry", "--shell", window).stdout.splitlines())
        x += int(geometry["WIDTH"]) if x < 0 else 0
        y += int(geometry["HEIGHT"]) if y < 0 else 0
        self.xdotool("mousemove", "--window", window, x, y, "click", 1)

    def clipboard(self, *arguments, text=None):
        """Sets it, or returns it; empty where nothing is there."""
        return subprocess.run(["xclip", "-selection", "clipboard", *arguments], env=self.environment, input=text, text=True,
                              stdout=subprocess.DEVNULL if text is not None else subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LONG).stdout

    def copy(self):
        """All text of the field that has the keyboard; empty where it is not a field."""
        self.clipboard(text="")
        self.keys("ctrl+a", "ctrl+c")
        return self.clipboard("-o")

    def text_of(self, title):
        """Of the first field with any that has the keyboard, or that Tab leads to."""
        self.activate(title)
        for _ in range(TABS):
            text = self.copy()
            if text:
                return text
            self.keys("Tab")
        raise AssertionError("'%s' has no text" % title)

    def fill(self, title, text):
        """Types it into the first field of the window that Tab leads to."""
        self.activate(title)
        for _ in range(TABS):
            self.keys("Tab")
            self.type("x")
            if self.copy() == "x":
                self.type(text)    # in place of what is selected
                assert self.copy() == text
                return
        raise AssertionError("no field in '%s' takes a text" % title)


def prepare(tshark, arguments, plugin=True, preferences="", program="wireshark"):
    """(argv, environment) of a run of Wireshark: a home with these preferences, for the user that tshark would run as, too."""
    command, environment = tshark.command(arguments, plugin, program)
    home = Path(environment["HOME"])
    profile, runtime = home / ".config" / "wireshark", home / "runtime"
    profile.mkdir(parents=True)
    (profile / "preferences").write_text(preferences)
    runtime.mkdir(mode=0o700)
    owner = home.stat()
    for each in home.rglob("*"):
        os.chown(each, owner.st_uid, owner.st_gid)
    environment.update(XDG_RUNTIME_DIR=str(runtime), TMPDIR=str(home))
    return command, environment


class Wireshark:
    """One run of it on a display."""

    def __init__(self, desktop, command, environment):
        self.desktop = desktop
        self._console = tempfile.TemporaryFile()
        self.home = Path(environment["HOME"])
        self.process = subprocess.Popen(command, env=dict(environment, DISPLAY=desktop.environment["DISPLAY"]),
                                        stdin=subprocess.DEVNULL, stdout=self._console, stderr=self._console)

    def end(self):
        """Makes sure of it; quit() is the proper way."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LONG)
        self._console.close()

    def console(self):
        """Lines that it wrote, without what differs from run to run."""
        self._console.seek(0)
        lines = self._console.read().decode(errors="replace").splitlines()
        return [re.sub(r"0x[0-9a-f]+|[0-9]+", "N", line).strip() for line in lines]

    # --- what a person does ---------------------------------------------------------------------

    def wait_loaded(self, capture):
        """The main window bears the name of the capture that is open in it."""
        self.main = "^%s$" % re.escape(Path(capture).name)
        self.desktop.wait(self.main)

    def menu(self, letter, *keys):
        """The menu that Alt and the letter open, and keys in it."""
        self.desktop.activate(self.main)
        self.desktop.keys("alt+" + letter, *keys)

    def open_verification(self):
        self.menu("y", *["Up"] * 5, "Return")    # the last but four; what comes behind it is the same in all lines
        self.desktop.wait(VERIFICATION)

    def verify_again(self):
        self.desktop.click(VERIFICATION, -150, -26)    # the button left of Close

    def open_preferences(self, protocol):
        self.desktop.activate(self.main)
        self.desktop.keys("ctrl+shift+p")
        self.desktop.activate(PREFERENCES)
        self.desktop.type("Protocols")
        time.sleep(PAUSE)
        self.desktop.keys("Right")
        self.desktop.type(protocol)
        time.sleep(PAUSE)

    def set_key_log(self, path):
        self.open_preferences("D2DSEC")
        self.desktop.fill(PREFERENCES, str(path))
        self.desktop.keys("Return")
        self.desktop.wait_gone(PREFERENCES)

    def open(self, capture):
        self.desktop.activate(self.main)
        self.desktop.keys("ctrl+o")
        self.desktop.activate("Open Capture File")
        self.desktop.type(str(capture))
        self.desktop.keys("Return")
        self.wait_loaded(capture)

    def close_capture(self):
        self.desktop.activate(self.main)
        self.desktop.keys("ctrl+w")
        self.main = WELCOME
        self.desktop.wait(self.main)

    def export_pdus(self):
        """Of the first kind there is, which is ours. The window then shows what was exported."""
        self.menu("f", *["Up"] * 6, "Return")
        self.desktop.activate(EXPORT)
        self.desktop.keys("Return")
        self.main = UNSAVED
        self.desktop.wait(self.main)

    def quit(self):
        """Exit status. What was not saved is not saved now."""
        self.desktop.activate(self.main)
        self.desktop.keys("ctrl+q")
        if self.main == UNSAVED:
            self.desktop.activate("Unsaved packets")
            self.desktop.keys("alt+w")
        return self.process.wait(LONG)

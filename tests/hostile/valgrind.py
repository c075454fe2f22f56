"""What valgrind's memcheck says of a program with the plugin, as far as it is the plugin's."""

import collections
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

OURS = "d2dsec.so"
CALLERS = 40
INNERMOST = 6  # functions by which two places are taken for the same
STILL_HELD = "Leak_StillReachable"
HELD = {STILL_HELD, "Leak_PossiblyLost"}  # the second: something points into it, as is so with GLib's counted boxes


def command(report):
    """The words before the program. The plugin is unloaded when leaks are sought: only what it left then has no owner any more."""
    return ["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=all", "--keep-debuginfo=yes", "--num-callers=%d" % CALLERS,
            "--xml=yes", "--xml-file=%s" % report]


@dataclass(frozen=True)
class Place:
    """Where memory was taken, or an error made."""

    kind: str
    functions: tuple  # from the innermost out
    is_ours: bool  # the plugin is among them

    def __str__(self):
        return "%s: %s" % (self.kind, " < ".join(self.functions[:16]))

    @property
    def innermost(self):
        return self.kind, self.functions[:INNERMOST]


def place_of(error):
    frames = list(error.find("stack"))
    functions = tuple(frame.findtext("fn") or "?" for frame in frames)
    return Place(error.findtext("kind"), functions, any((frame.findtext("obj") or "").endswith("/" + OURS) for frame in frames))


def places(report):
    """Place -> octets that are there; of errors that are no leaks, how many."""
    found = collections.Counter()
    for _, element in ElementTree.iterparse(report):
        if element.tag == "error":
            found[place_of(element)] += int(element.findtext("xwhat/leakedbytes") or 1)
            element.clear()
    return found


def ours(found):
    """Those that the plugin has to do with."""
    return collections.Counter({place: size for place, size in found.items() if place.is_ours})


def beyond(found, baseline):
    """Without what stock leaves by itself, too: dissectors of Wireshark that the plugin calls take memory in the same functions."""
    known = {place.innermost for place in baseline}
    return {place: size for place, size in found.items() if place.innermost not in known}


def listed(found):
    return "\n".join("%d, %s" % (size, place) for place, size in sorted(found.items(), key=str))

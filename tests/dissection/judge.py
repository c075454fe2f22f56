"""Compares what tshark showed with what it had to show, and says what differs in words a person can act on."""

import hashlib


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


def number(text):
    return int(text, 0) if text else None


class Judgement:
    """Collects differences; the few first of each kind are told, with the count of them all."""

    SHOWN = 4

    def __init__(self, title):
        self.title, self.found = title, {}

    def add(self, kind, frame, detail=""):
        self.found.setdefault(kind, []).append("frame %d %s" % (frame, detail))

    def conclude(self):
        if not self.found:
            return
        lines = [self.title]
        for kind, cases in self.found.items():
            lines.append("%s: %d" % (kind, len(cases)))
            lines += ["    " + case for case in cases[: self.SHOWN]]
        raise AssertionError("\n".join(lines))


def compare_source(judgement, frame, source, digest, obligation):
    """obligation: 'must', 'may' or 'not'. Returns whether the right source is there."""
    shown = frame.decrypted
    about = "verdict %r departure %r" % (frame.columns.get("verdict"), frame.columns.get("departure"))
    if not shown:
        if obligation == "must":
            judgement.add("missing", frame.number, about)
        return False
    if obligation == "not":
        judgement.add("shown as decrypted but must not be", frame.number, about)
        return False
    if len(shown) > 1:
        judgement.add("more than one decrypted source", frame.number, ", ".join(name for name, _ in shown))
    name, octets = shown[0]
    if name != source:
        judgement.add("wrong source name", frame.number, "%r instead of %r" % (name, source))
    if sha256(octets) != digest:
        judgement.add("wrong plaintext", frame.number, about)
        return False
    return True


def compare_scenario(scenario, frames, passes):
    judgement = Judgement("%s, %d pass(es)" % (scenario.name, passes))
    if len(frames) != len(scenario.capture.frames):
        judgement.add("frames read: %d of" % len(frames), len(scenario.capture.frames))
    for number_, frame in frames.items():
        expected = scenario.expected.get(number_)
        obligation = scenario.wanted(number_, passes == 2)
        if expected is None or expected.plain is None:
            compare_source(judgement, frame, "", "", "not")
            if expected and expected.verdicts and not (expected.late and passes == 1):
                if frame.verdict not in expected.verdicts:
                    judgement.add("wrong verdict", number_, "%r, not %s" % (frame.verdict, sorted(expected.verdicts)))
            elif expected is None and frame.verdict:
                judgement.add("verdict on what is no media", number_, repr(frame.verdict))
            continue
        if compare_source(judgement, frame, expected.source, expected.sha256, obligation):
            _compare_facts(judgement, scenario, frame, expected)
    judgement.conclude()


def _compare_facts(judgement, scenario, frame, expected):
    key = expected.key
    if frame.verdict not in expected.verdicts:
        judgement.add("wrong verdict", frame.number, "%r, not %s" % (frame.verdict, sorted(expected.verdicts)))
    for name, value in expected.facts.items():
        if number(frame.columns[name]) != value:
            judgement.add("wrong " + name, frame.number, "%s, not %d" % (frame.columns[name], value))
    if key.suite.name and key.suite.name.casefold() != frame.suite.casefold():  # what no registry names is free
        judgement.add("wrong suite", frame.number, "%r, not %r" % (frame.suite, key.suite.name))
    if frame.fingerprint not in (key.fingerprint, sha256(key.key)[:16]):
        judgement.add("wrong key fingerprint", frame.number, "%r, not %r" % (frame.fingerprint, key.fingerprint))
    key_frames = scenario.key_frames(key)
    if key_frames and number(frame.key_frame) not in key_frames:
        judgement.add("wrong key frame", frame.number, "%r, not one of %s" % (frame.key_frame, sorted(key_frames)))
    if not key_frames and frame.key_frame:
        judgement.add("key frame of a key that no frame brought", frame.number, frame.key_frame)
    if not frame.origin.startswith(scenario.origin):
        judgement.add("wrong key origin", frame.number, "%r, not %s..." % (frame.origin, scenario.origin))
    if expected.departs and not frame.departure:
        judgement.add("departure not named", frame.number)
    protocol = "rtcp" if expected.kind.startswith("rtcp") else "rtp"
    if protocol not in frame.protocols.split(":"):
        judgement.add("not handed to stock " + protocol, frame.number, frame.protocols)

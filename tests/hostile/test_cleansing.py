"""No key of a key log, and none that follows from it, is left in memory: not in what is freed, not after the capture is closed.

watch_secrets.c looks on, preloaded into the program. What it is told to look for comes from the models that made the captures: the
secrets of the key logs, as octets and as the hexadecimal text of the file, and all that is derived of them down to the session keys. What
stands in a frame as it is, is none of it.
"""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

import d2d_scenarios
import mikey_scenarios
import scenarios
from model import real_captures
from sharkd import Sharkd

PLAIN = real_captures.FOLDER / "d2d-sample.pcap"
LEAST, MOST = 12, 64  # octets of a secret that is looked for
REPORTS = ["-q", "-z", "d2dsec,verify", "-z", "d2dsec,verify,json,{out}/report.json", "-z", "d2dsec,keys,{out}/keys.log"]
PRIVATE_KEY = "private key"
# module, scenario, which of its key logs opens it; None: the only one, or the capture has the keys
CASES = [
    (mikey_scenarios, "psk_four_crypto_sessions", "MIKEY_PSK"),
    (mikey_scenarios, "ticket_all_legs[over_http]", "MIKEY_PSK of alice"),
    (mikey_scenarios, "ticket[forked]", "MIKEY_TPK"),
    (mikey_scenarios, "ticket_party_brings_the_key[responder_forked]", "MIKEY_MPK"),
    (mikey_scenarios, "diffie_hellman", "MIKEY_TEK"),
    (d2d_scenarios, "flow[F2_ticket]", "MIKEY_TPK"),
    (d2d_scenarios, "ims_sdes[keys_in_log_alone]", "SDES"),
    (d2d_scenarios, "network_not_captured", "D2D_KD"),
    (d2d_scenarios, "joined_late", "D2D_KDSESS"),
    (d2d_scenarios, "command_without_request", "D2D_PEK"),
    (d2d_scenarios, "group[eea2]", "PROSE_PGK"),
    (d2d_scenarios, "algorithms[eea1_eia1]", "D2D_KD"),
    (scenarios, "key_log_by_call[RTP/SAVP]", None),
    (scenarios, "key_log_with_suite[AEAD_AES_256_GCM]", None),
    (scenarios, "key_log_with_suite[F8_128_HMAC_SHA1_80]", None),
    (scenarios, "reinvite_changes_the_suite", None),
    (d2d_scenarios, "flow[F3_sdes]", None),
    (d2d_scenarios, "choice[kdsess_fc]", None),
    (mikey_scenarios, "public_key", PRIVATE_KEY),
]


class Watched:
    """A scenario on disk, and the secrets that must not be left of it."""

    def __init__(self, tshark, module, name, label):
        made = module.build(name)
        self.capture = tshark.file("watched.pcap", b"")
        made.capture.write(self.capture)
        is_private_key = label == PRIVATE_KEY
        text = made.private_key.decode() if is_private_key else getattr(made, "key_logs", {}).get(label) or made.keylog or ""
        self.preference = "d2dsec.mikey_private_key" if is_private_key else "d2dsec.keylog_file"
        self.file = tshark.file("watched.keylog", text)
        frames = b"".join(octets for _, octets, _ in made.capture.frames)
        self.secrets = sorted(secret for secret in secrets_of(made, text, is_private_key) if secret not in frames)
        self.list = tshark.file("watched.secrets", "".join(secret.hex() + "\n" for secret in self.secrets))
        self.folder = tshark.folder / "found"
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o777)
        self.report = self.folder / "report"
        self.report.unlink(missing_ok=True)

    def environment(self, tshark):
        library = tshark.file("watch_secrets.so", Path(os.environ["D2DSEC_WATCH"]).read_bytes())
        return [("LD_PRELOAD", library), ("D2DSEC_SECRETS", self.list), ("D2DSEC_FOUND", self.report),
                ("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple"), ("G_SLICE", "always-malloc")]

    def found(self):
        """What the library has told so far. The secrets go by their place in the list."""
        return self.report.read_text()

    def looks(self):
        return self.found().count("seen\n") if self.report.exists() else 0


def secrets_of(made, text, is_private_key):
    """Of the file in use, in the form that it has; of a key log as octets, too; of the keys that the model derived, as octets. The
    numbers of a private key and the last line of its file are OpenSSL's affair, whose decoders free them as they are."""
    if is_private_key:
        logged, written = [], [line.encode() for line in text.splitlines()[1:-2]]
    else:
        logged = [bytes.fromhex(each) for each in re.findall(r"\b(?:[0-9a-f]{2}){16,}\b", text)]
        written = [each.hex().encode() for each in logged]
    return {each[:MOST] for each in logged + written + derived(made, bool(text)) if len(each) >= LEAST}


def derived(made, with_master_keys):
    """Master keys that come with SDP stand in memory of stock's dissector of SDP, too, which decodes them."""
    octets = [key for context in getattr(made, "contexts", []) for _, key in context.keys.values()]
    octets += [each for _, session in getattr(made, "crypto_sessions", []) for each in (session.tek, session.salt)]
    for key in {id(packet.key): packet.key for packet in made.packets.values()}.values():
        octets += key._sessions.values()
        octets += [key.key, key.salt] if with_master_keys else []
    return [each for each in octets if each]


def run(tshark, watched, *arguments):
    command, environment = tshark.command([])
    words = ["-2", "-r", watched.capture, "-n", "-o", "%s:%s" % (watched.preference, watched.file), *arguments]
    command[-1:] = ["env", *("%s=%s" % each for each in watched.environment(tshark)), command[-1],
                    *(str(each).format(out=watched.folder) for each in words)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, timeout=240).stdout.decode(errors="replace")


@pytest.fixture(params=CASES, ids=lambda case: case[1])
def watched(tshark, request):
    return Watched(tshark, *request.param)


def test_no_key_is_left_by_tshark(tshark, watched):
    shown = run(tshark, watched, "-V", *REPORTS[1:])
    assert "Verdict: decrypted" in shown or "Verdict: not authenticated" in shown
    assert watched.looks() == 1
    assert watched.found() == "seen\n"


def test_no_key_is_left_when_its_capture_is_closed(tshark, watched):
    sharkd = Sharkd(tshark, environment=watched.environment(tshark))
    sharkd.prefer(watched.preference, str(watched.file))
    sharkd.load(watched.capture)
    verdicts = sharkd.column("d2dsec.verdict")
    assert any("decrypted" in each or "not authenticated" in each for each in verdicts)
    for frame in range(1, len(verdicts) + 1, 5):
        sharkd.details(frame)
    sharkd.prefer(watched.preference, "")
    sharkd.load(tshark.readable(PLAIN))
    sharkd.process.send_signal(10)
    end = time.monotonic() + 60
    while not watched.looks():
        assert time.monotonic() < end
        time.sleep(0.1)
    found = watched.found()
    sharkd.end()
    assert found == "seen\n"


def test_a_key_that_is_left_is_found(tshark):
    """Keys that are shown in the packet details go the way of all of Wireshark's memory."""
    watched = Watched(tshark, *CASES[0])
    run(tshark, watched, "-V", "-o", "d2dsec.show_keys:TRUE")
    assert "freed " in watched.found()

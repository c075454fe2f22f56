"""Nothing of the plugin's is left when tshark ends, and nothing gathers while one program opens capture after capture. Nor does it read
what was never written."""

import collections
import shutil
import subprocess
import time

import pytest

import valgrind
from model import real_captures
from mutation import Capture
from sharkd import Sharkd

KEY_FILES = real_captures.FOLDER.parent / "keyfiles"
# Between them they have what takes memory: each kind of signalling, key log and medium; reassembly; a search.
SAMPLES = ["made_mikey_psk", "made_mikey_ticket_tpk", "made_d2d_ticket_in_pc5", "made_d2d_in_segments", "made_d2d_other_fc",
           "made_fork_with_media_of_both_branches", "made_key_log_by_call_id", "made_f8_with_mki"]
RTSP = "mikey_gst_rtsp_udp_audio"
# Those that one program opens one after another.
IN_TURN = ["made_mikey_psk", "made_d2d_ticket_in_pc5", "made_d2d_in_segments", "made_key_log_by_call_id"]
REPORTS = ["-2", "-q", "-z", "d2dsec,verify", "-z", "d2dsec,verify,json,{out}/report.json", "-z", "d2dsec,keys,{out}/keys.log",
           "-z", "rtp,streams"]
EXPORT = ["-2", "-U", "D2D decrypted", "-w", "{out}/plain.pcapng"]
CACHES = 1024  # octets that GLib keeps for itself until the process ends: its time zones
INTERVAL = 0.5  # seconds after which a key log is looked at again
TIMEOUT = 600

pytestmark = pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")


def capture_of(sample):
    return real_captures.FOLDER / (sample + ".pcap")


def key_log_of(sample):
    path = KEY_FILES / (sample + ".keylog")
    return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def whole(tshark):
    """(capture, key log) with the frames and the lines of all samples."""
    capture = tshark.file("whole.pcap", b"")
    Capture(1, [frame for sample in [*SAMPLES, RTSP] for frame in Capture.read(capture_of(sample)).frames]).write(capture)
    return capture, tshark.file("whole.keylog", "".join(key_log_of(sample) for sample in SAMPLES))


@pytest.fixture
def report(tshark):
    """A file in a folder that the unprivileged user can write to."""
    folder = tshark.folder / "valgrind"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o777)
    return folder / "report.xml"


def run(tshark, report, arguments, plugin=True):
    """What valgrind finds in one run of tshark."""
    command, environment = tshark.command([], plugin)
    words = [str(each).format(out=report.parent) for each in arguments]
    command[-1:] = ["env", "G_SLICE=always-malloc", *valgrind.command(report), command[-1], *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return valgrind.places(report)


@pytest.mark.parametrize("arguments", [["-V"], REPORTS, EXPORT], ids=["one pass", "two passes and reports", "export"])
def test_nothing_is_left_when_tshark_ends(tshark, report, whole, arguments):
    """It is unloaded before leaks are sought: what it has not freed then is lost, except for what others keep."""
    capture, key_log = whole
    reading = ["-r", capture, "-n"]
    found = valgrind.ours(run(tshark, report, [*reading, "-o", "d2dsec.keylog_file:%s" % key_log, *arguments]))
    faults = {place: size for place, size in found.items() if place.kind != valgrind.STILL_HELD}
    if faults:
        faults = valgrind.beyond(faults, run(tshark, report, [*reading, "-V"], plugin=False))
    assert valgrind.listed(faults) == ""
    assert sum(found.values()) <= CACHES, valgrind.listed(found)


def test_nothing_is_left_of_loading_it(tshark, report):
    found = valgrind.ours(run(tshark, report, ["-G", "plugins"]))
    assert valgrind.listed({place: size for place, size in found.items() if place.kind != valgrind.STILL_HELD}) == ""


def one_after_another(tshark, sharkd):
    """Each capture is opened with a key log that is empty and grows while the capture is open, then once more with keys to be shown;
    frames are dissected again in between."""
    for sample in IN_TURN:
        key_log = tshark.file("growing.keylog", "# nothing yet\n")
        sharkd.prefer("d2dsec.keylog_file", str(key_log))
        sharkd.prefer("d2dsec.show_keys", "FALSE")
        sharkd.load(tshark.readable(capture_of(sample)))
        key_log.write_text("# nothing yet\n" + key_log_of(sample))
        time.sleep(INTERVAL)
        sharkd.column("d2dsec.verdict")
        sharkd.prefer("d2dsec.show_keys", "TRUE")
        sharkd.load(tshark.readable(capture_of(sample)))
        verdicts = sharkd.column("d2dsec.verdict")
        assert any("decrypted" in each for each in verdicts)
        for frame in (len(verdicts), 1, 3, len(verdicts) // 2):
            sharkd.details(frame)
    sharkd.prefer("d2dsec.show_keys", "FALSE")
    sharkd.prefer("d2dsec.keylog_file", "")


def session(tshark, report, rounds):
    """What valgrind finds after so many rounds through the captures, when another one is open."""
    sharkd = Sharkd(tshark, valgrind.command(report), [("G_SLICE", "always-malloc")])
    for _ in range(rounds):
        one_after_another(tshark, sharkd)
    sharkd.load(tshark.readable(capture_of(RTSP)))
    sharkd.end()
    return valgrind.ours(valgrind.places(report))


def stock_session(tshark, report):
    """The same of sharkd alone, which forgets the frames of a capture when it opens the next."""
    sharkd = Sharkd(tshark, valgrind.command(report), [("G_SLICE", "always-malloc")], plugin=False)
    for sample in [*IN_TURN, RTSP]:
        sharkd.load(tshark.readable(capture_of(sample)))
        sharkd.column("frame.protocols")
    sharkd.end()
    return valgrind.places(report)


def test_nothing_gathers_from_capture_to_capture(tshark, report):
    stock = stock_session(tshark, report)
    once, often = (collections.Counter(valgrind.beyond(session(tshark, report, rounds), stock)) for rounds in (1, 2))
    assert valgrind.listed({place: size for place, size in often.items() if place.kind not in valgrind.HELD}) == ""
    more = {place: size - once[place] for place, size in often.items() if size > once[place]}
    less = sum(size - often[place] for place, size in once.items() if size > often[place])
    assert sum(more.values()) <= less, valgrind.listed(more)

"""Key logs inside captures: d2dsec-keys puts them in and takes them out, stock tools still read the capture, and the plugin takes
the keys from there where Wireshark lets it."""

import gzip
import importlib.machinery
import importlib.util
import re
import resource
import shutil
import struct
import subprocess
import sys

import pytest

import exhausting_captures
import tshark as harness
from model import pcapng, real_captures

ROOT = real_captures.FOLDER.parent
SCRIPT = ROOT / "plugin" / "reports" / "d2dsec-keys"
NAMES = ["made_key_log_by_call_id", "made_key_log_joined_at_roc_2", "made_mikey_psk", "made_d2d_kd"]
CALL = real_captures.FOLDER / "made_key_log_by_call_id.pcap"
TYPE = bytes.fromhex("4432444b")
WITHHELD = "does not hand to plugins"

hands_over = bool(harness.tshark_path()) and harness.version() >= (4, 4)
from_4_4 = pytest.mark.skipif(not hands_over, reason="Wireshark 4.0 withholds secrets")
only_4_0 = pytest.mark.skipif(hands_over, reason="Wireshark hands secrets over")


def key_log_of(capture):
    return ROOT / "keyfiles" / (capture.stem + ".keylog")


def keys(*arguments, status=0, **options):
    """(standard output, what was said), of one run."""
    done = subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, timeout=120, **options)
    assert done.returncode == status, done.stderr.decode()
    return done.stdout, done.stderr.decode()


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def embedded(folder):
    """The sample call with its key log in it."""
    keys("embed", CALL, "--keys", key_log_of(CALL), "-o", folder / "embedded.pcapng")
    return folder / "embedded.pcapng"


def here(tshark, path):
    """A copy that the user may read as whom tshark runs."""
    return tshark.file("embedded/" + path.name, path.read_bytes())


def packets(tshark, capture):
    """What stock reads of each packet."""
    text = tshark.text(here(tshark, capture), "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.protocols",
                       "-e", "frame.md5_hash", "-o", "frame.generate_md5_hash:TRUE", plugin=False)
    assert text
    return text


def counted(capture):
    """(packets, secrets) that capinfos counts."""
    text = subprocess.run(["capinfos", "-M", capture], capture_output=True, text=True, check=True, timeout=60).stdout
    secrets = re.search(r"decryption secrets in file: *(\d+)", text)
    return int(re.search(r"Number of packets: *(\d+)", text).group(1)), int(secrets.group(1)) if secrets else 0


# --- files of this test's own making ---------------------------------------------------------------------------


def section(order, frames, *, tell_length=False, more=b""):
    """A section with an Ethernet interface, a comment block of nobody's, and a frame at each second from 1 on."""
    body = pcapng.interface(order, 1) + more
    for second, frame in enumerate(frames, 1):
        body += pcapng.packet(order, second * 1000000, frame)
    return pcapng.section_header(order, len(body) if tell_length else -1) + body


def pcap(order, magic, frames, fraction=0):
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    for second, frame in enumerate(frames, 1):
        out += struct.pack(order + "4I", second, fraction, len(frame), len(frame)) + frame
    return out


def frames_of(capture):
    return [frame for _, frame in real_captures.frames_of(capture.read_bytes())]


FRAMES = frames_of(CALL)


# --- the command -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(tshark, folder, name):
    capture = real_captures.FOLDER / (name + ".pcap")
    with_keys, without, log = folder / "with.pcapng", folder / "without.pcapng", folder / "out.keylog"
    keys("embed", capture, "--keys", key_log_of(capture), "-o", with_keys)
    keys("extract", with_keys, "-o", log)
    keys("strip", with_keys, "-o", without)
    assert log.read_bytes() == key_log_of(capture).read_bytes()
    assert keys("extract", with_keys)[0] == log.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in (with_keys, log)} == {0o600}
    assert counted(with_keys) == (counted(capture)[0], 1)
    assert counted(without) == (counted(capture)[0], 0)
    assert packets(tshark, with_keys) == packets(tshark, capture) == packets(tshark, without)
    assert keys("extract", without, status=1) == (b"", "d2dsec-keys: %s: holds no key log\n" % without)
    assert {path.name for path in folder.iterdir()} == {"with.pcapng", "without.pcapng", "out.keylog"}


def test_keys_stand_before_the_first_packet_in_a_block_of_the_documented_type(embedded):
    octets, text = embedded.read_bytes(), key_log_of(CALL).read_bytes()
    at = octets.index(text)
    assert octets[at - 16 : at - 12] == struct.pack("<I", 10)
    assert octets[at - 8 : at] == TYPE[::-1] + struct.pack("<I", len(text))
    assert at < octets.index(FRAMES[0])


SECTIONS = {
    "little endian": section("<", FRAMES),
    "big endian": section(">", FRAMES),
    "length told": section("<", FRAMES, tell_length=True),
    "two sections": section("<", FRAMES, tell_length=True) + section("<", FRAMES[:5], tell_length=True),
    "two byte orders": section(">", FRAMES) + section("<", FRAMES[:5]),
    "unknown block": section("<", FRAMES, more=pcapng.block("<", 0x0BAD, b"of nobody's")),
    "secrets of another type": section("<", FRAMES, more=pcapng.block("<", 10, struct.pack("<II", 0x544C534B, 4) + b"# a\n")),
    "pcap, big endian": pcap(">", 0xA1B2C3D4, FRAMES, 999999),
    "pcap, nanoseconds": pcap("<", 0xA1B23C4D, FRAMES, 123456789),
}


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_kind_of_capture(tshark, folder, kind):
    capture, with_keys, without = folder / "in.cap", folder / "with.pcapng", folder / "without.pcapng"
    capture.write_bytes(SECTIONS[kind])
    keys("embed", capture, "--keys", key_log_of(CALL), "-o", with_keys)
    keys("strip", with_keys, "-o", without)
    count, others = counted(capture)
    assert counted(with_keys) == (count, others + 1)
    assert counted(without) == (count, others)
    assert packets(tshark, with_keys) == packets(tshark, capture) == packets(tshark, without)
    assert keys("extract", with_keys)[0] == key_log_of(CALL).read_bytes()


def test_several_key_logs(folder, embedded):
    more = folder / "more.keylog"
    more.write_text("# no line end\nMIKEY_PSK * 00112233")
    keys("embed", embedded, "--keys", more, "--keys", key_log_of(CALL), "-o", embedded)  # onto itself
    text = key_log_of(CALL).read_bytes()
    assert sorted(keys("extract", embedded)[0].splitlines()) == sorted((text + text + more.read_bytes()).splitlines())


def test_compressed_capture(folder, embedded):
    packed = folder / "packed.pcapng.gz"
    packed.write_bytes(gzip.compress(embedded.read_bytes()))
    assert keys("extract", packed)[0] == key_log_of(CALL).read_bytes()


def test_a_capture_that_was_cut_short_still_gives_its_keys(folder, embedded):
    cut, packed = folder / "cut.pcapng", folder / "cut.pcapng.gz"
    cut.write_bytes(embedded.read_bytes()[:-10])
    packed.write_bytes(gzip.compress(embedded.read_bytes())[:-200])
    for each in (cut, packed):
        out, said = keys("extract", each)
        assert out == key_log_of(CALL).read_bytes()
        assert "cut short" in said and said.count("\n") == 1


BAD = {
    "missing": (None, "No such file"),
    "empty": (b"", "neither pcapng nor pcap"),
    "text": (b"D2D_KD * 00\n", "neither pcapng nor pcap"),
    "no byte order": (SECTIONS["little endian"][:8] + b"ABCD" + SECTIONS["little endian"][12:], "byte order"),
    "cut short": (SECTIONS["little endian"][:-3], "cut short"),
    "pcap cut short": (SECTIONS["pcap, nanoseconds"][:-3], "cut short"),
    "odd block length": (SECTIONS["little endian"] + struct.pack("<II", 6, 13) + bytes(20), "block of 13 octets"),
    "tiny block length": (SECTIONS["little endian"] + struct.pack("<II", 10, 8) + bytes(20), "block of 8 octets"),
    "two lengths": (SECTIONS["little endian"] + struct.pack("<III", 0x0BAD, 12, 16), "another length"),
    "huge section header": (struct.pack("<IIIHHq", 0x0A0D0D0A, 0x7FFFFFFC, 0x1A2B3C4D, 1, 0, -1), "section header"),
    "huge packet": (pcap("<", 0xA1B2C3D4, []) + struct.pack("<4I", 0, 0, 0x7FFFFFFF, 0x7FFFFFFF), "damaged"),
    "check sequences": (pcap("<", 0xA1B2C3D4, [])[:20] + struct.pack("<I", 0x24000001), "editcap"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_capture_is_named_in_one_line(folder, kind):
    octets, reason = BAD[kind]
    capture = folder / "bad.pcapng"
    if octets is not None:
        capture.write_bytes(octets)
    for command in (["embed", "--keys", key_log_of(CALL)], ["strip"]):
        _, said = keys(command[0], capture, *command[1:], "-o", folder / "out.pcapng", status=2)
        assert said.startswith("d2dsec-keys: %s: " % capture) and reason in said and said.count("\n") == 1
    assert {path.name for path in folder.iterdir()} <= {"bad.pcapng"}


@pytest.mark.parametrize("octets", [b"", b"# nothing\n\n", b"\xff\xfeD\0", None], ids=["empty", "comments", "UTF-16", "missing"])
def test_bad_key_log_is_named_in_one_line(folder, octets):
    log = folder / "bad.keylog"
    if octets is not None:
        log.write_bytes(octets)
    _, said = keys("embed", CALL, "--keys", log, "-o", folder / "out.pcapng", status=2)
    assert said.startswith("d2dsec-keys: %s: " % log) and said.count("\n") == 1


@pytest.mark.parametrize("secrets", [b"", TYPE[::-1], TYPE[::-1] + struct.pack("<I", 9) + b"12345678"],
                         ids=["no type", "no length", "longer than the block"])
def test_damaged_secrets_give_no_keys(folder, secrets):
    capture = folder / "damaged.pcapng"
    capture.write_bytes(section("<", FRAMES, more=pcapng.block("<", 10, secrets)))
    out, said = keys("extract", capture, status=1 if not secrets else 2)
    assert out == b"" and said.count("\n") == 1


def test_memory_does_not_grow_with_the_capture(folder):
    """One block of 256 MiB, and less than that to work in."""
    capture, size = folder / "large.pcapng", 1 << 28
    with capture.open("wb") as file:
        file.write(section("<", FRAMES) + struct.pack("<II", 0x0BAD, size))
        file.seek(size - 12, 1)
        file.write(struct.pack("<I", size))
    keys("embed", capture, "--keys", key_log_of(CALL), "-o", folder / "out.pcapng",
         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 27, 1 << 27)))
    assert (folder / "out.pcapng").stat().st_size > size


def test_its_functions_can_be_had(embedded):
    loader = importlib.machinery.SourceFileLoader("d2dsec_keys", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("d2dsec_keys", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    assert module.key_logs_in(embedded) == ([key_log_of(CALL).read_bytes()], None)


# --- stock tools and the plugin --------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("editcap"), reason="editcap is not installed")
def test_editcap_keeps_and_discards_it(folder, embedded):
    kept, discarded = folder / "kept.pcapng", folder / "discarded.pcapng"
    subprocess.run(["editcap", embedded, kept], check=True, timeout=60)
    subprocess.run(["editcap", "--discard-all-secrets", embedded, discarded], check=True, timeout=60)
    assert keys("extract", kept)[0] == key_log_of(CALL).read_bytes()
    assert counted(discarded) == (len(FRAMES), 0)
    keys("extract", discarded, status=1)


def late(log, frames=FRAMES):
    """A capture whose key log comes last."""
    return section("<", frames) + pcapng.key_log("<", log)


@from_4_4
@pytest.mark.parametrize("passes", [1, 2], ids=["1 pass", "2 passes"])
@pytest.mark.parametrize("name", NAMES)
def test_embedded_keys_decrypt_as_the_key_log_does(tshark, folder, name, passes):
    capture = real_captures.FOLDER / (name + ".pcap")
    log = tshark.file(capture.stem + ".keylog", key_log_of(capture).read_bytes())
    keys("embed", capture, "--keys", log, "-o", folder / (name + ".pcapng"))
    wanted = tshark.frames(capture, passes=passes, options=["-o", "d2dsec.keylog_file:%s" % log], keep=False)
    found = tshark.frames(here(tshark, folder / (name + ".pcapng")), passes=passes, keep=False)
    assert sum(bool(frame.decrypted or frame.deciphered) for frame in found.values()) > 10
    for number, frame in wanted.items():
        assert (found[number].decrypted, found[number].deciphered) == (frame.decrypted, frame.deciphered)
        assert found[number].verdict == frame.verdict


@from_4_4
@pytest.mark.parametrize("name", ["made_key_log_joined_at_roc_2", "made_d2d_kd"])
def test_keys_at_the_end_serve_the_second_pass(tshark, folder, name):
    original = real_captures.FOLDER / (name + ".pcap")
    capture = folder / (name + "-late.pcapng")
    capture.write_bytes(late(key_log_of(original).read_bytes(), frames_of(original)))
    log = tshark.file(name + ".keylog", key_log_of(original).read_bytes())
    wanted = tshark.frames(original, passes=2, options=["-o", "d2dsec.keylog_file:%s" % log], keep=False)
    for passes in (1, 2):
        found = tshark.frames(here(tshark, capture), passes=passes, keep=False)
        for number, frame in wanted.items():
            opened = frame.decrypted, frame.deciphered
            assert (found[number].decrypted, found[number].deciphered) == (opened if passes == 2 else ([], []))


@from_4_4
def test_faults_are_named_with_their_line_and_no_secret(tshark, folder):
    log, secret = folder / "bad.keylog", "00112233445566778899aabbccddeeff"
    log.write_text("# lab\nD2D_KD * %s00zz\n" % secret)
    keys("embed", CALL, "--keys", log, "-o", folder / "faulty.pcapng")
    said = tshark.run("-r", here(tshark, folder / "faulty.pcapng"), "-V").stderr.decode()
    assert re.search(r"Key log in the capture:\nline 2: ", said)
    assert secret[:8] not in said


@from_4_4
def test_faults_of_many_key_logs_are_not_all_told(tshark):
    capture = exhausting_captures.Capture()
    for _ in range(20):
        capture.udp(("192.0.2.1", 9), ("192.0.2.2", 9), b"x")
    octets = exhausting_captures.written_between_key_logs(capture, lambda at: b"D2D_KD * zz\n").octets
    said = tshark.run("-r", tshark.file("many.pcapng", octets)).stderr.decode()
    assert said.count("Key log in the capture") == 4 and said.count("further ones are not told") == 1


@only_4_0
def test_withheld_keys_are_told_of_once(tshark, embedded):
    capture = here(tshark, embedded)
    for passes in ([], ["-2"]):
        said = tshark.run("-r", capture, "-V", *passes).stderr.decode()
        assert said.count(WITHHELD) == 1
        assert "d2dsec-keys extract" in said and "d2dsec.keylog_file" in said
    assert not any(frame.decrypted for frame in tshark.frames(capture, keep=False).values())


@only_4_0
def test_withheld_keys_at_the_end_are_told_of_in_the_second_pass(tshark, folder):
    """Which is the one that they could serve."""
    original = real_captures.FOLDER / "made_d2d_kd.pcap"
    capture = folder / "late.pcapng"
    capture.write_bytes(late(key_log_of(original).read_bytes(), frames_of(original)))
    assert WITHHELD not in tshark.run("-r", here(tshark, capture), "-V").stderr.decode()
    assert tshark.run("-r", here(tshark, capture), "-V", "-2").stderr.decode().count(WITHHELD) == 1


def test_nothing_is_told_without_need(tshark, folder, embedded):
    """A key log is named, or there is none in the capture."""
    log = tshark.file("named.keylog", keys("extract", embedded)[0])
    for capture, options in ((embedded, ["-o", "d2dsec.keylog_file:%s" % log]), (CALL, [])):
        assert tshark.run("-r", here(tshark, capture), "-V", *options).stderr.decode() == ""

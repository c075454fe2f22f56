"""-z d2dsec,keys,FILE: the keys of a capture, with which alone its media decrypts where there is no signalling."""

import gzip
import importlib.util
import stat
import struct
import sys

import pytest

from judge import sha256
from model import real_captures

ROOT = real_captures.FOLDER.parent
SAMPLES = [path for path in sorted(real_captures.FOLDER.glob("*.pcap"))
           if real_captures.expected_path(path).exists() or real_captures.sdus_path(path).exists()]
SECRETS = {".keylog": "keylog_file", ".pem": "mikey_private_key"}  # ending of the file, preference that takes it

# What brings keys: signalling of calls, PC5 signalling in the clear, and Direct Security Mode Commands. What the keys themselves opened
# is no signalling here.
SIGNALLING = "(sip || rtsp || http || mikey_ticket || pc5s.type in {0x01, 0x02, 0x03, 0x0c, 0x0f}) && !d2dsec.verdict == \"decrypted\""

by_name = pytest.mark.parametrize("capture", SAMPLES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def script():
    sys.dont_write_bytecode = True
    specification = importlib.util.spec_from_file_location("make_samples", real_captures.FOLDER / "make_samples.py")
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script


def secret_of(tshark, capture):
    for ending, preference in SECRETS.items():
        file = ROOT / "keyfiles" / (capture.stem + ending)
        if file.exists():
            return ["-o", "d2dsec.%s:%s" % (preference, tshark.file(file.name, file.read_bytes()))]
    log = real_captures.mikey_key_logs(capture).get("MIKEY_PSK") if capture in real_captures.MIKEY else None
    if log:
        return ["-o", "d2dsec.keylog_file:%s" % tshark.file(capture.stem + ".keylog", log)]
    return []


def framing_of(script, capture):
    """Preferences that say how frames are carried; what keys follow from is for the key log to say. Without signalling, a port that
    Wireshark gives to another protocol is that protocol's, as 32000 of the forked call is."""
    _, _, preferences = script.D2D_SAMPLES.get(capture.stem, ("", None, []))
    chosen = ["-o", "udp.try_heuristic_first:TRUE"] if capture.stem == "made_fork_with_media_of_both_branches" else []
    for each in preferences:
        heuristic = each.removeprefix(script.HEURISTIC)
        if heuristic != each:
            chosen += ["--enable-heuristic", heuristic]
        elif each.startswith("uat:"):
            chosen += ["-o", each]
    return chosen


def preferences_of(script, capture):
    _, _, preferences = script.D2D_SAMPLES.get(capture.stem, ("", None, []))
    return framing_of(script, capture) + [part for each in preferences if each.startswith("d2dsec.") for part in ("-o", each)]


def place_to_write(tshark, name):
    """In a folder of its own, that the unprivileged user may write to."""
    folder = tshark.folder / "written"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    path = folder / name
    path.unlink(missing_ok=True)
    return path


def export(tshark, script, capture, options=()):
    """The key log that a run writes, for others to read, and its mode."""
    path = place_to_write(tshark, capture.stem + ".keylog")
    done = tshark.run("-r", tshark.readable(capture), "-n", "-q", "-2", "-z", "d2dsec,keys,%s" % path, *secret_of(tshark, capture),
                      *preferences_of(script, capture), *options)
    mode = stat.S_IMODE(path.stat().st_mode)
    return tshark.file("exported-" + capture.stem + ".keylog", path.read_bytes()), mode, done.stderr.decode()


def records(content):
    """Packet records of a capture in the old format, with their headers."""
    order, at = "<" if content[:2] == b"\xd4\xc3" or content[:2] == b"\x4d\x3c" else ">", 24
    while at < len(content):
        length, = struct.unpack_from(order + "I", content, at + 8)
        yield content[at : at + 16 + length]
        at += 16 + length


def without_signalling(tshark, script, capture):
    """A copy without the frames that bring keys; with it the numbers that its frames had."""
    dropped = tshark.fields(capture, "frame.len", filter=SIGNALLING, passes=2,
                            options=secret_of(tshark, capture) + preferences_of(script, capture))
    content = capture.read_bytes()
    kept = [(number, record) for number, record in enumerate(records(content), 1) if number not in dropped]
    copy = tshark.file("media-" + capture.name, content[:24] + b"".join(record for _, record in kept))
    return copy, [number for number, _ in kept]


def opened(tshark, capture, options, numbers=None):
    """Every plaintext by the frame's number in the whole capture."""
    found = {}
    for frame in tshark.frames(capture, options=options, passes=2, keep=False).values():
        plain = [sha256(octets) for _, octets in frame.decrypted + frame.deciphered]
        if plain:
            found[numbers[frame.number - 1] if numbers else frame.number] = plain
    return found


def expected(capture):
    """What the sample's lists say, which no C code has made."""
    media = {row.frame: [row.plain_sha256] for row in real_captures.expected_rows(capture) if row.decrypts} \
        if real_captures.expected_path(capture).exists() else {}
    sdus = {}
    if real_captures.sdus_path(capture).exists():
        with gzip.open(real_captures.sdus_path(capture), "rt") as lines:
            for line in lines:
                frame, verdict, _, digest, _ = line.rstrip("\n").split("\t") if line[0] != "#" else (0,) * 5
                if frame and verdict != "authenticated only":
                    sdus.setdefault(int(frame), []).append(digest)
    return {frame: media.get(frame, []) + sdus.get(frame, []) for frame in {*media, *sdus}}


@by_name
def test_media_without_signalling_decrypts_with_the_exported_keys_alone(tshark, script, capture):
    keylog, mode, said = export(tshark, script, capture)
    assert mode == 0o600
    assert "eys are not written" not in said
    copy, numbers = without_signalling(tshark, script, capture)
    wanted = {frame: plain for frame, plain in expected(capture).items() if frame in numbers}
    assert wanted
    found = opened(tshark, copy, ["-o", "d2dsec.keylog_file:%s" % keylog, *framing_of(script, capture)], numbers)
    missing = sorted(wanted.keys() - found.keys())
    assert (missing[:5], len(missing)) == ([], 0)
    assert {frame: found[frame] for frame in wanted} == wanted


def test_the_exported_keys_are_read_without_a_warning_and_export_themselves_again(tshark, script):
    """Of one sample for each kind of line. What is exported from the export, with the media alone, opens the same again."""
    for name in ("gen_rfc6904_hdrext_AES_CM_128_HMAC_SHA1_80", "made_mikey_ticket_tpk", "made_d2d_sdes_in_pc5", "made_d2d_group"):
        capture = real_captures.FOLDER / (name + ".pcap")
        keylog, _, _ = export(tshark, script, capture)
        copy, _ = without_signalling(tshark, script, capture)
        again = place_to_write(tshark, name + ".again.keylog")
        done = tshark.run("-r", copy, "-n", "-q", "-2", "-o", "d2dsec.keylog_file:%s" % keylog, "-z", "d2dsec,keys,%s" % again)
        assert b"Key log" not in done.stderr
        selected = ("SRTP_MASTER ssrc=", "D2D_KDSESS", "D2D_PEK", "D2D_PIK", "PROSE_PGK")
        first, second = (sorted(line for line in path.read_text().splitlines() if line.startswith(selected))
                         for path in (keylog, again))
        assert first and second
        assert {line.split()[2] for line in second} <= {line.split()[2] for line in first}


def test_the_same_capture_gives_the_same_key_log(tshark, script):
    capture = real_captures.FOLDER / "sdes_pjsua_early_media_183.pcap"
    logs = {export(tshark, script, capture)[0].read_bytes() for _ in range(2)}
    assert len(logs) == 1


def test_a_file_that_others_may_read_is_not_kept(tshark, script):
    """The mode is that of the key log, not that of what stood there before."""
    capture = real_captures.FOLDER / "sdes_pjsua_early_media_183.pcap"
    path = place_to_write(tshark, "there.keylog")
    path.write_text("what stood there\n")
    path.chmod(0o666)
    tshark.run("-r", tshark.readable(capture), "-n", "-q", "-z", "d2dsec,keys,%s" % path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("SRTP_MASTER ")


def test_what_cannot_be_written_is_named_without_keys(tshark, script):
    capture = real_captures.FOLDER / "sdes_pjsua_early_media_183.pcap"
    keylog, _, _ = export(tshark, script, capture)
    secrets = [line.split(":")[-1].split()[0] for line in keylog.read_text().splitlines() if line.startswith("SRTP_MASTER")]
    folder = tshark.folder / "written" / "folder"
    folder.mkdir(exist_ok=True)
    for path in (tshark.folder / "nowhere" / "keys", folder):
        done = tshark.run("-r", tshark.readable(capture), "-n", "-q", "-z", "d2dsec,keys,%s" % path)
        said = done.stderr.decode()
        assert "eys are not written" in said and str(path) in said
        assert not [secret for secret in secrets if secret in said]


# --- keys as interception records deliver them -----------------------------------------------------------


def of_record(line):
    """HI2_CC of an SRTP_MASTER line: no suite, no flow."""
    _, _, secret, *_ = line.split()
    suite, key_salt = secret.split(":")
    salt_len = 24 if "GCM" in suite else 28
    return "HI2_CC 0001 %s:%s\n" % (key_salt[:-salt_len], key_salt[-salt_len:])


@pytest.mark.parametrize("name", ["sdes_pjsua_AES_CM_128_HMAC_SHA1_80", "sdes_pjsua_AEAD_AES_256_GCM",
                                  "sdes_linphone_baresip_AES_CM_128_32", "sdes_pjsua_AES_192_CM_HMAC_SHA1_32"])
def test_a_record_without_suite_opens_media_without_signalling(tshark, script, name):
    capture = real_captures.FOLDER / (name + ".pcap")
    keylog, _, _ = export(tshark, script, capture)
    records_of_keys = {of_record(line) for line in keylog.read_text().splitlines() if line.startswith("SRTP_MASTER")}
    log = tshark.file("record-" + name, "".join(sorted(records_of_keys)))
    copy, numbers = without_signalling(tshark, script, capture)
    wanted = {frame: plain for frame, plain in expected(capture).items() if frame in numbers}
    found = opened(tshark, copy, ["-o", "d2dsec.keylog_file:%s" % log], numbers)
    assert wanted and {frame: found.get(frame) for frame in wanted} == wanted


@pytest.mark.parametrize("wrong", [False, True], ids=["its keys", "others"])
def test_a_record_is_the_tek_of_the_crypto_session_that_it_names(tshark, wrong):
    """From the sample's list of TEKs, without the ticket's protection key."""
    capture = real_captures.FOLDER / "made_mikey_ticket_tpk.pcap"
    rows = [line.split("\t") for line in capture.with_suffix(".teks.tsv").read_text().splitlines() if line[0] != "#"]
    log = "".join("HI2_CC %02x %s%s%s\n" % (int(cs_id), tek[:-2], "%02x" % (int(tek[-2:], 16) ^ wrong), ":" + salt if salt else "")
                  for _, cs_id, tek, salt in rows)
    found = opened(tshark, capture, ["-o", "d2dsec.keylog_file:%s" % tshark.file("record.keylog", log)])
    assert found == ({} if wrong else expected(capture))

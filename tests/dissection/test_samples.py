"""The samples that the project makes itself: as their script makes them, and as their lists say."""

import gzip
import importlib.util
import sys

import pytest

from judge import Judgement, compare_source, number, sha256
from mikey_judge import fingerprint
from model import real_captures
from model.scenario import DECRYPTED_RTCP, DECRYPTED_RTP, SHOWN

ROOT = real_captures.FOLDER.parent
MADE = sorted(real_captures.FOLDER.glob("made_*.pcap"))
MEDIA = [path for path in MADE if real_captures.expected_path(path).exists()]
D2D = [path for path in MADE if real_captures.sdus_path(path).exists()]
LARGEST = 60 * 1024
SECRETS = {".keylog": "keylog_file", ".pem": "mikey_private_key"}  # ending of the file, preference that takes it


@pytest.fixture(scope="module")
def script():
    sys.dont_write_bytecode = True
    specification = importlib.util.spec_from_file_location("make_samples", real_captures.FOLDER / "make_samples.py")
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script


@pytest.fixture(scope="module")
def made_anew(script, tmp_path_factory):
    folder = tmp_path_factory.mktemp("anew")
    script.main(folder)
    return folder, {*script.SAMPLES, *script.MIKEY_SAMPLES, *script.D2D_SAMPLES}


def content(path):
    """How well a list was compressed is zlib's affair."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_the_script_makes_the_same_samples(made_anew):
    folder, samples = made_anew
    assert {path.stem for path in MADE} == samples
    anew = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    kept = {path.relative_to(ROOT) for part in ("captures", "keyfiles") for path in (ROOT / part).glob("made_*")
            if not path.name.endswith(".report.json")}  # these are not made by it
    assert anew == kept
    assert [path for path in sorted(anew) if content(folder / path) != content(ROOT / path)] == []


@pytest.mark.parametrize("capture", MADE, ids=lambda path: path.stem)
def test_sample_is_small(capture):
    assert capture.stat().st_size < LARGEST


def secret_of(tshark, capture):
    """The option that gives the sample's key log or private key."""
    for ending, preference in SECRETS.items():
        file = ROOT / "keyfiles" / (capture.stem + ending)
        if file.exists():
            return ["-o", "d2dsec.%s:%s" % (preference, tshark.file(file.name, file.read_bytes()))]
    return []


def preferences_of(script, capture):
    _, _, preferences = script.D2D_SAMPLES.get(capture.stem, ("", None, []))
    chosen = []
    for each in preferences:
        heuristic = each.removeprefix(script.HEURISTIC)
        chosen += ["-o", each] if heuristic == each else ["--enable-heuristic", heuristic]
    return chosen


@pytest.mark.parametrize("capture", MEDIA, ids=lambda path: path.stem)
def test_sample_decrypts_as_its_list_says(tshark, script, capture):
    options = secret_of(tshark, capture) + preferences_of(script, capture)
    rows = {row.frame: row for row in real_captures.expected_rows(capture)}
    judgement = Judgement(capture.stem)
    for frame in tshark.frames(capture, options=options).values():
        row = rows.get(frame.number)
        source = DECRYPTED_RTP if row and row.is_rtp else DECRYPTED_RTCP
        if compare_source(judgement, frame, source, row and row.plain_sha256, "must" if row else "not"):
            if frame.verdict not in SHOWN or number(frame.ssrc) != row.ssrc or frame.suite != row.suite:
                judgement.add("wrong facts", frame.number, str(frame.columns))
    judgement.conclude()


@pytest.mark.parametrize("capture", D2D, ids=lambda path: path.stem)
def test_sdus_are_those_of_the_list(tshark, script, capture):
    """Of what is not ciphered there is no data source."""
    with gzip.open(real_captures.sdus_path(capture), "rt") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line[0] != "#"]
    found = []
    for frame in tshark.frames(capture, options=secret_of(tshark, capture) + preferences_of(script, capture)).values():
        if frame.decrypted:  # media, of which another list tells
            continue
        sources = [(len(octets), sha256(octets)) for _, octets in frame.deciphered]
        for verdict in frame.verdict.split(","):
            source = (None, None) if verdict == "authenticated only" or not sources else sources.pop(0)
            found += [(frame.number, verdict, *source)] if verdict not in ("", "clear") else []
        found += [(frame.number, "", *source) for source in sources]
    wanted = [(int(frame), verdict, *((None, None) if verdict == "authenticated only" else (int(length), digest)))
              for frame, verdict, length, digest, _ in rows]
    assert found == wanted


@pytest.mark.parametrize("capture", [path for path in MADE if any((ROOT / "keyfiles" / (path.stem + ending)).exists()
                                                                  for ending in SECRETS)], ids=lambda path: path.stem)
def test_without_its_secret_nothing_is_decrypted(tshark, capture):
    assert [frame.number for frame in tshark.frames(capture).values() if frame.decrypted or frame.deciphered] == []


@pytest.mark.parametrize("capture", [path for path in MADE if path.with_suffix(".teks.tsv").exists()],
                         ids=lambda path: path.stem)
def test_sample_shows_the_teks_of_its_list(tshark, capture):
    """In the last message of each exchange, with the keys to be shown; salts by their fingerprints."""
    lines = [line.split("\t") for line in capture.with_suffix(".teks.tsv").read_text().splitlines() if line[0] != "#"]
    wanted = sorted((csb_id, cs_id, tek, fingerprint(bytes.fromhex(salt))) for csb_id, cs_id, tek, salt in lines)
    names = ["mikey_ticket." + name for name in ("csb_id", "tek.cs_id", "tek.value", "tek.salt_fingerprint")]
    told = tshark.fields(capture, *names, filter="mikey_ticket.tek.value",
                         options=[*secret_of(tshark, capture), "-o", "d2dsec.show_keys:TRUE"])
    csb_id, *columns = told[max(told)]
    shown = sorted((csb_id[2:], cs_id, tek.replace(":", ""), salt) for cs_id, tek, salt in zip(
        *(each.split("|") for each in columns)))
    assert shown == wanted

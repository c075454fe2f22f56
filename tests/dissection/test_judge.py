"""The judge itself: it passes what is right and catches every way to be wrong. Needs no plugin."""

import pytest

import d2d_judge
import d2d_scenarios
import mikey_judge
import mikey_scenarios
import scenarios
from judge import compare_scenario
from mikey_calls import FAILED, NOT_JUDGED, given_by, labels_of
from mikey_judge import fingerprint, links, messages_of, status_of
from model import pc5s_model as pc5s
from model.mikey_ticket_model import Transfer
from tshark import FIELDS, Frame, read_dump


def as_a_perfect_plugin_shows(scenario, passes=2):
    frames = {}
    for number in range(1, len(scenario.capture.frames) + 1):
        columns = dict.fromkeys(FIELDS, "")
        frame = frames[number] = Frame(number, columns, [("Frame", b"")])
        expected = scenario.expected.get(number)
        if expected is None or expected.late and passes == 1:
            continue
        columns["verdict"] = sorted(expected.verdicts or [""])[0]
        if expected.plain is None:
            continue
        frame.sources.append((expected.source, expected.plain))
        key_frames = scenario.key_frames(expected.key)
        columns.update({name: "%d" % value for name, value in expected.facts.items()})
        columns.update(suite=expected.key.suite.name, fingerprint=expected.key.fingerprint,
                       key_frame=str(min(key_frames)) if key_frames else "", origin=scenario.origin,
                       departure="some" if expected.departs else "",
                       protocols="eth:ip:udp:" + ("rtcp" if expected.kind.startswith("rtcp") else "rtp"))
    return frames


@pytest.mark.parametrize("name", ["suite[AES_CM_128_HMAC_SHA1_80]", "sdp_after_the_media[AEAD_AES_128_GCM]",
                                  "key_log[any]", "corrupted[AEAD_AES_128_GCM]", "clear_rtcp_among_srtcp"])
@pytest.mark.parametrize("passes", [1, 2])
def test_right_is_right(name, passes):
    scenario = scenarios.build(name)
    compare_scenario(scenario, as_a_perfect_plugin_shows(scenario, passes), passes)


def break_source(frame):
    frame.sources[1] = (frame.sources[1][0], frame.sources[1][1][:-1] + b"!?")


WRONGS = {
    "missing": lambda frame: frame.sources.pop(),
    "wrong plaintext": break_source,
    "more than one decrypted source": lambda frame: frame.sources.append(frame.sources[1]),
    "wrong source name": lambda frame: frame.sources.insert(1, ("Decrypted RTP", frame.sources.pop()[1])),
    "wrong verdict": lambda frame: frame.columns.update(verdict="replayed"),
    "wrong roc": lambda frame: frame.columns.update(roc="9"),
    "wrong index": lambda frame: frame.columns.update(index=""),
    "wrong ssrc": lambda frame: frame.columns.update(ssrc="0x1"),
    "wrong suite": lambda frame: frame.columns.update(suite="AES"),
    "wrong key fingerprint": lambda frame: frame.columns.update(fingerprint="00"),
    "wrong key frame": lambda frame: frame.columns.update(key_frame="2"),
    "not handed to stock rtp": lambda frame: frame.columns.update(protocols="eth:ip:udp:data"),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_wrong_is_caught(wrong):
    scenario = scenarios.build("suite[AES_CM_128_HMAC_SHA1_80]")
    frames = as_a_perfect_plugin_shows(scenario)
    WRONGS[wrong](frames[5])
    with pytest.raises(AssertionError, match=wrong + ": 1\n    frame 5"):
        compare_scenario(scenario, frames, 2)


def test_what_must_not_be_shown_is_caught():
    for number, name in ((2, "suite[AES_CM_128_HMAC_SHA1_80]"), (10, "corrupted[AEAD_AES_128_GCM]")):
        scenario = scenarios.build(name)
        frames = as_a_perfect_plugin_shows(scenario)
        frames[number].sources.append(("Decrypted SRTP", b"anything"))
        with pytest.raises(AssertionError, match="must not be: 1\n    frame %d" % number):
            compare_scenario(scenario, frames, 2)


def test_missing_frames_are_caught():
    scenario = scenarios.build("call_without_keys")
    frames = as_a_perfect_plugin_shows(scenario)
    del frames[3]
    with pytest.raises(AssertionError, match="frames read: "):
        compare_scenario(scenario, frames, 1)


# --- MIKEY -----------------------------------------------------------------------------------------------


def as_a_perfect_plugin_tells(scenario, label, passes=2):
    frames = as_a_perfect_plugin_shows(scenario, passes)
    known = given_by(scenario, label)
    for frame in frames.values():
        lists = {name: [] for name in mikey_judge.FIELDS}
        for message, *branches in messages_of(scenario, frame.number):
            if scenario.departs and label in scenario.departs:
                lists["message_departure"] = ["as %s does" % scenario.departs[label]]
            for secret in message.macs:
                status = status_of(secret, known, frame.number, passes)
                lists["mac_status"].append(status if status != NOT_JUDGED else FAILED)
            if not message.completes and (passes == 1 or message.completes is None):
                continue
            for session in message.sessions:
                lists["tek_cs_id"].append(str(session.cs_id))
                lists["tek"].append(fingerprint(session.tek))
                lists["tek_salt"].append(fingerprint(session.salt))
            if isinstance(message.exchange, Transfer):
                lists["kd"] = lists["tek"]
                if label == "MIKEY_TPK" and message.sessions:
                    for name, key, source in links(message.exchange):
                        lists["step_name"].append(name)
                        lists["step_key"].append(fingerprint(key))
                        lists["step_from"].append(fingerprint(source))
                        lists["step_frame"].append(str(frame.number))
        frame.columns.update({name: ",".join(each) for name, each in lists.items()})
    return frames


@pytest.mark.parametrize("name", mikey_scenarios.REGISTRY)
def test_right_about_mikey_is_right(name):
    scenario = mikey_scenarios.build(name)
    for label in labels_of(scenario):
        for passes in (1, 2):
            mikey_judge.compare(scenario, as_a_perfect_plugin_tells(scenario, label, passes), label, passes)


def without_the_last(name):
    return lambda columns: columns.update({name: columns[name].rpartition(",")[0]})


MIKEY_WRONGS = {  # of frame 3, an answer, or frame 5, a packet
    "wrong TEKs": (3, lambda columns: columns.update(tek=columns["tek"][::-1])),
    "wrong salts": (3, without_the_last("tek_salt")),
    "not one CS ID for each TEK": (3, without_the_last("tek_cs_id")),
    "KD is not the TEK": (3, without_the_last("kd")),
    "wrong MAC status": (3, lambda columns: columns.update(mac_status="not checkable")),
    "no step to MPKr'": (3, lambda columns: columns.update(step_name=columns["step_name"].replace("MPKr'", "MPKx"))),
    "no step to TEK": (3, lambda columns: columns.update(step_from=columns["step_key"])),
    "steps that lack a part": (3, without_the_last("step_frame")),
    "step from what is no MIKEY message": (
        3, lambda columns: columns.update(step_frame=columns["step_frame"].replace("3", "5"))),
    "departures named": (3, lambda columns: columns.update(message_departure="as minisip does")),
    "wrong key origin": (5, lambda columns: columns.update(origin="SDES")),
    "wrong key frame": (5, lambda columns: columns.update(key_frame="4")),
    "mac_status on what is no MIKEY message": (5, lambda columns: columns.update(mac_status="verified")),
}


@pytest.mark.parametrize("wrong", MIKEY_WRONGS)
def test_wrong_about_mikey_is_caught(wrong):
    scenario, (number, spoil) = mikey_scenarios.build("ticket[forked]"), MIKEY_WRONGS[wrong]
    frames = as_a_perfect_plugin_tells(scenario, "MIKEY_TPK", 1)  # so that the offer has no steps of its own
    spoil(frames[number].columns)
    with pytest.raises(AssertionError, match=wrong):
        mikey_judge.compare(scenario, frames, "MIKEY_TPK", 1)


# --- direct communication ----------------------------------------------------------------------------------

TEXTS = {"keystream reuse": "keystream reuse", "nonce used again": "The nonce was used before",
         "algorithm not offered": "A chosen algorithm is not among those", "capabilities differ": "The capabilities are not those",
         "command without request": "The request of this security mode command is not in the capture"}


def as_a_perfect_plugin_deciphers(scenario, label):
    scenario.origin = "KD"  # of media
    frames = as_a_perfect_plugin_shows(scenario, 1)
    for number, frame in frames.items():
        pdus = scenario.protected.get(number, [])
        opened = [pdu for pdu in pdus if pdu.plain is not None]
        keys = [pdu.context.keys for pdu in opened]
        lists = {
            "verdict": [sorted(pdu.verdicts or ["no key"])[0] for pdu in pdus],
            "suite": [d2d_judge.suite_of(pdu.context) for pdu in opened],
            "fingerprint": [fingerprint(pdu.context.pek) for pdu in opened],
            "origin": ["key log, line 1" for _ in opened],
            "kd": [fingerprint(each["KD"][1]) for each in keys if "KD" in each and d2d_judge.gives(label, "KD")],
            "kd_sess": [fingerprint(each.get("KD-sess", each.get("PTK"))[1]) for each in keys
                        if d2d_judge.gives(label, "KD-sess")],
            "experts": [TEXTS[name] for at, name in scenario.findings if at == number],
            "protocols": [],
        }
        frame.columns.update({name: ",".join([*each, *filter(None, [frame.columns.get(name)])]) for name, each in lists.items()})
        inner = ["pc5s" if pdu.what in pc5s.MESSAGES else d2d_judge.STOCK.get(pdu.what, "data") for pdu in opened]
        inner += ["rtp" for pdu in opened if pdu.what == "RTP"]
        frame.columns["protocols"] = ":".join(["eth:ip:udp:slsch:rlc_sl:pdcp_sl", *inner])
        frame.sources[1:1] = [(d2d_judge.SDU_SOURCE, pdu.plain) for pdu in opened if pdu.enciphered]
    return frames


@pytest.mark.parametrize("name", d2d_scenarios.REGISTRY)
def test_right_about_direct_communication_is_right(name):
    scenario = d2d_scenarios.build(name)
    for label in [*scenario.key_logs, "capture alone"]:
        d2d_judge.compare(scenario, as_a_perfect_plugin_deciphers(scenario, label), label, label)


def put(**columns):
    return lambda frame: frame.columns.update(columns)


D2D_WRONGS = {  # of frame 7, which has a reused keystream and one PDU; of frame 3, a Direct Security Mode Complete
    "missing SDU": (7, lambda frame: frame.sources.pop()),
    "shown as deciphered but must not be": (7, lambda frame: frame.sources.append(frame.sources[1])),
    "wrong plaintext": (7, break_source),
    "wrong source name": (7, lambda frame: frame.sources.append(("Deciphered PDU", frame.sources.pop()[1]))),
    "wrong verdict": (7, put(verdict="decrypted")),
    "not one verdict for each protected PDU": (7, put(verdict="not authenticated,not authenticated")),
    "not handed to ip": (7, put(protocols="eth:ip:udp:slsch:rlc_sl:pdcp_sl:data")),
    "not handed to pc5s": (3, put(protocols="eth:ip:udp:slsch:rlc_sl:pdcp_sl:data")),
    "wrong suite": (7, put(suite="128-EEA2, 128-EIA1")),
    "wrong key fingerprint": (7, put(fingerprint="")),
    "no key origin": (7, put(origin="")),
    "wrong KD fingerprint": (7, put(kd="")),
    "wrong KD-sess fingerprint": (7, put(kd_sess="0123456789abcdef")),
    "not remarked: keystream reuse": (7, put(experts="")),
    "remarked, though it is not so: keystream reuse": (3, put(experts="keystream reuse")),
}


@pytest.mark.parametrize("wrong", D2D_WRONGS)
def test_wrong_about_direct_communication_is_caught(wrong):
    scenario, (number, spoil) = d2d_scenarios.build("keystream_reused"), D2D_WRONGS[wrong]
    frames = as_a_perfect_plugin_deciphers(scenario, "D2D_KD")
    spoil(frames[number])
    with pytest.raises(AssertionError, match="%s: 1\n    frame %d" % (wrong, number)):
        d2d_judge.compare(scenario, frames, "spoiled", "D2D_KD")


@pytest.mark.parametrize("name", ["network_not_captured", "group[eea2]", "algorithms[eea1_eia0]", "algorithms[eea0_eia2]"])
def test_what_wrong_keys_open_is_caught(name):
    scenario = d2d_scenarios.build(name)
    with pytest.raises(AssertionError, match="must not be|wrong verdict"):
        d2d_judge.compare_closed(scenario, as_a_perfect_plugin_deciphers(scenario, "D2D_KD"), "wrong keys")
    frames = as_a_perfect_plugin_deciphers(scenario, "D2D_KD")
    for number, pdus in scenario.protected.items():
        del frames[number].sources[1:]
        frames[number].columns["verdict"] = ",".join("no key" for _ in pdus)
    d2d_judge.compare_closed(scenario, frames, "wrong keys")


# --- tshark's output -------------------------------------------------------------------------------------------


def test_dump_is_read():
    text = (" 7\teth:ip:udp:rtp\tdecrypted\n\nFrame (20 bytes):\n"
            "0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00   ..............E.\n0010  01 22 00 03   .\"..\n"
            "Decrypted SRTP (18 bytes):\n"
            "0000  80 00 6b 7c 22 11 e0 c6 15 80 25 21 49 05 9c e3   ..k|\".....%!I...\n"
            "0010  41 42                                             AB\n\n 8\teth\t\n\n0000  01 02   ..\n")
    frames = read_dump(text, ["protocols", "verdict"])
    assert list(frames) == [7, 8] and frames[7].verdict == "decrypted" and frames[8].verdict == ""
    assert frames[7].decrypted == [("Decrypted SRTP", bytes.fromhex("80006b7c2211e0c61580252149059ce34142"))]
    assert frames[8].sources == []

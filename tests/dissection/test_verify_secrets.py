"""No octet of a key in any report: not in hexadecimal, not in base64, not as it is."""

import base64

import pytest

import d2d_scenarios
import mikey_scenarios
import scenarios
import test_d2d
import test_mikey_scenarios
import test_scenarios
from d2d_judge import choices, framing
from mikey_calls import secrets_of as mikey_secrets
from model import real_captures

SHORTEST = 10  # octets of what is looked for; less is found by chance
SESSION_LABELS = range(6)  # RFC 3711 section 4.3.1


def writings(secret):
    """As octets; base64 wherever it may begin in a longer text."""
    yield secret
    for text in (secret.hex(), ":".join("%02x" % each for each in secret)):
        yield text.encode()
        yield text.upper().encode()
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + secret)
        yield encoded[(0, 2, 3)[shift] : len(encoded) - (0, 3, 2)[(shift + len(secret)) % 3] or None]


def shown(output, secrets):
    """Names of the secrets that stand in the output."""
    return {name for name, secret in secrets if len(secret) >= SHORTEST and any(each in output for each in writings(secret))}


def srtp_secrets(keys):
    """Master keys and what is derived from them: all that SRTP and SRTCP run on."""
    for at, key in enumerate(keys):
        yield "master key %d" % at, key.key
        yield "master salt %d" % at, key.salt
        for label in SESSION_LABELS:
            yield "session key %d, label %d" % (at, label), key._session(label, 0, key.suite.key_len)


def outputs(tshark, capture, options):
    """All that a report is written to, a table for people and JSON."""
    done = tshark.run("-r", tshark.readable(capture), "-2", "-q", "-z", "d2dsec,verify", "-z", "d2dsec,verify,json", *options)
    assert b"d2dsec-verification" in done.stdout
    return done.stdout + done.stderr


def first_of_each(registry):
    return [name for name in registry if name == next(each for each in registry if each.split("[")[0] == name.split("[")[0])]


def test_a_secret_would_be_found():
    """In whatever place and writing."""
    secret = bytes(range(100, 116))
    for before in (b"", b"a", b"ab", b"abc"):
        for text in (before + secret, (before + secret + b"tail").hex().encode(), base64.b64encode(before + secret + b"tail"),
                     base64.b64encode(before + secret)):
            assert shown(b"{" + text + b"}", [("it", secret)]) == {"it"}
    assert shown(b"nothing", [("it", secret)]) == set()


@pytest.mark.parametrize("name", first_of_each(scenarios.REGISTRY))
def test_of_a_call(tshark, name):
    scenario, capture, options = test_scenarios.prepare(tshark, name)
    keys = {packet.key.inline: packet.key for packet in scenario.packets.values()}
    assert shown(outputs(tshark, capture, options), srtp_secrets(keys.values())) == set()


@pytest.mark.parametrize("name", first_of_each(mikey_scenarios.REGISTRY))
def test_of_mikey(tshark, name):
    scenario, capture, options = test_mikey_scenarios.prepare(tshark, name)
    secrets = [each for message in scenario.messages for each in mikey_secrets(message.exchange).items()]
    secrets += srtp_secrets({packet.key.inline: packet.key for packet in scenario.packets.values()}.values())
    assert shown(outputs(tshark, capture, next(iter(options.values()))), secrets) == set()


@pytest.mark.parametrize("name", first_of_each(d2d_scenarios.REGISTRY))
def test_of_direct_communication(tshark, name):
    scenario, capture = test_d2d.prepare(tshark, name)
    given = framing(scenario) + choices(scenario)
    for label in list(scenario.key_logs)[:1]:
        given += test_d2d.key_log(tshark, name, label, scenario.key_logs[label])
    assert shown(outputs(tshark, capture, given), test_d2d.secrets_of(scenario)) == set()


@pytest.mark.parametrize("capture", real_captures.ALL, ids=lambda path: path.stem)
def test_of_a_real_call(tshark, capture):
    assert shown(outputs(tshark, capture, []), srtp_secrets(real_captures.keys_of(capture))) == set()

"""One capture for each finding that a verification report can make, and how the report must judge it.

A function fills a scenario and returns nothing. What the report must say stands in the decorator: the code of the finding, the verdict of
the session that it is about, and that of the whole.
"""

from dataclasses import dataclass, field

import d2d_scenarios
import mikey_scenarios
import scenarios
from model.scenario import Scenario, Stream, in_turns
from model.sip_model import crypto_line
from model.srtp_model import MasterKey, make_key
from scenarios import A, ALICE, B, BOB, CM32, CM80, audio, dialog, log_line, make_keys, start_call, talk

VERIFIED, PARTIAL, FAILED, NO_TRAFFIC = "verified", "partial", "failed", "no_traffic"


@dataclass
class Case:
    """make: builds the scenario. packets: that the finding is about, None where that is not judged. detail: what must be in its detail."""

    code: str
    session: str
    whole: str
    make: object
    packets: int = None
    detail: str = None
    passes: int = 2
    options: list = field(default_factory=list)
    label: str = None  # of the key log, where the scenario has several


CASES = {}


def finding(code, session, whole=None, **options):
    """Registers function(s) as a scenario of media that leads to the finding."""

    def register(function):
        def make():
            made = Scenario(function.__name__)
            function(made)
            return made

        CASES[function.__name__] = Case(code, session, whole or session, make, **options)
        return function

    return register


def of(family, name, code, session, whole=None, **options):
    """A scenario that another test has already."""
    CASES["%s: %s" % (code, name)] = Case(code, session, whole or session, lambda: family.build(name), **options)


# --- keys that are not there -------------------------------------------------------------------------------------


@finding("answer_missing", PARTIAL)
def answer_not_captured(s):
    """The capture has the INVITE and no answer to it: one direction opens."""
    k1, k2 = make_keys(s)
    dialog(s).invite(audio(ALICE, 20000, crypto_line(1, k1)))
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(6):
        a.send()
        s.put(b.next(), shown=False)


@finding("offer_missing", PARTIAL)
def offer_not_captured(s):
    """The capture begins with the 200."""
    k1, k2 = make_keys(s)
    call = dialog(s)
    call.last["alice"] = ("INVITE", 1, "z9hG4bK-1", "")
    call.ok(audio(BOB, 30000, crypto_line(1, k2)))
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(6):
        b.send()
        s.put(a.next(), shown=False)


@finding("key_missing", FAILED)
def keys_taken_out_of_the_sdp(s):
    """As an operator does that delivers content deciphered: RTP/SAVP without a=crypto, and here the content is ciphered all the same."""
    k1, k2 = make_keys(s)
    dialog(s).call(audio(ALICE, 20000), audio(BOB, 30000))
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(5):
        for stream in (a, b):
            s.put(stream.next(), shown=False)


of(mikey_scenarios, "psk_key_data[tgk]", "secret_missing", FAILED, label="")
of(mikey_scenarios, "psk_offer_with_wrong_mac", "mac_failed", FAILED)

# --- keys that do not fit ------------------------------------------------------------------------------------------

of(scenarios, "wrong_key[%s]" % CM80, "wrong_key", FAILED, packets=22)
of(scenarios, "right_key_for_one_direction_only", "wrong_key", PARTIAL, packets=5)


@finding("wrong_suite", FAILED, detail=CM32)
def sdp_names_another_suite(s):
    """Who sends takes tags of 4 octets, whatever was signalled."""
    k1, k2 = make_keys(s, CM32)
    told = [MasterKey(make_key(s.random, CM80).suite, key.key, key.salt) for key in (k1, k2)]
    start_call(s, *told)
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(8):
        for stream in (a, b):
            s.put(stream.next(), shown=False)


@finding("roc_unknown", FAILED, detail="5000")
def joined_at_a_rollover_counter_beyond_the_search(s):
    """A tag of 4 octets allows no deep search: chance would find something."""
    k1, k2 = make_keys(s, CM32)
    start_call(s, k1, k2)
    a, b = Stream(s, k1, A, B, roc=5000), Stream(s, k2, B, A, roc=5000)
    for _ in range(8):
        for stream in (a, b):
            s.put(stream.next(), shown=False)


@finding("delivered_key_differs", FAILED)
def key_log_gives_the_call_another_key(s):
    k1, k2, other = make_keys(s, count=3)
    call, a, b = start_call(s, k1, k2)
    s.keylog = "".join(log_line("call=%s" % call.call_id, key) + "\n" for key in (k2, other))
    talk(a, b)


of(scenarios, "suite_seed_is_named_but_not_decrypted", "unsupported_suite", FAILED)

# --- traffic that is not whole ---------------------------------------------------------------------------------------

of(scenarios, "truncated_by_snaplen[%s]" % CM80, "capture_truncated", PARTIAL, packets=20)
of(scenarios, "corrupted[%s]" % CM80, "damaged_packets", PARTIAL, packets=25)
of(scenarios, "media_before_the_answer", "key_after_traffic", PARTIAL, passes=1)
of(scenarios, "clear_rtcp_among_srtcp", "clear_traffic", VERIFIED, packets=5)


@finding("not_authenticated", PARTIAL)
def nothing_vouches_for_the_key(s):
    """No tag on SRTP, and no SRTCP: what comes out is as good as the SDP."""
    k1, k2 = make_keys(s, unauthenticated_srtp=True)
    _, a, b = start_call(s, k1, k2)
    in_turns(6, a, b)


@finding("implausible_plaintext", FAILED)
def wrong_key_where_nothing_shows_it_but_padding(s):
    k1, k2, other1, other2 = make_keys(s, count=4, unauthenticated_srtp=True)
    start_call(s, other1, other2)
    for stream in (Stream(s, k1, A, B), Stream(s, k2, B, A)):
        for _ in range(12):
            s.put(stream.next(size=8, padding=4), shown=False)


# --- remarks -------------------------------------------------------------------------------------------------------

of(scenarios, "loses_5_percent", "sequence_gaps", VERIFIED)
of(scenarios, "every_packet_twice", "replayed", VERIFIED)
of(scenarios, "srtcp_index_restarts_after_resume", "keystream_reuse", VERIFIED)
of(scenarios, "nat_on_both_sides", "key_by_trial", VERIFIED)
of(scenarios, "suite_192_derived_as_256[AES_192_CM_HMAC_SHA1_80]", "departure", VERIFIED, detail="AES-256")


@finding("one_direction", VERIFIED)
def only_the_caller_is_heard(s):
    k1, k2 = make_keys(s)
    _, a, _ = start_call(s, k1, k2)
    a.send(10)


@finding("outside_window", VERIFIED, options=["-o", "d2dsec.case_to:2023-11-14T22:13:20.010Z"])
def the_warrant_ends_in_mid_call(s):
    """The clock of a made capture begins at 22:13:20 and moves a millisecond a frame: the first eleven are inside."""
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2)
    in_turns(10, a, b)


# --- direct communication ------------------------------------------------------------------------------------------


def of_link(name, code, session, whole=None, **options):
    of(d2d_scenarios, name, code, session, whole, **options)


of_link("no_key", "key_missing", FAILED)
of_link("key_log_has_another_kd", "wrong_key", FAILED)
of_link("answer_is_of_another_offer", "wrong_key", FAILED)
of_link("algorithm_unknown[eea]", "unsupported_suite", FAILED)
of_link("truncated[user_plane]", "capture_truncated", PARTIAL, label="D2D_KD")
of_link("message_changed_on_its_way[data]", "damaged_packets", PARTIAL)
of_link("context_not_known", "key_missing", PARTIAL, packets=2)
of_link("lost", "sequence_gaps", VERIFIED)
of_link("choice[kdsess_fc]", "found_by_search", VERIFIED)
of_link("ims_sdes[plain]", "keys_used_for_kd", NO_TRAFFIC, VERIFIED)

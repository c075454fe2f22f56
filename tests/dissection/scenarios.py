"""Every situation that the plugin must survive, one function each. Captures are made when a test runs.

A function receives a fresh Scenario, fills its capture and notes what must come of each frame.
"""

import struct

from model import sip_model
from model.capture import TcpConnection
from model.scenario import Scenario, Stream, clear_report, in_turns
from model.sip_model import Dialog, Media, Party, crypto_line, sdp
from model.srtp_model import DECRYPTABLE, KDF_192_AS_256, make_key

REGISTRY = {}

CM80 = "AES_CM_128_HMAC_SHA1_80"
CM32 = "AES_CM_128_HMAC_SHA1_32"
GCM128 = "AEAD_AES_128_GCM"
GCM256 = "AEAD_AES_256_GCM"

ALICE = Party("alice", "192.0.2.10")
BOB = Party("bob", "198.51.100.20")
BORIS = Party("boris", "198.51.100.30")
ALICE6 = Party("alice", "2001:db8::10")
BOB6 = Party("bob", "2001:db8:1::20")
SBC = Party("sbc", "203.0.113.5")

A, B, B2 = ("192.0.2.10", 20000), ("198.51.100.20", 30000), ("198.51.100.30", 32000)


def scenario(function):
    REGISTRY[function.__name__] = function
    return function


def family(*names):
    """Registers function(s, name) once for each name."""

    def register(function):
        for name in names:
            REGISTRY["%s[%s]" % (function.__name__, name)] = lambda s, name=name: function(s, name)
        return function

    return register


def build(name):
    made = Scenario(name)
    REGISTRY[name](made)
    return made


# --- helpers ---------------------------------------------------------------------------------------------


def dialog(s, caller=ALICE, callee=BOB, call_id=None, **options):
    made = Dialog(s.capture, caller, callee, call_id or "call-%d@example" % (len(s.dialogs) + 1), **options)
    s.dialogs.append(made)
    return made


def audio(party, port, *lines, **options):
    """SDP with one audio section."""
    sdp_options = {name: options.pop(name) for name in ("version", "eol", "connection", "session") if name in options}
    return sdp(party.address, [Media(port, list(lines), **options)], **sdp_options)


def make_keys(s, suite=CM80, count=2, **options):
    return [make_key(s.random, suite, **options) for _ in range(count)]


def start_call(s, k1, k2, *, caller=ALICE, callee=BOB, src=A, dst=B, line=None, dialog_options=None, stream=None,
               **media):
    """A call in which each side offers one key, and both streams of it."""
    line = line or {}
    call = dialog(s, caller, callee, **(dialog_options or {}))
    call.call(audio(caller, src[1], crypto_line(1, k1, **line), **media),
              audio(callee, dst[1], crypto_line(1, k2, **line), **media))
    stream = stream or {}
    return call, Stream(s, k1, src, dst, **stream), Stream(s, k2, dst, src, **stream)


def one_way(s, suite=CM80, **stream):
    """A call of which only the caller's media matters."""
    k1, k2 = make_keys(s, suite)
    return start_call(s, k1, k2, stream=stream)[1]


def put_all(s, packets, **options):
    for packet in packets:
        s.put(packet, **options)


def talk(a, b, count=8):
    """Both directions, with two reports each and some variety of headers."""
    in_turns(count // 2, a, b)
    a.send_report()
    b.send_report()
    a.send(1, padding=4)
    b.send(1, csrcs=(1, 2, 3))
    a.send(1, extension=(0xBEDE, bytes.fromhex("1011223340556677")), padding=8, size=160)
    b.send(1, size=0)
    in_turns(count // 2, a, b)
    a.send_report()
    b.send_report()


# --- every suite -----------------------------------------------------------------------------------------


@family(*DECRYPTABLE)
def suite(s, name):
    k1, k2 = make_keys(s, name)
    call, a, b = start_call(s, k1, k2)
    talk(a, b)
    call.bye()


@family(CM80, "AES_256_CM_HMAC_SHA1_80", GCM128, "F8_128_HMAC_SHA1_80")
def suite_over_a_rollover(s, name):
    a = one_way(s, name, seq=65520)
    a.send(40)
    a.send_report(2)


@family("AES_192_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_32")
def suite_192_derived_as_256(s, name):
    """libsrtp 2.5 and pjsip on one side, the standard on the other."""
    k1 = make_key(s.random, name, kdf=KDF_192_AS_256)
    k2 = make_key(s.random, name)
    call, a, b = start_call(s, k1, k2)
    a.departs = True
    talk(a, b)


@family("aes_cm_128_hmac_sha1_80", "AES_CM_192_HMAC_SHA1_80", "AES_CM_192_HMAC_SHA1_32", "AES_CM_256_HMAC_SHA1_80",
        "AES_CM_256_HMAC_SHA1_32", "aead_aes_256_gcm", "Aes_256_Cm_Hmac_Sha1_32")
def suite_spelled(s, token):
    name = token.upper()
    for bits in ("192", "256"):
        name = name.replace("AES_CM_" + bits, "AES_%s_CM" % bits)
    k1, k2 = make_keys(s, name)
    _, a, b = start_call(s, k1, k2, line={"suite": token})
    talk(a, b)


@scenario
def suite_seed_is_named_but_not_decrypted(s):
    seed = "SEED_CTR_128_HMAC_SHA1_80"
    k1, k2 = make_keys(s, seed)
    call = dialog(s)
    call.call(audio(ALICE, 20000, crypto_line(1, k1)), audio(BOB, 30000, crypto_line(1, k2)))
    for at in range(6):
        wire = struct.pack("!BBHII", 0x80, 0, 100 + at, 160 * at, 0x5EED0001) + s.random.randbytes(30)
        s.expect_nothing(s.capture.udp(A, B, wire), "rtp", "unsupported suite")


# --- recovery: the table of peers, and beyond -----------------------------------------------------------------


@family(CM80, CM32, GCM128, "F8_128_HMAC_SHA1_80")
def joins_at_roc_1(s, name):
    one_way(s, name, roc=1, seq=1000).send(400)


@scenario
def joins_at_roc_2_to_3(s):
    one_way(s, roc=2, seq=65536 - 300).send(3300)


@family("5", "40", "300")
def joins_at_large_roc(s, roc):
    one_way(s, roc=int(roc), seq=40000).send(60)


@scenario
def joins_just_before_and_after_the_wrap(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2)
    a.index, b.index = 4 << 16 | 65535, 7 << 16
    in_turns(20, a, b)


@scenario
def loses_5_percent(s):
    a = one_way(s, seq=64000)
    for _ in range(5000):
        if s.random.random() < 0.05:
            a.skip(1)
        else:
            a.send()


@family("40000", "55000", "65535", "65536", "70000", "200000")
def gap(s, length):
    """Nothing is captured for a while: half a cycle of sequence numbers, a whole one, several."""
    a = one_way(s, seq=200)
    a.send(1500)
    a.skip(int(length))
    a.send(1500)


@scenario
def gap_with_aead(s):
    a = one_way(s, GCM256, seq=60000)
    a.send(300)
    a.skip(70000)
    a.send(300)


@scenario
def gaps_again_and_again(s):
    a = one_way(s, seq=1)
    for length in (33000, 50000, 66000, 131000, 32768, 65535):
        a.send(50)
        a.skip(length)
    a.send(50)


@scenario
def shuffled_by_16(s):
    a = one_way(s, seq=63000)
    for _ in range(250):
        packets = a.batch(16)
        s.random.shuffle(packets)
        put_all(s, packets)


@scenario
def every_packet_twice(s):
    """As a SPAN port shows it."""
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2)
    a.index = 64500
    for at in range(2000):
        packet = a.next()
        put_all(s, [packet, packet])
        if at % 200 == 0:
            report = b.report()
            put_all(s, [report, report])


def late_start(s, a, before=0):
    a.send(before)
    packets = a.batch(3000)
    late, rest = packets[:500], packets[500:]
    put_all(s, rest[:1000])
    put_all(s, late)
    put_all(s, rest[1000:])


@scenario
def first_500_arrive_1000_late(s):
    late_start(s, one_way(s, seq=1))


@scenario
def first_500_arrive_1000_late_over_the_wrap(s):
    """What comes first has ROC 1; what comes late has ROC 0 and 1."""
    late_start(s, one_way(s, seq=65536 - 250))


@scenario
def in_the_midst_500_arrive_1000_late_over_the_wrap(s):
    late_start(s, one_way(s, seq=65536 - 450), before=200)


@scenario
def late_500_with_aead_joined_at_roc_3(s):
    late_start(s, one_way(s, GCM128, roc=3, seq=65536 - 250))


@scenario
def ssrcs_8_under_one_key(s):
    first = one_way(s)
    streams = [first] + [Stream(s, first.key, A, B, seq=8000 * at + 5) for at in range(7)]
    in_turns(250, *streams)


@scenario
def ssrcs_600_under_one_key(s):
    first = one_way(s)
    streams = [Stream(s, first.key, A, B) for _ in range(600)]
    in_turns(3, *streams)


@scenario
def rollovers_several(s):
    """Four wraps; of each cycle some packets every few thousand."""
    a = one_way(s, seq=65000)
    for _ in range(48):
        a.send(10)
        a.skip(6000)


@scenario
def reordered_across_wraps(s):
    a = one_way(s, seq=65490)
    for _ in range(3):
        for _ in range(8):
            packets = a.batch(12)
            s.random.shuffle(packets)
            put_all(s, packets)
        a.skip(65536 - 96)


@scenario
def first_packet_is_seq_0_and_its_elder_follows(s):
    """65535 with ROC 0 arrives after 0 with ROC 1."""
    a = one_way(s, seq=65535)
    packets = a.batch(30)
    packets[0], packets[1] = packets[1], packets[0]
    put_all(s, packets)


@scenario
def replayed_and_reordered_are_told_apart(s):
    a = one_way(s, seq=65500)
    packets = a.batch(100)
    order = list(range(100))
    order[20], order[60] = order[60], order[20]
    put_all(s, [packets[at] for at in order])
    put_all(s, [packets[at] for at in (0, 20, 99, 60, 37)])
    a.send(20)


@scenario
def duplicates_of_srtcp(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2)
    reports = [a.report() for _ in range(5)]
    put_all(s, reports)
    put_all(s, reports)
    b.send(3)
    put_all(s, [a.report(), a.report()][::-1])


# --- damage ----------------------------------------------------------------------------------------------------


@family(CM80, CM32, GCM128, "NULL_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80")
def corrupted(s, name):
    """One bit changed, everywhere it matters; what follows is not harmed."""
    k1, k2 = make_keys(s, name)
    _, a, b = start_call(s, k1, k2)
    a.send(5)
    for at in range(1, 60, 3):
        packet = a.next(size=40)
        place = at % len(packet.wire)
        if place in (0, 2, 3) or 8 <= place < 12:  # version and extension bits, another packet's number, another stream
            place = 12
        damaged = bytearray(packet.wire)
        damaged[place] ^= 1 << at % 8
        if place == 1:
            damaged[1] = packet.wire[1] ^ 0x80
        s.put(packet, wire=bytes(damaged), verdicts={"tag mismatch"}, shown=False)
        a.send(1)
    for place in (2, 3):  # a sequence number that is not its own
        packet = a.next()
        damaged = bytearray(packet.wire)
        damaged[place] ^= 0x40
        s.put(packet, wire=bytes(damaged), verdicts={"tag mismatch"}, shown=False)
        a.send(10)
    for place in (9, 20, -1):
        report = b.report()
        damaged = bytearray(report.wire)
        damaged[place] ^= 1
        s.put(report, wire=bytes(damaged), verdicts={"tag mismatch"}, shown=False)
        b.send_report()
    b.send(5)


@family(CM80, GCM256)
def truncated_by_snaplen(s, name):
    s.capture.snaplen = 1000
    k1, k2 = make_keys(s, name)
    _, a, b = start_call(s, k1, k2)
    for at in range(20):
        a.send()
        s.put(a.next(size=1100), verdicts={"truncated"}, shown=False)
        b.send()


@scenario
def too_short_to_hold_a_tag(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2)
    a.send(3)
    for length in (12, 13, 16, 21):
        packet = a.next()
        s.put(packet, wire=packet.wire[:length], verdicts={"truncated", "tag mismatch"}, shown=False)
    a.send(3)
    report = a.report()
    s.put(report, wire=report.wire[:20], verdicts={"truncated", "tag mismatch", "clear"}, shown=False)
    a.send_report(2)


@family(CM80, CM32, GCM128, GCM256, "AES_256_CM_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80", "NULL_HMAC_SHA1_80")
def wrong_key(s, name):
    """The SDP announces keys that differ in one octet from those in use."""
    k1, k2 = make_keys(s, name)
    told = []
    for key in (k1, k2):
        octets = bytearray(key.key)
        octets[s.random.randrange(len(octets))] ^= 1 << s.random.randrange(8)
        told.append(type(key)(key.suite, bytes(octets), key.salt))
    start_call(s, *told)
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(10):
        for stream in (a, b):
            s.put(stream.next(), verdicts={"tag mismatch"}, shown=False)
    for stream in (a, b):
        s.put(stream.report(), verdicts={"tag mismatch"}, shown=False)


@scenario
def wrong_key_under_rtp_avp(s):
    """Ciphertext announced as RTP/AVP must not be shown as clear RTP, key or no key."""
    k1, k2, other1, other2 = make_keys(s, count=4)
    start_call(s, other1, other2, profile="RTP/AVP")
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(5):
        for stream in (a, b):
            s.no_payload_frames.append(s.put(stream.next(), verdicts={"tag mismatch"}, shown=False))


@scenario
def right_key_for_one_direction_only(s):
    k1, k2, other = make_keys(s, count=3)
    start_call(s, k1, other)
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(5):
        a.send()
        s.put(b.next(), verdicts={"tag mismatch"}, shown=False)


# --- offer and answer --------------------------------------------------------------------------------------------


@scenario
def several_suites_offered_one_taken(s):
    offered = [make_key(s.random, name) for name in (GCM256, "AES_256_CM_HMAC_SHA1_80", CM80, CM32)]
    answered = make_key(s.random, CM80)
    call = dialog(s)
    call.call(audio(ALICE, 20000, *[crypto_line(tag, key) for tag, key in enumerate(offered, 1)]),
              audio(BOB, 30000, crypto_line(3, answered)))
    talk(Stream(s, offered[2], A, B), Stream(s, answered, B, A))


@scenario
def several_keys_of_one_suite_offered(s):
    offered = make_keys(s, count=5)
    answered = make_key(s.random, CM80)
    dialog(s).call(audio(ALICE, 20000, *[crypto_line(tag, key) for tag, key in enumerate(offered, 7)]),
                   audio(BOB, 30000, crypto_line(10, answered)))
    talk(Stream(s, offered[3], A, B), Stream(s, answered, B, A))


@scenario
def answer_invents_a_tag(s):
    k1, k2 = make_keys(s)
    call = dialog(s)
    call.call(audio(ALICE, 20000, crypto_line(1, k1)), audio(BOB, 30000, crypto_line(9, k2)))
    s.experts.append((call.bodies[1][0], "sdes"))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@scenario
def answer_takes_a_tag_and_another_suite(s):
    """The tag says the first line, the suite the second; the traffic says which."""
    k1, k1b = make_key(s.random, CM32), make_key(s.random, CM80)
    k2 = make_key(s.random, CM80)
    call = dialog(s)
    call.call(audio(ALICE, 20000, crypto_line(1, k1), crypto_line(2, k1b)), audio(BOB, 30000, crypto_line(1, k2)))
    s.experts.append((call.bodies[1][0], "sdes"))
    talk(Stream(s, k1b, A, B), Stream(s, k2, B, A))


@scenario
def answer_repeats_the_whole_offer(s):
    """An answer with several lines, of which the first counts for neither side."""
    k1, k1b = make_keys(s)
    k2, k2b = make_keys(s)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), crypto_line(2, k1b)),
                   audio(BOB, 30000, crypto_line(1, k2), crypto_line(2, k2b)))
    talk(Stream(s, k1b, A, B), Stream(s, k2b, B, A))


@scenario
def same_key_in_both_directions(s):
    k1, = make_keys(s, count=1)
    _, a, b = start_call(s, k1, k1)
    talk(a, b)


@scenario
def forked_with_media_of_both_branches(s):
    k1, kb, kb2 = make_keys(s, count=3)
    call = dialog(s)
    call.tags["boris"] = "tag-boris"
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    call.respond(183, "Session Progress", audio(BOB, 30000, crypto_line(1, kb)))
    call.respond(183, "Session Progress", audio(BORIS, 32000, crypto_line(1, kb2)), by=BORIS)
    to_bob, to_boris = Stream(s, k1, A, B, ssrc=7), Stream(s, k1, A, B2, ssrc=7)
    from_bob, from_boris = Stream(s, kb, B, A), Stream(s, kb2, B2, A)
    in_turns(10, to_bob, to_boris, from_bob, from_boris)
    call.ok(audio(BORIS, 32000, crypto_line(1, kb2)), by=BORIS)
    call.request("ACK", to_tag="tag-boris", same_cseq=True)
    from_bob.send(5)  # the lost branch has not heard of it yet
    in_turns(10, to_boris, from_boris)
    from_bob.send_report(bye=True)


@scenario
def forked_and_both_answer_200(s):
    k1, kb, kb2 = make_keys(s, count=3)
    call = dialog(s)
    call.tags["boris"] = "tag-boris"
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    call.ok(audio(BOB, 30000, crypto_line(1, kb)))
    call.ok(audio(BORIS, 32000, crypto_line(1, kb2)), by=BORIS)
    call.ack()
    in_turns(5, Stream(s, kb, B, A), Stream(s, kb2, B2, A), Stream(s, k1, A, B), Stream(s, k1, A, B2))


@scenario
def media_before_the_answer(s):
    """The callee speaks as soon as it has taken the call; its 200 is behind its media."""
    k1, k2 = make_keys(s)
    call = dialog(s)
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    call.respond(180, "Ringing")
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A, seq=65500)
    with s.keys_come_later():
        b.send(20)
    call.ok(audio(BOB, 30000, crypto_line(1, k2)))
    call.ack()
    in_turns(60, a, b)


@scenario
def offer_in_200_answer_in_ack(s):
    k1, k2 = make_keys(s)
    call = dialog(s)
    call.invite()
    call.respond(180, "Ringing")
    call.ok(audio(BOB, 30000, crypto_line(1, k2), crypto_line(2, make_key(s.random, CM32))))
    call.ack(audio(ALICE, 20000, crypto_line(1, k1)))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@scenario
def early_media_183_and_prack(s):
    k1, k2 = make_keys(s)
    call = dialog(s)
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)), extra=[("Supported", "100rel")])
    invite = call.last["alice"]
    reliable = [("Require", "100rel"), ("RSeq", "1")]
    call.respond(183, "Session Progress", audio(BOB, 30000, crypto_line(1, k2)), extra=reliable)
    call.request("PRACK", to_tag=True, extra=[("RAck", "1 1 INVITE")])
    call.ok()
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    b.send(10)
    call.respond(180, "Ringing", request=invite)
    in_turns(5, a, b)
    call.ok(request=invite)
    call.cseq["alice"] = 1
    call.ack()
    talk(a, b)


@scenario
def offer_in_183_answer_in_prack(s):
    k1, k2 = make_keys(s)
    call = dialog(s)
    call.invite(extra=[("Supported", "100rel")])
    invite = call.last["alice"]
    call.respond(183, "Session Progress", audio(BOB, 30000, crypto_line(1, k2)),
                 extra=[("Require", "100rel"), ("RSeq", "1")])
    call.request("PRACK", audio(ALICE, 20000, crypto_line(1, k1)), to_tag=True, extra=[("RAck", "1 1 INVITE")])
    call.ok()
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    talk(a, b)
    call.ok(request=invite)
    in_turns(5, a, b)


@scenario
def second_offer_in_prack(s):
    """PRACK brings a new offer, its 200 the answer (RFC 3262 section 5)."""
    k1, k2, k3, k4 = make_keys(s, count=4)
    call = dialog(s)
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    invite = call.last["alice"]
    call.respond(183, "Session Progress", audio(BOB, 30000, crypto_line(1, k2)), extra=[("RSeq", "1")])
    in_turns(5, Stream(s, k2, B, A), Stream(s, k1, A, B))
    call.request("PRACK", audio(ALICE, 20010, crypto_line(1, k3)), to_tag=True, extra=[("RAck", "1 1 INVITE")])
    call.ok(audio(BOB, 30010, crypto_line(1, k4)))
    a, b = Stream(s, k3, (A[0], 20010), (B[0], 30010)), Stream(s, k4, (B[0], 30010), (A[0], 20010))
    talk(a, b)
    call.ok(request=invite)
    in_turns(5, a, b)


@scenario
def early_answer_and_another_key_in_200(s):
    """Ringback from a media server under one key, the callee under another; same To-tag."""
    k1, k2, k3 = make_keys(s, count=3)
    call = dialog(s)
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    call.respond(183, "Session Progress", audio(BORIS, 32000, crypto_line(1, k2)))
    a, ring = Stream(s, k1, A, B2), Stream(s, k2, B2, A)
    in_turns(10, a, ring)
    call.ok(audio(BOB, 30000, crypto_line(1, k3)))
    call.ack()
    a.move(dst=B)
    talk(a, Stream(s, k3, B, A))


@scenario
def retransmitted_and_repeated_sdp(s):
    """INVITE thrice, the same answer in 183 and 200, 200 twice."""
    k1, k2 = make_keys(s)
    call = dialog(s)
    offer, answer = audio(ALICE, 20000, crypto_line(1, k1)), audio(BOB, 30000, crypto_line(1, k2))
    call.invite(offer)
    call.invite(offer, same_cseq=True)
    call.invite(offer, same_cseq=True)
    call.respond(183, "Session Progress", answer)
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    b.send(5)
    call.ok(answer)
    call.ok(answer)
    call.ack()
    talk(a, b)


@scenario
def update_rekeys(s):
    """UPDATE in the early dialog and in the confirmed one (RFC 3311), by either side."""
    k1, k2, k3, k4, k5, k6 = make_keys(s, count=6)
    call = dialog(s)
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    invite = call.last["alice"]
    call.respond(183, "Session Progress", audio(BOB, 30000, crypto_line(1, k2)))
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    in_turns(5, a, b)
    call.request("UPDATE", audio(ALICE, 20000, crypto_line(1, k3), version=2), to_tag=True)
    call.ok(audio(BOB, 30000, crypto_line(1, k4), version=2))
    a.key, b.key = k3, k4
    talk(a, b)
    call.ok(request=invite)
    call.request("UPDATE", audio(BOB, 30000, crypto_line(1, k6), version=3), by=BOB, to_tag=True)
    call.ok(audio(ALICE, 20000, crypto_line(1, k5), version=3), to=BOB)
    a.key, b.key = k5, k6
    talk(a, b)


# --- re-INVITE ---------------------------------------------------------------------------------------------------


def rekeyed_call(s, *, new_a=A, new_b=B, restart=False, by=None, suite=CM80, new_suite=CM80):
    """A call past its first rollover gets new keys. restart: the ROC begins anew, else it goes on."""
    k1, k2 = make_keys(s, suite)
    k3, k4 = make_keys(s, new_suite)
    call, a, b = start_call(s, k1, k2, stream={"seq": 65500})
    in_turns(60, a, b)
    a.send_report()
    offer, answer = ((ALICE, new_a, k3), (BOB, new_b, k4))[:: -1 if by is BOB else 1]
    call.invite(audio(offer[0], offer[1][1], crypto_line(1, offer[2]), version=2, connection=offer[1][0]), by=by,
                to_tag=True)
    in_turns(3, a, b)  # on their way under the old keys
    call.ok(audio(answer[0], answer[1][1], crypto_line(1, answer[2]), version=2, connection=answer[1][0]), to=by)
    in_turns(3, a, b)
    call.ack(by=by)
    for stream, key, src, dst in ((a, k3, new_a, new_b), (b, k4, new_b, new_a)):
        stream.key = key
        stream.move(src, dst)
        if restart:
            stream.roc = 0
    talk(a, b, 40)
    return call, a, b


@scenario
def reinvite_new_keys_same_address_roc_goes_on(s):
    rekeyed_call(s)


@scenario
def reinvite_new_keys_same_address_roc_restarts(s):
    rekeyed_call(s, restart=True)


@scenario
def reinvite_new_keys_new_address_roc_restarts(s):
    rekeyed_call(s, new_a=("192.0.2.11", 21000), new_b=("198.51.100.21", 31000), restart=True)


@scenario
def reinvite_new_keys_new_address_roc_goes_on(s):
    rekeyed_call(s, new_a=("192.0.2.11", 21000), new_b=("198.51.100.21", 31000))


@scenario
def reinvite_from_the_callee(s):
    rekeyed_call(s, by=BOB)


@scenario
def reinvite_changes_the_suite(s):
    rekeyed_call(s, new_suite=GCM128)


@scenario
def reinvite_late_packets_under_the_old_key(s):
    """Reordering around the moment of the rekey: each packet under the key it was sent with."""
    k1, k2, k3, k4 = make_keys(s, count=4)
    call, a, b = start_call(s, k1, k2, stream={"seq": 65530})
    a.send(20)
    old = a.batch(10)
    call.reinvite(audio(ALICE, 20000, crypto_line(1, k3), version=2), audio(BOB, 30000, crypto_line(1, k4), version=2))
    a.key = k3
    new = a.batch(10)
    mixed = [packet for pair in zip(new, old) for packet in pair]
    put_all(s, mixed)
    a.send(20)


@scenario
def reinvite_old_key_used_long_after(s):
    """The answer is there, but the traffic takes the new key only later."""
    k1, k2, k3, k4 = make_keys(s, count=4)
    call, a, b = start_call(s, k1, k2, stream={"seq": 65300})
    in_turns(10, a, b)
    call.reinvite(audio(ALICE, 20000, crypto_line(1, k3), version=2), audio(BOB, 30000, crypto_line(1, k4), version=2))
    in_turns(400, a, b)
    a.key, b.key = k3, k4
    in_turns(50, a, b)


@family("not answered", "refused with 488", "cancelled")
def reinvite(s, how):
    """The old keys go on."""
    k1, k2, k3 = make_keys(s, count=3)
    call, a, b = start_call(s, k1, k2)
    in_turns(10, a, b)
    offer = audio(ALICE, 20000, crypto_line(1, k3), version=2)
    call.invite(offer, to_tag=True)
    if how == "not answered":
        call.invite(offer, to_tag=True, same_cseq=True)
    elif how == "cancelled":
        invite = call.last["alice"]
        call.request("CANCEL", to_tag=True, same_cseq=True)
        call.ok()
        call.respond(487, "Request Terminated", request=invite)
        call.ack()
    else:
        call.respond(488, "Not Acceptable Here")
        call.ack()
    talk(a, b, 20)
    call.bye()


@scenario
def reinvite_repeats_the_keys(s):
    """A session refresh with nothing new."""
    k1, k2 = make_keys(s)
    call, a, b = start_call(s, k1, k2, stream={"seq": 65510})
    in_turns(20, a, b)
    for version in (2, 3):
        call.reinvite(audio(ALICE, 20000, crypto_line(1, k1), version=version),
                      audio(BOB, 30000, crypto_line(1, k2), version=version))
        talk(a, b, 20)


@scenario
def hold_and_resume(s):
    """Hold with sendonly and with 0.0.0.0; SRTCP goes on; resume with the same keys and another SSRC."""
    k1, k2 = make_keys(s)
    call, a, b = start_call(s, k1, k2)
    talk(a, b)
    call.reinvite(audio(ALICE, 20000, crypto_line(1, k1), attributes=["sendonly"], version=2),
                  audio(BOB, 30000, crypto_line(1, k2), attributes=["recvonly"], version=2))
    a.send(5)
    b.send_report()
    call.reinvite(audio(ALICE, 20000, crypto_line(1, k1), attributes=["inactive"], connection="0.0.0.0", version=3),
                  audio(BOB, 30000, crypto_line(1, k2), attributes=["inactive"], version=3))
    b.send_report()
    call.reinvite(audio(ALICE, 20000, crypto_line(1, k1), version=4), audio(BOB, 30000, crypto_line(1, k2), version=4))
    talk(a, b)
    talk(Stream(s, k1, A, B), b)


@scenario
def srtcp_index_restarts_after_resume(s):
    """linphone: the same key, the index from the start, another report."""
    k1, k2 = make_keys(s)
    call, a, b = start_call(s, k1, k2)
    a.send_report(5)
    call.reinvite(audio(ALICE, 20000, crypto_line(1, k1), version=2), audio(BOB, 30000, crypto_line(1, k2), version=2))
    a.srtcp_index = 0
    for _ in range(5):
        s.put(a.report(), verdicts={"decrypted", "replayed"})
    a.send(5)


@scenario
def port_reused_by_the_next_call(s):
    """Same addresses, ports and SSRC; another call, another key, another ROC."""
    for turn in range(3):
        k1, k2 = make_keys(s)
        call, a, b = start_call(s, k1, k2, stream={"ssrc": 0x1234, "seq": 65530 if turn else 100})
        in_turns(15, a, b)
        call.bye()


# --- where media flows ---------------------------------------------------------------------------------------------


@scenario
def rtcp_attribute(s):
    k1, k2 = make_keys(s)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), attributes=["rtcp:20777"]),
                   audio(BOB, 30000, crypto_line(1, k2), attributes=["rtcp:30777 IN IP4 198.51.100.99"]))
    rtcp_a, rtcp_b = ("192.0.2.10", 20777), ("198.51.100.99", 30777)
    talk(Stream(s, k1, A, B, rtcp_src=rtcp_a, rtcp_dst=rtcp_b), Stream(s, k2, B, A, rtcp_src=rtcp_b, rtcp_dst=rtcp_a))


@family(CM80, GCM128)
def rtcp_mux(s, name):
    k1, k2 = make_keys(s, name)
    mux = {"attributes": ["rtcp-mux"]}
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), **mux), audio(BOB, 30000, crypto_line(1, k2), **mux))
    a = Stream(s, k1, A, B, rtcp_src=A, rtcp_dst=B, payload_type=96)
    b = Stream(s, k2, B, A, rtcp_src=B, rtcp_dst=A)
    talk(a, b)
    a.send(4, marker=True)


@scenario
def audio_and_video(s):
    k1, k2, k3, k4 = make_keys(s, count=4)
    v_a, v_b = ("192.0.2.10", 20002), ("198.51.100.20", 30002)
    video = {"media": "video", "formats": "97", "attributes": ["rtpmap:97 H264/90000"]}
    dialog(s).call(
        sdp(ALICE.address, [Media(20000, [crypto_line(1, k1)]), Media(20002, [crypto_line(1, k3)], **video)]),
        sdp(BOB.address, [Media(30000, [crypto_line(1, k2)]), Media(30002, [crypto_line(1, k4)], **video)]))
    pictures = Stream(s, k3, v_a, v_b, payload_type=97, size=900), Stream(s, k4, v_b, v_a, payload_type=97, size=900)
    sounds = Stream(s, k1, A, B), Stream(s, k2, B, A)
    for _ in range(5):
        talk(*sounds)
        talk(*pictures)


@scenario
def video_refused_and_other_suites_per_section(s):
    k1 = make_key(s.random, CM32)
    offered = make_key(s.random, GCM128)
    k2 = make_key(s.random, CM32)
    dialog(s).call(
        sdp(ALICE.address, [Media(20002, [crypto_line(1, offered)], media="video", formats="97"),
                            Media(20000, [crypto_line(1, k1)])]),
        sdp(BOB.address, [Media(0, [], media="video", formats="97"), Media(30000, [crypto_line(1, k2)])]))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


def bundled(s, own_keys):
    keys = make_keys(s, count=4)
    k1, k2, k3, k4 = keys if own_keys else (keys[0], keys[1], keys[0], keys[1])

    def body(party, port, key_a, key_v):
        common = ["rtcp-mux"]
        return sdp(party.address, [
            Media(port, [crypto_line(1, key_a)], attributes=["mid:0"] + common),
            Media(port, [crypto_line(1, key_v)], media="video", formats="97", attributes=["mid:1"] + common),
        ], session=["group:BUNDLE 0 1"])

    dialog(s).call(body(ALICE, 20000, k1, k3), body(BOB, 30000, k2, k4))
    for key, src, dst in ((k1, A, B), (k2, B, A), (k3, A, B), (k4, B, A)):
        one = Stream(s, key, src, dst, rtcp_src=src, rtcp_dst=dst, payload_type=97 if key in (k3, k4) else 0)
        one.send(10)
        one.send_report(2)
        one.send(10)


@scenario
def bundle_one_key(s):
    bundled(s, False)


@scenario
def bundle_a_key_per_section(s):
    bundled(s, True)


@scenario
def bundle_key_of_first_section_only(s):
    """Only the section that carries the transport has a key; both streams flow under it."""
    k1, k2 = make_keys(s)

    def body(party, port, key):
        return sdp(party.address, [Media(port, [crypto_line(1, key)], attributes=["mid:0", "rtcp-mux"]),
                                   Media(port, [], media="video", formats="97", attributes=["mid:1", "rtcp-mux"])],
                   session=["group:BUNDLE 0 1"])

    dialog(s).call(body(ALICE, 20000, k1), body(BOB, 30000, k2))
    in_turns(8, Stream(s, k1, A, B), Stream(s, k2, B, A), Stream(s, k1, A, B, payload_type=97),
             Stream(s, k2, B, A, payload_type=97))


@family(CM80, GCM256)
def ipv6(s, name):
    k1, k2 = make_keys(s, name)
    src, dst = (ALICE6.address, 20000), (BOB6.address, 30000)
    _, a, b = start_call(s, k1, k2, caller=ALICE6, callee=BOB6, src=src, dst=dst)
    talk(a, b)


@scenario
def ipv6_media_announced_over_ipv4_sip(s):
    k1, k2 = make_keys(s)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), address=ALICE6.address),
                   audio(BOB, 30000, crypto_line(1, k2), address=BOB6.address))
    src, dst = (ALICE6.address, 20000), (BOB6.address, 30000)
    talk(Stream(s, k1, src, dst), Stream(s, k2, dst, src))


@scenario
def address_per_section(s):
    k1, k2 = make_keys(s)
    src, dst = ("192.0.2.77", 20000), ("198.51.100.77", 30000)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), address=src[0]),
                   audio(BOB, 30000, crypto_line(1, k2), address=dst[0]))
    talk(Stream(s, k1, src, dst), Stream(s, k2, dst, src))


@scenario
def nat_on_one_side(s):
    """Alice announces a private address; Bob answers to where her packets come from."""
    k1, k2 = make_keys(s)
    seen = ("203.0.113.77", 61234)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), connection="192.168.1.5"),
                   audio(BOB, 30000, crypto_line(1, k2)))
    talk(Stream(s, k1, seen, B), Stream(s, k2, B, seen), 20)


@scenario
def nat_on_both_sides(s):
    """Neither address of the SDP is on the wire."""
    behind_two_nats(s, 47100)


@scenario
def nat_on_both_sides_at_a_port_of_another_protocol(s):
    """Stock Wireshark gives this port to a protocol of its own; its user can say that heuristics come first."""
    s.preferences = ["-o", "udp.try_heuristic_first:TRUE"]
    behind_two_nats(s, 47000)


def behind_two_nats(s, port):
    k1, k2 = make_keys(s)
    left, right = ("203.0.113.77", 61234), ("203.0.113.88", port)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), connection="192.168.1.5"),
                   audio(BOB, 30000, crypto_line(1, k2), connection="10.0.0.5"))
    talk(Stream(s, k1, left, right), Stream(s, k2, right, left), 20)


@scenario
def nat_changes_the_port_in_mid_call(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, stream={"seq": 65500})
    in_turns(60, a, b)
    a.src = b.dst = ("203.0.113.77", 51000)
    in_turns(30, a, b)


@scenario
def media_to_an_ice_candidate(s):
    """The m= line's address is never used."""
    k1, k2 = make_keys(s)

    def candidates(*addresses):
        return ["candidate:%d 1 UDP %d %s %d typ host" % (at, 1000 - at, ip, port)
                for at, (ip, port) in enumerate(addresses, 1)]

    left, right = ("172.16.0.1", 41000), ("172.16.0.2", 42000)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), attributes=candidates(A, left)),
                   audio(BOB, 30000, crypto_line(1, k2), attributes=candidates(B, right)))
    talk(Stream(s, k1, left, right), Stream(s, k2, right, left))


def stun(s, src, dst, kind=0x0001):
    s.capture.udp(src, dst, struct.pack("!HHI", kind, 8, 0x2112A442) + s.random.randbytes(12) + bytes.fromhex("80220004") + b"test")


@scenario
def stun_and_punches_on_the_media_port(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2)
    for src, dst in ((A, B), (B, A)):
        stun(s, src, dst)
        stun(s, dst, src, 0x0101)
        for junk in (b"\r\n\r\n", b"\0", bytes(20), b"\0\0\0\0", b"hello", bytes(160)):
            s.capture.udp(src, dst, junk)
    for _ in range(5):
        in_turns(2, a, b)
        stun(s, A, B)
        s.capture.udp(B, A, bytes(4))
        a.send_report()


@scenario
def vlans(s):
    k1, k2 = make_keys(s)
    s.capture.vlans = (100,)
    _, a, b = start_call(s, k1, k2)
    talk(a, b)
    s.capture.vlans = (200, 300)
    talk(a, b)


@scenario
def media_in_ip_fragments(s):
    k1, k2 = make_keys(s, GCM128)
    _, a, b = start_call(s, k1, k2)
    for _ in range(5):
        s.put(a.next(size=2000), mtu=1400)
        s.put(b.next(size=3000), mtu=1000)


# --- how SIP and SDP are carried --------------------------------------------------------------------------------------


@scenario
def sip_over_tcp_in_segments(s):
    """Segments end within a key, within a header name, and one octet at a time."""
    k1, k2 = make_keys(s)

    def cuts(octets):
        at = octets.find(b"inline:")
        return sorted({5, 40, at + 3, at + 20, at + 21, at + 22, len(octets) - 1}) if at > 0 else (50,)

    connection = TcpConnection(s.capture, ALICE.sip, BOB.sip)
    _, a, b = start_call(s, k1, k2, dialog_options={"transport": "TCP", "connection": connection, "cuts": cuts})
    talk(a, b)


@scenario
def sip_over_tcp_two_messages_in_one_segment(s):
    k1, k2 = make_keys(s)
    connection = TcpConnection(s.capture, ALICE.sip, BOB.sip)
    call = dialog(s, transport="TCP", connection=connection)
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    held = []
    send = connection.send
    connection.send = lambda src, data, cuts=(): held.append(data) or len(s.capture.frames) + 1
    call.respond(180, "Ringing")
    call.ok(audio(BOB, 30000, crypto_line(1, k2)))
    connection.send = send
    connection.send(BOB.sip, b"".join(held))
    call.ack()
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@family("IPv4", "IPv6")
def sip_in_ip_fragments(s, version):
    k1, k2 = make_keys(s)
    caller, callee = (ALICE, BOB) if version == "IPv4" else (ALICE6, BOB6)
    src, dst = (caller.address, 20000), (callee.address, 30000)
    _, a, b = start_call(s, k1, k2, caller=caller, callee=callee, src=src, dst=dst, dialog_options={"mtu": 300})
    talk(a, b)


@scenario
def compact_header_names(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, dialog_options={"compact": True})
    talk(a, b)


@scenario
def multipart_body(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, dialog_options={"wrap": sip_model.in_multipart})
    talk(a, b)


@scenario
def content_type_in_other_words(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, dialog_options={"content_type": "Application/SDP; charset=utf-8"})
    talk(a, b)


@scenario
def sdp_lines_end_in_lf(s):
    k1, k2 = make_keys(s)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), eol="\n"), audio(BOB, 30000, crypto_line(1, k2), eol="\n"))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@family("AES_256_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_80", GCM256, GCM128)
def base64_without_padding(s, name):
    k1, k2 = make_keys(s, name)
    _, a, b = start_call(s, k1, k2, line={"padding": False})
    talk(a, b)


@scenario
def base64_too_short_in_the_first_line(s):
    """The stock sdp dissector throws at such a line; the good ones behind it count all the same."""
    k1, k2 = make_keys(s)
    dialog(s).call(
        audio(ALICE, 20000, "1 %s inline:c2hvcnQ=" % CM80, crypto_line(2, make_key(s.random, CM32)), crypto_line(3, k1)),
        audio(BOB, 30000, crypto_line(3, k2)))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@scenario
def base64_too_short_in_both_bodies(s):
    k1, k2 = make_keys(s)
    bad = "7 %s inline:AAAA" % CM32
    dialog(s).call(audio(ALICE, 20000, bad, crypto_line(3, k1)), audio(BOB, 30000, crypto_line(3, k2), bad))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@scenario
def malformed_lines_among_good_ones(s):
    k1, k2 = make_keys(s)
    bad = ["", "x", "1", "1 ", "99999999999 %s inline:AAAA" % CM80, "2 NO_SUCH_SUITE inline:AAAA", "3 %s" % CM80,
           "4 %s inline:" % CM80, "5 %s prompt:secret" % CM80, "6 %s inline:!!!!" % CM80,
           "7 %s inline:%s|0" % (CM80, k2.inline), "8 %s inline:%s|1:0" % (CM80, k2.inline),
           "9 %s inline:%s|2^20|1:200" % (CM80, k2.inline), "inline:" + k2.inline]
    call = dialog(s)
    call.call(audio(ALICE, 20000, *bad, crypto_line(42, k1)), audio(BOB, 30000, crypto_line(42, k2)))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@scenario
def white_space_and_method_case(s):
    k1, k2 = make_keys(s)
    dialog(s).call(audio(ALICE, 20000, "1\t %s   INLINE:%s" % (CM80, k1.inline)),
                   audio(BOB, 30000, "1  %s\tinline:%s|2^31  WSH=128 " % (CM80, k2.inline)))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@family("2^31", "1048576", "2^48")
def lifetime(s, text):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, line={"lifetime": text})
    talk(a, b)


@scenario
def harmless_session_parameters(s):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, line={"params": "FEC_ORDER=FEC_SRTP WSH=512 -x-vendor=1"})
    talk(a, b)


@scenario
def unknown_session_parameter_yet_in_use(s):
    """RFC 4568 calls the line invalid; the traffic proves that both sides went by it."""
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, line={"params": "x-vendor=1"})
    talk(a, b)


@family("RTP/AVP", "RTP/AVPF", "RTP/SAVPF")
def crypto_under_profile(s, profile):
    k1, k2 = make_keys(s)
    _, a, b = start_call(s, k1, k2, profile=profile)
    talk(a, b)


@scenario
def crypto_declined_under_rtp_avp(s):
    """The answer takes no key: the RTP is plain, and must look as it does without the plugin."""
    k1, = make_keys(s, count=1)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1), profile="RTP/AVP"),
                   audio(BOB, 30000, profile="RTP/AVP"))
    for at in range(10):
        for src, dst, ssrc in ((A, B, 1), (B, A, 2)):
            plain = struct.pack("!BBHII", 0x80, 0, 500 + at, 160 * at, ssrc) + s.random.randbytes(160)
            s.stock_frames.append(s.capture.udp(src, dst, plain))
    for src, dst, ssrc in ((A, B, 1), (B, A, 2)):
        plain = clear_report(s.random, ssrc)
        s.stock_frames.append(s.capture.udp((src[0], src[1] + 1), (dst[0], dst[1] + 1), plain))


@scenario
def call_without_keys(s):
    """Nothing in it concerns the plugin."""
    dialog(s).call(audio(ALICE, 20000, profile="RTP/AVP"), audio(BOB, 30000, profile="RTP/AVP"))
    for at in range(5):
        plain = struct.pack("!BBHII", 0x80, 0, 500 + at, 160 * at, 77) + s.random.randbytes(40)
        s.capture.udp(A, B, plain)
    s.stock_frames = list(range(1, len(s.capture.frames) + 1))


# --- time -------------------------------------------------------------------------------------------------------


@scenario
def srtcp_before_the_answer(s):
    k1, k2 = make_keys(s)
    call = dialog(s)
    call.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
    with s.keys_come_later():
        b.send_report(2)
    call.ok(audio(BOB, 30000, crypto_line(1, k2)))
    call.ack()
    talk(a, b)


@family(CM80, GCM128, "joined at ROC 2")
def sdp_after_the_media(s, name):
    roc = 2 if name.startswith("joined") else 0
    k1, k2 = make_keys(s, CM80 if roc else name)
    a, b = Stream(s, k1, A, B, seq=65500, roc=roc), Stream(s, k2, B, A, seq=65500, roc=roc)
    with s.keys_come_later():
        talk(a, b, 80)
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, k1)), audio(BOB, 30000, crypto_line(1, k2)))


@scenario
def clear_rtcp_among_srtcp(s):
    """baresip: RTCP in the clear before keys are in place and after BYE."""
    k1, k2 = make_keys(s)
    call, a, b = start_call(s, k1, k2)

    def clear(stream, **options):
        frame = s.capture.udp(stream.rtcp_src, stream.rtcp_dst, clear_report(s.random, stream.ssrc, **options))
        s.expect_nothing(frame, "clear-rtcp", "clear")

    clear(a)
    clear(b)
    talk(a, b)
    clear(a)
    talk(a, b)
    call.bye()
    clear(a, bye=True)
    clear(b, bye=True)


# --- session parameters, MKI, kdr ------------------------------------------------------------------------------------


@family("AES_CM_128_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_32", "NULL_HMAC_SHA1_32")
def srtcp_with_4_octet_tags(s, name):
    """baresip and linphone, against a peer that keeps to the standard."""
    k1, k2 = make_key(s.random, name, rtcp_tag=4), make_key(s.random, name)
    _, a, b = start_call(s, k1, k2)
    talk(a, b)
    a.send_report(5)


@family("1", "4", "128")
def mki_of_octets(s, length):
    length = int(length)
    k1 = make_key(s.random, CM80, mki=b"\x81" + bytes(length - 2) + b"\x07" if length > 1 else b"\xfe")
    k2 = make_key(s.random, CM80, mki=b"\0" * (length - 1) + b"\x05")
    _, a, b = start_call(s, k1, k2, line={"lifetime": "2^20"})
    talk(a, b)


@family(GCM128, "AES_256_CM_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80")
def mki_with_suite(s, name):
    k1, k2 = make_key(s.random, name, mki=b"\1\2"), make_key(s.random, name, mki=b"\3\4\5")
    _, a, b = start_call(s, k1, k2)
    talk(a, b)


@family(CM80, GCM256)
def mki_selects_among_keys(s, name):
    """Three keys in one line; the stream changes between them, back and forth, over a rollover."""
    sets = [[make_key(s.random, name, mki=bytes([0, number])) for number in (1, 2, 3)] for _ in range(2)]
    dialog(s).call(audio(ALICE, 20000, crypto_line(1, sets[0], lifetime="2^20")),
                   audio(BOB, 30000, crypto_line(1, sets[1])))
    a, b = Stream(s, sets[0][0], A, B, seq=65500), Stream(s, sets[1][0], B, A)
    for number in (0, 1, 2, 0, 2):
        a.key, b.key = sets[0][number], sets[1][number]
        in_turns(20, a, b)
        a.send_report()
        b.send_report()


@family(CM80, GCM128)
def mki_announced_but_not_sent(s, name):
    k1 = make_key(s.random, name, mki=b"\0\0\0\1", send_mki=False)
    k2 = make_key(s.random, name, mki=b"\0\0\0\1")
    _, a, b = start_call(s, k1, k2)
    a.departs = True
    talk(a, b)


@family("1", "3", "5", "24")
def key_derivation_rate(s, exponent):
    """Declared by one side only: it governs what that side sends. Packets are out of order where keys change."""
    k1, k2 = make_key(s.random, CM80, kdr=2 ** int(exponent)), make_key(s.random, CM80)
    _, a, b = start_call(s, k1, k2, stream={"seq": 65480})
    for _ in range(10):
        packets = a.batch(12)
        s.random.shuffle(packets)
        put_all(s, packets)
        b.send(2)
        a.send_report(3)
        b.send_report()


@family(GCM128, "F8_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80")
def key_derivation_rate_with_suite(s, name):
    k1, k2 = make_keys(s, name, kdr=4)
    _, a, b = start_call(s, k1, k2, stream={"roc": 1, "seq": 30000})
    a.srtcp_index = 70000
    talk(a, b, 20)


@family(CM80, CM32, GCM128, "F8_128_HMAC_SHA1_80")
def unencrypted_srtp(s, name):
    k1, k2 = make_keys(s, name, unencrypted_srtp=True)
    _, a, b = start_call(s, k1, k2, stream={"seq": 65530})
    talk(a, b, 20)


@family(CM80, CM32, GCM128)
def unencrypted_srtcp(s, name):
    k1, k2 = make_keys(s, name, unencrypted_srtcp=True)
    _, a, b = start_call(s, k1, k2)
    talk(a, b)


@family(CM80, "AES_256_CM_HMAC_SHA1_80")
def unencrypted_srtp_and_srtcp(s, name):
    k1, k2 = make_keys(s, name, unencrypted_srtp=True, unencrypted_srtcp=True)
    _, a, b = start_call(s, k1, k2)
    talk(a, b)


@family(CM80, "F8_128_HMAC_SHA1_80")
def unauthenticated_srtp(s, name):
    """No tag: nothing proves the key but the SDP. SRTCP has its tag all the same."""
    k1, k2 = make_keys(s, name, unauthenticated_srtp=True)
    _, a, b = start_call(s, k1, k2, stream={"seq": 65525})
    talk(a, b, 40)


@scenario
def unencrypted_srtcp_without_tag_and_trailer(s):
    """linphone: with UNENCRYPTED_SRTCP its reports are plain RTCP."""
    k1, k2 = make_keys(s, unencrypted_srtcp=True)
    _, a, b = start_call(s, k1, k2)
    for _ in range(3):
        in_turns(3, a, b)
        for stream in (a, b):
            frame = s.capture.udp(stream.rtcp_src, stream.rtcp_dst, clear_report(s.random, stream.ssrc))
            s.expect_nothing(frame, "clear-rtcp", "clear", "not authenticated")


@family(CM80, CM32, GCM128, "F8_128_HMAC_SHA1_80")
def srtcp_with_and_without_encryption(s, name):
    """The E bit of each packet decides, whatever was negotiated."""
    k1, k2 = make_keys(s, name)
    _, a, b = start_call(s, k1, k2)
    for encrypted in (True, False, True, False):
        a.send_report(2, encrypted=encrypted)
        b.send_report(1, encrypted=not encrypted)


# --- RTP's own variety ------------------------------------------------------------------------------------------------

ENCRYPT = "urn:ietf:params:rtp-hdrext:encrypt "
EXTENSION_MAPS = ["extmap:1 %surn:ietf:params:rtp-hdrext:ssrc-audio-level" % ENCRYPT,
                  "extmap:2 urn:ietf:params:rtp-hdrext:toffset",
                  "extmap:3/sendrecv %surn:ietf:params:rtp-hdrext:smpte-tc 25@600/24" % ENCRYPT,
                  "extmap:20 %surn:example:long" % ENCRYPT]


def one_octet_extension(dice, *elements):
    """RFC 8285 section 4.2, padded at its end."""
    body = b"".join(bytes([ident << 4 | length - 1]) + dice.randbytes(length) for ident, length in elements)
    return 0xBEDE, body + bytes(-len(body) % 4)


def two_octet_extension(dice, *elements):
    """RFC 8285 section 4.3."""
    body = b"".join(bytes([ident, length]) + dice.randbytes(length) for ident, length in elements)
    return 0x1000, body + bytes(-len(body) % 4)


@family(CM80, "AES_256_CM_HMAC_SHA1_32", GCM128, GCM256, "NULL_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80")
def encrypted_header_extensions(s, name):
    """RFC 6904: some elements encrypted, some not; one- and two-octet headers; packets without any."""
    k1, k2 = make_keys(s, name, encrypted_ids=frozenset({1, 3, 20}))
    _, a, b = start_call(s, k1, k2, attributes=EXTENSION_MAPS, stream={"seq": 65530})
    dice = s.random
    for stream in (a, b):
        for _ in range(4):
            stream.send(extension=one_octet_extension(dice, (1, 1), (2, 3), (3, 16)))
            stream.send(extension=one_octet_extension(dice, (2, 4)))
            stream.send(extension=two_octet_extension(dice, (1, 2), (20, 21), (2, 0), (3, 5)), csrcs=(9,))
            stream.send(extension=(0x4D59, dice.randbytes(8)))
            stream.send()


@family(CM80, GCM128)
def padding_csrcs_extensions(s, name):
    k1, k2 = make_keys(s, name)
    _, a, b = start_call(s, k1, k2)
    for count in (0, 1, 15):
        for padding in (0, 1, 4, 255):
            for extension in (None, (0xBEDE, b""), (0x1234, s.random.randbytes(40))):
                a.send(csrcs=range(count), padding=padding, extension=extension, size=s.random.randrange(80))
                b.send(csrcs=range(count), padding=padding, extension=extension, marker=True, size=0)


# --- several calls, several hops ------------------------------------------------------------------------------------


@scenario
def proxy_forwards_the_messages(s):
    """One call seen before and after a proxy: the same SDP twice."""
    k1, k2 = make_keys(s)
    offer, answer = audio(ALICE, 20000, crypto_line(1, k1)), audio(BOB, 30000, crypto_line(1, k2))
    proxy = Party("proxy", "203.0.113.9")
    hops = [dialog(s, ALICE, BOB, "one@example"), dialog(s, ALICE, BOB, "one@example")]
    for hop, (src, dst) in zip(hops, ((ALICE, proxy), (proxy, BOB))):
        carry = hop._carry
        hop._carry = lambda sender, receiver, text, body, carry=carry, src=src, dst=dst: carry(
            *((src, dst) if sender is ALICE else (dst, src)), text, body)
    hops[0].invite(offer)
    hops[1].invite(offer)
    hops[1].ok(answer)
    hops[0].ok(answer)
    hops[0].ack()
    hops[1].ack()
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@scenario
def b2bua_with_one_call_id(s):
    """Two hops with the same Call-ID and tags and other keys; the B2BUA keeps SSRC and sequence numbers."""
    k1, k2, k3, k4 = make_keys(s, count=4)
    left, right = ("203.0.113.5", 40000), ("203.0.113.5", 40002)
    first = dialog(s, ALICE, SBC, "same@example", callee_tag="t2")
    second = dialog(s, SBC, BOB, "same@example", caller_tag="tag-alice", callee_tag="t2")
    first.invite(audio(ALICE, 20000, crypto_line(1, k1)))
    second.invite(audio(SBC, 40002, crypto_line(1, k3)))
    second.ok(audio(BOB, 30000, crypto_line(1, k4)))
    first.ok(audio(SBC, 40000, crypto_line(1, k2)))
    first.ack()
    second.ack()
    in_turns(30, Stream(s, k1, A, left, ssrc=1, seq=65520), Stream(s, k3, right, B, ssrc=1, seq=65520),
             Stream(s, k4, B, right, ssrc=2, seq=5), Stream(s, k2, left, A, ssrc=2, seq=5))


@scenario
def sbc_keeps_the_ports_and_changes_the_keys(s):
    """The SBC uses one address and port towards both sides."""
    k1, k2, k3, k4 = make_keys(s, count=4)
    middle = ("203.0.113.5", 40000)
    first = dialog(s, ALICE, SBC, "left@example")
    second = dialog(s, SBC, BOB, "right@example")
    first.call(audio(ALICE, 20000, crypto_line(1, k1)), audio(SBC, 40000, crypto_line(1, k2)))
    second.call(audio(SBC, 40000, crypto_line(1, k3)), audio(BOB, 30000, crypto_line(1, k4)))
    in_turns(10, Stream(s, k1, A, middle), Stream(s, k2, middle, A), Stream(s, k3, middle, B), Stream(s, k4, B, middle))


@scenario
def calls_many_at_once(s):
    """60 calls between the same two hosts, each with its own ports and keys."""
    streams = []
    for at in range(60):
        k1, k2 = make_keys(s)
        src, dst = (A[0], 20000 + 4 * at), (B[0], 30000 + 4 * at)
        streams += start_call(s, k1, k2, src=src, dst=dst, stream={"size": 8})[1:]
    in_turns(4, *streams)


@scenario
def one_side_in_the_clear(s):
    """rtpengine: RTP on one hop, SRTP on the other, the same SSRC."""
    k3, k4 = make_keys(s, "AES_192_CM_HMAC_SHA1_80")
    first = dialog(s, ALICE, SBC, "left@example")
    second = dialog(s, SBC, BOB, "right@example")
    first.call(audio(ALICE, 20000, profile="RTP/AVP"), audio(SBC, 40000, profile="RTP/AVP"))
    second.call(audio(SBC, 40002, crypto_line(1, k3)), audio(BOB, 30000, crypto_line(1, k4)))
    secure = Stream(s, k3, (SBC.address, 40002), B), Stream(s, k4, B, (SBC.address, 40002))
    for _ in range(10):
        for stream, src, dst in ((secure[0], A, (SBC.address, 40000)), (secure[1], (SBC.address, 40000), A)):
            packet = stream.next()
            s.stock_frames.append(s.capture.udp(src, dst, packet.plain))
            s.put(packet)


# --- key logs ---------------------------------------------------------------------------------------------------------


def log_line(flow, key, *, as_base64=False):
    secret = key.inline if as_base64 else (key.key + key.salt).hex()
    words = ["SRTP_MASTER", flow, key.suite.name + ":" + secret]
    if key.mki:
        words.append("mki=" + key.mki.hex())
    if key.kdr:
        words.append("kdr=%d" % key.kdr)
    return " ".join(words)


def logged_call(s, k1, k2, flow1, flow2, **stream):
    """Media without signalling, and a key log of two lines."""
    a, b = Stream(s, k1, A, B, ssrc=0xA11CE001, **stream), Stream(s, k2, B, A, ssrc=0xB0B00002, **stream)
    s.keylog = "# two streams\n%s\n%s\n" % (log_line(flow1, k1), log_line(flow2, k2, as_base64=True))
    talk(a, b, 20)
    return a, b


SELECTORS = {
    "ssrc": ("ssrc=0xa11ce001", "ssrc=0xB0B00002"),
    "src": ("src=192.0.2.10:20000", "src=198.51.100.20:30000"),
    "dst": ("dst=198.51.100.20:30000", "dst=192.0.2.10:20000"),
    "any": ("*", "*"),
    "mixed": ("ssrc=0xa11ce001", "*"),
}


@family(*SELECTORS)
def key_log(s, kind):
    """SRTCP flows to the port above, so that selectors by address name it too."""
    k1, k2 = make_keys(s)
    flow1, flow2 = SELECTORS[kind]
    if kind in ("src", "dst"):
        a, b = Stream(s, k1, A, B), Stream(s, k2, B, A)
        above = [flow[:-1] + "1" for flow in (flow1, flow2)]
        s.keylog = "".join(log_line(flow, key) + "\n" for flow, key in
                           ((flow1, k1), (flow2, k2), (above[0], k1), (above[1], k2)))
        talk(a, b, 20)
    else:
        logged_call(s, k1, k2, flow1, flow2)


@family(GCM128, GCM256, "AES_256_CM_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80", "AEAD_AES_128_GCM_8")
def key_log_with_suite(s, name):
    k1, k2 = make_keys(s, name)
    logged_call(s, k1, k2, *SELECTORS["ssrc"])


@scenario
def key_log_joined_at_roc_2(s):
    k1, k2 = make_keys(s)
    logged_call(s, k1, k2, "*", "*", roc=2, seq=65530)


@scenario
def key_log_with_mki_and_kdr(s):
    k1, k2 = make_key(s.random, CM80, mki=b"\xab\xcd", kdr=32), make_key(s.random, GCM128, mki=b"\1", kdr=32)
    logged_call(s, k1, k2, *SELECTORS["ssrc"])


@scenario
def key_log_ipv6(s):
    k1, k2 = make_keys(s)
    src, dst = (ALICE6.address, 20000), (BOB6.address, 30000)
    s.keylog = "%s\n%s\n" % (log_line("src=[2001:db8::10]:20000", k1), log_line("dst=[2001:db8::10]:20000", k2))
    in_turns(10, Stream(s, k1, src, dst), Stream(s, k2, dst, src))


@family("RTP/SAVP", "RTP/AVP")
def key_log_by_call(s, profile):
    """The SDP has no a=crypto: somebody took it out, or the keys went another way."""
    k1, k2 = make_keys(s)
    s.keylog = "%s\n%s\n" % (log_line("call=secret-call@example", k1), log_line("call=secret-call@example", k2))
    call = dialog(s, call_id="secret-call@example")
    call.call(audio(ALICE, 20000, profile=profile), audio(BOB, 30000, profile=profile))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A), 20)


@scenario
def key_log_by_call_beside_another_call(s):
    """A key of one call must not be shown as another's."""
    k1, k2, k3, k4 = make_keys(s, count=4)
    s.keylog = "%s\n%s\n" % (log_line("call=mine@example", k1), log_line("call=mine@example", k2))
    dialog(s, call_id="mine@example").call(audio(ALICE, 20000), audio(BOB, 30000))
    start_call(s, k3, k4, src=(A[0], 22000), dst=(B[0], 32000))
    in_turns(5, Stream(s, k1, A, B), Stream(s, k2, B, A), Stream(s, k3, (A[0], 22000), (B[0], 32000)),
             Stream(s, k4, (B[0], 32000), (A[0], 22000)))


@scenario
def key_log_mends_a_wrong_sdp(s):
    """The SDP's keys don't fit; those of the key log do."""
    k1, k2, other1, other2 = make_keys(s, count=4)
    start_call(s, other1, other2)
    s.keylog = "%s\n%s\n" % (log_line("*", k1), log_line("*", k2))
    talk(Stream(s, k1, A, B), Stream(s, k2, B, A))


@scenario
def key_log_with_crlf_comments_and_bad_lines(s):
    k1, k2 = make_keys(s)
    good = [log_line("ssrc=0xa11ce001", k1), log_line("ssrc=0xb0b00002", k2)]
    secret = (k1.key + k1.salt).hex()
    bad = ["SRTP_MASTER", "SRTP_MASTER ssrc=0xzz %s:%s" % (CM80, secret), "SRTP_MASTER * %s:1234" % CM80,
           "SRTP_MASTER * NO_SUCH:%s" % secret, "WHAT_IS_THIS * %s:%s" % (CM80, secret), "\x01\x02\x7f",
           "SRTP_MASTER src=1.2.3 %s:%s" % (CM80, secret), "SRTP_MASTER * %s:%s kdr=x" % (CM80, secret), "x" * 10000]
    lines = ["# a comment", "", "   ", good[0], *bad, "#" + good[0], "  " + good[1] + "   "]
    s.keylog = "\r\n".join(lines)  # the last line has no end
    s.bad_keylog_lines = [at for at, line in enumerate(lines, 1) if line in bad]
    s.keylog_secret = secret
    talk(Stream(s, k1, A, B, ssrc=0xA11CE001), Stream(s, k2, B, A, ssrc=0xB0B00002))


@family("ssrc", "any", "src", "call")
def key_log_with_a_wrong_key(s, kind):
    """Nothing authenticates: nothing is shown as decrypted."""
    k1, k2, other1, other2 = make_keys(s, count=4)
    flows = {"call": ("call=c@example",) * 2}.get(kind) or SELECTORS[kind]
    s.keylog = "%s\n%s\n" % (log_line(flows[0], other1), log_line(flows[1], other2))
    if kind == "call":
        dialog(s, call_id="c@example").call(audio(ALICE, 20000), audio(BOB, 30000))
    a, b = Stream(s, k1, A, B, ssrc=0xA11CE001), Stream(s, k2, B, A, ssrc=0xB0B00002)
    for _ in range(5):
        for stream in (a, b):
            s.put(stream.next(), shown=False)


@scenario
def key_log_with_many_keys_for_one_flow(s):
    """Of 200 keys with '*' two fit."""
    keys = make_keys(s, count=200)
    s.keylog = "".join(log_line("*", key) + "\n" for key in keys)
    in_turns(5, Stream(s, keys[150], A, B), Stream(s, keys[30], B, A))

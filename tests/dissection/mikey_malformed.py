"""MIKEY messages each of which is malformed or suspicious in one way, and what a reader must be told of it.

A case says what the plugin's expert info is (field and words of its text), and a field that must be shown all the same: as a rule
one that stands behind what is spoiled. Only where nothing can be read any further is it one that stands before, or the octets that are
left.
"""

from dataclasses import dataclass, replace

import mikey_calls
from mikey_calls import now
from model.capture import START_TIME
from model.mikey_model import (AES_CM_128, AES_KW_128, DH, EMPTY_MAP, ENCR_NULL, GENERAL_EXT, GENERIC_ID, HMAC_SHA1_160,
                               HMAC_SHA256_256, ID, INITIATOR, KEMAC, KEY_DATA, KMS, MAC_NULL, MPK, NTP_UTC, NTP_UTC_32, PKE, RAND,
                               RESPONDER, SAKKE_DATA, SIGN, SP, SRTP_ID, TEK, TEK_SALT, TGK, TGK_SALT, TICKET, TP, Algorithms, Key,
                               Payload, PreShared, V, chain, counted, first_kind, generic_entry, header, identity,
                               identity_with_role, number, policy, rand, rand_with_role, time_with_role, timestamp)
from model.mikey_ticket_model import TicketRequest

CERT, CHASH, ERR = 7, 8, 12  # payloads that no exchange of the model has
TIME = number(int(START_TIME) + 2208988800, 4) + bytes(4)  # NTP counts from 1900
MAC = bytes(range(0xA0, 0xB4))  # of 20 octets, as HMAC-SHA-1-160 has them
NOTE, WARNING, ERROR = ("mikey_ticket." + name for name in ("note", "warning", "error"))


@dataclass(frozen=True)
class Case:
    name: str
    message: object  # CSB ID -> octets
    expert: str
    text: str
    shown: tuple = ("mac", MAC.hex())  # field of the protocol, and its value
    answers: object = None  # CSB ID -> octets of the message that this one answers


def catalogue(*rows):
    """row -> [Case]; each of `rows` is the row's number and then the members of a Case."""
    found = {}
    for row, *case in rows:
        found.setdefault(row, []).append(Case(*case[:4], **dict(zip(("shown", "answers"), case[4:]))))
    return found


# --- how messages are made and spoiled -------------------------------------------------------------------------------


def message(name, *payloads, entries=(), map_type=SRTP_ID, prf=0):
    """CSB ID -> octets."""
    return lambda csb_id: header(name, Algorithms(prf=prf), csb_id, payloads, map_type=map_type, entries=entries) + chain(payloads)


def octet(made, at, value):
    return lambda csb_id: made(csb_id)[:at] + bytes([value]) + made(csb_id)[at + 1 :]


def cut(made, octets):
    """Without the last octets."""
    return lambda csb_id: made(csb_id)[:-octets]


def followed_by(made, octets):
    return lambda csb_id: made(csb_id) + octets


def of_type(number_, made):
    return octet(made, 1, number_)


VERSION, PRF, CS_COUNT, MAP_TYPE = 0, 3, 8, 9  # where they stand in the header


def kemac(encrypted=b"\x55" * 16, encr=AES_CM_128, mac_alg=HMAC_SHA1_160, mac=MAC):
    return Payload(KEMAC, number(encr, 1) + counted(encrypted, 2) + number(mac_alg, 1) + mac)


def clear_kemac(*keys, mac_alg=HMAC_SHA1_160, mac=MAC):
    """Without encryption. keys: payloads."""
    return kemac(chain(keys), ENCR_NULL, mac_alg, mac)


def v(alg=HMAC_SHA1_160, mac=MAC):
    return Payload(V, number(alg, 1) + mac)


def sign(octets=MAC):
    """Of a length that makes it as telling as a MAC."""
    return Payload(SIGN, number(len(octets), 2) + octets)


SIGNED = ("sign.signature", MAC.hex())
NOW, RANDOM = timestamp(NTP_UTC, TIME), bytes(range(16))
R = rand(RANDOM)
RAND_SHOWN = ("rand", RANDOM.hex())
SRTP_ENTRY = b"\0" + bytes.fromhex("cafebabe") + bytes(4)  # policy, SSRC, ROC
POLICY, RANDR_I = policy(0, {}), rand_with_role(INITIATOR, RANDOM)


def psk(*payloads, last=None, **options):
    """An initial message with a pre-shared key: T, RAND, what is said, KEMAC."""
    return message("PSK_INIT", NOW, R, *payloads, last or kemac(), **options)


def with_keys(*keys):
    return psk(last=clear_kemac(*keys))


def with_params(octets, **options):
    """A security policy for SRTP whose parameters are these octets."""
    return psk(Payload(SP, b"\0\0" + counted(octets, 2)), entries=[SRTP_ENTRY], **options)


def key_data(kind, key, rest=b"", validity=0):
    return Payload(KEY_DATA, number(kind << 4 | validity, 1) + counted(key, 2) + rest)


def answer(name="PSK_RESP", *payloads, **options):
    return message(name, NOW, *payloads, v(), **options)


def errors(number_, reserved=0):
    return of_type(6, message("PSK_INIT", NOW, Payload(ERR, number(number_, 1) + number(reserved, 2)), v()))


KEY16 = bytes(range(0x40, 0x50))

# --- RFC 3830 and its extensions -------------------------------------------------------------------------------------

BASE = catalogue(
    ("M1", "header cut", lambda csb_id: psk()(csb_id)[:9], ERROR, "ends within its header", ("type", "0")),
    ("M2", "version 2", octet(psk(), VERSION, 2), WARNING, "version is not 1"),
    ("M3", "data type 27, unassigned", of_type(27, psk()), WARNING, "data type is not assigned"),
    ("M3", "data type 241, private", of_type(241, psk()), NOTE, "one for private use"),
    ("M4", "PRF function 2", octet(psk(), PRF, 2), WARNING, "The PRF is unknown"),
    ("M5", "#CS larger than the map", octet(cut(psk(), 1), CS_COUNT, 20), ERROR, "#CS asks for more entries",
     ("cs_count", "20")),
    ("M6", "CS ID map type 3", octet(octet(psk(), CS_COUNT, 1), MAP_TYPE, 3), ERROR, "CS ID map type is unknown",
     ("cs_id_map_type", "3")),
    ("M7", "empty map and SP", psk(POLICY, map_type=EMPTY_MAP), WARNING, "come with an empty CS ID map"),
    ("M8", "next payload 27, unassigned", psk(last=Payload(27, b"\x12\x34")), ERROR, "payload type is unknown",
     ("data", "001234")),
    ("M8", "next payload 18, between assigned ones", psk(last=Payload(18, b"\x12\x34")), ERROR, "payload type is unknown",
     ("data", "001234")),
    ("M8", "next payload 255, private", psk(last=Payload(255, b"\x12\x34")), ERROR, "payload type is unknown",
     ("data", "001234")),
    ("M9", "KEMAC too long", psk(last=Payload(KEMAC, b"\1\0\x63" + MAC)), ERROR, "runs past the end", RAND_SHOWN),
    ("M9", "ID too long", psk(last=Payload(ID, b"\1\0\x63alice")), ERROR, "runs past the end", RAND_SHOWN),
    ("M9", "CERT too long", psk(last=Payload(CERT, b"\0\0\x63\x30")), ERROR, "runs past the end", RAND_SHOWN),
    ("M9", "SP too long", psk(last=Payload(SP, b"\0\0\0\x63\0")), ERROR, "runs past the end", RAND_SHOWN),
    ("M9", "RAND too long", message("PSK_INIT", NOW, Payload(RAND, b"\x63\0")), ERROR, "runs past the end", ("ts.type", "0")),
    ("M9", "general extension too long", psk(last=Payload(GENERAL_EXT, b"\0\0\x63\0")), ERROR, "runs past the end", RAND_SHOWN),
    ("M9", "SAKKE too long", message("SAKKE", NOW, R, Payload(SAKKE_DATA, b"\1\1\0\x63\0")), ERROR, "runs past the end",
     RAND_SHOWN),
    ("M9", "payload announced, nothing there", lambda csb_id: psk(last=Payload(KEMAC, b""))(csb_id)[:-1], ERROR,
     "A next payload is announced", RAND_SHOWN),
    ("M10", "octets behind the last payload", followed_by(psk(), b"\1\2"), WARNING, "left over behind the last payload"),
    ("M11", "no KEMAC", message("PSK_INIT", NOW, R), WARNING, "does not end in the KEMAC, V or SIGN", RAND_SHOWN),
    ("M11", "answer without V", message("PSK_RESP", NOW), WARNING, "does not end in the KEMAC, V or SIGN", ("ts.type", "0")),
    ("M12", "octets behind SIGN", followed_by(message("PK_INIT", NOW, R, sign()), b"\0"), ERROR, "follow SIGN", SIGNED),
    ("M13", "no T", message("PSK_INIT", R, kemac()), ERROR, "has no timestamp"),
    ("M13", "T not first", message("PSK_INIT", R, NOW, kemac()), NOTE, "T is not the first"),
    ("M14", "T twice", psk(NOW), WARNING, "second timestamp"),
    ("M15", "TS type 4", psk(timestamp(4, TIME)), ERROR, "TS type is unknown", RAND_SHOWN),
    ("M16", "timestamp zero", message("PSK_INIT", timestamp(NTP_UTC, bytes(8)), R, kemac()), NOTE, "timestamp is zero"),
    ("M16", "timestamp of another year", message("PSK_INIT", timestamp(NTP_UTC, b"\xa0" + TIME[1:]), R, kemac()), NOTE,
     "more than a day away"),
    ("M17", "no RAND", message("PSK_INIT", NOW, kemac()), NOTE, "There is no RAND"),
    ("M18", "RAND of 15 octets", message("PSK_INIT", NOW, rand(RANDOM[:15]), kemac()), NOTE, "shorter than 16 octets"),
    ("M19", "RAND in an update without keys", psk(last=clear_kemac()), NOTE, "An update without keys has a RAND"),
    ("M20", "RAND in both messages of RSA-R", message("RSA_R_R_MSG", NOW, R, kemac(), sign()), WARNING, "RAND stands in both",
     SIGNED, message("RSA_R_I_MSG", NOW, R, sign())),
    ("M20", "RAND in neither message of RSA-R", message("RSA_R_R_MSG", NOW, kemac(), sign()), WARNING, "or in neither", SIGNED,
     message("RSA_R_I_MSG", NOW, sign())),
    ("M21", "MAC algorithm 3", psk(last=kemac(mac_alg=3)), ERROR, "MAC algorithm is unknown", RAND_SHOWN),
    ("M22", "MAC of KEMAC cut", cut(psk(), 1), ERROR, "MAC is shorter", RAND_SHOWN),
    ("M22", "MAC of V cut", cut(answer(), 1), ERROR, "MAC is shorter", ("mac_alg", "1")),
    ("M23", "encrypted keys without MAC", psk(last=kemac(mac_alg=MAC_NULL, mac=b"")), WARNING,
     "Encrypted keys come without a MAC", ("encr_data", "55" * 16)),
    ("M24", "encryption algorithm 4", psk(last=kemac(encr=4)), WARNING, "encryption algorithm is unknown"),
    ("M25", "AES key wrap of 25 octets", psk(last=kemac(bytes(25), AES_KW_128)), ERROR, "no output of AES key wrap"),
    ("M25", "AES key wrap of 16 octets", psk(last=kemac(bytes(16), AES_KW_128)), ERROR, "no output of AES key wrap"),
    ("M27", "key data type 8", with_keys(key_data(8, KEY16)), WARNING, "key data type is unknown"),
    ("M27", "key validity type 3", with_keys(key_data(TGK, KEY16, validity=3)), WARNING, "key validity type is unknown"),
    ("M28", "TGK of 15 octets", with_keys(key_data(TGK, KEY16[:15])), WARNING, "key is shorter than 16 octets"),
    ("M28", "TGK of 0 octets", with_keys(key_data(TGK, b"")), WARNING, "key is shorter than 16 octets"),
    ("M28", "TEK of 30 octets", with_keys(key_data(TEK, bytes(30))), NOTE, "not as long as an SRTP master key"),
    ("M29", "TGK and salt, no salt", with_keys(key_data(TGK_SALT, KEY16)), ERROR, "has a salt, but the payload ends"),
    ("M30", "SP 0 twice", psk(POLICY, POLICY, entries=[SRTP_ENTRY]), WARNING, "policy has the same number"),
    ("M31", "policy parameter too long", with_params(b"\0\2\1"), ERROR, "policy parameter runs past"),
    ("M31", "policy length is no sum of parameters", with_params(b"\0\1\1\5"), ERROR, "policy parameter runs past"),
    ("M32", "security protocol 2", psk(Payload(SP, b"\0\2\0\0")), WARNING, "security protocol is unknown"),
    ("M32", "policy parameter twice", with_params(b"\0\1\1\0\1\1"), WARNING, "policy parameter is repeated"),
    ("M33", "policy that is not there", psk(entries=[SRTP_ENTRY]), WARNING, "refers to a security policy"),
    ("M34", "SRTP encryption neither off nor on", with_params(b"\x07\1\2"), WARNING, "not one that SRTP knows"),
    ("M34", "SRTCP encryption neither off nor on", with_params(b"\x08\1\2"), WARNING, "not one that SRTP knows"),
    ("M34", "SRTP authentication neither off nor on", with_params(b"\x0a\1\2"), WARNING, "not one that SRTP knows"),
    ("M34", "key of 17 octets", with_params(b"\1\1\x11"), WARNING, "not one that SRTP knows"),
    ("M34", "tag of 5 octets", with_params(b"\x0b\1\5"), WARNING, "not one that SRTP knows"),
    ("M35", "AES-GCM and another PRF", with_params(b"\0\1\6\5\1\1"), WARNING, "AES-GCM goes with"),
    ("M35", "AES-GCM and a key of 24 octets", with_params(b"\0\1\6\1\1\x18"), WARNING, "AES-GCM goes with"),
    ("M35", "AES-GCM and a tag of 8 octets", with_params(b"\0\1\6\x14\1\x08"), WARNING, "AES-GCM goes with"),
    ("M36", "PKE cache indicator 3", message("PK_INIT", NOW, R, Payload(PKE, b"\xc0\1\xaa"), sign()), WARNING,
     "cache indicator of PKE", SIGNED),
    ("M37", "DH group 3", message("DH_INIT", NOW, R, Payload(DH, b"\3" + bytes(8)), sign()), ERROR, "DH group is unknown",
     RAND_SHOWN),
    ("M37", "DH value cut", message("DH_INIT", NOW, R, Payload(DH, b"\1" + bytes(95))), ERROR, "runs past the end", RAND_SHOWN),
    ("M38", "certificate type 4", message("PK_INIT", NOW, R, Payload(CERT, b"\4\0\1\xaa"), sign()), WARNING,
     "certificate type is unknown", SIGNED),
    ("M38", "hash function 3", message("PK_INIT", NOW, R, Payload(CHASH, b"\3" + bytes(20)), sign()), ERROR,
     "hash function is unknown", RAND_SHOWN),
    ("M39", "certificate longer than its DER", message("PK_INIT", NOW, R, Payload(CERT, b"\0\0\4\x30\1\0\0"), sign()), WARNING,
     "certificate's DER", SIGNED),
    ("M40", "answer of version 2", octet(answer(), VERSION, 2), WARNING, "version is not that of the message",
     ("mac", MAC.hex()), psk()),
    ("M40", "answer of another PRF function", octet(answer(), PRF, 1), WARNING, "PRF function is not that of the message",
     ("mac", MAC.hex()), psk()),
    ("M41", "answer alone", answer(), "mikey_ticket.unpaired", "is not in the capture before it"),
    ("M42", "error 16", errors(16), NOTE, "error number is unassigned"),
    ("M42", "error with reserved bits", errors(0, 1), NOTE, "Reserved bits"),
    ("M44", "Key ID too long", psk(Payload(GENERAL_EXT, b"\3" + counted(b"\0\2ab\1\2", 2))), ERROR, "A Key ID runs past"),
    ("M45", "SSRC left open", answer(entries=[b"\0" + bytes(8)]), WARNING, "leaves an SSRC open"),
    ("M46", "SSRC twice", answer(entries=[SRTP_ENTRY] * 2), WARNING, "have the same SSRC"),
    ("M47", "keys in DHHMAC", message("DHHMAC_INIT", NOW, R, clear_kemac(key_data(TGK, KEY16))), WARNING,
     "KEMAC of DHHMAC carries data"),
)

# --- MIKEY-TICKET ----------------------------------------------------------------------------------------------------

ENTRY = generic_entry(1, 0xCAFEBABE, 0, b"\n")
IDRR = identity_with_role(RESPONDER, b"sip:bob@example.com")
FLAGS = "DEFGHJNO"
BITS = {letter: 1 << 16 - at for at, letter in enumerate("DEFGHIJKLMNO")}
KEY_SPI = Key(TGK, KEY16, spi=b"\n").payload
MPK_SPI = Key(MPK, KEY16, spi=b"\1").payload


def entry(session_data=bytes.fromhex("cafebabe"), spi=b"\n", policies=b"\0", cs_id=1, s=False):
    return (bytes([cs_id, 0, s << 7 | len(policies)]) + policies + counted(session_data, 2) + counted(spi))


def transfer(*payloads, entries=(ENTRY,), map_type=GENERIC_ID, last=(v(),), prf=0, first=(NOW, RANDR_I)):
    return message("TRANSFER_INIT", *first, *payloads, *last, entries=entries, map_type=map_type, prf=prf)


def response(*payloads, entries=(ENTRY,), prf=0):
    return message("TRANSFER_RESP", NOW, *payloads, v(), entries=entries, map_type=GENERIC_ID, prf=prf)


def to_kms(*payloads, name="REQUEST_INIT_PSK", map_type=EMPTY_MAP, entries=()):
    return message(name, NOW, *payloads, v(), map_type=map_type, entries=entries)


def in_chain(payloads, rest=b""):
    """TP data or initiator data: the type of the first payload, and the payloads."""
    return first_kind(payloads) + chain(payloads) + rest


def ticket_data(*payloads):
    """Ticket header, then the payloads."""
    return first_kind(payloads) + counted(b"", 2) + chain(payloads)


CLEAR = clear_kemac(mac_alg=MAC_NULL, mac=b"")
OTHER_MAC = bytes(range(0xC0, 0xD4))  # of what is nested, so that the message's own shows that it was read to its end
PARTS = {"time": NOW, "rand": R, "kemac": CLEAR, "v": v(mac=OTHER_MAC)}


def parts(**changed):
    """The payloads of ticket data, some of them others or (None) left out."""
    return ticket_data(*[each for each in {**PARTS, **changed}.values() if each])


def policy_part(flags=FLAGS, kind=b"\0\1\1\1", reserved=0, policy=in_chain([IDRR])):
    return kind + number(sum(BITS[flag] for flag in flags) | reserved, 3) + counted(policy, 2)


def ticket(flags=FLAGS, data=parts(), initiator=b"", **options):
    return Payload(TICKET, policy_part(flags, **options) + counted(data, 2) + counted(initiator, 2))


def with_ticket(flags=FLAGS, *behind, **options):
    return transfer(POLICY, ticket(flags, **options), *behind)


def wish(*payloads, data=None):
    """A request for a ticket whose policy is this."""
    return to_kms(RANDR_I, Payload(TP, policy_part(policy=in_chain(payloads) if data is None else data)))


def keys_without_mac(*keys):
    return clear_kemac(*keys, mac_alg=MAC_NULL, mac=b"")


RAND_R, RAND_KMS = rand_with_role(RESPONDER, RANDOM), rand_with_role(KMS, RANDOM)
SHORT_TIMES = bytes.fromhex("e5a00000"), bytes.fromhex("e5a00001")
LAST_V = ("mac", MAC.hex())
VI = VR = v(mac=OTHER_MAC)

TICKETS = catalogue(
    ("T1", "ID for IDR", transfer(identity(b"sip:alice@example.com")), WARNING, "IDR in place of ID"),
    ("T2", "RAND for RANDR", transfer(R), WARNING, "RANDR in place of RAND"),
    ("T3", "transfer without RANDRi", transfer(POLICY, ticket(), first=(NOW,)), ERROR, "sender's RANDR is missing"),
    ("T3", "request without RANDRi", to_kms(), ERROR, "sender's RANDR is missing"),
    ("T3", "resolution without RANDRr", to_kms(RANDR_I, name="RESOLVE_INIT_PSK"), ERROR, "sender's RANDR is missing"),
    ("T4", "SRTP-ID map", transfer(entries=[SRTP_ENTRY], map_type=SRTP_ID), WARNING, "SRTP-ID is not for ticket transfers"),
    ("T5", "crypto session in a request", to_kms(RANDR_I, map_type=GENERIC_ID, entries=[ENTRY]), WARNING,
     "have no crypto sessions and an empty map"),
    ("T5", "map type 0 in a resolution", to_kms(RAND_R, name="RESOLVE_INIT_PSK", map_type=SRTP_ID), WARNING,
     "have no crypto sessions and an empty map"),
    ("T6", "answer with no policy", response(entries=[entry(policies=b"")]), WARNING, "exactly one policy"),
    ("T6", "answer with two policies", response(entries=[entry(policies=b"\0\1")]), WARNING, "exactly one policy"),
    ("T7", "session data of 3 octets", transfer(entries=[entry(b"\1\2\3")]), ERROR, "Session data of SRTP"),
    ("T7", "S and 4 octets", transfer(entries=[entry(s=True)]), WARNING, "S flag does not go with"),
    ("T7", "no S and 10 octets", transfer(entries=[entry(bytes(10))]), WARNING, "S flag does not go with"),
    ("T8", "answer without session data", response(entries=[entry(b"")]), WARNING, "leaves session data or SPI"),
    ("T8", "answer without SPI", response(entries=[entry(spi=b"")]), WARNING, "leaves session data or SPI"),
    ("T9", "CS ID twice", transfer(entries=[ENTRY, ENTRY]), WARNING, "have the same CS ID"),
    ("T10", "SPI too long", lambda csb_id: transfer()(csb_id)[:20] + b"\x63\1", ERROR, "ends within its CS ID map",
     ("cs.ssrc", "0xcafebabe")),
    ("T11", "ticket type 65535", with_ticket(kind=b"\xff\xff\1\1"), WARNING, "ticket type is reserved"),
    ("T11", "ticket type 0", with_ticket(kind=b"\0\0\1\1"), WARNING, "ticket type is reserved"),
    ("T11", "subtype 2", with_ticket(kind=b"\0\1\2\1"), WARNING, "subtype and version are not 1"),
    ("T11", "version 2", with_ticket(kind=b"\0\1\1\2"), WARNING, "subtype and version are not 1"),
    ("T12", "reserved bits", with_ticket(reserved=1), NOTE, "Reserved bits of the ticket policy"),
    ("T13", "neither D nor L", with_ticket("EFGHJNO"), WARNING, "flags of the ticket policy contradict"),
    ("T13", "G without F", with_ticket("DEGHJNO"), WARNING, "flags of the ticket policy contradict"),
    ("T13", "neither G nor H", with_ticket("DEFJNO"), WARNING, "flags of the ticket policy contradict"),
    ("T13", "I without E", with_ticket("DFGHIJNO", initiator=in_chain([VI, VR])), WARNING,
     "flags of the ticket policy contradict"),
    ("T13", "K without D", with_ticket("EFGHJKLNO"), WARNING, "flags of the ticket policy contradict"),
    ("T13", "M without F", with_ticket("DEHJMNO"), WARNING, "flags of the ticket policy contradict"),
    ("T13", "K in a wish", to_kms(RANDR_I, Payload(TP, policy_part("DEFGHJKNO"))), WARNING,
     "flags of the ticket policy contradict"),
    ("T14", "I without initiator data", with_ticket("DEFGHIJNO"), WARNING, "Initiator data goes with key forking"),
    ("T14", "initiator data without I", with_ticket(initiator=in_chain([VI, VR])), WARNING,
     "Initiator data goes with key forking"),
    ("T15", "TGK to be forked without F",
     with_ticket("DEHIJNO", data=parts(kemac=keys_without_mac(MPK_SPI, KEY_SPI)), initiator=in_chain([VI, VR])), WARNING,
     "A TGK is to be forked, but no TRANSFER_RESP"),
    ("T16", "G and no RANDRr", response(), ERROR, "wants RANDRr of the responder", LAST_V, with_ticket()),
    ("T16", "RANDRr and no G", response(RAND_R), WARNING, "There is a RANDRr, although", LAST_V, with_ticket("DEFHJNO")),
    ("T17", "I and no RANDRkms", response(RAND_R, IDRR), ERROR, "IDRr or RANDRkms is missing", LAST_V,
     with_ticket("DEFGHIJNO", initiator=in_chain([VI, VR]))),
    ("T17", "I and no IDRr", response(RAND_R, RAND_KMS), ERROR, "IDRr or RANDRkms is missing", LAST_V,
     with_ticket("DEFGHIJNO", initiator=in_chain([VI, VR]))),
    ("T18", "TP data without first payload", with_ticket(policy=b"\0" + chain([IDRR])), ERROR, "names no first payload"),
    ("T18", "TP data cut", with_ticket(policy=in_chain([IDRR])[:-1]), ERROR, "runs past the end"),
    ("T18", "TP longer than the message", transfer(last=(Payload(TICKET, policy_part()[:-24] + b"\x10\0"),)), ERROR,
     "runs past the end", RAND_SHOWN),
    ("T19", "KEMAC in the policy of a ticket", with_ticket(policy=in_chain([CLEAR, IDRR])), WARNING,
     "policy of a ticket holds a KEMAC"),
    ("T20", "wish for keys that are not zero", wish(keys_without_mac(KEY_SPI), IDRR), WARNING,
     "keys wished for are not all zero"),
    ("T20", "wish for keys, encrypted", wish(kemac(b"\xaa", mac_alg=MAC_NULL, mac=b""), IDRR), WARNING,
     "keys wished for are not all zero"),
    ("T20", "wish for keys, with a MAC", wish(clear_kemac(), IDRR), WARNING, "keys wished for are not all zero"),
    ("T21", "TRr of type NTP-UTC", wish(time_with_role(4, NTP_UTC, TIME), IDRR), WARNING, "rekeying interval is not of type"),
    ("T21", "TRs later than TRe",
     wish(time_with_role(2, NTP_UTC_32, SHORT_TIMES[1]), time_with_role(3, NTP_UTC_32, SHORT_TIMES[0]),
                                       IDRR), WARNING, "validity ends before it begins"),
    ("T21", "TS role 5", wish(time_with_role(5, NTP_UTC_32, SHORT_TIMES[0]), IDRR), WARNING, "TS role is unknown"),
    ("T21", "TS role 0", wish(time_with_role(0, NTP_UTC_32, SHORT_TIMES[0]), IDRR), WARNING, "TS role is unknown"),
    ("T21", "TRs twice", wish(*[time_with_role(2, NTP_UTC_32, SHORT_TIMES[0])] * 2, IDRR), WARNING, "TS role is repeated"),
    ("T22", "TP without IDRr", wish(identity_with_role(INITIATOR, b"sip:alice@example.com")), WARNING, "names no responder"),
    ("T22", "TP without data", wish(data=b""), WARNING, "names no responder"),
    ("T23", "ticket data of 2 octets", with_ticket(data=b"\5\0"), ERROR, "ends within the ticket header"),
    ("T23", "no ticket data", with_ticket(data=b""), ERROR, "ends within the ticket header"),
    ("T23", "ticket header too long", with_ticket(data=b"\5\0\x63\0"), ERROR, "ends within the ticket header"),
    ("T24", "ticket without V", with_ticket(data=parts(v=None)), WARNING, "ticket data does not end in V"),
    ("T24", "ticket without KEMAC", with_ticket(data=parts(kemac=None)), WARNING, "ticket data has no KEMAC"),
    ("T24", "ticket without RAND", with_ticket(data=parts(rand=None)), WARNING, "ticket data has no RAND"),
    ("T24", "IDRi in the ticket",
     with_ticket(data=ticket_data(NOW, R, CLEAR, identity_with_role(INITIATOR, b"alice"), v(mac=OTHER_MAC))),
     WARNING, "not that of the ticket protection key"),
    ("T25", "ticket's KEMAC with a MAC", with_ticket(data=parts(kemac=clear_kemac())), WARNING, "KEMAC has no MAC of its own"),
    ("T28", "key without SPI", transfer(keys_without_mac(key_data(TGK, KEY16))), WARNING, "every key has an SPI"),
    ("T29", "answer of the KMS without MPK",
     message("REQUEST_RESP", NOW, ticket(), keys_without_mac(KEY_SPI), v(), map_type=EMPTY_MAP),
     WARNING, "There is no MPK"),
    ("T29", "ticket without MPK", with_ticket(data=parts(kemac=keys_without_mac(KEY_SPI))), WARNING, "There is no MPK"),
    ("T29", "ticket with two MPKs", with_ticket(data=parts(kemac=keys_without_mac(MPK_SPI, MPK_SPI))), WARNING, "more MPKs"),
    ("T30", "KEMAC without L", with_ticket(FLAGS, kemac(mac_alg=MAC_NULL, mac=b"")), WARNING, "initiator supply keys, flag L"),
    ("T30", "KEMAC without M", response(RAND_R, kemac(mac_alg=MAC_NULL, mac=b"")), WARNING, "responder supply keys, flag M",
     LAST_V, with_ticket()),
    ("T31", "KEMAC with a MAC", transfer(kemac()), WARNING, "KEMAC has no MAC of its own"),
    ("T32", "128 and 256 bits", transfer(last=(v(HMAC_SHA256_256, bytes(range(32))),)), WARNING, "algorithms are mixed",
     ("mac", bytes(range(32)).hex())),
    ("T35", "RAND role 4", transfer(rand_with_role(4, RANDOM)), WARNING, "RAND role is unknown"),
    ("T35", "RAND role 0", transfer(rand_with_role(0, RANDOM)), WARNING, "RAND role is unknown"),
    ("T35", "RANDRi twice", transfer(RANDR_I), WARNING, "RAND role is repeated"),
    ("T35", "ID role 10", transfer(identity_with_role(10, b"sip:alice@example.com")), WARNING, "ID role is unknown"),
    ("T35", "ID role 0", transfer(identity_with_role(0, b"sip:alice@example.com")), WARNING, "ID role is unknown"),
    ("T37", "answer of another PRF function", response(prf=1), WARNING, "PRF function is not that of the message", LAST_V,
     with_ticket("DEFHJNO")),
    ("T38", "no V", transfer(last=()), WARNING, "transfer does not end in V", RAND_SHOWN),
    ("T38", "answer without V", message("TRANSFER_RESP", NOW, RAND_R, entries=[ENTRY], map_type=GENERIC_ID), WARNING,
     "transfer does not end in V", RAND_SHOWN),
    ("T39", "Vr of another algorithm", with_ticket("DEFGHIJNO", initiator=in_chain([VI, v(MAC_NULL, b"")])), WARNING,
     "not Vi and Vr with the same algorithm"),
    ("T39", "octets behind Vr", with_ticket("DEFGHIJNO", initiator=in_chain([VI, VR], b"\xaa")), WARNING, "left over"),
    ("T40", "O is 0", with_ticket("DEFGHJN"), NOTE, "needs processing beyond RFC 6043"),
    ("T40", "N is 0", with_ticket("DEFGHJO"), NOTE, "needs processing beyond RFC 6043"),
    ("T41", "salt of 12 octets for AES-CM",
     transfer(POLICY, keys_without_mac(Key(TEK_SALT, KEY16, KEY16[:12], b"\n").payload)), NOTE,
     "salt is not as long as the cipher's"),
    ("T42", "ticket that is to come",
     with_ticket(policy=in_chain([time_with_role(2, NTP_UTC_32, b"\xff" + TIME[1:4]), IDRR])), NOTE,
     "not within the ticket's validity"),
    ("T42", "ticket that is over", with_ticket(policy=in_chain([time_with_role(3, NTP_UTC_32, SHORT_TIMES[0]), IDRR])), NOTE,
     "not within the ticket's validity"),
)

# --- messages whose keys are known -------------------------------------------------------------------------------------


class NoKeys(PreShared):
    """Verified, but what was encrypted is no chain of payloads."""

    def _encrypted(self, payloads):
        return super()._encrypted([Payload(KEY_DATA, b"\0\xff\xff")])


class WithoutMpkR(TicketRequest):
    """The KMS forgets what forking needs."""

    def resp(self):
        mpk_i = replace(self.ticket.mpk, key=self.ticket.mpk_i)
        return self._resp([Payload(TICKET, self.ticket.octets())], [mpk_i, *self.ticket.keys])


def pre_shared_case(kind=PreShared, **options):
    return lambda s: [mikey_calls.pre_shared(s, kind, inkey=PSK, **options).init()]


def ticket_case(spoil=lambda init, resp: (init, resp), mpk=None, more=(), **options):
    """Both messages of a transfer; the second is judged unless there is none."""

    def made(s):
        exchange = mikey_calls.transfer(s, **options)
        exchange.ticket.tpk, exchange.ticket.keys = TPK, [*exchange.ticket.keys, *more]
        exchange.ticket.mpk = mpk or exchange.ticket.mpk
        return [each for each in spoil(exchange.init(), exchange.resp()) if each]

    return made


def flipped(octets, at):
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def offer_only(init, resp):
    return init, None


def same_csb_again(s):
    first = mikey_calls.transfer(s)
    second = mikey_calls.transfer(s, csb_id=first.csb_id)
    return [first.init(), first.resp(), second.init()]


def request_case(s):
    issued = mikey_calls.transfer(s, flags="DEFGHIJNO").ticket
    issued.tpk = TPK
    exchange = WithoutMpkR(PSK, b"psk-1", s.random.randbytes(4), s.random.randbytes(16), now(s), now(s), issued)
    return [exchange.init(), exchange.resp()]


PSK, TPK = bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30))
KEY_LOG = "MIKEY_PSK * %s\nMIKEY_TPK * %s\n" % (PSK.hex(), TPK.hex())
MAC_FAILED, SPI_SHOWN, TGK_SHOWN = "mikey_ticket.mac_failed", ("cs.spi", "0a"), ("key.spi", "0a")
FORKS = dict(flags="DEFGHIJNO")

# (row, name, Scenario -> messages of which the last is judged, expert info, words of its text, field that must be shown)
KEYED = [
    ("M26", "verified, but no keys inside", pre_shared_case(NoKeys), NOTE, "Decryption failed", ("mac.status", "verified")),
    ("M26", "without MAC, and another key", lambda s: [mikey_calls.pre_shared(s, algorithms=Algorithms(mac=MAC_NULL)).init()],
     NOTE, "Decryption failed", ("mac_alg", "0")),
    ("T15", "TGK in the ticket to be forked without F", ticket_case(offer_only, flags="DEHIJNO"), WARNING,
     "A TGK is to be forked", ("mac.status", "verified")),
    ("T26", "MAC of the ticket", ticket_case(lambda init, resp: (flipped(init, init.index(b"tpk-1") + 7), None)), MAC_FAILED,
     "no known key fits", ("ts.type", "3")),
    ("T26", "Vr", ticket_case(lambda init, resp: (flipped(init, len(init) - 24), None), **FORKS), MAC_FAILED,
     "no known key fits", ("mac.status", "verified")),
    ("T26", "Vi", ticket_case(lambda init, resp: (flipped(init, len(init) - 46), None), **FORKS), MAC_FAILED,
     "does not repeat the MAC", ("mac.status", "verified")),
    ("T27", "MAC of TRANSFER_INIT", ticket_case(lambda init, resp: (flipped(init, len(init) - 1), None)), MAC_FAILED,
     "no known key fits", ("mac.status", "verified")),
    ("T27", "MAC of TRANSFER_RESP", ticket_case(lambda init, resp: (init, flipped(resp, len(resp) - 1))), MAC_FAILED,
     "no known key fits", SPI_SHOWN),
    ("T28", "key without SPI in the ticket", ticket_case(offer_only, more=[Key(TGK, KEY16)]), WARNING, "every key has an SPI",
     TGK_SHOWN),
    ("T29", "ticket whose first key is no MPK", ticket_case(offer_only, mpk=Key(TGK, KEY16, spi=b"\1")), WARNING,
     "There is no MPK", TGK_SHOWN),
    ("T29", "ticket with two MPKs, encrypted", ticket_case(offer_only, more=[Key(MPK, KEY16, spi=b"\2")]), WARNING, "more MPKs",
     ("mac.status", "verified")),
    ("T29", "REQUEST_RESP without MPKr", request_case, WARNING, "there is no MPKr", ("mac.status", "verified")),
    ("T33", "RANDRi and RANDRr of 7 octets each", ticket_case(rand_i=RANDOM[:7], rand_r=RANDOM[1:8]), WARNING,
     "together shorter than the longest key", ("mac.status", "verified")),
    ("T34", "RANDRkms of 15 octets", ticket_case(rand_kms=RANDOM[:15], **FORKS), NOTE, "RANDRkms is shorter",
     ("mac.status", "verified")),
    ("T36", "ticket and RANDRi for a CSB that is known", same_csb_again, "mikey_ticket.begins_anew",
     "of an exchange that was answered", SPI_SHOWN),
    ("T41", "salt of 12 octets in the ticket", ticket_case(offer_only, more=[Key(TEK_SALT, KEY16, KEY16[:12], b"\2")]), NOTE,
     "salt is not as long as the cipher's", TGK_SHOWN),
]

#!/usr/bin/env python3
"""Writes threegpp_kdf.json, kd.json and prose_keys.json: the 3GPP key derivation function, and what the keys of LTE
sidelink are made with it. Nothing but hmac and hashlib, after TS 33.220 B.2.0, TS 33.303 Annex A and RFC 3830 4.1.2.

The values under EXAMPLE and PUBLISHED are of other hands, and are only held against what is computed here.
"""
import hashlib
import hmac
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def octets(label, length):
    """The same octets at every run."""
    stream = b""
    while len(stream) < length:
        stream += hashlib.sha256(f"sidelink {label} {len(stream)}".encode()).digest()
    return stream[:length]


def sha256_hmac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def kdf(key, fc, *params):
    s = fc.to_bytes(1 if fc < 0x100 else 2, "big")
    for param in params:
        s += param + len(param).to_bytes(2, "big")
    return sha256_hmac(key, s)


def mikey_prf(inkey, label, length):
    """RFC 3830 section 4.1.2 on SHA-1."""
    out = bytes(length)
    for at in range(0, len(inkey), 32):
        s = inkey[at:at + 32]
        a, p = label, b""
        while len(p) < length:
            a = hmac.new(s, a, hashlib.sha1).digest()
            p += hmac.new(s, a + label, hashlib.sha1).digest()
        out = bytes(x ^ y for x, y in zip(out, p))
    return out


def write(name, source, vectors):
    with open(os.path.join(HERE, name), "w") as out:
        json.dump({"source": source, "vectors": vectors}, out, indent=1)
        out.write("\n")


# --- the function itself --------------------------------------------------------------------------------------------

# RFC 5448 Appendix C: CK' || IK', which TS 33.402 clause A.2 derives from CK || IK with FC 20, the name of the access
# network, and SQN XOR AK.
CASE_1 = "5349fbe098649f948f5d2e973a81c00f9744871ad32bf9bbd1dd5ce54e3e2e5a"
CASE_3 = "c0" * 16 + "b0" * 16
PUBLISHED = [
    ("RFC 5448 case 1", CASE_1, b"WLAN", "bb52e91c747a",
     "0093962d0dd84aa5684b045c9edffa04ccfc230ca74fcc96c0a5d61164f5a76c"),
    ("RFC 5448 case 2", CASE_1, b"HRPD", "bb52e91c747a",
     "3820f0277fa5f77732b1fb1d90c1a0dadb94a0ab557ef6c9ab48619ca05b9a9f"),
    ("RFC 5448 case 3", CASE_3, b"WLAN", "a0" * 6,
     "cd4c8e5c68f57dd1d7d7dfd0c538e5773ece6b705dbbf7dfc459a11280c65524"),
    ("RFC 5448 case 4", CASE_3, b"HRPD", "a0" * 6,
     "8310a71ce6f754889613da8f64d5fb465adf14360ae838192db23f6fcb7f8c76"),
]


def kdf_vector(name, key, fc, params, published=None):
    out = kdf(key, fc, *params).hex()
    assert published in (None, out), name
    return {"name": name, "key": key.hex(), "fc": fc, "params": [p.hex() for p in params], "out": out}


def kdf_vectors():
    for name, key, network, sqn_xor_ak, out in PUBLISHED:
        yield kdf_vector(name, bytes.fromhex(key), 0x20, [network, bytes.fromhex(sqn_xor_ak)], out)
    for fc in (0x00, 0x4A, 0xF0, 0xFE, 0xFF00, 0xFF4B, 0xFFFF):
        yield kdf_vector(f"FC {fc:02X}", octets("fc", 32), fc, [octets("p0", 3), octets("p1", 2)])
    for count in range(9):
        yield kdf_vector(f"{count} parameters", octets("count", 16), 0x7E, [octets(f"p{i}", i) for i in range(count)])
    yield kdf_vector("a parameter of 600 octets", octets("long", 32), 0x4B, [octets("long", 600)])
    yield kdf_vector("a key of 100 octets", octets("long key", 100), 0x4B, [b"label"])


# --- KD -------------------------------------------------------------------------------------------------------------

# The worked example of another hand.
K1, SALT_1 = bytes(range(0x00, 0x10)), bytes(range(0x20, 0x2E))
K2, SALT_2 = bytes(range(0x10, 0x20)), bytes(range(0x30, 0x3E))
EXAMPLE_KD = {
    "A": "8e5ef12af9b937e4cd423bb33fc7180a73285a00b8c2497f2db22b844ef1cf4b",
    "B": "27c1597aef981ff15f4b45f8ceda8bc5529086ef7433187acb5716de663d2dad",
    "C": "03a05ba948f5e63021dae02b9af348f3de755b1d5dad3e7b6187d1b457240135",
    "D": "abfb7a43a07dcbe7cdcf58ae86cb9d5d1cae0d8cb582477b21b8a03e2551e646",
    "E": "e76b9e0fe4021d62ea97745ef43c654dc14698aa799acb9ccc3e7f2a2b41a19e",
    "F": "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd",
    "G": "4f932589f110e5aa218f95650c1e7a85e8244491c1d839f660a301da9f695192",
    "H": "00450b005d2f31edeea82847fa67ceb2cf659aca4e795958d2e2c12581f68122",
}
IDENTITIES = ["alice".encode(), "b\u00f6b@example.com".encode(), bytes.fromhex("01020a0a0b0c")]
METHODS = {
    "label": lambda k1, k2, fc, label: kdf(k1 + k2, fc, label),
    "fc alone": lambda k1, k2, fc, label: kdf(k1 + k2, fc),
    "k2 data": lambda k1, k2, fc, label: kdf(k1, fc, k2),
    "hmac": lambda k1, k2, fc, label: sha256_hmac(k1, k2),
    "hash": lambda k1, k2, fc, label: hashlib.sha256(k1 + k2).digest(),
    "xor": lambda k1, k2, fc, label: kdf(bytes(x ^ y for x, y in zip(k1, k2)), fc, label),
    "both data": lambda k1, k2, fc, label: kdf(bytes(32), fc, k1, k2),
    "identities": lambda k1, k2, fc, label: kdf(k1 + k2, fc, label, *IDENTITIES),
    "mikey prf": lambda k1, k2, fc, label: mikey_prf(k1 + k2, label, 32),
}
# The letters of the example; D is A over keys with their salts.
LETTERS = dict(zip("ABCDEFGH", ["label", "fc alone", "k2 data", "label", "hmac", "hash", "xor", "both data"]))


def sdes_vector(name, method, offer, answer, salted=False, order="offer first", fc=0xF0, label="D2D-SDES-KD",
                example=None):
    parts = [b"".join(part) if salted else part[0] for part in (offer, answer)]
    if order == "answer first" or order == "lesser first" and parts[1] < parts[0]:
        parts.reverse()
    out = METHODS[method](*parts, fc, label.encode()).hex()
    assert example in (None, out), name
    return {"name": name, "from": "sdes", "method": method, "salted": salted, "order": order, "fc": fc, "label": label,
            "k1": offer[0].hex(), "salt1": offer[1].hex(), "k2": answer[0].hex(), "salt2": answer[1].hex(),
            "identities": [identity.hex() for identity in IDENTITIES], "out": out}


def sdes_vectors():
    for letter, method in LETTERS.items():
        yield sdes_vector(f"example {letter}", method, (K1, SALT_1), (K2, SALT_2), salted=letter == "D",
                          example=EXAMPLE_KD[letter])
    for key_len, salt_len in ((16, 14), (32, 14), (32, 12)):
        high = octets("high", key_len), octets("high salt", salt_len)
        low = octets("low", key_len), octets("low salt", salt_len)
        assert low[0] < high[0]
        for method in METHODS:
            for salted in (False, True):
                for order in ("offer first", "answer first", "lesser first"):
                    yield sdes_vector(f"{method}, {'salted' if salted else 'key'}, {order}", method, high, low, salted,
                                      order)
    same = octets("same", 16)
    yield sdes_vector("the shorter is the lesser", "label", (same + b"\0" * 8, SALT_1), (same, SALT_2),
                      order="lesser first")
    yield sdes_vector("the salts decide", "label", (same, SALT_2), (same, SALT_1), salted=True, order="lesser first")
    yield sdes_vector("FC of two octets", "label", (K1, SALT_1), (K2, SALT_2), fc=0xFF01)
    yield sdes_vector("another label", "label", (K1, SALT_1), (K2, SALT_2), label="")
    yield sdes_vector("another label", "xor", (K1, SALT_1), (K2, SALT_2), label="Schl\u00fcssel")


def tek_vector(method, tek, out, fc=0xF0, label="D2D-MIKEY-KD"):
    return {"name": f"TEK of {len(tek)}, {method}", "from": "tek", "method": method, "fc": fc, "label": label,
            "tek": tek.hex(), "out": out.hex()}


def tek_vectors():
    for length in (1, 16, 24, 32):
        tek = octets("tek", length)
        yield tek_vector("identity", tek, tek)
        yield tek_vector("zeros before", tek, tek.rjust(32, b"\0"))
        yield tek_vector("zeros behind", tek, tek.ljust(32, b"\0"))
        if length <= 16:
            yield tek_vector("twice", tek, tek + tek)
    for length in (16, 32, 46):
        tek = octets("tek", length)
        yield tek_vector("label", tek, kdf(tek, 0xF0, b"D2D-MIKEY-KD"))
        yield tek_vector("label", tek, kdf(tek, 0xFFF1, b"KD"), fc=0xFFF1, label="KD")


# --- from KD and PGK on ---------------------------------------------------------------------------------------------

# The worked example goes on: FC 5E, 4B and 4A.
NONCE_1, NONCE_2 = bytes(range(0xA0, 0xB0)), bytes(range(0xB0, 0xC0))
PGK = bytes(range(0x40, 0x60))
EXAMPLE_KD_SESS = "527a74b0a1fa12a5174c4248adfcc6ec744e5eac8737b3a4428a3bd0a8c8a0fb"
EXAMPLE_PEK = ["4e433a24f2bae38bea3546d31b9558b1", "3c2c9b0fad7d95f654201d19d4464771",
               "1739724d47a7fd1a588da0c4c5bdba09", "0a71af9c77a94a391d128129a25b4c1c"]
EXAMPLE_PIK = ["e3a7952d97f5511804524279261b3b32", "3e34c8468b476c1042389ee9d330e1a4",
               "108988877a87c8c070cb95fdf5ddb3c8", "3e4982490982c085965793248ce78a70"]
EXAMPLE_PTK = "0093e50b7ca89ad1b108d47414e89730cde031fe6617ab5b301076f1cc5ce1ef"
EXAMPLE_PTK_PEK = "a7575d3f953ec17ff939934b71fb9119"


def kd_sess_vector(name, kd, nonce_1, nonce_2, method="nonces", fc=0x5E, nonce_2_first=False, example=None):
    nonces = [nonce_2, nonce_1] if nonce_2_first else [nonce_1, nonce_2]
    out = {
        "nonces": lambda: kdf(kd, fc, *nonces),
        "nonce 1": lambda: kdf(kd, fc, nonce_1),
        "zero nonces": lambda: kdf(kd, fc, bytes(16), bytes(16)),
        "kd": lambda: kd,
    }[method]().hex()
    assert example in (None, out), name
    return {"name": f"KD-sess: {name}", "step": "kd-sess", "method": method, "fc": fc, "nonce_2_first": nonce_2_first,
            "kd": kd.hex(), "nonce_1": nonce_1.hex(), "nonce_2": nonce_2.hex(), "out": out}


def kd_sess_vectors():
    yield kd_sess_vector("example", bytes.fromhex(EXAMPLE_KD["A"]), NONCE_1, NONCE_2, example=EXAMPLE_KD_SESS)
    for length in (16, 32):
        kd = octets("kd", length)
        for method in ("nonces", "nonce 1", "zero nonces", "kd"):
            for fc in (0x5E, 0x4C, 0xFF5E):
                yield kd_sess_vector(f"{method}, KD of {length}, FC {fc:02X}", kd, octets("n1", 16), octets("n2", 16),
                                     method, fc)
        yield kd_sess_vector(f"Nonce_2 first, KD of {length}", kd, octets("n1", 16), octets("n2", 16),
                             nonce_2_first=True)


def ptk_vector(name, pgk, member, ptk_id, group, fc=0x4A, without_group=False, example=None):
    params = [member, ptk_id.to_bytes(2, "big")] + ([] if without_group else [group])
    out = kdf(pgk, fc, *params).hex()
    assert example in (None, out), name
    return {"name": f"PTK: {name}", "step": "ptk", "fc": fc, "without_group": without_group, "pgk": pgk.hex(),
            "member": member.hex(), "ptk_id": ptk_id, "group": group.hex(), "out": out}


def ptk_vectors():
    yield ptk_vector("example", PGK, bytes.fromhex("010203"), 7, bytes.fromhex("0a0b0c"), example=EXAMPLE_PTK)
    for ptk_id in (0, 1, 0x0102, 0xFFFF):
        yield ptk_vector(f"PTK Identity {ptk_id}", octets("pgk", 32), octets("member", 3), ptk_id, octets("group", 3))
    yield ptk_vector("without group", octets("pgk", 32), octets("member", 3), 5, octets("group", 3),
                     without_group=True)
    yield ptk_vector("another FC", octets("pgk", 32), octets("member", 3), 5, octets("group", 3), fc=0x49)


def traffic_vector(name, use, secret, identity, fc=0x4B, codes=(0, 1), algorithm_first=False, upper_half=False,
                   example=None):
    params = [bytes([codes[use == "PIK"]]), bytes([identity])]
    whole = kdf(secret, fc, *(reversed(params) if algorithm_first else params)).hex()
    out = whole[:32] if upper_half else whole[32:]
    assert example in (None, out), name
    return {"name": f"{use}: {name}", "step": "traffic", "use": use, "fc": fc, "pek_code": codes[0],
            "pik_code": codes[1], "algorithm_first": algorithm_first, "upper_half": upper_half, "from": secret.hex(),
            "identity": identity, "out": out}


def traffic_vectors():
    for identity in range(4):
        for use, example in (("PEK", EXAMPLE_PEK), ("PIK", EXAMPLE_PIK)):
            yield traffic_vector(f"example, algorithm {identity}", use, bytes.fromhex(EXAMPLE_KD_SESS), identity,
                                 example=example[identity])
    yield traffic_vector("example, from PTK", "PEK", bytes.fromhex(EXAMPLE_PTK), 2, example=EXAMPLE_PTK_PEK)
    for use in ("PEK", "PIK"):
        for identity in (1, 2, 255):
            secret = octets("kd-sess", 32)
            yield traffic_vector("FC 7E", use, secret, identity, fc=0x7E)
            yield traffic_vector("other distinguishers", use, secret, identity, codes=(1, 2))
            yield traffic_vector("algorithm first", use, secret, identity, algorithm_first=True)
            yield traffic_vector("upper half", use, secret, identity, upper_half=True)
        yield traffic_vector("from 16 octets", use, octets("short", 16), 2)


write("threegpp_kdf.json", "RFC 5448 Appendix C; the others: make_sidelink_key_vectors.py", list(kdf_vectors()))
write("kd.json", "make_sidelink_key_vectors.py; the example also by another hand", [*sdes_vectors(), *tek_vectors()])
write("prose_keys.json", "make_sidelink_key_vectors.py; the example also by another hand",
      [*kd_sess_vectors(), *ptk_vectors(), *traffic_vectors()])

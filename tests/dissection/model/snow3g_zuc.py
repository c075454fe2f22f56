"""The stream ciphers SNOW 3G (ETSI/SAGE, UEA2 & UIA2, document 2) and ZUC (EEA3 & EIA3, document 2), as words of 32 bits.

Both take a key of 16 octets and an initialization vector of 16 octets, and give as many words of keystream as are asked.
"""

import struct
from itertools import islice

MASK = 0xFFFFFFFF


def _words(octets):
    return struct.unpack("!4I", octets)


def _rotate(value, count):
    return (value << count | value >> 32 - count) & MASK


# --- SNOW 3G ---------------------------------------------------------------------------------------------


def _mulx(value, polynomial):
    """One octet times x, in the field of 256 elements that the polynomial names."""
    return (value << 1 ^ polynomial) & 0xFF if value & 0x80 else value << 1


def _mulx_pow(value, count, polynomial):
    for _ in range(count):
        value = _mulx(value, polynomial)
    return value


def _field_product(a, b, polynomial):
    product = 0
    for _ in range(8):
        product ^= a if b & 1 else 0
        a, b = _mulx(a, polynomial), b >> 1
    return product


def _field_power(value, exponent, polynomial):
    result = 1
    for bit in bin(exponent)[2:]:
        result = _field_product(result, result, polynomial)
        if bit == "1":
            result = _field_product(result, value, polynomial)
    return result


def _rijndael_box(value):
    """SR: inverse in the field, then an affine map (FIPS 197 section 5.1.1)."""
    inverse = _field_power(value, 254, 0x1B)
    rotated = [(inverse << count | inverse >> 8 - count) & 0xFF for count in range(5)]
    return rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ rotated[4] ^ 0x63


def _dickson_box(value):
    """SQ: a Dickson polynomial."""
    result = 0x25
    for exponent in (1, 9, 13, 15, 33, 41, 45, 47, 49):
        result ^= _field_power(value, exponent, 0x69)
    return result


def _mixed(box, polynomial):
    """Tables of S1 and S2: the box, then MixColumn; what each of the four octets of a word adds to the result."""
    single = [box(value) for value in range(256)]
    tables = []
    for place in range(4):
        table = []
        for value in single:
            twice = _mulx(value, polynomial)
            column = [twice, twice ^ value, value, value]  # r0..r3 of the first octet; the others are turned
            turned = [column[(row - place) % 4] for row in range(4)]
            table.append(int.from_bytes(bytes(turned), "big"))
        tables.append(table)
    return tables


S1_TABLES, S2_TABLES = _mixed(_rijndael_box, 0x1B), _mixed(_dickson_box, 0x69)


def _substitute(tables, word):
    a, b, c, d = word.to_bytes(4, "big")
    return tables[0][a] ^ tables[1][b] ^ tables[2][c] ^ tables[3][d]


def _alpha_table(exponents):
    return [int.from_bytes(bytes(_mulx_pow(value, count, 0xA9) for count in exponents), "big") for value in range(256)]


MUL_ALPHA, DIV_ALPHA = _alpha_table((23, 245, 48, 239)), _alpha_table((16, 39, 6, 64))


def _snow3g(key, iv):
    k3, k2, k1, k0 = _words(key)
    iv3, iv2, iv1, iv0 = _words(iv)
    s = [k0 ^ MASK, k1 ^ MASK, k2 ^ MASK, k3 ^ MASK, k0, k1, k2, k3, k0 ^ MASK, k1 ^ MASK ^ iv3, k2 ^ MASK ^ iv2, k3 ^ MASK,
         k0 ^ iv1, k1, k2, k3 ^ iv0]
    r1 = r2 = r3 = 0

    def machine():
        nonlocal r1, r2, r3
        out = (s[15] + r1 & MASK) ^ r2
        r1, r2, r3 = r2 + (r3 ^ s[5]) & MASK, _substitute(S1_TABLES, r1), _substitute(S2_TABLES, r2)
        return out

    def shift(fed_back=0):
        fed_back ^= (s[0] << 8 & MASK) ^ MUL_ALPHA[s[0] >> 24] ^ s[2] ^ s[11] >> 8 ^ DIV_ALPHA[s[11] & 0xFF]
        s.append(fed_back)
        del s[0]

    for _ in range(32):
        shift(machine())
    machine()
    shift()
    while True:
        yield machine() ^ s[0]
        shift()


def snow3g(key, iv, count):
    """iv: IV3 || IV2 || IV1 || IV0."""
    return list(islice(_snow3g(key, iv), count))


# --- ZUC -------------------------------------------------------------------------------------------------

S0 = bytes.fromhex("""
3e725b47cae0003304d1549809b96dcb7b1bf932af9d6aa5b82dfc1d085303904d4e8499e4ced991ddb685488b296eaccdc1f81e734369c6
b5bdfd396320d438767db2a7cfed57c5f32cbb142106559be3ef5e314f7f5aa40d8251495fba581c4a16d517a892241f8cffd8ae2e01d3ad
3b4bda46ebc9de9a8f87d73a806f2fc8b1b437f70a2213287ccc3c89c7c3965607bf7ef00b2b975235417961a64c10febc2695888ab0a3fb
c01894f2e1e5e95dd0dc1166645cec59427512f5749caa230e86abbe2a02e767e644a26cc2939ff1f6fa36d250689e6271153dd640c4e20f
8e83776b25053f0c30ea70b7a1e8a9658d271adb81b3a0f4457a19dfee783460
""")
S1 = bytes.fromhex("""
55c263713bc847869f3cda5b29aafd778cc5940ca61a1300e3a8167240f9f8424426689681d9453e1076c6a78b3943e13ab5562ac06db305
2266bfdc0bfa6248dd20110636c9c1cff62752bb69f5d4877f844cd29c57a4bc4f9adffed68d7aeb2b53d85ca11417fb23d57d3067730809
eeb7703f61b2198e4ee54b938f5ddba9adf1ae2ecb0dfcf42d466e1d97e8d1e94d37a5755e839eab829db91ce0cd498901b6bd5824a25f38
7899159050b895e4d091c7ceed0fb46fa0ccf0024a79c3dea3efea51e66b18ec1b2c80f774e7ff215a6a541e41319235c433070aba7e0e34
88b1987cf33d606c7bcad31f3265042864be859b2f598ad7b025acaf1203e2f2
""")
D = (0x44D7, 0x26BC, 0x626B, 0x135E, 0x5789, 0x35E2, 0x7135, 0x09AF, 0x4D78, 0x2F13, 0x6BC4, 0x1AF1, 0x5E26, 0x3C4D, 0x789A,
     0x47AC)
PRIME = 2**31 - 1


def _l1(x):
    return x ^ _rotate(x, 2) ^ _rotate(x, 10) ^ _rotate(x, 18) ^ _rotate(x, 24)


def _l2(x):
    return x ^ _rotate(x, 8) ^ _rotate(x, 14) ^ _rotate(x, 22) ^ _rotate(x, 30)


def _boxes(word):
    a, b, c, d = word.to_bytes(4, "big")
    return S0[a] << 24 | S1[b] << 16 | S0[c] << 8 | S1[d]


def _zuc(key, iv):
    s = [key[i] << 23 | D[i] << 8 | iv[i] for i in range(16)]
    r1 = r2 = 0

    def join(high, low):
        """H of one cell: its bits 30 to 15; L of another: its bits 15 to 0."""
        return s[high] >> 15 << 16 | s[low] & 0xFFFF

    def machine():
        nonlocal r1, r2
        x1, x2 = s[11] << 16 & MASK | s[9] >> 15, s[7] << 16 & MASK | s[5] >> 15
        out = (join(15, 14) ^ r1) + r2 & MASK
        w1, w2 = r1 + x1 & MASK, r2 ^ x2
        r1 = _boxes(_l1(w1 << 16 & MASK | w2 >> 16))
        r2 = _boxes(_l2(w2 << 16 & MASK | w1 >> 16))
        return out

    def shift(fed_back=0):
        fed_back += (s[15] << 15) + (s[13] << 17) + (s[10] << 21) + (s[4] << 20) + (s[0] << 8) + s[0]
        s.append(fed_back % PRIME or PRIME)
        del s[0]

    for _ in range(32):
        shift(machine() >> 1)
    machine()
    shift()
    while True:
        x3 = s[2] << 16 & MASK | s[0] >> 15
        yield machine() ^ x3
        shift()


def zuc(key, iv, count):
    return list(islice(_zuc(key, iv), count))

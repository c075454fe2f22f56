#!/usr/bin/env python3
"""Makes the captures `made_*`, their lists and their key logs, octet for octet the same each time.

    captures/make_samples.py [FOLDER]     writes FOLDER/captures and FOLDER/keyfiles; FOLDER is the project unless told
"""

import gzip
import hashlib
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "dissection"))

import d2d_scenarios
import mikey_scenarios
import scenarios
from model.real_captures import COLUMNS
from model.srtp_model import KDF_192_AS_256, rtp_header_len

# sample: the scenario of tests/dissection/scenarios.py that makes it
SAMPLES = {
    "made_key_log_gcm_without_signalling": "key_log_with_suite[AEAD_AES_256_GCM]",
    "made_key_log_by_call_id": "key_log_by_call[RTP/SAVP]",
    "made_key_log_joined_at_roc_2": "key_log_joined_at_roc_2",
    "made_nat_on_both_sides": "nat_on_both_sides",
    "made_fork_with_media_of_both_branches": "forked_with_media_of_both_branches",
    "made_reinvite_rekeys_after_rollover": "reinvite_new_keys_same_address_roc_goes_on",
    "made_f8_with_mki": "mki_with_suite[F8_128_HMAC_SHA1_80]",
    "made_srtcp_with_4_octet_tags": "srtcp_with_4_octet_tags[AES_256_CM_HMAC_SHA1_32]",
}
# sample: the scenario of tests/dissection/mikey_scenarios.py that makes it, and which of its secrets opens it
MIKEY_SAMPLES = {
    "made_mikey_psk": ("psk_four_crypto_sessions", "MIKEY_PSK"),
    "made_mikey_dh_tek": ("diffie_hellman", "MIKEY_TEK"),
    "made_mikey_public_key": ("public_key", "private key"),
    "made_mikey_ticket_tpk": ("ticket[forked]", "MIKEY_TPK"),
    "made_mikey_ticket_mpk": ("ticket_party_brings_the_key[responder_forked]", "MIKEY_MPK"),
    "made_mikey_ticket_tgk": ("ticket[forked_strong]", "MIKEY_TGK"),
    "made_mikey_ticket_all_legs": ("ticket_all_legs[over_http]", "MIKEY_PSK of alice"),
}
# sample: the scenario of tests/dissection/d2d_scenarios.py that makes it, which of its key logs opens it (None: it needs none), and
# preferences that must be set, or a heuristic that must be enabled
HEURISTIC = "heuristic "
D2D_SAMPLES = {
    "made_d2d_sdes_in_pc5": ("flow[F2_sdes]", None, []),
    "made_d2d_sdes_then_rekeying": ("flow[F3_sdes]", None, []),
    "made_d2d_sdes_without_command": ("flow[F1_sdes]", None, ["d2dsec.traffic:nonce_1"]),
    "made_d2d_sdes_in_sip": ("rtp_inside", None, []),
    "made_d2d_sdes_in_log": ("ims_sdes[keys_in_log_alone]", "SDES", []),
    "made_d2d_sdes_in_http": ("network_sdes[http_whole_messages]", None, []),
    "made_d2d_ticket_in_pc5": ("flow[F2_ticket]", "MIKEY_TPK", []),
    "made_d2d_ticket_in_sip": ("ims_ticket[tek_256]", "MIKEY_TEK", []),
    "made_d2d_kd": ("network_not_captured", "D2D_KD", []),
    "made_d2d_kd_sess": ("joined_late", "D2D_KDSESS", []),
    "made_d2d_pek_and_pik": ("command_without_request", "D2D_PEK", []),
    "made_d2d_relay": ("relay", "D2D_KD", []),
    "made_d2d_group": ("group[eea2]", "PROSE_PGK", []),
    "made_d2d_rekeying_with_new_kd": ("rekeying_brings_another_kd", None, []),
    "made_d2d_in_segments": ("segmented[sn_5]", None, []),
    "made_d2d_in_gsmtap": ("carried[gsmtap]", None, []),
    "made_d2d_in_dlt_user": ("carried[user]", None, ['uat:user_dlts:"User 0 (DLT=147)","slsch","0","","0",""']),
    "made_d2d_in_exported_pdus": ("carried[exported]", None, []),
    "made_d2d_in_own_framing": ("carried[own_framing]", None, [HEURISTIC + "pdcp_sl_udp"]),
    "made_d2d_other_fc": ("choice[kdsess_fc]", None, []),
    "made_d2d_srtp_from_kd": ("srtp_from_kd[over_udp]", None, ["d2dsec.kd_to_srtp:TRUE"]),
}
SDU_COLUMNS = ["frame", "verdict", "plain_len", "plain_sha256", "lcid"]
TEK_COLUMNS = ["csb_id", "cs_id", "tek", "salt"]


def kind_of(packet):
    if packet.kind == "rtp" and packet.key.unauthenticated_srtp:
        return "rtp-unauth"
    if packet.key.kdf == KDF_192_AS_256:
        return packet.kind + "-kdf256"
    if packet.kind == "rtcp" and packet.key.rtcp_tag == 4:
        return "rtcp-tag32"
    return packet.kind


def row_of(frame, packet):
    """The columns that README.md explains."""
    plain, index = packet.plain, packet.index
    if packet.kind == "rtp":
        payload = plain[rtp_header_len(plain) :]
        padding = payload[-1] if plain[0] & 0x20 else 0
        payload = payload[: len(payload) - padding]
        number, roc_or_e, payload_type = index & 0xFFFF, index >> 16, plain[1] & 0x7F
    else:
        payload, padding = plain, 0
        encrypted = packet.verdict != "authenticated only"
        number, roc_or_e, payload_type = index, int(encrypted), plain[1]
    return [frame, kind_of(packet), *packet.src, *packet.dst, "%08x" % packet.ssrc, number, roc_or_e, payload_type,
            len(payload), padding, hashlib.sha256(payload).hexdigest(), hashlib.sha256(plain).hexdigest(),
            packet.key.suite.name]


def packed_list(columns, rows):
    lines = ["#" + "\t".join(columns)] + ["\t".join(map(str, row)) for row in rows]
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as packed:
        packed.write(("\n".join(lines) + "\n").encode())
    return out.getvalue()


def expected_list(made):
    return packed_list(COLUMNS, [row_of(frame, packet) for frame, packet in sorted(made.packets.items())])


def sdu_list(made):
    """Of the PDUs that must be opened, in the order in which each frame completes them."""
    rows = []
    for frame, pdus in sorted(made.protected.items()):
        for pdu in pdus:
            verdict, = pdu.verdicts
            rows.append([frame, verdict, len(pdu.plain), pdu.sha256, pdu.lcid])
    return packed_list(SDU_COLUMNS, rows)


def tek_list(made):
    lines = ["#" + "\t".join(TEK_COLUMNS)]
    for csb_id, each in made.crypto_sessions:
        lines.append("\t".join([csb_id.hex(), str(each.cs_id), each.tek.hex(), each.salt.hex()]))
    return "\n".join(lines) + "\n"


def write_sample(folder, name, made):
    made.capture.write(folder / "captures" / (name + ".pcap"))
    (folder / "captures" / (name + ".expected.tsv.gz")).write_bytes(expected_list(made))


def main(folder):
    for part in ("captures", "keyfiles"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, source in SAMPLES.items():
        made = scenarios.build(source)
        write_sample(folder, name, made)
        if made.keylog:
            (folder / "keyfiles" / (name + ".keylog")).write_text(made.keylog)
    for name, (source, secret) in MIKEY_SAMPLES.items():
        made = mikey_scenarios.build(source)
        write_sample(folder, name, made)
        (folder / "captures" / (name + ".teks.tsv")).write_text(tek_list(made))
        if secret == "private key":
            (folder / "keyfiles" / (name + ".pem")).write_bytes(made.private_key)
        else:
            (folder / "keyfiles" / (name + ".keylog")).write_text(made.key_logs[secret])
    for name, (source, secret, _) in D2D_SAMPLES.items():
        made = d2d_scenarios.build(source)
        made.capture.write(folder / "captures" / (name + ".pcap"))
        (folder / "captures" / (name + ".sdus.tsv.gz")).write_bytes(sdu_list(made))
        if made.packets:
            (folder / "captures" / (name + ".expected.tsv.gz")).write_bytes(expected_list(made))
        if secret:
            (folder / "keyfiles" / (name + ".keylog")).write_text(made.key_logs[secret])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)

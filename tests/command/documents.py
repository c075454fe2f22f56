"""Reports made by hand, after the format's definition."""

FAILURES = "tag_mismatch", "no_key", "truncated", "unsupported_suite", "in_clear"


def stream(packets=10, no_key=0, key="aaaa000000000001", protocol="SRTP", ssrc="0x00000001"):
    opened = packets - no_key
    return {
        "protocol": protocol, "source": "192.0.2.1:4000", "destination": "192.0.2.2:5000", "ssrc": ssrc, "lcid": None,
        "key_id": None, "packets": packets, "authenticated": opened, "decrypted": opened, "unauthenticated": 0, "unencrypted": 0,
        "failed": {"total": no_key, **{name: no_key if name == "no_key" else 0 for name in FAILURES}},
        "missing": 3, "replayed": 0, "duplicates": 0, "keystream_reuse": 0, "roc_recovered": 0,
        "plaintext": {"valid": opened, "invalid": 0}, "outside_window": 0,
        "first": {"frame": 7, "time": "2026-03-01T10:00:00.000000001Z"},
        "last": {"frame": 7 + packets, "time": "2026-03-01T10:00:05.000000000Z"},
        "stretches": [{"key": key if opened else None, "packets": packets, "authenticated": opened,
                       "index": {"first": 65530, "last": 65543}, "roc": {"first": 0, "last": 1}, "missing": 3}]}


def key(fingerprint="aaaa000000000001", packets=10, origin="SDES offer", detail="tag 1"):
    return {"name": "SRTP master key", "fingerprint": fingerprint, "suite": "AES_CM_128_HMAC_SHA1_80", "origin": origin,
            "detail": detail, "frame": 1, "packets": packets}


def finding(code, kind="reason", packets=0, detail=None, text="Ask for the key."):
    return {"code": code, "kind": kind, "packets": packets, "detail": detail, "text": text}


def compared(match, line=1, delivered="aaaa000000000001", derived=None):
    return {"match": match, "name": "HI2_CC 01", "line": line, "delivered": delivered, "derived": derived}


def session(number=1, verdict="verified", method="SDES", uri="sip:alice@example.com", streams=None, keys=None, findings=(),
            comparison=()):
    return {
        "id": number, "verdict": verdict, "findings": list(findings), "method": method,
        "carrier": "SIP over UDP" if method == "SDES" else None,
        "parties": [{"role": "offerer", "uri": uri, "identity": None, "address": "192.0.2.1"},
                    {"role": "answerer", "uri": "sip:bob@example.com", "identity": None, "address": "192.0.2.2"}],
        "identifiers": [{"name": "call_id", "value": "call-%d@example.com" % number}],
        "events": [] if method == "key log" else [{"event": "offer", "frame": 1}, {"event": "answer", "frame": 2}],
        "keys": [key()] if keys is None else keys,
        "derivation": [{"function": "AES-CM PRF (RFC 3711 4.3)", "parameters": "label 0x00, kdr 0",
                        "inputs": [{"name": "master key", "length": 16, "value": None, "fingerprint": "aaaa000000000001"},
                                   {"name": "index", "length": 6, "value": "000000000000", "fingerprint": None}],
                        "output": "session key", "output_length": 16, "fingerprint": "bbbb000000000001", "frame": 1}],
        "streams": [stream()] if streams is None else streams,
        "comparison": list(comparison)}


def report(verdict="verified", sessions=None, name="a.pcap", sha256=None, findings=(), comparison=(), problem=None):
    sessions = [session()] if sessions is None else sessions
    streams = [each for one in sessions for each in one["streams"]]
    counts = {member: sum(each[member] for each in streams)
              for member in ("packets", "authenticated", "decrypted", "unauthenticated", "unencrypted")}
    return {
        "format": "d2dsec-verification", "version": 1, "verdict": verdict, "findings": list(findings),
        "case": {"liid": None, "correlation": None, "operator": None, "window": {"from": None, "to": None}},
        "source": {"tools": {"d2dsec": "0.1.0", "wireshark": "4.0.17", "openssl": "3.0.15"}, "two_passes": True,
                   "captures": [{"name": name, "size": 100, "sha256": sha256 or name.encode().hex().ljust(64, "0"),
                                 "problem": problem}],
                   "keylogs": [], "preferences": [{"name": "d2dsec.kd_kdf", "value": "B"}]},
        "totals": {"sessions": len(sessions),
                   "by_verdict": {each: sum(one["verdict"] == each for one in sessions)
                                  for each in ("verified", "partial", "failed", "no_traffic")},
                   **counts, "failed": {member: sum(each["failed"][member] for each in streams) for member in ("total", *FAILURES)}},
        "sessions": sessions, "comparison": list(comparison)}


def signalling(name="signalling.pcap", **more):
    """An SDES call whose media are elsewhere."""
    return report("no_traffic", [session(verdict="no_traffic", streams=[], keys=[key(packets=0)], **more)], name)


def media(name="media.pcap", verdict="verified", **more):
    """Media that a key log explains."""
    return report(verdict, [session(verdict=verdict, method="key log", uri=None,
                                    keys=[key(origin="key log", detail="line 1")], **more)], name)

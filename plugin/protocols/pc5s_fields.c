/* Names from TS 24.334 clause 12.5.1, and the fields that show them. */
#include "protocols/pc5s_fields.h"

#include "keys/pc5s.h"

int pc5s_fields[PF_COUNT];

const value_string pc5s_type_vals[] = {
    {PC5S_COMMUNICATION_REQUEST, "DIRECT_COMMUNICATION_REQUEST"},
    {PC5S_COMMUNICATION_ACCEPT, "DIRECT_COMMUNICATION_ACCEPT"},
    {PC5S_COMMUNICATION_REJECT, "DIRECT_COMMUNICATION_REJECT"},
    {PC5S_KEEPALIVE, "DIRECT_COMMUNICATION_KEEPALIVE"},
    {PC5S_KEEPALIVE_ACK, "DIRECT_COMMUNICATION_KEEPALIVE_ACK"},
    {PC5S_RELEASE, "DIRECT_COMMUNICATION_RELEASE"},
    {PC5S_RELEASE_ACCEPT, "DIRECT_COMMUNICATION_RELEASE_ACCEPT"},
    {PC5S_TMGI_MONITORING_REQUEST, "TMGI_MONITORING_REQUEST (unconfirmed)"},
    {PC5S_TMGI_MONITORING_RESPONSE, "TMGI_MONITORING_RESPONSE (unconfirmed)"},
    {PC5S_CELL_ID_ANNOUNCEMENT_REQUEST, "CELL_ID_ANNOUNCEMENT_REQUEST (unconfirmed)"},
    {PC5S_CELL_ID_ANNOUNCEMENT_RESPONSE, "CELL_ID_ANNOUNCEMENT_RESPONSE (unconfirmed)"},
    {PC5S_SECURITY_MODE_COMMAND, "DIRECT_SECURITY_MODE_COMMAND"},
    {PC5S_SECURITY_MODE_COMPLETE, "DIRECT_SECURITY_MODE_COMPLETE"},
    {PC5S_SECURITY_MODE_REJECT, "DIRECT_SECURITY_MODE_REJECT"},
    {PC5S_REKEYING_REQUEST, "DIRECT_REKEYING_REQUEST"},
    {PC5S_REKEYING_RESPONSE, "DIRECT_REKEYING_RESPONSE"},
    {PC5S_REKEYING_TRIGGER, "DIRECT_REKEYING_TRIGGER"},
    {PC5S_REMOTE_UE_INFO_REQUEST, "REMOTE_UE_INFO_REQUEST"},
    {PC5S_REMOTE_UE_INFO_RESPONSE, "REMOTE_UE_INFO_RESPONSE"},
    {0, NULL},
};

const value_string pc5s_ie_vals[] = {
    {PC5S_IE_USER_INFO, "User Info"}, {PC5S_IE_IP_CONFIG, "IP Address Config"},
    {PC5S_IE_LINK_LOCAL_IPV6, "Link Local IPv6 Address"}, {PC5S_IE_CAUSE, "PC5 Signalling Protocol Cause"},
    {PC5S_IE_RELEASE_REASON, "Release Reason"}, {PC5S_IE_KEEPALIVE_COUNTER, "Keepalive Counter"},
    {PC5S_IE_MAX_INACTIVITY, "Maximum Inactivity Period"}, {PC5S_IE_RELAY_SERVICE_CODE, "Relay Service Code"},
    {PC5S_IE_GPI, "GPI"}, {PC5S_IE_PRUK_ID, "PRUK ID"}, {PC5S_IE_AUTS, "AUTS"}, {PC5S_IE_RAND, "RAND"},
    {PC5S_IE_CAPABILITIES, "UE Security Capabilities"}, {PC5S_IE_CHOSEN_ALGORITHMS, "Chosen Algorithms"},
    {PC5S_IE_KD_SESS_ID_LSB, "LSB of KD-sess ID"}, {PC5S_IE_KD_SESS_ID_MSB, "MSB of KD-sess ID"},
    {PC5S_IE_KD_ID_LSB, "LSB of KD ID"}, {PC5S_IE_KD_ID_MSB, "MSB of KD ID"}, {PC5S_IE_KD_ID, "KD ID"},
    {PC5S_IE_KD_FRESHNESS, "KD Freshness"}, {PC5S_IE_NONCE_1, "Nonce_1"}, {PC5S_IE_NONCE_2, "Nonce_2"},
    {PC5S_IE_AUTH_FLAG, "Auth Flag"}, {PC5S_IE_SIGNATURE, "Signature"}, {PC5S_IE_ENCRYPTED_PAYLOAD, "Encrypted Payload"},
    {PC5S_IE_REMOTE_UE_TYPE, "Remote UE Information Type"}, {PC5S_IE_IMEI, "IMEI"}, {PC5S_IE_IMEISV, "IMEISV"},
    {PC5S_IE_KEY_ESTABLISHMENT, "Key establishment information container"}, {0, NULL},
};

static const value_string user_info_vals[] = {
    {1, "User info from upper layers"}, {2, "PRUK ID"}, {3, "IMSI"}, {0, NULL},
};

static const value_string ip_config_vals[] = {
    {1, "DHCPv4 server"}, {2, "IPv6 router"}, {3, "DHCPv4 server and IPv6 router"},
    {4, "Address allocation not supported"}, {0, NULL},
};

static const value_string cause_vals[] = {
    {1, "Direct communication to the target UE not allowed"}, {2, "Authentication failure"},
    {3, "Conflict of Layer-2 ID for unicast communication"}, {4, "Lack of resources for the proposed link"},
    {5, "IP version mismatch"}, {6, "Other errors"}, {0, NULL},
};

static const value_string reason_vals[] = {
    {1, "No longer needed"}, {2, "No longer allowed"}, {3, "No longer available"}, {0, NULL},
};

const value_string pc5s_ciphering_vals[] = {
    {0, "EEA0"}, {1, "128-EEA1"}, {2, "128-EEA2"}, {3, "128-EEA3"}, {4, "EEA4"}, {5, "EEA5"}, {6, "EEA6"}, {7, "EEA7"},
    {0, NULL},
};

const value_string pc5s_integrity_vals[] = {
    {0, "EIA0"}, {1, "128-EIA1"}, {2, "128-EIA2"}, {3, "128-EIA3"}, {4, "EIA4"}, {5, "EIA5"}, {6, "EIA6"}, {7, "EIA7"},
    {0, NULL},
};

static const value_string auth_flag_vals[] = {
    {0, "KD is kept"}, {1, "KD is to be refreshed"}, {0, NULL},
};

static const value_string remote_ue_vals[] = {
    {1, "IMEI"}, {2, "IMEISV"}, {0, NULL},
};

static const value_string method_vals[] = {
    {KEYEST_METHOD_SDES, "SDES (SDP)"}, {KEYEST_METHOD_KEY_MGMT, "MIKEY in SDP"}, {KEYEST_METHOD_MIKEY, "MIKEY"},
    {KEYEST_METHOD_SDES_COMPACT, "SDES (compact)"}, {0, NULL},
};

static const value_string suite_vals[] = {
    {1, "AES_CM_128_HMAC_SHA1_80"}, {2, "AES_CM_128_HMAC_SHA1_32"}, {7, "AEAD_AES_128_GCM"}, {8, "AEAD_AES_256_GCM"}, {0, NULL},
};

#define FIELD(id, name, abbreviation, type, base, strings, mask, blurb) \
    {&pc5s_fields[PF_##id], {name, "pc5s." abbreviation, type, base, strings, mask, blurb, HFILL}}
#define NUMBER(id, name, abbreviation, type, base, blurb) FIELD(id, name, abbreviation, type, base, NULL, 0, blurb)
#define NAMED(id, name, abbreviation, strings, blurb) FIELD(id, name, abbreviation, FT_UINT8, BASE_DEC, VALS(strings), 0, blurb)
#define OCTETS(id, name, abbreviation, blurb) FIELD(id, name, abbreviation, FT_BYTES, BASE_NONE, NULL, 0, blurb)
#define TEXT(id, name, abbreviation, blurb) FIELD(id, name, abbreviation, FT_STRING, BASE_NONE, NULL, 0, blurb)
#define GROUP(id, name, abbreviation, blurb) FIELD(id, name, abbreviation, FT_NONE, BASE_NONE, NULL, 0, blurb)
#define FRAME(id, name, abbreviation, kind, blurb) \
    FIELD(id, name, abbreviation, FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(kind), 0, blurb)
#define ALGORITHM(bit, name, abbreviation) \
    {&pc5s_fields[PF_ALGORITHM + (bit)], {name, "pc5s.capabilities." abbreviation, FT_BOOLEAN, 16, NULL, 0x8000 >> (bit), \
     "TS 24.334 clause 12.5.1.22", HFILL}}

#define CLAUSE "TS 24.334 clause "

static hf_register_info fields[] = {
    FIELD(TYPE, "Message type", "type", FT_UINT8, BASE_HEX, VALS(pc5s_type_vals), 0, CLAUSE "12.5.1.1"),
    NUMBER(SEQUENCE, "Sequence number", "sequence", FT_UINT16, BASE_DEC, CLAUSE "12.5.1.2"),
    TEXT(IE, "Information element", "ie", "One with an identifier or a length of its own, by its name"),
    NUMBER(IEI, "IEI", "iei", FT_UINT8, BASE_HEX, "Information element identifier"),
    NUMBER(LENGTH, "Length", "length", FT_UINT16, BASE_DEC, "Octets of what follows"),
    OCTETS(DATA, "Data", "data", "What is not known or not decoded further"),
    NAMED(USER_INFO_TYPE, "User Info type", "user_info.type", user_info_vals, CLAUSE "12.5.1.3"),
    FIELD(USER_INFO_INFO, "Information", "user_info.info", FT_BYTES, BASE_SHOW_UTF_8_PRINTABLE, NULL, 0, CLAUSE "12.5.1.3"),
    OCTETS(USER_INFO_PRUK_ID, "PRUK ID", "user_info.pruk_id", CLAUSE "12.5.1.3"),
    TEXT(USER_INFO_IMSI, "IMSI", "user_info.imsi", "Where the information reads as up to 15 digits"),
    NAMED(IP_CONFIG, "IP Address Config", "ip_config", ip_config_vals, CLAUSE "12.5.1.4"),
    NUMBER(LINK_LOCAL, "Link local IPv6 address", "link_local", FT_IPv6, BASE_NONE, CLAUSE "12.5.1.5"),
    NAMED(CAUSE, "Cause", "cause", cause_vals, "PC5 Signalling Protocol Cause, TS 24.334 clause 12.5.1"),
    NAMED(REASON, "Release reason", "reason", reason_vals, CLAUSE "12.5.1"),
    NUMBER(KEEPALIVE_COUNTER, "Keepalive counter", "keepalive_counter", FT_UINT32, BASE_DEC, CLAUSE "12.5.1"),
    NUMBER(MAX_INACTIVITY, "Maximum inactivity period", "max_inactivity", FT_UINT32, BASE_DEC,
           "In seconds, TS 24.334 clause 12.5.1.9"),
    NUMBER(RELAY_SERVICE_CODE, "Relay service code", "relay_service_code", FT_UINT24, BASE_HEX, CLAUSE "12.5.1.17"),
    OCTETS(GPI, "GBA push information", "gpi", CLAUSE "12.5.1.18"),
    OCTETS(PRUK_ID, "PRUK ID", "pruk_id", CLAUSE "12.5.1.19"),
    OCTETS(AUTS, "AUTS", "auts", CLAUSE "12.5.1.20"),
    OCTETS(RAND, "RAND", "rand", CLAUSE "12.5.1.21"),
    NUMBER(CAPABILITIES, "UE security capabilities", "capabilities", FT_UINT16, BASE_HEX, CLAUSE "12.5.1.22"),
    NUMBER(ALGORITHMS, "Chosen algorithms", "algorithms", FT_UINT8, BASE_HEX, CLAUSE "12.5.1.23"),
    FIELD(CIPHERING, "Ciphering", "algorithms.ciphering", FT_UINT8, BASE_DEC, VALS(pc5s_ciphering_vals), 0xf0,
          CLAUSE "12.5.1.23"),
    FIELD(INTEGRITY, "Integrity", "algorithms.integrity", FT_UINT8, BASE_DEC, VALS(pc5s_integrity_vals), 0x0f,
          CLAUSE "12.5.1.23"),
    NUMBER(KD_SESS_ID_LSB, "LSB of KD-sess ID", "kd_sess_id.lsb", FT_UINT8, BASE_HEX, CLAUSE "12.5.1.24"),
    NUMBER(KD_SESS_ID_MSB, "MSB of KD-sess ID", "kd_sess_id.msb", FT_UINT8, BASE_HEX, CLAUSE "12.5.1.25"),
    NUMBER(KD_SESS_ID, "KD-sess ID", "kd_sess_id", FT_UINT16, BASE_HEX, "Put together of both halves, TS 33.303 clause 6.5.5"),
    NUMBER(KD_ID_LSB, "LSB of KD ID", "kd_id.lsb", FT_UINT16, BASE_HEX, CLAUSE "12.5.1"),
    NUMBER(KD_ID_MSB, "MSB of KD ID", "kd_id.msb", FT_UINT16, BASE_HEX, CLAUSE "12.5.1"),
    NUMBER(KD_ID, "KD ID", "kd_id", FT_UINT32, BASE_HEX, "As a request names it, or put together of both halves"),
    OCTETS(KD_FRESHNESS, "KD Freshness", "kd_freshness", CLAUSE "12.5.1"),
    OCTETS(NONCE_1, "Nonce_1", "nonce_1", CLAUSE "12.5.1.30"),
    OCTETS(NONCE_2, "Nonce_2", "nonce_2", CLAUSE "12.5.1.31"),
    NAMED(AUTH_FLAG, "Auth Flag", "auth_flag", auth_flag_vals, CLAUSE "12.5.1"),
    OCTETS(SIGNATURE, "ECCSI signature", "signature", "TS 24.334 clause 12.5.1.33, RFC 6507"),
    OCTETS(SIGNATURE_R, "r", "signature.r", "RFC 6507 section 3.3"),
    OCTETS(SIGNATURE_S, "s", "signature.s", "RFC 6507 section 3.3"),
    OCTETS(SIGNATURE_PVT, "PVT", "signature.pvt", "Public validation token, RFC 6507 section 3.3"),
    OCTETS(ENCRYPTED_PAYLOAD, "SAKKE encapsulated data", "encrypted_payload", "TS 24.334 clause 12.5.1.34, RFC 6508"),
    NAMED(REMOTE_UE_TYPE, "Remote UE information type", "remote_ue_type", remote_ue_vals, CLAUSE "12.5.1"),
    OCTETS(IMEI, "IMEI", "imei", CLAUSE "12.5.1"),
    OCTETS(IMEISV, "IMEISV", "imeisv", CLAUSE "12.5.1"),
    TEXT(DIGITS, "Digits", "imei.digits", "Of an IMEI or IMEISV that reads as such"),
    GROUP(KEYEST, "Key establishment", "keyest", "SDP or MIKEY that the message carries"),
    FIELD(KEYEST_METHOD, "Method", "keyest.method", FT_UINT8, BASE_HEX, VALS(method_vals), 0,
          "As it stands there, or as the content tells"),
    NUMBER(KEYEST_FRAGMENT, "Fragment", "keyest.fragment", FT_UINT8, BASE_DEC, "Number of the fragment, from 1"),
    NUMBER(KEYEST_FRAGMENTS, "Fragments", "keyest.fragments", FT_UINT8, BASE_DEC, "How many there are"),
    GROUP(KEYEST_BODY, "Body", "keyest.body", "What follows the method; it may hold a key"),
    OCTETS(KEYEST_OCTETS, "Octets", "keyest.octets",
           "Of a body that is not decoded; only with the preference d2dsec.show_keys"),
    TEXT(KEYEST_SDP, "SDP line", "keyest.sdp", "Without a=crypto, a=key-mgmt and k= lines, which hold keys"),
    NUMBER(COMPACT_TAG, "Tag", "keyest.tag", FT_UINT8, BASE_DEC, "Of compact SDES"),
    NAMED(COMPACT_SUITE, "Suite", "keyest.suite", suite_vals,
          "Of compact SDES: an SRTP protection profile, RFC 5764, RFC 7714"),
    NUMBER(COMPACT_LENGTH, "Length of key and salt", "keyest.key_length", FT_UINT8, BASE_DEC, "Of compact SDES"),
    OCTETS(COMPACT_MKI, "MKI", "keyest.mki", "Of compact SDES"),
    FRAME(REQUEST_FRAME, "Answers frame", "request_frame", FT_FRAMENUM_REQUEST, "The message that this one answers"),
    FRAME(RESPONSE_FRAME, "Answered in frame", "response_frame", FT_FRAMENUM_RESPONSE, "The message that answers this one"),
    FRAME(FIRST_FRAME, "Retransmission of frame", "first_frame", FT_FRAMENUM_RETRANS_PREV, "Where the message was sent first"),
    GROUP(CONTEXT, "Security context", "context", "What secures the link, TS 33.303 clause 6.5.5"),
    FRAME(CONTEXT_REQUEST, "Request in frame", "context.request_frame", FT_FRAMENUM_NONE, "Communication or rekeying request"),
    FRAME(CONTEXT_COMMAND, "Security mode command in frame", "context.command_frame", FT_FRAMENUM_NONE,
          "DIRECT_SECURITY_MODE_COMMAND"),
    FRAME(CONTEXT_COMPLETE, "Security mode completed in frame", "context.complete_frame", FT_FRAMENUM_NONE,
          "DIRECT_SECURITY_MODE_COMPLETE, or REJECT"),
    FRAME(CONTEXT_CLOSING, "Closed in frame", "context.closing_frame", FT_FRAMENUM_NONE, "Accept, reject or rekeying response"),
    ALGORITHM(0, "EEA0", "eea0"), ALGORITHM(1, "128-EEA1", "eea1"), ALGORITHM(2, "128-EEA2", "eea2"),
    ALGORITHM(3, "128-EEA3", "eea3"), ALGORITHM(4, "EEA4", "eea4"), ALGORITHM(5, "EEA5", "eea5"), ALGORITHM(6, "EEA6", "eea6"),
    ALGORITHM(7, "EEA7", "eea7"), ALGORITHM(8, "EIA0", "eia0"), ALGORITHM(9, "128-EIA1", "eia1"),
    ALGORITHM(10, "128-EIA2", "eia2"), ALGORITHM(11, "128-EIA3", "eia3"), ALGORITHM(12, "EIA4", "eia4"),
    ALGORITHM(13, "EIA5", "eia5"), ALGORITHM(14, "EIA6", "eia6"), ALGORITHM(15, "EIA7", "eia7"),
};

void pc5s_register_fields(int protocol)
{
    proto_register_field_array(protocol, fields, array_length(fields));
}

/* Names from the registries "MIKEY Payloads" of IANA, and the fields that show them. */
#include "protocols/mikey_fields.h"

int mikey_fields[MF_COUNT];

const value_string mikey_data_type_vals[] = {
    {0, "Pre-shared key"}, {1, "Pre-shared key, verification"}, {2, "Public key"}, {3, "Public key, verification"},
    {4, "Diffie-Hellman init"}, {5, "Diffie-Hellman response"}, {6, "Error"}, {7, "DHHMAC init"},
    {8, "DHHMAC response"}, {9, "RSA-R I_MSG"}, {10, "RSA-R R_MSG"}, {11, "REQUEST_INIT_PSK"}, {12, "REQUEST_INIT_PK"},
    {13, "REQUEST_RESP"}, {14, "TRANSFER_INIT"}, {15, "TRANSFER_RESP"}, {16, "RESOLVE_INIT_PSK"},
    {17, "RESOLVE_INIT_PK"}, {18, "RESOLVE_RESP"}, {19, "REQUEST_KEY_PSK"}, {20, "REQUEST_KEY_PKE"},
    {21, "REQUEST_KEY_RESP"}, {22, "I_MESSAGE_1"}, {23, "R_MESSAGE_1"}, {24, "I_MESSAGE_2"}, {25, "R_MESSAGE_2"},
    {26, "SAKKE"}, {0, NULL},
};

const value_string mikey_payload_vals[] = {
    {0, "Last payload"}, {1, "KEMAC"}, {2, "PKE"}, {3, "DH"}, {4, "SIGN"}, {5, "T"}, {6, "ID"}, {7, "CERT"},
    {8, "CHASH"}, {9, "V"}, {10, "SP"}, {11, "RAND"}, {12, "ERR"}, {13, "TR"}, {14, "IDR"}, {15, "RANDR"}, {16, "TP"},
    {17, "TICKET"}, {20, "Key data"}, {21, "General extension"}, {22, "IBAKE"}, {23, "ESK"}, {24, "SK"}, {25, "ECCPT"},
    {26, "SAKKE"}, {256, "THDR"}, {0, NULL},
};

static const value_string mikey_prf_vals[] = {
    {0, "MIKEY-1 (HMAC-SHA-1)"}, {1, "PRF-HMAC-SHA-256"}, {0, NULL},
};

static const value_string mikey_map_type_vals[] = {
    {0, "SRTP-ID"}, {1, "Empty"}, {2, "GENERIC-ID"}, {0, NULL},
};

static const value_string mikey_protocol_vals[] = {
    {0, "SRTP"}, {1, "TESLA"}, {0, NULL},
};

static const value_string mikey_encr_alg_vals[] = {
    {0, "NULL"}, {1, "AES-CM-128"}, {2, "AES-KW-128"}, {3, "AES-CM-256"}, {0, NULL},
};

static const value_string mikey_mac_alg_vals[] = {
    {0, "NULL"}, {1, "HMAC-SHA-1-160"}, {2, "HMAC-SHA-256-256"}, {0, NULL},
};

static const value_string mikey_cache_vals[] = {
    {0, "No cache"}, {1, "Cache"}, {2, "Cache for CSB"}, {0, NULL},
};

static const value_string mikey_dh_group_vals[] = {
    {0, "OAKLEY 5 (1536 bits)"}, {1, "OAKLEY 1 (768 bits)"}, {2, "OAKLEY 2 (1024 bits)"}, {0, NULL},
};

static const value_string mikey_sign_vals[] = {
    {0, "RSA/PKCS#1/1.5"}, {1, "RSA/PSS"}, {2, "ECCSI"}, {0, NULL},
};

const value_string mikey_ts_role_vals[] = {
    {0, "Reserved"}, {1, "TRi, time of issue"}, {2, "TRs, start of validity"}, {3, "TRe, end of validity"},
    {4, "TRr, rekeying interval"}, {0, NULL},
};

static const value_string mikey_ts_type_vals[] = {
    {0, "NTP-UTC"}, {1, "NTP"}, {2, "COUNTER"}, {3, "NTP-UTC-32"}, {0, NULL},
};

const value_string mikey_id_role_vals[] = {
    {0, "Reserved"}, {1, "IDRi, initiator"}, {2, "IDRr, responder"}, {3, "IDRkms, KMS"}, {4, "IDRpsk, pre-shared key"},
    {5, "IDRapp, application"}, {6, "IDRkmsi, KMS of the initiator"}, {7, "IDRkmsr, KMS of the responder"},
    {8, "IDRuidi, initiator hashed"}, {9, "IDRuidr, responder hashed"}, {0, NULL},
};

static const value_string mikey_id_type_vals[] = {
    {0, "NAI"}, {1, "URI"}, {2, "Byte string"}, {0, NULL},
};

static const value_string mikey_cert_vals[] = {
    {0, "X.509v3"}, {1, "X.509v3 URL"}, {2, "X.509v3 for signatures"}, {3, "X.509v3 for encryption"}, {0, NULL},
};

static const value_string mikey_hash_vals[] = {
    {0, "SHA-1"}, {1, "MD5"}, {2, "SHA-256"}, {0, NULL},
};

const value_string mikey_rand_role_vals[] = {
    {0, "Reserved"}, {1, "RANDRi, initiator"}, {2, "RANDRr, responder"}, {3, "RANDRkms, KMS"}, {0, NULL},
};

static const value_string mikey_error_vals[] = {
    {0, "Authentication failure"}, {1, "Invalid timestamp"}, {2, "Invalid PRF"}, {3, "Invalid MAC algorithm"},
    {4, "Invalid encryption algorithm"}, {5, "Invalid hash function"}, {6, "Invalid DH group"}, {7, "Invalid ID"},
    {8, "Invalid certificate"}, {9, "Invalid security protocol"}, {10, "Invalid policy parameter"},
    {11, "Invalid data type"}, {12, "Unspecified error"}, {13, "Unsupported message type"}, {14, "Invalid TICKET"},
    {15, "Invalid TP parameter"}, {0, NULL},
};

static const value_string mikey_ticket_vals[] = {
    {0, "Reserved"}, {1, "MIKEY base ticket"}, {2, "3GPP base ticket"}, {65535, "Reserved"}, {0, NULL},
};

const value_string mikey_key_vals[] = {
    {0, "TGK"}, {1, "TGK and salt"}, {2, "TEK"}, {3, "TEK and salt"}, {4, "GTGK"}, {5, "GTGK and salt"}, {6, "MPK"},
    {7, "K_PR"}, {0, NULL},
};

static const value_string mikey_sk_vals[] = {
    {1, "SK"}, {0, NULL},
};

static const value_string mikey_kv_vals[] = {
    {0, "Null"}, {1, "SPI"}, {2, "Interval"}, {0, NULL},
};

static const value_string mikey_ext_vals[] = {
    {0, "Vendor ID"}, {1, "SDP IDs"}, {2, "TESLA I-Key"}, {3, "Key ID"}, {4, "CSB ID"}, {5, "OMA BCAST"},
    {6, "SAKKE-to-self"}, {7, "3GPP key parameters"}, {0, NULL},
};

static const value_string mikey_key_id_vals[] = {
    {0, "MBMS Key Domain ID"}, {1, "MBMS Service Key ID"}, {2, "MBMS Transport Key ID"}, {0, NULL},
};

static const value_string mikey_bcast_vals[] = {
    {0, "Reserved"}, {1, "LTKM"}, {2, "STKM"}, {3, "LTKM reporting"}, {4, "Parental control"}, {0, NULL},
};

static const value_string mikey_sakke_vals[] = {
    {1, "Parameter Set 1"}, {0, NULL},
};

static const value_string mikey_id_scheme_vals[] = {
    {1, "tel URI with monthly keys"}, {2, "3GPP MCX hashed UID"}, {0, NULL},
};

static const value_string mikey_curve_vals[] = {
    {1, "P-192"}, {2, "B-163"}, {3, "K-163"}, {4, "sect163r1"}, {5, "P-224"}, {6, "B-233"}, {7, "K-233"}, {8, "P-256"},
    {9, "B-283"}, {10, "K-283"}, {11, "P-384"}, {12, "B-409"}, {13, "K-409"}, {14, "P-521"}, {15, "B-571"},
    {16, "K-571"}, {0, NULL},
};

static const value_string mikey_srtp_encr_vals[] = {
    {0, "NULL"}, {1, "AES-CM"}, {2, "AES-F8"}, {3, "SEED-CTR"}, {4, "SEED-CCM"}, {5, "SEED-GCM"}, {6, "AES-GCM"},
    {7, "ARIA-CTR"}, {8, "ARIA-GCM"}, {0, NULL},
};

static const value_string mikey_srtp_auth_vals[] = {
    {0, "NULL"}, {1, "HMAC-SHA-1"}, {2, "RCCm1"}, {3, "RCCm2"}, {4, "RCCm3"}, {0, NULL},
};

static const value_string mikey_srtp_prf_vals[] = {
    {0, "AES-CM"}, {1, "SEED-CTR"}, {2, "ARIA-CTR"}, {0, NULL},
};

static const value_string mikey_off_on_vals[] = {
    {0, "off"}, {1, "on"}, {0, NULL},
};

static const value_string mikey_fec_vals[] = {
    {0, "FEC first, then SRTP"}, {0, NULL},
};

const value_string mikey_tesla_vals[] = {
    {1, "PRF identifier"}, {2, "Length of PRF output"}, {3, "MAC identifier"}, {4, "Length of MAC output"},
    {5, "Start of session"}, {6, "Interval duration"}, {7, "Key disclosure delay"}, {8, "Key chain length"},
    {9, "Local timestamp of the media receiver"}, {0, NULL},
};

#define FIELD(id, name, abbreviation, type, base, strings, mask, blurb) \
    {&mikey_fields[MF_##id], {name, "mikey_ticket." abbreviation, type, base, strings, mask, blurb, HFILL}}
#define NUMBER(id, name, abbreviation, type, base, blurb) FIELD(id, name, abbreviation, type, base, NULL, 0, blurb)
#define OCTETS(id, name, abbreviation, blurb) FIELD(id, name, abbreviation, FT_BYTES, BASE_NONE, NULL, 0, blurb)
#define TEXT(id, name, abbreviation, blurb) FIELD(id, name, abbreviation, FT_STRING, BASE_NONE, NULL, 0, blurb)
#define GROUP(id, name, abbreviation, blurb) FIELD(id, name, abbreviation, FT_NONE, BASE_NONE, NULL, 0, blurb)
#define FLAG(id, name, abbreviation, bits, mask, blurb) \
    FIELD(id, name, abbreviation, FT_BOOLEAN, bits, NULL, mask, blurb)
#define FRAME(id, name, abbreviation, kind, blurb) FIELD(id, name, abbreviation, FT_FRAMENUM, BASE_NONE, kind, 0, blurb)
#define PARAM(number, name, abbreviation, strings) \
    {&mikey_fields[MF_SRTP_PARAM + (number)], {name, "mikey_ticket.srtp." abbreviation, FT_UINT32, BASE_DEC, strings, 0, \
     "SRTP policy parameter, RFC 3830 section 6.10.1", HFILL}}

static hf_register_info fields[] = {
    NUMBER(VERSION, "Version", "version", FT_UINT8, BASE_DEC, "RFC 3830 section 6.1"),
    FIELD(DATA_TYPE, "Data type", "type", FT_UINT8, BASE_DEC, VALS(mikey_data_type_vals), 0,
          "RFC 3830 section 6.1, RFC 6043 section 6.1"),
    FIELD(NEXT, "Next payload", "next_payload", FT_UINT8, BASE_DEC, VALS(mikey_payload_vals), 0,
          "Type of the payload that follows"),
    FLAG(V, "V, verification message wanted", "v", 8, 0x80, "RFC 3830 section 6.1"),
    FIELD(PRF, "PRF function", "prf", FT_UINT8, BASE_DEC, VALS(mikey_prf_vals), 0x7f,
          "RFC 3830 section 6.1, RFC 6043 section 6.1"),
    NUMBER(CSB_ID, "CSB ID", "csb_id", FT_UINT32, BASE_HEX, "Crypto session bundle, RFC 3830 section 6.1"),
    NUMBER(CS_COUNT, "#CS, number of crypto sessions", "cs_count", FT_UINT8, BASE_DEC, "RFC 3830 section 6.1"),
    FIELD(MAP_TYPE, "CS ID map type", "cs_id_map_type", FT_UINT8, BASE_DEC, VALS(mikey_map_type_vals), 0,
          "RFC 3830 section 6.1, RFC 4563 section 5, RFC 6043 section 6.1"),
    GROUP(CS, "Crypto session", "cs", "An entry of the CS ID map"),
    NUMBER(CS_ID, "CS ID", "cs.id", FT_UINT8, BASE_DEC, "RFC 3830 section 6.1.1, RFC 6043 section 6.1.1"),
    FIELD(CS_PROTOCOL, "Security protocol", "cs.protocol", FT_UINT8, BASE_DEC, VALS(mikey_protocol_vals), 0,
          "RFC 6043 section 6.1.1"),
    FLAG(CS_S, "S, session data has ROC and SEQ", "cs.s", 8, 0x80, "RFC 6043 section 6.1.1"),
    FIELD(CS_POLICY_COUNT, "#P, number of policies", "cs.policy_count", FT_UINT8, BASE_DEC, NULL, 0x7f,
          "RFC 6043 section 6.1.1"),
    NUMBER(CS_POLICY, "Policy number", "cs.policy", FT_UINT8, BASE_DEC, "The security policy of the crypto session"),
    OCTETS(CS_SESSION_DATA, "Session data", "cs.session_data", "RFC 6043 section 6.1.1"),
    NUMBER(CS_SSRC, "SSRC", "cs.ssrc", FT_UINT32, BASE_HEX, "RFC 3830 section 6.1.1, RFC 6043 section 6.1.1"),
    NUMBER(CS_ROC, "ROC, rollover counter", "cs.roc", FT_UINT32, BASE_DEC,
          "RFC 3830 section 6.1.1, RFC 6043 section 6.1.1"),
    NUMBER(CS_SEQ, "SEQ, sequence number", "cs.seq", FT_UINT16, BASE_DEC, "RFC 6043 section 6.1.1"),
    OCTETS(CS_SPI, "SPI of the session key", "cs.spi", "RFC 6043 section 6.1.1"),
    FIELD(PAYLOAD, "Payload", "payload", FT_UINT16, BASE_DEC, VALS(mikey_payload_vals), 0,
          "RFC 3830 section 6, RFC 6043 section 6"),
    FIELD(FIRST, "First payload", "first_payload", FT_UINT8, BASE_DEC, VALS(mikey_payload_vals), 0,
          "RFC 6043 section 6.10"),
    NUMBER(LENGTH, "Length", "length", FT_UINT32, BASE_DEC, "Octets of what follows"),
    OCTETS(DATA, "Data", "data", "What is not known or not decoded further"),
    FIELD(ENCR_ALG, "Encryption algorithm", "encr_alg", FT_UINT8, BASE_DEC, VALS(mikey_encr_alg_vals), 0,
          "RFC 3830 section 6.2, RFC 6043 section 6.2"),
    OCTETS(ENCR_DATA, "Encrypted data", "encr_data", "RFC 3830 section 6.2"),
    FIELD(MAC_ALG, "MAC algorithm", "mac_alg", FT_UINT8, BASE_DEC, VALS(mikey_mac_alg_vals), 0,
          "RFC 3830 section 6.2, RFC 6043 section 6.2"),
    OCTETS(MAC, "MAC", "mac", "RFC 3830 sections 6.2 and 6.9"),
    FIELD(PKE_CACHE, "Cache indicator", "pke.cache", FT_UINT16, BASE_DEC, VALS(mikey_cache_vals), 0xc000,
          "RFC 3830 section 6.3"),
    FIELD(PKE_LENGTH, "Length", "pke.length", FT_UINT16, BASE_DEC, NULL, 0x3fff, "RFC 3830 section 6.3"),
    OCTETS(PKE_DATA, "Encrypted envelope key", "pke.data", "RFC 3830 section 6.3"),
    FIELD(DH_GROUP, "DH group", "dh.group", FT_UINT8, BASE_DEC, VALS(mikey_dh_group_vals), 0, "RFC 3830 section 6.4"),
    OCTETS(DH_VALUE, "DH value", "dh.value", "Public, RFC 3830 section 6.4"),
    FIELD(DH_RESERVED, "Reserved", "dh.reserved", FT_UINT8, BASE_DEC, NULL, 0xf0, "RFC 3830 section 6.4"),
    FIELD(SIGN_TYPE, "Signature type", "sign.type", FT_UINT16, BASE_DEC, VALS(mikey_sign_vals), 0xf000,
          "RFC 3830 section 6.5"),
    FIELD(SIGN_LENGTH, "Signature length", "sign.length", FT_UINT16, BASE_DEC, NULL, 0xfff, "RFC 3830 section 6.5"),
    OCTETS(SIGNATURE, "Signature", "sign.signature", "RFC 3830 section 6.5"),
    FIELD(TS_ROLE, "TS role", "ts.role", FT_UINT8, BASE_DEC, VALS(mikey_ts_role_vals), 0, "RFC 6043 section 6.4"),
    FIELD(TS_TYPE, "TS type", "ts.type", FT_UINT8, BASE_DEC, VALS(mikey_ts_type_vals), 0,
          "RFC 3830 section 6.6, RFC 6043 section 6.3"),
    NUMBER(TS_TIME, "Timestamp", "ts.time", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC,
          "RFC 3830 section 6.6, RFC 6043 section 6.3"),
    NUMBER(TS_COUNTER, "Counter", "ts.counter", FT_UINT32, BASE_DEC, "RFC 3830 section 6.6"),
    NUMBER(TS_INTERVAL, "Seconds between rekeyings", "ts.interval", FT_UINT32, BASE_DEC, "RFC 6043 section 6.10"),
    FIELD(ID_ROLE, "ID role", "id.role", FT_UINT8, BASE_DEC, VALS(mikey_id_role_vals), 0,
          "RFC 6043 section 6.6, RFC 6509"),
    FIELD(ID_TYPE, "ID type", "id.type", FT_UINT8, BASE_DEC, VALS(mikey_id_type_vals), 0,
          "RFC 3830 section 6.7, RFC 6043"),
    TEXT(ID, "Identity", "id", "A NAI or URI, RFC 3830 section 6.7"),
    OCTETS(ID_OCTETS, "Identity", "id.bytes", "A byte string, RFC 6043"),
    FIELD(CERT_TYPE, "Certificate type", "cert.type", FT_UINT8, BASE_DEC, VALS(mikey_cert_vals), 0,
          "RFC 3830 section 6.7"),
    OCTETS(CERT, "Certificate", "cert.data", "RFC 3830 section 6.7"),
    TEXT(CERT_URL, "Certificate URL", "cert.url", "RFC 3830 section 6.7"),
    FIELD(HASH_FUNC, "Hash function", "chash.function", FT_UINT8, BASE_DEC, VALS(mikey_hash_vals), 0,
          "RFC 3830 section 6.8, RFC 6043"),
    OCTETS(HASH, "Certificate hash", "chash.hash", "RFC 3830 section 6.8"),
    NUMBER(POLICY, "Policy number", "sp.policy", FT_UINT8, BASE_DEC, "RFC 3830 section 6.10"),
    FIELD(PROTOCOL, "Security protocol", "sp.protocol", FT_UINT8, BASE_DEC, VALS(mikey_protocol_vals), 0,
          "RFC 3830 section 6.10"),
    GROUP(PARAM, "Policy parameter", "sp.param", "RFC 3830 section 6.10.1"),
    NUMBER(PARAM_TYPE, "Parameter type", "sp.param.type", FT_UINT8, BASE_DEC, "RFC 3830 section 6.10.1"),
    OCTETS(PARAM_VALUE, "Parameter value", "sp.param.value", "Of a parameter that is not known"),
    FIELD(RAND_ROLE, "RAND role", "rand.role", FT_UINT8, BASE_DEC, VALS(mikey_rand_role_vals), 0,
          "RFC 6043 section 6.8"),
    OCTETS(RAND, "Random value", "rand", "RFC 3830 section 6.11, RFC 6043 section 6.8"),
    FIELD(ERROR, "Error", "err.number", FT_UINT8, BASE_DEC, VALS(mikey_error_vals), 0,
          "RFC 3830 section 6.12, RFC 6043"),
    NUMBER(ERROR_RESERVED, "Reserved", "err.reserved", FT_UINT16, BASE_HEX, "RFC 3830 section 6.12"),
    FIELD(TICKET_TYPE, "Ticket type", "ticket.type", FT_UINT16, BASE_DEC, VALS(mikey_ticket_vals), 0,
          "RFC 6043 section 6.10"),
    NUMBER(TICKET_SUBTYPE, "Subtype", "ticket.subtype", FT_UINT8, BASE_DEC, "RFC 6043 section 6.10"),
    NUMBER(TICKET_VERSION, "Version", "ticket.version", FT_UINT8, BASE_DEC, "RFC 6043 section 6.10"),
    FIELD(TICKET_PRF, "PRF function", "ticket.prf", FT_UINT24, BASE_DEC, VALS(mikey_prf_vals), 0xfe0000,
          "RFC 6043 section 6.10"),
    FLAG(FLAG_D, "D, the KMS generated the ticket", "ticket.flag.d", 24, 0x10000, "RFC 6043 section 6.10"),
    FLAG(FLAG_E, "E, the KMS must resolve the ticket", "ticket.flag.e", 24, 0x8000, "RFC 6043 section 6.10"),
    FLAG(FLAG_F, "F, TRANSFER_RESP is to be sent", "ticket.flag.f", 24, 0x4000, "RFC 6043 section 6.10"),
    FLAG(FLAG_G, "G, the responder generates RANDRr", "ticket.flag.g", 24, 0x2000, "RFC 6043 section 6.10"),
    FLAG(FLAG_H, "H, RANDRi goes into the traffic keys", "ticket.flag.h", 24, 0x1000, "RFC 6043 section 6.10"),
    FLAG(FLAG_I, "I, keys are forked", "ticket.flag.i", 24, 0x800, "RFC 6043 section 6.10"),
    FLAG(FLAG_J, "J, the ticket may be used again", "ticket.flag.j", 24, 0x400, "RFC 6043 section 6.10"),
    FLAG(FLAG_K, "K, the KMS changed what was wished for", "ticket.flag.k", 24, 0x200, "RFC 6043 section 6.10"),
    FLAG(FLAG_L, "L, the initiator may supply keys", "ticket.flag.l", 24, 0x100, "RFC 6043 section 6.10"),
    FLAG(FLAG_M, "M, the responder may supply keys", "ticket.flag.m", 24, 0x80, "RFC 6043 section 6.10"),
    FLAG(FLAG_N, "N, RFC 6043 is all that the initiator needs", "ticket.flag.n", 24, 0x40, "RFC 6043 section 6.10"),
    FLAG(FLAG_O, "O, RFC 6043 is all that the responder needs", "ticket.flag.o", 24, 0x20, "RFC 6043 section 6.10"),
    FIELD(TICKET_RESERVED, "Reserved", "ticket.reserved", FT_UINT24, BASE_HEX, NULL, 0x1f, "RFC 6043 section 6.10"),
    GROUP(TP_DATA, "Ticket policy (TP data)", "ticket.policy", "RFC 6043 section 6.10"),
    GROUP(TICKET_DATA, "Ticket data", "ticket.data", "RFC 6043 section 6.10 and appendix A"),
    GROUP(INITIATOR_DATA, "Initiator data", "ticket.initiator_data", "RFC 6043 section 6.10"),
    FIELD(KEY_TYPE, "Key data type", "key.type", FT_UINT8, BASE_DEC, VALS(mikey_key_vals), 0xf0,
          "RFC 3830 section 6.13, RFC 6043 section 6.2.1"),
    FIELD(SK_TYPE, "Key data type", "key.sk_type", FT_UINT8, BASE_DEC, VALS(mikey_sk_vals), 0xf0,
          "RFC 6267 section 6.1.5"),
    FIELD(KV_TYPE, "Key validity type", "key.validity", FT_UINT8, BASE_DEC, VALS(mikey_kv_vals), 0xf,
          "RFC 3830 section 6.14"),
    TEXT(KEY_FINGERPRINT, "Key fingerprint", "key.fingerprint", "First 8 octets of the SHA-256 of the key"),
    OCTETS(KEY, "Key", "key.value", "Only with the preference d2dsec.show_keys"),
    TEXT(SALT_FINGERPRINT, "Salt fingerprint", "key.salt_fingerprint", "First 8 octets of the SHA-256 of the salt"),
    OCTETS(SALT, "Salt", "key.salt", "Only with the preference d2dsec.show_keys"),
    OCTETS(KEY_SPI, "SPI", "key.spi", "RFC 3830 section 6.14"),
    OCTETS(VALID_FROM, "Valid from", "key.from", "RFC 3830 section 6.14"),
    OCTETS(VALID_TO, "Valid to", "key.to", "RFC 3830 section 6.14"),
    FIELD(EXT_TYPE, "Extension type", "ext.type", FT_UINT8, BASE_DEC, VALS(mikey_ext_vals), 0, "RFC 3830 section 6.15"),
    OCTETS(EXT_DATA, "Extension data", "ext.data", "RFC 3830 section 6.15"),
    TEXT(EXT_SDP_IDS, "Key management protocols offered", "ext.sdp_ids", "RFC 4567 section 7"),
    GROUP(EXT_KEY_ID, "Key ID", "ext.key_id", "RFC 4563 section 4"),
    FIELD(EXT_KEY_ID_TYPE, "Key ID type", "ext.key_id.type", FT_UINT8, BASE_DEC, VALS(mikey_key_id_vals), 0,
          "RFC 4563 section 4"),
    OCTETS(EXT_KEY_ID_VALUE, "Key ID", "ext.key_id.value", "RFC 4563 section 4"),
    NUMBER(EXT_CSB_ID, "CSB ID of the group", "ext.csb_id", FT_UINT32, BASE_HEX, "RFC 4738 section 3.6"),
    FIELD(EXT_BCAST, "OMA BCAST subtype", "ext.oma_bcast", FT_UINT8, BASE_DEC, VALS(mikey_bcast_vals), 0,
          "RFC 5410 section 3"),
    FIELD(SAKKE_PARAMS, "SAKKE parameter set", "sakke.params", FT_UINT8, BASE_DEC, VALS(mikey_sakke_vals), 0,
          "RFC 6509 section 4.2"),
    FIELD(SAKKE_SCHEME, "ID scheme", "sakke.id_scheme", FT_UINT8, BASE_DEC, VALS(mikey_id_scheme_vals), 0,
          "RFC 6509 section 4.2"),
    OCTETS(SAKKE_DATA, "SAKKE data", "sakke.data", "RFC 6509 section 4.2"),
    FIELD(CURVE, "ECC curve", "eccpt.curve", FT_UINT8, BASE_DEC, VALS(mikey_curve_vals), 0, "RFC 6267 section 6.1.4"),
    TEXT(SDP_PROTOCOL, "Key management protocol", "sdp.kmpid", "RFC 4567 section 3"),
    TEXT(MAC_STATUS, "MAC status", "mac.status", "Whether a known key verifies the MAC: verified, failed or not checkable"),
    FRAME(INITIAL_FRAME, "Answers frame", "initial_frame", FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), "The message that this one answers"),
    FRAME(RESPONSE_FRAME, "Answered in frame", "response_frame", FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE),
          "A message that answers this one"),
    GROUP(DERIVATION, "Key derivation", "derivation", "What was derived from known keys"),
    TEXT(SECRET, "Key from outside", "secret", "A key that was not derived: from a key log, or in the clear"),
    TEXT(SECRET_FINGERPRINT, "Key fingerprint", "secret.fingerprint", "First 8 octets of the SHA-256 of the key"),
    TEXT(STEP, "Step", "step", "A key, and how it follows from another"),
    TEXT(STEP_NAME, "Key", "step.name", "Name of the key that was derived or taken out"),
    TEXT(STEP_FINGERPRINT, "Key fingerprint", "step.key_fingerprint", "First 8 octets of the SHA-256 of the key"),
    TEXT(STEP_FROM, "From the key", "step.from_fingerprint", "Fingerprint of the key that it follows from"),
    FRAME(STEP_FRAME, "For or from the message in frame", "step.frame", NULL, "The message whose octets go into the step"),
    OCTETS(STEP_VALUE, "Key", "step.value", "Only with the preference d2dsec.show_keys"),
    TEXT(TEK, "TEK", "tek", "The traffic key of a crypto session, RFC 3830 section 4.1.3, RFC 6043 section 5.1.3"),
    NUMBER(TEK_CS_ID, "CS ID", "tek.cs_id", FT_UINT8, BASE_DEC, "The crypto session"),
    TEXT(TEK_FINGERPRINT, "TEK fingerprint", "tek.fingerprint", "First 8 octets of the SHA-256 of the TEK"),
    TEXT(TEK_SALT_FINGERPRINT, "Salt fingerprint", "tek.salt_fingerprint", "First 8 octets of the SHA-256 of the master salt"),
    OCTETS(TEK_VALUE, "TEK", "tek.value", "Only with the preference d2dsec.show_keys"),
    OCTETS(TEK_SALT, "Salt", "tek.salt", "Only with the preference d2dsec.show_keys"),
    TEXT(KD_FINGERPRINT, "KD fingerprint", "kd.fingerprint", "The session key KD of direct communication, which is the TEK"),
    TEXT(DEPARTURE, "Departure", "departure", "How the sender departs from the standard"),
    TEXT(RTSP_URI, "URI", "rtsp.uri", "What the key management is for, RFC 4567 section 3.2"),
    PARAM(0, "Encryption algorithm", "encr_alg", VALS(mikey_srtp_encr_vals)),
    PARAM(1, "Encryption key length", "encr_key_len", NULL),
    PARAM(2, "Authentication algorithm", "auth_alg", VALS(mikey_srtp_auth_vals)),
    PARAM(3, "Authentication key length", "auth_key_len", NULL),
    PARAM(4, "Salt length", "salt_len", NULL),
    PARAM(5, "SRTP PRF", "prf", VALS(mikey_srtp_prf_vals)),
    PARAM(6, "Key derivation rate", "kdr", NULL),
    PARAM(7, "SRTP encryption", "encrypted", VALS(mikey_off_on_vals)),
    PARAM(8, "SRTCP encryption", "srtcp_encrypted", VALS(mikey_off_on_vals)),
    PARAM(9, "FEC order", "fec_order", VALS(mikey_fec_vals)),
    PARAM(10, "SRTP authentication", "authenticated", VALS(mikey_off_on_vals)),
    PARAM(11, "Authentication tag length", "tag_len", NULL),
    PARAM(12, "SRTP prefix length", "prefix_len", NULL),
    PARAM(13, "ROC transmission rate", "roc_rate", NULL),
    PARAM(14, "SRTP authentication algorithm", "srtp_auth_alg", VALS(mikey_srtp_auth_vals)),
    PARAM(15, "SRTCP authentication algorithm", "srtcp_auth_alg", VALS(mikey_srtp_auth_vals)),
    PARAM(16, "SRTP authentication key length", "srtp_auth_key_len", NULL),
    PARAM(17, "SRTCP authentication key length", "srtcp_auth_key_len", NULL),
    PARAM(18, "SRTP authentication tag length", "srtp_tag_len", NULL),
    PARAM(19, "SRTCP authentication tag length", "srtcp_tag_len", NULL),
    PARAM(20, "AEAD authentication tag length", "aead_tag_len", NULL),
};

void mikey_register_fields(int protocol)
{
    proto_register_field_array(protocol, fields, array_length(fields));
}

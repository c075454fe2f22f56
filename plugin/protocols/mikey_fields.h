/* The fields of mikey_ticket.*, with the names that the registries give to numbers. */
#ifndef D2DSEC_PROTOCOLS_MIKEY_FIELDS_H
#define D2DSEC_PROTOCOLS_MIKEY_FIELDS_H

#include "compat.h"

#define MIKEY_SRTP_PARAMS 21 /* policy parameters of SRTP with a name, numbered from 0 (RFC 3830 section 6.10.1, RFC 7714) */

typedef enum {
    MF_VERSION, MF_DATA_TYPE, MF_NEXT, MF_V, MF_PRF, MF_CSB_ID, MF_CS_COUNT, MF_MAP_TYPE, MF_CS, MF_CS_ID,
    MF_CS_PROTOCOL, MF_CS_S, MF_CS_POLICY_COUNT, MF_CS_POLICY, MF_CS_SESSION_DATA, MF_CS_SSRC, MF_CS_ROC, MF_CS_SEQ,
    MF_CS_SPI, MF_PAYLOAD, MF_FIRST, MF_LENGTH, MF_DATA, MF_ENCR_ALG, MF_ENCR_DATA, MF_MAC_ALG, MF_MAC, MF_PKE_CACHE,
    MF_PKE_LENGTH, MF_PKE_DATA, MF_DH_GROUP, MF_DH_VALUE, MF_DH_RESERVED, MF_SIGN_TYPE, MF_SIGN_LENGTH, MF_SIGNATURE,
    MF_TS_ROLE, MF_TS_TYPE, MF_TS_TIME, MF_TS_COUNTER, MF_TS_INTERVAL, MF_ID_ROLE, MF_ID_TYPE, MF_ID, MF_ID_OCTETS,
    MF_CERT_TYPE, MF_CERT, MF_CERT_URL, MF_HASH_FUNC, MF_HASH, MF_POLICY, MF_PROTOCOL, MF_PARAM, MF_PARAM_TYPE,
    MF_PARAM_VALUE, MF_RAND_ROLE, MF_RAND, MF_ERROR, MF_ERROR_RESERVED, MF_TICKET_TYPE, MF_TICKET_SUBTYPE,
    MF_TICKET_VERSION, MF_TICKET_PRF, MF_FLAG_D, MF_FLAG_E, MF_FLAG_F, MF_FLAG_G, MF_FLAG_H, MF_FLAG_I, MF_FLAG_J,
    MF_FLAG_K, MF_FLAG_L, MF_FLAG_M, MF_FLAG_N, MF_FLAG_O, MF_TICKET_RESERVED, MF_TP_DATA, MF_TICKET_DATA,
    MF_INITIATOR_DATA, MF_KEY_TYPE, MF_SK_TYPE, MF_KV_TYPE, MF_KEY_FINGERPRINT, MF_KEY, MF_SALT_FINGERPRINT, MF_SALT,
    MF_KEY_SPI, MF_VALID_FROM, MF_VALID_TO, MF_EXT_TYPE, MF_EXT_DATA, MF_EXT_SDP_IDS, MF_EXT_KEY_ID,
    MF_EXT_KEY_ID_TYPE, MF_EXT_KEY_ID_VALUE, MF_EXT_CSB_ID, MF_EXT_BCAST, MF_SAKKE_PARAMS, MF_SAKKE_SCHEME,
    MF_SAKKE_DATA, MF_CURVE, MF_SDP_PROTOCOL, MF_RTSP_URI,
    MF_SRTP_PARAM, /* ... and those behind it */
    MF_COUNT = MF_SRTP_PARAM + MIKEY_SRTP_PARAMS
} mikey_field;

extern int mikey_fields[MF_COUNT];

extern const value_string mikey_data_type_vals[];
extern const value_string mikey_payload_vals[];
extern const value_string mikey_tesla_vals[];
extern const value_string mikey_id_role_vals[];
extern const value_string mikey_rand_role_vals[];
extern const value_string mikey_ts_role_vals[];
extern const value_string mikey_key_vals[];

/* Registers all of them under the protocol. */
void mikey_register_fields(int protocol);

#endif

/* A capture's MIKEY sessions, and messages to put in: those of tests/vectors/mikey_exchanges.json, and others made here. */
#ifndef D2DSEC_TESTS_MIKEY_SCENE_H
#define D2DSEC_TESTS_MIKEY_SCENE_H

#include "sessions/mikey_sessions.h"

#include "vectors.h"

typedef struct {
    session_keys *keys;
    mikey_sessions *sessions;
} mikey_scene;

mikey_scene *mikey_scene_new(void);
void mikey_scene_free(mikey_scene *scene);

/* Takes in a line of a key log, and leaves it to the caller to settle. */
void mikey_scene_log(mikey_scene *scene, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Takes in a message that nothing but the frame tells the place of. */
const mikey_record *mikey_scene_take(mikey_scene *scene, uint32_t frame, octet_span message);

/* From here on the octets that OPENSSL_cleanse is given are kept, and its calls counted: which octets were overwritten, and how much
 * was derived, since every derivation ends with it. */
void mikey_watch_cleansing(void);
bool mikey_was_cleansed(octet_span octets);
unsigned mikey_work_done(void);

/* --- the vectors --------------------------------------------------------------------------------------------------- */

typedef struct {
    vector_octets init, resp;
    char *psk, *tpk, *mpk, *tgk;        /* in hex, as a key log has them; NULL: the exchange has none */
    vector_octets mpk_i, mpk_r;
    vector_octets tek[2], salt[2];      /* of the crypto sessions 1 and 2 */
} mikey_exchange;

/* The exchange of this name; free it with mikey_exchange_free. */
mikey_exchange *mikey_exchange_named(const char *name);
void mikey_exchange_free(mikey_exchange *exchange);

octet_span span_of(const vector_octets *octets);

/* The standards' reading of the TEK of a crypto session, which there must be one of. */
const mikey_tek *mikey_record_tek(const mikey_record *record, uint8_t cs_id);

/* That the record's crypto sessions 1 and 2 have the TEKs and salts of the vector, and SRTP keys of them. */
void mikey_assert_sessions(const mikey_record *record, const mikey_exchange *exchange);

/* That nothing was derived for the record. */
void mikey_assert_no_keys(const mikey_record *record);

/* --- messages made here -------------------------------------------------------------------------------------------- */

/* Octets of a text in hexadecimal, in which blanks and | part what they like; free with g_byte_array_free. */
GByteArray *mikey_octets(const char *format, ...) G_GNUC_PRINTF(1, 2);
void mikey_append(GByteArray *octets, const char *format, ...) G_GNUC_PRINTF(2, 3);
octet_span mikey_span(const GByteArray *octets);

/* MIKEY's PRF with HMAC-SHA-1 for keys of at most 32 octets, written from RFC 3830 section 4.1.2 on GLib's HMAC: a second opinion on
 * the code under test. */
void mikey_model_prf(octet_span key, octet_span label, uint8_t *out, size_t len);

/* Appends HMAC-SHA-1 of the message and of `more`, under the authentication key that RFC 3830 section 4.1.4 has a PSK give. */
void mikey_append_mac(GByteArray *message, octet_span psk, uint32_t csb_id, octet_span rand, octet_span more);

/* A pre-shared key's initial message with RAND of 16 octets 0xaa: `head` is the header from the count of crypto sessions on, and in the
 * KEMAC stand `encr_alg` and, as they are, `keys`. psk absent: its MAC is NULL. */
GByteArray *mikey_psk_init(octet_span psk, uint32_t csb_id, const char *head, uint8_t encr_alg, const char *keys);

#endif

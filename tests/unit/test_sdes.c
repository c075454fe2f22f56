/* The a=crypto parser: RFC 4568's own examples, what user agents send, and every departure it can name. */
#include "keys/sdes.h"

#include <glib.h>
#include <string.h>

#define KEY "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz" /* RFC 4568 section 7.1.5: 16 + 14 octets */
#define KEY2 "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"
#define SUITE "AES_CM_128_HMAC_SHA1_80"
#define LONG_LINE 1024
#define LINE "1 " SUITE " inline:" KEY

static sdes_crypto *parse(const char *value)
{
    return sdes_crypto_parse(value, strlen(value));
}

static void assert_span(text_span span, const char *expected)
{
    g_autofree char *text = span.text ? g_strndup(span.text, span.len) : NULL;
    g_assert_cmpstr(text, ==, expected);
}

/* The problem's only occurrence, which the line must have. */
static const sdes_problem *find_problem(const sdes_crypto *crypto, sdes_problem_kind kind)
{
    const sdes_problem *found = NULL;
    for (unsigned i = 0; i < crypto->problem_count; i++) {
        if (crypto->problems[i].kind == kind) {
            g_assert_null(found);
            found = &crypto->problems[i];
        }
    }
    g_assert_nonnull(found);
    return found;
}

static void test_rfc_example(void)
{
    sdes_crypto *crypto = parse(LINE "|2^20|1:4 FEC_ORDER=FEC_SRTP");

    g_assert_cmpuint(crypto->problem_count, ==, 0);
    g_assert_true(crypto->usable);
    g_assert_cmpuint(crypto->tag, ==, 1);
    assert_span(crypto->tag_text, "1");
    assert_span(crypto->suite_text, SUITE);
    assert_span(crypto->key_params_text, "inline:" KEY "|2^20|1:4");
    g_assert_cmpstr(crypto->suite->name, ==, SUITE);
    g_assert_cmpuint(crypto->key_count, ==, 1);

    const sdes_key_param *key = &crypto->keys[0];
    assert_span(key->whole, "inline:" KEY "|2^20|1:4");
    assert_span(key->method, "inline");
    assert_span(key->key_salt_text, KEY);
    assert_span(key->lifetime_text, "2^20");
    assert_span(key->mki_text, "1");
    assert_span(key->mki_length_text, "4");
    g_assert_cmpmem(key->key_salt, key->key_salt_len, "YS___semctl () {\t220;}\n}\nunles", 30);
    g_assert_cmpuint(key->lifetime, ==, 1048576);
    g_assert_cmpmem(key->mki, key->mki_len, "\0\0\0\1", 4);
    g_assert_true(key->usable);

    g_assert_cmpuint(crypto->session_param_count, ==, 1);
    g_assert_cmpint(crypto->session_params[0].kind, ==, SDES_FEC_ORDER);
    assert_span(crypto->session_params[0].whole, "FEC_ORDER=FEC_SRTP");
    assert_span(crypto->session_params[0].name, "FEC_ORDER");
    assert_span(crypto->session_params[0].value, "FEC_SRTP");
    sdes_crypto_free(crypto);
}

static void test_rfc_other_examples(void)
{
    sdes_crypto *crypto = parse("2 " SUITE " inline:YUJDZGVmZ2hpSktMbW9QUXJzVHVWd3l6MTIzNDU2|1066:4");
    g_assert_cmpuint(crypto->problem_count, ==, 0);
    g_assert_cmpuint(crypto->keys[0].lifetime, ==, 0);
    assert_span(crypto->keys[0].lifetime_text, NULL);
    g_assert_cmpmem(crypto->keys[0].mki, crypto->keys[0].mki_len, "\0\0\x04\x2a", 4);
    sdes_crypto_free(crypto);

    crypto = parse("1 " SUITE " inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32");
    g_assert_cmpuint(crypto->problem_count, ==, 0);
    g_assert_cmpuint(crypto->keys[0].mki_len, ==, 32);
    g_assert_cmpuint(crypto->keys[0].mki[30], ==, 0);
    g_assert_cmpuint(crypto->keys[0].mki[31], ==, 1);
    sdes_crypto_free(crypto);

    /* Section 7.1.5 as it is printed: two keys, the second behind a line fold. */
    crypto = parse("1\tF8_128_HMAC_SHA1_80 inline:" KEY "|2^20|1:4;\t inline:" KEY2 "|2^20|2:4 FEC_ORDER=FEC_SRTP");
    g_assert_cmpuint(crypto->problem_count, ==, 1);
    g_assert_cmpint(find_problem(crypto, SDES_PROBLEM_WHITE_SPACE)->severity, ==, SDES_NOTE);
    g_assert_cmpuint(crypto->key_count, ==, 2);
    g_assert_true(crypto->keys[0].usable && crypto->keys[1].usable);
    assert_span(crypto->keys[1].key_salt_text, KEY2);
    g_assert_cmpuint(crypto->session_param_count, ==, 1);
    sdes_crypto_free(crypto);
}

/* Lines as captured from user agents. */
static void test_user_agents(void)
{
    static const struct {
        const char *agent, *value;
        unsigned problems;
    } rows[] = {
        {"rtpengine", "1 AEAD_AES_256_GCM inline:MPA5mZZmgqTIijINW5e/H+kdBgRc63++P/LNBy8KHQwunwm9mLUxmXGr6rw", 1},
        {"rtpengine", "2 AEAD_AES_128_GCM inline:gKiUneJrZYfTt/Cp7xqcrHlnXsSoCK/4dB9vvg", 1},
        {"rtpengine", "4 AES_256_CM_HMAC_SHA1_32 inline:wOrcgeOzpcP1N/YqcAVcCOkqp3pa/FY6rpYqyo/u0eSGwd+RUvtWsIq2t9CCWg", 1},
        {"rtpengine", "5 AES_192_CM_HMAC_SHA1_80 inline:bk3OIP14iF0cCbFOD9Ep1BNTY1iLbF6080D4Z0gL/fhYnxZAbGU", 1},
        {"rtpengine", "10 F8_128_HMAC_SHA1_32 inline:mF7v6pVw/gN8PRwuGNO8zJDY2IDdxKoUY3ow+lhh", 1},
        {"pjsua", "1 AEAD_AES_256_GCM inline:Ozq6ISg4PriC9maUPMvewnsE5f3Iz7MvvLkkebPaF+Qevjey3blNKe9uZLA=", 0},
        {"pjsua", "1 AES_192_CM_HMAC_SHA1_80 inline:pzVVDZBO10FyRcICAt5reUlneLe32UoLHd1/Kz0C4Q5GU7Uz+/s=", 0},
        {"linphone", "1 AES_CM_128_HMAC_SHA1_32 inline:KyHgXpOfHdrSyiPNEaAY8TiQhTHbnOoU/aPKwiA+", 0},
        {"linphone", "1 AES_CM_128_HMAC_SHA1_80 inline:ENQI5PwoAxNzpLqBjIwF3L64jjAlaKGYornIgK68 UNENCRYPTED_SRTCP", 1},
        {"baresip", "1 AES_CM_128_HMAC_SHA1_80 inline:emKRBwjWl1sgVhsQ05BnUoc6rTiqmLa52vPbwmGA", 0},
        {"sipp", "2 AES_CM_128_HMAC_SHA1_32 inline:1QyiE4yYFj9OWagWyL13r42JvOGmPooTk/cuuxRK", 0},
        {"ccrtp", "1 AES_CM_128_HMAC_SHA1_80 inline:+YmeFwQVQT8qnQ9vnuy6Fvh5vPiBAKuvn46kzKn1 KDR=5", 0},
        {"older agents", "1 AES_CM_256_HMAC_SHA1_80 inline:H/rhik7VVMXhJI3j3YPdZKHs6F1pcQvxDJkbc8VezQvtzfo5OhFUwC5Y2WjIvQ==|2^31", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        srtp_master_key key;
        sdes_crypto *crypto = parse(rows[i].value);
        g_test_message("%s: %s", rows[i].agent, rows[i].value);
        g_assert_cmpuint(crypto->problem_count, ==, rows[i].problems);
        g_assert_true(crypto->usable);
        g_assert_true(sdes_crypto_master_key(crypto, 0, &key));
        g_assert_cmpuint(crypto->keys[0].key_salt_len, ==, key.transform.key_len + key.transform.salt_len);
        sdes_crypto_free(crypto);
    }
}

typedef struct {
    const char *row; /* of specs: the pitfall's number in the key management digest */
    const char *value;
    bool usable;
    unsigned count;
    struct {
        sdes_problem_kind kind;
        sdes_severity severity;
        const char *where;
    } expected[3];
} departure;

#define ONE(kind, severity, where) 1, {{SDES_PROBLEM_##kind, SDES_##severity, where}}

static const departure departures[] = {
    {"C3 missing", "", false, 3,
     {{SDES_PROBLEM_TAG, SDES_ERROR, ""}, {SDES_PROBLEM_SUITE_MISSING, SDES_ERROR, ""}, {SDES_PROBLEM_KEY_MISSING, SDES_ERROR, ""}}},
    {"C3 long", "1234567890 " SUITE " inline:" KEY, true, ONE(TAG, ERROR, "1234567890")},
    {"C3 zeros", "0001 " SUITE " inline:" KEY, true, ONE(TAG_LEADING_ZERO, ERROR, "0001")},
    {"C3 letters", "1a " SUITE " inline:" KEY, true, ONE(TAG, ERROR, "1a")},
    {"C3 zero and letter", "01a " SUITE " inline:" KEY, true, ONE(TAG, ERROR, "01a")},
    {"C3 sign", "-1 " SUITE " inline:" KEY, true, ONE(TAG, ERROR, "-1")},
    {"C5", "1 AES_CM_512_HMAC_SHA3_80 inline:" KEY, false, ONE(SUITE_UNKNOWN, WARNING, "AES_CM_512_HMAC_SHA3_80")},
    {"C5 alias", "1 aes_cm_256_hmac_sha1_80 inline:" KEY, false, 2,
     {{SDES_PROBLEM_SUITE_UNREGISTERED, SDES_NOTE, "aes_cm_256_hmac_sha1_80"}, {SDES_PROBLEM_KEY_LENGTH, SDES_ERROR, KEY}}},
    {"C6", "1 AES-CM inline:" KEY, false, ONE(SUITE_UNKNOWN, ERROR, "AES-CM")},
    {"C7", "1 " SUITE " uri:https://example.com/k", false, ONE(METHOD, WARNING, "uri")},
    {"C7 none", "1 " SUITE " " KEY, false, ONE(METHOD, ERROR, KEY)},
    {"C7 second", LINE "|1:1;uri:x|2:1", true, 2,
     {{SDES_PROBLEM_METHOD, SDES_WARNING, "uri"}, {SDES_PROBLEM_MKI_MISSING, SDES_ERROR, "uri:x|2:1"}}},
    {"C8 alphabet", "1 " SUITE " inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVub_Vz", false,
     ONE(BASE64, ERROR, "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVub_Vz")},
    {"C8 middle", "1 " SUITE " inline:WVNfX19zZW1jdGwg=CkgewkyMjA7fQp9CnVubGVz", false,
     ONE(BASE64, ERROR, "WVNfX19zZW1jdGwg=CkgewkyMjA7fQp9CnVubGVz")},
    {"C8 lone character", LINE "A", false, ONE(BASE64, ERROR, KEY "A")},
    {"C8 surplus", LINE "=", true, ONE(BASE64_PADDING, ERROR, KEY "=")},
    {"C8 absent", "1 AEAD_AES_128_GCM inline:gKiUneJrZYfTt/Cp7xqcrHlnXsSoCK/4dB9vvg=", true,
     ONE(BASE64_PADDING, NOTE, "gKiUneJrZYfTt/Cp7xqcrHlnXsSoCK/4dB9vvg=")},
    {"C9 short", "1 " SUITE " inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVu", false,
     ONE(KEY_LENGTH, ERROR, "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVu")},
    {"C9 long", LINE "AAAA", false, ONE(KEY_LENGTH, ERROR, KEY "AAAA")},
    {"C10 zero", LINE "|0", true, ONE(LIFETIME, ERROR, "0")},
    {"C10 leading zero", LINE "|0100", true, ONE(LIFETIME, ERROR, "0100")},
    {"C10 maximum", LINE "|281474976710657", true, ONE(LIFETIME, ERROR, "281474976710657")},
    {"C10 overflow", LINE "|99999999999999999999999", true, ONE(LIFETIME, ERROR, "99999999999999999999999")},
    {"C10 no exponent", LINE "|2^", true, ONE(LIFETIME, ERROR, "2^")},
    {"C10 exponent", LINE "|2^49", true, ONE(LIFETIME, ERROR, "2^49")},
    {"C10 exponent zero", LINE "|2^020", true, ONE(LIFETIME, ERROR, "2^020")},
    {"C10 empty", LINE "|", true, ONE(LIFETIME, ERROR, "")},
    {"C11 order", LINE "|1:4|2^20", true, ONE(KEY_PARAM_FIELDS, ERROR, "2^20")},
    {"C11 fields", LINE "|2^20|1:4|2:4", false, ONE(KEY_PARAM_FIELDS, ERROR, "2:4")},
    {"C11 two MKIs", LINE "|1:4|2:4", false, ONE(KEY_PARAM_FIELDS, ERROR, "2:4")},
    {"C12 no length", LINE "|2^20|1", false, ONE(MKI, ERROR, "1")},
    {"C12 empty length", LINE "|1:", false, ONE(MKI, ERROR, "1:")},
    {"C12 empty value", LINE "|:4", false, ONE(MKI, ERROR, ":4")},
    {"C12 length 0", LINE "|1:0", false, ONE(MKI, ERROR, "1:0")},
    {"C12 length 129", LINE "|1:129", false, ONE(MKI, ERROR, "1:129")},
    {"C12 value zeros", LINE "|01:4", true, ONE(MKI, ERROR, "01:4")},
    {"C12 length zeros", LINE "|1:04", true, ONE(MKI, ERROR, "1:04")},
    {"C12 value 0", LINE "|0:4", true, ONE(MKI, ERROR, "0:4")},
    {"C12 too great", LINE "|256:1", false, ONE(MKI, ERROR, "256:1")},
    {"C12 nothing in nothing", LINE "|0:0", false, ONE(MKI, ERROR, "0:0")},
    {"C12 length digits", LINE "|1:0004", false, ONE(MKI, ERROR, "1:0004")},
    {"C12 sign", LINE "|-1:4", false, ONE(MKI, ERROR, "-1:4")},
    {"C12 two colons", LINE "|1:2:3", false, ONE(MKI, ERROR, "1:2:3")},
    {"C13", LINE "|1:1;inline:" KEY2, true, ONE(MKI_MISSING, ERROR, "inline:" KEY2)},
    {"C14", LINE "|1:1;inline:" KEY2 "|2:2", true, ONE(MKI_LENGTHS_DIFFER, ERROR, "2")},
    {"C15", LINE "|7:2;inline:" KEY2 "|7:2", true, ONE(MKI_REPEATED, WARNING, "7")},
    {"C17", "1 " SUITE " inline:AAAAAAAAAAAAAAAAAAAAAAECAwQFBgcICQoLDA0O", true,
     ONE(KEY_LOW_ENTROPY, NOTE, "AAAAAAAAAAAAAAAAAAAAAAECAwQFBgcICQoLDA0O")},
    {"C17 too short to say", "1 TOMORROW inline:AA==", false, ONE(SUITE_UNKNOWN, WARNING, "TOMORROW")},
    {"C18 great", LINE " KDR=25", true, ONE(KDR, ERROR, "KDR=25")},
    {"C18 letters", LINE " KDR=x", true, ONE(KDR, ERROR, "KDR=x")},
    {"C18 zero", LINE " KDR=05", true, ONE(KDR, ERROR, "KDR=05")},
    {"C18 empty", LINE " KDR=", true, ONE(KDR, ERROR, "KDR=")},
    {"C19 small", LINE " WSH=63", true, ONE(WSH, WARNING, "WSH=63")},
    {"C19 digit", LINE " WSH=9", true, ONE(WSH, WARNING, "WSH=9")},
    {"C19 overflow", LINE " WSH=4294967360", true, ONE(WSH, WARNING, "WSH=4294967360")},
    {"C20", LINE " FEC_ORDER=NONE", true, ONE(FEC_ORDER, ERROR, "FEC_ORDER=NONE")},
    {"C22", LINE " XYZ=1", true, ONE(SESSION_PARAM_UNKNOWN, ERROR, "XYZ=1")},
    {"C22 flag with value", LINE " UNENCRYPTED_SRTP=1", true, ONE(SESSION_PARAM_UNKNOWN, ERROR, "UNENCRYPTED_SRTP=1")},
    {"C22 value absent", LINE " KDR", true, ONE(SESSION_PARAM_UNKNOWN, ERROR, "KDR")},
    {"C23", LINE " -XYZ", true, ONE(SESSION_PARAM_IGNORED, NOTE, "-XYZ")},
    {"C24 SRTP", LINE " UNENCRYPTED_SRTP", true, ONE(WEAK, NOTE, "UNENCRYPTED_SRTP")},
    {"C24 SRTCP", LINE " unencrypted_srtcp", true, ONE(WEAK, NOTE, "unencrypted_srtcp")},
    {"C24 tag", LINE " UNAUTHENTICATED_SRTP", true, ONE(WEAK, NOTE, "UNAUTHENTICATED_SRTP")},
    {"C25", LINE " KDR=5 kdr=6", true, ONE(SESSION_PARAM_REPEATED, WARNING, "kdr=6")},
    {"C31", LINE "|1:1 ; inline:" KEY2 "|2:1", true, ONE(WHITE_SPACE, NOTE, " ")},
    {"C34", "1 " SUITE " inline:", false, ONE(KEY_MISSING, ERROR, "inline:")},
    {"C34 absent", "1 " SUITE, false, ONE(KEY_MISSING, ERROR, "1 " SUITE)},
    {"C34 between", LINE "|1:1;;inline:" KEY2 "|2:1", true, ONE(KEY_MISSING, ERROR, "inline:" KEY "|1:1;;inline:" KEY2 "|2:1")},
    {"C34 last", LINE "; KDR=5", true, ONE(KEY_MISSING, ERROR, "inline:" KEY ";")},
    {"C34 not joined", LINE "; :x", true, 2,
     {{SDES_PROBLEM_KEY_MISSING, SDES_ERROR, "inline:" KEY ";"}, {SDES_PROBLEM_SESSION_PARAM_UNKNOWN, SDES_ERROR, ":x"}}},
    {"C34 FEC", LINE " FEC_KEY=", true, ONE(KEY_MISSING, ERROR, "FEC_KEY=")},
    {"C35", LINE " WSH=64\x01", true, 2,
     {{SDES_PROBLEM_CHARACTERS, SDES_WARNING, LINE " WSH=64\x01"}, {SDES_PROBLEM_WSH, SDES_WARNING, "WSH=64\x01"}}},
    {"fine: nothing to say", " 999999999  " SUITE "\tINLINE:" KEY "|2^48|4294967295:4  KDR=24 WSH=64 FEC_ORDER=srtp_fec ", true, 0, {{0}}},
    {"fine: tag 0", "0 " SUITE " inline:" KEY, true, 0, {{0}}},
    {"fine: KDR=0", LINE " KDR=0", true, 0, {{0}}},
    {"fine: plain lifetime", LINE "|281474976710656", true, 0, {{0}}},
    {"fine: 2^0", LINE "|2^0|255:1", true, 0, {{0}}},
};

static void test_departures(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(departures); i++) {
        const departure *row = &departures[i];
        sdes_crypto *crypto = parse(row->value);
        g_test_message("%s: %s", row->row, row->value);
        for (unsigned j = 0; j < crypto->problem_count; j++)
            g_test_message("  %s", sdes_problem_text(crypto->problems[j].kind));
        g_assert_cmpuint(crypto->problem_count, ==, row->count);
        for (unsigned j = 0; j < row->count; j++) {
            g_assert_cmpint(crypto->problems[j].kind, ==, row->expected[j].kind);
            g_assert_cmpint(crypto->problems[j].severity, ==, row->expected[j].severity);
            assert_span(crypto->problems[j].where, row->expected[j].where);
        }
        g_assert_cmpint(crypto->usable, ==, row->usable);
        sdes_crypto_free(crypto);
    }
}

static void test_lifetime(void)
{
    sdes_crypto *crypto = parse(LINE "|2^48");
    g_assert_cmpuint(crypto->keys[0].lifetime, ==, G_GUINT64_CONSTANT(281474976710656));
    sdes_crypto_free(crypto);
    crypto = parse(LINE "|1234");
    g_assert_cmpuint(crypto->keys[0].lifetime, ==, 1234);
    sdes_crypto_free(crypto);
    crypto = parse(LINE "|2^49|5:1");
    g_assert_cmpuint(crypto->keys[0].lifetime, ==, 0);
    g_assert_cmpuint(crypto->keys[0].mki_len, ==, 1);
    g_assert_true(crypto->keys[0].usable);
    sdes_crypto_free(crypto);
}

/* 2^1024 - 1, the greatest value of an MKI. */
#define GREATEST_MKI                                                                                                   \
    "17976931348623159077293051907890247336179769789423065727343008115773267580550096313270847732240753602112011387987" \
    "13933576587897688144166224928474306394741243777678934248654852763022196012460941194530829520850057688381506823424" \
    "62881473913110540827237163350510684586298239947245938479716304835356329624224137215"

static void test_mki_of_any_length(void)
{
    uint8_t ones[128];
    memset(ones, 0xff, sizeof ones);

    sdes_crypto *crypto = parse(LINE "|" GREATEST_MKI ":128");
    g_assert_cmpuint(crypto->problem_count, ==, 0);
    g_assert_cmpmem(crypto->keys[0].mki, crypto->keys[0].mki_len, ones, sizeof ones);
    srtp_master_key key;
    g_assert_true(sdes_crypto_master_key(crypto, 0, &key));
    g_assert_cmpmem(key.mki, key.mki_len, ones, sizeof ones);
    sdes_crypto_free(crypto);

    crypto = parse(LINE "|" GREATEST_MKI ":127");
    g_assert_cmpuint(crypto->keys[0].mki_len, ==, 0);
    g_assert_false(crypto->keys[0].usable);
    sdes_crypto_free(crypto);

    crypto = parse(LINE "|" GREATEST_MKI "0:128");
    g_assert_false(crypto->keys[0].usable);
    sdes_crypto_free(crypto);

    crypto = parse(LINE "|18446744073709551616:9"); /* 2^64 */
    g_assert_cmpmem(crypto->keys[0].mki, crypto->keys[0].mki_len, "\1\0\0\0\0\0\0\0\0", 9);
    sdes_crypto_free(crypto);
}

static void test_session_params(void)
{
    sdes_crypto *crypto = parse(LINE " kdr=7 -KDR=8 WSH=1024 FEC_KEY=inline:" KEY2 "|1:1; inline:" KEY "|2:1 UNENCRYPTED_SRTP");
    static const struct {
        sdes_session_param_kind kind;
        const char *name, *value;
        bool optional;
        uint32_t number;
    } expected[] = {
        {SDES_KDR, "kdr", "7", false, 7},
        {SDES_OTHER, "KDR", "8", true, 0},
        {SDES_WSH, "WSH", "1024", false, 1024},
        {SDES_FEC_KEY, "FEC_KEY", "inline:" KEY2 "|1:1; inline:" KEY "|2:1", false, 0},
        {SDES_UNENCRYPTED_SRTP, "UNENCRYPTED_SRTP", NULL, false, 0},
    };
    g_assert_cmpuint(crypto->session_param_count, ==, G_N_ELEMENTS(expected));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        const sdes_session_param *param = &crypto->session_params[i];
        g_assert_cmpint(param->kind, ==, expected[i].kind);
        assert_span(param->name, expected[i].name);
        assert_span(param->value, expected[i].value);
        g_assert_cmpint(param->optional, ==, expected[i].optional);
        g_assert_cmpuint(param->number, ==, expected[i].number);
    }
    g_assert_cmpuint(crypto->key_count, ==, 1);
    sdes_crypto_free(crypto);
}

static void test_master_key(void)
{
    srtp_master_key key;
    sdes_crypto *crypto = parse("1 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==|1:2;"
                                "inline:EAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==|258:2 KDR=24 UNENCRYPTED_SRTCP");
    g_assert_true(sdes_crypto_master_key(crypto, 1, &key));
    g_assert_cmpint(key.transform.cipher, ==, SRTP_CIPHER_AES_GCM);
    g_assert_cmpmem(key.key, key.transform.key_len, "\x10\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 16);
    g_assert_cmpmem(key.salt, key.transform.salt_len, "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b", 12);
    g_assert_cmpmem(key.mki, key.mki_len, "\1\2", 2);
    g_assert_cmpuint(key.kdr, ==, 1u << 24);
    g_assert_true(key.unencrypted_srtcp);
    g_assert_false(key.unencrypted_srtp);
    g_assert_false(key.unauthenticated_srtp);
    g_assert_false(sdes_crypto_master_key(crypto, 2, &key));
    sdes_crypto_free(crypto);

    crypto = parse(LINE " KDR=0 UNENCRYPTED_SRTP UNAUTHENTICATED_SRTP -UNENCRYPTED_SRTCP");
    g_assert_true(sdes_crypto_master_key(crypto, 0, &key));
    g_assert_cmpuint(key.kdr, ==, 0);
    g_assert_true(key.unencrypted_srtp);
    g_assert_true(key.unauthenticated_srtp);
    g_assert_false(key.unencrypted_srtcp); /* with '-' it is somebody's extension, and nobody heeded it */
    g_assert_cmpuint(key.mki_len, ==, 0);
    sdes_crypto_free(crypto);

    crypto = parse("1 SEED_CTR_128_HMAC_SHA1_80 inline:" KEY);
    g_assert_true(crypto->usable);
    g_assert_false(sdes_crypto_master_key(crypto, 0, &key));
    sdes_crypto_free(crypto);
}

static sdes_crypto *parse_repeated(const char *prefix, const char *piece, unsigned times)
{
    GString *text = g_string_new(prefix);
    for (unsigned i = 0; i < times; i++)
        g_string_append(text, piece);
    sdes_crypto *crypto = sdes_crypto_parse(text->str, text->len);
    for (unsigned i = 0; i < crypto->problem_count; i++) { /* the text is about to go: every span must lie in it */
        text_span where = crypto->problems[i].where;
        g_assert_true(where.text >= text->str && where.text + where.len <= text->str + text->len);
    }
    crypto->value = (text_span){NULL, 0};
    g_string_free(text, TRUE);
    return crypto;
}

/* Work that is not linear would run into the time limit of the test. */
static void test_hostile(void)
{
    static const struct {
        const char *prefix, *piece;
        unsigned times;
    } rows[] = {
        {LINE, "|", 100000},
        {LINE, ";", 100000},
        {LINE, " ; ", 100000},
        {LINE, ";inline:" KEY "|1:1", 20000},
        {LINE, " FEC_KEY=a;", 100000},
        {LINE, " X", 500000},
        {LINE "|", "9", 1 << 20},
        {LINE "|", "0", 1 << 20},
        {LINE "|1:", "0", 1 << 20},
        {LINE, "A", 1 << 20},
        {"", "1", 1 << 20},
        {"1 ", "A", 1 << 20},
        {"", " ", 1 << 20},
        {LINE, "\xff", 1 << 20},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        sdes_crypto *crypto = parse_repeated(rows[i].prefix, rows[i].piece, rows[i].times);
        g_test_message("%s + %.20s x %u: %u problems", rows[i].prefix, rows[i].piece, rows[i].times, crypto->problem_count);
        g_assert_cmpuint(crypto->problem_count, >, 0);
        g_assert_cmpuint(crypto->problem_count, <, 200);
        g_assert_cmpuint(crypto->key_count, <=, SDES_MAX_KEY_PARAMS);
        g_assert_cmpuint(crypto->session_param_count, <=, SDES_MAX_SESSION_PARAMS);
        sdes_crypto_free(crypto);
    }

    sdes_crypto *crypto = parse_repeated(LINE "|1:1", ";inline:" KEY "|2:1", 40);
    g_assert_cmpuint(crypto->key_count, ==, SDES_MAX_KEY_PARAMS);
    find_problem(crypto, SDES_PROBLEM_TOO_MANY);
    find_problem(crypto, SDES_PROBLEM_LINE_LONG);
    sdes_crypto_free(crypto);

    crypto = parse_repeated(LINE, " ", LONG_LINE - (unsigned)strlen(LINE));
    g_assert_cmpuint(crypto->problem_count, ==, 0);
    sdes_crypto_free(crypto);
    crypto = parse_repeated(LINE, " ", LONG_LINE + 1 - (unsigned)strlen(LINE));
    find_problem(crypto, SDES_PROBLEM_LINE_LONG);
    sdes_crypto_free(crypto);

    crypto = parse_repeated(LINE, " -X", 40);
    g_assert_cmpuint(crypto->session_param_count, ==, SDES_MAX_SESSION_PARAMS);
    find_problem(crypto, SDES_PROBLEM_TOO_MANY);
    sdes_crypto_free(crypto);

    static const char nuls[] = "1 \0 inline:" KEY "\0|1:1 KDR=\0";
    crypto = sdes_crypto_parse(nuls, sizeof nuls - 1);
    find_problem(crypto, SDES_PROBLEM_CHARACTERS);
    g_assert_false(crypto->usable);
    sdes_crypto_free(crypto);

    crypto = sdes_crypto_parse(NULL, 0);
    g_assert_false(crypto->usable);
    sdes_crypto_free(crypto);
    sdes_crypto_free(NULL);
}

/* A decoded length is told even where the octets don't fit. */
static void test_long_key(void)
{
    sdes_crypto *crypto = parse_repeated("1 " SUITE " inline:", "QUJD", 30);
    g_assert_cmpuint(crypto->keys[0].key_salt_len, ==, 90);
    for (size_t i = 0; i < sizeof crypto->keys[0].key_salt; i++)
        g_assert_cmpint(crypto->keys[0].key_salt[i], ==, "ABC"[i % 3]);
    g_assert_false(crypto->usable);
    sdes_crypto_free(crypto);
}

static void test_problem_texts(void)
{
    for (int kind = 0; kind <= SDES_PROBLEM_LINE_LONG; kind++) {
        const char *text = sdes_problem_text((sdes_problem_kind)kind);
        g_assert_nonnull(text);
        g_assert_cmpstr(text, !=, "Unknown problem");
        for (int other = 0; other < kind; other++)
            g_assert_cmpstr(text, !=, sdes_problem_text((sdes_problem_kind)other));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sdes/rfc-example", test_rfc_example);
    g_test_add_func("/sdes/rfc-other-examples", test_rfc_other_examples);
    g_test_add_func("/sdes/user-agents", test_user_agents);
    g_test_add_func("/sdes/departures", test_departures);
    g_test_add_func("/sdes/lifetime", test_lifetime);
    g_test_add_func("/sdes/mki-of-any-length", test_mki_of_any_length);
    g_test_add_func("/sdes/session-params", test_session_params);
    g_test_add_func("/sdes/master-key", test_master_key);
    g_test_add_func("/sdes/hostile", test_hostile);
    g_test_add_func("/sdes/long-key", test_long_key);
    g_test_add_func("/sdes/problem-texts", test_problem_texts);
    return g_test_run();
}

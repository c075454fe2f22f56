/* Which key fits, and what it opens. */
#include "sessions/mikey_unlock.h"

#include "mikey_scene.h"

#include <openssl/rsa.h>

#include <string.h>

#define TEXT(text) ((octet_span){(const uint8_t *)(text), strlen(text)})

static const octet_span NOTHING = {NULL, 0};
static const octet_span COVERED = {(const uint8_t *)"what is covered", 15};

static GPtrArray *list_of(const char *const *keys, size_t count)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))mikey_step_unref);
    for (size_t i = 0; i < count; i++)
        g_ptr_array_add(list, mikey_step_new("PSK", MIKEY_FROM_KEYLOG, NULL, TEXT(keys[i]), NOTHING, NOTHING));
    return list;
}

/* A lock whose MAC is that of `key` over COVERED; free the array. */
static GByteArray *make_lock(mikey_lock *lock, mikey_coverage *coverage, const char *key)
{
    GByteArray *message = g_byte_array_new();
    g_byte_array_append(message, COVERED.data, (guint)COVERED.len);
    mikey_append_mac(message, TEXT(key), 7, TEXT("rand"), NOTHING);
    g_byte_array_remove_range(message, 0, (guint)COVERED.len);
    *coverage = (mikey_coverage){.pieces = {COVERED}, .count = 1};
    *lock = (mikey_lock){.label = mikey_label_message(MIKEY_MESSAGE_ENCR_KEY, 7, TEXT("rand")),
                         .mac_alg = MIKEY_MAC_SHA1_160, .coverages = coverage, .coverage_count = 1, .mac = mikey_span(message)};
    mikey_lock_add_prf(lock, (mikey_prf){MIKEY_PRF_MIKEY_1, MIKEY_PRF_RFC});
    return message;
}

/* Known ones, each once, in their order. */
static void test_prfs(void)
{
    mikey_lock lock = {.prf_count = 0};
    const mikey_prf a = {MIKEY_PRF_MIKEY_1, MIKEY_PRF_RFC}, b = {MIKEY_PRF_HMAC_SHA_256, MIKEY_PRF_RFC},
                    c = {MIKEY_PRF_MIKEY_1, MIKEY_PRF_MINISIP}, d = {MIKEY_PRF_HMAC_SHA_256, MIKEY_PRF_MINISIP};
    const mikey_prf given[] = {{2, MIKEY_PRF_RFC}, a, a, b, {127, MIKEY_PRF_RFC}, b, c, d};
    for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
        mikey_lock_add_prf(&lock, given[i]);
    g_assert_cmpuint(lock.prf_count, ==, MIKEY_MAX_PRFS);
    g_assert_true(lock.prfs[0].func == a.func && lock.prfs[0].variant == a.variant);
    g_assert_true(lock.prfs[1].func == b.func && lock.prfs[1].variant == b.variant);
    g_assert_true(lock.prfs[2].func == c.func && lock.prfs[2].variant == c.variant);
}

/* The key that fits, wherever it stands, and under whichever reading. */
static void test_verified(void)
{
    static const char *const keys[] = {"the first key", "the second key", "the third key"};
    GPtrArray *inkeys = list_of(keys, G_N_ELEMENTS(keys));
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        mikey_lock lock;
        mikey_coverage coverages[3];
        mikey_unlocked unlocked;
        const char *reason;
        GByteArray *mac = make_lock(&lock, &coverages[i], keys[i]);
        for (size_t other = 0; other < G_N_ELEMENTS(coverages); other++)
            if (other != i)
                coverages[other] = (mikey_coverage){.pieces = {COVERED, COVERED}, .count = 2};
        lock.coverages = coverages;
        lock.coverage_count = G_N_ELEMENTS(coverages);
        g_assert_cmpint(mikey_unlock(&lock, inkeys, &unlocked, &reason), ==, MIKEY_STATUS_VERIFIED);
        g_assert_null(reason);
        g_assert_true(unlocked.inkey == inkeys->pdata[i]);
        mikey_watch_cleansing();
        const mikey_message_keys copy = unlocked.keys;
        mikey_message_keys_clear(&unlocked.keys);
        g_assert_true(mikey_was_cleansed((octet_span){copy.auth, copy.auth_len}));
        g_byte_array_free(mac, TRUE);
    }
    g_ptr_array_free(inkeys, TRUE);
}

static void assert_not_unlocked(const mikey_lock *lock, const GPtrArray *inkeys, mikey_status status, const char *part)
{
    mikey_unlocked unlocked;
    const char *reason;
    memset(&unlocked, 0xee, sizeof unlocked);
    g_assert_cmpint(mikey_unlock(lock, inkeys, &unlocked, &reason), ==, status);
    g_assert_nonnull(strstr(reason, part));
    g_assert_null(unlocked.inkey);
}

static void test_not_verified(void)
{
    static const char *const keys[] = {"the key"}, *const others[] = {"another", "one more"};
    GPtrArray *none = list_of(NULL, 0), *right = list_of(keys, 1), *wrong = list_of(others, 2);
    mikey_lock lock, changed;
    mikey_coverage coverage;
    GByteArray *mac = make_lock(&lock, &coverage, keys[0]);
    assert_not_unlocked(&lock, none, MIKEY_STATUS_NOT_CHECKABLE, "no key");
    assert_not_unlocked(&lock, wrong, MIKEY_STATUS_FAILED, "no known key fits");
    changed = lock;
    changed.mac = NOTHING;
    assert_not_unlocked(&changed, right, MIKEY_STATUS_NOT_CHECKABLE, "no MAC");
    changed = lock;
    changed.mac_alg = MIKEY_MAC_NULL;
    assert_not_unlocked(&changed, right, MIKEY_STATUS_NOT_CHECKABLE, "no MAC");
    changed = lock;
    changed.mac_alg = 3;
    assert_not_unlocked(&changed, right, MIKEY_STATUS_NOT_CHECKABLE, "unknown");
    changed = lock;
    changed.prf_count = 0;
    assert_not_unlocked(&changed, right, MIKEY_STATUS_NOT_CHECKABLE, "unknown");
    changed = lock;
    changed.coverage_count = 0;
    assert_not_unlocked(&changed, right, MIKEY_STATUS_NOT_CHECKABLE, "answers");
    changed = lock;
    changed.mac.len--;
    assert_not_unlocked(&changed, right, MIKEY_STATUS_FAILED, "fits");
    mac->data[0] ^= 1;
    assert_not_unlocked(&lock, right, MIKEY_STATUS_FAILED, "fits");
    g_byte_array_free(mac, TRUE);
    g_ptr_array_free(none, TRUE);
    g_ptr_array_free(right, TRUE);
    g_ptr_array_free(wrong, TRUE);
}

/* minisip's PRF is tried for keys of whole blocks alone, since it is the standard's for others. */
static void test_minisip(void)
{
    static const char *const keys[] = {"a key of thirty-two octets......"};
    GPtrArray *inkeys = list_of(keys, 1);
    mikey_lock lock;
    mikey_coverage coverage;
    mikey_unlocked unlocked;
    const char *reason;
    /* An empty last block: HMAC under no key at all. */
    GByteArray *mac = make_lock(&lock, &coverage, "");
    assert_not_unlocked(&lock, inkeys, MIKEY_STATUS_FAILED, "fits");
    mikey_lock_add_prf(&lock, (mikey_prf){MIKEY_PRF_MIKEY_1, MIKEY_PRF_MINISIP});
    g_assert_cmpint(mikey_unlock(&lock, inkeys, &unlocked, &reason), ==, MIKEY_STATUS_VERIFIED);
    g_assert_cmpint(unlocked.prf.variant, ==, MIKEY_PRF_MINISIP);
    mikey_message_keys_clear(&unlocked.keys);
    g_byte_array_free(mac, TRUE);
    g_ptr_array_free(inkeys, TRUE);
}

/* --- KEMAC --------------------------------------------------------------------------------------------------------- */

/* The KEMAC of a real message, the keys for it, and where it stands. */
typedef struct {
    mikey_exchange *exchange;
    mikey_record *record;
    const mikey_payload *kemac, *time;
    GPtrArray *inkeys;
    mikey_lock lock;
    mikey_kemac_setting setting;
} kemac_scene;

static void kemac_scene_make(kemac_scene *scene)
{
    vector_octets psk;
    memset(scene, 0, sizeof *scene);
    scene->exchange = mikey_exchange_named("pre-shared key");
    scene->record = mikey_record_new(span_of(&scene->exchange->init), 1);
    const mikey_chain *chain = &scene->record->message->chain;
    scene->kemac = mikey_find(chain, MIKEY_KEMAC, NULL);
    scene->time = mikey_find(chain, MIKEY_T, NULL);
    vector_parse_hex(scene->exchange->psk, &psk);
    scene->inkeys = list_of(NULL, 0);
    g_ptr_array_add(scene->inkeys, mikey_step_new("PSK", MIKEY_FROM_KEYLOG, NULL, TEXT("not this one"), NOTHING, NOTHING));
    g_ptr_array_add(scene->inkeys, mikey_step_new("PSK", MIKEY_FROM_KEYLOG, NULL, span_of(&psk), NOTHING, NOTHING));
    scene->lock.label = mikey_label_message(MIKEY_MESSAGE_ENCR_KEY, 0x0badf00d, mikey_record_rand(scene->record, 0));
    scene->lock.encr_alg = scene->kemac->kemac.encr_alg;
    mikey_lock_add_prf(&scene->lock, (mikey_prf){MIKEY_PRF_MIKEY_1, MIKEY_PRF_RFC});
    scene->setting = (mikey_kemac_setting){0x0badf00d, {scene->time, NULL}, MIKEY_KEY_DATA, MIKEY_KEYS_MESSAGE};
}

static void kemac_scene_clear(kemac_scene *scene)
{
    g_ptr_array_free(scene->inkeys, TRUE);
    mikey_record_free(scene->record);
    mikey_exchange_free(scene->exchange);
}

/* Without a MAC the form of the plaintext tells which key it is, and which timestamp went in; what does not fit leaves nothing. */
static void test_by_form(void)
{
    kemac_scene scene;
    mikey_unlocked unlocked;
    kemac_scene_make(&scene);
    const mikey_payload other_time = {.type = MIKEY_T, .time = {.ts_type = MIKEY_TS_NTP_UTC, .value = TEXT("12345678")}};
    const mikey_payload no_time = {.type = MIKEY_T, .time = {.ts_type = 9, .value = TEXT("12345678")}};
    const struct {
        const mikey_payload *times[2];
        bool opens;
    } rows[] = {{{scene.time, NULL}, true}, {{&other_time, scene.time}, true}, {{scene.time, &other_time}, true},
                {{&other_time, NULL}, false}, {{NULL, scene.time}, true},      {{NULL, NULL}, false},
                {{&no_time, scene.time}, true}};
    guint opened_count = 0, failed = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        memcpy(scene.setting.times, rows[i].times, sizeof rows[i].times);
        const mikey_opened *opened =
            mikey_open_kemac_by_form(scene.record, scene.kemac, &scene.lock, scene.inkeys, &scene.setting, &unlocked);
        g_assert_true((opened != NULL) == rows[i].opens);
        g_assert_true(unlocked.inkey == (opened ? scene.inkeys->pdata[1] : NULL));
        g_assert_cmpuint(scene.record->opened->len, ==, opened_count += rows[i].opens);
        g_assert_cmpuint(scene.record->problems->len, ==, failed += !rows[i].opens);
        if (opened) {
            g_assert_cmpuint(opened->offset, ==, scene.kemac->offset);
            mikey_message_keys_clear(&unlocked.keys);
        }
    }
    const mikey_problem *problem = &g_array_index(scene.record->problems, mikey_problem, 0);
    g_assert_cmpint(problem->kind, ==, MIKEY_PROBLEM_NO_KEYS_INSIDE);
    g_assert_cmpuint(problem->offset, ==, (size_t)(scene.kemac->kemac.encr_data.data - scene.record->octets.data));
    g_assert_cmpuint(problem->len, ==, scene.kemac->kemac.encr_data.len);
    mikey_record_forget(scene.record);
    g_assert_cmpuint(scene.record->problems->len, ==, 0);
    kemac_scene_clear(&scene);
}

static void test_by_form_of_nothing(void)
{
    kemac_scene scene;
    mikey_unlocked unlocked;
    kemac_scene_make(&scene);
    mikey_payload empty = *scene.kemac;
    empty.kemac.encr_data.len = 0;
    g_assert_null(mikey_open_kemac_by_form(scene.record, &empty, &scene.lock, scene.inkeys, &scene.setting, &unlocked));
    g_assert_null(unlocked.inkey);
    scene.lock.encr_alg = empty.kemac.encr_alg = 9;
    empty.kemac.encr_data.len = scene.kemac->kemac.encr_data.len;
    g_assert_null(mikey_open_kemac_by_form(scene.record, &empty, &scene.lock, scene.inkeys, &scene.setting, &unlocked));
    g_assert_cmpuint(scene.record->problems->len, ==, 0); /* nothing was tried */
    kemac_scene_clear(&scene);
}

/* Keys of every kind as steps, cut and empty ones left out, and no more than 64. */
static void test_take_keys(void)
{
    static const char *const names[] = {"TGK", "TGK", "TEK", "TEK", "GTGK", "GTGK", "MPK", "K_PR"};
    GByteArray *plain = g_byte_array_new();
    for (unsigned type = 0; type < 9; type++)
        mikey_append(plain, "14 %x1 0002 aa%02x %s 01 %02x", type, type, type % 2 && type < 6 ? "0001 bb" : "", type);
    mikey_append(plain, "14 00 0000 | 00 00 0004 cc");
    mikey_message *message = mikey_parse_keys(plain->data, plain->len, MIKEY_KEY_DATA, MIKEY_KEYS_MESSAGE);
    mikey_record *record = mikey_record_new(NOTHING, 3);
    GPtrArray *keys = g_ptr_array_new();
    mikey_step *from = mikey_step_new("PSK", MIKEY_FROM_KEYLOG, NULL, TEXT("psk"), NOTHING, NOTHING);
    mikey_take_keys(record, &message->chain, from, keys);
    g_assert_cmpuint(keys->len, ==, G_N_ELEMENTS(names));
    for (guint type = 0; type < keys->len; type++) {
        const mikey_step *key = keys->pdata[type];
        g_assert_true(key == record->steps->pdata[type]);
        g_assert_cmpstr(key->name, ==, names[type]);
        g_assert_cmpint(key->kind, ==, type);
        g_assert_cmphex(key->key.data[1], ==, type);
        g_assert_cmphex(key->spi.data[0], ==, type);
        g_assert_cmpuint(key->salt.len, ==, type % 2 && type < 6 ? 1 : 0);
        g_assert_true(key->from == from);
        g_assert_cmpint(key->source, ==, MIKEY_FROM_KEMAC);
        g_assert_cmpuint(key->frame, ==, 3);
    }
    mikey_step_unref(from);
    mikey_free(message);
    g_byte_array_set_size(plain, 0);
    for (unsigned i = 0; i < 100; i++)
        mikey_append(plain, "%s 00 0001 aa", i < 99 ? "14" : "00");
    message = mikey_parse_keys(plain->data, plain->len, MIKEY_KEY_DATA, MIKEY_KEYS_MESSAGE);
    g_ptr_array_set_size(keys, 0);
    mikey_take_keys(record, &message->chain, NULL, keys);
    g_assert_cmpuint(keys->len, ==, 64);
    g_assert_cmpint(((const mikey_step *)keys->pdata[0])->source, ==, MIKEY_FROM_CLEAR);
    mikey_free(message);
    g_ptr_array_free(keys, TRUE);
    mikey_record_free(record);
    g_byte_array_free(plain, TRUE);
}

/* --- envelopes ----------------------------------------------------------------------------------------------------- */

static void test_envelopes(void)
{
    EVP_PKEY *private_key = EVP_RSA_gen(1024);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(private_key, NULL);
    uint8_t sealed[128];
    size_t len = sizeof sealed;
    g_assert_cmpint(EVP_PKEY_encrypt_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), ==, 1);
    g_assert_cmpint(EVP_PKEY_encrypt(context, sealed, &len, (const uint8_t *)"an envelope key.", 16), ==, 1);
    EVP_PKEY_CTX_free(context);
    GByteArray *message = mikey_octets("01 02 02 00 00000001 00 01 | 00 0080");
    g_byte_array_append(message, sealed, sizeof sealed);
    mikey_record *record = mikey_record_new(mikey_span(message), 1);
    GPtrArray *found = g_ptr_array_new();
    mikey_open_envelopes(record, NULL, found);
    g_assert_cmpuint(found->len, ==, 0);
    mikey_watch_cleansing();
    mikey_open_envelopes(record, private_key, found);
    g_assert_true(mikey_was_cleansed(TEXT("an envelope key.")));
    bool any = false;
    for (guint i = 0; i < found->len; i++) {
        const mikey_step *step = found->pdata[i];
        any |= step->key.len == 16 && memcmp(step->key.data, "an envelope key.", 16) == 0;
        g_assert_cmpint(step->source, ==, MIKEY_FROM_PKE);
    }
    g_assert_true(any);
    g_assert_cmpuint(record->steps->len, ==, found->len);
    g_ptr_array_free(found, TRUE);
    mikey_record_free(record);
    g_byte_array_free(message, TRUE);
    EVP_PKEY_free(private_key);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-unlock/prfs", test_prfs);
    g_test_add_func("/mikey-unlock/verified", test_verified);
    g_test_add_func("/mikey-unlock/not-verified", test_not_verified);
    g_test_add_func("/mikey-unlock/minisip", test_minisip);
    g_test_add_func("/mikey-unlock/by-form", test_by_form);
    g_test_add_func("/mikey-unlock/by-form-of-nothing", test_by_form_of_nothing);
    g_test_add_func("/mikey-unlock/take-keys", test_take_keys);
    g_test_add_func("/mikey-unlock/envelopes", test_envelopes);
    return g_test_run();
}

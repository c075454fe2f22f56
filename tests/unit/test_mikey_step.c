#include "sessions/mikey_step.h"

#include "mikey_scene.h"

#include <string.h>

#define TEXT(text) ((octet_span){(const uint8_t *)(text), strlen(text)})

static const octet_span NOTHING = {NULL, 0};

static void test_copies(void)
{
    char key[] = "key of sixteen..", salt[] = "salt of 14....", spi[] = "spi";
    mikey_step *step = mikey_step_new("TGK", MIKEY_FROM_KEMAC, NULL, TEXT(key), TEXT(salt), TEXT(spi));
    memset(key, 0, sizeof key);
    memset(salt, 0, sizeof salt);
    memset(spi, 0, sizeof spi);
    g_assert_cmpmem(step->key.data, step->key.len, "key of sixteen..", 16);
    g_assert_cmpmem(step->salt.data, step->salt.len, "salt of 14....", 14);
    g_assert_cmpmem(step->spi.data, step->spi.len, "spi", 3);
    g_assert_cmpstr(step->name, ==, "TGK");
    g_assert_cmpint(step->kind, ==, MIKEY_STEP_OTHER);
    g_assert_cmpint(step->cs_id, ==, -1);
    g_assert_cmpuint(step->frame, ==, 0);
    mikey_step_unref(step);
    mikey_step_unref(NULL);
}

/* A fingerprint is the beginning of SHA-256, here GLib's, in hexadecimal. */
static void test_fingerprints(void)
{
    mikey_step *step = mikey_step_new("TEK", MIKEY_FROM_CLEAR, NULL, TEXT("a key"), TEXT("a salt"), NOTHING);
    g_autofree char *of_key = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "a key", -1);
    g_autofree char *of_salt = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "a salt", -1);
    of_key[KEY_FINGERPRINT_LEN] = of_salt[KEY_FINGERPRINT_LEN] = '\0';
    g_assert_cmpstr(step->fingerprint, ==, of_key);
    g_assert_cmpstr(step->salt_fingerprint, ==, of_salt);
    mikey_step_unref(step);
}

static void test_absent_spans(void)
{
    const octet_span empty = {(const uint8_t *)"", 0};
    mikey_step *step = mikey_step_new("PSK", MIKEY_FROM_KEYLOG, NULL, empty, NOTHING, NOTHING);
    g_assert_nonnull(step->key.data);
    g_assert_cmpuint(step->key.len, ==, 0);
    g_assert_null(step->salt.data);
    g_assert_null(step->spi.data);
    g_assert_cmpstr(step->fingerprint, ==, "");
    g_assert_cmpstr(step->salt_fingerprint, ==, "");
    mikey_step_unref(step);
}

/* PRF(from, label, len), and the rest is that of `from`. */
static void test_derive(void)
{
    mikey_step *from = mikey_step_new("TGK", MIKEY_FROM_KEMAC, NULL, TEXT("sixteen octets.."), TEXT("salt"), TEXT("spi"));
    const mikey_prf prf = {MIKEY_PRF_MIKEY_1, MIKEY_PRF_RFC};
    const mikey_label label = mikey_label_mpk(MIKEY_MPK_INITIATOR, TEXT("rand"));
    GByteArray *model = mikey_octets("220e99a2 ff ffffffff 06 04 72616e64");
    uint8_t expected[47];
    from->kind = MIKEY_KEY_TGK_SALT;
    mikey_model_prf(from->key, mikey_span(model), expected, sizeof expected);
    mikey_step *step = mikey_step_derive("TGK'", "function", from, prf, &label, sizeof expected);
    mikey_step_unref(from); /* the step holds it */
    g_assert_cmpmem(step->key.data, step->key.len, expected, sizeof expected);
    g_assert_cmpmem(step->salt.data, step->salt.len, "salt", 4);
    g_assert_cmpmem(step->spi.data, step->spi.len, "spi", 3);
    g_assert_cmpint(step->source, ==, MIKEY_FROM_PRF);
    g_assert_cmpint(step->kind, ==, MIKEY_KEY_TGK_SALT);
    g_assert_cmpstr(step->function, ==, "function");
    g_assert_cmpstr(step->from->name, ==, "TGK");
    g_assert_null(mikey_step_derive("x", "", step, (mikey_prf){2, MIKEY_PRF_RFC}, &label, 16));
    mikey_step_unref(step);
    g_byte_array_free(model, TRUE);
}

/* The last reference takes the whole chain with it, and overwrites it. */
static void test_cleansed(void)
{
    mikey_step *first = mikey_step_new("MPK", MIKEY_FROM_KEYLOG, NULL, TEXT("the first key"), TEXT("its salt"), NOTHING);
    mikey_step *second = mikey_step_new("MPKi", MIKEY_FROM_PRF, first, TEXT("the second key"), NOTHING, NOTHING);
    mikey_watch_cleansing();
    mikey_step_ref(second);
    mikey_step_unref(first);
    mikey_step_unref(second);
    g_assert_false(mikey_was_cleansed(TEXT("the first key")));
    g_assert_false(mikey_was_cleansed(TEXT("the second key")));
    mikey_step_unref(second);
    g_assert_true(mikey_was_cleansed(TEXT("the first key")));
    g_assert_true(mikey_was_cleansed(TEXT("its salt")));
    g_assert_true(mikey_was_cleansed(TEXT("the second key")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-step/copies", test_copies);
    g_test_add_func("/mikey-step/fingerprints", test_fingerprints);
    g_test_add_func("/mikey-step/absent-spans", test_absent_spans);
    g_test_add_func("/mikey-step/derive", test_derive);
    g_test_add_func("/mikey-step/cleansed", test_cleansed);
    return g_test_run();
}

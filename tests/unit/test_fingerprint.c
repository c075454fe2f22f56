#include "keys/fingerprint.h"

#include <glib.h>

/* FIPS 180-2 appendix B.1 and the digest of nothing, cut to 8 octets; the third is a key and salt of SDES length. */
static void test_known_digests(void)
{
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    uint8_t key[30];

    key_fingerprint((const uint8_t *)"abc", 3, fingerprint);
    g_assert_cmpstr(fingerprint, ==, "ba7816bf8f01cfea");
    key_fingerprint(NULL, 0, fingerprint);
    g_assert_cmpstr(fingerprint, ==, "e3b0c44298fc1c14");
    for (uint8_t i = 0; i < (uint8_t)sizeof key; i++)
        key[i] = i;
    key_fingerprint(key, sizeof key, fingerprint);
    g_assert_cmpstr(fingerprint, ==, "f2192584b67da35d");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fingerprint/known-digests", test_known_digests);
    return g_test_run();
}

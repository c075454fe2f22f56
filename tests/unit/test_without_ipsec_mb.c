/* The EPS algorithms as a build without libipsec-mb has them; tests/unit/CMakeLists.txt builds them so for this test. */
#include "ciphers/eea.h"
#include "ciphers/eia.h"

#include <glib.h>

static const uint8_t KEY[EPS_KEY_LEN] = { 0 };

static void test_snow_3g_and_zuc_are_not_available(void)
{
    const eps_algorithm missing[] = { EPS_SNOW_3G, EPS_ZUC };
    const ipsec_mb_cipher ciphers[] = { IPSEC_MB_SNOW_3G, IPSEC_MB_ZUC };
    const uint8_t iv[IPSEC_MB_IV_LEN] = { 0 };
    uint8_t out[4] = { 0 };
    ipsec_mb_key key = { 0 };
    eea_cipher cipher;
    eia_mac mac;

    g_assert_false(ipsec_mb_is_available());
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
        g_assert_cmpint(eps_algorithm_availability((uint8_t)missing[i]), ==, EPS_NOT_AVAILABLE);
        g_assert_false(eea_init(&cipher, missing[i], KEY));
        g_assert_false(eia_init(&mac, missing[i], KEY));
        g_assert_false(ipsec_mb_key_init(&key, ciphers[i], KEY));
        g_assert_false(ipsec_mb_crypt(&key, iv, KEY, sizeof out, out));
        g_assert_false(ipsec_mb_mac(&key, iv, KEY, 32, out));
    }
    ipsec_mb_release();
}

static void test_the_others_are(void)
{
    const eps_algorithm there[] = { EPS_NULL, EPS_AES };
    const eps_input input = { 0 };
    uint8_t out[EPS_KEY_LEN];
    eea_cipher cipher;
    eia_mac mac;

    for (size_t i = 0; i < G_N_ELEMENTS(there); i++) {
        g_assert_cmpint(eps_algorithm_availability((uint8_t)there[i]), ==, EPS_AVAILABLE);
        g_assert_true(eea_init(&cipher, there[i], KEY));
        g_assert_true(eea_crypt(&cipher, &input, KEY, sizeof KEY, out));
        g_assert_true(eia_init(&mac, there[i], KEY));
        g_assert_true(eia_mac_i(&mac, &input, KEY, 8 * sizeof KEY, out));
        eea_clear(&cipher);
        eia_clear(&mac);
    }
    g_assert_cmpint(eps_algorithm_availability(4), ==, EPS_UNKNOWN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/without-ipsec-mb/snow-3g-and-zuc-are-not-available", test_snow_3g_and_zuc_are_not_available);
    g_test_add_func("/without-ipsec-mb/the-others-are", test_the_others_are);
    return g_test_run();
}

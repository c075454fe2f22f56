#include "ciphers/eia.h"

#include "eps_vectors.h"
#include "guarded_octets.h"

#include <openssl/evp.h>

static const uint8_t KEY[EPS_KEY_LEN] = "a key of 128 bi";
static unsigned checked[EPS_ALGORITHMS], refused;

static void check_message(JsonObject *vector)
{
    const size_t bits = (size_t)json_object_get_int_member(vector, "bits");
    const eps_input input = vector_eps_input(vector);
    vector_octets key, message, expected;
    uint8_t mac_i[EIA_MAC_LEN];
    eps_algorithm algorithm;
    eia_mac mac;

    if (!vector_eps_algorithm(vector, "EIA", &algorithm) ||
        eps_algorithm_availability((uint8_t)algorithm) == EPS_NOT_AVAILABLE)
        return;
    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "in", false, &message);
    vector_get_octets(vector, "out", false, &expected);
    g_assert_cmpuint(key.len, ==, EPS_KEY_LEN);

    g_assert_true(eia_init(&mac, algorithm, key.data));
    /* Twice: a MAC leaves nothing behind for the next. */
    for (int i = 0; i < 2; i++) {
        if (algorithm == EPS_AES && bits % 8 != 0) {
            g_assert_false(eia_mac_i(&mac, &input, message.data, bits, mac_i));
            refused++;
        } else {
            g_assert_true(eia_mac_i(&mac, &input, message.data, bits, mac_i));
            g_assert_cmpmem(mac_i, sizeof mac_i, expected.data, expected.len);
            checked[algorithm]++;
        }
    }
    eia_clear(&mac);
    eia_clear(&mac);
}

static void check_file(const char *file, unsigned eia1, unsigned eia2, unsigned eia2_refused, unsigned eia3)
{
    const bool stream = eps_algorithm_availability(EPS_ZUC) == EPS_AVAILABLE;

    memset(checked, 0, sizeof checked);
    refused = 0;
    vectors_for_each(file, check_message);
    g_assert_cmpuint(checked[EPS_SNOW_3G], ==, stream ? 2 * eia1 : 0);
    g_assert_cmpuint(checked[EPS_AES], ==, 2 * eia2);
    g_assert_cmpuint(refused, ==, 2 * eia2_refused);
    g_assert_cmpuint(checked[EPS_ZUC], ==, stream ? 2 * eia3 : 0);
}

static void test_published_messages(void)
{
    check_file("eps_published.json", 7, 3, 5, 5);
}

static void test_messages_of_another_implementation(void)
{
    check_file("eps_random.json", 61, 61, 0, 62);
}

static void check_pdu(JsonObject *vector)
{
    const gint64 integrity = json_object_get_int_member(vector, "integrity"); /* -1: the bearer has none */
    const eps_input input = vector_eps_input(vector);
    vector_octets key, header, plain, expected;
    uint8_t mac_i[EIA_MAC_LEN], message[VECTOR_MAX_OCTETS];
    eia_mac mac;

    if (integrity < 0 || eps_algorithm_availability((uint8_t)integrity) == EPS_NOT_AVAILABLE)
        return;
    vector_get_octets(vector, "pik", false, &key);
    vector_get_octets(vector, "header", false, &header);
    vector_get_octets(vector, "plain", false, &plain);
    vector_get_octets(vector, "mac_i", false, &expected);
    memcpy(message, header.data, header.len);
    memcpy(message + header.len, plain.data, plain.len);
    g_assert_true(eia_init(&mac, (eps_algorithm)integrity, key.data));
    g_assert_true(eia_mac_i(&mac, &input, message, 8 * (header.len + plain.len), mac_i));
    g_assert_cmpmem(mac_i, sizeof mac_i, expected.data, expected.len);
    eia_clear(&mac);
    checked[integrity]++;
}

static void test_sidelink_pdus(void)
{
    memset(checked, 0, sizeof checked);
    vectors_for_each("sidelink_pdus.json", check_pdu);
    g_assert_cmpuint(checked[EPS_AES], ==, 6);
}

/* RFC 4493 section 2.4, written out over single blocks. */
static void cmac_by_blocks(const uint8_t *message, size_t len, uint8_t tag[16])
{
    EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
    uint8_t subkey[16] = { 0 }, state[16] = { 0 };
    const size_t last = (len - 1) / 16 * 16;
    int written;

    g_assert_true(EVP_EncryptInit_ex2(aes, EVP_aes_128_ecb(), KEY, NULL, NULL));
    g_assert_true(EVP_EncryptUpdate(aes, subkey, &written, subkey, 16));
    for (int doublings = len % 16 == 0 ? 1 : 2; doublings > 0; doublings--) {
        const uint8_t carry = subkey[0] >> 7;
        for (int i = 0; i < 15; i++)
            subkey[i] = (uint8_t)(subkey[i] << 1 | subkey[i + 1] >> 7);
        subkey[15] = (uint8_t)(subkey[15] << 1 ^ (carry ? 0x87 : 0));
    }
    for (size_t i = 0; i < last + 16; i++) {
        state[i % 16] ^= i < len ? message[i] : i == len ? 0x80 : 0;
        if (i >= last)
            state[i % 16] ^= subkey[i % 16];
        if (i % 16 == 15)
            g_assert_true(EVP_EncryptUpdate(aes, state, &written, state, 16));
    }
    memcpy(tag, state, 16);
    EVP_CIPHER_CTX_free(aes);
}

static void test_eia2_against_blocks(void)
{
    const eps_input input = { .count = 0xfedcba98, .bearer = 31, .direction = 1 };
    uint8_t message[8 + EPS_MAX_LEN] = { 0xfe, 0xdc, 0xba, 0x98, 0xfc };
    uint8_t expected[16], mac_i[EIA_MAC_LEN];
    eia_mac mac;

    for (size_t i = 8; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 7 + (i >> 8));
    g_assert_true(eia_init(&mac, EPS_AES, KEY));
    for (size_t len = 1; len <= EPS_MAX_LEN; len = len < 200 ? len + 1 : len + 1331) {
        cmac_by_blocks(message, 8 + len, expected);
        g_assert_true(eia_mac_i(&mac, &input, message + 8, 8 * len, mac_i));
        g_assert_cmpmem(mac_i, sizeof mac_i, expected, EIA_MAC_LEN);
    }
    eia_clear(&mac);
}

static void test_eia0_is_zero(void)
{
    const eps_input input = { .count = 7, .bearer = 1, .direction = 1 };
    const uint8_t zeros[EIA_MAC_LEN] = { 0 };
    uint8_t mac_i[EIA_MAC_LEN] = { 1, 2, 3, 4 };
    eia_mac mac;

    g_assert_true(eia_init(&mac, EPS_NULL, KEY));
    g_assert_true(eia_mac_i(&mac, &input, KEY, 8 * sizeof KEY, mac_i));
    g_assert_cmpmem(mac_i, sizeof mac_i, zeros, sizeof zeros);
    eia_clear(&mac);
}

/* Each part of the input, the last bit of the message and its length have their place in the MAC. */
static void test_every_input_counts(void)
{
    static const struct {
        eps_input input;
        uint8_t last;
        size_t bits;
    } CASES[] = {
        { { 0, 0, 0 }, 0, 64 }, { { 1, 0, 0 }, 0, 64 }, { { 0x80000000, 0, 0 }, 0, 64 }, { { 0, 1, 0 }, 0, 64 },
        { { 0, 16, 0 }, 0, 64 }, { { 0, 0, 1 }, 0, 64 }, { { 0, 31, 1 }, 0, 64 }, { { 0, 0, 0 }, 1, 64 },
        { { 0, 0, 0 }, 0, 72 },
    };
    uint8_t mac_i[G_N_ELEMENTS(CASES)][EIA_MAC_LEN];
    eia_mac mac;

    for (uint8_t algorithm = EPS_SNOW_3G; algorithm < EPS_ALGORITHMS; algorithm++) {
        if (eps_algorithm_availability(algorithm) == EPS_NOT_AVAILABLE)
            continue;
        g_assert_true(eia_init(&mac, (eps_algorithm)algorithm, KEY));
        for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
            const uint8_t message[9] = { [7] = CASES[i].last };
            g_assert_true(eia_mac_i(&mac, &CASES[i].input, message, CASES[i].bits, mac_i[i]));
            for (size_t j = 0; j < i; j++)
                g_assert_cmpint(memcmp(mac_i[i], mac_i[j], EIA_MAC_LEN), !=, 0);
        }
        eia_clear(&mac);
    }
}

/* The same MAC wherever the message lies; nothing is read beyond it, and only four octets are written. */
static void test_lengths(void)
{
    const eps_input input = { .count = 0x12340001, .bearer = 29, .direction = 1 };
    guarded_octets in = guarded_octets_new(EPS_MAX_LEN), out = guarded_octets_new(EIA_MAC_LEN);
    uint8_t *mac_i = guarded_octets_end(&out, EIA_MAC_LEN);
    uint8_t again[EIA_MAC_LEN + 1] = { [EIA_MAC_LEN] = 0xee };
    eia_mac mac;

    memset(guarded_octets_begin(&in), 'p', in.room);
    for (uint8_t algorithm = EPS_NULL; algorithm < EPS_ALGORITHMS; algorithm++) {
        if (eps_algorithm_availability(algorithm) == EPS_NOT_AVAILABLE)
            continue;
        g_assert_true(eia_init(&mac, (eps_algorithm)algorithm, KEY));
        for (size_t len = 1; len <= EPS_MAX_LEN; len = len < 600 ? len + 1 : len + 271) {
            g_assert_true(eia_mac_i(&mac, &input, guarded_octets_end(&in, len), 8 * len, mac_i));
            g_assert_true(eia_mac_i(&mac, &input, guarded_octets_begin(&in), 8 * len, again));
            g_assert_cmpmem(mac_i, EIA_MAC_LEN, again, EIA_MAC_LEN);
            g_assert_cmphex(again[EIA_MAC_LEN], ==, 0xee);
        }
        g_assert_false(eia_mac_i(&mac, &input, mac_i, 0, again));
        g_assert_false(eia_mac_i(&mac, &input, mac_i, 8 * EPS_MAX_LEN + 1, again));
        eia_clear(&mac);
    }
    guarded_octets_free(&in);
    guarded_octets_free(&out);
}

static void test_refuses_unknown_algorithms(void)
{
    eia_mac mac;

    for (uint8_t identity = EPS_ALGORITHMS; identity != 0; identity++) {
        g_assert_false(eia_init(&mac, (eps_algorithm)identity, KEY));
        g_assert_null(mac.cmac);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/eia/published-messages", test_published_messages);
    g_test_add_func("/eia/messages-of-another-implementation", test_messages_of_another_implementation);
    g_test_add_func("/eia/sidelink-pdus", test_sidelink_pdus);
    g_test_add_func("/eia/eia2-against-blocks", test_eia2_against_blocks);
    g_test_add_func("/eia/eia0-is-zero", test_eia0_is_zero);
    g_test_add_func("/eia/every-input-counts", test_every_input_counts);
    g_test_add_func("/eia/lengths", test_lengths);
    g_test_add_func("/eia/refuses-unknown-algorithms", test_refuses_unknown_algorithms);
    return g_test_run();
}

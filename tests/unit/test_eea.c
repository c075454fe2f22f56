#include "ciphers/eea.h"

#include "eps_vectors.h"
#include "guarded_octets.h"

#include <openssl/evp.h>

static const uint8_t KEY[EPS_KEY_LEN] = "a key of 128 bi";
static unsigned checked[EPS_ALGORITHMS];

/* Octets as LENGTH ends them: the bits beyond it are 0. */
static void cut_to_bits(uint8_t *octets, size_t bits)
{
    if (bits % 8 != 0)
        octets[bits / 8] &= (uint8_t)(0xff << (8 - bits % 8));
}

static void check_message(JsonObject *vector)
{
    const size_t bits = (size_t)json_object_get_int_member(vector, "bits");
    const eps_input input = vector_eps_input(vector);
    vector_octets key, plain, sealed;
    uint8_t out[VECTOR_MAX_OCTETS];
    eps_algorithm algorithm;
    eea_cipher cipher;

    if (!vector_eps_algorithm(vector, "EEA", &algorithm) ||
        eps_algorithm_availability((uint8_t)algorithm) == EPS_NOT_AVAILABLE)
        return;
    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "in", false, &plain);
    vector_get_octets(vector, "out", false, &sealed);
    g_assert_cmpuint(key.len, ==, EPS_KEY_LEN);

    g_assert_true(eea_init(&cipher, algorithm, key.data));
    g_assert_true(eea_crypt(&cipher, &input, plain.data, plain.len, out));
    cut_to_bits(out, bits);
    g_assert_cmpmem(out, plain.len, sealed.data, sealed.len);
    g_assert_true(eea_crypt(&cipher, &input, sealed.data, sealed.len, sealed.data));
    cut_to_bits(sealed.data, bits);
    g_assert_cmpmem(sealed.data, sealed.len, plain.data, plain.len);
    eea_clear(&cipher);
    eea_clear(&cipher);
    checked[algorithm]++;
}

static void check_file(const char *file, unsigned eea1, unsigned eea2, unsigned eea3)
{
    const bool stream = eps_algorithm_availability(EPS_ZUC) == EPS_AVAILABLE;

    memset(checked, 0, sizeof checked);
    vectors_for_each(file, check_message);
    g_assert_cmpuint(checked[EPS_SNOW_3G], ==, stream ? eea1 : 0);
    g_assert_cmpuint(checked[EPS_AES], ==, eea2);
    g_assert_cmpuint(checked[EPS_ZUC], ==, stream ? eea3 : 0);
}

static void test_published_messages(void)
{
    check_file("eps_published.json", 11, 6, 5);
}

static void test_messages_of_another_implementation(void)
{
    check_file("eps_random.json", 61, 61, 62);
}

static void check_pdu(JsonObject *vector)
{
    const eps_algorithm algorithm = (eps_algorithm)json_object_get_int_member(vector, "ciphering");
    const eps_input input = vector_eps_input(vector);
    vector_octets key, header, plain, mac_i, pdu;
    uint8_t out[VECTOR_MAX_OCTETS];
    eea_cipher cipher;

    if (eps_algorithm_availability((uint8_t)algorithm) == EPS_NOT_AVAILABLE)
        return;
    vector_get_octets(vector, "pek", false, &key);
    vector_get_octets(vector, "header", false, &header);
    vector_get_octets(vector, "plain", false, &plain);
    vector_get_octets(vector, "mac_i", false, &mac_i);
    vector_get_octets(vector, "pdu", false, &pdu);
    g_assert_cmpuint(pdu.len, ==, header.len + plain.len + mac_i.len);
    g_assert_true(eea_init(&cipher, algorithm, key.data));
    g_assert_true(eea_crypt(&cipher, &input, pdu.data + header.len, plain.len, out));
    g_assert_cmpmem(out, plain.len, plain.data, plain.len);
    eea_clear(&cipher);
}

static void test_sidelink_pdus(void)
{
    vectors_for_each("sidelink_pdus.json", check_pdu);
}

/* OpenSSL's own counter mode, for every length up to some blocks, and the longest. */
static void test_eea2_against_openssl(void)
{
    const eps_input input = { .count = 0xffffffff, .bearer = 31, .direction = 1 };
    const uint8_t first_block[16] = { 0xff, 0xff, 0xff, 0xff, 0xfc };
    uint8_t plain[EPS_MAX_LEN], ours[EPS_MAX_LEN], theirs[EPS_MAX_LEN];
    EVP_CIPHER_CTX *ctr = EVP_CIPHER_CTX_new();
    eea_cipher cipher;
    int written;

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 7 + (i >> 8));
    g_assert_true(eea_init(&cipher, EPS_AES, KEY));
    for (size_t len = 1; len <= EPS_MAX_LEN; len = len < 1600 ? len + 1 : len + 549) {
        g_assert_true(EVP_EncryptInit_ex2(ctr, EVP_aes_128_ctr(), KEY, first_block, NULL));
        g_assert_true(EVP_EncryptUpdate(ctr, theirs, &written, plain, (int)len));
        g_assert_true(eea_crypt(&cipher, &input, plain, len, ours));
        g_assert_cmpmem(ours, len, theirs, len);
    }
    EVP_CIPHER_CTX_free(ctr);
    eea_clear(&cipher);
}

static void test_eea0_copies(void)
{
    const eps_input input = { .count = 1, .bearer = 2, .direction = 1 };
    uint8_t in[] = "left as it is", out[sizeof in] = { 0 };
    eea_cipher cipher;

    g_assert_true(eea_init(&cipher, EPS_NULL, KEY));
    g_assert_true(eea_crypt(&cipher, &input, in, sizeof in, out));
    g_assert_cmpmem(out, sizeof out, in, sizeof in);
    g_assert_true(eea_crypt(&cipher, &input, in, sizeof in, in));
    g_assert_cmpmem(in, sizeof in, out, sizeof out);
    eea_clear(&cipher);
    cipher = (eea_cipher) { 0 };
    g_assert_true(eea_crypt(&cipher, &input, out, sizeof out, out));
    g_assert_cmpmem(in, sizeof in, out, sizeof out);
    eea_clear(&cipher);
}

/* Each part of the input has its place in the keystream: no two of these come to the same. */
static void test_every_input_counts(void)
{
    static const eps_input INPUTS[] = {
        { 0, 0, 0 }, { 1, 0, 0 }, { 0x80000000, 0, 0 }, { 0, 1, 0 }, { 0, 16, 0 }, { 0, 0, 1 }, { 0, 31, 1 },
    };
    const uint8_t zeros[16] = { 0 };
    uint8_t stream[G_N_ELEMENTS(INPUTS)][16];
    eea_cipher cipher;

    for (uint8_t algorithm = EPS_SNOW_3G; algorithm < EPS_ALGORITHMS; algorithm++) {
        if (eps_algorithm_availability(algorithm) == EPS_NOT_AVAILABLE)
            continue;
        g_assert_true(eea_init(&cipher, (eps_algorithm)algorithm, KEY));
        for (size_t i = 0; i < G_N_ELEMENTS(INPUTS); i++) {
            g_assert_true(eea_crypt(&cipher, &INPUTS[i], zeros, sizeof zeros, stream[i]));
            for (size_t j = 0; j < i; j++)
                g_assert_cmpint(memcmp(stream[i], stream[j], sizeof zeros), !=, 0);
        }
        eea_clear(&cipher);
    }
}

/* A shorter message takes the beginning of the same keystream; nothing is read or written beyond it, wherever it ends. */
static void test_lengths(void)
{
    const eps_input input = { .count = 0x12340005, .bearer = 4, .direction = 0 };
    guarded_octets in = guarded_octets_new(EPS_MAX_LEN), out = guarded_octets_new(EPS_MAX_LEN);
    uint8_t whole[EPS_MAX_LEN];
    eea_cipher cipher;

    memset(guarded_octets_begin(&in), 'p', in.room);
    for (uint8_t algorithm = EPS_NULL; algorithm < EPS_ALGORITHMS; algorithm++) {
        if (eps_algorithm_availability(algorithm) == EPS_NOT_AVAILABLE)
            continue;
        g_assert_true(eea_init(&cipher, (eps_algorithm)algorithm, KEY));
        g_assert_true(eea_crypt(&cipher, &input, guarded_octets_begin(&in), EPS_MAX_LEN, whole));
        for (size_t len = 0; len <= EPS_MAX_LEN; len = len < 600 ? len + 1 : len + 271) {
            uint8_t *end = guarded_octets_end(&out, len);
            g_assert_true(eea_crypt(&cipher, &input, guarded_octets_end(&in, len), len, end));
            g_assert_cmpmem(end, len, whole, len);

            uint8_t *begin = guarded_octets_begin(&out);
            memset(begin, 0xee, out.room);
            g_assert_true(eea_crypt(&cipher, &input, guarded_octets_begin(&in), len, begin));
            g_assert_cmpmem(begin, len, whole, len);
            for (size_t i = len; i < out.room; i++)
                g_assert_cmphex(begin[i], ==, 0xee);
        }
        g_assert_false(eea_crypt(&cipher, &input, whole, EPS_MAX_LEN + 1, whole));
        eea_clear(&cipher);
    }
    guarded_octets_free(&in);
    guarded_octets_free(&out);
}

static void test_refuses_unknown_algorithms(void)
{
    eea_cipher cipher;

    for (uint8_t identity = EPS_ALGORITHMS; identity != 0; identity++) {
        g_assert_cmpint(eps_algorithm_availability(identity), ==, EPS_UNKNOWN);
        g_assert_false(eea_init(&cipher, (eps_algorithm)identity, KEY));
        g_assert_null(cipher.aes.block);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/eea/published-messages", test_published_messages);
    g_test_add_func("/eea/messages-of-another-implementation", test_messages_of_another_implementation);
    g_test_add_func("/eea/sidelink-pdus", test_sidelink_pdus);
    g_test_add_func("/eea/eea2-against-openssl", test_eea2_against_openssl);
    g_test_add_func("/eea/eea0-copies", test_eea0_copies);
    g_test_add_func("/eea/every-input-counts", test_every_input_counts);
    g_test_add_func("/eea/lengths", test_lengths);
    g_test_add_func("/eea/refuses-unknown-algorithms", test_refuses_unknown_algorithms);
    return g_test_run();
}

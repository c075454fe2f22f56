#include "keys/prose_keys.h"

#include "ciphers/eea.h"
#include "ciphers/eia.h"
#include "keys/kd.h"

#include "eps_vectors.h"

#include <string.h>

static const char *const KD_SESS_METHODS[] = {
    [PROSE_KD_SESS_NONCES] = "nonces",
    [PROSE_KD_SESS_NONCE_1] = "nonce 1",
    [PROSE_KD_SESS_ZERO_NONCES] = "zero nonces",
    [PROSE_KD_SESS_IS_KD] = "kd",
};

static void get_key(JsonObject *vector, const char *member, threegpp_key *key)
{
    vector_octets octets;

    vector_get_octets(vector, member, false, &octets);
    g_assert_cmpuint(octets.len, <=, THREEGPP_KEY_LEN);
    *key = (threegpp_key) { .len = octets.len };
    memcpy(key->octets, octets.data, octets.len);
}

static uint16_t get_fc(JsonObject *vector)
{
    return (uint16_t)json_object_get_int_member(vector, "fc");
}

static void check_kd_sess(JsonObject *vector)
{
    const char *method = json_object_get_string_member(vector, "method");
    prose_kdf_profile profile = PROSE_KDF_DEFAULT;
    vector_octets nonce_1, nonce_2;
    threegpp_key kd, kd_sess, expected;

    for (unsigned i = 0; i < G_N_ELEMENTS(KD_SESS_METHODS); i++)
        if (strcmp(method, KD_SESS_METHODS[i]) == 0)
            profile.kd_sess_method = (prose_kd_sess_method)i;
    g_assert_cmpstr(method, ==, KD_SESS_METHODS[profile.kd_sess_method]);
    profile.kd_sess_fc = get_fc(vector);
    profile.nonce_2_first = json_object_get_boolean_member(vector, "nonce_2_first");
    get_key(vector, "kd", &kd);
    get_key(vector, "out", &expected);
    vector_get_octets(vector, "nonce_1", false, &nonce_1);
    vector_get_octets(vector, "nonce_2", false, &nonce_2);
    const bool with_1 = profile.kd_sess_method <= PROSE_KD_SESS_NONCE_1;
    const bool with_2 = profile.kd_sess_method == PROSE_KD_SESS_NONCES;
    g_assert_true(prose_kd_sess(&profile, &kd, with_1 ? nonce_1.data : NULL, with_2 ? nonce_2.data : NULL, &kd_sess));
    g_assert_cmpmem(kd_sess.octets, kd_sess.len, expected.octets, expected.len);
}

static void check_ptk(JsonObject *vector)
{
    prose_kdf_profile profile = PROSE_KDF_DEFAULT;
    prose_group_sender sender = { .ptk_id = (uint16_t)json_object_get_int_member(vector, "ptk_id") };
    vector_octets member, group;
    threegpp_key pgk, ptk, expected;

    profile.ptk_fc = get_fc(vector);
    profile.ptk_without_group = json_object_get_boolean_member(vector, "without_group");
    get_key(vector, "pgk", &pgk);
    get_key(vector, "out", &expected);
    vector_get_octets(vector, "member", false, &member);
    vector_get_octets(vector, "group", false, &group);
    memcpy(sender.member_id, member.data, sizeof sender.member_id);
    memcpy(sender.group_id, group.data, sizeof sender.group_id);
    g_assert_true(prose_ptk(&profile, &pgk, &sender, &ptk));
    g_assert_cmpmem(ptk.octets, ptk.len, expected.octets, expected.len);
}

static void check_traffic_key(JsonObject *vector)
{
    const bool pek = strcmp(json_object_get_string_member(vector, "use"), "PEK") == 0;
    prose_kdf_profile profile = PROSE_KDF_DEFAULT;
    threegpp_key from, expected;
    uint8_t key[EPS_KEY_LEN];

    profile.traffic_key_fc = get_fc(vector);
    profile.pek_distinguisher = (uint8_t)json_object_get_int_member(vector, "pek_code");
    profile.pik_distinguisher = (uint8_t)json_object_get_int_member(vector, "pik_code");
    profile.algorithm_first = json_object_get_boolean_member(vector, "algorithm_first");
    profile.upper_half = json_object_get_boolean_member(vector, "upper_half");
    get_key(vector, "from", &from);
    get_key(vector, "out", &expected);
    g_assert_true(prose_traffic_key(&profile, &from, pek ? PROSE_PEK : PROSE_PIK,
                                    (uint8_t)json_object_get_int_member(vector, "identity"), key));
    g_assert_cmpmem(key, sizeof key, expected.octets, expected.len);
}

static void check_step(JsonObject *vector)
{
    const char *step = json_object_get_string_member(vector, "step");

    if (strcmp(step, "kd-sess") == 0) {
        check_kd_sess(vector);
    } else if (strcmp(step, "ptk") == 0) {
        check_ptk(vector);
    } else {
        g_assert_cmpstr(step, ==, "traffic");
        check_traffic_key(vector);
    }
}

static void test_keys(void)
{
    vectors_for_each("prose_keys.json", check_step);
}

static void test_unusable_fc(void)
{
    const uint8_t nonce[PROSE_NONCE_LEN] = { 1 }, zeros[EPS_KEY_LEN] = { 0 };
    const threegpp_key kd = { .octets = { 7 }, .len = 32 }, nothing = { .len = 0 };
    const prose_group_sender sender = { .ptk_id = 1 };
    prose_kdf_profile profile = PROSE_KDF_DEFAULT;
    uint8_t key[EPS_KEY_LEN];
    threegpp_key out;

    profile.kd_sess_fc = profile.traffic_key_fc = profile.ptk_fc = 0xFF;
    memset(&out, 0xee, sizeof out);
    g_assert_false(prose_kd_sess(&profile, &kd, nonce, nonce, &out));
    g_assert_cmpmem(&out, sizeof out, &nothing, sizeof nothing);
    memset(&out, 0xee, sizeof out);
    g_assert_false(prose_ptk(&profile, &kd, &sender, &out));
    g_assert_cmpmem(&out, sizeof out, &nothing, sizeof nothing);
    memset(key, 0xee, sizeof key);
    g_assert_false(prose_traffic_key(&profile, &kd, PROSE_PIK, EPS_AES, key));
    g_assert_cmpmem(key, sizeof key, zeros, sizeof zeros);
}

/* K1 and K2 of an offer and its answer, or a group's PGK, to PEK and PIK, all by default. */
static void example_secret(bool group, threegpp_key *secret)
{
    uint8_t k1[16], k2[16], nonce_1[PROSE_NONCE_LEN], nonce_2[PROSE_NONCE_LEN];
    const sdes_kd_inputs inputs = { .offer = { .key = { k1, 16 } }, .answer = { .key = { k2, 16 } } };
    const prose_group_sender sender = { { 1, 2, 3 }, 7, { 0x0a, 0x0b, 0x0c } };
    threegpp_key pgk = { .len = THREEGPP_KEY_LEN }, kd;

    for (uint8_t i = 0; i < 16; i++) {
        k1[i] = i;
        k2[i] = 0x10 + i;
        nonce_1[i] = 0xa0 + i;
        nonce_2[i] = 0xb0 + i;
        pgk.octets[i] = 0x40 + i;
        pgk.octets[16 + i] = 0x50 + i;
    }
    if (group) {
        g_assert_true(prose_ptk(&PROSE_KDF_DEFAULT, &pgk, &sender, secret));
        return;
    }
    g_assert_true(kd_from_sdes(&SDES_KD_DEFAULT, &inputs, &kd));
    g_assert_true(prose_kd_sess(&PROSE_KDF_DEFAULT, &kd, nonce_1, nonce_2, secret));
}

/* From the key management to the PDU: the worked example whole. */
static void check_pdu(JsonObject *vector)
{
    const uint8_t ciphering = (uint8_t)json_object_get_int_member(vector, "ciphering");
    const gint64 integrity = json_object_get_int_member(vector, "integrity"); /* -1: the bearer has none */
    const eps_input input = vector_eps_input(vector);
    vector_octets header, plain, pdu;
    uint8_t pek[EPS_KEY_LEN], pik[EPS_KEY_LEN], message[VECTOR_MAX_OCTETS], mac_i[EIA_MAC_LEN];
    threegpp_key secret;
    eea_cipher cipher;
    eia_mac mac;

    if (eps_algorithm_availability(ciphering) == EPS_NOT_AVAILABLE ||
        (integrity > 0 && eps_algorithm_availability((uint8_t)integrity) == EPS_NOT_AVAILABLE))
        return;
    vector_get_octets(vector, "header", false, &header);
    vector_get_octets(vector, "plain", false, &plain);
    vector_get_octets(vector, "pdu", false, &pdu);
    example_secret(json_object_get_boolean_member(vector, "group"), &secret);

    g_assert_true(prose_traffic_key(&PROSE_KDF_DEFAULT, &secret, PROSE_PEK, ciphering, pek));
    g_assert_true(eea_init(&cipher, (eps_algorithm)ciphering, pek));
    memcpy(message, header.data, header.len);
    g_assert_true(eea_crypt(&cipher, &input, pdu.data + header.len, plain.len, message + header.len));
    g_assert_cmpmem(message + header.len, plain.len, plain.data, plain.len);
    eea_clear(&cipher);

    if (integrity < 0)
        return;
    g_assert_true(prose_traffic_key(&PROSE_KDF_DEFAULT, &secret, PROSE_PIK, (uint8_t)integrity, pik));
    g_assert_true(eia_init(&mac, (eps_algorithm)integrity, pik));
    g_assert_true(eia_mac_i(&mac, &input, message, 8 * (header.len + plain.len), mac_i));
    g_assert_cmpmem(mac_i, sizeof mac_i, pdu.data + pdu.len - EIA_MAC_LEN, EIA_MAC_LEN);
    eia_clear(&mac);
}

static void test_from_sdes_to_the_pdu(void)
{
    vectors_for_each("sidelink_example.json", check_pdu);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prose-keys/keys", test_keys);
    g_test_add_func("/prose-keys/unusable-fc", test_unusable_fc);
    g_test_add_func("/prose-keys/from-sdes-to-the-pdu", test_from_sdes_to_the_pdu);
    return g_test_run();
}

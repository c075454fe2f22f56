#include "keys/mikey_kdf.h"

#include "vectors.h"

#include <string.h>

typedef struct {
    vector_octets rand, rand_i, rand_r, idr, rand_kms, label;
    uint32_t constant, csb_id;
    uint8_t cs_id;
    mikey_direction direction;
} label_inputs;

static octet_span span_of(const vector_octets *octets)
{
    return (octet_span) { octets->data, octets->len };
}

static uint32_t number_in_hex(JsonObject *vector, const char *member)
{
    const char *hex = json_object_get_string_member_with_default(vector, member, "0");

    return (uint32_t)g_ascii_strtoull(hex, NULL, 16);
}

static void get_inputs(JsonObject *vector, label_inputs *in)
{
    vector_get_octets(vector, "rand", true, &in->rand);
    vector_get_octets(vector, "rand_i", true, &in->rand_i);
    vector_get_octets(vector, "rand_r", true, &in->rand_r);
    vector_get_octets(vector, "idr", true, &in->idr);
    vector_get_octets(vector, "rand_kms", true, &in->rand_kms);
    vector_get_octets(vector, "label", true, &in->label);
    in->constant = number_in_hex(vector, "constant");
    in->csb_id = number_in_hex(vector, "csb_id");
    in->cs_id = (uint8_t)json_object_get_int_member_with_default(vector, "cs_id", 0);
    in->direction = (mikey_direction)json_object_get_int_member_with_default(vector, "direction", 0);
}

static mikey_label label_of(const char *kind, const label_inputs *in)
{
    if (strcmp(kind, "message") == 0)
        return mikey_label_message(in->constant, in->csb_id, span_of(&in->rand));
    if (strcmp(kind, "session") == 0)
        return mikey_label_session(in->constant, in->cs_id, in->csb_id, span_of(&in->rand));
    if (strcmp(kind, "ticket message") == 0)
        return mikey_label_ticket_message(in->constant, in->csb_id, in->direction, span_of(&in->rand_i),
                                          span_of(&in->rand_r));
    if (strcmp(kind, "ticket session") == 0)
        return mikey_label_ticket_session(in->constant, in->cs_id, span_of(&in->rand_i), span_of(&in->rand_r));
    if (strcmp(kind, "fork") == 0)
        return mikey_label_fork(in->constant, span_of(&in->idr), span_of(&in->rand_kms));
    if (strcmp(kind, "vr") == 0)
        return mikey_label_vr(in->constant);
    if (strcmp(kind, "tpk") == 0)
        return mikey_label_tpk(in->constant, span_of(&in->rand));
    if (strcmp(kind, "mpk") == 0)
        return mikey_label_mpk(in->constant, span_of(&in->rand));
    g_assert_cmpstr(kind, ==, "plain");
    return (mikey_label) { .part_count = 1, .parts = { { span_of(&in->label), 0 } } };
}

static void check_key(JsonObject *vector)
{
    vector_octets inkey, expected;
    label_inputs in;
    uint8_t out[VECTOR_MAX_OCTETS];
    const char *variant = json_object_get_string_member_with_default(vector, "variant", "rfc");
    const mikey_prf prf = { (uint8_t)json_object_get_int_member(vector, "prf"),
                            strcmp(variant, "minisip") == 0 ? MIKEY_PRF_MINISIP : MIKEY_PRF_RFC };

    vector_get_octets(vector, "inkey", false, &inkey);
    vector_get_octets(vector, "out", false, &expected);
    get_inputs(vector, &in);
    const mikey_label label = label_of(json_object_get_string_member(vector, "kind"), &in);
    /* A shorter key is the beginning of a longer one, and nothing is written behind it. */
    for (size_t len = 0; len <= expected.len; len++) {
        memset(out, 0xee, sizeof out);
        g_assert_true(mikey_derive(prf, span_of(&inkey), &label, out, len));
        g_assert_cmpmem(out, len, expected.data, len);
        g_assert_cmphex(out[len], ==, 0xee);
    }
}

static void test_keys(void)
{
    vectors_for_each("mikey_kdf.json", check_key);
}

static void derive(mikey_prf_variant variant, size_t key_len, uint8_t out[16])
{
    uint8_t key[200];
    const mikey_label label = mikey_label_vr(MIKEY_MESSAGE_AUTH_KEY);

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 5 + 1);
    const octet_span inkey = { key, key_len };
    g_assert_true(mikey_derive((mikey_prf) { MIKEY_PRF_MIKEY_1, variant }, inkey, &label, out, 16));
}

/* minisip's PRF departs for keys of whole blocks, and for no others. */
static void test_where_minisip_departs(void)
{
    uint8_t rfc[16], minisip[16];

    for (size_t len = 1; len <= 200; len++) {
        derive(MIKEY_PRF_RFC, len, rfc);
        derive(MIKEY_PRF_MINISIP, len, minisip);
        g_assert_cmpint(memcmp(rfc, minisip, sizeof rfc) == 0, ==, len % 32 != 0);
        g_assert_cmpint(mikey_prf_variants_differ(len), ==, len % 32 == 0);
    }
}

/* RFC 6043 section 5.1.2: RANDRi left out, or RANDRr left out, are different labels, though the octets are the same. */
static void test_left_out_rands_keep_their_place(void)
{
    const uint8_t octets[16] = { 1, 2, 3 };
    const octet_span rand = { octets, sizeof octets }, none = { NULL, 0 }, key = { octets, 16 };
    const mikey_prf prf = { MIKEY_PRF_HMAC_SHA_256, MIKEY_PRF_RFC };
    uint8_t first[16], second[16];

    mikey_label label = mikey_label_ticket_message(MIKEY_MESSAGE_AUTH_KEY, 1, MIKEY_INITIAL_MESSAGE, rand, none);
    g_assert_true(mikey_derive(prf, key, &label, first, 16));
    label = mikey_label_ticket_message(MIKEY_MESSAGE_AUTH_KEY, 1, MIKEY_INITIAL_MESSAGE, none, rand);
    g_assert_true(mikey_derive(prf, key, &label, second, 16));
    g_assert_true(memcmp(first, second, 16) != 0);
}

static void test_longest_parts(void)
{
    uint8_t *octets = g_malloc0(65536);
    const octet_span key = { octets, 16 };
    const mikey_prf prf = { MIKEY_PRF_MIKEY_1, MIKEY_PRF_RFC };
    uint8_t out[16];

    mikey_label label = mikey_label_fork(MIKEY_FORK_TGK, (octet_span) { octets, 65535 }, (octet_span) { octets, 255 });
    g_assert_true(mikey_derive(prf, key, &label, out, 16));
    label = mikey_label_fork(MIKEY_FORK_TGK, (octet_span) { octets, 65536 }, (octet_span) { octets, 255 });
    g_assert_false(mikey_derive(prf, key, &label, out, 16));
    label = mikey_label_fork(MIKEY_FORK_TGK, (octet_span) { octets, 1 }, (octet_span) { octets, 256 });
    g_assert_false(mikey_derive(prf, key, &label, out, 16));
    /* Base MIKEY writes no length. */
    label = mikey_label_message(MIKEY_MESSAGE_ENCR_KEY, 1, (octet_span) { octets, 65536 });
    g_assert_true(mikey_derive(prf, key, &label, out, 16));
    g_free(octets);
}

static void test_refusals_leave_no_key(void)
{
    const uint8_t octets[16] = { 1 }, zeros[16] = { 0 };
    const mikey_label label = mikey_label_vr(MIKEY_MESSAGE_AUTH_KEY);
    uint8_t out[16];

    for (unsigned func = 0; func < 256; func++) {
        memset(out, 0xee, sizeof out);
        const bool known = func < 2;
        g_assert_cmpint(mikey_prf_is_known((uint8_t)func), ==, known);
        g_assert_cmpint(mikey_derive((mikey_prf) { (uint8_t)func, MIKEY_PRF_RFC }, (octet_span) { octets, 16 }, &label,
                                     out, 16), ==, known);
        g_assert_cmpint(memcmp(out, zeros, 16) == 0, ==, !known);
    }
    g_assert_false(mikey_derive((mikey_prf) { 0, MIKEY_PRF_RFC }, (octet_span) { octets, 0 }, &label, out, 16));
    g_assert_cmpmem(out, 16, zeros, 16);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mikey-kdf/keys", test_keys);
    g_test_add_func("/mikey-kdf/where-minisip-departs", test_where_minisip_departs);
    g_test_add_func("/mikey-kdf/left-out-rands-keep-their-place", test_left_out_rands_keep_their_place);
    g_test_add_func("/mikey-kdf/longest-parts", test_longest_parts);
    g_test_add_func("/mikey-kdf/refusals-leave-no-key", test_refusals_leave_no_key);
    return g_test_run();
}

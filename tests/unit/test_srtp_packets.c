/* Packets that others protected, opened: the published ones, and those of the Python model in tests/vectors. */
#include "keys/srtp_context.h"

#include "vectors.h"

#include <string.h>

typedef struct {
    srtp_context *context;
    srtp_reading reading;
    uint8_t encrypted_ids[32];
    bool is_rtcp;
    uint32_t roc;
} opener;

/* One context for each key, kept from vector to vector: consecutive packets of one sender then meet in it, and with
 * them the session keys of neighbouring derivation periods. */
static srtp_master_key last_key;
static srtp_context *last_context;

static srtp_context *context_for(const srtp_master_key *key)
{
    /* Padding that differs costs a context that is no other. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-*) */
    if (!last_context || memcmp(key, &last_key, sizeof *key) != 0) {
        srtp_context_free(last_context);
        last_context = srtp_context_new(key);
        g_assert_nonnull(last_context);
        last_key = *key;
    }
    return last_context;
}

static void read_key(JsonObject *vector, srtp_master_key *key)
{
    const char *name = json_object_get_string_member(vector, "suite");
    const crypto_suite *suite = crypto_suite_by_name(name, strlen(name));
    vector_octets octets;

    g_assert_nonnull(suite);
    memset(key, 0, sizeof *key);
    key->transform = suite->transform;
    key->kdr = (uint32_t)json_object_get_int_member(vector, "kdr");
    vector_get_octets(vector, "master_key", false, &octets);
    g_assert_cmpuint(octets.len, ==, key->transform.key_len);
    memcpy(key->key, octets.data, octets.len);
    vector_get_octets(vector, "master_salt", false, &octets);
    g_assert_cmpuint(octets.len, ==, key->transform.salt_len);
    memcpy(key->salt, octets.data, octets.len);
    vector_get_octets(vector, "mki", false, &octets);
    key->mki_len = (uint8_t)octets.len;
    memcpy(key->mki, octets.data, octets.len);
}

static void read_opener(JsonObject *vector, opener *o)
{
    srtp_master_key key;

    memset(o, 0, sizeof *o);
    read_key(vector, &key);
    o->context = context_for(&key);
    o->is_rtcp = strcmp(json_object_get_string_member(vector, "kind"), "rtcp") == 0;
    o->roc = (uint32_t)json_object_get_int_member_with_default(vector, "roc", 0);
    const uint8_t tag_len = o->is_rtcp ? key.transform.srtcp_tag_len : key.transform.srtp_tag_len;
    const char *kdf = json_object_get_string_member_with_default(vector, "kdf", "rfc");
    o->reading = (srtp_reading) {
        .kdf = strcmp(kdf, "aes-192-as-256") == 0 ? SRTP_KDF_AES192_AS_256 : SRTP_KDF_RFC,
        .tag_len = (uint8_t)json_object_get_int_member_with_default(vector, "tag_len", tag_len),
        .mki_len = key.mki_len,
        .verify = true,
        .clear = json_object_get_boolean_member_with_default(vector, "clear", FALSE),
    };
    if (json_object_has_member(vector, "encrypted_ids")) {
        JsonArray *ids = json_object_get_array_member(vector, "encrypted_ids");
        for (guint i = 0; i < json_array_get_length(ids); i++) {
            const gint64 id = json_array_get_int_element(ids, i);
            o->encrypted_ids[id / 8] |= (uint8_t)(1 << id % 8);
        }
        o->reading.encrypted_extensions = o->encrypted_ids;
        o->reading.padding_takes_keystream = true;
    }
}

static bool is_aead(const opener *o)
{
    return srtp_context_key(o->context)->transform.auth == SRTP_AUTH_AEAD;
}

/* HMAC: the tag ends the packet. AEAD: the MKI follows it, and in SRTCP the word of E bit and index before that. */
static size_t last_octet_of_tag(const opener *o, size_t len)
{
    return len - 1 - (is_aead(o) ? o->reading.mki_len + (o->is_rtcp ? 4 : 0) : 0);
}

/* Opens a copy of the exact length. *out is to be freed, unless the header does not parse and it is NULL. */
static srtp_open_result open_packet(const opener *o, const uint8_t *data, size_t len, uint8_t **out, size_t *out_len,
                                    uint32_t *index, bool *encrypted)
{
    uint8_t *exact = g_memdup2(data, len);
    srtp_open_result result = SRTP_OPEN_TOO_SHORT;
    rtp_packet packet;

    *out = g_malloc0(len);
    if (o->is_rtcp)
        result = srtp_context_open_rtcp(o->context, &o->reading, exact, len, *out, out_len, index, encrypted);
    else if (rtp_packet_parse(&packet, exact, len))
        result = srtp_context_open_rtp(o->context, &o->reading, &packet, o->roc, *out, out_len);
    g_free(exact);
    return result;
}

static void assert_opens(const opener *o, JsonObject *vector, const vector_octets *sealed, const vector_octets *plain)
{
    uint8_t *out;
    size_t out_len = 0;
    uint32_t index = 0;
    bool encrypted = false;

    g_assert_cmpint(open_packet(o, sealed->data, sealed->len, &out, &out_len, &index, &encrypted), ==, SRTP_OPEN_OK);
    g_assert_cmpmem(out, out_len, plain->data, plain->len);
    if (o->is_rtcp) {
        g_assert_cmpuint(index, ==, json_object_get_int_member(vector, "index"));
        g_assert_cmpint(encrypted, ==, json_object_get_boolean_member(vector, "encrypted"));
    }
    g_free(out);
}

/* Where the payload of `plain` stands in out[], nothing of it may be readable. */
static void assert_no_plaintext(const opener *o, const uint8_t *out, const vector_octets *plain)
{
    size_t from = RTCP_HEADER_LEN;

    if (!o->is_rtcp) {
        rtp_packet packet;
        g_assert_true(rtp_packet_parse(&packet, plain->data, plain->len));
        from = packet.header_len;
    }
    for (size_t i = from; i < plain->len; i++)
        g_assert_cmphex(out[i], ==, 0);
}

/* Flips each bit of the packet in turn. All is authenticated but the MKI, which is compared. */
static void assert_every_bit_counts(const opener *o, const vector_octets *sealed, const vector_octets *plain)
{
    const size_t mki_at = sealed->len - o->reading.mki_len - (is_aead(o) ? 0 : o->reading.tag_len);
    vector_octets flipped = *sealed;

    for (size_t bit = 0; bit < 8 * sealed->len; bit++) {
        const size_t at = bit / 8;
        const bool in_mki = at >= mki_at && at < mki_at + o->reading.mki_len;
        uint8_t *out;
        size_t out_len = 0;
        uint32_t index;
        bool encrypted;

        flipped.data[at] ^= (uint8_t)(1 << bit % 8);
        const srtp_open_result result =
            open_packet(o, flipped.data, flipped.len, &out, &out_len, &index, &encrypted);
        if (result == SRTP_OPEN_TOO_SHORT) /* version, extension bit, CSRC count, or an extension's length */
            g_assert_true(!o->is_rtcp && (at == 0 || sealed->data[0] & 0x10));
        else
            g_assert_cmpint(result, ==, in_mki ? SRTP_OPEN_MKI_MISMATCH : SRTP_OPEN_TAG_MISMATCH);
        assert_no_plaintext(o, out, plain);
        g_free(out);
        flipped.data[at] ^= (uint8_t)(1 << bit % 8);
    }
}

static void assert_other_roc_fails(opener *o, const vector_octets *sealed)
{
    uint8_t *out;
    size_t out_len;

    o->roc ^= 1;
    g_assert_cmpint(open_packet(o, sealed->data, sealed->len, &out, &out_len, NULL, NULL), ==, SRTP_OPEN_TAG_MISMATCH);
    o->roc ^= 1;
    g_free(out);
}

static void check_packet(JsonObject *vector)
{
    vector_octets sealed, plain;
    opener o;

    read_opener(vector, &o);
    vector_get_octets(vector, "protected", false, &sealed);
    vector_get_octets(vector, "plain", false, &plain);
    assert_opens(&o, vector, &sealed, &plain);
    if (srtp_context_key(o.context)->transform.key_len != 24) { /* the variants differ for AES-192 alone */
        o.reading.kdf = SRTP_KDF_AES192_AS_256;
        assert_opens(&o, vector, &sealed, &plain);
    }
    o.reading.verify = false;
    assert_opens(&o, vector, &sealed, &plain);
    if (o.reading.tag_len == 0)
        return;
    sealed.data[last_octet_of_tag(&o, sealed.len)] ^= 1;
    assert_opens(&o, vector, &sealed, &plain);
    sealed.data[last_octet_of_tag(&o, sealed.len)] ^= 1;
    o.reading.verify = true;
    if (!o.is_rtcp)
        assert_other_roc_fails(&o, &sealed);
    if (sealed.len < 300) /* the work grows with the square of the length */
        assert_every_bit_counts(&o, &sealed, &plain);
}

static void check_file(const char *file)
{
    vectors_for_each(file, check_packet);
    srtp_context_free(last_context);
    last_context = NULL;
}

static void test_published(void)
{
    check_file("published_packets.json");
}

static void test_f8(void)
{
    check_file("f8_packets.json");
}

static void test_key_derivation_rate(void)
{
    check_file("kdr_packets.json");
}

static void test_readings(void)
{
    check_file("reading_packets.json");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/srtp-packets/published", test_published);
    g_test_add_func("/srtp-packets/f8", test_f8);
    g_test_add_func("/srtp-packets/key-derivation-rate", test_key_derivation_rate);
    g_test_add_func("/srtp-packets/readings", test_readings);
    return g_test_run();
}

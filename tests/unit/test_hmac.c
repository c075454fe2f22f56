#include "keys/hmac.h"

#include "vectors.h"

#include <string.h>

static void check_tag(JsonObject *vector, hmac_digest digest)
{
    vector_octets key, data, expected;
    uint8_t tag[HMAC_MAX_LEN + 1];

    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "data", false, &data);
    vector_get_octets(vector, "tag", false, &expected);
    g_assert_cmpuint(expected.len, ==, hmac_len(digest));
    const octet_span span = { key.data, key.len };
    /* However the message is cut, with an empty piece between. */
    for (size_t split = 0; split <= data.len; split++) {
        const octet_span pieces[] = { { data.data, split }, { NULL, 0 }, { data.data + split, data.len - split } };
        memset(tag, 0xee, sizeof tag);
        g_assert_true(hmac_of(digest, span, pieces, 3, tag));
        g_assert_cmpmem(tag, hmac_len(digest), expected.data, expected.len);
        g_assert_cmphex(tag[hmac_len(digest)], ==, 0xee);
    }
}

static void check_sha1(JsonObject *vector)
{
    check_tag(vector, HMAC_WITH_SHA1);
}

static void check_sha256(JsonObject *vector)
{
    check_tag(vector, HMAC_WITH_SHA256);
}

static void test_published_tags(void)
{
    vectors_for_each("hmac_sha1.json", check_sha1);
    vectors_for_each("hmac_sha256.json", check_sha256);
}

/* RFC 2104 fills a short key up with zero octets: an empty key is the same as one of zeros. */
static void test_empty_key_and_no_message(void)
{
    const uint8_t zeros[64] = { 0 };
    uint8_t empty[HMAC_MAX_LEN], filled[HMAC_MAX_LEN];
    const hmac_digest digests[] = { HMAC_WITH_SHA1, HMAC_WITH_SHA256 };

    for (size_t i = 0; i < G_N_ELEMENTS(digests); i++) {
        g_assert_true(hmac_of(digests[i], (octet_span) { NULL, 0 }, NULL, 0, empty));
        g_assert_true(hmac_of(digests[i], (octet_span) { zeros, sizeof zeros }, NULL, 0, filled));
        g_assert_cmpmem(empty, hmac_len(digests[i]), filled, hmac_len(digests[i]));
    }
}

/* The chain of a PRF: the tag replaces what it was made of. */
static void test_tag_over_its_own_message(void)
{
    uint8_t apart[20], over[20];
    const uint8_t message[20] = { 7 };
    const octet_span key = { message, 3 };

    g_assert_true(hmac_of(HMAC_WITH_SHA1, key, &(octet_span) { message, 20 }, 1, apart));
    memcpy(over, message, sizeof over);
    g_assert_true(hmac_of(HMAC_WITH_SHA1, key, &(octet_span) { over, 20 }, 1, over));
    g_assert_cmpmem(over, 20, apart, 20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hmac/published-tags", test_published_tags);
    g_test_add_func("/hmac/empty-key-and-no-message", test_empty_key_and_no_message);
    g_test_add_func("/hmac/tag-over-its-own-message", test_tag_over_its_own_message);
    return g_test_run();
}

#include "ciphers/hmac_sha1.h"

#include "vectors.h"

static void check_tag(JsonObject *vector)
{
    vector_octets key, data, expected;
    uint8_t tag[HMAC_SHA1_LEN];
    hmac_sha1 hmac;

    vector_get_octets(vector, "key", false, &key);
    vector_get_octets(vector, "data", false, &data);
    vector_get_octets(vector, "tag", false, &expected);
    g_assert_true(hmac_sha1_init(&hmac, key.data, key.len));
    /* However the message is split, and however often the key was used before. */
    for (size_t split = 0; split <= data.len; split++) {
        g_assert_true(hmac_sha1_tag(&hmac, data.data, split, data.data + split, data.len - split, tag));
        g_assert_cmpmem(tag, sizeof tag, expected.data, expected.len);
    }
    g_assert_true(hmac_sha1_tag(&hmac, data.data, data.len, NULL, 0, tag));
    g_assert_cmpmem(tag, sizeof tag, expected.data, expected.len);
    hmac_sha1_clear(&hmac);
    hmac_sha1_clear(&hmac);
}

static void test_published_tags(void)
{
    vectors_for_each("hmac_sha1.json", check_tag);
}

static void test_refuses_keys_longer_than_a_block(void)
{
    const uint8_t key[HMAC_SHA1_MAX_KEY_LEN + 1] = { 0 };
    hmac_sha1 hmac;

    g_assert_false(hmac_sha1_init(&hmac, key, sizeof key));
    g_assert_null(hmac.inner);
    g_assert_true(hmac_sha1_init(&hmac, key, HMAC_SHA1_MAX_KEY_LEN));
    hmac_sha1_clear(&hmac);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hmac-sha1/published-tags", test_published_tags);
    g_test_add_func("/hmac-sha1/refuses-keys-longer-than-a-block", test_refuses_keys_longer_than_a_block);
    return g_test_run();
}

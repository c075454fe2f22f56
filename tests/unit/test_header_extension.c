#include "ciphers/header_extension.h"

#include "vectors.h"

#include <string.h>

/* The mask that falls out of restoring: FF where a body is left decrypted. `received` is in hex, ids end with 0. */
static void assert_mask(uint16_t profile, const char *received_hex, const unsigned *ids, const char *mask_hex)
{
    vector_octets received, expected;
    uint8_t map[32] = { 0 };

    vector_parse_hex(received_hex, &received);
    vector_parse_hex(mask_hex, &expected);
    for (; *ids; ids++)
        map[*ids / 8] |= (uint8_t)(1 << *ids % 8);
    uint8_t *in = g_memdup2(received.data, received.len); /* of the exact length, for the sanitizers */
    uint8_t *out = g_malloc(received.len);
    for (size_t i = 0; i < received.len; i++)
        out[i] = (uint8_t)~in[i];
    header_extension_restore_clear(profile, in, received.len, map, out);
    for (size_t i = 0; i < received.len; i++)
        out[i] ^= in[i];
    g_assert_cmpmem(out, received.len, expected.data, expected.len);
    g_free(in);
    g_free(out);
}

/* Gathers `received`, replaces every gathered octet by its complement and spreads it again: what is complemented in the result is
 * what libsrtp's reading deciphers, and the gathered octets are what it passes its keystream over. */
static void assert_gathered(uint16_t profile, const char *received_hex, const unsigned *ids, const char *gathered_hex,
                            const char *mask_hex)
{
    vector_octets received, gathered, mask;
    uint8_t map[32] = { 0 };

    vector_parse_hex(received_hex, &received);
    vector_parse_hex(gathered_hex, &gathered);
    vector_parse_hex(mask_hex, &mask);
    for (; *ids; ids++)
        map[*ids / 8] |= (uint8_t)(1 << *ids % 8);
    uint8_t *in = g_memdup2(received.data, received.len); /* of the exact length, for the sanitizers */
    uint8_t *room = g_malloc(received.len);
    const size_t begin = header_extension_gather(profile, in, received.len, room);
    g_assert_cmpmem(room + begin, received.len - begin, gathered.data, gathered.len);
    for (size_t i = begin; i < received.len; i++)
        room[i] = (uint8_t)~room[i];
    header_extension_spread(profile, in, received.len, map, begin, room);
    for (size_t i = 0; i < received.len; i++)
        room[i] ^= in[i];
    g_assert_cmpmem(room, received.len, mask.data, mask.len);
    g_free(in);
    g_free(room);
}

static void test_padding_without_keystream(void)
{
    assert_gathered(0xbede, "10aa000021bbbb0032cccccc00000000", (const unsigned[]) { 1, 3, 0 }, "10aa21bbbb32cccccc",
                    "00ff000000000000" "00ffffff00000000");
    assert_gathered(0x1000, "0101aa000203bbbbbb00", (const unsigned[]) { 2, 0 }, "0101aa0203bbbbbb",
                    "000000000000ffffff00");
    assert_gathered(0xbede, "000010aaf0bbbbbb", (const unsigned[]) { 1, 15, 0 }, "10aa", "000000ff00000000");
    assert_gathered(0x1234, "10aa21bbbb", (const unsigned[]) { 1, 2, 0 }, "", "0000000000");
}

static void test_ambiguity(void)
{
    static const uint8_t padded[] = { 0x10, 0xaa, 0, 0, 0x20, 0xbb, 0, 0 };
    static const uint8_t only_first[32] = { 1 << 1 }, second[32] = { 1 << 2 };
    g_assert_true(header_extension_is_ambiguous(0xbede, padded, sizeof padded, second));
    g_assert_false(header_extension_is_ambiguous(0xbede, padded, sizeof padded, only_first));
    g_assert_false(header_extension_is_ambiguous(0x1234, padded, sizeof padded, second));
}

/* RFC 6904 A.2: plaintext and mask. */
static void test_published_mask(void)
{
    assert_mask(0xbede, "17414273a475262748220000c8308e4655996386b395fb00", (const unsigned[]) { 1, 3, 4, 0 },
                "00ffffffffffffffff0000000000ff00ffffffffffffff00");
}

static void test_one_byte_form(void)
{
    static const char ELEMENTS[] = "10aa000021bbbb003fcccccccccccccccccccccccccccccccc00e0dd0000";

    assert_mask(0xbede, ELEMENTS, (const unsigned[]) { 0 },
                "000000000000000000000000000000000000000000000000000000000000");
    assert_mask(0xbede, ELEMENTS, (const unsigned[]) { 1, 14, 0 },
                "00ff00000000000000000000000000000000000000000000000000ff0000");
    assert_mask(0xbede, ELEMENTS, (const unsigned[]) { 2, 3, 0 },
                "0000000000ffff0000ffffffffffffffffffffffffffffffff0000000000");
}

static void test_one_byte_form_ends_early(void)
{
    /* ID 15, ID 0 with a length, and a body that is cut off */
    assert_mask(0xbede, "10aaf0bb10cc0000", (const unsigned[]) { 1, 15, 0 }, "00ff000000000000");
    assert_mask(0xbede, "10aa01bbbb10cc00", (const unsigned[]) { 1, 0 }, "00ff000000000000");
    assert_mask(0xbede, "10aa16bbbbbbbbbb", (const unsigned[]) { 1, 0 }, "00ff000000000000");
    assert_mask(0xbede, "10aa15bbbbbbbbbbbb", (const unsigned[]) { 1, 0 }, "00ff00ffffffffffff");
    assert_mask(0xbede, "10aa0010", (const unsigned[]) { 1, 0 }, "00ff0000");
}

static void test_two_byte_form(void)
{
    static const char ELEMENTS[] = "0101aa00020000ff03cccccc0f02dddd";
    static const char MASK[] = "0000ff000000000000ffffff0000ffff";

    assert_mask(0x1000, ELEMENTS, (const unsigned[]) { 1, 2, 15, 255, 0 }, MASK);
    assert_mask(0x100f, ELEMENTS, (const unsigned[]) { 1, 2, 15, 255, 0 }, MASK);
    assert_mask(0x1000, "0101aa0f", (const unsigned[]) { 1, 15, 0 }, "0000ff00");
    assert_mask(0x1000, "0101aa0f02bb", (const unsigned[]) { 1, 15, 0 }, "0000ff000000");
    assert_mask(0x1000, "0f00", (const unsigned[]) { 15, 0 }, "0000");
}

static void test_other_profiles(void)
{
    assert_mask(0x1010, "0101aa00", (const unsigned[]) { 1, 0 }, "00000000");
    assert_mask(0xbedf, "10aa0000", (const unsigned[]) { 1, 0 }, "00000000");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/header-extension/published-mask", test_published_mask);
    g_test_add_func("/header-extension/one-byte-form", test_one_byte_form);
    g_test_add_func("/header-extension/one-byte-form-ends-early", test_one_byte_form_ends_early);
    g_test_add_func("/header-extension/two-byte-form", test_two_byte_form);
    g_test_add_func("/header-extension/other-profiles", test_other_profiles);
    g_test_add_func("/header-extension/padding-without-keystream", test_padding_without_keystream);
    g_test_add_func("/header-extension/ambiguity", test_ambiguity);
    return g_test_run();
}

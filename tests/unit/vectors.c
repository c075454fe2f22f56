#include "vectors.h"

#include <string.h>

void vectors_for_each(const char *file, void (*check)(JsonObject *vector))
{
    char *path = g_test_build_filename(G_TEST_DIST, "..", "vectors", file, NULL);
    JsonParser *parser = json_parser_new();
    GError *error = NULL;

    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    JsonArray *vectors = json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), "vectors");
    const guint count = json_array_get_length(vectors);
    g_assert_cmpuint(count, >, 0);
    for (guint i = 0; i < count; i++) {
        JsonObject *vector = json_array_get_object_element(vectors, i);
        g_test_message("%s: %s", file, json_object_get_string_member(vector, "name"));
        check(vector);
    }
    g_object_unref(parser);
    g_free(path);
}

void vector_parse_hex(const char *hex, vector_octets *octets)
{
    const size_t digits = strlen(hex);

    g_assert_cmpuint(digits % 2, ==, 0);
    g_assert_cmpuint(digits / 2, <=, sizeof octets->data);
    octets->len = digits / 2;
    for (size_t i = 0; i < octets->len; i++) {
        const int high = g_ascii_xdigit_value(hex[2 * i]);
        const int low = g_ascii_xdigit_value(hex[2 * i + 1]);
        g_assert_true(high >= 0 && low >= 0);
        octets->data[i] = (uint8_t)(high << 4 | low);
    }
}

vector_octets octets_of(const char *text)
{
    vector_octets octets = {.len = 0};
    while (*text) {
        if (*text == ' ') {
            text++;
        } else if (*text == '@') {
            octets.len += g_ascii_strtoull(text + 1, (char **)&text, 10);
        } else {
            int high = g_ascii_xdigit_value(text[0]), low = g_ascii_xdigit_value(text[1]);
            g_assert_true(high >= 0 && low >= 0);
            octets.data[octets.len++] = (uint8_t)(high << 4 | low);
            text += 2;
        }
        g_assert_cmpuint(octets.len, <=, sizeof octets.data);
    }
    return octets;
}

void vector_get_octets(JsonObject *vector, const char *member, bool optional, vector_octets *octets)
{
    const char *hex = json_object_get_string_member_with_default(vector, member, optional ? "" : NULL);

    g_assert_nonnull(hex);
    vector_parse_hex(hex, octets);
}

#include "sessions/seen_set.h"

#include <glib.h>
#include <stdbool.h>

static void test_new_same_different(void)
{
    seen_set set = {0};
    g_assert_cmpint(seen_set_add(&set, 5, 0xaa), ==, SEEN_NEW);
    g_assert_cmpint(seen_set_add(&set, 5, 0xaa), ==, SEEN_SAME);
    g_assert_cmpint(seen_set_add(&set, 5, 0xbb), ==, SEEN_DIFFERENT);
    g_assert_cmpint(seen_set_add(&set, 5, 0xaa), ==, SEEN_SAME);
    g_assert_cmpint(seen_set_add(&set, 6, 0xaa), ==, SEEN_NEW);
    g_assert_cmpint(seen_set_add(&set, 5 + 64, 0xaa), ==, SEEN_NEW);
    g_assert_cmpint(seen_set_add(&set, (UINT64_C(1) << 48) - 1, 0), ==, SEEN_NEW);
    g_assert_cmpint(seen_set_add(&set, 5, 0xaa), ==, SEEN_SAME);
    seen_set_clear(&set);
    g_assert_cmpint(seen_set_add(&set, 5, 0xaa), ==, SEEN_NEW);
    seen_set_clear(&set);
}

/* In random order each index is new once and known ever after; a hash table of GLib's is the second opinion. */
static void test_any_order(void)
{
    seen_set set = {0};
    GHashTable *model = g_hash_table_new(NULL, NULL);
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t index = (uint32_t)g_test_rand_int_range(0, 50000);
        bool known = g_hash_table_contains(model, GUINT_TO_POINTER(index));
        g_assert_cmpint(seen_set_add(&set, index, index * 7), ==, known ? SEEN_SAME : SEEN_NEW);
        g_hash_table_add(model, GUINT_TO_POINTER(index));
    }
    g_hash_table_destroy(model);
    seen_set_clear(&set);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seen-set/new-same-different", test_new_same_different);
    g_test_add_func("/seen-set/any-order", test_any_order);
    return g_test_run();
}

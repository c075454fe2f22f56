#include "sessions/packet_index.h"

#include <glib.h>

/* RFC 3711 section 3.3.1 and appendix A, worked by hand. */
static void test_estimate(void)
{
    static const struct {
        uint32_t roc;
        uint16_t s_l, seq;
        uint32_t expected;
    } rows[] = {
        {0, 0, 1, 0},          {0, 0, 32768, 0},      {5, 0, 32769, 4},     {5, 0, 65535, 4},
        {5, 32767, 65535, 5},  {5, 32768, 0, 5},      {5, 32769, 0, 6},     {5, 65535, 0, 6},
        {5, 65535, 32766, 6},  {5, 65535, 32767, 5},  {0, 0, 65535, 0},     {0xfffffffe, 65535, 0, 0xffffffff},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpuint(packet_index_estimate(packet_index_make(rows[i].roc, rows[i].s_l), rows[i].seq), ==,
                         rows[i].expected);
}

static void test_highest_rules_the_first_pass(void)
{
    index_course course = {0};
    g_assert_cmpuint(index_course_estimate(&course, 1, 65000), ==, 0);
    index_course_note(&course, 1, packet_index_make(3, 65000));
    index_course_note(&course, 2, packet_index_make(4, 10));
    index_course_note(&course, 3, packet_index_make(3, 65001)); /* late: the highest stays */
    g_assert_cmpuint(course.highest, ==, packet_index_make(4, 10));
    g_assert_cmpuint(index_course_estimate(&course, 4, 65002), ==, 3);
    g_assert_cmpuint(index_course_estimate(&course, 4, 11), ==, 4);
    index_course_clear(&course);
}

/* A second pass visits frames in any order: each must be estimated from where the stream stood then. */
static void test_anchors_rule_what_lies_before(void)
{
    index_course course = {0};
    const uint32_t packets = 5 * 65536;
    for (uint32_t i = 0; i < packets; i++)
        index_course_note(&course, 10 + i, packet_index_make(7, 100) + i);
    for (uint32_t i = 0; i < packets; i += 997) {
        uint64_t index = packet_index_make(7, 100) + i;
        g_assert_cmpuint(index_course_estimate(&course, 10 + i, (uint16_t)index), ==, (uint32_t)(index >> 16));
    }
    g_assert_cmpuint(index_course_estimate(&course, 1, 99), ==, 7);
    g_assert_cmpuint(index_course_estimate(&course, 1, 65535), ==, 6);
    g_assert_cmpuint((guint)g_tree_nnodes(course.anchors), <, packets / 4096);
    index_course_clear(&course);
}

/* What a second pass opens before the first anchor becomes an anchor itself. */
static void test_anchors_grow_backwards(void)
{
    index_course course = {0};
    index_course_note(&course, 100000, packet_index_make(3, 0));
    for (uint32_t frame = 99999; frame > 1000; frame--) {
        uint64_t index = packet_index_make(3, 0) - (100000 - frame);
        g_assert_cmpuint(index_course_estimate(&course, frame, (uint16_t)index), ==, (uint32_t)(index >> 16));
        index_course_note(&course, frame, index);
    }
    g_assert_cmpuint(course.highest, ==, packet_index_make(3, 0));
    index_course_clear(&course);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet-index/estimate", test_estimate);
    g_test_add_func("/packet-index/highest-rules-the-first-pass", test_highest_rules_the_first_pass);
    g_test_add_func("/packet-index/anchors-rule-what-lies-before", test_anchors_rule_what_lies_before);
    g_test_add_func("/packet-index/anchors-grow-backwards", test_anchors_grow_backwards);
    return g_test_run();
}

#include "sessions/frame_records.h"

#include <glib.h>

static void test_one_each(void)
{
    frame_records *records = frame_records_new();
    g_assert_null(frame_records_find(records, 7, 42));
    for (uint32_t frame = 1; frame < 100000; frame += 3) {
        frame_record *record = frame_records_add(records, frame, 42);
        record->verdict = 1;
        record->counter = frame * 5;
    }
    for (uint32_t frame = 1; frame < 100000; frame++) {
        const frame_record *record = frame_records_find(records, frame, 42);
        g_assert_true((record != NULL) == (frame % 3 == 1));
        if (record)
            g_assert_cmpuint(record->counter, ==, frame * 5);
    }
    g_assert_null(frame_records_find(records, 1, 43));
    g_assert_null(frame_records_find(records, UINT32_MAX, 42));
    frame_records_free(records);
}

static void test_several_in_a_frame(void)
{
    frame_records *records = frame_records_new();
    for (uint16_t position = 0; position < 500; position++) {
        frame_record *record = frame_records_add(records, 9, position);
        record->verdict = 2;
        record->counter = position;
    }
    for (uint16_t position = 0; position < 500; position++)
        g_assert_cmpuint(frame_records_find(records, 9, position)->counter, ==, position);
    g_assert_null(frame_records_find(records, 9, 500));
    g_assert_null(frame_records_find(records, 10, 3));
    frame_records_free(records);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    G_STATIC_ASSERT(sizeof(frame_record) == 20); /* the figure that the memory per packet rests on */
    g_test_add_func("/frame-records/one-each", test_one_each);
    g_test_add_func("/frame-records/several-in-a-frame", test_several_in_a_frame);
    return g_test_run();
}

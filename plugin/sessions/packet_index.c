#include "sessions/packet_index.h"

/* Anchors stand this far apart in index, so that the estimate from the nearest one is within half a sequence cycle. */
#define ANCHOR_DISTANCE 8192

typedef struct {
    uint64_t index;
    uint32_t frame;
} anchor;

uint32_t packet_index_estimate(uint64_t reference, uint16_t seq)
{
    uint32_t roc = (uint32_t)(reference >> 16);
    uint16_t s_l = (uint16_t)reference;
    if (s_l < 0x8000)
        return seq - s_l > 0x8000 && roc > 0 ? roc - 1 : roc;
    return s_l - 0x8000 > seq ? roc + 1 : roc;
}

/* The position of the first anchor whose frame is not before `frame`. */
static guint lower_bound(const GArray *anchors, uint32_t frame)
{
    guint low = 0, high = anchors->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(anchors, anchor, middle).frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The anchor nearest in frames; there must be one. */
static const anchor *nearest(const GArray *anchors, uint32_t frame)
{
    guint at = lower_bound(anchors, frame);
    if (at == anchors->len)
        return &g_array_index(anchors, anchor, at - 1);
    const anchor *after = &g_array_index(anchors, anchor, at);
    if (at == 0)
        return after;
    const anchor *before = after - 1;
    return frame - before->frame <= after->frame - frame ? before : after;
}

uint32_t index_course_estimate(const index_course *course, uint32_t frame, uint16_t seq)
{
    if (!course->known)
        return 0;
    if (frame >= course->last_frame || !course->anchors)
        return packet_index_estimate(course->highest, seq);
    return packet_index_estimate(nearest(course->anchors, frame)->index, seq);
}

void index_course_note(index_course *course, uint32_t frame, uint64_t index)
{
    if (!course->anchors)
        course->anchors = g_array_new(FALSE, FALSE, sizeof(anchor));
    bool in_order = frame >= course->last_frame;
    if (course->anchors->len) {
        const anchor *near = in_order ? &g_array_index(course->anchors, anchor, course->anchors->len - 1)
                                      : nearest(course->anchors, frame);
        uint64_t distance = near->index > index ? near->index - index : index - near->index;
        if (distance >= ANCHOR_DISTANCE) {
            anchor new_anchor = {index, frame};
            g_array_insert_val(course->anchors, lower_bound(course->anchors, frame), new_anchor);
        }
    } else {
        anchor first = {index, frame};
        g_array_append_val(course->anchors, first);
    }
    if (!course->known || (in_order && index > course->highest))
        course->highest = index;
    course->known = true;
    if (in_order)
        course->last_frame = frame;
}

void index_course_clear(index_course *course)
{
    if (course->anchors)
        g_array_free(course->anchors, TRUE);
    *course = (index_course){0};
}

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

static gint by_frame(gconstpointer a, gconstpointer b, gpointer user G_GNUC_UNUSED)
{
    const anchor *one = a, *other = b;
    return (one->frame > other->frame) - (one->frame < other->frame);
}

static const anchor *anchor_of(GTreeNode *node)
{
    return node ? g_tree_node_key(node) : NULL;
}

/* The anchor nearest in frames; there must be one. */
static const anchor *nearest(GTree *anchors, uint32_t frame)
{
    const anchor here = {.frame = frame};
    GTreeNode *node = g_tree_lower_bound(anchors, &here);
    const anchor *after = anchor_of(node);
    const anchor *before = anchor_of(node ? g_tree_node_previous(node) : g_tree_node_last(anchors));
    if (!after || !before)
        return after ? after : before;
    return frame - before->frame <= after->frame - frame ? before : after;
}

static void add_anchor(GTree *anchors, uint32_t frame, uint64_t index)
{
    anchor *added = g_new(anchor, 1);
    *added = (anchor){index, frame};
    g_tree_replace(anchors, added, NULL); /* of several packets in one frame the latest stays */
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
        course->anchors = g_tree_new_full(by_frame, NULL, g_free, NULL);
    bool in_order = frame >= course->last_frame, is_far = !course->known;
    if (course->known) {
        uint64_t near = in_order ? course->last_anchor : nearest(course->anchors, frame)->index;
        is_far = (near > index ? near - index : index - near) >= ANCHOR_DISTANCE;
    }
    if (is_far)
        add_anchor(course->anchors, frame, index);
    if (is_far && in_order)
        course->last_anchor = index;
    if (!course->known || (in_order && index > course->highest))
        course->highest = index;
    course->known = true;
    if (in_order)
        course->last_frame = frame;
}

void index_course_clear(index_course *course)
{
    if (course->anchors)
        g_tree_destroy(course->anchors);
    *course = (index_course){0};
}

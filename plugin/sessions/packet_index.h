/* The 48-bit SRTP packet index, ROC || SEQ (RFC 3711 section 3.3.1), and where in a capture it stood. */
#ifndef D2DSEC_SESSIONS_PACKET_INDEX_H
#define D2DSEC_SESSIONS_PACKET_INDEX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The course of one stream's index through the capture. Zero-initialised: nothing known. */
typedef struct {
    bool known;
    uint64_t highest;    /* authenticated so far */
    uint32_t last_frame; /* the latest frame that added to it */
    uint64_t last_anchor; /* index of the anchor that was set last in the order of frames */
    GTree *anchors;      /* some (frame, index) pairs by frame, for packets that are opened out of order */
} index_course;

static inline uint64_t packet_index_make(uint32_t roc, uint16_t seq)
{
    return (uint64_t)roc << 16 | seq;
}

/* RFC 3711 section 3.3.1 and appendix A: the ROC that brings `seq` nearest to the packet of index `reference`. Where that would
 * be below 0 it is 0: a packet from before the start of a capture that joined at ROC 0. */
uint32_t packet_index_estimate(uint64_t reference, uint16_t seq);

/* The ROC to expect of a packet with `seq` in `frame`: relative to the highest index in the frame order of a first pass,
 * relative to the nearest anchor for a frame that lies before what is known. */
uint32_t index_course_estimate(const index_course *course, uint32_t frame, uint16_t seq);

/* Notes that the packet of `frame` proved to have `index`. */
void index_course_note(index_course *course, uint32_t frame, uint64_t index);

void index_course_clear(index_course *course);

#endif

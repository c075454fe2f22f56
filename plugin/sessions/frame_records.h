/* What was decided about each media packet, by frame number: 20 octets a frame, found in constant time.
 *
 * Dissection visits frames again and in any order; the verdict of the first visit must come back unchanged.
 */
#ifndef D2DSEC_SESSIONS_FRAME_RECORDS_H
#define D2DSEC_SESSIONS_FRAME_RECORDS_H

#include <glib.h>
#include <stdint.h>

typedef struct {
    uint32_t track;    /* 1-based number of the (stream, key) that opened it, 0: none did */
    uint32_t counter;  /* SRTP: ROC; SRTCP: index */
    union {
        uint32_t notes;      /* track is not 0: media_note bits */
        uint32_t generation; /* track is 0: of the news that were known when nothing could open it */
    };
    uint32_t place;   /* of the packet in its frame: tells several in one frame apart */
    uint16_t verdict; /* media_verdict; 0: the record is empty */
} frame_record;

typedef struct frame_records frame_records;

frame_records *frame_records_new(void);
void frame_records_free(frame_records *records);

/* The record of the packet at `place` of `frame`; NULL: there is none yet. Valid until the next call of _add. */
frame_record *frame_records_find(frame_records *records, uint32_t frame, uint32_t place);

/* An empty record for that packet, which must have none yet. */
frame_record *frame_records_add(frame_records *records, uint32_t frame, uint32_t place);

#endif

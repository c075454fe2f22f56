/* What the files of the media streams share; nobody else includes it. */
#ifndef D2DSEC_SESSIONS_MEDIA_STREAMS_PARTS_H
#define D2DSEC_SESSIONS_MEDIA_STREAMS_PARTS_H

#include "sessions/frame_records.h"
#include "sessions/media_flow.h"
#include "sessions/media_streams.h"
#include "sessions/packet_index.h"
#include "sessions/seen_set.h"

/* The notes that change how a packet is read, and so belong to what a stream remembers. */
#define READING_NOTES                                                                                                  \
    (MEDIA_NOTE_KDF_AES192_AS_256 | MEDIA_NOTE_SRTCP_TAG_LENGTH | MEDIA_NOTE_MKI_ABSENT | MEDIA_NOTE_NO_TAG |             \
     MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME)

/* One stream under one key. A rekeyed stream has several; each counts its own indices. */
typedef struct {
    media_stream *stream;
    session_key *key;
    uintptr_t reading; /* READING_NOTES */
} track_name;          /* without a gap: it compares and hashes as octets */

typedef struct {
    track_name name;
    GList link;      /* among those of its stream */
    uint32_t number; /* 1-based, what frame records refer to */
    unsigned notes;  /* READING_NOTES and MEDIA_NOTE_KEY_BY_TRIAL */
    uint32_t first_roc; /* of the first packet that it opened */
    index_course course;
    seen_set seen;
} media_track;

typedef struct {
    transport_address source, destination;
    uint32_t ssrc;
    uint32_t is_rtcp;
} stream_name;

struct media_stream {
    stream_name name;
    media_flow *flow;
    GQueue tracks;            /* the one that opened the latest packet at its head */
    uint32_t number;          /* from 0 */
    uint32_t failures;        /* packets in a row that nothing opened */
    uint32_t roc_cursor;      /* the ROC search has got this far ... */
    uint32_t searched_keys;   /* ... for so many candidates */
};

#define RECENT_STREAMS 64

struct media_streams {
    session_keys *keys;
    offer_answer *signalling;
    bool padding_takes_keystream;
    GHashTable *flows;   /* flow_name in media_flow * */
    GHashTable *streams; /* stream_name in media_stream * */
    media_stream *recent[RECENT_STREAMS]; /* by the low bits of SSRC and port: most packets find theirs without a hash */
    GPtrArray *tracks;   /* media_track *, owned, by number - 1 */
    GHashTable *by_name; /* track_name in media_track * */
    frame_records *records;
    uint32_t generation; /* grows with each news */
    uint64_t credit;     /* trials that searching may still spend */
    uint32_t visited;    /* highest frame that has added its credit */
};

/* The packet under examination and where its plaintext goes. */
typedef struct {
    media_streams *streams;
    const media_packet *packet;
    rtp_packet rtp;          /* SRTP only */
    const media_leg *sender; /* whose encrypted header extensions count */
    uint8_t *out;
    size_t plain_len;
    uint32_t srtcp_index;
    bool e_bit;
    srtp_reading reading;    /* of the latest trial */
    srtp_open_result result; /* its outcome */
} media_examination;

typedef struct {
    session_key *key;
    unsigned notes;
    uint32_t roc;
} media_proof;

/* The track that opened the latest packet; NULL: there is none yet. */
static inline media_track *media_first_track(const media_stream *stream)
{
    return stream->tracks.head ? stream->tracks.head->data : NULL;
}

/* The header extensions that are encrypted: those that the sender's signalling names, or else those that the key log names with the key;
 * NULL: none. */
const uint8_t *media_encrypted_extensions(const media_leg *sender, const session_key *key);

/* Opens the packet with a key, READING_NOTES and, of SRTP, a ROC. Without `verify` its tag is not looked at. Outcome and plaintext are left
 * in the examination. */
srtp_open_result media_open_with(media_examination *e, session_key *key, unsigned notes, uint32_t roc, bool verify);

/* The same with `verify`. True: this is *found. */
bool media_try_roc(media_examination *e, session_key *key, unsigned notes, uint32_t roc, media_proof *found);

/* Tries whatever could open the packet, the likeliest first, within the bounds of media_streams.h. False: nothing does. */
bool media_try_everything(media_examination *e, media_stream *stream, media_proof *found);

#endif

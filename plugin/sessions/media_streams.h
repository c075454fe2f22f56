/* From a protected packet to its plaintext: which key, which rollover counter, and what is to be said of it.
 *
 * Keys are proved, not believed: every candidate is tried against the packet's authentication tag, in a fixed order and within
 * the bounds below. What one packet of a stream proved is where the next one starts.
 */
#ifndef D2DSEC_SESSIONS_MEDIA_STREAMS_H
#define D2DSEC_SESSIONS_MEDIA_STREAMS_H

#include "sessions/offer_answer.h"
#include "sessions/session_keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds. One trial is one authentication of the packet, under half a microsecond for a voice packet. */
#define MEDIA_MAX_CANDIDATES 64        /* keys that signalling or selectors point a flow to */
#define MEDIA_MAX_TRACKS 64            /* keys that have opened a stream and are tried on it as such: the latest to do so */
#define MEDIA_ROC_SEARCH 65535         /* highest ROC tried for a stream that begins in the middle */
#define MEDIA_ROC_SEARCH_SHORT_TAG 1023 /* the same with a tag under 8 octets: more would invite a chance match */
#define MEDIA_ROC_AHEAD 64             /* ROCs tried beyond the expected one at each failure */
#define MEDIA_ROC_AHEAD_SHORT_TAG 4
#define MEDIA_SEARCH_SLICE 4096        /* ROCs that one packet of a stream searches under each key */
#define MEDIA_SEARCH_KEYS 8            /* candidates, the likeliest, that a ROC is searched for */
#define MEDIA_FOREIGN_KEYS 4096        /* keys tried on one packet of a flow that signalling does not name */
#define MEDIA_FOREIGN_SHORT_TAGS 64    /* of them with a tag under 8 octets */
#define MEDIA_FOREIGN_PACKETS 4        /* packets of such a flow that each key is tried on */
#define MEDIA_FOREIGN_FEW 16           /* with no more keys than this, MEDIA_ROC_AHEAD ROCs are tried as well */
#define MEDIA_CREDIT_INITIAL (4 << 20) /* trials a capture may spend on searching at once ... */
#define MEDIA_CREDIT_PER_PACKET 32     /* ... and what each media packet adds, so that work stays linear */

typedef enum {
    MEDIA_UNKNOWN,            /* nothing says that this packet is protected by a key we could have */
    MEDIA_DECRYPTED,          /* authenticated and decrypted */
    MEDIA_AUTHENTICATED_ONLY, /* authenticated; it was not encrypted (UNENCRYPTED_*, NULL cipher, E bit 0) */
    MEDIA_NOT_AUTHENTICATED,  /* decrypted; it carries no tag to check (UNAUTHENTICATED_SRTP) */
    MEDIA_REPLAYED,           /* authenticated and decrypted, and the very packet was there before */
    MEDIA_TAG_MISMATCH,       /* no key that could fit authenticates it */
    MEDIA_NO_KEY,             /* protected according to signalling, but this direction's key is not known */
    MEDIA_TRUNCATED,          /* cut short at capture, or too short for its MKI and tag */
    MEDIA_UNSUPPORTED_SUITE,  /* the only suites signalled are ones that can't be decrypted */
    MEDIA_CLEAR,              /* well-formed RTCP in the clear where SRTCP is expected */
} media_verdict;

/* Departures from the standards and other things worth saying; bits. */
typedef enum {
    MEDIA_NOTE_KDF_AES192_AS_256 = 1 << 0,
    MEDIA_NOTE_SRTCP_TAG_LENGTH = 1 << 1, /* SRTCP tag as long as the SRTP tag: 4 octets in _32 suites; or of 10 where MIKEY says 4 */
    MEDIA_NOTE_MKI_ABSENT = 1 << 2,       /* signalled, but not in the packet */
    MEDIA_NOTE_NO_TAG = 1 << 3,           /* SRTCP without the tag that RFC 3711 makes mandatory */
    MEDIA_NOTE_INDEX_REPEATED = 1 << 4,   /* same index, other data: keystream reuse (SRTCP index restarted) */
    MEDIA_NOTE_ROC_RECOVERED = 1 << 5,    /* found by search, not by the estimate of RFC 3711 section 3.3.1 */
    MEDIA_NOTE_KEY_BY_TRIAL = 1 << 6,     /* neither address is one that signalling gives this key */
    MEDIA_NOTE_EXTENSION_PADDING = 1 << 7, /* RFC 6904 and libsrtp read its header extension differently */
    MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME = 1 << 8, /* UNENCRYPTED_SRTP with GCM, which libsrtp does not know */
    MEDIA_NOTE_LIKE_BEFORE = 1 << 9,      /* not authenticated: same index, data that ends alike: most likely the same packet */
    MEDIA_NOTE_E_BIT = 1 << 10,           /* SRTCP: the E bit is not what signalling says of encryption */
    MEDIA_NOTE_SSRC_NOT_MAPPED = 1 << 11, /* MIKEY gives the key to other SSRCs */
    MEDIA_NOTE_MKI_UNKNOWN = 1 << 12,     /* of a tag mismatch: what stands in the MKI's place is none of the MKIs signalled */
} media_note;

/* Words for the lowest of the bits; NULL: it needs none. */
const char *media_note_text(unsigned notes);

/* What the form of a plaintext says of the key, where no tag does, or of its sender. RTCP is rigid; of RTP nothing but padding is: its
 * last octet counts all of it, itself included (RFC 3550 section 5.1). RTCP that does not begin with SR or RR is right all the same (RFC
 * 5506). */
typedef enum { MEDIA_FORM_UNTOLD, MEDIA_FORM_RIGHT, MEDIA_FORM_WRONG } media_form;
media_form media_form_of(bool is_rtcp, const uint8_t *plain, size_t len);

typedef struct media_streams media_streams;
typedef struct media_stream media_stream;

/* One packet as captured. */
typedef struct {
    uint32_t frame;
    uint16_t position;          /* tells several packets in one frame apart */
    bool is_rtcp;
    transport_address source, destination;
    const uint8_t *data;
    size_t len;                 /* captured */
    bool cut_short;             /* the packet was longer than what was captured */
} media_packet;

typedef struct {
    media_verdict verdict;
    unsigned notes;             /* media_note bits */
    uint32_t ssrc;
    uint32_t roc;               /* SRTP */
    uint64_t index;             /* SRTP: 48 bits; SRTCP: 31 bits */
    bool e_bit;                 /* SRTCP */
    const session_key *key;     /* that opened it; NULL: none did */
    const media_leg *leg;       /* whose SDP gives the payload types their meaning; NULL: none is known */
    uint32_t stream;            /* dense number of the stream from 0; UINT32_MAX: none */
    uint8_t mki_len, tag_len;   /* as they stand in the packet, when opened */
    size_t plain_len;           /* octets written to `out`; 0: nothing was opened */
} media_opening;

/* Both must outlive the result. padding_takes_keystream: encrypted header extensions are read as RFC 6904 has them; otherwise
 * as libsrtp writes them, which no authentication tag can tell. */
media_streams *media_streams_new(session_keys *keys, offer_answer *signalling, bool padding_takes_keystream);
void media_streams_free(media_streams *streams);

/* To be called whenever signalling or the key log brought something new: what failed may now be tried again. */
void media_streams_news(media_streams *streams);

/* Opens one SRTP or SRTCP packet. out[0..packet->len) receives header and plaintext where there is one.
 * The verdict of a packet's first visit is kept; one that failed for want of a key is tried again once there is news. */
void media_streams_open(media_streams *streams, const media_packet *packet, uint8_t *out, media_opening *opening);

/* What one key opened of one stream. */
typedef struct {
    const session_key *key;
    bool is_rtcp;
    uint32_t ssrc;
    uint32_t roc;                        /* of the first packet that it opened; SRTP */
    const uint8_t *encrypted_extensions; /* that were deciphered in it, as srtp_reading has them; NULL: none */
} media_use;

/* Tells every use of a key, in the order in which they began. */
typedef void (*media_use_cb)(const media_use *use, void *user);
void media_streams_each_use(const media_streams *streams, media_use_cb on_use, void *user);

/* Whether any key or signalling could concern a packet between these addresses: cheap, for packets that nothing else
 * points to. */
bool media_streams_any_hope(const media_streams *streams);

#endif

/* How stock Wireshark is told what it sees: its rtp and rtcp dissectors stay in charge of plaintext and ciphertext alike.
 *
 * Stock knows a media address by a conversation that its SDP dissector made, and in it whether RTP or SRTP arrives there. Such a
 * conversation is taken over by making this plugin its dissector. Where keys are signalled the conversation says "RTP" from then on,
 * since plaintext is what stock will mostly be given; around a packet that nobody could open it says "SRTP".
 */
#ifndef D2DSEC_PROTOCOLS_STOCK_MEDIA_H
#define D2DSEC_PROTOCOLS_STOCK_MEDIA_H

#include "compat.h"
#include "sessions/media_streams.h"
#include "sessions/sdp.h"

typedef struct stock_media stock_media;

/* What stock is to believe of a packet. */
typedef enum {
    STOCK_AS_FOUND,  /* whatever it would believe without the plugin */
    STOCK_PLAIN,     /* plaintext */
    STOCK_PROTECTED, /* SRTP or SRTCP that nobody could open */
} stock_belief;

/* How an end of a stream was set up. */
typedef struct {
    const char *method;            /* for display */
    bool keyed;                    /* a key is known of what arrives there */
    uint16_t rtp_peer, rtcp_peer;  /* ports of the other end that stock's conversations may be bound to; 0: they are not */
} stock_setup;

/* Takes over the conversations at the RTP and RTCP addresses of an m= line, and prepares what plaintext needs: payload types.
 * Does nothing on later passes. */
void stock_media_take_over(packet_info *pinfo, media_leg *leg, const sdp_media *media, const stock_setup *setup);

/* Grows with every conversation taken over: what stock_media_of returned under another epoch must be looked up again. */
unsigned stock_media_epoch(void);

/* What was taken over for the receiver of this packet. Where nothing was and `opening` tells that the packet could be opened
 * (NULL: it could not), a conversation for the receiver is made; on a later pass none can be. NULL: none. */
stock_media *stock_media_of(packet_info *pinfo, const media_opening *opening);

/* What was taken over from stock for the sender of the packet; NULL: nothing. libwireshark hands over packets from a signalled address, too,
 * wherever they go. */
stock_media *stock_media_of_sender(const packet_info *pinfo);

/* Hand a packet to stock's rtp or rtcp dissector, with the return value of a dissector: 0 where stock has none for it. `media` may
 * be NULL. */
int stock_media_call_rtp(stock_media *media, stock_belief belief, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);
int stock_media_call_rtcp(stock_media *media, stock_belief belief, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* What the plaintext of a stream needs that is interleaved with another protocol over TCP, as stock_media_take_over prepares it over
 * UDP. NULL: nothing. To be called on a first pass. */
stock_media *stock_media_interleave(packet_info *pinfo, const sdp_media *sdp, const char *method);

/* Hands one plain RTP packet of such a stream to stock's rtp dissector. `place` tells it from the others of its frame. */
int stock_media_call_interleaved(stock_media *media, uint32_t place, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* `proto`: under which conversations remember what was taken over; `media_dissector`: the dissector they get. */
void stock_media_handoff(int proto, dissector_handle_t media_dissector);

#endif

/* The keys that could protect what goes from one transport address to another. */
#ifndef D2DSEC_SESSIONS_MEDIA_FLOW_H
#define D2DSEC_SESSIONS_MEDIA_FLOW_H

#include "sessions/offer_answer.h"
#include "sessions/session_keys.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    transport_address source, destination;
} flow_name;

typedef struct {
    flow_name name;
    uint32_t generation;       /* of the news that the rest was worked out from */
    GPtrArray *candidates;     /* session_key *, the likeliest first */
    guint looks;               /* keys that went through our hands on the way to them */
    guint likely;              /* so many of them are the sender's own or selected by a key log; the rest are the
                                  receiver's, for an echo */
    const media_leg *sender;   /* newest leg that receives at the source address; NULL: none */
    const media_leg *receiver; /* newest leg that receives at the destination address; NULL: none */
    bool signalled;            /* a leg with a=crypto is concerned and was not declined */
    bool unsupported_suite;
    bool secure_profile;
    session_key *foreign_key;  /* that trial has proved for this flow */
    uint32_t foreign_tried;    /* of the keys for any flow, the first so many have been tried enough */
    uint32_t foreign_packets;  /* on which the others have been tried */
} media_flow;

media_flow *media_flow_new(const flow_name *name);
void media_flow_free(media_flow *flow);

/* Brings the flow up to date with signalling and key log; does nothing where `generation` is what it was. At most
 * max_candidates are kept. */
void media_flow_refresh(media_flow *flow, uint32_t generation, const session_keys *keys, const offer_answer *signalling,
                        guint max_candidates);

/* What the octets in the MKI's place of a packet data[0..len) say, if each of the keys that its sender was signalled with has an MKI: that
 * they are none of these, or that there is no room for any. */
typedef enum { MEDIA_MKI_UNTOLD, MEDIA_MKI_WITHOUT_ROOM, MEDIA_MKI_UNKNOWN } media_mki;
media_mki media_flow_judge_mki(const media_flow *flow, bool is_rtcp, const uint8_t *data, size_t len);

#endif

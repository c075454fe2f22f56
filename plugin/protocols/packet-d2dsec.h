/* What all protocols of the plugin share: the state of the open capture, the key log, preferences, common fields. */
#ifndef D2DSEC_PROTOCOLS_PACKET_D2DSEC_H
#define D2DSEC_PROTOCOLS_PACKET_D2DSEC_H

#include "compat.h"
#include "sessions/delivered_keys.h"
#include "sessions/media_streams.h"
#include "sessions/mikey_sessions.h"
#include "sessions/offer_answer.h"
#include "sessions/pc5_state.h"
#include "sessions/rtsp_sessions.h"
#include "sessions/session_keys.h"
#include "sessions/sl_security.h"

/* Everything known of the capture that is open. It is made anew for each file and each redissection. */
typedef struct {
    session_keys *keys;
    offer_answer *signalling;
    mikey_sessions *mikey;
    rtsp_sessions *rtsp;
    media_streams *streams;
    pc5_state *pc5;
    kd_sources *kd;
    sl_security *sidelink;
    delivered_keys *delivered;
    bool first_pass_over;  /* all frames were dissected once, in their order */
    bool in_protected_sdu; /* while an SDU of a protected sidelink PDU is dissected */
} d2d_capture;

/* The state of the open capture; never NULL while packets are dissected. */
d2d_capture *d2d_capture_get(void);

/* Reads what the key log gained, at most a hundred times a second; to be called where a key is missing. True: there was
 * something, and what failed is worth another try. */
bool d2d_capture_read_keylog(void);

/* Tells, once, of a key log in what has been read of the capture that this version of Wireshark does not hand over, unless one is
 * named. To be called with each pass's first packet. */
void d2d_capture_tell_of_withheld_keys(const packet_info *pinfo);

/* Takes in the keys of an SDP body that may make a KD. */
void d2d_capture_learn_sdp(const kd_body_arrival *arrival, const sdp_body *body);

/* Whether RTP here may be in the clear although keys were signalled for it: those keyed the link below it. */
bool d2d_media_may_be_clear(void);

/* Whether keys may be shown in the tree (preference d2dsec.show_keys). */
bool d2d_show_keys(void);

/* Whether what a dissector shows of a packet is for anybody: there is a tree, somebody listens to expert infos, or the light in the
 * status bar does not yet show one of this severity. severity: PI_NOTE, PI_WARN or PI_ERROR, the highest that an expert info of the
 * packet may have; 0: it has none. */
bool d2d_wants_details(const packet_info *pinfo, const proto_tree *tree, int severity);

/* A record of the tap "d2dsec": what became of one protected packet; a frame may have several. It and all that it points to live until
 * the frame's dissection ends. Packets that are none of ours (MEDIA_UNKNOWN) or not protected (SL_NOT_PROTECTED) have no record. */
typedef struct {
    bool is_sidelink;
    union {
        struct {
            media_packet packet;
            media_opening opening;
            const uint8_t *plain;    /* [0..opening.plain_len): header and plaintext; NULL: it was not opened */
        } media;
        struct {
            sl_pdu pdu;
            sl_opening opening;      /* with `is_implausible` of authenticated SDUs too */
        } sidelink;
    };
} d2d_tap_packet;

/* Whether somebody listens, so that a record is worth making. */
bool d2d_is_tapped(void);

/* Hands `packet`, which lives in pinfo->pool, to those who listen. */
void d2d_tap(packet_info *pinfo, const d2d_tap_packet *packet);

/* The protocol of what runs after each frame. */
extern int proto_d2dsec_afterwards;

/* Fields common to all decryption. */
extern int hf_d2dsec_verdict;
extern int hf_d2dsec_suite;
extern int hf_d2dsec_roc;
extern int hf_d2dsec_index;
extern int hf_d2dsec_ssrc;
extern int hf_d2dsec_key_frame;
extern int hf_d2dsec_key_origin;
extern int hf_d2dsec_key_fingerprint;
extern int hf_d2dsec_departure;
extern int hf_d2dsec_found;

/* An IP address and port of a packet as the sessions know them. False: not IP. */
bool d2d_transport_address(const address *from, uint32_t port, transport_address *to);

void proto_register_d2dsec(void);

#endif

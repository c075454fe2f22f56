/* The one place that knows Wireshark versions: one source for 4.0, 4.4 and 4.6. */
#ifndef D2DSEC_COMPAT_H
#define D2DSEC_COMPAT_H

#include <wireshark.h>
#include <ws_version.h>

#include <epan/packet.h>

#include <epan/dissectors/packet-rtcp.h>
#include <epan/dissectors/packet-rtp.h>

#define D2D_WS_AT_LEAST(major, minor) \
    (WIRESHARK_VERSION_MAJOR > (major) || \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

/* The line that a plugin says it was built for; another does not load it. */
#define WS_WANT_MAJOR WIRESHARK_VERSION_MAJOR
#define WS_WANT_MINOR WIRESHARK_VERSION_MINOR

/* Booleans of callbacks and preferences: gboolean has four octets, bool one, so the difference is not one of taste. */
#if D2D_WS_AT_LEAST(4, 4)
typedef bool ws_bool;
typedef unsigned ws_uint;
#else
typedef gboolean ws_bool;
typedef guint ws_uint;
#define tvb_get_uint8 tvb_get_guint8
#endif

/* What the rtp dissector keeps of each packet it has seen, reachable under its protocol with key 0. */
#if D2D_WS_AT_LEAST(4, 4)
typedef struct _rtp_packet_info ws_rtp_packet_info;
#else
typedef struct _rtp_conversation_info ws_rtp_packet_info;
#endif
#define WS_RTP_PACKET_INFO_KEY 0

static inline void ws_rtp_dyn_payload_insert(rtp_dyn_payload_t *payloads, unsigned type, const char *encoding, int rate,
                                             unsigned channels)
{
#if D2D_WS_AT_LEAST(4, 4)
    rtp_dyn_payload_insert(payloads, type, encoding, rate, channels);
#else
    (void)channels;
    rtp_dyn_payload_insert(payloads, type, encoding, rate);
#endif
}

/* The opening function of a -z option, made of one that says whether it understood the argument; before 4.6 nobody asks. */
#if D2D_WS_AT_LEAST(4, 6)
#define WS_STAT_TAP_INIT(name, open)                      \
    static bool name(const char *argument, void *user _U_) \
    {                                                     \
        return open(argument);                            \
    }
#else
#define WS_STAT_TAP_INIT(name, open)                      \
    static void name(const char *argument, void *user _U_) \
    {                                                     \
        open(argument);                                   \
    }
#endif

#if D2D_WS_AT_LEAST(4, 4)
#define WS_TELEPHONY_GROUP REGISTER_TELEPHONY_GROUP_UNSORTED
#else
#define WS_TELEPHONY_GROUP REGISTER_STAT_GROUP_TELEPHONY
#endif

#endif

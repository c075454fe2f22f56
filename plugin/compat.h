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

#if D2D_WS_AT_LEAST(4, 4)
#include <epan/secrets.h>
#else
#include <cfile.h>
#endif

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
#define WS_STAT_TAP_INIT(name, open_tap)                  \
    static bool name(const char *argument, void *user _U_) \
    {                                                     \
        return open_tap(argument);                        \
    }
#else
#define WS_STAT_TAP_INIT(name, open_tap)                  \
    static void name(const char *argument, void *user _U_) \
    {                                                     \
        open_tap(argument);                               \
    }
#endif

#if D2D_WS_AT_LEAST(4, 4)
#define WS_TELEPHONY_GROUP REGISTER_TELEPHONY_GROUP_UNSORTED
#else
#define WS_TELEPHONY_GROUP REGISTER_STAT_GROUP_TELEPHONY
#endif

/* Decryption Secrets Blocks of a capture. From 4.4 on a plugin can have those of a type of its own: they arrive as they are
 * read, and again at each redissection. 4.0 keeps that function to itself; there a plugin can only find out that such blocks
 * are in what has been read of the capture so far: they have been withheld from it. */
#if D2D_WS_AT_LEAST(4, 4)
static inline void ws_secrets_register(uint32_t type, void (*take)(const void *secrets, unsigned len))
{
    secrets_register_type(type, take);
}

static inline bool ws_secrets_withheld(const packet_info *pinfo _U_, uint32_t type _U_)
{
    return false;
}
#else
static inline void ws_secrets_register(uint32_t type _U_, void (*take)(const void *secrets, unsigned len) _U_)
{
}

/* The session behind pinfo->epan is opaque. Its first member is what the program gave to epan_new, in all of the 4.0 line; all of
 * Wireshark's programs give what cfile.h declares. From there on everything is public. */
static inline bool ws_secrets_withheld(const packet_info *pinfo, uint32_t type)
{
    struct packet_provider_data *const *session = (struct packet_provider_data *const *)(const void *)pinfo->epan;
    wtap_dump_params params = WTAP_DUMP_PARAMS_INIT;
    bool found = false;
    if (!session || !*session || !(*session)->wth)
        return false;
    wtap_dump_params_init(&params, (*session)->wth);
    for (guint i = 0; params.dsbs_growing && i < params.dsbs_growing->len; i++) {
        const wtapng_dsb_mandatory_t *dsb = (const wtapng_dsb_mandatory_t *)wtap_block_get_mandatory_data(
            g_array_index(params.dsbs_growing, wtap_block_t, i));
        found |= dsb->secrets_type == type;
    }
    g_free(params.idb_inf); /* in all of the 4.0 line the next leaves this to its caller */
    wtap_dump_params_cleanup(&params);
    return found;
}
#endif

#endif

/* The door: registers everything with libwireshark, and nothing else. */
#include "compat.h"

#include "protocols/packet-d2dsec.h"
#include "protocols/packet-d2dsrtp.h"
#include "protocols/packet-mikey-ticket.h"
#include "protocols/packet-pdcp-sl.h"
#include "protocols/packet-rlc-sl.h"
#include "protocols/packet-rtsp-keys.h"
#include "protocols/packet-pc5s.h"
#include "protocols/packet-sdes.h"
#include "protocols/packet-slsch.h"
#include "reports/keys_tap.h"
#include "reports/verify_source.h"
#include "reports/verify_tap.h"
#include "reports/verify_window.h"

#include <epan/proto.h>
#include <epan/tap.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED extern const char plugin_version[];
EXPORTED extern const int plugin_want_major;
EXPORTED extern const int plugin_want_minor;
EXPORTED void plugin_register(void);

const char plugin_version[] = D2DSEC_VERSION;
const int plugin_want_major = WS_WANT_MAJOR;
const int plugin_want_minor = WS_WANT_MINOR;

#ifdef WS_PLUGIN_DESC_DISSECTOR
EXPORTED uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}
#endif

void plugin_register(void)
{
    static proto_plugin d2dsec, sdes, mikey, d2dsrtp, rtsp_keys, slsch, rlc_sl, pdcp_sl, pc5s, verify_preferences;
    static tap_plugin keys, verify, window;

    d2dsec.register_protoinfo = proto_register_d2dsec;
    proto_register_plugin(&d2dsec);

    sdes.register_protoinfo = proto_register_sdes;
    sdes.register_handoff = proto_reg_handoff_sdes;
    proto_register_plugin(&sdes);

    mikey.register_protoinfo = proto_register_mikey_ticket;
    mikey.register_handoff = proto_reg_handoff_mikey_ticket;
    proto_register_plugin(&mikey);

    pc5s.register_protoinfo = proto_register_pc5s;
    pc5s.register_handoff = proto_reg_handoff_pc5s;
    proto_register_plugin(&pc5s);

    d2dsrtp.register_protoinfo = proto_register_d2dsrtp;
    d2dsrtp.register_handoff = proto_reg_handoff_d2dsrtp;
    proto_register_plugin(&d2dsrtp);

    rtsp_keys.register_handoff = proto_reg_handoff_rtsp_keys;
    proto_register_plugin(&rtsp_keys);

    slsch.register_protoinfo = proto_register_slsch;
    slsch.register_handoff = proto_reg_handoff_slsch;
    proto_register_plugin(&slsch);

    rlc_sl.register_protoinfo = proto_register_rlc_sl;
    rlc_sl.register_handoff = proto_reg_handoff_rlc_sl;
    proto_register_plugin(&rlc_sl);

    pdcp_sl.register_protoinfo = proto_register_pdcp_sl;
    pdcp_sl.register_handoff = proto_reg_handoff_pdcp_sl;
    proto_register_plugin(&pdcp_sl);

    keys.register_tap_listener = register_keys_tap;
    tap_register_plugin(&keys);

    verify_preferences.register_handoff = register_verify_preferences;
    proto_register_plugin(&verify_preferences);

    verify.register_tap_listener = register_verify_tap;
    tap_register_plugin(&verify);

    window.register_tap_listener = register_verify_window;
    tap_register_plugin(&window);
}

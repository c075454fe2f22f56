#include "reports/verify_tap.h"

#include "protocols/packet-d2dsec.h"
#include "reports/verify_build.h"
#include "reports/verify_json.h"
#include "reports/verify_source.h"
#include "reports/verify_text.h"

#include <epan/prefs.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <wsutil/report_message.h>

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define OPTION "d2dsec,verify"
#define NS_PER_SECOND INT64_C(1000000000)

/* --- listening ------------------------------------------------------------------------------------------------------ */

struct verify_listener {
    verify_listener *self[2]; /* their addresses are the tap data of further listeners, since each has its own */
    verify_traffic *traffic; /* NULL: nothing was counted yet */
    verify_window window;
    bool two_passes;
    bool again;              /* packets come that have come before */
    uint32_t told_frame;     /* of the latest packet that this plugin gave a verdict */
    bool told_sidelink;      /* it was a PDU of the sidelink ... */
    uint32_t told_ssrc;      /* ... or this was its SSRC */
    verify_draw draw;
    void *user;
    GDestroyNotify free_user;
};

static verify_traffic *traffic_of(verify_listener *listener)
{
    if (!listener->traffic) {
        listener->window = verify_source_window();
        listener->traffic = verify_traffic_new(&listener->window);
    }
    return listener->traffic;
}

static void begin_anew(void *data)
{
    verify_listener *listener = data;
    verify_traffic_free(listener->traffic);
    listener->traffic = NULL;
    listener->two_passes = false;
    listener->told_frame = 0;
}

static int64_t time_of(const packet_info *pinfo)
{
    return (int64_t)pinfo->abs_ts.secs * NS_PER_SECOND + pinfo->abs_ts.nsecs;
}

/* What was counted points to keys of the capture. tshark resets no listener when it goes on to the next file of a ring. */
static GSList *listeners;

static void forget_capture(void)
{
    for (GSList *each = listeners; each; each = each->next)
        begin_anew(each->data);
}

static tap_packet_status take_packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *record,
                                     tap_flags_t flags _U_)
{
    verify_listener *listener = data;
    verify_traffic *traffic = traffic_of(listener);
    const d2d_tap_packet *packet = record;
    const int64_t time = time_of(pinfo);
    if (packet->is_sidelink)
        verify_traffic_add_sidelink(traffic, &packet->sidelink.pdu, &packet->sidelink.opening, time);
    else
        verify_traffic_add_media(traffic, &packet->media.packet, &packet->media.opening, packet->media.plain, time);
    listener->told_frame = pinfo->num;
    listener->told_sidelink = packet->is_sidelink;
    listener->told_ssrc = packet->is_sidelink ? 0 : packet->media.opening.ssrc;
    return TAP_PACKET_REDRAW;
}

/* Whether the plugin has told what became of the packet. What is within a PDU of the sidelink is protected by that, whatever SDP says. */
static bool is_told(const verify_listener *listener, const packet_info *pinfo, uint32_t ssrc)
{
    return listener->told_frame == pinfo->num && (listener->told_sidelink || listener->told_ssrc == ssrc);
}

/* What stock takes for SRTP, by its SDP or by DTLS, and this plugin says nothing of, since nothing brings a key for it: without this, a
 * report would not know that it is there. */
static tap_packet_status take_stock_rtp(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *record,
                                        tap_flags_t flags _U_)
{
    verify_listener *listener = *(verify_listener *const *)data;
    const struct _rtp_info *rtp = record;
    media_packet packet = {.frame = pinfo->num};
    const media_opening closed = {.verdict = MEDIA_NO_KEY, .ssrc = rtp->info_sync_src, .stream = UINT32_MAX};
    if (!rtp->info_is_srtp || is_told(listener, pinfo, rtp->info_sync_src))
        return TAP_PACKET_DONT_REDRAW;
    if (!d2d_transport_address(&pinfo->net_src, pinfo->srcport, &packet.source) ||
        !d2d_transport_address(&pinfo->net_dst, pinfo->destport, &packet.destination))
        return TAP_PACKET_DONT_REDRAW;
    verify_traffic_add_media(traffic_of(listener), &packet, &closed, NULL, time_of(pinfo));
    return TAP_PACKET_REDRAW;
}

/* Whether a frame was visited before, no tap can tell: by the time that it is asked, it was. And where the first pass is a redissection,
 * libwireshark says nothing of its end. */
static tap_packet_status take_frame(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *record _U_,
                                    tap_flags_t flags _U_)
{
    verify_listener *listener = *(verify_listener *const *)data;
    listener->two_passes = listener->again || d2d_capture_get()->first_pass_over;
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    verify_listener *listener = *(verify_listener *const *)data;
    if (listener->draw)
        listener->draw(listener, listener->user);
}

static void finish(void *data)
{
    verify_listener *listener = data;
    listeners = g_slist_remove(listeners, listener);
    verify_traffic_free(listener->traffic);
    if (listener->free_user)
        listener->free_user(listener->user);
    g_free(listener);
}

static bool accepted(GString *error)
{
    if (!error)
        return true;
    report_failure("Verification: %s", error->str);
    g_string_free(error, TRUE);
    return false;
}

verify_listener *verify_listener_new(verify_draw draw_report, void *user, GDestroyNotify free_user)
{
    verify_listener *listener = g_new0(verify_listener, 1);
    listener->self[0] = listener->self[1] = listener;
    listeners = g_slist_prepend(listeners, listener);
    listener->draw = draw_report;
    listener->user = user;
    listener->free_user = free_user;
    if (!accepted(register_tap_listener("d2dsec", listener, NULL, TL_REQUIRES_NOTHING, begin_anew, take_packet, NULL, finish))) {
        finish(listener);
        return NULL;
    }
    if (!accepted(register_tap_listener("frame", &listener->self[0], NULL, TL_REQUIRES_NOTHING, NULL, take_frame, draw, NULL)) ||
        !accepted(register_tap_listener("rtp", &listener->self[1], NULL, TL_REQUIRES_NOTHING, NULL, take_stock_rtp, NULL, NULL))) {
        verify_listener_free(listener);
        return NULL;
    }
    return listener;
}

void verify_listener_free(verify_listener *listener)
{
    remove_tap_listener(&listener->self[0]);
    remove_tap_listener(&listener->self[1]);
    remove_tap_listener(listener);
}

void verify_listener_set_again(verify_listener *listener, bool again)
{
    listener->again = again;
}

verify_report *verify_listener_report(verify_listener *listener)
{
    const d2d_capture *capture = d2d_capture_get();
    if (!capture->keys)
        return NULL;
    const verify_sources sources = {.traffic = traffic_of(listener),
                                    .keys = capture->keys,
                                    .signalling = capture->signalling,
                                    .mikey = capture->mikey,
                                    .rtsp = capture->rtsp,
                                    .kd = capture->kd,
                                    .pc5 = capture->pc5,
                                    .sidelink = capture->sidelink,
                                    .delivered = capture->delivered};
    verify_report *report = verify_report_new();
    report->two_passes = listener->two_passes;
    verify_source_describe(report, &listener->window);
    verify_media_add_sessions(report, &sources);
    verify_sidelink_add_sessions(report, &sources);
    verify_comparison_add(report, &sources);
    verify_judge(report);
    return report;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

static void print_text(const verify_report *report, FILE *stream)
{
    GString *text = verify_text_write(report);
    fwrite(text->str, 1, text->len, stream);
    g_string_free(text, TRUE);
}

/* path: NULL for standard output. A report that is not there as a whole must not pass for one. */
static void write_report(verify_listener *listener, const char *path, void (*print)(const verify_report *, FILE *))
{
    verify_report *report = verify_listener_report(listener);
    if (!report)
        return;
    FILE *stream = path ? g_fopen(path, "wb") : stdout;
    bool failed = !stream;
    int reason = errno;
    if (stream) {
        print(report, stream);
        failed = fflush(stream) != 0 || ferror(stream);
        reason = errno;
        if (path && fclose(stream) != 0 && !failed) {
            failed = true;
            reason = errno;
        }
    }
    if (failed)
        report_failure("Verification report %s: %s", path ? path : "on standard output", g_strerror(reason));
    verify_report_free(report);
}

static void write_text(verify_listener *listener, void *user _U_)
{
    write_report(listener, NULL, print_text);
}

/* path: NULL for standard output. */
static void write_json(verify_listener *listener, void *path)
{
    write_report(listener, path, verify_json_write);
}

/* argument: all of it, from the name of the option on. */
static bool open_option(const char *argument)
{
    const char *rest = argument + strlen(OPTION);
    if (!*rest)
        return verify_listener_new(write_text, NULL, NULL);
    if (strcmp(rest, ",json") == 0)
        return verify_listener_new(write_json, NULL, NULL);
    if (g_str_has_prefix(rest, ",json,") && rest[strlen(",json,")])
        return verify_listener_new(write_json, g_strdup(rest + strlen(",json,")), g_free);
    report_failure("-z %s: there are -z " OPTION ", -z " OPTION ",json and -z " OPTION ",json,FILE", argument);
    return false;
}

WS_STAT_TAP_INIT(open_verify, open_option)

void register_verify_tap(void)
{
    static stat_tap_ui ui = {.group = REGISTER_STAT_GROUP_GENERIC, .cli_string = OPTION, .tap_init_cb = open_verify};
    register_stat_tap_ui(&ui, NULL);
    register_cleanup_routine(forget_capture);
}

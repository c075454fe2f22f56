#include "reports/verify_window.h"

#include "compat.h"
#include "reports/verify_tap.h"
#include "reports/verify_text.h"

#include <epan/funnel.h>
#include <wsutil/report_message.h>

#define TITLE "D2D verification"

/* A table of libwireshark's own (stat_tap_table_ui) is filled packet by packet, and shown without asking its owner once more. What
 * follows from all packets together, as a verdict does, has no place there; so the window holds the text. */
static void show_report(void *data _U_)
{
    const funnel_ops_t *ops = funnel_get_funnel_ops();
    verify_listener *listener = verify_listener_new(NULL, NULL, NULL);
    if (!listener)
        return;
    ops->retap_packets(ops->ops_id);
    verify_report *report = verify_listener_report(listener);
    if (report) {
        GString *text = verify_text_write(report);
        funnel_text_window_t *window = ops->new_text_window(ops->ops_id, TITLE);
        ops->set_text(window, text->str);
        g_string_free(text, TRUE);
    } else {
        report_failure("Open a capture to verify");
    }
    verify_report_free(report);
    verify_listener_free(listener);
}

void register_verify_window(void)
{
    funnel_register_menu(TITLE, WS_TELEPHONY_GROUP, show_report, NULL, NULL, FALSE);
}

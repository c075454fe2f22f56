#include "reports/verify_window.h"

#include "compat.h"
#include "reports/verify_tap.h"
#include "reports/verify_text.h"

#include <epan/funnel.h>
#include <epan/tap.h>

#define TITLE "D2D verification"

/* A table of libwireshark's own (stat_tap_table_ui) is filled packet by packet, and shown without asking its owner once more. What
 * follows from all packets together, as a verdict does, has no place there; so the window holds the text.
 * It follows the capture as windows of Wireshark's own do, so there is no need of a second one. */
static funnel_text_window_t *window; /* NULL: none is open */
static verify_listener *listener;    /* what counts for it */
static GString *shown;               /* its text. Setting it scrolls to the top, so the same is not set again */

static void show_text(GString *text)
{
    if (g_string_equal(shown, text)) {
        g_string_free(text, TRUE);
        return;
    }
    g_string_free(shown, TRUE);
    shown = text;
    funnel_get_funnel_ops()->set_text(window, text->str);
}

static void draw_report(verify_listener *of, void *user _U_)
{
    verify_report *report;
    if (!window)
        return;
    report = verify_listener_report(of);
    show_text(report ? verify_text_write(report) : g_string_new("No capture is open.\n"));
    verify_report_free(report);
}

/* The listener goes, with the window or with all that libwireshark listens to when Wireshark ends. */
static void forget_window(void *user _U_)
{
    g_string_free(shown, TRUE);
    shown = NULL;
    listener = NULL;
    window = NULL;
}

static void on_close(void *data _U_)
{
    verify_listener_free(listener);
}

/* Goes through the capture once more, when all keys of it are known. That lets events happen: the window may be closed behind it. */
static ws_bool verify_again(funnel_text_window_t *of _U_, void *data _U_)
{
    const funnel_ops_t *ops = funnel_get_funnel_ops();
    verify_listener_set_again(listener, true);
    ops->retap_packets(ops->ops_id);
    if (listener) {
        verify_listener_set_again(listener, false);
        draw_tap_listeners(FALSE);
    }
    return true;
}

static void open_window(void *data _U_)
{
    static funnel_bt_t again = {.func = verify_again};
    const funnel_ops_t *ops = funnel_get_funnel_ops();
    if (window)
        ops->destroy_text_window(window);
    shown = g_string_new(NULL);
    listener = verify_listener_new(draw_report, NULL, forget_window);
    if (!listener)
        return;
    window = ops->new_text_window(ops->ops_id, TITLE);
    ops->set_close_cb(window, on_close, NULL);
    ops->add_button(window, &again, "Verify again");
    verify_again(window, NULL);
}

void register_verify_window(void)
{
    funnel_register_menu(TITLE, WS_TELEPHONY_GROUP, open_window, NULL, NULL, FALSE);
}

#include "reports/keys_tap.h"

#include "compat.h"
#include "protocols/packet-d2dsec.h"
#include "reports/keys_export.h"

#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <wsutil/report_message.h>

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#define OPTION "d2dsec,keys"

/* Nobody but its owner may read the file, from its first octet on. */
#define MODE 0600

static tap_packet_status look_at_packet(void *file _U_, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data _U_,
                                        tap_flags_t flags _U_)
{
    return TAP_PACKET_REDRAW;
}

/* A device or a pipe would be replaced by a file. */
static bool may_be_replaced(const char *path)
{
    GStatBuf status;
    return g_lstat(path, &status) != 0 || S_ISREG(status.st_mode);
}

/* From 2.84 on at the latest, GLib gives the new file the mode of the one that it replaces. */
static bool make_way(const char *path)
{
    return g_unlink(path) == 0 || errno == ENOENT;
}

/* The file appears whole or not at all. */
static void write_keys(void *file)
{
    const char *path = file;
    const d2d_capture *capture = d2d_capture_get();
    GError *error = NULL;
    if (!capture->keys) /* there is no capture any more */
        return;
    if (!may_be_replaced(path)) {
        report_failure("Keys are not written to %s: it is not a regular file", path);
        return;
    }
    if (!make_way(path)) {
        report_failure("Keys are not written to %s: %s", path, g_strerror(errno));
        return;
    }
    const keys_export_sources sources = {.keys = capture->keys,
                                         .streams = capture->streams,
                                         .mikey = capture->mikey,
                                         .kd = capture->kd,
                                         .sidelink = capture->sidelink};
    GString *text = keys_export(&sources);
    if (!g_file_set_contents_full(path, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT, MODE, &error))
        report_failure("Keys are not written: %s", error->message);
    g_clear_error(&error);
    keys_export_free(text);
}

static void free_path(void *file)
{
    g_free(file);
}

/* option: all of it, from its name on. */
static bool open_option(const char *option)
{
    const char *path = option + strlen(OPTION);
    if (*path != ',' || !path[1]) {
        report_failure("-z " OPTION ",FILE wants a file");
        return false;
    }
    char *file = g_strdup(path + 1);
    GString *error = register_tap_listener("frame", file, NULL, TL_REQUIRES_NOTHING, NULL, look_at_packet, write_keys, free_path);
    if (!error)
        return true;
    report_failure("Keys are not written: %s", error->str);
    g_string_free(error, TRUE);
    g_free(file);
    return false;
}

WS_STAT_TAP_INIT(open_keys, open_option)

void register_keys_tap(void)
{
    static stat_tap_ui ui = {.group = REGISTER_STAT_GROUP_GENERIC, .cli_string = OPTION, .tap_init_cb = open_keys};
    register_stat_tap_ui(&ui, NULL);
}

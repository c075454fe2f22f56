/* The plugin's common ground: capture state, key log, preferences (d2dsec.*). */
#include "protocols/packet-d2dsec.h"

#include "ciphers/crypto_library.h"
#include "ciphers/ipsec_mb.h"
#include "keys/keylog.h"
#include "keys/mikey_pke.h"
#include "protocols/decrypted_export.h"
#include "protocols/packet-pc5s.h"
#include "protocols/sl_preferences.h"
#include "sessions/kd_srtp.h"

#include <epan/addr_resolv.h>
#include <epan/expert.h>
#include <epan/prefs.h>
#include <epan/tap.h>
#include <epan/uat.h>
#include <wsutil/report_message.h>

#include <openssl/crypto.h>

/* How often a growing key log is looked at, how many of its faults one message lists, and how many of the key logs in a capture have a
 * message: each may be a window that somebody has to close. */
#define KEYLOG_INTERVAL_US (10 * 1000)
#define KEYLOG_MAX_REPORTED 10
#define KEYLOG_MAX_MESSAGES 4

/* "D2DK": the type of Decryption Secrets Blocks that hold a key log (defined in keyfiles/README.md). */
#define D2D_SECRETS_TYPE 0x4432444b

static int proto_d2dsec;
int proto_d2dsec_afterwards;
static int d2dsec_tap;

int hf_d2dsec_verdict = -1;
int hf_d2dsec_suite = -1;
int hf_d2dsec_roc = -1;
int hf_d2dsec_index = -1;
int hf_d2dsec_ssrc = -1;
int hf_d2dsec_key_frame = -1;
int hf_d2dsec_key_origin = -1;
int hf_d2dsec_key_fingerprint = -1;
int hf_d2dsec_departure = -1;
int hf_d2dsec_found = -1;

/* The key logs that preferences name: what was delivered before what was derived elsewhere, since of keys alike the first is told. */
typedef struct {
    const char *path;  /* "": none */
    bool is_delivered; /* else its keys open traffic, and are compared with nothing */
    keylog_file *file; /* while a capture is open; NULL: none */
} keylog_source;

enum { KEYLOG_DELIVERED, KEYLOG_DERIVED };
static keylog_source keylogs[] = {[KEYLOG_DELIVERED] = {.path = "", .is_delivered = true}, [KEYLOG_DERIVED] = {.path = ""}};

static const char *private_key_path = "";
static ws_bool show_keys = FALSE;
static ws_bool padding_takes_keystream = FALSE;

static d2d_capture capture;
static gint64 keylogs_looked_at;
static bool told_of_withheld_keys;
static unsigned faulty_embedded; /* key logs in the capture that have faults */

/* --- the key table in the preferences ------------------------------------------------------------------------------ */

/* One row says what one key log line says. */
typedef struct {
    char *flow;
    char *suite;
    char *key;
    char *options;
} key_row;

static key_row *key_rows;
static ws_uint key_row_count;

UAT_CSTRING_CB_DEF(key_rows, flow, key_row)
UAT_CSTRING_CB_DEF(key_rows, suite, key_row)
UAT_CSTRING_CB_DEF(key_rows, key, key_row)
UAT_CSTRING_CB_DEF(key_rows, options, key_row)

static keylog_entry *parse_row(const key_row *row, char **error)
{
    keylog_entry *entry = NULL;
    char *line = g_strdup_printf("SRTP_MASTER %s %s:%s %s", row->flow, row->suite, row->key,
                                 row->options ? row->options : "");
    if (keylog_parse_line(line, strlen(line), &entry, error) && !entry)
        *error = g_strdup("the row is empty");
    OPENSSL_cleanse(line, strlen(line));
    g_free(line);
    return entry;
}

static void *copy_row(void *destination, const void *origin, size_t len _U_)
{
    key_row *to = (key_row *)destination;
    const key_row *from = (const key_row *)origin;
    to->flow = g_strdup(from->flow);
    to->suite = g_strdup(from->suite);
    to->key = g_strdup(from->key);
    to->options = g_strdup(from->options);
    return destination;
}

static ws_bool check_row(void *record, char **error)
{
    keylog_entry *entry = parse_row((const key_row *)record, error);
    keylog_entry_free(entry);
    return entry != NULL;
}

static void free_row(void *record)
{
    key_row *row = (key_row *)record;
    if (row->key)
        OPENSSL_cleanse(row->key, strlen(row->key));
    g_free(row->flow);
    g_free(row->suite);
    g_free(row->key);
    g_free(row->options);
}

static void add_rows(void)
{
    for (ws_uint i = 0; i < key_row_count; i++) {
        char *error = NULL;
        keylog_entry *entry = parse_row(&key_rows[i], &error);
        if (entry) {
            delivered_keys_add(capture.delivered, entry);
            session_keys_add_logged(capture.keys, entry);
        }
        keylog_entry_free(entry);
        g_free(error);
    }
}

/* --- the key log file ---------------------------------------------------------------------------------------------- */

/* One look at a key log. */
typedef struct {
    bool is_delivered;
    GString *faults;
    unsigned fault_count;
} keylog_look;

static void take_entry(keylog_entry *entry, void *user)
{
    const keylog_look *look = (const keylog_look *)user;
    if (look->is_delivered)
        delivered_keys_add(capture.delivered, entry);
    else
        entry->line |= KEYLOG_LINE_DERIVED;
    switch (entry->label) {
    case KEYLOG_SRTP_MASTER:
        session_keys_add_logged(capture.keys, entry);
        break;
    case KEYLOG_MIKEY_PSK:
    case KEYLOG_MIKEY_TPK:
    case KEYLOG_MIKEY_MPK:
    case KEYLOG_MIKEY_TGK:
    case KEYLOG_MIKEY_TEK:
        mikey_sessions_add_logged(capture.mikey, entry);
        break;
    case KEYLOG_D2D_KD:
    case KEYLOG_SDES_K1:
    case KEYLOG_SDES_K2:
        kd_sources_add_logged(capture.kd, entry);
        break;
    case KEYLOG_D2D_KDSESS:
    case KEYLOG_D2D_PEK:
    case KEYLOG_D2D_PIK:
    case KEYLOG_PROSE_PGK:
        sl_security_add_logged(capture.sidelink, entry);
        break;
    case KEYLOG_HI2_CC:
        session_keys_add_cc(capture.keys, entry);
        mikey_sessions_add_logged(capture.mikey, entry);
        break;
    }
    keylog_entry_free(entry);
}

static void take_fault(unsigned line, const char *error, void *user)
{
    keylog_look *look = (keylog_look *)user;
    if (++look->fault_count > KEYLOG_MAX_REPORTED)
        return;
    if (line)
        g_string_append_printf(look->faults, "\nline %u: %s", line, error);
    else
        g_string_append_printf(look->faults, "\n%s", error);
}

/* Where media stays SRTP under keys from KD. */
static void derive_srtp_from_kd(void)
{
    const sl_profile profile = sl_preferences_profile();
    if (profile.kd_to_srtp && kd_srtp_add(capture.kd, &profile, capture.keys))
        media_streams_news(capture.streams);
}

/* `name`: of the key log, as people know it. */
static void report_faults(const char *name, const keylog_look *look)
{
    if (look->fault_count > KEYLOG_MAX_REPORTED)
        g_string_append_printf(look->faults, "\nand %u more", look->fault_count - KEYLOG_MAX_REPORTED);
    if (look->fault_count)
        report_warning("Key log %s:%s", name, look->faults->str);
    g_string_free(look->faults, TRUE);
}

static void use_new_entries(unsigned added)
{
    if (mikey_sessions_settle(capture.mikey, capture.first_pass_over) || added) {
        derive_srtp_from_kd();
        media_streams_news(capture.streams);
    }
}

/* at_end: nobody is writing, so a last line without its end counts as well. */
static unsigned read_keylogs(bool at_end)
{
    unsigned added = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(keylogs); i++) {
        const keylog_source *source = &keylogs[i];
        if (!source->file)
            continue;
        keylog_look look = {source->is_delivered, g_string_new(NULL), 0};
        added += keylog_file_read(source->file, at_end, NULL, take_entry, take_fault, &look);
        report_faults(source->path, &look);
    }
    use_new_entries(added);
    keylogs_looked_at = g_get_monotonic_time();
    return added;
}

static bool names_keylog(void)
{
    return keylogs[KEYLOG_DELIVERED].file || keylogs[KEYLOG_DERIVED].file;
}

static void open_keylogs(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keylogs); i++)
        keylogs[i].file = *keylogs[i].path ? keylog_file_new(keylogs[i].path) : NULL;
    if (names_keylog())
        read_keylogs(true);
}

static void close_keylogs(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keylogs); i++) {
        keylog_file_free(keylogs[i].file);
        keylogs[i].file = NULL;
    }
}

bool d2d_capture_read_keylog(void)
{
    return names_keylog() && g_get_monotonic_time() - keylogs_looked_at >= KEYLOG_INTERVAL_US && read_keylogs(false) > 0;
}

/* --- key logs in the capture --------------------------------------------------------------------------------------- */

static void take_embedded(const void *text, unsigned len)
{
    if (!capture.keys) /* no capture is open that they could be of */
        return;
    keylog_look look = {true, g_string_new(NULL), 0};
    unsigned added = keylog_read_text((const char *)text, len, take_entry, take_fault, &look);
    if (look.fault_count && ++faulty_embedded > KEYLOG_MAX_MESSAGES)
        g_string_free(look.faults, TRUE);
    else
        report_faults(faulty_embedded == KEYLOG_MAX_MESSAGES ? "in the capture (the faults of further ones are not told)" : "in the capture",
                      &look);
    use_new_entries(added);
}

void d2d_capture_tell_of_withheld_keys(const packet_info *pinfo)
{
    if (keylogs[KEYLOG_DELIVERED].file || told_of_withheld_keys || !ws_secrets_withheld(pinfo, D2D_SECRETS_TYPE))
        return;
    told_of_withheld_keys = true;
    report_warning("The capture holds a key log, which this version of Wireshark does not hand to plugins. Take it out with "
                   "\"d2dsec-keys extract CAPTURE -o FILE\", and name FILE in the preference d2dsec.keylog_file.");
}

/* --- one capture --------------------------------------------------------------------------------------------------- */

d2d_capture *d2d_capture_get(void)
{
    return &capture;
}

bool d2d_media_may_be_clear(void)
{
    return capture.in_protected_sdu && !sl_preferences_profile().kd_to_srtp;
}

bool d2d_show_keys(void)
{
    return show_keys;
}

/* The light shows the highest severity of all expert infos so far. A packet that was visited has added its own. */
bool d2d_wants_details(const packet_info *pinfo, const proto_tree *tree, int severity)
{
    static int expert_tap; /* libwireshark makes it only after all protocols are registered */
    if (!expert_tap)
        expert_tap = find_tap_id("expert");
    return tree || have_tap_listener(expert_tap) || (!pinfo->fd->visited && severity > expert_get_highest_severity());
}

bool d2d_is_tapped(void)
{
    return have_tap_listener(d2dsec_tap);
}

void d2d_tap(packet_info *pinfo, const d2d_tap_packet *packet)
{
    tap_queue_packet(d2dsec_tap, pinfo, packet);
}

void d2d_capture_learn_sdp(const kd_body_arrival *arrival, const sdp_body *body)
{
    kd_sources_add_sdp(capture.kd, arrival, body);
    derive_srtp_from_kd();
}

static void load_private_key(void)
{
    char *error = NULL;
    if (!*private_key_path)
        return;
    EVP_PKEY *private_key = mikey_private_key_load(private_key_path, &error);
    if (error)
        report_warning("MIKEY private key %s: %s", private_key_path, error);
    g_free(error);
    mikey_sessions_set_private_key(capture.mikey, private_key);
}

static void open_capture(void)
{
    capture.keys = session_keys_new();
    capture.signalling = offer_answer_new(capture.keys);
    capture.mikey = mikey_sessions_new(capture.keys);
    load_private_key();
    capture.rtsp = rtsp_sessions_new(capture.signalling);
    capture.streams = media_streams_new(capture.keys, capture.signalling, padding_takes_keystream);
    capture.pc5 = pc5_state_new();
    capture.kd = kd_sources_new(capture.mikey);
    const sl_security_setting setting = {.pc5 = capture.pc5,
                                         .sources = capture.kd,
                                         .mikey = capture.mikey,
                                         .profile = sl_preferences_profile(),
                                         .options = pc5s_preferences_options()};
    capture.sidelink = sl_security_new(&setting);
    capture.delivered = delivered_keys_new();
    add_rows();
    if (session_keys_count(capture.keys))
        media_streams_news(capture.streams);
    open_keylogs();
}

static void close_capture(void)
{
    delivered_keys_free(capture.delivered);
    sl_security_free(capture.sidelink);
    kd_sources_free(capture.kd);
    pc5_state_free(capture.pc5);
    media_streams_free(capture.streams);
    mikey_sessions_free(capture.mikey);
    rtsp_sessions_free(capture.rtsp);
    offer_answer_free(capture.signalling);
    session_keys_free(capture.keys);
    memset(&capture, 0, sizeof capture);
    told_of_withheld_keys = false;
    faulty_embedded = 0;
    close_keylogs();
}

static void end_first_pass(void)
{
    capture.first_pass_over = true;
    use_new_entries(0);
}

bool d2d_transport_address(const address *from, uint32_t port, transport_address *to)
{
    if (from->type != AT_IPv4 && from->type != AT_IPv6)
        return false;
    transport_address_set(to, (const uint8_t *)from->data, (uint8_t)from->len, (uint16_t)port);
    return true;
}

/* --- registration -------------------------------------------------------------------------------------------------- */

static void register_preferences(void)
{
    static uat_field_t fields[] = {
        UAT_FLD_CSTRING(key_rows, flow, "Flow", "*, ssrc=0x..., src=ADDR:PORT, dst=ADDR:PORT or call=CALL-ID"),
        UAT_FLD_CSTRING(key_rows, suite, "Crypto suite", "As in SDP, for example AES_CM_128_HMAC_SHA1_80"),
        UAT_FLD_CSTRING(key_rows, key, "Key", "Master key and master salt, in hex or base64"),
        UAT_FLD_CSTRING(key_rows, options, "Options", "mki=HEX kdr=N roc=N, as in the key log; may be empty"),
        UAT_END_FIELDS,
    };
    uat_t *table = uat_new("SRTP master keys", sizeof(key_row), "d2dsec_srtp_keys", TRUE, &key_rows, &key_row_count,
                           UAT_AFFECTS_DISSECTION, NULL, copy_row, check_row, free_row, NULL, NULL, fields);
    module_t *module = prefs_register_protocol(proto_d2dsec, NULL);
    prefs_register_filename_preference(module, "keylog_file", "Key log file",
                                       "A file with one secret a line; it is read again as it grows",
                                       &keylogs[KEYLOG_DELIVERED].path, FALSE);
    prefs_register_filename_preference(module, "keylog_derived", "Key log file of derived keys",
                                       "Likewise, with keys that another capture's signalling gave (-z d2dsec,keys): they open "
                                       "traffic, and the verification report compares them with nothing",
                                       &keylogs[KEYLOG_DERIVED].path, FALSE);
    prefs_register_filename_preference(module, "mikey_private_key", "MIKEY private key file",
                                       "An RSA private key in a PEM file, which opens the envelopes of MIKEY's public-key "
                                       "modes",
                                       &private_key_path, FALSE);
    prefs_register_uat_preference(module, "srtp_keys", "SRTP master keys", "Keys that no signalling brings", table);
    prefs_register_bool_preference(module, "show_keys", "Show keys in the packet details",
                                   "Otherwise a key is named by the first 8 octets of its SHA-256 alone", &show_keys);
    prefs_register_bool_preference(
        module, "extension_padding_takes_keystream", "Padding in encrypted header extensions takes keystream",
        "As RFC 6904 section 3.1 has it; libsrtp, which most senders use, passes padding over. No authentication "
        "tag tells which is right",
        &padding_takes_keystream);
    sl_preferences_register(module);
}

void proto_register_d2dsec(void)
{
    static hf_register_info fields[] = {
        {&hf_d2dsec_verdict,
         {"Verdict", "d2dsec.verdict", FT_STRING, BASE_NONE, NULL, 0, "What became of the protected packet", HFILL}},
        {&hf_d2dsec_suite,
         {"Crypto suite", "d2dsec.suite", FT_STRING, BASE_NONE, NULL, 0, "Of the key that opened the packet", HFILL}},
        {&hf_d2dsec_roc,
         {"Rollover counter", "d2dsec.roc", FT_UINT32, BASE_DEC, NULL, 0, "RFC 3711 section 3.3.1", HFILL}},
        {&hf_d2dsec_index,
         {"Packet index", "d2dsec.index", FT_UINT64, BASE_DEC, NULL, 0, "ROC and sequence number, or the SRTCP index",
          HFILL}},
        {&hf_d2dsec_ssrc, {"SSRC", "d2dsec.ssrc", FT_UINT32, BASE_HEX, NULL, 0, "Synchronization source", HFILL}},
        {&hf_d2dsec_key_frame,
         {"Key in frame", "d2dsec.key_frame", FT_FRAMENUM, BASE_NONE, NULL, 0, "The frame that brought the key", HFILL}},
        {&hf_d2dsec_key_origin,
         {"Key origin", "d2dsec.key_origin", FT_STRING, BASE_NONE, NULL, 0, "Where the key came from", HFILL}},
        {&hf_d2dsec_key_fingerprint,
         {"Key fingerprint", "d2dsec.key_fingerprint", FT_STRING, BASE_NONE, NULL, 0,
          "First 8 octets of the SHA-256 of master key and salt", HFILL}},
        {&hf_d2dsec_departure,
         {"Departure", "d2dsec.departure", FT_STRING, BASE_NONE, NULL, 0,
          "How the sender departs from the standard, or what else is worth knowing", HFILL}},
        {&hf_d2dsec_found,
         {"Found by search", "d2dsec.found", FT_STRING, BASE_NONE, NULL, 0,
          "Wherein the derivation and use of the keys depart from the preferences", HFILL}},
    };

    proto_d2dsec = proto_register_protocol("D2D security", "D2DSEC", "d2dsec");
    proto_register_field_array(proto_d2dsec, fields, array_length(fields));
    /* In name only: libwireshark enters any other into the layers of each frame, at several times the cost of the call. */
    proto_d2dsec_afterwards = proto_register_protocol_in_name_only("D2D security, after the frame", "D2DSEC after the frame",
                                                                   "d2dsec.afterwards", proto_d2dsec, FT_PROTOCOL);
    register_preferences();
    decrypted_export_register();
    d2dsec_tap = register_tap("d2dsec");
    ws_secrets_register(D2D_SECRETS_TYPE, take_embedded);
    register_init_routine(open_capture);
    register_postseq_cleanup_routine(end_first_pass);
    register_cleanup_routine(close_capture);
    register_shutdown_routine(crypto_library_release);
    register_shutdown_routine(ipsec_mb_release);
}

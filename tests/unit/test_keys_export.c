/* The key log of a capture: what it says, the reader of key logs understands again. */
#include "reports/keys_export.h"

#include <string.h>

typedef struct {
    session_keys *keys;
    offer_answer *signalling;
    media_streams *streams;
    mikey_sessions *mikey;
    kd_sources *kd;
    pc5_state *pc5;
    sl_security *sidelink;
} scene;

static void scene_begin(scene *s)
{
    s->keys = session_keys_new();
    s->signalling = offer_answer_new(s->keys);
    s->streams = media_streams_new(s->keys, s->signalling, false);
    s->mikey = mikey_sessions_new(s->keys);
    s->kd = kd_sources_new(s->mikey);
    s->pc5 = pc5_state_new();
    const sl_security_setting setting = {.pc5 = s->pc5, .sources = s->kd, .mikey = s->mikey, .profile = SL_PROFILE_DEFAULT};
    s->sidelink = sl_security_new(&setting);
}

static void scene_end(scene *s)
{
    sl_security_free(s->sidelink);
    pc5_state_free(s->pc5);
    kd_sources_free(s->kd);
    mikey_sessions_free(s->mikey);
    media_streams_free(s->streams);
    offer_answer_free(s->signalling);
    session_keys_free(s->keys);
}

static GString *export_of(const scene *s)
{
    const keys_export_sources sources = {
        .keys = s->keys, .streams = s->streams, .mikey = s->mikey, .kd = s->kd, .sidelink = s->sidelink};
    return keys_export(&sources);
}

static void test_nothing(void)
{
    scene s;
    scene_begin(&s);
    GString *text = export_of(&s);
    g_assert_cmpuint(text->len, ==, 0);
    keys_export_free(text);
    scene_end(&s);
}

/* Whatever a master key can be comes back as it was. */
static void test_master_keys_come_back(void)
{
    size_t count;
    const crypto_suite *suites = crypto_suites(&count);
    for (size_t i = 0; i < count; i++) {
        if (!suites[i].supported)
            continue;
        for (unsigned variant = 0; variant < 3; variant++) {
            scene s;
            srtp_master_key master;
            keylog_entry *entry;
            char *error;
            memset(&master, 0, sizeof master);
            master.transform = suites[i].transform;
            memset(master.key, 0xa5, master.transform.key_len);
            memset(master.salt, 0x5a, master.transform.salt_len);
            if (variant == 1) {
                master.mki_len = 2;
                master.mki[1] = 7;
                master.kdr = 32;
                master.unencrypted_srtp = master.unencrypted_srtcp = master.unauthenticated_srtp = true;
            } else if (variant == 2 && master.transform.auth == SRTP_AUTH_HMAC_SHA1) {
                master.transform.srtp_tag_len = 9;
                master.transform.srtcp_tag_len = 20;
                master.transform.auth_key_len = 32;
                master.transform.prefix_len = master.transform.cipher == SRTP_CIPHER_AES_CM ? 3 : 0;
            }
            scene_begin(&s);
            g_assert_nonnull(session_keys_add(s.keys, &master, &suites[i], KEY_ORIGIN_MIKEY, 1, 1));
            GString *text = export_of(&s);
            g_assert_true(g_str_has_prefix(text->str, "SRTP_MASTER * "));
            g_assert_true(keylog_parse_line(text->str, text->len, &entry, &error));
            g_assert_cmpmem(&entry->srtp, sizeof master, &master, sizeof master);
            keylog_entry_free(entry);
            keys_export_free(text);
            scene_end(&s);
        }
    }
}

/* What was logged and opened nothing is not said again; many keys are all said, each once. */
static void test_many_keys(void)
{
    scene s;
    const char *name = "AES_CM_128_HMAC_SHA1_80";
    const crypto_suite *suite = crypto_suite_by_name(name, strlen(name));
    srtp_master_key master = {.transform = suite->transform};
    keylog_entry logged = {.label = KEYLOG_SRTP_MASTER, .selector = KEYLOG_ANY, .suite = suite, .srtp = master, .line = 1};
    scene_begin(&s);
    session_keys_add_logged(s.keys, &logged);
    for (unsigned i = 1; i <= 1000; i++) {
        master.key[0] = (uint8_t)i;
        master.key[1] = (uint8_t)(i >> 8);
        session_keys_add(s.keys, &master, suite, KEY_ORIGIN_SDES_OFFER, i, 1);
    }
    GString *text = export_of(&s);
    char **lines = g_strsplit(text->str, "\n", 0);
    g_assert_cmpuint(g_strv_length(lines), ==, 1001);
    g_assert_cmpstr(lines[1000], ==, "");
    g_assert_true(strstr(lines[0], ":0100"));
    g_assert_true(strstr(lines[999], ":e803"));
    g_strfreev(lines);
    keys_export_free(text);
    scene_end(&s);
}

static void note_pgk(scene *s, uint32_t group_id, uint8_t first)
{
    uint8_t secret[16] = {first};
    keylog_entry entry = {.label = KEYLOG_PROSE_PGK, .selector = KEYLOG_PGK, .group_id = group_id, .pgk_id = 5,
                          .secret = secret, .secret_len = sizeof secret, .line = 2};
    sl_security_add_logged(s->sidelink, &entry);
}

static void test_group_keys(void)
{
    scene s;
    scene_begin(&s);
    note_pgk(&s, 0xf00123, 1);
    note_pgk(&s, 0x000001, 2);
    GString *text = export_of(&s);
    g_assert_cmpstr(text->str, ==, "PROSE_PGK f00123/05 01000000000000000000000000000000\n"
                                   "PROSE_PGK 000001/05 02000000000000000000000000000000\n");
    keys_export_free(text);
    scene_end(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keys-export/nothing", test_nothing);
    g_test_add_func("/keys-export/master-keys-come-back", test_master_keys_come_back);
    g_test_add_func("/keys-export/many-keys", test_many_keys);
    g_test_add_func("/keys-export/group-keys", test_group_keys);
    return g_test_run();
}

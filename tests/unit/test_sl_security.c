/* What becomes of the PDUs of a worked example with each key that it has, with wrong ones, and when keys come late; and what PDUs that
 * nothing opens may cost. */
#define _GNU_SOURCE /* memmem */
#include "sessions/sl_security.h"

#include "d2d_example.h"

#include <openssl/crypto.h>
#include <string.h>

enum { FRAME_OF_GROUP = 100, FRAME_OF_MANY = 1000 };

/* --- cleansing ----------------------------------------------------------------------------------------------------- */

static GByteArray *cleansed; /* NULL: calls alone are counted */
static uint64_t cleansing_calls;

/* In OpenSSL's place. Every context and every derivation that was tried in vain ends in it. */
void OPENSSL_cleanse(void *ptr, size_t len)
{
    cleansing_calls++;
    if (cleansed && len)
        g_byte_array_append(cleansed, ptr, (guint)len);
    if (len)
        memset(ptr, 0, len);
}

static bool was_cleansed(const char *hex)
{
    vector_octets key;
    vector_parse_hex(hex, &key);
    return memmem(cleansed->data, cleansed->len, key.data, key.len) != NULL;
}

/* --- a scene ------------------------------------------------------------------------------------------------------- */

typedef struct {
    session_keys *keys;
    mikey_sessions *mikey;
    pc5_state *pc5;
    kd_sources *sources;
    sl_security *security;
} security_scene;

/* Search is what a test asks for: it would make every wrong key cost seconds. */
static security_scene scene_new(bool search)
{
    security_scene made = {.keys = session_keys_new(), .pc5 = pc5_state_new()};
    made.mikey = mikey_sessions_new(made.keys);
    made.sources = kd_sources_new(made.mikey);
    sl_security_setting setting = {.pc5 = made.pc5,
                                   .sources = made.sources,
                                   .mikey = made.mikey,
                                   .profile = SL_PROFILE_DEFAULT,
                                   .options = pc5s_default_options};
    setting.profile.search = search;
    made.security = sl_security_new(&setting);
    return made;
}

static void scene_free(security_scene *scene)
{
    sl_security_free(scene->security);
    kd_sources_free(scene->sources);
    pc5_state_free(scene->pc5);
    mikey_sessions_free(scene->mikey);
    session_keys_free(scene->keys);
}

static void add_line(security_scene *scene, const char *label, const char *selector, const char *hex)
{
    g_autofree char *line = g_strdup_printf("%s %s %s", label, selector, hex);
    g_autofree char *error = NULL;
    keylog_entry *entry;
    g_assert_true(keylog_parse_line(line, strlen(line), &entry, &error));
    if (entry->label == KEYLOG_D2D_KD)
        kd_sources_add_logged(scene->sources, entry);
    else
        sl_security_add_logged(scene->security, entry);
    keylog_entry_free(entry);
}

/* A hex string that differs from `hex` in one bit. */
static char *other_than(const char *hex)
{
    char *other = g_strdup(hex);
    other[0] = hex[0] == '0' ? '1' : '0';
    return other;
}

static void signal_request(security_scene *scene)
{
    const d2d_pdu *pdu = &d2d_example_get()->frames[D2D_REQUEST];
    const sl_pdu parsed = d2d_pdu_parse(pdu, D2D_REQUEST + 1);
    pc5s_message *message = pc5s_parse(parsed.data.data, parsed.data.len, &pc5s_default_options);
    const pc5_arrival arrival = {.frame = parsed.frame,
                                 .source = sl_source_id(&parsed.link),
                                 .destination = sl_destination_id(&parsed.link),
                                 .protection = PC5_UNPROTECTED,
                                 .message = message};
    g_assert_nonnull(pc5_state_add(scene->pc5, &arrival)->context);
    pc5s_free(message);
}

static void open_pdu(security_scene *scene, const d2d_pdu *pdu, uint32_t frame, sl_opening *opening)
{
    const sl_pdu parsed = d2d_pdu_parse(pdu, frame);
    sl_security_open(scene->security, &parsed, opening);
}

static void assert_verdict(security_scene *scene, const d2d_pdu *pdu, uint32_t frame, sl_verdict verdict)
{
    sl_opening opening;
    open_pdu(scene, pdu, frame, &opening);
    g_assert_cmpstr(sl_verdict_text(opening.verdict), ==, sl_verdict_text(verdict));
    g_assert_true(sl_verdict_is_open(verdict) == (opening.plain != NULL));
    if (!opening.plain)
        return;
    g_assert_cmpmem(opening.plain, opening.len, pdu->plain.data, pdu->plain.len);
    g_assert_false(opening.is_implausible);
    g_assert_nonnull(opening.context);
}

static void assert_frame(security_scene *scene, unsigned number, sl_verdict verdict)
{
    const d2d_pdu *frame = &d2d_example_get()->frames[number];
    const d2d_pdu pdu = number == D2D_IP ? d2d_pdu_with_checksum(frame) : *frame;
    assert_verdict(scene, &pdu, number + 1, verdict);
}

static void assert_followers_open(security_scene *scene)
{
    assert_frame(scene, D2D_COMPLETE, SL_DECRYPTED);
    assert_frame(scene, D2D_ACCEPT, SL_DECRYPTED);
    assert_frame(scene, D2D_IP, SL_NOT_AUTHENTICATED);
}

static void assert_all(security_scene *scene, sl_verdict command, sl_verdict followers)
{
    assert_frame(scene, D2D_COMMAND, command);
    for (unsigned number = D2D_COMPLETE; number <= D2D_IP; number++)
        assert_frame(scene, number, followers);
}

/* --- the right key ------------------------------------------------------------------------------------------------- */

/* On the second visit in reverse order: what a user clicks at comes in any. */
static void test_kd_of_log(void)
{
    for (unsigned search = 0; search < 2; search++) {
        security_scene scene = scene_new(search);
        add_line(&scene, "D2D_KD", "*", d2d_example_get()->kd);
        signal_request(&scene);
        assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
        assert_followers_open(&scene);
        assert_frame(&scene, D2D_IP, SL_NOT_AUTHENTICATED);
        assert_frame(&scene, D2D_ACCEPT, SL_DECRYPTED);
        assert_frame(&scene, D2D_COMPLETE, SL_DECRYPTED);
        assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
        scene_free(&scene);
    }
}

static void test_source_is_named(void)
{
    sl_opening opening;
    security_scene scene = scene_new(true);
    add_line(&scene, "D2D_KD", "*", d2d_example_get()->kd);
    signal_request(&scene);
    open_pdu(&scene, &d2d_example_get()->frames[D2D_COMMAND], D2D_COMMAND + 1, &opening);
    vector_octets kd, kd_sess;
    char fingerprint[KEY_FINGERPRINT_LEN + 1];
    vector_parse_hex(d2d_example_get()->kd, &kd);
    vector_parse_hex(d2d_example_get()->kd_sess, &kd_sess);
    key_fingerprint(kd.data, kd.len, fingerprint);
    g_assert_cmpstr(opening.context->kd_fingerprint, ==, fingerprint);
    key_fingerprint(kd_sess.data, kd_sess.len, fingerprint);
    g_assert_cmpstr(opening.context->kd_sess_fingerprint, ==, fingerprint);
    g_assert_null(opening.context->found);
    g_assert_false(opening.was_ciphered);
    g_assert_cmpint(opening.context->commander, ==, 0x0a0b);
    g_assert_cmpuint(opening.context->command_frame, ==, D2D_COMMAND + 1);
    scene_free(&scene);
}

/* Keys that need no signalling. */
static void test_without_command(void)
{
    const d2d_example *example = d2d_example_get();
    for (unsigned way = 0; way < 4; way++) {
        const char *selector = way & 1 ? "1234" : "*";
        security_scene scene = scene_new(true);
        if (way & 2)
            add_line(&scene, "D2D_KDSESS", selector, example->kd_sess);
        else {
            add_line(&scene, "D2D_PEK", selector, example->pek);
            add_line(&scene, "D2D_PIK", selector, example->pik);
        }
        for (unsigned visit = 0; visit < 2; visit++)
            assert_followers_open(&scene);
        scene_free(&scene);
    }
}

static void test_line_of_other_id(void)
{
    security_scene scene = scene_new(true);
    add_line(&scene, "D2D_KDSESS", "1235", d2d_example_get()->kd_sess);
    for (unsigned number = D2D_COMPLETE; number <= D2D_IP; number++)
        assert_frame(&scene, number, SL_NO_KEY);
    scene_free(&scene);
}

static void test_group(void)
{
    const d2d_example *example = d2d_example_get();
    const d2d_pdu pdu = d2d_pdu_with_checksum(&example->group);
    g_autofree char *other = other_than(example->pgk);
    security_scene scene = scene_new(true);
    assert_verdict(&scene, &pdu, FRAME_OF_GROUP, SL_NO_KEY);
    add_line(&scene, "PROSE_PGK", "0a0b0c/05", other);
    add_line(&scene, "PROSE_PGK", "0a0b0c/06", example->pgk);
    add_line(&scene, "PROSE_PGK", "0a0c0c/05", example->pgk);
    assert_verdict(&scene, &pdu, FRAME_OF_GROUP, SL_NO_KEY);
    add_line(&scene, "PROSE_PGK", "0a0b0c/05", example->pgk);
    for (unsigned visit = 0; visit < 2; visit++)
        assert_verdict(&scene, &pdu, FRAME_OF_GROUP, SL_NOT_AUTHENTICATED);
    scene_free(&scene);
}

static d2d_pdu with_wrong_checksum(const d2d_pdu *pdu)
{
    enum { CHECKSUM_AT = 10 };
    d2d_pdu made = d2d_pdu_with_checksum(pdu);
    made.plain.data[CHECKSUM_AT] ^= 1;
    made.octets.data[PDCP_SL_HEADER_LEN + CHECKSUM_AT] ^= 1;
    return made;
}

/* The SDU says that it is IP, and its checksum is wrong: what the key gave is shown only where a MAC-I has proven the key. */
static void test_implausible(void)
{
    const d2d_example *example = d2d_example_get();
    const d2d_pdu group = with_wrong_checksum(&example->group), ip = with_wrong_checksum(&example->frames[D2D_IP]);
    sl_opening opening;
    security_scene scene = scene_new(true);
    add_line(&scene, "D2D_KDSESS", "*", example->kd_sess);
    add_line(&scene, "PROSE_PGK", "0a0b0c/05", example->pgk);
    assert_verdict(&scene, &group, FRAME_OF_GROUP, SL_NO_KEY);
    assert_verdict(&scene, &ip, D2D_IP + 1, SL_NO_KEY);
    assert_frame(&scene, D2D_COMPLETE, SL_DECRYPTED);
    for (unsigned visit = 0; visit < 2; visit++) {
        open_pdu(&scene, &ip, D2D_IP + 1, &opening);
        g_assert_cmpint(opening.verdict, ==, SL_NOT_AUTHENTICATED);
        g_assert_true(opening.is_implausible);
        g_assert_cmpmem(opening.plain, opening.len, ip.plain.data, ip.plain.len);
    }
    scene_free(&scene);
}

/* --- what is wrong ------------------------------------------------------------------------------------------------- */

static void test_wrong_kd(void)
{
    g_autofree char *other = other_than(d2d_example_get()->kd);
    security_scene scene = scene_new(false);
    add_line(&scene, "D2D_KD", "*", other);
    signal_request(&scene);
    for (unsigned visit = 0; visit < 2; visit++)
        assert_all(&scene, SL_TAG_MISMATCH, SL_NO_KEY);
    scene_free(&scene);
}

static void test_no_key(void)
{
    security_scene scene = scene_new(true);
    signal_request(&scene);
    for (unsigned visit = 0; visit < 2; visit++)
        assert_all(&scene, SL_NO_KEY, SL_NO_KEY);
    scene_free(&scene);
}

/* Under another KD-sess ID there is no key that could be wrong, and a first octet that is no command's is none. */
static bool changes_key(unsigned number, size_t at)
{
    return at == 1 || at == 2 ? number != D2D_COMMAND : number == D2D_COMMAND && at == PDCP_SL_HEADER_LEN;
}

static void test_each_octet_changed(void)
{
    const d2d_example *example = d2d_example_get();
    unsigned changed = 0;
    for (unsigned number = D2D_COMMAND; number <= D2D_ACCEPT; number++) {
        for (size_t at = 0; at < example->frames[number].octets.len; at++) {
            d2d_pdu pdu = example->frames[number];
            security_scene scene = scene_new(false);
            pdu.octets.data[at] ^= 1;
            add_line(&scene, "D2D_KD", "*", example->kd);
            signal_request(&scene);
            if (number != D2D_COMMAND)
                assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
            g_test_message("frame %u, octet %zu", number + 1, at);
            for (unsigned visit = 0; visit < 2; visit++)
                assert_verdict(&scene, &pdu, number + 1, changes_key(number, at) ? SL_NO_KEY : SL_TAG_MISMATCH);
            scene_free(&scene);
            changed++;
        }
    }
    g_test_message("%u octets", changed);
}

/* What is remembered of a frame's PDUs goes by few bits: another PDU that has the same is no less checked. */
static void test_forged_beside_genuine(void)
{
    const d2d_pdu *genuine = &d2d_example_get()->frames[D2D_COMPLETE];
    d2d_pdu forged = *genuine;
    security_scene scene = scene_new(true);
    add_line(&scene, "D2D_KD", "*", d2d_example_get()->kd);
    signal_request(&scene);
    assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
    for (size_t octet = 1; octet <= 3; octet += 2) /* octets 16 bits apart cancel out */
        forged.octets.data[forged.octets.len - octet] ^= 1;
    for (unsigned visit = 0; visit < 3; visit++) {
        assert_frame(&scene, D2D_COMPLETE, SL_DECRYPTED);
        assert_verdict(&scene, &forged, D2D_COMPLETE + 1, SL_TAG_MISMATCH);
    }
    scene_free(&scene);
}

/* --- keys that come late ------------------------------------------------------------------------------------------- */

/* PDUs that follow a command that waits for its key may be visited before it. */
static void test_kd_comes_late(void)
{
    for (unsigned command_first = 0; command_first < 2; command_first++) {
        security_scene scene = scene_new(true);
        signal_request(&scene);
        assert_all(&scene, SL_NO_KEY, SL_NO_KEY);
        add_line(&scene, "D2D_KD", "*", d2d_example_get()->kd);
        if (command_first)
            assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
        assert_followers_open(&scene);
        assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
        scene_free(&scene);
    }
}

static void test_kd_sess_comes_late(void)
{
    for (unsigned with_command = 0; with_command < 2; with_command++) {
        security_scene scene = scene_new(true);
        if (with_command) {
            signal_request(&scene);
            assert_frame(&scene, D2D_COMMAND, SL_NO_KEY);
        }
        for (unsigned number = D2D_COMPLETE; number <= D2D_IP; number++)
            assert_frame(&scene, number, SL_NO_KEY);
        add_line(&scene, "D2D_KDSESS", "1234", d2d_example_get()->kd_sess);
        assert_followers_open(&scene);
        if (with_command)
            assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
        scene_free(&scene);
    }
}

/* --- freeing ------------------------------------------------------------------------------------------------------- */

static void test_keys_are_cleansed(void)
{
    const d2d_example *example = d2d_example_get();
    const char *const keys[] = {example->kd, example->kd_sess, example->pek, example->pik};
    g_autofree char *unused = other_than(example->pgk);
    security_scene scene = scene_new(true);
    add_line(&scene, "D2D_KD", "*", example->kd);
    add_line(&scene, "PROSE_PGK", "0a0b0c/05", unused);
    add_line(&scene, "PROSE_PGK", "0a0b0c/05", example->pgk);
    signal_request(&scene);
    assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
    assert_followers_open(&scene);
    cleansed = g_byte_array_new();
    sl_security_free(scene.security);
    scene.security = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        g_assert_true(was_cleansed(keys[i]));
    g_assert_true(was_cleansed(example->pgk));
    g_assert_true(was_cleansed(unused));
    g_byte_array_set_size(cleansed, 0);
    scene_free(&scene);
    g_assert_true(was_cleansed(example->kd));
    g_byte_array_unref(cleansed);
    cleansed = NULL;
}

/* --- what it may cost ---------------------------------------------------------------------------------------------- */

#define LOGGED 100

static security_scene scene_with_lines(void)
{
    security_scene scene = scene_new(true);
    for (unsigned i = 0; i < LOGGED; i++) {
        g_autofree char *hex = g_strdup_printf("%064x", i + 1);
        add_line(&scene, "D2D_KDSESS", "*", hex);
    }
    cleansing_calls = 0;
    return scene;
}

/* The same octets under other key IDs, `ids` of them in turn. */
static double open_many(security_scene *scene, unsigned number, unsigned count, unsigned ids)
{
    d2d_pdu pdu = d2d_example_get()->frames[number];
    g_autoptr(GTimer) timer = g_timer_new();
    for (unsigned i = 0; i < count; i++) {
        const unsigned id = 1 + i % ids;
        pdu.octets.data[1] = (uint8_t)(id >> 8);
        pdu.octets.data[2] = (uint8_t)id;
        pdu.octets.data[3] = (uint8_t)(i >> 8);
        pdu.octets.data[4] = (uint8_t)i;
        assert_verdict(scene, &pdu, FRAME_OF_MANY + i, SL_NO_KEY);
    }
    return g_timer_elapsed(timer, NULL);
}

/* Under one key ID nothing more is tried after SL_MAX_FUTILE PDUs; until there is another key. */
static void test_futile_pdus(void)
{
    security_scene scene = scene_with_lines();
    double took = open_many(&scene, D2D_COMPLETE, SL_MAX_FUTILE, 1);
    const uint64_t calls = cleansing_calls;
    g_test_message("%d PDUs: %.3f s, %" G_GUINT64_FORMAT " cleansings", SL_MAX_FUTILE, took, calls);
    g_assert_cmpuint(calls, >=, SL_MAX_FUTILE * SL_MAX_TRIED);
    took = open_many(&scene, D2D_COMPLETE, 100000, 1);
    g_test_message("100000 PDUs: %.3f s", took);
    g_assert_cmpuint(cleansing_calls, ==, calls);
    add_line(&scene, "D2D_KDSESS", "*", d2d_example_get()->pgk);
    cleansing_calls = 0;
    open_many(&scene, D2D_COMPLETE, SL_MAX_FUTILE + 1, 1);
    g_assert_cmpuint(cleansing_calls, >, 0);
    g_assert_cmpuint(cleansing_calls, <=, calls);
    scene_free(&scene);
}

/* Cleansings, at most, that one context costs which is tried in vain: KDF and key schedule of PEK and of PIK. */
#define CLEANSINGS 16

/* Lines for any key ID are given up in the end, those for one are not. */
static void test_many_key_ids(void)
{
    const d2d_example *example = d2d_example_get();
    security_scene scene = scene_with_lines();
    add_line(&scene, "D2D_KDSESS", "1234", example->kd_sess);
    const uint64_t credit = SL_CREDIT_INITIAL + UINT64_C(100000) * SL_CREDIT_PER_PDU;
    const double took = open_many(&scene, D2D_COMPLETE, 100000, 65535);
    g_test_message("100000 PDUs under 65535 key IDs: %.3f s, %" G_GUINT64_FORMAT " cleansings", took, cleansing_calls);
    g_assert_cmpuint(cleansing_calls, >=, SL_CREDIT_INITIAL);
    g_assert_cmpuint(cleansing_calls, <=, CLEANSINGS * (credit + SL_MAX_TRIED));
    assert_followers_open(&scene);
    scene_free(&scene);
}

/* Each command has a right to a search, but only SL_MAX_FUTILE_SEARCHES in vain. */
static void test_futile_searches(void)
{
    enum { NONCE_2_AT = PDCP_SL_HEADER_LEN + 5, SEARCHES = SL_MAX_FUTILE_SEARCHES + 3, OF_A_SEARCH = 10000 };
    g_autofree char *other = other_than(d2d_example_get()->kd);
    security_scene scene = scene_new(true);
    add_line(&scene, "D2D_KD", "*", other);
    signal_request(&scene);
    for (unsigned i = 0; i < SEARCHES; i++) {
        d2d_pdu pdu = d2d_example_get()->frames[D2D_COMMAND];
        pdu.octets.data[NONCE_2_AT] ^= (uint8_t)(i + 1);
        for (unsigned visit = 0; visit < 2; visit++) {
            const bool searches = visit == 0 && i < SL_MAX_FUTILE_SEARCHES;
            cleansing_calls = 0;
            assert_verdict(&scene, &pdu, FRAME_OF_MANY + i, SL_TAG_MISMATCH);
            g_assert_true(searches == (cleansing_calls > OF_A_SEARCH));
        }
    }
    add_line(&scene, "D2D_KD", "*", d2d_example_get()->kd);
    assert_frame(&scene, D2D_COMMAND, SL_AUTHENTICATED);
    scene_free(&scene);
}

/* Waiting commands are many, and each has its octets; what comes beyond SL_MAX_COMMANDS is tried again when it is visited itself. */
static void test_many_commands(void)
{
    enum { NONCE_2_AT = PDCP_SL_HEADER_LEN + 5, COMMANDS = SL_MAX_COMMANDS + 10, CLEANSINGS_OF_KD = 32 };
    g_autofree char *other = other_than(d2d_example_get()->kd);
    security_scene scene = scene_new(false);
    d2d_pdu pdu = d2d_example_get()->frames[D2D_COMMAND];
    signal_request(&scene);
    for (unsigned i = 0; i < COMMANDS; i++) {
        pdu.octets.data[NONCE_2_AT] = (uint8_t)(i >> 8);
        pdu.octets.data[NONCE_2_AT + 1] = (uint8_t)i;
        assert_verdict(&scene, &pdu, FRAME_OF_MANY + i, SL_NO_KEY);
    }
    add_line(&scene, "D2D_KD", "*", other);
    cleansing_calls = 0;
    assert_frame(&scene, D2D_COMPLETE, SL_NO_KEY);
    g_test_message("%" G_GUINT64_FORMAT " cleansings", cleansing_calls);
    g_assert_cmpuint(cleansing_calls, >=, SL_MAX_TRIED);
    g_assert_cmpuint(cleansing_calls, <=, CLEANSINGS_OF_KD * SL_MAX_TRIED);
    assert_verdict(&scene, &pdu, FRAME_OF_MANY + COMMANDS - 1, SL_TAG_MISMATCH);
    scene_free(&scene);
}

/* Under EIA0 each KD may be the right one, and makes a context; when there is room for no more, the command stays without. */
static void test_many_contexts(void)
{
    enum { ALGORITHMS_AT = PDCP_SL_HEADER_LEN + 21, NONCE_2_AT = PDCP_SL_HEADER_LEN + 5, KDS = 16 };
    security_scene scene = scene_new(false);
    d2d_pdu pdu = d2d_example_get()->frames[D2D_COMMAND];
    for (unsigned i = 0; i < KDS; i++) {
        g_autofree char *hex = g_strdup_printf("%064x", i + 1);
        add_line(&scene, "D2D_KD", "*", hex);
    }
    signal_request(&scene);
    pdu.octets.data[ALGORITHMS_AT] = EPS_AES << 4;
    memset(pdu.octets.data + pdu.octets.len - PDCP_SL_MAC_I_LEN, 0, PDCP_SL_MAC_I_LEN);
    for (unsigned i = 0; i < SL_MAX_CONTEXTS / KDS + 2; i++) {
        pdu.octets.data[1] = pdu.octets.data[NONCE_2_AT] = (uint8_t)(0x20 + (i >> 8));
        pdu.octets.data[2] = pdu.octets.data[NONCE_2_AT + 1] = (uint8_t)i;
        sl_opening opening;
        open_pdu(&scene, &pdu, FRAME_OF_MANY + i, &opening);
        g_assert_cmpint(opening.verdict, ==, SL_NOT_AUTHENTICATED);
        g_assert_null(opening.plain);
    }
    scene_free(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sl_security/kd_of_log", test_kd_of_log);
    g_test_add_func("/sl_security/source_is_named", test_source_is_named);
    g_test_add_func("/sl_security/without_command", test_without_command);
    g_test_add_func("/sl_security/line_of_other_id", test_line_of_other_id);
    g_test_add_func("/sl_security/group", test_group);
    g_test_add_func("/sl_security/implausible", test_implausible);
    g_test_add_func("/sl_security/wrong_kd", test_wrong_kd);
    g_test_add_func("/sl_security/no_key", test_no_key);
    g_test_add_func("/sl_security/each_octet_changed", test_each_octet_changed);
    g_test_add_func("/sl_security/forged_beside_genuine", test_forged_beside_genuine);
    g_test_add_func("/sl_security/kd_comes_late", test_kd_comes_late);
    g_test_add_func("/sl_security/kd_sess_comes_late", test_kd_sess_comes_late);
    g_test_add_func("/sl_security/keys_are_cleansed", test_keys_are_cleansed);
    g_test_add_func("/sl_security/futile_pdus", test_futile_pdus);
    g_test_add_func("/sl_security/many_key_ids", test_many_key_ids);
    g_test_add_func("/sl_security/futile_searches", test_futile_searches);
    g_test_add_func("/sl_security/many_commands", test_many_commands);
    g_test_add_func("/sl_security/many_contexts", test_many_contexts);
    return g_test_run();
}

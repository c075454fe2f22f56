/* What a report says of sidelink sessions. Fingerprints are expected by GLib's SHA-256 of keys that the worked example
 * publishes, or that GLib's HMAC makes; counts are those of the PDUs that a test lets arrive. */
#include "reports/verify_build.h"
#include "sessions/pc5_learn.h"

#include "d2d_example.h"
#include "mikey_scene.h"

#include <openssl/evp.h>
#include <string.h>

enum { FIRST_LINE = 7 }; /* of key logs */

/* In the PDU of a Direct Security Mode Command. */
enum { NONCE_2_AT = PDCP_SL_HEADER_LEN + 5, ALGORITHMS_AT = PDCP_SL_HEADER_LEN + 21, LSB_AT = PDCP_SL_HEADER_LEN + 22 };

/* --- keys by another hand ------------------------------------------------------------------------------------------ */

static const char *fingerprint_of_octets(const uint8_t *octets, size_t len)
{
    static char fingerprint[KEY_FINGERPRINT_LEN + 1];
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, octets, len);
    g_strlcpy(fingerprint, digest, sizeof fingerprint);
    return fingerprint;
}

/* Valid until the next call. */
static const char *fingerprint(const char *hex)
{
    vector_octets octets;
    vector_parse_hex(hex, &octets);
    return fingerprint_of_octets(octets.data, octets.len);
}

/* HMAC-SHA-256 of hex under a key in hex; g_free it. */
static char *hmac(const char *key_hex, const char *data_hex)
{
    vector_octets key, data;
    vector_parse_hex(key_hex, &key);
    vector_parse_hex(data_hex, &data);
    return g_compute_hmac_for_data(G_CHECKSUM_SHA256, key.data, key.len, data.data, data.len);
}

static char *kd_sess_of(const char *kd, const char *nonce_1, const char *nonce_2)
{
    g_autofree char *data = g_strdup_printf("5e%s0010%s0010", nonce_1, nonce_2);
    return hmac(kd, data);
}

/* What 128-EIA2 takes. */
static char *pik_of(const char *kd_sess)
{
    g_autofree char *both = hmac(kd_sess, "4b010001020001");
    return g_strdup(both + 32);
}

/* --- a scene ------------------------------------------------------------------------------------------------------- */

typedef struct {
    session_keys *keys;
    mikey_sessions *mikey;
    pc5_state *pc5;
    kd_sources *sources;
    sl_security *security;
    verify_traffic *traffic;
    verify_report *report;
    unsigned lines;
} sidelink_scene;

static sidelink_scene scene_with(const sl_profile *profile)
{
    const verify_window window = {INT64_MIN, INT64_MAX};
    sidelink_scene made = {.keys = session_keys_new(), .pc5 = pc5_state_new(), .traffic = verify_traffic_new(&window)};
    made.mikey = mikey_sessions_new(made.keys);
    made.sources = kd_sources_new(made.mikey);
    const sl_security_setting setting = {.pc5 = made.pc5,
                                         .sources = made.sources,
                                         .mikey = made.mikey,
                                         .profile = *profile,
                                         .options = pc5s_default_options};
    made.security = sl_security_new(&setting);
    made.report = verify_report_new();
    return made;
}

/* Without a search, which would make wrong keys cost seconds. */
static sidelink_scene scene_new(void)
{
    sl_profile profile = SL_PROFILE_DEFAULT;
    profile.search = false;
    return scene_with(&profile);
}

static void scene_free(sidelink_scene *scene)
{
    verify_report_free(scene->report);
    verify_traffic_free(scene->traffic);
    sl_security_free(scene->security);
    kd_sources_free(scene->sources);
    pc5_state_free(scene->pc5);
    mikey_sessions_free(scene->mikey);
    session_keys_free(scene->keys);
}

/* Lines count from FIRST_LINE. */
static void add_line(sidelink_scene *scene, const char *label, const char *selector, const char *hex)
{
    g_autofree char *line = g_strdup_printf("%s %s %s", label, selector, hex);
    g_autofree char *error = NULL;
    keylog_entry *entry;
    g_assert_true(keylog_parse_line(line, strlen(line), &entry, &error));
    entry->line = FIRST_LINE + scene->lines++;
    if (entry->label == KEYLOG_MIKEY_TEK || entry->label == KEYLOG_MIKEY_TPK)
        mikey_sessions_add_logged(scene->mikey, entry);
    else if (entry->label == KEYLOG_D2D_KD || entry->label == KEYLOG_SDES_K1 || entry->label == KEYLOG_SDES_K2)
        kd_sources_add_logged(scene->sources, entry);
    else
        sl_security_add_logged(scene->security, entry);
    keylog_entry_free(entry);
}

static void signal_octets(sidelink_scene *scene, const sl_link *link, const uint8_t *octets, size_t len, uint32_t frame, bool learn)
{
    pc5s_message *message = pc5s_parse(octets, len, &pc5s_default_options);
    const pc5_arrival arrival = {.frame = frame,
                                 .source = sl_source_id(link),
                                 .destination = sl_destination_id(link),
                                 .protection = PC5_PROTECTION_UNKNOWN,
                                 .message = message};
    const pc5_record *record = pc5_state_add(scene->pc5, &arrival);
    if (learn)
        pc5_learn_keying(&arrival, record, scene->sources, scene->mikey);
    pc5s_free(message);
}

/* A message in the clear; learn: whether the keys that it brings are taken. */
static void signal_frame(sidelink_scene *scene, unsigned number, bool learn)
{
    const sl_pdu pdu = d2d_pdu_parse(&d2d_example_get()->frames[number], number + 1);
    signal_octets(scene, &pdu.link, pdu.data.data, pdu.data.len, pdu.frame, learn);
}

/* What a PDU holds is signalled, as dissection does it. */
static sl_verdict arrive(sidelink_scene *scene, const d2d_pdu *octets, uint32_t frame)
{
    const sl_pdu pdu = d2d_pdu_parse(octets, frame);
    sl_opening opening;
    sl_security_open(scene->security, &pdu, &opening);
    verify_traffic_add_sidelink(scene->traffic, &pdu, &opening, frame);
    if (opening.plain && pdu.sdu_type == PDCP_SL_PC5S && !sl_is_command(&pdu))
        signal_octets(scene, &pdu.link, opening.plain, opening.len, frame, true);
    return opening.verdict;
}

static void arrive_all(sidelink_scene *scene)
{
    const d2d_pdu *frames = d2d_example_get()->frames;
    const d2d_pdu ip = d2d_pdu_with_checksum(&frames[D2D_IP]);
    for (unsigned number = D2D_COMMAND; number < D2D_IP; number++)
        arrive(scene, &frames[number], number + 1);
    arrive(scene, &ip, D2D_IP + 1);
}

/* The command with other contents, sealed under a PIK that another hand derived (128-EIA2, BEARER 29, DIRECTION 1). */
static d2d_pdu command_of(const char *pik_hex, uint16_t kd_sess_id, const uint8_t nonce_2[PROSE_NONCE_LEN])
{
    d2d_pdu pdu = d2d_example_get()->frames[D2D_COMMAND];
    vector_octets pik;
    uint8_t message[8 + sizeof pdu.plain.data] = {0}, mac[16];
    size_t mac_len, len = pdu.octets.len - PDCP_SL_MAC_I_LEN;
    pdu.octets.data[1] = message[0] = (uint8_t)(kd_sess_id >> 8);
    pdu.octets.data[2] = message[1] = (uint8_t)kd_sess_id;
    memcpy(pdu.octets.data + NONCE_2_AT, nonce_2, PROSE_NONCE_LEN);
    pdu.octets.data[LSB_AT] = (uint8_t)kd_sess_id;
    message[3] = 1; /* SN */
    message[4] = 29 << 3 | 1 << 2;
    memcpy(message + 8, pdu.octets.data, len);
    vector_parse_hex(pik_hex, &pik);
    g_assert_nonnull(EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, pik.data, pik.len, message, 8 + len, mac, sizeof mac,
                               &mac_len));
    memcpy(pdu.octets.data + len, mac, PDCP_SL_MAC_I_LEN);
    return pdu;
}

static verify_sources sources_of(const sidelink_scene *scene)
{
    return (verify_sources){.traffic = scene->traffic,
                            .keys = scene->keys,
                            .mikey = scene->mikey,
                            .kd = scene->sources,
                            .pc5 = scene->pc5,
                            .sidelink = scene->security};
}

static void report(sidelink_scene *scene)
{
    const verify_sources sources = sources_of(scene);
    verify_sidelink_add_sessions(scene->report, &sources);
}

static const verify_session *session_at(const sidelink_scene *scene, guint n)
{
    g_assert_cmpuint(n, <, scene->report->sessions->len);
    return (const verify_session *)scene->report->sessions->pdata[n];
}

static const verify_session *only_session(sidelink_scene *scene)
{
    report(scene);
    g_assert_cmpuint(scene->report->sessions->len, ==, 1);
    return session_at(scene, 0);
}

/* --- what is expected ---------------------------------------------------------------------------------------------- */

static const verify_step *step_at(const verify_session *session, guint n)
{
    g_assert_cmpuint(n, <, session->derivation->len);
    return &g_array_index(session->derivation, verify_step, n);
}

static void assert_step(const verify_session *session, guint n, const char *output, const char *hex, const char *parameters,
                        uint32_t frame)
{
    const verify_step *step = step_at(session, n);
    g_assert_cmpstr(step->output, ==, output);
    g_assert_cmpuint(step->output_length, ==, strlen(hex) / 2);
    g_assert_cmpstr(step->fingerprint, ==, fingerprint(hex));
    g_assert_cmpstr(step->parameters, ==, parameters);
    g_assert_cmpuint(step->frame, ==, frame);
}

/* An input: a secret one by the hex of its octets, of which the fingerprint is expected, or a public one by its text. */
typedef struct {
    const char *name;
    const char *secret, *value;
    uint32_t length;
} expected_input;

static void assert_inputs(const verify_session *session, guint n, const expected_input *expected, guint count)
{
    const verify_step *step = step_at(session, n);
    g_assert_cmpuint(step->inputs->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const verify_input *input = &g_array_index(step->inputs, verify_input, i);
        g_assert_cmpstr(input->name, ==, expected[i].name);
        g_assert_cmpuint(input->length, ==, expected[i].length);
        g_assert_cmpstr(input->value, ==, expected[i].value);
        g_assert_cmpstr(input->fingerprint, ==, expected[i].secret ? fingerprint(expected[i].secret) : NULL);
    }
}

static void assert_key(const verify_session *session, guint n, const char *name, const char *hex, const char *suite,
                       const char *origin, uint64_t packets)
{
    g_assert_cmpuint(n, <, session->keys->len);
    const verify_key *key = &g_array_index(session->keys, verify_key, n);
    g_assert_cmpstr(key->name, ==, name);
    g_assert_cmpstr(key->fingerprint, ==, fingerprint(hex));
    g_assert_cmpstr(key->suite, ==, suite);
    g_assert_cmpstr(key->origin, ==, origin);
    g_assert_cmpuint(key->packets, ==, packets);
}

static void assert_finding(const verify_session *session, guint n, verify_finding_code code, uint64_t packets, const char *detail)
{
    g_assert_cmpuint(n, <, session->findings->len);
    const verify_finding *finding = &g_array_index(session->findings, verify_finding, n);
    g_assert_cmpint(finding->code, ==, code);
    g_assert_cmpuint(finding->packets, ==, packets);
    g_assert_cmpstr(finding->detail, ==, detail);
}

static void assert_events(const verify_session *session, const verify_event *expected, guint count)
{
    g_assert_cmpuint(session->events->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const verify_event *event = &g_array_index(session->events, verify_event, i);
        g_assert_cmpstr(event->event, ==, expected[i].event);
        g_assert_cmpuint(event->frame, ==, expected[i].frame);
    }
}

static void assert_identifiers(const verify_session *session, const verify_identifier *expected, guint count)
{
    g_assert_cmpuint(session->identifiers->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const verify_identifier *identifier = &g_array_index(session->identifiers, verify_identifier, i);
        g_assert_cmpstr(identifier->name, ==, expected[i].name);
        g_assert_cmpstr(identifier->value, ==, expected[i].value);
    }
}

static void assert_party(const verify_session *session, guint n, const char *role, const char *identity, const char *address)
{
    g_assert_cmpuint(n, <, session->parties->len);
    const verify_party *party = &g_array_index(session->parties, verify_party, n);
    g_assert_cmpstr(party->role, ==, role);
    g_assert_cmpstr(party->identity, ==, identity);
    g_assert_cmpstr(party->address, ==, address);
}

#define TRAFFIC_KEY_PARAMETERS "FC 0x4b, least significant 128 bits of 256"

static const expected_input IDENTITY = {"P1: algorithm identity", NULL, "02", 1};

/* PEK at step n, PIK behind it. */
static void assert_traffic_keys(const verify_session *session, guint n)
{
    const d2d_example *example = d2d_example_get();
    const expected_input pek[] = {{"KD-sess", example->kd_sess, NULL, 32}, {"P0: distinguisher", NULL, "00", 1}, IDENTITY};
    const expected_input pik[] = {{"KD-sess", example->kd_sess, NULL, 32}, {"P0: distinguisher", NULL, "01", 1}, IDENTITY};
    assert_step(session, n, "PEK", example->pek, TRAFFIC_KEY_PARAMETERS, 0);
    assert_inputs(session, n, pek, G_N_ELEMENTS(pek));
    assert_step(session, n + 1, "PIK", example->pik, TRAFFIC_KEY_PARAMETERS, 0);
    assert_inputs(session, n + 1, pik, G_N_ELEMENTS(pik));
}

#define NONCE_1 "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define NONCE_2 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"

static const expected_input NONCES[] = {{"P0: Nonce_1", NULL, NONCE_1, 16}, {"P1: Nonce_2", NULL, NONCE_2, 16}};

static void assert_kd_sess(const verify_session *session, guint n, const char *fc)
{
    const d2d_example *example = d2d_example_get();
    const expected_input inputs[] = {{"KD", example->kd, NULL, 32}, NONCES[0], NONCES[1]};
    assert_step(session, n, "KD-sess", example->kd_sess, fc, D2D_COMMAND + 1);
    assert_inputs(session, n, inputs, G_N_ELEMENTS(inputs));
}

/* --- the worked example -------------------------------------------------------------------------------------------- */

/* Frame 2 accepts the link in the clear; frame 5 does it again, protected. */
static void test_sdes(void)
{
    static const verify_event events[] = {
        {"direct_communication_request", 1}, {"offer", 1}, {"direct_communication_accept", 2},
        {"answer", 2}, {"direct_security_mode_command", 3}, {"direct_security_mode_complete", 4}};
    static const verify_identifier identifiers[] = {
        {"kd_id", "0xdeadbeef"}, {"kd_sess_id", "0x1234"}, {"nonce_1", NONCE_1}, {"nonce_2", NONCE_2}};
    const d2d_example *example = d2d_example_get();
    const expected_input kd[] = {{"key of the offer", example->k1, NULL, 16},
                                 {"key of the answer", example->k2, NULL, 16},
                                 {"label", NULL, "D2D-SDES-KD", 11}};
    sidelink_scene scene = scene_new();
    signal_frame(&scene, D2D_REQUEST, true);
    signal_frame(&scene, D2D_ACCEPT_IN_CLEAR, true);
    arrive_all(&scene);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "SDES");
    g_assert_cmpstr(session->carrier, ==, "PC5 signalling");
    assert_party(session, 0, "initiator", "alice", "0x010203");
    assert_party(session, 1, "responder", NULL, "0x0a0b0c");
    assert_events(session, events, G_N_ELEMENTS(events));
    assert_identifiers(session, identifiers, G_N_ELEMENTS(identifiers));
    g_assert_cmpuint(session->derivation->len, ==, 6);
    assert_step(session, 0, "key of the offer", example->k1, NULL, 1);
    assert_step(session, 1, "key of the answer", example->k2, NULL, 2);
    assert_step(session, 2, "KD", example->kd,
                "method A: KDF(K1 || K2, FC, label), FC 0xf0, K1 of the offer, K1 and K2 are the key", 2);
    assert_inputs(session, 2, kd, G_N_ELEMENTS(kd));
    assert_kd_sess(session, 3, "FC 0x5e");
    assert_traffic_keys(session, 4);
    g_assert_cmpuint(session->keys->len, ==, 4);
    assert_key(session, 0, "KD", example->kd, NULL, "SDES", 4);
    assert_key(session, 1, "KD-sess", example->kd_sess, NULL, "KD", 4);
    assert_key(session, 2, "PEK", example->pek, "128-EEA2", "KD-sess", 3);
    assert_key(session, 3, "PIK", example->pik, "128-EIA2", "KD-sess", 3);
    g_assert_cmpuint(session->streams->len, ==, 4);
    g_assert_cmpuint(session->findings->len, ==, 0);
    scene_free(&scene);
}

#define OF_KEYS ", K1 of the offer, K1 and K2 are the key"

/* Each way of making KD that the example has a value for; the command is sealed under the keys that follow. */
static void check_kdf(JsonObject *vector)
{
    if (strcmp(json_object_get_string_member(vector, "name"), "KD") != 0)
        return;
    static const struct {
        const char *letter;
        sdes_kd_method method;
        bool has_salts, has_label;
        const char *parameters;
    } cases[] = {
        {"B", SDES_KD_FC_ALONE, false, false, "method B: KDF(K1 || K2, FC), FC 0xf0" OF_KEYS},
        {"C", SDES_KD_K2_DATA, false, false, "method C: KDF(K1, FC, K2), FC 0xf0" OF_KEYS},
        {"D", SDES_KD_LABEL, true, true,
         "method A: KDF(K1 || K2, FC, label), FC 0xf0, K1 of the offer, K1 and K2 are key and salt"},
        {"E", SDES_KD_HMAC, false, false, "method E: HMAC(K1, K2)" OF_KEYS},
        {"F", SDES_KD_HASH, false, false, "method F: SHA-256(K1 || K2)" OF_KEYS},
        {"G", SDES_KD_XOR, false, true, "method G: KDF(K1 XOR K2, FC, label), FC 0xf0" OF_KEYS},
        {"H", SDES_KD_BOTH_DATA, false, false,
         "method H: KDF(32 zero octets, FC, K1, K2), FC 0xf0" OF_KEYS},
    };
    const d2d_example *example = d2d_example_get();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        sl_profile profile = SL_PROFILE_DEFAULT;
        profile.search = false;
        profile.sdes.method = cases[i].method;
        profile.sdes.key_part = cases[i].has_salts ? SDES_KD_KEY_AND_SALT : SDES_KD_KEY;
        sidelink_scene scene = scene_with(&profile);
        const char *kd = json_object_get_string_member(json_object_get_object_member(vector, "kdf"), cases[i].letter);
        g_autofree char *kd_sess = kd_sess_of(kd, NONCE_1, NONCE_2), *pik = pik_of(kd_sess);
        const d2d_pdu command = command_of(pik, 0x1234, example->nonce_2.data);
        signal_frame(&scene, D2D_REQUEST, true);
        signal_frame(&scene, D2D_ACCEPT_IN_CLEAR, true);
        g_assert_cmpint(arrive(&scene, &command, D2D_COMMAND + 1), ==, SL_AUTHENTICATED);
        const verify_session *session = only_session(&scene);
        assert_step(session, 2, "KD", kd, cases[i].parameters, 2);
        assert_step(session, 3, "KD-sess", kd_sess, "FC 0x5e", 3);
        assert_step(session, 5, "PIK", pik, TRAFFIC_KEY_PARAMETERS, 0);
        const expected_input inputs[] = {{"key of the offer", example->k1, NULL, 16},
                                         {"salt of the offer", example->salt1, NULL, 14},
                                         {"key of the answer", example->k2, NULL, 16},
                                         {"salt of the answer", example->salt2, NULL, 14},
                                         {"label", NULL, "D2D-SDES-KD", 11}};
        const expected_input keys_alone[] = {inputs[0], inputs[2], inputs[4]};
        assert_inputs(session, 2, cases[i].has_salts ? inputs : keys_alone, 2 + 2 * cases[i].has_salts + cases[i].has_label);
        scene_free(&scene);
    }
}

static void test_each_kdf(void)
{
    vectors_for_each("d2d_example.json", check_kdf);
}

/* --- key logs ------------------------------------------------------------------------------------------------------ */

static void test_logged_kd(void)
{
    const d2d_example *example = d2d_example_get();
    sidelink_scene scene = scene_new();
    add_line(&scene, "D2D_KD", "*", example->kd);
    signal_frame(&scene, D2D_REQUEST, false);
    arrive_all(&scene);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "key log");
    g_assert_cmpstr(session->carrier, ==, "PC5 signalling");
    g_assert_cmpuint(session->derivation->len, ==, 4);
    assert_step(session, 0, "KD", example->kd, "line 7", 0);
    assert_kd_sess(session, 1, "FC 0x5e");
    assert_traffic_keys(session, 2);
    assert_key(session, 0, "KD", example->kd, NULL, "key log", 4);
    g_assert_cmpuint(session->findings->len, ==, 0);
    scene_free(&scene);
}

static void test_logged_sdes_keys(void)
{
    const d2d_example *example = d2d_example_get();
    sidelink_scene scene = scene_new();
    add_line(&scene, "SDES_K1", "*", example->k1);
    add_line(&scene, "SDES_K2", "*", example->k2);
    signal_frame(&scene, D2D_REQUEST, false);
    arrive_all(&scene);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "SDES");
    assert_step(session, 0, "key of the offer", example->k1, "line 7", 0);
    assert_step(session, 1, "key of the answer", example->k2, "line 8", 0);
    assert_key(session, 0, "KD", example->kd, NULL, "key log", 4);
    scene_free(&scene);
}

/* KD is the TEK. */
static void test_logged_tek(void)
{
    const d2d_example *example = d2d_example_get();
    const expected_input tek[] = {{"TEK", example->kd, NULL, 32}};
    sidelink_scene scene = scene_new();
    add_line(&scene, "MIKEY_TEK", "5a5a0001/1", example->kd);
    signal_frame(&scene, D2D_REQUEST, false);
    arrive_all(&scene);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "MIKEY");
    assert_step(session, 0, "TEK", example->kd, "line 7", 0);
    assert_step(session, 1, "KD", example->kd, NULL, 0);
    g_assert_cmpstr(step_at(session, 1)->function, ==, "KD = TEK");
    assert_inputs(session, 1, tek, G_N_ELEMENTS(tek));
    assert_key(session, 0, "KD", example->kd, NULL, "key log", 4);
    scene_free(&scene);
}

/* Without signalling: either end may have begun. */
static void test_logged_traffic_keys(void)
{
    static const verify_identifier identifiers[] = {{"kd_sess_id", "0x1234"}};
    const d2d_example *example = d2d_example_get();
    const d2d_pdu ip = d2d_pdu_with_checksum(&example->frames[D2D_IP]);
    sidelink_scene scene = scene_new();
    add_line(&scene, "D2D_PEK", "1234", example->pek);
    add_line(&scene, "D2D_PIK", "1234", example->pik);
    arrive(&scene, &example->frames[D2D_ACCEPT], 5);
    arrive(&scene, &ip, 6);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "key log");
    g_assert_cmpuint(session->derivation->len, ==, 2);
    assert_step(session, 0, "PEK", example->pek, "line 7", 0);
    assert_step(session, 1, "PIK", example->pik, "line 8", 0);
    assert_key(session, 0, "PEK", example->pek, "128-EEA2", "key log", 2);
    assert_key(session, 1, "PIK", example->pik, "128-EIA2", "key log", 1);
    assert_identifiers(session, identifiers, G_N_ELEMENTS(identifiers));
    scene_free(&scene);
}

/* --- rekeying ------------------------------------------------------------------------------------------------------ */

#define NEW_NONCE_1 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
#define NEW_NONCE_2 "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"

/* One session, one KD, two KD-sess. */
static void test_rekeying(void)
{
    const d2d_example *example = d2d_example_get();
    vector_octets request, nonce_2;
    vector_parse_hex("0f0007f0f0" NEW_NONCE_1 "56", &request);
    vector_parse_hex(NEW_NONCE_2, &nonce_2);
    g_autofree char *kd_sess = kd_sess_of(example->kd, NEW_NONCE_1, NEW_NONCE_2), *pik = pik_of(kd_sess);
    const d2d_pdu command = command_of(pik, 0x5678, nonce_2.data);
    sidelink_scene scene = scene_new();
    signal_frame(&scene, D2D_REQUEST, true);
    signal_frame(&scene, D2D_ACCEPT_IN_CLEAR, true);
    arrive_all(&scene);
    signal_octets(&scene, &example->frames[D2D_REQUEST].link, request.data, request.len, 10, true);
    g_assert_cmpint(arrive(&scene, &command, 11), ==, SL_AUTHENTICATED);
    const verify_session *session = only_session(&scene);
    static const verify_identifier identifiers[] = {{"kd_id", "0xdeadbeef"}, {"kd_sess_id", "0x1234"}, {"nonce_1", NONCE_1},
                                                    {"nonce_2", NONCE_2}, {"kd_sess_id", "0x5678"}, {"nonce_1", NEW_NONCE_1},
                                                    {"nonce_2", NEW_NONCE_2}};
    assert_identifiers(session, identifiers, G_N_ELEMENTS(identifiers));
    g_assert_cmpuint(session->events->len, ==, 8);
    g_assert_cmpstr(g_array_index(session->events, verify_event, 6).event, ==, "direct_rekeying_request");
    g_assert_cmpuint(g_array_index(session->events, verify_event, 7).frame, ==, 11);
    g_assert_cmpuint(session->derivation->len, ==, 9);
    assert_step(session, 6, "KD-sess", kd_sess, "FC 0x5e", 11);
    assert_step(session, 8, "PIK", pik, TRAFFIC_KEY_PARAMETERS, 0);
    g_assert_cmpuint(session->keys->len, ==, 7);
    assert_key(session, 0, "KD", example->kd, NULL, "SDES", 5);
    assert_key(session, 1, "KD-sess", example->kd_sess, NULL, "KD", 4);
    assert_key(session, 4, "KD-sess", kd_sess, NULL, "KD", 1);
    assert_key(session, 6, "PIK", pik, "128-EIA2", "KD-sess", 1);
    g_assert_cmpuint(session->streams->len, ==, 5);
    scene_free(&scene);
}

/* --- no key -------------------------------------------------------------------------------------------------------- */

static void test_answer_missing(void)
{
    sidelink_scene scene = scene_new();
    signal_frame(&scene, D2D_REQUEST, true);
    arrive_all(&scene);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "PC5");
    g_assert_cmpstr(session->carrier, ==, "PC5 signalling");
    g_assert_cmpuint(session->derivation->len, ==, 0);
    g_assert_cmpuint(session->keys->len, ==, 0);
    g_assert_cmpuint(session->streams->len, ==, 4);
    g_assert_cmpuint(session->findings->len, ==, 1);
    assert_finding(session, 0, VERIFY_ANSWER_MISSING, 4, NULL);
    scene_free(&scene);
}

/* The request is not in the capture, and the command brings the answer. */
static void test_offer_missing(void)
{
    const d2d_example *example = d2d_example_get();
    const d2d_pdu *accept = &example->frames[D2D_ACCEPT_IN_CLEAR];
    const size_t container_at = PDCP_SL_HEADER_LEN + 4, container_len = accept->octets.len - container_at;
    d2d_pdu command = example->frames[D2D_COMMAND];
    memmove(command.octets.data + command.octets.len - PDCP_SL_MAC_I_LEN, accept->octets.data + container_at, container_len);
    command.octets.len += container_len;
    sidelink_scene scene = scene_new();
    arrive(&scene, &command, 3);
    arrive(&scene, &example->frames[D2D_COMPLETE], 4);
    const verify_session *session = only_session(&scene);
    g_assert_cmpuint(session->findings->len, ==, 1);
    assert_finding(session, 0, VERIFY_OFFER_MISSING, 2, NULL);
    scene_free(&scene);
}

/* Nothing is known but a PDU. */
static void test_no_signalling(void)
{
    const d2d_pdu *complete = &d2d_example_get()->frames[D2D_COMPLETE];
    sidelink_scene scene = scene_new();
    arrive(&scene, complete, 4);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "PC5");
    g_assert_null(session->carrier);
    assert_party(session, 0, "peer", NULL, "0x010203");
    assert_party(session, 1, "peer", NULL, "0x0a0b");
    g_assert_cmpuint(session->events->len, ==, 0);
    assert_finding(session, 0, VERIFY_KEY_MISSING, 1, "KD-sess ID 0x1234");
    scene_free(&scene);
}

static void test_unknown_key_ids(void)
{
    enum { IDS = 10, EACH = 2 };
    const d2d_example *example = d2d_example_get();
    d2d_pdu ip = d2d_pdu_with_checksum(&example->frames[D2D_IP]);
    sidelink_scene scene = scene_new();
    signal_frame(&scene, D2D_REQUEST, true);
    signal_frame(&scene, D2D_ACCEPT_IN_CLEAR, true);
    arrive_all(&scene);
    for (unsigned i = 0; i < IDS * EACH; i++) {
        ip.octets.data[1] = 0x43;
        ip.octets.data[2] = (uint8_t)(i % IDS);
        g_assert_cmpint(arrive(&scene, &ip, 20 + i), ==, SL_NO_KEY);
    }
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "SDES");
    g_assert_cmpuint(session->streams->len, ==, 4 + IDS);
    g_assert_cmpuint(session->findings->len, ==, 1);
    assert_finding(session, 0, VERIFY_KEY_MISSING, IDS * EACH,
                   "KD-sess ID 0x4300, 0x4301, 0x4302, 0x4303, 0x4304, 0x4305, 0x4306, 0x4307 and 2 more");
    scene_free(&scene);
}

static void test_unsupported(void)
{
    d2d_pdu command = d2d_example_get()->frames[D2D_COMMAND];
    command.octets.data[ALGORITHMS_AT] = 0x75;
    sidelink_scene scene = scene_new();
    signal_frame(&scene, D2D_REQUEST, true);
    signal_frame(&scene, D2D_ACCEPT_IN_CLEAR, true);
    arrive(&scene, &command, 3);
    arrive(&scene, &d2d_example_get()->frames[D2D_COMPLETE], 4);
    const verify_session *session = only_session(&scene);
    g_assert_cmpuint(session->findings->len, ==, 1);
    assert_finding(session, 0, VERIFY_UNSUPPORTED_SUITE, 2, "128-EEA7 / 128-EIA5");
    g_assert_cmpuint(session->keys->len, ==, 0);
    scene_free(&scene);
}

/* --- a search ------------------------------------------------------------------------------------------------------ */

/* The preferences have another FC than the sender. */
static void test_found_by_search(void)
{
    sl_profile profile = SL_PROFILE_DEFAULT;
    profile.prose.kd_sess_fc = 0x7f;
    sidelink_scene scene = scene_with(&profile);
    signal_frame(&scene, D2D_REQUEST, true);
    signal_frame(&scene, D2D_ACCEPT_IN_CLEAR, true);
    arrive_all(&scene);
    const verify_session *session = only_session(&scene);
    assert_kd_sess(session, 3, "FC 0x5e");
    assert_traffic_keys(session, 4);
    g_assert_cmpuint(session->findings->len, ==, 1);
    assert_finding(session, 0, VERIFY_FOUND_BY_SEARCH, 4, "kdsess_fc 5e");
    scene_free(&scene);
}

/* --- groups -------------------------------------------------------------------------------------------------------- */

static char *ptk, *group_pek;

static void read_ptk(JsonObject *vector)
{
    if (strcmp(json_object_get_string_member(vector, "name"), "PTK") != 0)
        return;
    ptk = g_strdup(json_object_get_string_member(vector, "ptk"));
    group_pek = g_strdup(json_object_get_string_member(vector, "pek_alg_2"));
}

static void test_group(void)
{
    static const verify_identifier identifiers[] = {{"group_id", "0x0a0b0c"}, {"pgk_index", "0x05"}, {"ptk_id", "0x0007"}};
    const d2d_example *example = d2d_example_get();
    d2d_pdu pdu = d2d_pdu_with_checksum(&example->group), of_other_pgk = pdu, of_other_ptk = pdu;
    vectors_for_each("d2d_example.json", read_ptk);
    const expected_input ptk_inputs[] = {{"PGK", example->pgk, NULL, 32},
                                         {"P0: Group Member Identity", NULL, "010203", 3},
                                         {"P1: PTK Identity", NULL, "0007", 2},
                                         {"P2: Group Identity", NULL, "0a0b0c", 3}};
    const expected_input pek_inputs[] = {{"PTK", ptk, NULL, 32}, {"P0: distinguisher", NULL, "00", 1}, IDENTITY};
    sidelink_scene scene = scene_new();
    add_line(&scene, "PROSE_PGK", "0a0b0c/05", example->pgk);
    of_other_ptk.octets.data[2] = 8;
    of_other_pgk.octets.data[0] = 6;
    g_assert_cmpint(arrive(&scene, &pdu, 1), ==, SL_NOT_AUTHENTICATED);
    g_assert_cmpint(arrive(&scene, &of_other_ptk, 2), ==, SL_NO_KEY);
    g_assert_cmpint(arrive(&scene, &of_other_pgk, 3), ==, SL_NO_KEY);
    report(&scene);
    g_assert_cmpuint(scene.report->sessions->len, ==, 2);

    const verify_session *session = session_at(&scene, 0);
    g_assert_cmpstr(session->method, ==, "ProSe group");
    g_assert_cmpuint(session->parties->len, ==, 2);
    assert_party(session, 0, "group", NULL, "0x0a0b0c");
    assert_party(session, 1, "sender", NULL, "0x010203");
    assert_identifiers(session, identifiers, G_N_ELEMENTS(identifiers));
    g_assert_cmpuint(session->derivation->len, ==, 3);
    assert_step(session, 0, "PGK", example->pgk, "line 7", 0);
    assert_step(session, 1, "PTK", ptk, "FC 0x4a", 0);
    assert_inputs(session, 1, ptk_inputs, G_N_ELEMENTS(ptk_inputs));
    assert_step(session, 2, "PEK", group_pek, TRAFFIC_KEY_PARAMETERS, 0);
    assert_inputs(session, 2, pek_inputs, G_N_ELEMENTS(pek_inputs));
    assert_key(session, 0, "PGK", example->pgk, NULL, "key log", 1);
    assert_key(session, 1, "PTK", ptk, NULL, "PGK", 1);
    assert_key(session, 2, "PEK", group_pek, "128-EEA2", "PTK", 1);
    assert_finding(session, 0, VERIFY_KEY_MISSING, 1, "PTK ID 0x0008");
    assert_finding(session_at(&scene, 1), 0, VERIFY_KEY_MISSING, 1, "PTK ID 0x0007");
    scene_free(&scene);
}

/* --- keys that came otherwise -------------------------------------------------------------------------------------- */

static pc5_id host(uint8_t last)
{
    return (pc5_id){.octets = {192, 0, 2, last}, .len = 4};
}

static void send_body(sidelink_scene *scene, uint32_t frame, uint8_t from, uint8_t to, const char *key_hex, const char *salt_hex)
{
    g_autofree char *hex = g_strconcat(key_hex, salt_hex, NULL);
    vector_octets octets;
    vector_parse_hex(hex, &octets);
    g_autofree char *base64 = g_base64_encode(octets.data, octets.len);
    g_autofree char *text =
        g_strdup_printf("v=0\r\nm=audio 2000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n", base64);
    const kd_body_arrival arrival = {.frame = frame, .source = host(from), .destination = host(to), .carrier = "SIP over UDP"};
    sdp_body *body = sdp_parse(text, strlen(text));
    kd_sources_add_sdp(scene->sources, &arrival, body);
    sdp_free(body);
}

/* The session that brought them has no traffic of its own; one that has is not concerned. */
static void test_keys_of_sip(void)
{
    static const verify_stream stream = {.total = {.first_frame = 12}};
    const d2d_example *example = d2d_example_get();
    sidelink_scene scene = scene_new();
    verify_session *bringing = verify_report_add_session(scene.report, "SDES");
    verify_session *other = verify_report_add_session(scene.report, "SDES");
    verify_session_note_event(bringing, "offer", 10);
    verify_session_note_event(bringing, "answer", 11);
    verify_session_note_event(other, "answer", 11);
    g_ptr_array_add(other->streams, (gpointer)&stream);
    send_body(&scene, 10, 1, 2, example->k1, example->salt1);
    send_body(&scene, 11, 2, 1, example->k2, example->salt2);
    signal_frame(&scene, D2D_REQUEST, false);
    arrive_all(&scene);
    report(&scene);
    g_assert_cmpuint(scene.report->sessions->len, ==, 3);
    const verify_session *session = session_at(&scene, 0);
    g_assert_cmpstr(session->method, ==, "SDES");
    g_assert_cmpstr(session->carrier, ==, "SIP over UDP");
    assert_step(session, 0, "key of the offer", example->k1, NULL, 10);
    assert_step(session, 1, "key of the answer", example->k2, NULL, 11);
    assert_key(session, 0, "KD", example->kd, NULL, "SDES", 4);
    g_assert_cmpstr(g_array_index(session->events, verify_event, session->events->len - 1).event, ==, "answer");
    g_assert_cmpuint(g_array_index(session->events, verify_event, session->events->len - 1).frame, ==, 11);
    g_assert_cmpuint(session->findings->len, ==, 0);
    g_assert_cmpuint(bringing->findings->len, ==, 1);
    assert_finding(bringing, 0, VERIFY_KEYS_USED_FOR_KD, 0, "KD of the link between 0x010203 and 0x0a0b0c");
    g_assert_cmpuint(other->findings->len, ==, 0);
    scene_free(&scene);
}

static char *hex_of(const vector_octets *octets)
{
    GString *hex = g_string_new(NULL);
    for (size_t i = 0; i < octets->len; i++)
        g_string_append_printf(hex, "%02x", octets->data[i]);
    return g_string_free(hex, FALSE);
}

/* A transfer of RFC 6043 that PC5 signalling did not carry. Its response is needed, too, and its TEK is shorter than KD. */
static void test_tek_of_ticket(void)
{
    const d2d_example *example = d2d_example_get();
    mikey_exchange *exchange = mikey_exchange_named("transfer A");
    const mikey_arrival init = {.frame = 20, .section = -1}, resp = {.frame = 21, .section = -1};
    g_autofree char *tek = hex_of(&exchange->tek[0]), *kd_sess = kd_sess_of(tek, NONCE_1, NONCE_2), *pik = pik_of(kd_sess);
    const d2d_pdu command = command_of(pik, 0x1234, example->nonce_2.data);
    sidelink_scene scene = scene_new();
    add_line(&scene, "MIKEY_TPK", "*", exchange->tpk);
    mikey_sessions_add(scene.mikey, &init, span_of(&exchange->init));
    mikey_sessions_add(scene.mikey, &resp, span_of(&exchange->resp));
    signal_frame(&scene, D2D_REQUEST, false);
    g_assert_cmpint(arrive(&scene, &command, 30), ==, SL_AUTHENTICATED);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "MIKEY-TICKET");
    g_assert_null(session->carrier);
    static const verify_event events[] = {{"direct_communication_request", 1}, {"offer", 1}, {"mikey_request", 20},
                                          {"mikey_response", 21}, {"direct_security_mode_command", 30}};
    assert_events(session, events, G_N_ELEMENTS(events));
    assert_step(session, 0, "TEK", tek, NULL, 21);
    assert_step(session, 1, "KD", tek, NULL, 21);
    assert_step(session, 2, "KD-sess", kd_sess, "FC 0x5e", 30);
    assert_key(session, 0, "KD", tek, NULL, "MIKEY-TICKET", 1);
    mikey_exchange_free(exchange);
    scene_free(&scene);
}

/* The newest of those that gave it is told, whatever came between and after. */
static void test_tek_of_several_messages(void)
{
    static const verify_event events[] = {{"direct_communication_request", 1}, {"offer", 1}, {"direct_security_mode_command", 30},
                                          {"mikey_request", 42}};
    const d2d_example *example = d2d_example_get();
    const char *const teks[] = {example->kd, example->kd_sess, example->kd, example->pgk};
    sidelink_scene scene = scene_new();
    signal_frame(&scene, D2D_REQUEST, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(teks); i++) {
        const mikey_arrival arrival = {.frame = 40 + i, .section = -1};
        g_autofree char *keys = g_strdup_printf("00 20 0020 %s", teks[i]);
        g_autoptr(GByteArray) message =
            mikey_psk_init((octet_span){NULL, 0}, i + 1, "01 00 | 00 00001234 00000000", 0, keys);
        mikey_sessions_add(scene.mikey, &arrival, mikey_span(message));
    }
    g_assert_cmpint(arrive(&scene, &example->frames[D2D_COMMAND], 30), ==, SL_AUTHENTICATED);
    const verify_session *session = only_session(&scene);
    g_assert_cmpstr(session->method, ==, "MIKEY");
    assert_events(session, events, G_N_ELEMENTS(events));
    scene_free(&scene);
}

/* Two links of other ends are two sessions, in order of their first frames. */
static void test_two_links(void)
{
    d2d_pdu later = d2d_example_get()->frames[D2D_COMPLETE], earlier = later;
    earlier.link.source = 0x777777;
    later.link.source = 0x010204; /* differs in the octet that MAC does not carry of a destination */
    sidelink_scene scene = scene_new();
    arrive(&scene, &earlier, 1);
    arrive(&scene, &d2d_example_get()->frames[D2D_COMPLETE], 2);
    arrive(&scene, &later, 3);
    report(&scene);
    g_assert_cmpuint(scene.report->sessions->len, ==, 3);
    assert_party(session_at(&scene, 0), 0, "peer", NULL, "0x777777");
    assert_party(session_at(&scene, 1), 0, "peer", NULL, "0x010203");
    assert_party(session_at(&scene, 2), 0, "peer", NULL, "0x010204");
    scene_free(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verify_sidelink/sdes", test_sdes);
    g_test_add_func("/verify_sidelink/each_kdf", test_each_kdf);
    g_test_add_func("/verify_sidelink/logged_kd", test_logged_kd);
    g_test_add_func("/verify_sidelink/logged_sdes_keys", test_logged_sdes_keys);
    g_test_add_func("/verify_sidelink/logged_tek", test_logged_tek);
    g_test_add_func("/verify_sidelink/logged_traffic_keys", test_logged_traffic_keys);
    g_test_add_func("/verify_sidelink/rekeying", test_rekeying);
    g_test_add_func("/verify_sidelink/answer_missing", test_answer_missing);
    g_test_add_func("/verify_sidelink/offer_missing", test_offer_missing);
    g_test_add_func("/verify_sidelink/no_signalling", test_no_signalling);
    g_test_add_func("/verify_sidelink/unknown_key_ids", test_unknown_key_ids);
    g_test_add_func("/verify_sidelink/unsupported", test_unsupported);
    g_test_add_func("/verify_sidelink/found_by_search", test_found_by_search);
    g_test_add_func("/verify_sidelink/group", test_group);
    g_test_add_func("/verify_sidelink/keys_of_sip", test_keys_of_sip);
    g_test_add_func("/verify_sidelink/tek_of_ticket", test_tek_of_ticket);
    g_test_add_func("/verify_sidelink/TEK of several messages", test_tek_of_several_messages);
    g_test_add_func("/verify_sidelink/two_links", test_two_links);
    return g_test_run();
}

#include "sessions/mikey_teks.h"

#include "keys/keyed_hash.h"
#include "keys/mikey_srtp.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAX_VARIANTS (2 * MIKEY_SRTP_MAX_READINGS)

static const char MINISIP_PRF[] =
    "the PRF left out the last 32 octets of the key, as minisip's does for keys of whole blocks";
static const char ONE_PIECE[] = "the TEK holds master key and master salt in one piece, as GStreamer writes it";
static const char UNSUPPORTED[] = "the security policy asks for SRTP transforms that can not be decrypted";

/* A crypto session as both messages together settle it. */
typedef struct {
    mikey_cs cs;
    bool in_map;
    bool bind_ssrc;
} settled_cs;

/* One reading of one key of one crypto session. */
typedef struct {
    const mikey_step *tek;
    const srtp_master_key *policy;
    const char *departures[2];
} tek_variant;

/* --- crypto sessions ----------------------------------------------------------------------------------------------- */

static const mikey_cs *find_cs(const mikey_record *record, uint8_t cs_id)
{
    const mikey_header *header = &record->message->header;
    for (unsigned i = 0; i < header->cs_read; i++)
        if (header->cs[i].cs_id == cs_id)
            return &header->cs[i];
    return NULL;
}

/* An SSRC of 0 in an SRTP-ID map is one that the other side fills in (RFC 3830 section 6.1.1). */
static bool names_ssrc(const mikey_record *record, const mikey_cs *cs)
{
    return cs->has_ssrc && (cs->ssrc != 0 || record->message->header.map_type == MIKEY_MAP_GENERIC_ID);
}

static settled_cs settle(const mikey_tek_setting *setting, uint8_t cs_id)
{
    const mikey_record *records[] = {setting->record, setting->initial, setting->base};
    settled_cs settled = {.cs = {.cs_id = cs_id}};
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
        const mikey_cs *cs = find_cs(records[i], cs_id);
        if (!cs)
            continue;
        settled.in_map = true;
        if (!settled.bind_ssrc && names_ssrc(records[i], cs)) {
            settled.bind_ssrc = true;
            settled.cs.ssrc = cs->ssrc;
            settled.cs.roc = cs->has_roc ? cs->roc : 0;
        }
        if (!settled.cs.policies.len)
            settled.cs.policies = cs->policies;
        if (!settled.cs.spi.len)
            settled.cs.spi = cs->spi;
    }
    return settled;
}

static const mikey_policy *find_policy(const mikey_record *record, octet_span numbers)
{
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(&record->message->chain, MIKEY_SP, payload)))
        if (payload->complete && (!numbers.len || payload->policy.policy == numbers.data[0]))
            return &payload->policy;
    return NULL;
}

/* The first policy of those it names: a response names exactly one. A policy that a response refers to may stand in the message
 * before it (RFC 6043 section 6.1.1). */
static const mikey_policy *policy_of(const mikey_tek_setting *setting, const settled_cs *settled)
{
    const mikey_record *records[] = {setting->record, setting->initial, setting->base};
    const mikey_policy *policy = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(records) && !policy; i++)
        policy = find_policy(records[i], settled->cs.policies);
    return policy;
}

/* --- TEKs ---------------------------------------------------------------------------------------------------------- */

static bool is_tek(const mikey_step *key)
{
    return key->kind == MIKEY_KEY_TEK || key->kind == MIKEY_KEY_TEK_SALT;
}

/* The key that readings have in common, by which they are told to be readings of one. */
static const mikey_step *root_of(const mikey_step *key)
{
    return key->source == MIKEY_FROM_PRF && key->from ? key->from : key;
}

/* Octets for both: `key` and what of the salt is there. */
static mikey_step *new_tek(const mikey_tek_setting *setting, const mikey_step *from, mikey_step_source source, octet_span key,
                           octet_span salt, uint8_t cs_id)
{
    mikey_step *step = mikey_step_new("TEK", source, from, key, salt, from->spi);
    step->kind = MIKEY_KEY_TEK;
    step->cs_id = cs_id;
    step->frame = setting->record->frame;
    return step;
}

static mikey_step *split_tek(const mikey_tek_setting *setting, const mikey_step *key, const srtp_transform *transform,
                             uint8_t cs_id, const char **departure)
{
    const size_t key_len = transform->key_len, salt_len = transform->salt_len;
    if (key->key.len == key_len)
        return new_tek(setting, key, MIKEY_FROM_KEY, key->key, key->salt, cs_id);
    if (key->salt.len || key->key.len != key_len + salt_len)
        return NULL;
    *departure = ONE_PIECE;
    return new_tek(setting, key, MIKEY_FROM_SPLIT, (octet_span){key->key.data, key_len},
                   (octet_span){key->key.data + key_len, salt_len}, cs_id);
}

static mikey_label label_of(const mikey_tek_setting *setting, mikey_session_constant constant, uint8_t cs_id)
{
    return setting->by_ticket ? mikey_label_ticket_session(constant, cs_id, setting->rand_i, setting->rand_r)
                              : mikey_label_session(constant, cs_id, setting->csb_id, setting->rand_i);
}

/* A salt that came with the key is the salt; else it is derived as the TEK is. */
static mikey_step *derive_tek(const mikey_tek_setting *setting, const mikey_step *key, mikey_prf prf,
                              const srtp_transform *transform, uint8_t cs_id)
{
    const mikey_label tek_label = label_of(setting, MIKEY_SESSION_TEK, cs_id);
    const mikey_label salt_label = label_of(setting, MIKEY_SESSION_SALT_KEY, cs_id);
    uint8_t tek[SRTP_MAX_KEY_LEN], salt[SRTP_MAX_SALT_LEN];
    octet_span master_salt = key->salt.len ? key->salt : (octet_span){salt, transform->salt_len};
    mikey_step *step = NULL;
    if (mikey_derive(prf, key->key, &tek_label, tek, transform->key_len) &&
        mikey_derive(prf, key->key, &salt_label, salt, transform->salt_len)) {
        step = new_tek(setting, key, MIKEY_FROM_PRF, (octet_span){tek, transform->key_len}, master_salt, cs_id);
        step->function = setting->by_ticket ? "2AD01C64 || CS ID || FFFFFFFF || 03 || RANDRi || RANDRr"
                                            : "2AD01C64 || CS ID || CSB ID || RAND";
    }
    OPENSSL_cleanse(tek, sizeof tek);
    OPENSSL_cleanse(salt, sizeof salt);
    return step;
}

static void add_variant(tek_variant *variants, unsigned *count, const mikey_step *tek, const mikey_srtp_reading *reading,
                        const char *departure)
{
    if (tek)
        variants[(*count)++] = (tek_variant){tek, &reading->master, {departure, reading->departure}};
}

/* Every reading of one key, the standard's first. The caller owns the steps. */
static unsigned read_key(const mikey_tek_setting *setting, const mikey_step *key, uint8_t cs_id,
                         const mikey_srtp_reading *readings, unsigned reading_count, tek_variant variants[MAX_VARIANTS])
{
    unsigned count = 0;
    for (unsigned r = 0; r < reading_count; r++) {
        const srtp_transform *transform = &readings[r].master.transform;
        const char *departure = NULL;
        if (is_tek(key)) {
            const mikey_step *tek = split_tek(setting, key, transform, cs_id, &departure);
            add_variant(variants, &count, tek, &readings[r], departure);
            continue;
        }
        const bool differ = !setting->by_ticket && mikey_prf_variants_differ(key->key.len);
        for (unsigned v = 0; v < (differ ? 2 : 1); v++) {
            const bool minisip = differ && (v == 0) == setting->minisip_first;
            const mikey_prf prf = {setting->prf, minisip ? MIKEY_PRF_MINISIP : MIKEY_PRF_RFC};
            add_variant(variants, &count, derive_tek(setting, key, prf, transform, cs_id), &readings[r],
                        minisip ? MINISIP_PRF : NULL);
        }
    }
    return count;
}

/* --- SRTP keys ----------------------------------------------------------------------------------------------------- */

static guint suite_hash(gconstpointer data)
{
    const srtp_transform *t = &((const crypto_suite *)data)->transform;
    const uint8_t members[] = {(uint8_t)t->cipher, (uint8_t)t->auth, t->key_len,      t->salt_len,
                               t->srtp_tag_len,    t->srtcp_tag_len, t->auth_key_len, t->prefix_len};
    return keyed_hash(members, sizeof members);
}

static gboolean suite_equal(gconstpointer a, gconstpointer b)
{
    return srtp_transform_equal(&((const crypto_suite *)a)->transform, &((const crypto_suite *)b)->transform);
}

static void free_suite(gpointer data)
{
    crypto_suite *suite = data;
    g_free((char *)suite->name);
    g_free(suite);
}

GHashTable *mikey_suites_new(void)
{
    return g_hash_table_new_full(suite_hash, suite_equal, free_suite, NULL);
}

/* A suite by the pattern of those that have a name. */
static const crypto_suite *make_up_suite(GHashTable *suites, const srtp_transform *transform)
{
    static const char *const ciphers[] = {
        [SRTP_CIPHER_NULL] = "NULL", [SRTP_CIPHER_AES_CM] = "AES_CM", [SRTP_CIPHER_AES_F8] = "AES_F8",
        [SRTP_CIPHER_AES_GCM] = "AEAD_AES_GCM"};
    const crypto_suite like = {.transform = *transform};
    const crypto_suite *known = g_hash_table_lookup(suites, &like);
    if (known)
        return known;
    crypto_suite *suite = g_new0(crypto_suite, 1);
    suite->name = g_strdup_printf("%s_%u%s_%u", ciphers[transform->cipher], transform->key_len * 8u,
                                  transform->auth == SRTP_AUTH_AEAD ? "" : "_HMAC_SHA1", transform->srtp_tag_len * 8u);
    suite->transform = *transform;
    suite->supported = true;
    g_hash_table_add(suites, suite);
    return suite;
}

/* mki: the SPI of the key, or of its crypto session where the key was told without one (RFC 3830 section 6.14, RFC 6043 section
 * 6.1.1). */
static void fill_master_key(srtp_master_key *master, const mikey_step *tek, octet_span mki)
{
    memcpy(master->key, tek->key.data, master->transform.key_len);
    if (tek->salt.len)
        memcpy(master->salt, tek->salt.data, MIN(tek->salt.len, master->transform.salt_len));
    if (mki.len && mki.len <= SRTP_MAX_MKI_LEN) {
        master->mki_len = (uint8_t)mki.len;
        memcpy(master->mki, mki.data, mki.len);
    }
}

static void give_to_legs(const GPtrArray *legs, session_key *key)
{
    for (guint i = 0; i < legs->len; i++)
        media_leg_add_key(legs->pdata[i], key);
}

static void mark_unsupported(const GPtrArray *legs)
{
    for (guint i = 0; i < legs->len; i++)
        ((media_leg *)legs->pdata[i])->unsupported_suite = true;
}

static const session_key *make_key(const mikey_tek_setting *setting, const settled_cs *settled, const tek_variant *variant)
{
    const key_origin origin = setting->by_ticket ? KEY_ORIGIN_MIKEY_TICKET : KEY_ORIGIN_MIKEY;
    srtp_master_key master = *variant->policy;
    const crypto_suite *suite = crypto_suite_by_transform(&master.transform);
    const uint32_t known = session_keys_count(setting->keys);
    fill_master_key(&master, variant->tek, variant->tek->spi.len ? variant->tek->spi : settled->cs.spi);
    session_key *key = session_keys_add(setting->keys, &master,
                                        suite ? suite : make_up_suite(setting->suites, &master.transform), origin,
                                        setting->initial->frame, settled->cs.cs_id);
    OPENSSL_cleanse(&master, sizeof master);
    if (!key)
        return NULL;
    if (session_keys_count(setting->keys) > known)
        memcpy(key->departures, variant->departures, sizeof key->departures);
    if (settled->bind_ssrc) {
        session_key_set_roc(key, settled->cs.ssrc, settled->cs.roc);
        session_keys_give_to_ssrc(setting->keys, key, settled->cs.ssrc);
    } else {
        key->for_any_ssrc = true;
    }
    give_to_legs(setting->initial->legs, key);
    if (setting->record != setting->initial)
        give_to_legs(setting->record->legs, key);
    return key;
}

/* --- all of a message ---------------------------------------------------------------------------------------------- */

static void note_tek(const mikey_tek_setting *setting, uint8_t cs_id, unsigned group, const tek_variant *variant,
                     const session_key *key)
{
    const mikey_tek tek = {.cs_id = cs_id,
                           .group = group,
                           .step = variant->tek,
                           .departure = variant->departures[0] ? variant->departures[0] : variant->departures[1],
                           .key = key};
    g_array_append_val(setting->record->teks, tek);
}

/* Where several keys could fit, the one made last is tried first: so the standard's reading is made last. */
static void derive_from(const mikey_tek_setting *setting, const settled_cs *settled, const mikey_step *key, unsigned group)
{
    mikey_srtp_reading readings[MIKEY_SRTP_MAX_READINGS];
    tek_variant variants[MAX_VARIANTS];
    const session_key *made[MAX_VARIANTS];
    const size_t tek_len = is_tek(key) ? key->key.len : 0;
    unsigned reading_count = mikey_srtp_readings(policy_of(setting, settled), tek_len, readings);
    if (reading_count == 0) {
        mikey_record_note_departure(setting->record, UNSUPPORTED);
        mark_unsupported(setting->record->legs);
        return;
    }
    unsigned count = read_key(setting, key, settled->cs.cs_id, readings, reading_count, variants);
    mikey_record_spend(setting->record, count);
    for (unsigned i = count; i-- > 0;)
        made[i] = make_key(setting, settled, &variants[i]);
    for (unsigned i = 0; i < count; i++)
        note_tek(setting, settled->cs.cs_id, group, &variants[i], made[i]);
}

/* The keys that a crypto session may have: those of its SPI, and where it has none of these, those without any SPI; else all. */
static void choose_keys(const GPtrArray *inkeys, uint8_t cs_id, octet_span spi, GPtrArray *chosen)
{
    enum { OF_ITS_SPI, WITHOUT_SPI, ANY };
    for (int choice = spi.len ? OF_ITS_SPI : ANY; choice <= ANY && chosen->len == 0; choice++) {
        for (guint i = 0; i < inkeys->len; i++) {
            const mikey_step *key = inkeys->pdata[i];
            bool same = key->spi.len == spi.len && spi.len && memcmp(key->spi.data, spi.data, spi.len) == 0;
            bool usable = key->kind <= MIKEY_KEY_GTGK_SALT && (key->cs_id < 0 || key->cs_id == cs_id);
            if (usable && (choice == ANY || same || (choice == WITHOUT_SPI && !key->spi.len)))
                g_ptr_array_add(chosen, (gpointer)key);
        }
    }
}

static void derive_for(const mikey_tek_setting *setting, uint8_t cs_id)
{
    GPtrArray *chosen = g_ptr_array_new();
    settled_cs settled = settle(setting, cs_id);
    unsigned group = 0;
    choose_keys(setting->inkeys, cs_id, settled.cs.spi, chosen);
    mikey_secrets_teks(setting->secrets, setting->csb_id, cs_id, chosen);
    for (guint i = 0; i < chosen->len; i++) {
        const char *excess = NULL;
        if (setting->record->teks->len >= MIKEY_MAX_TEKS)
            excess = "no further keys are derived: the message asks for more than any real one does";
        else if (session_keys_of_mikey(setting->keys) >= MIKEY_MAX_KEYS)
            excess = "no further keys are derived: the messages of this capture have brought more than are kept";
        if (excess) {
            mikey_record_note_departure(setting->record, excess);
            break;
        }
        if (i > 0 && root_of(chosen->pdata[i]) != root_of(chosen->pdata[i - 1]))
            group++;
        mikey_record_list_step(setting->record, chosen->pdata[i]);
        derive_from(setting, &settled, chosen->pdata[i], group);
    }
    g_ptr_array_free(chosen, TRUE);
}

/* Without a map: two crypto sessions for each m= line, from 1 on (RFC 4567 section 7.1). A TEK is the same for all. */
static void derive_unmapped(const mikey_tek_setting *setting)
{
    unsigned count = 1;
    for (guint i = 0; i < setting->inkeys->len; i++)
        if (!is_tek(setting->inkeys->pdata[i]))
            count = MIN(2 * MAX(setting->initial->legs->len, 1u), MIKEY_MAX_UNMAPPED);
    for (unsigned cs_id = 1; cs_id <= count; cs_id++)
        derive_for(setting, (uint8_t)cs_id);
}

static bool same_octets(octet_span a, octet_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static gboolean same_step(gconstpointer first, gconstpointer second)
{
    const mikey_step *a = first, *b = second;
    return a == b || (a->kind == b->kind && a->cs_id == b->cs_id && same_octets(a->key, b->key) && same_octets(a->salt, b->salt) &&
                      same_octets(a->spi, b->spi));
}

void mikey_collect_inkeys(const mikey_record *record, GPtrArray *inkeys)
{
    for (guint i = 0; i < record->teks->len; i++) {
        const mikey_step *key = g_array_index(record->teks, mikey_tek, i).step->from;
        if (!g_ptr_array_find_with_equal_func(inkeys, key, same_step, NULL))
            g_ptr_array_add(inkeys, (gpointer)key);
    }
    for (guint i = 0; i < record->responses->len && i < MIKEY_MAX_RESPONSES; i++)
        mikey_collect_inkeys(record->responses->pdata[i], inkeys);
}

void mikey_give_teks(const mikey_record *record, const GPtrArray *legs)
{
    for (guint i = record->teks->len; i-- > 0;) { /* the standard's reading last, as in derive_from */
        const session_key *key = g_array_index(record->teks, mikey_tek, i).key;
        if (key)
            give_to_legs(legs, (session_key *)key);
    }
    if (g_ptr_array_find(record->departures, UNSUPPORTED, NULL))
        mark_unsupported(legs);
}

void mikey_derive_teks(const mikey_tek_setting *setting)
{
    const mikey_record *records[] = {setting->record, setting->initial, setting->base};
    uint8_t done[256 / 8] = {0};
    bool any = false;
    for (size_t r = 0; r < G_N_ELEMENTS(records); r++) {
        const mikey_header *header = &records[r]->message->header;
        for (unsigned i = 0; i < header->cs_read; i++) {
            uint8_t cs_id = header->cs[i].cs_id, bit = (uint8_t)(1u << cs_id % 8);
            any = true;
            if (done[cs_id / 8] & bit)
                continue;
            done[cs_id / 8] |= bit;
            derive_for(setting, cs_id);
        }
    }
    if (!any)
        derive_unmapped(setting);
}

#include "sessions/mikey_secrets.h"

#include "keys/keyed_hash.h"
#include "keys/mikey.h"

#define LABELS (KEYLOG_MIKEY_TEK + 1)

struct mikey_secrets {
    GHashTable *by_identity[LABELS]; /* GBytes to GPtrArray of borrowed mikey_step * */
    GHashTable *by_number[LABELS];   /* session_number() to the same */
    GPtrArray *for_any[LABELS];      /* borrowed */
    GPtrArray *teks;                 /* borrowed */
    GPtrArray *all;                  /* owned */
};

static void free_list(gpointer list)
{
    g_ptr_array_free(list, TRUE);
}

static void free_identity(gpointer identity)
{
    g_bytes_unref(identity);
}

static void free_step(gpointer step)
{
    mikey_step_unref(step);
}

mikey_secrets *mikey_secrets_new(void)
{
    mikey_secrets *secrets = g_new0(mikey_secrets, 1);
    for (unsigned label = KEYLOG_MIKEY_PSK; label < LABELS; label++) {
        secrets->by_identity[label] = g_hash_table_new_full(keyed_hash_bytes, g_bytes_equal, free_identity, free_list);
        secrets->by_number[label] = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, free_list);
        secrets->for_any[label] = g_ptr_array_new();
    }
    secrets->teks = g_ptr_array_new();
    secrets->all = g_ptr_array_new_with_free_func(free_step);
    return secrets;
}

void mikey_secrets_free(mikey_secrets *secrets)
{
    if (!secrets)
        return;
    for (unsigned label = KEYLOG_MIKEY_PSK; label < LABELS; label++) {
        g_hash_table_destroy(secrets->by_identity[label]);
        g_hash_table_destroy(secrets->by_number[label]);
        g_ptr_array_free(secrets->for_any[label], TRUE);
    }
    g_ptr_array_free(secrets->teks, TRUE);
    g_ptr_array_free(secrets->all, TRUE);
    g_free(secrets);
}

#define ANY_CSB (INT64_C(1) << 40)

/* A CSB, or one of its crypto sessions. */
static gint64 session_number(uint32_t csb_id, unsigned cs_id)
{
    return (gint64)csb_id << 8 | cs_id;
}

/* By what a line is found among those of its label. The cCCSID of HI2_CC is the CS ID of whatever CSB. */
static gint64 number_of(const keylog_entry *entry)
{
    if (entry->label == KEYLOG_HI2_CC)
        return ANY_CSB | entry->id[entry->id_len - 1];
    return session_number(entry->csb_id, entry->label == KEYLOG_MIKEY_TEK ? entry->cs_id : 0);
}

/* A cCCSID that is longer than a CS ID names something else. */
static bool is_cs_id(const keylog_entry *entry)
{
    for (size_t i = 0; i + 1 < entry->id_len; i++)
        if (entry->id[i])
            return false;
    return true;
}

static GPtrArray *list_by_identity(mikey_secrets *secrets, const keylog_entry *entry)
{
    GHashTable *table = secrets->by_identity[entry->label];
    GBytes *identity = g_bytes_new(entry->id, entry->id_len);
    GPtrArray *list = g_hash_table_lookup(table, identity);
    if (list) {
        g_bytes_unref(identity);
        return list;
    }
    list = g_ptr_array_new();
    g_hash_table_insert(table, identity, list);
    return list;
}

static GPtrArray *list_by_number(mikey_secrets *secrets, keylog_label label, const keylog_entry *entry)
{
    GHashTable *table = secrets->by_number[label];
    gint64 number = number_of(entry);
    GPtrArray *list = g_hash_table_lookup(table, &number);
    if (!list) {
        gint64 *key = g_new(gint64, 1);
        *key = number;
        list = g_ptr_array_new();
        g_hash_table_insert(table, key, list);
    }
    return list;
}

void mikey_secrets_add(mikey_secrets *secrets, const keylog_entry *entry)
{
    static const struct {
        const char *name;
        uint8_t kind;
    } kinds[LABELS] = {
        [KEYLOG_MIKEY_PSK] = {"PSK", MIKEY_STEP_OTHER},
        [KEYLOG_MIKEY_TPK] = {"TPK", MIKEY_STEP_OTHER},
        [KEYLOG_MIKEY_MPK] = {"MPK", MIKEY_KEY_MPK},
        [KEYLOG_MIKEY_TGK] = {"TGK", MIKEY_KEY_TGK},
        [KEYLOG_MIKEY_TEK] = {"TEK", MIKEY_KEY_TEK},
    };
    const keylog_label label = entry->label == KEYLOG_HI2_CC ? KEYLOG_MIKEY_TEK : entry->label;
    const octet_span nothing = {NULL, 0}, salt = {entry->salt_len ? entry->salt : NULL, entry->salt_len};
    mikey_step *step = mikey_step_new(kinds[label].name, MIKEY_FROM_KEYLOG, NULL,
                                      (octet_span){entry->secret, entry->secret_len}, salt, nothing);
    step->kind = (uint8_t)(kinds[label].kind | (entry->salt_len ? 1 : 0));
    step->line = entry->line;
    if (entry->label == KEYLOG_MIKEY_TEK)
        step->cs_id = entry->cs_id;
    g_ptr_array_add(secrets->all, step);
    if (label == KEYLOG_MIKEY_TEK)
        g_ptr_array_add(secrets->teks, step);
    if (entry->selector == KEYLOG_IDENTITY)
        g_ptr_array_add(list_by_identity(secrets, entry), step);
    else if (entry->selector == KEYLOG_ANY)
        g_ptr_array_add(secrets->for_any[label], step);
    else if (entry->selector != KEYLOG_CC || is_cs_id(entry))
        g_ptr_array_add(list_by_number(secrets, label, entry), step);
}

unsigned mikey_secrets_count(const mikey_secrets *secrets)
{
    return secrets->all->len;
}

static void append_newest(GPtrArray *found, const GPtrArray *list)
{
    for (guint i = list ? list->len : 0, left = MIKEY_MAX_SECRETS; i-- > 0 && left > 0; left--)
        if (!g_ptr_array_find(found, list->pdata[i], NULL))
            g_ptr_array_add(found, list->pdata[i]);
}

void mikey_secrets_by_identity(const mikey_secrets *secrets, keylog_label label, octet_span identity, GPtrArray *found)
{
    if (identity.len == 0 || g_hash_table_size(secrets->by_identity[label]) == 0)
        return;
    GBytes *name = g_bytes_new_static(identity.data, identity.len);
    append_newest(found, g_hash_table_lookup(secrets->by_identity[label], name));
    g_bytes_unref(name);
}

void mikey_secrets_by_none(const mikey_secrets *secrets, keylog_label label, GPtrArray *found)
{
    append_newest(found, secrets->for_any[label]);
}

void mikey_secrets_by_csb(const mikey_secrets *secrets, keylog_label label, uint32_t csb_id, GPtrArray *found)
{
    gint64 number = session_number(csb_id, 0);
    append_newest(found, g_hash_table_lookup(secrets->by_number[label], &number));
    append_newest(found, secrets->for_any[label]);
}

void mikey_secrets_teks(const mikey_secrets *secrets, uint32_t csb_id, uint8_t cs_id, GPtrArray *found)
{
    gint64 number = session_number(csb_id, cs_id);
    append_newest(found, g_hash_table_lookup(secrets->by_number[KEYLOG_MIKEY_TEK], &number));
    number = ANY_CSB | cs_id;
    append_newest(found, g_hash_table_lookup(secrets->by_number[KEYLOG_MIKEY_TEK], &number));
}

void mikey_secrets_all_teks(const mikey_secrets *secrets, unsigned max, GPtrArray *found)
{
    for (guint i = secrets->teks->len; i-- > 0 && found->len < max;)
        g_ptr_array_add(found, secrets->teks->pdata[i]);
}

#include "sessions/sl_sn_use.h"

#include "keys/keyed_hash.h"
#include "sessions/frame_records.h"
#include "sessions/seen_set.h"

#include <glib.h>

/* An SN that falls from within so many of the end to within so many of the beginning has come round. */
#define NEAR_THE_END 1024

/* A key as PDUs name it: whose it is, on which bearer. */
typedef struct {
    uint64_t channel; /* sl_link_channel */
    uint64_t id;      /* KD-sess ID, or PGK index and PTK identity */
    uint64_t number;  /* of the key that opened them; 0: none did */
} key_name;

typedef struct {
    key_name name;
    GList link;       /* in the order of use */
    seen_set seen;    /* SNs */
    uint16_t last_sn;
} used_key;

struct sl_sn_use {
    GHashTable *keys; /* by name */
    GQueue used;      /* the key that was used last at its head */
    frame_records *records;
};

enum { RECORD_IS_SET = 1 };

static guint hash_name(gconstpointer name)
{
    return keyed_hash(name, sizeof(key_name));
}

static gboolean same_name(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(key_name)) == 0;
}

static void free_key(gpointer data)
{
    seen_set_clear(&((used_key *)data)->seen);
    g_free(data);
}

static key_name name_of(const sl_pdu *pdu, unsigned key)
{
    bool is_group_key = pdu->link.cast == SL_ONE_TO_MANY;
    return (key_name){
        .channel = sl_link_channel(&pdu->link),
        .id = (uint64_t)is_group_key << 32 | (is_group_key ? (uint64_t)pdu->pgk_index << 16 : 0) | pdu->key_id,
        .number = key,
    };
}

static used_key *key_of(sl_sn_use *use, const sl_pdu *pdu, unsigned number)
{
    key_name name = name_of(pdu, number);
    used_key *key = g_hash_table_lookup(use->keys, &name);
    if (key) {
        g_queue_unlink(&use->used, &key->link);
    } else {
        if (g_hash_table_size(use->keys) == SL_SN_USE_MAX_KEYS) {
            used_key *silent = g_queue_pop_tail_link(&use->used)->data;
            g_hash_table_remove(use->keys, &silent->name);
        }
        key = g_new0(used_key, 1);
        key->name = name;
        key->link.data = key;
        g_hash_table_insert(use->keys, &key->name, key);
    }
    g_queue_push_head_link(&use->used, &key->link);
    return key;
}

static unsigned note(sl_sn_use *use, const sl_pdu *pdu, unsigned number)
{
    used_key *key = key_of(use, pdu, number);
    unsigned found = 0;
    switch (seen_set_add(&key->seen, pdu->sn, sl_pdu_digest(pdu))) {
    case SEEN_NEW:
        break;
    case SEEN_SAME:
        return PDCP_SL_SN_REPEATED;
    case SEEN_DIFFERENT:
        found |= PDCP_SL_SN_REUSED;
        break;
    }
    if (key->last_sn > UINT16_MAX - NEAR_THE_END && pdu->sn < NEAR_THE_END)
        found |= PDCP_SL_SN_BEGAN_ANEW;
    key->last_sn = pdu->sn;
    return found;
}

void sl_sn_use_note(sl_sn_use *use, sl_pdu *pdu, unsigned key)
{
    if (!pdu->key_id || pdu->data.len < pdu->data_len || (pdu->has_mac_i && !pdu->mac_i.data) ||
        (pdu->problems & PDCP_SL_NO_ROOM_FOR_MAC_I))
        return;
    frame_record *record = frame_records_find(use->records, pdu->frame, sl_pdu_position(pdu));
    if (!record) {
        record = frame_records_add(use->records, pdu->frame, sl_pdu_position(pdu));
        record->verdict = RECORD_IS_SET;
        record->notes = note(use, pdu, key);
    }
    pdu->problems |= record->notes;
}

sl_sn_use *sl_sn_use_new(void)
{
    sl_sn_use *use = g_new0(sl_sn_use, 1);
    use->keys = g_hash_table_new_full(hash_name, same_name, NULL, free_key);
    use->records = frame_records_new();
    g_queue_init(&use->used);
    return use;
}

void sl_sn_use_free(sl_sn_use *use)
{
    if (!use)
        return;
    g_hash_table_destroy(use->keys);
    frame_records_free(use->records);
    g_free(use);
}

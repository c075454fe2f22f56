#include "sessions/frame_records.h"

#include "keys/keyed_hash.h"

#define PAGE_BITS 5
#define PAGE_SIZE (1u << PAGE_BITS)

/* One record for each frame stands in pages that are made as frames need them. The rare frame with a second media packet
 * keeps that one in a hash table. */
struct frame_records {
    GPtrArray *pages;
    GHashTable *further; /* by further_key() */
};

frame_records *frame_records_new(void)
{
    frame_records *records = g_new0(frame_records, 1);
    records->pages = g_ptr_array_new_with_free_func(g_free);
    records->further = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, g_free, g_free);
    return records;
}

void frame_records_free(frame_records *records)
{
    if (!records)
        return;
    g_ptr_array_free(records->pages, TRUE);
    g_hash_table_destroy(records->further);
    g_free(records);
}

static gint64 further_key(uint32_t frame, uint32_t place)
{
    return (gint64)((uint64_t)place << 32 | frame);
}

static frame_record *slot_in(frame_record *page, uint32_t frame)
{
    return &page[frame & (PAGE_SIZE - 1)];
}

static frame_record *slot_of(frame_records *records, uint32_t frame)
{
    guint page = frame >> PAGE_BITS;
    if (page >= records->pages->len || !records->pages->pdata[page])
        return NULL;
    return slot_in(records->pages->pdata[page], frame);
}

frame_record *frame_records_find(frame_records *records, uint32_t frame, uint32_t place)
{
    frame_record *slot = slot_of(records, frame);
    if (!slot || !slot->verdict)
        return NULL;
    if (slot->place == place)
        return slot;
    gint64 key = further_key(frame, place);
    return g_hash_table_lookup(records->further, &key);
}

frame_record *frame_records_add(frame_records *records, uint32_t frame, uint32_t place)
{
    guint page = frame >> PAGE_BITS;
    if (page >= records->pages->len)
        g_ptr_array_set_size(records->pages, (gint)page + 1);
    if (!records->pages->pdata[page])
        records->pages->pdata[page] = g_new0(frame_record, PAGE_SIZE);
    frame_record *slot = slot_in(records->pages->pdata[page], frame);
    if (slot->verdict) {
        gint64 *key = g_new(gint64, 1);
        *key = further_key(frame, place);
        slot = g_new0(frame_record, 1);
        g_hash_table_insert(records->further, key, slot);
    }
    slot->place = place;
    return slot;
}

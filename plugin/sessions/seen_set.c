#include "sessions/seen_set.h"

#include "keys/keyed_hash.h"

#define BLOCK_BITS 6
#define BLOCK_SIZE (1u << BLOCK_BITS)

typedef struct {
    uint64_t number;  /* index >> BLOCK_BITS */
    uint64_t present; /* bit i: index number * BLOCK_SIZE + i was seen */
    uint32_t digest[BLOCK_SIZE];
} seen_block;

/* In a hash table, because their order is the sender's choice: SRTCP names any index. */
static seen_block *block_of(seen_set *set, uint64_t number)
{
    if (set->last && ((seen_block *)set->last)->number == number)
        return set->last;
    if (!set->blocks)
        set->blocks = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, NULL, g_free);
    seen_block *block = g_hash_table_lookup(set->blocks, &number);
    if (!block) {
        block = g_new0(seen_block, 1);
        block->number = number;
        g_hash_table_insert(set->blocks, &block->number, block);
    }
    set->last = block;
    return block;
}

seen_result seen_set_add(seen_set *set, uint64_t index, uint32_t digest)
{
    seen_block *block = block_of(set, index >> BLOCK_BITS);
    unsigned slot = (unsigned)(index & (BLOCK_SIZE - 1));
    uint64_t bit = UINT64_C(1) << slot;
    if (block->present & bit)
        return block->digest[slot] == digest ? SEEN_SAME : SEEN_DIFFERENT;
    block->present |= bit;
    block->digest[slot] = digest;
    return SEEN_NEW;
}

void seen_set_clear(seen_set *set)
{
    if (set->blocks)
        g_hash_table_destroy(set->blocks);
    set->blocks = NULL;
    set->last = NULL;
}

#include "sessions/seen_set.h"

#define BLOCK_BITS 6
#define BLOCK_SIZE (1u << BLOCK_BITS)

typedef struct {
    uint64_t number;  /* index >> BLOCK_BITS */
    uint64_t present; /* bit i: index number * BLOCK_SIZE + i was seen */
    uint32_t digest[BLOCK_SIZE];
} seen_block;

/* The position of the first block whose number is not below `number`. */
static guint lower_bound(const GPtrArray *blocks, uint64_t number)
{
    guint low = 0, high = blocks->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (((const seen_block *)blocks->pdata[middle])->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static seen_block *block_of(seen_set *set, uint64_t number)
{
    if (set->last && ((seen_block *)set->last)->number == number)
        return set->last;
    if (!set->blocks)
        set->blocks = g_ptr_array_new_with_free_func(g_free);
    guint at = lower_bound(set->blocks, number);
    if (at == set->blocks->len || ((seen_block *)set->blocks->pdata[at])->number != number) {
        seen_block *block = g_new0(seen_block, 1);
        block->number = number;
        g_ptr_array_insert(set->blocks, (gint)at, block);
    }
    set->last = set->blocks->pdata[at];
    return set->last;
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
        g_ptr_array_free(set->blocks, TRUE);
    set->blocks = NULL;
    set->last = NULL;
}

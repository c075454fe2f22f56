#include "sessions/rlc_reassembly.h"

#include "ciphers/octets.h"
#include "keys/keyed_hash.h"
#include "sessions/frame_records.h"

/* What one PDU holds of SDUs that began before it or go on behind it. A piece that is neither beginning nor end is `first` alone. */
typedef struct {
    rlc_part first, last;
    bool has_first, has_last, in_the_middle;
} held_parts;

/* A PDU of a channel's window. */
typedef struct {
    bool taken;
    int64_t index;    /* its SN, counted on across the cycles */
    uint32_t frame;
    uint32_t hash;
    unsigned parts;   /* number of its held_parts, 0: none */
} window_seat;

typedef struct {
    uint64_t key;
    GList link;       /* in the order of use */
    rlc_um_sn_watch watch;
    uint8_t sn_bits;
    bool begun;
    int64_t newest;   /* highest index so far */
    window_seat seats[RLC_UM_WINDOW]; /* that of index i at i modulo RLC_UM_WINDOW */
} channel;

struct rlc_um_receivers {
    rlc_um_sn_choice choice;
    uint8_t told;         /* the SN length that a channel told last, 0: none yet */
    GHashTable *channels; /* by key */
    GQueue used;          /* the channel that was used last at its head */
    GPtrArray *parts;     /* held_parts; number 1 at 0 */
    frame_records *records;
};

/* How a frame_record tells of a PDU: `verdict` is the SN length, `track` the number of its parts, `counter` the frame of the PDU it
 * repeats, `notes` the number of missing PDUs and these bits. */
enum {
    RECORD_MISSING = 0xffff,
    RECORD_REPEATED = 1 << 16,
    RECORD_LATE = 1 << 17,
    RECORD_TOLD = 1 << 18,
};

/* --- SDUs in parts ------------------------------------------------------------------------------------------------- */

static void give_up(rlc_sdu *sdu, rlc_sdu_state state)
{
    sdu->state = state;
    if (sdu->octets)
        g_byte_array_free(sdu->octets, TRUE);
    sdu->octets = NULL;
}

static void release_part(rlc_part *part)
{
    rlc_sdu *sdu = part->sdu;
    if (--sdu->part_count)
        return;
    give_up(sdu, RLC_SDU_LOST);
    g_free(sdu);
}

static void free_parts(gpointer data)
{
    held_parts *held = data;
    if (held->has_first)
        release_part(&held->first);
    if (held->has_last && !held->in_the_middle)
        release_part(&held->last);
    g_free(held);
}

static void new_sdu(rlc_part *part, uint32_t frame, const rlc_um_piece *piece)
{
    rlc_sdu *sdu = g_new0(rlc_sdu, 1);
    *part = (rlc_part){.sdu = sdu, .frame = frame, .len = (uint32_t)piece->len};
    sdu->starts = piece->starts;
    sdu->ends = piece->ends;
    sdu->part_count = 1;
    sdu->first = sdu->last = part;
    sdu->octets = g_byte_array_sized_new((guint)piece->len);
    g_byte_array_append(sdu->octets, piece->octets.data, (guint)piece->len);
    if (piece->len > RLC_UM_MAX_SDU_LEN)
        give_up(sdu, RLC_SDU_TOO_LONG);
}

/* Makes one SDU of two of which the second goes on where the first ends. */
static void join(rlc_sdu *front, rlc_sdu *back)
{
    rlc_sdu_state state = MAX(front->state, back->state);
    if (state == RLC_SDU_OPEN && front->octets->len + back->octets->len > RLC_UM_MAX_SDU_LEN)
        state = RLC_SDU_TOO_LONG;
    if (state == RLC_SDU_OPEN)
        g_byte_array_append(front->octets, back->octets->data, back->octets->len);
    else
        give_up(front, state);
    for (rlc_part *part = back->first; part; part = part->next)
        part->sdu = front;
    front->last->next = back->first;
    front->last = back->last;
    front->part_count += back->part_count;
    front->ends = back->ends;
    give_up(back, state);
    g_free(back);
}

static void note_completion(rlc_sdu *sdu, const rlc_um_arrival *arrival)
{
    if (sdu->state != RLC_SDU_OPEN || !sdu->starts || !sdu->ends)
        return;
    sdu->state = RLC_SDU_COMPLETE;
    sdu->frame = arrival->frame;
    sdu->position = arrival->position;
}

/* --- the window ---------------------------------------------------------------------------------------------------- */

static held_parts *parts_of(const rlc_um_receivers *receivers, unsigned number)
{
    return number ? receivers->parts->pdata[number - 1] : NULL;
}

/* The part that ends PDU `held` without ending its SDU; NULL: none. */
static rlc_part *open_end(held_parts *held)
{
    if (!held || !held->has_last)
        return NULL;
    return held->in_the_middle ? &held->first : &held->last;
}

static window_seat *seat_of(channel *ch, int64_t index)
{
    return &ch->seats[(uint64_t)index % RLC_UM_WINDOW];
}

static held_parts *parts_at(const rlc_um_receivers *receivers, channel *ch, int64_t index)
{
    const window_seat *seat = seat_of(ch, index);
    return seat->taken && seat->index == index ? parts_of(receivers, seat->parts) : NULL;
}

/* A PDU leaves the window: what borders on it comes no more. */
static void vacate(const rlc_um_receivers *receivers, window_seat *seat)
{
    held_parts *held = seat->taken ? parts_of(receivers, seat->parts) : NULL;
    seat->taken = false;
    if (held && held->has_first) {
        rlc_sdu *sdu = held->first.sdu;
        if (sdu->state == RLC_SDU_OPEN && !sdu->starts && sdu->first == &held->first)
            give_up(sdu, RLC_SDU_LOST);
    }
    rlc_part *end = open_end(held);
    if (end && end->sdu->state == RLC_SDU_OPEN && !end->sdu->ends && end->sdu->last == end)
        give_up(end->sdu, RLC_SDU_LOST);
}

static void empty_window(const rlc_um_receivers *receivers, channel *ch)
{
    for (unsigned i = 0; i < RLC_UM_WINDOW; i++)
        vacate(receivers, &ch->seats[i]);
    ch->begun = false;
}

static void move_window(const rlc_um_receivers *receivers, channel *ch, int64_t newest)
{
    ch->newest = newest;
    for (unsigned i = 0; i < RLC_UM_WINDOW; i++)
        if (ch->seats[i].index <= newest - RLC_UM_WINDOW)
            vacate(receivers, &ch->seats[i]);
}

/* The index of a PDU with `sn`: the one nearest to the window, or one cycle on where another PDU has that. */
static int64_t index_of(channel *ch, uint16_t sn, uint32_t hash)
{
    const int64_t cycle = INT64_C(1) << ch->sn_bits;
    if (!ch->begun)
        return (INT64_C(1) << 40) + sn;
    int64_t ahead = (sn - ch->newest) & (cycle - 1);
    int64_t index = ch->newest + ahead;
    if (ahead == 0 || ahead > cycle - RLC_UM_WINDOW) {
        int64_t earlier = ahead ? index - cycle : index;
        const window_seat *seat = seat_of(ch, earlier);
        bool other = seat->taken && seat->index == earlier && seat->hash != hash;
        index = other ? earlier + cycle : earlier;
    }
    return index;
}

/* --- channels ------------------------------------------------------------------------------------------------------ */

static uint8_t sn_bits_at_first(const rlc_um_receivers *receivers)
{
    switch (receivers->choice) {
    case RLC_UM_SN_ALWAYS_5:
        return RLC_UM_SN_5;
    case RLC_UM_SN_ALWAYS_10:
        return RLC_UM_SN_10;
    case RLC_UM_SN_AUTOMATIC:
        break;
    }
    return receivers->told ? receivers->told : RLC_UM_SN_5;
}

static channel *channel_of(rlc_um_receivers *receivers, const sl_link *link)
{
    uint64_t key = sl_link_channel(link);
    channel *ch = g_hash_table_lookup(receivers->channels, &key);
    if (ch) {
        g_queue_unlink(&receivers->used, &ch->link);
        g_queue_push_head_link(&receivers->used, &ch->link);
        return ch;
    }
    if (g_hash_table_size(receivers->channels) == RLC_UM_MAX_CHANNELS) {
        channel *silent = g_queue_pop_tail_link(&receivers->used)->data;
        empty_window(receivers, silent);
        g_hash_table_remove(receivers->channels, &silent->key);
    }
    ch = g_new0(channel, 1);
    ch->key = key;
    ch->link.data = ch;
    ch->sn_bits = sn_bits_at_first(receivers);
    g_hash_table_insert(receivers->channels, &ch->key, ch);
    g_queue_push_head_link(&receivers->used, &ch->link);
    return ch;
}

static void settle_sn_bits(rlc_um_receivers *receivers, channel *ch, const rlc_um_arrival *arrival)
{
    if (receivers->choice != RLC_UM_SN_AUTOMATIC)
        return;
    rlc_um_watch_sn(&ch->watch, arrival->data, arrival->len);
    if (!ch->watch.told)
        return;
    receivers->told = ch->watch.told;
    if (ch->sn_bits != ch->watch.told)
        empty_window(receivers, ch);
    ch->sn_bits = ch->watch.told;
}

/* --- taking PDUs in ------------------------------------------------------------------------------------------------ */

static bool is_captured(const rlc_um_piece *piece)
{
    return piece->octets.len == piece->len;
}

/* The number of the parts that a PDU holds, 0: none. */
static unsigned hold_parts(rlc_um_receivers *receivers, const rlc_um_arrival *arrival, const rlc_um_pdu *pdu)
{
    if (!pdu->count)
        return 0;
    const rlc_um_piece *first = &pdu->pieces[0], *last = &pdu->pieces[pdu->count - 1];
    bool has_first = !first->starts && is_captured(first), has_last = !last->ends && is_captured(last);
    if (!has_first && !has_last)
        return 0;
    held_parts *held = g_new0(held_parts, 1);
    held->has_first = has_first;
    held->has_last = has_last;
    held->in_the_middle = has_first && has_last && first == last;
    if (has_first)
        new_sdu(&held->first, arrival->frame, first);
    if (has_last && !held->in_the_middle)
        new_sdu(&held->last, arrival->frame, last);
    g_ptr_array_add(receivers->parts, held);
    return receivers->parts->len;
}

/* Joins what the PDU of `index` holds to what its neighbours hold. */
static void join_neighbours(rlc_um_receivers *receivers, channel *ch, int64_t index, const rlc_um_arrival *arrival)
{
    held_parts *held = parts_at(receivers, ch, index);
    held_parts *after = parts_at(receivers, ch, index + 1);
    rlc_part *before = open_end(parts_at(receivers, ch, index - 1));
    rlc_part *end = open_end(held);
    if (before && held && held->has_first)
        join(before->sdu, held->first.sdu);
    if (end && after && after->has_first)
        join(end->sdu, after->first.sdu);
    if (held && held->has_first) /* join has told the part to which SDU it belongs now, which the analyser can't see */
        note_completion(held->first.sdu, arrival); /* NOLINT(clang-analyzer-unix.Malloc) */
    if (end)
        note_completion(end->sdu, arrival);
}

static void take_seat(rlc_um_receivers *receivers, channel *ch, const rlc_um_arrival *arrival, const rlc_um_pdu *pdu,
                      frame_record *record)
{
    uint32_t hash = octets_hash(arrival->data, arrival->len);
    int64_t index = index_of(ch, pdu->sn, hash);
    window_seat *seat = seat_of(ch, index);
    if (ch->begun && seat->taken && seat->index == index) {
        record->notes |= RECORD_REPEATED;
        record->counter = seat->frame;
        record->track = seat->parts;
        return;
    }
    if (ch->begun && index < ch->newest)
        record->notes |= RECORD_LATE;
    else if (ch->begun)
        record->notes |= (unsigned)(index - ch->newest - 1) & RECORD_MISSING;
    if (!ch->begun || index > ch->newest)
        move_window(receivers, ch, index);
    ch->begun = true;
    record->track = hold_parts(receivers, arrival, pdu);
    *seat = (window_seat){.taken = true, .index = index, .frame = arrival->frame, .hash = hash, .parts = record->track};
    join_neighbours(receivers, ch, index, arrival);
}

static frame_record *take_in(rlc_um_receivers *receivers, const rlc_um_arrival *arrival, rlc_um_pdu *pdu)
{
    channel *ch = channel_of(receivers, &arrival->link);
    frame_record *record = frame_records_add(receivers->records, arrival->frame, arrival->position);
    settle_sn_bits(receivers, ch, arrival);
    record->verdict = ch->sn_bits;
    if (receivers->told)
        record->notes |= RECORD_TOLD;
    rlc_um_parse(pdu, arrival->data, arrival->len, arrival->air_len, ch->sn_bits);
    bool cut_by_capture = arrival->len < arrival->air_len && arrival->len >= 2;
    if (pdu->count || cut_by_capture)
        take_seat(receivers, ch, arrival, pdu, record);
    return record;
}

void rlc_um_receive(rlc_um_receivers *receivers, const rlc_um_arrival *arrival, rlc_um_reception *reception)
{
    frame_record *record = frame_records_find(receivers->records, arrival->frame, arrival->position);
    if (record)
        rlc_um_parse(&reception->pdu, arrival->data, arrival->len, arrival->air_len, (uint8_t)record->verdict);
    else
        record = take_in(receivers, arrival, &reception->pdu);
    held_parts *held = parts_of(receivers, record->track);
    reception->sn_bits_told = record->notes & RECORD_TOLD;
    reception->is_repeated = record->notes & RECORD_REPEATED;
    reception->is_late = record->notes & RECORD_LATE;
    reception->missing = record->notes & RECORD_MISSING;
    reception->before = record->counter;
    reception->first = held && held->has_first ? &held->first : NULL;
    reception->last = open_end(held);
}

const rlc_sdu *rlc_um_completed_by(const rlc_part *part, const rlc_um_arrival *arrival)
{
    if (!part || part->sdu->state != RLC_SDU_COMPLETE)
        return NULL;
    return part->sdu->frame == arrival->frame && part->sdu->position == arrival->position ? part->sdu : NULL;
}

rlc_um_receivers *rlc_um_receivers_new(rlc_um_sn_choice choice)
{
    rlc_um_receivers *receivers = g_new0(rlc_um_receivers, 1);
    receivers->choice = choice;
    receivers->channels = g_hash_table_new_full(keyed_hash_u64, g_int64_equal, NULL, g_free);
    receivers->parts = g_ptr_array_new_with_free_func(free_parts);
    receivers->records = frame_records_new();
    g_queue_init(&receivers->used);
    return receivers;
}

void rlc_um_receivers_free(rlc_um_receivers *receivers)
{
    if (!receivers)
        return;
    g_hash_table_destroy(receivers->channels);
    g_ptr_array_free(receivers->parts, TRUE);
    frame_records_free(receivers->records);
    g_free(receivers);
}

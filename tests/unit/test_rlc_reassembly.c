/* SDUs are cut and put together into PDUs by a sender of this file, after TS 36.322 sections 5.1.2.1 and 6.2.1.3; what comes out of
 * the receiver is compared with what went in. */
#include "sessions/rlc_reassembly.h"

#include "ciphers/octets.h"

#include <glib.h>

#include <string.h>

static const sl_link LINK = {.source = 0x010203, .destination = 0x0a0b, .destination_bits = 16, .lcid = 4};

/* --- a sender ------------------------------------------------------------------------------------------------------ */

typedef struct {
    GByteArray *octets;
    unsigned first_sdu, last_sdu; /* that it holds a piece of */
} sent_pdu;

typedef struct {
    uint8_t sn_bits;
    unsigned sn;
    GPtrArray *sdus; /* GByteArray */
    GPtrArray *pdus; /* sent_pdu */
} sender;

static void free_octets(gpointer octets)
{
    g_byte_array_free(octets, TRUE);
}

static void free_sent(gpointer pdu)
{
    free_octets(((sent_pdu *)pdu)->octets);
    g_free(pdu);
}

static sender sender_new(uint8_t sn_bits, unsigned sn)
{
    return (sender){sn_bits, sn, g_ptr_array_new_with_free_func(free_octets), g_ptr_array_new_with_free_func(free_sent)};
}

static void sender_clear(sender *from)
{
    g_ptr_array_free(from->sdus, TRUE);
    g_ptr_array_free(from->pdus, TRUE);
}

/* Each SDU begins with its number, and its octets tell their place. */
static void make_sdu(sender *from, size_t len)
{
    GByteArray *sdu = g_byte_array_new();
    for (size_t i = 0; i < len; i++) {
        uint8_t octet = (uint8_t)(i < 4 ? from->sdus->len >> (8 * i) : from->sdus->len * 7 + i);
        g_byte_array_append(sdu, &octet, 1);
    }
    g_ptr_array_add(from->sdus, sdu);
}

/* A PDU of the pieces lens[0..count), whose octets are `data`. */
static void send_pdu(sender *from, unsigned fi, const size_t *lens, unsigned count, const uint8_t *data, unsigned first_sdu)
{
    sent_pdu *pdu = g_new0(sent_pdu, 1);
    unsigned mask = (1u << from->sn_bits) - 1, extended = count > 1;
    unsigned fixed = from->sn_bits == 5 ? fi << 6 | extended << 5 | (from->sn & mask)
                                        : fi << 11 | extended << 10 | (from->sn & mask);
    uint8_t head[2] = {(uint8_t)(fixed >> 8), (uint8_t)fixed};
    pdu->octets = g_byte_array_new();
    if (from->sn_bits == 5)
        g_byte_array_append(pdu->octets, head + 1, 1);
    else
        g_byte_array_append(pdu->octets, head, 2);
    size_t total = 0, list = pdu->octets->len;
    g_byte_array_set_size(pdu->octets, (guint)(list + ((count - 1) * 12 + 7) / 8));
    memset(pdu->octets->data + list, 0, pdu->octets->len - list);
    for (unsigned i = 0; i < count; i++) {
        total += lens[i];
        if (i + 1 == count)
            break;
        unsigned item = (i + 2 < count ? 0x800 : 0) | (unsigned)lens[i];
        for (unsigned bit = 0; bit < 12; bit++)
            if (item >> (11 - bit) & 1)
                pdu->octets->data[list + (i * 12 + bit) / 8] |= (uint8_t)(0x80 >> (i * 12 + bit) % 8);
    }
    g_byte_array_append(pdu->octets, data, (guint)total);
    pdu->first_sdu = first_sdu;
    pdu->last_sdu = first_sdu + count - 1;
    from->sn++;
    g_ptr_array_add(from->pdus, pdu);
}

/* Sends all SDUs in PDUs of 1 to `most` octets of data. */
static void send_all(sender *from, unsigned most)
{
    unsigned sdu = 0;
    size_t done = 0; /* octets of it */
    while (sdu < from->sdus->len) {
        size_t room = (size_t)g_test_rand_int_range(1, (gint)most + 1), lens[256];
        unsigned count = 0, first_sdu = sdu, fi = done ? RLC_UM_FIRST_CONTINUES : 0;
        GByteArray *data = g_byte_array_new();
        for (; sdu < from->sdus->len && room && count < 100; count++) {
            GByteArray *octets = from->sdus->pdata[sdu];
            lens[count] = MIN(room, octets->len - done);
            g_byte_array_append(data, octets->data + done, (guint)lens[count]);
            room -= lens[count];
            done += lens[count];
            if (done < octets->len) {
                fi |= RLC_UM_LAST_GOES_ON;
            } else {
                sdu++;
                done = 0;
            }
        }
        send_pdu(from, fi, lens, count, data->data, first_sdu);
        free_octets(data);
    }
}

/* --- a receiver of SDUs -------------------------------------------------------------------------------------------- */

typedef struct {
    const sender *from;
    unsigned *times; /* that each SDU was delivered */
} deliveries;

static deliveries deliveries_new(const sender *from)
{
    return (deliveries){from, g_new0(unsigned, from->sdus->len)};
}

static void deliver(deliveries *to, const uint8_t *octets, size_t len)
{
    g_assert_cmpuint(len, >=, 4);
    unsigned number = octets[0] | (unsigned)octets[1] << 8;
    g_assert_cmpuint(number, <, to->from->sdus->len);
    const GByteArray *sdu = to->from->sdus->pdata[number];
    g_assert_cmpmem(octets, len, sdu->data, sdu->len);
    to->times[number]++;
}

static void receive(rlc_um_receivers *receivers, uint32_t frame, const sent_pdu *pdu, rlc_um_reception *reception,
                    deliveries *to)
{
    rlc_um_arrival arrival = {.frame = frame, .position = 42, .link = LINK, .data = pdu->octets->data,
                              .len = pdu->octets->len, .air_len = pdu->octets->len};
    rlc_um_receive(receivers, &arrival, reception);
    const rlc_sdu *first = rlc_um_completed_by(reception->first, &arrival);
    const rlc_sdu *last = rlc_um_completed_by(reception->last, &arrival);
    if (!to)
        return;
    if (first)
        deliver(to, first->octets->data, first->octets->len);
    for (unsigned i = 0; i < reception->pdu.count; i++) {
        const rlc_um_piece *piece = &reception->pdu.pieces[i];
        if (piece->starts && piece->ends && !reception->is_repeated)
            deliver(to, piece->octets.data, piece->octets.len);
    }
    if (last && last != first)
        deliver(to, last->octets->data, last->octets->len);
}

static sender some_traffic(uint8_t sn_bits, unsigned sdus, unsigned longest, unsigned most)
{
    sender from = sender_new(sn_bits, 29);
    for (unsigned i = 0; i < sdus; i++)
        make_sdu(&from, (size_t)g_test_rand_int_range(4, (gint)longest + 1));
    send_all(&from, most);
    return from;
}

static rlc_um_sn_choice choice_of(uint8_t sn_bits)
{
    return sn_bits == 5 ? RLC_UM_SN_ALWAYS_5 : RLC_UM_SN_ALWAYS_10;
}

/* --- tests --------------------------------------------------------------------------------------------------------- */

static const uint8_t SN_BITS[] = {5, 10};

/* One SDU in three PDUs, by hand: 01 1, 11 2, 10 3. */
static void test_three_parts(void)
{
    static const uint8_t pdus[][3] = {{0x41, 'a', 'b'}, {0xc2, 'c', 'd'}, {0x83, 'e', 'f'}};
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_AUTOMATIC);
    rlc_um_reception reception;
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 3; i++) {
            rlc_um_arrival arrival = {.frame = 10 + i, .link = LINK, .data = pdus[i], .len = 3, .air_len = 3};
            rlc_um_receive(receivers, &arrival, &reception);
            const rlc_part *part = i ? reception.first : reception.last;
            g_assert_nonnull(part);
            g_assert_true((reception.first != NULL) == (i > 0));
            g_assert_true((reception.last != NULL) == (i < 2));
            const rlc_sdu *sdu = rlc_um_completed_by(reception.first, &arrival);
            g_assert_true((sdu != NULL) == (i == 2));
            if (round == 0 && i < 2) {
                g_assert_cmpint(part->sdu->state, ==, RLC_SDU_OPEN);
                continue;
            }
            g_assert_cmpint(part->sdu->state, ==, RLC_SDU_COMPLETE);
            g_assert_cmpuint(part->sdu->frame, ==, 12);
            g_assert_cmpmem(part->sdu->octets->data, part->sdu->octets->len, "abcdef", 6);
            g_assert_cmpuint(part->sdu->part_count, ==, 3);
            g_assert_cmpuint(part->sdu->first->frame, ==, 10);
            g_assert_cmpuint(part->sdu->first->next->frame, ==, 11);
            g_assert_cmpuint(part->sdu->last->frame, ==, 12);
        }
    }
    rlc_um_receivers_free(receivers);
}

static void test_in_order(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(SN_BITS); k++) {
        for (unsigned most = 5; most < 400; most += 60) {
            sender from = some_traffic(SN_BITS[k], 300, 200, most);
            rlc_um_receivers *receivers = rlc_um_receivers_new(choice_of(SN_BITS[k]));
            deliveries to = deliveries_new(&from);
            rlc_um_reception reception;
            for (guint i = 0; i < from.pdus->len; i++) {
                receive(receivers, i + 1, from.pdus->pdata[i], &reception, &to);
                g_assert_cmpuint(reception.missing, ==, 0);
                g_assert_false(reception.is_repeated || reception.is_late);
            }
            for (guint i = 0; i < from.sdus->len; i++)
                g_assert_cmpuint(to.times[i], ==, 1);
            g_free(to.times);
            rlc_um_receivers_free(receivers);
            sender_clear(&from);
        }
    }
}

/* The order within groups of eight is any: with every PDU in the window each SDU comes out once. */
static void test_out_of_order(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(SN_BITS); k++) {
        sender from = some_traffic(SN_BITS[k], 400, 100, 90);
        rlc_um_receivers *receivers = rlc_um_receivers_new(choice_of(SN_BITS[k]));
        deliveries to = deliveries_new(&from);
        rlc_um_reception reception;
        guint *order = g_new(guint, from.pdus->len), late = 0;
        for (guint i = 0; i < from.pdus->len; i++)
            order[i] = i;
        for (guint i = 0; i < from.pdus->len; i++) {
            guint group = i / 8 * 8, end = MIN(group + 8, from.pdus->len);
            guint other = (guint)g_test_rand_int_range((gint)group, (gint)end), kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        for (guint i = 0; i < from.pdus->len; i++) {
            receive(receivers, i + 1, from.pdus->pdata[order[i]], &reception, &to);
            late += reception.is_late;
        }
        for (guint i = 0; i < from.sdus->len; i++)
            g_assert_cmpuint(to.times[i], ==, 1);
        g_assert_cmpuint(late, >, 0);
        g_free(order);
        g_free(to.times);
        rlc_um_receivers_free(receivers);
        sender_clear(&from);
    }
}

/* PDUs are lost at random: an SDU comes out exactly when all its PDUs arrived, and never another's octets. */
static void test_loss(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(SN_BITS); k++) {
        sender from = some_traffic(SN_BITS[k], 500, 100, 60);
        rlc_um_receivers *receivers = rlc_um_receivers_new(choice_of(SN_BITS[k]));
        deliveries to = deliveries_new(&from);
        bool *hit = g_new0(bool, from.sdus->len);
        unsigned lost = 0, counted = 0;
        rlc_um_reception reception;
        for (guint i = 0; i < from.pdus->len; i++) {
            const sent_pdu *pdu = from.pdus->pdata[i];
            if (i && i + 1 < from.pdus->len && g_test_rand_int_range(0, 4) == 0) {
                lost++;
                for (unsigned sdu = pdu->first_sdu; sdu <= pdu->last_sdu; sdu++)
                    hit[sdu] = true;
                continue;
            }
            receive(receivers, i + 1, pdu, &reception, &to);
            counted += reception.missing;
        }
        g_assert_cmpuint(counted, ==, lost);
        for (guint i = 0; i < from.sdus->len; i++)
            g_assert_cmpuint(to.times[i], ==, hit[i] ? 0 : 1);
        g_free(hit);
        g_free(to.times);
        rlc_um_receivers_free(receivers);
        sender_clear(&from);
    }
}

static void test_repeated(void)
{
    sender from = some_traffic(5, 200, 100, 60);
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    deliveries to = deliveries_new(&from);
    rlc_um_reception reception;
    for (guint i = 0; i < from.pdus->len; i++) {
        receive(receivers, 10 * i + 1, from.pdus->pdata[i], &reception, &to);
        g_assert_false(reception.is_repeated);
        receive(receivers, 10 * i + 2, from.pdus->pdata[i], &reception, &to);
        g_assert_true(reception.is_repeated);
        g_assert_cmpuint(reception.before, ==, 10 * i + 1);
        if (i < 5)
            continue;
        receive(receivers, 10 * i + 3, from.pdus->pdata[i - 5], &reception, &to);
        g_assert_true(reception.is_repeated);
        g_assert_cmpuint(reception.before, ==, 10 * (i - 5) + 1);
    }
    for (guint i = 0; i < from.sdus->len; i++)
        g_assert_cmpuint(to.times[i], ==, 1);
    g_free(to.times);
    rlc_um_receivers_free(receivers);
    sender_clear(&from);
}

/* A sender that never counts: another PDU with the same SN is another PDU. */
static void test_sn_that_stands_still(void)
{
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_AUTOMATIC);
    rlc_um_reception reception;
    for (uint8_t i = 0; i < 5; i++) {
        const uint8_t pdu[] = {0x00, 0x40, i};
        rlc_um_arrival arrival = {.frame = 1u + i, .link = LINK, .data = pdu, .len = 3, .air_len = 3};
        rlc_um_receive(receivers, &arrival, &reception);
        g_assert_false(reception.is_repeated || reception.is_late);
        g_assert_cmpuint(reception.missing, ==, i ? 31 : 0);
        g_assert_true(reception.pdu.count == 1 && reception.pdu.pieces[0].starts && reception.pdu.pieces[0].ends);
    }
    rlc_um_receivers_free(receivers);
}

/* What was answered first is answered always, in any order of visits. */
static void test_visits_in_any_order(void)
{
    sender from = some_traffic(5, 200, 100, 40);
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    rlc_um_reception reception;
    unsigned *missing = g_new0(unsigned, from.pdus->len);
    for (guint i = 0; i < from.pdus->len; i++) {
        if (i % 7 == 3)
            continue;
        receive(receivers, i + 1, from.pdus->pdata[i], &reception, NULL);
        missing[i] = reception.missing;
    }
    for (unsigned visit = 0; visit < 3; visit++) {
        deliveries to = deliveries_new(&from);
        for (guint i = 0; i < from.pdus->len; i++) {
            guint frame = visit == 1 ? from.pdus->len - 1 - i : i;
            if (frame % 7 == 3)
                continue;
            receive(receivers, frame + 1, from.pdus->pdata[frame], &reception, &to);
            g_assert_cmpuint(reception.missing, ==, missing[frame]);
            g_assert_false(reception.is_repeated);
        }
        for (guint i = 0; i < from.sdus->len; i++)
            g_assert_cmpuint(to.times[i], <=, 1);
        g_free(to.times);
    }
    g_free(missing);
    rlc_um_receivers_free(receivers);
    sender_clear(&from);
}

/* Channels do not mix, nor do PDUs at several positions of one frame. */
static void test_channels_are_apart(void)
{
    static const uint8_t begin[] = {0x40, 'a'}, end[] = {0x81, 'b'};
    const sl_link links[] = {
        LINK,
        {.source = 0x010204, .destination = 0x0a0b, .destination_bits = 16, .lcid = 4},
        {.source = 0x010203, .destination = 0x0a0c, .destination_bits = 16, .lcid = 4},
        {.source = 0x010203, .destination = 0x0a0b, .destination_bits = 24, .lcid = 4},
        {.source = 0x010203, .destination = 0x0a0b, .destination_bits = 16, .lcid = 5},
    };
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    rlc_um_reception reception;
    for (uint16_t i = 0; i < (uint16_t)G_N_ELEMENTS(links); i++) {
        rlc_um_arrival arrival = {.frame = 1, .position = i, .link = links[i], .data = begin, .len = 2, .air_len = 2};
        rlc_um_receive(receivers, &arrival, &reception);
        g_assert_cmpuint(reception.last->sdu->part_count, ==, 1);
        g_assert_null(rlc_um_completed_by(reception.last, &arrival));
    }
    for (uint16_t i = 0; i < (uint16_t)G_N_ELEMENTS(links); i++) {
        rlc_um_arrival arrival = {.frame = 2, .position = i, .link = links[i], .data = end, .len = 2, .air_len = 2};
        rlc_um_receive(receivers, &arrival, &reception);
        g_assert_nonnull(rlc_um_completed_by(reception.first, &arrival));
        arrival.position = 99;
        g_assert_null(rlc_um_completed_by(reception.first, &arrival));
    }
    rlc_um_receivers_free(receivers);
}

static rlc_sdu_state state_after(rlc_um_receivers *receivers, uint32_t frame, const uint8_t *data, size_t len)
{
    rlc_um_reception reception;
    rlc_um_arrival arrival = {.frame = frame, .link = LINK, .data = data, .len = len, .air_len = len};
    rlc_um_receive(receivers, &arrival, &reception);
    const rlc_part *part = reception.first ? reception.first : reception.last;
    return part ? part->sdu->state : RLC_SDU_OPEN;
}

/* An SDU that never ends is given up once it is longer than PDCP has them; the next one is none the worse. */
static void test_endless_sdu(void)
{
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    uint8_t pdu[1001] = {0x40};
    uint32_t frame = 1;
    g_assert_cmpint(state_after(receivers, frame++, pdu, sizeof pdu), ==, RLC_SDU_OPEN);
    for (unsigned i = 1; i < 100; i++) {
        pdu[0] = (uint8_t)(0xc0 | i % 32);
        g_assert_cmpint(state_after(receivers, frame++, pdu, sizeof pdu), ==, i < 8 ? RLC_SDU_OPEN : RLC_SDU_TOO_LONG);
    }
    pdu[0] = (uint8_t)(0x80 | 100 % 32);
    g_assert_cmpint(state_after(receivers, frame++, pdu, 2), ==, RLC_SDU_TOO_LONG);
    pdu[0] = (uint8_t)(0x40 | 101 % 32);
    g_assert_cmpint(state_after(receivers, frame++, pdu, 2), ==, RLC_SDU_OPEN);
    pdu[0] = (uint8_t)(0x80 | 102 % 32);
    g_assert_cmpint(state_after(receivers, frame++, pdu, 2), ==, RLC_SDU_COMPLETE);
    rlc_um_receivers_free(receivers);
}

/* The longest SDU there is, in parts of one octet, passes a window that is far shorter. */
static void test_longest_sdu(void)
{
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    for (uint32_t i = 0; i < RLC_UM_MAX_SDU_LEN; i++) {
        bool is_last = i + 1 == RLC_UM_MAX_SDU_LEN;
        unsigned fi = i == 0 ? RLC_UM_LAST_GOES_ON : is_last ? RLC_UM_FIRST_CONTINUES : 3;
        const uint8_t pdu[] = {(uint8_t)(fi << 6 | i % 32), (uint8_t)i};
        g_assert_cmpint(state_after(receivers, i + 1, pdu, 2), ==, is_last ? RLC_SDU_COMPLETE : RLC_SDU_OPEN);
    }
    rlc_um_receivers_free(receivers);
}

/* What lacks its beginning or its end is lost as soon as the window has passed, not before. */
static void test_lost_when_the_window_has_passed(void)
{
    static const uint8_t begun[] = {0x40, 'a'}, ended[] = {0x83, 'b'};
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    g_assert_cmpint(state_after(receivers, 1, begun, 2), ==, RLC_SDU_OPEN);
    g_assert_cmpint(state_after(receivers, 2, ended, 2), ==, RLC_SDU_OPEN); /* SN 1 and 2 are missing */
    for (uint8_t sn = 4; sn < 4 + RLC_UM_WINDOW; sn++) {
        const uint8_t whole[] = {sn, 'c'};
        g_assert_cmpint(state_after(receivers, sn, whole, 2), ==, RLC_SDU_OPEN);
        g_assert_cmpint(state_after(receivers, 1, begun, 2), ==, sn < RLC_UM_WINDOW ? RLC_SDU_OPEN : RLC_SDU_LOST);
        g_assert_cmpint(state_after(receivers, 2, ended, 2), ==,
                        sn < RLC_UM_WINDOW + 3 ? RLC_SDU_OPEN : RLC_SDU_LOST);
    }
    rlc_um_receivers_free(receivers);
}

/* An end that follows a whole SDU, a beginning that a whole SDU follows: no SDU is made of what does not fit. */
static void test_contradicting_framing_info(void)
{
    static const uint8_t whole[] = {0x00, 'a'}, end[] = {0x81, 'b'}, begun[] = {0x42, 'c'}, other[] = {0x03, 'd'},
                         late_end[] = {0x84, 'e'};
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    state_after(receivers, 1, whole, 2);
    g_assert_cmpint(state_after(receivers, 2, end, 2), ==, RLC_SDU_OPEN);
    g_assert_cmpint(state_after(receivers, 3, begun, 2), ==, RLC_SDU_OPEN);
    state_after(receivers, 4, other, 2);
    g_assert_cmpint(state_after(receivers, 5, late_end, 2), ==, RLC_SDU_OPEN);
    g_assert_cmpint(state_after(receivers, 3, begun, 2), ==, RLC_SDU_OPEN);
    rlc_um_receivers_free(receivers);
}

/* Beyond RLC_UM_MAX_CHANNELS the one that was silent longest is forgotten, with what it had begun. */
static void test_many_channels(void)
{
    static const uint8_t begun[] = {0x40, 'a'}, end[] = {0x81, 'b'};
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    rlc_um_reception reception;
    rlc_um_arrival arrival = {.link = LINK, .data = begun, .len = 2, .air_len = 2};
    for (uint32_t i = 0; i <= RLC_UM_MAX_CHANNELS; i++) {
        arrival.frame = i + 1;
        arrival.link.source = i;
        rlc_um_receive(receivers, &arrival, &reception);
    }
    arrival.data = end;
    for (uint32_t i = RLC_UM_MAX_CHANNELS; i > 0; i--) {
        arrival.frame++;
        arrival.link.source = i;
        rlc_um_receive(receivers, &arrival, &reception);
        g_assert_nonnull(rlc_um_completed_by(reception.first, &arrival));
    }
    arrival.frame = 1;
    arrival.data = begun;
    arrival.link.source = 0;
    rlc_um_receive(receivers, &arrival, &reception);
    g_assert_cmpint(reception.last->sdu->state, ==, RLC_SDU_LOST);
    rlc_um_receivers_free(receivers);
}

/* A part that the capture cut is none: nothing is put together with a hole in it. */
static void test_cut_by_the_capture(void)
{
    static const uint8_t begun[] = {0x40, 'a', 'b'}, end[] = {0x81, 'c'};
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_ALWAYS_5);
    rlc_um_reception reception;
    rlc_um_arrival arrival = {.frame = 1, .link = LINK, .data = begun, .len = 3, .air_len = 10};
    rlc_um_receive(receivers, &arrival, &reception);
    g_assert_null(reception.last);
    g_assert_cmpuint(reception.pdu.count, ==, 1);
    g_assert_cmpint(state_after(receivers, 2, end, 2), ==, RLC_SDU_OPEN);
    rlc_um_receivers_free(receivers);
}

static void test_sn_length_is_settled(void)
{
    sender from = some_traffic(10, 100, 100, 60);
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_AUTOMATIC);
    rlc_um_reception reception;
    unsigned told = 0;
    for (guint i = 0; i < from.pdus->len; i++) {
        receive(receivers, i + 1, from.pdus->pdata[i], &reception, NULL);
        g_assert_cmpuint(reception.pdu.sn_bits, ==, reception.sn_bits_told ? 10 : 5);
        told += reception.sn_bits_told;
    }
    g_assert_cmpuint(told, ==, from.pdus->len - 1);
    /* the first PDU keeps what was decided of it; another channel begins with what this one told */
    receive(receivers, 1, from.pdus->pdata[0], &reception, NULL);
    g_assert_cmpuint(reception.pdu.sn_bits, ==, 5);
    const sent_pdu *first = from.pdus->pdata[0];
    rlc_um_arrival arrival = {.frame = 9999, .link = {.source = 7, .destination_bits = 16}, .data = first->octets->data,
                              .len = first->octets->len, .air_len = first->octets->len};
    rlc_um_receive(receivers, &arrival, &reception);
    g_assert_cmpuint(reception.pdu.sn_bits, ==, 10);
    rlc_um_receivers_free(receivers);
    sender_clear(&from);
}

/* Any octets, any order of visits: whatever is delivered is no longer than it may be, and all is freed. */
static void test_random_octets(void)
{
    rlc_um_receivers *receivers = rlc_um_receivers_new(RLC_UM_SN_AUTOMATIC);
    rlc_um_reception reception;
    for (unsigned i = 0; i < 50000; i++) {
        uint8_t data[24];
        size_t len = (size_t)g_test_rand_int_range(0, sizeof data + 1);
        for (size_t k = 0; k < len; k++)
            data[k] = (uint8_t)g_test_rand_int_range(0, 256);
        rlc_um_arrival arrival = {.frame = (uint32_t)g_test_rand_int_range(1, 30000),
                                  .link = {.source = (uint32_t)g_test_rand_int_range(0, 3), .destination_bits = 16},
                                  .data = data, .len = len, .air_len = len + (i % 5 ? 0 : 3)};
        rlc_um_receive(receivers, &arrival, &reception);
        const rlc_part *parts[] = {reception.first, reception.last};
        for (unsigned k = 0; k < 2; k++) {
            const rlc_sdu *sdu = parts[k] ? parts[k]->sdu : NULL;
            g_assert_true(!sdu || (sdu->octets != NULL) == (sdu->state <= RLC_SDU_COMPLETE));
            g_assert_true(!sdu || !sdu->octets || sdu->octets->len <= RLC_UM_MAX_SDU_LEN);
        }
    }
    rlc_um_receivers_free(receivers);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rlc-reassembly/three-parts", test_three_parts);
    g_test_add_func("/rlc-reassembly/in-order", test_in_order);
    g_test_add_func("/rlc-reassembly/out-of-order", test_out_of_order);
    g_test_add_func("/rlc-reassembly/loss", test_loss);
    g_test_add_func("/rlc-reassembly/repeated", test_repeated);
    g_test_add_func("/rlc-reassembly/sn-that-stands-still", test_sn_that_stands_still);
    g_test_add_func("/rlc-reassembly/visits-in-any-order", test_visits_in_any_order);
    g_test_add_func("/rlc-reassembly/channels-are-apart", test_channels_are_apart);
    g_test_add_func("/rlc-reassembly/endless-sdu", test_endless_sdu);
    g_test_add_func("/rlc-reassembly/longest-sdu", test_longest_sdu);
    g_test_add_func("/rlc-reassembly/lost-when-the-window-has-passed", test_lost_when_the_window_has_passed);
    g_test_add_func("/rlc-reassembly/contradicting-framing-info", test_contradicting_framing_info);
    g_test_add_func("/rlc-reassembly/many-channels", test_many_channels);
    g_test_add_func("/rlc-reassembly/cut-by-the-capture", test_cut_by_the_capture);
    g_test_add_func("/rlc-reassembly/sn-length-is-settled", test_sn_length_is_settled);
    g_test_add_func("/rlc-reassembly/random-octets", test_random_octets);
    return g_test_run();
}

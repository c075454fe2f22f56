#include "sessions/mikey_record.h"

#include <openssl/crypto.h>

#define MAX_PLACES 64

static void free_opened(gpointer data)
{
    mikey_opened *opened = data;
    mikey_free(opened->keys);
    OPENSSL_cleanse(opened->plain, opened->plain_len);
    g_free(opened->plain);
}

static void free_tek(gpointer data)
{
    mikey_step_unref(((mikey_tek *)data)->step);
}

static void free_step(gpointer step)
{
    mikey_step_unref(step);
}

mikey_record *mikey_record_new(octet_span octets, uint32_t frame)
{
    mikey_record *record = g_new0(mikey_record, 1);
    uint8_t *copy = g_memdup2(octets.data, octets.len);
    record->frame = frame;
    record->octets = (octet_span){copy, octets.len};
    record->message = mikey_parse(copy ? copy : (const uint8_t *)"", octets.len);
    record->responses = g_ptr_array_new();
    record->places = g_array_new(FALSE, FALSE, sizeof(mikey_place));
    record->legs = g_ptr_array_new();
    record->status = MIKEY_STATUS_NOT_CHECKABLE;
    record->checks = g_array_new(FALSE, FALSE, sizeof(mikey_check));
    record->opened = g_array_new(FALSE, FALSE, sizeof(mikey_opened));
    g_array_set_clear_func(record->opened, free_opened);
    record->steps = g_ptr_array_new_with_free_func(free_step);
    record->teks = g_array_new(FALSE, FALSE, sizeof(mikey_tek));
    g_array_set_clear_func(record->teks, free_tek);
    record->departures = g_ptr_array_new();
    record->problems = g_array_new(FALSE, FALSE, sizeof(mikey_problem));
    return record;
}

void mikey_record_forget(mikey_record *record)
{
    record->status = MIKEY_STATUS_NOT_CHECKABLE;
    g_array_set_size(record->checks, 0);
    g_array_set_size(record->opened, 0);
    g_ptr_array_set_size(record->steps, 0);
    g_array_set_size(record->teks, 0);
    g_ptr_array_set_size(record->departures, 0);
    g_array_set_size(record->problems, 0);
    mikey_step_unref(record->message_inkey);
    record->message_inkey = NULL;
    record->used_minisip = false;
}

void mikey_record_free(mikey_record *record)
{
    mikey_record_forget(record);
    mikey_free(record->message);
    OPENSSL_cleanse((uint8_t *)record->octets.data, record->octets.len); /* keys may stand in it without encryption */
    g_free((uint8_t *)record->octets.data);
    g_ptr_array_free(record->responses, TRUE);
    g_array_free(record->places, TRUE);
    g_ptr_array_free(record->legs, TRUE);
    g_array_free(record->checks, TRUE);
    g_array_free(record->opened, TRUE);
    g_ptr_array_free(record->steps, TRUE);
    g_array_free(record->teks, TRUE);
    g_ptr_array_free(record->departures, TRUE);
    g_array_free(record->problems, TRUE);
    g_free(record->caller);
    g_free(record->callee);
    g_free(record);
}

bool mikey_record_was_at(const mikey_record *record, uint32_t frame, int section)
{
    guint oldest = record->places->len > MAX_PLACES ? record->places->len - MAX_PLACES : 0;
    for (guint i = record->places->len; i-- > oldest;) {
        const mikey_place *place = &g_array_index(record->places, mikey_place, i);
        if (place->frame == frame && place->section == section)
            return true;
    }
    return false;
}

void mikey_record_note_check(mikey_record *record, const mikey_payload *payload, mikey_status status, const char *reason)
{
    const mikey_check check = {payload->offset, status, status == MIKEY_STATUS_VERIFIED ? NULL : reason};
    g_array_append_val(record->checks, check);
}

const mikey_step *mikey_record_take_step(mikey_record *record, mikey_step *step)
{
    if (!step->frame)
        step->frame = record->frame;
    g_ptr_array_add(record->steps, step);
    return step;
}

void mikey_record_list_step(mikey_record *record, const mikey_step *step)
{
    if (!g_ptr_array_find(record->steps, step, NULL))
        g_ptr_array_add(record->steps, (gpointer)mikey_step_ref(step));
}

void mikey_record_note_departure(mikey_record *record, const char *departure)
{
    if (departure && !g_ptr_array_find(record->departures, departure, NULL))
        g_ptr_array_add(record->departures, (gpointer)departure);
}

void mikey_record_note_problem(mikey_record *record, mikey_problem_kind kind, octet_span where)
{
    const mikey_problem problem = {.kind = kind,
                                   .severity = mikey_problem_severity(kind),
                                   .offset = where.data ? (size_t)(where.data - record->octets.data) : record->octets.len,
                                   .len = where.len};
    g_array_append_val(record->problems, problem);
}

void mikey_record_spend(mikey_record *record, unsigned work)
{
    mikey_record *initial = record->initial ? record->initial : record;
    initial->work += work;
}

bool mikey_record_may_spend(const mikey_record *initial)
{
    return initial->work < MIKEY_WORK_OF_EXCHANGE + MIKEY_WORK_OF_RESPONSE * MIN(initial->responses->len, MIKEY_MAX_RESPONSES);
}

static bool same_key(const mikey_tek *a, const mikey_tek *b)
{
    return a->cs_id == b->cs_id && a->group == b->group;
}

bool mikey_tek_is_the_reading(const GArray *teks, guint which)
{
    const mikey_tek *tek = &g_array_index(teks, mikey_tek, which);
    bool first = true;
    for (guint i = 0; i < teks->len; i++) {
        const mikey_tek *other = &g_array_index(teks, mikey_tek, i);
        if (!same_key(tek, other))
            continue;
        if (other->key && other->key->claims)
            return i == which;
        if (i < which)
            first = false;
    }
    return first;
}

octet_span mikey_record_rand(const mikey_record *record, uint8_t role)
{
    const mikey_payload *payload = NULL;
    while ((payload = mikey_find(&record->message->chain, role ? MIKEY_RANDR : MIKEY_RAND, payload)))
        if (payload->rand.role == role)
            return payload->rand.value;
    return (octet_span){NULL, 0};
}

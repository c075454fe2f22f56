/* Which streams, contexts and signalling belong to one link. */
#include "reports/verify_sidelink_parts.h"

#include "keys/keyed_hash.h"

#include <string.h>

/* --- links --------------------------------------------------------------------------------------------------------- */

static void free_link(gpointer data)
{
    sidelink_link *link = (sidelink_link *)data;
    g_ptr_array_free(link->signalled, TRUE);
    g_ptr_array_free(link->contexts, TRUE);
    g_ptr_array_free(link->streams, TRUE);
    g_free(link);
}

static void free_list(gpointer list)
{
    g_ptr_array_free((GPtrArray *)list, TRUE);
}

static sidelink_link *link_new(sidelink_links *links, const pc5_id *a, const pc5_id *b, bool is_group)
{
    sidelink_link *link = g_new0(sidelink_link, 1);
    link->is_group = is_group;
    link->ends[0] = *a;
    link->ends[1] = *b;
    link->signalled = g_ptr_array_new();
    link->contexts = g_ptr_array_new();
    link->streams = g_ptr_array_new();
    g_ptr_array_add(links->links, link);
    return link;
}

/* Of an end that was seen without its last octet the first message or PDU that has it tells. */
static void learn(pc5_id *known, const pc5_id *seen)
{
    if (seen->len > known->len)
        *known = *seen;
}

static bool takes(sidelink_link *link, const pc5_id *a, const pc5_id *b, bool is_group)
{
    if (link->is_group != is_group)
        return false;
    for (unsigned side = 0; side < (is_group ? 1 : 2); side++) {
        if (!pc5_id_equal(&link->ends[side], a) || !pc5_id_equal(&link->ends[!side], b))
            continue;
        learn(&link->ends[side], a);
        learn(&link->ends[!side], b);
        return true;
    }
    return false;
}

/* The kind of link and both ends with all their octets. */
static GBytes *link_name(const pc5_id *a, const pc5_id *b, bool is_group)
{
    uint8_t name[1 + 2 * sizeof(pc5_id)] = {is_group};
    bool swap = memcmp(a, b, sizeof *a) > 0;
    memcpy(name + 1, swap ? b : a, sizeof *a);
    memcpy(name + 1 + sizeof *a, swap ? a : b, sizeof *a);
    return g_bytes_new(name, sizeof name);
}

static sidelink_link *find_or_make_link(sidelink_links *links, const pc5_id *a, const pc5_id *b, bool is_group)
{
    GBytes *name = pc5_pair_name(a, b);
    GPtrArray *alike = (GPtrArray *)g_hash_table_lookup(links->by_name, name);
    if (alike) {
        g_bytes_unref(name);
    } else {
        alike = g_ptr_array_new();
        g_hash_table_insert(links->by_name, name, alike);
    }
    for (guint i = 0; i < alike->len && i < PC5_MAX_ALIKE; i++)
        if (takes((sidelink_link *)alike->pdata[i], a, b, is_group))
            return (sidelink_link *)alike->pdata[i];
    sidelink_link *link = link_new(links, a, b, is_group);
    g_ptr_array_add(alike, link);
    return link;
}

static sidelink_link *link_between(sidelink_links *links, const pc5_id *a, const pc5_id *b, bool is_group)
{
    GBytes *name = link_name(a, b, is_group);
    sidelink_link *link = (sidelink_link *)g_hash_table_lookup(links->by_ends, name);
    if (link) {
        g_bytes_unref(name);
        return link;
    }
    link = find_or_make_link(links, a, b, is_group);
    g_hash_table_insert(links->by_ends, name, link);
    return link;
}

/* The PGK index stands in the place of the other end: an octet, which no layer-2 ID is. */
static sidelink_link *link_of_group(sidelink_links *links, const pc5_id *group, uint8_t pgk_index)
{
    const pc5_id index = {.octets = {pgk_index}, .len = 1};
    return link_between(links, group, &index, true);
}

/* --- what belongs to them ------------------------------------------------------------------------------------------ */

static void take_signalling(sidelink_links *links, const pc5_state *pc5)
{
    GPtrArray *found = g_ptr_array_new();
    pc5_state_list(pc5, found);
    for (guint i = 0; i < found->len; i++) {
        const pc5_context *signalled = (const pc5_context *)found->pdata[i];
        sidelink_link *link = link_between(links, &signalled->initiator, &signalled->responder, false);
        g_ptr_array_add(link->signalled, (gpointer)signalled);
        g_hash_table_insert(links->by_signalling, (gpointer)signalled, link);
    }
    g_ptr_array_free(found, TRUE);
}

static sidelink_link *link_of_context(const sidelink_links *links, const sl_context *context)
{
    return context && context->signalled ? (sidelink_link *)g_hash_table_lookup(links->by_signalling, context->signalled) : NULL;
}

/* By a context whose signalling was seen, whose ends are known in full; else by its own ends. */
static sidelink_link *link_of_stream(sidelink_links *links, const verify_stream *stream)
{
    const pc5_id source = sl_source_id(&stream->link), destination = sl_destination_id(&stream->link);
    if (stream->link.cast == SL_ONE_TO_MANY)
        return link_of_group(links, &destination, stream->pgk_index);
    for (guint i = 0; i < stream->stretches->len; i++) {
        sidelink_link *link = link_of_context(links, ((const verify_stretch *)stream->stretches->pdata[i])->context);
        if (link)
            return link;
    }
    return link_between(links, &source, &destination, false);
}

static pc5_id group_of(const sl_context *context)
{
    const uint8_t *id = context->sender.group_id;
    return (pc5_id){.octets = {id[0], id[1], id[2]}, .len = PROSE_LAYER_2_ID_LEN};
}

/* The key log names a group in full. */
static void learn_group(sidelink_link *link, const sl_context *context)
{
    const pc5_id group = group_of(context);
    if (link->is_group)
        learn(&link->ends[0], &group);
}

/* A context has its place in the first link that it is met in. */
static sidelink_opened *place(sidelink_links *links, sidelink_link *link, const sl_context *context)
{
    sidelink_opened *opened = (sidelink_opened *)g_hash_table_lookup(links->opened, context);
    if (!opened) {
        opened = g_new0(sidelink_opened, 1);
        g_hash_table_insert(links->opened, (gpointer)context, opened);
        g_ptr_array_add(link->contexts, (gpointer)context);
        learn_group(link, context);
    }
    return opened;
}

static void take_stream(sidelink_links *links, const verify_stream *stream)
{
    sidelink_link *link = link_of_stream(links, stream);
    g_ptr_array_add(link->streams, (gpointer)stream);
    for (guint i = 0; i < stream->stretches->len; i++) {
        const verify_stretch *stretch = (const verify_stretch *)stream->stretches->pdata[i];
        if (!stretch->context)
            continue;
        sidelink_opened *opened = place(links, link, stretch->context);
        opened->packets += stretch->counts.decrypted + stretch->counts.unencrypted;
        opened->authenticated += stretch->counts.authenticated;
        opened->decrypted += stretch->counts.decrypted;
    }
}

static void take_streams(sidelink_links *links, const verify_traffic *traffic)
{
    const GPtrArray *streams = verify_traffic_streams(traffic);
    for (guint i = 0; i < streams->len; i++)
        if (((const verify_stream *)streams->pdata[i])->protocol == VERIFY_PDCP_SL)
            take_stream(links, (const verify_stream *)streams->pdata[i]);
}

/* One of the 16 bits that sl_ends keeps of each end. */
static pc5_id end_of(const sl_context *context, unsigned shift)
{
    return (pc5_id){.octets = {(uint8_t)(context->ends >> (shift + 8)), (uint8_t)(context->ends >> shift)},
                    .len = context->ends ? 2 : 0};
}

static sidelink_link *link_of_ends(sidelink_links *links, const sl_context *context)
{
    const pc5_id a = end_of(context, 16), b = end_of(context, 0);
    const pc5_id group = group_of(context);
    if (context->key_id & SL_GROUP_KEY)
        return link_of_group(links, &group, context->key_id >> 16 & 0x1f);
    return link_between(links, &a, &b, false);
}

/* Those that opened nothing that was counted, unless nothing speaks for them: under EIA0 a command leaves many, of which one is
 * right. */
static void take_contexts(sidelink_links *links, const sl_security *sidelink)
{
    const GPtrArray *contexts = sl_security_contexts(sidelink);
    for (guint i = 0; i < contexts->len; i++) {
        const sl_context *context = (const sl_context *)contexts->pdata[i];
        if (!context->proven && !context->unsupported)
            continue;
        sidelink_link *link = link_of_context(links, context);
        place(links, link ? link : link_of_ends(links, context), context);
    }
}

/* In order of arrival, so that the newest message stays. */
static void take_teks(sidelink_links *links, const mikey_sessions *mikey)
{
    const GPtrArray *records = mikey_sessions_records(mikey);
    for (guint i = 0; i < records->len; i++) {
        const mikey_record *record = (const mikey_record *)records->pdata[i];
        for (guint t = 0; t < record->teks->len; t++) {
            const mikey_step *step = g_array_index(record->teks, mikey_tek, t).step;
            g_hash_table_replace(links->tek_givers, (gpointer)step->fingerprint, (gpointer)record);
        }
    }
}

static gint by_index(gconstpointer a, gconstpointer b)
{
    const sl_context *first = *(const sl_context *const *)a, *second = *(const sl_context *const *)b;
    return first->index < second->index ? -1 : first->index > second->index;
}

sidelink_links *sidelink_links_new(const verify_sources *sources)
{
    sidelink_links *links = g_new0(sidelink_links, 1);
    links->links = g_ptr_array_new_with_free_func(free_link);
    links->by_name = g_hash_table_new_full(keyed_hash_bytes, g_bytes_equal, (GDestroyNotify)g_bytes_unref, free_list);
    links->by_ends = g_hash_table_new_full(keyed_hash_bytes, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    links->by_signalling = g_hash_table_new(NULL, NULL);
    links->opened = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    links->tek_givers = g_hash_table_new(g_str_hash, g_str_equal);
    take_signalling(links, sources->pc5);
    take_streams(links, sources->traffic);
    take_contexts(links, sources->sidelink);
    take_teks(links, sources->mikey);
    for (guint i = 0; i < links->links->len; i++)
        g_ptr_array_sort(((sidelink_link *)links->links->pdata[i])->contexts, by_index);
    return links;
}

void sidelink_links_free(sidelink_links *links)
{
    g_hash_table_destroy(links->by_name);
    g_hash_table_destroy(links->by_ends);
    g_hash_table_destroy(links->by_signalling);
    g_hash_table_destroy(links->opened);
    g_hash_table_destroy(links->tek_givers);
    g_ptr_array_free(links->links, TRUE);
    g_free(links);
}

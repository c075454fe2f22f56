/* Octets between two pages that must not be touched: what the sanitizers cannot see, assembly that reads or writes
 * beyond its buffer, ends the test here. */
#ifndef D2DSEC_TESTS_GUARDED_OCTETS_H
#define D2DSEC_TESTS_GUARDED_OCTETS_H

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *map;
    size_t page;
    size_t room; /* whole pages */
} guarded_octets;

static inline guarded_octets guarded_octets_new(size_t len)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    guarded_octets octets = { .page = page, .room = (len + page - 1) / page * page };

    octets.map = mmap(NULL, octets.room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(octets.map != MAP_FAILED);
    g_assert_cmpint(mprotect(octets.map + page, octets.room, PROT_READ | PROT_WRITE), ==, 0);
    return octets;
}

/* The first octets of the room. */
static inline uint8_t *guarded_octets_begin(const guarded_octets *octets)
{
    return octets->map + octets->page;
}

/* The last `len` octets of the room. */
static inline uint8_t *guarded_octets_end(const guarded_octets *octets, size_t len)
{
    return octets->map + octets->page + octets->room - len;
}

static inline void guarded_octets_free(guarded_octets *octets)
{
    munmap(octets->map, octets->room + 2 * octets->page);
}

#endif

/* Preloaded into a program, it tells where octets of secrets are left behind: in memory that is freed, in memory that realloc moves
 * away from, and, on SIGUSR1 and when the process ends, in all that the process can write to but its stack.
 *
 * D2DSEC_SECRETS  a file with a secret a line, in hex, of SECRET_MIN octets or more
 * D2DSEC_FOUND    a file for what is found: "freed N", "moved N" with the call stack behind it, "left N", N being the secret's line from
 *                 0 on; "seen" ends each look at the whole memory
 *
 * The secrets are kept masked, in a mapping of their own: what is compared with them must not be found itself.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MIN = 12, SECRET_MAX = 64, SECRETS_MAX = 4096, MASK = 0x5a, STACK_DEPTH = 30, MAPS_SIZE = 1 << 20 };

typedef struct {
    size_t len;
    uint8_t masked[SECRET_MAX];
} secret;

/* All that this library holds of its own, but for pointers to it. */
typedef struct {
    unsigned count;
    uint8_t begins[1 << 16]; /* whether a secret begins with these two octets */
    secret secrets[SECRETS_MAX];
    char maps[MAPS_SIZE];
} watch_state;

void __libc_free(void *memory);
void *__libc_realloc(void *memory, size_t size);

static watch_state *state;
static int found = -1;
static __thread bool busy; /* looking: what that takes itself is not looked at */

static bool equals(const uint8_t *octets, const secret *wanted)
{
    for (size_t i = 0; i < wanted->len; i++) {
        if ((octets[i] ^ MASK) != wanted->masked[i])
            return false;
    }
    return true;
}

/* The number of a secret that stands in the memory; -1: none does. */
static int search(const void *memory, size_t len)
{
    const uint8_t *octets = memory;
    for (size_t at = 0; at + SECRET_MIN <= len; at++) {
        if (!state->begins[octets[at] << 8 | octets[at + 1]])
            continue;
        for (unsigned i = 0; i < state->count; i++) {
            if (state->secrets[i].len <= len - at && equals(octets + at, &state->secrets[i]))
                return (int)i;
        }
    }
    return -1;
}

static void tell(const char *what, int number)
{
    void *stack[STACK_DEPTH];
    dprintf(found, "%s %d\n", what, number);
    backtrace_symbols_fd(stack, backtrace(stack, STACK_DEPTH), found);
}

static int look_at(void *memory)
{
    if (!state || !memory || busy)
        return -1;
    busy = true;
    int number = search(memory, malloc_usable_size(memory));
    busy = false;
    return number;
}

void free(void *ptr)
{
    int number = look_at(ptr);
    if (number >= 0) {
        busy = true;
        tell("freed", number);
        busy = false;
    }
    __libc_free(ptr);
}

void *realloc(void *ptr, size_t size)
{
    int number = look_at(ptr);
    void *moved = __libc_realloc(ptr, size);
    if (number >= 0 && moved != ptr) {
        busy = true;
        tell("moved", number);
        busy = false;
    }
    return moved;
}

/* --- the whole memory ---------------------------------------------------------------------------------------------- */

static size_t read_file(const char *path, char *text, size_t size)
{
    size_t len = 0;
    ssize_t got;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    while (file >= 0 && len < size - 1 && (got = read(file, text + len, size - 1 - len)) > 0)
        len += (size_t)got;
    if (file >= 0)
        close(file);
    text[len] = '\0';
    return len;
}

/* A stack may hold what a compiler put there, and it is overwritten by what comes next. */
static bool is_to_be_seen(const char *line, uintptr_t begin, uintptr_t end)
{
    return strstr(line, " rw") && !strstr(line, "[stack") && !((uintptr_t)state >= begin && (uintptr_t)state < end);
}

/* In a signal handler, too: whoever sends the signal does so while the program waits, and not in the middle of these functions.
 * NOLINTBEGIN(bugprone-signal-handler, cert-sig30-c, performance-no-int-to-ptr) */
static void see_all(void)
{
    if (!state || busy)
        return;
    busy = true;
    read_file("/proc/self/maps", state->maps, sizeof state->maps);
    char *rest;
    for (char *line = strtok_r(state->maps, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *behind;
        const uintptr_t begin = strtoul(line, &behind, 16), end = *behind == '-' ? strtoul(behind + 1, NULL, 16) : begin;
        if (!is_to_be_seen(line, begin, end))
            continue;
        int number = search((const void *)begin, end - begin);
        if (number >= 0)
            dprintf(found, "left %d in %s\n", number, line);
    }
    dprintf(found, "seen\n");
    busy = false;
}
/* NOLINTEND(bugprone-signal-handler, cert-sig30-c, performance-no-int-to-ptr) */

static void see_all_now(int signal_number)
{
    (void)signal_number;
    see_all();
}

/* --- begin and end ------------------------------------------------------------------------------------------------- */

static void take_secrets(const char *text)
{
    while (*text && state->count < SECRETS_MAX) {
        secret *next = &state->secrets[state->count];
        while (next->len < SECRET_MAX && isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1])) {
            const char octet[] = {text[0], text[1], '\0'};
            next->masked[next->len++] = (uint8_t)(strtoul(octet, NULL, 16) ^ MASK);
            text += 2;
        }
        text += strspn(text, "\n");
        if (next->len < SECRET_MIN)
            abort();
        state->begins[(next->masked[0] ^ MASK) << 8 | (next->masked[1] ^ MASK)] = 1;
        state->count++;
    }
}

__attribute__((constructor)) static void begin_watching(void)
{
    const char *secrets = getenv("D2DSEC_SECRETS"), *report = getenv("D2DSEC_FOUND");
    void *stack[1];
    if (!secrets || !report)
        return;
    watch_state *fresh = mmap(NULL, sizeof *fresh, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *text = mmap(NULL, MAPS_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    found = open(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fresh == MAP_FAILED || text == MAP_FAILED || found < 0 || read_file(secrets, text, MAPS_SIZE) == 0)
        abort();
    backtrace(stack, 1); /* loads what it needs */
    state = fresh;
    busy = true;
    take_secrets(text);
    munmap(text, MAPS_SIZE);
    signal(SIGUSR1, see_all_now);
    busy = false;
}

__attribute__((destructor)) static void end_watching(void)
{
    see_all();
}

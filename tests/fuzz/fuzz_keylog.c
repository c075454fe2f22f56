/* The key log: each piece is written to a file that is read again each time, behind an octet that says how. Where all pieces were
 * appended, what was read of them must be what is read of the whole.
 */
#define _GNU_SOURCE /* memfd_create, memmem */
#include "fuzz.h"

#include "keys/keylog.h"
#include "keys/text_scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What was read: a line of text for each secret and each fault. */
typedef struct {
    GString *text;
    octet_span written;
} reading;

static void note_entry(keylog_entry *entry, void *user)
{
    reading *read = user;
    g_string_append_printf(read->text, "%u: label %d, selector %d, %zu octets\n", entry->line, (int)entry->label,
                           (int)entry->selector, entry->secret_len);
    FUZZ_MUST(entry->secret_len <= KEYLOG_MAX_SECRET);
    fuzz_touch(octet_span_at(entry->secret, entry->secret_len), octet_span_at(entry->secret, entry->secret_len));
    fuzz_touch(octet_span_at(entry->id, entry->id_len), octet_span_at(entry->id, entry->id_len));
    keylog_entry_free(entry);
}

/* No key stands in an error text: no 8 hexadecimal digits of it, but those of the greatest key derivation rate, were in the file. */
static void check_error(const char *error, octet_span written)
{
    enum { KEY_LIKE = 8 };
    for (const char *at = error; *at; at++) {
        size_t len = strspn(at, "0123456789abcdefABCDEF");
        if (len >= KEY_LIKE && strncmp(at, "16777216", KEY_LIKE) != 0)
            FUZZ_MUST(!memmem(written.data, written.len, at, KEY_LIKE));
        at += len ? len - 1 : 0;
    }
}

static void note_error(unsigned line, const char *error, void *user)
{
    reading *read = user;
    FUZZ_MUST(error && *error);
    check_error(error, read->written);
    g_string_append_printf(read->text, "%u: %s\n", line, error);
}

/* A file without a name, in memory; emptied for each input. */
static int file_number(void)
{
    static int number = -1;
    if (number < 0)
        number = memfd_create("keylog", MFD_CLOEXEC);
    FUZZ_MUST(number >= 0 && ftruncate(number, 0) == 0);
    return number;
}

static void append(int number, octet_span octets)
{
    const off_t end = lseek(number, 0, SEEK_END);
    FUZZ_MUST(pwrite(number, octets.data, octets.len, end) == (ssize_t)octets.len);
}

static void read_lines(octet_span text)
{
    text_span rest = fuzz_text(text), line;
    while (text_next_line(&rest, &line)) {
        const octet_span copy = fuzz_copy(line.text, line.len);
        keylog_entry *entry = NULL;
        char *error = NULL;
        if (!keylog_parse_line((const char *)copy.data, copy.len, &entry, &error))
            check_error(error, copy);
        keylog_entry_free(entry);
        g_free(error);
        free((void *)copy.data);
    }
}

/* Reads all that the file holds at once. */
static GString *read_whole(const char *path, octet_span written)
{
    reading whole = {g_string_new(NULL), written};
    keylog_file *file = keylog_file_new(path);
    keylog_file_read(file, true, NULL, note_entry, note_error, &whole);
    keylog_file_free(file);
    return whole.text;
}

static void read_growing(octet_span input)
{
    enum { REPLACE = 1, AT_END = 2 };
    const int number = file_number();
    char *path = g_strdup_printf("/proc/self/fd/%d", number);
    keylog_file *file = keylog_file_new(path);
    reading grown = {g_string_new(NULL), input};
    octet_span rest = input, piece;
    bool only_grew = true;
    while (fuzz_piece(&rest, &piece)) {
        octet_span octets = piece;
        const uint8_t flags = fuzz_octet(&octets);
        bool restarted;
        if (flags & REPLACE)
            FUZZ_MUST(ftruncate(number, 0) == 0);
        append(number, octets);
        only_grew &= !(flags & (REPLACE | AT_END));
        keylog_file_read(file, flags & AT_END, &restarted, note_entry, note_error, &grown);
        FUZZ_MUST(!only_grew || !restarted);
        read_lines(octets);
        free((void *)piece.data);
    }
    keylog_file_read(file, true, NULL, note_entry, note_error, &grown);
    GString *whole = read_whole(path, input);
    FUZZ_MUST(!only_grew || strcmp(grown.text->str, whole->str) == 0);
    g_string_free(whole, TRUE);
    g_string_free(grown.text, TRUE);
    keylog_file_free(file);
    g_free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    read_growing(octet_span_at(data, len));
    return 0;
}

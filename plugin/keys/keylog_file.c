/* A key log that others write to while it is read. What was read is remembered by its offset, so that each call
 * reads only what is new; a file that is no longer the one that was read is recognised and read from its start.
 */
#include "keys/keylog.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define CHUNK 16384
#define TAIL 256 /* octets before the offset that must still be there when the file has grown */

G_STATIC_ASSERT(CHUNK > KEYLOG_MAX_LINE + 2);

typedef struct {
    size_t len;
    uint8_t digest[EVP_MAX_MD_SIZE];
} keylog_tail;

struct keylog_file {
    char *path;
    bool known;          /* the file has been read: the members below tell of it */
    GStatBuf last;       /* when it was read */
    long offset;         /* where the first line stands that has not been read to its end */
    unsigned line;       /* lines before the offset */
    unsigned entries;
    size_t counted;      /* length of the line at the offset when it counted although it had no end; else 0 */
    bool pending;        /* a line without end was left for later */
    bool in_long_line;   /* the offset is within a line that is skipped */
    bool full;           /* KEYLOG_MAX_ENTRIES reached */
    bool unreadable;     /* and said so */
    keylog_tail tail;    /* what ends at the offset; kept as a digest because it holds secrets */
};

/* What one call hands through. */
typedef struct {
    keylog_file *file;
    keylog_entry_cb on_entry;
    keylog_error_cb on_error;
    void *user;
    unsigned added;
} keylog_reading;

keylog_file *keylog_file_new(const char *path)
{
    keylog_file *file = g_new0(keylog_file, 1);
    file->path = g_strdup(path);
    return file;
}

void keylog_file_free(keylog_file *file)
{
    if (!file)
        return;
    g_free(file->path);
    g_free(file);
}

static void report_unreadable(keylog_reading *reading, const char *why)
{
    if (!reading->file->unreadable)
        reading->on_error(0, why, reading->user);
    reading->file->unreadable = true;
}

static void start_over(keylog_file *file)
{
    char *path = file->path;
    memset(file, 0, sizeof *file);
    file->path = path;
}

static void read_line(keylog_reading *reading, const char *text, size_t len)
{
    keylog_file *file = reading->file;
    keylog_entry *entry;
    char *error;

    if (file->full)
        return;
    if (!keylog_parse_line(text, len, &entry, &error)) {
        reading->on_error(file->line + 1, error, reading->user);
        g_free(error);
    } else if (entry && file->entries == KEYLOG_MAX_ENTRIES) {
        keylog_entry_free(entry);
        file->full = true;
        reading->on_error(file->line + 1, "the key log holds more secrets than are read; this one and the rest are skipped",
                          reading->user);
    } else if (entry) {
        entry->line = file->line + 1;
        file->entries++;
        reading->added++;
        reading->on_entry(entry, reading->user);
    }
}

static size_t without_line_end(const char *text, size_t len)
{
    if (len > 0 && text[len - 1] == '\n')
        len--;
    return len > 0 && text[len - 1] == '\r' ? len - 1 : len;
}

/* The line at the offset. One that already counted while it had no end does not count twice. */
static void read_line_at_offset(keylog_reading *reading, const char *text, size_t len)
{
    keylog_file *file = reading->file;
    len = without_line_end(text, len);
    if (file->counted > 0 && file->counted == len)
        return;
    file->counted = len;
    if (file->offset == 0 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        text += 3;
        len -= 3;
    }
    read_line(reading, text, len);
}

/* Reads the complete lines of buffer[0..len) and answers how many octets they are. */
static size_t read_lines(keylog_reading *reading, const char *buffer, size_t len)
{
    keylog_file *file = reading->file;
    size_t used = 0;
    const char *end;

    while (used < len && (end = memchr(buffer + used, '\n', len - used)) != NULL) {
        size_t line_len = (size_t)(end - (buffer + used)) + 1;
        if (!file->in_long_line)
            read_line_at_offset(reading, buffer + used, line_len);
        file->in_long_line = false;
        file->counted = 0;
        file->line++;
        file->offset += (long)line_len;
        used += line_len;
    }
    return used;
}

/* A line whose end is not in sight is named once it has grown too long; from then on its octets are passed over.
 * Answers how many of buffer[0..len) are. */
static size_t skip_long_line(keylog_reading *reading, const char *buffer, size_t len)
{
    keylog_file *file = reading->file;
    if (!file->in_long_line && len <= KEYLOG_MAX_LINE + 1) /* the last octet may be the CR of its end */
        return 0;
    if (!file->in_long_line)
        read_line_at_offset(reading, buffer, len);
    file->in_long_line = true;
    file->counted = 0;
    file->offset += (long)len;
    return len;
}

/* Reads on from the offset to `size`, with no more than a chunk in memory. */
static void read_on(keylog_reading *reading, FILE *stream, long size, bool at_end)
{
    keylog_file *file = reading->file;
    char *buffer = g_malloc(CHUNK);
    size_t held = 0, got;
    long position = file->offset;

    if (fseek(stream, position, SEEK_SET) != 0)
        position = size;
    do {
        got = fread(buffer + held, 1, (size_t)MIN((long)(CHUNK - held), size - position), stream);
        position += (long)got;
        held += got;
        size_t used = read_lines(reading, buffer, held);
        used += skip_long_line(reading, buffer + used, held - used);
        held -= used;
        memmove(buffer, buffer + used, held);
    } while (got > 0);

    file->pending = held > 0 && !at_end;
    if (held > 0 && at_end)
        read_line_at_offset(reading, buffer, held);
    OPENSSL_cleanse(buffer, CHUNK);
    g_free(buffer);
}

static bool read_tail(FILE *stream, long offset, keylog_tail *tail)
{
    uint8_t octets[TAIL];
    memset(tail, 0, sizeof *tail);
    tail->len = (size_t)MIN(offset, TAIL);
    bool done = fseek(stream, offset - (long)tail->len, SEEK_SET) == 0 &&
                fread(octets, 1, tail->len, stream) == tail->len &&
                EVP_Digest(octets, tail->len, tail->digest, NULL, EVP_sha256(), NULL);
    OPENSSL_cleanse(octets, sizeof octets);
    return done;
}

/* An editor that writes a file anew may well make it longer, and a new file may get the number of the old one:
 * so what stood before the offset must stand there still. */
static bool tail_is_there(const keylog_file *file, FILE *stream)
{
    keylog_tail tail;
    return read_tail(stream, file->offset, &tail) && memcmp(&tail, &file->tail, sizeof tail) == 0;
}

static bool was_replaced(const keylog_file *file, const GStatBuf *now)
{
    const GStatBuf *last = &file->last;
    return now->st_dev != last->st_dev || now->st_ino != last->st_ino || now->st_size < last->st_size ||
           (now->st_size == last->st_size && now->st_mtime != last->st_mtime);
}

static bool has_news(const keylog_file *file, const GStatBuf *now, bool at_end)
{
    return !file->known || now->st_size != file->last.st_size || (at_end && file->pending);
}

static bool look_at(keylog_reading *reading, GStatBuf *now)
{
    if (g_stat(reading->file->path, now) != 0) {
        report_unreadable(reading, g_strerror(errno));
        return false;
    }
    if (now->st_size > LONG_MAX) {
        report_unreadable(reading, "the file is too large");
        return false;
    }
    return true;
}

/* NULL, and said so once, where the file is none to read. */
static FILE *open_stream(keylog_reading *reading)
{
    const char *path = reading->file->path;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) { /* opening a pipe would wait for its writer */
        report_unreadable(reading, "this is no regular file");
        return NULL;
    }
    FILE *stream = g_fopen(path, "rb");
    if (!stream) {
        report_unreadable(reading, g_strerror(errno));
        return NULL;
    }
    setvbuf(stream, NULL, _IONBF, 0); /* no copy of secrets in a buffer that is never cleansed */
    return stream;
}

unsigned keylog_file_read(keylog_file *file, bool at_end, bool *restarted, keylog_entry_cb on_entry,
                          keylog_error_cb on_error, void *user)
{
    keylog_reading reading = {.file = file, .on_entry = on_entry, .on_error = on_error, .user = user};
    GStatBuf now;
    bool anew = false;

    if (restarted)
        *restarted = false;
    if (!look_at(&reading, &now))
        return 0;
    if (file->known && was_replaced(file, &now)) {
        start_over(file);
        anew = true;
    }
    FILE *stream = has_news(file, &now, at_end) ? open_stream(&reading) : NULL;
    if (stream) {
        if (file->known && !tail_is_there(file, stream)) {
            start_over(file);
            anew = true;
        }
        read_on(&reading, stream, (long)now.st_size, at_end);
        read_tail(stream, file->offset, &file->tail);
        file->last = now;
        file->known = true;
        file->unreadable = false;
        fclose(stream);
    }
    if (restarted)
        *restarted = anew;
    return reading.added;
}

unsigned keylog_read_text(const char *text, size_t len, keylog_entry_cb on_entry, keylog_error_cb on_error, void *user)
{
    keylog_file whole = {0};
    keylog_reading reading = {.file = &whole, .on_entry = on_entry, .on_error = on_error, .user = user};
    size_t used = read_lines(&reading, text, len);
    if (used < len)
        read_line_at_offset(&reading, text + used, len - used);
    return reading.added;
}

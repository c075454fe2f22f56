/* A fuzz target without a fuzzer: runs it once on each file that is named, and on each file of folders that are named. For compilers
 * that have no libFuzzer; options that libFuzzer would take are passed over.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_SECONDS 5.0 /* for one input; libFuzzer is given the same */

static unsigned run_count;

static bool run_file(const char *path)
{
    GError *error = NULL;
    gchar *contents;
    gsize len;
    if (!g_file_get_contents(path, &contents, &len, &error)) {
        fprintf(stderr, "%s\n", error->message);
        g_error_free(error);
        return false;
    }
    const octet_span input = fuzz_copy(contents, len);
    g_free(contents);
    fprintf(stderr, "%s\n", path); /* what is told last is at fault, should this be the end */
    const gint64 since = g_get_monotonic_time();
    LLVMFuzzerTestOneInput(input.data, input.len);
    const double seconds = (double)(g_get_monotonic_time() - since) / G_USEC_PER_SEC;
    free((void *)input.data);
    run_count++;
    if (seconds > MAX_SECONDS)
        fprintf(stderr, "%s took %.1f s\n", path, seconds);
    return seconds <= MAX_SECONDS;
}

static bool run(const char *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    bool done = true;
    const char *name;
    if (!folder)
        return run_file(path);
    while ((name = g_dir_read_name(folder))) {
        char *inner = g_build_filename(path, name, NULL);
        done &= run(inner);
        g_free(inner);
    }
    g_dir_close(folder);
    return done;
}

int main(int argc, char **argv)
{
    bool done = true;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-')
            done &= run(argv[i]);
    printf("%u inputs\n", run_count);
    return done && run_count ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The JSON vectors of tests/vectors, for tests on GLib's framework: what is missing or malformed fails the test. */
#ifndef D2DSEC_TESTS_VECTORS_H
#define D2DSEC_TESTS_VECTORS_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VECTOR_MAX_OCTETS 8192

typedef struct {
    uint8_t data[VECTOR_MAX_OCTETS];
    size_t len;
} vector_octets;

/* Calls `check` with each element of the file's list `vectors`, in order. */
void vectors_for_each(const char *file, void (*check)(JsonObject *vector));

void vector_parse_hex(const char *hex, vector_octets *octets);

/* Octets written in hex with blanks, and each "@N" standing for N zero octets. */
vector_octets octets_of(const char *text);

/* The octets of a member in hex; none when it is missing and `optional`. */
void vector_get_octets(JsonObject *vector, const char *member, bool optional, vector_octets *octets);

#endif

/* What eps_published.json, eps_random.json and sidelink_pdus.json have in common. */
#ifndef D2DSEC_TESTS_EPS_VECTORS_H
#define D2DSEC_TESTS_EPS_VECTORS_H

#include "ciphers/eps_algorithm.h"

#include "vectors.h"

#include <string.h>

#define EPS_ALGORITHMS 4

static inline eps_input vector_eps_input(JsonObject *vector)
{
    return (eps_input) { .count = (uint32_t)json_object_get_int_member(vector, "count"),
                         .bearer = (uint8_t)json_object_get_int_member(vector, "bearer"),
                         .direction = (uint8_t)json_object_get_int_member(vector, "direction") };
}

/* Whether the vector is one of `kind`, EEA or EIA; *algorithm receives its digit. */
static inline bool vector_eps_algorithm(JsonObject *vector, const char *kind, eps_algorithm *algorithm)
{
    const char *name = json_object_get_string_member(vector, "algorithm");

    if (strncmp(name, kind, 3) != 0)
        return false;
    *algorithm = (eps_algorithm)(name[3] - '0');
    return true;
}

#endif

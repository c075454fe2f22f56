/* What is wrong with a sidelink PDU, in the words of an expert info. Each layer has a bit for each of its problems. */
#ifndef D2DSEC_SESSIONS_SL_PROBLEM_H
#define D2DSEC_SESSIONS_SL_PROBLEM_H

#include <stddef.h>

/* SL_ERROR: what follows cannot be read, or a receiver has to discard it. */
typedef enum { SL_NOTE, SL_WARNING, SL_ERROR } sl_severity;

typedef struct {
    unsigned bit;
    sl_severity severity;
    const char *text; /* one English sentence with the clause that it departs from */
} sl_problem;

/* Takes one problem out of *bits and returns its row of the table; NULL: none is left. */
static inline const sl_problem *sl_problem_take(const sl_problem *table, size_t count, unsigned *bits)
{
    for (size_t i = 0; i < count; i++) {
        if (*bits & table[i].bit) {
            *bits &= ~table[i].bit;
            return &table[i];
        }
    }
    return NULL;
}

#endif

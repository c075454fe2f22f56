/* The processor's time, which other programs' turns do not lengthen. */
#ifndef D2DSEC_TESTS_CPU_TIME_H
#define D2DSEC_TESTS_CPU_TIME_H

#include <time.h>

static inline double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#endif

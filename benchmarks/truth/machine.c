/*
 * How quiet the machine is, and what keeps it awake.
 *
 * machine wake SECONDS  sleeps until every next millisecond and prints by how many
 *                       microseconds it woke up too late: "P50 P99 MAX"
 * machine spin SECONDS  works when nothing else does (SCHED_IDLE): a processor of a
 *                       virtual machine that halts is woken milliseconds late
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int wake(int seconds)
{
    int many = seconds * 1000;
    double *late = malloc(many * sizeof *late);
    struct timespec next, got;
    prctl(PR_SET_TIMERSLACK, 1);
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (int i = 0; i < many; i++) {
        next.tv_nsec += 1000000;
        if (next.tv_nsec >= 1000000000)
            next.tv_nsec -= 1000000000, next.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        clock_gettime(CLOCK_MONOTONIC, &got);
        late[i] = (got.tv_sec - next.tv_sec) * 1e6 + (got.tv_nsec - next.tv_nsec) / 1e3;
    }
    qsort(late, many, sizeof *late, by_size);
    printf("%.1f %.1f %.1f\n", late[many / 2], late[many * 99 / 100], late[many - 1]);
    return 0;
}

static int spin(int seconds)
{
    struct sched_param none = {0};
    struct timespec at;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (sched_setscheduler(0, SCHED_IDLE, &none))
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (time_t end = at.tv_sec + seconds; at.tv_sec < end;)
        clock_gettime(CLOCK_MONOTONIC, &at);
    return 0;
}

int main(int count, char **words)
{
    if (count == 3 && !strcmp(words[1], "wake"))
        return wake(atoi(words[2]));
    if (count == 3 && !strcmp(words[1], "spin"))
        return spin(atoi(words[2]));
    fprintf(stderr, "usage: machine wake|spin SECONDS\n");
    return 2;
}

#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES_MAX = 1 << 22 }; /* 16 MB: four seconds of round trips of one microsecond */

_Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    exit(1);
}

_Noreturn void fail_system(const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static _Noreturn void usage(const char *program, const char *kinds)
{
    (void)fprintf(stderr, "%s %s [--seconds S] [--size BYTES] [--ack-every N] [--touch] [--ping]\n", program, kinds);
    exit(2);
}

static double positive(const char *text)
{
    char *end = NULL;
    const double value = text == NULL ? 0 : strtod(text, &end);
    return end != NULL && *end == '\0' ? value : 0;
}

options options_parse(int argc, char **argv, const char *kinds)
{
    options parsed = {.kind = argc > 1 ? argv[1] : "", .seconds = 1, .size = 1024};
    if (parsed.kind[0] == '\0' || parsed.kind[0] == '-') {
        usage(argv[0], kinds);
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--touch") == 0) {
            parsed.touch = true;
        } else if (strcmp(argv[i], "--ping") == 0) {
            parsed.ping = true;
        } else {
            const double value = positive(i + 1 < argc ? argv[i + 1] : NULL);
            if (value <= 0) {
                usage(argv[0], kinds);
            } else if (strcmp(argv[i], "--seconds") == 0) {
                parsed.seconds = value;
            } else if (strcmp(argv[i], "--size") == 0) {
                parsed.size = (size_t)value;
            } else if (strcmp(argv[i], "--ack-every") == 0) {
                parsed.ack_every = (size_t)value;
            } else {
                usage(argv[0], kinds);
            }
            i++;
        }
    }
    return parsed;
}

void result_print(const options *asked, const result *measured)
{
    (void)printf("{\"peer\":\"%s\",\"case\":\"%s%s\",\"size\":%zu,\"touch\":%s", measured->peer, asked->kind, asked->ping ? "-ping" : "", asked->size,
                 asked->touch ? "true" : "false");
    const double elapsed = (double)measured->elapsed_ns;
    if (measured->bytes != 0 && elapsed > 0) {
        (void)printf(",\"goodput_gbps\":%.4f", (double)measured->bytes * 8 / elapsed);
    }
    if (measured->packets != 0 && elapsed > 0) {
        const double packets = (double)measured->packets;
        (void)printf(",\"packets_per_s\":%.0f,\"ns_per_packet\":%.1f", packets * (double)NS_PER_S / elapsed, elapsed / packets);
        if (measured->acks != 0) {
            (void)printf(",\"acks_per_data\":%.4f", (double)measured->acks / packets);
        }
    }
    if (measured->p50_us > 0) {
        (void)printf(",\"p50_us\":%.3f,\"p99_us\":%.3f", measured->p50_us, measured->p99_us);
    }
    (void)puts("}");
}

int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void pin_to_core(int core)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (pthread_setaffinity_np(pthread_self(), sizeof cores, &cores) != 0) {
        fail("cannot pin a thread: are there two cores?");
    }
}

void touch_write(uint8_t *memory, size_t length, uint8_t value)
{
    for (size_t i = 0; i < length; i += CACHE_LINE) {
        memory[i] = value;
    }
}

void touch_read(const uint8_t *memory, size_t length)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i += CACHE_LINE) {
        sum = (uint8_t)(sum + memory[i]);
    }
    __asm__ volatile("" : : "r"(sum)); /* the sum is used, as far as the compiler knows */
}

samples samples_create(void)
{
    samples created = {.ns = malloc(SAMPLES_MAX * sizeof(uint32_t)), .capacity = SAMPLES_MAX};
    if (created.ns == NULL) {
        fail_system("samples");
    }
    return created;
}

void samples_add(samples *to, int64_t ns)
{
    if (to->count < to->capacity) {
        to->ns[to->count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
    }
}

static int ascending(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

void samples_percentiles(samples *of, double *p50_us, double *p99_us)
{
    if (of->count == 0) {
        fail("no round trip came back");
    }
    qsort(of->ns, of->count, sizeof of->ns[0], ascending);
    *p50_us = of->ns[of->count / 2] / 1e3;
    *p99_us = of->ns[of->count * 99 / 100] / 1e3;
    free(of->ns);
    of->ns = NULL;
}

/* What every peer program shares: its options, the clock, the two cores, touching and the one line of JSON that it prints. */
#ifndef PEERS_COMMON_H
#define PEERS_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE = 64 };
#define NS_PER_S 1000000000LL

typedef struct options {
    const char *kind; /* the program's own word for what to run, "tcp" for example */
    double seconds;   /* how long to send */
    size_t size;      /* bytes of a write, a message or a packet, as the kind says */
    size_t ack_every; /* data packets for one acknowledgement; 0 leaves it to the library */
    bool touch;       /* the sender writes and the receiver reads every cache line of the payload */
    bool ping;        /* measure round trips instead of goodput */
} options;

/* A negative or zero number is not printed: the key does not apply. */
typedef struct result {
    const char *peer;
    int64_t elapsed_ns;
    uint64_t bytes;   /* payload that reached the receiving application */
    uint64_t packets; /* data packets, messages or writes that carried it */
    uint64_t acks;    /* packets from the receiver back to the sender */
    double p50_us;
    double p99_us;
} result;

/* Ends the program with a usage message when the arguments make no sense. */
options options_parse(int argc, char **argv, const char *kinds);

void result_print(const options *asked, const result *measured);

/* Ends the program: a peer that cannot run must not look slow. */
_Noreturn void fail(const char *what);
_Noreturn void fail_system(const char *what);

int64_t now_ns(void);
void pin_to_core(int core);

/* One store in each cache line, of a value that changes. */
void touch_write(uint8_t *memory, size_t length, uint8_t value);

/* One load of each cache line, which the compiler cannot drop. */
void touch_read(const uint8_t *memory, size_t length);

/* Round trips, each kept, sorted at the end. */
typedef struct samples {
    uint32_t *ns;
    size_t count;
    size_t capacity;
} samples;

samples samples_create(void);
void samples_add(samples *to, int64_t ns);
void samples_percentiles(samples *of, double *p50_us, double *p99_us);

#endif

/* The round trip of one cache line between core 0 and core 1: where the host has put the two cores decides every figure of two threads. */
#include <pthread.h>
#include <stdatomic.h>

#include "common.h"

enum { WARM_UP = 1000 };

static _Alignas(CACHE_LINE) _Atomic uint64_t ball;
static _Alignas(CACHE_LINE) _Atomic bool over;

/* Answers each odd number with the even one after it. */
static void *answer(void *unused)
{
    (void)unused;
    pin_to_core(1);
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        const uint64_t seen = atomic_load_explicit(&ball, memory_order_acquire);
        if (seen % 2 == 1) {
            atomic_store_explicit(&ball, seen + 1, memory_order_release);
        }
    }
    return NULL;
}

static void round_trip(uint64_t number)
{
    atomic_store_explicit(&ball, 2 * number + 1, memory_order_release);
    while (atomic_load_explicit(&ball, memory_order_acquire) != 2 * number + 2) {
    }
}

int main(int argc, char **argv)
{
    const options asked = options_parse(argc, argv, "cacheline");
    pin_to_core(0);
    pthread_t other;
    if (pthread_create(&other, NULL, answer, NULL) != 0) {
        fail("cannot start a thread");
    }
    uint64_t count = 0;
    while (count < WARM_UP) {
        round_trip(count++);
    }
    const int64_t begin = now_ns();
    const int64_t end = begin + (int64_t)(asked.seconds * (double)NS_PER_S);
    const uint64_t first = count;
    int64_t now;
    do {
        for (int i = 0; i < WARM_UP; i++) {
            round_trip(count++);
        }
        now = now_ns();
    } while (now < end);
    atomic_store(&over, true);
    (void)pthread_join(other, NULL);
    result_print(&asked, &(result){.peer = "probe", .elapsed_ns = now - begin, .packets = count - first});
    return 0;
}

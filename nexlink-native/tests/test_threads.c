/* One thread at each end: what ThreadSanitizer looks at, and where a lost wake-up would show. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "link.h"
#include "ring.h"
#include "support.h"
#include "transfer.h"

enum { SLOTS = 8, RING_TRANSFERS = 200000, TRANSFERS = 20000, ROUND_TRIPS = 5000 };

/* The bare ring. */
typedef struct bare_ring {
    _Atomic uint64_t published;
    _Atomic uint64_t consumed;
    uint64_t slots[SLOTS];
} bare_ring;

static void *produce(void *argument)
{
    bare_ring *ring = argument;
    nx_producer producer = {.published = &ring->published, .consumed = &ring->consumed, .capacity = SLOTS};
    for (uint64_t written = 0; written < RING_TRANSFERS;) {
        const int32_t room = nx_producer_room(&producer, 3);
        for (int32_t i = 0; i < room; i++) {
            ring->slots[nx_producer_slot(&producer, (uint32_t)i)] = written++;
        }
        nx_producer_publish(&producer, (uint32_t)(room > 0 ? room : 0));
    }
    return NULL;
}

static void bare_ring_keeps_order_between_threads(void)
{
    bare_ring ring = {.published = 0};
    nx_consumer consumer = {.consumed = &ring.consumed, .published = &ring.published, .capacity = SLOTS};
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, produce, &ring), 0);
    bool in_order = true;
    uint64_t read = 0;
    while (read < RING_TRANSFERS) {
        const int32_t available = nx_consumer_available(&consumer, 5);
        for (int32_t i = 0; i < available; i++) {
            in_order &= ring.slots[nx_consumer_slot(&consumer, (uint32_t)i)] == read++;
        }
        nx_consumer_advance(&consumer, (uint32_t)(available > 0 ? available : 0));
    }
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK(in_order);
}

/* A reader on its own thread, until it has seen everything. */
typedef struct reading {
    nexlink_link *link;
    bool succeeded;
} reading;

static void *read_all(void *argument)
{
    reading *self = argument;
    reader reads = reader_over(self->link);
    self->succeeded = true;
    while (self->succeeded && reads.taken < TRANSFERS) {
        self->succeeded = reader_take(&reads);
    }
    self->succeeded = self->succeeded && reader_return(&reads, reads.taken - reads.returned);
    /* What found no room in the release ring moves on when the link is used. */
    while (self->succeeded && api->wait(self->link, PATIENCE_NS) >= 0) {
    }
    return NULL;
}

static void transfer_over(nexlink_arena *arena, nexlink_link *writing_end, nexlink_link *reading_end)
{
    reading other = {.link = reading_end};
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, read_all, &other), 0);
    writer self = writer_over(arena, writing_end);
    const int32_t written = writer_run(&self, TRANSFERS);
    while (written == NEXLINK_OK && self.free_count < FRAME_COUNT && api->wait(writing_end, PATIENCE_NS) > 0) {
        (void)writer_refill(&self);
    }
    api->close_link(writing_end); /* ends the reader, whatever happened */
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(written, NEXLINK_OK);
    CHECK_EQUAL(self.free_count, FRAME_COUNT);
    CHECK(other.succeeded);
}

static void loop_carries_payload_between_threads(void)
{
    /* The smallest rings are the ones that are always full or empty, and whose releases find no room. */
    static const uint32_t capacities[] = {1, 4, 64};
    for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
        loop_fixture loop;
        CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, capacities[i]));
        transfer_over(loop.arena_a, loop.a, loop.b);
        loop.a = NULL;
        loop_close(&loop);
        CHECK(!harness_current_failed);
    }
}

typedef struct calling {
    const char *name;
    nexlink_arena *arena;
    nexlink_link *link;
    int32_t result;
} calling;

static void *call(void *argument)
{
    calling *self = argument;
    self->result = api->connect(self->name, self->arena, 16, PATIENCE_MS, &self->link);
    return NULL;
}

static void *wake_after_a_while(void *argument)
{
    (void)usleep(20000); /* long enough for the other thread to be asleep; the outcome is the same if it is not */
    (void)api->wake(argument);
    return NULL;
}

static void another_thread_ends_a_wait(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, 4));
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, wake_after_a_while, loop.a), 0);
    CHECK_EQUAL(api->wait(loop.a, UINT64_MAX), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    loop_close(&loop);
}

static void shared_memory_carries_payload_between_threads(void)
{
    nexlink_listener *listener;
    nexlink_arena *arena;
    nexlink_link *link;
    calling caller = {.name = unique_name("threads")};
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &caller.arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(caller.name, &listener), NEXLINK_OK);
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, call, &caller), 0);
    const int32_t accepted = accept_patiently(listener, arena, 4, &link); /* the two ends' rings may differ */
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(accepted, NEXLINK_OK);
    CHECK_EQUAL(caller.result, NEXLINK_OK);
    transfer_over(arena, link, caller.link);
    api->close_link(caller.link);
    api->close_listener(listener);
    api->destroy_arena(arena);
    api->destroy_arena(caller.arena);
}

/* Each side sleeps before each answer: 2 * ROUND_TRIPS chances to lose a wake-up, which would end a wait by its time-out. */
static void *echo(void *argument)
{
    reading *self = argument;
    nexlink_descriptor descriptor;
    self->succeeded = true;
    for (int i = 0; self->succeeded && i < ROUND_TRIPS; i++) {
        int32_t received = 0;
        while (self->succeeded && received == 0) {
            self->succeeded = api->wait(self->link, PATIENCE_NS) > 0;
            received = api->receive(self->link, &descriptor, 1);
        }
        self->succeeded = self->succeeded && received == 1 && api->send(self->link, &descriptor, 1) == 1;
    }
    return NULL;
}

static void no_wake_up_is_lost(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, 2));
    reading other = {.link = loop.b};
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, echo, &other), 0);
    bool succeeded = true;
    for (uint64_t i = 0; succeeded && i < ROUND_TRIPS; i++) {
        nexlink_descriptor descriptor = {.head_length = sizeof i};
        memcpy(descriptor.head, &i, sizeof i);
        succeeded = api->send(loop.a, &descriptor, 1) == 1 && api->wait(loop.a, PATIENCE_NS) > 0
            && api->receive(loop.a, &descriptor, 1) == 1 && memcmp(descriptor.head, &i, sizeof i) == 0;
    }
    if (!succeeded) {
        api->close_link(loop.a);
        loop.a = NULL;
    }
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK(succeeded);
    CHECK(other.succeeded);
    loop_close(&loop);
}

static void *sleep_until_the_end(void *argument)
{
    reading *self = argument;
    self->succeeded = api->wait(self->link, UINT64_MAX) == NEXLINK_EPEER;
    return NULL;
}

static void closing_wakes_a_sleeper(void)
{
    for (unsigned i = 0; i < 100; i++) {
        loop_fixture loop;
        CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, 2));
        reading other = {.link = loop.b};
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, NULL, sleep_until_the_end, &other), 0);
        /* A forked child of the peer has the socket too: closing must not depend on the last copy. */
        const int copy = dup(loop.a->ends.peer.socket);
        (void)usleep(i % 4 * 300); /* so that some are asleep and some are not */
        api->close_link(loop.a);
        loop.a = NULL;
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
        (void)close(copy);
        CHECK(other.succeeded);
        loop_close(&loop);
    }
}

static void *fail_otherwise(void *argument)
{
    (void)api->send(NULL, NULL, 0);
    *(bool *)argument = strstr(api->last_error(), "send") != NULL;
    return NULL;
}

static void last_error_belongs_to_its_thread(void)
{
    bool other = false;
    pthread_t thread;
    CHECK_EQUAL(api->receive(NULL, NULL, 0), NEXLINK_EINVAL);
    CHECK_EQUAL(pthread_create(&thread, NULL, fail_otherwise, &other), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK(other);
    CHECK(strstr(api->last_error(), "receive") != NULL);
}

int main(void)
{
    RUN(bare_ring_keeps_order_between_threads);
    RUN(loop_carries_payload_between_threads);
    RUN(shared_memory_carries_payload_between_threads);
    RUN(no_wake_up_is_lost);
    RUN(another_thread_ends_a_wait);
    RUN(closing_wakes_a_sleeper);
    RUN(last_error_belongs_to_its_thread);
    FINISH();
}

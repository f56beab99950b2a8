/*
 * soak_rings SECONDS: two threads, and then two processes, move payload through shared memory for so long, each half of the time. Under ThreadSanitizer the threads
 * are what is looked at: it sees one process at a time, but the two ends run the same code over the same mappings. The last line is "N passed, N failed".
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "support.h"
#include "transfer.h"

enum { CAPACITY = 16, STEP = 1000 };

static uint64_t half_ns;

static void *read_until_gone(void *argument)
{
    reader self = reader_over(argument);
    while (reader_take(&self)) {
    }
    /* The writer closes when it is done: that is the only good end. */
    nexlink_descriptor late;
    const bool ended = api->receive(argument, &late, 1) == NEXLINK_EPEER && reader_return(&self, self.taken - self.returned);
    return ended ? argument : NULL;
}

/* Writes until the time is over; false: the link failed. Closes the link. */
static bool write_for(nexlink_arena *arena, nexlink_link *link, uint64_t *sent)
{
    writer self = writer_over(arena, link);
    const uint64_t deadline = nx_now_ns() + half_ns;
    int32_t written = NEXLINK_OK;
    while (written == NEXLINK_OK && nx_now_ns() < deadline) {
        written = writer_run(&self, self.sent + STEP);
    }
    *sent = self.sent;
    api->close_link(link);
    return written == NEXLINK_OK;
}

typedef struct calling {
    const char *name;
    nexlink_arena *arena;
    nexlink_link *link;
} calling;

static void *call(void *argument)
{
    calling *self = argument;
    return api->connect(self->name, self->arena, CAPACITY, PATIENCE_MS, &self->link) == NEXLINK_OK ? self : NULL;
}

static void threads_move_payload(void)
{
    nexlink_listener *listener;
    nexlink_arena *arena;
    nexlink_link *link;
    calling caller = {.name = unique_name("soak")};
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &caller.arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(caller.name, &listener), NEXLINK_OK);
    pthread_t thread;
    void *result;
    CHECK_EQUAL(pthread_create(&thread, NULL, call, &caller), 0);
    CHECK_EQUAL(accept_patiently(listener, arena, CAPACITY, &link), NEXLINK_OK);
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    CHECK(result != NULL);
    CHECK_EQUAL(pthread_create(&thread, NULL, read_until_gone, caller.link), 0);
    uint64_t sent;
    const bool written = write_for(arena, link, &sent);
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    CHECK(written);
    CHECK(result != NULL);
    printf("threads: %llu payloads\n", (unsigned long long)sent);
    api->close_link(caller.link);
    api->close_listener(listener);
    api->destroy_arena(arena);
    api->destroy_arena(caller.arena);
}

static void processes_move_payload(void)
{
    nexlink_listener *listener;
    nexlink_arena *arena;
    nexlink_link *link;
    const char *name = unique_name("soak");
    const size_t files = shared_memory_left();
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        calling caller = {.name = name};
        if (api->create_arena(FRAME_SIZE, FRAME_COUNT, &caller.arena) != NEXLINK_OK || call(&caller) == NULL) {
            _exit(10);
        }
        _exit(read_until_gone(caller.link) != NULL ? 0 : 11);
    }
    CHECK_EQUAL(accept_patiently(listener, arena, CAPACITY, &link), NEXLINK_OK);
    uint64_t sent;
    const bool written = write_for(arena, link, &sent);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(written);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    printf("processes: %llu payloads\n", (unsigned long long)sent);
    api->close_listener(listener);
    api->destroy_arena(arena);
    CHECK_EQUAL(shared_memory_left(), files);
}

int main(int count, char **arguments)
{
    const unsigned long seconds = count > 1 ? strtoul(arguments[1], NULL, 10) : 2;
    half_ns = (uint64_t)seconds * 500000000;
    RUN(processes_move_payload); /* first: a child has the forking thread only */
    RUN(threads_move_payload);
    FINISH();
}

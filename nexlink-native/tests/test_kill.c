/*
 * Either side of a link is killed in the middle, again and again, at a moment that nobody chose: the other side notices, was given no payload that is not as it
 * was written, gets back every hold, and nothing is left behind. test_kill [KILLS]; 60 unless given.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "link.h"
#include "support.h"
#include "transfer.h"

enum { CAPACITY = 16, KILLS_DEFAULT = 60, DELAY_US_MAX = 3000 };

static uint32_t kills = KILLS_DEFAULT;

static uint32_t draw(uint32_t *state)
{
    *state ^= *state << 13; /* xorshift32, Marsaglia 2003 */
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void call_and_write(const char *name)
{
    nexlink_arena *arena;
    nexlink_link *link;
    if (api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena) != NEXLINK_OK || api->connect(name, arena, CAPACITY, PATIENCE_MS, &link) != NEXLINK_OK) {
        _exit(10);
    }
    writer self = writer_over(arena, link);
    (void)writer_run(&self, UINT64_MAX);
    _exit(11);
}

static void call_and_read(const char *name)
{
    nexlink_arena *arena;
    nexlink_link *link;
    if (api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena) != NEXLINK_OK || api->connect(name, arena, CAPACITY, PATIENCE_MS, &link) != NEXLINK_OK) {
        _exit(10);
    }
    reader self = reader_over(link);
    while (reader_take(&self)) {
    }
    _exit(11);
}

/* Reads until the writer is gone; false: what came was not as it was written, or the end never came. */
static bool read_to_the_end(nexlink_link *link)
{
    reader self = reader_over(link);
    while (reader_take(&self)) {
    }
    nexlink_descriptor late;
    return api->receive(link, &late, 1) == NEXLINK_EPEER && reader_return(&self, self.taken - self.returned);
}

/* Writes until the reader is gone, and gets back what it had. */
static bool write_to_the_end(nexlink_arena *arena, nexlink_link *link)
{
    writer self = writer_over(arena, link);
    if (writer_run(&self, UINT64_MAX) != NEXLINK_EPEER) {
        return false;
    }
    while (writer_refill(&self) > 0) {
    }
    return self.free_count == FRAME_COUNT;
}

/* A process that kills another after some time, so that the survivor is in the middle of whatever it does. */
static pid_t kill_after(pid_t victim, uint32_t delay_us)
{
    const pid_t killer = fork();
    if (killer == 0) {
        (void)usleep(delay_us);
        _exit(kill(victim, SIGKILL) == 0 ? 0 : 1);
    }
    return killer;
}

static void either_side_killed(bool writer_dies)
{
    const size_t descriptors = open_descriptors();
    const size_t files = shared_memory_left();
    uint32_t state = (uint32_t)getpid() | 1;
    for (uint32_t i = 0; i < kills / 2; i++) {
        nexlink_arena *arena;
        nexlink_listener *listener;
        nexlink_link *link = NULL;
        const char *name = unique_name("kills");
        CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
        CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
        const pid_t victim = fork();
        CHECK(victim >= 0);
        if (victim == 0) {
            if (writer_dies) {
                call_and_write(name);
            } else {
                call_and_read(name);
            }
        }
        CHECK_EQUAL(accept_patiently(listener, arena, CAPACITY, &link), NEXLINK_OK);
        const pid_t killer = kill_after(victim, draw(&state) % DELAY_US_MAX);
        CHECK(killer >= 0);
        const bool survived = writer_dies ? read_to_the_end(link) : write_to_the_end(arena, link);
        int status;
        CHECK_EQUAL(waitpid(killer, &status, 0), killer);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK_EQUAL(waitpid(victim, &status, 0), victim);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* nothing else ended it: what it was given was right */
        CHECK(survived);
        CHECK_EQUAL(link->status, NX_STATUS_GONE); /* not BAD: nothing that cannot be was seen */
        api->close_link(link);
        api->close_listener(listener);
        api->destroy_arena(arena);
        CHECK_EQUAL(open_descriptors(), descriptors);
        CHECK_EQUAL(shared_memory_left(), files);
    }
}

static void writer_killed_at_any_moment(void)
{
    either_side_killed(true);
}

static void reader_killed_at_any_moment(void)
{
    either_side_killed(false);
}

/* Both ends killed while they meet: the name is free, and the next two meet there. */
static void killed_while_meeting(void)
{
    const size_t descriptors = open_descriptors();
    const size_t files = shared_memory_left();
    uint32_t state = (uint32_t)getpid() | 1;
    for (uint32_t i = 0; i < kills / 4; i++) {
        nexlink_arena *arena;
        nexlink_listener *listener;
        nexlink_link *link = NULL;
        const char *name = unique_name("meeting");
        CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
        CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
        const pid_t victim = fork();
        CHECK(victim >= 0);
        if (victim == 0) {
            call_and_read(name);
        }
        const pid_t killer = kill_after(victim, draw(&state) % 500);
        CHECK(killer >= 0);
        CHECK_EQUAL(waitpid(killer, NULL, 0), killer);
        CHECK_EQUAL(waitpid(victim, NULL, 0), victim);
        const int32_t met = api->accept(listener, arena, CAPACITY, &link);
        CHECK(met == NEXLINK_OK || met == NEXLINK_EAGAIN || met == NEXLINK_EPEER);
        if (met == NEXLINK_OK) {
            CHECK(write_to_the_end(arena, link));
        }
        api->close_link(link);
        api->close_listener(listener);
        api->destroy_arena(arena);
        CHECK_EQUAL(open_descriptors(), descriptors);
        CHECK_EQUAL(shared_memory_left(), files);
    }
}

int main(int count, char **arguments)
{
    if (count > 1) {
        kills = (uint32_t)strtoul(arguments[1], NULL, 10);
    }
    RUN(writer_killed_at_any_moment);
    RUN(reader_killed_at_any_moment);
    RUN(killed_while_meeting);
    FINISH();
}

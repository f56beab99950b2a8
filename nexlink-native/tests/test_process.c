/* Two processes: payload that is read in place, frames that are reused only after release, and a peer that is killed in the middle. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "support.h"
#include "transfer.h"

enum { CAPACITY = 64, TRANSFERS = 100000 };

static nexlink_link *call(const char *name, nexlink_arena **arena)
{
    nexlink_link *link = NULL;
    if (api->create_arena(FRAME_SIZE, FRAME_COUNT, arena) != NEXLINK_OK
        || api->connect(name, *arena, CAPACITY, PATIENCE_MS, &link) != NEXLINK_OK) {
        _exit(10);
    }
    return link;
}

static void read_all_and_exit(const char *name)
{
    nexlink_arena *arena;
    reader self = reader_over(call(name, &arena));
    while (self.taken < TRANSFERS) {
        if (!reader_take(&self)) {
            _exit(12);
        }
    }
    if (!reader_return(&self, self.taken - self.returned)) {
        _exit(13);
    }
    /* The last word tells the writer that all was well; it closes the link when it has heard it. */
    nexlink_descriptor done = {.head_length = sizeof self.taken};
    memcpy(done.head, &self.taken, sizeof self.taken);
    if (api->send(self.link, &done, 1) != 1) {
        _exit(14);
    }
    while (api->wait(self.link, PATIENCE_NS) >= 0) {
        (void)api->receive(self.link, &done, 1);
    }
    api->close_link(self.link);
    api->destroy_arena(arena);
    _exit(api->last_error() == NULL ? 15 : 0);
}

static void payload_crosses_unharmed(void)
{
    const size_t descriptors = open_descriptors();
    const size_t files = shared_memory_left();
    nexlink_arena *arena;
    nexlink_listener *listener;
    nexlink_link *link;
    const char *name = unique_name("transfer");
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        api->close_listener(listener);
        api->destroy_arena(arena);
        read_all_and_exit(name);
    }
    CHECK_EQUAL(accept_patiently(listener, arena, CAPACITY, &link), NEXLINK_OK);
    nexlink_link_info info;
    CHECK_EQUAL(api->link_info(link, &info), NEXLINK_OK);
    CHECK_EQUAL(info.peer_pid, child);
    CHECK_EQUAL(info.peer_frame_count, FRAME_COUNT);

    writer self = writer_over(arena, link);
    CHECK_EQUAL(writer_run(&self, TRANSFERS), NEXLINK_OK);
    nexlink_descriptor done;
    int32_t heard = 0;
    while (heard == 0) {
        CHECK(api->wait(link, PATIENCE_NS) > 0);
        (void)writer_refill(&self);
        heard = api->receive(link, &done, 1);
    }
    CHECK_EQUAL(heard, 1);
    uint64_t read;
    memcpy(&read, done.head, sizeof read);
    CHECK_EQUAL(read, TRANSFERS);
    /* It had given everything back before its last word: nothing is left to sweep up. */
    while (writer_refill(&self) > 0) {
    }
    CHECK_EQUAL(self.free_count, FRAME_COUNT);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_ALIVE);
    api->close_link(link);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    api->close_listener(listener);
    api->destroy_arena(arena);
    CHECK_EQUAL(open_descriptors(), descriptors);
    CHECK_EQUAL(shared_memory_left(), files);
}

/* The child reads for ever; it is killed while frames are on their way, in its hands, and in its release ring. */
static void read_for_ever(const char *name)
{
    nexlink_arena *arena;
    reader self = reader_over(call(name, &arena));
    nexlink_arena_info own;
    (void)api->arena_info(arena, &own);
    payload_fill(own.memory, FRAME_SIZE, 4711);
    nexlink_descriptor greeting = one_slice(0, 0, FRAME_SIZE);
    if (api->send(self.link, &greeting, 1) != 1) {
        _exit(12);
    }
    while (reader_take(&self)) {
    }
    _exit(13);
}

static void killed_peer_is_noticed_and_leaves_nothing_behind(void)
{
    const size_t descriptors = open_descriptors();
    const size_t files = shared_memory_left();
    nexlink_arena *arena;
    nexlink_listener *listener;
    nexlink_link *link;
    const char *name = unique_name("kill");
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        api->close_listener(listener);
        read_for_ever(name);
    }
    CHECK_EQUAL(accept_patiently(listener, arena, CAPACITY, &link), NEXLINK_OK);
    writer self = writer_over(arena, link);
    CHECK(api->wait(link, PATIENCE_NS) > 0);
    nexlink_descriptor greeting;
    CHECK_EQUAL(api->receive(link, &greeting, 1), 1);
    CHECK_EQUAL(writer_run(&self, 10000), NEXLINK_OK);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_ALIVE);
    CHECK_EQUAL(kill(child, SIGKILL), 0);

    /* Go on as if nothing had happened: the link itself says when it is over. The reader keeps frames, so the writer must come to a wait. */
    CHECK_EQUAL(writer_run(&self, UINT64_MAX), NEXLINK_EPEER);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_DEAD); /* though the child is not yet reaped */
    const uint64_t sent = self.sent;
    nexlink_descriptor late = one_slice(0, 0, 1);
    CHECK_EQUAL(api->send(link, &late, 1), NEXLINK_EPEER);
    CHECK(self.free_count < FRAME_COUNT);
    while (writer_refill(&self) > 0) {
    }
    CHECK_EQUAL(self.free_count, FRAME_COUNT);
    CHECK_EQUAL(self.sent, sent);

    /* What the dead wrote stays readable until the link is closed. */
    nexlink_link_info info;
    CHECK_EQUAL(api->link_info(link, &info), NEXLINK_OK);
    CHECK(payload_matches(info.peer_memory, FRAME_SIZE, 4711));
    CHECK_EQUAL(api->receive(link, &greeting, 1), NEXLINK_EPEER);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    CHECK(payload_matches(info.peer_memory, FRAME_SIZE, 4711));
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_DEAD);
    api->close_link(link);
    api->close_listener(listener);
    api->destroy_arena(arena);
    CHECK_EQUAL(open_descriptors(), descriptors);
    CHECK_EQUAL(shared_memory_left(), files);
}

/* Calls, leaves a child of its own behind that has all its descriptors, and is killed. */
static void leave_an_heir(const char *name, int until)
{
    nexlink_arena *arena;
    (void)call(name, &arena);
    const pid_t heir = fork();
    if (heir == 0) {
        char byte;
        _exit(read(until, &byte, 1) == 0 ? 0 : 1); /* until the test has closed its end */
    }
    (void)raise(SIGKILL);
}

static void death_shows_by_the_process_and_not_by_its_socket(void)
{
    int until[2];
    nexlink_arena *arena;
    nexlink_listener *listener;
    nexlink_link *link;
    const char *name = unique_name("heir");
    CHECK_EQUAL(pipe(until), 0);
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)close(until[1]);
        api->close_listener(listener);
        leave_an_heir(name, until[0]);
    }
    CHECK_EQUAL(accept_patiently(listener, arena, CAPACITY, &link), NEXLINK_OK);
    /* Asleep when it happens, and no call but the process handle to tell. */
    CHECK_EQUAL(api->wait(link, PATIENCE_NS), NEXLINK_EPEER);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_DEAD);
    CHECK_EQUAL(waitpid(child, NULL, 0), child);
    api->close_link(link);
    api->close_listener(listener);
    api->destroy_arena(arena);
    (void)close(until[0]);
    (void)close(until[1]);
}

static void peer_state_sees_a_kill_by_itself(void)
{
    nexlink_arena *arena;
    nexlink_listener *listener;
    nexlink_link *link;
    const char *name = unique_name("state");
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        nexlink_arena *own;
        (void)call(name, &own);
        for (;;) {
            (void)pause();
        }
    }
    CHECK_EQUAL(accept_patiently(listener, arena, CAPACITY, &link), NEXLINK_OK);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_ALIVE);
    CHECK_EQUAL(kill(child, SIGKILL), 0);
    CHECK_EQUAL(waitpid(child, NULL, 0), child);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_DEAD);
    api->close_link(link);
    api->close_listener(listener);
    api->destroy_arena(arena);
}

static void name_of_a_killed_listener_is_free_at_once(void)
{
    int ready[2];
    const char *name = unique_name("name");
    CHECK_EQUAL(pipe(ready), 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        nexlink_listener *listener;
        char result = api->listen(name, &listener) == NEXLINK_OK ? 'y' : 'n';
        if (write(ready[1], &result, 1) != 1) {
            _exit(1);
        }
        for (;;) {
            (void)pause();
        }
    }
    char result = 0;
    CHECK_EQUAL(read(ready[0], &result, 1), 1);
    CHECK_EQUAL(result, 'y');
    nexlink_listener *listener;
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_EINUSE);
    CHECK_EQUAL(kill(child, SIGKILL), 0);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(api->listen(name, &listener), NEXLINK_OK);
    api->close_listener(listener);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void caller_learns_that_the_listener_was_killed(void)
{
    int ready[2];
    const char *name = unique_name("mute");
    CHECK_EQUAL(pipe(ready), 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        nexlink_listener *listener;
        (void)api->listen(name, &listener);
        if (write(ready[1], "y", 1) != 1) {
            _exit(1);
        }
        (void)usleep(50000); /* long enough for the caller to be waiting; the outcome is the same if it is not */
        (void)raise(SIGKILL);
    }
    char result = 0;
    CHECK_EQUAL(read(ready[0], &result, 1), 1);
    nexlink_arena *arena;
    nexlink_link *link;
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    const int32_t outcome = api->connect(name, arena, CAPACITY, PATIENCE_MS, &link);
    CHECK(outcome == NEXLINK_EPEER || outcome == NEXLINK_ENOTFOUND);
    CHECK(link == NULL);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    api->destroy_arena(arena);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

int main(void)
{
    RUN(payload_crosses_unharmed);
    RUN(killed_peer_is_noticed_and_leaves_nothing_behind);
    RUN(death_shows_by_the_process_and_not_by_its_socket);
    RUN(peer_state_sees_a_kill_by_itself);
    RUN(name_of_a_killed_listener_is_free_at_once);
    RUN(caller_learns_that_the_listener_was_killed);
    FINISH();
}

/* Two processes: payload that is read in place, frames that are reused only after release, and a peer that is killed in the middle. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "support.h"

enum {
    FRAME_SIZE = 1024,
    FRAME_COUNT = 128,
    CAPACITY = 64,
    BURST = 16,
    HELD_MAX = 48, /* frames that the reader keeps before it gives the oldest back */
    TRANSFERS = 100000,
};

typedef struct held {
    uint64_t number;
    nexlink_slice slice;
} held;

/* The reader: checks every payload when it comes and again right before giving it back: a frame that was reused too early differs. */
typedef struct reader {
    nexlink_link *link;
    const uint8_t *memory;
    held held[HELD_MAX];
    uint64_t taken;
    uint64_t returned;
} reader;

static bool still_matches(const reader *self, const held *item)
{
    return payload_matches(self->memory + (size_t)item->slice.frame * FRAME_SIZE + item->slice.offset, item->slice.length, item->number);
}

static bool give_back(reader *self, uint64_t count)
{
    for (; count > 0; count--) {
        const held *oldest = &self->held[self->returned % HELD_MAX];
        const nexlink_release release = {.frame = oldest->slice.frame, .holds = 1};
        if (!still_matches(self, oldest) || api->release(self->link, &release, 1) != 1) {
            return false;
        }
        self->returned++;
    }
    return true;
}

static bool take_burst(reader *self)
{
    nexlink_descriptor burst[BURST];
    const int32_t count = api->receive(self->link, burst, BURST);
    if (count == 0) {
        return api->wait(self->link, PATIENCE_NS) > 0;
    }
    for (int32_t i = 0; i < count; i++) {
        if (self->taken - self->returned == HELD_MAX && !give_back(self, HELD_MAX / 3)) {
            return false;
        }
        held *item = &self->held[self->taken % HELD_MAX];
        item->slice = burst[i].slices[0];
        memcpy(&item->number, burst[i].head, sizeof item->number);
        if (item->number != self->taken || !still_matches(self, item)) {
            return false;
        }
        self->taken++;
    }
    return count > 0;
}

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
    reader self = {.link = call(name, &arena)};
    nexlink_link_info info;
    if (api->link_info(self.link, &info) != NEXLINK_OK) {
        _exit(11);
    }
    self.memory = info.peer_memory;
    while (self.taken < TRANSFERS) {
        if (!take_burst(&self)) {
            _exit(12);
        }
    }
    if (!give_back(&self, self.taken - self.returned)) {
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

/* The writer: a stack of free frames, refilled by reclaim. */
typedef struct writer {
    nexlink_link *link;
    uint8_t *memory;
    uint32_t free_frames[FRAME_COUNT];
    uint32_t free_count;
    uint64_t sent;
} writer;

static int32_t refill(writer *self)
{
    nexlink_release releases[BURST];
    const int32_t count = api->reclaim(self->link, releases, BURST);
    for (int32_t i = 0; i < count; i++) {
        self->free_frames[self->free_count++] = releases[i].frame; /* one slice a frame: one hold frees it */
    }
    return count;
}

static int32_t write_burst(writer *self, uint64_t until)
{
    nexlink_descriptor burst[BURST];
    uint32_t count = 0;
    for (; count < BURST && count < self->free_count && self->sent + count < until; count++) {
        const uint64_t number = self->sent + count;
        const uint32_t frame = self->free_frames[self->free_count - 1 - count];
        const uint32_t length = PAYLOAD_SIZE_MIN + (uint32_t)(number % 113);
        const uint32_t offset = (uint32_t)(number % 7) * 64;
        payload_fill(self->memory + (size_t)frame * FRAME_SIZE + offset, length, number);
        burst[count] = one_slice(frame, offset, length);
        burst[count].head_length = sizeof number;
        memcpy(burst[count].head, &number, sizeof number);
    }
    const int32_t sent = count == 0 ? 0 : api->send(self->link, burst, count);
    if (sent > 0) {
        self->sent += (uint64_t)sent;
        self->free_count -= (uint32_t)sent;
    }
    return sent;
}

/* Sends until `until` frames went out in all, or the link says no. */
static int32_t write_until(writer *self, uint64_t until)
{
    while (self->sent < until) {
        const int32_t reclaimed = refill(self);
        const int32_t sent = write_burst(self, until);
        if (sent < 0) {
            return sent;
        }
        if (sent == 0 && reclaimed == 0) {
            const int32_t waited = api->wait(self->link, PATIENCE_NS);
            if (waited <= 0) {
                return waited < 0 ? waited : NEXLINK_EAGAIN;
            }
        }
    }
    return NEXLINK_OK;
}

static writer writer_over(nexlink_arena *arena, nexlink_link *link)
{
    nexlink_arena_info info;
    (void)api->arena_info(arena, &info);
    writer self = {.link = link, .memory = info.memory, .free_count = FRAME_COUNT};
    for (uint32_t i = 0; i < FRAME_COUNT; i++) {
        self.free_frames[i] = i;
    }
    return self;
}

static void payload_crosses_unharmed(void)
{
    const size_t descriptors = open_descriptors();
    const size_t files = shared_memory_files();
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
    CHECK_EQUAL(write_until(&self, TRANSFERS), NEXLINK_OK);
    nexlink_descriptor done;
    int32_t heard = 0;
    while (heard == 0) {
        CHECK(api->wait(link, PATIENCE_NS) > 0);
        (void)refill(&self);
        heard = api->receive(link, &done, 1);
    }
    CHECK_EQUAL(heard, 1);
    uint64_t read;
    memcpy(&read, done.head, sizeof read);
    CHECK_EQUAL(read, TRANSFERS);
    /* It had given everything back before its last word: nothing is left to sweep up. */
    while (refill(&self) > 0) {
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
    CHECK_EQUAL(shared_memory_files(), files);
}

/* The child reads for ever; it is killed while frames are on their way, in its hands, and in its release ring. */
static void read_for_ever(const char *name)
{
    nexlink_arena *arena;
    reader self = {.link = call(name, &arena)};
    nexlink_link_info info;
    if (api->link_info(self.link, &info) != NEXLINK_OK) {
        _exit(11);
    }
    self.memory = info.peer_memory;
    nexlink_arena_info own;
    (void)api->arena_info(arena, &own);
    payload_fill(own.memory, FRAME_SIZE, 4711);
    nexlink_descriptor greeting = one_slice(0, 0, FRAME_SIZE);
    if (api->send(self.link, &greeting, 1) != 1) {
        _exit(12);
    }
    while (take_burst(&self)) {
    }
    _exit(13);
}

static void killed_peer_is_noticed_and_leaves_nothing_behind(void)
{
    const size_t descriptors = open_descriptors();
    const size_t files = shared_memory_files();
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
    CHECK_EQUAL(write_until(&self, 10000), NEXLINK_OK);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_ALIVE);
    CHECK_EQUAL(kill(child, SIGKILL), 0);

    /* Go on as if nothing had happened: the link itself says when it is over. The reader keeps frames, so the writer must come to a wait. */
    CHECK_EQUAL(write_until(&self, UINT64_MAX), NEXLINK_EPEER);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_DEAD); /* though the child is not yet reaped */
    const uint64_t sent = self.sent;
    nexlink_descriptor late = one_slice(0, 0, 1);
    CHECK_EQUAL(api->send(link, &late, 1), NEXLINK_EPEER);
    CHECK(self.free_count < FRAME_COUNT);
    while (refill(&self) > 0) {
    }
    CHECK_EQUAL(self.free_count, FRAME_COUNT);
    CHECK_EQUAL(self.sent, sent);

    /* What the dead wrote stays readable until the link is closed. */
    nexlink_descriptor greeting;
    nexlink_link_info info;
    CHECK_EQUAL(api->link_info(link, &info), NEXLINK_OK);
    CHECK_EQUAL(api->receive(link, &greeting, 1), 1);
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
    CHECK_EQUAL(shared_memory_files(), files);
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
    RUN(name_of_a_killed_listener_is_free_at_once);
    RUN(caller_learns_that_the_listener_was_killed);
    FINISH();
}

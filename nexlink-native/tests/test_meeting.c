/* How two ends find each other, and that nobody keeps a listener from the others. */
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "link.h"
#include "shm_link.h"
#include "support.h"
#include "visitor.h"

static void names_follow_the_rules(void)
{
    static const char *const bad[] = {"", "a/b", "a b", "@x", "\xC3\xA4"};
    nexlink_listener *listener;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQUAL(api->listen(bad[i], &listener), NEXLINK_EINVAL);
        CHECK(listener == NULL);
    }
    CHECK_EQUAL(api->listen(NULL, &listener), NEXLINK_EINVAL);
    char longest[66] = "Az09._-";
    memset(longest + 7, 'x', 65 - 7);
    CHECK_EQUAL(api->listen(longest, &listener), NEXLINK_EINVAL);
    longest[64] = '\0';
    CHECK_EQUAL(api->listen(longest, &listener), NEXLINK_OK);
    api->close_listener(listener);
}

static void name_is_taken_until_its_listener_closes(void)
{
    host self;
    CHECK(host_open(&self));
    nexlink_listener *second;
    CHECK_EQUAL(api->listen(self.name, &second), NEXLINK_EINUSE);
    CHECK(second == NULL);
    api->close_listener(self.listener);
    CHECK_EQUAL(api->listen(self.name, &self.listener), NEXLINK_OK);
    CHECK(host_close(&self));
}

static void nobody_there_is_told_at_once(void)
{
    nexlink_arena *arena;
    nexlink_link *link;
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    const size_t before = open_descriptors();
    CHECK_EQUAL(api->connect(unique_name("nobody"), arena, CAPACITY, PATIENCE_MS, &link), NEXLINK_ENOTFOUND);
    CHECK(link == NULL);
    CHECK_EQUAL(open_descriptors(), before);
    api->destroy_arena(arena);
}

static void caller_gives_up_after_its_time(void)
{
    host self;
    CHECK(host_open(&self));
    nexlink_link *link;
    CHECK_EQUAL(api->connect(self.name, self.arena, CAPACITY, 0, &link), NEXLINK_EAGAIN);
    CHECK_EQUAL(api->connect(self.name, self.arena, CAPACITY, 5, &link), NEXLINK_EAGAIN);
    CHECK(link == NULL);
    /* Both left: there is nobody to accept, though their hellos still lie there. */
    CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_EAGAIN);
    CHECK(host_close(&self));
}

static void caller_gives_up_when_the_backlog_is_full(void)
{
    host self;
    CHECK(host_open(&self));
    nexlink_link *link;
    int32_t result;
    int calls = 0;
    do {
        result = api->connect(self.name, self.arena, CAPACITY, 0, &link); /* left connections stay in the backlog until they are accepted */
    } while (strstr(api->last_error(), "too many") == NULL && ++calls < 1000);
    CHECK(calls < 1000);
    CHECK_EQUAL(result, NEXLINK_EAGAIN);
    CHECK_EQUAL(api->connect(self.name, self.arena, CAPACITY, 5, &link), NEXLINK_EAGAIN);
    for (int i = 0; i < 10; i++) {
        CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_EAGAIN);
    }
    CHECK_EQUAL(api->connect(self.name, self.arena, CAPACITY, 0, &link), NEXLINK_EAGAIN);
    CHECK(strstr(api->last_error(), "too many") == NULL);
    CHECK(host_close(&self));
}

static void accept_does_not_wait_for_anybody(void)
{
    host self;
    CHECK(host_open(&self));
    nexlink_link *link;
    CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_EAGAIN);
    const int silent = knock(self.name);
    CHECK(silent >= 0);
    CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_EAGAIN);
    (void)close(silent);
    CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_EAGAIN);
    CHECK(host_close(&self));
}

static void silent_client_is_dropped_in_the_end(void)
{
    host self;
    CHECK(host_open(&self));
    nexlink_link *link;
    const int silent = knock(self.name);
    CHECK(silent >= 0);
    const uint64_t deadline = nx_now_ns() + PATIENCE_NS;
    char byte;
    ssize_t heard = -1;
    while (heard < 0 && nx_now_ns() < deadline) {
        CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_EAGAIN);
        heard = recv(silent, &byte, 1, MSG_DONTWAIT);
    }
    CHECK_EQUAL(heard, 0); /* the listener hung up */
    (void)close(silent);
    CHECK(host_close(&self));
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
    self->result = api->connect(self->name, self->arena, CAPACITY, PATIENCE_MS, &self->link);
    return NULL;
}

static void silent_clients_do_not_keep_others_out(void)
{
    host self;
    CHECK(host_open(&self));
    int silent[40]; /* more than a listener listens to at a time */
    for (int i = 0; i < 40; i++) {
        silent[i] = knock(self.name);
        CHECK(silent[i] >= 0);
    }
    calling caller = {.name = self.name, .arena = self.arena};
    nexlink_link *link;
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, call, &caller), 0);
    const int32_t accepted = accept_patiently(self.listener, self.arena, CAPACITY, &link);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(accepted, NEXLINK_OK);
    CHECK_EQUAL(caller.result, NEXLINK_OK);
    nexlink_link_info info;
    CHECK_EQUAL(api->link_info(link, &info), NEXLINK_OK);
    CHECK_EQUAL(info.peer_pid, getpid());
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_ALIVE);
    api->close_link(caller.link);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_DEAD);
    api->close_link(link);
    for (int i = 0; i < 40; i++) {
        (void)close(silent[i]);
    }
    CHECK(host_close(&self));
}

static void junk_on_the_doorbell_does_no_harm(void)
{
    host self;
    CHECK(host_open(&self));
    nx_segment control;
    CHECK_EQUAL(nx_shm_make_control(self.arena, CAPACITY, &control), NEXLINK_OK);
    const int both[] = {self.arena->segment.descriptor, control.descriptor};
    const int caller = knock(self.name);
    nexlink_link *link;
    CHECK(say(caller, &good_hello, sizeof good_hello, both, 2));
    CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_OK);
    const size_t before = open_descriptors();
    for (int i = 0; i < 100; i++) {
        CHECK(say(caller, "three", 5, both, 2)); /* descriptors as well, which must not pile up in our table */
    }
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(api->wait(link, 1000000), 0);
    }
    CHECK_EQUAL(open_descriptors(), before);
    char left;
    CHECK(recv(link->ends.peer.socket, &left, 1, MSG_DONTWAIT) < 0); /* all taken: what stays would end every later sleep */
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_ALIVE);
    (void)close(caller);
    CHECK_EQUAL(api->wait(link, UINT64_MAX), NEXLINK_EPEER);
    CHECK_EQUAL(api->peer_state(link), NEXLINK_PEER_DEAD);
    api->close_link(link);
    nx_segment_destroy(&control);
    CHECK(host_close(&self));
}

int main(void)
{
    RUN(names_follow_the_rules);
    RUN(name_is_taken_until_its_listener_closes);
    RUN(nobody_there_is_told_at_once);
    RUN(caller_gives_up_after_its_time);
    RUN(caller_gives_up_when_the_backlog_is_full);
    RUN(accept_does_not_wait_for_anybody);
    RUN(silent_client_is_dropped_in_the_end);
    RUN(silent_clients_do_not_keep_others_out);
    RUN(junk_on_the_doorbell_does_no_harm);
    FINISH();
}

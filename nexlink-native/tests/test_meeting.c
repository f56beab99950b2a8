/* How two ends find each other, and what a listener and a caller do with those who do not keep to the rules. */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "hello.h"
#include "link.h"
#include "shm_link.h"
#include "shm_name.h"
#include "support.h"

enum { FRAME_SIZE = 4096, FRAME_COUNT = 4, CAPACITY = 8 };

/* A listener with its arena, and the descriptors that were open before. */
typedef struct host {
    const char *name;
    nexlink_listener *listener;
    nexlink_arena *arena;
    size_t open_before;
} host;

static bool host_open(host *self)
{
    self->open_before = open_descriptors();
    self->name = unique_name("meeting");
    return api->create_arena(FRAME_SIZE, FRAME_COUNT, &self->arena) == NEXLINK_OK && api->listen(self->name, &self->listener) == NEXLINK_OK;
}

/* Closes all, and tells whether everything that was opened meanwhile is closed. */
static bool host_close(const host *self)
{
    api->close_listener(self->listener);
    api->destroy_arena(self->arena);
    return open_descriptors() == self->open_before;
}

/* A client that does everything by hand. */
static int knock(const char *name)
{
    struct sockaddr_un address;
    socklen_t size;
    const int caller = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (nx_shm_address(name, &address, &size) != NEXLINK_OK || connect(caller, (const struct sockaddr *)&address, size) != 0) {
        (void)close(caller);
        return -1;
    }
    return caller;
}

static bool say(int socket, const void *bytes, size_t size, const int *descriptors, uint32_t count)
{
    struct iovec body = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } extra;
    memset(&extra, 0, sizeof extra);
    if (count != 0) {
        message.msg_control = extra.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(rights), descriptors, count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

static const nx_hello good_hello = {.magic = NX_HELLO_MAGIC, .version = NEXLINK_ABI_VERSION, .descriptors = NX_HELLO_DESCRIPTORS};

/* What one client's hello leads to, when the client hands over these two descriptors. */
static int32_t outcome_of(const host *self, const nx_hello *hello, size_t size, const int *descriptors, uint32_t count)
{
    nexlink_link *link = NULL;
    const int caller = knock(self->name);
    if (caller < 0 || !say(caller, hello, size, descriptors, count)) {
        return INT32_MIN;
    }
    const int32_t result = api->accept(self->listener, self->arena, CAPACITY, &link);
    if ((result == NEXLINK_OK) != (link != NULL)) {
        return INT32_MIN;
    }
    api->close_link(link);
    (void)close(caller);
    return result;
}

/* A segment made by hand: `seals`, and `size` bytes of which all or none are there. */
static int hand_made(size_t size, int seals, bool populated)
{
    const int descriptor = memfd_create("hand-made", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0 || ftruncate(descriptor, (off_t)size) != 0 || (populated && fallocate(descriptor, 0, 0, (off_t)size) != 0)
        || fcntl(descriptor, F_ADD_SEALS, seals) != 0) {
        return -1;
    }
    return descriptor;
}

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

static void hellos_that_are_none_are_refused(void)
{
    host self;
    CHECK(host_open(&self));
    nx_segment control;
    CHECK_EQUAL(nx_shm_make_control(self.arena, CAPACITY, &control), NEXLINK_OK);
    const int both[] = {self.arena->segment.descriptor, control.descriptor, control.descriptor, control.descriptor};
    nx_hello hello = good_hello;
    CHECK_EQUAL(outcome_of(&self, &hello, sizeof hello, both, 2), NEXLINK_OK); /* the hand-made client is right, when it wants to be */
    CHECK_EQUAL(outcome_of(&self, &hello, sizeof hello, both, 0), NEXLINK_EPEER);
    CHECK_EQUAL(outcome_of(&self, &hello, sizeof hello, both, 1), NEXLINK_EPEER);
    CHECK_EQUAL(outcome_of(&self, &hello, sizeof hello, both, 4), NEXLINK_EPEER);
    CHECK_EQUAL(outcome_of(&self, &hello, 7, both, 2), NEXLINK_EPEER);
    CHECK_EQUAL(outcome_of(&self, &hello, sizeof hello - 1, both, 2), NEXLINK_EPEER);
    hello.magic ^= 1;
    CHECK_EQUAL(outcome_of(&self, &hello, sizeof hello, both, 2), NEXLINK_EPEER);
    hello = good_hello;
    hello.descriptors = 3;
    CHECK_EQUAL(outcome_of(&self, &hello, sizeof hello, both, 2), NEXLINK_EPEER);
    nx_hello longer[2] = {good_hello, good_hello};
    CHECK_EQUAL(outcome_of(&self, longer, sizeof longer, both, 2), NEXLINK_EPEER);
    nx_segment_destroy(&control);
    CHECK(host_close(&self)); /* nor did any of the descriptors stay */
}

static void other_version_is_told_ours(void)
{
    host self;
    CHECK(host_open(&self));
    nexlink_link *link;
    const int caller = knock(self.name);
    const uint32_t other_version[] = {NX_HELLO_MAGIC, NEXLINK_ABI_VERSION + 1, 0, 0, 0, 0, 0, 0};
    CHECK(say(caller, other_version, sizeof other_version, NULL, 0));
    CHECK_EQUAL(api->accept(self.listener, self.arena, CAPACITY, &link), NEXLINK_EVERSION);
    nx_hello answer;
    CHECK_EQUAL(recv(caller, &answer, sizeof answer, 0), sizeof answer);
    CHECK_EQUAL(answer.version, NEXLINK_ABI_VERSION);
    CHECK_EQUAL(answer.descriptors, 0);
    (void)close(caller);
    CHECK(host_close(&self));
}

static void segments_that_could_change_under_us_are_refused(void)
{
    host self;
    CHECK(host_open(&self));
    nx_segment control;
    CHECK_EQUAL(nx_shm_make_control(self.arena, CAPACITY, &control), NEXLINK_OK);
    const size_t size = self.arena->segment.size;
    const int sealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;
    const struct {
        int descriptor;
        int32_t outcome;
    } arenas[] = {
        {hand_made(size, sealed, true), NEXLINK_OK},
        {hand_made(size, 0, true), NEXLINK_EPEER},
        {hand_made(size, sealed & ~F_SEAL_SHRINK, true), NEXLINK_EPEER},
        {hand_made(size, sealed & ~F_SEAL_GROW, true), NEXLINK_EPEER},
        {hand_made(size, sealed & ~F_SEAL_FUTURE_WRITE, true), NEXLINK_EPEER},
        {hand_made(size, sealed, false), NEXLINK_EPEER},
        {hand_made(size - FRAME_SIZE, sealed, true), NEXLINK_EPEER},
        {hand_made(size + FRAME_SIZE, sealed, true), NEXLINK_EPEER},
        {open("/dev/zero", O_RDONLY | O_CLOEXEC), NEXLINK_EPEER},
        {socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), NEXLINK_EPEER},
    };
    for (size_t i = 0; i < sizeof arenas / sizeof arenas[0]; i++) {
        CHECK(arenas[i].descriptor >= 0);
        const int descriptors[] = {arenas[i].descriptor, control.descriptor};
        CHECK_EQUAL(outcome_of(&self, &good_hello, sizeof good_hello, descriptors, 2), arenas[i].outcome);
        (void)close(arenas[i].descriptor);
    }
    const int tiny = hand_made(64, sealed, true);
    const int descriptors[] = {self.arena->segment.descriptor, tiny};
    CHECK_EQUAL(outcome_of(&self, &good_hello, sizeof good_hello, descriptors, 2), NEXLINK_EPEER);
    (void)close(tiny);
    nx_segment_destroy(&control);
    CHECK(host_close(&self));
}

/* Ways in which a control segment's header can be wrong. */
static void wrong_magic(nx_control *control) { control->magic++; }
static void wrong_version(nx_control *control) { control->version++; }
static void wrong_offset(nx_control *control) { control->rings_offset += 64; }
static void uneven_ring(nx_control *control) { control->geometry.ring_capacity = CAPACITY - 1; }
static void no_ring(nx_control *control) { control->geometry.ring_capacity = 0; }
static void larger_ring(nx_control *control) { control->geometry.ring_capacity = 2 * CAPACITY; }
static void enormous_ring(nx_control *control) { control->geometry.ring_capacity = UINT32_C(1) << 31; }
static void larger_release_ring(nx_control *control) { control->geometry.release_capacity *= 64; }
static void enormous_release_ring(nx_control *control) { control->geometry.release_capacity = UINT32_C(1) << 31; }
static void no_release_ring(nx_control *control) { control->geometry.release_capacity = 0; }
static void no_frames(nx_control *control) { control->geometry.frame_count = 0; }
static void uneven_frames(nx_control *control) { control->geometry.frame_size = FRAME_SIZE - 1; }
static void more_frames(nx_control *control) { control->geometry.frame_count *= 2; }
static void too_many_frames(nx_control *control) { control->geometry.frame_count = NEXLINK_FRAMES_MAX + 1; }

static void controls_that_contradict_themselves_are_refused(void)
{
    static const struct {
        void (*spoil)(nx_control *control);
        int32_t outcome;
    } ways[] = {
        {wrong_magic, NEXLINK_EPEER}, {wrong_version, NEXLINK_EVERSION}, {wrong_offset, NEXLINK_EPEER}, {uneven_ring, NEXLINK_EPEER},
        {no_ring, NEXLINK_EPEER}, {larger_ring, NEXLINK_EPEER}, {enormous_ring, NEXLINK_EPEER}, {larger_release_ring, NEXLINK_EPEER},
        {enormous_release_ring, NEXLINK_EPEER}, {no_release_ring, NEXLINK_EPEER}, {no_frames, NEXLINK_EPEER},
        {uneven_frames, NEXLINK_EPEER}, {more_frames, NEXLINK_EPEER}, {too_many_frames, NEXLINK_EPEER},
    };
    host self;
    CHECK(host_open(&self));
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        nx_segment control;
        CHECK_EQUAL(nx_shm_make_control(self.arena, CAPACITY, &control), NEXLINK_OK);
        ways[i].spoil(control.memory);
        const int descriptors[] = {self.arena->segment.descriptor, control.descriptor};
        CHECK_EQUAL(outcome_of(&self, &good_hello, sizeof good_hello, descriptors, 2), ways[i].outcome);
        nx_segment_destroy(&control);
    }
    CHECK(host_close(&self));
}

/* A listener that does everything by hand: answers one caller with these bytes, and hangs up. */
typedef struct impostor {
    int socket;
    const void *answer;
    size_t size;
} impostor;

static void *answer(void *argument)
{
    const impostor *self = argument;
    const int caller = accept4(self->socket, NULL, NULL, SOCK_CLOEXEC);
    nx_hello hello;
    (void)recv(caller, &hello, sizeof hello, 0);
    if (self->size != 0) {
        (void)say(caller, self->answer, self->size, NULL, 0);
    }
    (void)close(caller);
    return NULL;
}

static void caller_judges_the_listener_too(void)
{
    static const uint32_t other_version[] = {NX_HELLO_MAGIC, NEXLINK_ABI_VERSION + 7};
    static const struct {
        const void *answer;
        size_t size;
        int32_t outcome;
    } cases[] = {
        {NULL, 0, NEXLINK_EPEER},
        {"garbage, and more of it", 23, NEXLINK_EPEER},
        {&good_hello, sizeof good_hello, NEXLINK_EPEER}, /* without the descriptors */
        {other_version, sizeof other_version, NEXLINK_EVERSION},
    };
    nexlink_arena *arena;
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    const size_t before = open_descriptors();
    const char *name = unique_name("impostor");
    struct sockaddr_un address;
    socklen_t size;
    CHECK_EQUAL(nx_shm_address(name, &address, &size), NEXLINK_OK);
    impostor self = {.socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    CHECK_EQUAL(bind(self.socket, (const struct sockaddr *)&address, size), 0);
    CHECK_EQUAL(listen(self.socket, 4), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        self.answer = cases[i].answer;
        self.size = cases[i].size;
        pthread_t thread;
        nexlink_link *link;
        CHECK_EQUAL(pthread_create(&thread, NULL, answer, &self), 0);
        const int32_t outcome = api->connect(name, arena, CAPACITY, PATIENCE_MS, &link);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
        CHECK_EQUAL(outcome, cases[i].outcome);
        CHECK(link == NULL);
    }
    (void)close(self.socket);
    CHECK_EQUAL(open_descriptors(), before);
    api->destroy_arena(arena);
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
    RUN(hellos_that_are_none_are_refused);
    RUN(other_version_is_told_ours);
    RUN(segments_that_could_change_under_us_are_refused);
    RUN(controls_that_contradict_themselves_are_refused);
    RUN(caller_judges_the_listener_too);
    RUN(junk_on_the_doorbell_does_no_harm);
    FINISH();
}

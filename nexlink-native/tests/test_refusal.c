/* What a listener and a caller refuse: hellos, segments and control headers that do not keep to the rules. */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arena.h"
#include "control.h"
#include "harness.h"
#include "shm_link.h"
#include "shm_name.h"
#include "support.h"
#include "visitor.h"

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
    CHECK_EQUAL(outcome_of(&self, &hello, 4, both, 2), NEXLINK_EPEER);
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

static void shapes_that_fit_but_are_not_allowed_are_refused(void)
{
    host self;
    CHECK(host_open(&self));
    /* Each is as large as it says, so that nothing but the rule itself is in its way. */
    const nx_geometry good = nx_control_geometry(CAPACITY, FRAME_SIZE, FRAME_COUNT);
    nx_geometry shapes[6] = {good, good, good, good, good, good};
    shapes[1].ring_capacity = CAPACITY - 2;
    shapes[2].ring_capacity = 2 * NX_RING_CAPACITY_MAX;
    shapes[3].release_capacity = 12;
    shapes[4].release_capacity = 2 * nx_control_release_capacity(NX_RING_CAPACITY_MAX);
    shapes[5].frame_size = 32;
    shapes[5].frame_count = FRAME_COUNT * (FRAME_SIZE / 32);
    for (int i = 0; i < 6; i++) {
        nx_segment control;
        CHECK_EQUAL(nx_segment_create("shape", nx_control_size(&shapes[i]), &control), NEXLINK_OK);
        nx_control_initialize(control.memory, &shapes[i]);
        const int descriptors[] = {self.arena->segment.descriptor, control.descriptor};
        CHECK_EQUAL(outcome_of(&self, &good_hello, sizeof good_hello, descriptors, 2), i == 0 ? NEXLINK_OK : NEXLINK_EPEER);
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

int main(void)
{
    RUN(hellos_that_are_none_are_refused);
    RUN(other_version_is_told_ours);
    RUN(segments_that_could_change_under_us_are_refused);
    RUN(controls_that_contradict_themselves_are_refused);
    RUN(shapes_that_fit_but_are_not_allowed_are_refused);
    RUN(caller_judges_the_listener_too);
    FINISH();
}

/* Arenas, and that nobody but the owner can change one. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arena.h"
#include "harness.h"
#include "support.h"

enum { FRAME_SIZE = 4096, FRAME_COUNT = 4 };

static void frames_are_zeroed_and_writable(void)
{
    nexlink_arena *arena;
    nexlink_arena_info info;
    CHECK_EQUAL(api->create_arena(64, 3, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->arena_info(arena, &info), NEXLINK_OK);
    CHECK_EQUAL(info.frame_size, 64);
    CHECK_EQUAL(info.frame_count, 3);
    for (int i = 0; i < 64 * 3; i++) {
        CHECK_EQUAL(info.memory[i], 0);
        info.memory[i] = (uint8_t)i;
    }
    api->destroy_arena(arena);
}

static void impossible_shapes_are_refused(void)
{
    nexlink_arena *arena;
    CHECK_EQUAL(api->create_arena(0, 1, &arena), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_arena(100, 1, &arena), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_arena(64, 0, &arena), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_arena(64, NEXLINK_FRAMES_MAX + 1, &arena), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_arena((UINT32_C(1) << 30) + 64, 1, &arena), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_arena(64, 1, NULL), NEXLINK_EINVAL);
    CHECK(arena == NULL);
}

static void more_than_the_machine_has_is_refused(void)
{
    nexlink_arena *arena;
    CHECK_EQUAL(api->create_arena(UINT32_C(1) << 30, NEXLINK_FRAMES_MAX, &arena), NEXLINK_ENOMEM);
    CHECK(arena == NULL);
    CHECK(strstr(api->last_error(), "memory") != NULL);
}

static void shared_descriptor_gives_nobody_a_way_to_write(void)
{
    nexlink_arena *arena;
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    const int shared = arena->segment.descriptor;
    const size_t size = arena->segment.size;
    CHECK_EQUAL(fcntl(shared, F_GETFL) & O_ACCMODE, O_RDONLY);
    CHECK(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0) == MAP_FAILED);

    /* /proc gives the same user a writable descriptor back; the seals still hold. */
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", shared);
    const int reopened = open(path, O_RDWR | O_CLOEXEC);
    CHECK(reopened >= 0);
    CHECK(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, reopened, 0) == MAP_FAILED);
    CHECK(write(reopened, "x", 1) < 0);
    CHECK(ftruncate(reopened, 0) < 0);
    CHECK(ftruncate(reopened, (off_t)(2 * size)) < 0);
    CHECK(fallocate(reopened, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, FRAME_SIZE) < 0);
    CHECK(fcntl(reopened, F_ADD_SEALS, F_SEAL_WRITE) < 0);
    void *readable = mmap(NULL, size, PROT_READ, MAP_SHARED, reopened, 0);
    CHECK(readable != MAP_FAILED);
    CHECK(mprotect(readable, size, PROT_READ | PROT_WRITE) < 0);
    CHECK_EQUAL(munmap(readable, size), 0);
    CHECK_EQUAL(close(reopened), 0);
    api->destroy_arena(arena);
}

static void nothing_stays_open(void)
{
    const size_t before = open_descriptors();
    nexlink_arena *arena;
    CHECK_EQUAL(api->create_arena(FRAME_SIZE, FRAME_COUNT, &arena), NEXLINK_OK);
    CHECK_EQUAL(open_descriptors(), before + 1); /* only the one that peers get */
    api->destroy_arena(arena);
    CHECK_EQUAL(open_descriptors(), before);
    (void)api->create_arena(UINT32_C(1) << 30, NEXLINK_FRAMES_MAX, &arena);
    CHECK_EQUAL(open_descriptors(), before);
}

int main(void)
{
    /* Should the guard against enormous arenas ever break, it must not be this test that fills the machine's memory. */
    const struct rlimit limit = {.rlim_cur = 1u << 30, .rlim_max = 1u << 30};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
        return 2;
    }
    RUN(frames_are_zeroed_and_writable);
    RUN(impossible_shapes_are_refused);
    RUN(more_than_the_machine_has_is_refused);
    RUN(shared_descriptor_gives_nobody_a_way_to_write);
    RUN(nothing_stays_open);
    FINISH();
}

/* A link with both ends here: what every call promises. */
#include <string.h>

#include "harness.h"
#include "peer.h"
#include "support.h"

enum { FRAME_SIZE = 256, FRAME_COUNT = 32, CAPACITY = 8 };

static void arguments_out_of_range_are_refused(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_link *x = NULL;
    nexlink_link *y = NULL;
    CHECK_EQUAL(api->create_loop(loop.arena_a, NULL, CAPACITY, &x, &y), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_loop(loop.arena_a, loop.arena_b, 0, &x, &y), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_loop(loop.arena_a, loop.arena_b, 12, &x, &y), NEXLINK_EINVAL);
    CHECK_EQUAL(api->create_loop(loop.arena_a, loop.arena_b, 1u << 20, &x, &y), NEXLINK_EINVAL);
    CHECK(x == NULL && y == NULL);
    CHECK(strlen(api->last_error()) > 0);
    CHECK_EQUAL(api->send(NULL, NULL, 0), NEXLINK_EINVAL);
    CHECK_EQUAL(api->receive(loop.a, NULL, 1), NEXLINK_EINVAL);
    CHECK_EQUAL(api->release(loop.a, NULL, 1), NEXLINK_EINVAL);
    CHECK_EQUAL(api->reclaim(loop.a, NULL, 1), NEXLINK_EINVAL);
    CHECK_EQUAL(api->peer_state(NULL), NEXLINK_EINVAL);
    CHECK_EQUAL(api->wait(NULL, 0), NEXLINK_EINVAL);
    CHECK_EQUAL(api->link_info(loop.a, NULL), NEXLINK_EINVAL);
    api->close_link(NULL);
    api->destroy_arena(NULL);
    api->close_listener(NULL);
    loop_close(&loop);
}

static void info_tells_the_other_arena_and_a_unique_epoch(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_link_info a;
    nexlink_link_info b;
    nexlink_arena_info arena;
    CHECK_EQUAL(api->link_info(loop.a, &a), NEXLINK_OK);
    CHECK_EQUAL(api->link_info(loop.b, &b), NEXLINK_OK);
    CHECK_EQUAL(api->arena_info(loop.arena_b, &arena), NEXLINK_OK);
    CHECK(a.peer_memory == arena.memory);
    CHECK_EQUAL(a.peer_frame_size, FRAME_SIZE);
    CHECK_EQUAL(a.peer_frame_count, FRAME_COUNT);
    CHECK_EQUAL(a.peer_pid, 0);
    CHECK(a.epoch != 0 && b.epoch != 0 && a.epoch != b.epoch);
    loop_close(&loop);
}

static void descriptor_arrives_as_it_was_sent(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_arena_info arena;
    nexlink_link_info info;
    CHECK_EQUAL(api->arena_info(loop.arena_a, &arena), NEXLINK_OK);
    CHECK_EQUAL(api->link_info(loop.b, &info), NEXLINK_OK);
    payload_fill(arena.memory + 5 * FRAME_SIZE, 200, 77);

    nexlink_descriptor sent = one_slice(5, 0, 200);
    sent.slices[1] = (nexlink_slice){.frame = FRAME_COUNT - 1, .offset = FRAME_SIZE, .length = 0};
    sent.slices[2] = (nexlink_slice){.frame = 999, .offset = 9, .length = 9}; /* beyond slice_count: nobody's concern */
    sent.slice_count = 2;
    sent.head_length = NEXLINK_HEAD_CAPACITY;
    for (unsigned i = 0; i < NEXLINK_HEAD_CAPACITY; i++) {
        sent.head[i] = (uint8_t)(i * 7);
    }
    for (unsigned i = 0; i < NEXLINK_HEADER_SIZE; i++) {
        sent.header[i] = (uint8_t)(200 + i);
    }
    CHECK_EQUAL(api->send(loop.a, &sent, 1), 1);

    nexlink_descriptor got;
    memset(&got, 0xAA, sizeof got);
    CHECK_EQUAL(api->receive(loop.b, &got, 1), 1);
    CHECK(memcmp(got.header, sent.header, sizeof got.header) == 0);
    CHECK(memcmp(got.head, sent.head, sizeof got.head) == 0);
    CHECK(memcmp(got.slices, sent.slices, 2 * sizeof(nexlink_slice)) == 0);
    CHECK_EQUAL(got.slices[2].frame, 0);
    CHECK_EQUAL(got.slice_count, 2);
    CHECK_EQUAL(got.head_length, NEXLINK_HEAD_CAPACITY);
    CHECK_EQUAL(got.epoch, info.epoch);
    CHECK(payload_matches(info.peer_memory + 5 * FRAME_SIZE, 200, 77));
    CHECK_EQUAL(api->receive(loop.b, &got, 1), 0);
    loop_close(&loop);
}

static void holds_come_back_when_they_are_released(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor descriptor = one_slice(3, 0, 10);
    descriptor.slices[1] = (nexlink_slice){.frame = 3, .offset = 10, .length = 10};
    descriptor.slices[2] = (nexlink_slice){.frame = 4, .offset = 0, .length = 10};
    descriptor.slice_count = 3;
    nexlink_release back[4];
    CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1);
    CHECK_EQUAL(api->reclaim(loop.a, back, 4), 0);
    CHECK_EQUAL(api->receive(loop.b, &descriptor, 1), 1);
    CHECK_EQUAL(api->reclaim(loop.a, back, 4), 0);
    const nexlink_release given[] = {{.frame = 3, .holds = 2}, {.frame = 4, .holds = 1}};
    CHECK_EQUAL(api->release(loop.b, given, 2), 2);
    CHECK_EQUAL(api->reclaim(loop.a, back, 4), 2);
    CHECK(memcmp(back, given, sizeof given) == 0);
    CHECK_EQUAL(api->reclaim(loop.a, back, 4), 0);
    loop_close(&loop);
}

static void release_of_what_is_not_held_changes_nothing(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor descriptor = one_slice(3, 0, 10);
    CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1);
    CHECK_EQUAL(api->receive(loop.b, &descriptor, 1), 1);
    const nexlink_release twice[] = {{.frame = 3, .holds = 1}, {.frame = 3, .holds = 1}};
    const nexlink_release outside = {.frame = FRAME_COUNT, .holds = 1};
    const nexlink_release none = {.frame = 3, .holds = 0};
    CHECK_EQUAL(api->release(loop.b, twice, 2), NEXLINK_EINVAL);
    CHECK_EQUAL(api->release(loop.b, &outside, 1), NEXLINK_EINVAL);
    CHECK_EQUAL(api->release(loop.b, &none, 1), NEXLINK_EINVAL);
    CHECK_EQUAL(reclaim_all(loop.a), 0);
    CHECK_EQUAL(api->release(loop.b, twice, 1), 1);
    CHECK_EQUAL(reclaim_all(loop.a), 1);
    CHECK_EQUAL(api->peer_state(loop.a), NEXLINK_PEER_ALIVE);
    loop_close(&loop);
}

static void send_takes_what_fits(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor batch[CAPACITY + 3];
    for (uint32_t i = 0; i < CAPACITY + 3; i++) {
        batch[i] = one_slice(i, 0, 1);
    }
    CHECK_EQUAL(api->send(loop.a, batch, CAPACITY + 3), CAPACITY);
    CHECK_EQUAL(api->send(loop.a, batch + CAPACITY, 3), 0);
    nexlink_descriptor got[CAPACITY];
    CHECK_EQUAL(api->receive(loop.b, got, 2), 2);
    CHECK_EQUAL(api->send(loop.a, batch + CAPACITY, 3), 2);
    CHECK_EQUAL(api->receive(loop.b, got, CAPACITY), CAPACITY - 2);
    CHECK_EQUAL(got[0].slices[0].frame, 2);
    CHECK_EQUAL(api->receive(loop.b, got, CAPACITY), 2);
    CHECK_EQUAL(got[1].slices[0].frame, CAPACITY + 1);
    loop_close(&loop);
}

static void send_refuses_what_is_out_of_range(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    const nexlink_descriptor good = one_slice(0, 0, FRAME_SIZE);
    nexlink_descriptor bad[6];
    bad[0] = one_slice(FRAME_COUNT, 0, 1);
    bad[1] = one_slice(0, 1, FRAME_SIZE);
    bad[2] = one_slice(0, UINT32_MAX, 1);
    bad[3] = one_slice(0, 1, UINT32_MAX);
    bad[4] = good;
    bad[4].slice_count = NEXLINK_SLICES_MAX + 1;
    bad[5] = good;
    bad[5].head_length = NEXLINK_HEAD_CAPACITY + 1;
    for (int i = 0; i < 6; i++) {
        CHECK_EQUAL(api->send(loop.a, &bad[i], 1), NEXLINK_EINVAL);
    }
    const nexlink_descriptor mixed[] = {good, bad[0]};
    CHECK_EQUAL(api->send(loop.a, mixed, 2), 1);
    CHECK_EQUAL(api->send(loop.a, mixed + 1, 1), NEXLINK_EINVAL);
    /* Nothing of the refused ones was counted. */
    api->close_link(loop.b);
    loop.b = NULL;
    CHECK_EQUAL(reclaim_all(loop.a), 1);
    loop_close(&loop);
}

static void releases_without_room_are_kept_and_added_up(void)
{
    /* A ring of one descriptor has a release ring of four. */
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, 1));
    nexlink_descriptor descriptor;
    uint64_t sent = 0;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t frame = 0; frame < FRAME_COUNT; frame++) {
            descriptor = one_slice(frame, 0, 1);
            CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1);
            CHECK_EQUAL(api->receive(loop.b, &descriptor, 1), 1);
            const nexlink_release release = {.frame = frame, .holds = 1};
            CHECK_EQUAL(api->release(loop.b, &release, 1), 1);
            sent++;
        }
    }
    /* The sender collects; any call of the receiver moves on what it kept. */
    nexlink_release back[64];
    uint64_t holds = 0;
    uint32_t entries = 0;
    for (int turn = 0; turn < 100 && holds < sent; turn++) {
        const int32_t count = api->reclaim(loop.a, back, 64);
        CHECK(count >= 0);
        for (int32_t i = 0; i < count; i++) {
            holds += back[i].holds;
            entries++;
        }
        CHECK_EQUAL(api->receive(loop.b, &descriptor, 1), 0);
    }
    CHECK_EQUAL(holds, sent);
    CHECK(entries <= 4 + FRAME_COUNT);
    CHECK_EQUAL(api->peer_state(loop.a), NEXLINK_PEER_ALIVE);
    loop_close(&loop);
}

static void closed_end_is_dead_and_leaves_all_holds(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor batch[CAPACITY];
    for (uint32_t i = 0; i < CAPACITY; i++) {
        batch[i] = one_slice(i % 3, 0, 1);
    }
    CHECK_EQUAL(api->send(loop.a, batch, CAPACITY), CAPACITY);
    CHECK_EQUAL(api->receive(loop.b, batch, 4), 4);
    const nexlink_release release = {.frame = 0, .holds = 1};
    CHECK_EQUAL(api->release(loop.b, &release, 1), 1);
    nexlink_descriptor last = one_slice(1, 0, 1);
    CHECK_EQUAL(api->send(loop.b, &last, 1), 1);
    CHECK_EQUAL(api->peer_state(loop.a), NEXLINK_PEER_ALIVE);
    api->close_link(loop.b);
    loop.b = NULL;
    CHECK_EQUAL(api->peer_state(loop.a), NEXLINK_PEER_DEAD);
    CHECK_EQUAL(api->send(loop.a, batch, 1), NEXLINK_EPEER);
    CHECK_EQUAL(reclaim_all(loop.a), CAPACITY);
    CHECK_EQUAL(reclaim_all(loop.a), 0);
    /* What it had sent before is still good, and so is its memory. */
    CHECK_EQUAL(api->receive(loop.a, batch, CAPACITY), 1);
    const nexlink_release taken = {.frame = 1, .holds = 1};
    CHECK_EQUAL(api->release(loop.a, &taken, 1), 1);
    CHECK_EQUAL(api->receive(loop.a, batch, CAPACITY), NEXLINK_EPEER);
    CHECK_EQUAL(api->wait(loop.a, 0), NEXLINK_EPEER);
    loop_close(&loop);
}

static void memory_of_the_other_arena_outlives_its_owner(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_arena_info arena;
    nexlink_link_info info;
    CHECK_EQUAL(api->arena_info(loop.arena_b, &arena), NEXLINK_OK);
    payload_fill(arena.memory, FRAME_SIZE, 5);
    CHECK_EQUAL(api->link_info(loop.a, &info), NEXLINK_OK);
    api->close_link(loop.b);
    loop.b = NULL;
    api->destroy_arena(loop.arena_b);
    loop.arena_b = NULL;
    CHECK(payload_matches(info.peer_memory, FRAME_SIZE, 5));
    loop_close(&loop);
}

static void wait_tells_what_is_there(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, 1));
    CHECK_EQUAL(api->wait(loop.b, 1000), 0);
    nexlink_descriptor descriptor = one_slice(0, 0, 1);
    CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1);
    CHECK(api->wait(loop.b, UINT64_MAX) > 0);
    /* A full ring alone is no reason; one that has refused a descriptor becomes one when it has room. */
    CHECK_EQUAL(api->wait(loop.a, 1000), 0);
    CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 0);
    CHECK_EQUAL(api->wait(loop.a, 1000), 0);
    nexlink_descriptor got;
    CHECK_EQUAL(api->receive(loop.b, &got, 1), 1);
    CHECK(api->wait(loop.a, UINT64_MAX) > 0);
    CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1);
    CHECK_EQUAL(api->wait(loop.a, 0), 0);
    const nexlink_release release = {.frame = 0, .holds = 1};
    CHECK_EQUAL(api->release(loop.b, &release, 1), 1);
    CHECK(api->wait(loop.a, UINT64_MAX) > 0);
    loop_close(&loop);
}

static void wake_ends_one_wait(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, 1));
    CHECK_EQUAL(api->wake(NULL), NEXLINK_EINVAL);
    CHECK_EQUAL(api->wake(loop.a), NEXLINK_OK);
    CHECK_EQUAL(api->wake(loop.a), NEXLINK_OK);
    CHECK_EQUAL(api->wait(loop.a, UINT64_MAX), 0); /* would never end */
    const uint64_t start = nx_now_ns();
    CHECK_EQUAL(api->wait(loop.a, 2000000), 0);
    CHECK(nx_now_ns() - start >= 2000000); /* both were for that one */
    loop_close(&loop);
}

static void nothing_stays_open(void)
{
    const size_t before = open_descriptors();
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    CHECK(open_descriptors() > before);
    loop_close(&loop);
    CHECK_EQUAL(open_descriptors(), before);
}

int main(void)
{
    RUN(arguments_out_of_range_are_refused);
    RUN(info_tells_the_other_arena_and_a_unique_epoch);
    RUN(descriptor_arrives_as_it_was_sent);
    RUN(holds_come_back_when_they_are_released);
    RUN(release_of_what_is_not_held_changes_nothing);
    RUN(send_takes_what_fits);
    RUN(send_refuses_what_is_out_of_range);
    RUN(releases_without_room_are_kept_and_added_up);
    RUN(closed_end_is_dead_and_leaves_all_holds);
    RUN(memory_of_the_other_arena_outlives_its_owner);
    RUN(wait_tells_what_is_there);
    RUN(wake_ends_one_wait);
    RUN(nothing_stays_open);
    FINISH();
}

/* A peer that writes what it likes into the memory that we read: end b of a loop is honest, and we write into its control behind its back. */
#include <string.h>

#include "harness.h"
#include "link.h"
#include "support.h"

enum { FRAME_SIZE = 256, FRAME_COUNT = 16, CAPACITY = 8 };

/* What end b shows to end a. */
static nx_control *shown_by_b(const loop_fixture *loop)
{
    return loop->b->ends.own;
}

/* Every call says that the peer is not to be trusted, and all holds come back. */
static void expect_bad(const loop_fixture *loop, uint64_t holds)
{
    nexlink_descriptor descriptor = one_slice(0, 0, 1);
    CHECK_EQUAL(api->send(loop->a, &descriptor, 1), NEXLINK_EPEER);
    CHECK_EQUAL(api->receive(loop->a, &descriptor, 1), NEXLINK_EPEER);
    CHECK_EQUAL(api->wait(loop->a, UINT64_MAX), NEXLINK_EPEER);
    CHECK_EQUAL(api->peer_state(loop->a), NEXLINK_PEER_DEAD);
    CHECK_EQUAL(reclaim_all(loop->a), holds);
    CHECK_EQUAL(reclaim_all(loop->a), 0);
}

static void forge_release(const loop_fixture *loop, nexlink_release release)
{
    nx_control *control = shown_by_b(loop);
    nx_control_releases(control, &control->geometry)[atomic_load(&control->released) % control->geometry.release_capacity] = release;
    atomic_fetch_add(&control->released, 1);
}

/* Ways in which a descriptor can be wrong. */
static void wrong_frame(nexlink_descriptor *slot) { slot->slices[0].frame = FRAME_COUNT; }
static void wrong_offset(nexlink_descriptor *slot) { slot->slices[0].offset = FRAME_SIZE + 1; }
static void wrong_length(nexlink_descriptor *slot) { slot->slices[0].length = FRAME_SIZE + 1; }
static void wrapping_length(nexlink_descriptor *slot) { slot->slices[0] = (nexlink_slice){.frame = 0, .offset = 16, .length = UINT32_MAX - 8}; }
static void wrong_slice_count(nexlink_descriptor *slot) { slot->slice_count = NEXLINK_SLICES_MAX + 1; }
static void enormous_slice_count(nexlink_descriptor *slot) { slot->slice_count = UINT16_MAX; }
static void wrong_head_length(nexlink_descriptor *slot) { slot->head_length = NEXLINK_HEAD_CAPACITY + 1; }
static void enormous_head_length(nexlink_descriptor *slot) { slot->head_length = UINT16_MAX; }
static void older_epoch(nexlink_descriptor *slot) { slot->epoch--; }

static void receive_hostile(void (*spoil)(nexlink_descriptor *slot))
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor ours = one_slice(1, 0, 1);
    CHECK_EQUAL(api->send(loop.a, &ours, 1), 1);
    nexlink_descriptor batch[3] = {one_slice(0, 0, 1), one_slice(1, 0, 1), one_slice(2, 0, 1)};
    CHECK_EQUAL(api->send(loop.b, batch, 3), 3);
    spoil(&nx_control_descriptors(shown_by_b(&loop))[1]);
    /* The one before it is good; neither it nor what follows is delivered. */
    CHECK_EQUAL(api->receive(loop.a, batch, 3), 1);
    CHECK_EQUAL(batch[0].slices[0].frame, 0);
    expect_bad(&loop, 1);
    /* The caller can still clean up behind itself. */
    const nexlink_release taken = {.frame = 0, .holds = 1};
    CHECK_EQUAL(api->release(loop.a, &taken, 1), 1);
    CHECK_EQUAL(api->release(loop.a, &taken, 1), NEXLINK_EINVAL);
    loop_close(&loop);
}

static void invalid_descriptors_are_never_delivered(void)
{
    static void (*const ways[])(nexlink_descriptor *slot) = {
        wrong_frame, wrong_offset, wrong_length, wrapping_length, wrong_slice_count, enormous_slice_count, wrong_head_length,
        enormous_head_length, older_epoch,
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        receive_hostile(ways[i]);
        if (harness_current_failed) {
            fprintf(stderr, "in case %zu\n", i);
            return;
        }
    }
}

static void nothing_is_written_beyond_a_descriptor(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor descriptor = one_slice(0, 0, 1);
    CHECK_EQUAL(api->send(loop.b, &descriptor, 1), 1);
    enormous_head_length(&nx_control_descriptors(shown_by_b(&loop))[0]);
    nexlink_descriptor guarded[2];
    memset(guarded, 0x5A, sizeof guarded);
    CHECK_EQUAL(api->receive(loop.a, guarded, 1), NEXLINK_EPEER);
    for (size_t i = 0; i < sizeof guarded[1]; i++) {
        CHECK_EQUAL(((const uint8_t *)&guarded[1])[i], 0x5A);
    }
    loop_close(&loop);
}

static void impossible_producer_positions_are_found_out(void)
{
    static const uint64_t positions[] = {CAPACITY + 4, UINT64_MAX, UINT64_C(1) << 32, 2};
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        loop_fixture loop;
        CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
        nexlink_descriptor batch[3] = {one_slice(0, 0, 1), one_slice(1, 0, 1), one_slice(2, 0, 1)};
        CHECK_EQUAL(api->send(loop.a, batch, 2), 2);
        CHECK_EQUAL(api->send(loop.b, batch, 3), 3);
        CHECK_EQUAL(api->receive(loop.a, batch, 3), 3);
        atomic_store(&shown_by_b(&loop)->sent, positions[i]);
        CHECK_EQUAL(api->receive(loop.a, batch, 1), NEXLINK_EPEER);
        expect_bad(&loop, 2);
        loop_close(&loop);
    }
}

static void peer_that_was_found_out_cannot_make_it_good(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor descriptor = one_slice(0, 0, 1);
    CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1);
    CHECK_EQUAL(api->send(loop.b, &descriptor, 1), 1);
    atomic_store(&shown_by_b(&loop)->sent, CAPACITY + 1);
    CHECK_EQUAL(api->receive(loop.a, &descriptor, 1), NEXLINK_EPEER);
    atomic_store(&shown_by_b(&loop)->sent, 1);
    expect_bad(&loop, 1);
    /* Nor are its releases listened to any more: the holds came back already. */
    forge_release(&loop, (nexlink_release){.frame = 0, .holds = 1});
    CHECK_EQUAL(reclaim_all(loop.a), 0);
    loop_close(&loop);
}

static void impossible_consumer_positions_are_found_out(void)
{
    static const uint64_t positions[] = {CAPACITY + 1, UINT64_MAX, 0};
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        loop_fixture loop;
        CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
        nexlink_descriptor batch[CAPACITY];
        for (uint32_t j = 0; j < CAPACITY; j++) {
            batch[j] = one_slice(j, 0, 1);
        }
        CHECK_EQUAL(api->send(loop.a, batch, 4), 4);
        CHECK_EQUAL(api->receive(loop.b, batch, 4), 4);
        CHECK_EQUAL(api->send(loop.a, batch, CAPACITY), CAPACITY);
        atomic_store(&shown_by_b(&loop)->received, positions[i] == CAPACITY + 1 ? 4 + CAPACITY + 1 : positions[i]);
        CHECK_EQUAL(api->send(loop.a, batch, 1), NEXLINK_EPEER);
        expect_bad(&loop, 4 + CAPACITY);
        loop_close(&loop);
    }
}

static void releases_of_what_is_not_held_are_found_out(void)
{
    static const nexlink_release forged[] = {
        {.frame = 1, .holds = 3}, {.frame = 1, .holds = UINT32_MAX}, {.frame = 1, .holds = 0},
        {.frame = 2, .holds = 1}, {.frame = FRAME_COUNT, .holds = 1}, {.frame = UINT32_MAX, .holds = 1},
    };
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        loop_fixture loop;
        CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
        nexlink_descriptor batch[3] = {one_slice(1, 0, 1), one_slice(1, 0, 1), one_slice(3, 0, 1)};
        CHECK_EQUAL(api->send(loop.a, batch, 3), 3);
        forge_release(&loop, (nexlink_release){.frame = 3, .holds = 1});
        forge_release(&loop, forged[i]);
        nexlink_release back[4];
        CHECK_EQUAL(api->reclaim(loop.a, back, 4), 1);
        CHECK_EQUAL(back[0].frame, 3);
        expect_bad(&loop, 2);
        loop_close(&loop);
    }
}

static void impossible_release_positions_are_found_out(void)
{
    static const uint64_t positions[] = {CAPACITY * NEXLINK_SLICES_MAX + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        loop_fixture loop;
        CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
        nexlink_descriptor descriptor = one_slice(1, 0, 1);
        CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1);
        atomic_store(&shown_by_b(&loop)->released, positions[i]);
        /* The link is bad at once, and so the hold comes back at once. */
        CHECK_EQUAL(reclaim_all(loop.a), 1);
        expect_bad(&loop, 0);
        loop_close(&loop);
    }
}

static void impossible_reclaim_positions_are_found_out(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, 1));
    nexlink_descriptor descriptor = one_slice(1, 0, 1);
    const nexlink_release release = {.frame = 1, .holds = 1};
    atomic_store(&shown_by_b(&loop)->reclaimed, 77);
    /* Release never fails, but it notices, as soon as it has to look for room. */
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(api->send(loop.b, &descriptor, 1), 1);
        CHECK_EQUAL(api->receive(loop.a, &descriptor, 1), 1);
        CHECK_EQUAL(api->release(loop.a, &release, 1), 1);
    }
    expect_bad(&loop, 0);
    loop_close(&loop);
}

static void peer_that_always_claims_to_sleep_costs_no_more_than_rings(void)
{
    loop_fixture loop;
    CHECK(loop_open(&loop, FRAME_SIZE, FRAME_COUNT, CAPACITY));
    nexlink_descriptor descriptor = {.head_length = 1};
    for (uint64_t i = 0; i < 100000; i++) {
        atomic_store(&shown_by_b(&loop)->waiting, (i + 1) << 2 | NX_WAITING_TRAFFIC | NX_WAITING_ROOM);
        CHECK_EQUAL(api->send(loop.a, &descriptor, 1), 1); /* the doorbell's buffer is long full: this must not block */
        CHECK_EQUAL(api->receive(loop.b, &descriptor, 1), 1);
    }
    CHECK_EQUAL(api->peer_state(loop.a), NEXLINK_PEER_ALIVE);
    loop_close(&loop);
}

int main(void)
{
    RUN(invalid_descriptors_are_never_delivered);
    RUN(nothing_is_written_beyond_a_descriptor);
    RUN(impossible_producer_positions_are_found_out);
    RUN(peer_that_was_found_out_cannot_make_it_good);
    RUN(impossible_consumer_positions_are_found_out);
    RUN(releases_of_what_is_not_held_are_found_out);
    RUN(impossible_release_positions_are_found_out);
    RUN(impossible_reclaim_positions_are_found_out);
    RUN(peer_that_always_claims_to_sleep_costs_no_more_than_rings);
    FINISH();
}

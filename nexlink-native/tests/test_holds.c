/* Counting holds, and keeping releases that found no room. */
#include <string.h>

#include "debts.h"
#include "harness.h"
#include "holds.h"

enum { FRAME_SIZE = 128, FRAME_COUNT = 8 };

static nexlink_descriptor slice_of(uint32_t frame, uint32_t offset, uint32_t length)
{
    nexlink_descriptor descriptor = {.slice_count = 1};
    descriptor.slices[0] = (nexlink_slice){.frame = frame, .offset = offset, .length = length};
    return descriptor;
}

static void slices_must_lie_inside_a_frame(void)
{
    static const struct {
        uint32_t frame, offset, length;
        bool valid;
    } cases[] = {
        {0, 0, FRAME_SIZE, true},
        {FRAME_COUNT - 1, FRAME_SIZE - 1, 1, true},
        {0, FRAME_SIZE, 0, true},
        {FRAME_COUNT, 0, 1, false},
        {UINT32_MAX, 0, 1, false},
        {0, FRAME_SIZE, 1, false},
        {0, FRAME_SIZE + 1, 0, false},
        {0, 0, FRAME_SIZE + 1, false},
        {0, UINT32_MAX, 2, false}, /* the sum wraps to 1 */
        {0, 2, UINT32_MAX, false},
    };
    nx_holds holds;
    CHECK_EQUAL(nx_holds_create(FRAME_COUNT, &holds), NEXLINK_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const nexlink_descriptor descriptor = slice_of(cases[i].frame, cases[i].offset, cases[i].length);
        CHECK_EQUAL(nx_holds_valid(&holds, FRAME_SIZE, &descriptor), cases[i].valid);
    }
    nx_holds_destroy(&holds);
}

static void every_slice_is_looked_at(void)
{
    nx_holds holds;
    CHECK_EQUAL(nx_holds_create(FRAME_COUNT, &holds), NEXLINK_OK);
    for (uint32_t bad = 0; bad < NEXLINK_SLICES_MAX; bad++) {
        nexlink_descriptor descriptor = {.slice_count = NEXLINK_SLICES_MAX};
        CHECK(nx_holds_valid(&holds, FRAME_SIZE, &descriptor));
        descriptor.slices[bad].frame = FRAME_COUNT;
        CHECK(!nx_holds_valid(&holds, FRAME_SIZE, &descriptor));
    }
    nx_holds_destroy(&holds);
}

static void counts_out_of_bounds_are_refused(void)
{
    nx_holds holds;
    CHECK_EQUAL(nx_holds_create(FRAME_COUNT, &holds), NEXLINK_OK);
    nexlink_descriptor descriptor = {.slice_count = NEXLINK_SLICES_MAX + 1};
    CHECK(!nx_holds_valid(&holds, FRAME_SIZE, &descriptor));
    descriptor = (nexlink_descriptor){.head_length = NEXLINK_HEAD_CAPACITY + 1};
    CHECK(!nx_holds_valid(&holds, FRAME_SIZE, &descriptor));
    descriptor.head_length = NEXLINK_HEAD_CAPACITY;
    CHECK(nx_holds_valid(&holds, FRAME_SIZE, &descriptor));
    nx_holds_destroy(&holds);
}

static void a_count_never_wraps(void)
{
    nx_holds holds;
    CHECK_EQUAL(nx_holds_create(FRAME_COUNT, &holds), NEXLINK_OK);
    nexlink_descriptor descriptor = {.slice_count = NEXLINK_SLICES_MAX};
    holds.counts[0] = UINT32_MAX - NEXLINK_SLICES_MAX;
    CHECK(nx_holds_valid(&holds, FRAME_SIZE, &descriptor));
    nx_holds_add(&holds, &descriptor);
    CHECK_EQUAL(holds.counts[0], UINT32_MAX);
    CHECK(!nx_holds_valid(&holds, FRAME_SIZE, &descriptor));
    nx_holds_destroy(&holds);
}

static void no_more_is_removed_than_is_there(void)
{
    nx_holds holds;
    CHECK_EQUAL(nx_holds_create(FRAME_COUNT, &holds), NEXLINK_OK);
    nexlink_descriptor descriptor = {.slice_count = 3};
    nx_holds_add(&holds, &descriptor);
    CHECK(!nx_holds_remove(&holds, (nexlink_release){.frame = 0, .holds = 4}));
    CHECK(!nx_holds_remove(&holds, (nexlink_release){.frame = 0, .holds = 0}));
    CHECK(!nx_holds_remove(&holds, (nexlink_release){.frame = FRAME_COUNT, .holds = 1}));
    CHECK(nx_holds_remove(&holds, (nexlink_release){.frame = 0, .holds = 2}));
    CHECK(!nx_holds_remove(&holds, (nexlink_release){.frame = 0, .holds = 2}));
    CHECK(nx_holds_remove(&holds, (nexlink_release){.frame = 0, .holds = 1}));
    nx_holds_destroy(&holds);
}

static void sweep_yields_each_hold_once(void)
{
    nx_holds holds;
    CHECK_EQUAL(nx_holds_create(FRAME_COUNT, &holds), NEXLINK_OK);
    for (uint32_t frame = 0; frame < FRAME_COUNT; frame += 2) {
        holds.counts[frame] = frame + 1;
    }
    nexlink_release releases[3];
    CHECK_EQUAL(nx_holds_sweep(&holds, releases, 3), 3);
    CHECK_EQUAL(releases[2].frame, 4);
    CHECK_EQUAL(releases[2].holds, 5);
    CHECK_EQUAL(nx_holds_sweep(&holds, releases, 3), 1);
    CHECK_EQUAL(releases[0].frame, 6);
    CHECK_EQUAL(nx_holds_sweep(&holds, releases, 3), 0);
    nx_holds_destroy(&holds);
}

static void debts_of_a_frame_add_up_and_come_out_oldest_first(void)
{
    nx_debts debts;
    CHECK_EQUAL(nx_debts_create(3, &debts), NEXLINK_OK);
    for (int round = 0; round < 5; round++) { /* the queue wraps */
        nx_debts_add(&debts, (nexlink_release){.frame = 2, .holds = 1});
        nx_debts_add(&debts, (nexlink_release){.frame = 0, .holds = 7});
        nx_debts_add(&debts, (nexlink_release){.frame = 2, .holds = 4});
        CHECK_EQUAL(debts.count, 2);
        nexlink_release oldest = nx_debts_take(&debts);
        CHECK_EQUAL(oldest.frame, 2);
        CHECK_EQUAL(oldest.holds, 5);
        oldest = nx_debts_take(&debts);
        CHECK_EQUAL(oldest.frame, 0);
        CHECK_EQUAL(oldest.holds, 7);
        CHECK_EQUAL(debts.count, 0);
    }
    nx_debts_destroy(&debts);
}

int main(void)
{
    RUN(slices_must_lie_inside_a_frame);
    RUN(every_slice_is_looked_at);
    RUN(counts_out_of_bounds_are_refused);
    RUN(a_count_never_wraps);
    RUN(no_more_is_removed_than_is_there);
    RUN(sweep_yields_each_hold_once);
    RUN(debts_of_a_frame_add_up_and_come_out_oldest_first);
    FINISH();
}

/*
 * ring.c - libFuzzer: a peer that writes what it likes into the memory that it shares with us, at any moment, between any two of our calls.
 *
 * Both controls and arenas of a loop are where the other end can write, so end b is the hostile one: the input is a program of its writes (descriptors, releases,
 * positions, flags, whole words anywhere in its control segment) and of our calls at end a. Whatever it does:
 *
 * - nothing outside of the segments is read or written: AddressSanitizer watches, and the controls of the loop lie in a mapping of their own;
 * - every descriptor that we are given lies inside of b's arena, and every release names what was lent;
 * - holds are conserved: what a lends comes back exactly once, also when the link was found bad;
 * - a link that was found bad stays so.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "nexlink.h"

enum { FRAME_SIZE = 256, FRAME_COUNT = 16, BURST = 8, STEPS_MAX = 256 };

typedef struct input {
    const uint8_t *next;
    size_t left;
} input;

typedef struct run {
    const nexlink_api *api;
    nexlink_link *a;
    nexlink_link *b;
    uint32_t lent[FRAME_COUNT];     /* our frames that the peer holds, as we count */
    uint32_t borrowed[FRAME_COUNT]; /* the peer's frames that we hold */
    int bad;
} run;

#define REQUIRE(condition)                                                                   \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);   \
            abort();                                                                         \
        }                                                                                    \
    } while (0)

static uint8_t take(input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->next++;
}

static uint32_t take_word(input *in)
{
    uint32_t word = 0;
    for (int i = 0; i < 4; i++) {
        word = word << 8 | take(in);
    }
    return word;
}

/* A number that is mostly small, and sometimes anything. */
static uint32_t take_number(input *in)
{
    const uint8_t kind = take(in);
    return kind < 224 ? kind % 24u : take_word(in);
}

static void hostile_descriptor(run *self, input *in)
{
    nx_control *control = self->b->ends.own;
    nexlink_descriptor *slots = nx_control_descriptors(control);
    nexlink_descriptor *slot = &slots[atomic_load(&control->sent) % self->b->ends.own_geometry.ring_capacity];
    slot->epoch = (take(in) & 7) != 7 ? self->b->ends.own_geometry.epoch : take_word(in);
    slot->head_length = take_number(in);
    slot->slice_count = take_number(in) % ((take(in) & 7) != 7 ? NEXLINK_SLICES_MAX + 1u : UINT32_MAX);
    for (uint32_t i = 0; i < NEXLINK_SLICES_MAX; i++) {
        slot->slices[i].frame = take_number(in);
        slot->slices[i].offset = take_number(in);
        slot->slices[i].length = take_number(in);
    }
    if ((take(in) & 3) != 3) {
        atomic_fetch_add(&control->sent, 1);
    }
}

static void hostile_release(run *self, input *in)
{
    nx_control *control = self->b->ends.own;
    nexlink_release *slots = nx_control_releases(control, &self->b->ends.own_geometry);
    slots[atomic_load(&control->released) % self->b->ends.own_geometry.release_capacity] =
        (nexlink_release){.frame = take_number(in), .holds = take_number(in)};
    atomic_fetch_add(&control->released, 1);
}

static void hostile_position(run *self, input *in)
{
    nx_control *control = self->b->ends.own;
    _Atomic uint64_t *const positions[] = {&control->sent, &control->released, &control->received, &control->reclaimed, &control->waiting};
    _Atomic uint64_t *position = positions[take(in) % 5u];
    const uint8_t kind = take(in);
    if (kind < 128) {
        atomic_fetch_add(position, kind % 12u);
    } else if (kind < 192) {
        atomic_fetch_sub(position, kind % 12u);
    } else {
        atomic_store(position, (uint64_t)take_word(in) << 32 | take_word(in));
    }
}

/* Any word of the segment: geometry, slots, what lies between them. */
static void hostile_word(run *self, input *in)
{
    const size_t size = nx_control_size(&self->b->ends.own_geometry);
    const size_t at = (size_t)take_word(in) % (size / sizeof(uint32_t));
    ((uint32_t *)self->b->ends.own)[at] = take_number(in);
}

static void note(run *self, int32_t result)
{
    if (result < 0) {
        REQUIRE(result == NEXLINK_EPEER || result == NEXLINK_EINVAL || result == NEXLINK_EAGAIN);
        self->bad |= result == NEXLINK_EPEER;
    }
}

static void receive(run *self, uint32_t count)
{
    nexlink_descriptor descriptors[BURST];
    const int32_t received = self->api->receive(self->a, descriptors, count);
    note(self, received);
    REQUIRE(received <= (int32_t)count);
    nexlink_link_info info;
    REQUIRE(self->api->link_info(self->a, &info) == NEXLINK_OK);
    for (int32_t i = 0; i < received; i++) {
        REQUIRE(descriptors[i].head_length <= NEXLINK_HEAD_CAPACITY && descriptors[i].slice_count <= NEXLINK_SLICES_MAX);
        for (uint32_t s = 0; s < descriptors[i].slice_count; s++) {
            const nexlink_slice slice = descriptors[i].slices[s];
            REQUIRE(slice.frame < FRAME_COUNT && slice.offset <= FRAME_SIZE && slice.length <= FRAME_SIZE - slice.offset);
            volatile uint8_t sum = 0;
            for (uint32_t at = 0; at < slice.length; at++) {
                sum = (uint8_t)(sum + info.peer_memory[(size_t)slice.frame * FRAME_SIZE + slice.offset + at]);
            }
            self->borrowed[slice.frame]++;
        }
    }
}

static void send(run *self, input *in)
{
    nexlink_descriptor descriptor = {.slice_count = take(in) % (NEXLINK_SLICES_MAX + 1u), .head_length = take(in) % (NEXLINK_HEAD_CAPACITY + 1u)};
    for (uint32_t i = 0; i < descriptor.slice_count; i++) {
        descriptor.slices[i] = (nexlink_slice){.frame = take(in) % FRAME_COUNT, .offset = 0, .length = FRAME_SIZE};
    }
    const int32_t sent = self->api->send(self->a, &descriptor, 1);
    note(self, sent);
    for (uint32_t i = 0; sent == 1 && i < descriptor.slice_count; i++) {
        self->lent[descriptor.slices[i].frame]++;
    }
}

static int32_t reclaim(run *self, uint32_t count)
{
    nexlink_release releases[BURST];
    const int32_t reclaimed = self->api->reclaim(self->a, releases, count);
    REQUIRE(reclaimed >= 0 && reclaimed <= (int32_t)count);
    for (int32_t i = 0; i < reclaimed; i++) {
        /* The peer may lie about which it gives back, not about how many it has. */
        REQUIRE(releases[i].frame < FRAME_COUNT && releases[i].holds > 0 && releases[i].holds <= self->lent[releases[i].frame]);
        self->lent[releases[i].frame] -= releases[i].holds;
    }
    return reclaimed;
}

static void release(run *self, input *in)
{
    const nexlink_release given = {.frame = take(in) % FRAME_COUNT, .holds = 1};
    const int32_t released = self->api->release(self->a, &given, 1);
    REQUIRE(released == (self->borrowed[given.frame] > 0 ? 1 : NEXLINK_EINVAL));
    self->borrowed[given.frame] -= released == 1;
}

static void step(run *self, input *in)
{
    switch (take(in) % 10u) {
    case 0:
    case 1:
        hostile_descriptor(self, in);
        break;
    case 2:
        hostile_release(self, in);
        break;
    case 3:
        hostile_position(self, in);
        break;
    case 4:
        hostile_word(self, in);
        break;
    case 5:
    case 6:
        receive(self, 1 + take(in) % BURST);
        break;
    case 7:
        send(self, in);
        break;
    case 8:
        (void)reclaim(self, 1 + take(in) % BURST);
        break;
    default:
        if ((take(in) & 1) != 0) {
            note(self, self->api->wait(self->a, 0));
        } else {
            release(self, in);
        }
        break;
    }
    if (self->bad) {
        REQUIRE(self->api->send(self->a, &(nexlink_descriptor){.head_length = 1}, 1) == NEXLINK_EPEER);
    }
}

static void finish(run *self)
{
    /* The peer goes: what it had comes back, all of it, and no more. */
    self->api->close_link(self->b);
    int32_t reclaimed = 1;
    for (int i = 0; reclaimed > 0; i++) {
        REQUIRE(i < 1 << 20);
        reclaimed = reclaim(self, BURST);
    }
    for (uint32_t frame = 0; frame < FRAME_COUNT; frame++) {
        REQUIRE(self->lent[frame] == 0);
    }
    self->api->close_link(self->a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {.next = data, .left = size};
    run self = {.api = nexlink_get_api(NEXLINK_ABI_VERSION)};
    const uint32_t capacity = 1u << (take(&in) % 5u);
    /* Made once: an arena carries nothing from one link to the next, and is most of the cost of making one. */
    static nexlink_arena *arenas[2];
    for (int i = 0; i < 2; i++) {
        REQUIRE(arenas[i] != NULL || self.api->create_arena(FRAME_SIZE, FRAME_COUNT, &arenas[i]) == NEXLINK_OK);
    }
    REQUIRE(self.api->create_loop(arenas[0], arenas[1], capacity, &self.a, &self.b) == NEXLINK_OK);
    for (int i = 0; i < STEPS_MAX && in.left > 0; i++) {
        step(&self, &in);
    }
    finish(&self);
    return 0;
}

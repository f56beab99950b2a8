#include "control.h"

#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "error.h"

_Static_assert(sizeof(nexlink_descriptor) == NEXLINK_DESCRIPTOR_SIZE, "a ring slot is one descriptor");
_Static_assert(sizeof(nexlink_release) == 8, "a release ring slot is one release");
_Static_assert(sizeof(size_t) == 8, "an arena of 2^24 frames needs 64-bit sizes");

static int is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

int nx_control_capacity_valid(uint32_t ring_capacity)
{
    return is_power_of_two(ring_capacity) && ring_capacity <= NX_RING_CAPACITY_MAX;
}

size_t nx_control_size(const nx_geometry *geometry)
{
    const size_t used = sizeof(nx_control) + (size_t)geometry->ring_capacity * sizeof(nexlink_descriptor)
        + (size_t)geometry->release_capacity * sizeof(nexlink_release);
    return (used + NX_LINE_SIZE - 1) / NX_LINE_SIZE * NX_LINE_SIZE; /* whole lines: what lies behind it in memory shares none */
}

uint32_t nx_control_next_epoch(void)
{
    static _Atomic uint32_t epochs = 0;
    uint32_t epoch = 0;
    while (epoch == 0) {
        epoch = atomic_fetch_add_explicit(&epochs, 1, memory_order_relaxed) + 1;
    }
    return epoch;
}

nx_geometry nx_control_geometry(uint32_t ring_capacity, uint32_t frame_size, uint32_t frame_count)
{
    return (nx_geometry){
        .ring_capacity = ring_capacity,
        .release_capacity = nx_control_release_capacity(ring_capacity),
        .frame_size = frame_size,
        .frame_count = frame_count,
        .epoch = nx_control_next_epoch(),
        .pid = (int32_t)getpid(),
    };
}

void nx_control_initialize(nx_control *control, const nx_geometry *geometry)
{
    control->magic = NX_CONTROL_MAGIC;
    control->version = NEXLINK_ABI_VERSION;
    control->rings_offset = (uint32_t)sizeof *control;
    control->geometry = *geometry;
}

int32_t nx_control_read(const nx_segment *segment, nx_geometry *geometry)
{
    /* The peer can still write while we look: what is checked is our copy, and the copy is what is used. */
    struct {
        uint64_t magic;
        uint32_t version;
        uint32_t rings_offset;
        nx_geometry geometry;
    } header;
    _Static_assert(offsetof(nx_control, geometry) == 16 && sizeof header == 40, "the header has no gaps");
    memcpy(&header, segment->memory, sizeof header);
    atomic_signal_fence(memory_order_seq_cst); /* the compiler must not read the segment a second time */

    if (header.magic != NX_CONTROL_MAGIC) {
        return nx_fail(NEXLINK_EPEER, "the peer's control segment is none");
    }
    if (header.version != NEXLINK_ABI_VERSION) {
        return nx_fail(NEXLINK_EVERSION, "the peer's control segment has another version");
    }
    *geometry = header.geometry;
    if (header.rings_offset != sizeof(nx_control) || !nx_control_capacity_valid(geometry->ring_capacity)
        || !is_power_of_two(geometry->release_capacity)
        || geometry->release_capacity > nx_control_release_capacity(NX_RING_CAPACITY_MAX)
        || nx_control_size(geometry) != segment->size) {
        return nx_fail(NEXLINK_EPEER, "the peer's rings have an impossible size");
    }
    if (!nx_arena_shape_valid(geometry->frame_size, geometry->frame_count)) {
        return nx_fail(NEXLINK_EPEER, "the peer's arena has an impossible shape");
    }
    return NEXLINK_OK;
}

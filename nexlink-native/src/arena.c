#include "arena.h"

#include <stdlib.h>

#include "error.h"

enum { FRAME_SIZE_UNIT = 64 };       /* a cache line: no two frames share one */
enum { FRAME_SIZE_LIMIT = 1 << 30 }; /* a peer says how large its frames are, and hosts count bytes with 31 bits */

bool nx_arena_shape_valid(uint32_t frame_size, uint32_t frame_count)
{
    return frame_size != 0 && frame_size <= FRAME_SIZE_LIMIT && frame_size % FRAME_SIZE_UNIT == 0 && frame_count != 0 && frame_count <= NEXLINK_FRAMES_MAX;
}

int32_t nx_arena_create(uint32_t frame_size, uint32_t frame_count, nexlink_arena **arena)
{
    if (arena == NULL) {
        return nx_fail(NEXLINK_EINVAL, "create_arena: no place for the arena");
    }
    *arena = NULL;
    if (!nx_arena_shape_valid(frame_size, frame_count)) {
        return nx_fail(NEXLINK_EINVAL, "create_arena: frames are a multiple of 64 bytes, at most 2^30, and 1 to 2^24 of them");
    }
    nexlink_arena *created = malloc(sizeof *created);
    if (created == NULL) {
        return nx_fail_system("create_arena");
    }
    const int32_t result = nx_segment_create("nexlink-arena", (size_t)frame_size * frame_count, &created->segment);
    if (result != NEXLINK_OK) {
        free(created);
        return result;
    }
    created->frame_size = frame_size;
    created->frame_count = frame_count;
    atomic_init(&created->references, 1);
    *arena = created;
    return NEXLINK_OK;
}

int32_t nx_arena_info(nexlink_arena *arena, nexlink_arena_info *info)
{
    if (arena == NULL || info == NULL) {
        return nx_fail(NEXLINK_EINVAL, "arena_info: no arena or no place for the answer");
    }
    *info = (nexlink_arena_info){.memory = arena->segment.memory, .frame_size = arena->frame_size, .frame_count = arena->frame_count};
    return NEXLINK_OK;
}

void nx_arena_retain(nexlink_arena *arena)
{
    (void)atomic_fetch_add_explicit(&arena->references, 1, memory_order_relaxed);
}

void nx_arena_release(nexlink_arena *arena)
{
    if (arena != NULL && atomic_fetch_sub_explicit(&arena->references, 1, memory_order_acq_rel) == 1) {
        nx_segment_destroy(&arena->segment);
        free(arena);
    }
}

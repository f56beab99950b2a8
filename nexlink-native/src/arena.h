/* arena.h - the frames of one endpoint, in one segment. */
#ifndef NX_ARENA_H
#define NX_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "nexlink.h"
#include "segment.h"

struct nexlink_arena {
    nx_segment segment;
    uint32_t frame_size;
    uint32_t frame_count;
    /* The owner's reference and one of each link that uses or reads the arena: a link never outlives the memory that it promised. */
    atomic_uint references;
};

/* Whether an arena may have this shape: the same rule for our own and for a peer's. */
bool nx_arena_shape_valid(uint32_t frame_size, uint32_t frame_count);

int32_t nx_arena_create(uint32_t frame_size, uint32_t frame_count, nexlink_arena **arena);
int32_t nx_arena_info(nexlink_arena *arena, nexlink_arena_info *info);
void nx_arena_retain(nexlink_arena *arena);
void nx_arena_release(nexlink_arena *arena);

#endif

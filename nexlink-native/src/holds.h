/*
 * holds.h - how many holds there are on each frame of an arena, in private memory. A link has two such tables: holds that the peer has on our
 * frames, which bound what it may release, and holds that we have on the peer's, which bound what our caller may release.
 */
#ifndef NX_HOLDS_H
#define NX_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

#include "nexlink.h"

typedef struct nx_holds {
    uint32_t *counts; /* by frame */
    uint32_t frame_count;
    uint32_t swept; /* frames below this one have been emptied by nx_holds_sweep */
} nx_holds;

int32_t nx_holds_create(uint32_t frame_count, nx_holds *holds);
void nx_holds_destroy(nx_holds *holds);

/* Whether each of a descriptor's slices lies inside the arena and leaves its frame countable, with the descriptor's counts in bounds. */
bool nx_holds_valid(const nx_holds *holds, uint32_t frame_size, const nexlink_descriptor *descriptor);

/* One hold for each slice of a descriptor that nx_holds_valid accepted. */
void nx_holds_add(nx_holds *holds, const nexlink_descriptor *descriptor);

/* Takes off a release; false and nothing taken: there are not that many holds, or no such frame. */
bool nx_holds_remove(nx_holds *holds, nexlink_release release);

/* Takes off all of them, or none: a caller's mistake leaves the holds as they were. */
bool nx_holds_remove_all(nx_holds *holds, const nexlink_release *releases, uint32_t count);

/* Takes all holds off up to `count` frames and says which; 0: there are none left. Only for a table to which nothing is added any more. */
uint32_t nx_holds_sweep(nx_holds *holds, nexlink_release *releases, uint32_t count);

#endif

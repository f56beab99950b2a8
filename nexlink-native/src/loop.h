/* loop.h - links with both ends in this process. */
#ifndef NX_LOOP_H
#define NX_LOOP_H

#include "link.h"
#include "nexlink.h"

int32_t nx_loop_create(nexlink_arena *a, nexlink_arena *b, uint32_t ring_capacity, nexlink_link **link_a, nexlink_link **link_b);

/* Gives up one end's share of the memory; harmless on NULL. */
void nx_loop_release(nx_loop *loop);

#endif

/*
 * control.h - the control segment: everything that one end of a link tells the other through memory. Its owner is its only writer.
 *
 *      0  header      what the rings and the arena look like; never changes
 *    128  waiting     whether the owner sleeps, and what should wake it
 *         closed      the owner has closed the link
 *    256  sent        producer position of the descriptor ring below
 *    384  released    producer position of the release ring below
 *    512  received    consumer position in the peer's descriptor ring
 *    640  reclaimed   consumer position in the peer's release ring
 *    768  ring_capacity descriptors of 512 bytes
 *         release_capacity releases of 8 bytes
 */
#ifndef NX_CONTROL_H
#define NX_CONTROL_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "nexlink.h"
#include "ring.h"
#include "segment.h"

#define NX_CONTROL_MAGIC UINT64_C(0x4C52544E494C584E) /* "NXLINTRL" in memory */
#define NX_RING_CAPACITY_MAX (1u << 16)               /* 32 MiB of descriptors: far beyond what a batch can use */

typedef struct nx_geometry {
    uint32_t ring_capacity;    /* a power of two */
    uint32_t release_capacity; /* a power of two */
    uint32_t frame_size;
    uint32_t frame_count;
    uint32_t epoch;
    int32_t pid; /* as its owner sees itself: for people who look at a segment, not for decisions */
} nx_geometry;

typedef struct nx_control {
    alignas(NX_LINE_SIZE) uint64_t magic;
    uint32_t version;
    uint32_t rings_offset;
    nx_geometry geometry;

    alignas(NX_LINE_SIZE) _Atomic uint64_t waiting; /* see NX_WAITING_* in link.h */
    _Atomic uint32_t closed;

    alignas(NX_LINE_SIZE) _Atomic uint64_t sent;
    alignas(NX_LINE_SIZE) _Atomic uint64_t released;
    alignas(NX_LINE_SIZE) _Atomic uint64_t received;
    alignas(NX_LINE_SIZE) _Atomic uint64_t reclaimed;
} nx_control;

_Static_assert(offsetof(nx_control, waiting) == 128 && offsetof(nx_control, sent) == 256 && offsetof(nx_control, released) == 384
                   && offsetof(nx_control, received) == 512 && offsetof(nx_control, reclaimed) == 640 && sizeof(nx_control) == 768,
               "the layout above is what peers of this version agree on");

/*
 * The release ring takes a whole descriptor ring's worth of holds between two calls of reclaim(). It need not take more: releases that find
 * it full are kept by frame (see debts.h). Sizing it to the peer's frames instead would make 128 MiB of the largest arena, and
 * the peer's frames are not known when the first of the two ends makes its segment.
 */
static inline uint32_t nx_control_release_capacity(uint32_t ring_capacity)
{
    return ring_capacity * NEXLINK_SLICES_MAX;
}

/* Whether a ring may have this many slots, for the local caller. */
int nx_control_capacity_valid(uint32_t ring_capacity);

size_t nx_control_size(const nx_geometry *geometry);

/* Fills in the header of zeroed memory. */
void nx_control_initialize(nx_control *control, const nx_geometry *geometry);

/* Copies the header of a peer's segment out and checks the copy. EPEER, EVERSION. */
int32_t nx_control_read(const nx_segment *segment, nx_geometry *geometry);

/* Unique among the links that this process has open together; 0 stays free to mean none. */
uint32_t nx_control_next_epoch(void);

/* A geometry for this process: a new epoch, and its process id. */
nx_geometry nx_control_geometry(uint32_t ring_capacity, uint32_t frame_size, uint32_t frame_count);

static inline nexlink_descriptor *nx_control_descriptors(const nx_control *control)
{
    return (nexlink_descriptor *)((uintptr_t)control + sizeof *control);
}

static inline nexlink_release *nx_control_releases(const nx_control *control, const nx_geometry *geometry)
{
    return (nexlink_release *)(nx_control_descriptors(control) + geometry->ring_capacity);
}

#endif

/*
 * segment.h - a block of memory that its owner writes and its peers may only read.
 *
 * The owner maps a memfd for writing and then seals it: F_SEAL_SHRINK, so that nobody who reads it can be hit by SIGBUS, F_SEAL_GROW,
 * and F_SEAL_FUTURE_WRITE, so that no later mapping and no write() can change it and no hole can be punched into it, not even through a
 * descriptor that a peer reopened. (Linux 5.1; pidfd_open, which a link needs as well, came with 5.3.)
 */
#ifndef NX_SEGMENT_H
#define NX_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

typedef struct nx_segment {
    void *memory;
    size_t size;
    int descriptor; /* read-only, for handing to peers; -1 in a segment that came from a peer */
} nx_segment;

#define NX_SEGMENT_NONE ((nx_segment){.memory = NULL, .size = 0, .descriptor = -1})

/* Zeroed memory with all its pages in place: running out of memory shows here and not as a signal in the middle of a transfer. */
int32_t nx_segment_create(const char *label, size_t size, nx_segment *segment);

/* Maps a peer's segment for reading after checking that it can neither shrink nor lose pages. Leaves the descriptor to the caller.
 * EPEER: it is no such segment, or its size is not within the bounds. */
int32_t nx_segment_open(int descriptor, size_t size_min, size_t size_max, nx_segment *segment);

/* Unmaps and closes; harmless on NX_SEGMENT_NONE. */
void nx_segment_destroy(nx_segment *segment);

#endif

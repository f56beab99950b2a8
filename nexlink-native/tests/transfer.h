/*
 * transfer.h - a writer that sends checksummed payload in frames which it reuses as soon as they came back, and a reader that checks every payload
 * when it comes and again right before giving it back: a frame that was reused too early differs.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "support.h"

enum {
    FRAME_SIZE = 1024,
    FRAME_COUNT = 128,
    BURST = 16,
    HELD_MAX = 48, /* frames that the reader keeps before it gives the oldest back */
};

typedef struct held {
    uint64_t number;
    nexlink_slice slice;
} held;

typedef struct reader {
    nexlink_link *link;
    const uint8_t *memory;
    held held[HELD_MAX];
    uint64_t taken;
    uint64_t returned;
} reader;

reader reader_over(nexlink_link *link);

/* Receives a burst, or waits for one. False: a payload differed, or the link failed. */
bool reader_take(reader *self);

/* Gives the oldest `count` frames back. */
bool reader_return(reader *self, uint64_t count);

/* A stack of free frames, refilled by reclaim. */
typedef struct writer {
    nexlink_link *link;
    uint8_t *memory;
    uint32_t free_frames[FRAME_COUNT];
    uint32_t free_count;
    uint64_t sent;
} writer;

writer writer_over(nexlink_arena *arena, nexlink_link *link);

/* Collects a burst of returned frames; what reclaim() said. */
int32_t writer_refill(writer *self);

/* Sends until `until` frames went out in all, or the link says no. */
int32_t writer_run(writer *self, uint64_t until);

#endif

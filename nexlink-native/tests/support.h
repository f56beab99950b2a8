/* support.h - what several test programs need. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nexlink.h"

extern const nexlink_api *api;

/* A deadline that only a broken link meets: no test depends on how long anything takes. */
#define PATIENCE_NS UINT64_C(20000000000)
#define PATIENCE_MS 20000u

/* Two arenas and the two ends of a loop between them. */
typedef struct loop_fixture {
    nexlink_arena *arena_a;
    nexlink_arena *arena_b;
    nexlink_link *a;
    nexlink_link *b;
} loop_fixture;

bool loop_open(loop_fixture *loop, uint32_t frame_size, uint32_t frame_count, uint32_t ring_capacity);
void loop_close(loop_fixture *loop);

/* A descriptor with one slice. */
nexlink_descriptor one_slice(uint32_t frame, uint32_t offset, uint32_t length);

/* A name that no other test run uses. */
const char *unique_name(const char *what);

/* Calls accept until somebody came, it failed, or patience ended (EAGAIN). */
int32_t accept_patiently(nexlink_listener *listener, nexlink_arena *arena, uint32_t ring_capacity, nexlink_link **link);

/* Takes every hold that is to be had now; returns the sum. */
uint64_t reclaim_all(nexlink_link *link);

size_t open_descriptors(void);

/* Segments of links that this process maps, and files of such a name in /dev/shm. */
size_t shared_memory_left(void);

/* Payload whose every byte depends on the number, with its checksum in front. */
enum { PAYLOAD_SIZE_MIN = 16 };
void payload_fill(uint8_t *payload, uint32_t length, uint64_t number);
bool payload_matches(const uint8_t *payload, uint32_t length, uint64_t number);

#endif

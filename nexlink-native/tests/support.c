#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

const nexlink_api *api;

__attribute__((constructor)) static void load(void)
{
    api = nexlink_get_api(NEXLINK_ABI_VERSION);
}

bool loop_open(loop_fixture *loop, uint32_t frame_size, uint32_t frame_count, uint32_t ring_capacity)
{
    memset(loop, 0, sizeof *loop);
    return api->create_arena(frame_size, frame_count, &loop->arena_a) == NEXLINK_OK
        && api->create_arena(frame_size, frame_count, &loop->arena_b) == NEXLINK_OK
        && api->create_loop(loop->arena_a, loop->arena_b, ring_capacity, &loop->a, &loop->b) == NEXLINK_OK;
}

void loop_close(loop_fixture *loop)
{
    api->close_link(loop->a);
    api->close_link(loop->b);
    api->destroy_arena(loop->arena_a);
    api->destroy_arena(loop->arena_b);
}

nexlink_descriptor one_slice(uint32_t frame, uint32_t offset, uint32_t length)
{
    nexlink_descriptor descriptor = {.slice_count = 1};
    descriptor.slices[0] = (nexlink_slice){.frame = frame, .offset = offset, .length = length};
    return descriptor;
}

const char *unique_name(const char *what)
{
    static char name[64];
    static unsigned serial;
    (void)snprintf(name, sizeof name, "test.%s-%d-%u", what, (int)getpid(), serial++);
    return name;
}

int32_t accept_patiently(nexlink_listener *listener, nexlink_arena *arena, uint32_t ring_capacity, nexlink_link **link)
{
    const uint64_t deadline = nx_now_ns() + PATIENCE_NS;
    int32_t result;
    do {
        result = api->accept(listener, arena, ring_capacity, link);
        if (result == NEXLINK_EAGAIN) {
            (void)usleep(200);
        }
    } while (result == NEXLINK_EAGAIN && nx_now_ns() < deadline);
    return result;
}

uint64_t reclaim_all(nexlink_link *link)
{
    nexlink_release releases[7]; /* few, so that more than one call is needed */
    uint64_t holds = 0;
    int32_t count;
    while ((count = api->reclaim(link, releases, 7)) > 0) {
        for (int32_t i = 0; i < count; i++) {
            holds += releases[i].holds;
        }
    }
    return holds;
}

/* Entries of a directory with `part` in their names. */
static size_t entries(const char *path, const char *part)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    if (directory != NULL) {
        const struct dirent *entry;
        while ((entry = readdir(directory)) != NULL) {
            count += strstr(entry->d_name, part) != NULL;
        }
        (void)closedir(directory);
    }
    return count;
}

size_t open_descriptors(void)
{
    return entries("/proc/self/fd", "");
}

size_t shared_memory_left(void)
{
    size_t count = entries("/dev/shm", "nexlink"); /* other programs come and go there */
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps != NULL) {
        char line[512];
        while (fgets(line, sizeof line, maps) != NULL) {
            count += strstr(line, "memfd:nexlink") != NULL;
        }
        (void)fclose(maps);
    }
    return count;
}

static uint64_t mix(uint64_t value)
{
    value ^= value >> 31; /* splitmix64's finalizer, in spirit: any mixing does */
    value *= UINT64_C(0x9E3779B97F4A7C15);
    return value ^ (value >> 29);
}

static uint64_t checksum(const uint8_t *bytes, size_t length)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < length; i++) {
        sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return sum;
}

void payload_fill(uint8_t *payload, uint32_t length, uint64_t number)
{
    memcpy(payload + 8, &number, sizeof number);
    for (uint32_t i = PAYLOAD_SIZE_MIN; i < length; i++) {
        payload[i] = (uint8_t)mix(number + i);
    }
    const uint64_t sum = checksum(payload + 8, length - 8);
    memcpy(payload, &sum, sizeof sum);
}

bool payload_matches(const uint8_t *payload, uint32_t length, uint64_t number)
{
    uint64_t sum;
    uint64_t written;
    memcpy(&sum, payload, sizeof sum);
    memcpy(&written, payload + 8, sizeof written);
    return written == number && sum == checksum(payload + 8, length - 8);
}

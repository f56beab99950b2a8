#include "shm_link.h"

#include <unistd.h>

#include "error.h"
#include "link.h"

int32_t nx_shm_make_control(const nexlink_arena *arena, uint32_t ring_capacity, nx_segment *control)
{
    const nx_geometry geometry = nx_control_geometry(ring_capacity, arena->frame_size, arena->frame_count);
    const int32_t result = nx_segment_create("nexlink-control", nx_control_size(&geometry), control);
    if (result == NEXLINK_OK) {
        nx_control_initialize(control->memory, &geometry);
    }
    return result;
}

int32_t nx_shm_say_hello(int socket, const nexlink_arena *arena, const nx_segment *control)
{
    const int descriptors[NX_HELLO_DESCRIPTORS] = {
        [NX_HELLO_ARENA] = arena->segment.descriptor,
        [NX_HELLO_CONTROL] = control->descriptor,
    };
    return nx_hello_send(socket, descriptors);
}

/* Fills in what is the peer's. */
static int32_t open_other(nx_endpoints *ends, const int received[NX_HELLO_DESCRIPTORS])
{
    int32_t result = nx_segment_open(received[NX_HELLO_CONTROL], sizeof(nx_control), SIZE_MAX, &ends->other_segment);
    if (result != NEXLINK_OK) {
        return result;
    }
    result = nx_control_read(&ends->other_segment, &ends->other_geometry);
    if (result != NEXLINK_OK) {
        return result;
    }
    const size_t arena_size = (size_t)ends->other_geometry.frame_size * ends->other_geometry.frame_count;
    result = nx_segment_open(received[NX_HELLO_ARENA], arena_size, arena_size, &ends->other_arena_segment);
    if (result != NEXLINK_OK) {
        return result;
    }
    ends->other = ends->other_segment.memory;
    ends->other_memory = ends->other_arena_segment.memory;
    return nx_peer_identify(ends->peer.socket, &ends->peer);
}

int32_t nx_shm_make_link(int socket, nexlink_arena *arena, const nx_segment *control, const int received[NX_HELLO_DESCRIPTORS], nexlink_link **link)
{
    nx_control *own = control->memory;
    nx_endpoints ends = {
        .arena = arena,
        .own = own,
        .own_geometry = own->geometry,
        .peer = {.socket = socket, .handle = -1, .pid = 0},
        .own_segment = *control,
        .other_segment = NX_SEGMENT_NONE,
        .other_arena_segment = NX_SEGMENT_NONE,
    };
    const int32_t result = open_other(&ends, received);
    for (int i = 0; i < NX_HELLO_DESCRIPTORS; i++) {
        (void)close(received[i]);
    }
    if (result != NEXLINK_OK) {
        nx_endpoints_free(&ends);
        return result;
    }
    return nx_link_create(&ends, link);
}

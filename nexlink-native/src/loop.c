#include "loop.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "error.h"

/* Both controls in one private mapping, each on its own lines. */
static int32_t create_memory(size_t control_size, nx_loop **loop)
{
    nx_loop *created = malloc(sizeof *created);
    if (created == NULL) {
        return nx_fail_system("create_loop");
    }
    void *memory = mmap(NULL, 2 * control_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        const int32_t result = nx_fail_system("create_loop: mapping the rings");
        free(created);
        return result;
    }
    created->memory = (nx_segment){.memory = memory, .size = 2 * control_size, .descriptor = -1};
    atomic_init(&created->references, 1);
    *loop = created;
    return NEXLINK_OK;
}

void nx_loop_release(nx_loop *loop)
{
    if (loop != NULL && atomic_fetch_sub_explicit(&loop->references, 1, memory_order_acq_rel) == 1) {
        nx_segment_destroy(&loop->memory);
        free(loop);
    }
}

/* One end, which takes over a share of the loop and the socket. */
static int32_t create_end(nx_loop *loop, int socket, nexlink_arena *own_arena, nexlink_arena *other_arena, nx_control *own, nx_control *other,
                          nexlink_link **link)
{
    (void)atomic_fetch_add_explicit(&loop->references, 1, memory_order_relaxed);
    nx_arena_retain(other_arena);
    const nx_endpoints ends = {
        .arena = own_arena,
        .own = own,
        .other = other,
        .own_geometry = own->geometry,
        .other_geometry = other->geometry,
        .other_memory = other_arena->segment.memory,
        .peer = {.socket = socket, .handle = -1, .pid = 0},
        .own_segment = NX_SEGMENT_NONE,
        .other_segment = NX_SEGMENT_NONE,
        .other_arena_segment = NX_SEGMENT_NONE,
        .loop = loop,
        .other_arena = other_arena,
    };
    return nx_link_create(&ends, link);
}

int32_t nx_loop_create(nexlink_arena *a, nexlink_arena *b, uint32_t ring_capacity, nexlink_link **link_a, nexlink_link **link_b)
{
    if (a == NULL || b == NULL || link_a == NULL || link_b == NULL || !nx_control_capacity_valid(ring_capacity)) {
        return nx_fail(NEXLINK_EINVAL, "create_loop: two arenas, and a ring of a power of two up to 65536 descriptors");
    }
    *link_a = NULL;
    *link_b = NULL;
    const nx_geometry geometry_a = nx_control_geometry(ring_capacity, a->frame_size, a->frame_count);
    const nx_geometry geometry_b = nx_control_geometry(ring_capacity, b->frame_size, b->frame_count);
    const size_t control_size = nx_control_size(&geometry_a); /* a multiple of a line, and the same for both */
    nx_loop *loop = NULL;
    int32_t result = create_memory(control_size, &loop);
    if (result != NEXLINK_OK) {
        return result;
    }
    nx_control *control_a = loop->memory.memory;
    nx_control *control_b = (nx_control *)((uint8_t *)loop->memory.memory + control_size);
    nx_control_initialize(control_a, &geometry_a);
    nx_control_initialize(control_b, &geometry_b);

    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) != 0) {
        result = nx_fail_system("create_loop: making the doorbell (socketpair)");
        nx_loop_release(loop);
        return result;
    }
    const int32_t result_a = create_end(loop, sockets[0], a, b, control_a, control_b, link_a);
    const int32_t result_b = create_end(loop, sockets[1], b, a, control_b, control_a, link_b);
    nx_loop_release(loop);
    if (result_a != NEXLINK_OK || result_b != NEXLINK_OK) {
        nx_link_close(*link_a);
        nx_link_close(*link_b);
        *link_a = NULL;
        *link_b = NULL;
        return result_a != NEXLINK_OK ? result_a : result_b;
    }
    return NEXLINK_OK;
}

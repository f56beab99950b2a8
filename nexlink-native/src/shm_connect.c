/* The end that calls. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "control.h"
#include "error.h"
#include "hello.h"
#include "peer.h"
#include "shm.h"
#include "shm_link.h"
#include "shm_name.h"

enum { NS_PER_MS = 1000000, MS_PER_S = 1000, US_PER_MS = 1000 };

/* Waits for a place in the listener's backlog, if need be: poll() cannot wait for that, only a blocking connect() with a send time-out. */
static int32_t call(int socket, const struct sockaddr_un *address, socklen_t size, uint32_t timeout_ms)
{
    const struct timeval limit = {.tv_sec = timeout_ms / MS_PER_S, .tv_usec = (suseconds_t)(timeout_ms % MS_PER_S) * US_PER_MS};
    if (setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) {
        return nx_fail_system("connect (SO_SNDTIMEO)");
    }
    /* A time-out of 0 would mean for ever. */
    if (timeout_ms == 0 && fcntl(socket, F_SETFL, O_NONBLOCK) != 0) {
        return nx_fail_system("connect (O_NONBLOCK)");
    }
    const uint64_t deadline_ns = nx_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    while (connect(socket, (const struct sockaddr *)address, size) != 0) {
        switch (errno) {
        case ECONNREFUSED:
        case ENOENT:
            return nx_fail(NEXLINK_ENOTFOUND, "nobody listens under that name");
        case EINTR:
            if (nx_now_ns() < deadline_ns) {
                continue;
            }
            return nx_fail(NEXLINK_EAGAIN, "connect: the listener has too many callers");
        case EAGAIN:
            return nx_fail(NEXLINK_EAGAIN, "connect: the listener has too many callers");
        default:
            return nx_fail_system("connect");
        }
    }
    return fcntl(socket, F_SETFL, O_NONBLOCK) == 0 ? NEXLINK_OK : nx_fail_system("connect (O_NONBLOCK)");
}

static int32_t await_hello(int socket, uint64_t deadline_ns, int received[NX_HELLO_DESCRIPTORS])
{
    for (;;) {
        const int32_t result = nx_hello_receive(socket, received);
        const uint64_t now = nx_now_ns();
        if (result != NEXLINK_EAGAIN) {
            return result;
        }
        if (now >= deadline_ns) {
            return nx_fail(NEXLINK_EAGAIN, "connect: the listener did not accept in time");
        }
        const nx_peer listener = {.socket = socket, .handle = -1, .pid = 0};
        /* The answer may have come together with the end: only a socket that has hung up and holds no message is a refusal. */
        if (!nx_peer_sleep(&listener, -1, deadline_ns - now)) {
            const int32_t last = nx_hello_receive(socket, received);
            return last != NEXLINK_EAGAIN ? last : nx_fail(NEXLINK_EPEER, "connect: the listener hung up");
        }
    }
}

static int32_t meet(int socket, const char *name, const nexlink_arena *arena, const nx_segment *control, uint32_t timeout_ms,
                    int received[NX_HELLO_DESCRIPTORS])
{
    const uint64_t deadline_ns = nx_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    struct sockaddr_un address;
    socklen_t size;
    int32_t result = nx_shm_address(name, &address, &size);
    if (result == NEXLINK_OK) {
        result = call(socket, &address, size, timeout_ms);
    }
    /* Another user may have taken the name first: it gets no look at our memory. */
    if (result == NEXLINK_OK && !nx_peer_same_user(socket)) {
        result = nx_fail(NEXLINK_EPEER, "connect: the listener belongs to another user");
    }
    if (result == NEXLINK_OK) {
        result = nx_shm_say_hello(socket, arena, control);
    }
    return result == NEXLINK_OK ? await_hello(socket, deadline_ns, received) : result;
}

int32_t nx_shm_connect(const char *name, nexlink_arena *arena, uint32_t ring_capacity, uint32_t timeout_ms, nexlink_link **link)
{
    if (arena == NULL || link == NULL || !nx_control_capacity_valid(ring_capacity)) {
        return nx_fail(NEXLINK_EINVAL, "connect: an arena, and a ring of a power of two up to 65536 descriptors");
    }
    *link = NULL;
    nx_segment control;
    int32_t result = nx_shm_make_control(arena, ring_capacity, &control);
    if (result != NEXLINK_OK) {
        return result;
    }
    const int caller = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int received[NX_HELLO_DESCRIPTORS];
    result = caller < 0 ? nx_fail_system("connect (socket)") : meet(caller, name, arena, &control, timeout_ms, received);
    if (result != NEXLINK_OK) {
        if (caller >= 0) {
            (void)close(caller);
        }
        nx_segment_destroy(&control);
        return result;
    }
    return nx_shm_make_link(caller, arena, &control, received, link);
}

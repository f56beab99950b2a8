#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "error.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* Linux 5.3, one number on all architectures */
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5, include/uapi/asm-generic/socket.h */
#endif

enum {
    NS_PER_S = 1000000000,
    HUSH_MAX = 64 /* an honest peer rings once per sleep; a flood must not keep us here */
};

static bool credentials(int socket, struct ucred *peer)
{
    socklen_t size = sizeof *peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer, &size) == 0 && size == sizeof *peer;
}

static bool hung_up(short events)
{
    return (events & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0;
}

static int open_handle(int socket, pid_t pid)
{
    int handle = -1;
    socklen_t size = sizeof handle;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &handle, &size) == 0) {
        return handle;
    }
    if (errno != ENOPROTOOPT) {
        return -1;
    }
    /* Before Linux 6.5 there is only the number, which may have passed to another process by now. If the peer has not hung up after the
     * handle was opened, it was alive when it was opened, and so the handle is its own. */
    handle = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd hang_up = {.fd = socket, .events = POLLRDHUP};
    if (handle >= 0 && (poll(&hang_up, 1, 0) < 0 || hung_up(hang_up.revents))) {
        (void)close(handle);
        errno = ESRCH;
        return -1;
    }
    return handle;
}

uint64_t nx_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool nx_peer_same_user(int socket)
{
    struct ucred peer;
    return credentials(socket, &peer) && peer.uid == geteuid();
}

int32_t nx_peer_identify(int socket, nx_peer *peer)
{
    struct ucred other;
    if (!credentials(socket, &other)) {
        return nx_fail_system("asking who the peer is (SO_PEERCRED)");
    }
    if (other.uid != geteuid()) {
        return nx_fail(NEXLINK_EPEER, "the peer belongs to another user");
    }
    const int handle = open_handle(socket, other.pid);
    if (handle < 0) {
        return errno == ESRCH || errno == EINVAL ? nx_fail(NEXLINK_EPEER, "the peer's process is gone")
                                                 : nx_fail_system("opening the peer's process handle (pidfd)");
    }
    *peer = (nx_peer){.socket = socket, .handle = handle, .pid = other.pid};
    return NEXLINK_OK;
}

bool nx_peer_sleep(const nx_peer *peer, int alarm, uint64_t timeout_ns)
{
    struct pollfd watched[] = {
        {.fd = peer->socket, .events = POLLIN | POLLRDHUP},
        {.fd = peer->handle, .events = POLLIN}, /* readable when the process has ended; -1 is passed over */
        {.fd = alarm, .events = POLLIN},
    };
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / NS_PER_S), .tv_nsec = (long)(timeout_ns % NS_PER_S)};
    if (ppoll(watched, sizeof watched / sizeof watched[0], timeout_ns == NX_FOREVER ? NULL : &timeout, NULL) < 0) {
        return true; /* a signal: nothing is known */
    }
    return !hung_up(watched[0].revents) && watched[1].revents == 0;
}

void nx_peer_ring(const nx_peer *peer)
{
    /* A full buffer is as good as a ring: there are rings in it that were not taken yet. A broken pipe shows in the next poll. */
    (void)send(peer->socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void nx_peer_hush(const nx_peer *peer)
{
    char ring;
    for (int i = 0; i < HUSH_MAX && recv(peer->socket, &ring, sizeof ring, MSG_DONTWAIT) > 0; i++) {
    }
}

void nx_peer_close(nx_peer *peer)
{
    if (peer->socket >= 0) {
        /* Hang up also where a forked child still has a copy of the descriptor. */
        (void)shutdown(peer->socket, SHUT_RDWR);
        (void)close(peer->socket);
    }
    if (peer->handle >= 0) {
        (void)close(peer->handle);
    }
    *peer = (nx_peer){.socket = -1, .handle = -1, .pid = 0};
}

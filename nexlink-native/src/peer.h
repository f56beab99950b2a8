/*
 * peer.h - the process at the other end: whether it lives, and how to wake it.
 *
 * Both ends keep the socket over which they met. It hangs up when the other end closes it, and carries the doorbell: one byte that
 * wakes a sleeper. An eventfd would be cheaper to write, but whether a write to it blocks is a property that both
 * processes share (O_NONBLOCK of one open file description): a hostile peer could clear it, fill the counter and stop our send() for ever.
 * MSG_DONTWAIT is ours alone. The doorbell is rung at most once for each time the other end falls asleep, so that its price hides in the wake-up.
 */
#ifndef NX_PEER_H
#define NX_PEER_H

#include <stdbool.h>
#include <stdint.h>

#define NX_FOREVER UINT64_MAX

typedef struct nx_peer {
    int socket; /* non-blocking, SOCK_SEQPACKET */
    int handle; /* pidfd, or -1 for an in-process link */
    int32_t pid;
} nx_peer;

/* Monotonic time. */
uint64_t nx_now_ns(void);

/* Learns from a connected socket who is at the other end. EPEER: another user's process, or one that is gone. On failure the socket stays open. */
int32_t nx_peer_identify(int socket, nx_peer *peer);

/* Whether the process at the other end of a socket belongs to this process's user. */
bool nx_peer_same_user(int socket);

/*
 * Sleeps until the doorbell rings, the alarm does (-1: there is none), the peer goes or the time has passed; a timeout of 0 only looks. Answers
 * whether the peer is still there.
 */
bool nx_peer_sleep(const nx_peer *peer, int alarm, uint64_t timeout_ns);

/* Rings the other end's doorbell; without effect when it is gone. */
void nx_peer_ring(const nx_peer *peer);

/* Takes what rang here. */
void nx_peer_hush(const nx_peer *peer);

/* Hangs up. */
void nx_peer_close(nx_peer *peer);

#endif

/* The end that waits: listen, accept. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "error.h"
#include "hello.h"
#include "link.h"
#include "shm.h"
#include "shm_link.h"
#include "shm_name.h"

enum {
    BACKLOG = 64,
    GUESTS_MAX = 16,   /* clients that have connected and not said hello; the others wait in the backlog */
    ADMISSIONS_MAX = 64 /* connections looked at in one call, so that a flood of strangers cannot keep accept() busy */
};

/* A client says hello right after connecting. One that has said nothing for so long is dropped. */
static const uint64_t HELLO_WITHIN_NS = UINT64_C(100000000);

typedef struct guest {
    int socket;
    uint64_t deadline_ns;
} guest;

struct nexlink_listener {
    int socket;
    uint32_t guest_count;
    guest guests[GUESTS_MAX]; /* in the order in which they came */
};

static int32_t bind_name(int socket, const char *name)
{
    struct sockaddr_un address;
    socklen_t size;
    const int32_t result = nx_shm_address(name, &address, &size);
    if (result != NEXLINK_OK) {
        return result;
    }
    if (bind(socket, (const struct sockaddr *)&address, size) != 0) {
        return errno == EADDRINUSE ? nx_fail(NEXLINK_EINUSE, "somebody listens under that name already") : nx_fail_system("listen (bind)");
    }
    return listen(socket, BACKLOG) == 0 ? NEXLINK_OK : nx_fail_system("listen");
}

int32_t nx_shm_listen(const char *name, nexlink_listener **listener)
{
    if (listener == NULL) {
        return nx_fail(NEXLINK_EINVAL, "listen: no place for the listener");
    }
    *listener = NULL;
    nexlink_listener *created = calloc(1, sizeof *created);
    if (created == NULL) {
        return nx_fail_system("listen");
    }
    created->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int32_t result = created->socket < 0 ? nx_fail_system("listen (socket)") : bind_name(created->socket, name);
    if (result != NEXLINK_OK) {
        nx_shm_close_listener(created);
        return result;
    }
    *listener = created;
    return NEXLINK_OK;
}

void nx_shm_close_listener(nexlink_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    for (uint32_t i = 0; i < listener->guest_count; i++) {
        (void)close(listener->guests[i].socket);
    }
    if (listener->socket >= 0) {
        (void)close(listener->socket);
    }
    free(listener);
}

/* Lets in those who knock, as far as there is room; processes of other users are turned away. */
static int32_t admit(nexlink_listener *listener)
{
    for (int i = 0; i < ADMISSIONS_MAX && listener->guest_count < GUESTS_MAX; i++) {
        const int socket = accept4(listener->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (socket >= 0 && nx_peer_same_user(socket)) {
            listener->guests[listener->guest_count++] = (guest){.socket = socket, .deadline_ns = nx_now_ns() + HELLO_WITHIN_NS};
        } else if (socket >= 0) {
            (void)close(socket);
        } else if (errno == EAGAIN) {
            return NEXLINK_OK;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return nx_fail_system("accept");
        }
    }
    return NEXLINK_OK;
}

static bool hung_up(int socket)
{
    struct pollfd watched = {.fd = socket, .events = POLLRDHUP};
    return poll(&watched, 1, 0) < 0 || watched.revents != 0;
}

/* Takes over the socket and what came with the hello. */
static int32_t welcome(int socket, const int received[NX_HELLO_DESCRIPTORS], nexlink_arena *arena, uint32_t ring_capacity, nexlink_link **link)
{
    nx_segment control;
    const int32_t result = nx_shm_make_control(arena, ring_capacity, &control);
    if (result != NEXLINK_OK) {
        for (int i = 0; i < NX_HELLO_DESCRIPTORS; i++) {
            (void)close(received[i]);
        }
        (void)close(socket);
        return result;
    }
    nexlink_link *created = NULL;
    const int32_t made = nx_shm_make_link(socket, arena, &control, received, &created);
    if (made != NEXLINK_OK) {
        return made;
    }
    /* Only now, with all of the client's claims checked, it learns of our memory. */
    const int32_t said = nx_shm_say_hello(socket, arena, &created->ends.own_segment);
    if (said != NEXLINK_OK) {
        nx_link_close(created);
        return said;
    }
    *link = created;
    return NEXLINK_OK;
}

/* Listens to one guest. EAGAIN: it stays, or it left without a word and is nobody's concern; else it is done with, one way or the other. */
static int32_t hear(guest *visitor, nexlink_arena *arena, uint32_t ring_capacity, nexlink_link **link)
{
    int received[NX_HELLO_DESCRIPTORS];
    int32_t result = NEXLINK_EAGAIN;
    const int socket = visitor->socket;
    if (!hung_up(socket)) {
        result = nx_hello_receive(socket, received);
        if (result == NEXLINK_EAGAIN && nx_now_ns() < visitor->deadline_ns) {
            return result;
        }
    }
    visitor->socket = -1;
    if (result == NEXLINK_OK) {
        return welcome(socket, received, arena, ring_capacity, link);
    }
    if (result == NEXLINK_EVERSION) {
        (void)nx_hello_send(socket, NULL); /* so that the client can say why */
        (void)nx_fail(NEXLINK_EVERSION, "the peer speaks another version of NexLink");
    }
    (void)close(socket);
    return result;
}

int32_t nx_shm_accept(nexlink_listener *listener, nexlink_arena *arena, uint32_t ring_capacity, nexlink_link **link)
{
    if (listener == NULL || arena == NULL || link == NULL || !nx_control_capacity_valid(ring_capacity)) {
        return nx_fail(NEXLINK_EINVAL, "accept: a listener, an arena, and a ring of a power of two up to 65536 descriptors");
    }
    *link = NULL;
    int32_t result = admit(listener);
    if (result != NEXLINK_OK && listener->guest_count == 0) {
        return result;
    }
    result = NEXLINK_EAGAIN;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < listener->guest_count; i++) {
        guest visitor = listener->guests[i];
        if (result == NEXLINK_EAGAIN) {
            result = hear(&visitor, arena, ring_capacity, link);
        }
        if (visitor.socket >= 0) {
            listener->guests[kept++] = visitor;
        }
    }
    listener->guest_count = kept;
    return result == NEXLINK_EAGAIN ? nx_fail(NEXLINK_EAGAIN, "no client waits") : result;
}

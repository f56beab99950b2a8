/*
 * udp.h - a link over a socket of its own, to all nodes that datagrams reach. A datagram is a NexLink frame: header, head and payload one after the
 * other.
 *
 * The way out: header and head are put together in a small buffer, payload is gathered where it lies. Frames of one length to one peer leave as one
 * buffer that the kernel, or the network card, cuts (UDP_SEGMENT).
 *
 * The way in: the kernel writes into frames of the link's pool. Datagrams that it has put together (UDP_GRO) come as one run of bytes; because nearly
 * all have the length of those before, each is offered room of just that length in a frame of its own, and lies there without having been moved. A run that is cut
 * otherwise is moved once, and the guess is better afterwards.
 */
#ifndef NX_UDP_H
#define NX_UDP_H

#include <netinet/in.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "arena.h"
#include "debts.h"
#include "holds.h"
#include "link.h"
#include "nexlink.h"
#include "udp_peers.h"

enum {
    NX_UDP_SEND_BATCH = 64,      /* descriptors that one system call takes, and UDP_MAX_SEGMENTS of kernels before 6.8 */
    NX_UDP_SEND_BYTES = 65000,   /* of one buffer: below what 16 bits can say, with IP and UDP headers */
    NX_UDP_SEND_PARTS = 1 + NEXLINK_SLICES_MAX,
    NX_UDP_SLOTS = 8,            /* buffers that one system call fills */
    NX_UDP_SLOT_FRAMES = 64,     /* UDP_GRO_CNT_MAX of the kernel */
    NX_UDP_SPILL_SIZE = 65536,   /* no datagram and no run of them is longer, so that none is ever cut off */
    NX_UDP_READY_MAX = NX_UDP_SLOTS * NX_UDP_SLOT_FRAMES * 2, /* a sender on this machine may put 128 together (UDP_MAX_SEGMENTS) */
    NX_UDP_CONTROL_SIZE = 128,
    NX_UDP_ECN_OFFSET = 1,       /* where the NexLink header has the mark that the IP header has in its own place */
    NX_UDP_ECN_MASK = 3,
};

typedef union nx_udp_sockaddr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} nx_udp_sockaddr;

typedef struct nx_udp_control {
    alignas(struct cmsghdr) uint8_t bytes[NX_UDP_CONTROL_SIZE];
} nx_udp_control;

/* A datagram that was received and is not yet delivered. */
typedef struct nx_udp_ready {
    uint32_t frame;
    uint32_t length;
    uint8_t ecn;
    uint8_t source[NEXLINK_NODE_ID_SIZE];
} nx_udp_ready;

typedef struct nx_udp_outgoing {
    struct mmsghdr messages[NX_UDP_SEND_BATCH];
    struct iovec parts[NX_UDP_SEND_BATCH * NX_UDP_SEND_PARTS];
    uint32_t first[NX_UDP_SEND_BATCH + 1]; /* of each message, the first descriptor; behind the last, where the batch ends */
    uint32_t segments[NX_UDP_SEND_BATCH];
    nx_udp_peer *peers[NX_UDP_SEND_BATCH];
    nx_udp_sockaddr addresses[NX_UDP_SEND_BATCH];
    nx_udp_control controls[NX_UDP_SEND_BATCH];
    uint8_t prefixes[NX_UDP_SEND_BATCH][NEXLINK_HEADER_SIZE + NEXLINK_HEAD_CAPACITY];
} nx_udp_outgoing;

typedef struct nx_udp_slot {
    uint32_t frames[NX_UDP_SLOT_FRAMES];
    uint32_t frame_count;
    uint32_t segment; /* bytes offered in each frame */
    struct iovec parts[NX_UDP_SLOT_FRAMES + 1];
    nx_udp_sockaddr address;
    nx_udp_control control;
    uint8_t *spill;
} nx_udp_slot;

typedef struct nx_udp_incoming {
    struct mmsghdr messages[NX_UDP_SLOTS];
    nx_udp_slot slots[NX_UDP_SLOTS];
    nx_udp_ready ready[NX_UDP_READY_MAX];
    uint32_t ready_start;
    uint32_t ready_end;
    uint32_t segment; /* the length that datagrams are expected to have */
    uint32_t slots_used; /* by the last call */
    bool maybe_more;  /* the last call filled all that it was given */
} nx_udp_incoming;

typedef struct nx_udp {
    nx_link_kind kind; /* first, as in every link */
    int socket;
    int alarm; /* ends a wait() from another thread */
    int family;
    bool sent_short;
    uint32_t epoch;
    nexlink_arena *arena; /* the endpoint's, from which is sent */
    nexlink_arena *pool;
    nx_holds lent;        /* holds that the endpoint gave with what it sent, until it reclaims them */
    nx_debts returned;    /* the same, in the order in which they are handed back */
    nx_holds borrowed;    /* the endpoint's holds on frames of the pool */
    uint32_t *free_frames;
    uint32_t free_count;
    uint32_t slot_frames; /* what a slot may take of the pool */
    nx_udp_peers peers;
    nexlink_udp_info info; /* what is counted; addresses and peers are filled in when asked for */
    uint8_t *spills;
    nx_udp_outgoing out;
    nx_udp_incoming in;
} nx_udp;

/* The link as what it is, or NULL when it is of another kind. */
static inline nx_udp *nx_udp_of(nexlink_link *link)
{
    return link != NULL && *(const nx_link_kind *)link == NX_LINK_UDP ? (nx_udp *)link : NULL;
}

int32_t nx_udp_open(nexlink_arena *arena, const nexlink_udp_options *options, nexlink_link **link);
int32_t nx_udp_dial(nexlink_link *link, const nexlink_udp_address *address, const uint8_t *node, uint8_t *name);
int32_t nx_udp_lookup(nexlink_link *link, const uint8_t *name, nexlink_udp_address *address, uint8_t *node);
int32_t nx_udp_info(nexlink_link *link, nexlink_udp_info *info);

int32_t nx_udp_link_info(nx_udp *udp, nexlink_link_info *info);
int32_t nx_udp_send(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t count);
int32_t nx_udp_receive(nx_udp *udp, nexlink_descriptor *descriptors, uint32_t count);
int32_t nx_udp_release(nx_udp *udp, const nexlink_release *releases, uint32_t count);
int32_t nx_udp_reclaim(nx_udp *udp, nexlink_release *releases, uint32_t count);
int32_t nx_udp_wait(nx_udp *udp, uint64_t timeout_ns);
int32_t nx_udp_wake(nx_udp *udp);
void nx_udp_close(nx_udp *udp);

/* Addresses as the socket has them. */
socklen_t nx_udp_to_system(int family, const nexlink_udp_address *address, nx_udp_sockaddr *result);
nexlink_udp_address nx_udp_from_system(const nx_udp_sockaddr *address);
bool nx_udp_is_v4(const nexlink_udp_address *address);

#endif

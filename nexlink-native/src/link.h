/*
 * link.h - one end of a link over rings. `loop` and `shm` links differ only in where the other end's memory comes from: all that follows the opening
 * is the same code. A `udp` link is another structure (udp.h), which begins with its kind as this one does.
 */
#ifndef NX_LINK_H
#define NX_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "control.h"
#include "debts.h"
#include "holds.h"
#include "nexlink.h"
#include "peer.h"
#include "ring.h"
#include "segment.h"

typedef enum nx_link_kind {
    NX_LINK_RING,
    NX_LINK_UDP,
} nx_link_kind;

typedef enum nx_status {
    NX_STATUS_OPEN,
    NX_STATUS_GONE, /* the peer died or closed: what it published before is still good */
    NX_STATUS_BAD,  /* the peer wrote what cannot be: nothing of it is good any more */
} nx_status;

/*
 * nx_control.waiting: 0 while its owner is awake. While it sleeps, the number of the sleep and what should end it, so that the other end,
 * which cannot clear the word, rings once per sleep and not once per batch.
 */
#define NX_WAITING_TRAFFIC UINT64_C(1) /* wake when something was sent or released */
#define NX_WAITING_ROOM UINT64_C(2)    /* wake when something was received or reclaimed, which makes room in our rings */
#define NX_WAITING_NUMBER UINT64_C(4)  /* added with each sleep */

/* The controls of both ends of a `loop` link, which live until both were closed. */
typedef struct nx_loop {
    nx_segment memory;
    atomic_uint references;
} nx_loop;

/* What a link needs to know about the other end's memory and its own, and owns from nx_link_create on. */
typedef struct nx_endpoints {
    nexlink_arena *arena;
    nx_control *own;
    const nx_control *other;
    nx_geometry own_geometry;
    nx_geometry other_geometry;
    const uint8_t *other_memory;
    nx_peer peer;

    /* What to free, by kind of link; unused ones are NULL or NX_SEGMENT_NONE. */
    nx_segment own_segment;
    nx_segment other_segment;
    nx_segment other_arena_segment;
    nx_loop *loop;
    nexlink_arena *other_arena;
} nx_endpoints;

struct nexlink_link {
    nx_link_kind kind; /* first, as in every link: api.c decides by it who answers */
    nx_status status;
    int alarm;              /* ends a wait() from another thread */
    bool sent_short;        /* the last send() found too little room: wait() ends when there is some */
    uint64_t sleeps;        /* the last value of NX_WAITING_NUMBER used */
    uint64_t rung;          /* the value of the peer's `waiting` for which its doorbell was rung */

    nx_producer send_ring;
    nx_consumer receive_ring;
    nx_producer release_ring;
    nx_consumer reclaim_ring;
    nexlink_descriptor *send_slots;
    const nexlink_descriptor *receive_slots;
    nexlink_release *release_slots;
    const nexlink_release *reclaim_slots;

    nx_holds lent;     /* holds of the peer on our frames */
    nx_holds borrowed; /* our holds on the peer's frames */
    nx_debts debts;

    nx_endpoints ends;
};

/* Takes over what `ends` names, also when it fails: then everything is freed. The arena is retained here, not taken over. */
int32_t nx_link_create(const nx_endpoints *ends, nexlink_link **link);
void nx_endpoints_free(nx_endpoints *ends);

int32_t nx_link_info(nexlink_link *link, nexlink_link_info *info);
int32_t nx_link_send(nexlink_link *link, const nexlink_descriptor *descriptors, uint32_t count);
int32_t nx_link_receive(nexlink_link *link, nexlink_descriptor *descriptors, uint32_t count);
int32_t nx_link_release(nexlink_link *link, const nexlink_release *releases, uint32_t count);
int32_t nx_link_reclaim(nexlink_link *link, nexlink_release *releases, uint32_t count);
int32_t nx_link_peer_state(nexlink_link *link);
int32_t nx_link_wait(nexlink_link *link, uint64_t timeout_ns);
int32_t nx_link_wake(nexlink_link *link);
void nx_link_close(nexlink_link *link);

/* Shared by the files that implement a link. */

/* The peer wrote what cannot be: marks the link and returns NEXLINK_EPEER. */
int32_t nx_link_distrust(nexlink_link *link, const char *what);

/* Looks whether the peer has closed the link. What it published before closing is visible afterwards. */
void nx_link_notice_close(nexlink_link *link);

/* Moves debts into the release ring as far as there is room. */
void nx_link_pay_debts(nexlink_link *link);

/* Rings the peer's doorbell if it sleeps and one of `reasons` should wake it. */
void nx_link_wake_peer(nexlink_link *link, uint64_t reasons);

#endif

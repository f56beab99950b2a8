/*
 * nexlink.h - the NexLink link layer as NexStream's driver sees it: a versioned table of functions over frame arenas and links.
 *
 * An arena is a block of equal frames that one endpoint owns. A link joins two endpoints; over it travel descriptors, each a
 * NexLink frame: the 48-byte NexLink header, the packet's leading bytes inline, and up to four slices of the sender's arena.
 * Payload is never copied by a link: the receiver reads it in place, through a read-only mapping, and hands every hold back.
 *
 * A descriptor that carries slices is one hold for each slice on the frame that the slice lies in. The receiver returns holds with
 * release(); the sender collects returned holds with reclaim(). When the peer dies, reclaim() yields every hold that it still had.
 *
 * Threads: one thread at a time may use a link, and one an arena. Nothing blocks except wait(). No function calls back.
 * Results: >= 0 success (often a count), < 0 one of NEXLINK_E*.
 */
#ifndef NEXLINK_H
#define NEXLINK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NEXLINK_ABI_VERSION 1u

/* Layout of the NexLink header, version 1: 48 bytes, network byte order.
 *   0  version (upper 4 bits), priority (lower 4 bits)
 *   1  ECN code point (lower 2 bits), the rest 0
 *   2  frame type (16)            4  payload length (32)
 *   8  stream id (32)            12  CRC-32C of the payload, or 0 (32)
 *  16  source node id (128)      32  destination node id (128)          */
#define NEXLINK_HEADER_SIZE 48u
#define NEXLINK_HEADER_VERSION 1u
#define NEXLINK_NODE_ID_SIZE 16u

#define NEXLINK_HEAD_CAPACITY 384u /* NexStream's Transmission.HeadCapacity */
#define NEXLINK_SLICES_MAX 4u      /* NexStream's Transmission.SliceCountMax */
#define NEXLINK_DESCRIPTOR_SIZE 512u
#define NEXLINK_FRAMES_MAX (1u << 24) /* 24 bits of a slice's frame name the frame */

enum {
    NEXLINK_OK = 0,
    NEXLINK_EINVAL = -1,       /* an argument is out of range */
    NEXLINK_ENOMEM = -2,       /* the system gave no memory or no descriptor */
    NEXLINK_ENOTFOUND = -3,    /* nobody listens under that name */
    NEXLINK_EINUSE = -4,       /* somebody listens under that name already */
    NEXLINK_EPEER = -5,        /* the peer is gone, or what it wrote is not to be trusted: close the link */
    NEXLINK_EVERSION = -6,     /* the peer speaks another version of this interface */
    NEXLINK_EAGAIN = -7,       /* nothing there yet */
    NEXLINK_ESYSTEM = -8,      /* any other failure of the system: see last_error */
    NEXLINK_EUNSUPPORTED = -9, /* this table has no such link */
};

/* One run of payload bytes inside a frame of the sender's arena. */
typedef struct nexlink_slice {
    uint32_t frame; /* index of the frame in the sender's arena */
    uint32_t offset;
    uint32_t length;
} nexlink_slice;

typedef struct nexlink_descriptor {
    uint8_t header[NEXLINK_HEADER_SIZE];
    nexlink_slice slices[NEXLINK_SLICES_MAX];
    uint16_t head_length; /* bytes of head in use */
    uint16_t slice_count;
    uint32_t epoch;       /* set by receive() to link_info.epoch: slices of an older epoch are never delivered */
    uint8_t reserved[24];
    uint8_t head[NEXLINK_HEAD_CAPACITY];
} nexlink_descriptor;

/* Holds on one frame that are given back. */
typedef struct nexlink_release {
    uint32_t frame;
    uint32_t holds;
} nexlink_release;

typedef struct nexlink_arena nexlink_arena;
typedef struct nexlink_listener nexlink_listener;
typedef struct nexlink_link nexlink_link;

typedef struct nexlink_arena_info {
    uint8_t *memory; /* frame_count frames of frame_size bytes, one after another */
    uint32_t frame_size;
    uint32_t frame_count;
} nexlink_arena_info;

typedef struct nexlink_link_info {
    const uint8_t *peer_memory; /* the peer's arena, mapped read-only; valid until close_link */
    uint32_t peer_frame_size;
    uint32_t peer_frame_count;
    uint32_t epoch;    /* unique among the links of this process */
    int32_t peer_pid;  /* 0 for an in-process link */
} nexlink_link_info;

enum { NEXLINK_PEER_ALIVE = 0, NEXLINK_PEER_DEAD = 1 };

typedef struct nexlink_api {
    uint32_t version; /* NEXLINK_ABI_VERSION */
    uint32_t size;    /* sizeof(nexlink_api): later versions only append */

    /* "native" or "managed": which implementation filled the table (UTF-8, static). */
    const char *(*name)(void);
    /* What the last failed call on this thread was about: UTF-8, valid until the next call. */
    const char *(*last_error)(void);

    /* Frames in memory that can be shared, zeroed and all in place: ENOMEM comes here and not later. frame_size: a multiple of 64. */
    int32_t (*create_arena)(uint32_t frame_size, uint32_t frame_count, nexlink_arena **arena);
    int32_t (*arena_info)(nexlink_arena *arena, nexlink_arena_info *info);
    void (*destroy_arena)(nexlink_arena *arena); /* after all its links were closed */

    /* `loop`: both ends in this process. ring_capacity: descriptors, a power of two up to 65536. */
    int32_t (*create_loop)(nexlink_arena *a, nexlink_arena *b, uint32_t ring_capacity, nexlink_link **link_a, nexlink_link **link_b);

    /* `shm`: two processes on one machine, found under a name (1 to 64 of [A-Za-z0-9._-]). */
    int32_t (*listen)(const char *name, nexlink_listener **listener);
    /* Never blocks. EAGAIN: none waits. EPEER, EVERSION: one client was turned away, the listener goes on. A client that has not said what it
     * must 100 ms after it was first seen is dropped. */
    int32_t (*accept)(nexlink_listener *listener, nexlink_arena *arena, uint32_t ring_capacity, nexlink_link **link);
    void (*close_listener)(nexlink_listener *listener);
    /* ENOTFOUND at once when nobody listens; waits timeout_ms for the listener to accept, then EAGAIN. EPEER: it hung up instead. */
    int32_t (*connect)(const char *name, nexlink_arena *arena, uint32_t ring_capacity, uint32_t timeout_ms, nexlink_link **link);

    int32_t (*link_info)(nexlink_link *link, nexlink_link_info *info);
    /* Takes up to count descriptors; returns how many: fewer when the ring is full or the next one is invalid. EINVAL: the first one is. EPEER: the
     * peer is gone. Send and receive see by themselves that the peer closed; that it was killed they learn from peer_state() or wait(). */
    int32_t (*send)(nexlink_link *link, const nexlink_descriptor *descriptors, uint32_t count);
    /* Copies out up to count descriptors, validated: every slice lies inside the peer's arena. Bytes of
     * head behind head_length are left as they were. EPEER: gone, and the ring is drained; or not to be trusted. */
    int32_t (*receive)(nexlink_link *link, nexlink_descriptor *descriptors, uint32_t count);
    /* Gives holds on the peer's frames back; returns count, also when the peer is gone. Never fails for want of room: what finds the ring full is
     * kept by frame and moved on by later calls on this link. EINVAL: more holds than were received; then none was given back. */
    int32_t (*release)(nexlink_link *link, const nexlink_release *releases, uint32_t count);
    /* Collects holds on own frames that the peer gave back, or that it left behind when it died; 0: none now. Call until 0 before close_link. */
    int32_t (*reclaim)(nexlink_link *link, nexlink_release *releases, uint32_t count);
    /* NEXLINK_PEER_ALIVE or NEXLINK_PEER_DEAD: by the process handle of the peer (pidfd), not by time. DEAD also when it closed or is
     * not to be trusted. One system call while the peer lives. */
    int32_t (*peer_state)(nexlink_link *link);
    /* Sleeps until the peer sent or released something, it died, or timeout_ns passed (UINT64_MAX: never). The only call that blocks, besides connect.
     * 1: there is something to receive or reclaim, or room again after a send that took fewer than count. 0: the time passed. EPEER: as receive. */
    int32_t (*wait)(nexlink_link *link, uint64_t timeout_ns);
    /* The peer may still be reading what it holds: frames that were not reclaimed are the caller's to write off or to leave alone. */
    void (*close_link)(nexlink_link *link);
} nexlink_api;

/* The one symbol that the library exports. NULL: this library does not have the version asked for. */
const nexlink_api *nexlink_get_api(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif

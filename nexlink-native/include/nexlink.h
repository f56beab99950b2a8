/*
 * nexlink.h - the NexLink link layer as NexStream's driver sees it: a versioned table of functions over frame arenas and links.
 *
 * An arena is a block of equal frames that one endpoint owns. A link joins two endpoints; over it travel descriptors, each a
 * NexLink frame: the 48-byte NexLink header, the packet's leading bytes inline, and up to four slices of the sender's arena.
 * Payload is never copied by a link: the receiver reads it in place, through a read-only mapping, and hands every hold back.
 *
 * A `udp` link joins an endpoint to all nodes that datagrams reach. It has no peer whose memory could be mapped: what it calls the peer's arena
 * is its own block of frames, into which the kernel writes what arrives. All else is as for other links, so that its user has one way.
 *
 * A descriptor that carries slices is one hold for each slice on the frame that the slice lies in. The receiver returns holds with
 * release(); the sender collects returned holds with reclaim(). When the peer dies, reclaim() yields every hold that it still had.
 *
 * Threads: one thread at a time may use a link, one an arena, and one a listener; which one may change. Any thread may call wake() while another uses the link,
 * and name() and last_error() always. Nothing blocks except wait() and connect(), which do not for longer than they are told. No function calls back.
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
    const uint8_t *peer_memory; /* the peer's arena, mapped read-only; for `udp`, the link's own frames. Valid until close_link */
    uint32_t peer_frame_size;
    uint32_t peer_frame_count;
    uint32_t epoch;    /* unique among the links of this process */
    int32_t peer_pid;  /* 0 for an in-process link, and for `udp` */
} nexlink_link_info;

enum { NEXLINK_PEER_ALIVE = 0, NEXLINK_PEER_DEAD = 1 };

/* An address of the network. IPv4 addresses are written as ::ffff:a.b.c.d. */
typedef struct nexlink_udp_address {
    uint8_t address[16];
    uint32_t scope; /* the interface of a link-local IPv6 address, else 0 */
    uint16_t port;  /* in the machine's byte order */
    uint16_t reserved;
} nexlink_udp_address;

/* Bits of nexlink_udp_options.flags: what is not to be used although the kernel may have it. */
#define NEXLINK_UDP_NO_GSO 1u
#define NEXLINK_UDP_NO_GRO 2u

/* Bits of nexlink_udp_info.features: what is in use. */
#define NEXLINK_UDP_GSO 1u /* several datagrams of one length leave as one call's one buffer */
#define NEXLINK_UDP_GRO 2u /* and arrive so */
#define NEXLINK_UDP_ECN 4u /* marks are read and set; without it every datagram arrives as not ECN-capable */

typedef struct nexlink_udp_options {
    nexlink_udp_address local; /* all zero: any port, on all addresses of both families */
    uint32_t frame_size;       /* of the frames for what arrives; a longer datagram is dropped. A multiple of 64, 512 to 65536 */
    uint32_t frame_count;      /* 16 to 2^24 */
    uint32_t peers_max;        /* addresses known at a time: 8 to 2^20 */
    uint32_t flags;
    uint32_t socket_buffer;    /* bytes that the kernel is asked for, each way; it may give less. 0: what it gives unasked */
    uint32_t reserved;
} nexlink_udp_options;

typedef struct nexlink_udp_info {
    nexlink_udp_address local;
    uint32_t features;
    uint32_t peers;             /* addresses known */
    int32_t last_error;         /* errno of the last datagram that the system refused; 0: none was */
    uint32_t reserved;
    uint64_t sent;              /* datagrams */
    uint64_t send_calls;
    uint64_t received;          /* datagrams that were delivered */
    uint64_t receive_calls;     /* those that brought something */
    uint64_t dropped_short;     /* shorter than a header */
    uint64_t dropped_version;
    uint64_t dropped_length;    /* the header's payload length is not the datagram's */
    uint64_t dropped_checksum;
    uint64_t dropped_oversize;  /* longer than a frame */
    uint64_t dropped_no_frame;  /* all frames are held */
    uint64_t dropped_unroutable; /* to send: no address is known for the destination */
    uint64_t dropped_too_long;  /* to send: longer than the way to the next router carries */
    uint64_t dropped_refused;   /* to send: any other refusal of the system; see last_error */
    uint64_t peers_evicted;     /* addresses forgotten for newer ones */
} nexlink_udp_info;

typedef struct nexlink_api {
    uint32_t version; /* NEXLINK_ABI_VERSION */
    uint32_t size;    /* sizeof(nexlink_api): later versions only append */

    /* "native" or "managed": which implementation filled the table (UTF-8, static). */
    const char *(*name)(void);
    /* What the last failed call on this thread was about: UTF-8, valid until the next call. */
    const char *(*last_error)(void);

    /* Frames in memory that can be shared, zeroed and all in place: ENOMEM comes here and not later. frame_size: a multiple of 64, at most 2^30. */
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
    /* Sleeps until the peer sent or released something, it died, wake() was called, or timeout_ns passed (UINT64_MAX: never). Of a link's
     * functions the only one that blocks. 1: there is something to receive or reclaim, or room again after a send that took fewer than count.
     * 0: nothing. EPEER: as receive. */
    int32_t (*wait)(nexlink_link *link, uint64_t timeout_ns);
    /* The peer may still be reading what it holds: frames that were not reclaimed are the caller's to write off or to leave alone. */
    void (*close_link)(nexlink_link *link);

    /* `udp`: datagrams on a socket of its own. EINUSE: the port is taken. ENOTFOUND: no such address on this machine.
     * The system has copied what send() took, so that reclaim() has its holds at once; what it refuses is dropped and counted, as a network would.
     * send() takes fewer than count while the socket's buffer is full. Of a received descriptor the whole packet is one slice, behind head_length 0. */
    int32_t (*open_udp)(nexlink_arena *arena, const nexlink_udp_options *options, nexlink_link **link);
    /* Names a node at an address, so that frames for that name go there; the address is kept until the link is closed. node: its id, and its name; all zero: whoever is
     * at the address, and the link makes up the name. Nodes that were not dialled have names, too: received descriptors have them as source. A
     * name stands for one id at one address. ENOMEM: half of peers_max were dialled. */
    int32_t (*udp_dial)(nexlink_link *link, const nexlink_udp_address *address, const uint8_t *node, uint8_t *name);
    /* The address and the id behind a name; ENOTFOUND. */
    int32_t (*udp_lookup)(nexlink_link *link, const uint8_t *name, nexlink_udp_address *address, uint8_t *node);
    int32_t (*udp_info)(nexlink_link *link, nexlink_udp_info *info);

    /* Ends the wait() that another thread is in, or else the next one, as if its time had passed. The one function of a link that any thread may call
     * while another uses it; not while it is being closed. */
    int32_t (*wake)(nexlink_link *link);
} nexlink_api;

/* The one symbol that the library exports. NULL: this library does not have the version asked for. */
const nexlink_api *nexlink_get_api(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif

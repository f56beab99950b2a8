/* udp_support.h - udp links of this machine's own addresses, and frames for them. */
#ifndef UDP_SUPPORT_H
#define UDP_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nexlink.h"

enum { UDP_FRAME_SIZE = 2048, UDP_FRAME_COUNT = 256 };

/* An arena to send from, and a link. */
typedef struct udp_end {
    nexlink_arena *arena;
    uint8_t *memory;
    const uint8_t *received; /* the link's own frames */
    nexlink_link *link;
    nexlink_udp_address address; /* at which the other end reaches it */
    uint8_t node[NEXLINK_NODE_ID_SIZE];
} udp_end;

extern const nexlink_udp_address udp_loopback_v4;
extern const nexlink_udp_address udp_loopback_v6;

/* Options with an address and nothing unusual. */
nexlink_udp_options udp_options(nexlink_udp_address local, uint32_t flags);

bool udp_open(udp_end *end, const nexlink_udp_options *options, uint8_t number);
void udp_close(udp_end *end);

/* A frame from one end for a name: a header, so many bytes of head, and one slice of so many payload_fill bytes in the given frame of the arena. */
nexlink_descriptor udp_frame(udp_end *from, const uint8_t *to, uint32_t frame, uint16_t head_length, uint32_t payload_length, uint64_t number);

/* Receives exactly count descriptors; false when patience ended. */
bool udp_receive(udp_end *end, nexlink_descriptor *descriptors, uint32_t count);

/* Whether it is the frame that udp_frame made with this number. */
bool udp_matches(const udp_end *end, const nexlink_descriptor *descriptor, uint16_t head_length, uint32_t payload_length, uint64_t number);

void udp_release(udp_end *end, const nexlink_descriptor *descriptors, uint32_t count);

/* A socket of the system's own, bound to an address of its choosing, from which datagrams can be forged. */
int udp_stranger(int family);
bool udp_forge(int socket, const nexlink_udp_address *to, const uint8_t *bytes, size_t length);

/* The 48 bytes in front of a datagram. */
void udp_header(uint8_t *header, const uint8_t *source, const uint8_t *destination, uint32_t payload_length);

#endif

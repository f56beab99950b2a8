#include "udp_support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"
#include "support.h"
#include "udp.h"

enum { HEAD_SEED = 31, PEERS_MAX = 64 };

const nexlink_udp_address udp_loopback_v4 = {.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1}};
const nexlink_udp_address udp_loopback_v6 = {.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

nexlink_udp_options udp_options(nexlink_udp_address local, uint32_t flags)
{
    return (nexlink_udp_options){
        .local = local,
        .frame_size = UDP_FRAME_SIZE,
        .frame_count = UDP_FRAME_COUNT,
        .peers_max = PEERS_MAX,
        .flags = flags,
        .socket_buffer = 1u << 20,
    };
}

bool udp_open(udp_end *end, const nexlink_udp_options *options, uint8_t number)
{
    memset(end, 0, sizeof *end);
    memset(end->node, number, sizeof end->node);
    nexlink_arena_info arena;
    nexlink_link_info link;
    nexlink_udp_info info;
    if (api->create_arena(UDP_FRAME_SIZE, UDP_FRAME_COUNT, &end->arena) != NEXLINK_OK || api->arena_info(end->arena, &arena) != NEXLINK_OK
        || api->open_udp(end->arena, options, &end->link) != NEXLINK_OK || api->link_info(end->link, &link) != NEXLINK_OK
        || api->udp_info(end->link, &info) != NEXLINK_OK) {
        return false;
    }
    end->memory = arena.memory;
    end->received = link.peer_memory;
    end->address = options->local;
    end->address.port = info.local.port;
    return true;
}

void udp_close(udp_end *end)
{
    api->close_link(end->link);
    api->destroy_arena(end->arena);
}

void udp_header(uint8_t *header, const uint8_t *source, const uint8_t *destination, uint32_t payload_length)
{
    memset(header, 0, NEXLINK_HEADER_SIZE);
    header[0] = NEXLINK_HEADER_VERSION << 4;
    header[3] = 7;
    header[4] = (uint8_t)(payload_length >> 24);
    header[5] = (uint8_t)(payload_length >> 16);
    header[6] = (uint8_t)(payload_length >> 8);
    header[7] = (uint8_t)payload_length;
    memcpy(header + 16, source, NEXLINK_NODE_ID_SIZE);
    memcpy(header + 32, destination, NEXLINK_NODE_ID_SIZE);
}

nexlink_descriptor udp_frame(udp_end *from, const uint8_t *to, uint32_t frame, uint16_t head_length, uint32_t payload_length, uint64_t number)
{
    nexlink_descriptor descriptor = one_slice(frame, 0, payload_length);
    udp_header(descriptor.header, from->node, to, head_length + payload_length);
    descriptor.head_length = head_length;
    memset(descriptor.head, (uint8_t)(number + HEAD_SEED), head_length);
    payload_fill(from->memory + (size_t)frame * UDP_FRAME_SIZE, payload_length, number);
    return descriptor;
}

bool udp_receive(udp_end *end, nexlink_descriptor *descriptors, uint32_t count)
{
    const uint64_t deadline = nx_now_ns() + PATIENCE_NS;
    uint32_t received = 0;
    while (received < count && nx_now_ns() < deadline) {
        const int32_t result = api->receive(end->link, descriptors + received, count - received);
        if (result < 0) {
            return false;
        }
        received += (uint32_t)result;
        if (result == 0) {
            (void)api->wait(end->link, UINT64_C(1000000));
        }
    }
    return received == count;
}

bool udp_matches(const udp_end *end, const nexlink_descriptor *descriptor, uint16_t head_length, uint32_t payload_length, uint64_t number)
{
    const nexlink_slice slice = descriptor->slices[0];
    if (descriptor->slice_count != 1 || descriptor->head_length != 0 || slice.length != head_length + payload_length) {
        return false;
    }
    const uint8_t *packet = end->received + (size_t)slice.frame * UDP_FRAME_SIZE + slice.offset;
    for (uint32_t i = 0; i < head_length; i++) {
        if (packet[i] != (uint8_t)(number + HEAD_SEED)) {
            return false;
        }
    }
    return payload_matches(packet + head_length, payload_length, number);
}

void udp_release(udp_end *end, const nexlink_descriptor *descriptors, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const nexlink_release release = {.frame = descriptors[i].slices[0].frame, .holds = 1};
        (void)api->release(end->link, &release, 1);
    }
}

int udp_stranger(int family)
{
    return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

bool udp_forge(int socket, const nexlink_udp_address *to, const uint8_t *bytes, size_t length)
{
    nx_udp_sockaddr address;
    const socklen_t size = nx_udp_to_system(nx_udp_is_v4(to) ? AF_INET : AF_INET6, to, &address);
    return sendto(socket, bytes, length, 0, &address.any, size) == (ssize_t)length;
}

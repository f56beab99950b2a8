/* Opening and closing a udp link, and what it tells about itself. */
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "alarm.h"
#include "error.h"
#include "udp.h"

enum { FRAME_SIZE_MIN = 512, FRAME_SIZE_MAX = 65536, FRAME_COUNT_MIN = 2 * NX_UDP_SLOTS };

static const nexlink_udp_address any_address;

static bool set(int socket, int level, int option, int value)
{
    return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

/* A socket of a family with what cannot be done without, or -1. */
static int open_socket(int family)
{
    const int opened = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0) {
        return -1;
    }
    /* PROBE: nothing is ever fragmented, and the kernel's own idea of what a path carries stops no probe: finding that out is the endpoint's job. */
    bool done = set(opened, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) || family == AF_INET6;
    if (family == AF_INET6) {
        done = set(opened, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    }
    if (!done) {
        (void)close(opened);
        return -1;
    }
    return opened;
}

/* Reads marks, where the system gives them. A socket of both families needs both options. */
static bool read_marks(int socket, int family)
{
    const bool v4 = set(socket, IPPROTO_IP, IP_RECVTOS, 1);
    return family == AF_INET ? v4 : set(socket, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
}

static void set_options(nx_udp *udp, const nexlink_udp_options *options)
{
    if (options->socket_buffer != 0) {
        /* The first of each pair goes beyond the system's limit, and is only for who may administrate the network. */
        const int size = options->socket_buffer < INT32_MAX ? (int)options->socket_buffer : INT32_MAX;
        (void)(set(udp->socket, SOL_SOCKET, SO_RCVBUFFORCE, size) || set(udp->socket, SOL_SOCKET, SO_RCVBUF, size));
        (void)(set(udp->socket, SOL_SOCKET, SO_SNDBUFFORCE, size) || set(udp->socket, SOL_SOCKET, SO_SNDBUF, size));
    }
    /* A kernel without UDP_SEGMENT does not know the option; 0 is what it is anyway. */
    if ((options->flags & NEXLINK_UDP_NO_GSO) == 0 && set(udp->socket, IPPROTO_UDP, UDP_SEGMENT, 0)) {
        udp->info.features |= NEXLINK_UDP_GSO;
    }
    if ((options->flags & NEXLINK_UDP_NO_GRO) == 0 && set(udp->socket, IPPROTO_UDP, UDP_GRO, 1)) {
        udp->info.features |= NEXLINK_UDP_GRO;
    }
    if (read_marks(udp->socket, udp->family)) {
        udp->info.features |= NEXLINK_UDP_ECN;
    }
}

/* Opens the socket and gives it its address. */
static int32_t bind_socket(nx_udp *udp, const nexlink_udp_options *options)
{
    const bool is_any = memcmp(options->local.address, any_address.address, sizeof any_address.address) == 0;
    udp->family = nx_udp_is_v4(&options->local) ? AF_INET : AF_INET6;
    udp->socket = open_socket(udp->family);
    if (udp->socket < 0 && is_any && errno == EAFNOSUPPORT) {
        udp->family = AF_INET;
        udp->socket = open_socket(udp->family);
    }
    if (udp->socket < 0) {
        return nx_fail_system("open_udp: opening the socket");
    }
    if (udp->family == AF_INET6 && !set(udp->socket, IPPROTO_IPV6, IPV6_V6ONLY, is_any ? 0 : 1)) {
        return nx_fail_system("open_udp: choosing the families of addresses");
    }
    set_options(udp, options);
    nx_udp_sockaddr address;
    const socklen_t size = nx_udp_to_system(udp->family, &options->local, &address);
    if (bind(udp->socket, &address.any, size) == 0) {
        return NEXLINK_OK;
    }
    switch (errno) {
    case EADDRINUSE:
        return nx_fail(NEXLINK_EINUSE, "open_udp: another socket has the port");
    case EADDRNOTAVAIL:
        return nx_fail(NEXLINK_ENOTFOUND, "open_udp: the address is none of this machine's");
    default:
        return nx_fail_system("open_udp: taking the address");
    }
}

static int32_t make_pool(nx_udp *udp, const nexlink_udp_options *options)
{
    int32_t result = nx_arena_create(options->frame_size, options->frame_count, &udp->pool);
    if (result == NEXLINK_OK) {
        result = nx_holds_create(options->frame_count, &udp->borrowed);
    }
    if (result == NEXLINK_OK) {
        result = nx_holds_create(udp->arena->frame_count, &udp->lent);
    }
    if (result == NEXLINK_OK) {
        result = nx_debts_create(udp->arena->frame_count, &udp->returned);
    }
    if (result == NEXLINK_OK) {
        result = nx_udp_peers_create(options->peers_max, &udp->peers);
    }
    if (result != NEXLINK_OK) {
        return result;
    }
    udp->free_frames = malloc(options->frame_count * sizeof *udp->free_frames);
    udp->spills = malloc((size_t)NX_UDP_SLOTS * NX_UDP_SPILL_SIZE);
    if (udp->free_frames == NULL || udp->spills == NULL) {
        return nx_fail_system("open_udp: making room for what arrives");
    }
    udp->free_count = options->frame_count;
    for (uint32_t i = 0; i < options->frame_count; i++) {
        udp->free_frames[i] = options->frame_count - 1 - i;
    }
    /* At most half of the pool is offered to the kernel; the rest is for what is moved, and for what the endpoint holds. */
    const uint32_t fair = options->frame_count / (2 * NX_UDP_SLOTS);
    udp->slot_frames = fair < NX_UDP_SLOT_FRAMES ? fair : NX_UDP_SLOT_FRAMES;
    udp->in.segment = options->frame_size;
    for (uint32_t i = 0; i < NX_UDP_SLOTS; i++) {
        udp->in.slots[i].spill = udp->spills + (size_t)i * NX_UDP_SPILL_SIZE;
    }
    return NEXLINK_OK;
}

void nx_udp_close(nx_udp *udp)
{
    nx_alarm_close(udp->alarm);
    if (udp->socket >= 0) {
        (void)close(udp->socket);
    }
    nx_udp_peers_destroy(&udp->peers);
    nx_debts_destroy(&udp->returned);
    nx_holds_destroy(&udp->lent);
    nx_holds_destroy(&udp->borrowed);
    nx_arena_release(udp->pool);
    nx_arena_release(udp->arena);
    free(udp->free_frames);
    free(udp->spills);
    free(udp);
}

int32_t nx_udp_open(nexlink_arena *arena, const nexlink_udp_options *options, nexlink_link **link)
{
    if (arena == NULL || options == NULL || link == NULL) {
        return nx_fail(NEXLINK_EINVAL, "open_udp: no arena, no options or no place for the link");
    }
    *link = NULL;
    if (options->frame_size < FRAME_SIZE_MIN || options->frame_size > FRAME_SIZE_MAX || !nx_arena_shape_valid(options->frame_size, options->frame_count)
        || options->frame_count < FRAME_COUNT_MIN) {
        return nx_fail(NEXLINK_EINVAL, "open_udp: frames are a multiple of 64 bytes from 512 to 65536, and 16 to 2^24 of them");
    }
    if (!nx_udp_peers_capacity_valid(options->peers_max)) {
        return nx_fail(NEXLINK_EINVAL, "open_udp: 8 to 2^20 addresses can be known");
    }
    if ((options->flags & ~(NEXLINK_UDP_NO_GSO | NEXLINK_UDP_NO_GRO)) != 0) {
        return nx_fail(NEXLINK_EINVAL, "open_udp: a flag that this version does not know");
    }
    nx_udp *udp = calloc(1, sizeof *udp);
    if (udp == NULL) {
        return nx_fail_system("open_udp");
    }
    udp->kind = NX_LINK_UDP;
    udp->socket = -1;
    udp->alarm = -1;
    udp->epoch = nx_control_next_epoch();
    udp->arena = arena;
    nx_arena_retain(arena);
    int32_t result = nx_alarm_open(&udp->alarm);
    if (result == NEXLINK_OK) {
        result = bind_socket(udp, options);
    }
    if (result == NEXLINK_OK) {
        result = make_pool(udp, options);
    }
    if (result != NEXLINK_OK) {
        nx_udp_close(udp);
        return result;
    }
    *link = (nexlink_link *)udp;
    return NEXLINK_OK;
}

int32_t nx_udp_link_info(nx_udp *udp, nexlink_link_info *info)
{
    if (info == NULL) {
        return nx_fail(NEXLINK_EINVAL, "link_info: no place for the answer");
    }
    *info = (nexlink_link_info){
        .peer_memory = udp->pool->segment.memory,
        .peer_frame_size = udp->pool->frame_size,
        .peer_frame_count = udp->pool->frame_count,
        .epoch = udp->epoch,
        .peer_pid = 0,
    };
    return NEXLINK_OK;
}

int32_t nx_udp_info(nexlink_link *link, nexlink_udp_info *info)
{
    const nx_udp *udp = nx_udp_of(link);
    if (udp == NULL || info == NULL) {
        return nx_fail(NEXLINK_EINVAL, "udp_info: no udp link or no place for the answer");
    }
    *info = udp->info;
    info->peers = nx_udp_peers_count(&udp->peers);
    info->peers_evicted = udp->peers.evicted;
    nx_udp_sockaddr address;
    socklen_t size = sizeof address;
    if (getsockname(udp->socket, &address.any, &size) != 0) {
        return nx_fail_system("udp_info: reading the address");
    }
    info->local = nx_udp_from_system(&address);
    return NEXLINK_OK;
}

int32_t nx_udp_dial(nexlink_link *link, const nexlink_udp_address *address, const uint8_t *node, uint8_t *name)
{
    nx_udp *udp = nx_udp_of(link);
    if (udp == NULL || address == NULL || node == NULL || name == NULL || address->port == 0 || address->reserved != 0) {
        return nx_fail(NEXLINK_EINVAL, "udp_dial: no udp link, no address with a port, no node or no place for the name");
    }
    if (udp->family == AF_INET && !nx_udp_is_v4(address)) {
        return nx_fail(NEXLINK_EINVAL, "udp_dial: the link has an IPv4 address and reaches no IPv6 address");
    }
    nx_udp_key key = {.address = *address};
    memcpy(key.node, node, sizeof key.node);
    const nx_udp_peer *peer = nx_udp_peers_dial(&udp->peers, &key);
    if (peer == NULL) {
        return nx_fail(NEXLINK_ENOMEM, "udp_dial: half of the addresses that the link may know were dialled");
    }
    memcpy(name, peer->name, sizeof peer->name);
    return NEXLINK_OK;
}

int32_t nx_udp_lookup(nexlink_link *link, const uint8_t *name, nexlink_udp_address *address, uint8_t *node)
{
    nx_udp *udp = nx_udp_of(link);
    if (udp == NULL || name == NULL || address == NULL || node == NULL) {
        return nx_fail(NEXLINK_EINVAL, "udp_lookup: no udp link, no name or no place for the answer");
    }
    const nx_udp_peer *peer = nx_udp_peers_find(&udp->peers, name);
    if (peer == NULL) {
        return nx_fail(NEXLINK_ENOTFOUND, "udp_lookup: nobody of that name is known");
    }
    *address = peer->key.address;
    memcpy(node, peer->key.node, sizeof peer->key.node);
    return NEXLINK_OK;
}

/* Two udp links of this machine: what is sent arrives, whatever the kernel does to get it there. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"
#include "peer.h"
#include "support.h"
#include "udp.h"
#include "udp_support.h"

static const uint8_t nobody[NEXLINK_NODE_ID_SIZE];

static bool dial(udp_end *from, const udp_end *to, const uint8_t *node, uint8_t *name)
{
    return api->udp_dial(from->link, &to->address, node, name) == NEXLINK_OK;
}

/* Both ends at one address, so that datagrams of many lengths go from a to b. */
static void transfer(nexlink_udp_address at, uint32_t flags_a, uint32_t flags_b)
{
    enum { BATCH = 100, HEAD = 32 };
    udp_end a;
    udp_end b;
    const nexlink_udp_options options_a = udp_options(at, flags_a);
    const nexlink_udp_options options_b = udp_options(at, flags_b);
    CHECK(udp_open(&a, &options_a, 1) && udp_open(&b, &options_b, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    CHECK(memcmp(name, b.node, sizeof name) == 0);

    /* Runs of equal lengths, a shorter one at the end of each, then lengths that all differ. */
    nexlink_descriptor batch[BATCH];
    uint32_t lengths[BATCH];
    for (uint32_t round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < BATCH; i++) {
            lengths[i] = round % 3 == 0 ? (i % 20 == 19 ? 100 : 1200) : round % 3 == 1 ? 400 + i * 7 : 60;
            batch[i] = udp_frame(&a, name, i, HEAD, lengths[i], round * BATCH + i);
        }
        for (uint32_t sent = 0; sent < BATCH;) {
            const int32_t result = api->send(a.link, batch + sent, BATCH - sent);
            CHECK(result >= 0);
            sent += (uint32_t)result;
            (void)(result == 0 && api->wait(a.link, UINT64_C(1000000)));
        }
        /* The system has its own copy: nothing is held any more, and what is written now changes nothing. */
        CHECK_EQUAL(reclaim_all(a.link), BATCH);
        memset(a.memory, 0xEE, (size_t)BATCH * UDP_FRAME_SIZE);
        nexlink_descriptor got[BATCH];
        CHECK(udp_receive(&b, got, BATCH));
        for (uint32_t i = 0; i < BATCH; i++) {
            CHECK(udp_matches(&b, &got[i], HEAD, lengths[i], round * BATCH + i));
        }
        udp_release(&b, got, BATCH);
    }
    nexlink_udp_info info_a;
    nexlink_udp_info info_b;
    CHECK_EQUAL(api->udp_info(a.link, &info_a), NEXLINK_OK);
    CHECK_EQUAL(api->udp_info(b.link, &info_b), NEXLINK_OK);
    CHECK_EQUAL(info_a.sent, 6 * BATCH);
    CHECK_EQUAL(info_b.received, 6 * BATCH);
    CHECK((info_a.features & NEXLINK_UDP_GSO) == 0 || flags_a == 0);
    CHECK((info_b.features & NEXLINK_UDP_GRO) == 0 || flags_b == 0);
    udp_close(&a);
    udp_close(&b);
}

static void frames_arrive_over_ipv4(void)
{
    transfer(udp_loopback_v4, 0, 0);
}

static void frames_arrive_over_ipv6(void)
{
    transfer(udp_loopback_v6, 0, 0);
}

static void frames_arrive_without_segmentation(void)
{
    transfer(udp_loopback_v4, NEXLINK_UDP_NO_GSO, 0);
}

static void frames_arrive_without_coalescing(void)
{
    transfer(udp_loopback_v4, 0, NEXLINK_UDP_NO_GRO);
}

static void frames_arrive_with_neither(void)
{
    transfer(udp_loopback_v6, NEXLINK_UDP_NO_GSO | NEXLINK_UDP_NO_GRO, NEXLINK_UDP_NO_GSO | NEXLINK_UDP_NO_GRO);
}

/* A link on all addresses, whom one of IPv4 and one of IPv6 call; it answers both. */
static void one_socket_serves_both_families(void)
{
    const nexlink_udp_options any = udp_options((nexlink_udp_address){.port = 0}, 0);
    const nexlink_udp_options v4 = udp_options(udp_loopback_v4, 0);
    const nexlink_udp_options v6 = udp_options(udp_loopback_v6, 0);
    udp_end server;
    udp_end clients[2];
    CHECK(udp_open(&server, &any, 1) && udp_open(&clients[0], &v4, 2) && udp_open(&clients[1], &v6, 3));
    for (int i = 0; i < 2; i++) {
        nexlink_udp_address to = i == 0 ? udp_loopback_v4 : udp_loopback_v6;
        to.port = server.address.port;
        uint8_t name[NEXLINK_NODE_ID_SIZE];
        CHECK_EQUAL(api->udp_dial(clients[i].link, &to, nobody, name), NEXLINK_OK);
        CHECK(memcmp(name, nobody, sizeof name) != 0);
        nexlink_descriptor frame = udp_frame(&clients[i], name, 0, 20, 500, 7);
        frame.header[1] = 2; /* ECT(0) */
        CHECK_EQUAL(api->send(clients[i].link, &frame, 1), 1);
        nexlink_descriptor got;
        CHECK(udp_receive(&server, &got, 1));
        CHECK(udp_matches(&server, &got, 20, 500, 7));
        CHECK(memcmp(got.header + 32, nobody, 16) == 0); /* who dials an address does not say a node */
        CHECK_EQUAL(got.header[1], 2);

        nexlink_udp_address address;
        uint8_t node[NEXLINK_NODE_ID_SIZE];
        CHECK_EQUAL(api->udp_lookup(server.link, got.header + 16, &address, node), NEXLINK_OK);
        CHECK(memcmp(&address, &clients[i].address, sizeof address) == 0);
        CHECK(memcmp(node, clients[i].node, sizeof node) == 0);

        /* The answer comes under the name that was dialled, though the client never heard the server's id before. */
        frame = udp_frame(&server, got.header + 16, 0, 30, 600, 8);
        frame.header[1] = 1; /* ECT(1) */
        CHECK_EQUAL(api->send(server.link, &frame, 1), 1);
        udp_release(&server, &got, 1);
        CHECK(udp_receive(&clients[i], &got, 1));
        CHECK(udp_matches(&clients[i], &got, 30, 600, 8));
        CHECK(memcmp(got.header + 16, name, sizeof name) == 0);
        CHECK(memcmp(got.header + 32, clients[i].node, 16) == 0);
        CHECK_EQUAL(got.header[1], 1);
    }
    for (int i = 0; i < 2; i++) {
        udp_close(&clients[i]);
    }
    udp_close(&server);
}

/* Marks are the network's: what arrives says what the IP header said, also where one buffer carried both. */
static void marks_split_a_run(void)
{
    enum { COUNT = 16 };
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end a;
    udp_end b;
    CHECK(udp_open(&a, &options, 1) && udp_open(&b, &options, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    nexlink_descriptor batch[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        batch[i] = udp_frame(&a, name, i, 0, 1000, i);
        batch[i].header[1] = (uint8_t)(0xF0 | (i / 4)); /* what is beside the mark is not sent as one */
    }
    CHECK_EQUAL(api->send(a.link, batch, COUNT), COUNT);
    CHECK(udp_receive(&b, batch, COUNT));
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK(udp_matches(&b, &batch[i], 0, 1000, i));
        CHECK_EQUAL(batch[i].header[1], i / 4);
    }
    udp_close(&a);
    udp_close(&b);
}

static void equal_frames_leave_with_one_call(void)
{
    enum { COUNT = 32 };
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end a;
    udp_end b;
    CHECK(udp_open(&a, &options, 1) && udp_open(&b, &options, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    nexlink_descriptor batch[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        batch[i] = udp_frame(&a, name, i, 16, 1300, i);
    }
    CHECK_EQUAL(api->send(a.link, batch, COUNT), COUNT);
    nexlink_udp_info info;
    CHECK_EQUAL(api->udp_info(a.link, &info), NEXLINK_OK);
    CHECK_EQUAL(info.send_calls, 1);
    CHECK(udp_receive(&b, batch, COUNT));
    CHECK_EQUAL(api->udp_info(b.link, &info), NEXLINK_OK);
    /* Where the kernel keeps them together, they come with one call, too. */
    CHECK((info.features & NEXLINK_UDP_GRO) == 0 || info.receive_calls <= COUNT / NX_UDP_SLOTS);
    udp_close(&a);
    udp_close(&b);
}

static void too_long_and_unroutable_frames_are_dropped_and_the_rest_is_sent(void)
{
    enum { COUNT = 6 };
    nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end a;
    udp_end b;
    CHECK(udp_open(&a, &options, 1) && udp_open(&b, &options, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    const uint8_t stranger[NEXLINK_NODE_ID_SIZE] = {9};
    /* Loopback carries what no datagram may be: 65507 bytes are the most over IPv4. Four slices of one large arena make more. */
    nexlink_arena *large = NULL;
    nexlink_link *sender = NULL;
    CHECK_EQUAL(api->create_arena(32768, 4, &large), NEXLINK_OK);
    CHECK_EQUAL(api->open_udp(large, &options, &sender), NEXLINK_OK);
    CHECK_EQUAL(api->udp_dial(sender, &b.address, b.node, name), NEXLINK_OK);
    nexlink_descriptor giant = one_slice(0, 0, 32768);
    giant.slices[1] = (nexlink_slice){.frame = 1, .offset = 0, .length = 32768};
    giant.slice_count = 2;
    udp_header(giant.header, a.node, name, 65536);
    CHECK_EQUAL(api->send(sender, &giant, 1), 1);
    CHECK_EQUAL(reclaim_all(sender), 2);
    nexlink_udp_info info;
    CHECK_EQUAL(api->udp_info(sender, &info), NEXLINK_OK);
    CHECK_EQUAL(info.dropped_too_long, 1);
    CHECK_EQUAL(info.last_error, EMSGSIZE);
    api->close_link(sender);
    api->destroy_arena(large);

    nexlink_descriptor batch[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        batch[i] = udp_frame(&a, i == 2 ? stranger : name, i, 16, 700, i);
    }
    CHECK_EQUAL(api->send(a.link, batch, COUNT), COUNT);
    CHECK_EQUAL(reclaim_all(a.link), COUNT);
    CHECK_EQUAL(api->udp_info(a.link, &info), NEXLINK_OK);
    CHECK_EQUAL(info.dropped_unroutable, 1);
    CHECK_EQUAL(info.sent, COUNT - 1);
    CHECK(udp_receive(&b, batch, COUNT - 1));
    for (uint32_t i = 0; i < COUNT - 1; i++) {
        CHECK(udp_matches(&b, &batch[i], 16, 700, i < 2 ? i : i + 1));
    }
    udp_close(&a);
    udp_close(&b);
}

static void invalid_descriptors_are_refused(void)
{
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end a;
    CHECK(udp_open(&a, &options, 1));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &a, a.node, name));
    nexlink_descriptor batch[2] = {udp_frame(&a, name, 0, 16, 100, 1), udp_frame(&a, name, 1, 16, 100, 2)};
    batch[1].slices[0].frame = UDP_FRAME_COUNT;
    CHECK_EQUAL(api->send(a.link, batch, 2), 1);
    CHECK_EQUAL(api->send(a.link, batch + 1, 1), NEXLINK_EINVAL);
    batch[1] = batch[0];
    batch[1].head_length = NEXLINK_HEAD_CAPACITY + 1;
    CHECK_EQUAL(api->send(a.link, batch + 1, 1), NEXLINK_EINVAL);
    CHECK_EQUAL(reclaim_all(a.link), 1);
    CHECK(udp_receive(&a, batch, 1));
    const nexlink_release twice[] = {{batch[0].slices[0].frame, 1}, {batch[0].slices[0].frame, 1}};
    CHECK_EQUAL(api->release(a.link, twice, 2), NEXLINK_EINVAL);
    CHECK_EQUAL(api->release(a.link, twice, 1), 1);
    CHECK_EQUAL(api->release(a.link, twice, 1), NEXLINK_EINVAL);
    udp_close(&a);
}

static void held_frames_stop_receiving_and_lose_nothing(void)
{
    enum { POOL = 16, COUNT = 24 };
    nexlink_udp_options options = udp_options(udp_loopback_v4, NEXLINK_UDP_NO_GSO | NEXLINK_UDP_NO_GRO);
    udp_end a;
    udp_end b;
    CHECK(udp_open(&a, &options, 1));
    options.frame_count = POOL;
    CHECK(udp_open(&b, &options, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    nexlink_descriptor batch[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        batch[i] = udp_frame(&a, name, i, 16, 700, i);
    }
    CHECK_EQUAL(api->send(a.link, batch, COUNT), COUNT);
    nexlink_descriptor got[COUNT];
    CHECK(udp_receive(&b, got, POOL));
    CHECK_EQUAL(api->receive(b.link, got + POOL, COUNT - POOL), 0);
    udp_release(&b, got, POOL);
    CHECK(udp_receive(&b, got + POOL, COUNT - POOL));
    for (uint32_t i = POOL; i < COUNT; i++) {
        CHECK(udp_matches(&b, &got[i], 16, 700, i));
    }
    udp_close(&a);
    udp_close(&b);
}

/* A run of short datagrams is moved into frames one by one, also into those that were offered to the kernel and that it did not need. */
static void short_run_uses_what_frames_there_are(void)
{
    enum { POOL = 64, COUNT = 50 };
    nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end a;
    udp_end b;
    CHECK(udp_open(&a, &options, 1));
    options.frame_count = POOL;
    CHECK(udp_open(&b, &options, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    nexlink_descriptor batch[COUNT];
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            batch[i] = udp_frame(&a, name, i, 16, 100, i);
        }
        CHECK_EQUAL(api->send(a.link, batch, COUNT), COUNT);
        CHECK(udp_receive(&b, batch, COUNT));
        for (uint32_t i = 0; i < COUNT; i++) {
            CHECK(udp_matches(&b, &batch[i], 16, 100, i));
        }
        udp_release(&b, batch, COUNT);
    }
    udp_close(&a);
    udp_close(&b);
}

static void wait_tells_what_is_there(void)
{
    const nexlink_udp_options options = udp_options(udp_loopback_v6, 0);
    udp_end a;
    udp_end b;
    CHECK(udp_open(&a, &options, 1) && udp_open(&b, &options, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    CHECK_EQUAL(api->wait(b.link, 1000), 0);
    nexlink_descriptor frames[2] = {udp_frame(&a, name, 0, 16, 100, 1), udp_frame(&a, name, 1, 16, 100, 2)};
    CHECK_EQUAL(api->send(a.link, frames, 2), 2);
    CHECK_EQUAL(api->wait(b.link, UINT64_MAX), 1);
    CHECK_EQUAL(api->wait(a.link, 0), 1); /* holds to be reclaimed */
    CHECK_EQUAL(reclaim_all(a.link), 2);
    CHECK_EQUAL(api->wait(a.link, 0), 0);
    CHECK(udp_receive(&b, frames, 1));
    CHECK_EQUAL(api->wait(b.link, UINT64_MAX), 1); /* what was fetched and not yet delivered, or is still in the socket */
    CHECK(udp_receive(&b, frames, 1));
    CHECK_EQUAL(api->wait(b.link, 0), 0);
    CHECK_EQUAL(api->peer_state(a.link), NEXLINK_PEER_ALIVE);
    udp_close(&a);
    udp_close(&b);
}

static void wake_ends_one_wait(void)
{
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end end;
    CHECK(udp_open(&end, &options, 1));
    CHECK_EQUAL(api->wake(end.link), NEXLINK_OK);
    CHECK_EQUAL(api->wait(end.link, 60 * UINT64_C(1000000000)), 0);
    const uint64_t start = nx_now_ns();
    CHECK_EQUAL(api->wait(end.link, 2000000), 0);
    CHECK(nx_now_ns() - start >= 2000000);
    udp_close(&end);
}

static void what_cannot_be_opened_says_why(void)
{
    const size_t before = open_descriptors();
    nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end a;
    CHECK(udp_open(&a, &options, 1));
    nexlink_link *link = NULL;
    options.local = a.address;
    CHECK_EQUAL(api->open_udp(a.arena, &options, &link), NEXLINK_EINUSE);
    CHECK(link == NULL && strlen(api->last_error()) > 0);
    options.local.address[12] = 203; /* 203.0.113.0/24 is for documents (RFC 5737) */
    options.local.address[14] = 113;
    CHECK_EQUAL(api->open_udp(a.arena, &options, &link), NEXLINK_ENOTFOUND);
    options = udp_options(udp_loopback_v4, 4);
    CHECK_EQUAL(api->open_udp(a.arena, &options, &link), NEXLINK_EINVAL);
    options = udp_options(udp_loopback_v4, 0);
    options.frame_size = 256;
    CHECK_EQUAL(api->open_udp(a.arena, &options, &link), NEXLINK_EINVAL);
    options.frame_size = UDP_FRAME_SIZE;
    options.frame_count = 8;
    CHECK_EQUAL(api->open_udp(a.arena, &options, &link), NEXLINK_EINVAL);
    options.frame_count = UDP_FRAME_COUNT;
    options.peers_max = 1;
    CHECK_EQUAL(api->open_udp(a.arena, &options, &link), NEXLINK_EINVAL);
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    const nexlink_udp_address unreachable = udp_loopback_v6;
    CHECK_EQUAL(api->udp_dial(a.link, &unreachable, a.node, name), NEXLINK_EINVAL); /* no port */
    nexlink_udp_address other_family = udp_loopback_v6;
    other_family.port = 1;
    CHECK_EQUAL(api->udp_dial(a.link, &other_family, a.node, name), NEXLINK_EINVAL);
    CHECK_EQUAL(api->udp_lookup(a.link, a.node, &other_family, name), NEXLINK_ENOTFOUND);
    loop_fixture loop;
    CHECK(loop_open(&loop, 256, 8, 8));
    nexlink_udp_info info;
    CHECK_EQUAL(api->udp_info(loop.a, &info), NEXLINK_EINVAL); /* not of that kind */
    loop_close(&loop);
    udp_close(&a);
    CHECK_EQUAL(open_descriptors(), before);
}

/* A network of its own for this process, in which nothing longer than an Ethernet frame gets through; false: this user may not have one. */
static bool enter_narrow_network(void)
{
    enum { ETHERNET = 1500 };
    if (unshare(CLONE_NEWNET) != 0) {
        return false;
    }
    const int socket = udp_stranger(AF_INET);
    struct ifreq request = {.ifr_name = "lo", .ifr_mtu = ETHERNET};
    bool done = ioctl(socket, SIOCSIFMTU, &request) == 0;
    request.ifr_flags = IFF_UP;
    done = done && ioctl(socket, SIOCSIFFLAGS, &request) == 0;
    (void)close(socket);
    return done;
}

/* The last test: the process stays in that network. One buffer has frames that are too long and one that is not; what has no address lies between them. */
static void refused_buffer_goes_frame_by_frame(void)
{
    enum { COUNT = 6 };
    if (!enter_narrow_network()) {
        printf("refused_buffer_goes_frame_by_frame: left out, a network of its own takes root\n");
        return;
    }
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end a;
    udp_end b;
    CHECK(udp_open(&a, &options, 1) && udp_open(&b, &options, 2));
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    CHECK(dial(&a, &b, b.node, name));
    const uint8_t stranger[NEXLINK_NODE_ID_SIZE] = {9};
    nexlink_descriptor batch[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        batch[i] = udp_frame(&a, i == 1 ? stranger : name, i, 16, i == COUNT - 1 ? 200 : 1700, i);
        batch[i].header[1] = 2;
    }
    batch[1].slice_count = 0;
    CHECK_EQUAL(api->send(a.link, batch, COUNT), COUNT);
    CHECK_EQUAL(reclaim_all(a.link), COUNT - 1);
    CHECK(udp_receive(&b, batch, 1));
    CHECK(udp_matches(&b, &batch[0], 16, 200, COUNT - 1));
    CHECK_EQUAL(batch[0].header[1], 2);
    nexlink_udp_info info;
    CHECK_EQUAL(api->udp_info(a.link, &info), NEXLINK_OK);
    CHECK_EQUAL(info.dropped_too_long, COUNT - 2);
    CHECK_EQUAL(info.dropped_unroutable, 1);
    CHECK_EQUAL(info.sent, 1);
    udp_close(&a);
    udp_close(&b);
}

int main(void)
{
    RUN(frames_arrive_over_ipv4);
    RUN(frames_arrive_over_ipv6);
    RUN(frames_arrive_without_segmentation);
    RUN(frames_arrive_without_coalescing);
    RUN(frames_arrive_with_neither);
    RUN(one_socket_serves_both_families);
    RUN(marks_split_a_run);
    RUN(equal_frames_leave_with_one_call);
    RUN(too_long_and_unroutable_frames_are_dropped_and_the_rest_is_sent);
    RUN(invalid_descriptors_are_refused);
    RUN(held_frames_stop_receiving_and_lose_nothing);
    RUN(short_run_uses_what_frames_there_are);
    RUN(wait_tells_what_is_there);
    RUN(wake_ends_one_wait);
    RUN(what_cannot_be_opened_says_why);
    RUN(refused_buffer_goes_frame_by_frame);
    FINISH();
}

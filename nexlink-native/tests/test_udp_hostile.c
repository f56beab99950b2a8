/* Datagrams that nobody honest sends: each is dropped, counted, and harms nobody else. */
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crc32c.h"
#include "harness.h"
#include "support.h"
#include "udp.h"
#include "udp_support.h"

static const uint8_t victim[NEXLINK_NODE_ID_SIZE] = {1, 2, 3};
static const uint8_t nobody[NEXLINK_NODE_ID_SIZE];

static nexlink_udp_info info_of(const udp_end *end)
{
    nexlink_udp_info info;
    (void)api->udp_info(end->link, &info);
    return info;
}

/* Sends a good datagram behind a bad one, so that the bad one was seen when the good one is there; only the good one is delivered. */
static bool is_dropped(udp_end *end, int socket, const uint8_t *bytes, size_t length)
{
    uint8_t good[NEXLINK_HEADER_SIZE + 100];
    udp_header(good, victim, nobody, 100);
    payload_fill(good + NEXLINK_HEADER_SIZE, 100, 4711);
    nexlink_descriptor got[2];
    if (!udp_forge(socket, &end->address, bytes, length) || !udp_forge(socket, &end->address, good, sizeof good) || !udp_receive(end, got, 1)
        || !udp_matches(end, &got[0], 0, 100, 4711)) {
        return false;
    }
    udp_release(end, got, 1);
    return api->receive(end->link, got, 2) == 0;
}

static void malformed_datagrams_are_dropped_and_counted(void)
{
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end end;
    CHECK(udp_open(&end, &options, 1));
    const int socket = udp_stranger(AF_INET);
    uint8_t bytes[3000];
    memset(bytes, 0, sizeof bytes);

    CHECK(is_dropped(&end, socket, bytes, 0));
    udp_header(bytes, victim, nobody, 0);
    CHECK(is_dropped(&end, socket, bytes, 1));
    CHECK(is_dropped(&end, socket, bytes, NEXLINK_HEADER_SIZE - 1));
    CHECK_EQUAL(info_of(&end).dropped_short, 3);

    udp_header(bytes, victim, nobody, 200);
    bytes[0] = 2 << 4;
    CHECK(is_dropped(&end, socket, bytes, NEXLINK_HEADER_SIZE + 200));
    CHECK_EQUAL(info_of(&end).dropped_version, 1);

    static const uint32_t lies[] = {0, 199, 201, UINT32_MAX};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        udp_header(bytes, victim, nobody, lies[i]);
        CHECK(is_dropped(&end, socket, bytes, NEXLINK_HEADER_SIZE + 200));
    }
    CHECK_EQUAL(info_of(&end).dropped_length, 4);

    udp_header(bytes, victim, nobody, 200);
    bytes[15] = 1;
    CHECK(is_dropped(&end, socket, bytes, NEXLINK_HEADER_SIZE + 200));
    CHECK_EQUAL(info_of(&end).dropped_checksum, 1);

    udp_header(bytes, victim, nobody, UDP_FRAME_SIZE);
    CHECK(is_dropped(&end, socket, bytes, NEXLINK_HEADER_SIZE + UDP_FRAME_SIZE));
    CHECK_EQUAL(info_of(&end).dropped_oversize, 1);
    CHECK_EQUAL(info_of(&end).received, 10);
    (void)close(socket);
    udp_close(&end);
}

static void right_checksum_is_accepted(void)
{
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end end;
    CHECK(udp_open(&end, &options, 1));
    const int socket = udp_stranger(AF_INET);
    uint8_t bytes[NEXLINK_HEADER_SIZE + 100];
    udp_header(bytes, victim, nobody, 100);
    payload_fill(bytes + NEXLINK_HEADER_SIZE, 100, 1);
    const uint32_t sum = nx_crc32c(bytes + NEXLINK_HEADER_SIZE, 100);
    for (int i = 0; i < 4; i++) {
        bytes[12 + i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    CHECK(udp_forge(socket, &end.address, bytes, sizeof bytes));
    nexlink_descriptor got;
    CHECK(udp_receive(&end, &got, 1));
    CHECK(udp_matches(&end, &got, 0, 100, 1));
    (void)close(socket);
    udp_close(&end);
}

/* A run that the kernel keeps together, whose pieces are each too short, too long, lies, or more than the link keeps. */
static void runs_of_rubbish_are_cut_and_dropped(void)
{
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end end;
    CHECK(udp_open(&end, &options, 1));
    const int socket = udp_stranger(AF_INET);
    static uint8_t bytes[60000];
    memset(bytes, 0xFF, sizeof bytes);
    static const int sizes[] = {1, 47, 48, 49, 500, 1000, 1400};
    uint64_t before = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t length = (size_t)sizes[i] * 40;
        if (setsockopt(socket, IPPROTO_UDP, UDP_SEGMENT, &sizes[i], sizeof sizes[i]) != 0) {
            break; /* an old kernel cannot do this to anybody either */
        }
        CHECK(udp_forge(socket, &end.address, bytes, length));
        const int none = 0;
        CHECK_EQUAL(setsockopt(socket, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none), 0);
        CHECK(is_dropped(&end, socket, bytes, 10));
        const nexlink_udp_info info = info_of(&end);
        const uint64_t dropped = info.dropped_short + info.dropped_version + info.dropped_length + info.dropped_no_frame;
        CHECK_EQUAL(dropped - before, 41);
        before = dropped;
    }
    (void)close(socket);
    udp_close(&end);
}

/* A node that is known is claimed by a stranger: its frames keep going where they went, and come from whom they came. */
static void claimed_id_takes_no_traffic_away(void)
{
    enum { FORGED = 1000 };
    const nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    udp_end server;
    udp_end client;
    CHECK(udp_open(&server, &options, 1) && udp_open(&client, &options, 2));
    uint8_t to_server[NEXLINK_NODE_ID_SIZE];
    CHECK_EQUAL(api->udp_dial(client.link, &server.address, nobody, to_server), NEXLINK_OK);
    nexlink_descriptor frame = udp_frame(&client, to_server, 0, 16, 300, 1);
    CHECK_EQUAL(api->send(client.link, &frame, 1), 1);
    nexlink_descriptor got;
    CHECK(udp_receive(&server, &got, 1));
    uint8_t to_client[NEXLINK_NODE_ID_SIZE];
    memcpy(to_client, got.header + 16, sizeof to_client);
    udp_release(&server, &got, 1);

    const int thief = udp_stranger(AF_INET);
    uint8_t forged[NEXLINK_HEADER_SIZE + 100];
    udp_header(forged, client.node, server.node, 100);
    payload_fill(forged + NEXLINK_HEADER_SIZE, 100, 666);
    for (int i = 0; i < FORGED; i++) {
        CHECK(udp_forge(thief, &server.address, forged, sizeof forged));
        CHECK(udp_receive(&server, &got, 1));
        CHECK(memcmp(got.header + 16, to_client, sizeof to_client) != 0);
        udp_release(&server, &got, 1);
        nexlink_descriptor answer = udp_frame(&server, to_client, 0, 16, 200, (uint64_t)i);
        CHECK_EQUAL(api->send(server.link, &answer, 1), 1);
        CHECK_EQUAL(reclaim_all(server.link), 1);
        CHECK(udp_receive(&client, &got, 1));
        CHECK(udp_matches(&client, &got, 16, 200, (uint64_t)i));
        udp_release(&client, &got, 1);
    }
    uint8_t stolen[64];
    CHECK(recv(thief, stolen, sizeof stolen, MSG_DONTWAIT) < 0);
    (void)close(thief);
    udp_close(&server);
    udp_close(&client);
}

/* More addresses than the table has, all strangers: the table stays as large as it is, and who is talked to stays in it. */
static void flood_of_addresses_is_bounded(void)
{
    enum { SOCKETS = 64, ROUNDS = 4 };
    nexlink_udp_options options = udp_options(udp_loopback_v4, 0);
    options.peers_max = 16;
    udp_end server;
    udp_end client;
    CHECK(udp_open(&server, &options, 1) && udp_open(&client, &options, 2));
    uint8_t to_server[NEXLINK_NODE_ID_SIZE];
    CHECK_EQUAL(api->udp_dial(client.link, &server.address, server.node, to_server), NEXLINK_OK);
    nexlink_descriptor got;
    uint8_t to_client[NEXLINK_NODE_ID_SIZE];
    for (uint64_t i = 0; i < NX_UDP_SENDS_KNOWN; i++) {
        nexlink_descriptor frame = udp_frame(&client, to_server, 0, 16, 300, i);
        CHECK_EQUAL(api->send(client.link, &frame, 1), 1);
        CHECK(udp_receive(&server, &got, 1));
        memcpy(to_client, got.header + 16, sizeof to_client);
        udp_release(&server, &got, 1);
        frame = udp_frame(&server, to_client, 0, 16, 300, i);
        CHECK_EQUAL(api->send(server.link, &frame, 1), 1);
        CHECK(udp_receive(&client, &got, 1));
        udp_release(&client, &got, 1);
    }
    uint8_t forged[NEXLINK_HEADER_SIZE + 100];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < SOCKETS; i++) {
            const int stranger = udp_stranger(AF_INET);
            memset(forged, 0, sizeof forged);
            udp_header(forged, client.node, server.node, 100);
            CHECK(udp_forge(stranger, &server.address, forged, sizeof forged));
            CHECK(udp_receive(&server, &got, 1));
            udp_release(&server, &got, 1);
            (void)close(stranger);
        }
    }
    const nexlink_udp_info info = info_of(&server);
    CHECK(info.peers <= 16);
    CHECK(info.peers_evicted > 0);
    nexlink_descriptor answer = udp_frame(&server, to_client, 0, 16, 200, 99);
    CHECK_EQUAL(api->send(server.link, &answer, 1), 1);
    CHECK(udp_receive(&client, &got, 1));
    CHECK(udp_matches(&client, &got, 16, 200, 99));
    udp_close(&server);
    udp_close(&client);
}

int main(void)
{
    RUN(malformed_datagrams_are_dropped_and_counted);
    RUN(right_checksum_is_accepted);
    RUN(runs_of_rubbish_are_cut_and_dropped);
    RUN(claimed_id_takes_no_traffic_away);
    RUN(flood_of_addresses_is_bounded);
    FINISH();
}

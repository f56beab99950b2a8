/* ENet between two cores, over UDP and the loopback interface: reliable packets of one channel. */
#include <enet/enet.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum {
    OUTSTANDING_MAX = 256,        /* packets created and not yet acknowledged: more only make the library walk a longer list */
    SOCKET_BUFFER = 8 * 1024 * 1024,
    CONNECT_MS = 5000,
    IDLE_MS = 1,                  /* waiting gathers acknowledgements and doubles goodput; only round trips spin */
};

typedef struct receiver {
    const options *asked;
    ENetHost *host;
    uint8_t *taken;
    int64_t last_ns;
    uint64_t bytes;
    uint64_t messages;
} receiver;

static _Atomic bool over;
static size_t outstanding; /* of the sending thread alone: packets are freed by the host that sent them */

static void freed(ENetPacket *packet)
{
    (void)packet;
    outstanding--;
}

static ENetHost *open_host(const ENetAddress *address)
{
    ENetHost *host = enet_host_create(address, 1, 1, 0, 0);
    if (host == NULL) {
        fail("enet: no host");
    }
    (void)enet_socket_set_option(host->socket, ENET_SOCKOPT_RCVBUF, SOCKET_BUFFER);
    (void)enet_socket_set_option(host->socket, ENET_SOCKOPT_SNDBUF, SOCKET_BUFFER);
    return host;
}

static void send_packet(ENetPeer *to, const uint8_t *message, size_t size, ENetPacketFreeCallback callback)
{
    ENetPacket *packet = enet_packet_create(message, size, ENET_PACKET_FLAG_RELIABLE);
    if (packet == NULL) {
        fail("enet: no packet");
    }
    packet->freeCallback = callback;
    if (enet_peer_send(to, 0, packet) != 0) {
        fail("enet: cannot send");
    }
}

/* The next event, or none. */
static bool next_event(const options *asked, ENetHost *host, ENetEvent *event)
{
    const int found = enet_host_service(host, event, asked->ping ? 0 : IDLE_MS);
    if (found < 0) {
        fail("enet: service failed");
    }
    return found > 0;
}

static void take(const options *asked, uint8_t *to, ENetPacket *packet)
{
    memcpy(to, packet->data, packet->dataLength);
    if (asked->touch) {
        touch_read(to, packet->dataLength);
    }
    enet_packet_destroy(packet);
}

static void *receive(void *argument)
{
    receiver *self = argument;
    pin_to_core(1);
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        ENetEvent event;
        if (!next_event(self->asked, self->host, &event) || event.type != ENET_EVENT_TYPE_RECEIVE) {
            continue;
        }
        self->bytes += event.packet->dataLength;
        self->messages++;
        take(self->asked, self->taken, event.packet);
        if (self->asked->ping) {
            send_packet(event.peer, self->taken, self->asked->size, NULL);
            enet_host_flush(self->host);
        } else {
            self->last_ns = now_ns();
        }
    }
    return NULL;
}

static ENetPeer *connect_to(ENetHost *host, const ENetAddress *address)
{
    ENetPeer *peer = enet_host_connect(host, address, 1, 0);
    ENetEvent event;
    if (peer == NULL || enet_host_service(host, &event, CONNECT_MS) <= 0 || event.type != ENET_EVENT_TYPE_CONNECT) {
        fail("enet: no connection");
    }
    /* The throttle takes the last digit of its millisecond clock for congestion: it may open here, never close. */
    enet_peer_throttle_configure(peer, ENET_PEER_PACKET_THROTTLE_INTERVAL, ENET_PEER_PACKET_THROTTLE_SCALE, 0);
    return peer;
}

static void flood(const options *asked, ENetHost *host, ENetPeer *peer, uint8_t *message, int64_t end)
{
    for (uint8_t round = 0; now_ns() < end;) {
        while (outstanding < OUTSTANDING_MAX) {
            if (asked->touch) {
                touch_write(message, asked->size, round++);
            }
            outstanding++;
            send_packet(peer, message, asked->size, freed);
        }
        ENetEvent event;
        (void)next_event(asked, host, &event);
    }
}

static void ping(const options *asked, ENetHost *host, ENetPeer *peer, uint8_t *message, int64_t end, result *measured)
{
    samples trips = samples_create();
    for (int64_t sent = now_ns(); sent < end;) {
        send_packet(peer, message, asked->size, NULL);
        enet_host_flush(host);
        ENetEvent event;
        while (!next_event(asked, host, &event) || event.type != ENET_EVENT_TYPE_RECEIVE) {
        }
        take(asked, message, event.packet);
        const int64_t back = now_ns();
        samples_add(&trips, back - sent);
        sent = back;
    }
    samples_percentiles(&trips, &measured->p50_us, &measured->p99_us);
}

int main(int argc, char **argv)
{
    const options asked = options_parse(argc, argv, "reliable");
    if (strcmp(asked.kind, "reliable") != 0 || enet_initialize() != 0) {
        fail("reliable");
    }
    ENetAddress address = {.port = ENET_PORT_ANY};
    if (enet_address_set_host_ip(&address, "127.0.0.1") != 0) {
        fail("enet: no address");
    }
    receiver other = {.asked = &asked, .host = open_host(&address), .taken = calloc(1, asked.size)};
    address.port = other.host->address.port;
    ENetHost *host = open_host(NULL);
    uint8_t *message = calloc(1, asked.size);
    pin_to_core(0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, receive, &other) != 0) {
        fail("cannot start a thread");
    }
    ENetPeer *peer = connect_to(host, &address);
    result measured = {.peer = "enet"};
    const int64_t begin = now_ns();
    const int64_t end = begin + (int64_t)(asked.seconds * (double)NS_PER_S);
    if (asked.ping) {
        ping(&asked, host, peer, message, end, &measured);
    } else {
        flood(&asked, host, peer, message, end);
    }
    atomic_store(&over, true);
    (void)pthread_join(thread, NULL);
    if (!asked.ping) {
        measured.elapsed_ns = other.last_ns - begin;
        measured.bytes = other.bytes;
        measured.packets = other.messages;
    }
    result_print(&asked, &measured);
    return 0;
}

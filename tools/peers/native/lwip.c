/*
 * lwIP's raw TCP, in one thread: two interfaces of one stack, whose packets go through a queue in memory. Debian's library is built for sockets, with
 * a thread of its own: that thread is never started here, and the stack is used the way its raw API is meant to be.
 * Its maximum segment (1460), its window (64 KB) and its checksums are compiled in.
 */
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>

#include <stdlib.h>
#include <string.h>

#include "common.h"

enum {
    PORT = 5000,
    QUEUE = 1024,               /* packets under way; a window of 64 KB holds fewer */
    HEADERS = 20 + 20,          /* IPv4 and TCP without options */
    CONNECT_TURNS = 1000,
};

typedef struct end {
    struct netif interface;
    struct end *other;
    uint64_t data;              /* packets with payload that left here */
    uint64_t bare;              /* packets without: acknowledgements */
} end;

typedef struct application {
    const options *asked;
    struct tcp_pcb *sender;
    bool connected;
    uint8_t *message;
    uint8_t *taken;
    uint64_t bytes;
} application;

typedef struct queued {
    struct pbuf *packet;
    end *to;
} queued;

static queued queue[QUEUE];
static size_t head;
static size_t tail;

/* The packet is copied, as a link copies it: the stack keeps its own for retransmission. */
static err_t carry(struct netif *interface, struct pbuf *packet, const ip4_addr_t *address)
{
    end *from = interface->state;
    (void)address;
    struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet);
    if (copy == NULL || tail - head == QUEUE) {
        fail("lwip: no room for a packet");
    }
    if (packet->tot_len > HEADERS) {
        from->data++;
    } else {
        from->bare++;
    }
    queue[tail++ % QUEUE] = (queued){.packet = copy, .to = from->other};
    return ERR_OK;
}

static void deliver(void)
{
    while (head != tail) {
        const queued next = queue[head++ % QUEUE];
        if (next.to->interface.input(next.packet, &next.to->interface) != ERR_OK) {
            (void)pbuf_free(next.packet);
        }
    }
}

static uint16_t mtu;

static err_t prepare(struct netif *interface)
{
    interface->name[0] = 'm';
    interface->name[1] = 'm';
    interface->mtu = mtu;
    interface->output = carry;
    return ERR_OK;
}

static void open_end(end *self, end *other, uint8_t number)
{
    ip4_addr_t address;
    ip4_addr_t mask;
    ip4_addr_t gateway;
    IP4_ADDR(&address, 10, 0, 0, number);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 0, 0, 0, 0);
    self->other = other;
    if (netif_add(&self->interface, &address, &mask, &gateway, self, prepare, ip_input) == NULL) {
        fail("lwip: no interface");
    }
    netif_set_link_up(&self->interface);
    netif_set_up(&self->interface);
}

static err_t received(void *argument, struct tcp_pcb *pcb, struct pbuf *packet, err_t error)
{
    application *self = argument;
    if (packet == NULL || error != ERR_OK) {
        fail("lwip: the connection ended");
    }
    const uint16_t length = pbuf_copy_partial(packet, self->taken, packet->tot_len, 0);
    if (self->asked->touch) {
        touch_read(self->taken, length);
    }
    self->bytes += length;
    tcp_recved(pcb, length);
    (void)pbuf_free(packet);
    return ERR_OK;
}

static err_t accepted(void *argument, struct tcp_pcb *pcb, err_t error)
{
    if (pcb == NULL || error != ERR_OK) {
        fail("lwip: nobody to accept");
    }
    tcp_arg(pcb, argument);
    tcp_recv(pcb, received);
    return ERR_OK;
}

static err_t connected(void *argument, struct tcp_pcb *pcb, err_t error)
{
    application *self = argument;
    (void)pcb;
    self->connected = error == ERR_OK;
    return ERR_OK;
}

static struct tcp_pcb *new_pcb(const end *at)
{
    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL) {
        fail("lwip: no connection block");
    }
    tcp_bind_netif(pcb, &at->interface);
    return pcb;
}

static void connect_ends(application *self, const end *a, const end *b)
{
    struct tcp_pcb *listener = new_pcb(b);
    if (tcp_bind(listener, IP_ADDR_ANY, PORT) != ERR_OK || (listener = tcp_listen(listener)) == NULL) {
        fail("lwip: cannot listen");
    }
    tcp_arg(listener, self);
    tcp_accept(listener, accepted);
    self->sender = new_pcb(a);
    tcp_arg(self->sender, self);
    tcp_nagle_disable(self->sender);
    if (tcp_connect(self->sender, &b->interface.ip_addr, PORT, connected) != ERR_OK) {
        fail("lwip: cannot connect");
    }
    for (int i = 0; i < CONNECT_TURNS && !self->connected; i++) {
        deliver();
        sys_check_timeouts();
    }
    if (!self->connected) {
        fail("lwip: no connection");
    }
}

/* Everything that the window takes, a segment at a time. */
static void send_all(application *self)
{
    const uint16_t segment = tcp_mss(self->sender);
    for (uint8_t round = 0; tcp_sndbuf(self->sender) >= segment; round++) {
        if (self->asked->touch) {
            touch_write(self->message, segment, round);
        }
        if (tcp_write(self->sender, self->message, segment, TCP_WRITE_FLAG_COPY) != ERR_OK) {
            break;
        }
    }
    (void)tcp_output(self->sender);
}

int main(int argc, char **argv)
{
    const options asked = options_parse(argc, argv, "tcp");
    if (strcmp(asked.kind, "tcp") != 0 || asked.size <= HEADERS || asked.size > TCP_MSS + HEADERS) {
        fail("tcp, with packets of 41 to 1500 bytes: the library's maximum segment is compiled in");
    }
    mtu = (uint16_t)asked.size;
    static end a;
    static end b;
    lwip_init();
    open_end(&a, &b, 1);
    open_end(&b, &a, 2);
    application self = {.asked = &asked, .message = calloc(1, TCP_MSS), .taken = calloc(1, UINT16_MAX)};
    connect_ends(&self, &a, &b);
    a.data = 0;
    b.bare = 0;
    const int64_t begin = now_ns();
    const int64_t end_ns = begin + (int64_t)(asked.seconds * (double)NS_PER_S);
    while (now_ns() < end_ns) {
        send_all(&self);
        deliver();
        sys_check_timeouts();
    }
    result_print(&asked, &(result){.peer = "lwip", .elapsed_ns = now_ns() - begin, .bytes = self.bytes, .packets = a.data, .acks = b.bare});
    return 0;
}

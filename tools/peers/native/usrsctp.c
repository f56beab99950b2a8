/*
 * usrsctp without its checksum: two ends in one thread, without the library's own threads. The library writes packets from inside a call, where it
 * must not be entered again, so that they wait in a ring until that call has returned.
 */
#include <usrsctp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum {
    PORT = 5000,
    BURST = 16,                  /* messages before the other side has its turn: few enough to stay in the cache */
    WINDOW = 64,                 /* packets of the first congestion window */
    RING = 4096,                 /* packets under way; a window holds fewer */
    PACKET_MAX = 9216,
    HEADERS = 12 + 16,           /* common header and DATA chunk header: RFC 9260 §3 and §3.3.1 */
    BUFFER = 1 << 18,            /* bytes of each socket's buffers: the window */
    HANDSHAKE_TURNS = 100,
    NS_PER_MS = 1000000,
};

/* An end of the wire: the library addresses it by its pointer. */
typedef struct end {
    struct end *other;
    uint64_t packets; /* written by this end */
} end;

typedef struct packet {
    end *to;
    size_t length;
    uint8_t bytes[PACKET_MAX];
} packet;

static packet *ring;
static size_t head;
static size_t tail;

static void check(int outcome, const char *what)
{
    if (outcome < 0) {
        fail_system(what);
    }
}

static int carry(void *address, void *bytes, size_t length, uint8_t service, uint8_t fragment)
{
    end *from = address;
    (void)service, (void)fragment;
    if (length > PACKET_MAX || tail - head == RING) {
        fail("the ring of packets is too small");
    }
    packet *next = &ring[tail++ % RING];
    next->to = from->other;
    next->length = length;
    memcpy(next->bytes, bytes, length);
    from->packets++;
    return 0;
}

static void deliver(void)
{
    while (head != tail) {
        const packet *next = &ring[head % RING];
        usrsctp_conninput(next->to, next->bytes, next->length, 0);
        head++;
    }
}

static struct sockaddr_conn address_of(end *self)
{
    return (struct sockaddr_conn){.sconn_family = AF_CONN, .sconn_port = htons(PORT), .sconn_addr = self};
}

static void set(struct socket *socket, int option, const void *value, size_t length, const char *what)
{
    check(usrsctp_setsockopt(socket, IPPROTO_SCTP, option, value, (socklen_t)length), what);
}

static struct socket *open_socket(end *self, const options *asked)
{
    struct socket *made = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (made == NULL) {
        fail_system("socket");
    }
    const int buffer = BUFFER;
    check(usrsctp_setsockopt(made, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer), "SO_SNDBUF");
    check(usrsctp_setsockopt(made, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer), "SO_RCVBUF");
    check(usrsctp_set_non_blocking(made, 1), "non-blocking");
    const uint32_t on = 1;
    set(made, SCTP_NODELAY, &on, sizeof on, "SCTP_NODELAY");
    const struct sctp_paddrparams path = {.spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE, .spp_pathmtu = (uint32_t)asked->size};
    set(made, SCTP_PEER_ADDR_PARAMS, &path, sizeof path, "SCTP_PEER_ADDR_PARAMS");
    if (asked->ack_every != 0) {
        const struct sctp_sack_info sack = {.sack_freq = (uint32_t)asked->ack_every};
        set(made, SCTP_DELAYED_SACK, &sack, sizeof sack, "SCTP_DELAYED_SACK");
    }
    struct sockaddr_conn address = address_of(self);
    check(usrsctp_bind(made, (struct sockaddr *)&address, sizeof address), "bind");
    return made;
}

/* Connects both and returns the accepted socket. */
static struct socket *meet(struct socket *client, end *client_end, struct socket *listener)
{
    struct sockaddr_conn address = address_of(client_end);
    check(usrsctp_listen(listener, 1), "listen");
    if (usrsctp_connect(client, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        fail_system("connect");
    }
    for (int i = 0; i < HANDSHAKE_TURNS; i++) {
        deliver();
        struct socket *accepted = usrsctp_accept(listener, NULL, NULL);
        if (accepted != NULL) {
            check(usrsctp_set_non_blocking(accepted, 1), "non-blocking");
            return accepted;
        }
        usrsctp_handle_timers(1);
    }
    fail("no connection");
}

static void run_timers(int64_t *last)
{
    const int64_t elapsed_ms = (now_ns() - *last) / NS_PER_MS;
    if (elapsed_ms > 0) {
        usrsctp_handle_timers((uint32_t)elapsed_ms);
        *last += elapsed_ms * NS_PER_MS;
    }
}

static uint64_t send_burst(struct socket *from, const options *asked, uint8_t *message, size_t length)
{
    struct sctp_sndinfo how = {.snd_flags = strcmp(asked->kind, "unordered") == 0 ? SCTP_UNORDERED : 0};
    uint64_t count = 0;
    while (count < BURST) {
        if (asked->touch) {
            touch_write(message, length, (uint8_t)count);
        }
        if (usrsctp_sendv(from, message, length, NULL, 0, &how, sizeof how, SCTP_SENDV_SNDINFO, 0) < 0) {
            if (errno != EWOULDBLOCK) {
                fail_system("sendv");
            }
            break;
        }
        count++;
    }
    return count;
}

static void receive_all(struct socket *to, const options *asked, uint8_t *taken, result *measured)
{
    for (;;) {
        /* The library writes through each of these, wanted or not. */
        int flags = 0;
        socklen_t no_address = 0;
        socklen_t no_information = 0;
        unsigned int kind = 0;
        const ssize_t got = usrsctp_recvv(to, taken, PACKET_MAX, NULL, &no_address, NULL, &no_information, &kind, &flags);
        if (got < 0 && errno == EWOULDBLOCK) {
            return;
        }
        if (got <= 0) {
            fail_system("recvv");
        }
        if (asked->touch) {
            touch_read(taken, (size_t)got);
        }
        measured->bytes += (uint64_t)got;
        measured->packets++;
    }
}

int main(int argc, char **argv)
{
    const options asked = options_parse(argc, argv, "ordered|unordered");
    if ((strcmp(asked.kind, "ordered") != 0 && strcmp(asked.kind, "unordered") != 0) || asked.size <= HEADERS || asked.size > PACKET_MAX) {
        fail("ordered or unordered, with packets of 29 to 9216 bytes");
    }
    ring = calloc(RING, sizeof *ring);
    end a = {0};
    end b = {.other = &a};
    a.other = &b;
    usrsctp_init_nothreads(0, carry, NULL);
    usrsctp_enable_crc32c_offload(); /* the "hardware" that would compute it does not exist: it is neither written nor checked */
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_max_burst_default(0);
    usrsctp_sysctl_set_sctp_initial_cwnd(WINDOW); /* a smaller window would wait for the timer of delayed acknowledgements */
    usrsctp_register_address(&a);
    usrsctp_register_address(&b);
    struct socket *sender = open_socket(&a, &asked);
    struct socket *receiver = meet(sender, &a, open_socket(&b, &asked));

    /* A message fills its packet; chunks are padded to four bytes. */
    const size_t length = (asked.size - HEADERS) / 4 * 4;
    uint8_t *message = calloc(1, PACKET_MAX);
    uint8_t *taken = calloc(1, PACKET_MAX);
    result measured = {.peer = "usrsctp"};
    const uint64_t answers = b.packets;
    const int64_t begin = now_ns();
    const int64_t end_ns = begin + (int64_t)(asked.seconds * (double)NS_PER_S);
    int64_t timers = begin;
    while (now_ns() < end_ns) {
        (void)send_burst(sender, &asked, message, length);
        deliver();
        receive_all(receiver, &asked, taken, &measured);
        deliver();
        run_timers(&timers);
    }
    measured.elapsed_ns = now_ns() - begin;
    measured.acks = b.packets - answers;
    result_print(&asked, &measured);
    return 0;
}

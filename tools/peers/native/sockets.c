/* The kernel's own: TCP and UDP over the loopback interface, and UNIX stream sockets. One thread sends from core 0, one receives on core 1. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

enum {
    BATCH = 64,                    /* messages of one sendmmsg or recvmmsg */
    UDP_BUFFER = 8 * 1024 * 1024,  /* asked for; the kernel gives what net.core.*mem_max allows */
    UDP_SILENCE_US = 100 * 1000,   /* the receiver looks whether it is over this often */
};

typedef struct ends {
    int sender;
    int receiver;
    bool datagrams;
} ends;

typedef struct receiver {
    const options *asked;
    uint8_t *memory;
    ends sockets;
    int64_t last_ns; /* when the last byte arrived */
    uint64_t bytes;
    uint64_t messages;
} receiver;

static _Atomic bool over;

static void check(int outcome, const char *what)
{
    if (outcome < 0) {
        fail_system(what);
    }
}

static int bound(int type, struct sockaddr_in *address)
{
    const int made = socket(AF_INET, type, 0);
    check(made, "socket");
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof *address;
    check(bind(made, (struct sockaddr *)address, length), "bind");
    check(getsockname(made, (struct sockaddr *)address, &length), "getsockname");
    return made;
}

static ends open_tcp(void)
{
    struct sockaddr_in address;
    const int listener = bound(SOCK_STREAM, &address);
    check(listen(listener, 1), "listen");
    ends made = {.sender = socket(AF_INET, SOCK_STREAM, 0)};
    check(connect(made.sender, (struct sockaddr *)&address, sizeof address), "connect");
    made.receiver = accept(listener, NULL, NULL);
    check(made.receiver, "accept");
    const int on = 1;
    check(setsockopt(made.sender, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    check(setsockopt(made.receiver, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    (void)close(listener);
    return made;
}

static ends open_udp(void)
{
    struct sockaddr_in here;
    struct sockaddr_in there;
    const ends made = {.sender = bound(SOCK_DGRAM, &here), .receiver = bound(SOCK_DGRAM, &there), .datagrams = true};
    check(connect(made.sender, (struct sockaddr *)&there, sizeof there), "connect");
    check(connect(made.receiver, (struct sockaddr *)&here, sizeof here), "connect");
    const int buffer = UDP_BUFFER;
    const struct timeval silence = {.tv_usec = UDP_SILENCE_US};
    check(setsockopt(made.sender, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer), "SO_SNDBUF");
    check(setsockopt(made.receiver, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer), "SO_RCVBUF");
    check(setsockopt(made.receiver, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence), "SO_RCVTIMEO");
    return made;
}

static ends open_unix(void)
{
    int pair[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    return (ends){.sender = pair[0], .receiver = pair[1]};
}

static uint8_t *memory_of(size_t size)
{
    uint8_t *memory = aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (memory == NULL) {
        fail_system("memory");
    }
    memset(memory, 1, size);
    return memory;
}

static void batch_fill(struct mmsghdr *messages, struct iovec *parts, uint8_t *memory, size_t size)
{
    memset(messages, 0, BATCH * sizeof *messages);
    for (size_t i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){.iov_base = memory + i * size, .iov_len = size};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
}

static void receive_stream(receiver *self)
{
    uint8_t *memory = self->memory;
    ssize_t got;
    while ((got = recv(self->sockets.receiver, memory, self->asked->size, 0)) > 0) {
        if (self->asked->touch) {
            touch_read(memory, (size_t)got);
        }
        self->bytes += (uint64_t)got;
    }
    check((int)got, "recv");
    self->last_ns = now_ns();
    self->messages = self->bytes / self->asked->size;
}

static void receive_datagrams(receiver *self)
{
    uint8_t *memory = self->memory;
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    batch_fill(messages, parts, memory, self->asked->size);
    for (;;) {
        const int got = recvmmsg(self->sockets.receiver, messages, BATCH, MSG_WAITFORONE, NULL);
        if (got < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                fail_system("recvmmsg");
            }
            if (atomic_load(&over)) {
                return;
            }
            continue;
        }
        for (int i = 0; i < got; i++) {
            if (self->asked->touch) {
                touch_read(memory + (size_t)i * self->asked->size, messages[i].msg_len);
            }
            self->bytes += messages[i].msg_len;
        }
        self->messages += (uint64_t)got;
        self->last_ns = now_ns();
    }
}

static void *receive(void *argument)
{
    receiver *self = argument;
    pin_to_core(1);
    (self->sockets.datagrams ? receive_datagrams : receive_stream)(self);
    return NULL;
}

static void send_stream(const options *asked, int to, uint8_t *memory, int64_t end)
{
    for (uint8_t round = 0; now_ns() < end; round++) {
        if (asked->touch) {
            touch_write(memory, asked->size, round);
        }
        for (size_t sent = 0; sent < asked->size;) {
            const ssize_t taken = send(to, memory + sent, asked->size - sent, MSG_NOSIGNAL);
            if (taken < 0) {
                fail_system("send");
            }
            sent += (size_t)taken;
        }
    }
    check(shutdown(to, SHUT_WR), "shutdown");
}

static void send_datagrams(const options *asked, int to, uint8_t *memory, int64_t end)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    batch_fill(messages, parts, memory, asked->size);
    for (uint8_t round = 0; now_ns() < end; round++) {
        if (asked->touch) {
            touch_write(memory, asked->size * BATCH, round);
        }
        if (sendmmsg(to, messages, BATCH, 0) < 0 && errno != ENOBUFS) {
            fail_system("sendmmsg");
        }
    }
    atomic_store(&over, true);
}

static void *echo(void *argument)
{
    const receiver *self = argument;
    pin_to_core(1);
    uint8_t *memory = self->memory;
    while (!atomic_load_explicit(&over, memory_order_relaxed)) {
        const ssize_t got = recv(self->sockets.receiver, memory, self->asked->size, MSG_DONTWAIT);
        if (got > 0) {
            check((int)send(self->sockets.receiver, memory, (size_t)got, MSG_NOSIGNAL), "send");
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            fail_system("recv");
        }
    }
    return NULL;
}

static void ping(const options *asked, int over_socket, uint8_t *memory, result *measured)
{
    samples trips = samples_create();
    const int64_t end = now_ns() + (int64_t)(asked->seconds * (double)NS_PER_S);
    for (int64_t sent = now_ns(); sent < end;) {
        check((int)send(over_socket, memory, asked->size, MSG_NOSIGNAL), "send");
        for (size_t got = 0; got < asked->size;) {
            const ssize_t part = recv(over_socket, memory, asked->size, MSG_DONTWAIT);
            if (part > 0) {
                got += (size_t)part;
            } else if (part == 0 || (errno != EAGAIN && errno != EINTR)) {
                fail_system("recv");
            }
        }
        const int64_t back = now_ns();
        samples_add(&trips, back - sent);
        sent = back;
    }
    atomic_store(&over, true);
    samples_percentiles(&trips, &measured->p50_us, &measured->p99_us);
}

int main(int argc, char **argv)
{
    const options asked = options_parse(argc, argv, "tcp|unix|udp");
    receiver other = {.asked = &asked};
    if (strcmp(asked.kind, "tcp") == 0) {
        other.sockets = open_tcp();
    } else if (strcmp(asked.kind, "unix") == 0) {
        other.sockets = open_unix();
    } else if (strcmp(asked.kind, "udp") == 0) {
        other.sockets = open_udp();
    } else {
        fail("tcp, unix or udp?");
    }
    pin_to_core(0);
    /* All memory is there before the clock starts. */
    const size_t room = asked.size * (other.sockets.datagrams ? BATCH : 1);
    uint8_t *memory = memory_of(room);
    other.memory = memory_of(room);
    result measured = {.peer = asked.kind};
    pthread_t thread;
    if (pthread_create(&thread, NULL, asked.ping ? echo : receive, &other) != 0) {
        fail("cannot start a thread");
    }
    const int64_t begin = now_ns();
    if (asked.ping) {
        ping(&asked, other.sockets.sender, memory, &measured);
    } else {
        const int64_t end = begin + (int64_t)(asked.seconds * (double)NS_PER_S);
        (other.sockets.datagrams ? send_datagrams : send_stream)(&asked, other.sockets.sender, memory, end);
    }
    (void)pthread_join(thread, NULL);
    free(memory);
    free(other.memory);
    measured.bytes = other.bytes;
    measured.packets = other.messages;
    measured.elapsed_ns = other.last_ns - begin;
    result_print(&asked, &measured);
    return 0;
}

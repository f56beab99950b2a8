/* The way out: descriptors become datagrams, as many with one system call as can be. */
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "error.h"
#include "udp.h"

enum { DESTINATION_OFFSET = 32 };

/* Appends a control message to what is there. */
static void add_control(struct msghdr *message, int level, int type, const void *value, size_t size)
{
    struct cmsghdr *control = (struct cmsghdr *)(void *)((uint8_t *)message->msg_control + message->msg_controllen);
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(control), value, size);
    message->msg_controllen += CMSG_SPACE(size);
}

static void add_segment_size(struct msghdr *message, uint32_t size)
{
    const uint16_t value = (uint16_t)size;
    add_control(message, IPPROTO_UDP, UDP_SEGMENT, &value, sizeof value);
}

static void add_mark(const nx_udp *udp, struct msghdr *message, const nexlink_udp_address *address, int mark)
{
    if (udp->family == AF_INET6 && !nx_udp_is_v4(address)) {
        add_control(message, IPPROTO_IPV6, IPV6_TCLASS, &mark, sizeof mark);
    } else {
        add_control(message, IPPROTO_IP, IP_TOS, &mark, sizeof mark);
    }
}

/* Bytes of the datagram. */
static uint32_t length_of(const nexlink_descriptor *descriptor)
{
    uint32_t length = NEXLINK_HEADER_SIZE + descriptor->head_length;
    for (uint32_t i = 0; i < descriptor->slice_count; i++) {
        length += descriptor->slices[i].length;
    }
    return length;
}

/* Puts header and head together and names the slices. Returns how many parts it took. */
static uint32_t add_parts(nx_udp *udp, const nexlink_descriptor *descriptor, const nx_udp_peer *peer, uint8_t *prefix, struct iovec *parts)
{
    memcpy(prefix, descriptor->header, NEXLINK_HEADER_SIZE);
    memcpy(prefix + DESTINATION_OFFSET, peer->key.node, sizeof peer->key.node);
    memcpy(prefix + NEXLINK_HEADER_SIZE, descriptor->head, descriptor->head_length);
    uint32_t count = 0;
    parts[count++] = (struct iovec){.iov_base = prefix, .iov_len = (size_t)NEXLINK_HEADER_SIZE + descriptor->head_length};
    for (uint32_t i = 0; i < descriptor->slice_count; i++) {
        const nexlink_slice slice = descriptor->slices[i];
        uint8_t *frame = udp->arena->segment.memory;
        frame += (size_t)slice.frame * udp->arena->frame_size + slice.offset;
        parts[count++] = (struct iovec){.iov_base = frame, .iov_len = slice.length};
    }
    return count;
}

/* Messages of a batch while they are put together. */
typedef struct builder {
    uint32_t messages;
    uint32_t parts;
    uint32_t segment; /* length of the open message's datagrams */
    uint32_t bytes;   /* of the open message; 0: none is open */
    int mark;
    nx_udp_peer *peer;
} builder;

static bool fits(const nx_udp *udp, const builder *b, const nx_udp_peer *peer, int mark, uint32_t length)
{
    return b->bytes != 0 && (udp->info.features & NEXLINK_UDP_GSO) != 0 && peer == b->peer && mark == b->mark && length <= b->segment
        && b->bytes + length <= NX_UDP_SEND_BYTES && udp->out.segments[b->messages - 1] < NX_UDP_SEND_BATCH;
}

static void close_message(nx_udp *udp, builder *b)
{
    if (b->bytes != 0 && udp->out.segments[b->messages - 1] > 1) {
        add_segment_size(&udp->out.messages[b->messages - 1].msg_hdr, b->segment);
    }
    b->bytes = 0;
}

static void open_message(nx_udp *udp, builder *b, uint32_t descriptor, nx_udp_peer *peer, int mark, uint32_t length)
{
    close_message(udp, b);
    nx_udp_outgoing *out = &udp->out;
    const uint32_t index = b->messages++;
    out->messages[index].msg_hdr = (struct msghdr){
        .msg_name = &out->addresses[index],
        .msg_namelen = nx_udp_to_system(udp->family, &peer->key.address, &out->addresses[index]),
        .msg_iov = &out->parts[b->parts],
        .msg_control = out->controls[index].bytes,
    };
    if (mark != 0) {
        add_mark(udp, &out->messages[index].msg_hdr, &peer->key.address, mark);
    }
    out->peers[index] = peer;
    out->first[index] = descriptor;
    out->segments[index] = 0;
    b->segment = length;
    b->mark = mark;
    b->peer = peer;
}

/* Puts a batch together. Returns how many descriptors it has, those included for which there is no address; 0: the first is invalid. */
static uint32_t build(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t count, builder *b)
{
    nx_udp_outgoing *out = &udp->out;
    nx_udp_peer *last = NULL;
    uint32_t i = 0;
    for (; i < count && i < NX_UDP_SEND_BATCH; i++) {
        const nexlink_descriptor *descriptor = &descriptors[i];
        if (!nx_holds_valid(&udp->lent, udp->arena->frame_size, descriptor)) {
            break;
        }
        nx_holds_add(&udp->lent, descriptor);
        const uint8_t *destination = descriptor->header + DESTINATION_OFFSET;
        if (last == NULL || memcmp(last->name, destination, sizeof last->name) != 0) {
            last = nx_udp_peers_find(&udp->peers, destination);
        }
        if (last == NULL) {
            close_message(udp, b); /* a buffer's descriptors follow one another */
            continue;
        }
        const uint32_t length = length_of(descriptor);
        const int mark = (udp->info.features & NEXLINK_UDP_ECN) != 0 ? descriptor->header[NX_UDP_ECN_OFFSET] & NX_UDP_ECN_MASK : 0;
        if (!fits(udp, b, last, mark, length)) {
            open_message(udp, b, i, last, mark, length);
        }
        struct msghdr *message = &out->messages[b->messages - 1].msg_hdr;
        const uint32_t parts = add_parts(udp, descriptor, last, out->prefixes[i], &out->parts[b->parts]);
        message->msg_iovlen += parts;
        b->parts += parts;
        b->bytes += length;
        out->segments[b->messages - 1]++;
        if (length < b->segment) {
            close_message(udp, b); /* only the last datagram of a buffer may be shorter */
        }
    }
    close_message(udp, b);
    out->first[b->messages] = i;
    return i;
}

/* The system has what it wants of these descriptors: their holds can be reclaimed. */
static void give_back(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < descriptors[i].slice_count; k++) {
            nx_debts_add(&udp->returned, (nexlink_release){.frame = descriptors[i].slices[k].frame, .holds = 1});
        }
    }
}

/* These descriptors were not taken after all: their holds stay with the caller. */
static void take_back(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < descriptors[i].slice_count; k++) {
            (void)nx_holds_remove(&udp->lent, (nexlink_release){.frame = descriptors[i].slices[k].frame, .holds = 1});
        }
    }
}

static void count_sent(nx_udp *udp, uint32_t message, uint32_t datagrams)
{
    udp->info.sent += datagrams;
    nx_udp_peers_sent(&udp->peers, udp->out.peers[message]);
}

static void count_refused(nx_udp *udp, int error)
{
    udp->info.last_error = error;
    if (error == EMSGSIZE) {
        udp->info.dropped_too_long++;
    } else {
        udp->info.dropped_refused++;
    }
}

/*
 * A buffer of several datagrams was refused as a whole: each goes by itself, and is refused by itself. Returns how many descriptors are done with;
 * fewer than the message has when the socket's buffer became full.
 */
static uint32_t send_one_by_one(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t message)
{
    nx_udp_outgoing *out = &udp->out;
    const uint32_t count = out->segments[message];
    const struct iovec *parts = out->messages[message].msg_hdr.msg_iov;
    for (uint32_t i = 0; i < count; i++) {
        const nexlink_descriptor *descriptor = &descriptors[i];
        struct msghdr single = out->messages[message].msg_hdr;
        single.msg_iov = (struct iovec *)parts;
        single.msg_iovlen = 1u + descriptor->slice_count;
        single.msg_controllen -= CMSG_SPACE(sizeof(uint16_t)); /* the segment's size is the last control message */
        single.msg_control = single.msg_controllen == 0 ? NULL : single.msg_control;
        parts += single.msg_iovlen;
        ssize_t result;
        do {
            result = sendmsg(udp->socket, &single, MSG_DONTWAIT);
        } while (result < 0 && errno == EINTR);
        udp->info.send_calls++;
        if (result >= 0) {
            count_sent(udp, message, 1);
        } else if (errno == EAGAIN) {
            udp->sent_short = true;
            return i;
        } else {
            count_refused(udp, errno);
        }
    }
    return count;
}

/* The system refused a message. Returns how many descriptors, from the message's first on, are done with. */
static uint32_t refused(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t message, int error)
{
    if (udp->out.segments[message] > 1 && (error == EMSGSIZE || error == EINVAL || error == EIO)) {
        if (error == EIO) {
            udp->info.features &= ~NEXLINK_UDP_GSO; /* the network card cannot do checksums, without which nothing is cut */
        }
        return send_one_by_one(udp, descriptors, message);
    }
    for (uint32_t i = 0; i < udp->out.segments[message]; i++) {
        count_refused(udp, error);
    }
    return udp->out.segments[message];
}

/* Sends the messages of a batch. Returns how many of its descriptors are done with. */
static uint32_t send_batch(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t messages)
{
    nx_udp_outgoing *out = &udp->out;
    uint32_t next = 0;
    bool retried = false;
    while (next < messages) {
        const int sent = sendmmsg(udp->socket, &out->messages[next], messages - next, MSG_DONTWAIT);
        const int error = errno;
        udp->info.send_calls++;
        if (sent > 0) {
            for (int i = 0; i < sent; i++, next++) {
                count_sent(udp, next, out->segments[next]);
            }
            retried = false;
        } else if (error == EAGAIN) {
            udp->sent_short = true;
            return out->first[next];
        } else if (error == ECONNREFUSED && !retried) {
            retried = true; /* it is about an earlier datagram, and was told now */
        } else if (error != EINTR) {
            const uint32_t first = out->first[next];
            const uint32_t done = refused(udp, &descriptors[first], next, error);
            if (done < out->segments[next]) {
                return first + done;
            }
            next++;
        }
    }
    return out->first[messages];
}

int32_t nx_udp_send(nx_udp *udp, const nexlink_descriptor *descriptors, uint32_t count)
{
    if ((descriptors == NULL && count != 0) || count > INT32_MAX) {
        return nx_fail(NEXLINK_EINVAL, "send: no descriptors");
    }
    udp->sent_short = false;
    uint32_t taken = 0;
    while (taken < count && !udp->sent_short) {
        builder b = {.messages = 0};
        const uint32_t built = build(udp, &descriptors[taken], count - taken, &b);
        if (built == 0) {
            return taken != 0 ? (int32_t)taken : nx_fail(NEXLINK_EINVAL, "send: a descriptor's lengths or slices are out of range");
        }
        const uint32_t done = send_batch(udp, &descriptors[taken], b.messages);
        uint32_t routed = 0;
        for (uint32_t i = 0; i < b.messages && udp->out.first[i] < done; i++) {
            const uint32_t end = udp->out.first[i] + udp->out.segments[i];
            routed += (end < done ? end : done) - udp->out.first[i];
        }
        udp->info.dropped_unroutable += done - routed;
        give_back(udp, &descriptors[taken], done);
        take_back(udp, &descriptors[taken + done], built - done);
        taken += done;
    }
    return (int32_t)taken;
}

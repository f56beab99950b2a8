/* Descriptors: out through our descriptor ring, in through the peer's. */
#include <string.h>

#include "error.h"
#include "link.h"

/* The part of a descriptor before its head: two lines, which are copied whole; of the head only what is in use. */
enum { DESCRIPTOR_FIXED_SIZE = offsetof(nexlink_descriptor, head) };
_Static_assert(DESCRIPTOR_FIXED_SIZE == 128, "the fixed part of a descriptor is two cache lines");

/* What most packets touch of a slot: besides the fixed part two lines of head, for the headers of a data packet and a few bytes of payload. */
enum { LINE_SIZE = 64, EXPECTED_SIZE = DESCRIPTOR_FIXED_SIZE + 2 * LINE_SIZE };

/*
 * Asks for the lines of a slot that is written next, which the peer has read last: they come while it is busy with what was sent, instead of
 * when there is something to send.
 */
static void expect_to_write(const nexlink_descriptor *slot)
{
    const char *line = (const char *)slot;
    for (size_t at = 0; at < EXPECTED_SIZE; at += LINE_SIZE) {
#if defined(__x86_64__)
        __asm__ volatile("prefetchw %0" : : "m"(line[at]));
#else
        __builtin_prefetch(&line[at], 1);
#endif
    }
}

int32_t nx_link_send(nexlink_link *link, const nexlink_descriptor *descriptors, uint32_t count)
{
    if (link == NULL || (descriptors == NULL && count != 0)) {
        return nx_fail(NEXLINK_EINVAL, "send: no link or no descriptors");
    }
    nx_link_notice_close(link);
    nx_link_pay_debts(link);
    if (link->status != NX_STATUS_OPEN) {
        return nx_fail(NEXLINK_EPEER, "send: the peer is gone");
    }
    const uint32_t wanted = count < link->send_ring.capacity ? count : link->send_ring.capacity;
    const int32_t room = nx_producer_room(&link->send_ring, wanted);
    if (room < 0) {
        return nx_link_distrust(link, "send: the peer's consumer position is impossible");
    }
    int32_t sent = 0;
    for (; sent < room; sent++) {
        const nexlink_descriptor *descriptor = &descriptors[sent];
        if (!nx_holds_valid(&link->lent, link->ends.own_geometry.frame_size, descriptor)) {
            break;
        }
        nx_holds_add(&link->lent, descriptor);
        nexlink_descriptor *slot = &link->send_slots[nx_producer_slot(&link->send_ring, (uint32_t)sent)];
        memcpy(slot, descriptor, DESCRIPTOR_FIXED_SIZE);
        slot->epoch = link->ends.own_geometry.epoch;
        memcpy(slot->head, descriptor->head, descriptor->head_length);
    }
    link->sent_short = sent == room && (uint32_t)sent < count;
    if (sent > 0) {
        nx_producer_publish(&link->send_ring, (uint32_t)sent);
        expect_to_write(&link->send_slots[nx_producer_slot(&link->send_ring, 0)]);
        nx_link_wake_peer(link, NX_WAITING_TRAFFIC);
    } else if (room > 0) {
        return nx_fail(NEXLINK_EINVAL, "send: a descriptor's lengths or slices are out of range");
    }
    return sent;
}

/* Copies one descriptor out and validates the copy: the peer can change the slot at any time, but not what we have read. */
static bool take(nexlink_link *link, const nexlink_descriptor *slot, nexlink_descriptor *descriptor)
{
    memcpy(descriptor, slot, DESCRIPTOR_FIXED_SIZE);
    atomic_signal_fence(memory_order_seq_cst); /* the compiler must check the copy and not read the slot a second time */
    if (descriptor->epoch != link->ends.other_geometry.epoch
        || !nx_holds_valid(&link->borrowed, link->ends.other_geometry.frame_size, descriptor)) {
        return false;
    }
    memcpy(descriptor->head, slot->head, descriptor->head_length);
    /* The peer's epochs are numbers of its process. Ours say which incarnation of which peer this is. */
    descriptor->epoch = link->ends.own_geometry.epoch;
    memset(&descriptor->slices[descriptor->slice_count], 0, (NEXLINK_SLICES_MAX - descriptor->slice_count) * sizeof(nexlink_slice));
    memset(descriptor->reserved, 0, sizeof descriptor->reserved);
    return true;
}

int32_t nx_link_receive(nexlink_link *link, nexlink_descriptor *descriptors, uint32_t count)
{
    if (link == NULL || (descriptors == NULL && count != 0)) {
        return nx_fail(NEXLINK_EINVAL, "receive: no link or no room for descriptors");
    }
    nx_link_notice_close(link);
    nx_link_pay_debts(link);
    if (link->status == NX_STATUS_BAD) {
        return nx_fail(NEXLINK_EPEER, "receive: the peer is not to be trusted");
    }
    const uint32_t wanted = count < link->receive_ring.capacity ? count : link->receive_ring.capacity;
    const int32_t available = nx_consumer_available(&link->receive_ring, wanted);
    if (available < 0) {
        return nx_link_distrust(link, "receive: the peer's producer position is impossible");
    }
    int32_t received = 0;
    for (; received < available; received++) {
        const nexlink_descriptor *slot = &link->receive_slots[nx_consumer_slot(&link->receive_ring, (uint32_t)received)];
        if (!take(link, slot, &descriptors[received])) {
            (void)nx_link_distrust(link, "receive: a descriptor of the peer is invalid");
            break;
        }
        nx_holds_add(&link->borrowed, &descriptors[received]);
    }
    if (received > 0) {
        nx_consumer_advance(&link->receive_ring, (uint32_t)received);
        nx_link_wake_peer(link, NX_WAITING_ROOM);
        return received;
    }
    if (link->status == NX_STATUS_BAD) {
        return NEXLINK_EPEER;
    }
    return link->status == NX_STATUS_GONE && count != 0 ? nx_fail(NEXLINK_EPEER, "receive: the peer is gone") : 0;
}

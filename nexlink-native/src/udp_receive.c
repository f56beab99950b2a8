/* The way in: what the kernel wrote into frames of the pool is looked at once, and becomes descriptors. */
#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "alarm.h"
#include "crc32c.h"
#include "error.h"
#include "udp.h"

enum {
    LENGTH_OFFSET = 4,
    CHECKSUM_OFFSET = 12,
    SOURCE_OFFSET = 16,
    VERSION_SHIFT = 4,
    SEGMENT_MIN = 256, /* shorter datagrams are not worth a frame each when they come as one run: they are moved */
    NS_PER_S = 1000000000,
};

static uint8_t *frame_at(const nx_udp *udp, uint32_t frame)
{
    uint8_t *memory = udp->pool->segment.memory;
    return memory + (size_t)frame * udp->pool->frame_size;
}

static bool take_frame(nx_udp *udp, uint32_t *frame)
{
    if (udp->free_count == 0) {
        return false;
    }
    *frame = udp->free_frames[--udp->free_count];
    return true;
}

/* A frame for what must be moved: a free one, or one of a slot that the kernel did not need. */
static bool take_spare_frame(nx_udp *udp, uint32_t *frame)
{
    if (take_frame(udp, frame)) {
        return true;
    }
    for (uint32_t i = NX_UDP_SLOTS; i-- > udp->in.slots_used;) {
        nx_udp_slot *slot = &udp->in.slots[i];
        if (slot->frame_count != 0) {
            *frame = slot->frames[--slot->frame_count];
            return true;
        }
    }
    return false;
}

static void free_frame(nx_udp *udp, uint32_t frame)
{
    udp->free_frames[udp->free_count++] = frame;
}

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What a run of bytes is, as far as the kernel told. */
typedef struct run {
    nx_udp_key key;
    const uint8_t *source; /* the name of the last datagram's sender, whose id `key` has; NULL at first */
    uint8_t ecn;
    uint32_t segment; /* the length of its datagrams; the last may be shorter */
    uint32_t length;
    bool is_cut_off;
} run;

/* Whether the bytes are a NexLink frame; if not it is counted why. */
static bool is_frame(nx_udp *udp, const uint8_t *bytes, uint32_t length)
{
    if (length < NEXLINK_HEADER_SIZE) {
        udp->info.dropped_short++;
        return false;
    }
    if (bytes[0] >> VERSION_SHIFT != NEXLINK_HEADER_VERSION) {
        udp->info.dropped_version++;
        return false;
    }
    if (read_u32(bytes + LENGTH_OFFSET) != length - NEXLINK_HEADER_SIZE) {
        udp->info.dropped_length++;
        return false;
    }
    const uint32_t checksum = read_u32(bytes + CHECKSUM_OFFSET);
    if (checksum != 0 && checksum != nx_crc32c(bytes + NEXLINK_HEADER_SIZE, length - NEXLINK_HEADER_SIZE)) {
        udp->info.dropped_checksum++;
        return false;
    }
    return true;
}

/* Looks at a datagram that lies at the start of a frame. False: it is dropped, and the frame is the caller's. */
static bool take_in(nx_udp *udp, run *from, uint32_t frame, uint32_t length)
{
    const uint8_t *bytes = frame_at(udp, frame);
    if (!is_frame(udp, bytes, length)) {
        return false;
    }
    if (udp->in.ready_end == NX_UDP_READY_MAX) {
        udp->info.dropped_no_frame++;
        return false;
    }
    if (from->source == NULL || memcmp(from->key.node, bytes + SOURCE_OFFSET, sizeof from->key.node) != 0) {
        memcpy(from->key.node, bytes + SOURCE_OFFSET, sizeof from->key.node);
        from->source = nx_udp_peers_learn(&udp->peers, &from->key)->name;
    }
    nx_udp_ready *ready = &udp->in.ready[udp->in.ready_end++];
    ready->frame = frame;
    ready->length = length;
    ready->ecn = from->ecn;
    memcpy(ready->source, from->source, sizeof ready->source);
    return true;
}

/* Copies bytes of a run, which lies in its slot's frames and then in its spill. */
static void copy_out(const nx_udp *udp, const nx_udp_slot *slot, uint32_t offset, uint32_t length, uint8_t *to)
{
    const uint32_t in_frames = slot->frame_count * slot->segment;
    while (length != 0) {
        const uint8_t *from;
        uint32_t piece;
        if (offset < in_frames) {
            const uint32_t within = offset % slot->segment;
            from = frame_at(udp, slot->frames[offset / slot->segment]) + within;
            piece = slot->segment - within;
        } else {
            from = slot->spill + (offset - in_frames);
            piece = length;
        }
        piece = piece < length ? piece : length;
        memcpy(to, from, piece);
        to += piece;
        offset += piece;
        length -= piece;
    }
}

/* Each datagram lies in a frame of its own: the frames that are used leave the slot. */
static void take_in_place(nx_udp *udp, nx_udp_slot *slot, run *from)
{
    uint32_t used = 0;
    for (uint32_t offset = 0; offset < from->length; offset += from->segment, used++) {
        const uint32_t left = from->length - offset;
        const uint32_t length = left < from->segment ? left : from->segment;
        if (!take_in(udp, from, slot->frames[used], length)) {
            free_frame(udp, slot->frames[used]);
        }
    }
    slot->frame_count -= used;
    memmove(slot->frames, slot->frames + used, slot->frame_count * sizeof slot->frames[0]);
}

/* The datagrams lie across frames: each is moved into one of its own, and the slot keeps its frames. */
static void take_by_moving(nx_udp *udp, nx_udp_slot *slot, run *from)
{
    for (uint32_t offset = 0; offset < from->length; offset += from->segment) {
        const uint32_t left = from->length - offset;
        const uint32_t length = left < from->segment ? left : from->segment;
        uint32_t frame;
        if (length > udp->pool->frame_size || (length == left && from->is_cut_off)) {
            udp->info.dropped_oversize++;
        } else if (!take_spare_frame(udp, &frame)) {
            udp->info.dropped_no_frame++;
        } else {
            copy_out(udp, slot, offset, length, frame_at(udp, frame));
            if (!take_in(udp, from, frame, length)) {
                free_frame(udp, frame);
            }
        }
    }
}

/* What the kernel said about a message beside its bytes. */
static run describe(const nx_udp_slot *slot, const struct mmsghdr *message)
{
    run result = {
        .key = {.address = nx_udp_from_system(&slot->address)},
        .segment = message->msg_len,
        .length = message->msg_len,
        .is_cut_off = (message->msg_hdr.msg_flags & MSG_TRUNC) != 0,
    };
    struct msghdr header = message->msg_hdr;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(&header); control != NULL; control = CMSG_NXTHDR(&header, control)) {
        int value = 0;
        if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_TOS) {
            result.ecn = *CMSG_DATA(control) & NX_UDP_ECN_MASK; /* one byte, unlike all others */
        } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_TCLASS) {
            memcpy(&value, CMSG_DATA(control), sizeof value);
            result.ecn = (uint8_t)(value & NX_UDP_ECN_MASK);
        } else if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
            memcpy(&value, CMSG_DATA(control), sizeof value);
            result.segment = value > 0 && (uint32_t)value < result.length ? (uint32_t)value : result.length;
        }
    }
    return result;
}

static void take_message(nx_udp *udp, nx_udp_slot *slot, const struct mmsghdr *message)
{
    run from = describe(slot, message);
    if (from.length == 0) {
        udp->info.dropped_short++;
        return;
    }
    const bool is_run = from.segment < from.length;
    const uint64_t in_frames = (uint64_t)slot->frame_count * slot->segment;
    const bool lies_well = is_run ? from.segment == slot->segment : from.length <= slot->segment;
    if (lies_well && from.length <= in_frames && !from.is_cut_off) {
        take_in_place(udp, slot, &from);
        return;
    }
    take_by_moving(udp, slot, &from);
    if (from.segment >= SEGMENT_MIN && from.segment <= udp->pool->frame_size) {
        udp->in.segment = from.segment;
    }
}

/* Gives each slot its frames, one after the other so that all have some. Returns the slots that have any. */
static uint32_t fill_slots(nx_udp *udp)
{
    /* As many as it takes for the longest run, if all of its datagrams are as long as expected. */
    const uint32_t enough = NX_UDP_SPILL_SIZE / udp->in.segment + 1;
    const bool has_runs = (udp->info.features & NEXLINK_UDP_GRO) != 0;
    const uint32_t wanted = !has_runs ? 1 : enough < udp->slot_frames ? enough : udp->slot_frames;
    for (uint32_t i = 0; i < wanted; i++) {
        for (uint32_t s = 0; s < NX_UDP_SLOTS; s++) {
            nx_udp_slot *slot = &udp->in.slots[s];
            if (slot->frame_count == i && take_frame(udp, &slot->frames[i])) {
                slot->frame_count++;
            }
        }
    }
    uint32_t slots = 0;
    while (slots < NX_UDP_SLOTS && udp->in.slots[slots].frame_count != 0) {
        nx_udp_slot *slot = &udp->in.slots[slots];
        slot->segment = udp->in.segment;
        for (uint32_t i = 0; i < slot->frame_count; i++) {
            slot->parts[i] = (struct iovec){.iov_base = frame_at(udp, slot->frames[i]), .iov_len = slot->segment};
        }
        slot->parts[slot->frame_count] = (struct iovec){.iov_base = slot->spill, .iov_len = NX_UDP_SPILL_SIZE};
        udp->in.messages[slots].msg_hdr = (struct msghdr){
            .msg_name = &slot->address,
            .msg_namelen = sizeof slot->address,
            .msg_iov = slot->parts,
            .msg_iovlen = slot->frame_count + 1u,
            .msg_control = slot->control.bytes,
            .msg_controllen = sizeof slot->control.bytes,
        };
        slots++;
    }
    return slots;
}

/* Asks the kernel once. False: there was nothing, or there is no frame to put it in. */
static bool fetch(nx_udp *udp)
{
    udp->in.ready_start = 0;
    udp->in.ready_end = 0;
    udp->in.maybe_more = false;
    const uint32_t slots = fill_slots(udp);
    int received;
    do {
        received = slots == 0 ? 0 : recvmmsg(udp->socket, udp->in.messages, slots, MSG_DONTWAIT, NULL);
    } while (received < 0 && errno == EINTR);
    /* Any other error is that of a datagram that was sent, which was told here: the next call has what there is. */
    if (received <= 0) {
        udp->in.maybe_more = received < 0 && errno != EAGAIN;
        return false;
    }
    udp->info.receive_calls++;
    udp->in.slots_used = (uint32_t)received;
    for (uint32_t i = 0; i < (uint32_t)received; i++) {
        take_message(udp, &udp->in.slots[i], &udp->in.messages[i]);
    }
    udp->in.maybe_more = (uint32_t)received == slots;
    return true;
}

static void deliver(nx_udp *udp, const nx_udp_ready *ready, nexlink_descriptor *descriptor)
{
    memcpy(descriptor->header, frame_at(udp, ready->frame), NEXLINK_HEADER_SIZE);
    descriptor->header[NX_UDP_ECN_OFFSET] = ready->ecn;
    memcpy(descriptor->header + SOURCE_OFFSET, ready->source, sizeof ready->source);
    memset(descriptor->slices, 0, sizeof descriptor->slices);
    descriptor->slices[0] = (nexlink_slice){.frame = ready->frame, .offset = NEXLINK_HEADER_SIZE, .length = ready->length - NEXLINK_HEADER_SIZE};
    descriptor->head_length = 0;
    descriptor->slice_count = 1;
    descriptor->epoch = udp->epoch;
    memset(descriptor->reserved, 0, sizeof descriptor->reserved);
    nx_holds_add(&udp->borrowed, descriptor);
    udp->info.received++;
}

int32_t nx_udp_receive(nx_udp *udp, nexlink_descriptor *descriptors, uint32_t count)
{
    if ((descriptors == NULL && count != 0) || count > INT32_MAX) {
        return nx_fail(NEXLINK_EINVAL, "receive: no room for descriptors");
    }
    uint32_t delivered = 0;
    bool may_ask = true;
    while (delivered < count) {
        if (udp->in.ready_start < udp->in.ready_end) {
            deliver(udp, &udp->in.ready[udp->in.ready_start++], &descriptors[delivered++]);
        } else if (may_ask) {
            may_ask = fetch(udp) && udp->in.maybe_more;
        } else {
            break;
        }
    }
    return (int32_t)delivered;
}

int32_t nx_udp_release(nx_udp *udp, const nexlink_release *releases, uint32_t count)
{
    if ((releases == NULL && count != 0) || count > INT32_MAX) {
        return nx_fail(NEXLINK_EINVAL, "release: no releases");
    }
    if (!nx_holds_remove_all(&udp->borrowed, releases, count)) {
        return nx_fail(NEXLINK_EINVAL, "release: more holds than were received, or of a frame that the link does not have");
    }
    for (uint32_t i = 0; i < count; i++) {
        free_frame(udp, releases[i].frame); /* a frame is delivered as one hold */
    }
    return (int32_t)count;
}

int32_t nx_udp_reclaim(nx_udp *udp, nexlink_release *releases, uint32_t count)
{
    if ((releases == NULL && count != 0) || count > INT32_MAX) {
        return nx_fail(NEXLINK_EINVAL, "reclaim: no room for releases");
    }
    uint32_t reclaimed = 0;
    for (; reclaimed < count && udp->returned.count != 0; reclaimed++) {
        releases[reclaimed] = nx_debts_take(&udp->returned);
        (void)nx_holds_remove(&udp->lent, releases[reclaimed]);
    }
    return (int32_t)reclaimed;
}

int32_t nx_udp_wait(nx_udp *udp, uint64_t timeout_ns)
{
    if (udp->in.ready_start < udp->in.ready_end || udp->returned.count != 0) {
        return 1;
    }
    struct pollfd watched[] = {
        {.fd = udp->socket, .events = (short)(POLLIN | (udp->sent_short ? POLLOUT : 0))},
        {.fd = udp->alarm, .events = POLLIN},
    };
    /* Whole seconds that a timespec holds for certain; who waits longer asks again. */
    const uint64_t seconds = timeout_ns / NS_PER_S;
    const struct timespec timeout = {.tv_sec = seconds < INT32_MAX ? (time_t)seconds : INT32_MAX, .tv_nsec = (long)(timeout_ns % NS_PER_S)};
    if (ppoll(watched, sizeof watched / sizeof watched[0], &timeout, NULL) <= 0) {
        return 0;
    }
    if (watched[1].revents != 0) {
        (void)nx_alarm_hush(udp->alarm);
    }
    return watched[0].revents != 0 ? 1 : 0;
}

int32_t nx_udp_wake(nx_udp *udp)
{
    nx_alarm_ring(udp->alarm);
    return NEXLINK_OK;
}

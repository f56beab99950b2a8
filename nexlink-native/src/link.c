#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "alarm.h"
#include "error.h"
#include "loop.h"

static void connect_rings(nexlink_link *link)
{
    nx_control *own = link->ends.own;
    const nx_control *other = link->ends.other;
    const nx_geometry *mine = &link->ends.own_geometry;
    const nx_geometry *theirs = &link->ends.other_geometry;
    link->send_ring = (nx_producer){.published = &own->sent, .consumed = &other->received, .capacity = mine->ring_capacity};
    link->receive_ring = (nx_consumer){.consumed = &own->received, .published = &other->sent, .capacity = theirs->ring_capacity};
    link->release_ring = (nx_producer){.published = &own->released, .consumed = &other->reclaimed, .capacity = mine->release_capacity};
    link->reclaim_ring = (nx_consumer){.consumed = &own->reclaimed, .published = &other->released, .capacity = theirs->release_capacity};
    link->send_slots = nx_control_descriptors(own);
    link->receive_slots = nx_control_descriptors(other);
    link->release_slots = nx_control_releases(own, mine);
    link->reclaim_slots = nx_control_releases(other, theirs);
}

static void destroy(nexlink_link *link)
{
    nx_alarm_close(link->alarm);
    nx_holds_destroy(&link->lent);
    nx_holds_destroy(&link->borrowed);
    nx_debts_destroy(&link->debts);
    nx_endpoints_free(&link->ends);
    nx_arena_release(link->ends.arena);
    free(link);
}

void nx_endpoints_free(nx_endpoints *ends)
{
    nx_peer_close(&ends->peer);
    nx_segment_destroy(&ends->own_segment);
    nx_segment_destroy(&ends->other_segment);
    nx_segment_destroy(&ends->other_arena_segment);
    nx_loop_release(ends->loop);
    nx_arena_release(ends->other_arena);
}

int32_t nx_link_create(const nx_endpoints *ends, nexlink_link **link)
{
    /* Whole lines, so that the two ends of a loop, on two threads, share none. */
    const size_t size = (sizeof(nexlink_link) + NX_LINE_SIZE - 1) / NX_LINE_SIZE * NX_LINE_SIZE;
    nexlink_link *created = aligned_alloc(NX_LINE_SIZE, size);
    if (created == NULL) {
        const int32_t result = nx_fail_system("making a link");
        nx_endpoints failed = *ends;
        nx_endpoints_free(&failed);
        return result;
    }
    memset(created, 0, size);
    created->kind = NX_LINK_RING;
    created->status = NX_STATUS_OPEN;
    created->ends = *ends;
    nx_arena_retain(created->ends.arena);
    connect_rings(created);
    int32_t result = nx_alarm_open(&created->alarm);
    if (result == NEXLINK_OK) {
        result = nx_holds_create(ends->own_geometry.frame_count, &created->lent);
    }
    if (result == NEXLINK_OK) {
        result = nx_holds_create(ends->other_geometry.frame_count, &created->borrowed);
    }
    if (result == NEXLINK_OK) {
        result = nx_debts_create(ends->other_geometry.frame_count, &created->debts);
    }
    if (result != NEXLINK_OK) {
        destroy(created);
        return result;
    }
    *link = created;
    return NEXLINK_OK;
}

void nx_link_close(nexlink_link *link)
{
    if (link != NULL) {
        atomic_store_explicit(&link->ends.own->closed, 1, memory_order_seq_cst);
        destroy(link);
    }
}

int32_t nx_link_info(nexlink_link *link, nexlink_link_info *info)
{
    if (link == NULL || info == NULL) {
        return nx_fail(NEXLINK_EINVAL, "link_info: no link or no place for the answer");
    }
    *info = (nexlink_link_info){
        .peer_memory = link->ends.other_memory,
        .peer_frame_size = link->ends.other_geometry.frame_size,
        .peer_frame_count = link->ends.other_geometry.frame_count,
        .epoch = link->ends.own_geometry.epoch,
        .peer_pid = link->ends.peer.pid,
    };
    return NEXLINK_OK;
}

int32_t nx_link_distrust(nexlink_link *link, const char *what)
{
    link->status = NX_STATUS_BAD;
    return nx_fail(NEXLINK_EPEER, what);
}

void nx_link_notice_close(nexlink_link *link)
{
    if (link->status == NX_STATUS_OPEN && atomic_load_explicit(&link->ends.other->closed, memory_order_acquire) != 0) {
        link->status = NX_STATUS_GONE;
    }
}

int32_t nx_link_peer_state(nexlink_link *link)
{
    if (link == NULL) {
        return nx_fail(NEXLINK_EINVAL, "peer_state: no link");
    }
    nx_link_notice_close(link);
    if (link->status == NX_STATUS_OPEN && !nx_peer_sleep(&link->ends.peer, -1, 0)) {
        link->status = NX_STATUS_GONE;
    }
    return link->status == NX_STATUS_OPEN ? NEXLINK_PEER_ALIVE : NEXLINK_PEER_DEAD;
}

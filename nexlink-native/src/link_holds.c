/* Holds: back to the peer through our release ring, back from it through its own. */
#include "error.h"
#include "link.h"

void nx_link_pay_debts(nexlink_link *link)
{
    if (link->debts.count == 0 || link->status != NX_STATUS_OPEN) {
        return;
    }
    const uint32_t wanted = link->debts.count < link->release_ring.capacity ? link->debts.count : link->release_ring.capacity;
    const int32_t room = nx_producer_room(&link->release_ring, wanted);
    if (room < 0) {
        (void)nx_link_distrust(link, "the peer's consumer position of releases is impossible");
        return;
    }
    for (uint32_t i = 0; i < (uint32_t)room; i++) {
        link->release_slots[nx_producer_slot(&link->release_ring, i)] = nx_debts_take(&link->debts);
    }
    if (room > 0) {
        nx_producer_publish(&link->release_ring, (uint32_t)room);
        nx_link_wake_peer(link, NX_WAITING_TRAFFIC);
    }
}

int32_t nx_link_release(nexlink_link *link, const nexlink_release *releases, uint32_t count)
{
    if (link == NULL || (releases == NULL && count != 0) || count > INT32_MAX) {
        return nx_fail(NEXLINK_EINVAL, "release: no link or no releases");
    }
    if (!nx_holds_remove_all(&link->borrowed, releases, count)) {
        return nx_fail(NEXLINK_EINVAL, "release: more holds than were received, or of a frame that the peer does not have");
    }
    nx_link_notice_close(link);
    nx_link_pay_debts(link);
    if (link->status != NX_STATUS_OPEN) {
        return (int32_t)count; /* nobody is there to take them */
    }
    const uint32_t wanted = count < link->release_ring.capacity ? count : link->release_ring.capacity;
    const int32_t room = nx_producer_room(&link->release_ring, wanted);
    if (room < 0) {
        (void)nx_link_distrust(link, "release: the peer's consumer position of releases is impossible");
        return (int32_t)count;
    }
    uint32_t written = 0;
    for (; written < (uint32_t)room; written++) {
        link->release_slots[nx_producer_slot(&link->release_ring, written)] = releases[written];
    }
    for (uint32_t i = written; i < count; i++) {
        nx_debts_add(&link->debts, releases[i]);
    }
    if (written > 0) {
        nx_producer_publish(&link->release_ring, written);
        nx_link_wake_peer(link, NX_WAITING_TRAFFIC);
    }
    return (int32_t)count;
}

/* Collects what the peer published. Stops, and marks the link, at a release of holds that the peer does not have. */
static uint32_t collect(nexlink_link *link, nexlink_release *releases, uint32_t count)
{
    const uint32_t wanted = count < link->reclaim_ring.capacity ? count : link->reclaim_ring.capacity;
    const int32_t available = nx_consumer_available(&link->reclaim_ring, wanted);
    if (available < 0) {
        (void)nx_link_distrust(link, "reclaim: the peer's producer position of releases is impossible");
        return 0;
    }
    uint32_t collected = 0;
    for (; collected < (uint32_t)available; collected++) {
        releases[collected] = link->reclaim_slots[nx_consumer_slot(&link->reclaim_ring, collected)];
        atomic_signal_fence(memory_order_seq_cst); /* the copy is checked, not the slot, which the peer can still change */
        if (!nx_holds_remove(&link->lent, releases[collected])) {
            (void)nx_link_distrust(link, "reclaim: the peer released what it does not hold");
            break;
        }
    }
    if (collected > 0) {
        nx_consumer_advance(&link->reclaim_ring, collected);
        nx_link_wake_peer(link, NX_WAITING_ROOM);
    }
    return collected;
}

int32_t nx_link_reclaim(nexlink_link *link, nexlink_release *releases, uint32_t count)
{
    if (link == NULL || (releases == NULL && count != 0)) {
        return nx_fail(NEXLINK_EINVAL, "reclaim: no link or no room for releases");
    }
    if (count > INT32_MAX) {
        count = INT32_MAX;
    }
    nx_link_notice_close(link);
    nx_link_pay_debts(link);
    uint32_t reclaimed = 0;
    if (link->status != NX_STATUS_BAD) {
        reclaimed = collect(link, releases, count);
    }
    /* The peer's own releases come first; what is left in the table when they have run out is what it left behind. */
    if (reclaimed == 0 && link->status != NX_STATUS_OPEN) {
        reclaimed = nx_holds_sweep(&link->lent, releases, count);
    }
    return (int32_t)reclaimed;
}

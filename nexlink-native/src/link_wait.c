/*
 * Sleeping and waking.
 *
 * The one that falls asleep and the one that publishes must not miss each other (Dekker's problem):
 *
 *     sleeper:  waiting = what for         publisher:  position = new
 *               look at the positions                  look at `waiting`
 *
 * If each looked before the other's store reached it, the sleeper would see nothing new and the publisher nobody asleep: the wake-up is lost. Release
 * and acquire allow that, because a store may still wait in the processor's buffer when the load behind it is done. All four accesses are therefore
 * sequentially consistent: in their single order one of the stores comes first, and the other side's load, behind its own store, sees it.
 */
#include "alarm.h"
#include "error.h"
#include "link.h"

enum { READY_NOT = 0, READY = 1 };

void nx_link_wake_peer(nexlink_link *link, uint64_t reasons)
{
    const uint64_t waiting = atomic_load_explicit(&link->ends.other->waiting, memory_order_seq_cst);
    if ((waiting & reasons) != 0 && waiting != link->rung) {
        link->rung = waiting;
        nx_peer_ring(&link->ends.peer);
    }
}

/* READY, READY_NOT, or NEXLINK_EPEER when there is nothing more to come. */
static int32_t look(nexlink_link *link)
{
    nx_link_notice_close(link);
    nx_link_pay_debts(link);
    if (link->status == NX_STATUS_BAD) {
        return nx_fail(NEXLINK_EPEER, "wait: the peer is not to be trusted");
    }
    const int32_t descriptors = nx_consumer_available(&link->receive_ring, 1);
    const int32_t releases = nx_consumer_available(&link->reclaim_ring, 1);
    const int32_t room = link->sent_short ? nx_producer_room(&link->send_ring, 1) : 0;
    if (descriptors < 0 || releases < 0 || room < 0) {
        return nx_link_distrust(link, "wait: a position of the peer is impossible");
    }
    if (descriptors > 0 || releases > 0) {
        return READY;
    }
    if (link->status == NX_STATUS_GONE) {
        return nx_fail(NEXLINK_EPEER, "wait: the peer is gone");
    }
    return room > 0 ? READY : READY_NOT;
}

static void announce(nexlink_link *link)
{
    link->sleeps += NX_WAITING_NUMBER;
    const bool needs_room = link->sent_short || link->debts.count != 0;
    const uint64_t waiting = link->sleeps | NX_WAITING_TRAFFIC | (needs_room ? NX_WAITING_ROOM : 0);
    atomic_store_explicit(&link->ends.own->waiting, waiting, memory_order_seq_cst);
}

static void retract(nexlink_link *link)
{
    atomic_store_explicit(&link->ends.own->waiting, 0, memory_order_relaxed);
}

int32_t nx_link_wait(nexlink_link *link, uint64_t timeout_ns)
{
    if (link == NULL) {
        return nx_fail(NEXLINK_EINVAL, "wait: no link");
    }
    const uint64_t start = nx_now_ns();
    const uint64_t deadline = timeout_ns < NX_FOREVER - start ? start + timeout_ns : NX_FOREVER;
    uint64_t left = deadline == NX_FOREVER ? NX_FOREVER : timeout_ns;
    int32_t ready = look(link);
    while (ready == READY_NOT) {
        announce(link);
        ready = look(link);
        if (ready == READY_NOT && !nx_peer_sleep(&link->ends.peer, link->alarm, left)) {
            link->status = NX_STATUS_GONE;
        }
        retract(link);
        if (ready != READY_NOT) {
            break;
        }
        /* Rings are taken before the next look, so that one that was taken is for something that the look sees. */
        nx_peer_hush(&link->ends.peer);
        ready = look(link);
        if (nx_alarm_hush(link->alarm)) {
            break;
        }
        const uint64_t now = deadline == NX_FOREVER ? 0 : nx_now_ns();
        if (now >= deadline) {
            break;
        }
        left = deadline == NX_FOREVER ? NX_FOREVER : deadline - now;
    }
    return ready;
}

int32_t nx_link_wake(nexlink_link *link)
{
    nx_alarm_ring(link->alarm);
    return NEXLINK_OK;
}
